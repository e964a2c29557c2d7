package paths

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/internal/privilege/gcp/condition"
	"github.com/muster-nhi/muster/internal/privilege/gcp/role"
)

// A reference decides slowly and plainly, straight from the estate: no sharing, no
// numbering, no sets.
type reference struct {
	e    *Estate
	have map[string]inventory.Tri // conditions
}

// above lists the names of a resource and of all that it is in.
func (r *reference) above(name string) []string {
	var out []string
	for range 20 {
		out = append(out, name)
		up := ""
		for _, n := range r.e.Nodes {
			if n.Name == name {
				up = n.Parent
			}
		}
		if service, rest, ok := strings.Cut(name, ".googleapis.com/projects/"); ok && service != "" {
			id, _, _ := strings.Cut(rest, "/")
			up = "projects/" + id
		}
		if up == "" {
			return out
		}
		name = up
	}
	return out
}

// is reports whether a member of a policy means somebody.
func (r *reference) is(who, m string, depth int) bool {
	if who == m || m == "allUsers" || m == "allAuthenticatedUsers" || m == "principalSet://goog/public:all" || depth > 6 {
		return depth <= 6
	}
	if email, ok := strings.CutPrefix(m, "group:"); ok {
		for _, g := range r.e.Groups {
			if g.Email == email && slices.ContainsFunc(g.Members, func(x string) bool { return r.is(who, x, depth+1) }) {
				return true
			}
		}
	}
	if node, ok := strings.CutPrefix(m, "principalSet://cloudresourcemanager.googleapis.com/"); ok {
		node = strings.TrimSuffix(node, "/type/ServiceAccount")
		_, host, _ := strings.Cut(who, "@")
		project := "projects/" + strings.TrimSuffix(host, ".iam.gserviceaccount.com")
		return strings.HasPrefix(who, "serviceAccount:") && slices.Contains(r.above(project), node)
	}
	return false
}

// permits decides one permission.
func (r *reference) permits(who, permission, resource string) inventory.Tri {
	chain := r.above(resource)
	out := inventory.False
	for _, p := range r.e.Policies {
		if !slices.Contains(chain, canonical(p.Resource)) {
			continue
		}
		for _, b := range p.Bindings {
			i := slices.IndexFunc(r.e.Roles, func(x Role) bool { return x.Name == b.Role })
			if i < 0 || !slices.Contains(r.e.Roles[i].Permissions, permission) || !slices.ContainsFunc(b.Members, func(m string) bool { return r.is(who, m, 0) }) {
				continue
			}
			out = max(out, r.holds(b.Condition, permission))
		}
	}
	for _, d := range r.e.Denies {
		if !slices.Contains(chain, canonical(d.Resource)) || !slices.ContainsFunc(d.Principals, func(m string) bool { return r.is(who, m, 0) }) ||
			slices.ContainsFunc(d.Except, func(m string) bool { return r.is(who, m, 0) }) || !slices.Contains(d.Permissions, strings.Replace(permission, ".", ".googleapis.com/", 1)) {
			continue
		}
		out = min(out, -r.holds(d.Condition, ""))
	}
	return out
}

func (r *reference) holds(text, permission string) inventory.Tri {
	if text == "" {
		return inventory.True
	}
	ctx := condition.Context{Now: r.e.AsOf}
	if strings.HasSuffix(permission, "serviceAccounts.setIamPolicy") {
		ctx.Roles = []string{"roles/iam.serviceAccountTokenCreator"}
	}
	key := text + strings.Join(ctx.Roles, "")
	if _, ok := r.have[key]; !ok {
		r.have[key] = condition.New(text).Holds(&ctx)
	}
	return r.have[key]
}

// asked are the permissions that the reference and the analysis are compared in.
func asked() []string {
	return []string{"iam.serviceAccounts.getAccessToken", "iam.serviceAccounts.actAs", "iam.serviceAccounts.setIamPolicy", "iam.serviceAccountKeys.create", "secretmanager.versions.access", "compute.instances.create"}
}

