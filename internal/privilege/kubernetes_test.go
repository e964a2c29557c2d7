package privilege_test

import (
	"slices"
	"testing"

	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/internal/privilege"
)

// rule builds a rule from verbs, groups and resources.
func rule(verbs, groups, resources []string, names ...string) privilege.Rule {
	return privilege.Rule{Verbs: verbs, APIGroups: groups, Resources: resources, ResourceNames: names}
}

func l(s ...string) []string { return s }

// TestKubernetesRules holds the facts that were checked against a real API
// server: what takes over, what is inert, what is only lateral.
func TestKubernetesRules(t *testing.T) {
	const rbac, csr = "rbac.authorization.k8s.io", "certificates.k8s.io"
	core := l("")
	tests := []struct {
		name       string
		rules      []privilege.Rule
		namespaced bool
		level      inventory.Level
		has, not   string // capabilities
	}{
		{name: "nothing", level: inventory.LevelNone},
		{name: "star", rules: []privilege.Rule{rule(l("*"), l("*"), l("*"))}, level: inventory.LevelAdmin, has: "admin.all"},
		{name: "star in a namespace", rules: []privilege.Rule{rule(l("*"), l("*"), l("*"))}, namespaced: true, level: inventory.LevelAdmin, has: "admin.all", not: "nodes.proxy"},
		{name: "star of one custom group is harmless", rules: []privilege.Rule{rule(l("*"), l("widgets.example"), l("*"))}, level: inventory.LevelWrite, not: "admin.all"},
		{name: "bind with create on bindings", rules: []privilege.Rule{rule(l("bind"), l(rbac), l("clusterroles")), rule(l("create"), l(rbac), l("clusterrolebindings"))}, level: inventory.LevelEscalate, has: "rbac.bind"},
		{name: "bind without create is inert", rules: []privilege.Rule{rule(l("bind"), l(rbac), l("clusterroles"))}, level: inventory.LevelNone, not: "rbac.bind"},
		{name: "bind on bindings is refused", rules: []privilege.Rule{rule(l("bind", "create"), l(rbac), l("clusterrolebindings"))}, level: inventory.LevelWrite, not: "rbac.bind"},
		{name: "bind of view only", rules: []privilege.Rule{rule(l("bind"), l(rbac), l("clusterroles"), "view"), rule(l("create"), l(rbac), l("rolebindings"))}, level: inventory.LevelWrite, not: "rbac.bind"},
		{name: "bind of the name star is nobody", rules: []privilege.Rule{rule(l("bind"), l(rbac), l("clusterroles"), "*"), rule(l("create"), l(rbac), l("clusterrolebindings"))}, level: inventory.LevelWrite, not: "rbac.bind"},
		{name: "create bindings without bind is lateral", rules: []privilege.Rule{rule(l("create"), l(rbac), l("clusterrolebindings"))}, level: inventory.LevelWrite, not: "rbac.bind"},
		{name: "patch roles without escalate", rules: []privilege.Rule{rule(l("patch"), l(rbac), l("clusterroles"))}, level: inventory.LevelWrite, not: "rbac.escalate"},
		{name: "escalate with patch", rules: []privilege.Rule{rule(l("escalate", "patch"), l(rbac), l("clusterroles"))}, level: inventory.LevelEscalate, has: "rbac.escalate"},
		{name: "escalate alone is inert", rules: []privilege.Rule{rule(l("escalate"), l(rbac), l("clusterroles"))}, level: inventory.LevelNone, not: "rbac.escalate"},
		{name: "impersonate service accounts", rules: []privilege.Rule{rule(l("impersonate"), core, l("serviceaccounts"))}, level: inventory.LevelEscalate, has: "identity.impersonate"},
		{name: "impersonate users", rules: []privilege.Rule{rule(l("impersonate"), core, l("users"))}, level: inventory.LevelEscalate, has: "identity.impersonate"},
		{name: "impersonate one user", rules: []privilege.Rule{rule(l("impersonate"), core, l("users"), "bob")}, level: inventory.LevelWrite, has: "identity.impersonate"},
		{name: "constrained impersonation", rules: []privilege.Rule{rule(l("impersonate:serviceaccount"), l("authentication.k8s.io"), l("serviceaccounts")), rule(l("impersonate-on:serviceaccount:list"), core, l("secrets"))}, level: inventory.LevelEscalate, has: "identity.impersonate"},
		{name: "create token", rules: []privilege.Rule{rule(l("create"), core, l("serviceaccounts/token"))}, level: inventory.LevelEscalate, has: "tokens.create"},
		{name: "star token", rules: []privilege.Rule{rule(l("create"), core, l("*/token"))}, level: inventory.LevelEscalate, has: "tokens.create"},
		{name: "pods star gives no exec", rules: []privilege.Rule{rule(l("create"), core, l("pods/*"))}, level: inventory.LevelWrite, not: "compute.exec"},
		{name: "star exec", rules: []privilege.Rule{rule(l("create"), core, l("*/exec"))}, level: inventory.LevelEscalate, has: "compute.exec"},
		{name: "create and get secrets mints tokens", rules: []privilege.Rule{rule(l("create", "get"), core, l("secrets"))}, namespaced: true, level: inventory.LevelEscalate, has: "tokens.create"},
		{name: "list secrets shows values", rules: []privilege.Rule{rule(l("list"), core, l("secrets"))}, level: inventory.LevelEscalate, has: "secrets.read_all"},
		{name: "watch secrets in a namespace", rules: []privilege.Rule{rule(l("watch"), core, l("secrets"))}, namespaced: true, level: inventory.LevelRead, has: "secrets.read_all"},
		{name: "named secret", rules: []privilege.Rule{rule(l("get"), core, l("secrets"), "one")}, level: inventory.LevelRead, has: "secrets.read", not: "secrets.read_all"},
		{name: "names do not give create", rules: []privilege.Rule{rule(l("create"), core, l("pods"), "one")}, level: inventory.LevelWrite, not: "compute.create"},
		{name: "create pods", rules: []privilege.Rule{rule(l("create"), core, l("pods"))}, level: inventory.LevelEscalate, has: "compute.create"},
		{name: "patch deployments in a namespace", rules: []privilege.Rule{rule(l("patch"), l("apps"), l("deployments"))}, namespaced: true, level: inventory.LevelWrite, has: "compute.create"},
		{name: "deployments of no group", rules: []privilege.Rule{rule(l("create"), core, l("deployments"))}, level: inventory.LevelWrite, not: "compute.create"},
		{name: "get nodes proxy", rules: []privilege.Rule{rule(l("get"), core, l("nodes/proxy"))}, level: inventory.LevelEscalate, has: "nodes.proxy"},
		{name: "nodes proxy in a namespace means nothing", rules: []privilege.Rule{rule(l("get"), core, l("nodes/proxy"))}, namespaced: true, level: inventory.LevelRead, not: "nodes.proxy"},
		{name: "certificate requests, all of it", rules: []privilege.Rule{rule(l("create"), l(csr), l("certificatesigningrequests")), rule(l("update"), l(csr), l("certificatesigningrequests/approval")), rule(l("approve"), l(csr), l("signers"), "kubernetes.io/kube-apiserver-client")}, level: inventory.LevelEscalate, has: "certificates.approve"},
		{name: "approval without signers", rules: []privilege.Rule{rule(l("create"), l(csr), l("certificatesigningrequests")), rule(l("update"), l(csr), l("certificatesigningrequests/approval"))}, level: inventory.LevelWrite, not: "certificates.approve"},
		{name: "mutating policies", rules: []privilege.Rule{rule(l("create"), l("admissionregistration.k8s.io"), l("mutatingadmissionpolicies"))}, level: inventory.LevelEscalate, has: "admission.write"},
		{name: "reads", rules: []privilege.Rule{rule(l("get", "list", "watch"), core, l("pods", "services"))}, level: inventory.LevelRead},
		{name: "patch namespaces", rules: []privilege.Rule{rule(l("patch"), core, l("namespaces"))}, level: inventory.LevelWrite, has: "policy.write"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := privilege.KubernetesRules(tt.rules, !tt.namespaced)
			if got.Level != tt.level {
				t.Errorf("level %q, want %q (%q)", got.Level, tt.level, got.Reasons)
			}
			if tt.has != "" && !slices.Contains(got.Capabilities, tt.has) {
				t.Errorf("capabilities %q, want %s among them", got.Capabilities, tt.has)
			}
			if tt.not != "" && slices.Contains(got.Capabilities, tt.not) {
				t.Errorf("capabilities %q, want no %s", got.Capabilities, tt.not)
			}
			if len(got.Reasons) == 0 {
				t.Error("no reason given")
			}
		})
	}
}

