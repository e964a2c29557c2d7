package pack

import (
	"bytes"
	"cmp"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
)

const packHead = 12 // bytes before the first entry of a pack

// A packed is one pack with its index.
type packed struct {
	dir   int // whose it is: a number in Store.dirs
	file  *file
	list  *file
	index *index
	// hidden are the objects that another pack has, too; nil if there are none.
	hidden set
	forest func() (*forest, error)
}

// A Store is the objects of one repository: its own, and those that it borrows
// from other stores. It is safe for concurrent use. Memory: 25 bytes for each
// object in a pack once more than single objects were read, and 21 for each
// loose one; packs and indexes are mapped, but for indexes of version 1, which
// take 28 bytes an object.
type Store struct {
	dirs  []string // its own, and those that it borrows from
	packs []*packed
	loose []looseName // sorted, without those that a pack has
	also  map[ID]bool // its own loose ones that a pack of another store has
}

// A looseName is a loose object and in which store it lies.
type looseName struct {
	id  ID
	dir uint8
}

// maxDirs is how many stores one may be made of.
const maxDirs = 1 << 8

// Open opens the store in a directory (objects in a git directory) with those
// that it borrows from, which the caller has found (info/alternates is not
// read), and checks the indexes of the packs. A pack without index, or the other
// way round, is passed over, as git does. The error is an UnsupportedError, or
// says what is wrong.
func Open(dir string, borrowed ...string) (*Store, error) {
	if len(borrowed) >= maxDirs {
		return nil, &UnsupportedError{"it borrows objects from too many stores"}
	}
	s := &Store{dirs: append([]string{dir}, borrowed...), also: map[ID]bool{}}
	if err := s.open(); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

// Close gives back what is mapped. The store is not to be used then.
func (s *Store) Close() error {
	var errs []error
	for _, p := range s.packs {
		errs = append(errs, p.file.close(), p.list.close())
	}
	s.packs, s.loose = nil, nil
	return errors.Join(errs...)
}

func (s *Store) open() (err error) {
	defer faults()()
	defer guardFault(&err)
	for i, dir := range s.dirs {
		if err := s.addAll(i, filepath.Join(dir, "pack")); err != nil {
			return err
		}
	}
	s.hide()
	return s.listLoose()
}

// addAll opens the packs of one store.
func (s *Store) addAll(number int, dir string) error {
	names, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return withoutPath(err)
	}
	there := make(map[string]bool, len(names))
	for _, e := range names {
		there[e.Name()] = true
	}
	for _, e := range names {
		base, suffix := strings.CutSuffix(e.Name(), ".pack")
		switch {
		case !suffix:
		case there[base+".idx"]:
			if err := s.add(number, filepath.Join(dir, base)); err != nil {
				return err
			}
		case there["multi-pack-index"] || there["multi-pack-index.d"]:
			return &UnsupportedError{"a pack has no index of its own"}
		}
	}
	return nil
}

// add opens one pack.
func (s *Store) add(dir int, base string) error {
	f, err := openFile(base + ".pack")
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	list, err := openFile(base + ".idx")
	if err != nil {
		return errors.Join(err, f.close())
	}
	p := &packed{dir: dir, file: f, list: list}
	s.packs = append(s.packs, p)
	data, err := list.whole()
	if err != nil {
		return err
	}
	if p.index, err = parseIndex(data); err != nil {
		return err
	}
	p.forest = sync.OnceValues(func() (*forest, error) { return plant(p.file, p.index) })
	return p.check()
}

// check holds the pack's first and last bytes to the index.
func (p *packed) check() (err error) {
	defer guard(&err)
	if p.file.size < packHead+int64(len(ID{})) {
		return corrupt("a pack breaks off")
	}
	var scratch []byte
	b, err := p.file.slice(0, packHead, &scratch)
	if err != nil {
		return err
	}
	version, count := binary.BigEndian.Uint32(b[4:]), binary.BigEndian.Uint32(b[8:])
	switch {
	case string(b[:4]) != "PACK":
		return corrupt("a pack does not begin as one")
	case version != 2 && version != 3:
		return &UnsupportedError{fmt.Sprintf("a pack has version %d", version)}
	case int64(count) != int64(p.index.n):
		return corrupt("a pack and its index count differently")
	}
	if b, err = p.file.slice(p.file.size-20, 20, &scratch); err != nil {
		return err
	}
	if !bytes.Equal(b[:20], p.index.pack[:]) {
		return corrupt("a pack is not the one that its index is for")
	}
	return nil
}