// randomEstate makes a small estate in which much overlaps.
func randomEstate(r *rand.Rand) *Estate {
	e := &Estate{AsOf: asOf(), DeniesKnown: true, BoundariesKnown: true}
	pick := func(all ...string) string { return all[r.IntN(len(all))] }
	e.Nodes = []Node{{Name: "organizations/1"}, {Name: "folders/1", Parent: "organizations/1"}, {Name: "folders/2", Parent: "folders/1"}}
	var who, places []string
	for i := range 3 {
		id := fmt.Sprintf("p%d", i)
		e.Nodes = append(e.Nodes, Node{Name: "projects/" + id, Number: fmt.Sprint(100 + i), Parent: pick("organizations/1", "folders/1", "folders/2")})
		for k := range 2 {
			email := fmt.Sprintf("sa%d@%s.iam.gserviceaccount.com", k, id)
			e.Accounts = append(e.Accounts, Account{Email: email, Project: id})
			who = append(who, "serviceAccount:"+email)
			places = append(places, accountName(id, email))
		}
		places = append(places, "projects/"+id, "secretmanager.googleapis.com/projects/"+id+"/secrets/s")
	}
	places = append(places, "organizations/1", "folders/1", "folders/2")
	who = append(who, "user:dana@northwind.example")
	members := append(slices.Clone(who), "group:a@northwind.example", "group:b@northwind.example", "allUsers",
		"principalSet://cloudresourcemanager.googleapis.com/projects/p1/type/ServiceAccount", "principalSet://cloudresourcemanager.googleapis.com/folders/1/type/ServiceAccount")
	some := func(from []string, n int) []string {
		var out []string
		for range 1 + r.IntN(n) {
			out = append(out, from[r.IntN(len(from))])
		}
		return out
	}
	conditions := []string{"", "", "", `request.time < timestamp("2026-01-01T00:00:00Z")`, `request.time < timestamp("2027-01-01T00:00:00Z")`, `origin.ip == "10.0.0.1"`, `api.getAttribute('iam.googleapis.com/modifiedGrantsByRole', []).hasOnly(['roles/viewer'])`}
	for i := range 4 {
		e.Roles = append(e.Roles, Role{Name: fmt.Sprintf("roles/r%d", i), Permissions: some(asked(), 3), Known: true})
	}
	e.Groups = []Group{{Email: "a@northwind.example", Members: append(some(who, 2), "group:b@northwind.example"), Known: true}, {Email: "b@northwind.example", Members: append(some(who, 2), pick("group:a@northwind.example", who[0])), Known: true}}
	for range 3 + r.IntN(8) {
		e.Policies = append(e.Policies, Policy{Resource: pick(places...), Bindings: []Binding{{Role: fmt.Sprintf("roles/r%d", r.IntN(4)), Members: some(members, 2), Condition: pick(conditions...)}}})
	}
	for range r.IntN(4) {
		d := Deny{Policy: "d", Resource: pick(places...), Principals: some(members, 2), Condition: pick("", "", `resource.matchTag('1/env', 'prod')`)}
		if d.Principals[0] == "allUsers" {
			d.Principals[0] = "principalSet://goog/public:all"
		}
		if r.IntN(2) == 0 {
			d.Except = some(who, 2)
		}
		for _, p := range some(asked(), 3) {
			d.Permissions = append(d.Permissions, strings.Replace(p, ".", ".googleapis.com/", 1))
		}
		e.Denies = append(e.Denies, d)
	}
	return e
}

// allowed is what the analysis says of one permission.
func allowed(a *Analysis, who, permission, resource string) inventory.Tri {
	i, ok := a.index[canonicalMember(who)]
	at, ok2 := a.tree.index[canonical(resource)]
	if !ok || !ok2 {
		return inventory.False
	}
	p, _ := role.Number(permission)
	m := a.on(a.holders[i].powers, at)
	switch {
	case m.certain.Has(p):
		return inventory.True
	case m.possible.Has(p):
		return inventory.Unknown
	default:
		return inventory.False
	}
}

