package kubernetes

import (
	"fmt"
	"maps"
	"strings"

	"github.com/muster-nhi/muster/internal/cloud"
	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/internal/privilege/reach"
	"github.com/muster-nhi/muster/scanners/kubernetes/object"
)

// maxExpanded bounds the grants that accounts and users have through groups: a
// few bindings to all accounts of a large cluster make as many records as it has
// accounts, each.
const maxExpanded = 20_000

// putGrants emits a grant for each subject of each binding.
func (m *mapper) putGrants() {
	e := &expansion{members: m.membersOf()}
	allAccounts := m.seen("serviceaccounts")
	for i := range m.c.Bindings {
		if m.err != nil {
			return
		}
		b := &m.c.Bindings[i]
		if i == 0 || !sameObject(&m.c.Bindings[i-1].Meta, &b.Meta) {
			m.putBinding(m.newBinding(b, allAccounts), e)
		}
	}
	if e.left > 0 {
		m.note(inventory.KindGrant, fmt.Sprintf("%d grants that accounts hold through a group stand at the group only", e.left))
	}
	m.putJoined()
}

// An expansion says who is in a group, and counts the grants of members.
type expansion struct {
	members    func(group string) []principal
	done, left int
	made       slab[inventory.Grant]
}

// putBinding emits the grants of one binding.
func (m *mapper) putBinding(g *boundRole, e *expansion) {
	b := g.b
	var seen map[string]bool
	for j := range b.Subjects {
		s := &b.Subjects[j]
		p, ok := m.principal(b, s)
		if !ok {
			m.note(inventory.KindGrant, "a binding names a subject that is no service account, user or group; it is left out")
			continue
		}
		x := e.made.next()
		g.fill(x, s, p)
		if seen[x.ID] {
			continue
		}
		if len(b.Subjects) > 1 {
			if seen == nil {
				seen = make(map[string]bool, len(b.Subjects))
			}
			seen[x.ID] = true
		}
		m.put(inventory.Record{Grant: x}, inventory.KindGrant)
		if m.granted != nil {
			m.granted[nameOf(b, s)] = granted{x.ID, x.GrantedAt, x.ManagedBy != ""}
		}
		if who, _ := everyone(s.Kind, s.Name); s.Kind != kindGroup || x.ManagedBy != "" && who != "" {
			continue // what everyone may by default is no news of anyone
		}
		for _, to := range e.members(s.Name) {
			if e.done >= maxExpanded {
				e.left++
				continue
			}
			e.done++
			m.put(inventory.Record{Grant: g.through(x, s.Name, to)}, inventory.KindGrant)
		}
	}
}

// sameObject reports whether two neighbours are one object that was seen twice.
func sameObject(a, b *object.Meta) bool {
	return a.Name == b.Name && a.Namespace == b.Namespace && a.Kind == b.Kind
}

// membersOf returns who is in a group, as far as a cluster knows: accounts are
// in the groups of all accounts, users in those that their certificates name.
func (m *mapper) membersOf() func(group string) []principal {
	byNamespace := map[string][]principal{}
	var all []principal
	for _, a := range m.order {
		if a.made == "" && (a.object != nil || !m.seen("serviceaccounts")) {
			p := principal{account: a}
			byNamespace[a.namespace] = append(byNamespace[a.namespace], p)
			all = append(all, p)
		}
	}
	certified := map[string][]principal{}
	for _, u := range sortedSubjects(m.users) {
		for _, g := range u.groups {
			certified[g] = append(certified[g], principal{subject: u})
		}
	}
	return func(group string) []principal {
		switch who, namespace := everyone(kindGroup, group); who {
		case "all_accounts", "authenticated":
			return all
		case "namespace_accounts":
			return byNamespace[namespace]
		}
		return certified[group]
	}
}

// A boundRole is a binding with what all its grants have in common.
type boundRole struct {
	m           *mapper
	b           *object.Binding
	id          string // of the binding
	via         string
	resource    string
	wildcard    string
	noRole      bool
	allAccounts bool
}

func (m *mapper) newBinding(b *object.Binding, allAccounts bool) *boundRole {
	g := &boundRole{m: m, b: b, allAccounts: allAccounts}
	if b.Namespace == "" {
		g.id, g.via, g.resource = m.prefix+"clusterrolebindings/"+part(b.Name), "ClusterRoleBinding "+inventory.Clip(b.Name, maxText), "*"
	} else {
		g.id = m.prefix + "rolebindings/" + part(b.Namespace) + "/" + part(b.Name)
		g.via = "RoleBinding " + inventory.Clip(b.Namespace, maxName) + "/" + inventory.Clip(b.Name, maxText)
		g.resource = "namespace/" + inventory.Clip(b.Namespace, maxName)
	}
	if r := m.judge.of(b); r != nil {
		g.wildcard = r.wildcard
	} else {
		g.noRole = m.judge.complete
	}
	return g
}