// TestLevelsNeverFall adds rules and expects no weaker level: more permissions
// never allow less.
func TestLevelsNeverFall(t *testing.T) {
	pool := []privilege.Rule{
		rule(l("get"), l(""), l("pods")), rule(l("create"), l(""), l("pods")), rule(l("list"), l(""), l("secrets")),
		rule(l("bind"), l("*"), l("clusterroles")), rule(l("create"), l("*"), l("rolebindings")), rule(l("*"), l("*"), l("*")),
	}
	for mask := range 1 << len(pool) {
		var rules []privilege.Rule
		before := 0
		for i, r := range pool {
			if mask&(1<<i) == 0 {
				continue
			}
			rules = append(rules, r)
			now := privilege.KubernetesRules(rules, true).Level.Rank()
			if now < before {
				t.Fatalf("%b: rule %d lowers the level from %d to %d", mask, i, before, now)
			}
			before = now
		}
	}
}

func TestKubernetesRole(t *testing.T) {
	for name, want := range map[string]inventory.Level{"cluster-admin": inventory.LevelAdmin, "edit": inventory.LevelEscalate, "view": inventory.LevelRead} {
		if got, ok := privilege.KubernetesRole(name, true); !ok || got.Level != want {
			t.Errorf("%s: %q %v, want %q", name, got.Level, ok, want)
		}
	}
	if _, ok := privilege.KubernetesRole("my-role", true); ok {
		t.Error("my-role is taken for a built-in one")
	}
}

func TestGitHubPermissions(t *testing.T) {
	tests := []struct {
		name  string
		given map[string]string
		level inventory.Level
		has   string
	}{
		{"unset depends on settings", nil, inventory.LevelUnknown, ""},
		{"empty", map[string]string{}, inventory.LevelNone, ""},
		{"none", map[string]string{"contents": "none"}, inventory.LevelNone, ""},
		{"read-all", map[string]string{"*": "read"}, inventory.LevelRead, ""},
		{"write-all", map[string]string{"*": "write"}, inventory.LevelWrite, "code.write"},
		{"contents write", map[string]string{"contents": "write", "issues": "read"}, inventory.LevelWrite, "code.write"},
		{"oidc writes nothing", map[string]string{"id-token": "write"}, inventory.LevelRead, "oidc.token"},
		{"administration", map[string]string{"administration": "write"}, inventory.LevelAdmin, "identity.write"},
		{"misspelt", map[string]string{"contents": "wirte"}, inventory.LevelUnknown, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := privilege.GitHubPermissions(tt.given)
			if got.Level != tt.level || tt.has != "" && !slices.Contains(got.Capabilities, tt.has) {
				t.Errorf("%+v, want %s with %s", got, tt.level, tt.has)
			}
		})
	}
}
