package gcp

import (
	"cmp"
	"regexp"
	"slices"
	"strings"
	"unicode"

	"github.com/muster-nhi/muster/internal/cloud"
	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/scanners/gcp/object"
)

// An owning says who owns something and how that is known.
type owning struct {
	owner, kind, method, source string
	confidence                  inventory.Confidence
}

// The kinds of owners.
const (
	team    = "team"
	machine = "nhi"
)

// ownerLabels are the keys of labels and tags that name an owner, in lower case,
// most telling first.
type ownerLabels []string

// defaultOwnerLabels are what people use for it.
func defaultOwnerLabels() []string {
	return []string{
		"owner", "owned-by", "ownedby", "owned_by", "owner-email", "owner_email", "owneremail", "team", "owner-team", "owner_team", "squad", "service-owner", "service_owner",
		"technical-owner", "technical_owner", "business-owner", "business_owner", "contact", "contact-email", "contact_email", "maintainer", "maintained-by", "maintained_by", "responsible",
	}
}

func newOwnerLabels(keys []string) ownerLabels {
	if keys == nil {
		keys = defaultOwnerLabels()
	}
	out := make(ownerLabels, 0, len(keys))
	for _, k := range keys {
		out = append(out, strings.ToLower(strings.TrimSpace(k)))
	}
	return out
}

// maxOwners bounds the owners that one label names.
const maxOwners = 5

// putOwners emits who answers for something: who its labels name, whose address its
// description has, the tool that made it, and who answers for the project.
func (m *mapper) putOwners(subject string, labels []object.Label, description string) {
	own := m.estate.owners.of(labels, "label", inventory.ConfidenceHigh)
	for _, o := range own {
		m.putOwner(subject, o)
	}
	if len(own) == 0 {
		for _, address := range addresses(description) {
			m.putOwner(subject, owning{address, "", "description", "description", inventory.ConfidenceMedium})
		}
	}
	m.putOwner(subject, madeBy(labels))
	for _, o := range m.shared {
		m.putOwner(subject, o)
	}
}

// of returns the owners that labels name.
func (keys ownerLabels) of(labels []object.Label, method string, confidence inventory.Confidence) []owning {
	var out []owning
	for _, k := range keys {
		for i := range labels {
			if !strings.EqualFold(labels[i].Key, k) {
				continue
			}
			for _, name := range owners(labels[i].Value) {
				o := owning{owner: name, method: method, source: labels[i].Key, confidence: confidence}
				if strings.Contains(k, team) || strings.Contains(k, "squad") {
					o.kind = team
				}
				out = append(out, o)
			}
		}
	}
	return out
}

// owners reads the value of a label: one name or several, with commas or semicolons
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

// address is an e-mail address in running text.
var address = regexp.MustCompile(`[A-Za-z0-9._%+-]{1,64}@[A-Za-z0-9.-]{1,200}\.[A-Za-z]{2,24}`)

// addresses returns the addresses of people in a description, not those of accounts.
func addresses(description string) []string {
	var out []string
	for _, a := range address.FindAllString(description, maxOwners) {
		if !strings.HasSuffix(a, "gserviceaccount.com") && !slices.Contains(out, a) {
			out = append(out, a)
		}
	}
	return out
}

// A toolLabel is a label that a tool puts on what it makes.
type toolLabel struct {
	key, value string // an empty value stands for any, which is the owner
	method     string
}

// toolLabels are those of the usual tools, most telling first: Config Connector, the
// Google provider of Terraform (goog-terraform-provisioned), Infrastructure Manager,
// Deployment Manager, Cloud Foundation Toolkit, and those that people give.
var toolLabels = []toolLabel{
	{"managed-by-cnrm", "true", "config_connector"},
	{"goog-config-connector", "", "config_connector"},
	{"goog-infra-manager-deployment", "", "infrastructure_manager"},
	{"goog-dm", "", "deployment_manager"},
	{"goog-deployment-manager", "", "deployment_manager"},
	{"terraform-workspace", "", "terraform"},
	{"terraform_workspace", "", "terraform"},
	{"tfc-workspace", "", "terraform"},
	{"terraform-module", "", "terraform"},
	{"terraform_module", "", "terraform"},
	{"git_repo", "", "terraform"},
	{"git-repo", "", "terraform"},
	{"repository", "", "terraform"},
	{"repo", "", "terraform"},
	{"pulumi-project", "", "pulumi"},
	{"crossplane-name", "", "crossplane"},
	{"goog-terraform-provisioned", "true", "terraform"},
	{"terraform", "true", "terraform"},
	{"managed-by", "terraform", "terraform"},
	{"managed_by", "terraform", "terraform"},
	{"managed-by", "opentofu", "terraform"},
	{"managed_by", "opentofu", "terraform"},
}

// madeBy returns the tool that made something, or what it calls the thing.
func madeBy(labels []object.Label) owning {
	for _, t := range toolLabels {
		switch v := ownerName(cloud.TagValue(labels, t.key)); {
		case t.value == "" && v != "":
			return owning{v, machine, t.method, t.key, inventory.ConfidenceMedium}
		case t.value != "" && strings.EqualFold(cloud.TagValue(labels, t.key), t.value):
			return owning{t.method, machine, t.method, t.key, inventory.ConfidenceLow}
		}
	}
	return owning{}
}

// placeOwners returns who answers for a place: whom the labels and tags of its project
// name, or the contacts of the nearest of what it is in.
func (m *mapper) placeOwners() []owning {
	out := m.estate.owners.of(m.labels, "project_label", inventory.ConfidenceMedium)
	for i := range out {
		out[i].source = "label " + out[i].source + " of the project"
	}
	if len(out) > 0 {
		return out
	}
	for _, p := range append([]*place{m.at}, m.estate.above(m.at)...) {
		if o := contactOf(p); o.owner != "" {
			return []owning{o}
		}
	}
	return nil
}

// contactOf returns the contact of a place for what muster finds, that for security
// first (Essential Contacts, "Notification categories").
func contactOf(p *place) owning {
	for _, category := range []string{"SECURITY", "TECHNICAL", "ALL", "TECHNICAL_INCIDENTS", "SUSPENSION", "LEGAL", "PRODUCT_UPDATES", "BILLING"} {
		for i := range p.contacts {
			c := &p.contacts[i]
			if c.Email != "" && slices.Contains(c.Categories, category) {
				return owning{c.Email, "", "contact", "contact " + category + " of the " + p.kind(), inventory.ConfidenceLow}
			}
		}
	}
	return owning{}
}

// kind is what people call a place.
func (p *place) kind() string {
	switch level(p.name) {
	case 0:
		return "organization"
	case 1:
		return "folder"
	default:
		return "project"
	}
}

func (m *mapper) putOwner(subject string, o owning) {
	name := ownerName(o.owner)
	if name == "" {
		return
	}
	m.put(inventory.Record{Owner: &inventory.Owner{
		Subject: subject, Scope: m.scope, Owner: name, Kind: o.kind, Method: o.method, Confidence: cmp.Or(o.confidence, inventory.ConfidenceLow), Source: inventory.Clip(o.source, cloud.MaxText),
	}}, inventory.KindOwner)
}
