package reach_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/internal/privilege/rbac"
	"github.com/muster-nhi/muster/internal/privilege/reach"
)

// powerful adds an account to kube-system that can widen its own ClusterRole.
func powerful() *estate {
	e := (&estate{}).account("kube-system/aggregator", "kube-system/default", "payments/runner", "payments/default", "orders/shop", "orders/default")
	return e.wide("kube-system/aggregator", "aggregator", "update,escalate rbac:clusterroles")
}

// A scene is an estate and what is expected of payments/runner in it.
type scene struct {
	name    string
	given   func(*estate)
	level   inventory.Level
	leads   string // goal of the first path; empty is no path
	says    string // in the first path
	unsure  bool   // the first path is not certain
	unknown string // in Unknown
}

// TestScenes tells of one way after the other, and of what closes it.
func TestScenes(t *testing.T) {
	const goal = "cluster-admin"
	scenes := []scene{
		{name: "nothing", given: func(*estate) {}, level: none},
		{name: "bind and create in two bindings", given: func(e *estate) {
			e.wide("payments/runner", "binder", "bind rbac:clusterroles").wide("payments/runner", "creator", "create rbac:clusterrolebindings")
		}, level: escalate, leads: goal, says: "ClusterRoleBinding binder-payments-runner → ClusterRole binder; ClusterRoleBinding creator-payments-runner → ClusterRole creator"},
		{name: "bind by its own name, create through a group", given: func(e *estate) {
			e.wide("user:system:serviceaccount:payments:runner", "binder", "bind rbac:clusterroles").wide("group:system:serviceaccounts:payments", "creator", "create rbac:clusterrolebindings")
		}, level: escalate, leads: goal, says: "by group system:serviceaccounts:payments"},
		{name: "bind in one namespace, create in another", given: func(e *estate) {
			e.local("payments", "payments/runner", "binder", "bind rbac:clusterroles").local("orders", "payments/runner", "creator", "create rbac:rolebindings")
		}, level: write},
		{name: "bind of a harmless role", given: func(e *estate) {
			e.role("", "view", "get pods")
			e.wide("payments/runner", "binder", "bind rbac:clusterroles view", "create rbac:clusterrolebindings")
		}, level: write},
		{name: "bind of a powerful role", given: func(e *estate) {
			e.wide("payments/runner", "binder", "bind rbac:clusterroles aggregator", "create rbac:clusterrolebindings")
		}, level: escalate, leads: goal, says: "has the rights of ClusterRole aggregator cluster-wide"},
		{name: "bind of a powerful role within a namespace where it does nothing", given: func(e *estate) {
			e.local("payments", "payments/runner", "binder", "bind rbac:clusterroles aggregator", "create rbac:rolebindings")
		}, level: write},
		{name: "bind of a powerful role in every namespace, where it does nothing", given: func(e *estate) {
			e.wide("payments/runner", "binder", "bind rbac:clusterroles aggregator", "create rbac:rolebindings")
		}, level: write},
		{name: "bind of a named role in every namespace, where it may do everything", given: func(e *estate) {
			e.role("", "boss", "* *:*")
			e.wide("payments/runner", "binder", "bind rbac:clusterroles boss", "create rbac:rolebindings")
		}, level: escalate, leads: goal, says: "has the rights of ClusterRole boss in kube-system"},
		{name: "bind and change of bindings where there is none", given: func(e *estate) {
			e.local("kube-system", "payments/runner", "binder", "bind rbac:clusterroles", "patch rbac:rolebindings")
		}, level: escalate},
		{name: "bind and change of a binding of another role", given: func(e *estate) {
			e.role("", "view", "get pods")
			e.wide("user:x", "view").wide("payments/runner", "binder", "bind rbac:clusterroles aggregator", "patch rbac:clusterrolebindings view-user-x")
		}, level: write},
		{name: "bind and change of one binding of a powerful role", given: func(e *estate) {
			e.wide("payments/runner", "binder", "bind rbac:clusterroles", "patch rbac:clusterrolebindings aggregator-kube-system-aggregator")
		}, level: escalate, leads: goal, says: "has the rights of ClusterRole aggregator"},
		{name: "bind in the namespace of a powerful account", given: func(e *estate) {
			e.local("kube-system", "payments/runner", "binder", "bind rbac:clusterroles", "create rbac:rolebindings")
		}, level: escalate, leads: goal, says: "has the rights of ClusterRole cluster-admin in kube-system"},
		{name: "bind in a namespace of no account of note", given: func(e *estate) {
			e.local("orders", "payments/runner", "binder", "bind rbac:clusterroles", "create rbac:rolebindings")
		}, level: escalate, leads: "namespace orders"},
		{name: "bind of the Roles of a namespace", given: func(e *estate) {
			e.local("orders", "orders/shop", "boss", "* *:*").local("orders", "payments/runner", "binder", "bind rbac:roles", "create rbac:rolebindings")
		}, level: write, leads: "namespace orders", says: "Role orders/boss"},
		{name: "escalate on a role that it does not hold", given: func(e *estate) {
			e.wide("payments/runner", "mine", "escalate,update rbac:clusterroles aggregator")
		}, level: write},
		{name: "escalate on its own role", given: func(e *estate) {
			e.wide("payments/runner", "mine", "escalate,update rbac:clusterroles mine")
		}, level: escalate, leads: goal},
		{name: "escalate with create only, nothing aggregated held", given: func(e *estate) {
			e.wide("payments/runner", "mine", "escalate,create rbac:clusterroles")
		}, level: write},
		{name: "escalate with create, an aggregated role held", given: func(e *estate) {
			e.wide("payments/runner", "mine", "escalate,create rbac:clusterroles")
			e.Policy.Roles = append(e.Policy.Roles, rbac.Role{Name: "sum", Aggregate: []rbac.Selector{{Labels: map[string]string{"a": "b"}}}, Filled: true})
			e.wide("payments/runner", "sum")
		}, level: escalate, leads: goal},
		{name: "escalate on Roles where it holds none", given: func(e *estate) {
			e.wide("payments/runner", "mine", "escalate,update rbac:roles")
		}, level: write},
		{name: "token of a powerful account", given: func(e *estate) {
			e.local("kube-system", "payments/runner", "tokens", "create serviceaccounts/token")
		}, level: escalate, leads: goal, says: "has a token of kube-system/aggregator"},
		{name: "token of another account of that namespace", given: func(e *estate) {
			e.local("kube-system", "payments/runner", "tokens", "create serviceaccounts/token default")
		}, level: write},
		{name: "token of the account of that name in every namespace", given: func(e *estate) {
			e.wide("payments/runner", "tokens", "create serviceaccounts/token aggregator")
		}, level: escalate, leads: goal, says: "named aggregator cluster-wide"},
		{name: "impersonation of an account that is not there", given: func(e *estate) {
			e.wide("ghost/gone", "cluster-admin", "* *:*").local("ghost", "payments/runner", "actor", "impersonate serviceaccounts")
		}, level: escalate, leads: goal, says: "acts as ghost/gone"},
		{name: "a token of an account that is not there", given: func(e *estate) {
			e.wide("ghost/gone", "cluster-admin", "* *:*").local("ghost", "payments/runner", "actor", "create serviceaccounts/token")
		}, level: write},
		{name: "impersonation of a user", given: func(e *estate) {
			e.wide("user:ada", "cluster-admin", "* *:*").wide("payments/runner", "actor", "impersonate users ada")
		}, level: escalate, leads: goal, says: "acts as user ada"},
		{name: "impersonation of a group", given: func(e *estate) {
			e.wide("group:admins", "cluster-admin", "* *:*").wide("payments/runner", "actor", "impersonate groups admins", "impersonate users nobody")
		}, level: escalate, leads: goal, says: "acts as group admins"},
		{name: "impersonation of an account in one namespace and of groups", given: func(e *estate) {
			e.wide("payments/runner", "actor", "impersonate groups").local("orders", "payments/runner", "other", "impersonate serviceaccounts")
		}, level: escalate, leads: goal},
		{name: "constrained impersonation of who may not", given: func(e *estate) {
			e.wide("payments/runner", "actor", "impersonate:serviceaccount authn:serviceaccounts shop", "impersonate-on:serviceaccount:list secrets")
		}, level: none},
		{name: "constrained impersonation of who may", given: func(e *estate) {
			e.wide("orders/shop", "all", "list secrets").wide("payments/runner", "actor", "impersonate:serviceaccount authn:serviceaccounts", "impersonate-on:serviceaccount:list secrets")
		}, level: escalate, leads: "what impersonate-on:serviceaccount names, as another"},
		{name: "constrained impersonation of who may in a namespace", given: func(e *estate) {
			e.local("orders", "orders/shop", "some", "list secrets").wide("payments/runner", "actor", "impersonate:serviceaccount authn:serviceaccounts", "impersonate-on:serviceaccount:list secrets")
		}, level: read},
		{name: "constrained impersonation of a powerful account for what takes over", given: func(e *estate) {
			e.wide("payments/runner", "actor", "impersonate:serviceaccount authn:serviceaccounts aggregator", "impersonate-on:serviceaccount:update,impersonate-on:serviceaccount:escalate rbac:clusterroles")
		}, level: escalate, leads: "what impersonate-on:serviceaccount names, as another"},
		{name: "pods in the namespace of a powerful account", given: func(e *estate) {
			e.local("kube-system", "payments/runner", "pods", "create pods")
		}, level: escalate, leads: goal, says: "runs as kube-system/aggregator"},
		{name: "pods where only it is itself powerful", given: func(e *estate) {
			e.local("payments", "payments/runner", "pods", "create pods").local("payments", "payments/runner", "boss", "* *:*")
		}, level: admin, leads: "node", unsure: true},
		{name: "pods under Pod Security", given: func(e *estate) {
			e.local("payments", "payments/runner", "pods", "create pods")
			e.Namespaces = []reach.Namespace{{Name: "payments", Enforce: "baseline"}}
		}, level: write},
		{name: "pods without Pod Security", given: func(e *estate) {
			e.local("payments", "payments/runner", "pods", "create pods")
			e.Namespaces = []reach.Namespace{{Name: "payments", Enforce: "privileged"}}
		}, level: write, leads: "node", unsure: true},
		{name: "changing deployments where there are none", given: func(e *estate) {
			e.local("kube-system", "payments/runner", "deploys", "patch apps:deployments")
			e.Namespaces = []reach.Namespace{{Name: "kube-system", Enforce: "restricted"}}
		}, level: write},
		{name: "changing deployments", given: func(e *estate) {
			e.local("kube-system", "payments/runner", "deploys", "patch apps:deployments").pod("kube-system/dns", "")
		}, level: escalate, leads: goal, says: "runs as kube-system/aggregator"},
		{name: "changing one deployment", given: func(e *estate) {
			e.local("kube-system", "payments/runner", "deploys", "patch apps:deployments dns").pod("kube-system/dns", "")
		}, level: escalate, leads: goal, says: "(Deployment kube-system/dns)"},
		{name: "changing a deployment of another name", given: func(e *estate) {
			e.local("kube-system", "payments/runner", "deploys", "patch apps:deployments web").pod("kube-system/dns", "")
			e.Namespaces = []reach.Namespace{{Name: "kube-system", Enforce: "restricted"}}
		}, level: write},
		{name: "exec where no pod has the token", given: func(e *estate) {
			e.local("kube-system", "payments/runner", "exec", "create pods/exec").pod("kube-system/dns", "")
		}, level: write},
		{name: "exec where a pod runs without its token", given: func(e *estate) {
			e.local("kube-system", "payments/runner", "exec", "create pods/exec").pod("kube-system/agg", "aggregator")
			e.Workloads[0].MountsToken = inventory.False
		}, level: write},
		{name: "exec where a pod has the token", given: func(e *estate) {
			e.local("kube-system", "payments/runner", "exec", "create pods/exec").pod("kube-system/agg", "aggregator")
		}, level: escalate, leads: goal, says: "is in a pod that runs as kube-system/aggregator (Deployment kube-system/agg)"},
		{name: "exec where nobody knows whether a pod has the token", given: func(e *estate) {
			e.local("kube-system", "payments/runner", "exec", "create pods/exec").pod("kube-system/agg", "aggregator")
			e.Workloads[0].MountsToken = inventory.Unknown
		}, level: inventory.LevelUnknown, leads: goal, unsure: true, unknown: "the pod does not say"},
		{name: "exec where workloads were not listed", given: func(e *estate) {
			e.local("kube-system", "payments/runner", "exec", "create pods/exec")
			e.Unseen.Workloads = "list pods: forbidden"
		}, level: inventory.LevelUnknown, leads: goal, unsure: true, unknown: "list pods: forbidden"},
		{name: "exec where workloads were not listed and no account is of note", given: func(e *estate) {
			e.local("orders", "payments/runner", "exec", "create pods/exec")
			e.Unseen.Workloads = "list pods: forbidden"
		}, level: inventory.LevelUnknown, leads: "node", unsure: true, unknown: "privileged: workloads were not listed (list pods: forbidden)"},
		{name: "a user without a name is nobody", given: func(e *estate) {
			e.wide("user:", "boss", "* *:*").local("payments", "group:system:serviceaccounts:payments", "reader", "get pods").wide("payments/runner", "actor", "impersonate groups g", "impersonate users nobody").local("x", "group:g", "reader", "get pods")
		}, level: write},
		{name: "exec into a privileged pod", given: func(e *estate) {
			e.local("orders", "payments/runner", "exec", "create pods/exec").pod("orders/agent", "shop")
			e.Workloads[0].Privileged = true
		}, level: escalate, leads: "node", says: "privileged Deployment orders/agent"},
		{name: "exec into a pod with a path of the node", given: func(e *estate) {
			e.local("orders", "payments/runner", "exec", "create pods/exec").pod("orders/agent", "shop")
			e.Workloads[0].HostPath = true
		}, level: write, leads: "node", says: "Deployment orders/agent mounts", unsure: true},
		{name: "exec by get before 1.35", given: func(e *estate) {
			e.local("kube-system", "payments/runner", "exec", "get pods/exec").pod("kube-system/agg", "aggregator")
			e.Minor = 34
		}, level: escalate, leads: goal},
		{name: "exec by get since 1.35", given: func(e *estate) {
			e.local("kube-system", "payments/runner", "exec", "get pods/exec").pod("kube-system/agg", "aggregator")
			e.Minor = 36
		}, level: read},
		{name: "exec by get, version not known", given: func(e *estate) {
			e.local("kube-system", "payments/runner", "exec", "get pods/exec").pod("kube-system/agg", "aggregator")
		}, level: inventory.LevelUnknown, leads: goal, unsure: true, unknown: "version is not known"},
		{name: "exec into one pod", given: func(e *estate) {
			e.local("kube-system", "payments/runner", "exec", "create pods/exec agg")
			e.Workloads = []reach.Workload{{Namespace: "kube-system", Name: "agg", Kind: "Pod", Account: "aggregator", MountsToken: inventory.True}}
		}, level: escalate, leads: goal},
		{name: "exec into another pod", given: func(e *estate) {
			e.local("kube-system", "payments/runner", "exec", "create pods/exec dns")
			e.Workloads = []reach.Workload{{Namespace: "kube-system", Name: "agg", Kind: "Pod", Account: "aggregator", MountsToken: inventory.True}}
		}, level: write},
		{name: "nodes/proxy with a pod of note", given: func(e *estate) {
			e.wide("payments/runner", "proxy", "get nodes/proxy").pod("kube-system/agg", "aggregator")
		}, level: escalate, leads: goal, says: "may get nodes/proxy cluster-wide"},
		{name: "nodes/proxy without one", given: func(e *estate) {
			e.wide("payments/runner", "proxy", "get nodes/proxy")
		}, level: escalate, leads: "every container of every node"},
		{name: "secrets where a token lies", given: func(e *estate) {
			e.local("kube-system", "payments/runner", "secrets", "list secrets")
			e.Tokens = []reach.Token{{Namespace: "kube-system", Name: "agg-token", Account: "aggregator"}}
		}, level: escalate, leads: goal, says: "has the token of kube-system/aggregator"},
		{name: "secrets where no token lies", given: func(e *estate) {
			e.local("kube-system", "payments/runner", "secrets", "list secrets")
		}, level: read},
		{name: "secrets where Secrets were not listed", given: func(e *estate) {
			e.local("kube-system", "payments/runner", "secrets", "list secrets")
			e.Unseen.Tokens = "not asked for"
		}, level: inventory.LevelUnknown, leads: goal, unsure: true, unknown: "Secrets were not listed (not asked for)"},
		{name: "one secret, which is a token", given: func(e *estate) {
			e.local("kube-system", "payments/runner", "secrets", "get secrets agg-token")
			e.Tokens = []reach.Token{{Namespace: "kube-system", Name: "agg-token", Account: "aggregator"}}
		}, level: escalate, leads: goal, says: "Secret kube-system/agg-token"},
		{name: "one secret where Secrets were not listed", given: func(e *estate) {
			e.local("kube-system", "payments/runner", "secrets", "get secrets agg-token")
			e.Unseen.Tokens = "not asked for"
		}, level: inventory.LevelUnknown, leads: goal, unsure: true, unknown: "Secrets were not listed (not asked for)"},
		{name: "change of a token Secret that is there", given: func(e *estate) {
			e.local("kube-system", "payments/runner", "secrets", "patch,get secrets default-token")
			e.Tokens = []reach.Token{{Namespace: "kube-system", Name: "default-token", Account: "default"}}
		}, level: escalate, leads: goal, says: "has a token of kube-system/aggregator (Secret kube-system/default-token)"},
		{name: "change of secrets where there is no token to change", given: func(e *estate) {
			e.local("kube-system", "payments/runner", "secrets", "patch,get secrets")
			e.Tokens = []reach.Token{{Namespace: "orders", Name: "token", Account: "default"}}
		}, level: write},
		{name: "change of one token Secret, reading of another", given: func(e *estate) {
			e.local("kube-system", "payments/runner", "secrets", "patch secrets default-token", "get secrets other")
			e.Tokens = []reach.Token{{Namespace: "kube-system", Name: "default-token", Account: "default"}}
		}, level: write},
		{name: "make and read secrets", given: func(e *estate) {
			e.local("kube-system", "payments/runner", "secrets", "create,get secrets")
		}, level: escalate, leads: goal, says: "may create secrets and get secrets in kube-system"},
		{name: "make here, read there", given: func(e *estate) {
			e.local("kube-system", "payments/runner", "secrets", "create secrets").local("orders", "payments/runner", "secrets", "get secrets")
		}, level: write},
		{name: "a certificate of a user", given: func(e *estate) {
			e.wide("user:ada", "cluster-admin", "* *:*").wide("payments/runner", "csr", "create csr:certificatesigningrequests", "update csr:certificatesigningrequests/approval", "approve csr:signers kubernetes.io/kube-apiserver-client")
		}, level: escalate, leads: goal, says: "acts as user ada"},
		{name: "a certificate of system:masters is refused", given: func(e *estate) {
			e.wide("group:system:masters", "cluster-admin", "* *:*").wide("payments/runner", "csr", "create csr:certificatesigningrequests", "update csr:certificatesigningrequests/approval", "approve csr:signers")
		}, level: escalate, leads: "every user, the control plane's among them"},
		{name: "aws-auth of kube-system", given: func(e *estate) {
			e.local("kube-system", "payments/runner", "aws", "patch configmaps aws-auth")
		}, level: escalate, leads: goal, unsure: true},
		{name: "aws-auth of another namespace", given: func(e *estate) {
			e.local("orders", "payments/runner", "aws", "patch configmaps aws-auth")
		}, level: write},
		{name: "three hops", given: func(e *estate) {
			e.local("orders", "payments/runner", "exec", "create pods/exec").pod("orders/shop", "shop").local("kube-system", "orders/shop", "pods", "create batch:jobs")
		}, level: escalate, leads: goal, says: "→ may create jobs in kube-system"},
		{name: "secrets of another namespace by way of one", given: func(e *estate) {
			e.local("payments", "payments/runner", "tokens", "create serviceaccounts/token default").local("orders", "payments/default", "secrets", "get secrets")
		}, level: write, leads: "secrets of namespace orders", says: "has a token of payments/default"},
		{name: "a role that is not there", given: func(e *estate) { e.wide("payments/runner", "gone") }, level: none},
		{name: "roles not listed", given: func(e *estate) {
			e.wide("payments/runner", "gone")
			e.Unseen.Roles = "list clusterroles: forbidden"
		}, level: inventory.LevelUnknown, unknown: "ClusterRoleBinding gone-payments-runner"},
		{name: "roles not listed, a standard one", given: func(e *estate) {
			e.wide("payments/runner", "cluster-admin")
			e.Unseen.Roles = "list clusterroles: forbidden"
		}, level: admin, leads: goal},
		{name: "bindings not listed", given: func(e *estate) {
			e.local("payments", "payments/runner", "reader", "get pods")
			e.Unseen.Bindings = "list rolebindings: forbidden"
		}, level: inventory.LevelUnknown, unknown: "bindings were not all listed: list rolebindings: forbidden"},
		{name: "bindings not listed, admin all the same", given: func(e *estate) {
			e.wide("payments/runner", "boss", "* *:*")
			e.Unseen.Bindings = "list rolebindings: forbidden"
		}, level: admin, leads: goal, unknown: "list rolebindings"},
		{name: "accounts not listed", given: func(e *estate) {
			e.local("kube-system", "payments/runner", "pods", "create pods")
			e.Accounts, e.Unseen.Accounts = nil, "list serviceaccounts: forbidden"
		}, level: inventory.LevelUnknown, leads: goal, unsure: true, unknown: "accounts were not listed"},
		{name: "namespaces not listed", given: func(e *estate) {
			e.local("payments", "payments/runner", "pods", "create pods")
			e.Unseen.Namespaces = "list namespaces: forbidden"
		}, level: write, leads: "node", unsure: true, says: "namespaces were not listed"},
	}
	for _, s := range scenes {
		t.Run(s.name, func(t *testing.T) {
			e := powerful()
			s.given(e)
			a := reach.Analyze(e.Estate)
			r := a.Account("payments", "runner")
			if r.Level != s.level {
				t.Errorf("level %q, want %q", r.Level, s.level)
			}
			leads, text, certain := "", "", true
			if len(r.Paths) > 0 {
				leads, text, certain = r.Paths[0].Leads, r.Paths[0].String(), r.Paths[0].Certain
			}
			if leads != s.leads || !strings.Contains(text, s.says) || certain == s.unsure {
				t.Errorf("first path to %q, certain %v: %s", leads, certain, text)
			}
			if got := strings.Join(r.Unknown, "; "); s.unknown == "" && got != "" || !strings.Contains(got, s.unknown) {
				t.Errorf("unknown %q", got)
			}
			if t.Failed() {
				t.Log(story("payments/runner", r))
			}
		})
	}
}

