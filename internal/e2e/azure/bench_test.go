//go:build e2e

package azure

import (
	"testing"

	"github.com/muster-nhi/muster/internal/e2e/peer"
	"github.com/muster-nhi/muster/scanners/azure/live/fake"
)

// BenchmarkAzure scans a tenant of 20,000 applications, 30,000 service principals and
// 100,000 role assignments with the whole program, three times. Beside it stands what
// the stand-ins take to answer.
func BenchmarkAzure(b *testing.B) {
	const runs = 3
	p := newProxy(b, fake.Large(20_000, 30_000, 100_000))
	var all []peer.Run
	for range runs {
		p.faults(nil)
		r := p.scan(b)
		if r.Status > 3 {
			b.Fatalf("status %d: %s", r.Status, r.Stderr)
		}
		all = append(all, r)
		b.Logf("%d requests, %d MB, %s CPU, %s, %v", p.Requests(), r.PeakMB, r.CPU, r.Wall, r.Types())
	}
	peer.Best(all).Report(b, p.Requests(), p.Busy()/runs)
}
