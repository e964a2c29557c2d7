package export

import (
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/muster-nhi/muster/internal/saved"
	"github.com/muster-nhi/muster/scanners/azure/object"
)

// A reader collects what all files say.
type reader struct {
	ctx      context.Context //nolint:containedctx // of the one read that the reader lives for
	opts     Options
	problems *saved.Problems
	calls    *callTable
	takers   map[string]taker // by collection
	signs    []sign
	only     string              // the tenant that paths name, if it is one
	tenants  map[string]*builder // by id; "" is that of files whose path names none
	unknown  []string            // files of which nothing was understood
}

func newReader(ctx context.Context, o Options) *reader {
	return &reader{ctx: ctx, opts: o, problems: saved.NewProblems(o.MaxProblems), calls: newCallTable(), takers: collections(), signs: signs(), tenants: map[string]*builder{}}
}

func (r *reader) lost(name, message string) { r.problems.Lost(name, message) }
func (r *reader) note(name, message string) { r.problems.Note(name, message) }

// survey finds out before anything is read whether all files are of one tenant.
func (r *reader) survey(files []string) {
	found := map[string]bool{}
	for _, name := range files {
		if tenant, _ := placeIn(name); tenant != "" {
			found[tenant] = true
		}
	}
	if len(found) == 1 {
		r.only = slices.Collect(maps.Keys(found))[0]
	}
}

// builder returns what is known of a tenant.
func (r *reader) builder(id string) *builder {
	if r.tenants[id] == nil {
		r.tenants[id] = newBuilder(r, id)
	}
	return r.tenants[id]
}

// A set holds objects by what names them, so that several files can tell of one.
type set[T any] map[string]*T

// merge adds what is told of an object. It makes no difference which file tells first.
func (s set[T]) merge(name string, v T) *T {
	if have := s[name]; have != nil {
		saved.Join(have, &v)
		return have
	}
	s[name] = &v
	return &v
}

// settle makes unknown what files contradict each other in.
func (s set[T]) settle() {
	for _, v := range s {
		saved.Settle(v)
	}
}

