// Package repo lists the credentials that lie in git repositories and file
// trees, and the machine identities that a repository declares.
//
// Of a repository it reads every object of its store once, so that merges,
// stashes, notes, commit and tag messages and objects that no reference reaches
// are seen as well as plain commits, and the files of the working tree, ignored
// ones too. What is a secret is gitleaks' verdict (package match). Where it
// came in, by whom and when is found out afterwards, for what was found only.
//
// Memory: a few objects a worker (package pack), 25 bytes for each object of
// the repository, and what is found. docs/repo-engine.md has the details.
package repo

import (
	"errors"
	"sync"

	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/scanners"
	"github.com/muster-nhi/muster/scanners/repo/match"
	"github.com/muster-nhi/muster/scanners/repo/pack"
)

// A Config says what to scan and how far.
type Config struct {
	Path         string   `yaml:"path" json:"path"`               // a repository, or a directory of files and repositories
	Paths        []string `yaml:"paths" json:"paths"`             // further ones
	History      bool     `yaml:"history" json:"history"`         // all objects of a repository (default true)
	Worktree     bool     `yaml:"worktree" json:"worktree"`       // the files on disk, untracked and ignored ones too (default true)
	Staged       bool     `yaml:"staged" json:"staged"`           // only what is staged for the next commit
	Since        string   `yaml:"since" json:"since"`             // only commits since then, as git log --since takes it
	Commits      string   `yaml:"commits" json:"commits"`         // only these commits: A..B
	Unreachable  bool     `yaml:"unreachable" json:"unreachable"` // objects that no reference reaches, too (default true)
	MaxFileSize  int64    `yaml:"max_file_size" json:"max_file_size"`
	Archives     int      `yaml:"archives" json:"archives"`           // archives in one another that are opened; 0 is none (default 4)
	ArchiveBytes int64    `yaml:"archive_bytes" json:"archive_bytes"` // unpacked from one archive at most (default 2 GiB)
	Rules        string   `yaml:"config" json:"config"`               // a gitleaks configuration to use in place of the repository's own
	Submodules   bool     `yaml:"submodules" json:"submodules"`       // repositories inside the working tree, as repositories of their own (default true)
	Rescan       string   `yaml:"rescan" json:"rescan"`               // new (default): what an earlier scan read and found nothing in is not read again; full: all is read
}

// The values of Config.Rescan.
const (
	rescanNew  = "new"
	rescanFull = "full"
)

// defaultMaxFileSize is the size in bytes beyond which a file or blob is not
// read but counted as skipped: 1 GiB.
const defaultMaxFileSize = 1 << 30

// Factory returns the factory of the repo scanner.
func Factory() scanners.Factory {
	return scanners.Define(info(), defaults(), open)
}

func defaults() Config {
	return Config{
		History: true, Worktree: true, Unreachable: true, Submodules: true, MaxFileSize: defaultMaxFileSize,
		Archives: defaultArchives, ArchiveBytes: defaultArchiveBytes, Rescan: rescanNew,
	}
}

func info() scanners.Info {
	return scanners.Info{
		Name:     "repo",
		Title:    "Git repositories and file trees: secrets in history and on disk, and the identities that workflows, infrastructure code and agents declare",
		Argument: "path",
		Kinds: []inventory.Kind{
			inventory.KindIdentity, inventory.KindCredential, inventory.KindGrant,
			inventory.KindTrust, inventory.KindConsumer, inventory.KindOwner,
		},
		Permissions: []string{"read the repository or directory"},
	}
}

// A scanner scans the places that its configuration names.
type scanner struct {
	env    scanners.Env
	config Config
	roots  []string
	user   *userRules
	many   bool // only the repositories below directories, and those in lists
	alone  bool // one after the other, in tests
	// rules returns the default ones, loaded once.
	rules func() (*match.Ruleset, error)
	// openPacks is pack.Open, but for tests.
	openPacks func(dir string, borrowed ...string) (*pack.Store, error)
}

func open(env scanners.Env, config Config) (scanners.Scanner, error) {
	s, err := newScanner(env, config)
	if err == nil {
		err = s.checkRoots()
	}
	if err != nil {
		return nil, err
	}
	return s, nil
}

func newScanner(env scanners.Env, config Config) (*scanner, error) {
	s := &scanner{env: env, config: config, rules: sync.OnceValues(defaultRules), openPacks: pack.Open}
	if config.Path != "" {
		s.roots = append(s.roots, config.Path)
	}
	s.roots = append(s.roots, config.Paths...)
	if err := check(config, s.roots); err != nil {
		return nil, err
	}
	if config.Rules != "" {
		user, err := loadUserRules(config.Rules)
		if err != nil {
			return nil, err
		}
		s.user = user
	}
	return s, nil
}

// narrow reports whether only changes are asked for.
func (c Config) narrow() bool { return c.Staged || c.Since != "" || c.Commits != "" }

// asked names what is asked for that only a repository has.
func (c Config) asked() string {
	switch {
	case c.Staged:
		return "what is staged"
	case c.Commits != "":
		return "a range of commits"
	case c.Since != "":
		return "what was committed since then"
	default:
		return "history without files"
	}
}

func check(c Config, roots []string) error {
	ranged := c.Since != "" || c.Commits != ""
	switch {
	case len(roots) == 0:
		return errors.New("path is missing: name a repository or a directory")
	case c.MaxFileSize <= 0:
		return errors.New("max_file_size must be more than 0 bytes")
	case c.Archives < 0:
		return errors.New("archives must be 0 or more")
	case c.ArchiveBytes <= 0:
		return errors.New("archive_bytes must be more than 0 bytes")
	case c.Rescan != rescanNew && c.Rescan != rescanFull:
		return errors.New("rescan must be new or full")
	case c.Staged && ranged:
		return errors.New("staged cannot be combined with since or commits")
	case ranged && !c.History:
		return errors.New("since and commits need history")
	case !c.Staged && !c.History && !c.Worktree:
		return errors.New("history and worktree are both off: nothing is left to scan")
	case c.Commits != "" && c.Commits[0] == '-' || c.Since != "" && c.Since[0] == '-':
		return errors.New("since and commits cannot begin with a dash")
	}
	return nil
}
