package policy

import (
	"strings"
	"testing"

	"github.com/muster-nhi/muster/internal/inventory"
)

const (
	yes   = inventory.True
	no    = inventory.False
	maybe = inventory.Unknown
)

// key builds a context with one key, "k": "-" is absent, "?" unknown, "~x" of the
// shape x, otherwise values divided by "|"; "|" is an empty list.
func key(s string) *Context {
	c := NewContext()
	switch {
	case s == "?":
		return c
	case s == "-":
		return c.Absent("k")
	case s == "|":
		return c.Set("k")
	case strings.HasPrefix(s, "~"):
		return c.Like("k", s[1:])
	default:
		return c.Set("k", strings.Split(s, "|")...)
	}
}

// TestConditions holds every operator to what the reference says of it ("IAM
// JSON policy elements: Condition operators", "Conditions with multiple context
// keys or values").
func TestConditions(t *testing.T) {
	for _, c := range []struct {
		operator, values, key string // values divided by "|"
		want                  inventory.Tri
	}{
		{"StringEquals", "a", "a", yes},
		{"StringEquals", "a", "A", no},
		{"StringEquals", "a|b", "b", yes},
		{"StringEquals", "a", "-", no},
		{"StringEquals", "a", "?", maybe},
		{"StringEquals", "a*", "ab", no},
		{"StringEquals", "a*", "a*", yes},
		{"StringNotEquals", "a|b", "a", no},
		{"StringNotEquals", "a|b", "c", yes},
		{"StringNotEquals", "a", "-", yes},
		{"StringNotEquals", "a", "?", maybe},
		{"StringEqualsIgnoreCase", "Ab", "aB", yes},
		{"StringEqualsIgnoreCase", "Ab", "c", no},
		{"StringNotEqualsIgnoreCase", "Ab", "aB", no},
		{"StringNotEqualsIgnoreCase", "Ab", "c", yes},
		{"StringLike", "a*", "ab", yes},
		{"StringLike", "a?c", "abc", yes},
		{"StringLike", "a?c", "aéc", yes},
		{"StringLike", "a?c", "ac", no},
		{"StringLike", "a*", "AB", no},
		{"StringLike", "*", "-", no},
		{"StringLike", "*", "?", maybe},
		{"StringLikeIfExists", "*", "?", yes},
		{"StringNotLike", "a*|b*", "cd", yes},
		{"StringNotLike", "a*|b*", "bd", no},
		{"StringNotLike", "a*", "-", yes},
		{"StringLike", "a*", "~ab*", yes},
		{"StringLike", "ab*", "~a*", maybe},
		{"StringLike", "b*", "~a*", no},
		{"StringEquals", "ab", "~a*", maybe},
		{"StringEquals", "b", "~a*", no},
		{"StringNotEquals", "b", "~a*", yes},
		{"StringNotLike", "a*", "~a*", no},

		{"NumericEquals", "10", "10.0", yes},
		{"NumericEquals", "10", "x", no},
		{"NumericEquals", "x", "10", no},
		{"NumericNotEquals", "10|11", "11", no},
		{"NumericNotEquals", "10", "12", yes},
		{"NumericLessThan", "10", "9", yes},
		{"NumericLessThan", "10", "10", no},
		{"NumericLessThanEquals", "10", "10", yes},
		{"NumericLessThanEquals", "10", "11", no},
		{"NumericGreaterThan", "10", "11", yes},
		{"NumericGreaterThan", "10", "10", no},
		{"NumericGreaterThanEquals", "10", "10", yes},
		{"NumericGreaterThanEquals", "10", "9", no},
		{"NumericLessThan", "10", "-", no},
		{"NumericLessThan", "10", "?", maybe},

		{"DateEquals", "2026-11-22T10:00:00Z", "2026-11-22T11:00:00+01:00", yes},
		{"DateNotEquals", "2026-11-22T10:00:00Z", "2026-11-22T10:00:01Z", yes},
		{"DateLessThan", "2026-11-22T10:00:00Z", "2026-11-22T09:59:59Z", yes},
		{"DateLessThan", "2026-11-22", "2026-11-22", no},
		{"DateLessThanEquals", "2026-11-22", "2026-11-22T00:00:00Z", yes},
		{"DateGreaterThan", "1000000000", "2026-11-22", yes},
		{"DateGreaterThan", "2026", "2026-01-01T00:00:01Z", yes},
		{"DateGreaterThanEquals", "2026-11", "2026-11-01", yes},
		{"DateGreaterThan", "soon", "2026-11-22", no},
		{"DateGreaterThan", "2026-11-22", "-", no},

		{"Bool", "true", "true", yes},
		{"Bool", "true", "True", yes},
		{"Bool", "true", "false", no},
		{"Bool", "false", "-", no},
		{"Bool", "true|false", "false", yes},
		{"Bool", "yes", "yes", no},
		{"Bool", "true", "?", maybe},
		{"BoolIfExists", "false", "-", yes},
		{"BoolIfExists", "false", "true", no},

		{"BinaryEquals", "QmluYXJ5", "QmluYXJ5", yes},
		{"BinaryEquals", "QmluYXJ5", "QmluYXJ6", no},
		{"BinaryEquals", "%", "%", no},

		{"IpAddress", "203.0.113.0/24", "203.0.113.7", yes},
		{"IpAddress", "203.0.113.0/24", "203.0.114.7", no},
		{"IpAddress", "203.0.113.7", "203.0.113.7", yes},
		{"IpAddress", "2001:db8::/32", "2001:db8:1::1", yes},
		{"IpAddress", "2001:db8::/32", "203.0.113.7", no},
		{"IpAddress", "203.0.113.5/24", "203.0.113.7", yes},
		{"IpAddress", "203.0.113.0/24", "-", no},
		{"IpAddress", "nowhere", "203.0.113.7", no},
		{"NotIpAddress", "203.0.113.0/24", "203.0.113.7", no},
		{"NotIpAddress", "203.0.113.0/24", "198.51.100.1", yes},
		{"NotIpAddress", "203.0.113.0/24", "-", yes},
		{"NotIpAddress", "203.0.113.0/24", "?", maybe},

		{"ArnEquals", "arn:aws:iam::*:role/ci", "arn:aws:iam::111122223333:role/ci", yes},
		{"ArnLike", "arn:aws:iam::*:role/ci", "arn:aws:iam::111122223333:role/ci", yes},
		{"ArnLike", "arn:aws:iam::*:role/*", "arn:aws:iam::111122223333:role/a/b", yes},
		{"ArnLike", "arn:aws:lambda:*:*:function:a*", "arn:aws:lambda:eu-west-1:111122223333:function:ab:1", yes},
		{"ArnLike", "arn:aws:iam:*:role/ci", "arn:aws:iam::111122223333:role/ci", maybe},
		{"ArnLike", "arn:aws:iam:*:role/ci", "arn:aws:iam::111122223333:role/cd", no},
		{"ArnLike", "arn:aws:*:*:*:role/ci", "arn:aws:iam::111122223333:role/ci", yes},
		{"ArnLike", "arn:aws:iam::1111*:role/ci", "arn:aws:iam::2222:role/ci", no},
		{"ArnLike", "arn:aws:iam::*:role/ci", "ci", no},
		{"ArnLike", "arn:aws:iam::*:role/ci", "-", no},
		{"ArnLike", "*", "arn:aws:iam::111122223333:role/ci", yes},
		{"ArnNotEquals", "arn:aws:iam::*:role/ci", "arn:aws:iam::111122223333:role/ci", no},
		{"ArnNotLike", "arn:aws:iam::*:role/ci", "arn:aws:iam::111122223333:role/cd", yes},
		{"ArnNotLike", "arn:aws:iam::*:role/ci", "-", yes},
		{"ArnLike", "arn:aws:iam::*:role/c*", "~arn:aws:iam::111122223333:role/ci*", yes},
		{"ArnLike", "arn:aws:iam::*:role/ci", "?", maybe},

		{"Null", "true", "-", yes},
		{"Null", "true", "a", no},
		{"Null", "false", "a", yes},
		{"Null", "false", "-", no},
		{"Null", "true", "|", yes},
		{"Null", "false", "|", no},
		{"Null", "true", "?", maybe},
		{"Null", "false", "~a*", yes},
		{"Null", "true|false", "?", yes},

		{"StringEqualsIfExists", "a", "-", yes},
		{"StringEqualsIfExists", "a", "b", no},
		{"StringEqualsIfExists", "a", "?", maybe},
		{"StringNotEqualsIfExists", "a", "-", yes},
		{"ArnLikeIfExists", "arn:aws:iam::*:role/ci", "-", yes},

		// Sets: an empty set satisfies ForAllValues, which is its trap, and never
		// ForAnyValue.
		{"ForAllValues:StringEquals", "a|b", "a|b", yes},
		{"ForAllValues:StringEquals", "a|b", "a|c", no},
		{"ForAllValues:StringEquals", "a|b", "a", yes},
		{"ForAllValues:StringEquals", "a|b", "-", yes},
		{"ForAllValues:StringEquals", "a|b", "|", yes},
		{"ForAllValues:StringEquals", "a|b", "", yes},
		{"ForAllValues:StringEquals", "a|b", "||", yes},
		{"ForAllValues:StringEquals", "a", "?", maybe},
		{"ForAllValues:StringLike", "*", "?", yes},
		{"ForAllValues:StringNotEquals", "a", "b|c", yes},
		{"ForAllValues:StringNotEquals", "a", "a|c", no},
		{"ForAllValues:StringNotEquals", "a", "-", yes},
		{"ForAnyValue:StringEquals", "a|b", "a|c", yes},
		{"ForAnyValue:StringEquals", "a|b", "c|d", no},
		{"ForAnyValue:StringEquals", "a|b", "-", no},
		{"ForAnyValue:StringEquals", "a|b", "|", no},
		{"ForAnyValue:StringEquals", "a", "?", maybe},
		{"ForAnyValue:StringNotEquals", "a", "a|b", yes},
		{"ForAnyValue:StringNotEquals", "a", "a", no},
		{"ForAnyValue:StringNotEquals", "a", "-", no},
		{"ForAnyValue:StringEqualsIfExists", "a", "-", yes},
		{"ForAnyValue:StringLike", "o-x/r-y/*", "o-x/r-y/ou-z/|o-x/", yes},
		{"StringEquals", "a", "a|b", maybe}, // several values without a qualifier

		// No value can be equal to one of none, and all differ from it.
		{"StringEquals", "", "a", no},
		{"StringEquals", "", "", yes},

		{"StringEqual", "a", "a", maybe}, // no operator
	} {
		t.Run(strings.Join([]string{c.operator, c.values, c.key}, " "), func(t *testing.T) {
			written := condition(c.operator)
			written.Key, written.Values = "k", strings.Split(c.values, "|")
			compiled := newTest(&written, true)
			if got := compiled.holds(&Request{Context: key(c.key)}); got != c.want {
				t.Errorf("got %v, want %v", got, c.want)
			}
		})
	}
	empty := Condition{Operator: "StringEquals", Key: "k", Values: []string{}}
	if e := newTest(&empty, true); e.holds(&Request{Context: key("a")}) != no {
		t.Error("something equals none of no values")
	}
	empty.Operator = "StringNotEquals"
	if e := newTest(&empty, true); e.holds(&Request{Context: key("a")}) != yes {
		t.Error("something does not differ from all of no values")
	}
}

