package reach_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/internal/privilege/reach"
)

const (
	admin    = inventory.LevelAdmin
	escalate = inventory.LevelEscalate
	write    = inventory.LevelWrite
	read     = inventory.LevelRead
	none     = inventory.LevelNone
)

// TestRules holds the facts that were checked against a real API server, and the
// ones that follow from its documentation: what takes over, what is inert, what
// is only lateral.
func TestRules(t *testing.T) {
	tests := []struct {
		name       string
		rules      []string
		wide       inventory.Level
		local      inventory.Level // of the same rules through a RoleBinding
		has        string          // capability where the level is wide
		localHas   string
		not        string // capability that neither has
		inLocalNot string
	}{
		{name: "nothing", wide: none, local: none},
		{name: "star", rules: l("* *:*"), wide: admin, local: admin, has: "admin.all", localHas: "admin.all"},
		{name: "star of named objects, one of which may be its own role", rules: l("* *:* one"), wide: escalate, local: escalate, not: "admin.all"},
		{name: "star of one custom group is harmless", rules: l("* widgets.example:*"), wide: write, local: write, not: "admin.all"},
		{name: "star verbs of pods", rules: l("* pods"), wide: escalate, local: write, has: "compute.create", not: "compute.exec.x"},

		{name: "bind with create on bindings", rules: l("bind rbac:clusterroles", "create rbac:clusterrolebindings"), wide: escalate, local: none, has: "rbac.bind", inLocalNot: "rbac.bind"},
		{name: "bind with patch on rolebindings", rules: l("bind rbac:clusterroles", "patch rbac:rolebindings"), wide: escalate, local: escalate, has: "rbac.bind", localHas: "rbac.bind"},
		{name: "bind without create is inert", rules: l("bind rbac:clusterroles"), wide: none, local: none, not: "rbac.bind"},
		{name: "bind on bindings is refused", rules: l("bind,create rbac:clusterrolebindings,rolebindings"), wide: write, local: write, not: "rbac.bind"},
		{name: "bind of view only", rules: l("bind rbac:clusterroles view", "create rbac:rolebindings"), wide: write, local: write, not: "rbac.bind"},
		{name: "bind of the name star is nobody", rules: l("bind rbac:clusterroles *", "create rbac:clusterrolebindings"), wide: write, local: none, not: "rbac.bind"},
		{name: "create bindings without bind is lateral", rules: l("create rbac:clusterrolebindings"), wide: write, local: none, not: "rbac.bind"},
		{name: "names do not give create of bindings", rules: l("bind rbac:clusterroles", "create rbac:clusterrolebindings one"), wide: none, local: none, not: "rbac.bind"},
		{name: "bind on roles within a namespace", rules: l("bind rbac:roles", "create rbac:rolebindings"), wide: escalate, local: write, has: "rbac.bind", localHas: "rbac.bind"},

		{name: "patch roles without escalate", rules: l("patch rbac:clusterroles,roles"), wide: write, local: write, not: "rbac.escalate"},
		{name: "escalate with patch", rules: l("escalate,patch rbac:clusterroles"), wide: escalate, local: none, has: "rbac.escalate", inLocalNot: "rbac.escalate"},
		{name: "escalate with patch on roles", rules: l("escalate,patch rbac:roles"), wide: escalate, local: escalate, has: "rbac.escalate", localHas: "rbac.escalate"},
		{name: "escalate alone is inert", rules: l("escalate rbac:clusterroles,roles"), wide: none, local: none, not: "rbac.escalate"},
		{name: "escalate on one, patch on another", rules: l("escalate rbac:clusterroles a", "patch rbac:clusterroles b"), wide: write, local: none, not: "rbac.escalate"},

		{name: "impersonate service accounts", rules: l("impersonate serviceaccounts"), wide: escalate, local: write, has: "identity.impersonate", localHas: "identity.impersonate"},
		{name: "impersonate users", rules: l("impersonate users"), wide: escalate, local: none, has: "identity.impersonate", inLocalNot: "identity.impersonate"},
		{name: "impersonate one user", rules: l("impersonate users bob"), wide: write, local: none, has: "identity.impersonate"},
		{name: "impersonate the user star is nobody", rules: l("impersonate users *"), wide: none, local: none, not: "identity.impersonate"},
		{name: "groups without a user are inert", rules: l("impersonate groups"), wide: none, local: none, not: "identity.impersonate"},
		{name: "groups with one user", rules: l("impersonate groups", "impersonate users bob"), wide: escalate, local: none, has: "identity.impersonate"},
		{name: "group system:masters with one user", rules: l("impersonate groups system:masters", "impersonate users bob"), wide: escalate, local: none, has: "identity.impersonate"},
		{name: "group devs with one user", rules: l("impersonate groups devs", "impersonate users bob"), wide: write, local: none, has: "identity.impersonate"},
		{name: "uids and extras are inert", rules: l("impersonate authn:uids,userextras/scopes"), wide: none, local: none, not: "identity.impersonate"},
		{name: "impersonate in the wrong group", rules: l("impersonate authn:users"), wide: none, local: none, not: "identity.impersonate"},

		{name: "constrained impersonation", rules: l("impersonate:serviceaccount authn:serviceaccounts", "impersonate-on:serviceaccount:list secrets"), wide: escalate, local: read, has: "identity.impersonate", localHas: "identity.impersonate"},
		{name: "constrained without impersonate-on is inert", rules: l("impersonate:serviceaccount authn:serviceaccounts"), wide: none, local: none, not: "identity.impersonate"},
		{name: "impersonate-on alone is inert", rules: l("impersonate-on:serviceaccount:list secrets"), wide: none, local: none, not: "identity.impersonate"},
		{name: "constrained of another mode is inert", rules: l("impersonate:serviceaccount authn:serviceaccounts", "impersonate-on:user-info:list secrets"), wide: none, local: none, not: "identity.impersonate"},
		{name: "constrained in the core group is inert", rules: l("impersonate:serviceaccount serviceaccounts", "impersonate-on:serviceaccount:list secrets"), wide: none, local: none, not: "identity.impersonate"},
		{name: "a star within the verb is no star", rules: l("impersonate:serviceaccount authn:serviceaccounts", "impersonate-on:serviceaccount:* secrets"), wide: none, local: none, not: "secrets.read_all"},
		{name: "constrained reading of pods", rules: l("impersonate:user-info authn:users", "impersonate-on:user-info:get pods"), wide: read, local: none, has: "identity.impersonate"},
		{name: "constrained as a node", rules: l("impersonate:arbitrary-node authn:nodes", "impersonate-on:arbitrary-node:get secrets"), wide: escalate, local: none, has: "identity.impersonate"},

		{name: "create token", rules: l("create serviceaccounts/token"), wide: escalate, local: write, has: "tokens.create", localHas: "tokens.create"},
		{name: "star token", rules: l("create */token"), wide: escalate, local: write, has: "tokens.create", localHas: "tokens.create"},
		{name: "token of one account", rules: l("create serviceaccounts/token one"), wide: write, local: write, has: "tokens.create"},
		{name: "serviceaccounts star gives no token", rules: l("create serviceaccounts/*"), wide: write, local: write, not: "tokens.create"},
		{name: "create and get secrets makes tokens", rules: l("create,get secrets"), wide: escalate, local: write, has: "tokens.create", localHas: "tokens.create"},
		{name: "create secrets alone", rules: l("create secrets"), wide: write, local: write, has: "secrets.write", not: "tokens.create"},
		{name: "create secrets and read one", rules: l("create secrets", "get secrets mine"), wide: write, local: write, not: "tokens.create"},
		{name: "create secrets, read and delete one", rules: l("create secrets", "get,delete secrets mine"), wide: escalate, local: write, has: "tokens.create", localHas: "tokens.create"},
		{name: "create secrets, read one and delete another", rules: l("create secrets", "get secrets mine", "delete secrets other"), wide: write, local: write, not: "tokens.create"},
		{name: "get secrets", rules: l("get secrets"), wide: escalate, local: read, has: "secrets.read_all", localHas: "secrets.read_all"},
		{name: "list secrets shows values", rules: l("list secrets"), wide: escalate, local: read, has: "secrets.read_all", localHas: "secrets.read_all"},
		{name: "watch secrets shows values", rules: l("watch secrets"), wide: escalate, local: read, has: "secrets.read_all", localHas: "secrets.read_all"},
		{name: "named secret", rules: l("get secrets one"), wide: read, local: read, has: "secrets.read", localHas: "secrets.read", not: "secrets.read_all"},
		{name: "the name that is empty lists all", rules: l("list secrets ,"), wide: escalate, local: read, has: "secrets.read_all", localHas: "secrets.read_all"},
		{name: "the name that is empty beside another", rules: l("get,watch secrets a,,b"), wide: escalate, local: read, has: "secrets.read_all", localHas: "secrets.read_all"},
		{name: "the name that is empty gets none", rules: l("get,delete secrets ,"), wide: none, local: none, not: "secrets.read_all"},
		{name: "the name that is empty creates", rules: l("create pods ,"), wide: escalate, local: write, has: "compute.create", localHas: "compute.create"},
		{name: "the name that is empty and every verb", rules: l("* *:* ,"), wide: escalate, local: write, has: "compute.create", localHas: "compute.create", not: "admin.all"},
		{name: "the name that is empty of a subresource", rules: l("create serviceaccounts/token,pods/exec ,"), wide: none, local: none, not: "tokens.create"},
		{name: "the name that is empty of every resource", rules: l("create *:* ,"), wide: escalate, local: write, has: "compute.create", not: "compute.exec"},
		{name: "secrets of another group", rules: l("get example.com:secrets"), wide: read, local: read, not: "secrets.read_all"},
		{name: "secrets status", rules: l("get secrets/status"), wide: read, local: read, not: "secrets.read_all"},

		{name: "create pods", rules: l("create pods"), wide: escalate, local: write, has: "compute.create", localHas: "compute.create"},
		{name: "names do not give create", rules: l("create pods one"), wide: none, local: none, not: "compute.create"},
		{name: "create deployments", rules: l("create apps:deployments"), wide: escalate, local: write, has: "compute.create"},
		{name: "create jobs", rules: l("create batch:jobs"), wide: escalate, local: write, has: "compute.create"},
		{name: "patch jobs changes no template", rules: l("patch batch:jobs"), wide: write, local: write, not: "compute.create"},
		{name: "patch cronjobs", rules: l("patch batch:cronjobs"), wide: escalate, local: write, has: "compute.create"},
		{name: "patch deployments", rules: l("patch apps:deployments"), wide: escalate, local: write, has: "compute.create", localHas: "compute.create"},
		{name: "patch one deployment", rules: l("patch apps:deployments web"), wide: write, local: write, has: "compute.create"},
		{name: "deployments of no group", rules: l("create deployments"), wide: write, local: write, not: "compute.create"},
		{name: "delete deployments", rules: l("delete apps:deployments"), wide: write, local: write, not: "compute.create"},
		{name: "argo workflows", rules: l("create argoproj.io:workflows"), wide: escalate, local: write, has: "compute.create"},
		{name: "pod templates run nothing", rules: l("create podtemplates"), wide: write, local: write, has: "compute.template", not: "compute.create"},
		{name: "patch pods", rules: l("patch pods"), wide: escalate, local: write, has: "compute.exec"},
		{name: "pods star gives no exec", rules: l("create pods/*"), wide: write, local: write, not: "compute.exec"},
		{name: "exec", rules: l("create pods/exec"), wide: escalate, local: write, has: "compute.exec", localHas: "compute.exec"},
		{name: "exec into one", rules: l("create pods/exec one"), wide: write, local: write, has: "compute.exec"},
		{name: "attach", rules: l("create pods/attach"), wide: escalate, local: write, has: "compute.exec"},
		{name: "ephemeral containers", rules: l("patch pods/ephemeralcontainers"), wide: escalate, local: write, has: "compute.exec"},
		{name: "create ephemeral containers is no verb of it", rules: l("create pods/ephemeralcontainers"), wide: write, local: write, not: "compute.exec"},
		{name: "star exec", rules: l("create */exec"), wide: escalate, local: write, has: "compute.exec"},
		{name: "get nodes proxy", rules: l("get nodes/proxy"), wide: escalate, local: none, has: "nodes.proxy", inLocalNot: "nodes.proxy"},
		{name: "proxy of one node", rules: l("get nodes/proxy n1"), wide: escalate, local: none, has: "nodes.proxy"},
		{name: "list nodes proxy is no verb of it", rules: l("list nodes/proxy"), wide: read, local: none, not: "nodes.proxy"},
		{name: "volumes and pods", rules: l("create persistentvolumes", "create pods"), wide: escalate, local: write, has: "volumes.host", inLocalNot: "volumes.host"},
		{name: "volumes alone", rules: l("create persistentvolumes"), wide: write, local: none, has: "volumes.write", not: "volumes.host"},

		{name: "certificate requests, all of it", rules: l("create csr:certificatesigningrequests", "update csr:certificatesigningrequests/approval", "approve csr:signers kubernetes.io/kube-apiserver-client"), wide: escalate, local: none, has: "certificates.approve", inLocalNot: "certificates.approve"},
		{name: "approval of one request of its own", rules: l("create csr:certificatesigningrequests", "update csr:certificatesigningrequests/approval mine", "approve csr:signers"), wide: escalate, local: none, has: "certificates.approve"},
		{name: "approval for kubelets", rules: l("create csr:certificatesigningrequests", "patch csr:certificatesigningrequests/approval", "approve csr:signers kubernetes.io/kube-apiserver-client-kubelet"), wide: escalate, local: none, has: "certificates.approve"},
		{name: "approval for a signer of one's own", rules: l("create csr:certificatesigningrequests", "patch csr:certificatesigningrequests/approval", "approve csr:signers example.com/robots"), wide: write, local: none, has: "certificates.approve"},
		{name: "approval without signers", rules: l("create csr:certificatesigningrequests", "update csr:certificatesigningrequests/approval"), wide: write, local: none, not: "certificates.approve"},
		{name: "signers without approval", rules: l("create csr:certificatesigningrequests", "approve csr:signers"), wide: write, local: none, not: "certificates.approve"},
		{name: "sign without the key", rules: l("update csr:certificatesigningrequests/status", "sign csr:signers"), wide: write, local: none, has: "certificates.approve"},

		{name: "mutating webhooks", rules: l("patch admission:mutatingwebhookconfigurations"), wide: escalate, local: none, has: "admission.write", inLocalNot: "admission.write"},
		{name: "one mutating webhook is as good", rules: l("patch admission:mutatingwebhookconfigurations one"), wide: escalate, local: none, has: "admission.write"},
		{name: "validating webhooks", rules: l("create admission:validatingwebhookconfigurations"), wide: escalate, local: none, has: "admission.write"},
		{name: "mutating policies with bindings", rules: l("create admission:mutatingadmissionpolicies,mutatingadmissionpolicybindings"), wide: escalate, local: none, has: "admission.write"},
		{name: "a policy without a binding does nothing", rules: l("create admission:mutatingadmissionpolicies"), wide: write, local: none, has: "admission.write"},
		{name: "validating policies only refuse", rules: l("create,patch admission:validatingadmissionpolicies"), wide: write, local: none, has: "admission.write"},
		{name: "api services", rules: l("create apiregistration.k8s.io:apiservices"), wide: escalate, local: none, has: "admission.write"},
		{name: "aws-auth by name", rules: l("patch configmaps aws-auth"), wide: escalate, local: write, has: "trust.write"},
		{name: "configmaps", rules: l("patch configmaps"), wide: write, local: write, has: "policy.write", not: "trust.write"},

		{name: "reads", rules: l("get,list,watch pods,services"), wide: read, local: read},
		{name: "namespaced grants of nodes do nothing", rules: l("get,patch nodes"), wide: write, local: none},
		{name: "patch namespaces", rules: l("patch namespaces"), wide: write, local: write, has: "namespaces.write", localHas: "namespaces.write"},
		{name: "service accounts", rules: l("patch serviceaccounts"), wide: write, local: write, has: "identity.write"},
		{name: "questions about oneself", rules: l("create authorization.k8s.io:selfsubjectaccessreviews,selfsubjectrulesreviews"), wide: none, local: none},
		{name: "questions about others", rules: l("create authn:tokenreviews", "create authorization.k8s.io:subjectaccessreviews"), wide: read, local: none},
		{name: "an empty verb", rules: l(", pods"), wide: none, local: none},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			for _, wide := range []bool{true, false} {
				got, want, has := reach.Rules(rules(tt.rules...), wide), tt.local, tt.localHas
				if wide {
					want, has = tt.wide, tt.has
				}
				if got.Level != want {
					t.Errorf("wide %v: level %q, want %q (%q)", wide, got.Level, want, got.Reasons)
				}
				if has != "" && !slices.Contains(got.Capabilities, has) {
					t.Errorf("wide %v: capabilities %q, want %s among them", wide, got.Capabilities, has)
				}
				if tt.not != "" && slices.Contains(got.Capabilities, tt.not) {
					t.Errorf("wide %v: capabilities %q, want no %s", wide, got.Capabilities, tt.not)
				}
				if !wide && tt.inLocalNot != "" && slices.Contains(got.Capabilities, tt.inLocalNot) {
					t.Errorf("in a namespace: capabilities %q, want no %s", got.Capabilities, tt.inLocalNot)
				}
				if len(got.Reasons) == 0 {
					t.Error("no reason given")
				}
			}
		})
	}
}

