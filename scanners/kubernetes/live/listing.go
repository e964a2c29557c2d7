package live

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"

	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/scanners/kubernetes/object"
)

// A resource is one kind of object that can be listed.
type resource struct {
	group, version, plural string
	namespaced             bool
}

// path returns where the objects of a namespace are listed; all of them if it is
// empty.
func (s resource) path(namespace string) string {
	root := "/apis/" + s.group + "/" + s.version
	if s.group == "" {
		root = "/api/" + s.version
	}
	if namespace != "" {
		root += "/namespaces/" + namespace
	}
	return root + "/" + s.plural
}

// name is how kubectl writes it.
func (s resource) name() string {
	if s.group == "" {
		return s.plural
	}
	return s.plural + "." + s.group
}

// A query is one list: its resource, form and selection.
type query struct {
	resource
	namespace string
	selector  string // of fields
	accept    string
	form      string // media type of the answer
	limit     int    // of a page; 0 is all at once
	each      func([]byte) error
	read      []name        // the objects that were read
	names     map[name]bool // in place of it, once a part of the list may come again; nil before
}

// A name is that of one object in a list.
type name struct{ namespace, object string }

// maxGone is how often one list may lose its token. Each time it gets on by at
// least a page.
const maxGone = 50

// maxCut is how often a page that was cut is asked for again before the list is
// given up.
const maxCut = 3

// begin starts a Listing.
func (r *run) begin(s resource, namespace string) *object.Listing {
	return &object.Listing{Group: s.group, Resource: s.plural, Namespace: namespace, Status: inventory.StatusComplete, StartedAt: r.options.Now().UTC()}
}

// end closes a Listing. Err is why not all was read; nil if all was.
func (r *run) end(l *object.Listing, err error) {
	l.FinishedAt = r.options.Now().UTC()
	if err != nil {
		r.blame(l, err)
	}
	r.cluster.Listings = append(r.cluster.Listings, *l)
}

// blame says in a Listing what was not read and why.
func (r *run) blame(l *object.Listing, err error) {
	name := resource{group: l.Group, plural: l.Resource}.name()
	var status *statusError
	l.Status = inventory.StatusPartial
	switch {
	case l.Count > 0:
	case errors.As(err, &status) && (status.code == http.StatusForbidden || status.code == http.StatusUnauthorized):
		l.Status = inventory.StatusDenied
	case errors.As(err, &status) && status.code == http.StatusNotFound:
		l.Status, l.Reason = inventory.StatusSkipped, "list "+name+": the server does not have this resource (404)"
		return
	}
	l.Reason = fmt.Sprintf("list %s%s: %s", name, inNamespace(l.Namespace), reason(err))
	if l.Count > 0 {
		l.Reason += fmt.Sprintf("; %d were read before", l.Count)
	}
}

// list reads a list to its end. What was read when it fails stays read. A list
// whose continue token has expired (410) is begun again once; the next time it
// goes on with the token of the refusal, from where it was but at a later state.
// Objects that were read before are passed over by name.
func (r *run) list(ctx context.Context, l *object.Listing, q *query) error {
	token, gone, cut := "", 0, 0
	first := true
	for {
		p, err := r.page(ctx, l, q, token)
		var status *statusError
		switch {
		case err == nil && p.next == "":
			return nil // that all are here is no second count
		case err == nil && p.next == token:
			return fmt.Errorf("%w: it gives the same page again", errForm)
		case err == nil:
			r.control(l, q, p, first)
			token, cut, first = p.next, 0, false
			q.again()
		case ctx.Err() != nil:
			return ctx.Err()
		case errors.As(err, &status) && status.code == http.StatusGone && token != "" && gone < maxGone:
			q.again()
			if gone++; gone == 1 {
				token = ""
			} else if token = status.resume; token == "" {
				return err
			}
			l.Notes = append(l.Notes, "the list changed for so long that the server forgot its state (410): it was begun again, and may mix two states")
		case (errors.Is(err, errCut) || status == nil && lostConnection(err)) && cut < maxCut:
			q.again()
			cut++
			r.lost = r.options.Now()
		default:
			return err
		}
	}
}

// page reads one page.
func (r *run) page(ctx context.Context, l *object.Listing, q *query, token string) (page, error) {
	limit := ""
	if q.limit > 0 {
		limit = strconv.Itoa(q.limit)
	}
	l.Requests++
	res, err := r.send(ctx, q.path(q.namespace), values("fieldSelector", q.selector, "limit", limit, "continue", token), q.accept)
	if err != nil {
		return page{}, err
	}
	defer res.Body.Close() //nolint:errcheck // it was read
	return readPage(res, q.form, func(item []byte) error { return q.each(item) })
}

// control notes how many objects there are by the server's own count.
func (r *run) control(l *object.Listing, q *query, p page, first bool) {
	if !first || l.ControlTotal != nil || q.limit == 0 || q.selector != "" || p.remaining == nil {
		return
	}
	total := p.items + int(*p.remaining)
	l.ControlTotal, l.ControlSource = &total, "remainingItemCount of the first page"
}

// size chooses how much to ask for at once. Where the choice is the reader's, it
// asks for one object first: the server then says how many come after it.
func (r *run) size(ctx context.Context, l *object.Listing, s resource, namespace string) int {
	if r.options.PageSize > 0 {
		return r.options.PageSize
	}
	if namespace != "" {
		return LargePage
	}
	q := &query{resource: s, accept: typeProtobuf + asMetadata, form: typeProtobuf, limit: 1, each: func([]byte) error { return nil }}
	p, err := r.page(ctx, l, q, "")
	if err != nil || p.next != "" && p.remaining == nil {
		return LargePage
	}
	total := p.items
	if p.remaining != nil {
		total += int(*p.remaining)
	}
	l.ControlTotal, l.ControlSource = &total, "remainingItemCount of a list of one"
	if total > MaxWhole {
		return LargePage
	}
	return 0
}

// expect makes room for the objects of a resource, as many as the server says
// there are and no more than come at once, and returns how many those are. For
// pods there is none: most belong to what has made them.
func (r *run) expect(plural string, total *int) int {
	if total == nil {
		return 0
	}
	n, c := min(max(*total, 0), MaxWhole), r.cluster
	switch plural {
	case "serviceaccounts":
		c.ServiceAccounts = slices.Grow(c.ServiceAccounts, n)
	case "roles", "clusterroles":
		c.Roles = slices.Grow(c.Roles, n)
	case "rolebindings", "clusterrolebindings":
		c.Bindings = slices.Grow(c.Bindings, n)
	case "secrets":
		c.Secrets = slices.Grow(c.Secrets, n)
	}
	return n
}

// once notes an object and reports whether it has not been read before. A list
// that goes through from one end to the other has none twice, and is not searched.
func (q *query) once(namespace, object string) bool {
	key := name{namespace, object}
	switch {
	case q.names == nil:
		q.read = append(q.read, key)
		return true
	case q.names[key]:
		return false
	}
	q.names[key] = true
	return true
}

// again prepares for objects that were read before.
func (q *query) again() {
	if q.names != nil {
		return
	}
	q.names = make(map[name]bool, 2*len(q.read))
	for _, key := range q.read {
		q.names[key] = true
	}
	q.read = nil
}
