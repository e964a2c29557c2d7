package repo

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"hash/crc32"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/scanners"
	"github.com/muster-nhi/muster/scanners/repo/pack"
)

// canary returns a made-up GitHub token. It is made here so that no source of
// this repository holds one.
func canary(name string) string {
	sum := sha256.Sum256([]byte("canary " + name))
	body := strings.NewReplacer("+", "x", "/", "y", "=", "").Replace(base64.StdEncoding.EncodeToString(sum[:]))
	return "gh" + "p_" + body[:30] + digits62(crc32.ChecksumIEEE([]byte(body[:30])))
}

// digits62 writes a token's checksum as GitHub does.
func digits62(sum uint32) string {
	const digits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	out := []byte("000000")
	for i := len(out) - 1; i >= 0; i-- {
		out[i] = digits[sum%62]
		sum /= 62
	}
	return string(out)
}

// hasher is keyed with a fixed key.
func hasher() func([]byte) inventory.SecretHash { return inventory.NewHasher([32]byte{7}) }

func hashOf(secret string) inventory.SecretHash { return hasher()([]byte(secret)) }

// A builder makes a repository whose commits have fixed authors and dates.
type builder struct {
	t    testing.TB
	dir  string
	tick int

	author string // who commits from now on; empty is Ada Park
}

func newBuilder(t testing.TB, args ...string) *builder {
	t.Helper()
	b := &builder{t: t, dir: t.TempDir()}
	b.git(append([]string{"init", "-q", "-b", "main"}, args...)...)
	return b
}

// git runs git in the repository and returns what it printed.
func (b *builder) git(args ...string) string {
	b.t.Helper()
	return b.gitIn(b.dir, args...)
}

func (b *builder) gitIn(dir string, args ...string) string {
	b.t.Helper()
	b.tick++
	date := time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC).Add(time.Duration(b.tick) * time.Hour).Format(time.RFC3339)
	cmd := exec.CommandContext(b.t.Context(), "git", append([]string{"-c", "protocol.file.allow=always"}, args...)...)
	cmd.Dir = dir
	cmd.Env = append(
		os.Environ(),
		"GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_GLOBAL="+os.DevNull,
		"GIT_AUTHOR_NAME="+cmp.Or(b.author, "Ada Park"), "GIT_AUTHOR_EMAIL=ada@northwind.example", "GIT_AUTHOR_DATE="+date,
		"GIT_COMMITTER_NAME=Ada Park", "GIT_COMMITTER_EMAIL=ada@northwind.example", "GIT_COMMITTER_DATE="+date,
	)
	out, err := cmd.CombinedOutput()
	if err != nil {
		b.t.Fatalf("git %s: %v", args[0], err)
	}
	return strings.TrimSpace(string(out))
}

// write writes a file of the working tree.
func (b *builder) write(name, content string) {
	b.t.Helper()
	path := filepath.Join(b.dir, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		b.t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		b.t.Fatal(err)
	}
}

// commit writes files, given as name and content in turn, and commits them.
// It returns the commit.
func (b *builder) commit(message string, files ...string) string {
	b.t.Helper()
	for i := 0; i+1 < len(files); i += 2 {
		b.write(files[i], files[i+1])
	}
	b.git("add", "-A")
	b.git("commit", "-q", "--allow-empty", "-m", message)
	return b.git("rev-parse", "HEAD")
}

// envOf is what a scanner is lent in tests.
func envOf(memory scanners.Memory) scanners.Env {
	return scanners.Env{Log: quiet(), Hash: hasher(), Now: frozen, Memory: memory, Getenv: os.Getenv}
}

func quiet() *slog.Logger { return slog.New(slog.DiscardHandler) }

func frozen() time.Time { return time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC) }

// A result is what one scan emitted.
type result struct {
	records []inventory.Record
	err     error
}

// scan scans with a configuration given as JSON keys and values in turn.
func scan(t testing.TB, config map[string]any) result {
	t.Helper()
	return scanContext(t, t.Context(), config)
}

func scanContext(t testing.TB, ctx context.Context, config map[string]any) result { //nolint:revive // the test comes first
	t.Helper()
	return scanEdited(t, ctx, config, func(*scanner) {})
}

// scanGit scans without the reader of packs.
func scanGit(t testing.TB, config map[string]any) result {
	t.Helper()
	return scanEdited(t, t.Context(), config, func(s *scanner) {
		s.openPacks = func(string, ...string) (*pack.Store, error) { return nil, &pack.UnsupportedError{Reason: "a test"} }
	})
}

// scanEdited scans with a scanner that was changed.
func scanEdited(t testing.TB, ctx context.Context, config map[string]any, edit func(*scanner)) result { //nolint:revive // the test comes first
	t.Helper()
	return scanBy(t, ctx, Factory(), config, edit)
}

// scanBy scans with a scanner of a factory.
func scanBy(t testing.TB, ctx context.Context, factory scanners.Factory, config map[string]any, edit func(*scanner)) result { //nolint:revive // the test comes first
	t.Helper()
	raw, err := json.Marshal(config)
	if err != nil {
		t.Fatal(err)
	}
	s, err := factory.Open(envOf(nil), func(into any) error { return json.Unmarshal(raw, into) })
	if err != nil {
		return result{err: err}
	}
	edit(s.(*scanner))
	var mu sync.Mutex
	var out result
	out.err = s.Scan(ctx, func(r inventory.Record) error {
		mu.Lock()
		defer mu.Unlock()
		out.records = append(out.records, r)
		return nil
	})
	for _, r := range out.records {
		if err := r.Validate(); err != nil {
			t.Errorf("invalid record: %v", err)
		}
	}
	return out
}

// credential returns the record of a secret, or nil.
func (r result) credential(secret string) *inventory.Credential {
	for _, x := range r.records {
		if x.Credential != nil && x.Credential.SecretHash == hashOf(secret) {
			return x.Credential
		}
	}
	return nil
}

// coverage returns the coverage of credentials, by scope.
func (r result) coverage() map[string]*inventory.Coverage {
	out := map[string]*inventory.Coverage{}
	for _, x := range r.records {
		if x.Coverage != nil && x.Coverage.Kind == inventory.KindCredential {
			out[x.Coverage.Scope] = x.Coverage
		}
	}
	return out
}

// only returns the only coverage of credentials.
func (r result) only(t testing.TB) *inventory.Coverage {
	t.Helper()
	all := r.coverage()
	if len(all) != 1 {
		t.Fatalf("got %d scopes, want 1", len(all))
	}
	for _, c := range all {
		return c
	}
	return nil
}

// places lists the locations of a credential, one a line.
func places(c *inventory.Credential) string {
	var b strings.Builder
	for _, l := range c.FoundAt {
		fmt.Fprintf(&b, "%s:%d", l.URI, l.Line)
		if l.Commit == "" {
			b.WriteString(" uncommitted")
		}
		if l.Via != "" {
			fmt.Fprintf(&b, " (%s)", l.Via)
		}
		if l.AtHead == inventory.True {
			b.WriteString(" at head")
		}
		b.WriteByte('\n')
	}
	return b.String()
}
