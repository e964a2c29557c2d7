package findings

import (
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
	"cel.dev/cel-go/common/types/traits"
	"cel.dev/cel-go/ext"

	"github.com/muster-nhi/muster/internal/inventory"
)

// Names that rules cannot spell; macros put them in.
const (
	nowName      = "@now"
	baselineName = "@in_baseline"
	unknownName  = "@unknown"
)

// Limits on expressions. They bound what reading a rule file can cost.
const (
	maxExprRunes = 4096
	maxExprNodes = 2000
	maxExprDepth = 60
	maxRegexSize = 2000 // instructions of one compiled regular expression
	maxDecimals  = 20   // of format()
)

// A language is the CEL that rules are written in: one environment for each
// kind of subject.
type language struct {
	vocabulary *vocabulary
	envs       map[inventory.Kind]*cel.Env
	variables  map[inventory.Kind][]string
	functions  []string
	fields     sync.Map // struct type to its JSON fields; filled as they are asked for
}

// theLanguage makes the language at its first use; it never changes after.
//
//nolint:gochecknoglobals // a function, made once: building it takes milliseconds that most commands do not need
var theLanguage = sync.OnceValues(newLanguage)

// subjectKinds are the kinds that a rule can be for.
func subjectKinds() []inventory.Kind {
	return []inventory.Kind{
		inventory.KindIdentity, inventory.KindCredential, inventory.KindGrant,
		inventory.KindTrust, inventory.KindConsumer,
	}
}

func newLanguage() (*language, error) {
	v, err := newVocabulary()
	if err != nil {
		return nil, err
	}
	base, err := cel.NewEnv(
		cel.CustomTypeProvider(v), cel.CustomTypeAdapter(v),
		ext.Strings(ext.StringsMaxPrecision(maxDecimals)),
		cel.DefaultUTCTimeZone(true),
		cel.ParserExpressionSizeLimit(maxExprRunes),
		cel.ExpressionNodeLimit(maxExprNodes),
		cel.ParserRecursionLimit(maxExprDepth),
		cel.RegexProgramSizeLimit(maxRegexSize),
		cel.Variable(nowName, cel.TimestampType),
		cel.Variable(baselineName, cel.BoolType),
		cel.Variable(unknownName, cel.BoolType),
		cel.Lib(functions{}),
	)
	if err != nil {
		return nil, fmt.Errorf("make CEL environment: %w", err)
	}
	l := &language{vocabulary: v, envs: map[inventory.Kind]*cel.Env{}, variables: map[inventory.Kind][]string{}}
	for name := range base.Functions() {
		l.functions = append(l.functions, name)
	}
	l.functions = append(l.functions, "in_baseline", "unknown", "exists", "all", "filter", "map", "exists_one")
	for _, kind := range subjectKinds() {
		vars := v.variables(kind)
		opts := make([]cel.EnvOption, 0, len(vars))
		for _, name := range slices.Sorted(maps.Keys(vars)) {
			opts = append(opts, cel.Variable(name, vars[name]))
			l.variables[kind] = append(l.variables[kind], name)
		}
		if l.envs[kind], err = base.Extend(opts...); err != nil {
			return nil, fmt.Errorf("make CEL environment for %s: %w", kind, err)
		}
	}
	return l, nil
}

// variables are the names that a rule for that kind can read.
func (v *vocabulary) variables(kind inventory.Kind) map[string]*cel.Type {
	list := func(name string) *cel.Type { return cel.ListType(cel.ObjectType("muster." + name)) }
	common := map[string]*cel.Type{
		"use":    cel.ObjectType("muster.use"),
		"usages": list("Usage"),
		"owners": list("Owner"),
	}
	var own map[string]*cel.Type
	switch kind {
	case inventory.KindIdentity:
		own = map[string]*cel.Type{
			"identity": cel.ObjectType("muster.Identity"), "credentials": list("Credential"), "grants": list("Grant"),
			"trusts": list("Trust"), "consumers": list("Consumer"), "relations": list("Relation"),
		}
	case inventory.KindCredential:
		own = map[string]*cel.Type{
			"credential": cel.ObjectType("muster.Credential"), "opens": list("Identity"), "grants": list("Grant"),
			"consumers": list("Consumer"), "relations": list("Relation"), "same": list("Credential"), "twins": list("Credential"),
		}
	case inventory.KindGrant:
		own = map[string]*cel.Type{"grant": cel.ObjectType("muster.Grant"), "subject_identity": list("Identity"), "relations": list("Relation")}
	case inventory.KindTrust:
		own = map[string]*cel.Type{"trust": cel.ObjectType("muster.Trust"), "subject_identity": list("Identity")}
	default:
		own = map[string]*cel.Type{"consumer": cel.ObjectType("muster.Consumer"), "subject_identity": list("Identity")}
	}
	maps.Copy(own, common)
	return own
}

// functions is the CEL library of muster's own functions and macros.
type functions struct{}

