package paths

import (
	"cmp"
	"slices"
	"strings"

	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/internal/privilege/gcp/condition"
	"github.com/muster-nhi/muster/internal/privilege/gcp/member"
	"github.com/muster-nhi/muster/internal/privilege/gcp/role"
)

// A grant is a role that a binding gives somebody.
type grant struct {
	place int32
	role  int32
	cond  int32 // -1 if there is none
}

// A holder is somebody whom policies name, or a service account.
type holder struct {
	member.Member
	place  int32 // of a service account that was listed; -1 otherwise
	home   int32 // the project that it is of: of an account, a pool, a cluster; -1 if unknown
	grants []grant
	groups []int32 // that it is a member of, directly
	powers *powers
}

// A rolle is a role that bindings name.
type rolle struct {
	role.Profile
	custom int32 // place of the organisation or project that a custom role is of; -1 otherwise
}

// A cond is a condition with what it comes to where nothing is known of a resource.
type cond struct {
	*condition.Condition
	plain inventory.Tri // for a request that changes no policy
	owner inventory.Tri // for a change of a policy that gives roles/owner
	token inventory.Tri // for one that gives roles/iam.serviceAccountTokenCreator
	lends role.Set      // what the roles allow that it lets somebody give
	names []string      // of those roles
}

// maxConditions is how many different conditions are looked at. Those beyond are
// unknown.
const maxConditions = 20000

// canonicalMember is how a member is kept: e-mail addresses in lower case, one form
// for each service account.
func canonicalMember(text string) string {
	kind, rest, ok := strings.Cut(text, ":")
	if !ok {
		return text
	}
	switch kind {
	case "user", "group", "domain":
		return kind + ":" + strings.ToLower(rest)
	case "serviceAccount":
		if strings.Contains(rest, "[") {
			return text
		}
		return kind + ":" + strings.ToLower(rest)
	case "principal":
		if path, ok := strings.CutPrefix(rest, "//iam.googleapis.com/projects/-/serviceAccounts/"); ok {
			return "serviceAccount:" + strings.ToLower(path)
		}
		if who, ok := strings.CutPrefix(rest, "//goog/subject/"); ok {
			return "user:" + strings.ToLower(who)
		}
	case "principalSet":
		if who, ok := strings.CutPrefix(rest, "//goog/group/"); ok {
			return "group:" + strings.ToLower(who)
		}
		if rest == "//goog/public:all" {
			return "allUsers"
		}
	}
	return text
}

// holderOf returns the number of a member, and makes a holder if it is new.
func (a *Analysis) holderOf(text string) int32 {
	text = canonicalMember(text)
	if i, ok := a.index[text]; ok {
		return i
	}
	h := holder{Member: member.Parse(text), place: -1, home: -1}
	switch h.Kind {
	case member.KindAccount, member.KindAgent:
		h.home = a.projectPlace(member.Home(h.ID))
	case member.KindKubernetes, member.KindRobot:
		h.home = a.projectPlace(h.Project)
	case member.KindSubject, member.KindSet:
		if tail, ok := strings.CutPrefix(h.Pool, "projects/"); ok {
			project, _, _ := strings.Cut(tail, "/")
			h.home = a.projectPlace(project)
		} else if h.Workforce {
			h.home = a.tree.organization
		}
	}
	i := int32(len(a.holders))
	a.holders = append(a.holders, h)
	a.index[text] = i
	return i
}

// projectPlace finds a project by its id or number; -1 if it was not read.
func (a *Analysis) projectPlace(project string) int32 {
	if at, ok := a.tree.index["projects/"+project]; ok && project != "" {
		return at
	}
	return -1
}

// addHolders makes holders of accounts and of all that policies name, in a fixed
// order.
func (a *Analysis) addHolders() {
	e := a.estate
	a.register()
	for i := range e.Accounts {
		acc := &e.Accounts[i]
		h := &a.holders[a.holderOf("serviceAccount:"+acc.Email)]
		h.home = a.projectPlace(acc.Project)
		h.place = a.tree.index[accountName(acc.Project, strings.ToLower(acc.Email))]
		a.tree.places[h.place].account = acc
	}
	for i := range e.Policies {
		p := &e.Policies[i]
		at := a.tree.index[canonical(p.Resource)]
		for k := range p.Bindings {
			a.addBinding(at, &p.Bindings[k])
		}
	}
	for i := range a.holders {
		a.holders[i].grants = compactGrants(a.holders[i].grants)
	}
	a.addGroups()
	a.addBasic()
}

// register numbers everything by name, so that nothing depends on the order of the
// estate.
func (a *Analysis) register() {
	var members, roles, conditions []string
	for i := range a.estate.Accounts {
		members = append(members, "serviceAccount:"+a.estate.Accounts[i].Email)
	}
	for i := range a.estate.Policies {
		for k := range a.estate.Policies[i].Bindings {
			b := &a.estate.Policies[i].Bindings[k]
			members = append(members, b.Members...)
			roles = append(roles, b.Role)
			conditions = append(conditions, b.Condition)
		}
	}
	for i := range a.estate.Groups {
		members = append(members, "group:"+a.estate.Groups[i].Email)
	}
	each := func(list []string, f func(string) int32) {
		slices.Sort(list)
		for _, s := range slices.Compact(list) {
			f(s)
		}
	}
	for i := range members {
		members[i] = canonicalMember(members[i])
	}
	each(members, a.holderOf)
	each(roles, a.roleOf)
	each(conditions, a.condOf)
}

