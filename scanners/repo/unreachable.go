package repo

import (
	"cmp"
	"slices"

	"github.com/muster-nhi/muster/scanners/repo/git"
)

// listUntold notes, where the log broke off, which commits it did not tell of though
// a reference reaches them.
func (j *job) listUntold() error {
	j.untold = map[git.ID]bool{}
	reached, err := j.repo.Reach(j.ctx, "--all")
	for id := range reached {
		if !j.commits[id] {
			j.untold[id] = true
		}
	}
	return j.tolerateLog(err, "the list of commits")
}

// placeUnreachable places by the changes of commits that no reference reaches: what
// is not explained yet, and files that hold credentials by their name.
func (j *job) placeUnreachable() error {
	open, named := j.openBlobs(), j.namedBlobs()
	hidden := func(c git.Change) bool {
		says := j.says(c.Path)
		return says.anything() && !named[namedAs{c.To, says.key()}]
	}
	err := j.past.replay(byUnreachable, logged{
		read: func(each func(git.Change) error) error {
			dangling, err := j.dangling()
			if err != nil {
				return err
			}
			return j.repo.Commits(j.ctx, dangling, nil, each)
		},
		via: func() (func(*git.Commit) string, error) {
			via, err := j.hidden()
			return func(c *git.Commit) string {
				if j.untold[c.ID] {
					return via(c)
				}
				return cmp.Or(via(c), "unreachable commit")
			}, err
		},
		matters: func(c git.Change) bool { return open[c.To] || hidden(c) },
		take: func(c git.Change, via string) {
			if hidden(c) {
				j.keyFile(c, via)
			}
			if open[c.To] {
				j.change(c, via)
			}
		},
	})
	return j.tolerateLog(err, "unreachable commits")
}

// A namedAs is a blob, and what the path of a file that it was says of it.
type namedAs struct {
	id   git.ID
	says string
}

// namedBlobs returns the contents of files that hold credentials by their name and
// that a commit explains.
func (j *job) namedBlobs() map[namedAs]bool {
	known := map[namedAs]bool{}
	for v := range j.explained {
		known[namedAs{v.id, j.says(v.path).key()}] = true
	}
	return known
}

// dangling returns the commits that no reference reaches, and those that the log
// did not tell of, sorted, so that two scans read them in one order. If only what
// is reached is to be read, they are those that a reflog leads to.
func (j *job) dangling() ([]git.ID, error) {
	if err := j.past.listCommits(); err != nil {
		return nil, err
	}
	var ids []git.ID
	note := func(id git.ID) {
		if j.untold[id] || !j.commits[id] && !j.lent(id) {
			ids = append(ids, id)
		}
	}
	var err error
	if j.scan.config.Unreachable {
		err = j.eachCommit(note)
	} else {
		var reached map[git.ID]bool
		reached, err = j.repo.Reach(j.ctx, "--all", "--reflog")
		for id := range reached {
			note(id)
		}
	}
	slices.SortFunc(ids, git.ID.Compare)
	return ids, j.tolerateLog(err, "the list of objects")
}
