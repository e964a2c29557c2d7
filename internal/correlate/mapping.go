package correlate

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"path"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/muster-nhi/muster/internal/inventory"
)

// A Mapping says who owns what, by patterns that people wrote down. The first
// entry that matches decides, whatever other owners a record has: it is of high
// confidence. The zero Mapping maps nothing. It is safe for concurrent use.
type Mapping struct {
	name    string
	entries []entry
}

// Len returns the number of entries.
func (m *Mapping) Len() int { return len(m.entries) }

// An entry is one pattern and the owner it gives. Every pattern that is set
// must fit.
type entry struct {
	Pattern string // fits the id, the scope, the name or a path
	ID      string // fits the id
	Scope   string // fits the scope
	Name    string // fits the name
	Type    string // fits the type
	Path    string // fits a place where it was found or declared
	Tag     string // key=pattern: fits a tag; a bare key fits any value
	Owner   string // e-mail, handle or team
	Kind    string // person, team, nhi, or empty
	line    int
}

// mappingKeys lists the columns and keys of a mapping file.
var mappingKeys = map[string]string{
	"pattern": "pattern", "id": "id", "scope": "scope", "name": "name", "type": "type", "path": "path", "tag": "tag",
	"owner": "owner", "kind": "kind",
}

// ParseMapping reads a mapping file. One whose name ends in .csv or .tsv is a
// table with a header line, any other is YAML: a list of entries, alone or
// under the key owners. Keys are pattern, id, scope, name, type, path, tag,
// owner and kind. A * in a pattern stands for any characters, a ? for one.
// Every mistake is an error that names file and line, all of them at once for
// YAML, the first for a table; at most 64 MiB and a million entries are read.
func ParseMapping(name string, r io.Reader) (*Mapping, error) {
	data, err := readFile(name, r)
	if err != nil {
		return nil, err
	}
	m := &Mapping{name: path.Base(strings.ReplaceAll(name, `\`, "/"))}
	if low := strings.ToLower(name); strings.HasSuffix(low, ".csv") || strings.HasSuffix(low, ".tsv") {
		err = readTable(name, data, mappingKeys, true, func(r row) error {
			e := entry{line: r.line}
			for key := range mappingKeys {
				e.set(key, strings.Clone(r.get(key)))
			}
			m.entries = append(m.entries, e)
			return e.check()
		})
	} else {
		m.entries, err = readMappingYAML(name, data)
	}
	if err != nil {
		return nil, err
	}
	return m, nil
}

func (e *entry) set(key, value string) {
	switch key {
	case "pattern":
		e.Pattern = value
	case "id":
		e.ID = value
	case "scope":
		e.Scope = value
	case "name":
		e.Name = value
	case "type":
		e.Type = value
	case "path":
		e.Path = value
	case "tag":
		e.Tag = value
	case "owner":
		e.Owner = value
	case "kind":
		e.Kind = strings.ToLower(value)
	}
}

// check says what is wrong with an entry as a whole.
func (e *entry) check() error {
	switch {
	case e.Owner == "":
		return errors.New("has no owner")
	case placeholder[strings.ToLower(e.Owner)]:
		return fmt.Errorf("owner %q names nobody; leave the entry out", e.Owner)
	case e.Pattern == "" && e.ID == "" && e.Scope == "" && e.Name == "" && e.Type == "" && e.Path == "" && e.Tag == "":
		return errors.New("has no pattern; want one of pattern, id, scope, name, type, path, tag")
	case e.Kind != "" && !slices.Contains([]string{"person", "team", "nhi"}, e.Kind):
		return fmt.Errorf("kind is %s; want person, team or nhi", show(e.Kind))
	case strings.HasPrefix(e.Tag, "="):
		return errors.New("tag has no key; want key=pattern")
	}
	return nil
}

// readMappingYAML reads the YAML form. Anchors and aliases are refused: a
// mapping needs none, and they can make a small file endless.
func readMappingYAML(name string, data []byte) ([]entry, error) {
	var doc yaml.Node
	dec := yaml.NewDecoder(bytes.NewReader(data))
	if err := dec.Decode(&doc); err != nil {
		if errors.Is(err, io.EOF) {
			return nil, fmt.Errorf("%s:1: is empty; want a list of owners", name)
		}
		return nil, yamlError(name, err)
	}
	var next yaml.Node
	if err := dec.Decode(&next); !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("%s: holds more than one YAML document", name)
	}
	p := &mappingParser{name: name}
	p.document(&doc)
	if len(p.errs) > 0 {
		return nil, errors.Join(p.errs...)
	}
	return p.entries, nil
}

// yamlError names file and line of what the YAML library found; it writes
// "yaml: line 3: did not find …".
func yamlError(name string, err error) error {
	rest, ok := strings.CutPrefix(err.Error(), "yaml: line ")
	line, what, found := strings.Cut(rest, ": ")
	if !ok || !found {
		return fmt.Errorf("%s: %w", name, err)
	}
	return fmt.Errorf("%s:%s: is not YAML: %s", name, line, what)
}

type mappingParser struct {
	name    string
	entries []entry
	errs    []error
}

// maxErrors bounds the mistakes that are told of one file.
const maxErrors = 50

func (p *mappingParser) failf(n *yaml.Node, format string, args ...any) {
	if len(p.errs) < maxErrors {
		p.errs = append(p.errs, fmt.Errorf("%s:%d: %s", p.name, n.Line, fmt.Sprintf(format, args...)))
	}
}

func (p *mappingParser) document(doc *yaml.Node) {
	if len(doc.Content) != 1 {
		p.failf(doc, "want a list of owners")
		return
	}
	root := doc.Content[0]
	if root.Kind == yaml.MappingNode {
		found := false
		for i := 0; i+1 < len(root.Content); i += 2 {
			if key := root.Content[i]; key.Value != "owners" || found {
				p.failf(key, "unknown key %s; want owners, once", show(key.Value))
				continue
			}
			found = true
			p.list(root.Content[i+1])
		}
		return
	}
	p.list(root)
}

func (p *mappingParser) list(n *yaml.Node) {
	if n.Kind != yaml.SequenceNode || n.Anchor != "" {
		p.failf(n, "want a list of entries such as {scope: \"github.com/example/*\", owner: platform-team}")
		return
	}
	if len(n.Content) > maxRows {
		p.failf(n, "has more than %d entries", maxRows)
		return
	}
	for _, item := range n.Content {
		p.entry(item)
	}
}

func (p *mappingParser) entry(n *yaml.Node) {
	if n.Kind != yaml.MappingNode || n.Anchor != "" {
		p.failf(n, "want an entry such as {scope: \"github.com/example/*\", owner: platform-team}, without anchors")
		return
	}
	e, seen, before := entry{line: n.Line}, map[string]bool{}, len(p.errs)
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		switch {
		case mappingKeys[key.Value] == "":
			p.failf(key, "unknown key %s; want %s", show(key.Value), list(mappingKeys))
		case seen[key.Value]:
			p.failf(key, "key %q is there twice", key.Value)
		case value.Kind != yaml.ScalarNode || value.Anchor != "" || key.Anchor != "":
			p.failf(value, "%s is not a plain text", key.Value)
		case len(value.Value) > maxField || !printable(value.Value):
			p.failf(value, "%s is longer than %d bytes or holds a control character", key.Value, maxField)
		default:
			e.set(key.Value, strings.TrimSpace(value.Value))
		}
		seen[key.Value] = true
	}
	if len(p.errs) == before {
		if err := e.check(); err != nil {
			p.failf(n, "%s", err.Error())
		}
	}
	p.entries = append(p.entries, e)
}

// source says which entry it is, for the owner record.
func (e *entry) source(file string) string { return fmt.Sprintf("%s:%d", file, e.line) }

// match returns the first entry that fits, or nil.
func (m *Mapping) match(s subject) *entry {
	for i := range m.entries {
		if e := &m.entries[i]; e.fits(s) {
			return e
		}
	}
	return nil
}

func (e *entry) fits(s subject) bool {
	ok := func(pattern, text string) bool { return pattern == "" || glob(pattern, text) }
	switch {
	case !ok(e.Scope, s.scope), !ok(e.Name, s.name), !ok(e.Type, s.kind):
		return false
	case e.ID != "" && !glob(e.ID, s.id) && !glob(e.ID, s.native):
		return false
	case e.Path != "" && !atPath(e.Path, s):
		return false
	case e.Tag != "" && !hasTag(e.Tag, s.tags):
		return false
	case e.Pattern == "":
		return true
	}
	return glob(e.Pattern, s.id) || glob(e.Pattern, s.native) || glob(e.Pattern, s.scope) || glob(e.Pattern, s.name) || atPath(e.Pattern, s)
}

// atPath reports whether a pattern fits a place. One that ends in a slash fits
// all below it.
func atPath(pattern string, s subject) bool {
	if strings.HasSuffix(pattern, "/") {
		pattern += "*"
	}
	pattern = strings.TrimPrefix(pattern, "/")
	return slices.ContainsFunc(s.places, func(l inventory.Location) bool { return glob(pattern, l.URI) })
}

func hasTag(want string, tags map[string]string) bool {
	key, pattern, ok := strings.Cut(want, "=")
	value, has := tags[key]
	return has && (!ok || glob(pattern, value))
}
