package repo

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"maps"
	"slices"
	"sort"
	"strings"
	"sync"

	"github.com/muster-nhi/muster/scanners/repo/git"
	"github.com/muster-nhi/muster/scanners/repo/match"
)

const (
	// maxShared bounds how many objects of one run are known to all its
	// repositories: 160 MB of names. What is beyond is read again where it is met.
	maxShared = 8 << 20
	// maxSharedHits bounds how many places in objects are: some 40 MB.
	maxSharedHits = 100_000
)

// A shared is what the repositories of one run know together: the objects in
// which nothing was found, by their names, and what was found in others, by what
// decides that (outcome). Forks have most objects in common, whether they borrow
// them or have copies. Only objects whose content was held to its name come in
// here (known), so that no repository can vouch for what another has. It is safe
// for concurrent use.
type shared struct {
	mu   sync.RWMutex
	sets map[[sha256.Size]byte]*names
	hits map[outcomeOf]*adopted
	left int // names that may still be added
	room int // places that may still be
	free map[*match.Ruleset][]*match.Matcher
}

// An outcomeOf is an object under all that decides what is found in it.
type outcomeOf struct {
	outcome [sha256.Size]byte
	id      git.ID
}

// An adopted is what was found in an object, and what is said of the secrets, by
// their numbers in there. Nothing in it leads to the job or the rules that found
// it.
type adopted struct {
	told  told
	marks [][]match.Mark // of the hits of each piece
	said  map[int]said
}

func newShared() *shared {
	return &shared{
		sets: map[[sha256.Size]byte]*names{}, hits: map[outcomeOf]*adopted{}, left: maxShared, room: maxSharedHits,
		free: map[*match.Ruleset][]*match.Matcher{},
	}
}

// several reports whether a run has more than one target, as far as is known.
func (r *run) several() bool { return r.meter.targets() > 1 }

// matcher returns a matcher, one that was used before if there is one: it knows
// what history repeats, and has its automata.
func (r *run) matcher(rules *match.Ruleset) *match.Matcher {
	r.shared.mu.Lock()
	defer r.shared.mu.Unlock()
	list := r.shared.free[rules]
	if len(list) == 0 {
		return rules.NewMatcher()
	}
	r.shared.free[rules] = list[:len(list)-1]
	return list[len(list)-1]
}

// giveBack keeps a matcher for the next repository, if it is of the rules that
// most have.
func (r *run) giveBack(rules *match.Ruleset, m *match.Matcher) {
	common, err := r.scan.rules()
	if r.scan.user != nil {
		common = r.scan.user.set
	}
	if err != nil || rules != common {
		return
	}
	r.shared.mu.Lock()
	defer r.shared.mu.Unlock()
	if len(r.shared.free[rules]) < processors() {
		r.shared.free[rules] = append(r.shared.free[rules], m)
	}
}

