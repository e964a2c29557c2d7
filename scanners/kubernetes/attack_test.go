package kubernetes

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/internal/privilege"
	"github.com/muster-nhi/muster/scanners/kubernetes/object"
)

// Names alone make nothing the platform's: whoever may make a namespace and a
// binding may choose them.
func TestBorrowedNames(t *testing.T) {
	for _, tt := range []struct {
		name, version string
		subject       object.Subject
		binding       string
		declared      bool
		by            string
	}{
		{"of OpenShift elsewhere", "v1.36.3", sa("openshift-evil", "runner"), "openshift-evil", false, ""},
		{"of GKE elsewhere", "v1.36.3", sa("gke-managed-evil", "runner"), "gke-evil", false, ""},
		{"of EKS on GKE", "v1.36.3-gke.100", sa("kube-system", "eks-evil"), "eks-evil", false, ""},
		{"of EKS where the version is not known", "", sa("kube-system", "eks-evil"), "eks-evil", false, ""},
		{"of EKS in a manifest", "v1.36.3-eks-113cf36", sa("kube-system", "eks-evil"), "eks-evil", true, ""},
		{"a user of EKS elsewhere", "v1.36.3", object.Subject{Kind: kindUser, Name: "eks:evil"}, "eks:evil", false, ""},
		{"of EKS on EKS", "v1.36.3-eks-113cf36", sa("kube-system", "eks-vpc"), "eks-vpc", false, "eks"},
		{"of GKE on GKE", "v1.36.3-gke.100", sa("gke-managed-system", "x"), "gke-x", false, "gke"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := &object.Cluster{
				Version: tt.version, Listings: complete(), Roles: []object.Role{clusterRole("cluster-admin", anything())},
				Bindings: []object.Binding{bound("", tt.binding, "ClusterRole", "cluster-admin", tt.subject)},
			}
			got := mapped(t, c, func(m *mapper) { m.declared = tt.declared })
			for _, r := range got {
				if r.Grant != nil && r.Grant.ManagedBy != tt.by {
					t.Errorf("grant is managed by %q, want %q", r.Grant.ManagedBy, tt.by)
				}
				if r.Identity != nil && r.Identity.ManagedBy != tt.by {
					t.Errorf("identity is managed by %q, want %q", r.Identity.ManagedBy, tt.by)
				}
			}
		})
	}
}

// A token that somebody made for an account of the control plane is his, not the
// platform's.
func TestTokenOfAController(t *testing.T) {
	controller := account1("kube-system", "clusterrole-aggregation-controller")
	controller.Secrets = []string{"listed"}
	c := &object.Cluster{Listings: complete(), ServiceAccounts: []object.ServiceAccount{controller}}
	for _, name := range []string{"listed", "mine"} {
		c.Secrets = append(c.Secrets, object.Secret{Meta: meta("Secret", "kube-system", name), Type: typeToken, ServiceAccount: controller.Name, ServiceAccountUID: controller.UID})
	}
	got := mapped(t, c)
	if by := got[at+"secrets/kube-system/listed"].Credential.ManagedBy; by != "kubernetes" {
		t.Errorf("the token of the control plane is managed by %q", by)
	}
	if by := got[at+"secrets/kube-system/mine"].Credential.ManagedBy; by != "" {
		t.Errorf("the token that somebody made is managed by %q", by)
	}
}

// A user's name is an account's only if an account can have it.
func TestUserLikeAnAccount(t *testing.T) {
	c := &object.Cluster{
		Listings: complete(), Roles: []object.Role{clusterRole("cluster-admin", anything())},
		Bindings: []object.Binding{bound("", "b", "ClusterRole", "cluster-admin",
			object.Subject{Kind: kindUser, Name: "system:serviceaccount:Payments:runner"}, object.Subject{Kind: kindUser, Name: "system:serviceaccount:payments:runner"})},
	}
	got := mapped(t, c)
	for id, typ := range map[string]string{"users/system:serviceaccount:Payments:runner": "kubernetes.user", "serviceaccounts/payments/runner": "kubernetes.service_account"} {
		x := got[at+id].Identity
		if x == nil || x.Type != typ || x.Attributes["effective_level"] != "admin" {
			t.Errorf("%s: %+v", id, x)
		}
	}
}

