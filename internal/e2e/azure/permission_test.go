//go:build e2e

package azure

import (
	"encoding/json"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/muster-nhi/muster/scanners/azure/live"
)

// allPermissions names what a scan may need with everything switched on.
func allPermissions() []string {
	var out []string
	for _, p := range live.AllPermissions() {
		out = append(out, p.Name)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// TestE2EPermissions wants `muster permissions azure` to name what a scan used, and no
// more, with each of the flags that go with an option of the scan.
func TestE2EPermissions(t *testing.T) {
	t.Parallel()
	for about, c := range map[string]struct{ flags, options []string }{
		"usually":           {nil, nil},
		"everything":        {[]string{"--creators", "--risk"}, []string{"audit: true", "risk: true"}},
		"without directory": {[]string{"--without-directory"}, []string{"directory: false"}},
		"without resources": {[]string{"--without-resources"}, []string{"resources: false"}},
		"without vaults":    {[]string{"--without-vaults"}, []string{"vaults: false"}},
		"without groups":    {[]string{"--without-groups"}, []string{"groups: false"}},
		"without activity":  {[]string{"--without-activity"}, []string{"usage: false"}},
	} {
		t.Run(about, func(t *testing.T) {
			t.Parallel()
			p := northwind(t)
			h := p.home(t, c.options...)
			named := h.permissions(t, c.flags...)
			if r := h.Scan(t, "--store", "none"); len(r.Things(t)) == 0 {
				t.Fatalf("nothing was read: %s", r.Stderr)
			}
			var used []string
			for _, r := range p.tenant.Requests() {
				used = append(used, r.Need...)
			}
			if slices.Contains(used, "User.Read.All") { // names of groups are asked for together with those of users
				used = append(used, "GroupMember.Read.All")
			}
			slices.Sort(used)
			if diff := cmp.Diff(named, slices.Compact(used)); diff != "" {
				t.Errorf("the permissions (-named +used):\n%s", diff)
			}
		})
	}
}

// permissions are what `muster permissions azure` prints, those of Graph by name.
func (h home) permissions(t testing.TB, flags ...string) []string {
	t.Helper()
	r := h.Run(t, append([]string{"permissions", "azure", "-o", "json"}, flags...)...)
	var given struct {
		Required []struct {
			App    string `json:"resourceAppId"`
			Access []struct {
				ID   string `json:"id"`
				Type string `json:"type"`
			} `json:"resourceAccess"`
		} `json:"requiredResourceAccess"`
		Roles []struct{ Actions, DataActions []string } `json:"roleDefinitions"`
	}
	if err := json.Unmarshal(r.Stdout, &given); err != nil {
		t.Fatalf("%v: %s", err, r.Stderr)
	}
	names := map[string]string{}
	for _, p := range live.AllPermissions() {
		names[p.ID] = p.Name
	}
	var out []string
	for _, app := range given.Required {
		for _, a := range app.Access {
			if app.App != live.GraphAppID || a.Type != "Role" || names[a.ID] == "" {
				t.Errorf("%s of %s is no permission that is known", a.ID, app.App)
			}
			out = append(out, names[a.ID])
		}
	}
	for _, role := range given.Roles {
		out = append(append(out, role.Actions...), role.DataActions...)
	}
	slices.Sort(out)
	return slices.Compact(out)
}
