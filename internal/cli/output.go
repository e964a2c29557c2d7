package cli

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/muster-nhi/muster/internal/report"
)

// An output is one report to write.
type output struct {
	format report.Format
	file   string // "" is standard output
}

// String writes an output as --output takes it.
func (o output) String() string {
	if o.file == "" {
		return o.format.Name
	}
	return o.format.Name + "=" + o.file
}

// outputs reads the --output flags. What cannot be written is said before a
// scan begins, not after it.
func outputs(asked []string) ([]output, error) {
	if len(asked) == 0 {
		asked = []string{"table"}
	}
	var out []output
	seen := map[string]string{}
	for _, s := range asked {
		o, err := parseOutput(s)
		if err != nil {
			return nil, err
		}
		if before, ok := seen[o.file]; ok {
			if o.file == "" {
				return nil, usage("--output %s and %s both go to standard output; give one of them a file: %s=FILE", before, s, o.format.Name)
			}
			return nil, usage("--output %s and %s go to one file", before, s)
		}
		seen[o.file] = s
		if err := writable(o.file); err != nil {
			return nil, usage("--output %s: %w", s, err)
		}
		out = append(out, o)
	}
	return out, nil
}

// parseOutput reads FORMAT, FORMAT=FILE or FILE.
func parseOutput(s string) (output, error) {
	name, file, split := strings.Cut(s, "=")
	if split && file == "" {
		return output{}, usage("--output %s: the file's name is missing", s)
	}
	f, err := report.Lookup(name)
	if err != nil && !split {
		return output{}, usage("--output: %w", err)
	}
	if err != nil || split && f.Name != name {
		if f, ferr := report.Lookup(s); ferr == nil && f.Name != s {
			return output{f, s}, nil // a file whose name has a = in it
		}
		return output{}, usage("--output: %w", errors.Join(err, errIf(err == nil, "%q is no format", name)))
	}
	switch {
	case split && file != "-":
		return output{f, filepath.Clean(file)}, nil
	case split || f.Name == name:
		return output{f, ""}, nil
	}
	return output{f, filepath.Clean(s)}, nil
}

func errIf(bad bool, format string, args ...any) error {
	if bad {
		return fmt.Errorf(format, args...)
	}
	return nil
}

// writable says why a file could not be written, as far as one can tell
// without writing it.
func writable(file string) error {
	if file == "" {
		return nil
	}
	dir := filepath.Dir(file)
	info, err := os.Stat(dir)
	switch {
	case os.IsNotExist(err):
		return fmt.Errorf("there is no directory %s; make it first", dir)
	case err != nil:
		return err
	case !info.IsDir():
		return fmt.Errorf("%s is not a directory", dir)
	}
	info, err = os.Stat(file)
	switch {
	case err == nil && info.IsDir():
		return fmt.Errorf("%s is a directory", file)
	case err == nil && !info.Mode().IsRegular():
		return nil // a pipe or device is written to as it is
	}
	probe, err := os.CreateTemp(dir, ".muster.*")
	if err != nil {
		return fmt.Errorf("nothing can be written to the directory %s: %w", dir, cause(err))
	}
	return errors.Join(probe.Close(), os.Remove(probe.Name()))
}

// write writes all outputs. A file is whole or not there: it is written beside
// its place and moved there. It can be read by its owner only, because a report
// tells an attacker where to look.
func (a *app) write(outs []output, r *report.Report, opts report.Options) error {
	var errs []error
	plain := opts
	plain.Color = false // nobody reads escape sequences in a file
	for _, o := range outs {
		var err error
		if o.file == "" {
			err = a.print(func(w io.Writer) error { return o.format.Write(w, r, a.onTerminal(opts)) })
		} else {
			err = writeFile(o.file, func(w io.Writer) error { return o.format.Write(w, r, plain) })
		}
		if err != nil && !errors.Is(err, syscall.EPIPE) {
			errs = append(errs, fmt.Errorf("--output %s: %w", o, err))
		}
	}
	return errors.Join(errs...)
}

// onTerminal adds width and colour if standard output is a terminal.
func (a *app) onTerminal(opts report.Options) report.Options {
	width, ok := a.Terminal(a.Stdout)
	opts.Width = width
	opts.Color = opts.Color && ok
	return opts
}

// print writes to standard output through a buffer.
func (a *app) print(write func(io.Writer) error) error {
	b := bufio.NewWriterSize(a.Stdout, 64<<10)
	if err := write(b); err != nil {
		return err
	}
	return b.Flush()
}

// writeFile writes a file so that it is whole or as it was before.
func writeFile(name string, write func(io.Writer) error) (err error) {
	if info, err := os.Stat(name); err == nil && !info.Mode().IsRegular() {
		return writeDevice(name, write)
	}
	f, err := os.CreateTemp(filepath.Dir(name), "."+filepath.Base(name)+".*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, f.Close(), os.Remove(f.Name()))
		}
	}()
	b := bufio.NewWriterSize(f, 64<<10)
	if err := write(b); err != nil {
		return err
	}
	if err := b.Flush(); err != nil {
		return err
	}
	if err := f.Sync(); err != nil {
		return err
	}
	if err := os.Rename(f.Name(), name); err != nil {
		return err
	}
	return f.Close()
}

// writeDevice writes to what is no ordinary file: a pipe, /dev/stdout.
func writeDevice(name string, write func(io.Writer) error) error {
	f, err := os.OpenFile(name, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	return errors.Join(write(f), f.Close())
}
