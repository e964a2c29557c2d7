package audit

import (
	"bytes"
	"slices"
	"strings"
	"time"
)

const (
	maxName  = 1024 // bytes of a name that is told apart
	maxPath  = 256  // bytes of a path that is kept
	maxShort = 16   // entries of the short lists of a user or binding
	none     = -1   // no permission
)

// state is what the logs read so far add up to. Times are Unix nanoseconds; 0 is
// not seen.
type state struct {
	users       map[string]*user
	bindings    map[string]*binding // by the raw text of the reason
	credentials map[string]*credential
	creations   map[creationKey]creation
	permissions map[permission]int32
	permission  []permission // by number
	hours       map[int64]struct{}
	window      Window
	from, to    int64
	bound       int // credentials that are bound to a pod

	lostUsers, lostBindings, lostCredentials, lostCreations, future int
	trouble                                                         trouble
}

type user struct {
	name                 string
	first, last, allowed int64
	requests, denied     int
	agents               []string
	impersonated         int64
	by                   []string
	used                 permissions
}

type binding struct {
	Binding
	first, last int64
	used        permissions
}

type credential struct {
	Credential
	first, last, issued int64
}

// A permission as a key.
type permission struct{ verb, group, resource, subresource, url string }

// permissions are the numbers of permissions with their last use.
type permissions struct {
	last map[int32]int64
	more bool
}

func (p *permissions) use(number int32, at int64, most int) {
	if number == none {
		return
	}
	last, known := p.last[number]
	switch {
	case known && last >= at:
		return
	case !known && len(p.last) >= most:
		p.more = true
		return
	case p.last == nil:
		p.last = map[int32]int64{}
	}
	p.last[number] = at
}

func newState() state {
	return state{
		users: map[string]*user{}, bindings: map[string]*binding{}, credentials: map[string]*credential{}, creations: map[creationKey]creation{},
		permissions: map[permission]int32{}, hours: map[int64]struct{}{},
	}
}

// event takes one event in.
func (u *Uses) event(e *event) {
	from, to, ok := e.times()
	switch {
	case !ok:
		u.broken()
		return
	case !u.opts.Now.IsZero() && to.After(u.opts.Now.Add(24*time.Hour)):
		u.state.future++
		return
	}
	u.state.seen(from.UnixNano(), to.UnixNano())
	if string(e.stage) == "RequestReceived" {
		return // whoever made it, the event of the answer says so too
	}
	use := use{e: e, from: from.UnixNano(), to: to.UnixNano(), denied: e.denied(), done: string(e.stage) != "ResponseStarted", permission: none}
	if use.done {
		u.state.window.Requests++
		if use.denied {
			u.state.window.Denied++
		}
	}
	if !use.denied {
		use.permission = u.permission(e.permission())
	}
	u.legacyRefused(e)
	if len(e.user) == 0 {
		if use.done {
			u.state.window.Unauthenticated++
		}
		return
	}
	u.identity(use)
	u.binding(use)
	u.credential(use)
	u.issued(use)
	u.creation(use)
}

// A use is an event as it counts.
type use struct {
	e            *event
	from, to     int64
	denied, done bool
	permission   int32
}

// seen widens the window.
func (s *state) seen(from, to int64) {
	if s.from == 0 || from < s.from {
		s.from = from
	}
	s.to = max(s.to, to)
	const hour = int64(time.Hour)
	s.hours[from/hour] = struct{}{}
	if from/hour != to/hour {
		s.hours[to/hour] = struct{}{}
	}
}

// span widens first and last.
func span(first, last *int64, use use) {
	if *first == 0 || use.from < *first {
		*first = use.from
	}
	*last = max(*last, use.to)
}

// identity notes who made the request and as whom.
func (u *Uses) identity(use use) {
	e := use.e
	who := u.user(e.user)
	used := use.permission
	if len(e.impersonated) > 0 {
		as := u.user(e.impersonated)
		if as != nil && !use.denied {
			as.impersonated = max(as.impersonated, use.to)
			addShort(&as.by, unescape(e.user))
			as.used.use(used, use.to, u.opts.MaxPermissions)
		}
		// That it may act as another was allowed, whatever came of the request.
		used = u.permission(impersonation(e))
	}
	if who == nil {
		return
	}
	span(&who.first, &who.last, use)
	addShort(&who.agents, product(unescape(e.agent)))
	if use.done {
		who.requests++
		if use.denied {
			who.denied++
		}
	}
	if !use.denied {
		who.allowed = max(who.allowed, use.to)
	}
	who.used.use(used, use.to, u.opts.MaxPermissions)
}

