package report

import (
	"cmp"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/muster-nhi/muster/internal/inventory"
)

// populationColumns are the columns of csv. Add at the end only: users' sheets
// depend on their order.
func populationColumns() []string {
	return []string{
		"kind", "id", "type", "name", "scope", "environment",
		"owner", "owner_method", "owner_confidence", "owner_active",
		"privilege", "identity", "credentials", "public_id",
		"created_at", "rotated_at", "expires_at", "never_expires", "last_used_at", "use_tracked_since",
		"disabled", "third_party", "agent", "declared", "managed_by", "reviewed_at",
		"store", "exposure", "at_head", "first_seen_at", "last_seen_at", "location", "locations",
		"findings", "worst_severity", "worst_score", "rules", "excepted", "description",
		"listing",
	}
}

// writeCSV writes the population: a row for each identity, then one for each
// credential, by id. Empty is unknown. Behind them a row of the kind coverage
// stands for each listing that was not complete or left something out, so that
// a sheet does not pass for the whole population if it is not.
func writeCSV(w io.Writer, r *Report, _ Options) error {
	s := newSheet(w)
	s.row(populationColumns())
	standing := bySubject(r.Findings)
	excepted := bySubject(r.Excepted)
	for _, x := range r.Inventory.Identities {
		s.row(append(identityRow(r.Inventory, x, standing[x.ID], len(excepted[x.ID])), listing(r.Inventory, x.Scope, inventory.KindIdentity)))
	}
	for _, x := range r.Inventory.Credentials {
		s.row(append(credentialRow(r.Inventory, x, standing[x.ID], len(excepted[x.ID])), listing(r.Inventory, x.Scope, inventory.KindCredential)))
	}
	for _, c := range qualified(r) {
		s.row(lossRow(populationColumns(), c, map[string]string{
			"kind": string(inventory.KindCoverage), "type": string(c.Kind), "name": lossTitle(c), "description": lossText(c),
		}))
	}
	return s.finish()
}

// bySubject groups findings by the record that failed; their order is kept.
func bySubject(list []*inventory.Finding) map[string][]*inventory.Finding {
	by := make(map[string][]*inventory.Finding)
	for _, f := range list {
		by[f.Subject] = append(by[f.Subject], f)
	}
	return by
}

func identityRow(inv *inventory.Inventory, x *inventory.Identity, found []*inventory.Finding, excepted int) []string {
	row := []string{"identity", x.ID, x.Type, x.Name, x.Scope, x.Environment}
	row = append(row, ownerCells(inv, x.ID)...)
	row = append(row, strongest(inv.GrantsOf(x.ID)), "",
		strconv.Itoa(len(inv.CredentialsOf(x.ID))), strings.Join(x.PublicIDs, " "),
		stamp(x.CreatedAt), "", "", "")
	row = append(row, useCells(inv, x.ID)...)
	row = append(row, tri(x.Disabled), tri(x.ThirdParty), tri(x.Agent), strconv.FormatBool(x.Declared),
		x.ManagedBy, stamp(x.ReviewedAt), "", "", "", "", "",
		place(x.FoundAt), strconv.Itoa(len(x.FoundAt)))
	return append(append(row, findingCells(found, excepted)...), x.Description)
}

func credentialRow(inv *inventory.Inventory, x *inventory.Credential, found []*inventory.Finding, excepted int) []string {
	never := ""
	if x.NeverExpires {
		never = "true"
	}
	opens := opened(inv, x)
	var grants []*inventory.Grant
	for _, id := range opens {
		grants = append(grants, inv.GrantsOf(id)...)
	}
	row := []string{"credential", x.ID, x.Type, x.Name, x.Scope, x.Environment}
	row = append(row, ownerCells(inv, x.ID)...)
	row = append(row, strongest(grants), strings.Join(opens, " "), "", x.PublicID,
		stamp(x.CreatedAt), stamp(x.RotatedAt), stamp(x.ExpiresAt), never)
	row = append(row, useCells(inv, x.ID)...)
	row = append(row, tri(x.Disabled), "", "", "", x.ManagedBy, "",
		x.Store, x.Exposure, tri(x.AtHead), stamp(x.FirstSeenAt), stamp(x.LastSeenAt),
		place(x.FoundAt), strconv.Itoa(len(x.FoundAt)+x.LocationsOmitted))
	return append(append(row, findingCells(found, excepted)...), x.Description)
}

// opened returns the ids of the identities that a credential proves: its own
// field, or the exact conclusions of correlate.
func opened(inv *inventory.Inventory, c *inventory.Credential) []string {
	var ids []string
	if c.Identity != "" {
		ids = append(ids, c.Identity)
	}
	for _, rel := range inv.RelationsFrom(c.ID) {
		if rel.Type == inventory.RelationAuthenticates && rel.Exact && !slices.Contains(ids, rel.To) {
			ids = append(ids, rel.To)
		}
	}
	return ids
}

func ownerCells(inv *inventory.Inventory, id string) []string {
	owners := inv.OwnersOf(id)
	if len(owners) == 0 {
		return []string{"", "", "", ""}
	}
	o := owners[0]
	return []string{o.Owner, o.Method, string(o.Confidence), tri(o.Active)}
}

