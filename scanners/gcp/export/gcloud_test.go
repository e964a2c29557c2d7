package export

import (
	"maps"
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"

	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/scanners/gcp/object"
)

// archive returns the files of an archive.
func archive(t testing.TB, name string) map[string]string {
	t.Helper()
	a, err := txtar.ParseFile(name)
	if err != nil {
		t.Fatal(err)
	}
	files := map[string]string{}
	for _, f := range a.Files {
		files[f.Name] = string(f.Data)
	}
	return files
}

// gaps are the listings of the first project that are not complete.
func gaps(e *object.Estate) []string {
	var out []string
	for _, l := range e.Projects[0].Listings {
		if l.Status != inventory.StatusComplete {
			out = append(out, string(l.Status)+" "+l.Call+": "+l.Reason)
		}
	}
	return out
}

// What gcloud lists of a project, without Asset Inventory, is read in full.
func TestProject(t *testing.T) {
	e, problems := read(t, write(t, archive(t, "testdata/project.txtar")), Options{})
	if len(problems) > 0 {
		t.Errorf("problems: %q", problems)
	}
	if diff := cmp.Diff([]string(nil), gaps(e)); diff != "" {
		t.Error(diff)
	}
	golden(t, "testdata/project.json", dump(t, e))
}

// Each file of a project that is missing is a gap, with the command that fills it.
func TestMissingFiles(t *testing.T) {
	all := archive(t, "testdata/project.txtar")
	table := newCallTable()
	for _, name := range slices.Sorted(maps.Keys(all)) {
		c := table.named(name)
		if c == nil || c.need == extra || strings.HasPrefix(c.permission, "resourcemanager.projects.get") {
			continue // what it tells others tell too
		}
		if strings.Contains(all[name], `"name": "roles/`) {
			continue // Google publishes what predefined roles permit
		}
		files := maps.Clone(all)
		delete(files, name)
		e, _ := read(t, write(t, files), Options{})
		said := false
		for _, l := range slices.Concat(e.Projects[0].Listings, e.Listings) {
			said = said || l.Call == c.permission && l.Status != inventory.StatusComplete && strings.Contains(l.Reason, "gcloud "+strings.Fields(c.command)[0]+" "+strings.Fields(c.command)[1])
		}
		if !said {
			t.Errorf("without %s nothing is said of %s", name, c.permission)
		}
	}
}

// Names and places of files do not matter where the content says what they are of.
func TestNamesDoNotMatter(t *testing.T) {
	for _, from := range []string{"testdata/northwind.txtar", "testdata/project.txtar"} {
		files := archive(t, from)
		want, _ := read(t, write(t, files), Options{})
		moved := map[string]string{}
		n := 0
		for _, name := range slices.Sorted(maps.Keys(files)) {
			text := strings.TrimSpace(files[name])
			empty := text == "[]" || text == "{}"
			if n++; !empty && !strings.Contains(path.Base(name), "get-iam-policy.") && !strings.Contains(path.Base(name), "projects-get-iam-policy") && !strings.Contains(text, `"includedPermissions"`) {
				dir := "x"
				if strings.HasPrefix(name, "organizations/") { // all of it was asked for
					dir = path.Dir(name)
				}
				name = dir + "/" + string(rune('a'+n%26)) + strings.Repeat("y", n) + ".txt"
			}
			moved[name] = text
		}
		got, problems := read(t, write(t, moved), Options{})
		if len(problems) > 0 {
			t.Errorf("problems: %q", problems)
		}
		if diff := cmp.Diff(dump(t, want), dump(t, got)); diff != "" {
			t.Error(from, diff)
		}
	}
}

// Of two tellings of one thing that differ, the one that says when it was true counts
// before an older one.
func TestNewer(t *testing.T) {
	insight := func(at, state string) string {
		return `[{"name": "projects/444455556666/locations/global/insightTypes/google.iam.policy.Insight/insights/i", "lastRefreshTime": "` + at + `", "stateInfo": {"state": "` + state + `"}, "content": {"role": "roles/editor", "member": "serviceAccount:a@b"}}]`
	}
	for _, files := range []map[string]string{
		{"1.json": insight("2026-01-01T00:00:00Z", "ACTIVE"), "2.json": insight("2026-10-01T00:00:00Z", "DISMISSED")},
		{"2.json": insight("2026-01-01T00:00:00Z", "ACTIVE"), "1.json": insight("2026-10-01T00:00:00Z", "DISMISSED")},
	} {
		e, _ := read(t, write(t, files), Options{})
		if got := e.Projects[0].Insights; len(got) != 1 || got[0].State != "DISMISSED" {
			t.Errorf("insights: %+v", got)
		}
	}
}

