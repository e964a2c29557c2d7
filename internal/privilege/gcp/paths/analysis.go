package paths

import (
	"slices"
	"strings"
	"sync"

	"github.com/muster-nhi/muster/internal/privilege/chain"
	"github.com/muster-nhi/muster/internal/privilege/gcp/role"
)

// An Analysis answers for one Estate. It may be asked from many goroutines.
type Analysis struct {
	estate    *Estate
	tree      *tree
	ways      []way
	capables  []capable
	powerful  []role.Set
	policySet role.Set // permissions that change policies of organisations, folders and projects
	// accountSet changes those of accounts; onAccounts is all that is asked for of an
	// account.
	accountSet, onAccounts role.Set

	lifts     role.Set // permissions that change deny policies
	groups    map[string]*Group
	given     map[string]*Role
	deleted   map[string]bool // roles
	roles     []rolle
	roleIndex map[string]int32
	conds     []cond
	condIndex map[string]int32
	denies    []deny
	bounds    []bound

	holders     []holder
	index       map[string]int32 // of holders by canonical member
	knownGroups map[int32]bool
	public      []int32           // allUsers, allAuthenticatedUsers
	sets        map[int32][]int32 // holders that stand for all accounts of a place
	shared      map[string]*powers
	gates       *sync.Map // of providers
	examples    *sync.Map // of places for which conditions hold
	levels      *sync.Map // of roles beneath rules of deny policies

	targets targets
	like    []int32 // of holders: one whose ways are the same
	goals   []*goal
	notes   []string // what every result has to say

	trusted map[int32][]int32      // by place of a policy: numbers of policies
	latest  *latest[int32, Result] // by holder
	singles *latest[alone, powers]
}

// Analyze looks at all principals of an estate with as many goroutines as workers
// says, at least one.
func Analyze(e *Estate, workers int) *Analysis {
	a := &Analysis{
		estate: e, tree: newTree(e), ways: ways(), capables: capables(), powerful: powerful(), policySet: policyPermissions(), accountSet: accountPolicy(),
		given: map[string]*Role{}, deleted: map[string]bool{}, roleIndex: map[string]int32{}, condIndex: map[string]int32{}, index: map[string]int32{},
		latest: newLatest[int32, Result](), singles: newLatest[alone, powers](),
		lifts: role.SetOf("iam.denypolicies.update", "iam.denypolicies.delete"), groups: map[string]*Group{},
		knownGroups: map[int32]bool{}, sets: map[int32][]int32{}, shared: map[string]*powers{}, levels: &sync.Map{}, examples: &sync.Map{}, gates: &sync.Map{}, trusted: map[int32][]int32{},
	}
	for i := range a.ways {
		if w := &a.ways[i]; w.how == become || w.how == delegate || w.how == pass {
			a.onAccounts.Or(w.account)
		}
	}
	for i := range e.Roles {
		r := &e.Roles[i]
		a.given[r.Name] = r
		if r.Deleted {
			a.deleted[r.Name] = true
		}
	}
	for i := range e.Groups {
		a.groups[canonicalMember("group:"+e.Groups[i].Email)] = &e.Groups[i]
	}
	a.addHolders()
	for i := range a.holders {
		h := &a.holders[i]
		slices.Sort(h.groups)
		h.groups = slices.Compact(h.groups)
	}
	a.findSets()
	a.addDenies()
	a.addNotes()
	a.addPowers(workers)
	a.addTargets()
	a.search(workers)
	for i := range e.Policies {
		if at, ok := a.tree.index[canonical(e.Policies[i].Resource)]; ok {
			a.trusted[at] = append(a.trusted[at], int32(i))
		}
	}
	return a
}

// addPowers finds out what each holder may do.
func (a *Analysis) addPowers(workers int) {
	var fresh []*powers
	for i := range a.holders {
		h := &a.holders[i]
		h.powers = a.powersOf(int32(i))
		if !h.powers.done {
			h.powers.done = true
			fresh = append(fresh, h.powers)
		}
	}
	chain.Parallel(workers, len(fresh), func(k int) { a.finish(fresh[k]) })
}

// addNotes gathers what every result has to say.
func (a *Analysis) addNotes() {
	e := a.estate
	if !e.DeniesKnown {
		a.notes = append(a.notes, "deny policies were not all read: they may take away what is told here")
	}
	if !e.BoundariesKnown {
		a.notes = append(a.notes, "principal access boundaries were not all read: they may take away what is told here")
	}
	if a.tree.cut {
		a.notes = append(a.notes, "folders lie in a circle or too deep: what is inherited there is not followed")
	}
	if len(a.conds) >= maxConditions {
		a.notes = append(a.notes, "there are too many conditions to look at all of them")
	}
	a.notes = append(a.notes, e.Unread...)
}

// Of returns what a principal amounts to: a service account of the estate, or a
// member of a policy as it is spelled there ("serviceAccount:…", "principal://…"). It
// reports false for who is neither. The result is shared and must not change.
func (a *Analysis) Of(member string) (*Result, bool) {
	i, ok := a.index[canonicalMember(member)]
	if !ok {
		if i, ok = a.index["serviceAccount:"+strings.ToLower(member)]; !ok {
			return nil, false
		}
	}
	if r := a.latest.get(i); r != nil {
		return r, true
	}
	r := a.result(i)
	a.latest.put(i, r)
	return r, true
}

// alone is one grant beneath what is denied to somebody.
type alone struct {
	grant
	denied *powers // whose denies count; nil if there are none
}

// keptResults is how many are kept of each.
const keptResults = 1024

// A latest keeps what was asked for last: it is put together when it is asked for,
// because all of it would take much memory.
type latest[K comparable, V any] struct {
	mu sync.Mutex
	by map[K]*V
}

func newLatest[K comparable, V any]() *latest[K, V] { return &latest[K, V]{by: map[K]*V{}} }

// get returns what is kept; nil if it is not.
func (l *latest[K, V]) get(k K) *V {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.by[k]
}

// put keeps something, and forgets the rest if there is too much of it.
func (l *latest[K, V]) put(k K, v *V) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.by) >= keptResults {
		clear(l.by)
	}
	l.by[k] = v
}
