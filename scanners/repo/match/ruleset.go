package match

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"regexp/syntax"
	"slices"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	"github.com/zricethezav/gitleaks/v8/config"
	"github.com/zricethezav/gitleaks/v8/logging"
)

// maxDecodeDepth is how many layers of encoding are opened: the default of
// gitleaks' command line.
const maxDecodeDepth = 5

// maxExtend is how deep rule files may extend each other, as in gitleaks.
const maxExtend = 2

// A Ruleset is a set of rules, ready to be matched. It is immutable and safe
// for concurrent use; rules are compiled when their first keyword is met.
type Ruleset struct {
	rules    []*rule
	byID     map[string]*rule
	global   func() []*config.Allowlist // gitleaks' own
	own      func() []*config.Allowlist // the configuration's
	words    []string
	users    [][]int // by word: the rules that have it as a keyword
	always   []int   // rules without keywords
	auto     *keywords
	name     string
	configs  [sha256.Size]byte // of what the configurations say
	digest   func() [sha256.Size]byte
	notes    []string
	lineWide bool
	paths    pathMemo
}

// A rule is one gitleaks rule, compiled when first needed.
type rule struct {
	spec     ruleSpec
	ownAllow []allowSpec // allowlists that the repository's configuration adds
	off      bool        // disabled by the configuration; its hits are counted, not reported
	number   int         // place in Ruleset.rules
	generic  bool
	beyond   bool // not one of gitleaks' own, but of those that come with the program
	compiled func() *compiled
}

type compiled struct {
	rule   config.Rule // without path; base allowlists only
	path   config.Rule // path only
	own    []*config.Allowlist
	anchor *anchor
	whole  *syntax.Prog
	cuts   bool // what it finds in a window does not depend on what stands behind a line's end that no match reaches beyond
	lines  bool // an allowlist looks at whole lines
	apart  bool // what it needs may stand anywhere in the text: a keyword outside the match, or another rule's match
}

// Default returns gitleaks' own rules, as of the linked version.
func Default() (*Ruleset, error) { return Load("", nil, nil) }

// A Source is a file of rules in gitleaks' format that comes with the program.
type Source struct {
	Name    string
	Content []byte
}

// Load returns the rules that a .gitleaks.toml describes; without content
// those of gitleaks. name is used in errors. read gives the content of another
// file that extend.path names, and decides which may be read; nil is none. The
// rules of more stand beside gitleaks' own, as if those held them; they are
// trusted to be right, and their ids to be new. The error is a *ConfigError
// where a place is known.
func Load(name string, content []byte, read func(path string) ([]byte, error), more ...Source) (*Ruleset, error) {
	base, err := decode("gitleaks' default rules", []byte(config.DefaultConfig))
	if err != nil {
		return nil, err
	}
	rs := &Ruleset{name: name, byID: map[string]*rule{}}
	rs.global = sync.OnceValue(func() []*config.Allowlist { return buildGlobal(base) })
	rs.own = func() []*config.Allowlist { return nil }
	for _, spec := range base.Rules {
		rs.add(spec)
	}
	for _, source := range more {
		f, err := decode(source.Name, source.Content)
		if err != nil {
			return nil, err
		}
		for _, spec := range f.Rules {
			rs.add(spec)
			rs.byID[spec.ID].beyond = true
		}
	}
	if content != nil {
		if err := rs.apply(name, content, read, 0); err != nil {
			return nil, err
		}
	}
	rs.seal()
	return rs, nil
}

func (rs *Ruleset) add(spec ruleSpec) {
	r := &rule{spec: spec, number: len(rs.rules), generic: strings.Contains(strings.ToLower(spec.ID), "generic")}
	rs.rules = append(rs.rules, r)
	rs.byID[spec.ID] = r
}

func buildGlobal(f *file) []*config.Allowlist {
	var lists []*config.Allowlist
	for _, a := range f.Allowlists {
		if len(a.TargetRules) == 0 {
			lists = append(lists, a.build())
		}
	}
	return lists
}

// apply lays a configuration over the rules so far.
func (rs *Ruleset) apply(name string, content []byte, read func(string) ([]byte, error), depth int) error {
	rs.configs = sha256.Sum256(append(rs.configs[:], content...))
	f, err := decode(name, content)
	if err != nil {
		return err
	}
	if err := f.check(name, content); err != nil {
		return err
	}
	if err := rs.extend(name, content, f, read, depth); err != nil {
		return err
	}
	for _, spec := range f.Rules {
		rs.merge(name, spec)
	}
	for _, a := range f.Allowlists {
		for _, id := range a.TargetRules {
			r := rs.byID[id]
			if r == nil {
				return &ConfigError{name, lineOf(content, id), fmt.Errorf("allowlist: target rule %q does not exist", id)}
			}
			r.ownAllow = append(r.ownAllow, a.allowSpec)
		}
	}
	for _, r := range f.Rules {
		for _, need := range r.Required {
			if rs.byID[need.ID] == nil {
				return &ConfigError{name, lineOf(content, r.ID), fmt.Errorf("rule %q: required rule %q does not exist", r.ID, need.ID)}
			}
		}
	}
	before := rs.own
	rs.own = sync.OnceValue(func() []*config.Allowlist { return append(slices.Clone(before()), buildGlobal(f)...) })
	return nil
}

