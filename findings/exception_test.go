package findings_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/muster-nhi/muster/findings"
	"github.com/muster-nhi/muster/internal/inventory"
)

// entry is an exceptions file of one entry.
func entry(lines ...string) string {
	return "exceptions:\n- " + strings.Join(lines, "\n  ") + "\n"
}

const signed = "reason: because\n  approver: ada@northwind.example\n  expires: 2027-01-01"

func TestExceptionMistakes(t *testing.T) {
	var out strings.Builder
	for _, m := range []struct{ name, text string }{
		{"empty", ""},
		{"not YAML", "exceptions: ["},
		{"unknown key", "exeptions: []"},
		{"no list", "exceptions: all"},
		{"unknown field", entry("finding: F-0123456789abcdef", signed, "aprover: x")},
		{"no reason", entry("finding: F-0123456789abcdef", "approver: a", "expires: 2027-01-01")},
		{"no approver", entry("finding: F-0123456789abcdef", "reason: r", "expires: 2027-01-01")},
		{"no expiry", entry("finding: F-0123456789abcdef", "reason: r", "approver: a")},
		{"expiry is no date", entry("finding: F-0123456789abcdef", "reason: r", "approver: a", "expires: never")},
		{"names nothing", entry(signed)},
		{"names two things", entry("finding: F-0123456789abcdef", "rule: NHI-ROT-001", signed)},
		{"covers everything", entry("rule: '*'", "subject: '**'", signed)},
		{"bad finding id", entry("finding: F-123", signed)},
		{"bad fingerprint", entry("fingerprint: xyz", signed)},
	} {
		_, err := findings.ParseExceptions("exceptions.yaml", strings.NewReader(m.text))
		if err == nil {
			t.Errorf("%s: no error", m.name)
		}
		fmt.Fprintf(&out, "## %s\n%v\n\n", m.name, err)
	}
	golden(t, "exceptions.golden", out.String())
}

func exceptions(t *testing.T, text string) *findings.Exceptions {
	t.Helper()
	x, err := findings.ParseExceptions("exceptions.yaml", strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	return x
}

func TestExceptions(t *testing.T) {
	e := quick(t, findings.Rule{For: inventory.KindCredential, When: "true"})
	inv := inventoryOf(
		t,
		&inventory.Credential{ID: "x:a", Type: "t.k", Scope: "s1"},
		&inventory.Credential{ID: "x:b", Type: "t.k", Scope: "s2", Detector: "d", FoundAt: []inventory.Location{{URI: "old/.env"}, {URI: "test/fixtures/.env"}}},
	)
	plain := judge(t, e, inv, findings.Params{})
	byID := map[string]*inventory.Finding{}
	for _, f := range plain.Findings {
		byID[f.Subject] = f
	}
	for _, test := range []struct {
		name   string
		text   string
		asOf   time.Time
		want   []string // subjects that are excepted
		status string
		hits   int
	}{
		{"by id", entry("finding: "+byID["x:a"].ID, signed), asOf, []string{"x:a"}, "active", 1},
		{"by fingerprint", entry("fingerprint: "+byID["x:b"].Fingerprint, signed), asOf, []string{"x:b"}, "active", 1},
		{"by rule", entry("rule: NHI-ROT-*", signed), asOf, []string{"x:a", "x:b"}, "active", 2},
		{"by scope", entry("rule: NHI-ROT-001", "scope: s2", signed), asOf, []string{"x:b"}, "active", 1},
		{"by subject", entry("subject: '*:a'", signed), asOf, []string{"x:a"}, "active", 1},
		{"by path", entry("path: test/*", signed), asOf, []string{"x:b"}, "active", 1},
		{"all patterns must match", entry("path: test/*", "scope: s1", signed), asOf, nil, "unused", 0},
		{"unused", entry("rule: NHI-EXP-001", signed), asOf, nil, "unused", 0},
		{"last moment", entry("rule: NHI-ROT-001", signed), time.Date(2026, 12, 31, 23, 59, 59, 0, time.UTC), []string{"x:a", "x:b"}, "active", 2},
		{"expired", entry("rule: NHI-ROT-001", signed), time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC), nil, "expired", 2},
	} {
		t.Run(test.name, func(t *testing.T) {
			r := judge(t, e, inv, findings.Params{AsOf: test.asOf, Exceptions: exceptions(t, test.text)})
			var got []string
			slices.SortFunc(r.Findings, func(x, y *inventory.Finding) int { return strings.Compare(x.Subject, y.Subject) })
			for _, f := range r.Findings {
				if f.Exception != nil {
					got = append(got, f.Subject)
					if f.Exception.Reason != "because" || f.Exception.Approver != "ada@northwind.example" {
						t.Errorf("got exception %+v", f.Exception)
					}
				}
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("excepted (-want +got):\n%s", diff)
			}
			if u := r.Exceptions[0]; u.Status != test.status || u.Matches != test.hits || u.Line != 2 {
				t.Errorf("use: got %+v, want %s with %d matches at line 2", u, test.status, test.hits)
			}
			if r.Tallies[0].Fail != 2 || r.Tallies[0].Excepted != len(test.want) {
				t.Errorf("tally: got %+v", r.Tallies[0])
			}
		})
	}
}

// TestExpiredGivesWay lets a later entry that is in force cover what an expired
// one no longer does.
func TestExpiredGivesWay(t *testing.T) {
	e := quick(t, findings.Rule{For: inventory.KindCredential, When: "true"})
	inv := inventoryOf(t, &inventory.Credential{ID: "x:a", Type: "t.k", Scope: "s"})
	x := exceptions(t, `exceptions:
- {rule: NHI-ROT-001, reason: old, approver: a, expires: 2026-01-01}
- {rule: NHI-ROT-001, reason: new, approver: b, expires: 2027-01-01, compensating_control: network limits}
- {rule: NHI-ROT-001, reason: third, approver: c, expires: 2027-01-01}
`)
	r := judge(t, e, inv, findings.Params{Exceptions: x})
	if got := r.Findings[0].Exception; got == nil || got.Reason != "new" || got.Control != "network limits" {
		t.Errorf("got %+v", got)
	}
	if r.Exceptions[0].Status != "expired" || r.Exceptions[1].Status != "active" {
		t.Errorf("got %+v", r.Exceptions)
	}
}

func FuzzParseExceptions(f *testing.F) {
	f.Add(entry("finding: F-0123456789abcdef", signed))
	f.Add(entry("fingerprint: 0123456789012345", signed))
	f.Add(entry("rule: '*'", "path: a", signed))
	f.Add("exceptions: [&a [], *a]")
	e := quickF(f)
	inv := inventoryOf(f, &inventory.Credential{ID: "x:a", Type: "t.k", Scope: "s"})
	f.Fuzz(func(t *testing.T, text string) {
		x, err := findings.ParseExceptions("exceptions.yaml", strings.NewReader(text))
		if err != nil {
			var p *findings.LoadError
			if !errors.As(err, &p) || p.File != "exceptions.yaml" {
				t.Errorf("the error names no file: %v", err)
			}
			return
		}
		r := judge(t, e, inv, findings.Params{Exceptions: x})
		for _, u := range r.Exceptions {
			if u.Reason == "" || u.Approver == "" || u.Expires.IsZero() || u.Line == 0 {
				t.Errorf("accepted without reason, approver, end or line: %+v", u)
			}
		}
	})
}

func quickF(f *testing.F) *findings.Engine {
	f.Helper()
	return quick(f, findings.Rule{For: inventory.KindCredential, When: "true"})
}
