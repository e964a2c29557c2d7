package plugin

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os/exec"
	"slices"
	"strings"

	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/scanners"
)

// scanner runs one program.
type scanner struct {
	program  *program
	reserved []string
}

// Scan asks the program what it is and passes on what it prints. It returns an
// error if the program cannot be run or does not say what it is; all that goes
// wrong after that is coverage. Memory does not grow with the records but for
// one count per kind and scope.
func (s *scanner) Scan(ctx context.Context, emit scanners.Emit) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	p := *s.program
	if err := p.prepare(); err != nil {
		return err
	}
	defer p.remove()
	info, err := p.info(ctx)
	if err != nil {
		return cmp.Or(ctx.Err(), err)
	}
	if slices.Contains(s.reserved, info.Name) {
		return fmt.Errorf("%s calls itself %q, which is the name of a built-in scanner", p.path, info.Name)
	}
	r := &run{program: &p, info: info, emit: emit, counted: map[cell]int{}, stated: map[cell][]*inventory.Coverage{}, wrong: map[cell]fault{}}
	r.scan(ctx)
	if err := cmp.Or(r.err, ctx.Err()); err != nil {
		return err
	}
	return r.settle()
}

// A cell is what one coverage speaks of. Lines that belong to none are counted
// under the zero cell.
type cell struct {
	scope string
	kind  inventory.Kind
}

// A fault is what was wrong with lines of a program.
type fault struct {
	n     int
	first error
}

// A run is one call of scan.
type run struct {
	program *program
	info    scanners.Info
	emit    scanners.Emit
	counted map[cell]int
	stated  map[cell][]*inventory.Coverage // held back until they can be compared
	wrong   map[cell]fault
	faults  int
	failed  error // why the program ended badly
	err     error // of emit
}

// scan runs the program and takes what it prints.
func (r *run) scan(ctx context.Context) {
	ctx, cancel := context.WithTimeoutCause(ctx, r.program.timeout,
		fmt.Errorf("it was stopped after its time of %s", r.program.timeout))
	defer cancel()
	config := r.program.config
	if config == nil {
		config = map[string]any{}
	}
	input, err := json.Marshal(config)
	if err != nil {
		r.failed = errors.New("its configuration cannot be written as JSON")
		return
	}
	out, in := io.Pipe()
	cmd, err := r.program.start(ctx, "scan", func(cmd *exec.Cmd) {
		cmd.Stdin = strings.NewReader(string(input) + "\n")
		cmd.Stdout = in
	})
	if err != nil {
		r.failed = err
		return
	}
	ended := make(chan error, 1)
	go func() {
		err := wait(cmd)
		_ = in.Close() // never fails
		ended <- err
	}()
	stopped := r.read(out)
	if stopped != nil {
		cancel()
		_ = out.CloseWithError(stopped) // never fails
	}
	r.failed = why(ctx, stopped, <-ended)
}

// why says why a program ended badly, or nil if it did not.
func why(ctx context.Context, stopped, ended error) error {
	var exit *exec.ExitError
	switch {
	case stopped != nil:
		return stopped
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case ended == nil:
		return nil
	case errors.As(ended, &exit):
		return fmt.Errorf("it ended with %s", exit.ProcessState)
	case errors.Is(ended, exec.ErrWaitDelay):
		return errors.New("it ended and left something running that held its output")
	default:
		return errors.New("its output could not be read to the end")
	}
}

// read takes records until there are no more, and returns why it will take no
// more of them if the program must be stopped.
func (r *run) read(out io.Reader) error {
	reader := inventory.NewReader(out, inventory.ReaderOptions{MaxLine: r.program.maxLine})
	for {
		rec, err := reader.Read()
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case errors.Is(err, inventory.ErrLineTooLong):
			return fmt.Errorf("it was stopped: %w", err)
		case err != nil:
			r.note(cell{}, err)
		default:
			if r.err = r.take(rec, reader.Line()); r.err != nil {
				return r.err
			}
		}
		if r.faults > maxFaults {
			return fmt.Errorf("it was stopped after %d wrong lines", r.faults)
		}
	}
}

