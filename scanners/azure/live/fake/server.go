// Package fake stands in for a tenant of Microsoft Entra and its Azure
// subscriptions, for tests. Microsoft Graph checks each request against what Graph
// publishes of itself: a property, relation or option that does not exist is an
// error, as in the real one. Azure Resource Manager and Key Vault are Microsoft's
// own fake servers, which check requests by Microsoft's own models. The token
// endpoint issues tokens that say for whom they are, and no other service takes
// them.
package fake

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
)

// A Tree is a JSON object.
type Tree = map[string]any

// A List is the items of a listing, made as they are asked for.
type List interface {
	Len() int
	At(i int) Tree
}

// Trees is a List that is there.
type Trees []Tree

// Len returns how many there are.
func (t Trees) Len() int { return len(t) }

// At returns one.
func (t Trees) At(i int) Tree { return t[i] }

// Made is a List whose items are made.
type Made struct {
	N    int
	Make func(i int) Tree
}

// Len returns how many there are.
func (m Made) Len() int { return m.N }

// At makes one.
func (m Made) At(i int) Tree { return m.Make(i) }

// A Request is what came in. Those inside a batch come by themselves too.
type Request struct {
	Method, Host, Path string
	Query              url.Values
	Header             http.Header
	Need               []string // any of which lets it through; empty needs none
	Batched            bool
}

// Name names what is asked for, without the ids in it.
func (r Request) Name() string {
	parts := strings.Split(r.Path, "/")
	for i, p := range parts {
		if len(p) == 36 && strings.Count(p, "-") == 4 {
			parts[i] = "{id}"
		}
	}
	return r.Method + " " + strings.Join(parts, "/")
}

// A Server is a tenant. Its fields are set before it is used.
type Server struct {
	Tenant string
	App    string // app id of the reader
	Secret string // of the reader; what its certificate or federated token is, is not checked
	// Graph has listings by path without a version: /applications. Relations of an
	// object are lists under their name in the object itself; a path of their own,
	// /groups/ID/owners, comes first.
	Graph map[string]List
	// Tables has what Resource Graph has, by name of the table, as Resource Manager
	// spells it. Fallback listings are taken from them too.
	Tables map[string]List
	// Manage has listings of Resource Manager: "subscriptions", and by their kind and
	// the subscription: "denyAssignments/ID", "roleEligibilityScheduleInstances/ID",
	// "securityContacts/ID"; federated credentials by the ARM id of the identity in
	// lower case.
	Manage map[string]List
	// Vaults has listings of vaults by host and kind: "nw.vault.azure.net/secrets".
	Vaults map[string]List

	Granted map[string]bool // permissions that the reader has; nil is all
	Narrow  bool            // Graph takes $top and $expand of sponsors nowhere that it is not documented to
	Page    int             // at most so many items on a page; 0 is what Microsoft sends
	// Front may answer a request before the server does, and returns true then.
	Front func(w http.ResponseWriter, r Request) bool
	calm  atomic.Bool // Front is not asked any more

	mu       sync.Mutex
	requests []Request
	index    map[string]map[string]int
	compiled sync.Once // of routes
	routes   []route
	contacts *regexp.Regexp
}

// transporter is what Microsoft's fake servers are.
type transporter interface {
	Do(r *http.Request) (*http.Response, error)
}

// New returns a tenant with nothing in it.
func New(tenant string) *Server {
	return &Server{
		Tenant: tenant, App: "00000000-aaaa-bbbb-cccc-000000000001", Graph: map[string]List{}, Tables: map[string]List{}, Manage: map[string]List{}, Vaults: map[string]List{},
	}
}

// Requests returns what came in, without requests for tokens.
func (s *Server) Requests() []Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.requests)
}

// Calm has Front asked no more. It may be called while requests are on their way, such
// as those that whoever sent them gave up.
func (s *Server) Calm() { s.calm.Store(true) }

// Forget forgets what came in.
func (s *Server) Forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.requests = nil
}

