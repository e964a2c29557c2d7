// Package audit reads audit logs of a Kubernetes API server and says who used
// what and when: identities, credentials, bindings, and which verbs on which
// resources.
//
// It reads events of audit.k8s.io (v1 and what came before) as lines of JSON, as
// EventLists, and inside what carries them: see envelope.go for the forms. Metadata
// level is enough; of bodies that higher levels hold nothing is looked at.
//
// A log tells of its window only. Who is not in it was not seen from Window.From
// to Window.To; whether it was used before, through another API server, or at
// requests that the audit policy leaves out, the log cannot say. Never is no word
// of this package.
package audit

import (
	"cmp"
	"context"
	"io"
	"time"
)

// Options bound what is kept. A zero field means the default.
type Options struct {
	// Name is what problems call the log: usually its path.
	Name string
	// Now is when the log is read: events that say to be more than a day later
	// are counted as broken. Zero takes any time.
	Now time.Time
	// MaxEvent is the longest event in bytes; longer ones are counted and passed
	// over. Default 32 MiB.
	MaxEvent int
	// MaxUsers, MaxCredentials and MaxBindings bound how many different ones are
	// told apart; what comes after that is counted and said in Problems. Default
	// 100,000 users and bindings, 200,000 credentials.
	MaxUsers, MaxCredentials, MaxBindings int
	// MaxCreations bounds the objects whose maker is kept; default 100,000.
	MaxCreations int
	// MaxPermissions bounds the different permissions kept for one user or binding;
	// default 500.
	MaxPermissions int
}

func (o Options) withDefaults() Options {
	o.Name = cmp.Or(o.Name, "audit log")
	o.MaxEvent = cmp.Or(o.MaxEvent, 32<<20)
	o.MaxUsers = cmp.Or(o.MaxUsers, 100_000)
	o.MaxCredentials = cmp.Or(o.MaxCredentials, 200_000)
	o.MaxBindings = cmp.Or(o.MaxBindings, 100_000)
	o.MaxCreations = cmp.Or(o.MaxCreations, 100_000)
	o.MaxPermissions = cmp.Or(o.MaxPermissions, 500)
	return o
}

// A Problem is what could not be read, and where.
type Problem struct {
	Name    string // of the log
	Line    int    // the first one, from 1; 0 if a line means nothing
	Message string // what is wrong and how often; never content of the log
}

// A Window is what the log covers.
type Window struct {
	// From and To are the times of the first and last event; zero if there is none.
	From, To time.Time
	// Gaps are stretches of at least two whole hours within the window without any
	// event: a log file may be missing. They are cut to whole hours.
	Gaps []Span
	// Requests is how many requests completed; Denied of them were refused and
	// Unauthenticated had no valid credential.
	Requests, Denied, Unauthenticated int
	// Reasons is how many of the allowed requests say which binding allowed them.
	// With 0 of many, this log cannot tell the use of bindings.
	Reasons int
	// Foreign is how many lines were no audit events, Broken how many events could
	// not be read.
	Foreign, Broken int
}

// A Span is a stretch of time.
type Span struct{ From, To time.Time }

// A Class says what kind of program made a request, by its user agent, which the
// client chooses: a hint and no proof.
type Class string

// The classes of user agents.
const (
	ClassCLI     Class = "cli"     // kubectl, oc, k9s and the like: people or scripts
	ClassBrowser Class = "browser" // Mozilla/…: people through a console
	ClassProgram Class = "program" // anything else that names itself
)

// A User is an identity that made requests or was impersonated.
type User struct {
	Name string // as the API server knows it: system:serviceaccount:ns:name
	// First and Last are of its own requests, refused ones included, for they too
	// need a valid credential; zero if it was only impersonated.
	First, Last time.Time
	// LastAllowed is of the last request that was not refused.
	LastAllowed      time.Time
	Requests, Denied int
	// Agents are the programs by the first word of their user agent, sorted, at most 16;
	// Classes their classes, sorted.
	Agents  []string
	Classes []Class
	// ImpersonatedAt is when somebody last acted as it and ImpersonatedBy who, sorted, at
	// most 16. Such requests are not among its own.
	ImpersonatedAt time.Time
	ImpersonatedBy []string
	// Permissions are those that allowed requests made use of, its own and those
	// made by who impersonated it. Truncated is true if there were more.
	Permissions []Permission
	Truncated   bool
}

// A Permission is one that was made use of.
type Permission struct {
	Verb     string
	Group    string // API group; empty is the core group
	Resource string // with its subresource: pods/exec; empty for a path
	URL      string // path of a request for no resource, without its query
	Last     time.Time
}

// A CredentialKind says what a Credential is.
type CredentialKind string

// The kinds of credentials that an API server tells apart in its log.
const (
	Token        CredentialKind = "token"       // JTI of a token, most of them of service accounts
	Certificate  CredentialKind = "certificate" // SHA-256 of a client certificate
	LegacySecret CredentialKind = "legacy secret"
	Other        CredentialKind = "other" // an id in a form of its own
)

// A Credential is one that was used or, for a token, issued.
type Credential struct {
	Kind CredentialKind
	// ID is the id as the API server gives it, without what precedes "=": the JTI,
	// the fingerprint in lower case hex. Empty for a legacy Secret.
	ID string
	// Namespace and Secret name the Secret of a legacy token.
	Namespace, Secret string
	AutoGenerated     bool // the Secret was made by the token controller (before 1.24)
	Invalidated       bool // it was refused because the cleaner had marked its Secret invalid
	Stale             bool // used after the hour for which it was meant (warnafter of extended tokens)
	User              string
	First, Last       time.Time // zero if it was issued and not seen used
	Requests          int
	Pod, PodUID, Node string // to which it is bound, as far as the log says
	// IssuedAt, IssuedBy and IssuedFor are of the TokenRequest that made it, if that
	// is in the log; IssuedFor is the name of the user that the token is of.
	IssuedAt  time.Time
	IssuedBy  string
	IssuedFor string
}

// A Subject is whom a binding names.
type Subject struct{ Kind, Namespace, Name string }

// A Binding is one by which requests were allowed. The API server names one that
// allows a request, ClusterRoleBindings first; another may allow it too. So a
// binding that is not here was not needed by any request of the window, or not the
// only one.
type Binding struct {
	Kind               string // RoleBinding or ClusterRoleBinding
	Namespace, Name    string
	RoleKind, RoleName string
	Subject            Subject
	First, Last        time.Time
	Requests           int
	// Users are who came in by it, sorted, at most 16; UsersTruncated is true if
	// there were more.
	Users          []string
	UsersTruncated bool
	Permissions    []Permission
	Truncated      bool
}

// Uses is what one or more logs say. It is not safe for concurrent use.
type Uses struct {
	opts  Options
	state state
}

// New returns Uses that hold nothing.
func New(opts Options) *Uses {
	opts = opts.withDefaults()
	return &Uses{opts: opts, state: newState()}
}

// Read reads one log, plain or compressed with gzip. Memory grows with the number
// of different identities, credentials, bindings and permissions, to the bounds of
// Options, and not with the length of the log. It returns an error only if ctx
// ended; what cannot be read is in Problems.
func Read(ctx context.Context, r io.Reader, opts Options) (*Uses, error) {
	u := New(opts)
	if err := u.Add(ctx, opts.Name, r); err != nil {
		return nil, err
	}
	return u, nil
}
