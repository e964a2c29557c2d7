package policy

import "strings"

// A Pattern is what a statement says of the resources that it is about, with what
// is known of one principal in place of variables.
type Pattern struct {
	glob glob
	// Open is true if it has variables that hang on more than the principal: then
	// it means at least all that the statement may be about, and of two resources
	// that it means the statement may be about one only.
	Open bool
}

// Patterns returns the patterns of all statements of a policy, in order, without
// those that never match. Two resources of one account that each pattern of some
// policies means or each does not, open ones aside, are told apart by conditions
// only: a request about either is answered alike in the same Context. A policy that
// could not be read has none.
func (p *Policy) Patterns(by *Principal) []Pattern {
	var out []Pattern
	q := &Request{Principal: by}
	for i := range p.statements {
		for k := range p.statements[i].resources {
			t := &p.statements[i].resources[k]
			if at := t.open(); at >= 0 {
				out = append(out, Pattern{t.before(at), true})
			} else if g, state := t.resolve(q); state != absent {
				out = append(out, Pattern{glob: g})
			}
		}
	}
	return out
}

// open is the first part of a template that hangs on more than the principal; -1
// if none does.
func (t *template) open() int {
	for i, p := range t.parts {
		if p.key != "" && !ofPrincipal(p.key) {
			return i
		}
	}
	return -1
}

// ofPrincipal reports whether a key is one that Principal tells of by itself.
func ofPrincipal(key string) bool {
	return key == "aws:username" || key == "aws:userid" || key == "aws:federatedprovider" || strings.HasPrefix(key, "aws:principal")
}

// before is a glob that means at least all that a template may, by what stands
// before one of its parts.
func (t *template) before(part int) glob {
	var text strings.Builder
	for _, p := range t.parts[:part] {
		if p.key != "" {
			break
		}
		text.WriteString(p.text)
	}
	text.WriteByte(star)
	return globOf(text.String())
}

// Text names a pattern: those of one text mean the same.
func (p Pattern) Text() string { return p.glob.text }

// Begins is the text with which all resources that a pattern means begin, and
// reports whether that is all of it: then there is but one.
func (p Pattern) Begins() (text string, whole bool) {
	if at := strings.IndexAny(p.glob.text, wildcards); at >= 0 {
		return p.glob.text[:at], false
	}
	return p.glob.text, true
}

// All reports whether a pattern means every resource.
func (p Pattern) All() bool { return p.glob.kind == globAll }

// Match reports whether a pattern means a resource.
func (p Pattern) Match(r Resource) bool { return p.glob.match(r.glob.text) }

// Key is the text of a resource as patterns compare it.
func (r Resource) Key() string { return r.glob.text }