// extend does what [extend] says. Rules of gitleaks that the configuration
// does not take over are switched off, not forgotten: what they find is
// counted as suppressed.
func (rs *Ruleset) extend(name string, content []byte, f *file, read func(string) ([]byte, error), depth int) error {
	fail := func(text, format string, args ...any) error {
		return &ConfigError{name, lineOf(content, text), fmt.Errorf(format, args...)}
	}
	switch {
	case f.Extend.Path != "" && f.Extend.UseDefault:
		return fail(f.Extend.Path, "extend.path and extend.useDefault cannot both be set")
	case f.Extend.URL != "":
		return fail(f.Extend.URL, "extend.url is not read: muster does not fetch rules")
	case f.Extend.Path != "" && depth >= maxExtend:
		return fail(f.Extend.Path, "extend.path: more than %d files deep", maxExtend)
	case f.Extend.Path != "":
		if read == nil {
			return fail(f.Extend.Path, "extend.path: no other file can be read here")
		}
		more, err := read(f.Extend.Path)
		if err != nil {
			return fail(f.Extend.Path, "extend.path: %w", err)
		}
		if err := rs.apply(f.Extend.Path, more, read, depth+1); err != nil {
			return err
		}
	case !f.Extend.UseDefault:
		for _, r := range rs.rules {
			r.off = true
		}
		rs.notes = append(rs.notes, fmt.Sprintf("%s does not extend the %d default rules: what they find is counted as suppressed", name, len(rs.rules)))
	}
	var off []string
	for _, id := range f.Extend.DisabledRules {
		if r := rs.byID[id]; r != nil && !r.off {
			r.off = true
			off = append(off, id)
		}
	}
	if len(off) > 0 {
		rs.notes = append(rs.notes, fmt.Sprintf("%s disables %d of %d rules: %s", name, len(off), len(rs.rules), strings.Join(off, ", ")))
	}
	return nil
}

// merge adds a rule, or lays it over one of that id as gitleaks does.
func (rs *Ruleset) merge(name string, spec ruleSpec) {
	r := rs.byID[spec.ID]
	if r == nil || r.off {
		allow := spec.Allowlists
		spec.Allowlists = nil
		if r == nil {
			rs.add(spec)
			r = rs.byID[spec.ID]
		} else {
			r.spec, r.off = spec, false
		}
		r.ownAllow = append(r.ownAllow, allow...)
		return
	}
	if spec.Regex != "" || spec.Path != "" || spec.Entropy != 0 || spec.SecretGroup != 0 {
		rs.notes = append(rs.notes, fmt.Sprintf("%s changes rule %s", name, spec.ID))
	}
	if spec.Entropy != 0 {
		r.spec.Entropy = spec.Entropy
	}
	if spec.SecretGroup != 0 {
		r.spec.SecretGroup = spec.SecretGroup
	}
	if spec.Regex != "" {
		r.spec.Regex = spec.Regex
	}
	if spec.Path != "" {
		r.spec.Path = spec.Path
	}
	r.spec.Keywords = append(slices.Clone(r.spec.Keywords), spec.Keywords...)
	r.ownAllow = append(r.ownAllow, spec.Allowlists...)
}

// sum is the hash of the rules, as they came out, and of what they were read
// from.
func (rs *Ruleset) sum() [sha256.Size]byte {
	h := sha256.New()
	h.Write(rs.configs[:])
	h.Write([]byte(config.DefaultConfig))
	for _, r := range rs.rules {
		// Texts, numbers and lists of them can always be marshalled.
		part, _ := json.Marshal([]any{r.spec, r.ownAllow, r.off})
		h.Write(part)
	}
	return [sha256.Size]byte(h.Sum(nil))
}

// Digest is a hash of the rules and allowlists: two sets that have the same one
// find the same in the same text, under one version of this package. What
// another configuration says, comments included, has another.
func (rs *Ruleset) Digest() [sha256.Size]byte { return rs.digest() }

// seal builds the keyword automaton. The rules do not change any more.
func (rs *Ruleset) seal() {
	rs.digest = sync.OnceValue(rs.sum) // a scan that remembers nothing does not ask for it
	number := map[string]int{}
	for i, r := range rs.rules {
		r.compiled = sync.OnceValue(r.compile)
		if r.spec.Regex == "" {
			continue
		}
		words := slices.Compact(slices.Sorted(slices.Values(spellings(r.spec.Keywords))))
		if len(words) == 0 || words[0] == "" {
			rs.always = append(rs.always, i)
			continue
		}
		for _, w := range words {
			n, ok := number[w]
			if !ok {
				n = len(rs.words)
				number[w] = n
				rs.words = append(rs.words, w)
				rs.users = append(rs.users, nil)
			}
			rs.users[n] = append(rs.users[n], i)
		}
	}
	rs.auto = newKeywords(rs.words)
	for _, a := range rs.own() {
		rs.lineWide = rs.lineWide || a.RegexTarget == "line"
	}
}

