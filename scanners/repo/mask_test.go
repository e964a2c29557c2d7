package repo

import (
	"testing"

	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/scanners/repo/match"
)

func newTestMasker(t *testing.T, known ...string) *masker {
	t.Helper()
	rules, err := match.Default()
	if err != nil {
		t.Fatal(err)
	}
	return newMasker(rules, hasher(), func(h inventory.SecretHash) bool {
		for _, s := range known {
			if hashOf(s) == h {
				return true
			}
		}
		return false
	})
}

func TestMaskText(t *testing.T) {
	token, known := canary("a name"), "xk29"+"QmmTp0Lz4w"
	m := newTestMasker(t, known)
	masked := func(s string) string { return "redacted-" + string(hashOf(s))[len(string(hashOf(s)))-64:][:8] }
	for _, tt := range []struct{ name, give, want string }{
		{"plain", "src/main.go", "src/main.go"},
		{"a token in a path", "dump/" + token + ".txt", "dump/" + masked(token) + ".txt"},
		{"an author", "Ada <" + token + "@northwind.example>", "Ada <" + masked(token) + "@northwind.example>"},
		{"a value found elsewhere", "keys/" + known + ".pem", "keys/" + masked(known) + ".pem"},
		{"an access key id is public", "AK" + "IA" + "Z7QXLMN2WERTYU4K", "AK" + "IA" + "Z7QXLMN2WERTYU4K"},
		{"an id", "repo:local/x/identity/.mcp.json#mcp/github-token-server", "repo:local/x/identity/.mcp.json#mcp/github-token-server"},
	} {
		for range 2 { // the second time from memory
			if got := m.text(tt.give); got != tt.want {
				t.Errorf("%s: got another text", tt.name)
			}
		}
	}
	if m.count != 2 {
		t.Errorf("%d secrets counted, want 2", m.count)
	}
}

// TestMaskRecord checks that a record is copied, not changed, and that what
// is public or the scanner's own stays.
func TestMaskRecord(t *testing.T) {
	token := canary("in a record")
	m := newTestMasker(t)
	c := &inventory.Credential{
		ID: "repo:x/" + token, Detector: "gitleaks:github-pat", PublicID: "public", SecretHash: hashOf(token),
		FoundAt: []inventory.Location{{URI: token + ".env", Author: token}}, Tags: map[string]string{"password": "Zk29QmmTp0" + "Lz4wRt7Yb1"},
		Attributes: map[string]string{"x": token},
	}
	got := m.record(inventory.Record{Credential: c}).Credential
	for name, text := range map[string]string{
		"id": got.ID, "uri": got.FoundAt[0].URI, "author": got.FoundAt[0].Author, "attribute": got.Attributes["x"], "tag": got.Tags["password"],
	} {
		if text == "" || !containsRedacted(text) {
			t.Errorf("the %s was not masked", name)
		}
	}
	if got.Detector != c.Detector || got.PublicID != c.PublicID || got.SecretHash != c.SecretHash {
		t.Error("what is public was changed")
	}
	if c.FoundAt[0].URI != token+".env" || c.Attributes["x"] != token || c.ID != "repo:x/"+token {
		t.Error("the record that was given was changed")
	}
}

func containsRedacted(s string) bool {
	for i := range len(s) - 8 {
		if s[i:i+9] == "redacted-" {
			return true
		}
	}
	return false
}
