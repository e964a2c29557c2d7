package condition

import (
	"maps"
	"slices"
	"strings"
	"sync"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
	"cel.dev/cel-go/ext"

	"github.com/muster-nhi/muster/internal/inventory"
)

// A Gate is a provider of a pool: its attribute mapping and its attribute condition
// (cloud.google.com/iam/docs/workload-identity-federation#mapping, #conditions). It
// does not change, and may be used from many goroutines.
type Gate struct {
	mapping   map[string]cel.Program // nil for what cannot be read
	condition cel.Program
	broken    bool // there is a condition that cannot be read
	texts     []string
	claims    []string // that the expressions read
}

// gateEnv is the language of attribute conditions and mappings.
//
//nolint:gochecknoglobals // a function, made once: the environment that it makes never changes
var gateEnv = sync.OnceValues(func() (*cel.Env, error) {
	claims := cel.MapType(cel.StringType, cel.DynType)
	return cel.NewEnv(
		cel.ParserExpressionSizeLimit(maxRunes), cel.ExpressionNodeLimit(maxNodes), cel.ParserRecursionLimit(maxDepth), cel.RegexProgramSizeLimit(maxRegex), ext.Strings(),
		cel.Variable("assertion", claims), cel.Variable("attribute", claims), cel.Variable("google", claims),
		cel.Function("extract", cel.MemberOverload("string_extract_string", []*cel.Type{cel.StringType, cel.StringType}, cel.StringType, cel.BinaryBinding(extract))),
	)
})

// NewGate reads a provider's condition, which may be empty, and its mapping.
func NewGate(condition string, mapping map[string]string) *Gate {
	g := &Gate{mapping: make(map[string]cel.Program, len(mapping))}
	for name, text := range mapping {
		g.mapping[name] = g.read(text)
	}
	if strings.TrimSpace(condition) != "" {
		g.condition = g.read(condition)
		g.broken = g.condition == nil
	}
	slices.Sort(g.texts)
	slices.Sort(g.claims)
	g.texts, g.claims = slices.Compact(g.texts), slices.Compact(g.claims)
	return g
}

// read makes an expression ready; nil if it cannot be.
func (g *Gate) read(text string) cel.Program {
	e, err := gateEnv()
	if err != nil {
		return nil
	}
	checked, issues := e.Compile(text)
	if issues.Err() != nil {
		return nil
	}
	ast.PostOrderVisit(checked.NativeRep().Expr(), ast.NewExprVisitor(g.look))
	p, err := e.Program(checked, cel.EvalOptions(cel.OptPartialEval), cel.CostLimit(maxCost))
	if err != nil {
		return nil
	}
	return p
}

// look notes the texts and the claims of an expression.
func (g *Gate) look(x ast.Expr) {
	switch x.Kind() {
	case ast.LiteralKind:
		if s, ok := x.AsLiteral().(types.String); ok && s != "" {
			g.texts = append(g.texts, string(s))
		}
	case ast.SelectKind:
		if s := x.AsSelect(); claimName(s.Operand()) == "assertion" {
			g.claims = append(g.claims, s.FieldName())
		}
	case ast.CallKind:
		if name, ok := strings.CutPrefix(claimName(x), "assertion."); ok {
			g.claims = append(g.claims, name)
		}
	default:
	}
}

// Texts are the texts that the condition and the mapping compare with, sorted.
func (g *Gate) Texts() []string { return g.texts }

// anything stands for what somebody may choose.
const anything = "\x00"

// Admits reports whether a token with some claims, all others of which may be anything,
// gets in and is then somebody whose attribute ("google.subject", "attribute.repository")
// has a value; with no attribute it is enough to get in. It is unknown where that depends
// on the others.
func (g *Gate) Admits(claims map[string]string, attribute, value string) inventory.Tri {
	given, chosen := map[string]any{}, map[string]any{}
	var open []*cel.AttributePatternType
	for _, name := range g.claims {
		if _, ok := claims[name]; !ok {
			open = append(open, cel.AttributePattern("assertion").QualString(name))
			chosen[name] = anything
		}
	}
	for name, v := range claims {
		given[name], chosen[name] = v, v
	}
	who := inventory.True
	if attribute != "" {
		who = g.becomes(chosen, attribute, value)
	}
	switch {
	case who == inventory.False || g.condition == nil && !g.broken:
		return who
	case g.broken:
		return inventory.Unknown
	default:
		return min(who, g.opens(given, open))
	}
}

// becomes reports whether the mapping makes a value of claims.
func (g *Gate) becomes(claims map[string]any, attribute, value string) inventory.Tri {
	p := g.mapping[attribute]
	if p == nil {
		return inventory.Unknown
	}
	out, _, err := p.Eval(map[string]any{"assertion": claims, "attribute": map[string]any{}, "google": map[string]any{}})
	text, ok := out.(types.String)
	if err != nil || !ok {
		return inventory.Unknown
	}
	return inventory.TriOf(like(string(text), value))
}

// opens evaluates the condition after the mapping. One that errs keeps out, but that may
// be for what is not known.
func (g *Gate) opens(claims map[string]any, open []*cel.AttributePatternType) inventory.Tri {
	mapped := map[string]map[string]any{"google": {}, "attribute": {}}
	vars := map[string]any{"assertion": claims, "attribute": mapped["attribute"], "google": mapped["google"]}
	partial, err := cel.PartialVars(vars, open...)
	if err != nil {
		return inventory.Unknown
	}
	for _, name := range slices.Sorted(maps.Keys(g.mapping)) {
		kind, field, _ := strings.Cut(name, ".")
		if mapped[kind] == nil {
			continue
		}
		var out ref.Val
		if p := g.mapping[name]; p != nil {
			out, _, err = p.Eval(partial)
		}
		if out == nil || err != nil || types.IsUnknownOrError(out) {
			open = append(open, cel.AttributePattern(kind).QualString(field))
			continue
		}
		mapped[kind][field] = out
	}
	if partial, err = cel.PartialVars(vars, open...); err != nil {
		return inventory.Unknown
	}
	switch out, _, err := g.condition.Eval(partial); {
	case err != nil:
		return inventory.Unknown
	case out == types.True:
		return inventory.True
	case out == types.False:
		return inventory.False
	default:
		return inventory.Unknown
	}
}

// like reports whether a text is another in which some parts may be anything.
func like(pattern, text string) bool {
	parts := strings.Split(pattern, anything)
	if len(parts) == 1 {
		return pattern == text
	}
	rest, ok := strings.CutPrefix(text, parts[0])
	for _, p := range parts[1 : len(parts)-1] {
		var found bool
		_, rest, found = strings.Cut(rest, p)
		ok = ok && found
	}
	return ok && strings.HasSuffix(rest, parts[len(parts)-1])
}
