//go:build e2e

package kubernetes

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"
)

// The estate that scans are measured on: that of docs/benchmarks.md. With what
// a cluster has of itself it makes some 46,500 objects that are listed.
const (
	estateSpaces      = 200
	estateAccounts    = 5000 // beside the default account of each namespace
	estateRoles       = 500  // and as many ClusterRoles
	estateBindings    = 8000
	estateClusterWide = 2000
	estateOpaque      = 12000
	estateTokens      = 3000
	estateRegistry    = 2000
	estateTLS         = 2000
	estateHelm        = 1000
	estateHelmBytes   = 30_000 // 40 KB in base64
	estatePods        = 5000
	estateDeployments = 5000
)

// estate loads it, once a run: it stays.
func (p *plane) estate(t testing.TB) {
	t.Helper()
	started := time.Now()
	c := p.client(loader)
	space := func(i int) string { return fmt.Sprintf("estate-%d", i%estateSpaces) }
	var first, objects []thing
	for i := range estateSpaces {
		first = append(first, namespace(space(i)))
	}
	c.create(t, first...)
	for i := range estateAccounts {
		a := account(space(i), fmt.Sprintf("sa-%d", i))
		if i%10 == 0 {
			with(a, thing{"annotations": thing{"eks.amazonaws.com/role-arn": fmt.Sprintf("arn:aws:iam::111122223333:role/app-%d", i)}})
		}
		objects = append(objects, a)
	}
	c.create(t, objects...)
	objects = nil
	of := func(i int) thing { return toAccount(space(i), fmt.Sprintf("sa-%d", i%estateAccounts)) }
	for i := range estateRoles {
		rules := []thing{may("", "configmaps", "get", "list", "watch"), may("apps", "deployments", "get", "list"), may("batch", "jobs", "get")}
		if i%50 == 0 {
			rules = append(rules, may("", "secrets", "get", "list"))
		}
		objects = append(objects, role(space(i), fmt.Sprintf("role-%d", i), rules...), role("", fmt.Sprintf("estate-role-%d", i), rules...))
	}
	for i := range estateBindings {
		kind, name := "Role", fmt.Sprintf("role-%d", i%estateSpaces)
		if i%3 == 0 {
			kind, name = "ClusterRole", "view"
		}
		objects = append(objects, bind(space(i), fmt.Sprintf("rb-%d", i), kind, name, of(i)))
	}
	for i := range estateClusterWide {
		objects = append(objects, bind("", fmt.Sprintf("estate-crb-%d", i), "ClusterRole", fmt.Sprintf("estate-role-%d", i%estateRoles), of(i), toGroup(fmt.Sprintf("team-%d", i%40))))
	}
	objects = append(objects, estateSecrets(t, space)...)
	objects = append(objects, estateWorkloads(space)...)
	c.create(t, objects...)
	eventually(t, "the last token Secrets to be filled", func() error {
		o, err := c.get(secretsOf(space(estateTokens-1)) + fmt.Sprintf("/token-%d", estateTokens-1))
		if err == nil && field(o, "data", "token") == "" {
			return fmt.Errorf("no token yet")
		}
		return err
	})
	t.Logf("estate loaded in %s", time.Since(started).Round(time.Second))
}

func estateSecrets(t testing.TB, space func(int) string) []thing {
	t.Helper()
	secret := func(i int, name, kind string, data thing) thing {
		return with(made("v1", "Secret", space(i), fmt.Sprintf("%s-%d", name, i)), thing{"type": kind, "stringData": data})
	}
	cert, key := selfSigned(t)
	registry, err := json.Marshal(thing{"auths": thing{"registry.example.com": thing{"username": "u", "password": silent()}}})
	if err != nil {
		t.Fatal(err)
	}
	var out []thing
	for i := range estateTokens { // first, for the controller fills them meanwhile
		out = append(out, with(tokenOf(space(i), fmt.Sprintf("token-%d", i), fmt.Sprintf("sa-%d", i)), thing{}))
	}
	for i := range estateOpaque {
		data := thing{}
		for k := range 1 + i%5 {
			data[fmt.Sprintf("key-%d", k)] = silent() + strings.Repeat("v", 20+i%200)
		}
		out = append(out, secret(i, "opaque", "Opaque", data))
	}
	for i := range estateRegistry {
		out = append(out, secret(i, "registry", "kubernetes.io/dockerconfigjson", thing{".dockerconfigjson": string(registry)}))
	}
	for i := range estateTLS {
		out = append(out, secret(i, "tls", "kubernetes.io/tls", thing{"tls.crt": cert, "tls.key": key}))
	}
	release := strings.Repeat("r", estateHelmBytes)
	for i := range estateHelm {
		out = append(out, secret(i, "sh.helm.release.v1.app.v1", "helm.sh/release.v1", thing{"release": release}))
	}
	return out
}

func estateWorkloads(space func(int) string) []thing {
	spec := func(i int) thing {
		return thing{
			"serviceAccountName": fmt.Sprintf("sa-%d", i%estateAccounts),
			"containers": []thing{{
				"name": "main", "image": fmt.Sprintf("registry.example.com/app-%d:1.%d", i%300, i%7),
				"ports":        []thing{{"containerPort": 8080}},
				"env":          []thing{{"name": "LOG_LEVEL", "value": "info"}, {"name": "PASSWORD", "valueFrom": thing{"secretKeyRef": thing{"name": fmt.Sprintf("opaque-%d", i), "key": "key-0"}}}},
				"volumeMounts": []thing{{"name": "tls", "mountPath": "/tls"}},
				"resources":    thing{"requests": thing{"cpu": "100m", "memory": "64Mi"}},
			}},
			"volumes": []thing{{"name": "tls", "secret": thing{"secretName": fmt.Sprintf("tls-%d", i%estateTLS)}}},
		}
	}
	var out []thing
	for i := range estatePods {
		out = append(out, with(made("v1", "Pod", space(i), fmt.Sprintf("pod-%d", i)), thing{"labels": thing{"app": fmt.Sprintf("app-%d", i%300)}, "spec": spec(i)}))
	}
	for i := range estateDeployments {
		labels := thing{"app": fmt.Sprintf("d-%d", i)}
		out = append(out, with(made("apps/v1", "Deployment", space(i), fmt.Sprintf("deployment-%d", i)), thing{
			"spec": thing{"replicas": 2, "selector": thing{"matchLabels": labels}, "template": thing{"metadata": thing{"labels": labels}, "spec": spec(i)}},
		}))
	}
	return out
}
