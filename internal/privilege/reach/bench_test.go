package reach_test

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"testing"

	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/internal/privilege/rbac"
	"github.com/muster-nhi/muster/internal/privilege/reach"
)

// large is a cluster of 200 namespaces, 5,000 accounts, 1,000 roles, 10,000
// bindings and 5,000 workloads, with the roles that clusters have: readers,
// deployers, operators that reach everywhere.
func large() reach.Estate {
	r := rand.New(rand.NewPCG(1, 2))
	e := &estate{}
	verbs := []string{"get,list,watch", "get", "create,update,patch,delete", "create", "patch", "list,watch"}
	resources := []string{
		"pods", "secrets", "configmaps", "services", "apps:deployments", "apps:statefulsets", "batch:jobs", "pods/log", "pods/exec", "events",
		"networking.k8s.io:ingresses", "example.com:widgets", "serviceaccounts", "serviceaccounts/token", "rbac:rolebindings", "coordination.k8s.io:leases",
	}
	texts := func() []string {
		out := make([]string, 3+r.IntN(6))
		for i := range out {
			out[i] = verbs[r.IntN(len(verbs))] + " " + resources[r.IntN(len(resources))]
			if r.IntN(4) == 0 {
				out[i] += fmt.Sprintf(" name-%d", r.IntN(50))
			}
		}
		return out
	}
	ns := func(i int) string { return fmt.Sprintf("team-%03d", i%200) }
	for i := range 5000 {
		e.account(fmt.Sprintf("%s/app-%02d", ns(i), i/200))
		e.pod(fmt.Sprintf("%s/app-%02d", ns(i), i/200), fmt.Sprintf("app-%02d", i/200))
	}
	for _, c := range []string{"clusterrole-aggregation-controller", "deployment-controller", "daemon-set-controller", "coredns"} {
		e.account("kube-system/" + c)
	}
	e.wide("kube-system/clusterrole-aggregation-controller", "system:aggregation", "get,list,watch,update,patch,escalate rbac:clusterroles")
	e.wide("kube-system/daemon-set-controller", "system:daemon-set-controller", "create,delete,list,watch,patch pods", "get,list,watch apps:daemonsets")
	for i := range 500 {
		e.role("", fmt.Sprintf("cluster-%03d", i), texts()...)
		e.role(ns(i), fmt.Sprintf("role-%03d", i), texts()...)
	}
	who := func(i int) []rbac.Subject {
		return []rbac.Subject{subject(fmt.Sprintf("%s/app-%02d", ns(i), r.IntN(25)))}
	}
	for i := range 8000 {
		b := rbac.Binding{Namespace: ns(i), Name: fmt.Sprintf("b-%05d", i), RoleKind: rbac.KindClusterRole, RoleName: fmt.Sprintf("cluster-%03d", r.IntN(500)), Subjects: who(i)}
		if i%4 == 0 {
			b.RoleKind, b.RoleName = rbac.KindRole, fmt.Sprintf("role-%03d", i%200+200*(i/200%2))
		}
		e.Policy.Bindings = append(e.Policy.Bindings, b)
	}
	for i := range 2000 {
		e.Policy.Bindings = append(e.Policy.Bindings, rbac.Binding{Name: fmt.Sprintf("c-%05d", i), RoleKind: rbac.KindClusterRole, RoleName: fmt.Sprintf("cluster-%03d", r.IntN(500)), Subjects: who(i)})
	}
	e.wide("group:system:serviceaccounts", "discovery", "get,list storage.k8s.io:storageclasses")
	for i := range e.Workloads {
		if i%3 == 0 {
			e.Workloads[i].MountsToken = inventory.False
		}
	}
	return e.Estate
}

// whole asks for all there is.
func whole(e reach.Estate) int {
	a := reach.Analyze(e)
	n := 0
	for _, p := range a.Principals() {
		n += len(a.Of(p).Paths)
	}
	for _, b := range e.Policy.Bindings {
		for _, s := range b.Subjects {
			r, _ := a.Grant(b.Namespace, b.Name, s)
			n += len(r.Paths)
		}
	}
	return n
}

func BenchmarkWhole(b *testing.B) {
	e := large()
	b.ReportAllocs()
	for b.Loop() {
		whole(e)
	}
}

func BenchmarkAnalyze(b *testing.B) {
	e := large()
	b.ReportAllocs()
	for b.Loop() {
		runtime.KeepAlive(reach.Analyze(e))
	}
}

// usual is a cluster as large whose accounts hold what is usual: each edits its
// own namespace, some read all of the cluster, a few are operators.
func usual() reach.Estate {
	e := &estate{}
	e.role("", "edit", "get,list,watch,create,update,patch,delete pods,configmaps,secrets,services,serviceaccounts", "create pods/exec,pods/attach,serviceaccounts/token",
		"impersonate serviceaccounts", "create,update,patch,delete apps:deployments,statefulsets", "create,update,patch,delete batch:jobs,cronjobs")
	e.role("", "reader", "get,list,watch pods,nodes,services,namespaces")
	e.role("", "operator", "get,list,watch,create,update,patch,delete secrets,pods")
	e.account("kube-system/clusterrole-aggregation-controller")
	e.wide("kube-system/clusterrole-aggregation-controller", "system:aggregation", "get,list,watch,update,patch,escalate rbac:clusterroles")
	bind := func(ns, role string, i, n int) {
		e.Policy.Bindings = append(e.Policy.Bindings, rbac.Binding{
			Namespace: ns, Name: fmt.Sprintf("%s-%05d", role, n), RoleKind: rbac.KindClusterRole, RoleName: role,
			Subjects: []rbac.Subject{subject(fmt.Sprintf("team-%03d/app-%02d", i%200, i/200))},
		})
	}
	for i := range 5000 {
		name := fmt.Sprintf("team-%03d/app-%02d", i%200, i/200)
		e.account(name).pod(name, fmt.Sprintf("app-%02d", i/200))
		bind(fmt.Sprintf("team-%03d", i%200), "edit", i, i)
		if i < 3000 {
			bind(fmt.Sprintf("team-%03d", (i+1)%200), "reader", i, i)
		}
		if i >= 3000 && i < 4980 {
			bind("", "reader", i, i)
		}
		if i >= 4980 {
			bind("", "operator", i, i)
		}
	}
	return e.Estate
}

func BenchmarkUsual(b *testing.B) {
	e := usual()
	b.ReportAllocs()
	for b.Loop() {
		whole(e)
	}
}
