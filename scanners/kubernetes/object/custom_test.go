package object

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/muster-nhi/muster/internal/inventory"
)

func TestCustom(t *testing.T) {
	meta := func(group, kind string) Meta {
		return Meta{Kind: kind, Group: group, Namespace: "shop", Name: "it"}
	}
	head := func(version, kind string) string {
		return "apiVersion: " + version + "\nkind: " + kind + "\nmetadata: {namespace: shop, name: it}\n"
	}
	day := time.Date(2027, 1, 2, 0, 0, 0, 0, time.UTC)
	for name, test := range map[string]struct {
		text string
		read func(Tree) any
		want any
	}{
		"certificate": {
			head("cert-manager.io/v1", "Certificate") + `
spec: {secretName: tls, duration: 2160h, renewBefore: 360h, isCA: true, issuerRef: {name: ca}, privateKey: {algorithm: ECDSA, rotationPolicy: Never}, dnsNames: [a.example]}
status: {notAfter: "2027-01-02T00:00:00Z", revision: 3, conditions: [{type: Ready, status: "True"}]}`,
			func(t Tree) any { return FromCertificate(t) },
			Certificate{Meta: meta("cert-manager.io", "Certificate"), Secret: "tls", IssuerKind: "Issuer", IssuerName: "ca", NotAfter: day, Revision: 3, Ready: inventory.True, DurationSeconds: 7776000, RenewBefore: 1296000, CA: true, PrivateKeyAlgorithm: "ECDSA", PrivateKeyPolicy: "Never", DNSNames: []string{"a.example"}},
		},
		"vault issuer": {
			head("cert-manager.io/v1", "Issuer") + `
spec: {vault: {server: "https://u:p@vault.example", path: pki, auth: {kubernetes: {role: issuer, serviceAccountRef: {name: vault-auth}}}}}`,
			func(t Tree) any { return FromIssuer(t) },
			Issuer{Meta: meta("cert-manager.io", "Issuer"), Type: "vault", Server: "https://vault.example", ServiceAccount: "vault-auth", VaultRole: "issuer"},
		},
		"acme issuer": {
			head("cert-manager.io/v1", "Issuer") + `
spec: {acme: {server: "https://acme.example/dir", privateKeySecretRef: {name: account}, solvers: [{dns01: {route53: {secretAccessKeySecretRef: {name: aws, key: secret}}}}]}}`,
			func(t Tree) any { return FromIssuer(t) },
			Issuer{Meta: meta("cert-manager.io", "Issuer"), Type: "acme", Server: "https://acme.example/dir", Secret: "account", Secrets: []string{"aws"}},
		},
		"external secret": {
			head("external-secrets.io/v1", "ExternalSecret") + `
spec: {refreshInterval: 1h, refreshPolicy: CreatedOnce, secretStoreRef: {name: aws, kind: ClusterSecretStore}, target: {name: db}, data: [{remoteRef: {key: prod/db}}, {remoteRef: {key: prod/db}}], dataFrom: [{extract: {key: prod/all}}]}
status: {refreshTime: "2027-01-02T00:00:00Z", conditions: [{type: Ready, status: "False"}]}`,
			func(t Tree) any { return FromExternalSecret(t) },
			ExternalSecret{Meta: meta("external-secrets.io", "ExternalSecret"), Target: "db", StoreKind: "ClusterSecretStore", StoreName: "aws", RemoteKeys: []string{"prod/db", "prod/all"}, RefreshSeconds: 3600, Policy: "CreatedOnce", RefreshedAt: day, Ready: inventory.False},
		},
		"external secret, bare": {
			head("external-secrets.io/v1", "ExternalSecret") + `spec: {refreshInterval: "0"}`,
			func(t Tree) any { return FromExternalSecret(t) },
			ExternalSecret{Meta: meta("external-secrets.io", "ExternalSecret"), Target: "it", StoreKind: "SecretStore"},
		},
		"push secret": {
			head("external-secrets.io/v1alpha1", "PushSecret") + `spec: {secretStoreRefs: [{name: aws}], selector: {secret: {name: db}}, data: [{match: {remoteRef: {remoteKey: out}}}]}`,
			func(t Tree) any { return FromPushSecret(t) },
			ExternalSecret{Meta: meta("external-secrets.io", "PushSecret"), Push: true, Target: "db", StoreKind: "SecretStore", StoreName: "aws", RemoteKeys: []string{"out"}, RefreshSeconds: -1},
		},
		"store of AWS": {
			head("external-secrets.io/v1", "SecretStore") + `
spec: {provider: {aws: {service: SecretsManager, region: eu-central-1, role: "arn:aws:iam::111122223333:role/eso", auth: {jwt: {serviceAccountRef: {name: eso, namespace: ops}}}}}}`,
			func(t Tree) any { return FromSecretStore(t) },
			SecretStore{Meta: meta("external-secrets.io", "SecretStore"), Provider: "aws", ServiceAccount: "eso", ServiceAccountNamespace: "ops", Role: "arn:aws:iam::111122223333:role/eso", Address: "eu-central-1"},
		},
		"store with keys": {
			head("external-secrets.io/v1", "SecretStore") + `
spec: {provider: {vault: {server: "https://vault.example", auth: {tokenSecretRef: {name: vault-token, key: token}}, caProvider: {type: ConfigMap, name: ca}}}}`,
			func(t Tree) any { return FromSecretStore(t) },
			SecretStore{Meta: meta("external-secrets.io", "SecretStore"), Provider: "vault", Secrets: []string{"vault-token"}, Address: "https://vault.example"},
		},
		"sealed secret": {
			"apiVersion: bitnami.com/v1alpha1\nkind: SealedSecret\nmetadata: {namespace: shop, name: it, annotations: {sealedsecrets.bitnami.com/cluster-wide: \"true\"}}\nspec: {encryptedData: {b: AgA, a: AgB}, template: {metadata: {name: db}}}",
			func(t Tree) any { return FromSealedSecret(t) },
			SealedSecret{Meta: Meta{Kind: "SealedSecret", Group: "bitnami.com", Namespace: "shop", Name: "it", Annotations: map[string]string{"sealedsecrets.bitnami.com/cluster-wide": "true"}}, Target: "db", Keys: []string{"a", "b"}, Wide: "cluster-wide"},
		},
		"provider class": {
			head("secrets-store.csi.x-k8s.io/v1", "SecretProviderClass") + `spec: {provider: vault, parameters: {roleName: shop}, secretObjects: [{secretName: db}]}`,
			func(t Tree) any { return FromSecretClass(t) },
			SecretClass{Meta: meta("secrets-store.csi.x-k8s.io", "SecretProviderClass"), Provider: "vault", Secrets: []string{"db"}, Role: "shop"},
		},
		"odd metadata": {
			"apiVersion: cert-manager.io/v1\nkind: Certificate\nmetadata: {namespace: shop, name: it, labels: {n: 1, team: a}}\nspec: []",
			func(t Tree) any { return FromCertificate(t) },
			Certificate{Meta: Meta{Kind: "Certificate", Group: "cert-manager.io", Namespace: "shop", Name: "it", Labels: map[string]string{"team": "a"}}, IssuerKind: "Issuer"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, test.read(tree(t, test.text))); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestFromPodMaker(t *testing.T) {
	steps := `{serviceAccountName: runner, volumes: [{name: v, secret: {secretName: keys}}], templates: [{name: a, container: {name: main, image: x, env: [{name: API_TOKEN, value: ` + canary() + `}]}}, {name: b, script: {image: y, source: echo}}]}`
	for name, test := range map[string]struct{ text, account string }{
		"rollout":      {`{apiVersion: argoproj.io/v1alpha1, kind: Rollout, metadata: {name: r}, spec: {template: {spec: {serviceAccountName: runner, volumes: [{name: v, secret: {secretName: keys}}]}}}}`, "runner"},
		"workflow":     {`{apiVersion: argoproj.io/v1alpha1, kind: Workflow, metadata: {name: w}, spec: ` + steps + `}`, "runner"},
		"cronworkflow": {`{apiVersion: argoproj.io/v1alpha1, kind: CronWorkflow, metadata: {name: w}, spec: {workflowSpec: ` + steps + `}}`, "runner"},
		"knative":      {`{apiVersion: serving.knative.dev/v1, kind: Service, metadata: {name: k}, spec: {template: {spec: {serviceAccountName: runner, containers: [{envFrom: [{secretRef: {name: keys}}]}]}}}}`, "runner"},
		"task run":     {`{apiVersion: tekton.dev/v1, kind: TaskRun, metadata: {name: t}, spec: {serviceAccountName: runner, workspaces: [{name: w, secret: {secretName: keys}}]}}`, "runner"},
		"pipeline run": {`{apiVersion: tekton.dev/v1, kind: PipelineRun, metadata: {name: t}, spec: {taskRunTemplate: {serviceAccountName: runner, podTemplate: {volumes: [{name: v, secret: {secretName: keys}}]}}}}`, "runner"},
	} {
		t.Run(name, func(t *testing.T) {
			w, ok := FromPodMaker(tree(t, test.text), nil)
			quiet(t, w)
			if !ok || w.Pod.ServiceAccount != test.account || len(w.Pod.Secrets) != 1 || w.Pod.Secrets[0].Name != "keys" {
				t.Errorf("%+v", w)
			}
		})
	}
	if _, ok := FromPodMaker(tree(t, `{apiVersion: v1, kind: Service, metadata: {name: s}}`), nil); ok {
		t.Error("a Service of the core group makes pods")
	}
}