// TestReference compares with the slow evaluator on random estates.
func TestReference(t *testing.T) {
	counts := map[inventory.Tri]int{}
	for seed := range uint64(150) {
		e := randomEstate(rand.New(rand.NewPCG(seed, 1)))
		a, r := Analyze(e, 1), reference{e, map[string]inventory.Tri{}}
		var names []string
		for i := range a.tree.places {
			names = append(names, a.tree.places[i].name)
		}
		for _, h := range []string{"serviceAccount:sa0@p0.iam.gserviceaccount.com", "serviceAccount:sa1@p1.iam.gserviceaccount.com", "serviceAccount:sa0@p2.iam.gserviceaccount.com", "user:dana@northwind.example"} {
			if _, ok := a.index[h]; !ok {
				continue
			}
			for _, name := range names {
				for _, p := range asked() {
					want, got := r.permits(h, p, name), allowed(a, h, p, name)
					counts[want]++
					if got != want {
						t.Fatalf("seed %d: %s, %s on %s: %v, want %v", seed, h, p, name, got, want)
					}
				}
			}
		}
	}
	for _, v := range []inventory.Tri{inventory.True, inventory.False, inventory.Unknown} {
		if counts[v] < 200 {
			t.Errorf("the answer %v came only %d times: the estates are too simple", v, counts[v])
		}
	}
}

// TestMonotonic holds properties: a further deny or boundary allows nobody more, a
// further binding takes nothing away, and the order of the estate does not matter.
func TestMonotonic(t *testing.T) {
	for seed := range uint64(50) {
		r := rand.New(rand.NewPCG(seed, 2))
		e := randomEstate(r)
		base := Analyze(e, 1)
		compare := func(what string, changed *Estate, less bool) {
			b := Analyze(changed, 1)
			for i := range base.holders {
				who := base.holders[i].Text
				if _, ok := b.index[who]; !ok {
					continue
				}
				x, _ := base.Of(who)
				y, _ := b.Of(who)
				if less && (y.Possible.Rank() > x.Possible.Rank() || y.Certain.Rank() > x.Certain.Rank()) || !less && (y.Possible.Rank() < x.Possible.Rank() || y.Certain.Rank() < x.Certain.Rank()) {
					t.Fatalf("seed %d: %s: %s was %s to %s and is %s to %s", seed, what, who, x.Certain, x.Possible, y.Certain, y.Possible)
				}
			}
		}
		denied := *e
		denied.Denies = append(slices.Clone(e.Denies), Deny{Policy: "more", Resource: "folders/1", Principals: []string{"principalSet://goog/public:all"}, Permissions: []string{"iam.googleapis.com/serviceAccounts.*"}})
		compare("a further deny", &denied, true)
		bound := *e
		bound.Boundaries = []Boundary{{Resources: []string{"//cloudresourcemanager.googleapis.com/projects/p1"}, Targets: []string{"principalSet://cloudresourcemanager.googleapis.com/organizations/1"}}}
		compare("a boundary", &bound, true)
		more := *e
		more.Policies = append(slices.Clone(e.Policies), Policy{Resource: "projects/p1", Bindings: []Binding{{Role: "roles/owner", Members: []string{"serviceAccount:sa0@p0.iam.gserviceaccount.com"}}}})
		compare("a further binding", &more, false)
		mixed := *e
		mixed.Policies, mixed.Nodes, mixed.Accounts = slices.Clone(e.Policies), slices.Clone(e.Nodes), slices.Clone(e.Accounts)
		slices.Reverse(mixed.Policies)
		slices.Reverse(mixed.Nodes)
		slices.Reverse(mixed.Accounts)
		b := Analyze(&mixed, 2)
		for i := range base.holders {
			x, _ := base.Of(base.holders[i].Text)
			simple(t, x)
			y, ok := b.Of(base.holders[i].Text)
			if !ok || fmt.Sprintf("%+v", *x) != fmt.Sprintf("%+v", *y) {
				t.Fatalf("seed %d: %s depends on the order:\n%+v\n%+v", seed, base.holders[i].Text, x, y)
			}
		}
	}
}

// simple proves that no path comes to somebody twice.
func simple(t *testing.T, r *Result) {
	t.Helper()
	for i := range r.Paths {
		seen := map[string]bool{}
		for k := range r.Paths[i].Hops {
			h := &r.Paths[i].Hops[k]
			if seen[h.From] {
				t.Fatalf("goes in a circle: %s", r.Paths[i].String())
			}
			seen[h.From] = true
		}
	}
}
