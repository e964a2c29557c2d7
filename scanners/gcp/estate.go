package gcp

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/muster-nhi/muster/internal/cloud"
	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/scanners"
	"github.com/muster-nhi/muster/scanners/gcp/object"
)

// A place is what has a scope of its own: a project, a folder, an organisation.
type place struct {
	name         string // projects/ID, folders/123, organizations/123
	project      *object.Project
	organization *object.Organization
	folder       *object.Folder
	parent       string
	sought       bool // it was to be read, and was not found: the domain of an organisation, a pattern of projects
	seen         bool // a project that was read, and not only named
	pools        bool // all its pools were listed
	contacts     []object.Contact
	policies     []*object.Policy // of it and what is in it, by resource
	listed       *listings        // made once
	named        []member         // service accounts and federated principals that only policies name, by text
}

// everything is the name of the place that stands for all that can be seen, where
// that is nothing.
const everything = "*"

// An estate is what the records of a place draw from others: who is in which
// project, what is above it, what all principals can reach together.
type estate struct {
	scanner   string
	now       time.Time
	owners    ownerLabels
	feeds     cloud.Feeds[feed]
	all       *object.Estate
	places    []*place // organisations, folders, projects, each by name
	byName    map[string]*place
	byNumber  map[string]string // number of a project to its id
	accounts  map[string]*object.Account
	homes     map[string]string // e-mail of an account to the id of its project
	unique    map[string]string // unique id of an account to its e-mail
	bound     map[string]int    // e-mail to the number of API keys that are bound to it
	pools     map[string]*object.Pool
	providers map[string]int    // pool to the number of its providers that are on
	poolUses  map[string]int    // pool to the number of bindings that name it
	secrets   map[string]string // any name of a secret to that under which it is listed
	public    map[string]bool   // resources whose policy lets everybody in
	members   map[string]bool   // ids of the projects of the organisation
	insights  map[string][]*object.Insight
	groups    map[string]*object.Group
	machines  map[string][]string // in a group, by its e-mail; made once
	delegated map[string][]string // client id to scopes
	held      map[string][]held   // by native id of a machine: the bindings that name it, or a group that it is in
	dark      map[string]bool     // places of which not all was read that a path could lead through
	judge     *judge
	shared    *sharer
	lost      []string // what nobody knows to which place it belongs
	notes     []string
	saved     bool // read from files: what is not there was not handed over, and is a gap
}

// newEstate indexes all that was read and judges it.
func newEstate(scanner string, o *object.Estate, owners ownerLabels, now time.Time) *estate {
	e := &estate{
		scanner: scanner, now: now, owners: owners, shared: newSharer(), feeds: newFeeds(), all: o, notes: slices.Clone(o.Notes),
		byName: map[string]*place{}, byNumber: map[string]string{}, accounts: map[string]*object.Account{}, homes: map[string]string{}, unique: map[string]string{},
		bound: map[string]int{}, pools: map[string]*object.Pool{}, providers: map[string]int{}, poolUses: map[string]int{}, secrets: map[string]string{}, public: map[string]bool{},
		members: make(map[string]bool, len(o.Members)), insights: map[string][]*object.Insight{}, groups: map[string]*object.Group{}, machines: map[string][]string{}, delegated: map[string][]string{}, held: map[string][]held{}, dark: map[string]bool{},
	}
	for _, id := range o.Members {
		e.members[id] = true
	}
	for i := range o.Groups {
		e.groups[strings.ToLower(o.Groups[i].Email)] = &o.Groups[i]
	}
	for i := range o.Delegated {
		d := &o.Delegated[i]
		e.delegated[d.ClientID] = append(e.delegated[d.ClientID], d.Scopes...)
	}
	e.indexPools(o.Workforce)
	e.setPlaces(o)
	for _, p := range e.places {
		if p.project != nil {
			e.indexProject(p.project)
		}
	}
	e.setPolicies(o)
	e.judge = newJudge(e)
	e.accounts = nil // who is listed was for the reading of policies
	whole := *o
	whole.Projects, whole.Policies = nil, nil // they live with their places
	e.all = &whole
	return e
}

// setPlaces makes a place of each organisation, folder and project, and of those
// that only policies tell of.
func (e *estate) setPlaces(o *object.Estate) {
	for i := range o.Organizations {
		x := &o.Organizations[i]
		e.add(&place{name: x.Name, organization: x, contacts: x.Contacts})
	}
	for i := range o.Folders {
		x := &o.Folders[i]
		e.add(&place{name: x.Name, folder: x, parent: x.Parent, contacts: x.Contacts})
	}
	for _, p := range o.Projects {
		if p.Number != "" {
			e.byNumber[p.Number] = p.ID
		}
		e.add(&place{name: "projects/" + p.ID, project: p, parent: p.Parent, contacts: p.Contacts})
	}
	for _, name := range o.Sought {
		e.add(&place{name: cmp.Or(name, everything), sought: true})
	}
	for i := range o.Policies {
		e.add(e.unlisted(&o.Policies[i]))
	}
	slices.SortFunc(e.places, func(a, b *place) int {
		return cmp.Or(cmp.Compare(level(a.name), level(b.name)), strings.Compare(a.name, b.name))
	})
}

