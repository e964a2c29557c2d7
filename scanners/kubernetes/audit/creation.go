package audit

import (
	"bytes"
	"cmp"
	"net/http"
	"slices"
	"time"
)

// A Creation says who made an object that people answer for: a service account, a
// Secret or a request for a certificate.
type Creation struct {
	Resource        string // serviceaccounts, secrets or certificatesigningrequests
	Namespace, Name string
	// By is the user who made it. Where somebody acted as another it is the
	// other one: proxies in front of the API server and GitOps controllers act as
	// those whose wish it is.
	By string
	At time.Time // when the request came; the last one, if it was made again
}

type creationKey struct{ resource, namespace, name string }

type creation struct {
	by string
	at int64
}

// Creations returns who made what, by resource, namespace and name, and how many
// creations were left out because there were more than Options.MaxCreations. What
// is given a name by the server only (generateName) is not told.
func (u *Uses) Creations() (made []Creation, lost int) {
	made = make([]Creation, 0, len(u.state.creations))
	for k, c := range u.state.creations {
		made = append(made, Creation{k.resource, k.namespace, k.name, c.by, instant(c.at)})
	}
	slices.SortFunc(made, func(a, b Creation) int {
		return cmp.Or(cmp.Compare(a.Resource, b.Resource), cmp.Compare(a.Namespace, b.Namespace), cmp.Compare(a.Name, b.Name))
	})
	return made, u.state.lostCreations
}

// creation notes who made an object. A patch or an update that makes one (a
// server-side apply) is answered with 201 too, and so is a dry run, which makes
// nothing.
func (u *Uses) creation(use use) {
	e := use.e
	if !use.done || e.code != http.StatusCreated || len(e.name) == 0 || len(e.subresource) > 0 || !e.answered() || bytes.Contains(e.uri, []byte("dryRun=")) {
		return
	}
	who := e.user
	if len(e.impersonated) > 0 {
		who = e.impersonated
	}
	if len(e.name)+len(e.namespace) > maxName || len(who) > maxName {
		return
	}
	k := creationKey{string(e.resource), string(unescape(e.namespace)), string(unescape(e.name))}
	old, known := u.state.creations[k]
	switch {
	case known && old.at > use.from:
		return
	case !known && len(u.state.creations) >= u.opts.MaxCreations:
		u.state.lostCreations++
		return
	}
	u.state.creations[k] = creation{string(unescape(who)), use.from}
}

// answered reports whether the object of an event is one that people answer for.
func (e *event) answered() bool {
	switch string(e.resource) {
	case "serviceaccounts", "secrets":
		return len(e.group) == 0
	case "certificatesigningrequests":
		return string(e.group) == "certificates.k8s.io"
	}
	return false
}
