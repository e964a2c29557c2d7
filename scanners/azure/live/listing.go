package live

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/muster-nhi/muster/internal/cloud"
	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/scanners/azure/live/graph"
	"github.com/muster-nhi/muster/scanners/azure/live/wire"
	"github.com/muster-nhi/muster/scanners/azure/object"
)

// listing makes the note of a call.
func listing(name, where string, count int, err error) object.Listing {
	l := object.Listing{Call: name, Where: where, Count: count}
	err = wire.Plain(name, err)
	l.Status, l.Reason = verdict(name, where, count, err)
	l.Broken = wire.Expired(err)
	l.Again = err != nil && !wire.Stands(err)
	if l.Status == inventory.StatusDenied || l.Status == inventory.StatusSkipped {
		l.Count = 0
	}
	return l
}

// verdict says how much was seen, and if that is not all, why and what to do.
func verdict(name, where string, count int, err error) (inventory.Status, string) {
	if err == nil {
		return inventory.StatusComplete, ""
	}
	status, reason := inventory.StatusPartial, plainly(err)
	switch {
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		reason = "the scan ended before it was read"
	case wire.Refused(err):
		status, reason = inventory.StatusDenied, "there is no token to ask with: "+reason
	case wire.Unlicensed(err):
		status, reason = inventory.StatusSkipped, "the tenant has no licence for it: "+reason
	case wire.Denied(err):
		status, reason = inventory.StatusDenied, denial(name, where, err)
	case wire.Missing(err):
		status, reason = inventory.StatusSkipped, "not to be had here: "+reason
	case errors.Is(err, wire.ErrBudget):
		reason += "; scan again, or narrow the scan (subscriptions)"
	}
	if count > 0 && status != inventory.StatusPartial {
		return inventory.StatusPartial, fmt.Sprintf("only %d were read: %s", count, reason)
	}
	return status, reason
}

// denial says which permission is missing, and what to do.
func denial(name, where string, err error) string {
	kind, _, _ := strings.Cut(name, ":")
	var need []string
	for _, c := range table() {
		if c.name == name {
			need = c.need
		}
	}
	what := strings.Join(need, ", ")
	at := ""
	if where != "" {
		at = " at " + where
	}
	switch {
	case kind == "graph":
		return fmt.Sprintf("the application permission %s of Microsoft Graph is missing, or an administrator has not consented to it (%s)", what, plainly(err))
	case kind == "vault" && wire.Code(err) == "ForbiddenByFirewall":
		return "the network rules of the vault keep this machine out: scan from a network that it lets in"
	case kind == "vault":
		return fmt.Sprintf("the data action %s is missing%s: the role Key Vault Reader has it, an access policy the permission list (%s)", what, at, plainly(err))
	default:
		return fmt.Sprintf("the action %s is missing%s: the role Reader has it (%s)", what, at, plainly(err))
	}
}

// plainly writes an error on one line.
func plainly(err error) string { return strings.Join(strings.Fields(err.Error()), " ") }

// keep changes the tenant, one goroutine at a time.
func (x *run) keep(change func(*object.Tenant)) {
	x.mu.Lock()
	defer x.mu.Unlock()
	change(x.tenant)
}

// note says how a call fared.
func (x *run) note(name string, count int, err error) {
	l := listing(name, "", count, err)
	x.keep(func(t *object.Tenant) { t.Listings = append(t.Listings, l) })
}

// skip says that a call was not made, and why.
func (x *run) skip(name, reason string) {
	x.keep(func(t *object.Tenant) {
		t.Listings = append(t.Listings, object.Listing{Call: name, Status: inventory.StatusSkipped, Reason: reason})
	})
}

// remarkf tells something of the tenant although nothing is missing.
func (x *run) remarkf(format string, args ...any) {
	x.keep(func(t *object.Tenant) { t.Notes = append(t.Notes, fmt.Sprintf(format, args...)) })
}

// pages asks Graph for page after page and notes how that went. Each is called
// while the tenant may be changed. It returns false if not all was read.
func pages[T any](ctx context.Context, x *run, name, path string, header map[string]string, each func(*object.Tenant, []T)) bool {
	x.options.Asked(name)
	list := func(path string) (int, error) {
		return graph.Pages(ctx, x.graph, path, header, func(items []T) {
			x.keep(func(t *object.Tenant) { each(t, items) })
		})
	}
	count, err := list(path)
	if count == 0 && wire.Bad(err) && strings.Contains(path, top) { // not every service behind Graph knows it
		count, err = list(strings.NewReplacer("?"+top+"&", "?", "&"+top, "", "?"+top, "").Replace(path))
	}
	x.note(name, count, err)
	return err == nil
}

// one asks Graph for an answer without pages and notes how that went.
func one[T any](ctx context.Context, x *run, name, path string, each func(*object.Tenant, *T)) bool {
	x.options.Asked(name)
	out := new(T)
	err := x.graph.Get(ctx, path, nil, out)
	count := 0
	if err == nil {
		count = 1
		x.keep(func(t *object.Tenant) { each(t, out) })
	}
	x.note(name, count, err)
	return err == nil
}

// each asks Graph about single objects in batches, follows each answer to its last
// page and notes how that went: one listing for the whole. What is not there any
// more is no error. Done is called while the tenant may be changed, for each object
// whose answer is whole.
func each[T any](ctx context.Context, x *run, name string, items []graph.Item, done func(i int, t *object.Tenant, found []T)) {
	if len(items) == 0 {
		return
	}
	x.options.Asked(name)
	good, bad := 0, 0
	var first error
	err := x.graph.Batch(ctx, items, func(i int, a graph.Answer) {
		var found []T
		err := graph.Items(ctx, x.graph, a, items[i].Header, func(some []T) { found = append(found, some...) })
		switch {
		case err == nil:
			good++
			x.keep(func(t *object.Tenant) { done(i, t, found) })
		case wire.Missing(err):
			good++
		default:
			bad++
			first = cloud.Telling(first, err, wire.Stands)
		}
	})
	if err == nil && bad > 0 {
		err = first
		if good > 0 {
			err = fmt.Errorf("%d of %d could not be read: %w", bad, len(items), first)
		}
	}
	x.note(name, good, err)
}
