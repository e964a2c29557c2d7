//go:build e2e

package gcp

import (
	"fmt"
	"strings"
	"testing"

	"github.com/muster-nhi/muster/scanners/gcp/live/fake"
)

// The size of the organisation that is measured.
const (
	manyProjects = 2000
	manyAccounts = 10 // of each project
)

// large is an organisation of many projects in 50 folders. Each account has two keys,
// of which one is Google's, and five roles on its project; one of each project may
// become the others, and one of each tenth project owns it.
func large(docs *fake.Documents, projects int) *fake.Server {
	s := fake.New(docs)
	s.List("cloudresourcemanager.organizations.search", "", fake.Tree{"name": target, "displayName": "northwind.example", "state": "ACTIVE"})
	for n := range 50 {
		p := fake.Place{Name: fmt.Sprintf("folders/%d", 700000000000+n), Ancestors: []string{target}}
		s.Found(p, fake.Tree{
			"name": "//cloudresourcemanager.googleapis.com/" + p.Name, "assetType": "cloudresourcemanager.googleapis.com/Folder", "displayName": fmt.Sprint("Folder ", n),
			"state": "ACTIVE", "createTime": "2020-01-01T09:00:00Z", "parentFullResourceName": "//cloudresourcemanager.googleapis.com/" + target,
		})
	}
	for n := range projects {
		largeProject(s, n)
	}
	return s
}

func largeProject(s *fake.Server, n int) {
	id := fmt.Sprintf("northwind-%04d", n)
	p := fake.Place{Name: "projects/" + id, Number: fmt.Sprint(500000000000 + n), Ancestors: []string{fmt.Sprintf("folders/%d", 700000000000+n%50), target}}
	s.Project(p, id, fake.Tree{"owner": fmt.Sprintf("team-%d", n%40)}, "iam.googleapis.com", "storage-api.googleapis.com", "run.googleapis.com", "secretmanager.googleapis.com")
	var members []string
	for i := range manyAccounts {
		email := fmt.Sprintf("robot-%02d@%s.iam.gserviceaccount.com", i, id)
		s.Account(p, fake.Tree{"email": email, "uniqueId": fmt.Sprintf("1%020d", n*manyAccounts+i), "displayName": fmt.Sprint("Robot ", i)},
			fake.Key(fmt.Sprintf("%040x", n*100+i*2), "USER_MANAGED", "2026-01-01T00:00:00Z", "9999-12-31T23:59:59Z"),
			fake.Key(fmt.Sprintf("%040x", n*100+i*2+1), "SYSTEM_MANAGED", "2026-11-10T00:00:00Z", "2026-11-26T00:00:00Z"))
		members = append(members, "serviceAccount:"+email)
	}
	var bindings []fake.Tree
	for _, role := range []string{"storage.objectViewer", "logging.logWriter", "run.developer", "secretmanager.secretAccessor", "cloudsql.client"} {
		bindings = append(bindings, fake.Grant("roles/"+role, members...))
	}
	bindings = append(bindings, fake.Grant("roles/iam.serviceAccountTokenCreator", members[0]))
	if n%10 == 0 {
		bindings = append(bindings, fake.Grant("roles/owner", members[1]))
	}
	s.Policy(p, p.Name, bindings...)
}

// BenchmarkGCP scans the large organisation with the whole program, once: it goes no
// faster than Google's quotas allow. Beside it stands what the stand-in took to
// answer.
func BenchmarkGCP(b *testing.B) {
	p := newProxy(b, large(documents(b), manyProjects))
	r := p.scan(b, "details: auto")
	got := r.Types()
	if got["gcp.service_account"] != manyProjects*manyAccounts || got["gcp.service_account_key"] != 2*manyProjects*manyAccounts {
		b.Fatalf("status %d, records %v: %s", r.Status, got, r.Stderr)
	}
	var by strings.Builder
	for method, n := range p.methods() {
		fmt.Fprintf(&by, " %s %d", method, n)
	}
	b.Logf("records %v; requests%s", got, by.String())
	r.Report(b, p.Requests(), p.Busy())
}
