// Package fake is Google Cloud in memory, for tests. It is made from the discovery
// documents that Google publishes and ships with google.golang.org/api: it knows the
// paths, parameters and fields of each method and refuses what is not of them, as
// the real one does, sends only the fields that are asked for, and answers in pages.
// What a test has it answer is held against the documents too. It is no part of the
// program.
package fake

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"

	"google.golang.org/api/googleapi"
)

// A Tree is an answer or a part of one.
type Tree = map[string]any

// A Request is what the server makes of one.
type Request struct {
	Method string // as the discovery document has it: iam.roles.list
	Host   string
	Parent string // what the path names: projects/northwind-prod
	Query  url.Values
	Header http.Header
}

// Page returns the number of the page that is asked for, from 1.
func (r Request) Page() int {
	from, err := strconv.Atoi(r.Query.Get("pageToken"))
	if err != nil || from == 0 {
		return 1
	}
	return 2
}

// A Server is an http.Handler. Fill it before it is used.
type Server struct {
	// Allow says whether a request is authorized; nil allows all.
	Allow func(Request) bool
	// Front, if set, may answer a request itself, by returning true.
	Front func(http.ResponseWriter, Request) bool
	calm  atomic.Bool // Front is not asked any more
	// Page bounds every page, whatever a request asks for; 0 does not.
	Page int
	// Types that Asset Inventory does not know.
	Types []string

	docs *Documents

	mu       sync.Mutex
	lists    map[string][]Tree
	singles  map[string]Tree
	requests []Request
	problems []string
}

// New returns an empty server.
func New(docs *Documents) *Server {
	return &Server{docs: docs, lists: map[string][]Tree{}, singles: map[string]Tree{}}
}

func key(id, parent string) string { return id + " " + parent }

// List adds to what a method lists below a parent: what the path names, or empty.
// An item that is not of the document's form is a problem.
func (s *Server) List(id, parent string, items ...Tree) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.lists[key(id, parent)] = append(s.lists[key(id, parent)], items...)
}

// Set has a method without pages answer.
func (s *Server) Set(id, parent string, answer Tree) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.singles[key(id, parent)] = answer
}

// Requests returns what was asked.
func (s *Server) Requests() []Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.requests)
}

// Calm has Front asked no more. It may be called while requests are on their way, such
// as those that whoever sent them gave up.
func (s *Server) Calm() { s.calm.Store(true) }

// Forget forgets what was asked.
func (s *Server) Forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.requests = nil
}

// Problems are requests and answers that are not of the documents. A test that wants
// none looks.
func (s *Server) Problems() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.problems)
}

func (s *Server) problemf(format string, args ...any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.problems = append(s.problems, fmt.Sprintf(format, args...))
}

// ServeHTTP answers a request to the API that its Host names.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	// In names of several parts an escaped slash stays as it is, and an escaped percent
	// sign is one (google/api/http.proto, "Path template syntax"): so that both ways to
	// spell an attachment point of IAM v2 are the same.
	m, at := s.docs.find(r.Host, r.Method, strings.ReplaceAll(r.URL.EscapedPath(), "%252F", "%2F"))
	if m == nil {
		s.problemf("%s %s%s: no such method", r.Method, r.Host, r.URL.Path)
		Refuse(w, http.StatusNotFound, "NOT_FOUND", "", "The requested URL was not found on this server.", nil)
		return
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		Refuse(w, http.StatusBadRequest, "INVALID_ARGUMENT", "", "the body broke off", nil)
		return
	}
	request := Request{Method: m.ID, Host: r.Host, Query: r.URL.Query(), Header: r.Header.Clone()}
	for _, value := range at {
		request.Parent = value
	}
	s.mu.Lock()
	s.requests = append(s.requests, request)
	s.mu.Unlock()
	if wrong := m.wrong(request, body); wrong != "" {
		s.problemf("%s: %s", m.ID, wrong)
		Refuse(w, http.StatusBadRequest, "INVALID_ARGUMENT", "", wrong, nil)
		return
	}
	switch {
	case !strings.HasPrefix(r.Header.Get("Authorization"), "Bearer "):
		Refuse(w, http.StatusUnauthorized, "UNAUTHENTICATED", "CREDENTIALS_MISSING", "Request is missing required authentication credential.", nil)
	case s.Front != nil && !s.calm.Load() && s.Front(w, request):
	case s.Allow != nil && !s.Allow(request):
		Deny(w, request)
	default:
		s.answer(w, m, request)
	}
}