// fill makes the grant of one subject.
func (g *boundRole) fill(x *inventory.Grant, s *object.Subject, p principal) {
	m, b := g.m, g.b
	id := tail(s.Name)
	full := s.Name
	if s.Kind == kindAccount {
		id = part(p.account.namespace) + "/" + part(p.account.name)
		full = p.account.namespace + "/" + p.account.name
	}
	attr := cloud.Attributes(make(map[string]string, 8))
	attr.Set("binding", b.Name)
	attr["binding_kind"] = "ClusterRoleBinding"
	if b.Namespace != "" {
		attr["binding_kind"] = "RoleBinding"
		attr.Set("binding_namespace", b.Namespace)
	}
	attr.Set("role_kind", b.RoleKind)
	attr.Set("subject_kind", s.Kind)
	attr.Yes("role_default", b.RoleKind == "ClusterRole" && m.defaultRole(b.RoleName))
	attr.Set("wildcard", g.wildcard)
	attr.Yes("last_applied", b.LastApplied)
	var dangling []string
	if g.noRole {
		dangling = append(dangling, "role")
	}
	if g.allAccounts && p.account != nil && p.account.object == nil {
		dangling = append(dangling, "subject")
	}
	attr.Set("dangling", strings.Join(dangling, ","))
	v := m.judge.grant(b, s)
	by := m.grantPlatform(b, s, full)
	if who, _ := everyone(s.Kind, s.Name); who != "" && len(v.capabilities) > 0 {
		by = "" // somebody has widened what everyone may do
	}
	if by == "" {
		m.governed[p.id()] = true
	}
	attr.Yes("default", by == byKubernetes || by == byKubeadm)
	*x = inventory.Grant{
		ID: g.id + "/" + part(s.Kind) + "/" + id, Principal: p.id(), Scope: m.scope, Name: word(b.RoleName), Resource: g.resource, Via: g.via,
		Level: v.level, Reasons: v.reasons, Capabilities: v.capabilities, Paths: v.paths,
		GrantedAt: inventory.Time(b.CreatedAt), Declared: m.declared, ManagedBy: by, FoundAt: m.found(&b.Meta), Attributes: attr,
	}
}

// through makes the grant that a member of a group has.
func (g *boundRole) through(of *inventory.Grant, group string, p principal) *inventory.Grant {
	x := *of
	if p.account != nil {
		x.ID += "/ServiceAccount/" + part(p.account.namespace) + "/" + part(p.account.name)
	} else {
		x.ID += "/User/" + tail(p.subject.name)
		x.ManagedBy = ""
		if by := g.m.subjectPlatform(p.subject.name); of.ManagedBy != "" {
			x.ManagedBy = by // of a node, say; not of whoever else has such a certificate
		}
	}
	x.Principal = p.id()
	x.Via = g.via + " to group " + inventory.Clip(group, maxText)
	attr := make(cloud.Attributes, len(of.Attributes)+1)
	maps.Copy(attr, of.Attributes)
	attr.Set("group", group)
	x.Attributes = attr
	return &x
}

// A joined is what the bindings of a subject allow together, where no single one
// does.
type joined struct {
	principal, name, kind, made, resource string
	verdict                               verdict
}

// join keeps what all bindings of a subject come to, if that is more than the
// strongest one gives.
func (m *mapper) join(kind, id, name, made string, all *reach.Result) {
	if !all.Joined {
		return
	}
	where := "*"
	if !all.Cluster && len(all.Namespaces) > 0 {
		names := all.Namespaces[:min(len(all.Namespaces), maxMore)]
		where = "namespace/" + strings.Join(names, ",namespace/")
	}
	m.joined = append(m.joined, joined{id, name, kind, made, inventory.Clip(where, 4*maxText), verdictOf(all)})
}

// putJoined emits what the bindings of a subject allow together. That of a
// subject of the platform is the platform's, unless somebody gave it more.
func (m *mapper) putJoined() {
	for i := range m.joined {
		j := &m.joined[i]
		by := j.made
		if m.governed[j.principal] {
			by = ""
		}
		id := tail(j.name)
		if k, ok := strings.CutPrefix(j.principal, m.prefix+"serviceaccounts/"); ok {
			id = k
		}
		m.put(inventory.Record{Grant: &inventory.Grant{
			ID: m.prefix + "effective/" + j.kind + "/" + id, Principal: j.principal, Scope: m.scope, Name: "effective permissions", Resource: j.resource,
			Via: "all its bindings together", Level: j.verdict.level, Reasons: j.verdict.reasons, Capabilities: j.verdict.capabilities, Paths: j.verdict.paths,
			Declared: m.declared, ManagedBy: by, Attributes: map[string]string{"joined": "true", "subject_kind": j.kind},
		}}, inventory.KindGrant)
	}
}
