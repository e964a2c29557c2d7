package export

import (
	"cmp"
	"maps"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/internal/saved"
	"github.com/muster-nhi/muster/scanners/gcp/convert"
	"github.com/muster-nhi/muster/scanners/gcp/object"
)

// A set holds objects by what names them, so that several files can tell of one.
type set[T any] map[string]*entry[T]

// An entry is what the best tellings of an object say, and until settle what others do.
type entry[T any] struct {
	age    age
	v      T
	others []entry[T] // one for each age
}

// An age says which of two tellings of one object counts: that of the better source,
// then the later one.
type age struct {
	source source
	at     time.Time // when it was true; zero is unknown
}

// A source is where a telling comes from, the best last.
type source int

const (
	searched source = iota // a search of Asset Inventory
	listed                 // an asset of its listing or export
	answered               // the answer of the resource's own API
)

// compare orders ages, the best last.
func (a age) compare(b age) int {
	return cmp.Or(cmp.Compare(a.source, b.source), a.at.Compare(b.at))
}

// merge adds what is told of an object. What a worse telling says stands only where
// the better says nothing; what those say that are as good is joined. It makes no
// difference which file tells first.
func (s set[T]) merge(name string, of age, v T) {
	e := s[name]
	if e == nil {
		s[name] = &entry[T]{age: of, v: v}
		return
	}
	same := func(o entry[T]) bool { return o.age.compare(of) == 0 }
	if same(*e) {
		saved.Join(&e.v, &v)
		return
	}
	if i := slices.IndexFunc(e.others, same); i >= 0 {
		saved.Join(&e.others[i].v, &v)
		return
	}
	if of.compare(e.age) > 0 {
		of, v, e.age, e.v = e.age, e.v, of, v
	}
	e.others = append(e.others, entry[T]{age: of, v: v})
}

// absorb adds all that is told of an object under another name.
func (s set[T]) absorb(name string, e *entry[T]) {
	s.merge(name, e.age, e.v)
	for _, o := range e.others {
		s.merge(name, o.age, o.v)
	}
}

// settle puts together what all tellings say; what those that are as good contradict
// each other in is unknown.
func (s set[T]) settle() {
	for _, e := range s {
		slices.SortFunc(e.others, func(a, b entry[T]) int { return b.age.compare(a.age) })
		for i := range e.others {
			fill(&e.v, &e.others[i].v)
		}
		e.others = nil
		saved.Settle(&e.v)
	}
}

