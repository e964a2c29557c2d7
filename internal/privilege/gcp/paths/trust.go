package paths

import (
	"cmp"
	"slices"
	"strings"

	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/internal/privilege/gcp/member"
	"github.com/muster-nhi/muster/internal/privilege/gcp/role"
)

// becoming lists the permissions by which somebody becomes a service account, or has
// something act as it.
func becoming() role.Set {
	return role.SetOf("iam.serviceAccounts.getAccessToken", "iam.serviceAccounts.getOpenIdToken", "iam.serviceAccounts.signBlob", "iam.serviceAccounts.signJwt",
		"iam.serviceAccounts.implicitDelegation", actAs, "iam.serviceAccounts.setIamPolicy", "iam.serviceAccountKeys.create", "iam.serviceAccountApiKeyBindings.create")
}

// Become returns who may become a service account by the policies of the account and
// of all above it: those of its own policy first, then those inherited, in the order of
// the policies. Of a member of a pool there is one for each provider. It is empty for an
// account that the estate does not have.
func (a *Analysis) Become(email string) []Trust {
	i, ok := a.index["serviceAccount:"+strings.ToLower(email)]
	if !ok || a.holders[i].place < 0 {
		return nil
	}
	at := a.holders[i].place
	var out []Trust
	for up := at; up >= 0; up = a.tree.places[up].parent {
		for _, k := range a.trusted[up] {
			p := &a.estate.Policies[k]
			for b := range p.Bindings {
				out = append(out, a.letIn(at, up, &p.Bindings[b])...)
			}
		}
	}
	return out
}

// letIn lists whom one binding lets become an account.
func (a *Analysis) letIn(at, on int32, b *Binding) []Trust {
	n, ok := a.roleIndex[b.Role]
	if !ok || a.deleted[b.Role] {
		return nil
	}
	set := a.roles[n].Set
	set.And(becoming())
	if set.Empty() {
		return nil
	}
	out := make([]Trust, 0, len(b.Members))
	permissions := set.Names()
	for _, m := range b.Members {
		t := Trust{
			Principal: m, Role: b.Role, On: a.tree.places[on].name, Inherited: on != at, Permissions: permissions, Condition: b.Condition,
			SameProject: inventory.Unknown, InEstate: inventory.Unknown,
		}
		a.standing(&t, at, set)
		out = append(out, a.describe(t, at)...)
	}
	return out
}

// standing finds out whether a trust holds beneath conditions and denies.
func (a *Analysis) standing(t *Trust, at int32, set role.Set) {
	i, ok := a.index[canonicalMember(t.Principal)]
	if !ok {
		return
	}
	if a.holders[i].Kind == member.KindDeleted {
		t.Certain = true
		return
	}
	m := a.on(a.holders[i].powers, at)
	t.Closed, t.Certain = !m.possible.Meets(set), m.certain.Meets(set)
	if g, ok := a.find(at, &Binding{Role: t.Role, Condition: t.Condition}); ok && g.cond >= 0 {
		under := a.under(g, a.contextOf(at))
		t.Closed = t.Closed || under.possible.Empty()
		t.Certain = t.Certain && !under.certain.Empty()
	}
}

// describe says who is let in; of a pool once for each provider.
func (a *Analysis) describe(t Trust, at int32) []Trust {
	m := member.Parse(canonicalMember(t.Principal))
	switch m.Kind {
	case member.KindPublic, member.KindSignedIn:
		t.Kind = TrustEveryone
		t.weak(WeakPublic, "lets in anybody")
	case member.KindUser:
		t.Kind = TrustUser
	case member.KindGroup, member.KindDomain, member.KindBasic, member.KindAccounts:
		t.Kind = TrustGroup
	case member.KindDeleted:
		t.Kind = TrustDeleted
		t.weak(WeakDeleted, "names somebody who is gone: whoever brings that account back gets in")
	case member.KindAgent:
		t.Kind, t.Account = TrustAgent, m.ID
		a.home(&t, member.Home(m.ID), at)
	case member.KindAccount:
		t.Kind, t.Account = TrustAccount, m.ID
		a.home(&t, member.Home(m.ID), at)
		if t.InEstate == inventory.False {
			t.weak(WeakCrossAccount, "lets in a service account of project "+t.Project+", which is not among those read")
		}
	case member.KindKubernetes:
		t.Kind, t.Namespace, t.ServiceAccount, t.Platform = TrustKubernetes, m.Namespace, m.ServiceAccount, "gke"
		a.home(&t, m.Project, at)
		t.Subjects = []string{"system:serviceaccount:" + m.Namespace + ":" + m.ServiceAccount}
		if t.InEstate == inventory.False {
			t.weak(WeakCrossAccount, "lets in a Kubernetes service account of project "+t.Project+", which is not among those read")
		}
	case member.KindSubject, member.KindSet:
		return a.federated(t, &m, at)
	case member.KindRobot:
		t.Kind = TrustRobot
		a.home(&t, m.Project, at)
		if t.InEstate == inventory.False {
			t.weak(WeakCrossAccount, "lets in an agent of project "+t.Project+", which is not among those read")
		}
	default:
		t.Kind = TrustOther
	}
	return []Trust{t}
}

