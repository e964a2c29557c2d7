package export

import (
	"cmp"
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/muster-nhi/muster/internal/privilege/aws/policy"
	"github.com/muster-nhi/muster/internal/saved"
	"github.com/muster-nhi/muster/scanners/aws/object"
)

// A handler knows the objects of a list that one call returns.
type handler struct {
	action string
	// read takes an object; false if it is of another call.
	read func(doc *document, raw json.RawMessage) bool
}

// An answer knows a document that is one object, by the names of its fields.
type answer struct {
	action string
	needs  []string // fields that it has
	read   func(doc *document, raw json.RawMessage) bool
}

// handlers are all that is understood: lists by their name, and answers.
type handlers struct {
	lists   map[string][]handler
	answers []answer
}

func newHandlers() handlers {
	h := handlers{lists: map[string][]handler{}}
	for _, add := range []func(*handlers){
		(*handlers).identities, (*handlers).secretStores, (*handlers).certificates, (*handlers).compute, (*handlers).builders,
		(*handlers).clusters, (*handlers).connections, (*handlers).agents, (*handlers).organizations, (*handlers).center, (*handlers).resources, (*handlers).listings,
	} {
		add(&h)
	}
	return h
}

// on adds a kind of object: what it is called in the answer, which call that is,
// how it is told from other calls' objects, and where its ARN is ("" for one that
// has none).
func on[T any](h *handlers, key, action string, know func(*T) bool, arnOf func(*T) string, put func(a *account, region string, v *T)) {
	h.lists[key] = append(h.lists[key], handler{action, func(doc *document, raw json.RawMessage) bool {
		v := new(T)
		err := json.Unmarshal(raw, v)
		if know != nil && !know(v) {
			return false
		}
		doc.take(action, arnOf(v), err, func(a *account, region string) { put(a, region, v) })
		return true
	}})
}

// one adds an answer that is an object by itself.
func one[T any](h *handlers, action string, needs []string, arnOf func(*T) string, put func(a *account, region string, v *T)) {
	h.answers = append(h.answers, answer{action, needs, func(doc *document, raw json.RawMessage) bool {
		v := new(T)
		err := json.Unmarshal(raw, v)
		if x, ok := any(v).(fitting); ok && !x.fits() {
			return false
		}
		if x, ok := any(v).(named); ok {
			x.named(doc.name)
		}
		doc.take(action, arnOf(v), err, func(a *account, region string) { put(a, region, v) })
		return true
	}})
}

// A named answer lacks what it was asked about, which may stand in the name of its
// file.
type named interface{ named(file string) }

// A fitting answer is told from others with fields of the same names.
type fitting interface{ fits() bool }

// noARN is the ARN of what has none.
func noARN[T any](*T) string { return "" }

// take counts an object and puts it into its account. One of which a field has
// another type than it should is kept without it, and counted as bad.
func (doc *document) take(action, text string, err error, put func(a *account, region string)) {
	x, ok := parseARN(text)
	switch {
	case ok:
		doc.of(x, put)
	case text == "" || strings.HasPrefix(x.Partition, "aws") && x.Account == "":
		doc.add(action, "", put)
	default:
		err = errors.New("no ARN")
	}
	account, region := "", doc.region
	if ok {
		account, region = x.Account, cmp.Or(x.Region, region)
	}
	n := doc.hear(action, account, region)
	n.all++
	if err != nil {
		n.bad++
	}
}

// read looks what a document is that is no list.
func (doc *document) read() {
	flat := sync.OnceValues(func() ([]byte, error) { return json.Marshal(doc.flat) })
	for i := range doc.r.kinds.answers {
		x := &doc.r.kinds.answers[i]
		if slices.ContainsFunc(x.needs, func(k string) bool { _, ok := doc.flat[k]; return !ok }) {
			continue
		}
		raw, err := flat()
		if err == nil && x.read(doc, raw) {
			doc.known = true
			return
		}
	}
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

// A moment is a time as the command line writes it: ISO 8601, or seconds since
// 1970 as versions before 2 do. What is neither is unknown.
type moment struct{ time.Time }

// UnmarshalJSON reads both.
func (m *moment) UnmarshalJSON(b []byte) error {
	text, err := strconv.Unquote(string(b))
	if err != nil {
		text = string(b)
	}
	if seconds, err := strconv.ParseFloat(text, 64); err == nil {
		if seconds > 0 && seconds < 8e9 {
			m.Time = time.UnixMilli(int64(seconds * 1000)).UTC()
		}
		return nil
	}
	for _, layout := range []string{time.RFC3339, "2006-01-02 15:04:05Z07:00", "2006-01-02T15:04:05Z0700", "2006-01-02T15:04:05.000-0700", "2006-01-02"} {
		if at, err := time.Parse(layout, text); err == nil {
			m.Time = at.UTC()
			return nil
		}
	}
	return nil
}

// A text is a policy document: the object itself, or a string that holds it.
type text []byte

// UnmarshalJSON keeps either.
func (t *text) UnmarshalJSON(b []byte) error {
	var s string
	if len(b) > 0 && b[0] == '"' && json.Unmarshal(b, &s) == nil {
		*t = []byte(s)
		return nil
	}
	if string(b) != "null" {
		*t = slices.Clone(b)
	}
	return nil
}

// parse reads the document; the text says why it could not be read.
func (t text) parse() (*policy.Document, string) {
	if len(t) == 0 {
		return nil, "the policy is empty"
	}
	d, err := policy.Parse(t)
	if err != nil {
		return nil, saved.Short(err.Error(), 200)
	}
	return d, ""
}

// document reads the document where nothing else can hold what is wrong with it;
// that becomes a note of the account.
func (t text) document(a *account, what string) *policy.Document {
	if len(t) == 0 {
		return nil
	}
	d, problem := t.parse()
	if problem != "" {
		a.Notes = append(a.Notes, saved.Short(what, 200)+": the policy cannot be read: "+problem)
	}
	return d
}

// tags reads the tags of AWS in both of their shapes.
type tags []object.Tag

// UnmarshalJSON reads a list of keys and values, or a map.
func (t *tags) UnmarshalJSON(b []byte) error {
	var list []struct{ Key, Value string }
	if err := json.Unmarshal(b, &list); err == nil {
		*t = nil
		for _, x := range list {
			*t = append(*t, object.Tag{Key: x.Key, Value: x.Value})
		}
		return nil
	}
	var m map[string]string
	if err := json.Unmarshal(b, &m); err != nil {
		return nil //nolint:nilerr // tags of another shape are unknown; nothing else is lost
	}
	*t = nil
	for _, k := range sortedKeys(m) {
		*t = append(*t, object.Tag{Key: k, Value: m[k]})
	}
	return nil
}

// list returns the tags by key.
func (t tags) list() []object.Tag {
	out := slices.Clone([]object.Tag(t))
	slices.SortStableFunc(out, func(a, b object.Tag) int { return strings.Compare(a.Key, b.Key) })
	return out
}
