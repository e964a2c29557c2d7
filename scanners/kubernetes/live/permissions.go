package live

import (
	"slices"

	"github.com/muster-nhi/muster/internal/privilege"
)

// Permissions returns the rules of the ClusterRole that reading a whole cluster
// takes, and no more: what is listed may be listed, and one ConfigMap read. With
// withoutSecrets they do not let Secrets be listed, which shows their values to
// whoever has the role. The built-in role view would not do: it has no roles,
// bindings, requests or Secrets.
func Permissions(withoutSecrets bool) []privilege.Rule {
	byGroup := map[string][]string{}
	var groups []string
	add := func(group, plural string) {
		if byGroup[group] == nil {
			groups = append(groups, group)
		}
		byGroup[group] = append(byGroup[group], plural)
	}
	for _, b := range append(builtins(), made()...) {
		add(b.group, b.plural)
	}
	for _, c := range customs() {
		add(c.group, c.plural)
	}
	if !withoutSecrets {
		add("", "secrets")
	}
	var out []privilege.Rule
	for _, g := range groups {
		slices.Sort(byGroup[g])
		out = append(out, privilege.Rule{APIGroups: []string{g}, Resources: byGroup[g], Verbs: []string{"list"}})
	}
	return append(out,
		privilege.Rule{APIGroups: []string{""}, Resources: []string{"configmaps"}, ResourceNames: []string{trackingMap}, Verbs: []string{"get"}},
		privilege.Rule{NonResourceURLs: []string{"/apis", "/version"}, Verbs: []string{"get"}},
	)
}
