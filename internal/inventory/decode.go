package inventory

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// A syntaxError says that a line is not JSON. It quotes nothing.
type syntaxError struct {
	what   string
	offset int
}

func (e *syntaxError) Error() string {
	if e.offset > 0 {
		return fmt.Sprintf("%s at byte %d", e.what, e.offset)
	}
	return e.what
}

// A decoder makes records from lines.
type decoder struct{}

// decode makes a valid record from one line. The error quotes nothing of the
// line but what Validate may quote.
func (d *decoder) decode(line []byte) (Record, error) {
	if err := checkText(line); err != nil {
		return Record{}, err
	}
	kind, value, err := envelope(line)
	if err != nil {
		return Record{}, err
	}
	var r Record
	into := r.allocate(kind)
	if into == nil {
		return Record{}, unknownKind(kind)
	}
	if err := json.Unmarshal(value, into); err != nil {
		return Record{}, decodeError(kind, err)
	}
	r.utc()
	if err := r.Validate(); err != nil {
		return Record{}, err
	}
	return r, nil
}

// envelope splits {"kind": {…}} into the kind and the object.
func envelope(line []byte) (Kind, []byte, error) {
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(line, &fields); err != nil {
		return "", nil, decodeError("record", err)
	}
	if len(fields) != 1 {
		return "", nil, fmt.Errorf("want one key, the kind of the record, and have %d", len(fields))
	}
	for k, v := range fields {
		if !bytes.HasPrefix(v, []byte("{")) {
			return "", nil, fmt.Errorf("the record is not an object")
		}
		return Kind(k), v, nil
	}
	return "", nil, nil
}

// allocate sets the field of that kind to a new, empty record and returns it,
// or nil if there is no such kind.
func (r *Record) allocate(kind Kind) any {
	switch kind {
	case KindIdentity:
		r.Identity = new(Identity)
		return r.Identity
	case KindCredential:
		r.Credential = new(Credential)
		return r.Credential
	case KindGrant:
		r.Grant = new(Grant)
		return r.Grant
	case KindUsage:
		r.Usage = new(Usage)
		return r.Usage
	case KindTrust:
		r.Trust = new(Trust)
		return r.Trust
	case KindConsumer:
		r.Consumer = new(Consumer)
		return r.Consumer
	case KindOwner:
		r.Owner = new(Owner)
		return r.Owner
	case KindCoverage:
		r.Coverage = new(Coverage)
		return r.Coverage
	case KindProgress:
		r.Progress = new(Progress)
		return r.Progress
	case KindRelation:
		r.Relation = new(Relation)
		return r.Relation
	case KindFinding:
		r.Finding = new(Finding)
		return r.Finding
	default:
		return nil
	}
}

// unknownKind names the key only if it looks like one: it could be anything.
func unknownKind(kind Kind) error {
	if ValidName(string(kind)) && len(kind) <= 20 {
		return fmt.Errorf("there is no record kind %q", string(kind))
	}
	return errors.New("the key is not a record kind")
}

func decodeError(kind Kind, err error) error {
	var syntax *json.SyntaxError
	var typ *json.UnmarshalTypeError
	var t *time.ParseError
	switch {
	case errors.As(err, &syntax):
		return &syntaxError{"is not JSON", int(syntax.Offset)}
	case errors.As(err, &typ):
		return fmt.Errorf("%s: %s: want %s", kind, typ.Field, typ.Type)
	case errors.As(err, &t):
		return fmt.Errorf("%s: a time is not as in RFC 3339", kind)
	default:
		return fmt.Errorf("%s: a field has the wrong form", kind)
	}
}

// utc turns all times to UTC.
func (r *Record) utc() {
	toUTC := func(times ...*time.Time) {
		for _, t := range times {
			*t = t.UTC()
		}
	}
	places := func(list []Location) {
		for i := range list {
			toUTC(&list[i].Date)
		}
	}
	switch r.Kind() {
	case KindIdentity:
		x := r.Identity
		toUTC(&x.CreatedAt, &x.ReviewedAt)
		places(x.FoundAt)
	case KindCredential:
		x := r.Credential
		toUTC(&x.CreatedAt, &x.RotatedAt, &x.ExpiresAt, &x.NextRotationAt, &x.FirstSeenAt, &x.LastSeenAt)
		places(x.FoundAt)
	case KindGrant:
		toUTC(&r.Grant.GrantedAt, &r.Grant.ExpiresAt)
	case KindUsage:
		toUTC(&r.Usage.LastUsedAt, &r.Usage.TrackedSince)
	case KindTrust:
		places(r.Trust.FoundAt)
	case KindConsumer:
		places(r.Consumer.FoundAt)
	case KindCoverage:
		toUTC(&r.Coverage.StartedAt, &r.Coverage.FinishedAt)
	case KindFinding:
		x := r.Finding
		toUTC(&x.FirstSeen, &x.LastSeen)
		places(x.Locations)
		if x.Exception != nil {
			toUTC(&x.Exception.Expires)
		}
	}
}
