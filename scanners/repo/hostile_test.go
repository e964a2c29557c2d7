package repo

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/muster-nhi/muster/internal/inventory"
)

// within fails the test if a scan does not end soon: a hostile repository must
// not hold it up.
func within(t *testing.T, config map[string]any) result {
	t.Helper()
	done := make(chan result, 1)
	go func() { done <- scan(t, config) }()
	select {
	case r := <-done:
		return r
	case <-time.After(60 * time.Second):
		t.Fatal("the scan does not end")
		return result{}
	}
}

// fingerprint is of all files below a directory: names, modes, times and
// content. What is no regular file is not opened.
func fingerprint(t *testing.T, dir string) string {
	t.Helper()
	sum := sha256.New()
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		fmt.Fprintf(sum, "%q %v %v %d\n", path, info.Mode(), info.ModTime().UnixNano(), info.Size())
		if info.Mode().IsRegular() {
			b, err := os.ReadFile(path)
			sum.Write(b)
			return err
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("%x", sum.Sum(nil))
}

func fifo(t *testing.T, path string) {
	t.Helper()
	_ = os.Remove(path)
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		t.Fatal(err)
	}
}

// TestFifosHoldNothingUp puts a pipe that nobody writes to where git or the
// scanner would read a file. The scan ends, says so, and still reads the files.
func TestFifosHoldNothingUp(t *testing.T) {
	for _, name := range []string{
		".git/config", ".git/HEAD", ".git/index", ".git/packed-refs", ".git/shallow", ".git/info/grafts", ".git/commondir",
		".git/objects/info/alternates", ".git/objects/info/commit-graph", ".git/refs/heads/pipe", ".git/config.worktree",
		".git/objects/pack/pack-1234567890123456789012345678901234567890.idx", ".git/logs/HEAD", ".git/included", ".git/objects/12/34567890123456789012345678901234567890",
		".mailmap", ".gitleaks.toml", ".gitleaksignore", "CODEOWNERS", "a.tf", ".git/objects/info/packs", ".gitattributes", ".gitmodules",
	} {
		t.Run(name, func(t *testing.T) {
			b := newBuilder(t)
			s := canary("beside a pipe")
			b.commit("one", "z.env", "token="+s+"\n")
			b.git("config", "extensions.worktreeConfig", "true")
			if strings.HasSuffix(name, "included") {
				b.git("config", "include.path", "included")
			}
			path := filepath.Join(b.dir, filepath.FromSlash(name))
			if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
				t.Fatal(err)
			}
			fifo(t, path)
			r := within(t, map[string]any{"path": b.dir})
			if r.err != nil || r.credential(s) == nil {
				t.Errorf("the secret beside was not found: %v", r.err)
			}
			for scope, c := range r.coverage() {
				// git does not read the log of HEAD for a scan.
				if strings.HasPrefix(name, ".git/") && name != ".git/logs/HEAD" && c.Status != inventory.StatusPartial {
					t.Errorf("%s: coverage says complete", scope)
				}
			}
		})
	}
}

