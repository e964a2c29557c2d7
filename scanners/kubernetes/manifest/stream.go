package manifest

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"
)

// splitAt is the length in bytes from which a document is not held as a whole if
// it can be read in parts: JSON, or the items of a List.
const splitAt = 2 << 20

// A reader reads one file.
type reader struct {
	ctx     context.Context //nolint:containedctx // a reader lives as long as one call
	builder *builder
	path    string

	in   *bufio.Reader
	buf  []byte // of the document that is being read
	from int    // line of the file at which buf begins, from 1
	line int    // lines read

	nodes  int    // that the document may yet have
	over   bool   // the document is too long: what follows of it is passed over
	indent string // in a List that is read in parts: what stands before each item's dash
	parted bool
	what   of   // of that List, where it says so before its items
	ended  bool // the items of that List are over
	mid    bool // the last line was not taken to its end
}

// read reads a file to its end.
func (r *reader) read(f io.Reader) {
	raw := bufio.NewReaderSize(f, 64<<10)
	text, err := decode(raw)
	if err != nil {
		r.lost(1, err.Error())
		return
	}
	r.in = bufio.NewReaderSize(text, 64<<10)
	if head, _ := r.in.Peek(512); isJSON(head) && strings.HasSuffix(strings.ToLower(r.path), ".json") {
		r.json(r.in, 1)
		return
	}
	r.from = 1
	for r.ctx.Err() == nil {
		line, err := r.in.ReadSlice('\n')
		whole := !errors.Is(err, bufio.ErrBufferFull)
		r.take(line)
		if whole {
			r.line++
		}
		switch {
		case whole && errors.Is(err, io.EOF):
			r.flush()
			return
		case whole && err != nil:
			r.lost(r.line, "cannot be read further: "+cause(err))
			return
		}
		if r.big() {
			return
		}
	}
}

// take takes a line, or part of a very long one.
func (r *reader) take(line []byte) {
	start := !r.mid
	r.mid = !bytes.HasSuffix(line, []byte("\n"))
	switch {
	case start && isSeparator(line) && !onlyDirectives(r.buf):
		r.flush()
	case start && r.parted && !r.ended:
		line = r.item(line)
	}
	if r.ended || r.over {
		return
	}
	r.buf = append(r.buf, line...)
	if len(r.buf) > r.builder.opts.MaxDocument {
		r.tooLong()
	}
}

func (r *reader) tooLong() {
	what := "document"
	if r.parted {
		what = "item of a List"
	}
	r.over = true
	whole := r.buf
	r.buf = nil
	if !declares(whole) {
		return // nothing of Kubernetes
	}
	r.lost(r.from, fmt.Sprintf("this %s is longer than %d MiB and was not read: split it into documents (---)", what, r.builder.opts.MaxDocument>>20))
}

// item looks at a line of a List that is read in parts and returns it as it stands
// in the item. A line that begins as the first item did begins the next one: what
// belongs to an item stands further in.
func (r *reader) item(line []byte) []byte {
	text := bytes.TrimRight(line, "\r\n")
	switch {
	case bytes.HasPrefix(text, []byte(r.indent+"- ")) || string(text) == r.indent+"-":
		r.part()
		r.over, r.from = false, r.line+1
		line = bytes.Clone(line)
		line[len(r.indent)] = ' '
	case len(bytes.TrimSpace(text)) == 0, bytes.HasPrefix(text, []byte(r.indent+" ")), bytes.HasPrefix(bytes.TrimSpace(text), []byte("#")):
	default: // a key beside items
		r.part()
		r.ended = true
	}
	return line
}

// part reads the item that was collected.
func (r *reader) part() {
	if len(bytes.TrimSpace(r.buf)) > 0 {
		r.document(r.buf, r.from)
	}
	r.buf = r.buf[:0]
}

