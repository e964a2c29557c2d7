package report

import (
	"bufio"
	"fmt"
	"io"
	"strings"
	"unicode"
	"unicode/utf8"
)

// A sheet writes rows as RFC 4180 asks: CRLF, and every field in quotes, so
// that a program that splits at another character does so less often. The
// first error stays.
type sheet struct {
	w   *bufio.Writer
	err error
}

func newSheet(w io.Writer) *sheet { return &sheet{w: bufio.NewWriterSize(w, 1<<16)} }

// row writes one row. Fields are made safe by guard.
func (s *sheet) row(fields []string) {
	for i, f := range fields {
		if i > 0 {
			s.put(",")
		}
		s.put(`"`)
		s.put(strings.ReplaceAll(guard(f), `"`, `""`))
		s.put(`"`)
	}
	s.put("\r\n")
}

func (s *sheet) put(text string) {
	if s.err == nil {
		_, s.err = s.w.WriteString(text)
	}
}

func (s *sheet) finish() error {
	if s.err == nil {
		s.err = s.w.Flush()
	}
	if s.err != nil {
		return fmt.Errorf("write CSV: %w", s.err)
	}
	return nil
}

// guard makes a field safe to open in a spreadsheet: invisible characters are
// made visible, a field that would be taken for a formula or for a number that
// loses digits gets an apostrophe in front, and so does one that begins with
// an apostrophe, so that dropping one gives the text back. A formula that
// follows a semicolon, where some languages split fields, gets one too.
// Source: OWASP, CSV Injection.
func guard(s string) string {
	if s == "" {
		return ""
	}
	s = guardSplit(clean(s))
	if formula(s) || s[0] == '\'' || longNumber(s) {
		return "'" + s
	}
	return s
}

// formula reports whether a spreadsheet might take s for a formula: its first
// character, white space left out, is one of = + - @ or their full-width
// twins. Tab and CR cannot lead, for clean has made them visible.
func formula(s string) bool {
	s = strings.TrimLeftFunc(s, unicode.IsSpace)
	r, _ := utf8.DecodeRuneInString(s)
	return strings.ContainsRune("=+-@＝＋－＠", r)
}

// guardSplit puts an apostrophe behind each semicolon that a formula follows.
func guardSplit(s string) string {
	if !strings.Contains(s, ";") {
		return s
	}
	parts := strings.Split(s, ";")
	for i := 1; i < len(parts); i++ {
		if formula(parts[i]) {
			parts[i] = "'" + parts[i]
		}
	}
	return strings.Join(parts, ";")
}

// longNumber reports whether a spreadsheet would change s by reading it as a
// number: more digits than it keeps (15), a leading zero, or an exponent.
func longNumber(s string) bool {
	digits, exponent := 0, false
	for i, r := range s {
		switch {
		case r >= '0' && r <= '9':
			digits++
		case (r == 'e' || r == 'E') && i > 0 && !exponent:
			exponent = true
		default:
			return false
		}
	}
	return digits > 0 && (exponent || digits >= 12 || (s[0] == '0' && digits > 1))
}
