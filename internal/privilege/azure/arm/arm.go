// Package arm says what roles of Azure RBAC allow: which of the actions that
// matter, and how much altogether. It is pure: no I/O, no clock.
//
// Role permissions add up: an assignment gives actions less notActions, and
// dataActions less notDataActions, of each block of its role; several
// assignments give the union; deny assignments take away (learn.microsoft.com,
// "Understand Azure role definitions", "Understand Azure deny assignments").
// Names of actions are compared without regard to case; * stands for any text,
// slashes too.
//
// Only actions of the list in this package are told apart; everything else
// counts for the level alone.
package arm

import (
	"strings"

	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/internal/privilege/azure/condition"
)

// A Permission is a block of a role definition or of a deny assignment.
type Permission struct {
	Actions, NotActions, DataActions, NotDataActions []string
	Condition                                        string // that Microsoft puts into some built-in roles; empty is none
}

// A Role is a role definition.
type Role struct {
	ID     string // GUID in lower case
	Name   string
	Custom bool
	// Permissions are nil if they were not read: then those of the built-in roles
	// that this package lists stand in, and of another role all is unknown.
	Permissions []Permission
	Known       bool // the permissions were read
}

// Well-known built-in roles (learn.microsoft.com, "Azure built-in roles").
// RoleGiver is User Access Administrator.
const (
	Owner       = "8e3af657-a8ff-443c-a75c-2fe8c4bcb635"
	Contributor = "b24988ac-6180-42a0-ab88-20f7382dd24c"
	Reader      = "acdd72a7-3385-48ef-bd42-f606fba81ae7"
	RoleGiver   = "18d7d88d-d35e-4fb5-a5c3-7773c20a72d9"
	RBACAdmin   = "f58310d9-a9f6-439a-9e8d-f62e7b41a168"
)

// A pattern is the name of actions, ready to be compared.
type pattern struct {
	parts []string // between the wildcards, in lower case
}

func compile(text string) pattern {
	return pattern{strings.Split(strings.ToLower(strings.TrimSpace(text)), "*")}
}

func compileAll(texts []string) []pattern {
	out := make([]pattern, len(texts))
	for i, t := range texts {
		out[i] = compile(t)
	}
	return out
}

// match reports whether an action in lower case fits.
func (p *pattern) match(action string) bool {
	last := len(p.parts) - 1
	if last == 0 {
		return action == p.parts[0]
	}
	rest, ok := strings.CutPrefix(action, p.parts[0])
	if !ok {
		return false
	}
	for _, part := range p.parts[1:last] {
		at := strings.Index(rest, part)
		if at < 0 {
			return false
		}
		rest = rest[at+len(part):]
	}
	return strings.HasSuffix(rest, p.parts[last])
}

func anyMatch(list []pattern, action string) bool {
	for i := range list {
		if list[i].match(action) {
			return true
		}
	}
	return false
}

// Allows says whether a role, or what a deny assignment lists, has an action;
// data says whether it is one of the data plane. It is the plain rule, without
// conditions.
func Allows(permissions []Permission, action string, data bool) bool {
	action = strings.ToLower(action)
	for i := range permissions {
		p := &permissions[i]
		yes, no := p.Actions, p.NotActions
		if data {
			yes, no = p.DataActions, p.NotDataActions
		}
		if anyMatch(compileAll(yes), action) && !anyMatch(compileAll(no), action) {
			return true
		}
	}
	return false
}

// An Asker is who has an assignment, for conditions that name principals.
type Asker struct {
	ID   string // object id
	Type string // User, Group or ServicePrincipal; empty is unknown
}

// Rights are what a role allows under a condition.
type Rights struct {
	Certain, Possible Bits // of the list of actions; Certain is part of Possible
	// Level is what is certain, MaxLevel the most that it may be: admin for every
	// action on everything, escalate for giving roles without limit, else write, read
	// or none.
	Level, MaxLevel inventory.Level
	// Limited is true if conditions say which roles the holder may give. Grant is
	// then in Certain only if one of them gives everything; for others ask Gives.
	Limited bool
	Unread  bool     // what the role allows was not read
	Notes   []string // on what it depends
}

// Full reports whether every action of the control plane is allowed.
func (r *Rights) Full() bool { return r.Level == inventory.LevelAdmin }

// limit is a parsed condition, or one that could not be parsed.
type limit struct {
	parsed *condition.Condition
	broken bool
}

func limitOf(text string) limit {
	if strings.TrimSpace(text) == "" {
		return limit{}
	}
	c, err := condition.Parse(text)
	return limit{c, err != nil}
}

// limits reports whether there is a condition.
func (l *limit) limits() bool { return l.broken || l.parsed != nil }

// allows asks whether a condition lets an action pass.
func (l *limit) allows(r *condition.Request) inventory.Tri {
	switch {
	case l.broken:
		return inventory.Unknown
	case l.parsed == nil:
		return inventory.True
	default:
		return l.parsed.Evaluate(r)
	}
}
