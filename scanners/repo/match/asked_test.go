package match

import (
	"encoding/base64"
	"encoding/hex"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestDecodedLine holds allowlists on the line to gitleaks where what is found
// stands in encoded text: its line is the decoded one.
func TestDecodedLine(t *testing.T) {
	quiet()
	const (
		rule   = "[[rules]]\nid = 'r'\nregex = '''nwk_[0-9]{4}'''\nkeywords = ['nwk_']\n"
		onLine = "regexes = ['''example''']\nregexTarget = 'line'\n"
	)
	in := func(text string) string { return base64.StdEncoding.EncodeToString([]byte(text)) }
	example, other := "an example: nwk_1234 of a key\n", "and a key: nwk_1234 as it is\n"
	configurations := map[string]string{
		"no allowlist":          rule,
		"of the rule":           rule + "[[rules.allowlists]]\n" + onLine,
		"of all rules":          "[[allowlists]]\n" + onLine + rule,
		"targets the rule":      "[[allowlists]]\ntargetRules = ['r']\n" + onLine + rule,
		"and a path that fits":  rule + "[[rules.allowlists]]\ncondition = 'AND'\npaths = ['a']\n" + onLine,
		"and another path":      rule + "[[rules.allowlists]]\ncondition = 'AND'\npaths = ['b']\n" + onLine,
		"and another stopword":  rule + "[[rules.allowlists]]\ncondition = 'AND'\nstopwords = ['zz']\n" + onLine,
		"of encoded text":       rule + "[[rules.allowlists]]\nregexes = ['''cGxl''']\nregexTarget = 'line'\n",
		"first of two":          rule + "[[rules.allowlists]]\n" + onLine + "[[rules.allowlists]]\nstopwords = ['zz']\n",
		"a rule needs another":  rule + "[[rules.required]]\nid = 's'\n[[rules.allowlists]]\n" + onLine + "[[rules]]\nid = 's'\nregex = 'key'\nskipReport = true\n",
		"of one that is needed": rule + "[[rules.required]]\nid = 's'\n[[rules]]\nid = 's'\nregex = 'key'\nskipReport = true\n[[rules.allowlists]]\n" + onLine,
	}
	texts := map[string]string{
		"example":                   "x " + in(example) + " y\n",
		"no example":                "x " + in(other) + " y\n",
		"the example beside it":     "an example: " + in(other) + "\n",
		"a line of two":             in(example+other) + "\n",
		"the other line of two":     in(other+example) + "\n",
		"two values":                in(example) + "\n" + in(other) + "\n" + in(example) + "\n",
		"two values of a line":      in(other) + " and " + in(example) + "\n",
		"encoded twice":             in(in(example)) + "\n" + in("q "+in(other)) + "\n",
		"in hex":                    hex.EncodeToString([]byte(other)) + "\n" + hex.EncodeToString([]byte(example)) + "\n",
		"once more, further down":   strings.Repeat("\n", 9) + in(example) + "\n" + in(other) + "\n" + in(example) + "\n",
		"as it is and encoded":      example + other + in(other+"\n"+example) + "\n",
		"without a line of its own": in(strings.TrimSpace(other)) + in(strings.TrimSpace(example)) + "\n",
	}
	for name, rules := range configurations {
		t.Run(name, func(t *testing.T) {
			det := theirRules(t, rules)
			rs, err := Load("rules.toml", []byte(rules), nil)
			if err != nil {
				t.Fatal(err)
			}
			m, found := rs.NewMatcher(), 0
			for name, text := range texts {
				want := wantFindings(det, text, "a.txt")
				found += len(want)
				if diff := cmp.Diff(want, gotFindings(rs, m, text, "a.txt")); diff != "" {
					t.Errorf("%s: gitleaks (-) and muster (+) differ:\n%s", name, diff)
				}
			}
			if found == 0 {
				t.Error("nothing was found, so nothing was compared")
			}
		})
	}
}

// TestDecodedLineSuppressed counts what such an allowlist leaves out.
func TestDecodedLineSuppressed(t *testing.T) {
	rs, err := Load("rules.toml", []byte("[[rules]]\nid = 'r'\nregex = '''nwk_[0-9]{4}'''\nkeywords = ['nwk_']\n[[rules.allowlists]]\nregexes = ['''example''']\nregexTarget = 'line'\n"), nil)
	if err != nil {
		t.Fatal(err)
	}
	m := rs.NewMatcher()
	text := []byte(base64.StdEncoding.EncodeToString([]byte("an example: nwk_1234 of a key")) + "\n")
	for _, when := range []string{"first", "remembered"} {
		hits := m.Match(text)
		if len(hits) != 1 || hits[0].Suppressed != SuppressedAllowlist {
			t.Errorf("%s: %d hits, want one that an allowlist suppresses", when, len(hits))
		}
	}
}

// TestNeededAllowlists holds allowlists to gitleaks that leave out what a rule
// needs beside it.
func TestNeededAllowlists(t *testing.T) {
	quiet()
	const (
		rule  = "[[rules]]\nid = 'r'\nregex = '''nwk_[a-z]{4}'''\nkeywords = ['nwk_']\n[[rules.required]]\nid = 's'\n"
		other = "[[rules]]\nid = 's'\nregex = '''key-[0-9]'''\nskipReport = true\n"
		nines = "regexes = ['''9''']\n"
	)
	text := "nwk_abcd key-9\n"
	coded := "nwk_abcd " + base64.StdEncoding.EncodeToString([]byte("one more key-9 nwk_efgh")) + "\n"
	for name, c := range map[string]struct {
		rules string
		found bool // as well in the text as in the one with something encoded
	}{
		"no allowlist":                         {rule + other, true},
		"of the other":                         {rule + other + "[[rules.allowlists]]\n" + nines, false},
		"of all":                               {"[[allowlists]]\n" + nines + rule + other, false},
		"of all, by stopword":                  {"[[allowlists]]\nstopwords = ['key']\n" + rule + other, false},
		"of all, and":                          {"[[allowlists]]\ncondition = 'AND'\nstopwords = ['key']\n" + nines + rule + other, false},
		"of all, and not":                      {"[[allowlists]]\ncondition = 'AND'\nstopwords = ['zz']\n" + nines + rule + other, true},
		"of the other, and a path":             {rule + other + "[[rules.allowlists]]\ncondition = 'AND'\npaths = ['a']\n" + nines, false},
		"of the other, and a path for another": {rule + other + "[[rules.allowlists]]\ncondition = 'AND'\npaths = ['a']\nregexes = ['''8''']\n", true},
		"of the other, and another path":       {rule + other + "[[rules.allowlists]]\ncondition = 'AND'\npaths = ['b']\n" + nines, true},
		"of all, and a path":                   {"[[allowlists]]\ncondition = 'AND'\npaths = ['a']\n" + nines + rule + other, false},
		"of all, and another path":             {"[[allowlists]]\ncondition = 'AND'\npaths = ['b']\n" + nines + rule + other, true},
		"targets the other, and a path":        {"[[allowlists]]\ncondition = 'AND'\ntargetRules = ['s']\npaths = ['a']\n" + nines + rule + other, false},
		"of the rule, and a path":              {rule + "[[rules.allowlists]]\ncondition = 'AND'\npaths = ['a']\n" + nines + other, true},
	} {
		t.Run(name, func(t *testing.T) {
			det := theirRules(t, c.rules)
			rs, err := Load("rules.toml", []byte(c.rules), nil)
			if err != nil {
				t.Fatal(err)
			}
			m := rs.NewMatcher()
			for _, text := range []string{text, coded} {
				want := wantFindings(det, text, "a.txt")
				if diff := cmp.Diff(want, gotFindings(rs, m, text, "a.txt")); diff != "" || len(want) > 0 != c.found {
					t.Errorf("%d findings, want some: %v; gitleaks (-) and muster (+):\n%s", len(want), c.found, diff)
				}
			}
			hits, marks := m.Match([]byte(text)), []Mark(nil)
			for i := range hits {
				marks = append(marks, hits[i].Mark())
			}
			recalled, err := rs.Recall(marks)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(rs.At(hits, "a.txt", ""), rs.At(recalled, "a.txt", "")); diff != "" {
				t.Errorf("judged anew and as remembered:\n%s", diff)
			}
		})
	}
}
