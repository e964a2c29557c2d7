package policy

import (
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/muster-nhi/muster/internal/inventory"
)

// The reference decides one request on plain documents, slowly: no index, no
// sets, a matcher that tries everything, and unknown facts by trying
// both. It shares nothing with the code that it checks but the parsed types.

// A world says of every key whether it is there and what it is.
type world map[string][]string

// refMatch matches letter by letter and tries everything a star may stand for.
func refMatch(pattern, s string) bool {
	switch {
	case pattern == "":
		return s == ""
	case pattern[0] == '*':
		return refMatch(pattern[1:], s) || s != "" && refMatch(pattern, s[1:])
	default:
		return s != "" && (pattern[0] == '?' || pattern[0] == s[0]) && refMatch(pattern[1:], s[1:])
	}
}

func refAny(patterns []string, s string) bool {
	for _, p := range patterns {
		if refMatch(p, s) {
			return true
		}
	}
	return false
}

func lowered(all []string) (out []string) {
	for _, a := range all {
		out = append(out, strings.ToLower(a))
	}
	return out
}

func filled(all []string, w world) (out []string) {
	for _, r := range all {
		if strings.Contains(r, "${aws:username}") {
			if len(w["aws:username"]) != 1 {
				continue
			}
			r = strings.ReplaceAll(r, "${aws:username}", w["aws:username"][0])
		}
		out = append(out, r)
	}
	return out
}

// refSays reports whether a statement is about a request. attached is for a
// policy of the resource.
func refSays(s *Statement, action, resource string, w world) bool {
	act := strings.ToLower(action)
	if s.Actions != nil && !refAny(lowered(s.Actions), act) || s.NotActions != nil && refAny(lowered(s.NotActions), act) {
		return false
	}
	if s.Resources != nil && !refAny(filled(s.Resources, w), resource) || s.NotResources != nil && refAny(filled(s.NotResources, w), resource) {
		return false
	}
	for i := range s.Conditions {
		if !refHolds(&s.Conditions[i], w) {
			return false
		}
	}
	return true
}

func refHolds(c *Condition, w world) bool {
	got, there := w[c.Key]
	if c.Operator == "Null" {
		return (c.Values[0] == "true") == !there
	}
	one := func(v string) bool {
		switch c.Operator {
		case "StringEquals", "StringNotEquals":
			return slices.Contains(c.Values, v) == (c.Operator == "StringEquals")
		case "StringLike":
			return refAny(c.Values, v)
		case "StringNotLike":
			return !refAny(c.Values, v)
		case "Bool":
			return v == c.Values[0] || v == c.Values[len(c.Values)-1]
		}
		panic("the generator knows more than the reference")
	}
	switch {
	case !there && (c.IfExists || c.Qualifier == "ForAllValues"):
		return true
	case !there && c.Qualifier == "ForAnyValue":
		return false
	case !there:
		return strings.Contains(c.Operator, "Not")
	case c.Qualifier == "ForAllValues":
		for _, v := range got {
			if !one(v) {
				return false
			}
		}
		return true
	case c.Qualifier == "ForAnyValue":
		return slices.ContainsFunc(got, one)
	default:
		return one(got[0])
	}
}

// refNames returns all forms in which a list names a principal.
func refNames(l *Principals, p *Principal) (account, self, session, everyone bool) {
	if l == nil {
		return
	}
	everyone = l.Everyone
	for _, n := range l.AWS {
		account = account || n == p.Account || n == "arn:aws:iam::"+p.Account+":root"
		self = self || n == p.ARN
		session = session || p.Kind == Role && n == "arn:aws:sts::"+p.Account+":assumed-role/"+p.Name()+"/"+p.Session
	}
	return account, self, session, everyone
}

