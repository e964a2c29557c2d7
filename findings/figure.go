package findings

import (
	"fmt"
	"slices"
	"strings"

	"github.com/muster-nhi/muster/internal/inventory"
)

// reviewDays is how long a review of access counts as recent: a year.
const reviewDays = 365

// A figures is what the scan shows beside the verdicts of rules.
type figures struct {
	coverage           coverageIndex
	complete, scopes   int
	identities, owned  int
	reviewed, tracked  int
	accepted, expired  int
	exceptionsWereRead bool
}

func newFigures(inv *inventory.Inventory, coverage coverageIndex, result *Result, p Params) *figures {
	f := &figures{coverage: coverage, identities: len(inv.Identities), exceptionsWereRead: p.Exceptions != nil}
	f.scopes = len(coverage)
	for _, kinds := range coverage {
		whole := true
		for _, status := range kinds {
			whole = whole && status == inventory.StatusComplete
		}
		if whole {
			f.complete++
		}
	}
	for _, id := range inv.Identities {
		if len(inv.OwnersOf(id.ID)) > 0 {
			f.owned++
		}
		if !id.ReviewedAt.IsZero() && wholeDays(id.ReviewedAt, p.AsOf) <= reviewDays {
			f.reviewed++
		}
		if tracked(inv.UsageOf(id.ID)) {
			f.tracked++
		}
	}
	for _, u := range result.Exceptions {
		if u.Status == "expired" {
			f.expired++
		} else {
			f.accepted++
		}
	}
	return f
}

// tracked tells whether use is recorded: the last one is known, or since when
// none would have been missed.
func tracked(list []*inventory.Usage) bool {
	return slices.ContainsFunc(list, func(u *inventory.Usage) bool { return !u.LastUsedAt.IsZero() || !u.TrackedSince.IsZero() })
}

// nothingThere tells whether a rule had no subject because there is none: its
// kind was listed completely, and the rule is for every record of it. One that
// applies to some of them only says nothing where there are none of those.
func (f *figures) nothingThere(r *Rule) bool {
	complete, all := f.coverage.completeOf(r.For)
	return len(r.Types) == 0 && r.Applies == "" && complete > 0 && complete == all
}

// partial tells whether one of the kinds was asked for in some scope and not
// listed completely there.
func (f *figures) partial(kinds []inventory.Kind) bool {
	for _, seen := range f.coverage {
		for _, kind := range kinds {
			if s, asked := seen[kind]; asked && s != inventory.StatusComplete {
				return true
			}
		}
	}
	return false
}

// evidence writes out the figures for the kinds of evidence.
func (f *figures) evidence(kinds []string) []string {
	var out []string
	for _, kind := range kinds {
		switch kind {
		case evidenceCoverage:
			out = append(out, fmt.Sprintf("coverage is complete in %d of %d scopes", f.complete, f.scopes))
		case evidenceOwners:
			out = append(out, fmt.Sprintf("an owner is known for %d of %d identities", f.owned, f.identities))
		case evidenceReviews:
			out = append(out, fmt.Sprintf("access was reviewed in the last %d days for %d of %d identities", reviewDays, f.reviewed, f.identities))
		case evidenceUsage:
			out = append(out, fmt.Sprintf("use is on record for %d of %d identities", f.tracked, f.identities))
		case evidenceExceptions:
			out = append(out, fmt.Sprintf("exceptions in force: %d; expired: %d", f.accepted, f.expired))
		case evidenceGovernance:
			out = append(out, "signed documents are needed too; a scan does not see them")
		}
	}
	return out
}

// byFigures is the status of a control that no rule tests: the worst of what
// its kinds of evidence say.
func (f *figures) byFigures(kinds []string) (status, why string) {
	var gaps, missing, ready []string
	for _, kind := range kinds {
		status, why := f.byFigure(kind)
		switch status {
		case StatusGap:
			gaps = append(gaps, why)
		case StatusReady:
			ready = append(ready, why)
		default:
			missing = append(missing, why)
		}
	}
	switch {
	case len(gaps) > 0:
		return StatusGap, strings.Join(gaps, "; ")
	case len(missing) > 0:
		return StatusNoData, strings.Join(missing, "; ")
	case len(ready) > 0:
		return StatusReady, strings.Join(ready, "; ")
	default:
		return StatusNoData, "no rule and no figure of a scan bears on it"
	}
}

func (f *figures) byFigure(kind string) (status, why string) {
	switch kind {
	case evidenceCoverage:
		if f.scopes > 0 && f.complete == f.scopes {
			return StatusReady, fmt.Sprintf("coverage is complete in %d of %d scopes", f.complete, f.scopes)
		}
		return StatusNoData, fmt.Sprintf("coverage is complete in %d of %d scopes", f.complete, f.scopes)
	case evidenceOwners:
		return f.share(f.owned, "have a known owner", inventory.KindOwner)
	case evidenceReviews:
		return f.share(f.reviewed, fmt.Sprintf("were reviewed in the last %d days", reviewDays), inventory.KindIdentity)
	case evidenceUsage:
		return f.share(f.tracked, "have their use on record", inventory.KindUsage)
	case evidenceExceptions:
		switch {
		case f.expired > 0:
			return StatusGap, plural(f.expired, "exception has expired", "exceptions have expired")
		case !f.exceptionsWereRead:
			return StatusNoData, "no exceptions file was given"
		}
		return StatusReady, fmt.Sprintf("exceptions in force: %d, each approved and with an end; expired: none", f.accepted)
	case evidenceGovernance:
		return StatusNoData, "it is shown by signed documents, which a scan does not see"
	default:
		return StatusNoData, "no rule tests it"
	}
}

// share is the status of a figure that should hold for all identities. None at
// all is no data: nobody recorded it, which shows nothing either way.
func (f *figures) share(n int, what string, kind inventory.Kind) (status, why string) {
	why = fmt.Sprintf("%d of %d identities %s", n, f.identities, what)
	switch {
	case f.partial([]inventory.Kind{inventory.KindIdentity, kind}) || n == 0:
		return StatusNoData, why
	case n < f.identities:
		return StatusGap, why
	default:
		return StatusReady, why
	}
}
