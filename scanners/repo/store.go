package repo

import (
	"errors"
	"sync"
	"sync/atomic"

	"github.com/muster-nhi/muster/scanners/repo/git"
	"github.com/muster-nhi/muster/scanners/repo/pack"
)

// openStore opens the store of objects, with those that it borrows from. Where
// that cannot be, git reads them, and says what is wrong, if anything is.
func (j *job) openStore() {
	borrowed, lost := j.repo.Borrowed()
	if lost > 0 {
		j.missf("%d stores that it borrows objects from are not there", lost)
	}
	if store, err := j.scan.openPacks(j.repo.Store(), borrowed...); err == nil {
		j.store = store
	}
}

func (j *job) closeStore() {
	if j.store != nil {
		_ = j.store.Close() // it was read only
		j.store = nil
	}
}

// feedHistory reads every object of the store, or every reachable one: through
// our own reader, and what that cannot read through git.
func (j *job) feedHistory(p *pool) error {
	if j.store == nil {
		return j.feedObjects(p)
	}
	if err := j.progress(stageList, 0, 0); err != nil {
		return err
	}
	want, err := j.reachable()
	if err != nil {
		return err
	}
	var (
		mu     sync.Mutex
		left   []git.ID
		done   atomic.Int64 // objects
		stored atomic.Int64 // bytes of those, as they are stored
		all    int64        // of those bytes
	)
	walk := pack.Walk{
		Workers: len(p.matchers),
		Want: func(id pack.ID, typ pack.Type) bool {
			return typ != pack.Tree && want(id) && !j.recalled(git.SHA1(id))
		},
		Plan: func(_ int, stored int64) { all = stored },
		Done: func(n int64) { stored.Add(n) },
		Fail: func(o pack.Object, _ error) error {
			mu.Lock()
			defer mu.Unlock()
			left = append(left, git.SHA1(o.ID))
			return nil
		},
	}
	err = j.store.Each(j.ctx, walk, func(worker int, o pack.Object, data []byte) error {
		if done.Add(1)%progressStep == 0 {
			j.saveSome()
			if err := j.progress(stageRead, stored.Load(), all); err != nil {
				return err
			}
		}
		if o.Size > j.scan.config.MaxFileSize {
			j.skip("larger than max_file_size")
			return nil
		}
		return p.match(worker, source{id: git.SHA1(o.ID), kind: o.Type.String()}, data)
	})
	j.scan.env.Log.Debug("objects were read", "scope", j.scope, "objects", done.Load(), "of", j.store.Count())
	if errors.Is(err, pack.ErrCorrupt) && done.Load() == 0 {
		j.closeStore() // an index does not fit its pack: git knows more
		return j.feedObjects(p)
	}
	if errors.Is(err, pack.ErrCorrupt) {
		j.missf("the store of objects was changed while it was read")
	} else if err != nil {
		return err //nolint:wrapcheck // it says what was done
	}
	return j.feed(p, left)
}

// reachable returns a function that tells whether an object is to be read.
func (j *job) reachable() (want func(pack.ID) bool, err error) {
	if j.scan.config.Unreachable {
		return func(pack.ID) bool { return true }, nil
	}
	if reach := j.reach(); reach != nil {
		j.listed(nil, len(reach.Missing()))
		return reach.Has, nil
	}
	if j.ctx.Err() != nil {
		return nil, j.ctx.Err()
	}
	set := map[pack.ID]struct{}{}
	missing := 0
	err = j.repo.Reachable(j.ctx, func(o git.Object) error {
		if id, ok := o.ID.SHA1(); ok && o.Type != "" {
			set[id] = struct{}{}
		} else {
			missing++
		}
		return nil
	})
	j.listed(err, missing)
	return func(id pack.ID) bool {
		_, ok := set[id]
		return ok
	}, j.ctx.Err()
}

// reach follows references in the store itself; nil says that this cannot be
// done.
func (j *job) reach() *pack.Reach {
	tips, err := j.repo.Tips(j.ctx)
	if err != nil {
		return nil
	}
	ids := make([]pack.ID, 0, len(tips))
	for _, tip := range tips {
		if id, ok := tip.SHA1(); ok {
			ids = append(ids, id)
		}
	}
	reach, err := j.store.Reachable(j.ctx, ids)
	if err != nil {
		return nil
	}
	return reach
}

// listed tells what a list of objects lacks.
func (j *job) listed(err error, missing int) {
	if err != nil && j.ctx.Err() == nil {
		j.missf("objects could not be listed: %s", reasonOf(err))
	}
	if missing > 0 {
		j.missf("%d objects are missing or corrupt", missing)
	}
}

// eachCommit names the commits in the store.
func (j *job) eachCommit(each func(git.ID)) error {
	if j.store == nil {
		return j.repo.Objects(j.ctx, func(o git.Object) error {
			if o.Type == git.TypeCommit {
				each(o.ID)
			}
			return nil
		})
	}
	return j.store.Types(j.ctx, func(id pack.ID, typ pack.Type) error { //nolint:wrapcheck // it says what was done
		if typ == pack.Commit {
			each(git.SHA1(id))
		}
		return nil
	})
}

// lent reports whether an object lies only in a store that the repository borrows
// from. If no reference leads to it, it is the lender's. Where git reads the
// objects this is not known, and they are taken for the repository's own.
func (j *job) lent(id git.ID) bool {
	hash, ok := id.SHA1()
	return ok && j.store != nil && j.store.Has(hash) && !j.store.Own(hash)
}

// absent reports whether it is known that an object is not in the store.
func (j *job) absent(id git.ID) bool {
	if j.store != nil && j.scan.config.Unreachable {
		hash, ok := id.SHA1()
		return ok && !j.store.Has(hash)
	}
	_, ok := j.present[id.Short()]
	return !ok && j.present != nil
}
