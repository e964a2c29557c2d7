package cli

import (
	"encoding/hex"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"
)

// leakClouds is `leakclouds DIR`: a directory in which the key file of a service
// account of Google Cloud and the client secret of an application of Entra lie. What
// no output may hold is in GCP_SECRET and AZURE_SECRET.
func leakClouds(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: leakclouds DIR")
	}
	secret, body := "Qx8"+"8Q~"+letters("entra", 34), strings.ReplaceAll(letters("google", 600), "_", "x")
	doc, err := json.MarshalIndent(map[string]string{
		"type": "service_account", "project_id": "northwind-prod", "private_key_id": hex.EncodeToString([]byte(strings.Repeat("k1", 10))),
		"private_key": pem("PRIVATE "+"KEY", "MIIEvQ"+body), "client_email": "deployer@northwind-prod.iam.gserviceaccount.com",
	}, "", "  ")
	ts.Check(err)
	dir := ts.MkAbs(args[0])
	ts.Check(os.MkdirAll(dir, 0o755))
	env := "AZURE_TENANT_ID=11111111-2222-3333-4444-555555555555\nAZURE_CLIENT_ID=aaaaaaaa-1111-4000-8000-000000000002\nAZURE_CLIENT_SECRET=" + secret + "\n"
	ts.Check(os.WriteFile(filepath.Join(dir, "key.json"), doc, 0o644))
	ts.Check(os.WriteFile(filepath.Join(dir, "azure.env"), []byte(env), 0o644))
	ts.Setenv("GCP_SECRET", body[:40])
	ts.Setenv("AZURE_SECRET", secret)
}
