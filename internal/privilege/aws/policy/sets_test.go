package policy

import (
	"testing"

	"github.com/muster-nhi/muster/internal/inventory"
)

func mustParse(t testing.TB, s string) *Document {
	t.Helper()
	d, err := Parse([]byte(s))
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestDecideSets(t *testing.T) {
	alice := &Principal{Kind: User, ARN: "arn:aws:iam::111122223333:user/alice", Account: "111122223333"}
	identity := []*Policy{Compile("p", mustParse(t, `{"Version":"2012-10-17","Statement":[
		{"Effect":"Allow","Action":"iam:*AccessKey","Resource":["arn:aws:iam::*:user/a*","arn:aws:iam::*:user/b*"]},
		{"Effect":"Deny","Action":"iam:CreateAccessKey","Resource":"arn:aws:iam::*:user/?*"},
		{"Effect":"Allow","Action":"iam:DeleteAccessKey","NotResource":"arn:aws:iam::*:user/${aws:username}"}]}`))}
	shared := NewMemo()
	for _, c := range []struct {
		name, action string
		resource     Resource
		all, some    inventory.Tri
	}{
		{"everything denied in the end", "iam:CreateAccessKey", Matching("arn:aws:iam::111122223333:user/*"), inventory.False, inventory.False},
		{"some", "iam:UpdateAccessKey", Matching("arn:aws:iam::111122223333:user/*"), inventory.False, inventory.True},
		{"one", "iam:UpdateAccessKey", One("arn:aws:iam::111122223333:user/bob"), inventory.True, inventory.True},
		{"all through two statements", "iam:DeleteAccessKey", Matching("arn:aws:iam::111122223333:user/*"), inventory.True, inventory.True},
		{"none", "iam:UpdateAccessKey", Matching("arn:aws:iam::111122223333:user/c*"), inventory.False, inventory.False},
	} {
		t.Run(c.name, func(t *testing.T) {
			for _, memo := range []*Memo{nil, shared, shared} { // with a memory it is the same the second time
				d := Decide(&Request{Principal: alice, Action: NewAction(c.action), Resource: c.resource, Memo: memo}, &Layers{Identity: identity})
				if d.Allowed != c.all || d.Some != c.some {
					t.Errorf("all %v, some %v; want %v, %v", d.Allowed, d.Some, c.all, c.some)
				}
			}
		})
	}
}

func TestHopeless(t *testing.T) {
	float := func(n int, before string) (out []glob) {
		for i := range n {
			out = append(out, newGlob(before+"*"+string(rune('a'+i))+"*"))
		}
		return out
	}
	ends := []glob{newGlob("a*b"), newGlob("a*c"), newGlob("a*d"), newGlob("a*e"), newGlob("a*f"), newGlob("a*g"), newGlob("a*h"), newGlob("a*i")}
	for _, c := range []struct {
		name string
		cuts []glob
		want bool
	}{
		{"few", float(6, ""), false},
		{"many", float(7, ""), true},
		{"many behind two beginnings", append(float(4, "a:"), float(4, "b:")...), false},
		{"many of one star", ends, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := hopeless(c.cuts); got != c.want {
				t.Errorf("%v, want %v", got, c.want)
			}
		})
	}
}
