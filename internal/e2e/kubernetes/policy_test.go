//go:build e2e

package kubernetes

import (
	"fmt"
	"strconv"
	"testing"
	"time"

	"github.com/muster-nhi/muster/internal/privilege/rbac"
)

// policy reads all roles and bindings of the server, as they are now.
func (p *plane) policy(t testing.TB) rbac.Policy {
	t.Helper()
	c := p.client(loader)
	base := "/apis/" + rbacGroup + "/v1/"
	var out rbac.Policy
	for _, resource := range []string{"roles", "clusterroles"} {
		for _, item := range c.items(t, base+resource) {
			out.Roles = append(out.Roles, roleOf(item))
		}
	}
	for _, resource := range []string{"rolebindings", "clusterrolebindings"} {
		for _, item := range c.items(t, base+resource) {
			out.Bindings = append(out.Bindings, bindingOf(item))
		}
	}
	return out
}

func roleOf(o thing) rbac.Role {
	r := rbac.Role{Namespace: field(o, "metadata", "namespace"), Name: field(o, "metadata", "name"), Filled: true}
	meta, _ := o["metadata"].(thing)
	r.Labels = stringMap(meta["labels"])
	for _, raw := range list(o["rules"]) {
		r.Rules = append(r.Rules, ruleOf(raw))
	}
	if aggregation, ok := o["aggregationRule"].(thing); ok {
		for _, s := range list(aggregation["clusterRoleSelectors"]) {
			r.Aggregate = append(r.Aggregate, selectorOf(s))
		}
	}
	return r
}

func ruleOf(o thing) rbac.Rule {
	return rbac.Rule{
		Verbs: texts(o["verbs"]), APIGroups: texts(o["apiGroups"]), Resources: texts(o["resources"]),
		ResourceNames: texts(o["resourceNames"]), NonResourceURLs: texts(o["nonResourceURLs"]),
	}
}

func selectorOf(o thing) rbac.Selector {
	s := rbac.Selector{Labels: stringMap(o["matchLabels"])}
	for _, raw := range list(o["matchExpressions"]) {
		s.Requirements = append(s.Requirements, rbac.Requirement{Key: field(raw, "key"), Operator: field(raw, "operator"), Values: texts(raw["values"])})
	}
	return s
}

func bindingOf(o thing) rbac.Binding {
	b := rbac.Binding{
		Namespace: field(o, "metadata", "namespace"), Name: field(o, "metadata", "name"),
		RoleKind: field(o, "roleRef", "kind"), RoleName: field(o, "roleRef", "name"),
	}
	for _, raw := range list(o["subjects"]) {
		b.Subjects = append(b.Subjects, rbac.Subject{Kind: field(raw, "kind"), Namespace: field(raw, "namespace"), Name: field(raw, "name")})
	}
	return b
}

// list is the objects of a list; none if it is not there.
func list(v any) []thing {
	raw, _ := v.([]any)
	out := make([]thing, 0, len(raw))
	for _, item := range raw {
		if o, ok := item.(thing); ok {
			out = append(out, o)
		}
	}
	return out
}

func texts(v any) []string {
	raw, _ := v.([]any)
	var out []string
	for _, item := range raw {
		if s, ok := item.(string); ok {
			out = append(out, s)
		}
	}
	return out
}

func stringMap(v any) map[string]string {
	raw, _ := v.(thing)
	out := map[string]string{}
	for key, value := range raw {
		out[key], _ = value.(string)
	}
	return out
}

// ask puts a question to the server.
func (p *plane) ask(t testing.TB, u rbac.User, r rbac.Request) bool {
	t.Helper()
	allowed, err := p.review(u, r)
	if err != nil {
		t.Fatal(err)
	}
	return allowed
}

// review is a SubjectAccessReview.
func (p *plane) review(u rbac.User, r rbac.Request) (bool, error) {
	spec := thing{"user": u.Name, "groups": u.Groups}
	switch {
	case r.Path != "":
		spec["nonResourceAttributes"] = thing{"verb": r.Verb, "path": r.Path}
	default:
		name := r.Name
		if r.FieldName != "" {
			name = r.FieldName // what the server makes of the selector before it asks
		}
		spec["resourceAttributes"] = thing{
			"verb": r.Verb, "group": r.Group, "version": "v1", "resource": r.Resource, "subresource": r.Subresource,
			"namespace": r.Namespace, "name": name,
		}
	}
	out, err := p.client(loader).post("/apis/authorization.k8s.io/v1/subjectaccessreviews",
		with(made("authorization.k8s.io/v1", "SubjectAccessReview", "", ""), thing{"spec": spec}))
	if err != nil {
		return false, err
	}
	status, _ := out["status"].(thing)
	allowed, _ := status["allowed"].(bool)
	return allowed, nil
}

// known waits until the server's authorizer has heard of everything that was
// written before: it learns of roles and bindings by watching them.
func (p *plane) known(t testing.TB) {
	t.Helper()
	for _, kind := range []string{"Role", "ClusterRole"} {
		ns := ""
		if kind == "Role" {
			ns = "default"
		}
		last := "last-" + strconv.FormatInt(time.Now().UnixNano(), 36)
		marker := []thing{role(ns, last, may("", "lasts", "get")), bind(ns, last, kind, last, toUser(last))}
		p.client(loader).create(t, marker...)
		eventually(t, "the authorizer to know the last "+kind, func() error {
			if !p.ask(t, rbac.User{Name: last}, rbac.Request{Verb: "get", Resource: "lasts", Namespace: ns}) {
				return fmt.Errorf("it does not")
			}
			return nil
		})
		for _, o := range marker {
			if err := p.client(loader).delete(at(o)); err != nil {
				t.Fatal(err)
			}
		}
	}
}