func l(s ...string) []string { return s }

// TestPermissions holds the table to its own form, and every row to be met by
// what it asks for, cluster-wide and, if it says so, in a namespace, and by
// nothing less.
func TestPermissions(t *testing.T) {
	seen := map[string]bool{}
	for _, p := range reach.Permissions() {
		t.Run(p.ID, func(t *testing.T) {
			if seen[p.ID] || p.ID == "" || p.Capability == "" || p.Why == "" || len(p.Sources) == 0 || p.Tier != 1 && p.Tier != 2 || len(p.Needs) == 0 {
				t.Fatalf("incomplete or double: %+v", p)
			}
			seen[p.ID] = true
			if p.Tier == 1 && (p.Leads == "" || p.Wide.Rank() < escalate.Rank()) || p.Tier == 2 && p.Wide.Rank() > write.Rank() {
				t.Errorf("tier %d does not go with level %q and leads %q", p.Tier, p.Wide, p.Leads)
			}
			for i := range p.Needs {
				var lacking []string
				for k := range p.Needs {
					if k != i {
						lacking = append(lacking, text(&p.Needs[k]))
					}
				}
				if got := reach.Rules(rules(lacking...), true); len(p.Needs) > 1 && told(got.Reasons, p.Why) {
					t.Errorf("without need %d it is told all the same: %q", i, got.Reasons)
				}
			}
			var all []string
			for i := range p.Needs {
				all = append(all, text(&p.Needs[i]))
			}
			if p.ID == "bind-roles" || p.ID == "constrained-associated-node" {
				return
			}
			got := reach.Rules(rules(all...), true)
			if !slices.Contains(got.Capabilities, p.Capability) && p.Capability != "admin.all" || got.Level.Rank() < p.Wide.Rank() && !strings.HasPrefix(p.ID, "constrained") {
				t.Errorf("%q give %q with %q", all, got.Level, got.Capabilities)
			}
		})
	}
	if len(seen) < 50 {
		t.Errorf("%d permissions", len(seen))
	}
}

