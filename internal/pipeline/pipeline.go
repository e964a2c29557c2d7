// Package pipeline runs scanners side by side and gathers what they emit into
// one inventory. Whatever goes wrong in one of them (an error, a panic, a
// deadline, an interrupt, a record that is not valid, a claim of coverage that
// does not hold) becomes a Coverage record that says so: what was found is
// kept, and what was not is told.
//
// Time grows with the records; memory with the records kept. It reads nothing
// but what the scanners read: clock, logger and scanners come in.
package pipeline

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/scanners"
)

// A Source is one scanner, opened, and what to call it.
type Source struct {
	Name     string // as the user wrote it: "repo:."
	Info     scanners.Info
	Scanner  scanners.Scanner
	Deadline time.Duration // how long it may take; 0 is no limit
}

// Options say how to run.
type Options struct {
	Concurrency int              // scanners at a time; 0 is one per source, at most 4
	Now         func() time.Time // the clock; must not be nil
	Log         *slog.Logger     // for people; nil logs nothing
	Progress    func(Status)     // called now and then, never at the same time as itself; nil is nobody
	Every       time.Duration    // least time between two calls of Progress; 0 is 100 ms
	Board       *Board           // hands ids from those who find to those who seek, which ask it; nil is nobody
}

// An Outcome says how the run went. What is missing is in the inventory's
// coverage as well.
type Outcome struct {
	StartedAt   time.Time
	FinishedAt  time.Time
	Interrupted bool                   // the context ended before the scanners did
	Sources     []SourceOutcome        // in the order given
	Duplicates  map[inventory.Kind]int // records left out because another had their id
}

// A SourceOutcome says how one source went.
type SourceOutcome struct {
	Name       string
	Err        error                  // why it ended early; nil if it did not
	Records    map[inventory.Kind]int // valid records, coverage and progress included
	Invalid    int                    // records left out because they were not valid
	StartedAt  time.Time
	FinishedAt time.Time
}

// ErrPanic is in the chain of the error of a scanner that panicked.
var ErrPanic = errors.New("the scanner panicked")

// Run scans all sources and returns what they found. It never returns early:
// when ctx ends it waits for the scanners, which end within seconds, and keeps
// what they had found. Those that seek what others find begin last, so that the
// others are never kept waiting for a place by those that wait for them.
func Run(ctx context.Context, sources []Source, opts Options) (*inventory.Inventory, Outcome) {
	out := Outcome{StartedAt: opts.Now(), Sources: make([]SourceOutcome, len(sources))}
	builder := inventory.NewBuilder()
	meter := newMeter(sources, opts)
	slots := make(chan struct{}, concurrency(opts.Concurrency, len(sources)))
	var wg sync.WaitGroup
	opts.Board.begin(sources)
	for _, i := range turns(sources) {
		slots <- struct{}{}
		wg.Go(func() {
			defer func() { <-slots }()
			defer opts.Board.end(sources[i])
			c := &collector{source: sources[i], index: i, builder: builder, board: opts.Board, meter: meter, now: opts.Now}
			out.Sources[i] = c.run(ctx, opts.Log)
		})
	}
	wg.Wait()
	out.Interrupted = ctx.Err() != nil
	inv := builder.Build()
	out.Duplicates = maps.Clone(builder.Duplicates())
	out.FinishedAt = opts.Now()
	return inv, out
}

// turns returns the sources in the order in which they begin, by their indexes.
func turns(sources []Source) []int {
	var first, last []int
	for i, s := range sources {
		if seeks(s) {
			last = append(last, i)
		} else {
			first = append(first, i)
		}
	}
	return append(first, last...)
}

func concurrency(asked, sources int) int {
	if asked > 0 {
		return asked
	}
	return max(1, min(4, sources))
}

// cell is where coverage is stated: one kind in one scope.
type cell struct {
	scope string
	kind  inventory.Kind
}

// A collector takes what one scanner emits.
type collector struct {
	source  Source
	index   int
	builder *inventory.Builder
	board   *Board
	meter   *meter
	now     func() time.Time

	mu       sync.Mutex
	closed   bool // the scan is over: nothing more is taken
	started  time.Time
	records  map[inventory.Kind]int
	arrived  map[cell]int    // records per cell
	claimed  map[cell]int    // records per cell, as the scanner's coverage says
	stated   map[cell]bool   // cells that have a coverage
	scanners map[string]bool // names that the scanner's coverage bears
	invalid  map[cell]int    // records left out
	first    map[cell]error  // why the first of them was
	scopes   map[string]bool // scopes seen
}

