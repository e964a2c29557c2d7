// Package object is what muster keeps of an AWS account, whether it was read
// from the APIs or from saved exports: names, dates, policies, who uses what. It
// holds no value of a secret: where an API's answer carries one, it is dropped
// before it gets here.
//
// The types are compact because an organisation has many principals. Documents
// of policies are parsed once and shared. Nothing here does I/O.
package object

import (
	"time"

	"github.com/muster-nhi/muster/internal/cloud"
	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/internal/privilege/aws/policy"
)

// An Estate is all that one run saw: an organisation, if it could be read, and
// accounts.
type Estate struct {
	Organization *Organization // nil if it was not read
	Accounts     []*Account    // by id
	Notes        []string      // what a reader should know of the whole, although nothing is missing
}

// An Organization as AWS Organizations tells it.
type Organization struct {
	ID, ManagementAccount string
	Members               []string // ids of all its accounts, those that are not read too
	Units                 []Unit
	Policies              []Policy // SCPs and RCPs; Attached of Unit and Account name them by ARN
	PoliciesKnown         bool     // false: which policies hold is not known, and a limit may be missing
	Delegated             []Delegate
	Listings              []Listing
}

// A Unit is an organisational unit or the root.
type Unit struct {
	ID, Name, Parent string   // Parent is empty for the root
	SCPs, RCPs       []string // ARNs of policies attached here
}

// A Delegate is an account that administers a service for the organisation.
type Delegate struct {
	Account, Service string
	Since            time.Time
}

// An Account is one AWS account.
type Account struct {
	ID        string // 12 digits
	Partition string // aws, aws-cn, aws-us-gov
	Name      string // as Organizations calls it; empty is unknown
	Alias     string
	Email     string // of the root user, as Organizations tells it
	State     string // ACTIVE, SUSPENDED …; empty is unknown
	Parent    string // id of the Unit; empty is unknown
	Joined    time.Time
	Tags      []Tag
	Contacts  []Contact
	SCPs      []string // ARNs of policies attached to the account itself
	RCPs      []string
	Reader    string // ARN as whom it was read; empty is unknown
	Chosen    string // which regions were asked for where others were left out by choice; empty is all

	Root     *Root // nil is unknown
	Users    []User
	Groups   []Group
	Roles    []Role
	Policies []Policy // managed by the customer and, where attached, by AWS

	OIDC         []OIDCProvider
	SAML         []SAMLProvider
	Certificates []Certificate // of IAM (server certificates) and ACM
	Anchors      []Anchor
	Profiles     []AnywhereProfile
	Subjects     []AnywhereSubject
	Delegations  []Delegation
	Outbound     *Outbound // outbound web identity federation; nil is unknown

	Instances      []IdentityCenter // Identity Center, in the account that has it
	Secrets        []Secret
	Parameters     []Parameter
	Keys           []Key // KMS
	Consumers      []Consumer
	PodIdentities  []PodIdentity
	AccessEntries  []AccessEntry
	Clusters       []Cluster // EKS, for the join with Kubernetes identities of the same run
	Connections    []Connection
	Workloads      []WorkloadIdentity // Bedrock AgentCore
	KeyPairs       []KeyPair          // EC2
	ResourceAccess []ResourcePolicy   // resource policies of anything not above: buckets, queues, functions …
	Unused         []Unused           // Access Analyzer's unused-access findings
	Creators       []Creator          // CloudTrail, opt-in

	// Summary is what IAM counts itself (GetAccountSummary: Users, Roles, Groups …),
	// to hold what was listed against. Nil is unknown.
	Summary map[string]int

	// Sought are the access keys that were found elsewhere and may be of this
	// account, as AWS tells of them, by id; those that the account lists anyway are
	// not among them. SoughtAll is true if nothing else of what was found can be
	// a key of this account.
	Sought         []SoughtKey
	SoughtAll      bool
	SoughtProblems []string // why not all of them could be looked up

	// ReportedAt is when the credential report was made; zero if there is none. It
	// can be four hours old and the IAM listing is not.
	ReportedAt time.Time
	Listings   []Listing
	Notes      []string
}

// A Tag is a key and value that people put on a resource.
type Tag = cloud.Tag

// A Contact of the account: PRIMARY, SECURITY, OPERATIONS, BILLING.
type Contact struct{ Type, Name, Email string }

// Root is the root user, from the credential report and the account summary.
type Root struct {
	MFA              inventory.Tri
	AccessKeys       int // active ones; -1 is unknown
	PasswordEnabled  inventory.Tri
	PasswordLastUsed time.Time
	Keys             []AccessKey // from the report: without ids
	Certificates     int
	CentrallyManaged inventory.Tri // credentials of root removed by the organisation
}

