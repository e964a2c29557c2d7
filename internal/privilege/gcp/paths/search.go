package paths

import (
	"cmp"
	"slices"
	"sort"
	"strings"

	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/internal/privilege/gcp/member"
	"github.com/muster-nhi/muster/internal/privilege/gcp/role"
)

// An opening is a way that is open, or perhaps open, somewhere.
type opening struct {
	way     int16
	certain bool
	// cross is true if the account may be attached and something may be made, but not
	// in the project of the account.
	cross bool
	lent  bool // only after the holder has given itself a role
	place int32
	role  int32 // custom role: edit
}

// openings finds where the permissions of each way come together. Whether that gets
// at an account is for the search.
func (a *Analysis) openings(p *powers) {
	union := p.union.possible
	union.Or(p.union.lent)
	for k := range a.ways {
		w := &a.ways[k]
		if !union.Contains(w.account) || !union.Contains(w.project) {
			continue
		}
		if w.how == edit {
			a.editing(p, k)
			continue
		}
		need := w.account
		need.Or(w.project)
		crossing := false
		for i := range p.all {
			x := &p.all[i]
			o := opening{way: int16(k), place: x.place}
			lent := x.here.possible
			lent.Or(x.here.lent)
			switch {
			case x.here.certain.Contains(need):
				o.certain = true
			case x.here.possible.Contains(need):
			case lent.Contains(need):
				o.lent = true
			case w.how == pass && x.here.possible.Contains(w.account):
				crossing = true
				o.cross = true
			case w.how == use && !w.account.Empty() && x.here.possible.Contains(w.project):
			default:
				continue
			}
			if w.how == raise && !strings.Contains(w.kind, a.kindName(x.place)) {
				continue
			}
			p.opening = append(p.opening, o)
		}
		if crossing && !a.makesSomewhere(p, w) {
			p.opening = slices.DeleteFunc(p.opening, func(o opening) bool { return o.cross && int(o.way) == k })
		}
	}
}

// kindName is the kind of a place as ways name it.
func (a *Analysis) kindName(at int32) string {
	switch a.tree.places[at].kind {
	case placeOrganization:
		return "organizations"
	case placeFolder:
		return "folders"
	case placeProject:
		return "projects"
	default:
		return "none"
	}
}

// makesSomewhere reports whether what a way needs on a project may be had anywhere.
func (a *Analysis) makesSomewhere(p *powers, w *way) bool {
	return slices.ContainsFunc(p.all, func(x power) bool {
		return a.tree.places[x.place].container() && x.here.possible.Contains(w.project)
	})
}

// editing finds custom roles that holders have and may change.
func (a *Analysis) editing(p *powers, k int) {
	for _, h := range p.drawn {
		for _, g := range a.holders[h].grants {
			r := &a.roles[g.role]
			at := &a.tree.places[g.place]
			if r.custom < 0 || !at.container() && at.kind != placeAccount || g.cond >= 0 && a.conds[g.cond].plain == inventory.False {
				continue
			}
			m := a.on(p, r.custom)
			if !m.possible.Contains(a.ways[k].project) {
				continue
			}
			p.opening = append(p.opening, opening{
				way: int16(k), place: g.place, role: g.role,
				certain: m.certain.Contains(a.ways[k].project) && (g.cond < 0 || a.conds[g.cond].plain == inventory.True),
			})
		}
	}
}

// A target is somebody that ways lead to, under the number of the place at which
// they have to be open.
type target struct {
	at     int32 // place
	in     int32 // its number
	holder int32
	use    int32 // of Estate.Workloads; -1 if it is none
}

// itself reports whether a way gives more to whoever takes it, and does not lead to
// somebody else: a role on an account leads to the account.
func (a *Analysis) itself(way int16, at int32) bool {
	how := a.ways[way].how
	return how == raise || how == edit && a.tree.places[at].kind != placeAccount
}

// targets are those whom ways lead to.
type targets struct {
	overs     []int32             // places that they lead to
	accounts  []target            // by the place of the account
	runs      map[string][]target // by the place of what runs, for each type
	presets   map[string][]target // by project
	pools     []target            // identities of pools, by project
	clusters  []target            // Kubernetes service accounts, by project
	workforce []target            // identities of workforce pools, by organisation
}

// addTargets gathers whom ways lead to.
func (a *Analysis) addTargets() {
	t := &a.targets
	t.runs, t.presets = map[string][]target{}, map[string][]target{}
	put := func(list *[]target, at, holder, use int32) {
		*list = append(*list, target{at, a.tree.places[at].in, holder, use})
	}
	for i := range a.holders {
		h := &a.holders[i]
		switch {
		case h.place >= 0:
			put(&t.accounts, h.place, int32(i), -1)
			if strings.HasSuffix(h.ID, "-compute@developer.gserviceaccount.com") {
				list := t.presets["cloudbuild"]
				put(&list, h.home, int32(i), -1)
				t.presets["cloudbuild"] = list
			}
		case h.home < 0:
		case h.Workforce:
			put(&t.workforce, h.home, int32(i), -1)
		case h.Kind == member.KindKubernetes, strings.HasSuffix(h.Pool, ".svc.id.goog"):
			put(&t.clusters, h.home, int32(i), -1)
		case h.Kind == member.KindSubject, h.Kind == member.KindSet:
			put(&t.pools, h.home, int32(i), -1)
		case h.Kind == member.KindAgent, h.Kind == member.KindAccount:
			_, host, _ := strings.Cut(h.ID, "@")
			if service, ok := strings.CutSuffix(host, ".gserviceaccount.com"); ok {
				list := t.presets[service]
				put(&list, h.home, int32(i), -1)
				t.presets[service] = list
			}
		}
	}
	for i := range a.estate.Workloads {
		w := &a.estate.Workloads[i]
		at, ok := a.tree.index[canonical(w.Name)]
		who, known := a.index["serviceAccount:"+strings.ToLower(w.Account)]
		if ok && known {
			list := t.runs[w.Type]
			put(&list, at, who, int32(i))
			t.runs[w.Type] = list
		}
	}
	byNumber := func(list []target) {
		slices.SortFunc(list, func(x, y target) int { return cmp.Or(cmp.Compare(x.in, y.in), cmp.Compare(x.holder, y.holder)) })
	}
	byNumber(t.accounts)
	byNumber(t.pools)
	byNumber(t.clusters)
	byNumber(t.workforce)
	for _, list := range t.runs {
		byNumber(list)
	}
	for _, list := range t.presets {
		byNumber(list)
	}
}

