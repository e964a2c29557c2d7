package paths

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/internal/privilege/azure/arm"
)

// results are those of all principals.
func (t *tenant) results() map[string]*Result {
	a := t.analyze()
	out := map[string]*Result{}
	for i := range t.Principals {
		out[t.Principals[i].ID] = a.Of(t.Principals[i].ID)
	}
	return out
}

// TestOrder: the order in which things were listed changes nothing.
func TestOrder(t *testing.T) {
	n := large(600)
	want := n.results()
	r := rand.New(rand.NewPCG(3, 5))
	r.Shuffle(len(n.Principals), func(i, k int) { n.Principals[i], n.Principals[k] = n.Principals[k], n.Principals[i] })
	r.Shuffle(len(n.Groups), func(i, k int) { n.Groups[i], n.Groups[k] = n.Groups[k], n.Groups[i] })
	r.Shuffle(len(n.Resources), func(i, k int) { n.Resources[i], n.Resources[k] = n.Resources[k], n.Resources[i] })
	r.Shuffle(len(n.Subscriptions), func(i, k int) { n.Subscriptions[i], n.Subscriptions[k] = n.Subscriptions[k], n.Subscriptions[i] })
	got := n.results()
	for id, w := range want {
		if diff := cmp.Diff(w, got[id], cmpopts.IgnoreUnexported(Reason{}), cmpopts.IgnoreFields(Result{}, "Reasons", "Paths")); diff != "" {
			t.Fatalf("%s: %s", id, diff)
		}
		if len(w.Paths) > 0 && !w.Truncated && w.Paths[0].String() != got[id].Paths[0].String() {
			t.Fatalf("%s: %s, then %s", id, &w.Paths[0], &got[id].Paths[0])
		}
	}
}

// TestTwice: the same estate gives the same results, to the word.
func TestTwice(t *testing.T) {
	n := large(600)
	if diff := cmp.Diff(n.results(), n.results(), cmpopts.IgnoreUnexported(Reason{})); diff != "" {
		t.Fatal(diff)
	}
}

// TestSound: what a result says of itself hangs together, and a deny makes
// nobody stronger.
func TestSound(t *testing.T) {
	n := large(900)
	open := n.results()
	n.Denies = []Deny{
		{ID: "d", Scope: "/subscriptions/sub-1", Principals: []string{everyone}, Exclude: []string{"p-5", "g-2"}, Permissions: []arm.Permission{{Actions: []string{"*"}, NotActions: []string{"*/read"}}}},
		{ID: "e", Scope: "/subscriptions/sub-2", Principals: []string{"g-1", "p-9"}, Permissions: []arm.Permission{{Actions: []string{"Microsoft.Compute/*", "Microsoft.Authorization/*"}}}},
	}
	for id, shut := range n.results() {
		for _, r := range []*Result{open[id], shut} {
			switch {
			case r.Certain.Rank() > r.Possible.Rank(), r.Level != r.Certain && r.Level != inventory.LevelUnknown, (r.Level == inventory.LevelUnknown) != (r.Certain != r.Possible):
				t.Fatalf("%s\n%s", id, r.lines())
			case r.Certain == inventory.LevelEscalate && (len(r.Paths) == 0 || !r.Paths[0].Certain):
				t.Fatalf("%s escalates by nothing\n%s", id, r.lines())
			case r.Certain != inventory.LevelNone && len(r.Reasons) == 0:
				t.Fatalf("%s has no reason\n%s", id, r.lines())
			}
			for _, p := range r.Paths {
				if p.Hops[0].From != id || p.Certain == slices.ContainsFunc(p.Hops, func(h Hop) bool { return !h.Certain }) {
					t.Fatalf("%s\n%s", id, r.lines())
				}
			}
		}
		if shut.Certain.Rank() > open[id].Certain.Rank() || shut.Possible.Rank() > open[id].Possible.Rank() {
			t.Fatalf("%s is stronger with denials:\n%s\n%s", id, open[id].lines(), shut.lines())
		}
	}
}

// TestHostile: circles of owners, groups and management groups, deep scopes and
// long chains end.
func TestHostile(t *testing.T) {
	n := newTenant()
	const many = 1200
	for i := range many {
		id := func(k int) string { return fmt.Sprintf("x-%d", (i+k)%many) }
		n.app(id(0), id(1), id(2))
		g := n.group("g-"+id(0), "g-"+id(1), "g-"+id(7), id(0))
		g.Owners = []string{id(3)}
		n.Management = append(n.Management, ManagementGroup{ID: id(0), Parent: id(1)})
		n.Denies = append(n.Denies, Deny{Scope: fmt.Sprintf("/subscriptions/s-%d", i), Principals: []string{id(0)}, Permissions: []arm.Permission{{Actions: []string{"*"}}}})
	}
	deep := prod
	for range 2000 {
		deep += "/a/b"
	}
	n.assign("x-0", arm.Contributor, deep)
	n.assign("g-x-5", arm.Owner, groupPrefix+"x-9")
	n.role("x-17", "Global Administrator")
	from := time.Now()
	a := n.analyze()
	for i := range many {
		a.Of(n.Principals[i].ID)
		a.Become(n.Principals[i].ID)
	}
	if took := time.Since(from); took > time.Minute {
		t.Errorf("it took %s", took)
	}
	if r := of(t, a, "x-1100"); r.Level != inventory.LevelAdmin { // all are in one group
		t.Errorf("a member of the owners is %s", r.lines())
	}
}

// TestLong: chains of more than MaxHops are not followed, and that is said.
func TestLong(t *testing.T) {
	n := newTenant()
	for i := range 12 {
		n.user(fmt.Sprintf("u-%d", i))
		g := n.group(fmt.Sprintf("g-%d", i))
		g.Owners = []string{fmt.Sprintf("u-%d", i)}
		g.Members = []string{fmt.Sprintf("u-%d", i+1)}
	}
	n.Groups[11].Members = nil
	n.app("last", "u-11")
	n.graph("last", raiser)
	a := n.analyze()
	// A member of a group is not who joins it: only owners are a step.
	for i, want := range map[int]inventory.Level{11: inventory.LevelEscalate, 10: inventory.LevelNone} {
		if r := of(t, a, fmt.Sprintf("u-%d", i)); r.Level != want {
			t.Errorf("u-%d: %s", i, r.lines())
		}
	}
	m := newTenant()
	for i := range 12 {
		m.app(fmt.Sprintf("a-%d", i), fmt.Sprintf("a-%d", i+1))
		m.graph(fmt.Sprintf("a-%d", i), "Application.ReadWrite.OwnedBy")
	}
	m.app("a-12")
	m.graph("a-12", "Application.ReadWrite.OwnedBy").graph("a-0", raiser)
	b := m.analyze()
	if r := of(t, b, "a-7"); r.Level != inventory.LevelEscalate || len(r.Paths[0].Hops) != MaxHops {
		t.Errorf("eight hops: %s", r.lines())
	}
	if r := of(t, b, "a-8"); r.Level == inventory.LevelEscalate || !r.Truncated {
		t.Errorf("nine hops: %s", r.lines())
	}
}
