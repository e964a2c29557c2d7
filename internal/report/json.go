package report

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"

	"github.com/muster-nhi/muster/internal/inventory"
)

// SchemaVersion is the version of the json format. Its first number changes
// when a field changes its meaning or goes away; the second when one is added.
const SchemaVersion = "1.0"

// writeJSON writes one document. Lists are written element by element, one a
// line, so that memory does not grow with the report.
func writeJSON(w io.Writer, r *Report, _ Options) error {
	d := newDocument(w)
	d.value("schema_version", SchemaVersion)
	d.value("tool", r.Tool)
	d.value("run", r.Run)
	d.value("summary", r.Summary)
	field(d, "findings", r.Findings)
	field(d, "excepted", r.Excepted)
	field(d, "resolved", r.Resolved)
	field(d, "controls", r.Controls)
	field(d, "rules", r.Tallies)
	field(d, "exceptions", r.Exceptions)
	field(d, "coverage", r.Inventory.Coverages)
	d.key("inventory")
	d.open()
	field(d, "identities", r.Inventory.Identities)
	field(d, "credentials", r.Inventory.Credentials)
	field(d, "grants", r.Inventory.Grants)
	field(d, "usages", r.Inventory.Usages)
	field(d, "trusts", r.Inventory.Trusts)
	field(d, "consumers", r.Inventory.Consumers)
	field(d, "owners", r.Inventory.Owners)
	field(d, "relations", r.Inventory.Relations)
	d.close()
	return d.finish()
}

// A document streams a JSON object. The first error stays and is returned by
// finish.
type document struct {
	w     *bufio.Writer
	comma bool
	err   error
}

func newDocument(w io.Writer) *document {
	d := &document{w: bufio.NewWriterSize(w, 1<<16)}
	d.open()
	return d
}

func (d *document) text(s string) {
	if d.err == nil {
		_, d.err = d.w.WriteString(s)
	}
}

func (d *document) open() {
	d.text("{")
	d.comma = false
}

func (d *document) close() {
	d.text("\n}")
	d.comma = true
}

// key begins a member of the object that is open.
func (d *document) key(name string) {
	if d.comma {
		d.text(",")
	}
	d.comma = true
	d.text("\n\"" + name + "\": ")
}

func (d *document) value(name string, v any) {
	d.key(name)
	d.raw(v)
}

// raw writes a value without line breaks in it.
func (d *document) raw(v any) {
	if d.err != nil {
		return
	}
	d.err = encode(d.w, v)
}

func (d *document) finish() error {
	d.close()
	d.text("\n")
	if d.err != nil {
		return fmt.Errorf("write JSON: %w", d.err)
	}
	if err := d.w.Flush(); err != nil {
		return fmt.Errorf("write JSON: %w", err)
	}
	return nil
}

// field writes a member that is a list; an empty one is [], not null.
func field[T any](d *document, name string, list []T) {
	d.key(name)
	d.text("[")
	for i := range list {
		if i > 0 {
			d.text(",")
		}
		d.text("\n")
		d.raw(list[i])
		if d.err != nil {
			return
		}
	}
	if len(list) > 0 {
		d.text("\n")
	}
	d.text("]")
}

// encode writes v as JSON on one line. HTML characters are left as they are,
// for JSON is not HTML and people read it.
func encode(w *bufio.Writer, v any) error {
	e := json.NewEncoder(trimmer{w})
	e.SetEscapeHTML(false)
	return e.Encode(v)
}

// A trimmer drops the line break that json.Encoder puts behind a value.
type trimmer struct{ w *bufio.Writer }

func (t trimmer) Write(p []byte) (int, error) {
	q := p
	if n := len(q); n > 0 && q[n-1] == '\n' {
		q = q[:n-1]
	}
	if _, err := t.w.Write(q); err != nil {
		return 0, err
	}
	return len(p), nil
}

// writeJSONL writes the records of the inventory, coverage, relations and then
// the findings, those under an exception last. Findings that were resolved are
// left out: a line says what is, not what was.
func writeJSONL(w io.Writer, r *Report, _ Options) error {
	out := inventory.NewWriter(w)
	if err := eachRecord(r, out.Write); err != nil {
		return fmt.Errorf("write JSON lines: %w", err)
	}
	if err := out.Flush(); err != nil {
		return fmt.Errorf("write JSON lines: %w", err)
	}
	return nil
}

// eachRecord passes every record of a report to do, in the order of the kinds.
func eachRecord(r *Report, do func(inventory.Record) error) error {
	inv := r.Inventory
	return firstError(
		each(inv.Identities, do, func(x *inventory.Identity) inventory.Record { return inventory.Record{Identity: x} }),
		each(inv.Credentials, do, func(x *inventory.Credential) inventory.Record { return inventory.Record{Credential: x} }),
		each(inv.Grants, do, func(x *inventory.Grant) inventory.Record { return inventory.Record{Grant: x} }),
		each(inv.Usages, do, func(x *inventory.Usage) inventory.Record { return inventory.Record{Usage: x} }),
		each(inv.Trusts, do, func(x *inventory.Trust) inventory.Record { return inventory.Record{Trust: x} }),
		each(inv.Consumers, do, func(x *inventory.Consumer) inventory.Record { return inventory.Record{Consumer: x} }),
		each(inv.Owners, do, func(x *inventory.Owner) inventory.Record { return inventory.Record{Owner: x} }),
		each(inv.Coverages, do, func(x *inventory.Coverage) inventory.Record { return inventory.Record{Coverage: x} }),
		each(inv.Relations, do, func(x *inventory.Relation) inventory.Record { return inventory.Record{Relation: x} }),
		each(r.Findings, do, func(x *inventory.Finding) inventory.Record { return inventory.Record{Finding: x} }),
		each(r.Excepted, do, func(x *inventory.Finding) inventory.Record { return inventory.Record{Finding: x} }),
	)
}

// each returns a step that passes the records of one list on.
func each[T any](list []*T, do func(inventory.Record) error, record func(*T) inventory.Record) func() error {
	return func() error {
		for _, x := range list {
			if err := do(record(x)); err != nil {
				return err
			}
		}
		return nil
	}
}

// firstError runs steps until one fails.
func firstError(steps ...func() error) error {
	for _, step := range steps {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}
