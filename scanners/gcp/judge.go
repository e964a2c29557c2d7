package gcp

import (
	"cmp"

	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/internal/privilege"
	"github.com/muster-nhi/muster/scanners/gcp/object"
)

// A judge says what principals can really do and who may become them.
type judge struct {
	roles map[string]*object.Role
}

func newJudge(e *estate) *judge {
	j := &judge{roles: make(map[string]*object.Role, len(e.all.Roles))}
	for i := range e.all.Roles {
		j.roles[e.all.Roles[i].Name] = &e.all.Roles[i]
	}
	return j
}

// fill puts into a grant what its role allows there.
func (j *judge) fill(g *inventory.Grant, _ *object.Policy, b *object.Binding, _ *member) {
	a := privilege.GCPRole(b.Role)
	g.Level, g.Capabilities = cmp.Or(a.Level, inventory.LevelUnknown), a.Capabilities
	for _, r := range a.Reasons {
		g.Reasons = append(g.Reasons, inventory.Clip(r, maxText))
	}
}

// effective returns what all the roles of a principal allow together; nil if that is
// no more than one of them does.
func (j *judge) effective(string) *inventory.Grant { return nil }

// inherited returns how many members may become an account by policies above it.
func (j *judge) inherited(string) int { return 0 }

// weak returns what is wrong with a trust in a principal of a provider.
func (j *judge) weak(*member, *object.Provider) []string { return nil }

// judged tells, on an identity, what all its roles come to.
func (m *mapper) judged(attributes, string) {}
