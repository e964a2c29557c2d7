package repo

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/gob"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/scanners"
	"github.com/muster-nhi/muster/scanners/repo/archive"
	"github.com/muster-nhi/muster/scanners/repo/git"
)

// A notebook is a memory that lasts as long as a test.
type notebook struct {
	mu    sync.Mutex
	data  map[string][]byte
	saves int
	err   error
	level slog.Level // of what is told to people
}

func newNotebook() *notebook { return &notebook{data: map[string][]byte{}} }

func (n *notebook) Load(_ context.Context, key string) ([]byte, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	return bytes.Clone(n.data[key]), n.err
}

func (n *notebook) Save(_ context.Context, key string, data []byte) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.saves++
	n.data[key] = bytes.Clone(data)
	return n.err
}

// of returns the key of one sort.
func (n *notebook) of(t testing.TB, prefix string) string {
	t.Helper()
	for _, key := range slices.Sorted(maps.Keys(n.data)) {
		if strings.HasPrefix(key, prefix) {
			return key
		}
	}
	t.Fatalf("nothing was saved under %s", prefix)
	return ""
}

// scanMemory scans with a memory and returns the records, as JSON lines in
// order, without progress; log takes what was told to people.
func scanMemory(t testing.TB, memory scanners.Memory, log *bytes.Buffer, config map[string]any) []string {
	t.Helper()
	lines, err := tryMemory(t, t.Context(), memory, log, config, nil)
	if err != nil {
		t.Fatal(err)
	}
	return lines
}

func tryMemory(t testing.TB, ctx context.Context, memory scanners.Memory, log *bytes.Buffer, config map[string]any, each func(inventory.Record)) ([]string, error) { //nolint:revive // the test comes first
	t.Helper()
	raw, err := json.Marshal(config)
	if err != nil {
		t.Fatal(err)
	}
	if log == nil {
		log = &bytes.Buffer{}
	}
	level := slog.LevelInfo
	if n, ok := memory.(*notebook); ok {
		level = n.level
	}
	env := scanners.Env{
		Log: slog.New(slog.NewTextHandler(log, &slog.HandlerOptions{Level: level})), Hash: hasher(), Memory: memory,
		Now: func() time.Time { return time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC) },
	}
	s, err := Factory().Open(env, func(into any) error { return json.Unmarshal(raw, into) })
	if err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	var lines []string
	err = s.Scan(ctx, func(r inventory.Record) error {
		mu.Lock()
		defer mu.Unlock()
		if each != nil {
			each(r)
		}
		if r.Progress == nil {
			line, err := json.Marshal(r)
			if err != nil {
				return err
			}
			lines = append(lines, string(line))
		}
		return nil
	})
	slices.Sort(lines)
	return lines, err
}

// sameAsFresh scans with the memory, twice, and without one, and compares.
func sameAsFresh(t testing.TB, memory *notebook, config map[string]any, what string) {
	t.Helper()
	fresh := scanMemory(t, nil, nil, config)
	for _, time := range []string{"once", "twice"} {
		var log bytes.Buffer
		if diff := cmp.Diff(fresh, scanMemory(t, memory, &log, config)); diff != "" {
			t.Fatalf("%s, %s: a rescan tells something else (-fresh +again):\n%s", what, time, diff)
		}
		if log.Len() > 0 {
			t.Errorf("%s, %s: a warning: %s", what, time, log.String())
		}
	}
}

