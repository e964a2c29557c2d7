package repo

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/muster-nhi/muster/scanners/repo/pack"
)

// TestStores scans stores of all kinds through the reader of packs, if it
// serves them, and through git: both must find the same, and all there is.
func TestStores(t *testing.T) {
	fill := func(b *builder) *builder {
		for i := range 6 {
			b.commit("token="+canary(fmt.Sprint("message", i)), "a.env", fmt.Sprintf("%stoken=%s\n", strings.Repeat("x = 1\n", 50), canary(fmt.Sprint("blob", i))))
		}
		b.git("tag", "-a", "-m", "token="+canary("tag"), "v1")
		return b
	}
	all := []string{"tag"}
	for i := range 6 {
		all = append(all, fmt.Sprint("message", i), fmt.Sprint("blob", i))
	}
	one := func(b *builder, pattern string) string {
		list, err := filepath.Glob(filepath.Join(b.dir, ".git", "objects", filepath.FromSlash(pattern)))
		if err != nil || len(list) != 1 {
			t.Fatal(pattern, list, err)
		}
		return list[0]
	}
	for _, c := range []struct {
		name   string
		served bool
		make   func(t *testing.T) *builder
		less   []string // what is not there
		reason string   // why the coverage is partial
	}{
		{name: "loose", served: true, make: func(t *testing.T) *builder { t.Helper(); return fill(newBuilder(t)) }},
		{name: "SHA-256", make: func(t *testing.T) *builder {
			t.Helper()
			b := fill(newBuilder(t, "--object-format=sha256"))
			b.git("repack", "-dq")
			b.commit("loose")
			return b
		}},
		{name: "borrowed", served: true, make: func(t *testing.T) *builder {
			t.Helper()
			from := fill(newBuilder(t))
			from.git("repack", "-dq")
			to := filepath.Join(t.TempDir(), "fork")
			from.git("clone", "-q", "--shared", "--bare", from.dir, to)
			return &builder{t: t, dir: to}
		}},
		{name: "borrowed in a circle, by quoted and relative names", served: true, make: func(t *testing.T) *builder {
			t.Helper()
			root := t.TempDir()
			from, to := fill(at(t, filepath.Join(root, "from"))), at(t, filepath.Join(root, "to"))
			from.git("push", "-q", to.dir, "main:other", "v1")
			to.git("update-ref", "refs/heads/main", "other")
			write := func(b *builder, text string) {
				if err := os.WriteFile(filepath.Join(b.dir, ".git", "objects", "info", "alternates"), []byte(text), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			write(from, "# back\n../../../to/.git/objects\n")
			write(to, "\""+strings.ReplaceAll(from.dir, "from", `fr\157m`)+"/.git/objects\"\n\n")
			if err := os.RemoveAll(filepath.Join(to.dir, ".git", "objects", "pack")); err != nil {
				t.Fatal(err)
			}
			to.git("config", "core.bare", "true")
			return &builder{t: t, dir: filepath.Join(to.dir, ".git")}
		}},
		{name: "a borrowed store is gone", served: true, reason: "1 stores that it borrows objects from are not there", make: func(t *testing.T) *builder {
			t.Helper()
			b := fill(newBuilder(t))
			if err := os.WriteFile(filepath.Join(b.dir, ".git", "objects", "info", "alternates"), []byte("/nowhere/at/all\n"), 0o600); err != nil {
				t.Fatal(err)
			}
			return b
		}},
		{name: "index of version 1", served: true, make: func(t *testing.T) *builder {
			t.Helper()
			b := fill(newBuilder(t))
			b.git("-c", "pack.indexVersion=1", "repack", "-adfq")
			return b
		}},
		{name: "cruft pack", served: true, make: func(t *testing.T) *builder {
			t.Helper()
			b := fill(newBuilder(t))
			b.git("update-ref", "refs/heads/main", "main~3")
			b.git("update-ref", "-d", "refs/tags/v1")
			b.git("reflog", "expire", "--expire=now", "--all")
			b.git("read-tree", "main")
			b.git("repack", "--cruft", "-dq")
			one(b, "pack/*.mtimes")
			return b
		}},
		{name: "partial clone", served: true, less: []string{"blob0", "blob1", "blob2", "blob3", "blob4", "blob5"}, reason: "partial clone", make: func(t *testing.T) *builder {
			t.Helper()
			from := fill(newBuilder(t))
			from.git("config", "uploadpack.allowFilter", "true")
			to := filepath.Join(t.TempDir(), "part.git")
			from.git("clone", "-q", "--bare", "--filter=blob:none", "file://"+from.dir, to)
			return &builder{t: t, dir: to}
		}},
		{name: "only a multi-pack-index", make: func(t *testing.T) *builder {
			t.Helper()
			b := fill(newBuilder(t))
			b.git("repack", "-adq")
			b.git("multi-pack-index", "write")
			b.git("multi-pack-index", "verify")
			if err := os.Rename(one(b, "pack/*.idx"), filepath.Join(b.dir, ".git", "objects", "pack", "kept-for-git.idx")); err != nil {
				t.Fatal(err)
			}
			return b
		}, less: all[:len(all)-1], reason: "packfile … index unavailable"}, // the last blob is on disk
	} {
		t.Run(c.name, func(t *testing.T) {
			b := c.make(t)
			served := false
			config := map[string]any{"path": b.dir}
			own := scanEdited(t, t.Context(), config, func(s *scanner) {
				s.openPacks = func(dir string, borrowed ...string) (*pack.Store, error) {
					store, err := pack.Open(dir, borrowed...)
					served = err == nil
					return store, err
				}
			})
			git := scanGit(t, config)
			if err := errors.Join(own.err, git.err); err != nil || served != c.served {
				t.Fatalf("served %v: %v", served, err)
			}
			if own.lines(t) != git.lines(t) {
				t.Errorf("%s\nthrough git:\n%s", own.lines(t), git.lines(t))
			}
			for _, name := range all {
				if there := own.credential(canary(name)) != nil; there == slices.Contains(c.less, name) {
					t.Errorf("%s: %v", name, there)
				}
			}
			if got := own.only(t); c.reason != "" {
				wantPartial(t, got, c.reason)
			} else if got.Reason != "" {
				t.Error(got.Reason)
			}
		})
	}
}
