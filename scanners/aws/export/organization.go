package export

import (
	"cmp"
	"regexp"
	"slices"
	"strings"

	"github.com/muster-nhi/muster/internal/saved"
	"github.com/muster-nhi/muster/scanners/aws/object"
)

// An organization is what files say of AWS Organizations.
type organization struct {
	object.Organization
	units    set[object.Unit]
	policies set[object.Policy]  // by id
	targets  map[string][]string // ids of roots, units and accounts by id of the policy
	parents  map[string]string   // id of the unit or root by id of the child
	members  set[member]
}

// A member is an account of the organisation.
type member struct {
	ID, Arn, Email, Name, Status, State string
	Paths                               []string
	JoinedTimestamp                     moment
	DelegationEnabledDate               moment
}

// The shapes of what Organizations answers.
type (
	orgPolicy struct {
		ID, Arn, Name, Type string
		AwsManaged          bool
		Targets             []struct{}
	}
	described struct {
		Policy struct {
			PolicySummary orgPolicy
			Content       text
		}
	}
	targets struct {
		PolicyID string
		Targets  []struct{ TargetID string }
	}
	parents struct {
		ChildID string
		Parents []struct{ ID string }
	}
	unit struct{ ID, Arn, Name, Path, ParentID string }
)

func (a *account) organization() *organization {
	if a.org == nil {
		a.org = &organization{units: set[object.Unit]{}, policies: set[object.Policy]{}, targets: map[string][]string{}, parents: map[string]string{}, members: set[member]{}}
	}
	return a.org
}

func (h *handlers) organizations() {
	one(h, "organizations:DescribeOrganization", []string{"Organization"}, func(v *struct {
		Organization struct{ ID, Arn, MasterAccountID string }
	},
	) string {
		return v.Organization.Arn
	}, func(a *account, _ string, v *struct {
		Organization struct{ ID, Arn, MasterAccountID string }
	},
	) {
		o := a.organization()
		o.ID, o.ManagementAccount = v.Organization.ID, v.Organization.MasterAccountID
	})
	on(h, "Accounts", "organizations:ListAccounts", func(v *member) bool { return object.IsAccount(v.ID) && strings.Contains(v.Arn, ":organizations:") }, func(v *member) string { return v.Arn }, (*account).member)
	on(h, "Roots", "organizations:ListRoots", func(v *unit) bool { return v.ID != "" }, func(v *unit) string { return v.Arn }, func(a *account, _ string, v *unit) {
		*a.organization().units.of(v.ID) = object.Unit{ID: v.ID, Name: v.Name}
	})
	on(h, "OrganizationalUnits", "organizations:ListOrganizationalUnitsForParent", func(v *unit) bool { return v.ID != "" }, func(v *unit) string { return v.Arn }, func(a *account, _ string, v *unit) {
		*a.organization().units.of(v.ID) = object.Unit{ID: v.ID, Name: v.Name, Parent: cmp.Or(v.ParentID, above(v.Path, v.ID))}
	})
	on(h, "Policies", "organizations:ListPolicies", func(v *orgPolicy) bool { return strings.HasPrefix(v.ID, "p-") && v.Type != "" }, func(v *orgPolicy) string { return v.Arn }, func(a *account, _ string, v *orgPolicy) { a.organization().policy(v) })
	one(h, "organizations:DescribePolicy", []string{"Policy"}, func(v *described) string { return v.Policy.PolicySummary.Arn }, func(a *account, _ string, v *described) {
		p := a.organization().policy(&v.Policy.PolicySummary)
		p.Document, p.Problem = v.Policy.Content.parse()
	})
	one(h, "organizations:ListTargetsForPolicy", []string{"Targets"}, noARN, func(a *account, _ string, v *targets) {
		for _, t := range v.Targets {
			a.organization().targets[v.PolicyID] = append(a.organization().targets[v.PolicyID], t.TargetID)
		}
		if v.Targets == nil {
			a.organization().targets[v.PolicyID] = []string{}
		}
	})
	one(h, "organizations:ListParents", []string{"ChildId", "Parents"}, noARN, func(a *account, _ string, v *parents) {
		if len(v.Parents) == 1 {
			a.organization().parents[v.ChildID] = v.Parents[0].ID
		}
	})
	on(h, "DelegatedAdministrators", "organizations:ListDelegatedAdministrators", func(v *member) bool { return object.IsAccount(v.ID) }, func(v *member) string { return v.Arn }, func(a *account, _ string, v *member) {
		o := a.organization()
		o.Delegated = append(o.Delegated, object.Delegate{Account: v.ID, Since: v.DelegationEnabledDate.Time})
	})
}