// An eventful repository is one with something in every place where secrets hide.
func eventful(t testing.TB) *builder {
	t.Helper()
	b := newBuilder(t)
	b.commit("one", "app.env", "TOKEN="+canary("one")+"\n", "README.md", "hello\n", "main.tf", "resource \"aws_iam_user\" \"ci\" {\n  name = \"ci\"\n}\n")
	b.commit("two", "app.env", "TOKEN=gone\n", "lib/config.py", "x = 1\ntoken = '"+canary("two")+"'\n", "id.p12", "binary key")
	wide := strings.Join(strings.Split(" TOKEN="+canary("wide")+" ", ""), "\x00")
	b.commit("binary", "setup.dat", strings.Repeat("\x00\x81\x82\x83", 3000)+wide+strings.Repeat("\x84\x00\x85\x86", 3000))
	b.git("switch", "-q", "-c", "side")
	b.commit("side", "side.txt", "clean\n", "README.md", "hello\nside\n")
	b.git("switch", "-q", "main")
	b.commit("the token is " + canary("message"))
	b.git("merge", "-q", "--no-commit", "side")
	b.write("merged.env", "TOKEN="+canary("merge")+"\n")
	b.git("add", "-A")
	b.git("commit", "-q", "-m", "merge")
	b.git("tag", "-a", "v1", "-m", "release "+canary("tag"))
	b.git("notes", "add", "-m", "note "+canary("note"), "HEAD")
	b.write("stash.env", "TOKEN="+canary("stash")+"\n")
	b.git("add", "-A")
	b.git("stash", "-q")
	b.commit("archives", "full.zip", zipOf(t, "a/b.env", "TOKEN="+canary("zip")+"\n", "key.p12", "another key"), "empty.zip", zipOf(t, "a.txt", "clean\n"),
		"cut.zip", zipOf(t, "a.txt", "clean\n")[:40], "not.gz", "\x1f\x8b\x08\x00 TOKEN="+canary("not gz")+" \n",
		"large.txt", strings.Repeat("a line of a large file\n", chunkSize/20)+"TOKEN="+canary("large")+"\n")
	netrc := func(name string) string {
		return "machine a.northwind.example login ada password " + canary(name) + "\n"
	}
	b.commit("netrc", ".netrc", netrc("netrc one"))
	b.commit("netrc again", ".netrc", netrc("netrc one")+netrc("netrc two"))
	b.commit("lost", "lost.env", "TOKEN="+canary("lost")+"\n")
	b.git("reset", "-q", "--hard", "HEAD~1")
	return b
}

