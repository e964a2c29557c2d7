package wire

import (
	"encoding/json"
	"encoding/xml"
	"fmt"
	"maps"
	"math"
	"strconv"
	"strings"
	"time"
)

// Values are the parameters of a request: strings, ints, bools, lists of strings
// and, where the protocol has JSON, anything that JSON can say.
type Values map[string]any

// with returns v and one more.
func (v Values) with(name string, value any) Values {
	out := make(Values, len(v)+1)
	maps.Copy(out, v)
	out[name] = value
	return out
}

// A Time is a timestamp in any of the forms of AWS: seconds since 1970 with
// fractions, or RFC 3339. It is zero if it is missing, and where it cannot be
// read, which loses one date and not the whole page.
type Time struct{ time.Time }

// UnmarshalJSON reads a number of seconds or a text.
func (t *Time) UnmarshalJSON(data []byte) error {
	s := strings.Trim(string(data), `"`)
	if s == "" || s == "null" {
		return nil
	}
	return t.UnmarshalText([]byte(s))
}

// UnmarshalText reads a number of seconds or RFC 3339.
func (t *Time) UnmarshalText(text []byte) error {
	s := strings.TrimSpace(string(text))
	if at, err := time.Parse(time.RFC3339Nano, s); err == nil {
		t.Time = at.UTC()
		return nil
	}
	if at, err := time.Parse("2006-01-02T15:04:05.999999999-0700", s); err == nil { // Lambda
		t.Time = at.UTC()
		return nil
	}
	seconds, err := strconv.ParseFloat(s, 64)
	if err != nil || math.IsNaN(seconds) || math.Abs(seconds) > 1e11 {
		return nil //nolint:nilerr // an unreadable date is unknown
	}
	t.Time = time.UnixMilli(int64(math.Round(seconds * 1000))).UTC()
	return nil
}

// UnmarshalXML reads the text of an element.
func (t *Time) UnmarshalXML(d *xml.Decoder, start xml.StartElement) error {
	var s string
	if err := d.DecodeElement(&s, &start); err != nil {
		return fmt.Errorf("read a date: %w", err)
	}
	return t.UnmarshalText([]byte(s))
}

// A Dropped is a value that is not kept: whatever the answer holds, nothing of it
// is decoded.
type Dropped struct{}

// UnmarshalJSON skips the value.
func (Dropped) UnmarshalJSON([]byte) error { return nil }

// A Text is a string that may be missing or of another type; then it is empty.
type Text string

// UnmarshalJSON reads a string, or writes down a number or a bool.
func (t *Text) UnmarshalJSON(data []byte) error {
	var s string
	if json.Unmarshal(data, &s) == nil {
		*t = Text(s)
		return nil
	}
	if s := string(data); s != "null" && !strings.ContainsAny(s, "{[") {
		*t = Text(s)
	}
	return nil
}

// A Page is embedded in the type of each answer that comes in pages. It has the
// names under which services send the token of the next page. encoding/json
// compares names without case, encoding/xml with it.
type Page struct {
	NextToken         string `json:"nextToken" xml:"NextToken"`
	NextMarker        string `json:"nextMarker" xml:"NextMarker"`
	Marker            string `json:"-" xml:"Marker"`
	Token             string `json:"-" xml:"nextToken"`
	PaginationToken   string `json:"paginationToken" xml:"-"`
	ContinuationToken string `json:"-" xml:"ContinuationToken"`
	Truncated         *bool  `json:"truncated" xml:"IsTruncated"`
	TruncatedLower    *bool  `json:"-" xml:"isTruncated"`
}

// next returns the token of the next page, and whether the answer says that there
// is one.
func (p Page) next() (token string, more bool) {
	for _, t := range []string{p.NextToken, p.NextMarker, p.Marker, p.Token, p.PaginationToken, p.ContinuationToken} {
		if t != "" {
			token = t
			break
		}
	}
	for _, b := range []*bool{p.Truncated, p.TruncatedLower} {
		if b != nil {
			if !*b {
				return "", false // IAM may send a marker with a last page
			}
			return token, true
		}
	}
	return token, token != ""
}
