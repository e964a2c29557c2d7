package repo

import (
	"bytes"
	"compress/zlib"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/scanners/repo/archive"
	"github.com/muster-nhi/muster/scanners/repo/git"
	"github.com/muster-nhi/muster/scanners/repo/match"
)

// Each setting either decides what is found in an object, and then it is part of
// what that is remembered under, or it does not. A new one has to be put here.
func TestRescanKeyHasAllThatDecides(t *testing.T) {
	decides := map[string]bool{"MaxFileSize": true, "Archives": true, "ArchiveBytes": true}
	not := []string{
		"Path", "Paths", "History", "Worktree", "Staged", "Since", "Commits", "Unreachable", "Submodules", "Rescan", // which objects are read, and when
		"Rules", // by the digest of the rules
	}
	rules, err := defaultRules()
	if err != nil {
		t.Fatal(err)
	}
	outcome := func(edit func(*job)) [sha256.Size]byte {
		j := &job{scan: &scanner{env: envOf(nil), config: defaults()}, rules: rules}
		edit(j)
		return j.outcome()
	}
	plain := outcome(func(*job) {})
	if again := outcome(func(*job) {}); again != plain {
		t.Error("it is another one each time")
	}
	for field := range reflect.TypeFor[Config]().Fields() {
		other := outcome(func(j *job) {
			v := reflect.ValueOf(&j.scan.config).Elem().FieldByIndex(field.Index)
			switch v.Kind() {
			case reflect.Bool:
				v.SetBool(!v.Bool())
			case reflect.String:
				v.SetString(v.String() + "x")
			case reflect.Int, reflect.Int64:
				v.SetInt(v.Int() + 1)
			case reflect.Slice:
				v.Set(reflect.Append(v, reflect.ValueOf("x")))
			default:
				t.Fatalf("%s is of another kind", field.Name)
			}
		})
		if (other != plain) != decides[field.Name] {
			t.Errorf("%s: another digest is %v, want %v", field.Name, other != plain, decides[field.Name])
		}
		if decides[field.Name] == slices.Contains(not, field.Name) {
			t.Errorf("%s: say whether it decides what is found in an object", field.Name)
		}
	}
	if outcome(func(j *job) { j.scan.env.Hash = inventory.NewHasher([32]byte{8}) }) == plain {
		t.Error("the key of the hashes is no part of it")
	}
	for name, content := range map[string]string{
		"an allowlist": "[extend]\nuseDefault = true\n[[allowlists]]\nregexes = ['''x''']\n",
		"a stopword":   "[extend]\nuseDefault = true\n[[allowlists]]\nstopwords = ['''x''']\n",
		"a rule off":   "[extend]\nuseDefault = true\ndisabledRules = [\"github-pat\"]\n",
	} {
		set, err := loadBeyond(rulesFile, []byte(content), nil)
		if err != nil {
			t.Fatal(err)
		}
		if outcome(func(j *job) { j.rules = set }) == plain {
			t.Errorf("%s is no part of it", name)
		}
	}
}

// Rules that a configuration takes from another file are those of that file now.
func TestRescanKeyHasFilesThatRulesExtend(t *testing.T) {
	digest := func(more string) [sha256.Size]byte {
		set, err := match.Load(rulesFile, []byte("[extend]\npath = \"more.toml\"\n"), func(string) ([]byte, error) { return []byte(more), nil })
		if err != nil {
			t.Fatal(err)
		}
		return set.Digest()
	}
	if digest("[[allowlists]]\nregexes = ['''x''']\n") == digest("[[allowlists]]\nregexes = ['''y''']\n") {
		t.Error("the other file is no part of the digest")
	}
}

// What was not read to its end for a reason that may not hold another time is not
// remembered, whatever was found in it.
func TestRescanOfWhatTimeCut(t *testing.T) {
	id, _ := git.ParseID([]byte(strings.Repeat("ab", 20)))
	for name, cut := range map[string]func(*job, source){
		"an archive that took too long": func(j *job, s source) {
			j.leave(s, archive.Report{Left: map[archive.Reason]int{archive.TooSlow: 1}})
		},
		"all archives together": func(j *job, s source) {
			j.unpacked.Store(unpackFree + unpackRatio + 1)
			if _, _, err := (&pool{job: j}).unpack(nil, s, archive.Source{Size: 1}); err != nil {
				t.Error(err)
			}
		},
	} {
		for _, found := range []bool{true, false} {
			j := &job{scan: &scanner{config: defaults()}, known: &known{}, tells: newFindings(), reasons: map[string]int{}}
			s := source{id: id, kind: git.TypeBlob}
			cut(j, s)
			j.learn(s, found, opened{packed: 1})
			j.learn(s, found, opened{})
			if len(j.tells.met)+len(j.known.fresh) != 0 || len(j.reasons) != 1 {
				t.Errorf("%s, found %v: it is remembered; %q", name, found, j.order)
			}
		}
	}
}

