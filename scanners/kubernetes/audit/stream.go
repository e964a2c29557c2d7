package audit

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
)

const peekSize = 256 << 10

// Add reads one more log; see Read. The name is what problems call it. Events that
// are in two logs count twice.
func (u *Uses) Add(ctx context.Context, name string, r io.Reader) error {
	if name == "" {
		name = u.opts.Name
	}
	u.state.trouble.begin(name)
	defer u.state.trouble.end(u.opts.MaxEvent)
	in := bufio.NewReaderSize(r, peekSize)
	if magic, _ := in.Peek(2); len(magic) == 2 && magic[0] == 0x1f && magic[1] == 0x8b {
		unpacked, err := gzip.NewReader(in)
		if err != nil {
			u.cut(err)
			return nil
		}
		in = bufio.NewReaderSize(unpacked, peekSize)
	}
	if mark, _ := in.Peek(3); string(mark) == "\xef\xbb\xbf" {
		_, _ = in.Discard(3) // just peeked
	}
	if isDocument(in) {
		return u.document(ctx, in)
	}
	return u.lines(ctx, in)
}

// cut notes that the log could not be read to its end.
func (u *Uses) cut(err error) {
	message := "could not be read to its end: " + err.Error()
	if errors.Is(err, io.ErrUnexpectedEOF) {
		message = "is compressed and cut off; what came before was read"
	}
	u.state.trouble.add(u.state.trouble.line, message)
}

// isDocument reports whether a log is one JSON document over many lines, or lists
// longer than is held in memory, rather than an event a line.
func isDocument(in *bufio.Reader) bool {
	head, _ := in.Peek(peekSize)
	head = bytes.TrimLeft(head, " \t\r\n")
	if len(head) == 0 || head[0] != '{' && head[0] != '[' {
		return false
	}
	line, _, whole := bytes.Cut(head, []byte("\n"))
	if whole {
		line = bytes.TrimSpace(line)
		_, closed := skipValue(line, 0)
		last := line[len(line)-1]
		return !closed && len(line) < 4096 && (last == '{' || last == '[' || last == ',')
	}
	if len(head) < peekSize/2 {
		return false
	}
	start := head[:4096]
	for _, list := range []string{`"items":[`, `"records":[`, `"Records":[`, `"events":[`, `"logEvents":[`, `"results":[`, `"hits":[`} {
		if bytes.Contains(start, []byte(list)) {
			return true
		}
	}
	return head[0] == '['
}

// lines reads an event a line.
func (u *Uses) lines(ctx context.Context, in *bufio.Reader) error {
	t := &u.state.trouble
	var long []byte // a line that does not fit into the buffer of in
	for {
		if t.line%256 == 0 && ctx.Err() != nil {
			return fmt.Errorf("read audit log %q: %w", t.name, ctx.Err())
		}
		t.line++
		line, err := in.ReadSlice('\n')
		if errors.Is(err, bufio.ErrBufferFull) {
			long = append(long[:0], line...)
			line, err = u.longLine(ctx, in, &long)
		}
		u.line(line, errors.Is(err, io.EOF))
		switch {
		case errors.Is(err, io.EOF):
			return ctx.Err()
		case err != nil:
			u.cut(err)
			return ctx.Err()
		}
	}
}

// longLine reads the rest of a line; nil if it is longer than an event may be.
func (u *Uses) longLine(ctx context.Context, in *bufio.Reader, long *[]byte) ([]byte, error) {
	skipped := false
	for {
		more, err := in.ReadSlice('\n')
		if len(*long)+len(more) > u.opts.MaxEvent {
			skipped = true
		}
		if !skipped {
			*long = append(*long, more...)
		}
		if errors.Is(err, bufio.ErrBufferFull) && ctx.Err() == nil {
			continue
		}
		if skipped {
			*long = nil
			u.long()
		}
		return *long, err
	}
}

// line reads what stands on one line: an event, or several without a break
// between them. The last line of a log may be cut because the server is writing it:
// its event lies after the window.
func (u *Uses) line(line []byte, last bool) {
	line = bytes.TrimSpace(line)
	if len(line) == 0 {
		return
	}
	at := 0
	if line[0] != '{' && line[0] != '[' {
		at = bytes.IndexByte(line, '{')
		if at < 0 || !bytes.Contains(line, []byte("audit.k8s.io")) {
			u.state.window.Foreign++
			return
		}
	}
	for at < len(line) {
		next, found, ok := u.value(line[at:], 0)
		switch {
		case !ok && last && next >= len(line)-at:
			return
		case !ok:
			u.broken()
			return
		case found == 0:
			u.state.window.Foreign++
		}
		at = skipSpace(line, at+next)
		if at < len(line) && line[at] != '{' && line[at] != '[' {
			return
		}
	}
}

// document reads JSON that is laid out over many lines: events one after the
// other, or one document with a list of them. An element of a list at a time is
// held in memory.
func (u *Uses) document(ctx context.Context, in *bufio.Reader) error {
	t := &u.state.trouble
	d := document{u: u, limit: u.opts.MaxEvent}
	t.line = 1
	for n := 0; ; n++ {
		if n%65536 == 0 && ctx.Err() != nil {
			return fmt.Errorf("read audit log %q: %w", t.name, ctx.Err())
		}
		c, err := in.ReadByte()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			u.cut(err)
			return nil
		}
		d.take(c)
		if c == '\n' {
			t.line++
		}
	}
	if len(d.open) > 0 {
		t.add(t.line, "ends in the middle of its JSON: what came after is missing")
	}
	return nil
}
