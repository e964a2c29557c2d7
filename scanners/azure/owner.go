package azure

import (
	"cmp"
	"slices"
	"strings"
	"unicode"

	"github.com/muster-nhi/muster/internal/cloud"
	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/scanners/azure/object"
)

// An owning says who owns something and how that is known.
type owning struct {
	owner, kind, method, source string
	confidence                  inventory.Confidence
	active, external            inventory.Tri
}

// The kinds of owners.
const (
	person  = "person"
	team    = "team"
	machine = "nhi"
)

// ownerTags are the keys of tags that name an owner, in lower case, most telling
// first.
type ownerTags []string

// defaultOwnerTags are what people use for it.
func defaultOwnerTags() []string {
	return []string{
		"owner", "owned-by", "ownedby", "owned_by", "owner-email", "owner_email", "owneremail", "ownername", "team", "owner-team", "owner_team", "ownerteam", "squad",
		"service-owner", "serviceowner", "technical-owner", "technicalowner", "business-owner", "businessowner", "contact", "contact-email", "maintainer",
		"maintained-by", "responsible", "opsteam",
	}
}

func newOwnerTags(keys []string) ownerTags {
	if keys == nil {
		keys = defaultOwnerTags()
	}
	out := make(ownerTags, 0, len(keys))
	for _, k := range keys {
		out = append(out, strings.ToLower(strings.TrimSpace(k)))
	}
	return out
}

// maxOwners bounds the owners that one tag or text names.
const maxOwners = 5

// putOwners emits who answers for an identity: its owners and sponsors in Entra, who
// its tags and notes name, who made it, and who answers for where it lies.
func (m *mapper) putOwners(r *ref) {
	var all []owning
	if a := r.app; a != nil {
		all = append(all, m.members(a.Owners, "app_owner", "owner of the application")...)
		all = append(all, m.members(a.Sponsors, "sponsor", "sponsor of the blueprint")...)
		all = append(all, m.estate.owners.of(tagPairs(appTags(cloud.Attributes{}, a.Tags)), "tag", inventory.ConfidenceHigh)...)
		all = append(all, reference(a.ServiceManagement)...)
		all = append(all, mentioned(a.Notes, "notes of the application")...)
		all = append(all, m.creator(a.ID)...)
	}
	if p := r.sp; p != nil {
		all = append(all, m.members(p.Owners, "app_owner", "owner of the service principal")...)
		all = append(all, m.members(p.Sponsors, "sponsor", "sponsor of the agent")...)
		all = append(all, m.estate.owners.of(tagPairs(appTags(cloud.Attributes{}, p.Tags)), "tag", inventory.ConfidenceHigh)...)
		for _, mail := range p.Notify {
			all = append(all, owning{owner: mail, method: "notification_email", source: "notified of the end of its certificate", confidence: inventory.ConfidenceMedium})
		}
		all = append(all, mentioned(p.Notes, "notes of the service principal")...)
		all = append(all, m.creator(p.ID)...)
	}
	if x := r.managed; x != nil {
		all = append(all, m.estate.owners.of(x.Tags, "tag", inventory.ConfidenceHigh)...)
		all = append(all, madeBy(x.Tags))
		if by := cloud.TagValue(x.Tags, creatorTags()...); by != "" {
			all = append(all, owning{owner: by, method: "creator", source: "tag", confidence: inventory.ConfidenceLow})
		}
	}
	m.emitOwners(r.id, r.scope, all, m.placeOwners(r.scope))
}

// emitOwners emits owners, each way of knowing one once; those of the place come
// last.
func (m *mapper) emitOwners(subject, scope string, all, place []owning) {
	seen := map[[2]string]bool{}
	for _, o := range slices.Concat(all, place) {
		name := ownerName(o.owner)
		key := [2]string{strings.ToLower(name), o.method}
		if name == "" || seen[key] {
			continue
		}
		seen[key] = true
		m.put(inventory.Record{Owner: &inventory.Owner{
			Subject: subject, Scope: scope, Owner: name, Kind: o.kind, Method: o.method, Confidence: o.confidence, Active: o.active, External: o.external,
			Source: inventory.Clip(o.source, cloud.MaxText),
		}}, inventory.KindOwner)
	}
}

// placeOwners returns who answers for a scope: whom the tags of the subscription
// name, or else its contacts.
func (m *mapper) placeOwners(scope string) []owning {
	id, ok := strings.CutPrefix(scope, m.scope+"/")
	s := m.subs[id]
	if !ok || s == nil {
		return nil // who is written to about the tenant answers for no single application
	}
	out := m.estate.owners.of(s.Tags, "subscription_tag", inventory.ConfidenceMedium)
	for i := range out {
		out[i].source = "tag " + out[i].source + " of the subscription"
	}
	if len(out) == 0 {
		return contactOwners(s.Contacts)
	}
	return out
}

// contactOwners returns the first of those who are written to about a subscription,
// which says little about a single identity.
func contactOwners(contacts []string) []owning {
	for _, c := range unique(contacts) {
		return []owning{{owner: c, method: "subscription_contact", source: "security contact of the subscription", confidence: inventory.ConfidenceLow}}
	}
	return nil
}

// members returns the objects of the directory that own or sponsor something.
func (m *mapper) members(ids []string, method, source string) []owning {
	var out []owning
	for _, id := range unique(ids) {
		key := lower(id)
		o := owning{owner: m.ownerLabel(key), method: method, source: source, confidence: inventory.ConfidenceHigh}
		switch {
		case m.users[key] != nil:
			u := m.users[key]
			o.kind, o.active = person, u.Enabled
			o.external = inventory.TriOf(u.Guest)
		case m.groups[key] != nil:
			o.kind = team
		case m.memberKind(key) != "":
			o.kind = machine
			if r, ok := m.who(key); ok && r.sp != nil {
				o.active = r.sp.Enabled
			}
		}
		out = append(out, o)
	}
	return out
}

