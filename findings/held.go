package findings

import (
	"slices"
	"strings"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"

	"github.com/muster-nhi/muster/internal/inventory"
)

// own tells whether a grant was given by the organisation to the identity itself:
// not by the platform, and not to a group that it is in. A group is a principal
// of its own, so that one binding is told once.
func own(g *inventory.Grant) bool {
	_, group := g.Attributes["group"]
	return g.ManagedBy == "" && !group
}

// takesOver tells whether a grant carries a capability from which all others
// follow, or leads to everything by a star for all resources of all groups, which
// is one cause however many capabilities it has. Rules on single capabilities
// leave such grants to the rule on takeover.
func takesOver(g *inventory.Grant) bool {
	if g.Level == inventory.LevelAdmin || g.Level == inventory.LevelEscalate {
		stars := strings.Split(g.Attributes["wildcard"], ",")
		if slices.Contains(stars, "groups") && slices.Contains(stars, "resources") {
			return true
		}
	}
	return slices.ContainsFunc(g.Capabilities, func(c string) bool {
		switch c {
		case "admin.all", "rbac.bind", "rbac.escalate", "identity.impersonate", "tokens.create":
			return true
		default:
			return false
		}
	})
}

// perhaps tells whether a grant gives a capability as well, if what cannot be known
// turns out so.
func perhaps(g *inventory.Grant, capability string) bool {
	return slices.Contains(strings.Split(g.Attributes["possible_capabilities"], ","), capability)
}

// ofGrant makes a function of CEL from one of a grant.
func ofGrant(name string, f func(*inventory.Grant) bool) cel.EnvOption {
	return cel.Function(name, cel.Overload(name+"_grant", []*cel.Type{cel.ObjectType("muster.Grant")}, cel.BoolType,
		cel.UnaryBinding(func(v ref.Val) ref.Val {
			if g, ok := grantIn(v); ok {
				return types.Bool(f(g))
			}
			return types.MaybeNoSuchOverloadErr(v)
		})))
}

// ofGrantAnd makes a function of CEL from one of a grant and a text.
func ofGrantAnd(name string, f func(*inventory.Grant, string) bool) cel.EnvOption {
	return cel.Function(name, cel.Overload(name+"_grant_string", []*cel.Type{cel.ObjectType("muster.Grant"), cel.StringType}, cel.BoolType,
		cel.BinaryBinding(func(v, text ref.Val) ref.Val {
			g, ok := grantIn(v)
			if s, isText := text.(types.String); ok && isText {
				return types.Bool(f(g, string(s)))
			}
			return types.MaybeNoSuchOverloadErr(v)
		})))
}

// grantIn is the grant that a value of CEL holds.
func grantIn(v ref.Val) (*inventory.Grant, bool) {
	o, ok := v.(*object)
	if !ok {
		return nil, false
	}
	g, ok := o.pointer.(*inventory.Grant)
	return g, ok
}
