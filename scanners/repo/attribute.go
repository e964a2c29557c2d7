package repo

import (
	"cmp"
	"maps"
	"slices"

	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/scanners/repo/declared"
	"github.com/muster-nhi/muster/scanners/repo/git"
)

// attribute finds out where what was found came in: by the changes of all
// commits, then of those that no reference reaches, and by the index, each only
// for what the former did not explain.
func (j *job) attribute() error {
	if err := j.readHead(); err != nil {
		return err
	}
	if !j.scan.config.History {
		return j.placeFiles()
	}
	if err := j.progress(stagePlaces, 0, 0); err != nil {
		return err
	}
	steps := []func() error{
		j.placeCommits, j.placeUnreachable, j.placeKeyFiles, j.placeUnexplained, j.placeMessages, j.placeIndex, j.placeFiles, j.placeTips,
	}
	for _, step := range steps {
		if err := step(); err != nil {
			return err
		}
	}
	j.placeRest()
	return nil
}

// readHead remembers which files at HEAD hold something, and looks for files
// that are keys as a whole.
func (j *job) readHead() error {
	if j.head.IsZero() {
		return nil
	}
	err := j.repo.Tree(j.ctx, j.head, func(e git.Entry) error {
		if j.objects[e.ID] != nil {
			j.headFiles[e.Path] = e.ID
		}
		says := j.says(e.Path)
		if says.format != "" && e.Mode != git.ModeSubmodule {
			j.formats.atHead[e.Path] = e.ID
			j.namedAtHead[e.Path] = e.ID
		}
		if len(says.rules) > 0 {
			j.keyAtHead[e.Path] = true
			j.namedAtHead[e.Path] = e.ID
		}
		if j.repo.Bare() && e.Mode == git.ModeSubmodule {
			j.submodule(e.Path)
		}
		return nil
	})
	return j.tolerate(err, "the tree at HEAD")
}

// tolerate turns a failure of git into a reason, and keeps the others. What was
// concluded without what could not be read is not remembered.
func (j *job) tolerate(err error, what string) error {
	if err == nil {
		return nil
	}
	if j.ctx.Err() != nil {
		return j.ctx.Err()
	}
	j.past.spoil()
	j.missf("%s could not be read to the end: %s", what, reasonOf(err))
	return nil
}

// hidden returns a function that tells where a commit belongs if not to a branch: a stash, or notes.
func (j *job) hidden() (func(*git.Commit) string, error) {
	notes, err := j.repo.Reach(j.ctx, "--glob=refs/notes/*")
	if err := j.tolerateLog(err, "notes"); err != nil {
		return nil, err
	}
	stash, err := j.repo.Stashes(j.ctx)
	if err := j.tolerateLog(err, "stashes"); err != nil {
		return nil, err
	}
	return func(c *git.Commit) string {
		switch {
		case notes[c.ID]:
			return "note"
		case stash[c.ID]:
			return "stash"
		default:
			return ""
		}
	}, nil
}

// placeCommits places by the changes of all commits. Those of a merge are what
// differs from all its parents.
func (j *job) placeCommits() error {
	current := j.wantedNow()
	missing := map[git.ID]bool{}
	lost := func(c git.Change) bool { return !c.To.IsZero() && c.Mode != git.ModeSubmodule && j.absent(c.To) }
	// A commit that gave the file the content that it has now may have been taken
	// back in between: the newest counts.
	last := func(c git.Change) bool {
		id, ok := current[c.Path]
		return ok && id == c.To && newer(c.Commit, j.lastChange[c.Path])
	}
	j.past.begin(current)
	err := j.past.replay(byCommits, logged{
		read: func(each func(git.Change) error) error {
			return j.repo.Log(j.ctx, []string{"--all", "-c"}, func(c *git.Commit) { j.commits[c.ID] = true }, each)
		},
		more: func(tips []git.ID, begin func(*git.Commit), each func(git.Change) error) error {
			return j.repo.LogSince(j.ctx, tips, []string{"-c"}, func(c *git.Commit) { j.commits[c.ID] = true; begin(c) }, each)
		},
		keep: func(c git.Change) bool { return declared.Wants(c.Path) || isOwners(c.Path) },
		via:  j.hidden,
		matters: func(c git.Change) bool {
			return j.relevant(c) || lost(c) || last(c) || j.says(c.Path).anything()
		},
		take: func(c git.Change, via string) {
			if lost(c) {
				missing[c.To] = true
			}
			j.keyFile(c, via)
			j.change(c, via)
			if last(c) {
				j.lastChange[c.Path] = c.Commit
			}
		},
	})
	if n := len(missing); n > 0 {
		how := ""
		if j.repo.Promisor(j.ctx) {
			how = ", as the repository is a partial clone"
		}
		j.missf("%d objects that commits name are missing or corrupt%s", n, how)
	}
	if err := j.tolerateLog(err, "the log"); err != nil {
		return err
	}
	if err != nil {
		return j.listUntold()
	}
	return nil
}

