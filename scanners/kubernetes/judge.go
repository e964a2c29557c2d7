package kubernetes

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/internal/privilege"
	"github.com/muster-nhi/muster/internal/privilege/rbac"
	"github.com/muster-nhi/muster/internal/privilege/reach"
	"github.com/muster-nhi/muster/scanners/kubernetes/object"
)

// A verdict is what a grant, or all grants together, allow. Its lists may be
// shared between records.
type verdict struct {
	level                        inventory.Level
	reasons, capabilities, paths []string
}

// A judge says what bindings allow.
type judge struct {
	analysis *reach.Analysis
	roles    map[roleKey]*role
	complete bool // all roles were listed, and what is not there does not exist
}

// A roleKey names a role; the namespace is empty for a ClusterRole.
type roleKey struct{ kind, namespace, name string }

// A role is what of one does not depend on the binding.
type role struct {
	wildcard string
}

// newJudge hands package reach what there is of the cluster.
func newJudge(m *mapper) *judge {
	j := &judge{roles: make(map[roleKey]*role, len(m.c.Roles)), complete: m.seen("roles", "clusterroles")}
	e := reach.Estate{
		Policy:     rbac.Policy{Roles: make([]rbac.Role, 0, len(m.c.Roles)), Bindings: make([]rbac.Binding, 0, len(m.c.Bindings))},
		Accounts:   make([]reach.Account, 0, len(m.order)),
		Workloads:  make([]reach.Workload, 0, len(m.c.Workloads)),
		Namespaces: make([]reach.Namespace, 0, len(m.c.Namespaces)),
		Minor:      minor(m.c.Version),
		Unseen:     m.unseen(),
	}
	for i := range m.c.Roles {
		r := &m.c.Roles[i]
		k := roleKey{rbac.KindRole, r.Namespace, r.Name}
		if r.Namespace == "" {
			k.kind = rbac.KindClusterRole
		}
		if j.roles[k] != nil {
			continue
		}
		j.roles[k] = &role{wildcard: wildcards(r.Rules)}
		e.Policy.Roles = append(e.Policy.Roles, rbac.Role{
			Namespace: r.Namespace, Name: r.Name, Labels: r.Labels, Rules: r.Rules, Aggregate: selectors(r.Aggregate), Filled: r.Aggregated,
		})
	}
	for i := range m.c.Bindings {
		b := &m.c.Bindings[i]
		x := rbac.Binding{Namespace: b.Namespace, Name: b.Name, RoleKind: b.RoleKind, RoleName: b.RoleName, Subjects: make([]rbac.Subject, len(b.Subjects))}
		for n := range b.Subjects {
			x.Subjects[n] = rbac.Subject(b.Subjects[n])
		}
		e.Policy.Bindings = append(e.Policy.Bindings, x)
	}
	m.estate(&e)
	j.analysis = reach.Analyze(e)
	return j
}

// estate adds who and what runs.
func (m *mapper) estate(e *reach.Estate) {
	for _, a := range m.order {
		if a.object != nil || m.declared {
			e.Accounts = append(e.Accounts, reach.Account{Namespace: a.namespace, Name: a.name})
		}
	}
	for i := range m.c.Workloads {
		w := &m.c.Workloads[i]
		a := m.accountOf(w)
		e.Workloads = append(e.Workloads, reach.Workload{
			Namespace: w.Namespace, Name: w.Name, Kind: w.Kind, Account: a.name, MountsToken: m.mounts(w, a),
			Privileged: len(w.Pod.Privileged) > 0, HostPath: len(w.Pod.HostPaths) > 0, Node: w.Pod.Node,
		})
		for _, other := range m.tokensIn(w) {
			if other != a.name {
				e.Workloads = append(e.Workloads, reach.Workload{Namespace: w.Namespace, Name: w.Name, Kind: w.Kind, Account: other, MountsToken: inventory.True, Node: w.Pod.Node})
			}
		}
	}
	for _, u := range m.users {
		if len(u.groups) > 0 {
			if e.Groups == nil {
				e.Groups = make(map[string][]string)
			}
			e.Groups[u.name] = u.groups
		}
	}
	for i := range m.c.Namespaces {
		e.Namespaces = append(e.Namespaces, reach.Namespace{Name: m.c.Namespaces[i].Name, Enforce: m.c.Namespaces[i].Enforce})
	}
	for i := range m.c.Secrets {
		if s := &m.c.Secrets[i]; s.Type == typeToken && s.ServiceAccount != "" {
			e.Tokens = append(e.Tokens, reach.Token{Namespace: s.Namespace, Name: s.Name, Account: s.ServiceAccount})
		}
	}
}

