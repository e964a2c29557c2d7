package gcp

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/muster-nhi/muster/internal/cloud"
	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/scanners/gcp/object"
)

// The types of records of service accounts.
const (
	typeAccount = "gcp.service_account"
	typeKey     = "gcp.service_account_key"
)

// Sources of use, by the types of activities of Policy Analyzer.
const (
	sourceAccount = "serviceAccountLastAuthentication"
	sourceKey     = "serviceAccountKeyLastAuthentication"
)

// callAPIKeys is the call that lists API keys.
const callAPIKeys = "apikeys.keys.list" //nolint:gosec // the name of a permission

// putAccounts emits the service accounts with keys, use and who may become them.
func (m *mapper) putAccounts() {
	unknown := 0
	for i := range m.p.Accounts {
		if m.err != nil {
			return
		}
		a := &m.p.Accounts[i]
		m.putAccount(a)
		if !a.KeysKnown {
			unknown++
		}
	}
	if unknown > 0 {
		text := "the keys of " + strconv.Itoa(unknown) + " service accounts are not known"
		m.lose(inventory.KindCredential, text)
		m.lose(inventory.KindUsage, text)
	}
}

func (m *mapper) putAccount(a *object.Account) {
	email := strings.ToLower(a.Email)
	id := m.id(email)
	attr := m.accountAttributes(a, email)
	x := inventory.Identity{
		ID: id, Type: typeAccount, Name: email, Description: purpose(a), CreatedAt: a.CreatedAt, Disabled: a.Disabled,
		PublicIDs: accountNames(email, m.p.ID, a.UniqueID, a.ClientID),
	}
	if agent := agentOf(email); agent != "" || a.Managed == byGoogle {
		x.ManagedBy = byGoogle
		attr["service_agent"] = "true"
		attr.Set("service", agent)
	} else {
		x.ThirdParty = inventory.False // it is the project's own
	}
	blind := m.blind(email)
	if blind {
		attr.Time("last_authenticated", a.LastAuthenticated)
	}
	m.judged(attr, prefixAccount+email)
	m.putIdentity(x, a.Labels, attr)
	for k := range a.Keys {
		m.putKey(a, &a.Keys[k], email)
	}
	if !blind {
		m.putUsage(observed(id, a.LastAuthenticated, a.Used, a.ObservedFrom, a.CreatedAt, sourceAccount))
	}
	m.putEffective(email, prefixAccount+email, id)
}

// accountAttributes tells of an account what has no field.
func (m *mapper) accountAttributes(a *object.Account, email string) cloud.Attributes {
	attr := make(cloud.Attributes, 12)
	attr.Set("unique_id", a.UniqueID)
	attr.Set("client_id", a.ClientID)
	attr.Set("project", m.p.ID)
	attr.Set("display_name", a.Name)
	attr.Set("default", defaultOf(email))
	users, system := 0, 0
	for i := range a.Keys {
		switch k := &a.Keys[i]; {
		case k.Type == keySystem:
			system++
		case k.Disabled != inventory.True && !m.ended(k.ValidBefore):
			users++
		}
	}
	attr.Count("keys", users, a.KeysKnown)
	attr.Count("system_keys", system, false)
	attr.Count("api_keys", m.estate.bound[email], m.listings.whole(callAPIKeys))
	if n := m.estate.judge.inherited(email); n > 0 {
		attr["inherited_impersonators"] = strconv.Itoa(n)
	}
	for _, id := range unique([]string{a.ClientID, a.UniqueID}) {
		if scopes := m.estate.delegated[id]; id != "" && len(scopes) > 0 {
			attr.Set("delegated_scopes", cloud.List(scopes))
		}
	}
	m.unused(attr, email)
	return attr
}

// purpose returns what an account is for, as it was recorded: a display name that
// only repeats the account's own name says nothing.
func purpose(a *object.Account) string {
	name, _, _ := strings.Cut(a.Email, "@")
	if a.Description == "" && !strings.EqualFold(a.Name, name) && !strings.EqualFold(a.Name, a.Email) {
		return a.Name
	}
	return a.Description
}

// accountNames returns by what names an account goes.
func accountNames(email, project, unique, client string) []string {
	out := []string{email, unique, client, prefixAccount + email, "projects/-/serviceAccounts/" + email}
	if project != "" {
		name := "projects/" + project + "/serviceAccounts/" + email
		out = append(out, name, "//iam.googleapis.com/"+name)
	}
	return out
}

// blind reports whether the use of an account cannot be told: requests with an API
// key that is bound to it are not among what Policy Analyzer observes
// (Policy Intelligence, "View recent usage for service accounts and keys").
func (m *mapper) blind(email string) bool {
	if m.estate.bound[email] > 0 {
		return true
	}
	if !m.listings.whole(callAPIKeys) {
		m.note(inventory.KindUsage, "API keys were not all listed: one that is bound to a service account leaves no trace in what Policy Analyzer observes, so when accounts were last used is not told")
		return true
	}
	return false
}

// observed makes a usage of what Policy Analyzer tells. It never says that
// something was never used, only that it was not in the observed time.
func observed(subject string, last time.Time, used inventory.Tri, from, created time.Time, source string) inventory.Usage {
	u := inventory.Usage{Subject: subject, LastUsedAt: last, Source: source}
	if !last.IsZero() || used == inventory.False {
		u.TrackedSince = cloud.Latest(from, created)
	}
	return u
}

