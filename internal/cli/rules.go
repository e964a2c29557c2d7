package cli

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/muster-nhi/muster/findings"
)

func (a *app) rulesCommand(s *setting) *cobra.Command {
	return parent("rules", "the rules: list them, run their own tests, write their pages",
		a.rulesListCommand(s), a.rulesTestCommand(s), a.rulesDocsCommand(s))
}

func bindRules(s *setting, c *cobra.Command) {
	c.Flags().StringArrayVar(&s.rules, "rules", nil, "`DIR` of further rules (repeatable)")
}

func (a *app) rulesListCommand(s *setting) *cobra.Command {
	f := &filter{}
	c := &cobra.Command{
		Use: "list", Short: "list the rules", Args: exactly(),
		Example: "  muster rules list --severity critical\n  muster rules list --category rotation -o json",
		RunE: func(*cobra.Command, []string) error {
			if err := errorsFirst(a.settle(s), checkListFormat(f.format)); err != nil {
				return err
			}
			list, _, err := loadRules(s, findings.LoadRules)
			if err != nil {
				return &exitError{exitUsage, err}
			}
			if err := knownRules(list, s.disable); err != nil {
				return &exitError{exitUsage, err}
			}
			l := &listing{head: []string{"ID", "Severity", "For", "Category", "Title"}}
			for _, r := range list {
				if !fits(f.severity, string(r.Severity)) || !fits(f.category, r.Category) || !fits(f.kind, string(r.For)) {
					continue
				}
				title := r.Title
				if slices.Contains(s.disable, r.ID) {
					title += " (switched off)"
				}
				l.add(ruleRecord(r), r.ID, string(r.Severity), string(r.For), r.Category, title)
			}
			return a.writeList(l, f.format)
		},
	}
	bindRules(s, c)
	c.Flags().StringArrayVar(&s.disable, "disable", nil, "mark the rule with this `ID` as switched off (repeatable)")
	c.Flags().StringVar(&f.severity, "severity", "", "only of this `LEVEL`")
	c.Flags().StringVar(&f.category, "category", "", "only of this family (`PATTERN`)")
	c.Flags().StringVar(&f.kind, "for", "", "only for subjects of this `KIND`")
	c.Flags().StringVarP(&f.format, "output", "o", "", "`FORMAT`: "+strings.Join(listFormats(), ", "))
	completeFlags(a, s, c)
	return c
}

// ruleRecord is a rule in JSON.
func ruleRecord(r findings.Rule) map[string]any {
	return map[string]any{
		"id": r.ID, "title": r.Title, "category": r.Category, "for": r.For, "types": r.Types, "severity": r.Severity,
		"needs": r.Needs, "applies": r.Applies, "when": r.When, "message": r.Message, "why": r.Why, "verify": r.Verify,
		"controls": r.Controls, "source": r.Source, "tests": len(r.Tests),
	}
}

func (a *app) rulesTestCommand(s *setting) *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use: "test [ID...]", Short: "run the rules' own tests",
		Long: `Load the rules strictly, naming every mistake with file and line, and run the
tests that each of them carries. Exit status 0 if all pass, 1 if one does not,
2 if the rules cannot be loaded.`,
		Example: "  muster rules test\n  muster rules test --rules ./our-rules ACME-ROT-001",
		RunE: func(c *cobra.Command, args []string) error {
			if err := a.settle(s); err != nil {
				return err
			}
			j, err := newJudgeBy(s, findings.LoadRules)
			if err != nil {
				return err
			}
			if err := knownIDs(j.engine.Rules(), args); err != nil {
				return err
			}
			return a.runRuleTests(c.Context(), s, j, args, asJSON)
		},
		ValidArgsFunction: completeRules(a, s),
	}
	bindRules(s, c)
	c.Flags().BoolVar(&asJSON, "json", false, "as JSON, one result a line")
	return c
}

func knownIDs(list []findings.Rule, ids []string) error {
	var known []string
	for _, r := range list {
		known = append(known, r.ID)
	}
	for _, id := range ids {
		if !slices.Contains(known, id) {
			return usage("there is no rule %s%s", visible(id), closest(id, known))
		}
	}
	return nil
}