// TestVariables follows "IAM policy elements: Variables and tags".
func TestVariables(t *testing.T) {
	alice := &Principal{Kind: User, ARN: "arn:aws:iam::111122223333:user/eng/alice", Account: "111122223333", ID: "AIDAALICE", Tags: map[string]string{"Team": "arms*"}}
	job := &Principal{Kind: Role, ARN: "arn:aws:iam::111122223333:role/job", Account: "111122223333", ID: "AROAJOB"}
	for _, c := range []struct {
		name, version, effect, resource, asked string
		by                                     *Principal
		want                                   inventory.Tri
	}{
		{"a user's name", version2012, "Resource", "arn:aws:s3:::home/${aws:username}/*", "arn:aws:s3:::home/alice/x", alice, yes},
		{"another's", version2012, "Resource", "arn:aws:s3:::home/${aws:username}/*", "arn:aws:s3:::home/bob/x", alice, no},
		{"a key in another case", version2012, "Resource", "arn:aws:s3:::home/${AWS:UserName}", "arn:aws:s3:::home/alice", alice, yes},
		{"text in the older language", version2008, "Resource", "arn:aws:s3:::home/${aws:username}", "arn:aws:s3:::home/alice", alice, no},
		{"text that is meant so", version2008, "Resource", "arn:aws:s3:::home/${aws:username}", "arn:aws:s3:::home/${aws:username}", alice, yes},
		{"a tag, whose star is a letter", version2012, "Resource", "arn:aws:s3:::${aws:PrincipalTag/team}", "arn:aws:s3:::arms*", alice, yes},
		{"a tag, whose star is no wildcard", version2012, "Resource", "arn:aws:s3:::${aws:PrincipalTag/team}", "arn:aws:s3:::arms2", alice, no},
		{"a tag that is missing", version2012, "Resource", "arn:aws:s3:::${aws:PrincipalTag/none}", "arn:aws:s3:::", alice, no},
		{"a default", version2012, "Resource", "arn:aws:s3:::${aws:PrincipalTag/none, 'x}y'}", "arn:aws:s3:::x}y", alice, yes},
		{"a default that is not needed", version2012, "Resource", "arn:aws:s3:::${aws:PrincipalTag/team, 'x'}", "arn:aws:s3:::x", alice, no},
		{"a default, and a tag that is not known", version2012, "Resource", "arn:aws:s3:::${aws:PrincipalTag/team, 'x'}", "arn:aws:s3:::x", job, maybe},
		{"a tag that is not known", version2012, "Resource", "arn:aws:s3:::${aws:PrincipalTag/team}/*", "arn:aws:s3:::arms/x", job, maybe},
		{"cannot be, whatever the tag", version2012, "Resource", "arn:aws:s3:::a-${aws:PrincipalTag/team}/*", "arn:aws:s3:::b-arms/x", job, no},
		{"a name that a role has not", version2012, "Resource", "arn:aws:s3:::home/${aws:username}", "arn:aws:s3:::home/", job, no},
		{"not what is missing", version2012, "NotResource", "arn:aws:s3:::home/${aws:username}", "arn:aws:s3:::home/job", job, yes},
		{"not the user's own", version2012, "NotResource", "arn:aws:s3:::home/${aws:username}", "arn:aws:s3:::home/alice", alice, no},
		{"a literal star", version2012, "Resource", "arn:aws:s3:::home/${*}", "arn:aws:s3:::home/*", alice, yes},
		{"a literal star is none else", version2012, "Resource", "arn:aws:s3:::home/${*}", "arn:aws:s3:::home/x", alice, no},
		{"a literal question mark and dollar", version2012, "Resource", "arn:aws:s3:::${?}${$}", "arn:aws:s3:::?$", alice, yes},
		{"an id", version2012, "Resource", "arn:aws:s3:::${aws:userid}", "arn:aws:s3:::AIDAALICE", alice, yes},
		{"an id with a session that is not known", version2012, "Resource", "arn:aws:s3:::${aws:userid}", "arn:aws:s3:::AROAJOB:x", job, maybe},
		{"an id of another", version2012, "Resource", "arn:aws:s3:::${aws:userid}", "arn:aws:s3:::AROAOTHER:x", job, no},
		{"no variable", version2012, "Resource", "arn:aws:s3:::${aws:username", "arn:aws:s3:::${aws:username", alice, yes},
	} {
		t.Run(c.name, func(t *testing.T) {
			doc := mustParse(t, `{"Version":"`+c.version+`","Statement":{"Effect":"Allow","Action":"s3:*","`+c.effect+`":"`+c.resource+`"}}`)
			got := Decide(&Request{Principal: c.by, Action: NewAction("s3:GetObject"), Resource: One(c.asked), Account: "111122223333"}, &Layers{Identity: []*Policy{Compile("p", doc)}})
			if got.Allowed != c.want {
				t.Errorf("got %v, want %v", got.Allowed, c.want)
			}
		})
	}
}

