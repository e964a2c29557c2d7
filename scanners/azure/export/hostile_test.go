package export

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/scanners/azure/object"
)

// everything writes down all that a reading tells.
func everything(t *testing.T, e *object.Estate, problems []Problem) string {
	t.Helper()
	data, err := json.Marshal(e)
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprint(string(data), problems)
}

// TestNoSecret: whatever az prints of a secret comes through nowhere, and is told.
func TestNoSecret(t *testing.T) {
	c := canary()
	store := inProd + "Microsoft.Storage/storageAccounts/nworders"
	files := map[string]string{
		"create-for-rbac.json":    `{"appId": "` + appID + `", "displayName": "deploy", "password": "` + c + `", "tenant": "` + tenantID + `"}`,
		"credential-reset.json":   `{"appId": "` + appID + `", "password": "` + c + `", "tenant": "` + tenantID + `"}`,
		"added.json":              `{"@odata.context": "https://graph.microsoft.com/v1.0/$metadata#microsoft.graph.passwordCredential", "keyId": "` + appID + `", "hint": "KEE", "secretText": "` + c + `", "startDateTime": "2024-01-01T00:00:00Z", "endDateTime": "2026-01-01T00:00:00Z"}`,
		"apps.json":               `[{"id": "` + appObj + `", "appId": "` + appID + `", "displayName": "deploy", "signInAudience": "AzureADMyOrg", "passwordCredentials": [{"keyId": "x", "hint": "` + c + `", "secretText":  "` + c + `", "customKeyIdentifier": "` + c + `"}], "keyCredentials": [{"keyId": "y", "key": "` + c + `", "customKeyIdentifier": "` + c + `"}]}]`,
		"storage-keys.json":       `[{"creationTime": "2023-01-01T00:00:00+00:00", "keyName": "key1", "permissions": "FULL", "value": "` + c + `"}]`,
		"connection-string.json":  `{"connectionString": "DefaultEndpointsProtocol=https;AccountKey=` + c + `"}`,
		"cosmos-keys.json":        `{"primaryMasterKey": "` + c + `", "primaryReadonlyMasterKey": "` + c + `"}`,
		"servicebus-keys.json":    `{"keyName": "Root", "primaryConnectionString": "` + c + `", "primaryKey": "` + c + `"}`,
		"cognitive-keys.json":     `{"key1": "` + c + `", "key2": "` + c + `"}`,
		"appsettings.json":        `[{"name": "DB", "slotSetting": false, "value": "` + c + `"}]`,
		"secret-show.json":        `{"attributes": {"enabled": true}, "id": "https://nw-prod.vault.azure.net/secrets/db/0123", "name": "db", "value": "` + c + `"}`,
		"token.json":              `{"accessToken": "` + c + `", "expiresOn": "2026-01-01", "subscription": "` + prodSub + `", "tenant": "` + tenantID + `", "tokenType": "Bearer"}`,
		"acr.json":                `{"passwords": [{"name": "password", "value": "` + c + `"}], "username": "nw"}`,
		"publish.json":            `[{"publishMethod": "MSDeploy", "userName": "$x", "userPWD": "` + c + `"}]`,
		"kubeconfig.json":         `{"kubeconfigs": [{"name": "clusterAdmin", "value": "` + c + `"}]}`,
		"accounts.json":           azFiles()["account list.json"],
		"vaults.json":             azFiles()["vaults.json"],
		"vm.json":                 azFiles()["vms.json"],
		"store.json":              `[{"id": "` + store + `", "name": "nworders", "type": "Microsoft.Storage/storageAccounts", "creationTime": "2023-01-01T00:00:00+00:00", "primaryEndpoints": {"blob": "x?sig=` + c + `"}}]`,
		"webapps.json":            `[{"id": "` + inProd + `Microsoft.Web/sites/fn", "name": "fn", "type": "Microsoft.Web/sites", "identity": {"type": "SystemAssigned", "principalId": "` + spObj + `"}, "siteConfig": {"appSettings": [{"name": "x", "value": "` + c + `"}]}}]`,
		"key.pem":                 "-----BEGIN PRIVATE KEY-----\n" + c + "\n",
		"unknown.json":            `{"something": "` + c + `"}`,
		"broken.json":             `{"accessToken": "` + c + `", `,
		"refused.err":             "ERROR: (AuthorizationFailed) " + c,
		"text.txt":                c,
		"subscriptions/x/odd.yml": "password: " + c + "\n",
	}
	e, problems, err := Read(t.Context(), Options{Dir: put(t, files)})
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(everything(t, e, problems), c) {
		t.Error("the value of a secret came through")
	}
	for _, name := range []string{
		"create-for-rbac.json", "credential-reset.json", "added.json", "apps.json", "storage-keys.json", "connection-string.json", "cosmos-keys.json", "servicebus-keys.json",
		"cognitive-keys.json", "appsettings.json", "secret-show.json", "token.json", "acr.json", "publish.json", "kubeconfig.json", "key.pem", "subscriptions/x/odd.yml",
	} {
		if !slices.ContainsFunc(problems, func(p Problem) bool { return p.Path == name && !p.Lost }) {
			t.Errorf("nobody says that %s holds a secret", name)
		}
	}
}