// publish lets the other repositories of a run know what is in the objects that
// were read.
func (j *job) publish() {
	if j.read != nil {
		defer j.read()
	}
	if j.known == nil || !j.run.several() {
		return
	}
	for _, list := range j.known.untold() {
		j.known.shared.add(j.known.digest, list)
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	for _, id := range slices.SortedFunc(maps.Keys(j.tells.met), git.ID.Compare) {
		j.lend(id)
	}
}

// lend puts what was found in an object where others find it. The caller holds
// j.mu.
func (j *job) lend(id git.ID) {
	t := j.toldOf(id)
	a := &adopted{told: told{kind: t.kind, opened: t.opened}, said: map[int]said{}}
	places := 0
	for _, piece := range t.pieces {
		own := *piece
		own.hits, own.occurrences = nil, slices.Clone(piece.occurrences)
		var marks []match.Mark
		for i := range own.occurrences {
			o := &own.occurrences[i]
			if o.info == 0 {
				return
			}
			a.said[o.info] = j.tells.infos[o.info-1]
			o.rule = strings.Clone(o.rule)
			if i < len(piece.hits) {
				mark := piece.hits[i].Mark()
				mark.Rule = o.rule
				marks = append(marks, mark)
			}
			places++
		}
		a.told.pieces, a.marks = append(a.told.pieces, &own), append(a.marks, marks)
	}
	s, key := j.known.shared, outcomeOf{j.known.digest, id}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.hits[key] == nil && places < s.room {
		s.room -= places + 1
		s.hits[key] = a
	}
}

// adopt returns what another repository found in an object, as this one would
// have noted it; nil if that is not known. The caller holds j.mu.
func (j *job) adopt(id git.ID) *told {
	s := j.known.shared
	s.mu.RLock()
	a := s.hits[outcomeOf{j.known.digest, id}]
	s.mu.RUnlock()
	if a == nil {
		return nil
	}
	t := a.told
	t.pieces = make([]*texts, len(a.told.pieces))
	for i, piece := range a.told.pieces {
		own := *piece
		var err error
		if own.hits, err = j.rules.Recall(a.marks[i]); err != nil {
			return nil
		}
		own.occurrences = slices.Clone(piece.occurrences)
		for k := range own.occurrences {
			o := &own.occurrences[k]
			says := a.said[o.info]
			if o.info = j.tells.note(&description{info: says.Info}, says.Told); o.info == 0 {
				return nil
			}
		}
		t.pieces[i] = &own
	}
	j.tells.fresh = true
	return &t
}

// A forgetful is a memory that keeps nothing.
type forgetful struct{}

// Load returns nothing.
func (forgetful) Load(context.Context, string) ([]byte, error) { return nil, nil }

// Save keeps nothing.
func (forgetful) Save(context.Context, string, []byte) error { return nil }

// has reports whether it is known that nothing is in an object. A nil shared
// knows nothing.
func (s *shared) has(outcome [sha256.Size]byte, name [nameSize]byte) bool {
	if s == nil {
		return false
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	set := s.sets[outcome]
	return set != nil && set.has(name)
}

// add adds names, which are sorted and each once, one behind the other.
func (s *shared) add(outcome [sha256.Size]byte, list []byte) {
	if s == nil || len(list) == 0 {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.sets[outcome] == nil {
		s.sets[outcome] = &names{}
	}
	list = list[:min(len(list), s.left*nameSize)]
	s.left -= s.sets[outcome].add(list)
}

// names is a set of names of 20 bytes. They lie in sorted runs, each more than
// twice as long as the next, so that adding costs a few copies of each name and
// asking a few searches.
type names struct{ runs [][]byte }

func (n *names) has(name [nameSize]byte) bool {
	return slices.ContainsFunc(n.runs, func(run []byte) bool {
		_, ok := findName(run, name)
		return ok
	})
}

// add adds sorted names and returns how many of them are new.
func (n *names) add(list []byte) (fresh int) {
	run := make([]byte, 0, len(list))
	for at := 0; at < len(list); at += nameSize {
		if name := [nameSize]byte(list[at:]); !n.has(name) {
			run = append(run, name[:]...)
		}
	}
	fresh = len(run) / nameSize
	for fresh > 0 && len(n.runs) > 0 && len(n.runs[len(n.runs)-1]) <= 2*len(run) {
		last := len(n.runs) - 1
		run = mergeNames(n.runs[last], run)
		n.runs = n.runs[:last]
	}
	if fresh > 0 {
		n.runs = append(n.runs, run)
	}
	return fresh
}

// mergeNames makes one sorted run of two that have no name in common.
func mergeNames(a, b []byte) []byte {
	out := make([]byte, 0, len(a)+len(b))
	for len(a) > 0 && len(b) > 0 {
		if bytes.Compare(a[:nameSize], b[:nameSize]) < 0 {
			out, a = append(out, a[:nameSize]...), a[nameSize:]
		} else {
			out, b = append(out, b[:nameSize]...), b[nameSize:]
		}
	}
	return append(append(out, a...), b...)
}

// findName returns where a name stands in a sorted list of them, or would.
func findName(list []byte, name [nameSize]byte) (int, bool) {
	n := len(list) / nameSize
	prefix := binary.BigEndian.Uint64(name[:])
	i := sort.Search(n, func(i int) bool {
		at := list[i*nameSize:]
		if p := binary.BigEndian.Uint64(at); p != prefix {
			return p > prefix
		}
		return bytes.Compare(at[:nameSize], name[:]) >= 0
	})
	return i, i < n && bytes.Equal(list[i*nameSize:(i+1)*nameSize], name[:])
}
