package demo

import (
	"bytes"
	"testing"

	"github.com/muster-nhi/muster/internal/inventory"
)

func TestEveryRecordIsValid(t *testing.T) {
	c := &company{counts: map[cell]int{}}
	c.aws()
	c.cloud()
	c.cluster()
	c.repositories()
	c.coverage()
	ids := map[string]bool{}
	for _, r := range c.records {
		if err := r.Validate(); err != nil {
			t.Errorf("%s %s: %v", r.Kind(), r.ID(), err)
		}
		if id := r.ID(); id != "" && ids[id] {
			t.Errorf("id %s twice", id)
		}
		ids[r.ID()] = true
	}
	n := 0
	err := inventory.ReadAll("demo", bytes.NewReader(Records()), func(inventory.Record) error { n++; return nil })
	if err != nil || n != len(c.records) {
		t.Errorf("%d of %d records came back: %v", n, len(c.records), err)
	}
}

func TestRecordsAreTheSameAtEveryCall(t *testing.T) {
	if !bytes.Equal(Records(), Records()) {
		t.Error("two calls differ")
	}
}
