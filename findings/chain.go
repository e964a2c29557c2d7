package findings

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/muster-nhi/muster/internal/inventory"
)

// Chain tells, as sentences, the whole line of a leaked credential: where it
// leaked, what it opens, what that may do, who owns it, and, if findings are
// given, which controls the findings on it fail. It returns nil if the
// inventory has no such credential.
func (e *Engine) Chain(inv *inventory.Inventory, credential string, findings ...*inventory.Finding) []string {
	c := inv.Credential(credential)
	if c == nil {
		return nil
	}
	var about []*inventory.Finding
	for _, f := range findings {
		if f.Subject == credential {
			about = append(about, f)
		}
	}
	return chain(inv, c, newCoverageIndex(inv), about...)
}

func chain(inv *inventory.Inventory, c *inventory.Credential, coverage coverageIndex, about ...*inventory.Finding) []string {
	out := []string{leaked(c)}
	ids := opens(inv, c)
	for _, id := range ids {
		out = append(out, fmt.Sprintf("It opens the %s %s (%s).", typeTitle(id.Type), cmp.Or(id.Name, id.ID), id.ID), may(inv, id, coverage))
	}
	if len(ids) == 0 {
		out = append(out, opensElsewhere(inv, c))
	}
	out = append(out, answers(inv, c, ids))
	if line := failing(about); line != "" {
		out = append(out, line)
	}
	return out
}

// leaked says where the credential lies.
func leaked(c *inventory.Credential) string {
	what := "The " + label(c)
	if len(c.FoundAt) == 0 {
		if c.Exposure == "" {
			return fmt.Sprintf("%s was not found lying open.", what)
		}
		return fmt.Sprintf("%s lies open: %s.", what, strings.ReplaceAll(c.Exposure, "_", " "))
	}
	l := headFirst(c.FoundAt)[0]
	s := fmt.Sprintf("%s leaked in %s", what, l.URI)
	if l.Line > 0 {
		s += fmt.Sprintf(", line %d", l.Line)
	}
	if l.Repo != "" {
		s += " of " + l.Repo
	}
	if l.Commit != "" {
		s += ", commit " + l.Commit[:min(len(l.Commit), 12)]
	}
	if !l.Date.IsZero() {
		s += " of " + l.Date.UTC().Format(time.DateOnly)
	}
	if l.Via != "" {
		s += " (" + l.Via + ")"
	}
	switch more := len(c.FoundAt) - 1 + c.LocationsOmitted; {
	case more == 1:
		s += ", and in one more place"
	case more > 1:
		s += fmt.Sprintf(", and in %d more places", more)
	}
	switch {
	case c.AtHead == inventory.True && uncommitted(c):
		return s + "; it is there now, in no commit."
	case c.AtHead == inventory.True:
		return s + "; it is still there at HEAD."
	case c.AtHead == inventory.False:
		return s + "; it is gone from HEAD but stays in the history."
	default:
		return s + "; whether it is still there at HEAD is not known."
	}
}

// opensElsewhere says what is known of the far end when it is not in the
// inventory.
func opensElsewhere(inv *inventory.Inventory, c *inventory.Credential) string {
	for _, r := range inv.RelationsFrom(c.ID) {
		if r.Type == inventory.RelationAuthenticates && r.Exact {
			return fmt.Sprintf("It opens an identity that is not in this inventory (public id %s).", r.To)
		}
	}
	if c.Identity != "" {
		return fmt.Sprintf("It opens an identity that is not in this inventory (%s).", c.Identity)
	}
	for _, r := range inv.RelationsFrom(c.ID) {
		if r.Type == inventory.RelationAuthenticates {
			return fmt.Sprintf("It probably opens %s (%s).", r.To, cmp.Or(r.Reason, r.Method))
		}
	}
	if c.PublicID != "" {
		return fmt.Sprintf("It opens an identity that is not in this inventory (public id %s).", c.PublicID)
	}
	return "Which identity it opens is not known."
}

