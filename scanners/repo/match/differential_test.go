package match

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"net/url"
	"regexp/syntax"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/zricethezav/gitleaks/v8/detect"
)

// finding is what two engines must agree on. The secret stands as a hash, so
// that a failing test prints none.
type finding struct {
	Rule, Secret string
	Line         int
}

func digest(secret string) string {
	sum := sha256.Sum256([]byte(secret))
	return hex.EncodeToString(sum[:6])
}

func theirs(t testing.TB) *detect.Detector {
	t.Helper()
	d, err := detect.NewDetectorDefaultConfig()
	if err != nil {
		t.Fatal(err)
	}
	d.MaxDecodeDepth = maxDecodeDepth
	return d
}

func wantFindings(d *detect.Detector, text, path string) []finding {
	return wantBut(d, text, path, nil)
}

// wantBut leaves out what some rules find in what decodes.
func wantBut(d *detect.Detector, text, path string, some map[string]bool) []finding {
	var out []finding
	for _, f := range d.Detect(detect.Fragment{Raw: text, FilePath: path, StartLine: 1}) { //nolint:staticcheck // Detect takes no other type yet
		if !some[f.RuleID] || encodingOf(f.Tags) == "" {
			out = append(out, finding{f.RuleID, digest(f.Secret), f.StartLine})
		}
	}
	return sorted(out)
}

func gotFindings(rs *Ruleset, m *Matcher, text, path string) []finding {
	return gotBut(rs, m, text, path, nil)
}

func gotBut(rs *Ruleset, m *Matcher, text, path string, some map[string]bool) []finding {
	var out []finding
	hits := m.Match([]byte(text))
	for i, verdict := range rs.At(hits, path, "") {
		if verdict == "" && (!some[hits[i].Rule] || hits[i].Encoding == "") {
			out = append(out, finding{hits[i].Rule, digest(string(hits[i].Secret)), hits[i].Line})
		}
	}
	return sorted(out)
}

func sorted(list []finding) []finding {
	slices.SortFunc(list, func(a, b finding) int { return strings.Compare(fmt.Sprint(a), fmt.Sprint(b)) })
	return slices.Compact(list)
}

func ours(t testing.TB) (*Ruleset, *Matcher) {
	t.Helper()
	rs, err := Default()
	if err != nil {
		t.Fatal(err)
	}
	m := rs.NewMatcher()
	return rs, m
}

// pathFor returns a path that the rule looks at.
func pathFor(r *rule) string {
	for _, path := range []string{"src/config.go", "main.tf", "x.yaml", "nuget.config", "index.php"} {
		if c := r.compiled(); c.path.Path == nil || c.path.Path.MatchString(path) {
			return path
		}
	}
	return "x"
}

// TestSameAsGitleaks places samples of every rule in many surroundings.
func TestSameAsGitleaks(t *testing.T) {
	rs, m := ours(t)
	det := theirs(t)
	random := rand.New(rand.NewPCG(1, 2))
	noise := noiseLines(random)
	surround := map[string]func(s string) string{
		"alone":     func(s string) string { return s },
		"line":      func(s string) string { return "first line\n" + s + "\nlast line\n" },
		"last":      func(s string) string { return "first line\n\n" + s },
		"assigned":  func(s string) string { return "x = \"" + s + "\"\n" },
		"noise":     func(s string) string { return noise + "  value: '" + s + "' # comment\n" + noise },
		"crlf":      func(s string) string { return strings.ReplaceAll(noise+"token="+s+"\n"+noise, "\n", "\r\n") },
		"twice":     func(s string) string { return s + " " + s + "\n" + s + "\n\n" + s },
		"base64":    func(s string) string { return noise + "data: " + base64.StdEncoding.EncodeToString([]byte(s)) + "\n" },
		"base64url": func(s string) string { return "x " + base64.RawURLEncoding.EncodeToString([]byte("a="+s+" ")) + " y\n" },
		"hex":       func(s string) string { return noise + "h='" + hex.EncodeToString([]byte(s)) + "'\n" },
		"percent":   func(s string) string { return noise + "q=" + url.QueryEscape("key="+s+";") + "\n" + noise },
		"nested": func(s string) string {
			return "n=" + base64.StdEncoding.EncodeToString([]byte("b="+base64.StdEncoding.EncodeToString([]byte(s)))) + "\n"
		},
		"unicode": func(s string) string {
			var b strings.Builder
			for _, c := range s {
				fmt.Fprintf(&b, `\u%04x`, c)
			}
			return noise + b.String() + "\n"
		},
		"umlauts": func(s string) string { return "größe: „" + s + "“ ß\n" + noise },
	}
	names := []string{}
	for name := range surround {
		names = append(names, name)
	}
	slices.Sort(names)
	found := map[string]bool{}
	for _, r := range rs.rules {
		if r.spec.Regex == "" {
			continue
		}
		parsed, err := syntax.Parse(r.spec.Regex, syntax.Perl)
		if err != nil {
			t.Fatal(err)
		}
		path := pathFor(r)
		s := sample(parsed, random)
		for _, name := range names {
			text := surround[name](s)
			want := wantFindings(det, text, path)
			for _, f := range want {
				found[f.Rule+" "+name] = true
			}
			if diff := cmp.Diff(want, gotFindings(rs, m, text, path)); diff != "" {
				t.Errorf("%s, %s: gitleaks (-) and muster (+) differ:\n%s", r.spec.ID, name, diff)
			}
		}
	}
	if len(found) < 1000 {
		t.Errorf("the samples show only %d pairs of rule and surroundings: the comparison says little", len(found))
	}
}

// noiseLines returns lines full of keywords and near misses.
func noiseLines(r *rand.Rand) string {
	words := []string{"key", "api", "token =", "secret:", "password=", "auth", "access", "AKIA", "sk-", "ghp_", "-----BEGIN", "\"", "'", "=", ":", "heroku", "aGVsbG8gd29ybGQ=", "%20", "deadbeef", "0123456789abcdef", "eyJ", "\t", "\\n", "x-api-key", "K"}
	var b strings.Builder
	for range 12 {
		for range r.IntN(9) {
			b.WriteString(words[r.IntN(len(words))])
			if r.IntN(2) == 0 {
				b.WriteByte(' ')
			}
		}
		b.WriteByte('\n')
	}
	return b.String()
}
