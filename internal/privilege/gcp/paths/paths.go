// Package paths says what the principals of Google Cloud can really do: their
// level, the ways of escalation that are open to them, chains of several hops to an
// administrator of a project, a folder or the organisation, and who may become a
// service account. It is pure: no I/O, no clock.
//
// What a principal may do on a resource is what the allow policies of the resource
// and of all above it give to it, to its groups and to everybody, less what deny
// policies take away. Conditions are decided by package condition; what depends on
// something that cannot be known is told as possible. Deny policies and principal
// access boundaries can only take away: where they were not read, what is told is
// the most that a principal may do, and Result.Unknown says so. So it is with a
// group whose members are not known: what it has is told of the group, not of whoever
// might be in it.
//
// Ways of escalation are named by the permission that makes them, as the published
// lists do (Rhino Security Labs, "Privilege Escalation in Google Cloud Platform";
// HackTricks Cloud): "iam.serviceAccounts.getAccessToken",
// "actAs+compute.instances.create". A way counts only if it leads to somebody who
// may do more.
//
// Levels are those of package privilege: admin may do everything in a project, a
// folder or the organisation; escalate is a certain way to that; write and read are
// by the permissions of the roles. Capabilities are as in the comment of package
// privilege, and further:
//
//	keys.admin          changes policies of KMS keys, or destroys them
//	keys.use            decrypts or signs with KMS keys
//	credentials.storage makes HMAC keys of service accounts, which open Cloud Storage
//	credentials.read    reads strings of API keys or secrets of OAuth clients
//	limits.write        changes organisation policies, deny policies or access boundaries
//	services.enable     enables APIs
//
// Analyze takes time in proportion to the number of bindings and of accounts;
// principals that hold the same share one evaluation. Memory is a few hundred bytes
// for each member of a binding, and a few kB for each principal that escalates.
package paths

import (
	"time"

	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/internal/privilege/gcp/condition"
)

// An Estate is what one analysis is about. Nothing in it is changed.
type Estate struct {
	// Nodes are the organisations, folders and projects, in any order. A parent that is
	// not among them is taken to exist, without anything known of it.
	Nodes    []Node
	Roles    []Role
	Policies []Policy
	Denies   []Deny
	// Boundaries are principal access boundary policies with what they are bound to.
	Boundaries []Boundary
	Groups     []Group
	Accounts   []Account
	// Resources are those that secrets and data are counted of; what has a policy
	// need not be among them.
	Resources []Resource
	Workloads []Workload
	Pools     []Pool
	AsOf      time.Time // for conditions on dates; zero leaves them unknown
	// DeniesKnown and BoundariesKnown say whether deny policies and access boundaries
	// were all read. If not, results say so.
	DeniesKnown, BoundariesKnown bool
	// Unread says what else was not read, in words, for every result.
	Unread []string
}

// A Node is an organisation, a folder or a project.
type Node struct {
	Name   string // organizations/123, folders/123, projects/ID
	Number string // of a project; empty is unknown
	Parent string // organizations/… or folders/…; empty is unknown or none
	Tags   []condition.Tag
	// TagsKnown is false if the tags were not read.
	TagsKnown bool
	// Services are the enabled APIs of a project ("compute.googleapis.com"), if
	// ServicesKnown.
	Services      []string
	ServicesKnown bool
	// AccountsKnown and PolicyKnown are false if its service accounts, or its allow
	// policy, could not be read.
	AccountsKnown, PolicyKnown bool
	// CrossProject says whether service accounts of the project may be attached to
	// resources of others: whether iam.disableCrossProjectServiceAccountUsage is off.
	CrossProject inventory.Tri
}

// A Role is a predefined or custom role.
type Role struct {
	Name        string // roles/owner, projects/ID/roles/NAME, organizations/1/roles/NAME
	Permissions []string
	Known       bool // Permissions were read
	Deleted     bool // gives nothing
}

// A Policy is the allow policy of one resource.
type Policy struct {
	// Resource is organizations/123, folders/123, projects/ID, or a full resource name
	// without the leading slashes ("secretmanager.googleapis.com/projects/…").
	Resource string
	Project  string // id of the project that the resource is in; empty above projects
	Bindings []Binding
}

// A Binding gives members a role.
type Binding struct {
	Role      string
	Members   []string // as policies spell them
	Condition string   // CEL; empty is none
	Title     string   // of the condition
}

// A Deny is a rule of a deny policy.
type Deny struct {
	Policy             string // name of the policy, for the reasons
	Resource           string // that it is attached to, as Policy.Resource
	Principals, Except []string
	// Permissions are in the form SERVICE.googleapis.com/RESOURCE.VERB; "*" may stand
	// for RESOURCE, for VERB, or for both.
	Permissions, ExceptPermissions []string
	Condition                      string
}

// A Boundary is a principal access boundary policy.
type Boundary struct {
	Name      string
	Resources []string // that its principals may reach, "//cloudresourcemanager.googleapis.com/projects/…"
	Targets   []string // principal sets that it is bound to
	// Conditional is true if a binding of it has a condition.
	Conditional bool
}

// A Group of Cloud Identity.
type Group struct {
	Email   string
	Members []string // as bindings spell them
	Known   bool     // Members were read
}

// An Account is a service account.
type Account struct {
	Email    string
	Project  string // id
	UniqueID string
	Disabled inventory.Tri
	// APIKeys is the number of API keys that are bound to it.
	APIKeys int
}

// Kinds of Resource.
const (
	ResourceSecret = "secret" // of Secret Manager
	ResourceKey    = "key"    // of Cloud KMS
	ResourceBucket = "bucket" // of Cloud Storage
	ResourceOther  = "other"
)

// A Resource holds secrets or data.
type Resource struct {
	Name    string // full resource name without the leading slashes
	Kind    string // one of the constants
	Project string // id
}

// A Workload runs as a service account. Types are those of the scanner:
// compute.instance, run.service, run.job, function, gke.node_pool, gke.cluster,
// cloudbuild.trigger, dataproc.cluster, composer.environment, notebook, workflow,
// scheduler.job, workstation.config, agent_engine.
type Workload struct {
	Name    string // full resource name without the leading slashes
	Type    string
	Account string // e-mail
	Project string // id
}

// A Pool is a workload identity pool or a workforce pool.
type Pool struct {
	Name           string // projects/NUMBER/locations/global/workloadIdentityPools/ID, locations/global/workforcePools/ID
	Project        string // id; empty for a workforce pool
	Disabled       inventory.Tri
	Providers      []Provider
	ProvidersKnown bool
}

// A Provider of a pool.
type Provider struct {
	Name      string
	Disabled  inventory.Tri
	Kind      string // oidc, aws, saml, x509
	Issuer    string // issuer URI; AWS account id; SAML entity id
	Audiences []string
	Condition string            // attribute condition; empty is none
	Mapping   map[string]string // "google.subject" to an expression
}
