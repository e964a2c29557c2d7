// Package replay is a recorded scan as a scanner: it emits the records of a
// file of JSON lines, such as `muster scan -o jsonl` writes, as they stand, so
// that a scan can be judged again elsewhere, later or by other rules.
//
// Relations and findings are left out, for they are conclusions and are drawn
// again. Coverage is taken from the file; where it has records of a kind and
// scope and no coverage of them, or another number than the coverage counts, or
// where the file breaks off, replay states partial coverage in its place. Ids
// keep the names of the scanners that made them.
package replay

import (
	"cmp"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/scanners"
)

// name is the scanner's name, under which it states coverage of its own.
const name = "replay"

// Config says which recording to read.
type Config struct {
	Path string `yaml:"path" json:"path"` // the file; one that ends in .gz is unpacked
}

// Factory returns the factory of the scanner.
func Factory() scanners.Factory {
	info := scanners.Info{
		Name:     name,
		Title:    "A recorded scan: JSON lines, plain or gzipped",
		Argument: "path",
		Kinds:    inventory.ScanKinds(),
	}
	return scanners.Define(info, Config{}, func(_ scanners.Env, c Config) (scanners.Scanner, error) {
		if c.Path == "" {
			return nil, errors.New("path is missing: which file is to be replayed?")
		}
		return scanner(c), nil
	})
}

type scanner Config

// Scan emits the records of the file in their order. Memory does not grow with
// the file but for one count per kind and scope. A file that cannot be opened
// is an error; one that is broken in the middle is partial coverage of what it
// holds, with the name of the line.
func (s scanner) Scan(ctx context.Context, emit scanners.Emit) error {
	file, err := os.Open(s.Path)
	if err != nil {
		return fmt.Errorf("replay: %w", err)
	}
	defer file.Close() //nolint:errcheck // read only
	if err := ctx.Err(); err != nil {
		return err
	}
	if info, err := file.Stat(); err == nil && info.IsDir() {
		return fmt.Errorf("replay: %q is a directory, want a file of JSON lines", s.Path)
	}
	p := &player{ctx: ctx, emit: emit, counted: map[cell]int{}, stated: map[cell][]*inventory.Coverage{}}
	broken := p.play(s.Path, file)
	if p.err != nil {
		return p.err
	}
	return p.settle(filepath.Base(s.Path), broken)
}

// A cell is what one coverage speaks of.
type cell struct {
	scope string
	kind  inventory.Kind
}

// A player emits what it reads and keeps count. Coverage waits until the end,
// when it can be held against the count.
type player struct {
	ctx     context.Context //nolint:containedctx // lives as long as one Scan
	emit    scanners.Emit
	counted map[cell]int
	stated  map[cell][]*inventory.Coverage
	err     error // of the context or of emit: the scan is over
}

// play reads the file and returns what is wrong with it.
func (p *player) play(path string, file io.Reader) error {
	if strings.HasSuffix(strings.ToLower(path), ".gz") {
		unpacked, err := gzip.NewReader(file)
		if err != nil {
			return fmt.Errorf("%s: unpack: %w", path, err)
		}
		file = unpacked
	}
	if broken := inventory.ReadAll(path, file, p.take); p.err == nil {
		return broken
	}
	return nil // the file is not to blame
}

func (p *player) take(r inventory.Record) error {
	if p.err = p.ctx.Err(); p.err != nil {
		return p.err
	}
	switch {
	case r.Relation != nil || r.Finding != nil:
		return nil
	case r.Coverage != nil:
		at := cell{r.Coverage.Scope, r.Coverage.Kind}
		p.stated[at] = append(p.stated[at], r.Coverage)
		return nil
	case r.Progress == nil:
		p.counted[cell{r.Scope(), r.Kind()}]++
	}
	p.err = p.emit(r)
	return p.err
}

// settle emits the coverage of the file, or its own where that does not hold.
func (p *player) settle(file string, broken error) error {
	cells := map[cell]bool{}
	for at := range p.counted {
		cells[at] = true
	}
	for at := range p.stated {
		cells[at] = true
	}
	if len(cells) == 0 {
		return p.empty(file, broken)
	}
	if broken != nil { // records of any kind may follow the break
		for at := range maps.Clone(cells) {
			for _, kind := range inventory.ScanKinds() {
				cells[cell{at.scope, kind}] = true
			}
		}
	}
	for _, at := range slices.SortedFunc(maps.Keys(cells), func(a, b cell) int {
		return cmp.Or(cmp.Compare(a.scope, b.scope), cmp.Compare(a.kind, b.kind))
	}) {
		if err := p.settleCell(at, p.fault(at, file, broken)); err != nil {
			return err
		}
	}
	return nil
}

// fault says why the coverage of the file does not hold for a cell, or "".
func (p *player) fault(at cell, file string, broken error) string {
	if broken != nil {
		return fmt.Sprintf("the recording could not be read to its end: %v", broken)
	}
	stated := 0
	for _, c := range p.stated[at] {
		stated += c.Count
	}
	switch n := p.counted[at]; {
	case len(p.stated[at]) == 0:
		return fmt.Sprintf("the recording %s does not say how much of this was seen", file)
	case stated != n:
		return fmt.Sprintf("the recording %s has %d of these and its coverage counts %d", file, n, stated)
	default:
		return ""
	}
}

// settleCell emits the coverage of one cell.
func (p *player) settleCell(at cell, fault string) error {
	if fault != "" {
		for _, c := range p.stated[at] {
			if c.Reason != "" {
				fault += "; recorded by " + c.Scanner + ": " + c.Reason
			}
		}
		return p.state(at, fault)
	}
	for _, c := range p.stated[at] {
		if err := p.emit(inventory.Record{Coverage: c}); err != nil {
			return err
		}
	}
	return nil
}

// state emits a partial coverage of replay's own.
func (p *player) state(at cell, reason string) error {
	return p.emit(inventory.Record{Coverage: &inventory.Coverage{
		Scanner: name, Scope: at.scope, Kind: at.kind, Status: inventory.StatusPartial,
		Count: p.counted[at], Reason: reason,
	}})
}

// empty states that a recording without records and coverage tells nothing.
func (p *player) empty(file string, broken error) error {
	reason := fmt.Sprintf("the recording %s has neither records nor coverage", file)
	if broken != nil {
		reason = fmt.Sprintf("the recording could not be read: %v", broken)
	}
	for _, kind := range inventory.ScanKinds() {
		if err := p.state(cell{name + ":" + inventory.Printable(file), kind}, reason); err != nil {
			return err
		}
	}
	return nil
}
