package cli

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/muster-nhi/muster/internal/config"
	"github.com/muster-nhi/muster/scanners/all"
	"github.com/muster-nhi/muster/scanners/kubernetes"
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
