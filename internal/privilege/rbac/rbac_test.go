package rbac

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestCovers(t *testing.T) {
	url := func(verb, u string) Rule { return Rule{Verbs: []string{verb}, NonResourceURLs: []string{u}} }
	for _, c := range []struct {
		name    string
		held    []Rule
		wanted  Rule
		missing int
	}{
		{"the same", []Rule{rule("get", "core", "pods")}, rule("get", "core", "pods"), 0},
		{"nothing is wanted", nil, Rule{Verbs: []string{"get"}}, 0},
		{"a rule without groups wants nothing", nil, Rule{Verbs: []string{"get"}, Resources: []string{"pods"}}, 0},
		{"from several rules", []Rule{rule("get", "core", "pods"), rule("list", "core", "pods")}, rule("get list", "core", "pods"), 0},
		{"each combination counts", []Rule{rule("get", "core", "pods"), rule("list", "core", "secrets")}, rule("get list", "core", "pods secrets"), 2},
		{"stars hold all", []Rule{rule("*", "*", "*")}, rule("x y", "a b", "c d/e", "n"), 0},
		{"all verbs are not the star", []Rule{rule("get list watch create update patch delete deletecollection", "core", "pods")}, rule("*", "core", "pods"), 1},
		{"one resource is not the star", []Rule{rule("get", "core", "pods")}, rule("get", "core", "*"), 1},
		{"a star of subresources", []Rule{rule("get", "core", "*/log")}, rule("get", "core", "pods/log"), 0},
		{"not the other way", []Rule{rule("get", "core", "pods/log")}, rule("get", "core", "*/log"), 1},
		{"a star of subresources is not the resource", []Rule{rule("get", "core", "*/log")}, rule("get", "core", "pods"), 1},
		{"deep subresources", []Rule{rule("get", "core", "*/a/b")}, rule("get", "core", "pods/a/b"), 0},
		{"names from none", []Rule{rule("get", "core", "pods")}, rule("get", "core", "pods", "n"), 0},
		{"none from names", []Rule{rule("get", "core", "pods", "n")}, rule("get", "core", "pods"), 1},
		{"one name of two", []Rule{rule("get", "core", "pods", "n")}, rule("get", "core", "pods", "n", "m"), 1},
		{"a star as a name is a name", []Rule{rule("get", "core", "pods", "*")}, rule("get", "core", "pods", "n"), 1},
		{"URLs", []Rule{url("get", "/logs/*")}, url("get", "/logs/kern"), 0},
		{"a URL with a star", []Rule{url("get", "/logs/*")}, url("get", "/logs/a*"), 0},
		{"a wider URL", []Rule{url("get", "/logs/*")}, url("get", "/logs*"), 1},
		{"all URLs", []Rule{url("*", "*")}, url("get", "/x"), 0},
		{"resources are no URLs", []Rule{rule("*", "*", "*")}, url("get", "/x"), 1},
		{"URLs are no resources", []Rule{url("*", "*")}, rule("get", "core", "pods"), 1},
		{"names do not cover URLs", []Rule{{Verbs: []string{"get"}, NonResourceURLs: []string{"*"}, ResourceNames: []string{"n"}}}, url("get", "/x"), 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			missing, ok := Covers(c.held, []Rule{c.wanted})
			if len(missing) != c.missing || ok != (c.missing == 0) {
				t.Errorf("missing %v, %v; want %d", missing, ok, c.missing)
			}
			for _, m := range missing {
				if _, ok := Covers([]Rule{c.wanted}, []Rule{m}); !ok {
					t.Errorf("%v is missing, yet not wanted", m)
				}
			}
		})
	}
}

