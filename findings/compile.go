package findings

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"
	"cel.dev/cel-go/common/types"

	"github.com/muster-nhi/muster/internal/inventory"
)

// Limits on one evaluation of an expression that could be expensive. An
// evaluation over its limit is unknown, for the reason "cost limit".
const (
	costLimit      = 1_000_000 // CEL cost units; well under a second
	memoryLimit    = 4_000_000 // CEL size units
	interruptEvery = 1000      // iterations between two looks at the context
	maxReplaces    = 3         // calls of replace() in one expression
	maxReplacement = 16        // runes that replace() may put in
)

// An expression is a checked CEL expression and what the loader learned of it.
type expression struct {
	ast      *cel.Ast
	program  cel.Program
	limited  bool     // its work can outgrow the records that it looks at, so that it runs under limits
	related  bool     // it reads more than the record itself
	optional []string // facts it reads that may be unknown, guarded ones left out

	later func() *expression // compiles it when it is first needed; nil if it is compiled
}

// An exprError is a mistake in an expression, at a place in its text.
type exprError struct {
	line, column int // line from 1, column from 0 in runes
	text         string
}

// compile parses and checks an expression that must give a bool or a text.
func (l *language) compile(kind inventory.Kind, text string, want *types.Type) (*expression, []exprError) {
	env := l.envs[kind]
	checked, issues := env.Compile(text)
	if err := issues.Err(); err != nil {
		var out []exprError
		for _, e := range issues.Errors() {
			column := e.Location.Column()
			if undefinedField.MatchString(e.Message) {
				column++ // the checker points at the dot
			}
			out = append(out, exprError{e.Location.Line(), column, l.explain(kind, e.Message)})
		}
		return nil, out
	}
	if got := checked.OutputType(); !got.IsExactType(want) && !got.IsExactType(types.DynType) {
		return nil, []exprError{{1, 0, fmt.Sprintf("want an expression that gives a %s, this gives a %s", noun(want), got)}}
	}
	e := &expression{ast: checked, related: l.readsRelated(checked, kind)}
	if err := e.inspect(l.vocabulary); err != nil {
		return nil, []exprError{{1, 0, err.Error()}}
	}
	if err := e.plan(env); err != nil {
		return nil, []exprError{{1, 0, err.Error()}}
	}
	return e, nil
}

// readsRelated tells whether an expression reads another variable than the
// record that the rule is for.
func (l *language) readsRelated(checked *cel.Ast, kind inventory.Kind) bool {
	found := false
	ast.PreOrderVisit(checked.NativeRep().Expr(), ast.NewExprVisitor(func(x ast.Expr) {
		if x.Kind() == ast.IdentKind && x.AsIdent() != string(kind) {
			found = found || slices.Contains(l.variables[kind], x.AsIdent())
		}
	}))
	return found
}

func noun(t *types.Type) string {
	if t == types.BoolType {
		return "bool (true or false)"
	}
	return t.String()
}

// inspect walks the checked expression: does it need limits, and which optional
// facts does it read without asking known() or `in` first?
func (e *expression) inspect(v *vocabulary) error {
	tree := e.ast.NativeRep()
	e.limited = !linear(tree, tree.Expr(), nil)
	guarded, read := map[string]bool{}, map[string]bool{}
	replaces := 0
	ast.PreOrderVisit(tree.Expr(), ast.NewExprVisitor(func(x ast.Expr) {
		switch x.Kind() {
		case ast.IdentKind:
			if x.AsIdent() == unknownName || x.AsIdent() == baselineName {
				read[strings.TrimPrefix(x.AsIdent(), "@")+"()"] = true
			}
		case ast.SelectKind:
			s := x.AsSelect()
			rt := v.types[tree.GetType(s.Operand().ID()).TypeName()]
			if rt != nil && rt.optional[s.FieldName()] && !s.IsTestOnly() {
				read[spell(x)] = true
			}
		case ast.CallKind:
			e.inspectCall(tree, x, guarded, read)
			replaces += replaceWeight(x.AsCall())
		default:
		}
	}))
	if replaces > maxReplaces {
		return fmt.Errorf("replace() can be called %d times in one expression, with at most %d fixed characters to put in", maxReplaces, maxReplacement)
	}
	for p := range read {
		if !guarded[p] {
			e.optional = append(e.optional, p)
		}
	}
	slices.Sort(e.optional)
	return nil
}

