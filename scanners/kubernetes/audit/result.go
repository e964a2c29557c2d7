package audit

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"time"
)

// Users returns who made requests or was impersonated, by name.
func (u *Uses) Users() []User {
	out := make([]User, 0, len(u.state.users))
	for _, x := range u.state.users {
		user := User{
			Name: x.name, First: instant(x.first), Last: instant(x.last), LastAllowed: instant(x.allowed),
			Requests: x.requests, Denied: x.denied, ImpersonatedAt: instant(x.impersonated),
			ImpersonatedBy: slices.Sorted(slices.Values(x.by)),
			Permissions:    u.state.finish(x.used), Truncated: x.used.more,
		}
		for _, agent := range slices.Sorted(slices.Values(x.agents)) {
			if class := classOf(agent); !slices.Contains(user.Classes, class) {
				user.Classes = append(user.Classes, class)
			}
			user.Agents = append(user.Agents, printable([]byte(agent)))
		}
		slices.Sort(user.Classes)
		out = append(out, user)
	}
	slices.SortFunc(out, func(a, b User) int { return cmp.Compare(a.Name, b.Name) })
	return out
}

// Credentials returns the credentials that were used, issued or refused as
// invalid, by kind, namespace, Secret and id.
func (u *Uses) Credentials() []Credential {
	out := make([]Credential, 0, len(u.state.credentials))
	for _, c := range u.state.credentials {
		c.First, c.Last, c.IssuedAt = instant(c.first), instant(c.last), instant(c.issued)
		out = append(out, c.Credential)
	}
	slices.SortFunc(out, func(a, b Credential) int {
		return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Namespace, b.Namespace), cmp.Compare(a.Secret, b.Secret), cmp.Compare(a.ID, b.ID))
	})
	return out
}

// Bindings returns the bindings that allowed requests, one for each subject of a
// binding, by kind, namespace, name and subject.
func (u *Uses) Bindings() []Binding {
	out := make([]Binding, 0, len(u.state.bindings))
	for _, b := range u.state.bindings {
		x := b.Binding
		x.First, x.Last = instant(b.first), instant(b.last)
		x.Users = slices.Sorted(slices.Values(b.Users))
		x.Permissions, x.Truncated = u.state.finish(b.used), b.used.more
		out = append(out, x)
	}
	slices.SortFunc(out, func(a, b Binding) int {
		return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Namespace, b.Namespace), cmp.Compare(a.Name, b.Name),
			cmp.Compare(a.RoleKind, b.RoleKind), cmp.Compare(a.RoleName, b.RoleName), cmp.Compare(a.Subject.Kind, b.Subject.Kind),
			cmp.Compare(a.Subject.Namespace, b.Subject.Namespace), cmp.Compare(a.Subject.Name, b.Subject.Name))
	})
	return out
}

// Window returns what the logs cover.
func (u *Uses) Window() Window {
	w := u.state.window
	w.From, w.To = instant(u.state.from), instant(u.state.to)
	const hour = int64(time.Hour)
	hours := slices.Sorted(maps.Keys(u.state.hours))
	for i := 1; i < len(hours); i++ {
		if hours[i]-hours[i-1] > 2 {
			w.Gaps = append(w.Gaps, Span{instant((hours[i-1] + 1) * hour), instant(hours[i] * hour)})
		}
	}
	return w
}

// A trouble collects problems: what goes wrong once in a log goes wrong often, so
// the first place and the number are kept.
type trouble struct {
	problems []Problem // final ones
	name     string    // of the log that is being read
	line     int       // where in it; 0 if lines mean nothing
	brokenAt int       // first broken event of this log
	broken   int       // in this log
	long     int
	longAt   int
}

// broken counts an event that could not be read.
func (u *Uses) broken() {
	t := &u.state.trouble
	t.broken++
	u.state.window.Broken++
	if t.broken == 1 {
		t.brokenAt = t.line
	}
}

// long counts an event that is too long.
func (u *Uses) long() {
	t := &u.state.trouble
	t.long++
	u.state.window.Broken++
	if t.long == 1 {
		t.longAt = t.line
	}
}

// begin starts the account of another log, and end closes it.
func (t *trouble) begin(name string) {
	t.name, t.line, t.brokenAt, t.broken, t.long, t.longAt = name, 0, 0, 0, 0, 0
}

func (t *trouble) end(limit int) {
	if t.broken > 0 {
		t.add(t.brokenAt, fmt.Sprintf("%d events are no valid JSON or have no time; the others were read", t.broken))
	}
	if t.long > 0 {
		t.add(t.longAt, fmt.Sprintf("%d events are longer than %d bytes and were passed over", t.long, limit))
	}
}

func (t *trouble) add(line int, message string) {
	t.problems = append(t.problems, Problem{t.name, line, message})
}

// Problems returns what could not be read or kept, in the order of the logs. An
// empty list does not say that the log is complete.
func (u *Uses) Problems() []Problem {
	out := slices.Clone(u.state.trouble.problems)
	add := func(n int, format string, args ...any) {
		if n > 0 {
			out = append(out, Problem{u.opts.Name, 0, fmt.Sprintf(format, append([]any{n}, args...)...)})
		}
	}
	add(u.state.lostUsers, "%d requests are of identities beyond the first %d: their use is unknown", u.opts.MaxUsers)
	add(u.state.lostBindings, "%d requests were allowed by bindings beyond the first %d: their use is unknown", u.opts.MaxBindings)
	add(u.state.lostCredentials, "%d requests were made with credentials beyond the first %d (half of them for pods): their use is unknown", u.opts.MaxCredentials)
	add(u.state.future, "%d events say to be of a later day than today and were passed over")
	w := u.state.window
	if allowed := w.Requests - w.Denied; allowed > 0 && w.Reasons == 0 {
		out = append(out, Problem{u.opts.Name, 0, "no event names the binding that allowed it (annotation authorization.k8s.io/reason): the use of bindings is unknown"})
	}
	if len(u.state.hours) == 0 {
		out = append(out, Problem{u.opts.Name, 0, "holds no audit event: expected audit.k8s.io events as lines of JSON, an EventList, or an export of CloudWatch Logs, Cloud Logging or AKS diagnostics"})
	}
	return out
}
