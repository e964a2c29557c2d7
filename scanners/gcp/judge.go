package gcp

import (
	"cmp"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/muster-nhi/muster/internal/cloud"
	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/internal/privilege/gcp/condition"
	"github.com/muster-nhi/muster/internal/privilege/gcp/paths"
	"github.com/muster-nhi/muster/scanners/gcp/object"
)

// A judge says what principals can really do and who may become them.
type judge struct {
	analysis *paths.Analysis
	roles    map[string]*object.Role
	ends     map[string]time.Time    // of conditions, by expression
	become   map[string]*paths.Trust // of the account that was asked for last
	account  string                  // that one
	through  int                     // how many may become it by policies above it
}

// held is a binding that names somebody.
type held struct {
	policy  *object.Policy
	binding *object.Binding
	member  string
}

// stageDisabled is the launch stage of a custom role that was turned off: what it is
// bound to has nothing by it (Google Cloud IAM, "Create and manage custom roles").
const stageDisabled = "DISABLED"

// newJudge hands package paths what there is of all places.
func newJudge(e *estate) *judge {
	j := &judge{roles: make(map[string]*object.Role, len(e.all.Roles)), ends: map[string]time.Time{}}
	in := &paths.Estate{AsOf: e.now}
	for i := range e.all.Roles {
		r := &e.all.Roles[i]
		j.roles[r.Name] = r
		in.Roles = append(in.Roles, paths.Role{Name: r.Name, Permissions: r.Permissions, Known: r.Known, Deleted: r.Deleted || r.Stage == stageDisabled})
	}
	in.DeniesKnown, in.BoundariesKnown = true, true
	for _, p := range e.places {
		e.addPlace(in, p)
	}
	for i := range e.all.Denies {
		addDeny(in, &e.all.Denies[i])
	}
	for i := range e.all.Boundaries {
		b := &e.all.Boundaries[i]
		in.Boundaries = append(in.Boundaries, paths.Boundary{Name: b.Name, Resources: b.Resources, Targets: b.Targets, Conditional: len(b.Conditions) > 0})
	}
	for i := range e.all.Groups {
		g := &e.all.Groups[i]
		in.Groups = append(in.Groups, paths.Group{Email: g.Email, Members: g.Members, Known: g.Known})
	}
	for i := range e.all.Workforce {
		in.Pools = append(in.Pools, poolOf(&e.all.Workforce[i], e.all.Workforce[i].Name, ""))
	}
	j.analysis = paths.Analyze(in, runtime.GOMAXPROCS(0))
	return j
}

// addPlace adds a place, its policies and what is in it.
func (e *estate) addPlace(in *paths.Estate, p *place) {
	l := e.listingsOf(p)
	n := paths.Node{Name: p.name, Parent: p.parent}
	own := "resourcemanager." + strings.SplitN(p.name, "/", 2)[0] + ".getIamPolicy"
	n.PolicyKnown = l.whole(own) || len(l.byCall[own]) == 0 && l.whole(callPolicies)
	n.AccountsKnown = l.whole(callAccounts)
	p.pools = l.whole(callPools)
	if !n.PolicyKnown || p.project != nil && (!n.AccountsKnown || !l.whole(callAssets) && len(l.byCall[callAssets]) > 0) {
		e.dark[p.name] = true
	}
	in.DeniesKnown = in.DeniesKnown && l.whole("iam.denypolicies.list")
	in.BoundariesKnown = in.BoundariesKnown && l.whole("iam.principalaccessboundarypolicies.list")
	for _, policy := range p.policies {
		in.Policies = append(in.Policies, policyOf(policy, p))
	}
	if p.project != nil {
		n.Number, n.Services, n.ServicesKnown = p.project.Number, p.project.Services, p.project.ServicesKnown
		addProject(in, e, p.project)
	}
	in.Nodes = append(in.Nodes, n)
}

func policyOf(o *object.Policy, at *place) paths.Policy {
	p := paths.Policy{Resource: o.Resource, Bindings: make([]paths.Binding, 0, len(o.Bindings))}
	if at.project != nil {
		p.Project = at.project.ID
	}
	for i := range o.Bindings {
		p.Bindings = append(p.Bindings, bindingOf(&o.Bindings[i]))
	}
	return p
}

func bindingOf(b *object.Binding) paths.Binding {
	out := paths.Binding{Role: b.Role, Members: b.Members}
	if b.Condition != nil {
		out.Condition, out.Title = b.Condition.Expression, b.Condition.Title
	}
	return out
}