// TestSpread draws a chain of accounts, each of which can have a token of the
// next, and sees the bound of hops kept.
func TestSpread(t *testing.T) {
	for _, length := range []int{1, 2, 3, 4, 5, 6, 7, 8, 40} {
		e := &estate{}
		for i := range length {
			e.account(fmt.Sprintf("ns%d/a", i))
			if i+1 < length {
				e.local(fmt.Sprintf("ns%d", i+1), fmt.Sprintf("ns%d/a", i), "token", "create serviceaccounts/token")
			}
		}
		e.wide(fmt.Sprintf("ns%d/a", length-1), "boss", "* *:*")
		r := reach.Analyze(e.Estate).Account("ns0", "a")
		switch {
		case length <= reach.MaxHops && (len(r.Paths) == 0 || len(r.Paths[0].Hops) != length):
			t.Errorf("chain of %d: %d paths", length, len(r.Paths))
		case length > reach.MaxHops && len(r.Paths) != 0:
			t.Errorf("chain of %d: a path beyond the bound", length)
		case r.Level.Rank() < escalate.Rank():
			t.Errorf("chain of %d: level %s", length, r.Level)
		case length > reach.MaxHops && !strings.Contains(r.Reasons[0], fmt.Sprintf("in %d hops", length)):
			t.Errorf("chain of %d: what is cut off is not said: %q", length, r.Reasons)
		}
	}
}

