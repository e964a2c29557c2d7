package store

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"runtime"
	"slices"
	"sync"
	"time"

	"github.com/muster-nhi/muster/internal/inventory"
)

// hash is the first half of a SHA-256.
type hash [16]byte

func hashOf(data []byte) hash {
	sum := sha256.Sum256(data)
	return hash(sum[:16])
}

// kindCodes are the kinds in the order in which they are exported; the index
// is what the tables hold. It only ever grows at its end.
var kindCodes = []inventory.Kind{
	inventory.KindIdentity, inventory.KindCredential, inventory.KindGrant, inventory.KindUsage, inventory.KindTrust,
	inventory.KindConsumer, inventory.KindOwner, inventory.KindCoverage, inventory.KindRelation, inventory.KindFinding,
}

// A mark is what has to be known of a record to tell whether it changed: 64
// bytes, so that a million records can be compared without holding their text.
type mark struct {
	key      hash   // of kind and id, or of what stands for an id
	hash     hash   // of the body
	volatile string // what changes with every scan; empty for most kinds
	index    int32  // into the estate
	kind     uint8  // index into kindCodes
}

// An estate is all records of a snapshot, by number.
type estate struct {
	inv      *inventory.Inventory
	findings []*inventory.Finding
	ends     [10]int // where each kind ends, in the order of kindCodes
}

func newEstate(inv *inventory.Inventory, findings []*inventory.Finding) *estate {
	e := &estate{inv: inv, findings: findings}
	total := 0
	for i, n := range []int{
		len(inv.Identities), len(inv.Credentials), len(inv.Grants), len(inv.Usages), len(inv.Trusts),
		len(inv.Consumers), len(inv.Owners), len(inv.Coverages), len(inv.Relations), len(findings),
	} {
		total += n
		e.ends[i] = total
	}
	return e
}

func (e *estate) len() int { return e.ends[len(e.ends)-1] }

// at returns record number i and the code of its kind.
func (e *estate) at(i int) (inventory.Record, uint8) {
	code := 0
	for i >= e.ends[code] {
		code++
	}
	if code > 0 {
		i -= e.ends[code-1]
	}
	var r inventory.Record
	switch kindCodes[code] {
	case inventory.KindIdentity:
		r.Identity = e.inv.Identities[i]
	case inventory.KindCredential:
		r.Credential = e.inv.Credentials[i]
	case inventory.KindGrant:
		r.Grant = e.inv.Grants[i]
	case inventory.KindUsage:
		r.Usage = e.inv.Usages[i]
	case inventory.KindTrust:
		r.Trust = e.inv.Trusts[i]
	case inventory.KindConsumer:
		r.Consumer = e.inv.Consumers[i]
	case inventory.KindOwner:
		r.Owner = e.inv.Owners[i]
	case inventory.KindCoverage:
		r.Coverage = e.inv.Coverages[i]
	case inventory.KindRelation:
		r.Relation = e.inv.Relations[i]
	default:
		r.Finding = e.findings[i]
	}
	return r, uint8(code)
}

// keyOf returns what a record is known by from one snapshot to the next.
func keyOf(r inventory.Record) []string {
	switch {
	case r.Usage != nil:
		return []string{r.Usage.Subject, r.Usage.Service, r.Usage.Resource, r.Usage.Source}
	case r.Owner != nil:
		return []string{r.Owner.Subject, r.Owner.Method, r.Owner.Owner, r.Owner.Source}
	case r.Coverage != nil:
		return []string{r.Coverage.Scope, string(r.Coverage.Kind), r.Coverage.Scanner}
	case r.Relation != nil:
		return []string{r.Relation.From, r.Relation.Type, r.Relation.To, r.Relation.Method}
	default:
		return []string{r.ID()}
	}
}

// The parts of records that change with every scan. Their names are those of
// the records' fields.
type (
	volatileUsage struct {
		LastUsedAt time.Time `json:"last_used_at,omitzero"`
	}
	volatileCoverage struct {
		Requests   int       `json:"requests,omitempty"`
		StartedAt  time.Time `json:"started_at,omitzero"`
		FinishedAt time.Time `json:"finished_at,omitzero"`
	}
	volatileFinding struct {
		Message    string                `json:"message,omitempty"`
		Score      int                   `json:"score,omitempty"`
		ScoreLines []inventory.ScoreLine `json:"score_lines,omitempty"`
		Chain      []string              `json:"chain,omitempty"`
		FirstSeen  time.Time             `json:"first_seen,omitzero"`
		State      string                `json:"state,omitempty"`
	}
)

