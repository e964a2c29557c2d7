package fake

import (
	"embed"
	"encoding/json"
	"fmt"
	"go/build"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// A schema is a type of a discovery document.
type schema struct {
	Ref        string             `json:"$ref"`
	Type       string             `json:"type"`
	Enum       []string           `json:"enum"`
	Items      *schema            `json:"items"`
	Properties map[string]*schema `json:"properties"`
	Additional *schema            `json:"additionalProperties"`
	Repeated   bool               `json:"repeated"`
	Required   bool               `json:"required"`
	Location   string             `json:"location"`
	Pattern    string             `json:"pattern"`
}

// A method of a discovery document.
type method struct {
	ID         string             `json:"id"`
	HTTPMethod string             `json:"httpMethod"`
	Path       string             `json:"path"`
	Parameters map[string]*schema `json:"parameters"`
	Request    *schema            `json:"request"`
	Response   *schema            `json:"response"`

	doc   *document
	match *regexp.Regexp
	holes []string
}

type resource struct {
	Methods   map[string]*method  `json:"methods"`
	Resources map[string]resource `json:"resources"`
}

// A document is a discovery document: what Google publishes of an API.
type document struct {
	RootURL     string             `json:"rootUrl"`
	ServicePath string             `json:"servicePath"`
	Parameters  map[string]*schema `json:"parameters"`
	Schemas     map[string]*schema `json:"schemas"`
	resource

	host string
}

// Documents are the discovery documents of the APIs that the server is.
type Documents struct {
	methods map[string][]*method // by host
	byID    map[string]*method
	byFile  map[string]*document
}

// IAM's version 3 has no discovery document in the module: this one is made from
// what its generated client in cloud.google.com/go/iam/apiv3 sends and reads.
//
//go:embed iam-v3.json
var versionThree embed.FS

// files are the discovery documents in the module google.golang.org/api.
func files() []string {
	return []string{
		"iam/v1/iam", "iam/v2/iam", "cloudasset/v1/cloudasset", "cloudresourcemanager/v3/cloudresourcemanager", "secretmanager/v1/secretmanager",
		"cloudkms/v1/cloudkms", "apikeys/v2/apikeys", "policyanalyzer/v1/policyanalyzer", "recommender/v1/recommender", "serviceusage/v1/serviceusage",
		"storage/v1/storage", "essentialcontacts/v1/essentialcontacts", "cloudidentity/v1/cloudidentity",
	}
}

// Load reads the discovery documents out of the module cache. A package that calls
// it has the module there, because this one imports a part of it.
func Load() (*Documents, error) {
	dir, err := module("google.golang.org/api")
	if err != nil {
		return nil, err
	}
	d := &Documents{methods: map[string][]*method{}, byID: map[string]*method{}, byFile: map[string]*document{}}
	for _, name := range files() {
		data, err := os.ReadFile(filepath.Join(dir, filepath.FromSlash(name)+"-api.json"))
		if err != nil {
			return nil, fmt.Errorf("read a discovery document: %w", err)
		}
		if err := d.add(name, data); err != nil {
			return nil, err
		}
	}
	data, err := versionThree.ReadFile("iam-v3.json")
	if err != nil {
		return nil, fmt.Errorf("read the document of IAM v3: %w", err)
	}
	if err := d.add("iam/v3/iam", data); err != nil {
		return nil, err
	}
	return d, nil
}

// module returns the folder of a module of this repository's go.mod.
func module(path string) (string, error) {
	here, err := os.Getwd()
	if err != nil {
		return "", fmt.Errorf("find go.mod: %w", err)
	}
	for {
		data, err := os.ReadFile(filepath.Join(here, "go.mod"))
		if err == nil {
			found := regexp.MustCompile(`(?m)^\s*` + regexp.QuoteMeta(path) + ` (v\S+)`).FindSubmatch(data)
			if found == nil {
				return "", fmt.Errorf("go.mod does not name %s", path)
			}
			return filepath.Join(cache(), filepath.FromSlash(path)+"@"+string(found[1])), nil
		}
		if here == filepath.Dir(here) {
			return "", fmt.Errorf("find go.mod: %w", err)
		}
		here = filepath.Dir(here)
	}
}

// cache is where Go keeps modules.
func cache() string {
	if dir := os.Getenv("GOMODCACHE"); dir != "" {
		return dir
	}
	return filepath.Join(filepath.SplitList(build.Default.GOPATH)[0], "pkg", "mod")
}

func (d *Documents) add(name string, data []byte) error {
	doc := &document{}
	if err := json.Unmarshal(data, doc); err != nil {
		return fmt.Errorf("read the discovery document %s: %w", name, err)
	}
	root, err := url.Parse(doc.RootURL)
	if err != nil {
		return fmt.Errorf("read the discovery document %s: %w", name, err)
	}
	doc.host = root.Host
	d.byFile[name] = doc
	d.walk(doc, doc.resource)
	return nil
}

func (d *Documents) walk(doc *document, r resource) {
	for _, m := range r.Methods {
		if m.HTTPMethod != http.MethodGet && !strings.HasSuffix(m.ID, ".getIamPolicy") {
			continue // it may change something, and is not known here
		}
		m.doc = doc
		m.compile()
		d.methods[doc.host] = append(d.methods[doc.host], m)
		d.byID[m.ID] = m
	}
	for _, inner := range r.Resources {
		d.walk(doc, inner)
	}
}

// compile makes the expression that tells the method by its path.
func (m *method) compile() {
	path := m.doc.ServicePath + m.Path
	var expression strings.Builder
	expression.WriteString("^/")
	for path != "" {
		before, rest, ok := strings.Cut(path, "{")
		expression.WriteString(regexp.QuoteMeta(before))
		if !ok {
			break
		}
		hole, after, _ := strings.Cut(rest, "}")
		name := strings.TrimPrefix(hole, "+")
		m.holes = append(m.holes, name)
		pattern := "[^/]+"
		if p := m.Parameters[name]; p != nil && p.Pattern != "" {
			pattern = strings.TrimSuffix(strings.TrimPrefix(p.Pattern, "^"), "$")
		}
		expression.WriteString("(" + strings.ReplaceAll(pattern, "(", "(?:") + ")")
		path = after
	}
	m.match = regexp.MustCompile(expression.String() + "$")
}

// find returns the method of a request and what its path names.
// A method with a verb of its own (…:getIamPolicy) goes before one without.
func (d *Documents) find(host, verb, path string) (*method, map[string]string) {
	var best *method
	var at map[string]string
	for _, m := range d.methods[host] {
		if m.HTTPMethod != verb || best != nil && !strings.Contains(m.Path, "}:") {
			continue
		}
		found := m.match.FindStringSubmatch(path)
		if found == nil {
			continue
		}
		best, at = m, map[string]string{}
		for i, name := range m.holes {
			at[name] = found[i+1]
		}
	}
	return best, at
}

// resolve follows a reference.
func (doc *document) resolve(s *schema) *schema {
	for s != nil && s.Ref != "" {
		s = doc.Schemas[s.Ref]
	}
	return s
}

// check tells in what a value is not of a schema; empty if it is.
func (doc *document) check(s *schema, at string, v any) string {
	s = doc.resolve(s)
	if s == nil {
		return at + ": the document has no such type"
	}
	switch x := v.(type) {
	case nil:
		return ""
	case map[string]any:
		if s.Type != "object" && s.Type != "any" {
			return at + ": an object where " + s.Type + " is due"
		}
		for name, inner := range x {
			of := s.Properties[name]
			if of == nil {
				of = s.Additional
			}
			if of == nil && s.Type == "any" {
				continue
			}
			if of == nil {
				return at + "." + name + ": Unknown name"
			}
			if problem := doc.check(of, at+"."+name, inner); problem != "" {
				return problem
			}
		}
	case []any:
		if s.Type == "any" {
			return ""
		}
		if s.Type != "array" {
			return at + ": a list where " + s.Type + " is due"
		}
		for i, inner := range x {
			if problem := doc.check(s.Items, fmt.Sprintf("%s[%d]", at, i), inner); problem != "" {
				return problem
			}
		}
	default:
		return scalar(s, at, v)
	}
	return ""
}

func scalar(s *schema, at string, v any) string {
	ok := false
	switch x := v.(type) {
	case string:
		ok = s.Type == "string"
		if ok && len(s.Enum) > 0 && !slices.Contains(s.Enum, x) {
			return at + ": " + x + " is not one of its values"
		}
	case bool:
		ok = s.Type == "boolean"
	case float64, int:
		ok = s.Type == "integer" || s.Type == "number" || s.Type == "string" && len(s.Enum) > 0 // clients may ask for the numbers of enums
	}
	if !ok && s.Type != "any" {
		return fmt.Sprintf("%s: %T where %s is due", at, v, s.Type)
	}
	return ""
}

// Check tells in what a request of real traffic, or its answer, is not of the
// documents; empty if it is. Known is false for a method that is in none of them.
func (d *Documents) Check(verb string, at *url.URL, answer any) (id, problem string, known bool) {
	m, _ := d.find(at.Host, verb, strings.ReplaceAll(at.EscapedPath(), "%252F", "%2F"))
	if m == nil {
		return "", "", false
	}
	r := Request{Method: m.ID, Query: at.Query()}
	if wrong := m.wrong(r, nil); wrong != "" {
		return m.ID, wrong, true
	}
	return m.ID, m.doc.check(m.Response, "answer", answer), true
}
