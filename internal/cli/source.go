package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/muster-nhi/muster/internal/config"
	"github.com/muster-nhi/muster/internal/pipeline"
	"github.com/muster-nhi/muster/scanners"
	"github.com/muster-nhi/muster/scanners/all"
)

// A target is one source, named and matched with its scanner.
type target struct {
	name     string // for people
	factory  scanners.Factory
	decode   scanners.Decode
	argument string
	options  map[string]any // what the file and the flags set beside the argument
}

// scannerNames lists the scanners of this build.
func scannerNames(factories []scanners.Factory) []string {
	var out []string
	for _, f := range factories {
		out = append(out, f.Info().Name)
	}
	slices.Sort(out)
	return out
}

// targets matches what the user named, or else what the configuration names,
// with scanners.
func (a *app) targets(s *setting, args []string) ([]target, error) {
	var sources []config.Source
	for _, arg := range args {
		sources = append(sources, config.Source{Source: arg})
	}
	if len(args) == 0 {
		sources = s.file.Sources
	}
	factories := all.Factories()
	var out []target
	seen := map[string]bool{}
	count := map[string]int{}
	for _, src := range sources {
		t, err := newTarget(factories, src, s.overlays())
		if err != nil {
			if src.Line > 0 {
				return nil, usage("%s:%d: %w", s.file.Name(), src.Line, err)
			}
			return nil, &exitError{exitUsage, err}
		}
		key := t.name
		if src.Name == "" && t.argument != "" && pathlike(t.factory.Info()) {
			key = t.factory.Info().Name + ":" + filepath.Clean(t.argument)
		}
		if seen[key] {
			continue
		}
		seen[key] = true
		count[t.factory.Info().Name]++
		out = append(out, t)
	}
	if flag := s.repoFlag(); flag != "" && count["repo"]+count["repos"] == 0 && len(out) > 0 {
		return nil, usage("%s narrows the scan of a repository, and no source is one", flag)
	}
	if len(s.auditLogs) > 0 && count["kubernetes"] == 0 && len(out) > 0 {
		return nil, usage("--audit-log says what was used in a cluster, and no source is kubernetes")
	}
	if len(out) > 0 {
		if err := s.checkAccounts(count); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// overlays are what the flags set in the configuration of a source, by scanner.
func (s *setting) overlays() map[string]config.Overlay {
	out := map[string]config.Overlay{"repo": s.overlay(), "repos": s.overlay(), "kubernetes": {}}
	for _, name := range accountClouds() {
		out[name] = s.accountOverlay(name)
	}
	if len(s.auditLogs) > 0 {
		out["kubernetes"]["audit_logs"] = s.auditLogs
	}
	return out
}

// overlay is what the flags set in the configuration of a repository.
func (s *setting) overlay() config.Overlay {
	o := config.Overlay{}
	if s.noHistory {
		o["history"] = false
	}
	if s.noWorktree {
		o["worktree"] = false
	}
	if s.staged {
		o["staged"] = true
	}
	if s.since != "" {
		o["since"] = s.since
	}
	if s.commits != "" {
		o["commits"] = s.commits
	}
	return o
}

// repoFlag names one of the repository flags that is set.
func (s *setting) repoFlag() string {
	for _, f := range []struct {
		set  bool
		name string
	}{
		{s.noHistory, "--no-history"},
		{s.noWorktree, "--no-worktree"},
		{s.staged, "--staged"},
		{s.since != "", "--since"},
		{s.commits != "", "--commits"},
	} {
		if f.set {
			return f.name
		}
	}
	return ""
}

// newTarget matches one source with a scanner. A path is a repository.
func newTarget(factories []scanners.Factory, src config.Source, flags map[string]config.Overlay) (target, error) {
	name, argument, _ := strings.Cut(src.Source, ":")
	f, ok := factory(factories, name)
	dir, fromFile := src.FromFile()
	if !ok {
		path := src.Source
		if fromFile {
			path = config.Rel(dir, path)
		}
		if _, err := os.Stat(path); err != nil {
			return target{}, unknownSource(factories, src.Source)
		}
		if f, ok = factory(factories, "repo"); !ok {
			return target{}, unknownSource(factories, src.Source)
		}
		argument = src.Source
	}
	info := f.Info()
	overlay := maps.Clone(flags[info.Name])
	if overlay == nil {
		overlay = config.Overlay{}
	}
	if argument != "" {
		if info.Argument == "" {
			return target{}, fmt.Errorf("%s: the %s scanner takes nothing after the colon", src.Source, info.Name)
		}
		if pathlike(info) {
			if fromFile {
				argument = config.Rel(dir, argument)
			}
			if _, err := os.Stat(argument); err != nil {
				return target{}, fmt.Errorf("%s: %w%s", info.Name+":"+argument, cause(err), meantPath(argument))
			}
		}
		overlay[info.Argument] = argument
	}
	decode := src.Decode(overlay)
	options := map[string]any{}
	if err := decode(&options); err != nil {
		return target{}, err
	}
	if argument != "" {
		delete(options, info.Argument)
	}
	label := info.Name
	if argument != "" {
		label += ":" + argument
	}
	if src.Name != "" {
		label = src.Name
	}
	return target{name: label, factory: f, decode: decode, argument: argument, options: options}, nil
}

func factory(factories []scanners.Factory, name string) (scanners.Factory, bool) {
	for _, f := range factories {
		if f.Info().Name == name {
			return f, true
		}
	}
	return scanners.Factory{}, false
}

// unknownSource says what a source that is neither a scanner nor a path was
// probably meant to be.
func unknownSource(factories []scanners.Factory, source string) error {
	name, argument, colon := strings.Cut(source, ":")
	if strings.Contains(source, "://") || colon && strings.Contains(name, "@") {
		return fmt.Errorf("%s is an address; muster reads repositories on this machine: clone it (git clone --mirror), then scan the directory", source)
	}
	meant := config.Closest(name, scannerNames(factories))
	if meant == "" {
		near := nearPath(source)
		if near != "" {
			return fmt.Errorf("%s: no such file or directory; did you mean %s?", visible(source), near)
		}
		return fmt.Errorf("%s is neither a path here nor a source; this build scans: %s", source, strings.Join(scannerNames(factories), ", "))
	}
	if colon {
		meant += ":" + argument
	}
	return fmt.Errorf("%s is neither a path here nor a source; did you mean %s?", source, meant)
}

// cause returns what went wrong without the path, which the caller names.
func cause(err error) error {
	if p, ok := errors.AsType[*fs.PathError](err); ok {
		return p.Err
	}
	return err
}

func meantPath(path string) string {
	if near := nearPath(path); near != "" {
		return "; did you mean " + near + "?"
	}
	return ""
}

// nearPath looks for an entry of the directory whose name is near to that of a
// path that does not exist.
func nearPath(path string) string {
	dir, base := filepath.Split(filepath.Clean(path))
	entries, err := os.ReadDir(filepath.Clean("./" + dir))
	if filepath.IsAbs(path) {
		entries, err = os.ReadDir(dir)
	}
	if err != nil {
		return ""
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	if c := config.Closest(base, names); c != "" {
		return dir + c
	}
	return ""
}

// open opens the scanners of all targets. Every mistake is reported.
func open(targets []target, env func(scanners.Info) scanners.Env, s *setting) ([]pipeline.Source, error) {
	var out []pipeline.Source
	var errs []string
	for _, t := range targets {
		sc, err := t.factory.Open(env(t.factory.Info()), t.decode)
		if err != nil {
			errs = append(errs, fmt.Sprintf("%s: %v", t.name, err))
			continue
		}
		out = append(out, pipeline.Source{Name: t.name, Info: t.factory.Info(), Scanner: sc, Deadline: s.timeout})
	}
	if len(errs) > 0 {
		return nil, usage("%s", strings.Join(errs, "\n"))
	}
	return out, nil
}
