// Package object is what muster keeps of a Microsoft Entra tenant and its Azure
// subscriptions, whether it was read from Microsoft Graph and Azure Resource
// Manager or from saved exports: names, dates, roles, who uses what. It holds no
// value of a secret: where an API's answer carries one, it is dropped before it
// gets here.
//
// The types are compact because a tenant has many applications and role
// assignments. Nothing here does I/O.
//
// Ids of Entra objects are GUIDs in lower case. ARM ids are as ARM spells them;
// Fold makes two of them comparable.
package object

import (
	"strings"
	"time"

	"github.com/muster-nhi/muster/internal/cloud"
	"github.com/muster-nhi/muster/internal/inventory"
)

// An Estate is all that one run saw.
type Estate struct {
	Tenants []*Tenant // usually one
	Notes   []string  // what a reader should know of the whole, although nothing is missing
}

// A Tenant of Entra, with what it holds in Azure.
type Tenant struct {
	ID, Name, Domain string // Domain is the initial or default one
	Cloud            string // public, government, china
	Reader           string // id of the object as whom it was read; empty is unknown
	ReaderName       string
	Contacts         []string // technical and security notification addresses

	Applications []Application
	Principals   []ServicePrincipal
	// Users and Groups are those that own, are granted or sponsor something; others
	// are not kept.
	Users  []User
	Groups []Group

	DirectoryRoles []DirectoryRole           // definitions
	Directory      []DirectoryRoleAssignment // active and eligible
	AppRoles       []AppRoleAssignment       // app roles that were granted to service principals
	Delegated      []DelegatedGrant
	Units          []Unit
	Management     []ManagementPolicy // app management policies; the tenant's default is the one with Default set
	Consent        *ConsentPolicy     // nil is unknown
	SignIns        []SignIn
	Creators       []Creator
	Risky          []Risk
	// UsageKnown says whether sign-in activity of principals and of credentials
	// could be read at all. Without it no last use is unknown, never "never".
	UsageKnown, CredentialUsageKnown bool
	UsageReason                      string

	Subscriptions []*Subscription // by id
	LeftOut       int             // subscriptions that were not read by choice
	Folders       []ManagementGroup
	RoleDefs      []RoleDefinition
	Assignments   []RoleAssignment
	Denies        []DenyAssignment

	Listings []Listing
	Notes    []string
}

// An Application is an app registration or an agent identity blueprint.
type Application struct {
	ID, AppID, Name, Description string
	CreatedAt                    time.Time
	Audience                     string // AzureADMyOrg, AzureADMultipleOrgs …
	PublisherDomain              string
	VerifiedPublisher            string // display name; empty is none, where PublisherKnown
	PublisherKnown               bool
	ServiceManagement, Notes     string
	Tags                         []string
	DisabledByMicrosoft          string // empty is not
	Lock                         *Lock  // nil: unknown
	Blueprint                    bool   // agentIdentityBlueprint
	Passwords                    []Password
	Keys                         []Certificate
	Federated                    []Federated
	FederatedKnown               bool
	Owners                       []string // object ids
	OwnersKnown                  bool
	Sponsors                     []string // of a blueprint
	Required                     []Required
	Roles                        []AppRole // that the app defines
	Policies                     []string  // ids of app management policies
	PublicClient                 inventory.Tri
	ImplicitGrant                inventory.Tri
	RedirectURIs                 []string
	Unlisted                     bool // the application is not of this tenant: only its service principal is
}

// A Lock is the app instance property lock.
type Lock struct{ Enabled, All, Credentials bool }

// A Password is a client secret without its value.
type Password struct {
	ID, Name, Hint string // Hint is not kept in records: three characters of the secret
	Start, End     time.Time
	LastUsed       time.Time
	Used           inventory.Tri // TriFalse: the report tells that it was not used in its time
	UsedBy, UsedAt string        // resource
}

// A Certificate is a key credential without its bytes.
type Certificate struct {
	ID, Name, Type, Usage string // AsymmetricX509Cert, X509CertAndPassword, Symmetric; Verify, Sign, Encrypt
	Thumbprint            string // SHA-1 of the certificate, hex; from customKeyIdentifier; empty is unknown
	Start, End            time.Time
	LastUsed              time.Time
	Used                  inventory.Tri
}

// A Federated is a federated identity credential.
type Federated struct {
	ID, Name, Issuer, Subject, Description string
	Expression                             string // claimsMatchingExpression, instead of Subject
	Audiences                              []string
	ARM                                    string // its ARM id, of a managed identity's
}

// A Required is what an application asks to be granted.
type Required struct {
	Resource string   // app id
	Roles    []string // ids of app roles
	Scopes   []string // ids of delegated permissions
}

// An AppRole is a permission that an application defines for others.
type AppRole struct {
	ID, Value, Name string
	Enabled         bool
	Scope           bool // a delegated permission (oauth2PermissionScopes), not for applications
}

