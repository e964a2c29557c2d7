package correlate

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode"
	"unicode/utf8"
)

// The bounds on the files that a user gives. They are far above what an
// organisation has and keep a wrong file from filling the memory.
const (
	maxFile  = 64 << 20 // bytes
	maxRows  = 1_000_000
	maxField = 512 // bytes of one field
)

// readFile reads a whole file of text, drops a byte order mark, and refuses
// what is too large or not UTF-8.
func readFile(name string, r io.Reader) ([]byte, error) {
	data, err := io.ReadAll(io.LimitReader(r, maxFile+1))
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", name, err)
	}
	if len(data) > maxFile {
		return nil, fmt.Errorf("%s: is larger than %d MiB", name, maxFile>>20)
	}
	data = bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))
	if bytes.HasPrefix(data, []byte("\xff\xfe")) || bytes.HasPrefix(data, []byte("\xfe\xff")) {
		return nil, fmt.Errorf("%s: is UTF-16; save it as UTF-8", name)
	}
	line := 0
	for text := range bytes.Lines(data) {
		line++
		if !utf8.Valid(text) {
			return nil, fmt.Errorf("%s:%d: is not UTF-8", name, line)
		}
		if bytes.IndexByte(text, 0) >= 0 {
			return nil, fmt.Errorf("%s:%d: holds a NUL byte; is it a text file?", name, line)
		}
	}
	return data, nil
}

// A row is one line of a table; get returns a field by its column's name.
type row struct {
	line   int
	fields []string
	column map[string]int
}

func (r row) get(column string) string {
	i, ok := r.column[column]
	if !ok || i >= len(r.fields) {
		return ""
	}
	return r.fields[i]
}

// readTable reads a CSV with a header line (RFC 4180; comma, semicolon or tab)
// and calls each for every row that is not empty. Columns that columns does not
// have are refused if strict, else ignored; the first name that columns gives a
// column is the one to get it by. Errors name the line.
func readTable(name string, data []byte, columns map[string]string, strict bool, each func(row) error) error {
	reader := csv.NewReader(bytes.NewReader(data))
	reader.Comma = separator(data)
	reader.FieldsPerRecord = -1
	reader.ReuseRecord = true
	header, err := reader.Read()
	if errors.Is(err, io.EOF) {
		return fmt.Errorf("%s:1: is empty; want a header line", name)
	}
	if err != nil {
		return csvError(name, err)
	}
	column, err := readHeader(name, header, columns, strict)
	if err != nil {
		return err
	}
	width := len(header)
	for n := 0; ; n++ {
		fields, err := reader.Read()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return csvError(name, err)
		}
		line, _ := reader.FieldPos(0)
		if n >= maxRows {
			return fmt.Errorf("%s:%d: has more than %d rows", name, line, maxRows)
		}
		if len(fields) > width {
			return fmt.Errorf("%s:%d: has %d fields, the header has %d", name, line, len(fields), width)
		}
		empty, err := cleanFields(fields)
		if err != nil {
			return fmt.Errorf("%s:%d: %w", name, line, err)
		}
		if empty {
			continue
		}
		if err := each(row{line, fields, column}); err != nil {
			return fmt.Errorf("%s:%d: %w", name, line, err)
		}
	}
}

// separator guesses what stands between the fields, from the header line:
// spreadsheets write semicolons where the comma is the decimal sign.
func separator(data []byte) rune {
	header, _, _ := bytes.Cut(data, []byte("\n"))
	best, count := ',', bytes.Count(header, []byte(","))
	for _, c := range ";\t" {
		if n := bytes.Count(header, []byte(string(c))); n > count {
			best, count = c, n
		}
	}
	return best
}

func readHeader(name string, header []string, columns map[string]string, strict bool) (map[string]int, error) {
	column := make(map[string]int, len(header))
	for i, h := range header {
		h = strings.ToLower(strings.TrimSpace(h))
		known, ok := columns[h]
		switch {
		case !ok && strict:
			return nil, fmt.Errorf("%s:1: unknown column %s; want %s", name, show(h), list(columns))
		case !ok:
			continue
		}
		if _, twice := column[known]; twice {
			return nil, fmt.Errorf("%s:1: column %q is there twice", name, known)
		}
		column[known] = i
	}
	if len(column) == 0 {
		return nil, fmt.Errorf("%s:1: no column is one of %s", name, list(columns))
	}
	return column, nil
}

// cleanFields trims the fields and refuses what is no name: control characters,
// texts beyond the bound, and what a spreadsheet would take for a formula. An
// apostrophe before such a sign, by which spreadsheets mark text, is dropped.
func cleanFields(fields []string) (empty bool, err error) {
	empty = true
	for i, f := range fields {
		f = strings.TrimSpace(f)
		if len(f) > 1 && f[0] == '\'' && strings.IndexByte("=+-@", f[1]) >= 0 {
			f = f[1:]
		}
		switch {
		case len(f) > maxField:
			return false, fmt.Errorf("field %d is longer than %d bytes", i+1, maxField)
		case !printable(f):
			return false, fmt.Errorf("field %d holds a control character or a line break", i+1)
		case len(f) > 1 && strings.IndexByte("=+-", f[0]) >= 0 || f == "=" || f == "+":
			return false, fmt.Errorf("field %d begins with %q, as a spreadsheet formula does", i+1, f[:1])
		}
		empty = empty && f == ""
		fields[i] = f
	}
	return empty, nil
}

// printable reports whether a text has no character that would move the cursor
// or change the direction of what stands around it.
func printable(s string) bool {
	for _, r := range s {
		if !unicode.IsPrint(r) && r != '\u00a0' {
			return false
		}
	}
	return true
}

// csvError names file and line of what encoding/csv found.
func csvError(name string, err error) error {
	if p, ok := errors.AsType[*csv.ParseError](err); ok {
		return fmt.Errorf("%s:%d: %w", name, p.StartLine, p.Err)
	}
	return fmt.Errorf("%s: %w", name, err)
}

// show quotes a text for a message, cut to a length that people can read.
func show(s string) string {
	if len(s) > 60 {
		s = strings.ToValidUTF8(s[:60], "") + "…"
	}
	return fmt.Sprintf("%q", s)
}

// list names the columns or keys there are, in order.
func list(columns map[string]string) string {
	seen := make(map[string]string)
	for _, known := range columns {
		seen[known] = known
	}
	return strings.Join(sortedKeys(seen), ", ")
}
