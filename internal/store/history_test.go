package store

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/muster-nhi/muster/internal/inventory"
)

// states gives the findings of a save as "number state first-seen-day", and the
// resolved ones with a minus.
func states(out Saved) []string {
	var list []string
	for _, f := range out.Findings {
		list = append(list, fmt.Sprintf("%s %s %d", strings.TrimLeft(f.ID, "F-0"), f.State, int(f.FirstSeen.Sub(day(0)).Hours()/24)))
	}
	for _, f := range out.Resolved {
		list = append(list, fmt.Sprintf("-%s %s %d", strings.TrimLeft(f.ID, "F-0"), f.State, int(f.LastSeen.Sub(day(0)).Hours()/24)))
	}
	return list
}

func TestLifeOfAFinding(t *testing.T) {
	s := open(t, filepath.Join(t.TempDir(), "muster.db"))
	rules := map[string][]inventory.Kind{"NHI-ROT-001": {inventory.KindUsage}}
	part := func(status inventory.Status) map[string]inventory.Status {
		return map[string]inventory.Status{scopeB: status}
	}
	steps := []struct {
		name     string
		change   func(*Meta)
		status   map[string]inventory.Status
		findings []int // odd ones are in scope B
		want     []string
	}{
		{"first", nil, nil, []int{1, 2}, []string{"1 new 0", "2 new 0"}},
		{"again", nil, nil, []int{1, 2, 3}, []string{"1 open 0", "2 open 0", "3 new 1"}},
		{"scope B denied", nil, part(inventory.StatusDenied), []int{2}, []string{"2 open 0"}},
		{"scope B partial, 2 gone", nil, part(inventory.StatusPartial), nil, []string{"-2 resolved 2"}},
		{"scope B skipped", nil, part(inventory.StatusSkipped), nil, nil},
		{"interrupted", func(m *Meta) { m.Interrupted = true }, nil, nil, nil},
		{"narrowed", func(m *Meta) { m.Narrowed = true }, nil, nil, nil},
		{"rule not in force", func(m *Meta) { m.Rules = map[string][]inventory.Kind{"NHI-LIF-001": nil} }, nil, nil, nil},
		{"needs what nobody listed", func(m *Meta) { m.Rules = map[string][]inventory.Kind{"NHI-ROT-001": {inventory.KindTrust}} }, nil, nil, nil},
		{"undecided", func(m *Meta) { m.Unknown = func(rule, _ string) bool { return rule == "NHI-ROT-001" } }, nil, nil, nil},
		{"complete", nil, nil, []int{2}, []string{"2 reopened 0", "-3 resolved 1", "-1 resolved 1"}},
		{"complete again", nil, nil, []int{2}, []string{"2 open 0"}},
		{"3 is back", nil, nil, []int{2, 3}, []string{"2 open 0", "3 reopened 1"}},
	}
	for n, step := range steps {
		m := meta(n)
		m.Rules = rules
		if step.change != nil {
			step.change(&m)
		}
		var list []*inventory.Finding
		for _, i := range step.findings {
			scope := scopeA
			if i%2 == 1 {
				scope = scopeB
			}
			list = append(list, finding(i, n, scope))
		}
		out := save(t, s, m, build(t, estateOptions{n: 8, day: n, status: step.status}), list...)
		if diff := cmp.Diff(step.want, states(out)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", step.name, diff)
		}
		for i, f := range list {
			if f.State != "" || !f.FirstSeen.IsZero() {
				t.Errorf("%s: the finding that was given was changed", step.name)
			}
			if got := out.Findings[i]; got.ID != f.ID || !got.LastSeen.Equal(m.StartedAt) {
				t.Errorf("%s: finding %d is %+v", step.name, i, got)
			}
		}
		snap := loadOK(t, s, "latest")
		for _, f := range snap.Findings {
			i := slices.IndexFunc(out.Findings, func(g *inventory.Finding) bool { return g.ID == f.ID })
			if diff := cmp.Diff(out.Findings[i], f); diff != "" {
				t.Errorf("%s: finding changed on the way (-saved +loaded):\n%s", step.name, diff)
			}
		}
	}
	list, err := s.List(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	c := list[len(list)-1].Counts
	if c.New != 2 || c.Severities[inventory.SeverityHigh] != 2 || list[2].Counts.Resolved != 2 || list[0].Counts.Reopened != 1 {
		t.Errorf("counts: first %+v, third newest %+v, newest %+v", c, list[2].Counts, list[0].Counts)
	}
}

func TestSaveRefuses(t *testing.T) {
	s := open(t, filepath.Join(t.TempDir(), "muster.db"))
	inv := build(t, estateOptions{n: 2})
	named := meta(0)
	named.ID = "first"
	save(t, s, named, inv)
	for name, m := range map[string]Meta{
		"no times":                  {Sources: []string{"x"}},
		"ends before":               {StartedAt: day(1), FinishedAt: day(0), Sources: []string{"x"}},
		"no sources":                {StartedAt: day(0), FinishedAt: day(0)},
		"an id with slash":          {ID: "../x", StartedAt: day(0), FinishedAt: day(0), Sources: []string{"x"}},
		"an id that is a reference": {ID: "latest", StartedAt: day(0), FinishedAt: day(0), Sources: []string{"x"}},
		"an id that is taken":       {ID: "first", StartedAt: day(0), FinishedAt: day(0), Sources: []string{"x"}},
	} {
		if _, err := s.Save(t.Context(), m, inv, nil); err == nil {
			t.Errorf("%s: it was saved", name)
		}
	}
	if _, err := s.Save(t.Context(), meta(0), inv, []*inventory.Finding{finding(1, 0, scopeA), finding(1, 0, scopeA)}); err == nil {
		t.Error("the same finding twice was saved")
	}
	if list, err := s.List(t.Context()); err != nil || len(list) != 1 {
		t.Errorf("%d snapshots, %v", len(list), err)
	}
}

func TestReferences(t *testing.T) {
	s := open(t, filepath.Join(t.TempDir(), "muster.db"))
	if _, err := s.Resolve(t.Context(), "latest"); !errors.Is(err, ErrNotFound) {
		t.Errorf("in an empty store: %v", err)
	}
	inv := build(t, estateOptions{n: 2})
	var ids []string
	for n := range 3 {
		ids = append(ids, save(t, s, meta(n), inv).ID)
	}
	twin := save(t, s, meta(2), inv).ID
	if twin == ids[2] || !strings.HasPrefix(twin, "20260303T120000Z-") {
		t.Errorf("ids %v and %s", ids, twin)
	}
	for ref, want := range map[string]string{
		"latest": twin, "latest~0": twin, "latest~1": ids[2], "latest~3": ids[0], ids[0]: ids[0], ids[0][:9]: ids[0],
	} {
		if e, err := s.Resolve(t.Context(), ref); err != nil || e.ID != want {
			t.Errorf("%s: %s, %v; want %s", ref, e.ID, err, want)
		}
	}
	for ref, want := range map[string]error{
		"latest~4": ErrNotFound, "latest~x": ErrNotFound, "latest~-1": ErrNotFound, "": ErrNotFound, "nope": ErrNotFound,
		"2026": ErrAmbiguous,
	} {
		if _, err := s.Resolve(t.Context(), ref); !errors.Is(err, want) {
			t.Errorf("%q: %v, want %v", ref, err, want)
		}
	}
}

func TestDiff(t *testing.T) {
	s := open(t, filepath.Join(t.TempDir(), "muster.db"))
	save(t, s, meta(0), build(t, estateOptions{n: 12}), finding(1, 0, scopeA), finding(2, 0, scopeB), finding(3, 0, scopeA))
	// One identity of scope A and one of scope B leave, two change, two come;
	// scope B is not read in full.
	after := build(t, estateOptions{n: 14, day: 1, changed: 3, without: 1, status: map[string]inventory.Status{scopeB: inventory.StatusPartial}})
	after.Identities = slices.DeleteFunc(slices.Clone(after.Identities), func(i *inventory.Identity) bool { return i.Scope == scopeB && strings.HasSuffix(i.Name, "3") })
	save(t, s, meta(1), after, finding(3, 1, scopeA), finding(4, 1, scopeA))
	d, err := s.Diff(t.Context(), "latest~1", "latest")
	if err != nil {
		t.Fatal(err)
	}
	got := map[string][]string{}
	for name, list := range map[string][]DiffItem{"added": d.Added, "changed": d.Changed, "gone": d.Gone, "not seen": d.NotSeen} {
		for _, i := range list {
			if i.Kind == inventory.KindIdentity {
				text := strings.TrimLeft(strings.TrimPrefix(i.Name, "robot-"), "0")
				for _, c := range i.Changes {
					text += " " + c.Field + " " + c.Before + " → " + c.After
				}
				got[name] = append(got[name], text)
			}
		}
	}
	want := map[string][]string{
		"added":    {"12", "13"},
		"gone":     {""}, // number 0
		"not seen": {"3"},
		"changed": {
			`1 description "welds and paints, line 1" → "welds and paints, line 1, moved on day 1"`,
			`2 description "welds and paints, line 2" → "welds and paints, line 2, moved on day 1"`,
		},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("identities (-want +got):\n%s", diff)
	}
	if d.Refreshed[inventory.KindUsage] != 11 || d.Refreshed[inventory.KindFinding] != 0 {
		t.Errorf("refreshed %v", d.Refreshed)
	}
	ids := func(list []*inventory.Finding) (out []string) {
		for _, f := range list {
			out = append(out, strings.TrimLeft(f.ID, "F-0"))
		}
		return out
	}
	if n, r, u := ids(d.New), ids(d.Resolved), ids(d.Unseen); !slices.Equal(n, []string{"4"}) || !slices.Equal(r, []string{"1"}) || !slices.Equal(u, []string{"2"}) {
		t.Errorf("new %v, resolved %v, unseen %v", n, r, u)
	}
	if len(d.New) == 1 && (d.New[0].State != "new" || d.New[0].Message == "") {
		t.Errorf("new finding %+v", d.New[0])
	}
	same, err := s.Diff(t.Context(), "latest", "latest")
	if err != nil || len(same.Added)+len(same.Changed)+len(same.Gone)+len(same.NotSeen)+len(same.New)+len(same.Refreshed) != 0 {
		t.Errorf("a snapshot differs from itself: %+v, %v", same, err)
	}
}

func TestSeriesDoNotMix(t *testing.T) {
	s := open(t, filepath.Join(t.TempDir(), "muster.db"))
	a, b := meta(0), meta(1)
	b.Sources = []string{"repo:painting"}
	invA, invB := build(t, estateOptions{n: 20}), build(t, estateOptions{n: 6, day: 1})
	var want []*inventory.Inventory
	for n := range 6 {
		m, inv := a, invA
		if n%2 == 1 {
			m, inv = b, invB
		}
		m.StartedAt, m.FinishedAt = day(n), day(n)
		save(t, s, m, inv)
		want = append(want, inv)
	}
	for n, inv := range want {
		if diff := cmp.Diff(inv, loadOK(t, s, fmt.Sprintf("latest~%d", len(want)-1-n)).Inventory, sameInventory); diff != "" {
			t.Errorf("snapshot %d:\n%s", n, diff)
		}
	}
	var past int
	if err := s.read.QueryRowContext(t.Context(), "SELECT count(*) FROM past").Scan(&past); err != nil || past != 0 {
		t.Errorf("two series in turn closed %d members (%v)", past, err)
	}
}

func TestPrune(t *testing.T) {
	path := filepath.Join(t.TempDir(), "muster.db")
	s := open(t, path)
	var invs []*inventory.Inventory
	for n := range 6 {
		m := meta(n)
		if n%3 == 2 {
			m.Sources = []string{"other"}
		}
		inv := build(t, estateOptions{n: 400, day: n, changed: 400})
		invs = append(invs, inv)
		save(t, s, m, inv, finding(1, n, scopeA))
	}
	if out, err := s.Prune(t.Context(), PruneOptions{}); err != nil || len(out.Removed) != 0 || out.Kept != 6 {
		t.Errorf("without a limit: %+v, %v", out, err)
	}
	if out, err := s.Prune(t.Context(), PruneOptions{Keep: 1, DryRun: true}); err != nil || len(out.Removed) != 5 {
		t.Errorf("dry run: %+v, %v", out, err)
	}
	out, err := s.Prune(t.Context(), PruneOptions{Keep: 2, Before: day(3)})
	if err != nil || len(out.Removed) != 3 || out.Kept != 3 || out.Reclaimed < 1<<16 {
		t.Fatalf("removed %d, kept %d, reclaimed %d, %v", len(out.Removed), out.Kept, out.Reclaimed, err)
	}
	for n := 3; n < 6; n++ {
		if diff := cmp.Diff(invs[n], loadOK(t, s, fmt.Sprintf("latest~%d", 5-n)).Inventory, sameInventory); diff != "" {
			t.Errorf("snapshot %d after pruning:\n%s", n, diff)
		}
	}
	if out, err := s.Prune(t.Context(), PruneOptions{Before: day(1000)}); err != nil || out.Kept != 1 {
		t.Errorf("the newest went too: %+v, %v", out, err)
	}
	if diff := cmp.Diff(invs[5], loadOK(t, s, "latest").Inventory, sameInventory); diff != "" {
		t.Errorf("the newest after pruning:\n%s", diff)
	}
	// The series whose snapshots went goes on, and a finding keeps its history.
	saved := save(t, s, meta(7), invs[4], finding(1, 7, scopeA))
	if diff := cmp.Diff(invs[4], loadOK(t, s, "latest").Inventory, sameInventory); diff != "" {
		t.Errorf("the next save:\n%s", diff)
	}
	if f := saved.Findings[0]; f.State != "open" || !f.FirstSeen.Equal(day(0)) {
		t.Errorf("finding %+v", f)
	}
	var orphans int
	err = s.read.QueryRowContext(t.Context(), "SELECT count(*) FROM body WHERE id NOT IN (SELECT body FROM member UNION ALL SELECT body FROM past)").Scan(&orphans)
	if err != nil || orphans != 0 {
		t.Errorf("%d bodies belong to nothing (%v)", orphans, err)
	}
}

// TestModel saves and prunes at random and compares with a plain list of what
// was saved.
func TestModel(t *testing.T) {
	type kept struct {
		id  string
		inv *inventory.Inventory
	}
	rnd := newRandom(7)
	s := open(t, filepath.Join(t.TempDir(), "muster.db"))
	var model []kept
	for n := range 40 {
		if rnd(5) == 0 && len(model) > 0 {
			keep := 1 + rnd(4)
			if _, err := s.Prune(t.Context(), PruneOptions{Keep: keep}); err != nil {
				t.Fatal(err)
			}
			model = model[max(0, len(model)-keep):]
		} else {
			m := meta(n)
			m.Sources = []string{[]string{"a", "b"}[rnd(2)]}
			inv := build(t, estateOptions{n: rnd(30), day: rnd(3), changed: rnd(10), without: rnd(5)})
			model = append(model, kept{save(t, s, m, inv).ID, inv})
		}
		list, err := s.List(t.Context())
		if err != nil || len(list) != len(model) {
			t.Fatalf("step %d: %d snapshots, want %d; %v", n, len(list), len(model), err)
		}
		k := model[rnd(len(model))]
		if diff := cmp.Diff(k.inv, loadOK(t, s, k.id).Inventory, sameInventory); diff != "" {
			t.Fatalf("step %d: %s:\n%s", n, k.id, diff)
		}
	}
}

// newRandom returns a small generator whose numbers are the same on every run.
func newRandom(seed uint64) func(n int) int {
	return func(n int) int {
		seed = seed*6364136223846793005 + 1442695040888963407
		return int(seed>>33) % n
	}
}
