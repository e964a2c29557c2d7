package rbac

import (
	"slices"
	"strconv"
	"strings"
)

// Matches reports whether a selector matches labels.
func (s *Selector) Matches(labels map[string]string) bool {
	for k, want := range s.Labels {
		if v, ok := labels[k]; !ok || v != want {
			return false
		}
	}
	return !slices.ContainsFunc(s.Requirements, func(r Requirement) bool { return !r.matches(labels) })
}

// matches reports whether labels meet a requirement. NotIn is met by labels
// without the key, as the API machinery has it.
func (r *Requirement) matches(labels map[string]string) bool {
	v, ok := labels[r.Key]
	switch r.Operator {
	case "In":
		return ok && slices.Contains(r.Values, v)
	case "NotIn":
		return !ok || !slices.Contains(r.Values, v)
	case "Exists":
		return ok
	case "DoesNotExist":
		return !ok
	default:
		return false
	}
}

// fill gives aggregated ClusterRoles that are not filled their rules: for each
// selector in turn those of the ClusterRoles that it matches, by name, itself
// left out, each rule once. Roles that gather one another are filled from what
// the others bring in. The roles are in order.
func fill(roles []Role) {
	cluster := roles
	if i := slices.IndexFunc(roles, func(r Role) bool { return r.Namespace != "" }); i >= 0 {
		cluster = roles[:i]
	}
	sources := map[int][]int{}
	var open []int
	for i := range cluster {
		r := &cluster[i]
		if len(r.Aggregate) == 0 || r.Filled {
			continue
		}
		r.Rules, r.Filled = nil, true
		open = append(open, i)
		for s := range r.Aggregate {
			for j := range cluster {
				if j != i && r.Aggregate[s].Matches(cluster[j].Labels) {
					sources[i] = append(sources[i], j)
				}
			}
		}
	}
	for grown := true; grown; {
		grown = false
		for _, i := range open {
			sum := gather(cluster, sources[i])
			grown = grown || len(sum) != len(cluster[i].Rules)
			cluster[i].Rules = sum
		}
	}
}

// gather joins the rules of some roles, each rule once.
func gather(roles []Role, of []int) []Rule {
	var out []Rule
	seen := map[string]bool{}
	for _, j := range of {
		for _, rule := range roles[j].Rules {
			if k := ruleKey(&rule); !seen[k] {
				seen[k] = true
				out = append(out, rule)
			}
		}
	}
	return out
}

// ruleKey is the same text for equal rules and no others: every word of a rule
// with its length before it.
func ruleKey(r *Rule) string {
	var b strings.Builder
	for _, list := range [][]string{r.Verbs, r.APIGroups, r.Resources, r.ResourceNames, r.NonResourceURLs} {
		for _, word := range list {
			b.WriteString(strconv.Itoa(len(word)))
			b.WriteByte(':')
			b.WriteString(word)
		}
		b.WriteByte('|')
	}
	return b.String()
}

// equalRules numbers roles by their rules.
func equalRules(roles []Role) []int32 {
	out := make([]int32, len(roles))
	seen := make(map[string]int32, len(roles))
	var b strings.Builder
	for i := range roles {
		b.Reset()
		for j := range roles[i].Rules {
			b.WriteString(ruleKey(&roles[i].Rules[j]))
			b.WriteByte('\n')
		}
		n, ok := seen[b.String()]
		if !ok {
			n = int32(len(seen))
			seen[b.String()] = n
		}
		out[i] = n
	}
	return out
}
