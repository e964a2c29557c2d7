package manifest

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/muster-nhi/muster/internal/inventory"
)

// What kubectl takes for an object is read, however it is written, or is told as
// lost.
func TestWaysToHide(t *testing.T) {
	const head = "apiVersion: v1\nkind: ServiceAccount\n"
	json := func(kind, rest string) string {
		return `{"apiVersion":"v1","items":[{"metadata":{"name":"one"}` + rest + `}],"kind":"` + kind + `"}`
	}
	for _, c := range []struct {
		name, file, text string
		accounts         []string
		lost             string // in the first problem with a loss; empty is none
	}{
		{"a list under any kind", "x.yaml", "apiVersion: v1\nkind: list\nitems:\n- " + strings.ReplaceAll(account+"one\n", "\n", "\n  ") + "\n", []string{"one"}, ""},
		{"a list under any kind in JSON", "x.json", `{"kind":"list","apiVersion":"v1","items":[{"kind":"ServiceAccount","apiVersion":"v1","metadata":{"name":"one"}}]}`, []string{"one"}, ""},
		{"items by an alias", "x.yaml", "apiVersion: v1\nkind: List\nmetadata:\n  x: &i\n  - {apiVersion: v1, kind: ServiceAccount, metadata: {name: one}}\nitems: *i\n", []string{"one"}, ""},
		{"a list by a merge key", "x.yaml", "x: &l\n  kind: List\n  items: [{apiVersion: v1, kind: ServiceAccount, metadata: {name: one}}]\napiVersion: v1\n<<: *l\n", []string{"one"}, ""},
		{"items of a typed list", "x.yaml", "apiVersion: v1\nkind: ServiceAccountList\nitems:\n- metadata: {name: one}\n- metadata: {name: two}\n", []string{"one", "two"}, ""},
		{"items of a typed list before its kind", "x.yaml", "items:\n- metadata: {name: one}\nkind: ServiceAccountList\napiVersion: v1\n", []string{"one"}, ""},
		{"items of a typed list in JSON before its kind", "x.json", json("ServiceAccountList", ""), nil, "say no kind"},
		{"items of something else in JSON", "x.json", `{"items":[{"metadata":{"name":"one"}}],"kind":"feed"}`, nil, ""},
		{"items with their kind in JSON before the list's", "x.json", json("List", `,"kind":"ServiceAccount","apiVersion":"v1"`), []string{"one"}, ""},
		{"items of a long typed list", "x.yaml", "apiVersion: v1\nkind: ServiceAccountList\nitems:\n- metadata: {name: one, annotations: {x: '" + strings.Repeat("x", splitAt) + "'}}\n- metadata: {name: two}\n", []string{"one", "two"}, ""},
		{"explicit keys", "x.yaml", "? apiVersion\n: v1\n? kind\n: ServiceAccount\n? metadata\n: {name: one}\n", []string{"one"}, ""},
		{"escaped keys", "x.yaml", "\"\\x61piVersion\": v1\n\"\\u006bind\": ServiceAccount\nmetadata: {name: one}\n", []string{"one"}, ""},
		{"a merge key after what it outranks", "x.yaml", "x: &x {kind: ServiceAccount, metadata: {name: one}}\napiVersion: v1\nkind: Event\nmetadata: {name: none}\n<<: *x\n", []string{"one"}, ""},
		{"a merge key before what outranks it", "x.yaml", "x: &x {kind: Event, metadata: {name: none}}\n<<: *x\napiVersion: v1\nkind: ServiceAccount\nmetadata: {name: one}\n", []string{"one"}, ""},
		{"the first of several merged", "x.yaml", "x: &x {kind: ServiceAccount}\ny: &y {kind: Event}\napiVersion: v1\nmetadata: {name: one}\n<<: [*x, *y]\n", []string{"one"}, ""},
		{"line breaks of old", "x.yaml", "x: y\rkind: ServiceAccount\rapiVersion: v1\rmetadata: {name: one}\rz: \"\nkind: Event\nbar: \"\n", []string{"one"}, ""},
		{"a binding of a group that is not read", "x.yaml", "apiVersion: authorization.openshift.io/v1\nkind: ClusterRoleBinding\nmetadata: {name: x}\nroleRef: {name: cluster-admin}\nuserNames: [eve]\n", nil, "authorization.openshift.io"},
		{"a merge of a kind with spaces", "x.yaml", head + "metadata: {name: 'one '}\n", []string{"one "}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			cluster, problems := scan(t, write(t, map[string]string{c.file: c.text}), Options{})
			var want []string
			for _, a := range c.accounts {
				want = append(want, "default/"+a)
			}
			if got := accountNames(cluster); !slices.Equal(got, want) {
				t.Errorf("accounts %q, want %q; problems %q", got, want, problems)
			}
			lost := slices.DeleteFunc(slices.Clone(problems), func(p string) bool { return !strings.HasPrefix(p, "LOST") })
			if (len(lost) > 0) != (c.lost != "") || c.lost != "" && !strings.Contains(lost[0], c.lost) {
				t.Errorf("problems: %q", problems)
			}
		})
	}
}

