package paths

import (
	"fmt"
	"testing"
)

// TestManyWildcards is a policy that somebody wrote to make answers dear: the
// wildcards of its resources overlap in every way. An analysis asks a few hundred
// such questions and has to come to an end; without a bound it takes minutes.
func TestManyWildcards(t *testing.T) {
	var list []any
	for i := range 5 {
		a, b, c, e := 'a'+i, 'b'+i, 'c'+i, 'e'+i
		list = append(list,
			map[string]any{"Effect": "Allow", "Action": []any{"s3:*", "ec2:*", "iam:*"}, "Resource": fmt.Sprintf("*%c*%c*%c*", a, b, c)},
			map[string]any{"Effect": "Deny", "Action": "*", "Resource": fmt.Sprintf("*%c*%c*", a, e)})
	}
	ci := Principal{ARN: "arn:aws:iam::111122223333:user/ci", Kind: KindUser, Policies: []*Policy{{Name: "many", Document: statements(t, list)}}}
	a := Analyze(&Estate{Accounts: []Account{{ID: "111122223333", LimitsKnown: true, Principals: []Principal{ci}}}}, 1)
	if r, ok := a.Of(ci.ARN); !ok || r.Possible == levelNone {
		t.Errorf("is told as nothing: %+v", r)
	}
}
