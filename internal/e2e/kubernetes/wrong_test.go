//go:build e2e

package kubernetes

import (
	"fmt"
	"slices"
	"sort"
	"strings"

	"github.com/muster-nhi/muster/internal/privilege/rbac"
)

// wrongJudges are evaluators that are wrong in one thing each, most of them in
// what another tool was seen to be wrong.
func wrongJudges(policy rbac.Policy, right judge) map[string]judge {
	changed := func(change func(*rbac.Policy)) judge {
		p := rbac.Policy{Roles: slices.Clone(policy.Roles), Bindings: slices.Clone(policy.Bindings)}
		for i := range p.Roles {
			p.Roles[i].Rules = slices.Clone(p.Roles[i].Rules)
		}
		for i := range p.Bindings {
			p.Bindings[i].Subjects = slices.Clone(p.Bindings[i].Subjects)
		}
		change(&p)
		a := rbac.New(p)
		return func(u rbac.User, r rbac.Request) bool { return a.Allowed(u, r).Allowed }
	}
	rules := func(change func(*rbac.Rule)) judge {
		return changed(func(p *rbac.Policy) {
			for i := range p.Roles {
				for j := range p.Roles[i].Rules {
					change(&p.Roles[i].Rules[j])
				}
			}
		})
	}
	return map[string]judge{
		"ignores resourceNames": rules(func(r *rbac.Rule) { r.ResourceNames = nil }),
		"takes the star of resourceNames for every name": rules(func(r *rbac.Rule) {
			if slices.Contains(r.ResourceNames, "*") {
				r.ResourceNames = nil
			}
		}),
		"ignores API groups": rules(func(r *rbac.Rule) {
			if len(r.APIGroups) > 0 {
				r.APIGroups = []string{"*"}
			}
		}),
		"knows no */subresource": rules(func(r *rbac.Rule) {
			r.Resources = slices.DeleteFunc(slices.Clone(r.Resources), func(s string) bool { return strings.HasPrefix(s, "*/") })
		}),
		"knows no star at the end of a URL": rules(func(r *rbac.Rule) {
			r.NonResourceURLs = slices.DeleteFunc(slices.Clone(r.NonResourceURLs), func(s string) bool { return s != "*" && strings.HasSuffix(s, "*") })
		}),
		"gives a resource with all its subresources": func(u rbac.User, r rbac.Request) bool {
			whole := r
			whole.Subresource = ""
			return right(u, r) || right(u, whole)
		},
		"ignores aggregated roles": changed(func(p *rbac.Policy) {
			for i := range p.Roles {
				if p.Roles[i].Aggregate != nil {
					p.Roles[i].Rules = nil
				}
			}
		}),
		"reads a RoleBinding as one of the cluster": changed(func(p *rbac.Policy) {
			for i := range p.Bindings {
				b := &p.Bindings[i]
				for j := range b.Subjects {
					if b.Subjects[j].Kind == rbac.KindServiceAccount && b.Subjects[j].Namespace == "" {
						b.Subjects[j].Namespace = b.Namespace
					}
				}
				if b.RoleKind == rbac.KindClusterRole {
					b.Namespace = ""
				}
			}
		}),
		"knows no account under its name as a user": func(u rbac.User, r rbac.Request) bool {
			if _, _, ok := rbac.Account(u.Name); ok && len(u.Groups) == 0 {
				return false
			}
			return right(u, r)
		},
		"ignores groups": func(u rbac.User, r rbac.Request) bool {
			u.Groups = nil
			return right(u, r)
		},
		"needs a namespace in an account's subject": changed(func(p *rbac.Policy) {
			for i := range p.Bindings {
				b := &p.Bindings[i]
				b.Subjects = slices.DeleteFunc(b.Subjects, func(s rbac.Subject) bool {
					return s.Kind == rbac.KindServiceAccount && s.Namespace == ""
				})
			}
		}),
	}
}

// sameRules compares the rules of roles as sets: the controller may join and
// order them as it likes.
func sameRules(filled rbac.Policy, own *rbac.Authorizer) error {
	for i := range filled.Roles {
		r := &filled.Roles[i]
		if r.Aggregate == nil {
			continue
		}
		mine := own.Role(rbac.KindClusterRole, "", r.Name)
		if mine == nil {
			return fmt.Errorf("role %s is not known", r.Name)
		}
		if a, b := words(r.Rules), words(mine.Rules); !slices.Equal(a, b) {
			return fmt.Errorf("role %s: only the server has %q, only aggregation has %q", r.Name, without(a, b), without(b, a))
		}
	}
	return nil
}

// without is a less what b has.
func without(a, b []string) []string {
	return slices.DeleteFunc(slices.Clone(a), func(s string) bool { return slices.Contains(b, s) })
}

// words are the distinct rules as text, sorted.
func words(rules []rbac.Rule) []string {
	var out []string
	for _, r := range rules {
		out = append(out, fmt.Sprintf("%q", [][]string{r.Verbs, r.APIGroups, r.Resources, r.ResourceNames, r.NonResourceURLs}))
	}
	sort.Strings(out)
	return slices.Compact(out)
}
