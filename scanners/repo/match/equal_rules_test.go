package match

import (
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"regexp/syntax"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/pelletier/go-toml/v2"
	"github.com/zricethezav/gitleaks/v8/config"
	"github.com/zricethezav/gitleaks/v8/detect"
)

// pick returns one of a list.
func pick(r *rand.Rand, list ...string) string { return list[r.IntN(len(list))] }

// expression makes a valid expression up, of what rules are made of: words,
// classes, bounds, groups, flags and assertions.
func expression(r *rand.Rand, depth int) string {
	var b strings.Builder
	for range 1 + r.IntN(4) {
		piece := pick(r, `nwk_`, `token`, `key`, `Acme`, `-----`, `é`, `[a-z0-9]{4,8}`, `[A-Za-z]{3}`, `\w+`, `[0-9a-f]{6}`, `.`, `.{0,9}`, `[^\n"]{2,12}`,
			`\s*`, `[\s\S]{0,20}`, `\b`, `\B`, `["'=: ]{1,3}`, `=`, `\n`, `\d{2,}`, `x?`, `(?i:key)`, `(?:a|bc|key9)`, `\r?\n`)
		if depth > 0 && r.IntN(4) == 0 {
			piece = pick(r, `(`, `(?:`, `(?i:`, `(?s:`) + expression(r, depth-1) + `)` + pick(r, ``, ``, `?`, `{1,2}`, `+`, `*?`)
		}
		b.WriteString(piece)
	}
	text := b.String()
	if depth == 2 {
		// What may begin anywhere matches at places that depend on what stands before.
		text = pick(r, `nwk_`, `token`, `key`, `Acme`, `-----`, `É`, `\bkey`, `(?:token|Key|acme)`, `(?:\b|_)nwk`, `\nkey`) + text
		text = pick(r, ``, ``, ``, `(?i)`, `(?m)`, `(?m)^`, `^`, `(?s)`) + text + pick(r, ``, ``, ``, `$`, `\b`, `(?:["'\s]|$)`)
	}
	return text
}

// literals returns the words that stand in an expression.
func literals(re *syntax.Regexp) (words []string) {
	if re.Op == syntax.OpLiteral {
		words = append(words, strings.ToLower(string(re.Rune)))
	}
	for _, sub := range re.Sub {
		words = append(words, literals(sub)...)
	}
	return words
}

// A setup is a configuration in the form of both readers, made up.
type setup struct {
	text    string
	regexes []*syntax.Regexp
}

func (s *setup) linef(format string, args ...any) { s.text += fmt.Sprintf(format, args...) + "\n" }

// list writes a list of texts; Go's quotes and TOML's are alike
// here.
func (s *setup) list(name string, words ...string) { s.linef("%s = [%s]", name, quoted(words)) }

func quoted(words []string) string {
	var out []string
	for _, w := range words {
		out = append(out, strconv.Quote(w))
	}
	return strings.Join(out, ", ")
}

// configuration makes a valid rule file up.
func configuration(r *rand.Rand, useDefault bool) *setup {
	s := &setup{}
	if useDefault {
		s.linef("[extend]\nuseDefault = true")
	}
	for range r.IntN(2) {
		s.linef("[[allowlists]]")
		s.allowlist(r)
		if r.IntN(2) == 0 {
			s.list("targetRules", "rule0")
		}
	}
	rules := 1 + r.IntN(4)
	for i := range rules {
		s.rule(r, i, rules)
	}
	return s
}

