package findings

import (
	"slices"
	"strings"
	"time"

	"github.com/muster-nhi/muster/internal/inventory"
)

// The score of a finding is a floor that its severity sets and up to 19 points
// for six questions about the subject. docs/scoring.md explains it to users;
// the tables here are what it says.
//
// Floors are 20 apart, so that the worst "high" scores below the mildest
// "critical": severity orders, the points order within.
const (
	scoreStep = 20 // between the floors of two severities; the lowest floor is 1

	// What the identity can do.
	pointsAdmin        = 6
	pointsEscalate     = 5
	pointsWrite        = 4
	pointsLevelUnknown = 3 // in the middle: unknown is not none
	pointsRead         = 2

	// How exposed the credential is.
	pointsPublic      = 5
	pointsAtHead      = 4
	pointsExposed     = 3
	pointsHistoryOnly = 2

	// How old it is.
	pointsOld     = 2
	pointsAging   = 1
	pointsNoAge   = 1
	daysOld       = 365
	textOld       = "365"
	daysAging     = 90 // the rotation limit of CIS AWS Foundations 1.14 (v1.4 to v4.0)
	textAging     = "90"
	daysInUse     = 90   // the window of IAM Access Analyzer's unused access
	textInUse     = "90" // so that the text of a reason is a constant: it is there in every finding
	pointsInUse   = 2
	pointsNoUsage = 1

	// Who owns it.
	pointsNoOwner    = 2
	pointsWeakOwner  = 1
	pointsProduction = 2
	pointsNoEnv      = 1
)

// A tab adds up score lines. A question that adds nothing has no line.
type tab struct {
	lines []inventory.ScoreLine
	sum   int
}

func (t *tab) add(points int, reason string) {
	if points != 0 {
		t.lines = append(t.lines, inventory.ScoreLine{Points: points, Reason: reason})
		t.sum += points
	}
}

// score returns the score of a failure of that severity, 1 to 100, and the
// lines that add up to it.
func (s *subject) score(severity inventory.Severity, coverage coverageIndex) (int, []inventory.ScoreLine) {
	t := &tab{lines: make([]inventory.ScoreLine, 0, 7)}
	floor := (severity.Rank()-1)*scoreStep + 1
	t.add(floor, severityReason(severity))
	t.add(s.levelPoints(coverage))
	t.add(s.exposurePoints())
	t.add(s.agePoints())
	t.add(s.usePoints())
	t.add(s.ownerPoints())
	t.add(environmentPoints(s.environment()))
	return t.sum, t.lines
}

// severityReason is one text for each severity: there is one for every finding.
func severityReason(severity inventory.Severity) string {
	switch severity {
	case inventory.SeverityCritical:
		return "severity critical"
	case inventory.SeverityHigh:
		return "severity high"
	case inventory.SeverityMedium:
		return "severity medium"
	case inventory.SeverityLow:
		return "severity low"
	default:
		return "severity " + string(severity)
	}
}

func (s *subject) levelPoints(coverage coverageIndex) (int, string) {
	level, known := s.level(coverage)
	switch {
	case !known:
		return pointsLevelUnknown, "what the identity can do is not known"
	case level == inventory.LevelAdmin:
		return pointsAdmin, "the identity can do everything in its scope"
	case level == inventory.LevelEscalate:
		return pointsEscalate, "the identity can make itself administrator"
	case level == inventory.LevelWrite:
		return pointsWrite, "the identity can change data or configuration"
	case level == inventory.LevelRead:
		return pointsRead, "the identity can read"
	default:
		return 0, ""
	}
}

// level is the most that the subject's identities can do, and whether that is
// known. A known level that outweighs the unknown ones is known.
func (s *subject) level(coverage coverageIndex) (inventory.Level, bool) {
	if s.kind == inventory.KindGrant {
		return s.record.Grant.Level, s.record.Grant.Level.Rank() > 0
	}
	return topLevel(s.inv, s.identities(), coverage)
}

func topLevel(inv *inventory.Inventory, ids []*inventory.Identity, coverage coverageIndex) (inventory.Level, bool) {
	top, known := inventory.LevelNone, len(ids) > 0
	for _, id := range ids {
		if _, gap := coverage.gap(id.Scope, []inventory.Kind{inventory.KindGrant}); gap {
			known = false
		}
		for _, g := range inv.GrantsOf(id.ID) {
			if g.Level.Rank() == 0 {
				known = false
			}
			if g.Level.Rank() > top.Rank() {
				top = g.Level
			}
		}
	}
	return top, known || top.Rank() >= inventory.LevelWrite.Rank()
}

