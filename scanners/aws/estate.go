package aws

import (
	"slices"
	"strings"
	"time"

	"github.com/muster-nhi/muster/internal/cloud"
	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/scanners/aws/object"
)

// An estate is what the records of an account draw from others: the organisation,
// roles of permission sets, findings of analyzers in a delegated account, and what
// all principals can reach together.
type estate struct {
	scanner      string
	now          time.Time
	owners       ownerTags
	feeds        cloud.Feeds[feed]
	organization *object.Organization
	order        []*object.Account // by id
	accounts     map[string]*object.Account
	members      map[string]bool // accounts of the organisation, also those that were not read
	judge        *judge
	sets         map[string]*object.PermissionSet // by name
	setNames     map[string]string                // ARN of a permission set to its name
	reserved     map[string]string                // name of a permission set to the ARN of one of its roles
	reservedIn   map[string]string                // account/name to the ARN of its role there
	unused       map[string][]*object.Unused      // findings of analyzers, by principal
	unlimited    map[string]bool                  // accounts of which the policies of the organisation are not known
	lost         []string                         // what nobody knows to which account it belongs
	notes        []string
	// saved is true for files: what is not there was not handed over, and is a gap.
	saved bool
}

// newEstate indexes all that was read and judges it.
func newEstate(scanner string, o *object.Estate, owners ownerTags, now time.Time) *estate {
	e := &estate{
		scanner: scanner, now: now, owners: owners, feeds: newFeeds(), organization: o.Organization, notes: slices.Clone(o.Notes),
		accounts: make(map[string]*object.Account, len(o.Accounts)), members: map[string]bool{}, sets: map[string]*object.PermissionSet{}, setNames: map[string]string{},
		reserved: map[string]string{}, reservedIn: map[string]string{}, unused: map[string][]*object.Unused{}, unlimited: map[string]bool{},
	}
	if o.Organization != nil {
		for _, id := range o.Organization.Members {
			e.members[id] = true
		}
	}
	for _, a := range o.Accounts {
		e.accounts[a.ID] = a
		if a.Parent != "" {
			e.members[a.ID] = true
		}
		for i := range a.Instances {
			for j := range a.Instances[i].Sets {
				s := &a.Instances[i].Sets[j]
				e.sets[s.Name], e.setNames[s.ARN] = s, s.Name
			}
		}
		for i := range a.Roles {
			if name := fromCenter(&a.Roles[i]); name != "" {
				if e.reserved[name] == "" {
					e.reserved[name] = a.Roles[i].ARN
				}
				e.reservedIn[a.ID+"/"+name] = a.Roles[i].ARN
			}
		}
		for i := range a.Unused {
			if u := &a.Unused[i]; !strings.EqualFold(u.Status, "resolved") {
				e.unused[u.Resource] = append(e.unused[u.Resource], u)
			}
		}
	}
	e.order = slices.SortedFunc(slices.Values(o.Accounts), byID)
	e.judge = newJudge(e, o)
	return e
}

// member says whether an account is in the organisation that was read.
func (e *estate) member(account string) inventory.Tri {
	switch {
	case e.organization == nil || e.organization.ID == "":
		return inventory.Unknown
	case e.members[account] || account == e.organization.ManagementAccount:
		return inventory.True
	case e.listed():
		return inventory.False
	default:
		return inventory.Unknown
	}
}

// alone reports whether the account is known to be in no organisation.
func (e *estate) alone() bool {
	return e.organization != nil && e.organization.ID == "" && e.organization.PoliciesKnown
}

// listed reports whether all accounts of the organisation were listed.
func (e *estate) listed() bool {
	for i := range e.organization.Listings {
		if l := &e.organization.Listings[i]; l.Call == "organizations:ListAccounts" {
			return cloud.Complete(l.Status)
		}
	}
	return false
}