// What an API itself says counts before what Asset Inventory says, which lags behind,
// and that before what a search says, which leaves things out.
func TestBetterSource(t *testing.T) {
	own := strings.Replace(annAccount, `"etag"`, `"disabled": true, "etag"`, 1)
	search := `{"name": "//iam.googleapis.com/projects/northwind-prod/serviceAccounts/1", "assetType": "iam.googleapis.com/ServiceAccount", "project": "projects/444455556666", "displayName": "Found", "createTime": "2024-01-01T00:00:00Z", "additionalAttributes": {"email": "ann@northwind-prod.iam.gserviceaccount.com", "uniqueId": "1"}}`
	for _, names := range [][]string{{"1", "2", "3"}, {"3", "2", "1"}, {"2", "3", "1"}} {
		e, _ := read(t, write(t, map[string]string{names[0]: own, names[1]: annAsset, names[2]: search}), Options{})
		if got := accounts(e); len(got) != 1 {
			t.Fatalf("accounts: %q", got)
		}
		a := e.Projects[0].Accounts[0]
		if a.Disabled != inventory.True || a.Name != "Found" || a.CreatedAt.IsZero() {
			t.Errorf("account: %+v", a)
		}
	}
	e, _ := read(t, write(t, map[string]string{"x": search}), Options{})
	if a := e.Projects[0].Accounts[0]; a.Disabled != inventory.Unknown {
		t.Errorf("a search does not tell whether it is disabled: %+v", a)
	}
	if l := listing1(e, "iam.serviceAccounts.list"); l.Status != inventory.StatusPartial {
		t.Errorf("listing: %+v", l)
	}
}

// A search for some policies is none for all.
func TestSearchWithQuery(t *testing.T) {
	found := `{"resource": "//cloudresourcemanager.googleapis.com/projects/northwind-prod", "assetType": "cloudresourcemanager.googleapis.com/Project", "project": "projects/444455556666", "policy": {"bindings": [{"role": "roles/owner", "members": ["user:ann@northwind.example"]}]}, "explanation": {"matchedPermissions": {"roles/owner": {"permissions": ["iam.roles.get"]}}}}`
	e, _ := read(t, write(t, map[string]string{"x": found, "y": annAccount}), Options{})
	if l := listing1(e, "iam.serviceAccounts.getIamPolicy"); l.Status != inventory.StatusPartial || !strings.Contains(l.Reason, "without a query") {
		t.Errorf("listing: %+v", l)
	}
}

// What a file of Asset Inventory would have held is known, and nothing beyond that.
func TestScopeOfAssets(t *testing.T) {
	project := func(id, number, parent string) string {
		return `{"projectId": "` + id + `", "projectNumber": "` + number + `", "name": "` + id + `", "parent": {"type": "organization", "id": "` + parent + `"}, "lifecycleState": "ACTIVE"}`
	}
	firewall := `{"name": "//compute.googleapis.com/projects/northwind-prod/global/firewalls/f", "asset_type": "compute.googleapis.com/Firewall", "resource": {"data": {}}, "ancestors": ["projects/444455556666", "organizations/111122223333"]}`
	dev := strings.NewReplacer("northwind-prod", "northwind-dev", "444455556666", "555566667777").Replace(annAsset)
	for _, c := range []struct {
		name  string
		files map[string]string
		want  inventory.Status // of the accounts of northwind-ci, of which no file has any
		keys  inventory.Status // of the keys of northwind-prod
	}{
		{"of the organisation", map[string]string{"a.json": annAsset + dev}, "complete", "skipped"},
		{"of another one", map[string]string{"a.json": strings.ReplaceAll(annAsset+dev, "111122223333", "9")}, "skipped", "skipped"},
		{"of one project", map[string]string{"a.json": annAsset + bobAsset}, "skipped", "skipped"},
		{"of one project that its path calls the organisation", map[string]string{"organizations/111122223333/a.json": annAsset}, "complete", "skipped"},
		{"cut", map[string]string{"a.json": annAsset + dev + "{"}, "partial", "skipped"},
		{"of all types", map[string]string{"a.json": annAsset + dev + firewall}, "complete", "complete"},
		{"an empty one", map[string]string{"organizations/111122223333/asset-list.resource.iam.googleapis.com_ServiceAccountKey.json": "[]", "a.json": annAsset}, "skipped", "complete"},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.files["p.json"] = "[" + project("northwind-ci", "666677778888", "111122223333") + "," + project("northwind-prod", "444455556666", "111122223333") + "]"
			e, _ := read(t, write(t, c.files), Options{})
			for _, p := range e.Projects {
				for _, l := range p.Listings {
					if p.ID == "northwind-ci" && l.Call == "iam.serviceAccounts.list" && l.Status != c.want {
						t.Errorf("the accounts of northwind-ci are %s: %s", l.Status, l.Reason)
					}
					if p.ID == "northwind-prod" && l.Call == "iam.serviceAccountKeys.list" && l.Status != c.keys {
						t.Errorf("the keys of northwind-prod are %s: %s", l.Status, l.Reason)
					}
				}
			}
		})
	}
}

// Policies above a project hold in it: without a file of them its grants are not all
// known, and what to run is told.
func TestPoliciesAboveAreMissing(t *testing.T) {
	files := archive(t, "testdata/project.txtar")
	missing := func() []string {
		var out []string
		e, _ := read(t, write(t, files), Options{})
		for _, p := range e.Projects {
			for _, l := range p.Listings {
				if l.Where != "" && strings.HasSuffix(l.Call, "s.getIamPolicy") && l.Status == inventory.StatusSkipped {
					out = append(out, l.Where+" "+l.Reason)
				}
			}
		}
		return out
	}
	if got := missing(); len(got) > 0 {
		t.Errorf("all are there: %q", got)
	}
	delete(files, "projects/northwind-ci/projects-get-ancestors-iam-policy.json")
	if got := missing(); len(got) == 0 || !strings.Contains(got[0], "gcloud projects get-ancestors-iam-policy northwind-ci") {
		t.Errorf("nothing is said to be missing: %q", got)
	}
	files = northwind(t)
	if got := missing(); len(got) > 0 {
		t.Errorf("the search of the organisation has all: %q", got)
	}
}
