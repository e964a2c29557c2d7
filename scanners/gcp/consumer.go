package gcp

import (
	"slices"
	"strings"

	"github.com/muster-nhi/muster/internal/cloud"
	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/scanners/gcp/object"
)

// putConsumers emits what runs as service accounts, and the secrets that it is given.
func (m *mapper) putConsumers() {
	seen := map[string]bool{}
	for i := range m.p.Consumers {
		if m.err != nil {
			return
		}
		c := &m.p.Consumers[i]
		if email := m.estate.emailOf(m.p, c.Account); email != "" {
			m.putConsumer(seen, c, email, m.id(email))
		}
		for _, s := range unique(c.Secrets) {
			m.putConsumer(seen, c, "secret/"+s, m.id(m.secret(s)))
		}
	}
}

// emailOf returns the e-mail of an account that is named by it, by its unique id or by
// its resource name; empty if that is not known. What is called default is the compute
// account of the project.
func (e *estate) emailOf(p *object.Project, account string) string {
	switch {
	case account != "default":
	case p.Number == "":
		return ""
	default:
		return p.Number + "-compute@developer.gserviceaccount.com"
	}
	account = strings.ToLower(lastSlash(account))
	if email := e.unique[account]; email != "" {
		return email
	}
	return account
}

// lastSlash returns what stands behind the last slash.
func lastSlash(s string) string { return s[strings.LastIndexByte(s, '/')+1:] }

// secret returns the name under which a secret, or a version of one, is listed.
func (m *mapper) secret(name string) string {
	name = strings.TrimPrefix(name, "//secretmanager.googleapis.com/")
	if i := strings.Index(name, "/versions/"); i >= 0 {
		name = name[:i]
	}
	if !strings.Contains(name, "/") { // a secret of the same project
		name = "projects/" + m.p.ID + "/secrets/" + name
	}
	if listed := m.estate.secrets[name]; listed != "" {
		return listed
	}
	return name
}

func (m *mapper) putConsumer(seen map[string]bool, c *object.Consumer, use, subject string) {
	id := m.part(c.Name, use)
	if seen[id] {
		return
	}
	seen[id] = true
	attr := make(cloud.Attributes, 6)
	attr.Set("type", c.Type)
	attr.Set("name", c.Title)
	attr.Tri("public", c.Public)
	attr.Set("scopes", cloud.List(shortScopes(c.Scopes)))
	attr.Yes("full_scope", slices.Contains(c.Scopes, cloudPlatform))
	m.put(inventory.Record{Consumer: &inventory.Consumer{
		ID: id, Subject: subject, Scope: m.scope, Workload: cloud.Word(c.Name), Kind: kindOf(c.Type), Location: inventory.Clip(c.Location, cloud.MaxName),
		Environment: cloud.EnvironmentOf(c.Labels, m.labels), Attributes: attr,
	}}, inventory.KindConsumer)
}

// cloudPlatform is the OAuth scope of all APIs of Google Cloud.
const cloudPlatform = "https://www.googleapis.com/auth/cloud-platform"

func shortScopes(scopes []string) []string {
	var out []string
	for _, s := range scopes {
		out = append(out, strings.TrimPrefix(s, "https://www.googleapis.com/auth/"))
	}
	return out
}

// kindOf is what people call a type of consumer.
func kindOf(typ string) string {
	switch typ {
	case "compute.instance":
		return "instance"
	case "compute.instance_template":
		return "instance template"
	case "run.service":
		return "service"
	case "run.job", "scheduler.job":
		return "job"
	case "gke.node_pool":
		return "node pool"
	case "cloudbuild.trigger":
		return "build trigger"
	case "":
		return "workload"
	default:
		return inventory.Clip(strings.ReplaceAll(typ[strings.IndexByte(typ, '.')+1:], "_", " "), cloud.MaxName)
	}
}
