package role

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/muster-nhi/muster/internal/inventory"
)

// A page is an answer of roles.list with view=FULL.
type page struct {
	Roles []struct {
		Name                string   `json:"name"`
		IncludedPermissions []string `json:"includedPermissions"`
	} `json:"roles"`
}

// digest makes the table of roles from answers of roles.list.
func digest(pages []page) string {
	all := map[string][]string{}
	var names []string
	for _, p := range pages {
		for _, r := range p.Roles {
			if short, ok := strings.CutPrefix(r.Name, "roles/"); ok {
				all[short] = r.IncludedPermissions
				names = append(names, short)
			}
		}
	}
	slices.Sort(names)
	// Beside those of the viewer, using a project's quota changes nothing.
	reading := []string{"serviceusage.services.use"}
	for _, p := range all["viewer"] {
		if !readingVerb.MatchString(p[strings.LastIndexByte(p, '.')+1:]) {
			reading = append(reading, p)
		}
	}
	slices.Sort(reading)
	var b strings.Builder
	for _, p := range slices.Compact(reading) {
		fmt.Fprintf(&b, "= %s\n", p)
	}
	for _, name := range slices.Compact(names) {
		level := "n"
		for _, p := range all[name] {
			switch {
			case idle(p):
			case readingVerb.MatchString(p[strings.LastIndexByte(p, '.')+1:]) || slices.Contains(reading, p):
				if level == "n" {
					level = "r"
				}
			default:
				level = "w"
			}
		}
		set := SetOf(all[name]...)
		b.WriteString(strings.Join(append([]string{name, level}, set.Names()...), " ") + "\n")
	}
	return b.String()
}

// TestDigest makes a table of a few roles, and with ROLES=PATTERN the table of the
// package from the files that match, which hold answers of roles.list.
func TestDigest(t *testing.T) {
	var small page
	if err := json.Unmarshal([]byte(`{"roles": [
		{"name": "roles/viewer", "includedPermissions": ["a.b.get", "a.b.predict"]},
		{"name": "roles/a.user", "includedPermissions": ["a.b.predict", "a.b.list", "iam.serviceAccounts.actAs"]},
		{"name": "roles/a.admin", "includedPermissions": ["a.b.get", "a.b.create", "secretmanager.versions.access"]},
		{"name": "roles/a.empty"},
		{"name": "projects/p/roles/own", "includedPermissions": ["a.b.get"]}
	]}`), &small); err != nil {
		t.Fatal(err)
	}
	want := "= a.b.predict\n= serviceusage.services.use\na.admin w secretmanager.versions.access\na.empty n\na.user r iam.serviceAccounts.actAs\nviewer r\n"
	if diff := cmp.Diff(want, digest([]page{small})); diff != "" {
		t.Error(diff)
	}
	pattern := os.Getenv("ROLES")
	if pattern == "" {
		return
	}
	files, err := filepath.Glob(pattern)
	if err != nil || len(files) == 0 {
		t.Fatalf("%s: %d files, %v", pattern, len(files), err)
	}
	var pages []page
	for _, name := range files {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		var p page
		if err := json.Unmarshal(data, &p); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		pages = append(pages, p)
	}
	if err := os.WriteFile("roles.txt", []byte(digest(pages)), 0o644); err != nil {
		t.Fatal(err)
	}
}

// TestTable proves that the table is whole: sorted, each role once, all permissions
// watched, and the roles in it that everybody knows.
func TestTable(t *testing.T) {
	tab := predefined()
	if tab.err != nil {
		t.Fatal(tab.err)
	}
	var names []string
	for line := range strings.Lines(rolesText) {
		words := strings.Fields(line)
		if words[0] == "=" {
			continue
		}
		names = append(names, words[0])
		for _, p := range words[2:] {
			if _, ok := Number(p); !ok {
				t.Errorf("%s: %s is not watched: make the table anew", words[0], p)
			}
		}
	}
	if !slices.IsSorted(names) || len(slices.Compact(slices.Clone(names))) != len(names) || len(names) < 2000 || len(names) != len(tab.roles) {
		t.Errorf("%d names, %d roles, sorted %v", len(names), len(tab.roles), slices.IsSorted(names))
	}
	for _, tt := range []struct {
		name  string
		level inventory.Level
		has   string
	}{
		{"roles/owner", inventory.LevelWrite, "resourcemanager.projects.setIamPolicy"},
		{"roles/editor", inventory.LevelWrite, "iam.serviceAccountKeys.create"},
		{"roles/viewer", inventory.LevelRead, ""},
		{"roles/iam.serviceAccountTokenCreator", inventory.LevelRead, "iam.serviceAccounts.getAccessToken"},
		{"roles/iam.workloadIdentityUser", inventory.LevelRead, "iam.serviceAccounts.getAccessToken"},
		{"roles/secretmanager.secretAccessor", inventory.LevelRead, "secretmanager.versions.access"},
		{"roles/logging.logWriter", inventory.LevelWrite, ""},
	} {
		p, ok := Predefined(tt.name)
		if n, watched := Number(tt.has); !ok || p.Level != tt.level || tt.has != "" && (!watched || !p.Set.Has(n)) {
			t.Errorf("%s: %v, %s, %q", tt.name, ok, p.Level, p.Set.Names())
		}
	}
	owner, _ := Predefined("roles/owner")
	if n, _ := Number("iam.serviceAccounts.getAccessToken"); owner.Set.Has(n) {
		t.Error("owners make tokens, which roles/owner does not let them")
	}
}

