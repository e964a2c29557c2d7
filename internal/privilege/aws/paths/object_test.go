package paths

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/muster-nhi/muster/internal/inventory"
)

// told is all that an analysis tells of each principal and its policies.
func told(t testing.TB, a *Analysis) map[string]string {
	t.Helper()
	out := map[string]string{}
	for i := range a.nodes {
		n := &a.nodes[i]
		all := []any{a.results[i]}
		for _, p := range n.Policies {
			r, ok := a.Grant(n.ARN, p)
			if !ok {
				t.Fatalf("%s does not have %s", n.ARN, p.Name)
			}
			all = append(all, r)
		}
		raw, err := json.MarshalIndent(all, "", " ")
		if err != nil {
			t.Fatal(err)
		}
		out[n.ARN] = string(raw)
	}
	return out
}

// mixed is two accounts in which targets differ in all that answers hang on.
func mixed(t testing.TB) *Estate {
	t.Helper()
	e := grown(t, 60)
	acc := &e.Accounts[0]
	const arn = "arn:aws:iam::111122223333:"
	allow := func(name string, list ...any) *Policy {
		p := &Policy{Name: name, ARN: arn + "policy/" + name, Versions: 2, Document: statements(t, list)}
		acc.Policies = append(acc.Policies, p)
		return p
	}
	statement := func(effect string, actions, resources any, conditions ...string) any {
		s := map[string]any{"Effect": effect, "Action": actions, "Resource": resources}
		if len(conditions) == 3 {
			s["Condition"] = map[string]any{conditions[0]: map[string]any{conditions[1]: conditions[2]}}
		}
		return s
	}
	take := []any{"iam:*", "sts:AssumeRole", "lambda:*", "ec2:*", "glue:*"}
	policies := []*Policy{
		allow("patterns", statement("Allow", take, []any{"arn:aws:iam::*:role/r1*", "arn:aws:iam::*:user/u?", "arn:aws:*"}), statement("Deny", "iam:PassRole", "*1*")),
		allow("names", statement("Allow", take, []any{arn + "role/r7", arn + "role/r8", arn + "user/u3", arn + "policy/team-2", "arn:aws:lambda:eu-west-1:111122223333:function:f10"})),
		allow("variables", statement("Allow", take, []any{arn + "user/${aws:username}*", arn + "role/r${aws:PrincipalTag/team}*", arn + "role/${iam:ResourceTag/team}", arn + "role/r1${aws:ResourceTag/team}"})),
		allow("bounded", statement("Allow", take, "*", "StringEquals", "iam:PermissionsBoundary", arn+"policy/limits")),
		allow("tagged", statement("Allow", take, "*", "StringNotEquals", "aws:ResourceTag/team", "3"), statement("Deny", "iam:Attach*", "*", "StringLike", "iam:ResourceTag/team", "1*")),
		allow("attached", statement("Allow", take, "*", "ArnLike", "iam:PolicyARN", "*IAMFull*"), statement("Allow", "iam:CreatePolicyVersion", arn+"policy/team-*")),
		allow("passed", statement("Allow", "iam:PassRole", "*", "StringEquals", "iam:PassedToService", "glue.amazonaws.com"), statement("Allow", []any{"glue:*", "ec2:*", "lambda:*"}, "*")),
		allow("profiled", statement("Allow", "ec2:*", "*", "ArnEquals", "ec2:InstanceProfile", "arn:aws:iam::111122223333:instance-profile/r6"), statement("Allow", "iam:PassRole", "*")),
		allow("factor", statement("Allow", take, "*", "Bool", "aws:MultiFactorAuthPresent", "true")),
		allow("others", statement("Allow", take, "arn:aws:iam::444455556666:*")),
	}
	var many []any
	for i := range maxTold + 1 {
		many = append(many, fmt.Sprintf("*r%d*", i%40), fmt.Sprintf("*%d*", i))
	}
	policies = append(policies, allow("many", statement("Allow", take, many)))
	trusts := []string{`{"AWS":"arn:aws:iam::111122223333:root"}`, `{"AWS":["arn:aws:iam::111122223333:role/r1","arn:aws:iam::111122223333:user/u2"]}`, `{"Service":"lambda.amazonaws.com","AWS":"111122223333"}`, `"*"`}
	for i := range acc.Principals {
		p := &acc.Principals[i]
		p.Policies = append(slices.Clip(p.Policies), policies[i%len(policies)])
		if i%7 == 0 {
			p.Tags = map[string]string{"Team": fmt.Sprint(i % 5)}
		}
		if i%6 == 1 {
			p.Boundary = policies[0]
		}
		if i%3 == 0 && p.Kind == KindRole {
			p.Trust = parsed(t, fmt.Appendf(nil, `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["sts:AssumeRole","sts:TagSession"],"Principal":%s}]}`, trusts[i/3%len(trusts)]))
		}
		p.Password = inventory.Tri(i%3 - 1)
	}
	for i := range acc.Consumers {
		c := &acc.Consumers[i]
		if i%2 == 0 {
			c.Tags = map[string]string{"team": fmt.Sprint(i)}
		}
		if i%3 == 0 {
			acc.Resources = append(acc.Resources, Resource{ARN: c.ARN, Kind: ResourceFunction, Policy: statements(t, []any{map[string]any{
				"Effect": "Allow", "Action": "lambda:UpdateFunctionCode", "Resource": c.ARN, "Principal": map[string]any{"AWS": "arn:aws:iam::111122223333:user/u1"},
			}})})
		}
	}
	other := Account{ID: "444455556666", Member: inventory.True, LimitsKnown: true}
	other.RCPs = []Layer{{"root", []*Policy{{Name: "rcp", Document: statements(t, []any{
		map[string]any{"Effect": "Deny", "Action": "sts:AssumeRole", "Resource": "*r3*", "Principal": "*"},
	})}}}}
	for i := range acc.Principals[:30] {
		p := acc.Principals[len(acc.Principals)-1-i]
		p.ARN = strings.Replace(p.ARN, "111122223333", other.ID, 1)
		other.Principals = append(other.Principals, p)
	}
	e.Accounts = append(e.Accounts, other)
	return e
}