// TestVariablesInConditions: a value without a variable's value equals nothing,
// so what asks for a difference holds.
func TestVariablesInConditions(t *testing.T) {
	for _, c := range []struct {
		operator, value string
		context         *Context
		want            inventory.Tri
	}{
		{"StringEquals", "${aws:PrincipalTag/team}", NewContext().Set("k", "arms").Set("aws:PrincipalTag/Team", "arms"), yes},
		{"StringEquals", "${aws:PrincipalTag/team}", NewContext().Set("k", "arms").Set("aws:PrincipalTag/Team", "legs"), no},
		{"StringEquals", "${aws:PrincipalTag/team}", NewContext().Set("k", "arms").Absent("aws:PrincipalTag/Team"), no},
		{"StringNotEquals", "${aws:PrincipalTag/team}", NewContext().Set("k", "arms").Absent("aws:PrincipalTag/Team"), yes},
		{"StringEquals", "${aws:PrincipalTag/team}", NewContext().Set("k", "arms"), maybe},
		{"StringLike", "a-${aws:PrincipalTag/team}", NewContext().Set("k", "b-arms"), no},
		{"StringEquals", "${aws:PrincipalTag/team, 'arms'}", NewContext().Set("k", "arms").Absent("aws:PrincipalTag/Team"), yes},
		{"StringEqualsIgnoreCase", "${aws:PrincipalTag/team}", NewContext().Set("k", "ARMS").Set("aws:PrincipalTag/Team", "arms"), yes},
		{"ArnLike", "arn:aws:iam::*:user/${aws:PrincipalTag/team}", NewContext().Set("k", "arn:aws:iam::111122223333:user/arms").Set("aws:PrincipalTag/Team", "arms"), yes},
		{"Bool", "${aws:PrincipalTag/team}", NewContext().Set("k", "true").Set("aws:PrincipalTag/Team", "true"), no}, // only texts and ARNs have variables
	} {
		t.Run(c.operator+" "+c.value, func(t *testing.T) {
			compiled := newTest(&Condition{Operator: c.operator, Key: "k", Values: []string{c.value}}, true)
			if got := compiled.holds(&Request{Context: c.context}); got != c.want {
				t.Errorf("got %v, want %v", got, c.want)
			}
		})
	}
}
