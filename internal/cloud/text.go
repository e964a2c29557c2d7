package cloud

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/muster-nhi/muster/internal/inventory"
)

// Bounds of what a record holds. Clouds bound what they keep more tightly, but a
// saved file may hold anything.
const (
	MaxName = 512  // bytes of a name, or of one part of an id
	MaxText = 1024 // bytes of an attribute or of one reason
	MaxMore = 50   // members of a list in an attribute
	maxTags = 100  // tags of a resource; the clouds allow 50 or 64
)

// plain reports whether a text can stand in an id as it is.
func plain(s string) bool {
	if s == "" || len(s) > MaxText {
		return false
	}
	for i := range len(s) {
		if c := s[i]; c <= ' ' || c >= 0x7f || c == '%' {
			return false
		}
	}
	return true
}

// Word returns a text as it may stand in an id: not empty, of bounded length,
// without control characters. What had to be cut is told apart by a hash.
func Word(s string) string {
	switch {
	case plain(s):
		return s
	case s == "":
		return "-"
	}
	out := inventory.Printable(s)
	if len(out) <= MaxText {
		return out
	}
	sum := sha256.Sum256([]byte(s))
	return inventory.Clip(out, MaxText) + hex.EncodeToString(sum[:8])
}

// Label returns a text as it may stand for a name that a record must have.
func Label(s string) string {
	return inventory.Clip(Word(s), MaxName)
}

// List joins names for an attribute, sorted and each once.
func List(names []string) string {
	if len(names) == 0 {
		return ""
	}
	sorted := slices.Clone(names)
	slices.Sort(sorted)
	sorted = slices.DeleteFunc(slices.Compact(sorted), func(s string) bool { return s == "" })
	return InOrder(sorted)
}

// InOrder joins names for an attribute as they come.
func InOrder(names []string) string {
	if len(names) > MaxMore {
		return inventory.Clip(strings.Join(names[:MaxMore], ","), 4*MaxText) + ",… (" + strconv.Itoa(len(names)) + ")"
	}
	return inventory.Clip(strings.Join(names, ","), 4*MaxText)
}

// Latest returns the latest of some times.
func Latest(times ...time.Time) time.Time {
	var out time.Time
	for _, t := range times {
		if t = inventory.Time(t); t.After(out) {
			out = t
		}
	}
	return out
}

// PublicIDs returns public ids as a record may hold them, each once.
func PublicIDs(ids []string) []string {
	var out []string
	for _, id := range ids {
		if id = inventory.Clip(id, MaxText); id != "" && !slices.Contains(out, id) {
			out = append(out, id)
		}
	}
	return out
}
