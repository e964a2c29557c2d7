package declared

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
)

// A block is a resource, data source or nested block, with what is literal in
// it. What is not stands as text in "${…}".
type block struct {
	kind   string // resource, data, provider, or the name of a nested block
	typ    string
	name   string
	line   int
	attrs  map[string]value
	blocks []*block
}

// A value is an attribute: a string, bool, float64, []any, map[string]any or
// nil, with expressions left as text in "${…}".
type value struct {
	v    any
	line int
}

// dynamic stands in place of the blocks that a dynamic block makes.
const dynamic = "${dynamic}"

// attr returns an attribute; the zero value if there is none.
func (b *block) attr(name string) value {
	if b == nil {
		return value{}
	}
	return b.attrs[name]
}

// text returns an attribute that is a string or number, and whether it is known
// to the last character.
func (b *block) text(name string) (text string, known bool) {
	s, ok := b.attr(name).v.(string)
	return s, ok && s != "" && !strings.Contains(s, "${")
}

// literal returns an attribute if it is known, or "".
func (b *block) literal(name string) string {
	if s, ok := b.text(name); ok {
		return clean(s)
	}
	return ""
}

// all returns the nested blocks of a name.
func (b *block) all(name string) []*block {
	var out []*block
	if b == nil {
		return nil
	}
	for _, n := range b.blocks {
		if n.kind == name {
			out = append(out, n)
		}
	}
	return out
}

// one returns the first nested block of a name, or nil.
func (b *block) one(name string) *block {
	if list := b.all(name); len(list) > 0 {
		return list[0]
	}
	return nil
}

// strings returns an attribute that is a string or a list of strings.
func (b *block) strings(name string) []string { return stringsOf(b.attr(name).v) }

func stringsOf(v any) []string {
	switch v := v.(type) {
	case string:
		return []string{v}
	case []any:
		var out []string
		for _, item := range v {
			if s, ok := item.(string); ok {
				out = append(out, s)
			}
		}
		return out
	default:
		return nil
	}
}

// tags returns an attribute that is a map, its literal members only.
func (b *block) tags(name string) map[string]string {
	m, ok := b.attr(name).v.(map[string]any)
	if !ok {
		return nil
	}
	var out map[string]string
	for _, key := range slices.Sorted(maps.Keys(m)) {
		if s, ok := m[key].(string); ok && !strings.Contains(s, "${") && clean(key) != "" {
			if out == nil {
				out = make(map[string]string)
			}
			out[clean(key)] = clean(s)
		}
	}
	return out
}

// parseHCL returns the top-level blocks of a file in Terraform's native syntax.
// Blocks that parsed before an error are returned with it.
func (o *output) parseHCL(content []byte) []*block {
	file, diags := hclsyntax.ParseConfig(content, o.file.Path, hcl.InitialPos)
	if diags.HasErrors() {
		for _, d := range diags.Errs() {
			if diag, ok := errorsAs[*hcl.Diagnostic](d); ok && diag.Subject != nil {
				o.lost(diag.Subject.Start.Line, "invalid HCL: "+clean(strings.ToLower(diag.Summary)))
				break
			}
		}
	}
	if file == nil {
		return nil
	}
	body, ok := file.Body.(*hclsyntax.Body)
	if !ok {
		return nil
	}
	var out []*block
	for _, b := range body.Blocks {
		if slices.Contains([]string{"resource", "data", "provider"}, b.Type) {
			out = append(out, convertBlock(b, content))
		}
	}
	return out
}

// convertBlock takes what is literal from a block.
func convertBlock(b *hclsyntax.Block, src []byte) *block {
	out := &block{kind: b.Type, line: b.DefRange().Start.Line, attrs: make(map[string]value)}
	labels := b.Labels
	if len(labels) > 0 {
		out.typ = labels[0]
	}
	if len(labels) > 1 {
		out.name = labels[1]
	}
	for name, a := range b.Body.Attributes {
		out.attrs[name] = value{convert(a.Expr, src), a.SrcRange.Start.Line}
	}
	for _, n := range b.Body.Blocks {
		if n.Type == "dynamic" && len(n.Labels) == 1 {
			out.attrs[n.Labels[0]] = value{dynamic, n.DefRange().Start.Line}
			continue
		}
		out.blocks = append(out.blocks, convertBlock(n, src))
	}
	return out
}

// convert takes what is literal from an expression.
func convert(e hclsyntax.Expression, src []byte) any {
	switch e := e.(type) {
	case *hclsyntax.LiteralValueExpr:
		return fromCty(e.Val)
	case *hclsyntax.ParenthesesExpr:
		return convert(e.Expression, src)
	case *hclsyntax.TemplateWrapExpr:
		return convert(e.Wrapped, src)
	case *hclsyntax.TemplateExpr:
		return template(e, src)
	case *hclsyntax.TupleConsExpr:
		out := make([]any, 0, len(e.Exprs))
		for _, item := range e.Exprs {
			out = append(out, convert(item, src))
		}
		return out
	case *hclsyntax.ObjectConsExpr:
		out := make(map[string]any, len(e.Items))
		for _, item := range e.Items {
			out[key(item.KeyExpr, src)] = convert(item.ValueExpr, src)
		}
		return out
	case *hclsyntax.FunctionCallExpr:
		return call(e, src)
	case *hclsyntax.UnaryOpExpr:
		if v, diags := e.Value(nil); !diags.HasErrors() {
			return fromCty(v)
		}
	}
	return source(e, src)
}