// A User is an IAM user.
type User struct {
	Name, ID, ARN, Path string
	CreatedAt           time.Time
	Tags                []Tag
	Groups              []string // names
	Inline              []Policy
	Attached            []string // ARNs of managed policies
	Boundary            string   // ARN of the permissions boundary; empty if none
	PoliciesUnread      bool     // Groups, Inline, Attached and Boundary were not in what was read

	Password         inventory.Tri // has a console password
	PasswordLastUsed time.Time
	PasswordUse      inventory.Tri // TriFalse: the report says it was never used
	PasswordChanged  time.Time
	MFA              inventory.Tri
	// Keys are the access keys. KeysKnown is false if they could not be read at all.
	Keys      []AccessKey
	KeysKnown bool
	Services  []ServiceCredential
	SSH       []SSHKey
	Signing   []SigningCertificate
	Access    []ServiceAccess // access advisor, opt-in
}

// An AccessKey of a user. The report has no id of keys: those come from
// ListAccessKeys; a key of the report only has none.
type AccessKey struct {
	ID                    string
	Slot                  int // 1 or 2, as in the report; 0 is unknown
	Active                inventory.Tri
	CreatedAt             time.Time // or last rotated, as the report calls it
	LastUsed              time.Time
	Used                  inventory.Tri // TriFalse: never used since tracking began
	LastRegion, LastCause string        // region and service of the last use
}

// A SoughtKey is an access key that lies about, and what AWS says of it.
type SoughtKey struct {
	ID     string
	User   string // whose it is; empty if AWS names nobody, as for the root user
	Listed bool   // the user is one of Account.Users, which has the key then
	Gone   bool   // the account has no such key any more
}

// A ServiceCredential is service-specific: CodeCommit, Keyspaces, Bedrock API
// keys.
type ServiceCredential struct {
	ID, Service, UserName string // UserName is the public name, such as ServiceCredentialAlias
	Active                bool
	CreatedAt, ExpiresAt  time.Time // ExpiresAt is zero if it does not expire
}

// An SSHKey is a public key for CodeCommit.
type SSHKey struct {
	ID         string
	Active     bool
	UploadedAt time.Time
}

// A SigningCertificate is an X.509 certificate of a user.
type SigningCertificate struct {
	ID                    string
	Active                bool
	UploadedAt, ExpiresAt time.Time // ExpiresAt from the certificate body; zero is unknown
}

// A ServiceAccess says when a principal last used a service.
type ServiceAccess struct {
	Service  string
	LastUsed time.Time // zero: not within the tracking period
	Region   string
}

// A Group of IAM users.
type Group struct {
	Name, ID, ARN, Path string
	CreatedAt           time.Time
	Inline              []Policy
	Attached            []string
}

// A Role is an IAM role.
type Role struct {
	Name, ID, ARN, Path, Description string
	CreatedAt                        time.Time
	Tags                             []Tag
	Trust                            *policy.Document // AssumeRolePolicyDocument; nil if it could not be parsed
	Inline                           []Policy
	Attached                         []string
	Boundary                         string
	PoliciesUnread                   bool // Inline, Attached and Boundary were not in what was read
	InstanceProfiles                 []InstanceProfile
	LastUsed                         time.Time
	LastRegion                       string
	Used                             inventory.Tri // TriFalse: not used in the 400 days that AWS tracks
	MaxSession                       time.Duration // zero is unknown
	Access                           []ServiceAccess
}

// An InstanceProfile carries a role to EC2.
type InstanceProfile struct {
	Name, ARN string
	CreatedAt time.Time
}

// A Policy is a managed or an inline policy, an SCP or an RCP.
type Policy struct {
	Name, ARN  string // ARN is empty for an inline policy
	ManagedBy  string // aws, customer; empty for an inline policy
	Kind       string // identity (default), scp, rcp
	CreatedAt  time.Time
	UpdatedAt  time.Time
	Document   *policy.Document // nil if it could not be parsed or read
	Problem    string           // why Document is nil; never quotes the document
	Attachable bool
	Versions   int // of a managed policy; 0 is unknown
}

// An OIDCProvider is an IAM OpenID Connect provider.
type OIDCProvider struct {
	ARN, URL    string
	Clients     []string
	CreatedAt   time.Time
	Tags        []Tag
	Thumbprints int
}

// A SAMLProvider is an IAM SAML provider.
type SAMLProvider struct {
	ARN        string
	CreatedAt  time.Time
	ValidUntil time.Time // of the metadata
	Tags       []Tag
	Keys       []SigningCertificate // private keys that decrypt assertions: ids and dates
}

