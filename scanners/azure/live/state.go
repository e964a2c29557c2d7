package live

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/muster-nhi/muster/internal/saved"
	"github.com/muster-nhi/muster/scanners/azure/object"
)

// A kept reading is one that was broken off, as a later run finds it. It has no value of
// a secret.
type kept struct {
	saved.Stamp
	Stages []string
	Tenant *object.Tenant

	Trusts    map[string][]object.Federated
	Agents    map[string]savedAgent
	Policies  map[string][]string
	Schedules map[string][2]time.Time
	Uses      map[string]savedUse
}

type savedAgent struct {
	Sponsors                         []string
	Application, Identity, Principal bool
	Blueprint                        string
	Created                          time.Time
}

type savedUse struct {
	At           time.Time
	Resource, By string
}

// state is where a reading is kept. The choice is what of the options decides what is
// read.
func (o *Options) state() saved.State {
	return saved.State{Dir: o.State, Format: 1, MaxAge: o.MaxAge, Now: o.Now, Choice: []any{
		o.Cloud, o.Subscriptions, o.ExcludeSubscriptions, o.NoDirectory, o.NoResources, o.NoVaults, o.NoUsage, o.NoGroups, o.Creators, o.Risk,
		o.GraphEndpoint, o.ARMEndpoint,
	}}
}

// stateName is under which name the reading of a tenant is kept.
func (x *run) stateName() string {
	return "azure-" + strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || r == '-' {
			return r
		}
		return '_'
	}, x.tenant.ID) + ".json"
}

// load reports whether an earlier run has read a stage, and takes over what it
// read: the first time it is asked.
func (x *run) load(stage string) bool {
	if x.options.State == "" {
		return false
	}
	if !x.loaded {
		x.loaded = true
		x.takeOver()
	}
	return slices.Contains(x.finished, stage)
}

func (x *run) takeOver() {
	var s kept
	age, ok, err := x.options.state().Load(x.stateName(), &s, func() bool { return s.Tenant != nil && s.Tenant.ID == x.tenant.ID })
	if err != nil {
		x.remarkf("what an earlier scan left %v", err)
	}
	if !ok {
		return
	}
	reader, name := x.tenant.Reader, x.tenant.ReaderName
	*x.tenant = *s.Tenant
	x.tenant.Reader, x.tenant.ReaderName = reader, name
	for _, sub := range x.tenant.Subscriptions {
		x.subs[strings.ToLower(sub.ID)] = sub
	}
	x.finished, x.made = s.Stages, s.Made
	x.unpack(&s)
	x.remarkf("%s were read %s ago by an earlier scan, which this one goes on with", strings.Join(s.Stages, ", "), age.Round(time.Minute))
}

func (x *run) unpack(s *kept) {
	x.trusts = s.Trusts
	for id, a := range s.Agents {
		x.agents[id] = agent{sponsors: a.Sponsors, application: a.Application, identity: a.Identity, principal: a.Principal, blueprint: a.Blueprint, created: a.Created}
	}
	maps.Copy(x.policies, s.Policies)
	maps.Copy(x.schedules, s.Schedules)
	for id, u := range s.Uses {
		x.uses[id] = keyUse{at: u.At, resource: u.Resource, by: u.By}
	}
}

// save keeps what was read for a later run, unless another attempt may read what this
// one could not, and so all that came after it. What is denied stands, and is no reason
// to read all the rest again. That it cannot be kept costs the later run time and this
// one nothing.
func (x *run) save(stage string) {
	if x.options.State == "" || x.lacks(func(l object.Listing) bool { return l.Again }) {
		return
	}
	x.finished = append(x.finished, stage)
	if x.made.IsZero() {
		x.made = x.options.Now()
	}
	s := kept{
		Stamp: saved.Stamp{Made: x.made}, Stages: x.finished, Tenant: x.tenant, Trusts: x.trusts, Policies: x.policies,
		Schedules: x.schedules, Agents: map[string]savedAgent{}, Uses: map[string]savedUse{},
	}
	for id, a := range x.agents {
		s.Agents[id] = savedAgent{a.sponsors, a.application, a.identity, a.principal, a.blueprint, a.created}
	}
	for id, u := range x.uses {
		s.Uses[id] = savedUse{u.at, u.resource, u.by}
	}
	if err := x.options.state().Save(x.stateName(), &s); err != nil {
		x.estate.Notes = append(x.estate.Notes, fmt.Sprintf("what was read cannot be kept for a later scan: %v", err))
	}
}

// lacks reports whether a listing is as asked for.
func (x *run) lacks(is func(object.Listing) bool) bool {
	return slices.ContainsFunc(x.tenant.Listings, is) || slices.ContainsFunc(x.tenant.Subscriptions, func(s *object.Subscription) bool { return slices.ContainsFunc(s.Listings, is) })
}

// clear removes what was kept for going on, once there is nothing to go on with: not
// while something was broken off, by credentials that ran out.
func (x *run) clear() {
	if x.options.State != "" && x.lacks(func(l object.Listing) bool { return l.Broken }) {
		x.estate.Notes = append(x.estate.Notes, "not all was read to its end: another scan goes on from here")
		return
	}
	if err := x.options.state().Remove(x.stateName()); err != nil {
		x.estate.Notes = append(x.estate.Notes, fmt.Sprintf("what was kept for a later scan cannot be removed: %v", err))
	}
}
