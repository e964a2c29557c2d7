package arm

import (
	"slices"
	"strings"

	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/internal/privilege/azure/condition"
)

// Grant is the action that gives roles.
const Grant = "Microsoft.Authorization/roleAssignments/write"

// A Denial is a deny assignment that applies to an asker.
type Denial struct {
	Permissions []Permission
	Conditional bool // it is under a condition, so that it perhaps applies
}

// Rights says what a role gives an asker under the condition of the assignment
// and what deny assignments leave of it.
func (t *Table) Rights(role *Role, limits string, who Asker, denials ...Denial) Rights {
	permissions, known := role.Permissions, role.Known
	if !known {
		permissions, known = builtIn(role.ID)
	}
	if !known {
		return Rights{
			Level: inventory.LevelNone, MaxLevel: inventory.LevelAdmin, Possible: t.everything(), Unread: true,
			Notes: []string{"what role " + role.label() + " allows was not read"},
		}
	}
	var denied []refusal
	for _, d := range denials {
		for i := range d.Permissions {
			denied = append(denied, refusal{compileBlock(&d.Permissions[i]), d.Conditional})
		}
	}
	out := Rights{Level: inventory.LevelNone, MaxLevel: inventory.LevelNone}
	outer := limitOf(limits)
	if outer.broken {
		out.note("the condition of the assignment could not be read")
	}
	for i := range permissions {
		t.addBlock(&out, role, &permissions[i], &outer, who, denied)
	}
	return out
}

// A refusal is a compiled block of a deny assignment.
type refusal struct {
	compiled
	conditional bool
}

// left says whether deny assignments leave an action.
func left(denied []refusal, action string, data bool) inventory.Tri {
	out := inventory.True
	for i := range denied {
		d := &denied[i]
		yes, no := d.actions, d.notActions
		if data {
			yes, no = d.data, d.notData
		}
		if !anyMatch(yes, action) || anyMatch(no, action) {
			continue
		}
		if !d.conditional {
			return inventory.False
		}
		out = inventory.Unknown
	}
	return out
}

// label names a role.
func (r *Role) label() string {
	if r.Name != "" {
		return r.Name
	}
	return r.ID
}

func (t *Table) everything() Bits {
	var b Bits
	for i := range t.names {
		b.Add(Action(i))
	}
	return b
}

func (r *Rights) note(text string) {
	if !slices.Contains(r.Notes, text) {
		r.Notes = append(r.Notes, text)
	}
}

// addBlock adds what one block allows.
func (t *Table) addBlock(out *Rights, role *Role, p *Permission, outer *limit, who Asker, denied []refusal) {
	c := compileBlock(p)
	b := t.of(&c)
	grants := inventory.False
	for i, name := range t.names {
		a := Action(i)
		if !b.Has(a) {
			continue
		}
		r := condition.Request{Action: t.Name(a)}
		answer := min(c.limit.allows(&r), outer.allows(&r))
		if strings.EqualFold(r.Action, Grant) {
			answer = t.grants(role, &c.limit, outer, who, out)
		}
		answer = min(answer, left(denied, r.Action, strings.HasPrefix(name, dataPrefix)))
		if strings.EqualFold(r.Action, Grant) {
			grants = answer
		}
		switch answer {
		case inventory.True:
			out.Certain.Add(a)
			out.Possible.Add(a)
		case inventory.Unknown:
			out.Possible.Add(a)
			out.note("a condition limits " + t.Name(a))
		case inventory.False:
		}
	}
	out.raise(plain(&c, outer, denied))
	if c.full() && len(denied) == 0 && grants != inventory.False {
		out.raise(inventory.LevelNone, inventory.LevelAdmin)
		if grants == inventory.True {
			out.Level = inventory.LevelAdmin
		}
	}
	switch grants {
	case inventory.True:
		out.raise(inventory.LevelEscalate, inventory.LevelEscalate)
	case inventory.Unknown:
		out.raise(inventory.LevelNone, inventory.LevelEscalate)
	case inventory.False:
	}
}

