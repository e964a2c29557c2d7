package match

import (
	"sync"

	"github.com/zricethezav/gitleaks/v8/config"
)

// At judges the hits of one text at one path and commit (either may be empty):
// verdicts[i] is "" if hits[i] is to be reported there, Dropped if gitleaks
// would not report it, or the reason for which it is suppressed.
func (rs *Ruleset) At(hits []Hit, path, commit string) (verdicts []string) {
	verdicts = make([]string, len(hits))
	for i := range hits {
		verdicts[i] = rs.at(&hits[i], path, commit)
	}
	for i := range hits {
		if verdicts[i] != "" {
			continue
		}
		for _, j := range hits[i].shadows {
			if verdicts[j] == "" {
				verdicts[i] = Dropped
			}
		}
	}
	return verdicts
}

// Dropped is the verdict on a hit that gitleaks itself would not report at a
// path: by its default allowlists, by the rule's path, or because a more
// specific rule reports it.
const Dropped = "dropped"

func (rs *Ruleset) at(h *Hit, path, commit string) string {
	c := h.rule.compiled()
	if c.path.Path != nil && !c.path.Path.MatchString(path) {
		return Dropped
	}
	if path != "" && path == rs.name || rs.anyAllows(rs.global(), path, commit) || rs.anyAllows(c.rule.Allowlists, path, commit) {
		return Dropped
	}
	for _, cond := range h.conds {
		if !cond.own && rs.allows(cond.list, path, commit) {
			return Dropped
		}
	}
	if rs.lacksRequired(c, path, commit) {
		return Dropped
	}
	if h.Suppressed != "" {
		return h.Suppressed
	}
	if rs.anyAllows(rs.own(), path, commit) || rs.anyAllows(c.own, path, commit) {
		return SuppressedAllowlist
	}
	for _, cond := range h.conds {
		if cond.own && rs.allows(cond.list, path, commit) {
			return SuppressedAllowlist
		}
	}
	return ""
}

// lacksRequired reports whether a rule needs one that finds nothing at a path.
func (rs *Ruleset) lacksRequired(c *compiled, path, commit string) bool {
	for _, need := range c.rule.RequiredRules {
		other := rs.byID[need.RuleID]
		if other == nil {
			continue
		}
		o := other.compiled()
		if o.path.Path != nil && !o.path.Path.MatchString(path) || rs.anyAllows(o.rule.Allowlists, path, commit) || rs.anyAllows(o.own, path, commit) {
			return true
		}
	}
	return false
}

// LeftOut judges all that may be found at a path and commit: Dropped if
// gitleaks' own global allowlists leave it out, SuppressedAllowlist if the
// configuration's do, "" if neither.
func (rs *Ruleset) LeftOut(path, commit string) string {
	switch {
	case path != "" && path == rs.name || rs.anyAllows(rs.global(), path, commit):
		return Dropped
	case rs.anyAllows(rs.own(), path, commit):
		return SuppressedAllowlist
	default:
		return ""
	}
}

// maxPaths bounds the verdicts of allowlists on paths that are remembered: some
// 20 MB.
const maxPaths = 1 << 17

// A pathMemo remembers what allowlists say of paths, which histories name over
// and over. It is safe for concurrent use.
type pathMemo struct {
	mu   sync.Mutex
	said map[pathOf]bool
}

type pathOf struct {
	list *config.Allowlist
	path string
}

// pathAllowed is list.PathAllowed, remembered.
func (rs *Ruleset) pathAllowed(list *config.Allowlist, path string) bool {
	if len(list.Paths) == 0 {
		return list.PathAllowed(path)
	}
	m, key := &rs.paths, pathOf{list, path}
	m.mu.Lock()
	allowed, ok := m.said[key]
	m.mu.Unlock()
	if ok {
		return allowed
	}
	allowed = list.PathAllowed(path)
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.said == nil || len(m.said) >= maxPaths {
		m.said = map[pathOf]bool{}
	}
	m.said[key] = allowed
	return allowed
}

// anyAllows reports whether a list allows a path or commit whatever the
// content, as gitleaks asks before it looks at any.
func (rs *Ruleset) anyAllows(lists []*config.Allowlist, path, commit string) bool {
	for _, list := range lists {
		if list.MatchCondition != config.AllowlistMatchAnd {
			byCommit, _ := list.CommitAllowed(commit)
			if byCommit || rs.pathAllowed(list, path) {
				return true
			}
			continue
		}
		if len(list.Regexes)+len(list.StopWords) == 0 && rs.allows(list, path, commit) {
			return true
		}
	}
	return false
}

// allows reports whether path and commit meet all that a list asks of them.
func (rs *Ruleset) allows(list *config.Allowlist, path, commit string) bool {
	if len(list.Commits) > 0 {
		if ok, _ := list.CommitAllowed(commit); !ok {
			return false
		}
	}
	return len(list.Paths) == 0 || rs.pathAllowed(list, path)
}
