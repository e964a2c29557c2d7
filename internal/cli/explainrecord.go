package cli

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/muster-nhi/muster/internal/inventory"
)

// record explains a record of the inventory: all that is known of it.
func (e *explainer) record(id string) {
	inv := e.r.Inventory
	switch {
	case inv.Identity(id) != nil:
		e.identity(inv.Identity(id))
	case inv.Credential(id) != nil:
		e.credential(inv.Credential(id))
	default:
		e.other(id)
	}
}

func (e *explainer) identity(x *inventory.Identity) {
	inv := e.r.Inventory
	fmt.Fprintf(e.w, "%s  %s\n\n", visible(x.Name), x.Type)
	e.fact("id", x.ID)
	e.fact("scope", x.Scope)
	e.fact("also known as", strings.Join(x.PublicIDs, ", "))
	e.fact("environment", x.Environment)
	e.fact("created", day(x.CreatedAt))
	e.fact("created by", x.CreatedBy)
	e.fact("disabled", x.Disabled.String())
	e.fact("description", x.Description)
	e.fact("managed by", x.ManagedBy)
	e.fact("reviewed", dayOrNone(x.ReviewedAt))
	if x.Declared {
		e.fact("seen", "in configuration only, not live")
	}
	e.bag("tags", x.Tags)
	e.bag("attributes", x.Attributes)
	e.owners(x.ID, "")
	e.credentials(x.ID)
	e.grants(x.ID)
	e.trusts(x.ID)
	e.consumers(x.ID)
	e.usage(x.ID)
	e.relations(x.ID)
	e.locations(x.FoundAt)
	e.findingsOn(x.ID)
	e.coverage(inv, x.Scope)
}

func (e *explainer) credential(x *inventory.Credential) {
	inv := e.r.Inventory
	fmt.Fprintf(e.w, "%s  %s\n\n", visible(cmp.Or(x.Name, x.PublicID, x.Hint, x.ID)), x.Type)
	e.fact("id", x.ID)
	e.fact("scope", x.Scope)
	e.fact("identity", x.Identity)
	e.fact("public id", x.PublicID)
	e.fact("hint", x.Hint)
	e.fact("kept in", x.Store)
	e.fact("exposed by", x.Exposure)
	e.fact("created", day(x.CreatedAt))
	e.fact("rotated", dayOrNone(x.RotatedAt))
	e.fact("expires", expiry(x))
	e.fact("disabled", x.Disabled.String())
	e.fact("validity", x.Validity)
	e.fact("key", strings.TrimSpace(x.Algorithm+" "+bits(x.KeyBits)))
	e.fact("detected by", x.Detector)
	if len(x.FoundAt) > 0 {
		e.fact("at HEAD", x.AtHead.String())
		e.fact("at the tip of a branch", x.AtTip.String())
	}
	e.bag("tags", x.Tags)
	e.bag("attributes", x.Attributes)
	if line := e.j.engine.Chain(inv, e.leak(x), e.r.Findings...); len(line) > 0 {
		e.headf("The whole line")
		for _, c := range line {
			fmt.Fprintln(e.w, "  - "+strings.TrimLeft(wrap(visible(c), "    ", e.width), " "))
		}
	}
	e.owners(x.ID, x.Identity)
	e.consumers(x.ID)
	e.usage(x.ID)
	e.relations(x.ID)
	e.locations(x.FoundAt)
	if x.LocationsOmitted > 0 {
		e.para(fmt.Sprintf("%d more places are not listed.", x.LocationsOmitted))
	}
	e.findingsOn(x.ID)
	e.coverage(inv, x.Scope)
}

// leak returns the id of the record that tells where a credential lies open: its
// own, or that of another record of the same secret.
func (e *explainer) leak(x *inventory.Credential) string {
	if x.Exposure != "" || len(x.FoundAt) > 0 {
		return x.ID
	}
	for _, r := range e.r.Inventory.Relations {
		if r.Type != inventory.RelationSameSecret || r.From != x.ID && r.To != x.ID {
			continue
		}
		other := r.From
		if other == x.ID {
			other = r.To
		}
		if c := e.r.Inventory.Credential(other); c != nil && c.Exposure != "" {
			return other
		}
	}
	return x.ID
}

