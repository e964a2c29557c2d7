package azure

import (
	"net/url"
	"strings"
	"time"

	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/internal/privilege/azure/paths"
	"github.com/muster-nhi/muster/scanners/azure/object"
)

// usersIn says whether users are in a group that are not among the principals.
func (m *mapper) usersIn(g *object.Group) inventory.Tri {
	if g.Users != inventory.Unknown || !g.Known {
		return g.Users
	}
	for _, id := range g.Members {
		key := lower(id)
		if m.users[key] == nil && m.groups[key] == nil && m.sps[key] == nil && m.managed[key] == nil {
			return inventory.True // or a device, which no way leads through
		}
	}
	return inventory.Unknown
}

// strangersTo adds users of whom nothing is known but that they have a role of Azure.
func (m *mapper) strangersTo(e *paths.Estate) {
	seen := map[string]bool{}
	for i := range m.t.Assignments {
		a := &m.t.Assignments[i]
		key := lower(a.Principal)
		if strings.EqualFold(a.PrincipalType, "User") && isGUID(key) && !seen[key] && m.users[key] == nil && m.sps[key] == nil && m.managed[key] == nil && m.groups[key] == nil {
			seen[key] = true
			e.Principals = append(e.Principals, paths.Principal{ID: key, Name: "user " + key, Kind: paths.KindUser, OwnersKnown: true})
		}
	}
}

// signersTo adds whose tokens principals trust: managed identities of the tenant, and
// accounts of its clusters, whom whoever commands the cluster can be.
func (m *mapper) signersTo(e *paths.Estate) {
	m.pods = map[string][]string{}
	for i := range e.Principals {
		p := &e.Principals[i]
		r, ok := m.who(p.ID)
		if !ok {
			continue
		}
		for _, f := range m.federatedOf(&r) {
			if c, ok := m.clusters[issuerKey(f.Issuer)]; ok {
				key := object.Fold(c.cluster.ID)
				m.pods[key] = append(m.pods[key], p.ID)
			} else if tenantOf(f.Issuer) == lower(m.t.ID) && f.Subject != "" {
				p.Signers = append(p.Signers, lower(f.Subject))
			}
		}
		p.Signers = unique(p.Signers)
	}
}

// tenantOf returns the tenant of Entra that an issuer is; empty if it is none.
func tenantOf(issuer string) string {
	if platform(issuer) != "entra" {
		return ""
	}
	u, err := url.Parse(issuer)
	if err != nil {
		return ""
	}
	id, _, _ := strings.Cut(strings.TrimPrefix(u.Path, "/"), "/")
	return lower(id)
}

// namedResourcesTo adds the resources that only the names of their identities tell
// of: assignments of policies, which no listing of resources has, and what lies where
// resources were not read.
func (m *mapper) namedResourcesTo(e *paths.Estate) {
	for i := range m.t.Principals {
		p := &m.t.Principals[i]
		if !strings.EqualFold(p.Type, "ManagedIdentity") || m.managed[lower(p.ID)] != nil {
			continue
		}
		id, user := armOf(p)
		kind := typeOf(id)
		if kind == "" || kind == typeCluster || user == inventory.Unknown { // of a cluster: code on it acts as its kubelet, not as this one
			continue
		}
		e.Resources = append(e.Resources, paths.Resource{ID: id, Name: lastPart(id), Type: kind, Identities: []string{lower(p.ID)}})
	}
}

// typeOf returns the type of a resource by its ARM id, in lower case; empty if it is
// none.
func typeOf(id string) string {
	id = object.Fold(id)
	at := strings.LastIndex(id, "/providers/")
	if at < 0 {
		return ""
	}
	parts := strings.Split(id[at+len("/providers/"):], "/")
	if len(parts) < 3 || len(parts)%2 == 0 {
		return ""
	}
	out := parts[:1]
	for i := 1; i < len(parts); i += 2 {
		out = append(out, parts[i])
	}
	return strings.Join(out, "/")
}

// thumbprints returns who signs in with a certificate, by its thumbprint in lower case.
func (m *mapper) thumbprints(e *paths.Estate) map[string][]string {
	out := map[string][]string{}
	for i := range e.Principals {
		r, ok := m.who(e.Principals[i].ID)
		if !ok {
			continue
		}
		var keys []object.Certificate
		if r.app != nil {
			keys = append(keys, r.app.Keys...)
		}
		if r.sp != nil {
			keys = append(keys, r.sp.Keys...)
		}
		for k := range keys {
			key := &keys[k]
			if key.Thumbprint != "" && strings.EqualFold(key.Usage, "Verify") && !m.over(key.End) {
				name := strings.ToLower(key.Thumbprint)
				out[name] = append(out[name], e.Principals[i].ID)
			}
		}
	}
	return out
}

// keptIn returns who signs in with a certificate that a vault holds.
func (m *mapper) keptIn(v *object.Vault, signers map[string][]string) []string {
	var out []string
	for i := range v.Objects {
		if o := &v.Objects[i]; o.Thumbprint != "" {
			out = append(out, signers[strings.ToLower(o.Thumbprint)]...)
		}
	}
	return unique(out)
}

// over reports whether a time is known to have passed.
func (m *mapper) over(end time.Time) bool {
	return !end.IsZero() && !m.estate.now.IsZero() && end.Before(m.estate.now)
}
