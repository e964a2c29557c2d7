package policy

import (
	"fmt"
	"strings"
	"testing"
)

// questions are actions as an analysis of privileges asks them.
func questions(n int) []Action {
	var out []Action
	for i := range n {
		service := []string{"iam", "sts", "s3", "ec2", "lambda", "kms", "secretsmanager", "ssm", "glue", "cloudformation"}[i%10]
		out = append(out, NewAction(fmt.Sprintf("%s:Create%d", service, i)))
	}
	return out
}

// managed is a policy of the size of those that AWS keeps.
func managed(b *testing.B, n int, services int) *Policy {
	b.Helper()
	var actions []string
	for i := range n {
		actions = append(actions, fmt.Sprintf(`"svc%d:Get%d*"`, i%services, i))
	}
	return Compile("managed", document(b, `{"Effect":"Allow","Action":[`+strings.Join(actions, ",")+`,"s3:*","lambda:Create*"],"Resource":"*"}`))
}

// estate returns principals' layers: shared managed policies, one inline policy
// each, three levels of SCPs with conditions.
func estate(b *testing.B, principals int) []*Layers {
	b.Helper()
	shared := []*Policy{managed(b, 1500, 150), managed(b, 40, 4), Compile("self", document(b, `{"Effect":"Allow","Action":"iam:*","Resource":"arn:aws:iam::*:user/${aws:username}"}`))}
	guard := Compile("guard", document(b, allow("*"), `{"Effect":"Deny","NotAction":["iam:*","sts:*","s3:*"],"Resource":"*","Condition":{"StringNotEquals":{"aws:RequestedRegion":["eu-west-1","eu-central-1"]}}}`))
	scps := []Level{{Policies: []*Policy{guard}}, {Policies: []*Policy{Compile("full", document(b, allow("*")))}}, {Policies: []*Policy{guard}}}
	var out []*Layers
	for i := range principals {
		own := Compile("own", document(b, fmt.Sprintf(`{"Effect":"Allow","Action":["s3:GetObject","secretsmanager:*","kms:Decrypt"],"Resource":["arn:aws:s3:::bucket%d/*","arn:aws:secretsmanager:*:%s:secret:%d-*"]}`, i, home, i)))
		out = append(out, &Layers{Identity: append([]*Policy{own}, shared...), SCPs: scps})
	}
	return out
}

// BenchmarkDecide asks each of n principals 500 questions about one resource and
// about all. Two sizes show that the time grows with the number of principals.
func BenchmarkDecide(b *testing.B) {
	actions := questions(500)
	resources := []Resource{One("arn:aws:iam::" + home + ":role/admin"), Matching("*")}
	for _, n := range []int{100, 400} {
		all := estate(b, n)
		by, ctx := user(), Direct().Set("aws:RequestedRegion", "eu-west-1")
		b.Run(fmt.Sprint(n, " principals"), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				for i, l := range all {
					for k := range actions {
						Decide(&Request{Principal: by, Action: actions[k], Resource: resources[(i+k)%2], Context: ctx}, l)
					}
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*n*len(actions)), "ns/question")
		})
	}
}

// BenchmarkTrust asks whether a role may take on another that names it.
func BenchmarkTrust(b *testing.B) {
	trust := Compile("trust", document(b, `{"Effect":"Allow","Action":"sts:AssumeRole","Principal":{"AWS":["`+other+`","`+userARN+`","`+roleARN+`"]}}`))
	l := estate(b, 1)[0]
	l.Resource = trust
	by, action, resource := role(), NewAction("sts:AssumeRole"), One(target)
	b.ReportAllocs()
	for b.Loop() {
		if d := Decide(&Request{Principal: by, Action: action, Resource: resource}, l); d.Allowed != yes {
			b.Fatal(d)
		}
	}
}

func BenchmarkParse(b *testing.B) {
	for _, n := range []int{1, 100} {
		data := []byte(`{"Version":"2012-10-17","Statement":[` + strings.Repeat(`{"Effect":"Allow","Action":["s3:GetObject","s3:PutObject"],"Resource":"arn:aws:s3:::robots/*","Condition":{"StringEquals":{"aws:PrincipalOrgID":"o-robots"}}},`, 10*n) + `{"Effect":"Deny","Action":"*","Resource":"*"}]}`)
		b.Run(fmt.Sprint(len(data), " bytes"), func(b *testing.B) {
			b.SetBytes(int64(len(data)))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := Parse(data); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
