package cli

import (
	"path/filepath"
	"strings"

	"github.com/muster-nhi/muster/internal/config"
)

// A storePlace says where snapshots and the installation's key are kept.
type storePlace struct {
	url       string // "" keeps nothing
	file      string // of a SQLite store
	keyFile   string // "" for none
	isDefault bool
}

// place works out where the store is: sqlite:PATH, a path, none, or the
// default under the user's state directory.
func (a *app) place(s *setting) (storePlace, error) {
	url := s.store
	switch url {
	case "none":
		return storePlace{}, nil
	case "":
		dir := a.userDir("XDG_STATE_HOME", ".local", "state")
		if dir == "" {
			return storePlace{}, usage("there is no home directory to keep snapshots in; say where with --store sqlite:PATH, or --store none to keep nothing")
		}
		file := filepath.Join(dir, "muster", "muster.db")
		return storePlace{"sqlite:" + file, file, filepath.Join(dir, "muster", "key"), true}, nil
	}
	scheme, path, ok := strings.Cut(url, ":")
	if !ok {
		return storePlace{}, usage("%s: %q is neither sqlite:PATH nor none%s", s.storeKey(), url, config.DidYouMean(url, []string{"none", "sqlite:" + url}))
	}
	if scheme != "sqlite" {
		return storePlace{url: url}, nil // the store says what it thinks of it
	}
	if path == "" {
		return storePlace{}, usage("%s: sqlite: needs a path, for example sqlite:muster.db", s.storeKey())
	}
	if s.file != nil && s.store == s.file.Store {
		path = config.Rel(s.file.Dir(), path)
	}
	return storePlace{"sqlite:" + path, path, filepath.Join(filepath.Dir(path), "key"), false}, nil
}

// storeKey says where the store was named, for messages.
func (s *setting) storeKey() string {
	if s.file != nil && s.file.Store != "" && s.store == s.file.Store {
		return s.file.At("store")
	}
	return "--store"
}
