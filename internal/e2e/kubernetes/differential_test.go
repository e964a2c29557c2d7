//go:build e2e

package kubernetes

import (
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/muster-nhi/muster/internal/privilege/rbac"
)

// How much the differential test asks. The issue wants at least 5,000 questions
// over thousands of roles and bindings.
const (
	diffSeed      = 20261122
	diffRoles     = 2000
	diffBindings  = 2000
	diffQuestions = 8000
)

// The words that roles and questions are made of: few, so that they meet.
var (
	diffVerbs     = []string{"get", "list", "watch", "create", "update", "patch", "delete", "deletecollection", "bind", "escalate", "impersonate", "approve", "sign", "use", "GET", "*"}
	diffGroups    = []string{"", "apps", rbacGroup, "batch", "example.com", "authentication.k8s.io", "certificates.k8s.io", "*"}
	diffResources = []string{"pods", "secrets", "serviceaccounts", "nodes", "deployments", "roles", "clusterroles", "widgets", "signers", "users", "*"}
	diffSubs      = []string{"", "", "", "exec", "log", "token", "status", "scale", "proxy", "*"}
	diffNames     = []string{"", "", "a", "b", "c", "view", "*", "system:masters", "example.com/signer"}
	diffPaths     = []string{"/", "/a", "/a/", "/a/b", "/a/b/c", "/metrics", "/healthz", "/healthz/etcd", "/logs/", "/ab", "*", "/*", "/a*", "/openapi/v3"}
	diffURLs      = []string{"*", "/*", "/a", "/a/*", "/a*", "/a/b", "/metrics", "/healthz*", "/logs/*", "/a**"}
	diffLabels    = []string{"red", "green", "blue"}
)

// A generator makes policies and questions from one seed.
type generator struct {
	*rand.Rand
	spaces []string
}

func (g *generator) one(words []string) string { return words[g.IntN(len(words))] }

func (g *generator) chance(percent int) bool { return g.IntN(100) < percent }

// some draws one to three words, the star only now and then.
func (g *generator) some(words []string, star int) []string {
	var out []string
	for range 1 + g.IntN(3) {
		if w := g.one(words); w != "*" || g.chance(star) {
			out = append(out, w)
		}
	}
	if len(out) == 0 {
		return []string{words[0]}
	}
	return out
}

func (g *generator) resources() []string {
	var out []string
	for _, r := range g.some(diffResources, 50) {
		if sub := g.one(diffSubs); sub != "" && (sub != "*" || g.chance(30)) {
			r += "/" + sub
		}
		out = append(out, r)
	}
	return out
}

func (g *generator) rule(cluster bool) thing {
	if cluster && g.chance(20) {
		return thing{"verbs": g.some([]string{"get", "post", "GET", "put", "*"}, 60), "nonResourceURLs": g.some(diffURLs, 50)}
	}
	r := rule(g.some(diffVerbs, 50), g.some(diffGroups, 60), g.resources())
	if g.chance(25) {
		var names []string
		for _, n := range g.some(diffNames, 100) {
			if n != "" {
				names = append(names, n)
			}
		}
		r["resourceNames"] = names
	}
	return r
}

// role is the i-th: a third of them Roles, of the others a tenth aggregated and
// a fifth labelled for those. Some aggregated ones select aggregated ones, but
// never in a circle: what comes of a circle depends on who was first.
func (g *generator) role(i int) thing {
	if i%3 == 0 {
		return role(g.one(g.spaces), fmt.Sprintf("diff-%d", i), g.rules(false)...)
	}
	r := role("", fmt.Sprintf("diff-%d", i), g.rules(true)...)
	if g.chance(10) {
		selector := g.selector()
		if i%2 == 0 {
			with(r, thing{"labels": thing{"diff-layer": g.one(diffLabels)}})
		} else if g.chance(50) {
			selector = thing{"matchLabels": thing{"diff-layer": g.one(diffLabels)}}
		}
		with(r, thing{"aggregationRule": thing{"clusterRoleSelectors": []thing{selector, g.selector()}}})
		if g.chance(50) {
			delete(r, "rules")
		}
		return r
	}
	if g.chance(20) {
		with(r, thing{"labels": thing{"diff-colour": g.one(diffLabels), "diff-n": strconv.Itoa(g.IntN(8))}})
	}
	return r
}

