package live_test

import (
	"runtime"
	"testing"

	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/scanners/azure/live/fake"
)

// requests is the most that a large tenant may take: pages of 100 for applications
// (twice) and principals (twice), pages of 1,000 for role assignments, and what
// does not depend on their number, three for each of 20 subscriptions among it.
func requests(applications, principals, assignments int) int {
	return 2*(applications/100+1) + 2*(principals/100+1) + assignments/1000 + 1 + 110
}

// TestRequestsOfALargeTenant makes no request per object where a listing serves. It
// is a twentieth of the tenant that the benchmark reads.
func TestRequestsOfALargeTenant(t *testing.T) {
	const applications, principals, assignments = 1_000, 1_500, 5_000
	s := fake.Large(applications, principals, assignments)
	tenant := read(t, options(s))
	if n, most := len(s.Requests()), requests(applications, principals, assignments); n > most {
		t.Errorf("it took %d requests, and may take %d", n, most)
	}
	if len(tenant.Applications) != applications || len(tenant.Principals) != principals || len(tenant.Assignments) != assignments || len(tenant.AppRoles) != 2*principals || len(tenant.Users) != 500 {
		t.Errorf("%d applications, %d principals, %d assignments, %d app roles, %d users", len(tenant.Applications), len(tenant.Principals), len(tenant.Assignments), len(tenant.AppRoles), len(tenant.Users))
	}
	for _, l := range listings(tenant) {
		if l.Status != inventory.StatusComplete && l.Call != "graph: GET /policies/defaultAppManagementPolicy" && l.Call != "graph: GET /policies/authorizationPolicy" {
			t.Errorf("%+v", l)
		}
	}
}

// BenchmarkLargeTenant reads a tenant of 20,000 applications, 30,000 service
// principals and 100,000 role assignments, and tells how many requests it took and
// how much memory is held at the end.
func BenchmarkLargeTenant(b *testing.B) {
	for b.Loop() {
		s := fake.Large(20_000, 30_000, 100_000)
		var before, after runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&before)
		tenant := readFor(b, options(s))
		runtime.GC()
		runtime.ReadMemStats(&after)
		b.ReportMetric(float64(len(s.Requests())), "requests")
		b.ReportMetric(float64(after.HeapAlloc-before.HeapAlloc)/(1<<20), "MB")
		runtime.KeepAlive(tenant)
	}
}