// TestGrants compares single grants with all of them together.
func TestGrants(t *testing.T) {
	e := powerful()
	e.wide("payments/runner", "binder", "bind rbac:clusterroles").wide("payments/runner", "creator", "create rbac:clusterrolebindings")
	e.wide("group:system:serviceaccounts", "view", "get pods")
	e.local("kube-system", "orders/shop", "pods", "create pods").wide("orders/shop", "gone")
	a := reach.Analyze(e.Estate)
	for _, tt := range []struct {
		namespace, binding, who string
		level                   inventory.Level
		paths                   int
	}{
		{"", "binder-payments-runner", "payments/runner", none, 0},
		{"", "creator-payments-runner", "payments/runner", write, 0},
		{"", "view-group-system-serviceaccounts", "group:system:serviceaccounts", read, 0},
		{"", "view-group-system-serviceaccounts", "payments/default", read, 0},
		{"kube-system", "pods-orders-shop", "orders/shop", escalate, 1},
		{"", "gone-orders-shop", "orders/shop", none, 0},
	} {
		r, ok := a.Grant(tt.namespace, tt.binding, subject(tt.who))
		if !ok || r.Level != tt.level || len(r.Paths) != tt.paths {
			t.Errorf("%s: %v, %d paths\n%s", tt.binding, ok, len(r.Paths), story(tt.who, r))
		}
	}
	if _, ok := a.Grant("", "none such", subject("a/b")); ok {
		t.Error("a binding that is not there is answered")
	}
	if r := a.Account("payments", "runner"); !r.Joined || r.Level != escalate {
		t.Errorf("bind and create are not joined: %s", story("runner", r))
	}
	if r := a.Account("orders", "shop"); r.Joined {
		t.Errorf("one grant is all it has: %s", story("shop", r))
	}
	if r := a.Account("nowhere", "nobody"); r.Level != read || r.Joined {
		t.Errorf("an account that is not there: %s", story("nobody", r))
	}
}

