package aws

import (
	"context"
	"slices"

	"github.com/muster-nhi/muster/internal/cloud"
	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/scanners"
)

// sought returns what gives the ids of keys that lie about: those that were named,
// and those that others find. Nil is neither.
func sought(named []string, others scanners.Sought) scanners.Sought {
	if len(named) == 0 {
		return others
	}
	return func(ctx context.Context, typ string) ([]string, error) {
		ids := slices.Clone(named)
		var err error
		if others != nil {
			var found []string
			found, err = others(ctx, typ)
			ids = append(ids, found...)
		}
		slices.Sort(ids)
		return slices.Compact(ids), err
	}
}

// putSought tells of access keys that lie about and were looked up. Those of users
// that were listed are among their keys.
func (m *mapper) putSought() {
	for _, text := range m.a.SoughtProblems {
		m.lose(inventory.KindCredential, inventory.Clip(text, cloud.MaxText))
	}
	for i := range m.a.Sought {
		k := &m.a.Sought[i]
		switch {
		case k.Gone:
			m.putCredential(inventory.Credential{
				ID: m.id("access-key/" + k.ID), Type: typeKey, Name: k.ID, PublicID: k.ID, Store: "iam", NeverExpires: true,
				Disabled: inventory.True, DisabledReason: "DELETED", Validity: "inactive",
			}, nil, cloud.Attributes{"account": m.a.ID})
		case k.Listed:
		case k.User == "":
			m.note(inventory.KindCredential, "the access key "+k.ID+" lies about and is of this account, and AWS names no user of it: it may be the root user's")
		default:
			m.note(inventory.KindCredential, "the access key "+k.ID+" lies about and is of the user "+inventory.Clip(k.User, cloud.MaxName)+", which was not listed")
		}
	}
}

// nameless says whether a key that leaked may be one whose id is not known.
func (m *mapper) nameless() string {
	switch {
	case m.a.SoughtAll:
		return "what other sources of this scan found was looked up, and is none of them (details: all asks for each)"
	case m.estate.saved:
		return "a key that leaked cannot be told to be one of them (save what aws iam list-access-keys says of their users)"
	default:
		return "a key that leaked cannot be told to be one of them (scan the place where it leaked beside this, or name it: key_ids; details: all asks for each)"
	}
}
