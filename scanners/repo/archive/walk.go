package archive

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
)

// A Source is an archive to walk. Reader is read from its start; if At is given
// it is used where it serves better, and has Size bytes.
type Source struct {
	Reader io.Reader
	At     io.ReaderAt
	Size   int64 // bytes of the archive, as the ratio counts them
}

// A Member is a file in an archive, or what a compressed file holds.
type Member struct {
	Path   string    // in the archive, joined by Separator where archives lie in one another; empty if the outermost is a compressed file
	Format Format    // of what it lay in
	Reader io.Reader // valid while the function runs; damage and limits end it as the end of the file does
}

// errStopped ends a walk that met a limit. It does not leave the package.
var errStopped = errors.New("a limit is met")

// A walker is one walk.
type walker struct {
	ctx    context.Context //nolint:containedctx // a walker lives as long as one walk
	parent context.Context //nolint:containedctx // as above
	limits Limits
	each   func(Member) error
	report Report
	budget int64 // bytes that may be made
	seen   int   // entries looked at
	held   int64 // bytes of nested zips in memory
	dense  bool  // whether the ratio is the tighter limit
	err    error // of each, or of the caller's context
}

// Walk calls each for the members of an archive, in the order of the archive.
// What is no archive is one Unsupported thing left. The error is that of each
// or of the context, never that of an archive: that is in the report.
func Walk(ctx context.Context, src Source, limits Limits, each func(Member) error) (Report, error) {
	timed, cancel := context.WithTimeout(ctx, limits.Time)
	defer cancel()
	w := &walker{ctx: timed, parent: ctx, limits: limits, each: each, budget: limits.Bytes}
	if most := limits.Free + limits.Ratio*max(0, min(src.Size, limits.Bytes)); most < w.budget {
		w.budget, w.dense = most, true
	}
	w.outermost(src)
	return w.report, w.err
}

func (w *walker) outermost(src Source) {
	var head []byte
	if src.At != nil {
		head = make([]byte, HeadSize)
		n, _ := src.At.ReadAt(head, 0) // what there is, counts
		head = head[:n]
		src.Reader = io.NewSectionReader(src.At, 0, src.Size)
	} else {
		in := bufio.NewReaderSize(src.Reader, HeadSize)
		head, _ = in.Peek(HeadSize) // as above
		src.Reader = in
	}
	format := Sniff(head)
	if format == None {
		w.report.leave(Unsupported)
		return
	}
	_ = w.archive("", format, src, 1) // kept in w.err
}

// archive opens an archive at a depth. The error is errStopped if the walk is
// over.
func (w *walker) archive(path string, format Format, src Source, depth int) error {
	if depth > w.limits.Depth {
		w.report.leave(TooDeep)
		return nil
	}
	switch format {
	case Zip:
		w.report.Opened++
		return w.zip(path, src, depth)
	case Tar:
		w.report.Opened++
		return w.tar(path, src.Reader, depth)
	case Gzip, Bzip2, XZ, Zstd:
		return w.compressed(path, format, src.Reader, depth)
	default:
		w.report.leave(Unsupported)
		return nil
	}
}

// compressed opens a compressed file, and the tar in it if it is one.
func (w *walker) compressed(path string, format Format, in io.Reader, depth int) error {
	out, done, err := decoder(format, in)
	if err != nil {
		w.report.leave(reasonOf(err))
		return nil
	}
	defer done()
	w.report.Opened++
	damaged := w.report.Left[Damaged]
	m := w.meter(out, w.limits.Bytes)
	buffered := bufio.NewReaderSize(m, bufferSize)
	head, _ := buffered.Peek(HeadSize) // the meter keeps the error
	var left error
	if Sniff(head) == Tar {
		left = w.tar(path, buffered, depth)
	} else {
		m.left = max(0, min(m.left, w.limits.Member-int64(buffered.Buffered())))
		left = w.member(path, format, buffered, head, depth)
	}
	if left == nil {
		w.cut(m, damaged)
	}
	return left
}

// cut notes why something was not read to its end, unless an archive in it has
// been found damaged for that since.
func (w *walker) cut(m *meter, damaged int) {
	if m.why != "" && (m.why != Damaged || w.report.Left[Damaged] == damaged) {
		w.report.leave(m.why)
	}
}

const bufferSize = 4096

// file looks at an entry of an archive and hands it on, or opens it.
func (w *walker) file(path string, format Format, in io.Reader, depth int) error {
	damaged := w.report.Left[Damaged]
	m := w.meter(in, w.limits.Member)
	buffered := bufio.NewReaderSize(m, HeadSize)
	head, _ := buffered.Peek(HeadSize) // the meter keeps the error
	err := w.member(path, format, buffered, head, depth)
	if err == nil {
		w.cut(m, damaged)
	}
	return err
}

func (w *walker) member(path string, format Format, in io.Reader, head []byte, depth int) error {
	stopped := w.check()
	if w.err != nil || len(head) == 0 {
		return stopped
	}
	if inner := Sniff(head); inner != None {
		if stopped != nil {
			return stopped
		}
		return w.archive(path, inner, Source{Reader: in}, depth+1)
	}
	// What was read before a limit was met is handed on.
	w.report.Members++
	if err := w.each(Member{Path: path, Format: format, Reader: in}); err != nil {
		w.err = err
		return errStopped
	}
	return w.check()
}

// entry counts an entry of an archive. The error is errStopped at the limit.
func (w *walker) entry() error {
	if err := w.check(); err != nil {
		return err
	}
	if w.seen >= w.limits.Members {
		w.report.leave(TooMany)
		return errStopped
	}
	w.seen++
	return nil
}

// check tells whether the walk may go on.
func (w *walker) check() error {
	switch {
	case w.err != nil:
		return errStopped
	case w.parent.Err() != nil:
		w.err = fmt.Errorf("open archive: %w", w.parent.Err())
	case w.ctx.Err() != nil:
		w.stop(TooSlow)
	case w.report.Bytes < w.budget:
		return nil
	case w.dense:
		w.stop(TooDense)
	default:
		w.stop(TooMuch)
	}
	return errStopped
}

// stop notes once why a walk ends.
func (w *walker) stop(why Reason) {
	if w.report.Left[why] == 0 {
		w.report.leave(why)
	}
}
