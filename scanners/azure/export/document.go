package export

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/internal/saved"
)

// A document is a file while it is read.
type document struct {
	r     *reader
	name  string
	t     *builder // of the tenant that its path names
	sub   string   // subscription that its path names; may be empty
	call  *call    // that it is named after; may be nil
	about string   // what its name says after the call: an id, a vault

	collection, parent string // of the last answer of Graph: applications, and the id in the address
	listed, query      bool   // it is a list; an answer of Resource Graph
	more, short        bool   // an answer says that more follows; that it was cut off
	pages, ended       int    // answers, and those after which no more follows
	known, told        bool   // something in it was understood; that it holds values was said
	lost               bool   // that something of it cannot be placed was said
	odd                int    // objects of which nothing was understood
	n, depth           int    // objects; management groups that the current one is in
	holders            roleList
	heard              map[spot]*amount
	sweep              sweep
}

// A spot is a call and what it was asked about: a subscription, a vault; empty is the
// tenant.
type spot struct{ call, where string }

// An amount counts objects, and those that could not be decoded in full.
type amount struct{ all, bad int }

// A sweep is what kinds of resources a file holds, so that it can be told what else it
// would have held.
type sweep struct {
	types map[string]bool // in lower case
	plain bool            // one has no managed identity
	bare  bool            // it is of az resource list, which tells of all kinds
}

func (r *reader) document(name string) *document {
	tenant, sub := placeIn(name)
	doc := &document{r: r, name: name, sub: sub, t: r.builder(cmp.Or(tenant, r.only)), heard: map[spot]*amount{}, sweep: sweep{types: map[string]bool{}}}
	doc.call, doc.about = r.calls.named(name)
	return doc
}

// placeIn finds tenants/ID and subscriptions/ID in the path of a file.
func placeIn(name string) (tenant, sub string) {
	parts := strings.Split(name, "/")
	for i := range len(parts) - 2 {
		switch {
		case !isGUID(parts[i+1]):
		case parts[i] == "tenants":
			tenant = lower(parts[i+1])
		case parts[i] == "subscriptions":
			sub = lower(parts[i+1])
		}
	}
	return tenant, sub
}

// collectionOf reads what a context of OData is of, in lower case and without what
// was chosen, and the last id in it:
// …/$metadata#applications('ID')/federatedIdentityCredentials(id,name).
func collectionOf(context string) (collection, parent string) {
	_, fragment, _ := strings.Cut(context, "#")
	if len(fragment) > maxContext {
		return "", ""
	}
	keys := regexp.MustCompile(`\('([^']*)'\)`)
	if all := keys.FindAllStringSubmatch(fragment, -1); len(all) > 0 {
		parent = all[len(all)-1][1]
	}
	fragment = keys.ReplaceAllString(fragment, "")
	fragment, _, _ = strings.Cut(fragment, "(")
	fragment = strings.TrimSuffix(fragment, "/$entity")
	return lower(fragment), lower(parent)
}

// maxContext bounds the context of an answer; those of Graph are shorter, however
// much is expanded.
const maxContext = 8000

// subject is the id of the object that the file is about, by its content or its name.
func (doc *document) subject() string {
	if isGUID(doc.parent) {
		return doc.parent
	}
	if found := regexp.MustCompile(guidForm).FindAllString(doc.about, -1); len(found) > 0 {
		return lower(found[len(found)-1])
	}
	return ""
}

// hear returns the amount of a call and what it was asked about.
func (doc *document) hear(call, where string) *amount {
	k := spot{call, where}
	if doc.heard[k] == nil {
		doc.heard[k] = &amount{}
	}
	return doc.heard[k]
}

// took counts an object of a call.
func (doc *document) took(call, where string, err error) {
	doc.known = true
	n := doc.hear(call, where)
	n.all++
	if err != nil {
		n.bad++
	}
}

// where is what a listing of resources was asked about: nothing in particular if the
// answer is one of Resource Graph, else the subscription of an object.
func (doc *document) where(sub string) string {
	if doc.query {
		return ""
	}
	return cmp.Or(sub, doc.sub)
}

// finish accounts for the calls of the file.
func (doc *document) finish(cut bool) {
	if doc.n == 0 && (doc.listed || doc.pages > 0) && !cut {
		doc.nothing()
	}
	if len(doc.sweep.types) > 0 {
		doc.swept()
	}
	doc.roles()
	for _, k := range slices.SortedFunc(maps.Keys(doc.heard), func(a, b spot) int {
		return cmp.Or(cmp.Compare(a.call, b.call), cmp.Compare(a.where, b.where))
	}) {
		doc.t.hear(doc, k, doc.heard[k], cut)
	}
	switch {
	case !doc.known && !cut:
		doc.r.unknown = append(doc.r.unknown, doc.name)
	case doc.known && doc.odd > 0:
		doc.r.lost(doc.name, plural(doc.odd, "object", "", " in it not understood and passed over"))
	}
}

// trouble says why a listing is not whole; empty if it may be.
func (doc *document) trouble(cut bool) string {
	switch {
	case cut:
		return saved.Short(doc.name, 200) + " ends in the middle or could not be read to the end"
	case doc.short:
		return saved.Short(doc.name, 200) + " was cut off by Resource Graph"
	}
	return ""
}

