package inventory

import (
	"errors"
	"fmt"
	"reflect"
	"strconv"
	"time"
)

// A decoder makes records from lines. Strings and maps that come again are kept
// once, as far as small caches of recent ones go: types, scopes and principals
// are most of the text of a scan. Its own memory is fixed.
type decoder struct {
	parser
	memory
	kinds  map[string]*plan
	record Record // the one that is being made
}

// A plan says how the fields of one struct type are decoded.
type plan struct {
	index  int // of the field of Record, for the types of records
	typ    reflect.Type
	fields map[string]field
	slab   slab // of records, for the types of records
}

type field struct {
	index int
	read  reader
}

// A reader takes one value, which is not null, into a field.
type reader func(d *decoder, into reflect.Value) error

// want says what a value should have been, if it is JSON at all.
func (d *decoder) want(what string) error {
	if err := d.skip(); err != nil {
		return err
	}
	return errors.New("want " + what)
}

func newDecoder() *decoder {
	d := &decoder{kinds: map[string]*plan{}, memory: newMemory()}
	record := reflect.TypeFor[Record]()
	for f := range record.Fields() {
		name, _ := jsonName(f)
		p := planOf(f.Type.Elem())
		p.index = f.Index[0]
		d.kinds[name] = p
	}
	return d
}

func planOf(t reflect.Type) *plan {
	p := &plan{typ: t, fields: map[string]field{}}
	for f := range t.Fields() {
		name, _ := jsonName(f)
		p.fields[name] = field{index: f.Index[0], read: readerOf(f.Type)}
	}
	return p
}

// readerOf returns how values of a type are read. It is nil for a type that no
// record has; a test says that there is none.
func readerOf(t reflect.Type) reader {
	switch t {
	case reflect.TypeFor[time.Time]():
		return readTime
	case reflect.TypeFor[Tri]():
		return readTri
	}
	switch t.Kind() {
	case reflect.String:
		return readString
	case reflect.Bool:
		return readBool
	case reflect.Int, reflect.Int64:
		return readInt
	case reflect.Struct:
		return planOf(t).read
	case reflect.Pointer:
		return pointerTo(t.Elem())
	case reflect.Slice:
		return sliceOf(t.Elem())
	case reflect.Map:
		return mapOf(t)
	default:
		return nil
	}
}

// decode makes a valid record from one line. The error quotes nothing of the
// line but what Validate may quote.
func (d *decoder) decode(line []byte) (Record, error) {
	if err := checkText(line); err != nil {
		return Record{}, err
	}
	d.parser, d.record = parser{b: line}, Record{}
	n := 0
	if d.peek() != '{' {
		return Record{}, d.notObject()
	}
	err := d.object(func(key []byte) error {
		if n++; n > 1 {
			return errors.New("want one key, the kind of the record, and there are more")
		}
		return d.value(key)
	})
	if err != nil {
		return Record{}, err
	}
	if err := d.end(); err != nil {
		return Record{}, err
	}
	if n == 0 {
		return Record{}, errors.New("want one key, the kind of the record, and there is none")
	}
	return d.record, d.record.Validate()
}

// notObject tells a line that is other JSON from one that is none.
func (d *decoder) notObject() error {
	if err := d.skip(); err != nil {
		return err
	}
	if err := d.end(); err != nil {
		return err
	}
	return errors.New("want an object with one key, the kind of the record")
}

// value decodes the value under a kind.
func (d *decoder) value(kind []byte) error {
	p := d.kinds[string(kind)]
	if p == nil {
		return unknownKind(string(kind))
	}
	v := p.slab.next(p.typ)
	if err := p.read(d, v); err != nil {
		if isSyntax(err) {
			return err
		}
		return fmt.Errorf("%s: %w", kind, err)
	}
	reflect.ValueOf(&d.record).Elem().Field(p.index).Set(v.Addr())
	return nil
}

// unknownKind names the key only if it looks like one: it could be anything.
func unknownKind(kind string) error {
	if ValidName(kind) && len(kind) <= 20 {
		return fmt.Errorf("there is no record kind %q", kind)
	}
	return errors.New("the key is not a record kind")
}

