//go:build e2e

package aws

import "testing"

// BenchmarkAWS scans the large account with the whole program, five times. Beside
// it stands what the emulator takes to answer: the proxy remembers answers, so that
// the second scan and those after it do not wait for it.
func BenchmarkAWS(b *testing.B) {
	p := large(b)
	program(b)
	cold := p.scan(b, "--regions", region, "--store", "none")
	var warm []ran
	for range 5 {
		p.begin()
		warm = append(warm, p.scan(b, "--regions", region, "--store", "none"))
	}
	best := warm[0]
	for _, r := range warm {
		if r.cpu < best.cpu {
			best = r
		}
	}
	for b.Loop() {
		continue // the scans were made above
	}
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(float64(p.requests()), "requests")
	b.ReportMetric(cold.wall.Seconds(), "cold-wall-s")
	b.ReportMetric(best.wall.Seconds(), "warm-wall-s")
	b.ReportMetric(best.cpu.Seconds(), "cpu-s")
	b.ReportMetric(float64(mostOf(warm)), "peak-MB")
	b.ReportMetric(p.spent.Seconds(), "moto-s")
}

func mostOf(runs []ran) int64 {
	most := int64(0)
	for _, r := range runs {
		most = max(most, r.peakMB)
	}
	return most
}
