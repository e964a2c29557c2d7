package inventory_test

import (
	"strings"
	"testing"
	"time"

	"github.com/muster-nhi/muster/internal/inventory"
)

func TestValidate(t *testing.T) {
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	hash := inventory.NewHasher([32]byte{1})([]byte("x"))
	canary := "AKIA" + strings.Repeat("7Q", 8)
	for _, c := range []struct {
		name   string
		change func(id *inventory.Identity, cr *inventory.Credential, co *inventory.Coverage, f *inventory.Finding)
		want   string
	}{
		{"no id", func(id *inventory.Identity, _ *inventory.Credential, _ *inventory.Coverage, _ *inventory.Finding) {
			id.ID = ""
		}, "identity: id: is missing"},
		{"id without scanner", func(id *inventory.Identity, _ *inventory.Credential, _ *inventory.Coverage, _ *inventory.Finding) {
			id.ID = "ci"
		}, "<scanner>:<native id>"},
		{"id with nothing native", func(id *inventory.Identity, _ *inventory.Credential, _ *inventory.Coverage, _ *inventory.Finding) {
			id.ID = "aws:"
		}, "<scanner>:<native id>"},
		{"id of a scanner in capitals", func(id *inventory.Identity, _ *inventory.Credential, _ *inventory.Coverage, _ *inventory.Finding) {
			id.ID = "AWS:x"
		}, "<scanner>:<native id>"},
		{"id too long", func(id *inventory.Identity, _ *inventory.Credential, _ *inventory.Coverage, _ *inventory.Finding) {
			id.ID = "aws:" + strings.Repeat("x", 5000)
		}, "the limit is 4096"},
		{"escape in a scope", func(id *inventory.Identity, _ *inventory.Credential, _ *inventory.Coverage, _ *inventory.Finding) {
			id.Scope = "a\x1b[2J"
		}, "scope: holds a control character"},
		{"name not UTF-8", func(id *inventory.Identity, _ *inventory.Credential, _ *inventory.Coverage, _ *inventory.Finding) {
			id.Name = "\xff"
		}, "name: is not UTF-8"},
		{"local time", func(id *inventory.Identity, _ *inventory.Credential, _ *inventory.Coverage, _ *inventory.Finding) {
			id.CreatedAt = at.In(time.FixedZone("x", 3600))
		}, "created_at: is not in UTC"},
		{"time out of reach", func(id *inventory.Identity, _ *inventory.Credential, _ *inventory.Coverage, _ *inventory.Finding) {
			id.CreatedAt = at.AddDate(9000, 0, 0)
		}, "created_at: has the year 11026"},
		{"tri out of range", func(id *inventory.Identity, _ *inventory.Credential, _ *inventory.Coverage, _ *inventory.Finding) {
			id.Disabled = 7
		}, "disabled: is not true"},
		{"empty tag", func(id *inventory.Identity, _ *inventory.Credential, _ *inventory.Coverage, _ *inventory.Finding) {
			id.Tags = map[string]string{"": "x"}
		}, "tags: has an empty key"},
		{"tag too long", func(id *inventory.Identity, _ *inventory.Credential, _ *inventory.Coverage, _ *inventory.Finding) {
			id.Tags = map[string]string{"x": strings.Repeat("x", 1<<18)}
		}, "tags: has 262144 bytes"},
		{"list too long", func(id *inventory.Identity, _ *inventory.Credential, _ *inventory.Coverage, _ *inventory.Finding) {
			id.PublicIDs = make([]string, 100_001)
		}, "public_ids: has 100001 entries"},
		{"place without path", func(id *inventory.Identity, _ *inventory.Credential, _ *inventory.Coverage, _ *inventory.Finding) {
			id.FoundAt = []inventory.Location{{Line: 1}}
		}, "found_at.uri: is missing"},
		{"short commit", func(id *inventory.Identity, _ *inventory.Credential, _ *inventory.Coverage, _ *inventory.Finding) {
			id.FoundAt = []inventory.Location{{URI: "a", Commit: "abc"}}
		}, "found_at.commit: is not of 40"},
		{"end before line", func(id *inventory.Identity, _ *inventory.Credential, _ *inventory.Coverage, _ *inventory.Finding) {
			id.FoundAt = []inventory.Location{{URI: "a", Line: 4, EndLine: 3}}
		}, "found_at.end_line: is before line"},
		{"hash", func(_ *inventory.Identity, cr *inventory.Credential, _ *inventory.Coverage, _ *inventory.Finding) {
			cr.SecretHash = inventory.SecretHash(canary)
		}, "secret_hash: is not of the form"},
		{"hash in capitals", func(_ *inventory.Identity, cr *inventory.Credential, _ *inventory.Coverage, _ *inventory.Finding) {
			cr.SecretHash = inventory.SecretHash(strings.ToUpper(string(hash)))
		}, "secret_hash: is not of the form"},
		{"never and some day", func(_ *inventory.Identity, cr *inventory.Credential, _ *inventory.Coverage, _ *inventory.Finding) {
			cr.NeverExpires, cr.ExpiresAt = true, at
		}, "never_expires: contradicts expires_at"},
		{"exposure", func(_ *inventory.Identity, cr *inventory.Credential, _ *inventory.Coverage, _ *inventory.Finding) {
			cr.Exposure = "moon"
		}, `exposure: "moon" is none of`},
		{"negative bits", func(_ *inventory.Identity, cr *inventory.Credential, _ *inventory.Coverage, _ *inventory.Finding) {
			cr.KeyBits = -1
		}, "key_bits: is negative"},
		{"coverage of a finding", func(_ *inventory.Identity, _ *inventory.Credential, co *inventory.Coverage, _ *inventory.Finding) {
			co.Kind = inventory.KindFinding
		}, `kind: "finding" is none of`},
		{"partial without reason", func(_ *inventory.Identity, _ *inventory.Credential, co *inventory.Coverage, _ *inventory.Finding) {
			co.Status = inventory.StatusPartial
		}, "reason: is missing"},
		{"denied and counted", func(_ *inventory.Identity, _ *inventory.Credential, co *inventory.Coverage, _ *inventory.Finding) {
			co.Status, co.Reason, co.Count = inventory.StatusDenied, "403", 1
		}, "count: is not 0"},
		{"scanner", func(_ *inventory.Identity, _ *inventory.Credential, co *inventory.Coverage, _ *inventory.Finding) {
			co.Scanner = ""
		}, "scanner: is not the name"},
		{"score", func(_ *inventory.Identity, _ *inventory.Credential, _ *inventory.Coverage, f *inventory.Finding) {
			f.Score = 101
		}, "score: is 101"},
		{"severity", func(_ *inventory.Identity, _ *inventory.Credential, _ *inventory.Coverage, f *inventory.Finding) {
			f.Severity = ""
		}, `severity: "" is none of`},
		{"verdict", func(_ *inventory.Identity, _ *inventory.Credential, _ *inventory.Coverage, f *inventory.Finding) {
			f.Verdict = "pass"
		}, `verdict: "pass" is none of`},
	} {
		t.Run(c.name, func(t *testing.T) {
			id := &inventory.Identity{ID: "aws:x", Type: "t", Scope: "s"}
			cr := &inventory.Credential{ID: "aws:k", Type: "t", Scope: "s", SecretHash: hash}
			co := &inventory.Coverage{Scanner: "aws", Scope: "s", Kind: inventory.KindIdentity, Status: inventory.StatusComplete}
			f := &inventory.Finding{ID: "F-1", Rule: "R", Subject: "aws:x", SubjectKind: inventory.KindIdentity, Scope: "s", Severity: inventory.SeverityLow, Verdict: "fail"}
			records := []inventory.Record{{Identity: id}, {Credential: cr}, {Coverage: co}, {Finding: f}}
			for _, r := range records {
				if err := r.Validate(); err != nil {
					t.Fatalf("before the change: %v", err)
				}
			}
			c.change(id, cr, co, f)
			var all string
			for _, r := range records {
				if err := r.Validate(); err != nil {
					all += err.Error() + "\n"
				}
			}
			if !strings.Contains(all, c.want) {
				t.Errorf("the error is %q, want %q", all, c.want)
			}
			if strings.Contains(all, canary) {
				t.Error("the error quotes a field")
			}
		})
	}
}

