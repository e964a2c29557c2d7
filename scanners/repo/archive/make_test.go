package archive

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"io"
	"testing"

	"github.com/dsnet/compress/bzip2"
	"github.com/klauspost/compress/zstd"
	"github.com/ulikunitz/xz"
)

// An item is a member to be made.
type item struct{ name, content string }

func makeTar(t testing.TB, items ...item) string {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, i := range items {
		if err := w.WriteHeader(&tar.Header{Name: i.name, Mode: 0o600, Size: int64(len(i.content)), Typeflag: tar.TypeReg}); err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(w, i.content); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func makeZip(t testing.TB, items ...item) string {
	t.Helper()
	return makeZipBy(t, zip.Deflate, items...)
}

func makeZipBy(t testing.TB, method uint16, items ...item) string {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for m, f := range map[uint16]Format{zipBzip2: Bzip2, zipZstd: Zstd, zipXZ: XZ} {
		w.RegisterCompressor(m, func(out io.Writer) (io.WriteCloser, error) { return &late{t: t, format: f, out: out}, nil })
	}
	for _, i := range items {
		f, err := w.CreateHeader(&zip.FileHeader{Name: i.name, Method: method})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(f, i.content); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func encoder(t testing.TB, format Format, out io.Writer) io.WriteCloser {
	t.Helper()
	var w io.WriteCloser
	var err error
	switch format {
	case Gzip:
		w = gzip.NewWriter(out)
	case Bzip2:
		w, err = bzip2.NewWriter(out, nil)
	case XZ:
		w, err = xz.NewWriter(out)
	default:
		w, err = zstd.NewWriter(out)
	}
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func pack(t testing.TB, format Format, content string) string {
	t.Helper()
	var b bytes.Buffer
	w := encoder(t, format, &b)
	if _, err := io.WriteString(w, content); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// A late encoder writes nothing before it is written to, as zip wants it.
type late struct {
	t      testing.TB
	format Format
	out    io.Writer
	in     io.WriteCloser
}

func (l *late) Write(p []byte) (int, error) {
	if l.in == nil {
		l.in = encoder(l.t, l.format, l.out)
	}
	return l.in.Write(p)
}

func (l *late) Close() error { return l.in.Close() }
