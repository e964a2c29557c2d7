package aws

import (
	"cmp"
	"slices"
	"strings"
	"unicode"

	"github.com/muster-nhi/muster/internal/cloud"
	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/scanners/aws/object"
)

// An owning says who owns something and how that is known.
type owning struct {
	owner, kind, method, source string
	confidence                  inventory.Confidence
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
		"owner", "owned-by", "ownedby", "owned_by", "owner-email", "owner_email", "owneremail", "team", "owner-team", "owner_team", "squad", "service-owner",
		"technical-owner", "business-owner", "contact", "contact-email", "maintainer", "maintained-by", "responsible",
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

// maxOwners bounds the owners that one tag names.
const maxOwners = 5

// putOwners emits who answers for something: who its tags name, the stack or tool
// that made it, who made it, and who answers for the account.
func (m *mapper) putOwners(subject string, tags []object.Tag, names ...string) {
	for _, o := range m.owners.of(tags, "tag", inventory.ConfidenceHigh) {
		m.putOwner(subject, o)
	}
	m.putOwner(subject, madeBy(tags))
	if c := m.creator(names...); c != nil {
		m.putOwner(subject, creatorOwner(c))
	} else if by := cloud.TagValue(tags, creatorTags()...); by != "" {
		m.putOwner(subject, taggedCreator(by))
	}
	for _, o := range m.account {
		m.putOwner(subject, o)
	}
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

// A stackTag is a tag that a tool puts on what it makes.
type stackTag struct {
	key    string // a colon or dash at the end stands for any rest
	method string
}

// stackTags are those of AWS's own tools and of the usual ones, most telling
// first: AWS CloudFormation, Service Catalog, Elastic Beanstalk and EKS set theirs
// by themselves, HCP Terraform and Pulumi where they are told to, and yor those of
// git.
func stackTags() []stackTag {
	return []stackTag{
		{"aws:cloudformation:stack-name", "cloudformation"},
		{"aws:cloudformation:stack-id", "cloudformation"},
		{"aws:servicecatalog:provisionedproductarn", "service_catalog"},
		{"elasticbeanstalk:environment-name", "beanstalk"},
		{"terraform:workspace", "terraform"},
		{"terraform-workspace", "terraform"},
		{"terraform_workspace", "terraform"},
		{"tfc:workspace", "terraform"},
		{"terraform:module", "terraform"},
		{"terraform_module", "terraform"},
		{"git_repo", "terraform"},
		{"repository", "terraform"},
		{"repo", "terraform"},
		{"pulumi:project", "pulumi"},
		{"eks:cluster-name", "eks"},
		{"alpha.eksctl.io/cluster-name", "eksctl"},
		{"amplify:app-id", "amplify"},
		{"crossplane-name", "crossplane"},
		{"serverless:service", "serverless"},
	}
}

// madeBy returns the stack or tool that made something. A CDK application is a
// stack of CloudFormation whose name or tags say so.
func madeBy(tags []object.Tag) owning {
	for _, s := range stackTags() {
		v := ownerName(cloud.TagValue(tags, s.key))
		if v == "" {
			continue
		}
		if s.method == "cloudformation" {
			if a := object.ParseARN(v); a.Resource != "" { // a stack's id: stack/NAME/UUID
				v = strings.Split(a.Resource+"//", "/")[1]
			}
			if madeByCDK(tags, v) {
				s.method = "cdk"
			}
		}
		return owning{v, machine, s.method, s.key, inventory.ConfidenceMedium}
	}
	if by := cloud.TagValue(tags, "managed-by", "managed_by", "managedby", "provisioner", "created-by-tool"); strings.EqualFold(by, "terraform") || strings.EqualFold(by, "opentofu") {
		return owning{strings.ToLower(by), machine, "terraform", "managed-by", inventory.ConfidenceLow}
	}
	if strings.EqualFold(cloud.TagValue(tags, "terraform"), "true") {
		return owning{"terraform", machine, "terraform", "terraform", inventory.ConfidenceLow}
	}
	return owning{}
}

func madeByCDK(tags []object.Tag, stack string) bool {
	if stack == "CDKToolkit" {
		return true
	}
	return slices.ContainsFunc(tags, func(t object.Tag) bool { return strings.HasPrefix(strings.ToLower(t.Key), "aws-cdk:") })
}

// creatorTags are what people, and AWS's cost allocation, note the creator in.
func creatorTags() []string {
	return []string{"aws:createdBy", "created-by", "created_by", "createdby", "creator"}
}

// taggedCreator returns the creator that a tag names. AWS's own is of the form
// IAMUser:AIDA…:name or AssumedRole:AROA…:session.
func taggedCreator(by string) owning {
	o := owning{owner: by, method: "creator", source: "tag", confidence: inventory.ConfidenceLow}
	if p := strings.SplitN(by, ":", 3); len(p) == 3 && (p[0] == "IAMUser" || p[0] == "AssumedRole" || p[0] == "FederatedUser") {
		o.owner = p[2]
	}
	return o
}

// creatorOwner returns who made something, by CloudTrail. A role that made it is a
// machine, a session of Identity Center a person.
func creatorOwner(c *object.Creator) owning {
	o := owning{owner: c.By, method: "creator", source: "CloudTrail " + c.Event, confidence: inventory.ConfidenceMedium}
	a := object.ParseARN(c.By)
	switch {
	case strings.HasPrefix(a.Resource, "assumed-role/AWSReservedSSO_"):
		o.owner, o.kind = lastPart(a.Resource), person
	case strings.HasPrefix(a.Resource, "assumed-role/"), strings.HasPrefix(a.Resource, "role/"):
		o.kind, o.confidence = machine, inventory.ConfidenceLow
	case strings.HasPrefix(a.Resource, "user/"):
		o.owner = lastPart(a.Resource)
	}
	return o
}

// accountOwners returns who answers for the account: whom its tags in the
// organisation name, or its contacts, those for security first. The mailbox of the
// root user is that of the root user only.
func (m *mapper) accountOwners() []owning {
	out := m.owners.of(m.a.Tags, "account_tag", inventory.ConfidenceMedium)
	for i := range out {
		out[i].source = "tag " + out[i].source + " of the account"
	}
	if len(out) > 0 {
		return out
	}
	for _, typ := range []string{"SECURITY", "OPERATIONS", "PRIMARY", "BILLING"} {
		for i := range m.a.Contacts {
			c := &m.a.Contacts[i]
			if strings.EqualFold(c.Type, typ) && cmp.Or(c.Email, c.Name) != "" {
				return []owning{{cmp.Or(c.Email, c.Name), "", "account_contact", "contact " + typ + " of the account", inventory.ConfidenceLow}}
			}
		}
	}
	return nil
}

func (m *mapper) putOwner(subject string, o owning) {
	name := ownerName(o.owner)
	if name == "" {
		return
	}
	m.put(inventory.Record{Owner: &inventory.Owner{
		Subject: subject, Scope: m.scope, Owner: name, Kind: o.kind, Method: o.method, Confidence: o.confidence, Source: inventory.Clip(o.source, cloud.MaxText),
	}}, inventory.KindOwner)
}
