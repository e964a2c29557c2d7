package live

import (
	"context"
	"fmt"
	"slices"

	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/scanners/aws/live/wire"
	"github.com/muster-nhi/muster/scanners/aws/object"
)

// organization reads what is known above accounts: which organisation it is and, if
// that was asked for, its accounts, units and policies. An account that is of none
// has an Organization without an ID.
func (x *run) organization(ctx context.Context) {
	type answer struct {
		Organization struct {
			ID              string `json:"Id"`
			MasterAccountID string `json:"MasterAccountId"`
		}
	}
	var out answer
	o := &object.Organization{}
	err := x.home.Ask(ctx, x.calls["organizations:DescribeOrganization"], "", nil, &out)
	l := listing(x.calls["organizations:DescribeOrganization"], "", 1, err)
	switch {
	case err == nil:
		o.ID, o.ManagementAccount = out.Organization.ID, out.Organization.MasterAccountID
	case wire.Code(err) == "AWSOrganizationsNotInUseException":
		o.PoliciesKnown = true // there are none
		l.Status, l.Reason, l.Count = inventory.StatusComplete, "", 0
	case !x.options.Organization:
		return // and nobody asked for it
	}
	o.Listings = append(o.Listings, l)
	x.estate.Organization = o
	if !x.options.Organization || o.ID == "" {
		return
	}
	r := &orgRead{run: x, org: o}
	r.accounts(ctx)
	r.units(ctx)
	r.policies(ctx)
	r.delegates(ctx)
	r.features(ctx)
}

// features asks whether the root users of the organisation's accounts are managed
// centrally, which takes their credentials away.
func (r *orgRead) features(ctx context.Context) {
	var out struct {
		EnabledFeatures []string `xml:"EnabledFeatures>member"`
	}
	err := r.home.Ask(ctx, r.calls["iam:ListOrganizationsFeatures"], "", nil, &out)
	if err == nil {
		r.roots = inventory.TriOf(slices.Contains(out.EnabledFeatures, "RootCredentialsManagement"))
	}
	r.note("iam:ListOrganizationsFeatures", len(out.EnabledFeatures), err)
}

// managed reports whether the organisation manages the root user of an account. That
// of the management account it never does.
func (x *run) managed(account string) inventory.Tri {
	if o := x.estate.Organization; o != nil && o.ManagementAccount == account {
		return inventory.False
	}
	return x.roots
}

// An orgRead reads one organisation, one request after another: its API is slow to
// give and quick to throttle.
type orgRead struct {
	*run
	org *object.Organization
}

func (r *orgRead) note(action string, count int, err error) {
	l := listing(r.calls[action], "", count, err)
	if l.Status == inventory.StatusDenied {
		l.Reason += "; Organizations answers the management account and delegated administrators only"
	}
	r.org.Listings = append(r.org.Listings, l)
}

func orgPages[T any, P wire.Paged[T]](ctx context.Context, r *orgRead, action string, in wire.Values, each func(*T) int) (int, error) {
	return wire.Pages[T, P](ctx, r.home, r.calls[action], "", in, each)
}

// accounts lists the accounts of the organisation into the estate.
func (r *orgRead) accounts(ctx context.Context) {
	type page struct {
		wire.Page
		Accounts []struct {
			ID              string `json:"Id"`
			Name            string
			Email           string
			Status          string
			State           string
			JoinedTimestamp wire.Time
		}
	}
	n, err := orgPages(ctx, r, "organizations:ListAccounts", nil, func(p *page) int {
		for _, a := range p.Accounts {
			if !object.IsAccount(a.ID) {
				continue // ids name files and ARNs
			}
			r.org.Members = append(r.org.Members, a.ID)
			state := a.State
			if state == "" {
				state = a.Status
			}
			r.estate.Accounts = append(r.estate.Accounts, &object.Account{
				ID: a.ID, Name: a.Name, Email: a.Email, State: state, Joined: a.JoinedTimestamp.Time,
			})
		}
		return len(p.Accounts)
	})
	r.note("organizations:ListAccounts", n, err)
}