// endless is an analysis without bounds.
func endless(each bool) setup {
	return setup{each: each, states: math.MaxInt, targeted: math.MaxInt, tried: math.MaxInt}
}

// TestClasses holds the answers about classes of objects to those about each of
// them.
func TestClasses(t *testing.T) {
	estates := map[string]*Estate{"grown": grown(t, 120), "abac": abac(t, 160), "hostile": hostile(t, 10, 10), "mixed": mixed(t)}
	for _, file := range []string{"closed.yaml", "open.yaml", "attack.yaml"} {
		for i, f := range fixtures(t, file) {
			estates[fmt.Sprint(file, " ", i, " ", f.Name)] = f.estate(t)
		}
	}
	table, together, alone := mustTable(t), 0, 0
	for name, e := range estates {
		classes := analyzeWith(e, table, endless(false), 2)
		each := analyzeWith(e, table, endless(true), 2)
		want, got := told(t, each), told(t, classes)
		for who := range want {
			if diff := cmp.Diff(want[who], got[who]); diff != "" {
				t.Errorf("%s: %s: %s", name, who, diff)
			}
		}
		for i := range classes.nodes {
			if c := classes.told[i]; c != nil && name == "abac" {
				together += c.count
				alone += each.told[i].count
			}
		}
	}
	if together*2 > alone {
		t.Errorf("%d classes of %d objects", together, alone)
	}
}

