package repo

import (
	"encoding/base64"
	"os"
	"path/filepath"
	"testing"

	"github.com/muster-nhi/muster/internal/inventory"
)

// TestConfigurationOfGit finds the logins that stand in a repository's own
// configuration, wherever it lies, where files are read at all.
func TestConfigurationOfGit(t *testing.T) {
	url, header := "Hg7pq"+"Rw2"+"mVz9", canary("header")
	b := newBuilder(t)
	b.commit("one", "a", "1", "config", "1")
	b.git("remote", "add", "origin", "https://bob:"+url+"@git.northwind.example/robots.git")
	b.git("config", "http.extraheader", "AUTHORIZATION: basic "+base64.StdEncoding.EncodeToString([]byte("x-access-token:"+header)))
	linked, bare := filepath.Join(t.TempDir(), "linked"), filepath.Join(t.TempDir(), "bare.git")
	b.git("worktree", "add", "-q", linked)
	b.git("clone", "-q", "--bare", b.dir, bare)
	for _, pair := range [][2]string{{"remote.origin.url", "https://bob:" + url + "@git.northwind.example/robots.git"}, {"http.extraheader", "Authorization: Bearer " + header}} {
		b.gitIn(bare, "config", pair[0], pair[1])
	}
	before := fingerprint(t, b.dir)
	for _, tt := range []struct {
		name   string
		config map[string]any
		want   bool
	}{
		{"working tree and history", map[string]any{"path": b.dir}, true},
		{"files only", map[string]any{"path": b.dir, "history": false}, true},
		{"a linked working tree", map[string]any{"path": linked}, true},
		{"a bare repository", map[string]any{"path": bare}, true},
		{"below a directory", map[string]any{"path": filepath.Dir(bare)}, true},
		{"history only", map[string]any{"path": b.dir, "worktree": false}, false},
		{"staged", map[string]any{"path": b.dir, "staged": true}, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := scan(t, tt.config)
			if r.err != nil {
				t.Fatal(r.err)
			}
			for _, s := range []string{url, header} {
				c := r.credential(s)
				switch {
				case (c != nil) != tt.want:
					t.Fatalf("found %v, want %v", c != nil, tt.want)
				case c == nil:
				case len(c.FoundAt) != 1 || c.FoundAt[0].URI != ".git/config" || c.FoundAt[0].Commit != "" || c.Store != "file":
					t.Errorf("in %s: %s", c.Store, places(c))
				}
			}
			for scope, c := range r.coverage() {
				if c.Status != inventory.StatusComplete {
					t.Errorf("%s is %s: %s", scope, c.Status, c.Reason)
				}
			}
		})
	}
	if fingerprint(t, b.dir) != before {
		t.Error("the repository was changed")
	}
	// What linked working trees share is told once; without git it is a file all the same.
	r := scan(t, map[string]any{"paths": []string{b.dir, linked}})
	n := 0
	for _, x := range r.records {
		if x.Credential != nil {
			n++
		}
	}
	if n != 2 {
		t.Errorf("%d credentials in a repository and its linked working tree, want 2", n)
	}
	t.Setenv("PATH", t.TempDir())
	if r := scan(t, map[string]any{"path": b.dir}); r.credential(url) == nil {
		t.Error("without git the login was not found")
	}
}

// TestConfigurationElsewhere follows no link out of the git directory.
func TestConfigurationElsewhere(t *testing.T) {
	b := newBuilder(t)
	b.commit("one", "a", "1")
	other := filepath.Join(t.TempDir(), "config")
	if err := os.WriteFile(other, []byte("[core]\n\tbare = false\n[remote \"origin\"]\n\turl = https://bob:"+canary("outside")+"@git.northwind.example/a\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(b.dir, ".git", "config")
	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(other, file); err != nil {
		t.Fatal(err)
	}
	r := scan(t, map[string]any{"path": b.dir})
	if r.err != nil || r.credential(canary("outside")) != nil {
		t.Errorf("what a link leads to was read: %v", r.err)
	}
	wantPartial(t, r.only(t), "could not be read")
}
