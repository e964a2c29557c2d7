package gcp

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/muster-nhi/muster/internal/cloud"
	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/scanners"
	"github.com/muster-nhi/muster/scanners/gcp/object"
)

// byGoogle marks what Google made and runs.
const byGoogle = "google"

// stateDeleted is the state of what was deleted and can be restored for 30 days.
const stateDeleted = "DELETED"

// A mapper turns one place into records.
//
// Memory: the ids of its records; no record is kept.
type mapper struct {
	ctx      context.Context //nolint:containedctx // of the one scan that the mapper lives for
	emit     scanners.Emit
	err      error // the first error of emit or of the context; nothing is emitted after it
	scanner  string
	scope    string
	now      time.Time // of the scan; zero is not known
	estate   *estate
	at       *place
	p        *object.Project // nil above projects
	labels   []object.Label  // of the project
	listings *listings
	shared   []owning       // who answers for the place
	names    map[string]int // ids of records that were made

	count   map[inventory.Kind]int
	notes   map[inventory.Kind][]string
	lost    map[inventory.Kind][]string // what was not seen beside what listings say
	emitted int
}

func (e *estate) newMapper(ctx context.Context, at *place, emit scanners.Emit) *mapper {
	m := &mapper{
		ctx: ctx, emit: emit, scanner: e.scanner, scope: e.scopeOf(at), now: e.now, estate: e, at: at, p: at.project, names: map[string]int{},
		count: map[inventory.Kind]int{}, notes: map[inventory.Kind][]string{}, lost: map[inventory.Kind][]string{},
	}
	if at.project != nil {
		m.labels = slices.Concat(at.project.Labels, at.project.Tags)
	}
	m.listings = e.listingsOf(at)
	m.shared = m.placeOwners()
	return m
}

// scopeOf names the scope of a place.
func (e *estate) scopeOf(p *place) string {
	if p.project != nil {
		return e.scanner + ":" + cloud.Word(p.project.ID)
	}
	if p.name == everything {
		return e.scanner
	}
	return e.scanner + ":" + cloud.Word(p.name)
}

