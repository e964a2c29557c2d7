package pack

import (
	"cmp"
	"slices"
	"sort"
)

// none stands for no entry.
const none = ^uint32(0)

// A forest orders a pack's entries by where they lie, and by what they are made
// from. 25 bytes an entry.
type forest struct {
	offset []int64  // of each entry, ascending; one more for the end
	number []uint32 // of the entry in the index
	typ    []Type   // of the object; 0 if that is not known, as its base is not there
	first  []uint32 // where its children begin in child; one more for the end
	child  []uint32 // children of entry after entry, the one with most below it last
	order  []uint32 // entries that can be made, those that others are made from first
	roots  int      // how many of order, from its start, are no deltas
	bad    []uint32 // the others
}

// plant reads the heads of all entries. The error says that the index does not
// fit the pack.
func plant(f *file, x *index) (t *forest, err error) {
	defer faults()()
	defer guard(&err)
	t = &forest{
		offset: make([]int64, x.n+1), number: make([]uint32, x.n), typ: make([]Type, x.n),
		first: make([]uint32, x.n+1), child: make([]uint32, 0, x.n), order: make([]uint32, 0, x.n),
	}
	if err := t.locate(f, x); err != nil {
		return nil, err
	}
	parent := t.heads(f, x)
	t.grow(parent)
	return t, nil
}

// locate sorts the entries.
func (t *forest) locate(f *file, x *index) error {
	end := f.size - int64(len(ID{}))
	for i := range t.number {
		t.number[i] = uint32(i)
		t.offset[i] = x.offset(i)
		if t.offset[i] < packHead || t.offset[i] >= end {
			return corrupt("an index names a place outside its pack")
		}
	}
	slices.SortFunc(t.number, func(a, b uint32) int { return cmp.Compare(t.offset[a], t.offset[b]) })
	sorted := make([]int64, x.n+1)
	for p, i := range t.number {
		sorted[p] = t.offset[i]
		if p > 0 && sorted[p] == sorted[p-1] {
			return corrupt("an index names one place twice")
		}
	}
	sorted[x.n] = end
	t.offset = sorted
	return nil
}

// heads returns the base of each entry: none for a root, and the entry itself
// for one that has no base or no head.
func (t *forest) heads(f *file, x *index) (parent []uint32) {
	position := make([]uint32, x.n) // by number
	for p, i := range t.number {
		position[i] = uint32(p)
	}
	parent = make([]uint32, x.n)
	var scratch []byte
	for p := range parent {
		parent[p] = uint32(p)
		off := t.offset[p]
		b, err := f.slice(off, min(maxHead, t.offset[p+1]-off), &scratch)
		if err != nil {
			continue
		}
		h, err := parseHead(b[:min(len(b), int(t.offset[p+1]-off))])
		switch {
		case err != nil:
		case h.typ == ofsDelta:
			if at := t.at(off - h.back); at >= 0 {
				parent[p] = uint32(at)
			}
		case h.typ == refDelta:
			if i := x.find(h.base); i >= 0 {
				parent[p] = position[i]
			}
		default:
			t.typ[p], parent[p] = h.typ, none
		}
		f.used(off, t.offset[p+1]-off)
	}
	return parent
}

// at returns the entry at an offset, or -1.
func (t *forest) at(off int64) int {
	n := len(t.number)
	p := sort.Search(n, func(p int) bool { return t.offset[p] >= off })
	if p < n && t.offset[p] == off {
		return p
	}
	return -1
}

// grow makes the lists of children and the order. What is not reached from a
// root has no base, or is part of a circle.
func (t *forest) grow(parent []uint32) {
	n := len(parent)
	for p, up := range parent {
		if up != none && up != uint32(p) {
			t.first[up+1]++
		}
	}
	for p := range n {
		t.first[p+1] += t.first[p]
	}
	t.child = t.child[:t.first[n]]
	next := slices.Clone(t.first[:n])
	for p, up := range parent {
		if up == none {
			t.order = append(t.order, uint32(p))
		} else if up != uint32(p) {
			t.child[next[up]] = uint32(p)
			next[up]++
		}
	}
	t.roots = len(t.order)
	for i := 0; i < len(t.order); i++ {
		p := t.order[i]
		for _, c := range t.children(p) {
			t.typ[c] = t.typ[p]
			t.order = append(t.order, c)
		}
	}
	if len(t.order) < n {
		for p := range n {
			if t.typ[p] == 0 {
				t.bad = append(t.bad, uint32(p))
			}
		}
	}
	t.weigh(parent)
}

func (t *forest) children(p uint32) []uint32 { return t.child[t.first[p]:t.first[p+1]] }

// weigh puts the child with most below it last, and the roots with much below
// them first, so that work ends evenly.
func (t *forest) weigh(parent []uint32) {
	weight := make([]uint32, len(parent))
	for _, p := range slices.Backward(t.order) {
		weight[p]++
		if up := parent[p]; up != none {
			weight[up] += weight[p]
		}
		if c := t.children(p); len(c) > 1 {
			heavy := 0
			for k := range c {
				if weight[c[k]] > weight[c[heavy]] {
					heavy = k
				}
			}
			last := len(c) - 1
			c[heavy], c[last] = c[last], c[heavy]
		}
	}
	const large = 512
	slices.SortStableFunc(t.order[:t.roots], func(a, b uint32) int {
		wa, wb := weight[a], weight[b]
		if wa < large && wb < large {
			return 0
		}
		return cmp.Compare(wb, wa)
	})
}
