package paths

import (
	"fmt"
	"runtime"
	"testing"
	"time"

	"github.com/muster-nhi/muster/internal/inventory"
)

// organization makes projects with ten accounts each and bindings that look like those
// of a company: own roles on own projects, some on others, few above.
func organization(projects int) *Estate {
	e := &Estate{AsOf: asOf(), DeniesKnown: true, BoundariesKnown: true}
	e.Nodes = append(e.Nodes, Node{Name: "organizations/1", PolicyKnown: true})
	for f := range 40 {
		e.Nodes = append(e.Nodes, Node{Name: fmt.Sprintf("folders/%d", f), Parent: "organizations/1", PolicyKnown: true})
	}
	roles := []string{"roles/editor", "roles/storage.objectViewer", "roles/logging.logWriter", "roles/iam.serviceAccountTokenCreator", "roles/run.developer", "roles/secretmanager.secretAccessor", "roles/iam.serviceAccountUser", "roles/owner", "roles/cloudbuild.builds.editor", "roles/viewer"}
	account := func(p, i int) string { return fmt.Sprintf("sa%d@p%04d.iam.gserviceaccount.com", i, p) }
	for p := range projects {
		id := fmt.Sprintf("p%04d", p)
		e.Nodes = append(e.Nodes, Node{Name: "projects/" + id, Number: fmt.Sprint(1000000 + p), Parent: fmt.Sprintf("folders/%d", p%40), PolicyKnown: true, AccountsKnown: true})
		policy := Policy{Resource: "projects/" + id, Project: id}
		for i := range 10 {
			e.Accounts = append(e.Accounts, Account{Email: account(p, i), Project: id, UniqueID: fmt.Sprintf("1%010d%02d", p, i), Disabled: inventory.False})
			policy.Bindings = append(policy.Bindings,
				Binding{Role: roles[i%7], Members: []string{"serviceAccount:" + account(p, i)}},
				Binding{Role: roles[(i+3)%7], Members: []string{"serviceAccount:" + account((p+7)%projects, i)}})
		}
		if p%5 == 0 {
			policy.Bindings = append(policy.Bindings, Binding{Role: "roles/owner", Members: []string{"serviceAccount:" + account(p, 0), "group:owners@northwind.example"}})
		}
		e.Policies = append(e.Policies, policy)
		for i := range 3 {
			e.Policies = append(e.Policies, Policy{Resource: fmt.Sprintf("iam.googleapis.com/projects/%s/serviceAccounts/%s", id, account(p, i)), Project: id, Bindings: []Binding{
				{Role: "roles/iam.workloadIdentityUser", Members: []string{fmt.Sprintf("serviceAccount:%s.svc.id.goog[ns%d/app]", id, i)}},
				{Role: "roles/iam.serviceAccountTokenCreator", Members: []string{"serviceAccount:" + account((p+11)%projects, i), "user:dana@northwind.example"}},
			}})
		}
	}
	e.Policies = append(e.Policies, Policy{Resource: "organizations/1", Bindings: []Binding{
		{Role: "roles/owner", Members: []string{"serviceAccount:" + account(1, 1)}},
		{Role: "roles/iam.serviceAccountTokenCreator", Members: []string{"serviceAccount:" + account(2, 2), "group:ops@northwind.example"}},
		{Role: "roles/resourcemanager.projectIamAdmin", Members: []string{"serviceAccount:" + account(3, 3)}, Condition: `api.getAttribute("iam.googleapis.com/modifiedGrantsByRole", []).hasOnly(["roles/viewer"])`},
	}})
	return e
}

// TestSpeed proves that the cost grows with the estate and no faster: ten times as many
// projects take less than forty times as long.
func TestSpeed(t *testing.T) {
	took := func(projects int) time.Duration {
		e := organization(projects)
		start := time.Now()
		a := Analyze(e, 2)
		for i := range e.Accounts {
			a.Of("serviceAccount:" + e.Accounts[i].Email)
		}
		return time.Since(start)
	}
	small, large := took(10), took(100)
	if large > 40*small+time.Second {
		t.Errorf("10 projects take %v, 100 take %v", small, large)
	}
}

func BenchmarkAnalyze(b *testing.B) {
	e := organization(2000)
	n := 0
	for i := range e.Policies {
		for _, x := range e.Policies[i].Bindings {
			n += len(x.Members)
		}
	}
	for b.Loop() {
		a := Analyze(e, 2)
		paths := 0
		for i := range e.Accounts {
			r, _ := a.Of("serviceAccount:" + e.Accounts[i].Email)
			paths += len(r.Paths)
		}
		var m runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&m)
		b.ReportMetric(float64(m.HeapAlloc)/1e6, "MB")
		b.ReportMetric(float64(n), "members")
		b.ReportMetric(float64(paths), "paths")
		runtime.KeepAlive(a)
	}
}

func BenchmarkEstate(b *testing.B) {
	for b.Loop() {
		e := organization(2000)
		var m runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&m)
		b.ReportMetric(float64(m.HeapAlloc)/1e6, "MB")
		runtime.KeepAlive(e)
	}
}