// addProject adds the accounts of a project and what they may be reached through.
func addProject(in *paths.Estate, e *estate, p *object.Project) {
	for i := range p.Accounts {
		a := &p.Accounts[i]
		email := strings.ToLower(a.Email)
		in.Accounts = append(in.Accounts, paths.Account{Email: email, Project: p.ID, UniqueID: a.UniqueID, Disabled: a.Disabled, APIKeys: e.bound[email]})
	}
	for i := range p.Secrets {
		in.Resources = append(in.Resources, paths.Resource{Name: "secretmanager.googleapis.com/" + p.Secrets[i].Name, Kind: paths.ResourceSecret, Project: p.ID})
	}
	for i := range p.KMS {
		in.Resources = append(in.Resources, paths.Resource{Name: "cloudkms.googleapis.com/" + p.KMS[i].Name, Kind: paths.ResourceKey, Project: p.ID})
	}
	for i := range p.Consumers {
		if c := &p.Consumers[i]; c.Account != "" {
			in.Workloads = append(in.Workloads, paths.Workload{Name: c.Name, Type: c.Type, Account: e.emailOf(p, c.Account), Project: p.ID})
		}
	}
	for i := range p.Pools {
		x := &p.Pools[i]
		name := x.Name
		if rest, ok := strings.CutPrefix(name, "projects/"+p.ID+"/"); ok && p.Number != "" {
			name = "projects/" + p.Number + "/" + rest // as bindings name it
		}
		in.Pools = append(in.Pools, poolOf(x, name, p.ID))
	}
}

func poolOf(x *object.Pool, name, project string) paths.Pool {
	out := paths.Pool{Name: name, Project: project, Disabled: off(x.Disabled, x.State), ProvidersKnown: x.ProvidersKnown}
	for i := range x.Providers {
		p := &x.Providers[i]
		mapping := make(map[string]string, len(p.Mapping))
		for _, l := range p.Mapping {
			mapping[l.Key] = l.Value
		}
		out.Providers = append(out.Providers, paths.Provider{
			Name: p.Name, Disabled: off(p.Disabled, p.State), Kind: p.Kind, Issuer: p.Issuer, Audiences: p.Audiences, Condition: p.Condition, Mapping: mapping,
		})
	}
	return out
}

func addDeny(in *paths.Estate, d *object.DenyPolicy) {
	for i := range d.Rules {
		r := &d.Rules[i]
		x := paths.Deny{Policy: cmp.Or(d.DisplayName, shortName(d.Name)), Resource: d.Resource, Principals: r.Principals, Except: r.Except, Permissions: r.Permissions, ExceptPermissions: r.ExceptPermissions}
		if r.Condition != nil {
			x.Condition = r.Condition.Expression
		}
		in.Denies = append(in.Denies, x)
	}
}

// end returns when a condition ends; zero is never or unknown.
func (j *judge) end(expression string) time.Time {
	t, ok := j.ends[expression]
	if !ok {
		t = inventory.Time(condition.New(expression).Expires())
		j.ends[expression] = t
	}
	return t
}

// fill puts into a grant what its role allows there.
func (j *judge) fill(g *inventory.Grant, p *object.Policy, b *object.Binding, x *member) {
	binding := bindingOf(b)
	fillResult(g, j.analysis.Binding(p.Resource, &binding, x.text))
}

// fillResult puts what package paths says into a grant.
func fillResult(g *inventory.Grant, r *paths.Result) {
	if r == nil {
		g.Level = inventory.LevelUnknown
		return
	}
	attr := cloud.Attributes(g.Attributes)
	g.Level = cmp.Or(r.Level, inventory.LevelUnknown)
	for i := range r.Reasons {
		g.Reasons = append(g.Reasons, inventory.Clip(reasonText(&r.Reasons[i]), cloud.MaxText))
	}
	if g.Level == inventory.LevelUnknown {
		attr.Set("possible_level", string(r.Possible))
		attr.Set("certain_level", string(r.Certain))
		for _, u := range r.Unknown[:min(len(r.Unknown), paths.MaxReasons)] {
			g.Reasons = append(g.Reasons, inventory.Clip("cannot be told: "+u, cloud.MaxText))
		}
	}
	g.Capabilities = r.Capabilities
	attr.Set("possible_capabilities", cloud.List(r.Possibly))
	var ids, perhaps []string
	for i := range r.Paths {
		p := &r.Paths[i]
		if !p.Certain {
			perhaps = append(perhaps, pathText(p))
			continue
		}
		g.Paths = append(g.Paths, inventory.Clip(pathText(p), 4*cloud.MaxText))
		ids = append(ids, p.ID)
	}
	attr.Set("path_ids", cloud.List(ids))
	attr.Set("possible_paths", strings.Join(perhaps, "; "))
	attr.Yes("more_paths", r.Truncated)
}

