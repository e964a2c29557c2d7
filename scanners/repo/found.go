package repo

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/scanners/repo/git"
	"github.com/muster-nhi/muster/scanners/repo/match"
	"github.com/muster-nhi/muster/scanners/repo/secret"
)

// A found is one secret, with all that is known of it but its value.
type found struct {
	description
	hearsay hearsay

	rules       map[string]bool // by which it is reported somewhere
	locations   []inventory.Location
	paths       map[string]string // location's uri to path
	onDisk      map[string]bool   // paths of files on disk that have it
	omitted     int
	first, last time.Time
	firsts      []tie // the commits of the first second
	lasts       []tie // and of the last
	rank        ranking
	placed      map[string]bool   // paths where it came in, reported or not
	added       map[addedKey]bool // the locations
	atTip       bool              // a branch's tip has it
}

// An addedKey tells locations of one secret from each other.
type addedKey struct {
	uri, commit string
	line        int
}

func keyOf(l inventory.Location) addedKey { return addedKey{l.URI, l.Commit, l.Line} }

// A description is what the secret says of itself, seen at one place. Of
// several the one with the least key is kept, so that the choice does not
// depend on the order of work.
type description struct {
	key  string
	rule string
	info secret.Info
}

// describe asks what a secret says of itself, unless that is known from a
// better place: it returns nil then, but where each description is remembered.
func (j *job) describe(s source, h *match.Hit, o occurrence) *description {
	key := descriptionKey(s, h.Rule, o)
	j.mu.Lock()
	f := j.found[o.hash]
	known := f != nil && f.key <= key
	j.mu.Unlock()
	if known && j.tells == nil {
		return nil
	}
	return &description{key: key, rule: h.Rule, info: secret.Describe(h.Rule, h.Secret, h.Context)}
}

func descriptionKey(s source, rule string, o occurrence) string {
	origin := s.path
	if s.kind != "" {
		origin = s.id.String()
	}
	return fmt.Sprintf("%d %s %s %09d %09d", generality(rule), rule, memberPath(origin, s.inner), o.line, o.column)
}

// generality orders rules that match one value: specific ones first.
func generality(rule string) int {
	if strings.Contains(strings.ToLower(rule), "generic") {
		return 1
	}
	return 0
}

// remember keeps the best description of a secret. The caller holds j.mu.
func (j *job) remember(o occurrence, d *description) {
	if d == nil {
		return
	}
	f := j.found[o.hash]
	if f == nil {
		f = &found{description: *d, rules: map[string]bool{}, paths: map[string]string{}, onDisk: map[string]bool{}, placed: map[string]bool{}, added: map[addedKey]bool{}}
		j.found[o.hash] = f
	}
	if d.key < f.key {
		f.description = *d
	}
}

// add adds a location unless it is there already.
func (f *found) add(l inventory.Location, path string) {
	if key := keyOf(l); !f.added[key] {
		f.added[key] = true
		f.paths[l.URI] = path
		f.locations = append(f.locations, l)
	}
}

// bound keeps the oldest locations only, if there are many. Whatever the order in
// which they come, the same are kept in the end.
func (f *found) bound() {
	if len(f.locations) < 4*maxLocations {
		return
	}
	f.sort()
	clear(f.added)
	for _, l := range f.locations {
		f.added[keyOf(l)] = true
	}
}

// sort orders the locations, oldest first, and applies the cap.
func (f *found) sort() {
	slices.SortFunc(f.locations, f.rank.byAge)
	if n := len(f.locations); n > maxLocations {
		f.omitted += n - maxLocations
		f.locations = f.locations[:maxLocations]
	}
}

