package live

import (
	"cmp"
	"slices"
	"strings"

	"github.com/muster-nhi/muster/scanners/gcp/convert"
	"github.com/muster-nhi/muster/scanners/gcp/object"
)

// finish puts the estate in order.
func (x *run) finish() {
	e := x.estate
	for _, s := range x.sites {
		e.Roles = append(e.Roles, s.custom...)
		e.Denies = append(e.Denies, s.deny...)
		s.spell()
		e.Policies = append(e.Policies, s.own...)
		s.defaults()
	}
	e.Roles = unique(e.Roles, func(r *object.Role) string { return r.Name })
	e.Policies = unique(e.Policies, func(p *object.Policy) string { return p.Resource })
	e.Denies = unique(e.Denies, func(p *object.DenyPolicy) string { return p.Name })
	e.Boundaries = unique(e.Boundaries, func(p *object.AccessBoundary) string { return p.Name })
	e.Workforce = unique(e.Workforce, func(p *object.Pool) string { return p.Name })
	e.Folders = unique(e.Folders, func(f *object.Folder) string { return f.Name })
	e.Organizations = unique(e.Organizations, func(o *object.Organization) string { return o.Name })
	e.Groups = unique(e.Groups, func(g *object.Group) string { return g.Email })
	roles := map[string]*object.Role{}
	for i := range e.Roles {
		roles[e.Roles[i].Name] = &e.Roles[i]
	}
	for _, s := range x.sites {
		s.judge(roles)
	}
	x.topInsights(roles)
	for _, s := range x.sites {
		order(s.p)
	}
	by(e.Listings, listingKey)
	slices.Sort(e.Notes)
	e.Notes = slices.Compact(e.Notes)
}

func listingKey(l *object.Listing) string { return l.Call + " " + l.Where }

// spell has policies of accounts name them by their e-mail address: Asset Inventory
// has their unique ids in places.
func (s *site) spell() {
	email := map[string]string{}
	for _, a := range s.p.Accounts {
		if a.UniqueID != "" {
			email["/serviceAccounts/"+a.UniqueID] = "/serviceAccounts/" + a.Email
		}
	}
	for i := range s.own {
		p := &s.own[i]
		at := strings.LastIndex(p.Resource, "/serviceAccounts/")
		if at < 0 || !strings.HasPrefix(p.Resource, "iam.googleapis.com/") {
			continue
		}
		if to, ok := email[p.Resource[at:]]; ok {
			p.Resource = p.Resource[:at] + to
		}
	}
}

// defaults name the account of what runs as the default one of its project. Where
// the number of the project is not known, neither is the account.
func (s *site) defaults() {
	for i := range s.p.Consumers {
		if c := &s.p.Consumers[i]; c.Account == convert.Default {
			c.Account = convert.DefaultAccount(s.p.Number)
		}
	}
}

// judge files what Recommender told of a project.
func (s *site) judge(roles map[string]*object.Role) {
	at := map[string]*object.Account{}
	for i := range s.p.Accounts {
		at[s.p.Accounts[i].Email] = &s.p.Accounts[i]
	}
	for _, i := range s.used {
		out := unused(i, roles)
		if out.Resource == "projects/"+s.p.Number {
			out.Resource = "projects/" + s.p.ID // as policies spell it
		}
		s.p.Insights = append(s.p.Insights, out)
		if a := at[i.Member]; a != nil {
			idle(a, i)
		}
	}
	s.used, s.custom, s.own, s.deny = nil, nil, nil, nil
}

// topInsights files what Recommender told of organisations and folders with the
// project of the account that it is about, where that is read.
func (x *run) topInsights(roles map[string]*object.Role) {
	left := 0
	for _, i := range x.used {
		_, domain, _ := strings.Cut(i.Member, "@")
		s := x.id[strings.TrimSuffix(domain, ".iam.gserviceaccount.com")]
		if s == nil {
			left++
			continue
		}
		s.p.Insights = append(s.p.Insights, unused(i, roles))
	}
	if left > 0 {
		x.estate.Notes = append(x.estate.Notes, "insights of organisations and folders about people, groups and accounts that are not read were left out")
	}
}

// by sorts by a text.
func by[T any](list []T, key func(*T) string) {
	slices.SortStableFunc(list, func(a, b T) int { return cmp.Compare(key(&a), key(&b)) })
}

// unique sorts by a name and keeps the first of each: pages overlap where something
// was made meanwhile.
func unique[T any](list []T, key func(*T) string) []T {
	by(list, key)
	return slices.CompactFunc(list, func(a, b T) bool { return key(&a) == key(&b) && key(&a) != "" })
}

// order sorts all lists of a project, so that two readings are the same whatever came
// back first.
func order(p *object.Project) {
	p.Accounts = unique(p.Accounts, func(a *object.Account) string { return a.Email })
	for i := range p.Accounts {
		p.Accounts[i].Keys = unique(p.Accounts[i].Keys, func(k *object.AccountKey) string { return k.ID })
	}
	p.Keys = unique(p.Keys, func(k *object.APIKey) string { return k.Name })
	p.Secrets = unique(p.Secrets, func(s *object.Secret) string { return s.Name })
	for i := range p.Secrets {
		p.Secrets[i].Versions = unique(p.Secrets[i].Versions, func(v *object.SecretVersion) string { return v.ID })
	}
	p.KMS = unique(p.KMS, func(k *object.Key) string { return k.Name })
	p.Pools = unique(p.Pools, func(x *object.Pool) string { return x.Name })
	for i := range p.Pools {
		p.Pools[i].Providers = unique(p.Pools[i].Providers, func(x *object.Provider) string { return x.Name })
		p.Pools[i].Managed = unique(p.Pools[i].Managed, func(x *object.ManagedIdentity) string { return x.Name })
	}
	p.Clients = unique(p.Clients, func(c *object.OAuthClient) string { return c.Name })
	p.HMAC = unique(p.HMAC, func(k *object.HMACKey) string { return k.AccessID })
	by(p.Consumers, func(c *object.Consumer) string { return c.Name + " " + c.Account })
	by(p.Insights, func(i *object.Insight) string {
		return strings.Join([]string{i.Kind, i.Resource, i.Member, i.Role}, " ")
	})
	by(p.Contacts, func(c *object.Contact) string { return c.Email })
	by(p.Listings, listingKey)
	slices.Sort(p.Services)
	p.Services = slices.Compact(p.Services)
	slices.Sort(p.Notes)
	p.Notes = slices.Compact(p.Notes)
}
