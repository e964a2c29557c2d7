package wire

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

func TestURL(t *testing.T) {
	for _, tt := range []struct {
		name, want string
		op         Operation
		in         Values
	}{
		{
			"a name with slashes", "https://x/v1/projects/p/serviceAccounts/a@b.c/keys?fields=keys%28name%29&prettyPrint=false",
			Operation{Path: "v1/{+name}/keys", Items: "keys", Fields: "name"},
			Values{"name": "projects/p/serviceAccounts/a@b.c"},
		},
		{
			"an attachment point", "https://x/v2/policies/cloudresourcemanager.googleapis.com%2Fprojects%2Fp/denypolicies?prettyPrint=false",
			Operation{Path: "v2/{+parent}"},
			Values{"parent": "policies/cloudresourcemanager.googleapis.com%2Fprojects%2Fp/denypolicies"},
		},
		{"a name that would lead elsewhere", "https://x/b/a%2F..%2Fb%3Fq?prettyPrint=false", Operation{Path: "b/{bucket}"}, Values{"bucket": "a/../b?q"}},
		{"a repeated parameter", "https://x/v1?prettyPrint=false&t=a&t=b", Operation{Path: "v1"}, Values{"t": "a\nb", "empty": ""}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := tt.op.url("https://x/", tt.in)
			if err != nil || got != tt.want {
				t.Errorf("%v\n%s\nwant\n%s", err, got, tt.want)
			}
		})
	}
	if _, err := (Operation{ID: "m", Path: "v1/{+name}"}).url("https://x", Values{}); err == nil {
		t.Error("a path with a hole was taken")
	}
}

// client asks a handler.
func client(t *testing.T, h http.HandlerFunc) *Client {
	t.Helper()
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	now := time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)
	return New(Options{
		HTTP: http.DefaultTransport, Endpoint: server.URL, Token: func(context.Context) (string, error) { return "t", nil },
		Now: func() time.Time { return now }, Sleep: func(ctx context.Context, _ time.Duration) error { return ctx.Err() }, Random: func() float64 { return 0.5 },
	})
}

func op() Operation {
	return Operation{ID: "m", Service: "x.googleapis.com", Method: http.MethodGet, Path: "v1/items", Items: "items", Size: "pageSize", Most: 10}
}

// TestAttempts says how often a request is sent that fails.
func TestAttempts(t *testing.T) {
	for _, tt := range []struct {
		name string
		h    http.HandlerFunc
		want int
	}{
		{"denied", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusForbidden) }, 1},
		{"failed", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusBadGateway) }, 5},
		{"not implemented", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNotImplemented) }, 1},
		{"too fast", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTooManyRequests) }, maxAttempts},
		{"too fast, and not before tomorrow", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Retry-After", "86400")
			w.WriteHeader(http.StatusTooManyRequests)
		}, 1},
		{"a page of a proxy", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("<html>")) }, 5},
		{"cut", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "100")
			_, _ = w.Write([]byte(`{"items":`))
		}, 5},
	} {
		t.Run(tt.name, func(t *testing.T) {
			n := 0
			c := client(t, func(w http.ResponseWriter, r *http.Request) {
				n++
				tt.h(w, r)
			})
			var out json.RawMessage
			if err := c.Ask(t.Context(), op(), nil, &out); err == nil {
				t.Error("it was taken for an answer")
			}
			if n != tt.want {
				t.Errorf("sent %d times, want %d", n, tt.want)
			}
		})
	}
}

// TestRenewed has Google take a token no more: there is one new token for all
// requests, and no more than a few for one whose tokens are all refused.
func TestRenewed(t *testing.T) {
	for _, tt := range []struct {
		name     string
		good     int // the number of the token that is taken
		requests int
		renewed  int
		fails    bool
	}{
		{"the second", 1, 3, 1, false},
		{"none", 99, 3, maxRenewed, true},
		{"none, asked once", 99, 1, 1, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			token := 0
			c := client(t, func(w http.ResponseWriter, r *http.Request) {
				if r.Header.Get("Authorization") != fmt.Sprint("Bearer t", tt.good) {
					w.WriteHeader(http.StatusUnauthorized)
					return
				}
				_, _ = w.Write([]byte("{}"))
			})
			c.options.Token = func(context.Context) (string, error) { return fmt.Sprint("t", token), nil }
			c.options.Renew = func(context.Context) error {
				token++
				return nil
			}
			for range tt.requests {
				var out json.RawMessage
				if err := c.Ask(t.Context(), op(), nil, &out); (err != nil) != tt.fails {
					t.Error(err)
				}
			}
			if token != tt.renewed {
				t.Errorf("%d tokens were renewed, want %d", token, tt.renewed)
			}
		})
	}
}

// TestEmptyPages gives a listing up that goes on with empty pages.
func TestEmptyPages(t *testing.T) {
	n := 0
	c := client(t, func(w http.ResponseWriter, _ *http.Request) {
		n++
		_ = json.NewEncoder(w).Encode(map[string]string{"nextPageToken": strings.Repeat("x", n)}) // a client that went away is no matter
	})
	_, err := c.Pages(t.Context(), op(), Values{}, func(json.RawMessage) error { return nil })
	if !errors.Is(err, ErrEmpty) {
		t.Errorf("%v", err)
	}
}

// TestMessages keeps a message short, on one line, and without tokens.
func TestMessages(t *testing.T) {
	e := refusal(op(), http.StatusForbidden, []byte(`{"error": {"message": "no\nfor ya29.canary `+strings.Repeat("x", 1000)+`", "status": "PERMISSION_DENIED"}}`))
	if strings.Contains(e.Error(), "canary") || strings.Contains(e.Error(), "\n") || len(e.Error()) > 400 {
		t.Errorf("%q", e.Error())
	}
	if !Denied(e) || Disabled(e) || Missing(e) {
		t.Errorf("%+v", e)
	}
}

// FuzzRefusal reads whatever an API may answer for an error.
func FuzzRefusal(f *testing.F) {
	f.Add([]byte(`{"error": {"code": 403, "message": "m", "status": "PERMISSION_DENIED", "details": [{"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "SERVICE_DISABLED", "metadata": {"service": "x", "consumer": "projects/1"}}]}}`))
	f.Add([]byte(`{"error": "invalid_grant"}`))
	f.Add([]byte(`[]`))
	f.Fuzz(func(t *testing.T, body []byte) {
		e := refusal(op(), http.StatusForbidden, body)
		if e.Error() == "" || strings.Contains(e.Error(), "\n") || len(e.Message) > maxMessage+10 {
			t.Errorf("%q", e.Error())
		}
	})
}

// FuzzPage splits whatever an API may answer for a page.
func FuzzPage(f *testing.F) {
	f.Add([]byte(`{"items": [{"a": 1}], "nextPageToken": "x"}`))
	f.Add([]byte(`{"items": {}, "nextPageToken": 1}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		var page map[string]json.RawMessage
		if json.Unmarshal(body, &page) != nil {
			return
		}
		items, token, err := split(op(), page)
		if err != nil && token != "" {
			t.Errorf("%d items, a token and %v", len(items), err)
		}
	})
}
