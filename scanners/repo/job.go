package repo

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/scanners"
	"github.com/muster-nhi/muster/scanners/repo/archive"
	"github.com/muster-nhi/muster/scanners/repo/git"
	"github.com/muster-nhi/muster/scanners/repo/match"
	"github.com/muster-nhi/muster/scanners/repo/pack"
)

// Reasons that do not depend on the moment.
const (
	shallowReason = "the repository is a shallow clone: older history is not there (fetch with --unshallow, or clone without --depth)"
	unreadReason  = "files or objects not read: "
	cutReason     = "archives were not read to the end: "
)

const (
	maxReasons   = 20    // different things that were not seen and are named
	progressStep = 2_000 // objects between two records of progress
)

// A job is the scan of one scope.
type job struct {
	ctx     context.Context //nolint:containedctx // a job lives as long as one scan
	scan    *scanner
	run     *run
	target  target
	workers int    // matchers, and objects that are made at a time
	read    func() // tells those who wait that the objects are read; nil if nobody does
	emit    scanners.Emit
	started time.Time

	repo        *git.Repo
	head        git.ID
	base        string // what ids are made from
	elsewhere   string // the scope in which its history is scanned, if that is another
	scope       string // base, and how far the scan went if not all the way
	rules       *match.Ruleset
	ignored     map[string]bool
	ignoredHead map[string]map[sameSecret]bool // by path
	mask        *masker

	mu      sync.Mutex // guards what follows while a pool runs
	objects map[git.ID][]*texts
	kinds   map[git.ID]string
	files   map[string][]*texts
	found   map[inventory.SecretHash]*found
	rank    ranking // of commits that dates do not put in order; empty until all is placed

	headFiles   map[string]git.ID // files at HEAD that hold something
	indexFiles  map[string]git.ID
	old         map[inventory.SecretHash]bool            // of a narrow scan, what was there before it
	oldFiles    map[git.ID]bool                          // and in which blobs
	placed      map[git.ID]bool                          // objects whose place is known
	holding     map[git.ID]map[inventory.SecretHash]bool // see holds
	commits     map[git.ID]bool                          // commits that a reference reaches
	untold      map[git.ID]bool                          // those that a log which broke off did not tell of; nil if it did not
	store       *pack.Store                              // nil if only git can read the objects
	present     map[uint64]struct{}                      // objects in the store, by ID.Short; nil if not listed
	known       *known                                   // what an earlier scan found nothing in; nil if that is not asked
	tells       *findings                                // what an earlier scan found; nil likewise
	past        *past                                    // what an earlier scan learned from the log; nil likewise
	keyFiles    map[string][]keyFile
	keyFound    map[git.ID][]occurrence
	keyAtHead   map[string]bool   // paths at HEAD that are key files
	namedAtHead map[string]git.ID // files at HEAD that hold credentials by their name
	explained   map[version]bool  // versions of such files that a commit brought in
	tipsKnown   bool              // it is known what the tips of branches hold
	diskKeys    []diskKey
	formats     formats
	suppressed  map[string]map[string]bool
	badIgnores  int
	archives    int                    // not opened as none are to be
	unopened    map[archive.Reason]int // archives and members, by what hindered
	packed      atomic.Int64           // bytes of archives
	unpacked    atomic.Int64           // bytes unpacked from them
	notes       []string
	reasons     map[string]int
	order       []string          // reasons, as they came
	paths       map[string]byPath // what paths say; not for the goroutines of a pool
	declared    []inventory.Record
	declaredAt  map[string]string      // paths of files that may declare something, by uri
	lastChange  map[string]*git.Commit // of those files, the commit that made them what they are
	lost        []string               // why declarations may be missing
	wanted      []string               // files that may declare something
	wantedIDs   []git.ID               // their blobs, if they are read from HEAD
	nested      []target
	counts      map[inventory.Kind]int
}

// A texts is what was found in one text.
type texts struct {
	hits        []match.Hit
	occurrences []occurrence
	first       int    // number of its first line; 0 where lines mean nothing
	until       int    // 0 is none
	inner       string // the member of an archive
	key         bool   // the occurrences are the text as a whole
}

// An occurrence is one place in a text.
type occurrence struct {
	hash              inventory.SecretHash
	rule, encoding    string
	line, end, column int
	inner             string         // path in an archive
	format            archive.Format // of what it was packed in
	info              int            // what the secret says of itself here, in findings.infos from 1; 0 if that is not remembered
}

func newJob(ctx context.Context, s *scanner, t target, emit scanners.Emit) (*job, error) {
	rules, err := s.rules()
	if err != nil {
		return nil, fmt.Errorf("load rules: %w", err)
	}
	j := &job{
		ctx: ctx, scan: s, target: t, emit: emit, started: s.env.Now().UTC(),
		objects: map[git.ID][]*texts{}, kinds: map[git.ID]string{}, files: map[string][]*texts{},
		found: map[inventory.SecretHash]*found{}, headFiles: map[string]git.ID{}, indexFiles: map[string]git.ID{},
		placed: map[git.ID]bool{}, holding: map[git.ID]map[inventory.SecretHash]bool{}, commits: map[git.ID]bool{}, paths: map[string]byPath{}, keyFiles: map[string][]keyFile{}, keyFound: map[git.ID][]occurrence{}, formats: newFormats(), keyAtHead: map[string]bool{},
		namedAtHead: map[string]git.ID{}, explained: map[version]bool{},
		suppressed: map[string]map[string]bool{}, reasons: map[string]int{}, counts: map[inventory.Kind]int{},
	}
	j.mask = newMasker(rules, s.env.Hash, func(hash inventory.SecretHash) bool { return j.found[hash] != nil })
	return j, nil
}