func (s *subject) exposurePoints() (int, string) {
	switch s.kind {
	case inventory.KindCredential:
		return exposureOf(s.record.Credential)
	case inventory.KindIdentity:
		points, reason := 0, ""
		for _, c := range credentialsOf(s.inv, s.id) {
			if p, r := exposureOf(c); p > points {
				points, reason = p, "one of its credentials: "+r
			}
		}
		return points, reason
	default:
		return 0, ""
	}
}

func exposureOf(c *inventory.Credential) (int, string) {
	switch {
	case c.Exposure == "public":
		return pointsPublic, "it lies open to the public"
	case len(c.FoundAt) > 0 && c.AtHead == inventory.True && uncommitted(c):
		return pointsAtHead, "it lies in a file, in no commit"
	case len(c.FoundAt) > 0 && c.AtHead == inventory.True:
		return pointsAtHead, "it lies in a repository at HEAD"
	case len(c.FoundAt) > 0 && c.AtHead == inventory.False:
		return pointsHistoryOnly, "it lies in the history of a repository"
	case len(c.FoundAt) > 0:
		return pointsExposed, "it lies in a repository; whether at HEAD is not known"
	case c.Exposure != "":
		return pointsExposed, "it lies open: " + strings.ReplaceAll(c.Exposure, "_", " ")
	default:
		return 0, ""
	}
}

// uncommitted reports whether a credential was found in no commit, but only on disk
// or staged.
func uncommitted(c *inventory.Credential) bool {
	return len(c.FoundAt) > 0 && c.Store == "file" &&
		!slices.ContainsFunc(c.FoundAt, func(l inventory.Location) bool { return l.Commit != "" })
}

func (s *subject) agePoints() (int, string) {
	var since time.Time
	switch s.kind {
	case inventory.KindCredential:
		since = s.record.Credential.CreatedAt
		if s.record.Credential.RotatedAt.After(since) {
			since = s.record.Credential.RotatedAt
		}
	case inventory.KindIdentity:
		since = s.record.Identity.CreatedAt
	case inventory.KindGrant:
		since = s.record.Grant.GrantedAt
	default:
		return 0, ""
	}
	days := wholeDays(since, s.now.Time)
	switch {
	case since.IsZero():
		return pointsNoAge, "its age is not known"
	case days > daysOld:
		return pointsOld, "it is more than " + textOld + " days old"
	case days > daysAging:
		return pointsAging, "it is more than " + textAging + " days old"
	default:
		return 0, ""
	}
}

func (s *subject) usePoints() (int, string) {
	if s.disabled() {
		return 0, ""
	}
	u := s.use()
	switch {
	case u.LastUsedAt.IsZero() && u.Never != inventory.True:
		return pointsNoUsage, "whether it is in use is not known"
	case !u.LastUsedAt.IsZero() && wholeDays(u.LastUsedAt, s.now.Time) <= daysInUse:
		return pointsInUse, "it was used in the last " + textInUse + " days"
	default:
		return 0, ""
	}
}

func (s *subject) disabled() bool {
	switch s.kind {
	case inventory.KindCredential:
		return s.record.Credential.Disabled == inventory.True
	case inventory.KindIdentity:
		return s.record.Identity.Disabled == inventory.True
	default:
		return false
	}
}

func (s *subject) ownerPoints() (int, string) {
	owner := s.owner()
	switch {
	case owner == nil:
		return pointsNoOwner, "nobody is known to own it"
	case owner.Active == inventory.False:
		return pointsNoOwner, "its owner has left"
	case owner.Confidence != inventory.ConfidenceHigh && owner.Confidence != inventory.ConfidenceMedium:
		return pointsWeakOwner, "its owner is only guessed"
	default:
		return 0, ""
	}
}

func environmentPoints(environment string) (int, string) {
	switch strings.ToLower(environment) {
	case "":
		return pointsNoEnv, "its environment is not known"
	case "production", "prod", "prd", "live":
		return pointsProduction, "it belongs to production"
	default:
		return 0, ""
	}
}
