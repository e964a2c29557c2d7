package export

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"

	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/scanners/aws/object"
)

// canary stands where a value of a secret would.
const canary = "CANARY"

// write makes a directory of files.
func write(t testing.TB, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// read reads files and returns what they come to, and the problems as text, those
// with a loss marked.
func read(t testing.TB, dir string, o Options) (*object.Estate, []string) {
	t.Helper()
	o.Dir = dir
	e, problems, err := Read(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, p := range problems {
		text := p.String()
		if p.Lost {
			text = "LOST " + text
		}
		out = append(out, text)
	}
	if text := dump(t, e) + strings.Join(out, "\n"); strings.Contains(text, canary) {
		t.Errorf("a value of a secret is in the result")
	}
	return e, out
}

// northwind are the files of the made-up company.
func northwind(t testing.TB) map[string]string {
	t.Helper()
	a, err := txtar.ParseFile("testdata/northwind.txtar")
	if err != nil {
		t.Fatal(err)
	}
	files := map[string]string{}
	for _, f := range a.Files {
		files[f.Name] = string(f.Data)
	}
	return files
}

// dump writes an estate as JSON without what is empty.
func dump(t testing.TB, v any) string {
	t.Helper()
	raw, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	var tree any
	if err := json.Unmarshal(raw, &tree); err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", " ")
	if err := e.Encode(prune(tree)); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// prune leaves out what is empty; nil if nothing is left.
func prune(v any) any {
	switch v := v.(type) {
	case map[string]any:
		out := map[string]any{}
		for k, x := range v {
			if x = prune(x); x != nil {
				out[k] = x
			}
		}
		if len(out) == 0 {
			return nil
		}
		return out
	case []any:
		var out []any
		for _, x := range v {
			out = append(out, prune(x))
		}
		if len(out) == 0 {
			return nil
		}
		return out
	case string:
		if v == "" || v == "0001-01-01T00:00:00Z" {
			return nil
		}
	case float64:
		if v == 0 {
			return nil
		}
	}
	return v
}

// What the script saves of two accounts is read in full: testdata/northwind.json
// says what it comes to.
func TestNorthwind(t *testing.T) {
	e, problems := read(t, write(t, northwind(t)), Options{})
	if len(problems) > 0 {
		t.Errorf("problems: %q", problems)
	}
	got := dump(t, e)
	const golden = "testdata/northwind.json"
	if os.Getenv("UPDATE") != "" {
		if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Error(diff)
	}
}

// ownNames are files of which each object has an ARN.
const ownNames = "get-caller-identity get-account-authorization-details list-open-id-connect-providers list-secrets get-resource-policy.db describe-parameters list-keys " +
	"list-aliases describe-key get-key-rotation-status list-grants list-certificates list-trust-anchors list-profiles list-subjects list-functions describe-task-definition " +
	"batch-get-projects list-source-credentials describe-state-machine get-agent get-agent-runtime list-workload-identities list-api-key-credential-providers events-list-connections " +
	"transfer-list-users describe-cluster describe-pod-identity-association describe-access-entry get-policy.rotate describe-organization list-accounts list-roots list-policies describe-policy"

// Names and places of files do not matter where the content says whose they are.
func TestNamesDoNotMatter(t *testing.T) {
	files := northwind(t)
	want, _ := read(t, write(t, files), Options{})
	moved := map[string]string{}
	for name, text := range files {
		// What names no ARN of its own needs its directory; the others go by any name.
		own := slices.ContainsFunc(strings.Split(ownNames, " "), func(w string) bool { return strings.HasSuffix(name, "/"+w+".json") })
		if own {
			name = "x/" + strings.NewReplacer("/", "_", "list-", "", "get-", "", "describe-", "", "111122223333", "p", "444455556666", "m", "eu-central-1", "fra").Replace(name) + ".txt"
		}
		moved[name] = text
	}
	got, problems := read(t, write(t, moved), Options{})
	if len(problems) > 0 {
		t.Errorf("problems: %q", problems)
	}
	if diff := cmp.Diff(dump(t, want), dump(t, got)); diff != "" {
		t.Error(diff)
	}
}

// Each file that is missing is a gap with the command that fills it.
func TestMissingFiles(t *testing.T) {
	all := northwind(t)
	for name := range all {
		if !strings.HasPrefix(name, "111122223333/") {
			continue
		}
		files := map[string]string{}
		for n, text := range all {
			if n != name {
				files[n] = text
			}
		}
		e, _ := read(t, write(t, files), Options{})
		c := newCallTable().named(name)
		if c == nil || c.need == extra {
			continue
		}
		said := c.action == "iam:ListAccessKeys" && strings.Contains(strings.Join(account1(e).Notes, " "), "aws iam list-access-keys")
		for _, l := range account1(e).Listings {
			said = said || l.Call == c.action && l.Status != inventory.StatusComplete && strings.Contains(l.Reason, "aws "+strings.Fields(c.command)[0]+" "+c.operation())
		}
		if !said {
			t.Errorf("without %s nothing is said of %s", name, c.action)
		}
	}
}

func account1(e *object.Estate) *object.Account {
	for _, a := range e.Accounts {
		if a.ID == "111122223333" {
			return a
		}
	}
	return &object.Account{}
}

// A call that no file has of many regions is one gap, and not one for each.
func TestMissingRegions(t *testing.T) {
	regions := `{"Regions": [{"RegionName": "eu-central-1"}, {"RegionName": "eu-west-1"}, {"RegionName": "eu-west-2"}, {"RegionName": "eu-west-3"}, {"RegionName": "us-east-1"}, {"RegionName": "us-east-2"}, {"RegionName": "us-west-2"}]}`
	e, _ := read(t, write(t, map[string]string{"111122223333/r.json": regions, "111122223333/eu-central-1/list-secrets.json": `{"SecretList": []}`}), Options{})
	var got []string
	for _, l := range account1(e).Listings {
		if l.Call == "secretsmanager:ListSecrets" {
			got = append(got, string(l.Status)+" "+l.Region+" "+l.Reason)
		}
	}
	want := []string{
		"skipped  no file of eu-west-1, eu-west-2, eu-west-3, us-east-1, us-east-2 and 1 more; run in each: aws secretsmanager list-secrets",
		"complete eu-central-1 ",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