// TestNothingIsRunContactedOrChanged gives git every setting that could make it
// run a program or reach out, sets variables that could turn it elsewhere, and
// compares the repository before and after every kind of scan.
func TestNothingIsRunContactedOrChanged(t *testing.T) {
	b := newBuilder(t)
	mark := filepath.Join(t.TempDir(), "ran")
	program := filepath.Join(t.TempDir(), "evil")
	if err := os.WriteFile(program, []byte("#!/bin/sh\necho \"$0 $*\" >> '"+mark+"'\nexit 1\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	s := canary("kept")
	b.commit("one", "a.env", "token="+s+"\n", ".gitattributes", "* filter=evil diff=evil merge=evil\n", "other", "1\r\n")
	blob := b.git("rev-parse", "HEAD:other")
	b.commit("two", "x", "2")
	b.git("branch", "side")
	b.git("notes", "add", "-m", "note")
	hooks := filepath.Join(b.dir, ".git", "hooks")
	for _, hook := range []string{"post-checkout", "post-index-change", "pre-commit", "reference-transaction", "fsmonitor-watchman", "pre-auto-gc"} {
		if err := errors.Join(os.MkdirAll(hooks, 0o700), os.Symlink(program, filepath.Join(hooks, hook))); err != nil {
			t.Fatal(err)
		}
	}
	extra := filepath.Join(b.dir, ".git", "extra")
	var config strings.Builder
	for _, key := range []string{
		"core.fsmonitor", "core.pager", "core.sshCommand", "core.askPass", "core.editor", "core.gitProxy", "sequence.editor", "gpg.program",
		"gpg.ssh.program", "gpg.x509.program", "diff.external", "diff.evil.textconv", "diff.evil.command", "merge.evil.driver",
		"filter.evil.clean", "filter.evil.smudge", "filter.evil.process", "core.alternateRefsCommand", "credential.helper", "pager.log", "pager.rev-list",
		"pager.cat-file", "pager.config", "alias.log", "alias.cat-file", "alias.rev-parse", "alias.ls-files", "uploadpack.packObjectsHook",
		"remote.origin.uploadpack", "remote.origin.receivepack", "remote.origin.vcs", "trailer.x.command", "trailer.x.cmd", "ssh.variant", "web.browser", "browser.x.cmd",
		"difftool.x.cmd", "mergetool.x.cmd", "interactive.diffFilter", "init.templateDir", "gc.recentObjectsHook", "submodule.x.update",
	} {
		section, rest, _ := strings.Cut(key, ".")
		name, sub := rest, ""
		if i := strings.LastIndexByte(rest, '.'); i >= 0 {
			sub, name = ` "`+rest[:i]+`"`, rest[i+1:]
		}
		value := program
		if key == "submodule.x.update" {
			value = "!" + program
		}
		fmt.Fprintf(&config, "[%s%s]\n\t%s = %s\n", section, sub, name, value)
	}
	fmt.Fprintf(&config, "[filter \"evil\"]\n\trequired = true\n[remote \"origin\"]\n\turl = ext::%s\n\tpromisor = true\n\tpartialclonefilter = blob:none\n"+
		"[extensions]\n\tpartialClone = origin\n[log]\n\tshowSignature = true\n[core]\n\thooksPath = %s\n\tworktree = /etc\n\trepositoryformatversion = 1\n[protocol]\n\tallow = always\n[protocol \"ext\"]\n\tallow = always\n"+
		"[url \"ext::%s\"]\n\tinsteadOf = https://\n[maintenance]\n\tauto = true\n[gc]\n\tauto = 1\n[index]\n\tversion = 4\n[core]\n\tuntrackedCache = true\n\tsplitIndex = true\n", program, hooks, program)
	if err := os.WriteFile(extra, []byte(config.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(b.dir, ".git", "info", "attributes"), []byte("* export-subst text=auto eol=crlf working-tree-encoding=UTF-16 filter=evil diff=evil\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	// A missing blob, which git would like to fetch from the promisor.
	if err := os.Remove(b.loose(blob)); err != nil {
		t.Fatal(err)
	}
	for _, how := range []string{"included", "own"} {
		file := filepath.Join(b.dir, ".git", "config")
		plain := "[core]\n\trepositoryformatversion = 1\n\tbare = false\n"
		if how == "own" {
			plain += config.String()
		} else {
			plain += "[include]\n\tpath = extra\n"
		}
		if err := os.WriteFile(file, []byte(plain), 0o600); err != nil {
			t.Fatal(err)
		}
		for key, value := range map[string]string{
			"GIT_DIR": "/nowhere", "GIT_WORK_TREE": "/etc", "GIT_INDEX_FILE": "/nowhere/index", "GIT_OBJECT_DIRECTORY": "/nowhere", "GIT_ALTERNATE_OBJECT_DIRECTORIES": "/nowhere",
			"GIT_EXTERNAL_DIFF": program, "GIT_SSH_COMMAND": program, "GIT_ASKPASS": program, "GIT_PAGER": program, "GIT_EDITOR": program, "GIT_PROXY_COMMAND": program,
			"GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": "core.fsmonitor", "GIT_CONFIG_VALUE_0": program, "GIT_CONFIG_PARAMETERS": "'core.fsmonitor=" + program + "'",
			"GIT_CONFIG_GLOBAL": extra, "GIT_CONFIG_SYSTEM": extra, "GIT_EXEC_PATH": filepath.Dir(program), "GIT_TRACE": mark, "GIT_TRACE2_EVENT": mark, "GIT_TEMPLATE_DIR": "/nowhere",
			"GIT_NAMESPACE": "x", "GIT_REPLACE_REF_BASE": "refs/x", "GIT_GRAFT_FILE": "/nowhere", "GIT_SHALLOW_FILE": "/nowhere", "GIT_DEFAULT_HASH": "sha256", "GIT_LITERAL_PATHSPECS": "0",
			"HOME": filepath.Dir(program), "XDG_CONFIG_HOME": filepath.Dir(program), "GIT_COMMON_DIR": "/nowhere", "GIT_CEILING_DIRECTORIES": "/", "GIT_REDIRECT_STDERR": mark,
		} {
			t.Setenv(key, value)
		}
		before := fingerprint(t, b.dir)
		for _, c := range []map[string]any{{}, {"worktree": false}, {"history": false}, {"staged": true}, {"since": "2020-01-01"}, {"commits": "side~1..side"}, {"unreachable": false}} {
			c["path"] = b.dir
			r := within(t, c)
			if r.err != nil {
				t.Fatalf("%v: %v", c, r.err)
			}
			if _, ranged := c["commits"]; !ranged && c["staged"] == nil && r.credential(s) == nil {
				t.Errorf("%s %v: the secret was not found", how, c)
			}
		}
		if got, err := os.ReadFile(mark); err == nil {
			t.Errorf("%s: a program was run: %s", how, got)
		}
		if fingerprint(t, b.dir) != before {
			t.Errorf("%s: the repository was changed", how)
		}
	}
}

// TestOddNamesAndDates scans a repository whose names and dates are made to be
// taken for something else.
func TestOddNamesAndDates(t *testing.T) {
	b := newBuilder(t)
	s := canary("odd")
	first := b.commit("one", "a.env", "token="+s+"\n")
	long := strings.Repeat(strings.Repeat("d", 200)+"/", 5)
	for _, name := range []string{
		"--output=x.env", "-n", "a\tb.env", "esc\x1b[31m.env", "rtl\u202egpj.env", "a\nb.env", "c\x01\x7f.env", "A.ENV", "a.Env", ":(glob)*.env",
		"\xff\xfe.env", "with space .env ", "quote\"'.env", "%2e%2e.env", "back\\slash.env", long + "deep.env", "git\u200c.env",
	} {
		b.write(name, "token="+canary("in "+name)+"\n")
	}
	b.git("add", "-A")
	tree := b.git("write-tree")
	parent := first
	for i, head := range []string{
		"author Ada <a@b> 0 +0000", "author Ada <a@b> 9999999999 +9999", "author \x1b[31m\u202eAda\x07 <a\x00@b> 1 +0000", "author <> 99999999999999999999 +0000",
		"author Ada <a@b> -62135596800 +0000", "author Ada", "author Ada <a@b> x", "author  <> 1e9 +0000", "author Ada <a@b> 253402300800 +0000",
	} {
		head = strings.ReplaceAll(head, "\x00", "")
		raw := fmt.Sprintf("tree %s\nparent %s\n%s\ncommitter C <c@d> %d +0000\n\nodd %d\n", tree, parent, head, 1700000000+i, i)
		file := filepath.Join(t.TempDir(), "commit")
		if err := os.WriteFile(file, []byte(raw), 0o600); err != nil {
			t.Fatal(err)
		}
		parent = b.git("hash-object", "-t", "commit", "-w", "--literally", file)
	}
	var packed strings.Builder
	for _, ref := range []string{"refs/heads/--output=x", "refs/heads/-", "refs/heads/a..b", "refs/heads/../../x", "refs/tags/-d", "refs/heads/\x1b[31m", "refs/heads/x.lock", "refs/odd", "HEADS"} {
		fmt.Fprintf(&packed, "%s %s\n", parent, ref)
	}
	for i := range 3000 {
		fmt.Fprintf(&packed, "%s refs/heads/n%d\n", parent, i)
	}
	if err := os.WriteFile(filepath.Join(b.dir, ".git", "packed-refs"), []byte(packed.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	b.git("update-ref", "refs/heads/main", parent)
	b.git("symbolic-ref", "refs/heads/loop1", "refs/heads/loop2")
	b.git("symbolic-ref", "refs/heads/loop2", "refs/heads/loop1")
	before := fingerprint(t, b.dir)
	r := within(t, map[string]any{"path": b.dir})
	if r.err != nil {
		t.Fatal(r.err)
	}
	found := 0
	for _, x := range r.records {
		if x.Credential == nil {
			continue
		}
		found++
		for _, l := range x.Credential.FoundAt {
			if strings.ContainsAny(l.URI+l.Author, "\x00\x01\x07\x1b\n\t\x7f") {
				t.Errorf("a control character is in %q by %q", l.URI, l.Author)
			}
			if y := l.Date.Year(); !l.Date.IsZero() && (y < 1970 || y > 9999) {
				t.Errorf("year %d", y)
			}
		}
	}
	if found != 18 {
		t.Errorf("%d secrets were found, want 18", found)
	}
	if fingerprint(t, b.dir) != before {
		t.Error("the repository was changed")
	}
}

// TestElsewhere checks that a directory in a scanned tree cannot make another
// repository of this machine part of the report.
func TestElsewhere(t *testing.T) {
	private := newBuilder(t)
	s := canary("private")
	private.commit("one", "p.env", "token="+s+"\n")
	for name, plant := range map[string]func(dir string) error{
		"gitdir file": func(dir string) error {
			return os.WriteFile(filepath.Join(dir, ".git"), []byte("gitdir: "+private.dir+"/.git\n"), 0o600)
		},
		"linked .git": func(dir string) error { return os.Symlink(private.dir+"/.git", filepath.Join(dir, ".git")) },
		"linked objects": func(dir string) error {
			return errors.Join(os.MkdirAll(filepath.Join(dir, ".git", "refs"), 0o700), os.WriteFile(filepath.Join(dir, ".git", "HEAD"), []byte("ref: refs/heads/main\n"), 0o600),
				os.Symlink(private.dir+"/.git/objects", filepath.Join(dir, ".git", "objects")))
		},
		"alternates": func(dir string) error {
			return errors.Join(os.MkdirAll(filepath.Join(dir, ".git", "refs"), 0o700), os.WriteFile(filepath.Join(dir, ".git", "HEAD"), []byte("ref: refs/heads/main\n"), 0o600),
				os.MkdirAll(filepath.Join(dir, ".git", "objects", "info"), 0o700),
				os.WriteFile(filepath.Join(dir, ".git", "objects", "info", "alternates"), []byte(private.dir+"/.git/objects\n"), 0o600))
		},
		"common directory": func(dir string) error {
			return errors.Join(os.MkdirAll(filepath.Join(dir, ".git"), 0o700), os.WriteFile(filepath.Join(dir, ".git", "HEAD"), []byte("ref: refs/heads/main\n"), 0o600),
				os.WriteFile(filepath.Join(dir, ".git", "commondir"), []byte(private.dir+"/.git\n"), 0o600))
		},
	} {
		t.Run(name, func(t *testing.T) {
			root := t.TempDir()
			dir := filepath.Join(root, "nested")
			if err := errors.Join(os.Mkdir(dir, 0o700), plant(dir), os.WriteFile(filepath.Join(dir, "n.env"), []byte("token="+canary("nested")+"\n"), 0o600)); err != nil {
				t.Fatal(err)
			}
			r := within(t, map[string]any{"path": root})
			if r.err != nil || r.credential(canary("nested")) == nil {
				t.Errorf("the files were not read: %v", r.err)
			}
			if r.credential(s) != nil {
				t.Error("another repository was read")
			}
			said := false
			for _, c := range r.coverage() {
				said = said || c.Status == inventory.StatusPartial && strings.Contains(c.Reason, "outside")
			}
			if !said {
				t.Error("no coverage says so")
			}
		})
	}
}

// TestDeepDirectories scans directories nested deeper than is followed.
func TestDeepDirectories(t *testing.T) {
	dir := t.TempDir()
	deep := filepath.Join(dir, strings.Repeat("d/", maxDepth+20))
	if err := os.MkdirAll(deep, 0o700); err != nil {
		t.Fatal(err)
	}
	for i, sub := range []string{"d/d", strings.Repeat("d/", maxDepth+5)} {
		if err := os.WriteFile(filepath.Join(dir, sub, "x.env"), []byte("token="+canary(fmt.Sprint("deep ", i))+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	r := within(t, map[string]any{"path": dir})
	if r.err != nil || r.credential(canary("deep 0")) == nil {
		t.Errorf("what is not so deep was not found: %v", r.err)
	}
	wantPartial(t, r.only(t), "nested more than")
}

// TestPipesInTheTree opens no pipe, whether it was one when it was listed or
// has come in the place of a file since.
func TestPipesInTheTree(t *testing.T) {
	dir := t.TempDir()
	fifo(t, filepath.Join(dir, "pipe.env"))
	if err := os.WriteFile(filepath.Join(dir, "a.env"), []byte("token="+canary("a")+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if r := within(t, map[string]any{"path": dir}); r.err != nil || r.credential(canary("a")) == nil {
		t.Errorf("the file beside was not found: %v", r.err)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	opened := make(chan error, 1)
	go func() {
		f, err := openFile(root, "pipe.env")
		if err == nil {
			err = f.Close()
		}
		opened <- err
	}()
	select {
	case err := <-opened:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(10 * time.Second):
		t.Fatal("opening a pipe waits for a writer")
	}
}
