// Package condition reads and decides the conditions of Azure role assignments,
// role definitions and deny assignments: the language of Azure attribute-based
// access control, version 2.0 (learn.microsoft.com, "Azure role assignment
// condition format and syntax").
//
// It is pure: no I/O, no clock. What depends on an attribute that the request
// does not give is neither true nor false.
package condition

import (
	"fmt"
	"strings"

	"github.com/muster-nhi/muster/internal/inventory"
)

// Limits of what is parsed. Azure takes 8 KB; a longer condition is not one of
// its own.
const (
	MaxLength = 32 << 10 // bytes
	MaxDepth  = 100      // parentheses and negations inside each other
)

// A Condition is a parsed condition. It may be asked from many goroutines.
type Condition struct {
	text string
	root node
}

// A Request is what a condition is asked about.
type Request struct {
	Action string // "Microsoft.Authorization/roleAssignments/write", in any case
	// Sub is the suboperation ("Blob.List"). Empty is the action itself, without any.
	Sub string
	// Attributes are those that are known, by Key. One without values does not
	// exist. Others are unknown.
	Attributes map[string][]string
}

// Key is the name of an attribute in a Request: its source, "request" or
// "resource", and its name as Azure writes it, in any case.
func Key(source, name string) string {
	return strings.ToLower(source) + ":" + strings.ToLower(name)
}

// Attributes of role assignments (learn.microsoft.com, "Authorization actions and
// attributes").
const (
	RoleDefinition = "Microsoft.Authorization/roleAssignments:RoleDefinitionId"
	PrincipalID    = "Microsoft.Authorization/roleAssignments:PrincipalId"
	PrincipalType  = "Microsoft.Authorization/roleAssignments:PrincipalType" // User, Group, ServicePrincipal
)

// A ParseError says where a condition is not one.
type ParseError struct {
	At   int // byte, from 0
	Want string
}

// Error implements error. It holds no text of the condition.
func (e *ParseError) Error() string {
	return fmt.Sprintf("condition of a role, at byte %d: want %s", e.At, e.Want)
}

// Parse reads a condition. Errors are *ParseError.
func Parse(text string) (*Condition, error) {
	if len(text) > MaxLength {
		return nil, &ParseError{MaxLength, "an end"}
	}
	p := &parser{text: text}
	root, err := p.or(0)
	if err != nil {
		return nil, err
	}
	if p.space(); p.at < len(p.text) {
		return nil, p.want("AND, OR or an end")
	}
	return &Condition{text, root}, nil
}

// String is the condition as it was written.
func (c *Condition) String() string { return c.text }

// Evaluate says whether a request meets the condition.
func (c *Condition) Evaluate(r *Request) inventory.Tri { return c.root.evaluate(r) }

// A node is a part of a condition.
type node interface {
	evaluate(r *Request) inventory.Tri
}
