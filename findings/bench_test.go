package findings_test

import (
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/muster-nhi/muster/findings"
	"github.com/muster-nhi/muster/internal/inventory"
)

// estate is a made-up company with n identities, 3n credentials and 5n grants,
// where a few records in a hundred fail something.
func estate(tb testing.TB, n int) *inventory.Inventory {
	tb.Helper()
	b := inventory.NewBuilder()
	add := func(r inventory.Record) {
		if err := b.Add(r); err != nil {
			tb.Fatal(err)
		}
	}
	levels := []inventory.Level{inventory.LevelRead, inventory.LevelRead, inventory.LevelWrite, inventory.LevelUnknown}
	for i := range n {
		scope := fmt.Sprintf("aws:11112222%04d", i/1000)
		id := fmt.Sprintf("aws:arn:aws:iam::11112222%04d:user/ci-%07d", i/1000, i)
		if i%1000 == 0 {
			for _, kind := range inventory.ScanKinds() {
				add(inventory.Record{Coverage: &inventory.Coverage{Scanner: "aws", Scope: scope, Kind: kind, Status: inventory.StatusComplete}})
			}
		}
		add(inventory.Record{Identity: &inventory.Identity{
			ID: id, Type: "aws.iam_user", Scope: scope, Name: fmt.Sprintf("ci-%07d", i),
			CreatedAt: asOf.AddDate(0, 0, -i%400), Disabled: inventory.False, Description: "deploys", Environment: "production",
		}})
		if i%20 != 0 {
			add(inventory.Record{Owner: &inventory.Owner{
				Subject: id, Scope: scope, Owner: "team-platform", Method: "tag", Confidence: inventory.ConfidenceHigh, Active: inventory.True,
			}})
		}
		for k := range 3 {
			cred := fmt.Sprintf("%s/key/%d", id, k)
			add(inventory.Record{Credential: &inventory.Credential{
				ID: cred, Type: "aws.access_key", Scope: scope, Identity: id, PublicID: fmt.Sprintf("KEY%07d%d", i, k),
				CreatedAt: asOf.AddDate(0, 0, -(i+k)%95), Disabled: inventory.False, NeverExpires: true,
			}})
			if k == 0 {
				add(inventory.Record{Usage: &inventory.Usage{Subject: cred, Scope: scope, LastUsedAt: asOf.AddDate(0, 0, -i%46), TrackedSince: asOf.AddDate(-1, 0, 0)}})
			}
		}
		for k := range 5 {
			add(inventory.Record{Grant: &inventory.Grant{
				ID: fmt.Sprintf("%s/grant/%d", id, k), Principal: id, Scope: scope, Name: "deploy", Resource: "*", Level: levels[(i+k)%4],
			}})
		}
	}
	return b.Build()
}

var asOf = time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)

func builtin(tb testing.TB) *findings.Engine {
	tb.Helper()
	fsys := os.DirFS("../rules")
	rules, err := findings.LoadRules(fsys)
	if err != nil {
		tb.Fatal(err)
	}
	lib, err := findings.LoadLibrary(fsys)
	if err != nil {
		tb.Fatal(err)
	}
	engine, err := findings.NewEngine(rules, lib, nil)
	if err != nil {
		tb.Fatal(err)
	}
	return engine
}

// BenchmarkJudge judges two sizes: time for each identity should be the same
// in both, for judging is linear.
func BenchmarkJudge(b *testing.B) {
	engine := builtin(b)
	for _, n := range []int{2_000, 20_000} {
		inv := estate(b, n)
		b.Run(fmt.Sprintf("identities=%d", n), func(b *testing.B) {
			b.ReportAllocs()
			var found int
			for b.Loop() {
				result, err := engine.Judge(b.Context(), inv, findings.Params{AsOf: asOf})
				if err != nil {
					b.Fatal(err)
				}
				found = len(result.Findings)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*n), "ns/identity")
			b.ReportMetric(float64(found)/float64(n), "findings/identity")
		})
	}
}

// BenchmarkLoad reads, checks and plans the built-in rules.
func BenchmarkLoad(b *testing.B) {
	for b.Loop() {
		builtin(b)
	}
}