// note counts a line that is wrong.
func (r *run) note(at cell, err error) {
	r.faults++
	f := r.wrong[at]
	if f.n++; f.n == 1 {
		f.first = err
	}
	r.wrong[at] = f
}

// take passes on one record, if it is one that this program may emit. The
// error is that of emit.
func (r *run) take(rec inventory.Record, line int) error {
	at := cell{rec.Scope(), rec.Kind()}
	if err := r.allowed(rec); err != nil {
		if !slices.Contains(r.info.Kinds, at.kind) {
			at = cell{} // no coverage speaks of it
		}
		r.note(at, fmt.Errorf("line %d: %w", line, err))
		return nil
	}
	if c := rec.Coverage; c != nil {
		at := cell{c.Scope, c.Kind}
		r.stated[at] = append(r.stated[at], c)
		return nil
	}
	if rec.Progress == nil {
		r.counted[at]++
	}
	return r.emit(rec)
}

// allowed says why a record is not one that this program may emit.
func (r *run) allowed(rec inventory.Record) error {
	kind, id := rec.Kind(), rec.ID()
	switch {
	case rec.Progress != nil:
		return nil
	case rec.Coverage != nil:
		if rec.Coverage.Scanner != r.info.Name || !slices.Contains(r.info.Kinds, rec.Coverage.Kind) {
			return fmt.Errorf("coverage that is not of %s and one of its kinds", r.info.Name)
		}
		return nil
	case !slices.Contains(r.info.Kinds, kind):
		return fmt.Errorf("a %s, which it does not say it emits", kind)
	case id != "" && !strings.HasPrefix(id, r.info.Name+":"):
		return fmt.Errorf("%s: the id does not begin with %q", kind, r.info.Name+":")
	default:
		return nil
	}
}

// settle emits coverage: the program's own where it holds, and partial coverage
// where it does not or is missing.
func (r *run) settle() error {
	scopes := map[string]bool{}
	for at := range r.counted {
		scopes[at.scope] = true
	}
	for at := range r.stated {
		scopes[at.scope] = true
	}
	for at := range r.wrong {
		if at.scope != "" {
			scopes[at.scope] = true
		}
	}
	if len(scopes) == 0 {
		scopes["plugin:"+r.info.Name] = true
	}
	for _, scope := range slices.Sorted(maps.Keys(scopes)) {
		for _, kind := range r.info.Kinds {
			if err := r.settleCell(cell{scope, kind}); err != nil {
				return err
			}
		}
	}
	return nil
}

func (r *run) settleCell(at cell) error {
	list, reason := r.stated[at], r.reason(at)
	if reason == "" {
		return r.emit(inventory.Record{Coverage: list[0]})
	}
	for _, c := range list {
		if c.Reason != "" {
			reason += "; it says: " + c.Reason
		}
	}
	if len(reason) > 10_000 {
		reason = strings.ToValidUTF8(reason[:10_000], "") + "…"
	}
	return r.emit(inventory.Record{Coverage: &inventory.Coverage{
		Scanner: r.info.Name, Scope: at.scope, Kind: at.kind, Status: inventory.StatusPartial, Count: r.counted[at], Reason: reason,
	}})
}

// reason says why the program's coverage of a cell does not hold, or "".
func (r *run) reason(at cell) string {
	name := "the plug-in " + r.info.Name
	for _, f := range []fault{r.wrong[at], r.wrong[cell{}]} {
		if f.n > 0 && r.failed == nil {
			return fmt.Sprintf("%d lines of %s were left out; the first: %v", f.n, name, f.first)
		}
	}
	list := r.stated[at]
	switch {
	case r.failed != nil:
		return fmt.Sprintf("%s did not come to its end: %s", name, clean(r.program.redact.Replace(r.failed.Error())))
	case len(list) == 0:
		return name + " does not say how much of this it saw"
	case len(list) > 1:
		return fmt.Sprintf("%s states this %d times", name, len(list))
	case list[0].Count != r.counted[at]:
		return fmt.Sprintf("%s says that it saw %d and passed on %d", name, list[0].Count, r.counted[at])
	default:
		return ""
	}
}
