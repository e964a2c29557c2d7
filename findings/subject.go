package findings

import (
	"reflect"
	"slices"
	"time"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"

	"github.com/muster-nhi/muster/internal/inventory"
)

// maxRelated is how many related records of one kind a condition may look at.
// A subject with more of them has the verdict unknown, for the reason "cost
// limit", so that judging stays linear.
const maxRelated = 20_000

// A subject is one record under judgement, with what is related to it. It is
// the activation that conditions are evaluated against: every variable is made
// when it is first read, and once. It is not safe for concurrent use.
type subject struct {
	*relatedIndex
	now      types.Timestamp
	baseline func(string) inventory.Tri

	record inventory.Record
	kind   inventory.Kind
	id     string
	scope  string
	typ    string // of the record

	opened   []*inventory.Identity // identities that it is, opens or belongs to
	isOpened bool
	usage    *use
	values   [numValues]ref.Val // by valueIndex
}

// numValues is the number of variables that are kept.
const numValues = 14

// valueIndex gives each related variable its place; -1 is not a variable.
func valueIndex(name string) int {
	switch name {
	case "credentials":
		return 0
	case "grants":
		return 1
	case "usages":
		return 2
	case "trusts":
		return 3
	case "consumers":
		return 4
	case "owners":
		return 5
	case "relations":
		return 6
	case "opens", "subject_identity":
		return 7
	case "same":
		return 8
	case "twins":
		return 9
	case "use":
		return 10
	case baselineName:
		return 11
	case unknownName:
		return 12
	case "identity", "credential", "grant", "trust", "consumer":
		return 13
	default:
		return -1
	}
}

// newSubject returns a subject without a record; reset gives it one.
func newSubject(index *relatedIndex, now time.Time, baseline func(string) inventory.Tri) *subject {
	return &subject{relatedIndex: index, now: types.Timestamp{Time: now}, baseline: baseline}
}

// reset makes it the subject of another record.
func (s *subject) reset(r inventory.Record) {
	s.record, s.kind, s.id = r, r.Kind(), r.ID()
	s.opened, s.isOpened, s.usage = nil, false, nil
	s.values = [numValues]ref.Val{}
	switch s.kind {
	case inventory.KindIdentity:
		s.scope, s.typ = r.Identity.Scope, r.Identity.Type
	case inventory.KindCredential:
		s.scope, s.typ = r.Credential.Scope, r.Credential.Type
	case inventory.KindGrant:
		s.scope, s.typ = r.Grant.Scope, ""
	case inventory.KindTrust:
		s.scope, s.typ = r.Trust.Scope, r.Trust.Type
	case inventory.KindConsumer:
		s.scope, s.typ = r.Consumer.Scope, r.Consumer.Kind
	default:
		s.scope, s.typ = "", ""
	}
}

// identityType is the type of the identity that a grant or trust is about, or
// of what a consumer uses; "" if that is not in the inventory.
func (s *subject) identityType() string {
	if s.kind == inventory.KindIdentity || s.kind == inventory.KindCredential {
		return ""
	}
	if ids := s.identities(); len(ids) > 0 {
		return ids[0].Type
	}
	if s.kind == inventory.KindConsumer {
		if c := s.inv.Credential(s.record.Consumer.Subject); c != nil {
			return c.Type
		}
	}
	return ""
}

// ResolveName implements cel.Activation.
func (s *subject) ResolveName(name string) (any, bool) {
	if name == nowName {
		return s.now, true
	}
	i := valueIndex(name)
	if i < 0 {
		return nil, false
	}
	if s.values[i] == nil {
		s.values[i] = s.bind(name)
	}
	return s.values[i], true
}

// Parent implements cel.Activation.
func (s *subject) Parent() cel.Activation { return nil }

func (s *subject) bind(name string) ref.Val {
	switch name {
	case "identity":
		return one(s, s.record.Identity)
	case "credential":
		return one(s, s.record.Credential)
	case "grant":
		return one(s, s.record.Grant)
	case "trust":
		return one(s, s.record.Trust)
	case "consumer":
		return one(s, s.record.Consumer)
	case "use":
		return one(s, s.use())
	case baselineName:
		if known, ok := s.inBaseline().Bool(); ok {
			return types.Bool(known)
		}
		return types.WrapErr(newUnknownFact("whether it is in the approved baseline"))
	case unknownName:
		return types.WrapErr(newUnknownFact("what the condition asks for"))
	default:
		return s.bindList(name)
	}
}