// TestTableBroken proves that a broken table is found.
func TestTableBroken(t *testing.T) {
	for _, text := range []string{"a.b\n", "a.b x\n", "= a b\n"} {
		if newTable(text).err == nil {
			t.Errorf("%q is taken for a table", text)
		}
	}
}

func TestOf(t *testing.T) {
	for _, tt := range []struct {
		name        string
		permissions []string
		known       bool
		want        inventory.Level
		set         int
	}{
		{"projects/p/roles/r", []string{"storage.objects.get", "a.b.list"}, true, inventory.LevelRead, 1},
		{"projects/p/roles/r", []string{"storage.objects.get", "a.b.create"}, true, inventory.LevelWrite, 1},
		{"projects/p/roles/r", []string{"iam.serviceAccounts.actAs"}, true, inventory.LevelNone, 1},
		{"projects/p/roles/r", nil, true, inventory.LevelNone, 0},
		{"projects/p/roles/r", nil, false, inventory.LevelUnknown, 0},
		{"roles/never.heard", nil, false, inventory.LevelUnknown, 0},
		{"roles/viewer", nil, true, inventory.LevelNone, 0}, // what was read counts
		{"roles/browser", nil, false, inventory.LevelRead, 0},
		{"projects/p/roles/r", []string{"aiplatform.endpoints.predict"}, true, inventory.LevelRead, 0},
		{"projects/p/roles/r", []string{"a.b.getter", "a.b.getaway"}, true, inventory.LevelWrite, 0},
	} {
		t.Run(fmt.Sprint(tt.name, tt.permissions), func(t *testing.T) {
			p := Of(tt.name, tt.permissions, tt.known)
			if p.Level != tt.want || p.Set.Len() != tt.set || p.Known != (tt.want != inventory.LevelUnknown) {
				t.Errorf("%s, %q, known %v", p.Level, p.Set.Names(), p.Known)
			}
		})
	}
}

func TestAssess(t *testing.T) {
	for _, tt := range []struct {
		name string
		want inventory.Level
		caps string
	}{
		{"roles/owner", inventory.LevelAdmin, "admin.all"},
		{"roles/viewer", inventory.LevelRead, "data.read_all"},
		{"roles/iam.serviceAccountTokenCreator", inventory.LevelEscalate, "identity.impersonate tokens.create"},
		{"roles/iam.serviceAccountUser", inventory.LevelEscalate, "pass_role"},
		{"roles/iam.workloadIdentityUser", inventory.LevelEscalate, "identity.impersonate tokens.create"},
		{"roles/iam.serviceAccountKeyAdmin", inventory.LevelEscalate, "credentials.create"},
		{"roles/resourcemanager.projectIamAdmin", inventory.LevelEscalate, "policy.write"},
		{"roles/iam.workloadIdentityPoolAdmin", inventory.LevelEscalate, "trust.write"},
		{"roles/secretmanager.secretAccessor", inventory.LevelRead, "secrets.read_all"},
		{"roles/storage.objectCreator", inventory.LevelWrite, ""},
		{"roles/never.heard", inventory.LevelUnknown, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p := Of(tt.name, nil, false)
			got := Assess(&p)
			if got.Level != tt.want || strings.Join(got.Capabilities, " ") != tt.caps {
				t.Errorf("%s %q", got.Level, got.Capabilities)
			}
		})
	}
}

func TestSet(t *testing.T) {
	a, b := SetOf("iam.serviceAccounts.actAs", "secretmanager.versions.access"), SetOf("iam.serviceAccounts.actAs", "not.a.permission")
	if a.Len() != 2 || b.Len() != 1 || !a.Contains(b) || b.Contains(a) || !a.Meets(b) || (&Set{}).Meets(a) {
		t.Error(a.Names(), b.Names())
	}
	c := a
	c.Without(b)
	if c.Len() != 1 || c.Meets(b) {
		t.Error(c.Names())
	}
	c.Or(b)
	if c != a {
		t.Error(c.Names())
	}
	c.And(b)
	if c != b || c.Empty() {
		t.Error(c.Names())
	}
	if len(watched) > 64*words || Permission(-1).String() != "" || Permission(len(watched)).String() != "" {
		t.Error("the table of permissions does not fit into a set")
	}
	seen := map[string]bool{}
	for _, name := range watched {
		if seen[name] {
			t.Errorf("%s is watched twice", name)
		}
		seen[name] = true
	}
}