// TestBroken: what cannot be read is named with its place, and costs nothing else.
func TestBroken(t *testing.T) {
	var zipped bytes.Buffer
	z := gzip.NewWriter(&zipped)
	if _, err := z.Write([]byte(azFiles()["sps.json"])); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	wide := []byte("\xff\xfe")
	for _, c := range []byte(azFiles()["identities.json"]) {
		wide = append(wide, c, 0)
	}
	app := strings.TrimSuffix(strings.TrimPrefix(azFiles()["apps.json"], "["), "]")
	files := map[string]string{
		"accounts.json": azFiles()["account list.json"],
		"cut.json":      `[` + app + `, {"id": "`,
		"sps.json.gz":   zipped.String(),
		"wide.json":     string(wide),
		"types.json":    `[{"id": 7, "appId": [], "passwordCredentials": "x", "signInAudience": {}}, {"id": "` + spObj + `", "appId": 7, "servicePrincipalType": "Application"}, 7, null, "x", [[]], {}]`,
		"deep.json":     strings.Repeat(`{"value":[`, 20000),
		"long.json":     `[{"id": "` + strings.Repeat("x", 50000) + `"}]`,
		"empty.json":    "",
		"zip.gz":        "\x1f\x8bxx",
		"bom.json":      "\xef\xbb\xbf" + azFiles()["groups.json"],
		"\x1b[31m.json": `{`,
		"nul.json":      "\x00\x00\x00",
	}
	e, problems, err := Read(t.Context(), Options{Dir: put(t, files), MaxValue: 4000})
	if err != nil {
		t.Fatal(err)
	}
	got := e.Tenants[0]
	if len(got.Applications) != 1 || len(got.Principals) != 1 || len(got.Subscriptions) != 1 || len(got.Subscriptions[0].Identities) != 1 {
		t.Errorf("there are %d applications, %d principals", len(got.Applications), len(got.Principals))
	}
	if l := listed(t, got, callApplications); l.Status != inventory.StatusPartial || !strings.Contains(l.Reason, "cut.json ends in the middle") && !strings.Contains(l.Reason, "types.json") {
		t.Errorf("of applications it says %+v", l)
	}
	said := fmt.Sprint(problems)
	for _, want := range []string{"cut.json: ends in the middle", "deep.json", "long.json: from byte", "empty.json: is empty", "zip.gz: is compressed and broken", "%1B[31m.json", "nul.json"} {
		if !strings.Contains(said, want) {
			t.Errorf("nobody says %q: %s", want, said)
		}
	}
	if strings.ContainsAny(said, "\x1b\x00") {
		t.Error("a name is told as it is")
	}
}

// TestLinks: nothing outside the directory is read, and a pipe is not waited for.
func TestLinks(t *testing.T) {
	outside := put(t, map[string]string{"sps.json": azFiles()["sps.json"]})
	dir := put(t, map[string]string{"apps.json": azFiles()["apps.json"]})
	if err := os.Symlink(filepath.Join(outside, "sps.json"), filepath.Join(dir, "out.json")); err != nil {
		t.Fatal(err)
	}
	e, problems, err := Read(t.Context(), Options{Dir: dir})
	if err != nil || len(e.Tenants[0].Principals) != 0 || !strings.Contains(fmt.Sprint(problems), "leads out of the directory") {
		t.Errorf("%v %v", problems, err)
	}
	if _, _, err := Read(t.Context(), Options{Dir: filepath.Join(dir, "nowhere")}); err == nil {
		t.Error("a directory that is not there is an error")
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, _, err := Read(ctx, Options{Dir: dir}); err == nil {
		t.Error("the end of the context is an error")
	}
	if e, problems, err := Read(t.Context(), Options{Dir: filepath.Join(dir, "apps.json")}); err != nil || len(problems) != 1 || len(e.Tenants[0].Applications) != 1 || e.Tenants[0].ID != unknownTenant {
		t.Errorf("a single file: %v %v", problems, err)
	}
	if e, problems, err := Read(t.Context(), Options{Dir: t.TempDir()}); err != nil || len(e.Tenants) != 0 || len(problems) != 1 || !problems[0].Lost {
		t.Errorf("an empty directory: %v %v", problems, err)
	}
}

// TestSameTwice: the same files make the same estate.
func TestSameTwice(t *testing.T) {
	read := func() string {
		e, problems, err := Read(t.Context(), Options{Dir: put(t, azFiles())})
		if err != nil {
			t.Fatal(err)
		}
		return everything(t, e, problems)
	}
	if first := read(); first != read() {
		t.Error("two readings differ")
	}
}

// FuzzRead reads whatever a file of any name holds: it ends, tells no canary and says
// of each call that is not complete why.
func FuzzRead(f *testing.F) {
	for name, text := range azFiles() {
		f.Add(name, []byte(text))
	}
	f.Add("responses.json", []byte(`{"responses": [{"id": "1", "status": 200, "body": {"@odata.context": "x#users", "value": [{"id": "`+userObj+`"}]}}]}`))
	f.Add("group.json", []byte(`{"id": "/providers/Microsoft.Management/managementGroups/a", "name": "a", "children": [{"id": "/providers/Microsoft.Management/managementGroups/b", "children": []}]}`))
	f.Add("x.json", []byte(`{"count": 1, "data": [{"id": "/subscriptions/`+prodSub+`", "type": "microsoft.resources/subscriptions"}], "total_records": 2}`))
	f.Fuzz(func(t *testing.T, name string, data []byte) {
		r := newReader(t.Context(), Options{MaxValue: 1 << 16, MaxFile: 1 << 20}.withDefaults())
		r.file(name, bytes.NewReader(data))
		r.file("accounts.json", strings.NewReader(azFiles()["account list.json"]))
		for _, tenant := range r.finish().Tenants {
			all := slices.Clone(tenant.Listings)
			for _, s := range tenant.Subscriptions {
				all = append(all, s.Listings...)
			}
			for _, l := range all {
				if l.Status != inventory.StatusComplete && l.Reason == "" {
					t.Errorf("%s is %s and nobody says why", l.Call, l.Status)
				}
			}
		}
	})
}
