package cli

import (
	"slices"
	"strings"

	"github.com/muster-nhi/muster/findings"
	"github.com/muster-nhi/muster/internal/inventory"
)

// fullControl puts the framework before the number of a control if only one
// framework has it: CC6.1 is soc2:CC6.1. Anything else comes back as it is.
func (e *explainer) fullControl(id string) (string, error) {
	key, control, named := strings.Cut(id, ":")
	if named {
		return id, e.knownControl(key, control)
	}
	var fits []string
	for _, f := range e.j.library.Frameworks {
		for _, c := range f.Controls {
			if strings.EqualFold(c.ID, id) && f.Key != "muster" {
				fits = append(fits, f.Key+":"+c.ID)
			}
		}
	}
	switch len(fits) {
	case 0:
		return id, nil
	case 1:
		return fits[0], nil
	}
	return "", ambiguous(id, "control", fits)
}

// knownControl refuses a control that its framework does not have. What begins
// with no framework is left to others: ids of records hold colons too.
func (e *explainer) knownControl(key, control string) error {
	i := slices.IndexFunc(e.j.library.Frameworks, func(f findings.Framework) bool { return f.Key == key })
	if i < 0 {
		return nil
	}
	var ids []string
	for _, c := range e.j.library.Frameworks[i].Controls {
		if strings.EqualFold(c.ID, control) {
			return nil
		}
		ids = append(ids, c.ID)
	}
	if key == "muster" && e.isControl(control) {
		return nil
	}
	return usage("%s has no control %s%s (muster controls --framework %s lists them)", key, visible(control), closest(control, ids), key)
}

// thing explains what stands in the scan: a finding, or a record.
func (e *explainer) thing(id string) error {
	var begin []*inventory.Finding
	for _, f := range append(slices.Clone(e.r.Findings), e.r.Excepted...) {
		if f.ID == id || f.Fingerprint == id {
			e.finding(f)
			return nil
		}
		if strings.HasPrefix(f.ID, id) {
			begin = append(begin, f)
		}
	}
	if len(begin) == 1 {
		e.finding(begin[0])
		return nil
	}
	if len(begin) > 1 && strings.HasPrefix(id, "F-") {
		var fits []string
		for _, f := range begin {
			fits = append(fits, f.ID+"  "+visible(f.Message))
		}
		return ambiguous(id, "finding", fits)
	}
	ids := e.ids()
	matches := e.named(id)
	if len(matches) != 1 || slices.Contains(ids, id) {
		matches = matching(ids, id)
	}
	switch len(matches) {
	case 0:
		return e.unknown(id, ids)
	case 1:
		e.record(matches[0])
		return nil
	}
	return ambiguous(id, "id", matches)
}

// ambiguous asks which of several is meant.
func ambiguous(id, what string, fits []string) error {
	slices.Sort(fits)
	more := ""
	if n := len(fits) - 10; n > 0 {
		more = "\n  … and " + plural(n, "other")
	}
	return usage("%s fits %s; which of them?\n  %s%s", visible(id), plural(len(fits), what), strings.Join(fits[:min(len(fits), 10)], "\n  "), more)
}

// named returns the ids of the identities of a name, or else of the credentials
// of a name or public id.
func (e *explainer) named(name string) []string {
	var out []string
	for _, x := range e.r.Inventory.Identities {
		if x.Name == name || slices.Contains(x.PublicIDs, name) {
			out = append(out, x.ID)
		}
	}
	if len(out) > 0 {
		return out
	}
	for _, x := range e.r.Inventory.Credentials {
		if x.PublicID == name && x.Exposure != "" {
			return []string{x.ID} // where it leaked and what it opens is the whole line
		}
		if x.Name == name || x.PublicID == name {
			out = append(out, x.ID)
		}
	}
	return out
}

// ids lists everything of the inventory that has an id.
func (e *explainer) ids() []string {
	var out []string
	inv := e.r.Inventory
	for _, x := range inv.Identities {
		out = append(out, x.ID)
	}
	for _, x := range inv.Credentials {
		out = append(out, x.ID)
	}
	for _, x := range inv.Grants {
		out = append(out, x.ID)
	}
	for _, x := range inv.Trusts {
		out = append(out, x.ID)
	}
	for _, x := range inv.Consumers {
		out = append(out, x.ID)
	}
	return out
}

// matching returns the id that is meant, or else the only one that ends with
// the text, or else all that hold it.
func matching(ids []string, text string) []string {
	if slices.Contains(ids, text) {
		return []string{text}
	}
	var end, hold []string
	for _, id := range ids {
		if strings.HasSuffix(id, text) {
			end = append(end, id)
		}
		if strings.Contains(id, text) {
			hold = append(hold, id)
		}
	}
	if len(end) == 1 {
		return end
	}
	return hold
}

// unknown says what an id was probably meant to be.
func (e *explainer) unknown(id string, ids []string) error {
	var begin []string
	for _, r := range e.j.engine.Rules() {
		if strings.HasPrefix(r.ID, strings.ToUpper(id)) {
			begin = append(begin, r.ID+"  "+r.Title)
		}
		ids = append(ids, r.ID)
	}
	if len(begin) > 1 {
		return ambiguous(id, "rule", begin)
	}
	for _, c := range e.j.library.Controls {
		ids = append(ids, c.ID)
	}
	for _, f := range e.j.library.Frameworks {
		for _, c := range f.Controls {
			ids = append(ids, f.Key+":"+c.ID)
		}
	}
	for _, f := range e.r.Findings {
		ids = append(ids, f.ID)
	}
	return usage("there is no rule, control, finding or record %s in %s%s (muster inventory and muster findings list ids)",
		visible(id), or(e.r.Run.Snapshot, strings.Join(e.r.Run.Sources, ", ")), closest(id, ids))
}
