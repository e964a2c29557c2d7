//go:build e2e

package kubernetes

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"

	"golang.org/x/sync/errgroup"

	"github.com/muster-nhi/muster/internal/privilege/rbac"
)

// How much the test of writing asks.
const (
	writers        = 120
	writeQuestions = 1600
)

// The words of the rules that writers hold and give away.
var (
	writeVerbs     = []string{"get", "list", "create", "*"}
	writeGroups    = []string{"", "apps", "*"}
	writeResources = []string{"pods", "secrets", "pods/exec", "*/exec", "deployments", "*"}
	writeNames     = []string{"a", "b", "*"}
	writeURLs      = []string{"/a", "/a/*", "/a*", "*", "/metrics"}
)

func (g *generator) content(cluster bool) thing {
	if cluster && g.chance(15) {
		return thing{"verbs": g.some(writeVerbs, 40), "nonResourceURLs": g.some(writeURLs, 100)}
	}
	r := rule(g.some(writeVerbs, 40), g.some(writeGroups, 40), g.some(writeResources, 30))
	if g.chance(25) {
		r["resourceNames"] = g.some(writeNames, 100)
	}
	return r
}

func (g *generator) contents(cluster bool, most int) []thing {
	out := []thing{}
	for range 1 + g.IntN(most) {
		out = append(out, g.content(cluster))
	}
	return out
}

// writer is the i-th user's role and binding: what he holds, what he may write,
// and perhaps escalate or bind, for all roles or for named ones.
func (g *generator) writer(i int) []thing {
	name := fmt.Sprintf("writer-%d", i)
	rules := g.contents(true, 4)
	rules = append(rules, rule([]string{"create", "update", "get"}, []string{rbacGroup}, []string{"roles", "clusterroles", "rolebindings", "clusterrolebindings"}))
	if g.chance(25) {
		rules = append(rules, rule([]string{g.one([]string{"escalate", "bind", "*"})}, []string{rbacGroup}, g.some([]string{"roles", "clusterroles"}, 0), g.targets()...))
	}
	if g.chance(10) {
		rules = append(rules, everything(), thing{"verbs": []string{"*"}, "nonResourceURLs": []string{"*"}})
	}
	out := []thing{role("", name, rules...)}
	if g.chance(70) {
		return append(out, bind("", name, "ClusterRole", name, toUser(name)))
	}
	return append(out, bind(g.one(g.spaces), name, "ClusterRole", name, toUser(name)))
}

// targets are names of roles that the questions are about, or none for all.
func (g *generator) targets() []string {
	if g.chance(50) {
		return nil
	}
	return []string{fmt.Sprintf("target-%d", g.IntN(20)), fmt.Sprintf("target-%d", g.IntN(20))}
}

// A write is a question of the kind: may he write this.
type write struct {
	user   string
	method string
	object thing
	claim  rbac.Decision
}

// write draws one. An update is of a role that exists and keeps its name.
func (g *generator) write(local *rbac.Authorizer, i int) write {
	w := write{user: fmt.Sprintf("writer-%d", g.IntN(writers)), method: http.MethodPost}
	user := rbac.User{Name: w.user, Groups: []string{rbac.Authenticated}}
	ns := ""
	if g.chance(50) {
		ns = g.one(g.spaces)
	}
	if g.chance(50) {
		name, kind := fmt.Sprintf("target-%d", g.IntN(22)), rbac.KindClusterRole
		if ns != "" && g.chance(50) {
			kind = rbac.KindRole
		}
		w.object = bind(ns, fmt.Sprintf("writes-%d", i), kind, name, toUser("somebody"))
		w.claim = local.MayWriteBinding(user, "create", bindingOf(normal(w.object)))
		return w
	}
	name, verb := fmt.Sprintf("writes-%d", i), "create"
	if g.chance(50) {
		name, verb, w.method = fmt.Sprintf("target-%d", g.IntN(20)), "update", http.MethodPut
	}
	w.object = role(ns, name, g.contents(ns == "", 2)...)
	if ns == "" && g.chance(10) {
		with(w.object, thing{"aggregationRule": thing{"clusterRoleSelectors": []thing{{"matchLabels": thing{"nobody": "has"}}}}})
	}
	var old *rbac.Role
	if verb == "update" {
		old = local.Role(w.object["kind"].(string), ns, name)
	}
	w.claim = local.MayWriteRole(user, verb, roleOf(normal(w.object)), old)
	return w
}