// text writes the first access of a need as a rule.
func text(n *reach.Need) string {
	a := n.Any[0]
	if strings.HasPrefix(a.Group, "impersonate-on:") {
		return a.Resource + ":get secrets"
	}
	group := a.Group
	if group != "" {
		group += ":"
	}
	out := a.Verbs[0] + " " + group + a.Resource
	if n.Only {
		out += " " + n.Names[0]
	}
	return out
}

// told reports whether a reason ends in a sentence.
func told(reasons []string, why string) bool {
	return slices.ContainsFunc(reasons, func(r string) bool { return strings.HasSuffix(r, ": "+why) })
}

func TestStandardRoles(t *testing.T) {
	for name, want := range map[string][2]inventory.Level{
		"cluster-admin": {admin, admin}, "admin": {escalate, write}, "edit": {escalate, write}, "view": {read, read}, "system:discovery": {read, read},
	} {
		for i, wide := range []bool{true, false} {
			if got, ok := reach.Role(name, wide); !ok || got.Level != want[i] {
				t.Errorf("%s, cluster-wide %v: %q %v, want %q", name, wide, got.Level, ok, want[i])
			}
		}
	}
	if got, _ := reach.Role("edit", false); !slices.Contains(got.Capabilities, "secrets.read_all") || !slices.Contains(got.Capabilities, "identity.impersonate") {
		t.Errorf("edit: %q", got.Capabilities)
	}
	if got, _ := reach.Role("view", true); len(got.Capabilities) != 1 || got.Capabilities[0] != "logs.read" {
		t.Errorf("view: %q", got.Capabilities)
	}
	if _, ok := reach.Role("my-role", true); ok {
		t.Error("my-role is taken for a built-in one")
	}
}
