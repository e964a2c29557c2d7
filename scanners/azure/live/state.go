package live

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/muster-nhi/muster/scanners/azure/object"
)

// A saved reading is one that was broken off, as a later run finds it. It is as
// private as an inventory: it has no value of a secret.
type saved struct {
	Format int
	Made   time.Time
	Choice string // what of the options decides what is read
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

// savedFormat changes when what is saved would be read wrongly.
const savedFormat = 1

// choice is what two runs have to agree in for one to go on with the other's work.
func (o *Options) choice() string {
	data, err := json.Marshal([]any{
		o.Cloud, o.Subscriptions, o.ExcludeSubscriptions, o.NoDirectory, o.NoResources, o.NoVaults, o.NoUsage, o.NoGroups, o.Creators, o.Risk,
		o.GraphEndpoint, o.ARMEndpoint,
	})
	if err != nil {
		return "" // strings always can
	}
	return string(data)
}

func (x *run) statePath() string {
	return filepath.Join(x.options.State, "azure-"+strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || r == '-' {
			return r
		}
		return '_'
	}, x.tenant.ID)+".json")
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
	data, err := os.ReadFile(x.statePath())
	if err != nil {
		if !errors.Is(err, fs.ErrNotExist) {
			x.remarkf("what an earlier scan left cannot be read")
		}
		return
	}
	var s saved
	if json.Unmarshal(data, &s) != nil || s.Format != savedFormat || s.Tenant == nil || s.Tenant.ID != x.tenant.ID {
		x.remarkf("what an earlier scan left is damaged and was not used")
		return
	}
	age := x.options.Now().Sub(s.Made)
	if s.Choice != x.options.choice() || age < 0 || age > x.options.MaxAge {
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

func (x *run) unpack(s *saved) {
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

// save keeps what was read for a later run. That it cannot be kept costs the later
// run time and this one nothing.
func (x *run) save(stage string) {
	if x.options.State == "" {
		return
	}
	x.finished = append(x.finished, stage)
	if x.made.IsZero() {
		x.made = x.options.Now()
	}
	s := saved{
		Format: savedFormat, Made: x.made, Choice: x.options.choice(), Stages: x.finished, Tenant: x.tenant, Trusts: x.trusts, Policies: x.policies,
		Schedules: x.schedules, Agents: map[string]savedAgent{}, Uses: map[string]savedUse{},
	}
	for id, a := range x.agents {
		s.Agents[id] = savedAgent{a.sponsors, a.application, a.identity, a.principal, a.blueprint, a.created}
	}
	for id, u := range x.uses {
		s.Uses[id] = savedUse{u.at, u.resource, u.by}
	}
	data, err := json.Marshal(s)
	if err == nil {
		err = write(x.statePath(), data)
	}
	if err != nil {
		x.estate.Notes = append(x.estate.Notes, fmt.Sprintf("what was read cannot be kept for a later scan: %v", err))
	}
}

// write replaces a file whole, so that a run that is killed leaves no half of one.
func write(path string, data []byte) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return fmt.Errorf("make the folder of the state: %w", err)
	}
	f, err := os.CreateTemp(filepath.Dir(path), ".azure-*")
	if err != nil {
		return fmt.Errorf("write the state: %w", err)
	}
	_, err = f.Write(data)
	err = errors.Join(err, f.Sync(), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return errors.Join(fmt.Errorf("write the state: %w", err), os.Remove(f.Name()))
	}
	return nil
}

// clear removes what was kept for going on, once there is nothing to go on with.
func (x *run) clear() {
	if x.options.State == "" {
		return
	}
	if err := os.Remove(x.statePath()); err != nil && !errors.Is(err, fs.ErrNotExist) {
		x.estate.Notes = append(x.estate.Notes, fmt.Sprintf("what was kept for a later scan cannot be removed: %v", err))
	}
}