// of lists the targets of a way.
func (t *targets) of(w *way) []target {
	switch w.how {
	case become, delegate, pass:
		return t.accounts
	case use:
		return t.runs[w.kind]
	case preset:
		return t.presets[w.kind]
	case federate:
		if w.kind == kindWorkforce {
			return t.workforce
		}
		return t.pools
	case edit:
		return t.accounts
	case cluster:
		return t.clusters
	default:
		return nil
	}
}

// below is the part of targets that is in a place.
func (a *Analysis) below(all []target, at int32) []target {
	p := &a.tree.places[at]
	from := sort.Search(len(all), func(i int) bool { return all[i].in >= p.in })
	to := from + sort.Search(len(all)-from, func(i int) bool { return all[from+i].in >= p.out })
	return all[from:to]
}

// A step is a first hop.
type step struct {
	opening *opening
	way     int16
	to      int32 // holder
	at      int32 // place at which the way is open
	use     int32 // of Estate.Workloads; -1 if there is none
	certain bool
	notes   []string
}

// permits finds out whether a way leads from holders to a target, and on what that
// depends.
func (a *Analysis) permits(p *powers, o *opening, t *target) (step, bool) {
	w := &a.ways[o.way]
	s := step{opening: o, way: o.way, to: t.holder, at: t.at, use: t.use, certain: true}
	have := func(at int32, need role.Set) bool {
		m := a.on(p, at)
		if o.lent {
			m.possible.Or(m.lent)
			m.certain.Or(m.lent)
		}
		s.certain = s.certain && m.certain.Contains(need)
		return m.possible.Contains(need)
	}
	h := &a.holders[t.holder]
	switch w.how {
	case become, delegate:
		if !have(t.at, w.account) {
			return s, false
		}
	case pass:
		if !have(t.at, w.account) || !a.makes(p, w, o, t.at, &s) {
			return s, false
		}
	case use:
		if !have(t.at, w.project) || !w.account.Empty() && (h.place < 0 || !have(h.place, w.account)) {
			return s, false
		}
	case edit: // the role is had on the account, and changed where it is kept
		s.certain = o.certain
	default:
		if !have(t.at, w.project) || !a.enabled(p, w, t.at, &s) {
			return s, false
		}
	}
	if w.note != "" {
		s.certain = false
		s.notes = append(s.notes, w.note)
	}
	alive := a.alive(p, h, &s)
	return s, alive
}

// makes finds out whether something may be made that an account is attached to: in
// the project of the account, or in another where that is allowed.
func (a *Analysis) makes(p *powers, w *way, o *opening, at int32, s *step) bool {
	project := a.tree.places[at].project
	if project < 0 {
		return false
	}
	m := a.on(p, project)
	if o.lent {
		m.possible.Or(m.lent)
	}
	if m.possible.Contains(w.project) {
		s.certain = s.certain && (o.lent || m.certain.Contains(w.project))
		return a.enabled(p, w, project, s)
	}
	n := a.tree.places[project].node
	if !o.cross || n != nil && n.CrossProject == inventory.False {
		return false
	}
	if n == nil || n.CrossProject == inventory.Unknown {
		s.certain = false
		s.notes = append(s.notes, "whether accounts of "+a.nameOf(project)+" may be attached in other projects (iam.disableCrossProjectServiceAccountUsage) is not known")
	} else if !a.makesCertainly(p, w) {
		s.certain = false
	}
	return true
}

// makesCertainly reports whether what a way needs on a project is had somewhere for
// certain.
func (a *Analysis) makesCertainly(p *powers, w *way) bool {
	return slices.ContainsFunc(p.all, func(x power) bool {
		return a.tree.places[x.place].container() && x.here.certain.Contains(w.project)
	})
}

// enabled finds out whether the API of a way is enabled, or may be.
func (a *Analysis) enabled(p *powers, w *way, at int32, s *step) bool {
	project := a.tree.places[at].project
	if w.api == "" || project < 0 {
		return true
	}
	uses := a.tree.places[project].uses
	if uses == nil || uses[w.api] {
		return true
	}
	m := a.on(p, project)
	enable := role.SetOf("serviceusage.services.enable")
	if !m.possible.Contains(enable) {
		return false
	}
	s.certain = s.certain && m.certain.Contains(enable)
	return true
}

// alive finds out whether an account can be signed in to: a disabled one only by
// whoever may enable it.
func (a *Analysis) alive(p *powers, h *holder, s *step) bool {
	if h.place < 0 || a.tree.places[h.place].disabled() != inventory.True {
		return true
	}
	m := a.on(p, h.place)
	enable := role.SetOf("iam.serviceAccounts.enable")
	s.certain = s.certain && m.certain.Contains(enable)
	return m.possible.Contains(enable)
}