// RoundTrip answers without a network.
func (s *Server) RoundTrip(r *http.Request) (*http.Response, error) {
	if err := r.Context().Err(); err != nil {
		return nil, err //nolint:wrapcheck // as a transport does
	}
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	res := w.Result()
	res.Request = r
	return res, nil
}

// ServeHTTP answers for all services, by the host that is asked.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	host := r.Host
	if host == "" {
		host = r.URL.Host
		r = r.Clone(r.Context())
		r.Host = host
	}
	in := Request{Method: r.Method, Host: host, Path: r.URL.Path, Query: r.URL.Query(), Header: r.Header}
	switch {
	case strings.HasPrefix(host, "login."):
		s.token(w, r)
	case strings.HasPrefix(host, "graph."):
		s.guarded(w, r, in, "https://"+host, s.graph)
	case strings.HasPrefix(host, "management."):
		s.guarded(w, r, in, "https://management.core.windows.net/", s.manage)
	case strings.Contains(host, ".vault."):
		s.vaultGate(w, r, in)
	default:
		Refuse(w, http.StatusNotFound, "NoSuchHost", "nobody answers for "+host)
	}
}

// guarded lets a request through that has a token for a service, and that the
// reader may make.
func (s *Server) guarded(w http.ResponseWriter, r *http.Request, in Request, audience string, next func(http.ResponseWriter, *http.Request, Request)) {
	if audienceOf(r.Header.Get("Authorization")) != audience {
		Refuse(w, http.StatusUnauthorized, "InvalidAuthenticationToken", "Access token is empty, or not for this service.")
		return
	}
	in.Need = needs(r, in)
	if !s.admit(w, in) {
		return
	}
	next(w, r, in)
}

// admit notes a request and lets it through, unless Front answered it or the reader
// may not make it.
func (s *Server) admit(w http.ResponseWriter, in Request) bool {
	s.mu.Lock()
	s.requests = append(s.requests, in)
	s.mu.Unlock()
	if s.Front != nil && !s.calm.Load() && s.Front(w, in) {
		return false
	}
	if s.Granted == nil || len(in.Need) == 0 || slices.ContainsFunc(in.Need, func(n string) bool { return s.Granted[n] }) {
		return true
	}
	Deny(w, in.Host)
	return false
}

// Deny answers as a service does that is not allowed.
func Deny(w http.ResponseWriter, host string) {
	switch {
	case strings.HasPrefix(host, "graph."):
		Refuse(w, http.StatusForbidden, "Authorization_RequestDenied", "Insufficient privileges to complete the operation.")
	case strings.HasPrefix(host, "management."):
		Refuse(w, http.StatusForbidden, "AuthorizationFailed", "The client does not have authorization to perform the action over the scope, or the scope is invalid.")
	default:
		write(w, http.StatusForbidden, Tree{"error": Tree{
			"code": "Forbidden", "message": "Caller is not authorized to perform action on resource.", "innererror": Tree{"code": "ForbiddenByRbac"},
		}})
	}
}

// Refuse answers with an error as all services spell it.
func Refuse(w http.ResponseWriter, status int, code, message string) {
	write(w, status, Tree{"error": Tree{"code": code, "message": message, "innerError": Tree{"request-id": "00000000-0000-0000-0000-000000000000"}}})
}

func write(w http.ResponseWriter, status int, body any) {
	data, err := json.Marshal(body)
	if err != nil {
		status, data = http.StatusInternalServerError, nil
	}
	w.Header().Set("Content-Type", "application/json; odata.metadata=minimal")
	w.WriteHeader(status)
	_, _ = w.Write(data) // the reader hung up
}

// audienceOf reads for whom a token of this server is.
func audienceOf(authorization string) string {
	parts := strings.Split(strings.TrimPrefix(authorization, "Bearer "), ".")
	if len(parts) != 3 {
		return ""
	}
	data, err := base64.RawURLEncoding.DecodeString(parts[1])
	var c struct {
		Audience string `json:"aud"`
	}
	if err != nil || json.Unmarshal(data, &c) != nil {
		return ""
	}
	return c.Audience
}