// A scan under another key of the installation tells its hashes.
func TestRescanUnderAnotherKey(t *testing.T) {
	b := newBuilder(t)
	b.commit("one", "a.env", "token="+canary("one")+"\n", ".netrc", "machine a.northwind.example login ada password "+canary("two")+"\n")
	memory := newNotebook()
	for key := range byte(3) {
		c := defaults()
		c.Path = b.dir
		env := envOf(memory)
		env.Hash = inventory.NewHasher([32]byte{key % 2})
		s, err := newScanner(env, c)
		if err != nil {
			t.Fatal(err)
		}
		want := map[inventory.SecretHash]bool{env.Hash([]byte(canary("one"))): true, env.Hash([]byte(canary("two"))): true}
		got := map[inventory.SecretHash]bool{}
		if err := s.Scan(t.Context(), func(r inventory.Record) error {
			if r.Credential != nil {
				got[r.Credential.SecretHash] = true
			}
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("scan %d (-want +got):\n%s", key, diff)
		}
	}
}

// An object whose content is not that of its name is remembered by no way in which
// it can be read.
func TestForgedObjectsAreNotRemembered(t *testing.T) {
	b := newBuilder(t)
	b.commit("one", "small.txt", "clean\n", "large.txt", strings.Repeat("a line of a large file\n", chunkSize/20), "empty.zip", zipOf(t, "a.txt", "clean\n"))
	forged := map[string]string{
		"small.txt": strings.Repeat("5a", 20), "large.txt": strings.Repeat("6b", 20), "empty.zip": strings.Repeat("7c", 20),
	}
	ids := map[string]string{}
	for name := range forged {
		ids[name] = b.git("rev-parse", "HEAD:"+name)
	}
	b.git("repack", "-adq")
	for name, id := range forged {
		renameObject(t, filepath.Join(b.dir, ".git", "objects", "pack"), ids[name], id)
	}
	for way, scanBy := range map[string]func(*notebook){
		"muster": func(n *notebook) { scanMemory(t, n, nil, map[string]any{"path": b.dir, "worktree": false}) },
		"git":    func(n *notebook) { scanThroughGit(t, n, b.dir) },
	} {
		memory := newNotebook()
		scanBy(memory)
		all := bytes.Join([][]byte{memory.data[memory.of(t, "repo/objects/")], memory.data["repo/found/"]}, nil)
		for key, data := range memory.data {
			if strings.HasPrefix(key, "repo/found/") {
				all = append(all, data...)
			}
		}
		for name, id := range forged {
			raw, err := hex.DecodeString(id)
			if err != nil {
				t.Fatal(err)
			}
			if bytes.Contains(all, raw) {
				t.Errorf("read by %s, %s is remembered", way, name)
			}
		}
	}
}

// A file of a known format that a store lied about is read again, and what the log
// told at that time is not used.
func TestForgedFormatIsNotRemembered(t *testing.T) {
	b := newBuilder(t)
	text := "machine a.northwind.example login ada password r0b0t-Mars-77\n"
	b.commit("one", ".netrc", text)
	id := b.git("rev-parse", "HEAD:.netrc")
	path := filepath.Join(b.dir, ".git", "objects", id[:2], id[2:])
	honest, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	lie := strings.Repeat("#", len(text)-1) + "\n"
	var forged bytes.Buffer
	z := zlib.NewWriter(&forged)
	_, _ = fmt.Fprintf(z, "blob %d\x00%s", len(lie), lie)
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	put := func(content []byte) {
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, content, 0o400); err != nil {
			t.Fatal(err)
		}
	}
	memory := newNotebook()
	config := map[string]any{"path": b.dir, "worktree": false}
	put(forged.Bytes())
	scanMemory(t, memory, nil, config)
	put(honest)
	if diff := cmp.Diff(scanMemory(t, nil, nil, config), scanMemory(t, memory, nil, config)); diff != "" {
		t.Errorf("a rescan tells something else (-fresh +again):\n%s", diff)
	}
}

// Forks tell of archives what they tell alone, and under other rules what these
// find.
func TestForksWithArchivesAndOtherRules(t *testing.T) {
	dir := t.TempDir()
	a := at(t, filepath.Join(dir, "a"))
	a.commit("one", "a.env", "token="+canary("common")+"\n", "full.zip", zipOf(t, "b.env", "token="+canary("packed")+"\n"),
		"cut.zip", zipOf(t, "a.txt", "clean\n")[:40], "not.gz", "\x1f\x8b\x08\x00 token="+canary("not gz")+" \n")
	a.git("repack", "-adq")
	for _, name := range []string{"copy", "ruled"} {
		a.git("clone", "-q", "--no-hardlinks", a.dir, filepath.Join(dir, name))
	}
	ruled := &builder{t: t, dir: filepath.Join(dir, "ruled"), tick: 100}
	ruled.commit("rules", ".gitleaks.toml", "[extend]\nuseDefault = true\n[[allowlists]]\nregexes = ['''"+canary("common")+"''']\n")
	together, read := scanCounted(t, nil, dir, true)
	if together.err != nil || read["local/copy"] != 0 {
		t.Fatal(together.err, read)
	}
	for _, name := range []string{"a", "copy", "ruled"} {
		alone := scan(t, map[string]any{"path": filepath.Join(dir, name)})
		got, want := ofScope(t, together, "local/"+name), ofScope(t, alone, "local/"+name)
		if got != want || !strings.Contains(want, "damaged") {
			t.Errorf("%s differs from what it tells alone:\n%s\nalone:\n%s", name, got, want)
		}
	}
}
