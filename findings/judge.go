package findings

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"cel.dev/cel-go/common/types"

	"github.com/muster-nhi/muster/internal/inventory"
)

// Params are what a judgement depends on beside the inventory and the rules.
type Params struct {
	AsOf       time.Time                          // the time it is judged as of; ages count from it
	Exceptions *Exceptions                        // accepted findings; nil is none
	InBaseline func(subject string) inventory.Tri // whether the approved baseline has it; nil is unknown. Called from many goroutines
	Workers    int                                // goroutines; 0 is one for each CPU
}

// chunk is how many subjects a worker takes at a time.
const chunk = 512

// Judge gives every rule's verdict on every subject. The result depends on the
// inventory, the rules and the parameters only, not on the number of workers.
// Time grows linearly with the records (times the rules that look at their
// kind); memory grows with the findings. It returns an error only if ctx ended.
func (e *Engine) Judge(ctx context.Context, inv *inventory.Inventory, p Params) (*Result, error) {
	j := &judgement{engine: e, inv: inv, params: p, index: newRelatedIndex(inv, e.lang.vocabulary), coverage: newCoverageIndex(inv)}
	j.split()
	counts, err := j.run(ctx)
	if err != nil {
		return nil, err
	}
	list := slices.Concat(j.found...)
	j.found = nil
	number(list, inv)
	result := &Result{Exceptions: p.Exceptions.apply(list, p.AsOf)}
	slices.SortFunc(list, worstFirst)
	result.Findings = list
	result.Tallies = e.tallies(counts, list)
	result.Controls = e.controls(inv, j.coverage, counts, result, p)
	return result, nil
}

// worstFirst orders findings by severity, score, rule and subject.
func worstFirst(x, y *inventory.Finding) int {
	return cmp.Or(
		cmp.Compare(y.Severity.Rank(), x.Severity.Rank()), cmp.Compare(y.Score, x.Score),
		cmp.Compare(x.Rule, y.Rule), cmp.Compare(x.Subject, y.Subject),
	)
}

// A judgement is one call of Judge.
type judgement struct {
	engine   *Engine
	inv      *inventory.Inventory
	params   Params
	index    *relatedIndex
	coverage coverageIndex

	chunks []span
	next   atomic.Int64
	found  [][]*inventory.Finding // by chunk, so that workers do not decide the order
}

// A span is a range of the records of one kind.
type span struct {
	kind     inventory.Kind
	from, to int
}

// split cuts the subjects that some rule is for into chunks.
func (j *judgement) split() {
	for _, kind := range subjectKinds() {
		if len(j.engine.byKind[kind].rules) == 0 {
			continue
		}
		n := subjectCount(j.inv, kind)
		for from := 0; from < n; from += chunk {
			j.chunks = append(j.chunks, span{kind, from, min(from+chunk, n)})
		}
	}
	j.found = make([][]*inventory.Finding, len(j.chunks))
}

func subjectCount(inv *inventory.Inventory, kind inventory.Kind) int {
	switch kind {
	case inventory.KindIdentity:
		return len(inv.Identities)
	case inventory.KindCredential:
		return len(inv.Credentials)
	case inventory.KindGrant:
		return len(inv.Grants)
	case inventory.KindTrust:
		return len(inv.Trusts)
	case inventory.KindConsumer:
		return len(inv.Consumers)
	default:
		return 0
	}
}

func subjectAt(inv *inventory.Inventory, kind inventory.Kind, i int) inventory.Record {
	switch kind {
	case inventory.KindIdentity:
		return inventory.Record{Identity: inv.Identities[i]}
	case inventory.KindCredential:
		return inventory.Record{Credential: inv.Credentials[i]}
	case inventory.KindGrant:
		return inventory.Record{Grant: inv.Grants[i]}
	case inventory.KindTrust:
		return inventory.Record{Trust: inv.Trusts[i]}
	default:
		return inventory.Record{Consumer: inv.Consumers[i]}
	}
}

// run judges all chunks and returns the counts of all rules.
func (j *judgement) run(ctx context.Context) ([]count, error) {
	workers := j.params.Workers
	if workers <= 0 {
		workers = runtime.GOMAXPROCS(0)
	}
	all := make([]*worker, min(workers, max(len(j.chunks), 1)))
	var group sync.WaitGroup
	for i := range all {
		all[i] = j.newWorker()
		group.Go(func() { all[i].work(ctx) })
	}
	group.Wait()
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("judge: %w", err)
	}
	total := make([]count, len(j.engine.rules))
	for _, w := range all {
		for i := range w.counts {
			total[i].add(&w.counts[i])
		}
	}
	return total, nil
}

