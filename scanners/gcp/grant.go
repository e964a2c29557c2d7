package gcp

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strconv"
	"strings"

	"github.com/muster-nhi/muster/internal/cloud"
	"github.com/muster-nhi/muster/internal/inventory"
	privilege "github.com/muster-nhi/muster/internal/privilege/gcp/role"
	"github.com/muster-nhi/muster/scanners/gcp/object"
)

// opens reports whether whoever has a role may read or use what it is given on.
func opens(role string) bool {
	switch shortName(role) {
	case "secretmanager.viewer", "cloudkms.viewer", "iam.securityReviewer", "browser", "viewer":
		return false
	default:
		return true
	}
}

// people counts the members that are no machines.
type people struct{ persons, groups, others int }

// putGrants emits what the policies of a place give to machines and to everybody,
// and who may become a service account.
func (m *mapper) putGrants() {
	var p people
	for _, policy := range m.at.policies {
		if m.err != nil {
			return
		}
		for i := range policy.Bindings {
			m.putBinding(policy, &policy.Bindings[i], &p)
		}
		if account := m.accountOf(policy.Resource); account != "" {
			m.putTrusts(account, policy)
		}
	}
	if p.persons+p.groups > 0 {
		m.note(inventory.KindGrant, "roles of people are not listed: policies name users and domains "+strconv.Itoa(p.persons)+" times, groups "+strconv.Itoa(p.groups)+" times")
	}
	if p.others > 0 {
		m.note(inventory.KindGrant, "members such as projectOwner: and those of forms that are not known were passed over "+strconv.Itoa(p.others)+" times")
	}
}

// putBinding emits a grant for each machine that a binding names.
func (m *mapper) putBinding(p *object.Policy, b *object.Binding, count *people) {
	for _, text := range unique(b.Members) {
		x := parseMember(text)
		switch {
		case x.machine():
			m.putGrant(m.grant(p, b, &x, ""))
		case x.kind == memberPerson && x.workforce && !x.deleted:
			m.putGrant(m.grant(p, b, &x, ""))
			count.persons++
		case x.kind == memberPerson:
			count.persons++
		case x.kind == memberGroup:
			count.groups++
			m.putGroupGrants(p, b, &x)
		default:
			count.others++
		}
	}
}

// maxNested bounds how deep groups in groups are followed.
const maxNested = 16

// putGroupGrants emits what the machines in a group have through it.
func (m *mapper) putGroupGrants(p *object.Policy, b *object.Binding, group *member) {
	for _, text := range m.estate.machinesOf(group.email) {
		x := parseMember(text)
		m.putGrant(m.grant(p, b, &x, group.email))
	}
}

// machinesOf returns the machines in a group, also in groups that are in it, sorted.
func (e *estate) machinesOf(group string) []string {
	if known, ok := e.machines[group]; ok {
		return known
	}
	var out []string
	seen := map[string]bool{}
	var walk func(email string, depth int)
	walk = func(email string, depth int) {
		g := e.groups[email]
		if g == nil || seen[email] || depth > maxNested {
			return
		}
		seen[email] = true
		for _, text := range g.Members {
			if inner, ok := strings.CutPrefix(text, "group:"); ok {
				walk(strings.ToLower(inner), depth+1)
			} else if x := parseMember(text); x.machine() {
				out = append(out, text)
			}
		}
	}
	walk(group, 0)
	e.machines[group] = unique(out)
	return e.machines[group]
}

func (m *mapper) putGrant(g *inventory.Grant) {
	m.put(inventory.Record{Grant: g}, inventory.KindGrant)
}

// grant makes the record of what a member has by a binding, itself or through a
// group.
func (m *mapper) grant(p *object.Policy, b *object.Binding, x *member, group string) *inventory.Grant {
	attr := make(cloud.Attributes, 8)
	g := &inventory.Grant{Principal: m.id(x.id), Scope: m.scope, Name: cloud.Label(b.Role), Resource: m.resource(p), Via: via(p), Attributes: attr}
	native := g.Resource + "#" + cloud.Word(b.Role) + "/"
	if group != "" {
		native += "group:" + cloud.Word(group) + "/"
		g.Via = "group " + inventory.Clip(group, cloud.MaxName)
		attr.Set("iam_group", group)
	}
	native += cloud.Word(x.text)
	if c := b.Condition; c != nil {
		native += "?" + shortHash(c.Title+"\x00"+c.Expression)
		g.Condition = inventory.Clip(conditionText(c), 4*cloud.MaxText)
		g.ExpiresAt = m.estate.judge.end(c.Expression)
	}
	g.ID = m.once(m.id(native))
	m.describeRole(attr, b.Role)
	m.describeMember(attr, x, b.Role, g)
	m.describePlace(attr, p)
	m.unusedOf(attr, b.Role, x, p.Resource)
	m.estate.judge.fill(g, p, b, x)
	return g
}

// resource spells what a policy is of: places by id, all else by full name.
func (m *mapper) resource(p *object.Policy) string {
	if m.p != nil && p.Resource == "projects/"+m.p.Number && m.p.Number != "" {
		return "projects/" + m.p.ID
	}
	return cloud.Word(p.Resource)
}

