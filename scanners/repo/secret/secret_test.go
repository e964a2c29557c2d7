package secret_test

import (
	"bufio"
	"bytes"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"math/big"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/zricethezav/gitleaks/v8/config"

	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/scanners/repo/secret"
)

// Made-up values, put together here so that no file holds one.
const (
	keyID     = "AKIA" + "Y34FZKBOKMUTVV7A" // its account is 609629065308
	oldKeyID  = "AKIA" + "IOSFODNN7EXAMPLQ" // of the time when ids held no account
	awsSecret = "p9Zr4Lw" + "7Kq2Xn5" + "Vb8Td1" + "Gc6Hj3Mf0Ys/Qe+RuA4o"
	body30    = "Zk3vQ8wLr2TnXy7BcDf5GhJm9PsA4e"
	generic   = "q9Vt7Lw2" + "Zr8Kp4Xn6Bd1"
	client    = "3f2b8c1d-0a4e-4f6b-9d7c-5e8a1b2c3d4e"
	tenant    = "9c8b7a6d-1234-4cde-8f90-abcdef012345"
)

func jwt(header, claims string) string {
	enc := base64.RawURLEncoding
	return enc.EncodeToString([]byte(header)) + "." + enc.EncodeToString([]byte(claims)) + "." + enc.EncodeToString([]byte("signature-of-thirty-two-bytes-ok"))
}