// sorted returns the objects by name.
func (s set[T]) sorted() []T {
	var out []T
	for _, name := range sortedKeys(s) {
		out = append(out, s[name].v)
	}
	return out
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

// fill sets the fields of an object that are zero to those of another.
func fill[T any](into, from *T) {
	to, of := reflect.ValueOf(into).Elem(), reflect.ValueOf(from).Elem()
	for i := range to.NumField() {
		switch f := to.Field(i); {
		case !f.CanSet():
		case f.IsZero():
			f.Set(of.Field(i))
		}
	}
}

// A project is what the files say of one project, or of a folder or organisation
// (which has contacts and listings only).
type project struct {
	object.Project
	r           *reader
	place       string // folders/… or organizations/…; empty for a project
	accounts    set[object.Account]
	keys        set[object.AccountKey] // by account/id
	apiKeys     set[object.APIKey]
	secrets     set[object.Secret]
	versions    set[object.SecretVersion] // by secret/id
	kms         set[object.Key]
	pools       set[object.Pool]
	providers   set[object.Provider]
	managed     set[object.ManagedIdentity]
	clients     set[object.OAuthClient]
	credentials set[object.OAuthCredential]
	hmac        set[object.HMACKey]
	consumers   set[object.Consumer]
	insights    set[convert.Insight]
	contacts    set[object.Contact]
	activities  set[convert.Activity]
	services    map[string]bool
	listings    map[string]*listing // by call
	around      map[string]bool     // itself and what it is in
	whole       map[string]bool     // calls that a whole file of Asset Inventory tells of; asked once
}

func (r *reader) newProject(place string) *project {
	return &project{
		r: r, place: place, accounts: set[object.Account]{}, keys: set[object.AccountKey]{}, apiKeys: set[object.APIKey]{}, secrets: set[object.Secret]{},
		versions: set[object.SecretVersion]{}, kms: set[object.Key]{}, pools: set[object.Pool]{}, providers: set[object.Provider]{},
		managed: set[object.ManagedIdentity]{}, clients: set[object.OAuthClient]{}, credentials: set[object.OAuthCredential]{}, hmac: set[object.HMACKey]{},
		consumers: set[object.Consumer]{}, insights: set[convert.Insight]{}, contacts: set[object.Contact]{}, activities: set[convert.Activity]{},
		services: map[string]bool{}, listings: map[string]*listing{}, whole: map[string]bool{},
	}
}

// numbered spells a name with the number of its project, as Secret Manager, API Keys
// and IAM do for pools, if it is known.
func (p *project) numbered(name string) string {
	rest, ok := strings.CutPrefix(name, "projects/")
	ref, below, deeper := strings.Cut(rest, "/")
	number := p.r.numbers[ref]
	if ok && number == "" && ref == p.ID {
		number = p.Number
	}
	if !ok || !deeper || number == "" {
		return name
	}
	return "projects/" + number + "/" + below
}

// finish puts the objects together, in order.
func (p *project) finish() {
	p.ID = cmp.Or(p.ID, p.Number)
	for _, s := range []interface{ settle() }{
		p.apiKeys, p.secrets, p.versions, p.kms, p.pools, p.providers, p.managed, p.clients, p.credentials, p.hmac, p.consumers, p.insights, p.contacts, p.activities,
	} {
		s.settle()
	}
	p.finishAccounts()
	p.finishSecrets()
	p.finishPools()
	p.finishClients()
	p.Keys, p.KMS, p.HMAC, p.Contacts = p.apiKeys.sorted(), p.kms.sorted(), p.hmac.sorted(), p.contacts.sorted()
	p.Consumers = p.consumers.sorted()
	for i := range p.Consumers {
		c := &p.Consumers[i]
		if c.Account == convert.Default {
			c.Account = convert.DefaultAccount(p.Number)
		}
		for j, name := range c.Secrets {
			c.Secrets[j] = p.numbered(name)
		}
	}
	p.Consumers = slices.DeleteFunc(p.Consumers, func(c object.Consumer) bool { return c.Account == "" })
	for _, name := range sortedKeys(p.services) {
		if p.services[name] {
			p.Services = append(p.Services, name)
		}
	}
	l := p.listings["serviceusage.services.list"]
	p.ServicesKnown = len(p.Services) > 0 || p.swept("serviceusage.services.list") || l != nil && l.status() == inventory.StatusComplete && !l.off
	p.finishInsights()
}

// finishAccounts gives accounts their keys and what was observed of both. A key of
// an account that no file lists makes the account known.
func (p *project) finishAccounts() {
	address := map[string]string{} // by unique id
	for _, e := range p.accounts {
		if e.v.Email != "" && e.v.UniqueID != "" {
			address[e.v.UniqueID] = e.v.Email
		}
	}
	for _, id := range sortedKeys(p.accounts) {
		if to := address[id]; to != "" {
			p.accounts.absorb(to, p.accounts[id])
			delete(p.accounts, id)
		}
	}
	p.accounts.settle()
	keys := map[string]set[object.AccountKey]{}
	for _, name := range sortedKeys(p.keys) {
		account, id, _ := strings.Cut(name, "/")
		account = cmp.Or(address[account], account)
		if keys[account] == nil {
			keys[account] = set[object.AccountKey]{}
		}
		keys[account].absorb(id, p.keys[name])
		if strings.Contains(account, "@") && p.accounts[account] == nil {
			p.accounts.merge(account, age{}, object.Account{Email: account, Managed: convert.Managed(account)})
		}
	}
	for _, of := range keys {
		of.settle()
	}
	p.r.address(address)
	for _, id := range sortedKeys(p.accounts) {
		a := p.accounts[id].v
		a.Keys = keys[cmp.Or(a.Email, a.UniqueID)].sorted()
		a.KeysKnown = p.knows("iam.serviceAccountKeys.list", a.Email, len(a.Keys) > 0)
		p.observe(&a)
		p.Accounts = append(p.Accounts, a)
	}
}

// observe gives an account and its keys what Policy Analyzer and Recommender tell.
func (p *project) observe(a *object.Account) {
	seen := func(name string) (convert.Activity, bool) {
		for _, account := range []string{a.Email, a.UniqueID} {
			if e := p.activities[account+name]; e != nil && account != "" {
				return e.v, true
			}
		}
		return convert.Activity{}, false
	}
	if x, ok := seen(""); ok {
		a.LastAuthenticated, a.Used, a.ObservedFrom, a.ObservedTill = x.Last.Time, x.Used, x.From.Time, x.Till.Time
	}
	for i := range a.Keys {
		if x, ok := seen("/" + a.Keys[i].ID); ok {
			k := &a.Keys[i]
			k.LastAuthenticated, k.Used, k.ObservedFrom, k.ObservedTill = x.Last.Time, x.Used, x.From.Time, x.Till.Time
		}
	}
}

func (p *project) finishSecrets() {
	p.Secrets = p.secrets.sorted()
	for _, name := range sortedKeys(p.versions) {
		secret := name[:strings.LastIndexByte(name, '/')]
		i, ok := slices.BinarySearchFunc(p.Secrets, secret, func(s object.Secret, name string) int { return strings.Compare(s.Name, name) })
		if !ok {
			p.Secrets = slices.Insert(p.Secrets, i, object.Secret{Name: secret, Location: convert.Part(secret, "locations")})
		}
		p.Secrets[i].Versions = append(p.Secrets[i].Versions, p.versions[name].v)
	}
	for i := range p.Secrets {
		s := &p.Secrets[i]
		s.VersionsKnown = p.knows("secretmanager.versions.list", convert.Last(s.Name), len(s.Versions) > 0)
		slices.SortFunc(s.Versions, func(a, b object.SecretVersion) int {
			return cmp.Or(cmp.Compare(len(a.ID), len(b.ID)), cmp.Compare(a.ID, b.ID)) // they count up
		})
	}
}

func (p *project) finishPools() { p.Pools = p.r.poolsOf(p) }

// poolsOf puts pools together with their providers. A provider of a pool that no
// file lists makes the pool known.
func (r *reader) poolsOf(p *project) []object.Pool {
	pool := func(name, collection string) *object.Pool {
		at, _, _ := strings.Cut(name, collection)
		if p.pools[at] == nil {
			p.pools.merge(at, age{}, object.Pool{Name: at})
		}
		return &p.pools[at].v
	}
	for _, name := range sortedKeys(p.providers) {
		x := pool(name, "/providers/")
		x.Providers = append(x.Providers, p.providers[name].v)
	}
	for _, name := range sortedKeys(p.managed) {
		x := pool(name, "/namespaces/")
		x.Managed = append(x.Managed, p.managed[name].v)
	}
	out := p.pools.sorted()
	for i := range out {
		x := &out[i]
		if p.place == "" {
			x.ProvidersKnown = p.knows("iam.workloadIdentityPoolProviders.list", convert.Last(x.Name), len(x.Providers) > 0)
			continue
		}
		x.ProvidersKnown = len(x.Providers) > 0
		for _, where := range sortedKeys(r.places) {
			x.ProvidersKnown = x.ProvidersKnown || r.places[where].knows("iam.workforcePoolProviders.list", convert.Last(x.Name), false)
		}
	}
	return out
}

func (p *project) finishClients() {
	p.Clients = p.clients.sorted()
	for _, name := range sortedKeys(p.credentials) {
		client, _, _ := strings.Cut(name, "/credentials/")
		for i := range p.Clients {
			if c := &p.Clients[i]; c.Name == client {
				c.Credentials = append(c.Credentials, p.credentials[name].v)
			}
		}
	}
	for i := range p.Clients {
		c := &p.Clients[i]
		c.CredentialsKnown = p.knows("iam.oauthClientCredentials.list", convert.Last(c.Name), len(c.Credentials) > 0)
	}
}

// finishInsights names the permissions that an insight tells to be unused, where
// the role's are known.
func (p *project) finishInsights() {
	for _, name := range sortedKeys(p.insights) {
		x := p.insights[name].v
		if role := p.r.roles[x.Role]; role != nil && role.v.Known && x.Subtype == "PERMISSIONS_USAGE" {
			for _, permission := range role.v.Permissions {
				if _, used := slices.BinarySearch(x.Used, permission); !used {
					x.Unused = append(x.Unused, permission)
				}
			}
			x.Total = cmp.Or(x.Total, len(role.v.Permissions))
		} else {
			x.Total = 0 // how many of them were not used cannot be told
		}
		x.Resource = p.r.spell(x.Resource)
		p.Insights = append(p.Insights, x.Insight)
		if a := p.accountOf(x.Member); a != nil && a.Used == 0 && !x.Last.IsZero() {
			a.LastAuthenticated, a.Used, a.ObservedFrom, a.ObservedTill = x.Last.Time, 1, x.From, x.At
		}
	}
}

func (p *project) accountOf(email string) *object.Account {
	i, ok := slices.BinarySearchFunc(p.Accounts, email, func(a object.Account, email string) int {
		return strings.Compare(cmp.Or(a.Email, a.UniqueID), email)
	})
	if !ok {
		return nil
	}
	return &p.Accounts[i]
}
