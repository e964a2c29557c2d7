package kubernetes

import (
	"cmp"
	"slices"
	"strings"

	"github.com/muster-nhi/muster/internal/cloud"
	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/scanners/kubernetes/object"
)

// The kinds of subjects of a binding.
const (
	kindAccount = "ServiceAccount"
	kindUser    = "User"
	kindGroup   = "Group"
)

// A subject is a user or a group that a binding or a certificate names. The
// cluster has no object for it.
type subject struct {
	kind, name, id string
	certificate    bool     // a certificate was issued to it
	groups         []string // of a user, that its certificates name
}

// A principal is who a subject of a binding is: an account, a user or a group.
type principal struct {
	account *account
	subject *subject
}

func (p principal) id() string {
	if p.account != nil {
		return p.account.id
	}
	return p.subject.id
}

// indexSubjects finds the accounts, users and groups that bindings and
// certificates name.
func (m *mapper) indexSubjects() {
	m.users, m.groups = make(map[string]*subject), make(map[string]*subject)
	for i := range m.c.Bindings {
		b := &m.c.Bindings[i]
		for j := range b.Subjects {
			m.principal(b, &b.Subjects[j])
		}
	}
	for i := range m.c.Requests {
		r := &m.c.Requests[i]
		if r.Issued == nil && (r.Approved != inventory.True || r.Failed) || !signsClients(r.Signer) || r.CommonName == "" {
			continue
		}
		if k, ok := accountOfUser(r.CommonName); ok {
			m.account(k)
			continue
		}
		u := m.user(r.CommonName)
		u.certificate = true
		for _, g := range r.Groups {
			m.group(g).certificate = true
			if !slices.Contains(u.groups, g) {
				u.groups = append(u.groups, g)
			}
		}
	}
}

func (m *mapper) user(name string) *subject {
	s := m.users[name]
	if s == nil {
		s = &subject{kind: kindUser, name: name, id: m.prefix + "users/" + tail(name)}
		m.users[name] = s
	}
	return s
}

func (m *mapper) group(name string) *subject {
	s := m.groups[name]
	if s == nil {
		s = &subject{kind: kindGroup, name: name, id: m.prefix + "groups/" + tail(name)}
		m.groups[name] = s
	}
	return s
}

// userID returns the id of a user's name, which may be an account's; empty for
// an empty name.
func (m *mapper) userID(name string) string {
	if k, ok := accountOfUser(name); ok {
		return m.account(k).id
	}
	if name == "" {
		return ""
	}
	return m.user(name).id
}

// principal returns who a subject of a binding is, and false for a kind that
// Kubernetes does not have. An account without a namespace is one of the
// binding's (RBAC authorizer, appliesToUser).
func (m *mapper) principal(b *object.Binding, s *object.Subject) (principal, bool) {
	if s.Name == "" {
		return principal{}, false
	}
	switch s.Kind {
	case kindAccount:
		ns := cmp.Or(s.Namespace, b.Namespace)
		if ns == "" {
			return principal{}, false
		}
		return principal{account: m.account(key{ns, s.Name})}, true
	case kindUser:
		if k, ok := accountOfUser(s.Name); ok {
			return principal{account: m.account(k)}, true
		}
		return principal{subject: m.user(s.Name)}, true
	case kindGroup:
		return principal{subject: m.group(s.Name)}, true
	default:
		return principal{}, false
	}
}

// sortedSubjects returns subjects by name.
func sortedSubjects(of map[string]*subject) []*subject {
	out := make([]*subject, 0, len(of))
	for _, s := range of {
		out = append(out, s)
	}
	slices.SortFunc(out, func(a, b *subject) int { return strings.Compare(a.name, b.name) })
	return out
}

// putSubjects emits the users and groups.
func (m *mapper) putSubjects() {
	last := ""
	for _, s := range append(sortedSubjects(m.users), sortedSubjects(m.groups)...) {
		if s.id == last {
			continue
		}
		last = s.id
		attr := cloud.Attributes(make(map[string]string, 4))
		attr.Yes("certificate", s.certificate)
		who, namespace := everyone(s.kind, s.name)
		attr.Set("everyone", who)
		attr.Set("namespace", namespace)
		all := m.judge.all(s.kind, key{"", s.name})
		attr["effective_level"] = string(cmp.Or(all.Level, inventory.LevelUnknown))
		m.join(s.kind, s.id, s.name, m.subjectPlatform(s.name), &all)
		attr.Set("cluster_scope", m.live)
		typ := "kubernetes.user"
		if s.kind == kindGroup {
			typ = "kubernetes.group"
		}
		x := &inventory.Identity{
			ID: s.id, Type: typ, Scope: m.scope, Name: inventory.Clip(s.name, maxText), Declared: m.declared,
			ManagedBy: m.subjectPlatform(s.name), Attributes: attr,
		}
		m.put(inventory.Record{Identity: x}, inventory.KindIdentity)
	}
}
