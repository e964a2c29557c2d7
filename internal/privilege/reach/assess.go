package reach

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/internal/privilege/rbac"
)

// maxReasons is how many reasons are given; the weakest are counted only.
const maxReasons = 16

// An outcome is what a view amounts to before paths.
type outcome struct {
	level        inventory.Level
	reasons      []string // nil until say made them
	capabilities []string
	cluster      bool
	namespaces   []string
	secrets      Secrets
	unknown      []string
	leads        []route // filled by the graph
	sides        []side
	takesOver    bool            // what takes over is held cluster-wide
	strength     inventory.Level // with what it leads to
	goals        []string        // that it leads to
}

// A statement is a reason in the making.
type statement struct {
	level inventory.Level
	text  string
}

// assess makes the outcome of a view.
func (t *table) assess(v *view) *outcome {
	o := &outcome{level: v.base.level}
	for i := range v.held {
		if v.held[i].Namespace == "" {
			o.cluster = true
		}
	}
	for i := range v.locals {
		o.namespaces = append(o.namespaces, v.locals[i].namespace)
	}
	o.secrets = t.secrets(v)
	for _, b := range v.unseen {
		o.unknown = append(o.unknown, "the role of "+b+" was not seen")
	}
	if v.everything(t) {
		o.admin(t, v)
		return o
	}
	o.level = v.base.level
	for i := range v.hits {
		if len(v.outside(v.hits[i:i+1])) == 0 {
			continue
		}
		l := t.levelOf(v, &v.hits[i])
		if l.Rank() > o.level.Rank() {
			o.level = l
		}
		o.takesOver = o.takesOver || v.hits[i].namespace == "" && l.Rank() >= levelEscalate.Rank()
		o.capabilities = append(o.capabilities, t.capabilities(v, &v.hits[i])...)
	}
	if len(o.unknown) > 0 {
		o.level = inventory.LevelUnknown
	}
	o.tidy()
	return o
}

// say words the reasons of an outcome.
func (t *table) say(v *view, o *outcome) {
	var out []statement
	for i := 0; i < len(v.hits); {
		j := i + 1
		for j < len(v.hits) && v.hits[j].like(&v.hits[i]) {
			j++
		}
		group := v.outside(v.hits[i:j])
		i = j
		if len(group) > 0 {
			out = append(out, statement{t.levelOf(v, &group[0]), t.reason(v, group)})
		}
	}
	out = append(out, t.inert(v)...)
	o.finish(v, out)
}

// like reports whether two hits differ in the namespace only.
func (h *hit) like(o *hit) bool {
	return h.permission == o.permission && h.named == o.named && h.note == o.note && h.level == o.level
}

// admin is the outcome of everything. Its one capability stands for all.
func (o *outcome) admin(t *table, v *view) {
	o.level, o.cluster, o.takesOver, o.secrets.All = inventory.LevelAdmin, true, true, true
	o.reasons = []string{"every verb on every resource of the cluster"}
	if v.master {
		o.reasons = []string{"members of " + rbac.Masters + " are allowed everything before RBAC is asked"}
	}
	o.capabilities = []string{t.permissions[0].Capability}
}

// outside leaves out hits in namespaces of which everything is held, but for the
// one that says so.
func (v *view) outside(hits []hit) []hit {
	if hits[0].permission == 0 || !slices.ContainsFunc(v.locals, func(l localView) bool { return l.every }) {
		return hits
	}
	var out []hit
	for _, h := range hits {
		i := slices.IndexFunc(v.locals, func(l localView) bool { return l.namespace == h.namespace })
		if i < 0 || !v.locals[i].every {
			out = append(out, h)
		}
	}
	return out
}

// finish puts statements in order: strongest first, then by the table.
func (o *outcome) finish(v *view, out []statement) {
	strongest := v.base.level
	for _, s := range out {
		if s.level.Rank() > strongest.Rank() {
			strongest = s.level
		}
	}
	if v.base.reason != "" && (len(out) == 0 || v.base.level.Rank() >= strongest.Rank() && !slices.ContainsFunc(out, func(s statement) bool { return s.level == strongest })) {
		out = append(out, statement{v.base.level, v.base.reason + where(v.baseScope)})
	}
	slices.SortStableFunc(out, func(a, b statement) int { return cmp.Compare(b.level.Rank(), a.level.Rank()) })
	for i, s := range out {
		if i == maxReasons && len(out) > maxReasons+1 {
			o.reasons = append(o.reasons, "and "+strconv.Itoa(len(out)-i)+" more")
			break
		}
		o.reasons = append(o.reasons, s.text)
	}
	if o.reasons == nil {
		o.reasons = []string{}
		if len(o.unknown) == 0 {
			o.reasons = append(o.reasons, "its rules allow nothing here beyond what everybody may")
		}
	}
}

