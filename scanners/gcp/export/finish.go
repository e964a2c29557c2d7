package export

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/internal/saved"
	"github.com/muster-nhi/muster/scanners/gcp/object"
)

// maxUnknown bounds the files without meaning that are named.
const maxUnknown = 10

// finish puts together what all files said.
func (r *reader) finish() *object.Estate {
	r.settle()
	for _, s := range []interface{ settle() }{r.roles, r.denies, r.boundaries, r.bounds, r.folders, r.organizations} {
		s.settle()
	}
	e := &object.Estate{}
	for _, where := range sortedKeys(r.places) {
		r.places[where].finish()
	}
	r.finishPolicies(e)
	if len(r.allowed) > 0 {
		r.place(everywhere)
	}
	for _, where := range sortedKeys(r.places) {
		r.finishPlace(e, r.places[where])
	}
	slices.SortFunc(e.Projects, func(a, b *object.Project) int { return cmp.Compare(a.ID, b.ID) })
	r.finishMembers(e)
	e.Roles, e.Denies = r.roles.sorted(), r.denies.sorted()
	r.finishBoundaries(e)
	if len(e.Projects) == 0 && len(e.Organizations) == 0 && len(e.Folders) == 0 {
		r.lost("", "there is no file here that gcloud or Asset Inventory saved; docs/scanners/gcp-export.md lists the commands")
	}
	if n := len(r.unknown); n > 0 {
		slices.Sort(r.unknown)
		list := strings.Join(r.unknown[:min(n, maxUnknown)], ", ")
		if n > maxUnknown {
			list += fmt.Sprintf(" and %d more", n-maxUnknown)
		}
		r.note("", "not understood and passed over: "+saved.Short(list, 1000))
	}
	return e
}

// finishPolicies gives each allow policy its resource and project.
func (r *reader) finishPolicies(e *object.Estate) {
	for _, p := range r.policies {
		p.Resource, p.Project = r.spell(p.Resource), cmp.Or(r.ids[p.Project], p.Project)
		r.allow(p)
	}
	for _, resource := range sortedKeys(r.allowed) {
		e.Policies = append(e.Policies, r.allowed[resource])
	}
}

// finishPlace adds a project, folder or organisation.
func (r *reader) finishPlace(e *object.Estate, p *project) {
	listings := p.tell()
	switch {
	case p.place == "":
		p.inherits()
		done := p.Project
		done.Parent = cmp.Or(done.Parent, r.parentOf(p))
		e.Projects = append(e.Projects, &done)
		return
	case strings.HasPrefix(p.place, "organizations/"):
		r.organizations.merge(p.place, age{}, object.Organization{Name: p.place})
		o := r.organizations[p.place].v
		o.Contacts = p.Contacts
		e.Organizations = append(e.Organizations, o)
	case strings.HasPrefix(p.place, "folders/"):
		r.folders.merge(p.place, age{}, object.Folder{Name: p.place, Parent: r.parents[p.place]})
		f := r.folders[p.place].v
		f.Contacts = p.Contacts
		e.Folders = append(e.Folders, f)
	}
	e.Workforce = append(e.Workforce, p.Pools...)
	for _, l := range listings {
		if p.place != everywhere {
			l.Where = p.place
		}
		e.Listings = append(e.Listings, l)
	}
}

// inherits says for which of the folders and the organisation above a project no file
// has the policy: what they grant holds in the project too.
func (p *project) inherits() {
	for _, name := range sortedKeys(p.chain()) {
		call := "resourcemanager.folders.getIamPolicy"
		if strings.HasPrefix(name, "organizations/") {
			call = "resourcemanager.organizations.getIamPolicy"
		} else if !strings.HasPrefix(name, "folders/") {
			continue
		}
		if p.r.places[name] != nil || p.r.searched(name) {
			continue
		}
		p.Listings = append(p.Listings, object.Listing{
			Call: call, Where: name, Status: inventory.StatusSkipped,
			Reason: "no file; run: gcloud projects get-ancestors-iam-policy " + cmp.Or(p.ID, p.Number) + " --format=json",
		})
	}
}

// searched reports whether a whole search for policies would have that of a folder or
// organisation.
func (r *reader) searched(name string) bool {
	around := (&project{r: r, place: name}).chain()
	return slices.ContainsFunc(r.sweeps, func(s *sweep) bool {
		return s.cut == "" && s.has(&call{permission: ".getIamPolicy"}) && s.covers(around)
	})
}

// finishMembers tells which projects the organisations have, if a file of Asset
// Inventory tells of all in each.
func (r *reader) finishMembers(e *object.Estate) {
	for _, p := range e.Projects {
		e.Members = append(e.Members, p.ID)
	}
	e.MembersKnown = len(e.Organizations) > 0
	for _, o := range e.Organizations {
		whole := false
		for _, s := range r.sweeps {
			whole = whole || s.cut == "" && s.has(&call{assets: []string{"cloudresourcemanager.googleapis.com/Project"}}) && s.covers(map[string]bool{o.Name: true})
		}
		e.MembersKnown = e.MembersKnown && whole
	}
}

// namedRoles are the custom roles that policies name, in order. What predefined ones
// permit Google publishes.
func (r *reader) namedRoles() []string {
	found := map[string]bool{}
	for _, p := range r.allowed {
		for _, b := range p.Bindings {
			if !strings.HasPrefix(b.Role, "roles/") && collections(b.Role) != "" {
				found[b.Role] = true
			}
		}
	}
	return sortedKeys(found)
}

// parentOf is what a project is in, by what assets and the command line tell.
func (r *reader) parentOf(p *project) string {
	if list := r.ancestors[p.Number]; len(list) > 1 && strings.HasPrefix(list[0], "projects/") {
		return list[1]
	}
	return cmp.Or(r.parents["projects/"+p.ID], r.parents["projects/"+p.Number])
}

// finishBoundaries gives principal access boundary policies what they are bound to.
func (r *reader) finishBoundaries(e *object.Estate) {
	for _, name := range sortedKeys(r.bounds) {
		b := r.bounds[name].v
		r.boundaries.merge(b.Policy, age{}, object.AccessBoundary{Name: b.Policy})
		policy := &r.boundaries[b.Policy].v
		policy.Targets = append(policy.Targets, b.Target)
		if b.Condition != nil {
			policy.Conditions = append(policy.Conditions, *b.Condition)
		}
	}
	e.Boundaries = r.boundaries.sorted()
}