func (a *app) runRuleTests(ctx context.Context, s *setting, j *judge, only []string, asJSON bool) error {
	passed, failed := 0, 0
	err := a.print(func(w io.Writer) error {
		for _, t := range j.engine.RunTests(ctx) {
			if len(only) > 0 && !slices.Contains(only, t.Rule) {
				continue
			}
			if t.OK {
				passed++
			} else {
				failed++
			}
			switch {
			case asJSON:
				if err := json.NewEncoder(w).Encode(t); err != nil {
					return err
				}
			case !t.OK:
				fmt.Fprintf(w, "FAIL  %s  %s (%s)\n      want %s, got %s  %s\n", t.Rule, visible(t.Name), t.File, t.Want, t.Got, visible(t.Note))
			case s.verbose:
				fmt.Fprintf(w, "ok    %s  %s\n", t.Rule, visible(t.Name))
			}
		}
		if !asJSON {
			fmt.Fprintf(w, "%s, %d passed, %d failed\n", plural(passed+failed, "test"), passed, failed)
		}
		return nil
	})
	if err == nil && failed > 0 {
		return &exitError{code: exitFindings}
	}
	return err
}

func (a *app) rulesDocsCommand(s *setting) *cobra.Command {
	var dir string
	var check bool
	c := &cobra.Command{
		Use: "docs [ID...]", Short: "print the rules' pages, or write them to a directory",
		Long: `Print the pages of the rules in Markdown, made from the rules themselves. With
--dir they are written there, one file a rule and an index; with --check nothing
is written, and exit status 1 says that a page is not what would be written.`,
		Example: "  muster rules docs NHI-ROT-001\n  muster rules docs --dir docs/rules --check",
		RunE: func(_ *cobra.Command, args []string) error {
			if err := a.settle(s); err != nil {
				return err
			}
			if check && dir == "" {
				return usage("--check needs --dir: which pages are to be checked?")
			}
			list, lib, err := loadRules(s, findings.LoadRules)
			if err != nil {
				return &exitError{exitUsage, err}
			}
			if err := knownIDs(list, args); err != nil {
				return err
			}
			if dir != "" {
				return a.rulePages(list, lib, dir, check)
			}
			return a.print(func(w io.Writer) error {
				for _, r := range list {
					if len(args) == 0 || slices.Contains(args, r.ID) {
						fmt.Fprintln(w, rulePage(r, lib))
					}
				}
				return nil
			})
		},
		ValidArgsFunction: completeRules(a, s),
	}
	bindRules(s, c)
	c.Flags().StringVar(&dir, "dir", "", "write the pages to this `DIR`")
	c.Flags().BoolVar(&check, "check", false, "only tell whether the pages in --dir are up to date")
	return c
}

// rulePages writes all pages to a directory, or checks them. A page of a rule
// that is gone is removed.
func (a *app) rulePages(list []findings.Rule, lib *findings.Library, dir string, check bool) error {
	pages := map[string]string{"README.md": ruleIndex(list)}
	for _, r := range list {
		pages[r.ID+".md"] = rulePage(r, lib)
	}
	stale, err := stalePages(dir, pages)
	if err != nil {
		return &exitError{exitUsage, err}
	}
	if check {
		for _, name := range stale {
			fmt.Fprintf(a.Stderr, "%s is stale; muster rules docs --dir %s writes it anew\n", filepath.Join(dir, name), dir)
		}
		if len(stale) > 0 {
			return &exitError{code: exitFindings}
		}
		return nil
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return &exitError{exitUsage, err}
	}
	for _, name := range stale {
		text, wanted := pages[name]
		path := filepath.Join(dir, name)
		if !wanted {
			err = errors.Join(err, os.Remove(path))
			continue
		}
		err = errors.Join(err, os.WriteFile(path, []byte(text), 0o644))
	}
	return err
}

// stalePages lists the pages that are missing, differ or should not be there.
func stalePages(dir string, pages map[string]string) ([]string, error) {
	var stale []string
	for name, text := range pages {
		b, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil && !os.IsNotExist(err) {
			return nil, err
		}
		if string(b) != text {
			stale = append(stale, name)
		}
	}
	entries, err := os.ReadDir(dir)
	if err != nil && !os.IsNotExist(err) {
		return nil, err
	}
	for _, e := range entries {
		if _, ok := pages[e.Name()]; !ok && strings.HasSuffix(e.Name(), ".md") {
			stale = append(stale, e.Name())
		}
	}
	slices.Sort(stale)
	return stale, nil
}

