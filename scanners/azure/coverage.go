package azure

import (
	"slices"
	"strconv"

	"github.com/muster-nhi/muster/internal/cloud"
	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/scanners/azure/object"
)

// listingsOf returns the listings that tell of the tenant as a whole, and those of
// one subscription, or of all of them if none is named.
func (m *mapper) listingsOf(s *object.Subscription) (tenant, own []*object.Listing) {
	for i := range m.t.Listings {
		tenant = append(tenant, &m.t.Listings[i])
	}
	from := m.order
	if s != nil {
		from = []*object.Subscription{s}
	}
	for _, x := range from {
		for i := range x.Listings {
			own = append(own, &x.Listings[i])
		}
	}
	return tenant, own
}

// whole reports whether all that a call lists was seen, wherever it was asked.
func (m *mapper) whole(call string) bool {
	if is, ok := m.wholes[call]; ok {
		return is
	}
	tenant, own := m.listingsOf(nil)
	seen, all := false, true
	for _, l := range slices.Concat(tenant, own) {
		if cloud.Matches(call, l.Call) {
			seen, all = true, all && cloud.Complete(l.Status)
		}
	}
	m.wholes[call] = seen && all
	return seen && all
}

// asked reports whether a call was made at all, or a listing says why not.
func (m *mapper) asked(call string) bool {
	tenant, own := m.listingsOf(nil)
	return slices.ContainsFunc(slices.Concat(tenant, own), func(l *object.Listing) bool { return l.Call == call })
}

// wholeKind reports whether all that records of a kind are made of was seen.
func (m *mapper) wholeKind(kind inventory.Kind) bool {
	for _, f := range m.estate.feeds.List(kind) {
		if f.main && !m.whole(f.call) {
			return false
		}
	}
	return true
}

// putCoverage says how much of a kind was seen in the scope of the tenant, or of a
// subscription.
func (m *mapper) putCoverage(scope string, s *object.Subscription, kind inventory.Kind) {
	at := m.in(scope)
	notes := slices.Concat(m.t.Notes, m.estate.notes)
	if s != nil {
		notes = slices.Concat(s.Notes, m.estate.notes)
	}
	for _, n := range notes {
		m.note(scope, kind, n)
	}
	r := &cloud.Reasons{}
	tenant, own := m.listingsOf(s)
	for _, l := range tenant {
		m.tell(scope, s != nil, kind, l, r)
	}
	for _, l := range own {
		m.tell(scope, s != nil, kind, l, r)
	}
	if len(tenant)+len(own) == 0 {
		r.Nothing("nothing of the tenant was read", false)
	}
	r.Lost(slices.Concat(at.lost[kind], m.estate.lost)...)
	x := &inventory.Coverage{
		Scanner: m.estate.scanner, Scope: scope, Kind: kind, Count: at.count[kind], Principal: inventory.Clip(m.reader(), cloud.MaxText), Notes: at.notes[kind],
	}
	x.Status, x.Reason = r.Status(x.Count)
	m.put(inventory.Record{Coverage: x}, inventory.KindCoverage)
}

// reader is as whom the tenant was read.
func (m *mapper) reader() string {
	switch {
	case m.t.ReaderName != "" && m.t.Reader != "":
		return m.t.ReaderName + " (" + m.t.Reader + ")"
	case m.t.ReaderName != "":
		return m.t.ReaderName
	default:
		return m.t.Reader
	}
}

// fared returns how a call fared, to be told of with others.
func fared(l *object.Listing) cloud.Listing {
	return cloud.Listing{Tool: "az", Call: l.Call, Where: l.Where, Status: l.Status, Reason: l.Reason}
}

// tell takes in how one call fared. A call that no kind is made of counts for all of
// them.
func (m *mapper) tell(scope string, inSub bool, kind inventory.Kind, l *object.Listing, r *cloud.Reasons) {
	f, fed := m.estate.feeds.Of(kind, l.Call)
	switch {
	case !fed && m.estate.feeds.Any(l.Call), inSub && !m.concerns(scope, l.Where):
		return
	case !fed:
		f = feed{call: l.Call, at: everywhere}
	case inSub && f.at == inTenant, !inSub && f.at == inSubscriptions && len(m.t.Subscriptions) > 0:
		return
	}
	if l.Status == inventory.StatusSkipped && !m.estate.saved && !f.main {
		m.note(scope, kind, cloud.NewCause(fared(l), f.loss).String())
		return
	}
	r.Tell(fared(l), f.loss, f.main)
}

// concerns reports whether what was asked for may lie in the scope of a subscription:
// it lies in no other.
func (m *mapper) concerns(scope, where string) bool {
	if where == "" {
		return true
	}
	if s := m.subs[subscriptionOf(where)]; s != nil {
		return m.scopeOf(s) == scope
	}
	if s := m.vaultIn[object.Fold(where)]; s != nil {
		return m.scopeOf(s) == scope
	}
	return true
}

// tellGaps tells what could not be seen beside what listings say.
func (m *mapper) tellGaps() {
	for _, name := range m.unread {
		text := "the members of group " + inventory.Clip(name, cloud.MaxName) + ", which holds roles or permissions, are not known"
		m.lose(m.scope, inventory.KindGrant, text)
		for _, s := range m.t.Subscriptions {
			m.lose(m.scopeOf(s), inventory.KindGrant, text)
		}
	}
	if !m.t.UsageKnown && m.t.UsageReason != "" {
		m.note(m.scope, inventory.KindUsage, m.t.UsageReason)
	}
	m.tellUnnamed()
	m.tellPolicies()
}

// tellPolicies tells what the tenant lets everybody do.
func (m *mapper) tellPolicies() {
	if len(m.t.Contacts) > 0 {
		m.note(m.scope, inventory.KindOwner, "whoever Microsoft writes to about the tenant ("+cloud.List(m.t.Contacts)+") is taken for the owner of none of its applications")
	}
	for i := range m.t.Management {
		if p := &m.t.Management[i]; p.Default && !p.Enabled {
			m.note(m.scope, inventory.KindCredential, "the tenant's default app management policy is off: secrets of any length can be added to applications")
		}
	}
	c := m.t.Consent
	if c == nil {
		return
	}
	if len(c.UserConsent) > 0 {
		m.note(m.scope, inventory.KindGrant, "users may let applications in by themselves ("+cloud.List(c.UserConsent)+")")
	}
	if c.AppCreation == inventory.True {
		m.note(m.scope, inventory.KindIdentity, "users may register applications")
	}
}

// tellUnnamed says of how many identities the report of sign-ins tells nothing.
func (m *mapper) tellUnnamed() {
	if !m.t.UsageKnown {
		return
	}
	n := 0
	for id, p := range m.sps {
		if len(m.signIns[id]) == 0 && len(m.signIns[lower(p.AppID)]) == 0 && !byMicrosoft(p.HomeTenant) {
			n++
		}
	}
	if n > 0 {
		m.note(m.scope, inventory.KindUsage, "of "+strconv.Itoa(n)+" service principals the report of sign-ins says nothing: they were not used for as long as it looks back, which nobody documents, and their last use is unknown")
	}
}
