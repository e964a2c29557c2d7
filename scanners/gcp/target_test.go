package gcp

import (
	"context"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/scanners"
	"github.com/muster-nhi/muster/scanners/gcp/live"
	"github.com/muster-nhi/muster/scanners/gcp/live/fake"
)

// covers scans a target over a server and returns the coverage of each kind, by
// scope. It fails for any other record.
func covers(t *testing.T, s *fake.Server, c Config) map[string]map[inventory.Kind]*inventory.Coverage {
	t.Helper()
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	c.Endpoint, c.Activity = server.URL, true
	x, err := openWith(scanners.Env{Now: func() time.Time { return scanned }}, c, live.Options{
		Token: func(context.Context) (string, error) { return testToken(), nil },
		Sleep: func(ctx context.Context, _ time.Duration) error { return ctx.Err() },
	})
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]map[inventory.Kind]*inventory.Coverage{}
	if err := x.Scan(t.Context(), func(r inventory.Record) error {
		switch x := r.Coverage; {
		case x != nil && out[x.Scope] == nil:
			out[x.Scope] = map[inventory.Kind]*inventory.Coverage{x.Kind: x}
		case x != nil:
			out[x.Scope][x.Kind] = x
		case r.Progress == nil:
			t.Errorf("%s was emitted", r.Kind())
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	return out
}

// hidden answers as Google does where nothing may be seen: what is searched for is not
// there, and everything else is refused.
func hidden(w http.ResponseWriter, r fake.Request) bool {
	switch r.Method {
	case "cloudresourcemanager.organizations.search", "cloudresourcemanager.folders.search", "cloudresourcemanager.projects.search":
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write([]byte("{}"))
		return true
	case "iam.roles.list":
		return false // anybody may
	}
	fake.Deny(w, r)
	return true
}

// TestNothingOfATarget has every form of a target of which nothing may be seen: all
// kinds are denied in a scope that names it, with the permission and the place.
func TestNothingOfATarget(t *testing.T) {
	const above, projects = "resourcemanager.organizations.get", "resourcemanager.projects.get"
	for name, tt := range map[string]struct {
		config Config
		scope  string
		wants  []string // in the reasons of all kinds, where everything is refused
	}{
		"all that can be seen":         {Config{}, "gcp", []string{above, projects, "the permission is missing on every organisation, folder and project"}},
		"an organisation":              {Config{Target: "organizations/123"}, "gcp:organizations/123", []string{projects + " in organizations/123"}},
		"a domain":                     {Config{Target: "acme.example"}, "gcp:acme.example", []string{above + " in acme.example"}},
		"a folder":                     {Config{Target: "folders/123"}, "gcp:folders/123", []string{projects + " in folders/123"}},
		"a pattern":                    {Config{Projects: []string{"acme-*"}}, "gcp:acme-*", []string{projects}},
		"a project":                    {Config{Target: "acme-prod"}, "gcp:acme-prod", []string{"the permission is missing on projects/acme-prod"}},
		"a pattern in an organisation": {Config{Target: "organizations/123", Projects: []string{"acme-*"}}, "gcp:organizations/123", []string{projects + " in organizations/123"}},
	} {
		t.Run(name, func(t *testing.T) {
			for way, front := range map[string]func(http.ResponseWriter, fake.Request) bool{
				"refused": func(w http.ResponseWriter, r fake.Request) bool { fake.Deny(w, r); return true }, "hidden": hidden,
			} {
				s := served(t)
				s.Front = front
				all := covers(t, s, tt.config)
				got := all[tt.scope]
				if d := cmp.Diff(len(kinds()), len(got)); d != "" {
					t.Fatalf("%s: kinds of %s, of scopes %v: %s", way, tt.scope, slices.Sorted(maps.Keys(all)), d)
				}
				for _, c := range got {
					if c.Status != inventory.StatusDenied || strings.Contains(c.Reason, "missing on ;") || strings.HasSuffix(c.Reason, " on ") || strings.Contains(c.Reason, "of the project)") && name != "a project" {
						t.Errorf("%s: %s is %s: %s", way, c.Kind, c.Status, c.Reason)
					}
					for _, want := range tt.wants {
						if way == "refused" && !strings.Contains(c.Reason, want) {
							t.Errorf("%s: %s does not name %q: %s", way, c.Kind, want, c.Reason)
						}
					}
					if !strings.Contains(c.Reason, "permission is missing on ") {
						t.Errorf("%s: %s names no permission and place: %s", way, c.Kind, c.Reason)
					}
				}
			}
		})
	}
}

// TestPatternOfNoProject says that a pattern which chooses none of the projects was
// not read, and that those which choose some were.
func TestPatternOfNoProject(t *testing.T) {
	s := served(t)
	for scope, all := range covers(t, s, Config{Projects: []string{"acme-*", "ops-?"}}) {
		if scope != "gcp:acme-*" && scope != "gcp:ops-?" {
			t.Errorf("coverage of %s", scope)
		}
		for _, c := range all {
			want := "none of the 3 projects that can be seen is chosen by " + strings.TrimPrefix(scope, "gcp:")
			if c.Status != inventory.StatusDenied || !strings.Contains(c.Reason, want) || strings.Count(c.Reason, "is chosen by") != 1 {
				t.Errorf("%s: %s is %s: %s", scope, c.Kind, c.Status, c.Reason)
			}
		}
	}
}

// TestNothingToldForNow has Google fail: what was to be read is partial, as nobody
// knows whether it may be seen.
func TestNothingToldForNow(t *testing.T) {
	for scope, c := range map[string]Config{"gcp": {}, "gcp:acme.example": {Target: "acme.example"}, "gcp:acme-*": {Projects: []string{"acme-*"}}} {
		s := served(t)
		s.Front = func(w http.ResponseWriter, _ fake.Request) bool {
			fake.Refuse(w, http.StatusInternalServerError, "INTERNAL", "", "broken", nil)
			return true
		}
		got := covers(t, s, c)[scope]
		if len(got) != len(kinds()) {
			t.Fatalf("%s: %d kinds", scope, len(got))
		}
		for _, c := range got {
			if c.Status != inventory.StatusPartial || !strings.Contains(c.Reason, "broken") {
				t.Errorf("%s: %s is %s: %s", scope, c.Kind, c.Status, c.Reason)
			}
		}
	}
}
