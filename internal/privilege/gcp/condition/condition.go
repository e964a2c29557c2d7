// Package condition decides conditions of Google Cloud's IAM: of bindings and of
// deny rules, and the attribute conditions of workload identity providers.
//
// They are written in CEL (cloud.google.com/iam/docs/conditions-overview,
// …/conditions-attribute-reference, …/tags-access-control,
// …/workload-identity-federation). What an expression says about things that can
// not be known of a request that has not been made (its address, its path, the
// hour of the day) stays unknown, and with it whatever depends on that: the answer
// has three values. An expression that muster does not understand is unknown and
// says so.
//
// Nothing here does I/O. Size, depth and cost of an expression are bounded, so
// that a hostile one is unknown rather than dear.
package condition

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"

	"github.com/muster-nhi/muster/internal/inventory"
)

// Limits on expressions. Google allows 12 logical operators in a condition and
// 4096 characters in an attribute condition.
const (
	maxRunes = 16384
	maxNodes = 2000
	maxDepth = 60
	maxRegex = 2000  // instructions of one regular expression
	maxCost  = 50000 // of one evaluation, in CEL's units
)

// Names that expressions cannot spell; macros put them in.
const (
	tagsName  = "@tags"
	rolesName = "@roles"
)

// Names that expressions read.
const (
	timeName    = "request.time"
	nameName    = "resource.name"
	typeName    = "resource.type"
	serviceName = "resource.service"
)

// never lists what is never known of a request that nobody has made yet.
var never = []string{"request.host", "request.path", "request.method", "request.auth.access_levels", "request.auth.claims", "request.auth.principal", "destination.ip", "destination.port", "origin.ip", "origin.port", "levels"}

// A Context is what is known of a request.
type Context struct {
	Now time.Time // zero is unknown
	// Resource says whether Name, Type and Service are known.
	Resource            bool
	Name, Type, Service string
	Tags                []Tag // of the resource, inherited ones too
	TagsKnown           bool
	// Roles are those that a change of a policy gives or takes: nil if the request
	// changes no policy, for which the attribute is an empty list.
	Roles []string
}

// A Tag of Resource Manager that a resource has.
type Tag struct {
	Key, Value     string // short names, or with the parent: 123456789012/env
	KeyID, ValueID string // tagKeys/1, tagValues/2; empty is unknown
}

// A Condition is a parsed expression. It does not change, and may be used from
// many goroutines.
type Condition struct {
	text     string
	program  cel.Program
	err      error
	expires  time.Time
	roles    []string
	limits   bool // reads which roles a change of a policy gives
	resource bool
	clock    bool // reads the hour or the day of the request
}

// env is the language of conditions.
//
//nolint:gochecknoglobals // a function, made once: the environment that it makes never changes
var env = sync.OnceValues(newEnv)

func newEnv() (*cel.Env, error) {
	options := []cel.EnvOption{
		cel.DefaultUTCTimeZone(true),
		cel.ParserExpressionSizeLimit(maxRunes), cel.ExpressionNodeLimit(maxNodes), cel.ParserRecursionLimit(maxDepth), cel.RegexProgramSizeLimit(maxRegex),
		cel.Variable(timeName, cel.TimestampType),
		cel.Variable(nameName, cel.StringType), cel.Variable(typeName, cel.StringType), cel.Variable(serviceName, cel.StringType),
		cel.Variable(tagsName, cel.DynType), cel.Variable(rolesName, cel.ListType(cel.StringType)),
		cel.Macros(
			cel.ReceiverMacro("matchTag", 2, tagCall("@matchTag")), cel.ReceiverMacro("matchTagId", 2, tagCall("@matchTagId")),
			cel.ReceiverMacro("hasTagKey", 1, tagCall("@hasTagKey")), cel.ReceiverMacro("hasTagKeyId", 1, tagCall("@hasTagKeyId")),
			cel.ReceiverMacro("getAttribute", 2, attribute),
		),
		cel.Function("hasOnly", cel.MemberOverload("list_hasOnly_list", []*cel.Type{cel.ListType(cel.DynType), cel.ListType(cel.DynType)}, cel.BoolType, cel.BinaryBinding(hasOnly))),
		cel.Function("extract", cel.MemberOverload("string_extract_string", []*cel.Type{cel.StringType, cel.StringType}, cel.StringType, cel.BinaryBinding(extract))),
		tagFunction("@matchTag", 2, func(t *Tag, args []string) inventory.Tri { return min(named(t.Key, args[0]), valued(t.Value, args[1])) }),
		tagFunction("@matchTagId", 2, func(t *Tag, args []string) inventory.Tri {
			return min(numbered(t.KeyID, args[0]), numbered(t.ValueID, args[1]))
		}),
		tagFunction("@hasTagKey", 1, func(t *Tag, args []string) inventory.Tri { return named(t.Key, args[0]) }),
		tagFunction("@hasTagKeyId", 1, func(t *Tag, args []string) inventory.Tri { return numbered(t.KeyID, args[0]) }),
	}
	for _, name := range never {
		options = append(options, cel.Variable(name, cel.DynType))
	}
	return cel.NewEnv(options...)
}

