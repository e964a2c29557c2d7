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
	"github.com/muster-nhi/muster/scanners/repo/archive"
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

// maxKept bounds how many of them only a grown history may need.
const maxKept = 50_000

// A logged is one reading of the log: how it is read, where its commits belong,
// which of its changes make a difference, and what is done with those.
type logged struct {
	read    func(each func(git.Change) error) error
	via     func() (func(*git.Commit) string, error)
	matters func(git.Change) bool
	take    func(c git.Change, via string)

	// more reads what is new since some tips; nil if all must be read again.
	more func(tips []git.ID, begin func(*git.Commit), each func(git.Change) error) error
	open map[git.ID]bool       // what is looked for, if that is not all
	keep func(git.Change) bool // changes that may make a difference another time; nil is none
}

// A past is what the log of a repository told: the changes that made a
// difference. Where references, objects, rules and all else that the log is
// asked for are what they were, it is taken from there. A nil past reads the log
// each time.
//
// Paths and authors are kept as they are, as in records; if one of them has a
// secret in it, nothing is kept.
type past struct {
	job     *job
	memory  scanners.Memory
	log     *slog.Logger
	key     string
	full    bool
	state   git.State         // before the log was read
	digest  [sha256.Size]byte // of what decides which changes of a commit make a difference
	exact   [sha256.Size]byte // of all that decides what the log tells us
	told    bool              // what is in pages was remembered
	pages   *pages            // nil if nothing is to be kept
	earlier *pages            // what was remembered, if the history has only grown since; nil otherwise
	tips    []git.ID          // of the history then
	size    int
	kept    int  // changes that only a grown history may need
	whole   bool // pages hold all that a grown history needs
	spoiled bool // something failed that may go well the next time
}

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
	Open    []string // what was looked for, if that was not all
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
	p.pages, p.whole = &pages{}, true
	p.digest = p.settings()
	p.exact = p.circumstances(wanted)
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
	if p.earlier != nil && !p.hasGrown(j) {
		p.earlier = nil
	}
	for _, read := range []*pages{p.earlier, p.pages} {
		if read != nil {
			p.reach(read)
		}
	}
}

// settings is a hash of all that decides, for each commit by itself, which of its
// changes make a difference.
func (p *past) settings() [sha256.Size]byte {
	j := p.job
	outcome := j.outcome()
	return sha256.Sum256(fmt.Appendf(nil, "outcome %x\nsettings %x\nunreachable %t\nlisted %t\n",
		outcome, p.state.Settings, j.scan.config.Unreachable, j.store != nil || j.present != nil))
}

// circumstances is a hash of all that decides what the log tells us, besides the
// settings.
func (p *past) circumstances(wanted map[string]git.ID) [sha256.Size]byte {
	j := p.job
	h := sha256.New()
	fmt.Fprintf(h, "state %x\n", p.state.Sum)
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
	if read.Exact == p.exact {
		p.pages, p.told = &read, true
	} else if read.Growth != nil {
		p.earlier = &read
	}
	return nil
}

