package repo

import (
	"cmp"
	"fmt"
	"io"
	"iter"
	"os"
	"slices"
	"strings"

	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/scanners/repo/codeowners"
	"github.com/muster-nhi/muster/scanners/repo/declared"
	"github.com/muster-nhi/muster/scanners/repo/git"
	"github.com/muster-nhi/muster/scanners/repo/match"
)

// listHead notes the files at HEAD that may declare something, where no
// working tree is read.
func (j *job) listHead() error {
	if j.head.IsZero() {
		return nil
	}
	err := j.repo.Tree(j.ctx, j.head, func(e git.Entry) error {
		j.noteStore(e.Path)
		if e.Mode != git.ModeSubmodule && (declared.Wants(e.Path) || isOwners(e.Path)) {
			j.wanted = append(j.wanted, e.Path)
			j.wantedIDs = append(j.wantedIDs, e.ID)
		}
		return nil
	})
	return j.tolerate(err, "the tree at HEAD")
}

// contents yields the files in j.wanted, from disk or from HEAD.
func (j *job) contents() iter.Seq2[string, []byte] {
	return func(yield func(string, []byte) bool) {
		if len(j.wantedIDs) > 0 {
			j.headContents(yield)
			return
		}
		root, err := os.OpenRoot(j.target.dir)
		if err != nil {
			return
		}
		defer root.Close() //nolint:errcheck // read only
		for _, name := range slices.Sorted(slices.Values(j.wanted)) {
			f, err := openFile(root, name)
			if err != nil {
				j.losef("files could not be read: %s", reasonOf(err))
				continue
			}
			content, err := io.ReadAll(io.LimitReader(f, declared.MaxSize+1))
			f.Close() //nolint:errcheck // read only
			if err != nil {
				j.losef("files could not be read: %s", reasonOf(err))
				continue
			}
			if !yield(name, content) {
				return
			}
		}
	}
}

func (j *job) headContents(yield func(string, []byte) bool) {
	n := 0
	err := j.repo.Contents(j.ctx, j.wantedIDs, func(o git.Object, in io.Reader) error {
		name := j.wanted[n]
		n++
		if o.Type != git.TypeBlob {
			j.losef("%s is missing or corrupt", git.Clean(name))
			return nil
		}
		content, err := io.ReadAll(io.LimitReader(in, declared.MaxSize+1))
		if err != nil {
			return fmt.Errorf("read object: %w", err)
		}
		if !yield(name, content) {
			return io.EOF
		}
		return nil
	})
	if err != nil && j.ctx.Err() == nil {
		j.losef("the tree at HEAD could not be read: %s", reasonOf(err))
	}
}

func (j *job) losef(format string, args ...any) {
	j.lost = append(j.lost, fmt.Sprintf(format, args...))
}

// declare parses the files that declare identities, and CODEOWNERS.
func (j *job) declare() (owners *codeowners.File, place string) {
	byPath := map[string][]byte{}
	j.declaredAt = map[string]string{}
	records, problems := declared.ParseAll(func(yield func(declared.File) bool) {
		for name, content := range j.contents() {
			if isOwners(name) {
				byPath[name] = content
			}
			j.declaredAt[uri(name)] = name
			if declared.Wants(name) && !yield(declared.File{
				Scope: j.base, Path: uri(name), Content: content, Prefix: "repo", Hash: j.scan.env.Hash,
			}) {
				return
			}
		}
	})
	j.declared = records
	templates := 0
	var aside []string
	for _, p := range problems {
		switch {
		case p.Template:
			templates++
		case p.Partial:
			j.losef("%s", git.Clean(p.String()))
		default:
			aside = append(aside, git.Clean(p.String()))
		}
	}
	if n := len(aside); n > 0 {
		j.notef("%d files or parts of files that may declare something were not understood: %s", n, firstOf(aside))
	}
	if templates > 0 {
		j.notef("%d files are templates that were not rendered: what they declare is not listed", templates)
	}
	for _, p := range codeowners.Places() {
		content, ok := byPath[p.Path]
		if j.narrow() && !ok {
			// No tree was listed: it is looked for by name.
			own, err := j.readOwn(p.Path)
			content, ok = own, err == nil
		}
		if !ok {
			continue
		}
		file, err := codeowners.ParseAs(strings.NewReader(string(content)), p.Dialect)
		if err != nil {
			j.losef("%s: %s", p.Path, err)
			continue
		}
		for _, problem := range file.Problems {
			j.notef("%s:%d: %s", p.Path, problem.Line, git.Clean(problem.Message))
		}
		return file, p.Path
	}
	return nil, ""
}