// openRepo opens the target as a repository. If that cannot be, its files are
// scanned all the same.
func (j *job) openRepo(program string, gitErr error) {
	repo, err := (*git.Repo)(nil), gitErr
	if err == nil {
		repo, err = git.Open(j.ctx, program, j.target.dir, j.target.within...)
	}
	if err != nil {
		j.missf("the history was not read: %s", reasonOf(err))
		return
	}
	j.repo = repo
	head, ok, err := repo.Head(j.ctx)
	switch {
	case err != nil:
		j.missf("HEAD could not be read: %s", reasonOf(err))
	case ok:
		j.head = head
	}
}

// name chooses the scope. A scan that was asked for less than all has a scope
// of its own, so that what it does not see is not taken for gone.
func (j *job) name(names scopes) {
	origin := ""
	if j.repo != nil {
		origin = j.repo.Config(j.ctx, "remote.origin.url")
	}
	base := scopeOf(origin, j.target.dir)
	if j.target.file != "" {
		base = "local/" + scopeText(j.target.file)
	}
	if j.target.name != "" {
		base = scopeText(j.target.name)
	}
	j.base = names.unique(j.mask.text(base))
	j.scope = j.base + j.extent()
	if below := j.target.below; below != nil {
		j.scope += "/" + j.mask.text(scopeText(uri(strings.Join(below, ","))))
	}
}

func (j *job) extent() string {
	c := j.scan.config
	switch {
	case c.Staged:
		return "@staged"
	case c.Since != "" || c.Commits != "":
		return "@commits"
	case j.repo == nil:
		return ""
	case !c.History:
		return "@worktree"
	case !c.Worktree && !j.repo.Bare():
		return "@history"
	default:
		return ""
	}
}

// scanIt scans and emits. What cannot be read is told of in coverage.
func (j *job) scanIt() error {
	if err := j.loadRules(); err != nil {
		return err
	}
	if j.target.repo && j.repo == nil && (j.scan.config.Staged || !j.scan.config.Worktree) {
		return j.finish()
	}
	var err error
	switch c := j.scan.config; {
	case j.repo == nil:
		err = j.scanFiles()
	case c.Staged:
		err = j.scanStaged()
	case c.Since != "" || c.Commits != "":
		err = j.scanRange()
	default:
		err = j.scanAll()
	}
	if err := cmp.Or(j.ctx.Err(), err); err != nil {
		if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
			// What was found is kept and reported as partial.
			j.placeStopped()
			j.missf("the scan was stopped before it had ended")
			_ = j.finish() // the scan has failed already
		}
		return err
	}
	return j.finish()
}

// scanFilesOf reads the working tree of a repository whose history is scanned
// elsewhere: what is in its index is there, too.
func (j *job) scanFilesOf() error {
	if j.repo.Bare() || !j.scan.config.Worktree {
		return nil
	}
	known := map[git.ID]bool{}
	read, err := j.isRead()
	if err != nil {
		return err
	}
	if err := j.readIndex(func(e git.Entry) {
		if read(e.ID) {
			known[e.ID] = true
		}
	}); err != nil {
		return err
	}
	p := newPool(j)
	err = j.walk(p, known)
	p.close()
	if err != nil {
		return err
	}
	return j.placeFiles()
}

// scanAll reads history and working tree as the configuration asks.
func (j *job) scanAll() error {
	if j.elsewhere != "" {
		return j.scanFilesOf()
	}
	j.openStore()
	defer j.closeStore()
	j.recall()
	p := newPool(j)
	err := j.feedAll(p)
	p.close()
	j.publish()
	j.known.save(j.ctx, err == nil)
	if err == nil {
		err = j.attribute()
	}
	j.saveFindings(j.ctx, err == nil)
	if err == nil {
		j.past.save()
	}
	return err
}

func (j *job) scanFiles() error {
	p := newPool(j)
	err := j.walk(p, nil)
	p.close()
	if err != nil {
		return err
	}
	return j.placeFiles()
}

// progress tells people how far the scan is.
func (j *job) progress(message string, done, total int64) error {
	return j.emit(inventory.Record{Progress: j.run.meter.record(j, message, done, total)})
}

// missf notes something that was asked for and not seen: the coverage is
// partial.
func (j *job) missf(format string, args ...any) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.miss(fmt.Sprintf(format, args...))
}

// miss is missf for a caller that holds j.mu.
func (j *job) miss(reason string) {
	if j.reasons[reason]++; j.reasons[reason] == 1 {
		j.order = append(j.order, reason)
	}
}

// skip counts a file or object that was not read.
func (j *job) skip(why string) { j.missf("%s%s", unreadReason, why) }

func (j *job) notef(format string, args ...any) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if n := fmt.Sprintf(format, args...); !slices.Contains(j.notes, n) {
		j.notes = append(j.notes, n)
	}
}

func (j *job) countArchive() {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.archives++
}

// reason joins what was not seen into one text; empty if all was.
func (j *job) reason() string {
	var parts []string
	slices.Sort(j.order)
	for i, r := range j.order {
		if i == maxReasons {
			parts = append(parts, fmt.Sprintf("and %d more", len(j.order)-i))
			break
		}
		if n := j.reasons[r]; n > 1 {
			r = fmt.Sprintf("%s (%d times)", r, n)
		}
		parts = append(parts, r)
	}
	return strings.Join(parts, "; ")
}
