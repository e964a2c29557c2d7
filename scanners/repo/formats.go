package repo

import (
	"bytes"
	"fmt"
	"slices"

	"github.com/muster-nhi/muster/scanners/repo/file"
	"github.com/muster-nhi/muster/scanners/repo/git"
	"github.com/muster-nhi/muster/scanners/repo/match"
	"github.com/muster-nhi/muster/scanners/repo/secret"
)

// The files of a history that hold credentials by their nature, known by their
// paths: changes to them, and what is in their blobs.
type formats struct {
	known   *file.Formats
	changes []formatChange
	blobs   map[git.ID]string // the format of each that is to be read
	found   map[git.ID][]occurrence
	atHead  map[string]git.ID
	closed  map[string]bool // paths now there of stores that are not opened
	large   map[string]bool // paths on disk, and objects, that are too large to be parsed
}

type formatChange struct {
	from []git.ID
	to   git.ID
	at   where
}

func newFormats() formats {
	return formats{known: file.New(), blobs: map[git.ID]string{}, found: map[git.ID][]occurrence{}, atHead: map[string]git.ID{}, closed: map[string]bool{}, large: map[string]bool{}}
}

// format returns the format of a file at a path whose content is looked at.
func (j *job) format(path string) string {
	format := j.formats.known.Of(path)
	if format == "" || j.formats.known.Closed(format) || j.rules.SkipsPath(path) {
		return ""
	}
	return format
}

// noteStore notes a file that is there now, if it is a store of secrets that a
// passphrase locks.
func (j *job) noteStore(path string) {
	if format := j.formats.known.Of(path); format != "" && j.formats.known.Closed(format) {
		j.formats.closed[path] = true
	}
}

// noteLarge notes a file on disk that is too large to be parsed; of a tracked
// one, the object is.
func (j *job) noteLarge(path string) {
	if _, tracked := j.indexFiles[path]; !tracked && j.format(path) != "" {
		j.formats.large[path] = true
	}
}

// noteFormats tells of the files of known formats that were not read as such.
func (j *job) noteFormats() {
	if n := len(j.formats.closed); n > 0 {
		j.notef("%d files are stores of secrets that a passphrase locks (KeePass, Java key stores, keyrings and others): they were not opened", n)
	}
	if n := len(j.formats.large); n > 0 {
		j.notef("%d files or versions of files that hold credentials by their nature are larger than 8 MB: rules alone looked at them", n)
	}
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
	for id, format := range f.blobs {
		if !j.recallFormat(id, format) {
			ids = append(ids, id)
		}
	}
	slices.SortFunc(ids, git.ID.Compare)
	read := map[git.ID]bool{}
	err := j.readBlobs(ids, func(id git.ID, content []byte) {
		read[id] = true
		f.found[id] = j.parseFormat(f.blobs[id], content, source{id: id, kind: git.TypeBlob})
		j.learnWhole(id, f.blobs[id], content, f.found[id])
	})
	for _, id := range ids {
		if err == nil && !read[id] && !j.absent(id) {
			f.large[id.String()] = true
		}
	}
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

// recallFormat takes what is in a blob from an earlier scan, if it is known.
func (j *job) recallFormat(id git.ID, format string) bool {
	list, ok := j.readWhole(id, format)
	if !ok {
		return false
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	for _, o := range list {
		j.remember(o, j.redescribe(source{id: id, kind: git.TypeBlob}, o))
		if t := j.tells.infos[o.info-1].Told; t != nil {
			j.found[o.hash].hearsay.hear(o, t)
		}
	}
	j.formats.found[id] = list
	return true
}

// parseFormat returns what is in a file of a format, and remembers what it says
// of itself.
func (j *job) parseFormat(format string, content []byte, s source) []occurrence {
	var list []occurrence
	if enc := encodingOf(content); enc >= utf16le && enc <= utf32be {
		content = enc.read(bytes.Clone(content)) // Windows' programs write settings so
	}
	for _, f := range j.formats.known.Parse(format, content) {
		value := []byte(f.Value)
		o := occurrence{hash: j.scan.env.Hash(value), rule: format, line: f.Line}
		d := j.describe(s, &match.Hit{Rule: format, Secret: value}, o)
		t := secret.Told{
			Type: f.Type, Name: f.Name, User: f.User, Host: f.Host, Protection: f.Form, Hash: f.Hash, ExpiresAt: f.Expires, Facts: f.Facts,
		}.Without(value)
		j.mu.Lock()
		o.info = j.tells.note(d, &t)
		j.remember(o, d)
		j.found[o.hash].hearsay.hear(o, &t)
		j.mu.Unlock()
		clear(value)
		list = append(list, o)
	}
	return list
}

// A hearsay is what files of known formats say of a secret: of several, the
// first by rule and line.
type hearsay struct {
	key, rule string
	told      *secret.Told
}

func (h *hearsay) hear(o occurrence, t *secret.Told) {
	key := fmt.Sprintf("%s %s %09d %s %s %s %s", o.rule, t.Type, o.line, t.Host, t.User, t.Name, t.Protection)
	if h.told == nil || key < h.key {
		*h = hearsay{key, o.rule, t}
	}
}

// tell adds it to what the secret says of itself.
func (f *found) tell() {
	if f.hearsay.told != nil {
		f.info.Tell(f.hearsay.rule, *f.hearsay.told)
		f.hearsay.told = nil
	}
}

// placeNew places the secrets that were not in the text before.
func (j *job) placeNew(list, old []occurrence, w where) {
	for _, o := range list {
		j.touch(o.hash, w)
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
	if j.formats.known.Is(rule) || j.rules.Beyond(rule) {
		return "muster:" + rule
	}
	return "gitleaks:" + rule
}
