package secret

import (
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestLoginURLs holds the short way to the expression on the whole text.
func TestLoginURLs(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	pieces := []string{"://", ":", "@", "/", " ", "\n", "\"", "'", "<", ">", "http", "redis", "a", "+", ".", "user", "\t", "\xff", "ü", "9"}
	found := 0
	for range 40_000 {
		var b strings.Builder
		for range r.IntN(40) {
			b.WriteString(pieces[r.IntN(len(pieces))])
		}
		text := []byte(b.String())
		want := loginURL().FindAll(text, 64)
		found += len(want)
		if diff := cmp.Diff(want, loginURLs(text)); diff != "" {
			t.Fatalf("%q: %s", text, diff)
		}
	}
	if many := []byte(strings.Repeat("ab://b:c ", 100)); len(loginURLs(many)) != 64 {
		t.Errorf("%d matches", len(loginURLs(many)))
	}
	if found < 500 {
		t.Errorf("only %d matches: the test proves little", found)
	}
}
