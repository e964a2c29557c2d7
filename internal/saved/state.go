package saved

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// A State is where a scan keeps what it read, for a later one that goes on with it.
// What is kept is as private as an inventory.
type State struct {
	Dir    string // empty keeps nothing
	Format int    // changes when what is kept would be read wrongly
	Choice []any  // what two scans have to agree in, in a form that JSON can write
	MaxAge time.Duration
	Now    func() time.Time
}

// A Stamp is embedded in what is kept.
type Stamp struct {
	Format int
	Made   time.Time
	Choice string
}

func (s *Stamp) stamp() *Stamp { return s }

// Stamped is what can be kept: a pointer to a struct that embeds Stamp.
type Stamped interface{ stamp() *Stamp }

// Load decodes what was kept under a name, and returns how old it is. It is false if
// there is none of the same choice that is young enough. Sound says of what was
// decoded whether it is what it should be. The error says of what was kept what is wrong
// with it.
func (s State) Load(name string, into Stamped, sound func() bool) (age time.Duration, ok bool, err error) {
	if s.Dir == "" {
		return 0, false, nil
	}
	data, err := os.ReadFile(filepath.Join(s.Dir, name))
	if errors.Is(err, fs.ErrNotExist) {
		return 0, false, nil
	}
	if err != nil {
		return 0, false, errors.New("cannot be read")
	}
	if json.Unmarshal(data, into) != nil || into.stamp().Format != s.Format || !sound() {
		return 0, false, errors.New("is damaged and was not used")
	}
	age = s.Now().Sub(into.stamp().Made)
	return age, into.stamp().Choice == s.choice() && age >= 0 && age <= s.MaxAge, nil
}

// Save keeps something under a name. It is as old as its stamp says, and made now if
// that does not tell.
func (s State) Save(name string, v Stamped) error {
	if s.Dir == "" {
		return nil
	}
	stamp := v.stamp()
	stamp.Format, stamp.Choice = s.Format, s.choice()
	if stamp.Made.IsZero() {
		stamp.Made = s.Now()
	}
	data, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("write the state: %w", err)
	}
	return replace(filepath.Join(s.Dir, name), data)
}

// Remove removes what was kept under a name, if there is any.
func (s State) Remove(name string) error {
	if s.Dir == "" {
		return nil
	}
	if err := os.Remove(filepath.Join(s.Dir, name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err //nolint:wrapcheck // it names the file
	}
	return nil
}

func (s State) choice() string {
	if len(s.Choice) == 0 {
		return ""
	}
	data, err := json.Marshal(s.Choice)
	if err != nil {
		return "" // strings always can
	}
	return string(data)
}

// replace replaces a file whole, so that a run that is killed leaves no half of one.
func replace(path string, data []byte) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return fmt.Errorf("make the folder of the state: %w", err)
	}
	f, err := os.CreateTemp(filepath.Dir(path), ".state-*")
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
