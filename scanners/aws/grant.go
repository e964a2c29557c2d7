package aws

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"github.com/muster-nhi/muster/internal/cloud"
	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/internal/privilege/aws/paths"
	"github.com/muster-nhi/muster/scanners/aws/object"
)

// held is the policies that a principal has.
type held struct {
	inline   []object.Policy
	attached []string
	groups   []string
	linked   bool // a service-linked role, whose policy AWS keeps too
}

// putGrants emits a grant for each policy of a principal, judged as it works
// there, and one for all together where that is more.
func (m *mapper) putGrants(principal string, h held) {
	var all []*inventory.Grant
	put := func(part, name, via, iamGroup string, p *paths.Policy) {
		g := m.policyGrant(principal, part, name, via, p)
		if iamGroup != "" {
			g.Attributes["iam_group"] = inventory.Clip(iamGroup, cloud.MaxName)
		}
		if h.linked {
			g.ManagedBy = byAWS
		}
		all = append(all, g)
		m.put(inventory.Record{Grant: g}, inventory.KindGrant)
	}
	each := func(prefix, via, iamGroup string, attached []string, inline []object.Policy) {
		for _, p := range unique(attached) {
			put(prefix+"attached/"+p, lastPart(p), cmp.Or(via, "attached policy"), iamGroup, m.judge.policy(m.a, p))
		}
		for i := range inline {
			p := &inline[i]
			put(prefix+"inline/"+p.Name, p.Name, cmp.Or(via, "inline policy"), iamGroup, m.judge.inline[p])
		}
	}
	each("", "", "", h.attached, h.inline)
	for _, name := range unique(h.groups) {
		if g := m.groups[name]; g != nil {
			each("group/"+name+"/", "group "+inventory.Clip(name, cloud.MaxName), name, g.Attached, g.Inline)
		} else {
			m.lose(inventory.KindGrant, "group "+inventory.Clip(name, cloud.MaxName)+" was not among those that were read")
		}
	}
	m.putEffective(principal, h, all)
}

// unique returns names sorted and each once.
func unique(names []string) []string {
	out := slices.Clone(names)
	slices.Sort(out)
	return slices.Compact(out)
}

// policyGrant makes the grant of one policy.
func (m *mapper) policyGrant(principal, part, name, via string, p *paths.Policy) *inventory.Grant {
	attr := make(cloud.Attributes, 8)
	attr["policy_type"] = "inline"
	g := &inventory.Grant{
		ID: m.part(principal, part), Principal: m.id(principal), Scope: m.scope, Name: cloud.Label(name), Resource: "*", Via: via, Attributes: attr,
	}
	if p == nil {
		g.Level = inventory.LevelUnknown
		return g
	}
	if p.ARN != "" {
		attr["policy_type"] = "attached"
		attr.Set("policy", p.ARN)
		attr["policy_managed_by"] = "customer"
		if p.ByAWS {
			attr["policy_managed_by"] = byAWS
		}
		attr.Yes("quarantine", isQuarantine(p.ARN))
	}
	if p.Document == nil {
		attr["unread"] = "true"
	} else {
		g.Resource = resourcesOf(p)
	}
	r, ok := m.judge.analysis.Grant(principal, p)
	if !ok {
		r = nil
	}
	m.fillResult(g, r)
	return g
}

// resourcesOf names the resources of what a policy allows: "*" if any statement
// is for all.
func resourcesOf(p *paths.Policy) string {
	var names []string
	for i := range p.Document.Statements {
		s := &p.Document.Statements[i]
		if s.Deny {
			continue
		}
		if len(s.NotResources) > 0 || slices.Contains(s.Resources, "*") {
			return "*"
		}
		names = append(names, s.Resources...)
	}
	const few = 5
	names = unique(names)
	if len(names) > few {
		return inventory.Clip(strings.Join(names[:few], ","), cloud.MaxText) + ",… (" + strconv.Itoa(len(names)) + ")"
	}
	return inventory.Clip(strings.Join(names, ","), cloud.MaxText)
}