type orgPlace struct {
	ID   string `json:"Id"`
	Name string
}

// units walks the tree from its root and says where each account stands.
func (r *orgRead) units(ctx context.Context) {
	type roots struct {
		wire.Page
		Roots []orgPlace
	}
	n, err := orgPages(ctx, r, "organizations:ListRoots", nil, func(p *roots) int {
		for _, u := range p.Roots {
			r.org.Units = append(r.org.Units, object.Unit{ID: u.ID, Name: u.Name})
		}
		return len(p.Roots)
	})
	r.note("organizations:ListRoots", n, err)
	type units struct {
		wire.Page
		OrganizationalUnits []orgPlace
	}
	count := 0
	var failed error
	for i := 0; i < len(r.org.Units) && ctx.Err() == nil && failed == nil; i++ {
		parent := r.org.Units[i].ID
		_, failed = orgPages(ctx, r, "organizations:ListOrganizationalUnitsForParent", wire.Values{"ParentId": parent}, func(p *units) int {
			for _, u := range p.OrganizationalUnits {
				if slices.ContainsFunc(r.org.Units, func(known object.Unit) bool { return known.ID == u.ID }) {
					continue
				}
				count++
				r.org.Units = append(r.org.Units, object.Unit{ID: u.ID, Name: u.Name, Parent: parent})
			}
			return len(p.OrganizationalUnits)
		})
	}
	r.note("organizations:ListOrganizationalUnitsForParent", count, failed)
	r.parents(ctx)
}

// parents says in which unit each account is.
func (r *orgRead) parents(ctx context.Context) {
	type page struct {
		wire.Page
		Accounts []struct {
			ID string `json:"Id"`
		}
	}
	parent := map[string]string{}
	var failed error
	for _, u := range r.org.Units {
		if failed != nil {
			break
		}
		_, failed = orgPages(ctx, r, "organizations:ListAccountsForParent", wire.Values{"ParentId": u.ID}, func(p *page) int {
			for _, a := range p.Accounts {
				parent[a.ID] = u.ID
			}
			return len(p.Accounts)
		})
	}
	for _, a := range r.estate.Accounts {
		a.Parent = parent[a.ID]
	}
	r.note("organizations:ListAccountsForParent", len(parent), failed)
}

// policies reads service and resource control policies and where they hold.
func (r *orgRead) policies(ctx context.Context) {
	r.org.PoliciesKnown = true
	for _, filter := range []string{"SERVICE_CONTROL_POLICY", "RESOURCE_CONTROL_POLICY"} {
		err := r.policiesOf(ctx, filter)
		if code := wire.Code(err); code == "PolicyTypeNotEnabledException" || code == "PolicyTypeNotAvailableForOrganizationException" {
			continue // no policy of the type can be attached
		}
		if err != nil {
			r.org.PoliciesKnown = false
		}
	}
}

func (r *orgRead) policiesOf(ctx context.Context, filter string) error {
	type page struct {
		wire.Page
		Policies []struct {
			ID         string `json:"Id"`
			Arn        string
			Name       string
			AwsManaged bool
		}
	}
	var found []object.Policy
	var ids []string
	n, err := orgPages(ctx, r, "organizations:ListPolicies", wire.Values{"Filter": filter}, func(p *page) int {
		for _, d := range p.Policies {
			o := object.Policy{Name: d.Name, ARN: d.Arn, Kind: "scp", ManagedBy: "customer"}
			if filter == "RESOURCE_CONTROL_POLICY" {
				o.Kind = "rcp"
			}
			if d.AwsManaged {
				o.ManagedBy = "aws"
			}
			found, ids = append(found, o), append(ids, d.ID)
		}
		return len(p.Policies)
	})
	r.note("organizations:ListPolicies", n, err)
	if err != nil {
		return err
	}
	var described, targeted error
	for i := range found {
		if e := r.describe(ctx, ids[i], &found[i]); e != nil && described == nil {
			described = e
		}
		if e := r.targetsOf(ctx, ids[i], &found[i]); e != nil && targeted == nil {
			targeted = e
		}
	}
	r.org.Policies = append(r.org.Policies, found...)
	if len(found) > 0 {
		r.note("organizations:DescribePolicy", len(found), described)
		r.note("organizations:ListTargetsForPolicy", len(found), targeted)
	}
	if described != nil {
		return described
	}
	return targeted
}

