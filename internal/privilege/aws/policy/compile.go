package policy

import (
	"slices"
	"strings"
)

// An Action is an operation of a service: iam:PassRole. Make it with NewAction,
// once for all questions about it.
type Action struct {
	name    string // as given
	full    string // lower case
	service string
	verb    string
}

// NewAction takes a name as a policy has it, in any case. It holds no wildcard:
// a star is taken as a letter.
func NewAction(name string) Action {
	full := literal(strings.ToLower(name))
	service, verb, _ := strings.Cut(full, ":")
	return Action{name: name, full: full, service: service, verb: verb}
}

// String returns the name as it was given.
func (a Action) String() string { return a.name }

// A Policy is a document made ready for questions, under a name that reasons
// point with. It is shared between principals and goroutines and never changed.
type Policy struct {
	Name string    // ARN, or what the owner of an inline policy calls it
	Doc  *Document // nil if it could not be read: then nothing is known of what it says

	statements []statement
	services   map[string]*service
	wide       []verb // actions whose service is a pattern, and every NotAction
}

// A service is what a policy says of the actions of one service.
type service struct {
	exact    map[string][]int32 // verb to statements
	patterns []verb
}

// A verb is a pattern of actions. With a nil glob text it is a NotAction.
type verb struct {
	glob glob
	not  bool
	of   int32
}

// A statement is one of a document with its patterns compiled.
type statement struct {
	*Statement
	resources  []template
	exempt     bool // resources are those it is not about
	whole      bool // about what it is attached to: neither Resource nor NotResource
	notActions []glob
	conditions []test
}

// Compile makes a document ready, in time proportional to its length. doc is nil
// if it could not be read or parsed.
func Compile(name string, doc *Document) *Policy {
	p := &Policy{Name: name, Doc: doc}
	if doc == nil {
		return p
	}
	p.services = map[string]*service{}
	p.statements = make([]statement, len(doc.Statements))
	variables := doc.Version == version2012
	for i := range doc.Statements {
		p.statements[i] = compileStatement(&doc.Statements[i], variables)
		p.index(int32(i))
	}
	return p
}

func compileStatement(s *Statement, variables bool) statement {
	out := statement{Statement: s, exempt: s.NotResources != nil, whole: s.Resources == nil && s.NotResources == nil}
	for _, r := range slices.Concat(s.Resources, s.NotResources) {
		out.resources = append(out.resources, newResource(r, variables))
	}
	for _, a := range s.NotActions {
		out.notActions = append(out.notActions, newGlob(strings.ToLower(a)))
	}
	for i := range s.Conditions {
		out.conditions = append(out.conditions, newTest(&s.Conditions[i], variables))
	}
	return out
}

// index files the actions of a statement.
func (p *Policy) index(i int32) {
	s := &p.statements[i]
	if s.NotActions != nil {
		p.wide = append(p.wide, verb{not: true, of: i})
	}
	for _, a := range s.Actions {
		a = strings.ToLower(a)
		name, rest, ok := strings.Cut(a, ":")
		if !ok || strings.ContainsAny(name, "*?") {
			p.wide = append(p.wide, verb{glob: newGlob(a), of: i})
			continue
		}
		of := p.services[name]
		if of == nil {
			of = &service{exact: map[string][]int32{}}
			p.services[name] = of
		}
		g := newGlob(rest)
		if g.kind == globText {
			of.exact[g.text] = append(of.exact[g.text], i)
		} else {
			of.patterns = append(of.patterns, verb{glob: g, of: i})
		}
	}
}

// about adds the statements that are about an action to a list, each once, in
// the order of the index.
func (p *Policy) about(a *Action, out []int32) []int32 {
	if of := p.services[a.service]; of != nil {
		for _, i := range of.exact[a.verb] {
			out = addOnce(out, i)
		}
		for k := range of.patterns {
			if of.patterns[k].glob.match(a.verb) {
				out = addOnce(out, of.patterns[k].of)
			}
		}
	}
	for k := range p.wide {
		if w := &p.wide[k]; w.not && !p.statements[w.of].excepts(a) || !w.not && w.glob.match(a.full) {
			out = addOnce(out, w.of)
		}
	}
	return out
}

func addOnce(all []int32, i int32) []int32 {
	if slices.Contains(all, i) {
		return all
	}
	return append(all, i)
}

// excepts reports whether NotAction names an action.
func (s *statement) excepts(a *Action) bool {
	for _, g := range s.notActions {
		if g.match(a.full) {
			return true
		}
	}
	return false
}

// MatchAction reports whether a pattern, as Action and NotAction have them, is
// about an action. Neither has a case.
func MatchAction(pattern string, a Action) bool {
	return newGlob(strings.ToLower(pattern)).match(a.full)
}