// linear tells whether the loops of an expression take time in proportion to
// the records that they look at: a loop within a loop must go over a part of
// the outer one's element. Anything else could multiply, and runs under limits.
func linear(tree *ast.AST, x ast.Expr, loopVars []string) bool {
	switch x.Kind() {
	case ast.ComprehensionKind:
		c := x.AsComprehension()
		if len(loopVars) > 0 && !slices.Contains(loopVars, root(c.IterRange())) {
			return false
		}
		inner := append(slices.Clone(loopVars), c.IterVar())
		return linear(tree, c.IterRange(), loopVars) && linear(tree, c.LoopCondition(), inner) &&
			linear(tree, c.LoopStep(), inner) && linear(tree, c.Result(), loopVars)
	case ast.SelectKind:
		return linear(tree, x.AsSelect().Operand(), loopVars)
	case ast.ListKind:
		return !slices.ContainsFunc(x.AsList().Elements(), func(y ast.Expr) bool { return !linear(tree, y, loopVars) })
	case ast.CallKind:
		call := x.AsCall()
		args := call.Args()
		if call.IsMemberFunction() {
			args = append(slices.Clone(args), call.Target())
		}
		if len(loopVars) > 0 && call.FunctionName() == operators.In && tree.GetType(args[1].ID()).Kind() == types.ListKind &&
			args[1].Kind() != ast.ListKind && !slices.Contains(loopVars, root(args[1])) {
			return false
		}
		return !slices.ContainsFunc(args, func(y ast.Expr) bool { return !linear(tree, y, loopVars) })
	case ast.IdentKind, ast.LiteralKind:
		return true
	default:
		return false
	}
}

// root is the name that a chain of selections begins with; "" if it is no such
// chain.
func root(x ast.Expr) string {
	switch x.Kind() {
	case ast.IdentKind:
		return x.AsIdent()
	case ast.SelectKind:
		return root(x.AsSelect().Operand())
	default:
		return ""
	}
}

func (e *expression) inspectCall(tree *ast.AST, x ast.Expr, guarded, read map[string]bool) {
	call := x.AsCall()
	e.limited = e.limited || !slices.Contains(boundedCalls(), call.FunctionName())
	args := call.Args()
	switch {
	case call.FunctionName() == "known" && len(args) == 1:
		guarded[spell(args[0])] = true
	case call.FunctionName() == operators.In && len(args) == 2 && args[0].Kind() == ast.LiteralKind:
		guarded[spell(args[1])+entry(args[0])] = true
	case call.FunctionName() == operators.Index && len(args) == 2 && tree.GetType(args[0].ID()).Kind() == types.MapKind:
		read[spell(x)] = true
	}
}

// replaceWeight counts calls of replace(), which is how a short expression can
// make a long text; one that puts in much or something computed is too many.
func replaceWeight(call ast.CallExpr) int {
	if call.FunctionName() != "replace" || len(call.Args()) < 2 {
		return 0
	}
	if in := call.Args()[1]; in.Kind() != ast.LiteralKind || len(entry(in)) > maxReplacement+len("[]") {
		return maxReplaces + 1
	}
	return 1
}

// spell writes a chain of selections as a rule spells it.
func spell(x ast.Expr) string {
	switch x.Kind() {
	case ast.IdentKind:
		return x.AsIdent()
	case ast.SelectKind:
		return spell(x.AsSelect().Operand()) + "." + x.AsSelect().FieldName()
	case ast.CallKind:
		if c := x.AsCall(); c.FunctionName() == operators.Index && c.Args()[1].Kind() == ast.LiteralKind {
			return spell(c.Args()[0]) + entry(c.Args()[1])
		}
		fallthrough
	default:
		return fmt.Sprintf("<%d>", x.ID())
	}
}

