// Package codeowners reads CODEOWNERS files as GitHub and GitLab do and tells
// who owns a path.
//
// GitHub: one pattern and its owners a line, gitignore-like patterns without
// negation and character ranges, the last line that matches wins, and a line
// without owners takes ownership away (docs.github.com, "About code owners").
// GitLab adds sections: "[Name]", "^[Optional]", "[Name][2] @default"; the last
// match wins within each section, sections of one name are one section, and a
// path has the owners of all of them (docs.gitlab.com, "Code Owners syntax").
package codeowners

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"
)

// A Dialect is a host's way to read the file.
type Dialect string

// The dialects. They differ in where a pattern with a slash in its middle is
// anchored, in sections, and in "!" lines.
const (
	GitHub Dialect = "github"
	GitLab Dialect = "gitlab"
)

// MaxSize is the largest file that is read, in bytes: GitHub's own limit is 3
// MB ("CODEOWNERS file size").
const MaxSize = 3 << 20

// ErrTooLarge says that a file is larger than MaxSize.
var ErrTooLarge = errors.New("larger than 3 MB, which hosts do not read either")

// A File is a parsed CODEOWNERS file. It is immutable and safe for concurrent
// use.
type File struct {
	Dialect  Dialect
	Problems []Problem // lines that were left out, in order

	sections []section
}

// A Problem is a line that means nothing and was left out.
type Problem struct {
	Line    int // from 1
	Message string
}

// A section is a named list of rules; rules before the first header are in a
// section with no name.
type section struct {
	name   string
	owners []string // for rules that name none
	rules  []rule   // in the order of the file
}

// A rule is one line: a pattern and its owners.
type rule struct {
	pattern pattern
	owners  []string
	line    int
	exclude bool // GitLab's "!": nobody owns it in this section
}

// A Place is where a host looks for the file.
type Place struct {
	Path    string
	Dialect Dialect
}

// Places returns where hosts look for the file, in the order that settles which
// one counts when there are several. A file in the root or in docs has the same
// place for both hosts; Parse then tells the dialect by its content.
func Places() []Place {
	return []Place{
		{".github/CODEOWNERS", GitHub},
		{"CODEOWNERS", ""},
		{"docs/CODEOWNERS", ""},
		{".gitlab/CODEOWNERS", GitLab},
	}
}

// Parse reads a file in the dialect that its content speaks: GitLab's if a line
// is a section header or an exclusion, else GitHub's. Lines that mean nothing are Problems,
// not errors; the error is the reader's, or ErrTooLarge.
func Parse(r io.Reader) (*File, error) { return ParseAs(r, "") }

// ParseAs is Parse in a given dialect; "" is as Parse does.
func ParseAs(r io.Reader, dialect Dialect) (*File, error) {
	content, err := io.ReadAll(io.LimitReader(r, MaxSize+1))
	if err != nil {
		return nil, fmt.Errorf("read code owners: %w", err)
	}
	if len(content) > MaxSize {
		return nil, fmt.Errorf("read code owners: %w", ErrTooLarge)
	}
	content = bytes.TrimPrefix(content, []byte("\xef\xbb\xbf"))
	if dialect == "" {
		dialect = dialectOf(content)
	}
	f := &File{Dialect: dialect, sections: []section{{}}}
	lines := bufio.NewScanner(bytes.NewReader(content))
	lines.Buffer(nil, MaxSize+1)
	current := 0
	for n := 1; lines.Scan(); n++ {
		current = f.line(n, lines.Text(), current)
	}
	return f, nil
}

// dialectOf tells GitLab's dialect by what only it has.
func dialectOf(content []byte) Dialect {
	for line := range bytes.Lines(content) {
		line = bytes.TrimSpace(line)
		if _, ok := parseHeader(string(line)); ok || bytes.HasPrefix(line, []byte("!")) {
			return GitLab
		}
	}
	return GitHub
}

