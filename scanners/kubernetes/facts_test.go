package kubernetes

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/internal/privilege"
	"github.com/muster-nhi/muster/scanners/kubernetes/audit"
	"github.com/muster-nhi/muster/scanners/kubernetes/manifest"
	"github.com/muster-nhi/muster/scanners/kubernetes/object"
)

const at = "kubernetes:northwind/"

func meta(kind, namespace, name string) object.Meta {
	return object.Meta{Kind: kind, Namespace: namespace, Name: name, UID: "uid-" + name, CreatedAt: time.Date(2026, 1, 2, 0, 0, 0, 0, time.UTC)}
}

func account1(namespace, name string) object.ServiceAccount {
	return object.ServiceAccount{Meta: meta("ServiceAccount", namespace, name)}
}

func bound(namespace, name, roleKind, role string, subjects ...object.Subject) object.Binding {
	kind := "RoleBinding"
	if namespace == "" {
		kind = "ClusterRoleBinding"
	}
	return object.Binding{Meta: meta(kind, namespace, name), RoleKind: roleKind, RoleName: role, Subjects: subjects}
}

func sa(namespace, name string) object.Subject {
	return object.Subject{Kind: kindAccount, Namespace: namespace, Name: name}
}

func clusterRole(name string, rules ...privilege.Rule) object.Role {
	return object.Role{Meta: meta("ClusterRole", "", name), Rules: rules, Aggregated: true}
}

func anything() privilege.Rule {
	return privilege.Rule{Verbs: []string{"*"}, APIGroups: []string{"*"}, Resources: []string{"*"}}
}

// TestDefaultGrants: a grant is the platform's only if the platform makes it.
func TestDefaultGrants(t *testing.T) {
	read := privilege.Rule{Verbs: []string{"get"}, NonResourceURLs: []string{"/version"}}
	user, group := func(n string) object.Subject { return object.Subject{Kind: kindUser, Name: n} }, func(n string) object.Subject { return object.Subject{Kind: kindGroup, Name: n} }
	for _, tt := range []struct {
		name    string
		binding object.Binding
		roles   []object.Role
		id, by  string
	}{
		{"of bootstrap policy", bound("", "cluster-admin", "ClusterRole", "cluster-admin", group("system:masters")), []object.Role{clusterRole("cluster-admin", anything())}, "clusterrolebindings/cluster-admin/Group/system:masters", "kubernetes"},
		{"a subject added to it", bound("", "cluster-admin", "ClusterRole", "cluster-admin", user("eve")), []object.Role{clusterRole("cluster-admin", anything())}, "clusterrolebindings/cluster-admin/User/eve", ""},
		{"another role under its name", bound("", "system:discovery", "ClusterRole", "edit", group("system:authenticated")), []object.Role{clusterRole("edit", read)}, "clusterrolebindings/system:discovery/Group/system:authenticated", ""},
		{"everyone's default role", bound("", "system:discovery", "ClusterRole", "system:discovery", group("system:authenticated")), []object.Role{clusterRole("system:discovery", read)}, "clusterrolebindings/system:discovery/Group/system:authenticated", "kubernetes"},
		{"everyone's default role, widened", bound("", "system:discovery", "ClusterRole", "system:discovery", group("system:authenticated")), []object.Role{clusterRole("system:discovery", anything())}, "clusterrolebindings/system:discovery/Group/system:authenticated", ""},
		{"of a controller", bound("", "system:controller:job-controller", "ClusterRole", "system:controller:job-controller", sa("kube-system", "job-controller")), nil, "clusterrolebindings/system:controller:job-controller/ServiceAccount/kube-system/job-controller", "kubernetes"},
		{"of another account by that name", bound("", "system:controller:job-controller", "ClusterRole", "system:controller:job-controller", sa("shop", "job-controller")), nil, "clusterrolebindings/system:controller:job-controller/ServiceAccount/shop/job-controller", ""},
		{"of kubeadm", bound("", "kubeadm:cluster-admins", "ClusterRole", "cluster-admin", group("kubeadm:cluster-admins")), nil, "clusterrolebindings/kubeadm:cluster-admins/Group/kubeadm:cluster-admins", "kubeadm"},
		{"of EKS to its own user", bound("", "eks:node-manager", "ClusterRole", "eks:node-manager", user("eks:node-manager")), nil, "clusterrolebindings/eks:node-manager/User/eks:node-manager", "eks"},
		{"to an EKS user by somebody", bound("", "mine", "ClusterRole", "cluster-admin", user("eks:node-manager")), nil, "clusterrolebindings/mine/User/eks:node-manager", ""},
		{"with the label of bootstrap policy", func() object.Binding {
			b := bound("", "mine", "ClusterRole", "cluster-admin", sa("shop", "api"))
			b.Labels = map[string]string{"kubernetes.io/bootstrapping": "rbac-defaults"}
			return b
		}(), nil, "clusterrolebindings/mine/ServiceAccount/shop/api", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := mapped(t, &object.Cluster{Version: "v1.36.3-eks-113cf36", Roles: tt.roles, Bindings: []object.Binding{tt.binding}, Listings: complete()})
			g := got[at+tt.id].Grant
			if g == nil {
				t.Fatal("no such grant")
			}
			if g.ManagedBy != tt.by {
				t.Errorf("managed by %q, want %q", g.ManagedBy, tt.by)
			}
		})
	}
}

