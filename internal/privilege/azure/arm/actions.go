package arm

import (
	"math/bits"
	"strings"
)

// An Action is one that matters, by its place in the list.
type Action uint8

// Bits is a set of actions.
type Bits [3]uint64

// Has reports whether an action is in the set.
func (b *Bits) Has(a Action) bool { return b[a/64]&(1<<(a%64)) != 0 }

// Add puts an action into the set.
func (b *Bits) Add(a Action) { b[a/64] |= 1 << (a % 64) }

// All reports whether every action of another set is in this one.
func (b *Bits) All(of *Bits) bool {
	return of[0]&^b[0] == 0 && of[1]&^b[1] == 0 && of[2]&^b[2] == 0
}

// Any reports whether some action of another set is in this one.
func (b *Bits) Any(of *Bits) bool { return of[0]&b[0]|of[1]&b[1]|of[2]&b[2] != 0 }

// Join adds all of another set.
func (b *Bits) Join(of *Bits) {
	for i := range b {
		b[i] |= of[i]
	}
}

// Empty reports whether nothing is in the set.
func (b *Bits) Empty() bool { return b[0]|b[1]|b[2] == 0 }

// Len is the number of actions in the set.
func (b *Bits) Len() int {
	return bits.OnesCount64(b[0]) + bits.OnesCount64(b[1]) + bits.OnesCount64(b[2])
}

// A Table numbers the actions that matter.
type Table struct {
	names []string // in lower case; those of the data plane begin with "data:"
	index map[string]Action
}

// NewTable returns the table of the list in this package and of further actions,
// of which those of the data plane begin with "data:". It has at most 192.
func NewTable(names []string) *Table {
	t := &Table{index: map[string]Action{}}
	for _, n := range names {
		n = strings.ToLower(n)
		if _, ok := t.index[n]; !ok && len(t.names) < 192 {
			t.index[n] = Action(len(t.names))
			t.names = append(t.names, n)
		}
	}
	return t
}

// Find returns an action by its name in any case.
func (t *Table) Find(name string) (Action, bool) {
	a, ok := t.index[strings.ToLower(name)]
	return a, ok
}

// Set returns the set of named actions. Those that are not in the table are left
// out.
func (t *Table) Set(names ...string) Bits {
	var b Bits
	for _, n := range names {
		if a, ok := t.Find(n); ok {
			b.Add(a)
		}
	}
	return b
}

// Name is the name of an action in lower case.
func (t *Table) Name(a Action) string { return strings.TrimPrefix(t.names[a], dataPrefix) }

const dataPrefix = "data:"

// of is the set that blocks of permissions have, without their conditions.
func (t *Table) of(p *compiled) Bits {
	var b Bits
	for i, name := range t.names {
		action, data := strings.CutPrefix(name, dataPrefix)
		yes, no := p.actions, p.notActions
		if data {
			yes, no = p.data, p.notData
		}
		if anyMatch(yes, action) && !anyMatch(no, action) {
			b.Add(Action(i))
		}
	}
	return b
}

// Denied is the set that a deny assignment takes away.
func (t *Table) Denied(permissions []Permission) Bits {
	var out Bits
	for i := range permissions {
		c := compileBlock(&permissions[i])
		b := t.of(&c)
		out.Join(&b)
	}
	return out
}

// A compiled block.
type compiled struct {
	actions, notActions, data, notData []pattern
	limit                              limit
}

func compileBlock(p *Permission) compiled {
	return compiled{compileAll(p.Actions), compileAll(p.NotActions), compileAll(p.DataActions), compileAll(p.NotDataActions), limitOf(p.Condition)}
}
