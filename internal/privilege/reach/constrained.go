package reach

import (
	"slices"
	"strings"

	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/internal/privilege/rbac"
)

// A limit is what those may whom somebody may act as in a constrained way.
type limit struct {
	wide   bits
	locals map[string]bits
	base   inventory.Level
}

// limit returns what the service accounts may whom a hit of constrained
// impersonation names, or nil where that is not known: of users and nodes
// something other than RBAC decides.
func (a *Analysis) limit(v *view, h *hit) *limit {
	if a.table.permissions[h.permission].ID != "constrained-"+rbac.ModeServiceAccount || a.unseen.Bindings != "" || a.unseen.Roles != "" {
		return nil
	}
	names, every := v.names(a.table, h, 0)
	key := h.namespace + "/" + strings.Join(names, ",")
	if l := a.limits[key]; l != nil {
		return l
	}
	l := &limit{locals: map[string]bits{}, base: none}
	for i := range a.nodes {
		n := &a.nodes[i]
		if p := &n.principal; p.Kind == rbac.KindServiceAccount && (h.namespace == "" || p.Namespace == h.namespace) && (every || slices.Contains(names, p.Name)) {
			l.add(n.class.view)
		}
	}
	a.limits[key] = l
	return l
}

// add joins what one of them may.
func (l *limit) add(v *view) {
	l.wide.or(&v.wide)
	l.wide.or(&v.wideNamed)
	for i := range v.locals {
		b := l.locals[v.locals[i].namespace]
		b.or(&v.locals[i].all)
		b.or(&v.locals[i].named)
		l.locals[v.locals[i].namespace] = b
	}
	if v.base.level.Rank() > l.base.Rank() {
		l.base = v.base.level
	}
}

// cut returns what of a holding is within the limit.
func (l *limit) cut(x holding) []holding {
	within := func(b bits, namespace string) holding {
		p := *x.profile
		p.all.and(&b)
		p.named.and(&b)
		for i := range p.base {
			if p.base[i].level.Rank() > l.base.Rank() {
				p.base[i].level = l.base
			}
		}
		out := x
		out.Namespace, out.profile = namespace, &p
		return out
	}
	out := []holding{within(l.wide, x.Namespace)}
	for ns, b := range l.locals {
		if x.Namespace == "" || x.Namespace == ns {
			out = append(out, within(b, ns))
		}
	}
	return out
}

// derived is the outcome of what somebody may do as another in a constrained
// way, as far as the other may.
func (t *table) derived(v *view, h *hit) *outcome {
	mode := strings.TrimPrefix(t.permissions[h.permission].ID, "constrained-")
	var most *limit
	if t.limit != nil {
		most = t.limit(v, h)
	}
	var held []holding
	for i := range v.held {
		x := v.held[i]
		if x.profile == nil {
			continue
		}
		rules := onRules(x.profile.rules, mode)
		if len(rules) == 0 || x.Namespace != "" && h.namespace != "" && x.Namespace != h.namespace {
			continue
		}
		x.profile = t.compile(rules)
		if most == nil {
			held = append(held, x)
		} else {
			held = append(held, most.cut(x)...)
		}
	}
	return t.assess(t.newView(held, false))
}

// onRules turns the rules with impersonate-on verbs of a mode into rules with
// what they allow as another.
func onRules(rules []rbac.Rule, mode string) []rbac.Rule {
	var out []rbac.Rule
	for i := range rules {
		var verbs []string
		for _, verb := range rules[i].Verbs {
			if rest, ok := strings.CutPrefix(verb, onVerb+mode+":"); ok && rest != "*" && !strings.HasPrefix(rest, onVerb) {
				verbs = append(verbs, rest)
			}
			if verb == "*" {
				verbs = append(verbs, realVerbs()...)
			}
		}
		if len(verbs) > 0 {
			r := rules[i]
			r.Verbs = verbs
			out = append(out, r)
		}
	}
	return out
}

// realVerbs is what the star stands for in a request as another, without acting
// as yet another.
func realVerbs() []string {
	return []string{"get", "list", "watch", "create", "update", "patch", "delete", "deletecollection", "bind", "escalate", "use", "approve", "sign"}
}