// refDecide follows the flow chart, one box after the other.
func refDecide(p *Principal, action, resource, owner string, l *Layers, w world) bool {
	says := func(policies []*Policy, denies bool) bool {
		for _, pol := range policies {
			for i := range pol.Doc.Statements {
				if s := &pol.Doc.Statements[i]; s.Deny == denies && refSays(s, action, resource, w) {
					return true
				}
			}
		}
		return false
	}
	all := append([]*Policy{}, l.Identity...)
	all = append(all, l.Session...)
	if l.Boundary != nil {
		all = append(all, l.Boundary)
	}
	for _, level := range l.SCPs {
		all = append(all, level.Policies...)
	}
	if says(all, true) {
		return false
	}
	var account, self, session, everyone bool
	if l.Resource != nil {
		for i := range l.Resource.Doc.Statements {
			s := &l.Resource.Doc.Statements[i]
			if !refSays(s, action, resource, w) {
				continue
			}
			a, b, c, d := refNames(s.Principals, p)
			if s.Deny && (a || b || c || d) {
				return false
			}
			account, self, session, everyone = account || a, self || b, session || c, everyone || d
		}
	}
	for _, level := range l.SCPs {
		if !says(level.Policies, false) {
			return false
		}
	}
	identity := says(l.Identity, false)
	boundary := l.Boundary == nil || says([]*Policy{l.Boundary}, false)
	passed := l.Session == nil || says(l.Session, false)
	if owner != p.Account {
		return identity && boundary && passed && (account || self || session || everyone)
	}
	if everyone || session || self && p.Kind == User {
		return true
	}
	if self && boundary && passed {
		return true
	}
	if strings.HasPrefix(action, "sts:") {
		identity = identity && (account || self)
	}
	return identity && boundary && passed
}

// A maker makes documents of few words, so that they meet.
type maker struct{ *rand.Rand }

func (m maker) pick(of ...string) string { return of[m.IntN(len(of))] }

func (m maker) list(of ...string) (out []string) {
	for range 1 + m.IntN(2) {
		out = append(out, m.pick(of...))
	}
	return out
}

func (m maker) statement(onResource bool) map[string]any {
	s := map[string]any{"Effect": m.pick("Allow", "Allow", "Allow", "Deny")}
	s[m.pick("Action", "Action", "Action", "NotAction")] = m.list("*", "s3:*", "s3:Get*", "S3:GetObject", "s3:?etObject", "s3:Put*", "sts:*", "s*:*", "sts:AssumeRole", "ec2:*")
	resources := m.list("*", "arn:aws:s3:::*", "arn:aws:s3:::a*", "arn:aws:s3:::ab", "arn:aws:s3:::*b", "arn:aws:s3:::?b", "arn:aws:s3:::${aws:username}",
		"arn:aws:iam::*:role/a*", "arn:aws:iam::*:*", "arn:aws:iam::111122223333:role/*b")
	s[m.pick("Resource", "Resource", "Resource", "NotResource")] = resources
	if onResource {
		s["Principal"] = map[string]any{"AWS": m.list("*", home, rootARN, userARN, roleARN, sessionARN, other, "AIDAGONE")}
	}
	if m.IntN(3) == 0 {
		s["Condition"] = map[string]any{m.pick("", "", "ForAnyValue:", "ForAllValues:") + m.pick("StringEquals", "StringNotEquals", "StringLike", "StringNotLike", "Bool") + m.pick("", "", "IfExists"): map[string]any{
			m.pick("x:one", "x:two"): m.list("true", "false", "t*"),
		}}
	} else if m.IntN(10) == 0 {
		s["Condition"] = map[string]any{"Null": map[string]any{m.pick("x:one", "x:two"): m.pick("true", "false")}}
	}
	return s
}

func (m maker) policy(t *testing.T, name string, onResource bool) *Policy {
	t.Helper()
	var statements []any
	for range 1 + m.IntN(3) {
		statements = append(statements, m.statement(onResource))
	}
	b, err := json.Marshal(map[string]any{"Version": version2012, "Statement": statements})
	if err != nil {
		t.Fatal(err)
	}
	return Compile(name, mustParse(t, string(b)))
}

