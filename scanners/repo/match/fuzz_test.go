package match

import (
	"regexp"
	"regexp/syntax"
	"testing"
)

// FuzzAutomaton holds the lazy automaton to the regexp package: whether an
// expression matches anywhere, and at a given start.
func FuzzAutomaton(f *testing.F) {
	for _, seed := range [][2]string{
		{`a|ab`, "xab"},
		{`(?i)k[a-z]{2,4}\b`, "\u212Aey "},
		{`^$`, ""},
		{`(?m)^x$`, "a\nx\n"},
		{`\bfoo(?:bar)?\B`, "foobarx foo"},
		{`[^a]ß+`, "aßß\xff"},
		{`(?s:.){0,5}key`, "\n\nkey"},
	} {
		f.Add(seed[0], []byte(seed[1]))
	}
	f.Fuzz(func(t *testing.T, expr string, text []byte) {
		if len(expr) > 60 || len(text) > 400 {
			return
		}
		parsed, err := syntax.Parse(expr, syntax.Perl)
		if err != nil {
			return
		}
		re, err := regexp.Compile(expr)
		if err != nil {
			return
		}
		prog, err := syntax.Compile(parsed.Simplify())
		if err != nil || len(prog.Inst) > 2000 {
			return
		}
		d := newDFA(prog)
		end, _ := d.scan(text, 0, len(text), true)
		if got, want := end >= 0, re.Match(text); got != want {
			t.Fatalf("%q on %q: got %v, want %v", expr, text, got, want)
		}
		re.Longest()
		if loc := re.FindIndex(text); loc != nil {
			end, _ := newDFA(prog).scan(text, loc[0], loc[0], false)
			if end != loc[1] {
				t.Fatalf("%q on %q from %d: longest ends at %d, want %d", expr, text, loc[0], end, loc[1])
			}
		}
	})
}

// FuzzLoad gives the loader hostile rule files: an error or rules, no panic.
func FuzzLoad(f *testing.F) {
	f.Add([]byte("[extend]\nuseDefault = true\n[[rules]]\nid = 'x'\nregex = '''a(b)'''\nkeywords = ['a']\n"))
	f.Add([]byte("[[rules]]\nid = 'x'\npath = '''('''\n"))
	f.Add([]byte("[allowlist]\nregexTarget = 'nowhere'\nregexes = ['x']\n"))
	f.Fuzz(func(_ *testing.T, content []byte) {
		rs, err := Load("rules.toml", content, nil)
		if err != nil {
			return
		}
		hits := rs.NewMatcher().Match([]byte("ab token = 'x' ab\n"))
		rs.At(hits, "a/b.txt", "")
		rs.PathRules("a/b.p12")
	})
}

// FuzzMatch gives the matcher arbitrary bytes. Lines and columns lie within
// the text.
func FuzzMatch(f *testing.F) {
	rs, err := Default()
	if err != nil {
		f.Fatal(err)
	}
	f.Add([]byte("api_" + "key = '0Zq9vV3k" + "T1mX8bR5'\n"))
	f.Add([]byte("\xff\xfe-----BEGIN PRIVATE KEY-----\x00%41%2a\\u0041"))
	f.Fuzz(func(t *testing.T, text []byte) {
		for _, h := range rs.NewMatcher().Match(text) {
			if h.Line < 1 || h.EndLine < h.Line || h.Column < 0 || h.Column > len(text)+1 {
				t.Fatalf("%s at %d-%d:%d of %d bytes", h.Rule, h.Line, h.EndLine, h.Column, len(text))
			}
		}
	})
}
