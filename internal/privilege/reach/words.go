package reach

import (
	"cmp"
	"strconv"
	"strings"
)

// where names a scope.
func where(namespace string) string {
	switch namespace {
	case "":
		return " cluster-wide"
	case theNamespace:
		return " in the namespace"
	default:
		return " in " + namespace
	}
}

// theNamespace stands for the namespace of a binding that is looked at alone.
const theNamespace = "the namespace"

// reason words hits of one permission in one or more namespaces.
func (t *table) reason(v *view, group []hit) string {
	h := &group[0]
	p := &t.permissions[h.permission]
	var b strings.Builder
	for i := range p.Needs {
		if p.means == constrained && i > 0 {
			break
		}
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(t.what(v, h, i))
	}
	if len(group) <= 3 {
		for i := range group {
			if i > 0 {
				b.WriteString(",")
			}
			b.WriteString(where(group[i].namespace))
		}
	} else {
		b.WriteString(where(h.namespace) + " and " + strconv.Itoa(len(group)-1) + " more namespaces")
	}
	b.WriteString(": ")
	b.WriteString(cmp.Or(h.note, p.Why))
	return b.String()
}

// what words the access by which a need is met: "get secrets".
func (t *table) what(v *view, h *hit, need int) string {
	e := t.evidence(v, h, need)
	if e == nil {
		return t.permissions[h.permission].ID
	}
	out := e.verb + " " + e.access.Resource + groupOf(e.access.Group)
	switch {
	case e.access.Group == onVerb:
		out = e.access.Resource
	case e.verb == "*":
		out = "do everything"
	}
	if names := e.names; len(names) > 0 {
		out += " named " + list(names)
	}
	return out
}

// groupOf is the API group of a resource for people: left out for those of
// Kubernetes itself.
func groupOf(group string) string {
	if group == "" || group == "*" || group == "apps" || group == "batch" || group == "policy" || strings.HasSuffix(group, ".k8s.io") && group != "gateway.networking.k8s.io" {
		return ""
	}
	return "." + group
}

// list joins words, of many the first.
func list(words []string) string {
	const most = 5
	if len(words) > most {
		return strings.Join(words[:most], ", ") + " and " + strconv.Itoa(len(words)-most) + " more"
	}
	return strings.Join(words, ", ")
}

// A proof is the rule by which a need is met.
type proof struct {
	held   *holding
	access *Access
	verb   string
	names  []string
}

// evidence finds the rule by which a need of a hit is met: one without names if
// there is one, else the first.
func (t *table) evidence(v *view, h *hit, need int) *proof {
	var found *proof
	for i := range v.held {
		x := &v.held[i]
		if x.profile == nil || x.Namespace != "" && x.Namespace != h.namespace {
			continue
		}
		mask := t.needs[h.permission][need]
		if x.Namespace != "" {
			mask.and(&t.local)
		}
		for j := range x.profile.by {
			by := &x.profile.by[j]
			if !by.bits.meets(&mask) || found != nil && by.names != nil {
				continue
			}
			found = t.proof(x, j, &mask)
			if by.names == nil {
				return found
			}
		}
	}
	return found
}

// proof finds the access and the verb of a rule that meet a need.
func (t *table) proof(x *holding, rule int, mask *bits) *proof {
	by := &x.profile.by[rule]
	for n := range t.atoms {
		var one bits
		one.set(n)
		if !one.meets(mask) || !one.meets(&by.bits) {
			continue
		}
		a := &t.atoms[n]
		out := &proof{held: x, access: &a.Access, verb: a.Verbs[0], names: by.names}
		for _, verb := range a.Verbs {
			if has(x.profile.rules[rule].Verbs, verb) && !nameless(verb, a.Resource, len(by.names) > 0) {
				out.verb = verb
				break
			}
		}
		return out
	}
	return nil
}
