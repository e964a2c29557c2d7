package kubernetes

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/internal/privilege"
	"github.com/muster-nhi/muster/scanners/kubernetes/object"
)

// complete are listings that saw all of everything.
func complete() []object.Listing {
	var out []object.Listing
	for _, r := range append([]string{
		"serviceaccounts", "secrets", "namespaces", "configmaps", "roles", "clusterroles", "rolebindings", "clusterrolebindings",
		"certificatesigningrequests", "certificates", "issuers", "clusterissuers", "externalsecrets", "clusterexternalsecrets",
		"secretstores", "clustersecretstores", "sealedsecrets", "secretproviderclasses",
	}, workloadResources...) {
		out = append(out, object.Listing{Resource: r, Status: inventory.StatusComplete, Requests: 1})
	}
	return out
}

// mapped returns the records of a cluster by id, and those without one by kind
// and subject. All of them are valid.
func mapped(t testing.TB, c *object.Cluster, change ...func(*mapper)) map[string]inventory.Record {
	t.Helper()
	out := map[string]inventory.Record{}
	m := newMapper(context.Background(), "kubernetes", "northwind", c, func(r inventory.Record) error {
		if err := r.Validate(); err != nil {
			t.Errorf("%v", err)
		}
		id := r.ID()
		switch {
		case r.Usage != nil:
			id = "usage " + r.Usage.Source + " " + r.Usage.Subject
		case r.Owner != nil:
			id = "owner " + r.Owner.Method + " " + r.Owner.Subject
		case r.Coverage != nil:
			id = "coverage " + string(r.Coverage.Kind)
		}
		if _, twice := out[id]; twice {
			t.Errorf("%s is emitted twice", id)
		}
		out[id] = r
		return nil
	})
	for _, f := range change {
		f(m)
	}
	if err := m.run(inventory.ScanKinds()); err != nil {
		t.Fatal(err)
	}
	return out
}

func estate() *object.Cluster {
	at := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	c := &object.Cluster{Name: "estate", Listings: complete(), TokensTrackedSince: at}
	meta := func(kind, ns, name string) object.Meta {
		return object.Meta{
			Kind: kind, Namespace: ns, Name: name, UID: "9c0a1f5e-0000-4000-8000-000000000000", CreatedAt: at,
			Labels:   map[string]string{"app.kubernetes.io/name": name, "team": "line"},
			Managers: []object.Manager{{Name: "argocd-controller", At: at}},
		}
	}
	for n := range 200 {
		ns := fmt.Sprintf("ns-%03d", n)
		c.Namespaces = append(c.Namespaces, object.Namespace{Meta: meta("Namespace", "", ns), Enforce: "baseline"})
		for i := range 26 {
			c.ServiceAccounts = append(c.ServiceAccounts, object.ServiceAccount{Meta: meta("ServiceAccount", ns, fmt.Sprintf("sa-%02d", i))})
		}
		for i := range 40 {
			c.Bindings = append(c.Bindings, object.Binding{
				Meta: meta("RoleBinding", ns, fmt.Sprintf("rb-%02d", i)), RoleKind: "ClusterRole", RoleName: fmt.Sprintf("role-%03d", (n*40+i)%500),
				Subjects: []object.Subject{{Kind: "ServiceAccount", Namespace: ns, Name: fmt.Sprintf("sa-%02d", i%26)}},
			})
		}
		for i := range 100 {
			typ, keys := "", []string{"password", "username"}
			switch {
			case i < 15:
				typ, keys = typeToken, []string{"ca.crt", "namespace", "token"}
			case i < 25:
				typ, keys = typeDockerNew, []string{".dockerconfigjson"}
			case i < 35:
				typ, keys = typeTLS, []string{"tls.crt", "tls.key"}
			case i < 40:
				typ, keys = typeHelm, []string{"release"}
			}
			s := object.Secret{Meta: meta("Secret", ns, fmt.Sprintf("secret-%02d", i)), Type: typ, Keys: keys, KeysKnown: true, WrittenAt: at, WrittenBy: "kubectl"}
			if typ == typeToken {
				s.ServiceAccount, s.ServiceAccountUID = fmt.Sprintf("sa-%02d", i), s.UID
			}
			c.Secrets = append(c.Secrets, s)
		}
		for i := range 50 {
			kind, group := "Deployment", "apps"
			if i < 25 {
				kind, group = "Pod", ""
			}
			w := object.Workload{Meta: meta(kind, ns, fmt.Sprintf("w-%02d", i)), Replicas: 1, Running: 1}
			w.Group = group
			w.Pod = object.Pod{
				ServiceAccount: fmt.Sprintf("sa-%02d", i%26),
				Secrets:        []object.SecretUse{{Name: fmt.Sprintf("secret-%02d", 40+i), Key: "password", How: "env"}},
			}
			c.Workloads = append(c.Workloads, w)
		}
	}
	for i := range 2050 {
		c.Bindings = append(c.Bindings, object.Binding{
			Meta: meta("ClusterRoleBinding", "", fmt.Sprintf("crb-%04d", i)), RoleKind: "ClusterRole", RoleName: fmt.Sprintf("role-%03d", i%500),
			Subjects: []object.Subject{{Kind: "ServiceAccount", Namespace: fmt.Sprintf("ns-%03d", i%200), Name: fmt.Sprintf("sa-%02d", i%26)}},
		})
	}
	for i := range 500 {
		c.Roles = append(c.Roles, object.Role{Meta: meta("ClusterRole", "", fmt.Sprintf("role-%03d", i)), Aggregated: true, Rules: []privilege.Rule{
			{Verbs: []string{"get", "list", "watch"}, APIGroups: []string{""}, Resources: []string{"pods", "configmaps", "services"}},
			{Verbs: []string{"get"}, APIGroups: []string{""}, Resources: []string{"secrets"}, ResourceNames: []string{fmt.Sprintf("secret-%02d", i%100)}},
		}})
	}
	return c
}