// hide marks objects that several packs have in all but one of them.
func (s *Store) hide() {
	if len(s.packs) < 2 {
		return
	}
	type place struct {
		prefix uint64
		pack   int
		i      int
	}
	var all []place
	for first := range 256 {
		all = all[:0]
		for k, p := range s.packs {
			lo, hi := p.index.bucket(byte(first))
			for i := lo; i < hi; i++ {
				all = append(all, place{binary.BigEndian.Uint64(p.index.names[20*i:]), k, i})
			}
		}
		name := func(a place) []byte { return s.packs[a.pack].index.names[20*a.i : 20*a.i+20] }
		slices.SortFunc(all, func(a, b place) int {
			if a.prefix != b.prefix {
				return cmp.Compare(a.prefix, b.prefix)
			}
			return cmp.Or(bytes.Compare(name(a), name(b)), cmp.Compare(a.pack, b.pack))
		})
		for k := 1; k < len(all); k++ {
			if a := all[k]; all[k-1].prefix == a.prefix && bytes.Equal(name(all[k-1]), name(a)) {
				p := s.packs[a.pack]
				if p.hidden == nil {
					p.hidden = newSet(p.index.n)
				}
				p.hidden.add(a.i)
			}
		}
	}
}

// locate returns the pack that has an object, or -1 for a loose one, and its
// number there, or -1.
func (s *Store) locate(id ID) (pack, i int) {
	for k, p := range s.packs {
		if i := p.index.find(id); i >= 0 {
			return k, i
		}
	}
	i, ok := slices.BinarySearchFunc(s.loose, id, func(a looseName, b ID) int { return bytes.Compare(a.id[:], b[:]) })
	if !ok {
		i = -1
	}
	return -1, i
}

// Has reports whether an object is in the store.
func (s *Store) Has(id ID) bool {
	has, _ := s.find(id)
	return has
}

// Own reports whether an object is in the store itself, and not only in one that
// it borrows from.
func (s *Store) Own(id ID) bool {
	_, own := s.find(id)
	return own
}

func (s *Store) find(id ID) (has, own bool) {
	defer faults()()
	has, own, err := s.where(id)
	return has && err == nil, own && err == nil
}

func (s *Store) where(id ID) (has, own bool, err error) {
	defer guardFault(&err)
	k, i := s.locate(id)
	switch {
	case i < 0:
		return false, false, nil
	case k < 0:
		return true, s.loose[i].dir == 0, nil
	default:
		return true, s.packs[k].dir == 0 || s.also[id], nil
	}
}

// Count returns how many objects there are, each counted once.
func (s *Store) Count() int {
	n := len(s.loose)
	for _, p := range s.packs {
		n += p.index.n - p.hidden.count()
	}
	return n
}

// Types calls each for every object, once, pack by pack in the order in which
// they lie there. No object is expanded, but for the beginning of loose ones. What
// has no type, as it cannot be read, is left out: Each tells of it.
func (s *Store) Types(ctx context.Context, each func(ID, Type) error) (err error) {
	defer faults()()
	defer guardFault(&err)
	for _, p := range s.packs {
		t, err := p.forest()
		if err != nil {
			return fmt.Errorf("read a pack: %w", err)
		}
		for pos, number := range t.number {
			if pos%1024 == 0 && ctx.Err() != nil {
				return fmt.Errorf("list objects: %w", ctx.Err())
			}
			if p.hidden.has(int(number)) || t.typ[pos] == 0 {
				continue
			}
			if err := each(p.index.id(int(number)), t.typ[pos]); err != nil {
				return err
			}
		}
	}
	r := newReader(s)
	for _, l := range s.loose {
		if ctx.Err() != nil {
			return fmt.Errorf("list objects: %w", ctx.Err())
		}
		o, _, _, err := r.loose(l, func(Object) bool { return false })
		if err != nil {
			continue
		}
		if err := each(o.ID, o.Type); err != nil {
			return err
		}
	}
	return nil
}

// why says what is wrong with an entry that has no type.
func (p *packed) why(t *forest, pos uint32) (err error) {
	defer guard(&err)
	var scratch []byte
	off := t.offset[pos]
	b, err := p.file.slice(off, min(maxHead, t.offset[pos+1]-off), &scratch)
	if err != nil {
		return err
	}
	if _, err := parseHead(b[:min(len(b), int(t.offset[pos+1]-off))]); err != nil {
		return err
	}
	return errNoBase()
}

func errNoBase() error {
	return corrupt("what it is made from is not there, or is made from it")
}
