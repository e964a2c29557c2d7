package manifest

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/muster-nhi/muster/scanners/kubernetes/object"
)

// aggregate fills in the rules of ClusterRoles that aggregate others, as the
// controller of the API server does, and adds the built-in roles that bindings
// name. A role that was read counts in place of the built-in one of its name.
func (b *builder) aggregate() {
	if len(b.cluster.Bindings) == 0 && len(b.cluster.Roles) == 0 {
		return
	}
	pool := map[string]*object.Role{}
	builtin := Builtin()
	for i := range builtin {
		pool[roleKey(&builtin[i])] = &builtin[i]
	}
	for i := range b.cluster.Roles {
		r := &b.cluster.Roles[i]
		pool[roleKey(r)] = r
	}
	for _, r := range gather(pool) {
		delete(pool, roleKey(r))
		if r.Found != nil {
			b.problems.lost(r.Found.URI, r.Found.Line, fmt.Sprintf("ClusterRole %q aggregates more than is put together here, and was not read", short(r.Name)))
		}
	}
	b.cluster.Roles = slices.DeleteFunc(b.cluster.Roles, func(r object.Role) bool { return pool[roleKey(&r)] == nil })
	added := map[string]bool{}
	for i := range b.cluster.Bindings {
		x := &b.cluster.Bindings[i]
		key := x.RoleKind + "/" + x.RoleName
		if x.RoleKind == "Role" {
			key = x.RoleKind + "/" + x.Namespace + "/" + x.RoleName
		}
		r := pool[key]
		if r == nil || r.Found != nil || added[key] {
			continue
		}
		added[key] = true
		b.cluster.Roles = append(b.cluster.Roles, *r)
	}
}

func roleKey(r *object.Role) string {
	if r.Kind == "Role" {
		return r.Kind + "/" + r.Namespace + "/" + r.Name
	}
	return r.Kind + "/" + r.Name
}

// The bounds of aggregation. The roles of the API server and of many operators come
// to some thousand rules; a few kilobytes of roles that select all others would come
// to millions.
const (
	maxGathered = 200_000    // rules of all roles that aggregate others
	maxLookedAt = 20_000_000 // labels compared and rules looked at
)

// A gatherer fills in the roles that aggregate others.
type gatherer struct {
	open    []*object.Role                  // by name
	sources map[*object.Role][]*object.Role // that each selects, by name
	own     map[*object.Role][]string       // keys of the rules of each, where they are needed
	work    int
}

// gather gives the roles of a pool that aggregate others the rules of those, by their
// names, until nothing is added: roles may gather one another. Rules that such a role
// had itself are gone, unless it has a uid and so may have been read from a server. It
// returns the roles that it had to give up.
func gather(pool map[string]*object.Role) (given []*object.Role) {
	g := &gatherer{sources: map[*object.Role][]*object.Role{}, own: map[*object.Role][]string{}}
	var all []*object.Role
	for _, r := range pool {
		if r.Kind == "ClusterRole" {
			all = append(all, r)
		}
	}
	slices.SortFunc(all, func(a, b *object.Role) int { return cmp.Compare(a.Name, b.Name) })
	for _, r := range all {
		if len(r.Aggregate) == 0 {
			continue
		}
		dump := r.UID != "" && len(r.Rules) > 0
		if !dump {
			r.Rules = nil
		}
		r.Aggregated = true
		g.open = append(g.open, r)
		for _, other := range all {
			g.work += len(r.Aggregate)
			if g.work > maxLookedAt {
				return g.open
			}
			if other != r && (!dump || other.Found != nil) && slices.ContainsFunc(r.Aggregate, func(s object.Selector) bool { return matches(s, other.Labels) }) {
				g.sources[r] = append(g.sources[r], other)
			}
		}
	}
	if !g.fill() {
		return g.open
	}
	return nil
}

// fill joins the rules; false if there are too many.
func (g *gatherer) fill() bool {
	for grown := true; grown; {
		grown = false
		total := 0
		for _, r := range g.open {
			before := len(r.Rules)
			if !g.join(r) {
				return false
			}
			grown = grown || len(r.Rules) > before
			if total += len(r.Rules); total > maxGathered {
				return false
			}
		}
	}
	return true
}

// join adds to a role the rules of its sources that it has not; false if that is too
// much work.
func (g *gatherer) join(r *object.Role) bool {
	have := map[string]bool{}
	for _, k := range g.keys(r) {
		have[k] = true
	}
	for _, other := range g.sources[r] {
		keys := g.keys(other)
		if g.work += len(keys); g.work > maxLookedAt {
			return false
		}
		for i, k := range keys {
			if !have[k] {
				have[k] = true
				r.Rules = append(r.Rules, other.Rules[i])
				g.own[r] = append(g.own[r], k)
			}
		}
	}
	return true
}

// keys returns the same text for equal rules of a role and no others.
func (g *gatherer) keys(r *object.Role) []string {
	if keys, ok := g.own[r]; ok {
		return keys
	}
	keys := make([]string, len(r.Rules))
	for i := range r.Rules {
		keys[i] = fmt.Sprintf("%q", r.Rules[i])
	}
	g.own[r] = keys
	return keys
}

// matches reports whether a selector selects labels (meta/v1 LabelSelector).
func matches(s object.Selector, labels map[string]string) bool {
	for key, value := range s.Labels {
		if have, ok := labels[key]; !ok || have != value {
			return false
		}
	}
	for _, r := range s.Requirements {
		have, ok := labels[r.Key]
		in := ok && slices.Contains(r.Values, have)
		switch strings.ToLower(r.Operator) {
		case "in":
			ok = in
		case "notin":
			ok = !in
		case "exists":
		case "doesnotexist":
			ok = !ok
		default:
			ok = false
		}
		if !ok {
			return false
		}
	}
	return true
}
