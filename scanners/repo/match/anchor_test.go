package match

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestLineBefore holds expressions to gitleaks that ask what stands before a
// newline that they begin with.
func TestLineBefore(t *testing.T) {
	quiet()
	for _, expr := range []string{`(?m)^\nkey\w`, `\b\nkey\w`, `\B\nkey\w`, `(?:^\s)?key\w`, `(?m)(^|\b)\s*key\w`, `\nkey\w`} {
		rules := "[[rules]]\nid = 'r'\nregex = '''" + expr + "'''\nkeywords = ['key']\n"
		det := theirRules(t, rules)
		rs, err := Load("rules.toml", []byte(rules), nil)
		if err != nil {
			t.Fatal(err)
		}
		m, found := rs.NewMatcher(), 0
		for _, text := range []string{"a\nkey1\n", " \nkey1\n", "\n\nkey1\n", "\nkey1\n", " \n\nkey1 \nkey2\nkey3 \n\nkey4\n", "é\nkey1\n\nkey2\n"} {
			want := wantFindings(det, text, "a.txt")
			found += len(want)
			if diff := cmp.Diff(want, gotFindings(rs, m, text, "a.txt")); diff != "" {
				t.Errorf("%s on %q: gitleaks (-) and muster (+) differ:\n%s", expr, text, diff)
			}
		}
		if found == 0 {
			t.Errorf("%s: nothing was found, so nothing was compared", expr)
		}
	}
}