func (s *setup) rule(r *rand.Rand, i, of int) {
	text, re := "", (*syntax.Regexp)(nil)
	for re == nil {
		text = expression(r, 2)
		// What matches nothing at all is no rule, and takes long.
		if parsed, err := syntax.Parse(text, syntax.Perl); err == nil && len(literals(parsed)) > 0 {
			re = parsed
		}
	}
	s.regexes = append(s.regexes, re)
	s.linef("[[rules]]")
	s.linef("id = '%srule%d'", pick(r, "", "")+map[bool]string{true: "generic-"}[i == 3], i)
	s.linef("regex = '''%s'''", text)
	if words := literals(re); r.IntN(5) > 0 {
		if r.IntN(5) == 0 {
			words = []string{"token", "nwk_"}
		}
		s.list("keywords", words[r.IntN(len(words)):]...)
	}
	if groups := re.MaxCap(); groups > 0 && r.IntN(2) == 0 {
		s.linef("secretGroup = %d", 1+r.IntN(groups))
	}
	if r.IntN(3) == 0 {
		s.linef("entropy = %s", pick(r, "0.5", "1.5", "2.5", "3.5"))
	}
	if r.IntN(6) == 0 {
		s.list("tags", "some")
	}
	if r.IntN(6) == 0 {
		s.linef("path = '''%s'''", pick(r, `\.txt$`, `\.ya?ml$`, `^src/`))
	}
	if r.IntN(8) == 0 {
		s.linef("skipReport = true")
	}
	for range r.IntN(3) {
		s.linef("[[rules.allowlists]]")
		s.allowlist(r)
	}
	if of > 1 && r.IntN(4) == 0 {
		s.required(r, i, of)
	}
}

func (s *setup) required(r *rand.Rand, i, of int) {
	other := (i + 1) % of
	s.linef("[[rules.required]]\nid = '%srule%d'", map[bool]string{true: "generic-"}[other == 3], other)
	if r.IntN(2) == 0 {
		s.linef("withinLines = %d", r.IntN(4))
	}
	if r.IntN(3) == 0 {
		s.linef("withinColumns = %d", r.IntN(40))
	}
}

func (s *setup) allowlist(r *rand.Rand) {
	s.linef("condition = '%s'", pick(r, "AND", "OR", "or", "&&"))
	some := 1 + r.IntN(7)
	if some&1 != 0 {
		s.list("regexes", pick(r, `key`, `^[a-m]`, `(?i)token`, `\d\d`, `9$`, `x{2}`))
		s.linef("regexTarget = '%s'", pick(r, "secret", "match", "line"))
	}
	if some&2 != 0 {
		s.list("stopwords", pick(r, "acme", "token", "ab", "9", "Key"))
	}
	if some&4 != 0 {
		s.list("paths", pick(r, `a\.txt$`, `^src/`, `\.yaml$`))
	}
}

// mostContent is how many bytes a text that is made up has, about: no line of it is
// long, and no text takes seconds.
const mostContent = 1 << 12

// content makes a text up in which rules find something: samples, halves of
// them, encoded ones, words and noise.
func (s *setup) content(r *rand.Rand) string {
	var b strings.Builder
	for range 4 + r.IntN(24) {
		if b.Len() > mostContent/2 {
			break
		}
		text := sample(s.regexes[r.IntN(len(s.regexes))], r)
		text = text[:min(len(text), mostContent/4)]
		switch r.IntN(10) {
		case 0:
			text = text[:len(text)/2]
		case 1:
			text = base64.StdEncoding.EncodeToString([]byte(pick(r, "", "q=", "some words before ") + text + pick(r, "", " ", "\n")))
		case 2:
			text = hex.EncodeToString([]byte(text))
		case 3:
			text = noiseLines(r)
		case 4:
			text = pick(r, "token", "nwk_", "KEY", "acme", "key9", "%6b%65%79", "gitleaks:"+"allow", "é")
		}
		b.WriteString(text + pick(r, "", " ", "\n", "\n", "\r\n", "\"", ";", "=", "\n\n", "\t'"))
	}
	return b.String() + "\n" // gitleaks takes all of a text for the line where the last one has no end
}