// CompileOptions implements cel.Library.
func (functions) CompileOptions() []cel.EnvOption {
	return []cel.EnvOption{
		cel.Macros(
			cel.GlobalMacro("age", 1, withNow("age")),
			cel.GlobalMacro("until", 1, withNow("until")),
			cel.GlobalMacro("in_baseline", 0, ident(baselineName)),
			cel.GlobalMacro("unknown", 0, ident(unknownName)),
		),
		cel.Function("age", cel.Overload("age_timestamp", []*cel.Type{cel.TimestampType, cel.TimestampType}, cel.IntType,
			cel.BinaryBinding(days))),
		cel.Function("until", cel.Overload("until_timestamp", []*cel.Type{cel.TimestampType, cel.TimestampType}, cel.IntType,
			cel.BinaryBinding(func(t, now ref.Val) ref.Val { return days(now, t) }))),
		cel.Function("days", cel.Overload("days_timestamp_timestamp", []*cel.Type{cel.TimestampType, cel.TimestampType}, cel.IntType,
			cel.BinaryBinding(days))),
		cel.Function("date", cel.Overload("date_timestamp", []*cel.Type{cel.TimestampType}, cel.StringType,
			cel.UnaryBinding(date))),
		cel.Function("glob", cel.Overload("glob_string_string", []*cel.Type{cel.StringType, cel.StringType}, cel.BoolType,
			cel.BinaryBinding(globs))),
		cel.Function("label", cel.Overload("label_credential", []*cel.Type{cel.ObjectType("muster.Credential")}, cel.StringType,
			cel.UnaryBinding(labels)), cel.Overload("label_identity", []*cel.Type{cel.ObjectType("muster.Identity")}, cel.StringType,
			cel.UnaryBinding(labels))),
		cel.Function("place", cel.Overload("place_location", []*cel.Type{cel.ObjectType("muster.Location")}, cel.StringType,
			cel.UnaryBinding(places))),
		cel.Function("names", cel.MemberOverload("list_names", []*cel.Type{cel.ListType(cel.StringType)}, cel.StringType,
			cel.UnaryBinding(names))),
		ofGrant("own", own),
		ofGrant("takes_over", takesOver),
		ofGrantAnd("perhaps", perhaps),
		cel.Function("rank", cel.Overload("rank_string", []*cel.Type{cel.StringType}, cel.IntType,
			cel.UnaryBinding(rank))),
		cel.Function("known", cel.Overload("known_dyn", []*cel.Type{cel.DynType}, cel.BoolType,
			cel.OverloadIsNonStrict(), cel.UnaryBinding(known))),
	}
}

// ProgramOptions implements cel.Library.
func (functions) ProgramOptions() []cel.ProgramOption { return nil }

// ident expands f() to a hidden variable.
func ident(name string) cel.MacroFactory {
	return func(f cel.MacroExprFactory, _ ast.Expr, _ []ast.Expr) (ast.Expr, *cel.Error) {
		return f.NewIdent(name), nil
	}
}

// withNow expands f(t) to f(t, @now).
func withNow(name string) cel.MacroFactory {
	return func(f cel.MacroExprFactory, _ ast.Expr, args []ast.Expr) (ast.Expr, *cel.Error) {
		return f.NewCall(name, args[0], f.NewIdent(nowName)), nil
	}
}

// days are the whole days from one time to another, rounded down, so that an
// hour into the future is -1 day old.
func days(from, to ref.Val) ref.Val {
	f, ok1 := from.(types.Timestamp)
	t, ok2 := to.(types.Timestamp)
	if !ok1 || !ok2 {
		return types.MaybeNoSuchOverloadErr(from)
	}
	return types.Int(wholeDays(f.Time, t.Time))
}

func wholeDays(from, to time.Time) int {
	const day = 24 * 60 * 60
	s := to.Unix() - from.Unix()
	if s < 0 {
		return int(-((-s + day - 1) / day))
	}
	return int(s / day)
}

func globs(text, pattern ref.Val) ref.Val {
	s, ok1 := text.(types.String)
	p, ok2 := pattern.(types.String)
	if !ok1 || !ok2 {
		return types.MaybeNoSuchOverloadErr(text)
	}
	return types.Bool(glob(string(s), string(p)))
}

func date(t ref.Val) ref.Val {
	ts, ok := t.(types.Timestamp)
	if !ok {
		return types.MaybeNoSuchOverloadErr(t)
	}
	return types.String(ts.UTC().Format(time.DateOnly))
}

// rank orders levels; one that is not a level is unknown.
func rank(level ref.Val) ref.Val {
	s, ok := level.(types.String)
	if !ok {
		return types.MaybeNoSuchOverloadErr(level)
	}
	if n := inventory.Level(s).Rank(); n > 0 {
		return types.Int(n)
	}
	return types.WrapErr(newUnknownFact("the rank of a level"))
}

// known is true for every value but an unknown one and an empty one.
func known(v ref.Val) ref.Val {
	return types.Bool(!types.IsUnknownOrError(v) && !isEmpty(v))
}

func isEmpty(v ref.Val) bool {
	switch x := v.(type) {
	case types.String:
		return x == ""
	case traits.Sizer:
		return x.Size() == types.IntZero
	default:
		return false
	}
}

// glob tells whether s matches a pattern in which * is any text and ? any one
// character. It takes time in proportion to the product of both lengths at
// worst.
func glob(s, pattern string) bool {
	i, j, star, mark := 0, 0, -1, 0
	for i < len(s) {
		switch {
		case j < len(pattern) && (pattern[j] == '?' || pattern[j] == s[i]) && pattern[j] != '*':
			i, j = i+1, j+1
		case j < len(pattern) && pattern[j] == '*':
			star, mark = j, i
			j++
		case star >= 0:
			mark++
			i, j = mark, star+1
		default:
			return false
		}
	}
	for j < len(pattern) && pattern[j] == '*' {
		j++
	}
	return j == len(pattern)
}
