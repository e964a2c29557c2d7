package policy

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/muster-nhi/muster/internal/inventory"
)

const (
	home  = "111122223333"
	other = "444455556666"
)

func document(t testing.TB, statements ...string) *Document {
	t.Helper()
	return mustParse(t, `{"Version":"2012-10-17","Statement":[`+strings.Join(statements, ",")+`]}`)
}

// Short forms of statements. what is an action; of resource policies who is a
// principal under AWS.
func allow(what string) string { return `{"Effect":"Allow","Action":"` + what + `","Resource":"*"}` }
func deny(what string) string  { return `{"Effect":"Deny","Action":"` + what + `","Resource":"*"}` }
func to(who, what string) string {
	return `{"Effect":"Allow","Principal":{"AWS":"` + who + `"},"Action":"` + what + `","Resource":"*"}`
}

func against(who, what string) string {
	return `{"Effect":"Deny","Principal":{"AWS":"` + who + `"},"Action":"` + what + `","Resource":"*"}`
}

// A scene is a question with all layers, each a list of statements.
type scene struct {
	name                        string
	by                          *Principal
	action, resource, account   string
	identity, boundary, session []string
	scps, rcps                  [][]string
	on                          []string // the resource's policy
	unreadable                  Layer
	unknownSCP                  bool
	context                     *Context
	want                        inventory.Tri
	lacks                       Layer
	unknown                     []string
}

func (s *scene) layers(t testing.TB) *Layers {
	t.Helper()
	l := &Layers{}
	policy := func(name string, statements []string, layer Layer) *Policy {
		if s.unreadable == layer {
			return Compile(name, nil)
		}
		if statements == nil {
			return nil
		}
		return Compile(name, document(t, statements...))
	}
	if p := policy("identity", s.identity, IdentityLayer); p != nil {
		l.Identity = []*Policy{p}
	}
	if p := policy("session", s.session, SessionLayer); p != nil {
		l.Session = []*Policy{p}
	}
	l.Boundary = policy("boundary", s.boundary, BoundaryLayer)
	l.Resource = policy("resource", s.on, ResourceLayer)
	for i, level := range s.scps {
		l.SCPs = append(l.SCPs, Level{Name: fmt.Sprint("level ", i), Policies: []*Policy{policy("scp", level, SCPLayer)}})
	}
	if s.unknownSCP {
		l.SCPs = append(l.SCPs, Level{Name: "the account", Unknown: true})
	}
	for i, level := range s.rcps {
		l.RCPs = append(l.RCPs, Level{Name: fmt.Sprint("level ", i), Policies: []*Policy{policy("rcp", level, RCPLayer)}})
	}
	return l
}

func user() *Principal {
	return &Principal{Kind: User, ARN: "arn:aws:iam::" + home + ":user/alice", Account: home, ID: "AIDAALICE"}
}

func role() *Principal {
	return &Principal{Kind: Role, ARN: "arn:aws:iam::" + home + ":role/ci", Account: home, ID: "AROACI", Session: "build"}
}

func nameless() *Principal {
	p := role()
	p.Session = ""
	return p
}

func linked() *Principal {
	p := role()
	p.ServiceLinked = true
	return p
}

const (
	userARN    = "arn:aws:iam::" + home + ":user/alice"
	roleARN    = "arn:aws:iam::" + home + ":role/ci"
	sessionARN = "arn:aws:sts::" + home + ":assumed-role/ci/build"
	rootARN    = "arn:aws:iam::" + home + ":root"
	get        = "s3:GetObject"
	object     = "arn:aws:s3:::parts/arm"
	keyARN     = "arn:aws:kms:eu-west-1:" + home + ":key/1"
	target     = "arn:aws:iam::" + home + ":role/deploy"
)

