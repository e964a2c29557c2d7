package match

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestMemo checks that a text which comes again, on other lines, gives what it
// gives to a matcher that has never seen it.
func TestMemo(t *testing.T) {
	rules, err := Default()
	if err != nil {
		t.Fatal(err)
	}
	token := "gh" + "p_" + "x7Kd93LmQp0Zt5Rv8Wb2Yc6Nf1Hj4Sg0aTuE"
	hidden := base64.StdEncoding.EncodeToString([]byte("token=" + token))
	show := func(hits []Hit) (out []string) {
		for i := range hits {
			h := &hits[i]
			out = append(out, fmt.Sprint(h.Rule, h.Line, h.EndLine, h.Column, h.Encoding, h.Suppressed, string(h.Secret), string(h.Context)))
		}
		return out
	}
	old := rules.NewMatcher()
	for _, before := range []string{"", "\n\n\n", "x\n", strings.Repeat("y\n", 100), ""} {
		text := []byte(before + "a\ntoken=" + token + "\nb\n\ndata: " + hidden + "\nallowed=" + token + " # gitleaks:allow\n")
		want := show(rules.NewMatcher().Match(bytes.Clone(text)))
		got := show(old.Match(text))
		if diff := cmp.Diff(want, got); diff != "" || len(want) < 3 {
			t.Errorf("after %q (-new matcher +old matcher):\n%s\n%d hits", before, diff, len(want))
		}
	}
	if len(old.memo.some) == 0 {
		t.Error("nothing is remembered")
	}
}

// TestBeginsPrintable holds the table to the library's decoders.
func TestBeginsPrintable(t *testing.T) {
	var run []byte
	for c := range 256 {
		if isRun[c] {
			run = append(run, byte(c))
		}
	}
	for i := range 64 * 64 * 64 {
		four := []byte{run[i%64], run[i/64%64], run[i/4096], run[(i*7+i/64)%64]}
		want := false
		for _, e := range []*base64.Encoding{base64.RawStdEncoding, base64.RawURLEncoding} {
			if out, err := e.DecodeString(string(four)); err == nil && allPrintable(out) {
				want = true
			}
		}
		if beginsPrintable(four) != want {
			t.Fatalf("%q: want %v", four, want)
		}
	}
}