// run scans one source to its end.
func (c *collector) run(ctx context.Context, log *slog.Logger) SourceOutcome {
	c.records, c.arrived, c.claimed = map[inventory.Kind]int{}, map[cell]int{}, map[cell]int{}
	c.stated, c.scanners, c.scopes = map[cell]bool{}, map[string]bool{}, map[string]bool{}
	c.invalid, c.first = map[cell]int{}, map[cell]error{}
	c.started = c.now()
	if c.source.Deadline > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, c.source.Deadline)
		defer cancel()
	}
	err := c.scan(ctx)
	if err != nil && ctx.Err() != nil {
		err = ended(ctx, c.source.Deadline)
	}
	c.settle(err)
	if log != nil && err != nil {
		log.Warn("a source was not read to its end", "source", c.source.Name, "reason", err.Error())
	}
	c.meter.finish(c.index)
	invalid := 0
	for _, n := range c.invalid {
		invalid += n
	}
	return SourceOutcome{
		Name: c.source.Name, Err: err, Records: c.records, Invalid: invalid,
		StartedAt: c.started, FinishedAt: c.now(),
	}
}

// ended says why a context ended, in words for people.
func ended(ctx context.Context, deadline time.Duration) error {
	if errors.Is(ctx.Err(), context.DeadlineExceeded) && deadline > 0 {
		return fmt.Errorf("it ran out of its time of %s: %w", deadline, ctx.Err())
	}
	return fmt.Errorf("the run was interrupted: %w", ctx.Err())
}

// scan calls the scanner and turns a panic into an error. The panic's value is
// not kept: it could hold anything.
func (c *collector) scan(ctx context.Context) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("%w (%T)", ErrPanic, p)
		}
	}()
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return c.source.Scanner.Scan(ctx, c.emit)
}

// errClosed tells a scanner that nobody listens any more.
var errClosed = errors.New("the scan is over")

// emit takes one record. A record that is not valid is left out and counted;
// the scanner is not told, so that it goes on.
func (c *collector) emit(r inventory.Record) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return errClosed
	}
	kind := r.Kind()
	if kind == inventory.KindProgress {
		c.records[kind]++
		c.meter.progress(c.index, r.Progress)
		return nil
	}
	at := cell{scope: scopeOf(r), kind: kind}
	if err := c.add(r, kind); err != nil {
		if c.invalid[at]++; c.invalid[at] == 1 {
			c.first[at] = err
		}
		c.scopes[at.scope] = true
		return nil
	}
	c.note(r, at)
	if r.Credential != nil {
		c.board.post(r.Credential)
	}
	c.meter.record(c.index)
	return nil
}

// add puts a record into the inventory, or says what is wrong with it as one of
// this scanner's.
func (c *collector) add(r inventory.Record, kind inventory.Kind) error {
	if kind != "" && kind != inventory.KindCoverage && !slices.Contains(c.source.Info.Kinds, kind) {
		return fmt.Errorf("a %s from a scanner that does not say it emits any", kind)
	}
	return c.builder.Add(r)
}

// note counts a valid record. The caller holds the lock.
func (c *collector) note(r inventory.Record, at cell) {
	c.records[at.kind]++
	if r.Coverage != nil {
		at.kind = r.Coverage.Kind
		c.stated[at] = true
		c.claimed[at] += r.Coverage.Count
		c.scanners[r.Coverage.Scanner] = true
	} else {
		c.arrived[at]++
	}
	c.scopes[at.scope] = true
}

// settle ends the scan: it states coverage where the scanner owed one and gave
// none, or where what it said does not hold.
func (c *collector) settle(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.closed = true
	told := false
	for _, scope := range slices.Sorted(maps.Keys(c.scopes)) {
		for _, kind := range cells() {
			reason := c.fault(cell{scope, kind}, err)
			if reason == "" {
				continue
			}
			c.state(scope, kind, reason)
			told = told || err != nil && strings.HasPrefix(reason, endedEarly(c.source.Name, err))
		}
	}
	switch {
	case err != nil && !told:
		c.stateAll(endedEarly(c.source.Name, err))
	case err == nil && len(c.scopes) == 0:
		c.stateAll("the scan of " + c.source.Name + " gave no coverage, so it cannot be told what it saw")
	}
}