// A token of the API server is one however it comes into the pod.
func TestTokensInPods(t *testing.T) {
	workload := func(name string, pod object.Pod) object.Workload {
		w := object.Workload{Meta: meta("Deployment", "shop", name), Replicas: 1, Running: 1, Pod: pod}
		w.Group = "apps"
		return w
	}
	off := account1("shop", "off")
	off.Automount, off.Secrets = inventory.False, []string{"off-token"}
	boss := account1("shop", "boss")
	boss.Automount = inventory.False
	token := func(name, of string) object.Secret {
		return object.Secret{Meta: meta("Secret", "shop", name), Type: typeToken, ServiceAccount: of, ServiceAccountUID: "uid-" + of}
	}
	for _, tt := range []struct {
		name, mounted, boss string
		pod                 object.Pod
		unlisted            bool
	}{
		{name: "nothing", mounted: "false", boss: "false", pod: object.Pod{ServiceAccount: "off"}},
		{name: "a projected one for the API server by name", mounted: "true", boss: "false", pod: object.Pod{ServiceAccount: "off", Tokens: []object.ProjectedToken{{Audience: "https://kubernetes.default.svc.cluster.local"}}}},
		{name: "a projected one for others", mounted: "false", boss: "false", pod: object.Pod{ServiceAccount: "off", Tokens: []object.ProjectedToken{{Audience: "vault"}}}},
		{name: "a Secret of its own", mounted: "true", boss: "false", pod: object.Pod{ServiceAccount: "off", Secrets: []object.SecretUse{{Name: "off-token", How: "volume"}}}},
		{name: "a Secret of another account", mounted: "false", boss: "true", pod: object.Pod{ServiceAccount: "off", Secrets: []object.SecretUse{{Name: "boss-token", Key: "token", How: "env"}}}},
		{name: "the certificate of such a Secret", mounted: "false", boss: "false", pod: object.Pod{ServiceAccount: "off", Secrets: []object.SecretUse{{Name: "boss-token", Key: "ca.crt", How: "env"}}}},
		{name: "a Secret that the account lists, Secrets not listed", mounted: "true", boss: "false", pod: object.Pod{ServiceAccount: "off", Secrets: []object.SecretUse{{Name: "off-token", How: "volume"}}}, unlisted: true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := &object.Cluster{
				Listings: complete(), ServiceAccounts: []object.ServiceAccount{boss, off}, Roles: []object.Role{
					clusterRole("cluster-admin", anything()),
					clusterRole("exec", privilege.Rule{Verbs: []string{"create"}, APIGroups: []string{""}, Resources: []string{"pods/exec"}}),
				},
				Bindings: []object.Binding{
					bound("", "b", "ClusterRole", "cluster-admin", sa("shop", "boss")),
					bound("shop", "e", "ClusterRole", "exec", object.Subject{Kind: kindUser, Name: "eve"}),
				},
				Workloads: []object.Workload{workload("api", tt.pod)}, Secrets: []object.Secret{token("boss-token", "boss"), token("off-token", "off")},
			}
			if tt.unlisted {
				c.Secrets = nil
			}
			got := mapped(t, c)
			for name, want := range map[string]string{"off": tt.mounted, "boss": tt.boss} {
				if x := got[at+"serviceaccounts/shop/"+name].Identity.Attributes["mounted"]; x != want {
					t.Errorf("%s mounted %q, want %q", name, x, want)
				}
			}
			want := "write"
			if tt.boss == "true" {
				want = "escalate"
			}
			if x := got[at+"users/eve"].Identity.Attributes["effective_level"]; x != want {
				t.Errorf("who may enter the pod is %q, want %q", x, want)
			}
			for id, r := range got {
				if r.Trust != nil && strings.Contains(r.Trust.Audience, "kubernetes.default") {
					t.Errorf("%s: the API server is told as somebody else", id)
				}
			}
		})
	}
}

