package live

import (
	"net/url"
	"slices"
	"time"

	"github.com/muster-nhi/muster/internal/saved"
	"github.com/muster-nhi/muster/scanners/gcp/convert"
	"github.com/muster-nhi/muster/scanners/gcp/object"
)

// A kept project is one that a run has read, as a later run finds it. It has no value
// of a secret.
type kept struct {
	saved.Stamp
	Project  *object.Project
	Roles    []object.Role
	Policies []object.Policy
	Denies   []object.DenyPolicy
	Used     []convert.Insight
}

// state is where projects are kept. The choice is what of the options decides what a
// project holds.
func (o *Options) state() saved.State {
	return saved.State{
		Dir: o.State, Format: 1, MaxAge: o.MaxAge, Now: o.Now,
		Choice: []any{o.Organization, o.Folder, o.CredentialsFile, o.Impersonate, o.Endpoint, o.Details, o.Activity, o.Insights, o.AllInsights},
	}
}

// stateName is under which name a project is kept.
func (s *site) stateName() string { return "gcp-project-" + url.PathEscape(s.p.ID) + ".json" }

// load takes a project from an earlier run, if that was made with the same choice and
// is not too old. Its name, place and labels are those of now.
func (s *site) load() bool {
	var had kept
	age, ok, err := s.run.options.state().Load(s.stateName(), &had, func() bool { return had.Project != nil && had.Project.ID == s.p.ID })
	if err != nil {
		s.run.remarkf("what an earlier scan left of %s %v", s.p.ID, err)
	}
	if !ok {
		return false
	}
	now, p := s.p, had.Project
	p.Number, p.Name, p.Parent, p.State, p.CreatedAt, p.Labels, p.Tags = now.Number, now.Name, now.Parent, now.State, now.CreatedAt, now.Labels, now.Tags
	p.Notes = append(p.Notes, "it was read "+age.Round(time.Minute).String()+" ago by an earlier scan, which this one goes on with")
	*s.p = *p
	s.custom, s.own, s.deny, s.used = had.Roles, had.Policies, had.Denies, had.Used
	return true
}

// save keeps a project for a later run, unless another attempt may read what this one
// could not. What is denied stands, and is no reason to read all the rest again. That it
// cannot be kept costs the later run time and this one nothing.
func (s *site) save() {
	if slices.ContainsFunc(s.p.Listings, func(l object.Listing) bool { return l.Again }) {
		return
	}
	err := s.run.options.state().Save(s.stateName(), &kept{Project: s.p, Roles: s.custom, Policies: s.own, Denies: s.deny, Used: s.used})
	if err != nil {
		s.run.remarkf("%s cannot be kept for a later scan: %v", s.p.ID, err)
	}
}

// clear removes what was kept for going on, once there is nothing to go on with: not
// while a project was broken off, by credentials that ran out.
func (x *run) clear() {
	if x.options.State == "" {
		return
	}
	for _, s := range x.sites {
		if slices.ContainsFunc(s.p.Listings, func(l object.Listing) bool { return l.Broken }) {
			x.remarkf("%s was not read to its end: another scan goes on from here", s.p.ID)
			return
		}
	}
	for _, s := range x.sites {
		if err := x.options.state().Remove(s.stateName()); err != nil {
			x.remarkf("what was kept of %s cannot be removed: %v", s.p.ID, err)
		}
	}
}