// useCells returns the latest use and since when use is tracked.
func useCells(inv *inventory.Inventory, id string) []string {
	var last, since string
	for _, u := range inv.UsageOf(id) {
		last = max(last, stamp(u.LastUsedAt))
		if t := stamp(u.TrackedSince); t != "" && (since == "" || t < since) {
			since = t
		}
	}
	return []string{last, since}
}

// strongest returns the highest level among grants; unknown ones count only if
// nothing is known. No grants are no level: nothing is said.
func strongest(grants []*inventory.Grant) string {
	order := []inventory.Level{
		inventory.LevelNone, inventory.LevelRead, inventory.LevelWrite,
		inventory.LevelEscalate, inventory.LevelAdmin,
	}
	best := inventory.Level("")
	for _, g := range grants {
		if best == "" || slices.Index(order, g.Level) > slices.Index(order, best) {
			best = g.Level
		}
	}
	if len(grants) > 0 && best == "" {
		return string(inventory.LevelUnknown)
	}
	return string(best)
}

func findingCells(found []*inventory.Finding, excepted int) []string {
	if len(found) == 0 {
		return []string{"0", "", "", "", strconv.Itoa(excepted)}
	}
	var rules []string
	for _, f := range found {
		rules = append(rules, f.Rule)
	}
	slices.Sort(rules)
	worst := found[0]
	return []string{
		strconv.Itoa(len(found)), string(worst.Severity), strconv.Itoa(worst.Score),
		strings.Join(slices.Compact(rules), " "), strconv.Itoa(excepted),
	}
}

// tri writes a fact; unknown is empty.
func tri(t inventory.Tri) string {
	if t == inventory.Unknown {
		return ""
	}
	return t.String()
}

// place writes the first location as path:line.
func place(list []inventory.Location) string {
	if len(list) == 0 {
		return ""
	}
	return locate(list[0])
}

func locate(l inventory.Location) string {
	if l.Line > 0 {
		return l.URI + ":" + strconv.Itoa(l.Line)
	}
	return l.URI
}

// findingColumns are the columns of csv-findings. Add at the end only.
func findingColumns() []string {
	return []string{
		"id", "rule", "title", "category", "severity", "score",
		"subject", "subject_kind", "subject_type", "subject_name", "scope", "environment", "message",
		"owner", "owner_method", "state", "first_seen", "last_seen",
		"location", "commit", "author", "at_head", "locations",
		"iso27001_2022", "soc2", "owasp_nhi_2025", "other_controls",
		"excepted", "exception_reason", "exception_approver", "exception_control", "exception_expires",
		"score_reasons", "chain", "listing",
	}
}

// writeCSVFindings writes a row for each finding that stands, worst first,
// then one for each that is excepted. Behind them a row without id and rule
// stands for each listing that was not complete or left something out.
func writeCSVFindings(w io.Writer, r *Report, _ Options) error {
	s := newSheet(w)
	s.row(findingColumns())
	for _, list := range [][]*inventory.Finding{r.Findings, r.Excepted} {
		for _, f := range list {
			s.row(append(findingRow(f), listing(r.Inventory, f.Scope, f.SubjectKind)))
		}
	}
	for _, c := range qualified(r) {
		s.row(lossRow(findingColumns(), c, map[string]string{
			"title": lossTitle(c), "subject_kind": string(c.Kind), "message": lossText(c),
		}))
	}
	return s.finish()
}

func findingRow(f *inventory.Finding) []string {
	row := []string{
		f.ID, f.Rule, f.Title, f.Category, string(f.Severity), strconv.Itoa(f.Score),
		f.Subject, string(f.SubjectKind), f.SubjectType, f.SubjectName, f.Scope, f.Environment, f.Message,
		f.Owner, f.OwnerMethod, f.State, stamp(f.FirstSeen), stamp(f.LastSeen),
	}
	var at inventory.Location
	if len(f.Locations) > 0 {
		at = f.Locations[0]
	}
	row = append(row, place(f.Locations), at.Commit, at.Author, tri(at.AtHead), strconv.Itoa(len(f.Locations)))
	row = append(row, controlCells(f.Controls)...)
	row = append(row, exceptionCells(f.Exception)...)
	return append(row, scoreText(f.ScoreLines), strings.Join(f.Chain, " > "))
}

func controlCells(controls map[string][]string) []string {
	named := []string{"iso27001_2022", "soc2", "owasp_nhi_2025"}
	cells := make([]string, 0, len(named)+1)
	for _, k := range named {
		cells = append(cells, strings.Join(controls[k], " "))
	}
	var other []string
	for _, k := range slices.Sorted(maps.Keys(controls)) {
		if !slices.Contains(named, k) && len(controls[k]) > 0 {
			other = append(other, k+": "+strings.Join(controls[k], " "))
		}
	}
	return append(cells, strings.Join(other, " | "))
}

func exceptionCells(e *inventory.Exception) []string {
	if e == nil {
		return []string{"false", "", "", "", ""}
	}
	return []string{"true", e.Reason, e.Approver, e.Control, stamp(e.Expires)}
}

// scoreText writes the lines of a score: "40 can administer | 10 no owner".
func scoreText(lines []inventory.ScoreLine) string {
	parts := make([]string, 0, len(lines))
	for _, l := range lines {
		parts = append(parts, strconv.Itoa(l.Points)+" "+cmp.Or(l.Reason, "?"))
	}
	return strings.Join(parts, " | ")
}