// tagCall expands resource.f(…) to @f(@tags, …).
func tagCall(name string) cel.MacroFactory {
	return func(f cel.MacroExprFactory, target ast.Expr, args []ast.Expr) (ast.Expr, *cel.Error) {
		if target.Kind() != ast.IdentKind || target.AsIdent() != "resource" {
			return nil, nil //nolint:nilnil // that is how a macro says that it does not apply
		}
		return f.NewCall(name, append([]ast.Expr{f.NewIdent(tagsName)}, args...)...), nil
	}
}

// attribute expands api.getAttribute(name, default): the roles that a change of a
// policy gives are known, any other attribute is not.
func attribute(f cel.MacroExprFactory, target ast.Expr, args []ast.Expr) (ast.Expr, *cel.Error) {
	if target.Kind() != ast.IdentKind || target.AsIdent() != "api" || args[0].Kind() != ast.LiteralKind {
		return nil, nil //nolint:nilnil // that is how a macro says that it does not apply
	}
	if args[0].AsLiteral().Equal(types.String("iam.googleapis.com/modifiedGrantsByRole")) == types.True {
		return f.NewIdent(rolesName), nil
	}
	return f.NewIdent("levels"), nil
}

// hasOnly reports whether a list has nothing but elements of another.
func hasOnly(have, allowed ref.Val) ref.Val {
	h, err := have.ConvertToNative(stringsType)
	a, err2 := allowed.ConvertToNative(stringsType)
	list, ok := h.([]string)
	among, ok2 := a.([]string)
	if err != nil || err2 != nil || !ok || !ok2 {
		return types.NewErr("hasOnly wants lists of strings")
	}
	return types.Bool(!slices.ContainsFunc(list, func(s string) bool { return !slices.Contains(among, s) }))
}

// extract returns the part of a text that a template names: with "a/{x}/b" what
// stands between the first "a/" and the "/b" after it, and nothing if that does not
// occur.
func extract(text, template ref.Val) ref.Val {
	s, ok := text.(types.String)
	t, ok2 := template.(types.String)
	before, rest, ok3 := strings.Cut(string(t), "{")
	_, after, ok4 := strings.Cut(rest, "}")
	if !ok || !ok2 || !ok3 || !ok4 {
		return types.NewErr("extract wants a template with one {name}")
	}
	_, found, ok := strings.Cut(string(s), before)
	if !ok {
		return types.String("")
	}
	if after == "" {
		return types.String(found)
	}
	found, _, ok = strings.Cut(found, after)
	if !ok {
		return types.String("")
	}
	return types.String(found)
}

// New parses a condition. What cannot be parsed is a condition that is always
// unknown; Err says why.
func New(text string) *Condition {
	c := &Condition{text: text}
	if err := c.compile(); err != nil {
		c.err = err
	}
	return c
}

