// Package entra says what rights in a Microsoft Entra tenant allow: application
// permissions of Microsoft Graph, directory roles, built-in ones and custom ones,
// and delegated permissions. It is pure: no I/O, no clock.
//
// What makes a right dangerous is in the tables: the ways by which it leads to
// more. Facts are from Microsoft's lists (learn.microsoft.com, "Microsoft Graph
// permissions reference", "Microsoft Entra built-in roles", "Privileged roles and
// permissions") and from published research on who can take over a tenant
// (BloodHound's AZ edges; "azure-tiering" by Emilien Socchi).
package entra

import (
	"slices"
	"strings"

	"github.com/muster-nhi/muster/internal/inventory"
)

// A Power is a way in which a right leads to more.
type Power uint8

// The powers. What they reach is decided with the objects of the tenant.
const (
	// Raise: its holder can make itself Global Administrator, whatever the tenant has.
	Raise Power = iota
	// RaiseMaybe is Raise where something muster does not see is so; Entry.If says what.
	RaiseMaybe
	// Apps: adds credentials to any application or service principal.
	Apps
	// Registrations: adds credentials to any application that is registered in the
	// tenant, but not to service principals.
	Registrations
	// OwnApps: adds credentials to those that it owns.
	OwnApps
	// Groups: changes members and owners of groups to which no directory role can be
	// assigned.
	Groups
	// OfficeGroups: does so for Microsoft 365 groups.
	OfficeGroups
	// RoleGroups: changes members of groups that hold directory roles too.
	RoleGroups
	// Users: takes over users who hold no directory role.
	Users
	// UsersMaybe is Users where no second factor is asked for.
	UsersMaybe
	// AllUsers: takes over any user.
	AllUsers
	// AllUsersMaybe is AllUsers where something is so that muster does not see.
	AllUsersMaybe
	// Agents: adds credentials to blueprints of agent identities.
	Agents
)

// An Entry is what a right allows.
type Entry struct {
	ID   string // GUID of the permission or template of the role
	Edge string // the name that BloodHound has for the way, or one of muster's
	Name string
	// Level is what the right is by itself: admin, escalate if it can lead to Global
	// Administrator, write, read, none, or unknown.
	Level        inventory.Level
	Tier0        bool // it can lead to control of the tenant
	Powers       []Power
	Capabilities []string
	Why          string // the escalation, a clause: "gives itself any directory role"
	If           string // what has to be so, where it is not certain
}

// Has reports whether an entry has a power.
func (e *Entry) Has(p Power) bool { return slices.Contains(e.Powers, p) }

// App ids of Microsoft's own resources.
const (
	Graph      = "00000003-0000-0000-c000-000000000000"
	AADGraph   = "00000002-0000-0000-c000-000000000000" // Azure AD Graph, retired in 2025
	Exchange   = "00000002-0000-0ff1-ce00-000000000000"
	SharePoint = "00000003-0000-0ff1-ce00-000000000000"
)

// Tables are the tables, made ready. They may be asked from many goroutines.
type Tables struct {
	permissions map[string]*Entry // by id and by name in lower case
	roles       map[string]*Entry // by template and by name in lower case
	actions     map[string]*Entry
}

// New returns the tables.
func New() *Tables {
	t := &Tables{permissions: map[string]*Entry{}, roles: map[string]*Entry{}, actions: map[string]*Entry{}}
	put := func(in map[string]*Entry, list []Entry) {
		for i := range list {
			e := &list[i]
			in[strings.ToLower(e.Name)] = e
			if e.ID != "" {
				in[e.ID] = e
			}
		}
	}
	put(t.permissions, permissions())
	put(t.permissions, contents())
	put(t.roles, roles())
	put(t.roles, lesserRoles())
	put(t.actions, actions())
	return t
}

// Permission says what an application permission allows, by the app id of the
// resource that it is of, its id and its name; one of the last two may be empty.
func (t *Tables) Permission(resource, id, name string) Entry {
	e := Entry{ID: id, Name: name, Level: inventory.LevelUnknown}
	switch resource {
	case Graph, AADGraph, Exchange, SharePoint, "":
	default: // an API of somebody else: what its permissions mean, it says alone
		return e
	}
	if known := t.permissions[strings.ToLower(name)]; name != "" && known != nil {
		return *known
	}
	if known := t.permissions[strings.ToLower(id)]; id != "" && known != nil {
		return *known
	}
	e.Level = byName(name)
	return e
}

// Delegated says what a delegated permission allows for a user who may do it
// too. The names are those of application permissions and a few more.
func (t *Tables) Delegated(resource, name string) Entry {
	switch {
	case strings.EqualFold(name, "Directory.AccessAsUser.All"):
		return Entry{
			Name: name, Level: inventory.LevelEscalate, Tier0: true, Why: "does in the directory whatever the user may do", If: "the user may do more",
			Capabilities: []string{"identity.impersonate"},
		}
	case strings.EqualFold(name, "user_impersonation"):
		return Entry{
			Name: name, Level: inventory.LevelWrite, Why: "does in the service whatever the user may do", If: "the user may do more",
			Capabilities: []string{"identity.impersonate"},
		}
	}
	return t.Permission(resource, "", name)
}

// byName is the level of a permission of Graph by the parts of its name
// ("User.Read.All", "Mail.Send").
func byName(name string) inventory.Level {
	level := inventory.LevelUnknown
	for _, part := range strings.FieldsFunc(name, func(r rune) bool { return r == '.' || r == '-' || r == '_' }) {
		switch lower := strings.ToLower(part); {
		case lower == "selected":
			return inventory.LevelUnknown // on what somebody picked
		case strings.HasPrefix(lower, "read") && strings.Contains(lower, "write"), slices.Contains(writing(), lower):
			return inventory.LevelWrite
		case strings.HasPrefix(lower, "read"), lower == "openid", lower == "profile", lower == "email":
			level = inventory.LevelRead
		case lower == "offline":
			level = inventory.LevelNone
		}
	}
	return level
}

// writing lists the verbs of permissions that change something.
func writing() []string {
	return []string{
		"write", "manage", "create", "send", "remove", "update", "upload", "fullcontrol", "invite", "migrate", "readupdate", "privilegedoperations",
		"importexport", "manageasapp", "archive", "upload", "delete", "revoke", "addremovecreds", "enabledisable",
	}
}
