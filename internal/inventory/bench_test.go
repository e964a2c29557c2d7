package inventory_test

import (
	"bytes"
	"fmt"
	"runtime"
	"testing"
	"time"

	"github.com/muster-nhi/muster/internal/inventory"
)

// estate returns the lines of a made-up organisation: for each identity three
// credentials and five grants.
func estate(b *testing.B, identities int) []byte {
	b.Helper()
	var out bytes.Buffer
	w := inventory.NewWriter(&out)
	hash := inventory.NewHasher([32]byte{3})
	write := func(r inventory.Record) {
		if err := w.Write(r); err != nil {
			b.Fatal(err)
		}
	}
	at := time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC)
	for i := range identities {
		scope := fmt.Sprintf("%012d", 111122223333+i%40)
		id := fmt.Sprintf("aws:arn:aws:iam::%s:user/service/robot-%06d", scope, i)
		made := at.Add(time.Duration(i) * time.Minute)
		write(inventory.Record{Identity: &inventory.Identity{
			ID: id, Type: "aws.iam_user", Scope: scope, Name: fmt.Sprintf("robot-%06d", i), Environment: "production",
			CreatedAt: made, Disabled: inventory.False, Tags: map[string]string{"team": "platform"},
		}})
		for k := range 3 {
			write(inventory.Record{Credential: &inventory.Credential{
				ID: fmt.Sprintf("aws:key/%06d-%d", i, k), Type: "aws.access_key", Scope: scope, Identity: id,
				PublicID: fmt.Sprintf("KEY%013d%d", i, k), SecretHash: hash(fmt.Append(nil, i, k)), Store: "iam",
				CreatedAt: made, RotatedAt: made, Disabled: inventory.False, Environment: "production",
			}})
		}
		for g := range 5 {
			write(inventory.Record{Grant: &inventory.Grant{
				ID: fmt.Sprintf("aws:grant/%06d-%d", i, g), Principal: id, Scope: scope, Name: "AmazonS3ReadOnlyAccess",
				Resource: "*", Via: "attached policy", Level: inventory.LevelRead, Reasons: []string{"s3:Get* on *"},
			}})
		}
	}
	if err := w.Flush(); err != nil {
		b.Fatal(err)
	}
	return out.Bytes()
}

// BenchmarkReadAll reads a recorded scan of two sizes into an inventory and
// gives the time and the live memory for each record.
func BenchmarkReadAll(b *testing.B) {
	for _, identities := range []int{2_000, 20_000} {
		b.Run(fmt.Sprint(identities*9, "records"), func(b *testing.B) {
			text := estate(b, identities)
			b.SetBytes(int64(len(text)))
			b.ReportAllocs()
			for b.Loop() {
				build(b, text)
			}
			n := float64(identities * 9)
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/n, "ns/record")
			before := live()
			inv := build(b, text)
			b.ReportMetric(float64(live()-before)/n, "live-B/record")
			runtime.KeepAlive(inv)
			runtime.KeepAlive(text)
		})
	}
}

func build(b *testing.B, text []byte) *inventory.Inventory {
	b.Helper()
	builder := inventory.NewBuilder()
	if err := inventory.ReadAll("bench", bytes.NewReader(text), builder.Add); err != nil {
		b.Fatal(err)
	}
	return builder.Build()
}

// live returns the bytes of the heap that are in use.
func live() int64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}
