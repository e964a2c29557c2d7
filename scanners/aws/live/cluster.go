package live

import (
	"context"

	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/scanners/aws/live/wire"
	"github.com/muster-nhi/muster/scanners/aws/object"
)

// tagsOf reads tags that come as a map.
func tagsOf(m map[string]wire.Text) []object.Tag {
	var out []object.Tag
	for k, v := range m {
		out = append(out, object.Tag{Key: k, Value: string(v)})
	}
	by(out, func(t *object.Tag) string { return t.Key })
	return out
}

// clusters lists EKS clusters, the roles of their pods and who may enter them.
func (s *session) clusters(ctx context.Context, region string) {
	type page struct {
		wire.Page
		Clusters []string
	}
	var found []object.Cluster
	list(ctx, s, "eks:ListClusters", region, nil, func(p *page) int {
		for _, name := range p.Clusters {
			found = append(found, object.Cluster{ARN: s.arn("eks", region, "cluster/"+name), Name: name, Region: region})
		}
		return len(p.Clusters)
	})
	details(ctx, s, "eks:DescribeCluster", region, found, func(ctx context.Context, c *object.Cluster) error {
		return s.cluster(ctx, region, c)
	})
	s.podIdentities(ctx, region, found)
	s.accessEntries(ctx, region, found)
	s.keep(func(a *object.Account) { a.Clusters = append(a.Clusters, found...) })
}

func (s *session) cluster(ctx context.Context, region string, c *object.Cluster) error {
	var out struct {
		Cluster struct {
			Arn, Version, RoleArn wire.Text
			CreatedAt             wire.Time
			Identity              struct{ Oidc struct{ Issuer wire.Text } }
			ResourcesVpcConfig    struct{ EndpointPublicAccess *bool }
			AccessConfig          struct{ AuthenticationMode wire.Text }
			Tags                  map[string]wire.Text
		}
	}
	if err := s.ask(ctx, "eks:DescribeCluster", region, wire.Values{"name": c.Name}, &out); err != nil {
		return err
	}
	x := out.Cluster
	c.ARN, c.Issuer, c.Role, c.Version = string(x.Arn), string(x.Identity.Oidc.Issuer), string(x.RoleArn), string(x.Version)
	c.CreatedAt, c.AuthMode, c.Tags = x.CreatedAt.Time, string(x.AccessConfig.AuthenticationMode), tagsOf(x.Tags)
	if public := x.ResourcesVpcConfig.EndpointPublicAccess; public != nil {
		c.Public = inventory.TriOf(*public)
	}
	return nil
}

// eachCluster lists something of every cluster as one listing.
func eachCluster[T any, P wire.Paged[T]](ctx context.Context, s *session, action, region string, clusters []object.Cluster, each func(cluster string, p *T) int) {
	if len(clusters) == 0 {
		return
	}
	count := 0
	var failed error
	for _, c := range clusters {
		n, err := wire.Pages[T, P](ctx, s.client, s.op(action), region, wire.Values{"clusterName": c.Name}, func(p *T) int { return each(c.Name, p) })
		count += n
		if err != nil && !wire.Missing(err) {
			failed = err
		}
		if wire.Denied(err) || ctx.Err() != nil {
			break
		}
	}
	s.note(action, region, count, failed)
}

func (s *session) podIdentities(ctx context.Context, region string, clusters []object.Cluster) {
	type page struct {
		wire.Page
		Associations []struct{ Namespace, ServiceAccount, AssociationArn, AssociationID wire.Text }
	}
	type known struct {
		object.PodIdentity
		id string
	}
	var found []known
	eachCluster(ctx, s, "eks:ListPodIdentityAssociations", region, clusters, func(cluster string, p *page) int {
		for _, x := range p.Associations {
			found = append(found, known{object.PodIdentity{
				ARN: string(x.AssociationArn), Cluster: cluster, Region: region, Namespace: string(x.Namespace), ServiceAccount: string(x.ServiceAccount),
			}, string(x.AssociationID)})
		}
		return len(p.Associations)
	})
	type answer struct {
		Association struct {
			RoleArn, TargetRoleArn, ExternalID wire.Text
			CreatedAt                          wire.Time
			Tags                               map[string]wire.Text
		}
	}
	details(ctx, s, "eks:DescribePodIdentityAssociation", region, found, func(ctx context.Context, k *known) error {
		var out answer
		err := s.ask(ctx, "eks:DescribePodIdentityAssociation", region, wire.Values{"clusterName": k.Cluster, "associationId": k.id}, &out)
		if x := out.Association; err == nil {
			k.Role, k.TargetRole, k.ExternalID = string(x.RoleArn), string(x.TargetRoleArn), string(x.ExternalID)
			k.CreatedAt, k.Tags = x.CreatedAt.Time, tagsOf(x.Tags)
		}
		return err
	})
	s.keep(func(a *object.Account) {
		for _, k := range found {
			a.PodIdentities = append(a.PodIdentities, k.PodIdentity)
		}
	})
}

func (s *session) accessEntries(ctx context.Context, region string, clusters []object.Cluster) {
	type page struct {
		wire.Page
		AccessEntries []string
	}
	var found []object.AccessEntry
	eachCluster(ctx, s, "eks:ListAccessEntries", region, clusters, func(cluster string, p *page) int {
		for _, principal := range p.AccessEntries {
			found = append(found, object.AccessEntry{Cluster: cluster, Region: region, Principal: principal})
		}
		return len(p.AccessEntries)
	})
	type answer struct {
		AccessEntry struct {
			AccessEntryArn, Username, Type wire.Text
			KubernetesGroups               []string
			CreatedAt                      wire.Time
			Tags                           map[string]wire.Text
		}
	}
	about := func(e *object.AccessEntry) wire.Values {
		return wire.Values{"clusterName": e.Cluster, "principalArn": e.Principal}
	}
	details(ctx, s, "eks:DescribeAccessEntry", region, found, func(ctx context.Context, e *object.AccessEntry) error {
		var out answer
		err := s.ask(ctx, "eks:DescribeAccessEntry", region, about(e), &out)
		if x := out.AccessEntry; err == nil {
			e.ARN, e.Username, e.Type, e.Groups = string(x.AccessEntryArn), string(x.Username), string(x.Type), x.KubernetesGroups
			e.CreatedAt, e.Tags = x.CreatedAt.Time, tagsOf(x.Tags)
		}
		return err
	})
	type policies struct {
		wire.Page
		AssociatedAccessPolicies []struct {
			PolicyArn   wire.Text
			AccessScope struct {
				Type       wire.Text
				Namespaces []string
			}
		}
	}
	details(ctx, s, "eks:ListAssociatedAccessPolicies", region, found, func(ctx context.Context, e *object.AccessEntry) error {
		_, err := wire.Pages(ctx, s.client, s.op("eks:ListAssociatedAccessPolicies"), region, about(e), func(p *policies) int {
			for _, x := range p.AssociatedAccessPolicies {
				e.Policies = append(e.Policies, object.AccessPolicy{
					ARN: string(x.PolicyArn), Scope: string(x.AccessScope.Type), Namespaces: x.AccessScope.Namespaces,
				})
			}
			return len(p.AssociatedAccessPolicies)
		})
		return err
	})
	s.keep(func(a *object.Account) { a.AccessEntries = append(a.AccessEntries, found...) })
}
