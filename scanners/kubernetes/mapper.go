package kubernetes

import (
	"context"
	"fmt"
	"time"

	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/scanners"
	"github.com/muster-nhi/muster/scanners/kubernetes/audit"
	"github.com/muster-nhi/muster/scanners/kubernetes/object"
)

// A mapper turns the objects of one cluster into records. It first looks at all
// objects to find out who uses what, then emits kind by kind.
//
// Memory: an entry for each account, Secret and workload, and the answers of
// package reach; no record is kept.
type mapper struct {
	ctx     context.Context //nolint:containedctx // of the one scan that the mapper lives for
	emit    scanners.Emit
	err     error // the first error of emit or of the context; nothing is emitted after it
	scanner string
	cluster string // as it stands in ids
	scope   string
	prefix  string // of all ids: scanner, colon, cluster, slash
	live    string // scope of the live cluster that manifests describe; empty is not told
	c       *object.Cluster
	now     time.Time // of the scan; zero is not known, and every date is believed
	// declared is true for manifests: what is not there may be somewhere else.
	declared bool

	uses    *audit.Uses           // nil without an audit log
	granted map[grantName]granted // filled where there is one
	// creators are who made what, by the audit log.
	creators map[creatorKey]audit.Creation

	namespaces map[string]*object.Namespace
	accounts   map[key]*account
	order      []*account // by namespace and name
	users      map[string]*subject
	groups     map[string]*subject
	secrets    map[key]*secret
	makers     makers
	judge      *judge
	joined     []joined          // what bindings come to together, where that is more
	defaults   map[string]bool   // names of roles that every cluster has
	governed   map[string]bool   // principals with a grant that the platform did not make
	places     map[string]owning // the owner that a namespace has
	whole      map[string]bool   // resources of which all objects were seen
	only       []string          // the namespaces that were asked for, if not all
	count      map[inventory.Kind]int
	notes      map[inventory.Kind][]string
	lost       map[inventory.Kind][]string // what was not seen beside what listings say
	emitted    int
}

// A key names a namespaced object.
type key struct{ namespace, name string }

func newMapper(ctx context.Context, scanner, cluster string, c *object.Cluster, emit scanners.Emit) *mapper {
	cluster = word(cluster)
	return &mapper{
		ctx: ctx, emit: emit, scanner: scanner, cluster: cluster, c: c,
		scope: scanner + ":" + cluster, prefix: scanner + ":" + cluster + "/",
		count: make(map[inventory.Kind]int), notes: make(map[inventory.Kind][]string), lost: make(map[inventory.Kind][]string),
	}
}

// run emits everything.
func (m *mapper) run(kinds []inventory.Kind) error {
	m.index()
	m.judge, m.governed = newJudge(m), make(map[string]bool, len(m.order))
	if m.uses != nil {
		m.granted = make(map[grantName]granted, len(m.c.Bindings))
	}
	for _, step := range []func(){
		m.putAccounts, m.putSubjects, m.putGrants, m.putSecrets, m.putLiterals, m.putRequests,
		m.putConsumers, m.putTrusts, m.putUsages,
	} {
		if m.err != nil {
			break
		}
		step()
	}
	for _, k := range kinds {
		m.putCoverage(k)
	}
	return m.err
}

// put emits one record unless the scan has ended.
func (m *mapper) put(r inventory.Record, kind inventory.Kind) {
	if m.err != nil {
		return
	}
	if m.emitted++; m.emitted%1024 == 0 {
		if err := m.ctx.Err(); err != nil {
			m.err = fmt.Errorf("scan %s: %w", m.scope, err)
			return
		}
	}
	if m.err = m.emit(r); m.err == nil && kind != inventory.KindCoverage {
		m.count[kind]++
	}
}

// index looks at all objects once: what there is, and who names whom.
func (m *mapper) index() {
	m.indexListings()
	m.namespaces = make(map[string]*object.Namespace, len(m.c.Namespaces))
	for i := range m.c.Namespaces {
		n := &m.c.Namespaces[i]
		m.namespaces[n.Name] = n
	}
	m.indexAccounts()
	m.indexSecrets()
	m.indexMakers()
	m.indexWorkloads()
	m.indexSubjects()
	m.sortAccounts()
	m.indexCreators()
}

// found returns the places of a declared object.
func (m *mapper) found(o *object.Meta) []inventory.Location {
	if o.Found == nil {
		return nil
	}
	return []inventory.Location{*o.Found}
}