// put sends the write as a dry run: everything is checked, nothing is kept.
func (p *plane) put(w write) error {
	path := collection(w.object)
	if w.method == http.MethodPut {
		path = at(w.object)
	}
	_, err := p.client(loader).impersonate(w.user, rbac.Authenticated).do(context.Background(), w.method, path+"?dryRun=All", "application/json", w.object)
	return err
}

// TestE2EWriting compares what the evaluator says of writing roles and bindings,
// where the server refuses more than its authorizer, with dry runs.
func TestE2EWriting(t *testing.T) {
	p := control(t)
	t.Logf("seed %d", diffSeed)
	g := &generator{Rand: rand.New(rand.NewPCG(diffSeed, 2))}
	for i := range 2 {
		g.spaces = append(g.spaces, p.room(t, fmt.Sprintf("writes-%d", i)))
	}
	var objects []thing
	for i := range writers {
		objects = append(objects, g.writer(i)...)
	}
	for i := range 20 {
		name := fmt.Sprintf("target-%d", i)
		for _, ns := range append(slices.Clone(g.spaces), "") {
			objects = append(objects, role(ns, name, g.contents(ns == "", 2)...))
		}
	}
	p.load(t, objects...)
	p.known(t)
	local := rbac.New(p.policy(t))
	var mu sync.Mutex
	allowed := map[string]int{}
	asked := map[string]int{}
	bad := 0
	var group errgroup.Group
	group.SetLimit(8)
	for i := range writeQuestions {
		w := g.write(local, i)
		group.Go(func() error {
			err := p.put(w)
			mu.Lock()
			defer mu.Unlock()
			kind := w.method + " " + w.object["kind"].(string)
			asked[kind]++
			switch code(err) {
			case http.StatusOK:
				allowed[kind]++
			case http.StatusForbidden, http.StatusNotFound: // not found: a role that does not exist, and no bind
			default:
				return fmt.Errorf("%s as %s: neither yes nor no: %w", kind, w.user, err)
			}
			if w.claim.Allowed != (err == nil) {
				bad++
				t.Errorf("%s as %s of %v: the evaluator says %v (%s), the server %v", kind, w.user, w.object, w.claim.Allowed, w.claim.Reason, err)
			}
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		t.Fatal(err)
	}
	t.Logf("%d writes, %d disagreements; allowed of asked: %v of %v", writeQuestions, bad, allowed, asked)
	for kind, n := range asked {
		if allowed[kind] == 0 || allowed[kind] == n {
			t.Errorf("%s: %d of %d were allowed: the questions tell nothing", kind, allowed[kind], n)
		}
	}
}

// How many users try to act as others, and how often each.
const (
	actors = 40
	acts   = 40
)

var (
	actVerbs = []string{
		"impersonate", "impersonate:user-info", "impersonate:serviceaccount", "impersonate:arbitrary-node", "impersonate:associated-node", "*",
	}
	actOn        = []string{"impersonate-on:user-info:list", "impersonate-on:serviceaccount:list", "impersonate-on:arbitrary-node:list", "impersonate-on:*:list", "*", "list"}
	actGroups    = []string{"", "authentication.k8s.io", "*"}
	actResources = []string{"users", "groups", "serviceaccounts", "uids", "userextras/example.com%2fteam", "userextras/team", "userextras/*", "nodes", "*"}
	actNames     = []string{"alice", "bob", "system:anonymous", "devs", "ops", "system:masters", "target", "u-1", "red", "node-1", "*", "system:authenticated"}
	actUsers     = []string{"alice", "bob", "system:node:node-1", "system:serviceaccount:act-0:target", "system:anonymous", "system:node:node-2", "system:serviceaccount:a:b:c"}
)

// actor is a user who may act as others in one of the ways, more or less.
func (g *generator) actor(i int) []thing {
	name := fmt.Sprintf("act-%d", i)
	mode := []string{"impersonate", "impersonate:user-info", "impersonate:serviceaccount", "impersonate:arbitrary-node"}[i%4]
	var rules []thing
	for range 2 + g.IntN(5) {
		r := rule(g.some(actVerbs, 25), g.some(actGroups, 40), g.some(actResources, 25))
		if g.chance(70) {
			r["verbs"] = []string{mode}
		}
		if g.chance(40) {
			r["resourceNames"] = g.some(actNames, 100)
		}
		rules = append(rules, r)
	}
	if g.chance(70) {
		r := rule([]string{mode}, []string{"authentication.k8s.io", ""}, []string{"users", "serviceaccounts", "nodes", g.one(actResources)})
		if g.chance(30) {
			r["resourceNames"] = []string{"alice", "target", "node-1", "system:anonymous"}
		}
		rules = append(rules, r)
	}
	if g.chance(70) {
		rules = append(rules, rule(append(g.some(actOn, 20), "impersonate-on:"+strings.TrimPrefix(mode, "impersonate:")+":list"), []string{""}, []string{"configmaps"}))
	}
	return []thing{role("", name, rules...), bind("", name, "ClusterRole", name, toUser(name))}
}

// wanted draws whom somebody wants to act as.
func (g *generator) wanted() rbac.User {
	u := rbac.User{Name: g.one(actUsers)}
	if g.chance(50) {
		return u
	}
	for g.chance(40) && len(u.Groups) < 5 {
		if name := g.one([]string{"devs", "ops", "system:masters", "system:authenticated"}); !slices.Contains(u.Groups, name) {
			u.Groups = append(u.Groups, name)
		}
	}
	if g.chance(15) {
		u.UID = "u-1"
	}
	if g.chance(15) {
		u.Extra = map[string][]string{g.one([]string{"team", "example.com/team"}): {g.one([]string{"red", "blue"})}}
	}
	return u
}

// TestE2EActing compares what the evaluator says of acting as somebody else,
// under the old verb and the constrained ones, with the server.
func TestE2EActing(t *testing.T) {
	p := control(t)
	g := &generator{Rand: rand.New(rand.NewPCG(diffSeed, 3)), spaces: []string{p.room(t, "act-0")}}
	ns := g.spaces[0]
	// Whoever one has become may list ConfigMaps: a refusal is one of becoming.
	objects := []thing{role(ns, "all", may("", "configmaps", "list")), bind(ns, "all", "Role", "all", toGroup(rbac.Authenticated), toGroup(rbac.Unauthenticated), toUser(rbac.Anonymous))}
	for i := range actors {
		objects = append(objects, g.actor(i)...)
	}
	p.load(t, objects...)
	p.known(t)
	local := rbac.New(p.policy(t))
	list := rbac.Request{Verb: "list", Resource: "configmaps", Namespace: ns}
	modes := map[string]int{}
	for i := range actors {
		name := fmt.Sprintf("act-%d", i)
		for range acts {
			to := g.wanted()
			claim := local.MayImpersonate(rbac.User{Name: name, Groups: []string{rbac.Authenticated}}, to, list)
			_, err := p.client(name).become(to).get("/api/v1/namespaces/" + ns + "/configmaps")
			if c := code(err); c != http.StatusOK && c != http.StatusForbidden {
				t.Fatalf("%+v: neither yes nor no: %v", to, err)
			}
			modes[claim.Mode]++
			if claim.Allowed != (err == nil) {
				t.Errorf("%s as %+v: the evaluator says %v (%s %s), the server: %v", name, to, claim.Allowed, claim.Mode, claim.Reason, err)
			}
		}
	}
	t.Logf("%d acts; by mode (none is refused): %v", actors*acts, modes)
	for _, mode := range []string{"", rbac.ModeLegacy, rbac.ModeUserInfo, rbac.ModeServiceAccount, rbac.ModeArbitraryNode} {
		if modes[mode] == 0 {
			t.Errorf("no act came out as %q: the questions tell too little", mode)
		}
	}
}

// become is impersonate with everything that headers can say.
func (c *client) become(u rbac.User) *client {
	d := c.impersonate(u.Name, u.Groups...)
	if u.UID != "" {
		d.header.Set("Impersonate-Uid", u.UID)
	}
	for key, values := range u.Extra {
		d.header["Impersonate-Extra-"+url.PathEscape(key)] = values
	}
	return d
}
