package kubernetes

import (
	"crypto/sha256"
	"encoding/hex"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/scanners/kubernetes/object"
)

// An API server holds names of objects and labels to 253 and 63 bytes, but lets
// anything of any length be the name of a user or group in a binding, and a
// manifest may hold anything anywhere.
const (
	maxName = 256  // bytes of one part of an id, or of a name
	maxText = 1024 // bytes of an attribute
	maxTags = 100  // labels of an object
	maxMore = 50   // members of a list in an attribute
)

// part returns a name as one part of an id, which holds no slash.
func part(s string) string {
	if plainName(s) {
		return s
	}
	return shorten(s, true)
}

// tail returns a name as the last part of an id, which may hold slashes.
func tail(s string) string {
	if plainName(s) {
		return s
	}
	return shorten(s, false)
}

// plainName reports whether a name needs no encoding at all.
func plainName(s string) bool {
	if s == "" || len(s) > maxName {
		return false
	}
	for i := range len(s) {
		if c := s[i]; c <= ' ' || c >= 0x7f || c == '%' || c == '/' {
			return false
		}
	}
	return true
}

// shorten makes a name printable, cuts what is too long for a part of an id, and
// keeps two of those apart by a hash. An empty one becomes a dash, so that no part
// is lost.
func shorten(s string, slashes bool) string {
	if s == "" {
		return "-"
	}
	end := ""
	if len(s) > maxName {
		sum := sha256.Sum256([]byte(s))
		s, end = inventory.Clip(s, maxName), hex.EncodeToString(sum[:8])
	}
	s = inventory.Printable(s)
	if slashes {
		s = strings.ReplaceAll(s, "/", "%2F")
	}
	return s + end
}

// word returns a text that must not be empty and hold no control character, such
// as a role's name.
func word(s string) string {
	if plainName(s) {
		return s
	}
	if s == "" {
		return "-"
	}
	return inventory.Printable(inventory.Clip(s, maxText))
}

// list joins names for an attribute.
func list(names []string) string {
	if len(names) == 1 {
		return inventory.Clip(names[0], maxText)
	}
	if len(names) > maxMore {
		return inventory.Clip(strings.Join(names[:maxMore], ","), maxText) + ",… (" + strconv.Itoa(len(names)) + ")"
	}
	return inventory.Clip(strings.Join(names, ","), 4*maxText)
}

// skew is how far clocks and the days of labels may be ahead of the scan's.
const skew = 24 * time.Hour

// past is inventory.Time of a time that people can write into labels, managedFields or a
// ConfigMap. One that lies in the future is not believed: it would make what is
// old new for ever.
func (m *mapper) past(t time.Time, kind inventory.Kind) time.Time {
	if !m.now.IsZero() && t.After(m.now.Add(skew)) {
		m.note(kind, "a date of last use or of the last write lies in the future and was left out")
		return time.Time{}
	}
	return inventory.Time(t)
}

// tagsOf returns the labels of an object and the annotations that name owners.
// The map is shared with the object where nothing needs to be changed.
func tagsOf(labels, annotations map[string]string) map[string]string {
	plain := len(labels) <= maxTags
	for k, v := range labels {
		plain = plain && k != "" && len(k) <= maxText && len(v) <= maxText && utf8.ValidString(k) && utf8.ValidString(v)
	}
	extra := 0
	for k := range annotations {
		if ownerKey(k) {
			extra++
		}
	}
	if plain && extra == 0 {
		return labels
	}
	out := make(map[string]string, min(len(labels), maxTags)+extra)
	for _, k := range slices.Sorted(maps.Keys(labels)) {
		if len(out) < maxTags && k != "" {
			out[inventory.Clip(k, maxText)] = inventory.Clip(labels[k], maxText)
		}
	}
	for k, v := range annotations {
		if ownerKey(k) {
			out[inventory.Clip(k, maxText)] = inventory.Clip(v, maxText)
		}
	}
	return out
}

// span widens a time span by that of a listing.
func span(from, to time.Time, l *object.Listing) (start, end time.Time) {
	a, b := inventory.Time(l.StartedAt), inventory.Time(l.FinishedAt)
	if from.IsZero() || !a.IsZero() && a.Before(from) {
		from = a
	}
	if b.After(to) {
		to = b
	}
	return from, to
}
