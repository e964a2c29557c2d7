package match

import (
	"bytes"
	"errors"
	"fmt"
	"regexp/syntax"
	"strings"

	"github.com/pelletier/go-toml/v2"
	"github.com/zricethezav/gitleaks/v8/config"
	"github.com/zricethezav/gitleaks/v8/regexp"
)

// The shape of a .gitleaks.toml, as gitleaks v8.30.1 reads it
// (config.ViperConfig). It is read here, and not through gitleaks' own loader,
// because that one panics on a bad expression, opens whatever file extend.path
// names, compiles every rule at once and keeps global state.
type file struct {
	Title      string            `toml:"title"`
	Extend     extend            `toml:"extend"`
	Rules      []ruleSpec        `toml:"rules"`
	AllowList  *globalAllowSpec  `toml:"allowlist"`
	Allowlists []globalAllowSpec `toml:"allowlists"`
}

type extend struct {
	Path          string   `toml:"path"`
	URL           string   `toml:"url"`
	UseDefault    bool     `toml:"useDefault"`
	DisabledRules []string `toml:"disabledRules"`
}

type ruleSpec struct {
	ID          string         `toml:"id"`
	Description string         `toml:"description"`
	Path        string         `toml:"path"`
	Regex       string         `toml:"regex"`
	SecretGroup int            `toml:"secretGroup"`
	Entropy     float64        `toml:"entropy"`
	Keywords    []string       `toml:"keywords"`
	Tags        []string       `toml:"tags"`
	AllowList   *allowSpec     `toml:"allowlist"`
	Allowlists  []allowSpec    `toml:"allowlists"`
	Required    []requiredSpec `toml:"required"`
	SkipReport  bool           `toml:"skipReport"`
}

type requiredSpec struct {
	ID            string `toml:"id"`
	WithinLines   *int   `toml:"withinLines"`
	WithinColumns *int   `toml:"withinColumns"`
}

type allowSpec struct {
	Description string   `toml:"description"`
	Condition   string   `toml:"condition"`
	Commits     []string `toml:"commits"`
	Paths       []string `toml:"paths"`
	RegexTarget string   `toml:"regexTarget"`
	Regexes     []string `toml:"regexes"`
	StopWords   []string `toml:"stopwords"`
}

type globalAllowSpec struct {
	allowSpec

	TargetRules []string `toml:"targetRules"`
}

// A ConfigError says where a rule file is wrong.
type ConfigError struct {
	Name string // file
	Line int    // from 1; 0 if it is not known
	Err  error
}

// Error returns file:line: and what is wrong.
func (e *ConfigError) Error() string {
	if e.Line == 0 {
		return fmt.Sprintf("%s: %v", e.Name, e.Err)
	}
	return fmt.Sprintf("%s:%d: %v", e.Name, e.Line, e.Err)
}

// Unwrap returns what is wrong.
func (e *ConfigError) Unwrap() error { return e.Err }

// decode reads a rule file. Unknown keys are ignored, as gitleaks does.
func decode(name string, content []byte) (*file, error) {
	var f file
	err := toml.Unmarshal(content, &f)
	var at *toml.DecodeError
	switch {
	case errors.As(err, &at):
		line, _ := at.Position()
		return nil, &ConfigError{name, line, errors.New(strings.TrimPrefix(at.Error(), "toml: "))}
	case err != nil:
		return nil, &ConfigError{name, 0, err}
	}
	if f.AllowList != nil {
		f.Allowlists = append(f.Allowlists, *f.AllowList)
	}
	for i := range f.Rules {
		r := &f.Rules[i]
		if r.AllowList != nil {
			r.Allowlists = append(r.Allowlists, *r.AllowList)
		}
		for j, k := range r.Keywords {
			r.Keywords[j] = strings.ToLower(k)
		}
	}
	return &f, nil
}

