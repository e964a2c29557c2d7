// Package object is what muster keeps of Google Cloud, whether it was read from
// the APIs or from saved exports: names, dates, policies, who uses what. It holds
// no value of a secret: where an API's answer carries one, it is dropped before it
// gets here.
//
// The types are compact because an organisation has many projects and accounts.
// Nothing here does I/O.
package object

import (
	"time"

	"github.com/muster-nhi/muster/internal/cloud"
	"github.com/muster-nhi/muster/internal/inventory"
)

// An Estate is all that one run saw: organisations, folders and projects.
type Estate struct {
	Organizations []Organization
	Folders       []Folder
	Projects      []*Project // by id
	// Members are the ids of all projects of the organisations, also of those that
	// were not read; MembersKnown is false if not all of them could be listed.
	Members      []string
	MembersKnown bool
	// Roles are the predefined and custom roles that policies name, and the others
	// that were listed.
	Roles []Role
	// Policies are the allow policies of all resources, those of organisations,
	// folders and projects too, in the order of Resource.
	Policies []Policy
	Denies   []DenyPolicy
	// Boundaries are principal access boundary policies with what they are bound to.
	Boundaries []AccessBoundary
	Workforce  []Pool // workforce pools, of organisations
	Delegated  []Delegation
	// Groups are the groups that policies name, as far as their members could be
	// read.
	Groups []Group
	// Sought are the domain of an organisation, or the patterns of projects, that were
	// to be read and of which nothing was found; an empty one is all that can be seen.
	Sought   []string
	Listings []Listing // of organisations and folders, and of what is asked for all projects at once
	Notes    []string  // what a reader should know of the whole, although nothing is missing
}

// An Organization of Cloud Resource Manager.
type Organization struct {
	Name        string // organizations/123
	DisplayName string // the domain
	Customer    string // directory customer id, C0…
	State       string
	CreatedAt   time.Time
	Contacts    []Contact
}

// A Folder of Cloud Resource Manager.
type Folder struct {
	Name        string // folders/123
	DisplayName string
	Parent      string // organizations/… or folders/…
	State       string
	CreatedAt   time.Time
	Contacts    []Contact
}

// A Project and what is in it.
type Project struct {
	ID        string // northwind-prod
	Number    string // digits; empty is unknown
	Name      string
	Parent    string // folders/… or organizations/…; empty is unknown
	State     string // ACTIVE, DELETE_REQUESTED
	CreatedAt time.Time
	Labels    []Label
	Tags      []Label // of resource manager, as KEY and VALUE without their parent
	Contacts  []Contact
	Reader    string // e-mail as whom it was read; empty is unknown
	// Services are the enabled APIs (iam.googleapis.com); ServicesKnown is false if
	// they could not be listed.
	Services      []string
	ServicesKnown bool

	Accounts  []Account
	Keys      []APIKey
	Secrets   []Secret
	KMS       []Key
	Pools     []Pool // workload identity pools
	Clients   []OAuthClient
	HMAC      []HMACKey
	Consumers []Consumer
	Insights  []Insight
	// Buckets, topics and the like have their policies in Estate.Policies.

	Listings []Listing
	Notes    []string
}

// A Label is a key and value that people put on a resource.
type Label = cloud.Tag

// A Contact of Essential Contacts.
type Contact struct {
	Email      string
	Categories []string // ALL, SECURITY, TECHNICAL …
}

// An Account is a service account.
type Account struct {
	Email, UniqueID, ClientID string // ClientID is its OAuth 2 client id, to which domain-wide delegation is given
	Name, Description         string
	Disabled                  inventory.Tri
	CreatedAt                 time.Time // of Asset Inventory only; zero is unknown
	Labels                    []Label
	Managed                   string // by: google for service agents; default for those Google makes (compute, appspot); empty for a user's
	Keys                      []AccountKey
	KeysKnown                 bool
	// LastAuthenticated is when it last signed in, as Policy Analyzer tells; Used is
	// TriFalse only if it tells that it never did in the observed time. Requests
	// with an API key that is bound to the account are not among what it observes.
	LastAuthenticated          time.Time
	Used                       inventory.Tri
	ObservedFrom, ObservedTill time.Time
}