// sameRules holds the matcher to gitleaks' detector with a configuration made
// from a seed, and returns how much both find.
func sameRules(t *testing.T, seed uint64, useDefault bool) int {
	t.Helper()
	r := rand.New(rand.NewPCG(seed, 31))
	s := configuration(r, useDefault)
	det := theirRules(t, s.text)
	rs, err := Load("rules.toml", []byte(s.text), nil)
	if err != nil {
		t.Fatalf("seed %d: %v\n%s", seed, err, s.text)
	}
	m, found, far := rs.NewMatcher(), 0, beyondDecoding(rs)
	if seed%2 == 1 {
		m.maxWindow = 1 // cut wherever that can be
	}
	for n := range 4 {
		text, path := s.content(r), pick(r, "a.txt", "src/a.txt", "b.yaml", "src/x.go")
		if n == 3 { // something that was seen, in other surroundings
			text += s.content(r) + text
		}
		want := wantBut(det, text, path, far)
		found += len(want)
		if diff := cmp.Diff(want, gotBut(rs, m, text, path, far)); diff != "" {
			t.Errorf("seed %d, text %d at %s: gitleaks (-) and muster (+) differ:\n%s\n%s\n%q", seed, n, path, diff, s.text, text)
			return found
		}
	}
	return found
}

// beyondDecoding returns the rules that may match more than the text that is
// decoded around something: docs/repo-engine.md lists it.
func beyondDecoding(rs *Ruleset) map[string]bool {
	far := map[string]bool{}
	for _, r := range rs.rules {
		re, err := syntax.Parse(r.spec.Regex, syntax.Perl)
		far[r.spec.ID] = err == nil && takesNewline(re) && maxLen(re) > decodeMargin && !r.compiled().apart
	}
	return far
}

// theirRules is gitleaks' detector over a configuration that gitleaks reads.
func theirRules(t *testing.T, text string) *detect.Detector {
	t.Helper()
	raw, standard := viper(t, text), viper(t, config.DefaultConfig)
	if raw.Extend.UseDefault {
		// gitleaks counts for as long as a process lives how often it extended a
		// configuration: from the second on it leaves out targetRules, from the third
		// on it does not extend at all. So it is given one that holds all rules.
		raw.Extend.UseDefault = false
		raw.Rules = append(raw.Rules, standard.Rules...)
	}
	translated, err := raw.Translate()
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	// Muster holds all rules to them, also where the defaults are left out.
	standard.Rules = nil
	allow, err := standard.Translate()
	if err != nil || len(allow.Allowlists) == 0 {
		t.Fatalf("gitleaks' own allowlists: %v", err)
	}
	translated.Allowlists = append(translated.Allowlists, allow.Allowlists...)
	d := detect.NewDetector(translated)
	d.MaxDecodeDepth = maxDecodeDepth
	return d
}

// viper reads a configuration into the form that gitleaks translates.
func viper(t *testing.T, text string) *config.ViperConfig {
	t.Helper()
	raw := &config.ViperConfig{}
	if err := toml.Unmarshal([]byte(text), raw); err != nil {
		t.Fatal(err)
	}
	return raw
}

// TestSameOnAnyRules makes configurations and texts up.
func TestSameOnAnyRules(t *testing.T) {
	quiet()
	found := 0
	for seed := range uint64(80) {
		found += sameRules(t, seed, seed == 47)
	}
	t.Logf("%d findings the same", found)
	if found < 500 {
		t.Errorf("only %d findings: the comparison says little", found)
	}
}

// TestSameOnExtendedRules does so with several that extend the default rules, in
// one process.
func TestSameOnExtendedRules(t *testing.T) {
	quiet()
	for _, seed := range []uint64{82, 3, 7} {
		if sameRules(t, seed, true) == 0 {
			t.Errorf("seed %d: nothing was found, so nothing was compared", seed)
		}
	}
}

// FuzzSameOnAnyRules does so for as long as it is let.
func FuzzSameOnAnyRules(f *testing.F) {
	quiet()
	f.Add(uint64(1), false)
	f.Add(uint64(2), true)
	f.Add(uint64(82), true)
	f.Add(uint64(184), false)
	f.Fuzz(func(t *testing.T, seed uint64, useDefault bool) { sameRules(t, seed, useDefault) })
}
