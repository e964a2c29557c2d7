//go:build e2e

package kubernetes

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"math/big"
	"net/http"
	"strings"
	"testing"
	"time"
)

// A definition is a custom resource that muster reads. The tests define it with
// any content: what the fields are is the business of who made it.
type definition struct {
	group, version, kind string
	cluster              bool
}

func definitions() []definition {
	return []definition{
		{"cert-manager.io", "v1", "Certificate", false},
		{"cert-manager.io", "v1", "Issuer", false},
		{"cert-manager.io", "v1", "ClusterIssuer", true},
		{"external-secrets.io", "v1", "ExternalSecret", false},
		{"external-secrets.io", "v1", "ClusterExternalSecret", true},
		{"external-secrets.io", "v1", "SecretStore", false},
		{"external-secrets.io", "v1", "ClusterSecretStore", true},
		{"external-secrets.io", "v1alpha1", "PushSecret", false},
		{"bitnami.com", "v1alpha1", "SealedSecret", false},
		{"secrets-store.csi.x-k8s.io", "v1", "SecretProviderClass", false},
		{"argoproj.io", "v1alpha1", "Rollout", false},
		{"argoproj.io", "v1alpha1", "Workflow", false},
		{"argoproj.io", "v1alpha1", "CronWorkflow", false},
		{"tekton.dev", "v1", "PipelineRun", false},
		{"tekton.dev", "v1", "TaskRun", false},
	}
}

// customDefinition is the CustomResourceDefinition of one.
func customDefinition(d definition) thing {
	scope, plural := "Namespaced", plural(d.kind)
	if d.cluster {
		scope = "Cluster"
	}
	return with(made("apiextensions.k8s.io/v1", "CustomResourceDefinition", "", plural+"."+d.group), thing{
		// Groups of kubernetes-sigs need leave; cert-manager.io and the like do not.
		"annotations": thing{"api-approved.kubernetes.io": "unapproved, for a test"},
		"spec": thing{
			"group": d.group, "scope": scope,
			"names": thing{"plural": plural, "singular": strings.ToLower(d.kind), "kind": d.kind, "listKind": d.kind + "List"},
			"versions": []thing{{
				"name": d.version, "served": true, "storage": true,
				"schema": thing{"openAPIV3Schema": thing{"type": "object", "x-kubernetes-preserve-unknown-fields": true}},
			}},
		},
	})
}

// define makes the server serve the custom resources, until the run ends.
func (p *plane) define(t testing.TB) {
	t.Helper()
	c := p.client(loader)
	for _, d := range definitions() {
		o := customDefinition(d)
		eventually(t, "the definition of "+d.kind, func() error {
			if old, err := c.get(at(o)); err == nil && field(old, "metadata", "deletionTimestamp") == "" {
				return nil
			}
			_, err := c.post(collection(o), o)
			return err
		})
	}
	for _, d := range definitions() {
		eventually(t, "the resource "+d.kind, func() error {
			return c.status("GET", "/apis/"+d.group+"/"+d.version+"/"+plural(d.kind), nil, http.StatusOK)
		})
	}
	eventually(t, "discovery to tell all groups", func() error {
		out, err := c.get("/apis")
		if err != nil {
			return err
		}
		for _, d := range definitions() {
			if !strings.Contains(fmt.Sprint(out), d.group) {
				return fmt.Errorf("%s is not there", d.group)
			}
		}
		return nil
	})
}

// Values that must not come out anywhere. silent is one that nothing but the
// Secret holds; applied stands in a last-applied annotation too.
func silent() string  { return "muster" + "Silent" + "Canary" + "4711" }
func applied() string { return "muster" + "Applied" + "Canary" + "0815" }

// secretsIn are Secrets of every type, with canaries as values.
func secretsIn(t testing.TB, ns string) []thing {
	t.Helper()
	cert, key := selfSigned(t)
	registry, err := json.Marshal(thing{"auths": thing{"registry.example.com": thing{"username": "u", "password": silent()}}})
	if err != nil {
		t.Fatal(err)
	}
	secret := func(name, kind string, data thing) thing {
		return with(made("v1", "Secret", ns, name), thing{"type": kind, "stringData": data})
	}
	repeated := secret("applied", "Opaque", thing{"password": applied()})
	text, err := json.Marshal(repeated)
	if err != nil {
		t.Fatal(err)
	}
	with(repeated, thing{"annotations": thing{"kubectl.kubernetes.io/last-applied-configuration": string(text)}})
	return []thing{
		repeated,
		secret("opaque", "Opaque", thing{"password": silent(), "user": "alice"}),
		secret("tls", "kubernetes.io/tls", thing{"tls.crt": cert, "tls.key": key}),
		secret("registry", "kubernetes.io/dockerconfigjson", thing{".dockerconfigjson": string(registry)}),
		secret("basic", "kubernetes.io/basic-auth", thing{"username": "u", "password": silent()}),
		secret("ssh", "kubernetes.io/ssh-auth", thing{"ssh-privatekey": silent()}),
		secret("sh.helm.release.v1.shop.v1", "helm.sh/release.v1", thing{"release": silent()}),
		secret("other", "example.com/own", thing{"own": silent()}),
		with(secret("sealing-key", "kubernetes.io/tls", thing{"tls.crt": cert, "tls.key": key}), thing{"labels": thing{"sealedsecrets.bitnami.com/sealed-secrets-key": "active"}}),
		tokenOf(ns, "legacy-token", "runner"),
	}
}