func (r *orgRead) describe(ctx context.Context, id string, p *object.Policy) error {
	var out struct{ Policy struct{ Content string } }
	p.Problem = "it could not be read"
	err := r.home.Ask(ctx, r.calls["organizations:DescribePolicy"], "", wire.Values{"PolicyId": id}, &out)
	if err != nil {
		return fmt.Errorf("policy %s: %w", id, err)
	}
	p.Document, p.Problem = r.texts.parse(out.Policy.Content)
	return nil
}

// targetsOf notes a policy at the units and accounts where it is attached.
func (r *orgRead) targetsOf(ctx context.Context, id string, p *object.Policy) error {
	type page struct {
		wire.Page
		Targets []struct {
			TargetID string `json:"TargetId"`
		}
	}
	_, err := orgPages(ctx, r, "organizations:ListTargetsForPolicy", wire.Values{"PolicyId": id}, func(out *page) int {
		for _, t := range out.Targets {
			r.attach(p, t.TargetID)
		}
		return len(out.Targets)
	})
	return err
}

func (r *orgRead) attach(p *object.Policy, target string) {
	for i := range r.org.Units {
		if u := &r.org.Units[i]; u.ID == target {
			if p.Kind == "rcp" {
				u.RCPs = append(u.RCPs, p.ARN)
			} else {
				u.SCPs = append(u.SCPs, p.ARN)
			}
		}
	}
	for _, a := range r.estate.Accounts {
		if a.ID != target {
			continue
		}
		if p.Kind == "rcp" {
			a.RCPs = append(a.RCPs, p.ARN)
		} else {
			a.SCPs = append(a.SCPs, p.ARN)
		}
	}
}

// delegates reads which accounts administer services for the organisation.
func (r *orgRead) delegates(ctx context.Context) {
	type page struct {
		wire.Page
		DelegatedAdministrators []struct {
			ID string `json:"Id"`
		}
	}
	var ids []string
	n, err := orgPages(ctx, r, "organizations:ListDelegatedAdministrators", nil, func(p *page) int {
		for _, d := range p.DelegatedAdministrators {
			ids = append(ids, d.ID)
		}
		return len(p.DelegatedAdministrators)
	})
	r.note("organizations:ListDelegatedAdministrators", n, err)
	type services struct {
		wire.Page
		DelegatedServices []struct {
			ServicePrincipal      string
			DelegationEnabledDate wire.Time
		}
	}
	var failed error
	for _, id := range ids {
		_, err := orgPages(ctx, r, "organizations:ListDelegatedServicesForAccount", wire.Values{"AccountId": id}, func(p *services) int {
			for _, d := range p.DelegatedServices {
				r.org.Delegated = append(r.org.Delegated, object.Delegate{Account: id, Service: d.ServicePrincipal, Since: d.DelegationEnabledDate.Time})
			}
			return len(p.DelegatedServices)
		})
		if err != nil {
			failed = err
		}
	}
	if len(ids) > 0 {
		r.note("organizations:ListDelegatedServicesForAccount", len(r.org.Delegated), failed)
	}
}

// central reports whether an account is the one that may read Identity Center for
// the whole organisation.
func (x *run) central(account string) bool {
	o := x.estate.Organization
	if o == nil || o.ID == "" {
		return true
	}
	return account == o.ManagementAccount || slices.ContainsFunc(o.Delegated, func(d object.Delegate) bool {
		return d.Account == account && d.Service == "sso.amazonaws.com"
	})
}
