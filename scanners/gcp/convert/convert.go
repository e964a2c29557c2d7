// Package convert turns resources in the JSON of Google Cloud's REST APIs into
// package object: as the APIs answer, as the command line saves them, and as Asset
// Inventory holds them in resource.data. The forms are those of the APIs' discovery
// documents.
//
// Every function decodes into types that have no field for the value of a secret.
// An error says that a field is of another type than documented; what could be read
// is returned with it, and never quoted. Nothing here does I/O.
package convert

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/scanners/gcp/object"
)

// read decodes what can be decoded; the error names a field and no value.
func read(raw []byte, into any) error {
	err := json.Unmarshal(raw, into)
	if err == nil {
		return nil
	}
	if odd, ok := errors.AsType[*json.UnmarshalTypeError](err); ok && odd.Field != "" {
		return fmt.Errorf("field %s is of another type than documented", inventory.Clip(inventory.Printable(odd.Field), maxField))
	}
	return errors.New("is no such object")
}

// maxField bounds the name of a field in an error.
const maxField = 100

// A Moment is a time in RFC 3339, as all APIs write it; anything else is unknown.
type Moment struct{ time.Time }

// UnmarshalJSON reads a time. It never errs, so that nothing else is lost.
func (m *Moment) UnmarshalJSON(b []byte) error {
	text, err := strconv.Unquote(string(b))
	if err != nil {
		return nil //nolint:nilerr // unknown
	}
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return nil //nolint:nilerr // unknown
	}
	m.Time = at.UTC()
	return nil
}

// never reports whether a time is Google's word for never: the last second of the
// year 9999.
func (m Moment) never() bool { return m.Year() == 9999 }

// A span is a duration as protocol buffers write it in JSON: 7776000s.
type span time.Duration

// UnmarshalJSON reads a duration; anything else is none.
func (s *span) UnmarshalJSON(b []byte) error {
	text, err := strconv.Unquote(string(b))
	if err != nil {
		return nil //nolint:nilerr // unknown
	}
	n, err := strconv.ParseFloat(strings.TrimSuffix(text, "s"), 64)
	const most = float64(1<<63-1) / float64(time.Second)
	if err != nil || !strings.HasSuffix(text, "s") || !(n >= 0 && n < most) { // NaN is neither
		return nil //nolint:nilerr // unknown
	}
	*s = span(n * float64(time.Second))
	return nil
}

// labels are what people put on a resource, in any of the forms in which it is
// written.
type labels []object.Label

// UnmarshalJSON reads a map of texts. Values of another type are left out.
func (l *labels) UnmarshalJSON(b []byte) error {
	var m map[string]any
	if err := json.Unmarshal(b, &m); err != nil {
		return nil //nolint:nilerr // labels of another shape are unknown; nothing else is lost
	}
	*l = nil
	for _, k := range slices.Sorted(maps.Keys(m)) {
		if v, ok := m[k].(string); ok {
			*l = append(*l, object.Label{Key: k, Value: v})
		}
	}
	return nil
}

// disabled is what an API says that leaves out a false.
func disabled(b bool) inventory.Tri { return inventory.TriOf(b) }

// present reports whether a field was there and no null.
func present(raw json.RawMessage) bool { return len(raw) > 0 && string(raw) != "null" }

// Last is the last part of a name.
func Last(name string) string { return name[strings.LastIndexByte(name, '/')+1:] }

// Part is what follows a collection in a name: Part("projects/p/secrets/s",
// "secrets") is s; empty if there is none. A domain project (example.com:p) is a
// part like others.
func Part(name, collection string) string {
	parts := strings.Split(name, "/")
	for i := 0; i+1 < len(parts); i++ {
		if parts[i] == collection {
			return parts[i+1]
		}
	}
	return ""
}

// Bare is a full resource name without its leading slashes, or a self link as such
// a name: compute.googleapis.com/projects/….
func Bare(name string) string {
	name = strings.TrimPrefix(name, "//")
	if rest, ok := strings.CutPrefix(name, "https://www.googleapis.com/compute/"); ok {
		if _, rest, ok = strings.Cut(rest, "/"); ok { // the version
			return "compute.googleapis.com/" + rest
		}
	}
	rest, ok := strings.CutPrefix(name, "https://")
	if !ok {
		return name
	}
	service, rest, ok := strings.Cut(rest, "/")
	if !ok || !strings.HasSuffix(service, ".googleapis.com") {
		return name
	}
	if service == "compute.googleapis.com" {
		rest = strings.TrimPrefix(rest, "compute/")
	}
	if version, below, ok := strings.Cut(rest, "/"); ok && strings.HasPrefix(version, "v") {
		rest = below
	}
	return service + "/" + rest
}
