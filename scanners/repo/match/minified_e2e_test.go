//go:build e2e

package match

import "testing"

// TestE2EMinified compares lines of 10 MB.
func TestE2EMinified(t *testing.T) {
	rs, _ := ours(t)
	var some []*rule
	for i, r := range contentRules(rs) {
		if i%12 == 0 {
			some = append(some, r)
		}
	}
	if n := sameMinified(t, rs, some, 10, 10<<20); n < 10 {
		t.Errorf("only %d findings: the comparison says little", n)
	}
}
