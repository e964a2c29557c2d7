// Package findings judges an inventory by rules. A rule is data: one YAML file
// with a condition in CEL. Verdicts are three-valued: a fact that is unknown
// or a listing that was not complete makes the verdict unknown, never a pass.
//
// Loading is strict and names file and line. Judging is a pure function of the
// inventory, the rules and the time it is judged as of.
package findings

import (
	"time"

	"github.com/muster-nhi/muster/internal/inventory"
)

// A Rule is one rule file. Its texts are for people; When, Message and the
// conditions in Raise are CEL.
type Rule struct {
	ID       string              // NHI-ROT-001: NHI, family, three digits
	Title    string              // one line, without a full stop
	Category string              // rotation, lifecycle, ownership, least-privilege, exposure, federation, third-party, ai-agent
	For      inventory.Kind      // the kind of its subject: identity, credential, grant, trust, consumer
	Types    []string            // patterns of the subject's type ("aws.*"); empty is every type
	Severity inventory.Severity  // of a failure
	Raise    []Raise             // conditions that make it another severity; the first that holds wins
	Needs    []inventory.Kind    // kinds that must be completely listed in the subject's scope
	Applies  string              // CEL; a record for which it is false is no subject of the rule; "" is true
	Proof    string              // "absence" (default): needs hold for every verdict; "presence": a failure that was seen stands even if listings are partial
	When     string              // CEL; true is a failure
	Message  string              // CEL; the sentence of the finding
	Why      string              // why it matters, Markdown
	Fix      []Fix               // how to mend it, by platform
	Verify   string              // how to see that it is mended
	Controls map[string][]string // framework to control ids; "muster" is our own library
	Source   string              // where its thresholds come from
	Tests    []RuleTest          // its own tests
	File     string              // where it was loaded from

	checked *checkedRule // what the loader learned; nil for a rule made in Go
}

// A Raise gives a failure another severity under a further condition.
type Raise struct {
	When     string             // CEL
	Severity inventory.Severity // instead of the rule's
}

// A Fix is how to mend a failure on one platform.
type Fix struct {
	Platform string // aws cli, terraform, kubectl, gcloud, az, github, gitlab, git, any
	Steps    string // Markdown, commands in fenced blocks
}

// A RuleTest is one test of a rule: records and what the verdict on a subject
// must be.
type RuleTest struct {
	Name     string
	Now      time.Time
	Given    []inventory.Record
	Subject  string             // id of the record that is judged
	Want     Verdict            // fail, pass, unknown, not_applicable
	Severity inventory.Severity // if set, that of the finding
	Baseline []string           // subjects in the approved baseline; nil is no baseline
}

// A Verdict is what a rule says of a subject.
type Verdict string

// The verdicts.
const (
	VerdictPass    Verdict = "pass"
	VerdictFail    Verdict = "fail"
	VerdictUnknown Verdict = "unknown"

	// VerdictNotApplicable is of a record that is no subject of the rule. It is
	// counted nowhere: a rule does not pass on what it is not about.
	VerdictNotApplicable Verdict = "not_applicable"
)

// A Tally counts the verdicts of one rule. Subjects is their sum; a rule whose
// subjects are none was not tested by this scan.
type Tally struct {
	Rule     string         `json:"rule"`
	Title    string         `json:"title"`
	Subjects int            `json:"subjects"`
	Pass     int            `json:"pass"`
	Fail     int            `json:"fail"`
	Unknown  int            `json:"unknown"`
	Excepted int            `json:"excepted"`           // failures covered by an exception; they are in Fail too
	Reasons  map[string]int `json:"reasons,omitempty"`  // why verdicts are unknown
	Disabled bool           `json:"disabled,omitempty"` // switched off by the user
}

// A Result is what judging an inventory gives. All lists are sorted.
type Result struct {
	Findings   []*inventory.Finding // worst first: severity, score, rule, subject
	Tallies    []Tally              // by rule
	Controls   []ControlStatus      // by framework and id
	Exceptions []ExceptionUse       // in the order of the exceptions file
}

// A ControlStatus says how one control of one framework stands.
type ControlStatus struct {
	Framework string   `json:"framework"` // muster, iso27001_2022, soc2, …
	ID        string   `json:"id"`
	Title     string   `json:"title"`
	Status    string   `json:"status"` // ready, gap, no data
	Reason    string   `json:"reason"` // one sentence: why that status
	Rules     []string `json:"rules,omitempty"`
	Pass      int      `json:"pass"`
	Fail      int      `json:"fail"` // excepted failures left out
	Unknown   int      `json:"unknown"`
	Evidence  []string `json:"evidence,omitempty"` // positive evidence: figures on coverage, owners, reviews
	Partial   bool     `json:"partial,omitempty"`  // some scope it depends on was not read in full
}

// An ExceptionUse says what became of one entry of the exceptions file.
type ExceptionUse struct {
	Entry    string    `json:"entry"`   // its finding id or pattern
	Line     int       `json:"line"`    // in the exceptions file
	Status   string    `json:"status"`  // active, expired, unused
	Matches  int       `json:"matches"` // findings it covers, or would if it had not expired
	Reason   string    `json:"reason"`
	Approver string    `json:"approver"`
	Expires  time.Time `json:"expires"`
}
