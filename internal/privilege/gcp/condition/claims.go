package condition

import (
	"slices"
	"strings"
	"sync"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"
	"cel.dev/cel-go/common/types"
)

// A Claim is what an attribute condition demands of one claim of a token.
type Claim struct {
	Name   string   // "assertion.repository", "attribute.repository", "google.subject"
	Values []string // one of which it has to be
	Prefix bool     // the values are the beginnings that it may have
}

// Claims are the demands of an attribute condition that all have to be met.
type Claims struct {
	All []Claim // sorted by name
	// Whole is true if the condition says no more than All.
	Whole bool
}

// plain is the language without names: it parses only.
//
//nolint:gochecknoglobals // a function, made once: the environment that it makes never changes
var plain = sync.OnceValues(func() (*cel.Env, error) {
	return cel.NewEnv(cel.ParserExpressionSizeLimit(maxRunes), cel.ExpressionNodeLimit(maxNodes), cel.ParserRecursionLimit(maxDepth))
})

// ReadClaims reads the demands of an attribute condition
// (cloud.google.com/iam/docs/workload-identity-federation#conditions). What it does
// not understand demands nothing: the result is never narrower than the condition.
func ReadClaims(text string) Claims {
	root := parse(text)
	if root == nil {
		return Claims{}
	}
	c := Claims{Whole: true}
	c.read(root)
	slices.SortStableFunc(c.All, func(x, y Claim) int { return strings.Compare(x.Name, y.Name) })
	return c
}

// parse returns the root of an expression, nil if it is none.
func parse(text string) ast.Expr {
	e, err := plain()
	if err != nil || strings.TrimSpace(text) == "" {
		return nil
	}
	parsed, issues := e.Parse(text)
	if issues.Err() != nil {
		return nil
	}
	return parsed.NativeRep().Expr()
}

// read adds what an expression that has to hold demands.
func (c *Claims) read(e ast.Expr) {
	if e.Kind() == ast.CallKind && e.AsCall().FunctionName() == operators.LogicalAnd {
		for _, a := range e.AsCall().Args() {
			c.read(a)
		}
		return
	}
	if claim, ok := demand(e); ok {
		c.All = append(c.All, claim)
		return
	}
	c.Whole = false
}

// demand reads an expression that is about one claim.
func demand(e ast.Expr) (Claim, bool) {
	if e.Kind() != ast.CallKind {
		return Claim{}, false
	}
	call := e.AsCall()
	args := call.Args()
	switch name := call.FunctionName(); {
	case name == operators.LogicalOr:
		return either(args)
	case name == operators.Equals:
		return compared(args[0], args[1])
	case name == operators.In && args[1].Kind() == ast.ListKind:
		claim := Claim{Name: claimName(args[0])}
		for _, v := range args[1].AsList().Elements() {
			s, ok := text(v)
			if !ok {
				return Claim{}, false
			}
			claim.Values = append(claim.Values, s)
		}
		return claim, claim.Name != "" && len(claim.Values) > 0
	case name == "startsWith" && call.IsMemberFunction() && len(args) == 1:
		s, ok := text(args[0])
		n := claimName(call.Target())
		return Claim{Name: n, Values: []string{s}, Prefix: true}, ok && n != "" && s != ""
	default:
		return Claim{}, false
	}
}

// either joins demands on one claim, one of which has to be met.
func either(args []ast.Expr) (Claim, bool) {
	var out Claim
	for i, a := range args {
		claim, ok := demand(a)
		if !ok || i > 0 && (claim.Name != out.Name || claim.Prefix != out.Prefix) {
			return Claim{}, false
		}
		out.Name, out.Prefix = claim.Name, claim.Prefix
		out.Values = append(out.Values, claim.Values...)
	}
	return out, true
}

// compared reads an equality, whichever way round it stands.
func compared(x, y ast.Expr) (Claim, bool) {
	if _, ok := text(x); ok {
		x, y = y, x
	}
	name := claimName(x)
	value, ok := text(y)
	return Claim{Name: name, Values: []string{value}}, ok && name != ""
}

// claimName reads assertion.X, assertion["X"], attribute.X and google.X; empty if
// it is something else.
func claimName(e ast.Expr) string {
	switch e.Kind() {
	case ast.IdentKind:
		switch name := e.AsIdent(); name {
		case "assertion", "attribute", "google":
			return name
		}
	case ast.SelectKind:
		s := e.AsSelect()
		if of := claimName(s.Operand()); of != "" && !s.IsTestOnly() {
			return of + "." + s.FieldName()
		}
	case ast.CallKind:
		call := e.AsCall()
		if call.FunctionName() != operators.Index {
			return ""
		}
		field, ok := text(call.Args()[1])
		if of := claimName(call.Args()[0]); of != "" && ok {
			return of + "." + field
		}
	default:
	}
	return ""
}

// text reads a literal text.
func text(e ast.Expr) (string, bool) {
	if e.Kind() != ast.LiteralKind {
		return "", false
	}
	s, ok := e.AsLiteral().(types.String)
	return string(s), ok
}

// MappedClaim returns the claim that an expression of an attribute mapping hands
// on unchanged ("assertion.repository"); empty if it makes something of its own.
func MappedClaim(expression string) string {
	root := parse(expression)
	if root == nil {
		return ""
	}
	return claimName(root)
}