// Dates that lie in the future, which whoever may label a Secret can write, are
// not believed: neither used lately nor never used, neither new nor old.
func TestFutureDates(t *testing.T) {
	now := time.Date(2026, 11, 22, 8, 0, 0, 0, time.UTC)
	future := now.AddDate(70, 0, 0)
	s := object.Secret{Meta: meta("Secret", "shop", "t"), Type: typeToken, ServiceAccount: "api", LastUsed: future, WrittenAt: future}
	c := &object.Cluster{Listings: complete(), ServiceAccounts: []object.ServiceAccount{account1("shop", "api")}, Secrets: []object.Secret{s}, TokensTrackedSince: now.AddDate(-1, 0, 0)}
	got := mapped(t, c, func(m *mapper) { m.now = now })
	if x := got[at+"secrets/shop/t"].Credential; !x.RotatedAt.IsZero() {
		t.Errorf("written at %s", x.RotatedAt)
	}
	for id, r := range got {
		if r.Usage != nil {
			t.Errorf("%s: %+v", id, r.Usage)
		}
	}
	if notes := strings.Join(got["coverage usage"].Coverage.Notes, "; "); !strings.Contains(notes, "in the future") {
		t.Errorf("notes %q", notes)
	}
	c.Secrets[0].LastUsed, c.TokensTrackedSince = time.Time{}, future
	for id, r := range mapped(t, c, func(m *mapper) { m.now = now }) {
		if r.Usage != nil {
			t.Errorf("%s: tracked since %s", id, r.Usage.TrackedSince)
		}
	}
	today := time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)
	c.Secrets[0].LastUsed, c.TokensTrackedSince = today, today.AddDate(-1, 0, 0)
	if got := mapped(t, c, func(m *mapper) { m.now = now }); got["usage "+sourceLabel+" "+at+"secrets/shop/t"].Usage == nil {
		t.Error("a use of today is not told")
	}
}

// What a user holds by his own name and what he holds by the groups in his
// certificate count together.
func TestCertificateGroups(t *testing.T) {
	authority := func(verb, resource string) privilege.Rule {
		return privilege.Rule{Verbs: []string{verb}, APIGroups: []string{object.GroupRBAC}, Resources: []string{resource}}
	}
	c := &object.Cluster{
		Listings: complete(), Roles: []object.Role{clusterRole("binder", authority("bind", "clusterroles")), clusterRole("maker", authority("create", "clusterrolebindings"))},
		Bindings: []object.Binding{
			bound("", "b", "ClusterRole", "binder", object.Subject{Kind: kindUser, Name: "eve"}),
			bound("", "c", "ClusterRole", "maker", object.Subject{Kind: kindGroup, Name: "devs"}),
		},
		Requests: []object.SigningRequest{{Meta: meta("CertificateSigningRequest", "", "eve"), Signer: signerClient, CommonName: "eve", Groups: []string{"devs"}, Approved: inventory.True, Issued: &object.X509{}}},
	}
	got := mapped(t, c)
	if x := got[at+"users/eve"].Identity.Attributes["effective_level"]; x != "escalate" {
		t.Errorf("effective level %q", x)
	}
	if got[at+"effective/User/eve"].Grant == nil {
		t.Error("no grant says what both come to")
	}
	if x := got[at+"groups/devs"].Identity.Attributes["effective_level"]; x != "write" {
		t.Errorf("effective level of the group %q", x)
	}
}

// A group that rules ask for is not cut off behind many others.
func TestManyGroups(t *testing.T) {
	var groups []string
	for i := range 100 {
		groups = append(groups, fmt.Sprintf("%d-%s", i, strings.Repeat("g", 100)))
	}
	c := &object.Cluster{Listings: complete(), Requests: []object.SigningRequest{{
		Meta: meta("CertificateSigningRequest", "", "eve"), Signer: signerClient, CommonName: "eve", Groups: append(groups, "system:masters"), Approved: inventory.True, Issued: &object.X509{},
	}}}
	got := mapped(t, c)
	if x := got[at+"certificatesigningrequests/eve"].Credential.Attributes["groups"]; !strings.HasPrefix(x, "system:masters,") {
		t.Errorf("groups %q", x)
	}
	if x := got[at+"users/eve"].Identity.Attributes["effective_level"]; x != "admin" {
		t.Errorf("effective level %q", x)
	}
}

// A role is Kubernetes' own by its whole name only.
func TestRolesNamedLikeDefaultOnes(t *testing.T) {
	for role, want := range map[string]string{"system:evil": "", "system:controller:evil": "", "system:node-bootstrapper": "true", "view": "true", "system:openshift:evil": ""} {
		c := &object.Cluster{Version: "v1.36.3", Listings: complete(), Roles: []object.Role{clusterRole(role, anything())}, Bindings: []object.Binding{bound("", "b", "ClusterRole", role, sa("shop", "api"))}}
		if x := mapped(t, c)[at+"clusterrolebindings/b/ServiceAccount/shop/api"].Grant.Attributes["role_default"]; x != want {
			t.Errorf("%s: %q, want %q", role, x, want)
		}
	}
}
