package export

import (
	"bytes"
	"compress/gzip"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"unicode/utf16"

	"github.com/google/go-cmp/cmp"

	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/scanners/gcp/object"
)

const (
	annAccount = `{"name": "projects/northwind-prod/serviceAccounts/ann@northwind-prod.iam.gserviceaccount.com", "projectId": "northwind-prod", "uniqueId": "1", "email": "ann@northwind-prod.iam.gserviceaccount.com", "etag": "x"}`
	bobAccount = `{"name": "projects/northwind-prod/serviceAccounts/bob@northwind-prod.iam.gserviceaccount.com", "projectId": "northwind-prod", "uniqueId": "2", "email": "bob@northwind-prod.iam.gserviceaccount.com", "etag": "x"}`
	annAsset   = `{"name": "//iam.googleapis.com/projects/northwind-prod/serviceAccounts/1", "asset_type": "iam.googleapis.com/ServiceAccount", "resource": {"version": "v1", "discovery_document_uri": "x", "data": ` + annAccount + `}, "ancestors": ["projects/444455556666", "organizations/111122223333"], "update_time": "2026-11-20T08:00:00Z"}`
	bobAsset   = `{"name": "//iam.googleapis.com/projects/northwind-prod/serviceAccounts/2", "asset_type": "iam.googleapis.com/ServiceAccount", "resource": {"data": ` + bobAccount + `}, "ancestors": ["projects/444455556666", "organizations/111122223333"]}`
	annYAML    = "---\nemail: ann@northwind-prod.iam.gserviceaccount.com\netag: x\nname: projects/northwind-prod/serviceAccounts/ann@northwind-prod.iam.gserviceaccount.com\nprojectId: northwind-prod\nuniqueId: '1'\n"
)

// accounts are the names of the accounts of an estate.
func accounts(e *object.Estate) []string {
	var out []string
	for _, p := range e.Projects {
		for i := range p.Accounts {
			name, _, _ := strings.Cut(p.Accounts[i].Email, "@")
			out = append(out, name)
		}
	}
	return out
}

// listing1 is a listing of the first project.
func listing1(e *object.Estate, call string) object.Listing {
	for _, p := range e.Projects {
		for _, l := range p.Listings {
			if l.Call == call {
				return l
			}
		}
	}
	return object.Listing{}
}

