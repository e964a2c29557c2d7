package rules_test

import (
	"strings"
	"testing"

	"github.com/muster-nhi/muster/internal/inventory"
)

// TestWhereALeakStands says of a secret that is only staged or on disk that it is
// in no commit, and of one that is committed whether HEAD has it.
func TestWhereALeakStands(t *testing.T) {
	const scope = "github.com/northwind/controller"
	b := inventory.NewBuilder()
	for _, r := range []inventory.Record{
		{Credential: &inventory.Credential{ID: "repo:staged", Store: "file", AtHead: inventory.True, FoundAt: []inventory.Location{{URI: "a.env", Line: 1, Via: "staged", AtHead: inventory.True}}}},
		{Credential: &inventory.Credential{ID: "repo:untracked", Store: "file", AtHead: inventory.True, FoundAt: []inventory.Location{{URI: "b.env", Line: 1, AtHead: inventory.True}}}},
		{Credential: &inventory.Credential{ID: "repo:head", Store: "git", AtHead: inventory.True, FoundAt: []inventory.Location{{URI: "c.env", Line: 1, Commit: strings.Repeat("1", 40), AtHead: inventory.True}}}},
		{Credential: &inventory.Credential{ID: "repo:history", Store: "git", AtHead: inventory.False, FoundAt: []inventory.Location{{URI: "d.env", Line: 1, Commit: strings.Repeat("1", 40), AtHead: inventory.False}}}},
		{Identity: &inventory.Identity{ID: "aws:ci", Type: "aws.iam_user", Scope: "aws:111122223333", Name: "ci"}},
		{Coverage: &inventory.Coverage{Scanner: "repo", Scope: scope, Kind: inventory.KindCredential, Status: inventory.StatusComplete, Count: 4}},
	} {
		if c := r.Credential; c != nil {
			c.Type, c.Scope, c.Exposure = "github.token", scope, "repository"
			opened := *c
			opened.ID += "-opens"
			opened.Identity = "aws:ci"
			if err := b.Add(inventory.Record{Credential: &opened}); err != nil {
				t.Fatal(err)
			}
		}
		if err := b.Add(r); err != nil {
			t.Fatal(err)
		}
	}
	got := judgeRecords(t, b.Build())
	for subject, want := range map[string]struct{ says, score string }{
		"repo:staged":    {"in a.env:1, in no commit", "in no commit"},
		"repo:untracked": {"in b.env:1, in no commit", "in no commit"},
		"repo:head":      {"in c.env:1, still at HEAD", "in a repository at HEAD"},
		"repo:history":   {"in d.env:1, in history only", "in the history of a repository"},
	} {
		for rule, id := range map[string]string{"NHI-EXP-010": subject, "NHI-EXP-001": subject + "-opens"} {
			f := got[rule][id]
			if f == nil {
				t.Fatalf("%s: nothing of %s", rule, id)
			}
			var lines []string
			for _, l := range f.ScoreLines {
				lines = append(lines, l.Reason)
			}
			if !strings.Contains(f.Message, want.says) || !strings.Contains(strings.Join(lines, "\n"), want.score) {
				t.Errorf("%s of %s: %s (%s)", rule, id, f.Message, strings.Join(lines, "; "))
			}
		}
	}
}
