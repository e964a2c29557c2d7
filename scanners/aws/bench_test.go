package aws

import (
	"context"
	"fmt"
	"runtime"
	"testing"

	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/scanners/aws/object"
)

// large is an account of a size: for each two roles a user, for each four a secret.
func large(b *testing.B, roles int) *object.Estate {
	b.Helper()
	a := northwind(b)
	region := "eu-central-1"
	for i := range roles {
		name := fmt.Sprintf("service-%05d", i)
		r := object.Role{Name: name, ARN: iamARN("role/" + name), ID: "AROA" + name, Path: "/", CreatedAt: day(2024, 1, 1), LastUsed: day(2026, 11, 1), Used: inventory.True, Attached: []string{iamARN("policy/orders-read")}}
		r.Trust = document(b, trusts(`{"Service":"lambda.amazonaws.com"}`, ""))
		r.Inline = []object.Policy{{Name: "own", Document: document(b, allow(`["sqs:SendMessage","dynamodb:PutItem"]`, fmt.Sprintf(`"arn:aws:sqs:%s:%s:%s"`, region, account, name)))}}
		r.Tags = []object.Tag{{Key: "team", Value: fmt.Sprintf("team-%02d", i%40)}}
		a.Roles = append(a.Roles, r)
		if i%2 == 0 {
			u := object.User{Name: name, ARN: iamARN("user/" + name), ID: "AIDA" + name, Path: "/", CreatedAt: day(2024, 1, 1), Password: inventory.False, KeysKnown: true, Attached: []string{iamARN("policy/orders-read")}}
			u.Keys = []object.AccessKey{{Slot: 1, Active: inventory.True, CreatedAt: day(2024, 1, 1), LastUsed: day(2026, 1, 1), Used: inventory.True}}
			a.Users = append(a.Users, u)
		}
		if i%4 == 0 {
			a.Secrets = append(a.Secrets, object.Secret{ARN: fmt.Sprintf("arn:aws:secretsmanager:%s:%s:secret:%s-AbCdEf", region, account, name), Name: name, Region: region, CreatedAt: day(2024, 1, 1), Rotation: inventory.False})
		}
	}
	return &object.Estate{Accounts: []*object.Account{a}}
}

// BenchmarkRecords judges and maps accounts of two sizes, and gives the time and
// the live memory for each record.
func BenchmarkRecords(b *testing.B) {
	for _, roles := range []int{500, 2000} {
		b.Run(fmt.Sprint(roles, "roles"), func(b *testing.B) {
			o := large(b, roles)
			n := 0
			b.ReportAllocs()
			var most uint64
			for b.Loop() {
				n = 0
				e := newEstate("aws", o, newOwnerTags(nil), scanned)
				var m runtime.MemStats
				runtime.ReadMemStats(&m)
				most = max(most, m.HeapAlloc)
				if err := e.run(context.Background(), func(inventory.Record) error { n++; return nil }); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(n), "ns/record")
			b.ReportMetric(float64(most)/1e6, "heap-MB")
			b.ReportMetric(float64(n), "records")
		})
	}
}
