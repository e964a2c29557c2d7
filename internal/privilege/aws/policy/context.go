package policy

import (
	"maps"
	"strings"
)

// A state says whether a key of the request is there.
type state uint8

const (
	unknown state = iota
	absent
	known
)

// A value is what a key of the request holds.
type value struct {
	state state
	one   glob   // a shape, if it is not plain text
	many  []glob // if the key has several values or none; one is not used then
}

func text(s string) value { return value{state: known, one: newLiteral(s)} }

// texts is a key with several values.
func texts(all []string) value {
	v := value{state: known, many: []glob{}}
	for _, s := range all {
		v.many = append(v.many, newLiteral(s))
	}
	return v
}

// A Context says what is known of the keys of a request beyond what the
// principal, the resource and the action tell. A key that it does not name is
// unknown. Once it was asked it must not be changed; it may be shared then. nil
// is an empty one.
type Context struct{ keys map[string]value }

// NewContext returns one in which everything is unknown.
func NewContext() *Context { return &Context{keys: map[string]value{}} }

// Direct returns what holds for a request that a program makes itself, through
// TLS, not by way of another service (IAM User Guide, "AWS global condition
// context keys"): aws:SecureTransport is true, aws:ViaAWSService is false, the
// keys of aws:CalledVia are absent.
func Direct() *Context {
	return NewContext().Set("aws:SecureTransport", "true").Set("aws:ViaAWSService", "false").
		Absent("aws:CalledVia", "aws:CalledViaFirst", "aws:CalledViaLast")
}

// Set says that a key has these values: several for a key that has several, none
// for one with an empty list. It returns c.
func (c *Context) Set(key string, values ...string) *Context {
	v := texts(values)
	if len(values) == 1 {
		v = text(values[0])
	}
	c.keys[strings.ToLower(key)] = v
	return c
}

// Like says that a key is there and has one value, of which only the shape is
// known: a pattern with "*" and "?". It returns c.
func (c *Context) Like(key, pattern string) *Context {
	c.keys[strings.ToLower(key)] = value{state: known, one: newGlob(pattern)}
	return c
}

// Absent says that the request does not have keys. It returns c.
func (c *Context) Absent(keys ...string) *Context {
	for _, k := range keys {
		c.keys[strings.ToLower(k)] = value{state: absent}
	}
	return c
}

// Clone returns a copy to which more can be added.
func (c *Context) Clone() *Context {
	out := NewContext()
	if c != nil {
		maps.Copy(out.keys, c.keys)
	}
	return out
}

// lookup returns the value of a key, in lower case: of the context first, then
// of what the principal and the resource are.
func (q *Request) lookup(key string) value {
	if q.Context != nil {
		if v, ok := q.Context.keys[key]; ok {
			return v
		}
	}
	if key == "aws:resourceaccount" {
		if a := q.account(); a != "" {
			return text(a)
		}
		return value{}
	}
	if q.Principal == nil {
		return value{}
	}
	return q.Principal.value(key)
}

// A Kind is what sort of principal asks.
type Kind uint8

// The kinds of principals.
const (
	User          Kind = iota // an IAM user with its own credentials
	Role                      // a session of a role
	Root                      // the root user of an account
	FederatedUser             // a session of GetFederationToken; ARN is that of the user
	WebIdentity               // who brings a token of an OIDC provider to AssumeRoleWithWebIdentity; ARN is the provider
	SAML                      // who brings an assertion to AssumeRoleWithSAML; ARN is the provider
	Service                   // a service of AWS; ARN is its name: lambda.amazonaws.com
	Anonymous                 // nobody
)

