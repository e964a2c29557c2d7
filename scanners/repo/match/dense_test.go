package match

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// dense returns lines with a random secret each, written out by wrap.
func dense(lines int, wrap func(string) string) string {
	random := rand.New(rand.NewPCG(11, 12))
	const letters = "abcdefghijklmnopqrstuvwxyz0123456789"
	var b strings.Builder
	for n := range lines {
		secret := make([]byte, 32)
		for i := range secret {
			secret[i] = letters[random.IntN(len(letters))]
		}
		b.WriteString(wrap(fmt.Sprintf("api_key_%d = %q", n, secret)) + "\n")
	}
	return b.String()
}

func plainly(line string) string { return line }

func encoded(line string) string { return "data: " + base64.StdEncoding.EncodeToString([]byte(line)) }

// BenchmarkDense matches files of two sizes that have a secret in each line: time
// grows with the size, not with its square, if both have about the same MB/s. `go
// test -run '^$' -bench Dense -benchtime 1x ./scanners/repo/match`.
func BenchmarkDense(b *testing.B) {
	rs, err := Default()
	if err != nil {
		b.Fatal(err)
	}
	for name, wrap := range map[string]func(string) string{"plain": plainly, "encoded": encoded} {
		for _, lines := range []int{2_000, 8_000} {
			b.Run(fmt.Sprintf("%s/%d", name, lines), func(b *testing.B) {
				text := []byte(dense(lines, wrap))
				b.SetBytes(int64(len(text)))
				b.ReportAllocs()
				for b.Loop() {
					rs.NewMatcher().Match(text)
				}
			})
		}
	}
}

// What gitleaks is given at a time is small, however many secrets stand together:
// it compares what it finds there pairwise.
func TestDenseIsCut(t *testing.T) {
	rs, m := ours(t)
	squares := map[int]int{}
	for _, lines := range []int{500, 2_000} {
		text := []byte(dense(lines, plainly))
		given := 0
		for _, i := range m.find(text) {
			for _, w := range m.windows(i) {
				size := w.end - w.start
				if size > 2*maxWindow {
					t.Errorf("%d lines: rule %s is asked of a window of %d bytes", lines, rs.rules[i].spec.ID, size)
				}
				given += size
				squares[lines] += size * size
			}
			m.release(i)
		}
		if given < len(text) || given > 2*len(text) {
			t.Errorf("%d lines: windows hold %d bytes of %d", lines, given, len(text))
		}
	}
	for name, wrap := range map[string]func(string) string{"plain": plainly, "encoded": encoded} {
		m.find([]byte(dense(2_000, wrap)))
		for _, w := range encodedRegions(m.text, m.encoded) {
			if size := w.end - w.start; size > maxRegion+4*decodeMargin {
				t.Errorf("%s: %d bytes are decoded at a time", name, size)
			}
		}
	}
	if least, most := squares[500]*35/10, squares[500]*45/10; squares[2_000] < least || squares[2_000] > most {
		t.Errorf("four times the lines are %d beside %d", squares[2_000], squares[500])
	}
}

// Cut and not cut, the same is found.
func TestDenseIsTheSame(t *testing.T) {
	rs, m := ours(t)
	for name, wrap := range map[string]func(string) string{"plain": plainly, "encoded": encoded} {
		text := dense(400, wrap)
		want := wantFindings(theirs(t), text, "a.txt")
		if len(want) < 300 {
			t.Errorf("%s: gitleaks finds %d", name, len(want))
		}
		if diff := cmp.Diff(want, gotFindings(rs, m, text, "a.txt")); diff != "" {
			t.Errorf("%s: gitleaks (-) and muster (+) differ:\n%s", name, diff)
		}
	}
}

// Holding says what comparing one by one says.
func TestHolding(t *testing.T) {
	random := rand.New(rand.NewPCG(13, 14))
	word := func(n int) []byte {
		out := make([]byte, n)
		for i := range out {
			out[i] = "ab"[random.IntN(2)]
		}
		return out
	}
	has := 0
	for _, many := range []int{0, 1, few, few + 1, 40} {
		var secrets [][]byte
		for range many {
			secrets = append(secrets, word(random.IntN(6)))
		}
		holds := Holding(secrets)
		for range 300 {
			text := word(random.IntN(5))
			want := false
			for _, s := range secrets {
				want = want || bytes.Contains(s, text)
			}
			if got := holds(text); got != want {
				t.Fatalf("%d secrets %q hold %q: %t", many, secrets, text, got)
			}
			if want {
				has++
			}
		}
	}
	if has < 300 {
		t.Errorf("only %d are held", has)
	}
}