// A Certificate of ACM or IAM.
type Certificate struct {
	ARN, Domain, Region  string // Region is empty for IAM
	Names                []string
	Type                 string // AMAZON_ISSUED, IMPORTED, PRIVATE, IAM
	Status               string
	Algorithm            string
	CreatedAt, NotBefore time.Time
	NotAfter             time.Time
	InUse                inventory.Tri
	Renewal              string // ELIGIBLE, INELIGIBLE
	ManagedBy            string
	Exported             inventory.Tri
	Tags                 []Tag
}

// An Anchor is a trust anchor of IAM Roles Anywhere.
type Anchor struct {
	ARN, Name, Region string
	Enabled           bool
	Source            string // AWS_ACM_PCA, CERTIFICATE_BUNDLE, SELF_SIGNED_REPOSITORY
	CreatedAt         time.Time
	UpdatedAt         time.Time
	Certificates      []Certificate // of a bundle
}

// An AnywhereProfile says which roles certificates may take.
type AnywhereProfile struct {
	ARN, Name, Region string
	Enabled           bool
	Roles             []string
	Session           *policy.Document
	Duration          time.Duration
	CreatedAt         time.Time
}

// An AnywhereSubject is a certificate's subject that was seen.
type AnywhereSubject struct {
	ARN, Subject, Region string
	Enabled              bool
	LastSeen, CreatedAt  time.Time
	Serials              []AnywhereSerial
}

// An AnywhereSerial is one certificate of a subject.
type AnywhereSerial struct {
	Issuer, Serial  string
	Enabled, Failed bool
	SeenAt          time.Time
}

// A Delegation is a request of a third party for temporary permissions.
type Delegation struct {
	ID, ARN, State, Requestor, OwnerAccount, Owner, Approver string
	Description                                              string
	CreatedAt, ExpiresAt, UpdatedAt                          time.Time
}

// Outbound is AWS as an OIDC issuer for the account's principals.
type Outbound struct {
	Enabled bool
	Issuer  string
}

// IdentityCenter is an instance of IAM Identity Center.
type IdentityCenter struct {
	ARN, Store, Name, Region string
	CreatedAt                time.Time
	Sets                     []PermissionSet
	Assignments              []Assignment
	Applications             []Application
	Issuers                  []TokenIssuer
}

// A PermissionSet becomes a role in each account it is assigned in.
type PermissionSet struct {
	ARN, Name, Description string
	CreatedAt              time.Time
	Session                time.Duration
	Attached               []string // ARNs, customer-managed ones as arn:*:iam::*:policy/NAME
	Inline                 *policy.Document
	Boundary               string
	Tags                   []Tag
}

// An Assignment gives a user or group a permission set in an account.
type Assignment struct {
	Set, Account, PrincipalType, PrincipalID string // PrincipalType is USER or GROUP
	PrincipalName                            string // empty is unknown
}

// An Application of Identity Center.
type Application struct {
	ARN, Name, Provider, Status string
	CreatedAt                   time.Time
}

// A TokenIssuer is a trusted token issuer of Identity Center.
type TokenIssuer struct{ ARN, Name, URL string }

// A Secret of Secrets Manager, without its value.
type Secret struct {
	ARN, Name, Region, Description                       string
	CreatedAt, ChangedAt, AccessedAt, RotatedAt, NextAt  time.Time // AccessedAt is a day
	DeletedAt                                            time.Time
	Rotation                                             inventory.Tri
	RotationDays                                         int    // zero is unknown
	RotationSchedule, RotationLambda, OwningService, KMS string // as the API has them
	Type                                                 string // of managed external secrets
	PrimaryRegion                                        string // where this one is a replica
	Versions                                             int
	Tags                                                 []Tag
	Policy                                               *policy.Document
	PolicyKnown                                          bool
}

// A Parameter is an SSM parameter; SecureString ones hold secrets.
type Parameter struct {
	ARN, Name, Region, Type, Tier, KMS string
	ModifiedAt                         time.Time
	ModifiedBy                         string // ARN of the principal
	Version                            int64
	ExpiresAt                          time.Time // by its expiration policy
	Tags                               []Tag
}

// A Key of KMS.
type Key struct {
	ARN, ID, Region, Description, Alias  string
	Manager                              string // AWS, CUSTOMER
	State, Spec, Usage, Origin           string
	CreatedAt, DeletesAt, RotatesAt      time.Time
	ValidTo                              time.Time // of imported material
	LastUsed                             time.Time
	Rotation                             inventory.Tri
	RotationDays                         int
	Policy                               *policy.Document
	Grants                               []KeyGrant
	Tags                                 []Tag
	PolicyKnown, GrantsKnown, UsageKnown bool
}

