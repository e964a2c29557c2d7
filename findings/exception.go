package findings

import (
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/muster-nhi/muster/internal/inventory"
)

// Exceptions are accepted findings: by whom, why and until when. The zero
// Exceptions and nil accept nothing.
type Exceptions struct {
	list []exception
}

// An exception is one entry of the file: either of one finding, by its id or
// fingerprint, or of all that match a pattern.
type exception struct {
	finding, fingerprint       string
	rule, subject, scope, path string // globs; "" matches all
	inventory.Exception
	line int
}

const maxExceptions = 10_000

var (
	findingID     = regexp.MustCompile(`^F-[0-9a-f]{16}$`)
	fingerprintID = regexp.MustCompile(`^[0-9a-f]{16}$`)
)

// ParseExceptions reads an exceptions file: YAML with one key, exceptions, a
// list of entries. An entry names a finding (by id) or a fingerprint, or gives
// patterns for rule, subject, scope and path, in which * is any text; all that
// are given must match. Reason, approver and expires are required; from the
// expiry on (a date is its first second in UTC) the finding is active again.
// Mistakes are reported all at once, each with file and line.
func ParseExceptions(name string, r io.Reader) (*Exceptions, error) {
	text, err := io.ReadAll(io.LimitReader(r, maxFileBytes+1))
	if err != nil {
		return nil, fmt.Errorf("read exceptions %s: %w", name, err)
	}
	found := &problems{}
	x := &Exceptions{}
	if d := parseDocument(name, text, found); d != nil {
		if e := d.mapping(d.root, "exceptions file", []string{"exceptions"}); e != nil {
			if e["exceptions"] == nil {
				d.addf(d.root, "exceptions file: exceptions is missing")
			}
			x.read(d, e["exceptions"])
		}
	}
	if err := found.err(); err != nil {
		return nil, err
	}
	return x, nil
}

func (x *Exceptions) read(d *document, n *yaml.Node) {
	items := d.items(n, "exceptions")
	if len(items) > maxExceptions {
		d.addf(n, "exceptions: %d entries, at most %d are read", len(items), maxExceptions)
		return
	}
	for _, item := range items {
		e := d.mapping(item, "exception", []string{
			"finding", "fingerprint", "rule", "subject", "scope", "path",
			"reason", "approver", "expires", "compensating_control",
		})
		if e == nil {
			continue
		}
		entry := exception{
			finding: d.text(e["finding"], "finding"), fingerprint: d.textOrNumber(e["fingerprint"], "fingerprint"),
			rule: d.text(e["rule"], "rule"), subject: d.text(e["subject"], "subject"),
			scope: d.text(e["scope"], "scope"), path: d.text(e["path"], "path"), line: item.Line,
		}
		entry.Reason = d.required(item, e, "reason", "exception")
		entry.Approver = d.required(item, e, "approver", "exception")
		entry.Control = d.text(e["compensating_control"], "compensating_control")
		if e["expires"] == nil {
			d.addf(item, "exception: expires is missing; an exception needs an end")
		}
		entry.Expires = d.time(e["expires"], "expires")
		entry.check(d, item, e)
		x.list = append(x.list, entry)
	}
}

// textOrNumber is text that may look like a number: 16 hex digits can.
func (d *document) textOrNumber(n *yaml.Node, what string) string {
	if n != nil && n.Kind == yaml.ScalarNode && (n.Tag == "!!int" || n.Tag == "!!float") {
		return n.Value
	}
	return d.text(n, what)
}

// check reports an entry that says nothing, too much or the impossible.
func (x *exception) check(d *document, n *yaml.Node, e entries) {
	patterns := slices.DeleteFunc([]string{x.rule, x.subject, x.scope, x.path}, func(s string) bool { return s == "" })
	switch {
	case x.finding == "" && x.fingerprint == "" && len(patterns) == 0:
		d.addf(n, "exception: it names no finding; want finding, fingerprint, or some of rule, subject, scope, path")
	case (x.finding != "" || x.fingerprint != "") && len(patterns) > 0, x.finding != "" && x.fingerprint != "":
		d.addf(n, "exception: want either finding, or fingerprint, or patterns")
	case len(patterns) > 0 && strings.Trim(strings.Join(patterns, ""), "*") == "":
		d.addf(n, "exception: it would cover every finding; name a rule, a subject, a scope or a path")
	case x.finding != "" && !findingID.MatchString(x.finding):
		d.addf(e["finding"], "exception: %q is no finding id; want F- and 16 hex digits", x.finding)
	case x.fingerprint != "" && !fingerprintID.MatchString(x.fingerprint):
		d.addf(e["fingerprint"], "exception: %q is no fingerprint; want 16 hex digits", x.fingerprint)
	}
}

// apply marks the findings that an exception in force covers and says what
// became of each entry. Of several entries that cover a finding, the first in
// the file that is in force counts. Time grows with findings times patterns.
func (x *Exceptions) apply(list []*inventory.Finding, now time.Time) []ExceptionUse {
	if x == nil || len(x.list) == 0 {
		return nil
	}
	matches := make([]int, len(x.list))
	byID, patterns := map[string][]int{}, []int{}
	for i := range x.list {
		switch e := &x.list[i]; {
		case e.finding != "":
			byID[e.finding] = append(byID[e.finding], i)
		case e.fingerprint != "":
			byID[e.fingerprint] = append(byID[e.fingerprint], i)
		default:
			patterns = append(patterns, i)
		}
	}
	for _, f := range list {
		hits := slices.Concat(byID[f.ID], byID[f.Fingerprint])
		for _, i := range patterns {
			if x.list[i].covers(f) {
				hits = append(hits, i)
			}
		}
		slices.Sort(hits)
		for _, i := range hits {
			matches[i]++
			if f.Exception == nil && x.list[i].inForce(now) {
				f.Exception = &x.list[i].Exception
			}
		}
	}
	uses := make([]ExceptionUse, len(x.list))
	for i := range x.list {
		uses[i] = x.list[i].outcome(matches[i], now)
	}
	return uses
}

func (x *exception) inForce(now time.Time) bool { return now.Before(x.Expires) }

// covers tells whether a finding matches an entry's patterns.
func (x *exception) covers(f *inventory.Finding) bool {
	match := func(pattern, s string) bool { return pattern == "" || glob(s, pattern) }
	if !match(x.rule, f.Rule) || !match(x.subject, f.Subject) || !match(x.scope, f.Scope) {
		return false
	}
	return x.path == "" || slices.ContainsFunc(f.Locations, func(l inventory.Location) bool { return glob(l.URI, x.path) })
}

func (x *exception) outcome(matches int, now time.Time) ExceptionUse {
	u := ExceptionUse{
		Entry: x.label(), Line: x.line, Status: "active", Matches: matches,
		Reason: x.Reason, Approver: x.Approver, Expires: x.Expires,
	}
	switch {
	case !x.inForce(now):
		u.Status = "expired"
	case matches == 0:
		u.Status = "unused"
	}
	return u
}

// label is how an entry is spelled in the file, on one line.
func (x *exception) label() string {
	var parts []string
	for _, p := range []struct{ key, value string }{
		{"finding", x.finding},
		{"fingerprint", x.fingerprint},
		{"rule", x.rule},
		{"subject", x.subject},
		{"scope", x.scope},
		{"path", x.path},
	} {
		if p.value != "" {
			parts = append(parts, p.key+" "+p.value)
		}
	}
	return strings.Join(parts, ", ")
}
