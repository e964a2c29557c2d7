package kubernetes

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/muster-nhi/muster/internal/cloud"
	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/internal/privilege/rbac"
	"github.com/muster-nhi/muster/scanners/kubernetes/object"
)

// accountPrefix is how the API server begins the user name of an account.
const accountPrefix = "system:serviceaccount:"

// An exposure is a reason why a token in a pod is worth more: who gets out of
// the container, or into it from the node, has it.
type exposure uint8

const (
	exposedPrivileged exposure = 1 << iota
	exposedHostPath
	exposedHostNetwork
	exposedHostPID
	exposedHostIPC
)

// names lists the reasons in alphabetical order.
func (e exposure) names() string {
	var out []string
	for _, x := range []struct {
		bit  exposure
		name string
	}{
		{exposedHostIPC, "hostIPC"},
		{exposedHostNetwork, "hostNetwork"},
		{exposedHostPID, "hostPID"},
		{exposedHostPath, "hostPath"},
		{exposedPrivileged, "privileged"},
	} {
		if e&x.bit != 0 {
			out = append(out, x.name)
		}
	}
	return strings.Join(out, ",")
}

// An account is what is known of a service account from all objects that name
// it. Its object is nil if only others do.
type account struct {
	key
	id      string
	object  *object.ServiceAccount
	legacy  map[string]bool // token Secrets that it lists
	made    string          // platform
	exposed exposure
	// How many workloads run as it, how many of them mount its token, and how
	// many may.
	workloads, mounting, perhaps int
	tokens                       int
	eksPod                       bool      // a pod has an EKS pod identity
	used                         time.Time // last use of one of its token Secrets
}

func (m *mapper) indexAccounts() {
	m.accounts = make(map[key]*account, len(m.c.ServiceAccounts)+16)
	slab := make([]account, len(m.c.ServiceAccounts))
	for i := range m.c.ServiceAccounts {
		sa := &m.c.ServiceAccounts[i]
		k := key{sa.Namespace, sa.Name}
		if m.accounts[k] != nil {
			continue
		}
		a := &slab[i]
		m.newAccount(a, k)
		a.object = sa
		if len(sa.Secrets) > 0 {
			a.legacy = make(map[string]bool, len(sa.Secrets))
			for _, s := range sa.Secrets {
				a.legacy[s] = true
			}
		}
	}
}

func (m *mapper) newAccount(a *account, k key) {
	a.key = k
	a.id = m.prefix + "serviceaccounts/" + part(k.namespace) + "/" + part(k.name)
	a.made = m.accountPlatform(k.namespace, k.name)
	m.accounts[k] = a
	m.order = append(m.order, a)
}

// account returns the account of a name, and makes one that only others name
// if there is no object.
func (m *mapper) account(k key) *account {
	a := m.accounts[k]
	if a == nil {
		a = &account{}
		m.newAccount(a, k)
	}
	return a
}

func (m *mapper) sortAccounts() {
	slices.SortFunc(m.order, func(a, b *account) int { return compareKeys(a.key, b.key) })
}

// accountOfUser reads a user name that is an account's. One that no account can
// have is a user's.
func accountOfUser(name string) (key, bool) {
	namespace, account, ok := rbac.Account(name)
	return key{namespace, account}, ok
}

// putAccounts emits the accounts with their owners.
func (m *mapper) putAccounts() {
	var made slab[inventory.Identity]
	allWorkloads, allSecrets := m.seen(workloadResources...), m.seen("secrets")
	for _, a := range m.order {
		x := made.next()
		m.fillAccount(x, a, allWorkloads, allSecrets)
		m.put(inventory.Record{Identity: x}, inventory.KindIdentity)
		if a.made == "" {
			var meta *object.Meta
			if a.object != nil {
				meta = &a.object.Meta
			}
			m.putOwners(a.id, a.namespace, meta)
		}
	}
}

