package live

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/scanners/aws/live/wire"
	"github.com/muster-nhi/muster/scanners/aws/object"
)

// keyType is the type of the credentials that are looked up.
const keyType = "aws.access_key"

// Bounds of a search for keys that lie about.
const (
	maxElsewhere = 100         // ids of before 2019, which do not tell their account: these are tried in each
	maxRefused   = 25          // refusals, and nothing else, after which the permission is missing
	timeToLookUp = time.Minute // kept of the time that there is, when it waits for what others find
)

// seek looks up access keys that others found lying about: of a large account the
// ids of keys are not listed, for that takes a request for each user, but AWS tells
// whose a key is when it is asked with its id. That is one request for each key that
// may be of an account and is not known there yet, and one for each of their users.
func (x *run) seek(ctx context.Context) {
	if x.options.Sought == nil || !slices.ContainsFunc(x.estate.Accounts, entered) {
		return
	}
	if x.options.Details == DetailsNone {
		for _, a := range x.estate.Accounts {
			if entered(a) && unnamed(a) {
				a.Notes = append(a.Notes, "access keys that lie about are not looked up, by choice (details: none)")
			}
		}
		return
	}
	x.progress("waiting for the keys that other sources find", 0, 0)
	ids, err := x.sought(ctx)
	group, inner := errgroup.WithContext(ctx)
	group.SetLimit(x.options.Parallel)
	for _, a := range x.estate.Accounts {
		if entered(a) {
			group.Go(func() error {
				x.seekIn(inner, a, ids, err)
				return inner.Err()
			})
		}
	}
	_ = group.Wait() // the error is that of ctx, which Read returns
}

// entered reports whether an account could be read at all.
func entered(a *object.Account) bool { return a.Reader != "" }

// unnamed reports whether a user of the account may have a key whose id is not
// known.
func unnamed(a *object.Account) bool {
	return len(a.Users) == 0 || slices.ContainsFunc(a.Users, func(u object.User) bool {
		return !u.KeysKnown || slices.ContainsFunc(u.Keys, func(k object.AccessKey) bool { return k.ID == "" })
	})
}

// sought waits for the ids, and leaves time to look them up if the time is bounded.
func (x *run) sought(ctx context.Context) ([]string, error) {
	if end, bounded := ctx.Deadline(); bounded {
		var cancel context.CancelFunc
		ctx, cancel = context.WithDeadline(ctx, end.Add(-timeToLookUp))
		defer cancel()
	}
	ids, err := x.options.Sought(ctx, keyType)
	return slices.DeleteFunc(ids, func(id string) bool { return inventory.AccessKeyType(id) != keyType }), err
}

// candidates returns which of some ids are of an account by what they say
// themselves, and which may be. Those that it lists anyway are left out.
func candidates(a *object.Account, ids []string) (own, elsewhere []string) {
	known := map[string]bool{}
	for i := range a.Users {
		for _, k := range a.Users[i].Keys {
			known[k.ID] = true
		}
	}
	open := unnamed(a)
	for _, id := range ids {
		switch of := inventory.AccessKeyAccount(id); {
		case known[id]:
		case of == a.ID:
			own = append(own, id)
		case of == "" && open:
			elsewhere = append(elsewhere, id)
		}
	}
	return own, elsewhere
}

// seekIn looks up in one account. Failed says why there may be more ids than those.
func (x *run) seekIn(ctx context.Context, a *object.Account, ids []string, failed error) {
	own, elsewhere := candidates(a, ids)
	if a.SoughtAll = failed == nil; failed != nil && unnamed(a) {
		a.SoughtProblems = append(a.SoughtProblems, "not all keys that lie about could be looked up: "+plainly(failed))
	}
	if left := len(elsewhere) - maxElsewhere; left > 0 && x.options.Details != DetailsAll {
		elsewhere, a.SoughtAll = elsewhere[:maxElsewhere], false
		a.Notes = append(a.Notes, fmt.Sprintf("%d more keys of before 2019 lie about, whose ids do not tell their account: they were not looked up (details: all does)", left))
	}
	if len(own)+len(elsewhere) == 0 {
		return
	}
	s, err := x.again(ctx, a)
	if err != nil {
		a.SoughtAll = false
		a.SoughtProblems = append(a.SoughtProblems, fmt.Sprintf("%d keys that lie about could not be looked up: %s", len(own)+len(elsewhere), plainly(err)))
		return
	}
	s.lookUp(ctx, own, elsewhere)
}

// again returns a session of an account that was read, now or by an earlier run.
func (x *run) again(ctx context.Context, a *object.Account) (*session, error) {
	x.mu.Lock()
	s := x.sessions[a.ID]
	x.mu.Unlock()
	if s != nil {
		return s, nil
	}
	client, _, err := x.enter(ctx, a.ID)
	if err != nil {
		return nil, err
	}
	return &session{reader: x.Reader, client: client, texts: x.texts, account: a}, nil
}

