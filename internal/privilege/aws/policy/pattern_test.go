package policy

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestPatterns: variables that the principal tells are filled in, those that it
// lacks leave nothing, and others leave a pattern open.
func TestPatterns(t *testing.T) {
	const role = "arn:aws:iam::" + home + ":role/"
	by := user()
	by.Tags = map[string]string{"team": "arms"}
	for _, c := range []struct{ name, resource, means, not string }{
		{"text", role + "a", role + "a", role + "ab"},
		{"wildcards", "arn:aws:iam::*:role/a?", role + "ab", role + "a"},
		{"own name", role + "${aws:username}-*", role + "alice-1", role + "bob-1"},
		{"own tag", role + "${aws:PrincipalTag/Team}/*", role + "arms/x", role + "legs/x"},
		{"a tag that it lacks", role + "${aws:PrincipalTag/floor}", "", role},
		{"a default", role + "${aws:PrincipalTag/floor, 'none'}", role + "none", role},
		{"organisation not known", "arn:aws:iam::" + home + ":role/${aws:PrincipalOrgID}", role + "o-1", "arn:aws:iam::" + home + ":user/x"},
		{"all but", "!" + role + "a", role + "a", role + "b"},
		{"open", role + "${aws:ResourceTag/team}-x", role + "anything:of/it", "arn:aws:iam::" + home + ":user/x"},
		{"open behind a variable", role + "${aws:username}-${s3:prefix}", role + "bob", "arn:aws:iam::" + home + ":user/x"},
	} {
		t.Run(c.name, func(t *testing.T) {
			key, resource := "Resource", c.resource
			if rest, not := strings.CutPrefix(resource, "!"); not {
				key, resource = "NotResource", rest
			}
			p := Compile("p", document(t, fmt.Sprintf(`{"Effect":"Allow","Action":"*",%q:%q}`, key, resource)))
			list := p.Patterns(by)
			means := func(arn string) bool {
				return slices.ContainsFunc(list, func(p Pattern) bool { return p.Match(One(arn)) })
			}
			if c.means != "" && !means(c.means) || means(c.not) || c.means == "" && len(list) > 0 {
				t.Errorf("means %q: %v, %q: %v", c.means, means(c.means), c.not, means(c.not))
			}
			if open := slices.ContainsFunc(list, func(p Pattern) bool { return p.Open }); open != strings.HasPrefix(c.name, "open") {
				t.Errorf("open is %v", open)
			}
		})
	}
	if list := Compile("unread", nil).Patterns(by); list != nil {
		t.Errorf("a policy that could not be read has %v", list)
	}
}

// TestAlike holds Patterns to what it promises: resources that no pattern tells
// apart are answered alike.
func TestAlike(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	pick := func(list ...string) string { return list[r.IntN(len(list))] }
	var resources []Resource
	for i := range 60 {
		resources = append(resources, One("arn:aws:iam::"+home+":"+pick("role", "user", "policy")+"/"+pick("a", "b", "alice", "arms")+pick("", "-", "/")+fmt.Sprint(i%7)))
	}
	alike := 0
	for round := range 300 {
		policies := make([]*Policy, 3)
		for i := range policies {
			var list []string
			for range 1 + r.IntN(4) {
				condition := pick("", "", `,"Condition":{"StringEquals":{"aws:PrincipalTag/team":"arms"}}`, `,"Condition":{"Bool":{"aws:MultiFactorAuthPresent":"true"}}`)
				list = append(list, fmt.Sprintf(`{"Effect":%q,"Action":"*",%q:[%q,%q]%s}`, pick("Allow", "Allow", "Deny"), pick("Resource", "Resource", "NotResource"),
					"arn:aws:iam::"+pick("*:role/*", home+":*/a*", "*:user/${aws:username}*", "*:*/*-${aws:PrincipalTag/team}", "*:role/${aws:ResourceTag/x}*", home+":role/b?*"),
					pick("*a*1", "arn:aws:iam::"+home+":role/a-3", "*/arms*", "arn:aws:s3:::x", "*"), condition))
			}
			policies[i] = Compile(fmt.Sprint("p", i), document(t, list...))
		}
		by := user()
		if round%2 == 0 {
			by.Tags = map[string]string{"team": pick("arms", "1", "a-")}
		}
		l := &Layers{Identity: policies[:2]}
		if round%3 == 0 {
			l.Boundary = policies[2]
		}
		q := Request{Principal: by, Action: NewAction("iam:PassRole"), Context: Direct().Set("aws:ResourceTag/x", pick("a", "arms"))}
		answers := map[string]Decision{}
		for _, q.Resource = range resources {
			name := ""
			for _, p := range policies {
				for _, x := range p.Patterns(by) {
					if m := x.Match(q.Resource); m && x.Open {
						name += q.Resource.String()
					} else {
						name += fmt.Sprint(m)
					}
				}
			}
			d := Decide(&q, l)
			if have, ok := answers[name]; ok {
				alike++
				if diff := cmp.Diff(have, d, cmp.Comparer(func(x, y *Policy) bool { return x == y }), cmp.Comparer(func(x, y *Statement) bool { return x == y })); diff != "" {
					t.Fatalf("round %d, %s: %s", round, q.Resource, diff)
				}
			}
			answers[name] = d
		}
	}
	if alike < 1000 {
		t.Errorf("only %d resources were alike", alike)
	}
}