func (g *generator) rules(cluster bool) []thing {
	out := []thing{}
	for range g.IntN(4) {
		out = append(out, g.rule(cluster))
	}
	return out
}

func (g *generator) selector() thing {
	switch g.IntN(4) {
	case 0:
		return thing{"matchLabels": thing{"diff-colour": g.one(diffLabels), "diff-n": strconv.Itoa(g.IntN(8))}}
	case 1:
		return thing{"matchExpressions": []thing{{"key": "diff-colour", "operator": "In", "values": []string{"red", "blue"}}, {"key": "diff-n", "operator": "NotIn", "values": []string{"1", "2", "3", "4", "5"}}}}
	case 2:
		return thing{"matchExpressions": []thing{{"key": "diff-n", "operator": "In", "values": []string{"6", "7"}}, {"key": "diff-n", "operator": "Exists"}, {"key": "diff-colour", "operator": "NotIn", "values": []string{g.one(diffLabels)}}}}
	default:
		return thing{"matchLabels": thing{"diff-colour": g.one(diffLabels), "diff-n": "5"}, "matchExpressions": []thing{{"key": "diff-none", "operator": "DoesNotExist"}}}
	}
}

func (g *generator) subject(ns string) thing {
	switch g.IntN(10) {
	case 0, 1, 2:
		return toAccount(g.one(g.spaces), fmt.Sprintf("diff-%d", g.IntN(60)))
	case 3:
		if ns != "" { // an account of the binding's own namespace need not say so
			return thing{"kind": "ServiceAccount", "name": fmt.Sprintf("diff-%d", g.IntN(60))}
		}
		return toAccount(g.one(g.spaces), fmt.Sprintf("diff-%d", g.IntN(60)))
	case 4:
		return toUser(userOf(g.one(g.spaces), fmt.Sprintf("diff-%d", g.IntN(60))))
	case 5, 6, 7:
		return toUser(fmt.Sprintf("diff-user-%d", g.IntN(60)))
	case 8:
		return toGroup(fmt.Sprintf("diff-group-%d", g.IntN(12)))
	default:
		return toGroup("system:serviceaccounts:" + g.one(g.spaces))
	}
}

func (g *generator) binding(i int) thing {
	ns, kind, target := "", "ClusterRole", g.IntN(diffRoles)
	if g.chance(60) {
		ns = g.one(g.spaces)
		if g.chance(40) {
			kind = "Role"
		}
	}
	var subjects []thing
	for range 1 + g.IntN(3) {
		subjects = append(subjects, g.subject(ns))
	}
	return bind(ns, fmt.Sprintf("diff-%d", i), kind, fmt.Sprintf("diff-%d", target), subjects...)
}

// user is somebody who asks: an account, its name without its groups, a plain
// user, a member of groups, nobody.
func (g *generator) user() rbac.User {
	ns, name := g.one(g.spaces), fmt.Sprintf("diff-%d", g.IntN(60))
	switch g.IntN(10) {
	case 0, 1, 2, 3:
		return rbac.ServiceAccountUser(ns, name)
	case 4:
		return rbac.User{Name: userOf(ns, name)}
	case 5, 6:
		return rbac.User{Name: fmt.Sprintf("diff-user-%d", g.IntN(60)), Groups: []string{rbac.Authenticated}}
	case 7:
		return rbac.User{Name: fmt.Sprintf("diff-user-%d", g.IntN(60)), Groups: []string{rbac.Authenticated, fmt.Sprintf("diff-group-%d", g.IntN(12)), fmt.Sprintf("diff-group-%d", g.IntN(12))}}
	case 8:
		return rbac.AnonymousUser()
	default:
		if g.chance(10) {
			return rbac.User{Name: "diff-master", Groups: []string{rbac.Masters}}
		}
		return rbac.User{Name: "diff-stranger", Groups: []string{fmt.Sprintf("diff-group-%d", g.IntN(12))}}
	}
}