// A KeyGrant lets a principal use a key.
type KeyGrant struct {
	ID, Name, Grantee, Retiring, Issuer string
	Operations                          []string
	Constrained                         bool
	CreatedAt                           time.Time
}

// A Consumer runs as a role or uses it.
type Consumer struct {
	ARN, Name, Region string
	Type              string // lambda.function, ecs.task_definition, ecs.service, ec2.instance, codebuild.project, states.machine, bedrock.agent, bedrock.agent_runtime …
	Role              string // ARN of the role, or of the instance profile
	Use               string // execution, task, instance_profile, service …
	State             string
	CreatedAt         time.Time
	UpdatedAt         time.Time
	Tags              []Tag
	Public            inventory.Tri // reachable by anybody, where the API says
	Details           map[string]string
}

// A PodIdentity is an EKS pod identity association.
type PodIdentity struct {
	ARN, Cluster, Region, Namespace, ServiceAccount, Role, TargetRole, ExternalID string
	CreatedAt                                                                     time.Time
	Tags                                                                          []Tag
}

// An AccessEntry lets an IAM principal into an EKS cluster.
type AccessEntry struct {
	ARN, Cluster, Region, Principal, Type, Username string
	Groups                                          []string
	Policies                                        []AccessPolicy
	CreatedAt                                       time.Time
	Tags                                            []Tag
}

// An AccessPolicy is an EKS access policy and where it holds.
type AccessPolicy struct {
	ARN        string
	Scope      string // cluster, namespace
	Namespaces []string
}

// A Cluster of EKS.
type Cluster struct {
	ARN, Name, Region, Issuer, Role, Version string
	CreatedAt                                time.Time
	Public                                   inventory.Tri
	AuthMode                                 string // API, API_AND_CONFIG_MAP, CONFIG_MAP
	Tags                                     []Tag
}

// A Connection to a third party: EventBridge, CodeConnections, CodeBuild source
// credentials, AgentCore credential providers, Transfer users, IoT.
type Connection struct {
	ARN, Name, Region, Type string // events.connection, codeconnections.connection, codebuild.source_credential, agentcore.oauth2_provider, agentcore.api_key_provider, transfer.user, iot.certificate, cognito.app_client
	Provider, State, Auth   string
	Secret                  string // ARN of the secret that holds its credential
	Owner                   string // account, where the API says
	CreatedAt, AuthorizedAt time.Time
	UpdatedAt               time.Time
	ExpiresAt               time.Time
	Role                    string
	Tags                    []Tag
	Details                 map[string]string
}

// A WorkloadIdentity of Bedrock AgentCore.
type WorkloadIdentity struct {
	ARN, Name, Region string
	CreatedAt         time.Time
	UpdatedAt         time.Time
	ReturnURLs        []string
}

// A KeyPair of EC2.
type KeyPair struct {
	ID, Name, Region, Type, Fingerprint string
	CreatedAt                           time.Time
	Tags                                []Tag
}

// A ResourcePolicy is attached to a resource that is not listed above.
type ResourcePolicy struct {
	ARN, Service, Region string
	Document             *policy.Document
}

// An Unused is a finding of an unused-access analyzer.
type Unused struct {
	ID, Analyzer, Resource, Type, Status, Region string // Type: UnusedIAMRole, UnusedIAMUserAccessKey, UnusedIAMUserPassword, UnusedPermission, ExternalAccess
	LastAccessed                                 time.Time
	Services                                     []ServiceAccess // of UnusedPermission
	Key                                          string          // access key id
	FoundAt                                      time.Time
}

// A Creator is who made a principal or key, from CloudTrail.
type Creator struct {
	Resource string // ARN, or access key id
	Event    string // CreateUser, CreateRole, CreateAccessKey
	By       string // ARN
	At       time.Time
}

// A Listing says how a call fared, so that nothing unseen passes as seen.
type Listing struct {
	Call   string // as the vendor spells the permission: iam:GetAccountAuthorizationDetails
	Region string // empty for a global service
	Count  int
	Status inventory.Status
	Reason string // what, why and what to do, where Status is not complete
	// Broken is true if it was broken off by what has nothing to do with it:
	// credentials that ran out. Another attempt with new ones may read it.
	Broken bool `json:"-"`
	// Again is true if another attempt may read it as it is: it was interrupted or
	// throttled, nothing answered, or credentials ran out. A denial stands.
	Again bool `json:"-"`
}
