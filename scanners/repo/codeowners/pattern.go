package codeowners

import "strings"

// A pattern is a compiled path pattern: a list of segments, matched against the
// segments of a path.
type pattern struct {
	segments []string // "**" stands for any number of segments
	subtree  bool     // what it names owns everything below it as well
	below    bool     // it owns only what lies below (a trailing slash)
}

// anySegments is the segment that stands for any number of them.
const anySegments = "**"

// invalid says why a pattern means nothing, or "".
func invalid(text string, dialect Dialect) string {
	switch {
	case text == "" || text == "/" && dialect == GitHub:
		return "empty pattern"
	case dialect == GitHub && strings.ContainsAny(text, "[]") && !strings.Contains(text, `\[`):
		return "GitHub does not know character ranges"
	case strings.HasSuffix(text, `\`) && !strings.HasSuffix(text, `\\`):
		return "pattern ends in a backslash"
	}
	return ""
}

// compile turns the text of a pattern into segments.
//
// GitHub follows gitignore: a pattern with a slash anywhere but at its end is
// anchored at the root, one without matches in any directory. GitLab anchors
// only what begins with a slash. In both, a name owns what lies below it, but
// "dir/*" only what lies directly in dir.
func compile(text string, dialect Dialect) pattern {
	var p pattern
	anchored := strings.HasPrefix(text, "/")
	text = strings.TrimPrefix(text, "/")
	if trimmed, ok := strings.CutSuffix(text, "/"); ok {
		text, p.below = trimmed, true
	}
	if dialect != GitLab && strings.Contains(text, "/") {
		anchored = true
	}
	if !anchored {
		p.segments = append(p.segments, anySegments)
	}
	for segment := range strings.SplitSeq(text, "/") {
		n := len(p.segments)
		if segment == anySegments && n > 0 && p.segments[n-1] == anySegments || segment == "" {
			continue
		}
		p.segments = append(p.segments, segment)
	}
	p.subtree = p.below || ownsBelow(text, dialect)
	return p
}

// ownsBelow reports whether a pattern that matches a directory owns what is in
// it. gitignore would say so of any, but both hosts say that "docs/*" is for
// the files directly in docs; a lone "*" is everything.
func ownsBelow(text string, dialect Dialect) bool {
	last := text[strings.LastIndexByte(text, '/')+1:]
	if dialect == GitLab {
		return text == "*"
	}
	return text == "*" || last != "*" && !strings.Contains(last, "*.")
}

// match reports whether a path, or for a subtree pattern a directory above it,
// matches. It takes time in the order of segments of the pattern times length
// of the path.
func (p pattern) match(path string) bool {
	parts := strings.Split(path, "/")
	// reach[i] is true if the segments so far can end before parts[i].
	reach := make([]bool, len(parts)+1)
	reach[0] = true
	for _, segment := range p.segments {
		reach = step(reach, parts, segment)
	}
	return p.accept(reach)
}

// step moves every end point over one segment of the pattern.
func step(reach []bool, parts []string, segment string) []bool {
	next := make([]bool, len(reach))
	if segment == anySegments {
		open := false
		for i, ok := range reach {
			open = open || ok
			next[i] = open
		}
		return next
	}
	for i, part := range parts {
		next[i+1] = reach[i] && glob(segment, part)
	}
	return next
}

// accept reads the verdict off the end points: all of the path for a file, any
// proper beginning of it for what lies below a directory.
func (p pattern) accept(reach []bool) bool {
	end := len(reach) - 1
	if reach[end] && !p.below {
		return true
	}
	if !p.subtree {
		return false
	}
	for i := 1; i < end; i++ {
		if reach[i] {
			return true
		}
	}
	return false
}

// glob matches one segment: "*" is any run of bytes, "?" one character, a
// backslash takes the next byte as it is. It goes back to the last star only,
// so it takes at most len(pattern)·len(name) steps.
func glob(pattern, name string) bool {
	p, n, star, mark := 0, 0, -1, 0
	for n < len(name) {
		switch {
		case p < len(pattern) && pattern[p] == '*':
			star, mark = p, n
			p++
		case p < len(pattern) && pattern[p] == '?':
			p, n = p+1, n+runeLen(name[n])
		case p < len(pattern) && literal(pattern, &p) == int(name[n]):
			p, n = p+1, n+1
		case star >= 0:
			mark++
			p, n = star+1, mark
		default:
			return false
		}
	}
	for p < len(pattern) && pattern[p] == '*' {
		p++
	}
	return n >= len(name) && p == len(pattern)
}

// literal returns the byte that stands at p, past an escaping backslash.
func literal(pattern string, p *int) int {
	if pattern[*p] == '\\' && *p+1 < len(pattern) {
		*p++
	}
	return int(pattern[*p])
}

// runeLen is the length of the UTF-8 sequence that a byte opens; 1 for any
// other byte.
func runeLen(b byte) int {
	switch {
	case b >= 0xf0:
		return 4
	case b >= 0xe0:
		return 3
	case b >= 0xc0:
		return 2
	default:
		return 1
	}
}
