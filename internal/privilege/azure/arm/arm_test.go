package arm

import (
	"fmt"
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/muster-nhi/muster/internal/inventory"
)

func TestMatch(t *testing.T) {
	for _, c := range []struct {
		pattern, action string
		want            bool
	}{
		{"*", "Microsoft.Compute/virtualMachines/write", true},
		{"*/read", "Microsoft.Compute/virtualMachines/read", true},
		{"*/read", "Microsoft.Compute/virtualMachines/write", false},
		{"Microsoft.Authorization/*/Write", "microsoft.authorization/roleassignments/write", true},
		{"Microsoft.Authorization/*/Write", "microsoft.authorization/write", false},
		{"Microsoft.Compute/*", "Microsoft.ComputeX/a/write", false},
		{"Microsoft.Compute/virtualMachines", "Microsoft.Compute/virtualMachines/write", false},
		{"a*b*b", "ab", false},
		{"a*b*b", "abb", true},
		{"", "a", false},
	} {
		if got := Allows([]Permission{{Actions: []string{c.pattern}}}, c.action, false); got != c.want {
			t.Errorf("%q on %q: %v", c.pattern, c.action, got)
		}
	}
}

func names() []string {
	return []string{
		Grant, "Microsoft.Compute/virtualMachines/write", "Microsoft.Compute/virtualMachines/runCommand/action", "Microsoft.Web/sites/write",
		"data:Microsoft.KeyVault/vaults/secrets/getSecret/action", "data:Microsoft.Compute/virtualMachines/write", "Microsoft.KeyVault/vaults/read",
	}
}

// slow decides by regular expressions, one action at a time, what an assignment
// leaves: the rule as Microsoft writes it, and nothing of the code under test.
func slow(permissions []Permission, denied [][]Permission, name string) bool {
	action, data := strings.CutPrefix(strings.ToLower(name), "data:")
	fits := func(patterns []string) bool {
		for _, p := range patterns {
			parts := strings.Split(strings.ToLower(p), "*")
			for i := range parts {
				parts[i] = regexp.QuoteMeta(parts[i])
			}
			if regexp.MustCompile("^" + strings.Join(parts, ".*") + "$").MatchString(action) {
				return true
			}
		}
		return false
	}
	given := func(list []Permission) bool {
		for _, p := range list {
			if data && fits(p.DataActions) && !fits(p.NotDataActions) || !data && fits(p.Actions) && !fits(p.NotActions) {
				return true
			}
		}
		return false
	}
	return given(permissions) && !slices.ContainsFunc(denied, given)
}

// TestReference compares roles and denials at random with the slow rule.
func TestReference(t *testing.T) {
	table := NewTable(names())
	r := rand.New(rand.NewPCG(1, 2))
	patterns := []string{
		"*", "*/read", "*/write", "Microsoft.Compute/*", "Microsoft.Compute/*/write", "microsoft.authorization/*", Grant, "Microsoft.KeyVault/vaults/*",
		"*/action", "Microsoft.*/virtualMachines/*", "Microsoft.Web/sites/write", "Microsoft.KeyVault/vaults/secrets/getSecret/action",
	}
	some := func(most int) []string {
		var out []string
		for range r.IntN(most) {
			out = append(out, patterns[r.IntN(len(patterns))])
		}
		return out
	}
	blocks := func() []Permission {
		var out []Permission
		for range 1 + r.IntN(2) {
			out = append(out, Permission{Actions: some(3), NotActions: some(3), DataActions: some(2), NotDataActions: some(2)})
		}
		return out
	}
	for range 1200 {
		role := Role{ID: "x", Custom: true, Known: true, Permissions: blocks()}
		var denials []Denial
		var denied [][]Permission
		for range r.IntN(2) {
			d := blocks()
			denials, denied = append(denials, Denial{Permissions: d}), append(denied, d)
		}
		got := table.Rights(&role, "", Asker{}, denials...)
		for i, name := range names() {
			want := slow(role.Permissions, denied, name)
			if got.Certain.Has(Action(i)) != want || got.Possible.Has(Action(i)) != want {
				t.Fatalf("%+v less %+v: %s is %v, want %v", role.Permissions, denied, name, !want, want)
			}
		}
		if (got.Level == inventory.LevelEscalate || got.Level == inventory.LevelAdmin) != slow(role.Permissions, denied, Grant) {
			t.Fatalf("%+v less %+v: level %s", role.Permissions, denied, got.Level)
		}
	}
}

