package findings

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"
)

// Limits on files that people or strangers write.
const (
	maxFileBytes = 1 << 20 // of one YAML file
	maxYAMLDepth = 40      // nesting of one YAML file
)

// A document is one YAML file, read strictly: every node knows its line, and
// mistakes are collected instead of ending the reading.
type document struct {
	file  string
	lines []string // the source, to map places inside a text back to the file
	root  *yaml.Node
	found *problems
}

var yamlLine = regexp.MustCompile(`^(?:yaml: )?(?:line (\d+): )?(?s:(.*))$`)

// parseDocument reads one YAML document. It returns nil after it has reported
// why the file cannot be read at all. Anchors and aliases are refused: they
// are how a small file becomes a huge one.
func parseDocument(file string, text []byte, found *problems) *document {
	if len(text) > maxFileBytes {
		found.addf(file, 0, "the file has %d bytes, at most %d are read", len(text), maxFileBytes)
		return nil
	}
	dec := yaml.NewDecoder(bytes.NewReader(text))
	var root, second yaml.Node
	if err := dec.Decode(&root); err != nil {
		if errors.Is(err, io.EOF) {
			found.addf(file, 0, "the file is empty")
			return nil
		}
		reportYAML(file, err, found)
		return nil
	}
	if err := dec.Decode(&second); err == nil {
		found.addf(file, second.Line, "a second YAML document begins here; want one document a file")
		return nil
	} else if !errors.Is(err, io.EOF) {
		reportYAML(file, err, found)
		return nil
	}
	d := &document{file: file, lines: strings.Split(string(text), "\n"), found: found}
	if root.Kind != yaml.DocumentNode || len(root.Content) != 1 {
		found.addf(file, 0, "the file is empty")
		return nil
	}
	d.root = root.Content[0]
	if !d.plain(d.root, 0) {
		return nil
	}
	return d
}

func reportYAML(file string, err error, found *problems) {
	m := yamlLine.FindStringSubmatch(err.Error())
	line, _ := strconv.Atoi(m[1]) // no number: 0, the whole file
	found.addf(file, line, "not valid YAML: %s", m[2])
}

// plain reports anchors, aliases, exotic tags and too deep nesting.
func (d *document) plain(n *yaml.Node, depth int) bool {
	switch {
	case depth > maxYAMLDepth:
		d.addf(n, "nested deeper than %d levels", maxYAMLDepth)
	case n.Kind == yaml.AliasNode, n.Anchor != "":
		d.addf(n, "anchors and aliases are not supported; write the value out")
	case n.Tag == "!!merge":
		d.addf(n, "merge keys are not supported; write the value out")
	default:
		for _, c := range n.Content {
			if !d.plain(c, depth+1) {
				return false
			}
		}
		return true
	}
	return false
}

func (d *document) addf(n *yaml.Node, format string, args ...any) {
	d.found.addf(d.file, n.Line, format, args...)
}

// entries are the values of a mapping by key.
type entries map[string]*yaml.Node

// mapping returns the entries of a mapping, after reporting keys that are
// unknown or there twice. Nil known takes any key.
func (d *document) mapping(n *yaml.Node, what string, known []string) entries {
	if n.Kind != yaml.MappingNode {
		d.addf(n, "%s: want a mapping, not %s", what, describe(n))
		return nil
	}
	out := make(entries, len(n.Content)/2)
	for i := 0; i+1 < len(n.Content); i += 2 {
		key := n.Content[i]
		switch {
		case key.Kind != yaml.ScalarNode:
			d.addf(key, "%s: want a plain key, not %s", what, describe(key))
		case known != nil && !slices.Contains(known, key.Value):
			d.addf(key, "%s: unknown field %q%s", what, key.Value, meant(key.Value, known))
		case out[key.Value] != nil:
			d.addf(key, "%s: field %q is there twice", what, key.Value)
		default:
			out[key.Value] = n.Content[i+1]
		}
	}
	return out
}

// keys returns the key nodes of a mapping.
func keys(n *yaml.Node) []*yaml.Node {
	var out []*yaml.Node
	if n != nil && n.Kind == yaml.MappingNode {
		for i := 0; i+1 < len(n.Content); i += 2 {
			out = append(out, n.Content[i])
		}
	}
	return out
}

// text returns a scalar that is meant as text; numbers must be quoted, so that
// 1.10 does not become 1.1. A missing node is "".
func (d *document) text(n *yaml.Node, what string) string {
	switch {
	case n == nil:
		return ""
	case n.Kind != yaml.ScalarNode:
		d.addf(n, "%s: want text, not %s", what, describe(n))
		return ""
	case n.Tag == "!!int", n.Tag == "!!float":
		d.addf(n, "%s: %s is a number here; put it in quotes", what, n.Value)
		return ""
	case n.Tag == "!!null":
		d.addf(n, "%s: want text, not nothing", what)
		return ""
	}
	return strings.TrimSpace(n.Value)
}

// required is text that must be there; parent names the place if it is not.
func (d *document) required(parent *yaml.Node, e entries, key, what string) string {
	n := e[key]
	if n == nil {
		d.addf(parent, "%s: %s is missing", what, key)
		return ""
	}
	s := d.text(n, key)
	if s == "" && n.Kind == yaml.ScalarNode && n.Value == "" && n.Tag == "!!str" {
		d.addf(n, "%s: %s is empty", what, key)
	}
	return s
}

// texts returns a list of texts.
func (d *document) texts(n *yaml.Node, what string) []string {
	var out []string
	for _, item := range d.items(n, what) {
		if s := d.text(item, what); s != "" {
			out = append(out, s)
		}
	}
	return out
}

// items returns the nodes of a list; a missing node is an empty list.
func (d *document) items(n *yaml.Node, what string) []*yaml.Node {
	if n == nil {
		return nil
	}
	if n.Kind != yaml.SequenceNode {
		d.addf(n, "%s: want a list, not %s", what, describe(n))
		return nil
	}
	return n.Content
}

// oneOf returns a text that must be one of the given.
func (d *document) oneOf(n *yaml.Node, what string, allowed []string) string {
	s := d.text(n, what)
	if s == "" || slices.Contains(allowed, s) {
		return s
	}
	d.addf(n, "%s: %q is none of %s%s", what, s, strings.Join(allowed, ", "), meant(s, allowed))
	return ""
}

// time returns a time written as RFC 3339 or as a date, which is its first
// second in UTC.
func (d *document) time(n *yaml.Node, what string) time.Time {
	if n == nil || n.Kind != yaml.ScalarNode {
		if n != nil {
			d.addf(n, "%s: want a date, not %s", what, describe(n))
		}
		return time.Time{}
	}
	t, err := parseTime(n.Value)
	if err != nil {
		d.addf(n, "%s: %q is no date; want 2026-11-22 or 2026-11-22T10:00:00Z", what, n.Value)
	}
	return t
}

func parseTime(s string) (time.Time, error) {
	if t, err := time.Parse(time.DateOnly, s); err == nil {
		return t, nil
	}
	t, err := time.Parse(time.RFC3339, s)
	if err != nil {
		return time.Time{}, fmt.Errorf("parse %q: %w", s, err)
	}
	return t.UTC(), nil
}

func describe(n *yaml.Node) string {
	switch n.Kind {
	case yaml.MappingNode:
		return "a mapping"
	case yaml.SequenceNode:
		return "a list"
	case yaml.ScalarNode:
		if n.Tag == "!!null" {
			return "nothing"
		}
		return strconv.Quote(n.Value)
	case yaml.DocumentNode, yaml.AliasNode:
		return "a document or an alias"
	default:
		return "something else"
	}
}
