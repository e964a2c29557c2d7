package live

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/scanners/gcp/convert"
	"github.com/muster-nhi/muster/scanners/gcp/live/wire"
	"github.com/muster-nhi/muster/scanners/gcp/object"
)

// places finds the organisation, the folders and the projects to read. The error is
// that of credentials that Google does not take.
func (x *run) places(ctx context.Context) error {
	if err := x.organizations(ctx); wire.Unknown(err) {
		return err
	}
	var all []*object.Project
	whole := len(x.roots) > 0
	for _, root := range x.roots {
		found, begun, err := x.searchPlaces(ctx, root)
		if !begun {
			found, err = x.listPlaces(ctx, root)
		}
		whole = whole && err == nil
		all = append(all, found...)
		if strings.HasPrefix(root, "folders/") && !slices.ContainsFunc(x.estate.Folders, func(f object.Folder) bool { return f.Name == root }) {
			x.estate.Folders = append(x.estate.Folders, object.Folder{Name: root}) // it may not be looked at, and can be read nevertheless
		}
	}
	listed := whole
	if len(x.roots) == 0 && x.options.Organization == "" {
		found, err := x.listPlaces(ctx, "")
		if wire.Unknown(err) {
			return err
		}
		all, listed = found, err == nil
	}
	x.members(all, whole)
	x.choose(all)
	x.unseen(all, listed)
	if len(x.roots) == 0 {
		x.ancestry(ctx)
	}
	return nil
}

// unseen notes what was to be read and of which no project, folder or organisation
// was found: nothing else would tell of it. Why none was is told by the listings of
// what there is; if they listed some projects, it is that.
func (x *run) unseen(all []*object.Project, listed bool) {
	o, projects := x.options, len(all)
	patterns := o.patterns()
	if len(x.sites) > 0 {
		patterns = slices.DeleteFunc(patterns, func(pattern string) bool {
			return !listed || slices.ContainsFunc(all, func(p *object.Project) bool { return matches(p.ID, []string{pattern}) })
		})
	}
	switch {
	case len(patterns) > 0:
		x.estate.Sought = patterns
		for _, pattern := range patterns {
			if projects == 0 || !listed {
				break
			}
			x.above(object.Listing{
				Call: projectsGet, Where: pattern, Status: inventory.StatusDenied,
				Reason: fmt.Sprintf("none of the %d projects that can be seen is chosen by %s: there is no such project, or the permission %s is missing on it", projects, pattern, projectsGet),
			})
		}
	case len(x.sites) > 0:
	case len(x.estate.Organizations) == 0 && len(x.estate.Folders) == 0:
		x.estate.Sought = []string{o.Organization}
	}
}

// projectsGet is the permission that listings of projects are called by.
const projectsGet = "resourcemanager.projects.get"

// ancestry asks what is above the projects, where only projects are read: policies
// there hold for them too.
func (x *run) ancestry(ctx context.Context) {
	const id = "cloudresourcemanager.folders.get"
	seen := map[string]bool{"": true}
	for _, s := range x.sites {
		for parent := s.p.Parent; !seen[parent] && ctx.Err() == nil; {
			seen[parent] = true
			if strings.HasPrefix(parent, "organizations/") {
				x.estate.Organizations = append(x.estate.Organizations, object.Organization{Name: parent})
				break
			}
			f := object.Folder{Name: parent}
			raw, err := x.ask(ctx, id, wire.Values{"name": parent})
			count := 0
			if err == nil {
				count = 1
				f, err = convert.Folder(raw)
			}
			x.above(x.listing(x.name(id), parent, count, err))
			x.estate.Folders = append(x.estate.Folders, f)
			parent = f.Parent
		}
	}
}