func TestLevels(t *testing.T) {
	table := NewTable(names())
	block := func(actions ...string) []Permission { return []Permission{{Actions: actions}} }
	for _, c := range []struct {
		name           string
		permissions    []Permission
		condition      string
		certain, level inventory.Level
	}{
		{"everything", block("*"), "", "admin", "admin"},
		{"everything less something", []Permission{{Actions: []string{"*"}, NotActions: []string{"Microsoft.Authorization/*/write"}}}, "", "write", "write"},
		{"everything less changes", []Permission{{Actions: []string{"*"}, NotActions: []string{"*/write", "*/delete", "*/action"}}}, "", "read", "read"},
		{"reads", block("*/read"), "", "read", "read"},
		{"reads, asks for support, deploys nothing", block("*/read", "Microsoft.Support/*", "Microsoft.Resources/deployments/*"), "", "read", "read"},
		{"lists keys", block("Microsoft.Storage/storageAccounts/listKeys/action"), "", "read", "read"},
		{"restarts", block("Microsoft.Compute/virtualMachines/restart/action"), "", "write", "write"},
		{"all of a provider", block("Microsoft.Web/*"), "", "write", "write"},
		{"nothing", nil, "", "none", "none"},
		{"gives roles", block(Grant), "", "escalate", "escalate"},
		{"gives none", block(Grant), "!(ActionMatches{'" + Grant + "'})", "none", "none"},
		{"gives perhaps", block(Grant), "@Resource[x] StringEquals 'a'", "none", "escalate"},
		{"everything, roles perhaps", block("*"), "!(ActionMatches{'" + Grant + "'}) OR @Resource[x] StringEquals 'a'", "write", "admin"},
		{"a broken condition", block("Microsoft.Web/sites/write"), "(", "none", "write"},
		{"data", []Permission{{DataActions: []string{"Microsoft.KeyVault/vaults/secrets/getSecret/action"}}}, "", "read", "read"},
	} {
		t.Run(c.name, func(t *testing.T) {
			role := Role{ID: "x", Custom: true, Known: true, Permissions: c.permissions}
			got := table.Rights(&role, c.condition, Asker{})
			if got.Level != c.certain || got.MaxLevel != c.level {
				t.Errorf("%s to %s, want %s to %s", got.Level, got.MaxLevel, c.certain, c.level)
			}
		})
	}
}

// TestUnread: a built-in role stands in for itself, another is unknown, and so
// is the giving of roles where the condition of a built-in role was left out.
func TestUnread(t *testing.T) {
	table := NewTable(names())
	if r := table.Rights(&Role{ID: Owner}, "", Asker{}); r.Level != inventory.LevelAdmin {
		t.Errorf("owner is %s", r.Level)
	}
	if r := table.Rights(&Role{ID: "other"}, "", Asker{}); r.Level != inventory.LevelNone || r.MaxLevel != inventory.LevelAdmin || !r.Unread {
		t.Errorf("another is %+v", r)
	}
	vault := Role{ID: "8b54135c-b56d-4d72-a534-26097cfdc8d8", Known: true, Permissions: []Permission{{Actions: []string{Grant}}}}
	if r := table.Rights(&vault, "", Asker{}); r.Level == inventory.LevelEscalate || r.MaxLevel != inventory.LevelEscalate {
		t.Errorf("without its condition it is %s to %s", r.Level, r.MaxLevel)
	}
	vault.Permissions[0].Condition = "@Request[Microsoft.Authorization/roleAssignments:RoleDefinitionId] ForAnyOfAnyValues:GuidEquals{00482a5a-887f-4fb3-b363-3b7fe8e74483}"
	if r := table.Rights(&vault, "", Asker{}); r.MaxLevel.Rank() >= inventory.LevelEscalate.Rank() {
		t.Errorf("with its condition it is %s to %s", r.Level, r.MaxLevel)
	}
	g := NewGiving(&vault, "")
	for id, want := range map[string]inventory.Tri{"00482a5a-887f-4fb3-b363-3b7fe8e74483": inventory.True, Owner: inventory.False} {
		if got := g.Gives(Asker{}, id); got != want {
			t.Errorf("gives %s: %v", id, got)
		}
	}
}

func TestBuiltIn(t *testing.T) {
	guid := regexp.MustCompile(`^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`)
	seen := map[string]bool{}
	for _, r := range BuiltIn() {
		if !guid.MatchString(r.ID) || seen[r.ID] || r.Name == "" || len(r.Permissions) == 0 {
			t.Errorf("%+v", r)
		}
		seen[r.ID] = true
	}
}

func TestBits(t *testing.T) {
	var list []string
	for i := range 150 {
		list = append(list, fmt.Sprintf("a/%d", i))
	}
	table := NewTable(list)
	b := table.Set("a/0", "a/64", "a/149", "nowhere")
	c := table.Set("a/64")
	if b.Len() != 3 || !b.All(&c) || c.All(&b) || !b.Any(&c) {
		t.Errorf("%v %v", b, c)
	}
}
