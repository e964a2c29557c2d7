package azure

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/muster-nhi/muster/internal/cloud"
	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/internal/privilege/azure/paths"
	"github.com/muster-nhi/muster/scanners/azure/object"
)

// A judge says what principals can really do and who may become them.
type judge struct {
	m         *mapper
	analysis  *paths.Analysis
	directory map[*object.DirectoryRoleAssignment]int
	delegated map[*object.DelegatedGrant]int
}

// newJudge hands package paths what there is of the tenant.
func newJudge(m *mapper, now time.Time) *judge {
	t := m.t
	return &judge{m: m, analysis: paths.Analyze(m.estateOf(now)), directory: places(t.Directory), delegated: places(t.Delegated)}
}

// namedRoles returns the application permissions that are more than the default
// access of an application, which gives a caller no role in it.
func namedRoles(t *object.Tenant) []*object.AppRoleAssignment {
	out := make([]*object.AppRoleAssignment, 0, len(t.AppRoles))
	for i := range t.AppRoles {
		if lower(t.AppRoles[i].Role) != noRole {
			out = append(out, &t.AppRoles[i])
		}
	}
	return out
}

// places returns the index of each member of a list.
func places[T any](list []T) map[*T]int {
	out := make(map[*T]int, len(list))
	for i := range list {
		out[&list[i]] = i
	}
	return out
}

func (j *judge) directoryRole(a *object.DirectoryRoleAssignment) paths.Right {
	return j.analysis.Directory(j.directory[a])
}

func (j *judge) role(a *heldRole) paths.Right { return j.analysis.Assignment(a.place) }

func (j *judge) appRole(a *heldAppRole) paths.Right {
	if lower(a.Role) == noRole {
		return paths.Right{Level: inventory.LevelNone, Possible: inventory.LevelNone, Reasons: []string{"has default access to an application, without a role in it"}}
	}
	return j.analysis.AppRole(a.place)
}

func (j *judge) delegatedGrant(a *object.DelegatedGrant) paths.Right {
	return j.analysis.DelegatedGrant(j.delegated[a])
}

func (j *judge) access(a access) paths.Right {
	p := accessTo(a.policy)
	return paths.VaultAccess(&p)
}

// of returns what all that a principal has comes to, or nil if it is none.
func (j *judge) of(objectID string) *paths.Result {
	if objectID == "" {
		return nil
	}
	return j.analysis.Of(objectID)
}

// fillRight puts into a grant what it allows by itself.
func fillRight(g *inventory.Grant, r paths.Right) {
	attr := cloud.Attributes(g.Attributes)
	g.Level = cmp.Or(r.Level, inventory.LevelUnknown)
	for _, s := range r.Reasons[:min(len(r.Reasons), paths.MaxReasons)] {
		g.Reasons = append(g.Reasons, inventory.Clip(clauseOf(s), cloud.MaxText))
	}
	if more := len(r.Reasons) - paths.MaxReasons; more > 0 {
		g.Reasons = append(g.Reasons, "and "+strconv.Itoa(more)+" more")
	}
	if g.Level == inventory.LevelUnknown && r.Possible != inventory.LevelUnknown {
		attr.Set("possible_level", string(r.Possible))
		if r.Certain.Rank() > inventory.LevelNone.Rank() && attr["eligible"] == "" {
			attr.Set("certain_level", string(r.Certain))
		}
	}
	attr.Yes("tier0", r.Tier0)
	if attr["eligible"] != "" {
		notHeld(g, r)
		return
	}
	g.Capabilities = r.Capabilities
}

// clauseOf makes a clause of what names a right, so that it goes on from "it".
func clauseOf(reason string) string {
	for _, p := range []struct{ begins, verb string }{
		{"role ", "holds "}, {"directory role ", "holds "}, {"application permission ", "has "}, {"access policy ", "has an "}, {"at most ", "does "},
	} {
		if strings.HasPrefix(reason, p.begins) {
			return p.verb + reason
		}
	}
	return reason
}

// notHeld marks a role that can be taken and is not held. To take it takes a person
// who signs in (Privileged Identity Management, "Activate"), and whether one can act
// for a machine nobody knows.
func notHeld(g *inventory.Grant, r paths.Right) {
	if g.Level.Rank() > inventory.LevelNone.Rank() {
		cloud.Attributes(g.Attributes).Set("possible_level", string(cmp.Or(r.Possible, r.Level)))
		g.Level = inventory.LevelUnknown
	}
}