// TestMounts: the pod's word stands over the account's, and the default is yes.
func TestMounts(t *testing.T) {
	for _, tt := range []struct {
		name         string
		account, pod inventory.Tri
		tokens       []object.ProjectedToken
		gone         bool
		want, whole  string // automount of the consumer, mounted of the account
	}{
		{"nobody says", 0, 0, nil, false, "true", "true"},
		{"the account says no", inventory.False, 0, nil, false, "false", "false"},
		{"the pod outranks it", inventory.False, inventory.True, nil, false, "true", "true"},
		{"the pod says no", inventory.True, inventory.False, nil, false, "false", "false"},
		{"no, but projected for the API server", inventory.False, inventory.False, []object.ProjectedToken{{Path: "t"}}, false, "true", "true"},
		{"projected for somebody else", inventory.False, 0, []object.ProjectedToken{{Audience: "vault"}}, false, "false", "false"},
		{"the account was not seen", 0, 0, nil, true, "", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			a := account1("shop", "api")
			a.Automount = tt.account
			c := &object.Cluster{ServiceAccounts: []object.ServiceAccount{a}, Listings: complete()}
			if tt.gone {
				c.ServiceAccounts = nil
				c.Listings = append(c.Listings, object.Listing{Resource: "serviceaccounts", Status: inventory.StatusDenied, Reason: "forbidden"})
			}
			w := object.Workload{Meta: meta("Deployment", "shop", "web"), Pod: object.Pod{ServiceAccount: "api", Automount: tt.pod, Tokens: tt.tokens}}
			w.Group = "apps"
			c.Workloads = []object.Workload{w}
			got := mapped(t, c)
			if v := got[at+"deployments/shop/web"].Consumer.Attributes["automount"]; v != tt.want {
				t.Errorf("automount %q, want %q", v, tt.want)
			}
			if v := got[at+"serviceaccounts/shop/api"].Identity.Attributes["mounted"]; v != tt.whole {
				t.Errorf("mounted %q, want %q", v, tt.whole)
			}
		})
	}
}

