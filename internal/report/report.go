// Package report writes a finished Report in many formats. Writers format:
// they never filter, rank, compute, read a clock or touch the store. The same
// report gives the same bytes.
package report

import (
	"io"
	"time"

	"github.com/muster-nhi/muster/findings"
	"github.com/muster-nhi/muster/internal/inventory"
)

// A Format is one way to write a Report.
type Format struct {
	Name  string   // as in -o NAME
	Title string   // one line for people
	Ext   []string // file name endings that choose it, for example ".html"
	Write func(io.Writer, *Report, Options) error
}

// Options are the few choices that a writer has. Colour and width matter to
// table only, SARIFProfile to sarif only.
type Options struct {
	Color        bool
	Width        int    // columns of the terminal; 0 is unlimited
	SARIFProfile string // generic (default), github, gitlab, azdo, defectdojo
	Verbose      bool
}

// A Report is one scan, judged. It is complete before any writer runs; New
// makes it.
type Report struct {
	Tool       Tool
	Run        Run
	Inventory  *inventory.Inventory // with relations and resolved owners
	Findings   []*inventory.Finding // those to show: worst first
	Tallies    []findings.Tally
	Controls   []findings.ControlStatus
	Exceptions []findings.ExceptionUse
	Summary    Summary
}

// Tool says what made the report.
type Tool struct {
	Name    string `json:"name"`
	Version string `json:"version"`
	Commit  string `json:"commit,omitempty"`
	URI     string `json:"uri"`
}

// Run says what was asked and when.
type Run struct {
	Snapshot       string    `json:"snapshot,omitempty"` // id in the store
	StartedAt      time.Time `json:"started_at"`
	FinishedAt     time.Time `json:"finished_at"`
	AsOf           time.Time `json:"as_of"` // judged as of
	Sources        []string  `json:"sources"`
	Ruleset        string    `json:"ruleset"` // sha256 of the rules in force
	Disabled       []string  `json:"disabled_rules,omitempty"`
	Baseline       string    `json:"baseline,omitempty"`
	BaselineHidden int       `json:"baseline_hidden,omitempty"` // findings left out because the baseline has them
	FailOn         string    `json:"fail_on"`
	Partial        bool      `json:"partial"` // some scope could not be read in full, or the run was interrupted
	Interrupted    bool      `json:"interrupted,omitempty"`
	Redacted       bool      `json:"redacted,omitempty"`
}

// Summary holds every figure that a writer prints. Findings under an active
// exception are counted in Excepted only.
type Summary struct {
	Kinds      map[inventory.Kind]int     `json:"kinds"`
	Severities map[inventory.Severity]int `json:"severities"`
	Excepted   int                        `json:"excepted"`
	New        int                        `json:"new"`
	Resolved   int                        `json:"resolved"`
	Owned      int                        `json:"owned"`   // identities with an owner
	Unowned    int                        `json:"unowned"` // identities without one
	ByOwner    []Count                    `json:"by_owner"`
	ByScope    []Count                    `json:"by_scope"`
	ByCategory []Count                    `json:"by_category"`
	ByType     []Count                    `json:"by_type"` // identities and credentials by type
	Ages       []Count                    `json:"ages"`    // credentials by age band, in order
	Worst      []*inventory.Finding       `json:"worst"`   // at most ten
	Suppressed map[string]int             `json:"suppressed,omitempty"`
	Unknown    int                        `json:"unknown"` // verdicts that could not be reached
}

// A Count is one bar of a chart.
type Count struct {
	Name     string `json:"name"`
	N        int    `json:"n"`
	Critical int    `json:"critical,omitempty"`
	High     int    `json:"high,omitempty"`
}
