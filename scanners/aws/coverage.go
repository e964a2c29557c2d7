package aws

import (
	"cmp"
	"slices"
	"strings"

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
		m.note(kind, clip(n, maxText))
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
		r.lose("nothing of the account was read", "", true)
		r.mains, r.denied = 1, 1
	}
	for _, text := range slices.Concat(m.lost[kind], m.estate.lost) {
		r.lose(text, "", true)
	}
	x := &inventory.Coverage{
		Scanner: m.scanner, Scope: m.scope, Kind: kind, Count: m.count[kind], Principal: clip(m.a.Reader, maxText), Notes: m.notes[kind],
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
		x.Notes = append(x.Notes, number(listed)+" "+what+" were listed, and IAM counts "+number(counted))
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
	text := l.Call
	if l.Region != "" {
		text += " in " + l.Region
	}
	if l.Reason != "" {
		text += ": " + l.Reason
	}
	text = clip(text, maxText)
	if l.Status == inventory.StatusSkipped && !m.estate.saved {
		m.note(kind, cause{text: text, losses: []string{f.loss}}.String())
		if f.main {
			r.mains--
		}
		return
	}
	r.lose(text, f.loss, f.main || l.Status == inventory.StatusDenied)
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

// A cause is why something was not seen, and all that cannot be told for it.
type cause struct {
	text   string
	losses []string
	main   bool // next to nothing is left without it
}

func (c cause) String() string {
	if len(c.losses) == 0 || c.losses[0] == "" {
		return c.text
	}
	return c.text + " (not told: " + strings.Join(c.losses, "; ") + ")"
}

// reasons gathers what is missing of one kind.
type reasons struct {
	causes                 []cause
	mains, denied, skipped int // main listings; of which nothing was seen
}

// lose tells of a cause and of what cannot be told for it.
func (r *reasons) lose(text, loss string, main bool) {
	i := slices.IndexFunc(r.causes, func(c cause) bool { return c.text == text })
	if i < 0 {
		i = len(r.causes)
		r.causes = append(r.causes, cause{text: text})
	}
	c := &r.causes[i]
	c.main = c.main || main
	if loss != "" && !slices.Contains(c.losses, loss) {
		c.losses = append(c.losses, loss)
	}
}

// maxReasons bounds the causes that a reason names.
const maxReasons = 12

// status sums up: what was denied as a whole is denied, what was left out is
// skipped, and everything between is partial.
func (r *reasons) status(count int) (status inventory.Status, reason string) {
	if len(r.causes) == 0 {
		return inventory.StatusComplete, ""
	}
	slices.SortStableFunc(r.causes, func(a, b cause) int { return cmp.Compare(rank(b.main), rank(a.main)) })
	var text []string
	for i, c := range r.causes {
		if i == maxReasons {
			text = append(text, "and "+number(len(r.causes)-i)+" more")
			break
		}
		text = append(text, c.String())
	}
	reason = cmp.Or(strings.Join(text, "; "), "not all of it could be listed")
	switch {
	case count == 0 && r.mains > 0 && r.skipped == r.mains:
		return inventory.StatusSkipped, reason
	case count == 0 && r.mains > 0 && r.denied+r.skipped == r.mains:
		return inventory.StatusDenied, reason
	default:
		return inventory.StatusPartial, reason
	}
}

// rank is 1 for what is told first.
func rank(first bool) int {
	if first {
		return 1
	}
	return 0
}
