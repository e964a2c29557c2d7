package rbac

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// naive answers from the policy as it is, without an index: every binding in
// turn, as the words of the documentation have it.
func naive(p Policy, u User, r Request) bool {
	if slices.Contains(u.Groups, Masters) {
		return true
	}
	for _, b := range p.Bindings {
		if b.Namespace != "" && (b.Namespace != r.Namespace || r.Path != "") {
			continue
		}
		if !slices.ContainsFunc(b.Subjects, func(s Subject) bool { return naiveSubject(s, b.Namespace, u) }) {
			continue
		}
		for _, role := range p.Roles {
			same := role.Name == b.RoleName && (b.RoleKind == KindClusterRole && role.Namespace == "" ||
				b.RoleKind == KindRole && b.Namespace != "" && role.Namespace == b.Namespace)
			if same && slices.ContainsFunc(role.Rules, func(rule Rule) bool { return naiveRule(rule, r) }) {
				return true
			}
		}
	}
	return false
}

func naiveSubject(s Subject, namespace string, u User) bool {
	switch s.Kind {
	case KindUser:
		return s.Name == u.Name
	case KindGroup:
		return slices.Contains(u.Groups, s.Name)
	case KindServiceAccount:
		ns := s.Namespace
		if ns == "" {
			ns = namespace
		}
		return ns != "" && u.Name == fmt.Sprintf("system:serviceaccount:%s:%s", ns, s.Name)
	}
	return false
}

func naiveRule(rule Rule, r Request) bool {
	in := func(list []string, words ...string) bool {
		return slices.ContainsFunc(list, func(l string) bool { return slices.Contains(words, l) })
	}
	if !in(rule.Verbs, r.Verb, "*") {
		return false
	}
	if r.Path != "" {
		return slices.ContainsFunc(rule.NonResourceURLs, func(url string) bool {
			stem, star := strings.CutSuffix(url, "*")
			return url == r.Path || star && strings.HasPrefix(r.Path, stem)
		})
	}
	if !in(rule.APIGroups, r.Group, "*") {
		return false
	}
	resources := []string{"*", r.Resource}
	if r.Subresource != "" {
		resources = []string{"*", r.Resource + "/" + r.Subresource, "*/" + r.Subresource}
	}
	if !in(rule.Resources, resources...) {
		return false
	}
	name := r.Name
	if name == "" && (r.Verb == "list" || r.Verb == "watch") {
		name = r.FieldName
	}
	return len(rule.ResourceNames) == 0 || in(rule.ResourceNames, name)
}

// A die draws policies and questions from small sets of words, so that they
// often meet.
type die struct{ *rand.Rand }

func (d die) one(words ...string) string { return words[d.IntN(len(words))] }

func (d die) some(least, most int, words ...string) []string {
	var out []string
	for n := least + d.IntN(most-least+1); n > 0; n-- {
		out = append(out, d.one(words...))
	}
	return out
}

func (d die) verb() string {
	return d.one("get", "list", "watch", "create", "update", "patch", "delete", "deletecollection", "bind", "escalate", "impersonate")
}

func (d die) rule() Rule {
	if d.IntN(6) == 0 {
		return Rule{Verbs: d.some(1, 2, "get", "post", "*"), NonResourceURLs: d.some(1, 2, "*", "/metrics", "/logs/*", "/api*", "/healthz")}
	}
	r := Rule{
		APIGroups: d.some(1, 2, "", "apps", Group, "*"),
		Resources: d.some(1, 3, "*", "pods", "secrets", "pods/exec", "*/exec", "*/token", "serviceaccounts/token", "pods/*", "deployments", "roles", "clusterroles"),
	}
	for n := 1 + d.IntN(3); n > 0; n-- {
		r.Verbs = append(r.Verbs, d.verb())
	}
	if d.IntN(8) == 0 {
		r.Verbs = []string{"*"}
	}
	if d.IntN(4) == 0 {
		r.ResourceNames = d.some(1, 2, "a", "b", "*")
	}
	return r
}

func (d die) policy(roles, bindings int) Policy {
	var p Policy
	for i := range roles {
		role := Role{Namespace: d.one("", "x", "y"), Name: fmt.Sprint("r", i/2)}
		if slices.ContainsFunc(p.Roles, func(r Role) bool { return r.Namespace == role.Namespace && r.Name == role.Name }) {
			continue
		}
		for n := d.IntN(4); n > 0; n-- {
			role.Rules = append(role.Rules, d.rule())
		}
		p.Roles = append(p.Roles, role)
	}
	for i := range bindings {
		b := Binding{
			Namespace: d.one("", "x", "x", "y"), Name: fmt.Sprint("b", i),
			RoleKind: d.one(KindRole, KindClusterRole, KindClusterRole), RoleName: fmt.Sprint("r", d.IntN(roles/2+1)),
		}
		for n := d.IntN(4); n > 0; n-- {
			b.Subjects = append(b.Subjects, d.subject())
		}
		p.Bindings = append(p.Bindings, b)
	}
	return p
}

