package fake

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// Bounds of Graph.
const (
	maxTop      = 999
	defaultPage = 100
	expandPage  = 100 // with $expand, whatever is asked for
	expanded    = 20
	maxBatch    = 20
	maxIDs      = 1000
)

// graph answers for Microsoft Graph.
func (s *Server) graph(w http.ResponseWriter, r *http.Request, in Request) {
	version, path, ok := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	path = "/" + path
	switch {
	case !ok || version != "v1.0" && version != "beta":
		Refuse(w, http.StatusBadRequest, "BadRequest", "Invalid version: "+version)
	case path == "/$batch" && r.Method == http.MethodPost:
		s.batch(w, r, in.Host, version)
	case path == "/directoryObjects/getByIds" && r.Method == http.MethodPost:
		s.byIDs(w, r)
	case r.Method != http.MethodGet:
		Refuse(w, http.StatusMethodNotAllowed, "Request_BadRequest", "this server only reads")
	default:
		s.list(w, r, version, path)
	}
}

// list answers a GET.
func (s *Server) list(w http.ResponseWriter, r *http.Request, version, path string) {
	c, ok := collections()[pattern(path)]
	if !ok || c.beta && version != "beta" {
		Refuse(w, http.StatusBadRequest, "BadRequest", "Resource not found for the segment '"+path[strings.LastIndex(path, "/")+1:]+"'.")
		return
	}
	o, err := parseOptions(c, r, s.Narrow)
	o.beta = version == "beta"
	if err != nil {
		Refuse(w, http.StatusBadRequest, "BadRequest", err.Error())
		return
	}
	items := s.items(path)
	if items == nil {
		if len(strings.Split(path, "/")) > 3 && strings.Contains(pattern(path), "{id}") && !s.exists(path) {
			Refuse(w, http.StatusNotFound, "Request_ResourceNotFound", "Resource does not exist or one of its queried reference-property objects are not present.")
			return
		}
		items = Trees{}
	}
	if c.singleton {
		if items.Len() == 0 {
			Refuse(w, http.StatusNotFound, "ResourceNotFound", "there is none")
			return
		}
		write(w, http.StatusOK, o.shape(items.At(0)))
		return
	}
	s.page(w, r, o, items)
}

// page sends one page of a listing.
func (s *Server) page(w http.ResponseWriter, r *http.Request, o options, items List) {
	size := o.top
	if s.Page > 0 {
		size = min(size, s.Page)
	}
	begin := 0
	if token := r.URL.Query().Get("$skiptoken"); token != "" {
		n, err := strconv.Atoi(token)
		if err != nil || n > items.Len() {
			Refuse(w, http.StatusBadRequest, "Directory_ExpiredPageToken", "The specified page token value has expired and can no longer be included in your request.")
			return
		}
		begin = n
	}
	body := Tree{"@odata.context": "https://" + r.Host + r.URL.Path + "/$metadata"}
	value := []Tree{}
	i := begin
	for ; i < items.Len() && len(value) < size; i++ {
		if item := items.At(i); o.matches(item) {
			value = append(value, o.shape(item))
		}
	}
	body["value"] = value
	if i < items.Len() {
		next := *r.URL
		next.Scheme, next.Host = "https", r.Host
		q := next.Query()
		q.Set("$skiptoken", strconv.Itoa(i))
		next.RawQuery = q.Encode()
		body["@odata.nextLink"] = next.String()
	}
	if o.count {
		body["@odata.count"] = items.Len()
	}
	w.Header().Set("X-Ms-Resource-Unit", "2")
	write(w, http.StatusOK, body)
}

// pattern writes {id} for the ids of a path.
func pattern(path string) string {
	parts := strings.Split(path, "/")
	for i, p := range parts {
		if len(p) == 36 && strings.Count(p, "-") == 4 {
			parts[i] = "{id}"
		}
	}
	return strings.Join(parts, "/")
}

// items finds a listing: one of its own, or the relation of an object.
func (s *Server) items(path string) List {
	if l, ok := s.Graph[path]; ok {
		return l
	}
	parts := strings.Split(path, "/")
	if len(parts) < 4 {
		return nil
	}
	object := s.find("/"+parts[1], parts[2])
	if len(parts) == 5 {
		object = s.find(strings.Join(parts[:3], "/"), parts[3])
		if strings.HasPrefix(parts[3], "microsoft.graph.") {
			object = s.find("/"+parts[1], parts[2])
		}
	}
	if object == nil {
		return nil
	}
	list, ok := object[parts[len(parts)-1]].([]Tree)
	if !ok {
		return nil
	}
	return Trees(list)
}

