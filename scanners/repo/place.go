package repo

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/scanners/repo/git"
	"github.com/muster-nhi/muster/scanners/repo/match"
)

// maxLocations caps the places kept of one credential.
const maxLocations = 1000

// A where is a path at a commit.
type where struct {
	path   string
	commit string // empty if not committed
	author string
	date   time.Time
	via    string

	committer string    // empty if that is the author
	committed time.Time // zero if that is the date
}

// by names who made a commit, and when.
func (w where) by(c *git.Commit) where {
	w.author, w.date = c.Author, c.Date
	if !c.ID.IsZero() {
		w.commit = c.ID.String()
	}
	if c.Committer != c.Author {
		w.committer = c.Committer
	}
	if !c.Committed.Equal(c.Date) {
		w.committed = c.Committed
	}
	return w
}

// visible returns the occurrences in a text that are reported at a path, by
// secret, and counts those that are suppressed there.
func (j *job) visible(pieces []*texts, path, commit string) map[inventory.SecretHash][]occurrence {
	var out map[inventory.SecretHash][]occurrence
	for _, piece := range pieces {
		for i, verdict := range j.verdicts(piece, path, commit) {
			o := piece.occurrences[i]
			switch {
			case piece.until > 0 && o.line >= piece.until, verdict == match.Dropped:
			case verdict != "":
				j.suppress(verdict, o, path)
			default:
				if out == nil {
					out = map[inventory.SecretHash][]occurrence{}
				}
				if !slices.ContainsFunc(out[o.hash], func(p occurrence) bool {
					return p.line == o.line && p.column == o.column && p.rule == o.rule && p.inner == o.inner
				}) {
					out[o.hash] = append(out[o.hash], o)
				}
			}
		}
	}
	return out
}

// verdicts judges the occurrences in a text at a path, as Ruleset.At does.
func (j *job) verdicts(piece *texts, path, commit string) []string {
	if piece.inner == "" {
		return j.rules.At(piece.hits, path, commit)
	}
	around := j.leftOut(path, piece.inner, commit)
	path = memberPath(path, piece.inner)
	verdicts := j.rules.At(piece.hits, path, commit)
	if piece.key {
		verdicts = []string{j.rules.LeftOut(path, commit)}
	}
	for i := range verdicts {
		verdicts[i] = cmp.Or(verdicts[i], around)
	}
	return verdicts
}

// suppress counts a secret that is left out on request, once for each path.
func (j *job) suppress(reason string, o occurrence, path string) {
	if j.suppressed[reason] == nil {
		j.suppressed[reason] = map[string]bool{}
	}
	j.suppressed[reason][string(o.hash)+"\x00"+path] = true
}

// relevant reports whether something was found in one of a change's texts.
func (j *job) relevant(c git.Change) bool {
	return j.objects[c.To] != nil || slices.ContainsFunc(c.From, func(id git.ID) bool { return j.objects[id] != nil })
}

// change places what a commit brought in: what is in the new text and was not,
// or not as often, in any of the old ones.
func (j *job) change(c git.Change, via string) {
	if !j.relevant(c) {
		return
	}
	after := j.objects[c.To]
	w := where{path: c.Path, via: via}.by(c.Commit)
	j.placed[c.To] = true
	var before []map[inventory.SecretHash][]occurrence
	for _, id := range c.From {
		before = append(before, j.visible(j.objects[id], c.Path, w.commit))
	}
	now := j.visible(after, c.Path, w.commit)
	for hash, list := range now {
		var old []occurrence
		for _, b := range before {
			if len(b[hash]) > len(old) {
				old = b[hash]
			}
		}
		j.touch(hash, w)
		if !j.old[hash] {
			j.place(fresh(list, old), w)
		}
	}
	for _, b := range before {
		for hash := range b {
			j.found[hash].until(w)
		}
	}
}

// fresh returns the occurrences that are new: as many as there are more of,
// those on lines that had none first.
func fresh(list, old []occurrence) []occurrence {
	more := len(list) - len(old)
	if more <= 0 {
		return nil
	}
	if len(old) == 0 {
		return list
	}
	var out []occurrence
	for _, o := range list {
		if len(out) < more && !slices.ContainsFunc(old, func(p occurrence) bool { return p.line == o.line && p.inner == o.inner }) {
			out = append(out, o)
		}
	}
	return out
}