// question is one that nothing grants on purpose.
func (g *generator) question() rbac.Request {
	if g.chance(15) {
		return rbac.Request{Verb: g.one([]string{"get", "post", "GET", "put", "*"}), Path: g.one(diffPaths)}
	}
	r := rbac.Request{
		Verb: g.one(diffVerbs), Group: g.one(diffGroups), Resource: g.one(diffResources),
		Subresource: g.one(diffSubs), Name: g.one(diffNames),
	}
	if g.chance(70) {
		r.Namespace = g.one(append(slices.Clone(g.spaces), "diff-nowhere"))
	}
	return r
}

// near is a question about what a role grants, in most cases changed a little.
func (g *generator) near(policy *rbac.Policy, roles map[string]*rbac.Role) (rbac.User, rbac.Request) {
	for {
		b := &policy.Bindings[g.IntN(len(policy.Bindings))]
		key := b.RoleKind + "/" + b.RoleName
		if b.RoleKind == rbac.KindRole {
			key = b.Namespace + "/" + key
		}
		r := roles[key]
		if r == nil || len(r.Rules) == 0 || len(b.Subjects) == 0 {
			continue
		}
		return g.member(b, b.Subjects[g.IntN(len(b.Subjects))]), g.bent(b.Namespace, r.Rules[g.IntN(len(r.Rules))])
	}
}

// member is a user who is that subject.
func (g *generator) member(b *rbac.Binding, s rbac.Subject) rbac.User {
	switch {
	case s.Kind == rbac.KindServiceAccount && s.Namespace == "":
		return rbac.ServiceAccountUser(b.Namespace, s.Name)
	case s.Kind == rbac.KindServiceAccount:
		return rbac.ServiceAccountUser(s.Namespace, s.Name)
	case s.Kind == rbac.KindGroup:
		return rbac.User{Name: "diff-member", Groups: []string{s.Name}}
	}
	if ns, name, ok := rbac.Account(s.Name); ok && g.chance(50) {
		return rbac.ServiceAccountUser(ns, name)
	}
	return rbac.User{Name: s.Name}
}

func (g *generator) bent(ns string, rule rbac.Rule) rbac.Request {
	r := rbac.Request{Verb: g.one(rule.Verbs), Namespace: ns}
	if len(rule.NonResourceURLs) > 0 {
		r.Path, r.Namespace = g.one(rule.NonResourceURLs), ""
		if g.chance(60) {
			r.Path = g.one(diffPaths)
		}
		return r
	}
	r.Group, r.Resource = g.one(rule.APIGroups), g.one(rule.Resources)
	if res, sub, ok := cut(r.Resource); ok {
		r.Resource, r.Subresource = res, sub
	}
	if len(rule.ResourceNames) > 0 {
		r.Name = g.one(rule.ResourceNames)
	}
	if ns == "" && g.chance(50) {
		r.Namespace = g.one(g.spaces)
	}
	switch other := g.question(); g.IntN(12) {
	case 0:
		r.Verb = other.Verb
	case 1:
		r.Group = other.Group
	case 2:
		r.Resource = other.Resource
	case 3:
		r.Subresource = other.Subresource
	case 4:
		r.Namespace = other.Namespace
	case 5, 6:
		r.Name = other.Name
	}
	if (r.Verb == "list" || r.Verb == "watch") && r.Name != "" && r.Name != "*" && !slices.Contains([]byte(r.Name), '/') && g.chance(50) {
		r.Name, r.FieldName = "", r.Name
	}
	return r
}

func cut(resource string) (string, string, bool) {
	for i := range resource {
		if resource[i] == '/' {
			return resource[:i], resource[i+1:], true
		}
	}
	return resource, "", false
}

// A disagreement is a question with two answers.
type disagreement struct {
	user    rbac.User
	request rbac.Request
	server  bool
}

func (d disagreement) String() string {
	return fmt.Sprintf("user %q groups %q: %+v: the server says %v", d.user.Name, d.user.Groups, d.request, d.server)
}

// A judge is an evaluator under test.
type judge func(rbac.User, rbac.Request) bool