// TestSecrets tells which secrets an account gets at.
func TestSecrets(t *testing.T) {
	e := powerful()
	e.local("payments", "payments/runner", "a", "list secrets").local("orders", "payments/runner", "b", "get secrets one", "create pods").wide("payments/runner", "c", "get secrets two")
	e.wide("orders/shop", "d", "watch secrets")
	a := reach.Analyze(e.Estate)
	want := reach.Secrets{Namespaces: l("payments"), Mounted: l("orders"), Named: l("*/two", "orders/one", "orders/two")}
	if d := cmp.Diff(want, a.Account("payments", "runner").Secrets); d != "" {
		t.Error(d)
	}
	if !a.Account("orders", "shop").Secrets.All {
		t.Error("watch on secrets does not read all")
	}
}

// TestBuiltIn tells the control plane's own from others.
func TestBuiltIn(t *testing.T) {
	for who, want := range map[string]bool{
		"kube-system/clusterrole-aggregation-controller": true, "kube-system/default": false, "payments/clusterrole-aggregation-controller": false,
		"user:system:kube-scheduler": true, "user:ada": false, "user:system:anonymous": false, "group:system:masters": true,
		"group:system:authenticated": false, "group:system:serviceaccounts:payments": false, "group:devs": false,
	} {
		s := subject(who)
		a := reach.Analyze(powerful().Estate)
		if got := a.Of(reach.Principal{Kind: s.Kind, Namespace: s.Namespace, Name: s.Name}).BuiltIn; got != want {
			t.Errorf("%s: built in %v, want %v", who, got, want)
		}
	}
}

