package paths

import "github.com/muster-nhi/muster/internal/privilege/aws/policy"

// An about is what a question asks, whatever it is about.
type about struct{ action, purpose string }

// ownTrust is the purpose of asking whether a node may assume a role whose trust
// policy it writes itself.
const ownTrust = "own trust"

// answers are those to one question, by the class of what it was about.
type answers struct {
	of    about
	known []*policy.Decision
}

// classing tells objects apart for the node of a walker.
func (w *walker) classing() *classing {
	told := &w.a.told[w.i]
	if *told == nil {
		*told = w.a.classes(w.n)
	}
	return *told
}

// spend reports whether one more question about targets may be asked. What the
// search for ways asks of one node in one layer is bounded, by its own count, so
// that the answer does not hang on how many workers there are.
func (w *walker) spend() bool {
	w.spent++
	return w.spent <= w.a.targeted
}

// unasked is the answer to what is not asked any more: no way is certain by it, and
// none is ruled out.
func unasked() policy.Decision {
	return policy.Decision{Unknown: []string{"what was not asked: there are too many targets that its policies tell apart"}}
}

// once answers a question about an object. It asks about one object of each class.
func (w *walker) once(of about, object int32, ask func() policy.Decision) *policy.Decision {
	c := w.classing()
	if w.last == nil || w.last.of != of {
		w.last = w.asked[of]
		if w.last == nil {
			if w.asked == nil {
				w.asked = map[about]*answers{}
			}
			w.last = &answers{of: of, known: make([]*policy.Decision, c.count)}
			w.asked[of] = w.last
		}
	}
	at := &w.last.known[c.of(object)]
	if *at == nil {
		d := unasked()
		if w.spend() {
			d = ask()
		}
		*at = &d
	}
	return *at
}

// refusals are the classes of objects of which one was found to be of no use.
type refusals struct {
	of *classing
	is bits
}

func (w *walker) refusals() refusals {
	c := w.classing()
	return refusals{c, newBits(c.count)}
}

func (r *refusals) has(object int32) bool { return r.is.has(int(r.of.of(object))) }
func (r *refusals) add(object int32)      { r.is.set(int(r.of.of(object))) }

// A pair is the class of a role with the kind of its trust policy.
type pair struct{ class, trust int32 }
