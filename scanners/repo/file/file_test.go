package file_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/muster-nhi/muster/scanners/repo/file"
)

// word is a made-up password, put together here; CANARY stands for it in the
// tables, in files and in what is found.
const word = "corr" + "ectHorse9"

// A sample is a file and what is to be found in it, one secret a line: line,
// value, user@host, type, "name", form and kind of hash, end, facts.
type sample struct{ name, path, content, want string }

// check reads samples.
func check(t *testing.T, samples []sample) {
	t.Helper()
	for _, tt := range samples {
		t.Run(tt.name, func(t *testing.T) {
			content := strings.ReplaceAll(tt.content, "CANARY", word)
			want := strings.TrimSpace(strings.ReplaceAll(tt.want, "\n\t\t\t", "\n"))
			if diff := cmp.Diff(want, told(parse(tt.path, content))); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

// parse reads a file as a scan does.
func parse(path, content string) []file.Found {
	known := file.New()
	return known.Parse(known.Of(path), []byte(content))
}

// told writes findings down, without the word.
func told(list []file.Found) string {
	var lines []string
	for _, f := range list {
		parts := []string{fmt.Sprint(f.Line), f.Value}
		if f.User != "" || f.Host != "" {
			parts = append(parts, f.User+"@"+f.Host)
		}
		parts = append(parts, f.Type)
		if f.Name != "" {
			parts = append(parts, fmt.Sprintf("%q", f.Name))
		}
		parts = append(parts, f.Form, f.Hash)
		if !f.Expires.IsZero() {
			parts = append(parts, f.Expires.Format(time.DateOnly))
		}
		for _, key := range slices.Sorted(maps.Keys(f.Facts)) {
			parts = append(parts, key+"="+f.Facts[key])
		}
		parts = slices.DeleteFunc(parts, func(s string) bool { return s == "" })
		lines = append(lines, strings.ReplaceAll(strings.Join(parts, " "), word, "CANARY"))
	}
	return strings.Join(lines, "\n")
}

func TestAnyFile(t *testing.T) {
	check(t, []sample{
		{"another file", "notes.txt", "machine a login b password CANARY", ""},
		{"binary", ".netrc", "machine a login b password CANARY\x00", ""},
		{"empty", ".netrc", "", ""},
		{"with a byte order mark", ".netrc", "\ufeffmachine a.example login ada password CANARY", "1 CANARY ada@a.example basic_auth"},
		{"too large", ".netrc", "machine a login b password CANARY" + strings.Repeat("\n", file.MaxSize), ""},
		{"upper case", "HOME/_NETRC", "machine a.example login ada password CANARY", "1 CANARY ada@a.example basic_auth"},
	})
}

func TestIsPlain(t *testing.T) {
	for value, want := range map[string]bool{
		word: true, "abc": false, "${X}": false, "$(pass x)": false, "{{ x }}": false, "<password>": false, "xxxxxxxx": false, "••••••": false,
		"change_me": false, "your-password-here": false, "#{DbPassword}#": false, "%PASS%": false, "%FEED_PASSWORD%": false, "hunter2hunter": true, "p@ss w0rd": true,
	} {
		if file.IsPlain(value) != want {
			t.Errorf("%q: want %v", value, want)
		}
	}
}

// TestStores: what a passphrase locks is known, and not opened.
func TestStores(t *testing.T) {
	known := file.New()
	for path, want := range map[string]bool{"a/team.kdbx": true, "release.JKS": true, "login.keyring": true, ".netrc": false, "main.go": false} {
		if known.Closed(known.Of(path)) != want {
			t.Errorf("%s: want %v", path, want)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range seeds() {
		f.Add(s.path, []byte(s.content))
	}
	known := file.New()
	f.Fuzz(func(t *testing.T, name string, content []byte) {
		lines := strings.Count(string(content), "\n") + 1
		for _, found := range known.Parse(known.Of(name), content) {
			if found.Form == file.Plain && !file.IsPlain(found.Value) || found.Line < 1 || found.Line > lines+1 || found.Type == "" {
				t.Errorf("a value that is none, or line %d of %d", found.Line, lines)
			}
		}
	})
}