func TestRescanTellsTheSame(t *testing.T) {
	b := eventful(t)
	memory := newNotebook()
	config := map[string]any{"path": b.dir}
	if !strings.Contains(strings.Join(scanMemory(t, nil, nil, config), ""), string(hashOf(canary("wide")))) {
		t.Error("UTF-16 in a binary file is not found")
	}
	steps := []struct {
		name string
		do   func()
	}{
		{"the first scan", func() {}},
		{"nothing changed", func() {}},
		{"a new commit", func() { b.commit("three", "new.env", "TOKEN="+canary("three")+"\n", "README.md", "bye\n") }},
		{"a commit that takes a secret out", func() { b.commit("four", "new.env", "TOKEN=\n") }},
		{"an amended commit", func() {
			b.write("amended.env", "TOKEN="+canary("amended")+"\n")
			b.git("add", "-A")
			b.git("commit", "-q", "--amend", "-m", "four again")
		}},
		{"another branch", func() { b.git("branch", "-q", "other", "HEAD~1") }},
		{"a branch is gone", func() { b.git("branch", "-q", "-D", "side") }},
		{"history is rewritten", func() { b.git("reset", "-q", "--hard", "HEAD~2") }},
		{"commits upon it", func() { b.commit("five", "five.env", "TOKEN="+canary("one")+"\n") }},
		{"a rebase", func() {
			b.git("switch", "-q", "-c", "topic", "HEAD~1")
			b.commit("topic", "topic.env", "TOKEN="+canary("topic")+"\n")
			b.git("rebase", "-q", "main")
		}},
		{"a tag", func() { b.git("tag", "-a", "v2", "-m", "release "+canary("tag two")) }},
		{"a tag is gone", func() { b.git("tag", "-d", "v1") }},
		{"a stash is dropped", func() { b.git("stash", "drop", "-q") }},
		{"another mailmap", func() { b.write(".mailmap", "Grace Poe <grace@northwind.example> <ada@northwind.example>\n") }},
		{"the mailmap is committed", func() { b.commit("mailmap") }},
		{"a file changes on disk", func() { b.write("five.env", "TOKEN="+canary("disk")+"\n") }},
		{"a file is staged", func() { b.write("staged.env", "TOKEN="+canary("staged")+"\n"); b.git("add", "staged.env") }},
		{"all is packed", func() { b.git("gc", "-q") }},
		{"all is packed anew", func() { b.git("repack", "-q", "-a", "-d", "-f") }},
		{"a commit beside the pack", func() { b.commit("six", "six.txt", "clean\n") }},
		{"what nothing reaches is gone", func() {
			b.git("reflog", "expire", "--expire=now", "--all")
			b.git("gc", "-q", "--prune=now")
		}},
		{"an ignored finding", func() {
			b.write(".gitleaksignore", "lib/config.py:github-pat:2\n")
		}},
		{"rules with an allowlist", func() {
			b.write(".gitleaks.toml", "[extend]\nuseDefault = true\n[[allowlists]]\npaths = ['''merged''']\n")
		}},
		{"rules with a rule", func() {
			b.write(".gitleaks.toml", "[extend]\nuseDefault = true\n[[rules]]\nid = \"hello\"\nregex = '''(hello)'''\nkeywords = [\"hello\"]\n")
		}},
		{"the rules are gone", func() {
			if err := os.Remove(filepath.Join(b.dir, ".gitleaks.toml")); err != nil {
				t.Fatal(err)
			}
		}},
		{"a detached head", func() { b.git("switch", "-q", "--detach", "HEAD~1") }},
	}
	for _, step := range steps {
		step.do()
		sameAsFresh(t, memory, config, step.name)
	}
	if text := fmt.Sprint(memory.data); strings.Contains(text, "gh"+"p_") {
		t.Error("a secret is remembered")
	}
	for _, data := range memory.data {
		for _, name := range []string{"one", "two", "message", "merge", "tag", "note", "stash", "lost", "disk", "zip", "netrc one", "large"} {
			if bytes.Contains(data, []byte(canary(name))) {
				t.Errorf("the secret %q is remembered", name)
			}
		}
	}
}

func TestRescanOfBareAndOptions(t *testing.T) {
	b := eventful(t)
	bare := filepath.Join(t.TempDir(), "mirror.git")
	b.git("clone", "-q", "--mirror", b.dir, bare)
	memory := newNotebook()
	for _, config := range []map[string]any{
		{"path": bare},
		{"path": bare, "unreachable": false},
		{"path": bare, "max_file_size": 20},
		{"path": bare, "archives": 0},
		{"path": bare, "archives": 1, "archive_bytes": 10},
		{"path": bare},
		{"path": bare, "history": false, "worktree": true},
	} {
		sameAsFresh(t, memory, config, fmt.Sprint(config))
	}
}

// Random histories, scanned at random moments.
func TestRescanOfRandomHistories(t *testing.T) {
	for seed := range uint64(3) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			r := rand.New(rand.NewPCG(seed, 1))
			b := newBuilder(t)
			b.commit("first", "a.txt", "clean\n")
			memory := newNotebook()
			did := []string{}
			for n := range 18 {
				name, text := fmt.Sprintf("dir%d/f%d.env", r.IntN(2), r.IntN(4)), fmt.Sprintf("n%d\nTOKEN=%s\n", r.IntN(3), canary(fmt.Sprint(r.IntN(6))))
				if r.IntN(3) == 0 {
					text = fmt.Sprintf("clean %d\n", r.IntN(5))
				}
				step := r.IntN(10)
				did = append(did, fmt.Sprintf("%d %s", step, name))
				switch step {
				default:
					b.commit(fmt.Sprint("commit ", n), name, text)
				case 4:
					b.write(name, text)
				case 5:
					b.git("switch", "-q", "-f", "-C", fmt.Sprint("b", r.IntN(3)))
				case 6:
					b.git("merge", "-q", "-s", "ours", "--no-edit", "--allow-unrelated-histories", b.git("for-each-ref", "--count=1", "--format=%(objectname)"))
				case 7:
					b.git("commit", "-q", "--amend", "--allow-empty", "-m", "amended "+canary(fmt.Sprint(n)))
				case 8:
					b.git("gc", "-q")
				case 9:
					b.git("reset", "-q", "--hard", b.git("rev-list", "--max-parents=0", "--max-count=1", "HEAD"))
				}
				if r.IntN(3) == 0 {
					sameAsFresh(t, memory, map[string]any{"path": b.dir}, strings.Join(did, ", "))
				}
			}
		})
	}
}

