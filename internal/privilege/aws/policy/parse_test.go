package policy

import (
	"encoding/json"
	"errors"
	"net/url"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// canary stands where a document could hold something secret.
const canary = "Zx81CanaryValue"

func TestParse(t *testing.T) {
	everything := `{
		"Version": "2012-10-17", "Id": "robots",
		"Statement": [
			{"Sid": "One", "Effect": "Allow", "Action": "s3:GetObject", "Resource": ["arn:aws:s3:::a", "arn:aws:s3:::b"],
			 "Principal": {"AWS": ["111122223333", "AIDAEXAMPLE"], "Service": "lambda.amazonaws.com", "Federated": ["x"], "CanonicalUser": "79a5"},
			 "Condition": {"ForAnyValue:StringLikeIfExists": {"aws:TagKeys": ["a", "b"]}, "Bool": {"aws:SecureTransport": true}, "NumericLessThan": {"s3:max-keys": 10.5}}},
			{"Effect": "Deny", "NotAction": ["iam:*", "sts:*"], "NotResource": "*", "NotPrincipal": {"AWS": "*"}},
			{"Effect": "Allow", "Action": [], "Resource": [], "Principal": "*"}
		]}`
	want := &Document{
		Version: "2012-10-17", ID: "robots",
		Statements: []Statement{
			{
				Sid: "One", Actions: []string{"s3:GetObject"}, Resources: []string{"arn:aws:s3:::a", "arn:aws:s3:::b"},
				Principals: &Principals{
					AWS: []string{"111122223333", "AIDAEXAMPLE"}, Service: []string{"lambda.amazonaws.com"}, Federated: []string{"x"},
					Canonical: []string{"79a5"},
				},
				Conditions: []Condition{
					{Operator: "StringLike", Qualifier: "ForAnyValue", IfExists: true, Key: "aws:tagkeys", Written: "aws:TagKeys", Values: []string{"a", "b"}},
					{Operator: "Bool", Key: "aws:securetransport", Written: "aws:SecureTransport", Values: []string{"true"}},
					{Operator: "NumericLessThan", Key: "s3:max-keys", Written: "s3:max-keys", Values: []string{"10.5"}},
				},
			},
			{Index: 1, Deny: true, NotActions: []string{"iam:*", "sts:*"}, NotResources: []string{"*"}, NotPrincipal: &Principals{Everyone: true, AWS: []string{}}},
			{Index: 2, Actions: []string{}, Resources: []string{}, Principals: &Principals{Everyone: true}},
		},
	}
	forms := map[string]string{
		"as it is":            everything,
		"URL-encoded":         url.PathEscape(everything),
		"URL-encoded fully":   strings.ReplaceAll(url.QueryEscape(everything), "+", "%20"),
		"a JSON string":       strconv.Quote(everything),
		"a byte order mark":   "\ufeff" + everything,
		"space around it":     "\n " + everything + "\r\n",
		"encoded with a mark": url.PathEscape("\ufeff" + everything),
	}
	for name, data := range forms {
		t.Run(name, func(t *testing.T) {
			got, err := Parse([]byte(data))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestParseOddities(t *testing.T) {
	one := func(inside string) string {
		return `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Resource":"*",` + inside + `}}`
	}
	for _, c := range []struct {
		name, data string
		problems   []string
		check      func(*Document) bool
	}{
		{"a single statement", one(`"Action":"*"`), nil, func(d *Document) bool { return len(d.Statements) == 1 }},
		{"no version", `{"Statement":[]}`, nil, func(d *Document) bool { return d.Version == "2008-10-17" }},
		{"a version that is none", `{"Version":"2024-01-01","Statement":[]}`, []string{"a Version that the language does not have at byte 1"}, nil},
		{"elements in another case", `{"version":"2012-10-17","statement":{"effect":"Deny","ACTION":"*","resource":"*"}}`, []string{
			"Version in another case at byte 1", "Statement in another case at byte 24", "Effect in another case at byte 37", "Action in another case at byte 53", "Resource in another case at byte 66",
		}, func(d *Document) bool { return d.Statements[0].Deny && d.Statements[0].Actions[0] == "*" }},
		{"unknown elements", one(`"Action":"*","` + canary + `":{"a":[1,null,{"b":"` + canary + `"}]}`), []string{"an element that is not known at byte 82"}, nil},
		{"an element twice", one(`"Action":"a:b","Action":"c:d"`), []string{"Action a second time, of which the last holds at byte 84"}, func(d *Document) bool { return cmp.Equal(d.Statements[0].Actions, []string{"c:d"}) }},
		{"an operator twice", one(`"Action":"*","Condition":{"Bool":{"a":"true"},"bool":{"b":"true"}}`), []string{"a condition operator a second time, of which the last holds at byte 115"}, func(d *Document) bool {
			return len(d.Statements[0].Conditions) == 1 && d.Statements[0].Conditions[0].Key == "b"
		}},
		{"a key twice in two cases", one(`"Action":"*","Condition":{"Bool":{"A":"true","a":"false"}}`), []string{"a condition key a second time, of which the last holds at byte 114"}, func(d *Document) bool {
			return len(d.Statements[0].Conditions) == 1 && d.Statements[0].Conditions[0].Values[0] == "false"
		}},
		{"an operator that is none", one(`"Action":"*","Condition":{"StringEqual":{"a":"b"}}`), []string{"a condition operator that is not known at byte 95"}, func(d *Document) bool { return d.Statements[0].Conditions[0].Operator == "StringEqual" }},
		{"qualifiers in another case", one(`"Action":"*","Condition":{"forallvalues:stringlikeifexists":{"a":"b"}}`), nil, func(d *Document) bool {
			return cmp.Equal(d.Statements[0].Conditions[0], Condition{Operator: "StringLike", Qualifier: "ForAllValues", IfExists: true, Key: "a", Written: "a", Values: []string{"b"}}) &&
				d.Statements[0].Conditions[0].Test() == "ForAllValues:StringLikeIfExists"
		}},
		{"a principal without a type", one(`"Action":"*","Principal":"111122223333"`), []string{"a Principal without its type at byte 94"}, func(d *Document) bool { return d.Statements[0].Principals.AWS[0] == "111122223333" }},
		{"encoded twice", url.PathEscape(url.PathEscape(`{"Statement":[]}`)), []string{"URL-encoded twice"}, nil},
		{"escapes", one(`"Action":"*","Sid":"\u00e9\n"`), nil, func(d *Document) bool { return d.Statements[0].Sid == "é\n" }},
		{"everyone among others", one(`"Action":"*","Principal":{"AWS":["*","111122223333"]}`), nil, func(d *Document) bool {
			return d.Statements[0].Principals.Everyone && len(d.Statements[0].Principals.AWS) == 1
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			d, err := Parse([]byte(c.data))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.problems, d.Problems); diff != "" {
				t.Error(diff)
			}
			if strings.Contains(strings.Join(d.Problems, " "), canary) {
				t.Error("a problem quotes the document")
			}
			if c.check != nil && !c.check(d) {
				t.Errorf("got %+v", d.Statements)
			}
		})
	}
}

func TestParseErrors(t *testing.T) {
	for _, c := range []struct{ name, data, want string }{
		{"nothing", " ", "empty at byte 0"},
		{"not JSON", canary, "an object is wanted at byte 0"},
		{"YAML", "Version: " + canary, "an object is wanted at byte 0"},
		{"a list", `[]`, "an object is wanted at byte 0"},
		{"cut off", `{"Version":"2012-10-17","Statement":[{"Effect":"Allow"`, "a comma or an end is wanted at byte 54"},
		{"a string cut off", `{"Version":"` + canary, "a string without an end at byte 27"},
		{"more behind it", `{"Statement":[]} ` + canary, "more after the end of the document at byte 17"},
		{"a zero byte behind it", "{\"Statement\":[]}\x00", "more after the end of the document at byte 16"},
		{"no statement", `{"Version":"2012-10-17"}`, "no Statement before the end at byte 24"},
		{"an effect that is none", `{"Statement":{"Effect":"allow","Action":"*"}}`, "a statement whose Effect is neither Allow nor Deny at byte 23"},
		{"no effect", `{"Statement":{"Action":"*"}}`, "a statement whose Effect is neither Allow nor Deny at byte 13"},
		{"no action", `{"Statement":{"Effect":"Allow"}}`, "a statement without Action at byte 13"},
		{"both actions", `{"Statement":{"Effect":"Allow","Action":"*","NotAction":"*"}}`, "a statement with both Action and NotAction at byte 13"},
		{"a number for an action", `{"Statement":{"Effect":"Allow","Action":7}}`, "a string is wanted at byte 40"},
		{"an object for a value", `{"Statement":{"Effect":"Allow","Action":"*","Condition":{"Bool":{"a":{}}}}}`, "a single value is wanted at byte 69"},
		{"null", `{"Statement":{"Effect":"Allow","Action":"*","Condition":{"Bool":{"a":null}}}}`, "null where a value is wanted at byte 69"},
		{"a comment", `{"Statement":[] /* ` + canary + ` */}`, "a comma or an end is wanted at byte 16"},
		{"a trailing comma", `{"Statement":[],}`, "a string is wanted at byte 16"},
		{"a bad escape", `{"Version":"\x","Statement":[]}`, "an escape that JSON does not have at byte 11"},
		{"a line break in a string", "{\"Version\":\"\n\"}", "a control character in a string at byte 12"},
		{"encoded three times", url.PathEscape(url.PathEscape(url.PathEscape("{}"))), "an object is wanted at byte 0"},
		{"broken encoding", "%7B%zz" + canary, "broken URL encoding at byte 0"},
		{"a depth bomb", strings.Repeat(`{"a":`, 1<<20), "nested too deeply at byte 160"},
		{"a bomb of lists", `{"a":` + strings.Repeat(`[`, 1<<20), "nested too deeply at byte 36"},
		{"a long word", `{"a":` + strings.Repeat("1", 100) + `}`, "not JSON at byte 5"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := Parse([]byte(c.data))
			if _, ok := errors.AsType[*ParseError](err); !ok {
				t.Fatalf("error %v", err)
			}
			if err.Error() != c.want {
				t.Errorf("got %q, want %q", err, c.want)
			}
		})
	}
}

func TestParseLong(t *testing.T) {
	long := func(n int) []byte {
		return []byte(`{"Version":"2012-10-17","Statement":[` + strings.Repeat(`{"Effect":"Allow","Action":["s3:GetObject","s3:PutObject"],"Resource":"arn:aws:s3:::robots/*"},`, n) + `{"Effect":"Deny","Action":"*","Resource":"*"}]}`)
	}
	data := long(67_000)
	if len(data) < 6<<20 {
		t.Fatalf("only %d bytes", len(data))
	}
	d, err := Parse(data)
	if err != nil || len(d.Statements) != 67_001 {
		t.Fatalf("%v", err)
	}
	if _, err := Parse(make([]byte, MaxDocument+1)); err == nil {
		t.Error("more than the limit was read")
	}
	many := []byte(`{"Statement":[],` + strings.Repeat(`"x":1,`, 1000) + `"y":1}`)
	if d, err := Parse(many); err != nil || len(d.Problems) != maxProblems+1 || d.Problems[maxProblems] != "and 981 more" {
		t.Errorf("%v %v", err, d)
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"iam:PassRole","Resource":"*","Condition":{"StringEquals":{"iam:PassedToService":"lambda.amazonaws.com"}}}]}`))
	f.Add([]byte(`%7B%22Statement%22%3A%5B%5D%7D`))
	f.Add([]byte(`"{\"Statement\":{\"Effect\":\"Deny\",\"NotAction\":\"*\",\"NotPrincipal\":{\"AWS\":[\"*\"]},\"Resource\":\"arn:aws:s3:::${aws:username, 'x'}/${*}\"}}"`))
	f.Add([]byte("\ufeff{\"statement\":[{\"effect\":\"Allow\",\"Action\":\"*\",\"Sid\":1e5}]}"))
	f.Fuzz(func(t *testing.T, data []byte) {
		d, err := Parse(data)
		p := parser{doc: &Document{}}
		inner, unwrapped := p.unwrap(data)
		if err != nil {
			var where *ParseError
			if !errors.As(err, &where) || where.Offset < 0 || where.Offset > max(len(data), len(inner)) {
				t.Fatalf("error %v", err)
			}
			return
		}
		if unwrapped != nil || !json.Valid(inner) {
			t.Fatal("what is not JSON was read")
		}
		q := &Request{Principal: &Principal{Kind: User, ARN: "arn:aws:iam::111122223333:user/x", Account: "111122223333"}, Action: NewAction("s3:GetObject"), Resource: Matching("arn:aws:s3:::b/*")}
		c := Compile("fuzz", d)
		got := Decide(q, &Layers{Identity: []*Policy{c}, Resource: c, Boundary: c, SCPs: []Level{{Policies: []*Policy{c}}}})
		if got.Some < got.Allowed {
			t.Fatalf("%v of all and %v of some", got.Allowed, got.Some)
		}
	})
}

// TestAccountOf reads the account of names of all forms.
func TestAccountOf(t *testing.T) {
	for name, want := range map[string]string{
		"":             "",
		"111122223333": "111122223333",
		"11112222333":  "",
		"arn:aws:sqs:eu-west-1:111122223333:jobs":            "111122223333",
		"arn:aws:ssm:eu-west-1:111122223333:parameter/a:b:c": "111122223333",
		"arn:aws:s3:::northwind/*":                           "",
		"arn:aws:iam::*:role/deploy":                         "",
		"arn:aws:sqs:eu-west-1:111122223333":                 "",
		"*":                                                  "",
	} {
		if got := AccountOf(name); got != want {
			t.Errorf("the account of %q is %q, want %q", name, got, want)
		}
	}
	if n := testing.AllocsPerRun(10, func() { AccountOf("arn:aws:sqs:eu-west-1:111122223333:jobs") }); n != 0 {
		t.Errorf("it takes memory %v times", n)
	}
}
