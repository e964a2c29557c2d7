package paths

import (
	"strings"

	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/internal/privilege/chain"
)

// Limits of what a Result lists.
const (
	MaxPaths   = chain.MaxPaths   // of one principal
	MaxHops    = chain.MaxHops    // of one path
	MaxReasons = chain.MaxReasons // of one result
	MaxNames   = 20               // of Result.Admin
)

// A Result is what one principal amounts to.
type Result struct {
	// Level is what is certain: unknown if something unknown could make it more.
	Level inventory.Level
	// Possible is the most that it may be; the same as Level if all is known.
	Possible inventory.Level
	// Certain is the least that it is; the same as Level if all is known.
	Certain inventory.Level
	Reasons []Reason // strongest first
	// Capabilities are as in the comments of this package and of package privilege,
	// sorted; what is only possible is not in it.
	Capabilities []string
	// Possibly are capabilities that it may have as well, where something unknown
	// decides, sorted; admin.all alone if all of them.
	Possibly []string
	// Admin names the organisations, folders and projects that it administers by
	// itself, for certain; widest first, at most MaxNames.
	Admin []string
	Paths []Path // certain ones first, to the strongest first, then the shortest
	// Unknown says what could not be told and why, sorted; empty if all could.
	Unknown []string
	// Truncated is true if there are more paths than are listed, or chains longer than
	// MaxHops were not followed.
	Truncated bool
}

// A Reason is a statement that one can point at.
type Reason = chain.Reason[Evidence]

// Evidence is one permission and the binding that gives it.
type Evidence struct {
	Permission string // iam.serviceAccounts.actAs
	Resource   string // that it was asked for
	Role       string
	On         string // resource whose policy has the binding
	Member     string // that the binding names, if it is not the principal itself
	Note       string // on what it depends, if it is not certain
}

// String returns the evidence in one line.
func (e *Evidence) String() string {
	var b strings.Builder
	b.WriteString(e.Permission)
	if e.Resource != "" {
		b.WriteString(" on " + short(e.Resource))
	}
	if e.Role != "" {
		b.WriteString(" by " + e.Role + " on " + short(e.On))
	}
	if e.Member != "" {
		b.WriteString(" as " + e.Member)
	}
	if e.Note != "" {
		b.WriteString(" (" + e.Note + ")")
	}
	return b.String()
}

// A Path is a chain of steps to a principal or role that may do more.
type Path struct {
	ID    string // of the first hop
	Hops  []Hop  // at least one
	Leads string // member that is reached; the holder itself if it raises itself
	// Over is the organisation, folder or project that is then administered; empty for
	// a path that leads to less.
	Over    string
	Level   inventory.Level // what is reached: admin, or less for a sidestep
	Certain bool
	// Gains are capabilities that the holder does not have by itself, sorted; only for
	// paths that do not lead to admin.
	Gains []string
}

// A Hop is one step. From and To are members, Via is the resource that is used.
type Hop = chain.Hop[Evidence]

// String returns the path in one line: "ci@p -[iam.serviceAccounts.signJwt]-> deploy@p".
func (p *Path) String() string { return chain.Line(p.Hops, shortMember) }

// Kinds of Trust.
const (
	TrustEveryone   = "everyone"   // allUsers, allAuthenticatedUsers
	TrustAccount    = "account"    // another service account
	TrustAgent      = "service"    // an agent of one of Google's services
	TrustUser       = "user"       // a person
	TrustGroup      = "group"      // a group or a domain
	TrustOIDC       = "oidc"       // an identity of a pool's OIDC provider
	TrustAWS        = "aws"        // an identity of AWS
	TrustSAML       = "saml"       // of a SAML provider
	TrustX509       = "x509"       // of certificates
	TrustPool       = "pool"       // of a pool whose providers are not known
	TrustKubernetes = "kubernetes" // a Kubernetes service account of a workload pool
	TrustRobot      = "robot"      // an agent of Agent Engine
	TrustDeleted    = "deleted"    // somebody who is gone
	TrustOther      = "other"
)

// A Trust is one of those that may become a service account.
type Trust struct {
	Kind        string
	Principal   string // as the binding names it
	Role        string
	On          string   // resource whose policy has the binding
	Inherited   bool     // On is not the account itself
	Permissions []string // by which the principal becomes the account
	Condition   string   // of the binding; empty is none
	// Certain is false if it depends on a condition that cannot be known; Closed is
	// true if a deny takes it back, the condition is over, or the pool or provider is
	// disabled.
	Certain, Closed bool

	Account     string        // e-mail of another service account
	Project     string        // of that account, of the pool or of the cluster: id, or number if no more is known
	SameProject inventory.Tri // unknown if it has no project
	InEstate    inventory.Tri // its project is one of those read

	Pool, Provider string
	Issuer         string // without https://; AWS account id; SAML entity id
	Platform       string // github, gitlab, terraform …; empty is another
	Subjects       []string
	Audiences      []string
	Claims         []string // what is demanded of the token, "assertion.repository = northwind/web", sorted
	// Namespace and ServiceAccount are those of Kubernetes.
	Namespace, ServiceAccount string

	Weak []Weakness
}

// A Weakness is what is wrong with a trust.
type Weakness struct {
	Code string // stable: see the constants
	Text string // a sentence without a full stop
}

// Codes of Weakness: those of AWS where they mean the same.
const (
	WeakPublic       = "public"        // anybody may become it
	WeakCrossAccount = "cross_account" // a service account or pool of a project that is not among those read
	WeakNoSubject    = "no_subject"    // every identity of the issuer
	WeakSubject      = "wide_subject"  // others than one workload
	WeakPullRequest  = "pull_request"  // a subject that pull requests have
	WeakNoAnchor     = "no_anchor"     // certificates without a condition on them
	WeakDeleted      = "deleted"       // names somebody who is gone
)