func TestExactlyOneKind(t *testing.T) {
	for name, r := range map[string]inventory.Record{
		"none": {},
		"two":  {Usage: &inventory.Usage{Subject: "aws:x", Scope: "s"}, Progress: &inventory.Progress{}},
	} {
		if err := r.Validate(); err == nil || !strings.Contains(err.Error(), "exactly one") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestHasher(t *testing.T) {
	a, b := inventory.NewHasher([32]byte{1}), inventory.NewHasher([32]byte{2})
	secret := []byte("correct horse")
	if again := inventory.NewHasher([32]byte{1}); a(secret) != again(secret) || a(secret) == a([]byte("other")) || a(secret) == b(secret) {
		t.Error("equal hashes are not those of equal values under one key")
	}
	if !a(secret).Valid() || a(secret).KeyID() == b(secret).KeyID() || a(secret).KeyID() != a(nil).KeyID() {
		t.Errorf("the key ids are %q, %q", a(secret).KeyID(), b(secret).KeyID())
	}
	if inventory.SecretHash("").Valid() || inventory.SecretHash("x").KeyID() != "" {
		t.Error("what is no hash is valid")
	}
}

func TestPrintable(t *testing.T) {
	for in, want := range map[string]string{
		"deploy/été.yaml": "deploy/été.yaml",
		"a\nb":            "a%0Ab",
		"a\xffb":          "a%FFb",
		"100%":            "100%25",
		"\u009b1m":        "%C2%9B1m",
		"a\uFFFDb":        "a\uFFFDb",
	} {
		if got := inventory.Printable(in); got != want {
			t.Errorf("Printable(%q) is %q, want %q", in, got, want)
		}
	}
}