// entry writes a literal key as an index.
func entry(x ast.Expr) string {
	if x.Kind() != ast.LiteralKind {
		return fmt.Sprintf("[<%d>]", x.ID())
	}
	return fmt.Sprintf("[%v]", x.AsLiteral().Value())
}

// boundedCalls are the functions whose work is in proportion to the size of
// their arguments and whose result is not longer; everything else runs under
// limits.
func boundedCalls() []string {
	return []string{
		operators.Conditional, operators.LogicalAnd, operators.LogicalOr, operators.LogicalNot, operators.NotStrictlyFalse,
		operators.Equals, operators.NotEquals, operators.Less, operators.LessEquals, operators.Greater, operators.GreaterEquals,
		operators.Add, operators.Subtract, operators.Negate, operators.Index, operators.In,
		"age", "until", "days", "date", "glob", "label", "names", "place", "rank", "known", "own", "takes_over", "perhaps", "size", "startsWith", "endsWith", "contains", "matches",
		"lowerAscii", "upperAscii", "string", "int", "timestamp", "duration", "trim", "split",
	}
}

// plan makes the program that evaluates the expression. Regular expressions
// that do not compile are found here.
func (e *expression) plan(env *cel.Env) (err error) {
	opts := []cel.ProgramOption{cel.EvalOptions(cel.OptOptimize)}
	if e.limited {
		opts = append(opts, cel.CostLimit(costLimit), cel.MemoryLimit(memoryLimit), cel.InterruptCheckFrequency(interruptEvery))
	}
	e.program, err = env.Program(e.ast, opts...)
	return err
}

var (
	undefinedField = regexp.MustCompile(`^undefined field '([^']*)'`)
	undeclaredName = regexp.MustCompile(`^undeclared reference to '([^']*)'`)
	noOverload     = regexp.MustCompile(`^found no matching overload for '([^']*)' applied to '([^']*)'`)
)

// explain turns a message of the CEL checker into one for people who write
// rules: with what was meant, and without what macros put in.
func (l *language) explain(kind inventory.Kind, message string) string {
	if m := undefinedField.FindStringSubmatch(message); m != nil {
		var names []string
		for _, rt := range l.vocabulary.types {
			names = append(names, rt.names...)
		}
		return fmt.Sprintf("unknown fact %q%s", m[1], meant(m[1], names))
	}
	if m := undeclaredName.FindStringSubmatch(message); m != nil {
		names := slices.Concat(l.variables[kind], l.functions)
		return fmt.Sprintf("unknown name %q in a rule for %s, which can read %s%s",
			m[1], kind, strings.Join(l.variables[kind], ", "), meant(m[1], names))
	}
	if m := noOverload.FindStringSubmatch(message); m != nil {
		name, args := m[1], m[2]
		if name == "age" || name == "until" {
			args = strings.Replace(args, ", google.protobuf.Timestamp)", ")", 1)
			args = strings.Replace(args, ", timestamp)", ")", 1)
		}
		return fmt.Sprintf("%s cannot be applied to %s", strings.Trim(name, "_"), args)
	}
	return strings.TrimSpace(message)
}

// reasonOf tells in a few words why an evaluation gave neither true nor false.
// It never quotes a value of a record.
func reasonOf(err error) string {
	if u, ok := errors.AsType[*unknownFactError](err); ok {
		return u.text
	}
	switch {
	case strings.Contains(err.Error(), "limit exceeded"):
		return "cost limit"
	case strings.Contains(err.Error(), "no such key"):
		return "an attribute or tag that the condition reads is not there"
	case strings.Contains(err.Error(), "index out of bounds"):
		return "a list that the condition reads is too short"
	default:
		return "the condition could not be evaluated"
	}
}