// may says what an identity can do.
func may(inv *inventory.Inventory, id *inventory.Identity, coverage coverageIndex) string {
	level, known := topLevel(inv, []*inventory.Identity{id}, coverage)
	if !known {
		return "What that identity may do is not known."
	}
	if level == inventory.LevelNone {
		return "That identity holds no permissions."
	}
	var reasons, capabilities []string
	for _, g := range inv.GrantsOf(id.ID) {
		capabilities = append(capabilities, g.Capabilities...)
		if g.Level == level {
			reasons = append(reasons, g.Name)
			reasons = append(reasons, g.Reasons...)
		}
	}
	s := fmt.Sprintf("That identity may %s, by %s", verb(level), listed(reasons))
	if len(capabilities) > 0 {
		slices.Sort(capabilities)
		s += "; among it " + listed(slices.Compact(capabilities))
	}
	return s + "."
}

// maxChain bounds the lines that tell how an identity comes to what it may do.
const maxChain = 24

// ways tells, as sentences, how an identity comes to be administrator or
// whatever else its strongest grants give: each way up step by step, and the
// statements that it rests on. It returns nil if no grant of it is of level admin
// or escalate and none leads further.
func ways(inv *inventory.Inventory, identity string) []string {
	var out []string
	seen := map[string]bool{}
	add := func(line string) {
		if !seen[line] {
			seen[line] = true
			out = append(out, line)
		}
	}
	for _, g := range inv.GrantsOf(identity) {
		strong := g.Level == inventory.LevelAdmin || g.Level == inventory.LevelEscalate
		if !strong && len(g.Paths) == 0 {
			continue
		}
		head := g.Name
		if g.Via != "" {
			head += " (" + g.Via + ")"
		}
		if strong {
			head += " lets it " + verb(g.Level)
		}
		add(head + ".")
		for _, p := range g.Paths {
			add("Way up: " + p + ".")
		}
		for _, r := range g.Reasons {
			add("Shown by: " + r + ".")
		}
	}
	if n := len(out) - maxChain; n > 0 {
		out = append(out[:maxChain:maxChain], fmt.Sprintf("… and %d more: muster explain %s.", n, identity))
	}
	return out
}

func verb(level inventory.Level) string {
	switch level {
	case inventory.LevelAdmin:
		return "do everything in its scope (admin)"
	case inventory.LevelEscalate:
		return "make itself administrator (escalate)"
	case inventory.LevelWrite:
		return "change data or configuration (write)"
	case inventory.LevelRead:
		return "read (read)"
	case inventory.LevelNone, inventory.LevelUnknown:
		return "do nothing that is known"
	default:
		return "do nothing that is known"
	}
}

// maxListed is how many things one sentence names.
const maxListed = 5

func listed(list []string) string {
	var out []string
	for _, s := range list {
		if s != "" && !slices.Contains(out, s) {
			out = append(out, s)
		}
	}
	if n := len(out) - maxListed; n > 0 {
		return strings.Join(out[:maxListed], ", ") + fmt.Sprintf(" and %d more", n)
	}
	return strings.Join(out, ", ")
}

// answers says who owns what the credential opens, or the credential itself.
func answers(inv *inventory.Inventory, c *inventory.Credential, ids []*inventory.Identity) string {
	var owners []*inventory.Owner
	for _, id := range ids {
		owners = append(owners, inv.OwnersOf(id.ID)...)
	}
	owners = append(owners, inv.OwnersOf(c.ID)...)
	if len(owners) == 0 {
		return "Nobody is known to own it."
	}
	o := owners[0]
	still := "whether they are still there is not known"
	switch o.Active {
	case inventory.True:
		still = "still there"
	case inventory.False:
		still = "no longer there"
	case inventory.Unknown:
	}
	return fmt.Sprintf("Its owner is %s (by %s, confidence %s; %s).", o.Owner, strings.ReplaceAll(o.Method, "_", " "), o.Confidence, still)
}

// failing names the controls that the findings fail.
func failing(about []*inventory.Finding) string {
	controls := map[string][]string{}
	for _, f := range about {
		for framework, ids := range f.Controls {
			controls[framework] = append(controls[framework], ids...)
		}
	}
	var parts []string
	for _, framework := range sortedKeys(controls) {
		ids := controls[framework]
		slices.Sort(ids)
		parts = append(parts, framework+" "+strings.Join(slices.Compact(ids), ", "))
	}
	if len(parts) == 0 {
		return ""
	}
	return "It fails " + strings.Join(parts, "; ") + "."
}
