package match

import (
	"io/fs"
	"maps"
	"math/rand/v2"
	"os"
	"regexp"
	"regexp/syntax"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/pelletier/go-toml/v2"
	"github.com/zricethezav/gitleaks/v8/config"
	"github.com/zricethezav/gitleaks/v8/detect"
	"go.yaml.in/yaml/v3"

	"github.com/muster-nhi/muster/rules"
)

// leastBeyond is how many rules beyond gitleaks' the program promises.
const leastBeyond = 80

// alphabets are the kinds of characters that rules/secrets/tests.yaml names.
func alphabets() map[string]string {
	const lower, upper, digit = "abcdefghijklmnopqrstuvwxyz", "ABCDEFGHIJKLMNOPQRSTUVWXYZ", "0123456789"
	return map[string]string{
		"alnum": lower + upper + digit, "alpha": lower + upper, "lower": lower + digit, "upper": upper + digit,
		"hex": "0123456789abcdef", "HEX": "0123456789ABCDEF", "digit": digit, "x": "x",
		"base32": lower + "234567", "crock": "0123456789ABCDEFGHJKMNPQRSTVWXYZ", "rancher": "bcdfghjklmnpqrstvwxz2456789",
	}
}

var placeholder = regexp.MustCompile(`\{(\w+)(?::(\d+))?\}`)

// expand writes a line of tests.yaml out, and returns the secret between its
// marks.
func expand(t *testing.T, line string, random *rand.Rand) (text, secret string) {
	t.Helper()
	text = placeholder.ReplaceAllStringFunc(strings.ReplaceAll(line, `\n`, "\n"), func(mark string) string {
		m := placeholder.FindStringSubmatch(mark)
		some := func(kind string, n int) string {
			set := alphabets()[kind]
			if set == "" {
				t.Fatalf("unknown kind %q", kind)
			}
			out := make([]byte, n)
			for i := range out {
				out[i] = set[random.IntN(len(set))]
			}
			return string(out)
		}
		if m[1] == "uuid" {
			return some("hex", 8) + "-" + some("hex", 4) + "-4" + some("hex", 3) + "-a" + some("hex", 3) + "-" + some("hex", 12)
		}
		n, err := strconv.Atoi(m[2])
		if err != nil {
			return mark // ${VARIABLE}
		}
		return some(m[1], n)
	})
	before, rest, marked := strings.Cut(text, "[[")
	if !marked || strings.HasPrefix(rest, "Interface") || strings.HasPrefix(rest, "Peer") {
		return text, ""
	}
	secret, after, _ := strings.Cut(rest, "]]")
	return before + secret + after, secret
}

// beyondSources reads the rules that come with the program.
func beyondSources(t testing.TB) (sources []Source) {
	t.Helper()
	names, err := fs.Glob(rules.Secrets(), "*.toml")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		content, err := fs.ReadFile(rules.Secrets(), name)
		if err != nil {
			t.Fatal(err)
		}
		sources = append(sources, Source{name, content})
	}
	return sources
}

// withBeyond is gitleaks' detector over the same rules, read by gitleaks
// itself.
func withBeyond(t testing.TB, sources []Source) *detect.Detector {
	t.Helper()
	d := theirs(t)
	for _, s := range sources {
		var raw config.ViperConfig
		if err := toml.Unmarshal(s.Content, &raw); err != nil {
			t.Fatal(err)
		}
		translated, err := raw.Translate()
		if err != nil {
			t.Fatal(err)
		}
		if len(translated.Rules) != len(raw.Rules) {
			t.Fatalf("%s: an id is there twice", s.Name)
		}
		for id, rule := range translated.Rules {
			if _, ok := d.Config.Rules[id]; ok {
				t.Errorf("%s: rule %s is there already", s.Name, id)
			}
			d.Config.Rules[id] = rule
		}
		maps.Copy(d.Config.Keywords, translated.Keywords)
	}
	all := detect.NewDetector(d.Config)
	all.MaxDecodeDepth = maxDecodeDepth
	return all
}

