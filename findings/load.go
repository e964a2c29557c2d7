package findings

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
)

// Limits on a set of rules.
const (
	maxRuleFiles   = 2000
	controlsFolder = "controls"
)

// LoadRules reads every *.yaml outside controls/ as one rule each, in the order
// of their paths. Loading is strict: an unknown field, a misspelt fact, a wrong
// type, a test that is missing or cannot be read, an id that is there twice are
// errors. All mistakes of all files are reported at once, each a *LoadError with
// file and line, joined. If the file system has a controls folder, the control
// ids are checked against it; NewEngine checks them in any case.
func LoadRules(fsys fs.FS) ([]Rule, error) { return loadRules(fsys, false) }

// LoadTrusted is LoadRules for rules that LoadRules is known to accept, such as
// those that come with the program and that its tests load: it leaves their own
// tests out, leaves control ids to NewEngine, and compiles a rule when the first
// record comes that it looks at. That is most of what a small scan would spend
// its time on.
func LoadTrusted(fsys fs.FS) ([]Rule, error) { return loadRules(fsys, true) }

func loadRules(fsys fs.FS, trusted bool) ([]Rule, error) {
	lang, err := theLanguage()
	if err != nil {
		return nil, err
	}
	found := &problems{}
	var lib *Library
	if info, err := fs.Stat(fsys, controlsFolder); !trusted && err == nil && info.IsDir() {
		lib = readLibrary(fsys, found)
	}
	names, err := ruleFiles(fsys)
	if err != nil {
		return nil, err
	}
	rules := parseRules(lang, trusted, fsys, names, found)
	checkDuplicates(rules, found)
	if lib != nil {
		checkControls(rules, lib, found)
	}
	if err := found.err(); err != nil {
		return nil, err
	}
	return rules, nil
}

// parseRules reads the files side by side, for compiling takes a millisecond
// each, and returns the good ones in order.
func parseRules(lang *language, trusted bool, fsys fs.FS, names []string, found *problems) []Rule {
	parsed, ok := make([]Rule, len(names)), make([]bool, len(names))
	mistakes := make([]problems, len(names))
	var next atomic.Int64
	var group sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), len(names)) {
		group.Go(func() {
			for i := int(next.Add(1)) - 1; i < len(names); i = int(next.Add(1)) - 1 {
				text, err := readLimited(fsys, names[i])
				if err != nil {
					mistakes[i].addf(names[i], 0, "%s", err)
					continue
				}
				parsed[i], ok[i] = parseRule(lang, trusted, names[i], text, &mistakes[i])
			}
		})
	}
	group.Wait()
	var rules []Rule
	for i := range names {
		found.list = append(found.list, mistakes[i].list...)
		if ok[i] {
			rules = append(rules, parsed[i])
		}
	}
	return rules
}

// ruleFiles lists the YAML files outside controls/, sorted. Names that begin
// with a dot are left out.
func ruleFiles(fsys fs.FS) ([]string, error) {
	var names []string
	err := fs.WalkDir(fsys, ".", func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && (name == controlsFolder || name != "." && strings.HasPrefix(d.Name(), ".")):
			return fs.SkipDir
		case !d.IsDir() && isYAML(name) && !strings.HasPrefix(d.Name(), "."):
			names = append(names, name)
		}
		if len(names) > maxRuleFiles {
			return fmt.Errorf("more than %d rule files", maxRuleFiles)
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("list rules: %w", err)
	}
	slices.Sort(names)
	return names, nil
}

func isYAML(name string) bool { return path.Ext(name) == ".yaml" || path.Ext(name) == ".yml" }

// readLimited reads a file, at most one byte more than a document may have, so
// that the parser can say that it is too big.
func readLimited(fsys fs.FS, name string) (text []byte, err error) {
	f, err := fsys.Open(name)
	if err != nil {
		return nil, withoutName(err)
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	var b bytes.Buffer
	if info, err := f.Stat(); err == nil {
		b.Grow(int(min(info.Size(), maxFileBytes+1)) + bytes.MinRead) // what Buffer wants free to see the end
	}
	if _, err := b.ReadFrom(io.LimitReader(f, maxFileBytes+1)); err != nil {
		return nil, fmt.Errorf("read: %w", withoutName(err))
	}
	return b.Bytes(), nil
}

// withoutName takes the file name out of an error that a LoadError names anyway.
func withoutName(err error) error {
	if pe, ok := errors.AsType[*fs.PathError](err); ok {
		return fmt.Errorf("%s: %w", pe.Op, pe.Err)
	}
	return err
}

// checkDuplicates reports rule ids that are there twice, at the later one.
func checkDuplicates(rules []Rule, found *problems) {
	first := map[string]string{}
	for _, r := range rules {
		if file, ok := first[r.ID]; ok {
			found.addf(r.File, r.line("id"), "id: %s is already the id of the rule in %s", r.ID, file)
			continue
		}
		first[r.ID] = r.File
	}
}

// checkControls reports frameworks and control ids that no framework file
// lists.
func checkControls(rules []Rule, lib *Library, found *problems) {
	for _, r := range rules {
		for _, framework := range sortedKeys(r.Controls) {
			f := lib.framework(framework)
			if f == nil {
				found.addf(r.File, r.line("controls/"+framework), "controls: no framework %q%s", framework, meant(framework, lib.names()))
				continue
			}
			for _, id := range r.Controls[framework] {
				if !f.has(id) {
					found.addf(r.File, r.line("controls/"+framework+"/"+id), "controls: %s lists no control %q%s", framework, id, meant(id, f.ids()))
				}
			}
		}
	}
}

// line is the line of a field of the rule's file, 0 for a rule made in Go.
func (r *Rule) line(field string) int {
	if r.checked == nil {
		return 0
	}
	return r.checked.lines[field]
}
