package manifest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	kjson "sigs.k8s.io/json"

	"github.com/muster-nhi/muster/scanners/kubernetes/object"
)

// errLong is returned by a gauge when a value is longer than it may be.
var errLong = errors.New("too long")

// A gauge counts lines and bounds how far a decoder reads ahead.
type gauge struct {
	in      io.Reader
	read    int64   // bytes so far
	most    int64   // bytes that may be read
	breaks  []int64 // offsets of the line breaks after the last call of line
	passed  int     // line breaks before
	tail    []byte
	mention bool // the text names an apiVersion, so that a manifest may be lost
}

func (g *gauge) Read(p []byte) (int, error) {
	if g.read >= g.most {
		return 0, errLong
	}
	n, err := g.in.Read(p)
	for i, c := range p[:n] {
		if c == '\n' {
			g.breaks = append(g.breaks, g.read+int64(i))
		}
	}
	g.read += int64(n)
	if !g.mention {
		const word = "apiVersion"
		seen := slices.Concat(g.tail, p[:n])
		g.mention = bytes.Contains(seen, []byte(word))
		g.tail = append(g.tail[:0], seen[max(0, len(seen)-len(word)):]...)
	}
	return n, err
}

// line returns the line of an offset, from 1. Offsets must not go back.
func (g *gauge) line(offset int64) int {
	n := 0
	for n < len(g.breaks) && g.breaks[n] < offset {
		n++
	}
	g.passed += n
	g.breaks = g.breaks[n:]
	return g.passed + 1
}

// A jsonReader reads a stream of JSON values.
type jsonReader struct {
	*reader
	gauge   *gauge
	decoder *json.Decoder
	before  int // lines before the stream
	unnamed int // items of the list that is read which say no kind
}

// json reads JSON to the end of the file: objects, arrays of objects, Lists item by
// item.
func (r *reader) json(in io.Reader, from int) {
	g := &gauge{in: in}
	j := &jsonReader{reader: r, gauge: g, decoder: json.NewDecoder(g), before: from - 1}
	for r.ctx.Err() == nil {
		if err := j.value(); err != nil {
			if !errors.Is(err, io.EOF) {
				j.failed(err)
			}
			return
		}
	}
}

// allow lets the decoder read one more value.
func (j *jsonReader) allow() {
	j.gauge.most = j.decoder.InputOffset() + int64(j.builder.opts.MaxDocument)
}

// line is the line in the file of an offset.
func (j *jsonReader) lineAt(offset int64) int { return j.before + j.gauge.line(offset) }

// failed tells of what ended the reading, if a manifest may be lost by it.
func (j *jsonReader) failed(err error) {
	var syntax *json.SyntaxError
	switch {
	case !j.gauge.mention:
	case errors.Is(err, errLong):
		j.lost(j.lineAt(j.decoder.InputOffset()), fmt.Sprintf("this object is longer than %d MiB; it and what follows was not read", j.builder.opts.MaxDocument>>20))
	case errors.As(err, &syntax):
		reason, _, _ := strings.Cut(syntax.Error(), "'")
		j.lost(j.lineAt(max(syntax.Offset-1, 0)), "invalid JSON, not read from here on: "+strings.TrimSpace(reason))
	case errors.Is(err, io.ErrUnexpectedEOF):
		j.lost(j.lineAt(j.gauge.read), "invalid JSON: it ends in the middle")
	default:
		j.lost(j.lineAt(j.decoder.InputOffset()), "cannot be read further: "+cause(err))
	}
}

// value reads one value at the top.
func (j *jsonReader) value() error {
	j.allow()
	token, err := j.decoder.Token()
	if err != nil {
		return err
	}
	from := j.lineAt(j.decoder.InputOffset())
	switch token {
	case json.Delim('['):
		return j.items("", "")
	case json.Delim('{'):
		return j.object(from)
	}
	return nil
}

