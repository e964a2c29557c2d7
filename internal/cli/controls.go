package cli

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"github.com/muster-nhi/muster/findings"
	"github.com/muster-nhi/muster/internal/config"
)

func (a *app) controlsCommand(s *setting) *cobra.Command {
	f := &filter{}
	var framework, status string
	c := &cobra.Command{
		Use: "controls", Short: "the control library, by framework, with how each stands (ready, gap, no data)",
		Long: `List controls and how they stand by the latest snapshot, or by another that
--from names. Without any snapshot every control has no data. A control is ready
only if all that it depends on was read in full; a gap names its rules.`,
		Example: "  muster controls\n  muster controls --framework soc2 --status gap\n  muster controls --framework iso27001_2022 -o csv",
		Args:    exactly(),
		RunE: func(c *cobra.Command, _ []string) error {
			if err := errorsFirst(a.settle(s), checkListFormat(f.format)); err != nil {
				return err
			}
			statuses := []string{"ready", "gap", "no data"}
			if status != "" && !slices.Contains(statuses, status) {
				return usage("--status: %q is none%s", visible(status), config.DidYouMean(status, statuses))
			}
			list, lib, err := a.controlStatuses(c, s)
			if err != nil {
				return err
			}
			keys := frameworkKeys(lib)
			if framework != "" && framework != "all" && !slices.Contains(keys, framework) {
				return usage("--framework: %q is none%s", visible(framework), config.DidYouMean(framework, append(keys, "all")))
			}
			l := &listing{head: []string{"Framework", "Control", "Status", "Pass", "Fail", "Unknown", "Title", "Why"}}
			for _, x := range list {
				if framework != "all" && x.Framework != cmp.Or(framework, "muster") || !fits(status, x.Status) {
					continue
				}
				l.add(x, x.Framework, x.ID, x.Status, fmt.Sprint(x.Pass), fmt.Sprint(x.Fail), fmt.Sprint(x.Unknown), x.Title, x.Reason)
			}
			return a.writeList(l, f.format)
		},
	}
	s.bindFrom(c)
	s.bindJudge(c)
	s.bindBaseline(c)
	c.Flags().StringVar(&framework, "framework", "", "of this `FRAMEWORK` (default muster, our own library; all for all)")
	c.Flags().StringVar(&status, "status", "", "only with this `STATUS`: ready, gap, \"no data\"")
	c.Flags().StringVarP(&f.format, "output", "o", "", "`FORMAT`: table, json, jsonl, csv")
	completeFlags(a, s, c)
	return c
}

func frameworkKeys(lib *findings.Library) []string {
	var out []string
	for _, f := range lib.Frameworks {
		out = append(out, f.Key)
	}
	return out
}

// controlStatuses judges the controls by a past scan. Without any snapshot,
// and if none was asked for, it judges by nothing: no control has data.
func (a *app) controlStatuses(c *cobra.Command, s *setting) ([]findings.ControlStatus, *findings.Library, error) {
	if s.from == "" && !a.hasSnapshots(c.Context(), s) {
		j, err := newJudge(s)
		if err != nil {
			return nil, nil, err
		}
		_, result, err := j.judge(c.Context(), emptyInventory(), s.now, nil)
		if err != nil {
			return nil, nil, err
		}
		if !s.quiet {
			fmt.Fprintln(a.Stderr, "muster: there is no snapshot yet, so no control has data; `muster scan .` makes one")
		}
		return result.Controls, j.library, nil
	}
	r, j, err := a.reported(c.Context(), s)
	if err != nil {
		return nil, nil, err
	}
	return r.Controls, j.library, nil
}
