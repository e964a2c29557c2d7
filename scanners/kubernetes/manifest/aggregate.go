package manifest

import (
	"cmp"
	"reflect"
	"slices"
	"strings"

	"github.com/muster-nhi/muster/internal/privilege"
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
		if r.UID == "" {
			r.Aggregated = false // the controller puts its own in place of these rules
		}
		pool[roleKey(r)] = r
	}
	for i := range b.cluster.Roles {
		fill(&b.cluster.Roles[i], pool, nil)
	}
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
		fill(r, pool, nil)
		b.cluster.Roles = append(b.cluster.Roles, *r)
		pool[key] = r
	}
}

func roleKey(r *object.Role) string {
	if r.Kind == "Role" {
		return r.Kind + "/" + r.Namespace + "/" + r.Name
	}
	return r.Kind + "/" + r.Name
}

// fill gives a role the rules of those that it selects, which may aggregate too, by
// their names. On the way are the roles that are being filled.
func fill(r *object.Role, pool map[string]*object.Role, way []*object.Role) {
	if len(r.Aggregate) == 0 || r.Aggregated || slices.Contains(way, r) {
		return
	}
	way = append(way, r)
	var from []*object.Role
	for _, other := range pool {
		if other != r && other.Kind == "ClusterRole" && slices.ContainsFunc(r.Aggregate, func(s object.Selector) bool { return matches(s, other.Labels) }) {
			from = append(from, other)
		}
	}
	slices.SortFunc(from, func(a, b *object.Role) int { return cmp.Compare(a.Name, b.Name) })
	var rules []privilege.Rule
	for _, other := range from {
		fill(other, pool, way)
		for _, rule := range other.Rules {
			if !slices.ContainsFunc(rules, func(have privilege.Rule) bool { return reflect.DeepEqual(have, rule) }) {
				rules = append(rules, rule)
			}
		}
	}
	r.Rules, r.Aggregated = rules, true
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