func expiry(x *inventory.Credential) string {
	if x.NeverExpires {
		return "never"
	}
	return day(x.ExpiresAt)
}

func bits(n int) string {
	if n == 0 {
		return ""
	}
	return fmt.Sprintf("%d bits", n)
}

// other explains a grant, trust or consumer: all of its fields.
func (e *explainer) other(id string) {
	inv := e.r.Inventory
	var rec inventory.Record
	subject := ""
	for _, x := range inv.Grants {
		if x.ID == id {
			rec.Grant, subject = x, x.Principal
		}
	}
	for _, x := range inv.Trusts {
		if x.ID == id {
			rec.Trust, subject = x, x.Identity
		}
	}
	for _, x := range inv.Consumers {
		if x.ID == id {
			rec.Consumer, subject = x, x.Subject
		}
	}
	fmt.Fprintf(e.w, "%s  %s\n\n", rec.Kind(), id)
	var fields map[string]map[string]any
	if b, err := json.Marshal(rec); err == nil && json.Unmarshal(b, &fields) == nil {
		all := fields[string(rec.Kind())]
		for _, k := range slices.Sorted(maps.Keys(all)) {
			if k != "id" && k != "found_at" {
				e.fact(strings.ReplaceAll(k, "_", " "), text(all[k]))
			}
		}
	}
	e.owners(subject, "")
	e.usage(id)
	if rec.Grant != nil {
		e.relations(id)
	}
	e.findingsOn(id)
}

// text writes a JSON value for people.
func text(v any) string {
	switch v := v.(type) {
	case []any:
		var out []string
		for _, x := range v {
			out = append(out, fmt.Sprint(x))
		}
		return strings.Join(out, "; ")
	case map[string]any:
		var out []string
		for _, k := range slices.Sorted(maps.Keys(v)) {
			out = append(out, k+"="+fmt.Sprint(v[k]))
		}
		return strings.Join(out, ", ")
	}
	return fmt.Sprint(v)
}

func (e *explainer) bag(name string, m map[string]string) {
	var out []string
	for _, k := range slices.Sorted(maps.Keys(m)) {
		out = append(out, k+"="+m[k])
	}
	e.fact(name, strings.Join(out, ", "))
}

// owners lists who answers for a record, or else for the identity it belongs to.
func (e *explainer) owners(id, identity string) {
	list := e.r.Inventory.OwnersOf(id)
	if of := e.r.Inventory.OwnersOf(identity); len(list) == 0 && identity != "" && len(of) > 0 {
		e.headf("Owners of the identity that it opens")
		list = of
	} else {
		e.headf("Owners")
	}
	if len(list) == 0 {
		e.para("Nobody is known to answer for it.")
	}
	for _, o := range list {
		line := fmt.Sprintf("%s  by %s, confidence %s", o.Owner, o.Method, o.Confidence)
		if active, known := o.Active.Bool(); known {
			line += map[bool]string{true: ", still there", false: ", has left or is disabled"}[active]
		}
		if o.Source != "" {
			line += "  (" + o.Source + ")"
		}
		fmt.Fprintln(e.w, "  "+visible(line))
	}
}

func (e *explainer) credentials(id string) {
	inv := e.r.Inventory
	list := slices.Clone(inv.CredentialsOf(id))
	for _, r := range inv.RelationsTo(id) {
		if c := inv.Credential(r.From); c != nil && r.Type == inventory.RelationAuthenticates && !slices.Contains(list, c) {
			list = append(list, c)
		}
	}
	if len(list) == 0 {
		return
	}
	e.headf("Credentials that open it")
	for _, c := range list {
		line := fmt.Sprintf("%s  %s  created %s, expires %s", cmp.Or(c.PublicID, c.Name, c.Hint, "(no name)"), c.Type, day(c.CreatedAt), expiry(c))
		if c.Exposure != "" {
			line += ", lies open in a " + c.Exposure
		}
		fmt.Fprintf(e.w, "  %s\n      %s\n", visible(line), visible(c.ID))
	}
}

