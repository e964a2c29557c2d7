package repo

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/muster-nhi/muster/rules"
	"github.com/muster-nhi/muster/scanners/repo/git"
	"github.com/muster-nhi/muster/scanners/repo/match"
)

const (
	rulesFile  = ".gitleaks.toml"
	ignoreFile = ".gitleaksignore"
	// rulesLimit is the largest rule or ignore file that is read, in bytes.
	rulesLimit = 4 << 20
)

// builtIn returns the rules that come with the program beyond gitleaks' own.
func builtIn() ([]match.Source, error) {
	names, err := fs.Glob(rules.Secrets(), "*.toml")
	if err != nil {
		return nil, fmt.Errorf("list rules: %w", err)
	}
	var list []match.Source
	for _, name := range names {
		content, err := fs.ReadFile(rules.Secrets(), name)
		if err != nil {
			return nil, fmt.Errorf("read rules: %w", err)
		}
		list = append(list, match.Source{Name: "muster's " + name, Content: content})
	}
	return list, nil
}

// loadBeyond is match.Load over gitleaks' rules and those that come with the
// program.
func loadBeyond(name string, content []byte, read func(string) ([]byte, error)) (*match.Ruleset, error) {
	more, err := builtIn()
	if err != nil {
		return nil, err
	}
	return match.Load(name, content, read, more...) //nolint:wrapcheck // it names the file
}

// defaultRules returns the rules of a place that has none of its own.
func defaultRules() (*match.Ruleset, error) { return loadBeyond("", nil, nil) }

// userRules are the rules of a configuration that the user named.
type userRules struct{ set *match.Ruleset }

func loadUserRules(name string) (*userRules, error) {
	content, err := os.ReadFile(name)
	if err != nil {
		return nil, fmt.Errorf("read rules: %w", err)
	}
	set, err := loadBeyond(name, content, func(other string) ([]byte, error) {
		if !filepath.IsAbs(other) {
			other = filepath.Join(filepath.Dir(name), other)
		}
		return os.ReadFile(other) //nolint:wrapcheck // the place is added by Load
	})
	if err != nil {
		return nil, fmt.Errorf("read rules: %w", err)
	}
	return &userRules{set}, nil
}

// loadRules chooses the rules of a scope: the user's, the repository's own, or
// the defaults: gitleaks' and those that come with the program. A repository's rules that are wrong are left aside, and
// the coverage says so.
func (j *job) loadRules() error {
	if j.scan.user != nil {
		j.rules = j.scan.user.set
	} else if content, err := j.readOwn(rulesFile); err == nil {
		set, err := loadBeyond(rulesFile, content, j.readOwn)
		if err != nil {
			j.missf("the repository's own rules were not used: %s; the default rules were", git.Clean(err.Error()))
		}
		j.rules = set
	} else if !errors.Is(err, os.ErrNotExist) {
		j.missf("%s could not be read: %s", rulesFile, reasonOf(err))
	}
	if j.rules == nil {
		set, err := j.scan.rules()
		if err != nil {
			return fmt.Errorf("load rules: %w", err)
		}
		j.rules = set
	}
	j.notes = append(j.notes, j.rules.Notes()...)
	j.ignored = map[string]bool{}
	if content, err := j.readOwn(ignoreFile); err == nil {
		j.readIgnore(string(content))
	}
	return nil
}

// readOwn reads a file of the scanned tree by its path in it: from disk, or of
// a bare repository from HEAD. Nothing outside the tree can be named.
func (j *job) readOwn(name string) ([]byte, error) {
	if j.repo != nil && j.repo.Bare() {
		if j.head.IsZero() {
			return nil, os.ErrNotExist
		}
		content, err := j.repo.File(j.ctx, j.head, filepath.ToSlash(name), rulesLimit)
		if err != nil {
			return nil, os.ErrNotExist
		}
		return content, nil
	}
	root, err := os.OpenRoot(j.target.dir)
	if err != nil {
		return nil, fmt.Errorf("open directory: %w", err)
	}
	defer root.Close() //nolint:errcheck // read only
	// A fifo would block for ever; only a regular file is opened.
	if info, err := root.Stat(name); err != nil {
		return nil, err //nolint:wrapcheck // told apart from a missing file by the caller
	} else if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s is not a regular file", git.Clean(name))
	}
	f, err := root.Open(name)
	if err != nil {
		return nil, err //nolint:wrapcheck // as above
	}
	defer f.Close() //nolint:errcheck // read only
	content, err := io.ReadAll(io.LimitReader(f, rulesLimit))
	if err != nil {
		return nil, fmt.Errorf("read: %w", err)
	}
	return content, nil
}

// readIgnore reads a .gitleaksignore: a fingerprint a line, file:rule:line or
// commit:file:rule:line.
func (j *job) readIgnore(content string) {
	for line := range strings.Lines(content) {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		switch strings.Count(line, ":") {
		case 2, 3:
			j.ignored[strings.ReplaceAll(line, `\`, "/")] = true
		default:
			j.badIgnores++
		}
	}
	if j.badIgnores > 0 {
		j.notef("%d lines of %s are no fingerprints and were left out", j.badIgnores, ignoreFile)
	}
}

// reasonOf returns an error's text without the path of this machine.
func reasonOf(err error) string {
	if path, ok := errors.AsType[*os.PathError](err); ok {
		err = path.Err
	}
	return git.Clean(err.Error())
}
