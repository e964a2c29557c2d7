package live

import (
	"cmp"
	"context"
	"strings"
	"time"

	"github.com/muster-nhi/muster/scanners/aws/live/wire"
	"github.com/muster-nhi/muster/scanners/aws/object"
)

// center reads Identity Center, if this account may for the organisation or the
// instance is its own.
func (s *session) center(ctx context.Context, region string) {
	type page struct {
		wire.Page
		Instances []struct {
			InstanceArn, IdentityStoreID, OwnerAccountID, Name wire.Text
			CreatedDate                                        wire.Time
		}
	}
	var found []object.IdentityCenter
	list(ctx, s, "sso:ListInstances", region, nil, func(p *page) int {
		for _, x := range p.Instances {
			if s.central || string(x.OwnerAccountID) == s.account.ID {
				found = append(found, object.IdentityCenter{
					ARN: string(x.InstanceArn), Store: string(x.IdentityStoreID), Name: string(x.Name), Region: region, CreatedAt: x.CreatedDate.Time,
				})
			}
		}
		return len(p.Instances)
	})
	for i := range found {
		c := &found[i]
		s.permissionSets(ctx, region, c)
		s.assignments(ctx, region, c)
		s.applications(ctx, region, c)
	}
	s.keep(func(a *object.Account) { a.Instances = append(a.Instances, found...) })
}

func (s *session) permissionSets(ctx context.Context, region string, c *object.IdentityCenter) {
	type page struct {
		wire.Page
		PermissionSets []string
	}
	list(ctx, s, "sso:ListPermissionSets", region, wire.Values{"InstanceArn": c.ARN}, func(p *page) int {
		for _, arn := range p.PermissionSets {
			c.Sets = append(c.Sets, object.PermissionSet{ARN: arn, Name: arn[strings.LastIndex(arn, "/")+1:]})
		}
		return len(p.PermissionSets)
	})
	type answer struct {
		PermissionSet struct {
			Name, Description, SessionDuration wire.Text
			CreatedDate                        wire.Time
		}
	}
	details(ctx, s, "sso:DescribePermissionSet", region, c.Sets, func(ctx context.Context, set *object.PermissionSet) error {
		var out answer
		err := s.ask(ctx, "sso:DescribePermissionSet", region, about(c, set), &out)
		if x := out.PermissionSet; err == nil {
			set.Name, set.Description = cmp.Or(string(x.Name), set.Name), string(x.Description)
			set.CreatedAt, set.Session = x.CreatedDate.Time, duration(string(x.SessionDuration))
		}
		return err
	})
	s.setPolicies(ctx, region, c)
}

// duration reads the hours and minutes of an ISO 8601 duration, PT8H30M; 0 if it is
// none.
func duration(iso string) time.Duration {
	text, ok := strings.CutPrefix(iso, "PT")
	if !ok {
		return 0
	}
	d, err := time.ParseDuration(strings.ToLower(text))
	if err != nil {
		return 0
	}
	return d
}

type reference struct{ Name, Path wire.Text }

// arn names a policy that exists in every account where the set is assigned.
func (r reference) arn(partition string) string {
	return "arn:" + partition + ":iam::*:policy" + cmp.Or(string(r.Path), "/") + string(r.Name)
}

// setPolicies asks what permission sets allow.
func (s *session) setPolicies(ctx context.Context, region string, c *object.IdentityCenter) {
	type managed struct {
		wire.Page
		AttachedManagedPolicies []struct{ Arn string }
	}
	details(ctx, s, "sso:ListManagedPoliciesInPermissionSet", region, c.Sets, func(ctx context.Context, set *object.PermissionSet) error {
		_, err := wire.Pages(ctx, s.client, s.op("sso:ListManagedPoliciesInPermissionSet"), region, about(c, set), func(p *managed) int {
			for _, x := range p.AttachedManagedPolicies {
				set.Attached = append(set.Attached, x.Arn)
			}
			return len(p.AttachedManagedPolicies)
		})
		return err
	})
	type customer struct {
		wire.Page
		CustomerManagedPolicyReferences []reference
	}
	details(ctx, s, "sso:ListCustomerManagedPolicyReferencesInPermissionSet", region, c.Sets, func(ctx context.Context, set *object.PermissionSet) error {
		op := s.op("sso:ListCustomerManagedPolicyReferencesInPermissionSet")
		_, err := wire.Pages(ctx, s.client, op, region, about(c, set), func(p *customer) int {
			for _, x := range p.CustomerManagedPolicyReferences {
				set.Attached = append(set.Attached, x.arn(s.account.Partition))
			}
			return len(p.CustomerManagedPolicyReferences)
		})
		return err
	})
	details(ctx, s, "sso:GetInlinePolicyForPermissionSet", region, c.Sets, func(ctx context.Context, set *object.PermissionSet) error {
		var out struct{ InlinePolicy string }
		err := s.ask(ctx, "sso:GetInlinePolicyForPermissionSet", region, about(c, set), &out)
		if err == nil {
			set.Inline = s.document(out.InlinePolicy, set.ARN)
		}
		return err
	})
	type boundary struct {
		PermissionsBoundary struct {
			ManagedPolicyArn               string
			CustomerManagedPolicyReference reference
		}
	}
	details(ctx, s, "sso:GetPermissionsBoundaryForPermissionSet", region, c.Sets, func(ctx context.Context, set *object.PermissionSet) error {
		var out boundary
		err := s.ask(ctx, "sso:GetPermissionsBoundaryForPermissionSet", region, about(c, set), &out)
		if b := out.PermissionsBoundary; err == nil {
			set.Boundary = b.ManagedPolicyArn
			if b.CustomerManagedPolicyReference.Name != "" {
				set.Boundary = b.CustomerManagedPolicyReference.arn(s.account.Partition)
			}
		}
		return err
	})
}