// wantedNow returns the blobs of the files that may declare something: at HEAD,
// or in the index where there is one.
func (j *job) wantedNow() map[string]git.ID {
	now := make(map[string]git.ID, len(j.wanted))
	for i, name := range j.wanted {
		if len(j.wantedIDs) > 0 {
			now[name] = j.wantedIDs[i]
		} else if id, ok := j.indexFiles[name]; ok {
			now[name] = id
		}
	}
	j.lastChange = make(map[string]*git.Commit, len(now))
	return now
}

// unplaced reports whether there is an object of that kind with something in
// it whose place is not known.
func (j *job) unplaced(kind string) bool {
	for id := range j.objects {
		if j.kinds[id] == kind && !j.placed[id] {
			return true
		}
	}
	return false
}

// openBlobs returns the blobs whose place is not known.
func (j *job) openBlobs() map[git.ID]bool {
	open := map[git.ID]bool{}
	for id := range j.objects {
		if j.kinds[id] == git.TypeBlob && !j.placed[id] {
			open[id] = true
		}
	}
	return open
}

// placeTips finds out what the tips of branches still hold.
func (j *job) placeTips() error {
	tips, err := j.past.atTips(j.tipObjects)
	for id := range tips {
		for _, o := range j.allIn(id) {
			j.found[o.hash].atTip = true
		}
	}
	j.tipsKnown = err == nil
	return j.tolerate(err, "the tips of branches")
}

// tipObjects returns the blobs with something in them that lie in the tree of a
// branch's tip, or of HEAD.
func (j *job) tipObjects() (map[git.ID]bool, error) {
	tips := map[git.ID]bool{}
	err := j.repo.AtTips(j.ctx, j.head, func(id git.ID) {
		if len(j.allIn(id)) > 0 {
			tips[id] = true
		}
	})
	return tips, err //nolint:wrapcheck // it says what was done
}

// allIn returns what was found in an object in any way.
func (j *job) allIn(id git.ID) []occurrence {
	list := slices.Concat(j.formats.found[id], j.keyFound[id])
	for _, piece := range j.objects[id] {
		list = append(list, piece.occurrences...)
	}
	return list
}

// newer reports whether a commit was made after another one, which may be nil.
func newer(a, b *git.Commit) bool {
	return b == nil || cmp.Or(a.Committed.Compare(b.Committed), a.Date.Compare(b.Date), b.ID.Compare(a.ID)) > 0
}

// tolerateLog is tolerate; what was read of a log that failed is not remembered.
func (j *job) tolerateLog(err error, what string) error {
	if err != nil {
		j.past.forget()
	}
	return j.tolerate(err, what)
}