// What is remembered is relied on: an object that is said to hold nothing is
// not read, and the log is not asked again.
func TestRescanRelies(t *testing.T) {
	b := newBuilder(t)
	b.commit("one", "app.env", "TOKEN="+canary("one")+"\n", "two.env", "TOKEN="+canary("two")+"\n")
	config := map[string]any{"path": b.dir, "worktree": false}
	memory := newNotebook()
	first := scanMemory(t, memory, nil, config)
	saves := memory.saves
	if again := scanMemory(t, memory, nil, config); !cmp.Equal(first, again) || memory.saves != saves {
		t.Errorf("%d savings after a second scan of the same, want %d", memory.saves, saves)
	}

	key := memory.of(t, "repo/log/")
	data := memory.data[key]
	var p pages
	if err := gob.NewDecoder(bytes.NewReader(data[2*sha256.Size:])).Decode(&p); err != nil {
		t.Fatal(err)
	}
	p.Stages[byCommits].Commits[0].Author = "Somebody Else"
	var body bytes.Buffer
	if err := gob.NewEncoder(&body).Encode(p); err != nil {
		t.Fatal(err)
	}
	memory.data[key] = seal(body.Bytes(), [sha256.Size]byte(data[sha256.Size:]))
	if again := strings.Join(scanMemory(t, memory, nil, config), ""); !strings.Contains(again, "Somebody Else") {
		t.Error("the log was read again")
	}

	key = memory.of(t, "repo/objects/")
	data = memory.data[key]
	id := b.git("rev-parse", "HEAD:two.env")
	raw, err := hex.DecodeString(id)
	if err != nil {
		t.Fatal(err)
	}
	k := known{old: data[2*sha256.Size:], fresh: [][nameSize]byte{[nameSize]byte(raw)}}
	memory.data[key] = seal(k.names(false), [sha256.Size]byte(data[sha256.Size:]))
	again := strings.Join(scanMemory(t, memory, nil, config), "")
	if strings.Contains(again, string(hashOf(canary("two")))) || !strings.Contains(again, string(hashOf(canary("one")))) {
		t.Error("an object that is said to hold nothing was read, or another one was not")
	}
	key = memory.of(t, "repo/found/")
	data = memory.data[key]
	rules, err := defaultRules()
	if err != nil {
		t.Fatal(err)
	}
	f := newFindings()
	if err := f.open(data[2*sha256.Size:], rules); err != nil || len(f.old) != 1 || len(f.infos) != 1 {
		t.Fatalf("%d objects, %d infos, error %v", len(f.old), len(f.infos), err)
	}
	f.infos[0].Info.Hint = "another hint"
	e := newFoundWriter(func(string) bool { return true }, f.infos)
	for _, id := range slices.SortedFunc(maps.Keys(f.old), git.ID.Compare) {
		e.object(id, f.old[id])
	}
	memory.data[key] = seal(e.bytes(), [sha256.Size]byte(data[sha256.Size:]))
	if again := strings.Join(scanMemory(t, memory, nil, config), ""); !strings.Contains(again, "another hint") {
		t.Error("an object with something in it was read again")
	}

	config["rescan"] = "full"
	if again := scanMemory(t, memory, nil, config); !cmp.Equal(first, again) {
		t.Error("rescan: full relies on what is remembered")
	}
	delete(config, "rescan")
	if again := scanMemory(t, memory, nil, config); !cmp.Equal(first, again) {
		t.Error("a full scan did not mend what was remembered")
	}
}

