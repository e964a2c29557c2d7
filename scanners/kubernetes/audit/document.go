package audit

// A document takes JSON apart byte by byte into values that fit into memory: an
// object or array at the top, or the elements of a list that an object at the top
// has under one of the names of isList, and of one in such a list again
// (hits.hits).
type document struct {
	u     *Uses
	limit int
	open  []byte // brackets that are open
	lists int    // how many of them, from the top, belong to lists whose elements are values

	text    []byte // of the value that is being read
	reading bool
	over    bool // it is longer than limit
	from    int  // brackets that were open before it

	quoted, escaped bool
	word            []byte // the text in quotes that came last, cut
	key             string // the key before the value that begins
}

// take takes one byte.
func (d *document) take(c byte) {
	if d.reading {
		d.append(c)
	}
	switch {
	case d.quoted:
		d.inside(c)
	case c == '"':
		d.quoted, d.word = true, d.word[:0]
	case c == ':':
		d.key = string(d.word)
	case c == '{' || c == '[':
		d.opened(c)
	case c == '}' || c == ']':
		d.closed()
	case c == ',':
		d.key = ""
	}
}

// inside takes a byte of a text in quotes.
func (d *document) inside(c byte) {
	switch {
	case d.escaped:
		d.escaped = false
	case c == '\\':
		d.escaped = true
	case c == '"':
		d.quoted = false
	case len(d.word) < 32:
		d.word = append(d.word, c)
	}
}

func (d *document) append(c byte) {
	if len(d.text) >= d.limit {
		d.over = true
		return
	}
	d.text = append(d.text, c)
}

// opened takes an opening bracket. What is read of an object is let go when it
// turns out to hold a list of events.
func (d *document) opened(c byte) {
	depth := len(d.open)
	var frame bool
	switch {
	case d.lists > 0:
	case c == '[':
		frame = depth == 0 || depth == 1 && isList(d.key) || depth == 2 && d.key == "hits"
	default:
		frame = depth == 1 && d.key == "hits"
	}
	switch {
	case frame:
		d.reading, d.over, d.text = false, false, d.text[:0]
		if c == '[' {
			d.lists = depth + 1
		}
	case !d.reading && c == '{' && (depth == 0 || depth == d.lists):
		d.reading, d.over, d.from = true, false, depth
		d.text = append(d.text[:0], c)
	}
	d.open = append(d.open, c)
	d.key = ""
}

// closed takes a closing bracket.
func (d *document) closed() {
	if len(d.open) == 0 {
		d.u.broken()
		return
	}
	d.open = d.open[:len(d.open)-1]
	depth := len(d.open)
	if d.lists > depth {
		d.lists = 0
	}
	if !d.reading || depth > d.from {
		return
	}
	d.reading = false
	if d.over {
		d.u.long()
		return
	}
	_, found, ok := d.u.value(d.text, 0)
	switch {
	case !ok:
		d.u.broken()
	case found == 0:
		d.u.state.window.Foreign++
	}
}