func zipped(t *testing.T, text string) string {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := w.Write([]byte(text)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func wideText(text string) string {
	var b strings.Builder
	for _, u := range utf16.Encode([]rune("\ufeff" + text)) {
		b.WriteByte(byte(u & 0xff))
		b.WriteByte(byte(u >> 8))
	}
	return b.String()
}

// However gcloud, an API, a shell or a person wrote the files, they are read; what is
// broken is told, and the rest is read.
func TestWaysToSave(t *testing.T) {
	const listed = "projects/northwind-prod/iam-service-accounts-list.json"
	for _, c := range []struct {
		name     string
		files    map[string]string
		accounts []string
		status   inventory.Status // of the listing of accounts
		problem  string           // of the first; empty is none
	}{
		{"a list", map[string]string{"x": "[" + annAccount + ", " + bobAccount + "]"}, []string{"ann", "bob"}, "complete", ""},
		{"one object", map[string]string{"x.json": annAccount}, []string{"ann"}, "complete", ""},
		{"lines", map[string]string{"x.jsonl": annAccount + "\n" + bobAccount + "\n"}, []string{"ann", "bob"}, "complete", ""},
		{"two lists in one file", map[string]string{"x.json": "[" + annAccount + "]\n[" + bobAccount + "]"}, []string{"ann", "bob"}, "complete", ""},
		{"an API's answer", map[string]string{"x.json": `{"accounts": [` + annAccount + `]}`}, []string{"ann"}, "complete", ""},
		{"its first page only", map[string]string{"x.json": `{"accounts": [` + annAccount + `], "nextPageToken": "x"}`}, []string{"ann"}, "partial", ""},
		{"both pages", map[string]string{"1.json": `{"accounts": [` + annAccount + `], "nextPageToken": "x"}`, "2.json": `{"accounts": [` + bobAccount + `]}`}, []string{"ann", "bob"}, "complete", ""},
		{"an export into Cloud Storage", map[string]string{"000": annAsset + "\n" + bobAsset}, []string{"ann", "bob"}, "complete", ""},
		{"one of Asset Inventory's answers", map[string]string{"x": `{"readTime": "2026-11-20T08:00:00Z", "assets": [` + strings.ReplaceAll(annAsset, "asset_type", "assetType") + `]}`}, []string{"ann"}, "complete", ""},
		{"the same twice", map[string]string{"a.json": "[" + annAccount + "]", "b.json": annAsset}, []string{"ann"}, "complete", ""},
		{"YAML of describe", map[string]string{"x.yaml": annYAML}, []string{"ann"}, "complete", ""},
		{"YAML of a list", map[string]string{"x.yaml": annYAML + strings.NewReplacer("ann", "bob", "'1'", "'2'").Replace(annYAML)}, []string{"ann", "bob"}, "complete", ""},
		{"YAML that is broken", map[string]string{"x.yaml": annYAML + "---\nx: [", "y.json": bobAccount}, []string{"ann", "bob"}, "partial", "LOST x.yaml: is broken YAML from its 2. document on"},
		{"compressed", map[string]string{"x.json.gz": zipped(t, "["+annAccount+"]")}, []string{"ann"}, "complete", ""},
		{"compressed and cut", map[string]string{"x.json.gz": zipped(t, "["+annAccount+"]"+strings.Repeat(" ", 9999))[:150], "y.json": bobAccount}, []string{"ann", "bob"}, "partial", "LOST x.json.gz: ends in the middle"},
		{"UTF-16 as PowerShell writes it", map[string]string{"x.json": wideText("[" + annAccount + "]")}, []string{"ann"}, "complete", ""},
		{"a byte order mark", map[string]string{"x.json": "\ufeff[" + annAccount + "]"}, []string{"ann"}, "complete", ""},
		{"a list that is cut", map[string]string{"x.json": "[" + annAccount + `, {"name": "projects/nor`}, []string{"ann"}, "partial", "LOST x.json: ends in the middle"},
		{"a list that is broken", map[string]string{"x.json": "[" + annAccount + ", nonsense", "y.json": bobAccount}, []string{"ann", "bob"}, "partial", "LOST x.json: is broken from byte"},
		{"a field of another type", map[string]string{"x.json": "[" + strings.Replace(annAccount, `"uniqueId": "1"`, `"uniqueId": 1`, 1) + "]"}, []string{"ann"}, "partial", ""},
		{"nothing", map[string]string{listed: "[]", "x.json": `{"projectId": "northwind-prod", "projectNumber": "444455556666", "name": "x"}`}, nil, "complete", ""},
		{"denied", map[string]string{strings.Replace(listed, ".json", ".err", 1): "ERROR: (gcloud.iam.service-accounts.list) PERMISSION_DENIED: Permission 'iam.serviceAccounts.list' denied on resource (or it may not exist).\n"}, nil, "denied", ""},
		{"denied, as the API says it", map[string]string{listed: `{"error": {"code": 403, "message": "no", "status": "PERMISSION_DENIED"}}`}, nil, "denied", ""},
		{"out of quota", map[string]string{listed: `{"error": {"code": 429, "message": "no", "status": "RESOURCE_EXHAUSTED"}}`}, nil, "partial", ""},
		{"nothing of Google", map[string]string{"README.md": "# Notes\n", "x.json": `{"a": 1}`}, nil, "", "LOST there is no file here"},
		{"an empty file", map[string]string{"x.json": " \n", "y.json": annAccount}, []string{"ann"}, "complete", "x.json: is empty"},
		{"a file nobody understands", map[string]string{"notes.txt": "Hello there\n", "y.json": annAccount}, []string{"ann"}, "complete", "not understood and passed over: notes.txt"},
	} {
		t.Run(c.name, func(t *testing.T) {
			e, problems := read(t, write(t, c.files), Options{})
			if diff := cmp.Diff(c.accounts, accounts(e)); diff != "" {
				t.Error(diff)
			}
			if got := listing1(e, "iam.serviceAccounts.list"); got.Status != c.status {
				t.Errorf("the listing is %s (%s); %q", got.Status, got.Reason, problems)
			}
			if (c.problem == "") != (len(problems) == 0) || len(problems) > 0 && !strings.Contains(problems[0], c.problem) {
				t.Errorf("problems: %q", problems)
			}
		})
	}
}

// An API that is not enabled has nothing, where that is so; and is a gap where only
// the project that pays for the calls lacks it.
func TestDisabledAPI(t *testing.T) {
	disabled := func(command string) string {
		return "ERROR: (gcloud." + command + ") PERMISSION_DENIED: The API has not been used in project 444455556666 before or it is disabled.\n- '@type': type.googleapis.com/google.rpc.ErrorInfo\n  reason: SERVICE_DISABLED\n"
	}
	e, _ := read(t, write(t, map[string]string{
		"projects/northwind-prod/secrets-list.err":                                                        disabled("secrets.list"),
		"projects/northwind-prod/policy-intelligence-query-activity-serviceaccountlastauthentication.err": disabled("policy-intelligence.query-activity"),
		"projects/northwind-prod/services-list.json":                                                      `[{"config": {"name": "iam.googleapis.com"}, "name": "projects/444455556666/services/iam.googleapis.com", "state": "ENABLED"}]`,
	}), Options{})
	for call, want := range map[string]object.Listing{
		"secretmanager.secrets.list": {Status: inventory.StatusComplete, Off: true},
		"run.services.list":          {Status: inventory.StatusComplete, Off: true}, // by the list of services
		"storage.hmacKeys.list":      {Status: inventory.StatusSkipped},
		"policyanalyzer.serviceAccountLastAuthenticationActivities.query": {Status: inventory.StatusPartial},
	} {
		if got := listing1(e, call); got.Status != want.Status || got.Off != want.Off {
			t.Errorf("%s: %+v", call, got)
		}
	}
}

// Values that somebody saved are not read, and the file is named.
func TestValuesOfSecrets(t *testing.T) {
	for name, text := range map[string]string{
		"a key of an account":    `{"type": "service_account", "project_id": "northwind-prod", "private_key_id": "x", "private_key": "` + canary + `"}`,
		"create of a key":        `{"name": "projects/northwind-prod/serviceAccounts/ann@northwind-prod.iam.gserviceaccount.com/keys/x", "privateKeyData": "` + canary + `"}`,
		"get-key-string":         `{"keyString": "` + canary + `"}`,
		"create of an API key":   `{"name": "projects/444455556666/locations/global/keys/x", "uid": "x", "keyString": "` + canary + `"}`,
		"versions access":        `{"name": "projects/444455556666/secrets/s/versions/1", "payload": {"data": "` + canary + `", "dataCrc32c": "1"}}`,
		"hmac create":            `{"metadata": {"accessId": "GOOG1X", "projectId": "northwind-prod"}, "secret": "` + canary + `"}`,
		"credentials of OAuth":   `[{"name": "projects/northwind-prod/locations/global/oauthClients/c/credentials/d", "clientSecret": "` + canary + `"}]`,
		"print-access-token":     `{"token": "` + canary + `"}`,
		"application default":    `{"client_id": "x", "client_secret": "` + canary + `", "refresh_token": "` + canary + `", "type": "authorized_user"}`,
		"a key in an asset":      `{"name": "//iam.googleapis.com/projects/p/serviceAccounts/1/keys/x", "assetType": "iam.googleapis.com/ServiceAccountKey", "resource": {"data": {"name": "projects/p/serviceAccounts/a@p.iam.gserviceaccount.com/keys/x", "privateKeyData": "` + canary + `"}}}`,
		"a private key":          "-----BEGIN " + "PRIVATE KEY-----\n" + canary + "\n",
		"YAML of get-key-string": "keyString: " + canary + "\n",
	} {
		t.Run(name, func(t *testing.T) {
			_, problems := read(t, write(t, map[string]string{"x.json": text, "y.json": annAccount}), Options{})
			if !strings.Contains(text, "assetType") && (len(problems) != 1 || !strings.HasPrefix(problems[0], "x.json: holds ")) {
				t.Errorf("problems: %q", problems)
			}
		})
	}
}

// What stands in broken files and in errors is not quoted.
func TestNothingIsQuoted(t *testing.T) {
	read(t, write(t, map[string]string{
		"a.json": `[{"name": "projects/` + canary + `/secrets/x", "createTime": "` + canary + `"`,
		"b.json": `{"assetType": "` + canary + `", "name": "//` + canary + `"}`,
		"c.json": `{"bindings": [{"role": 1, "members": "` + canary + `"}], "etag": "` + canary + `"}`,
		"d.json": canary + ` {`,
		"e.json": `{"` + canary + `": 1}`,
		"f.json": `{"error": {"code": 403, "message": "` + canary + `"}}`,
		"g.json": annAccount,
		"h.err":  "ERROR: (gcloud.x) " + canary,
	}), Options{})
}

// Links, pipes, long files and long values neither stop the reader nor lead it
// elsewhere.
func TestHostileFiles(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Log("made of what only Unix has")
		return
	}
	outside := write(t, map[string]string{"o.json": strings.ReplaceAll(annAccount, "ann", "eve")})
	dir := write(t, map[string]string{
		"a/x.json": annAccount, "huge.json": `[{"name": "` + strings.Repeat("x", 1<<20) + `"}]`, "long.json": strings.Repeat(" ", 1<<21) + annAccount,
		"bomb.gz": zipped(t, "["+strings.Repeat(" ", 1<<22)), "\x1b[31m.json": "{",
	})
	for link, to := range map[string]string{"out": outside, "out.json": filepath.Join(outside, "o.json"), "up.json": "../o.json", "in.json": "a/x.json", "loop.json": "loop.json", "gone.json": "nowhere.json"} {
		if err := os.Symlink(to, filepath.Join(dir, link)); err != nil {
			t.Fatal(err)
		}
	}
	if err := syscall.Mkfifo(filepath.Join(dir, "pipe.json"), 0o600); err != nil {
		t.Fatal(err)
	}
	e, problems := read(t, dir, Options{MaxValue: 1 << 19, MaxFile: 1 << 21})
	if diff := cmp.Diff([]string{"ann"}, accounts(e)); diff != "" {
		t.Error(diff)
	}
	all := strings.Join(problems, "\n")
	for _, want := range []string{
		"LOST gone.json: symbolic link not followed", "LOST huge.json: from byte", "LOST long.json: is longer than 2097152 bytes", "LOST loop.json: symbolic link not followed: it leads in circles",
		"LOST out.json: symbolic link not followed: it leads out of the directory", "LOST up.json: symbolic link not followed", "pipe.json: is no regular file", "LOST %1B[31m.json: ends in the middle",
		"LOST bomb.gz: ",
	} {
		if !strings.Contains(all, want) {
			t.Errorf("nothing says %q in:\n%s", want, all)
		}
	}
	if strings.Contains(all, "\x1b") {
		t.Error("a control character is in a problem")
	}
}

// The bounds are told.
func TestBounds(t *testing.T) {
	files := map[string]string{}
	for _, n := range []string{"a", "b", "c", "d"} {
		files[n+".json"] = "{"
	}
	_, problems := read(t, write(t, files), Options{MaxFiles: 3, MaxProblems: 2})
	if len(problems) != 3 || problems[2] != "LOST 3 problems more" {
		t.Errorf("problems: %q", problems)
	}
}

// Depth costs nothing, in YAML neither.
func TestDepth(t *testing.T) {
	deep := strings.Repeat(`{"a":`, 100_000)
	aliases := "a: &a [1, 2, 3, 4, 5, 6, 7, 8, 9]\n"
	for c := 'b'; c < 'k'; c++ {
		aliases += string(c) + ": &" + string(c) + " [" + strings.TrimSuffix(strings.Repeat("*"+string(c-1)+", ", 9), ", ") + "]\n"
	}
	_, problems := read(t, write(t, map[string]string{
		"x.json": deep, "y.json": `{"accounts": [` + deep, "z.json": strings.Repeat("[", 100_000), "x.yaml": "x: " + strings.Repeat("[", 100_000), "y.yaml": aliases,
	}), Options{})
	if len(problems) < 3 {
		t.Errorf("problems: %q", problems)
	}
}

func FuzzRead(f *testing.F) {
	for _, text := range northwind(f) {
		f.Add("projects/northwind-prod/x.json", []byte(text))
	}
	f.Add("x.yaml", []byte(annYAML))
	f.Add("projects/p/secrets-list.err", []byte("ERROR: (gcloud.secrets.list) PERMISSION_DENIED: x"))
	f.Add("x", []byte("\xff\xfe{\x00}\x00"))
	f.Fuzz(func(t *testing.T, name string, data []byte) {
		r := newReader(t.Context(), Options{MaxValue: 1 << 16, MaxFile: 1 << 20}.withDefaults())
		r.file(name, strings.NewReader(string(data)))
		e := r.finish()
		for _, p := range e.Projects {
			if p.ID == "" || len(p.ID) > maxPlace || strings.Trim(p.ID, idLetters) != "" {
				t.Errorf("a project is called %q", p.ID)
			}
		}
		for _, p := range r.problems.All() {
			if p.Message == "" || inventory.Printable(p.Path) != p.Path && !strings.Contains(p.Path, "%") {
				t.Errorf("problem %+v", p)
			}
		}
	})
}
