package live_test

import (
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/muster-nhi/muster/scanners/azure/live"
	"github.com/muster-nhi/muster/scanners/azure/live/fake"
)

// TestTokenFileIsMissing says at once which file of a federated token is not there, where
// it would be signed in with.
func TestTokenFileIsMissing(t *testing.T) {
	here := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(here, []byte("made.up.token"), 0o600); err != nil {
		t.Fatal(err)
	}
	const id = "11111111-2222-4333-8444-555555555555"
	pod := map[string]string{"AZURE_CLIENT_ID": id, "AZURE_TENANT_ID": id, "AZURE_FEDERATED_TOKEN_FILE": "/nowhere"}
	with := func(extra map[string]string) map[string]string {
		out := map[string]string{}
		for _, m := range []map[string]string{pod, extra} {
			maps.Copy(out, m)
		}
		return out
	}
	for name, c := range map[string]struct {
		kind live.Kind
		file string
		env  map[string]string
		want string // in the error; empty is none
	}{
		"the chain":                        {live.KindAuto, "", pod, "AZURE_FEDERATED_TOKEN_FILE names /nowhere"},
		"the chain, and it is there":       {live.KindAuto, "", with(map[string]string{"AZURE_FEDERATED_TOKEN_FILE": here}), ""},
		"the chain, with a secret":         {live.KindAuto, "", with(map[string]string{"AZURE_CLIENT_SECRET": "x"}), ""},
		"the chain, for nobody":            {live.KindAuto, "", map[string]string{"AZURE_FEDERATED_TOKEN_FILE": "/nowhere"}, ""},
		"federated, by the environment":    {live.KindFederated, "", pod, "AZURE_FEDERATED_TOKEN_FILE names /nowhere"},
		"federated, by its name":           {live.KindFederated, "/no/token", pod, "/no/token (token_file) is not there"},
		"federated, named and there":       {live.KindFederated, here, pod, ""},
		"another kind, to which it is not": {live.KindCLI, "", pod, ""},
	} {
		t.Run(name, func(t *testing.T) {
			for k, v := range with(map[string]string{"AZURE_CLIENT_SECRET": ""}) { // the library reads the process's own
				t.Setenv(k, v)
			}
			o := options(fake.Northwind())
			o.Token, o.Credential, o.TokenFile = nil, c.kind, c.file
			o.Getenv = func(name string) string { return c.env[name] }
			r, err := live.Open(t.Context(), o)
			if err == nil {
				r.Close()
			}
			if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
				t.Errorf("the error is %v", err)
			}
		})
	}
}
