package live

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/muster-nhi/muster/internal/cloud"
	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/scanners/gcp/convert"
	"github.com/muster-nhi/muster/scanners/gcp/live/wire"
	"github.com/muster-nhi/muster/scanners/gcp/object"
)

// A site is a project that is read.
type site struct {
	run *run
	p   *object.Project

	mu sync.Mutex
	// told are the calls that Asset Inventory has answered already, by their name in
	// listings.
	told map[string]bool

	loose     []ownKey
	custom    []object.Role
	own       []object.Policy
	deny      []object.DenyPolicy
	used      []convert.Insight
	versions  map[string][]object.SecretVersion // by the name of the secret
	providers map[string][]object.Provider      // by the name of the pool
	birth     map[string]time.Time              // by e-mail address or unique id
}

// keep changes the project, one goroutine at a time.
func (s *site) keep(change func(*object.Project)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change(s.p)
}

// note adds a listing to the project.
func (s *site) note(l object.Listing) {
	s.keep(func(p *object.Project) { p.Listings = append(p.Listings, l) })
}

// above notes how a call for an organisation or folder fared.
func (x *run) above(l object.Listing) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.estate.Listings = append(x.estate.Listings, l)
}

// remark tells something of the whole run.
func (x *run) remarkf(format string, args ...any) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.estate.Notes = append(x.estate.Notes, fmt.Sprintf(format, args...))
}

// op returns a call of the table. A name that is not in it is a mistake that every
// test of the listing shows.
func (r *Reader) op(id string) wire.Operation { return r.calls[id].op }

// name is how listings call a method: by its permission, without the host that
// those of federation have in front, or by the method where it takes none.
func (r *Reader) name(id string) string {
	c := r.calls[id]
	if c.permission == "" {
		return id
	}
	return short(c.permission)
}

func short(permission string) string {
	return strings.ReplaceAll(permission, "iam.googleapis.com/", "iam.")
}

// list asks for page after page.
func (x *run) list(ctx context.Context, id string, in wire.Values, each func(json.RawMessage) error) (int, error) {
	return x.client.Pages(ctx, x.op(id), in, each)
}

// ask asks once.
func (x *run) ask(ctx context.Context, id string, in wire.Values) (json.RawMessage, error) {
	var out json.RawMessage
	err := x.client.Ask(ctx, x.op(id), in, &out)
	return out, err
}

// list asks for all of something in a project and notes how that went, unless Asset
// Inventory told it. It returns false if nothing more of it can be relied on.
func (s *site) list(ctx context.Context, id string, in wire.Values, each func(json.RawMessage) error) bool {
	call := s.run.name(id)
	if s.told[call] {
		return true
	}
	if l, off := s.without(id); off {
		l.Call = call
		s.note(l)
		return false
	}
	count, err := s.run.list(ctx, id, in, each)
	s.note(s.listing(call, count, err))
	return err == nil
}

// without tells whether the API of a method is known not to be enabled in a project.
func (s *site) without(id string) (object.Listing, bool) {
	api := s.run.calls[id].api
	if api == "" || !s.p.ServicesKnown || enabled(s.p.Services, api) {
		return object.Listing{}, false
	}
	return object.Listing{Status: inventory.StatusComplete, Off: true, Reason: "the API " + api + " is not enabled"}, true
}

// enabled reports whether a project has an API. Cloud Storage has three names.
func enabled(services []string, api string) bool {
	return slices.ContainsFunc(services, func(name string) bool {
		return name == api || api == "storage.googleapis.com" && strings.HasPrefix(name, "storage-")
	})
}

// listing makes the note of a call for the project.
func (s *site) listing(call string, count int, err error) object.Listing {
	return verdict(call, "", "projects/"+s.p.ID, s.p.Number, count, err)
}

// listing makes the note of a call for an organisation or folder.
func (x *run) listing(call, where string, count int, err error) object.Listing {
	return verdict(call, where, where, "", count, err)
}

// verdict says how much was seen, and if that is not all, why and what to do.
func verdict(call, where, place, number string, count int, err error) object.Listing {
	l := object.Listing{Call: call, Where: where, Count: count, Status: inventory.StatusComplete}
	if err == nil {
		return l
	}
	l.Status, l.Reason = inventory.StatusPartial, plainly(err)
	l.Broken, l.Again = wire.Unknown(err), !wire.Stands(err)
	switch {
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		l.Reason = "the scan ended before it was read"
	case errors.Is(err, wire.ErrSpent):
		l.Reason = "the quota of the API is spent, of a minute or of a day: scan again later, or have it raised (" + plainly(err) + ")"
	case wire.Disabled(err):
		return disabled(l, err, place, number)
	case wire.Perimeter(err):
		l.Status, l.Reason = inventory.StatusDenied, "a perimeter of VPC Service Controls is in the way: let who scans through (an access level or an ingress rule)"
	case wire.Denied(err):
		l.Status, l.Reason = inventory.StatusDenied, "the permission "+lacking(call, err)+" is missing"+on(" on ", place)
	case wire.Missing(err):
		l.Status, l.Reason = inventory.StatusDenied, cmp.Or(place, "what was asked for")+" does not exist or may not be seen: "+plainly(err)
	case wire.Unknown(err):
		l.Status, l.Reason = inventory.StatusDenied, "Google does not take the credentials: "+plainly(err)
	}
	if l.Status != inventory.StatusPartial && count > 0 {
		l.Status, l.Reason = inventory.StatusPartial, fmt.Sprintf("only %d were read: %s", count, l.Reason)
	}
	return l
}

