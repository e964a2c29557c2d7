package report

import (
	"bytes"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/muster-nhi/muster/findings"
	"github.com/muster-nhi/muster/internal/inventory"
)

// TestRedactLeavesNoOriginal looks for every id, name, account, person and
// place of the made-up company in every format of the redacted report.
func TestRedactLeavesNoOriginal(t *testing.T) {
	r := sample(t)
	secretive := originals(r)
	redacted := Redact(r, []byte("key of the house"))
	for _, f := range Formats() {
		t.Run(f.Name, func(t *testing.T) {
			out := string(writeReport(t, redacted, f.Name, Options{Verbose: true}))
			for _, s := range secretive {
				if strings.Contains(out, s) {
					t.Errorf("holds %q", s)
				}
			}
		})
	}
	for _, p := range SARIFProfiles() {
		t.Run("sarif "+p, func(t *testing.T) {
			out := string(writeReport(t, redacted, "sarif", Options{SARIFProfile: p}))
			for _, s := range secretive {
				if strings.Contains(out, s) {
					t.Errorf("holds %q", s)
				}
			}
		})
	}
}

// originals lists what must not leave: short words that muster's own texts use
// are not told apart from names, so names shorter than five letters stay out.
func originals(r *Report) []string {
	out := []string{
		"northwind", "Northwind", "111122223333", "prod-eu-1", "fleet-", "Ferreira", "raj.patel", "deploy/prod.env", "mcp.json",
		"legacy-erp", "monitoring-vendor", "AKIA", "AdministratorAccess", "Vendor moves", "GenerateServiceLastAccessedDetails", "arn:aws",
		"evil.example", "alert(1)",
	}
	add := func(s string) {
		if len(s) > 4 {
			out = append(out, s)
		}
	}
	for _, x := range r.Inventory.Identities {
		add(x.ID)
		add(x.Name)
		for _, p := range x.PublicIDs {
			add(p)
		}
	}
	for _, x := range r.Inventory.Credentials {
		add(x.ID)
		add(x.PublicID)
		for _, l := range x.FoundAt {
			add(l.URI)
			add(l.Commit)
		}
	}
	for _, x := range r.Findings {
		add(x.ID)
		add(x.Fingerprint)
		add(x.Owner)
	}
	return out
}

func TestRedactKeepsTheFigures(t *testing.T) {
	r := sample(t)
	got := Redact(r, []byte("k"))
	want := r.Summary
	if diff := cmp.Diff(want.Severities, got.Summary.Severities); diff != "" {
		t.Errorf("severities (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(want.Kinds, got.Summary.Kinds); diff != "" {
		t.Errorf("records (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(want.Ages, got.Summary.Ages); diff != "" {
		t.Errorf("ages (-want +got):\n%s", diff)
	}
	for _, pair := range [][2]int{
		{want.Owned, got.Summary.Owned},
		{want.Excepted, got.Summary.Excepted},
		{want.Unknown, got.Summary.Unknown},
		{len(want.ByOwner), len(got.Summary.ByOwner)},
		{len(want.ByScope), len(got.Summary.ByScope)},
	} {
		if pair[0] != pair[1] {
			t.Errorf("a figure was %d and is %d", pair[0], pair[1])
		}
	}
	if !got.Run.Redacted {
		t.Error("the report does not say that it is redacted")
	}
}

func TestRedactIsStableUnderOneKey(t *testing.T) {
	r := sample(t)
	one := writeReport(t, Redact(r, []byte("a")), "json", Options{})
	same := writeReport(t, Redact(r, []byte("a")), "json", Options{})
	other := writeReport(t, Redact(r, []byte("b")), "json", Options{})
	if !bytes.Equal(one, same) {
		t.Error("two redactions under one key differ")
	}
	if bytes.Equal(one, other) {
		t.Error("redactions under two keys are the same: a guess could be confirmed")
	}
}

func TestRedactLeavesTheOriginalAlone(t *testing.T) {
	r := sample(t)
	before := writeReport(t, r, "json", Options{})
	Redact(r, []byte("a"))
	if !bytes.Equal(before, writeReport(t, r, "json", Options{})) {
		t.Error("redacting changed the report that it was given")
	}
}

func TestRedactOwnRule(t *testing.T) {
	in := sampleInput(t)
	in.Rules = append(in.Rules, findings.Rule{
		ID: "NHI-OWN-900", Title: "Account 444455556666 belongs to cto@corp.example", Severity: inventory.SeverityLow,
		Why: "Scope northwind/website is ours.",
	})
	in.Result.Findings = append(in.Result.Findings, &inventory.Finding{
		ID: "F-0000000000000009", Rule: "NHI-OWN-900", Title: "Account 444455556666 belongs to cto@corp.example", Subject: "aws:x",
		SubjectKind: inventory.KindIdentity, Scope: scopeAWS, Severity: inventory.SeverityLow, Verdict: "fail", Message: "no",
	})
	out := string(writeReport(t, Redact(New(in), []byte("k")), "sarif", Options{}))
	for _, s := range []string{"444455556666", "cto@corp", "northwind"} {
		if strings.Contains(out, s) {
			t.Errorf("holds %q", s)
		}
	}
}

func TestRedactText(t *testing.T) {
	x := &redactor{key: []byte("k"), names: map[string]string{"fleet-deployer": "identity-1"}, words: vocabulary(nil)}
	for _, c := range []struct{ name, in, want string }{
		{"figures and known words", "The access key of fleet-deployer is 1,204 days old.", "The access key of identity-1 is 1,204 days old."},
		{"unknown words", "Key of Ana Ferreira at host.example", "Key of … at …"},
		{"accounts", "grants to 111122223333 since 2026-01-02", "grants to … since 2026-01-02"},
		{"nothing", "", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := x.text(c.in); got != c.want {
				t.Errorf("text(%q) = %q, want %q", c.in, got, c.want)
			}
		})
	}
}
