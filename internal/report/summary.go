package report

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/muster-nhi/muster/findings"
	"github.com/muster-nhi/muster/internal/inventory"
)

// worstShown is how many findings Summary.Worst holds at most.
const worstShown = 10

// noOwner is the name of the bar of findings that nobody answers for.
const noOwner = "(nobody known)"

// statusReady and the others are how findings.ControlStatus spells a status.
const (
	statusReady  = "ready"
	statusGap    = "gap"
	statusNoData = "no data"
)

// summarise counts everything in r that a writer prints.
func summarise(r *Report) Summary {
	s := Summary{
		Kinds:      kinds(r.Inventory),
		Severities: map[inventory.Severity]int{},
		Active:     len(r.Findings), Excepted: len(r.Excepted), Resolved: len(r.Resolved),
		Worst:      append([]*inventory.Finding{}, r.Findings[:min(worstShown, len(r.Findings))]...),
		Coverage:   map[inventory.Status]int{},
		Ages:       ages(r.Inventory, r.Run.AsOf),
		ByType:     byType(r),
		ByScope:    byScope(r),
		ByOwner:    tally(r.Findings, func(f *inventory.Finding) string { return cmp.Or(f.Owner, noOwner) }),
		ByCategory: tally(r.Findings, func(f *inventory.Finding) string { return cmp.Or(f.Category, "other") }),
		Frameworks: frameworks(r.Controls),
	}
	for _, f := range r.Findings {
		s.Severities[f.Severity]++
		switch f.State {
		case "new":
			s.New++
		case "reopened":
			s.Reopened++
		}
		if reaches(f.Severity, r.Run.FailOn) {
			s.Failing++
		}
	}
	for _, id := range r.Inventory.Identities {
		if len(r.Inventory.OwnersOf(id.ID)) > 0 {
			s.Owned++
		} else {
			s.Unowned++
		}
	}
	s.countCoverage(r.Inventory.Coverages)
	s.countRules(r.Tallies)
	s.Outcome = outcome(r, &s)
	s.Headline = headline(r, &s)
	return s
}

// reaches reports whether a severity makes a run fail. "never" names no
// severity, so nothing reaches it.
func reaches(s inventory.Severity, failOn string) bool {
	limit := inventory.Severity(failOn).Rank()
	return limit > 0 && s.Rank() >= limit
}

func outcome(r *Report, s *Summary) string {
	switch {
	case r.Run.Partial:
		return OutcomeIncomplete
	case s.Failing > 0:
		return OutcomeFailing
	case s.Active > 0:
		return OutcomeFindings
	default:
		return OutcomeClean
	}
}

// headline says the outcome in one sentence, the worst first.
func headline(r *Report, s *Summary) string {
	seen := fmt.Sprintf("%s and %s in %s",
		count(s.Kinds[inventory.KindIdentity], "machine identity", "machine identities"),
		count(s.Kinds[inventory.KindCredential], "credential", "credentials"),
		count(len(s.ByScope), "scope", "scopes"))
	text := seen + ": nothing to report"
	if s.Active > 0 {
		text = seen + ": " + count(s.Active, "finding", "findings")
		if parts := severityParts(s.Severities); parts != "" {
			text += " (" + parts + ")"
		}
	}
	if r.Run.Partial {
		text += "; the scan is PARTIAL, so what was not seen is not judged"
	}
	return text + "."
}

// severityParts lists the severities that occur: "2 critical, 1 low".
func severityParts(by map[inventory.Severity]int) string {
	var parts []string
	for _, sev := range severities() {
		if n := by[sev]; n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, sev))
		}
	}
	return strings.Join(parts, ", ")
}

// severities returns all severities, worst first.
func severities() []inventory.Severity {
	return []inventory.Severity{
		inventory.SeverityCritical, inventory.SeverityHigh, inventory.SeverityMedium,
		inventory.SeverityLow, inventory.SeverityInfo,
	}
}

func kinds(inv *inventory.Inventory) map[inventory.Kind]int {
	return map[inventory.Kind]int{
		inventory.KindIdentity:   len(inv.Identities),
		inventory.KindCredential: len(inv.Credentials),
		inventory.KindGrant:      len(inv.Grants),
		inventory.KindUsage:      len(inv.Usages),
		inventory.KindTrust:      len(inv.Trusts),
		inventory.KindConsumer:   len(inv.Consumers),
		inventory.KindOwner:      len(inv.Owners),
		inventory.KindRelation:   len(inv.Relations),
	}
}

func (s *Summary) countCoverage(list []*inventory.Coverage) {
	for _, c := range list {
		s.Coverage[c.Status]++
		for reason, n := range c.Suppressed {
			if s.Suppressed == nil {
				s.Suppressed = map[string]int{}
			}
			s.Suppressed[reason] += n
		}
	}
}