func (c *Condition) compile() error {
	e, err := env()
	if err != nil {
		return fmt.Errorf("make language of conditions: %w", err)
	}
	if strings.TrimSpace(c.text) == "" {
		return errors.New("the condition is empty")
	}
	checked, issues := e.Compile(c.text)
	if err := issues.Err(); err != nil {
		return errors.New("uses something that muster does not know, or is no valid expression")
	}
	if checked.OutputType() != cel.BoolType && checked.OutputType() != cel.DynType {
		return errors.New("is not a question of true or false")
	}
	c.program, err = e.Program(checked, cel.EvalOptions(cel.OptPartialEval), cel.CostLimit(maxCost))
	if err != nil {
		return errors.New("cannot be evaluated")
	}
	root := checked.NativeRep().Expr()
	c.expires = expiry(root)
	c.look(root)
	return nil
}

// Text is the expression as written.
func (c *Condition) Text() string { return c.text }

// Err says why the condition is always unknown; nil if it is not.
func (c *Condition) Err() error { return c.err }

// Expires is the time from which on the condition is false for good, as far as
// that can be read off it; zero if it cannot.
func (c *Condition) Expires() time.Time { return c.expires }

// LimitsGrants reports whether it depends on which roles a change of a policy
// gives.
func (c *Condition) LimitsGrants() bool { return c.limits }

// Roles are the names of roles that the expression has as texts, sorted: those
// that a condition on grants may let somebody give.
func (c *Condition) Roles() []string { return c.roles }

// OnResource reports whether it depends on the name, type, service or tags of the
// resource.
func (c *Condition) OnResource() bool { return c.resource }

// look notes what an expression reads.
func (c *Condition) look(root ast.Expr) {
	ast.PostOrderVisit(root, ast.NewExprVisitor(func(e ast.Expr) {
		switch e.Kind() {
		case ast.IdentKind:
			switch e.AsIdent() {
			case rolesName:
				c.limits = true
			case nameName, typeName, serviceName, tagsName:
				c.resource = true
			}
		case ast.CallKind:
			c.clock = c.clock || clockwork(e.AsCall().FunctionName())
		case ast.LiteralKind:
			s, ok := e.AsLiteral().(types.String)
			if text := string(s); ok && (strings.HasPrefix(text, "roles/") || strings.Contains(text, "/roles/")) {
				c.roles = append(c.roles, text)
			}
		default:
		}
	}))
	slices.Sort(c.roles)
	c.roles = slices.Compact(c.roles)
}

// clockwork reports whether a function tells the hour, day or month of a time:
// what is true of it now is not true later.
func clockwork(function string) bool {
	switch function {
	case "getFullYear", "getMonth", "getDate", "getDayOfMonth", "getDayOfWeek", "getDayOfYear", "getHours", "getMinutes", "getSeconds", "getMilliseconds":
		return true
	}
	return false
}

// Holds decides the condition for what is known of a request.
func (c *Condition) Holds(ctx *Context) inventory.Tri {
	if c.err != nil {
		return inventory.Unknown
	}
	vars := map[string]any{rolesName: nonNil(ctx.Roles)}
	var unknown []*cel.AttributePatternType
	give := func(name string, known bool, value any) {
		if known {
			vars[name] = value
		} else {
			unknown = append(unknown, cel.AttributePattern(name))
		}
	}
	give(timeName, !ctx.Now.IsZero() && !c.clock, ctx.Now)
	give(nameName, ctx.Resource, ctx.Name)
	give(typeName, ctx.Resource, ctx.Type)
	give(serviceName, ctx.Resource, ctx.Service)
	give(tagsName, ctx.TagsKnown, tagList(ctx.Tags))
	for _, name := range never {
		unknown = append(unknown, cel.AttributePattern(name))
	}
	partial, err := cel.PartialVars(vars, unknown...)
	if err != nil {
		return inventory.Unknown
	}
	out, _, err := c.program.Eval(partial)
	if err != nil { // an error denies, but whether it comes about may depend on what is not known
		return inventory.Unknown
	}
	switch out {
	case types.True:
		return inventory.True
	case types.False:
		return inventory.False
	default:
		return inventory.Unknown
	}
}

func nonNil(list []string) []string {
	if list == nil {
		return []string{}
	}
	return list
}
