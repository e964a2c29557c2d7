package repo

import (
	"fmt"

	"github.com/muster-nhi/muster/scanners/repo/git"
)

// scanStaged reads what is staged and differs from HEAD. Only secrets that the
// next commit would add are placed.
func (j *job) scanStaged() error {
	if j.repo.Bare() {
		return fmt.Errorf("%s is bare: nothing can be staged there", git.Clean(j.target.dir))
	}
	var changes []git.Change
	err := j.repo.Staged(j.ctx, j.head, func(c git.Change) error {
		if c.Mode != git.ModeSubmodule {
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
	for _, c := range changes {
		j.keyFile(map[string][]string{}, c, "staged")
		j.change(c, "staged")
		if len(j.objects[c.To]) > 0 {
			j.indexFiles[c.Path] = c.To
		}
	}
	return j.placeKeyFiles()
}

// scanRange reads what some commits brought in, and their messages.
func (j *job) scanRange() error {
	args := []string{"-c"}
	since, err := j.since(j.scan.config.Since)
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
		commits = append(commits, c.ID)
		j.commits[c.ID] = true
	}, func(c git.Change) error {
		if c.Mode != git.ModeSubmodule {
			changes = append(changes, c)
		}
		return nil
	})
	if err != nil {
		if j.ctx.Err() != nil {
			return j.ctx.Err()
		}
		return fmt.Errorf("commits %s %s: %w", j.scan.config.Commits, j.scan.config.Since, err)
	}
	if err := j.match(changes, commits); err != nil {
		return err
	}
	if err := j.readHead(); err != nil {
		return err
	}
	known := map[string][]string{}
	for _, c := range changes {
		j.keyFile(known, c, "")
		j.change(c, "")
	}
	if err := j.placeKeyFiles(); err != nil {
		return err
	}
	return j.placeMessages()
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