// cells lists the kinds under which something can be wrong: those of a scan,
// those that no scanner may emit, and none at all.
func cells() []inventory.Kind {
	return append(inventory.ScanKinds(), inventory.KindCoverage, inventory.KindRelation, inventory.KindFinding, "")
}

// stateAll states that every kind the scanner claims was not read in full,
// under the name of the source: no scope is known that it could be said of.
func (c *collector) stateAll(reason string) {
	for _, kind := range c.source.Info.Kinds {
		c.state(c.source.Name, kind, reason)
	}
}

func endedEarly(name string, err error) string {
	return "the scan of " + name + " ended early: " + err.Error()
}

// fault says what is wrong with the coverage of one cell, or nothing.
func (c *collector) fault(at cell, err error) string {
	switch {
	case c.invalid[at] > 0:
		return fmt.Sprintf("%d record(s) were not valid and were left out; the first: %v", c.invalid[at], c.first[at])
	case !c.stated[at] && c.owes(at):
		if err != nil {
			return endedEarly(c.source.Name, err)
		}
		return fmt.Sprintf("the %s scanner did not say how much of this it saw", c.source.Info.Name)
	case c.stated[at] && err == nil && c.claimed[at] != c.arrived[at]:
		return fmt.Sprintf("the scanner says that it saw %d and passed on %d", c.claimed[at], c.arrived[at])
	}
	return ""
}

// owes reports whether the scanner should have stated coverage for a cell: for
// what it emitted, and for every kind that it claims if the scope is its own.
// Records of another scanner (a replay, a plug-in) are judged by what came.
func (c *collector) owes(at cell) bool {
	if c.arrived[at] > 0 {
		return true
	}
	own := len(c.scanners) == 0 || c.scanners[c.source.Info.Name]
	return own && at.scope != "" && slices.Contains(c.source.Info.Kinds, at.kind)
}

// state adds a partial coverage of the pipeline's own making. What has no
// kind or scope of its own is stated under the first kind that the scanner
// claims and the name of the source.
func (c *collector) state(scope string, kind inventory.Kind, reason string) {
	at := cell{scope, kind}
	if !slices.Contains(inventory.ScanKinds(), kind) {
		kind = append(slices.Clone(c.source.Info.Kinds), inventory.KindIdentity)[0]
	}
	cov := &inventory.Coverage{
		Scanner: c.source.Info.Name, Scope: cmp.Or(scope, c.source.Name), Kind: kind, Status: inventory.StatusPartial,
		Count: c.arrived[at], Reason: reason, StartedAt: c.started.UTC(), FinishedAt: c.now().UTC(),
	}
	if err := c.builder.Add(inventory.Record{Coverage: cov}); err != nil {
		// Something foreign in the reason was refused; this text is not.
		cov.Reason = "this was not read in full; the reason could not be shown"
		_ = c.builder.Add(inventory.Record{Coverage: cov})
	}
	c.records[inventory.KindCoverage]++
}

// scopeOf returns the scope of a record, whatever its kind.
func scopeOf(r inventory.Record) string {
	switch {
	case r.Identity != nil:
		return r.Identity.Scope
	case r.Credential != nil:
		return r.Credential.Scope
	case r.Grant != nil:
		return r.Grant.Scope
	case r.Usage != nil:
		return r.Usage.Scope
	case r.Trust != nil:
		return r.Trust.Scope
	case r.Consumer != nil:
		return r.Consumer.Scope
	case r.Owner != nil:
		return r.Owner.Scope
	case r.Coverage != nil:
		return r.Coverage.Scope
	default:
		return ""
	}
}

// Failed returns the sources that ended early, by name.
func (o Outcome) Failed() []SourceOutcome {
	var out []SourceOutcome
	for _, s := range o.Sources {
		if s.Err != nil {
			out = append(out, s)
		}
	}
	slices.SortStableFunc(out, func(a, b SourceOutcome) int { return cmp.Compare(a.Name, b.Name) })
	return out
}