func (d die) subject() Subject {
	switch d.IntN(4) {
	case 0:
		return Subject{Kind: KindUser, Name: d.one("ann", "system:serviceaccount:x:one", Anonymous)}
	case 1:
		return Subject{Kind: KindGroup, Name: d.one("dev", AllAccounts, AllAccounts+":x", Authenticated, Unauthenticated)}
	case 2:
		return Subject{Kind: d.one(KindServiceAccount, "Robot"), Name: d.one("one", "two")}
	default:
		return Subject{Kind: KindServiceAccount, Namespace: d.one("x", "y"), Name: d.one("one", "two")}
	}
}

func (d die) user() User {
	switch d.IntN(4) {
	case 0:
		return User{Name: d.one("ann", "bob"), Groups: d.some(0, 2, "dev", Authenticated, "ops")}
	case 1:
		return AnonymousUser()
	default:
		return ServiceAccountUser(d.one("x", "y"), d.one("one", "two"))
	}
}

func (d die) request() Request {
	if d.IntN(6) == 0 {
		return Request{Verb: d.one("get", "post"), Path: d.one("/metrics", "/logs/kern", "/api", "/apis/x", "/healthz", "/")}
	}
	r := Request{
		Verb: d.verb(), Group: d.one("", "apps", Group), Resource: d.one("pods", "secrets", "deployments", "roles", "clusterroles", "serviceaccounts"),
		Subresource: d.one("", "", "", "exec", "token", "log"), Namespace: d.one("", "x", "y", "z"), Name: d.one("", "", "a", "b", "c", "*"),
	}
	if d.IntN(4) == 0 {
		r.FieldName = d.one("a", "b")
	}
	return r
}

// near draws a user and a request that some grant of the policy may well allow,
// most of it or nearly.
func (d die) near(p Policy) (User, Request) {
	u, r := d.user(), d.request()
	b := p.Bindings[d.IntN(len(p.Bindings))]
	for _, s := range b.Subjects {
		if s.Kind == KindServiceAccount && d.IntN(8) > 0 {
			ns := s.Namespace
			if ns == "" {
				ns = b.Namespace
			}
			u = ServiceAccountUser(ns, s.Name)
		}
	}
	if b.Namespace != "" && d.IntN(8) > 0 {
		r.Namespace = b.Namespace
	}
	for _, role := range p.Roles {
		if role.Name != b.RoleName || len(role.Rules) == 0 {
			continue
		}
		rule := role.Rules[d.IntN(len(role.Rules))]
		if len(rule.NonResourceURLs) > 0 {
			return u, Request{Verb: d.one(rule.Verbs...), Path: strings.ReplaceAll(d.one(rule.NonResourceURLs...), "*", d.one("", "/x", "*"))}
		}
		r.Path, r.Verb, r.Group = "", d.one(rule.Verbs...), d.one(rule.APIGroups...)
		r.Resource, r.Subresource, _ = strings.Cut(d.one(rule.Resources...), "/")
		if len(rule.ResourceNames) > 0 && d.IntN(4) > 0 {
			r.Name = d.one(rule.ResourceNames...)
		}
	}
	return u, r
}

// TestReference compares the indexed answer with the naive one.
func TestReference(t *testing.T) {
	d := die{rand.New(rand.NewPCG(3, 14))}
	allowed, total := 0, 0
	for range 300 {
		p := d.policy(2+d.IntN(14), 1+d.IntN(20))
		a := New(p)
		for range 200 {
			u, r := d.near(p)
			want := naive(p, u, r)
			got := a.Allowed(u, r)
			if got.Allowed != want {
				t.Fatalf("%s may %s: got %v, want %v\npolicy: %+v", u.Name, r, got, want, p)
			}
			checkDecision(t, u, r, got)
			total++
			if want {
				allowed++
			}
		}
	}
	if allowed < total/10 || allowed > total*9/10 {
		t.Fatalf("%d of %d questions were allowed: the policies do not ask enough of the evaluator", allowed, total)
	}
}