// TestBounds holds what is told within bounds to what is told without: it differs
// only where it says that it does not know.
func TestBounds(t *testing.T) {
	table, less := mustTable(t), make([]int, 3)
	small := []setup{{states: 0, targeted: math.MaxInt, tried: math.MaxInt}, {states: math.MaxInt, targeted: 3, tried: math.MaxInt}, {states: 500, targeted: 10, tried: 10}}
	for name, e := range map[string]*Estate{"grown": grown(t, 60), "abac": abac(t, 60), "hostile": hostile(t, 10, 10), "mixed": mixed(t)} {
		exact := analyzeWith(e, table, endless(false), 2)
		for k, s := range small {
			bounded := analyzeWith(e, table, s, 2)
			if k == 2 {
				if diff := cmp.Diff(told(t, bounded), told(t, analyzeWith(e, table, s, 1))); diff != "" {
					t.Fatalf("%s: two workers tell what one does not: %s", name, diff)
				}
			}
			now := 0
			for i, want := range exact.results {
				got, who := bounded.results[i], exact.nodes[i].ARN
				if got.Certain.Rank() > want.Certain.Rank() || got.Possible.Rank() < want.Possible.Rank() {
					t.Errorf("%s, %+v: %s is %s to %s, without bounds %s to %s", name, s, who, got.Certain, got.Possible, want.Certain, want.Possible)
				}
				if got.Certain != want.Certain || got.Possible != want.Possible || !slices.Equal(got.Capabilities, want.Capabilities) {
					now++
					if len(got.Unknown) == 0 {
						t.Errorf("%s, %+v: %s does not say what is unknown: %+v", name, s, who, got)
					}
				}
				if lost := slices.DeleteFunc(slices.Clone(want.Capabilities), func(c string) bool {
					return slices.Contains(got.Capabilities, c) || slices.Contains(got.Possibly, c) || want.Level == levelAdmin
				}); len(lost) > 0 {
					t.Errorf("%s, %+v: %s has %q without bounds, and not even perhaps within", name, s, who, lost)
				}
				if extra := slices.DeleteFunc(slices.Clone(got.Capabilities), func(c string) bool { return slices.Contains(want.Capabilities, c) || want.Level == levelAdmin }); len(extra) > 0 {
					t.Errorf("%s, %+v: %s has %q within bounds only", name, s, who, extra)
				}
			}
			less[k] += now
		}
	}
	if slices.Contains(less, 0) {
		t.Errorf("a bound bounds nothing: %v", less)
	}
}

// TestTried is a statement of which another takes nearly all away again: if too few
// actions are tried to find one that is left, that there is none is not told.
func TestTried(t *testing.T) {
	f := fixture{Users: map[string]fixed{"ci": {Allow: []any{
		map[string]any{"Effect": "Allow", "Action": "s3:*", "Resource": "arn:aws:s3:::logs/*"},
		map[string]any{"Effect": "Deny", "Action": []any{"s3:A*", "s3:B*", "s3:C*", "s3:D*"}, "Resource": "arn:aws:s3:::logs*"},
	}}}}
	for tried, want := range map[int]inventory.Level{2: levelNone, mostTried: levelWrite} {
		s := endless(false)
		s.tried = tried
		r, _ := analyzeWith(f.estate(t), mustTable(t), s, 1).Of("arn:aws:iam::111122223333:user/ci")
		if r.Possible != levelWrite || r.Certain.Rank() < want.Rank() || (tried == 2) != slices.ContainsFunc(r.Unknown, func(s string) bool { return strings.Contains(s, "not asked of every") }) {
			t.Errorf("%d are tried: %s to %s, unknown %q", tried, r.Certain, r.Possible, r.Unknown)
		}
	}
}

