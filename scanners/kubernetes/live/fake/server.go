// Package fake is an API server in memory, for tests: it answers what a scanner
// asks with the forms, tokens and refusals of the real one, and notes what it was
// asked. It is no part of the program.
package fake

import (
	"cmp"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"sync"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// A Server is an http.Handler. Add objects before it is used.
type Server struct {
	// Allow says whether a request is authorized; nil allows all.
	Allow func(Request) bool
	// Front, if set, may answer a request itself, by returning true.
	Front func(http.ResponseWriter, *http.Request, Request) bool
	// Old has no aggregated discovery and does not say how many items remain.
	Old bool
	// Stale are "group/version" of aggregated APIs that cannot be reached.
	Stale []string
	// Groups are further "group/version/plural" that the server has.
	Groups []string

	mu       sync.Mutex
	objects  map[string][]item // by "group/plural"
	requests []Request
}

// A Request is what the server makes of one.
type Request struct {
	Verb                             string // get or list; a lower-case method for others
	Group, Version, Resource         string
	Namespace, Name                  string
	Path                             string // of a request for no resource
	Selector, Limit, Continue, Types string // the query and the Accept header
}

// An object is one that is typed, and can be written as protobuf and JSON.
type typed interface {
	metav1.Object
	Marshal() ([]byte, error)
}

// An item is an object as the server keeps it.
type item struct {
	namespace, name, kind string
	fields                map[string]string // that selectors know
	object                typed             // nil for a custom resource
	tree                  map[string]any    // of a custom resource
}

// New returns a server without objects.
func New() *Server { return &Server{objects: map[string][]item{}} }

// Requests returns what was asked.
func (s *Server) Requests() []Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.requests)
}

// Add takes objects of "group/plural" ("/pods", "rbac.authorization.k8s.io/roles"):
// pointers to the types of k8s.io/api, or trees of custom resources.
func (s *Server) Add(resource string, objects ...any) {
	for _, o := range objects {
		it := item{fields: map[string]string{}}
		switch o := o.(type) {
		case map[string]any:
			m, _ := o["metadata"].(map[string]any)
			it.namespace, _ = m["namespace"].(string)
			it.name, _ = m["name"].(string)
			it.kind, _ = o["kind"].(string)
			it.tree = o
		case typed:
			it.namespace, it.name, it.object = o.GetNamespace(), o.GetName(), o
			v := reflect.ValueOf(o).Elem()
			it.kind = v.Type().Name()
			if f := v.FieldByName("Type"); f.IsValid() && it.kind == "Secret" {
				it.fields["type"] = cmp.Or(f.String(), "Opaque")
			}
		default:
			panic(fmt.Sprintf("fake: %T is no object", o)) // a mistake in a test
		}
		it.fields["metadata.name"], it.fields["metadata.namespace"] = it.name, it.namespace
		s.objects[resource] = append(s.objects[resource], it)
	}
	slices.SortFunc(s.objects[resource], func(a, b item) int {
		return cmp.Or(cmp.Compare(a.namespace, b.namespace), cmp.Compare(a.name, b.name))
	})
}

// Remove takes an object away, as if it had been deleted.
func (s *Server) Remove(resource, namespace, name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.objects[resource] = slices.DeleteFunc(s.objects[resource], func(it item) bool { return it.namespace == namespace && it.name == name })
}

// ServeHTTP answers.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	q := parse(r)
	s.mu.Lock()
	s.requests = append(s.requests, q)
	s.mu.Unlock()
	switch {
	case s.Front != nil && s.Front(w, r, q):
	case s.Allow != nil && !s.Allow(q):
		Refuse(w, r, http.StatusForbidden, fmt.Sprintf("%s is forbidden: User %q cannot %s resource %q in API group %q at the cluster scope", q.Resource, "fake", q.Verb, q.Resource, q.Group), "")
	case q.Verb != "get" && q.Verb != "list":
		Refuse(w, r, http.StatusMethodNotAllowed, "the fake only reads", "")
	case q.Path == "/version":
		write(w, "application/json", []byte(`{"major":"1","minor":"36","gitVersion":"v1.36.3"}`))
	case q.Path == "/apis":
		s.discovery(w, r)
	case q.Path != "" || !s.has(q):
		http.Error(w, "404 page not found", http.StatusNotFound)
	case q.Verb == "get":
		s.get(w, r, q)
	default:
		s.list(w, r, q)
	}
}

// parse reads the path of a request.
func parse(r *http.Request) Request {
	query := r.URL.Query()
	q := Request{Verb: strings.ToLower(r.Method), Selector: query.Get("fieldSelector"), Limit: query.Get("limit"), Continue: query.Get("continue"), Types: r.Header.Get("Accept")}
	parts := strings.Split(strings.Trim(r.URL.Path, "/"), "/")
	switch {
	case parts[0] == "api" && len(parts) > 2:
		q.Version, parts = parts[1], parts[2:]
	case parts[0] == "apis" && len(parts) > 3:
		q.Group, q.Version, parts = parts[1], parts[2], parts[3:]
	default:
		q.Path = r.URL.Path
		return q
	}
	if parts[0] == "namespaces" && len(parts) > 2 {
		q.Namespace, parts = parts[1], parts[2:]
	}
	q.Resource = parts[0]
	if len(parts) > 1 {
		q.Name = parts[1]
	} else if r.Method == http.MethodGet {
		q.Verb = "list"
	}
	return q
}

