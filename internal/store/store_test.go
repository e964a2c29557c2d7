package store

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/muster-nhi/muster/internal/inventory"
)

// day returns a time of the made-up calendar of these tests.
func day(n int) time.Time { return time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC).AddDate(0, 0, n) }

const scopeA, scopeB = "111122223333", "444455556666"

// estateOptions say how the made-up estate differs from its plain form.
type estateOptions struct {
	n       int // identities; each has a credential, a grant and a usage
	day     int // when it is scanned: last uses move with it
	changed int // identities whose description is another
	without int // identities left out, from the first
	status  map[string]inventory.Status
}

// build makes an inventory of Northwind Robotics.
func build(t testing.TB, o estateOptions) *inventory.Inventory {
	t.Helper()
	b := inventory.NewBuilder()
	add := func(r inventory.Record) {
		t.Helper()
		if err := b.Add(r); err != nil {
			t.Fatal(err)
		}
	}
	counts := map[string]int{}
	for i := o.without; i < o.n; i++ {
		scope := scopeA
		if i%4 == 3 {
			scope = scopeB
		}
		counts[scope]++
		id := fmt.Sprintf("aws:arn:aws:iam::%s:user/robot-%07d", scope, i)
		text := "welds and paints, line " + fmt.Sprint(i%17)
		if i < o.changed {
			text += fmt.Sprintf(", moved on day %d", o.day)
		}
		add(inventory.Record{Identity: &inventory.Identity{
			ID: id, Type: "aws.iam_user", Scope: scope, Name: fmt.Sprintf("robot-%07d", i), Description: text,
			CreatedAt: day(-400), Tags: map[string]string{"team": "welding", "cost": fmt.Sprint(i % 7)},
		}})
		add(inventory.Record{Credential: &inventory.Credential{
			ID: fmt.Sprintf("aws:key/%07d", i), Type: "aws.access_key", Scope: scope, Identity: id,
			PublicID: fmt.Sprintf("AKIA%012d", i), CreatedAt: day(-300), Disabled: inventory.False,
		}})
		add(inventory.Record{Grant: &inventory.Grant{
			ID: id + "/grant", Principal: id, Scope: scope, Name: "AmazonS3FullAccess", Level: inventory.LevelWrite,
		}})
		add(inventory.Record{Usage: &inventory.Usage{Subject: id, Scope: scope, LastUsedAt: day(o.day), TrackedSince: day(-400)}})
	}
	for _, scope := range []string{scopeA, scopeB} {
		for _, kind := range []inventory.Kind{inventory.KindIdentity, inventory.KindCredential, inventory.KindGrant, inventory.KindUsage} {
			c := &inventory.Coverage{
				Scanner: "aws", Scope: scope, Kind: kind, Status: inventory.StatusComplete, Count: counts[scope],
				StartedAt: day(o.day), FinishedAt: day(o.day),
			}
			if st := o.status[scope]; st != "" {
				c.Status, c.Reason = st, "access was refused"
				if st != inventory.StatusPartial {
					c.Count = 0
				}
			}
			add(inventory.Record{Coverage: c})
		}
	}
	inv := b.Build()
	owners := []*inventory.Owner{}
	for _, i := range inv.Identities {
		owners = append(owners, &inventory.Owner{Subject: i.ID, Scope: i.Scope, Owner: "welding", Method: "tag", Confidence: inventory.ConfidenceHigh})
	}
	return inv.With([]*inventory.Relation{{
		From: "repo:x/secret/1", To: "AKIA0", Type: inventory.RelationAuthenticates, Method: "public_id", Exact: true,
	}}, owners)
}

func finding(n, day int, scope string) *inventory.Finding {
	return &inventory.Finding{
		ID: fmt.Sprintf("F-%016x", n), Fingerprint: fmt.Sprintf("%016x", n), Rule: "NHI-ROT-001", Title: "An old key", Category: "rotation",
		Subject: fmt.Sprintf("aws:key/%07d", n), SubjectKind: inventory.KindCredential, Scope: scope,
		Severity: inventory.SeverityHigh, Score: 60 + n%20, Verdict: "fail", Message: fmt.Sprintf("It is %d days old.", 300+day),
		ScoreLines: []inventory.ScoreLine{{Points: 60 + n%20, Reason: "old"}}, Controls: map[string][]string{"soc2": {"CC6.1"}},
	}
}

func open(t testing.TB, path string) *Store {
	t.Helper()
	s, err := Open(t.Context(), "sqlite:"+path, Options{Wait: 5 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func meta(n int) Meta {
	return Meta{StartedAt: day(n), FinishedAt: day(n).Add(time.Minute), AsOf: day(n), Sources: []string{"aws:northwind"}, Tool: "v0", Ruleset: "r0"}
}

func save(t testing.TB, s *Store, m Meta, inv *inventory.Inventory, findings ...*inventory.Finding) Saved {
	t.Helper()
	out, err := s.Save(context.Background(), m, inv, findings)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func loadOK(t testing.TB, s *Store, ref string) *Snapshot {
	t.Helper()
	snap, err := s.Load(context.Background(), ref)
	if err != nil {
		t.Fatal(err)
	}
	return snap
}

var sameInventory = cmp.Options{cmpopts.IgnoreUnexported(inventory.Inventory{}), cmpopts.EquateEmpty()}

func TestSaveAndLoad(t *testing.T) {
	s := open(t, filepath.Join(t.TempDir(), "deep", "er", "muster.db"))
	type kept struct {
		id  string
		inv *inventory.Inventory
	}
	var all []kept
	for n, o := range []estateOptions{
		{n: 50},
		{n: 50, day: 1},
		{n: 60, day: 2, changed: 5, without: 3},
		{n: 40, day: 3, status: map[string]inventory.Status{scopeB: inventory.StatusPartial}},
		{n: 60, day: 4, changed: 5},
	} {
		inv := build(t, o)
		out := save(t, s, meta(n), inv, finding(1, n, scopeA), finding(2, n, scopeA))
		all = append(all, kept{out.ID, inv})
	}
	for n, k := range all {
		snap := loadOK(t, s, k.id)
		if diff := cmp.Diff(k.inv, snap.Inventory, sameInventory); diff != "" {
			t.Errorf("snapshot %d differs from what was saved (-saved +loaded):\n%s", n, diff)
		}
		if len(snap.Findings) != 2 || !slices.IsSortedFunc(snap.Findings, byWorst) {
			t.Fatalf("snapshot %d: findings %v", n, snap.Findings)
		}
		f := snap.Findings[0]
		if !f.LastSeen.Equal(day(n)) || !f.FirstSeen.Equal(day(0)) || f.Message != fmt.Sprintf("It is %d days old.", 300+n) {
			t.Errorf("snapshot %d: finding came back as %+v", n, f)
		}
		if snap.Counts.Kinds[inventory.KindIdentity] != len(k.inv.Identities) {
			t.Errorf("snapshot %d: counts %v", n, snap.Counts.Kinds)
		}
	}
	// Look-ups in a loaded inventory work as in a built one.
	inv := loadOK(t, s, "latest").Inventory
	if id := inv.Identities[0].ID; len(inv.CredentialsOf(id)) != 1 || len(inv.OwnersOf(id)) != 1 || len(inv.UsageOf(id)) != 1 {
		t.Error("the loaded inventory is not indexed")
	}
}