// unused tells what Recommender found that an account may do and did not.
func (m *mapper) unused(attr cloud.Attributes, email string) {
	var idle []string
	seen := false
	for _, x := range m.estate.insights[email] {
		switch {
		case strings.Contains(x.Kind, "serviceAccount"):
			attr["recommended_off"] = "true"
		case x.State == "DISMISSED", !judged(x):
		default:
			seen = true
			idle = append(idle, x.Unused...)
		}
	}
	if !seen {
		return
	}
	idle = unique(idle)
	attr["unused_permissions"] = strconv.Itoa(len(idle))
	attr.Set("unused_permission_names", cloud.InOrder(idle))
	attr["unused_source"] = "recommender"
}

// judged reports whether an insight tells what was not used: without the permissions of
// the role, it does not.
func judged(x *object.Insight) bool { return len(x.Unused) > 0 || x.Total > 0 }

// The types of keys.
const (
	keySystem = "SYSTEM_MANAGED"
	keyUser   = "USER_MANAGED"
)

// ended reports whether a time has passed.
func (m *mapper) ended(t time.Time) bool {
	return !t.IsZero() && !m.now.IsZero() && t.Before(m.now)
}

// putKey emits a key of an account. The private half of a key that Google manages
// never leaves Google, which rotates it.
func (m *mapper) putKey(a *object.Account, k *object.AccountKey, email string) {
	id := m.part(email, "key/"+k.ID)
	attr := make(cloud.Attributes, 4)
	attr.Set("key_type", k.Type)
	attr.Set("origin", k.Origin)
	attr.Set("status", cloud.List(k.Extended))
	x := inventory.Credential{
		ID: id, Type: typeKey, Name: inventory.Clip(k.ID, 8) + " of " + email, Identity: m.id(email), PublicID: k.ID, CreatedAt: k.ValidAfter, RotatedAt: k.ValidAfter, ExpiresAt: k.ValidBefore,
		NeverExpires: k.NeverExpires, Disabled: k.Disabled, Algorithm: algorithm(k.Algorithm), KeyBits: bits(k.Algorithm),
	}
	if k.NeverExpires {
		x.ExpiresAt = time.Time{}
	}
	if k.Disabled == inventory.True {
		x.DisabledReason, x.Validity = inventory.Clip(k.DisableReason, cloud.MaxName), "inactive"
	} else if k.Disabled == inventory.False && !m.ended(x.ExpiresAt) && a.Disabled == inventory.False {
		x.Validity = "active"
	}
	switch k.Type {
	case keySystem:
		x.ManagedBy, x.RotationEnabled = byGoogle, inventory.True
	default:
		x.NetworkLimited, x.Restricted = inventory.False, inventory.False
	}
	m.putCredential(x, nil, attr)
	if k.Type != keySystem {
		m.putUsage(observed(id, k.LastAuthenticated, k.Used, k.ObservedFrom, k.ValidAfter, sourceKey))
	}
}

// putNamed emits the identities of the place that only policies name: service
// agents of Google, accounts of projects that were not read, federated principals.
func (m *mapper) putNamed() {
	for i := range m.at.named {
		if m.err != nil {
			return
		}
		x := &m.at.named[i]
		if x.kind == memberAccount {
			m.putNamedAccount(x)
		} else {
			m.putPrincipal(x)
		}
	}
}

func (m *mapper) putNamedAccount(x *member) {
	id, project := m.id(x.email), projectOf(x.email)
	attr := cloud.Attributes{"inferred": "true"}
	i := inventory.Identity{ID: id, Type: typeAccount, Name: x.email, PublicIDs: accountNames(x.email, project, "", "")}
	if agent := agentOf(x.email); agent != "" && m.estate.inOrganization(project) != inventory.True {
		i.ManagedBy = byGoogle
		attr["service_agent"] = "true"
		attr.Set("service", agent)
	} else {
		if project == "" {
			project = m.estate.byNumber[numberOf(x.email)]
		}
		attr.Set("project", project)
		attr.Set("default", defaultOf(x.email))
		if m.estate.inOrganization(project) == inventory.False {
			i.ThirdParty = inventory.True
		}
		if m.p != nil && project == m.p.ID && defaultOf(x.email) != defaultBuild && m.listings.whole(callAccounts) {
			attr["missing"] = "true" // the project has no such account
		}
	}
	attr.Count("api_keys", m.estate.bound[x.email], false)
	m.judged(attr, prefixAccount+x.email)
	m.unused(attr, x.email)
	m.putIdentity(i, nil, attr)
	m.putEffective(x.email, prefixAccount+x.email, id)
}

// algorithm returns what a key's algorithm is called: KEY_ALG_RSA_2048.
func algorithm(s string) string {
	switch s = strings.ToUpper(s); {
	case strings.Contains(s, "RSA"):
		return "RSA"
	case strings.Contains(s, "EC_"):
		return "ECDSA"
	case strings.Contains(s, "UNSPECIFIED"):
		return ""
	default:
		return inventory.Clip(s, cloud.MaxName)
	}
}

// bits returns the size of a key that its algorithm names; 0 is unknown.
func bits(s string) int {
	for _, size := range []int{1024, 2048, 3072, 4096} {
		if strings.Contains(s, "RSA") && slices.Contains(strings.Split(s, "_"), strconv.Itoa(size)) {
			return size
		}
	}
	return 0
}

// unique returns names sorted and each once.
func unique(names []string) []string {
	out := slices.Clone(names)
	slices.Sort(out)
	return slices.Compact(out)
}

// named returns a name, or the number of what has none.
func named(name string, i int) string { return cmp.Or(name, strconv.Itoa(i+1)) }
