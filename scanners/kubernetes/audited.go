package kubernetes

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/scanners/kubernetes/audit"
	"github.com/muster-nhi/muster/scanners/kubernetes/object"
)

// A granted is a grant that was emitted, as an audit log names it.
type granted struct {
	id      string
	made    time.Time
	managed bool
}

// A grantName is a binding and one of its subjects, as an audit log names them.
type grantName struct{ kind, namespace, name, subjectKind, subjectNamespace, subject string }

func nameOf(b *object.Binding, s *object.Subject) grantName {
	n := grantName{"ClusterRoleBinding", "", b.Name, s.Kind, "", s.Name}
	if b.Namespace != "" {
		n.kind, n.namespace = "RoleBinding", b.Namespace
	}
	if s.Kind == kindAccount {
		n.subjectNamespace = cmp.Or(s.Namespace, b.Namespace)
	}
	return n
}

// An auditor says what audit logs tell of the use of identities, credentials and
// grants.
type auditor struct {
	m     *mapper
	uses  *audit.Uses
	since time.Time // from which on the logs have no gap
	// whole is false if the logs hold more than was kept, or could not be read in
	// full: then nobody is said to be unused.
	whole, grants bool
}

// putAudited emits what the audit logs say. Who is not in them was not used
// since they begin, or since their last gap.
func (m *mapper) putAudited() {
	if m.uses == nil {
		m.note(inventory.KindUsage, "without an audit log, use is known of token Secrets only; of accounts that sign in with tokens of their pods it is not")
		return
	}
	w := m.uses.Window()
	a := &auditor{m: m, uses: m.uses, since: inventory.Time(w.From), whole: len(m.lost[inventory.KindUsage]) == 0 && w.Broken == 0, grants: w.Reasons > 0}
	for _, g := range w.Gaps {
		m.note(inventory.KindUsage, fmt.Sprintf("the audit log has no event from %s to %s: a file may be missing", stamp(g.From), stamp(g.To)))
		a.since = inventory.Time(g.To)
	}
	for _, p := range m.uses.Problems() {
		text := p.Name
		if p.Line > 0 {
			text = fmt.Sprintf("%s:%d", p.Name, p.Line)
		}
		m.lose(inventory.KindUsage, inventory.Printable(inventory.Clip(text, maxText))+": "+inventory.Clip(p.Message, maxText))
		a.whole = false
	}
	if w.From.IsZero() {
		return
	}
	m.note(inventory.KindUsage, fmt.Sprintf("the audit log tells of %s to %s: %d requests, of which %d were refused", stamp(w.From), stamp(w.To), w.Requests, w.Denied))
	a.identities()
	a.credentials()
	if a.grants {
		a.bindings()
	}
}

func stamp(t time.Time) string { return t.UTC().Format("2006-01-02 15:04") }

// tracked returns since when the use of something that was made at a time is
// known; zero if what is not in the log may have been used.
func (a *auditor) tracked(made, last time.Time) time.Time {
	if !a.whole {
		return time.Time{}
	}
	from := a.since
	if made = inventory.Time(made); made.After(from) {
		from = made
	}
	return trackedBy(from, last)
}

// identities emits the last use of accounts and users. A request that was
// refused is a use of who made it.
func (a *auditor) identities() {
	users := a.uses.Users()
	used := make(map[string]*audit.User, len(users))
	for i := range users {
		used[users[i].Name] = &users[i]
	}
	put := func(id, name string, made time.Time) {
		u := inventory.Usage{Subject: id, Source: sourceAudit}
		if x := used[name]; x != nil {
			u.LastUsedAt = inventory.Time(x.Last)
			if x.ImpersonatedAt.After(x.Last) {
				u.LastUsedAt = inventory.Time(x.ImpersonatedAt)
			}
			if slices.Contains(x.Classes, audit.ClassBrowser) {
				u.Interactive = inventory.True
			}
		}
		if u.TrackedSince = a.tracked(made, u.LastUsedAt); !u.LastUsedAt.IsZero() || !u.TrackedSince.IsZero() {
			a.m.putUsage(u)
		}
	}
	for _, x := range a.m.order {
		var made time.Time
		if x.object != nil {
			made = x.object.CreatedAt
		}
		put(x.id, accountPrefix+x.namespace+":"+x.name, made)
	}
	for _, x := range sortedSubjects(a.m.users) {
		put(x.id, x.name, time.Time{})
	}
}

// credentials emits the last use of token Secrets and client certificates, and
// the tokens that somebody asked for.
func (a *auditor) credentials() {
	certificates := map[string]string{}
	for i := range a.m.c.Requests {
		if r := &a.m.c.Requests[i]; r.Issued != nil && r.Issued.SHA256 != "" {
			certificates[r.Issued.SHA256] = a.m.prefix + "certificatesigningrequests/" + part(r.Name)
		}
	}
	all := a.uses.Credentials()
	for i := range all {
		c := &all[i]
		switch c.Kind {
		case audit.LegacySecret:
			if s := a.m.secrets[key{c.Namespace, c.Secret}]; s != nil && s.object != nil {
				a.m.putUsage(inventory.Usage{Subject: a.m.secretID(c.Namespace, c.Secret), LastUsedAt: inventory.Time(c.Last), TrackedSince: a.tracked(s.object.CreatedAt, inventory.Time(c.Last)), Source: sourceAudit})
			}
		case audit.Certificate:
			if id := certificates[c.ID]; id != "" {
				a.m.putUsage(inventory.Usage{Subject: id, LastUsedAt: inventory.Time(c.Last), TrackedSince: a.tracked(time.Time{}, inventory.Time(c.Last)), Source: sourceAudit})
			}
		case audit.Token, audit.Other:
		}
	}
	a.tokens(all)
}

// bindings emits the last use of grants. The API server names one binding for
// each request that it allows, so that one which is not named was not needed.
func (a *auditor) bindings() {
	last := map[grantName]time.Time{}
	for _, b := range a.uses.Bindings() {
		n := grantName{b.Kind, b.Namespace, b.Name, b.Subject.Kind, b.Subject.Namespace, b.Subject.Name}
		if b.Last.After(last[n]) {
			last[n] = inventory.Time(b.Last)
		}
	}
	for i := range a.m.c.Bindings {
		b := &a.m.c.Bindings[i]
		for j := range b.Subjects {
			n := nameOf(b, &b.Subjects[j])
			g, ok := a.m.granted[n]
			if !ok {
				continue
			}
			delete(a.m.granted, n)
			u := inventory.Usage{Subject: g.id, LastUsedAt: last[n], Source: sourceAudit}
			u.TrackedSince = a.tracked(g.made, u.LastUsedAt)
			if !u.LastUsedAt.IsZero() || !u.TrackedSince.IsZero() && !g.managed {
				a.m.putUsage(u)
			}
		}
	}
}
