package scannertest

import (
	"encoding/base64"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/muster-nhi/muster/scanners"
)

// laxConfig takes any configuration.
type laxConfig struct {
	URL string `yaml:"url" json:"url"`
}

// UnmarshalJSON takes anything.
func (laxConfig) UnmarshalJSON([]byte) error { return nil }

func basic(user, password string) string {
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(user+":"+password))
}

// recorder takes the failures of a mutant.
type recorder struct {
	dir      string
	failures []string
}

func (*recorder) Helper() {}

func (r *recorder) TempDir() string { return r.dir }

func (r *recorder) Errorf(format string, args ...any) {
	r.failures = append(r.failures, fmt.Sprintf(format, args...))
}

func TestReference(t *testing.T) { Run(t, referenceSuite("")) }

func TestMutantsAreCaught(t *testing.T) {
	if os.Getenv("UPDATE") == "1" {
		return // the golden file belongs to the reference
	}
	for _, m := range []struct{ flaw, check, says string }{
		{"no title", "info", "Info.Title"},
		{"argument without key", "info", "Info.Argument"},
		{"any configuration", "configuration", "is accepted"},
		{"invalid record", "records", "type: is missing"},
		{"another prefix", "records", "does not begin with"},
		{"one id twice", "records", "emitted twice"},
		{"a kind that it does not claim", "records", "does not claim"},
		{"changes what it emitted", "records", "was changed after"},
		{"miscounts", "coverage", "counts 6, and 5 were emitted"},
		{"no coverage of keys", "coverage", "there is no coverage of credential"},
		{"coverage under another name", "coverage", `bears the name "robots"`},
		{"partial without cause", "coverage", "is partial in a clean scan"},
		{"reads one page", "golden", "are missing"},
		{"reads one page", "pages", "none was for a further page"},
		{"secret in a record", "secrets", "credential record holds a secret (canary 2, as itself)"},
		{"part of a secret in a record", "secrets", "as a part of it"},
		{"secret in base64", "secrets", "as base64"},
		{"secret in an unkeyed hash", "secrets", "as an unkeyed hash"},
		{"secret in the log", "secrets", "the log holds a secret"},
		{"secret in the reason", "denied requests", "holds a secret (canary 1"},
		{"swallows emit error", "emit error", "want the error of emit"},
		{"cannot be cancelled", "cancellation", "cancelled before it begins returns"},
		{"requests without context", "cancellation", "goes on for"},
		{"takes cancellation for a failed listing", "cancellation", "want the error of its context"},
		{"leaves a goroutine", "cancellation", "goroutines are left behind"},
		{"changes the system", "reads only", "sends a POST request"},
		{"differs each time", "repeatable", "differs from the one before it"},
		{"gives up at a denied request", "denied requests", "although it could begin"},
		{"takes denied for absent", "denied requests", "answered 403 loses or changes"},
		{"hides a cut body", "denied requests", "cut in its body loses or changes"},
		{"panics when denied", "denied requests", "panics"},
		{"drops the pages before", "denied requests", "drops the pages before it"},
	} {
		t.Run(m.flaw, func(t *testing.T) {
			suite := referenceSuite(m.flaw)
			got := &recorder{dir: t.TempDir()}
			for _, c := range checks() {
				if c.name == m.check {
					c.run(got, &suite)
				}
			}
			all := strings.Join(got.failures, "\n")
			if !strings.Contains(all, m.says) {
				t.Errorf("the check %q does not say %q, but:\n%s", m.check, m.says, all)
			}
			for i, secret := range suite.Canaries {
				if strings.Contains(all, secret) {
					t.Errorf("a failure shows canary %d", i+1)
				}
			}
		})
	}
}

var _ scanners.Scanner = (*reference)(nil)
