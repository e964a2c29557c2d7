package live_test

import (
	"context"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/muster-nhi/muster/scanners/gcp/live"
	"github.com/muster-nhi/muster/scanners/gcp/live/fake"
)

// cutOff begins a scan that ends when HMAC keys of the last project are asked for.
func cutOff(t *testing.T, s *fake.Server, o live.Options) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	s.Front = func(_ http.ResponseWriter, r fake.Request) bool {
		if r.Method == "storage.projects.hmacKeys.list" && r.Parent == "northwind-prod" {
			cancel()
		}
		return false
	}
	r, err := live.Open(ctx, o)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if _, err := r.Read(ctx, nil); err == nil {
		t.Fatal("it was not cut off")
	}
	s.Forget()
}

// TestGoesOn cuts a scan off and begins it anew: what was read of projects is not
// asked for again, what comes out is the same, and nothing is left behind.
func TestGoesOn(t *testing.T) {
	s := fake.Northwind(documents(t))
	o := options(t, s)
	want := read(t, o)
	s.Forget()
	o.State, o.Parallel = t.TempDir(), 1
	cutOff(t, s, o)
	left, err := filepath.Glob(filepath.Join(o.State, "*"))
	if err != nil || len(left) != 2 {
		t.Fatalf("%v was kept: %v", left, err)
	}
	for _, path := range left {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for i, secret := range fake.Canaries() {
			if strings.Contains(string(data), secret) {
				t.Errorf("canary %d was kept", i)
			}
		}
	}
	e := read(t, o)
	for _, r := range s.Requests() {
		if r.Method == "storage.projects.hmacKeys.list" && r.Parent != "northwind-prod" {
			t.Errorf("%s was asked again", r.Parent)
		}
	}
	for _, p := range e.Projects {
		p.Notes = slices.DeleteFunc(p.Notes, func(n string) bool { return strings.Contains(n, "earlier scan") })
	}
	if diff := differ(want, e); diff != "" {
		t.Errorf("at once (-), in two goes (+):\n%s", diff)
	}
	if left, _ := filepath.Glob(filepath.Join(o.State, "*")); len(left) > 0 {
		t.Errorf("%v is left", left)
	}
}

// TestDoesNotGoOn reads anew what was made with another choice, is too old, or is
// damaged.
func TestDoesNotGoOn(t *testing.T) {
	docs := documents(t)
	for name, change := range map[string]func(t *testing.T, o *live.Options){
		"another choice": func(_ *testing.T, o *live.Options) { o.Insights = false },
		"too old":        func(_ *testing.T, o *live.Options) { o.MaxAge = 1 },
		"damaged": func(t *testing.T, o *live.Options) {
			t.Helper()
			left, err := filepath.Glob(filepath.Join(o.State, "*"))
			if err != nil {
				t.Fatal(err)
			}
			for _, path := range left {
				if err := os.WriteFile(path, []byte("{"), 0o600); err != nil {
					t.Fatal(err)
				}
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := fake.Northwind(docs)
			o := options(t, s)
			o.State, o.Parallel = t.TempDir(), 1
			cutOff(t, s, o)
			change(t, &o)
			if o.MaxAge == 1 {
				if err := o.Sleep(t.Context(), 2); err != nil {
					t.Fatal(err)
				}
			}
			read(t, o)
			if n := requests(s)["storage.projects.hmacKeys.list"]; n != 3 {
				t.Errorf("%d projects were asked, want 3", n)
			}
		})
	}
}

// TestGoesOnAfterExpiry has the token of one project no longer taken: the scan comes
// to its end, and the next asks for that project only.
func TestGoesOnAfterExpiry(t *testing.T) {
	s := fake.Northwind(documents(t))
	o := options(t, s)
	want := read(t, o)
	o.State, o.Parallel = t.TempDir(), 1
	s.Front = func(w http.ResponseWriter, r fake.Request) bool {
		if r.Method != "storage.projects.hmacKeys.list" || r.Parent != "northwind-prod" {
			return false
		}
		fake.Refuse(w, http.StatusUnauthorized, "UNAUTHENTICATED", "ACCESS_TOKEN_EXPIRED", "Request had invalid authentication credentials.", nil)
		return true
	}
	read(t, o)
	left, err := filepath.Glob(filepath.Join(o.State, "*"))
	if err != nil || len(left) != 2 {
		t.Fatalf("%v was kept: %v", left, err)
	}
	s.Calm()
	s.Forget()
	e := read(t, o)
	if n := requests(s)["storage.projects.hmacKeys.list"]; n != 1 {
		t.Errorf("%d projects were asked, want 1", n)
	}
	for _, p := range e.Projects {
		p.Notes = slices.DeleteFunc(p.Notes, func(n string) bool { return strings.Contains(n, "earlier scan") })
	}
	if diff := differ(want, e); diff != "" {
		t.Errorf("at once (-), in two goes (+):\n%s", diff)
	}
	if left, _ := filepath.Glob(filepath.Join(o.State, "*")); len(left) > 0 {
		t.Errorf("%v is left", left)
	}
}
