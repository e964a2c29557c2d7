package live

import (
	"fmt"
	"slices"
	"time"

	"github.com/muster-nhi/muster/internal/saved"
	"github.com/muster-nhi/muster/scanners/aws/object"
)

// A kept account is one that a run has read, as a later run finds it. It has no value
// of a secret.
type kept struct {
	saved.Stamp
	Account *object.Account
}

// state is where accounts are kept. The choice is what of the options decides what an
// account holds.
func (o *Options) state() saved.State {
	return saved.State{Dir: o.State, Format: 1, MaxAge: o.MaxAge, Now: o.Now, Choice: []any{
		o.Profile, o.Endpoint, o.Role, o.Regions, o.ExcludeRegions, o.Details, o.AccessAdvisor, o.Creators, o.Organization, o.WideSession,
	}}
}

// stateName is under which name an account is kept.
func stateName(account string) string { return "aws-account-" + account + ".json" }

// load takes an account from an earlier run, if that was made with the same choice
// and is not too old. What Organizations says of it now holds.
func (x *run) load(t target) (*object.Account, bool) {
	var had kept
	age, ok, err := x.options.state().Load(stateName(t.ID), &had, func() bool { return had.Account != nil && had.Account.ID == t.ID })
	if err != nil {
		x.remark(fmt.Sprintf("what an earlier scan left of %s %v", t.ID, err))
	}
	if !ok {
		return nil, false
	}
	a := had.Account
	a.Name, a.Email, a.State, a.Parent, a.Joined, a.SCPs, a.RCPs = t.Name, t.Email, t.State, t.Parent, t.Joined, t.SCPs, t.RCPs
	a.Notes = append(a.Notes, "it was read "+age.Round(time.Minute).String()+" ago by an earlier scan, which this one goes on with")
	return a, true
}

// save keeps an account for a later run, unless another attempt may read what this one
// could not. What is denied stands, and is no reason to read all the rest again. That it
// cannot be kept costs the later run time and this one nothing.
func (x *run) save(s *session) {
	if slices.ContainsFunc(s.account.Listings, func(l object.Listing) bool { return l.Again }) {
		return
	}
	err := x.options.state().Save(stateName(s.account.ID), &kept{Account: s.account})
	if err != nil {
		x.remark(fmt.Sprintf("%s cannot be kept for a later scan: %v", s.account.ID, err))
	}
}

// remark tells something of the whole run.
func (x *run) remark(text string) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.estate.Notes = append(x.estate.Notes, text)
}

// clear removes what was kept for going on, once there is nothing to go on with: not
// while an account was broken off, by credentials that ran out.
func (x *run) clear() {
	if x.options.State == "" {
		return
	}
	for _, a := range x.estate.Accounts {
		if slices.ContainsFunc(a.Listings, func(l object.Listing) bool { return l.Broken }) {
			x.remark(a.ID + " was not read to its end: another scan goes on from here")
			return
		}
	}
	for _, a := range x.estate.Accounts {
		if err := x.options.state().Remove(stateName(a.ID)); err != nil {
			x.remark(fmt.Sprintf("what was kept of %s cannot be removed: %v", a.ID, err))
		}
	}
}
