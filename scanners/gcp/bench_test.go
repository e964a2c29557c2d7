package gcp

import (
	"context"
	"fmt"
	"runtime"
	"testing"

	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/scanners/gcp/object"
)

// large is an organisation of so many projects with ten accounts each, two keys an
// account and five bindings for each of them.
func large(projects int) *object.Estate {
	o := &object.Estate{Organizations: []object.Organization{{Name: organization}}, MembersKnown: true}
	for n := range 50 {
		o.Folders = append(o.Folders, object.Folder{Name: fmt.Sprintf("folders/%d", n), Parent: organization})
	}
	roles := []string{"roles/storage.objectViewer", "roles/logging.logWriter", "roles/run.developer", "roles/secretmanager.secretAccessor", "roles/cloudsql.client"}
	for n := range projects {
		id := fmt.Sprintf("northwind-%04d", n)
		p := &object.Project{ID: id, Number: fmt.Sprint(100000 + n), Parent: fmt.Sprintf("folders/%d", n%50), Listings: listed(projectCalls...)}
		policy := object.Policy{Resource: "projects/" + id, Project: id}
		for _, r := range roles {
			policy.Bindings = append(policy.Bindings, object.Binding{Role: r})
		}
		for i := range 10 {
			email := fmt.Sprintf("account-%d@%s.iam.gserviceaccount.com", i, id)
			a := object.Account{Email: email, UniqueID: fmt.Sprint(n*10 + i), KeysKnown: true, Disabled: inventory.False, Used: inventory.False, ObservedFrom: day(2026, 1, 1)}
			for k := range 2 {
				a.Keys = append(a.Keys, object.AccountKey{ID: fmt.Sprintf("%040x", n*100+i*10+k), Type: keyUser, Algorithm: "KEY_ALG_RSA_2048", Disabled: inventory.False, ValidAfter: day(2025, 1, 1), NeverExpires: true})
			}
			p.Accounts = append(p.Accounts, a)
			for b := range policy.Bindings {
				policy.Bindings[b].Members = append(policy.Bindings[b].Members, prefixAccount+email)
			}
		}
		policy.Bindings = append(policy.Bindings, object.Binding{Role: "roles/iam.serviceAccountTokenCreator", Members: []string{prefixAccount + p.Accounts[0].Email}})
		if n%10 == 0 {
			policy.Bindings = append(policy.Bindings, object.Binding{Role: "roles/owner", Members: []string{prefixAccount + p.Accounts[1].Email}})
		}
		o.Policies = append(o.Policies, policy)
		o.Projects, o.Members = append(o.Projects, p), append(o.Members, id)
	}
	return o
}

// BenchmarkOrganization maps 2,000 projects with 20,000 accounts and 40,000 keys. It
// reports the bytes that live at the end of it.
func BenchmarkOrganization(b *testing.B) {
	o := large(2000)
	b.ReportAllocs()
	for b.Loop() {
		e := newEstate("gcp", o, newOwnerLabels(nil), scanned)
		if err := e.run(context.Background(), func(inventory.Record) error { return nil }); err != nil {
			b.Fatal(err)
		}
		var m runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&m)
		b.ReportMetric(float64(m.HeapAlloc)/1e6, "MB")
		runtime.KeepAlive(e)
	}
}
