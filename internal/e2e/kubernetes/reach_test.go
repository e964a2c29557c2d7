//go:build e2e

package kubernetes

import (
	"strings"
	"testing"

	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/scanners/kubernetes/live"
)

// A labelled is an account with one permission across the cluster, and what
// that comes to on a real server (most of it is done in TestE2EFacts).
type labelled struct {
	name  string
	mine  bool // it leads further: to other identities, their Secrets or nodes
	rules []thing
}

func labelledAccounts() []labelled {
	const admission = "admissionregistration.k8s.io"
	named := func(r thing, names ...string) thing { return with(r, thing{"resourceNames": names}) }
	return []labelled{
		{"everything", true, []thing{everything()}},
		{"bind-roles", true, []thing{may(rbacGroup, "clusterroles", "bind"), may(rbacGroup, "clusterrolebindings", "create")}},
		{"bind-bindings", false, []thing{may(rbacGroup, "clusterrolebindings", "bind", "create")}},
		{"bind-alone", false, []thing{may(rbacGroup, "clusterroles", "bind")}},
		{"bind-star-name", false, []thing{named(may(rbacGroup, "clusterroles", "bind"), "*"), may(rbacGroup, "clusterrolebindings", "create")}},
		{"patch-roles", false, []thing{may(rbacGroup, "clusterroles", "patch", "update")}},
		{"escalate-alone", false, []thing{may(rbacGroup, "clusterroles", "escalate")}},
		{"escalate-and-patch", true, []thing{may(rbacGroup, "clusterroles", "escalate", "patch")}},
		{"impersonate-accounts", true, []thing{may("", "serviceaccounts", "impersonate")}},
		{"impersonate-users", true, []thing{may("", "users", "impersonate")}},
		{"impersonate-constrained", true, []thing{may("authentication.k8s.io", "serviceaccounts", "impersonate:serviceaccount"), may("", "secrets", "impersonate-on:serviceaccount:list")}},
		{"impersonate-half", false, []thing{may("authentication.k8s.io", "serviceaccounts", "impersonate:serviceaccount")}},
		{"token", true, []thing{may("", "serviceaccounts/token", "create")}},
		{"any-token", true, []thing{may("", "*/token", "create")}},
		{"mint-and-read", true, []thing{may("", "secrets", "create", "get")}},
		{"secrets-get", true, []thing{may("", "secrets", "get")}},
		{"secrets-list", true, []thing{may("", "secrets", "list")}},
		{"secrets-watch", true, []thing{may("", "secrets", "watch")}},
		{"sign", true, []thing{may(certificates, requests, "create"), may(certificates, requests+"/approval", "update"), named(may(certificates, "signers", "approve"), clientSigner)}},
		{"sign-without-signer", false, []thing{may(certificates, requests, "create"), may(certificates, requests+"/approval", "update")}},
		{"node-proxy", true, []thing{may("", "nodes/proxy", "get")}},
		{"pods", true, []thing{may("", "pods", "create")}},
		{"deployments", true, []thing{may("apps", "deployments", "create")}},
		{"jobs", true, []thing{may("batch", "jobs", "create")}},
		{"exec", true, []thing{may("", "pods/exec", "create"), may("", "pods", "get", "list")}},
		{"pods-slash-star", false, []thing{may("", "pods/*", "create")}},
		{"ephemeral", true, []thing{may("", "pods/ephemeralcontainers", "patch"), may("", "pods", "get", "list")}},
		{"webhooks", true, []thing{may(admission, "mutatingwebhookconfigurations", "create")}},
		{"policies", true, []thing{may(admission, "mutatingadmissionpolicies", "create"), may(admission, "mutatingadmissionpolicybindings", "create")}},
		{"apiservices", true, []thing{may("apiregistration.k8s.io", "apiservices", "create")}},
		{"one-group", false, []thing{may("example.com", "*", "*")}},
		{"reader", false, []thing{may("", "pods", "get", "list")}},
	}
}

// TestE2ELevels scans a cluster with one account for each permission and looks
// whether the level of each is what the permission is worth on a real server.
func TestE2ELevels(t *testing.T) {
	p := control(t)
	ns := p.room(t, "levels")
	accounts := labelledAccounts()
	var objects []thing
	for _, a := range accounts {
		full := ns + "-" + a.name
		objects = append(objects, account(ns, a.name), role("", full, a.rules...), bind("", full, "ClusterRole", full, toAccount(ns, a.name)))
	}
	group := p.room(t, "levels-group")
	objects = append(objects, account(ns, "as-user"), bind("", ns+"-as-user", "ClusterRole", "cluster-admin", toUser(userOf(ns, "as-user"))),
		account(group, "by-group"), bind("", ns+"-by-group", "ClusterRole", "cluster-admin", toGroup("system:serviceaccounts:"+group)))
	objects = append(objects, grantRules(ns, "scanner", live.Permissions(false))...)
	p.load(t, objects...)
	p.known(t)
	level := map[string]inventory.Level{}
	for _, r := range p.scan(t, ns, "scanner", thing{"cluster": "northwind"}, nil) {
		if g := r.Grant; g != nil {
			if name, ok := strings.CutPrefix(g.Principal, "kubernetes:northwind/serviceaccounts/"); ok && g.Level.Rank() > level[name].Rank() {
				level[name] = g.Level
			}
		}
	}
	further := inventory.LevelEscalate.Rank()
	for _, a := range accounts {
		got := level[ns+"/"+a.name]
		if (got.Rank() >= further) != a.mine {
			t.Errorf("%s: the level is %q; leads further on a real server: %v", a.name, got, a.mine)
		}
	}
	for _, name := range []string{ns + "/as-user", group + "/by-group", ns + "/everything"} {
		if level[name] != inventory.LevelAdmin {
			t.Errorf("%s: the level is %q, want admin", name, level[name])
		}
	}
}
