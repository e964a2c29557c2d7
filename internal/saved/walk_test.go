package saved

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// write makes a directory of files.
func write(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		to := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(to), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(to, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// A walked is what a walk came to.
type walked struct {
	Files, Survey, Said []string
}

// walk reads a directory; files are told with their content.
func walk(t *testing.T, o Options) (walked, error) {
	t.Helper()
	var got walked
	p := NewProblems(100)
	w := Walker{
		Options: o.WithDefaults(1<<20, 1<<20), Problems: p,
		Survey: func(names []string) { got.Survey = append(got.Survey, names...) },
		File: func(name string, in io.Reader) {
			data, err := io.ReadAll(in)
			if err != nil {
				t.Error(err)
			}
			got.Files = append(got.Files, name+"="+string(data))
		},
	}
	err := w.Walk(t.Context())
	got.Said = said(p)
	return got, err
}

func TestWalk(t *testing.T) {
	dir := write(t, map[string]string{"b.json": "1", "a/z": "2", "a.json": "3", ".git/config": "4", "a/.git/x": "5", "long": strings.Repeat("x", 9)})
	for _, c := range []struct {
		name string
		o    Options
		want walked
	}{
		{"all", Options{Dir: dir}, walked{Files: []string{"a.json=3", "a/z=2", "b.json=1", "long=xxxxxxxxx"}, Survey: []string{"a.json", "a/z", "b.json", "long"}}},
		{"the first", Options{Dir: dir, MaxFiles: 2}, walked{Files: []string{"a.json=3", "a/z=2"}, Survey: []string{"a.json", "a/z", "b.json", "long"}, Said: []string{"LOST the directory holds 4 files, and only the first 2 were read"}}},
		{"short ones", Options{Dir: dir, MaxFile: 8}, walked{Files: []string{"a.json=3", "a/z=2", "b.json=1"}, Survey: []string{"a.json", "a/z", "b.json", "long"}, Said: []string{"LOST long: is longer than 8 bytes and was not read"}}},
		{"a single file", Options{Dir: filepath.Join(dir, "a", "z")}, walked{Files: []string{"z=2"}}},
		{"of any name", Options{Dir: filepath.Join(dir, ".git", "config")}, walked{Files: []string{"config=4"}}},
		{"none", Options{Dir: t.TempDir()}, walked{}},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := walk(t, c.o)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// Nothing outside the directory is read, nothing is read twice, and a pipe is not
// waited for.
func TestWalkOfLinks(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Log("made of what only Unix has")
		return
	}
	outside := write(t, map[string]string{"o": "secret"})
	dir := write(t, map[string]string{"a/x": "1"})
	for link, to := range map[string]string{"out": outside, "out.json": filepath.Join(outside, "o"), "a/up": "../../o", "in": "a/x", "within": "a", "loop": "loop", "gone": "nowhere"} {
		if err := os.Symlink(to, filepath.Join(dir, filepath.FromSlash(link))); err != nil {
			t.Fatal(err)
		}
	}
	pipe := filepath.Join(dir, "pipe")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	got, err := walk(t, Options{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	want := walked{Files: []string{"a/x=1"}, Survey: []string{"a/x"}, Said: []string{
		"LOST a/up: symbolic link not followed: it leads out of the directory",
		"LOST gone: symbolic link not followed: no such file or directory",
		"LOST loop: symbolic link not followed: it leads in circles",
		"LOST out.json: symbolic link not followed: it leads out of the directory",
		"LOST out: symbolic link not followed: it leads out of the directory",
		"pipe: is no regular file and was not opened",
	}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if _, err := walk(t, Options{Dir: pipe}); err == nil || !strings.Contains(err.Error(), "neither a file nor a directory") {
		t.Errorf("of a pipe it says %v", err)
	}
	if got, err := walk(t, Options{Dir: filepath.Join(dir, "within")}); err != nil || len(got.Files) != 1 {
		t.Errorf("a link that the user named: %v %v", got, err)
	}
}

// A pipe that comes in the place of a file between the listing and the reading does
// not hold up the walk.
func TestPipeInPlaceOfFile(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Log("made of what only Unix has")
		return
	}
	dir := write(t, map[string]string{"a": "1", "b": "2", "c": "3"})
	p, files := NewProblems(9), 0
	w := Walker{Options: Options{Dir: dir}.WithDefaults(9, 9), Problems: p, File: func(string, io.Reader) { files++ }}
	w.Survey = func([]string) {
		for _, name := range []string{"a", "b"} {
			if err := os.Remove(filepath.Join(dir, name)); err != nil {
				t.Fatal(err)
			}
		}
		if err := syscall.Mkfifo(filepath.Join(dir, "a"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Walk(t.Context()); err != nil {
		t.Fatal(err)
	}
	want := []string{"LOST b: cannot be opened: no such file or directory", "a: is no regular file and was not opened"}
	if diff := cmp.Diff(want, said(p)); diff != "" || files != 1 {
		t.Errorf("%d files were read; %s", files, diff)
	}
}

func TestWalkEnds(t *testing.T) {
	dir := write(t, map[string]string{"a": "1", "b": "2"})
	ctx, cancel := context.WithCancel(t.Context())
	files := 0
	w := Walker{Options: Options{Dir: dir}.WithDefaults(9, 9), Problems: NewProblems(9), File: func(string, io.Reader) { files++; cancel() }}
	if err := w.Walk(ctx); err == nil || files != 1 {
		t.Errorf("ended after the first file it reads %d: %v", files, err)
	}
	if err := w.Walk(ctx); err == nil || files != 1 {
		t.Errorf("ended before, it reads %d: %v", files, err)
	}
	if _, err := walk(t, Options{Dir: filepath.Join(dir, "nowhere")}); err == nil || !strings.HasPrefix(err.Error(), "open the export: ") {
		t.Errorf("of no directory it says %v", err)
	}
}
