package saved

import (
	"errors"
	"io/fs"
	"log/slog"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestProblems(t *testing.T) {
	p := NewProblems(2)
	p.Note("a\x1b.json", "is odd")
	p.Lost("", "was cut")
	p.Note("b", "is odd")
	p.Lost("c", "was cut")
	var got []string
	for _, one := range p.All() {
		got = append(got, one.String())
	}
	if diff := cmp.Diff([]string{"a%1B.json: is odd", "was cut", "2 problems more"}, got); diff != "" {
		t.Error(diff)
	}
	all := p.All() // a second time tells the same
	if len(all) != 3 || all[0].Lost || !all[1].Lost || !all[2].Lost {
		t.Errorf("%+v", all)
	}
}

// What was left out of the list lost something only if one of them did.
func TestProblemsWithoutLoss(t *testing.T) {
	p := NewProblems(1)
	p.Lost("a", "was cut")
	p.Note("b", "is odd")
	if all := p.All(); all[1].Lost {
		t.Errorf("%+v", all)
	}
}

func TestShort(t *testing.T) {
	for text, want := range map[string]string{
		"abc":    "abc",
		"abcdef": "abcd…",
		"abcéf":  "abc…", // not half a letter
	} {
		if got := Short(text, 4); got != want {
			t.Errorf("of %q it makes %q", text, got)
		}
	}
	if got := Short("a\x1b[31m\n", 40); strings.ContainsAny(got, "\x1b\n") {
		t.Errorf("%q has control characters", got)
	}
}

func TestCause(t *testing.T) {
	for want, err := range map[string]error{
		"permission denied": &fs.PathError{Op: "open", Path: "/home/ann/x", Err: fs.ErrPermission},
		"is no file":        &fs.PathError{Op: "open", Path: "/home/ann/x", Err: errors.New("is no file")},
		"broken":            errors.New("broken"),
	} {
		if got := Cause(err); got != want {
			t.Errorf("of %v it says %q", err, got)
		}
	}
}

func TestWithDefaults(t *testing.T) {
	if diff := cmp.Diff(Options{MaxFile: 5, MaxValue: 6, MaxFiles: 200_000, MaxProblems: 200}, Options{}.WithDefaults(5, 6)); diff != "" {
		t.Error(diff)
	}
	set := Options{Dir: "x", MaxFile: 1, MaxValue: 2, MaxFiles: 3, MaxProblems: 4}
	if diff := cmp.Diff(set, set.WithDefaults(5, 6)); diff != "" {
		t.Error(diff)
	}
}

// said are the problems as text, those with a loss marked, in order.
func said(p *Problems) []string {
	var out []string
	for _, one := range p.All() {
		text := one.String()
		if one.Lost {
			text = "LOST " + text
		}
		out = append(out, text)
	}
	slices.Sort(out)
	return out
}

// TestWarn: files with values of secrets are told of in the log, to a bound, and no
// others.
func TestWarn(t *testing.T) {
	p := NewProblems(100)
	p.Note("a.json", "is empty")
	for range maxWarned + 3 {
		p.Held("key.json", "holds a key")
	}
	p.Lost("b.json", "is broken")
	var out strings.Builder
	Warn(slog.New(slog.NewTextHandler(&out, nil)), p.All())
	if n := strings.Count(out.String(), "level=WARN msg=\"a file holds the value of a secret\" file=key.json what=\"holds a key\"\n"); n != maxWarned {
		t.Errorf("%d files, want %d:\n%s", n, maxWarned, out.String())
	}
	if !strings.Contains(out.String(), "files=3\n") || strings.Count(out.String(), "\n") != maxWarned+1 {
		t.Errorf("the end is %s", out.String())
	}
	Warn(nil, p.All())

	full := NewProblems(1)
	full.Note("a.json", "is empty")
	full.Held("key.json", "holds a key")
	if more := full.All()[1]; !more.Held || more.Lost {
		t.Errorf("beyond the bound: %+v", more)
	}
}