// TestPossibly has a capability that hangs on what nobody can know be told as one that
// is possible, and one that is denied as none.
func TestPossibly(t *testing.T) {
	secrets := map[string]any{"Effect": "Allow", "Action": "secretsmanager:GetSecretValue", "Resource": "*"}
	perhaps := map[string]any{"Effect": "Allow", "Action": "secretsmanager:GetSecretValue", "Resource": "*", "Condition": map[string]any{"StringEquals": map[string]any{"northwind:unheard": "x"}}}
	deny := map[string]any{"Effect": "Deny", "Action": "secretsmanager:*", "Resource": "*"}
	passes := map[string]any{"Effect": "Allow", "Action": "iam:PassRole", "Resource": "*", "Condition": map[string]any{"StringEquals": map[string]any{"northwind:unheard": "x"}}}
	runs := map[string]any{"Effect": "Allow", "Action": "lambda:*", "Resource": "*"}
	for name, tt := range map[string]struct {
		allow         []any
		has, possibly []string
		not           []string
	}{
		"certain":               {[]any{secrets}, []string{"secrets.read_all", "secrets.read"}, nil, []string{"pass_role"}},
		"hangs on something":    {[]any{perhaps}, nil, []string{"secrets.read_all", "secrets.read"}, []string{"pass_role", "keys.use"}},
		"certain by another":    {[]any{perhaps, secrets}, []string{"secrets.read_all", "secrets.read"}, nil, nil},
		"denied":                {[]any{perhaps, deny}, nil, nil, []string{"secrets.read_all", "secrets.read"}},
		"starts code, perhaps":  {[]any{passes, runs}, nil, []string{"compute.create", "pass_role"}, nil},
		"passes roles, perhaps": {[]any{passes}, nil, []string{"pass_role"}, []string{"compute.create"}},
	} {
		t.Run(name, func(t *testing.T) {
			f := fixture{Users: map[string]fixed{"ci": {Allow: tt.allow}}}
			r, _ := analyzeWith(f.estate(t), mustTable(t), endless(false), 1).Of("arn:aws:iam::111122223333:user/ci")
			for _, c := range tt.has {
				if !slices.Contains(r.Capabilities, c) || slices.Contains(r.Possibly, c) {
					t.Errorf("%s is not told as certain: %q, perhaps %q", c, r.Capabilities, r.Possibly)
				}
			}
			for _, c := range tt.possibly {
				if slices.Contains(r.Capabilities, c) || !slices.Contains(r.Possibly, c) {
					t.Errorf("%s is not told as possible: %q, perhaps %q", c, r.Capabilities, r.Possibly)
				}
			}
			for _, c := range tt.not {
				if slices.Contains(r.Capabilities, c) || slices.Contains(r.Possibly, c) {
					t.Errorf("%s is told: %q, perhaps %q", c, r.Capabilities, r.Possibly)
				}
			}
		})
	}
}

