package reach_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/internal/privilege/rbac"
	"github.com/muster-nhi/muster/internal/privilege/reach"
)

// A dice takes choices from the bytes of the fuzzer.
type dice struct{ b []byte }

func (d *dice) next(n int) int {
	if len(d.b) == 0 {
		return 0
	}
	x := int(d.b[0])
	d.b = d.b[1:]
	return x % n
}

func (d *dice) pick(list []string) string { return list[d.next(len(list))] }

// grant makes one role with a rule or two, and a binding of it.
func (d *dice) grant(e *estate, n int) {
	verbs := []string{"get", "list", "create", "update", "patch", "delete", "bind", "escalate", "impersonate", "approve", "*", "impersonate:serviceaccount", "impersonate-on:serviceaccount:list", ""}
	resources := []string{
		"secrets", "pods", "pods/exec", "serviceaccounts", "serviceaccounts/token", "apps:deployments", "rbac:clusterroles", "rbac:roles",
		"rbac:clusterrolebindings", "rbac:rolebindings", "users", "groups", "nodes/proxy", "*:*", "*/token", "csr:certificatesigningrequests",
		"csr:certificatesigningrequests/approval", "csr:signers", "authn:serviceaccounts", "configmaps", "persistentvolumes", "namespaces", "widgets.example:*",
	}
	names := []string{"", "", "", " a", " b", " *", " role0", " aws-auth", " system:masters", " kubernetes.io/*"}
	who := []string{"x/a", "x/b", "y/a", "kube-system/a", "user:u", "user:system:serviceaccount:x:a", "group:g", "group:system:serviceaccounts", "group:system:serviceaccounts:x", "group:system:masters", "z/missing"}
	var texts []string
	for range 1 + d.next(2) {
		verb := d.pick(verbs)
		if verb == "" {
			verb = ","
		}
		texts = append(texts, verb+" "+d.pick(resources)+d.pick(names))
	}
	role := fmt.Sprintf("role%d", n)
	if ns := d.pick([]string{"", "x", "y", "kube-system"}); ns == "" {
		e.wide(d.pick(who), role, texts...)
	} else {
		e.local(ns, d.pick(who), role, texts...)
	}
}

// build makes an estate of the fuzzer's bytes, without the last so many grants.
func build(b []byte, without int) reach.Estate {
	d := &dice{slices.Clone(b)}
	e := (&estate{}).account("x/a", "x/b", "y/a", "kube-system/a", "kube-system/default")
	for range d.next(4) {
		e.Workloads = append(e.Workloads, reach.Workload{
			Namespace: d.pick(l("x", "y", "kube-system")), Name: d.pick(l("a", "b")), Kind: d.pick(l("Pod", "Deployment")),
			Account: d.pick(l("", "a", "b")), MountsToken: []inventory.Tri{inventory.True, inventory.False, inventory.Unknown}[d.next(3)], Privileged: d.next(4) == 3,
		})
	}
	e.Tokens = []reach.Token{{Namespace: "kube-system", Name: "a", Account: "a"}}
	grants := 1 + d.next(8)
	for i := range grants {
		d.grant(e, i)
		if i >= grants-without {
			e.Policy.Roles = e.Policy.Roles[:len(e.Policy.Roles)-1]
			e.Policy.Bindings = e.Policy.Bindings[:len(e.Policy.Bindings)-1]
		}
	}
	return e.Estate
}

// FuzzGrows adds a grant to random policies: no level falls, nothing that could
// be done before is lost, no bound is passed, nothing panics, and who is said to
// be cluster-admin in one hop by RBAC alone is allowed everything or holds a
// permission that the evaluator confirms.
func FuzzGrows(f *testing.F) {
	f.Add([]byte("seed"))
	f.Add([]byte{3, 0, 0, 1, 1, 0, 0, 2, 1, 0, 1, 0, 7, 1, 6, 6, 0, 0, 0, 0, 2, 8, 0, 0, 0, 0, 1, 2, 3, 4, 5})
	f.Add([]byte{2, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 6, 0, 10, 13, 0, 0, 3, 1, 2, 2, 0, 1, 0, 4, 5, 6, 1, 1, 9, 9, 8, 8})
	f.Fuzz(grows)
}

