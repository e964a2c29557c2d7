package manifest

import (
	"encoding/base64"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/muster-nhi/muster/scanners/kubernetes/object"
)

const (
	maxDepth = 100 // levels of a document; objects have some fifteen
	// The nodes of a document with its aliases resolved, all items of a List together:
	// some hundred bytes of aliases of aliases come to millions.
	maxNodes     = 20_000_000
	fewNodes     = 2000
	nodesPerByte = 10
)

// nodesOf returns how many nodes a document of a length may have.
func nodesOf(length int) int { return min(maxNodes, fewNodes+nodesPerByte*length) }

// A fault is what is wrong with a document, and where in its text.
type fault struct {
	line    int
	message string
}

func (f *fault) Error() string { return f.message }

func faultAt(n *yaml.Node, format string, args ...any) error {
	return &fault{n.Line, fmt.Sprintf(format, args...)}
}

// A converter makes trees of YAML nodes as the API server's client does: aliases
// and merge keys resolved, scalars by the rules of YAML 1.1 that it follows
// (sigs.k8s.io/yaml v1.6.0, on go.yaml.in/yaml/v2), so that `no` is false.
type converter struct {
	nodes *int // of the document that may yet come
	note  func(line int, message string)
	tags  map[string]bool // unknown ones that were told
}

func (c *converter) value(n *yaml.Node, depth int) (any, error) {
	*c.nodes--
	switch {
	case depth > maxDepth:
		return nil, faultAt(n, "is nested deeper than %d levels, or an alias contains itself", maxDepth)
	case *c.nodes < 0:
		return nil, faultAt(n, "has too many nodes with its aliases resolved for its length")
	}
	switch n.Kind {
	case yaml.AliasNode:
		return c.value(n.Alias, depth+1)
	case yaml.MappingNode:
		return c.mapping(n, depth)
	case yaml.SequenceNode:
		c.tag(n, "!!seq")
		list := make([]any, 0, len(n.Content))
		for _, item := range n.Content {
			v, err := c.value(item, depth+1)
			if err != nil {
				return nil, err
			}
			list = append(list, v)
		}
		return list, nil
	case yaml.ScalarNode:
		return c.scalar(n)
	default:
		return nil, nil //nolint:nilnil // an empty document
	}
}