// Of two objects with one name in two files one may be of another cluster: what
// is declared is not known in full then, whatever uid they claim.
func TestTwiceInTwoFiles(t *testing.T) {
	for _, uids := range [][2]string{{"", ""}, {"", "\n  uid: b"}, {"\n  uid: a", "\n  uid: b"}} {
		c, problems := scan(t, write(t, map[string]string{
			"prod/x.yaml":    account + "one" + uids[0] + "\nautomountServiceAccountToken: true\n",
			"staging/x.yaml": account + "one" + uids[1] + "\nautomountServiceAccountToken: false\n",
		}), Options{})
		if len(problems) != 1 || !strings.HasPrefix(problems[0], "LOST staging/x.yaml:1: ServiceAccount \"default/one\" is declared at prod/x.yaml:1 too") {
			t.Errorf("%q: problems %q", uids, problems)
		}
		if len(c.ServiceAccounts) != 1 || c.Listings[0].Status != inventory.StatusPartial {
			t.Errorf("%q: %d accounts, %s", uids, len(c.ServiceAccounts), c.Listings[0].Status)
		}
	}
}

// Roles that gather one another all have what any of them brings in, as on a
// server in the end.
func TestAggregationInARing(t *testing.T) {
	ring := func(name, label, selects string) string {
		return "---\n" + clusterRole + name + "\n  labels: {" + label + ": x}\naggregationRule: {clusterRoleSelectors: [{matchLabels: {" + selects + ": x}}]}\n"
	}
	files := map[string]string{"x.yaml": ring("a", "la", "lb") + ring("b", "lb", "lc") + ring("c", "lc", "la") +
		"---\n" + clusterRole + "power\n  labels: {lc: x}\nrules: [{verbs: ['*'], apiGroups: ['*'], resources: ['*']}]\n"}
	c, problems := scan(t, write(t, files), Options{})
	for _, name := range []string{"a", "b", "c"} {
		if !holds(rulesOf(c, name), "*", "*", "*") {
			t.Errorf("%s does not hold what the ring gathers; problems %q", name, problems)
		}
	}
}

// A uid makes no dump of a manifest: what its selectors gather counts too.
func TestAggregationUnderAFalseUID(t *testing.T) {
	c, _ := scan(t, write(t, map[string]string{"x.yaml": clusterRole + "a\n  uid: u\naggregationRule: {clusterRoleSelectors: [{matchLabels: {to: a}}]}\nrules: [{verbs: [get], apiGroups: [''], resources: [pods]}]\n" +
		"---\n" + clusterRole + "power\n  labels: {to: a}\nrules: [{verbs: ['*'], apiGroups: ['*'], resources: ['*']}]\n"}), Options{})
	if r := rulesOf(c, "a"); !holds(r, "*", "*", "*") || !holds(r, "get", "", "pods") {
		t.Errorf("%+v", r)
	}
}

