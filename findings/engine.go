package findings

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/types"

	"github.com/muster-nhi/muster/internal/inventory"
)

// An Engine holds rules that are ready to judge. It is immutable and safe for
// concurrent use.
type Engine struct {
	lang     *language
	rules    []Rule // by ID
	lib      *Library
	disabled map[string]bool
	plans    []plan // as rules
	byKind   map[inventory.Kind]kindPlan
	hash     string
}

// A plan is a rule that is ready to run.
type plan struct {
	rule    *Rule
	applies program // none if it applies to every subject
	when    program
	message program
	raise   []program

	benchmark bool // it names a control of a platform's benchmark

	later func() // compiles the rule, once; nil if that is done
}

// prepare makes the plan ready. It is safe for concurrent use.
func (p *plan) prepare() {
	if p.later != nil {
		p.later()
	}
}

// A program is a planned expression. A limited one watches its cost and the
// context.
type program struct {
	cel.Program
	limited bool
	related bool // it reads more than the record itself
}

// A kindPlan holds the rules in force for one kind of subject, by index.
type kindPlan struct {
	rules []int
	typed bool // some of them look at the type of the subject
}

// NewEngine makes an Engine. Rules may come from several sources; an id that is
// there twice, a control that the library does not list and a disabled id that
// no rule has are errors, all reported at once. A nil library stands for one
// without controls. Disabled rules stay listed, and are never run.
func NewEngine(rules []Rule, lib *Library, disabled []string) (*Engine, error) {
	lang, err := theLanguage()
	if err != nil {
		return nil, err
	}
	if lib == nil {
		lib = &Library{}
	}
	e := &Engine{lang: lang, rules: slices.Clone(rules), lib: lib, disabled: map[string]bool{}, byKind: map[inventory.Kind]kindPlan{}}
	slices.SortStableFunc(e.rules, func(x, y Rule) int { return strings.Compare(x.ID, y.ID) })
	found := &problems{}
	checkDuplicates(rules, found)
	if len(lib.Frameworks) > 0 {
		checkControls(e.rules, lib, found)
	}
	e.disable(disabled, found)
	for i := range e.rules {
		e.plans = append(e.plans, e.plan(&e.rules[i], found))
	}
	e.postpone()
	if err := found.err(); err != nil {
		return nil, err
	}
	for i := range e.rules {
		if r := &e.rules[i]; !e.disabled[r.ID] {
			k := e.byKind[r.For]
			k.rules, k.typed = append(k.rules, i), k.typed || len(r.Types) > 0
			e.byKind[r.For] = k
		}
	}
	e.hash = e.digest()
	return e, nil
}

func (e *Engine) disable(ids []string, found *problems) {
	var all []string
	for _, r := range e.rules {
		all = append(all, r.ID)
	}
	for _, id := range ids {
		if !slices.Contains(all, id) {
			found.addf("disabled rules", 0, "there is no rule %q%s", id, meant(id, all))
		}
		e.disabled[id] = true
	}
}

// plan prepares a rule. One that was made in Go is compiled here.
func (e *Engine) plan(r *Rule, found *problems) plan {
	checked := r.checked
	if checked == nil {
		checked = &checkedRule{
			when:    e.compile(r, r.When, types.BoolType, found),
			message: e.compile(r, r.Message, types.StringType, found),
		}
		if r.Applies != "" {
			checked.applies = e.compile(r, r.Applies, types.BoolType, found)
		}
		for _, raise := range r.Raise {
			checked.raise = append(checked.raise, e.compile(r, raise.When, types.BoolType, found))
		}
	}
	p := plan{rule: r, benchmark: r.namesBenchmark()}
	if checked.when != nil && checked.when.later == nil {
		p.compiled(checked)
	}
	return p
}

// compiled takes over the programs of a rule, and makes those that are not
// there yet.
func (p *plan) compiled(checked *checkedRule) {
	p.applies, p.when, p.message = planned(checked.applies), planned(checked.when), planned(checked.message)
	for _, x := range checked.raise {
		p.raise = append(p.raise, planned(x))
	}
}

// postpone lets rules that are still to be compiled be so at their first use.
func (e *Engine) postpone() {
	for i := range e.plans {
		p, checked := &e.plans[i], e.rules[i].checked
		if checked != nil && checked.when != nil && checked.when.later != nil {
			p.later = sync.OnceFunc(func() { p.compiled(checked) })
		}
	}
}

func (e *Engine) compile(r *Rule, text string, want *types.Type, found *problems) *expression {
	if !slices.Contains(subjectKinds(), r.For) {
		found.addf(r.ID, 0, "for: %q is no kind of subject", r.For)
		return nil
	}
	x, errs := e.lang.compile(r.For, text, want)
	for _, err := range errs {
		found.addf(r.ID, 0, "%s", err.text)
	}
	return x
}

func planned(x *expression) program {
	if x != nil && x.later != nil {
		x = x.later()
	}
	if x == nil {
		return program{}
	}
	return program{x.program, x.limited, x.related}
}

// Rules returns the rules by ID, disabled ones too. The caller must not change
// what they point to.
func (e *Engine) Rules() []Rule { return slices.Clone(e.rules) }

// Library returns the control library that the engine judges by.
func (e *Engine) Library() *Library { return e.lib }

// Disabled returns the ids of the rules that are switched off, sorted.
func (e *Engine) Disabled() []string { return sortedKeys(e.disabled) }

// Hash names the rules in force: "sha256:" and 64 hex digits over everything in
// them that decides verdicts, severities and controls, over which are disabled,
// and over the version of the library.
func (e *Engine) Hash() string { return e.hash }

func (e *Engine) digest() string {
	h := sha256.New()
	enc := json.NewEncoder(h) // to a hash; it cannot fail
	for _, r := range e.rules {
		_ = enc.Encode([]any{
			r.ID, r.Title, r.Category, r.For, r.Types, r.Severity, r.Raise, r.Needs, r.Proof,
			r.Applies, r.When, r.Message, r.Controls, e.disabled[r.ID],
		})
	}
	_ = enc.Encode([]any{e.lib.Version, e.lib.Controls})
	return fmt.Sprintf("sha256:%s", hex.EncodeToString(h.Sum(nil)))
}