// TestUnseen: what was not listed is unknown and never none.
func TestUnseen(t *testing.T) {
	all := func() *object.Cluster {
		return &object.Cluster{
			ServiceAccounts: []object.ServiceAccount{account1("shop", "api")},
			Secrets:         []object.Secret{{Meta: meta("Secret", "shop", "db"), Type: "Opaque"}},
			Bindings:        []object.Binding{bound("shop", "b", "Role", "gone", sa("shop", "nobody"))},
			Listings:        complete(),
		}
	}
	deny := func(c *object.Cluster, resource string) {
		for i := range c.Listings {
			if c.Listings[i].Resource == resource {
				c.Listings[i].Status, c.Listings[i].Reason = inventory.StatusDenied, "list "+resource+": forbidden (403)"
			}
		}
	}
	api, nobody, db, grant := at+"serviceaccounts/shop/api", at+"serviceaccounts/shop/nobody", at+"secrets/shop/db", at+"rolebindings/shop/b/ServiceAccount/shop/nobody"
	attribute := func(r inventory.Record, name string) string {
		switch {
		case r.Identity != nil:
			return r.Identity.Attributes[name]
		case r.Credential != nil:
			return r.Credential.Attributes[name]
		case r.Grant != nil:
			return r.Grant.Attributes[name]
		}
		return "no record"
	}
	for _, tt := range []struct {
		denied, id, attribute, whole, without string
		kind                                  inventory.Kind
	}{
		{"pods", api, "workloads", "0", "", inventory.KindIdentity},
		{"pods", api, "mounted", "false", "", inventory.KindIdentity},
		{"cronjobs", api, "workloads", "0", "", inventory.KindConsumer},
		{"secrets", api, "tokens", "0", "", inventory.KindCredential},
		{"deployments", db, "used_by", "0", "", inventory.KindCredential},
		{"serviceaccounts", nobody, "missing", "true", "", inventory.KindIdentity},
		{"serviceaccounts", nobody, "inferred", "", "true", inventory.KindIdentity},
		{"serviceaccounts", grant, "dangling", "role,subject", "role", inventory.KindGrant},
		{"roles", grant, "dangling", "role,subject", "subject", inventory.KindGrant},
		{"clusterrolebindings", api, "effective_level", "none", "unknown", inventory.KindGrant},
		{"rolebindings", api, "effective_level", "none", "unknown", inventory.KindGrant},
	} {
		t.Run(tt.denied+" "+tt.attribute, func(t *testing.T) {
			if got := attribute(mapped(t, all())[tt.id], tt.attribute); got != tt.whole {
				t.Errorf("%s is %q where all was listed, want %q", tt.attribute, got, tt.whole)
			}
			c := all()
			deny(c, tt.denied)
			got := mapped(t, c)
			if v := attribute(got[tt.id], tt.attribute); v != tt.without {
				t.Errorf("%s is %q without %s, want %q", tt.attribute, v, tt.denied, tt.without)
			}
			cov := got["coverage "+string(tt.kind)].Coverage
			if cov.Status == inventory.StatusComplete || !strings.Contains(cov.Reason, "list "+tt.denied+": forbidden") {
				t.Errorf("coverage of %s is %s: %s", tt.kind, cov.Status, cov.Reason)
			}
		})
	}
}

// TestCoverageSaysItOnce: one cause is told once, with all that is lost by it, and
// what is wrong with a file is not told again for each resource.
func TestCoverageSaysItOnce(t *testing.T) {
	all := complete()
	for i := range all {
		all[i].Status, all[i].Reason = inventory.StatusDenied, "the server is gone"
	}
	for kind, rec := range mapped(t, &object.Cluster{Listings: all}) {
		if c := rec.Coverage; c != nil && strings.Count(c.Reason, "the server is gone") != 1 {
			t.Errorf("%s: one cause is told several times: %s", kind, c.Reason)
		}
	}
	const bad = "shop.yaml:3: it is no YAML"
	var got *inventory.Coverage
	m := newMapper(t.Context(), "manifests", "shop", &object.Cluster{Listings: []object.Listing{
		{Resource: "serviceaccounts", Status: inventory.StatusPartial, Reason: bad + " (1 problems like this in all)"},
		{Resource: "secrets", Status: inventory.StatusPartial, Reason: bad + " (1 problems like this in all)"},
	}}, func(r inventory.Record) error {
		if r.Coverage != nil && r.Coverage.Kind == inventory.KindIdentity {
			got = r.Coverage
		}
		return nil
	})
	m.declared = true
	m.tell([]manifest.Problem{{Path: "shop.yaml", Line: 3, Message: "it is no YAML", Lost: true}})
	if err := m.run(manifestInfo().Kinds); err != nil {
		t.Fatal(err)
	}
	if got == nil || got.Status != inventory.StatusPartial || got.Reason != bad {
		t.Errorf("coverage of identities is %+v, want the reason %q", got, bad)
	}
}