// home notes the project of somebody.
func (a *Analysis) home(t *Trust, project string, at int32) {
	t.Project = project
	if project == "" {
		return
	}
	place := a.projectPlace(project)
	known := place >= 0 && a.tree.places[place].node != nil
	t.InEstate = inventory.TriOf(known)
	if place >= 0 {
		t.Project = strings.TrimPrefix(a.tree.places[place].name, "projects/")
		t.SameProject = inventory.TriOf(place == a.tree.places[at].project)
	} else {
		t.SameProject = inventory.False
	}
}

func (t *Trust) weak(code, text string) { t.Weak = append(t.Weak, Weakness{code, text}) }

// federated describes identities of a pool: once for each provider, and once without
// one if the providers are not known.
func (a *Analysis) federated(t Trust, m *member.Member, at int32) []Trust {
	t.Kind, t.Pool = TrustPool, m.Pool
	if i, ok := a.index[canonicalMember(t.Principal)]; ok && a.holders[i].home >= 0 && !m.Workforce {
		a.home(&t, strings.TrimPrefix(a.tree.places[a.holders[i].home].name, "projects/"), at)
	} else if project, ok := strings.CutPrefix(m.Pool, "projects/"); ok {
		project, _, _ = strings.Cut(project, "/")
		a.home(&t, project, at)
	}
	pool := a.pool(m.Pool)
	if pool == nil || !pool.ProvidersKnown && len(pool.Providers) == 0 {
		t.Certain = false
		if t.InEstate == inventory.False {
			t.weak(WeakCrossAccount, "lets in identities of a pool of project "+t.Project+", which is not among those read")
		}
		a.demand(&t, nil, m)
		return []Trust{t}
	}
	if pool.Disabled == inventory.True {
		t.Closed = true
	}
	if len(pool.Providers) == 0 {
		t.Closed = true // nobody can sign in to a pool without a provider
		a.demand(&t, nil, m)
		return []Trust{t}
	}
	var out []Trust
	for i := range pool.Providers {
		p := &pool.Providers[i]
		x := t
		x.Provider, x.Closed = p.Name, t.Closed || p.Disabled == inventory.True
		x.Audiences = slices.Clone(p.Audiences)
		a.provider(&x, p, m)
		out = append(out, x)
	}
	return out
}

// pool finds a pool by its name, with the number or the id of its project.
func (a *Analysis) pool(name string) *Pool {
	same := func(p *Pool) bool {
		if p.Name == name {
			return true
		}
		x, rest, ok := poolOf(p.Name)
		y, rest2, ok2 := poolOf(name)
		if !ok || !ok2 || rest != rest2 {
			return false
		}
		at := a.projectPlace(x)
		return at >= 0 && at == a.projectPlace(y)
	}
	for i := range a.estate.Pools {
		if same(&a.estate.Pools[i]) {
			return &a.estate.Pools[i]
		}
	}
	return nil
}

// poolOf splits the name of a pool after its project.
func poolOf(name string) (project, rest string, ok bool) {
	tail, ok := strings.CutPrefix(name, "projects/")
	if !ok {
		return "", "", false
	}
	project, rest, ok = strings.Cut(tail, "/")
	return project, rest, ok
}

// provider describes how identities come in by a provider.
func (a *Analysis) provider(t *Trust, p *Provider, m *member.Member) {
	t.Issuer = strings.TrimSuffix(strings.TrimPrefix(p.Issuer, "https://"), "/")
	switch p.Kind {
	case "oidc":
		t.Kind = TrustOIDC
	case "aws":
		t.Kind = TrustAWS
	case "saml":
		t.Kind = TrustSAML
	case "x509":
		t.Kind = TrustX509
	}
	a.demand(t, p, m)
}

// order sorts weaknesses by code, so that they do not depend on how they were found.
func (t *Trust) order() {
	slices.Sort(t.Claims)
	t.Claims = slices.Compact(t.Claims)
	slices.Sort(t.Subjects)
	t.Subjects = slices.Compact(t.Subjects)
	slices.SortStableFunc(t.Weak, func(x, y Weakness) int { return cmp.Compare(x.Code, y.Code) })
}
