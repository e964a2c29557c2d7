// Package paths says what the principals of a Microsoft Entra tenant can really
// do, in the tenant and in its Azure subscriptions: their level, the known ways of
// escalation that are open to them, chains of several hops to a Global
// Administrator or to the owner of a subscription, and who may become a principal.
// It is pure: no I/O, no clock.
//
// Roles of Azure are decided by package arm (actions less notActions, the union of
// all assignments, deny assignments, conditions), rights in the tenant by package
// entra. What depends on something that was not read, or on a condition whose
// attributes cannot be known, is neither true nor false: it is told as possible.
//
// Ways have the names of BloodHound's edges where it has one (AZAddSecret,
// AZMGGrantRole …); the others have ids of muster's own ("muster-az001"). A way
// counts only if it leads to somebody who may do more.
//
// Levels are those of package privilege: admin is Global Administrator, or
// everything in a subscription or wider; escalate is a certain way to that; write
// and read are by the actions; a level is unknown where something unknown could
// make it more. Capabilities are as in the comment of package privilege, and
// further keys.admin and keys.use as in the package of the same name for AWS.
//
// Analyze takes time in proportion to the number of objects, assignments and
// memberships, and memory of a few hundred bytes for each of them. Groups inside
// each other in a circle do no harm.
package paths

import (
	"time"

	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/internal/privilege/azure/arm"
)

// An Estate is one tenant. Nothing in it is changed. Ids of Entra objects are
// GUIDs in lower case; ARM ids are in any case.
type Estate struct {
	Tenant string
	AsOf   time.Time // for assignments with a time; zero leaves them unknown

	Principals []Principal
	Groups     []Group
	Units      []Unit
	Directory  []DirectoryAssignment
	AppRoles   []AppRole
	Delegated  []Delegated

	Subscriptions []Subscription
	Management    []ManagementGroup
	Roles         []arm.Role
	Assignments   []Assignment
	Denies        []Deny
	Resources     []Resource
	Vaults        []Vault

	// Unread says what was not read, in words, by one of the Part constants. Where a
	// part is not in it, the estate has all of it.
	Unread map[Part]string
}

// A Part of an estate that may not have been read.
type Part string

// The parts.
const (
	PartPrincipals    Part = "principals"    // applications and service principals
	PartOwners        Part = "owners"        // of some applications or principals: see Principal.OwnersKnown
	PartDirectory     Part = "directory"     // directory roles
	PartAppRoles      Part = "app_roles"     // application permissions that were granted
	PartGroups        Part = "groups"        // groups and their members
	PartSubscriptions Part = "subscriptions" // which subscriptions there are
	PartManagement    Part = "management"    // management groups: which subscription is in which
	PartAssignments   Part = "assignments"   // roles of Azure that were assigned
	PartDenies        Part = "denies"        // deny assignments
)

// Kinds of Principal.
const (
	KindApplication = "application" // a service principal of an application
	KindManaged     = "managed_identity"
	KindAgent       = "agent_identity"
	KindUser        = "user"
)

// A Principal is a service principal, or a user. An application that is
// registered in the tenant is one with its service principal.
type Principal struct {
	ID    string // object id of the service principal or user
	AppID string // of an application
	// Application is the object id of the registration, if it is in this tenant.
	Application string
	Name        string
	Kind        string
	Enabled     inventory.Tri
	// Locked is true if credentials of the service principal cannot be changed
	// (app instance property lock). The registration's can.
	Locked inventory.Tri
	// Microsoft is true for Microsoft's own, to which nobody may add credentials.
	Microsoft bool
	// Owners are object ids of those who own the service principal or the
	// registration.
	Owners []string
	// InstanceOwners are those of them who own the service principal alone, whose
	// credentials may be locked.
	InstanceOwners []string
	OwnersKnown    bool
	// Signers are object ids of those whose tokens it trusts: managed identities that
	// a federated credential names.
	Signers []string
	// Blueprint is the app id of the blueprint of an agent identity: who holds
	// credentials of the blueprint acts as the agent.
	Blueprint string
	// BlueprintSelf is true for a blueprint's own service principal.
	BlueprintSelf bool
	// Identity is the ARM id of a managed identity: of the identity, or of the
	// resource that has it.
	Identity string
}