// TestCoverage: what was refused as a whole is denied, what was left out on
// request is skipped, and what was narrowed is partial.
func TestCoverage(t *testing.T) {
	listed := func(l ...object.Listing) map[string]inventory.Record {
		return mapped(t, &object.Cluster{Listings: l})
	}
	for _, tt := range []struct {
		name string
		got  map[string]inventory.Record
		kind inventory.Kind
		want inventory.Status
	}{
		{"nothing was asked for", listed(), inventory.KindIdentity, inventory.StatusSkipped},
		{"Secrets are refused", listed(object.Listing{Resource: "secrets", Status: inventory.StatusDenied, Reason: "forbidden"}), inventory.KindCredential, inventory.StatusDenied},
		{"Secrets are left out", listed(object.Listing{Resource: "secrets", Status: inventory.StatusSkipped, Reason: "switched off"}), inventory.KindCredential, inventory.StatusSkipped},
		{"all is there", listed(complete()...), inventory.KindCredential, inventory.StatusComplete},
		{"a resource that the cluster lacks", listed(append(complete(), object.Listing{Resource: "issuers", Status: inventory.StatusSkipped, Reason: "the server does not have it"})...), inventory.KindTrust, inventory.StatusComplete},
		{"Secrets are left out, accounts are not", listed(append(complete(), object.Listing{Resource: "secrets", Status: inventory.StatusSkipped, Reason: "switched off"})...), inventory.KindIdentity, inventory.StatusComplete},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if c := tt.got["coverage "+string(tt.kind)].Coverage; c.Status != tt.want {
				t.Errorf("%s is %s (%s), want %s", tt.kind, c.Status, c.Reason, tt.want)
			}
		})
	}
	narrow := complete()
	for i := range narrow {
		if !clusterWide(narrow[i].Resource) {
			narrow[i].Namespace = "shop"
		}
	}
	got := mapped(t, &object.Cluster{Listings: narrow, ServiceAccounts: []object.ServiceAccount{account1("shop", "api")}})
	for _, k := range inventory.ScanKinds() {
		if c := got["coverage "+string(k)].Coverage; c.Status != inventory.StatusPartial && c.Status != inventory.StatusDenied || !strings.Contains(c.Reason, "only the namespaces shop") {
			t.Errorf("%s of one namespace is %s: %s", k, c.Status, c.Reason)
		}
	}
	total := 9
	counted := complete()
	counted[0].Count, counted[0].ControlTotal, counted[0].ControlSource = 7, &total, "another list"
	c := mapped(t, &object.Cluster{Listings: counted})["coverage identity"].Coverage
	if c.ControlTotal == nil || *c.ControlTotal != c.Count+2 {
		t.Errorf("the control total is %v beside a count of %d, want 2 more", c.ControlTotal, c.Count)
	}
}

// TestTokens: whose token it is, and whether the API server still takes it.
func TestTokens(t *testing.T) {
	token := func(change func(*object.Secret)) *object.Cluster {
		s := object.Secret{Meta: meta("Secret", "shop", "t"), Type: typeToken, ServiceAccount: "api", ServiceAccountUID: "uid-api"}
		change(&s)
		return &object.Cluster{ServiceAccounts: []object.ServiceAccount{account1("shop", "api")}, Secrets: []object.Secret{s}, Listings: complete()}
	}
	for _, tt := range []struct {
		name   string
		change func(*object.Secret)
		want   inventory.Tri
		reason string
	}{
		{"as it should be", func(*object.Secret) {}, inventory.False, ""},
		{"of an account made anew", func(s *object.Secret) { s.ServiceAccountUID = "before" }, inventory.True, "made anew"},
		{"of nobody", func(s *object.Secret) { s.ServiceAccount = "left" }, inventory.True, "does not exist"},
		{"invalidated", func(s *object.Secret) { s.InvalidSince = time.Date(2026, 5, 1, 0, 0, 0, 0, time.UTC) }, inventory.True, "2026-05-01"},
		{"without a uid", func(s *object.Secret) { s.ServiceAccountUID = "" }, inventory.Unknown, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			x := mapped(t, token(tt.change))[at+"secrets/shop/t"].Credential
			if x.Disabled != tt.want || !strings.Contains(x.DisabledReason, tt.reason) || !x.NeverExpires {
				t.Errorf("disabled %v (%s)", x.Disabled, x.DisabledReason)
			}
		})
	}
}

