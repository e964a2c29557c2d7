package findings

import (
	"github.com/muster-nhi/muster/internal/inventory"
)

// A coverageIndex says how much of each kind was seen in each scope: the worst
// status of all scanners that looked. What is not in it was not looked at.
type coverageIndex map[string]map[inventory.Kind]inventory.Status

func newCoverageIndex(inv *inventory.Inventory) coverageIndex {
	index := coverageIndex{}
	for _, c := range inv.Coverages {
		if index[c.Scope] == nil {
			index[c.Scope] = map[inventory.Kind]inventory.Status{}
		}
		if _, ok := index[c.Scope][c.Kind]; !ok {
			index[c.Scope][c.Kind], _ = inv.CoverageOf(c.Scope, c.Kind)
		}
	}
	return index
}

// gap returns the first of the needed kinds that was not completely listed in
// the scope, and whether there is one.
func (x coverageIndex) gap(scope string, needs []inventory.Kind) (reason, bool) {
	if len(needs) == 0 {
		return reason{}, false
	}
	kinds := x[scope]
	for _, kind := range needs {
		if status := kinds[kind]; status != inventory.StatusComplete {
			return reason{kind: kind, scope: scope, status: status}, true
		}
	}
	return reason{}, false
}

// completeOf counts the scopes in which a kind was looked at, and those in
// which it was listed completely.
func (x coverageIndex) completeOf(kind inventory.Kind) (complete, all int) {
	for _, seen := range x {
		if status, ok := seen[kind]; ok {
			all++
			if status == inventory.StatusComplete {
				complete++
			}
		}
	}
	return complete, all
}