// A few hundred kilobytes of roles that all gather all others end soon, in little
// memory, and what could not be told is told as lost.
func TestAggregationBomb(t *testing.T) {
	var b strings.Builder
	for i := range 1500 {
		fmt.Fprintf(&b, "---\n%ssum-%d\naggregationRule: {clusterRoleSelectors: [{}]}\n---\n%spart-%d\nrules: [{verbs: [get], apiGroups: [''], resources: [r%d]}]\n", clusterRole, i, clusterRole, i, i)
	}
	c, problems := scan(t, write(t, map[string]string{"x.yaml": b.String()}), Options{})
	total := 0
	for i := range c.Roles {
		total += len(c.Roles[i].Rules)
	}
	if total > 2*maxGathered || len(problems) == 0 || !strings.Contains(problems[0], "aggregat") {
		t.Errorf("%d rules, problems %q", total, problems)
	}
	if rulesOf(c, "sum-1499") != nil && len(rulesOf(c, "sum-1499").Rules) < 1500 {
		t.Error("a role is there with a part of its rules")
	}
}

// Names that the API server makes are told apart in time that grows with their
// number only.
func TestManyGeneratedNames(t *testing.T) {
	const n = 20000
	b := newBuilder(Options{}.withDefaults())
	for range n {
		b.object(place{"x.yaml", 1, 1}, tree{"apiVersion": "v1", "kind": "ServiceAccount", "metadata": tree{"generateName": "x-"}}, nil)
	}
	if got := len(b.cluster.ServiceAccounts); got != n {
		t.Errorf("%d accounts", got)
	}
}

// Small documents, or items of one List, that come to millions of nodes each cost
// about what their length costs.
func TestManyAliasBombs(t *testing.T) {
	bomb := func(indent string) string {
		var b strings.Builder
		b.WriteString(indent + "a: &a [1,1,1,1,1,1,1,1,1,1]\n")
		for c := 'b'; c < 'g'; c++ {
			fmt.Fprintf(&b, "%s%c: &%c [%s]\n", indent, c, c, strings.TrimSuffix(strings.Repeat(fmt.Sprintf("*%c,", c-1), 10), ","))
		}
		return b.String()
	}
	files := map[string]string{
		"list.yaml":      "x:\n" + bomb("  ") + "apiVersion: v1\nkind: List\nitems:\n" + strings.Repeat("- {apiVersion: v1, kind: ServiceAccount, metadata: {name: x}, x: *f}\n", 300),
		"documents.yaml": strings.Repeat(account+"x\nx:\n"+bomb("  ")+"---\n", 300) + account + "good\n",
	}
	start := time.Now()
	c, problems := scan(t, write(t, files), Options{})
	if took := time.Since(start); took > 20*time.Second {
		t.Errorf("it took %s", took)
	}
	if len(c.ServiceAccounts) != 1 || len(problems) < 2 || !strings.Contains(problems[0], "aliases resolved") {
		t.Errorf("%d accounts, problems %q", len(c.ServiceAccounts), problems[:min(len(problems), 3)])
	}
}

// An object that no API server would take costs no more than to be read over.
func TestHugeObject(t *testing.T) {
	var b strings.Builder
	b.WriteString("apiVersion: v1\nkind: Pod\nmetadata: {name: x}\nspec:\n  containers:\n")
	for i := range 40_000 {
		fmt.Fprintf(&b, "  - {name: c%d, securityContext: {privileged: true}}\n", i)
	}
	c, problems := scan(t, write(t, map[string]string{"x.yaml": b.String(), "z.yaml": account + "good\n"}), Options{})
	if len(c.Workloads) != 0 || len(problems) != 1 || !strings.Contains(problems[0], "LOST x.yaml:1: this Pod holds more than") {
		t.Errorf("%d workloads, problems %q", len(c.Workloads), problems)
	}
}
