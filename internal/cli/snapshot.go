package cli

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/internal/store"
)

func (a *app) snapshotCommand(s *setting) *cobra.Command {
	return parent("snapshot", "the snapshots that were kept: list, show, diff, export, verify, prune",
		a.snapshotListCommand(s), a.snapshotShowCommand(s), a.snapshotDiffCommand(s),
		a.snapshotExportCommand(s), a.snapshotVerifyCommand(), a.snapshotPruneCommand(s))
}

// withStore runs a command on the store, opened for reading.
func (a *app) withStore(c *cobra.Command, s *setting, do func(*store.Store) error) error {
	if err := a.settle(s); err != nil {
		return err
	}
	st, err := a.openPast(c.Context(), s)
	if err != nil {
		return err
	}
	defer st.Close() //nolint:errcheck // it was read only
	err = do(st)
	if errors.Is(err, store.ErrNotFound) || errors.Is(err, store.ErrAmbiguous) {
		return usage("%w", err)
	}
	return err
}

func (a *app) snapshotListCommand(s *setting) *cobra.Command {
	var format string
	c := &cobra.Command{
		Use: "list", Short: "list the snapshots, newest first", Args: exactly(),
		RunE: func(c *cobra.Command, _ []string) error {
			if err := checkListFormat(format); err != nil {
				return err
			}
			return a.withStore(c, s, func(st *store.Store) error {
				list, err := st.List(c.Context())
				if err != nil {
					return err
				}
				l := &listing{head: []string{"ID", "Started", "Identities", "Credentials", "Findings", "New", "Resolved", "Complete", "Sources"}}
				for _, e := range list {
					l.add(e, e.ID, e.StartedAt.Format(time.RFC3339), count(e, inventory.KindIdentity), count(e, inventory.KindCredential),
						count(e, inventory.KindFinding), strconv.Itoa(e.Counts.New), strconv.Itoa(e.Counts.Resolved), complete(e), strings.Join(e.Sources, ", "))
				}
				return a.writeList(l, format)
			})
		},
	}
	c.Flags().StringVarP(&format, "output", "o", "", "`FORMAT`: table, json, jsonl, csv")
	completeFlags(a, s, c)
	return c
}

func count(e store.Entry, k inventory.Kind) string { return strconv.Itoa(e.Counts.Kinds[k]) }

func complete(e store.Entry) string {
	switch {
	case e.Interrupted:
		return "interrupted"
	case e.Partial:
		return "partial"
	}
	return "yes"
}

func (a *app) snapshotShowCommand(s *setting) *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use: "show [ID]", Short: "show what a snapshot is of, and what it holds (default latest)",
		ValidArgsFunction: completeSnapshots(a, s, cobra.ShellCompDirectiveNoFileComp),
		RunE: func(c *cobra.Command, args []string) error {
			if len(args) > 1 {
				return usage("muster snapshot show takes one ID")
			}
			return a.withStore(c, s, func(st *store.Store) error {
				e, err := st.Resolve(c.Context(), append(args, "latest")[0])
				if err != nil {
					return err
				}
				return a.print(func(w io.Writer) error {
					if asJSON {
						return writeJSON(w, e)
					}
					showEntry(w, e)
					return nil
				})
			})
		},
	}
	c.Flags().BoolVar(&asJSON, "json", false, "as JSON")
	return c
}

func showEntry(w io.Writer, e store.Entry) {
	fmt.Fprintf(w, "snapshot  %s\nsources   %s\nstarted   %s\nended     %s\njudged    as of %s\nmuster    %s\nrules     %s\ncomplete  %s\n",
		e.ID, visible(strings.Join(e.Sources, ", ")), e.StartedAt.Format(time.RFC3339), e.FinishedAt.Format(time.RFC3339),
		e.AsOf.Format(time.RFC3339), e.Tool, e.Ruleset, strings.Replace("no: "+complete(e), "no: yes", "yes", 1))
	if len(e.Disabled) > 0 {
		fmt.Fprintf(w, "disabled  %s\n", strings.Join(e.Disabled, ", "))
	}
	fmt.Fprintln(w)
	for _, k := range slices.Sorted(maps.Keys(e.Counts.Kinds)) {
		fmt.Fprintf(w, "%-10s  %d\n", k, e.Counts.Kinds[k])
	}
	fmt.Fprintf(w, "\nfindings: %d new, %d reopened, %d resolved\n", e.Counts.New, e.Counts.Reopened, e.Counts.Resolved)
}