func (m maker) layers(t *testing.T) *Layers {
	t.Helper()
	l := &Layers{Identity: []*Policy{m.policy(t, "own", false)}}
	if m.IntN(2) == 0 {
		l.Identity = append(l.Identity, m.policy(t, "group", false))
	}
	if m.IntN(3) == 0 {
		l.Boundary = m.policy(t, "boundary", false)
	}
	if m.IntN(4) == 0 {
		l.Session = []*Policy{m.policy(t, "session", false)}
	}
	for range m.IntN(3) {
		l.SCPs = append(l.SCPs, Level{Policies: []*Policy{Compile("full", document(t, allow("*"))), m.policy(t, "scp", false)}})
	}
	if m.IntN(2) == 0 {
		l.Resource = m.policy(t, "resource", true)
	}
	return l
}

func (m maker) value() []string {
	switch m.IntN(4) {
	case 0:
		return nil
	case 1:
		return []string{"false"}
	case 2:
		return []string{"true"}
	default:
		return []string{"true", "false"}
	}
}

// universe are the resources that exist for the generated questions.
func universe() []string {
	var out []string
	for _, n := range []string{"a", "b", "ab", "aab", "abb", "bb", "alice", "c", "xb", "ax"} {
		out = append(out, "arn:aws:s3:::"+n, "arn:aws:iam::"+home+":role/"+n)
	}
	return out
}

// TestAgainstReference compares Decide with the reference on generated policies:
// on single resources with all facts known, with unknown facts against every way
// in which they may turn out, and on patterns against the resources that match.
func TestAgainstReference(t *testing.T) {
	m := maker{rand.New(rand.NewPCG(7, 11))}
	counts := map[string]int{}
	for range 250 {
		l := m.layers(t)
		by := []*Principal{user(), role()}[m.IntN(2)]
		action := NewAction(m.pick(get, "s3:PutObject", "sts:AssumeRole", "ec2:RunInstances"))
		if action.String() == "sts:AssumeRole" && l.Resource == nil {
			continue
		}
		owner := []string{home, home, other}[m.IntN(3)]
		one, two := m.value(), m.value()
		base := world{}
		if by.Kind == User {
			base["aws:username"] = []string{"alice"}
		}
		worlds := refWorlds(base, one, two)
		for _, pattern := range []string{"arn:aws:s3:::*", "arn:aws:s3:::a*", "arn:aws:iam::" + home + ":role/?*", "*"} {
			all, some := inventory.True, inventory.False
			for _, resource := range universe() {
				if !refMatch(pattern, resource) {
					continue
				}
				exact := m.check(t, l, by, action, resource, owner, worlds, counts)
				all, some = min(all, exact), max(some, exact)
			}
			q := &Request{Principal: by, Action: action, Resource: Matching(pattern), Account: owner, Context: unknownContext()}
			got := Decide(q, l)
			if got.Some < some || got.Allowed > all || got.Some < got.Allowed {
				t.Fatalf("%s on %s: all %v, some %v; of those that exist %v, %v\n%s", action, pattern, got.Allowed, got.Some, all, some, show(l))
			}
			counts["pattern "+got.Allowed.String()+"/"+got.Some.String()]++
		}
	}
	for _, want := range []string{"true", "false", "unknown", "pattern true/true", "pattern false/false", "pattern false/true", "pattern unknown/unknown", "pattern false/unknown"} {
		if counts[want] < 5 {
			t.Errorf("only %d cases are %s: %v", counts[want], want, counts)
		}
	}
}

func unknownContext() *Context { return NewContext() }

// refWorlds lists what may be: for each of two keys absent, true, false, both.
func refWorlds(base world, one, two []string) []world {
	var out []world
	for _, a := range [][]string{one, nil, {"true"}, {"false"}, {"other"}} {
		for _, b := range [][]string{two, nil, {"true"}, {"false"}, {"other"}} {
			w := world{}
			maps.Copy(w, base)
			if a != nil {
				w["x:one"] = a
			}
			if b != nil {
				w["x:two"] = b
			}
			out = append(out, w)
		}
	}
	return out
}