// lacking names the permission of the method that was denied: a listing can take
// more methods than the one that it is called by.
func lacking(call string, err error) string {
	e, ok := errors.AsType[*wire.Error](err)
	for _, c := range table() {
		if !ok || c.op.ID != e.Operation || c.permission == "" {
			continue
		}
		if !slices.ContainsFunc(append([]string{c.permission}, c.also...), func(name string) bool { return short(name) == call }) {
			return short(c.permission)
		}
	}
	return call
}

// disabled says that an API is not enabled: in the place that is read there is
// nothing of it then; in the project whose quota requests count against it has to be
// enabled to ask at all.
func disabled(l object.Listing, err error, place, number string) object.Listing {
	service, consumer := wire.Off(err)
	here := place == consumer || number != "" && consumer == "projects/"+number
	switch {
	case here && l.Count == 0:
		l.Status, l.Off, l.Reason = inventory.StatusComplete, true, "the API "+service+" is not enabled"
	case service == "":
		l.Status, l.Reason = inventory.StatusDenied, "an API is not enabled that is needed to ask: "+plainly(err)
	default:
		l.Status = inventory.StatusDenied
		l.Reason = fmt.Sprintf("the API %s is not enabled in %s, which requests count against: enable it there, or name another project (quota_project)", service, consumer)
	}
	return l
}

// plainly writes an error on one line.
func plainly(err error) string { return strings.Join(strings.Fields(err.Error()), " ") }

// maxDenials is how many items in a row may be denied before the rest is not asked
// for: then the permission is missing, and not one item's policy in the way.
const maxDenials = 3

// perItem is how many items of one kind are asked about side by side.
const perItem = 4

// details asks about each of some items of a project and notes how that went: one
// listing for the whole. Each is called from several goroutines, each time for
// another item. What is not there any more is no error.
func details[T any](ctx context.Context, s *site, id string, always bool, items []T, each func(context.Context, *T) error) {
	call := s.run.name(id)
	if len(items) == 0 || s.told[call] {
		return
	}
	if why := s.run.leaves(len(items), always); why != "" {
		s.note(object.Listing{Call: call, Status: inventory.StatusSkipped, Reason: why})
		return
	}
	run := &progress{}
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(perItem)
	for i := range items {
		if run.hopeless() {
			break
		}
		group.Go(func() error {
			if !run.hopeless() {
				run.did(each(ctx, &items[i]))
			}
			return ctx.Err()
		})
	}
	_ = group.Wait() // the error is that of ctx, which each saw
	count, err := run.sum(len(items))
	s.note(s.listing(call, count, err))
}

// leaves returns why so many items are not asked about; empty if they are.
func (r *Reader) leaves(n int, always bool) string {
	switch {
	case r.options.Details == DetailsNone:
		return "left out by choice (details: none)"
	case r.options.Details == DetailsAuto && n > MaxDetails && !always:
		return fmt.Sprintf("left out because it takes a request for each of %d: details: all asks; to search Asset Inventory instead, the permission cloudasset.assets.searchAllIamPolicies is needed", n)
	default:
		return ""
	}
}

// A progress counts how the items of a listing fared.
type progress struct {
	mu     sync.Mutex
	good   int
	inARow int
	first  error // one that need not stand, if there is one
}

func (p *progress) did(err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if err == nil || wire.Missing(err) {
		p.good++
		p.inARow = 0
		return
	}
	p.first = cloud.Telling(p.first, err, wire.Stands)
	if wire.Denied(err) || wire.Disabled(err) || wire.Unknown(err) {
		p.inARow++
	} else {
		p.inARow = 0
	}
}

func (p *progress) hopeless() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.inARow >= maxDenials
}

// sum returns how many were read and, if that is not all, why.
func (p *progress) sum(all int) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case p.first == nil && p.good == all:
		return p.good, nil
	case p.first == nil:
		return p.good, context.Canceled
	case p.good == 0:
		return 0, p.first
	default:
		return p.good, fmt.Errorf("%d of %d could not be read: %w", all-p.good, all, p.first)
	}
}
