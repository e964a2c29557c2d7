package paths

import (
	"maps"
	"slices"
	"strings"
)

// A place is a scope of Azure.
type place struct {
	id     string // in lower case, without a slash at the end
	parent int32  // -1 of the tenant's root
	depth  int32
	whole  bool // a subscription or wider
	// below are the ways that resources at the place or under it are open to.
	below    uint64
	unread   uint64 // ways of which there may be more under it than was read
	children []int32
	vault    int32   // one with access policies at the place or under it; -1 is none
	held     []int32 // resources that are at the place itself
	denied   bool    // there is a deny assignment on it or under it
}

const (
	maxDepth           = 40 // of scopes inside each other; Azure has about ten
	groupPrefix        = "/providers/microsoft.management/managementgroups/"
	subscriptionPrefix = "/subscriptions/"
)

// fold is an ARM id as it is compared.
func fold(id string) string { return strings.TrimRight(strings.ToLower(strings.TrimSpace(id)), "/") }

// place finds a scope, and makes it with those above it.
func (a *Analysis) place(id string) int32 {
	id = fold(id)
	if at, ok := a.at[id]; ok {
		return at
	}
	parent := int32(-1)
	if id != "" {
		parent = a.place(a.above(id))
		if a.places[parent].depth > maxDepth { // not one of Azure's
			parent = a.place("")
		}
	}
	at := int32(len(a.places))
	p := place{id: id, parent: parent, whole: wide(id), vault: -1}
	if parent >= 0 {
		p.depth = a.places[parent].depth + 1
		a.places[parent].children = append(a.places[parent].children, at)
	}
	a.places = append(a.places, p)
	a.at[id] = at
	return at
}

// wide reports whether a scope is a subscription or more.
func wide(id string) bool {
	for _, prefix := range []string{subscriptionPrefix, groupPrefix} {
		if rest, ok := strings.CutPrefix(id, prefix); ok && !strings.Contains(rest, "/") {
			return true
		}
	}
	return id == ""
}

// above is the scope around a scope.
func (a *Analysis) above(id string) string {
	if wide(id) { // a management group or a subscription
		return a.over[id]
	}
	if strings.Count(id, "/") > 2*maxDepth {
		return ""
	}
	at := strings.LastIndexByte(id, '/')
	if at <= 0 {
		return ""
	}
	if at = strings.LastIndexByte(id[:at], '/'); at <= 0 {
		return ""
	}
	id = id[:at]
	if at = strings.LastIndex(id, "/providers/"); at >= 0 && !strings.Contains(id[at+len("/providers/"):], "/") {
		id = id[:at]
	}
	return id
}

// hierarchy notes which management group is over which scope. A circle among
// them, or a chain that is none of Azure's, is broken.
func (a *Analysis) hierarchy() {
	name := func(id string) string {
		if id == "" {
			return ""
		}
		return groupPrefix + strings.ToLower(id[strings.LastIndexByte(id, '/')+1:])
	}
	for i := range a.estate.Management {
		m := &a.estate.Management[i]
		a.over[name(m.ID)] = name(m.Parent)
	}
	for _, id := range slices.Sorted(maps.Keys(a.over)) {
		steps := 0
		for at := id; at != ""; at = a.over[at] {
			if steps++; steps > maxDepth {
				a.over[at] = ""
			}
		}
	}
	for i := range a.estate.Subscriptions {
		s := &a.estate.Subscriptions[i]
		a.over[subscriptionPrefix+strings.ToLower(s.ID)] = name(s.Management)
	}
}

// within reports whether a place is another one or under it.
func (a *Analysis) within(at, of int32) bool {
	for a.places[at].depth > a.places[of].depth {
		at = a.places[at].parent
	}
	return at == of
}