func TestDescribe(t *testing.T) {
	azure := "AZURE_TENANT_ID=" + tenant + "\nAZURE_CLIENT_ID=" + client + "\nAZURE_CLIENT_SECRET=abc8Q~" + generic + "\n"
	docker := `{"auths": {"ghcr.io": {"auth": "` + base64.StdEncoding.EncodeToString([]byte("robot:"+generic)) + `"}}}`
	kube := "apiVersion: v1\nclusters:\n- cluster:\n    server: https://k8s.northwind.example:6443\ncontexts: []\nusers:\n- user:\n    token: " + generic + "\n"
	bedrock := "ABSK" + base64.StdEncoding.EncodeToString([]byte("BedrockAPIKey-1abc-at-111122223333:"+generic+generic))
	at := func(s int64) time.Time { return time.Unix(s, 0).UTC() }
	tests := []struct {
		name, rule, value, context string
		want                       secret.Info
	}{
		{"AWS key id", "aws-access-token", keyID, "", secret.Info{Type: "aws.access_key", PublicID: keyID, Hint: "AKIA… 20 bytes", NeverExpires: true, Attributes: map[string]string{"account": "609629065308"}}},
		{"AWS key id without an account", "aws-access-token", oldKeyID, "", secret.Info{Type: "aws.access_key", PublicID: oldKeyID, Hint: "AKIA… 20 bytes", NeverExpires: true}},
		{"AWS session key id", "aws-access-token", "ASIA" + keyID[4:], "", secret.Info{Type: "aws.session_token", PublicID: "ASIA" + keyID[4:], Hint: "ASIA… 20 bytes", Attributes: map[string]string{"account": "609629065308"}}},
		{
			"AWS pair", "generic-api-key", awsSecret, "aws_access_key_id = " + keyID + "\naws_secret_access_key = " + awsSecret,
			secret.Info{Type: "aws.access_key", Name: "aws_secret_access_key", PublicID: keyID, Hint: "40 bytes", NeverExpires: true, Attributes: map[string]string{"account": "609629065308", "kind": "secret access key"}},
		},
		{
			"AWS secret with two ids near", "generic-api-key", awsSecret, keyID + " " + oldKeyID + "\naws_secret_access_key = " + awsSecret,
			secret.Info{Type: "aws.access_key", Name: "aws_secret_access_key", Hint: "40 bytes", Attributes: map[string]string{"kind": "secret access key"}},
		},
		{"GitHub", "github-pat", "ghp_" + "zQWBuTSOoRi4A9spHcVY5ncnsDkxkJ" + "0mLq17", "", secret.Info{Type: "github.token", Hint: "ghp_… 40 bytes", Personal: inventory.True, Attributes: map[string]string{"kind": "personal access token", "checksum": "valid"}}},
		{"GitHub, mistyped", "github-pat", "ghp_" + body30 + "000000", "TOKEN=", secret.Info{Type: "github.token", Hint: "ghp_… 40 bytes", Personal: inventory.True, Attributes: map[string]string{"kind": "personal access token", "checksum": "invalid"}}},
		{"GitHub app", "github-app-token", "ghs_" + body30 + "000000", "", secret.Info{Type: "github.token", Hint: "ghs_… 40 bytes", Personal: inventory.False, Attributes: map[string]string{"kind": "app installation token", "checksum": "invalid"}}},
		{"GitLab", "gitlab-pat", "glpat-" + generic, "", secret.Info{Type: "gitlab.token", Hint: "glpat-… 26 bytes", Attributes: map[string]string{"kind": "personal, project or group access token"}}},
		{"Slack bot", "slack-bot-token", "xo" + "xb-204815790312-731548290416-" + generic, "", secret.Info{Type: "slack.token", Hint: "xoxb-… 51 bytes", Personal: inventory.False, Attributes: map[string]string{"kind": "bot token"}}},
		{"Slack hook", "slack-webhook-url", "https://hooks.slack.com/services/T01ABCDEF/B02GHIJKL/" + generic, "", secret.Info{Type: "slack.webhook", PublicID: "T01ABCDEF/B02GHIJKL", Hint: "https://hooks.slack.com/… 73 bytes", Attributes: map[string]string{"team": "T01ABCDEF"}}},
		{"Stripe", "stripe-access-token", "sk_live_" + generic, "", secret.Info{Type: "stripe.key", Hint: "sk_live_… 28 bytes", Personal: inventory.False, Attributes: map[string]string{"kind": "secret key", "mode": "live"}}},
		{"Anthropic", "anthropic-api-key", "sk-ant-api03-" + generic, "", secret.Info{Type: "llm.api_key", Hint: "sk-ant-… 33 bytes", Attributes: map[string]string{"provider": "anthropic", "kind": "API key"}}},
		{"OpenAI without a prefix", "openai-api-key", generic, "", secret.Info{Type: "llm.api_key", Hint: "20 bytes", Attributes: map[string]string{"provider": "openai"}}},
		{"Bedrock", "aws-amazon-bedrock-api-key-long-lived", bedrock, "", secret.Info{Type: "llm.api_key", Name: "BedrockAPIKey-1abc-at-111122223333", PublicID: "BedrockAPIKey-1abc-at-111122223333", Hint: fmt.Sprintf("ABSK… %d bytes", len(bedrock)), Attributes: map[string]string{"provider": "aws_bedrock", "account": "111122223333"}}},
		{
			"JWT", "jwt", jwt(`{"alg":"RS256","kid":"k1"}`, `{"iss":"https://id.example","sub":"robot","aud":["a","b"],"iat":1700000000,"exp":1800000000}`), "",
			secret.Info{Type: "jwt", PublicID: "https://id.example robot", Hint: "eyJ… 203 bytes", Algorithm: "RS256", CreatedAt: at(1700000000), ExpiresAt: at(1800000000), Attributes: map[string]string{"kid": "k1", "issuer": "https://id.example", "subject": "robot", "audience": "a b"}},
		},
		{
			"service account token without an end", "jwt", jwt(`{"alg":"RS256"}`, `{"iss":"kubernetes/serviceaccount","sub":"system:serviceaccount:arms:robot"}`), "",
			secret.Info{Type: "kubernetes.token", PublicID: "kubernetes/serviceaccount system:serviceaccount:arms:robot", Hint: "eyJ… 167 bytes", Algorithm: "RS256", NeverExpires: true, Attributes: map[string]string{"issuer": "kubernetes/serviceaccount", "subject": "system:serviceaccount:arms:robot", "namespace": "arms", "service_account": "robot"}},
		},
		{
			"Azure secret", "azure-ad-client-secret", "abc8Q~" + generic, azure,
			secret.Info{Type: "azure.client_secret", Name: "AZURE_CLIENT_SECRET", PublicID: client, Hint: "26 bytes", Attributes: map[string]string{"client_id": client, "tenant_id": tenant}},
		},
		{
			"connection string", "generic-api-key", "postgres://app:" + generic + "@db.northwind.example:5432/orders", "DATABASE_URL=postgres://app:" + generic + "@db.northwind.example:5432/orders",
			secret.Info{Type: "database.connection", Name: "DATABASE_URL", PublicID: "app@db.northwind.example/orders", Hint: "postgres://… 68 bytes", Attributes: map[string]string{"scheme": "postgres", "user": "app", "host": "db.northwind.example", "database": "orders"}},
		},
		{
			"password inside a connection string", "generic-api-key", generic, "url: mysql://app:" + generic + "@db.example/orders",
			secret.Info{Type: "database.connection", PublicID: "app@db.example/orders", Hint: "mysql://… 20 bytes", Attributes: map[string]string{"scheme": "mysql", "user": "app", "host": "db.example", "database": "orders"}},
		},
		{"basic auth", "curl-auth-user", "robot:" + generic, "", secret.Info{Type: "basic_auth", PublicID: "robot", Hint: "26 bytes", Attributes: map[string]string{"user": "robot"}}},
		{"registry login", "generic-api-key", base64.StdEncoding.EncodeToString([]byte("robot:" + generic)), docker, secret.Info{Type: "docker.registry_auth", Name: "auth", PublicID: "robot@ghcr.io", Hint: "36 bytes", Attributes: map[string]string{"registry": "ghcr.io", "user": "robot"}}},
		{"kubeconfig", "generic-api-key", generic, kube, secret.Info{Type: "kubernetes.kubeconfig", Name: "token", PublicID: "https://k8s.northwind.example:6443", Hint: "20 bytes", Attributes: map[string]string{"kind": "token", "cluster": "https://k8s.northwind.example:6443"}}},
		{"named", "generic-api-key", generic, `const apiToken = "` + generic + `"`, secret.Info{Type: "generic.secret", Name: "apiToken", Hint: "20 bytes"}},
		{"no rule", "", generic, "", secret.Info{Type: "generic.secret", Hint: "20 bytes"}},
		{"nothing", "", "", "", secret.Info{Type: "generic.secret", Hint: "0 bytes"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := secret.Describe(tt.rule, []byte(tt.value), []byte(tt.context))
			if diff := cmp.Diff(tt.want, got, cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

// pemOf spells a key in PEM.
func pemOf(t *testing.T, label string, der []byte, err error) string {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: label, Bytes: der}))
}

func TestPrivateKeys(t *testing.T) {
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	ecKey, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	public, edKey, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	blob := wire([]byte("ssh-ed25519"), public)
	pkcs8, err := x509.MarshalPKCS8PrivateKey(rsaKey)
	ecDER, ecErr := x509.MarshalECPrivateKey(ecKey)
	edDER, edErr := x509.MarshalPKCS8PrivateKey(edKey)
	tests := []struct {
		name, value, typ, algorithm string
		bits                        int
		encrypted                   inventory.Tri
		public                      string
	}{
		{"RSA in PKCS 1", pemOf(t, "RSA PRIVATE KEY", x509.MarshalPKCS1PrivateKey(rsaKey), nil), "pki.private_key", "RSA", 2048, inventory.False, ""},
		{"RSA in PKCS 8", pemOf(t, "PRIVATE KEY", pkcs8, err), "pki.private_key", "RSA", 2048, inventory.False, ""},
		{"on one line", strings.ReplaceAll(pemOf(t, "PRIVATE KEY", pkcs8, err), "\n", `\n`), "pki.private_key", "RSA", 2048, inventory.False, ""},
		{"EC", pemOf(t, "EC PRIVATE KEY", ecDER, ecErr), "pki.private_key", "ECDSA", 384, inventory.False, ""},
		{"Ed25519", pemOf(t, "PRIVATE KEY", edDER, edErr), "pki.private_key", "Ed25519", 256, inventory.False, fingerprint(blob)},
		{"OpenSSH", pemOf(t, "OPENSSH PRIVATE KEY", openssh("none", blob), nil), "ssh.private_key", "Ed25519", 256, inventory.False, fingerprint(blob)},
		{"OpenSSH with a passphrase", pemOf(t, "OPENSSH PRIVATE KEY", openssh("aes256-ctr", blob), nil), "ssh.private_key", "Ed25519", 256, inventory.True, fingerprint(blob)},
		{"encrypted PKCS 8", pemOf(t, "ENCRYPTED PRIVATE KEY", []byte("not looked into"), nil), "pki.private_key", "", 0, inventory.True, ""},
		{"encrypted PKCS 1", "-----BEGIN RSA " + "PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00\n\nAAAA\n-----END RSA " + "PRIVATE KEY-----\n", "pki.private_key", "RSA", 0, inventory.True, ""},
		{"cut off", pemOf(t, "RSA PRIVATE KEY", x509.MarshalPKCS1PrivateKey(rsaKey), nil)[:200], "pki.private_key", "", 0, inventory.Unknown, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := secret.Describe("private-key", []byte(tt.value), nil)
			if got.Type != tt.typ || got.Algorithm != tt.algorithm || got.KeyBits != tt.bits || got.Encrypted != tt.encrypted {
				t.Errorf("%s %s %d encrypted %s, want %s %s %d %s", got.Type, got.Algorithm, got.KeyBits, got.Encrypted, tt.typ, tt.algorithm, tt.bits, tt.encrypted)
			}
			if tt.public != "" && got.PublicID != tt.public || tt.bits > 0 && !strings.HasPrefix(got.PublicID, "SHA256:") {
				t.Errorf("public id %q, want %q", got.PublicID, tt.public)
			}
			_, body, _ := strings.Cut(tt.value, "KEY-----")
			body, _, _ = strings.Cut(body, "-----END")
			noPiece(t, got, []byte(body))
		})
	}
}

// TestOneKeyOneFingerprint: whatever format a key lies in, its public id is the
// same, so that the copies can be joined.
func TestOneKeyOneFingerprint(t *testing.T) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(key)
	one := secret.Describe("private-key", []byte(pemOf(t, "RSA PRIVATE KEY", x509.MarshalPKCS1PrivateKey(key), nil)), nil)
	two := secret.Describe("private-key", []byte(pemOf(t, "PRIVATE KEY", pkcs8, err)), nil)
	three := secret.Describe("private-key", []byte(pemOf(t, "OPENSSH PRIVATE KEY", openssh("none", wire([]byte("ssh-rsa"), big.NewInt(int64(key.E)).Bytes(), append([]byte{0}, key.N.Bytes()...))), nil)), nil)
	if one.PublicID == "" || one.PublicID != two.PublicID || two.PublicID != three.PublicID || three.KeyBits != 2048 {
		t.Errorf("%q, %q, %q", one.PublicID, two.PublicID, three.PublicID)
	}
}

