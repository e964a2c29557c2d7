package file

import (
	"slices"
	"strings"
)

// A setting is a line "key = value" of a file in sections.
type setting struct {
	section, key, value string
	line                int
}

// settings reads lines "key = value" under "[section]", with comments after # or
// ; at a line's beginning. Keys and sections are in lower case; quotes around a
// value are taken off.
func settings(text string) (out []setting) {
	section, number := "", 0
	for line := range strings.Lines(text) {
		number++
		line = strings.TrimSpace(line)
		switch {
		case line == "" || line[0] == '#' || line[0] == ';':
			continue
		case line[0] == '[':
			section, _, _ = strings.Cut(strings.Trim(line, "[]"), "]")
			section = strings.TrimSpace(section)
			continue
		}
		key, value, ok := strings.Cut(line, "=")
		if !ok {
			continue
		}
		out = append(out, setting{section, strings.ToLower(strings.TrimSpace(key)), unquote(value), number})
	}
	return out
}

// unquote takes blanks, and one pair of quotes with what stands behind it, off a
// value.
func unquote(value string) string {
	value = strings.TrimSpace(value)
	if value != "" && (value[0] == '"' || value[0] == '\'') {
		if end := strings.IndexByte(value[1:], value[0]); end >= 0 {
			return value[1 : 1+end]
		}
	}
	return value
}

// A section is the settings under one heading.
type section struct {
	name  string
	list  []setting
	first map[string]string // the first value of each key that is set
}

// get returns a value of a section; "" if it has none. Of several names the
// first that is set counts.
func (s section) get(keys ...string) string {
	for _, key := range keys {
		if value := s.first[key]; value != "" {
			return value
		}
	}
	return ""
}

// sections groups settings by their headings.
func sections(text string) (out []section) {
	for _, one := range settings(text) {
		if len(out) == 0 || out[len(out)-1].name != one.section {
			out = append(out, section{name: one.section, first: map[string]string{}})
		}
		last := &out[len(out)-1]
		last.list = append(last.list, one)
		if last.first[one.key] == "" {
			last.first[one.key] = one.value
		}
	}
	return out
}

// A wanted says which settings are secrets and which tell of them.
type wanted struct {
	secrets []string
	user    []string
	host    []string
}

// pick returns the secrets of each section, with user and host of it.
func pick(text string, w wanted) (out []Found) {
	for _, s := range sections(text) {
		for _, one := range s.list {
			if slices.Contains(w.secrets, one.key) {
				out = append(out, Found{Value: one.value, Line: one.line, Name: one.key, User: s.get(w.user...), Host: bareHost(s.get(w.host...))})
			}
		}
	}
	return out
}

// bareHost returns the host of a URL, or of host:port; other texts as they are.
func bareHost(text string) string {
	if _, rest, ok := strings.Cut(text, "://"); ok {
		text = rest
	}
	text, _, _ = strings.Cut(text, "/")
	if at := strings.LastIndexByte(text, '@'); at >= 0 {
		text = text[at+1:]
	}
	if host, port, ok := strings.Cut(text, ":"); ok && strings.Trim(port, "0123456789") == "" {
		return host
	}
	return text
}
