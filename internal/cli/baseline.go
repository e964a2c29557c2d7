package cli

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/muster-nhi/muster/internal/inventory"
)

// A baseline is what a former scan had. Its findings are not reported again.
type baseline struct {
	name     string
	findings map[string]bool // ids and fingerprints
	subjects map[string]bool // ids of records
}

func newBaseline(name string) *baseline {
	return &baseline{name: name, findings: map[string]bool{}, subjects: map[string]bool{}}
}

func (b *baseline) finding(f *inventory.Finding) {
	b.findings[f.ID] = true
	if f.Fingerprint != "" {
		b.findings[f.Fingerprint] = true
	}
}

func (b *baseline) inventory(inv *inventory.Inventory) {
	for _, x := range inv.Identities {
		b.subjects[x.ID] = true
	}
	for _, x := range inv.Credentials {
		b.subjects[x.ID] = true
	}
	for _, x := range inv.Grants {
		b.subjects[x.ID] = true
	}
	for _, x := range inv.Trusts {
		b.subjects[x.ID] = true
	}
	for _, x := range inv.Consumers {
		b.subjects[x.ID] = true
	}
}

// inBaseline tells rules whether a subject was in the baseline; without one
// that is not known, and with one that holds no inventory neither.
func (b *baseline) inBaseline() func(string) inventory.Tri {
	if b == nil || len(b.subjects) == 0 {
		return nil
	}
	return func(subject string) inventory.Tri { return inventory.TriOf(b.subjects[subject]) }
}

// known picks the findings that the baseline has, by id.
func (b *baseline) known(list []*inventory.Finding) map[string]bool {
	if b == nil {
		return nil
	}
	out := map[string]bool{}
	for _, f := range list {
		if b.findings[f.ID] || f.Fingerprint != "" && b.findings[f.Fingerprint] {
			out[f.ID] = true
		}
	}
	return out
}

// isFile reports whether a reference names a file rather than a snapshot.
func isFile(ref string) bool {
	if _, err := os.Stat(ref); err == nil {
		return true
	}
	return strings.ContainsAny(ref, `/\`) || filepath.Ext(ref) != ""
}

// readBaseline reads a baseline file: what -o jsonl or -o json wrote.
func readBaseline(name string) (*baseline, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, fmt.Errorf("read the baseline: %w", err)
	}
	defer f.Close() //nolint:errcheck // it was read only
	b := newBaseline(name)
	if strings.HasSuffix(strings.ToLower(name), ".json") {
		err := b.document(name, f)
		return b, err
	}
	builder := inventory.NewBuilder()
	err = inventory.ReadAll(name, f, func(r inventory.Record) error {
		if r.Finding != nil {
			b.finding(r.Finding)
			return nil
		}
		return builder.Add(r)
	})
	if err != nil {
		return nil, fmt.Errorf("read the baseline: %w", err)
	}
	b.inventory(builder.Build())
	return b, nil
}

// document reads the findings of a report in JSON. It holds them all; a report
// of 100,000 findings takes some 200 MB.
func (b *baseline) document(name string, r io.Reader) error {
	var doc struct {
		Findings []*inventory.Finding `json:"findings"`
		Excepted []*inventory.Finding `json:"excepted"`
	}
	if err := json.NewDecoder(r).Decode(&doc); err != nil {
		return fmt.Errorf("read the baseline %s: %w", name, err)
	}
	if doc.Findings == nil && doc.Excepted == nil {
		return errors.New("read the baseline " + name + ": this is no report of muster: it has no findings")
	}
	for _, f := range append(doc.Findings, doc.Excepted...) {
		b.finding(f)
	}
	return nil
}
