package role

import (
	"math/bits"
	"sync"
)

// words is the length of a Set.
const words = 3

// A Set is a set of watched permissions. The zero value is empty.
type Set [words]uint64

// A Permission is the number of a watched permission.
type Permission int

// numbers finds permissions by name.
//
//nolint:gochecknoglobals // a function, made once: the table that it makes never changes
var numbers = sync.OnceValue(func() map[string]Permission {
	out := make(map[string]Permission, len(watched))
	for i, name := range watched {
		out[name] = Permission(i)
	}
	return out
})

// Number returns the number of a permission, and false for one that is not
// watched.
func Number(name string) (Permission, bool) {
	p, ok := numbers()[name]
	return p, ok
}

// String returns the name of a permission.
func (p Permission) String() string {
	if p < 0 || int(p) >= len(watched) {
		return ""
	}
	return watched[p]
}

// SetOf makes a set of those of the permissions that are watched.
func SetOf(names ...string) Set {
	var s Set
	for _, name := range names {
		if p, ok := Number(name); ok {
			s.Add(p)
		}
	}
	return s
}

// Add puts a permission into the set.
func (s *Set) Add(p Permission) { s[p/64] |= 1 << (p % 64) }

// Has reports whether a permission is in the set.
func (s *Set) Has(p Permission) bool { return s[p/64]&(1<<(p%64)) != 0 }

// Or puts all of another set into the set.
func (s *Set) Or(o Set) {
	for i := range s {
		s[i] |= o[i]
	}
}

// And leaves what both have.
func (s *Set) And(o Set) {
	for i := range s {
		s[i] &= o[i]
	}
}

// Without takes all of another set out of the set.
func (s *Set) Without(o Set) {
	for i := range s {
		s[i] &^= o[i]
	}
}

// Contains reports whether all of another set is in the set.
func (s *Set) Contains(o Set) bool {
	for i := range s {
		if o[i]&^s[i] != 0 {
			return false
		}
	}
	return true
}

// Meets reports whether some of another set is in the set.
func (s *Set) Meets(o Set) bool {
	for i := range s {
		if o[i]&s[i] != 0 {
			return true
		}
	}
	return false
}

// Empty reports whether nothing is in the set.
func (s *Set) Empty() bool { return *s == Set{} }

// Len is the number of permissions in the set.
func (s *Set) Len() int {
	n := 0
	for _, w := range s {
		n += bits.OnesCount64(w)
	}
	return n
}

// Names lists the permissions of the set in the order of the table.
func (s *Set) Names() []string {
	var out []string
	for i, name := range watched {
		if s.Has(Permission(i)) {
			out = append(out, name)
		}
	}
	return out
}