// run emits all records of the place, kind by kind of object, then coverage.
func (m *mapper) run(kinds []inventory.Kind) error {
	steps := []func(){m.putWorkforce, m.putNamed, m.putGrants}
	if m.p != nil {
		steps = []func(){m.putAccounts, m.putNamed, m.putPools, m.putClients, m.putAPIKeys, m.putSecrets, m.putKeys, m.putHMAC, m.putGrants, m.putConsumers}
	}
	for _, step := range steps {
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

// id returns the id of what has a name of its own in Google Cloud.
func (m *mapper) id(native string) string { return m.scanner + ":" + cloud.Word(native) }

// part returns the id of what belongs to something with a name and has none.
func (m *mapper) part(native, of string) string { return m.id(native) + "#" + cloud.Word(of) }

// again reports whether the place has had something of an id already. Listings that
// name a thing twice disagree at most in what was changed meanwhile.
func (m *mapper) again(id string, kind inventory.Kind) bool {
	if m.names[id]++; m.names[id] == 1 {
		return false
	}
	m.note(kind, "something was listed twice and is told once")
	return true
}

// once returns an id, with a number if the place has two of it.
func (m *mapper) once(id string) string {
	m.names[id]++
	if n := m.names[id]; n > 1 {
		return id + "~" + strconv.Itoa(n)
	}
	return id
}

// put emits one record unless the scan has ended.
func (m *mapper) put(r inventory.Record, kind inventory.Kind) {
	if m.err != nil {
		return
	}
	if m.emitted++; m.emitted%1024 == 0 {
		if m.ctx.Err() != nil {
			m.err = fmt.Errorf("scan %s: %w", m.scope, context.Cause(m.ctx))
			return
		}
	}
	m.estate.shared.record(r)
	if m.err = m.emit(r); m.err == nil && kind != inventory.KindCoverage {
		m.count[kind]++
	}
}

// putIdentity emits an identity with what all of them have in common, and its
// owners.
func (m *mapper) putIdentity(x inventory.Identity, labels []object.Label, attr cloud.Attributes) {
	if m.again(x.ID, inventory.KindIdentity) {
		return
	}
	x.Scope, x.Name = m.scope, cloud.Label(x.Name)
	x.Description, x.CreatedAt = inventory.Clip(x.Description, cloud.MaxText), inventory.Time(x.CreatedAt)
	x.Tags, x.Environment, x.ReviewedAt = cloud.TagsOf(labels), cloud.EnvironmentOf(labels, m.labels), cloud.ReviewedAt(labels)
	x.PublicIDs = cloud.PublicIDs(x.PublicIDs)
	if len(attr) > 0 {
		x.Attributes = attr
	}
	m.put(inventory.Record{Identity: &x}, inventory.KindIdentity)
	if x.ManagedBy == "" {
		m.putOwners(x.ID, labels, x.Description)
	}
}

// putCredential emits a credential with what all of them have in common. It has
// owners of its own if it belongs to no identity.
func (m *mapper) putCredential(x inventory.Credential, labels []object.Label, attr cloud.Attributes) {
	if m.again(x.ID, inventory.KindCredential) {
		return
	}
	x.Scope, x.Name, x.Description = m.scope, inventory.Clip(x.Name, cloud.MaxName), inventory.Clip(x.Description, cloud.MaxText)
	x.PublicID = inventory.Clip(x.PublicID, cloud.MaxText)
	x.CreatedAt, x.RotatedAt = inventory.Time(x.CreatedAt), inventory.Time(x.RotatedAt)
	x.ExpiresAt, x.NextRotationAt = inventory.Time(x.ExpiresAt), inventory.Time(x.NextRotationAt)
	x.Tags, x.Environment = cloud.TagsOf(labels), cloud.EnvironmentOf(labels, m.labels)
	if len(attr) > 0 {
		x.Attributes = attr
	}
	m.put(inventory.Record{Credential: &x}, inventory.KindCredential)
	if x.Identity == "" && x.ManagedBy == "" {
		m.putOwners(x.ID, labels, x.Description)
	}
}

// skew is how far the clock of this machine and the days of Google may be apart.
const skew = 24 * time.Hour

// putUsage emits a use unless nothing is known of it.
func (m *mapper) putUsage(u inventory.Usage) {
	u.LastUsedAt, u.TrackedSince = inventory.Time(u.LastUsedAt), inventory.Time(u.TrackedSince)
	if !m.now.IsZero() && u.LastUsedAt.After(m.now.Add(skew)) {
		m.note(inventory.KindUsage, "a date of last use lies in the future and was left out: the clocks disagree")
		return
	}
	if u.LastUsedAt.IsZero() && u.TrackedSince.IsZero() {
		return
	}
	if !u.LastUsedAt.IsZero() && u.LastUsedAt.Before(u.TrackedSince) {
		u.TrackedSince = u.LastUsedAt
	}
	u.Scope = m.scope
	m.put(inventory.Record{Usage: &u}, inventory.KindUsage)
}

// note keeps something that a reader of the coverage of a kind should know.
func (m *mapper) note(kind inventory.Kind, text string) {
	if len(m.notes[kind]) < cloud.MaxMore && !slices.Contains(m.notes[kind], text) {
		m.notes[kind] = append(m.notes[kind], text)
	}
}

// lose keeps something that was not seen of a kind although listings were whole.
func (m *mapper) lose(kind inventory.Kind, text string) {
	if len(m.lost[kind]) < cloud.MaxMore && !slices.Contains(m.lost[kind], text) {
		m.lost[kind] = append(m.lost[kind], text)
	}
}

// shortName returns the last part of a resource's name.
func shortName(name string) string { return name[strings.LastIndexByte(name, '/')+1:] }
