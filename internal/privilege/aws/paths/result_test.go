package paths

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/internal/privilege/aws/policy"
)

func TestReach(t *testing.T) {
	secret := func(name string) fixedResource {
		return fixedResource{ARN: "arn:aws:secretsmanager:eu-west-1:111122223333:secret:" + name, Kind: ResourceSecret}
	}
	shut := secret("shut-AbCdEf")
	shut.Policy = []any{map[string]any{"Effect": "Deny", "Principal": "*", "Action": "secretsmanager:GetSecretValue", "Resource": "*"}}
	open := secret("open-AbCdEf")
	open.Policy = []any{map[string]any{"Effect": "Allow", "Principal": map[string]any{"AWS": "arn:aws:iam::111122223333:user/none"}, "Action": "secretsmanager:GetSecretValue", "Resource": "*"}}
	allow := func(resource string, actions ...any) []any {
		return []any{map[string]any{"Effect": "Allow", "Action": actions, "Resource": resource}}
	}
	f := fixture{
		Resources: []fixedResource{
			secret("web-AbCdEf"), secret("db-AbCdEf"), shut, open,
			{ARN: "arn:aws:s3:::logs", Kind: ResourceBucket},
			{ARN: "arn:aws:s3:::images", Kind: ResourceBucket},
		},
		Read: []string{ResourceSecret},
		Users: map[string]fixed{
			"all":   {Allow: allow("*", "secretsmanager:*", "s3:GetObject")},
			"one":   {Allow: allow("arn:aws:secretsmanager:*:111122223333:secret:web-*", "secretsmanager:GetSecretValue")},
			"none":  {},
			"maybe": {Allow: []any{map[string]any{"Effect": "Allow", "Action": "secretsmanager:GetSecretValue", "Resource": "*", "Condition": map[string]any{"IpAddress": map[string]any{"aws:SourceIp": "192.0.2.0/24"}}}}},
			"put":   {Allow: allow("arn:aws:s3:::logs/*", "s3:PutObject")},
		},
	}
	a := Analyze(f.estate(t), 2)
	want := map[string][]Reach{
		"all": {
			{Kind: ResourceSecret, Use: "read", All: true, Count: 3, Names: []string{"secret:db-AbCdEf", "secret:open-AbCdEf", "secret:web-AbCdEf"}, Total: 4, Complete: true},
			{Kind: ResourceBucket, Use: "read", All: true, Count: 2, Names: []string{"images", "logs"}, Total: 2},
		},
		"one":   {{Kind: ResourceSecret, Use: "read", Count: 1, Names: []string{"secret:web-AbCdEf"}, Total: 4, Complete: true}},
		"none":  {{Kind: ResourceSecret, Use: "read", Count: 1, Names: []string{"secret:open-AbCdEf"}, Total: 4, Complete: true}},
		"maybe": {{Kind: ResourceSecret, Use: "read", Maybe: 3, Total: 4, Complete: true}},
		"put":   {{Kind: ResourceBucket, Use: "write", Count: 1, Names: []string{"logs"}, Total: 2}},
	}
	for name, reach := range want {
		r, _ := a.Of("arn:aws:iam::111122223333:user/" + name)
		for i := range r.Reach {
			for k, n := range r.Reach[i].Names {
				r.Reach[i].Names[k] = strings.TrimPrefix(n, "arn:aws:s3:::")
			}
		}
		for i := range reach {
			for k, n := range reach[i].Names {
				reach[i].Names[k] = strings.TrimPrefix(n, "secret:")
			}
		}
		if diff := cmp.Diff(reach, r.Reach); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

// TestGrant tells single policies apart: what one gives by itself, beneath the
// denies of the others.
func TestGrant(t *testing.T) {
	f := fixture{
		Managed: map[string][]any{
			"escalates": {map[string]any{"Effect": "Allow", "Action": "iam:AttachUserPolicy", "Resource": "*"}},
			"denies":    {map[string]any{"Effect": "Deny", "Action": "s3:Put*", "Resource": "*"}},
			"buckets":   {map[string]any{"Effect": "Allow", "Action": []any{"s3:PutObject", "s3:GetObject"}, "Resource": "*"}},
		},
		Groups: map[string]fixed{"readers": {AWS: []string{"ViewOnlyAccess"}}},
		Users:  map[string]fixed{"ci": {Managed: []string{"escalates", "denies", "buckets"}, Groups: []string{"readers"}}},
	}
	e := f.estate(t)
	a := Analyze(e, 1)
	ci := &e.Accounts[0].Principals[0]
	want := map[string]string{"escalates": "escalate iam-008", "denies": "none", "buckets": "read", "ViewOnlyAccess": "read"}
	for _, p := range append(slices.Clone(ci.Policies), e.Accounts[0].Groups[0].Policies...) {
		r, ok := a.Grant(ci.ARN, p)
		if !ok {
			t.Fatalf("%s is not a policy of ci", p.Name)
		}
		got := string(r.Level)
		for _, path := range r.Paths {
			got += " " + path.ID
		}
		if got != want[p.Name] {
			t.Errorf("%s gives %q, want %q", p.Name, got, want[p.Name])
		}
	}
	if _, ok := a.Grant(ci.ARN, &Policy{}); ok {
		t.Error("a policy of nobody is told")
	}
	if _, ok := a.Of("arn:aws:iam::111122223333:user/nobody"); ok {
		t.Error("somebody who is not there is told")
	}
}

// TestEvidence points at the statement, by policy and Sid or number.
func TestEvidence(t *testing.T) {
	f := fixture{
		Managed: map[string][]any{"deploy": {
			map[string]any{"Effect": "Allow", "Action": "s3:ListAllMyBuckets", "Resource": "*"},
			map[string]any{"Sid": "Hand", "Effect": "Allow", "Action": "iam:PassRole", "Resource": "arn:aws:iam::*:role/dep*"},
			map[string]any{"Effect": "Allow", "Action": "lambda:*", "Resource": "*"},
		}},
		Users: map[string]fixed{"ci": {Managed: []string{"deploy"}}},
		Roles: map[string]fixed{"deploy": {AWS: []string{"AdministratorAccess"}, Trust: []any{map[string]any{"Effect": "Allow", "Principal": map[string]any{"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}}}},
		Read:  []string{"lambda.function"},
	}
	a := Analyze(f.estate(t), 1)
	r, _ := a.Of("arn:aws:iam::111122223333:user/ci")
	if len(r.Paths) == 0 {
		t.Fatal("no path")
	}
	var lines []string
	for _, e := range r.Paths[0].Hops[0].Evidence {
		lines = append(lines, e.String())
	}
	want := []string{
		"iam:PassRole on arn:aws:iam::111122223333:role/deploy by deploy, statement Hand",
		"lambda:CreateFunction by deploy, statement 3",
		"lambda:InvokeFunction by deploy, statement 3",
	}
	if diff := cmp.Diff(want, lines); diff != "" {
		t.Error(diff)
	}
	if got := r.Reasons[0].String(); !strings.HasPrefix(got, "becomes an administrator in 1 step (user/ci -[lambda-001]-> role/deploy): makes a function that runs as role/deploy") {
		t.Errorf("reason %q", got)
	}
	if !slices.Contains(r.Wildcards, "lambda") || !slices.ContainsFunc(r.Reasons, func(x Reason) bool { return strings.Contains(x.Text, "lambda:* ") }) {
		t.Errorf("the wildcard on lambda is not told: %q, %+v", r.Wildcards, r.Reasons)
	}
}

// TestElsewhere is what a statement gives on something of another account: what that
// account's policy lets it do, and that may not be known.
func TestElsewhere(t *testing.T) {
	const ci, theirs = "arn:aws:iam::111122223333:user/ci", "444455556666"
	letsIn := func(who string) *policy.Document {
		return lenient([]byte(`{"Statement":{"Effect":"Allow","Principal":{"AWS":"` + who + `"},"Action":"*","Resource":"*"}}`))
	}
	for _, x := range []struct {
		name, action, resource string
		policy                 *policy.Document // of the resource; nil is not read
		certain, possible      inventory.Level
	}{
		{"a queue whose policy was not read", "sqs:*", "arn:aws:sqs:eu-west-1:444455556666:jobs", nil, levelNone, levelWrite},
		{"a queue that lets it in", "sqs:*", "arn:aws:sqs:eu-west-1:444455556666:jobs", letsIn(ci), levelWrite, levelWrite},
		{"a queue that lets somebody else in", "sqs:*", "arn:aws:sqs:eu-west-1:444455556666:jobs", letsIn("999988887777"), levelNone, levelNone},
		{"to look into a queue whose policy was not read", "sqs:GetQueueAttributes", "arn:aws:sqs:eu-west-1:444455556666:jobs", nil, levelNone, levelRead},
		{"what AWS does not list", "newservice:MakeThing", "arn:aws:newservice:eu-west-1:444455556666:thing", nil, levelNone, levelWrite},
		{"a key that lets it in", "kms:PutKeyPolicy", "arn:aws:kms:eu-west-1:444455556666:key/0a1b", letsIn(ci), levelWrite, levelWrite},
		{"a key whose policy was not read", "kms:PutKeyPolicy", "arn:aws:kms:eu-west-1:444455556666:key/0a1b", nil, levelNone, levelWrite},
		{"a role, which has no policy for that", "iam:*", "arn:aws:iam::444455556666:role/deploy", nil, levelNone, levelNone},
	} {
		p := &Policy{Name: "p", Document: lenient([]byte(`{"Statement":{"Effect":"Allow","Action":"` + x.action + `","Resource":"` + x.resource + `"}}`))}
		other := Account{ID: theirs, LimitsKnown: true}
		if x.policy != nil {
			other.Resources = []Resource{{ARN: x.resource, Kind: ResourceOther, Policy: x.policy}}
		}
		own := Account{ID: "111122223333", LimitsKnown: true, Principals: []Principal{{ARN: ci, Kind: KindUser, Policies: []*Policy{p}}}}
		r, _ := Analyze(&Estate{Accounts: []Account{own, other}}, 1).Of(ci)
		if r.Certain != x.certain || r.Possible != x.possible {
			t.Errorf("%s: %s to %s, want %s to %s", x.name, r.Certain, r.Possible, x.certain, x.possible)
		}
		if told := slices.ContainsFunc(r.Unknown, func(s string) bool { return strings.Contains(s, "the policy of the resource") }); told != (x.certain != x.possible) {
			t.Errorf("%s: unknown %q", x.name, r.Unknown)
		}
	}
}

// FuzzAnalyze throws policies at an analysis: it must not fail, and a further
// deny must never make a level higher.
func FuzzAnalyze(f *testing.F) {
	for _, list := range awsPolicies(f) {
		raw, err := json.Marshal(map[string]any{"Version": "2012-10-17", "Statement": list})
		if err != nil {
			f.Fatal(err)
		}
		f.Add(raw, []byte(`{"Statement":[{"Effect":"Deny","Action":"iam:*","Resource":"*"}]}`))
	}
	f.Add([]byte(`{"Statement":{"Effect":"Allow","Action":["iam:P*","lambda:*"],"Resource":["$","arn:aws:iam::*:role/${aws:username}*"]}}`), []byte(`{"Statement":[{"Effect":"Deny","NotAction":"s3:*","NotResource":"arn:aws:iam::*:role/x"}]}`))
	f.Add([]byte(`{"Statement":{"Effect":"Allow","Action":["iam:P*","lambda:*"]}}`), []byte(`{"Statement":[{"Effect":"Deny","NotAction":"s3:*","NotResource":"arn:aws:iam::*:role/x"}]}`))       // allows nothing: it names no resource
	f.Add([]byte(`{"Statement":[{"Effect":"Allow","Action":["iam:ListRoles","new:DeleteThing"],"Resource":"*"}]}`), []byte(`{"Statement":[{"Effect":"Deny","Action":"iam:*","Resource":"*"}]}`)) // what AWS does not list counts beside what it lists
	table, err := newTable()
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, allow, deny []byte) {
		x, y := lenient(allow), lenient(deny)
		if x == nil || y == nil {
			return
		}
		for i := range y.Statements {
			y.Statements[i].Deny = true
		}
		level := func(policies ...*Policy) inventory.Level {
			ci := Principal{ARN: "arn:aws:iam::111122223333:user/ci", Kind: KindUser, Policies: policies}
			trust := lenient([]byte(`{"Statement":[{"Effect":"Allow","Principal":{"AWS":"111122223333","Service":["lambda.amazonaws.com","ec2.amazonaws.com"]},"Action":"sts:AssumeRole"}]}`))
			admin := &Policy{Name: "admin", Document: lenient([]byte(`{"Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}`))}
			role := Principal{ARN: "arn:aws:iam::111122223333:role/x1", Kind: KindRole, Policies: []*Policy{admin}, Trust: trust}
			a := analyze(&Estate{Accounts: []Account{{ID: "111122223333", LimitsKnown: true, Principals: []Principal{ci, role}}}}, table, 1)
			r, _ := a.Of(ci.ARN)
			return r.Possible
		}
		one := level(&Policy{Name: "allow", Document: x})
		two := level(&Policy{Name: "allow", Document: x}, &Policy{Name: "deny", Document: y})
		if two.Rank() > one.Rank() {
			t.Errorf("with a deny it may be %s, without %s", two, one)
		}
	})
}

// TestUnreadLimit is an SCP whose document could not be read: it limits nothing
// that is known, and that is told.
func TestUnreadLimit(t *testing.T) {
	f := fixture{Users: map[string]fixed{"ci": {AWS: []string{"AdministratorAccess"}}}}
	e := f.estate(t)
	e.Accounts[0].SCPs = []Layer{{"root", []*Policy{{Name: "guard", ARN: "arn:scp"}}}}
	r, _ := Analyze(e, 1).Of("arn:aws:iam::111122223333:user/ci")
	if r.Level != levelAdmin || !slices.ContainsFunc(r.Unknown, func(s string) bool { return strings.Contains(s, "guard") }) {
		t.Errorf("level %q, unknown %q", r.Level, r.Unknown)
	}
}

// TestReachThroughKey reads a secret only with its key.
func TestReachThroughKey(t *testing.T) {
	const key = "arn:aws:kms:eu-west-1:111122223333:key/0a1b"
	root := map[string]any{"Effect": "Allow", "Principal": map[string]any{"AWS": "arn:aws:iam::111122223333:root"}, "Action": "kms:*", "Resource": "*"}
	read := map[string]any{"Effect": "Allow", "Action": "secretsmanager:GetSecretValue", "Resource": "*"}
	decrypt := map[string]any{"Effect": "Allow", "Action": "kms:Decrypt", "Resource": key}
	f := fixture{
		Resources: []fixedResource{
			{ARN: "arn:aws:secretsmanager:eu-west-1:111122223333:secret:own", Kind: ResourceSecret, KMS: key},
			{ARN: "arn:aws:secretsmanager:eu-west-1:111122223333:secret:aws", Kind: ResourceSecret, KMS: "alias/aws/secretsmanager"},
			{ARN: "arn:aws:secretsmanager:eu-west-1:111122223333:secret:unread", Kind: ResourceSecret, KMS: key + "9"},
			{ARN: key, Kind: ResourceKey, Policy: []any{root}},
		},
		Users: map[string]fixed{"with": {Allow: []any{read, decrypt}}, "without": {Allow: []any{read}}},
	}
	a := Analyze(f.estate(t), 1)
	for name, want := range map[string][2]int{"with": {2, 1}, "without": {1, 1}} {
		r, _ := a.Of("arn:aws:iam::111122223333:user/" + name)
		if got := [2]int{r.Reach[0].Count, r.Reach[0].Maybe}; got != want {
			t.Errorf("%s a permission on the key: %v certain and possible, want %v", name, got, want)
		}
	}
}