func (v *described) fits() bool { return v.Policy.PolicySummary.ID != "" }

func (v *targets) named(file string) {
	if v.PolicyID == "" {
		v.PolicyID = regexp.MustCompile(`p-[0-9a-zA-Z]{8,128}`).FindString(file)
	}
}

// above returns the element before an id in a path of the organisation, or the last
// root or unit if the id is not in it.
func above(path, id string) string {
	last := ""
	for part := range strings.SplitSeq(path, "/") {
		if part == id {
			break
		}
		if strings.HasPrefix(part, "r-") || strings.HasPrefix(part, "ou-") {
			last = part
		}
	}
	return last
}

func (a *account) member(_ string, v *member) {
	o := a.organization()
	*o.members.of(v.ID) = *v
	for _, p := range v.Paths {
		if up := above(p, v.ID); up != "" {
			o.parents[v.ID] = up
		}
	}
	if x, ok := parseARN(v.Arn); ok && o.ManagementAccount == "" {
		o.ManagementAccount = x.Account
		if parts := strings.Split(x.Resource, "/"); len(parts) == 3 {
			o.ID = cmp.Or(o.ID, parts[1])
		}
	}
}

func (o *organization) policy(v *orgPolicy) *object.Policy {
	p := o.policies.of(v.ID)
	if p.ARN == "" {
		p.Problem = "its text is not in the directory: aws organizations describe-policy --policy-id " + saved.Short(v.ID, 40)
	}
	p.Name, p.ARN, p.ManagedBy = v.Name, v.Arn, "customer"
	if v.AwsManaged {
		p.ManagedBy = "aws"
	}
	switch v.Type {
	case "SERVICE_CONTROL_POLICY":
		p.Kind = "scp"
	case "RESOURCE_CONTROL_POLICY":
		p.Kind = "rcp"
	default:
		p.Kind = strings.ToLower(v.Type)
	}
	return p
}

// finishOrganization puts together what was read of the organisation, from
// whichever account's files, and tells its accounts what concerns them.
func (r *reader) finishOrganization() *object.Organization {
	var o *organization
	for _, id := range sortedKeys(r.accounts) {
		if a := r.accounts[id]; a.org != nil && (o == nil || len(a.org.members) > len(o.members)) {
			o = a.org
		}
	}
	if o == nil {
		return nil
	}
	out := o.Organization
	limits := map[string][2][]string{} // SCPs and RCPs by target
	complete := len(o.policies) > 0 && len(o.units) > 0
	for _, id := range sortedKeys(o.policies) {
		p := *o.policies[id]
		if p.Kind != "scp" && p.Kind != "rcp" {
			continue
		}
		out.Policies = append(out.Policies, p)
		at, known := o.targets[id]
		complete = complete && known && p.Document != nil
		for _, target := range at {
			l := limits[target]
			if p.Kind == "scp" {
				l[0] = append(l[0], p.ARN)
			} else {
				l[1] = append(l[1], p.ARN)
			}
			limits[target] = l
		}
	}
	for _, id := range sortedKeys(o.units) {
		u := *o.units[id]
		u.Parent = cmp.Or(u.Parent, o.parents[id])
		u.SCPs, u.RCPs = limits[id][0], limits[id][1]
		complete = complete && (u.Parent != "" || strings.HasPrefix(id, "r-"))
		out.Units = append(out.Units, u)
	}
	for _, id := range sortedKeys(o.members) {
		out.Members = append(out.Members, id)
		complete = r.join(o, o.members[id], limits[id]) && complete
	}
	slices.SortFunc(out.Delegated, func(a, b object.Delegate) int { return strings.Compare(a.Account, b.Account) })
	out.PoliciesKnown = complete && len(o.members) > 0
	return &out
}

// join tells an account what the organisation says of it, and reports whether its
// place is known.
func (r *reader) join(o *organization, m *member, limits [2][]string) bool {
	x, _ := parseARN(m.Arn)
	a := r.account(m.ID, x.Partition)
	a.Name, a.Email, a.State, a.Joined = m.Name, m.Email, cmp.Or(m.State, m.Status), m.JoinedTimestamp.Time
	a.Parent, a.SCPs, a.RCPs = o.parents[m.ID], limits[0], limits[1]
	_, known := o.units[a.Parent]
	return known
}
