package aws

import (
	"slices"
	"strconv"
	"strings"

	"github.com/muster-nhi/muster/internal/cloud"
	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/scanners/aws/object"
)

// callDetails is the call from which most of IAM comes.
const callDetails = "iam:GetAccountAuthorizationDetails"

// listings are those of an account, by call, with those of the organisation that
// tell of it.
type listings struct {
	byCall map[string][]*object.Listing
	calls  []string
}

func newListings(a *object.Account, o *object.Organization) listings {
	l := listings{byCall: make(map[string][]*object.Listing, len(a.Listings))}
	add := func(of []object.Listing) {
		for i := range of {
			x := &of[i]
			if l.byCall[x.Call] == nil {
				l.calls = append(l.calls, x.Call)
			}
			l.byCall[x.Call] = append(l.byCall[x.Call], x)
		}
	}
	add(a.Listings)
	if o != nil {
		add(o.Listings)
	}
	slices.Sort(l.calls)
	return l
}

// whole reports whether all that a call lists was seen, in all regions.
func (l *listings) whole(call string) bool {
	list := l.byCall[call]
	for _, x := range list {
		if !complete(x) {
			return false
		}
	}
	return len(list) > 0
}

func complete(l *object.Listing) bool {
	return l.Status == inventory.StatusComplete || l.Status == ""
}

// entered reports whether anything of the account could be asked for at all.
func (l *listings) entered() bool {
	for _, call := range l.calls {
		if call != "sts:AssumeRole" && call != "sts:GetCallerIdentity" && !strings.HasPrefix(call, "organizations:") {
			return true
		}
	}
	return false
}

// putCoverage says how much of a kind was seen.
func (m *mapper) putCoverage(kind inventory.Kind) {
	for _, n := range slices.Concat(m.a.Notes, m.estate.notes) {
		m.note(kind, inventory.Clip(n, cloud.MaxText))
	}
	r := &reasons{}
	for _, call := range m.listings.calls {
		f, fed := m.estate.feeds.of(kind, call)
		switch {
		case fed:
		case m.estate.feeds.any(call):
			continue // it is for records of other kinds
		default: // the account could not be entered, or its regions not be listed
			f = feed{call: call, main: strings.HasPrefix(call, "sts:")}
		}
		for _, l := range m.listings.byCall[call] {
			m.tell(kind, f, l, r)
		}
	}
	if !m.listings.entered() && len(r.causes) == 0 {
		r.add(cause{why: "nothing of the account was read", main: true})
		r.mains, r.denied = 1, rank(!m.estate.saved) // files refuse nothing
		r.skipped = 1 - r.denied
	}
	for _, text := range slices.Concat(m.lost[kind], m.estate.lost) {
		r.add(cause{why: text, main: true})
	}
	x := &inventory.Coverage{
		Scanner: m.scanner, Scope: m.scope, Kind: kind, Count: m.count[kind], Principal: inventory.Clip(m.a.Reader, cloud.MaxText), Notes: m.notes[kind],
	}
	if kind == inventory.KindIdentity {
		m.control(x)
	}
	x.Status, x.Reason = r.status(x.Count)
	m.put(inventory.Record{Coverage: x}, inventory.KindCoverage)
}

// control holds the users and roles that were listed against what IAM counts. There
// are identities beside them, so the total is the records' and what that count has
// more or less. People make and delete while a scan lists, so a difference is told
// and is no gap by itself.
func (m *mapper) control(x *inventory.Coverage) {
	users, ok := m.a.Summary["Users"]
	if !ok {
		return
	}
	listed, counted, what := len(m.a.Users), users, "users"
	if roles, ok := m.a.Summary["Roles"]; ok {
		listed, counted, what = listed+len(m.a.Roles), counted+roles, "users and roles"
	}
	total := max(0, x.Count+counted-listed)
	x.ControlTotal, x.ControlSource = &total, "iam:GetAccountSummary"
	if counted != listed {
		x.Notes = append(x.Notes, strconv.Itoa(listed)+" "+what+" were listed, and IAM counts "+strconv.Itoa(counted))
	}
}

// tell takes in how one call fared.
func (m *mapper) tell(kind inventory.Kind, f feed, l *object.Listing, r *reasons) {
	if f.main {
		r.mains++
	}
	if complete(l) {
		return
	}
	c := newCause(l, f.loss)
	if l.Status == inventory.StatusSkipped && !m.estate.saved {
		m.note(kind, c.String())
		if f.main {
			r.mains--
		}
		return
	}
	c.main = f.main || l.Status == inventory.StatusDenied
	r.add(c)
	if f.main {
		switch l.Status {
		case inventory.StatusDenied:
			r.denied++
		case inventory.StatusSkipped:
			r.skipped++
		case inventory.StatusComplete, inventory.StatusPartial:
		}
	}
}
