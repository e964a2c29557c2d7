package cli

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	encoding "encoding/pem"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/muster-nhi/muster/internal/config"
	"github.com/muster-nhi/muster/scanners/all"
	entra "github.com/muster-nhi/muster/scanners/azure/live/fake"
	google "github.com/muster-nhi/muster/scanners/gcp/live/fake"
)

// asked returns what doctor says of an argument, with a configuration. What is sent
// goes by wrap, if that is not nil.
func asked(t *testing.T, configuration, argument string, wrap func(http.RoundTripper) http.RoundTripper) []check {
	t.Helper()
	a := &app{World: world(t, nil, nil)}
	file, err := config.Parse(filepath.Join(t.TempDir(), "muster.yaml"), strings.NewReader(configuration))
	if err != nil {
		t.Fatal(err)
	}
	s := &setting{file: file}
	if wrap == nil {
		return a.ask(t.Context(), s, argument)
	}
	env := a.netEnv()
	env.Wrap = wrap
	var out []check
	for _, source := range s.meant(argument) {
		x, err := newTarget(all.Factories(), source, s.overlays())
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, a.askTarget(t.Context(), x.name, "", x, env))
	}
	return out
}

// withoutCredentials keeps those of this machine out of a test.
func withoutCredentials(t *testing.T) {
	t.Helper()
	t.Setenv("HOME", t.TempDir())
	for _, name := range []string{
		"AZURE_TENANT_ID", "AZURE_CLIENT_ID", "AZURE_CLIENT_SECRET", "AZURE_CLIENT_CERTIFICATE_PATH", "AZURE_FEDERATED_TOKEN_FILE", "AZURE_AUTHORITY_HOST",
		"GOOGLE_APPLICATION_CREDENTIALS", "CLOUDSDK_CONFIG",
	} {
		t.Setenv(name, "")
		os.Unsetenv(name)
	}
}

// tenant is one in memory, into which the environment signs in.
func tenant(t *testing.T) (*entra.Server, func(http.RoundTripper) http.RoundTripper) {
	t.Helper()
	withoutCredentials(t)
	s := entra.Northwind()
	s.Secret = "made-up~" + letters("doctor", 24)
	t.Setenv("AZURE_TENANT_ID", entra.NorthwindTenant)
	t.Setenv("AZURE_CLIENT_ID", s.App)
	t.Setenv("AZURE_CLIENT_SECRET", s.Secret)
	return s, func(http.RoundTripper) http.RoundTripper { return s }
}

// TestDoctorAsksAzure: the source that the help names is asked as a scan would ask it,
// and so is one with the settings that the configuration has for it.
func TestDoctorAsksAzure(t *testing.T) {
	s, wrap := tenant(t)
	source := "azure:" + entra.NorthwindTenant
	got := asked(t, "", source, wrap)
	if len(got) != 1 || got[0].Status != "ok" || !strings.Contains(got[0].Detail, "as muster ") || !strings.HasSuffix(got[0].Detail, "8 of 8 calls answered, 2 subscriptions") {
		t.Fatalf("%+v", got)
	}
	got = asked(t, "sources:\n  - source: "+source+"\n    resources: false\n", source, wrap)
	if len(got) != 1 || !strings.HasSuffix(got[0].Detail, "6 of 6 calls answered, 0 subscriptions") {
		t.Errorf("without resources: %+v", got)
	}
	s.Secret = "another"
	got = asked(t, "", source, wrap)
	if len(got) != 1 || got[0].Status != "fail" || !strings.Contains(got[0].Detail, "AADSTS") || strings.Contains(got[0].Detail, os.Getenv("AZURE_CLIENT_SECRET")) {
		t.Errorf("with a wrong secret: %+v", got)
	}
}

// googleKey writes the key file of a service account, whose tokens come from an
// address.
func googleKey(t *testing.T, issuer string) string {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	block := encoding.EncodeToMemory(&encoding.Block{Type: "RSA PRIVATE " + "KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)})
	doc, err := json.Marshal(map[string]string{
		"type": "service_account", "client_email": "auditor@northwind-ci.iam.gserviceaccount.com", "private_key_id": "made-up", "private_key": string(block), "token_uri": issuer,
	})
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "key.json")
	if err := os.WriteFile(file, doc, 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// TestDoctorAsksGoogle: as whom, where, and what is denied, with what the configuration
// says of the source.
func TestDoctorAsksGoogle(t *testing.T) {
	withoutCredentials(t)
	tokens := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write([]byte(`{"access_token": "made-up", "expires_in": 3600, "token_type": "Bearer"}`)) // who went away misses nothing
	}))
	defer tokens.Close()
	docs, err := google.Load()
	if err != nil {
		t.Fatal(err)
	}
	s := google.Northwind(docs)
	s.Allow = func(r google.Request) bool { return r.Method != "iam.projects.serviceAccounts.list" }
	server := httptest.NewServer(s)
	defer server.Close()
	settings := "    credentials_file: " + googleKey(t, tokens.URL) + "\n    endpoint: " + server.URL + "\n"
	for name, c := range map[string]struct{ configuration, argument, status, first string }{
		"a project": {"sources:\n  - source: gcp:northwind-prod\n" + settings, "gcp:northwind-prod", "warn", "projects/northwind-prod as auditor@northwind-ci.iam.gserviceaccount.com; 4 of 5 calls answered"},
		"by name":   {"sources:\n  - source: gcp:organizations/111122223333\n    name: all of it\n" + settings, "all of it", "ok", "organizations/111122223333 as auditor@northwind-ci.iam.gserviceaccount.com; 5 of 5 calls answered"},
	} {
		t.Run(name, func(t *testing.T) {
			got := asked(t, c.configuration, c.argument, nil)
			if len(got) != 1 || got[0].Status != c.status {
				t.Fatalf("%+v", got)
			}
			first, more, _ := strings.Cut(got[0].Detail, "\n")
			if !strings.HasSuffix(first, "muster.yaml:2: "+c.first) {
				t.Errorf("%q, want %q", first, c.first)
			}
			if denied := "iam.serviceAccounts.list: the permission iam.serviceAccounts.list is missing on projects/northwind-prod\nmuster permissions gcp prints"; (c.status == "warn") != strings.HasPrefix(more, denied) {
				t.Errorf("the rest is %q", more)
			}
		})
	}
}

