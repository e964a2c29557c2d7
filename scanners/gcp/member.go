package gcp

import (
	"strings"

	principal "github.com/muster-nhi/muster/internal/privilege/gcp/member"
)

// The kinds of members of a binding (Google Cloud IAM, "Principal identifiers").
const (
	memberAccount    = "account"    // serviceAccount:EMAIL
	memberKubernetes = "kubernetes" // serviceAccount:PROJECT.svc.id.goog[NAMESPACE/NAME]
	memberFederated  = "federated"  // principal:// and principalSet:// of a pool
	memberAgent      = "agent"      // principal:// of an AI agent
	memberAccounts   = "accounts"   // all service accounts of a project, folder or organisation
	memberPublic     = "public"     // allUsers, allAuthenticatedUsers
	memberGroup      = "group"
	memberPerson     = "person" // user:, domain:, workforce pools
	memberRole       = "role"   // projectOwner: and the like: whoever has the basic role
	memberOther      = "other"
)

// A member is one of those that a binding gives a role to.
type member struct {
	text    string // as the binding spells it
	kind    string
	id      string // native id of its identity: an e-mail, or the text; empty if it has none
	email   string // of a service account
	deleted bool

	pool      string // resource name of a federated principal's pool
	workforce bool
	set       string // subject, group, attribute, namespace, pool; of a federated principal
	attribute string // name of the attribute, of an attribute
	value     string // subject, group, value
	namespace string // of Kubernetes
	account   string // service account of Kubernetes
}

const (
	prefixAccount = "serviceAccount:"
	clusterPool   = ".svc.id.goog" // ends the name of GKE's pools
)

// What a federated principal is, of its pool.
const (
	setSubject = "subject"
	setPool    = "pool" // all of it
)

// parseMember reads a member. What it does not know is memberOther.
func parseMember(text string) member {
	m := member{text: text, kind: memberOther}
	rest, deleted := strings.CutPrefix(text, "deleted:")
	m.deleted = deleted
	whole, _, _ := strings.Cut(rest, "?uid=")
	m.read(whole, principal.Parse(whole))
	if m.deleted && m.id != "" {
		m.id = text
	}
	return m
}

// read takes over what package member says of a principal.
func (m *member) read(whole string, p principal.Member) {
	switch p.Kind {
	case principal.KindAccount, principal.KindAgent:
		m.kind, m.id, m.email = memberAccount, p.ID, p.ID
	case principal.KindKubernetes, principal.KindSubject, principal.KindSet:
		m.readFederated(whole, &p)
	case principal.KindUser, principal.KindDomain:
		m.kind = memberPerson
	case principal.KindGroup:
		m.kind, m.email = memberGroup, strings.ToLower(p.ID)
	case principal.KindPublic, principal.KindSignedIn:
		m.kind, m.id = memberPublic, whole
	case principal.KindBasic:
		m.kind = memberRole
	case principal.KindAccounts:
		if p.Type == "" || p.Type == "ServiceAccount" {
			m.kind, m.id = memberAccounts, whole
		}
	case principal.KindRobot:
		m.kind, m.id, m.set, m.value = memberAgent, whole, setSubject, strings.TrimPrefix(whole, "principal://")
	}
}

// readFederated takes over a principal of a pool.
func (m *member) readFederated(whole string, p *principal.Member) {
	m.kind, m.id, m.pool, m.workforce = memberFederated, whole, p.Pool, p.Workforce
	m.namespace, m.account = p.Namespace, p.ServiceAccount
	switch {
	case p.All:
		m.set = setPool
	case p.Group != "":
		m.set, m.value = "group", p.Group
	case p.Attribute == "namespace":
		m.set, m.value, m.namespace, m.account = p.Attribute, p.Value, p.Value, "*"
	case p.Attribute != "":
		m.set, m.attribute, m.value = "attribute", p.Attribute, p.Value
	default:
		m.set, m.value = setSubject, p.Subject
	}
	if m.pool == "" { // serviceAccount:PROJECT.svc.id.goog[NAMESPACE/NAME]
		m.id, m.pool = strings.TrimPrefix(whole, prefixAccount), p.Project+clusterPool
	}
	switch {
	case m.workforce:
		m.kind = memberPerson
	case strings.HasSuffix(m.pool, clusterPool):
		m.kind = memberKubernetes
	}
}

// machine reports whether something other than a person may hold what the member
// is given.
func (m *member) machine() bool {
	switch m.kind {
	case memberAccount, memberKubernetes, memberFederated, memberAgent, memberAccounts, memberPublic:
		return true
	default:
		return false
	}
}

// clusterProject is the project of the clusters of one of GKE's pools.
func (m *member) clusterProject() string { return strings.TrimSuffix(lastPart(m.pool), clusterPool) }

// projectOf returns the project that an account's e-mail names: its id, or its
// number. It is empty if the e-mail names none, as those of service agents do.
func projectOf(email string) string {
	if agentOf(email) != "" {
		return ""
	}
	return principal.Home(email)
}

// The accounts that Google makes for the organisation's workloads.
const (
	defaultCompute = "compute"
	defaultApp     = "appspot"
	defaultBuild   = "cloudbuild"
)

// defaultOf says which default account an e-mail is; empty is none (Google Cloud
// IAM, "Service account types").
func defaultOf(email string) string {
	name, domain, _ := strings.Cut(email, "@")
	switch {
	case domain == "developer.gserviceaccount.com" && digits(strings.TrimSuffix(name, "-compute")):
		return defaultCompute
	case domain == "appspot.gserviceaccount.com":
		return defaultApp
	case domain == "cloudbuild.gserviceaccount.com" && digits(name):
		return defaultBuild
	}
	return ""
}

// numberOf returns the number of the project that a default account or service
// agent is of, as its e-mail tells; empty is unknown.
func numberOf(email string) string {
	name, _, _ := strings.Cut(email, "@")
	name = strings.TrimSuffix(strings.TrimPrefix(strings.TrimPrefix(name, "service-"), "bq-"), "-compute")
	if digits(name) {
		return name
	}
	return ""
}

func digits(s string) bool { return s != "" && strings.Trim(s, "0123456789") == "" }

// agentOf says of which service of Google an e-mail is the agent; empty is none.
func agentOf(email string) string {
	if !principal.Agent(email) {
		return ""
	}
	_, domain, _ := strings.Cut(email, "@")
	domain = strings.TrimSuffix(strings.TrimSuffix(domain, ".gserviceaccount.com"), ".iam")
	return strings.TrimSuffix(strings.TrimPrefix(domain, "gcp-sa-"), ".google.com")
}
