package repo

import (
	"path/filepath"
	"slices"
	"testing"

	"github.com/muster-nhi/muster/internal/inventory"
)

// Files that hold credentials by their name are found where no commit but a merge
// brought them in, and where they are staged only; what was there before a merge
// settled a conflict is told once.
func TestFilesThatNoCommitBroughtIn(t *testing.T) {
	netrc := func(name string) string { return "machine a.northwind.example login ada password r0b0t-" + name + "\n" }
	b := newBuilder(t)
	b.commit("one", "a.txt", "clean\n", "sub/.netrc", netrc("Earth-1"))
	b.git("switch", "-q", "-c", "side")
	b.commit("two", "b.txt", "clean\n")
	b.git("switch", "-q", "main")
	b.git("merge", "-q", "--no-ff", "--no-commit", "side")
	b.write(".netrc", netrc("Mars-2"))
	b.write("sub/.netrc", "# settled\n"+netrc("Earth-1"))
	b.write("id.p12", "a key by a merge")
	b.git("add", "-A")
	b.git("commit", "-q", "-m", "merge")
	bare := filepath.Join(t.TempDir(), "mirror.git")
	b.git("clone", "-q", "--mirror", b.dir, bare)
	b.write("staged/.netrc", netrc("Moon-3"))
	b.write("staged.p12", "a key that is staged")
	b.git("add", "-A")
	memory := newNotebook()
	for _, c := range []struct {
		dir  string
		want map[string]string // how it came there
	}{
		{b.dir, map[string]string{"r0b0t-Earth-1": "", "r0b0t-Mars-2": "merge", "a key by a merge": "merge", "r0b0t-Moon-3": "staged", "a key that is staged": "staged"}},
		{bare, map[string]string{"r0b0t-Earth-1": "", "r0b0t-Mars-2": "merge", "a key by a merge": "merge"}},
	} {
		config := map[string]any{"path": c.dir}
		r := scan(t, config)
		if got := r.only(t); got.Count != len(c.want) || got.Reason != "" {
			t.Errorf("%q", r.scopes())
		}
		for secret, via := range c.want {
			found := r.credential(secret)
			if found == nil {
				t.Errorf("the one by %q is not found", via)
				continue
			}
			if len(found.FoundAt) != 1 || found.FoundAt[0].Via != via || found.AtHead != inventory.True && c.dir == b.dir {
				t.Errorf("by %q: at HEAD %v, places %v", via, found.AtHead, found.FoundAt)
			}
			if (found.FoundAt[0].Commit == "") != slices.Contains([]string{"merge", "staged"}, via) {
				t.Errorf("by %q: commit %q", via, found.FoundAt[0].Commit)
			}
		}
		sameAsFresh(t, memory, config, c.dir)
	}
}