// TestMeant: an argument of doctor is a source of the configuration by its name, as it
// is written there, or by its scanner alone, and otherwise what it says.
func TestMeant(t *testing.T) {
	file, err := config.Parse("muster.yaml", strings.NewReader(`sources:
  - source: azure:northwind.example
    credential: cli
  - source: azure:contoso.example
    name: suppliers
  - aws:audit
  - gcp
  - gcp:northwind-prod
`))
	if err != nil {
		t.Fatal(err)
	}
	s := &setting{file: file}
	for argument, want := range map[string][]int{
		"suppliers":               {4},
		"azure:northwind.example": {2},
		"azure:contoso.example":   {4},
		"azure:fabrikam.example":  {0},
		"azure":                   {2, 4},
		"gcp":                     {7},
		"aws":                     {6},
		"aws:prod":                {0},
		"repo:.":                  {0},
	} {
		var got []int
		for _, x := range s.meant(argument) {
			got = append(got, x.Line)
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("%s: %s", argument, d)
		}
	}
	if got := (&setting{}).meant("aws"); len(got) != 1 || got[0].Source != "aws" {
		t.Errorf("without a configuration: %+v", got)
	}
}

// TestDoctorDoesNotAskFiles: that there is nothing to ask is no fault.
func TestDoctorDoesNotAskFiles(t *testing.T) {
	got := asked(t, "", "repo:"+t.TempDir(), nil)
	if len(got) != 1 || got[0].Status != "warn" || !strings.Contains(got[0].Detail, "doctor asks aws[:PROFILE], gcp[:TARGET], azure[:TENANT]") {
		t.Errorf("%+v", got)
	}
	if got = asked(t, "", "azure:"+"../x", nil); len(got) != 1 || got[0].Status != "fail" {
		t.Errorf("a tenant that cannot be one: %+v", got)
	}
	if got = asked(t, "sources:\n  - source: azure\n    tenancy: x\n", "azure", nil); len(got) != 1 || got[0].Status != "fail" || strings.Count(got[0].Detail, "muster.yaml") != 1 {
		t.Errorf("a key that is none: %+v", got)
	}
}

// TestDoctorTellsOfCredentials: a scanner is ready where there is something to sign in
// with, and the same is said of each cloud where there is nothing.
func TestDoctorTellsOfCredentials(t *testing.T) {
	withoutCredentials(t)
	key := googleKey(t, "https://tokens.northwind.example")
	for name, c := range map[string]struct {
		env    map[string]string
		status string
		want   string
	}{
		"gcp, nothing":                  {nil, "ok", "no credentials of Google Cloud here; names what to read: gcp[:TARGET]"},
		"azure, nothing":                {nil, "ok", "no credentials of Azure here; names what to read: azure[:TENANT]"},
		"aws, nothing":                  {nil, "ok", "no profile and no credentials of AWS here; names what to read: aws[:PROFILE]"},
		"azure, a tenant alone":         {map[string]string{"AZURE_TENANT_ID": "x"}, "ok", "no credentials of Azure here"},
		"azure, an empty directory":     {map[string]string{"AZURE_CONFIG_DIR": t.TempDir()}, "ok", "no credentials of Azure here"},
		"azure, an application":         {map[string]string{"AZURE_CLIENT_ID": "x"}, "ok", "ready; Azure credentials: the environment variable AZURE_CLIENT_ID; not asked (muster doctor azure asks)"},
		"gcp, a key file":               {map[string]string{"GOOGLE_APPLICATION_CREDENTIALS": key}, "ok", "ready; Google Cloud credentials: the environment variable GOOGLE_APPLICATION_CREDENTIALS; not asked (muster doctor gcp asks)"},
		"gcp, a key file that is gone":  {map[string]string{"GOOGLE_APPLICATION_CREDENTIALS": "/nowhere/key.json"}, "warn", "a scan would end at once: open Google Cloud: read credentials of Google Cloud: open /nowhere/key.json"},
		"gcp, gcloud without a default": {map[string]string{"CLOUDSDK_CONFIG": withFile(t, "credentials.db")}, "warn", "gcloud auth application-default login"},
	} {
		t.Run(name, func(t *testing.T) {
			w := world(t, nil, nil)
			w.Getenv = func(name string) string { return c.env[name] }
			for k, v := range c.env {
				t.Setenv(k, v)
			}
			a := &app{World: w}
			scanner, _, _ := strings.Cut(name, ",")
			for _, x := range a.checkScanners(&setting{file: &config.File{}}) {
				if x.Name == "scanner "+scanner && (x.Status != c.status || !strings.Contains(x.Detail, c.want)) {
					t.Errorf("%+v, want %s %q", x, c.status, c.want)
				}
			}
		})
	}
}

// withFile returns a directory in which a file is.
func withFile(t *testing.T, name string) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, name), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	return dir
}
