package azure

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/scanners/azure/object"
)

// Entra bounds names to 256 characters, but a saved file may hold anything.
const (
	maxName = 512  // bytes of a name, or of one part of an id
	maxText = 1024 // bytes of an attribute or of one reason
	maxTags = 100  // tags of a resource; ARM allows 50
	maxMore = 50   // members of a list in an attribute
)

// plain reports whether a text can stand in an id as it is.
func plain(s string) bool {
	if s == "" || len(s) > maxText {
		return false
	}
	for i := range len(s) {
		if c := s[i]; c <= ' ' || c >= 0x7f || c == '%' {
			return false
		}
	}
	return true
}

// word returns a text as it may stand in an id: not empty, of bounded length,
// without control characters. What had to be cut is told apart by a hash.
func word(s string) string {
	switch {
	case plain(s):
		return s
	case s == "":
		return "-"
	}
	out := inventory.Printable(s)
	if len(out) <= maxText {
		return out
	}
	sum := sha256.Sum256([]byte(s))
	return inventory.Clip(out, maxText) + hex.EncodeToString(sum[:8])
}

// label returns a text as it may stand for a name that a record must have.
func label(s string) string {
	return inventory.Clip(word(s), maxName)
}

// list joins names for an attribute, sorted and each once.
func list(names []string) string {
	if len(names) == 0 {
		return ""
	}
	sorted := slices.Clone(names)
	slices.Sort(sorted)
	sorted = slices.DeleteFunc(slices.Compact(sorted), func(s string) bool { return s == "" })
	return inOrder(sorted)
}

// inOrder joins names for an attribute as they come.
func inOrder(names []string) string {
	if len(names) > maxMore {
		return inventory.Clip(strings.Join(names[:maxMore], ","), 4*maxText) + ",… (" + number(len(names)) + ")"
	}
	return inventory.Clip(strings.Join(names, ","), 4*maxText)
}

func number(n int) string { return strconv.Itoa(n) }

// latest returns the latest of some times.
func latest(times ...time.Time) time.Time {
	var out time.Time
	for _, t := range times {
		if t = inventory.Time(t); t.After(out) {
			out = t
		}
	}
	return out
}

// attributes gathers the attributes of a record; empty values are left out.
type attributes map[string]string

func (a attributes) set(name, value string) {
	if value != "" {
		a[name] = inventory.Clip(value, 4*maxText)
	}
}

func (a attributes) yes(name string, is bool) {
	if is {
		a[name] = "true"
	}
}

func (a attributes) tri(name string, t inventory.Tri) {
	if t != inventory.Unknown {
		a[name] = t.String()
	}
}

func (a attributes) time(name string, t time.Time) {
	if t = inventory.Time(t); !t.IsZero() {
		a[name] = t.Format(time.RFC3339)
	}
}

// count sets a number, but zero only if it is known that there are none.
func (a attributes) count(name string, n int, known bool) {
	if n > 0 || known {
		a[name] = number(n)
	}
}

// tagsOf returns tags as a record holds them; nil if there are none.
func tagsOf(tags []object.Tag) map[string]string {
	if len(tags) == 0 {
		return nil
	}
	out := make(map[string]string, min(len(tags), maxTags))
	for _, t := range tags {
		if t.Key != "" && len(out) < maxTags {
			out[inventory.Clip(t.Key, maxText)] = inventory.Clip(t.Value, maxText)
		}
	}
	return out
}

// tag returns the value of the first of some keys, in their order and whatever
// their case.
func tag(tags []object.Tag, keys ...string) (value string) {
	for _, k := range keys {
		for i := range tags {
			if strings.EqualFold(tags[i].Key, k) && tags[i].Value != "" {
				return tags[i].Value
			}
		}
	}
	return ""
}

// reviewedAt reads when somebody certified what an identity may do from the tag
// reviewed_at: a date, or a time as in RFC 3339. Anything else is not known.
func reviewedAt(tags []object.Tag) time.Time {
	v := strings.TrimSpace(tag(tags, "reviewed_at", "reviewed-at", "last_reviewed"))
	for _, layout := range []string{time.DateOnly, time.RFC3339} {
		if t, err := time.Parse(layout, v); err == nil {
			return inventory.Time(t)
		}
	}
	return time.Time{}
}

// environmentOf returns the environment that tags name, in muster's words where
// it is one of those everybody has; empty is unknown.
func environmentOf(tags ...[]object.Tag) string {
	for _, t := range tags {
		v := strings.TrimSpace(tag(t, "environment", "env", "stage"))
		switch strings.ToLower(v) {
		case "":
			continue
		case "prod", "prd", "production", "live":
			return "production"
		case "stage", "stg", "staging", "preprod", "pre-production":
			return "staging"
		case "dev", "development", "sandbox":
			return "development"
		case "test", "qa", "testing":
			return "test"
		}
		if strings.IndexFunc(v, unicode.IsControl) < 0 {
			return inventory.Clip(v, maxName)
		}
	}
	return ""
}

// lastPart returns what stands behind the last slash.
func lastPart(s string) string { return s[strings.LastIndexByte(s, '/')+1:] }

// lower returns a GUID as it is compared.
func lower(id string) string { return strings.ToLower(strings.TrimSpace(id)) }

// isGUID reports whether a text is 32 hex digits in groups of 8, 4, 4, 4 and 12.
func isGUID(s string) bool {
	if len(s) != 36 {
		return false
	}
	for i := range len(s) {
		c := s[i]
		switch {
		case i == 8 || i == 13 || i == 18 || i == 23:
			if c != '-' {
				return false
			}
		case (c < '0' || c > '9') && (c < 'a' || c > 'f') && (c < 'A' || c > 'F'):
			return false
		}
	}
	return true
}

// unique returns names sorted and each once, without empty ones.
func unique(names []string) []string {
	out := slices.Clone(names)
	slices.Sort(out)
	return slices.DeleteFunc(slices.Compact(out), func(s string) bool { return s == "" })
}

// clean returns public ids as records may hold them.
func clean(ids []string) []string {
	var out []string
	for _, id := range ids {
		if id = inventory.Clip(strings.TrimSpace(id), maxText); id != "" && !slices.Contains(out, id) && len(out) < maxMore {
			out = append(out, id)
		}
	}
	return out
}