// A ServicePrincipal is an app's identity in the tenant.
type ServicePrincipal struct {
	ID, AppID, Name, Description string
	Type                         string // Application, ManagedIdentity, Legacy, SocialIdp, ServiceIdentity
	Enabled                      inventory.Tri
	CreatedAt                    time.Time // of beta or the application; zero is unknown
	HomeTenant                   string    // appOwnerOrganizationId; empty is unknown
	AlternativeNames             []string  // ARM ids of a managed identity
	Names                        []string  // servicePrincipalNames
	Notify                       []string  // notificationEmailAddresses
	Notes                        string
	Tags                         []string
	VerifiedPublisher            string
	PublisherKnown               bool // empty is none; otherwise it is unknown
	DisabledByMicrosoft          string
	AssignmentRequired           inventory.Tri
	Passwords                    []Password
	Keys                         []Certificate
	Federated                    []Federated
	Owners                       []string
	OwnersKnown                  bool
	Sponsors                     []string
	Agent                        bool   // agentIdentity
	BlueprintPrincipal           bool   // agentIdentityBlueprintPrincipal
	Blueprint                    string // app id of its blueprint
	CreatedBy                    string // app id that made it
	Roles                        []AppRole
	RolesKnown                   bool
}

// A User is known as far as an owner, sponsor or grantee is needed.
type User struct {
	ID, Name, UPN, Mail string
	Enabled             inventory.Tri
	Guest               bool
	Synced              inventory.Tri // from an on-premises directory
	Department, Manager string
}

// A Group is known as far as it holds a role or owns something.
type Group struct {
	ID, Name       string
	RoleAssignable inventory.Tri
	Dynamic        string   // membership rule
	Members        []string // ids of service principals, users and groups, direct ones
	Owners         []string
	Known          bool // Members were read, users perhaps left out
	// Users says whether there are users in it that are not among Members.
	Users  inventory.Tri
	Synced inventory.Tri // kept from a directory on premises, where alone its members change
}

// A DirectoryRole is the definition of an Entra role.
type DirectoryRole struct {
	ID, Template, Name string
	BuiltIn            bool
	Privileged         inventory.Tri
	Actions            []string // microsoft.directory/…
	Known              bool
}

// A DirectoryRoleAssignment gives a principal an Entra role.
type DirectoryRoleAssignment struct {
	ID, Role, Principal string
	Scope               string // "/" is the tenant; /administrativeUnits/ID; /ID of an object
	Eligible            bool   // by PIM: it can be taken, it is not held
	Start, End          time.Time
	Via                 string // group, by expansion; empty is direct
}

// An AppRoleAssignment grants a principal an application permission.
type AppRoleAssignment struct {
	ID, Principal, PrincipalType, Resource string // Resource is the id of a service principal
	Role                                   string // id of an AppRole of it; zeros are the default access
	CreatedAt                              time.Time
}

// A DelegatedGrant lets a client act for users.
type DelegatedGrant struct {
	ID, Client, Resource, Consent string // Consent is AllPrincipals or Principal
	Principal                     string
	Scopes                        []string
}

// A Unit is an administrative unit.
type Unit struct {
	ID, Name   string
	Restricted inventory.Tri
	Members    []string
	Known      bool
}

// A ManagementPolicy says what credentials applications may have.
type ManagementPolicy struct {
	ID, Name     string
	Enabled      bool
	Default      bool
	Restrictions []Restriction
}

// A Restriction of a management policy.
type Restriction struct {
	For      string // application, service principal
	Type     string // passwordAddition, passwordLifetime, symmetricKeyLifetime, asymmetricKeyLifetime, trustedCertificateAuthority …
	State    string
	Lifetime time.Duration // zero is none
	From     time.Time
}

// A ConsentPolicy says whether users may let applications in.
type ConsentPolicy struct {
	UserConsent  []string // permission grant policies assigned to users
	AppCreation  inventory.Tri
	GuestsInvite string
}

// A SignIn is when a principal last signed in (beta report).
type SignIn struct {
	AppID, Principal                     string
	Last, AsClient, AsResource, Delegate time.Time
}

// A Creator is who made an object, from the directory audit log.
type Creator struct {
	Object, By, ByName, Activity string
	At                           time.Time
}

// A Risk is what Identity Protection says of a principal.
type Risk struct {
	Principal, Level, State, Detail string
	At                              time.Time
}

// A Subscription of Azure and what is in it.
type Subscription struct {
	ID, Name, State string
	Parents         []string // management groups, nearest first
	Tags            []Tag
	Contacts        []string

	Identities []ManagedIdentity
	Consumers  []Consumer
	Vaults     []Vault
	Stores     []Store
	Switches   []LocalAuth
	Clusters   []Cluster

	Listings []Listing
	Notes    []string
}

// A Tag is a key and value that people put on a resource.
type Tag = cloud.Tag

// A ManagementGroup holds subscriptions.
type ManagementGroup struct{ ID, Name, Parent string }

