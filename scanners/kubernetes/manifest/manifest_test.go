package manifest

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/scanners/kubernetes/object"
)

// canary is a value that must appear nowhere.
const canary = "can" + "ary-Zq7-value"

func hasher() func([]byte) inventory.SecretHash { return inventory.NewHasher([32]byte{1}) }

// tree writes files into a directory of the test.
func write(t testing.TB, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func scan(t testing.TB, dir string, opts Options) (*object.Cluster, []string) {
	t.Helper()
	if opts.Hash == nil {
		opts.Hash = hasher()
	}
	c, problems, err := Read(context.Background(), dir, opts)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, p := range problems {
		text := p.String()
		if p.Lost {
			text = "LOST " + text
		}
		if strings.Contains(text, canary) {
			t.Fatal("a problem holds a value")
		}
		out = append(out, text)
	}
	return c, out
}

func accountNames(c *object.Cluster) []string {
	var out []string
	for _, a := range c.ServiceAccounts {
		out = append(out, a.Namespace+"/"+a.Name)
	}
	return out
}

const account = "apiVersion: v1\nkind: ServiceAccount\nmetadata:\n  name: "

func TestPlaces(t *testing.T) {
	dir := write(t, map[string]string{
		"a.yaml":       "# rendered\n---\n# Source: chart/templates/a.yaml\n" + account + "one\n  namespace: payments\n---\n\n" + account + "two\nautomountServiceAccountToken: no\n...\n",
		"b/c.yml":      "apiVersion: v1\nitems:\n- apiVersion: v1\n  kind: ServiceAccount\n  metadata:\n    name: three\n- apiVersion: v1\n  kind: ServiceAccount\n  metadata: {name: four}\nkind: List\n",
		"b/d.json":     "{\n \"apiVersion\": \"v1\",\n \"items\": [\n  {\n   \"apiVersion\": \"v1\",\n   \"kind\": \"ServiceAccount\",\n   \"metadata\": {\"name\": \"five\"}\n  },\n  {\"apiVersion\": \"v1\", \"kind\": \"ServiceAccount\", \"metadata\": {\"name\": \"six\"}}\n ],\n \"kind\": \"List\"\n}\n{\"apiVersion\":\"v1\",\"kind\":\"ServiceAccount\",\"metadata\":{\"name\":\"seven\"}}\n",
		"b/raw.json":   `{"kind":"ServiceAccountList","apiVersion":"v1","metadata":{},"items":[{"metadata":{"name":"eight","namespace":"x"}}]}`,
		"README.md":    account + "not-me\n",
		"values.yaml":  "replicas: 1\n",
		"package.json": "{\"name\":\"x\",\"items\":{\"a\":[1,{}]},\"kinds\":[]}",
	})
	c, problems := scan(t, dir, Options{DefaultNamespace: "apps"})
	if len(problems) != 0 {
		t.Errorf("problems: %q", problems)
	}
	type at struct {
		Name, URI string
		Line, End int
		Automount inventory.Tri
	}
	var got []at
	for _, a := range c.ServiceAccounts {
		got = append(got, at{a.Namespace + "/" + a.Name, a.Found.URI, a.Found.Line, a.Found.EndLine, a.Automount})
	}
	want := []at{
		{"apps/five", "b/d.json", 4, 8, 0},
		{"apps/four", "b/c.yml", 7, 9, 0},
		{"apps/seven", "b/d.json", 13, 0, 0},
		{"apps/six", "b/d.json", 9, 0, 0},
		{"apps/three", "b/c.yml", 3, 6, 0},
		{"apps/two", "a.yaml", 11, 15, inventory.False},
		{"payments/one", "a.yaml", 4, 8, 0},
		{"x/eight", "b/raw.json", 1, 0, 0},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	i := slices.IndexFunc(c.Listings, func(l object.Listing) bool { return l.Resource == "serviceaccounts" })
	if l := c.Listings[i]; l.Count != 8 || l.Status != inventory.StatusComplete {
		t.Errorf("listing: %+v", l)
	}
}

// One bad file of many costs that file only, and is told with its line.
func TestBadInput(t *testing.T) {
	good := account + "good\n"
	for _, c := range []struct {
		name, file, text string
		want             []string // problems; each begins so
		accounts         []string // beside good
	}{
		{"invalid YAML", "bad.yaml", "apiVersion: v1\nkind: ServiceAccount\nmetadata:\n  name: [unclosed\n---\n" + account + "after\n", []string{"LOST bad.yaml:4: invalid YAML: did not find expected"}, []string{"after"}},
		{"tab", "bad.yaml", "apiVersion: v1\nkind: ServiceAccount\nmetadata:\n\tname: x\n", []string{"LOST bad.yaml:4: invalid YAML: a tab indents this line"}, nil},
		{"template", "bad.yaml", "{{- if .Values.create }}\n" + account + "{{ .Release.Name }}\n{{- end }}\n", []string{"LOST bad.yaml:1: unrendered template, not read: render it first"}, nil},
		{"template in a value", "bad.yaml", account + "{{ .Release.Name }}\n", []string{"LOST bad.yaml:4: unrendered template"}, nil},
		{"quoted template", "bad.yaml", account + "\"{{ .Release.Name }}-x\"\n", []string{"LOST bad.yaml:4: the name of this ServiceAccount is an unrendered placeholder"}, nil},
		{"variable", "bad.yaml", account + "${APP}-x\n", []string{"LOST bad.yaml:4: the name of this ServiceAccount is an unrendered placeholder"}, nil},
		{"braces as data", "bad.yaml", account + "braces\n  annotations:\n    owner: \"{{ not a template }}\"\n", nil, []string{"braces"}},
		{"duplicate key", "bad.yaml", account + "first\n  name: last\n", []string{`bad.yaml:5: key "name" stands twice; the last one counts`}, []string{"last"}},
		{"duplicate key in JSON", "bad.json", `{"apiVersion":"v1","kind":"ServiceAccount","metadata":{"name":"first","name":"last"}}`, []string{`bad.json:1: duplicate field "metadata.name"`}, []string{"last"}},
		{"number for a name", "bad.yaml", account + "1\n", []string{"LOST bad.yaml:4: the name of this ServiceAccount is missing"}, nil},
		{"wrong type", "bad.yaml", account + "typed\n  labels:\n    good: fine\n    tier: 3\n", []string{"LOST bad.yaml:7: metadata.labels of this ServiceAccount is a number and has to be a string"}, []string{"typed"}},
		{"key that is no text", "bad.yaml", account + "x\n? [a, b]\n: c\n", []string{"LOST bad.yaml:5: cannot be read: a key is no text"}, nil},
		{"number as key", "bad.yaml", account + "numbers\n3: x\n", nil, []string{"numbers"}},
		{"unknown tag", "bad.yaml", account + "!vault tagged\n", []string{`bad.yaml:4: tag "!vault" is not one of YAML`}, []string{"tagged"}},
		{"byte order mark and CRLF", "bad.yaml", "\xef\xbb\xbf" + strings.ReplaceAll(account+"crlf\n---\n"+account+"crlf2\n", "\n", "\r\n"), nil, []string{"crlf", "crlf2"}},
		{"UTF-16 little endian", "bad.yaml", inUTF16("\xff\xfe", account+"wide-ü-😀\n", false), nil, []string{"wide-ü-😀"}},
		{"UTF-16 big endian without mark", "bad.yaml", inUTF16("", account+"wide\n", true), nil, []string{"wide"}},
		{"UTF-32", "bad.yaml", "\xff\xfe\x00\x00k\x00\x00\x00", []string{"LOST bad.yaml:1: is encoded in UTF-32"}, nil},
		{"NUL", "bad.yaml", account + "x\x00y\n", []string{"LOST bad.yaml:4: invalid YAML: control characters are not allowed"}, nil},
		{"no UTF-8", "bad.yaml", account + "x\xffy\n", []string{"LOST bad.yaml:1: invalid YAML:"}, nil},
		{"broken JSON", "bad.json", "{\"apiVersion\":\"v1\",\n\"kind\":\"ServiceAccount\",\n\"metadata\":{\"name\":\"x\",}}", []string{"LOST bad.json:3: invalid JSON, not read from here on: invalid character"}, nil},
		{"cut JSON", "bad.json", "{\"apiVersion\":\"v1\",\n\"kind\":\"ServiceAcc", []string{"LOST bad.json:2: invalid JSON: it ends in the middle"}, nil},
		{"JSON of something else", "tsconfig.json", "{ // comments\n \"a\": 1 }", nil, nil},
		{"broken YAML of something else", "bad.yaml", "a kind of: [template\n", nil, nil},
		{"empty", "bad.yaml", "", nil, nil},
		{"separators only", "bad.yaml", "---\n---\n\n---\n", nil, nil},
		{"directives", "bad.yaml", "%YAML 1.2\n# x\n---\n" + account + "directed\n", nil, []string{"directed"}},
		{"no metadata", "bad.yaml", "apiVersion: v1\nkind: ServiceAccount\n", []string{"LOST bad.yaml:1: this ServiceAccount has no metadata"}, nil},
		{"slash in a name", "bad.yaml", account + "a/b\n", []string{"LOST bad.yaml:4: the name of this ServiceAccount holds a character"}, nil},
		{"very long name", "bad.yaml", account + strings.Repeat("n", 1<<20) + "\n", []string{"LOST bad.yaml:4: the name of this ServiceAccount is longer"}, nil},
		{"same object twice", "zz.yaml", account + "good\nautomountServiceAccountToken: false\n", []string{`LOST zz.yaml:1: ServiceAccount "default/good" is declared at good.yaml:1 too, and differently: this one counts`}, nil},
		{"same object twice alike", "zz.yaml", account + "good\n", nil, nil},
		{"OpenShift template", "bad.yaml", "apiVersion: template.openshift.io/v1\nkind: Template\nobjects: []\n", []string{"LOST bad.yaml:1: unrendered OpenShift template"}, nil},
		{"wholly encrypted", "bad.yaml", "apiVersion: ENC[AES256_GCM,data:x]\nkind: ENC[AES256_GCM,data:y]\nsops:\n  mac: x\n", []string{"LOST bad.yaml:1: encrypted as a whole by SOPS"}, nil},
		{"anchors and merge keys", "ok.yaml", "apiVersion: v1\nkind: List\nitems:\n- &a\n  apiVersion: v1\n  kind: ServiceAccount\n  metadata: &m\n    name: base\n    labels: {team: x}\n- <<: *a\n  metadata: {<<: *m, name: merged}\n", nil, []string{"base", "merged"}},
		{"alias within itself", "bad.yaml", "apiVersion: v1\nkind: ServiceAccount\nmetadata: &m\n  name: x\n  labels: *m\n", []string{"LOST bad.yaml:"}, nil},
		{"deep", "bad.yaml", account + "x\nx: " + strings.Repeat("[", 500) + strings.Repeat("]", 500) + "\n", []string{"LOST bad.yaml:5: cannot be read: is nested deeper than 100 levels"}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := write(t, map[string]string{"good.yaml": good, c.file: c.text})
			cluster, problems := scan(t, dir, Options{})
			if len(problems) != len(c.want) {
				t.Errorf("%d problems, want %d: %q", len(problems), len(c.want), problems)
			} else {
				for i, want := range c.want {
					if !strings.HasPrefix(problems[i], want) {
						t.Errorf("problem %q, want it to begin %q", problems[i], want)
					}
				}
			}
			want := []string{"default/good"}
			for _, name := range c.accounts {
				want = append(want, "default/"+name)
			}
			slices.Sort(want)
			if diff := cmp.Diff(want, accountNames(cluster)); diff != "" {
				t.Error(diff)
			}
			lost := len(c.want) > 0 && strings.HasPrefix(c.want[0], "LOST")
			for _, l := range cluster.Listings {
				if (l.Status == inventory.StatusPartial) != lost || lost && l.Reason == "" {
					t.Fatalf("listing of %s: %s %q", l.Resource, l.Status, l.Reason)
				}
			}
		})
	}
}

// inUTF16 encodes text.
func inUTF16(mark, text string, big bool) string {
	var b strings.Builder
	b.WriteString(mark)
	put := func(u uint16) {
		if big {
			b.Write([]byte{byte(u >> 8), byte(u)})
		} else {
			b.Write([]byte{byte(u), byte(u >> 8)})
		}
	}
	for _, r := range text {
		if r >= 0x10000 {
			r -= 0x10000
			put(uint16(0xd800 + r>>10))
			put(uint16(0xdc00 + r&0x3ff))
			continue
		}
		put(uint16(r))
	}
	return b.String()
}

func TestAliasBomb(t *testing.T) {
	var b strings.Builder
	b.WriteString(account + "bomb\nx:\n  a0: &a0 [a, b, c, d, e, f, g, h, i, j]\n")
	for i := 1; i < 12; i++ {
		p, n := string(rune('a'+i-1)), string(rune('a'+i))
		if i == 1 {
			p = "a0"
		}
		b.WriteString("  " + n + ": &" + n + " [" + strings.TrimSuffix(strings.Repeat("*"+p+", ", 10), ", ") + "]\n")
	}
	dir := write(t, map[string]string{"bomb.yaml": b.String(), "z.yaml": account + "good\n"})
	c, problems := scan(t, dir, Options{})
	if len(problems) != 1 || !strings.Contains(problems[0], "nodes with its aliases resolved") || !slices.Equal(accountNames(c), []string{"default/good"}) {
		t.Errorf("%q %v", problems, accountNames(c))
	}
}