// read decodes an object. Keys that it does not know are skipped.
func (p *plan) read(d *decoder, into reflect.Value) error {
	if d.peek() != '{' {
		return d.want("an object")
	}
	var seen uint64
	return d.object(func(key []byte) error {
		f, ok := p.fields[string(key)]
		if !ok {
			return d.skip()
		}
		if seen&(1<<f.index) != 0 {
			return fmt.Errorf("%s comes twice", key)
		}
		seen |= 1 << f.index
		if d.peek() == 'n' && d.literal("null") {
			return nil
		}
		if err := f.read(d, into.Field(f.index)); err != nil {
			if isSyntax(err) {
				return err
			}
			return fmt.Errorf("%s: %w", key, err)
		}
		return nil
	})
}

func readString(d *decoder, into reflect.Value) error {
	s, err := d.text()
	if err != nil {
		return err
	}
	into.SetString(s)
	return nil
}

// text takes a string.
func (d *decoder) text() (string, error) {
	if d.peek() != '"' {
		return "", d.want("a string")
	}
	b, err := d.str()
	if err != nil {
		return "", err
	}
	return d.keep(b), nil
}

func readBool(d *decoder, into reflect.Value) error {
	switch {
	case d.literal("true"):
		into.SetBool(true)
	case d.literal("false"):
		into.SetBool(false)
	default:
		return d.want("true or false")
	}
	return nil
}

func readTri(d *decoder, into reflect.Value) error {
	switch {
	case d.literal("true"):
		into.SetInt(int64(True))
	case d.literal("false"):
		into.SetInt(int64(False))
	default:
		return d.want("true, false or null")
	}
	return nil
}

func readInt(d *decoder, into reflect.Value) error {
	const want = "a whole number"
	if c := d.peek(); c != '-' && (c < '0' || c > '9') {
		return d.want(want)
	}
	text, err := d.number()
	if err != nil {
		return err
	}
	n, err := strconv.ParseInt(string(text), 10, 64)
	if err != nil || into.OverflowInt(n) {
		return errors.New("want " + want)
	}
	into.SetInt(n)
	return nil
}

func readTime(d *decoder, into reflect.Value) error {
	const want = "a time as in RFC 3339"
	if d.peek() != '"' {
		return d.want(want)
	}
	b, err := d.str()
	if err != nil {
		return err
	}
	t, _ := reflect.TypeAssert[*time.Time](into.Addr())
	if t.UnmarshalText(b) != nil {
		return errors.New("want " + want)
	}
	*t = t.UTC()
	return nil
}

func pointerTo(t reflect.Type) reader {
	read := readerOf(t)
	return func(d *decoder, into reflect.Value) error {
		into.Set(reflect.New(t))
		return read(d, into.Elem())
	}
}

func sliceOf(t reflect.Type) reader {
	read := readerOf(t)
	return func(d *decoder, into reflect.Value) error {
		if d.peek() != '[' {
			return d.want("a list")
		}
		n := 0
		return d.array(func() error {
			if n >= MaxList {
				return fmt.Errorf("has more than %d entries", MaxList)
			}
			into.Grow(1)
			into.SetLen(n + 1)
			n++
			return read(d, into.Index(n-1))
		})
	}
}

// mapOf reads maps. One whose text is that of a recent one is that one: the
// tags of many records are the same.
func mapOf(t reflect.Type) reader {
	read := readerOf(t.Elem())
	return func(d *decoder, into reflect.Value) error {
		if d.peek() != '{' {
			return d.want("an object")
		}
		start, depth := d.i, d.depth
		if err := d.skip(); err != nil {
			return err
		}
		text := d.b[start:d.i]
		if m, ok := d.recentMap(t, text); ok {
			into.Set(m)
			return nil
		}
		d.i, d.depth = start, depth
		into.Set(reflect.MakeMap(t))
		if err := d.entries(into, read); err != nil {
			return err
		}
		d.keepMap(text, into)
		return nil
	}
}

// entries reads the entries of a map whose keys are strings.
func (d *decoder) entries(into reflect.Value, read reader) error {
	value := reflect.New(into.Type().Elem()).Elem()
	return d.object(func(key []byte) error {
		k := reflect.ValueOf(d.keep(key))
		if into.MapIndex(k).IsValid() {
			return errors.New("a key comes twice")
		}
		if into.Len() >= MaxList {
			return fmt.Errorf("has more than %d entries", MaxList)
		}
		value.SetZero()
		if err := read(d, value); err != nil {
			return err
		}
		into.SetMapIndex(k, value)
		return nil
	})
}
