package codeowners

import (
	"strconv"
	"strings"
)

// A header opens a section in GitLab's dialect.
type header struct {
	name   string // lower case
	owners []string
}

// parseHeader reads "[Name]", "^[Name]", "[Name][2]" and owners after it. A
// line that merely begins with a bracket is not a header.
func parseHeader(text string) (header, bool) {
	text, _ = strings.CutPrefix(text, "^")
	if !strings.HasPrefix(text, "[") {
		return header{}, false
	}
	name, rest, ok := strings.Cut(text[1:], "]")
	if !ok || strings.TrimSpace(name) == "" {
		return header{}, false
	}
	if strings.HasPrefix(rest, "[") {
		count, after, ok := strings.Cut(rest[1:], "]")
		if _, err := strconv.ParseUint(strings.TrimSpace(count), 10, 16); !ok || err != nil {
			return header{}, false
		}
		rest = after
	}
	if rest != "" && rest[0] != ' ' && rest[0] != '\t' {
		return header{}, false
	}
	owners, bad := ownersOf(rest)
	return header{strings.ToLower(strings.TrimSpace(name)), owners}, len(bad) == 0
}