// exists reports whether the object that a path begins with is there.
func (s *Server) exists(path string) bool {
	parts := strings.Split(path, "/")
	for i, p := range parts {
		if len(p) == 36 && strings.Count(p, "-") == 4 {
			return s.find(strings.Join(parts[:i], "/"), p) != nil
		}
	}
	return true
}

// find returns an object of a listing by its id.
func (s *Server) find(listing, id string) Tree {
	list, ok := s.Graph[listing]
	if !ok {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.index == nil {
		s.index = map[string]map[string]int{}
	}
	if s.index[listing] == nil {
		at := map[string]int{}
		for i := range list.Len() {
			at[fmt.Sprint(list.At(i)["id"])] = i
		}
		s.index[listing] = at
	}
	if i, ok := s.index[listing][id]; ok {
		return list.At(i)
	}
	return nil
}

// options are the query options of a request.
type options struct {
	beta     bool
	selected []string
	expand   string
	inner    []string // selected of what is expanded
	top      int
	filter   string
	count    bool
}

// parseOptions reads and checks query options as Graph does.
func parseOptions(c collection, r *http.Request, narrow bool) (options, error) {
	o := options{top: defaultPage}
	q := r.URL.Query()
	eventual := r.Header.Get("ConsistencyLevel") == "eventual"
	for name, values := range q {
		if len(values) != 1 {
			return o, fmt.Errorf("query option '%s' was specified more than once", name)
		}
		v := values[0]
		switch name {
		case "$select":
			o.selected = strings.Split(v, ",")
		case "$expand":
			if narrow && strings.HasPrefix(v, "sponsors") {
				return o, fmt.Errorf("expanding sponsors is not supported")
			}
			if err := o.parseExpand(c, v); err != nil {
				return o, err
			}
		case "$top":
			n, err := strconv.Atoi(v)
			if err != nil || n < 1 || n > maxTop {
				return o, fmt.Errorf("invalid page size specified: '%s'. Must be between 1 and 999 inclusive", v)
			}
			if c.noTop || c.singleton || narrow && !c.directory {
				return o, fmt.Errorf("the query option '$top' is not supported here")
			}
			o.top = n
		case "$filter":
			o.filter = v
		case "$count":
			o.count = v == "true"
		case "$skiptoken":
		default:
			return o, fmt.Errorf("the query option '%s' is not known", name)
		}
	}
	err := o.check(c, r, eventual)
	return o, err
}

// check looks for what Graph does not let go together, and for properties that do
// not exist.
func (o *options) check(c collection, r *http.Request, eventual bool) error {
	if o.expand != "" {
		o.top = min(o.top, expandPage)
		if eventual || o.count {
			return fmt.Errorf("$expand is not supported with advanced queries")
		}
	}
	if c.directory && strings.Contains(r.URL.Path, "/microsoft.graph.servicePrincipal") && (!eventual || !o.count) {
		return fmt.Errorf("the request uses OData cast and needs ConsistencyLevel and $count")
	}
	for _, p := range o.selected {
		if !has(c.kind, p) || p == "verifiedPublisher" && r.Host != "graph.microsoft.com" {
			return fmt.Errorf("could not find a property named '%s' on type 'microsoft.graph.%s'", p, c.kind)
		}
	}
	return checkFilter(c.kind, o.filter)
}

// parseExpand reads owners($select=id).
func (o *options) parseExpand(c collection, v string) error {
	name, inner, _ := strings.Cut(strings.TrimSuffix(v, ")"), "(")
	kind := related(c.kind, name)
	if kind == "" || strings.Contains(name, ",") {
		return fmt.Errorf("could not find a navigation property named '%s' on type 'microsoft.graph.%s'", name, c.kind)
	}
	o.expand = name
	if inner == "" {
		return nil
	}
	fields, ok := strings.CutPrefix(inner, "$select=")
	if !ok {
		return fmt.Errorf("the option '%s' of $expand is not supported", inner)
	}
	for p := range strings.SplitSeq(fields, ",") {
		if !has(kind, p) {
			return fmt.Errorf("could not find a property named '%s' on type 'microsoft.graph.%s'", p, kind)
		}
		o.inner = append(o.inner, p)
	}
	return nil
}

// checkFilter looks for properties in a filter that do not exist.
func checkFilter(kind, filter string) error {
	if filter == "" {
		return nil
	}
	words := strings.FieldsFunc(strings.NewReplacer("startswith(", " startswith ", "(", " ", ")", " ", ",", " , ").Replace(unquoted(filter)), func(r rune) bool { return r == ' ' })
	for i, word := range words {
		if i+1 < len(words) && (words[i+1] == "eq" || words[i+1] == "ne") || i > 0 && words[i-1] == "startswith" {
			if !has(kind, word) {
				return fmt.Errorf("could not find a property named '%s' on type 'microsoft.graph.%s'", word, kind)
			}
		}
	}
	return nil
}

// unquoted empties the texts of a filter.
func unquoted(s string) string {
	parts := strings.Split(s, "'")
	for i := 1; i < len(parts); i += 2 {
		parts[i] = ""
	}
	return strings.Join(parts, "'")
}

// matches judges the filters that are asked: property eq 'text', alone, and else
// lets all through.
func (o options) matches(item Tree) bool {
	name, value, ok := strings.Cut(o.filter, " eq ")
	if !ok || strings.Contains(value, " and ") || strings.Contains(value, " or ") {
		return true
	}
	return item[name] == strings.Trim(value, "'")
}

// shape leaves of an object what was asked for.
func (o options) shape(item Tree) Tree {
	out := Tree{}
	for k, v := range item {
		_, relation := v.([]Tree)
		switch {
		case strings.HasPrefix(k, "@odata."):
			out[k] = v
		case k == "claimsMatchingExpression" && !o.beta:
		case k == o.expand && relation:
			list, _ := v.([]Tree)
			var some []Tree
			for _, one := range list[:min(len(list), expanded)] {
				some = append(some, options{selected: o.inner, beta: o.beta}.shape(one))
			}
			out[k] = append([]Tree{}, some...)
		case relation && related("application", k)+related("agentIdentity", k)+related("group", k)+related("appManagementPolicy", k) != "":
		case len(o.selected) == 0 || slices.Contains(o.selected, k) || k == "id":
			out[k] = v
		}
	}
	if o.expand != "" && out[o.expand] == nil {
		out[o.expand] = []Tree{}
	}
	return out
}

// byIDs answers for directoryObjects/getByIds.
func (s *Server) byIDs(w http.ResponseWriter, r *http.Request) {
	var in struct {
		IDs   []string `json:"ids"`
		Types []string `json:"types"`
	}
	if json.NewDecoder(r.Body).Decode(&in) != nil || len(in.IDs) > maxIDs || len(in.IDs) == 0 {
		Refuse(w, http.StatusBadRequest, "Request_BadRequest", "The number of ids must be between 1 and 1000.")
		return
	}
	var fields []string
	if v := r.URL.Query().Get("$select"); v != "" {
		fields = strings.Split(v, ",")
	}
	value := []Tree{}
	for _, kind := range in.Types {
		for _, id := range in.IDs {
			if o := s.find("/"+kind+"s", id); o != nil {
				out := options{selected: fields}.shape(o)
				out["@odata.type"] = "#microsoft.graph." + kind
				value = append(value, out)
			}
		}
	}
	write(w, http.StatusOK, Tree{"value": value})
}

// batch answers each request of a batch by itself.
func (s *Server) batch(w http.ResponseWriter, r *http.Request, host, version string) {
	var in struct {
		Requests []struct {
			ID      string            `json:"id"`
			Method  string            `json:"method"`
			URL     string            `json:"url"`
			Headers map[string]string `json:"headers"`
		} `json:"requests"`
	}
	if json.NewDecoder(r.Body).Decode(&in) != nil || len(in.Requests) > maxBatch {
		Refuse(w, http.StatusBadRequest, "BadRequest", "Number of batch request steps exceeds the maximum value of 20.")
		return
	}
	responses := []Tree{}
	for _, one := range in.Requests {
		u, err := url.Parse("https://" + host + "/" + version + one.URL)
		if err != nil {
			Refuse(w, http.StatusBadRequest, "BadRequest", "a URL of the batch cannot be read")
			return
		}
		inner := &http.Request{Method: one.Method, URL: u, Host: host, Header: http.Header{}, Body: http.NoBody}
		for k, v := range one.Headers {
			inner.Header.Set(k, v)
		}
		rec := httptest.NewRecorder()
		request := Request{Method: one.Method, Host: host, Path: u.Path, Query: u.Query(), Header: inner.Header, Batched: true}
		if request.Need = needs(inner, request); s.admit(rec, request) {
			s.graph(rec, inner, request)
		}
		response := Tree{"id": one.ID, "status": rec.Code, "headers": Tree{"Content-Type": "application/json"}}
		if after := rec.Header().Get("Retry-After"); after != "" {
			response["headers"] = Tree{"Retry-After": after}
		}
		if body := bytes.TrimSpace(rec.Body.Bytes()); json.Valid(body) {
			response["body"] = json.RawMessage(body)
		}
		responses = append(responses, response)
	}
	slices.Reverse(responses) // in any order
	write(w, http.StatusOK, Tree{"responses": responses})
}
