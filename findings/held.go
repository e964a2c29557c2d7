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

// ofGrant makes a function of CEL from one of a grant.
func ofGrant(name string, f func(*inventory.Grant) bool) cel.EnvOption {
	return cel.Function(name, cel.Overload(name+"_grant", []*cel.Type{cel.ObjectType("muster.Grant")}, cel.BoolType,
		cel.UnaryBinding(func(v ref.Val) ref.Val {
			if o, ok := v.(*object); ok {
				if g, ok := o.pointer.(*inventory.Grant); ok {
					return types.Bool(f(g))
				}
			}
			return types.MaybeNoSuchOverloadErr(v)
		})))
}
