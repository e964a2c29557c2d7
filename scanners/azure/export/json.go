package export

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// errLong is what a gauge returns for a value that is longer than it may be.
var errLong = errors.New("too long")

// A gauge bounds how far a decoder reads ahead.
type gauge struct {
	in         io.Reader
	read, most int64
}

func (g *gauge) Read(p []byte) (int, error) {
	if g.read >= g.most {
		return 0, errLong
	}
	n, err := g.in.Read(p)
	g.read += int64(n)
	return n, err //nolint:wrapcheck // a reader's error is passed on
}

// json reads the values of a file one after another: objects on lines of their own,
// a list of objects, or the answer of an API with a list in it.
func (r *reader) json(name string, in *bufio.Reader) {
	doc := r.document(name)
	g := &gauge{in: in}
	d := json.NewDecoder(g)
	for {
		g.most = g.read + r.opts.MaxValue
		err := r.next(doc, d, g)
		if errors.Is(err, io.EOF) {
			doc.finish(false)
			return
		}
		if err != nil {
			if r.ctx.Err() == nil {
				r.lost(name, r.broken(err, d.InputOffset()))
			}
			doc.finish(true)
			return
		}
	}
}

// next reads one value of a file; a list object by object.
func (r *reader) next(doc *document, d *json.Decoder, g *gauge) error {
	if err := r.ctx.Err(); err != nil {
		return err //nolint:wrapcheck // open wraps it
	}
	if d.More() && first(d) == '[' {
		return r.list(doc, d, g)
	}
	var raw json.RawMessage
	if err := d.Decode(&raw); err != nil {
		return err //nolint:wrapcheck // broken says what it means
	}
	doc.value(raw)
	return nil
}

// first is the byte that a decoder reads next, where More has looked for it.
func first(d *json.Decoder) byte {
	var b [1]byte
	_, _ = d.Buffered().Read(b[:]) // of memory; none leaves a zero
	return b[0]
}

// list reads a list object by object.
func (r *reader) list(doc *document, d *json.Decoder, g *gauge) error {
	_, err := d.Token()
	for err == nil && d.More() && r.ctx.Err() == nil {
		g.most = g.read + r.opts.MaxValue
		var raw json.RawMessage
		if err = d.Decode(&raw); err == nil {
			doc.value(raw)
		}
	}
	if err == nil {
		_, err = d.Token()
	}
	if errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	doc.listed = true
	return err //nolint:wrapcheck // broken says what it means
}

// broken says why the rest of a file was not read, without quoting it.
func (r *reader) broken(err error, at int64) string {
	switch {
	case errors.Is(err, errLong):
		return fmt.Sprintf("from byte %d on it was not read: it has a value longer than %d bytes, or is longer than %d bytes", at, r.opts.MaxValue, r.opts.MaxFile)
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF):
		return fmt.Sprintf("ends in the middle, after %d bytes; what came before was read", at)
	}
	return fmt.Sprintf("is broken from byte %d on; what came before was read", at)
}

// value reads a value: an object, a list, or an answer with a list in it.
func (doc *document) value(raw json.RawMessage) {
	var list []json.RawMessage
	if len(raw) > 0 && raw[0] == '[' && json.Unmarshal(raw, &list) == nil {
		doc.listed = true
		doc.elements(list)
		return
	}
	var fields map[string]json.RawMessage
	if len(raw) == 0 || raw[0] != '{' || json.Unmarshal(raw, &fields) != nil {
		return
	}
	if context := text(fields["@odata.context"]); context != "" {
		doc.collection, doc.parent = collectionOf(context)
	}
	if key := answer(fields); key != "" && json.Unmarshal(fields[key], &list) == nil {
		doc.listed = true
		doc.page(fields, key)
		doc.elements(list)
		return
	}
	if json.Unmarshal(fields["responses"], &list) == nil && len(list) > 0 {
		doc.batch(list)
		return
	}
	doc.element(raw, fields)
}

// answer is the field of an answer that holds the list: value of Graph, Resource
// Manager and vaults, data of Resource Graph. Empty if the object is none.
func answer(fields map[string]json.RawMessage) string {
	if v := fields["value"]; len(v) > 0 && v[0] == '[' && len(fields["name"]) == 0 && len(fields["keyName"]) == 0 {
		return "value"
	}
	if v := fields["data"]; len(v) > 0 && v[0] == '[' && (len(fields["count"]) > 0 || len(fields["total_records"]) > 0 || len(fields["totalRecords"]) > 0) {
		return "data"
	}
	return ""
}

// page takes in whether more follows an answer.
func (doc *document) page(fields map[string]json.RawMessage, key string) {
	more := false
	for _, next := range []string{"@odata.nextLink", "nextLink", "skip_token", "$skipToken", "skipToken"} {
		more = more || text(fields[next]) != ""
	}
	doc.more = doc.more || more
	doc.pages++
	if !more {
		doc.ended++
	}
	if key != "data" {
		return
	}
	doc.query = true
	if cut := text(fields["resultTruncated"]); cut == "true" && !more {
		doc.short = true
	}
}

// batch reads the answers in that to a batch of Microsoft Graph.
func (doc *document) batch(list []json.RawMessage) {
	for _, raw := range list {
		var one struct {
			Status int             `json:"status"`
			Body   json.RawMessage `json:"body"`
		}
		if json.Unmarshal(raw, &one) == nil && one.Status > 0 {
			doc.collection, doc.parent = "", ""
			doc.value(one.Body)
		}
	}
}

func (doc *document) elements(list []json.RawMessage) {
	for _, raw := range list {
		var fields map[string]json.RawMessage
		if json.Unmarshal(raw, &fields) == nil {
			doc.element(raw, fields)
		}
	}
}
