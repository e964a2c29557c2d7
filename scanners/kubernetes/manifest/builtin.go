package manifest

import (
	_ "embed" // for builtin.json
	"encoding/json"
	"maps"
	"strings"

	"github.com/muster-nhi/muster/internal/privilege"
	"github.com/muster-nhi/muster/scanners/kubernetes/object"
)

// builtinRoles are the roles that kube-apiserver v1.36.3 makes when it starts
// (bootstrap policy), one object of JSON a line, by kind, namespace and name. A test against a real server
// compares them.
//
//go:embed builtin.json
var builtinRoles string

// A builtinRole is a line of builtinRoles.
type builtinRole struct {
	Kind      string              `json:"kind"`
	Namespace string              `json:"namespace,omitempty"`
	Name      string              `json:"name"`
	Labels    map[string]string   `json:"labels,omitempty"` // beside kubernetes.io/bootstrapping
	Aggregate []map[string]string `json:"aggregate,omitempty"`
	Rules     []struct {
		Verbs           []string `json:"verbs"`
		APIGroups       []string `json:"groups,omitempty"`
		Resources       []string `json:"resources,omitempty"`
		ResourceNames   []string `json:"names,omitempty"`
		NonResourceURLs []string `json:"urls,omitempty"`
	} `json:"rules,omitempty"`
}

// Builtin returns the Roles and ClusterRoles that an API server of version 1.36
// makes itself: cluster-admin, admin, edit, view, and those of its components. No
// manifest declares them and bindings name them. They carry the label
// kubernetes.io/bootstrapping=rbac-defaults as on the server, and no Meta.Found. Rules
// of those that aggregate others are left to be filled in. A server that is older or
// newer may have others.
func Builtin() []object.Role {
	var out []object.Role
	for line := range strings.Lines(builtinRoles) {
		var b builtinRole
		if err := json.Unmarshal([]byte(line), &b); err != nil {
			continue // a test reads every line
		}
		r := object.Role{Meta: object.Meta{Kind: b.Kind, Group: object.GroupRBAC, Namespace: b.Namespace, Name: b.Name, Labels: map[string]string{"kubernetes.io/bootstrapping": "rbac-defaults"}}}
		maps.Copy(r.Labels, b.Labels)
		for _, labels := range b.Aggregate {
			r.Aggregate = append(r.Aggregate, object.Selector{Labels: labels})
		}
		for _, rule := range b.Rules {
			r.Rules = append(r.Rules, privilege.Rule(rule))
		}
		out = append(out, r)
	}
	return out
}
