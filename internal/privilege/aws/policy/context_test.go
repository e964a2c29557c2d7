package policy

import "testing"

// TestKeys: what the kind of the principal tells of the keys of a request ("AWS
// global condition context keys", "Principal key values"). "-" is absent, "?" not
// known.
func TestKeys(t *testing.T) {
	const (
		absentKey  = "-"
		unknownKey = "?"
	)
	in := func(p *Principal) *Principal {
		p.OrgID, p.OrgPaths = "o-robots", []string{"o-robots/r-1/ou-1/"}
		return p
	}
	alone := user()
	alone.OrgKnown = true
	kinds := []*Principal{
		in(user()), role(), nameless(),
		{Kind: Root, ARN: rootARN, Account: home},
		{Kind: FederatedUser, ARN: userARN, Account: home, Session: "bob"},
		{Kind: Service, ARN: "lambda.amazonaws.com"},
		{Kind: WebIdentity, ARN: "arn:aws:iam::" + home + ":oidc-provider/gitlab.com"},
		{Kind: Anonymous},
		alone,
		{Kind: Role, ARN: roleARN},
	}
	for key, want := range map[string][]string{
		"aws:username":              {"alice", "-", "-", "-", "-", "-", "-", "-", "alice", "-"},
		"aws:userid":                {"AIDAALICE", "AROACI:build", "AROACI:*", home, "?", "?", "?", "anonymous", "AIDAALICE", "?"},
		"aws:principaltype":         {"User", "AssumedRole", "AssumedRole", "Account", "FederatedUser", "?", "?", "Anonymous", "User", "AssumedRole"},
		"aws:principalarn":          {userARN, roleARN, roleARN, rootARN, "?", "-", "-", "-", userARN, roleARN},
		"aws:principalaccount":      {home, home, home, home, home, "-", "-", "-", home, "?"},
		"aws:principalorgid":        {"o-robots", "?", "?", "?", "?", "-", "-", "-", "-", "?"},
		"aws:principalorgpaths":     {"o-robots/r-1/ou-1/", "?", "?", "?", "?", "-", "-", "-", "-", "?"},
		"aws:principalisawsservice": {"false", "false", "false", "false", "false", "true", "false", "false", "false", "false"},
		"aws:principalservicename":  {"-", "-", "-", "-", "-", "lambda.amazonaws.com", "-", "-", "-", "-"},
		"aws:federatedprovider":     {"?", "?", "?", "?", "?", "?", "arn:aws:iam::" + home + ":oidc-provider/gitlab.com", "?", "?", "?"},
		"aws:principaltag/team":     {"?", "?", "?", "?", "?", "?", "?", "?", "?", "?"},
		"aws:sourceip":              {"?", "?", "?", "?", "?", "?", "?", "?", "?", "?"},
		"aws:resourceaccount":       {other, other, other, other, other, other, other, other, other, other},
	} {
		t.Run(key, func(t *testing.T) {
			for i, p := range kinds {
				q := &Request{Principal: p, Resource: One("arn:aws:sqs:eu-west-1:" + other + ":parts")}
				v := q.lookup(key)
				got := v.one
				if len(v.many) == 1 {
					got = v.many[0]
				}
				switch w := want[i]; {
				case w == absentKey && v.state != absent, w == unknownKey && v.state != unknown:
					t.Errorf("kind %d: got %+v, want %s", p.Kind, v, w)
				case w != absentKey && w != unknownKey && (v.state != known || got != newGlob(w) || len(v.many) > 1):
					t.Errorf("kind %d: got %+v, want %s", p.Kind, v, w)
				}
			}
		})
	}
}

func TestTags(t *testing.T) {
	p := user()
	p.Tags = map[string]string{"Team": "arms", "cost": "1", "Cost": "2", "odd\x01": "a\x01b"}
	for key, want := range map[string]value{
		"aws:principaltag/team":    text("arms"),
		"aws:principaltag/none":    {state: absent},
		"aws:principaltag/cost":    {}, // two in two cases
		"aws:principaltag/odd\x01": {state: known, one: glob{text: "a\x03b"}},
	} {
		if got := p.value(key); got.state != want.state || got.one != want.one {
			t.Errorf("%q: got %+v, want %+v", key, got, want)
		}
	}
}

func TestContext(t *testing.T) {
	direct := Direct()
	more := direct.Clone().Set("aws:SourceIp", "203.0.113.9").Absent("AWS:SecureTransport")
	var none *Context
	if len(none.Clone().keys) != 0 {
		t.Error("a copy of nothing holds something")
	}
	ask := func(c *Context, key string) value { return (&Request{Context: c}).lookup(key) }
	for key, want := range map[string]value{
		"aws:securetransport": text("true"), "aws:viaawsservice": text("false"), "aws:calledvia": {state: absent}, "aws:sourceip": {},
		"aws:username": {}, "aws:resourceaccount": {},
	} {
		if got := ask(direct, key); got.state != want.state || got.one != want.one {
			t.Errorf("%s: %+v", key, got)
		}
	}
	if got := ask(more, "aws:sourceip"); got.one != text("203.0.113.9").one {
		t.Errorf("what was added is %+v", got)
	}
	if got := ask(more, "aws:securetransport"); got.state != absent {
		t.Errorf("what was taken away is %+v", got)
	}
}

func TestLayerNames(t *testing.T) {
	seen := map[string]bool{}
	for l := NoLayer; l <= RCPLayer; l++ {
		if s := l.String(); s == "" || seen[s] {
			t.Errorf("layer %d is %q", l, s)
		}
		seen[l.String()] = true
	}
}