// A Group of users, service principals and groups.
type Group struct {
	ID, Name       string
	RoleAssignable inventory.Tri
	Office         inventory.Tri // a Microsoft 365 group
	Dynamic        bool          // its members are those that a rule names
	Synced         inventory.Tri // kept from a directory on premises
	Members        []string      // direct ones
	Known          bool          // all direct members are in Members, users perhaps left out
	// Users says whether there are users in it that are not in Members.
	Users  inventory.Tri
	Owners []string
}

// A Unit is an administrative unit.
type Unit struct {
	ID         string
	Restricted inventory.Tri // only those with a role on the unit change its members
	Members    []string
	Known      bool
}

// A DirectoryAssignment gives a principal a directory role.
type DirectoryAssignment struct {
	ID, Principal string
	Template      string // of a built-in role; of a custom one its id
	Name          string
	BuiltIn       bool
	Actions       []string // of a custom role
	Known         bool     // Actions were read
	// Scope is "/" for the tenant, "/administrativeUnits/ID", or "/ID" of one object,
	// which is a principal, its registration or a group.
	Scope      string
	Eligible   bool // it can be taken up by Privileged Identity Management, it is not held
	Start, End time.Time
}

// An AppRole is an application permission that was granted.
type AppRole struct {
	Principal string
	Resource  string // app id of the resource: entra.Graph
	ID, Name  string // of the permission; one may be empty
}

// A Delegated permission lets a client act for users.
type Delegated struct {
	Client   string // object id
	Resource string // app id
	Scopes   []string
	Everyone bool // for every user; otherwise for one
}

// A Subscription of Azure.
type Subscription struct {
	ID         string // GUID
	Name       string
	Management string // id or name of its management group; empty is the tenant's root group, or unknown if PartManagement was not read
	// Unread are the types of resources of which there may be more than Resources
	// has, in lower case; "*" is all.
	Unread []string
}

// A ManagementGroup holds subscriptions and management groups.
type ManagementGroup struct {
	ID, Name string // ID is the last part of the ARM id
	Parent   string // ID of another; empty is the tenant itself
}

// An Assignment gives a principal a role of Azure.
type Assignment struct {
	ID, Principal string
	Type          string // User, Group, ServicePrincipal; empty is unknown
	Role          string // GUID of the definition
	Scope         string // ARM id; "/" is the tenant's root
	Condition     string
	Eligible      bool // it can be taken up by Privileged Identity Management
	Classic       bool // a classic administrator: of the subscription, as its owner
	Start, End    time.Time
}

// A Deny takes actions away.
type Deny struct {
	ID, Name, Scope     string
	Principals, Exclude []string // a GUID of zeros is everyone
	Permissions         []arm.Permission
	NotChildren         bool
	Condition           string
}

// A Resource of Azure that runs as managed identities, or is one. Types are as
// ARM has them, in lower case: microsoft.compute/virtualmachines,
// microsoft.managedidentity/userassignedidentities.
type Resource struct {
	ID, Name, Type string
	Kind           string // of a web site: functionapp …
	// Identities are the object ids of those that code on the resource can act as: of
	// a cluster of AKS that of its kubelet.
	Identities []string
}

// A Vault of Key Vault.
type Vault struct {
	ID     string
	RBAC   inventory.Tri
	Access []Access // where RBAC is off
	// Certificates are object ids of those who sign in with a certificate that it holds.
	Certificates []string
}

// An Access is an access policy of a vault: what an object may do with secrets,
// keys and certificates.
type Access struct {
	Object                      string
	Secrets, Keys, Certificates []string // permissions: get, list, set … or all
}