func (e *explainer) grants(id string) {
	list := e.r.Inventory.GrantsOf(id)
	if len(list) == 0 {
		return
	}
	e.headf("What it may do")
	for _, g := range list {
		fmt.Fprintln(e.w, "  "+visible(fmt.Sprintf("%-8s  %s on %s  %s", g.Level, g.Name, or(g.Resource, "?"), g.Via)))
		for _, why := range g.Reasons {
			fmt.Fprintln(e.w, "            "+visible(why))
		}
		for _, p := range g.Paths {
			fmt.Fprintln(e.w, "            path: "+visible(p))
		}
	}
}

func (e *explainer) trusts(id string) {
	list := e.r.Inventory.TrustsOf(id)
	if len(list) == 0 {
		return
	}
	e.headf("Who may act as it")
	for _, t := range list {
		fmt.Fprintln(e.w, "  "+visible(fmt.Sprintf("%s  %s  subject %s  audience %s", t.Type, or(t.Issuer, t.ExternalAccount), or(t.Subject, "(any)"), or(t.Audience, "(none)"))))
	}
}

func (e *explainer) consumers(id string) {
	list := e.r.Inventory.ConsumersOf(id)
	if len(list) == 0 {
		return
	}
	e.headf("Who uses it")
	for _, c := range list {
		fmt.Fprintln(e.w, "  "+visible(fmt.Sprintf("%s %s  %s", c.Kind, c.Workload, c.Location)))
	}
}

func (e *explainer) usage(id string) {
	e.headf("Use")
	list := e.r.Inventory.UsageOf(id)
	if len(list) == 0 {
		e.para("Nothing is known of its use.")
	}
	for _, u := range list {
		switch {
		case !u.LastUsedAt.IsZero():
			e.para(visible(fmt.Sprintf("last used %s %s %s", day(u.LastUsedAt), u.Service, u.Resource)))
		case !u.TrackedSince.IsZero():
			e.para("not used since " + day(u.TrackedSince) + ", when recording began")
		}
	}
}

func (e *explainer) relations(id string) {
	inv := e.r.Inventory
	from, to := inv.RelationsFrom(id), inv.RelationsTo(id)
	if len(from)+len(to) == 0 {
		return
	}
	e.headf("Related")
	for _, r := range from {
		fmt.Fprintln(e.w, "  "+visible(fmt.Sprintf("%s → %s%s", strings.ReplaceAll(r.Type, "_", " "), r.To, certainty(r))))
	}
	for _, r := range to {
		fmt.Fprintln(e.w, "  "+visible(fmt.Sprintf("← %s %s%s", strings.ReplaceAll(r.Type, "_", " "), r.From, certainty(r))))
	}
}

// certainty says how sure a relation is and whether its end was seen.
func certainty(r *inventory.Relation) string {
	var notes []string
	if !r.Exact {
		notes = append(notes, "probable")
	}
	if !r.Resolved {
		notes = append(notes, "not in this scan")
	}
	if r.Reason != "" {
		notes = append(notes, r.Reason)
	}
	if len(notes) == 0 {
		return ""
	}
	return "  (" + strings.Join(notes, "; ") + ")"
}

func (e *explainer) findingsOn(id string) {
	e.headf("Findings")
	n := 0
	for _, f := range e.r.Findings {
		if f.Subject == id {
			n++
			fmt.Fprintf(e.w, "  %s  %-8s  %s  %s\n", f.ID, f.Severity, f.Rule, visible(f.Message))
		}
	}
	for _, f := range e.r.Excepted {
		if f.Subject == id {
			n++
			fmt.Fprintf(e.w, "  %s  accepted  %s  %s\n", f.ID, f.Rule, visible(f.Message))
		}
	}
	if n == 0 {
		e.para("None.")
	}
}

// coverage says how much of the scope was seen.
func (e *explainer) coverage(inv *inventory.Inventory, scope string) {
	e.headf("How much of %s was seen", visible(scope))
	for _, k := range inventory.ScanKinds() {
		status, ok := inv.CoverageOf(scope, k)
		if !ok {
			fmt.Fprintf(e.w, "  %-10s  not looked at\n", k)
			continue
		}
		fmt.Fprintf(e.w, "  %-10s  %s\n", k, status)
	}
}