// A ManagedIdentity is a user-assigned one, or a system-assigned one of its
// resource.
type ManagedIdentity struct {
	ID, Name, Location string // ARM id: of the identity, or of the resource that has it
	Principal, Client  string // object id and app id
	System             bool
	CreatedAt          time.Time
	Tags               []Tag
	Federated          []Federated
	FederatedKnown     bool
	Resources          []string // ARM ids of what uses it
}

// A Consumer is an Azure resource that runs as managed identities.
type Consumer struct {
	ID, Name, Type, Location string // Type as ARM spells it, in lower case: microsoft.compute/virtualmachines
	Kind                     string
	System                   string   // principal id of the system-assigned identity; empty is none
	User                     []string // ARM ids of user-assigned identities
	Public                   inventory.Tri
	Tags                     []Tag
}

// A Vault of Key Vault and, as far as they could be listed, its objects.
type Vault struct {
	ID, Name, Location, URI string
	RBAC                    inventory.Tri
	Access                  []AccessPolicy // of a vault without RBAC
	SoftDelete, Purge       inventory.Tri
	Public                  inventory.Tri // reachable from any network
	Tags                    []Tag
	CreatedAt               time.Time
	Objects                 []VaultObject
}

// An AccessPolicy of a vault.
type AccessPolicy struct {
	Tenant, Object, Application          string
	Secrets, Keys, Certificates, Storage []string // permissions
}

// A VaultObject is a secret, key or certificate, without its value.
type VaultObject struct {
	ID, Name, Kind                          string // Kind: secret, key, certificate; ID is its URL without the version
	Enabled                                 inventory.Tri
	CreatedAt, UpdatedAt, NotBefore, Expiry time.Time
	ContentType                             string
	Managed                                 inventory.Tri // by a certificate or the storage feature
	KeyType                                 string
	Thumbprint                              string // of a certificate
	Rotation                                inventory.Tri
	RotationPeriod                          time.Duration
	Tags                                    []Tag
}

// A Store is a storage account.
type Store struct {
	ID, Name, Location, Kind string
	CreatedAt                time.Time
	Key1, Key2               time.Time // when the keys were made; zero is unknown
	KeyDays                  int       // key expiration policy; zero is none
	SharedKey                inventory.Tri
	SASPeriod                string
	LocalUsers, Blob, Public inventory.Tri // local users on; anonymous blobs allowed; any network
	OAuthDefault             inventory.Tri
	Tags                     []Tag
}

// A LocalAuth is a resource that has keys of its own beside Entra: Cosmos DB,
// Service Bus, Event Hubs, Cognitive Services, App Configuration, Search and others.
type LocalAuth struct {
	ID, Name, Type, Location string
	Disabled                 inventory.Tri // keys are switched off
	CreatedAt                time.Time
	Public                   inventory.Tri
	Tags                     []Tag
	Keys                     []KeyDate
}

// A KeyDate is when a key of a resource was made, where it says.
type KeyDate struct {
	Name string
	At   time.Time
}

// A Cluster of AKS, for the join with Kubernetes identities of the same run.
type Cluster struct {
	ID, Name, Location, Issuer string
	WorkloadIdentity           inventory.Tri
	LocalAccounts              inventory.Tri
	Kubelet, Control           string // principal ids
	Tags                       []Tag
}

// A RoleDefinition of Azure RBAC.
type RoleDefinition struct {
	ID, Name, Description string // ID is the GUID, in lower case
	Custom                bool
	Scopes                []string // assignable
	Permissions           []Permission
	CreatedAt, UpdatedAt  time.Time
	CreatedBy             string
	Known                 bool
}

// A Permission of a role definition.
type Permission struct {
	Actions, NotActions, DataActions, NotDataActions []string
	Condition                                        string // of built-in roles that hand out others
}

// A RoleAssignment gives a principal an Azure role at a scope.
type RoleAssignment struct {
	ID, Role, Principal, PrincipalType, Scope string // Role is the GUID of the definition
	Condition                                 string
	CreatedAt, UpdatedAt                      time.Time
	CreatedBy                                 string
	Delegated                                 string // delegatedManagedIdentityResourceId
	Eligible                                  bool
	Classic                                   bool // a classic administrator; Principal may be an e-mail address
	Start, End                                time.Time
}

// A DenyAssignment of Azure RBAC.
type DenyAssignment struct {
	ID, Name, Scope     string
	Principals, Exclude []string // GUID of zeros is everyone
	Permissions         []Permission
	NotChildren         bool
	Condition           string
	System              bool
}

// A Listing says how a call fared, so that nothing unseen passes as seen.
type Listing struct {
	Call   string // graph: GET /applications; arm: Microsoft.Storage/storageAccounts/read; vault: secrets/getMetadata/action
	Where  string // what was asked for, if not the tenant or subscription as a whole: a vault
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

// Fold returns an ARM id as it is compared: in lower case, without a slash at the
// end.
func Fold(id string) string { return strings.TrimSuffix(strings.ToLower(id), "/") }