// add takes in a place unless there is one of its name.
func (e *estate) add(p *place) {
	if p == nil || p.name == "" || e.byName[p.name] != nil {
		return
	}
	p.seen = p.project != nil && (p.project.Number != "" || len(p.project.Listings) > 0)
	e.byName[p.name] = p
	e.places = append(e.places, p)
}

// unlisted makes the place of a policy whose project, folder or organisation was
// not listed.
func (e *estate) unlisted(p *object.Policy) *place {
	name := e.placeOf(p)
	switch {
	case e.byName[name] != nil:
		return nil
	case strings.HasPrefix(name, "projects/"):
		return &place{name: name, project: &object.Project{ID: strings.TrimPrefix(name, "projects/")}}
	default:
		return &place{name: name}
	}
}

// level puts places in order, from above.
func level(name string) int {
	switch {
	case strings.HasPrefix(name, "organizations/"):
		return 0
	case strings.HasPrefix(name, "folders/"):
		return 1
	default:
		return 2
	}
}

// placeOf names the place that a policy belongs to; empty if that is not known.
func (e *estate) placeOf(p *object.Policy) string {
	if p.Project != "" {
		return "projects/" + p.Project
	}
	parts := strings.Split(p.Resource, "/")
	for i, kind := range parts {
		if i+1 < len(parts) && (kind == "projects" || kind == "folders" || kind == "organizations") && parts[i+1] != "" {
			if kind == "projects" {
				return "projects/" + cmp.Or(e.byNumber[parts[i+1]], parts[i+1])
			}
			return kind + "/" + parts[i+1]
		}
	}
	if len(e.all.Organizations) > 0 { // a billing account, a workforce pool
		return e.all.Organizations[0].Name
	}
	return ""
}

// indexProject takes in what others refer to.
func (e *estate) indexProject(p *object.Project) {
	for i := range p.Accounts {
		a := &p.Accounts[i]
		email := strings.ToLower(a.Email)
		e.accounts[email], e.homes[email] = a, p.ID
		if a.UniqueID != "" {
			e.unique[a.UniqueID] = email
		}
	}
	for i := range p.Keys {
		if k := &p.Keys[i]; k.Account != "" && k.DeletedAt.IsZero() {
			e.bound[strings.ToLower(k.Account)]++
		}
	}
	for i := range p.Secrets {
		name := p.Secrets[i].Name
		e.secrets[name] = name
		if parts := strings.SplitN(name, "/", 3); len(parts) == 3 && parts[0] == "projects" { // by id, too, or by number
			e.secrets["projects/"+p.ID+"/"+parts[2]] = name
			e.secrets["projects/"+p.Number+"/"+parts[2]] = name
		}
	}
	for i := range p.Insights {
		if x := &p.Insights[i]; x.Member != "" {
			key := strings.ToLower(strings.TrimPrefix(x.Member, prefixAccount))
			e.insights[key] = append(e.insights[key], x)
		}
	}
	e.indexPools(p.Pools)
}

func (e *estate) indexPools(pools []object.Pool) {
	for i := range pools {
		p := &pools[i]
		name := e.poolName(p.Name)
		e.pools[name] = p
		for j := range p.Providers {
			if x := &p.Providers[j]; x.Disabled != inventory.True && x.State != stateDeleted {
				e.providers[name]++
			}
		}
	}
}

// poolName spells the name of a pool with the id of its project, where that is
// known: bindings name it by number.
func (e *estate) poolName(name string) string {
	rest, ok := strings.CutPrefix(name, "projects/")
	if !ok {
		return name
	}
	project, rest, _ := strings.Cut(rest, "/")
	return "projects/" + cmp.Or(e.byNumber[project], project) + "/" + rest
}

// setPolicies gives each place its policies, by resource, and finds who is named in
// them only.
func (e *estate) setPolicies(o *object.Estate) {
	for i := range o.Policies {
		p := &o.Policies[i]
		if at := e.byName[e.placeOf(p)]; at != nil {
			at.policies = append(at.policies, p)
		} else {
			e.lost = append(e.lost, "the policy of "+inventory.Clip(inventory.Printable(p.Resource), cloud.MaxName)+" belongs to no project, folder or organisation that is known")
		}
	}
	named := map[string]bool{}
	for _, at := range e.places {
		slices.SortStableFunc(at.policies, func(a, b *object.Policy) int { return strings.Compare(a.Resource, b.Resource) })
		for _, p := range at.policies {
			e.readPolicy(at, p, named)
		}
	}
	for _, at := range e.places {
		slices.SortFunc(at.named, func(a, b member) int { return strings.Compare(a.id, b.id) })
	}
}