// wire joins length-prefixed strings, as SSH does.
func wire(fields ...[]byte) []byte {
	var out []byte
	for _, f := range fields {
		out = append(binary.BigEndian.AppendUint32(out, uint32(len(f))), f...)
	}
	return out
}

func openssh(cipher string, blob []byte) []byte {
	out := append([]byte("openssh-key-v1\x00"), wire([]byte(cipher), []byte("kdf"), nil)...)
	out = binary.BigEndian.AppendUint32(out, 1)
	return append(out, wire(blob, []byte("the private half"))...)
}

func fingerprint(blob []byte) string {
	sum := sha256.Sum256(blob)
	return "SHA256:" + base64.RawStdEncoding.EncodeToString(sum[:])
}

func TestCertificate(t *testing.T) {
	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	from, to := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC), time.Date(2027, 1, 2, 3, 4, 5, 0, time.UTC)
	for _, tt := range []struct {
		name  string
		to    time.Time
		never bool
	}{{"a year", to, false}, {"no end", time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC), true}} {
		template := &x509.Certificate{SerialNumber: big.NewInt(255), Subject: pkix.Name{CommonName: "robot.northwind.example"}, NotBefore: from, NotAfter: tt.to}
		der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
		got := secret.Describe("", []byte(pemOf(t, "CERTIFICATE", der, err)), nil)
		if sum := sha1.Sum(der); got.Attributes["certificate_sha1"] != fmt.Sprintf("%X", sum) {
			t.Errorf("%s: thumbprint %s", tt.name, got.Attributes["certificate_sha1"])
		}
		if got.Type != "pki.certificate" || got.Name != "robot.northwind.example" || !got.CreatedAt.Equal(from) || !got.ExpiresAt.Equal(tt.to) || got.NeverExpires != tt.never || got.Attributes["serial"] != "ff" {
			t.Errorf("%s: %+v", tt.name, got)
		}
	}
}

