package object

import (
	"slices"
)

// dataKeys returns the keys below data and stringData that a set of fields
// (structured-merge-diff's FieldsV1, a JSON object with a member "f:NAME" for each
// field) owns, and whether it owns any. It walks over the text, for there are one
// or more of these for each Secret of a cluster.
func (t *Texts) dataKeys(fields []byte) (keys []string, data bool) {
	w := walker{text: fields}
	w.object(func(member []byte) {
		if s := string(member); s != "f:data" && s != "f:stringData" {
			w.skip()
			return
		}
		data = true
		w.object(func(member []byte) {
			if len(member) > 2 && member[0] == 'f' && member[1] == ':' {
				keys = append(keys, t.internBytes(member[2:]))
			}
			w.skip()
		})
	})
	if w.bad {
		return nil, false
	}
	slices.Sort(keys)
	return slices.Compact(keys), data
}

// A walker reads JSON as far as FieldsV1 go: objects whose names hold no escapes
// of interest, and any value. What is not JSON makes it bad.
type walker struct {
	text []byte
	at   int
	bad  bool
}

// object calls each with the name of every member; it must read the value.
func (w *walker) object(each func(member []byte)) {
	if !w.take('{') {
		w.bad = true
		return
	}
	if w.take('}') {
		return
	}
	for !w.bad {
		name := w.string()
		if !w.take(':') {
			w.bad = true
		}
		if w.bad {
			return
		}
		each(name)
		if w.bad || w.take('}') {
			return
		}
		if !w.take(',') {
			w.bad = true
		}
	}
}

// take reads a character, after white space.
func (w *walker) take(c byte) bool {
	w.space()
	if w.at < len(w.text) && w.text[w.at] == c {
		w.at++
		return true
	}
	return false
}

func (w *walker) space() {
	for w.at < len(w.text) {
		switch w.text[w.at] {
		case ' ', '\t', '\n', '\r':
			w.at++
		default:
			return
		}
	}
}

// string reads a string and returns what stands in it, escapes as they are.
func (w *walker) string() []byte {
	if !w.take('"') {
		w.bad = true
		return nil
	}
	start := w.at
	for w.at < len(w.text) {
		switch w.text[w.at] {
		case '"':
			w.at++
			return w.text[start : w.at-1]
		case '\\':
			w.at++
		}
		w.at++
	}
	w.bad = true
	return nil
}

// skip reads over a value.
func (w *walker) skip() {
	depth := 0
	for !w.bad {
		w.space()
		if w.at >= len(w.text) {
			w.bad = true
			return
		}
		switch w.text[w.at] {
		case '"':
			w.string()
		case '{', '[':
			depth++
			w.at++
		case '}', ']':
			if depth--; depth < 0 {
				w.bad = true
				return
			}
			w.at++
		case ',', ':':
			if depth == 0 {
				w.bad = true
				return
			}
			w.at++
			continue
		default:
			w.at++
			for w.at < len(w.text) && !slices.Contains([]byte(" \t\n\r,:{}[]\""), w.text[w.at]) {
				w.at++
			}
		}
		if depth == 0 {
			return
		}
	}
}