// wrong tells in what a request is not of the document; empty if it is.
func (m *method) wrong(r Request, body []byte) string {
	for name, values := range r.Query {
		p := m.Parameters[name]
		if p == nil || p.Location != "query" {
			p = m.doc.Parameters[name]
		}
		if p == nil && name == "$alt" {
			continue // a system parameter (https://cloud.google.com/apis/docs/system-parameters)
		}
		if p == nil {
			return fmt.Sprintf("Invalid JSON payload received. Unknown name %q: Cannot bind query parameter.", name)
		}
		if problem := parameter(name, p, values); problem != "" {
			return problem
		}
	}
	for name, p := range m.Parameters {
		if p.Required && p.Location == "query" && r.Query.Get(name) == "" {
			return "Required parameter is missing: " + name
		}
	}
	if selection := r.Query.Get("fields"); selection != "" {
		chosen, err := parse(selection)
		if err != nil {
			return err.Error()
		}
		if bad := m.doc.unknown(chosen, m.Response); bad != "" {
			return "Invalid field selection " + bad
		}
	}
	return m.wrongBody(body)
}

func (m *method) wrongBody(body []byte) string {
	switch {
	case len(body) == 0:
		return ""
	case m.Request == nil:
		return "a body where none is due"
	}
	var v any
	if json.Unmarshal(body, &v) != nil {
		return "Invalid JSON payload received."
	}
	return m.doc.check(m.Request, "body", v)
}

func parameter(name string, p *schema, values []string) string {
	if len(values) > 1 && !p.Repeated {
		return name + " is given more than once"
	}
	for _, v := range values {
		if len(p.Enum) > 0 && !slices.Contains(p.Enum, v) {
			return fmt.Sprintf("Invalid value at '%s' (%s)", name, v)
		}
		switch p.Type {
		case "integer":
			if _, err := strconv.Atoi(v); err != nil {
				return fmt.Sprintf("Invalid value at '%s' (%s)", name, v)
			}
		case "boolean":
			if v != "true" && v != "false" {
				return fmt.Sprintf("Invalid value at '%s' (%s)", name, v)
			}
		}
	}
	return ""
}

// answer sends what the test has set, in pages.
func (s *Server) answer(w http.ResponseWriter, m *method, r Request) {
	field := m.listed()
	var out Tree
	switch {
	case field != "":
		var wrong string
		if out, wrong = s.page(m, field, r); wrong != "" {
			Refuse(w, http.StatusBadRequest, "INVALID_ARGUMENT", "", wrong, nil)
			return
		}
	default:
		s.mu.Lock()
		single, ok := s.singles[key(m.ID, s.asked(r))]
		s.mu.Unlock()
		if !ok && !strings.HasSuffix(m.ID, "getIamPolicy") {
			Refuse(w, http.StatusNotFound, "NOT_FOUND", "", "Requested entity was not found.", nil)
			return
		}
		out = maps.Clone(single)
	}
	data, err := json.Marshal(out)
	var plain any
	if err == nil {
		err = json.Unmarshal(data, &plain)
	}
	if err != nil {
		s.problemf("%s: %v", m.ID, err)
	}
	if bad := m.doc.check(m.Response, "answer", plain); bad != "" {
		s.problemf("%s: %s", m.ID, bad)
	}
	if chosen, err := parse(r.Query.Get("fields")); err == nil {
		plain = chosen.only(plain)
	}
	write(w, http.StatusOK, plain)
}

// asked is under what an answer was set: what the path names, or the group that is
// looked up.
func (s *Server) asked(r Request) string {
	if r.Parent == "" {
		return r.Query.Get("groupKey.id")
	}
	return r.Parent
}

// listed is the field of an answer that lists; empty if it comes in one piece.
func (m *method) listed() string {
	s := m.doc.resolve(m.Response)
	if s == nil || !strings.Contains(strings.ToLower(m.ID), "list") && !strings.Contains(m.ID, "earch") && !strings.HasSuffix(m.ID, ".query") {
		return ""
	}
	var lists []string
	for name, p := range s.Properties {
		if p.Type == "array" && name != "unreachable" {
			lists = append(lists, name)
		}
	}
	slices.Sort(lists)
	if len(lists) == 0 {
		return ""
	}
	return lists[0]
}

