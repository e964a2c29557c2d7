package cli

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/muster-nhi/muster/internal/config"
	"github.com/muster-nhi/muster/internal/report"
)

// A setting is what the command line says; the configuration file fills in
// what it does not.
type setting struct {
	// for every command
	config, store, logFormat            string
	quiet, verbose, noColor, noProgress bool
	// judging
	asOf, failOn, baseline     string
	rules, disable             []string
	exceptions, owners, people string
	allowPartial               bool
	// output
	outputs     []string
	sarif, from string
	redact      bool
	// repositories
	noHistory, noWorktree, staged bool
	since, commits                string
	// clusters
	auditLogs []string
	// accounts of AWS, projects of Google Cloud, subscriptions of Azure
	accounts, noAccounts, regions, noRegions []string
	resume                                   string
	// running
	concurrency int
	timeout     time.Duration

	file *config.File
	now  time.Time // one reading of the clock
	tags []string  // from the file: tag keys that name an owner
}

// bindGlobal adds the flags that every command takes.
func (s *setting) bindGlobal(c *cobra.Command) {
	f := c.PersistentFlags()
	f.StringVar(&s.config, "config", "", "configuration `FILE` (default muster.yaml here, then in the user's configuration directory)")
	f.StringVar(&s.store, "store", "", "where snapshots are kept: sqlite:PATH or none (`URL`; default a file in the user's state directory)")
	f.BoolVarP(&s.quiet, "quiet", "q", false, "say nothing but results and errors")
	f.BoolVarP(&s.verbose, "verbose", "v", false, "say more: every finding, every coverage, what is being done")
	f.StringVar(&s.logFormat, "log-format", "text", "how logs are written: text or json (`FORMAT`)")
	f.BoolVar(&s.noColor, "no-color", false, "no colours (as does the environment variable NO_COLOR)")
	f.BoolVar(&s.noProgress, "no-progress", false, "show no progress")
}

// bindJudge adds the flags of commands that judge.
func (s *setting) bindJudge(c *cobra.Command) {
	f := c.Flags()
	f.StringVar(&s.asOf, "as-of", "", "judge as if it were `TIME` (RFC 3339): the same input then gives the same report")
	f.StringArrayVar(&s.rules, "rules", nil, "`DIR` of further rules (repeatable)")
	f.StringArrayVar(&s.disable, "disable", nil, "switch the rule with this `ID` off; every report says so (repeatable)")
	f.StringVar(&s.exceptions, "exceptions", "", "`FILE` of accepted findings: who accepted them, why, until when")
	f.StringVar(&s.owners, "owners", "", "`FILE` (YAML or CSV) that maps patterns to owners")
	f.StringVar(&s.people, "people", "", "`FILE` (CSV) that lists people and whether they are still there")
}

// bindBaseline adds the flag of commands that can leave out what is known.
func (s *setting) bindBaseline(c *cobra.Command) {
	c.Flags().StringVar(&s.baseline, "baseline", "", "report only what is new since a snapshot (`ID`) or a file written by -o jsonl or -o json")
}

// bindFail adds the flags of commands whose exit status is a verdict.
func (s *setting) bindFail(c *cobra.Command) {
	f := c.Flags()
	f.StringVar(&s.failOn, "fail-on", "", "findings of this `LEVEL` or worse make exit status 1: critical, high (default), medium, low, never")
	f.BoolVar(&s.allowPartial, "allow-partial", false, "an incomplete scan does not make exit status 3")
}

// bindOutput adds the flags of commands that write reports.
func (s *setting) bindOutput(c *cobra.Command) {
	f := c.Flags()
	f.StringArrayVarP(&s.outputs, "output", "o", nil, "`FORMAT[=FILE]` or FILE with a known ending (repeatable): "+strings.Join(formatNames(), ", "))
	f.StringVar(&s.sarif, "sarif-profile", "", "for whom SARIF is written (`NAME`): "+strings.Join(config.SARIFProfiles(), ", "))
	f.BoolVar(&s.redact, "redact", false, "no account ids or names in what is written: stable pseudonyms in their place")
}

// bindFrom adds the flag of commands that read a past scan.
func (s *setting) bindFrom(c *cobra.Command) {
	c.Flags().StringVar(&s.from, "from", "", "a snapshot (`ID`, a unique start of one, latest, latest~1) or a recorded scan (FILE.jsonl) (default latest)")
}

// bindRepo adds the flags that narrow the scan of a repository, those of clusters,
// and those of running.
func (s *setting) bindRepo(c *cobra.Command) {
	f := c.Flags()
	f.BoolVar(&s.noHistory, "no-history", false, "repositories: leave the history out, look at the working tree only")
	f.BoolVar(&s.noWorktree, "no-worktree", false, "repositories: leave the working tree out, look at the history only")
	f.BoolVar(&s.staged, "staged", false, "repositories: look at what is staged for the next commit only")
	f.StringVar(&s.since, "since", "", "repositories: commits since this `DATE` or revision only")
	f.StringVar(&s.commits, "commits", "", "repositories: this range (`A..B`) of commits only")
	f.StringArrayVar(&s.auditLogs, "audit-log", nil, "clusters: read last use from this `FILE` of the API server's audit log (repeatable)")
	f.StringSliceVar(&s.accounts, "accounts", nil, "clouds: these accounts of AWS, projects of Google Cloud or subscriptions of Azure only, ids or patterns (`ID,...`; repeatable)")
	f.StringSliceVar(&s.noAccounts, "exclude-accounts", nil, "clouds: all but these accounts, projects or subscriptions (`ID,...`; repeatable)")
	f.StringSliceVar(&s.regions, "regions", nil, "AWS: these regions only, names or patterns (`NAME,...`; repeatable)")
	f.StringSliceVar(&s.noRegions, "exclude-regions", nil, "AWS: all but these regions (`NAME,...`; repeatable)")
	f.StringVar(&s.resume, "resume", "", "clouds: keep what was read in `DIR`, and go on from what is there")
	f.IntVar(&s.concurrency, "concurrency", 0, "sources scanned at a time (`N`; 0 chooses)")
	f.DurationVar(&s.timeout, "timeout", 0, "how long each source may take, for example 30m (`DURATION`; 0 is no limit)")
}

