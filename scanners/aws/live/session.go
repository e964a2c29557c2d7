package live

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/muster-nhi/muster/internal/cloud"
	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/scanners/aws/live/wire"
	"github.com/muster-nhi/muster/scanners/aws/object"
)

// A session reads one account.
type session struct {
	reader  *Reader
	client  *wire.Client
	texts   *documents
	central bool          // this account may read Identity Center for the organisation
	managed inventory.Tri // the organisation manages its root user

	mu      sync.Mutex
	account *object.Account
}

// keep changes the account, one goroutine at a time.
func (s *session) keep(change func(*object.Account)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change(s.account)
}

// op returns a call of the table. A name that is not in it is a mistake that every
// test of the listing shows.
func (s *session) op(action string) wire.Operation { return s.reader.calls[action] }

// ask asks once.
func (s *session) ask(ctx context.Context, action, region string, in wire.Values, out any) error {
	return s.client.Ask(ctx, s.op(action), region, in, out)
}

// note says how a call fared.
func (s *session) note(action, region string, count int, err error) {
	s.keep(func(a *object.Account) { a.Listings = append(a.Listings, listing(s.op(action), region, count, err)) })
}

// list asks for page after page and notes how that went. It returns false if
// nothing more of it can be relied on.
func list[T any, P wire.Paged[T]](ctx context.Context, s *session, action, region string, in wire.Values, each func(*T) int) bool {
	count, err := wire.Pages[T, P](ctx, s.client, s.op(action), region, in, each)
	s.note(action, region, count, err)
	return err == nil
}

// one asks for an answer without pages and notes how that went. Count says how many
// items the answer has.
func one[T any](ctx context.Context, s *session, action, region string, in wire.Values, count func(*T) int) {
	out := new(T)
	err := s.ask(ctx, action, region, in, out)
	n := 0
	if err == nil {
		n = count(out)
	}
	s.note(action, region, n, err)
}

// maxDenials is how many items in a row may be denied before the rest is not asked
// for: then the permission is missing, and not one key's policy in the way.
const maxDenials = 3

// details asks about each of some items and notes how that went: one listing for
// the whole. What is not there, is no error. Each is called from several goroutines,
// each time for another item.
func details[T any](ctx context.Context, s *session, action, region string, items []T, each func(context.Context, *T) error) {
	if len(items) == 0 {
		return
	}
	if why := s.reader.leaves(len(items), action); why != "" && s.reader.optional[action] {
		s.keep(func(a *object.Account) {
			a.Listings = append(a.Listings, object.Listing{Call: permission(s.op(action)), Region: region, Status: inventory.StatusSkipped, Reason: why})
		})
		return
	}
	run := &progress{}
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(min(perItem, s.reader.options.SideBySide))
	for i := range items {
		if run.hopeless() {
			break
		}
		group.Go(func() error {
			if run.hopeless() {
				return nil
			}
			run.did(each(ctx, &items[i]))
			return ctx.Err()
		})
	}
	_ = group.Wait() // the error is that of ctx, which each saw
	count, err := run.sum(len(items))
	s.note(action, region, count, err)
}

// perItem is how many items of one kind are asked about side by side.
const perItem = 4

// leaves returns why so many items are not asked about; empty if they are.
func (r *Reader) leaves(n int, action string) string {
	switch {
	case r.options.Details == DetailsNone:
		return "left out by choice (details: none)"
	case r.options.Details == DetailsAuto && n > MaxDetails:
		return fmt.Sprintf("left out because it takes a request for each of %d: details: all asks (%s)", n, action)
	default:
		return ""
	}
}

// A progress counts how the items of a listing fared.
type progress struct {
	mu     sync.Mutex
	good   int
	bad    int
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
	p.bad++
	p.first = cloud.Telling(p.first, err, wire.Stands)
	if wire.Denied(err) || wire.Absent(err) || wire.Over(err) {
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

// listing makes the note of a call.
func listing(op wire.Operation, region string, count int, err error) object.Listing {
	l := object.Listing{Call: permission(op), Region: region, Count: count}
	l.Status, l.Reason = verdict(l.Call, count, err)
	l.Broken = broken(region, err)
	l.Again = l.Broken || err != nil && !wire.Stands(err)
	if l.Status == inventory.StatusDenied || l.Status == inventory.StatusSkipped {
		l.Count = 0
	}
	return l
}

// broken reports whether a listing was broken off by what has nothing to do with it:
// credentials that ran out or were taken away.
func broken(region string, err error) bool {
	return wire.Expired(err) || errors.Is(err, wire.ErrCredentials) || region == "" && wire.Unknown(err) // in a region it may be off
}

// verdict says how much was seen, and if that is not all, why and what to do.
func verdict(action string, count int, err error) (inventory.Status, string) {
	if err == nil {
		return inventory.StatusComplete, ""
	}
	status, reason := inventory.StatusPartial, err.Error()
	switch {
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		reason = "the scan ended before it was read"
	case errors.Is(err, wire.ErrSpent):
		reason = "not read, as the quota of the API is spent (throttled): scan again later, or narrow the scan (regions) (" + plainly(err) + ")"
	case errors.Is(err, wire.ErrCredentials):
		reason = "there were no credentials to ask with: " + plainly(err)
	case wire.Denied(err):
		status, reason = inventory.StatusDenied, denial(action, err)
	case wire.Code(err) == "AWSOrganizationsNotInUseException":
		status, reason = inventory.StatusSkipped, "the account is of no organisation"
	case wire.Absent(err):
		status, reason = inventory.StatusSkipped, "not to be had here: "+plainly(err)
	case wire.Expired(err):
		reason = "the credentials expired and there were no new ones: " + plainly(err)
	case wire.Unknown(err):
		status, reason = inventory.StatusDenied, "AWS does not take the credentials here: "+plainly(err)+" (a region may be off, or the key deleted)"
	case errors.Is(err, wire.ErrBudget):
		reason = plainly(err) + "; scan again, or narrow the scan (regions)"
	}
	if count > 0 && status != inventory.StatusPartial {
		return inventory.StatusPartial, fmt.Sprintf("only %d were read: %s", count, reason)
	}
	return status, reason
}

// denial says which permission is missing, and what took it away if AWS says so.
func denial(action string, err error) string {
	reason := "the permission " + action + " is missing"
	if e, ok := errors.AsType[*wire.Error](err); ok {
		for _, what := range []string{
			"service control policy", "resource control policy", "permissions boundary", "session policy",
			"VPC endpoint policy", "resource-based policy",
		} {
			if strings.Contains(e.Message, what) {
				return reason + ": a " + what + " is in the way"
			}
		}
		if strings.Contains(e.Message, "explicit deny") {
			return reason + ": it is denied explicitly"
		}
	}
	return reason
}

// plainly writes an error on one line.
func plainly(err error) string { return strings.Join(strings.Fields(err.Error()), " ") }