// TestEstate maps a cluster of the size of docs/benchmarks.md.
func TestEstate(t *testing.T) {
	n := len(mapped(t, estate()))
	if n < 60_000 {
		t.Errorf("%d records", n)
	}
}

func BenchmarkMapping(b *testing.B) {
	c := estate()
	b.ReportAllocs()
	for b.Loop() {
		n := 0
		m := newMapper(context.Background(), "kubernetes", "estate", c, func(inventory.Record) error { n++; return nil })
		if err := m.run(inventory.ScanKinds()); err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(float64(n), "records")
	}
}

// TestHostile: names of users, groups, labels and of whatever a manifest holds
// may be anything. Records stay valid and ids apart.
func TestHostile(t *testing.T) {
	long := strings.Repeat("x", 1<<16)
	odd := []string{"", " ", "\n", "a\nb\x1b[2J", "a/b", "a%2Fb", "\xff\xfe", "…", long, long + "y", "system:serviceaccount:", "system:serviceaccount:a:b", "system:serviceaccount:a:b:c", "\u202e"}
	c := &object.Cluster{Name: "a\nb", Reader: long, Listings: complete()}
	for i, name := range odd {
		labels := map[string]string{"team": name, name: name, "owner": name}
		meta := object.Meta{
			Kind: name, Namespace: name, Name: name + "#" + fmt.Sprint(i), UID: name, Labels: labels, Annotations: labels, CreatedAt: time.Date(20000+i, 1, 1, 0, 0, 0, 0, time.UTC),
			Owners: []object.OwnerReference{{Kind: name, Name: name}}, Managers: []object.Manager{{Name: name}},
		}
		c.Namespaces = append(c.Namespaces, object.Namespace{Meta: meta, Enforce: name})
		sa := object.ServiceAccount{Meta: meta, Secrets: []string{name}, PullSecrets: []string{name}}
		sa.Annotations = map[string]string{"eks.amazonaws.com/role-arn": name, "vault.hashicorp.com/role": name, "azure.workload.identity/tenant-id": name}
		c.ServiceAccounts = append(c.ServiceAccounts, sa)
		c.Secrets = append(c.Secrets, object.Secret{
			Meta: meta, Type: name, Keys: odd, KeysKnown: true, WrittenBy: name, ServiceAccount: name, Registries: odd,
			Hashes: map[string]inventory.SecretHash{name: inventory.NewHasher([32]byte{})([]byte(name)), "k": inventory.NewHasher([32]byte{})([]byte("k"))},
			X509:   &object.X509{Subject: name, Issuer: name, DNSNames: odd, NotAfter: time.Date(12000, 1, 1, 0, 0, 0, 0, time.UTC), SHA256: name, KeyBits: -1},
		})
		token := object.Secret{Meta: meta, Type: typeToken, ServiceAccount: name}
		token.Name += "t"
		c.Secrets = append(c.Secrets, token)
		b := object.Binding{Meta: meta, RoleKind: name, RoleName: name}
		for _, s := range odd {
			for _, k := range []string{kindAccount, kindUser, kindGroup, name} {
				b.Subjects = append(b.Subjects, object.Subject{Kind: k, Namespace: name, Name: s})
			}
		}
		c.Bindings = append(c.Bindings, b)
		c.ConfigMaps = append(c.ConfigMaps, object.ConfigMap{Meta: meta, Keys: odd})
		w := object.Workload{Meta: meta, Pod: object.Pod{
			ServiceAccount: name, Privileged: odd, HostPaths: odd, PullSecrets: odd, Images: odd,
			CSI: []object.CSIVolume{{Driver: "csi.spiffe.io", Class: name}},
		}}
		for _, s := range odd {
			w.Pod.Secrets = append(w.Pod.Secrets, object.SecretUse{Name: s, Key: s, How: s})
			w.Pod.Tokens = append(w.Pod.Tokens, object.ProjectedToken{Audience: s})
			w.Pod.Variables = append(w.Pod.Variables, object.Variable{Container: s, Name: s, Literal: true}, object.Variable{Name: "AWS_ROLE_ARN", Value: "arn:" + s})
		}
		c.Workloads = append(c.Workloads, w)
		c.Requests = append(c.Requests, object.SigningRequest{Meta: meta, Requestor: name, Signer: signerClient, Usages: odd, CommonName: name, Groups: odd, Issued: &object.X509{}})
		c.Certificates = append(c.Certificates, object.Certificate{Meta: meta, Secret: name, DNSNames: odd, IssuerName: name})
		c.Issuers = append(c.Issuers, object.Issuer{Meta: meta, Type: name, Server: name, Secret: name, ServiceAccount: name, VaultRole: name})
		c.ExternalSecrets = append(c.ExternalSecrets, object.ExternalSecret{Meta: meta, Target: name, StoreName: name, RemoteKeys: odd})
		c.SecretStores = append(c.SecretStores, object.SecretStore{Meta: meta, Provider: name, Role: name, ServiceAccount: name, Secrets: odd, Address: name})
		c.SealedSecrets = append(c.SealedSecrets, object.SealedSecret{Meta: meta, Target: name, Keys: odd, Wide: name})
		c.SecretClasses = append(c.SecretClasses, object.SecretClass{Meta: meta, Provider: name, Secrets: odd, Role: name})
	}
	c.Bindings = append(c.Bindings, object.Binding{
		Meta: object.Meta{Kind: "ClusterRoleBinding", Name: "megabyte"}, RoleKind: "ClusterRole", RoleName: strings.Repeat("r", 1<<20),
		Subjects: []object.Subject{{Kind: kindUser, Name: strings.Repeat("u", 1<<20)}},
	})
	for i := range c.Listings {
		c.Listings[i].Notes = odd
	}
	if n := len(mapped(t, c)); n < 500 {
		t.Errorf("%d records", n)
	}
	c.Listings = []object.Listing{{Resource: "secrets", Status: inventory.StatusDenied, Reason: long}}
	c.Secrets = nil
	for _, r := range mapped(t, c, func(m *mapper) { m.declared = true }) {
		for id := r.ID(); strings.Contains(id, "\n"); {
			t.Fatalf("%q holds a line break", id)
		}
	}
}

// TestFeedsAreCountedOnce holds each kind to one feed a resource, and each
// resource's requests to one kind.
func TestFeedsAreCountedOnce(t *testing.T) {
	counted := map[string]inventory.Kind{}
	for _, kind := range info().Kinds {
		seen := map[string]bool{}
		for _, f := range feeds(kind) {
			if seen[f.resource] {
				t.Errorf("%s has two feeds of %s", kind, f.resource)
			}
			seen[f.resource] = true
			if other, ok := counted[f.resource]; ok && f.counted && other != kind {
				t.Errorf("the requests for %s are told with %s and %s", f.resource, other, kind)
			}
			if f.counted {
				counted[f.resource] = kind
			}
		}
	}
	if len(counted) < 20 {
		t.Errorf("only %d resources are counted", len(counted))
	}
}