func TestAggregation(t *testing.T) {
	label := func(k string) map[string]string { return map[string]string{k: "true"} }
	sum := func(k string) []Selector { return []Selector{{Labels: label(k)}} }
	a := New(Policy{Roles: []Role{
		{Name: "admin", Aggregate: sum("to-admin"), Rules: []Rule{rule("leftover", "core", "pods")}},
		{Name: "edit", Labels: label("to-admin"), Aggregate: sum("to-edit")},
		{Name: "p1", Labels: label("to-edit"), Rules: []Rule{rule("get", "core", "pods"), rule("list", "core", "pods")}},
		{Name: "p2", Labels: map[string]string{"to-edit": "true", "to-admin": "true"}, Rules: []Rule{rule("get", "core", "pods"), rule("get", "core", "nodes")}},
		{Name: "other", Labels: label("to-view"), Rules: []Rule{rule("get", "core", "secrets")}},
		{Namespace: "x", Name: "local", Labels: label("to-edit"), Rules: []Rule{rule("get", "core", "secrets")}},
		{Name: "filled", Aggregate: sum("to-edit"), Filled: true, Rules: []Rule{rule("old", "core", "pods")}},
		{Name: "self", Labels: label("ring"), Aggregate: sum("ring"), Rules: []Rule{rule("x", "x", "x")}},
		{Name: "ring", Labels: label("ring"), Aggregate: []Selector{{Labels: label("ring")}, {Labels: label("to-edit")}}},
	}})
	got := map[string]string{}
	for _, r := range a.Roles() {
		for i := range r.Rules {
			got[r.Name] += ruleString(&r.Rules[i]) + "; "
		}
	}
	edit := "get pods; list pods; get nodes; "
	want := map[string]string{
		"admin": edit, "edit": edit, "p1": "get pods; list pods; ", "p2": "get pods; get nodes; ",
		"other": "get secrets; ", "local": "get secrets; ", "filled": "old pods; ", "self": edit, "ring": edit,
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

func TestSelector(t *testing.T) {
	labels := map[string]string{"a": "1", "b": "2"}
	for _, c := range []struct {
		name string
		s    Selector
		want bool
	}{
		{"empty", Selector{}, true},
		{"label", Selector{Labels: map[string]string{"a": "1"}}, true},
		{"other value", Selector{Labels: map[string]string{"a": "2"}}, false},
		{"empty value of a missing label", Selector{Labels: map[string]string{"c": ""}}, false},
		{"In", Selector{Requirements: []Requirement{{"a", "In", []string{"0", "1"}}}}, true},
		{"In, missing", Selector{Requirements: []Requirement{{"c", "In", []string{""}}}}, false},
		{"NotIn", Selector{Requirements: []Requirement{{"a", "NotIn", []string{"1"}}}}, false},
		{"NotIn, missing", Selector{Requirements: []Requirement{{"c", "NotIn", []string{"1"}}}}, true},
		{"Exists", Selector{Requirements: []Requirement{{"a", "Exists", nil}}}, true},
		{"DoesNotExist", Selector{Requirements: []Requirement{{"a", "DoesNotExist", nil}}}, false},
		{"both", Selector{Labels: map[string]string{"a": "1"}, Requirements: []Requirement{{"b", "In", []string{"3"}}}}, false},
		{"unknown operator", Selector{Requirements: []Requirement{{"a", "Gt", []string{"0"}}}}, false},
	} {
		if got := c.s.Matches(labels); got != c.want {
			t.Errorf("%s: got %v, want %v", c.name, got, c.want)
		}
	}
}

func TestUsers(t *testing.T) {
	list := Request{Verb: "list", Resource: "secrets"}
	a := with()
	want(t, "a master, whom nothing is bound to", New(Policy{}).Allowed(User{Name: "ann", Groups: []string{Masters}}, list), true)
	want(t, "a master", a.Allowed(User{Name: "ann", Groups: []string{Masters}}, list), true)
	want(t, "a user who calls himself so", a.Allowed(User{Name: Masters}, list), false)
	p := policyOf("", rule("list", "core", "secrets"))
	p.Bindings[3].Subjects = []Subject{{Kind: KindUser, Name: Anonymous}, {Kind: KindGroup, Name: Unauthenticated}}
	want(t, "anonymous", New(p).Allowed(AnonymousUser(), list), true)
	want(t, "authenticated", New(p).Allowed(bot, list), false)
	for name, ok := range map[string]bool{
		"system:serviceaccount:x:bot": true, "system:serviceaccount:x:bot.two": true, "system:serviceaccount:x:": false,
		"system:serviceaccount:x": false, "system:serviceaccount:x:a:b": false, "system:serviceaccount:x.y:a": false,
		"system:serviceaccount:X:a": false, "system:node:n": false, "bot": false,
	} {
		if _, _, got := Account(name); got != ok {
			t.Errorf("Account(%q): %v", name, got)
		}
	}
}

func TestFirstOfTheSameName(t *testing.T) {
	p := policyOf("", rule("list", "core", "secrets"))
	p.Roles = append(p.Roles, Role{Name: "bot", Rules: admin})
	want(t, "the second role of the name", New(p).Allowed(bot, Request{Verb: "list", Resource: "nodes"}), false)
	want(t, "the first", New(p).Allowed(bot, Request{Verb: "list", Resource: "secrets"}), true)
}

func TestClasses(t *testing.T) {
	p := Policy{
		Roles: []Role{{Name: "a", Rules: []Rule{rule("get", "core", "pods")}}, {Namespace: "x", Name: "b", Rules: []Rule{rule("get", "core", "pods")}}},
		Bindings: []Binding{
			{Name: "all", RoleKind: KindClusterRole, RoleName: "a", Subjects: []Subject{{Kind: KindGroup, Name: AllAccounts}, {Kind: KindServiceAccount, Namespace: "x", Name: "one"}}},
			{Namespace: "x", Name: "own", RoleKind: KindRole, RoleName: "b", Subjects: []Subject{{Kind: KindServiceAccount, Name: "two"}, {Kind: KindServiceAccount, Name: "three"}}},
		},
	}
	a := New(p)
	one, two, three, four := a.Class(ServiceAccountUser("x", "one")), a.Class(ServiceAccountUser("x", "two")), a.Class(ServiceAccountUser("x", "three")), a.Class(ServiceAccountUser("y", "four"))
	if one != four || two != three || one == two {
		t.Errorf("classes %d %d %d %d", one.ID, two.ID, three.ID, four.ID)
	}
	if len(two.Held) != 2 || two.Held[0].Text != two.Held[1].Text || two.Held[1].Namespace != "x" {
		t.Errorf("held: %+v", two.Held)
	}
	if s := Via(ServiceAccountUser("x", "one"), &a.Bindings()[0]); s == nil || s.Kind != KindGroup {
		t.Errorf("via %v", s)
	}
	if s := Via(User{Name: "ann"}, &a.Bindings()[0]); s != nil {
		t.Errorf("ann is no subject, yet %v", s)
	}
	if c := a.Class(User{Name: "ann"}); len(c.Held) != 0 {
		t.Errorf("ann holds %v", c.Held)
	}
}

// estate is a cluster of 5,000 accounts in 200 namespaces with 10,000 bindings
// to 1,000 roles.
func estate() (Policy, []User) {
	var p Policy
	var users []User
	for i := range 500 {
		rules := []Rule{rule("get list watch", "core apps", "pods secrets configmaps"), rule("create update", "core", "pods/exec services", fmt.Sprint("n", i%40))}
		p.Roles = append(p.Roles, Role{Name: fmt.Sprint("c", i), Rules: rules}, Role{Namespace: fmt.Sprint("ns", i%200), Name: fmt.Sprint("r", i), Rules: rules})
	}
	for i := range 5000 {
		users = append(users, ServiceAccountUser(fmt.Sprint("ns", i%200), fmt.Sprint("sa", i/200)))
	}
	for i := range 10000 {
		b := Binding{
			Namespace: fmt.Sprint("ns", i%200), Name: fmt.Sprint("b", i), RoleKind: KindClusterRole, RoleName: fmt.Sprint("c", i%500),
			Subjects: []Subject{{Kind: KindServiceAccount, Name: fmt.Sprint("sa", i/400)}},
		}
		switch {
		case i%5 == 0:
			b.Namespace = ""
			b.Subjects[0].Namespace = fmt.Sprint("ns", i%200)
		case i%5 == 1:
			b.RoleKind, b.RoleName = KindRole, fmt.Sprint("r", i%500)
		case i%997 == 2:
			b.Subjects = append(b.Subjects, Subject{Kind: KindGroup, Name: AllAccounts})
		}
		p.Bindings = append(p.Bindings, b)
	}
	return p, users
}

func BenchmarkNew(b *testing.B) {
	p, _ := estate()
	b.ReportAllocs()
	for b.Loop() {
		New(p)
	}
}

// BenchmarkEffective builds and asks for every account.
func BenchmarkEffective(b *testing.B) {
	p, users := estate()
	b.ReportAllocs()
	for b.Loop() {
		a := New(p)
		for _, u := range users {
			if len(a.Effective(u)) == 0 {
				b.Fatal("an account holds nothing")
			}
		}
	}
}

func BenchmarkAllowed(b *testing.B) {
	p, users := estate()
	a := New(p)
	r := Request{Verb: "delete", Resource: "nodes", Namespace: "ns7"}
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		if a.Allowed(users[i%len(users)], r).Allowed {
			b.Fatal("nobody may")
		}
	}
}