// mapping makes an object. Of a key that stands twice the last one counts, and what is
// merged in (<<) outranks what stands before it: so kubectl has it (go.yaml.in/yaml/v2
// v2.4.4, decode.go, mapping), although YAML would let the mapping itself count.
func (c *converter) mapping(n *yaml.Node, depth int) (any, error) {
	c.tag(n, "!!map")
	out := make(object.Tree, len(n.Content)/2)
	own := make(map[string]bool, len(n.Content)/2)
	for i := 0; i+1 < len(n.Content); i += 2 {
		k, v := n.Content[i], n.Content[i+1]
		if k.Kind == yaml.ScalarNode && k.ShortTag() == "!!merge" {
			if err := c.merge(out, v, depth+1); err != nil {
				return nil, err
			}
			continue
		}
		key, err := c.key(k)
		if err != nil {
			return nil, err
		}
		if own[key] {
			c.note(k.Line, fmt.Sprintf("key %q stands twice; the last one counts, as for the API server", short(key)))
		}
		own[key] = true
		if key == object.LastApplied {
			out[key] = "" // repeats the object, values of a Secret included
			continue
		}
		if out[key], err = c.value(v, depth+1); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// merge puts what a mapping, or each of a list of them, has into out. Of a list the
// first counts.
func (c *converter) merge(out object.Tree, n *yaml.Node, depth int) error {
	v, err := c.value(n, depth)
	if err != nil {
		return err
	}
	sources, ok := v.([]any)
	if !ok {
		sources = []any{v}
	}
	for _, source := range slices.Backward(sources) {
		tree, ok := source.(object.Tree)
		if !ok {
			return faultAt(n, "a merge key (<<) takes a mapping or a list of them")
		}
		maps.Copy(out, tree)
	}
	return nil
}

// key returns the text of a key; numbers and booleans become text.
func (c *converter) key(n *yaml.Node) (string, error) {
	for range maxDepth {
		if n.Kind != yaml.AliasNode {
			break
		}
		n = n.Alias
	}
	if n.Kind != yaml.ScalarNode {
		return "", faultAt(n, "a key is no text")
	}
	v, err := c.scalar(n)
	switch v := v.(type) {
	case string:
		return v, err
	case nil:
		if err == nil {
			err = faultAt(n, "a key is empty")
		}
		return "", err
	default:
		return fmt.Sprint(v), err
	}
}

// tag tells of a tag of another tool; the value is taken as it stands.
func (c *converter) tag(n *yaml.Node, plain string) bool {
	if tag := n.ShortTag(); n.Tag != "" && n.Tag != "!" && tag != plain && !strings.HasPrefix(tag, "!!") {
		if !c.tags[tag] && len(c.tags) < 20 {
			c.tags[tag] = true
			c.note(n.Line, fmt.Sprintf("tag %q is not one of YAML: the tool that knows it has to render this first; read without it", short(tag)))
		}
		return true
	}
	return false
}

// scalar returns a string, bool, int64, float64 or nil.
func (c *converter) scalar(n *yaml.Node) (any, error) {
	if c.tag(n, "") {
		return n.Value, nil
	}
	switch n.ShortTag() {
	case "!!null":
		return nil, nil //nolint:nilnil // null is a value
	case "!!bool":
		return oldBool(n.Value) == 1, nil
	case "!!int":
		return number(n)
	case "!!float":
		f, err := strconv.ParseFloat(strings.ReplaceAll(n.Value, "_", ""), 64)
		if err != nil || math.IsInf(f, 0) || math.IsNaN(f) {
			return nil, faultAt(n, "a number is none that JSON has")
		}
		return f, nil
	case "!!binary":
		text, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(n.Value), ""))
		if err != nil {
			return nil, faultAt(n, "a value with the tag !!binary is no base64")
		}
		return string(text), nil
	}
	if n.Style == 0 {
		if b := oldBool(n.Value); b != 0 {
			return b == 1, nil
		}
	}
	return n.Value, nil
}

// number reads a whole number in any of YAML 1.1's bases.
func number(n *yaml.Node) (any, error) {
	text := strings.ReplaceAll(n.Value, "_", "")
	if i, err := strconv.ParseInt(text, 0, 64); err == nil {
		return i, nil
	}
	if f, err := strconv.ParseFloat(text, 64); err == nil {
		return f, nil
	}
	return nil, faultAt(n, "a number cannot be read")
}

// oldBool is 1 for what YAML 1.1 takes for true, -1 for false, 0 for other text
// (yaml.org/type/bool.html).
func oldBool(text string) int {
	switch text {
	case "y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON":
		return 1
	case "n", "N", "no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF":
		return -1
	}
	return 0
}

// lastLine returns the last line that a node and what is below it stands on.
func lastLine(n *yaml.Node) int {
	last := n.Line
	if n.Kind == yaml.ScalarNode && n.Style&(yaml.LiteralStyle|yaml.FoldedStyle) != 0 {
		last += max(1, strings.Count(strings.TrimRight(n.Value, "\n"), "\n")+1)
	}
	if k := len(n.Content); k > 0 && n.Kind != yaml.AliasNode {
		last = max(last, lastLine(n.Content[k-1]))
	}
	return last
}

// lineOf returns the line of a fault in a text whose first line is from.
func lineOf(err error, from int) (line int, message string) {
	if f, ok := errors.AsType[*fault](err); ok {
		return from + max(f.line, 1) - 1, f.message
	}
	return from, err.Error()
}
