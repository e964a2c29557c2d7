package kubernetes

import (
	"slices"
	"strings"

	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/internal/privilege"
	"github.com/muster-nhi/muster/scanners/kubernetes/object"
)

// A verdict is what a grant, or all grants together, allow. Its lists are shared
// between records.
type verdict struct {
	level                        inventory.Level
	reasons, capabilities, paths []string
}

// A roleKey names a role; the namespace is empty for a ClusterRole.
type roleKey struct{ kind, namespace, name string }

// A role is one with what does not depend on the binding.
type role struct {
	object   *object.Role
	wildcard string
}

// A judge says what bindings allow.
type judge struct {
	roles    map[roleKey]*role
	complete bool // all roles were listed, and what is not there does not exist
	bindings bool // all bindings were listed
	grants   map[grantKey]verdict
	levels   map[subjectKey]inventory.Level
}

// A grantKey is a role and where it is granted.
type grantKey struct {
	roleKey
	cluster bool
}

type subjectKey struct {
	kind string
	key
}

func newJudge(m *mapper) *judge {
	j := &judge{
		roles: make(map[roleKey]*role, len(m.c.Roles)), grants: make(map[grantKey]verdict), levels: make(map[subjectKey]inventory.Level),
		complete: !m.declared && m.seen("roles", "clusterroles"), bindings: m.seen("rolebindings", "clusterrolebindings"),
	}
	for i := range m.c.Roles {
		r := &m.c.Roles[i]
		k := roleKey{"Role", r.Namespace, r.Name}
		if r.Namespace == "" {
			k.kind = "ClusterRole"
		}
		if j.roles[k] == nil {
			j.roles[k] = &role{object: r, wildcard: wildcards(r.Rules)}
		}
	}
	j.measure(m)
	return j
}

// of returns the role that a binding names, or nil.
func (j *judge) of(b *object.Binding) *role { return j.roles[roleOf(b)] }

func roleOf(b *object.Binding) roleKey {
	k := roleKey{b.RoleKind, b.Namespace, b.RoleName}
	if b.RoleKind != "Role" {
		k.namespace = ""
	}
	return k
}

// wildcards says which parts of a rule a role gives as a star.
func wildcards(rules []privilege.Rule) string {
	var out []string
	for _, p := range []struct {
		name string
		list func(*privilege.Rule) []string
	}{
		{"groups", func(r *privilege.Rule) []string { return r.APIGroups }},
		{"resources", func(r *privilege.Rule) []string { return r.Resources }},
		{"verbs", func(r *privilege.Rule) []string { return r.Verbs }},
	} {
		for i := range rules {
			if slices.Contains(p.list(&rules[i]), "*") {
				out = append(out, p.name)
				break
			}
		}
	}
	return strings.Join(out, ",")
}

// grant says what one binding allows its subjects.
func (j *judge) grant(b *object.Binding) verdict {
	k := grantKey{roleOf(b), b.Namespace == ""}
	v, ok := j.grants[k]
	if !ok {
		v = j.assess(k)
		j.grants[k] = v
	}
	return v
}

func (j *judge) assess(k grantKey) verdict {
	if r := j.roles[k.roleKey]; r != nil {
		a := privilege.KubernetesRules(r.object.Rules, k.cluster)
		return verdict{level: a.Level, reasons: clipped(a.Reasons), capabilities: a.Capabilities}
	}
	if j.complete {
		return verdict{level: inventory.LevelNone, reasons: []string{"its role does not exist; whoever makes one of that name decides what this allows"}}
	}
	if a, ok := privilege.KubernetesRole(k.name, k.cluster); ok && k.kind == "ClusterRole" {
		return verdict{level: a.Level, reasons: a.Reasons, capabilities: a.Capabilities}
	}
	return verdict{level: inventory.LevelUnknown, reasons: []string{"its role was not seen"}}
}

// clipped bounds reasons, which repeat what roles say.
func clipped(reasons []string) []string {
	for i, r := range reasons {
		reasons[i] = clip(r, 4*maxText)
	}
	return reasons[:min(len(reasons), maxMore)]
}

// measure finds the strongest level of each subject.
func (j *judge) measure(m *mapper) {
	for i := range m.c.Bindings {
		b := &m.c.Bindings[i]
		v := j.grant(b)
		for n := range b.Subjects {
			p, ok := m.principal(b, &b.Subjects[n])
			if !ok {
				continue
			}
			k := subjectKey{kindAccount, key{}}
			if p.account != nil {
				k.key = p.account.key
			} else {
				k = subjectKey{p.subject.kind, key{"", p.subject.name}}
			}
			j.levels[k] = stronger(j.levels[k], v.level)
		}
	}
}

// stronger joins two levels: beside an unknown one nothing short of admin is
// certain.
func stronger(a, b inventory.Level) inventory.Level {
	switch {
	case a == "":
		return b
	case b == "":
		return a
	case a == inventory.LevelAdmin || b == inventory.LevelAdmin:
		return inventory.LevelAdmin
	case a == inventory.LevelUnknown || b == inventory.LevelUnknown:
		return inventory.LevelUnknown
	case a.Rank() > b.Rank():
		return a
	default:
		return b
	}
}

// level says what a subject may do in all.
func (j *judge) level(kind string, k key) inventory.Level {
	level := j.levels[subjectKey{kind, k}]
	if kind == kindAccount {
		for _, g := range []string{"system:serviceaccounts", "system:serviceaccounts:" + k.namespace, "system:authenticated"} {
			level = stronger(level, j.levels[subjectKey{kindGroup, key{"", g}}])
		}
	}
	switch {
	case level != "" && (j.bindings || level == inventory.LevelAdmin):
		return level
	case !j.bindings:
		return inventory.LevelUnknown
	default:
		return inventory.LevelNone
	}
}
