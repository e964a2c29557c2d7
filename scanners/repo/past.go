package repo

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/gob"
	"encoding/hex"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/scanners"
	"github.com/muster-nhi/muster/scanners/repo/git"
)

// A stage is one of the readings of the log.
type stage int

const (
	byCommits stage = iota
	byMerges
	byUnreachable
	stages
)

// maxPast bounds how many changes are remembered of one repository.
const maxPast = 200_000

// A logged is one reading of the log: how it is read, where its commits belong,
// which of its changes make a difference, and what is done with those.
type logged struct {
	read    func(each func(git.Change) error) error
	via     func() (func(*git.Commit) string, error)
	matters func(git.Change) bool
	take    func(c git.Change, via string)
}

// A past is what the log of a repository told: the changes that made a
// difference. Where references, objects, rules and all else that the log is
// asked for are what they were, it is taken from there. A nil past reads the log
// each time.
//
// Paths and authors are kept as they are, as in records; if one of them has a
// secret in it, nothing is kept.
type past struct {
	job    *job
	memory scanners.Memory
	log    *slog.Logger
	key    string
	full   bool
	state  [sha256.Size]byte // of the repository, before the log was read
	digest [sha256.Size]byte // of all that decides what the log tells us
	told   bool              // what is in pages was remembered
	pages  *pages            // nil if nothing is to be kept
	size   int
}

// The pages are what is kept.
type pages struct {
	Stages    [stages]page
	Reachable []string // commits that something was found in and that a reference reaches
	AtTips    []string // objects that something was found in and that a branch's tip holds
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

func newPast(j *job) *past {
	place := sha256.Sum256([]byte(j.repo.Store() + "\x00" + strings.Join(j.repo.Places(), "\x00") + "\x00" + j.repo.Dir()))
	return &past{
		job: j, memory: j.scan.env.Memory, log: j.scan.env.Log, key: "repo/log/" + hex.EncodeToString(place[:]),
		full: j.scan.config.Rescan == rescanFull,
	}
}

// begin looks for what is remembered under the present circumstances, which are
// the objects that something was found in and the files that declare something,
// too.
func (p *past) begin(j *job, wanted map[string]git.ID) {
	if p == nil {
		return
	}
	var err error
	if p.state, err = j.repo.State(j.ctx); err != nil {
		return // the log is read
	}
	p.pages = &pages{}
	p.digest = p.circumstances(wanted)
	if p.full {
		return
	}
	data, err := p.memory.Load(j.ctx, p.key)
	if err == nil && data != nil {
		err = p.open(data)
	}
	if err != nil {
		p.log.Warn("what an earlier scan remembered is not used", "error", err)
	}
}

func (p *past) circumstances(wanted map[string]git.ID) [sha256.Size]byte {
	j := p.job
	rules := j.rules.Digest()
	h := sha256.New()
	fmt.Fprintf(h, "engine %d\nstate %x\nrules %x\nunreachable %t\nlisted %t\n", engineVersion, p.state, rules, j.scan.config.Unreachable, j.store != nil || j.present != nil)
	var found []string
	for id := range j.objects {
		found = append(found, j.kinds[id]+" "+id.String())
	}
	slices.Sort(found)
	for _, name := range found {
		fmt.Fprintln(h, name)
	}
	for _, path := range sortedKeys(wanted) {
		fmt.Fprintf(h, "%d %s %s\n", len(path), path, wanted[path])
	}
	return [sha256.Size]byte(h.Sum(nil))
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
	p.pages, p.told = &read, true
	for _, text := range read.Reachable {
		if id, ok := git.ParseID([]byte(text)); ok {
			p.job.commits[id] = true
		}
	}
	return nil
}

// replay takes the changes of a stage that make a difference: from what is
// remembered, or from the log.
func (p *past) replay(s stage, l logged) error {
	if p != nil && p.told && p.pages.Stages[s].Read {
		p.pages.Stages[s].each(l.take)
		return nil
	}
	if p != nil && p.told {
		// This cannot be, as the circumstances are the same; all is read then.
		p.forget()
		if err := p.job.listCommits(); err != nil {
			return err
		}
	}
	via, err := l.via()
	if err != nil {
		return err
	}
	page := &page{Read: true}
	err = l.read(func(c git.Change) error {
		if !l.matters(c) {
			return nil
		}
		where := via(c.Commit)
		if p != nil && p.pages != nil {
			p.note(page, c, where)
		}
		l.take(c, where)
		return nil
	})
	if err == nil && p != nil && p.pages != nil {
		p.pages.Stages[s] = *page
	}
	return err
}

// listCommits notes all commits that a reference reaches.
func (j *job) listCommits() error {
	return j.repo.Log(j.ctx, []string{"--all"}, func(c *git.Commit) { j.commits[c.ID] = true }, func(git.Change) error { return nil })
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

// atTips returns the objects with something in them that branches' tips hold.
func (p *past) atTips(j *job) (map[git.ID]bool, error) {
	if p == nil || !p.told {
		tips, err := j.tipObjects()
		switch {
		case p == nil || p.pages == nil:
		case err != nil:
			p.forget()
		default:
			for id := range tips {
				p.pages.AtTips = append(p.pages.AtTips, id.String())
			}
			slices.Sort(p.pages.AtTips)
		}
		return tips, err
	}
	tips := map[git.ID]bool{}
	for _, text := range p.pages.AtTips {
		if id, ok := git.ParseID([]byte(text)); ok {
			tips[id] = true
		}
	}
	return tips, nil
}

// forget lets nothing be kept of this scan.
func (p *past) forget() {
	if p != nil {
		p.pages, p.told = nil, false
	}
}

// save keeps what the log told, unless the repository has changed since.
func (p *past) save(j *job) {
	if p == nil || p.pages == nil || p.told || p.secretive() {
		return
	}
	if state, err := j.repo.State(j.ctx); err != nil || state != p.state {
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
	if err := p.memory.Save(context.WithoutCancel(j.ctx), p.key, seal(body.Bytes(), p.digest)); err != nil {
		p.log.Warn("what the log told is not remembered", "error", err)
	}
}

// secretive reports whether a secret stands in a text that would be kept. It
// asks a masker of its own, as the other counts what it takes out of records.
func (p *past) secretive() bool {
	j := p.job
	m := newMasker(j.rules, j.scan.env.Hash, func(hash inventory.SecretHash) bool { return j.found[hash] != nil })
	if rules, err := j.scan.rules(); err == nil {
		m.matcher = rules.NewMatcher()
	}
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