// TestE2EDifferential loads thousands of generated roles and bindings and puts
// thousands of questions both to the evaluator and, as SubjectAccessReviews, to
// the server. It also puts them to evaluators that are wrong in one thing each,
// which must be found out: a test that cannot tell them apart proves nothing.
func TestE2EDifferential(t *testing.T) {
	p := control(t)
	seed := uint64(diffSeed)
	if s, err := strconv.ParseUint(os.Getenv("MUSTER_SEED"), 10, 64); err == nil {
		seed = s
	}
	t.Logf("seed %d (MUSTER_SEED sets another)", seed)
	g := &generator{Rand: rand.New(rand.NewPCG(seed, 1))}
	for i := range 4 {
		g.spaces = append(g.spaces, p.room(t, fmt.Sprintf("diff-%d", i)))
	}
	started := time.Now()
	p.load(t, g.objects()...)
	policy := p.stable(t)
	t.Logf("%d roles and %d bindings on the server, loaded in %s", len(policy.Roles), len(policy.Bindings), time.Since(started).Round(time.Second))

	local := rbac.New(policy)
	right := func(u rbac.User, r rbac.Request) bool { return local.Allowed(u, r).Allowed }
	wrong := wrongJudges(policy, right)
	roles := byKey(&policy)
	type question struct {
		user    rbac.User
		request rbac.Request
	}
	questions := make([]question, diffQuestions)
	for i := range questions {
		if i%4 == 0 {
			questions[i] = question{g.user(), g.question()}
			continue
		}
		u, r := g.near(&policy, roles)
		questions[i] = question{u, r}
	}

	var mu sync.Mutex
	var bad []disagreement
	allowed, caught := 0, map[string]int{}
	var group errgroup.Group
	group.SetLimit(8)
	started = time.Now()
	for _, q := range questions {
		group.Go(func() error {
			server, err := p.review(q.user, q.request)
			if err != nil {
				return fmt.Errorf("%+v: %w", q.request, err)
			}
			mine := right(q.user, q.request)
			mu.Lock()
			defer mu.Unlock()
			if server {
				allowed++
			}
			if mine != server {
				bad = append(bad, disagreement{q.user, q.request, server})
			}
			for name, w := range wrong {
				if w(q.user, q.request) != server {
					caught[name]++
				}
			}
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		t.Fatal(err)
	}
	took := time.Since(started)
	t.Logf("%d questions in %s (%.0f/s), %d allowed, %d disagreements", len(questions), took.Round(time.Second), float64(len(questions))/took.Seconds(), allowed, len(bad))
	for i, d := range bad {
		if i < 20 {
			t.Error(d)
		}
	}
	if share := 100 * allowed / len(questions); share < 20 || share > 80 {
		t.Errorf("the server allowed %d %% of the questions: they tell too little", share)
	}
	for name := range wrong {
		t.Logf("evaluator that %s: caught %d times", name, caught[name])
		if caught[name] == 0 {
			t.Errorf("an evaluator that %s would not be found out", name)
		}
	}
}

func (g *generator) objects() []thing {
	var out []thing
	for i := range diffRoles {
		out = append(out, g.role(i))
	}
	for i := range diffBindings {
		out = append(out, g.binding(i))
	}
	return out
}

// stable waits until the controller has filled the aggregated roles and the
// server's authorizer knows all that was written, and returns it.
func (p *plane) stable(t *testing.T) rbac.Policy {
	t.Helper()
	eventually(t, "the aggregated roles to be filled", func() error {
		filled := p.policy(t)
		plain := rbac.Policy{Roles: slices.Clone(filled.Roles), Bindings: filled.Bindings}
		for i := range plain.Roles {
			plain.Roles[i].Filled = plain.Roles[i].Aggregate == nil
		}
		return sameRules(filled, rbac.New(plain))
	})
	p.known(t)
	return p.policy(t)
}

func byKey(p *rbac.Policy) map[string]*rbac.Role {
	out := map[string]*rbac.Role{}
	for i := range p.Roles {
		r := &p.Roles[i]
		if r.Namespace == "" {
			out["ClusterRole/"+r.Name] = r
		} else {
			out[r.Namespace+"/Role/"+r.Name] = r
		}
	}
	return out
}
