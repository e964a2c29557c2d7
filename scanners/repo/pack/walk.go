package pack

import (
	"cmp"
	"context"
	"fmt"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
)

const (
	defaultLargest = 32 << 20
	defaultBudget  = 160 << 20
)

// A Walk says what Each does. The zero Walk visits all objects.
type Walk struct {
	// Want chooses objects before they are read; nil is all. It is called once
	// for each object, of loose ones by several goroutines.
	Want func(ID, Type) bool
	// Fail is told of a chosen object that could not be made, and why: with an
	// ObjectError that wraps ErrCorrupt or ErrTooLarge. The object's type and
	// size are given as far as they are known (0 and -1). An error ends the walk;
	// so does the failure itself if Fail is nil. Several goroutines call it.
	Fail func(Object, error) error
	// Plan, if not nil, is told how much is to be read before reading begins:
	// entries of packs and loose objects, with what wanted ones are made from, and
	// the bytes that they take as they are stored. Of loose objects all are counted,
	// as their type is not known before they are read; each counts as 4 KB.
	Plan func(objects int, stored int64)
	// Done, if not nil, is told of the bytes of Plan as they are read. Several
	// goroutines call it.
	Done func(stored int64)
	// Workers is how many objects are made at a time; 0 is one a processor.
	Workers int

	// largest is the size in bytes of the largest object that is made; 0 is 32 MB.
	largest int64
	// budget is how many bytes of objects each worker holds; 0 is 160 MB. It holds
	// an object with its delta and the ancestors that are still needed. As the
	// child with most below it is made last, and its base given up before, there
	// are no more of them than the binary logarithm of the number of objects; what
	// does not fit fails with ErrTooLarge.
	budget int64
}

// looseStored is what a loose object counts as in Walk.Plan.
const looseStored = 4 << 10

// Each calls visit for every chosen object, once, in no order. worker is from 0
// to the number of workers less one; calls with the same one do not overlap. The
// data is valid during the call and must not be changed. An error of visit ends
// the walk. That the store was changed while it was read may end it, too.
//
// Time: one inflation for each object that is chosen or that a chosen one is
// made from, and one application of each delta. Memory: 160 MB a worker, two bits
// for each packed object, and what Store says.
func (s *Store) Each(ctx context.Context, w Walk, visit func(worker int, o Object, data []byte) error) error {
	if w.Workers <= 0 {
		w.Workers = runtime.GOMAXPROCS(0)
	}
	w.largest, w.budget = cmp.Or(w.largest, defaultLargest), cmp.Or(w.budget, defaultBudget)
	if w.Fail == nil {
		w.Fail = func(_ Object, err error) error { return err }
	}
	if w.Done == nil {
		w.Done = func(int64) {}
	}
	workers := make([]*worker, w.Workers)
	for i := range workers {
		r := newReader(s)
		r.max, r.arena.budget = w.largest, w.budget
		workers[i] = &worker{reader: r, number: i, walk: &w, visit: visit}
	}
	choices, err := s.choose(ctx, &w)
	if err != nil {
		return err
	}
	for _, c := range choices {
		if err := c.each(ctx, workers); err != nil {
			return err
		}
	}
	return s.eachLoose(ctx, &w, workers)
}

// A choice is what is to be made of one pack.
type choice struct {
	pack   *packed
	forest *forest
	want   set // entries that were chosen
	need   set // and those that they are made from
}

// choose chooses in all packs, and tells of the plan.
func (s *Store) choose(ctx context.Context, w *Walk) (choices []choice, err error) {
	defer faults()()
	defer guardFault(&err)
	objects, stored := len(s.loose), int64(len(s.loose))*looseStored
	for _, p := range s.packs {
		if ctx.Err() != nil {
			return nil, fmt.Errorf("choose objects: %w", ctx.Err())
		}
		t, err := p.forest()
		if err != nil {
			return nil, fmt.Errorf("read a pack: %w", err)
		}
		want, need, err := choose(p, t, w)
		if err != nil {
			return nil, err
		}
		choices = append(choices, choice{p, t, want, need})
		for pos := range t.number {
			if need.has(pos) {
				objects++
				stored += t.offset[pos+1] - t.offset[pos]
			}
		}
	}
	if w.Plan != nil {
		w.Plan(objects, stored)
	}
	return choices, nil
}

// A worker makes objects, one tree after the other.
type worker struct {
	*reader
	number int
	walk   *Walk
	visit  func(worker int, o Object, data []byte) error

	choice
	stack []frame
}

// A frame is an entry whose children are not all made.
type frame struct {
	pos  uint32
	data []byte
	next uint32 // of the children
}

func (c choice) each(ctx context.Context, workers []*worker) (err error) {
	defer faults()()
	defer guardFault(&err)
	roots := c.forest.order[:c.forest.roots]
	return share(ctx, workers, len(roots), func(k *worker, i int) error {
		if !c.need.has(int(roots[i])) {
			return nil
		}
		k.choice = c
		return k.tree(ctx, roots[i])
	})
}