func about(c *object.IdentityCenter, set *object.PermissionSet) wire.Values {
	return wire.Values{"InstanceArn": c.ARN, "PermissionSetArn": set.ARN}
}

// A provisioned permission set, with the accounts where it is assigned.
type provisioned struct {
	set, account string
	to           []object.Assignment
}

// assignments lists who has which permission set where, and their names.
func (s *session) assignments(ctx context.Context, region string, c *object.IdentityCenter) {
	type accounts struct {
		wire.Page
		AccountIDs []string `json:"AccountIds"`
	}
	perSet := make([][]provisioned, len(c.Sets))
	index := make([]int, len(c.Sets))
	for i := range index {
		index[i] = i
	}
	details(ctx, s, "sso:ListAccountsForProvisionedPermissionSet", region, index, func(ctx context.Context, i *int) error {
		set := &c.Sets[*i]
		_, err := wire.Pages(ctx, s.client, s.op("sso:ListAccountsForProvisionedPermissionSet"), region, about(c, set), func(p *accounts) int {
			for _, id := range p.AccountIDs {
				perSet[*i] = append(perSet[*i], provisioned{set: set.ARN, account: id})
			}
			return len(p.AccountIDs)
		})
		return err
	})
	var places []provisioned
	for _, list := range perSet {
		places = append(places, list...)
	}
	type page struct {
		wire.Page
		AccountAssignments []struct{ PrincipalType, PrincipalID string }
	}
	details(ctx, s, "sso:ListAccountAssignments", region, places, func(ctx context.Context, p *provisioned) error {
		in := wire.Values{"InstanceArn": c.ARN, "AccountId": p.account, "PermissionSetArn": p.set}
		_, err := wire.Pages(ctx, s.client, s.op("sso:ListAccountAssignments"), region, in, func(out *page) int {
			for _, x := range out.AccountAssignments {
				p.to = append(p.to, object.Assignment{Set: p.set, Account: p.account, PrincipalType: x.PrincipalType, PrincipalID: x.PrincipalID})
			}
			return len(out.AccountAssignments)
		})
		return err
	})
	for _, p := range places {
		c.Assignments = append(c.Assignments, p.to...)
	}
	s.principalNames(ctx, region, c)
}

// principalNames gives assigned users and groups their names.
func (s *session) principalNames(ctx context.Context, region string, c *object.IdentityCenter) {
	kinds, names := map[string]bool{}, map[string]string{}
	for _, a := range c.Assignments {
		kinds[a.PrincipalType] = true
	}
	type page struct {
		wire.Page
		Groups []struct{ GroupID, DisplayName wire.Text }
		Users  []struct{ UserID, UserName wire.Text }
	}
	each := func(p *page) int {
		for _, x := range p.Groups {
			names[string(x.GroupID)] = string(x.DisplayName)
		}
		for _, x := range p.Users {
			names[string(x.UserID)] = string(x.UserName)
		}
		return len(p.Groups) + len(p.Users)
	}
	in := wire.Values{"IdentityStoreId": c.Store}
	if kinds["GROUP"] {
		list(ctx, s, "identitystore:ListGroups", region, in, each)
	}
	if kinds["USER"] {
		list(ctx, s, "identitystore:ListUsers", region, in, each)
	}
	for i := range c.Assignments {
		c.Assignments[i].PrincipalName = names[c.Assignments[i].PrincipalID]
	}
}

// applications lists what Identity Center signs people in to, and whose tokens it
// trusts.
func (s *session) applications(ctx context.Context, region string, c *object.IdentityCenter) {
	type page struct {
		wire.Page
		Applications []struct {
			ApplicationArn, Name, ApplicationProviderArn, Status wire.Text
			CreatedDate                                          wire.Time
		}
	}
	in := wire.Values{"InstanceArn": c.ARN}
	list(ctx, s, "sso:ListApplications", region, in, func(p *page) int {
		for _, x := range p.Applications {
			c.Applications = append(c.Applications, object.Application{
				ARN: string(x.ApplicationArn), Name: string(x.Name), Provider: string(x.ApplicationProviderArn), Status: string(x.Status), CreatedAt: x.CreatedDate.Time,
			})
		}
		return len(p.Applications)
	})
	type issuers struct {
		wire.Page
		TrustedTokenIssuers []struct{ TrustedTokenIssuerArn, Name wire.Text }
	}
	list(ctx, s, "sso:ListTrustedTokenIssuers", region, in, func(p *issuers) int {
		for _, x := range p.TrustedTokenIssuers {
			c.Issuers = append(c.Issuers, object.TokenIssuer{ARN: string(x.TrustedTokenIssuerArn), Name: string(x.Name)})
		}
		return len(p.TrustedTokenIssuers)
	})
	type answer struct {
		TrustedTokenIssuerConfiguration struct {
			OidcJwtConfiguration struct{ IssuerURL string }
		}
	}
	details(ctx, s, "sso:DescribeTrustedTokenIssuer", region, c.Issuers, func(ctx context.Context, t *object.TokenIssuer) error {
		var out answer
		err := s.ask(ctx, "sso:DescribeTrustedTokenIssuer", region, wire.Values{"TrustedTokenIssuerArn": t.ARN}, &out)
		if err == nil {
			t.URL = out.TrustedTokenIssuerConfiguration.OidcJwtConfiguration.IssuerURL
		}
		return err
	})
}