// A Principal is who asks. It is shared and must not be changed once it was
// asked about.
type Principal struct {
	Kind Kind
	// ARN of the user or the role, arn:aws:iam::111122223333:role/ci; see Kind for
	// others.
	ARN     string
	Account string // twelve digits; empty for those without
	ID      string // AIDA…, AROA…; empty is unknown
	Session string // name of the session of a role or federated user; empty is unknown
	// Tags of the user or the session, by key. nil is unknown. Of a role that may be
	// given session tags they are unknown: such a tag overrides the role's.
	Tags          map[string]string
	OrgID         string   // o-…; empty is unknown unless OrgKnown
	OrgPaths      []string // o-…/r-…/ou-…/; nil is unknown unless OrgKnown
	OrgKnown      bool     // the empty fields above mean that the account is in no organisation
	ServiceLinked bool     // a service-linked role, which SCPs and RCPs do not hold
}

// Name returns the friendly name: the last part of the path.
func (p *Principal) Name() string { return p.ARN[strings.LastIndexByte(p.ARN, '/')+1:] }

// value returns what a key tells of the principal (IAM User Guide, "AWS global
// condition context keys", properties of the principal).
func (p *Principal) value(key string) value {
	if tag, ok := strings.CutPrefix(key, "aws:principaltag/"); ok {
		return p.tag(tag)
	}
	none := value{state: absent}
	outside := p.Kind == Anonymous || p.Kind == Service || p.Kind == WebIdentity || p.Kind == SAML
	switch key {
	case "aws:principalisawsservice":
		if p.Kind == Service {
			return text("true")
		}
		return text("false")
	case "aws:principalservicename":
		if p.Kind == Service {
			return text(p.ARN)
		}
		return none
	case "aws:username":
		if p.Kind == User {
			return text(p.Name())
		}
		return none
	case "aws:principaltype":
		return p.typed()
	case "aws:userid":
		return p.userID()
	case "aws:principalarn", "aws:principalaccount", "aws:principalorgid", "aws:principalorgpaths":
		if outside {
			return none
		}
		return p.standing(key)
	case "aws:federatedprovider":
		if p.Kind == WebIdentity || p.Kind == SAML {
			return text(p.ARN)
		}
	}
	return value{}
}

// standing is where the principal belongs.
func (p *Principal) standing(key string) value {
	switch key {
	case "aws:principalarn":
		if p.Kind == FederatedUser {
			return value{}
		}
		return text(p.ARN)
	case "aws:principalaccount":
		if p.Account == "" {
			return value{}
		}
		return text(p.Account)
	case "aws:principalorgid":
		if p.OrgID != "" {
			return text(p.OrgID)
		}
	default:
		if p.OrgPaths != nil {
			return texts(p.OrgPaths)
		}
	}
	if p.OrgKnown {
		return value{state: absent}
	}
	return value{}
}

func (p *Principal) tag(key string) value {
	if p.Tags == nil {
		return value{}
	}
	keys := make([]string, 0, 1)
	for k := range p.Tags {
		if strings.EqualFold(k, key) {
			keys = append(keys, k)
		}
	}
	switch len(keys) {
	case 0:
		return value{state: absent}
	case 1:
		return text(p.Tags[keys[0]])
	default: // which one AWS takes is not published
		return value{}
	}
}

func (p *Principal) typed() value {
	switch p.Kind {
	case User:
		return text("User")
	case Role:
		return text("AssumedRole")
	case Root:
		return text("Account")
	case FederatedUser:
		return text("FederatedUser")
	case Anonymous:
		return text("Anonymous")
	case WebIdentity, SAML, Service:
	}
	return value{}
}

// userID is the unique id, with the name of the session behind that of a role.
func (p *Principal) userID() value {
	switch {
	case p.Kind == Anonymous:
		return text("anonymous")
	case p.Kind == Root && p.Account != "":
		return text(p.Account)
	case p.Kind == User && p.ID != "":
		return text(p.ID)
	case p.Kind == Role && p.ID != "" && p.Session != "":
		return text(p.ID + ":" + p.Session)
	case p.Kind == Role && p.ID != "":
		return value{state: known, one: globOf(literal(p.ID) + ":\x01")}
	}
	return value{}
}