// placeMessages places what stands in messages of commits and tags.
func (j *job) placeMessages() error {
	var commits []git.ID
	for id, kind := range j.kinds {
		if kind == git.TypeCommit && (j.commits[id] || j.untold[id] || !j.lent(id)) {
			commits = append(commits, id)
		}
	}
	slices.SortFunc(commits, git.ID.Compare)
	err := j.repo.Commits(j.ctx, commits, func(c *git.Commit) {
		how := "commit message"
		if !j.commits[c.ID] && !j.untold[c.ID] {
			how = "message of an unreachable commit"
		}
		j.placeText(c.ID, where{path: "git/commit/" + c.ID.String(), via: how}.by(c))
	}, func(git.Change) error { return nil })
	if err := j.tolerate(err, "commit messages"); err != nil {
		return err
	}
	if !j.unplaced(git.TypeTag) {
		return nil
	}
	return j.tolerate(j.repo.Tags(j.ctx, func(name string, id git.ID) {
		j.placeText(id, where{path: "git/tag/" + name, via: "tag message"})
	}), "tags")
}

// placeText places all of an object at one place.
func (j *job) placeText(id git.ID, w where) {
	if j.objects[id] == nil {
		return
	}
	j.placed[id] = true
	for hash, list := range j.visible(j.objects[id], w.path, w.commit) {
		j.touch(hash, w)
		j.place(list, w)
	}
}

// placeIndex places what is staged and in no commit.
func (j *job) placeIndex() error {
	open := j.openBlobs()
	for _, path := range sortedKeys(j.indexFiles) {
		id := j.indexFiles[path]
		if !open[id] {
			continue
		}
		j.placed[id] = true
		for _, list := range j.visible(j.objects[id], path, "") {
			j.place(list, where{path: path, via: "staged"})
		}
	}
	return nil
}

// placeFiles places what is on disk and not in the commit at HEAD.
func (j *job) placeFiles() error {
	for _, k := range j.diskKeys {
		if j.formats.known.Is(k.rule) {
			j.placeDiskFormat(k)
			clear(k.content)
			continue
		}
		j.placeKey(k.rule, k.content, where{path: k.path})
		clear(k.content)
	}
	for _, path := range sortedKeys(j.files) {
		atHead := j.visible(j.objects[j.headFiles[path]], path, "")
		for hash, list := range j.visible(j.files[path], path, "") {
			f := j.found[hash]
			f.onDisk[path] = true
			if len(list) > len(atHead[hash]) {
				j.place(fresh(list, atHead[hash]), where{path: path})
			}
		}
	}
	return nil
}

// placeRest names the object itself where nothing else is known: a blob that
// was staged once and never committed, or a tag that was deleted.
func (j *job) placeRest() {
	lent := 0
	for id := range j.objects {
		switch {
		case j.placed[id]:
		case j.lent(id):
			lent++
		default:
			j.placeText(id, where{path: "git/object/" + id.String(), via: "unreachable object"})
		}
	}
	if lent > 0 {
		j.notef("%d objects that something was found in lie only in a store that it borrows from, and nothing here leads to them: scan the lender to see them", lent)
	}
}

// markHead tells of each location whether the secret is still at that path.
func (j *job) markHead(f *found, hash inventory.SecretHash) inventory.Tri {
	here := make(map[string]bool, len(f.paths))
	still := inventory.False
	for uri, path := range f.paths { // of locations beyond the cap, too
		here[uri] = f.onDisk[path]
		for _, id := range []git.ID{j.headFiles[path], j.indexFiles[path]} {
			here[uri] = here[uri] || path != "" && j.holds(id, hash)
		}
		if here[uri] {
			still = inventory.True
		}
	}
	for i := range f.locations {
		f.locations[i].AtHead = inventory.TriOf(here[f.locations[i].URI])
	}
	return still
}

// holds reports whether an object has a secret in it. All that is to be read has
// been: what an object holds is remembered.
func (j *job) holds(id git.ID, hash inventory.SecretHash) bool {
	set, ok := j.holding[id]
	if !ok && len(j.objects[id]) > 0 {
		set = map[inventory.SecretHash]bool{}
		for _, piece := range j.objects[id] {
			for _, o := range piece.occurrences {
				set[o.hash] = true
			}
		}
		j.holding[id] = set
	}
	return set[hash]
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
