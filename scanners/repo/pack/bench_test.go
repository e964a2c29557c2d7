package pack

import (
	"bytes"
	"compress/zlib"
	"io"
	"testing"
)

// BenchmarkInflate expands texts beside the standard library.
func BenchmarkInflate(b *testing.B) {
	for _, name := range []string{"words", "few words", "skewed"} {
		text := samples()[name]
		in := deflate(b, 6, text)
		b.Run(name+"/own", func(b *testing.B) {
			b.SetBytes(int64(len(text)))
			z, out := newInflater(), make([]byte, len(text), len(text)+slack)
			for b.Loop() {
				if _, err := z.inflate(out, in); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run(name+"/library", func(b *testing.B) {
			b.SetBytes(int64(len(text)))
			r, err := zlib.NewReader(bytes.NewReader(in))
			if err != nil {
				b.Fatal(err)
			}
			for b.Loop() {
				if err := r.(zlib.Resetter).Reset(bytes.NewReader(in), nil); err != nil {
					b.Fatal(err)
				}
				if _, err := io.Copy(io.Discard, r); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