// TestValues: where values were hashed, each secret one is a credential, and what
// is none by its name is not.
func TestValues(t *testing.T) {
	hash := inventory.NewHasher([32]byte{1})
	values := func(keys ...string) object.Secret {
		s := object.Secret{Meta: meta("Secret", "shop", "db"), Type: "Opaque", Keys: keys, KeysKnown: true, Hashes: map[string]inventory.SecretHash{}}
		for _, k := range keys {
			s.Hashes[k] = hash([]byte("value of " + k))
		}
		return s
	}
	for _, tt := range []struct {
		name string
		keys []string
		want []string
	}{
		{"one", []string{"password"}, []string{""}},
		{"one beside plain ones", []string{"host", "password", "username"}, []string{""}},
		{"two", []string{"api-key", "password", "tls.crt"}, []string{"/api-key", "/password"}},
		{"none", []string{"ca.crt", "host"}, []string{""}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := object.Workload{Meta: meta("Pod", "shop", "p"), Pod: object.Pod{Secrets: []object.SecretUse{{Name: "db", How: "envFrom"}}}}
			got := mapped(t, &object.Cluster{Secrets: []object.Secret{values(tt.keys...)}, Workloads: []object.Workload{w}, Listings: complete()})
			n := 0
			for id := range got {
				if strings.HasPrefix(id, at+"secrets/") {
					n++
				}
			}
			if n != len(tt.want) {
				t.Errorf("%d credentials, want %d", n, len(tt.want))
			}
			for _, end := range tt.want {
				x := got[at+"secrets/shop/db"+end].Credential
				if x == nil {
					t.Fatalf("no credential %q", end)
				}
				if hashed := x.SecretHash != ""; hashed != (tt.name != "none") {
					t.Errorf("hashed %v", hashed)
				}
				use := got[at+"pods/shop/p/secrets/db"+end].Consumer
				if use == nil || use.Subject != x.ID {
					t.Errorf("nobody uses %s", x.ID)
				}
			}
		})
	}
}

