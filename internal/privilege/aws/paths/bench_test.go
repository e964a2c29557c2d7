package paths

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"testing"

	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/internal/privilege/aws/policy"
)

// grown makes an account of a realistic shape: a fifth users, the rest roles, of
// which most have a policy of their own beside managed ones that many share, one in
// a hundred is an administrator, and some may assume or pass others.
func grown(t testing.TB, principals int) *Estate {
	t.Helper()
	const account = "111122223333"
	doc := func(text string, args ...any) *policy.Document {
		return parsed(t, json.RawMessage(`{"Version":"2012-10-17","Statement":[`+fmt.Sprintf(text, args...)+`]}`))
	}
	acc := Account{ID: account, Member: inventory.True, LimitsKnown: true, Read: map[string]bool{"lambda.function": true, "ec2.instance": true, "secret": true}}
	scp := &Policy{Name: "scp", ARN: "arn:scp", Document: doc(`{"Effect":"Allow","Action":"*","Resource":"*"},{"Effect":"Deny","NotAction":["iam:*","sts:*","s3:*"],"Resource":"*","Condition":{"StringNotEquals":{"aws:RequestedRegion":["eu-west-1","eu-central-1"]}}}`)}
	acc.SCPs = []Layer{{"root", []*Policy{scp}}, {account, []*Policy{scp}}}
	aws := func(name string) *Policy {
		p := &Policy{Name: name, ARN: "arn:aws:iam::aws:policy/" + name, ByAWS: true}
		p.Document = statements(t, awsPolicies(t)[name])
		acc.Policies = append(acc.Policies, p)
		return p
	}
	admin, power, read := aws("AdministratorAccess"), aws("PowerUserAccess"), aws("ReadOnlyAccess")
	logs, ssm := aws("AWSLambdaBasicExecutionRole"), aws("AmazonSSMManagedInstanceCore")
	var shared []*Policy
	for i := range principals / 10 {
		p := &Policy{Name: fmt.Sprintf("team-%d", i), ARN: fmt.Sprintf("arn:aws:iam::%s:policy/team-%d", account, i)}
		p.Document = doc(`{"Effect":"Allow","Action":["s3:GetObject","s3:PutObject"],"Resource":"arn:aws:s3:::team-%d/*"},{"Effect":"Allow","Action":["dynamodb:*"],"Resource":"arn:aws:dynamodb:*:%s:table/team-%d-*"}`, i, account, i)
		shared = append(shared, p)
	}
	acc.Policies = append(acc.Policies, shared...)
	boundary := &Policy{Name: "limits", ARN: "arn:aws:iam::" + account + ":policy/limits", Document: doc(`{"Effect":"Allow","NotAction":["iam:*","organizations:*"],"Resource":"*"},{"Effect":"Allow","Action":["iam:PassRole","iam:Get*"],"Resource":"*"}`)}
	for i := range 20 {
		acc.Groups = append(acc.Groups, Group{Name: fmt.Sprintf("g%d", i), ARN: fmt.Sprintf("arn:aws:iam::%s:group/g%d", account, i), Policies: []*Policy{shared[i%len(shared)]}})
	}
	acc.Groups[0].Policies = []*Policy{admin}
	for i := range principals / 5 {
		p := Principal{ARN: fmt.Sprintf("arn:aws:iam::%s:user/u%d", account, i), Kind: KindUser, Groups: []string{fmt.Sprintf("g%d", 1+i%19)}, AccessKeys: i % 3}
		switch {
		case i%100 == 0:
			p.Groups = []string{"g0"}
		case i%10 == 0:
			p.Policies = []*Policy{{Name: "self", Document: doc(`{"Effect":"Allow","Action":["iam:CreateAccessKey","iam:DeleteAccessKey","iam:ChangePassword"],"Resource":"arn:aws:iam::*:user/${aws:username}"}`)}}
		case i%25 == 1:
			p.Policies = []*Policy{{Name: "assume", Document: doc(`{"Effect":"Allow","Action":"sts:AssumeRole","Resource":"arn:aws:iam::%s:role/r%d"}`, account, i)}}
		}
		acc.Principals = append(acc.Principals, p)
	}
	services := []string{"lambda.amazonaws.com", "ec2.amazonaws.com", "ecs-tasks.amazonaws.com", "glue.amazonaws.com", "codebuild.amazonaws.com"}
	for i := range principals - principals/5 {
		arn := fmt.Sprintf("arn:aws:iam::%s:role/r%d", account, i)
		p := Principal{ARN: arn, Kind: KindRole, Tags: map[string]string{"team": fmt.Sprint(i % 40)}}
		p.Trust = doc(`{"Effect":"Allow","Principal":{"Service":"%s"},"Action":"sts:AssumeRole"}`, services[i%len(services)])
		own := &Policy{Name: "own", Document: doc(`{"Effect":"Allow","Action":["s3:GetObject","sqs:SendMessage","kms:Decrypt"],"Resource":["arn:aws:s3:::b%d/*","arn:aws:sqs:*:%s:q%d","arn:aws:kms:*:%s:key/*"]},{"Effect":"Allow","Action":["ec2:Describe*","cloudwatch:PutMetricData"],"Resource":"*"}`, i, account, i, account)}
		p.Policies = []*Policy{own, logs, shared[i%len(shared)]}
		switch {
		case i%100 == 5:
			p.Policies = []*Policy{admin}
		case i%50 == 4:
			p.Policies = append(p.Policies, power)
		case i%40 == 5:
			p.Policies = append(p.Policies, read)
		case i%20 == 6:
			p.Policies = append(p.Policies, &Policy{Name: "deploy", Document: doc(`{"Effect":"Allow","Action":["lambda:*","iam:PassRole"],"Resource":"*"}`)})
			p.Boundary = boundary
		case i%30 == 7:
			p.Policies = append(p.Policies, &Policy{Name: "iam", Document: doc(`{"Effect":"Allow","Action":["iam:CreateAccessKey","iam:AttachRolePolicy","iam:UpdateAssumeRolePolicy"],"Resource":"arn:aws:iam::%s:*/team-*"}`, account)})
		case i%10 == 8:
			p.Trust = doc(`{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::%s:root"},"Action":"sts:AssumeRole"}`, account)
		case i%15 == 9:
			p.Policies = append(p.Policies, &Policy{Name: "hop", Document: doc(`{"Effect":"Allow","Action":"sts:AssumeRole","Resource":"arn:aws:iam::%s:role/r%d*"}`, account, i%97)})
		}
		if i%5 == 1 {
			p.Profiles = []string{fmt.Sprintf("arn:aws:iam::%s:instance-profile/r%d", account, i)}
			p.Policies = append(p.Policies, ssm)
		}
		acc.Principals = append(acc.Principals, p)
		if i%5 == 0 {
			acc.Consumers = append(acc.Consumers, Consumer{ARN: fmt.Sprintf("arn:aws:lambda:eu-west-1:%s:function:f%d", account, i), Type: "lambda.function", Role: arn})
		}
	}
	for i := range principals / 10 {
		acc.Resources = append(acc.Resources, Resource{ARN: fmt.Sprintf("arn:aws:secretsmanager:eu-west-1:%s:secret:s%d-AbCdEf", account, i), Name: fmt.Sprintf("s%d", i), Kind: ResourceSecret})
	}
	return &Estate{Accounts: []Account{acc}, Organization: "o-northwind1"}
}

