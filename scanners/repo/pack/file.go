package pack

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"sync/atomic"
	"syscall"
)

// ahead is how many bytes behind an entry are handed out with it, where there
// are any: the inflater reads words.
const ahead = 16

// resident is how many bytes of a pack are in memory before the system is told
// that what is mapped is not needed any more, so that a pack's size is not the
// program's. The pages stay in the system's cache.
const resident = 64 << 20

// granule is the binary logarithm of the bytes that reading one of them brings
// into memory: Linux maps what its cache has around it, 64 KB by default.
const granule = 16

// A file is read where it lies: mapped, or piece by piece where that cannot be.
type file struct {
	f    *os.File // nil if it is mapped
	data []byte
	size int64

	touched []atomic.Uint64 // a bit for each granule that was read since pages were given back
	count   atomic.Int64    // of those bits
}

// openFile opens a regular file; it does not wait for a pipe.
func openFile(path string) (*file, error) {
	f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, withoutPath(err)
	}
	info, err := f.Stat()
	switch {
	case err != nil:
	case !info.Mode().IsRegular():
		err = corrupt("a pack or an index is no file")
	case info.Size() == 0:
		err = corrupt("a pack or an index is empty")
	}
	if err != nil {
		return nil, errors.Join(withoutPath(err), f.Close())
	}
	out := &file{f: f, size: info.Size()}
	if out.data, err = mapFile(f, info.Size()); err == nil {
		out.f = nil
		out.touched = make([]atomic.Uint64, info.Size()>>granule/64+1)
		if err := f.Close(); err != nil {
			return nil, withoutPath(err)
		}
	}
	return out, nil
}

// slice returns n bytes and up to ahead more. They are valid until the next call
// with the same scratch. Of a mapped file that was cut since, reading them is a
// fault: see guard.
func (f *file) slice(off, n int64, scratch *[]byte) ([]byte, error) {
	if off < 0 || n < 0 || off > f.size-n {
		return nil, corrupt("it lies outside its pack")
	}
	more := min(n+ahead, f.size-off)
	if f.f == nil {
		return f.data[off : off+more : off+more], nil
	}
	if int64(cap(*scratch)) < more {
		*scratch = make([]byte, more+more/4)
	}
	out := (*scratch)[:more]
	if _, err := f.f.ReadAt(out, off); err != nil {
		if errors.Is(err, io.EOF) {
			return nil, corrupt("its pack has become shorter")
		}
		return nil, withoutPath(err)
	}
	return out, nil
}

// whole returns all of a file.
func (f *file) whole() ([]byte, error) {
	if f.f == nil {
		return f.data, nil
	}
	out := make([]byte, f.size)
	if _, err := f.f.ReadAt(out, 0); err != nil {
		return nil, withoutPath(err)
	}
	return out, nil
}

// used counts what reading a part brought into memory, and gives pages back from
// time to time. Two that do so at once may count a little less.
func (f *file) used(off, n int64) {
	if f.f != nil {
		return
	}
	var more int64
	for g := off >> granule; g <= (off+n-1)>>granule; g++ {
		word, bit := &f.touched[g/64], uint64(1)<<(g%64)
		if word.Load()&bit == 0 && word.Or(bit)&bit == 0 {
			more++
		}
	}
	if more > 0 && f.count.Add(more) >= resident>>granule {
		f.release()
	}
}

// release gives all pages back.
func (f *file) release() {
	f.count.Store(0)
	for i := range f.touched {
		f.touched[i].Store(0)
	}
	release(f.data)
}

func (f *file) close() error {
	if f.f != nil {
		return f.f.Close() //nolint:wrapcheck // nothing is lost
	}
	data := f.data
	f.data, f.size = nil, 0
	return unmap(data)
}

// withoutPath leaves the path of this machine out of an error.
func withoutPath(err error) error {
	if path, ok := errors.AsType[*fs.PathError](err); ok {
		return fmt.Errorf("read the store: %w", path.Err)
	}
	return err
}
