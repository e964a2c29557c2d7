package match

import (
	"math/rand/v2"
	"strings"
	"testing"
)

// BenchmarkLongLine matches lines of two sizes: time grows with the length, not
// with its square, if both have about the same MB/s. `go test -run '^$' -bench
// LongLine -benchtime 1x ./scanners/repo/match`.
func BenchmarkLongLine(b *testing.B) {
	rs, err := Default()
	if err != nil {
		b.Fatal(err)
	}
	for _, size := range []struct {
		name  string
		bytes int
	}{{"1MB", 1 << 20}, {"8MB", 8 << 20}} {
		b.Run(size.name, func(b *testing.B) {
			random := rand.New(rand.NewPCG(5, 6))
			var line strings.Builder
			for line.Len() < size.bytes {
				line.WriteString(strings.ReplaceAll(noiseLines(random), "\n", ";"))
				line.WriteString(strings.Repeat("var a=function(){return 1};", 300))
			}
			text := []byte(line.String())
			b.SetBytes(int64(len(text)))
			for b.Loop() {
				rs.NewMatcher().Match(text)
			}
		})
	}
}
