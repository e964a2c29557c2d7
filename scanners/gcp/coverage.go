package gcp

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"github.com/muster-nhi/muster/internal/cloud"
	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/scanners/gcp/object"
)

// listings are those of a place, by call, with those of what is above it.
type listings struct {
	byCall map[string][]*object.Listing
	calls  []string
}

// listingsOf gathers the listings that tell of a place: its own, and those that were
// made for all or for what the place is in.
func (e *estate) listingsOf(p *place) *listings {
	if p.listed != nil {
		return p.listed
	}
	l := &listings{byCall: map[string][]*object.Listing{}}
	p.listed = l
	add := func(call string, x *object.Listing) {
		if l.byCall[call] == nil {
			l.calls = append(l.calls, call)
		}
		l.byCall[call] = append(l.byCall[call], x)
	}
	if p.project != nil {
		for i := range p.project.Listings {
			add(spelled(p.project.Listings[i].Call), &p.project.Listings[i])
		}
	}
	for i := range e.all.Listings {
		if x := &e.all.Listings[i]; e.tells(x.Where, p) {
			call := spelled(x.Call)
			if call == permissionProject { // there may be more projects, and anything in them
				call = callProjects
			}
			add(call, x)
		}
	}
	slices.Sort(l.calls)
	return l
}

// spelled returns a call without the host that newer permissions of IAM have:
// iam.googleapis.com/workloadIdentityPools.list.
func spelled(call string) string { return strings.Replace(call, ".googleapis.com/", ".", 1) }

// tells reports whether a listing that was made at some place says something of
// another: it does if that is the same, or in it.
func (e *estate) tells(where string, p *place) bool {
	if at := e.byName[where]; at != nil && at.sought {
		return at == p
	}
	if !strings.HasPrefix(where, "organizations/") && !strings.HasPrefix(where, "folders/") && !strings.HasPrefix(where, "projects/") {
		return true
	}
	if where == p.name {
		return true
	}
	up := e.above(p)
	if slices.ContainsFunc(up, func(a *place) bool { return a.name == where }) {
		return true
	}
	// What a place is in may not be known; then an organisation or folder may be it.
	top := p
	if len(up) > 0 {
		top = up[len(up)-1]
	}
	return level(where) < level(top.name) && top.organization == nil && (top.parent == "" || top.parent == where)
}

// whole reports whether all that a call lists was seen.
func (l *listings) whole(call string) bool {
	list := l.byCall[call]
	for _, x := range list {
		if !cloud.Complete(x.Status) {
			return false
		}
	}
	return len(list) > 0
}

// putCoverage says how much of a kind was seen.
func (m *mapper) putCoverage(kind inventory.Kind) {
	own := m.estate.notes
	if m.p != nil {
		own = slices.Concat(m.p.Notes, own)
	}
	for _, n := range own {
		m.note(kind, inventory.Clip(n, cloud.MaxText))
	}
	if kind == inventory.KindGrant {
		m.elsewhere()
	}
	r := &cloud.Reasons{}
	var off []string
	for _, call := range m.listings.calls {
		f, fed := m.feed(kind, call)
		if !fed {
			continue
		}
		for _, l := range m.listings.byCall[call] {
			if m.at.sought && cloud.Complete(l.Status) {
				continue // it did not find it
			}
			if l.Off {
				off = append(off, call)
			}
			m.tell(kind, f, l, r)
		}
	}
	if len(off) > 0 {
		m.note(kind, "the API is not enabled, so that there is nothing of it: "+cloud.List(off))
	}
	switch {
	case m.at.sought && r.Empty():
		r.Nothing("nothing of it was found", true)
	case len(m.listings.calls) == 0 && r.Empty():
		r.Nothing("nothing of it was read: only policies and names tell of it", !m.estate.saved) // files refuse nothing
	}
	r.Lost(slices.Concat(m.lost[kind], m.estate.lost)...)
	x := &inventory.Coverage{Scanner: m.scanner, Scope: m.scope, Kind: kind, Count: m.count[kind], Notes: m.notes[kind]}
	if m.p != nil {
		x.Principal = inventory.Clip(m.p.Reader, cloud.MaxText)
	}
	x.Status, x.Reason = r.Status(x.Count)
	m.put(inventory.Record{Coverage: x}, inventory.KindCoverage)
}

// feed returns what of a kind comes from a call; false if it is for records of other
// kinds. Where nothing was found, each way to find it counts for all of them.
func (m *mapper) feed(kind inventory.Kind, call string) (feed, bool) {
	f, fed := m.estate.feeds.Of(kind, call)
	switch {
	case m.at.sought && cloud.Matches("resourcemanager.*", call):
		f = feed{call, true, cmp.Or(f.loss, "projects")}
	case !fed && m.estate.feeds.Any(call):
		return f, false
	case !fed:
		f = feed{call: call}
	case m.p == nil:
		f.main = f.main || slices.ContainsFunc(mainAbove(), func(pattern string) bool { return cloud.Matches(pattern, call) })
	}
	return f, true
}

// elsewhere notes that paths could lead through places that were not read in full.
func (m *mapper) elsewhere() {
	n := len(m.estate.dark)
	if m.estate.dark[m.at.name] {
		n--
	}
	if n > 0 {
		m.note(inventory.KindGrant, "of "+strconv.Itoa(n)+" other projects, folders or organisations not all was read: ways that lead through them are not told, nor what is granted there")
	}
}

// fared returns how a call fared, to be told of with others.
func fared(l *object.Listing) cloud.Listing {
	return cloud.Listing{Tool: "gcloud", Places: "places", Call: l.Call, Where: l.Where, Status: l.Status, Reason: l.Reason}
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
