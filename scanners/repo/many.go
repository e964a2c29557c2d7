package repo

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"sync"

	"golang.org/x/sync/semaphore"

	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/scanners"
	"github.com/muster-nhi/muster/scanners/repo/git"
)

// large is how many bytes a store of objects takes for its repository to be
// scanned alone, with all processors. Smaller ones are scanned side by side, one
// processor each: what takes their time is starting git.
const large = 64 << 20

// Many returns the factory of the repos scanner: the repo scanner over all
// repositories below a directory or in a list. Its records bear the name of the
// repo scanner, for they are the same however a repository was named.
func Many() scanners.Factory {
	return scanners.Define(manyInfo(), defaults(), func(env scanners.Env, config Config) (scanners.Scanner, error) {
		s, err := newScanner(env, config)
		if err != nil {
			return nil, err
		}
		s.many = true
		return s, nil
	})
}

func manyInfo() scanners.Info {
	i := info()
	i.Name = "repos"
	i.Title = "Many git repositories: all those below a directory, or in a list (one path a line); nothing beside them"
	return i
}

// A run is one scan of a scanner.
type run struct {
	scan   *scanner
	ctx    context.Context //nolint:containedctx // a run lives as long as one scan
	emit   scanners.Emit
	git    string // the program
	gitErr error
	meter  meter
	space  *semaphore.Weighted // processors

	shared *shared
	kin    families
	names  scopes
	taken  map[string]string // who scans the history that lies at a place
}

// Scan scans one place after the other, small ones side by side. What lies
// inside of some comes after all of them.
//
// Memory: what one large repository takes, or as many small ones as there are
// processors; nothing is kept of those that are done but their names and what
// they found clean (shared).
func (s *scanner) Scan(ctx context.Context, emit scanners.Emit) error {
	r := &run{
		scan: s, ctx: ctx, names: scopes{}, taken: map[string]string{}, shared: newShared(),
		space: semaphore.NewWeighted(int64(processors())),
	}
	var mu sync.Mutex
	var gone error
	r.emit = func(record inventory.Record) error {
		err := emit(record)
		if err != nil {
			mu.Lock()
			defer mu.Unlock()
			gone = err
		}
		return err
	}
	r.git, r.gitErr = git.Find()
	targets, troubles, err := s.find(ctx)
	if err != nil {
		return err
	}
	for _, t := range troubles {
		if err := r.tell(t); err != nil {
			return err
		}
	}
	listening := func() bool {
		mu.Lock()
		defer mu.Unlock()
		return gone == nil
	}
	for len(targets) > 0 {
		targets = linkedLast(targets)
		r.meter.plan(targets)
		if targets, err = r.generation(targets, listening); err != nil {
			return err
		}
	}
	return nil
}

func processors() int { return max(1, runtime.GOMAXPROCS(0)) }

// linkedLast puts linked working trees behind the others, so that a history is
// told under the name of the repository that it belongs to.
func linkedLast(targets []target) []target {
	var first, last []target
	for _, t := range targets {
		if info, err := os.Lstat(filepath.Join(t.dir, ".git")); err == nil && info.Mode().IsRegular() {
			last = append(last, t)
		} else {
			first = append(first, t)
		}
	}
	return append(first, last...)
}

// generation scans targets, and returns those that lie inside them.
func (r *run) generation(targets []target, listening func() bool) ([]target, error) {
	ctx, cancel := context.WithCancel(r.ctx)
	defer cancel()
	var (
		group  sync.WaitGroup
		inside = make([][]target, len(targets))
		errs   = make([]error, len(targets))
		next   = make(chan int)
		turns  = make([]chan struct{}, len(targets)+1)
	)
	for i := range turns {
		turns[i] = make(chan struct{})
	}
	close(turns[0])
	workers := min(processors(), len(targets))
	if r.scan.alone {
		workers = 1
	}
	for range workers {
		group.Go(func() {
			for i := range next {
				inside[i], errs[i] = r.target(ctx, targets[i], turns[i], sync.OnceFunc(func() { close(turns[i+1]) }), listening)
				if errs[i] != nil {
					cancel()
				}
			}
		})
	}
	for i := range targets {
		if ctx.Err() != nil {
			errs[i] = fmt.Errorf("scan %q: %w", targets[i].dir, ctx.Err())
			break
		}
		next <- i
	}
	close(next)
	group.Wait()
	var out []target
	for _, list := range inside {
		out = append(out, list...)
	}
	return out, first(errs)
}

// first returns the error that ended a run: not that of those which it stopped.
func first(errs []error) error {
	var stopped error
	for _, err := range errs {
		switch {
		case err == nil:
		case errors.Is(err, context.Canceled) && stopped == nil:
			stopped = err
		case !errors.Is(err, context.Canceled):
			return err
		}
	}
	return stopped
}

// target scans one place. Scopes are named in the order of the targets: turn is
// closed when those before have their names, and done tells that this one has.
func (r *run) target(ctx context.Context, t target, turn <-chan struct{}, done func(), listening func() bool) ([]target, error) {
	defer done()
	job, err := newJob(ctx, r.scan, t, r.emit)
	if err != nil {
		return nil, err
	}
	job.run = r
	if t.repo {
		job.openRepo(r.git, r.gitErr)
	}
	var own []string
	if r.several() {
		own = marks(t)
	}
	<-turn
	job.name(r.names)
	r.claim(job)
	before, read := r.kin.join(own)
	job.read = read
	defer read()
	done()
	if err := await(ctx, before); err != nil {
		return nil, fmt.Errorf("scan %q: %w", t.dir, err)
	}

	job.workers = 1
	if t.size >= large || !r.several() {
		job.workers = processors()
	}
	if err := r.space.Acquire(ctx, int64(job.workers)); err != nil {
		return nil, fmt.Errorf("scan %q: %w", t.dir, err)
	}
	defer r.space.Release(int64(job.workers))
	defer r.meter.end(job)
	err = job.scanIt()
	if err != nil && (r.scan.many || errors.Is(err, errRange)) && ctx.Err() == nil && listening() {
		// A repository that cannot be scanned as was asked for is not the end.
		job.missf("it was not scanned: %s", reasonOf(err))
		err = job.finish()
	}
	if err != nil {
		return nil, fmt.Errorf("scan %q: %w", t.dir, err)
	}
	return job.nested, nil
}

// claim notes who scans a history: linked working trees, and the names by which
// one repository goes, share it.
func (r *run) claim(j *job) {
	if n := j.target.also; n > 0 {
		j.notef("it is named %d times, and was scanned once", n+1)
	}
	if j.repo == nil || !j.scan.config.History || j.narrow() {
		return
	}
	if by, ok := r.taken[j.repo.Common()]; ok {
		j.elsewhere = by
		j.notef("its history is that of %s, and was scanned there", by)
		return
	}
	r.taken[j.repo.Common()] = j.base
}

// tell states what could not be looked at while repositories were looked for.
func (r *run) tell(t trouble) error {
	job, err := newJob(r.ctx, r.scan, target{dir: t.dir}, r.emit)
	if err != nil {
		return err
	}
	job.run = r
	job.name(r.names)
	for _, reason := range t.reasons {
		job.missf("%s", reason)
	}
	for _, note := range t.notes {
		job.notef("%s", note)
	}
	if err := job.loadRules(); err != nil {
		return err
	}
	return job.finish()
}
