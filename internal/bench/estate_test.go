package bench

import (
	"bufio"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/muster-nhi/muster/internal/inventory"
)

// writeEstate writes a recorded scan of n made-up identities with 3n
// credentials and 5n grants, n/2 usages and n/2 owners, over n/1000 scopes, and
// returns its path. The same n gives the same bytes. About one record in eight
// of those that rules judge fails: old keys, second keys, users that nobody
// uses, grants that have run out, a few administrators.
func writeEstate(tb testing.TB, n int) string {
	tb.Helper()
	file := filepath.Join(tb.TempDir(), fmt.Sprintf("estate-%d.jsonl", n))
	f, err := os.Create(file)
	if err != nil {
		tb.Fatal(err)
	}
	buf := bufio.NewWriterSize(f, 1<<20)
	w := inventory.NewWriter(buf)
	counts := map[string]map[inventory.Kind]int{}
	put := func(r inventory.Record) {
		if scope := r.Scope(); r.Coverage == nil {
			if counts[scope] == nil {
				counts[scope] = map[inventory.Kind]int{}
			}
			counts[scope][r.Kind()]++
		}
		if err := w.Write(r); err != nil {
			tb.Fatal(err)
		}
	}
	scopes := max(1, n/1000)
	for i := range n {
		writeIdentity(put, i, scopes)
	}
	for s := range scopes {
		writeCoverage(put, scopeName(s), counts[scopeName(s)])
	}
	if err := w.Flush(); err != nil {
		tb.Fatal(err)
	}
	if err := buf.Flush(); err != nil {
		tb.Fatal(err)
	}
	if err := f.Close(); err != nil {
		tb.Fatal(err)
	}
	return file
}

func scopeName(s int) string { return fmt.Sprintf("aws:%012d", 100000000000+s) }

func writeIdentity(put func(inventory.Record), i, scopes int) {
	now := time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)
	scope := scopeName(i % scopes)
	id := fmt.Sprintf("aws:arn:aws:iam::%012d:user/service-%07d", 100000000000+i%scopes, i)
	put(inventory.Record{Identity: &inventory.Identity{
		ID: id, Type: "aws.iam_user", Scope: scope, Name: fmt.Sprintf("service-%07d", i),
		Environment: []string{"production", "staging", ""}[i%3], CreatedAt: now.AddDate(0, 0, -i%2000),
		Disabled: inventory.TriOf(i%50 == 0), Tags: map[string]string{"team": fmt.Sprintf("team-%d", i%100)},
	}})
	for c := range 3 {
		put(inventory.Record{Credential: &inventory.Credential{
			ID: fmt.Sprintf("%s/key/%d", id, c), Type: "aws.access_key", Scope: scope, Identity: id,
			PublicID: fmt.Sprintf("AKIAEXAMPLE%07d%d", i, c), Store: "iam", CreatedAt: now.AddDate(0, 0, -keyAge(i, c)),
			Disabled: inventory.TriOf(c > 0 && (i+c)%8 != 0), NeverExpires: true,
		}})
	}
	for g := range 5 {
		put(inventory.Record{Grant: &inventory.Grant{
			ID: fmt.Sprintf("%s/grant/%d", id, g), Principal: id, Scope: scope, Name: fmt.Sprintf("policy-%d", (i+g)%400),
			Resource: "*", Via: "group", Level: level(i, g), GrantedAt: now.AddDate(0, 0, -i%900), ExpiresAt: end(now, i, g),
		}})
	}
	if i%2 == 0 {
		put(inventory.Record{Usage: &inventory.Usage{
			Subject: id, Scope: scope, LastUsedAt: now.AddDate(0, 0, -i%120), TrackedSince: now.AddDate(-1, 0, 0), Service: "s3",
		}})
		put(inventory.Record{Owner: &inventory.Owner{
			Subject: id, Scope: scope, Owner: fmt.Sprintf("team-%d", i%100), Kind: "team", Method: "tag", Confidence: inventory.ConfidenceHigh,
		}})
	}
}

// keyAge is the age of a key in days: four in ten are past the 90 days that
// the rule for access keys allows.
func keyAge(i, c int) int {
	if n := (i*7 + c*31) % 100; n < 60 {
		return n + 1
	}
	return 91 + (i+c*31)%600
}

// level is what a grant allows: one user in a hundred is an administrator.
func level(i, g int) inventory.Level {
	if i%100 == 7 && g == 0 {
		return inventory.LevelAdmin
	}
	return []inventory.Level{
		inventory.LevelRead, inventory.LevelWrite, inventory.LevelRead, inventory.LevelNone, inventory.LevelUnknown,
	}[(i+g)%5]
}

// end is when a grant runs out: one in 25 has, and most have no end.
func end(now time.Time, i, g int) time.Time {
	if (i+g)%25 == 3 {
		return now.AddDate(0, 0, -1-i%60)
	}
	return time.Time{}
}

func writeCoverage(put func(inventory.Record), scope string, counts map[inventory.Kind]int) {
	for _, k := range []inventory.Kind{
		inventory.KindIdentity, inventory.KindCredential, inventory.KindGrant, inventory.KindUsage, inventory.KindOwner,
	} {
		put(inventory.Record{Coverage: &inventory.Coverage{Scanner: "aws", Scope: scope, Kind: k, Status: inventory.StatusComplete, Count: counts[k]}})
	}
}

// BenchmarkJudge reads and judges recorded scans of growing size; the floor is
// the same file read and decoded (a scan with every rule but one switched off
// would still correlate, so the floor is measured in process by
// internal/inventory's own benchmark).
func BenchmarkJudge(b *testing.B) {
	program := build(b)
	for _, n := range []int{10_000, 100_000} {
		file := writeEstate(b, n)
		b.Run(fmt.Sprintf("identities=%d", n), func(b *testing.B) {
			for b.Loop() {
				c := measure(b.Context(), b, []int{0, 1}, program, "scan", "replay:"+file, "--store", "none", "--no-progress",
					"--as-of", "2026-11-22T00:00:00Z", "-o", "csv-findings="+os.DevNull)
				c.report(b, "")
			}
		})
	}
}

// BenchmarkStartUp measures `muster version`.
func BenchmarkStartUp(b *testing.B) {
	program := build(b)
	for b.Loop() {
		measure(b.Context(), b, []int{0}, program, "version").report(b, "")
	}
}
