package scannertest_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/scanners"
	"github.com/muster-nhi/muster/scanners/scannertest"
)

// The code between the two marks stands in docs/adding-a-scanner.md.
//
// begin of the example

// Config says which service to ask.
type Config struct {
	URL string `yaml:"url" json:"url"`
}

// Factory returns the factory of the scanner.
func Factory() scanners.Factory {
	return scanners.Define(scanners.Info{
		Name: "badges", Title: "Badges of a made-up service", Argument: "url",
		Kinds: []inventory.Kind{inventory.KindIdentity}, Permissions: []string{"badges.read"}, Network: true,
	}, Config{}, func(env scanners.Env, c Config) (scanners.Scanner, error) {
		return &scanner{http: env.HTTP, url: c.URL}, nil
	})
}

type scanner struct {
	http *http.Client
	url  string
}

// Scan lists the badges, page by page. Memory holds one page.
func (s *scanner) Scan(ctx context.Context, emit scanners.Emit) error {
	seen := &inventory.Coverage{Scanner: "badges", Scope: s.url, Kind: inventory.KindIdentity, Status: inventory.StatusComplete}
	for from := "/badges"; from != ""; {
		page, err := s.page(ctx, from)
		if ctx.Err() != nil {
			return ctx.Err() // a scan that was stopped is not a listing that was denied
		}
		if err != nil { // say so, and keep what there is
			seen.Status, seen.Reason = inventory.StatusPartial, "list badges: "+err.Error()
			break
		}
		for _, b := range page.Badges {
			id := &inventory.Identity{ID: "badges:" + b.ID, Type: "badges.badge", Scope: s.url, Name: b.Name}
			if err := emit(inventory.Record{Identity: id}); err != nil {
				return err
			}
			seen.Count++
		}
		from = page.Next
	}
	return emit(inventory.Record{Coverage: seen})
}

// A page is one answer of the service.
type page struct {
	Badges []struct{ ID, Name string }
	Next   string
}

func (s *scanner) page(ctx context.Context, path string) (p page, err error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, s.url+path, nil)
	if err != nil {
		return p, err
	}
	res, err := s.http.Do(r)
	if err != nil {
		return p, err
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return p, fmt.Errorf("status %d", res.StatusCode)
	}
	err = json.NewDecoder(res.Body).Decode(&p)
	return p, err
}

func TestConformance(t *testing.T) {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /badges", func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Query().Has("after") {
			fmt.Fprint(w, `{"Badges":[{"ID":"3","Name":"gate"}]}`)
			return
		}
		fmt.Fprint(w, `{"Badges":[{"ID":"1","Name":"lift"},{"ID":"2","Name":"door"}],"Next":"/badges?after=2"}`)
	})
	scannertest.Run(t, scannertest.Suite{
		Factory:   Factory(),
		Config:    map[string]any{"url": "https://badges.example"},
		Golden:    "testdata/badges.jsonl",
		Transport: scannertest.Serve(mux),
		Paged:     func(r *http.Request) bool { return r.URL.Query().Has("after") },
	})
}

// end of the example

func TestDocumentShowsTheExample(t *testing.T) {
	source, err := os.ReadFile("example_test.go")
	if err != nil {
		t.Fatal(err)
	}
	_, code, _ := strings.Cut(string(source), "// begin of the example\n")
	code, _, ok := strings.Cut(code, "// end of the example\n")
	doc, err := os.ReadFile("../../docs/adding-a-scanner.md")
	if err != nil {
		t.Fatal(err)
	}
	if !ok || !strings.Contains(string(doc), "```go\n"+strings.TrimSpace(code)+"\n```\n") {
		t.Error("docs/adding-a-scanner.md does not hold the code of this file")
	}
}
