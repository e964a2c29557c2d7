package repo

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/muster-nhi/muster/internal/inventory"
)

// brokenLog makes a history whose log breaks off at a tree that is missing, and
// calls before when all of it is whole yet but its newest commits are not there.
func brokenLog(t *testing.T, before func(dir string)) (dir, first string) {
	t.Helper()
	b := newBuilder(t)
	first = b.commit("one", "old.env", "TOKEN="+canary("old")+"\n")
	b.commit("two TOKEN="+canary("old message"), "old.env", "TOKEN=gone\n")
	before(b.dir)
	b.commit("three TOKEN="+canary("new message"), "new.env", "TOKEN="+canary("new")+"\n")
	b.commit("hole", "dir/c.txt", "clean\n")
	b.commit("five", "new.env", "TOKEN=gone\n", "dir/c.txt", "clean, too\n")
	b.commit("six", "late.env", "TOKEN="+canary("late")+"\n")
	id := b.git("rev-parse", "HEAD~2^{tree}")
	if err := os.Remove(filepath.Join(b.dir, ".git", "objects", id[:2], id[2:])); err != nil {
		t.Fatal(err)
	}
	return b.dir, first
}

// A commit that a reference reaches is not called unreachable because the log
// broke off before it, and a log of new commits that breaks off does not take
// away what is known of the old ones.
func TestLogBreaksOff(t *testing.T) {
	for name, memory := range map[string]*notebook{"read as a whole": nil, "read as far as it is new": newNotebook()} {
		t.Run(name, func(t *testing.T) {
			lines := func(dir string) []string {
				if memory == nil {
					return scanMemory(t, nil, nil, map[string]any{"path": dir})
				}
				return scanMemory(t, memory, nil, map[string]any{"path": dir})
			}
			dir, first := brokenLog(t, func(dir string) {
				if memory != nil {
					lines(dir)
				}
			})
			found := map[inventory.SecretHash]*inventory.Credential{}
			partial := false
			for _, line := range lines(dir) {
				var r inventory.Record
				if err := json.Unmarshal([]byte(line), &r); err != nil {
					t.Fatal(err)
				}
				if r.Credential != nil {
					found[r.Credential.SecretHash] = r.Credential
				}
				partial = partial || r.Coverage != nil && strings.Contains(r.Coverage.Reason, "the log could not be read to the end")
			}
			if !partial {
				t.Fatal("the log was read to its end")
			}
			for _, secret := range []string{"old", "old message", "new", "new message", "late"} {
				c := found[hashOf(canary(secret))]
				if c == nil {
					t.Errorf("%s: it was not found", secret)
					continue
				}
				if got := places(c); strings.Contains(got, "unreachable commit") {
					t.Errorf("%s: a commit that a branch reaches is called unreachable: %s", secret, got)
				}
			}
			if c := found[hashOf(canary("old"))]; memory != nil && (c == nil || places(c) != "old.env:1\n" || c.FoundAt[0].Commit != first) {
				t.Errorf("the place of before is lost: %+v", c)
			}
		})
	}
}