// fillResult puts into a grant what all that a principal has allows together.
func (m *mapper) fillResult(g *inventory.Grant, r *paths.Result) {
	attr := cloud.Attributes(g.Attributes)
	g.Level = cmp.Or(r.Level, inventory.LevelUnknown)
	for i := range r.Reasons {
		g.Reasons = append(g.Reasons, inventory.Clip(reasonText(&r.Reasons[i]), cloud.MaxText))
	}
	if g.Level == inventory.LevelUnknown {
		attr.Set("possible_level", string(r.Possible))
		attr.Set("certain_level", string(r.Certain))
		for _, u := range r.Unknown[:min(len(r.Unknown), paths.MaxReasons)] {
			g.Reasons = append(g.Reasons, inventory.Clip("cannot be told: "+u, cloud.MaxText))
		}
	}
	g.Capabilities = r.Capabilities
	var ids, perhaps []string
	for i := range r.Paths {
		p := &r.Paths[i]
		if !p.Certain {
			perhaps = append(perhaps, m.pathText(p))
			continue
		}
		g.Paths = append(g.Paths, inventory.Clip(m.pathText(p), 4*cloud.MaxText))
		ids = append(ids, p.ID)
	}
	attr.Set("path_ids", cloud.List(ids))
	attr.Set("possible_paths", strings.Join(perhaps, "; "))
	attr.Yes("more_paths", r.Truncated)
}

// reasonText writes a reason with what it rests on.
func reasonText(r *paths.Reason) string {
	text := r.String()
	var by []string
	for i := range r.Evidence {
		if e := &r.Evidence[i]; e.Permission != "" && !strings.Contains(text, e.Permission) && !slices.Contains(by, e.String()) {
			by = append(by, e.String())
		}
	}
	if len(by) == 0 {
		return text
	}
	return text + " (" + strings.Join(by, "; ") + ")"
}

// pathText writes a path hop by hop: what is done, by which known way, and where it
// leads.
func (m *mapper) pathText(p *paths.Path) string {
	var b strings.Builder
	for i := range p.Hops {
		h := &p.Hops[i]
		if i > 0 {
			b.WriteString(" → ")
		}
		b.WriteString(h.ID + ": " + h.Text)
	}
	if p.Leads != "" {
		b.WriteString(" → " + m.destination(p.Leads) + " (" + string(p.Level) + ")")
	}
	return b.String()
}

// destination names where a path leads.
func (m *mapper) destination(leads string) string {
	if leads == paths.Tenant {
		return "Global Administrator"
	}
	if s := m.subs[subscriptionOf(leads)]; s != nil && scopeKind(leads) == "subscription" {
		return "subscription " + cmp.Or(s.Name, s.ID)
	}
	if scopeKind(leads) == "management_group" {
		for i := range m.t.Folders {
			if f := &m.t.Folders[i]; strings.EqualFold(lastPart(f.ID), lastPart(leads)) {
				return "management group " + cmp.Or(f.Name, f.ID)
			}
		}
	}
	return leads
}

// judged tells, on an identity, what all it has comes to, and how many may become it.
func (m *mapper) judged(attr cloud.Attributes, r *ref, v *paths.Result) {
	if v == nil {
		return
	}
	attr.Set("effective_level", string(cmp.Or(v.Level, inventory.LevelUnknown)))
	if v.Level != v.Possible {
		attr.Set("possible_level", string(v.Possible))
	}
	attr.Tri("tenant_admin", v.Tenant)
	attr.Set("tier0", cloud.List(v.Tier0))
	m.controllers(attr, r.object())
}

// controllers tells who may become an identity: certain ones, by the ways. Of its
// owners it tells whether they can add a credential to it.
func (m *mapper) controllers(attr cloud.Attributes, objectID string) {
	certain, perhaps := m.judge.analysis.Owners(objectID)
	attr.Set("owners_in_control", cloud.InOrder(m.ownerNames(certain)))
	attr.Set("owners_perhaps", cloud.InOrder(m.ownerNames(perhaps)))
	var names, ways []string
	for _, b := range m.judge.analysis.Become(objectID) {
		if b.Certain && lower(b.By) != objectID {
			names, ways = append(names, m.label(b.By)), append(ways, b.ID)
		}
	}
	if names = unique(names); len(names) == 0 {
		return
	}
	attr["controllers"] = strconv.Itoa(len(names))
	if len(names) >= paths.MaxBecome {
		attr["controllers"] = strconv.Itoa(paths.MaxBecome) + " or more"
	}
	attr.Set("controller_names", cloud.InOrder(names))
	attr.Set("controller_ways", cloud.List(ways))
}