// user returns the entry of a raw name; nil if there are too many.
func (u *Uses) user(raw []byte) *user {
	name := unescape(raw)
	if found := u.state.users[string(name)]; found != nil {
		return found
	}
	if len(u.state.users) >= u.opts.MaxUsers || len(name) > maxName {
		u.state.lostUsers++
		return nil
	}
	made := &user{name: string(name)}
	u.state.users[made.name] = made
	return made
}

// addShort adds text to a short list unless it is there; true if the list is full.
func addShort(list *[]string, text []byte) (full bool) {
	if len(text) == 0 || len(text) > maxName {
		return false
	}
	if slices.ContainsFunc(*list, func(have string) bool { return have == string(text) }) {
		return false
	}
	if len(*list) >= maxShort {
		return true
	}
	*list = append(*list, string(text))
	return false
}

// A request is what was asked for, as raw texts.
type request struct{ verb, group, resource, subresource, url []byte }

// permission is what the request of an event asked for.
func (e *event) permission() request {
	if len(e.resource) > 0 {
		return request{verb: e.verb, group: e.group, resource: e.resource, subresource: e.subresource}
	}
	path := e.uri
	if at := bytes.IndexByte(path, '?'); at >= 0 {
		path = path[:at]
	}
	return request{verb: e.verb, url: path[:min(len(path), maxPath)]}
}

// impersonation is the permission by which one acts as another. Groups and extras
// that were asked for too are not told.
func impersonation(e *event) request {
	r := request{verb: []byte("impersonate"), resource: []byte("users")}
	if bytes.HasPrefix(e.impersonated, []byte("system:serviceaccount:")) {
		r.resource = []byte("serviceaccounts")
	}
	if len(e.constraint) > 0 {
		r.verb, r.group = e.constraint, []byte("authentication.k8s.io")
	}
	return r
}

// permission returns the number of a permission; none if it says nothing or there
// are too many.
func (u *Uses) permission(r request) int32 {
	if len(r.verb) == 0 || len(r.resource) == 0 && len(r.url) == 0 {
		return none
	}
	s := &u.state
	if n, ok := s.permissions[permission{string(r.verb), string(r.group), string(r.resource), string(r.subresource), string(r.url)}]; ok {
		return n
	}
	if len(s.permission) >= 100*u.opts.MaxPermissions || len(r.verb)+len(r.group)+len(r.resource)+len(r.subresource) > maxName {
		return none
	}
	p := permission{string(r.verb), string(r.group), string(r.resource), string(r.subresource), string(r.url)}
	n := int32(len(s.permission))
	s.permissions[p] = n
	s.permission = append(s.permission, p)
	return n
}

// binding notes by which binding the request was allowed.
func (u *Uses) binding(use use) {
	e := use.e
	if use.denied || len(e.reason) == 0 || len(e.reason) > 4*maxName {
		return
	}
	b := u.state.bindings[string(e.reason)]
	if b == nil {
		parsed, ok := parseReason(string(unescape(e.reason)))
		switch {
		case !ok:
			return // of another authorizer
		case len(u.state.bindings) >= u.opts.MaxBindings:
			u.state.lostBindings++
			return
		}
		b = &binding{Binding: parsed}
		u.state.bindings[string(e.reason)] = b
	}
	span(&b.first, &b.last, use)
	if use.done {
		b.Requests++
		u.state.window.Reasons++
	}
	who := e.user
	if len(e.impersonated) > 0 {
		who = e.impersonated
	}
	b.UsersTruncated = addShort(&b.Users, unescape(who)) || b.UsersTruncated
	b.used.use(use.permission, use.to, u.opts.MaxPermissions)
}

// finish turns numbers into permissions, sorted.
func (s *state) finish(p permissions) []Permission {
	out := make([]Permission, 0, len(p.last))
	for n, at := range p.last {
		k := s.permission[n]
		resource := k.resource
		if k.subresource != "" {
			resource += "/" + k.subresource
		}
		out = append(out, Permission{k.verb, k.group, resource, k.url, instant(at)})
	}
	slices.SortFunc(out, func(a, b Permission) int {
		return strings.Compare(a.Group+"\x00"+a.Resource+"\x00"+a.URL+"\x00"+a.Verb, b.Group+"\x00"+b.Resource+"\x00"+b.URL+"\x00"+b.Verb)
	})
	return out
}

// instant returns a time; zero for 0.
func instant(nanoseconds int64) time.Time {
	if nanoseconds == 0 {
		return time.Time{}
	}
	return time.Unix(0, nanoseconds).UTC()
}
