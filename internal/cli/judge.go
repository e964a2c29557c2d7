package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"time"

	"github.com/muster-nhi/muster/findings"
	"github.com/muster-nhi/muster/internal/config"
	"github.com/muster-nhi/muster/internal/correlate"
	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/rules"
)

// A judge is all that judging needs beside the inventory, read and checked
// before a scan begins.
type judge struct {
	engine     *findings.Engine
	library    *findings.Library
	exceptions *findings.Exceptions
	mapping    *correlate.Mapping
	people     *correlate.People
	disabled   []string
	tags       []string
}

// newJudge reads the rules and the files that the setting names. All mistakes
// of all of them are reported.
func newJudge(s *setting) (*judge, error) { return newJudgeBy(s, findings.LoadTrusted) }

// A ruleLoader reads the built-in rules: findings.LoadTrusted, or LoadRules if
// their own tests are wanted.
type ruleLoader func(fs.FS) ([]findings.Rule, error)

func newJudgeBy(s *setting, builtIn ruleLoader) (*judge, error) {
	j := &judge{disabled: s.disable, tags: s.tags}
	list, lib, err := loadRules(s, builtIn)
	errs := []error{err}
	errs = append(errs,
		readFile("exceptions", s.exceptions, func(name string, r io.Reader) (err error) {
			j.exceptions, err = findings.ParseExceptions(name, r)
			return err
		}),
		readFile("owners", s.owners, func(name string, r io.Reader) (err error) {
			j.mapping, err = correlate.ParseMapping(name, r)
			return err
		}),
		readFile("people", s.people, func(name string, r io.Reader) (err error) {
			j.people, err = correlate.ParsePeople(name, r)
			return err
		}))
	if err == nil {
		errs = append(errs, knownRules(list, s.disable))
	}
	if err := errors.Join(errs...); err != nil {
		return nil, &exitError{exitUsage, err}
	}
	j.library = lib
	j.engine, err = findings.NewEngine(list, lib, s.disable)
	if err != nil {
		return nil, &exitError{exitUsage, err}
	}
	return j, nil
}

// loadRules reads the built-in rules and those of further directories.
func loadRules(s *setting, builtIn ruleLoader) ([]findings.Rule, *findings.Library, error) {
	list, err := builtIn(rules.FS())
	errs := []error{err}
	lib, err := findings.LoadLibrary(rules.FS())
	errs = append(errs, err)
	for _, dir := range s.rules {
		info, err := os.Stat(dir)
		if err != nil || !info.IsDir() {
			why := errors.New("it is not a directory")
			if err != nil {
				why = cause(err)
			}
			errs = append(errs, fmt.Errorf("--rules: %s: %w", dir, why))
			continue
		}
		more, err := findings.LoadRules(os.DirFS(dir))
		if err != nil {
			errs = append(errs, fmt.Errorf("rules in %s:\n%w", dir, err))
		}
		if len(more) == 0 && err == nil {
			errs = append(errs, fmt.Errorf("--rules: %s holds no rule (a rule is a file ID.yaml)", dir))
		}
		list = append(list, more...)
	}
	return list, lib, errors.Join(errs...)
}

// knownRules refuses to switch off a rule that there is not.
func knownRules(list []findings.Rule, disable []string) error {
	var ids []string
	for _, r := range list {
		ids = append(ids, r.ID)
	}
	var errs []error
	for _, id := range disable {
		if !slices.Contains(ids, id) {
			errs = append(errs, fmt.Errorf("--disable: there is no rule %s%s", visible(id), closest(id, ids)))
		}
	}
	return errors.Join(errs...)
}

// closest returns "; did you mean X?" or nothing.
func closest(word string, candidates []string) string {
	if c := config.Closest(word, candidates); c != "" {
		return "; did you mean " + c + "?"
	}
	return ""
}

// readFile opens a file, if one is named, and parses it.
func readFile(what, name string, parse func(string, io.Reader) error) error {
	if name == "" {
		return nil
	}
	f, err := os.Open(name)
	if err != nil {
		return fmt.Errorf("read the %s file: %w", what, err)
	}
	defer f.Close() //nolint:errcheck // it was read only
	return parse(name, f)
}

// judge correlates an inventory and judges it as of a time.
func (j *judge) judge(ctx context.Context, inv *inventory.Inventory, asOf time.Time, base *baseline) (*inventory.Inventory, *findings.Result, error) {
	c := correlate.Correlate(inv, correlate.Options{
		Mapping: j.mapping, People: j.people, OwnerTags: j.tags, AsOf: asOf,
	})
	inv = inv.With(c.Relations, c.Owners)
	result, err := j.engine.Judge(ctx, inv, j.params(asOf, base))
	return inv, result, err
}

// undecided tells, of an inventory that was judged, which verdicts are unknown.
func (j *judge) undecided(ctx context.Context, inv *inventory.Inventory, asOf time.Time, base *baseline) func(rule, subject string) bool {
	return j.engine.Undecided(ctx, inv, j.params(asOf, base))
}

func (j *judge) params(asOf time.Time, base *baseline) findings.Params {
	return findings.Params{AsOf: asOf, Exceptions: j.exceptions, InBaseline: base.inBaseline()}
}
