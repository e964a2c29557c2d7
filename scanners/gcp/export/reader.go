package export

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/muster-nhi/muster/internal/saved"
	"github.com/muster-nhi/muster/scanners/gcp/convert"
	"github.com/muster-nhi/muster/scanners/gcp/object"
)

// A reader collects what all files say.
type reader struct {
	ctx      context.Context //nolint:containedctx // of the one read that the reader lives for
	opts     Options
	problems *saved.Problems
	calls    *callTable
	kinds    kinds
	asked    map[string]bool // asset types that are asked for by name

	facts     []pending
	policies  []object.Policy
	sweeps    []*sweep
	ids       map[string]string // id of a project by its number
	numbers   map[string]string // the other way round
	near      neighbours
	answered  map[string]bool     // call, place and name, of files that are named after what they were asked about
	ancestors map[string][]string // of a project by its number
	parents   map[string]string   // of projects/ID and folders/N, as the command line tells
	places    map[string]*project // by id of a project, or folders/…, organizations/…, or *
	addresses map[string]string   // of accounts by unique id

	roles         set[object.Role]
	denies        set[object.DenyPolicy]
	boundaries    set[object.AccessBoundary]
	bounds        set[convert.Bound]
	folders       set[object.Folder]
	organizations set[object.Organization]
	allowed       map[string]object.Policy
	unknown       []string // files of which nothing was understood
}

// A pending fact waits until all files were read: only then is it known which number
// and id are of one project.
type pending struct {
	file, where string
	put         func(*project)
}

func newReader(ctx context.Context, o Options) *reader {
	r := &reader{
		ctx: ctx, opts: o, problems: saved.NewProblems(o.MaxProblems), calls: newCallTable(), kinds: newKinds(), asked: map[string]bool{},
		ids: map[string]string{}, numbers: map[string]string{}, near: neighbours{}, answered: map[string]bool{}, ancestors: map[string][]string{}, parents: map[string]string{}, places: map[string]*project{}, addresses: map[string]string{},
		roles: set[object.Role]{}, denies: set[object.DenyPolicy]{}, boundaries: set[object.AccessBoundary]{}, bounds: set[convert.Bound]{},
		folders: set[object.Folder]{}, organizations: set[object.Organization]{}, allowed: map[string]object.Policy{},
	}
	for _, t := range assetTypes() {
		r.asked[t] = true
	}
	return r
}

func (r *reader) lost(name, message string) { r.problems.Lost(name, message) }
func (r *reader) note(name, message string) { r.problems.Note(name, message) }

// put keeps a fact for a place; "" is that which its file is of.
func (r *reader) put(doc *document, where string, put func(*project)) {
	if where != everywhere && !plausible(strings.TrimPrefix(strings.TrimPrefix(where, "folders/"), "organizations/")) {
		where = ""
	}
	r.facts = append(r.facts, pending{doc.name, where, put})
}

// Ids of projects, with the domain that old ones have before them (Resource Manager,
// "Creating and managing projects").
const (
	idLetters = "abcdefghijklmnopqrstuvwxyz0123456789-.:"
	maxPlace  = 200
)

// plausible reports whether Google would give an id.
func plausible(id string) bool {
	return id != "" && len(id) <= maxPlace && strings.Trim(id, idLetters) == ""
}

// hear adds an amount of a document to a listing.
func (r *reader) hear(doc *document, k spot, n *amount, cut bool) {
	trouble, more := "", doc.more
	if cut {
		trouble = doc.trouble(true)
	}
	r.put(doc, strings.TrimPrefix(k.where, "projects/"), func(p *project) {
		l := p.listing(k.call)
		l.pages++
		l.count += n.all
		l.thin = l.thin || n.thin
		l.full = l.full || !n.thin
		switch {
		case trouble != "":
			l.trouble = trouble
		case n.bad > 0:
			l.trouble = fmt.Sprintf("%s: %d objects could not be read in full", saved.Short(doc.name, 200), n.bad)
		case more:
			l.opened++
		}
	})
}

// place returns what is known of a project by id or number, or of a folder or
// organisation.
func (r *reader) place(where string) *project {
	if id := r.ids[where]; id != "" {
		where = id
	}
	if p := r.places[where]; p != nil {
		return p
	}
	above := ""
	if where == everywhere || strings.HasPrefix(where, "folders/") || strings.HasPrefix(where, "organizations/") {
		above = where
	}
	p := r.newProject(above)
	if above == "" {
		if isNumber(where) {
			p.Number = where
		} else {
			p.ID = where
		}
	}
	r.places[where] = p
	return p
}

