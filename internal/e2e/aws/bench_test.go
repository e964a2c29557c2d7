//go:build e2e

package aws

import (
	"testing"

	"github.com/muster-nhi/muster/internal/e2e/peer"
)

// BenchmarkAWS scans the large account with the whole program, five times. Beside
// it stands what the emulator takes to answer: the proxy remembers answers, so that
// the second scan and those after it do not wait for it.
func BenchmarkAWS(b *testing.B) {
	p := large(b)
	cold := p.scan(b, "--regions", region, "--store", "none")
	var warm []peer.Run
	for range 5 {
		p.begin()
		warm = append(warm, p.scan(b, "--regions", region, "--store", "none"))
	}
	peer.Best(warm).Report(b, p.requests(), p.spent)
	b.ReportMetric(cold.Wall.Seconds(), "cold-wall-s")
}