// finish emits what was found and how much was seen.
func (j *job) finish() error {
	j.rankTies()
	owners, ownersPath := j.declare()
	o := ownership{job: j, file: owners, place: ownersPath}
	list := j.credentials()
	for _, r := range j.merge(list) {
		rescope(r, j.scope)
		if err := j.send(r); err != nil {
			return err
		}
		if err := o.ofDeclared(r); err != nil {
			return err
		}
	}
	for _, c := range list {
		if err := j.send(inventory.Record{Credential: c.Credential}); err != nil {
			return err
		}
		if err := o.of(c.ID, j.rank.oldestFirst(c.FoundAt), c.paths); err != nil {
			return err
		}
	}
	return j.cover()
}

// A leak is a credential that was found, and what is known of it beside.
type leak struct {
	*inventory.Credential

	hashes []inventory.SecretHash // of what is the credential: an access key's secret and its id
	paths  map[string]string      // location's uri to path
}

// credentials returns the records of what was found, by id.
func (j *job) credentials() []leak {
	var list []leak
	for hash, f := range j.found {
		if rule, also := f.primary(); rule != "" {
			list = append(list, leak{j.credential(hash, f, rule, also), []inventory.SecretHash{hash}, f.paths})
		}
	}
	slices.SortFunc(list, func(a, b leak) int { return cmp.Compare(a.ID, b.ID) })
	return j.pair(list)
}

// send emits a record without the secrets that stand in its texts, and counts
// it.
func (j *job) send(r inventory.Record) error {
	j.counts[r.Kind()]++
	return j.emit(j.mask.record(r))
}

// rescope sets the scope of a declared record, which is that of the ids but
// for a narrowed scan.
func rescope(r inventory.Record, scope string) {
	switch {
	case r.Identity != nil:
		r.Identity.Scope = scope
	case r.Credential != nil:
		r.Credential.Scope = scope
	case r.Grant != nil:
		r.Grant.Scope = scope
	case r.Trust != nil:
		r.Trust.Scope = scope
	case r.Consumer != nil:
		r.Consumer.Scope = scope
	case r.Owner != nil:
		r.Owner.Scope = scope
	}
}

func (j *job) credential(hash inventory.SecretHash, f *found, rule string, also []string) *inventory.Credential {
	f.rank = j.rank
	f.sort()
	f.tell()
	c := &inventory.Credential{
		ID: j.credentialID(rule, hash), Type: f.info.Type, Scope: j.scope, Name: git.Clean(f.info.Name),
		PublicID: git.Clean(f.info.PublicID), SecretHash: hash, Hint: f.info.Hint, Store: "git", Exposure: "repository",
		CreatedAt: f.info.CreatedAt, ExpiresAt: f.info.ExpiresAt, NeverExpires: f.info.NeverExpires,
		Algorithm: f.info.Algorithm, KeyBits: f.info.KeyBits, Encrypted: f.info.Encrypted, Personal: f.info.Personal,
		Detector: j.detector(rule), FirstSeenAt: f.first, LastSeenAt: f.last, FirstCommit: j.rank.first(f.firsts), LastCommit: j.rank.last(f.lasts), LocationsOmitted: f.omitted,
	}
	c.AtHead = j.markHead(f, hash)
	if j.tipsKnown {
		c.AtTip = inventory.TriOf(f.atTip)
	}
	c.FoundAt = f.locations
	c.Attributes = map[string]string{}
	for k, v := range f.info.Attributes {
		c.Attributes[k] = git.Clean(v)
	}
	if len(also) > 0 {
		c.Attributes["also"] = strings.Join(also, ",")
	}
	if !slices.ContainsFunc(f.locations, func(l inventory.Location) bool { return l.Commit != "" }) {
		c.Store = "file"
	}
	if len(c.Attributes) == 0 {
		c.Attributes = nil
	}
	return c
}

