package repo

import (
	"cmp"
	"context"
	"encoding/hex"
	"encoding/json"
	"slices"

	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/scanners/repo/archive"
	"github.com/muster-nhi/muster/scanners/repo/git"
	"github.com/muster-nhi/muster/scanners/repo/secret"
)

// maxTold bounds what is remembered of what was found in one repository, in
// bytes. What is beyond is read again in each scan.
const maxTold = 48 << 20

// A told is what was found in one object: rules, lines, keyed hashes, and what
// the secrets say of themselves. No value is in it. It speaks of the bytes of the
// object alone, so that it holds at any path, in any commit and repository.
type told struct {
	kind   string
	pieces []*texts
	opened opened
}

// An opened is what the archives in an object add to the account of a scope.
type opened struct {
	packed, unpacked int64 // bytes
	closed           int   // archives that were not opened as none are to be
	left             map[archive.Reason]int
}

// A whole is a blob that was read as a whole, by a rule or in a format.
type whole struct {
	id git.ID
	by string
}

// A findings is what is remembered of what was found: in objects, and in files
// that are read as a whole. A nil one remembers nothing. The job's mutex guards
// it.
type findings struct {
	old    map[git.ID]*told       // by an earlier scan
	wholes map[whole][]occurrence // likewise
	infos  []said                 // what is said of secrets, each once
	number map[string]int         // of one of them, by its JSON

	met   map[git.ID]*told // objects of this scan that can be remembered
	read  map[whole][]occurrence
	unfit map[git.ID]bool // objects that were not read to the end
	fresh bool            // there is something new
	saved int             // objects and wholes that were saved last
}

func newFindings() *findings {
	return &findings{
		old: map[git.ID]*told{}, wholes: map[whole][]occurrence{}, number: map[string]int{},
		met: map[git.ID]*told{}, read: map[whole][]occurrence{}, unfit: map[git.ID]bool{},
	}
}

// A said is what is said of a secret at one place: by itself, and by a file of a
// known format.
type said struct {
	Info secret.Info
	Told *secret.Told
}

// note numbers what is said of a secret, from 1; 0 is nothing. The caller holds
// the job's mutex.
func (f *findings) note(d *description, t *secret.Told) int {
	if f == nil || d == nil {
		return 0
	}
	s := said{d.info, t}
	text, err := json.Marshal(s)
	if err != nil {
		return 0 // a time beyond the year 9999
	}
	n, ok := f.number[string(text)]
	if !ok {
		f.infos = append(f.infos, s)
		n = len(f.infos)
		f.number[string(text)] = n
	}
	return n
}

