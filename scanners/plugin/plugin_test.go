package plugin_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/scanners"
	"github.com/muster-nhi/muster/scanners/plugin"
	"github.com/muster-nhi/muster/scanners/scannertest"
)

// self returns the path of the test program, which is the plug-in as well.
func self(t *testing.T) string {
	t.Helper()
	path, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv(modeVariable, "good")
	return path
}

func secret() string { return "sk" + strings.Repeat("4Qz", 7) }

func TestConformance(t *testing.T) {
	path := self(t)
	config := func(mode string) map[string]any {
		return map[string]any{
			"path": path, "env": []string{modeVariable}, "timeout": "20s", "max_line": 10_000,
			"config": map[string]any{"mode": mode, "secret": secret()},
		}
	}
	both := []inventory.Kind{inventory.KindIdentity, inventory.KindCredential}
	fault := func(mode string, kept int, lost ...inventory.Kind) scannertest.Fault {
		return scannertest.Fault{
			Name: "a program with: " + mode, Kept: kept, Lost: lost,
			Config: func(string) (map[string]any, error) { return config(mode), nil },
		}
	}
	scannertest.Run(t, scannertest.Suite{
		Factory: plugin.Factory("aws"), Name: "saas", Kinds: both, Config: config("says much"),
		Golden: "testdata/golden.jsonl", Canaries: []string{secret()},
		Faults: []scannertest.Fault{
			fault("crash", 1, both...),
			fault("exit at the end", 3, both...),
			fault("endless line", 1, both...),
			fault("endless wrong lines", 1, both...),
			fault("wrong prefix", 3, inventory.KindIdentity),
			fault("foreign kind", 3, both...),
			fault("finding", 3, both...),
			fault("foreign coverage", 3, both...),
			fault("invalid record", 3, both...),
			fault("not UTF-8", 3, both...),
			fault("cut line", 1, both...),
			fault("no coverage", 2, both...),
			fault("wrong count", 4, inventory.KindIdentity),
			{Name: "a program that is not there", Refused: true, Config: func(dir string) (map[string]any, error) {
				return map[string]any{"path": filepath.Join(dir, "none")}, nil
			}},
		},
	})
}

// A result is what came of one scan.
type result struct {
	records []inventory.Record
	log     string
	err     error
}

func scanWith(ctx context.Context, t *testing.T, config map[string]any) result {
	t.Helper()
	var log bytes.Buffer
	s, err := plugin.Factory("aws").Open(scanners.Env{Log: slog.New(slog.NewTextHandler(&log, nil))}, func(into any) error {
		text, err := json.Marshal(config)
		if err != nil {
			return err
		}
		return json.Unmarshal(text, into)
	})
	if err != nil {
		return result{err: err}
	}
	var r result
	r.err = s.Scan(ctx, func(rec inventory.Record) error {
		r.records = append(r.records, rec)
		return nil
	})
	r.log = log.String()
	return r
}

// reasons returns the reasons of all coverage that is not complete.
func (r result) reasons() string {
	var out []string
	for _, rec := range r.records {
		if c := rec.Coverage; c != nil && c.Status != inventory.StatusComplete {
			out = append(out, c.Reason)
		}
	}
	return strings.Join(out, "\n")
}

func TestWhatAProgramSaysOfItself(t *testing.T) {
	path := self(t)
	for mode, want := range map[string]string{
		"old protocol":  "version 0 of the protocol",
		"built-in name": "name of a built-in scanner",
		"foreign kind":  "no kind",
		"no name":       "name is not",
		"no kinds":      "kinds is empty",
		"not json":      "not one JSON object",
		"endless":       "prints more than",
		"exit":          "exit status 7",
	} {
		t.Run(mode, func(t *testing.T) {
			t.Setenv(modeVariable, mode)
			r := scanWith(t.Context(), t, map[string]any{"path": path, "env": []string{modeVariable}})
			if r.err == nil || !strings.Contains(r.err.Error(), want) {
				t.Errorf("the error is %v, want one with %q", r.err, want)
			}
			if len(r.records) > 0 {
				t.Errorf("there are %d records", len(r.records))
			}
		})
	}
}