// reach notes the commits that pages know to be reached.
func (p *past) reach(read *pages) {
	for _, id := range idsOf(read.Reachable) {
		p.job.commits[id] = true
	}
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

// hasGrown reports whether the history is the earlier one and what came since:
// no object file is gone, and references still reach whatever they reached. Then
// each commit of the earlier history tells what it told, and nothing that was
// found since can be in one: it had all its objects then, and they were read.
func (p *past) hasGrown(j *job) bool {
	g := p.earlier.Growth
	at := 0
	for _, o := range g.Objects {
		for at < len(p.state.Objects) && p.state.Objects[at] < o {
			at++
		}
		if at == len(p.state.Objects) || p.state.Objects[at] != o {
			return false
		}
	}
	p.tips = idsOf(g.Tips)
	reached, err := j.repo.AreReached(j.ctx, p.tips)
	return err == nil && reached && len(p.tips) == len(g.Tips)
}

// replay takes the changes of a stage that make a difference: from what is
// remembered, or from the log.
func (p *past) replay(s stage, l logged) error {
	if p != nil && p.told && p.pages.Stages[s].Read {
		p.pages.Stages[s].each(func(c git.Change, via string) {
			if l.keep == nil || l.matters(c) {
				l.take(c, via)
			}
		})
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
	page := &page{Read: true, Open: namesOf(l.open)}
	each := func(c git.Change) error {
		if l.keep != nil {
			p.check(c)
		}
		p.take(page, l, c, via)
		return nil
	}
	if p.extends(s, l) {
		err = p.extend(s, l, each, func(c git.Change, _ string) { p.take(page, l, c, via) })
	} else {
		err = l.read(each)
	}
	if err == nil && p != nil && p.pages != nil {
		p.pages.Stages[s] = *page
	}
	return err
}

// check notes whether all that a change speaks of is there.
func (p *past) check(c git.Change) {
	if p == nil || !p.whole {
		return
	}
	for i, id := range append([]git.ID{c.To}, c.From...) {
		link := i == 0 && c.Mode == git.ModeSubmodule || i > 0 && slices.Contains(c.Submodules, id)
		if !link && !id.IsZero() && p.job.absent(id) {
			p.whole = false
		}
	}
}

// take takes a change of a stage if it makes a difference, and notes it.
func (p *past) take(to *page, l logged, c git.Change, via func(*git.Commit) string) {
	matters := l.matters(c)
	if !matters {
		if p == nil || !p.whole || l.keep == nil || !l.keep(c) {
			return
		}
		p.kept++
		p.whole = p.kept <= maxKept
	}
	where := via(c.Commit)
	if p != nil && p.pages != nil {
		p.note(to, c, where)
	}
	if matters {
		l.take(c, where)
	}
}

// extends reports whether a stage of the earlier history holds for the present
// one, so that only what is new has to be read.
func (p *past) extends(s stage, l logged) bool {
	if p == nil || p.earlier == nil || l.more == nil || !p.earlier.Stages[s].Read {
		return false
	}
	before := map[git.ID]bool{}
	for _, id := range idsOf(p.earlier.Stages[s].Open) {
		before[id] = true
	}
	for id := range l.open {
		if !before[id] {
			return false
		}
	}
	return true
}

// extend reads what is new, and takes the rest from what is remembered: that holds
// also where what is new cannot be read to its end.
func (p *past) extend(s stage, l logged, each func(git.Change) error, old func(git.Change, string)) error {
	again, earlier := map[git.ID]bool{}, &p.earlier.Stages[s] // all may be forgotten on the way
	err := l.more(p.tips, func(c *git.Commit) { again[c.ID] = true }, each)
	if p.job.ctx.Err() != nil {
		return err
	}
	p.log.Debug("only the log of new commits was read", "scope", p.job.scope, "stage", s, "new", len(again))
	earlier.each(func(c git.Change, via string) {
		if !again[c.Commit.ID] {
			old(c, via)
		}
	})
	return err
}

func namesOf(ids map[git.ID]bool) []string {
	var out []string
	for id := range ids {
		out = append(out, id.String())
	}
	slices.Sort(out)
	return out
}

// listCommits notes all commits that a reference reaches, if not all of the log is
// read.
func (p *past) listCommits() error {
	if p == nil || p.earlier == nil {
		return nil
	}
	reached, err := p.job.repo.Reach(p.job.ctx, "--all")
	for id := range reached {
		p.job.commits[id] = true
	}
	return err //nolint:wrapcheck // it says what was done
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
	for _, id := range idsOf(p.pages.AtTips) {
		tips[id] = true
	}
	return tips, nil
}

// forget lets nothing be kept of this scan.
func (p *past) forget() {
	if p != nil {
		p.pages, p.told, p.earlier = nil, false, nil
	}
}

// spoil lets nothing be kept of this scan; what was remembered still holds.
func (p *past) spoil() {
	if p != nil {
		p.spoiled = true
	}
}

// save keeps what the log told, unless the repository has changed since.
func (p *past) save(j *job) {
	if p == nil || p.pages == nil || p.told || p.spoiled || p.secretive() {
		return
	}
	p.pages.Exact, p.pages.Growth = p.exact, p.growth(j)
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
	if err := p.memory.Save(context.WithoutCancel(j.ctx), p.key, seal(body.Bytes(), p.digest)); err != nil {
		p.log.Warn("what the log told is not remembered", "error", err)
	}
}

// growth returns what the history must still be made of when it has grown; nil if
// it must be read as a whole then: objects are missing, or were read in part for
// a reason that may not hold another time.
func (p *past) growth(j *job) *growth {
	if !p.whole || p.state.Objects == nil || p.state.Settings == [sha256.Size]byte{} {
		return nil
	}
	for reason := range j.reasons {
		if !slices.Contains(lastingReasons(), reason) {
			return nil
		}
	}
	tips, err := j.repo.LogTips(j.ctx)
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
