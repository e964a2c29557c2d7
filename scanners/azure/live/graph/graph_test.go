package graph_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"

	"github.com/muster-nhi/muster/scanners/azure/live/fake"
	"github.com/muster-nhi/muster/scanners/azure/live/graph"
	"github.com/muster-nhi/muster/scanners/azure/live/wire"
)

type token struct{ server *fake.Server }

func (t token) GetToken(_ context.Context, o policy.TokenRequestOptions) (azcore.AccessToken, error) {
	return azcore.AccessToken{Token: t.server.Token(o.Scopes[0]), ExpiresOn: time.Now().Add(time.Hour)}, nil
}

func client(t *testing.T, s *fake.Server, slept *time.Duration) *graph.Client {
	t.Helper()
	o := wire.Options{
		HTTP: s, Now: func() time.Time { return time.Date(2026, 11, 2, 9, 0, 0, 0, time.UTC) }, Random: func() float64 { return 0 },
		Sleep: func(ctx context.Context, d time.Duration) error {
			*slept += d
			return ctx.Err()
		},
	}
	c, err := graph.New("https://graph.microsoft.com", "https://graph.microsoft.com", token{s}, o, 1000)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

type item struct {
	ID string `json:"id"`
}

// TestBatch asks for more than one batch holds, with items that are slow, missing
// and denied, and one whose answer has several pages.
func TestBatch(t *testing.T) {
	s := fake.Northwind()
	s.Page = 10
	slow := 0
	s.Front = func(w http.ResponseWriter, r fake.Request) bool {
		switch {
		case strings.HasSuffix(r.Path, fake.Object(1)+"/owners"):
			if slow++; slow > 2 {
				return false
			}
			w.Header().Set("Retry-After", "9")
			fake.Refuse(w, http.StatusTooManyRequests, "TooManyRequests", "slow down")
		case strings.HasSuffix(r.Path, fake.Object(3)+"/owners"):
			fake.Deny(w, r.Host)
		default:
			return false
		}
		return true
	}
	var items []graph.Item
	for i := 1; i <= 45; i++ {
		items = append(items, graph.Item{Path: "/applications/" + fake.Object(i) + "/owners?$select=id"})
	}
	var slept time.Duration
	c := client(t, s, &slept)
	found := map[int]int{}
	failed := map[int]error{}
	err := c.Batch(t.Context(), items, func(i int, a graph.Answer) {
		failed[i] = graph.Items(t.Context(), c, a, nil, func(some []item) { found[i] += len(some) })
	})
	if err != nil {
		t.Fatal(err)
	}
	if found[0] != 2 || found[1] != 25 || !wire.Denied(failed[2]) || !wire.Missing(failed[44]) || len(failed) != 45 {
		t.Errorf("found %v, failed %v", found, failed)
	}
	if slept != 18*time.Second {
		t.Errorf("slept for %v", slept)
	}
	batches := 0
	for _, r := range s.Requests() {
		if strings.HasSuffix(r.Path, "/$batch") {
			batches++
		}
	}
	if batches != 5 { // three, and two for the item that was slow
		t.Errorf("%d batches", batches)
	}
}

// TestBatchThatLeavesItemsOut says so.
func TestBatchThatLeavesItemsOut(t *testing.T) {
	s := fake.Northwind()
	s.Front = func(w http.ResponseWriter, r fake.Request) bool {
		if !strings.HasSuffix(r.Path, "/$batch") {
			return false
		}
		_, _ = w.Write([]byte(`{"responses":[{"id":"0","status":200,"body":{"value":[]}}]}`))
		return true
	}
	var slept time.Duration
	c := client(t, s, &slept)
	var errs [2]error
	err := c.Batch(t.Context(), []graph.Item{{Path: "/a"}, {Path: "/b"}}, func(i int, a graph.Answer) { errs[i] = a.Err })
	if err != nil || errs[0] != nil || errs[1] == nil {
		t.Errorf("%v, %v", err, errs)
	}
}

// TestEndpoint refuses what is no address.
func TestEndpoint(t *testing.T) {
	if _, err := graph.New("graph", "a", nil, wire.Options{}, 1); err == nil {
		t.Error("an address without a host passes")
	}
	var slept time.Duration
	c := client(t, fake.Northwind(), &slept)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := graph.Pages(ctx, c, "/v1.0/applications", nil, func([]item) {}); !errors.Is(err, context.Canceled) {
		t.Errorf("the error is %v", err)
	}
}