// check reports the first mistake in a rule file: what gitleaks refuses or
// panics on.
func (f *file) check(name string, content []byte) error {
	fail := func(text, format string, args ...any) error {
		return &ConfigError{name, lineOf(content, text), fmt.Errorf(format, args...)}
	}
	for _, r := range f.Rules {
		if strings.TrimSpace(r.ID) == "" {
			return fail(r.Regex, "a rule has no id")
		}
		re, err := compile(r.Regex)
		if err != nil {
			return fail(r.Regex, "rule %q: regex: %w", r.ID, err)
		}
		if re != nil && r.SecretGroup > re.NumSubexp() {
			return fail(r.Regex, "rule %q: secretGroup is %d but the regex has %d groups", r.ID, r.SecretGroup, re.NumSubexp())
		}
		if _, err := compile(r.Path); err != nil {
			return fail(r.Path, "rule %q: path: %w", r.ID, err)
		}
		for _, a := range r.Allowlists {
			if text, err := a.check(); err != nil {
				return fail(text, "rule %q: allowlist: %w", r.ID, err)
			}
		}
	}
	for _, a := range f.Allowlists {
		if text, err := a.check(); err != nil {
			return fail(text, "allowlist: %w", err)
		}
	}
	return nil
}

// check returns what is wrong with an allowlist, and the text to look for.
func (a allowSpec) check() (string, error) {
	for _, list := range [][]string{a.Regexes, a.Paths} {
		for _, text := range list {
			if _, err := compile(text); err != nil {
				return text, err
			}
		}
	}
	if len(a.Regexes)+len(a.Paths)+len(a.Commits)+len(a.StopWords) == 0 {
		return a.Description, errors.New("must contain at least one of commits, paths, regexes, stopwords")
	}
	switch strings.ToUpper(a.Condition) {
	case "", "OR", "||", "AND", "&&":
	default:
		return a.Condition, fmt.Errorf("condition %q is neither AND nor OR", a.Condition)
	}
	switch a.RegexTarget {
	case "", "secret", "match", "line":
	default:
		return a.RegexTarget, fmt.Errorf("regexTarget %q is none of secret, match, line", a.RegexTarget)
	}
	return "", nil
}

// build makes gitleaks' allowlist; the spec has passed check.
func (a allowSpec) build() *config.Allowlist {
	list := &config.Allowlist{
		Description: a.Description,
		Commits:     a.Commits,
		RegexTarget: a.RegexTarget,
		StopWords:   a.StopWords,
	}
	switch strings.ToUpper(a.Condition) {
	case "AND", "&&":
		list.MatchCondition = config.AllowlistMatchAnd
	}
	if list.RegexTarget == "secret" {
		list.RegexTarget = ""
	}
	for _, text := range a.Paths {
		list.Paths = append(list.Paths, regexp.MustCompile(text))
	}
	for _, text := range a.Regexes {
		list.Regexes = append(list.Regexes, regexp.MustCompile(text))
	}
	if list.Validate() != nil {
		return nil // no check at all: excluded by check
	}
	return list
}

// compile is regexp.Compile in the flavour that gitleaks was built with; an
// empty text is no expression.
func compile(text string) (re *regexp.Regexp, err error) {
	if text == "" {
		return nil, nil
	}
	defer func() {
		if p := recover(); p != nil {
			re, err = nil, whyNot(text)
		}
	}()
	return regexp.MustCompile(text), nil
}

// whyNot says why an expression does not compile, without quoting it: a rule
// made for one secret holds it.
func whyNot(text string) error {
	var bad *syntax.Error
	if _, err := syntax.Parse(text, syntax.Perl); errors.As(err, &bad) {
		return errors.New(string(bad.Code))
	}
	return errors.New("it does not compile")
}

// lineOf finds the line of a file that holds a text, or 0.
func lineOf(content []byte, text string) int {
	text, _, _ = strings.Cut(text, "\n")
	i := bytes.Index(content, []byte(text))
	if text == "" || i < 0 {
		return 0
	}
	return 1 + bytes.Count(content[:i], []byte("\n"))
}
