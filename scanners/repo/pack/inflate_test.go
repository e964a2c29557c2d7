package pack

import (
	"bytes"
	"compress/flate"
	"compress/zlib"
	"fmt"
	"io"
	"math/rand/v2"
	"testing"
)

// samples are texts of all kinds that deflate treats differently.
func samples() map[string][]byte {
	r := rand.New(rand.NewPCG(1, 2))
	noise := make([]byte, 200_000)
	for i := range noise {
		noise[i] = byte(r.Uint32())
	}
	var words bytes.Buffer
	for words.Len() < 300_000 {
		fmt.Fprintf(&words, "func f%d(x int) int { return x*%d }\n", r.IntN(50), r.IntN(1000))
	}
	skewed := make([]byte, 100_000) // codes of many lengths, the longest too
	for i := range skewed {
		v := 0
		for v < 200 && r.IntN(3) > 0 {
			v++
		}
		skewed[i] = byte(v)
	}
	mixed := append(append(bytes.Clone(noise[:40_000]), words.Bytes()[:50_000]...), skewed[:50_000]...)
	return map[string][]byte{
		"empty": {}, "one": {'x'}, "run": bytes.Repeat([]byte{'a'}, 70_000), "pairs": bytes.Repeat([]byte("ab"), 3000),
		"period of 9": bytes.Repeat([]byte("abcdefghi"), 3000), "period of 20": bytes.Repeat([]byte("abcdefghijklmnopqrst"), 3000),
		"noise": noise, "words": words.Bytes(), "few words": words.Bytes()[:300], "skewed": skewed, "mixed": mixed,
	}
}

func deflate(t testing.TB, level int, text []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	w, err := zlib.NewWriterLevel(&b, level)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(text); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestInflate(t *testing.T) {
	z := newInflater()
	for name, text := range samples() {
		for _, level := range []int{flate.NoCompression, 1, 6, 9, flate.HuffmanOnly} {
			packed := deflate(t, level, text)
			for _, behind := range []int{0, 1, 7, 8, 100} {
				in := append(bytes.Clone(packed), bytes.Repeat([]byte{0xFF}, behind)...)
				out := make([]byte, len(text), len(text)+slack)
				used, err := z.inflate(out, in)
				if err != nil || used != len(packed) || !bytes.Equal(out, text) {
					t.Fatalf("%s, level %d, %d bytes behind: used %d of %d, equal %v, %v", name, level, behind, used, len(packed), bytes.Equal(out, text), err)
				}
			}
			head := make([]byte, min(len(text), 30), 30+slack)
			if n, err := z.peek(head, packed); err != nil || n != len(head) || !bytes.Equal(head, text[:n]) {
				t.Fatalf("%s, level %d: beginning %d, %v", name, level, n, err)
			}
		}
	}
}

// TestInflateRefuses checks that a stream which is not as it should be is an
// error wherever it is wrong.
func TestInflateRefuses(t *testing.T) {
	z := newInflater()
	for name, text := range samples() {
		if len(text) == 0 {
			continue
		}
		text = text[:min(len(text), 5000)]
		packed := deflate(t, 6, text)
		for _, wrong := range []int{0, len(text) - 1, len(text) + 1, 2*len(text) + 300} {
			out := make([]byte, wrong, wrong+slack)
			if _, err := z.inflate(out, packed); err == nil {
				t.Errorf("%s: %d bytes expand to %d", name, len(text), wrong)
			}
		}
		for cut := range packed {
			out := make([]byte, len(text), len(text)+slack)
			if _, err := z.inflate(out, packed[:cut]); err == nil {
				t.Fatalf("%s: the first %d of %d bytes expand", name, cut, len(packed))
			}
		}
		for i := range packed {
			bad := bytes.Clone(packed)
			bad[i] ^= 1 << (i % 8)
			out := make([]byte, len(text), len(text)+slack)
			if _, err := z.inflate(out, bad); err == nil && !bytes.Equal(out, expand(bad)) {
				t.Fatalf("%s: with byte %d changed, something else comes out than from the library", name, i)
			}
		}
	}
}

// expand is the standard library's verdict; nil is an error. A checksum of 32
// bits lets some changes pass.
func expand(in []byte) []byte {
	r, err := zlib.NewReader(bytes.NewReader(in))
	if err != nil {
		return nil
	}
	out, err := io.ReadAll(r)
	if err != nil {
		return nil
	}
	return out
}

// FuzzInflate holds the inflater to the standard library's.
func FuzzInflate(f *testing.F) {
	for _, text := range samples() {
		f.Add(deflate(f, 6, text[:min(len(text), 2000)]))
		f.Add(deflate(f, flate.HuffmanOnly, text[:min(len(text), 2000)]))
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		var want []byte
		r, err := zlib.NewReader(bytes.NewReader(in))
		if err == nil {
			want, err = io.ReadAll(io.LimitReader(r, 1<<20))
		}
		z := newInflater()
		for _, size := range []int{len(want), 100} {
			out := make([]byte, size, size+slack)
			_, own := z.inflate(out, in)
			switch {
			case own == nil && err != nil:
				t.Fatalf("expanded to %d bytes, which the library refuses: %v", size, err)
			case own == nil && !bytes.Equal(out, want):
				t.Fatalf("%d bytes expand to others", size)
			case own != nil && err == nil && size == len(want) && size < 1<<20:
				t.Fatalf("refused: %v", own)
			}
		}
	})
}
