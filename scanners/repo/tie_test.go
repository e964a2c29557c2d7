package repo

import (
	"bytes"
	"fmt"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// TestCommitsOfOneSecond makes histories in one second, with a branch on every
// commit, so that neither dates nor the order of references tell which came first:
// ancestors do.
func TestCommitsOfOneSecond(t *testing.T) {
	for try := range 4 {
		b := newBuilder(t)
		s := canary("one second")
		var in bytes.Buffer
		const n = 6
		for i := 1; i <= n; i++ {
			fmt.Fprintf(&in, "commit refs/heads/main\nmark :%d\ncommitter a <b> 1700000000 +0000\ndata 8\nnumber %d", i, try)
			if i > 1 {
				fmt.Fprintf(&in, "\nfrom :%d\nD f%d.env", i-1, i-1)
			}
			fmt.Fprintf(&in, "\nM 100644 inline f%d.env\ndata %d\ntoken=%s\n\n", i, len("token=")+len(s), s)
			fmt.Fprintf(&in, "reset refs/heads/b%d\nfrom :%d\n\n", (i*5+try)%7, i)
		}
		cmd := exec.CommandContext(t.Context(), "git", "fast-import", "--quiet")
		cmd.Dir, cmd.Stdin = b.dir, &in
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("git fast-import: %v: %s", err, out)
		}
		var commits, want []string
		for i := n - 1; i >= 0; i-- {
			commits = append(commits, b.git("rev-parse", fmt.Sprintf("main~%d", i)))
			want = append(want, fmt.Sprintf("f%d.env", n-i))
		}
		for _, config := range []map[string]any{{"worktree": false}, {"commits": "main", "worktree": false}} {
			config["path"] = b.dir
			c := scan(t, config).credential(s)
			if c == nil {
				t.Fatal("the secret was not found")
			}
			if c.FirstCommit != commits[0] || c.LastCommit != commits[n-1] {
				t.Errorf("first is number %d and last number %d of %d", 1+slices.Index(commits, c.FirstCommit), 1+slices.Index(commits, c.LastCommit), n)
			}
			var got []string
			for _, l := range c.FoundAt {
				got = append(got, l.URI)
			}
			if config["commits"] == nil && !slices.Equal(got, want) {
				t.Errorf("places %s, want the oldest first", strings.Join(got, " "))
			}
		}
	}
}
