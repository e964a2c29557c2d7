package condition

import (
	"time"

	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"
	"cel.dev/cel-go/common/types"
)

// expiry reads off the time from which on an expression is false: that of
// "request.time < timestamp(…)" where it stands alone or among others that all have
// to hold. It is the earliest of several, and zero if there is none.
func expiry(e ast.Expr) time.Time {
	if e.Kind() != ast.CallKind {
		return time.Time{}
	}
	call := e.AsCall()
	args := call.Args()
	switch call.FunctionName() {
	case operators.LogicalAnd:
		var out time.Time
		for _, a := range args {
			if t := expiry(a); !t.IsZero() && (out.IsZero() || t.Before(out)) {
				out = t
			}
		}
		return out
	case operators.Less, operators.LessEquals:
		if readsTime(args[0]) {
			return timestamp(args[1])
		}
	case operators.Greater, operators.GreaterEquals:
		if readsTime(args[1]) {
			return timestamp(args[0])
		}
	}
	return time.Time{}
}

// readsTime reports whether an expression is the time of the request.
func readsTime(e ast.Expr) bool {
	switch e.Kind() {
	case ast.IdentKind:
		return e.AsIdent() == timeName
	case ast.SelectKind:
		s := e.AsSelect()
		return s.FieldName() == "time" && s.Operand().Kind() == ast.IdentKind && s.Operand().AsIdent() == "request"
	default:
		return false
	}
}

// timestamp reads timestamp("…"), zero if it is something else.
func timestamp(e ast.Expr) time.Time {
	if e.Kind() != ast.CallKind || e.AsCall().FunctionName() != "timestamp" || len(e.AsCall().Args()) != 1 {
		return time.Time{}
	}
	arg := e.AsCall().Args()[0]
	if arg.Kind() != ast.LiteralKind {
		return time.Time{}
	}
	s, ok := arg.AsLiteral().(types.String)
	if !ok {
		return time.Time{}
	}
	t, err := time.Parse(time.RFC3339, string(s))
	if err != nil {
		return time.Time{}
	}
	return t.UTC()
}
