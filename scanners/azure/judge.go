package azure

import (
	"cmp"
	"strings"

	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/internal/privilege"
	"github.com/muster-nhi/muster/scanners/azure/object"
)

// A judge says what principals can really do and who may become them.
type judge struct {
	x *index
}

// A verdict is what something allows.
type verdict struct {
	level, possible, certain inventory.Level
	reasons, unknown         []string // sentences
	capabilities             []string
	paths, perhaps           []string // ways up, hop by hop; those that hang on what nobody can know
	ids                      []string // of the ways
	more                     bool     // there are more than are told
}

func newJudge(_ *estate, x *index) *judge { return &judge{x} }

func assessed(a privilege.Assessment) *verdict {
	return &verdict{level: a.Level, possible: a.Level, certain: a.Level, reasons: a.Reasons, capabilities: a.Capabilities}
}

func (j *judge) directory(a *object.DirectoryRoleAssignment, _ string) *verdict {
	if r := j.x.roles[lower(a.Role)]; r != nil {
		return assessed(privilege.AzureRole(cmp.Or(r.Template, r.Name)))
	}
	return assessed(privilege.AzureRole(a.Role))
}

func (j *judge) arm(a *object.RoleAssignment, _ string) *verdict {
	return assessed(privilege.AzureRole(a.Role))
}
func (j *judge) appRole(*object.AppRoleAssignment, string) *verdict { return nil }
func (j *judge) delegated(*object.DelegatedGrant, string) *verdict  { return nil }
func (j *judge) access(access, string) *verdict                     { return nil }
func (j *judge) of(string) *verdict                                 { return nil }

// fill puts a verdict into a grant.
func (m *mapper) fill(g *inventory.Grant, r *verdict) {
	if r == nil {
		g.Level = inventory.LevelUnknown
		return
	}
	attr := attributes(g.Attributes)
	g.Level = cmp.Or(r.level, inventory.LevelUnknown)
	for _, s := range r.reasons {
		g.Reasons = append(g.Reasons, inventory.Clip(s, maxText))
	}
	if g.Level == inventory.LevelUnknown {
		attr.set("possible_level", string(r.possible))
		attr.set("certain_level", string(r.certain))
		for _, s := range r.unknown {
			g.Reasons = append(g.Reasons, inventory.Clip("cannot be told: "+s, maxText))
		}
	}
	g.Capabilities = r.capabilities
	for _, s := range r.paths {
		g.Paths = append(g.Paths, inventory.Clip(s, 4*maxText))
	}
	attr.set("path_ids", list(r.ids))
	attr.set("possible_paths", strings.Join(r.perhaps, "; "))
	attr.yes("more_paths", r.more)
}

// judged tells, on an identity, what all it has comes to.
func (m *mapper) judged(attr attributes, r *ref) {
	v := m.judge.of(r.object())
	if v == nil {
		return
	}
	attr.set("effective_level", string(cmp.Or(v.level, inventory.LevelUnknown)))
	if v.level != v.possible {
		attr.set("possible_level", string(v.possible))
	}
}