// TestGrows is FuzzGrows over policies drawn from a fixed seed.
func TestGrows(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	for range 300 {
		b := make([]byte, 16+r.IntN(80))
		for i := range b {
			b[i] = byte(r.Uint32())
		}
		grows(t, b)
		if t.Failed() {
			t.Fatalf("of %v", b)
		}
	}
}

func grows(t *testing.T, b []byte) {
	t.Helper()
	less, more := build(b, 1), build(b, 0)
	before, after := reach.Analyze(less), reach.Analyze(more)
	for _, p := range before.Principals() {
		x, y := before.Of(p), after.Of(p)
		if x.Level != inventory.LevelUnknown && y.Level != inventory.LevelUnknown && y.Level.Rank() < x.Level.Rank() {
			t.Errorf("%s: level falls\n%s%s", p, story("before", x), story("after", y))
		}
		for _, c := range x.Capabilities {
			if !slices.Contains(y.Capabilities, c) && !slices.Contains(y.Capabilities, "admin.all") && (c != "secrets.read" || !slices.Contains(y.Capabilities, "secrets.read_all")) {
				t.Errorf("%s: %s is lost\n%s%s", p, c, story("before", x), story("after", y))
			}
		}
		if certain(&x) && !certain(&y) {
			t.Errorf("%s: the path to cluster-admin is lost\n%s%s", p, story("before", x), story("after", y))
		}
		if len(y.Paths) > reach.MaxPaths || slices.ContainsFunc(y.Paths, func(p reach.Path) bool { return len(p.Hops) > reach.MaxHops || len(p.Hops) == 0 }) {
			t.Errorf("%s: out of bounds\n%s", p, story("after", y))
		}
		confirm(t, after, p, &y)
	}
	for _, binding := range more.Policy.Bindings {
		r, ok := after.Grant(binding.Namespace, binding.Name, binding.Subjects[0])
		if !ok || r.Level == "" || len(r.Reasons) == 0 {
			t.Errorf("%s: %v %+v", binding.Name, ok, r)
		}
	}
}

// certain reports whether a result has a certain path to cluster-admin.
func certain(r *reach.Result) bool {
	return slices.ContainsFunc(r.Paths, func(p reach.Path) bool { return p.Certain && p.Leads == "cluster-admin" }) || r.BuiltIn
}