// flush reads the document that was collected and begins the next one.
func (r *reader) flush() {
	r.part()
	r.over, r.parted, r.ended, r.what = false, false, false, of{}
	r.from = r.line + 1
}

// big looks whether a document that has become long can be read in parts, and
// reports whether it read the rest of the file.
func (r *reader) big() bool {
	if r.parted || r.over || len(r.buf) < splitAt || r.buf[len(r.buf)-1] != '\n' && !isJSON(r.buf[:512]) {
		return false
	}
	if isJSON(r.buf[:512]) {
		r.json(io.MultiReader(bytes.NewReader(r.buf), r.in), r.from)
		return true
	}
	at, indent, ok := listItems(r.buf)
	if !ok {
		return false
	}
	whole, from, end := r.buf, r.from, r.line
	r.buf, r.indent, r.parted = make([]byte, 0, 64<<10), indent, true
	r.what = headOf(whole[:at])
	r.line = from - 1 + bytes.Count(whole[:at], []byte("\n"))
	for line := range bytes.Lines(whole[at:]) {
		r.take(line)
		r.line++
	}
	r.line = end
	return false
}

// listItems returns where in a document the lines of a List's items begin and what
// stands before their dashes.
func listItems(text []byte) (at int, indent string, ok bool) {
	const key = "\nitems:"
	at = bytes.Index(text, []byte(key))
	if bytes.HasPrefix(text, []byte(key[1:])) {
		at = -1
	} else if at < 0 {
		return 0, "", false
	}
	at += len(key)
	next := bytes.IndexByte(text[at:], '\n')
	if next < 0 || len(bytes.TrimSpace(text[at:at+next])) > 0 {
		return 0, "", false // on the same line: a flow sequence or an alias
	}
	at += next + 1
	line := text[at:]
	spaces := len(line) - len(bytes.TrimLeft(line, " "))
	if !bytes.HasPrefix(line[spaces:], []byte("- ")) {
		return 0, "", false
	}
	return at, string(line[:spaces]), true
}

// headOf returns what the items of a List are by what stands before them.
func headOf(text []byte) of {
	field := func(form *regexp.Regexp) string {
		if m := form.FindSubmatch(text); m != nil {
			return string(m[1])
		}
		return ""
	}
	return ofList(field(headVersion), field(headKind))
}

var (
	headKind    = regexp.MustCompile(`(?m)^kind:[ \t]+([A-Za-z]+List)[ \t]*\r?$`)
	headVersion = regexp.MustCompile(`(?m)^apiVersion:[ \t]+([A-Za-z0-9./-]+)[ \t]*\r?$`)
)

// isSeparator reports whether a line opens a document.
func isSeparator(line []byte) bool {
	rest, ok := bytes.CutPrefix(line, []byte("---"))
	return ok && (len(rest) == 0 || bytes.IndexByte([]byte(" \t\r\n"), rest[0]) >= 0)
}

// onlyDirectives reports whether a text has YAML directives and nothing else but
// comments: the document that they are for comes after the separator.
func onlyDirectives(text []byte) bool {
	found := false
	for line := range bytes.Lines(text) {
		line = bytes.TrimSpace(line)
		switch {
		case len(line) == 0 || line[0] == '#':
		case line[0] == '%':
			found = true
		default:
			return false
		}
	}
	return found
}

// isJSON reports whether a text begins as a JSON object or array of them does; a
// template may begin with two braces.
func isJSON(head []byte) bool {
	head = bytes.TrimLeft(head, " \t\r\n")
	if len(head) == 0 || head[0] != '{' && head[0] != '[' {
		return false
	}
	next := bytes.TrimLeft(head[1:], " \t\r\n")
	return len(next) > 0 && (next[0] == '"' || head[0] == '[' && next[0] == '{')
}

func (r *reader) lost(line int, message string) { r.builder.problems.lost(r.path, line, message) }
func (r *reader) note(line int, message string) { r.builder.problems.note(r.path, line, message) }