// TestBeyond runs the samples of rules/secrets/tests.yaml through both engines:
// each rule finds what it should, leaves what it should, and gitleaks says the
// same of the same rules.
func TestBeyond(t *testing.T) {
	sources := beyondSources(t)
	rs, err := Load("", nil, nil, sources...)
	if err != nil {
		t.Fatal(err)
	}
	m, det := rs.NewMatcher(), withBeyond(t, sources)
	content, err := os.ReadFile("../../../rules/secrets/tests.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var tests map[string]struct{ Find, Leave []string }
	if err := yaml.Unmarshal(content, &tests); err != nil {
		t.Fatal(err)
	}
	count := 0
	for _, r := range rs.rules {
		if !r.beyond {
			continue
		}
		count++
		if tests[r.spec.ID].Find == nil || len(tests[r.spec.ID].Leave) < 2 {
			t.Errorf("%s has no samples of what it finds and of what it leaves", r.spec.ID)
		}
	}
	if count < leastBeyond || count != len(tests) {
		t.Errorf("%d rules and %d with samples, want at least %d", count, len(tests), leastBeyond)
	}
	random := rand.New(rand.NewPCG(7, 8))
	noise := noiseLines(random)
	for _, id := range slices.Sorted(maps.Keys(tests)) {
		for i, line := range tests[id].Find {
			text, secret := expand(t, line, random)
			for _, around := range []string{text, noise + text + "\n" + noise, strings.ReplaceAll("a\n"+text+"\nb\n", "\n", "\r\n")} {
				got := gotFindings(rs, m, around, "src/settings.txt")
				if !slices.ContainsFunc(got, func(f finding) bool { return f.Rule == id && f.Secret == digest(secret) }) {
					t.Errorf("%s, sample %d: not found", id, i+1)
				}
				if diff := cmp.Diff(wantFindings(det, around, "src/settings.txt"), got); diff != "" {
					t.Errorf("%s, sample %d: gitleaks (-) and muster (+) differ:\n%s", id, i+1, diff)
				}
			}
		}
		for i, line := range tests[id].Leave {
			text, _ := expand(t, line, random)
			got := gotFindings(rs, m, text, "src/settings.txt")
			if slices.ContainsFunc(got, func(f finding) bool { return f.Rule == id }) {
				t.Errorf("%s: sample %d of what it should leave is found", id, i+1)
			}
			if diff := cmp.Diff(wantFindings(det, text, "src/settings.txt"), got); diff != "" {
				t.Errorf("%s, left sample %d: gitleaks (-) and muster (+) differ:\n%s", id, i+1, diff)
			}
		}
	}
}

// TestBeyondIsWellFormed checks what is not checked when the program runs.
func TestBeyondIsWellFormed(t *testing.T) {
	for _, s := range beyondSources(t) {
		f, err := decode(s.Name, s.Content)
		if err != nil {
			t.Fatal(err)
		}
		if err := f.check(s.Name, s.Content); err != nil {
			t.Error(err)
		}
		if n := strings.Count(string(s.Content), "\n# https://"); n != len(f.Rules) {
			t.Errorf("%s: %d of %d rules name where their form is documented", s.Name, n, len(f.Rules))
		}
		for _, r := range f.Rules {
			if len(r.Keywords) == 0 || r.Entropy == 0 || !strings.HasSuffix(r.Description, ".") {
				t.Errorf("%s: rule %s wants keywords, entropy and a description", s.Name, r.ID)
			}
			if r.Regex != "" && anchorOf(mustParse(t, r.Regex), r.Keywords) == nil {
				t.Errorf("%s: rule %s has no anchor: whole files would be searched for it", s.Name, r.ID)
			}
		}
	}
}

func mustParse(t *testing.T, text string) *syntax.Regexp {
	t.Helper()
	parsed, err := syntax.Parse(text, syntax.Perl)
	if err != nil {
		t.Fatal(err)
	}
	return parsed
}
