package live

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/scanners/gcp/convert"
	"github.com/muster-nhi/muster/scanners/gcp/object"
)

// A saved project is one that a run has read, as a later run finds it. It is as
// private as an inventory: it has no value of a secret.
type saved struct {
	Format   int
	Made     time.Time
	Choice   string // what of the options decides what a project holds
	Project  *object.Project
	Roles    []object.Role
	Policies []object.Policy
	Denies   []object.DenyPolicy
	Used     []convert.Insight
}

// savedFormat changes when what is saved would be read wrongly.
const savedFormat = 1

// choice is what two runs have to agree in for one to go on with the other's
// projects.
func (o *Options) choice() string {
	data, err := json.Marshal([]any{o.Organization, o.Folder, o.CredentialsFile, o.Impersonate, o.Endpoint, o.Details, o.Activity, o.Insights, o.AllInsights})
	if err != nil {
		return "" // strings always can
	}
	return string(data)
}

func (s *site) statePath() string {
	return filepath.Join(s.run.options.State, "gcp-project-"+url.PathEscape(s.p.ID)+".json")
}

// load takes a project from an earlier run, if that was made with the same choice and
// is not too old. Its name, place and labels are those of now.
func (s *site) load() bool {
	o := s.run.options
	if o.State == "" {
		return false
	}
	data, err := os.ReadFile(s.statePath())
	if err != nil {
		if !errors.Is(err, fs.ErrNotExist) {
			s.run.remarkf("what an earlier scan left of %s cannot be read", s.p.ID)
		}
		return false
	}
	var had saved
	if json.Unmarshal(data, &had) != nil || had.Format != savedFormat || had.Project == nil || had.Project.ID != s.p.ID {
		s.run.remarkf("what an earlier scan left of %s is damaged and was not used", s.p.ID)
		return false
	}
	age := o.Now().Sub(had.Made)
	if had.Choice != o.choice() || age < 0 || age > o.MaxAge {
		return false
	}
	now, p := s.p, had.Project
	p.Number, p.Name, p.Parent, p.State, p.CreatedAt, p.Labels, p.Tags = now.Number, now.Name, now.Parent, now.State, now.CreatedAt, now.Labels, now.Tags
	p.Notes = append(p.Notes, "it was read "+age.Round(time.Minute).String()+" ago by an earlier scan, which this one goes on with")
	*s.p = *p
	s.custom, s.own, s.deny, s.used = had.Roles, had.Policies, had.Denies, had.Used
	return true
}

// save keeps a project for a later run, unless something of it could not be read to
// its end: that is worth another attempt. That it cannot be kept costs the later run
// time and this one nothing.
func (s *site) save() {
	if s.run.options.State == "" || slices.ContainsFunc(s.p.Listings, func(l object.Listing) bool { return l.Status == inventory.StatusPartial }) {
		return
	}
	data, err := json.Marshal(saved{
		Format: savedFormat, Made: s.run.options.Now(), Choice: s.run.options.choice(), Project: s.p,
		Roles: s.custom, Policies: s.own, Denies: s.deny, Used: s.used,
	})
	if err == nil {
		err = write(s.statePath(), data)
	}
	if err != nil {
		s.run.remarkf("%s cannot be kept for a later scan: %v", s.p.ID, err)
	}
}

// write replaces a file whole, so that a run that is killed leaves no half of one.
func write(path string, data []byte) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return fmt.Errorf("make the folder of the state: %w", err)
	}
	f, err := os.CreateTemp(filepath.Dir(path), ".gcp-*")
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
	for _, s := range x.sites {
		if err := os.Remove(s.statePath()); err != nil && !errors.Is(err, fs.ErrNotExist) {
			x.remarkf("what was kept of %s cannot be removed: %v", s.p.ID, err)
		}
	}
}
