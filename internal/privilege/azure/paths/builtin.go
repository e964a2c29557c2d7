package paths

import (
	"maps"
	"slices"
	"strings"

	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/internal/privilege/azure/arm"
	"github.com/muster-nhi/muster/internal/privilege/azure/entra"
)

// BuiltIn says what a built-in role allows, by its id or its name: one of Azure
// on a subscription or wider, or one of Entra in the tenant as a whole. It reports
// false for a role that is in no table.
func BuiltIn(role string) (title string, r Right, ok bool) {
	for _, x := range arm.BuiltIn() {
		if strings.EqualFold(x.ID, role) || strings.EqualFold(x.Name, role) {
			return x.Name, ofRole(&x), true
		}
	}
	if e := entra.New().Role(role, role, true, nil, false); e.Why != "" || len(e.Powers) > 0 || e.ID != "" && e.Level == inventory.LevelRead && e.ID != role {
		return e.Name, ofEntry(&e, "role "+e.Name), true
	}
	return "", Right{}, false
}

// ofRole is what a role of Azure allows on a subscription.
func ofRole(role *arm.Role) Right {
	caps := capabilities()
	a := &Analysis{capabilities: caps, table: tableOf(ways(), caps)}
	for i := range caps {
		caps[i].set = a.table.Set(caps[i].actions...)
	}
	rights := a.table.Rights(role, "", arm.Asker{})
	r := right(rights.Level, rights.MaxLevel)
	r.Reasons = append([]string{"role " + role.Name}, rights.Notes...)
	held := map[string]bool{}
	a.capabilitiesOf(&rights.Certain, true, held)
	if rights.Full() { // which has all the others in it
		held = map[string]bool{"admin.all": true}
	}
	r.Capabilities = slices.Sorted(maps.Keys(held))
	return r
}
