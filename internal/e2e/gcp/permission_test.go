//go:build e2e

package gcp

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/muster-nhi/muster/internal/e2e/peer"
	"github.com/muster-nhi/muster/scanners/gcp/live"
)

// printed is what `muster permissions gcp` prints as a custom role.
func printed(t *testing.T, args ...string) []string {
	t.Helper()
	cmd := shared.program.Home(t).Command(t, append([]string{"permissions", "gcp", "-o", "json"}, args...)...)
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	var role struct{ IncludedPermissions []string }
	if err := json.Unmarshal(out, &role); err != nil {
		t.Fatal(err)
	}
	return role.IncludedPermissions
}

// granted has the server allow what a role permits, and what anybody may do who is
// signed in.
func (p *proxy) granted(role []string) {
	p.faults(func(c *call) peer.Fault {
		for _, perm := range live.AllPermissions() {
			if slices.Contains(perm.Methods, c.method) && !slices.Contains(role, perm.Name) && !slices.ContainsFunc(role, func(name string) bool { return also(perm, name) }) {
				return denied(c)
			}
		}
		return nil
	})
}

// also reports whether a permission stands for the same methods as another: one
// method takes one for accounts and one for keys.
func also(p live.Permission, name string) bool {
	for _, other := range live.AllPermissions() {
		if other.Name == name {
			return slices.Equal(other.Methods, p.Methods)
		}
	}
	return false
}

// TestE2EPermissions holds what is printed against what the server is asked: with
// the role that is printed, nothing is denied; and each permission in it is one that
// something is asked for.
func TestE2EPermissions(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		args    []string
		options []string
	}{
		"organisation":        {[]string{"--organization"}, most()},
		"without the options": {[]string{"--organization", "--without-activity", "--without-insights"}, append(most(), "activity: false", "insights: false", "groups: false")},
		"inventory only":      {[]string{"--organization", "--inventory-only"}, most()},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := northwind(t)
			role := printed(t, c.args...)
			p.granted(role)
			if r := p.scan(t, c.options...); r.Status != 1 {
				t.Errorf("status %d with what is printed: %v", r.Status, r.Gaps())
			}
			asked := p.methods()
			var unused []string
			for _, perm := range live.AllPermissions() {
				if slices.Contains(role, perm.Name) && !slices.ContainsFunc(perm.Methods, func(m string) bool { return asked[m] > 0 }) && !perm.Fallback {
					unused = append(unused, perm.Name)
				}
			}
			t.Logf("%d permissions, of which the organisation had no use for %v", len(role), unused)
			if len(unused) > 0 {
				t.Errorf("printed, and nothing was asked for it: %v", unused)
			}
			for _, x := range live.Refused() {
				if slices.Contains(role, x.Name) {
					t.Errorf("%s is printed", x.Name)
				}
			}
		})
	}
	t.Run("without the inventory", func(t *testing.T) {
		t.Parallel()
		p := northwind(t)
		role := slices.DeleteFunc(printed(t, "--organization"), func(name string) bool { return strings.HasPrefix(name, "cloudasset.") })
		p.granted(role)
		r := p.scan(t, most()...)
		for _, g := range r.Gaps() {
			if !strings.Contains(g, "cloudasset.") && !strings.Contains(g, "Asset Inventory") {
				t.Error(g)
			}
		}
		asked := p.methods()
		for _, perm := range live.AllPermissions() {
			if perm.Fallback && slices.Contains(role, perm.Name) && !slices.ContainsFunc(perm.Methods, func(m string) bool { return asked[m] > 0 }) {
				t.Errorf("%s is printed, and nothing was asked for it", perm.Name)
			}
		}
	})
}
