package live

import (
	"context"

	"github.com/muster-nhi/muster/scanners/aws/live/wire"
	"github.com/muster-nhi/muster/scanners/aws/object"
)

// analyzers reads what Access Analyzer found, where the account has analyzers.
// What is unused it knows without a request for each principal. One of an
// organisation tells of all its accounts; what is of others is left out, for it is
// read where they are.
func (s *session) analyzers(ctx context.Context, region string) {
	type page struct {
		wire.Page
		Analyzers []struct{ Arn, Type, Status string }
	}
	var arns []string
	list(ctx, s, "access-analyzer:ListAnalyzers", region, nil, func(p *page) int {
		for _, x := range p.Analyzers {
			if x.Status == "ACTIVE" {
				arns = append(arns, x.Arn)
			}
		}
		return len(p.Analyzers)
	})
	if len(arns) == 0 {
		return
	}
	found, count := []object.Unused{}, 0
	var failed error
	for _, arn := range arns {
		n, err := s.findings(ctx, region, arn, &found)
		count += n
		if err != nil {
			failed = err
		}
	}
	s.note("access-analyzer:ListFindingsV2", region, count, failed)
	s.findingDetails(ctx, region, found)
	s.keep(func(a *object.Account) { a.Unused = append(a.Unused, found...) })
}

func (s *session) findings(ctx context.Context, region, analyzer string, into *[]object.Unused) (int, error) {
	type page struct {
		wire.Page
		Findings []struct {
			ID, Resource, FindingType, Status, ResourceOwnerAccount wire.Text
			CreatedAt                                               wire.Time
		}
	}
	in := wire.Values{"analyzerArn": analyzer, "filter": wire.Values{"status": wire.Values{"eq": []string{"ACTIVE"}}}}
	return wire.Pages(ctx, s.client, s.op("access-analyzer:ListFindingsV2"), region, in, func(p *page) int {
		for _, x := range p.Findings {
			if owner := string(x.ResourceOwnerAccount); owner != "" && owner != s.account.ID {
				continue
			}
			*into = append(*into, object.Unused{
				ID: string(x.ID), Analyzer: analyzer, Resource: string(x.Resource), Type: string(x.FindingType), Status: string(x.Status),
				Region: region, FoundAt: x.CreatedAt.Time,
			})
		}
		return len(p.Findings)
	})
}

type findingPage struct {
	wire.Page
	FindingDetails []struct {
		UnusedPermissionDetails struct {
			ServiceNamespace string
			LastAccessed     wire.Time
		}
		UnusedIamUserAccessKeyDetails struct {
			AccessKeyID  string
			LastAccessed wire.Time
		}
		UnusedIamRoleDetails         struct{ LastAccessed wire.Time }
		UnusedIamUserPasswordDetails struct{ LastAccessed wire.Time }
	}
}

// findingDetails asks since when something is unused.
func (s *session) findingDetails(ctx context.Context, region string, found []object.Unused) {
	var unused []*object.Unused
	for i := range found {
		if t := found[i].Type; t != "ExternalAccess" && t != "InternalAccess" {
			unused = append(unused, &found[i])
		}
	}
	details(ctx, s, "access-analyzer:GetFindingV2", region, unused, func(ctx context.Context, at **object.Unused) error {
		f := *at
		_, err := wire.Pages(ctx, s.client, s.op("access-analyzer:GetFindingV2"), region, wire.Values{"id": f.ID, "analyzerArn": f.Analyzer}, func(p *findingPage) int {
			for _, d := range p.FindingDetails {
				for _, at := range []wire.Time{d.UnusedIamRoleDetails.LastAccessed, d.UnusedIamUserPasswordDetails.LastAccessed, d.UnusedIamUserAccessKeyDetails.LastAccessed} {
					if !at.IsZero() {
						f.LastAccessed = at.Time
					}
				}
				if id := d.UnusedIamUserAccessKeyDetails.AccessKeyID; id != "" {
					f.Key = id
				}
				if d.UnusedPermissionDetails.ServiceNamespace != "" {
					f.Services = append(f.Services, object.ServiceAccess{
						Service: d.UnusedPermissionDetails.ServiceNamespace, LastUsed: d.UnusedPermissionDetails.LastAccessed.Time,
					})
				}
			}
			return len(p.FindingDetails)
		})
		return err
	})
}