// organizations settles what is read whole: the organisation or folder that is
// named, or where nothing is, every organisation that can be seen.
func (x *run) organizations(ctx context.Context) error {
	o := x.options
	if o.Folder != "" {
		x.roots = []string{o.Folder}
	}
	in := wire.Values{}
	if o.Organization != "" && !strings.HasPrefix(o.Organization, "organizations/") {
		in["query"] = "domain:" + o.Organization
	}
	const id = "cloudresourcemanager.organizations.search"
	var seen []object.Organization
	count, err := x.list(ctx, id, in, func(raw json.RawMessage) error {
		org, err := convert.Organization(raw)
		seen = append(seen, org)
		return err
	})
	if o.Folder != "" || o.Organization == "" && len(o.Projects) > 0 {
		return err // organisations are only looked at where they are read
	}
	named := strings.HasPrefix(o.Organization, "organizations/")
	if named {
		seen = slices.DeleteFunc(seen, func(org object.Organization) bool { return org.Name != o.Organization })
	}
	switch l := verdict(x.name(id), o.Organization, cmp.Or(o.Organization, anywhere), "", count, err); {
	case err == nil && o.Organization != "" && len(seen) == 0:
		l.Status, l.Count, l.Reason = inventory.StatusDenied, 0, o.Organization+" is no organisation, or the permission "+l.Call+" is missing on it"
		x.above(l)
	case err != nil || o.Organization != "":
		x.above(l)
	}
	if named && len(seen) == 0 { // it may not be looked at, and can be read nevertheless
		seen = []object.Organization{{Name: o.Organization}}
	}
	x.estate.Organizations = seen
	for _, org := range seen {
		x.roots = append(x.roots, org.Name)
	}
	return err
}

// A found is a result of a search in Asset Inventory.
type found struct {
	Name, AssetType, Project, DisplayName, State, ParentFullResourceName string
	CreateTime                                                           time.Time
	Labels                                                               map[string]string
	Tags                                                                 []struct{ TagKey, TagValue string }
}

// Asset types of places.
const (
	projectType = "cloudresourcemanager.googleapis.com/Project"
	folderType  = "cloudresourcemanager.googleapis.com/Folder"
)

// searchPlaces searches for the folders and projects below a root. It reports
// whether that began: if not, another way may be tried. The error says why it did not
// come to its end.
func (x *run) searchPlaces(ctx context.Context, root string) (projects []*object.Project, begun bool, err error) {
	const id = "cloudasset.searchAllResources"
	var folders []object.Folder
	count, err := x.list(ctx, id, wire.Values{
		"scope": root, "assetTypes": folderType + "\n" + projectType,
		"readMask": "name,assetType,project,displayName,state,createTime,labels,tags,parentFullResourceName",
	}, func(raw json.RawMessage) error {
		var f found
		err := json.Unmarshal(raw, &f)
		if err != nil {
			return wire.ErrMalformed
		}
		switch name := convert.Resource(f.Name); f.AssetType {
		case folderType:
			folders = append(folders, object.Folder{Name: name, DisplayName: f.DisplayName, Parent: convert.Resource(f.ParentFullResourceName), State: f.State, CreatedAt: f.CreateTime})
		case projectType:
			projects = append(projects, &object.Project{
				ID: strings.TrimPrefix(name, "projects/"), Number: strings.TrimPrefix(f.Project, "projects/"), Name: f.DisplayName,
				Parent: convert.Resource(f.ParentFullResourceName), State: f.State, CreatedAt: f.CreateTime, Labels: labels(f.Labels), Tags: f.tags(),
			})
		}
		return nil
	})
	if err != nil && (refused(err) || count == 0) {
		x.remarkf("Asset Inventory cannot be searched on %s (%s): projects are listed one API at a time", root, x.listing(x.name(id), root, count, err).Reason)
		return nil, false, err
	}
	x.above(x.listing(x.name(id), root, count, err))
	x.estate.Folders = append(x.estate.Folders, folders...)
	return projects, true, err
}

// tags are those of a project. Keys and values have the number of the organisation
// in front: 123/env and 123/env/prod.
func (f found) tags() []object.Label {
	var out []object.Label
	for _, t := range f.Tags {
		out = append(out, object.Label{Key: convert.Last(t.TagKey), Value: convert.Last(t.TagValue)})
	}
	slices.SortFunc(out, compareLabels)
	return out
}

func labels(m map[string]string) []object.Label {
	var out []object.Label
	for k, v := range m {
		out = append(out, object.Label{Key: k, Value: v})
	}
	slices.SortFunc(out, compareLabels)
	return out
}

func compareLabels(a, b object.Label) int {
	return cmp.Or(cmp.Compare(a.Key, b.Key), cmp.Compare(a.Value, b.Value))
}