// selfSigned is a certificate for a server of ns, with its key, as PEM.
func selfSigned(t testing.TB) (cert, key string) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(7), Subject: pkix.Name{CommonName: "shop.example.com"}, NotBefore: time.Now(), NotAfter: notAfter(), DNSNames: []string{"shop.example.com"}}
	der, err := x509.CreateCertificate(rand.Reader, template, template, private.Public(), private)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := x509.MarshalECPrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	block := func(kind string, der []byte) string {
		return string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}))
	}
	return block("CERTIFICATE", der), block("EC PRIVATE KEY", raw)
}

// notAfter is when the certificates of the tests end.
func notAfter() time.Time { return time.Date(2031, 2, 3, 4, 5, 6, 0, time.UTC) }

// workloadsIn are workloads of every kind that runs pods, all as the account
// runner, and one pod with all that makes a token worth more.
func workloadsIn(ns string) []thing {
	labels := thing{"app": "shop"}
	template := thing{"metadata": thing{"labels": labels}, "spec": podSpec("runner")}
	once := thing{"metadata": thing{"labels": labels}, "spec": with(podSpec("runner"), thing{"restartPolicy": "Never"})}
	selector := thing{"matchLabels": labels}
	put := func(version, kind string, spec thing) thing {
		return with(made(version, kind, ns, "shop"), thing{"spec": spec})
	}
	mighty := with(made("v1", "Pod", ns, "mighty"), thing{"spec": thing{
		"serviceAccountName": "runner", "hostNetwork": true, "hostPID": true,
		"imagePullSecrets": []thing{{"name": "registry"}},
		"volumes": []thing{
			{"name": "node", "hostPath": thing{"path": "/var/lib"}},
			{"name": "cloud", "projected": thing{"sources": []thing{{"serviceAccountToken": thing{"audience": "sts.amazonaws.com", "expirationSeconds": 86400, "path": "token"}}}}},
			{"name": "secret", "secret": thing{"secretName": "opaque"}},
		},
		"containers": []thing{{
			"name": "main", "image": "registry.example.com/app:1", "securityContext": thing{"privileged": true},
			"env": []thing{{"name": "PASSWORD", "valueFrom": thing{"secretKeyRef": thing{"name": "basic", "key": "password"}}}},
		}},
	}})
	return []thing{
		put("apps/v1", "Deployment", thing{"selector": selector, "template": template}),
		put("apps/v1", "StatefulSet", thing{"selector": selector, "serviceName": "shop", "template": template}),
		put("apps/v1", "DaemonSet", thing{"selector": selector, "template": template}),
		put("apps/v1", "ReplicaSet", thing{"selector": selector, "template": template}),
		put("v1", "ReplicationController", thing{"selector": labels, "template": template}),
		put("batch/v1", "Job", thing{"template": once}),
		put("batch/v1", "CronJob", thing{"schedule": "0 0 * * *", "jobTemplate": thing{"spec": thing{"template": once}}}),
		put("argoproj.io/v1alpha1", "Rollout", thing{"selector": selector, "template": template}),
		put("argoproj.io/v1alpha1", "Workflow", thing{"serviceAccountName": "runner", "entrypoint": "a"}),
		put("argoproj.io/v1alpha1", "CronWorkflow", thing{"schedule": "0 0 * * *", "workflowSpec": thing{"serviceAccountName": "runner"}}),
		put("tekton.dev/v1", "PipelineRun", thing{"taskRunTemplate": thing{"serviceAccountName": "runner"}}),
		put("tekton.dev/v1", "TaskRun", thing{"serviceAccountName": "runner"}),
		mighty,
	}
}