// TestAudit joins what a log of the API server says with the objects.
func TestAudit(t *testing.T) {
	event := func(user, when, reason, extra string) string {
		return fmt.Sprintf(`{"kind":"Event","apiVersion":"audit.k8s.io/v1","level":"Metadata","stage":"ResponseComplete","verb":"list","user":{"username":%q%s},"objectRef":{"resource":"pods","apiVersion":"v1"},"responseStatus":{"code":200},"requestReceivedTimestamp":%q,"stageTimestamp":%q,"annotations":{"authorization.k8s.io/decision":"allow","authorization.k8s.io/reason":%q}}`,
			user, extra, when, when, reason) + "\n"
	}
	log := event("system:serviceaccount:shop:api", "2026-10-01T08:00:00.000000Z", `RBAC: allowed by ClusterRoleBinding "ops" of ClusterRole "reader" to ServiceAccount "api/shop"`, "") +
		event("system:serviceaccount:shop:api", "2026-10-01T09:00:00.000000Z", `RBAC: allowed by ClusterRoleBinding "ops" of ClusterRole "reader" to ServiceAccount "api/shop"`, "") +
		event("someone else", "2026-10-01T10:00:00.000000Z", "", "")
	path := filepath.Join(t.TempDir(), "audit.log")
	if err := os.WriteFile(path, []byte(log), 0o600); err != nil {
		t.Fatal(err)
	}
	c := &object.Cluster{
		ServiceAccounts: []object.ServiceAccount{account1("shop", "api"), account1("shop", "idle")},
		Roles:           []object.Role{clusterRole("reader", privilege.Rule{Verbs: []string{"list"}, APIGroups: []string{""}, Resources: []string{"pods"}})},
		Bindings:        []object.Binding{bound("", "ops", "ClusterRole", "reader", sa("shop", "api")), bound("", "spare", "ClusterRole", "reader", sa("shop", "api"))},
		Listings:        complete(),
	}
	got := mapped(t, c, func(m *mapper) {
		if err := m.readAudit([]string{path}, audit.Options{}); err != nil {
			t.Fatal(err)
		}
	})
	since, last := time.Date(2026, 10, 1, 8, 0, 0, 0, time.UTC), time.Date(2026, 10, 1, 9, 0, 0, 0, time.UTC)
	for id, want := range map[string]inventory.Usage{
		at + "serviceaccounts/shop/api":                          {LastUsedAt: last, TrackedSince: since},
		at + "serviceaccounts/shop/idle":                         {TrackedSince: since},
		at + "clusterrolebindings/ops/ServiceAccount/shop/api":   {LastUsedAt: last, TrackedSince: since},
		at + "clusterrolebindings/spare/ServiceAccount/shop/api": {TrackedSince: since},
	} {
		want.Subject, want.Scope, want.Source = id, "kubernetes:northwind", "audit log"
		u := got["usage audit log "+id].Usage
		if u == nil {
			t.Errorf("no use of %s", id)
			continue
		}
		if diff := cmp.Diff(want, *u); diff != "" {
			t.Errorf("use of %s (-want +got):\n%s", id, diff)
		}
	}
	if s := got["coverage usage"].Coverage; s.Status != inventory.StatusComplete {
		t.Errorf("coverage of use is %s: %s", s.Status, s.Reason)
	}
	// A log of which some cannot be read says of nobody that it was not used.
	if err := os.WriteFile(path, []byte(log+"{\"kind\":\"Event\",\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	got = mapped(t, c, func(m *mapper) {
		if err := m.readAudit([]string{path, path + ".missing"}, audit.Options{}); err != nil {
			t.Fatal(err)
		}
	})
	if u := got["usage audit log "+at+"serviceaccounts/shop/idle"].Usage; u != nil {
		t.Errorf("an account is unused by a broken log: %+v", u)
	}
	if u := got["usage audit log "+at+"serviceaccounts/shop/api"].Usage; u == nil || u.LastUsedAt != last || !u.TrackedSince.IsZero() {
		t.Errorf("use by a broken log: %+v", u)
	}
	if s := got["coverage usage"].Coverage; s.Status != inventory.StatusPartial || !strings.Contains(s.Reason, ".missing") {
		t.Errorf("coverage of use is %s: %s", s.Status, s.Reason)
	}
}

// TestEnded: nothing is emitted once emit has failed or the context has ended.
func TestEnded(t *testing.T) {
	ctx, stop := context.WithCancel(context.Background())
	n := 0
	m := newMapper(ctx, "kubernetes", "northwind", estate(), func(inventory.Record) error {
		if n++; n == 100 {
			stop()
		}
		return nil
	})
	if err := m.run(inventory.ScanKinds()); err == nil || n > 2000 {
		t.Errorf("%d records after the end, error %v", n, err)
	}
}

// TestWildcards: the stars of two rules are not one.
func TestWildcards(t *testing.T) {
	star, one := []string{"*"}, []string{"pods"}
	for _, tt := range []struct {
		rules []privilege.Rule
		want  string
	}{
		{nil, ""},
		{[]privilege.Rule{{Verbs: one, APIGroups: one, Resources: one}}, ""},
		{[]privilege.Rule{anything()}, "groups,resources,verbs"},
		{[]privilege.Rule{{Verbs: one, APIGroups: star, Resources: one}, {Verbs: star, APIGroups: one, Resources: star}}, "resources,verbs"},
	} {
		if got := wildcards(tt.rules); got != tt.want {
			t.Errorf("wildcards of %v are %q, want %q", tt.rules, got, tt.want)
		}
	}
}