// learn remembers that an object was read to its end, and whether anything was
// found in it.
func (j *job) learn(s source, found bool, o opened) {
	id := s.id
	if j.known == nil {
		return
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	switch _, ok := id.SHA1(); {
	case !ok, j.tells.unfit[id]:
	case !found && o.packed == 0 && o.closed == 0:
		j.known.add(id)
	default:
		j.tells.met[id] = &told{kind: s.kind, opened: o}
		j.tells.fresh = true
	}
}

// spoil lets an object be read again in each scan.
func (j *job) spoil(s source) {
	if j.tells == nil || s.kind == "" {
		return
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	j.tells.unfit[s.id] = true
	delete(j.tells.met, s.id)
}

// recalled reports whether an object need not be read, as it is known what is in
// it. What is in it is found by that.
func (j *job) recalled(id git.ID) bool {
	if j.known == nil {
		return false
	}
	if j.known.has(id) {
		return true
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	t := j.tells.old[id]
	if t == nil {
		t = j.adopt(id)
	}
	if t == nil {
		return false
	}
	if _, done := j.tells.met[id]; !done {
		j.tells.met[id] = t
		j.restore(id, t)
	}
	return true
}

// restore puts what was found in an object where matching it would have. The
// caller holds j.mu.
func (j *job) restore(id git.ID, t *told) {
	s := source{id: id, kind: t.kind}
	for _, piece := range t.pieces {
		s.inner = piece.inner
		for _, o := range piece.occurrences {
			j.remember(o, j.redescribe(s, o))
		}
		j.keep(s, piece)
	}
	j.packed.Add(t.opened.packed)
	j.unpacked.Add(t.opened.unpacked)
	j.archives += t.opened.closed
	j.leaveAs(archive.Report{Left: t.opened.left})
}

// redescribe returns what a remembered secret says of itself, as describe does.
func (j *job) redescribe(s source, o occurrence) *description {
	return &description{key: descriptionKey(s, o.rule, o), rule: o.rule, info: j.tells.infos[o.info-1].Info}
}

// readWhole returns what is remembered of a blob that is read as a whole.
func (j *job) readWhole(id git.ID, by string) ([]occurrence, bool) {
	if j.tells == nil {
		return nil, false
	}
	w := whole{id, by}
	list, ok := j.tells.wholes[w]
	if ok {
		j.tells.read[w] = list
	}
	return list, ok
}

// learnWhole remembers what a blob is as a whole, or what is in it, if its
// content is that of its name.
func (j *job) learnWhole(id git.ID, by string, content []byte, list []occurrence) {
	if j.tells == nil {
		return
	}
	if !sameObject(git.TypeBlob, content, id) {
		j.past.spoil() // the same files may hold something else the next time
		return
	}
	if _, ok := id.SHA1(); ok {
		j.tells.read[whole{id, by}] = list
		j.tells.fresh = true
	}
}

// recallFindings reads what earlier scans found.
func (j *job) recallFindings() {
	j.tells = newFindings()
	if j.scan.config.Rescan == rescanFull {
		return
	}
	data, err := j.known.memory.Load(j.ctx, j.foundKey())
	if err == nil && data != nil {
		var body []byte
		if body, err = unseal(data, j.known.digest); err == nil && body != nil {
			err = j.tells.open(body, j.rules)
		}
	}
	if err != nil {
		j.tells = newFindings()
		j.known.log.Warn("what an earlier scan remembered is not used", "error", err)
	}
	j.tells.saved = len(j.tells.old) + len(j.tells.wholes)
}

func (j *job) foundKey() string { return "repo/found/" + hex.EncodeToString(j.known.place[:]) }

// saveFindings keeps what was found. After a whole scan what was not met is
// forgotten.
func (j *job) saveFindings(ctx context.Context, whole bool) {
	if j.tells == nil {
		return
	}
	j.mu.Lock()
	body := j.encodeFindings(whole)
	j.mu.Unlock()
	if body == nil {
		return
	}
	if err := j.known.memory.Save(context.WithoutCancel(ctx), j.foundKey(), seal(body, j.known.digest)); err != nil {
		j.known.log.Warn("what was found is not remembered", "error", err)
	}
}

// encodeFindings returns what is to be kept; nil if that is kept already. The
// caller holds j.mu.
func (j *job) encodeFindings(whole bool) []byte {
	f := j.tells
	objects := make([]git.ID, 0, len(f.met))
	for id := range f.met {
		objects = append(objects, id)
	}
	wholes := sortedWholes(f.read)
	if !whole {
		for id := range f.old {
			if _, ok := f.met[id]; !ok {
				objects = append(objects, id)
			}
		}
		for w := range f.wholes {
			if _, ok := f.read[w]; !ok {
				wholes = append(wholes, w)
			}
		}
	}
	if !f.fresh && len(objects)+len(wholes) == f.saved {
		return nil
	}
	slices.SortFunc(objects, git.ID.Compare)
	slices.SortFunc(wholes, compareWholes)
	e := newFoundWriter(j.discreet(whole), f.infos)
	for _, id := range objects {
		e.object(id, j.toldOf(id))
	}
	for _, w := range wholes {
		list, ok := f.read[w]
		if !ok {
			list = f.wholes[w]
		}
		e.whole(w, list)
	}
	f.fresh, f.saved = false, len(objects)+len(wholes)
	return e.bytes()
}

func (j *job) toldOf(id git.ID) *told {
	o, ok := j.tells.met[id]
	if !ok {
		return j.tells.old[id]
	}
	return &told{kind: o.kind, pieces: j.objects[id], opened: o.opened}
}

// discreet returns a function that reports whether a text can be kept: no secret
// stands in it. Before all is found, a word that may be one is one.
func (j *job) discreet(whole bool) func(string) bool {
	m := j.quietMasker(func(hash inventory.SecretHash) bool { return !whole || j.found[hash] != nil })
	return func(s string) bool {
		before := m.count
		return m.text(s) == s && m.count == before
	}
}

// quietMasker returns a masker for what is to be kept: the job's own counts what it
// takes out of records. It goes by the rules that most have, as that one does.
func (j *job) quietMasker(found func(inventory.SecretHash) bool) *masker {
	rules := j.rules
	if common, err := j.scan.rules(); err == nil {
		rules = common
	}
	return newMasker(rules, j.scan.env.Hash, found)
}

func compareWholes(a, b whole) int { return cmp.Or(a.id.Compare(b.id), cmp.Compare(a.by, b.by)) }

func sortedWholes(m map[whole][]occurrence) []whole {
	list := make([]whole, 0, len(m))
	for w := range m {
		list = append(list, w)
	}
	return list
}