func contextOf(w world) *Context {
	c := NewContext()
	for _, k := range []string{"x:one", "x:two"} {
		if v, ok := w[k]; ok {
			c.Set(k, v...)
		} else {
			c.Absent(k)
		}
	}
	return c
}

// check compares one question in the first world, where everything is known, and
// then without knowing: where the worlds differ the answer has to be unknown. It
// returns the answer without knowing.
func (m maker) check(t *testing.T, l *Layers, by *Principal, action Action, resource, owner string, worlds []world, counts map[string]int) inventory.Tri {
	t.Helper()
	q := &Request{Principal: by, Action: action, Resource: One(resource), Account: owner, Context: contextOf(worlds[0])}
	got := Decide(q, l)
	single := len(worlds[0]["x:one"]) < 2 && len(worlds[0]["x:two"]) < 2
	if want := refDecide(by, action.String(), resource, owner, l, worlds[0]); got.Allowed != inventory.TriOf(want) && (single || got.Allowed != inventory.Unknown) {
		t.Fatalf("%s on %s of %s by %s with %v: got %v, want %v\n%s", action, resource, owner, by.ARN, worlds[0], got.Allowed, want, show(l))
	}
	q.Context = unknownContext()
	blind := Decide(q, l).Allowed
	for _, w := range worlds {
		if want := inventory.TriOf(refDecide(by, action.String(), resource, owner, l, w)); blind != inventory.Unknown && blind != want {
			t.Fatalf("%s on %s of %s by %s: got %v without knowing, but %v with %v\n%s", action, resource, owner, by.ARN, blind, want, w, show(l))
		}
	}
	counts[blind.String()]++
	return blind
}

func show(l *Layers) string {
	b, err := json.MarshalIndent(map[string]any{"identity": docs(l.Identity), "session": docs(l.Session), "boundary": l.Boundary, "resource": l.Resource, "scps": l.SCPs}, "", " ")
	return fmt.Sprintf("%s %v", b, err)
}

func docs(all []*Policy) (out []*Document) {
	for _, p := range all {
		out = append(out, p.Doc)
	}
	return out
}

// TestMonotone: a further deny never allows more, a further allow never less,
// and knowing more changes nothing that was known.
func TestMonotone(t *testing.T) {
	m := maker{rand.New(rand.NewPCG(3, 5))}
	for range 1000 {
		l := m.layers(t)
		q := &Request{
			Principal: []*Principal{user(), role()}[m.IntN(2)], Action: NewAction(m.pick(get, "s3:PutObject")), Account: []string{home, other}[m.IntN(2)],
			Resource: []Resource{One("arn:aws:s3:::ab"), Matching("arn:aws:s3:::a*"), Matching("*")}[m.IntN(3)],
		}
		before := Decide(q, l)
		extra := m.policy(t, "extra", false)
		for i := range extra.Doc.Statements {
			extra.Doc.Statements[i].Deny = true
		}
		more := *l
		more.Identity = append(append([]*Policy{}, l.Identity...), extra)
		if after := Decide(q, &more); after.Allowed > before.Allowed || after.Some > before.Some {
			t.Fatalf("a deny made %v of %v\n%s", after, before, show(&more))
		}
		for i := range extra.Doc.Statements {
			extra.Doc.Statements[i].Deny = false
		}
		if after := Decide(q, &more); after.Allowed < before.Allowed || after.Some < before.Some {
			t.Fatalf("an allow made %v of %v\n%s", after, before, show(&more))
		}
		more.Identity[len(more.Identity)-1] = Compile("unreadable", nil)
		after := Decide(q, &more)
		if after.Allowed == inventory.True || before.Allowed == inventory.Unknown && after.Allowed != inventory.Unknown {
			t.Fatalf("%v with a policy that cannot be read, %v before", after, before)
		}
		q.Context = NewContext().Absent("x:one").Set("x:two", "true")
		if known := Decide(q, l); before.Allowed != inventory.Unknown && known.Allowed != before.Allowed || before.Some != inventory.Unknown && known.Some != before.Some {
			t.Fatalf("knowing more made %v of %v\n%s", known, before, show(l))
		}
	}
}
