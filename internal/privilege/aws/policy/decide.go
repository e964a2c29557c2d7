package policy

import (
	"strings"

	"github.com/muster-nhi/muster/internal/inventory"
)

// A Resource is what a question is about: one resource, or all that a pattern
// names. Make it with One or Matching, once for all questions about it.
type Resource struct {
	text string
	glob glob
}

// One is a single resource by its ARN. For actions that know no resources, such
// as iam:ListUsers, it is One("*"): only a star in a policy matches that.
func One(arn string) Resource { return Resource{text: arn, glob: newLiteral(arn)} }

// Matching is every resource that a pattern with "*" and "?" names, whether it
// exists or not.
func Matching(pattern string) Resource { return Resource{text: pattern, glob: newARN(pattern)} }

// String returns what it was made of.
func (r Resource) String() string { return r.text }

// A Request is a question: may this principal do this to that?
type Request struct {
	Principal *Principal
	Action    Action
	Resource  Resource
	// Account is that of the resource; empty is the one of its ARN or, where that has
	// none, the principal's.
	Account string
	Context *Context // what else is known; nil is nothing
	Memo    *Memo    // of requests about the same policies; nil is none
	Budget  *Budget  // for telling resources apart; nil is no bound but that of each request
}

// account returns the account of the resource; empty is unknown.
func (q *Request) account() string {
	if q.Account != "" {
		return q.Account
	}
	rest := q.Resource.glob.text
	for range 4 {
		_, after, ok := strings.Cut(rest, ":")
		if !ok {
			rest = ""
			break
		}
		rest = after
	}
	a, _, _ := strings.Cut(rest, ":")
	if a != "" && !strings.ContainsAny(a, wildcards) {
		return a
	}
	if q.Principal != nil {
		return q.Principal.Account
	}
	return ""
}

// A Level is a root, an organisational unit or an account with the policies of
// one type that are attached to it.
type Level struct {
	Name     string
	Policies []*Policy
	Unknown  bool // they could not be read
}

// Layers are the policies that have a say. Each may be shared between requests.
type Layers struct {
	Identity []*Policy // of the principal and of its groups
	Boundary *Policy   // nil: it has none
	// Session are those given when the session was made. nil is none, which limits
	// nothing; an empty list that is not nil allows nothing.
	Session []*Policy
	// SCPs hold the principal: root, units, account. nil where none do, as for the
	// management account. At every level one has to allow.
	SCPs []Level
	// RCPs hold the resource: those of its account's levels. Only what they deny
	// counts, for what they allow is always all.
	RCPs []Level
	// Resource is the policy of the resource, or a role's trust policy. nil: it has
	// none; of a key or a role, which always have one, it is unknown then.
	Resource *Policy
}

// A Layer is a kind of policy.
type Layer uint8

// The layers, in the order in which reasons are given.
const (
	NoLayer Layer = iota
	IdentityLayer
	ResourceLayer
	BoundaryLayer
	SessionLayer
	SCPLayer
	RCPLayer
)

// String names a layer as people do.
func (l Layer) String() string {
	switch l {
	case IdentityLayer:
		return "identity policy"
	case ResourceLayer:
		return "resource policy"
	case BoundaryLayer:
		return "permissions boundary"
	case SessionLayer:
		return "session policy"
	case SCPLayer:
		return "service control policy"
	case RCPLayer:
		return "resource control policy"
	case NoLayer:
	}
	return "no policy"
}

// A Decision is the answer to a request.
type Decision struct {
	// Allowed tells whether it may be done to the resource, or to each one that the
	// pattern names.
	Allowed inventory.Tri
	// Some tells whether it may be done to at least one. It equals Allowed where the
	// question is about one resource.
	Some inventory.Tri
	// Because are the statements that decide: those that allow, and those that deny
	// what would be allowed without them. Empty where nothing allows.
	Because []Reason
	// Lacks is the first layer in which no statement allows it, where that is why it
	// is not allowed (an implicit deny); NoLayer otherwise.
	Lacks Layer
	// Unknown names what was not known, where the answer is not: keys of conditions,
	// policies that could not be read. Sorted.
	Unknown []string
}

// A Reason is a statement that has a part in a decision.
type Reason struct {
	Layer     Layer
	Policy    *Policy
	Statement *Statement // nil: the policy could not be read
	// Holds is False for none, and Unknown where a condition, or a variable, or the
	// policy itself is not known.
	Holds inventory.Tri
	// Partly says that it concerns some of the resources asked for and not all.
	Partly bool
}

// Decide answers a request by the published evaluation logic (IAM User Guide,
// "Policy evaluation logic" and "Cross-account policy evaluation logic"): what
// any policy denies is denied; SCPs have to allow at each level; then in the
// account of the resource an identity policy within boundary and session
// policies or the resource policy allows, from another account both do. A
// resource policy that names a user, a session or everyone is not limited by what
// the boundary and session policies leave out, one that names a role is. Keys and
// role trust have to be allowed by their own policy.
//
// What cannot be known makes the answer unknown if it could change it, and only
// then. Decide takes time in proportion to the statements about the action, changes
// of its arguments only the budget, and allocates nothing where nothing allows.
func Decide(q *Request, l *Layers) Decision {
	var buffer [24]hit
	e := evaluation{q: q, l: l}
	e.relate()
	e.hits = e.granting(buffer[:0])
	if !e.any {
		return Decision{Allowed: inventory.False, Some: inventory.False, Lacks: e.first()}
	}
	e.hits = e.limiting(e.hits)
	d := Decision{}
	if e.cut {
		e.vary(&d)
	} else {
		var t tally
		d.Allowed = e.outcome(&t, nil)
		d.Some = d.Allowed
		d.Lacks = e.lacks(&t, d.Some)
	}
	e.explain(&d)
	return d
}