func (m *mapper) fillAccount(x *inventory.Identity, a *account, allWorkloads, allSecrets bool) {
	attr := cloud.Attributes(make(map[string]string, 8))
	attr.Set("namespace", a.namespace)
	attr.Yes("default", a.name == "default")
	attr.Yes("system", systemNamespace(a.namespace))
	all := m.judge.all(kindAccount, a.key)
	attr["effective_level"] = string(cmp.Or(all.Level, inventory.LevelUnknown))
	m.join(kindAccount, a.id, a.namespace+"/"+a.name, a.made, &all)
	attr.Set("cluster_scope", m.live)
	if ns := m.namespaces[a.namespace]; ns != nil {
		attr.Set("psa", ns.Enforce)
	}
	*x = inventory.Identity{
		ID: a.id, Type: "kubernetes.service_account", Scope: m.scope, Name: inventory.Clip(a.namespace+"/"+a.name, 2*maxName),
		Declared: m.declared, ManagedBy: a.made, Attributes: attr,
	}
	name := accountPrefix + inventory.Clip(a.namespace, maxName) + ":" + inventory.Clip(a.name, maxName)
	x.PublicIDs = []string{name}
	a.countAttributes(attr, allWorkloads, allSecrets)
	if a.object == nil {
		if m.seen("serviceaccounts") {
			attr["missing"] = "true"
		} else {
			attr["inferred"] = "true"
		}
		return
	}
	sa := a.object
	if sa.UID != "" {
		x.PublicIDs = append(x.PublicIDs, inventory.Clip(sa.UID, maxName))
		attr.Set("uid", sa.UID)
	}
	attr.Tri("automount", sa.Automount)
	attr.Yes("last_applied", sa.LastApplied)
	attr.Set("pull_secrets", list(sa.PullSecrets))
	x.CreatedAt, x.FoundAt = inventory.Time(sa.CreatedAt), m.found(&sa.Meta)
	x.Tags = tagsOf(sa.Labels, sa.Annotations)
	x.Environment = m.environment(&sa.Meta)
	x.CreatedBy = createdBy(&sa.Meta)
	x.Description = inventory.Clip(cmp.Or(sa.Annotations["kubernetes.io/description"], sa.Annotations["description"]), maxText)
	for _, c := range cloudAnnotations {
		if v := sa.Annotations[c.annotation]; v != "" && c.attribute != "" {
			attr.Set(c.attribute, v)
			attr.Yes("cloud_identity", c.cloud)
		}
	}
}

// countAttributes sets what the account is used for. A number of which more may
// be unseen is a lower bound and zero of that is unknown.
func (a *account) countAttributes(attr cloud.Attributes, allWorkloads, allSecrets bool) {
	attr.Yes("cloud_identity", a.eksPod)
	if a.workloads > 0 || allWorkloads {
		attr["workloads"] = strconv.Itoa(a.workloads)
	}
	switch {
	case a.mounting > 0:
		attr["mounted"] = "true"
	case allWorkloads && a.perhaps == 0:
		attr["mounted"] = "false"
	}
	attr.Set("exposed_by", a.exposed.names())
	if a.tokens > 0 || allSecrets {
		attr["tokens"] = strconv.Itoa(a.tokens)
	}
}

// environment reads the environment off the usual labels of an object or of its
// namespace.
func (m *mapper) environment(o *object.Meta) string {
	if env := environmentOf(o.Labels); env != "" {
		return env
	}
	if ns := m.namespaces[o.Namespace]; ns != nil {
		return environmentOf(ns.Labels)
	}
	return ""
}

var environmentKeys = []string{"environment", "env", "app.kubernetes.io/environment", "tags.datadoghq.com/env", "Environment", "Env", "stage"}

func environmentOf(labels map[string]string) string {
	if len(labels) == 0 {
		return ""
	}
	for _, k := range environmentKeys {
		if v := labels[k]; v != "" {
			switch strings.ToLower(v) {
			case "prod", "production", "prd", "live":
				return "production"
			case "stage", "staging", "stg", "preprod", "pre-production":
				return "staging"
			case "dev", "development":
				return "development"
			case "test", "testing", "qa":
				return "test"
			default:
				return inventory.Clip(v, maxText)
			}
		}
	}
	return ""
}

// createdBy returns the manager of the first write, for people: kubectl-create
// was a hand, argocd-controller was not.
func createdBy(o *object.Meta) string {
	if len(o.Managers) == 0 {
		return ""
	}
	return inventory.Clip(o.Managers[0].Name, maxName)
}
