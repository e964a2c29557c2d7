// Package scannertest is the conformance suite that makes a scanner one. A
// scanner's own tests call Run with a Suite that says how to open the scanner
// over something real or faithful; the suite checks all that the contract of
// scanners.Scanner promises, among it that every request may fail and the scan
// still ends, keeps the rest and says what it lost.
//
// Each check is proved by a mutant in this package's tests: a scanner that is
// broken in just that way and must be caught.
package scannertest

import (
	"net/http"
	"testing"
	"time"

	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/scanners"
)

// A Suite says how to test one scanner. Factory and Config are required, and
// for a scanner that uses the network Transport and Paged.
type Suite struct {
	Factory scanners.Factory
	// Config is a configuration over which a scan is complete, by the keys of
	// its json tags. Its input does not change while the suite runs.
	Config map[string]any
	// Golden names the file of the records of a clean scan, sorted, one a line.
	// UPDATE=1 in the environment rewrites it.
	Golden string
	// Normalize, if set, changes a golden line where it holds what differs from
	// machine to machine, such as a temporary directory.
	Normalize func(line string) string
	// Canaries are secret values that the input holds or the configuration
	// carries. They must not come out, in whatever coding.
	Canaries []string
	// Name is the scanner's name in ids and coverage if that is not the
	// factory's, as for a plug-in.
	Name string
	// Kinds are the kinds that the scanner emits if those are not the
	// factory's.
	Kinds []inventory.Kind
	// Foreign is true if the records come from other scanners, as in a replay:
	// ids and coverage bear their names.
	Foreign bool

	// Transport answers the requests of the scanner. Serve makes one of a
	// handler. It must answer the same at any time.
	Transport http.RoundTripper
	// Reads tells a request that only reads although its method is not GET,
	// HEAD or OPTIONS, as a query sent with POST.
	Reads func(*http.Request) bool
	// Paged tells a request for a page that is not the first of its listing.
	Paged func(*http.Request) bool
	// Listing names the listing that a request belongs to; by default the
	// method and path. After says which listing must have succeeded before
	// another can be asked for. If a request is denied, all listings but its
	// own and those after it must still be read.
	Listing func(*http.Request) string
	After   map[string]string
	// Denied makes the answer to a denied request; by default status 403 with
	// a short JSON text.
	Denied func(*http.Request) *http.Response

	// Faults are inputs of which something cannot be read, for a scanner that
	// does not use the network. At least one is required there.
	Faults []Fault
	// Patience is how long a scan may take to end once it is cancelled, and
	// ten times that how long it may take at all; by default 5 seconds.
	Patience time.Duration
}

// A Fault is an input of which something cannot be read.
type Fault struct {
	Name string
	// Config makes the input, in a directory of its own, and returns the
	// configuration to scan it with.
	Config func(dir string) (map[string]any, error)
	// Lost are the kinds whose coverage must say that something is missing.
	Lost []inventory.Kind
	// Kept is how many records other than coverage must be there all the same.
	Kept int
	// Refused is true if opening or scanning must return an error, because
	// the scan cannot begin.
	Refused bool
}

// Run checks a scanner. It must not run beside other tests of the same
// process (t.Parallel), for it looks for goroutines that were left behind.
func Run(t *testing.T, s Suite) {
	t.Helper()
	for _, c := range checks() {
		t.Run(c.name, func(t *testing.T) { c.run(t, &s) })
	}
}

// A check is one claim of the contract.
type check struct {
	name  string
	claim string // what is promised
	run   func(reporter, *Suite)
}

// reporter is the part of testing.TB through which checks report. Mutants run
// under another one.
type reporter interface {
	Helper()
	Errorf(format string, args ...any)
	TempDir() string
}

func checks() []check {
	return []check{
		{"info", "Info is complete and the configuration documented", checkInfo},
		{"configuration", "a key that the configuration does not have is refused", checkConfig},
		{"records", "records are valid, of claimed kinds, with unique ids under the scanner's name, and stay as emitted", checkRecords},
		{"coverage", "there is one coverage for each kind and scope, and its count is right", checkCoverage},
		{"golden", "a clean scan gives the golden records", checkGolden},
		{"secrets", "no secret is in any record, error or log", checkSecrets},
		{"emit error", "an error of emit ends the scan and is returned", checkEmitError},
		{"cancellation", "a cancelled scan ends soon, says so and leaves nothing running", checkCancel},
		{"repeatable", "two scans give the same records", checkRepeatable},
		{"reads only", "no request could change the system", checkReads},
		{"pages", "listings are read beyond their first page", checkPages},
		{"denied requests", "any request may fail: the scan ends, keeps the rest and says what it lost", checkDenied},
		{"broken input", "any input may be unreadable: the scan ends, keeps the rest and says what it lost", checkFaults},
	}
}

func (s *Suite) patience() time.Duration {
	if s.Patience > 0 {
		return s.Patience
	}
	return 5 * time.Second
}

// name returns the name that ids and coverage bear.
func (s *Suite) name() string {
	if s.Name != "" {
		return s.Name
	}
	return s.Factory.Info().Name
}

// kinds returns the kinds that the scanner claims.
func (s *Suite) kinds() []inventory.Kind {
	if s.Kinds != nil {
		return s.Kinds
	}
	return s.Factory.Info().Kinds
}

// listing names the listing of a request.
func (s *Suite) listing(r *http.Request) string {
	if s.Listing != nil {
		return s.Listing(r)
	}
	return r.Method + " " + r.URL.Path
}

// follows reports whether a listing can only be read after another.
func (s *Suite) follows(listing, after string) bool {
	for range len(s.After) + 1 {
		if listing == after {
			return true
		}
		parent, ok := s.After[listing]
		if !ok {
			return false
		}
		listing = parent
	}
	return false
}
