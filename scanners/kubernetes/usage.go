package kubernetes

import (
	"time"

	"github.com/muster-nhi/muster/internal/inventory"
)

// sourceAudit says that a use stands in an audit log of the API server.
const sourceAudit = "audit log"

// sourceLabel says where the last use of a token Secret comes from
// (kubernetes.io, "Managing Service Accounts", legacy token tracking: the day is
// that of the first use on a day).
const sourceLabel = "label kubernetes.io/legacy-token-last-used"

// putUsages emits when tokens, and the accounts by them, were last used. A token
// without the label was not used since the API server began to note it.
func (m *mapper) putUsages() {
	if m.declared {
		return
	}
	since := m.past(m.c.TokensTrackedSince, inventory.KindUsage)
	for i := range m.c.Secrets {
		o := &m.c.Secrets[i]
		if o.Type != typeToken || m.secrets[key{o.Namespace, o.Name}].object != o {
			continue
		}
		last, from := m.past(o.LastUsed, inventory.KindUsage), since
		if last.IsZero() && !o.LastUsed.IsZero() {
			continue // it was used, and nobody knows when
		}
		if made := inventory.Time(o.CreatedAt); !from.IsZero() && made.After(from) {
			from = made
		}
		if last.IsZero() && from.IsZero() {
			continue
		}
		m.putUsage(inventory.Usage{
			Subject: m.secretID(o.Namespace, o.Name), LastUsedAt: last, TrackedSince: trackedBy(from, last), Source: sourceLabel,
		})
	}
	for _, a := range m.order {
		if !a.used.IsZero() {
			m.putUsage(inventory.Usage{Subject: a.id, LastUsedAt: a.used, Source: sourceLabel})
		}
	}
	m.putAudited()
}

// trackedBy returns since when use is noted; a use before that shows that it was
// noted then.
func trackedBy(from, last time.Time) time.Time {
	if !last.IsZero() && last.Before(from) {
		return last
	}
	return from
}

func (m *mapper) putUsage(u inventory.Usage) {
	u.Scope = m.scope
	m.put(inventory.Record{Usage: &u}, inventory.KindUsage)
}
