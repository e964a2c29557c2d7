package inventory

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// The bounds that Validate holds records to. They are far above what any
// platform allows and keep one hostile record from filling memory or a screen.
const (
	MaxID     = 4096    // bytes in an id, type, scope or name of a scanner
	MaxString = 1 << 17 // bytes in any other string; the longest policy documents have 20 kB
	MaxList   = 100_000 // entries in a list or a map
)

// A check collects the first thing that is wrong with one record. Its methods
// take the JSON name of the field, and never quote the field's content.
type check struct {
	err error
}

func (c *check) failf(field, format string, args ...any) {
	if c.err == nil {
		c.err = fmt.Errorf("%s: %w", field, fmt.Errorf(format, args...))
	}
}

// token checks a required string that identifies something.
func (c *check) token(field, s string) {
	if s == "" {
		c.failf(field, "is missing")
		return
	}
	c.optional(field, s)
}

// optional checks a string that identifies something, or is empty.
func (c *check) optional(field, s string) {
	switch {
	case c.err != nil || s == "":
	case len(s) > MaxID:
		c.failf(field, "has %d bytes, the limit is %d", len(s), MaxID)
	case !utf8.ValidString(s):
		c.failf(field, "is not UTF-8")
	case strings.IndexFunc(s, unicode.IsControl) >= 0:
		c.failf(field, "holds a control character")
	}
}

// id checks a required id of the form "<scanner>:<native id>".
func (c *check) id(field, s string) {
	c.token(field, s)
	if c.err != nil {
		return
	}
	if name, native, ok := strings.Cut(s, ":"); !ok || native == "" || !ValidName(name) {
		c.failf(field, "is not of the form <scanner>:<native id>")
	}
}

// text checks strings for people.
func (c *check) text(field string, list ...string) {
	for _, s := range list {
		switch {
		case c.err != nil:
			return
		case len(s) > MaxString:
			c.failf(field, "has %d bytes, the limit is %d", len(s), MaxString)
		case !utf8.ValidString(s):
			c.failf(field, "is not UTF-8")
		}
	}
}

// texts checks a list of strings.
func (c *check) texts(field string, list []string) {
	c.length(field, len(list))
	if c.err == nil {
		c.text(field, list...)
	}
}

// tags checks a map of strings. Its keys are taken in no order, so the message
// names the field only.
func (c *check) tags(field string, m map[string]string) {
	c.length(field, len(m))
	for k, v := range m {
		if c.err != nil {
			return
		}
		if k == "" {
			c.failf(field, "has an empty key")
		}
		c.text(field, k, v)
	}
}

func (c *check) length(field string, n int) {
	if n > MaxList {
		c.failf(field, "has %d entries, the limit is %d", n, MaxList)
	}
}

// time checks that a time is unknown (zero), or in UTC and between the years
// 1900 and 9999, which is what RFC 3339 can write and certificates can hold.
func (c *check) time(field string, t time.Time) {
	if c.err != nil || t.IsZero() {
		return
	}
	if t.Location() != time.UTC {
		c.failf(field, "is not in UTC")
	}
	if y := t.Year(); !written(y) {
		c.failf(field, "has the year %d, outside 1900 to 9999", y)
	}
}

// written reports whether a record can hold a time of a year.
func written(year int) bool { return year >= 1900 && year <= 9999 }

// Time returns a time as a record may hold it: in UTC, and zero, which is unknown,
// if its year is not between 1900 and 9999.
func Time(t time.Time) time.Time {
	if t = t.UTC(); !written(t.Year()) {
		return time.Time{}
	}
	return t
}

// count checks a number that cannot be negative.
func (c *check) count(field string, n int) {
	if n < 0 {
		c.failf(field, "is negative")
	}
}

func (c *check) tri(field string, t Tri) {
	if t < False || t > True {
		c.failf(field, "is not true, false or unknown")
	}
}

// hex checks a string of so many lower-case hex digits, or none.
func (c *check) hex(field, s string, digits ...int) {
	if s != "" && (!slices.Contains(digits, len(s)) || !lowerHex(s)) {
		c.failf(field, "is not of %d lower-case hex digits", digits[0])
	}
}

// oneOf checks a value that comes from a closed list.
func oneOf[S ~string](c *check, field string, s S, list []S) {
	if c.err == nil && !slices.Contains(list, s) {
		c.failf(field, "%s is none of %q", quote(string(s)), slices.Clone(list)) // a clone, so that list need not be on the heap
	}
}

// locations checks the places of a record.
func (c *check) locations(list []Location) {
	c.length("found_at", len(list))
	for i := range list {
		if c.err != nil {
			return
		}
		list[i].check(c)
	}
}

func (l *Location) check(c *check) {
	c.token("found_at.uri", l.URI)
	c.text("found_at.repo", l.Repo)
	c.hex("found_at.commit", l.Commit, 40, 64)
	c.count("found_at.line", l.Line)
	c.count("found_at.column", l.Column)
	if l.EndLine != 0 && l.EndLine < l.Line {
		c.failf("found_at.end_line", "is before line")
	}
	c.text("found_at.author", l.Author, l.Via, l.Committer)
	c.time("found_at.date", l.Date)
	c.time("found_at.committed_at", l.CommittedAt)
	c.tri("found_at.at_head", l.AtHead)
}

// ValidName reports whether s can be the name of a scanner: a lower-case ASCII
// letter, then at most 63 lower-case letters, digits, dashes or underscores.
func ValidName(s string) bool {
	if s == "" || len(s) > 64 || s[0] < 'a' || s[0] > 'z' {
		return false
	}
	for i := range len(s) {
		if c := s[i]; (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '-' && c != '_' {
			return false
		}
	}
	return true
}

// Clip cuts a text to at most n bytes and the sign of a cut, between two characters,
// and replaces bytes that are not UTF-8.
func Clip(s string, n int) string {
	if len(s) > n {
		for n > 0 && !utf8.RuneStart(s[n]) {
			n--
		}
		s = s[:n] + "…"
	}
	return strings.ToValidUTF8(s, "\uFFFD")
}

// Printable returns s with control characters, bytes that are not UTF-8 and
// per cent signs percent-encoded, so that file names and the like can stand in
// ids, scopes and locations. It returns other strings unchanged.
func Printable(s string) string {
	odd := func(r rune) bool { return r == '%' || r == utf8.RuneError || unicode.IsControl(r) }
	if strings.IndexFunc(s, odd) < 0 {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); {
		r, n := utf8.DecodeRuneInString(s[i:])
		if r == '%' || r == utf8.RuneError && n == 1 || unicode.IsControl(r) {
			for _, x := range []byte(s[i : i+n]) {
				fmt.Fprintf(&b, "%%%02X", x)
			}
		} else {
			b.WriteString(s[i : i+n])
		}
		i += n
	}
	return b.String()
}

// quote quotes an id, a type or an enumerated value for a message, cut to a
// length that fits one.
func quote(s string) string {
	const most = 200
	if len(s) > most {
		return strconv.Quote(s[:most]) + "…"
	}
	return strconv.Quote(s)
}