// A worker judges chunks until none is left.
type worker struct {
	*judgement
	subject *subject
	counts  []count            // by rule
	match   map[matchKey][]int // rules in force, by kind and types of the subject
}

// A matchKey is what decides which rules look at a subject.
type matchKey struct {
	kind       inventory.Kind
	typ, about string // its own type, and that of the identity it is about
}

func (j *judgement) newWorker() *worker {
	return &worker{
		judgement: j, subject: newSubject(j.index, j.params.AsOf, j.params.InBaseline),
		counts: make([]count, len(j.engine.rules)), match: map[matchKey][]int{},
	}
}

func (w *worker) work(ctx context.Context) {
	for ctx.Err() == nil {
		i := int(w.next.Add(1)) - 1
		if i >= len(w.chunks) {
			return
		}
		c := w.chunks[i]
		for at := c.from; at < c.to; at++ {
			w.subject.reset(subjectAt(w.inv, c.kind, at))
			for _, rule := range w.rulesFor(w.subject) {
				before := w.counts[rule].sums
				if f := w.judge(ctx, rule); f != nil {
					w.found[i] = append(w.found[i], f)
				}
				if w.engine.plans[rule].benchmark {
					w.counts[rule].attribute(platformOf(w.subject.typ, w.subject.scope, w.subject.identityType()), before)
				}
			}
		}
	}
}

// rulesFor returns the rules that look at a subject of that kind and type.
func (w *worker) rulesFor(s *subject) []int {
	k := w.engine.byKind[s.kind]
	if !k.typed {
		return k.rules
	}
	key := matchKey{s.kind, s.typ, s.identityType()}
	list, ok := w.match[key]
	if !ok {
		list = []int{}
		for _, i := range k.rules {
			if w.engine.rules[i].looksAt(key.typ, key.about) {
				list = append(list, i)
			}
		}
		w.match[key] = list
	}
	return list
}

// looksAt tells whether a rule looks at subjects of one of those types.
func (r *Rule) looksAt(subjectTypes ...string) bool {
	if len(r.Types) == 0 {
		return true
	}
	for _, pattern := range r.Types {
		for _, t := range subjectTypes {
			if t != "" && glob(t, pattern) {
				return true
			}
		}
	}
	return false
}

// judge gives one rule's verdict on the subject and counts it; a record that
// the rule does not apply to is not counted. It returns a finding if the subject
// failed.
func (w *worker) judge(ctx context.Context, rule int) *inventory.Finding {
	p, c := &w.engine.plans[rule], &w.counts[rule]
	p.prepare()
	gap, missing := w.coverage.gap(w.subject.scope, p.rule.Needs)
	if p.applies.Program != nil {
		switch holds, err := truth(ctx, p.applies, w.subject); {
		case err != nil:
			c.because(reason{text: reasonOf(err)})
			return nil
		case !holds && missing && p.applies.related:
			c.because(gap) // what was not listed could make it a subject
			return nil
		case !holds:
			return nil
		}
	}
	if missing && p.rule.Proof != proofPresence {
		c.because(gap)
		return nil
	}
	failed, err := truth(ctx, p.when, w.subject)
	switch {
	case err == nil && failed:
		c.fail++
		return w.finding(ctx, p)
	case missing:
		c.because(gap)
	case err != nil:
		c.because(reason{text: reasonOf(err)})
	default:
		c.pass++
	}
	return nil
}

// truth evaluates a condition. An error means that it is unknown.
func truth(ctx context.Context, p program, s *subject) (bool, error) {
	value, err := p.evaluate(ctx, s)
	if err != nil {
		return false, err
	}
	return value == types.True, nil
}

// errNotCompiled is the error of evaluating what did not compile. Only a trusted
// rule that a test has not loaded can come to it.
var errNotCompiled = errors.New("the condition does not compile")

// evaluate runs an expression. Its error is returned as it is: most are unknown
// facts, there can be one for every subject, and nobody prints them.
func (p program) evaluate(ctx context.Context, s *subject) (value any, err error) {
	if p.Program == nil {
		return nil, errNotCompiled
	}
	if p.limited {
		value, _, err = p.ContextEval(ctx, s)
	} else {
		value, _, err = p.Eval(s)
	}
	return value, err
}
