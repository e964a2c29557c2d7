// Package member reads the principals that policies of Google Cloud name: in
// allow policies ("serviceAccount:ci@p.iam.gserviceaccount.com",
// "principalSet://iam.googleapis.com/…"), in deny policies and in principal access
// boundaries ("principal://goog/subject/…", "principalSet://goog/public:all").
//
// The forms are those of cloud.google.com/iam/docs/principal-identifiers and
// …/principals-overview. It is pure.
package member

import "strings"

// Kinds of Member.
const (
	KindAccount    = "account"    // a service account
	KindAgent      = "agent"      // a service account that Google keeps for one of its services
	KindKubernetes = "kubernetes" // a Kubernetes service account of a workload pool PROJECT.svc.id.goog
	KindUser       = "user"
	KindGroup      = "group"
	KindDomain     = "domain"   // everybody of a Workspace or Cloud Identity customer
	KindPublic     = "public"   // allUsers
	KindSignedIn   = "signedin" // allAuthenticatedUsers: anybody with a Google account
	KindBasic      = "basic"    // projectOwner:, projectEditor:, projectViewer:
	KindSubject    = "subject"  // one identity of a pool
	KindSet        = "set"      // several identities of a pool
	KindAccounts   = "accounts" // the service accounts of a project, folder or organisation
	KindRobot      = "robot"    // an agent of Agent Engine, which has an identity of its own
	KindDeleted    = "deleted"  // somebody who is gone
	KindOther      = "other"
)

// A Member is a principal of a policy.
type Member struct {
	Kind string
	Text string // as written
	// ID is the part that names it: an e-mail address, domain, project id, unique id.
	ID string

	// Of KindSubject and KindSet, and of KindKubernetes if it is written as a
	// principal:// one.
	Pool      string // projects/NUMBER/locations/global/workloadIdentityPools/ID, locations/global/workforcePools/ID
	Workforce bool
	Subject   string
	Group     string
	Attribute string // name of a mapped attribute
	Value     string // of Attribute
	All       bool   // every identity of the pool

	// Of KindKubernetes: pool is PROJECT.svc.id.goog. Of KindRobot, Project is the number
	// of the project that it is of.
	Project, Namespace, ServiceAccount string

	// Of KindAccounts.
	Node string // projects/NUMBER, folders/NUMBER, organizations/NUMBER
	Type string // ServiceAccount, ServiceAgent, WorkloadIdentityPool, WorkforcePool; empty is all of them
}

// Parse reads a principal. What it does not know is of KindOther; it reports no
// error because policies outlive the forms that one knows.
func Parse(text string) Member {
	m := Member{Text: text, Kind: KindOther}
	kind, rest, ok := strings.Cut(text, ":")
	if !ok {
		switch text {
		case "allUsers":
			m.Kind = KindPublic
		case "allAuthenticatedUsers":
			m.Kind = KindSignedIn
		}
		return m
	}
	m.ID = rest
	switch kind {
	case "user":
		m.Kind = KindUser
	case "group":
		m.Kind = KindGroup
	case "domain":
		m.Kind = KindDomain
	case "serviceAccount":
		m.account(rest)
	case "deleted":
		m.Kind = KindDeleted
	case "projectOwner", "projectEditor", "projectViewer":
		m.Kind = KindBasic
	case "principal", "principalSet":
		m.principal(strings.TrimPrefix(rest, "//"))
	}
	return m
}

// account reads what follows "serviceAccount:".
func (m *Member) account(rest string) {
	m.Kind = KindAccount
	if project, tail, ok := strings.Cut(rest, ".svc.id.goog["); ok && strings.HasSuffix(tail, "]") {
		m.kubernetes(project, strings.TrimSuffix(tail, "]"))
		return
	}
	m.ID = strings.ToLower(rest)
	if Agent(m.ID) {
		m.Kind = KindAgent
	}
}

// kubernetes reads "NAMESPACE/NAME" of a workload pool.
func (m *Member) kubernetes(project, tail string) {
	namespace, name, ok := strings.Cut(tail, "/")
	if !ok || namespace == "" || name == "" {
		return
	}
	m.Kind, m.Project, m.Namespace, m.ServiceAccount = KindKubernetes, project, namespace, name
}

// principal reads what follows "principal://" and "principalSet://".
func (m *Member) principal(rest string) {
	host, path, _ := strings.Cut(rest, "/")
	m.ID = path
	switch host {
	case "iam.googleapis.com":
		m.iam(path)
	case "goog":
		m.goog(path)
	case "cloudresourcemanager.googleapis.com":
		m.Kind = KindAccounts
		m.Node = path
		if node, kind, ok := strings.Cut(path, "/type/"); ok {
			m.Node, m.Type = node, kind
		}
	default:
		if strings.HasPrefix(host, "agents.global.") && strings.HasSuffix(host, ".system.id.goog") {
			m.Kind = KindRobot
			_, tail, _ := strings.Cut(path, "/projects/")
			m.Project, _, _ = strings.Cut(tail, "/")
		}
	}
}

// goog reads principals of deny policies and boundaries.
func (m *Member) goog(path string) {
	kind, id, _ := strings.Cut(path, "/")
	m.ID = id
	switch {
	case path == "public:all":
		m.Kind = KindPublic
	case kind == "subject":
		m.Kind = KindUser
	case kind == "group":
		m.Kind = KindGroup
	case kind == "cloudIdentityCustomerId":
		m.Kind = KindDomain
	}
}

