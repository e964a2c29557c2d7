package cli

import (
	"cmp"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/muster-nhi/muster/findings"
	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/internal/report"
	"github.com/muster-nhi/muster/internal/store"
)

// A past is a scan of the past: a snapshot or a recorded scan.
type past struct {
	run      report.Run // without what judging adds
	inv      *inventory.Inventory
	findings []*inventory.Finding // as they were judged then; nil if it was not judged
}

// load reads what --from names, the latest snapshot by default.
func (a *app) load(ctx context.Context, s *setting) (*past, error) {
	if s.from != "" && isFile(s.from) {
		p, err := readRecorded(s.from)
		if err != nil {
			return nil, &exitError{exitUsage, err}
		}
		return p, nil
	}
	st, err := a.openPast(ctx, s)
	if err != nil {
		return nil, err
	}
	defer st.Close() //nolint:errcheck // it was read only
	snap, err := st.Load(ctx, cmp.Or(s.from, "latest"))
	if err != nil {
		return nil, usage("%w", err)
	}
	return snapshotPast(snap), nil
}

// snapshotPast is a snapshot as a past scan.
func snapshotPast(snap *store.Snapshot) *past {
	m := snap.Meta
	return &past{inv: snap.Inventory, findings: snap.Findings, run: report.Run{
		Snapshot: m.ID, StartedAt: m.StartedAt, FinishedAt: m.FinishedAt, AsOf: m.AsOf, Sources: m.Sources,
		Interrupted: m.Interrupted, Partial: m.Partial,
	}}
}

// openPast opens the store for reading.
func (a *app) openPast(ctx context.Context, s *setting) (*store.Store, error) {
	p, err := a.place(s)
	if err != nil {
		return nil, err
	}
	if p.url == "" {
		return nil, usage("with --store none there are no snapshots; name a recorded scan with --from FILE.jsonl")
	}
	st, err := store.Open(ctx, p.url, store.Options{ReadOnly: true})
	if errors.Is(err, store.ErrNoStore) {
		return nil, usage("no snapshot was kept in %s yet; `muster scan .` makes one, `muster demo` shows one", p.file)
	}
	if err != nil {
		return nil, &exitError{exitUsage, err}
	}
	return st, nil
}

// readRecorded reads a recorded scan or an exported snapshot.
func readRecorded(name string) (*past, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, fmt.Errorf("read the recorded scan: %w", err)
	}
	defer f.Close() //nolint:errcheck // it was read only
	if strings.HasSuffix(strings.ToLower(name), ".zip") {
		info, err := f.Stat()
		if err != nil {
			return nil, fmt.Errorf("read %s: %w", name, err)
		}
		snap, err := store.ReadExport(f, info.Size())
		if err != nil {
			return nil, fmt.Errorf("read %s: %w", name, err)
		}
		return snapshotPast(snap), nil
	}
	var r io.Reader = f
	if strings.HasSuffix(name, ".gz") {
		if r, err = gzip.NewReader(f); err != nil {
			return nil, fmt.Errorf("unpack %s: %w", name, err)
		}
	}
	return recorded(name, r)
}

// recorded reads a recorded scan from a stream.
func recorded(name string, r io.Reader) (*past, error) {
	p := &past{run: report.Run{Sources: []string{filepath.Base(name)}}}
	b := inventory.NewBuilder()
	err := inventory.ReadAll(name, r, func(r inventory.Record) error {
		if r.Finding != nil {
			p.findings = append(p.findings, r.Finding)
		}
		return b.Add(r)
	})
	if err != nil {
		return nil, err
	}
	p.inv = b.Build()
	for _, c := range p.inv.Coverages {
		p.run.StartedAt = earlier(p.run.StartedAt, c.StartedAt)
		if c.FinishedAt.After(p.run.FinishedAt) {
			p.run.FinishedAt = c.FinishedAt
		}
	}
	return p, nil
}

func earlier(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}

