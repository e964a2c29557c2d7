package pack

import (
	"bytes"
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
	maxLoose     = 20 << 20 // loose objects that are listed
)

// listLoose reads the names of loose objects.
func (s *Store) listLoose() error {
	for first := range 256 {
		prefix := fmt.Sprintf("%02x", first)
		entries, err := os.ReadDir(filepath.Join(s.dir, prefix))
		if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR) {
			continue
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
			if id := ID(b); hex.EncodeToString(b) == prefix+e.Name() {
				if _, i := s.find(id); i < 0 {
					s.loose = append(s.loose, id)
				}
			}
		}
		if len(s.loose) > maxLoose {
			return &UnsupportedError{"it has too many loose objects"}
		}
	}
	slices.SortFunc(s.loose, func(a, b ID) int { return bytes.Compare(a[:], b[:]) })
	return nil
}

// looseFile opens the file of a loose object.
func (r *reader) looseFile(id ID) (f *os.File, size int64, err error) {
	name := id.String()
	f, err = os.OpenFile(filepath.Join(r.store.dir, name[:2], name[2:]), os.O_RDONLY|syscall.O_NONBLOCK, 0)
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

// looseHead returns what a loose object says of itself.
func (r *reader) looseHead(id ID) (o Object, err error) {
	o = Object{ID: id, Size: -1}
	f, size, err := r.looseFile(id)
	if err != nil {
		return o, &ObjectError{id, -1, err}
	}
	defer f.Close() //nolint:errcheck // read only
	in, err := io.ReadAll(io.LimitReader(f, min(size, 4<<10)))
	if err == nil {
		o, _, err = r.looseObject(id, in)
	}
	if err != nil {
		return o, &ObjectError{id, -1, withoutPath(err)}
	}
	return o, nil
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

// loose reads a loose object and holds it to its name. The buffer is the
// arena's; whole is what was taken from it, data the object in it.
func (r *reader) loose(id ID) (o Object, whole, data []byte, err error) {
	o = Object{ID: id, Size: -1}
	f, size, err := r.looseFile(id)
	if err != nil {
		return o, nil, nil, err
	}
	defer f.Close() //nolint:errcheck // read only
	if size > r.max+r.max/2+1024 {
		return o, nil, nil, fmt.Errorf("%w: %d bytes as it is stored", ErrTooLarge, size)
	}
	if int64(cap(r.scratch)) < size {
		r.scratch = make([]byte, size+size/4)
	}
	in := r.scratch[:size]
	if _, err := io.ReadFull(f, in); err != nil {
		return o, nil, nil, corrupt("it has become shorter")
	}
	o, n, err := r.looseObject(id, in)
	if err != nil {
		return o, nil, nil, err
	}
	if o.Size > r.max {
		return o, nil, nil, fmt.Errorf("%w: %d bytes", ErrTooLarge, o.Size)
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