// touch widens the span of time in which a secret is known to have been there.
func (j *job) touch(hash inventory.SecretHash, w where) {
	f := j.found[hash]
	if n := w.date.Compare(f.first); !w.date.IsZero() && (f.first.IsZero() || n < 0) {
		f.first, f.firsts = w.date, []tie{w.tie()}
	} else if n == 0 && !w.date.IsZero() {
		f.firsts = also(f.firsts, w.tie())
	}
	f.until(w)
}

// until notes a commit that touched the secret: it holds it, or took it out.
func (f *found) until(w where) {
	if w.date.IsZero() {
		return
	}
	if n := w.date.Compare(f.last); n > 0 {
		f.last, f.lasts = w.date, []tie{w.tie()}
	} else if n == 0 {
		f.lasts = also(f.lasts, w.tie())
	}
}

// place adds the locations of occurrences, if no fingerprint of the
// .gitleaksignore names them.
func (j *job) place(list []occurrence, w where) {
	for _, o := range list {
		f := j.found[o.hash]
		f.placed[w.path] = true
		if j.isIgnored(o, w) {
			j.suppress(match.SuppressedIgnore, o, w.path)
			continue
		}
		f.rules[o.rule] = true
		l := inventory.Location{
			URI: uri(memberPath(w.path, o.inner)), Repo: j.base, Commit: w.commit, Author: w.author, Date: w.date, Via: via(w.via, o),
			Committer: w.committer, CommittedAt: w.committed,
			Line: o.line, Column: o.column,
		}
		if o.end > o.line {
			l.EndLine = o.end
		}
		f.add(l, w.path)
	}
	for _, o := range list {
		j.found[o.hash].bound()
	}
}

func via(how string, o occurrence) string {
	parts := slices.DeleteFunc([]string{how, o.unpacked()}, func(s string) bool { return s == "" })
	if o.encoding != "" {
		parts = append(parts, "decoded "+o.encoding)
	}
	return strings.Join(parts, ", ")
}

// isIgnored looks for the fingerprints under which gitleaks would report an
// occurrence, at the commit and at HEAD.
func (j *job) isIgnored(o occurrence, w where) bool {
	if len(j.ignored) == 0 {
		return false
	}
	key := memberPath(w.path, o.inner) + ":" + o.rule + ":"
	line := strconv.Itoa(o.line)
	if j.ignored[key+line] || w.commit != "" && j.ignored[w.commit+":"+key+line] {
		return true
	}
	return j.ignoredAtHead(w.path)[sameSecret{o.hash, o.rule, o.inner}]
}

// A sameSecret tells a rule's finding in a file or member, wherever in it.
type sameSecret struct {
	hash        inventory.SecretHash
	rule, inner string
}

// ignoredAtHead returns what a fingerprint leaves out of a file at HEAD.
func (j *job) ignoredAtHead(path string) map[sameSecret]bool {
	out, ok := j.ignoredHead[path]
	if ok {
		return out
	}
	for _, piece := range j.objects[j.headFiles[path]] {
		for _, h := range piece.occurrences {
			if !j.ignored[memberPath(path, h.inner)+":"+h.rule+":"+strconv.Itoa(h.line)] {
				continue
			}
			if out == nil {
				out = map[sameSecret]bool{}
			}
			out[sameSecret{h.hash, h.rule, h.inner}] = true
		}
	}
	if j.ignoredHead == nil {
		j.ignoredHead = map[string]map[sameSecret]bool{}
	}
	j.ignoredHead[path] = out
	return out
}

// uri writes a path as a location does: bytes that are not UTF-8, control
// characters and percent signs beside them percent-encoded.
func uri(path string) string {
	var out []byte
	for i, r := range path {
		switch {
		case r == '\uFFFD' || r < ' ' || r == 0x7f || r >= 0x80 && r < 0xa0 || r == '\u2028' || r == '\u2029':
			n := len(string(r))
			if r == '\uFFFD' && path[i] != 0xEF {
				n = 1
			}
			for _, b := range []byte(path[i : i+n]) {
				out = fmt.Appendf(out, "%%%02X", b)
			}
		default:
			out = append(out, string(r)...)
		}
	}
	return string(out)
}