// builtin are the groups that every server has, with the resources that it has
// even without an object of them.
func builtin() []string {
	return []string{
		"/v1/pods", "/v1/secrets", "/v1/serviceaccounts", "/v1/namespaces", "/v1/configmaps", "/v1/replicationcontrollers",
		"apps/v1/deployments", "apps/v1/statefulsets", "apps/v1/daemonsets", "apps/v1/replicasets", "batch/v1/jobs", "batch/v1/cronjobs",
		"rbac.authorization.k8s.io/v1/roles", "rbac.authorization.k8s.io/v1/clusterroles",
		"rbac.authorization.k8s.io/v1/rolebindings", "rbac.authorization.k8s.io/v1/clusterrolebindings",
		"certificates.k8s.io/v1/certificatesigningrequests",
	}
}

// has reports whether the server has a resource.
func (s *Server) has(q Request) bool {
	name := q.Group + "/" + q.Version + "/" + q.Resource
	return slices.Contains(builtin(), name) || slices.Contains(s.Groups, name)
}

func (s *Server) discovery(w http.ResponseWriter, r *http.Request) {
	type version struct {
		Version   string              `json:"version"`
		Resources []map[string]string `json:"resources,omitempty"`
		Freshness string              `json:"freshness,omitempty"`
	}
	groups := map[string][]version{}
	var order []string
	for _, name := range append(append(builtin(), s.Groups...), s.Stale...) {
		parts := strings.Split(name, "/")
		if parts[0] == "" {
			continue
		}
		if groups[parts[0]] == nil {
			order = append(order, parts[0])
		}
		list := groups[parts[0]]
		at := slices.IndexFunc(list, func(v version) bool { return v.Version == parts[1] })
		if at < 0 {
			list, at = append(list, version{Version: parts[1], Freshness: "Current"}), len(list)
		}
		if len(parts) > 2 {
			list[at].Resources = append(list[at].Resources, map[string]string{"resource": parts[2]})
		} else {
			list[at].Freshness = "Stale"
		}
		groups[parts[0]] = list
	}
	aggregated := !s.Old && strings.Contains(r.Header.Get("Accept"), "as=APIGroupDiscoveryList")
	var items []map[string]any
	for _, g := range order {
		if aggregated {
			items = append(items, map[string]any{"metadata": map[string]string{"name": g}, "versions": groups[g]})
		} else {
			items = append(items, map[string]any{"name": g, "versions": groups[g]})
		}
	}
	if aggregated {
		writeJSON(w, "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList", map[string]any{"kind": "APIGroupDiscoveryList", "apiVersion": "apidiscovery.k8s.io/v2", "items": items})
		return
	}
	writeJSON(w, "application/json", map[string]any{"kind": "APIGroupList", "apiVersion": "v1", "groups": items})
}

func (s *Server) get(w http.ResponseWriter, r *http.Request, q Request) {
	s.mu.Lock()
	list := s.objects[q.Group+"/"+q.Resource]
	s.mu.Unlock()
	for _, it := range list {
		if it.name == q.Name && it.namespace == q.Namespace {
			if it.tree != nil {
				writeJSON(w, "application/json", it.tree)
			} else {
				writeJSON(w, "application/json", it.object)
			}
			return
		}
	}
	Refuse(w, r, http.StatusNotFound, fmt.Sprintf("%s %q not found", q.Resource, q.Name), "")
}

// A token is what a continue token says.
type token struct {
	Start string `json:"start"` // the first object has a key after it
}

// Token makes a continue token that goes on after an object.
func Token(namespace, name string) string {
	text, err := json.Marshal(token{Start: namespace + "/" + name})
	if err != nil {
		panic(err) // two strings can always be encoded
	}
	return base64.RawURLEncoding.EncodeToString(text)
}

func (s *Server) list(w http.ResponseWriter, r *http.Request, q Request) {
	var items []item
	s.mu.Lock()
	for _, it := range s.objects[q.Group+"/"+q.Resource] {
		matches, err := selects(q.Selector, it)
		if err != nil {
			s.mu.Unlock()
			Refuse(w, r, http.StatusBadRequest, err.Error(), "")
			return
		}
		if (q.Namespace == "" || it.namespace == q.Namespace) && matches {
			items = append(items, it)
		}
	}
	s.mu.Unlock()
	if q.Continue != "" {
		text, err := base64.RawURLEncoding.DecodeString(q.Continue)
		var t token
		if err != nil || json.Unmarshal(text, &t) != nil {
			Refuse(w, r, http.StatusBadRequest, "continue key is not valid", "")
			return
		}
		items = slices.DeleteFunc(items, func(it item) bool { return it.namespace+"/"+it.name <= t.Start })
	}
	meta := metav1.ListMeta{ResourceVersion: "4711"}
	if limit, err := strconv.Atoi(q.Limit); err == nil && limit > 0 && len(items) > limit {
		last := items[limit-1]
		meta.Continue = Token(last.namespace, last.name)
		if left := int64(len(items) - limit); q.Selector == "" && !s.Old {
			meta.RemainingItemCount = &left
		}
		items = items[:limit]
	}
	s.answer(w, r, q, meta, items)
}

// selects applies a field selector. As on the real server, Secrets alone know
// type, and what nobody knows is an error.
func selects(selector string, it item) (bool, error) {
	if selector == "" {
		return true, nil
	}
	all := true
	for term := range strings.SplitSeq(selector, ",") {
		field, value, ok := strings.Cut(term, "!=")
		negated := ok
		if !ok {
			field, value, ok = strings.Cut(term, "=")
		}
		have, known := it.fields[field]
		if !ok || !known {
			return false, fmt.Errorf("field label not supported: %s", field)
		}
		all = all && (have == value) != negated
	}
	return all, nil
}