// everywhere is the place of what is in no project, folder or organisation.
const everywhere = "*"

// neighbours are the numbers of projects in the files of a directory that is named
// after the id of one.
type neighbours map[string]map[string]bool

func (n neighbours) of(id string) map[string]bool {
	if n[id] == nil {
		n[id] = map[string]bool{}
	}
	return n[id]
}

// settle puts all facts where they belong.
func (r *reader) settle() {
	for _, id := range sortedKeys(r.near) {
		if len(r.near[id]) == 1 && plausible(id) {
			r.pair(id, sortedKeys(r.near[id])[0])
		}
	}
	for _, number := range sortedKeys(r.ids) {
		r.place(r.ids[number]).Number = number
	}
	waiting := r.facts
	r.facts = nil
	var of []pending
	for _, f := range waiting {
		if f.where == "" {
			of = append(of, f)
			continue
		}
		f.put(r.place(f.where))
	}
	lost, owners := map[string]bool{}, map[string]string{}
	for _, f := range of {
		where, known := owners[f.file]
		if !known {
			where = r.owner(f.file)
			owners[f.file] = where
		}
		switch {
		case where != "":
			f.put(r.place(where))
		case !lost[f.file]:
			lost[f.file] = true
			r.lost(f.file, "does not say which project it is of, and its path does not: put the files of each project into a directory projects/ID")
		}
	}
}

// owner returns the place of a file whose content names none: that in its path, a
// directory or a part of its name that is a known project, or the only project.
func (r *reader) owner(name string) string {
	if place := placeIn(name); place != "" {
		return strings.TrimPrefix(place, "projects/")
	}
	parts := strings.Split(path.Dir(name), "/")
	slices.Reverse(parts)
	for _, word := range append(parts, strings.FieldsFunc(path.Base(name), func(c rune) bool { return c == '.' || c == '_' || c == ' ' })...) {
		if p := r.places[cmp.Or(r.ids[word], word)]; p != nil && p.place == "" {
			return word
		}
	}
	only := ""
	for where, p := range r.places {
		if p.place == "" {
			if only != "" {
				return ""
			}
			only = where
		}
	}
	return only
}

// address remembers the addresses of accounts by their unique ids.
func (r *reader) address(of map[string]string) {
	maps.Copy(r.addresses, of)
}

// spell writes the name of a resource as object.Policy does: projects by id, and
// accounts by address.
func (r *reader) spell(resource string) string {
	before, rest, ok := strings.Cut(resource, "projects/")
	if !ok || before != "" && !strings.HasSuffix(before, "/") {
		return resource
	}
	ref, below, deeper := strings.Cut(rest, "/")
	if !deeper {
		return before + "projects/" + cmp.Or(r.ids[ref], ref)
	}
	project := cmp.Or(r.ids[ref], ref)
	if strings.HasPrefix(resource, "secretmanager.googleapis.com/") {
		if p := r.places[project]; p != nil {
			project = cmp.Or(p.Number, project)
		}
	}
	if id, ok := strings.CutPrefix(below, "serviceAccounts/"); ok {
		account, more, _ := strings.Cut(id, "/")
		below = strings.TrimSuffix("serviceAccounts/"+cmp.Or(r.addresses[account], account)+"/"+more, "/")
	}
	return before + "projects/" + project + "/" + below
}

// allow keeps an allow policy. Of two of one resource that differ all bindings count:
// either may be the older one.
func (r *reader) allow(p object.Policy) {
	old, ok := r.allowed[p.Resource]
	if ok {
		p.Audit = p.Audit || old.Audit
		p.Bindings = join(old.Bindings, p.Bindings)
	}
	r.allowed[p.Resource] = p
}

// join adds bindings that are not there already.
func join(have, more []object.Binding) []object.Binding {
	key := func(b object.Binding) string {
		c := object.Condition{}
		if b.Condition != nil {
			c = *b.Condition
		}
		return fmt.Sprintf("%q %q", b.Role, c)
	}
	at := map[string]int{}
	for i, b := range have {
		at[key(b)] = i
	}
	for _, b := range more {
		i, ok := at[key(b)]
		if !ok {
			at[key(b)] = len(have)
			have = append(have, b)
			continue
		}
		members := slices.Concat(have[i].Members, b.Members)
		slices.Sort(members)
		have[i].Members = slices.Compact(members)
	}
	slices.SortStableFunc(have, func(a, b object.Binding) int { return cmp.Compare(key(a), key(b)) })
	return have
}
