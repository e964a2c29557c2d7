package live

import (
	"context"
	"strings"

	"github.com/muster-nhi/muster/scanners/azure/convert"
	"github.com/muster-nhi/muster/scanners/azure/live/graph"
	"github.com/muster-nhi/muster/scanners/azure/live/wire"
	"github.com/muster-nhi/muster/scanners/azure/object"
)

// principalFields are what is asked of a service principal.
const principalFields = "id,appId,displayName,description,servicePrincipalType,accountEnabled,appOwnerOrganizationId,alternativeNames," +
	"servicePrincipalNames,notificationEmailAddresses,notes,tags,disabledByMicrosoftStatus,appRoleAssignmentRequired," +
	"createdByAppId,passwordCredentials,keyCredentials,appRoles,oauth2PermissionScopes"

type principal struct {
	convert.Principal
	Owners []convert.Ref `json:"owners"`
}

// principals lists service principals, managed identities among them, with their
// owners.
func (x *run) principals(ctx context.Context) {
	path := query("/v1.0/servicePrincipals", top, x.fields(principalFields), "$expand=owners($select=id)")
	pages(ctx, x, callPrincipals, path, nil, func(t *object.Tenant, list []principal) {
		for i := range list {
			t.Principals = append(t.Principals, x.principal(&list[i]))
		}
	})
}

func (x *run) principal(p *principal) object.ServicePrincipal {
	out := p.Object(x.names, nil)
	out.Owners, out.OwnersKnown, out.RolesKnown = x.names.IDs(p.Owners), len(p.Owners) < convert.Expanded, true
	return out
}

// agentIdentities lists the identities of AI agents with their sponsors.
func (x *run) agentIdentities(ctx context.Context) {
	x.listAgents(ctx, callAgents, "/servicePrincipals", "agentIdentity", "id,agentIdentityBlueprintId,createdDateTime", agent{identity: true})
}

// agentBlueprints lists the principals of blueprints of AI agents.
func (x *run) agentBlueprints(ctx context.Context) {
	x.listAgents(ctx, callAgentBlueprint, "/servicePrincipals", "agentIdentityBlueprintPrincipal", "id", agent{principal: true})
}

// listAgents lists objects of one type of AI agents. Sponsors come with them, or,
// where Graph does not expand them, in batches after them.
func (x *run) listAgents(ctx context.Context, name, listing, kind, fields string, as agent) {
	type item struct {
		ID        string        `json:"id"`
		Blueprint string        `json:"agentIdentityBlueprintId"`
		Created   convert.Stamp `json:"createdDateTime"`
		Sponsors  []convert.Ref `json:"sponsors"`
	}
	x.options.Asked(name)
	var ids []string
	list := func(parts ...string) (int, error) {
		return graph.Pages(ctx, x.graph, query("/v1.0"+listing+"/microsoft.graph."+kind, append(parts, top, "$select="+fields)...), nil, func(some []item) {
			x.keep(func(*object.Tenant) {
				for _, i := range some {
					a := as
					a.sponsors, a.blueprint, a.created = x.names.IDs(i.Sponsors), x.names.ID(i.Blueprint), i.Created.Time
					x.agents[x.names.ID(i.ID)] = a
					ids = append(ids, x.names.ID(i.ID))
				}
			})
		})
	}
	count, err := list("$expand=sponsors($select=id)")
	expands := count > 0 || !wire.Bad(err)
	if !expands {
		count, err = list()
	}
	x.note(name, count, err)
	if expands {
		return
	}
	var items []graph.Item
	for _, id := range ids {
		items = append(items, graph.Item{Path: query(listing+"/"+id+"/microsoft.graph."+kind+"/sponsors", "$select=id")})
	}
	each(ctx, x, name, items, func(i int, _ *object.Tenant, found []convert.Ref) {
		a := x.agents[ids[i]]
		a.sponsors = x.names.IDs(found)
		x.agents[ids[i]] = a
	})
}

// appRoles lists the application permissions of all service principals. It does not
// ask the APIs who was granted their roles: those lists hold every user of an
// application as well. Who has as many as $expand tells is asked for by itself.
func (x *run) appRoles(ctx context.Context) {
	type item struct {
		ID   string                      `json:"id"`
		List []convert.AppRoleAssignment `json:"appRoleAssignments"`
	}
	var many []graph.Item
	path := query("/v1.0/servicePrincipals", top, "$select=id", "$expand=appRoleAssignments")
	pages(ctx, x, callAppRoles, path, nil, func(t *object.Tenant, list []item) {
		for _, p := range list {
			if len(p.List) >= convert.Expanded {
				many = append(many, graph.Item{Path: query("/servicePrincipals/"+strings.ToLower(p.ID)+"/appRoleAssignments", top)})
				continue
			}
			x.keepAppRoles(t, p.List)
		}
	})
	each(ctx, x, callAppRoles, many, func(_ int, t *object.Tenant, found []convert.AppRoleAssignment) { x.keepAppRoles(t, found) })
}

func (x *run) keepAppRoles(t *object.Tenant, list []convert.AppRoleAssignment) {
	for i := range list {
		t.AppRoles = append(t.AppRoles, list[i].Object(x.names))
	}
}

// delegated lists what applications may do in the name of users.
func (x *run) delegated(ctx context.Context) {
	path := query("/v1.0/oauth2PermissionGrants", top, "$select=id,clientId,consentType,principalId,resourceId,scope")
	pages(ctx, x, callDelegated, path, nil, func(t *object.Tenant, list []convert.DelegatedGrant) {
		for i := range list {
			t.Delegated = append(t.Delegated, list[i].Object(x.names))
		}
	})
}