// page returns one page of a list.
func (s *Server) page(m *method, field string, r Request) (answer Tree, wrong string) {
	items, wrong := s.items(m, r)
	if wrong != "" {
		return nil, wrong
	}
	from := 0
	if token := r.Query.Get("pageToken"); token != "" {
		n, err := strconv.Atoi(token)
		if err != nil || n > len(items) {
			return nil, "The page token is not valid."
		}
		from = n
	}
	size := s.size(m, r)
	to := min(len(items), from+size)
	out := Tree{}
	if to > from {
		list := make([]any, to-from)
		for i, item := range items[from:to] {
			list[i] = item
		}
		out[field] = list
	}
	if to < len(items) {
		out["nextPageToken"] = strconv.Itoa(to)
	}
	return out, ""
}

// size is how many items a page has: as asked for, up to what the API allows.
func (s *Server) size(m *method, r Request) int {
	asked := 0
	for _, name := range []string{"pageSize", "maxResults"} {
		if n, err := strconv.Atoi(r.Query.Get(name)); err == nil {
			asked = n
		}
	}
	most, usual := 1000, 100
	switch {
	case m.Parameters["pageToken"] == nil:
		return 1 << 30 // the method has no pages
	case strings.HasPrefix(m.ID, "cloudasset.searchAll"):
		most = 500
	case m.ID == "iam.projects.serviceAccounts.list":
		most, usual = 100, 20
	case m.ID == "storage.projects.hmacKeys.list":
		most = 250
	}
	if asked <= 0 {
		asked = usual
	}
	size := min(asked, most)
	if s.Page > 0 {
		size = min(size, s.Page)
	}
	return size
}

// items are those that a request lists. Asset Inventory filters by type.
func (s *Server) items(m *method, r Request) ([]Tree, string) {
	s.mu.Lock()
	items := s.lists[key(m.ID, r.Parent)]
	s.mu.Unlock()
	types := r.Query["assetTypes"]
	for _, t := range types {
		if slices.Contains(s.Types, t) {
			return nil, "Asset type is not supported: " + t
		}
	}
	if r.Query.Get("filter") == "state:ENABLED" {
		items = keep(items, func(i Tree) bool { return i["state"] == "ENABLED" })
	}
	if strings.HasPrefix(r.Query.Get("query"), "createTime>") {
		items = keep(items, func(i Tree) bool { return i["createTime"] != nil })
	}
	if domain, ok := strings.CutPrefix(r.Query.Get("query"), "domain:"); ok {
		items = keep(items, func(i Tree) bool { return i["displayName"] == domain })
	}
	if len(types) == 0 {
		return items, ""
	}
	return keep(items, func(i Tree) bool {
		name, _ := i["assetType"].(string)
		return slices.Contains(types, name)
	}), ""
}

func keep(items []Tree, want func(Tree) bool) []Tree {
	var out []Tree
	for _, i := range items {
		if want(i) {
			out = append(out, i)
		}
	}
	return out
}

// Deny refuses a request as one that lacks a permission.
func Deny(w http.ResponseWriter, r Request) {
	Refuse(w, http.StatusForbidden, "PERMISSION_DENIED", "IAM_PERMISSION_DENIED", "The caller does not have permission", map[string]string{"resource": r.Parent})
}

// Disable refuses a request because its API is not enabled in a project
// (projects/NUMBER).
func Disable(w http.ResponseWriter, r Request, consumer string) {
	Refuse(w, http.StatusForbidden, "PERMISSION_DENIED", "SERVICE_DISABLED",
		r.Host+" has not been used in project "+strings.TrimPrefix(consumer, "projects/")+" before or it is disabled.",
		map[string]string{"service": r.Host, "consumer": consumer})
}

// Refuse sends an error in the form of Google's APIs.
func Refuse(w http.ResponseWriter, status int, code, reason, message string, metadata map[string]string) {
	e := Tree{"code": status, "message": message, "status": code, "errors": []googleapi.ErrorItem{{Reason: reason, Message: message}}}
	if reason != "" {
		e["details"] = []Tree{{"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": reason, "domain": "googleapis.com", "metadata": metadata}}
	}
	write(w, status, Tree{"error": e})
}

func write(w http.ResponseWriter, status int, v any) {
	var body bytes.Buffer
	encoder := json.NewEncoder(&body)
	encoder.SetEscapeHTML(false)
	if encoder.Encode(v) != nil {
		status = http.StatusInternalServerError
	}
	w.Header().Set("Content-Type", "application/json; charset=UTF-8")
	w.WriteHeader(status)
	_, _ = w.Write(body.Bytes()) // a client that went away is no matter
}
