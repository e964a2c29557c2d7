package live_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/scanners/azure/live"
	"github.com/muster-nhi/muster/scanners/azure/live/fake"
	"github.com/muster-nhi/muster/scanners/azure/object"
)

// needed returns what the requests of a reading took, by what Microsoft documents.
func needed(s *fake.Server) []string {
	var out []string
	for _, r := range s.Requests() {
		out = append(out, r.Need...)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

func permitted(o live.Options) []string {
	var out []string
	for _, p := range live.Permissions(o) {
		out = append(out, p.Name)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// TestPermissionsAreThoseOfTheCalls reads with several options, and wants the table
// to name what was used and no more.
func TestPermissionsAreThoseOfTheCalls(t *testing.T) {
	for name, change := range map[string]func(*live.Options){
		"everything":   func(o *live.Options) { o.Creators, o.Risk = true, true },
		"usually":      func(*live.Options) {},
		"no directory": func(o *live.Options) { o.NoDirectory = true },
		"no resources": func(o *live.Options) { o.NoResources = true },
		"no vaults":    func(o *live.Options) { o.NoVaults = true },
		"no reports":   func(o *live.Options) { o.NoUsage = true },
	} {
		t.Run(name, func(t *testing.T) {
			s := fake.Northwind()
			o := options(s)
			change(&o)
			read(t, o)
			if diff := cmp.Diff(permitted(o), needed(s)); diff != "" {
				t.Error("the permissions (-named +used):\n", diff)
			}
		})
	}
}

// TestNamedPermissionsSuffice grants just what is named, and then all but one.
func TestNamedPermissionsSuffice(t *testing.T) {
	lost := func(without string) []object.Listing {
		s := fake.Northwind()
		s.Granted = map[string]bool{}
		for _, p := range live.AllPermissions() {
			s.Granted[p.Name] = p.Name != without
		}
		tenant := read(t, everything(s))
		var out []object.Listing
		for _, l := range listings(tenant) {
			if l.Status != inventory.StatusComplete {
				out = append(out, l)
			}
		}
		return out
	}
	if l := lost(""); len(l) > 0 {
		t.Errorf("with all that is named, this is missing: %+v", l)
	}
	for _, p := range live.AllPermissions() {
		l := lost(p.Name)
		if len(l) == 0 {
			t.Errorf("nothing is missing without %s", p.Name)
		}
		for _, one := range l {
			if one.Status != inventory.StatusDenied || !strings.Contains(one.Reason, p.Name) {
				t.Errorf("without %s, %s is %s: %s", p.Name, one.Call, one.Status, one.Reason)
			}
		}
	}
}

// TestAppRolesHaveIDs wants an id for each application permission, each once.
func TestAppRolesHaveIDs(t *testing.T) {
	seen := map[string]bool{}
	for _, p := range live.AllPermissions() {
		if (p.Kind == "graph") != (len(p.ID) == 36) || p.ID != "" && seen[p.ID] {
			t.Errorf("%s has the id %q", p.Name, p.ID)
		}
		seen[p.ID] = true
		if strings.Contains(p.Name, "Write") || strings.Contains(strings.ToLower(p.Name), "listkeys") || p.Why == "" || len(p.Calls) == 0 {
			t.Errorf("the permission %+v", p)
		}
	}
	for _, r := range live.Refused() {
		if seen[r.Action] {
			t.Errorf("%s is refused and asked for", r.Action)
		}
	}
}

// TestOnlyReads looks at every request for what could change something, or return
// the value of a secret.
func TestOnlyReads(t *testing.T) {
	s := fake.Northwind()
	read(t, everything(s))
	for _, r := range s.Requests() {
		reads := r.Method == http.MethodGet || r.Method == http.MethodPost && (strings.HasSuffix(r.Path, "/$batch") || strings.HasSuffix(r.Path, "/getByIds") || strings.HasSuffix(r.Path, "/Microsoft.ResourceGraph/resources"))
		path := strings.ToLower(r.Path)
		if !reads || strings.Contains(path, "listkeys") || strings.Contains(path, "/secrets/") || strings.HasSuffix(path, "/register") {
			t.Errorf("%s %s", r.Method, r.Path)
		}
		if got := r.Header.Get("User-Agent"); got != "muster/test" && !r.Batched {
			t.Errorf("%s is sent by %q", r.Path, got)
		}
	}
}
