package reach_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/internal/privilege/rbac"
	"github.com/muster-nhi/muster/internal/privilege/reach"
)

const rbacGroup = "rbac.authorization.k8s.io"

// rule reads "verbs groups/resources [names]": "get,list secrets", "create
// apps:deployments", "bind rbac:clusterroles view".
func rule(text string) rbac.Rule {
	f := strings.Fields(text)
	group, resources, ok := strings.Cut(f[1], ":")
	if !ok {
		group, resources = "", f[1]
	}
	if long, ok := map[string]string{"rbac": rbacGroup, "csr": "certificates.k8s.io", "authn": "authentication.k8s.io", "admission": "admissionregistration.k8s.io"}[group]; ok {
		group = long
	}
	r := rbac.Rule{Verbs: strings.Split(f[0], ","), APIGroups: strings.Split(group, ","), Resources: strings.Split(resources, ",")}
	if len(f) > 2 {
		r.ResourceNames = strings.Split(f[2], ",")
	}
	return r
}

func rules(texts ...string) []rbac.Rule {
	var out []rbac.Rule
	for _, t := range texts {
		out = append(out, rule(t))
	}
	return out
}

// An estate is built from short words.
type estate struct{ reach.Estate }

// account adds service accounts "namespace/name".
func (e *estate) account(names ...string) *estate {
	for _, n := range names {
		ns, name, _ := strings.Cut(n, "/")
		e.Accounts = append(e.Accounts, reach.Account{Namespace: ns, Name: name})
	}
	return e
}

// subject reads "namespace/name", "user:x" or "group:x".
func subject(text string) rbac.Subject {
	if name, ok := strings.CutPrefix(text, "user:"); ok {
		return rbac.Subject{Kind: rbac.KindUser, Name: name}
	}
	if name, ok := strings.CutPrefix(text, "group:"); ok {
		return rbac.Subject{Kind: rbac.KindGroup, Name: name}
	}
	ns, name, _ := strings.Cut(text, "/")
	return rbac.Subject{Kind: rbac.KindServiceAccount, Namespace: ns, Name: name}
}

// wide binds rules to a subject by a ClusterRoleBinding.
func (e *estate) wide(who, role string, texts ...string) *estate {
	e.role("", role, texts...)
	e.Policy.Bindings = append(e.Policy.Bindings, rbac.Binding{Name: role + "-" + strings.NewReplacer("/", "-", ":", "-").Replace(who), RoleKind: rbac.KindClusterRole, RoleName: role, Subjects: []rbac.Subject{subject(who)}})
	return e
}

// local binds rules to a subject by a RoleBinding.
func (e *estate) local(namespace, who, role string, texts ...string) *estate {
	e.role(namespace, role, texts...)
	e.Policy.Bindings = append(e.Policy.Bindings, rbac.Binding{Namespace: namespace, Name: role + "-" + strings.NewReplacer("/", "-", ":", "-").Replace(who), RoleKind: rbac.KindRole, RoleName: role, Subjects: []rbac.Subject{subject(who)}})
	return e
}

func (e *estate) role(namespace, name string, texts ...string) {
	if len(texts) > 0 {
		e.Policy.Roles = append(e.Policy.Roles, rbac.Role{Namespace: namespace, Name: name, Rules: rules(texts...)})
	}
}

// pod adds a workload "namespace/name" that runs as an account with its token.
func (e *estate) pod(name, account string) *estate {
	ns, name, _ := strings.Cut(name, "/")
	e.Workloads = append(e.Workloads, reach.Workload{Namespace: ns, Name: name, Kind: "Deployment", Account: account, MountsToken: inventory.True})
	return e
}

// story writes a result for golden files.
func story(name string, r reach.Result) string {
	var b strings.Builder
	b.WriteString("== " + name + "\nlevel " + string(r.Level))
	if r.BuiltIn {
		b.WriteString(" built-in")
	}
	if r.Joined {
		b.WriteString(" joined")
	}
	b.WriteString("\n")
	for _, s := range r.Reasons {
		b.WriteString("- " + s + "\n")
	}
	if len(r.Capabilities) > 0 {
		b.WriteString("capabilities " + strings.Join(r.Capabilities, " ") + "\n")
	}
	for i := range r.Paths {
		p := &r.Paths[i]
		b.WriteString("path to " + p.Leads)
		if !p.Certain {
			b.WriteString(" (not certain)")
		}
		b.WriteString("\n  " + strings.ReplaceAll(p.String(), " → ", "\n  → ") + "\n")
	}
	for _, u := range r.Unknown {
		b.WriteString("unknown: " + u + "\n")
	}
	return b.String()
}

// golden compares with testdata/name, or writes it with UPDATE=1.
func golden(t *testing.T, name, got string) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if os.Getenv("UPDATE") == "1" {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(string(want), got); d != "" {
		t.Errorf("%s (-want +got):\n%s", name, d)
	}
}

// company is a cluster with a bit of everything.
func company() *estate {
	e := &estate{}
	e.account("kube-system/clusterrole-aggregation-controller", "kube-system/default", "payments/runner", "payments/default", "payments/api",
		"orders/deployer", "orders/default", "ops/helper", "ops/robot", "ci/builder", "ci/default", "monitoring/agent", "web/front", "web/default")
	e.wide("kube-system/clusterrole-aggregation-controller", "system:controller:clusterrole-aggregation-controller", "get,list,watch,update,patch,escalate rbac:clusterroles")
	e.wide("group:system:masters", "cluster-admin", "* *:*")
	e.wide("ops/robot", "cluster-admin")
	e.local("kube-system", "payments/runner", "deployer", "create,get,list pods")
	e.local("payments", "payments/runner", "reader", "get,list secrets")
	e.local("payments", "payments/api", "exec", "create pods/exec")
	e.local("orders", "orders/deployer", "deployer", "create,patch apps:deployments")
	e.local("ops", "ci/builder", "exec", "create pods/exec")
	e.wide("monitoring/agent", "agent", "get nodes/proxy", "get,list,watch pods,nodes")
	e.local("ops", "web/front", "tokens", "create serviceaccounts/token helper")
	e.local("web", "ops/helper", "everything", "* *:*")
	e.wide("group:system:serviceaccounts:web", "view", "get,list,watch pods,services,configmaps")
	e.wide("user:ada", "ada", "impersonate users")
	e.wide("user:system:kube-controller-manager", "system:kube-controller-manager", "create serviceaccounts/token", "get,list,watch secrets")
	e.pod("payments/runner", "runner").pod("ops/robot", "robot").pod("web/front", "front").pod("orders/shop", "")
	e.Namespaces = []reach.Namespace{{Name: "kube-system", Enforce: "privileged"}, {Name: "orders"}, {Name: "payments", Enforce: "restricted"}}
	return e
}

func TestCompany(t *testing.T) {
	a := reach.Analyze(company().Estate)
	var b strings.Builder
	for _, p := range a.Principals() {
		b.WriteString(story(p.String(), a.Of(p)) + "\n")
	}
	golden(t, "company.txt", b.String())
}
