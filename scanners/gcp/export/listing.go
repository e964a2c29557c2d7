package export

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/scanners/gcp/object"
)

// A listing is what files of one call say together of one place.
type listing struct {
	count         int
	pages, opened int    // documents, and those that say that more follows
	trouble       string // why it is not complete
	denied, off   bool
	thin, full    bool // only a search told, which says less; a listing did
}

func (p *project) listing(call string) *listing {
	if p.listings[call] == nil {
		p.listings[call] = &listing{}
	}
	return p.listings[call]
}

// status says how much of a call the files have.
func (l *listing) status() inventory.Status {
	switch {
	case l.denied && l.count == 0:
		return inventory.StatusDenied
	case l.trouble != "", l.pages > 0 && l.opened >= l.pages, l.thin && !l.full:
		return inventory.StatusPartial
	case l.pages == 0 && !l.off:
		return inventory.StatusSkipped
	}
	return inventory.StatusComplete
}

// chain are the names under which a project and what it is in may stand among the
// ancestors of assets.
func (p *project) chain() map[string]bool {
	out := map[string]bool{}
	add := func(name string) {
		for n := 0; name != "" && !out[name] && n < 100; n++ {
			out[name] = true
			next := p.r.parents[name]
			if f := p.r.folders[name]; f != nil {
				next = cmp.Or(f.v.Parent, next)
			}
			name = next
		}
	}
	if p.place != "" {
		add(p.place)
		return out
	}
	out["projects/"+p.Number], out["projects/"+p.ID] = true, true
	for _, a := range p.r.ancestors[p.Number] {
		add(a)
	}
	add(p.Parent)
	add(p.r.parents["projects/"+p.ID])
	add(p.r.parents["projects/"+p.Number])
	return out
}

// covers reports whether a file of Asset Inventory would hold what is in a project.
func (s *sweep) covers(chain map[string]bool) bool {
	if s.place != "" {
		return chain[s.place]
	}
	if len(s.common) == 0 {
		return false
	}
	for a := range s.common {
		if !chain[a] {
			return false
		}
	}
	return true
}

// has reports whether a file of Asset Inventory would hold what a call lists.
func (s *sweep) has(c *call) bool {
	switch s.content {
	case "resource":
		for _, t := range c.assets {
			if s.all || s.types[t] {
				return true
			}
		}
	case "iam-policy", "policy-search":
		// Policies are asked for without a type, for all resources at once.
		return strings.HasSuffix(c.permission, ".getIamPolicy") && (s.all || s.content == "policy-search")
	}
	return false
}

// sweepOf finds a file of Asset Inventory that tells of a call in a project; one that
// is whole before one that is not.
func (p *project) sweepOf(c *call) *sweep {
	var found *sweep
	if p.around == nil {
		p.around = p.chain()
	}
	for _, s := range p.r.sweeps {
		if s.has(c) && s.covers(p.around) && (found == nil || found.cut != "") {
			found = s
		}
	}
	return found
}

// swept reports whether a whole file of Asset Inventory tells of all that a call
// lists in a project.
func (p *project) swept(permission string) bool {
	whole, known := p.whole[permission]
	if known {
		return whole
	}
	for i := range p.r.calls.list {
		if c := &p.r.calls.list[i]; c.permission == permission && len(c.assets) > 0 {
			s := p.sweepOf(c)
			whole = s != nil && s.cut == ""
			break
		}
	}
	p.whole[permission] = whole
	return whole
}

// answered reports whether a file says that there is nothing that a call would list
// of a thing of the project.
func (p *project) answered(permission, name string) bool {
	for _, where := range []string{p.ID, p.Number, p.place} {
		if where != "" && p.r.answered[permission+" "+where+" "+name] {
			return true
		}
	}
	return false
}

// knows reports whether all that a call lists of a thing was listed, where some of it
// was: such calls have no pages, or tell that more follows.
func (p *project) knows(permission, name string, some bool) bool {
	if p.swept(permission) || p.answered(permission, name) {
		return true
	}
	l := p.listings[permission]
	return some && l != nil && l.full && l.status() == inventory.StatusComplete
}

// tell says of each call what the files have of it, and what to run for what they
// lack.
func (p *project) tell() []object.Listing {
	said := map[string]bool{}
	for i := range p.r.calls.list {
		c := &p.r.calls.list[i]
		if !said[c.permission] && p.misses(c) {
			said[c.permission] = true
			p.tellCall(c)
		}
	}
	for _, permission := range slices.Sorted(maps.Keys(p.listings)) {
		if !said[permission] {
			p.tellCall(&call{permission: permission, need: extra})
		}
	}
	if s := p.sweepOf(&call{permission: ".getIamPolicy"}); s != nil && s.cut == "" {
		p.Listings = append(p.Listings, object.Listing{Call: "cloudasset.assets.searchAllIamPolicies", Status: inventory.StatusComplete})
	}
	slices.SortStableFunc(p.Listings, func(a, b object.Listing) int { return cmp.Compare(a.Call, b.Call) })
	return p.Listings
}