// TestEvaluation holds the decision to the published logic: "How AWS enforcement
// code logic evaluates requests", "Policy evaluation for requests within a single
// account", "Cross-account policy evaluation logic".
func TestEvaluation(t *testing.T) {
	every := []string{allow("*")}
	nothing := []string{}
	full := [][]string{{allow("*")}, {allow("*")}}
	federated := &Principal{Kind: FederatedUser, ARN: userARN, Account: home, Session: "bob"}
	federatedARN := "arn:aws:sts::" + home + ":federated-user/bob"
	lambda := &Principal{Kind: Service, ARN: "lambda.amazonaws.com"}
	github := &Principal{Kind: WebIdentity, ARN: "arn:aws:iam::" + home + ":oidc-provider/token.actions.githubusercontent.com"}
	trust := func(who, action string) string {
		return `{"Effect":"Allow","Principal":` + who + `,"Action":"` + action + `"}`
	}
	when := func(statement, condition string) string {
		return strings.TrimSuffix(statement, "}") + `,"Condition":` + condition + `}`
	}
	ip := `{"IpAddress":{"aws:SourceIp":"203.0.113.0/24"}}`
	for _, c := range []scene{
		// One account: the flow chart from top to bottom.
		{name: "implicit deny", by: user(), want: no, lacks: IdentityLayer},
		{name: "identity policy", by: user(), identity: every, want: yes},
		{name: "another action", by: user(), identity: []string{allow("s3:PutObject")}, want: no, lacks: IdentityLayer},
		{name: "action in another case", by: user(), identity: []string{allow("S3:getobject")}, want: yes},
		{name: "wildcard in the service", by: user(), identity: []string{allow("s*:Get?bject")}, want: yes},
		{name: "explicit deny in the same policy", by: user(), identity: []string{allow("*"), deny("s3:Get*")}, want: no},
		{name: "explicit deny in the boundary", by: user(), identity: every, boundary: []string{allow("*"), deny(get)}, want: no},
		{name: "explicit deny in a session policy", by: role(), identity: every, session: []string{allow("*"), deny(get)}, want: no},
		{name: "explicit deny in an SCP", by: user(), identity: every, scps: [][]string{{allow("*")}, {allow("*"), deny(get)}}, want: no},
		{name: "explicit deny in an RCP", by: user(), identity: every, rcps: [][]string{{to("*", "*")}, {against("*", "s3:*")}}, want: no},
		{name: "explicit deny in the resource policy", by: user(), identity: every, on: []string{against(userARN, get)}, want: no},
		{name: "explicit deny for the account", by: user(), identity: every, on: []string{against(rootARN, get)}, want: no},
		{name: "explicit deny for another", by: user(), identity: every, on: []string{against("arn:aws:iam::"+home+":user/bob", get)}, want: yes},
		{name: "SCPs allow at each level", by: user(), identity: every, scps: full, want: yes},
		{name: "SCP of one level lacks it", by: user(), identity: every, scps: [][]string{{allow("*")}, {allow("ec2:*")}, {allow("*")}}, want: no, lacks: SCPLayer},
		{name: "SCP lacks what the resource policy gives", by: user(), scps: [][]string{{allow("ec2:*")}}, on: []string{to(userARN, get)}, want: no, lacks: SCPLayer},
		{name: "SCP does not hold a service-linked role", by: linked(), identity: every, scps: [][]string{{deny("*")}}, rcps: [][]string{{against("*", "*")}}, want: yes},
		{name: "RCP that allows nothing more", by: user(), identity: every, rcps: [][]string{nothing}, want: yes},
		{name: "RCP does not hold the retiring of grants", by: user(), action: "kms:RetireGrant", resource: keyARN, identity: every, on: []string{to(home, "*")}, rcps: [][]string{{against("*", "*")}}, want: yes},
		{name: "RCP and other actions on keys", by: user(), action: "kms:Decrypt", resource: keyARN, identity: every, on: []string{to(home, "*")}, rcps: [][]string{{against("*", "*")}}, want: no},
		{name: "RCP is not for every service", by: user(), action: "iam:GetUser", resource: userARN, identity: every, rcps: [][]string{{against("*", "*")}}, want: yes},
		{name: "boundary and identity policy", by: user(), identity: every, boundary: []string{allow("s3:*")}, want: yes},
		{name: "boundary lacks it", by: user(), identity: every, boundary: []string{allow("ec2:*")}, want: no, lacks: BoundaryLayer},
		{name: "boundary gives nothing", by: user(), boundary: every, want: no, lacks: IdentityLayer},
		{name: "boundary that allows all", by: user(), identity: every, boundary: every, want: yes},
		{name: "session policy and identity policy", by: role(), identity: every, session: []string{allow("s3:*")}, want: yes},
		{name: "session policy lacks it", by: role(), identity: every, session: []string{allow("ec2:*")}, want: no, lacks: SessionLayer},
		{name: "session policy gives nothing", by: role(), identity: nothing, session: every, want: no, lacks: IdentityLayer},
		{name: "boundary, SCP and session all allow", by: role(), identity: every, boundary: []string{allow("s3:*")}, session: []string{allow(get)}, scps: full, want: yes},
		{name: "boundary of two policies' worth", by: user(), identity: []string{allow("s3:Get*")}, boundary: []string{allow("s3:*Object")}, want: yes},
		{name: "root user", by: &Principal{Kind: Root, ARN: rootARN, Account: home}, want: yes},
		{name: "root user under an SCP", by: &Principal{Kind: Root, ARN: rootARN, Account: home}, scps: [][]string{{deny("*")}}, want: no},

		// One account: resource policies and implicit denies elsewhere.
		{name: "resource policy names the user", by: user(), on: []string{to(userARN, get)}, want: yes},
		{name: "resource policy names the user, the boundary lacks it", by: user(), boundary: []string{allow("ec2:*")}, on: []string{to(userARN, get)}, want: yes},
		{name: "resource policy names the role", by: role(), on: []string{to(roleARN, get)}, want: yes},
		{name: "resource policy names the role, the boundary lacks it", by: role(), boundary: []string{allow("ec2:*")}, on: []string{to(roleARN, get)}, want: no, lacks: BoundaryLayer},
		{name: "resource policy names the role, the session policy lacks it", by: role(), session: []string{allow("ec2:*")}, on: []string{to(roleARN, get)}, want: no, lacks: SessionLayer},
		{name: "resource policy names the session", by: role(), boundary: []string{allow("ec2:*")}, session: []string{allow("ec2:*")}, on: []string{to(sessionARN, get)}, want: yes},
		{name: "resource policy names another session", by: role(), on: []string{to("arn:aws:sts::"+home+":assumed-role/ci/test", get)}, want: no, lacks: IdentityLayer},
		{name: "resource policy names a session, and which one this is nobody knows", by: nameless(), on: []string{to(sessionARN, get)}, want: maybe, unknown: []string{"the name of the session"}},
		{name: "resource policy names the user of a federated user", by: federated, session: []string{allow("ec2:*")}, on: []string{to(userARN, get)}, want: no, lacks: SessionLayer},
		{name: "resource policy names the federated user", by: federated, session: []string{allow("ec2:*")}, on: []string{to(federatedARN, get)}, want: yes},
		{name: "resource policy names everyone", by: role(), boundary: []string{allow("ec2:*")}, on: []string{to("*", get)}, want: yes},
		{name: "resource policy names the account", by: user(), on: []string{to(rootARN, get)}, want: no, lacks: IdentityLayer},
		{name: "resource policy names the account, the identity policy allows", by: user(), identity: every, on: []string{to(home, get)}, want: yes},
		{name: "resource policy names an id", by: user(), on: []string{to("AIDAALICE", get)}, want: yes},
		{name: "resource policy names one that is gone", by: user(), on: []string{to("AIDAGONE", get)}, want: no, lacks: IdentityLayer},
		{name: "across accounts: by a canonical user id", by: user(), account: other, identity: every, on: []string{`{"Effect":"Allow","Principal":{"CanonicalUser":"79a5"},"Action":"*","Resource":"*"}`}, want: maybe, unknown: []string{"whose canonical user id it is"}},
		{name: "by a canonical user id, where the identity policy decides", by: user(), on: []string{`{"Effect":"Allow","Principal":{"CanonicalUser":"79a5"},"Action":"*","Resource":"*"}`}, want: no, lacks: IdentityLayer},
		{name: "a pattern names nobody", by: user(), on: []string{to("arn:aws:iam::"+home+":user/*", get)}, want: no, lacks: IdentityLayer},
		{name: "an identity policy's statement in a resource policy", by: user(), on: every, want: no, lacks: IdentityLayer},

		// NotPrincipal.
		{name: "deny all but the user, named in full", by: user(), identity: every, on: []string{`{"Effect":"Deny","NotPrincipal":{"AWS":["` + userARN + `","` + rootARN + `"]},"Action":"*","Resource":"*"}`}, want: yes},
		{name: "deny all but the user, without the account", by: user(), identity: every, on: []string{`{"Effect":"Deny","NotPrincipal":{"AWS":"` + userARN + `"},"Action":"*","Resource":"*"}`}, want: maybe},
		{name: "deny all but the account", by: user(), identity: every, on: []string{`{"Effect":"Deny","NotPrincipal":{"AWS":"` + rootARN + `"},"Action":"*","Resource":"*"}`}, want: no},
		{name: "deny all but another", by: user(), identity: every, on: []string{`{"Effect":"Deny","NotPrincipal":{"AWS":"` + roleARN + `"},"Action":"*","Resource":"*"}`}, want: no},
		{name: "deny all but the user, who has a boundary", by: user(), identity: every, boundary: every, on: []string{`{"Effect":"Deny","NotPrincipal":{"AWS":["` + userARN + `","` + rootARN + `"]},"Action":"*","Resource":"*"}`}, want: no},
		{name: "deny all but the session, named in full", by: role(), identity: every, on: []string{`{"Effect":"Deny","NotPrincipal":{"AWS":["` + roleARN + `","` + sessionARN + `","` + home + `"]},"Action":"*","Resource":"*"}`}, want: yes},
		{name: "deny all but the session, without its role", by: role(), identity: every, on: []string{`{"Effect":"Deny","NotPrincipal":{"AWS":["` + sessionARN + `","` + home + `"]},"Action":"*","Resource":"*"}`}, want: maybe},
		{name: "deny all but the role", by: role(), identity: every, on: []string{`{"Effect":"Deny","NotPrincipal":{"AWS":["` + roleARN + `","` + home + `"]},"Action":"*","Resource":"*"}`}, want: maybe},
		{name: "allow all but another", by: user(), on: []string{`{"Effect":"Allow","NotPrincipal":{"AWS":"` + roleARN + `"},"Action":"*","Resource":"*"}`}, want: yes},
		{name: "allow all but the account", by: user(), on: []string{`{"Effect":"Allow","NotPrincipal":{"AWS":"` + home + `"},"Action":"*","Resource":"*"}`}, want: no, lacks: IdentityLayer},
		{name: "allow all but a session, which one this is nobody knows", by: nameless(), on: []string{`{"Effect":"Allow","NotPrincipal":{"AWS":"` + sessionARN + `"},"Action":"*","Resource":"*"}`}, want: maybe, unknown: []string{"the name of the session"}},
		{name: "deny all but everyone", by: user(), identity: every, on: []string{`{"Effect":"Deny","NotPrincipal":"*","Action":"*","Resource":"*"}`}, want: yes},
		{name: "allow all but the user", by: user(), on: []string{`{"Effect":"Allow","NotPrincipal":{"AWS":"` + userARN + `"},"Action":"*","Resource":"*"}`}, want: no, lacks: IdentityLayer},

		// Two accounts.
		{name: "across accounts: both", by: role(), account: other, identity: every, on: []string{to(home, get)}, want: yes},
		{name: "across accounts: identity only", by: role(), account: other, identity: every, want: no, lacks: ResourceLayer},
		{name: "across accounts: resource only", by: role(), account: other, on: []string{to(roleARN, get)}, want: no, lacks: IdentityLayer},
		{name: "across accounts: the session by name is not enough", by: role(), account: other, on: []string{to(sessionARN, get)}, want: no, lacks: IdentityLayer},
		{name: "across accounts: everyone is not enough", by: user(), account: other, on: []string{to("*", get)}, want: no, lacks: IdentityLayer},
		{name: "across accounts: everyone and identity", by: user(), account: other, identity: every, on: []string{to("*", get)}, want: yes},
		{name: "across accounts: the boundary lacks it", by: user(), account: other, identity: every, boundary: []string{allow("ec2:*")}, on: []string{to(userARN, get)}, want: no, lacks: BoundaryLayer},
		{name: "across accounts: the SCP lacks it", by: user(), account: other, identity: every, scps: [][]string{{allow("ec2:*")}}, on: []string{to(userARN, get)}, want: no, lacks: SCPLayer},
		{name: "across accounts: the RCP denies it", by: user(), account: other, identity: every, rcps: [][]string{{when(against("*", "*"), `{"StringNotEqualsIfExists":{"aws:PrincipalAccount":"`+other+`"}}`)}}, on: []string{to(userARN, get)}, want: no},
		{name: "across accounts: by the account of the ARN", by: user(), action: "sqs:SendMessage", resource: "arn:aws:sqs:eu-west-1:" + other + ":parts", identity: every, want: no, lacks: ResourceLayer},

		// Keys and roles: their own policy has to allow.
		{name: "key: the account decides", by: user(), action: "kms:Decrypt", resource: keyARN, identity: every, on: []string{to(rootARN, "kms:*")}, want: yes},
		{name: "key: its policy does not let the account decide", by: user(), action: "kms:Decrypt", resource: keyARN, identity: every, on: []string{to(roleARN, "kms:*")}, want: no, lacks: ResourceLayer},
		{name: "key: its policy names the user", by: user(), action: "kms:Decrypt", resource: keyARN, on: []string{to(userARN, "kms:*")}, want: yes},
		{name: "key: its policy is not known", by: user(), action: "kms:Decrypt", resource: keyARN, identity: every, want: maybe, unknown: []string{"the policy of the resource"}},
		{name: "key: what is about no key", by: user(), action: "kms:CreateKey", resource: "*", identity: every, want: yes},
		{name: "role: trusts the account", by: user(), action: "sts:AssumeRole", resource: target, identity: every, on: []string{trust(`{"AWS":"`+rootARN+`"}`, "sts:AssumeRole")}, want: yes},
		{name: "role: trusts the account, no identity policy", by: user(), action: "sts:AssumeRole", resource: target, on: []string{trust(`{"AWS":"`+rootARN+`"}`, "sts:AssumeRole")}, want: no, lacks: IdentityLayer},
		{name: "role: trusts the user by name", by: user(), action: "sts:AssumeRole", resource: target, on: []string{trust(`{"AWS":"`+userARN+`"}`, "sts:AssumeRole")}, want: yes},
		{name: "role: trusts nobody here", by: user(), action: "sts:AssumeRole", resource: target, identity: every, on: []string{trust(`{"AWS":"`+other+`"}`, "sts:AssumeRole")}, want: no, lacks: ResourceLayer},
		{name: "role: itself by ARN", by: role(), action: "sts:AssumeRole", resource: roleARN, on: []string{trust(`{"AWS":"`+roleARN+`"}`, "sts:AssumeRole")}, want: yes},
		{name: "role: of another account", by: user(), action: "sts:AssumeRole", resource: "arn:aws:iam::" + other + ":role/x", identity: every, on: []string{trust(`{"AWS":"`+home+`"}`, "sts:AssumeRole")}, want: yes},
		{name: "role: a service", by: lambda, action: "sts:AssumeRole", resource: target, on: []string{trust(`{"Service":["ec2.amazonaws.com","lambda.amazonaws.com"]}`, "sts:AssumeRole")}, want: yes},
		{name: "role: another service", by: lambda, action: "sts:AssumeRole", resource: target, on: []string{trust(`{"Service":"ec2.amazonaws.com"}`, "sts:AssumeRole")}, want: no, lacks: ResourceLayer},
		{name: "role: a token with its subject", by: github, action: "sts:AssumeRoleWithWebIdentity", resource: target, on: []string{when(trust(`{"Federated":"`+github.ARN+`"}`, "sts:AssumeRoleWithWebIdentity"), `{"StringLike":{"token.actions.githubusercontent.com:sub":"repo:northwind/*"}}`)}, context: NewContext().Like("token.actions.githubusercontent.com:sub", "repo:northwind/arm:*"), want: yes},
		{name: "role: a token of somebody else", by: github, action: "sts:AssumeRoleWithWebIdentity", resource: target, on: []string{when(trust(`{"Federated":"`+github.ARN+`"}`, "sts:AssumeRoleWithWebIdentity"), `{"StringLike":{"token.actions.githubusercontent.com:sub":"repo:northwind/*"}}`)}, context: NewContext().Like("token.actions.githubusercontent.com:sub", "repo:mallory/*"), want: no, lacks: ResourceLayer},
		{name: "nobody, and the bucket is for everyone", by: &Principal{Kind: Anonymous}, account: home, on: []string{to("*", get)}, want: yes},
		{name: "role: a token of a provider by its address", by: github, action: "sts:AssumeRoleWithWebIdentity", resource: target, on: []string{trust(`{"Federated":"token.actions.githubusercontent.com"}`, "sts:*")}, want: yes},
		{name: "role: a token of another provider", by: github, action: "sts:AssumeRoleWithWebIdentity", resource: target, on: []string{trust(`{"Federated":"arn:aws:iam::`+home+`:oidc-provider/gitlab.com"}`, "sts:*")}, want: no, lacks: ResourceLayer},
		{name: "a principal that is not known", identity: every, on: []string{to(userARN, get)}, want: yes},
		{name: "a principal that is not known, and a deny that may name it", identity: every, on: []string{against(userARN, get)}, want: maybe, unknown: []string{"the principal"}},
		{name: "nobody", by: &Principal{Kind: Anonymous}, account: home, on: []string{to(home, get)}, want: no, lacks: ResourceLayer},

		// What is not known.
		{name: "a condition of an allow", by: user(), identity: []string{when(allow("*"), ip)}, want: maybe, unknown: []string{"aws:sourceip"}},
		{name: "a condition of an allow, and another without", by: user(), identity: []string{when(allow("*"), ip), allow(get)}, want: yes},
		{name: "a condition of a deny", by: user(), identity: []string{allow("*"), when(deny("*"), ip)}, want: maybe, unknown: []string{"aws:sourceip"}},
		{name: "a condition of a deny where nothing allows", by: user(), identity: []string{allow("ec2:*"), when(deny("*"), ip)}, want: no, lacks: IdentityLayer},
		{name: "a condition of a deny and a deny without", by: user(), identity: []string{allow("*"), when(deny("*"), ip), deny(get)}, want: no},
		{name: "a condition that holds", by: user(), identity: []string{when(allow("*"), ip)}, context: NewContext().Set("aws:SourceIp", "203.0.113.9"), want: yes},
		{name: "a condition that does not", by: user(), identity: []string{when(allow("*"), ip)}, context: NewContext().Absent("aws:SourceIp"), want: no, lacks: IdentityLayer},
		{name: "two conditions, of which one fails", by: user(), identity: []string{when(allow("*"), `{"IpAddress":{"aws:SourceIp":"203.0.113.0/24"},"StringEquals":{"aws:username":"bob"}}`)}, want: no, lacks: IdentityLayer},
		{name: "an identity policy that cannot be read", by: user(), unreadable: IdentityLayer, want: maybe, unknown: []string{"what identity says"}},
		{name: "a boundary that cannot be read", by: user(), identity: every, unreadable: BoundaryLayer, want: maybe, unknown: []string{"what boundary says"}},
		{name: "a boundary that cannot be read, where nothing allows", by: user(), unreadable: BoundaryLayer, want: no, lacks: IdentityLayer},
		{name: "a resource policy that cannot be read", by: user(), identity: every, unreadable: ResourceLayer, want: maybe, unknown: []string{"what resource says"}},
		{name: "SCPs that are not known", by: user(), identity: every, scps: full, unknownSCP: true, want: maybe, unknown: []string{"service control policy of the account"}},
		{name: "SCPs that are not known, and one that denies", by: user(), identity: every, scps: [][]string{{deny("*")}}, unknownSCP: true, want: no},
		{name: "a deny elsewhere outweighs what is not known", by: user(), identity: []string{allow("*"), deny(get)}, unreadable: BoundaryLayer, want: no},
	} {
		t.Run(c.name, func(t *testing.T) {
			q := &Request{Principal: c.by, Action: NewAction(or(c.action, get)), Resource: One(or(c.resource, object)), Account: c.account, Context: c.context}
			got := Decide(q, c.layers(t))
			if got.Allowed != c.want || got.Some != c.want {
				t.Errorf("allowed %v, some %v; want %v", got.Allowed, got.Some, c.want)
			}
			if got.Lacks != c.lacks {
				t.Errorf("lacks an allow in: %v, want %v", got.Lacks, c.lacks)
			}
			if c.unknown != nil || c.want != maybe {
				if diff := cmp.Diff(c.unknown, got.Unknown); diff != "" {
					t.Error(diff)
				}
			}
		})
	}
}

