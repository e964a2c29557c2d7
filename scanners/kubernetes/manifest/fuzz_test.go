package manifest

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"github.com/muster-nhi/muster/scanners/kubernetes/object"
)

// FuzzRead reads a file of any content: it ends, holds its bounds, has places
// within the file, and gives the same again.
func FuzzRead(f *testing.F) {
	secret := "apiVersion: v1\nkind: Secret\nmetadata: {name: s}\nstringData: {password: " + canary + "}\n"
	for _, seed := range []string{
		"", "---\n", account + "a\n---\n" + account + "b\n", secret, "{\"apiVersion\":\"v1\",\"kind\":\"List\",\"items\":[{}]}",
		"apiVersion: v1\nitems:\n- apiVersion: v1\n  kind: ServiceAccount\n  metadata: {name: x}\nkind: List\n",
		account + "{{ .x }}\n", account + "&a x\n  labels: {<<: [*a]}\n", account + "!t x\n", "\xff\xfek\x00", "%YAML 1.2\n---\n" + account + "x\n", "? [a]\n: b\nkind: Role\napiVersion: x\n",
		clusterRole + "a\naggregationRule: {clusterRoleSelectors: [{}]}\n" + bind("a"),
		"apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: d}\nspec: {template: {spec: {containers: [{env: [{name: TOKEN, value: x}]}]}}}\n",
	} {
		f.Add([]byte(seed), false)
		f.Add([]byte(seed), true)
	}
	f.Fuzz(func(t *testing.T, text []byte, isJSON bool) {
		name := "x.yaml"
		if isJSON {
			name = "x.json"
		}
		read := func() (*object.Cluster, []Problem) {
			b := newBuilder(Options{Hash: hasher(), MaxDocument: 1 << 16, MaxObjects: 100, MaxProblems: 20}.withDefaults())
			r := &reader{ctx: t.Context(), builder: b, path: name}
			r.read(bytes.NewReader(text))
			return b.finish(), b.problems.all()
		}
		c, problems := read()
		if len(problems) > 21 {
			t.Errorf("%d problems", len(problems))
		}
		lines := bytes.Count(text, []byte("\n")) + bytes.Count(text, []byte("\r")) + 1
		lines += bytes.Count(text, []byte("\u0085")) + bytes.Count(text, []byte("\u2028")) + bytes.Count(text, []byte("\u2029")) // breaks of YAML 1.1
		for _, p := range problems {
			if p.Line < 0 || p.Line > lines+1 && !bytes.Contains(text, []byte{0}) || strings.Contains(p.Message, canary) {
				t.Errorf("line %d of %d, or a value", p.Line, lines)
			}
		}
		for _, a := range c.ServiceAccounts {
			if a.Found == nil || a.Found.Line < 1 || a.Name == "" || a.Namespace == "" {
				t.Errorf("place %+v", a.Found)
			}
		}
		first, err := json.Marshal(c)
		if err != nil {
			t.Fatal(err)
		}
		again, _ := read()
		if second, _ := json.Marshal(again); !bytes.Equal(first, second) {
			t.Error("reading twice gives different results")
		}
	})
}

// FuzzForeign checks that a document that is not parsed holds no object that would
// have been kept.
func FuzzForeign(f *testing.F) {
	for _, seed := range []string{"kind: A\n", "kind: A\nkind: Role\n", "\"kind\": Role\nkind: A\n", "x: '\nkind: A\n'\n'kind': Role\n", "x: &a {kind: Role}\n<<: *a\nkind: A\n", "apiVersion: v1\nkind: CustomResourceDefinition\nspec:\n  a: |\n    kind: x\n"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if !foreign([]byte(text)) {
			return
		}
		for _, tree := range trees(text) {
			kind, _ := tree["kind"].(string)
			for _, k := range kinds {
				if k.kind == kind {
					t.Errorf("passed over a %s", kind)
				}
			}
		}
	})
}

// trees parses every document of a text, as far as it can be parsed.
func trees(text string) []object.Tree {
	var out []object.Tree
	decoder := yaml.NewDecoder(strings.NewReader(text))
	for {
		var root yaml.Node
		if decoder.Decode(&root) != nil {
			return out
		}
		if len(root.Content) == 0 {
			continue
		}
		nodes := nodesOf(len(text))
		c := converter{nodes: &nodes, tags: map[string]bool{}, note: func(int, string) {}}
		if v, err := c.value(root.Content[0], 0); err == nil {
			if tree, ok := v.(object.Tree); ok {
				out = append(out, tree)
			}
		}
	}
}
