package live_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/scanners/gcp/live"
	"github.com/muster-nhi/muster/scanners/gcp/live/fake"
	"github.com/muster-nhi/muster/scanners/gcp/object"
)

// TestPlaces reads what the options name.
func TestPlaces(t *testing.T) {
	docs := documents(t)
	all := []string{"northwind-ci", "northwind-dev", "northwind-prod"}
	for _, tt := range []struct {
		name     string
		change   func(*live.Options)
		projects []string
		scope    string // of the search for policies
	}{
		{"a number", func(o *live.Options) { o.Organization = "111122223333" }, all, "organizations/111122223333"},
		{"a domain", func(o *live.Options) { o.Organization = "northwind.example" }, all, "organizations/111122223333"},
		{"nothing", func(o *live.Options) { o.Organization = "" }, all, "organizations/111122223333"},
		{"a folder", func(o *live.Options) { o.Organization, o.Folder = "", "700000000001" }, []string{"northwind-prod"}, "folders/700000000001"},
		{"a project", func(o *live.Options) { o.Organization, o.Projects = "", []string{"northwind-dev"} }, []string{"northwind-dev"}, "projects/northwind-dev"},
		{"a pattern", func(o *live.Options) { o.Projects = []string{"*-d*"} }, []string{"northwind-dev"}, "projects/northwind-dev"},
		{"all but one", func(o *live.Options) { o.ExcludeProjects = []string{"northwind-ci"} }, all[1:], "organizations/111122223333"},
		{"one that cannot be listed", func(o *live.Options) { o.Projects = []string{"elsewhere"} }, []string{"elsewhere"}, "projects/elsewhere"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := fake.Northwind(docs)
			o := options(t, s)
			tt.change(&o)
			e := read(t, o)
			clean(t, s)
			var got []string
			for _, p := range e.Projects {
				got = append(got, p.ID)
			}
			if !slices.Equal(got, tt.projects) {
				t.Errorf("projects %v, want %v", got, tt.projects)
			}
			if !slices.ContainsFunc(s.Requests(), func(r fake.Request) bool {
				return r.Method == "cloudasset.searchAllIamPolicies" && r.Parent == tt.scope
			}) {
				t.Errorf("%s was not searched", tt.scope)
			}
		})
	}
}

// TestDomainNotThere says that it was not found, and reads nothing else instead.
func TestDomainNotThere(t *testing.T) {
	o := options(t, fake.Northwind(documents(t)))
	o.Organization = "southwind.example"
	e := read(t, o)
	if len(e.Projects) > 0 {
		t.Errorf("it read projects of another organisation: %d", len(e.Projects))
	}
	l := listingOf(e.Listings, "resourcemanager.organizations.get")
	if l.Status != inventory.StatusDenied || !strings.Contains(l.Reason, "southwind.example") {
		t.Errorf("%+v", l)
	}
}

// TestAboveAProject reads one project: what is above it is asked for its policy, and
// nothing else of it.
func TestAboveAProject(t *testing.T) {
	s := fake.Northwind(documents(t))
	o := options(t, s)
	o.Organization, o.Projects = "", []string{"northwind-prod"}
	e := read(t, o)
	clean(t, s)
	for _, want := range []string{"folders/700000000001", "organizations/111122223333"} {
		if !slices.ContainsFunc(e.Policies, func(p object.Policy) bool { return p.Resource == want }) {
			t.Errorf("no policy of %s", want)
		}
	}
	if e.MembersKnown {
		t.Error("not all projects of the organisation are known")
	}
}

// TestBadOptions are refused before anything is sent.
func TestBadOptions(t *testing.T) {
	for name, o := range map[string]live.Options{
		"an empty pattern":       {Projects: []string{""}},
		"a broken pattern":       {ExcludeProjects: []string{"[a"}},
		"other details":          {Details: "some"},
		"two places":             {Organization: "1", Folder: "2"},
		"a folder by its name":   {Folder: "factory"},
		"organizations/of words": {Organization: "organizations/northwind"},
		"an account by its name": {Impersonate: "auditor"},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := live.Open(t.Context(), o); err == nil {
				t.Error("it was taken")
			}
		})
	}
}