func or(s, fallback string) string {
	if s == "" {
		return fallback
	}
	return s
}

func TestBecause(t *testing.T) {
	l := &Layers{
		Identity: []*Policy{Compile("group", document(t,
			`{"Sid":"Read","Effect":"Allow","Action":["s3:Get*","s3:GetObject"],"Resource":"*"}`,
			`{"Effect":"Allow","Action":"ec2:*","Resource":"*"}`,
			`{"Sid":"Sealed","Effect":"Deny","Action":"s3:*","Resource":"arn:aws:s3:::parts/sealed/*"}`))},
		Boundary: Compile("boundary", document(t, allow("*"))),
		Resource: Compile("bucket", document(t, to(rootARN, get))),
	}
	describe := func(d Decision) (out []string) {
		for _, r := range d.Because {
			out = append(out, fmt.Sprintf("%v %s %d %s %v, partly %v", r.Layer, r.Policy.Name, r.Statement.Index, r.Statement.Sid, r.Holds, r.Partly))
		}
		return out
	}
	for _, c := range []struct {
		resource  Resource
		all, some inventory.Tri
		want      []string
	}{
		{One(object), yes, yes, []string{"identity policy group 0 Read true, partly false", "resource policy bucket 0  true, partly false"}},
		{One("arn:aws:s3:::parts/sealed/a"), no, no, []string{"identity policy group 0 Read true, partly false", "identity policy group 2 Sealed true, partly false", "resource policy bucket 0  true, partly false"}},
		{Matching("arn:aws:s3:::parts/*"), no, yes, []string{"identity policy group 0 Read true, partly false", "identity policy group 2 Sealed true, partly true", "resource policy bucket 0  true, partly false"}},
	} {
		t.Run(c.resource.String(), func(t *testing.T) {
			d := Decide(&Request{Principal: user(), Action: NewAction(get), Resource: c.resource}, l)
			if d.Allowed != c.all || d.Some != c.some {
				t.Errorf("all %v, some %v", d.Allowed, d.Some)
			}
			if diff := cmp.Diff(c.want, describe(d)); diff != "" {
				t.Error(diff)
			}
		})
	}
}