func TestServiceAccountKey(t *testing.T) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	value := pemOf(t, "PRIVATE KEY", der, err)
	file, err := json.MarshalIndent(map[string]string{
		"type": "service_account", "project_id": "northwind-prod", "private_key_id": strings.Repeat("a1", 20), "private_key": value,
		"client_email": "robot@northwind-prod.iam.gserviceaccount.com", "client_id": "123456789012345678901",
	}, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	quoted, err := json.Marshal(string(file))
	if err != nil {
		t.Fatal(err)
	}
	oneLine := strings.ReplaceAll(strings.TrimSpace(value), "\n", `\n`)
	for name, context := range map[string][]byte{"file": file, "file in a string": quoted, "part of a file": file[20:]} {
		got := secret.Describe("private-key", []byte(oneLine), context)
		mail := "robot@northwind-prod.iam.gserviceaccount.com"
		if name == "part of a file" {
			mail = "" // it lies before the part
		}
		if got.Type != "gcp.service_account_key" || got.PublicID != strings.Repeat("a1", 20) || got.Attributes["client_email"] != mail || got.Attributes["project_id"] != "northwind-prod" || got.KeyBits != 2048 {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

func TestPyPI(t *testing.T) {
	field := func(kind byte, text string) []byte { return append([]byte{kind, byte(len(text))}, text...) }
	raw := append([]byte{2}, field(1, "index.example")...)
	raw = append(raw, field(2, client)...)
	raw = append(raw, 0)
	raw = append(raw, field(2, `[0, 1900000000, 1700000000]`)...)
	raw = append(raw, 0, 0)
	raw = append(raw, field(6, "signature-of-thirty-two-bytes-ok")...)
	got := secret.Describe("pypi-upload-token", []byte("pypi-"+base64.RawURLEncoding.EncodeToString(raw)), nil)
	if got.Type != "pypi.token" || got.PublicID != client || got.Attributes["host"] != "index.example" || got.ExpiresAt.Unix() != 1900000000 {
		t.Errorf("%+v", got)
	}
}

// TestTypes compares the type of every rule of gitleaks with the table in
// testdata/types.tsv. UPDATE=1 writes it anew; read it then.
func TestTypes(t *testing.T) {
	var got strings.Builder
	lines := bufio.NewScanner(strings.NewReader(config.DefaultConfig))
	lines.Buffer(nil, 1<<20)
	rules := 0
	for lines.Scan() {
		id, ok := strings.CutPrefix(lines.Text(), `id = "`)
		if !ok {
			continue
		}
		rules++
		id = strings.TrimSuffix(id, `"`)
		typ := secret.TypeOf(id)
		if platform, kind, ok := strings.Cut(typ, "."); typ != "jwt" && typ != "basic_auth" && (!ok || platform == "" || kind == "" || strings.Contains(kind, "-")) {
			t.Errorf("%s: type %q is not <platform>.<kind>", id, typ)
		}
		fmt.Fprintf(&got, "%s\t%s\n", id, typ)
	}
	if rules < 200 {
		t.Fatalf("only %d rules found", rules)
	}
	const path = "testdata/types.tsv"
	if os.Getenv("UPDATE") != "" {
		if err := os.WriteFile(path, []byte(got.String()), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got.String()); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

// noPiece fails if a field holds six bytes of the secret in a row.
func noPiece(t *testing.T, info secret.Info, value []byte) {
	t.Helper()
	fields := []string{info.Name, info.PublicID, info.Hint, info.Algorithm}
	for k, v := range info.Attributes {
		fields = append(fields, k, v)
	}
	for _, f := range fields {
		for i := 0; i+6 <= len(f); i++ {
			if bytes.Contains(value, []byte(f[i:i+6])) {
				t.Errorf("a field shows %d bytes of the secret", 6)
				return
			}
		}
	}
}

// FuzzDescribe puts the secret part of known formats together from any bytes,
// and looks for panics and for pieces of it in what is told.
func FuzzDescribe(f *testing.F) {
	for _, s := range []string{generic, awsSecret, body30 + "000000", "a:b@c/d", "eyJhbGciOiJub25lIn0.e30.x", "-----BEGIN "} {
		f.Add("generic-api-key", []byte(s), []byte("x: "))
	}
	f.Add("curl-auth-user", []byte("u:"+generic), []byte(`{"auths":{"r":{"auth":"`))
	f.Fuzz(func(t *testing.T, rule string, part, context []byte) {
		secret.Describe(rule, part, context)
		for _, prefix := range []string{"", "ghp_", "glpat-", "npm_", "xoxb-", "sk_live_", "sk-ant-api03-", "AIza", "pypi-", "hvs."} {
			value := append([]byte(prefix), part...)
			around := append(append(bytes.Clone(context), value...), "\n"...)
			info := secret.Describe(rule, value, around)
			if info.Type == "" {
				t.Error("no type")
			}
			if rule != "" || len(part) < 6 || prefix == "" || bytes.ContainsAny(part, ":/ \t\r\n\v\f\x85\xa0-") || len(bytes.TrimSpace(part)) != len(part) {
				continue
			}
			// The describing words are ours; only what is taken over may leak.
			noPiece(t, secret.Info{Name: info.Name, PublicID: info.PublicID, Algorithm: info.Algorithm}, part)
		}
	})
}
