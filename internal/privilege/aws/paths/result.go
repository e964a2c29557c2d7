package paths

import (
	"strings"

	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/internal/privilege/chain"
)

// Limits of what a Result lists. Counts are exact, and More says where hops were
// left off.
const (
	MaxPaths   = chain.MaxPaths   // of one principal
	MaxHops    = chain.MaxHops    // of one path
	MaxReasons = chain.MaxReasons // of one result
	MaxNames   = 20               // of one Reach
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
	// Capabilities are as in the comments of this package and of package
	// privilege, sorted; what is only possible is not in it.
	Capabilities []string
	// Possibly are capabilities that it may have as well, where something unknown
	// decides, sorted.
	Possibly []string
	// Wildcards are the services that guard others (iam, kms, lambda,
	// secretsmanager, ssm, sts) of which every action is allowed on everything of the
	// account, sorted; "*" for all.
	Wildcards []string
	Paths     []Path // certain ones first, to the strongest first, then the shortest
	Reach     []Reach
	// Unknown says what could not be told and why, sorted; empty if all could.
	Unknown []string
	// Truncated is true if there are more paths than are listed, or chains longer
	// than MaxHops were not followed.
	Truncated bool
}

// A Reason is a statement that one can point at.
type Reason = chain.Reason[Evidence]

// Evidence is one permission and the statement that gives it.
type Evidence struct {
	Permission string // "iam:PassRole"
	Resource   string // ARN or pattern that was asked for
	Policy     string // name of the policy, or "trust policy of NAME", "resource policy of NAME"
	PolicyARN  string // empty for an inline or resource policy
	Sid        string // may be empty
	Statement  int    // from 0; -1 if no statement gives it
	Note       string // on what it depends, if it is not certain
}

// String returns the evidence in one line.
func (e *Evidence) String() string {
	var b strings.Builder
	b.WriteString(e.Permission)
	if e.Resource != "" {
		b.WriteString(" on " + e.Resource)
	}
	if e.Policy != "" {
		b.WriteString(" by " + e.where())
	}
	if e.Note != "" {
		b.WriteString(" (" + e.Note + ")")
	}
	return b.String()
}

// A Path is a chain of steps to a principal that may do more.
type Path struct {
	ID      string          // of the first hop
	Hops    []Hop           // at least one
	Leads   string          // ARN of the principal reached; the holder's own if it raises itself
	Level   inventory.Level // what is reached: admin, or less for a sidestep
	Certain bool
	// Gains are capabilities that the holder does not have by itself, sorted; only
	// for paths that do not lead to admin.
	Gains []string
}

// A Hop is one step. From and To are ARNs, Via is the ARN of what is used: function, policy, group,
// instance profile.
type Hop = chain.Hop[Evidence]

// String returns the path in one line: "user/ci -[lambda-001]-> role/admin".
func (p *Path) String() string { return chain.Line(p.Hops, short) }

// A Reach says how many resources of a kind a principal can read or use by
// itself.
type Reach struct {
	Kind  string   // of Resource
	Use   string   // "read", "decrypt", "write"
	All   bool     // every one of the account, those yet to come too
	Count int      // for certain
	Maybe int      // further ones that depend on something unknown
	Names []string // of those that are certain, sorted, at most MaxNames
	Total int      // resources of the kind that the estate has
	// Complete is true if the account's resources of the kind were all read.
	Complete bool
}

// Kinds of Trust.
const (
	TrustEveryone  = "everyone"  // anybody on earth with an AWS account, or none
	TrustAccount   = "account"   // every principal of an account that is allowed to
	TrustPrincipal = "principal" // one user, role or session
	TrustService   = "service"
	TrustOIDC      = "oidc"
	TrustSAML      = "saml"
	TrustDeleted   = "deleted" // a unique id of somebody who is gone
	TrustCanonical = "canonical"
)

// A Trust is one of those that may become a role, or that a resource's policy
// lets in.
type Trust struct {
	Kind      string
	Principal string // as written
	Actions   []string
	Sid       string
	Statement int // from 0

	Account     string        // twelve digits; empty if it has none
	SameAccount inventory.Tri // unknown if it has no account
	InOrg       inventory.Tri // of the organisation; unknown if that could not be told. Of everybody: whether conditions leave only those

	Service    string // of a service: "lambda.amazonaws.com"
	Issuer     string // of OIDC: "token.actions.githubusercontent.com", without https://
	Platform   string // github, gitlab, terraform, eks, buildkite, circleci, bitbucket, azure_devops, google, cognito, vercel, spacelift …; empty is another
	Subjects   []string
	Audiences  []string
	ExternalID inventory.Tri // asked for; unknown for what is no account or principal
	MFA        inventory.Tri // asked for
	// SourceBound says of a service whether aws:SourceArn, SourceAccount,
	// SourceOrgID or SourceOrgPaths limits for whom it acts.
	SourceBound inventory.Tri
	// Namespace and ServiceAccount are those of Kubernetes, of an EKS subject
	// without wildcard.
	Namespace, ServiceAccount string

	Conditions []string // all, as "operator key = values", sorted
	Weak       []Weakness
	// Bounded is true if a condition keeps strangers out: it demands an organisation,
	// account, principal or network. What is demanded of a token is not looked at.
	Bounded bool
	// Closed is true if a deny of the same policy takes it back, or a policy of the
	// organisation does; Certain is false if it depends on a condition that cannot be
	// known.
	Closed, Certain bool
}

// A Weakness is what is wrong with a trust.
type Weakness struct {
	Code string // stable: see the constants
	Text string // a sentence without a full stop
}

// Codes of Weakness.
const (
	WeakPublic        = "public"          // anybody may become it
	WeakCrossAccount  = "cross_account"   // an account outside the organisation, or of which that is unknown
	WeakNoExternalID  = "no_external_id"  // a foreign account without an external id
	WeakDeputy        = "confused_deputy" // a service that acts for others, without a bound source
	WeakNoSubject     = "no_subject"      // OIDC without a condition on the subject
	WeakSubject       = "wide_subject"    // OIDC with a wildcard that lets in others
	WeakNoAudience    = "no_audience"     // OIDC without a condition on the audience
	WeakPullRequest   = "pull_request"    // a subject that pull requests have
	WeakNoAnchor      = "no_anchor"       // Roles Anywhere without a condition on the certificate or anchor
	WeakDeleted       = "deleted"         // names somebody who is gone
	WeakNotPrincipal  = "not_principal"   // everybody but some
	WeakOptional      = "optional"        // a condition that whoever lacks the key passes
	WeakNoSAMLSubject = "no_saml_aud"     // SAML without a condition on the audience
)