// unseen says what was not listed. Of manifests, what they declare is judged, but
// the cluster has roles and accounts of its own.
func (m *mapper) unseen() reach.Unseen {
	if m.declared {
		const elsewhere = "they may stand in other manifests"
		return reach.Unseen{Roles: elsewhere, Accounts: elsewhere}
	}
	return reach.Unseen{
		Bindings: m.why("rolebindings", "clusterrolebindings"), Roles: m.why("roles", "clusterroles"), Accounts: m.why("serviceaccounts"),
		Workloads: m.why(workloadResources...), Namespaces: m.why("namespaces"), Tokens: m.why("secrets"),
	}
}

// why says why not all objects of some resources were seen; empty if they were.
func (m *mapper) why(resources ...string) string {
	for _, r := range resources {
		if m.whole[r] {
			continue
		}
		for i := range m.c.Listings {
			if l := &m.c.Listings[i]; l.Resource == r && l.Reason != "" {
				return inventory.Clip(l.Reason, maxText)
			}
		}
		return r + " were not listed in the whole cluster"
	}
	return ""
}

// minor reads the minor version of v1.36.3; 0 is unknown.
func minor(version string) int {
	_, rest, _ := strings.Cut(version, ".")
	digits, _, _ := strings.Cut(rest, ".")
	n, err := strconv.Atoi(strings.TrimRight(digits, "+"))
	if err != nil {
		return 0
	}
	return n
}

func selectors(of []object.Selector) []rbac.Selector {
	if len(of) == 0 {
		return nil
	}
	out := make([]rbac.Selector, len(of))
	for i := range of {
		out[i].Labels = of[i].Labels
		for _, r := range of[i].Requirements {
			out[i].Requirements = append(out[i].Requirements, rbac.Requirement(r))
		}
	}
	return out
}

// of returns the role that a binding names, or nil.
func (j *judge) of(b *object.Binding) *role {
	k := roleKey{b.RoleKind, b.Namespace, b.RoleName}
	if b.RoleKind != rbac.KindRole {
		k.namespace = ""
	}
	return j.roles[k]
}

// wildcards says which parts of a rule a role gives as a star: those of the rule
// that has most, for stars of two rules are not one.
func wildcards(rules []privilege.Rule) string {
	var best []string
	for i := range rules {
		r := &rules[i]
		var stars []string
		for _, p := range []struct {
			name string
			list []string
		}{{"groups", r.APIGroups}, {"resources", r.Resources}, {"verbs", r.Verbs}} {
			if slices.Contains(p.list, "*") {
				stars = append(stars, p.name)
			}
		}
		if len(stars) > len(best) {
			best = stars
		}
	}
	return strings.Join(best, ",")
}

// grant says what one binding allows one of its subjects.
func (j *judge) grant(b *object.Binding, s *object.Subject) verdict {
	r, ok := j.analysis.Grant(b.Namespace, b.Name, rbac.Subject(*s))
	if !ok {
		return verdict{level: inventory.LevelUnknown}
	}
	return verdictOf(&r)
}

// all says what a subject may do through all its bindings and groups.
func (j *judge) all(kind string, k key) reach.Result {
	return j.analysis.Of(reach.Principal{Kind: kind, Namespace: k.namespace, Name: k.name})
}

func verdictOf(r *reach.Result) verdict {
	v := verdict{level: cmp.Or(r.Level, inventory.LevelUnknown), reasons: clipped(r.Reasons), capabilities: r.Capabilities}
	if v.level == inventory.LevelUnknown && len(r.Unknown) > 0 {
		v.reasons = slices.Clone(v.reasons)
		for _, u := range r.Unknown {
			v.reasons = append(v.reasons, inventory.Clip("cannot be told: "+u, maxText))
		}
	}
	for i := range r.Paths {
		p := &r.Paths[i]
		text := p.String()
		if !p.Certain {
			text = "perhaps: " + text
		}
		v.paths = append(v.paths, inventory.Clip(text, 8*maxText))
	}
	return v
}

// clipped bounds reasons, which repeat what roles say.
func clipped(reasons []string) []string {
	fits := len(reasons) <= maxMore
	for _, r := range reasons {
		fits = fits && len(r) <= maxText && utf8.ValidString(r)
	}
	if fits {
		return reasons
	}
	out := make([]string, 0, maxMore)
	for _, r := range reasons[:min(len(reasons), maxMore)] {
		out = append(out, inventory.Clip(r, maxText))
	}
	return out
}