// readPolicy notes whom a policy names.
func (e *estate) readPolicy(at *place, p *object.Policy, named map[string]bool) {
	for i := range p.Bindings {
		b := &p.Bindings[i]
		for _, text := range b.Members {
			if email := strings.TrimPrefix(text, prefixAccount); e.accounts[email] != nil {
				e.held[email] = append(e.held[email], held{p, b, text})
				continue
			}
			m := parseMember(text)
			e.hold(&m, p, b)
			switch {
			case m.kind == memberPublic && b.Condition == nil:
				e.public[p.Resource] = e.public[p.Resource] || opens(b.Role)
			case m.pool != "" && !m.deleted:
				e.poolUses[e.poolName(m.pool)]++
			}
			if !m.lists() || e.accounts[m.id] != nil || named[m.id] {
				continue
			}
			named[m.id] = true
			home := e.homeOf(&m, at)
			home.named = append(home.named, m)
		}
	}
}

// hold notes what a member has, for those whose roles are judged together.
func (e *estate) hold(m *member, p *object.Policy, b *object.Binding) {
	switch {
	case m.kind == memberGroup:
		for _, text := range e.machinesOf(m.email) {
			x := parseMember(text)
			e.held[x.id] = append(e.held[x.id], held{p, b, text})
		}
	case m.machine() && !m.deleted:
		e.held[m.id] = append(e.held[m.id], held{p, b, m.text})
	}
}

// lists reports whether a member that was not listed is an identity all the same.
func (m *member) lists() bool {
	switch m.kind {
	case memberAccount, memberKubernetes, memberFederated, memberAgent:
		return !m.deleted && m.id != ""
	case memberPerson:
		return m.workforce && !m.deleted
	default:
		return false
	}
}

// homeOf returns the place that an identity which policies name belongs to: its
// project if that was read, else the first place that names it.
func (e *estate) homeOf(m *member, at *place) *place {
	var project string
	switch {
	case m.kind == memberAccount:
		if project = projectOf(m.email); e.byName["projects/"+project] == nil {
			project = e.byNumber[numberOf(m.email)]
		}
	case m.kind == memberKubernetes && !strings.Contains(m.pool, "/"):
		project = m.clusterProject()
	case m.pool != "" && !m.workforce:
		project = strings.TrimPrefix(strings.SplitN(e.poolName(m.pool)+"//", "/", 3)[1], "/")
	}
	if p := e.byName["projects/"+project]; p != nil {
		return p
	}
	return at
}

// inOrganization says whether a project is of the organisation that was read.
func (e *estate) inOrganization(project string) inventory.Tri {
	switch {
	case project == "":
		return inventory.Unknown
	case e.members[project] || len(e.members) == 0 && e.read(project):
		return inventory.True
	case e.all.MembersKnown:
		return inventory.False
	default:
		return inventory.Unknown
	}
}

// read reports whether a project was read, and not only named.
func (e *estate) read(project string) bool {
	p := e.byName["projects/"+project]
	return p != nil && p.seen
}

// above returns what a place is in, from below; at most so many levels as Google
// nests folders, and the organisation.
func (e *estate) above(p *place) []*place {
	const most = 12
	var out []*place
	for range most {
		p = e.byName[p.parent]
		if p == nil {
			break
		}
		out = append(out, p)
	}
	return out
}

// run emits the records of all places, one after the other, and lets go of what they
// were made of. It is called once.
func (e *estate) run(ctx context.Context, emit scanners.Emit) error {
	for _, p := range e.places {
		if err := ctx.Err(); err != nil {
			return fmt.Errorf("scan Google Cloud: %w", context.Cause(ctx))
		}
		if err := e.newMapper(ctx, p, emit).run(kinds()); err != nil {
			return err
		}
		e.release(p)
	}
	return nil
}

// release lets go of what was read of a place, once its records are emitted: they live
// on, and an organisation of thousands of projects need not be held beside them. What
// other places ask for stays: its name and number, its pools and insights, the contacts
// of what projects are in.
func (e *estate) release(p *place) {
	p.listed, p.named = nil, nil
	if p.project == nil {
		return
	}
	for i := range p.project.Accounts {
		if email := strings.ToLower(p.project.Accounts[i].Email); e.homes[email] == p.project.ID {
			delete(e.held, email)
		}
	}
	p.project = &object.Project{ID: p.project.ID, Number: p.project.Number}
}
