package live_test

import (
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/muster-nhi/muster/scanners/aws/live"
	"github.com/muster-nhi/muster/scanners/aws/live/wire"
)

// A model is what AWS publishes of a service for its SDKs, as botocore ships it.
type model struct {
	Metadata struct {
		EndpointPrefix, SigningName, Protocol, JSONVersion, TargetPrefix, APIVersion string
	}
	Operations map[string]struct {
		HTTP   struct{ Method, RequestURI string }
		Input  struct{ Shape string }
		Output struct{ Shape string }
	}
	Shapes map[string]struct {
		Members map[string]struct {
			Shape, Location, LocationName string
		}
		Max float64
	}
}

// folders are where botocore keeps the model of a service whose prefix in policies
// is another.
func folders() map[string]string {
	return map[string]string{
		"tag": "resourcegroupstaggingapi", "states": "stepfunctions", "bedrock": "bedrock-agent", "bedrock-agentcore": "bedrock-agentcore-control",
		"sso": "sso-admin", "access-analyzer": "accessanalyzer",
	}
}

// TestCallsAreThoseOfTheModels holds the table of calls against the models in the
// folder that MUSTER_BOTOCORE names: the data folder of botocore.
func TestCallsAreThoseOfTheModels(t *testing.T) {
	root := os.Getenv("MUSTER_BOTOCORE")
	if root == "" {
		t.Log("MUSTER_BOTOCORE names no folder of botocore's models: the calls are not held against them here")
		return
	}
	known := map[string]*model{}
	for _, op := range live.Operations() {
		m := known[op.Service.Prefix]
		if m == nil {
			m = readModel(t, root, op.Service.Prefix)
			known[op.Service.Prefix] = m
		}
		for _, problem := range compare(op, m) {
			t.Errorf("%s: %s", op.Action(), problem)
		}
	}
}

func readModel(t *testing.T, root, prefix string) *model {
	t.Helper()
	folder := prefix
	if f := folders()[prefix]; f != "" {
		folder = f
	}
	files, err := filepath.Glob(filepath.Join(root, folder, "*", "service-2.json*"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no model of %s in %s: %v", folder, root, err)
	}
	slices.Sort(files)
	f, err := os.Open(files[len(files)-1])
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var r io.Reader = f
	if strings.HasSuffix(f.Name(), ".gz") {
		if r, err = gzip.NewReader(f); err != nil {
			t.Fatal(err)
		}
	}
	m := &model{}
	if err := json.NewDecoder(r).Decode(m); err != nil {
		t.Fatal(err)
	}
	return m
}

// compare tells in what an operation differs from its model.
func compare(op wire.Operation, m *model) []string {
	var out []string
	differ := func(what, have, want string) {
		if have != want {
			out = append(out, fmt.Sprintf("%s is %q, and %q in the model", what, have, want))
		}
	}
	s, md := op.Service, m.Metadata
	def, ok := m.Operations[op.Name]
	if !ok {
		return []string{"the model has no such operation"}
	}
	or := func(a, b string) string {
		if a != "" {
			return a
		}
		return b
	}
	differ("the host", or(s.Host, s.Prefix), md.EndpointPrefix)
	differ("the name in signatures", or(s.Sign, or(s.Host, s.Prefix)), or(md.SigningName, md.EndpointPrefix))
	protocols := map[wire.Protocol]string{wire.Query: "query", wire.EC2: "ec2", wire.JSON: "json", wire.REST: "rest-json", wire.S3: "rest-xml"}
	differ("the protocol", protocols[s.Protocol], md.Protocol)
	switch s.Protocol {
	case wire.Query, wire.EC2:
		differ("the version", s.Version, md.APIVersion)
	case wire.JSON:
		differ("the version of JSON", s.Version, md.JSONVersion)
		differ("the target", s.Target, md.TargetPrefix)
	case wire.REST, wire.S3:
		differ("the method", op.Method, def.HTTP.Method)
	}
	in := m.Shapes[def.Input.Shape]
	uri := def.HTTP.RequestURI
	for name, p := range in.Members { // the table spells holes by the parameter's name
		if p.Location == "uri" {
			uri = strings.ReplaceAll(uri, "{"+p.LocationName+"}", "{"+name+"}")
			uri = strings.ReplaceAll(uri, "{"+p.LocationName+"+}", "{"+name+"}")
		}
	}
	if s.Protocol == wire.REST || s.Protocol == wire.S3 {
		path := op.Path
		for name, p := range in.Members {
			if p.Location == "uri" {
				path = strings.ReplaceAll(path, "{"+p.LocationName+"}", "{"+name+"}")
			}
		}
		differ("the path", path, uri)
	}
	return append(out, comparePaging(op, m)...)
}

// comparePaging looks for the parameters of pages, by the name that they have on
// the wire.
func comparePaging(op wire.Operation, m *model) []string {
	var out []string
	def := m.Operations[op.Name]
	find := func(param string) (shape, location string, ok bool) {
		for name, p := range m.Shapes[def.Input.Shape].Members {
			if name == param || p.Location == "querystring" && p.LocationName == param {
				return p.Shape, p.Location, true
			}
		}
		return "", "", false
	}
	if op.Token != "" {
		if _, at, ok := find(op.Token); !ok {
			out = append(out, "the model has no parameter "+op.Token)
		} else if at == "querystring" && op.Method == http.MethodPost && !slices.Contains(op.InQuery, op.Token) {
			out = append(out, op.Token+" is to stand in the query")
		}
	}
	if op.Limit != "" {
		shape, _, ok := find(op.Limit)
		if most := m.Shapes[shape].Max; !ok {
			out = append(out, "the model has no parameter "+op.Limit)
		} else if most > 0 && op.Size > int(most) {
			out = append(out, fmt.Sprintf("pages of %d are larger than the %g that are allowed", op.Size, most))
		}
	}
	if op.Token == "" {
		for _, name := range []string{"NextToken", "nextToken", "Marker", "marker"} {
			if _, _, ok := find(name); ok {
				out = append(out, "it comes in pages by "+name+", and the table has none")
			}
		}
	}
	return out
}
