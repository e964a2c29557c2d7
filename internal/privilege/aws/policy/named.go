package policy

import (
	"slices"
	"strings"
)

// named tells how a statement of a resource policy names the principal, and how
// it may, where the name of the session is not known.
func (e *evaluation) named(s *statement) (certain, perhaps class) {
	p := e.q.Principal
	switch {
	case p == nil:
		return notNamed, asPrincipal
	case s.NotPrincipal != nil && s.Deny && e.l.Boundary != nil && (p.Kind == User || p.Kind == Role):
		return asPrincipal, asPrincipal // a deny spares none that has a boundary, whoever it names
	case s.NotPrincipal != nil:
		return s.spared(p)
	case s.Principals == nil: // not a resource policy after all
		return notNamed, notNamed
	default:
		return s.Principals.name(p)
	}
}

// name tells how a list names a principal.
func (l *Principals) name(p *Principal) (certain, perhaps class) {
	if l.Everyone {
		return asPrincipal, asPrincipal
	}
	switch p.Kind {
	case Anonymous:
		return notNamed, notNamed
	case Service:
		return either(slices.ContainsFunc(l.Service, func(s string) bool { return strings.EqualFold(s, p.ARN) }))
	case WebIdentity, SAML:
		return either(slices.ContainsFunc(l.Federated, p.isProvider))
	case User, Role, Root, FederatedUser:
	}
	for _, name := range l.AWS {
		c, maybe := p.isCalled(name)
		certain, perhaps = max(certain, c), max(perhaps, maybe, c)
	}
	if len(l.Canonical) > 0 { // an account by another name, which no listing tells
		perhaps = max(perhaps, asAccount)
	}
	return certain, perhaps
}

func either(named bool) (certain, perhaps class) {
	if named {
		return asPrincipal, asPrincipal
	}
	return notNamed, notNamed
}

// isProvider reports whether a Federated principal is the provider: by its ARN,
// or by the address that is the last part of it, which AWS's own have for a name.
func (p *Principal) isProvider(name string) bool {
	if strings.EqualFold(name, p.ARN) {
		return true
	}
	_, url, ok := strings.Cut(p.ARN, ":oidc-provider/")
	return ok && strings.EqualFold(url, name)
}

// isCalled tells how one name under AWS names a principal: its account, itself
// by ARN or by the unique id that AWS puts in place of a name that is gone, or
// its session.
func (p *Principal) isCalled(name string) (certain, perhaps class) {
	if isAccount(name, p.Account) {
		if p.Kind == Root {
			return asPrincipal, asPrincipal
		}
		return asAccount, asAccount
	}
	if name == p.ARN || p.ID != "" && name == p.ID {
		switch p.Kind {
		case Role, FederatedUser:
			return asRole, asRole
		default:
			return asPrincipal, asPrincipal
		}
	}
	session, ok := p.sessionIn(name)
	switch {
	case !ok || p.Session != "" && p.Session != session:
		return notNamed, notNamed
	case p.Session == "":
		return notNamed, asPrincipal
	default:
		return asPrincipal, asPrincipal
	}
}

// sessionIn returns the name of a session from its ARN, if it is one of this role
// or federated user: arn:aws:sts::111122223333:assumed-role/ci/build.
func (p *Principal) sessionIn(name string) (session string, ok bool) {
	kind := "federated-user/"
	switch p.Kind {
	case Role:
		kind = "assumed-role/"
	case FederatedUser:
	default:
		return "", false
	}
	_, rest, _ := strings.Cut(name, ":sts::")
	rest, inAccount := strings.CutPrefix(rest, p.Account)
	rest, ofKind := strings.CutPrefix(rest, ":"+kind)
	if !inAccount || !ofKind || p.Kind == FederatedUser {
		return rest, inAccount && ofKind
	}
	role, session, ok := strings.Cut(rest, "/")
	return session, ok && role == p.Name()
}

// isAccount reports whether a principal is an account: its number, or the ARN of
// its root.
func isAccount(name, account string) bool {
	if account == "" {
		return false
	}
	if name == account {
		return true
	}
	rest, ok := strings.CutPrefix(name, "arn:")
	if !ok {
		return false
	}
	_, rest, _ = strings.Cut(rest, ":")
	return strings.HasPrefix(rest, "iam::") && rest[len("iam::"):] == account+":root"
}

// spared tells whether NotPrincipal leaves the principal within the statement.
// A deny only spares who is named in full, with account and session; where a part
// is missing AWS may deny on the way there (IAM User Guide, "AWS JSON policy
// elements: NotPrincipal").
func (s *statement) spared(p *Principal) (certain, perhaps class) {
	l := s.NotPrincipal
	if l.Everyone {
		return notNamed, notNamed
	}
	c, maybe := l.name(p)
	if maybe <= asAccount && p.Kind != Root || maybe == notNamed {
		if !s.Deny && maybe == asAccount {
			return notNamed, notNamed
		}
		return asPrincipal, asPrincipal
	}
	if !s.Deny {
		if c == notNamed {
			return notNamed, asPrincipal
		}
		return notNamed, notNamed
	}
	if c == asPrincipal && (p.Account == "" || p.Kind == Root || l.accounts(p) && (p.Kind == User || l.has(p.ARN))) {
		return notNamed, notNamed
	}
	return notNamed, asPrincipal
}

func (l *Principals) accounts(p *Principal) bool {
	return slices.ContainsFunc(l.AWS, func(n string) bool { return isAccount(n, p.Account) })
}

func (l *Principals) has(arn string) bool { return slices.Contains(l.AWS, arn) }