func (a *app) snapshotDiffCommand(s *setting) *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use: "diff [FROM] [TO]", Short: "what changed between two snapshots (default the latest two)",
		Long: `Tell what changed from one snapshot to another: + new, - gone, ~ changed, ? not
seen (its scope was not read in full, so it may still be there), and the findings
that are new or resolved.`,
		Example:           "  muster snapshot diff\n  muster snapshot diff latest~5\n  muster snapshot diff 20261101 20261122 --json",
		ValidArgsFunction: completeSnapshots(a, s, cobra.ShellCompDirectiveNoFileComp),
		RunE: func(c *cobra.Command, args []string) error {
			from, to := "latest~1", "latest"
			switch len(args) {
			case 0:
			case 1:
				from = args[0]
			case 2:
				from, to = args[0], args[1]
			default:
				return usage("muster snapshot diff takes two snapshots")
			}
			return a.withStore(c, s, func(st *store.Store) error {
				d, err := st.Diff(c.Context(), from, to)
				if err != nil {
					return err
				}
				return a.print(func(w io.Writer) error {
					if asJSON {
						return writeJSON(w, d)
					}
					showDiff(w, d)
					return nil
				})
			})
		},
	}
	c.Flags().BoolVar(&asJSON, "json", false, "as JSON")
	return c
}

func showDiff(w io.Writer, d *store.Diff) {
	fmt.Fprintf(w, "from %s (%s)\nto   %s (%s)\n\n", d.From.ID, d.From.StartedAt.Format(time.RFC3339), d.To.ID, d.To.StartedAt.Format(time.RFC3339))
	for _, part := range []struct {
		sign  string
		items []store.DiffItem
	}{{"+", d.Added}, {"-", d.Gone}, {"~", d.Changed}, {"?", d.NotSeen}} {
		for _, x := range part.items {
			fmt.Fprintf(w, "%s %-10s %s\n", part.sign, x.Kind, visible(x.ID))
			for _, ch := range x.Changes {
				fmt.Fprintf(w, "      %s: %s → %s\n", ch.Field, visible(or(ch.Before, "(none)")), visible(or(ch.After, "(none)")))
			}
		}
	}
	for _, part := range []struct {
		word string
		list []*inventory.Finding
	}{{"new", d.New}, {"resolved", d.Resolved}, {"not looked for", d.Unseen}} {
		for _, f := range part.list {
			fmt.Fprintf(w, "%s: %s %s %s %s\n", part.word, f.ID, f.Severity, f.Rule, visible(f.Message))
		}
	}
	fmt.Fprintf(w, "\n%d added, %d gone, %d changed, %d not seen; findings: %d new, %d resolved\n",
		len(d.Added), len(d.Gone), len(d.Changed), len(d.NotSeen), len(d.New), len(d.Resolved))
}

func or(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}

func (a *app) snapshotExportCommand(s *setting) *cobra.Command {
	var file string
	c := &cobra.Command{
		Use: "export [ID]", Short: "write a snapshot to one file, with a manifest of hashes (default latest)",
		Long: `Write a snapshot to one ZIP file: records, findings and a manifest of hashes that
muster snapshot verify checks. --from reads it again. The same snapshot gives the
same bytes.`,
		Example:           "  muster snapshot export --file muster-2026-11.zip\n  muster report --from muster-2026-11.zip -o html=report.html",
		ValidArgsFunction: completeSnapshots(a, s, cobra.ShellCompDirectiveNoFileComp),
		RunE: func(c *cobra.Command, args []string) error {
			if len(args) > 1 {
				return usage("muster snapshot export takes one ID")
			}
			return a.withStore(c, s, func(st *store.Store) error {
				e, err := st.Resolve(c.Context(), append(args, "latest")[0])
				if err != nil {
					return err
				}
				name := or(file, "muster-"+e.ID+".zip")
				if err := writable(name); err != nil {
					return usage("--file %s: %w", name, err)
				}
				if err := writeFile(name, func(w io.Writer) error { return st.Export(c.Context(), e.ID, w) }); err != nil {
					return fmt.Errorf("export: %w", err)
				}
				if !s.quiet {
					fmt.Fprintf(a.Stderr, "muster: snapshot %s is in %s; muster snapshot verify checks it\n", e.ID, name)
				}
				return nil
			})
		},
	}
	c.Flags().StringVar(&file, "file", "", "`FILE` to write (default muster-ID.zip)")
	return c
}