// What is damaged, cut, another's or cannot be read is not used.
func TestRescanWithBadMemory(t *testing.T) {
	b := eventful(t)
	config := map[string]any{"path": b.dir}
	good := newNotebook()
	fresh := scanMemory(t, good, nil, config)
	objects, log, found := good.of(t, "repo/objects/"), good.of(t, "repo/log/"), good.of(t, "repo/found/")
	for name, c := range map[string]struct {
		spoil func(*notebook)
		quiet bool
	}{
		"a byte of the names":      {spoil: func(n *notebook) { n.data[objects][100] ^= 1 }},
		"a byte of the log":        {spoil: func(n *notebook) { n.data[log][len(n.data[log])-1] ^= 1 }},
		"cut off":                  {spoil: func(n *notebook) { n.data[objects] = n.data[objects][:90] }},
		"a byte of what was found": {spoil: func(n *notebook) { n.data[found][300] ^= 1 }},
		"less than what was found": {spoil: func(n *notebook) {
			n.data[found] = reseal(n.data[found], func(b []byte) []byte { return b[:len(b)-1] })
		}},
		"more than what was found": {spoil: func(n *notebook) {
			n.data[found] = reseal(n.data[found], func(b []byte) []byte { return append(b, 0) })
		}},
		"found under another key":   {quiet: true, spoil: func(n *notebook) { n.data[found] = seal(n.data[found][64:], [32]byte{1}) }},
		"the log as what was found": {quiet: true, spoil: func(n *notebook) { n.data[found] = n.data[log] }},
		"nothing as what was found": {spoil: func(n *notebook) { n.data[found] = reseal(n.data[found], func([]byte) []byte { return []byte{5} }) }},
		"hardly anything":           {spoil: func(n *notebook) { n.data[log] = []byte("x") }},
		"of other rules": {quiet: true, spoil: func(n *notebook) {
			n.data[objects] = seal(n.data[objects][64:], [32]byte{1})
			n.data[log] = seal(n.data[log][64:], [32]byte{1})
		}},
		"names out of order": {spoil: func(n *notebook) {
			data := n.data[objects]
			body := append(bytes.Clone(data[64+nameSize:]), data[64:64+nameSize]...)
			n.data[objects] = seal(body, [32]byte(data[32:]))
		}},
		"one in the place of the other": {quiet: true, spoil: func(n *notebook) { n.data[objects], n.data[log] = n.data[log], n.data[objects] }},
		"no log in it": {spoil: func(n *notebook) {
			n.data[log] = seal([]byte("nonsense"), [32]byte(n.data[log][32:]))
		}},
		"it cannot be read": {spoil: func(n *notebook) { n.err = errors.New("the disk is on fire") }},
	} {
		t.Run(name, func(t *testing.T) {
			bad := newNotebook()
			for key, data := range good.data {
				bad.data[key] = bytes.Clone(data)
			}
			c.spoil(bad)
			var said bytes.Buffer
			if diff := cmp.Diff(fresh, scanMemory(t, bad, &said, config)); diff != "" {
				t.Errorf("another result (-fresh +again):\n%s", diff)
			}
			if (said.Len() == 0) != c.quiet {
				t.Errorf("said: %q", said.String())
			}
		})
	}
}

// reseal changes a body that is remembered.
func reseal(data []byte, change func([]byte) []byte) []byte {
	return seal(change(bytes.Clone(data[2*sha256.Size:])), [sha256.Size]byte(data[sha256.Size:]))
}