// BenchmarkAnalyze analyses a realistic account, and two in which the answer to a
// question is another for many targets.
func BenchmarkAnalyze(b *testing.B) {
	shapes := map[string]func(principals int) *Estate{
		"grown":   func(n int) *Estate { return grown(b, n) },
		"abac":    func(n int) *Estate { return abac(b, n) },
		"hostile": func(n int) *Estate { return hostile(b, n, 60) },
	}
	for _, shape := range slices.Sorted(maps.Keys(shapes)) {
		for _, n := range []int{1250, 5000} {
			b.Run(fmt.Sprint(shape, "/", n), func(b *testing.B) {
				e := shapes[shape](n)
				b.ReportAllocs()
				for b.Loop() {
					Analyze(e, 2)
				}
			})
		}
	}
}

// TestGrown makes sure that the estate of the benchmark has something to find.
func TestGrown(t *testing.T) {
	e := grown(t, 500)
	one, two := Analyze(e, 1), Analyze(e, 3)
	levels := map[inventory.Level]int{}
	for i := range e.Accounts[0].Principals {
		x, _ := one.Of(e.Accounts[0].Principals[i].ARN)
		y, _ := two.Of(e.Accounts[0].Principals[i].ARN)
		levels[x.Level]++
		a, err := json.Marshal(x)
		if err != nil {
			t.Fatal(err)
		}
		c, err := json.Marshal(y)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(a, c) {
			t.Fatalf("%s is told otherwise by three workers than by one", e.Accounts[0].Principals[i].ARN)
		}
	}
	t.Log(levels)
	for _, l := range []inventory.Level{levelAdmin, levelEscalate, levelWrite} {
		if levels[l] == 0 {
			t.Errorf("nobody is at level %s", l)
		}
	}
}