func (s *Summary) countRules(tallies []findings.Tally) {
	reasons := map[string]int{}
	s.UnknownReasons = []Count{}
	for _, t := range tallies {
		s.Unknown += t.Unknown
		for reason, n := range t.Reasons {
			reasons[reason] += n
		}
		s.Rules.Total++
		switch {
		case t.Disabled:
			s.Rules.Disabled++
		case t.Subjects == 0:
			s.Rules.Untested++
		case t.Fail > 0:
			s.Rules.Failing++
		case t.Unknown > 0:
			s.Rules.Unknown++
		default:
			s.Rules.Passing++
		}
	}
	for reason, n := range reasons {
		s.UnknownReasons = append(s.UnknownReasons, Count{Name: reason, N: n})
	}
	sortCounts(s.UnknownReasons)
}

// tally counts findings under a name each, worst first.
func tally(list []*inventory.Finding, name func(*inventory.Finding) string) []Count {
	by := map[string]*Count{}
	for _, f := range list {
		bump(by, name(f)).add(f)
	}
	return sorted(by)
}

func bump(by map[string]*Count, name string) *Count {
	c, ok := by[name]
	if !ok {
		c = &Count{Name: name}
		by[name] = c
	}
	return c
}

func (c *Count) add(f *inventory.Finding) {
	c.N++
	c.severe(f)
}

func (c *Count) severe(f *inventory.Finding) {
	switch f.Severity {
	case inventory.SeverityCritical:
		c.Critical++
	case inventory.SeverityHigh:
		c.High++
	case inventory.SeverityMedium, inventory.SeverityLow, inventory.SeverityInfo:
	}
}

func sorted(by map[string]*Count) []Count {
	list := make([]Count, 0, len(by))
	for _, name := range slices.Sorted(maps.Keys(by)) {
		list = append(list, *by[name])
	}
	sortCounts(list)
	return list
}

// sortCounts puts the worst first: by critical, high, all, then name.
func sortCounts(list []Count) {
	slices.SortFunc(list, func(x, y Count) int {
		return cmp.Or(cmp.Compare(y.Critical, x.Critical), cmp.Compare(y.High, x.High),
			cmp.Compare(y.N, x.N), cmp.Compare(x.Name, y.Name))
	})
}

// byScope counts findings by scope. A scope that was looked at and has none
// stands with zero.
func byScope(r *Report) []Count {
	by := map[string]*Count{}
	for _, c := range r.Inventory.Coverages {
		bump(by, c.Scope)
	}
	for _, f := range r.Findings {
		bump(by, f.Scope).add(f)
	}
	return sorted(by)
}

// byType counts identities and credentials by type; Critical and High count
// the findings on them.
func byType(r *Report) []Count {
	by := map[string]*Count{}
	for _, x := range r.Inventory.Identities {
		bump(by, x.Type).N++
	}
	for _, x := range r.Inventory.Credentials {
		bump(by, x.Type).N++
	}
	for _, f := range r.Findings {
		if c, ok := by[f.SubjectType]; ok {
			c.severe(f)
		}
	}
	list := sorted(by)
	slices.SortStableFunc(list, func(x, y Count) int { return cmp.Compare(y.N, x.N) })
	return list
}

// ages puts credentials into bands by the time since their value last changed:
// rotation, else issue, else, for a leak, the first commit that holds it (it
// is at least that old).
func ages(inv *inventory.Inventory, asOf time.Time) []Count {
	bands := []Count{
		{Name: "under 30 days"},
		{Name: "30 to 90 days"},
		{Name: "90 days to 1 year"},
		{Name: "1 to 2 years"},
		{Name: "over 2 years"},
		{Name: "age unknown"},
	}
	limits := []int{30, 90, 365, 730}
	for _, c := range inv.Credentials {
		since := changedAt(c)
		if since.IsZero() || asOf.IsZero() {
			bands[len(bands)-1].N++
			continue
		}
		days := int(asOf.Sub(since).Hours() / 24)
		i := 0
		for i < len(limits) && days >= limits[i] {
			i++
		}
		bands[i].N++
	}
	return bands
}

// changedAt returns the best known time at which the value of a credential was
// new; zero is unknown.
func changedAt(c *inventory.Credential) time.Time {
	switch {
	case !c.RotatedAt.IsZero():
		return c.RotatedAt
	case !c.CreatedAt.IsZero():
		return c.CreatedAt
	default:
		return c.FirstSeenAt
	}
}

// frameworks counts controls by framework, ISO and SOC 2 first, then by id.
func frameworks(list []findings.ControlStatus) []Framework {
	by := map[string]*Framework{}
	for _, c := range list {
		f, ok := by[c.Framework]
		if !ok {
			f = &Framework{ID: c.Framework, Title: frameworkTitle(c.Framework)}
			by[c.Framework] = f
		}
		switch c.Status {
		case statusReady:
			f.Ready++
		case statusGap:
			f.Gap++
		default:
			f.NoData++
		}
	}
	out := make([]Framework, 0, len(by))
	for _, id := range slices.SortedFunc(maps.Keys(by), compareFrameworks) {
		out = append(out, *by[id])
	}
	return out
}
