package repo

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"github.com/muster-nhi/muster/scanners/repo/git"
)

// maxTies is of how many seconds the commits are put in order: git is asked once
// for each.
const maxTies = 256

// A tie is a commit that did something to a secret, among others of its second.
type tie struct {
	commit    string
	committed time.Time
}

// tie returns the commit of a place.
func (w where) tie() tie {
	if w.committed.IsZero() {
		return tie{w.commit, w.date}
	}
	return tie{w.commit, w.committed}
}

// also adds a commit of the same second to others.
func also(list []tie, t tie) []tie {
	if n := len(list); n > 0 && list[n-1].commit == t.commit {
		return list
	}
	return append(list, t)
}

// A ranking puts commits of one second in order: ancestors have lower ranks. One
// that has none comes first, and of those with the same rank the least id.
type ranking map[string]int

func (r ranking) compare(a, b string) int { return cmp.Or(r[a]-r[b], cmp.Compare(a, b)) }

func (r ranking) compareTies(a, b tie) int { return r.compare(a.commit, b.commit) }

// first and last return the first and the last commit of a second.
func (r ranking) first(list []tie) string {
	if len(list) == 0 {
		return ""
	}
	return slices.MinFunc(list, r.compareTies).commit
}

func (r ranking) last(list []tie) string {
	if len(list) == 0 {
		return ""
	}
	return slices.MaxFunc(list, r.compareTies).commit
}

// rankTies asks git for the order of the commits that dates alone do not put in
// one. Where it does not know, ids decide.
func (j *job) rankTies() {
	j.rank = ranking{}
	if j.repo == nil {
		return
	}
	tied := map[int64]map[git.ID]time.Time{}
	add := func(at time.Time, t tie) {
		if id, ok := git.ParseID([]byte(t.commit)); ok {
			if tied[at.Unix()] == nil {
				tied[at.Unix()] = map[git.ID]time.Time{}
			}
			tied[at.Unix()][id] = t.committed
		}
	}
	for _, f := range j.found {
		for _, t := range f.firsts {
			add(f.first, t)
		}
		for _, t := range f.lasts {
			add(f.last, t)
		}
		for _, l := range f.locations {
			add(l.Date, where{commit: l.Commit, date: l.Date, committed: l.CommittedAt}.tie())
		}
	}
	maps.DeleteFunc(tied, func(_ int64, ids map[git.ID]time.Time) bool { return len(ids) < 2 })
	seconds := sortedTimes(tied)
	for _, second := range seconds[:min(maxTies, len(seconds))] {
		j.rankSecond(tied[second])
	}
}

// rankSecond ranks commits of one second.
func (j *job) rankSecond(ids map[git.ID]time.Time) {
	since := slices.MinFunc(slices.Collect(maps.Values(ids)), time.Time.Compare)
	order, err := j.repo.Descent(j.ctx, slices.SortedFunc(maps.Keys(ids), git.ID.Compare), since)
	if err != nil {
		return
	}
	for _, id := range order {
		if _, ok := ids[id]; ok {
			j.rank[id.String()] = len(j.rank) + 1
		}
	}
}

func sortedTimes[V any](m map[int64]V) []int64 { return slices.Sorted(maps.Keys(m)) }