// line takes one line in and returns the section that the next one belongs to.
func (f *File) line(n int, text string, current int) int {
	text = strings.TrimSpace(text)
	if text == "" || text[0] == '#' {
		return current
	}
	if f.Dialect == GitLab {
		if h, ok := parseHeader(text); ok {
			return f.enter(h)
		}
	}
	name, rest := cutPattern(text)
	r := rule{line: n}
	if strings.HasPrefix(name, "!") {
		if f.Dialect == GitHub {
			f.problem(n, `GitHub does not know "!"`)
			return current
		}
		name, r.exclude = name[1:], true
	}
	if why := invalid(name, f.Dialect); why != "" {
		f.problem(n, why)
		return current
	}
	owners, bad := ownersOf(rest)
	if len(bad) > 0 && f.Dialect == GitHub {
		f.problem(n, "not an owner (want @user, @org/team or an e-mail address)")
		return current
	}
	for range bad {
		f.problem(n, "not an owner (want @user, @group or an e-mail address); the rest of the line holds")
	}
	s := &f.sections[current]
	if r.owners = owners; len(owners) == 0 && len(bad) == 0 {
		r.owners = s.owners
	}
	r.pattern = compile(name, f.Dialect)
	s.rules = append(s.rules, r)
	return current
}

func (f *File) problem(line int, message string) {
	f.Problems = append(f.Problems, Problem{Line: line, Message: message})
}

// enter returns the section of a header. Section names are compared without
// regard to case; the owners of the last header hold for what follows.
func (f *File) enter(h header) int {
	i := slices.IndexFunc(f.sections, func(s section) bool { return s.name == h.name })
	if i < 0 {
		f.sections = append(f.sections, section{name: h.name})
		i = len(f.sections) - 1
	}
	f.sections[i].owners = h.owners
	return i
}

// Owners returns who owns a path (with forward slashes, relative to the root of
// the repository) and the line that says so: sorted by section, then as written,
// each owner once. No owner and a line means that this line takes ownership
// away; no owner and line 0 that no line matches. It takes time linear in the
// rules and the length of the path.
func (f *File) Owners(path string) (owners []string, line int) {
	path = strings.TrimPrefix(path, "/")
	for i := range f.sections {
		r := f.sections[i].last(path)
		if r == nil {
			continue
		}
		if line == 0 || len(owners) == 0 {
			line = r.line
		}
		if r.exclude {
			continue
		}
		for _, o := range r.owners {
			if !slices.Contains(owners, o) {
				owners = append(owners, o)
			}
		}
	}
	return owners, line
}

// last returns the rule of the section that settles a path, or nil. In GitLab
// an exclusion cannot be undone further down.
func (s *section) last(path string) *rule {
	var found *rule
	for i := len(s.rules) - 1; i >= 0; i-- {
		r := &s.rules[i]
		if (found == nil || r.exclude) && r.pattern.match(path) {
			if r.exclude {
				return r
			}
			found = r
		}
	}
	return found
}

// cutPattern splits a line at the first blank that no backslash escapes.
func cutPattern(text string) (pattern, rest string) {
	for i := 0; i < len(text); i++ {
		switch text[i] {
		case '\\':
			i++
		case ' ', '\t':
			return text[:i], text[i+1:]
		}
	}
	return text, ""
}

// ownersOf returns the owners that a line names, up to a comment, and the words
// that are none.
func ownersOf(text string) (owners, bad []string) {
	for word := range strings.FieldsSeq(text) {
		if strings.HasPrefix(word, "#") {
			break
		}
		if isOwner(word) {
			owners = append(owners, word)
		} else {
			bad = append(bad, word)
		}
	}
	return owners, bad
}

// isOwner reports whether a word is @name, @org/team, @@role or an e-mail address.
func isOwner(word string) bool {
	if !utf8.ValidString(word) {
		return false
	}
	at := strings.LastIndexByte(word, '@')
	if strings.HasPrefix(word, "@") {
		return len(strings.TrimLeft(word, "@")) > 0
	}
	return at > 0 && at < len(word)-1
}
