package object

import "unique"

// Texts makes objects that share the texts that many of them hold: namespaces,
// kinds, labels, names of Secrets. One reading has one, which is dropped with it:
// that costs a quarter of a table of the whole program, which has to find out what
// nobody holds any more. The functions that convert without one use such a table.
//
// Memory grows with the number of different texts, short ones only. It is not
// safe for concurrent use.
type Texts struct {
	known map[string]string
}

// NewTexts returns one that knows nothing yet.
func NewTexts() *Texts { return &Texts{known: make(map[string]string, 1024)} }

// maxShared is the longest text that is shared, in bytes: that of a name and of
// the value of a label. Longer ones hardly repeat.
const maxShared = 253

// intern returns the shared copy of a text that many objects hold.
func (t *Texts) intern(s string) string {
	switch {
	case t == nil:
		return intern(s)
	case s == "" || len(s) > maxShared:
		return s
	}
	if known, ok := t.known[s]; ok {
		return known
	}
	t.known[s] = s
	return s
}

// internBytes is intern for what stands in a buffer.
func (t *Texts) internBytes(b []byte) string {
	if t != nil {
		if known, ok := t.known[string(b)]; ok { // which copies nothing
			return known
		}
	}
	return t.intern(string(b))
}

// internAll is intern for each of a list, which it changes.
func (t *Texts) internAll(list []string) []string {
	for i, s := range list {
		list[i] = t.intern(s)
	}
	return list
}

// intern returns the copy of a text that the whole program shares.
func intern(s string) string {
	if s == "" {
		return ""
	}
	return unique.Make(s).Value()
}
