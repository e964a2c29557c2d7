package scannertest

import (
	"context"
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/muster-nhi/muster/internal/inventory"
)

func checkInfo(t reporter, s *Suite) {
	t.Helper()
	info := s.Factory.Info()
	if !inventory.ValidName(info.Name) {
		t.Errorf("Info.Name %q is not a lower-case name", info.Name)
	}
	if strings.TrimSpace(info.Title) == "" || strings.ContainsAny(info.Title, "\r\n") || strings.HasSuffix(info.Title, ".") {
		t.Errorf("Info.Title %q is not one line without a full stop", info.Title)
	}
	if len(info.Kinds) == 0 {
		t.Errorf("Info.Kinds is empty")
	}
	for i, k := range info.Kinds {
		if !slices.Contains(inventory.ScanKinds(), k) {
			t.Errorf("Info.Kinds has %q, which a scanner may not claim", k)
		}
		if slices.Contains(info.Kinds[:i], k) {
			t.Errorf("Info.Kinds has %q twice", k)
		}
	}
	if info.Network && len(info.Permissions) == 0 {
		t.Errorf("Info.Permissions is empty, but the scanner uses the network")
	}
	for _, p := range info.Permissions {
		if strings.TrimSpace(p) == "" {
			t.Errorf("Info.Permissions holds an empty one")
		}
	}
	checkTags(t, s, info.Argument)
}

// checkTags looks at the configuration struct.
func checkTags(t reporter, s *Suite, argument string) {
	t.Helper()
	c := reflect.TypeOf(s.Factory.Defaults())
	if c == nil || c.Kind() != reflect.Struct {
		t.Errorf("the configuration is a %v, want a struct", c)
		return
	}
	var keys []string
	for f := range c.Fields() {
		if !f.IsExported() {
			continue
		}
		key, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		yaml, _, _ := strings.Cut(f.Tag.Get("yaml"), ",")
		if key == "" || key != yaml {
			t.Errorf("configuration field %s has the json key %q and the yaml key %q, want one and the same", f.Name, key, yaml)
		}
		keys = append(keys, key)
	}
	if argument != "" && !slices.Contains(keys, argument) {
		t.Errorf("Info.Argument %q is no key of the configuration, which has %q", argument, keys)
	}
}

// misspelt returns the configuration with a key that no scanner has.
func (s *Suite) misspelt() map[string]any {
	config := maps.Clone(s.Config)
	if config == nil {
		config = map[string]any{}
	}
	config["no_scanner_has_this_key"] = 1
	return config
}

func checkConfig(t reporter, s *Suite) {
	t.Helper()
	out := s.scan(context.Background(), trial{config: s.misspelt()})
	if out.late || out.panicked != nil {
		s.ended(t, "opening with an unknown key", out)
		return
	}
	if out.opened {
		t.Errorf("a configuration with the unknown key no_scanner_has_this_key is accepted")
	}
}

func checkRecords(t reporter, s *Suite) {
	t.Helper()
	out, ok := s.clean(t)
	if !ok {
		return
	}
	if len(out.records) == 0 {
		t.Errorf("a clean scan emits nothing")
	}
	s.valid(t, "a clean scan", out)
	for i, r := range out.records {
		if lineOf(r) != out.lines[i] {
			t.Errorf("%s %q was changed after it had been emitted", r.Kind(), r.ID())
		}
	}
}

// valid reports records that a scanner must never emit.
func (s *Suite) valid(t reporter, what string, out *outcome) {
	t.Helper()
	kinds := append(slices.Clone(s.kinds()), inventory.KindCoverage)
	seen := map[string]bool{}
	for _, r := range out.records {
		kind, id := r.Kind(), r.ID()
		if err := r.Validate(); err != nil {
			t.Errorf("%s: %v", what, s.redact(err))
		}
		if !slices.Contains(kinds, kind) {
			t.Errorf("%s emits a %s, which Info.Kinds does not claim", what, kind)
		}
		if id == "" {
			continue
		}
		if !s.Foreign && !strings.HasPrefix(id, s.name()+":") {
			t.Errorf("%s: %s %q does not begin with %q", what, kind, id, s.name()+":")
		}
		if seen[id] {
			t.Errorf("%s: %s %q is emitted twice", what, kind, id)
		}
		seen[id] = true
	}
}

// A cell is what one coverage speaks of.
type cell struct {
	scope string
	kind  inventory.Kind
}

// counts tells how many records each cell has, and what coverage says of it.
func counts(records []inventory.Record) (counted map[cell]int, stated map[cell][]*inventory.Coverage) {
	counted, stated = map[cell]int{}, map[cell][]*inventory.Coverage{}
	for _, r := range records {
		if c := r.Coverage; c != nil {
			at := cell{c.Scope, c.Kind}
			stated[at] = append(stated[at], c)
			continue
		}
		counted[cell{r.Scope(), r.Kind()}]++
	}
	return counted, stated
}

func checkCoverage(t reporter, s *Suite) {
	t.Helper()
	out, ok := s.clean(t)
	if !ok {
		return
	}
	s.covered(t, "a clean scan", out)
	for _, r := range out.records {
		if c := r.Coverage; c != nil && !s.Foreign && (c.Status == inventory.StatusPartial || c.Status == inventory.StatusDenied) {
			t.Errorf("coverage of %s in %q is %s in a clean scan: %s", c.Kind, c.Scope, c.Status, s.redact(c.Reason))
		}
	}
}

// covered reports coverage that is missing, double or wrong.
func (s *Suite) covered(t reporter, what string, out *outcome) {
	t.Helper()
	counted, stated := counts(out.records)
	cells := map[cell]bool{}
	for at := range counted {
		cells[at] = true
	}
	for at := range stated {
		cells[at] = true
		if s.Foreign {
			continue
		}
		for _, k := range s.kinds() {
			cells[cell{at.scope, k}] = true
		}
	}
	if len(stated) == 0 {
		t.Errorf("%s emits no coverage", what)
	}
	for _, at := range slices.SortedFunc(maps.Keys(cells), func(a, b cell) int {
		return strings.Compare(a.scope+"\x00"+string(a.kind), b.scope+"\x00"+string(b.kind))
	}) {
		s.coveredCell(t, what, at, counted[at], stated[at])
	}
}

func (s *Suite) coveredCell(t reporter, what string, at cell, n int, list []*inventory.Coverage) {
	t.Helper()
	sum := 0
	for _, c := range list {
		sum += c.Count
		if !s.Foreign && c.Scanner != s.name() {
			t.Errorf("%s: coverage of %s in %q bears the name %q, want %q", what, at.kind, at.scope, c.Scanner, s.name())
		}
	}
	switch {
	case len(list) == 0:
		t.Errorf("%s: there is no coverage of %s in %q", what, at.kind, at.scope)
	case len(list) > 1 && !s.Foreign:
		t.Errorf("%s: there are %d coverages of %s in %q", what, len(list), at.kind, at.scope)
	case sum != n:
		t.Errorf("%s: coverage of %s in %q counts %d, and %d were emitted", what, at.kind, at.scope, sum, n)
	}
}
