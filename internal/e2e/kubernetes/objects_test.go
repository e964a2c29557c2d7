//go:build e2e

package kubernetes

import (
	"encoding/json"
	"fmt"
	"testing"

	"golang.org/x/sync/errgroup"
)

const rbacGroup = "rbac.authorization.k8s.io"

// made begins an object.
func made(version, kind, namespace, name string) thing {
	meta := thing{"name": name}
	if namespace != "" {
		meta["namespace"] = namespace
	}
	return thing{"apiVersion": version, "kind": kind, "metadata": meta}
}

// with adds fields to an object and returns it.
func with(o, fields thing) thing {
	for k, v := range fields {
		if k == "labels" || k == "annotations" || k == "ownerReferences" {
			o["metadata"].(thing)[k] = v
			continue
		}
		o[k] = v
	}
	return o
}

func namespace(name string) thing { return made("v1", "Namespace", "", name) }

func account(ns, name string) thing { return made("v1", "ServiceAccount", ns, name) }

// role is a Role or, without a namespace, a ClusterRole.
func role(ns, name string, rules ...thing) thing {
	kind := "Role"
	if ns == "" {
		kind = "ClusterRole"
	}
	return with(made(rbacGroup+"/v1", kind, ns, name), thing{"rules": rules})
}

// rule is one of resources.
func rule(verbs, groups, resources []string, names ...string) thing {
	r := thing{"verbs": verbs, "apiGroups": groups, "resources": resources}
	if len(names) > 0 {
		r["resourceNames"] = names
	}
	return r
}

// may is a rule of one verb list on one resource of one group.
func may(group, resource string, verbs ...string) thing {
	return rule(verbs, []string{group}, []string{resource})
}

// bind is a RoleBinding or, without a namespace, a ClusterRoleBinding, to a
// role that is written Role/name or ClusterRole/name.
func bind(ns, name, roleKind, roleName string, subjects ...thing) thing {
	kind := "RoleBinding"
	if ns == "" {
		kind = "ClusterRoleBinding"
	}
	return with(made(rbacGroup+"/v1", kind, ns, name), thing{
		"roleRef":  thing{"apiGroup": rbacGroup, "kind": roleKind, "name": roleName},
		"subjects": subjects,
	})
}

func toAccount(ns, name string) thing {
	return thing{"kind": "ServiceAccount", "namespace": ns, "name": name}
}

func toUser(name string) thing {
	return thing{"apiGroup": rbacGroup, "kind": "User", "name": name}
}

func toGroup(name string) thing {
	return thing{"apiGroup": rbacGroup, "kind": "Group", "name": name}
}

// userOf is the user name of a service account.
func userOf(ns, name string) string { return fmt.Sprintf("system:serviceaccount:%s:%s", ns, name) }

// room makes a namespace of the test's own, and removes it and the objects of
// the cluster that the test registers with it in the end.
func (p *plane) room(t testing.TB, name string) string {
	t.Helper()
	c := p.client(loader)
	c.create(t, namespace(name))
	t.Cleanup(func() { _ = c.delete("/api/v1/namespaces/" + name) })
	eventually(t, "the default account of "+name, func() error {
		_, err := c.get("/api/v1/namespaces/" + name + "/serviceaccounts/default")
		return err
	})
	return name
}

// load creates objects and takes those of the cluster away after the test;
// those of a namespace go with it.
func (p *plane) load(t testing.TB, objects ...thing) {
	t.Helper()
	c := p.client(loader)
	c.create(t, objects...)
	t.Cleanup(func() {
		var group errgroup.Group
		group.SetLimit(16)
		for _, o := range objects {
			if field(o, "metadata", "namespace") == "" {
				group.Go(func() error { return c.delete(at(o)) })
			}
		}
		_ = group.Wait() // what is gone already is as it should be
	})
}

// token asks for a token of an account, as muster never would.
func (p *plane) token(t testing.TB, ns, name string) string {
	t.Helper()
	return field(p.request(t, ns, name), "status", "token")
}

// request makes a TokenRequest for an account and returns the answer.
func (p *plane) request(t testing.TB, ns, name string) thing {
	t.Helper()
	out, err := p.client(loader).post("/api/v1/namespaces/"+ns+"/serviceaccounts/"+name+"/token",
		with(made("authentication.k8s.io/v1", "TokenRequest", "", ""), thing{"spec": thing{"expirationSeconds": 3600}}))
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// as signs in with a fresh token of an account.
func (p *plane) as(t testing.TB, ns, name string) *client {
	t.Helper()
	c := p.pki.bearer(p.url, p.token(t, ns, name))
	c.user = ns + "/" + name
	return c
}

// pod is one that nothing schedules.
func pod(ns, name, account string) thing {
	return with(made("v1", "Pod", ns, name), thing{"spec": podSpec(account)})
}

func podSpec(account string) thing {
	return thing{"serviceAccountName": account, "containers": []thing{{"name": "main", "image": "registry.example.com/app:1"}}}
}

// normal is a value as it comes back from JSON.
func normal(o thing) thing {
	text, err := json.Marshal(o)
	if err != nil {
		panic(err) // the test made it
	}
	var out thing
	if err := json.Unmarshal(text, &out); err != nil {
		panic(err)
	}
	return out
}
