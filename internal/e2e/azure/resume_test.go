//go:build e2e

package azure

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/muster-nhi/muster/internal/e2e/peer"
)

// TestE2EKilled kills a scan in the middle of the vaults. The next one goes on with
// what it left, asks for none of that again, and finds the same; what is left behind
// holds no value, and nothing is once the scan is whole.
func TestE2EKilled(t *testing.T) {
	t.Parallel()
	want := northwind(t).scan(t).Things(t)
	p := northwind(t)
	state := filepath.Join(t.TempDir(), "state")
	h := p.home(t, "resume: "+state)
	cmd := h.Command(t, "scan", "--config", h.Config, "--no-progress", "--store", "none")
	var once sync.Once
	p.faults(func(c *call) peer.Fault {
		if c.about("vault.azure.net") {
			once.Do(func() { _ = cmd.Process.Kill() })
		}
		return nil
	})
	err := cmd.Run()
	if exit := (*exec.ExitError)(nil); !errors.As(err, &exit) || exit.Exited() {
		t.Fatalf("it was not killed: %v", err)
	}
	left, err := filepath.Glob(filepath.Join(state, "*.json"))
	if err != nil || len(left) != 1 {
		t.Fatalf("%d files are left: %v", len(left), err)
	}
	data, err := os.ReadFile(left[0])
	if err != nil {
		t.Fatal(err)
	}
	p.clean(t, peer.Run{Stdout: data, Home: state})
	if info, err := os.Stat(left[0]); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("others may read what is left: %v %v", info.Mode(), err)
	}
	p.faults(nil)
	r := h.Scan(t, "--store", "none")
	if diff := cmp.Diff(want, r.Things(t)); diff != "" {
		t.Errorf("the records (-at once +in two):\n%.3000s", diff)
	}
	for name := range p.names() {
		if strings.HasSuffix(name, "/v1.0/applications") || strings.HasPrefix(name, "resource graph") {
			t.Errorf("%s was asked again", name)
		}
	}
	if left, _ := filepath.Glob(filepath.Join(state, "*.json")); len(left) > 0 {
		t.Error("something is left of a scan that is whole")
	}
}

// TestE2ESomeSubscriptions leaves one out by choice: nothing of it is asked for, and no
// identity is said to have nothing there.
func TestE2ESomeSubscriptions(t *testing.T) {
	t.Parallel()
	p := northwind(t)
	r := p.scan(t, "subscriptions: [northwind-prod]")
	told := false
	for _, rec := range r.Records {
		if c := rec.Coverage; c != nil {
			told = told || strings.Contains(strings.Join(c.Notes, " "), "left out by choice")
		}
	}
	if !told {
		t.Error("nothing says that a subscription is left out")
	}
	for name := range p.names() {
		if strings.Contains(name, "aaaaaaaa-0000-4000-8000-000000000002") {
			t.Errorf("%s was asked", name)
		}
	}
	for _, rec := range r.Records {
		if i := rec.Identity; i != nil && strings.HasPrefix(i.Type, "azure.") && i.Attributes["effective_level"] == "none" {
			t.Errorf("%s is said to have no right at all", i.ID)
		}
	}
}