// An AccountKey is a key of a service account.
type AccountKey struct {
	ID                         string // the last part of its name
	Type                       string // USER_MANAGED, SYSTEM_MANAGED
	Origin                     string // GOOGLE_PROVIDED, USER_PROVIDED
	Algorithm                  string
	Disabled                   inventory.Tri
	DisableReason              string   // USER_INITIATED, EXPOSED, COMPROMISE_DETECTED …
	Extended                   []string // extendedStatus keys with values, as text
	ValidAfter                 time.Time
	ValidBefore                time.Time // zero is unknown
	NeverExpires               bool      // ValidBefore is the end of the year 9999
	LastAuthenticated          time.Time
	Used                       inventory.Tri
	ObservedFrom, ObservedTill time.Time
}

// An APIKey of API Keys, without the key string.
type APIKey struct {
	Name, UID, DisplayName          string
	CreatedAt, UpdatedAt, DeletedAt time.Time
	Account                         string   // e-mail of the service account that it is bound to
	Services                        []string // API targets that it is restricted to
	Restriction                     string   // browser, server, android, ios; empty is none
	Allowed                         []string // referrers, addresses, packages
	Labels                          []Label
}

// A Secret of Secret Manager, without its values.
type Secret struct {
	Name, Location                     string // projects/NUMBER/secrets/ID; Location is empty for a global one
	CreatedAt, ExpiresAt, NextRotation time.Time
	RotationPeriod                     time.Duration // zero: none
	ManagedRotation, Type              string
	Replication                        []string // locations; automatic
	KMS                                []string // keys that encrypt it
	Topics                             []string
	Labels                             []Label
	Versions                           []SecretVersion
	VersionsKnown                      bool
}

// A SecretVersion is one version without its value.
type SecretVersion struct {
	ID, State              string // ENABLED, DISABLED, DESTROYED
	CreatedAt, DestroyedAt time.Time
}

// A Key is a crypto key of Cloud KMS.
type Key struct {
	Name, Purpose, Algorithm, Protection, State string // State is that of the primary version
	CreatedAt, NextRotation, PrimaryAt          time.Time
	RotationPeriod                              time.Duration
	ImportOnly                                  bool
	Labels                                      []Label
}

// A Pool is a workload identity pool or a workforce pool.
type Pool struct {
	Name, DisplayName, Description, State string // projects/NUMBER/locations/global/workloadIdentityPools/ID, locations/global/workforcePools/ID
	Mode                                  string // FEDERATION_ONLY, TRUST_DOMAIN, SYSTEM_TRUST_DOMAIN
	Disabled                              inventory.Tri
	Providers                             []Provider
	ProvidersKnown                        bool
	Managed                               []ManagedIdentity
	Session                               time.Duration // of a workforce pool
}

// A Provider of a pool.
type Provider struct {
	Name, DisplayName, State string
	Disabled                 inventory.Tri
	Kind                     string // oidc, aws, saml, x509
	Issuer                   string // issuer URI; AWS account id; SAML entity id
	Audiences                []string
	Condition                string  // attributeCondition, a CEL expression; empty is none
	Mapping                  []Label // attributeMapping
	KeysUploaded             bool    // jwks of its own
	ExpiresAt                time.Time
	Client                   string // OAuth client id of a workforce provider
}

// A ManagedIdentity of a pool in trust-domain mode.
type ManagedIdentity struct {
	Name, State string
	Disabled    inventory.Tri
	Rules       []string // attestation rules: resources that may be it
}

// An OAuthClient of IAM, without its secrets.
type OAuthClient struct {
	Name, ID, DisplayName, Type, State string
	Disabled                           inventory.Tri
	Scopes, Grants, Redirects          []string
	ExpiresAt                          time.Time
	Credentials                        []OAuthCredential
	CredentialsKnown                   bool
}