// confirm asks the evaluator for what the capabilities claim, and the other way
// round.
func confirm(t *testing.T, a *reach.Analysis, p reach.Principal, r *reach.Result) {
	t.Helper()
	var u rbac.User
	switch p.Kind {
	case rbac.KindServiceAccount:
		u = rbac.ServiceAccountUser(p.Namespace, p.Name)
	case rbac.KindUser:
		u = rbac.User{Name: p.Name, Groups: []string{rbac.Authenticated}}
	default:
		return
	}
	auth := a.Authorizer()
	spaces := l("", "x", "y", "kube-system", "z")
	may := func(verbs, resource, sub string) bool {
		for _, ns := range spaces {
			for verb := range strings.SplitSeq(verbs, ",") {
				if auth.Allowed(u, rbac.Request{Verb: verb, Resource: resource, Subresource: sub, Namespace: ns}).Allowed {
					return true
				}
			}
		}
		return false
	}
	bind := func(kind, role string) bool {
		return slices.ContainsFunc(spaces, func(ns string) bool {
			return (kind == rbac.KindClusterRole || ns != "") && slices.ContainsFunc(l("create", "update", "patch"), func(verb string) bool {
				return auth.MayWriteBinding(u, verb, rbac.Binding{Namespace: ns, Name: "new", RoleKind: kind, RoleName: role}).Allowed
			})
		})
	}
	everything := func(ns string) bool { return len(auth.Lacks(u, ns, rules("* *:*"))) == 0 }
	claims := map[string]bool{
		"secrets.read_all": may("get,list,watch", "secrets", ""),
		"nodes.proxy":      auth.Allowed(u, rbac.Request{Verb: "get", Resource: "nodes", Subresource: "proxy"}).Allowed || auth.Allowed(u, rbac.Request{Verb: "create", Resource: "nodes", Subresource: "proxy"}).Allowed,
		"rbac.bind":        bind(rbac.KindClusterRole, "none-such") || bind(rbac.KindRole, "none-such"),
	}
	// What names limit counts too, with any of the names that the dice know.
	for c, ask := range map[string][3]string{"tokens.create": {"create", "serviceaccounts", "token"}, "nodes.proxy": {"get,create", "nodes", "proxy"}} {
		for _, name := range l("", "a", "b", "role0", "aws-auth", "system:masters", "kubernetes.io/*") {
			for _, ns := range spaces {
				for verb := range strings.SplitSeq(ask[0], ",") {
					if c == "nodes.proxy" && ns != "" {
						continue
					}
					claims[c] = claims[c] || auth.Allowed(u, rbac.Request{Verb: verb, Resource: ask[1], Subresource: ask[2], Namespace: ns, Name: name}).Allowed
				}
			}
		}
	}
	claims["tokens.create"] = claims["tokens.create"] || slices.ContainsFunc(spaces, func(ns string) bool {
		secrets := func(verb, name string) bool {
			return auth.Allowed(u, rbac.Request{Verb: verb, Resource: "secrets", Namespace: ns, Name: name}).Allowed
		}
		return secrets("create", "") && slices.ContainsFunc(l("", "a", "b", "role0", "aws-auth", "system:masters", "kubernetes.io/*"), func(name string) bool {
			return (secrets("get", name) || secrets("list", name)) && (name == "" || secrets("delete", name))
		})
	})
	special := slices.Contains(r.Capabilities, "admin.all") || constrained(r)
	for c, want := range claims {
		if got := slices.Contains(r.Capabilities, c); got != want && !special && !slices.ContainsFunc(spaces, everything) {
			t.Errorf("%s: %s %v, the evaluator says %v\n%s", p, c, got, want, story("", *r))
		}
	}
	if got := slices.Contains(r.Capabilities, "admin.all"); got != slices.ContainsFunc(spaces, everything) {
		t.Errorf("%s: admin.all %v\n%s", p, got, story("", *r))
	}
	if r.Secrets.All != everySecret(auth, u) {
		t.Errorf("%s: all secrets %v\n%s", p, r.Secrets.All, story("", *r))
	}
	confirmRoles(t, auth, u, p, r)
}

// constrained reports whether a result is about constrained impersonation, whose
// capabilities are those of others.
func constrained(r *reach.Result) bool {
	return slices.ContainsFunc(r.Reasons, func(s string) bool { return strings.Contains(s, "impersonate:") })
}

func everySecret(auth *rbac.Authorizer, u rbac.User) bool {
	return slices.ContainsFunc(l("get", "list", "watch"), func(verb string) bool {
		return auth.Allowed(u, rbac.Request{Verb: verb, Resource: "secrets"}).Allowed
	})
}

// confirmRoles asks whether somebody can widen a role that he holds.
func confirmRoles(t *testing.T, auth *rbac.Authorizer, u rbac.User, p reach.Principal, r *reach.Result) {
	t.Helper()
	if slices.Contains(r.Capabilities, "admin.all") || u.IsMaster() {
		return
	}
	want := false
	for _, h := range auth.Effective(u) {
		if h.Role == nil || h.Namespace != "" && h.Role.Namespace == "" {
			continue
		}
		wider := *h.Role
		wider.Rules = rules("* *:*")
		for _, verb := range l("update", "patch") {
			want = want || auth.MayWriteRole(u, verb, wider, h.Role).Allowed
		}
	}
	if got := slices.Contains(r.Capabilities, "rbac.escalate"); got != want && !constrained(r) {
		t.Errorf("%s: rbac.escalate %v, the evaluator says %v\n%s", p, got, want, story("", *r))
	}
}