// sorted returns the objects by name.
func (s set[T]) sorted() []T {
	var out []T
	for _, name := range sortedKeys(s) {
		out = append(out, *s[name])
	}
	return out
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

// A listing is what files of one call say together of one place.
type listing struct {
	count        int
	pages, ended int    // answers, and those after which no more follows
	trouble      string // why it is not complete
	denied       bool
}

// A related object is one that a list names, whose subject the list does not.
type related map[string]map[string]bool

// add adds ids to those of a subject, which is known from then on.
func (r related) add(subject string, ids []string) {
	if r[subject] == nil {
		r[subject] = map[string]bool{}
	}
	for _, id := range ids {
		r[subject][id] = true
	}
}

// of returns the ids of a subject, and whether they are known.
func (r related) of(subject string) ([]string, bool) {
	m, ok := r[subject]
	if subject == "" || !ok || len(m) == 0 {
		return nil, ok && subject != ""
	}
	return sortedKeys(m), true
}

// A builder collects what files say of one tenant.
type builder struct {
	r        *reader
	id       string
	listings map[spot]*listing
	some     map[spot]bool // calls of which other listings tell something

	name, domain string
	cloud        string // empty is public
	contacts     []string
	ids          map[string]int // of the tenant, by how often the files name them

	applications set[object.Application]
	principals   set[object.ServicePrincipal]
	users        set[object.User]
	groups       set[object.Group]
	roles        set[object.DirectoryRole]
	directory    set[object.DirectoryRoleAssignment]
	schedules    set[object.DirectoryRoleAssignment]
	appRoles     set[object.AppRoleAssignment]
	cutRoles     map[string]bool // principals of which only the first app roles are told
	allRoles     map[string]bool // principals of which all are
	delegated    set[object.DelegatedGrant]
	units        set[object.Unit]
	management   set[object.ManagementPolicy]
	consent      *object.ConsentPolicy
	signIns      set[object.SignIn]
	uses         map[string]keyUse
	creators     set[object.Creator]
	risky        set[object.Risk]
	opened       map[string]*opening // applications and principals that a listing has

	appOwners, spOwners, groupOwners, members, unitMembers, applies related
	federated                                                       map[string]set[object.Federated] // by application or identity
	sponsors                                                        related

	subscriptions set[object.Subscription]
	listed        map[string]string // subscriptions that a listing names, with their tenants
	folders       set[object.ManagementGroup]
	roleDefs      set[object.RoleDefinition]
	builtIn       bool // built-in roles are among them
	assignments   set[object.RoleAssignment]
	denies        set[object.DenyAssignment]
	identities    set[object.ManagedIdentity]
	consumers     set[object.Consumer]
	stores        set[object.Store]
	vaults        set[object.Vault]
	switches      set[object.LocalAuth]
	clusters      set[object.Cluster]
	reaches       set[reach]                  // by resource
	rich          map[string]bool             // resources of which more than the name is told
	objects       map[string]set[vaultObject] // by the host of the vault
	contactsOf    map[string]map[string]bool  // mail addresses, by subscription
	trustless     map[string]bool             // subscription and name of identities that have no federated credentials
	below         map[string]bool             // subscriptions of which az lists only roles that hold in them
	parents       map[string]string           // management groups of subscriptions
}

func newBuilder(r *reader, id string) *builder {
	return &builder{
		r: r, id: id, listings: map[spot]*listing{}, some: map[spot]bool{}, ids: map[string]int{},
		applications: set[object.Application]{}, principals: set[object.ServicePrincipal]{}, users: set[object.User]{}, groups: set[object.Group]{},
		roles: set[object.DirectoryRole]{}, directory: set[object.DirectoryRoleAssignment]{}, schedules: set[object.DirectoryRoleAssignment]{},
		appRoles: set[object.AppRoleAssignment]{}, cutRoles: map[string]bool{}, allRoles: map[string]bool{}, delegated: set[object.DelegatedGrant]{}, units: set[object.Unit]{},
		management: set[object.ManagementPolicy]{}, signIns: set[object.SignIn]{}, uses: map[string]keyUse{}, creators: set[object.Creator]{}, risky: set[object.Risk]{}, opened: map[string]*opening{},
		appOwners: related{}, spOwners: related{}, groupOwners: related{}, members: related{}, unitMembers: related{}, applies: related{},
		federated: map[string]set[object.Federated]{}, sponsors: related{},
		subscriptions: set[object.Subscription]{}, listed: map[string]string{}, folders: set[object.ManagementGroup]{}, roleDefs: set[object.RoleDefinition]{},
		assignments: set[object.RoleAssignment]{}, denies: set[object.DenyAssignment]{}, identities: set[object.ManagedIdentity]{}, consumers: set[object.Consumer]{},
		stores: set[object.Store]{}, vaults: set[object.Vault]{}, switches: set[object.LocalAuth]{}, clusters: set[object.Cluster]{}, reaches: set[reach]{}, rich: map[string]bool{},
		objects: map[string]set[vaultObject]{}, contactsOf: map[string]map[string]bool{}, below: map[string]bool{}, trustless: map[string]bool{}, parents: map[string]string{},
	}
}

func (b *builder) listing(k spot) *listing {
	if b.listings[k] == nil {
		b.listings[k] = &listing{}
	}
	return b.listings[k]
}

// hear adds an amount of a document to a listing.
func (b *builder) hear(doc *document, k spot, n *amount, cut bool) {
	l := b.listing(k)
	l.count += n.all
	pages, ended := doc.pages, doc.ended
	if pages == 0 { // a list without an answer around it is whole
		pages, ended = 1, 1
	}
	l.pages += pages
	l.ended += ended
	if trouble := doc.trouble(cut); trouble != "" {
		l.trouble = trouble
	} else if n.bad > 0 {
		l.trouble = plural(n.bad, "object", saved.Short(doc.name, 200)+": ", " could not be read in full")
	}
}

// refuse takes in that a call was refused.
func (b *builder) refuse(k spot, why string, denied bool) {
	l := b.listing(k)
	l.denied = l.denied || denied
	l.trouble = why
}

// subscription returns what is known of a subscription.
func (b *builder) subscription(id string) *object.Subscription {
	id = lower(id)
	return b.subscriptions.merge(id, object.Subscription{ID: id})
}

// subscriptionOf returns the id of the subscription in an ARM id; empty if it is in
// none.
func subscriptionOf(id string) string {
	rest, ok := strings.CutPrefix(lower(id), "/subscriptions/")
	if !ok {
		return ""
	}
	sub, _, _ := strings.Cut(rest, "/")
	if !isGUID(sub) {
		return ""
	}
	return sub
}
