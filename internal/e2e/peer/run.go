//go:build e2e

package peer

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/muster-nhi/muster/internal/inventory"
)

// A Run is a whole run of the program, and what it wrote.
type Run struct {
	Status  int
	Stdout  []byte
	Stderr  []byte
	Records []inventory.Record // of a scan; all are kept
	Home    string             // the directory it ran in
	PeakMB  int64              // the most memory that was resident, in MiB
	CPU     time.Duration
	Wall    time.Duration
}

// read reads the records that a run wrote, if it did.
func (r *Run) read(t testing.TB, path string) {
	t.Helper()
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close() //nolint:errcheck // it was read only
	err = inventory.ReadAll(path, bufio.NewReader(f), func(rec inventory.Record) error {
		r.Records = append(r.Records, rec)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// Types counts identities and credentials by type, and other records by kind.
func (r Run) Types() map[string]int {
	out := map[string]int{}
	for _, rec := range r.Records {
		switch {
		case rec.Identity != nil:
			out[rec.Identity.Type]++
		case rec.Credential != nil:
			out[rec.Credential.Type]++
		case rec.Grant != nil:
			out["grant"]++
		case rec.Trust != nil:
			out["trust"]++
		case rec.Consumer != nil:
			out["consumer"]++
		case rec.Owner != nil:
			out["owner"]++
		case rec.Usage != nil:
			out["usage"]++
		}
	}
	return out
}

// Gaps returns the coverage that is not complete, sorted: its scope, kind, status and
// reason.
func (r Run) Gaps() []string {
	var out []string
	for _, rec := range r.Records {
		if c := rec.Coverage; c != nil && c.Status != inventory.StatusComplete {
			out = append(out, fmt.Sprintf("%s %s %s: %s", c.Scope, c.Kind, c.Status, c.Reason))
		}
	}
	slices.Sort(out)
	return out
}

// Things returns the records of the estate as they stand in the file, sorted: not
// those of how the scan went, or of this run.
func (r Run) Things(t testing.TB) []string {
	t.Helper()
	var out []string
	for _, rec := range r.Records {
		if rec.Coverage != nil || rec.Progress != nil || rec.Finding != nil || rec.Relation != nil {
			continue
		}
		data, err := json.Marshal(rec)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, string(data))
	}
	slices.Sort(out)
	return out
}

// Clean looks for values that no scan may see, wherever they could have gone: the
// output, the log, and all files of the home but those that the test itself put there,
// whose names match a pattern of given.
func (r Run) Clean(t testing.TB, values []string, given ...string) {
	t.Helper()
	look := func(where string, data []byte) {
		for i, v := range values {
			if bytes.Contains(data, []byte(v)) {
				t.Errorf("%s holds value %d", where, i)
			}
		}
	}
	look("standard output", r.Stdout)
	look("standard error", r.Stderr)
	err := filepath.WalkDir(r.Home, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() || slices.ContainsFunc(given, func(pattern string) bool { ok, _ := filepath.Match(pattern, d.Name()); return ok }) {
			return err
		}
		data, err := os.ReadFile(path) //nolint:gosec // in a directory of the test alone
		look(path, data)
		return err
	})
	if err != nil {
		t.Error(err)
	}
}

// Best returns of runs that did the same the one that took the least CPU, with the
// most memory that any of them took. There has to be one.
func Best(runs []Run) Run {
	best := runs[0]
	for _, r := range runs[1:] {
		most := max(best.PeakMB, r.PeakMB)
		if r.CPU < best.CPU {
			best = r
		}
		best.PeakMB = most
	}
	return best
}

// Report reports what a run took as the result of a benchmark that has made its scans
// already, with the requests it sent and the time that the stand-in took to answer.
func (r Run) Report(b *testing.B, requests int, standIn time.Duration) {
	b.Helper()
	for b.Loop() {
		continue // the scans were made before
	}
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(float64(requests), "requests")
	b.ReportMetric(r.Wall.Seconds(), "wall-s")
	b.ReportMetric(r.CPU.Seconds(), "cpu-s")
	b.ReportMetric(float64(r.PeakMB), "peak-MB")
	b.ReportMetric(standIn.Seconds(), "stand-in-s")
}
