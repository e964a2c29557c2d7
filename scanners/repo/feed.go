package repo

import (
	"fmt"
	"io"

	"github.com/muster-nhi/muster/scanners/repo/git"
)

// feedAll hands all that is to be read to the matchers: history, the index and the
// files of the working tree.
func (j *job) feedAll(p *pool) error {
	c := j.scan.config
	history := map[git.ID]bool{}
	if c.History {
		if shallow, err := j.repo.Shallow(j.ctx); err == nil && shallow {
			j.missf(shallowReason)
		}
		if err := j.feedHistory(p); err != nil {
			return err
		}
	}
	read, err := j.isRead()
	if err != nil {
		return err
	}
	if err := j.readIndex(func(e git.Entry) {
		if c.History && read(e.ID) {
			history[e.ID] = true
		}
	}); err != nil {
		return err
	}
	if c.Worktree && !j.repo.Bare() {
		return j.walk(p, history)
	}
	if c.Worktree {
		if err := j.walkConfig(p); err != nil {
			return err
		}
	}
	return j.listHead()
}

// isRead returns a function that reports whether an object that the index names was
// read with history: if only what references reach was, what is staged and in no
// commit was not, so that what HEAD has counts.
func (j *job) isRead() (func(git.ID) bool, error) {
	if j.scan.config.Unreachable {
		return func(id git.ID) bool { return !j.absent(id) }, nil
	}
	has := map[git.ID]bool{}
	if j.head.IsZero() {
		return func(git.ID) bool { return false }, nil
	}
	err := j.repo.Tree(j.ctx, j.head, func(e git.Entry) error {
		has[e.ID] = true
		return nil
	})
	return func(id git.ID) bool { return has[id] }, j.tolerate(err, "the tree at HEAD")
}

// feedObjects reads every object of the store, or every reachable one, through
// git.
func (j *job) feedObjects(p *pool) error {
	if err := j.progress(stageList, 0, 0); err != nil {
		return err
	}
	var ids []git.ID
	var missing int
	each := func(o git.Object) error {
		switch o.Type {
		case "":
			missing++
			return nil
		case git.TypeTree:
			return nil
		}
		j.mark(o.ID)
		switch {
		case j.recalled(o.ID):
		case o.Size > j.scan.config.MaxFileSize:
			j.skip("larger than max_file_size")
		default:
			ids = append(ids, o.ID)
		}
		return nil
	}
	list := j.repo.Reachable
	if j.scan.config.Unreachable {
		list = j.repo.Objects
		j.present = map[uint64]struct{}{}
	}
	err := list(j.ctx, each)
	if j.ctx.Err() != nil {
		return j.ctx.Err()
	}
	j.listed(err, missing)
	return j.feed(p, ids)
}

// mark notes that an object is there.
func (j *job) mark(id git.ID) {
	if j.present != nil {
		j.present[id.Short()] = struct{}{}
	}
}

// feed reads objects and hands them to the matchers.
func (j *job) feed(p *pool, ids []git.ID) error {
	done, bad := 0, 0
	err := j.repo.Contents(j.ctx, ids, func(o git.Object, in io.Reader) error {
		if done++; done%progressStep == 0 {
			if err := j.progress(stageRead, int64(done), int64(len(ids))); err != nil {
				return err
			}
		}
		switch {
		case o.Type == "":
			bad++
			if bad <= 3 {
				j.missf("object %s is missing or corrupt", o.ID)
			}
			return nil
		case o.Type == git.TypeTree:
			return nil
		case o.Size > j.scan.config.MaxFileSize:
			j.skip("larger than max_file_size")
			return nil
		}
		return p.feed(source{id: o.ID, kind: o.Type}, in, o.Size)
	})
	if bad > 3 {
		j.missf("%d objects in all are missing or corrupt", bad)
	}
	if err != nil {
		return fmt.Errorf("read objects: %w", err)
	}
	return nil
}

// readIndex remembers which files are in the index.
func (j *job) readIndex(each func(git.Entry)) error {
	if j.repo.Bare() {
		return nil
	}
	err := j.repo.Index(j.ctx, func(e git.Entry) error {
		if e.Mode == git.ModeSubmodule {
			j.submodule(e.Path)
			return nil
		}
		j.indexFiles[e.Path] = e.ID
		each(e)
		return nil
	})
	if err != nil {
		if j.ctx.Err() != nil {
			return j.ctx.Err()
		}
		j.missf("the index could not be read: %s", reasonOf(err))
	}
	return nil
}
