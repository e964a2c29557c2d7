package kubernetes

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/muster-nhi/muster/internal/cloud"
	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/scanners/kubernetes/audit"
)

// maxIssued bounds the credentials that stand in an audit log and nowhere else:
// the tokens that are told one by one, and those that are told together.
const maxIssued = 2000

// lasting is the time after which a token that is still used is told by itself.
// Programs that ask for tokens ask again within hours; one that is used for longer
// than a day is kept somewhere, as a static credential is.
const lasting = 24 * time.Hour

// controllerManager asks for a token each hour for each of its controllers.
const controllerManager = "system:kube-controller-manager"

// A requested is the tokens of one account that one user asked for, through
// TokenRequest and not for a pod: a token of a pod has its name in every request.
// They leave no object, and only the log knows of them.
type requested struct {
	user, by     string // by is empty for tokens that were issued before the log begins
	tokens       int
	made, remade time.Time     // when the first and the last were issued
	used         time.Time     // when any of them was used last
	latest       string        // JTI of the one that was issued last or, if that is unknown, used last
	latestAt     time.Time     // when that was
	alone        bool          // it is one that was in use for long
	seen         time.Duration // for one that is alone: from its issue or first use to its last
}

// tokens emits what the log says of requested tokens: each that was in use for more
// than a day, and together those of one account that one user asked for.
func (a *auditor) tokens(list []audit.Credential) {
	together := map[[2]string]*requested{}
	var out []*requested
	for i := range list {
		c := &list[i]
		user := cmp.Or(c.IssuedFor, c.User)
		if !a.requested(c, user) {
			continue
		}
		if c.Last.Sub(seenFrom(c)) > lasting {
			r := &requested{user: user, by: c.IssuedBy, alone: true, seen: c.Last.Sub(seenFrom(c))}
			r.add(c)
			out = append(out, r)
			continue
		}
		r := together[[2]string{user, c.IssuedBy}]
		if r == nil {
			r = &requested{user: user, by: c.IssuedBy}
			together[[2]string{user, c.IssuedBy}] = r
			out = append(out, r)
		}
		r.add(c)
	}
	slices.SortFunc(out, func(x, y *requested) int {
		return cmp.Or(compareBool(y.alone, x.alone), y.latestAt.Compare(x.latestAt), cmp.Compare(x.user, y.user), cmp.Compare(x.by, y.by), cmp.Compare(x.latest, y.latest))
	})
	if len(out) > maxIssued {
		a.m.lose(inventory.KindCredential, fmt.Sprintf("of %d tokens and groups of tokens that were issued upon request %d are told: those in use for long, then the last ones", len(out), maxIssued))
		out = out[:maxIssued]
	}
	for _, r := range out {
		a.putRequested(r)
	}
}

func compareBool(x, y bool) int {
	switch {
	case x == y:
		return 0
	case y:
		return -1
	}
	return 1
}

// seenFrom returns when a token was issued or, if that was before the log, first
// used in it.
func seenFrom(c *audit.Credential) time.Time {
	if c.IssuedAt.IsZero() {
		return c.First
	}
	return c.IssuedAt
}

// requested reports whether a token is one that somebody asked for: none of a pod
// and none of a control plane's own controllers, unless it is used for too long for
// theirs.
func (a *auditor) requested(c *audit.Credential, user string) bool {
	if c.Kind != audit.Token || c.ID == "" || c.Pod != "" || strings.HasPrefix(c.IssuedBy, "system:node:") {
		return false
	}
	k, ok := accountOfUser(user)
	if !ok {
		return false // of an identity provider
	}
	own := c.IssuedBy == controllerManager
	if x := a.m.accounts[k]; x != nil && x.made != "" && c.IssuedBy == "" {
		own = true
	}
	return !own || c.Last.Sub(seenFrom(c)) > lasting
}

func (r *requested) add(c *audit.Credential) {
	r.tokens++
	at, last := inventory.Time(c.IssuedAt), inventory.Time(c.Last)
	if !at.IsZero() && (r.made.IsZero() || at.Before(r.made)) {
		r.made = at
	}
	if at.After(r.remade) {
		r.remade = at
	}
	if last.After(r.used) {
		r.used = last
	}
	if at.IsZero() {
		at = last
	}
	if r.latest == "" || at.After(r.latestAt) || at.Equal(r.latestAt) && c.ID > r.latest {
		r.latest, r.latestAt = c.ID, at
	}
}

// putRequested emits the tokens as one credential. The id of one that lasts is its
// own; the others keep theirs as they are renewed.
func (a *auditor) putRequested(r *requested) {
	m := a.m
	k, _ := accountOfUser(r.user)
	attr := cloud.Attributes(make(map[string]string, 8))
	attr["requested"], attr["tokens"] = "true", strconv.Itoa(r.tokens)
	attr.Set("requestor", r.by)
	attr.Set("namespace", k.namespace)
	x := &inventory.Credential{
		ID:   m.prefix + "tokens/" + part(k.namespace) + "/" + part(k.name) + "/" + part(r.by),
		Type: "kubernetes.token", Scope: m.scope, Name: "tokens requested for " + inventory.Clip(r.user, maxText),
		Store: "not stored", CreatedAt: r.made, Attributes: attr,
	}
	switch {
	case r.alone:
		x.ID, x.Name = m.prefix+"tokens/"+tail(r.latest), "token for "+inventory.Clip(r.user, maxText)
		attr["days_in_use"] = strconv.Itoa(int(r.seen / (24 * time.Hour)))
	case r.tokens > 1:
		attr.Set("latest", r.latest)
		x.RotatedAt = r.remade
	}
	if r.tokens == 1 {
		x.PublicID = inventory.Clip(r.latest, maxText)
	}
	if of := m.accounts[k]; of != nil {
		x.Identity, x.ManagedBy = of.id, of.made
	}
	m.put(inventory.Record{Credential: x}, inventory.KindCredential)
	if since := a.tracked(r.made, r.used); !since.IsZero() || !r.used.IsZero() {
		m.putUsage(inventory.Usage{Subject: x.ID, LastUsedAt: r.used, TrackedSince: since, Source: sourceAudit})
	}
}
