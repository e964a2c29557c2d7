package declared

import (
	"bytes"
	"errors"
	"io"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// maxVisits bounds the nodes that are looked at in one document, so that
// aliases cannot multiply the work.
const maxVisits = 2_000_000

// A node is a place in a YAML document. The zero node is an absent one: all its
// methods work and find nothing. Aliases are followed, merge keys honoured.
type node struct {
	y   *yaml.Node
	doc *document
}

// A document is one of a YAML stream.
type document struct {
	offset int // lines before it in the file
	visits int // left
}

// spent counts n visits and reports whether they are used up.
func (d *document) spent(n int) bool {
	d.visits -= n
	return d.visits < 0
}

// documents splits a stream and parses each document by itself, so that one bad
// document does not hide the others. Block scalars cannot hold a line that
// begins with "---" (YAML 1.2.2 section 9.1.2), so the split is safe.
func (o *output) documents(content []byte, each func(node)) {
	content = bytes.TrimPrefix(content, []byte("\xef\xbb\xbf"))
	var start, first, at, line int
	for text := range bytes.Lines(content) {
		if isSeparator(text) && at > start {
			o.document(content[start:at], first, each)
			start, first = at, line
		}
		at += len(text)
		line++
	}
	o.document(content[start:], first, each)
}

// isSeparator reports whether a line opens a document.
func isSeparator(line []byte) bool {
	rest, ok := bytes.CutPrefix(line, []byte("---"))
	return ok && (len(rest) == 0 || bytes.IndexByte([]byte(" \t\r\n"), rest[0]) >= 0)
}

// isDirectives reports whether a text is nothing but directives, comments and
// blank lines.
func isDirectives(text []byte) bool {
	for line := range bytes.Lines(text) {
		line = bytes.TrimSpace(line)
		if len(line) > 0 && line[0] != '%' && line[0] != '#' {
			return false
		}
	}
	return true
}

// document parses one document.
func (o *output) document(text []byte, offset int, each func(node)) {
	if isDirectives(text) {
		return
	}
	var root yaml.Node
	err := yaml.NewDecoder(bytes.NewReader(text)).Decode(&root)
	switch {
	case errors.Is(err, io.EOF):
		return
	case err != nil:
		o.lost(offset+yamlLine(err), "invalid YAML: "+yamlReason(err))
		return
	}
	doc := &document{offset: offset, visits: maxVisits}
	each(node{&root, doc}.resolve())
	if doc.visits < 0 {
		o.lost(offset+1, "YAML aliases multiply this document beyond what is read")
	}
}

// yamlLine takes the line out of a parser's error; 1 if there is none.
func yamlLine(err error) int {
	if m := lineForm().FindStringSubmatch(err.Error()); m != nil {
		if n, err := strconv.Atoi(m[1]); err == nil {
			return n
		}
	}
	return 1
}

// yamlReason is the parser's complaint without the content that it may quote.
func yamlReason(err error) string {
	text := strings.TrimPrefix(err.Error(), "yaml: ")
	if lead := lineForm().FindStringIndex(text); len(lead) > 0 && lead[0] == 0 {
		text = strings.TrimPrefix(text[lead[1]:], ": ")
	}
	if quote := strings.IndexAny(text, "'\"`"); quote >= 0 {
		text = text[:quote] + "…"
	}
	return clean(strings.SplitN(text, "\n", 2)[0])
}

// resolve goes through documents and aliases to what is meant.
func (n node) resolve() node {
	for range 20 {
		switch {
		case n.y == nil || n.doc.spent(1):
			return node{}
		case n.y.Kind == yaml.DocumentNode && len(n.y.Content) > 0:
			n.y = n.y.Content[0]
		case n.y.Kind == yaml.AliasNode:
			n.y = n.y.Alias
		default:
			return n
		}
	}
	return node{}
}

// ok reports whether there is something.
func (n node) ok() bool { return n.y != nil }

// line is the line in the file, from 1; 0 for an absent node.
func (n node) line() int {
	if n.y == nil {
		return 0
	}
	return n.y.Line + n.doc.offset
}

// text returns a scalar as it is written; "" for anything else or null.
func (n node) text() string {
	if n.y == nil || n.y.Kind != yaml.ScalarNode || n.y.Tag == "!!null" {
		return ""
	}
	return n.y.Value
}

// isMap and isList tell the kind of a node.
func (n node) isMap() bool  { return n.y != nil && n.y.Kind == yaml.MappingNode }
func (n node) isList() bool { return n.y != nil && n.y.Kind == yaml.SequenceNode }

// A pair is one entry of a mapping.
type pair struct {
	key   string
	line  int
	value node
}

// pairs returns the entries of a mapping in order, its own before merged ones;
// nil for anything else.
func (n node) pairs() []pair { return n.pairsTo(8) }

func (n node) pairsTo(depth int) []pair {
	if !n.isMap() || depth == 0 || n.doc.spent(len(n.y.Content)) {
		return nil
	}
	var own []pair
	var merged []node
	seen := make(map[string]bool, len(n.y.Content)/2)
	for i := 0; i+1 < len(n.y.Content); i += 2 {
		k, v := n.y.Content[i], node{n.y.Content[i+1], n.doc}.resolve()
		if k.Kind != yaml.ScalarNode {
			continue
		}
		if k.Tag == "!!merge" {
			merged = append(merged, v)
			continue
		}
		if !seen[k.Value] {
			seen[k.Value] = true
			own = append(own, pair{k.Value, k.Line + n.doc.offset, v})
		}
	}
	for _, m := range merged {
		sources := []node{m}
		if m.isList() {
			sources = m.items()
		}
		for _, source := range sources {
			for _, p := range source.pairsTo(depth - 1) {
				if !seen[p.key] {
					seen[p.key] = true
					own = append(own, p)
				}
			}
		}
	}
	return own
}

// items returns the elements of a list; nil for anything else.
func (n node) items() []node {
	if !n.isList() || n.doc.spent(len(n.y.Content)) {
		return nil
	}
	out := make([]node, 0, len(n.y.Content))
	for _, c := range n.y.Content {
		out = append(out, node{c, n.doc}.resolve())
	}
	return out
}

// get follows keys down mappings.
func (n node) get(keys ...string) node {
	for _, key := range keys {
		found := node{}
		for _, p := range n.pairs() {
			if p.key == key {
				found = p.value
				break
			}
		}
		n = found
	}
	return n
}

// texts returns the scalars of a list, or the one scalar, in order.
func (n node) texts() []string {
	if t := n.text(); t != "" {
		return []string{t}
	}
	var out []string
	for _, item := range n.items() {
		if t := item.text(); t != "" {
			out = append(out, t)
		}
	}
	return out
}

// strings returns the scalar values of a mapping.
func (n node) strings() map[string]string {
	var out map[string]string
	for _, p := range n.pairs() {
		if p.value.y != nil && p.value.y.Kind == yaml.ScalarNode && clean(p.key) != "" {
			if out == nil {
				out = make(map[string]string)
			}
			out[clean(p.key)] = clean(p.value.text())
		}
	}
	return out
}

// scalars calls each with every scalar below the node, keys left out.
func (n node) scalars(each func(node)) { n.scalarsTo(64, each) }

func (n node) scalarsTo(depth int, each func(node)) {
	if n.y == nil || depth == 0 {
		return
	}
	if n.y.Kind == yaml.ScalarNode {
		each(n)
		return
	}
	for _, p := range n.pairs() {
		p.value.scalarsTo(depth-1, each)
	}
	for _, item := range n.items() {
		item.scalarsTo(depth-1, each)
	}
}