// A lookup is one key that is asked about, and what AWS said.
type lookup struct {
	id     string
	own    bool // its id says that it is of this account
	asked  bool
	answer lastUse
	err    error
}

// lookUp asks whose keys are, lists the keys of those users, and keeps what became
// of each.
func (s *session) lookUp(ctx context.Context, own, elsewhere []string) {
	list := make([]lookup, 0, len(own)+len(elsewhere))
	for _, id := range own {
		list = append(list, lookup{id: id, own: true})
	}
	for _, id := range elsewhere {
		list = append(list, lookup{id: id})
	}
	s.askWhose(ctx, list)
	s.name(ctx, list)
	s.noteLookups(list)
}

// askWhose asks about each key, until nothing but refusals came for long.
func (s *session) askWhose(ctx context.Context, list []lookup) {
	var mu sync.Mutex
	refused, answered := 0, false
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(min(perItem, s.reader.options.SideBySide))
	for i := range list {
		mu.Lock()
		hopeless := !answered && refused >= maxRefused
		mu.Unlock()
		if hopeless {
			break
		}
		group.Go(func() error {
			l := &list[i]
			l.err = s.ask(ctx, "iam:GetAccessKeyLastUsed", "", wire.Values{"AccessKeyId": l.id}, &l.answer)
			l.asked = true
			mu.Lock()
			defer mu.Unlock()
			if wire.Denied(l.err) {
				refused++
			} else {
				answered = true
			}
			return ctx.Err()
		})
	}
	_ = group.Wait() // the error is that of ctx, which each saw
}

// name lists the keys of the users whose keys were found, each user once.
func (s *session) name(ctx context.Context, list []lookup) {
	users := map[string]*object.User{}
	for i := range s.account.Users {
		users[s.account.Users[i].Name] = &s.account.Users[i]
	}
	listed := map[string]bool{}
	for i := range list {
		l := &list[i]
		u := users[l.answer.UserName]
		if !l.asked || l.err != nil || u == nil {
			continue
		}
		if !listed[u.Name] {
			listed[u.Name] = true
			if err := s.listKeys(ctx, u); err != nil {
				x := listing(s.op("iam:ListAccessKeys"), "", 0, err)
				x.Status, x.Reason = inventory.StatusPartial, "of a user whose key lies about: "+x.Reason
				s.account.Listings = append(s.account.Listings, x)
			}
		}
		at := slices.IndexFunc(u.Keys, func(k object.AccessKey) bool { return k.ID == l.id })
		if at < 0 { // its status is not known then
			u.Keys = append(u.Keys, object.AccessKey{ID: l.id})
			at = len(u.Keys) - 1
		}
		if k := &u.Keys[at]; k.Used == inventory.Unknown {
			l.answer.into(k)
		}
	}
}

// noteLookups keeps what became of each key, and says how that went. That a key is
// not this account's is no loss: it is tried in all if its id does not tell.
func (s *session) noteLookups(list []lookup) {
	a := s.account // nobody else changes it now
	var mute, strange int
	var failed error
	users := map[string]bool{}
	for i := range a.Users {
		users[a.Users[i].Name] = true
	}
	for i := range list {
		l := &list[i]
		gone := l.asked && wire.Missing(l.err)
		switch {
		case l.asked && l.err == nil, gone && l.own:
			a.Sought = append(a.Sought, object.SoughtKey{ID: l.id, User: l.answer.UserName, Listed: users[l.answer.UserName], Gone: gone})
		case gone:
		case l.own || l.asked && !wire.Denied(l.err):
			mute++
			if failed == nil {
				failed = l.err
			}
		default:
			strange++
		}
	}
	slices.SortFunc(a.Sought, func(x, y object.SoughtKey) int { return strings.Compare(x.ID, y.ID) })
	x := object.Listing{Call: "iam:GetAccessKeyLastUsed", Count: len(a.Sought), Status: inventory.StatusComplete}
	if mute > 0 {
		x.Status, x.Reason = verdict(x.Call, len(a.Sought), failed)
		if wire.Denied(failed) && len(a.Sought) > 0 {
			x.Reason = "AWS does not tell: they were deleted, or the permission is missing for them"
		}
		x.Reason = fmt.Sprintf("whose %d keys are that lie about is not known: %s", mute, x.Reason)
		a.SoughtProblems = append(a.SoughtProblems, x.Call+": "+x.Reason)
	}
	if strange > 0 && len(a.Sought) == 0 {
		a.Notes = append(a.Notes, fmt.Sprintf("%d keys of before 2019 lie about, and AWS does not tell whether they are of this account: they are not, or the permission iam:GetAccessKeyLastUsed is missing", strange))
	}
	a.SoughtAll = a.SoughtAll && mute == 0 && (strange == 0 || len(a.Sought) > 0)
	a.Listings = append(a.Listings, x)
}