// object reads the members of an object at the top. If one of them is the items of
// a List those are read one by one; else it is put together again.
func (j *jsonReader) object(from int) error {
	fields := map[string]json.RawMessage{}
	listed := false
	j.unnamed = 0
	size := 0
	for j.decoder.More() {
		token, err := j.decoder.Token()
		if err != nil {
			return err
		}
		key, _ := token.(string)
		if key == "items" {
			var apiVersion, kind string
			_ = json.Unmarshal(fields["apiVersion"], &apiVersion) // empty if it comes later
			_ = json.Unmarshal(fields["kind"], &kind)
			listed, err = j.list(apiVersion, strings.TrimSuffix(kind, "List"))
			if err != nil {
				return err
			}
			continue
		}
		var value json.RawMessage
		if err := j.decoder.Decode(&value); err != nil {
			return err
		}
		if _, twice := fields[key]; twice {
			j.note(from, fmt.Sprintf("key %q stands twice; the last one counts, as for the API server", short(key)))
		}
		if size += len(key) + len(value); size > j.builder.opts.MaxDocument {
			return errLong
		}
		fields[key] = value
	}
	if _, err := j.decoder.Token(); err != nil {
		return err
	}
	if listed {
		j.untold(fields, from)
		return nil
	}
	text, err := json.Marshal(fields)
	if err != nil {
		return err
	}
	j.jsonObject(text, "", "", from, j.lineAt(j.decoder.InputOffset()))
	return nil
}

// untold tells of items that say no kind in a list that says it after them.
func (j *jsonReader) untold(fields map[string]json.RawMessage, from int) {
	var kind string
	_ = json.Unmarshal(fields["kind"], &kind) // empty if there is none
	if j.unnamed > 0 && strings.HasSuffix(kind, "List") && kind != "List" {
		j.lost(from, fmt.Sprintf("%d items of this %s say no kind and stand before the list's own, not read: put kind and apiVersion before items", j.unnamed, short(kind)))
	}
}

// list reads the value of items and reports whether it was a list; anything else
// is passed over.
func (j *jsonReader) list(apiVersion, kind string) (listed bool, err error) {
	j.allow()
	token, err := j.decoder.Token()
	if err != nil || token == json.Delim('[') {
		if err == nil {
			err = j.items(apiVersion, kind)
		}
		return true, err
	}
	for depth := depthOf(token); depth > 0 && err == nil; depth += depthOf(token) {
		token, err = j.decoder.Token()
	}
	return false, err
}

// depthOf is 1 for an opening bracket, -1 for a closing one.
func depthOf(token json.Token) int {
	switch token {
	case json.Delim('{'), json.Delim('['):
		return 1
	case json.Delim('}'), json.Delim(']'):
		return -1
	}
	return 0
}

// items reads the elements of a list whose bracket was read. Elements of a typed
// list do not say their kind.
func (j *jsonReader) items(apiVersion, kind string) error {
	for j.decoder.More() {
		j.allow()
		var item json.RawMessage
		if err := j.decoder.Decode(&item); err != nil {
			return err
		}
		end := j.decoder.InputOffset()
		from := j.lineAt(end - int64(len(item)) + 1)
		if !j.jsonObject(item, apiVersion, kind, from, j.lineAt(end)) {
			j.unnamed++
		}
		if err := j.ctx.Err(); err != nil {
			return err
		}
	}
	j.allow()
	_, err := j.decoder.Token()
	return err
}

// jsonObject reads the text of one object, which may be a List itself. It reports
// false if that says no kind.
func (r *reader) jsonObject(text []byte, apiVersion, kind string, from, to int) bool {
	if len(text) == 0 || text[0] != '{' {
		return true
	}
	tree := object.Tree{}
	twice, err := kjson.UnmarshalStrict(text, &tree, kjson.DisallowDuplicateFields)
	if err != nil {
		r.lost(from, "invalid JSON: an object cannot be read")
		return true
	}
	if _, ok := tree["kind"]; !ok && kind == "" {
		return false
	}
	for _, t := range twice {
		if isObject(tree) {
			r.note(from, short(t.Error())+"; the last one counts, as for the API server")
		}
	}
	r.tree(place{r.path, from, to}, tree, ofList(apiVersion, kind), nil, 0)
	return true
}
