package match

import "github.com/zricethezav/gitleaks/v8/config"

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
	if path != "" && path == rs.name || anyAllows(rs.global(), path, commit) || anyAllows(c.rule.Allowlists, path, commit) {
		return Dropped
	}
	for _, cond := range h.conds {
		if !cond.own && allows(cond.list, path, commit) {
			return Dropped
		}
	}
	if h.Suppressed != "" {
		return h.Suppressed
	}
	if anyAllows(rs.own(), path, commit) || anyAllows(c.own, path, commit) {
		return SuppressedAllowlist
	}
	for _, cond := range h.conds {
		if cond.own && allows(cond.list, path, commit) {
			return SuppressedAllowlist
		}
	}
	return ""
}

// LeftOut judges all that may be found at a path and commit: Dropped if
// gitleaks' own global allowlists leave it out, SuppressedAllowlist if the
// configuration's do, "" if neither.
func (rs *Ruleset) LeftOut(path, commit string) string {
	switch {
	case path != "" && path == rs.name || anyAllows(rs.global(), path, commit):
		return Dropped
	case anyAllows(rs.own(), path, commit):
		return SuppressedAllowlist
	default:
		return ""
	}
}

// anyAllows reports whether a list allows a path or commit whatever the
// content, as gitleaks asks before it looks at any.
func anyAllows(lists []*config.Allowlist, path, commit string) bool {
	for _, list := range lists {
		if list.MatchCondition != config.AllowlistMatchAnd {
			byCommit, _ := list.CommitAllowed(commit)
			if byCommit || list.PathAllowed(path) {
				return true
			}
			continue
		}
		if len(list.Regexes)+len(list.StopWords) == 0 && allows(list, path, commit) {
			return true
		}
	}
	return false
}

// allows reports whether path and commit meet all that a list asks of them.
func allows(list *config.Allowlist, path, commit string) bool {
	if len(list.Commits) > 0 {
		if ok, _ := list.CommitAllowed(commit); !ok {
			return false
		}
	}
	return len(list.Paths) == 0 || list.PathAllowed(path)
}
