package inventory

import "time"

// A Status says how much of one kind in one scope was seen.
type Status string

// The statuses of coverage.
const (
	StatusComplete Status = "complete" // all of it
	StatusPartial  Status = "partial"  // some of it; Reason says what is missing
	StatusDenied   Status = "denied"   // none: access was refused
	StatusSkipped  Status = "skipped"  // none: not asked for, not supported, or switched off
)

// A Coverage says how much of one kind in one scope was seen. A scope and kind
// with no Coverage was not looked at.
type Coverage struct {
	Scanner       string         `json:"scanner" doc:"name of the scanner"`
	Scope         string         `json:"scope" doc:"the account, project, cluster or repository"`
	Kind          Kind           `json:"kind" doc:"record kind"`
	Status        Status         `json:"status" doc:"complete, partial, denied, skipped"`
	Count         int            `json:"count" doc:"records of that kind emitted for that scope"`
	ControlTotal  *int           `json:"control_total,omitempty" doc:"count by an independent second call, where the system has one"`
	ControlSource string         `json:"control_source,omitempty" doc:"the call that gave control_total"`
	Requests      int            `json:"requests,omitempty" doc:"requests sent"`
	Reason        string         `json:"reason,omitempty" doc:"what was not seen and why; set unless status is complete"`
	Notes         []string       `json:"notes,omitempty" doc:"what a reader should know although nothing is missing"`
	Suppressed    map[string]int `json:"suppressed,omitempty" doc:"what was seen and left out on request, by reason: gitleaks:allow, .gitleaksignore …"`
	Principal     string         `json:"principal,omitempty" doc:"as whom it was read"`
	StartedAt     time.Time      `json:"started_at,omitzero" doc:"when the listing began"`
	FinishedAt    time.Time      `json:"finished_at,omitzero" doc:"when it ended"`
}

// A Progress is for people; a stream means the same without it.
type Progress struct {
	Scope   string `json:"scope,omitempty" doc:"what is being read"`
	Message string `json:"message" doc:"what is being done"`
	Done    int64  `json:"done,omitempty" doc:"units done"`
	Total   int64  `json:"total,omitempty" doc:"units in all; 0 is unknown"`
	Unit    string `json:"unit,omitempty" doc:"what a unit is: bytes; empty is a thing, such as a file, an object or a page"`
}

// UnitBytes is the Unit of a Progress that counts bytes.
const UnitBytes = "bytes"