// rejudge judges a past scan anew, with the rules in force, as of --as-of or
// else the time it was judged as of, or was made.
func (a *app) rejudge(ctx context.Context, s *setting, p *past, j *judge, base *baseline) (*report.Report, error) {
	asOf, err := s.judgedAsOf()
	if err != nil {
		return nil, err
	}
	for _, t := range []time.Time{p.run.AsOf, p.run.FinishedAt, s.now} {
		if asOf.IsZero() {
			asOf = t
		}
	}
	inv, result, err := j.judge(ctx, p.inv, asOf, base)
	if err != nil {
		return nil, fmt.Errorf("judge: %w", err)
	}
	remember(result.Findings, p.findings)
	run := p.run
	run.AsOf, run.Ruleset, run.Disabled, run.FailOn = asOf, j.engine.Hash(), s.disable, s.failOn
	if run.StartedAt.IsZero() {
		run.StartedAt, run.FinishedAt = asOf, asOf
	}
	if base != nil {
		run.Baseline = base.name
	}
	return report.New(report.Input{
		Tool: a.tool(), Run: run, Inventory: inv, Result: result,
		Known: base.known(result.Findings), Rules: j.engine.Rules(),
	}), nil
}

// remember copies what was known of the history of findings.
func remember(list, before []*inventory.Finding) {
	known := make(map[string]*inventory.Finding, len(before))
	for _, f := range before {
		known[f.ID] = f
	}
	for _, f := range list {
		if old := known[f.ID]; old != nil {
			f.FirstSeen, f.LastSeen, f.State = old.FirstSeen, old.LastSeen, old.State
		}
	}
}

// reported loads and judges a past scan.
func (a *app) reported(ctx context.Context, s *setting) (*report.Report, *judge, error) {
	j, err := newJudge(s)
	if err != nil {
		return nil, nil, err
	}
	p, err := a.load(ctx, s)
	if err != nil {
		return nil, nil, err
	}
	base, err := a.pastBaseline(ctx, s)
	if err != nil {
		return nil, nil, err
	}
	r, err := a.rejudge(ctx, s, p, j, base)
	return r, j, err
}

// pastBaseline reads what --baseline names, for a command that makes no store.
func (a *app) pastBaseline(ctx context.Context, s *setting) (*baseline, error) {
	k := &keeper{}
	if s.baseline != "" && !isFile(s.baseline) {
		st, err := a.openPast(ctx, s)
		if err != nil {
			return nil, err
		}
		defer st.Close() //nolint:errcheck // it was read only
		k.store = st
	}
	return k.baseline(ctx, s.baseline)
}

func (a *app) reportCommand(s *setting) *cobra.Command {
	c := &cobra.Command{
		Use: "report", Short: "any format, from a snapshot or a recorded scan",
		Long: `Write a report of a snapshot (the latest by default) or of a recorded scan, in
any format. It is judged by the rules in force now, as of the time it was judged
as of then; --as-of names another. The same snapshot, rules and time give the
same bytes.`,
		Example: "  muster report -o html=muster.html\n  muster report --from latest~1 -o csv\n  muster report --from scan.jsonl --as-of 2026-11-22T00:00:00Z -o json",
		Args:    exactly(),
		RunE: func(c *cobra.Command, _ []string) error {
			if err := a.settle(s); err != nil {
				return err
			}
			outs, err := outputs(s.outputs)
			if err != nil {
				return err
			}
			r, _, err := a.reported(c.Context(), s)
			if err != nil {
				return err
			}
			k := &keeper{}
			if s.redact {
				if k, err = a.redactKeeper(s); err != nil {
					return err
				}
			}
			return a.finish(s, outs, r, k)
		},
	}
	s.bindFrom(c)
	s.bindJudge(c)
	s.bindBaseline(c)
	s.bindFail(c)
	s.bindOutput(c)
	completeFlags(a, s, c)
	return c
}

// redactKeeper reads the key that pseudonyms are made with, without opening a
// store.
func (a *app) redactKeeper(s *setting) (*keeper, error) {
	p, err := a.place(s)
	if err != nil {
		return nil, err
	}
	k := &keeper{place: p}
	if k.key, k.origin, err = a.key(p); err != nil {
		return nil, &exitError{exitUsage, err}
	}
	return k, nil
}

// ruleOf returns a rule by id.
func ruleOf(list []findings.Rule, id string) (findings.Rule, bool) {
	i := slices.IndexFunc(list, func(r findings.Rule) bool { return r.ID == id })
	if i < 0 {
		return findings.Rule{}, false
	}
	return list[i], true
}
