package repo

import (
	"errors"
	"fmt"
	"strings"

	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/scanners/repo/git"
)

// scanStaged reads what is staged and differs from HEAD. Only secrets that the
// next commit would add are placed.
func (j *job) scanStaged() error {
	if j.repo.Bare() {
		return bareError(j.target.dir)
	}
	j.useIndex()
	var changes []git.Change
	err := j.repo.Staged(j.ctx, j.head, func(c git.Change) error {
		if c.Mode != git.ModeSubmodule && j.target.wants(c.Path) {
			changes = append(changes, c)
		}
		return nil
	})
	if err := j.tolerate(err, "staged changes"); err != nil {
		return err
	}
	if err := j.match(changes, nil); err != nil {
		return err
	}
	j.before(changes)
	for _, c := range changes {
		j.keyFile(c, "staged")
		j.change(c, "staged")
		if len(j.objects[c.To]) > 0 {
			j.indexFiles[c.Path] = c.To
		}
	}
	return j.placeKeyFiles()
}

// bareError says that what is staged is asked for where nothing can be.
func bareError(dir string) error {
	return fmt.Errorf("%s is bare: nothing can be staged there", git.Clean(dir))
}

// scanRange reads what some commits brought in, and their messages.
func (j *job) scanRange() error {
	args := []string{"-c"}
	since, err := sinceArgs(j.ctx, j.repo, j.scan.config.Since)
	if err != nil {
		return err
	}
	args = append(args, since...)
	if j.scan.config.Commits != "" {
		args = append(args, "--end-of-options", j.scan.config.Commits)
	} else {
		args = append(args, "--all")
	}
	var changes []git.Change
	var commits []git.ID
	err = j.repo.Log(j.ctx, args, func(c *git.Commit) {
		j.commits[c.ID] = true
		if j.target.below == nil {
			commits = append(commits, c.ID)
		}
	}, func(c git.Change) error {
		if !j.target.wants(c.Path) {
			return nil
		}
		if n := len(commits); j.target.below != nil && (n == 0 || commits[n-1] != c.Commit.ID) {
			commits = append(commits, c.Commit.ID)
		}
		if c.Mode != git.ModeSubmodule {
			changes = append(changes, c)
		}
		return nil
	})
	if err != nil {
		if j.ctx.Err() != nil {
			return j.ctx.Err()
		}
		return j.rangeFailure(err)
	}
	if err := j.match(changes, commits); err != nil {
		return err
	}
	if err := j.matchHead(changes); err != nil {
		return err
	}
	if err := j.readHead(); err != nil {
		return err
	}
	j.before(changes)
	for _, c := range changes {
		j.keyFile(c, "")
		j.change(c, "")
	}
	if err := j.placeKeyFiles(); err != nil {
		return err
	}
	return j.placeMessages()
}

// errRange says that commits could not be listed.
var errRange = errors.New("commits")

// rangeFailure says why the log of a range could not be read: most often because
// the repository does not have what one of its ends names.
func (j *job) rangeFailure(err error) error {
	for _, end := range ends(j.scan.config.Commits) {
		_, ok, resolveErr := j.repo.Resolve(j.ctx, end)
		if resolveErr != nil {
			return resolveErr //nolint:wrapcheck // the context has ended
		}
		if !ok {
			err = fmt.Errorf("no revision %s is in this repository", git.Clean(end))
			if shallow, shallowErr := j.repo.Shallow(j.ctx); shallowErr == nil && shallow {
				err = fmt.Errorf("%w, which is a shallow clone (fetch with --unshallow, or clone without --depth)", err)
			}
			break
		}
	}
	return fmt.Errorf("%w %s: %w", errRange, git.Clean(strings.TrimSpace(j.scan.config.Commits+" "+sinceText(j.scan.config.Since))), err)
}

// ends returns the revisions that a range names: A and B of A..B and A...B.
func ends(commits string) (list []string) {
	from, to, ok := strings.Cut(commits, "..")
	if ok {
		to = strings.TrimPrefix(to, ".")
	}
	for _, end := range []string{from, to} {
		if end = strings.TrimPrefix(end, "^"); end != "" {
			list = append(list, end)
		}
	}
	return list
}

// before notes what was there before some changes, which are given newest
// first: it is in the old text of one, and no earlier one made that. What is
// moved or carried on is no news.
func (j *job) before(changes []git.Change) {
	j.old, j.oldFiles = map[inventory.SecretHash]bool{}, map[git.ID]bool{}
	made := map[git.ID]bool{}
	for end := len(changes); end > 0; {
		start := end - 1
		for start > 0 && changes[start-1].Commit.ID == changes[start].Commit.ID {
			start--
		}
		for _, c := range changes[start:end] {
			for _, id := range c.From {
				if !made[id] && !id.IsZero() {
					j.oldFiles[id] = true
				}
			}
		}
		for _, c := range changes[start:end] {
			made[c.To] = true
		}
		end = start
	}
	for id := range j.oldFiles {
		for _, piece := range j.objects[id] {
			for _, o := range piece.occurrences {
				j.old[o.hash] = true
			}
		}
	}
}

// matchHead reads the files at HEAD that some changes found something in, so
// that it is known whether HEAD still has it.
func (j *job) matchHead(changes []git.Change) error {
	if j.head.IsZero() {
		return nil
	}
	read, paths := map[git.ID]bool{}, map[string]bool{}
	for _, c := range changes {
		read[c.To] = true
		paths[c.Path] = paths[c.Path] || len(j.objects[c.To]) > 0
		for _, id := range c.From {
			read[id] = true
		}
	}
	var ids []git.ID
	err := j.repo.Tree(j.ctx, j.head, func(e git.Entry) error {
		if paths[e.Path] && !read[e.ID] {
			read[e.ID] = true
			ids = append(ids, e.ID)
		}
		return nil
	})
	if err := j.tolerate(err, "the tree at HEAD"); err != nil {
		return err
	}
	return j.match(nil, ids)
}

// match reads the objects that changes name, old and new, and some others.
func (j *job) match(changes []git.Change, more []git.ID) error {
	seen := map[git.ID]bool{{}: true}
	ids := more
	for _, c := range changes {
		for _, id := range append([]git.ID{c.To}, c.From...) {
			if !seen[zeroLong(id)] {
				seen[id] = true
				ids = append(ids, id)
			}
		}
	}
	p := newPool(j)
	err := j.feed(p, ids)
	p.close()
	return err
}

// zeroLong makes one of the zero ids of both lengths.
func zeroLong(id git.ID) git.ID {
	if id.IsZero() {
		return git.ID{}
	}
	return id
}
