package paths

import (
	"fmt"
	"slices"
	"testing"
)

// everyone attaches the same or, in turns, one of several policies to all principals
// of a grown account.
func everyone(t testing.TB, principals int, documents ...[]any) *Estate {
	t.Helper()
	e := grown(t, principals)
	acc := &e.Accounts[0]
	var list []*Policy
	for i, d := range documents {
		p := &Policy{Name: fmt.Sprint("everybody-", i), ARN: fmt.Sprintf("arn:aws:iam::111122223333:policy/everybody-%d", i), Document: statements(t, d)}
		acc.Policies = append(acc.Policies, p)
		list = append(list, p)
	}
	for i := range acc.Principals {
		p := &acc.Principals[i]
		p.Policies = append(slices.Clip(p.Policies), list[i%len(list)])
	}
	return e
}

// abac is an account in which everybody administers those of the own team, by a tag.
func abac(t testing.TB, principals int) *Estate {
	t.Helper()
	return everyone(t, principals, []any{map[string]any{
		"Effect": "Allow", "Action": []any{"iam:*", "sts:AssumeRole"}, "Resource": "*",
		"Condition": map[string]any{"StringEquals": map[string]any{"iam:ResourceTag/team": "${aws:PrincipalTag/team}"}},
	}})
}

// hostile is an account in which everybody has one of several policies that somebody
// wrote to make answers dear: their wildcards overlap in every way.
func hostile(t testing.TB, principals, variants int) *Estate {
	t.Helper()
	var all [][]any
	for i := range variants {
		var list []any
		for j := range 5 {
			a, b, c, d := 'a'+(i+j)%26, 'b'+(i*3+j)%24, 'c'+(i*7+j)%20, 'e'+(i*5+j)%18
			list = append(list,
				map[string]any{"Effect": "Allow", "Action": []any{"s3:*", "ec2:*", "iam:*", "lambda:*", "sts:*"}, "Resource": fmt.Sprintf("*%c*%c*%c*", a, b, c)},
				map[string]any{"Effect": "Deny", "Action": "*", "Resource": fmt.Sprintf("*%c*%c*", a, d)})
		}
		all = append(all, list)
	}
	return everyone(t, principals, all...)
}
