package cli

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclwrite"
	"go.yaml.in/yaml/v3"

	"github.com/muster-nhi/muster/internal/config"
	"github.com/muster-nhi/muster/scanners/all"
	"github.com/muster-nhi/muster/scanners/kubernetes"
	"github.com/muster-nhi/muster/scanners/kubernetes/live"
)

// TestAuditLogs: the flag sets the key of clusters, and of nothing else.
func TestAuditLogs(t *testing.T) {
	s := &setting{auditLogs: []string{"b.log", "a.log"}, noHistory: true}
	got, err := newTarget(all.Factories(), config.Source{Source: "kubernetes:prod-eu"}, s.overlays())
	if err != nil {
		t.Fatal(err)
	}
	var c kubernetes.Config
	if err := got.decode(&c); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(kubernetes.Config{Context: "prod-eu", AuditLogs: s.auditLogs}, c); d != "" {
		t.Error(d)
	}
	dir := t.TempDir()
	repo, err := newTarget(all.Factories(), config.Source{Source: dir}, s.overlays())
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(map[string]any{"history": false}, withoutPath(repo.options)); d != "" {
		t.Error(d)
	}
}

func withoutPath(options map[string]any) map[string]any {
	delete(options, "path")
	return options
}

// TestClusterPermissions: what is printed is what the reader says it needs, in
// every format, in the form that its reader asks for.
func TestClusterPermissions(t *testing.T) {
	printed := func(format string, withoutSecrets bool) []byte {
		var b bytes.Buffer
		if err := clusterPermissions(&b, format, withoutSecrets); err != nil {
			t.Fatal(err)
		}
		return b.Bytes()
	}
	for _, without := range []bool{false, true} {
		var list struct{ Items []clusterObject }
		if err := json.Unmarshal(printed("json", without), &list); err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(clusterObjects(live.Permissions(without)), list.Items); d != "" {
			t.Error(d)
		}
		var documents []clusterObject
		d := yaml.NewDecoder(bytes.NewReader(printed("yaml", without)))
		for {
			var o clusterObject
			if err := d.Decode(&o); errors.Is(err, io.EOF) {
				break
			} else if err != nil {
				t.Fatal(err)
			}
			documents = append(documents, o)
		}
		if d := cmp.Diff(list.Items, documents); d != "" {
			t.Error(d)
		}
		text := printed("terraform", without)
		file, problems := hclwrite.ParseConfig(text, "muster.tf", hcl.InitialPos)
		if problems.HasErrors() {
			t.Fatal(problems)
		}
		if d := cmp.Diff(string(hclwrite.Format(text)), string(text)); d != "" {
			t.Error(d)
		}
		rules := 0
		for _, b := range file.Body().Blocks() {
			for _, inner := range b.Body().Blocks() {
				if inner.Type() == "rule" {
					rules++
				}
			}
		}
		if want := len(live.Permissions(without)); rules != want {
			t.Errorf("%d rules in Terraform, want %d", rules, want)
		}
	}
}

// TestSeriesOfClusters: another current context is another series, another audit
// log is not.
func TestSeriesOfClusters(t *testing.T) {
	file := filepath.Join(t.TempDir(), "config")
	t.Setenv("KUBECONFIG", file)
	series := func(current, source string, logs ...string) string {
		text := "apiVersion: v1\nkind: Config\ncurrent-context: " + current + "\ncontexts:\n- {name: a, context: {cluster: a}}\n- {name: b, context: {cluster: b}}\n"
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		s := &setting{auditLogs: logs}
		x, err := newTarget(all.Factories(), config.Source{Source: source}, s.overlays())
		if err != nil {
			t.Fatal(err)
		}
		return (&app{}).series([]target{x})
	}
	a := series("a", "kubernetes")
	if b := series("b", "kubernetes"); a == b {
		t.Errorf("both are %q", a)
	}
	if named := series("b", "kubernetes:a"); named != a {
		t.Errorf("%q by its name, %q as the current one", named, a)
	}
	if x, y := series("a", "kubernetes", "one.log"), series("a", "kubernetes", "two.log"); x != y || !strings.HasPrefix(x, a) {
		t.Errorf("%q with one log, %q with another", x, y)
	}
}