// A file whose name holds a secret is reported without it, and not remembered.
func TestSecretInNameIsNotRemembered(t *testing.T) {
	b := newBuilder(t)
	b.commit("one", canary("name")+".env", "TOKEN="+canary("one")+"\n")
	memory := newNotebook()
	sameAsFresh(t, memory, map[string]any{"path": b.dir}, "a secret in a name")
	for key, data := range memory.data {
		if strings.HasPrefix(key, "repo/log/") || bytes.Contains(data, []byte(canary("name"))) {
			t.Error("the name is remembered")
		}
	}
}

// What a file says of a secret is not remembered if another secret is in it.
func TestSecretInFactIsNotRemembered(t *testing.T) {
	b := newBuilder(t)
	b.commit("one", ".netrc", "machine a.northwind.example login "+canary("login")+" password "+canary("password")+"\n",
		"b/.netrc", "machine b.northwind.example login ada password "+canary("other")+"\n")
	memory := newNotebook()
	sameAsFresh(t, memory, map[string]any{"path": b.dir}, "a secret in a login")
	for _, data := range memory.data {
		if bytes.Contains(data, []byte(canary("login"))) {
			t.Error("the login is remembered")
		}
	}
	if !bytes.Contains(memory.data[memory.of(t, "repo/found/")], []byte("b.northwind.example")) {
		t.Error("what has no secret in it is not remembered")
	}
}

// A scan that is stopped remembers what it had scanned; the next one goes on and
// tells all.
func TestStoppedScanIsRemembered(t *testing.T) {
	b := eventful(t)
	config := map[string]any{"path": b.dir}
	memory := newNotebook()
	ctx, stop := context.WithCancel(t.Context())
	_, err := tryMemory(t, ctx, memory, nil, config, func(r inventory.Record) {
		if r.Progress != nil && r.Progress.Message == "attribute findings" {
			stop()
		}
	})
	if !errors.Is(err, context.Canceled) {
		t.Fatalf("got %v", err)
	}
	if len(memory.data[memory.of(t, "repo/objects/")]) <= 2*sha256.Size {
		t.Error("nothing is remembered")
	}
	sameAsFresh(t, memory, config, "after it was stopped")
}

// An object whose content is not what its name says is not remembered: the
// name may be another object's elsewhere.
func TestForgedObjectIsNotRemembered(t *testing.T) {
	s := source{kind: "blob"}
	k := &known{}
	if k.proves(s, []byte("clean")) {
		t.Error("a content was taken for another's")
	}
	if (*known)(nil).proves(s, nil) {
		t.Error("without memory nothing is to be proven")
	}
	h := newObjectHash("blob", 5, git.ID{})
	_, _ = h.Write([]byte("clean"))
	s.id = git.SHA1([nameSize]byte(h.Sum(nil)))
	if !k.proves(s, []byte("clean")) {
		t.Error("a content is not that of its name")
	}
	s.inner, s.format = "a.txt", archive.Zip
	if k.proves(s, []byte("clean")) {
		t.Error("a member of an archive was taken for the archive")
	}
}

func FuzzRemembered(f *testing.F) {
	digest := sha256.Sum256([]byte("rules"))
	rules, err := defaultRules()
	if err != nil {
		f.Fatal(err)
	}
	f.Add([]byte{}, true)
	f.Add(seal(bytes.Repeat([]byte{7}, 40), digest), false)
	f.Add(bytes.Repeat([]byte{7}, 20), true)
	f.Fuzz(func(t *testing.T, data []byte, sealed bool) {
		if sealed {
			data = seal(data, digest)
		}
		names, err := openNames(data, digest)
		if err != nil && names != nil || len(names)%nameSize != 0 {
			t.Errorf("%d bytes of names, error %v", len(names), err)
		}
		_ = newFindings().open(data, rules)
		_ = (&past{digest: digest, job: &job{commits: map[git.ID]bool{}}}).open(data)
	})
}
