package report

import (
	"strings"

	"github.com/muster-nhi/muster/internal/inventory"
)

// listing says how much of a kind was seen in a scope; empty is not looked at.
func listing(inv *inventory.Inventory, scope string, kind inventory.Kind) string {
	status, _ := inv.CoverageOf(scope, kind)
	return string(status)
}

// qualified returns the listings without which figures would be taken for more
// than they are: those that were not complete and those that left something
// out on request.
func qualified(r *Report) []*inventory.Coverage {
	var out []*inventory.Coverage
	for _, c := range r.Inventory.Coverages {
		if c.Status != inventory.StatusComplete || len(c.Suppressed) > 0 {
			out = append(out, c)
		}
	}
	return out
}

// provenance says as whom and when a listing was read, what it was checked
// against and what it left out, as far as the scanner told.
func provenance(c *inventory.Coverage) string {
	var parts []string
	if c.Principal != "" {
		parts = append(parts, "read as "+c.Principal)
	}
	if !c.StartedAt.IsZero() {
		parts = append(parts, "from "+stamp(c.StartedAt))
	}
	if !c.FinishedAt.IsZero() {
		parts = append(parts, "until "+stamp(c.FinishedAt))
	}
	if c.Requests > 0 {
		parts = append(parts, count(c.Requests, "request", "requests"))
	}
	if c.ControlSource != "" {
		parts = append(parts, "control total by "+c.ControlSource)
	}
	if len(c.Suppressed) > 0 {
		parts = append(parts, "left out on request: "+suppressedList(c.Suppressed))
	}
	return strings.Join(parts, " · ")
}

// lossTitle begins with PARTIAL if something could not be read.
func lossTitle(c *inventory.Coverage) string {
	switch c.Status {
	case inventory.StatusPartial, inventory.StatusDenied:
		return "PARTIAL: " + string(c.Kind) + " was not listed in full"
	case inventory.StatusSkipped:
		return string(c.Kind) + " was not listed"
	default:
		return string(c.Kind) + ": some were left out on request"
	}
}

func lossText(c *inventory.Coverage) string {
	var parts []string
	if c.Reason != "" {
		parts = append(parts, c.Reason)
	}
	if len(c.Suppressed) > 0 {
		parts = append(parts, "left out: "+suppressedList(c.Suppressed))
	}
	return strings.Join(parts, "; ")
}

// lossRow writes a listing into the columns of a table.
func lossRow(columns []string, c *inventory.Coverage, cells map[string]string) []string {
	row := make([]string, len(columns))
	for i, name := range columns {
		switch name {
		case "scope":
			row[i] = c.Scope
		case "listing":
			row[i] = string(c.Status)
		default:
			row[i] = cells[name]
		}
	}
	return row
}