// reasonText writes a reason with the bindings that it rests on.
func reasonText(r *paths.Reason) string {
	text := r.String()
	var by []string
	for i := range r.Evidence {
		if e := &r.Evidence[i]; e.Role != "" && !strings.Contains(text, e.Role) {
			by = append(by, e.String())
		}
	}
	if len(by) == 0 {
		return text
	}
	return text + " (" + strings.Join(by, "; ") + ")"
}

// pathText writes a path hop by hop: by which permission, what is done, and where it
// leads.
func pathText(p *paths.Path) string {
	var b strings.Builder
	for i := range p.Hops {
		h := &p.Hops[i]
		if i > 0 {
			b.WriteString(" → ")
		}
		b.WriteString(h.ID + ": " + h.Text)
	}
	if to := cmp.Or(p.Over, strings.TrimPrefix(p.Leads, prefixAccount)); to != "" {
		b.WriteString(" → " + to + " (" + string(p.Level) + ")")
	}
	return b.String()
}

// judged tells, on an identity, what all its roles come to.
func (m *mapper) judged(attr cloud.Attributes, text string) {
	r, ok := m.estate.judge.analysis.Of(text)
	if !ok {
		return
	}
	attr.Set("effective_level", string(cmp.Or(r.Level, inventory.LevelUnknown)))
	if r.Level != r.Possible {
		attr.Set("possible_level", string(r.Possible))
	}
	attr.Set("administers", cloud.InOrder(r.Admin))
}

// effective returns what all the roles of a principal allow together; nil if that is
// no more than one of them does.
func (j *judge) effective(text string, single ...held) *inventory.Grant {
	r, ok := j.analysis.Of(text)
	if !ok || r.Level == inventory.LevelNone && len(r.Paths) == 0 {
		return nil
	}
	g := &inventory.Grant{Attributes: cloud.Attributes{}}
	fillResult(g, r)
	same, capabilities, ways := false, []string(nil), []string(nil)
	for _, h := range single {
		one := &inventory.Grant{Attributes: cloud.Attributes{}}
		b := bindingOf(h.binding)
		fillResult(one, j.analysis.Binding(h.policy.Resource, &b, h.member))
		same = same || one.Level == g.Level
		capabilities, ways = append(capabilities, one.Capabilities...), append(ways, one.Paths...)
	}
	if same && contains(capabilities, g.Capabilities) && contains(ways, g.Paths) {
		return nil
	}
	return g
}

// ask looks up who may become an account.
func (j *judge) ask(email string) {
	if j.account == email && j.become != nil {
		return
	}
	j.account, j.become, j.through = email, map[string]*paths.Trust{}, 0
	trusts := j.analysis.Become(email)
	var above []string
	for i := range trusts {
		t := &trusts[i]
		switch {
		case !t.Inherited:
			b := object.Binding{Role: t.Role}
			if t.Condition != "" {
				b.Condition = &object.Condition{Expression: t.Condition}
			}
			j.become[trustKey(&b, t.Principal, t.Provider)] = t
		case !t.Closed:
			above = append(above, t.Principal)
		}
	}
	j.through = len(unique(above))
}

// trustKey names a trust: the binding, the member and the provider.
func trustKey(b *object.Binding, principal, provider string) string {
	key := b.Role + "\x00" + principal + "\x00" + lastSlash(provider)
	if b.Condition != nil {
		key += "\x00" + b.Condition.Expression
	}
	return key
}

// inherited returns how many members may become an account by policies above it.
func (j *judge) inherited(email string) int {
	j.ask(email)
	return j.through
}

// trusted returns what package paths says of a trust in an account, or nil.
func (j *judge) trusted(email, key string) *paths.Trust {
	j.ask(email)
	return j.become[key]
}

// weaknesses are the codes of what is wrong with a trust.
func weaknesses(t *paths.Trust) []string {
	var out []string
	if t != nil {
		for _, w := range t.Weak {
			out = append(out, w.Code)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}