// split parts a record into what is compared by its hash and what changes with
// every scan. The record itself is left as it is. When a finding was last seen
// is not kept: it is when its snapshot was taken.
func split(r inventory.Record) (stable inventory.Record, volatile any) {
	switch {
	case r.Usage != nil:
		c := *r.Usage
		volatile = volatileUsage{c.LastUsedAt}
		c.LastUsedAt = time.Time{}
		return inventory.Record{Usage: &c}, volatile
	case r.Coverage != nil:
		c := *r.Coverage
		volatile = volatileCoverage{c.Requests, c.StartedAt, c.FinishedAt}
		c.Requests, c.StartedAt, c.FinishedAt = 0, time.Time{}, time.Time{}
		return inventory.Record{Coverage: &c}, volatile
	case r.Finding != nil:
		c := *r.Finding
		volatile = volatileFinding{c.Message, c.Score, c.ScoreLines, c.Chain, c.FirstSeen, c.State}
		c.Message, c.Score, c.ScoreLines, c.Chain, c.State = "", 0, nil, nil, ""
		c.FirstSeen, c.LastSeen = time.Time{}, time.Time{}
		return inventory.Record{Finding: &c}, volatile
	default:
		return r, nil
	}
}

// join gives a record what split took from it.
func join(r *inventory.Record, volatile string, seen time.Time) error {
	if r.Finding != nil {
		r.Finding.LastSeen = seen
	}
	if volatile == "" {
		return nil
	}
	switch {
	case r.Usage != nil:
		return json.Unmarshal([]byte(volatile), r.Usage)
	case r.Coverage != nil:
		return json.Unmarshal([]byte(volatile), r.Coverage)
	case r.Finding != nil:
		return json.Unmarshal([]byte(volatile), r.Finding)
	default:
		return fmt.Errorf("a %s has no such part", r.Kind())
	}
}

// An encoder writes records as text. It is not safe for concurrent use.
type encoder struct {
	buf bytes.Buffer
	enc *json.Encoder
}

func newEncoder() *encoder {
	e := &encoder{}
	e.enc = json.NewEncoder(&e.buf)
	e.enc.SetEscapeHTML(false)
	return e
}

// encode returns the body of a record, which is valid until the next call, and
// its volatile part.
func (e *encoder) encode(r inventory.Record) (body []byte, volatile string, err error) {
	stable, part := split(r)
	if part != nil {
		text, err := e.text(part)
		if err != nil {
			return nil, "", fmt.Errorf("encode %s %q: %w", r.Kind(), r.ID(), err)
		}
		if volatile = string(text); volatile == "{}" {
			volatile = ""
		}
	}
	body, err = e.text(stable)
	if err == nil && len(body) >= inventory.MaxLine {
		err = inventory.ErrLineTooLong
	}
	if err != nil {
		return nil, "", fmt.Errorf("encode %s %q: %w", r.Kind(), r.ID(), err)
	}
	return body, volatile, nil
}

func (e *encoder) text(v any) ([]byte, error) {
	e.buf.Reset()
	if err := e.enc.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(e.buf.Bytes(), []byte("\n")), nil
}

// marks returns the marks of all records by key, and adds up their digest.
// Records that would have one key (two usages of the same thing, say) get keys
// of their own, in an order that does not depend on theirs.
func (e *estate) marks() ([]mark, error) {
	out := make([]mark, e.len())
	workers := max(1, min(runtime.GOMAXPROCS(0), len(out)/1000))
	errs := make([]error, workers)
	var wg sync.WaitGroup
	for w := range workers {
		wg.Go(func() {
			lo, hi := len(out)*w/workers, len(out)*(w+1)/workers
			errs[w] = e.markRange(out, lo, hi)
		})
	}
	wg.Wait()
	for _, err := range errs {
		if err != nil {
			return nil, err
		}
	}
	slices.SortFunc(out, compareMarks)
	if separate(out) {
		slices.SortFunc(out, compareMarks)
	}
	return out, nil
}

func (e *estate) markRange(out []mark, lo, hi int) error {
	enc := newEncoder()
	var key []byte
	for i := lo; i < hi; i++ {
		r, code := e.at(i)
		body, volatile, err := enc.encode(r)
		if err != nil {
			return err
		}
		key = append(key[:0], code)
		for _, part := range keyOf(r) {
			key = append(append(key, part...), 0)
		}
		out[i] = mark{key: hashOf(key), hash: hashOf(body), volatile: volatile, index: int32(i), kind: code}
	}
	return nil
}

func compareMarks(a, b mark) int {
	if c := bytes.Compare(a.key[:], b.key[:]); c != 0 {
		return c
	}
	return cmp.Or(bytes.Compare(a.hash[:], b.hash[:]), cmp.Compare(a.volatile, b.volatile))
}

// separate gives each mark after the first of equal keys a key of its own.
func separate(marks []mark) (found bool) {
	for i := 0; i < len(marks); {
		n := i + 1
		for n < len(marks) && marks[n].key == marks[i].key {
			marks[n].key = hashOf(binary.BigEndian.AppendUint32(bytes.Clone(marks[i].key[:]), uint32(n-i)))
			found = true
			n++
		}
		i = n
	}
	return found
}

// A digest is the sum of what a snapshot holds, whatever its order: it tells
// that nothing was lost or damaged. It is no signature.
type digest [32]byte

func (d *digest) add(key, body []byte, volatile string) {
	h := sha256.New()
	h.Write(key)
	h.Write(body)
	h.Write([]byte(volatile))
	var sum digest
	h.Sum(sum[:0])
	for i := range d {
		d[i] ^= sum[i]
	}
}
