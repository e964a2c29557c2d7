// Package config reads muster's one configuration file, strictly: what it does
// not know it refuses, naming file, line and what was probably meant, and it
// reports every mistake of the file at once.
//
// It reads what it is given and nothing else: finding and opening the file is
// the caller's.
package config

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/muster-nhi/muster/internal/inventory"
)

// MaxSize is the largest file that is read, in bytes.
const MaxSize = 1 << 20

// A File is a configuration. Its zero value is what holds without a file.
type File struct {
	Sources      []Source      `yaml:"sources" doc:"what to scan when no source is named on the command line"`
	Rules        Rules         `yaml:"rules" doc:"rules to add and to switch off"`
	Exceptions   string        `yaml:"exceptions" doc:"file of accepted findings" path:"file"`
	Owners       Owners        `yaml:"owners" doc:"who answers for what"`
	Store        string        `yaml:"store" doc:"sqlite:PATH, or none"`
	FailOn       string        `yaml:"fail_on" doc:"critical, high, medium, low or never"`
	AllowPartial bool          `yaml:"allow_partial" doc:"an incomplete scan does not make exit status 3"`
	Baseline     string        `yaml:"baseline" doc:"snapshot id or file whose findings are not reported again"`
	Outputs      []string      `yaml:"outputs" doc:"FORMAT, FORMAT=FILE or FILE, as with --output"`
	SARIFProfile string        `yaml:"sarif_profile" doc:"generic, github, gitlab, azdo or defectdojo"`
	Redact       bool          `yaml:"redact" doc:"no account ids or names in outputs"`
	Concurrency  int           `yaml:"concurrency" doc:"sources scanned at a time; 0 chooses"`
	Timeout      time.Duration `yaml:"timeout" doc:"how long each source may take, for example 30m; 0 is no limit"`

	name  string
	dir   string
	lines map[string]int // of the keys at the top
}

// Rules says which rules are in force beside the built-in ones.
type Rules struct {
	Dirs    []string `yaml:"dirs" doc:"directories of further rules" path:"each"`
	Disable []string `yaml:"disable" doc:"ids of rules to switch off"`
}

// Owners says where ownership is written down.
type Owners struct {
	Mapping string   `yaml:"mapping" doc:"YAML or CSV file that maps patterns to owners" path:"file"`
	People  string   `yaml:"people" doc:"CSV list of people and whether they are still there" path:"file"`
	Tags    []string `yaml:"tags" doc:"tag or label keys that name an owner"`
}

// A Source is one entry of sources. Its further keys are the scanner's own
// configuration; Decode fills that in.
type Source struct {
	Source string // as on the command line: repo:PATH
	Name   string // what to call it; empty is Source
	Line   int    // in the file; 0 for one from the command line

	file string
	dir  string
	node *yaml.Node // the mapping without source and name; nil for none
}

// Dir returns the directory that relative paths of the file are relative to.
func (f *File) Dir() string { return f.dir }

// At returns "FILE:LINE: KEY" for a key at the top of the file, for a mistake
// that only the caller can see. A key that is not there has the first line.
func (f *File) At(key string) string {
	return fmt.Sprintf("%s:%d: %s", f.name, max(1, f.lines[key]), key)
}

// Name returns the name of the file, "" if there is none.
func (f *File) Name() string { return f.name }

// Parse reads a configuration. The name is for messages and, by its directory,
// for relative paths, which come out joined to it. All mistakes are reported
// together, each as "file:line: what".
func Parse(name string, r io.Reader) (*File, error) {
	b, err := io.ReadAll(io.LimitReader(r, MaxSize+1))
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", name, err)
	}
	if len(b) > MaxSize {
		return nil, fmt.Errorf("%s: larger than %d bytes, which no configuration is", name, MaxSize)
	}
	f := &File{name: name, dir: filepath.Dir(name)}
	doc, err := parseDocument(name, b)
	if err != nil || doc == nil {
		return f, err
	}
	f.lines = map[string]int{}
	for i := 0; i+1 < len(doc.Content); i += 2 {
		f.lines[doc.Content[i].Value] = doc.Content[i].Line
	}
	s := &strict{file: name, dir: f.dir}
	s.fill(doc, f)
	f.check(s, doc)
	if err := s.err(); err != nil {
		return nil, err
	}
	return f, nil
}

// UnmarshalYAML keeps what a scanner will decode for later.
func (s *Source) UnmarshalYAML(node *yaml.Node) error {
	if node.Kind == yaml.ScalarNode {
		s.Source, s.Line = node.Value, node.Line
		return nil
	}
	if node.Kind != yaml.MappingNode {
		return mistake(node.Line, "want a source such as repo:. or a mapping with the key source")
	}
	s.Line = node.Line
	rest := &yaml.Node{Kind: yaml.MappingNode, Line: node.Line}
	for i := 0; i+1 < len(node.Content); i += 2 {
		key, value := node.Content[i], node.Content[i+1]
		switch key.Value {
		case "source":
			s.Source = value.Value
		case "name":
			s.Name = value.Value
		default:
			rest.Content = append(rest.Content, key, value)
		}
	}
	if s.Source == "" {
		return mistake(node.Line, "a source without the key source, for example source: repo:.")
	}
	if len(rest.Content) > 0 {
		s.node = rest
	}
	return nil
}