// via says by what kind of policy something is given.
func via(p *object.Policy) string {
	switch {
	case strings.HasPrefix(p.Resource, "organizations/"):
		return "organization policy"
	case strings.HasPrefix(p.Resource, "folders/"):
		return "folder policy"
	case strings.HasPrefix(p.Resource, "projects/") && strings.Count(p.Resource, "/") == 1:
		return "project policy"
	default:
		return "resource policy"
	}
}

// describeRole tells what kind of role it is.
func (m *mapper) describeRole(attr cloud.Attributes, role string) {
	switch {
	case role == "roles/owner" || role == "roles/editor" || role == "roles/viewer":
		attr["role_type"] = "basic"
	case strings.HasPrefix(role, "roles/"):
		attr["role_type"] = "predefined"
	default:
		attr["role_type"] = "custom"
	}
	r := m.estate.judge.roles[role]
	if _, known := privilege.Predefined(role); !known && (r == nil || !r.Known) {
		attr["unread"] = "true"
	}
	if r != nil {
		attr.Set("role_title", r.Title)
		attr.Set("role_stage", r.Stage)
		attr.Count("permissions", len(r.Permissions), r.Known)
		attr.Yes("role_deleted", r.Deleted)
	}
}

// describeMember tells of whom a grant is.
func (m *mapper) describeMember(attr cloud.Attributes, x *member, role string, g *inventory.Grant) {
	attr.Yes("deleted", x.deleted)
	switch x.kind {
	case memberPublic:
		attr["public"] = "true"
		attr["audience"] = x.id
	case memberAccounts:
		attr["all_accounts"] = "true"
	case memberAccount:
		if agent := agentOf(x.email); agent != "" && (strings.HasSuffix(role, "erviceAgent") || agent == "cloudservices" && role == "roles/editor") {
			g.ManagedBy = byGoogle
		}
		home := cmp.Or(m.estate.homes[x.email], projectOf(x.email))
		home = cmp.Or(m.estate.byNumber[home], home)
		if home != "" && (m.p == nil || home != m.p.ID) {
			attr.Set("cross_project", home)
			attr.Tri("external", not(m.estate.inOrganization(home)))
		}
	}
}

func not(t inventory.Tri) inventory.Tri { return -t }

// describePlace tells of what a policy of a resource is.
func (m *mapper) describePlace(attr cloud.Attributes, p *object.Policy) {
	if via(p) != "resource policy" {
		return
	}
	service, _, _ := strings.Cut(p.Resource, ".googleapis.com/")
	attr.Set("service", service)
}

// unusedOf tells which permissions of a role a member did not use.
func (m *mapper) unusedOf(attr cloud.Attributes, role string, x *member, resource string) {
	key := strings.ToLower(strings.TrimPrefix(x.text, prefixAccount))
	for _, i := range m.estate.insights[key] {
		if i.Role != role || !judged(i) || i.Resource != "" && !strings.HasSuffix(resource, lastSlash(i.Resource)) && !m.sameProject(i.Resource, resource) {
			continue
		}
		attr["unused_permissions"] = strconv.Itoa(len(i.Unused))
		attr.Set("unused_permission_names", cloud.List(i.Unused))
		attr.Count("role_permissions", i.Total, false)
		return
	}
}

// sameProject reports whether two names are of one project, once by its number and
// once by its id.
func (m *mapper) sameProject(a, b string) bool {
	return m.p != nil && m.p.Number != "" && lastSlash(a) == m.p.Number && lastSlash(b) == m.p.ID
}

// conditionText writes a condition with its title.
func conditionText(c *object.Condition) string {
	if c.Title == "" {
		return c.Expression
	}
	return c.Title + ": " + c.Expression
}

func shortHash(s string) string {
	sum := sha256.Sum256([]byte(s))
	return hex.EncodeToString(sum[:6])
}

// accountName returns by what a resource's name calls a service account: its e-mail or
// unique id; empty if the resource is something else.
func accountName(resource string) string {
	parts := strings.Split(strings.TrimPrefix(resource, "iam.googleapis.com/projects/"), "/")
	if len(parts) != 3 || parts[1] != "serviceAccounts" || !strings.HasPrefix(resource, "iam.") {
		return ""
	}
	return parts[2]
}

// accountOf returns the e-mail of the service account that a resource is; empty if
// it is something else.
func (m *mapper) accountOf(resource string) string {
	name := accountName(resource)
	if email := m.estate.unique[name]; email != "" {
		return email
	}
	return strings.ToLower(name)
}

// putEffective emits what all the roles of a principal allow together, where no
// single one does. Text is how bindings name it.
func (m *mapper) putEffective(native, text, identity string) {
	held := m.estate.held
	g := m.estate.judge.effective(text, slices.Concat(held[native], held["allUsers"], held["allAuthenticatedUsers"])...)
	if g == nil {
		return
	}
	g.ID, g.Principal, g.Scope = m.once(m.part(native, "effective")), identity, m.scope
	g.Name, g.Resource, g.Via = "effective permissions", "*", "all its roles together"
	g.Attributes["joined"] = "true"
	m.putGrant(g)
}

// contains reports whether a list has all of another.
func contains(list, other []string) bool {
	return !slices.ContainsFunc(other, func(s string) bool { return !slices.Contains(list, s) })
}
