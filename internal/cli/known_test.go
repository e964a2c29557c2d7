package cli

import (
	"path/filepath"
	"runtime/debug"
	"strings"
	"testing"

	"github.com/muster-nhi/muster/internal/store"
)

func TestBuild(t *testing.T) {
	version := func(v string) *debug.BuildInfo { return &debug.BuildInfo{Main: debug.Module{Version: v}} }
	of := func(info *debug.BuildInfo, ok bool) string {
		t.Helper()
		name, err := build(info, ok)
		if err != nil || name == "" {
			t.Fatalf("got %q, %v", name, err)
		}
		return name
	}
	self := of(nil, false)
	for _, v := range []string{"", "(devel)", "v1.2.4-0.20261122000000-0123456789ab+dirty"} {
		if got := of(version(v), true); got != self {
			t.Errorf("version %q: got %q, want a hash of the program", v, got)
		}
	}
	if a, b := of(version("v1.2.3"), true), of(version("v1.2.4"), true); a == b || a == self || !strings.HasPrefix(a, "v1.2.3") {
		t.Errorf("two versions: %q and %q", a, b)
	}
	tagged := version("v1.2.3")
	tagged.Settings = []debug.BuildSetting{{Key: "-tags", Value: "gore2regex"}}
	if a, b := of(version("v1.2.3"), true), of(tagged, true); a == b {
		t.Errorf("one version, built in two ways: both are %q", a)
	}
}

func TestKeeperMemory(t *testing.T) {
	if m := (&keeper{}).memory(); m != nil {
		t.Error("without a store there is a memory")
	}
	s, err := store.Open(t.Context(), "sqlite:"+filepath.Join(t.TempDir(), "muster.db"), store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	m := (&keeper{store: s}).memory()
	if err := m.Save(t.Context(), "a", []byte("b")); err != nil {
		t.Fatal(err)
	}
	if got, err := m.Load(t.Context(), "a"); err != nil || string(got) != "b" {
		t.Errorf("got %q, %v", got, err)
	}
}
