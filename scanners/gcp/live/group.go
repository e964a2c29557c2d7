package live

import (
	"context"
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/scanners/gcp/live/wire"
	"github.com/muster-nhi/muster/scanners/gcp/object"
)

// groups reads who is in the groups that policies name, and in the groups in these,
// as deep as they go.
func (x *run) groups(ctx context.Context) {
	const lookup, members = "cloudidentity.groups.lookup", "cloudidentity.groups.memberships.list"
	waiting := x.namedGroups()
	seen := map[string]bool{}
	run := &progress{}
	for len(waiting) > 0 && !run.hopeless() && ctx.Err() == nil {
		email := waiting[0]
		waiting = waiting[1:]
		if seen[email] {
			continue
		}
		seen[email] = true
		g, err := x.group(ctx, email)
		run.did(err)
		x.estate.Groups = append(x.estate.Groups, g)
		for _, m := range g.Members {
			if inner, ok := strings.CutPrefix(m, "group:"); ok {
				waiting = append(waiting, inner)
			}
		}
	}
	all := len(seen) + len(waiting)
	if all == 0 {
		return
	}
	count, err := run.sum(all)
	l := x.listing(members, "", count, err)
	if l.Status == inventory.StatusDenied {
		l.Reason = "groups may not be read: give who scans the role Groups Reader in the Admin console (" + l.Reason + ")"
	}
	x.above(l)
}

// namedGroups are those that policies name, sorted.
func (x *run) namedGroups() []string {
	named := map[string]bool{}
	look := func(policies []object.Policy) {
		for _, p := range policies {
			for _, b := range p.Bindings {
				for _, m := range b.Members {
					if email, ok := strings.CutPrefix(m, "group:"); ok {
						named[strings.ToLower(email)] = true
					}
				}
			}
		}
	}
	look(x.estate.Policies)
	for _, s := range x.sites {
		look(s.own)
	}
	return slices.Sorted(maps.Keys(named))
}

// group reads one group.
func (x *run) group(ctx context.Context, email string) (object.Group, error) {
	g := object.Group{Email: email}
	raw, err := x.ask(ctx, "cloudidentity.groups.lookup", wire.Values{"groupKey.id": email})
	if err != nil {
		return g, err
	}
	var found struct{ Name string }
	if json.Unmarshal(raw, &found) != nil || found.Name == "" {
		return g, wire.ErrMalformed
	}
	g.Name = found.Name
	_, err = x.list(ctx, "cloudidentity.groups.memberships.list", wire.Values{"parent": g.Name}, func(raw json.RawMessage) error {
		var m struct {
			PreferredMemberKey struct{ ID string }
			Type               string
		}
		if json.Unmarshal(raw, &m) != nil {
			return wire.ErrMalformed
		}
		if id := member(m.Type, m.PreferredMemberKey.ID); id != "" {
			g.Members = append(g.Members, id)
		}
		return nil
	})
	slices.Sort(g.Members)
	g.Known = err == nil
	return g, err
}

// member spells a member as policies do; empty if it is of no kind that they have.
func member(kind, id string) string {
	switch {
	case id == "":
		return ""
	case kind == "SERVICE_ACCOUNT", strings.HasSuffix(id, ".gserviceaccount.com"):
		return "serviceAccount:" + id
	case kind == "GROUP":
		return "group:" + strings.ToLower(id)
	case kind == "USER":
		return "user:" + id
	default:
		return ""
	}
}