// mistake is an error that the decoder gathers with its own.
func mistake(line int, what string) error {
	return &yaml.TypeError{Errors: []string{fmt.Sprintf("line %d: %s", line, what)}}
}

// check finds what the types alone do not forbid.
func (f *File) check(s *strict, doc *yaml.Node) {
	for i := range f.Sources {
		f.Sources[i].file, f.Sources[i].dir = f.name, f.dir
	}
	s.oneOf(doc, "fail_on", f.FailOn, FailLevels())
	s.oneOf(doc, "sarif_profile", f.SARIFProfile, SARIFProfiles())
	if f.Concurrency < 0 {
		s.addf(lineOf(doc, "concurrency"), "concurrency: want 0 or more")
	}
	if f.Timeout < 0 {
		s.addf(lineOf(doc, "timeout"), "timeout: want 0 or more")
	}
}

// FailLevels lists what --fail-on takes, strictest last but one.
func FailLevels() []string {
	return []string{
		string(inventory.SeverityCritical), string(inventory.SeverityHigh),
		string(inventory.SeverityMedium), string(inventory.SeverityLow), "never",
	}
}

// SARIFProfiles lists what --sarif-profile takes.
func SARIFProfiles() []string {
	return []string{"generic", "github", "gitlab", "azdo", "defectdojo"}
}

// parseDocument returns the top mapping, or nil if the file is empty.
func parseDocument(name string, b []byte) (*yaml.Node, error) {
	dec := yaml.NewDecoder(strings.NewReader(string(b)))
	var doc yaml.Node
	if err := dec.Decode(&doc); err != nil {
		if errors.Is(err, io.EOF) {
			return nil, nil
		}
		return nil, syntax(name, err)
	}
	var more yaml.Node
	if err := dec.Decode(&more); !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("%s:%d: a second document; a configuration is one", name, max(1, more.Line))
	}
	if len(doc.Content) != 1 {
		return nil, nil
	}
	top := doc.Content[0]
	switch {
	case top.Kind == yaml.ScalarNode && top.Tag == "!!null":
		return nil, nil
	case top.Kind != yaml.MappingNode:
		return nil, fmt.Errorf("%s:%d: want keys and values, such as fail_on: high", name, max(1, top.Line))
	}
	return top, nil
}

// lineOf returns the line of a key of a mapping, or that of the mapping.
func lineOf(mapping *yaml.Node, key string) int {
	for i := 0; i+1 < len(mapping.Content); i += 2 {
		if mapping.Content[i].Value == key {
			return mapping.Content[i].Line
		}
	}
	return mapping.Line
}

// Closest returns the candidate that a misspelt word was probably meant to be,
// or "" if none is near enough: at most a third of its letters differ. Of
// equally near ones that with the longest common beginning wins.
func Closest(word string, candidates []string) string {
	best, distance, common := "", 1+max(1, len(word)/3), -1
	word = strings.ToLower(word)
	for _, c := range slices.Sorted(slices.Values(candidates)) {
		low := strings.ToLower(c)
		d, n := edits(word, low), shared(word, low)
		if d < distance || d == distance && best != "" && n > common {
			best, distance, common = c, d, n
		}
	}
	return best
}

// shared counts the bytes that two words begin with alike.
func shared(a, b string) int {
	n := 0
	for n < len(a) && n < len(b) && a[n] == b[n] {
		n++
	}
	return n
}

// edits is the Damerau-Levenshtein distance (optimal string alignment) of two
// short words, in bytes. Words over 64 bytes are as far apart as they are long.
func edits(a, b string) int {
	if len(a) > 64 || len(b) > 64 {
		return max(len(a), len(b))
	}
	rows := [3][]int{make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)}
	for j := range rows[1] {
		rows[1][j] = j
	}
	for i := 1; i <= len(a); i++ {
		before, above, row := rows[(i+2)%3], rows[i%3], rows[(i+1)%3]
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			row[j] = min(above[j]+1, row[j-1]+1, above[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
	}
	return rows[(len(a)+1)%3][len(b)]
}

// DidYouMean returns "; did you mean X?" or, if nothing is near, "; want one
// of …" with the candidates, for the end of a message.
func DidYouMean(word string, candidates []string) string {
	if c := Closest(word, candidates); c != "" {
		return fmt.Sprintf("; did you mean %q?", c)
	}
	return "; want one of " + strings.Join(slices.SortedFunc(slices.Values(candidates), cmp.Compare[string]), ", ")
}
