package export

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	"github.com/muster-nhi/muster/internal/saved"
)

// file tells what a file is by its beginning, and reads it.
func (r *reader) file(name string, in io.Reader) {
	t, err := saved.Open(in, r.opts.MaxFile)
	if err != nil {
		r.lost(name, err.Error())
		return
	}
	switch {
	case len(t.Start) == 0:
		r.note(name, "is empty")
	case t.IsJSON():
		r.json(name, t)
	case t.IsKey():
		r.note(name, "holds a key or certificate and was not read; it does not belong here")
	case bytes.HasPrefix(t.Start, []byte("ERROR: ")) || bytes.Contains(t.Start, []byte("\nERROR: ")):
		r.refused(name, string(t.Start))
	case t.IsYAML():
		r.yaml(name, t)
	default:
		r.unknown = append(r.unknown, name)
	}
}

// yaml reads the documents of a file in YAML, as az writes it where that is asked for.
func (r *reader) yaml(name string, in io.Reader) {
	data, err := saved.Whole(in, saved.MaxYAML)
	switch {
	case errors.Is(err, saved.ErrLong):
		r.lost(name, fmt.Sprintf("cannot be read: it is YAML and longer than %d bytes; save it as JSON (--output json)", saved.MaxYAML))
		return
	case err != nil:
		r.lost(name, "cannot be read: "+err.Error())
		return
	}
	doc := r.document(name)
	err = saved.YAML(data, r.opts.MaxValue, doc.value)
	switch {
	case errors.Is(err, saved.ErrNoYAML):
		r.unknown = append(r.unknown, name)
		return
	case err != nil:
		r.lost(name, err.Error())
	}
	doc.finish(err != nil)
}
