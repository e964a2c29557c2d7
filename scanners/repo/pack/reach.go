package pack

import (
	"bytes"
	"context"
	"encoding/hex"
	"fmt"
	"slices"
)

// cacheSize is how many bytes of commits and trees Reachable keeps, twice: what
// comes next is often made from what came before.
const cacheSize = 24 << 20

// A Reach is the objects that some objects lead to. It is a set of bits: one for
// each object of the store.
type Reach struct {
	store   *Store
	packs   []set // by number in the index
	loose   set
	missing map[ID]bool
}

// Has reports whether an object is in the store and reached.
func (r *Reach) Has(id ID) bool {
	k, i := r.store.locate(id)
	return i >= 0 && r.of(k).has(i)
}

// Missing returns what is named by what is reached and cannot be read, or is
// not there: commits, trees and tags that could not be followed, and blobs that
// are not in the store. Sorted.
func (r *Reach) Missing() []ID {
	out := make([]ID, 0, len(r.missing))
	for id := range r.missing {
		out = append(out, id)
	}
	slices.SortFunc(out, func(a, b ID) int { return bytes.Compare(a[:], b[:]) })
	return out
}

func (r *Reach) of(pack int) set {
	if pack < 0 {
		return r.loose
	}
	return r.packs[pack]
}

// Reachable follows commits to their trees and parents, trees to what is in
// them, and tags to what they name. What it cannot read is in Missing; the error
// is that of ctx, or says that the store was changed. Submodules' commits are
// not followed.
//
// Time: each commit, tree and tag is made once, and mostly from one that was
// made just before. Memory: a bit for each object of the store, 20 bytes for
// each that is still to be followed, and 48 MB at most for what was made.
func (s *Store) Reachable(ctx context.Context, tips []ID) (reach *Reach, err error) {
	defer faults()()
	defer guardFault(&err)
	reach = &Reach{store: s, loose: newSet(len(s.loose)), missing: map[ID]bool{}}
	for _, p := range s.packs {
		reach.packs = append(reach.packs, newSet(p.index.n))
	}
	f := &follower{reader: newReader(s), reach: reach, young: map[place][]byte{}}
	for _, id := range tips {
		f.add(id, true)
	}
	for n := 0; len(f.open) > 0; n++ {
		if n%256 == 0 && ctx.Err() != nil {
			return nil, fmt.Errorf("follow commits: %w", ctx.Err())
		}
		id := f.open[len(f.open)-1]
		f.open = f.open[:len(f.open)-1]
		typ, data, err := f.get(id)
		if err == nil {
			err = f.follow(typ, data)
		}
		if err != nil {
			reach.missing[id] = true
		}
	}
	return reach, nil
}

// A place is an entry of a pack.
type place struct {
	pack *packed
	pos  uint32
}

type follower struct {
	*reader
	reach      *Reach
	open       []ID
	young, old map[place][]byte
	size       int
}

// add notes that an object is reached, and that it is to be followed.
func (f *follower) add(id ID, follow bool) {
	k, i := f.store.locate(id)
	if i < 0 {
		f.reach.missing[id] = true
		return
	}
	if seen := f.reach.of(k); !seen.has(i) {
		seen.add(i)
		if follow {
			f.open = append(f.open, id)
		}
	}
}

// get returns an object that is valid until the next call. A blob, which a tag
// may name, is not read.
func (f *follower) get(id ID) (Type, []byte, error) {
	k, i := f.store.locate(id)
	switch {
	case i < 0:
		return 0, nil, ErrMissing
	case k < 0:
		o, whole, data, err := f.loose(f.store.loose[i], func(o Object) bool { return o.Type != Blob })
		defer f.arena.put(whole)
		return o.Type, bytes.Clone(data), err
	}
	p := f.store.packs[k]
	t, err := p.forest()
	if err != nil {
		return 0, nil, fmt.Errorf("read a pack: %w", err)
	}
	pos := t.at(p.index.offset(i))
	if pos < 0 || t.typ[pos] == 0 {
		return 0, nil, errNoBase()
	}
	if t.typ[pos] == Blob {
		return Blob, nil, nil
	}
	data, err := f.cached(p, t, uint32(pos))
	return t.typ[pos], data, err
}

// cached makes an entry from the nearest that is kept.
func (f *follower) cached(p *packed, t *forest, pos uint32) ([]byte, error) {
	chain, err := f.chain(p, t, pos)
	if err != nil {
		return nil, err
	}
	var data []byte
	from := len(chain)
	for k, at := range chain {
		if kept, ok := f.kept(place{p, at}); ok {
			data, from = kept, k
			break
		}
	}
	for k := from - 1; k >= 0; k-- {
		next, _, err := f.made(p, t, chain[k], data, k == len(chain)-1)
		if err != nil {
			return nil, err
		}
		data = bytes.Clone(next)
		f.arena.put(next)
		f.keep(place{p, chain[k]}, data)
	}
	return data, nil
}

func (f *follower) kept(at place) ([]byte, bool) {
	if data, ok := f.young[at]; ok {
		return data, true
	}
	data, ok := f.old[at]
	if ok {
		f.keep(at, data)
	}
	return data, ok
}

func (f *follower) keep(at place, data []byte) {
	if f.size += len(data) + 100; f.size > cacheSize {
		f.old, f.young, f.size = f.young, map[place][]byte{}, 0
	}
	f.young[at] = data
}

// follow adds what an object names. What it cannot understand is an error; what
// stands before is added.
func (f *follower) follow(typ Type, data []byte) error {
	switch typ {
	case Tree:
		return f.tree(data)
	case Commit:
		return f.header(data, map[string]bool{"tree ": true, "parent ": true})
	case Tag:
		return f.header(data, map[string]bool{"object ": true})
	default:
		return nil
	}
}

// header reads the first lines of a commit or tag, as far as they name objects.
func (f *follower) header(data []byte, words map[string]bool) error {
	found := false
	for line := range bytes.Lines(data) {
		n := bytes.IndexByte(line, ' ') + 1
		if !words[string(line[:n])] {
			break
		}
		var id ID
		text := bytes.TrimSuffix(line[n:], []byte("\n"))
		if len(text) != 2*len(id) {
			return corrupt("it names no object")
		}
		if _, err := hex.Decode(id[:], text); err != nil {
			return corrupt("it names no object")
		}
		f.add(id, true)
		found = true
	}
	if !found {
		return corrupt("it names no object")
	}
	return nil
}

// tree reads the entries of a tree: "<mode> <name>", NUL, and 20 bytes.
func (f *follower) tree(data []byte) error {
	for len(data) > 0 {
		space := bytes.IndexByte(data, ' ')
		nul := bytes.IndexByte(data, 0)
		if space <= 0 || nul < space || len(data) < nul+1+len(ID{}) {
			return corrupt("a tree breaks off")
		}
		switch string(data[:space]) {
		case "160000": // a commit of another repository
		case "40000", "040000":
			f.add(ID(data[nul+1:nul+21]), true)
		default:
			f.add(ID(data[nul+1:nul+21]), false)
		}
		data = data[nul+21:]
	}
	return nil
}