// raise makes levels at least as high as given.
func (r *Rights) raise(level, most inventory.Level) {
	if level.Rank() > r.Level.Rank() {
		r.Level = level
	}
	if most.Rank() > r.MaxLevel.Rank() {
		r.MaxLevel = most
	}
}

// grants says whether a holder may give itself an unlimited right by giving
// itself a role. Owner and User Access Administrator stand for the strongest.
func (t *Table) grants(role *Role, inner, outer *limit, who Asker, out *Rights) inventory.Tri {
	if inner.parsed == nil && !inner.broken && !role.Custom && !givesAll(role.ID) {
		out.note("the condition that role " + role.label() + " carries was not read")
		return inventory.Unknown
	}
	answer := inventory.False
	for _, id := range []string{Owner, RoleGiver, RBACAdmin} {
		answer = max(answer, give(inner, outer, id, who))
	}
	if inner.parsed != nil || outer.parsed != nil {
		out.Limited = true
	}
	if inner.broken || outer.broken {
		return inventory.Unknown
	}
	return answer
}

// A Giving is who may be given which role, by the conditions of an assignment
// and of the role that is assigned. It may be asked from many goroutines.
type Giving struct {
	outer  limit
	inner  []limit
	hidden bool // conditions that Microsoft put into the role were not read
}

// NewGiving reads the conditions under which a role gives roles.
func NewGiving(role *Role, limits string) *Giving {
	g := &Giving{outer: limitOf(limits)}
	permissions := role.Permissions
	if !role.Known {
		permissions, _ = builtIn(role.ID)
	}
	for i := range permissions {
		if Allows(permissions[i:i+1], Grant, false) {
			g.inner = append(g.inner, limitOf(permissions[i].Condition))
			g.hidden = g.hidden || permissions[i].Condition == "" && !role.Custom && !givesAll(role.ID)
		}
	}
	return g
}

// Gives says whether an asker may give itself a role.
func (g *Giving) Gives(who Asker, id string) inventory.Tri {
	answer := inventory.False
	for i := range g.inner {
		answer = max(answer, give(&g.inner[i], &g.outer, id, who))
	}
	if g.hidden {
		answer = min(answer, inventory.Unknown)
	}
	return answer
}

// give asks whether a role may be given to the asker.
func give(inner, outer *limit, id string, who Asker) inventory.Tri {
	r := condition.Request{Action: Grant, Attributes: map[string][]string{condition.Key("request", condition.RoleDefinition): {id}}}
	if who.ID != "" {
		r.Attributes[condition.Key("request", condition.PrincipalID)] = []string{who.ID}
	}
	if who.Type != "" {
		r.Attributes[condition.Key("request", condition.PrincipalType)] = []string{who.Type}
	}
	return min(inner.allows(&r), outer.allows(&r))
}

// givesAll lists the built-in roles that give roles without any condition of
// their own.
func givesAll(id string) bool { return id == Owner || id == RoleGiver || id == RBACAdmin }

// plain is the level of a block by the actions that it names, as far as
// conditions let them pass, and the most that it may be.
func plain(c *compiled, outer *limit, denied []refusal) (level, most inventory.Level) {
	level, most = inventory.LevelNone, inventory.LevelNone
	c.samples(func(name string, data bool) {
		l := levelOf(name)
		if l.Rank() <= level.Rank() {
			return
		}
		answer := inventory.True
		if c.limit.limits() || outer.limits() {
			r := condition.Request{Action: name}
			answer = min(c.limit.allows(&r), outer.allows(&r))
		}
		answer = min(answer, left(denied, name, data))
		if answer == inventory.True {
			level = l
		}
		if answer != inventory.False && l.Rank() > most.Rank() {
			most = l
		}
	})
	return level, most
}
