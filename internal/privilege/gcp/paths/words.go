package paths

import (
	"strings"
)

// short is the name of a resource without its service: of an account its e-mail
// address.
func short(resource string) string {
	if _, email, ok := strings.Cut(resource, "/serviceAccounts/"); ok {
		return email
	}
	if service, rest, ok := strings.Cut(resource, ".googleapis.com/"); ok && !strings.Contains(service, "/") {
		return rest
	}
	return resource
}

// shortMember is a member without its kind.
func shortMember(m string) string {
	if rest, ok := strings.CutPrefix(m, "principal://iam.googleapis.com/"); ok {
		return rest
	}
	if rest, ok := strings.CutPrefix(m, "principalSet://iam.googleapis.com/"); ok {
		return rest
	}
	if kind, rest, ok := strings.Cut(m, ":"); ok && !strings.HasPrefix(rest, "//") && kind != "" {
		return rest
	}
	return m
}
