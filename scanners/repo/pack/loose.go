package pack

import (
	"bytes"
	"cmp"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"syscall"
)

const (
	looseHeadMax = 32       // bytes of "commit 123", its NUL included
	looseStart   = 4 << 10  // bytes that are read to find them
	maxLoose     = 20 << 20 // loose objects that are listed
)

// listLoose reads the names of loose objects.
func (s *Store) listLoose() error {
	for number, dir := range s.dirs {
		for first := range 256 {
			if err := s.listPart(number, dir, fmt.Sprintf("%02x", first)); err != nil {
				return err
			}
		}
	}
	slices.SortFunc(s.loose, func(a, b looseName) int {
		return cmp.Or(bytes.Compare(a.id[:], b.id[:]), cmp.Compare(a.dir, b.dir))
	})
	s.loose = slices.CompactFunc(s.loose, func(a, b looseName) bool { return a.id == b.id })
	return nil
}

// listPart reads the names that begin with two digits.
func (s *Store) listPart(number int, dir, prefix string) error {
	entries, err := os.ReadDir(filepath.Join(dir, prefix))
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR) {
		return nil
	}
	if err != nil {
		return withoutPath(err)
	}
	for _, e := range entries {
		if len(e.Name()) == 62 {
			return &UnsupportedError{"its objects are named by SHA-256"}
		}
		b, err := hex.DecodeString(prefix + e.Name())
		if err != nil || len(b) != len(ID{}) {
			continue
		}
		id := ID(b)
		if hex.EncodeToString(b) != prefix+e.Name() {
			continue
		}
		k, i := s.locate(id)
		switch {
		case i < 0 || k < 0:
			s.loose = append(s.loose, looseName{id, uint8(number)})
		case number == 0 && s.packs[k].dir != 0:
			s.also[id] = true
		}
	}
	if len(s.loose) > maxLoose {
		return &UnsupportedError{"it has too many loose objects"}
	}
	return nil
}

// looseFile opens the file of a loose object.
func (r *reader) looseFile(l looseName) (f *os.File, size int64, err error) {
	name := l.id.String()
	f, err = os.OpenFile(filepath.Join(r.store.dirs[l.dir], name[:2], name[2:]), os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, 0, withoutPath(err)
	}
	info, err := f.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = corrupt("it is no file")
	}
	if err != nil {
		return nil, 0, errors.Join(withoutPath(err), f.Close())
	}
	return f, info.Size(), nil
}

// looseObject reads the head of a loose object, which takes n bytes.
func (r *reader) looseObject(id ID, in []byte) (o Object, n int, err error) {
	o = Object{ID: id, Size: -1}
	out := r.small[:looseHeadMax]
	got, err := r.z.peek(out, in)
	text, _, ok := bytes.Cut(out[:got], []byte{0})
	if !ok {
		if err == nil {
			err = corrupt("it does not say what it is")
		}
		return o, 0, err
	}
	word, size, _ := bytes.Cut(text, []byte(" "))
	for _, t := range []Type{Commit, Tree, Blob, Tag} {
		if string(word) == t.String() {
			o.Type = t
		}
	}
	o.Size, err = strconv.ParseInt(string(size), 10, 64)
	if err != nil || o.Size < 0 || o.Type == 0 || len(size) > 1 && size[0] == '0' || size[0] == '+' {
		return Object{ID: id, Size: -1}, 0, corrupt("it does not say what it is")
	}
	return o, len(text) + 1, nil
}

// loose reads a loose object, if it is wanted, and holds it to its name. The
// buffer is the arena's; whole is what was taken from it, data the object in it.
// Of an object that is not wanted whole is nil, and only its beginning is read.
func (r *reader) loose(l looseName, want func(Object) bool) (o Object, whole, data []byte, err error) {
	o = Object{ID: l.id, Size: -1}
	f, size, err := r.looseFile(l)
	if err != nil {
		return o, nil, nil, err
	}
	defer f.Close() //nolint:errcheck // read only
	in, err := r.begin(f, min(size, looseStart))
	if err != nil {
		return o, nil, nil, err
	}
	o, n, err := r.looseObject(l.id, in)
	if err != nil || !want(o) {
		return o, nil, nil, err
	}
	if o.Size > r.max || size > r.max+r.max/2+1024 {
		return o, nil, nil, fmt.Errorf("%w: %d bytes, %d as it is stored", ErrTooLarge, o.Size, size)
	}
	if in, err = r.begin(f, size); err != nil {
		return o, nil, nil, err
	}
	out := r.arena.get(o.Size + int64(n))
	if out == nil {
		return o, nil, nil, fmt.Errorf("%w: %d bytes", ErrTooLarge, o.Size)
	}
	used, err := r.z.inflate(out, in)
	switch {
	case err != nil:
	case used != len(in):
		err = corrupt("something lies behind it")
	default:
		err = verify(o, out[n:])
	}
	if err != nil {
		r.arena.put(out)
		return o, nil, nil, err
	}
	return o, out, out[n:], nil
}

// begin returns the first bytes of a file, of which the reader may have some
// already.
func (r *reader) begin(f io.ReaderAt, size int64) ([]byte, error) {
	if int64(cap(r.scratch)) < size {
		r.scratch = make([]byte, size+size/4)
	}
	in := r.scratch[:size]
	if n, err := f.ReadAt(in, 0); n < len(in) {
		if errors.Is(err, io.EOF) {
			return nil, corrupt("it has become shorter")
		}
		return nil, withoutPath(err)
	}
	return in, nil
}