// TestOne finds the one target that a way is open to among many that differ from
// it in nothing else.
func TestOne(t *testing.T) {
	const arn, one = "arn:aws:iam::" + fixtureAccount + ":", 5
	allow := func(effect string, actions, resources any, conditions ...string) any {
		s := map[string]any{"Effect": effect, "Action": actions, "Resource": resources}
		if len(conditions) == 3 {
			s["Condition"] = map[string]any{conditions[0]: map[string]any{conditions[1]: conditions[2]}}
		}
		return s
	}
	attach, take := []any{"iam:AttachRolePolicy", "iam:UpdateAssumeRolePolicy"}, "sts:AssumeRole"
	account := func(conditions map[string]any) []any {
		return []any{map[string]any{"Effect": "Allow", "Action": take, "Principal": map[string]any{"AWS": fixtureAccount}, "Condition": conditions}}
	}
	for _, c := range []struct {
		name, way string
		allow     []any
		role      fixed // of all
		change    func(acc *Account, one *Principal)
	}{
		{name: "name", way: "iam-019", allow: []any{allow("Allow", attach, arn+"role/*5")}},
		{name: "name that is denied to others", way: "iam-019", allow: []any{allow("Allow", attach, "*"), map[string]any{"Effect": "Deny", "Action": "*", "NotResource": arn + "role/*5"}}},
		{name: "name by a tag of its own", way: "iam-019", allow: []any{allow("Allow", attach, arn+"role/${iam:ResourceTag/name}"), allow("Allow", "s3:*", "*", "StringEquals", "iam:ResourceTag/name", "x")}, change: func(acc *Account, _ *Principal) {
			for i := range acc.Principals {
				acc.Principals[i].Tags = map[string]string{"name": "r5"}
			}
		}},
		{name: "tag", way: "iam-019", allow: []any{allow("Allow", attach, "*", "StringEquals", "iam:ResourceTag/team", "a")}, change: func(_ *Account, r *Principal) { r.Tags = map[string]string{"Team": "a"} }},
		{name: "boundary", way: "iam-019", allow: []any{allow("Allow", attach, "*", "StringEquals", "iam:PermissionsBoundary", arn+"policy/all")}, change: func(acc *Account, r *Principal) {
			r.Boundary = &Policy{Name: "all", ARN: arn + "policy/all", Document: statements(t, []any{allow("Allow", "*", "*")})}
		}},
		{
			name: "trust", way: "iam-014", allow: []any{allow("Allow", []any{"iam:AttachRolePolicy", take}, "*")},
			role:   fixed{Trust: account(map[string]any{"StringEquals": map[string]any{"aws:PrincipalType": "Account"}})},
			change: func(_ *Account, r *Principal) { r.Trust = statements(t, account(map[string]any{})) },
		},
		{
			name: "policy that it has", way: "iam-016", allow: []any{allow("Allow", "iam:CreatePolicyVersion", arn+"policy/own5"), allow("Allow", take, "*")}, role: fixed{Trust: account(map[string]any{})},
			change: func(_ *Account, r *Principal) {
				r.Policies = []*Policy{{Name: "own5", ARN: arn + "policy/own5", Document: statements(t, []any{allow("Allow", "sqs:*", "*")})}}
			},
		},
		{name: "tag of what runs", way: "lambda-003", allow: []any{allow("Allow", "lambda:UpdateFunctionCode", "*", "StringEquals", "aws:ResourceTag/team", "a")}, role: fixed{AWS: []string{"AdministratorAccess"}}, change: func(acc *Account, _ *Principal) {
			acc.Consumers[one].Tags = map[string]string{"team": "a"}
		}},
		{name: "policy of what runs", way: "lambda-003", role: fixed{AWS: []string{"AdministratorAccess"}}, change: func(acc *Account, _ *Principal) {
			acc.Resources = []Resource{{ARN: acc.Consumers[one].ARN, Kind: ResourceFunction, Policy: statements(t, []any{map[string]any{
				"Effect": "Allow", "Action": "lambda:UpdateFunctionCode", "Resource": "*", "Principal": map[string]any{"AWS": arn + "user/ci"},
			}})}}
		}},
		{name: "what the account's organisation leaves", way: "sts-001", allow: []any{allow("Allow", take, "*")}, role: fixed{AWS: []string{"AdministratorAccess"}, Trust: account(map[string]any{})}, change: func(acc *Account, _ *Principal) {
			acc.RCPs = []Layer{{"root", []*Policy{{Name: "rcp", ARN: "arn:rcp", Document: statements(t, []any{map[string]any{"Effect": "Deny", "Action": "*", "Principal": "*", "NotResource": arn + "role/r5"}})}}}}
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := fixture{Users: map[string]fixed{"ci": {Allow: c.allow}}, Roles: map[string]fixed{}, Read: []string{"lambda.function"}}
			for i := range 2 * one {
				if c.role.Trust == nil {
					c.role.Trust = []any{}
				}
				f.Roles[fmt.Sprint("r", i)] = c.role
				f.Consumers = append(f.Consumers, Consumer{ARN: fmt.Sprintf("arn:aws:lambda:eu-west-1:%s:function:f%d", fixtureAccount, i), Type: "lambda.function", Role: fmt.Sprint(arn, "role/r", i), Tags: map[string]string{}})
			}
			e := f.estate(t)
			acc := &e.Accounts[0]
			if c.change != nil {
				c.change(acc, &acc.Principals[1+one])
			}
			a := Analyze(e, 1)
			r, _ := a.Of(arn + "user/ci")
			for i := range r.Paths {
				if p := &r.Paths[i]; p.ID == c.way && p.Certain && p.Hops[0].To == arn+"role/r5" {
					return
				}
			}
			t.Errorf("%s is not open: %+v", c.way, r.Paths)
		})
	}
}

// TestTagCase is a target with two tags that one condition key means: which AWS
// takes is not published.
func TestTagCase(t *testing.T) {
	f := fixture{
		Users: map[string]fixed{"ci": {Allow: []any{map[string]any{
			"Effect": "Allow", "Action": "iam:AttachRolePolicy", "Resource": "*", "Condition": map[string]any{"StringEquals": map[string]any{"iam:ResourceTag/team": "a"}},
		}, map[string]any{"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": "*"}}}},
		Roles: map[string]fixed{"deploy": {
			Tags:  map[string]string{"team": "a", "Team": "b"},
			Trust: []any{map[string]any{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": map[string]any{"AWS": fixtureAccount}}},
		}},
	}
	for range 20 {
		if certain, possible := finds(Analyze(f.estate(t), 1), "iam-014"); certain || !possible {
			t.Fatalf("certain is %v, possible %v", certain, possible)
		}
	}
}