// checkDecision holds a positive answer against the grant it names.
func checkDecision(t *testing.T, u User, r Request, d Decision) {
	t.Helper()
	if !d.Allowed {
		if d.Binding != nil || d.Reason == "" {
			t.Fatalf("a refusal with a binding or without a reason: %+v", d)
		}
		return
	}
	if !naiveRule(d.Role.Rules[d.Rule], r) || !naiveSubject(*d.Subject, d.Binding.Namespace, u) || *Via(u, d.Binding) != *d.Subject {
		t.Fatalf("%s may %s: the decision names what does not give it: %s", u.Name, r, d.Reason)
	}
}

// TestEffectiveAgrees holds what Effective lists against Allowed.
func TestEffectiveAgrees(t *testing.T) {
	d := die{rand.New(rand.NewPCG(2, 71))}
	for range 100 {
		p := d.policy(12, 16)
		a := New(p)
		for range 60 {
			u, r := d.near(p)
			var got bool
			for _, h := range a.Effective(u) {
				applies := h.Namespace == "" || h.Namespace == r.Namespace && r.Path == ""
				got = got || applies && h.Role != nil && slices.ContainsFunc(h.Role.Rules, func(rule Rule) bool { return RuleAllows(&rule, r) })
			}
			if want := naive(p, u, r); got != want {
				t.Fatalf("%s may %s: by what it holds %v, want %v", u.Name, r, got, want)
			}
		}
	}
}

// TestOrder holds that the order of a policy's lists does not matter.
func TestOrder(t *testing.T) {
	d := die{rand.New(rand.NewPCG(5, 5))}
	for range 50 {
		p := d.policy(12, 16)
		a := New(p)
		q := Policy{Roles: slices.Clone(p.Roles), Bindings: slices.Clone(p.Bindings)}
		d.Shuffle(len(q.Roles), func(i, j int) { q.Roles[i], q.Roles[j] = q.Roles[j], q.Roles[i] })
		d.Shuffle(len(q.Bindings), func(i, j int) { q.Bindings[i], q.Bindings[j] = q.Bindings[j], q.Bindings[i] })
		b := New(q)
		for range 50 {
			u, r := d.near(p)
			v := u
			v.Groups = slices.Clone(u.Groups)
			slices.Reverse(v.Groups)
			if x, y := a.Allowed(u, r), b.Allowed(v, r); x.Reason != y.Reason {
				t.Fatalf("%s may %s: %q in one order, %q in another", u.Name, r, x.Reason, y.Reason)
			}
		}
	}
}

// FuzzAllowed draws a policy from a seed and holds that nothing panics, that the
// naive answer is the same, and that one rule more takes nothing away.
func FuzzAllowed(f *testing.F) {
	f.Add(uint64(1), "get", "", "pods", "exec", "x", "a", "")
	f.Add(uint64(2), "*", "*", "*", "*", "*", "*", "")
	f.Add(uint64(3), "get", "", "", "", "", "", "/logs/x")
	f.Add(uint64(4), "", "", "pods/exec", "", "", "", "")
	f.Fuzz(func(t *testing.T, seed uint64, verb, group, resource, subresource, namespace, name, path string) {
		d := die{rand.New(rand.NewPCG(seed, 1))}
		p := d.policy(8, 10)
		u := d.user()
		r := Request{Verb: verb, Group: group, Resource: resource, Subresource: subresource, Namespace: namespace, Name: name, Path: path}
		a := New(p)
		before := a.Allowed(u, r)
		if subresource != "" || !strings.Contains(resource, "/") {
			if want := naive(p, u, r); before.Allowed != want {
				t.Fatalf("got %v, want %v", before, want)
			}
		}
		a.MayImpersonate(u, User{Name: name, Groups: []string{group}, UID: verb, Extra: map[string][]string{resource: {path}}}, r)
		a.MaySigner(u, verb, name)
		a.MayWriteRole(u, verb, Role{Namespace: namespace, Name: name, Rules: []Rule{d.rule()}}, nil)
		a.MayWriteBinding(u, verb, Binding{Namespace: namespace, Name: name, RoleKind: KindClusterRole, RoleName: "r1"})
		i := d.IntN(len(p.Roles))
		q := Policy{Roles: slices.Clone(p.Roles), Bindings: p.Bindings}
		q.Roles[i].Rules = append(slices.Clone(q.Roles[i].Rules), d.rule())
		if before.Allowed && !New(q).Allowed(u, r).Allowed {
			t.Fatal("one rule more took a permission away")
		}
	})
}