// listPlaces lists all folders and projects that can be seen, and keeps those below
// a root; all projects if it is empty.
func (x *run) listPlaces(ctx context.Context, root string) ([]*object.Project, error) {
	const projectsID, foldersID = "cloudresourcemanager.projects.search", "cloudresourcemanager.folders.search"
	var folders []object.Folder
	var lost error // folders, and the projects in them
	if root != "" {
		var count int
		count, lost = x.list(ctx, foldersID, wire.Values{}, func(raw json.RawMessage) error {
			f, err := convert.Folder(raw)
			folders = append(folders, f)
			return err
		})
		x.above(x.listing(x.name(foldersID), root, count, lost))
	}
	var projects []*object.Project
	_, err := x.list(ctx, projectsID, wire.Values{}, func(raw json.RawMessage) error {
		p, err := convert.Project(raw)
		projects = append(projects, &p)
		return err
	})
	if root != "" {
		below := beneath(root, folders)
		for _, f := range folders {
			if below[f.Name] {
				x.estate.Folders = append(x.estate.Folders, f)
			}
		}
		projects = slices.DeleteFunc(projects, func(p *object.Project) bool { return !below[p.Parent] })
	}
	err = cmp.Or(err, lost)
	x.listed(root, projects, err)
	return projects, err
}

// listed notes how a listing of projects fared. Google leaves out of it what may not
// be seen, without a word: nothing is no answer. Where projects are named by their
// ids, those that were found tell the same of the others.
func (x *run) listed(root string, projects []*object.Project, err error) {
	o := x.options
	if root == "" && len(o.Projects) > 0 && len(o.patterns()) == 0 {
		x.failed = err
		return
	}
	l := verdict(projectsGet, root, cmp.Or(root, anywhere), "", len(projects), err)
	if err == nil && len(projects) == 0 {
		l.Status, l.Reason = inventory.StatusDenied, "no project can be seen"+on(" below ", root)+": there is none, or the permission "+projectsGet+" is missing on "+cmp.Or(root, anywhere)
	}
	x.above(l)
}

// anywhere is where a permission is missing if no place is named.
const anywhere = "every organisation, folder and project"

// on names a place, if there is one.
func on(how, place string) string {
	if place == "" {
		return ""
	}
	return how + place
}

// beneath returns a root and the folders below it.
func beneath(root string, folders []object.Folder) map[string]bool {
	in := map[string]bool{root: true}
	for grown := true; grown; {
		grown = false
		for _, f := range folders {
			if in[f.Parent] && !in[f.Name] {
				in[f.Name], grown = true, true
			}
		}
	}
	return in
}

// members tells which projects the organisations have, so that accounts of others
// can be told apart.
func (x *run) members(all []*object.Project, whole bool) {
	for _, p := range all {
		x.estate.Members = append(x.estate.Members, p.ID)
	}
	slices.Sort(x.estate.Members)
	x.estate.Members = slices.Compact(x.estate.Members)
	x.estate.MembersKnown = whole && len(x.estate.Organizations) > 0
}

// choose settles which projects are read. One that is named and was not found may be
// read nevertheless.
func (x *run) choose(all []*object.Project) {
	left := 0
	for _, p := range all {
		switch {
		case x.id[p.ID] != nil: // listed twice
		case x.options.chosen(p.ID):
			x.add(p)
		default:
			left++
		}
	}
	for _, id := range x.options.named() {
		if x.id[id] == nil && x.options.chosen(id) {
			p := &object.Project{ID: id, Notes: []string{"it is not among the projects that can be listed"}}
			x.add(p)
			x.id[id].unlisted(x.failed)
		}
	}
	slices.SortFunc(x.sites, func(a, b *site) int { return cmp.Compare(a.p.ID, b.p.ID) })
	for _, s := range x.sites {
		x.estate.Projects = append(x.estate.Projects, s.p)
	}
	if left > 0 {
		x.remarkf("%d projects are left out by choice", left)
	}
	if len(x.sites) == 0 {
		x.remarkf("no project is left to read")
	}
}

// unlisted notes why a project that was named is not among those that were listed:
// what it is called and what it is in is not known.
func (s *site) unlisted(err error) {
	l := s.listing(projectsGet, 0, err)
	if err == nil {
		l.Status, l.Reason = inventory.StatusDenied, "projects/"+s.p.ID+" does not exist, or the permission "+projectsGet+" is missing on it"
	}
	s.note(l)
}

func (x *run) add(p *object.Project) {
	p.Reader = x.as
	s := &site{
		run: x, p: p, told: map[string]bool{}, birth: map[string]time.Time{},
		versions: map[string][]object.SecretVersion{}, providers: map[string][]object.Provider{},
	}
	x.sites = append(x.sites, s)
	x.id[p.ID] = s
	if p.Number != "" {
		x.number[p.Number] = s
	}
}