func (a *app) snapshotVerifyCommand() *cobra.Command {
	return &cobra.Command{
		Use: "verify FILE", Short: "check that an exported snapshot is what was written",
		Long: `Check an exported snapshot against its manifest: any byte changed, any file added,
missing or renamed is named, and exit status 1 says so.`,
		Args: exactly("a FILE"),
		RunE: func(_ *cobra.Command, args []string) error {
			f, err := os.Open(args[0])
			if err != nil {
				return usage("verify: %w", err)
			}
			defer f.Close() //nolint:errcheck // it was read only
			info, err := f.Stat()
			if err != nil {
				return usage("verify: %w", err)
			}
			r, err := store.Verify(f, info.Size())
			if err != nil {
				return &exitError{exitFindings, fmt.Errorf("%s: %w", args[0], err)}
			}
			return a.print(func(w io.Writer) error {
				records := 0
				for _, n := range r.Manifest.Records {
					records += n
				}
				_, err := fmt.Fprintf(w, "%s is whole: snapshot %s, %s, sha256 %s\n", args[0], r.Manifest.Snapshot, plural(records, "record"), r.SHA256)
				return err
			})
		},
	}
}

func (a *app) snapshotPruneCommand(s *setting) *cobra.Command {
	var keep int
	var older string
	var dry bool
	c := &cobra.Command{
		Use: "prune", Short: "remove old snapshots; the newest always stays",
		Long: `Remove snapshots that are beyond --keep and older than --older-than; if both are
given a snapshot goes only if both let it go. What is known of findings, such as
when each was first seen, stays.`,
		Example: "  muster snapshot prune --keep 30\n  muster snapshot prune --older-than 90d --dry-run",
		Args:    exactly(),
		RunE: func(c *cobra.Command, _ []string) error {
			if err := a.settle(s); err != nil {
				return err
			}
			age, err := parseAge(older)
			if err != nil {
				return err
			}
			if keep <= 0 && age == 0 {
				return usage("muster snapshot prune needs --keep N or --older-than AGE: what may go?")
			}
			opts := store.PruneOptions{Keep: keep, DryRun: dry}
			if age > 0 {
				opts.Before = s.now.Add(-age)
			}
			return a.prune(c, s, opts)
		},
	}
	c.Flags().IntVar(&keep, "keep", 0, "keep the `N` newest")
	c.Flags().StringVar(&older, "older-than", "", "only those older than this `AGE`, for example 90d or 36h")
	c.Flags().BoolVar(&dry, "dry-run", false, "only tell what would go")
	return c
}

func (a *app) prune(c *cobra.Command, s *setting, opts store.PruneOptions) error {
	p, err := a.place(s)
	if err != nil {
		return err
	}
	if p.url == "" {
		return usage("with --store none there is nothing to prune")
	}
	if _, err := os.Stat(p.file); p.file != "" && os.IsNotExist(err) {
		return usage("there is no store at %s", p.file)
	}
	st, err := store.Open(c.Context(), p.url, store.Options{})
	if err != nil {
		return &exitError{exitUsage, err}
	}
	defer st.Close() //nolint:errcheck // Prune has told
	out, err := st.Prune(c.Context(), opts)
	if err != nil {
		return err
	}
	return a.print(func(w io.Writer) error {
		word := "removed"
		if opts.DryRun {
			word = "would remove"
		}
		for _, e := range out.Removed {
			fmt.Fprintf(w, "%s %s\n", word, e.ID)
		}
		_, err := fmt.Fprintf(w, "%s %s, %d kept, %d bytes given back\n", word, plural(len(out.Removed), "snapshot"), out.Kept, out.Reclaimed)
		return err
	})
}

// parseAge reads 90d, 2w or a duration such as 36h.
func parseAge(s string) (time.Duration, error) {
	if s == "" {
		return 0, nil
	}
	for suffix, unit := range map[string]time.Duration{"d": 24 * time.Hour, "w": 7 * 24 * time.Hour} {
		if n, err := strconv.Atoi(strings.TrimSuffix(s, suffix)); err == nil && strings.HasSuffix(s, suffix) && n > 0 && n < 1e5 {
			return time.Duration(n) * unit, nil
		}
	}
	d, err := time.ParseDuration(s)
	if err != nil || d <= 0 {
		return 0, usage("--older-than: %q is no age such as 90d, 12w or 36h", visible(s))
	}
	return d, nil
}
