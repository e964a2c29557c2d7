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

// placeUnreachable places by the changes of commits that no reference reaches.
func (j *job) placeUnreachable() error {
	if !j.scan.config.Unreachable || !j.unplaced(git.TypeBlob) {
		return nil
	}
	open := j.openBlobs()
	err := j.past.replay(byUnreachable, logged{
		read: func(each func(git.Change) error) error {
			if err := j.past.listCommits(); err != nil {
				return err
			}
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
		matters: func(c git.Change) bool { return open[c.To] },
		take:    j.change,
	})
	return j.tolerateLog(err, "unreachable commits")
}

// dangling returns the commits that no reference reaches, and those that the log
// did not tell of, sorted, so that two scans read them in one order.
func (j *job) dangling() ([]git.ID, error) {
	var ids []git.ID
	err := j.eachCommit(func(id git.ID) {
		if j.untold[id] || !j.commits[id] && !j.lent(id) {
			ids = append(ids, id)
		}
	})
	slices.SortFunc(ids, git.ID.Compare)
	return ids, j.tolerateLog(err, "the list of objects")
}
