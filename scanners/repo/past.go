package repo

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"

	"github.com/muster-nhi/muster/scanners/repo/git"
)

// A stage is one of the readings of the log.
type stage int

const (
	byCommits stage = iota
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
	key     string
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

func newPast(j *job) *past {
	place := sha256.Sum256([]byte(j.repo.Store() + "\x00" + strings.Join(j.repo.Places(), "\x00") + "\x00" + j.repo.Dir()))
	return &past{job: j, key: "repo/log/" + hex.EncodeToString(place[:])}
}

// begin looks for what is remembered under the present circumstances, which are
// the objects that something was found in and the files that declare something,
// too.
func (p *past) begin(wanted map[string]git.ID) {
	if p == nil {
		return
	}
	j := p.job
	var err error
	if p.state, err = j.repo.State(j.ctx); err != nil {
		return // the log is read
	}
	p.pages, p.whole = &pages{}, true
	p.digest = p.settings()
	p.exact = p.circumstances(wanted)
	if j.scan.config.Rescan == rescanFull {
		return
	}
	data, err := j.scan.env.Memory.Load(j.ctx, p.key)
	if err == nil && data != nil {
		err = p.open(data)
	}
	if err != nil {
		j.scan.env.Log.Warn("what an earlier scan remembered is not used", "error", err)
	}
	if p.earlier != nil && !p.hasGrown() {
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

// reach notes the commits that pages know to be reached.
func (p *past) reach(read *pages) {
	for _, id := range idsOf(read.Reachable) {
		p.job.commits[id] = true
	}
}

// hasGrown reports whether the history is the earlier one and what came since:
// no object file is gone, and references still reach whatever they reached. Then
// each commit of the earlier history tells what it told, and nothing that was
// found since can be in one: it had all its objects then, and they were read.
func (p *past) hasGrown() bool {
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
	reached, err := p.job.repo.AreReached(p.job.ctx, p.tips)
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
	page := &page{Read: true}
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
	return p != nil && p.earlier != nil && l.more != nil && p.earlier.Stages[s].Read
}

// extend reads what is new, and takes the rest from what is remembered: that holds
// also where what is new cannot be read to its end.
func (p *past) extend(s stage, l logged, each func(git.Change) error, old func(git.Change, string)) error {
	again, earlier := map[git.ID]bool{}, &p.earlier.Stages[s] // all may be forgotten on the way
	err := l.more(p.tips, func(c *git.Commit) { again[c.ID] = true }, each)
	if p.job.ctx.Err() != nil {
		return err
	}
	p.job.scan.env.Log.Debug("only the log of new commits was read", "scope", p.job.scope, "stage", s, "new", len(again))
	earlier.each(func(c git.Change, via string) {
		if !again[c.Commit.ID] {
			old(c, via)
		}
	})
	return err
}

// listCommits notes all commits that a reference reaches, if not all of the log is
// read.
func (p *past) listCommits() error {
	if p == nil || p.earlier == nil {
		return nil
	}
	return p.job.listCommits()
}

// listCommits notes all commits that a reference reaches.
func (j *job) listCommits() error {
	reached, err := j.repo.Reach(j.ctx, "--all")
	for id := range reached {
		j.commits[id] = true
	}
	return err //nolint:wrapcheck // it says what was done
}

// atTips returns the objects with something in them that branches' tips hold, as
// read, or as remembered.
func (p *past) atTips(read func() (map[git.ID]bool, error)) (map[git.ID]bool, error) {
	if p == nil || !p.told {
		tips, err := read()
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