// fillResult puts what package paths says into a grant.
func (m *mapper) fillResult(g *inventory.Grant, r *paths.Result) {
	if r == nil {
		g.Level = inventory.LevelUnknown
		return
	}
	attr := cloud.Attributes(g.Attributes)
	g.Level = cmp.Or(r.Level, inventory.LevelUnknown)
	for i := range r.Reasons {
		g.Reasons = append(g.Reasons, inventory.Clip(reasonText(&r.Reasons[i]), cloud.MaxText))
	}
	for _, service := range r.Wildcards {
		if service != "*" {
			g.Reasons = append(g.Reasons, service+":* on *")
		}
	}
	if g.Level == inventory.LevelUnknown {
		attr.Set("possible_level", string(r.Possible))
		attr.Set("certain_level", string(r.Certain))
		for _, u := range r.Unknown[:min(len(r.Unknown), paths.MaxReasons)] {
			g.Reasons = append(g.Reasons, inventory.Clip("cannot be told: "+u, cloud.MaxText))
		}
	}
	g.Capabilities = r.Capabilities
	attr.Set("possible_capabilities", cloud.List(r.Possibly))
	var ids, perhaps []string
	for i := range r.Paths {
		p := &r.Paths[i]
		if !p.Certain {
			perhaps = append(perhaps, pathText(p))
			continue
		}
		g.Paths = append(g.Paths, inventory.Clip(pathText(p), 4*cloud.MaxText))
		ids = append(ids, p.ID)
	}
	attr.Set("path_ids", cloud.List(ids))
	attr.Set("possible_paths", strings.Join(perhaps, "; "))
	attr.Yes("more_paths", r.Truncated)
}

// reasonText writes a reason with the statements that it rests on.
func reasonText(r *paths.Reason) string {
	text := r.String()
	var by []string
	for i := range r.Evidence {
		if e := &r.Evidence[i]; e.Policy != "" && !strings.Contains(text, e.Policy) {
			by = append(by, e.String())
		}
	}
	if len(by) == 0 {
		return text
	}
	return text + " (" + strings.Join(by, "; ") + ")"
}

// pathText writes a path hop by hop: what is done, by which published way, and
// where it leads.
func pathText(p *paths.Path) string {
	var b strings.Builder
	for i := range p.Hops {
		h := &p.Hops[i]
		if i > 0 {
			b.WriteString(" → ")
		}
		b.WriteString(h.ID + ": " + h.Text)
	}
	if p.Leads != "" {
		b.WriteString(" → " + lastPart(p.Leads) + " (" + string(p.Level) + ")")
	}
	return b.String()
}

// putEffective emits what the policies of a principal allow together, where no
// single one of them does.
func (m *mapper) putEffective(principal string, h held, single []*inventory.Grant) {
	r := m.judge.effective(principal)
	if r == nil || len(single) == 0 && len(r.Paths) == 0 && r.Level == inventory.LevelNone {
		return
	}
	g := &inventory.Grant{
		ID: m.part(principal, "effective"), Principal: m.id(principal), Scope: m.scope, Name: "effective permissions", Resource: "*",
		Via: "all its policies and groups together", Attributes: cloud.Attributes{"joined": "true"},
	}
	if h.linked {
		g.ManagedBy = byAWS
	}
	m.fillResult(g, r)
	if more(g, single) {
		m.put(inventory.Record{Grant: g}, inventory.KindGrant)
	}
}

// more reports whether a grant says what none of the others does.
func more(g *inventory.Grant, others []*inventory.Grant) bool {
	same, capabilities, ways := false, map[string]bool{}, map[string]bool{}
	for _, o := range others {
		same = same || o.Level == g.Level
		for _, c := range o.Capabilities {
			capabilities[c] = true
		}
		for _, p := range o.Paths {
			ways[p] = true
		}
	}
	return !same || slices.ContainsFunc(g.Capabilities, func(c string) bool { return !capabilities[c] }) ||
		slices.ContainsFunc(g.Paths, func(p string) bool { return !ways[p] })
}

// judged tells, on an identity, what all its policies come to.
func (m *mapper) judged(attr cloud.Attributes, principal string) {
	r := m.judge.effective(principal)
	if r == nil {
		return
	}
	attr.Set("effective_level", string(cmp.Or(r.Level, inventory.LevelUnknown)))
	if r.Level != r.Possible {
		attr.Set("possible_level", string(r.Possible))
	}
	for i := range r.Reach {
		x := &r.Reach[i]
		name := x.Use + "_" + x.Kind + "s" // read_secrets, decrypt_keys, write_buckets
		switch {
		case x.All:
			attr[name] = "all"
		default:
			attr.Count(name, x.Count, x.Complete && x.Maybe == 0)
			attr.Set(name+"_names", cloud.InOrder(x.Names))
		}
	}
}
