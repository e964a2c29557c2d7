package repo

import (
	"bytes"
	"strings"
	"testing"
)

// TestNotebooks finds what cells hold: in strings that are escaped, over several
// of them, in outputs, and in files on one line.
func TestNotebooks(t *testing.T) {
	value, key := "q9Vt7Lw2"+"Zr8Kp4Xn6Bd1", strings.TrimSpace(pemCanary(t))
	cell := []string{`api_key = \"` + value + `\"\n`, `print(api_key)\n`}
	for _, line := range strings.SplitAfter(key, "\n") {
		cell = append(cell, strings.ReplaceAll(line, "\n", `\n`))
	}
	pretty := "{\n \"cells\": [\n  {\n   \"cell_type\": \"code\",\n   \"source\": [\n    \"" + strings.Join(cell, "\",\n    \"") + "\"\n   ]\n  }\n ],\n \"metadata\": {},\n \"nbformat\": 4,\n \"nbformat_minor\": 5\n}\n"
	short := `{"cells":[{"cell_type":"code","source":["` + strings.Join(cell[:2], `","`) + `"]}],"metadata":{},"nbformat":4}`
	b := newBuilder(t)
	b.commit("one", "pretty.ipynb", pretty)
	r := scan(t, map[string]any{"path": b.dir})
	for secret, want := range map[string]string{value: "pretty.ipynb:6 at head\n", key: "pretty.ipynb:8 at head\n"} {
		c := r.credential(secret)
		if c == nil {
			t.Errorf("not found: %s", want)
		} else if got := places(c); got != want {
			t.Errorf("places are %q, want %q", got, want)
		}
	}
	if n := r.only(t).Count; n != 2 {
		t.Errorf("%d credentials, want 2", n)
	}
	b = newBuilder(t)
	b.commit("one", "short.ipynb", short)
	if r := scan(t, map[string]any{"path": b.dir}); r.credential(value) == nil {
		t.Error("not found on one line")
	}
}

func TestIsNotebook(t *testing.T) {
	for text, want := range map[string]bool{
		`{"cells": [], "nbformat": 4}`: true, `{"cells": []}`: false, ` {"nbformat": 4}`: false, "": false,
		"{" + strings.Repeat(" ", 10000) + `"nbformat": 4}`: true,
	} {
		if isNotebook([]byte(text)) != want {
			t.Errorf("%.30s: want %v", text, want)
		}
	}
}

func FuzzNotebook(f *testing.F) {
	f.Add([]byte("{\n \"source\": [\n  \"a = \\\"b\\\"\\n\",\n  \"\\\\\"\n"))
	f.Add([]byte(`{"a":"\u0041\"","nbformat":4}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		lines, size := bytes.Count(text, []byte("\n")), len(text)
		out := plainNotebook(text)
		if len(out) > size || bytes.Count(out, []byte("\n")) != lines {
			t.Errorf("%d bytes of %d, %d lines of %d", len(out), size, bytes.Count(out, []byte("\n")), lines)
		}
	})
}
