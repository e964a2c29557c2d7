// Package paths says what the principals of AWS accounts can really do: their
// level, the published ways of escalation that are open to them, chains of
// several hops to an administrator, the secrets and data within reach, and who
// may become a role. It is pure: no I/O, no clock.
//
// Whether a single request is allowed is decided by package policy, with the
// identity policies, groups, boundary, SCPs, RCPs, resource policies, explicit
// denies and conditions that the estate holds. What depends on a condition whose
// keys cannot be known is neither true nor false: it is told as possible. A policy
// of the organisation can only take away; where they were not read, what is told is
// the most that a principal may do, and Result.Unknown says so.
//
// Ways of escalation have the ids of the catalogue at pathfinding.cloud
// ("iam-001"); those that the catalogue lacks have ids of muster's own
// ("muster-001"). A way counts only if it leads to somebody who may do more.
//
// Levels are those of package privilege: admin is everything on everything of
// the account; escalate is a certain way to that; write and read are by the
// access level that AWS gives to each action; a level is unknown where something
// unknown could make it more. Capabilities are as in the comment of package
// privilege, and further:
//
//	wildcard.iam        every action of iam on every resource; so for sts, kms,
//	                    secretsmanager, ssm and lambda
//	keys.admin          changes policies and grants of KMS keys, or deletes them
//	keys.use            decrypts or signs with KMS keys
//	credentials.self    makes or changes its own credentials only
//
// Analyze takes time in proportion to the number of principals, times the
// classes of targets that their policies tell apart by name, tags, boundary or
// trust: of each class one is asked about. Memory is about 3 kB for each distinct
// policy and a few kB for each principal that escalates, and at most some 4,000
// lists of what a wildcard means, of 4 bytes for each target.
package paths

import (
	"time"

	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/internal/privilege/aws/policy"
)

// An Estate is the accounts of one analysis. Nothing in it is changed.
type Estate struct {
	Accounts     []Account
	Organization string    // id, "o-…"; empty is unknown
	AsOf         time.Time // for conditions on dates; zero leaves them unknown
	// Members are the ids of all accounts of the organisation, those that were not
	// read too; nil if they were not listed.
	Members map[string]bool
}

// An Account is one AWS account with what was read of it.
type Account struct {
	ID        string // 12 digits
	Partition string // aws, aws-cn, aws-us-gov; empty is aws
	// Member says whether the account is in Estate.Organization.
	Member inventory.Tri
	// Management is true for the management account, which SCPs and RCPs do not
	// limit.
	Management bool
	// SCPs and RCPs are the policies in force at each level: of the root, of each
	// unit on the way, of the account. All levels have to allow.
	SCPs, RCPs []Layer
	// LimitsKnown is false if the policies of the organisation were not read. They
	// are then taken to allow everything, and results say so. An account that is in
	// no organisation has known limits, and none.
	LimitsKnown bool

	Principals []Principal
	Groups     []Group
	Policies   []*Policy // all managed ones that were read; Principal.Policies may point to the same
	Resources  []Resource
	Consumers  []Consumer
	// Read holds what was read completely: the types of Consumer
	// ("lambda.function") and the kinds of Resource ("secret"). Of a type that is not
	// in it, there may be more than the estate has.
	Read map[string]bool
	// Unread says what else of the principals was not read, in words. Where it is
	// not empty there may be principals that the estate does not have.
	Unread []string
}

// A Layer is the SCPs or RCPs of one level of an organisation.
type Layer struct {
	ID       string // r-…, ou-…, or the account
	Policies []*Policy
}

// A Policy is a document with a name. A managed policy is shared: one value,
// whoever has it.
type Policy struct {
	Name     string
	ARN      string           // empty for an inline policy
	Document *policy.Document // nil if it could not be read: then what it says is unknown
	// ByAWS is true for a policy that AWS keeps, which nobody else can change.
	ByAWS bool
	// Versions is the number of versions; 0 is unknown. With one there is no other
	// to go back to.
	Versions int
}

// Kinds of Principal.
const (
	KindUser = "user"
	KindRole = "role"
	KindRoot = "root"
)

// A Principal is an IAM user or role, or the root user.
type Principal struct {
	ARN  string
	Kind string // KindUser, KindRole, KindRoot
	ID   string // AIDA…, AROA…; empty is unknown
	// Policies are those attached to the principal and its inline ones.
	Policies []*Policy
	Groups   []string          // names of groups of the same account
	Boundary *Policy           // nil if there is none; a Document of nil is one that was not read
	Tags     map[string]string // nil is none: they are listed with the principal

	Trust       *policy.Document // of a role; nil if it could not be read
	Profiles    []string         // ARNs of the instance profiles that carry the role
	AccessKeys  int              // of a user; -1 is unknown
	Password    inventory.Tri    // of a user
	ServiceRole bool             // service-linked: only its service may use it, nobody can change it
}

// A Group of IAM users.
type Group struct {
	Name, ARN string
	Policies  []*Policy
}

// Kinds of Resource.
const (
	ResourceSecret    = "secret"    // of Secrets Manager
	ResourceParameter = "parameter" // SecureString of SSM
	ResourceKey       = "key"       // of KMS
	ResourceBucket    = "bucket"    // of S3
	ResourceFunction  = "function"
	ResourceOther     = "other" // anything with a policy
)

// A Resource holds secrets or data, or has a policy of its own.
type Resource struct {
	ARN, Name string
	Kind      string            // one of the constants
	Policy    *policy.Document  // nil if there is none or it was not read
	KMS       string            // ARN of the key that a secret is encrypted with; empty is AWS's own or unknown
	Tags      map[string]string // nil is unknown
}

// A Consumer runs as a role. Types are those of the AWS scanner:
// lambda.function, ec2.instance, ecs.task_definition, ecs.service,
// codebuild.project, states.machine, sagemaker.notebook, glue.dev_endpoint,
// glue.job, apprunner.service, cloudformation.stack, cloudformation.stack_set,
// ec2.launch_template, bedrock.code_interpreter, bedrock.agent.
type Consumer struct {
	ARN, Name string
	Type      string
	Role      string            // ARN of a role or of an instance profile; empty if there is none
	Tags      map[string]string // nil is unknown
}