// source returns an expression as text in "${…}".
func source(e hclsyntax.Expression, src []byte) string {
	const most = 300
	text := bytes.TrimSpace(e.Range().SliceBytes(src))
	if len(text) > most {
		text = text[:most]
	}
	return "${" + strings.ToValidUTF8(string(text), "") + "}"
}

// key returns the key of an object: a bare word or a string.
func key(e hclsyntax.Expression, src []byte) string {
	if k, ok := e.(*hclsyntax.ObjectConsKeyExpr); ok {
		if word := hcl.ExprAsKeyword(k.Wrapped); word != "" && !k.ForceNonLiteral {
			return word
		}
		e = k.Wrapped
	}
	if s, ok := convert(e, src).(string); ok {
		return s
	}
	return source(e, src)
}

// template joins the parts of a string, what is not literal in "${…}".
func template(e *hclsyntax.TemplateExpr, src []byte) any {
	var out strings.Builder
	for _, part := range e.Parts {
		if lit, ok := part.(*hclsyntax.LiteralValueExpr); ok && lit.Val.Type() == cty.String && lit.Val.IsKnown() && !lit.Val.IsNull() {
			out.WriteString(lit.Val.AsString())
			continue
		}
		if s, ok := convert(part, src).(string); ok {
			out.WriteString(s)
			continue
		}
		out.WriteString(source(part, src))
	}
	return out.String()
}

// call understands the functions that only change the form of what is literal.
func call(e *hclsyntax.FunctionCallExpr, src []byte) any {
	if len(e.Args) == 1 && !e.ExpandFinal {
		switch e.Name {
		case "jsonencode":
			if text, err := json.Marshal(convert(e.Args[0], src)); err == nil {
				return string(text)
			}
		case "toset", "tolist", "tomap", "tostring", "sensitive", "nonsensitive":
			return convert(e.Args[0], src)
		}
	}
	return source(e, src)
}

// fromCty turns a literal into a plain value.
func fromCty(v cty.Value) any {
	switch {
	case v.IsNull() || !v.IsKnown():
		return nil
	case v.Type() == cty.String:
		return v.AsString()
	case v.Type() == cty.Bool:
		return v.True()
	case v.Type() == cty.Number:
		f, _ := v.AsBigFloat().Float64()
		return f
	default:
		return nil
	}
}

// jsonBlocks returns the top-level blocks of a file in Terraform's JSON syntax.
func (o *output) jsonBlocks(root node) []*block {
	var out []*block
	for _, kind := range []string{"resource", "data"} {
		for _, typ := range root.get(kind).pairs() {
			for _, res := range typ.value.pairs() {
				b := jsonBlock(kind, res.value, res.line)
				b.typ, b.name = typ.key, res.key
				out = append(out, b)
			}
		}
	}
	for _, typ := range root.get("provider").pairs() {
		for _, n := range append(typ.value.items(), typ.value) {
			if n.isMap() {
				b := jsonBlock("provider", n, typ.line)
				b.typ = typ.key
				out = append(out, b)
			}
		}
	}
	return out
}

// jsonBlock takes a JSON object both as attributes and as nested blocks, for the
// syntax does not tell them apart.
func jsonBlock(kind string, n node, line int) *block {
	b := &block{kind: kind, line: line, attrs: make(map[string]value)}
	b.fill(n, 16)
	return b
}

func (b *block) fill(n node, depth int) {
	if depth == 0 {
		return
	}
	for _, p := range n.pairs() {
		b.attrs[p.key] = value{p.value.plain(depth), p.line}
		for _, nested := range append(p.value.items(), p.value) {
			if nested.isMap() {
				child := &block{kind: p.key, line: p.line, attrs: make(map[string]value)}
				child.fill(nested, depth-1)
				b.blocks = append(b.blocks, child)
			}
		}
	}
}

// plain turns a node into plain values.
func (n node) plain(depth int) any {
	switch {
	case depth == 0 || !n.ok():
		return nil
	case n.isMap():
		out := make(map[string]any)
		for _, p := range n.pairs() {
			out[p.key] = p.value.plain(depth - 1)
		}
		return out
	case n.isList():
		out := []any{}
		for _, item := range n.items() {
			out = append(out, item.plain(depth-1))
		}
		return out
	}
	switch n.y.Tag {
	case "!!bool":
		return n.y.Value == "true"
	case "!!null":
		return nil
	}
	return n.y.Value
}

// tooDeep says why a text must not be given to a recursive parser, or "". It
// overestimates: brackets in strings count too.
func tooDeep(text []byte) string {
	const most, many = 1000, 20_000
	depth, run, asked := 0, 0, 0
	for i, c := range text {
		switch c {
		case '(', '[', '{':
			depth++
		case ')', ']', '}':
			depth = max(depth-1, 0)
		case '!', '-':
			run++
		case '?':
			asked++
		case '%':
			if i+1 < len(text) && text[i+1] == '{' {
				asked++
			}
		case ' ', '\t', '\n', '\r':
			continue
		}
		if c != '!' && c != '-' {
			run = 0
		}
		if depth > most || run > most || asked > many {
			return "nested too deeply, not parsed"
		}
	}
	return ""
}
