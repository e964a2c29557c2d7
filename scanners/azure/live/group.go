package live

import (
	"context"
	"slices"
	"strings"

	"github.com/muster-nhi/muster/scanners/azure/convert"
	"github.com/muster-nhi/muster/scanners/azure/live/graph"
	"github.com/muster-nhi/muster/scanners/azure/live/wire"
	"github.com/muster-nhi/muster/scanners/azure/object"
)

// directoryJobs are the listings of the directory.
func (x *run) directoryJobs() []job {
	jobs := []job{
		x.applications, x.principals, x.appRoles, x.federatedCredentials, x.organization, x.blueprints, x.agentIdentities, x.agentBlueprints,
		x.delegated, x.directoryRoles, x.roleHolders, x.eligible, x.scheduled, x.managementPolicies, x.defaultPolicy, x.consent,
	}
	if !x.options.NoUsage {
		jobs = append(jobs, x.signIns, x.keySignIns)
	}
	if x.options.Creators {
		jobs = append(jobs, x.creators)
	}
	if x.options.Risk {
		jobs = append(jobs, x.risky)
	}
	return jobs
}

// afterJobs read what needs to know what the rest found.
func (x *run) afterJobs() []job {
	people := func(ctx context.Context) {
		x.moreOwners(ctx)
		x.resolve(ctx)
		if !x.options.NoGroups {
			x.groups(ctx)
			x.resolve(ctx)
		}
	}
	return []job{people, x.units}
}

// wanted collects the ids of owners and sponsors, and of who holds a role and may be
// a group, as far as they are not known. True is one that is kept if it is a user.
func (x *run) wanted(t *object.Tenant) map[string]bool {
	known := map[string]bool{}
	for i := range t.Principals {
		known[t.Principals[i].ID] = true
	}
	for i := range t.Users {
		known[t.Users[i].ID] = true
	}
	for i := range t.Groups {
		known[t.Groups[i].ID] = true
	}
	out := map[string]bool{}
	add := func(person bool, ids ...string) {
		for _, id := range ids {
			if id != "" && !known[id] && !x.asked[id] {
				out[id] = out[id] || person
			}
		}
	}
	for i := range t.Applications {
		add(true, t.Applications[i].Owners...)
		add(true, t.Applications[i].Sponsors...)
	}
	for i := range t.Principals {
		add(true, t.Principals[i].Owners...)
		add(true, t.Principals[i].Sponsors...)
	}
	for i := range t.Groups {
		add(true, t.Groups[i].Owners...)
	}
	for id := range holders(t) {
		add(false, id)
	}
	return out
}

// holders collects the ids of those who may be groups and hold a role or the access
// policy of a vault, or whom a deny assignment is for or spares.
func holders(t *object.Tenant) map[string]bool {
	out := map[string]bool{}
	for i := range t.Directory {
		out[t.Directory[i].Principal] = true
	}
	for i := range t.Assignments {
		if kind := strings.ToLower(t.Assignments[i].PrincipalType); kind != "user" && kind != "serviceprincipal" && !t.Assignments[i].Classic {
			out[t.Assignments[i].Principal] = true
		}
	}
	for _, s := range t.Subscriptions {
		for i := range s.Vaults {
			for k := range s.Vaults[i].Access {
				out[s.Vaults[i].Access[k].Object] = true
			}
		}
	}
	for i := range t.Denies {
		for _, id := range slices.Concat(t.Denies[i].Principals, t.Denies[i].Exclude) {
			out[id] = true
		}
	}
	delete(out, convert.Everyone)
	return out
}

// A directoryObject is a user or a group.
type directoryObject struct {
	convert.User
	OData      string `json:"@odata.type"`
	Assignable *bool  `json:"isAssignableToRole"`
	Rule       string `json:"membershipRule"`
}

const objectFields = "$select=id,displayName,userPrincipalName,mail,accountEnabled,userType,onPremisesSyncEnabled,department,isAssignableToRole,membershipRule"

// resolve asks who the ids of owners, sponsors and holders of roles are, a thousand
// at a time.
func (x *run) resolve(ctx context.Context) {
	wanted := x.wanted(x.tenant)
	if len(wanted) == 0 {
		return
	}
	ids := make([]string, 0, len(wanted))
	for id := range wanted {
		ids = append(ids, id)
		x.asked[id] = true
	}
	slices.Sort(ids)
	count := 0
	var failed error
	x.options.Asked(callNames)
	for some := range slices.Chunk(ids, graph.MaxIDs) {
		found, err := x.byIDs(ctx, some)
		if err != nil {
			failed = err
			break
		}
		count += len(found)
		x.keep(func(t *object.Tenant) {
			for i := range found {
				x.keepObject(t, &found[i], wanted)
			}
		})
	}
	x.note(callNames, count, failed)
}

// byIDs asks for objects. Not every Graph lets one choose fields of all kinds of
// objects at once: then it is asked for those it sends by itself.
func (x *run) byIDs(ctx context.Context, ids []string) ([]directoryObject, error) {
	in := map[string]any{"ids": ids, "types": []string{"user", "group"}}
	var out struct {
		Value []directoryObject `json:"value"`
	}
	err := x.graph.Post(ctx, query("/v1.0/directoryObjects/getByIds", objectFields), in, &out)
	if wire.Bad(err) {
		err = x.graph.Post(ctx, "/v1.0/directoryObjects/getByIds", in, &out)
	}
	return out.Value, err //nolint:wrapcheck // wire.Plain names the call
}

// keepObject keeps a group, and a user who answers for something.
func (x *run) keepObject(t *object.Tenant, o *directoryObject, wanted map[string]bool) {
	switch convert.KindOf(o.OData) {
	case "group":
		g := convert.Group{ID: o.ID, Name: o.Name, Assignable: o.Assignable, Rule: o.Rule, Synced: o.Synced}
		t.Groups = append(t.Groups, g.Object(x.names, nil))
	case "user":
		if wanted[strings.ToLower(o.ID)] {
			t.Users = append(t.Users, o.Object(x.names))
		}
	}
}

// groups asks which service principals are in groups that hold a role, directly or
// by another group, and who owns the groups. Users in them are not asked for.
func (x *run) groups(ctx context.Context) {
	holds := holders(x.tenant)
	advanced := map[string]string{"ConsistencyLevel": "eventual"}
	var members, owners []graph.Item
	var at []int
	for i := range x.tenant.Groups {
		g := &x.tenant.Groups[i]
		if !holds[g.ID] {
			continue
		}
		at = append(at, i)
		members = append(members, graph.Item{Path: query("/groups/"+g.ID+"/transitiveMembers/microsoft.graph.servicePrincipal", "$select=id", "$count=true", top), Header: advanced})
		owners = append(owners, graph.Item{Path: query("/groups/"+g.ID+"/owners", "$select=id")})
	}
	each(ctx, x, callMembers, members, func(i int, t *object.Tenant, found []convert.Ref) {
		t.Groups[at[i]].Members, t.Groups[at[i]].Known = x.names.IDs(found), true
	})
	each(ctx, x, callGroupOwners, owners, func(i int, t *object.Tenant, found []convert.Ref) { t.Groups[at[i]].Owners = x.names.IDs(found) })
}
