package live

import (
	"context"
	"slices"
	"time"

	"github.com/muster-nhi/muster/scanners/azure/convert"
	"github.com/muster-nhi/muster/scanners/azure/live/graph"
	"github.com/muster-nhi/muster/scanners/azure/object"
)

// applicationFields are what is asked of an application. All exist in v1.0 of every
// cloud, but for publisherField (Microsoft Graph, $metadata of the clouds, 2026).
const applicationFields = "id,appId,displayName,description,createdDateTime,signInAudience,publisherDomain," +
	"serviceManagementReference,notes,tags,disabledByMicrosoftStatus,servicePrincipalLockConfiguration,passwordCredentials," +
	"keyCredentials,requiredResourceAccess,appRoles,api,isFallbackPublicClient,web,spa,publicClient"

// publisherField exists in the public cloud only: elsewhere nobody verifies
// publishers.
const publisherField = "verifiedPublisher"

// fields returns what is asked for in this cloud.
func (x *run) fields(list string) string {
	if x.options.Cloud == CloudPublic {
		list += "," + publisherField
	}
	return "$select=" + list
}

// top asks for the largest page. With $expand Graph sends 100 objects however many
// are asked for.
const top = "$top=999"

type application struct {
	convert.Application
	Owners []convert.Ref `json:"owners"`
}

// applications lists application registrations with their owners, as far as $expand
// tells them; the rest of the owners is asked for later.
func (x *run) applications(ctx context.Context) {
	path := query("/v1.0/applications", top, x.fields(applicationFields), "$expand=owners($select=id)")
	pages(ctx, x, callApplications, path, nil, func(t *object.Tenant, list []application) {
		for i := range list {
			t.Applications = append(t.Applications, x.application(&list[i]))
		}
	})
}

func (x *run) application(a *application) object.Application {
	out := a.Object(x.names, nil)
	out.Owners, out.OwnersKnown = x.names.IDs(a.Owners), len(a.Owners) < convert.Expanded
	return out
}

// federatedCredentials lists the federated credentials of applications: at most 20
// an application, which $expand can tell (docs of Graph, federated identity
// credentials).
func (x *run) federatedCredentials(ctx context.Context) {
	type item struct {
		ID   string              `json:"id"`
		List []convert.Federated `json:"federatedIdentityCredentials"`
	}
	found := map[string][]object.Federated{}
	path := query("/v1.0/applications", top, "$select=id", "$expand=federatedIdentityCredentials")
	var ids []string // of those with an expression instead of a subject, which only beta tells
	pages(ctx, x, callFederated, path, nil, func(_ *object.Tenant, list []item) {
		for _, a := range list {
			id := x.names.ID(a.ID)
			if slices.ContainsFunc(a.List, func(f convert.Federated) bool { return f.Subject == "" }) {
				ids = append(ids, id)
			}
			found[id] = x.federated(a.List)
		}
	})
	x.keep(func(*object.Tenant) { x.trusts = found })
	var items []graph.Item
	for _, id := range ids {
		items = append(items, graph.Item{Path: "/applications/" + id + "/federatedIdentityCredentials", Beta: true})
	}
	each(ctx, x, callExpressions, items, func(i int, _ *object.Tenant, list []convert.Federated) { x.trusts[ids[i]] = x.federated(list) })
}

// blueprints lists the blueprints of AI agents, which are applications, with their
// sponsors.
func (x *run) blueprints(ctx context.Context) {
	x.listAgents(ctx, callBlueprints, "/applications", "agentIdentityBlueprint", "id", agent{application: true})
}

// An agent is what the listings of AI agents say beside those of all applications
// and principals.
type agent struct {
	sponsors            []string
	application         bool
	identity, principal bool
	blueprint           string
	created             time.Time
}

// join puts together what was listed on its own.
func (x *run) join(t *object.Tenant) {
	for i := range t.Applications {
		a := &t.Applications[i]
		if list, ok := x.trusts[a.ID]; ok {
			a.Federated, a.FederatedKnown = list, true
		}
		if g, ok := x.agents[a.ID]; ok && g.application {
			a.Blueprint, a.Sponsors = true, g.sponsors
		}
		a.Policies = append(a.Policies, x.policies[a.ID]...)
	}
	for i := range t.Principals {
		p := &t.Principals[i]
		g, ok := x.agents[p.ID]
		if !ok {
			continue
		}
		p.Sponsors = g.sponsors
		p.Agent = p.Agent || g.identity
		p.BlueprintPrincipal = p.BlueprintPrincipal || g.principal
		if g.blueprint != "" {
			p.Blueprint = g.blueprint
		}
		if p.CreatedAt.IsZero() {
			p.CreatedAt = g.created
		}
	}
}

// moreOwners asks for the owners of what has as many as $expand tells at most.
func (x *run) moreOwners(ctx context.Context) {
	var items []graph.Item
	var set []func(*object.Tenant, []string)
	add := func(kind, id string, owners func(*object.Tenant, []string)) {
		items = append(items, graph.Item{Path: query("/"+kind+"/"+id+"/owners", "$select=id", top)})
		set = append(set, owners)
	}
	for i := range x.tenant.Applications {
		if a := x.tenant.Applications[i]; !a.OwnersKnown {
			add("applications", a.ID, func(t *object.Tenant, ids []string) {
				t.Applications[i].Owners, t.Applications[i].OwnersKnown = ids, true
			})
		}
	}
	for i := range x.tenant.Principals {
		if p := x.tenant.Principals[i]; !p.OwnersKnown {
			add("servicePrincipals", p.ID, func(t *object.Tenant, ids []string) {
				t.Principals[i].Owners, t.Principals[i].OwnersKnown = ids, true
			})
		}
	}
	each(ctx, x, callOwners, items, func(i int, t *object.Tenant, found []convert.Ref) { set[i](t, x.names.IDs(found)) })
}
