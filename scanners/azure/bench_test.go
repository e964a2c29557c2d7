package azure

import (
	"context"
	"fmt"
	"runtime"
	"testing"

	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/scanners/azure/object"
)

// numbered makes an id of a kind (a hex digit) and a number.
func numbered(kind, n int) string {
	return fmt.Sprintf("%08x-0000-4000-8000-%012x", kind<<24, n)
}

// large is a tenant of a size: for each two applications one principal more that is of
// another tenant or a managed identity, and for each application five roles in Azure.
func large(apps int) *object.Estate {
	t := northwind()
	contributor := "b24988ac-6180-42a0-ab88-20f7382dd24c"
	for i := range apps * 3 / 2 {
		p := object.ServicePrincipal{ID: numbered(1, i), AppID: numbered(2, i), Name: fmt.Sprintf("service-%05d", i), Type: "Application", Enabled: inventory.True, HomeTenant: tenantID, OwnersKnown: true}
		switch {
		case i < apps:
			a := object.Application{ID: numbered(3, i), AppID: p.AppID, Name: p.Name, CreatedAt: day(2024, 1, 1), OwnersKnown: true, FederatedKnown: true, Owners: []string{user("01")}}
			if i%2 == 0 {
				a.Passwords = []object.Password{{ID: numbered(4, i), Start: day(2024, 1, 1), End: day(2027, 1, 1), Used: inventory.Unknown}}
			}
			t.Applications = append(t.Applications, a)
		case i%2 == 0:
			p.HomeTenant = guid("1", "77")
		default:
			p.Type, p.HomeTenant = "ManagedIdentity", ""
			p.AlternativeNames = []string{"isExplicit=True", identity(prodSub, p.Name)}
		}
		t.Principals = append(t.Principals, p)
		if i%3 == 0 {
			t.AppRoles = append(t.AppRoles, object.AppRoleAssignment{ID: fmt.Sprint("a", i), Principal: p.ID, PrincipalType: "ServicePrincipal", Resource: sp("90"), Role: "df021288-bdef-4463-88db-98f22de89214"})
		}
	}
	for i := range apps * 5 {
		scope := rg(prodSub, fmt.Sprintf("group-%04d", i%800))
		t.Assignments = append(t.Assignments, object.RoleAssignment{ID: scope + "/providers/Microsoft.Authorization/roleAssignments/" + numbered(5, i), Role: contributor, Principal: numbered(1, i%(apps*3/2)), PrincipalType: "ServicePrincipal", Scope: scope})
	}
	return &object.Estate{Tenants: []*object.Tenant{t}}
}

// BenchmarkRecords judges and maps tenants of two sizes, the larger with 20,000
// applications, 30,000 service principals and 100,000 role assignments, and gives the
// time for each record and the most memory that lives beside the estate.
func BenchmarkRecords(b *testing.B) {
	for _, apps := range []int{2000, 20000} {
		b.Run(fmt.Sprint(apps, "applications"), func(b *testing.B) {
			o := large(apps)
			runtime.GC()
			var before, m runtime.MemStats
			runtime.ReadMemStats(&before)
			n := 0
			var most uint64
			for b.Loop() {
				n = 0
				e := newEstate("azure", o, newOwnerTags(nil), scanned)
				err := e.run(context.Background(), func(inventory.Record) error {
					if n++; n%100000 == 1 {
						runtime.GC()
						runtime.ReadMemStats(&m)
						most = max(most, m.HeapAlloc-before.HeapAlloc)
					}
					return nil
				})
				if err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(n), "ns/record")
			b.ReportMetric(float64(most)/1e6, "heap-MB")
			b.ReportMetric(float64(before.HeapAlloc)/1e6, "estate-MB")
			b.ReportMetric(float64(n), "records")
		})
	}
}
