package rbac

import (
	"slices"
	"strings"
)

const all = "*"

// RuleAllows reports whether a rule allows a request, wherever the rule applies.
// FieldName counts as it does in Allowed.
//
// "*" stands for every verb, group or resource with its subresources, "*/sub"
// for one subresource of every resource. resourceNames know no star: "*" there
// is a name. A URL may end in a star, which stands for any rest.
func RuleAllows(rule *Rule, request Request) bool {
	r := request.normal()
	return ruleAllows(rule, &r, r.combined())
}

// ruleAllows is RuleAllows of a normal request whose resource is combined.
func ruleAllows(rule *Rule, r *Request, resource string) bool {
	if r.Path != "" {
		return holds(rule.Verbs, r.Verb) && slices.ContainsFunc(rule.NonResourceURLs, func(u string) bool { return urlCovers(u, r.Path) })
	}
	return holds(rule.Verbs, r.Verb) &&
		holds(rule.APIGroups, r.Group) &&
		resourceMatches(rule.Resources, resource, r.Subresource) &&
		(len(rule.ResourceNames) == 0 || slices.Contains(rule.ResourceNames, r.Name))
}

// holds reports whether a list has a word or the star.
func holds(list []string, word string) bool {
	for _, l := range list {
		if l == word || l == all {
			return true
		}
	}
	return false
}

// resourceMatches reports whether a list of resources has "resource" or
// "resource/subresource".
func resourceMatches(list []string, combined, subresource string) bool {
	for _, l := range list {
		if l == all || l == combined {
			return true
		}
		if subresource != "" && len(l) == len(subresource)+2 && l[:2] == "*/" && l[2:] == subresource {
			return true
		}
	}
	return false
}

// urlCovers reports whether a URL of a rule covers another, or a path. All stars
// at the end count as one.
func urlCovers(owner, sub string) bool {
	if owner == sub {
		return true
	}
	return strings.HasSuffix(owner, all) && strings.HasPrefix(sub, strings.TrimRight(owner, all))
}

// Covers reports whether rules that somebody holds cover those that he wants to
// give away, and if not, which he lacks: each with one verb, one group, one
// resource and at most one name, in the order of wanted.
//
// What is wanted is broken down to single permissions and each must be covered
// by a single rule. A star is covered by a star only: all verbs there are do not
// make up "*". A rule with names does not cover one without.
func Covers(held, wanted []Rule) (missing []Rule, ok bool) {
	for i := range wanted {
		for _, w := range breakDown(&wanted[i]) {
			if !slices.ContainsFunc(held, func(h Rule) bool { return ruleCovers(&h, &w) }) {
				missing = append(missing, w.rule())
			}
		}
	}
	return missing, len(missing) == 0
}

// An atom is a single permission: a verb on a resource of a group, perhaps of
// one name, or on a URL.
type atom struct {
	verb, group, resource, name string
	named                       bool
	url                         string
	isURL                       bool
}

// rule writes an atom as a rule.
func (a *atom) rule() Rule {
	if a.isURL {
		return Rule{Verbs: []string{a.verb}, NonResourceURLs: []string{a.url}}
	}
	r := Rule{Verbs: []string{a.verb}, APIGroups: []string{a.group}, Resources: []string{a.resource}}
	if a.named {
		r.ResourceNames = []string{a.name}
	}
	return r
}

// breakDown splits a rule into its atoms.
func breakDown(r *Rule) []atom {
	var out []atom
	for _, group := range r.APIGroups {
		for _, resource := range r.Resources {
			for _, verb := range r.Verbs {
				for _, name := range r.ResourceNames {
					out = append(out, atom{verb: verb, group: group, resource: resource, name: name, named: true})
				}
				if len(r.ResourceNames) == 0 {
					out = append(out, atom{verb: verb, group: group, resource: resource})
				}
			}
		}
	}
	for _, url := range r.NonResourceURLs {
		for _, verb := range r.Verbs {
			out = append(out, atom{verb: verb, url: url, isURL: true})
		}
	}
	return out
}

// ruleCovers reports whether one rule covers an atom.
func ruleCovers(held *Rule, a *atom) bool {
	if !holds(held.Verbs, a.verb) || len(held.ResourceNames) > 0 && (!a.named || !slices.Contains(held.ResourceNames, a.name)) {
		return false
	}
	if a.isURL {
		return slices.ContainsFunc(held.NonResourceURLs, func(u string) bool { return urlCovers(u, a.url) })
	}
	if !holds(held.APIGroups, a.group) {
		return false
	}
	if holds(held.Resources, a.resource) {
		return true
	}
	_, sub, ok := strings.Cut(a.resource, "/")
	return ok && slices.Contains(held.Resources, "*/"+sub)
}

// ruleString words a rule for people: "create, get pods/exec (apps) named a, b".
func ruleString(r *Rule) string {
	var b strings.Builder
	b.WriteString(strings.Join(r.Verbs, ", "))
	b.WriteString(" " + strings.Join(append(slices.Clone(r.Resources), r.NonResourceURLs...), ", "))
	if groups := strings.Trim(strings.Join(r.APIGroups, ", "), ", "); groups != "" {
		b.WriteString(" (" + groups + ")")
	}
	if len(r.ResourceNames) > 0 {
		b.WriteString(" named " + strings.Join(r.ResourceNames, ", "))
	}
	return b.String()
}