// addBinding gives the members of a binding its role.
func (a *Analysis) addBinding(at int32, b *Binding) {
	g := grant{place: at, role: a.roleOf(b.Role), cond: a.condOf(b.Condition)}
	if a.deleted[b.Role] {
		return
	}
	for _, m := range b.Members {
		h := &a.holders[a.holderOf(m)]
		if h.Kind != member.KindDeleted {
			h.grants = append(h.grants, g)
		}
	}
}

// compactGrants sorts grants and drops what is said twice.
func compactGrants(all []grant) []grant {
	slices.SortFunc(all, func(x, y grant) int {
		return cmp.Or(cmp.Compare(x.place, y.place), cmp.Compare(x.role, y.role), cmp.Compare(x.cond, y.cond))
	})
	return slices.Compact(all)
}

// roleOf returns the number of a role.
func (a *Analysis) roleOf(name string) int32 {
	if i, ok := a.roleIndex[name]; ok {
		return i
	}
	given, ok := a.given[name]
	if !ok {
		given = &Role{}
	}
	r := rolle{Profile: role.Of(name, given.Permissions, given.Known), custom: -1}
	if parent, _, ok := strings.Cut(name, "/roles/"); ok {
		if at, ok := a.tree.index[parent]; ok {
			r.custom = at
		}
	}
	i := int32(len(a.roles))
	a.roles = append(a.roles, r)
	a.roleIndex[name] = i
	return i
}

// addGroups notes who is in which group, as far as either has anything.
func (a *Analysis) addGroups() {
	var inside []string
	for i := range a.estate.Groups {
		inside = append(inside, a.estate.Groups[i].Members...)
	}
	for i := range inside {
		inside[i] = canonicalMember(inside[i])
	}
	slices.Sort(inside)
	for _, m := range slices.Compact(inside) {
		a.holderOf(m)
	}
	for i := range a.estate.Groups {
		g := &a.estate.Groups[i]
		at := a.holderOf("group:" + g.Email)
		if g.Known {
			a.knownGroups[at] = true
		}
		for _, m := range g.Members {
			a.join(m, at)
		}
	}
}

// join notes a membership.
func (a *Analysis) join(m string, group int32) {
	i := a.holderOf(m)
	if i != group {
		a.holders[i].groups = append(a.holders[i].groups, group)
	}
}

// addBasic resolves projectOwner:, projectEditor: and projectViewer:, which mean
// whoever has that role in the policy of the project
// (cloud.google.com/storage/docs/access-control/iam#convenience-values).
func (a *Analysis) addBasic() {
	for _, kind := range []struct{ member, role string }{{"projectOwner:", "roles/owner"}, {"projectEditor:", "roles/editor"}, {"projectViewer:", "roles/viewer"}} {
		for i := range a.estate.Policies {
			p := &a.estate.Policies[i]
			name := canonical(p.Resource)
			at := a.tree.index[name]
			if a.tree.places[at].kind != placeProject {
				continue
			}
			group, ok := a.index[kind.member+strings.TrimPrefix(name, "projects/")]
			if !ok {
				continue
			}
			a.knownGroups[group] = true
			for k := range p.Bindings {
				if b := &p.Bindings[k]; b.Role == kind.role && b.Condition == "" {
					for _, m := range b.Members {
						a.join(m, group)
					}
				}
			}
		}
	}
}

// draws lists the holders whose grants count for one: itself, its groups, and the
// sets that it is in, sorted.
func (a *Analysis) draws(i int32) []int32 {
	out := []int32{i}
	h := &a.holders[i]
	add := func(text string) {
		if k, ok := a.index[text]; ok && k != i {
			out = append(out, k)
		}
	}
	for _, k := range a.public {
		if k != i && h.Kind != member.KindPublic {
			out = append(out, k)
		}
	}
	switch h.Kind {
	case member.KindAccount, member.KindAgent:
		out = append(out, a.accountSets(h)...)
	case member.KindUser:
		if _, domain, ok := strings.Cut(h.ID, "@"); ok {
			add("domain:" + domain)
		}
	case member.KindSubject, member.KindSet, member.KindKubernetes:
		if h.Pool != "" {
			add("principalSet://iam.googleapis.com/" + h.Pool + "/*")
		}
	}
	seen := map[int32]bool{}
	for k := 0; k < len(out); k++ {
		if seen[out[k]] {
			continue
		}
		seen[out[k]] = true
		out = append(out, a.holders[out[k]].groups...)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// accountSets lists the sets of all accounts of a project, folder or organisation
// that an account is in.
func (a *Analysis) accountSets(h *holder) []int32 {
	var out []int32
	for at := h.home; at >= 0; at = a.tree.places[at].parent {
		for _, k := range a.sets[at] {
			switch a.holders[k].Type {
			case "", "ServiceAccount":
				if h.Kind == member.KindAccount || a.holders[k].Type == "" {
					out = append(out, k)
				}
			case "ServiceAgent":
				if h.Kind == member.KindAgent {
					out = append(out, k)
				}
			}
		}
	}
	return out
}

// findSets notes which holders stand for many.
func (a *Analysis) findSets() {
	for i := range a.holders {
		h := &a.holders[i]
		switch h.Kind {
		case member.KindPublic, member.KindSignedIn:
			a.public = append(a.public, int32(i))
		case member.KindAccounts:
			if at, ok := a.tree.index[h.Node]; ok {
				a.sets[at] = append(a.sets[at], int32(i))
			}
		}
	}
}
