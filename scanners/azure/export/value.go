package export

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

// A stamp is a time that may be missing or unreadable; then it is zero.
type stamp struct{ time.Time }

// maxSeconds is the year 9999, which is as far as a record can tell a time.
const maxSeconds = 253402300799

// UnmarshalJSON reads RFC 3339 with any number of digits, without a zone, as Resource
// Graph leaves it out of some, and seconds since 1970, as vaults write them.
func (s *stamp) UnmarshalJSON(data []byte) error {
	n, err := strconv.ParseInt(string(data), 10, 64)
	if err == nil && n > 0 && n <= maxSeconds {
		s.Time = time.Unix(n, 0).UTC()
	}
	text := text(data)
	if text == "" {
		return nil
	}
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05.999999999"} {
		if at, err := time.Parse(layout, text); err == nil && at.Year() > 1 {
			s.Time = at.UTC()
			break
		}
	}
	return nil
}

// A flag is yes or no, in whichever way a resource says it; what is neither is
// unknown.
type flag struct{ inventory.Tri }

// UnmarshalJSON reads true, "true", "Enabled" and their opposites.
func (f *flag) UnmarshalJSON(data []byte) error {
	switch strings.ToLower(strings.Trim(string(data), `"`)) {
	case "true", "enabled", "allow":
		f.Tri = inventory.True
	case "false", "disabled", "deny", "securedbyperimeter":
		f.Tri = inventory.False
	}
	return nil
}

// or returns what a flag is if it is not told.
func (f flag) or(t inventory.Tri) inventory.Tri {
	if f.Tri == inventory.Unknown {
		return t
	}
	return f.Tri
}

// not turns a flag around.
func not(t inventory.Tri) inventory.Tri { return -t }

// tags are those of a resource.
type tags []object.Tag

// UnmarshalJSON reads an object of texts, or null. What is no text is passed over.
func (t *tags) UnmarshalJSON(data []byte) error {
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

// thumbprint reads the SHA-1 of a certificate in the ways in which Entra, vaults and
// az write it: hex, base64 with either alphabet, base64 of the hex. Whatever else it
// is, is somebody's own text and not kept.
func thumbprint(s string) string {
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

// tri reads what may be missing.
func tri(b *bool) inventory.Tri {
	if b == nil {
		return inventory.Unknown
	}
	return inventory.TriOf(*b)
}

// guidForm is how ids of Entra and of subscriptions look.
const guidForm = `[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}`

// isGUID reports whether a text is an id as Entra gives them.
func isGUID(s string) bool {
	if len(s) != 36 {
		return false
	}
	for i, c := range []byte(s) {
		dash := i == 8 || i == 13 || i == 18 || i == 23
		if dash != (c == '-') || !dash && !strings.ContainsRune("0123456789abcdefABCDEF", rune(c)) {
			return false
		}
	}
	return true
}

// lastOf returns the last part of an ARM id.
func lastOf(id string) string { return id[strings.LastIndex(id, "/")+1:] }

// lower is short for the GUIDs of Entra, which are kept in lower case.
func lower(s string) string { return strings.ToLower(s) }

// text is the text of a field; empty if it is none.
func text(raw json.RawMessage) string {
	var s string
	if json.Unmarshal(raw, &s) != nil {
		return ""
	}
	return s
}

// A ref is a related object, as far as its id.
type ref struct {
	ID    string `json:"id"`
	OData string `json:"@odata.type"`
}

// ids returns the ids of related objects.
func ids(list []ref) []string {
	var out []string
	for _, r := range list {
		if r.ID != "" {
			out = append(out, lower(r.ID))
		}
	}
	return out
}

// some makes no difference between an empty list and none.
func some(list []string) []string {
	if len(list) == 0 {
		return nil
	}
	return list
}
