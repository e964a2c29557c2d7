package entra

import (
	"regexp"
	"strings"
	"testing"

	"github.com/muster-nhi/muster/internal/inventory"
)

// TestTables: what the tables say hangs together.
func TestTables(t *testing.T) {
	guid := regexp.MustCompile(`^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`)
	for name, list := range map[string][]Entry{"permissions": append(permissions(), contents()...), "roles": append(roles(), lesserRoles()...), "actions": actions()} {
		ids := map[string]bool{}
		for _, e := range list {
			if e.ID != "" && !guid.MatchString(e.ID) || ids[e.ID+e.Name] {
				t.Errorf("%s: id of %s", name, e.Name)
			}
			ids[e.ID+e.Name] = true
			if e.ID != "" && ids[e.ID] {
				t.Errorf("%s: %s has the id of another", name, e.Name)
			}
			ids[e.ID] = e.ID != ""
			maybe := e.Has(RaiseMaybe) || e.Has(UsersMaybe) && len(e.Powers) == 1 || e.Has(AllUsersMaybe)
			if maybe && e.If == "" {
				t.Errorf("%s: %s says not on what it depends", name, e.Name)
			}
			if e.Tier0 && (e.Why == "" || e.Edge == "") {
				t.Errorf("%s: %s says not why", name, e.Name)
			}
			if e.Level == inventory.LevelEscalate && len(e.Powers) == 0 {
				t.Errorf("%s: %s escalates by nothing", name, e.Name)
			}
		}
	}
}

func TestPermission(t *testing.T) {
	tables := New()
	for _, c := range []struct {
		resource, id, name string
		level              inventory.Level
		tier0              bool
	}{
		{Graph, "9e3f62cf-ca93-4989-b6ce-bf83c28f9fe8", "", "escalate", true},
		{Graph, "", "rolemanagement.readwrite.directory", "escalate", true},
		{Graph, "x", "Application.ReadWrite.OwnedBy", "write", true},
		{Graph, "", "User.Read.All", "read", false},
		{Graph, "", "Mail.Send", "write", false},
		{Graph, "", "Sites.Selected", "unknown", false},
		{Graph, "", "Something.ReadWrite.All", "write", false},
		{Graph, "", "Something", "unknown", false},
		{Graph, "", "", "unknown", false},
		{"an API of somebody else", "9e3f62cf-ca93-4989-b6ce-bf83c28f9fe8", "RoleManagement.ReadWrite.Directory", "unknown", false},
		{Exchange, "", "full_access_as_app", "write", false},
	} {
		e := tables.Permission(c.resource, c.id, c.name)
		if e.Level != c.level || e.Tier0 != c.tier0 {
			t.Errorf("%s %s %s: %s, %v", c.resource, c.id, c.name, e.Level, e.Tier0)
		}
	}
	if e := tables.Delegated(Graph, "directory.accessasuser.all"); !e.Tier0 {
		t.Errorf("acting as a user is %+v", e)
	}
}

func TestRole(t *testing.T) {
	tables := New()
	for _, c := range []struct {
		template, name string
		builtIn, known bool
		actions        []string
		level          inventory.Level
		power          Power
	}{
		{GlobalAdministrator, "", true, false, nil, "admin", 0},
		{"", "Privileged Role Administrator", true, false, nil, "escalate", Raise},
		{"", "Global Administrator", false, true, []string{"microsoft.directory/users/standard/read"}, "read", 0}, // somebody's custom role of that name
		{"", "Something Administrator", true, false, nil, "write", 0},
		{"", "Something Reader", true, false, nil, "read", 0},
		{"", "Something", true, false, nil, "unknown", 0},
		{"", "Keeper", false, false, nil, "unknown", 0},
		{"", "Keeper", false, true, nil, "none", 0},
		{"", "Keeper", false, true, []string{"Microsoft.Directory/Applications/Credentials/Update", "microsoft.directory/x/read"}, "escalate", Registrations},
		{"", "Keeper", false, true, []string{"microsoft.directory/applications/basic/update"}, "write", 0},
	} {
		e := tables.Role(c.template, c.name, c.builtIn, c.actions, c.known)
		if e.Level != c.level || c.power != 0 && !e.Has(c.power) {
			t.Errorf("%+v: %+v", c, e)
		}
	}
	joined := tables.Actions("", "", []string{"microsoft.directory/groups/members/update", "microsoft.directory/roleAssignments/allProperties/allTasks"})
	if !joined.Has(Raise) || !joined.Has(Groups) || strings.Join(joined.Capabilities, " ") != "identity.write policy.write" {
		t.Errorf("two actions: %+v", joined)
	}
}
