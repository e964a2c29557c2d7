package cli

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/internal/pipeline"
	"github.com/muster-nhi/muster/internal/report"
	"github.com/muster-nhi/muster/internal/store"
	"github.com/muster-nhi/muster/scanners"
)

const scanHelp = `Scan one or more sources, judge what they hold, print a report and keep a
snapshot. muster only reads: it changes nothing that it scans, and it never tries
a secret that it finds.

A source is a path (a git repository: all of its history and its working tree;
another directory: its files) or SCANNER[:ARGUMENT]; see  muster help sources.
Without one, the sources of the configuration file are scanned; without those,
muster says what it found on this machine and scans nothing.`

const scanExample = `  muster scan .                                   this repository
  muster scan ../api ../web -o table -o sarif=muster.sarif
  muster scan . --staged --fail-on medium         in a pre-commit hook
  muster scan . --baseline main.jsonl             only what is new
  muster scan replay:recorded.jsonl --as-of 2026-11-22T00:00:00Z`

func (a *app) scanCommand(s *setting) *cobra.Command {
	c := &cobra.Command{
		Use: "scan SOURCE...", Short: "scan, judge, print; keep a snapshot", Long: scanHelp, Example: scanExample,
		ValidArgsFunction: completeSources,
		RunE:              func(c *cobra.Command, args []string) error { return a.scan(c.Context(), s, args) },
	}
	s.bindJudge(c)
	s.bindBaseline(c)
	s.bindFail(c)
	s.bindOutput(c)
	s.bindRepo(c)
	completeFlags(a, s, c)
	return c
}

// scan is the whole of a scan. What the user got wrong is said before anything
// is read.
func (a *app) scan(ctx context.Context, s *setting, args []string) error {
	if err := a.settle(s); err != nil {
		return err
	}
	outs, err := outputs(s.outputs)
	if err != nil {
		return err
	}
	targets, err := a.targets(s, args)
	if err != nil {
		return err
	}
	if len(targets) == 0 {
		a.survey()
		return &exitError{code: exitUsage}
	}
	con := a.console()
	scanning, stop := a.Interrupt(ctx, func() {
		con.sayf("muster: interrupted: stopping, keeping what was found; once more kills it")
	})
	defer stop()
	j, err := newJudge(s)
	if err != nil {
		return err
	}
	k, err := a.keep(ctx, s)
	if err != nil {
		return err
	}
	defer k.close() //nolint:errcheck // what was saved is saved
	base, err := k.baseline(ctx, s.baseline)
	if err != nil {
		return err
	}
	if s.verbose && k.place.keyFile == "" {
		con.sayf("secrets are hashed under a key %s", k.origin)
	}
	board := pipeline.NewBoard()
	sources, err := open(targets, a.env(s, con, k, board), s)
	if err != nil {
		return err
	}
	inv, outcome := a.run(scanning, s, con, sources, board)
	return a.conclude(ctx, s, judged{judge: j, keeper: k, base: base, series: a.series(targets), narrow: narrowed(targets), inv: inv, outcome: outcome, outs: outs})
}

// env is what scanners are lent.
func (a *app) env(s *setting, con *console, k *keeper, board *pipeline.Board) func(scanners.Info) scanners.Env {
	log := s.logger(con)
	hash, memory := inventory.NewHasher(k.key), k.memory()
	return func(info scanners.Info) scanners.Env {
		env := scanners.Env{Now: a.Now}
		if info.Network {
			env = a.netEnv()
		}
		env.Log, env.Hash, env.Memory, env.Getenv = log.With("scanner", info.Name), hash, memory, a.Getenv
		if len(info.Seeks) > 0 {
			env.Sought = board.Sought // for anybody else it would wait for itself
		}
		return env
	}
}

// run scans, with progress, until the end or until ctx, which the first
// interrupt ends. What was found is then judged and kept all the same: an
// interrupt after the scan only says so.
func (a *app) run(ctx context.Context, s *setting, con *console, sources []pipeline.Source, board *pipeline.Board) (*inventory.Inventory, pipeline.Outcome) {
	opts := pipeline.Options{Concurrency: s.concurrency, Now: a.Now, Log: s.logger(con), Board: board}
	if !s.quiet && !s.noProgress {
		opts.Progress = con.progress
	}
	inv, outcome := pipeline.Run(ctx, sources, opts)
	con.done()
	return inv, outcome
}

