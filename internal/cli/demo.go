package cli

import (
	"bytes"
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/muster-nhi/muster/internal/cli/demo"
	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/internal/pipeline"
	"github.com/muster-nhi/muster/scanners"
)

func (a *app) demoCommand(s *setting) *cobra.Command {
	var records bool
	c := &cobra.Command{
		Use: "demo", Short: "a whole run over a made-up company, no account needed",
		Long: `Run everything (pipeline, correlation, rules, report) over the recorded scan of a
made-up company, Northwind Robotics. Nothing is read from this machine and nothing
is kept unless --store names a place. It ends like a scan of that company would:
with exit status 1 if findings are at or above --fail-on (never, unless given),
and with 0 although one of its accounts could not be read in full, which the
report says.`,
		Example: "  muster demo\n  muster demo -o html=demo.html\n  muster demo --store sqlite:demo.db && muster --store sqlite:demo.db explain NHI-EXP-001",
		Args:    exactly(),
		RunE: func(c *cobra.Command, _ []string) error {
			if records {
				_, err := a.Stdout.Write(demo.Records())
				return err
			}
			return a.demo(c.Context(), s)
		},
	}
	s.bindJudge(c)
	s.bindBaseline(c)
	s.bindFail(c)
	s.bindOutput(c)
	c.Flags().BoolVar(&records, "records", false, "only print the recorded scan (JSON lines)")
	completeFlags(a, s, c)
	return c
}

// demo runs over the recorded scan, as of the time it was recorded.
func (a *app) demo(ctx context.Context, s *setting) error {
	if s.store == "" {
		s.store = "none"
	}
	failOn := s.failOn
	if err := a.settle(s); err != nil {
		return err
	}
	if failOn == "" {
		s.failOn = "never"
	}
	s.allowPartial = true
	if s.asOf == "" {
		s.asOf = demo.AsOf().Format(time.RFC3339)
	}
	outs, err := outputs(s.outputs)
	if err != nil {
		return err
	}
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
	src := pipeline.Source{
		Name: "demo", Scanner: recording(demo.Records()),
		Info: scanners.Info{Name: "demo", Title: "a made-up company", Kinds: inventory.ScanKinds()},
	}
	inv, outcome := pipeline.Run(ctx, []pipeline.Source{src}, pipeline.Options{Now: demo.AsOf, Log: s.logger(a.console())})
	err = a.conclude(ctx, s, judged{judge: j, keeper: k, base: base, inv: inv, outcome: outcome, outs: outs})
	if k.store == nil && !s.quiet {
		fmt.Fprintln(a.Stderr, "muster: nothing was kept; to look further: muster demo --store sqlite:demo.db, then muster explain ID --store sqlite:demo.db")
	}
	return err
}

// A recording is a recorded scan in memory, as a scanner.
type recording []byte

// Scan emits the records.
func (r recording) Scan(ctx context.Context, emit scanners.Emit) error {
	return inventory.ReadAll("demo", bytes.NewReader(r), func(rec inventory.Record) error {
		if err := ctx.Err(); err != nil {
			return err
		}
		return emit(rec)
	})
}