// ruleIndex is the page that lists the rules.
func ruleIndex(list []findings.Rule) string {
	var b strings.Builder
	fmt.Fprintf(&b, "# Rules\n\nMade by `muster rules docs` from the rules themselves; %d rules.\n", len(list))
	category := ""
	sorted := slices.SortedStableFunc(slices.Values(list), func(x, y findings.Rule) int { return strings.Compare(x.Category, y.Category) })
	for _, r := range sorted {
		if r.Category != category {
			category = r.Category
			fmt.Fprintf(&b, "\n## %s\n\n| rule | severity | for | what it finds |\n|---|---|---|---|\n", heading(category))
		}
		fmt.Fprintf(&b, "| [%s](%s.md) | %s | %s | %s |\n", r.ID, r.ID, r.Severity, r.For, strings.ReplaceAll(r.Title, "|", `\|`))
	}
	return b.String()
}

func heading(s string) string {
	s = strings.ReplaceAll(s, "-", " ")
	if s == "" {
		return s
	}
	return strings.ToUpper(s[:1]) + s[1:]
}

// rulePage is the page of one rule.
func rulePage(r findings.Rule, lib *findings.Library) string {
	var b strings.Builder
	fmt.Fprintf(&b, "# %s: %s\n\n%s · %s · for every %s", r.ID, r.Title, r.Severity, r.Category, r.For)
	if len(r.Types) > 0 {
		fmt.Fprintf(&b, " of type `%s`", strings.Join(r.Types, "`, `"))
	}
	fmt.Fprintf(&b, "\n\n## Why\n\n%s\n\n## How it is checked\n", strings.TrimSpace(r.Why))
	if r.Applies != "" {
		fmt.Fprintf(&b, "\nIt applies where this holds; what it does not apply to is neither passed nor failed:\n\n```cel\n%s\n```\n\nThere it fails if\n", strings.TrimSpace(r.Applies))
	}
	fmt.Fprintf(&b, "\n```cel\n%s\n```\n", strings.TrimSpace(r.When))
	if len(r.Raise) > 0 {
		b.WriteString("\nThe severity is another if\n\n")
		for _, x := range r.Raise {
			fmt.Fprintf(&b, "- %s: `%s`\n", x.Severity, strings.Join(strings.Fields(x.When), " "))
		}
	}
	if len(r.Needs) > 0 {
		var needs []string
		for _, k := range r.Needs {
			needs = append(needs, string(k))
		}
		fmt.Fprintf(&b, "\nIt needs a complete listing of %s in the scope; without it the verdict is unknown.\n", strings.Join(needs, ", "))
	}
	if r.Source != "" {
		fmt.Fprintf(&b, "\nThresholds: %s\n", strings.TrimSpace(r.Source))
	}
	b.WriteString("\n## How to fix it\n")
	for _, f := range r.Fix {
		fmt.Fprintf(&b, "\n### %s\n\n%s\n", f.Platform, strings.TrimSpace(f.Steps))
	}
	if r.Verify != "" {
		fmt.Fprintf(&b, "\n## How to see that it is fixed\n\n%s\n", strings.TrimSpace(r.Verify))
	}
	b.WriteString("\n## Controls\n\n")
	for _, line := range controlLines(r.Controls, lib) {
		fmt.Fprintf(&b, "- %s\n", line)
	}
	return b.String()
}

// controlLines writes the controls of a rule, a framework a line, in the order
// of the library, with its version: an auditor must know which numbers they are.
// Versions that have the same numbers share a line.
func controlLines(controls map[string][]string, lib *findings.Library) []string {
	var out []string
	last, numbers := "", ""
	for _, fw := range lib.Frameworks {
		ids := strings.Join(controls[fw.Key], ", ")
		if ids == "" {
			continue
		}
		title := cmp.Or(fw.Title, fw.Key)
		if title == last && ids == numbers { // another version of the same, with the same numbers
			line := &out[len(out)-1]
			*line = strings.TrimSuffix(*line, ": "+ids) + ", " + fw.Version + ": " + ids
			continue
		}
		last, numbers = title, ids
		if year, _, _ := strings.Cut(fw.Version, " "); fw.Key != "muster" && !strings.Contains(title, year) {
			title += " " + fw.Version
		}
		out = append(out, title+": "+ids)
	}
	return out
}