func (s *subject) bindList(name string) ref.Val {
	switch name {
	case "credentials":
		return many(s, credentialsOf(s.inv, s.id))
	case "grants":
		return many(s, s.grants())
	case "usages":
		return many(s, s.usages())
	case "trusts":
		return many(s, s.inv.TrustsOf(s.id))
	case "consumers":
		return many(s, s.inv.ConsumersOf(s.id))
	case "owners":
		return many(s, s.owners())
	case "relations":
		return many(s, slices.Concat(s.inv.RelationsFrom(s.id), s.inv.RelationsTo(s.id)))
	case "same":
		return many(s, s.others(s.bySecret[s.record.Credential.SecretHash]))
	case "twins":
		return many(s, s.twins())
	default: // opens, subject_identity
		return many(s, s.identities())
	}
}

// one wraps a record, and many a list of records, as CEL values.
func one[T any](s *subject, record *T) ref.Val {
	return &object{s.vocabulary.of[reflect.TypeFor[T]()], record}
}

func many[T any](s *subject, list []*T) ref.Val {
	if len(list) == 0 {
		return s.vocabulary.none
	}
	if len(list) > maxRelated {
		return types.NewErr("cost limit exceeded: more than %d related records", maxRelated)
	}
	rt := s.vocabulary.of[reflect.TypeFor[T]()]
	objects, values := make([]object, len(list)), make([]ref.Val, len(list))
	for i, x := range list {
		objects[i] = object{rt, x}
		values[i] = &objects[i]
	}
	return types.NewRefValList(s.vocabulary, values)
}

func (s *subject) inBaseline() inventory.Tri {
	if s.baseline == nil {
		return inventory.Unknown
	}
	return s.baseline(s.id)
}

func (s *subject) others(list []*inventory.Credential) []*inventory.Credential {
	var out []*inventory.Credential
	for _, c := range list {
		if c != s.record.Credential {
			out = append(out, c)
		}
	}
	return out
}

// twins are the credentials of the same type and public id as the subject, which
// is one.
func (s *subject) twins() []*inventory.Credential {
	c := s.record.Credential
	return s.others(s.byPublic[c.Type+"\x00"+c.PublicID])
}

// identities are the subject itself, the identities that a credential opens,
// or the one that a grant, trust or consumer is about, as far as they are in
// the inventory.
func (s *subject) identities() []*inventory.Identity {
	if s.isOpened {
		return s.opened
	}
	s.isOpened = true
	switch s.kind {
	case inventory.KindIdentity:
		s.opened = []*inventory.Identity{s.record.Identity}
	case inventory.KindCredential:
		s.opened = opens(s.inv, s.record.Credential)
	case inventory.KindGrant:
		s.opened = atMostOne(s.inv.Identity(s.record.Grant.Principal))
	case inventory.KindTrust:
		s.opened = atMostOne(s.inv.Identity(s.record.Trust.Identity))
	case inventory.KindConsumer:
		s.opened = atMostOne(s.inv.Identity(s.record.Consumer.Subject))
	default:
	}
	return s.opened
}

// grants are all grants of the subject's identities.
func (s *subject) grants() []*inventory.Grant {
	ids := s.identities()
	if len(ids) == 1 {
		return s.inv.GrantsOf(ids[0].ID)
	}
	var out []*inventory.Grant
	for _, id := range ids {
		out = append(out, s.inv.GrantsOf(id.ID)...)
	}
	return out
}

// usages are those of the subject; of its identity, for a trust or consumer. Of a
// credential that lies open somewhere they are what its platform tells of the same
// one: nobody else knows when it was used.
func (s *subject) usages() []*inventory.Usage {
	if c := s.record.Credential; c != nil && c.Exposure != "" && c.PublicID != "" {
		list := s.inv.UsageOf(s.id)
		for _, twin := range s.twins() {
			if twin.Exposure == "" {
				list = slices.Concat(list, s.inv.UsageOf(twin.ID))
			}
		}
		return list
	}
	if s.kind != inventory.KindTrust && s.kind != inventory.KindConsumer {
		return s.inv.UsageOf(s.id)
	}
	var out []*inventory.Usage
	for _, id := range s.identities() {
		out = append(out, s.inv.UsageOf(id.ID)...)
	}
	return out
}

// use sums up the usages. That of an identity takes in its credentials: a role
// whose key was used is not dormant.
func (s *subject) use() *use {
	if s.usage == nil {
		list := s.usages()
		if s.kind == inventory.KindIdentity {
			for _, c := range credentialsOf(s.inv, s.id) {
				if u := s.inv.UsageOf(c.ID); len(u) > 0 {
					list = slices.Concat(list, u)
				}
			}
		}
		s.usage = summarise(list)
	}
	return s.usage
}

// owners are the subject's own, best first; if it has none, those of the
// identities that it opens or is about.
func (s *subject) owners() []*inventory.Owner {
	if s.kind == inventory.KindIdentity || s.kind == inventory.KindCredential {
		if own := s.inv.OwnersOf(s.id); len(own) > 0 {
			return own
		}
	}
	var out []*inventory.Owner
	for _, id := range s.identities() {
		if id.ID != s.id {
			out = append(out, s.inv.OwnersOf(id.ID)...)
		}
	}
	return out
}