// series names what is scanned, wherever muster was started: paths are absolute.
// The same source under other options is another series, and so is another
// current context. Options are told by a
// hash, for they can be anything; which commits and audit logs are looked at is
// left out, for it is seldom the same twice.
func (a *app) series(targets []target) string {
	var names []string
	for _, t := range targets {
		info := t.factory.Info()
		name := info.Name + ":" + t.argument
		if pathlike(info) && !filepath.IsAbs(t.argument) {
			name = info.Name + ":" + filepath.Join(a.Dir, t.argument)
		}
		if info.Name == "kubernetes" && t.argument == "" {
			name += currentContext(t.options)
		}
		if info.Name == "aws" && t.argument == "" {
			name += a.currentProfile()
		}
		names = append(names, name+optionsName(t.options))
	}
	slices.Sort(names)
	return strings.Join(names, "\n")
}

func optionsName(options map[string]any) string {
	if len(options) == 0 {
		return ""
	}
	kept := maps.Clone(options)
	delete(kept, "resume") // where a scan goes on from says nothing of what it reads
	if len(kept) == 0 {
		return ""
	}
	for _, key := range []string{"since", "commits", "audit_logs"} {
		if _, ok := kept[key]; ok {
			kept[key] = true
		}
	}
	text, err := json.Marshal(kept) // sorts the keys
	if err != nil {
		text = fmt.Append(nil, slices.Sorted(maps.Keys(kept)))
	}
	return fmt.Sprintf("?%x", sha256.Sum256(text))[:17]
}

// narrowed tells whether part of a repository is left out, by a flag or by the
// configuration file, so that what is not found may still be there.
func narrowed(targets []target) bool {
	return slices.ContainsFunc(targets, func(t target) bool {
		if name := t.factory.Info().Name; name != "repo" && name != "repos" {
			return false
		}
		for key, whole := range map[string]any{"staged": false, "since": "", "commits": "", "history": true, "worktree": true} {
			if value, set := t.options[key]; set && value != whole {
				return true
			}
		}
		return false
	})
}

// pathlike reports whether a scanner's argument is a path.
func pathlike(info scanners.Info) bool {
	return slices.Contains([]string{"path", "dir", "file"}, info.Argument)
}

// judged is a scan on its way to a report.
type judged struct {
	judge   *judge
	keeper  *keeper
	base    *baseline
	series  string // names the line of snapshots that this one continues
	narrow  bool   // part of a source was left out on request
	inv     *inventory.Inventory
	outcome pipeline.Outcome
	outs    []output
}

// conclude judges, keeps and reports what a scan found. An interrupt that
// ended the scan does not end this; a second one does.
func (a *app) conclude(ctx context.Context, s *setting, d judged) error {
	asOf, err := s.judgedAsOf()
	if err != nil {
		return err
	}
	if asOf.IsZero() {
		asOf = s.now
	}
	inv, result, err := d.judge.judge(ctx, d.inv, asOf, d.base)
	if err != nil {
		return fmt.Errorf("judge: %w", err)
	}
	run := d.run(s, asOf, inv)
	meta := d.meta(a.tool(), s, run)
	meta.Unknown = d.judge.undecided(ctx, inv, asOf, d.base)
	saved, saveErr := d.keeper.save(ctx, meta, inv, result.Findings)
	run.Snapshot = saved.ID
	r := report.New(report.Input{
		Tool: a.tool(), Run: run, Inventory: inv, Result: result, Findings: saved.Findings,
		Resolved: saved.Resolved, Known: d.base.known(saved.Findings), Rules: d.judge.engine.Rules(),
	})
	err = a.finish(s, d.outs, r, d.keeper)
	if saveErr != nil {
		// The report was written; that nothing was kept is still an error.
		return &exitError{exitUsage, saveErr}
	}
	return err
}

// meta describes the run for the store.
func (d judged) meta(tool report.Tool, s *setting, run report.Run) store.Meta {
	m := store.Meta{
		StartedAt: run.StartedAt, FinishedAt: run.FinishedAt, AsOf: run.AsOf, Sources: run.Sources, Series: d.series,
		Narrowed: d.narrow, Tool: tool.Version, Ruleset: run.Ruleset, Disabled: run.Disabled,
		Interrupted: run.Interrupted, Partial: run.Partial, Rules: map[string][]inventory.Kind{},
	}
	for _, r := range d.judge.engine.Rules() {
		if !slices.Contains(s.disable, r.ID) {
			m.Rules[r.ID] = append([]inventory.Kind{r.For}, r.Needs...)
		}
	}
	return m
}

// run describes the run for the report.
func (d judged) run(s *setting, asOf time.Time, inv *inventory.Inventory) report.Run {
	run := report.Run{
		StartedAt: d.outcome.StartedAt.UTC(), FinishedAt: d.outcome.FinishedAt.UTC(), AsOf: asOf,
		Ruleset: d.judge.engine.Hash(), Disabled: s.disable, FailOn: s.failOn,
		Partial: inv.Partial(), Interrupted: d.outcome.Interrupted,
	}
	for _, src := range d.outcome.Sources {
		run.Sources = append(run.Sources, src.Name)
	}
	if d.base != nil {
		run.Baseline = d.base.name
	}
	return run
}