// spellings returns keywords, and those with letters beyond ASCII in every
// mixture of cases that lowers to them: the automaton folds ASCII only. Where there are more than
// 256 mixtures of one, the letters beyond are lower case.
func spellings(keywords []string) []string {
	var all []string
	for _, k := range keywords {
		if ascii(k) {
			all = append(all, k)
			continue
		}
		list := []string{""}
		for _, letter := range k {
			cases := []rune{letter}
			for c := unicode.SimpleFold(letter); letter >= utf8.RuneSelf && c != letter; c = unicode.SimpleFold(c) {
				if unicode.ToLower(c) == letter {
					cases = append(cases, c)
				}
			}
			list = mixtures(list, cases)
		}
		all = append(all, list...)
	}
	return all
}

func mixtures(list []string, cases []rune) (out []string) {
	if len(list)*len(cases) > 256 {
		for i := range list {
			list[i] += string(cases[0])
		}
		return list
	}
	for _, text := range list {
		for _, c := range cases {
			out = append(out, text+string(c))
		}
	}
	return out
}

// quiet switches gitleaks' global logger off, once: its events would hold
// secrets, and building them costs more than matching.
var quiet = sync.OnceFunc(func() { //nolint:gochecknoglobals // guards a global of gitleaks
	const disabled = 7 // zerolog.Disabled
	logging.Logger = logging.Logger.Level(disabled)
})

// compile builds what matching needs of a rule. The spec has been checked.
func (r *rule) compile() *compiled {
	quiet()
	c := &compiled{rule: config.Rule{
		RuleID: r.spec.ID, Entropy: r.spec.Entropy, SecretGroup: r.spec.SecretGroup,
		Keywords: r.spec.Keywords, Tags: []string{},
	}}
	c.rule.Regex, _ = compile(r.spec.Regex)
	c.path.Path, _ = compile(r.spec.Path)
	for _, need := range r.spec.Required {
		c.apart = true
		c.rule.RequiredRules = append(c.rule.RequiredRules, &config.Required{
			RuleID: need.ID, WithinLines: need.WithinLines, WithinColumns: need.WithinColumns,
		})
	}
	for _, a := range r.spec.Allowlists {
		c.rule.Allowlists = append(c.rule.Allowlists, a.build())
		c.lines = c.lines || a.RegexTarget == "line"
	}
	for _, a := range r.ownAllow {
		c.own = append(c.own, a.build())
		c.lines = c.lines || a.RegexTarget == "line"
	}
	parsed, err := syntax.Parse(r.spec.Regex, syntax.Perl)
	if err != nil {
		return c // another flavour of expressions: gitleaks alone decides
	}
	if len(r.spec.Required) == 0 && len(spellings(r.spec.Keywords)) == len(r.spec.Keywords) {
		c.anchor = anchorOf(parsed, r.spec.Keywords)
		c.apart = len(r.spec.Keywords) > 0 && !holdsOne(parsed, r.spec.Keywords)
	}
	if prog, err := syntax.Compile(parsed.Simplify()); err == nil {
		c.whole = prog
	}
	items := flatten(parsed, nil)
	c.cuts = c.whole != nil && len(r.spec.Required) == 0 && !openAt(items, start) && !openAt(items, end)
	return c
}

// Notes says what the configuration changes of gitleaks' rules, one sentence
// each, in order.
func (rs *Ruleset) Notes() []string { return slices.Clone(rs.notes) }

// Beyond reports whether a rule comes with the program and not from gitleaks,
// nor from a configuration.
func (rs *Ruleset) Beyond(id string) bool {
	r := rs.byID[id]
	return r != nil && r.beyond
}

// AllowsPath reports whether an allowlist of the configuration leaves out
// everything at a path, or in a commit.
func (rs *Ruleset) AllowsPath(path, commit string) bool { return rs.anyAllows(rs.own(), path, commit) }

// PathRules returns the ids of rules that look at the path alone and match it.
func (rs *Ruleset) PathRules(path string) []string {
	var ids []string
	for _, r := range rs.rules {
		if r.spec.Regex != "" || r.spec.Path == "" || r.off {
			continue
		}
		c := r.compiled()
		if c.path.Path.MatchString(path) && !rs.SkipsPath(path) && !rs.anyAllows(rs.own(), path, "") &&
			!rs.anyAllows(c.rule.Allowlists, path, "") && !rs.anyAllows(c.own, path, "") {
			ids = append(ids, r.spec.ID)
		}
	}
	return ids
}

// SkipsPath reports whether gitleaks' own global allowlist leaves out
// everything at a path: images, fonts, lock files, installed packages. For a
// directory it speaks of all that is below it.
func (rs *Ruleset) SkipsPath(path string) bool { return rs.anyAllows(rs.global(), path, "") }
