package archive

import (
	"archive/zip"
	"bytes"
	"errors"
	"io"
	"strings"
)

// maxEntry is how many bytes of a zip's directory are read for one member, on
// average: enough for names of 150 bytes.
const maxEntry = 200

// Methods of APPNOTE.TXT 4.4.5 beside those of the standard library.
const (
	zipBzip2 = 12
	zipZstd  = 93
	zipXZ    = 95
)

// zip reads a zip by its directory. Where that is missing, damaged or too
// large, and where the zip is too large to be held, the members are read one
// after the other.
func (w *walker) zip(path string, src Source, depth int) error {
	if src.At == nil {
		var whole bytes.Buffer
		n, _ := io.Copy(&whole, io.LimitReader(src.Reader, max(0, w.limits.Memory-w.held)+1)) // a meter tells what is wrong
		if err := w.check(); err != nil {
			return err
		}
		if n > w.limits.Memory-w.held {
			return w.zipStream(path, io.MultiReader(&whole, src.Reader), depth)
		}
		w.held += n
		defer func() { w.held -= n }()
		src = Source{At: bytes.NewReader(whole.Bytes()), Size: n}
	}
	at := &limitedAt{in: src.At, left: int64(w.limits.Members+1)*maxEntry + 1<<18}
	z, err := openZip(at, src.Size)
	if err != nil {
		return w.zipStream(path, io.NewSectionReader(src.At, 0, src.Size), depth)
	}
	at.left = -1
	return w.zipFiles(path, z, src.Size, depth)
}

func openZip(at io.ReaderAt, size int64) (z *zip.Reader, err error) {
	z, err = zip.NewReader(at, size)
	if errors.Is(err, zip.ErrInsecurePath) {
		err = nil
	}
	if err != nil {
		return nil, err //nolint:wrapcheck // it is not shown
	}
	for method, format := range map[uint16]Format{zipBzip2: Bzip2, zipZstd: Zstd, zipXZ: XZ} {
		z.RegisterDecompressor(method, func(in io.Reader) io.ReadCloser { return decompressor(format, in) })
	}
	return z, nil
}

func (w *walker) zipFiles(path string, z *zip.Reader, size int64, depth int) error {
	var sum uint64
	for _, f := range z.File {
		if err := w.entry(); err != nil {
			return err
		}
		if sum += min(f.CompressedSize64, uint64(size)); sum > uint64(size) {
			w.report.leave(Overlapping)
			return nil
		}
		if strings.HasSuffix(f.Name, "/") {
			continue
		}
		if f.Flags&flagEncrypted != 0 {
			w.report.leave(Encrypted)
			continue
		}
		in, err := f.Open()
		if err != nil {
			w.report.leave(reasonOf(err))
			continue
		}
		err = w.file(join(path, f.Name), Zip, in, depth)
		in.Close() //nolint:errcheck // read only
		if err != nil {
			return err
		}
	}
	return nil
}

// decompressor opens the stream of a member.
func decompressor(format Format, in io.Reader) io.ReadCloser {
	out, done, err := decoder(format, in)
	if err != nil {
		return failing{err}
	}
	return stream{out, done}
}

type stream struct {
	io.Reader

	done func()
}

func (s stream) Close() error {
	s.done()
	return nil
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

func (failing) Close() error { return nil }

// A limitedAt fails after some bytes, so that a directory of millions of
// members is not taken into memory.
type limitedAt struct {
	in   io.ReaderAt
	left int64 // -1 is no limit
}

var errDirectory = errors.New("the directory is too large")

func (l *limitedAt) ReadAt(p []byte, at int64) (int, error) {
	if l.left >= 0 {
		if l.left -= int64(len(p)); l.left < 0 {
			l.left = 0
			return 0, errDirectory
		}
	}
	return l.in.ReadAt(p, at) //nolint:wrapcheck // it is not shown
}
