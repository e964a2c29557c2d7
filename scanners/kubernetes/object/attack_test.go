package object

import (
	"encoding/base64"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
)

// What is a secret is told as one in whatever form it stands, and comes out in
// none.
func TestLiteralsInOddForms(t *testing.T) {
	secret := canary()
	for name, tt := range map[string]struct {
		variable, value string
		want            bool
	}{
		"a key file in place of its path":      {"GOOGLE_APPLICATION_CREDENTIALS", `{"type":"service_account","private_key":"` + secret + `"}`, true},
		"a kubeconfig in place of its path":    {"KUBECONFIG", "apiVersion: v1\nusers: [{user: {token: " + secret + "}}]", true},
		"the path of a key file":               {"GOOGLE_APPLICATION_CREDENTIALS", "/var/run/key.json", false},
		"a password with a hash sign":          {"DATABASE_URL", "postgres://shop:" + secret + "#1@db.example/shop", true},
		"a password with a percent sign":       {"DATABASE_URL", "postgres://shop:" + secret + "%zz@db.example/shop", true},
		"a port and a path":                    {"ENDPOINT", "http://shop.example:8080/a", false},
		"a token for a user":                   {"REPOSITORY", "https://" + secret + "@git.example/shop.git", true},
		"a user":                               {"REPOSITORY", "ssh://git@git.example/shop.git", false},
		"a public key of Sentry":               {"SENTRY_DSN", "https://" + secret + "@o1.ingest.sentry.io/1", false},
		"a signature in the query":             {"UPLOAD", "https://shop.blob.example/c?sv=2024&sig=" + secret, true},
		"a version in the query":               {"UPLOAD", "https://shop.blob.example/c?sv=2024-11-04", false},
		"a password that begins with a dollar": {"DB_PASSWORD", "$2b$10$" + secret, true},
		"a reference":                          {"DB_PASSWORD", "$(OTHER)", false},
		"a reference of a shell":               {"DB_PASSWORD", "${OTHER:-x}", false},
	} {
		t.Run(name, func(t *testing.T) {
			spec := &corev1.PodSpec{Containers: []corev1.Container{{Name: "c", Env: []corev1.EnvVar{{Name: tt.variable, Value: tt.value}}}}}
			pod := NewTexts().FromPodSpec(spec, nil)
			quiet(t, pod)
			if got := len(pod.Variables) > 0 && pod.Variables[0].Literal; got != tt.want {
				t.Errorf("a literal: %v", got)
			}
		})
	}
}

// Addresses come out without what signs in there, however broken they are.
func TestAddressesWithoutUsers(t *testing.T) {
	secret := canary()
	for value, want := range map[string]string{
		"https://u:" + secret + "@vault.example/v1?x=" + secret: "https://vault.example/v1",
		"https://u:" + secret + "%zz@vault.example":             "https://vault.example",
		"https://u:" + secret + "#1@vault.example/a?b=c":        "https://vault.example/a",
		"u:" + secret + "@vault.example:8200":                   "vault.example:8200",
		"vault.example?token=" + secret:                         "vault.example",
		"eu-central-1":                                          "eu-central-1",
		"arn:aws:iam::111122223333:role/x":                      "arn:aws:iam::111122223333:role/x",
		"/var/run/secrets/token":                                "/var/run/secrets/token",
	} {
		if got := withoutUser(value); got != want {
			t.Errorf("%q comes out as %q, want %q", strings.ReplaceAll(value, secret, "…"), strings.ReplaceAll(got, secret, "…"), want)
		}
	}
	for address, want := range map[string]string{
		"https://u:" + secret + "/x@registry.example/v2/": "registry.example",
		"registry.example?token=" + secret:                "registry.example",
		"https://registry.example:5000/v1/":               "registry.example:5000",
	} {
		if got := hostOf(address); got != want {
			t.Errorf("the host of %q is %q", strings.ReplaceAll(address, secret, "…"), strings.ReplaceAll(got, secret, "…"))
		}
	}
	text := `{"auths":{"https://u:` + secret + `/x@registry.example/v2/":{"auth":"` + base64.StdEncoding.EncodeToString([]byte("u:p")) + `"}}}`
	quiet(t, NewTexts().FromSecret(&corev1.Secret{Type: corev1.SecretTypeDockerConfigJson, Data: map[string][]byte{".dockerconfigjson": []byte(text)}}, hasher()))
}
