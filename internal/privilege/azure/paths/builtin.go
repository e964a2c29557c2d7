package paths

import (
	"strings"
	"sync"

	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/internal/privilege/azure/arm"
	"github.com/muster-nhi/muster/internal/privilege/azure/entra"
)

// A catalogue is the built-in roles with what tells their rights.
type catalogue struct {
	roles []arm.Role
	entra *entra.Tables
	empty *Analysis // of no estate
}

// builtIn makes the catalogue at its first use.
//
//nolint:gochecknoglobals // a function, made once: the catalogue that it makes never changes
var builtIn = sync.OnceValue(func() *catalogue {
	caps := capabilities()
	a := &Analysis{capabilities: caps, table: tableOf(ways(), caps)}
	for i := range caps {
		caps[i].set = a.table.Set(caps[i].actions...)
	}
	return &catalogue{arm.BuiltIn(), entra.New(), a}
})

// BuiltIn says what a built-in role allows, by its id or its name: one of Azure
// on a subscription or wider, or one of Entra in the tenant as a whole. It reports
// false for a role that is in no table.
func BuiltIn(role string) (title string, r Right, ok bool) {
	c := builtIn()
	for i := range c.roles {
		if x := &c.roles[i]; strings.EqualFold(x.ID, role) || strings.EqualFold(x.Name, role) {
			rights := c.empty.table.Rights(x, "", arm.Asker{})
			return x.Name, c.empty.ofRole(x, &rights, true), true
		}
	}
	if e := c.entra.Role(role, role, true, nil, false); e.Why != "" || len(e.Powers) > 0 || e.ID != "" && e.Level == inventory.LevelRead && e.ID != role {
		return e.Name, ofEntry(&e, "role "+e.Name), true
	}
	return "", Right{}, false
}
