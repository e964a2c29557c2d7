package repo

import (
	"slices"

	"github.com/muster-nhi/muster/scanners/repo/file"
	"github.com/muster-nhi/muster/scanners/repo/git"
	"github.com/muster-nhi/muster/scanners/repo/match"
)

// The files of a history that hold credentials by their nature, known by their
// paths: changes to them, and what is in their blobs.
type formats struct {
	changes []formatChange
	blobs   map[git.ID]string // the format of each that is to be read
	found   map[git.ID][]occurrence
	atHead  map[string]git.ID
}

type formatChange struct {
	from []git.ID
	to   git.ID
	at   where
}

func newFormats() formats {
	return formats{blobs: map[git.ID]string{}, found: map[git.ID][]occurrence{}, atHead: map[string]git.ID{}}
}

// format returns the format of a file at a path whose content is looked at.
func (j *job) format(path string) string {
	format := file.Format(path)
	if format == "" || j.rules.SkipsPath(path) {
		return ""
	}
	return format
}

// noteFormat notes a change to a file of a known format.
func (j *job) noteFormat(format string, c git.Change, w where) {
	for _, id := range append(slices.Clone(c.From), c.To) {
		if !id.IsZero() {
			j.formats.blobs[id] = format
		}
	}
	j.formats.changes = append(j.formats.changes, formatChange{c.From, c.To, w})
}

// placeFormats reads the blobs of those files, and places what came in with each
// change.
func (j *job) placeFormats() error {
	f := &j.formats
	for path, id := range f.atHead {
		f.blobs[id] = j.format(path)
	}
	var ids []git.ID
	for id := range f.blobs {
		ids = append(ids, id)
	}
	slices.SortFunc(ids, func(a, b git.ID) int { return slices.Compare([]byte(a.String()), []byte(b.String())) })
	if len(ids) == 0 {
		return nil
	}
	err := j.readBlobs(ids, func(id git.ID, content []byte) {
		f.found[id] = j.parseFormat(f.blobs[id], content, source{id: id, kind: git.TypeBlob})
	})
	for _, c := range f.changes {
		var old []occurrence
		for _, id := range c.from {
			old = append(old, f.found[id]...)
		}
		j.placeNew(f.found[c.to], old, c.at)
	}
	for path, id := range f.atHead {
		for _, o := range f.found[id] {
			j.found[o.hash].onDisk[path] = true
		}
	}
	return j.tolerate(err, "files of known formats")
}

// parseFormat returns what is in a file of a format, and remembers what it says
// of itself.
func (j *job) parseFormat(format string, content []byte, s source) []occurrence {
	var list []occurrence
	for _, found := range file.Parse(format, content) {
		value := []byte(found.Value)
		o := occurrence{hash: j.scan.env.Hash(value), rule: format, line: found.Line}
		d := j.describe(s, &match.Hit{Rule: format, Secret: value}, o)
		if d != nil {
			d.info.Name = ""
			d.info.Login(found.User, found.Host)
		}
		j.mu.Lock()
		j.remember(o, d)
		j.mu.Unlock()
		clear(value)
		list = append(list, o)
	}
	return list
}

// placeNew places the secrets that were not in the text before.
func (j *job) placeNew(list, old []occurrence, w where) {
	for _, o := range list {
		j.touch(o.hash, w.date)
		switch {
		case j.old[o.hash], slices.ContainsFunc(old, func(p occurrence) bool { return p.hash == o.hash }):
		case j.rules.AllowsPath(w.path, w.commit):
			j.suppress(match.SuppressedAllowlist, o, w.path)
		default:
			j.place([]occurrence{o}, w)
		}
	}
}

// placeDiskFormat places what a file on disk holds and did not at HEAD.
func (j *job) placeDiskFormat(k diskKey) {
	list := j.parseFormat(k.rule, k.content, source{path: k.path})
	j.placeNew(list, j.formats.found[j.formats.atHead[k.path]], where{path: k.path})
	for _, o := range list {
		j.found[o.hash].onDisk[k.path] = true
	}
}

// detector names what found a secret.
func (j *job) detector(rule string) string {
	if file.Is(rule) || j.rules.Beyond(rule) {
		return "muster:" + rule
	}
	return "gitleaks:" + rule
}