// tidy sorts the capabilities.
func (o *outcome) tidy() {
	o.capabilities = slices.DeleteFunc(o.capabilities, func(s string) bool { return s == "" })
	slices.Sort(o.capabilities)
	o.capabilities = slices.Compact(o.capabilities)
}

// levelOf is the level of a hit. What constrained impersonation gives is what
// its second verbs name.
func (t *table) levelOf(v *view, h *hit) inventory.Level {
	if t.permissions[h.permission].means != constrained {
		return h.level
	}
	as := t.derived(v, h)
	level := as.level
	if level.Rank() > levelEscalate.Rank() {
		level = levelEscalate
	}
	if level == levelEscalate && (!as.takesOver || h.level != levelEscalate && (t.limit == nil || t.limit(v, h) == nil)) {
		return levelWrite // of a namespace, or of whom it is not known that he may
	}
	return level
}

// capabilities are those of a hit.
func (t *table) capabilities(v *view, h *hit) []string {
	if t.permissions[h.permission].means != constrained {
		return []string{h.capability}
	}
	return append([]string{h.capability}, t.derived(v, h).capabilities...)
}

// inert tells of permissions that do nothing without another that is missing.
func (t *table) inert(v *view) []statement {
	var out []statement
	say := func(text string, has ...string) {
		if slices.ContainsFunc(has, func(what string) bool { return v.asked(t, what) }) {
			out = append(out, statement{none, text})
		}
	}
	if !v.any(t, "bind-cluster", "bind", "bind-roles") {
		say("bind on roles without write on bindings does nothing by itself", "bind clusterroles", "bind roles")
	}
	if !v.any(t, "escalate-cluster", "escalate", "escalate-aggregate") {
		say("escalate on roles without write on them does nothing by itself", "escalate clusterroles", "escalate roles")
	}
	if !v.any(t, "impersonate-groups") {
		say("impersonate on groups without a user or an account to act as does nothing by itself", "impersonate groups")
	}
	return out
}

// any reports whether a view has a hit of one of some permissions.
func (v *view) any(t *table, ids ...string) bool {
	return slices.ContainsFunc(v.hits, func(h hit) bool { return slices.Contains(ids, t.permissions[h.permission].ID) })
}

// asked reports whether a view has an access, given as "verb resource", at all.
func (v *view) asked(t *table, what string) bool {
	verb, resource, _ := strings.Cut(what, " ")
	for _, n := range t.byResource[resource] {
		if t.atoms[n].Verbs[0] != verb {
			continue
		}
		var one bits
		one.set(n)
		if one.meets(&v.wide) || one.meets(&v.wideNamed) {
			return true
		}
		for i := range v.locals {
			if one.meets(&v.locals[i].all) || one.meets(&v.locals[i].named) {
				return true
			}
		}
	}
	return false
}

// secrets tells which secret values a view gives.
func (t *table) secrets(v *view) Secrets {
	var s Secrets
	if v.everything(t) {
		s.All = true
		return s
	}
	for i := range v.hits {
		h := &v.hits[i]
		p := &t.permissions[h.permission]
		switch {
		case p.ID == "secrets-read" && h.named:
			names, _ := v.names(t, h, 0)
			for _, n := range names {
				s.Named = append(s.Named, cmp.Or(h.namespace, "*")+"/"+n)
			}
		case p.ID == "secrets-read" && h.namespace == "":
			s.All = true
		case p.ID == "secrets-read", p.ID == "everything":
			s.Namespaces = append(s.Namespaces, h.namespace)
		case (p.means == runAs || p.means == changeAs) && h.namespace == "" && !h.named:
			s.Mounted = append(s.Mounted, "*")
		case (p.means == runAs || p.means == changeAs) && !h.named:
			s.Mounted = append(s.Mounted, h.namespace)
		}
	}
	for _, l := range []*[]string{&s.Namespaces, &s.Mounted, &s.Named} {
		slices.Sort(*l)
		*l = slices.Compact(*l)
	}
	return s
}