// choose asks which entries are wanted, and finds those that they need.
func choose(p *packed, t *forest, w *Walk) (want, need set, err error) {
	n := len(t.number)
	want, need = newSet(n), newSet(n)
	chosen := func(pos uint32) bool {
		i := int(t.number[pos])
		return !p.hidden.has(i) && (w.Want == nil || w.Want(p.index.id(i), t.typ[pos]))
	}
	for _, pos := range slices.Backward(t.order) {
		if chosen(pos) {
			want.add(int(pos))
			need.add(int(pos))
			continue
		}
		for _, c := range t.children(pos) {
			if need.has(int(c)) {
				need.add(int(pos))
				break
			}
		}
	}
	for _, pos := range t.bad {
		if chosen(pos) {
			o := Object{ID: p.index.id(int(t.number[pos])), Size: -1}
			if err := w.Fail(o, &ObjectError{o.ID, t.offset[pos], p.why(t, pos)}); err != nil {
				return nil, nil, err
			}
		}
	}
	return want, need, nil
}

// share hands the numbers below n out to the workers, in steps, and returns the
// first error.
func share(ctx context.Context, workers []*worker, n int, do func(*worker, int) error) error {
	const step = 16
	var (
		next  atomic.Int64
		once  sync.Once
		first error
		group sync.WaitGroup
	)
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	stop := func(err error) {
		once.Do(func() { first = err })
		cancel()
	}
	for _, k := range workers {
		group.Go(func() {
			defer faults()()
			for from := 0; from < n; {
				from = int(next.Add(step)) - step
				for i := from; i < min(from+step, n); i++ {
					if err := k.guarded(ctx, i, do); err != nil {
						stop(err)
						return
					}
				}
			}
		})
	}
	group.Wait()
	return first
}

func (k *worker) guarded(ctx context.Context, i int, do func(*worker, int) error) (err error) {
	defer guardFault(&err)
	if ctx.Err() != nil {
		return fmt.Errorf("read objects: %w", ctx.Err())
	}
	return do(k, i)
}

// tree makes a root and all that is made from it, depth first and without
// recursion: chains can be as long as a pack.
func (k *worker) tree(ctx context.Context, root uint32) error {
	defer k.unwind()
	if err := k.node(root, nil, true); err != nil {
		return err
	}
	for done := 0; len(k.stack) > 0; done++ {
		if done%64 == 0 && ctx.Err() != nil {
			return fmt.Errorf("read objects: %w", ctx.Err())
		}
		top := &k.stack[len(k.stack)-1]
		pos, base := k.forest.child[top.next], top.data
		top.next = k.needed(top.next+1, k.forest.first[top.pos+1])
		last := top.next == none
		if last {
			k.stack = k.stack[:len(k.stack)-1]
		}
		err := k.node(pos, base, false)
		if last {
			k.arena.put(base)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// unwind takes back what a walk that broke off has left.
func (k *worker) unwind() {
	for _, f := range k.stack {
		k.arena.put(f.data)
	}
	k.stack = k.stack[:0]
}

// needed returns the first child from that number on that is needed, or none.
func (k *worker) needed(from, end uint32) uint32 {
	for ; from < end; from++ {
		if k.need.has(int(k.forest.child[from])) {
			return from
		}
	}
	return none
}

// node makes one entry, hands it out, and keeps it if others are made from it.
func (k *worker) node(pos uint32, base []byte, root bool) error {
	data, size, err := k.made(k.pack, k.forest, pos, base, root)
	o := Object{ID: k.id(pos), Type: k.forest.typ[pos], Size: size}
	k.walk.Done(k.forest.offset[pos+1] - k.forest.offset[pos])
	if err != nil {
		return k.lost(pos, size, err)
	}
	if k.want.has(int(pos)) {
		if err := k.visit(k.number, o, data); err != nil {
			k.arena.put(data)
			return err
		}
	}
	next := k.needed(k.forest.first[pos], k.forest.first[pos+1])
	if next == none {
		k.arena.put(data)
		return nil
	}
	k.stack = append(k.stack, frame{pos, data, next})
	return nil
}

func (k *worker) id(pos uint32) ID { return k.pack.index.id(int(k.forest.number[pos])) }

// lost tells of an entry that could not be made, and of all that are made from
// it.
func (k *worker) lost(pos uint32, size int64, err error) error {
	reason := err
	for open := []uint32{pos}; len(open) > 0; {
		p := open[len(open)-1]
		open = open[:len(open)-1]
		if k.want.has(int(p)) {
			o := Object{ID: k.id(p), Type: k.forest.typ[p], Size: size}
			if err := k.walk.Fail(o, &ObjectError{o.ID, k.forest.offset[p], reason}); err != nil {
				return err
			}
		}
		if p == pos {
			reason, size = fmt.Errorf("it is made from %s: %w", k.id(pos), err), -1
		}
		for _, c := range k.forest.children(p) {
			if k.need.has(int(c)) {
				open = append(open, c)
			}
		}
	}
	return nil
}

func (s *Store) eachLoose(ctx context.Context, w *Walk, workers []*worker) error {
	return share(ctx, workers, len(s.loose), func(k *worker, i int) error {
		l := s.loose[i]
		o, whole, data, err := k.loose(l, func(o Object) bool { return w.Want == nil || w.Want(l.id, o.Type) })
		w.Done(looseStored)
		switch {
		case err != nil:
			return w.Fail(o, &ObjectError{l.id, -1, withoutPath(err)})
		case whole == nil:
			return nil
		}
		defer k.arena.put(whole)
		return k.visit(k.number, o, data)
	})
}