func (j *job) credentialID(rule string, hash inventory.SecretHash) string {
	digest := string(hash[strings.LastIndexByte(string(hash), ':')+1:])
	return "repo:" + j.base + "/secret/" + scopeText(rule) + "/" + digest[:min(16, len(digest))]
}

// cover emits a coverage for every kind.
func (j *job) cover() error {
	j.noteArchives()
	if n := j.mask.count; n > 0 {
		j.notef("%d secrets stand in names and other texts that records quote, and were masked there", n)
	}
	j.noteMadeUp()
	j.noteFormats()
	j.noteExtent()
	seen := j.reason()
	lost := strings.Join(append(compactLost(j.lost), nonEmpty(seen)...), "; ")
	for _, kind := range info().Kinds {
		c := &inventory.Coverage{
			Scanner: "repo", Scope: j.scope, Kind: kind, Status: inventory.StatusComplete, Count: j.counts[kind],
			Notes: j.notes, StartedAt: j.started, FinishedAt: j.scan.env.Now().UTC(),
		}
		c.Reason = lost
		if kind == inventory.KindCredential || kind == inventory.KindOwner {
			for reason, set := range j.suppressed {
				if c.Suppressed == nil {
					c.Suppressed = map[string]int{}
				}
				if kind == inventory.KindCredential {
					c.Suppressed[reason] = len(set)
				}
			}
		}
		if c.Reason != "" {
			c.Status = inventory.StatusPartial
		}
		if kind != inventory.KindCredential && kind != inventory.KindOwner && j.narrow() && j.counts[kind] == 0 {
			c.Status, c.Reason = inventory.StatusSkipped, "declarations are not read in a scan of "+strings.TrimPrefix(j.extent(), "@")+" changes only"
		}
		if err := j.emit(j.mask.record(inventory.Record{Coverage: c})); err != nil {
			return err
		}
	}
	return nil
}

// noteMadeUp tells of tokens whose checksum fails and of public sums. Nobody asked to leave them
// out, so they are no suppressed ones.
func (j *job) noteMadeUp() {
	if n := len(j.suppressed[match.FailedChecksum]); n > 0 {
		j.notef("%d values have the form of a token but not its checksum: they were made up, and left out", n)
	}
	delete(j.suppressed, match.FailedChecksum)
	if n := len(j.suppressed[match.PublicSum]); n > 0 {
		j.notef("%d values are sums of Go modules (h1:), which are published: left out", n)
	}
	delete(j.suppressed, match.PublicSum)
}

// narrow reports whether the scan was asked for changes only.
func (j *job) narrow() bool { return j.scan.config.narrow() }

func (j *job) noteExtent() {
	if j.repo != nil && !j.repo.Mailmap() {
		j.notef("the .mailmap is too large, or no file, and was not used: people have the names that commits give them")
	}
	switch c := j.scan.config; j.extent() {
	case "@staged":
		j.notef("only staged changes were scanned")
	case "@commits":
		j.notef("only some commits were scanned: %s", git.Clean(strings.TrimSpace(c.Commits+" "+sinceText(c.Since))))
	case "@worktree":
		j.notef("the history was not scanned")
	case "@history":
		j.notef("the working tree was not scanned")
	}
	if below := j.target.below; below != nil {
		j.notef("only changes to %s were looked at", git.Clean(strings.Join(below, ", ")))
	}
	if up := j.target.around; up != "" {
		j.notef("these are files in a repository, whose history was not read: scan %s for it", git.Clean(up))
	}
}

func sinceText(since string) string {
	if since == "" {
		return ""
	}
	return "since " + since
}

func nonEmpty(s string) []string {
	if s == "" {
		return nil
	}
	return []string{s}
}

// firstOf names the first few of a list.
func firstOf(list []string) string {
	const few = 3
	if n := len(list); n > few {
		return fmt.Sprintf("%s; and %d more", strings.Join(list[:few], "; "), n-few)
	}
	return strings.Join(list, "; ")
}

func compactLost(lost []string) []string {
	lost = slices.Compact(slices.Sorted(slices.Values(lost)))
	if len(lost) > maxReasons {
		lost = append(lost[:maxReasons], fmt.Sprintf("and %d more", len(lost)-maxReasons))
	}
	return lost
}