func formatNames() []string {
	var out []string
	for _, f := range report.Formats() {
		out = append(out, f.Name)
	}
	return out
}

// settle reads the configuration file and fills in what the command line left
// open. Every command that works on data calls it first.
func (a *app) settle(s *setting) error {
	s.now = a.Now().UTC()
	if s.logFormat != "text" && s.logFormat != "json" {
		return usage("--log-format: %q is neither text nor json", s.logFormat)
	}
	if s.quiet && s.verbose {
		return usage("--quiet and --verbose ask for opposite things")
	}
	file, err := a.readConfig(s.config)
	if err != nil {
		return &exitError{exitUsage, err}
	}
	s.file = file
	s.store = cmp.Or(s.store, file.Store)
	s.failOn = cmp.Or(s.failOn, file.FailOn, "high")
	s.baseline = cmp.Or(s.baseline, file.Baseline)
	s.exceptions = cmp.Or(s.exceptions, file.Exceptions)
	s.owners = cmp.Or(s.owners, file.Owners.Mapping)
	s.people = cmp.Or(s.people, file.Owners.People)
	s.sarif = cmp.Or(s.sarif, file.SARIFProfile)
	s.rules = append(slices.Clone(file.Rules.Dirs), s.rules...)
	s.disable = append(slices.Clone(file.Rules.Disable), s.disable...)
	s.allowPartial = s.allowPartial || file.AllowPartial
	s.redact = s.redact || file.Redact
	s.concurrency = cmp.Or(s.concurrency, file.Concurrency)
	s.timeout = cmp.Or(s.timeout, file.Timeout)
	s.tags = file.Owners.Tags
	if len(s.outputs) == 0 {
		s.outputs = file.Outputs
		for _, o := range file.Outputs {
			if _, err := parseOutput(o); err != nil {
				return usage("%s: %s", file.At("outputs"), strings.TrimPrefix(err.Error(), "--output: "))
			}
		}
	}
	return s.check()
}

func (s *setting) check() error {
	if !slices.Contains(config.FailLevels(), s.failOn) {
		return usage("--fail-on: %q is no level%s", s.failOn, config.DidYouMean(s.failOn, config.FailLevels()))
	}
	if s.sarif != "" && !slices.Contains(config.SARIFProfiles(), s.sarif) {
		return usage("--sarif-profile: %q is no profile%s", s.sarif, config.DidYouMean(s.sarif, config.SARIFProfiles()))
	}
	if s.concurrency < 0 || s.timeout < 0 {
		return usage("--concurrency and --timeout: want 0 or more")
	}
	_, err := s.judgedAsOf()
	return err
}

// judgedAsOf returns the time that --as-of names; zero if it is not set.
func (s *setting) judgedAsOf() (time.Time, error) {
	if s.asOf == "" {
		return time.Time{}, nil
	}
	for _, layout := range []string{time.RFC3339Nano, time.DateOnly} {
		if t, err := time.Parse(layout, s.asOf); err == nil {
			return t.UTC(), nil
		}
	}
	return time.Time{}, usage("--as-of: %q is no time such as 2026-11-22T09:00:00Z or 2026-11-22", s.asOf)
}

// readConfig reads the named configuration file, or the first of those that
// are looked for, or none.
func (a *app) readConfig(name string) (*config.File, error) {
	if name != "" {
		return parseConfig(name)
	}
	for _, place := range a.configPlaces() {
		f, err := parseConfig(place)
		if errors.Is(err, os.ErrNotExist) {
			continue
		}
		return f, err
	}
	return &config.File{}, nil
}

func parseConfig(name string) (*config.File, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, fmt.Errorf("read the configuration: %w", err)
	}
	defer f.Close() //nolint:errcheck // it was read only
	return config.Parse(name, f)
}

// configPlaces lists where a configuration is looked for.
func (a *app) configPlaces() []string {
	places := []string{"muster.yaml"}
	if dir := a.userDir("XDG_CONFIG_HOME", ".config"); dir != "" {
		places = append(places, filepath.Join(dir, "muster", "muster.yaml"))
	}
	return places
}

// userDir returns one of the user's base directories (XDG Base Directory
// Specification 0.8), "" if there is no home.
func (a *app) userDir(env string, below ...string) string {
	if dir := a.Getenv(env); filepath.IsAbs(dir) {
		return dir
	}
	home := cmp.Or(a.Getenv("HOME"), a.Getenv("USERPROFILE"))
	if home == "" {
		return ""
	}
	return filepath.Join(append([]string{home}, below...)...)
}