// finish writes the report and picks the exit status.
func (a *app) finish(s *setting, outs []output, r *report.Report, k *keeper) error {
	if s.redact {
		r = report.Redact(r, k.redactKey())
	}
	if err := a.write(outs, r, a.reportOptions(s)); err != nil {
		return &exitError{exitUsage, err}
	}
	a.summary(s, outs, r)
	switch {
	case r.Run.Interrupted:
		return &exitError{code: exitInterrupted}
	case r.Run.Partial && !s.allowPartial:
		return &exitError{code: exitPartial}
	case r.Summary.Failing > 0:
		return &exitError{code: exitFindings}
	}
	return nil
}

// reportOptions are the choices of writers.
func (a *app) reportOptions(s *setting) report.Options {
	return report.Options{
		Color: !s.noColor && a.Getenv("NO_COLOR") == "" && a.Getenv("TERM") != "dumb", Verbose: s.verbose, SARIFProfile: s.sarif,
		Pipeline: report.Pipeline{
			DefinitionID: a.Getenv("SYSTEM_DEFINITIONID"), DefinitionName: a.Getenv("BUILD_DEFINITIONNAME"),
			PhaseID: a.Getenv("SYSTEM_PHASEID"), PhaseName: a.Getenv("SYSTEM_PHASENAME"),
		},
	}
}

// summary says on standard error how it went, if standard output does not.
func (a *app) summary(s *setting, outs []output, r *report.Report) {
	if s.quiet {
		return
	}
	var files []string
	for _, o := range outs {
		if o.file == "" && o.format.Name == "table" {
			return
		}
		if o.file != "" {
			files = append(files, o.file)
		}
	}
	line := "muster: " + r.Summary.Headline
	if len(files) > 0 {
		line += " (written: " + strings.Join(files, ", ") + ")"
	}
	fmt.Fprintln(a.Stderr, line)
}

// A keeper is the store and the key of a run.
type keeper struct {
	place  storePlace
	store  *store.Store // nil keeps nothing
	key    [keySize]byte
	origin string // of the key
}

// keep opens the store and reads the key, before a scan begins.
func (a *app) keep(ctx context.Context, s *setting) (*keeper, error) {
	p, err := a.place(s)
	if err != nil {
		return nil, err
	}
	k := &keeper{place: p}
	if p.url != "" {
		if k.store, err = store.Open(ctx, p.url, store.Options{}); err != nil {
			return nil, &exitError{exitUsage, err}
		}
	}
	if k.key, k.origin, err = a.key(p); err != nil {
		return nil, errors.Join(&exitError{exitUsage, err}, k.close())
	}
	return k, nil
}

func (k *keeper) close() error {
	if k.store == nil {
		return nil
	}
	return k.store.Close()
}

// save keeps a snapshot and returns the findings with their history. If it
// cannot, the findings come back as they were.
func (k *keeper) save(ctx context.Context, meta store.Meta, inv *inventory.Inventory, list []*inventory.Finding) (store.Saved, error) {
	if k.store == nil {
		return store.Saved{Findings: list}, nil
	}
	saved, err := k.store.Save(ctx, meta, inv, list)
	if err != nil {
		return store.Saved{Findings: list}, err
	}
	return saved, nil
}

// redactKey returns the key of pseudonyms. It is made from the installation's
// key, so that they are stable, and is another, so that no hash of a secret can
// be told from them.
func (k *keeper) redactKey() []byte {
	mac := hmac.New(sha256.New, k.key[:])
	mac.Write([]byte("muster redact"))
	return mac.Sum(nil)
}

// baseline reads what --baseline names.
func (k *keeper) baseline(ctx context.Context, ref string) (*baseline, error) {
	switch {
	case ref == "":
		return nil, nil
	case isFile(ref):
		b, err := readBaseline(ref)
		if err != nil {
			return nil, &exitError{exitUsage, err}
		}
		return b, nil
	case k.store == nil:
		return nil, usage("--baseline %s: without a store there is no snapshot; name a file", visible(ref))
	}
	snap, err := k.store.Load(ctx, ref)
	if err != nil {
		return nil, usage("--baseline: %w", err)
	}
	b := newBaseline(snap.Meta.ID)
	b.inventory(snap.Inventory)
	for _, f := range snap.Findings {
		b.finding(f)
	}
	return b, nil
}