// ownerLabel is how an owner is called: people by the address that they are written to.
func (m *mapper) ownerLabel(key string) string {
	if u := m.users[key]; u != nil {
		return cmp.Or(u.Mail, u.UPN, u.Name, u.ID)
	}
	return m.label(key)
}

// ownerNames names owners as their records do, sorted.
func (m *mapper) ownerNames(ids []string) []string {
	out := make([]string, 0, len(ids))
	for _, id := range ids {
		out = append(out, cmp.Or(ownerName(m.ownerLabel(id)), id))
	}
	return unique(out)
}

// reference returns what the service management reference of an application says: a
// team, or an entry of the organisation's register.
func reference(text string) []owning {
	return []owning{{owner: text, method: "service_management_reference", source: "serviceManagementReference", confidence: inventory.ConfidenceMedium}}
}

// mentioned returns whoever is named by an address in notes.
func mentioned(notes, source string) []owning {
	var out []owning
	outside := func(r rune) bool { return unicode.IsSpace(r) || strings.ContainsRune("<>()[]{},;:\"'|", r) }
	for word := range strings.FieldsFuncSeq(inventory.Clip(notes, 4*cloud.MaxText), outside) {
		word = strings.TrimRight(word, ".!?")
		if at := strings.LastIndexByte(word, '@'); at > 0 && strings.Contains(word[at:], ".") && len(out) < maxOwners {
			out = append(out, owning{owner: word, method: "notes", source: source, confidence: inventory.ConfidenceLow})
		}
	}
	return out
}

// creator returns who made an object, by the audit log.
func (m *mapper) creator(id string) []owning {
	c := m.creators[lower(id)]
	if c == nil {
		return nil
	}
	o := owning{owner: cmp.Or(c.ByName, c.By), method: "creator", source: "audit log: " + c.Activity, confidence: inventory.ConfidenceMedium}
	switch key := lower(c.By); {
	case m.users[key] != nil:
		u := m.users[key]
		o.owner, o.kind, o.active, o.external = cmp.Or(u.Mail, u.UPN, o.owner), person, u.Enabled, inventory.TriOf(u.Guest)
	case m.memberKind(key) == "service_principal":
		o.owner, o.kind, o.confidence = m.label(key), machine, inventory.ConfidenceLow
	}
	return []owning{o}
}

// of returns the owners that tags name.
func (keys ownerTags) of(tags []object.Tag, method string, confidence inventory.Confidence) []owning {
	var out []owning
	for _, k := range keys {
		for i := range tags {
			if !strings.EqualFold(tags[i].Key, k) {
				continue
			}
			for _, name := range owners(tags[i].Value) {
				o := owning{owner: name, method: method, source: tags[i].Key, confidence: confidence}
				if strings.Contains(k, team) || strings.Contains(k, "squad") {
					o.kind = team
				}
				out = append(out, o)
			}
		}
	}
	return out
}

// owners reads the value of a tag: one name or several, with commas or semicolons
// between.
func owners(value string) []string {
	var out []string
	for part := range strings.FieldsFuncSeq(value, func(r rune) bool { return r == ',' || r == ';' }) {
		part = ownerName(strings.TrimPrefix(strings.TrimSpace(part), "mailto:"))
		if part != "" && !slices.Contains(out, part) && len(out) < maxOwners {
			out = append(out, part)
		}
	}
	return out
}

// ownerName makes an owner of a text: one line, of bounded length, and nothing for
// a word that says that nobody knows.
func ownerName(s string) string {
	s = strings.TrimSpace(inventory.Clip(s, cloud.MaxName))
	if s == "" || strings.IndexFunc(s, unicode.IsControl) >= 0 {
		return ""
	}
	switch strings.ToLower(s) {
	case "none", "unknown", "n/a", "na", "tbd", "todo", "tba", "null", "nil", "-", "--", "?", "nobody", "unowned", "true", "false", "yes", "no", "owner", "changeme", "undefined", "x":
		return ""
	}
	return s
}

// creatorTags are what people, and Azure Policy templates, note the creator in.
func creatorTags() []string {
	return []string{"created-by", "created_by", "createdby", "creator"}
}

// madeBy returns the tool that made a resource, by the tags that tools put on it.
func madeBy(tags []object.Tag) owning {
	for _, s := range []struct{ key, method string }{
		{"azd-env-name", "azd"},
		{"aks-managed-cluster-name", "aks"},
		{"databricks-environment", "databricks"},
		{"terraform:workspace", "terraform"},
		{"terraform-workspace", "terraform"},
		{"terraform_workspace", "terraform"},
		{"tfc:workspace", "terraform"},
		{"terraform_module", "terraform"},
		{"git_repo", "terraform"},
		{"repository", "terraform"},
		{"repo", "terraform"},
		{"pulumi:project", "pulumi"},
	} {
		if v := ownerName(cloud.TagValue(tags, s.key)); v != "" {
			return owning{owner: v, kind: machine, method: s.method, source: s.key, confidence: inventory.ConfidenceMedium}
		}
	}
	if by := cloud.TagValue(tags, "managed-by", "managed_by", "managedby", "provisioner"); slices.Contains([]string{"terraform", "opentofu", "bicep", "pulumi"}, strings.ToLower(by)) {
		return owning{owner: strings.ToLower(by), kind: machine, method: strings.ToLower(by), source: "managed-by", confidence: inventory.ConfidenceLow}
	}
	return owning{}
}
