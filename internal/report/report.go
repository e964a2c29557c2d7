// Package report writes a finished Report in many formats. Writers format:
// they never filter, rank, compute, read a clock or touch the store. The same
// report gives the same bytes.
//
// All text in a report that comes from a scanned system is foreign: writers
// make control characters, escape sequences and bidirectional overrides in it
// visible, and escape it as their format asks.
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

// Options are the few choices that a writer has. Colour, width and Verbose
// matter to table only, SARIFProfile and Pipeline to sarif only.
type Options struct {
	Color        bool
	Width        int    // columns of the terminal; 0 is unlimited
	SARIFProfile string // generic (default), github, gitlab, azdo, defectdojo
	Pipeline     Pipeline
	Verbose      bool // list every finding and every coverage
}

// A Pipeline names the Azure DevOps pipeline that runs muster; the azdo
// profile of SARIF must say so. Empty ids are written as zeros and empty names as
// "unknown", for outside a pipeline there are none.
type Pipeline struct {
	DefinitionID   string // SYSTEM_DEFINITIONID: a number
	DefinitionName string // BUILD_DEFINITIONNAME
	PhaseID        string // SYSTEM_PHASEID: a GUID
	PhaseName      string // SYSTEM_PHASENAME
}

// A Report is one scan, judged. It is complete before any writer runs; New
// makes it. Writers only read it, so several may run at a time.
type Report struct {
	Tool       Tool
	Run        Run
	Inventory  *inventory.Inventory // with relations and resolved owners
	Findings   []*inventory.Finding // those that stand: worst first, without the excepted
	Excepted   []*inventory.Finding // those under an active exception, worst first
	Resolved   []*inventory.Finding // those that an earlier scan had and this one has not
	Rules      []findings.Rule      // the rules in force, by id
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
	FailOn         string    `json:"fail_on"`                   // critical, high, medium, low, never; empty is high
	Partial        bool      `json:"partial"`                   // some scope could not be read in full, or the run was interrupted
	Interrupted    bool      `json:"interrupted,omitempty"`
	Redacted       bool      `json:"redacted,omitempty"`
}

// Summary holds every figure that a writer prints. Findings under an active
// exception are counted in Excepted only.
type Summary struct {
	Headline       string                     `json:"headline"` // the outcome in one sentence
	Outcome        string                     `json:"outcome"`  // clean, findings, failing, incomplete
	Kinds          map[inventory.Kind]int     `json:"kinds"`
	Severities     map[inventory.Severity]int `json:"severities"`
	Active         int                        `json:"active"`  // findings that stand
	Failing        int                        `json:"failing"` // of those, at or above Run.FailOn
	Excepted       int                        `json:"excepted"`
	New            int                        `json:"new"`
	Reopened       int                        `json:"reopened"`
	Resolved       int                        `json:"resolved"`
	Owned          int                        `json:"owned"`   // identities with an owner
	Unowned        int                        `json:"unowned"` // identities without one
	ByOwner        []Count                    `json:"by_owner"`
	ByScope        []Count                    `json:"by_scope"` // scopes without findings too
	ByCategory     []Count                    `json:"by_category"`
	ByType         []Count                    `json:"by_type"` // identities and credentials by type
	Ages           []Count                    `json:"ages"`    // credentials by age band, in order
	Worst          []*inventory.Finding       `json:"worst"`   // at most ten
	Suppressed     map[string]int             `json:"suppressed,omitempty"`
	Unknown        int                        `json:"unknown"`         // verdicts that could not be reached
	UnknownReasons []Count                    `json:"unknown_reasons"` // why, most frequent first
	Coverage       map[inventory.Status]int   `json:"coverage"`        // listings by status
	Frameworks     []Framework                `json:"frameworks"`      // how their controls stand
	Rules          RuleCount                  `json:"rules"`
}

// The values of Summary.Outcome, best first. Incomplete outranks the others,
// as exit status 3 does.
const (
	OutcomeClean      = "clean"      // all that was asked for was read, and nothing stands
	OutcomeFindings   = "findings"   // findings stand, all below Run.FailOn
	OutcomeFailing    = "failing"    // findings at or above Run.FailOn stand
	OutcomeIncomplete = "incomplete" // some scope could not be read
)

// A Count is one bar of a chart.
type Count struct {
	Name     string `json:"name"`
	N        int    `json:"n"`
	Critical int    `json:"critical,omitempty"`
	High     int    `json:"high,omitempty"`
}

// A Framework counts the controls of one framework by how they stand.
type Framework struct {
	ID     string `json:"id"`
	Title  string `json:"title"`
	Ready  int    `json:"ready"`
	Gap    int    `json:"gap"`
	NoData int    `json:"no_data"`
}

// A RuleCount counts rules by what came of them. A rule that failed for one
// subject is in Failing, whatever it said of the others; Unknown holds those
// that failed for none and could not judge some.
type RuleCount struct {
	Total    int `json:"total"`
	Failing  int `json:"failing"`
	Unknown  int `json:"unknown"`
	Passing  int `json:"passing"`
	Untested int `json:"untested"` // nothing in the inventory that they apply to
	Disabled int `json:"disabled"`
}