// An OAuthCredential is a client secret, without its value.
type OAuthCredential struct {
	Name, DisplayName string
	Disabled          inventory.Tri
}

// An HMACKey of Cloud Storage, without its secret.
type HMACKey struct {
	AccessID, Account, State string // ACTIVE, INACTIVE, DELETED
	CreatedAt, UpdatedAt     time.Time
}

// A Consumer is something that runs as a service account.
type Consumer struct {
	Name     string // full resource name without the leading slashes: compute.googleapis.com/projects/…
	Type     string // compute.instance, run.service, function, gke.node_pool, cloudbuild.trigger …
	Title    string
	Account  string   // e-mail
	Scopes   []string // OAuth scopes of the metadata server; nil is unknown
	Location string
	Labels   []Label
	Public   inventory.Tri
	Secrets  []string // names of secrets that it is given
}

// An Insight of Recommender.
type Insight struct {
	Kind     string // google.iam.policy.Insight, google.iam.serviceAccount.Insight
	Subtype  string
	Member   string // as bindings spell it; or the account's e-mail
	Role     string
	Resource string
	Unused   []string // permissions that were not exercised
	Total    int      // permissions that the role gives; zero is unknown, as are those in Unused
	State    string
	From     time.Time // start of the observed time
	At       time.Time // last refreshed
}

// A Role is predefined or custom.
type Role struct {
	Name, Title, Stage string // roles/owner, projects/ID/roles/NAME, organizations/ID/roles/NAME
	Deleted            bool
	Permissions        []string // sorted; shared
	Known              bool     // Permissions were read
}

// A Policy is an allow policy of one resource.
type Policy struct {
	// Resource is organizations/123, folders/123, projects/ID, or a full resource
	// name without the leading slashes (secretmanager.googleapis.com/projects/…).
	Resource string
	// Project is the id of the project that the resource is in; empty above projects.
	Project  string
	Bindings []Binding
	Audit    bool // it has audit configurations
}

// A Binding gives members a role.
type Binding struct {
	Role      string
	Members   []string
	Condition *Condition
}

// A Condition of a binding, in CEL.
type Condition struct{ Title, Description, Expression string }

// A DenyPolicy of IAM v2.
type DenyPolicy struct {
	Name, DisplayName string
	Resource          string // as Policy.Resource
	Rules             []DenyRule
}

// A DenyRule of a deny policy; permissions in the form SERVICE.googleapis.com/RESOURCE.VERB.
type DenyRule struct {
	Principals, Except             []string
	Permissions, ExceptPermissions []string
	Condition                      *Condition
	Description                    string
}

// An AccessBoundary is a principal access boundary policy.
type AccessBoundary struct {
	Name, DisplayName, Version string
	Resources                  []string // that it lets principals reach
	Targets                    []string // principal sets that it is bound to
	Conditions                 []Condition
}

// A Delegation is domain-wide delegation to a client id, as far as the directory
// tells.
type Delegation struct {
	ClientID string
	Scopes   []string
	Source   string
}

// A Group and its members, as bindings spell them (user:, serviceAccount:, group:).
type Group struct {
	Email, Name string
	Members     []string
	Known       bool
}

// A Listing says how a call fared, so that nothing unseen passes as seen.
type Listing struct {
	Call   string // as the permission is spelled: iam.serviceAccounts.list
	Where  string // what was asked for, if not the project as a whole: a location, an account
	Count  int
	Status inventory.Status
	Off    bool   // the API is not enabled there: there is nothing of it, and Status is complete
	Reason string // what, why and what to do, where Status is not complete
	// Broken is true if it was broken off by what has nothing to do with it:
	// credentials that ran out. Another attempt with new ones may read it.
	Broken bool `json:"-"`
	// Again is true if another attempt may read it as it is: it was interrupted or
	// throttled, nothing answered, or credentials ran out. A denial stands.
	Again bool `json:"-"`
}
