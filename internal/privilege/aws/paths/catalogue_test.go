package paths

import (
	"encoding/json"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestCatalogue compares the table with a clone of the catalogue, whose git
// directory MUSTER_PATHFINDING names.
func TestCatalogue(t *testing.T) {
	dir := os.Getenv("MUSTER_PATHFINDING")
	if dir == "" {
		t.Log("MUSTER_PATHFINDING does not name a clone of the catalogue: only the table's own form is tested")
		return
	}
	git := func(args ...string) string {
		out, err := exec.CommandContext(t.Context(), "git", append([]string{"--git-dir=" + dir}, args...)...).Output()
		if err != nil {
			t.Fatalf("git %v: %v", args, err)
		}
		return string(out)
	}
	var entries []struct {
		ID          string
		Permissions struct {
			Required []struct{ Permission string }
		}
	}
	if err := json.Unmarshal([]byte(git("show", "HEAD:docs/paths.json")), &entries); err != nil {
		t.Fatal(err)
	}
	want := map[string][]string{}
	for _, entry := range entries {
		for _, p := range entry.Permissions.Required {
			want[entry.ID] = append(want[entry.ID], p.Permission)
		}
		slices.Sort(want[entry.ID])
	}
	got := map[string][]string{}
	for _, w := range ways() {
		if strings.HasPrefix(w.id, "muster-") {
			continue
		}
		for _, n := range w.needs {
			got[w.id] = append(got[w.id], n.action)
		}
		slices.Sort(got[w.id])
		got[w.id] = slices.Compact(got[w.id]) // one permission may be needed on two things
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the catalogue has other paths or permissions (-catalogue +table):\n%s", diff)
	}
}

// TestWays holds the table to its form.
func TestWays(t *testing.T) {
	seen := map[string]bool{}
	for _, w := range ways() {
		if seen[w.id] {
			t.Errorf("%s is there twice", w.id)
		}
		seen[w.id] = true
		if (w.how == passNew || w.how == useExisting) != (w.service != "") {
			t.Errorf("%s: a service is named where none is passed to, or the other way round", w.id)
		}
		if w.how == useExisting && w.consumer == "" {
			t.Errorf("%s: nothing to use is named", w.id)
		}
		for _, n := range w.needs {
			if _, _, ok := strings.Cut(n.action, ":"); !ok {
				t.Errorf("%s: %q is no action", w.id, n.action)
			}
		}
	}
	if n := len(seen); n != 65+16 {
		t.Errorf("%d ways, want the 65 of the catalogue and 16 of muster's own", n)
	}
}
