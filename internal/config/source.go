package config

import (
	"bytes"
	"fmt"
	"maps"
	"slices"

	"go.yaml.in/yaml/v3"

	"github.com/muster-nhi/muster/scanners"
)

// An Overlay is what the command line sets in a scanner's configuration, by
// key. It wins over the file.
type Overlay map[string]any

// Decode returns what fills a scanner's configuration: the source's own keys
// from the file, then the overlay. Relative paths of the file (the keys path,
// paths, dir, file, config, kubeconfig and audit_logs, where they hold text) are
// joined to the directory of the file; those of the overlay are taken as they are.
func (s Source) Decode(overlay Overlay) scanners.Decode {
	return func(into any) error {
		if s.node != nil {
			d := &strict{file: s.file, dir: s.dir}
			d.fill(s.relative(), into)
			if err := d.err(); err != nil {
				return err
			}
		}
		return overlay.fill(s.Source, into)
	}
}

// fill decodes the overlay into a scanner's configuration.
func (o Overlay) fill(source string, into any) error {
	if len(o) == 0 {
		return nil
	}
	b, err := yaml.Marshal(map[string]any(o))
	if err != nil {
		return fmt.Errorf("configure %s: %w", source, err)
	}
	doc, err := parseDocument(source, b)
	if err != nil || doc == nil {
		return err
	}
	d := &strict{file: source}
	d.keysOnly(doc, into)
	for _, e := range d.found {
		return fmt.Errorf("%s: %s", source, e.what)
	}
	d.types(doc, into)
	for _, e := range d.found {
		return fmt.Errorf("%s: %s", source, e.what)
	}
	return nil
}

// relative returns the node with its relative paths joined to the directory of
// the file.
func (s Source) relative() *yaml.Node {
	out := *s.node
	out.Content = slices.Clone(out.Content)
	for i := 0; i+1 < len(out.Content); i += 2 {
		if !slices.Contains([]string{"path", "paths", "dir", "file", "config", "kubeconfig", "audit_logs"}, out.Content[i].Value) {
			continue
		}
		out.Content[i+1] = joined(s.dir, out.Content[i+1])
	}
	return &out
}

// joined joins a text or each text of a list.
func joined(dir string, node *yaml.Node) *yaml.Node {
	out := *node
	switch node.Kind {
	case yaml.ScalarNode:
		out.Value = Rel(dir, node.Value)
	case yaml.SequenceNode:
		out.Content = nil
		for _, c := range node.Content {
			if c.Kind == yaml.ScalarNode {
				c = joined(dir, c)
			}
			out.Content = append(out.Content, c)
		}
	default:
	}
	return &out
}

// Keys returns the configuration keys that the file sets for this source.
func (s Source) Keys() []string {
	keys := map[string]bool{}
	if s.node != nil {
		for i := 0; i < len(s.node.Content); i += 2 {
			keys[s.node.Content[i].Value] = true
		}
	}
	return slices.Sorted(maps.Keys(keys))
}

// FromFile reports whether the source stands in a file, and so where its
// relative argument is relative to.
func (s Source) FromFile() (dir string, ok bool) { return s.dir, s.Line > 0 }

// Marshal writes a value as YAML, for documentation of defaults.
func Marshal(v any) ([]byte, error) {
	var b bytes.Buffer
	enc := yaml.NewEncoder(&b)
	enc.SetIndent(2)
	if err := enc.Encode(v); err != nil {
		return nil, fmt.Errorf("write YAML: %w", err)
	}
	return b.Bytes(), nil
}
