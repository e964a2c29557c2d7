package export

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"
)

// BenchmarkRead reads what az gives of tenants of two sizes, the larger with 20,000
// applications, 30,000 service principals and 100,000 role assignments: the time for an
// object stays the same.
func BenchmarkRead(b *testing.B) {
	for _, n := range []int{2000, 20000} {
		dir := b.TempDir()
		list := func(name string, n int, one func(i int) string) {
			var out strings.Builder
			for i := range n {
				out.WriteString(one(i) + "\n")
			}
			writeFile(b, filepath.Join(dir, name), out.String())
		}
		id := func(kind, i int) string { return fmt.Sprintf("%08d-0000-4000-8000-%012d", kind, i) }
		writeFile(b, filepath.Join(dir, "account.json"), azFiles()["account list.json"])
		list("apps.json", n, func(i int) string {
			return fmt.Sprintf(`{"id": %q, "appId": %q, "displayName": "app %d", "signInAudience": "AzureADMyOrg", "passwordCredentials": [{"keyId": %q, "startDateTime": "2024-01-01T00:00:00Z", "endDateTime": "2026-01-01T00:00:00Z"}], "keyCredentials": []}`, id(1, i), id(2, i), i, id(3, i))
		})
		list("sps.json", n*3/2, func(i int) string {
			return fmt.Sprintf(`{"id": %q, "appId": %q, "displayName": "app %d", "servicePrincipalType": "Application", "accountEnabled": true, "appOwnerOrganizationId": %q, "appRoles": []}`, id(4, i), id(2, i), i, tenantID)
		})
		list("roles.json", n*5, func(i int) string {
			return fmt.Sprintf(`{"id": "/subscriptions/%[1]s/providers/Microsoft.Authorization/roleAssignments/%[2]s", "principalId": %[3]q, "principalType": "ServicePrincipal", "roleDefinitionId": "/x/b24988ac-6180-42a0-ab88-20f7382dd24c", "roleDefinitionName": "Contributor", "scope": "/subscriptions/%[1]s", "type": "Microsoft.Authorization/roleAssignments"}`, prodSub, id(5, i), id(4, i%n))
		})
		b.Run(fmt.Sprint(n, "applications"), func(b *testing.B) {
			for b.Loop() {
				e, _, err := Read(b.Context(), Options{Dir: dir})
				if err != nil || len(e.Tenants[0].Assignments) != n*5 {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(n)/7.5, "ns/object")
		})
	}
}
