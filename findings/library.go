package findings

import (
	"cmp"
	"io/fs"
	"maps"
	"path"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// A Library is muster's own controls and the frameworks that they are mapped
// to. It is immutable.
type Library struct {
	Version    string      // of the mapping
	Controls   []Control   // in the order of the file
	Frameworks []Framework // by key; "muster", made of Controls, is the first
}

// A Control is one control of muster's own library.
type Control struct {
	ID        string              // NHI-INV-01
	Title     string              // one line
	Statement string              // what is so if the control holds
	Maps      map[string][]string // framework to control ids; ISO 27001:2022 and SOC 2 are always there
	Evidence  []string            // what can show it: rules, coverage, owners, reviews, usage, exceptions, governance
	Frequency string              // how often the evidence is taken
	line      int
}

// A Framework is a list of controls that somebody else wrote: ids and titles
// as far as the licence lets them ship.
type Framework struct {
	Key      string // iso27001_2022
	Title    string
	Version  string
	Licence  string
	Source   string
	Controls []FrameworkControl
	file     string
}

// A FrameworkControl is one control of a Framework.
type FrameworkControl struct {
	ID    string // as the framework spells it; always text: CIS 1.10 is not 1.1
	Title string
	Note  string // what muster looks at for it, in our words
	line  int
}

// The kinds of evidence that a control can name.
const (
	evidenceRules      = "rules"
	evidenceCoverage   = "coverage"
	evidenceOwners     = "owners"
	evidenceReviews    = "reviews"
	evidenceUsage      = "usage"
	evidenceExceptions = "exceptions"
	evidenceGovernance = "governance"
)

const libraryFile = controlsFolder + "/library.yaml"

var controlID = regexp.MustCompile(`^[A-Z][A-Z0-9]{1,9}-[A-Z]{2,4}-[0-9]{2}$`)

// LoadLibrary reads controls/library.yaml and the framework files beside it.
// It is as strict as LoadRules and reports all mistakes at once. Every control
// of the library must map to ISO 27001:2022 and SOC 2, and every id that it
// names must be in a framework file.
func LoadLibrary(fsys fs.FS) (*Library, error) {
	found := &problems{}
	lib := readLibrary(fsys, found)
	if err := found.err(); err != nil {
		return nil, err
	}
	return lib, nil
}

// readLibrary reads what it can and reports the rest.
func readLibrary(fsys fs.FS, found *problems) *Library {
	lib := &Library{}
	entries, err := fs.ReadDir(fsys, controlsFolder)
	if err != nil {
		found.addf(controlsFolder, 0, "%s", withoutName(err))
		return lib
	}
	seen := false
	for _, entry := range entries {
		name := path.Join(controlsFolder, entry.Name())
		if entry.IsDir() || !isYAML(name) || strings.HasPrefix(entry.Name(), ".") {
			continue
		}
		text, err := readLimited(fsys, name)
		if err != nil {
			found.addf(name, 0, "%s", err)
			continue
		}
		d := parseDocument(name, text, found)
		switch {
		case d == nil:
		case name == libraryFile:
			seen = true
			lib.read(d)
		default:
			lib.readFramework(d)
		}
	}
	if !seen {
		found.addf(libraryFile, 0, "the control library is missing")
	}
	lib.finish(found)
	return lib
}

// read reads the library file itself.
func (l *Library) read(d *document) {
	e := d.mapping(d.root, "library", []string{"version", "controls"})
	if e == nil {
		return
	}
	l.Version = d.required(d.root, e, "version", "library")
	ids := map[string]bool{}
	for _, n := range d.items(e["controls"], "controls") {
		c, ok := readControl(d, n)
		if !ok {
			continue
		}
		if ids[c.ID] {
			d.addf(n, "control: the id %s is there twice", c.ID)
		}
		ids[c.ID] = true
		l.Controls = append(l.Controls, c)
	}
}

func readControl(d *document, n *yaml.Node) (Control, bool) {
	e := d.mapping(n, "control", nil)
	if e == nil {
		return Control{}, false
	}
	c := Control{
		ID: d.required(n, e, "id", "control"), Title: d.required(n, e, "title", "control"),
		Statement: d.required(n, e, "statement", "control"), Frequency: d.required(n, e, "frequency", "control"),
		Maps: map[string][]string{}, line: n.Line,
	}
	if c.ID != "" && !controlID.MatchString(c.ID) {
		d.addf(e["id"], "control: %q is no control id; want the form NHI-INV-01", c.ID)
	}
	own := []string{"id", "title", "statement", "evidence", "frequency"}
	for _, key := range keys(n) {
		switch {
		case slices.Contains(own, key.Value):
		case key.Value != "muster" && isFramework(key.Value):
			if ids := d.texts(e[key.Value], key.Value); len(ids) > 0 {
				c.Maps[key.Value] = ids
			}
		default:
			d.addf(key, "control: unknown field %q%s", key.Value, meant(key.Value, append(own, "iso27001_2022", "soc2", "owasp_nhi_2025")))
		}
	}
	for _, framework := range []string{"iso27001_2022", "soc2"} {
		if len(c.Maps[framework]) == 0 {
			d.addf(n, "control: %s names no %s control; every control of the library maps to ISO 27001:2022 and SOC 2", c.ID, framework)
		}
	}
	for _, item := range d.items(e["evidence"], "evidence") {
		if s := d.oneOf(item, "evidence", evidenceKinds()); s != "" {
			c.Evidence = append(c.Evidence, s)
		}
	}
	if len(c.Evidence) == 0 {
		d.addf(n, "control: %s names no evidence; want some of %s", c.ID, strings.Join(evidenceKinds(), ", "))
	}
	return c, true
}

func evidenceKinds() []string {
	return []string{evidenceRules, evidenceCoverage, evidenceOwners, evidenceReviews, evidenceUsage, evidenceExceptions, evidenceGovernance}
}

// readFramework reads one framework file.
func (l *Library) readFramework(d *document) {
	e := d.mapping(d.root, "framework", []string{"framework", "title", "version", "licence", "source", "controls"})
	if e == nil {
		return
	}
	f := Framework{
		Key: d.required(d.root, e, "framework", "framework"), Title: d.required(d.root, e, "title", "framework"),
		Version: d.required(d.root, e, "version", "framework"), Licence: d.required(d.root, e, "licence", "framework"),
		Source: d.required(d.root, e, "source", "framework"), file: d.file,
	}
	switch base := strings.TrimSuffix(path.Base(d.file), path.Ext(d.file)); {
	case f.Key == "":
	case f.Key == "muster" || !isFramework(f.Key):
		d.addf(e["framework"], "framework: %q is no framework key", f.Key)
	case base != f.Key:
		d.addf(e["framework"], "framework: %q does not go with the file name; want %q", f.Key, base)
	}
	ids := map[string]bool{}
	for _, n := range d.items(e["controls"], "controls") {
		c := d.mapping(n, "control", []string{"id", "title", "note"})
		if c == nil {
			continue
		}
		fc := FrameworkControl{
			ID: d.required(n, c, "id", "control"), Title: d.required(n, c, "title", "control"),
			Note: d.text(c["note"], "note"), line: n.Line,
		}
		if ids[fc.ID] {
			d.addf(n, "control: the id %s is there twice", fc.ID)
		}
		ids[fc.ID] = true
		f.Controls = append(f.Controls, fc)
	}
	l.Frameworks = append(l.Frameworks, f)
}

// finish adds the library as a framework of its own and checks what its
// controls name.
func (l *Library) finish(found *problems) {
	own := Framework{Key: "muster", Title: "muster's control library", Version: l.Version, Licence: "Apache-2.0", file: libraryFile}
	for _, c := range l.Controls {
		own.Controls = append(own.Controls, FrameworkControl{ID: c.ID, Title: c.Title, Note: c.Statement, line: c.line})
	}
	slices.SortFunc(l.Frameworks, func(x, y Framework) int { return cmp.Compare(x.Key, y.Key) })
	l.Frameworks = append([]Framework{own}, l.Frameworks...)
	for _, c := range l.Controls {
		for _, key := range sortedKeys(c.Maps) {
			f := l.framework(key)
			if f == nil {
				found.addf(libraryFile, c.line, "control %s: there is no file for the framework %s", c.ID, key)
				continue
			}
			for _, id := range c.Maps[key] {
				if !f.has(id) {
					found.addf(libraryFile, c.line, "control %s: %s lists no control %q%s", c.ID, key, id, meant(id, f.ids()))
				}
			}
		}
	}
}

// framework returns the framework with that key, or nil.
func (l *Library) framework(key string) *Framework {
	for i := range l.Frameworks {
		if l.Frameworks[i].Key == key {
			return &l.Frameworks[i]
		}
	}
	return nil
}

func (l *Library) names() []string {
	var out []string
	for _, f := range l.Frameworks {
		out = append(out, f.Key)
	}
	return out
}

func (f *Framework) has(id string) bool {
	return slices.ContainsFunc(f.Controls, func(c FrameworkControl) bool { return c.ID == id })
}

func (f *Framework) ids() []string {
	out := make([]string, len(f.Controls))
	for i, c := range f.Controls {
		out[i] = c.ID
	}
	return out
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