// TestOrder gives the same estate in other orders and expects the same words.
func TestOrder(t *testing.T) {
	tell := func(e reach.Estate) string {
		a := reach.Analyze(e)
		var b strings.Builder
		for _, p := range a.Principals() {
			b.WriteString(story(p.String(), a.Of(p)))
		}
		return b.String()
	}
	e := company().Estate
	want := tell(e)
	r := rand.New(rand.NewPCG(3, 4))
	for range 20 {
		shuffle(r, e.Accounts)
		shuffle(r, e.Namespaces)
		shuffle(r, e.Policy.Roles)
		shuffle(r, e.Policy.Bindings)
		shuffle(r, e.Workloads)
		if d := cmp.Diff(want, tell(e)); d != "" {
			t.Fatal(d)
		}
	}
}

func shuffle[T any](r *rand.Rand, list []T) {
	r.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
}

// TestScale keeps the analysis of a large cluster in bounds that are far above
// what it takes, and every result within its own.
func TestScale(t *testing.T) {
	e := large()
	a := reach.Analyze(e)
	for _, p := range a.Principals() {
		r := a.Of(p)
		if len(r.Paths) > reach.MaxPaths || slices.ContainsFunc(r.Paths, func(p reach.Path) bool { return len(p.Hops) > reach.MaxHops }) {
			t.Fatalf("%s: %d paths", p, len(r.Paths))
		}
	}
}