// byAge orders locations, oldest first; what is in no commit comes last.
func (r ranking) byAge(a, b inventory.Location) int {
	if a.Date.IsZero() != b.Date.IsZero() {
		if a.Date.IsZero() {
			return 1
		}
		return -1
	}
	return cmp.Or(a.Date.Compare(b.Date), r.compare(a.Commit, b.Commit), cmp.Compare(a.URI, b.URI),
		cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
}

func (r ranking) oldestFirst(list []inventory.Location) []inventory.Location {
	return slices.SortedFunc(slices.Values(list), r.byAge)
}

// primary returns the rule that names the credential, and the others.
func (f *found) primary() (rule string, also []string) {
	rules := sortedKeys(f.rules)
	slices.SortStableFunc(rules, func(a, b string) int { return generality(a) - generality(b) })
	if len(rules) == 0 {
		return "", nil
	}
	return rules[0], rules[1:]
}

// A keyFile is a file that is a key as a whole, by its path.
type keyFile struct {
	rule string
	id   git.ID
	at   where
}

// A diskKey is one on disk.
type diskKey struct {
	rule, path string
	content    []byte
}

// A byPath is what a path alone says of a file: the rules that take it for a key
// as a whole, and its format, if it is of one that holds credentials.
type byPath struct {
	rules  []string
	format string
}

func (b byPath) anything() bool { return len(b.rules) > 0 || b.format != "" }

// key tells apart what paths say.
func (b byPath) key() string { return b.format + " " + strings.Join(b.rules, " ") }

// says returns what a path alone says; the rules are asked once. It is not for the
// goroutines of a pool.
func (j *job) says(path string) byPath {
	says, ok := j.paths[path]
	if !ok {
		says = byPath{j.rules.PathRules(path), j.format(path)}
		j.paths[path] = says
	}
	return says
}

// keyFile notes a file that a rule takes for a key by its path alone, or that
// holds credentials by its nature.
func (j *job) keyFile(c git.Change, via string) {
	says := j.says(c.Path)
	if !says.anything() || c.To.IsZero() || j.oldFiles[c.To] {
		return
	}
	j.explained[version{c.Path, c.To}] = true
	w := where{path: c.Path, via: via}.by(c.Commit)
	if says.format != "" {
		j.noteFormat(says.format, c, w)
	}
	for _, rule := range says.rules {
		j.keyFiles[c.To.String()] = append(j.keyFiles[c.To.String()], keyFile{rule, c.To, w})
	}
}

// placeKeyFiles reads the files that are keys as a whole, and places them.
func (j *job) placeKeyFiles() error {
	if err := j.placeFormats(); err != nil {
		return err
	}
	var ids []git.ID
	for _, key := range sortedKeys(j.keyFiles) {
		var open []keyFile
		for _, k := range j.keyFiles[key] {
			if list, ok := j.readWhole(k.id, "key "+k.rule); ok && len(list) == 1 {
				j.keyFound[k.id] = append(j.keyFound[k.id], list[0])
				j.placeOccurrence(list[0], j.redescribe(source{path: k.at.path}, list[0]), k.at)
			} else {
				open = append(open, k)
			}
		}
		if j.keyFiles[key] = open; len(open) > 0 {
			ids = append(ids, open[0].id)
		}
	}
	if len(ids) == 0 {
		return nil
	}
	err := j.readBlobs(ids, func(id git.ID, content []byte) {
		for _, k := range j.keyFiles[id.String()] {
			o := j.placeKey(k.rule, content, k.at)
			j.keyFound[id] = append(j.keyFound[id], o)
			j.learnWhole(id, "key "+k.rule, content, []occurrence{o})
		}
	})
	return j.tolerate(err, "key files")
}

// readBlobs reads blobs whole, but for large ones, and wipes each after use.
func (j *job) readBlobs(ids []git.ID, use func(id git.ID, content []byte)) error {
	return j.repo.Contents(j.ctx, ids, func(o git.Object, in io.Reader) error {
		if o.Type != git.TypeBlob || o.Size > chunkSize {
			return nil
		}
		content, err := io.ReadAll(in)
		if err != nil {
			return fmt.Errorf("read object: %w", err)
		}
		use(o.ID, content)
		clear(content)
		return nil
	})
}

// placeKey places a file that is a key as a whole.
func (j *job) placeKey(rule string, content []byte, w where) occurrence {
	o := occurrence{hash: j.scan.env.Hash(content), rule: rule}
	d := j.describe(source{path: w.path}, &match.Hit{Rule: rule, Secret: content}, o)
	j.mu.Lock()
	o.info = j.tells.note(d, nil)
	j.mu.Unlock()
	j.placeOccurrence(o, d, w)
	return o
}

func (j *job) placeOccurrence(o occurrence, d *description, w where) {
	j.mu.Lock()
	j.remember(o, d)
	j.mu.Unlock()
	j.touch(o.hash, w)
	j.place([]occurrence{o}, w)
	if w.commit == "" || j.keyAtHead[w.path] {
		j.found[o.hash].onDisk[w.path] = true
	}
}
