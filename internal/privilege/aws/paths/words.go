package paths

import (
	"strconv"
	"strings"
)

// where names the statement of an evidence.
func (e *Evidence) where() string {
	if e.Statement < 0 {
		return e.Policy
	}
	if e.Sid != "" {
		return e.Policy + ", statement " + e.Sid
	}
	return e.Policy + ", statement " + strconv.Itoa(e.Statement+1)
}

// short is an ARN without what all ARNs of an account share.
func short(arn string) string {
	parts := strings.SplitN(arn, ":", 6)
	if len(parts) < 6 {
		return arn
	}
	return parts[5]
}

// nameOf is the last part of an ARN: the name of a user, role or group.
func nameOf(arn string) string {
	if i := strings.LastIndexByte(arn, '/'); i >= 0 {
		return arn[i+1:]
	}
	return arn[strings.LastIndexByte(arn, ':')+1:]
}

// meant is one text that a pattern means, with something in place of each of its
// wildcards.
func meant(pattern, many, one string) string {
	return strings.ReplaceAll(strings.ReplaceAll(pattern, "*", many), "?", one)
}