// operatorsIn are what operators of Secrets and certificates read. Objects of
// the cluster carry the namespace's name in theirs.
func operatorsIn(ns string) []thing {
	put := func(version, kind, name string, spec, status thing) thing {
		o := made(version, kind, ns, name)
		if strings.HasPrefix(kind, "Cluster") {
			o = made(version, kind, "", ns+"-"+name)
		}
		return with(o, thing{"spec": spec, "status": status})
	}
	ready := []thing{{"type": "Ready", "status": "True"}}
	return []thing{
		put("cert-manager.io/v1", "Certificate", "shop", thing{"secretName": "tls", "issuerRef": thing{"name": "ca", "kind": "Issuer"}, "dnsNames": []string{"shop.example.com"}},
			thing{"notAfter": notAfter().Format(time.RFC3339), "notBefore": "2026-11-01T00:00:00Z", "revision": 3, "conditions": ready}),
		put("cert-manager.io/v1", "Issuer", "ca", thing{"ca": thing{"secretName": "sealing-key"}}, thing{"conditions": ready}),
		put("cert-manager.io/v1", "ClusterIssuer", "acme", thing{"acme": thing{"server": "https://acme.example.com/directory", "privateKeySecretRef": thing{"name": "account"}}}, nil),
		put("external-secrets.io/v1", "ExternalSecret", "db", thing{"secretStoreRef": thing{"name": "vault", "kind": "SecretStore"}, "target": thing{"name": "opaque"}, "refreshInterval": "1h", "data": []thing{{"secretKey": "password", "remoteRef": thing{"key": "shop/db"}}}},
			thing{"refreshTime": "2026-11-20T00:00:00Z", "conditions": ready}),
		put("external-secrets.io/v1", "ClusterExternalSecret", "all", thing{"externalSecretSpec": thing{"secretStoreRef": thing{"name": "vault", "kind": "ClusterSecretStore"}}}, nil),
		put("external-secrets.io/v1", "SecretStore", "vault", thing{"provider": thing{"vault": thing{"server": "https://vault.example.com", "auth": thing{"kubernetes": thing{"role": "shop", "mountPath": "kubernetes", "serviceAccountRef": thing{"name": "runner"}}}}}}, nil),
		put("external-secrets.io/v1", "ClusterSecretStore", "vault", thing{"provider": thing{"aws": thing{"service": "SecretsManager", "region": "eu-central-1", "role": "arn:aws:iam::111122223333:role/store"}}}, nil),
		put("external-secrets.io/v1alpha1", "PushSecret", "push", thing{"secretStoreRefs": []thing{{"name": "vault", "kind": "SecretStore"}}, "selector": thing{"secret": thing{"name": "opaque"}}}, nil),
		put("bitnami.com/v1alpha1", "SealedSecret", "sealed", thing{"encryptedData": thing{"password": "AgBy3i" + "4OJSWK"}, "template": thing{"metadata": thing{"name": "sealed"}}}, nil),
		put("secrets-store.csi.x-k8s.io/v1", "SecretProviderClass", "csi", thing{"provider": "vault", "parameters": thing{"roleName": "shop"}}, nil),
	}
}

// everyKind loads objects of every kind that the scanner reads.
func (p *plane) everyKind(t testing.TB, ns string) {
	t.Helper()
	runner := with(account(ns, "runner"), thing{
		"automountServiceAccountToken": false,
		"annotations":                  thing{"eks.amazonaws.com/role-arn": "arn:aws:iam::111122223333:role/shop", "a8r.io/owner": "shop@example.com"},
		"imagePullSecrets":             []thing{{"name": "registry"}},
	})
	p.load(t, runner)
	objects := append(secretsIn(t, ns), workloadsIn(ns)...)
	objects = append(objects, operatorsIn(ns)...)
	objects = append(objects,
		role(ns, "shop", may("", "secrets", "get")), bind(ns, "shop", "Role", "shop", toAccount(ns, "runner")),
		role("", ns+"-shop", may("", "nodes", "list")), bind("", ns+"-shop", "ClusterRole", ns+"-shop", toAccount(ns, "runner"), toUser("alice"), toGroup("devs")),
		bind(ns, "dangling", "Role", "none", toAccount(ns, "nobody")),
		with(made("v1", "Secret", "kube-system", "bootstrap-token-"+bootstrapID(ns)), thing{"type": "bootstrap.kubernetes.io/token", "stringData": thing{"token-id": bootstrapID(ns), "token-secret": "01234567" + "89abcdef", "expiration": "2031-01-01T00:00:00Z", "usage-bootstrap-authentication": "true"}}),
	)
	p.load(t, objects...)
	t.Cleanup(func() { _ = p.client(loader).delete(secretsOf("kube-system") + "/bootstrap-token-" + bootstrapID(ns)) })
	p.signed(t, ns)
	eventually(t, "the token Secret to be filled", func() error {
		o, err := p.client(loader).get(secretsOf(ns) + "/legacy-token")
		if err == nil && field(o, "data", "token") == "" {
			return fmt.Errorf("no token yet")
		}
		return err
	})
}

// bootstrapID is the id of a bootstrap token, six characters made of a name.
func bootstrapID(ns string) string {
	return (strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' {
			return r
		}
		return -1
	}, ns) + "aaaaaa")[:6]
}

// signed leaves a signing request that was approved and has its certificate.
func (p *plane) signed(t testing.TB, ns string) {
	t.Helper()
	o, key, err := signingRequest(ns, pkix.Name{CommonName: "alice", Organization: []string{"devs"}})
	if err != nil {
		t.Fatal(err)
	}
	p.load(t, o)
	if err := approve(p.client(loader), ns); err != nil {
		t.Fatal(err)
	}
	if _, err := p.issued(ns, key); err != nil {
		t.Fatal(err)
	}
}

// inBase64 is a value as the server sends it in JSON.
func inBase64(value string) string { return base64.StdEncoding.EncodeToString([]byte(value)) }
