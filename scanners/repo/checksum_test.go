package repo

import (
	"crypto/sha256"
	"encoding/base64"
	"strings"
	"testing"

	"github.com/muster-nhi/muster/internal/inventory"
)

// TestMadeUpTokens leaves out what has the form of a token and not its checksum,
// under general rules too, and says how many.
func TestMadeUpTokens(t *testing.T) {
	issued := canary("real")
	made := issued[:20] + strings.Map(func(r rune) rune {
		if r == 'A' {
			return 'B'
		}
		return 'A'
	}, issued[20:21]) + issued[21:]
	b := newBuilder(t)
	b.commit("one", "a.env", "token=\""+issued+"\"\n", "b.env", "api_token=\""+made+"\"\n", "c.txt", "see "+made+"\n")
	r := scan(t, map[string]any{"path": b.dir})
	if r.err != nil {
		t.Fatal(r.err)
	}
	c := r.only(t)
	got := r.credential(issued)
	if got == nil || got.Attributes["checksum"] != "valid" {
		t.Error("the real token was not found, or not as one")
	}
	if r.credential(made) != nil || c.Count != 1 {
		t.Errorf("%d credentials, want 1", c.Count)
	}
	if notes := strings.Join(c.Notes, "\n"); !strings.Contains(notes, "2 values have the form of a token") {
		t.Errorf("notes are %q", notes)
	}
	if c.Status != inventory.StatusComplete || len(c.Suppressed) != 0 {
		t.Errorf("coverage is %s, %v suppressed", c.Status, c.Suppressed)
	}
}

// TestModuleSums leaves out the sums in the list of modules that a Go program
// carries, says how many, and tells the same value where it stands for itself.
func TestModuleSums(t *testing.T) {
	sum := func(of string) string {
		h := sha256.Sum256([]byte(of))
		return base64.StdEncoding.EncodeToString(h[:])
	}
	listed, key := sum("a"), sum("b")
	b := newBuilder(t)
	b.commit("one",
		"prog", "\x7fELF\x02\x00\x00\ndep\texample.com/auth/tokens\tv1.2.3\th1:"+listed+"\ndep\texample.com/api-key\tv0.1.0\th1:"+sum("c")+"\n\x00\x00",
		"a.env", "api_key="+key+"\n")
	r := scan(t, map[string]any{"path": b.dir})
	if r.err != nil {
		t.Fatal(r.err)
	}
	c := r.only(t)
	if r.credential(key) == nil || c.Count != 1 {
		t.Errorf("%d credentials, want the key alone", c.Count)
	}
	if notes := strings.Join(c.Notes, "\n"); !strings.Contains(notes, "2 values are sums of Go modules") {
		t.Errorf("notes are %q", notes)
	}
	b.commit("two", "b.env", "api_key="+listed+"\n")
	if scan(t, map[string]any{"path": b.dir}).credential(listed) == nil {
		t.Error("the value of a sum is not told where it stands for itself")
	}
}

// TestBeyondGitleaks finds what only a rule of the program's own looks for, and
// a configuration switches it off like any other.
func TestBeyondGitleaks(t *testing.T) {
	key := "gsk" + "_" + (canary("a") + canary("b"))[4:34] + canary("c")[4:26]
	b := newBuilder(t)
	b.commit("one", "a.txt", "see "+key+" here\n")
	r := scan(t, map[string]any{"path": b.dir})
	c := r.credential(key)
	if r.err != nil || c == nil {
		t.Fatalf("not found: %v", r.err)
	}
	if c.Detector != "muster:groq-api-key" || c.Type != "llm.api_key" || c.Attributes["provider"] != "groq" {
		t.Errorf("detector %s, type %s, attributes %v", c.Detector, c.Type, c.Attributes)
	}
	b.commit("two", ".gitleaks.toml", "[extend]\nuseDefault = true\ndisabledRules = [\"groq-api-key\"]\n")
	r = scan(t, map[string]any{"path": b.dir})
	if r.credential(key) != nil || r.only(t).Suppressed[".gitleaks.toml disabled rule"] != 1 {
		t.Errorf("the rule was not switched off, or what it finds not counted: %v", r.only(t).Suppressed)
	}
}
