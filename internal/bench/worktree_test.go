package bench

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// BenchmarkWorkTree scans a directory of 100,000 files of 2 KB of code, and has
// them read by cat, in turns: `go test -run '^$' -bench WorkTree -benchtime 3x
// ./internal/bench`.
func BenchmarkWorkTree(b *testing.B) {
	const files, perDir = 100_000, 200
	dir, program := b.TempDir(), build(b)
	for n := range files {
		below := filepath.Join(dir, fmt.Sprintf("p%03d", n/perDir))
		if n%perDir == 0 {
			if err := os.Mkdir(below, 0o700); err != nil {
				b.Fatal(err)
			}
		}
		body := fmt.Sprintf("package p\n\n// F%d adds its key to the token that it is given.\nfunc F%d(token, key int) int { return token + key + %d }\n", n, n, n)
		if err := os.WriteFile(filepath.Join(below, fmt.Sprintf("f%d.go", n)), []byte(strings.Repeat(body, 18)), 0o600); err != nil {
			b.Fatal(err)
		}
	}
	for b.Loop() {
		cat := measure(b.Context(), b, []int{0}, "sh", "-c", `find "$0" -type f -print0 | xargs -0 cat > /dev/null`, dir)
		own := measure(b.Context(), b, []int{0}, program, "scan", dir, "--store", "none", "--no-progress")
		own.report(b, "")
		cat.report(b, "cat-")
		b.ReportMetric(own.cpu.Seconds()/cat.cpu.Seconds(), "times-cat")
	}
}
