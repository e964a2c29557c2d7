package pipeline

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/scanners"
)

// maxSought is how many ids of one type a board keeps.
const maxSought = 10_000

// errMoreSought is in the chain of the error of a board that was given more ids
// than it keeps.
var errMoreSought = errors.New("too many were found")

// A Board hands public ids of credentials from the scanners of a run that find them
// to those that look them up (scanners.Info.Seeks). It keeps the ids of sought types
// only, and nothing else of a credential: at most 10,000 of each type, the first by
// their order. It is for one run, and its Sought waits for that.
type Board struct {
	done chan struct{} // closed when everybody who finds has ended

	mu   sync.Mutex
	left int                 // those who find and have not ended
	ids  map[string][]string // by type, sorted; a type that nobody seeks is not in it
	over map[string]bool     // types of which there were more than are kept
}

// NewBoard returns an empty board, for the sources of one run.
func NewBoard() *Board {
	return &Board{done: make(chan struct{}), ids: map[string][]string{}, over: map[string]bool{}}
}

// seeks reports whether a source waits for what others find.
func seeks(s Source) bool { return len(s.Info.Seeks) > 0 }

// begin says who takes part. A nil board takes nothing.
func (b *Board) begin(sources []Source) {
	if b == nil {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, s := range sources {
		if !seeks(s) {
			b.left++
		}
		for _, typ := range s.Info.Seeks {
			b.ids[typ] = nil
		}
	}
	if b.left == 0 {
		close(b.done)
	}
}

// end says that a source has ended.
func (b *Board) end(s Source) {
	if b == nil || seeks(s) {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.left--; b.left == 0 {
		close(b.done)
	}
}

// post takes the id of a credential that lies about. What a platform lists as its
// own is known there already.
func (b *Board) post(c *inventory.Credential) {
	if b == nil || c.PublicID == "" || c.Identity != "" {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	list, sought := b.ids[c.Type]
	if !sought {
		return
	}
	at, known := slices.BinarySearch(list, c.PublicID)
	if known {
		return
	}
	list = slices.Insert(list, at, c.PublicID)
	if len(list) > maxSought {
		list = list[:maxSought]
		b.over[c.Type] = true
	}
	b.ids[c.Type] = list
}

// Sought is a scanners.Sought.
func (b *Board) Sought(ctx context.Context, typ string) ([]string, error) {
	var err error
	select {
	case <-b.done:
	case <-ctx.Done():
		err = fmt.Errorf("wait for the other sources: %w", ctx.Err())
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if err == nil && b.over[typ] {
		err = fmt.Errorf("%w: only the first %d are handed on", errMoreSought, maxSought)
	}
	return slices.Clone(b.ids[typ]), err
}

// The board is what scanners ask.
var _ scanners.Sought = (*Board)(nil).Sought
