package cloud

import (
	"slices"
	"strings"

	"github.com/muster-nhi/muster/internal/inventory"
)

// Matches reports whether a call is one of a pattern with stars.
func Matches(pattern, call string) bool {
	parts := strings.Split(pattern, "*")
	if len(parts) == 1 {
		return pattern == call
	}
	if !strings.HasPrefix(call, parts[0]) {
		return false
	}
	call = call[len(parts[0]):]
	last := parts[len(parts)-1]
	for _, p := range parts[1 : len(parts)-1] {
		i := strings.Index(call, p)
		if i < 0 {
			return false
		}
		call = call[i+len(p):]
	}
	return strings.HasSuffix(call, last)
}

// Feeds says what comes from a call, by kind. An F says what records of one kind come
// from one call. It remembers what it was asked, so that it is for one goroutine.
//
// Memory: an entry for each call that it was asked about.
type Feeds[F any] struct {
	lists map[inventory.Kind][]F
	call  func(F) string
	known map[string]map[inventory.Kind]F
}

// NewFeeds returns the feeds of some kinds, each kind's most telling first. The call of
// a feed may have stars, which stand for any text.
func NewFeeds[F any](kinds []inventory.Kind, of func(inventory.Kind) []F, call func(F) string) Feeds[F] {
	t := Feeds[F]{lists: make(map[inventory.Kind][]F, len(kinds)), call: call, known: map[string]map[inventory.Kind]F{}}
	for _, k := range kinds {
		t.lists[k] = of(k)
	}
	return t
}

// List returns all that a kind is made of; callers do not change it.
func (t Feeds[F]) List(kind inventory.Kind) []F { return t.lists[kind] }

// Of returns what of a kind comes from a call.
func (t Feeds[F]) Of(kind inventory.Kind, call string) (F, bool) {
	f, ok := t.all(call)[kind]
	return f, ok
}

// Any reports whether records of some kind come from a call.
func (t Feeds[F]) Any(call string) bool { return len(t.all(call)) > 0 }

// all returns what comes from a call, of each kind.
func (t Feeds[F]) all(call string) map[inventory.Kind]F {
	out, ok := t.known[call]
	if ok {
		return out
	}
	out = map[inventory.Kind]F{}
	for k, list := range t.lists {
		if i := slices.IndexFunc(list, func(f F) bool { return Matches(t.call(f), call) }); i >= 0 {
			out[k] = list[i]
		}
	}
	t.known[call] = out
	return out
}
