package manifest

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"go.yaml.in/yaml/v3"
)

// document reads the text of one document, whose first line in the file is from.
func (r *reader) document(text []byte, from int) {
	if r.what.kind == "" && !declares(text) || foreign(text) {
		return
	}
	if body := bytes.TrimLeft(trimSeparator(text), " \t\r\n"); isJSON(body) && json.Valid(body) {
		r.json(bytes.NewReader(body), from+bytes.Count(text[:len(text)-len(body)], []byte("\n")))
		return
	}
	r.nodes = nodesOf(len(text))
	decoder := yaml.NewDecoder(bytes.NewReader(withoutVersion(text)))
	for r.ctx.Err() == nil {
		var root yaml.Node
		err := decoder.Decode(&root)
		switch {
		case errors.Is(err, io.EOF):
			return
		case err != nil:
			r.invalid(text, from, err)
			return
		case len(root.Content) > 0:
			r.node(text, from, root.Content[0], r.what, 0)
		}
	}
}

// declares reports whether a text has a key apiVersion or kind anywhere, perhaps
// behind escapes. YAML that has none is no manifest, broken or not.
func declares(text []byte) bool {
	if (bytes.Contains(text, []byte("apiVersion")) || bytes.Contains(text, []byte("kind"))) && objectForm.Match(text) {
		return true
	}
	return bytes.Contains(text, []byte(`\`)) && escapedForm.Match(text)
}

func trimSeparator(text []byte) []byte {
	if line, rest, _ := bytes.Cut(text, []byte("\n")); isSeparator(line) && len(bytes.TrimSpace(line)) == 3 {
		return rest
	}
	return text
}

// withoutVersion makes comments of %YAML directives: the parser knows 1.1 only, and
// what manifests hold is the same in 1.2.
func withoutVersion(text []byte) []byte {
	cloned := false
	at := 0
	for line := range bytes.Lines(text) {
		if isSeparator(line) || len(bytes.TrimSpace(line)) > 0 && line[0] != '%' && line[0] != '#' {
			break
		}
		if bytes.HasPrefix(line, []byte("%YAML")) {
			if !cloned {
				text, cloned = bytes.Clone(text), true
			}
			text[at] = '#'
		}
		at += len(line)
	}
	return text
}

// invalid tells of a document that is not YAML: a template, if it looks like one.
func (r *reader) invalid(text []byte, from int, err error) {
	if line := templateLine(text); line > 0 {
		r.template(from + line - 1)
		return
	}
	line := 1
	if m := lineForm.FindStringSubmatch(err.Error()); m != nil {
		if n, err := strconv.Atoi(m[1]); err == nil {
			line = max(n, 1)
		}
		if parserForm.MatchString(err.Error()) {
			line++ // yaml.v3 counts from 0 where its parser complains, from 1 where its scanner does
		}
	}
	message := "invalid YAML: " + reason(err)
	if tab := tabLine(text); tab > 0 && strings.Contains(message, "token") {
		line, message = tab, "invalid YAML: a tab indents this line; YAML takes spaces only"
	}
	if at := bytes.IndexFunc(text, unprintable); at >= 0 && strings.Contains(message, "control characters") {
		line = bytes.Count(text[:at], []byte("\n")) + 1
	}
	line = min(line, max(1, bytes.Count(bytes.TrimRight(text, "\n"), []byte("\n"))+1)) // not after its end
	r.lost(from+line-1, message)
}

var (
	objectForm = regexp.MustCompile(`\b(?:apiVersion|kind)["']?\s*:`) // the colon of a "? key" stands on the next line

	escapedForm = regexp.MustCompile(`"[^"\n]{0,40}\\[xuU][0-9A-Fa-f][^"\n]{0,40}"\s*:`)
	lineForm    = regexp.MustCompile(`line (\d+)`)
	parserForm  = regexp.MustCompile(`did not find expected|found undefined|found duplicate`)
)

// reason is the parser's complaint without what it quotes of the content.
func reason(err error) string {
	text := strings.TrimPrefix(err.Error(), "yaml: ")
	if at := lineForm.FindStringIndex(text); len(at) > 0 && at[0] == 0 {
		text = strings.TrimPrefix(text[at[1]:], ": ")
	}
	if quote := strings.IndexAny(text, "'\"`"); quote >= 0 {
		text = text[:quote] + "…"
	}
	text, _, _ = strings.Cut(text, "\n")
	return short(text)
}

// unprintable reports what YAML lets no text hold (YAML 1.2.2, section 5.1).
func unprintable(r rune) bool {
	return unicode.IsControl(r) && !strings.ContainsRune("\t\n\r\u0085", r)
}

// tabLine returns the first line that a tab indents; 0 if there is none.
func tabLine(text []byte) int {
	n := 0
	for line := range bytes.Lines(text) {
		n++
		if rest := bytes.TrimLeft(line, " "); len(rest) > 1 && rest[0] == '\t' && len(bytes.TrimSpace(rest)) > 0 {
			return n
		}
	}
	return 0
}

// An of is what the items of a list are that do not say it themselves.
type of struct{ apiVersion, kind string }

// ofList is what the items of a list of some kind are.
func ofList(apiVersion, kind string) of {
	if kind = strings.TrimSuffix(kind, "List"); kind == "" {
		return of{}
	}
	return of{apiVersion, kind}
}

// maxLists is how many Lists may stand in one another.
const maxLists = 3

// node reads an object, or those of a List.
func (r *reader) node(text []byte, from int, n *yaml.Node, what of, depth int) {
	for range maxDepth {
		if n.Kind != yaml.AliasNode {
			break
		}
		n = n.Alias
	}
	if n.Kind == yaml.SequenceNode && depth == 0 { // a bare list of objects
		for _, item := range n.Content {
			r.node(text, from, item, of{}, depth+1)
		}
		return
	}
	if n.Kind != yaml.MappingNode {
		return
	}
	if items, what := listNode(n); items != nil && depth < maxLists {
		for _, item := range items.Content {
			r.node(text, from, item, what, depth+1)
		}
		return
	}
	found := place{r.path, from + n.Line - 1, from + lastLine(n) - 1}
	if r.nodes < 0 {
		return // that is told
	}
	c := converter{nodes: &r.nodes, tags: map[string]bool{}, note: func(line int, message string) { r.note(from+line-1, message) }}
	v, err := c.value(n, 0)
	if err != nil {
		line, message := lineOf(err, from)
		if at := templateLine(text); at > 0 {
			r.template(from + at - 1)
			return
		}
		r.lost(line, "cannot be read: "+message)
		return
	}
	if tree, ok := v.(tree); ok {
		r.tree(found, tree, what, &source{n, from}, depth)
	}
}

// tree takes an object, or the items of what is a List all the same: by a merge key,
// or under a kind of any name (apimachinery takes whatever has items for a list, and
// kubectl applies them).
func (r *reader) tree(found place, t tree, what of, src *source, depth int) {
	if _, ok := t["kind"]; !ok && what.kind != "" {
		t["kind"], t["apiVersion"] = what.kind, what.apiVersion
	}
	items, ok := t["items"].([]any)
	if !ok || !isList(t) && !slices.ContainsFunc(items, func(v any) bool { inner, ok := v.(tree); return ok && isObject(inner) }) {
		if isObject(t) {
			r.builder.object(found, t, src)
		}
		return
	}
	if depth >= maxLists {
		r.lost(found.from, "a List in a List in a List: what is in it was not read")
		return
	}
	what = ofList(textOf(t, "apiVersion"), textOf(t, "kind"))
	for _, item := range items {
		if inner, ok := item.(tree); ok {
			r.tree(found, inner, what, nil, depth+1)
		}
	}
}

// listNode returns the items of a List and what they are; nil if n is none, or one
// that only its tree shows.
func listNode(n *yaml.Node) (*yaml.Node, of) {
	var items *yaml.Node
	var apiVersion, kind string
	for i := 0; i+1 < len(n.Content); i += 2 {
		switch k, v := n.Content[i], n.Content[i+1]; {
		case k.Value == "items" && v.Kind == yaml.SequenceNode:
			items = v
		case k.Value == "<<":
			return nil, of{}
		case k.Value == "kind" && v.Kind == yaml.ScalarNode:
			kind = v.Value
		case k.Value == "apiVersion" && v.Kind == yaml.ScalarNode:
			apiVersion = v.Value
		}
	}
	if !strings.HasSuffix(kind, "List") {
		return nil, of{}
	}
	return items, ofList(apiVersion, kind)
}

// A source is the node of an object and the line of the file on which its text
// begins, to find the lines of its fields.
type source struct {
	node *yaml.Node
	from int
}

// line returns the line of the first value at a path of names whose form is as told
// by a decoder (string, number, bool, object, array); 0 if there is none.
func (s *source) line(path []string, form string) int {
	if s == nil {
		return 0
	}
	if n := find(s.node, path, form, 0); n != nil {
		return s.from + n.Line - 1
	}
	return 0
}

func find(n *yaml.Node, path []string, form string, depth int) *yaml.Node {
	if depth > maxDepth {
		return nil
	}
	switch n.Kind { //nolint:exhaustive // a scalar is looked at below, a document is none of an object's
	case yaml.AliasNode:
		return find(n.Alias, path, form, depth+1)
	case yaml.SequenceNode:
		for _, item := range n.Content {
			if found := find(item, path, form, depth+1); found != nil {
				return found
			}
		}
	case yaml.MappingNode:
		for i := 0; i+1 < len(n.Content) && len(path) > 0; i += 2 {
			if n.Content[i].Value == path[0] {
				if found := find(n.Content[i+1], path[1:], form, depth+1); found != nil {
					return found
				}
			}
		}
	}
	if len(path) > 0 {
		return nil
	}
	if hasForm(n, form) {
		return n
	}
	for i := 1; i < len(n.Content) && n.Kind == yaml.MappingNode; i += 2 { // one of the values of labels and the like
		if hasForm(n.Content[i], form) {
			return n.Content[i]
		}
	}
	return nil
}

func hasForm(n *yaml.Node, form string) bool {
	switch form {
	case "object":
		return n.Kind == yaml.MappingNode
	case "array":
		return n.Kind == yaml.SequenceNode
	case "string":
		return n.Kind == yaml.ScalarNode && n.ShortTag() == "!!str"
	case "bool":
		return n.Kind == yaml.ScalarNode && oldBool(n.Value) != 0
	}
	return n.Kind == yaml.ScalarNode && (n.ShortTag() == "!!int" || n.ShortTag() == "!!float")
}
