package audit

import (
	"strconv"
	"strings"
)

// parseReason reads what the RBAC authorizer says of an allowed request:
//
//	RBAC: allowed by ClusterRoleBinding "b" of ClusterRole "r" to Group "g"
//	RBAC: allowed by RoleBinding "b/ns" of Role "r" to ServiceAccount "a/ns"
//
// The names are quoted as Go's %q does and may hold quotes themselves
// (k8s.io/kubernetes v1.36.3, pkg/registry/rbac/validation/rule.go and
// plugin/pkg/auth/authorizer/rbac/rbac.go). It returns false for any other text.
func parseReason(reason string) (b Binding, ok bool) {
	rest, ok := strings.CutPrefix(reason, "RBAC: allowed by ")
	if !ok {
		return b, false
	}
	p := phrase{rest: rest}
	b.Kind = p.word()
	b.Name = p.quoted(" of ")
	b.RoleKind = p.word()
	b.RoleName = p.quoted(" to ")
	b.Subject.Kind = p.word()
	b.Subject.Name = p.quoted("")
	if p.bad || p.rest != "" {
		return Binding{}, false
	}
	switch b.Kind {
	case "ClusterRoleBinding":
	case "RoleBinding":
		b.Name, b.Namespace = p.split(b.Name)
	default:
		return Binding{}, false
	}
	if b.Subject.Kind == "ServiceAccount" {
		b.Subject.Name, b.Subject.Namespace = p.split(b.Subject.Name)
	}
	known := (b.RoleKind == "Role" || b.RoleKind == "ClusterRole") && (b.Subject.Kind == "ServiceAccount" || b.Subject.Kind == "User" || b.Subject.Kind == "Group")
	if p.bad || !known {
		return Binding{}, false
	}
	return b, true
}

// A phrase is the text that is still to be read.
type phrase struct {
	rest string
	bad  bool
}

// word takes what stands before the next space.
func (p *phrase) word() string {
	word, rest, ok := strings.Cut(p.rest, " ")
	p.bad = p.bad || !ok
	p.rest = rest
	return word
}

// quoted takes a quoted text and what has to follow it.
func (p *phrase) quoted(then string) string {
	quoted, err := strconv.QuotedPrefix(p.rest)
	if err != nil || quoted[0] != '"' {
		p.bad = true
		return ""
	}
	text, err := strconv.Unquote(quoted)
	rest, ok := strings.CutPrefix(p.rest[len(quoted):], then)
	p.bad = p.bad || err != nil || !ok
	p.rest = rest
	return text
}

// split takes name/namespace apart; a namespace holds no slash.
func (p *phrase) split(text string) (name, namespace string) {
	at := strings.LastIndexByte(text, '/')
	if at < 0 {
		p.bad = true
		return text, ""
	}
	return text[:at], text[at+1:]
}
