package live

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/muster-nhi/muster/internal/cloud"
	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/scanners/gcp/convert"
	"github.com/muster-nhi/muster/scanners/gcp/live/wire"
	"github.com/muster-nhi/muster/scanners/gcp/object"
)

// Progress is told what is being read, as the number of jobs that are done of those
// there are so far. It is called by one goroutine at a time.
type Progress = func(message string, done, total int)

// A run is one reading.
type run struct {
	*Reader
	estate *object.Estate
	roots  []string         // organizations/… and folders/… that are read whole
	sites  []*site          // projects that are read
	number map[string]*site // by number
	id     map[string]*site
	texts  *texts
	// covered are the places whose policies were searched, roleTold the organisations
	// whose roles Asset Inventory told.
	covered, roleTold map[string]bool
	failed            error             // why projects that are named by their ids could not be looked for
	used              []convert.Insight // of organisations and folders

	mu    sync.Mutex      // guards the estate, but not what is in projects
	shown *cloud.Progress // not a part of the run: the Reader tells of waits by it for as long as it lives
}

// Read reads what the options name. The error says that it could not begin, because
// there are no credentials or Google does not take them, or is that of ctx. Whatever
// else goes wrong stands in the listings, and costs nothing else. Projects are
// sorted, and so is everything in them.
func (r *Reader) Read(ctx context.Context, tell Progress) (*object.Estate, error) {
	x := r.newRun(tell)
	x.progress("looking for what there is", 0, 0)
	if err := x.places(ctx); err != nil {
		return nil, fmt.Errorf("sign in to Google Cloud: %w", err)
	}
	x.progress(fmt.Sprintf("reading %d projects", len(x.sites)), 0, 0)
	x.inventories(ctx)
	x.policies(ctx)
	x.each(ctx)
	x.whole(ctx)
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("read Google Cloud: %w", err)
	}
	x.clear()
	x.finish()
	return x.estate, nil
}

// newRun begins a reading.
func (r *Reader) newRun(tell Progress) *run {
	x := &run{
		Reader: r, estate: &object.Estate{}, number: map[string]*site{}, id: map[string]*site{},
		covered: map[string]bool{}, roleTold: map[string]bool{}, texts: newTexts(),
		shown: &cloud.Progress{Tell: tell, Wait: r.options.Waits},
	}
	r.waiting = x.shown.Waits
	return x
}

// each reads the projects side by side.
func (x *run) each(ctx context.Context) {
	x.progress("", 0, len(x.sites))
	group, inner := errgroup.WithContext(ctx)
	group.SetLimit(x.options.Parallel)
	for _, s := range x.sites {
		group.Go(func() error {
			s.read(inner)
			x.progress(s.p.ID, 1, 0)
			return inner.Err()
		})
	}
	_ = group.Wait() // the error is that of ctx, which Read returns
}

// read asks a project for what is not known of it yet.
func (s *site) read(ctx context.Context) {
	if s.p.State != "" && s.p.State != "ACTIVE" {
		s.note(object.Listing{Call: s.run.name("cloudresourcemanager.projects.search"), Status: inventory.StatusSkipped, Reason: "the project is being deleted (" + s.p.State + "): what it holds cannot be read"})
		return
	}
	if s.load() {
		return
	}
	s.services(ctx)
	jobs := []func(context.Context){
		s.policy, s.accounts, s.keys, s.secrets, s.cryptoKeys, s.pools, s.clients, s.hmac, s.roles, s.denies, s.contacts,
	}
	for _, job := range jobs {
		if ctx.Err() != nil {
			return
		}
		job(ctx)
	}
	if s.run.options.Activity {
		s.activity(ctx)
	}
	if s.run.options.Insights && s.run.manyInsights() == 0 {
		s.insights(ctx)
	}
	s.turnedOff()
	if ctx.Err() == nil {
		s.save()
	}
}

// turnedOff says in a note which APIs are not enabled.
func (s *site) turnedOff() {
	var off []string
	for _, l := range s.p.Listings {
		if l.Off {
			off = append(off, l.Reason)
		}
	}
	slices.Sort(off)
	for _, reason := range slices.Compact(off) {
		s.p.Notes = append(s.p.Notes, reason+": there is nothing of it, unless it was made before the API was disabled")
	}
}

// whole reads what is not of one project.
func (x *run) whole(ctx context.Context) {
	x.predefined(ctx)
	x.side(ctx, x.rootsAndFolders(), func(ctx context.Context, place string) {
		x.denies(ctx, place)
		x.contacts(ctx, place)
		if x.options.Insights && (strings.HasPrefix(place, "organizations/") || x.manyInsights() == 0) {
			x.insights(ctx, place)
		}
	})
	x.fewInsights()
	for _, o := range x.estate.Organizations {
		if ctx.Err() != nil {
			return
		}
		x.customRoles(ctx, o.Name)
		x.workforce(ctx, o.Name)
		x.boundaries(ctx, o.Name)
		x.above(object.Listing{
			Call: "domainWideDelegation.list", Where: o.Name, Status: inventory.StatusSkipped,
			Reason: "no API of Google lists to which client ids domain-wide delegation is given: see Security, API controls, Domain-wide delegation in the Admin console",
		})
	}
	if x.options.Groups {
		x.groups(ctx)
	}
}

// rootsAndFolders are all places above projects, by name.
func (x *run) rootsAndFolders() []string {
	var out []string
	for _, o := range x.estate.Organizations {
		out = append(out, o.Name)
	}
	for _, f := range x.estate.Folders {
		out = append(out, f.Name)
	}
	out = append(out, x.roots...)
	slices.Sort(out)
	return slices.Compact(out)
}

// site returns the project that an asset is in, by its ancestors or number; nil if
// it is not read.
func (x *run) site(project string) *site {
	project = strings.TrimPrefix(project, "projects/")
	if s := x.number[project]; s != nil {
		return s
	}
	return x.id[project]
}

// refused reports whether a call did not even begin, so that another way may be
// tried.
func refused(err error) bool {
	return wire.Denied(err) || wire.Disabled(err) || wire.Missing(err) || wire.Invalid(err) || wire.Perimeter(err)
}

// progress counts and tells.
func (x *run) progress(message string, done, more int) { x.shown.Did(message, done, more) }
