package repo

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/gob"
	"fmt"
	"slices"
	"time"

	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/scanners/repo/archive"
	"github.com/muster-nhi/muster/scanners/repo/git"
)

// The pages are what is kept.
type pages struct {
	Exact     [sha256.Size]byte
	Growth    *growth // nil if a grown history must be read again as a whole
	Stages    [stages]page
	Reachable []string // commits that something was found in and that a reference reaches
	AtTips    []string // objects that something was found in and that a branch's tip holds
}

// A growth is what a history must still be made of for its pages to hold.
type growth struct {
	Objects []uint64 // git.State's
	Tips    []string // commits
}

type page struct {
	Read    bool
	Commits []line
	Changes []entry
}

// A line is a commit.
type line struct {
	ID                string
	Parents           int
	Author, Committer string
	Date, Committed   int64 // in seconds since 1970; 0 is unknown
}

// An entry is a change.
type entry struct {
	Commit         int // in page.Commits
	From           []string
	To, Path, Mode string
	Via            string
}

func (p *past) open(data []byte) error {
	body, err := unseal(data, p.digest)
	if err != nil || body == nil {
		return err
	}
	var read pages
	if err := gob.NewDecoder(bytes.NewReader(body)).Decode(&read); err != nil {
		return fmt.Errorf("%w: %w", errForgotten, err)
	}
	for _, page := range read.Stages {
		for _, c := range page.Changes {
			if c.Commit < 0 || c.Commit >= len(page.Commits) {
				return errForgotten
			}
		}
	}
	if read.Exact == p.exact {
		p.pages, p.told = &read, true
	} else if read.Growth != nil {
		p.earlier = &read
	}
	return nil
}

func idsOf(list []string) []git.ID {
	out := make([]git.ID, 0, len(list))
	for _, text := range list {
		if id, ok := git.ParseID([]byte(text)); ok {
			out = append(out, id)
		}
	}
	return out
}

// note adds a change to a page.
func (p *past) note(to *page, c git.Change, via string) {
	if p.size++; p.size > maxPast {
		p.forget()
		return
	}
	id := c.Commit.ID.String()
	if n := len(to.Commits); n == 0 || to.Commits[n-1].ID != id {
		m := c.Commit
		to.Commits = append(to.Commits, line{id, m.Parents, m.Author, m.Committer, seconds(m.Date), seconds(m.Committed)})
	}
	e := entry{Commit: len(to.Commits) - 1, To: c.To.String(), Path: c.Path, Mode: c.Mode, Via: via}
	for _, from := range c.From {
		e.From = append(e.From, from.String())
	}
	to.Changes = append(to.Changes, e)
}

// each hands the changes of a page on, as the log did.
func (g *page) each(take func(git.Change, string)) {
	commits := make([]*git.Commit, len(g.Commits))
	for i, l := range g.Commits {
		id, _ := git.ParseID([]byte(l.ID))
		commits[i] = &git.Commit{
			ID: id, Parents: l.Parents, Author: l.Author, Committer: l.Committer, Date: timeOf(l.Date), Committed: timeOf(l.Committed),
		}
	}
	for _, e := range g.Changes {
		c := git.Change{Commit: commits[e.Commit], Path: e.Path, Mode: e.Mode}
		c.To, _ = git.ParseID([]byte(e.To))
		for _, from := range e.From {
			id, _ := git.ParseID([]byte(from))
			c.From = append(c.From, id)
		}
		take(c, e.Via)
	}
}

func seconds(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.Unix()
}

func timeOf(seconds int64) time.Time {
	if seconds == 0 {
		return time.Time{}
	}
	return time.Unix(seconds, 0).UTC()
}

// save keeps what the log told, unless the repository has changed since.
func (p *past) save() {
	if p == nil || p.pages == nil || p.told || p.spoiled || p.secretive() {
		return
	}
	j := p.job
	p.pages.Exact, p.pages.Growth = p.exact, p.growth()
	if state, err := j.repo.State(j.ctx); err != nil || state.Sum != p.state.Sum {
		return
	}
	for id, kind := range j.kinds {
		if kind == git.TypeCommit && j.commits[id] {
			p.pages.Reachable = append(p.pages.Reachable, id.String())
		}
	}
	slices.Sort(p.pages.Reachable)
	var body bytes.Buffer
	if err := gob.NewEncoder(&body).Encode(p.pages); err != nil {
		return
	}
	if err := j.scan.env.Memory.Save(context.WithoutCancel(j.ctx), p.key, seal(body.Bytes(), p.digest)); err != nil {
		j.scan.env.Log.Warn("what the log told is not remembered", "error", err)
	}
}

// growth returns what the history must still be made of when it has grown; nil if
// it must be read as a whole then: objects are missing, or were read in part for
// a reason that may not hold another time.
func (p *past) growth() *growth {
	if !p.whole || p.state.Objects == nil || p.state.Settings == [sha256.Size]byte{} {
		return nil
	}
	for reason := range p.job.reasons {
		if !slices.Contains(lastingReasons(), reason) {
			return nil
		}
	}
	tips, err := p.job.repo.LogTips(p.job.ctx)
	if err != nil {
		return nil
	}
	g := &growth{Objects: p.state.Objects}
	for _, id := range tips {
		g.Tips = append(g.Tips, id.String())
	}
	return g
}

// lastingReasons are those for which an object is read in part, or not, in each
// scan.
func lastingReasons() []string {
	list := []string{shallowReason, unreadReason + "larger than max_file_size"}
	for _, why := range []archive.Reason{archive.TooDeep, archive.TooMany, archive.TooLarge, archive.TooMuch, archive.TooDense, archive.Overlapping} {
		list = append(list, cutReason+string(why))
	}
	return list
}

// secretive reports whether a secret stands in a text that would be kept.
func (p *past) secretive() bool {
	j := p.job
	m := j.quietMasker(func(hash inventory.SecretHash) bool { return j.found[hash] != nil })
	for _, page := range p.pages.Stages {
		for _, l := range page.Commits {
			m.text(l.Author)
			m.text(l.Committer)
		}
		for _, e := range page.Changes {
			m.text(e.Path)
		}
	}
	return m.count > 0
}
