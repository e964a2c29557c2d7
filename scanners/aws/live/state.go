package live

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/muster-nhi/muster/scanners/aws/object"
)

// A saved account is one that a run has read, as a later run finds it. It is as
// private as an inventory: it has no value of a secret.
type saved struct {
	Format  int
	Made    time.Time
	Choice  string // what of the options decides what an account holds
	Account *object.Account
}

// savedFormat changes when what is saved would be read wrongly.
const savedFormat = 1

// choice is what two runs have to agree in for one to go on with the other's
// accounts.
func (o *Options) choice() string {
	data, err := json.Marshal([]any{
		o.Profile, o.Endpoint, o.Role, o.Regions, o.ExcludeRegions, o.Details, o.AccessAdvisor, o.Creators, o.Organization, o.WideSession,
	})
	if err != nil {
		return "" // strings always can
	}
	return string(data)
}

func (x *run) statePath(account string) string {
	return filepath.Join(x.options.State, "aws-account-"+account+".json")
}

// load takes an account from an earlier run, if that was made with the same choice
// and is not too old. What Organizations says of it now holds.
func (x *run) load(t target) (*object.Account, bool) {
	if x.options.State == "" {
		return nil, false
	}
	data, err := os.ReadFile(x.statePath(t.ID))
	if err != nil {
		if !errors.Is(err, fs.ErrNotExist) {
			x.remark(fmt.Sprintf("what an earlier scan left of %s cannot be read", t.ID))
		}
		return nil, false
	}
	var s saved
	if json.Unmarshal(data, &s) != nil || s.Format != savedFormat || s.Account == nil || s.Account.ID != t.ID {
		x.remark(fmt.Sprintf("what an earlier scan left of %s is damaged and was not used", t.ID))
		return nil, false
	}
	age := x.options.Now().Sub(s.Made)
	if s.Choice != x.options.choice() || age < 0 || age > x.options.MaxAge {
		return nil, false
	}
	a := s.Account
	a.Name, a.Email, a.State, a.Parent, a.Joined, a.SCPs, a.RCPs = t.Name, t.Email, t.State, t.Parent, t.Joined, t.SCPs, t.RCPs
	a.Notes = append(a.Notes, "it was read "+age.Round(time.Minute).String()+" ago by an earlier scan, which this one goes on with")
	return a, true
}

// save keeps an account for a later run. That it cannot be kept costs the later run
// time and this one nothing.
func (x *run) save(s *session) {
	if x.options.State == "" {
		return
	}
	data, err := json.Marshal(saved{Format: savedFormat, Made: x.options.Now(), Choice: x.options.choice(), Account: s.account})
	if err == nil {
		err = write(x.statePath(s.account.ID), data)
	}
	if err != nil {
		x.remark(fmt.Sprintf("%s cannot be kept for a later scan: %v", s.account.ID, err))
	}
}

// write replaces a file whole, so that a run that is killed leaves no half of one.
func write(path string, data []byte) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return fmt.Errorf("make the folder of the state: %w", err)
	}
	f, err := os.CreateTemp(filepath.Dir(path), ".aws-*")
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

// remark tells something of the whole run.
func (x *run) remark(text string) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.estate.Notes = append(x.estate.Notes, text)
}

// clear removes what was kept for going on, once there is nothing to go on with.
func (x *run) clear() {
	if x.options.State == "" {
		return
	}
	for _, a := range x.estate.Accounts {
		if err := os.Remove(x.statePath(a.ID)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			x.remark(fmt.Sprintf("what was kept of %s cannot be removed: %v", a.ID, err))
		}
	}
}