// iam reads principals of pools and service accounts.
func (m *Member) iam(path string) {
	if _, email, ok := strings.Cut(path, "/serviceAccounts/"); ok && strings.HasPrefix(path, "projects/") {
		m.account(email)
		return
	}
	pool, tail := splitPool(path)
	if pool == "" {
		return
	}
	m.Pool, m.Workforce, m.Kind = pool, strings.Contains(pool, "/workforcePools/"), KindSet
	switch key, value, _ := strings.Cut(tail, "/"); {
	case tail == "*":
		m.All = true
	case key == "subject":
		m.Kind, m.Subject = KindSubject, value
	case key == "group":
		m.Group = value
	case strings.HasPrefix(key, "attribute."):
		m.Attribute, m.Value = strings.TrimPrefix(key, "attribute."), value
	case key == "namespace", key == "kubernetes.cluster", key == "kubernetes.serviceaccount.uid": // of GKE
		m.Attribute, m.Value = key, value
	default:
		m.Kind = KindOther
	}
	m.fromCluster()
}

// fromCluster recognises a subject of a cluster's workload pool, which is
// "ns/NAMESPACE/sa/NAME".
func (m *Member) fromCluster() {
	_, id, _ := strings.Cut(m.Pool, "/workloadIdentityPools/")
	project, ok := strings.CutSuffix(id, ".svc.id.goog")
	if !ok {
		return
	}
	m.Project = project
	parts := strings.Split(m.Subject, "/")
	if len(parts) == 4 && parts[0] == "ns" && parts[2] == "sa" && parts[1] != "" && parts[3] != "" {
		m.Kind, m.Namespace, m.ServiceAccount = KindKubernetes, parts[1], parts[3]
	}
}

// splitPool cuts a path behind the id of a pool.
func splitPool(path string) (pool, tail string) {
	for _, word := range []string{"/workloadIdentityPools/", "/workforcePools/"} {
		before, after, ok := strings.Cut("/"+path, word)
		if !ok {
			continue
		}
		id, tail, ok := strings.Cut(after, "/")
		if ok && id != "" {
			return strings.TrimPrefix(before+word+id, "/"), tail
		}
	}
	return "", ""
}

// Agent reports whether an e-mail address is one of Google's own service agents,
// which nobody can impersonate (cloud.google.com/iam/docs/service-agents): it is of a
// project that Google keeps for a service. The accounts that Google makes but leaves to
// the project (NUMBER-compute@developer, ID@appspot, NUMBER@cloudbuild) are not among
// them.
func Agent(email string) bool {
	_, host, _ := strings.Cut(email, "@")
	switch host {
	case "cloudservices.gserviceaccount.com", "system.gserviceaccount.com", "project.gserviceaccount.com":
		return true
	}
	project, ok := strings.CutSuffix(host, ".iam.gserviceaccount.com")
	return ok && (strings.HasPrefix(project, "gcp-sa-") || strings.HasSuffix(project, ".google.com") || googles[project])
}

// googles are the projects of Google whose accounts are service agents, beside those
// that begin with gcp-sa- (cloud.google.com/iam/docs/service-agents).
var googles = map[string]bool{
	"bigquery-data-connectors": true, "bigquery-encryption": true, "cloud-filer": true, "cloud-memcache-sa": true, "cloud-redis": true, "cloud-tpu": true,
	"cloudcomposer-accounts": true, "compute-system": true, "container-analysis": true, "container-engine-robot": true, "containerregistry": true,
	"dataflow-service-producer-prod": true, "dataproc-accounts": true, "dlp-api": true, "endpoints-portal": true, "firebase-rules": true, "firebase-sa-management": true,
	"gcf-admin-robot": true, "gs-project-accounts": true, "identitytoolkit": true, "remotebuildexecution": true, "security-center-api": true, "serverless-robot-prod": true,
	"service-consumer-management": true, "service-networking": true, "service-usage-access-control": true, "sourcerepo-service-accounts": true,
	"storage-transfer-service": true, "tpu": true, "trifacta-gcloud-prod": true, "websecurityscanner": true,
}

// Home is the project that the e-mail address of a service account tells: its id, or
// its number, of a service agent the number of the project that it works for. It is empty
// if it tells none.
func Home(email string) string {
	name, host, _ := strings.Cut(email, "@")
	switch host {
	case "developer.gserviceaccount.com":
		number, ok := strings.CutSuffix(name, "-compute")
		if ok && allDigits(number) {
			return number
		}
		return ""
	case "appspot.gserviceaccount.com":
		return name
	case "cloudservices.gserviceaccount.com", "cloudbuild.gserviceaccount.com":
		return name
	}
	if Agent(email) {
		if number := strings.TrimPrefix(strings.TrimPrefix(name, "service-"), "bq-"); allDigits(number) {
			return number
		}
		return ""
	}
	project, ok := strings.CutSuffix(host, ".iam.gserviceaccount.com")
	if !ok {
		return ""
	}
	if id, of, ok := strings.Cut(project, "."); ok { // ID.DOMAIN of projects of a domain: example.com:id
		return of + ":" + id
	}
	return project
}

// allDigits reports whether a text is a number.
func allDigits(s string) bool {
	return s != "" && strings.Trim(s, "0123456789") == ""
}
