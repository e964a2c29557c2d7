package paths

import (
	"strings"

	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/internal/privilege/chain"
)

// Limits of what a Result lists. Truncated says where more was left off.
const (
	MaxPaths   = chain.MaxPaths   // of one principal
	MaxHops    = chain.MaxHops    // of one path
	MaxReasons = chain.MaxReasons // of one result
	MaxBecome  = 50               // of one principal
)

// Tenant stands for the tenant as a whole in a Path: who gets there is Global
// Administrator.
const Tenant = "tenant"

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
	// Tenant says whether it is, or can become, Global Administrator.
	Tenant inventory.Tri
	// Tier0 are rights in the tenant that are known to lead to its control, whether
	// or not this tenant has what they need, by name, sorted.
	Tier0 []string
	Paths []Path // certain ones first, then the shortest
	// Unknown says what could not be told and why, sorted; empty if all could.
	Unknown []string
	// Truncated is true if there are more paths than are listed, or chains longer
	// than MaxHops were not followed.
	Truncated bool
}

// A Reason is a statement that one can point at.
type Reason = chain.Reason[Evidence]

// Evidence is what gives a right.
type Evidence struct {
	Permission string // role, application permission, "owner of NAME", "member of NAME"
	Scope      string // ARM id, "tenant", or the object; may be empty
	ID         string // of the assignment; may be empty
	Note       string // on what it depends, if it is not certain
}

// String returns the evidence in one line.
func (e *Evidence) String() string {
	var b strings.Builder
	b.WriteString(e.Permission)
	if e.Scope != "" {
		b.WriteString(" on " + e.Scope)
	}
	if e.Note != "" {
		b.WriteString(" (" + e.Note + ")")
	}
	return b.String()
}

// A Path is a chain of steps to somebody who may do more.
type Path struct {
	ID      string // of the first hop
	Hops    []Hop  // at least one
	Leads   string // Tenant, or the ARM id of the scope of which everything is reached
	Level   inventory.Level
	Certain bool
	// Anybody is true if the first step is open to every principal alike, perhaps,
	// because something was not read.
	Anybody bool
}

// A Hop is one step. From and To are object ids, Tenant, or the ARM id of a scope that
// becomes its own; Via is the ARM id of the resource that is used.
type Hop = chain.Hop[Evidence]

// String returns the path in one line: "ci -[AZAddSecret]-> deploy", by ids.
func (p *Path) String() string { return chain.Line(p.Hops, func(id string) string { return id }) }

// A Becoming is somebody who may become a principal.
type Becoming struct {
	By       string // object id
	ID       string // of the way
	Via      string // ARM id of the resource that is used; may be empty
	Text     string // a clause
	Evidence []Evidence
	Certain  bool
	Notes    []string
}

// A Right is what a single assignment allows within its scope, whoever has it.
type Right struct {
	Level, Possible inventory.Level // Level is unknown if Possible is more than is certain
	Certain         inventory.Level // the least that it is; the same as Level if that is known
	Reasons         []string        // strongest first
	Capabilities    []string        // sorted
	Tier0           bool
}
