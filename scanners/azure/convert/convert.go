// Package convert turns the answers of Microsoft Graph, Resource Manager, Resource
// Graph and Key Vault into package object: as the services send them, and as az and
// scripts save them. The forms are those of the services' own documentation.
//
// Every type leaves out what holds the value of a secret. Ids of Entra are kept in
// lower case. Nothing here does I/O.
package convert

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/scanners/azure/object"
)

// A Stamp is a time that may be missing or unreadable; then it is zero.
type Stamp struct{ time.Time }

// maxSeconds is the year 9999, which is as far as a record can tell a time.
const maxSeconds = 253402300799

// UnmarshalJSON reads RFC 3339 with any number of digits, without a zone, as Resource
// Graph leaves it out of some, and seconds since 1970, as vaults write them. It never
// errs, so that nothing else is lost.
func (s *Stamp) UnmarshalJSON(data []byte) error {
	n, err := strconv.ParseInt(string(data), 10, 64)
	if err == nil && n > 0 && n <= maxSeconds {
		s.Time = time.Unix(n, 0).UTC()
		return nil
	}
	var text string
	_ = json.Unmarshal(data, &text) // what is no time is unknown
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05.999999999"} {
		if at, err := time.Parse(layout, text); err == nil && at.Year() > 1 {
			s.Time = at.UTC()
			break
		}
	}
	return nil
}

// A Flag is yes or no, in whichever way a resource says it; what is neither is
// unknown.
type Flag struct{ inventory.Tri }

// UnmarshalJSON reads true, "true", "Enabled" and their opposites. It never errs.
func (f *Flag) UnmarshalJSON(data []byte) error {
	switch strings.ToLower(strings.Trim(string(data), `"`)) {
	case "true", "enabled", "allow":
		f.Tri = inventory.True
	case "false", "disabled", "deny", "securedbyperimeter":
		f.Tri = inventory.False
	}
	return nil
}

// Or returns what a flag is if it is not told.
func (f Flag) Or(t inventory.Tri) inventory.Tri {
	if f.Tri == inventory.Unknown {
		return t
	}
	return f.Tri
}

// Not turns yes into no and no into yes; unknown stays unknown.
func Not(t inventory.Tri) inventory.Tri {
	switch t {
	case inventory.True:
		return inventory.False
	case inventory.False:
		return inventory.True
	default:
		return t
	}
}

// Tri reads what an answer may leave out.
func Tri(b *bool) inventory.Tri {
	if b == nil {
		return inventory.Unknown
	}
	return inventory.TriOf(*b)
}

// Tags are those of a resource, by key.
type Tags []object.Tag

// UnmarshalJSON reads an object of texts, or null. What is no text is passed over. It
// never errs.
func (t *Tags) UnmarshalJSON(data []byte) error {
	var m map[string]any
	_ = json.Unmarshal(data, &m) // what are no tags are none
	for _, k := range slices.Sorted(maps.Keys(m)) {
		if s, ok := m[k].(string); ok {
			*t = append(*t, object.Tag{Key: k, Value: s})
		}
	}
	return nil
}

// sha1Size is the length of a thumbprint in bytes.
const sha1Size = 20

// Thumbprint reads the SHA-1 of a certificate, in hex, in the ways in which Entra,
// vaults and az write it: hex, base64 with either alphabet, base64 of the hex.
// Whatever else it is, is somebody's own text and not kept: empty.
func Thumbprint(s string) string {
	if b, err := hex.DecodeString(s); err == nil && len(b) == sha1Size {
		return strings.ToUpper(s)
	}
	bare := strings.NewReplacer("-", "+", "_", "/").Replace(strings.TrimRight(s, "="))
	b, err := base64.RawStdEncoding.DecodeString(bare)
	switch {
	case err != nil:
		return ""
	case len(b) == sha1Size:
		return strings.ToUpper(hex.EncodeToString(b))
	case len(b) == 2*sha1Size:
		if inner, err := hex.DecodeString(string(b)); err == nil {
			return strings.ToUpper(hex.EncodeToString(inner))
		}
	}
	return ""
}

// isoDuration is ISO 8601 as Edm.Duration writes it, with years and months as some
// policies have them.
const isoDuration = `^P(?:(\d+)Y)?(?:(\d+)M)?(?:(\d+)W)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)(?:\.\d+)?S)?)?$`

// maxDuration bounds durations: 100 years, which a time.Duration can hold.
const maxDuration = 100 * 365 * 24 * time.Hour

// duration reads a duration: a month is 30 days, a year 365. What cannot be read is
// 0, and so is what is longer than maxDuration.
func duration(s string) time.Duration {
	parts := regexp.MustCompile(isoDuration).FindStringSubmatch(s)
	if parts == nil {
		return 0
	}
	const day = 24 * time.Hour
	var out time.Duration
	for i, unit := range []time.Duration{365 * day, 30 * day, 7 * day, day, time.Hour, time.Minute, time.Second} {
		if parts[i+1] == "" {
			continue
		}
		n, err := strconv.ParseInt(parts[i+1], 10, 64)
		if err != nil || n > int64(maxDuration/unit) {
			return 0
		}
		if out += time.Duration(n) * unit; out > maxDuration {
			return 0
		}
	}
	return out
}

// LastOf returns the last part of an ARM id.
func LastOf(id string) string { return id[strings.LastIndex(id, "/")+1:] }

// A Told reports whether an answer told of a field, if only that it is null. A nil Told
// is of an answer to a question that named all fields: what is not there is none.
type Told func(field string) bool

func (t Told) of(field string) bool { return t == nil || t(field) }

// Everyone is whom a deny assignment for everybody names.
const Everyone = "00000000-0000-0000-0000-000000000000"
