package config

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

const whole = `
sources:
  - repo:.
  - source: repo:../other
    name: other
    history: false
    paths: [a, /b]
rules:
  dirs: [extra, /abs]
  disable: [NHI-EXP-010]
exceptions: accepted.yaml
owners:
  mapping: owners.csv
  people: people.csv
  tags: [team]
store: sqlite:state/muster.db
fail_on: medium
allow_partial: true
outputs: [sarif=out.sarif]
sarif_profile: github
concurrency: 2
timeout: 30m
`

func TestParse(t *testing.T) {
	f, err := Parse("/etc/m/muster.yaml", strings.NewReader(whole))
	if err != nil {
		t.Fatal(err)
	}
	got := []any{
		len(f.Sources), f.Sources[1].Source, f.Sources[1].Name, f.Rules.Dirs, f.Exceptions, f.Owners.Mapping,
		f.FailOn, f.AllowPartial, f.Timeout, f.Sources[0].Line,
	}
	want := []any{
		2, "repo:../other", "other",
		[]string{"/etc/m/extra", "/abs"},
		"/etc/m/accepted.yaml", "/etc/m/owners.csv",
		"medium", true, 30 * time.Minute, 3,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestParseMistakes(t *testing.T) {
	tests := []struct {
		name, give string
		want       []string
	}{
		{"unknown key", "fail_onn: high\n", []string{`m.yaml:1: unknown key "fail_onn"; did you mean "fail_on"?`}},
		{"nested key", "owners:\n  people: a\n  mappping: b\n", []string{`m.yaml:3: unknown key "mappping"; did you mean "mapping"?`}},
		{"bad level", "fail_on: hihg\n", []string{`m.yaml:1: fail_on: "hihg" is none of critical, high, medium, low, never; did you mean "high"?`}},
		{"twice", "store: none\nstore: none\n", []string{`m.yaml:2: key "store" stands on line 1 already`}},
		{"wrong types", "concurrency: many\ntimeout: soon\nredact: perhaps\n", []string{
			"m.yaml:1: cannot take the text `many` as a whole number",
			"m.yaml:2: cannot take the text `soon` as a duration such as 30m",
			"m.yaml:3: cannot take the text `perhaps` as true or false",
		}},
		{"all at once", "nope: 1\nfail_on: low\ntimeout: soon\nsources:\n  - name: x\n", []string{
			"m.yaml:1: unknown key \"nope\"; want one of ",
			"m.yaml:3: cannot take the text `soon`",
			"m.yaml:5: a source without the key source",
		}},
		{"a list", "- a\n", []string{"m.yaml:1: want keys and values"}},
		{"not YAML", "a: [b\n", []string{"m.yaml:", "not YAML"}},
		{"two documents", "store: none\n---\nstore: none\n", []string{"a second document"}},
		{"aliases", "rules: &a\n  dirs: []\nowners: *a\n", []string{"m.yaml:3: anchors and aliases"}},
		{"negative", "concurrency: -1\n", []string{"m.yaml:1: concurrency: want 0 or more"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := Parse("m.yaml", strings.NewReader(tt.give))
			if err == nil {
				t.Fatal("accepted")
			}
			for _, w := range tt.want {
				if !strings.Contains(err.Error(), w) {
					t.Errorf("error is\n%v\nwant in it\n%s", err, w)
				}
			}
		})
	}
}

func TestEmptyFileIsTheDefault(t *testing.T) {
	for _, give := range []string{"", "\n", "# nothing\n", "---\n"} {
		if _, err := Parse("m.yaml", strings.NewReader(give)); err != nil {
			t.Errorf("%q: %v", give, err)
		}
	}
	if _, err := Parse("m.yaml", strings.NewReader(strings.Repeat("#", MaxSize+1))); err == nil {
		t.Error("a file over the limit was read")
	}
}

type scannerConfig struct {
	Path    string        `yaml:"path"`
	History bool          `yaml:"history"`
	Paths   []string      `yaml:"paths"`
	Wait    time.Duration `yaml:"wait"`
}

func TestSourceDecode(t *testing.T) {
	f, err := Parse("/etc/m/muster.yaml", strings.NewReader(whole))
	if err != nil {
		t.Fatal(err)
	}
	got := scannerConfig{History: true, Wait: time.Second}
	if err := f.Sources[1].Decode(Overlay{"path": "../other"})(&got); err != nil {
		t.Fatal(err)
	}
	want := scannerConfig{Path: "../other", Paths: []string{filepath.FromSlash("/etc/m/a"), "/b"}, Wait: time.Second}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"history", "paths"}, f.Sources[1].Keys()); diff != "" {
		t.Error(diff)
	}
}

func TestSourceDecodeMistakes(t *testing.T) {
	f, err := Parse("m.yaml", strings.NewReader("sources:\n  - source: repo:.\n    histroy: false\n    wait: x\n"))
	if err != nil {
		t.Fatal(err)
	}
	err = f.Sources[0].Decode(nil)(&scannerConfig{})
	want := "m.yaml:3: unknown key \"histroy\"; did you mean \"history\"?\nm.yaml:4: cannot take the text `x` as a duration such as 30m"
	if err == nil || err.Error() != want {
		t.Errorf("error is\n%v\nwant\n%s", err, want)
	}
	err = Source{Source: "repo:."}.Decode(Overlay{"staged": true})(&scannerConfig{})
	if err == nil || !strings.Contains(err.Error(), `repo:.: unknown key "staged"`) {
		t.Errorf("error is %v", err)
	}
}

func TestClosest(t *testing.T) {
	words := []string{"repo", "replay", "plugin", "kubernetes"}
	words = append(words, "NHI-EXC-01", "NHI-EXP-010", "NHI-EXP-011")
	for give, want := range map[string]string{
		"NHI-EXP-01": "NHI-EXP-010", "rpeo": "repo", "repaly": "replay", "kubernets": "kubernetes", "aws": "", "x": "", "Plugin": "plugin",
	} {
		if got := Closest(give, words); got != want {
			t.Errorf("Closest(%q) = %q, want %q", give, got, want)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add(whole)
	f.Add("a: &a [*a]\n")
	f.Add("sources: [{source: x, y: {z: [1,2]}}]")
	f.Fuzz(func(t *testing.T, in string) {
		file, err := Parse("m.yaml", strings.NewReader(in))
		if err != nil {
			if !strings.HasPrefix(err.Error(), "m.yaml:") {
				t.Errorf("error names no file: %v", err)
			}
			return
		}
		for _, s := range file.Sources {
			_ = s.Decode(nil)(&scannerConfig{})
		}
	})
}
