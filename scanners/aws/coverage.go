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
		if !cloud.Complete(x.Status) {
			return false
		}
	}
	return len(list) > 0
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
	r := &cloud.Reasons{}
	for _, call := range m.listings.calls {
		f, fed := m.estate.feeds.Of(kind, call)
		switch {
		case fed:
		case m.estate.feeds.Any(call):
			continue // it is for records of other kinds
		default: // the account could not be entered, or its regions not be listed
			f = feed{call: call, main: strings.HasPrefix(call, "sts:")}
		}
		for _, l := range m.listings.byCall[call] {
			m.tell(kind, f, l, r)
		}
	}
	if !m.listings.entered() && r.Empty() {
		r.Nothing("nothing of the account was read", !m.estate.saved) // files refuse nothing
	}
	r.Lost(slices.Concat(m.lost[kind], m.estate.lost)...)
	x := &inventory.Coverage{
		Scanner: m.scanner, Scope: m.scope, Kind: kind, Count: m.count[kind], Principal: inventory.Clip(m.a.Reader, cloud.MaxText), Notes: m.notes[kind],
	}
	if kind == inventory.KindIdentity {
		m.control(x)
	}
	x.Status, x.Reason = r.Status(x.Count)
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

// fared returns how a call fared, to be told of with others.
func fared(l *object.Listing) cloud.Listing {
	return cloud.Listing{Tool: "aws", Places: "regions", Call: l.Call, Where: l.Region, Status: l.Status, Reason: l.Reason}
}

// tell takes in how one call fared. What a live scan left out by choice is noted, and
// is no gap.
func (m *mapper) tell(kind inventory.Kind, f feed, l *object.Listing, r *cloud.Reasons) {
	if l.Status == inventory.StatusSkipped && !m.estate.saved {
		m.note(kind, cloud.NewCause(fared(l), f.loss).String())
		return
	}
	r.Tell(fared(l), f.loss, f.main)
}
