package findings

import (
	"context"
	"slices"
	"sync"

	"github.com/muster-nhi/muster/internal/inventory"
)

// Undecided returns a function that tells whether the verdict of a rule on a
// subject is unknown in an inventory. It judges again when it is asked, so that
// nothing has to be kept of the many verdicts that nobody asks for. A rule that
// is not in force and a subject that is not in the inventory have no verdict,
// and so no unknown one. The function is for one goroutine.
func (e *Engine) Undecided(ctx context.Context, inv *inventory.Inventory, p Params) func(rule, subject string) bool {
	prepare := sync.OnceValue(func() *worker {
		j := &judgement{engine: e, inv: inv, params: p, index: newRelatedIndex(inv, e.lang.vocabulary), coverage: newCoverageIndex(inv)}
		return j.newWorker()
	})
	places := map[inventory.Kind]map[string]int{}
	return func(rule, subject string) bool {
		i := slices.IndexFunc(e.rules, func(r Rule) bool { return r.ID == rule })
		if i < 0 || e.disabled[rule] {
			return false
		}
		kind := e.rules[i].For
		if places[kind] == nil {
			places[kind] = placesOf(inv, kind)
		}
		at, ok := places[kind][subject]
		if !ok {
			return false
		}
		w := prepare()
		w.subject.reset(subjectAt(inv, kind, at))
		if !e.rules[i].looksAt(w.subject.typ, w.subject.identityType()) {
			return false
		}
		w.counts[i] = count{}
		w.judge(ctx, i)
		return w.counts[i].unknown > 0
	}
}

// placesOf says where the records of a kind stand, by id.
func placesOf(inv *inventory.Inventory, kind inventory.Kind) map[string]int {
	n := subjectCount(inv, kind)
	out := make(map[string]int, n)
	for i := range n {
		r := subjectAt(inv, kind, i)
		out[r.ID()] = i
	}
	return out
}