// nothing takes a file without objects for the answer of the call that it is named
// after, or that its context names.
func (doc *document) nothing() {
	switch {
	case doc.collection != "" && doc.call == nil:
		if call := callOf(doc.collection); call != "" {
			doc.known = true
			doc.hear(call, "")
		}
		return
	case doc.call == nil:
		return
	}
	doc.known = true
	if doc.relation() {
		doc.relate(nil)
		return
	}
	if doc.call.name == callIdentityTrusts {
		doc.t.trustless[doc.sub+" "+lower(vaultIn(doc.about))] = true
		return
	}
	where := ""
	switch doc.call.need {
	case vault:
		where = lower(vaultIn(doc.about))
	case subscription, extra:
		if !doc.query && doc.call.how != byGraph {
			where = doc.sub
		}
		if where == "" && !doc.query && strings.HasPrefix(doc.call.name, "arm: ") {
			doc.r.lost(doc.name, "is empty and does not say of which subscription: put the files of each subscription into a directory subscriptions/ID")
			return
		}
	case tenant, each:
	}
	doc.hear(doc.call.name, where)
}

// vaultIn is the name of a vault in the rest of a file's name, without the number of a
// page.
func vaultIn(about string) string {
	name, _, _ := strings.Cut(about, ".")
	return name
}

// swept tells which listings of resources a file is, by what is in it: one that has
// kinds which nobody asks for by name is of all resources, or of all that run as
// managed identities. What else it tells of others is some of them.
func (doc *document) swept() {
	keep := map[string]bool{}
	foreign := doc.sweep.bare
	for t := range doc.sweep.types {
		foreign = foreign || resourceCall(t) == "" && (doc.query || len(doc.sweep.types) > 1)
	}
	switch {
	case doc.call != nil && doc.call.how == byQuery:
		keep[doc.call.name] = true
	case foreign && doc.sweep.plain:
		for _, c := range []string{callResources, callIdentities, callStores, callVaults, callSwitches, callClusters} {
			keep[c] = true
		}
	case foreign:
		keep[callResources] = true
	default:
		for t := range doc.sweep.types {
			keep[resourceCall(t)] = true
		}
		delete(keep, callSwitches) // there are many kinds of them
		delete(keep, "")
	}
	for _, where := range doc.wheres() {
		for call := range keep {
			doc.hear(call, where)
		}
	}
	maps.DeleteFunc(doc.heard, func(k spot, _ *amount) bool {
		gone := strings.HasPrefix(k.call, "arm: ") && !keep[k.call] && slices.Contains([]string{callResources, callIdentities, callStores, callVaults, callSwitches, callClusters}, k.call)
		if gone {
			doc.t.some[k] = true
		}
		return gone
	})
}

// wheres are the subscriptions that a file is about; the empty one is all.
func (doc *document) wheres() []string {
	if doc.query {
		return []string{""}
	}
	found := map[string]bool{}
	for k := range doc.heard {
		if strings.HasPrefix(k.call, "arm: ") {
			found[k.where] = true
		}
	}
	return slices.Sorted(maps.Keys(found))
}

// element reads one object.
func (doc *document) element(raw json.RawMessage, fields map[string]json.RawMessage) {
	if len(fields) == 0 {
		return
	}
	doc.n++
	if what, only := held(fields); what != "" {
		doc.values(what)
		if only {
			doc.known = true
			return
		}
	}
	for _, read := range []func(*document, json.RawMessage, map[string]json.RawMessage) bool{
		(*document).failure, (*document).vaultObject, (*document).account, (*document).arm, (*document).directory,
	} {
		if read(doc, raw, fields) {
			doc.known = true
			return
		}
	}
	doc.odd++
}

// failure reads what a service said in place of an answer.
func (doc *document) failure(raw json.RawMessage, fields map[string]json.RawMessage) bool {
	var v struct {
		Error struct{ Code, Message string }
	}
	if len(fields["error"]) == 0 || len(fields) > 2 || json.Unmarshal(raw, &v) != nil || v.Error.Code == "" {
		return false
	}
	doc.r.failed(doc, v.Error.Code+": "+v.Error.Message)
	return true
}

// refused reads what az said in place of an answer, which begins with ERROR:.
func (r *reader) refused(name, said string) {
	_, said, _ = strings.Cut(said, "ERROR: ")
	r.failed(r.document(name), said)
}

// failed takes in that the call that a file is named after was refused. Of what was
// said only words that stand for why are kept.
func (r *reader) failed(doc *document, said string) {
	why := "an error"
	code := regexp.MustCompile(`\(?\b(AuthorizationFailed|Authorization_RequestDenied|Forbidden\w*|AccessDenied|InvalidAuthenticationToken|Unauthorized|Request_ResourceNotFound|ResourceNotFound|ResourceGroupNotFound|VaultNotFound|NotFound|BadRequest|Throttled|TooManyRequests|AadPremiumLicenseRequired|Authentication_RequestFromNonPremiumTenantOrB2CTenant)\b`)
	text := inventory.Clip(said, maxSaid)
	if m := code.FindStringSubmatch(text); m != nil {
		why = m[1]
	} else if strings.Contains(strings.ToLower(text), "insufficient privileges") {
		why = "Authorization_RequestDenied"
	}
	if doc.call == nil {
		r.note(doc.name, "says that a call was refused ("+why+"), and its name does not tell which: name it as the script in docs/scanners/azure-export.md does")
		return
	}
	where := doc.sub
	if doc.call.need == vault {
		where = lower(vaultIn(doc.about))
	} else if !strings.HasPrefix(doc.call.name, "arm: ") || doc.call.how == byQuery {
		where = ""
	}
	doc.t.refuse(spot{doc.call.name, where}, fmt.Sprintf("%s: Microsoft refused it (%s)", saved.Short(doc.name, 200), why), denied(why))
}

// maxSaid bounds how much of a refusal is looked at.
const maxSaid = 4000

// denied reports whether a code says that access was refused.
func denied(code string) bool {
	for _, word := range []string{"Authorization", "Forbidden", "AccessDenied", "InvalidAuthenticationToken", "Unauthorized"} {
		if strings.HasPrefix(code, word) {
			return true
		}
	}
	return false
}