func TestDescribe(t *testing.T) {
	info, err := plugin.Describe(t.Context(), plugin.Config{Path: self(t)}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if info.Name != "saas" || len(info.Kinds) != 2 || strings.ContainsRune(info.Title, 0x1b) {
		t.Errorf("info is %+v", info)
	}
}

func TestRefusedConfigurations(t *testing.T) {
	path := self(t)
	open := filepath.Join(t.TempDir(), "open")
	if err := errors.Join(os.WriteFile(open, []byte("#!/bin/sh\n"), 0o700), os.Chmod(open, 0o777)); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		config map[string]any
		want   string
	}{
		"no path":        {map[string]any{}, "path is missing"},
		"relative":       {map[string]any{"path": "bin/saas"}, "is not absolute"},
		"directory":      {map[string]any{"path": t.TempDir()}, "is not a regular file"},
		"hash":           {map[string]any{"path": path, "sha256": "abc"}, "64 hex digits"},
		"other hash":     {map[string]any{"path": path, "sha256": strings.Repeat("0", 64)}, "is pinned"},
		"timeout":        {map[string]any{"path": path, "timeout": "soon"}, "timeout"},
		"variable":       {map[string]any{"path": path, "env": []string{"MUSTER_TEST_NOT_SET"}}, "MUSTER_TEST_NOT_SET"},
		"not executable": {map[string]any{"path": writeFile(t, 0o600)}, "is not executable"},
		"world-writable": {map[string]any{"path": open}, "written by everybody"},
		"max_line":       {map[string]any{"path": path, "max_line": -1}, "max_line"},
	} {
		t.Run(name, func(t *testing.T) {
			r := scanWith(t.Context(), t, c.config)
			if r.err == nil || !strings.Contains(r.err.Error(), c.want) {
				t.Errorf("the error is %v, want one with %q", r.err, c.want)
			}
		})
	}
}

func writeFile(t *testing.T, mode os.FileMode) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "program")
	if err := os.WriteFile(path, []byte("#!/bin/sh\n"), mode); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestPinnedHash(t *testing.T) {
	path := self(t)
	program, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(program)
	t.Setenv("TMPDIR", t.TempDir())
	r := scanWith(t.Context(), t, map[string]any{"path": path, "sha256": hex.EncodeToString(sum[:]), "env": []string{modeVariable}})
	if r.err != nil || r.reasons() != "" {
		t.Errorf("the scan returns %v, and its coverage: %s", r.err, r.reasons())
	}
	if left, err := os.ReadDir(os.TempDir()); err != nil || len(left) > 0 {
		t.Errorf("the copy was left behind: %v %v", left, err)
	}
}

func TestEnvironmentIsEmpty(t *testing.T) {
	r := scanWith(t.Context(), t, map[string]any{"path": self(t), "config": map[string]any{"mode": "env"}})
	if r.err != nil || !strings.Contains(r.log, "environment of 0") {
		t.Errorf("the scan returns %v and logs %s", r.err, r.log)
	}
}

func TestTimeLimit(t *testing.T) {
	r := scanWith(t.Context(), t, map[string]any{"path": self(t), "timeout": "2s", "config": map[string]any{"mode": "hang"}})
	if r.err != nil || !strings.Contains(r.reasons(), "after its time of 2s") {
		t.Errorf("the scan returns %v, and its coverage: %s", r.err, r.reasons())
	}
}

func TestCancelEndsAHangingProgram(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	start := time.Now()
	r := scanWith(ctx, t, map[string]any{"path": self(t), "config": map[string]any{"mode": "hang"}})
	if !errors.Is(r.err, context.DeadlineExceeded) {
		t.Errorf("the scan returns %v", r.err)
	}
	if took := time.Since(start); took > 20*time.Second {
		t.Errorf("it took %s", took)
	}
}

func TestChildrenAreNotWaitedFor(t *testing.T) {
	start := time.Now()
	r := scanWith(t.Context(), t, map[string]any{"path": self(t), "config": map[string]any{"mode": "leaves a child"}})
	if r.err != nil || !strings.Contains(r.reasons(), "left something running") {
		t.Errorf("the scan returns %v, and its coverage: %s", r.err, r.reasons())
	}
	if took := time.Since(start); took > 30*time.Second {
		t.Errorf("it took %s", took)
	}
}

func TestReasonsTellWhatWentWrong(t *testing.T) {
	path := self(t)
	for mode, want := range map[string]string{
		"crash":               "exit status 3",
		"endless line":        "line 3: line is longer than the limit of 10000 bytes",
		"endless wrong lines": "stopped after 1001 wrong lines",
		"wrong prefix":        `line 3: identity: the id does not begin with "saas:"`,
		"foreign kind":        "a grant, which it does not say it emits",
		"not UTF-8":           "line 3: is not UTF-8",
		"cut line":            "line 3: the last line is cut off",
		"no coverage":         "does not say how much",
		"wrong count":         "says that it saw 2 and passed on 3",
	} {
		t.Run(mode, func(t *testing.T) {
			r := scanWith(t.Context(), t, map[string]any{"path": path, "max_line": 10_000, "config": map[string]any{"mode": mode}})
			if r.err != nil || !strings.Contains(r.reasons(), want) {
				t.Errorf("the scan returns %v, and its coverage says\n%s\nwant %q", r.err, r.reasons(), want)
			}
		})
	}
}