// misses reports whether the files lack something without a call.
func (p *project) misses(c *call) bool {
	switch c.need {
	case always:
		return p.place == ""
	case each:
		_, of := p.lacks(c)
		return of > 0
	case above:
		return strings.HasPrefix(p.place, "organizations/")
	case container:
		return strings.HasPrefix(p.place, "folders/")
	case extra:
	}
	return false
}

func (p *project) tellCall(c *call) {
	l := p.listings[c.permission]
	if l == nil {
		l = &listing{}
	}
	s := p.sweepOf(c)
	if api := c.onlyWith(); s == nil && l.pages == 0 && l.trouble == "" && api != "" && p.ServicesKnown && !slices.Contains(p.Services, api) {
		l.off = true
	}
	if rings := p.listings["cloudkms.keyRings.list"]; c.permission == "cloudkms.cryptoKeys.list" && l.pages == 0 && rings != nil && rings.status() == inventory.StatusComplete && rings.count == 0 {
		l.pages++ // without a key ring there is no key
	}
	if s != nil {
		l.pages++
		l.full = true
		if s.cut != "" {
			l.trouble = cmp.Or(l.trouble, s.cut)
		}
	}
	out := object.Listing{Call: c.permission, Count: l.count, Status: l.status(), Off: l.off && l.count == 0}
	if lacks, of := p.lacks(c); lacks > 0 && s == nil && (out.Status == inventory.StatusComplete || out.Status == inventory.StatusSkipped) {
		out.Status, out.Reason = inventory.StatusPartial, fmt.Sprintf("known of %d of %d; run for each: %s", of-lacks, of, p.command(c))
		if lacks == of {
			out.Status, out.Reason = inventory.StatusSkipped, fmt.Sprintf("known of none of %d; run for each: %s", of, p.command(c))
		}
	} else if c.need == each && s == nil && lacks == 0 && out.Status == inventory.StatusSkipped {
		out.Status = inventory.StatusComplete
	} else if out.Status != inventory.StatusComplete {
		out.Reason = p.reason(c, l)
	}
	p.Listings = append(p.Listings, out)
}

// reason says why a listing is not complete and what to do.
func (p *project) reason(c *call, l *listing) string {
	run := ""
	if c.command != "" {
		run = "; run: " + p.command(c)
	}
	switch {
	case l.trouble != "":
		return l.trouble + run
	case l.opened > 0:
		return "the last page is missing" + run
	case l.thin && !l.full:
		return "known from a search only, which does not tell all" + run
	}
	return "no file" + run
}

// command is what to run, with what it is asked about where that is known.
func (p *project) command(c *call) string {
	_, number, _ := strings.Cut(p.place, "/")
	place := cmp.Or(p.place, "projects/"+p.ID)
	command := "gcloud " + strings.NewReplacer("PLACE", place, "PROJECT", cmp.Or(p.ID, p.Number, "PROJECT"), "ORGANIZATION", number, "FOLDER", number).Replace(c.command)
	if strings.Contains(command, "--format=") {
		return command
	}
	return command + " --format=json"
}

// lacks counts the objects that lack what a call tells of each.
func (p *project) lacks(c *call) (lacks, of int) {
	for _, known := range p.known(c) {
		of++
		if !known {
			lacks++
		}
	}
	return lacks, of
}

// known says of each object that a call is asked about whether the answer is there.
func (p *project) known(c *call) []bool {
	var out []bool
	switch c.after {
	case "accounts":
		return p.knownAccounts(c)
	case "secrets":
		for i := range p.Secrets {
			known := p.Secrets[i].VersionsKnown
			if c.permission == "secretmanager.secrets.getIamPolicy" {
				_, known = p.r.allowed[p.r.spell("secretmanager.googleapis.com/"+p.Secrets[i].Name)]
			}
			out = append(out, known)
		}
	case "pools", "workforce":
		for i := range p.Pools {
			if (c.after == "workforce") == (p.place != "") {
				out = append(out, p.Pools[i].ProvidersKnown)
			}
		}
	case "denies":
		for _, e := range p.r.denies {
			if e.v.Resource == cmp.Or(p.place, "projects/"+p.ID) {
				out = append(out, len(e.v.Rules) > 0)
			}
		}
	case "roles":
		if p.place == everywhere {
			for _, name := range p.r.namedRoles() {
				out = append(out, p.r.roles[name] != nil && p.r.roles[name].v.Known)
			}
		}
	case "clients":
		for i := range p.Clients {
			out = append(out, p.Clients[i].CredentialsKnown)
		}
	}
	return out
}

// knownAccounts is known for accounts. Who may become a service agent is Google's.
func (p *project) knownAccounts(c *call) []bool {
	var out []bool
	for i := range p.Accounts {
		a := &p.Accounts[i]
		if c.permission == "iam.serviceAccountKeys.list" {
			out = append(out, a.KeysKnown)
		} else if a.Managed != "google" {
			_, known := p.r.allowed["iam.googleapis.com/projects/"+p.ID+"/serviceAccounts/"+a.Email]
			out = append(out, known)
		}
	}
	return out
}
