package plugin

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"
	"unicode"

	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/scanners"
)

// grace is how long a program's children may hold its output open after it
// has ended or was stopped.
const grace = 2 * time.Second

// prepare looks at the program's file. If its hash is pinned it makes a private
// copy, hashed while it is copied, and that is what will run; remove takes it
// away.
func (p *program) prepare() error {
	info, err := os.Stat(p.path)
	if err != nil {
		return fmt.Errorf("plug-in: %w", err)
	}
	switch {
	case !info.Mode().IsRegular():
		return fmt.Errorf("plug-in %q is not a regular file", p.path)
	case !mayRun(info.Mode()):
		return fmt.Errorf("plug-in %q is not executable", p.path)
	case writableByAll(info.Mode()):
		return fmt.Errorf("plug-in %q can be written by everybody; it is not run", p.path)
	case p.sum == "":
		return nil
	}
	if p.dir, err = os.MkdirTemp("", "muster-plugin-"); err != nil {
		return fmt.Errorf("copy plug-in: %w", err)
	}
	p.exe = filepath.Join(p.dir, filepath.Base(p.path))
	sum, err := copyHashed(p.exe, p.path)
	switch {
	case err != nil:
		err = fmt.Errorf("copy plug-in: %w", err)
	case sum != p.sum:
		err = fmt.Errorf("plug-in %q has the SHA-256 %s, and %s is pinned", p.path, sum, p.sum)
	default:
		return nil
	}
	p.remove()
	return err
}

// remove takes away the private copy.
func (p *program) remove() {
	if p.dir == "" {
		return
	}
	if err := os.RemoveAll(p.dir); err != nil {
		p.log.Warn("the copy of a plug-in was not removed", "dir", p.dir, "reason", err)
	}
	p.dir, p.exe = "", p.path
}

func copyHashed(to, from string) (sum string, err error) {
	in, err := os.Open(from)
	if err != nil {
		return "", err
	}
	defer in.Close()                                                      //nolint:errcheck // read only
	out, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o500) //nolint:gosec // it is to be run
	if err != nil {
		return "", err
	}
	h := sha256.New()
	_, err = io.Copy(io.MultiWriter(out, h), in)
	if err := errors.Join(err, out.Close()); err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// command makes a call of the program. It ends, with all its children in its
// process group, when ctx does.
func (p *program) command(ctx context.Context, verb string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, p.exe, verb) //nolint:gosec // running it is what this package is for
	cmd.Env = p.env
	cmd.Dir = filepath.VolumeName(p.path) + string(filepath.Separator)
	cmd.Stderr = &chatter{program: p}
	cmd.WaitDelay = grace
	ownGroup(cmd)
	cmd.Cancel = func() error { return killGroup(cmd) }
	return cmd
}

// start starts a call. A file that was written just now can be busy for a
// moment, if another goroutine forked while it was open for writing.
func (p *program) start(ctx context.Context, verb string, set func(*exec.Cmd)) (*exec.Cmd, error) {
	for try := 0; ; try++ {
		cmd := p.command(ctx, verb)
		set(cmd)
		err := cmd.Start()
		if err == nil {
			return cmd, nil
		}
		if !errors.Is(err, syscall.ETXTBSY) || try == 20 {
			return nil, fmt.Errorf("start %s %s: %w", p.path, verb, err)
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(10 * time.Millisecond):
		}
	}
}

// wait waits for a call to end, and then ends what it left running.
func wait(cmd *exec.Cmd) error {
	err := cmd.Wait()
	_ = killGroup(cmd) // there is mostly nothing left to end
	return err
}

// description is what info prints. Fields that are not here are ignored.
type description struct {
	Protocol    int              `json:"protocol"`
	Name        string           `json:"name"`
	Title       string           `json:"title"`
	Kinds       []inventory.Kind `json:"kinds"`
	Permissions []string         `json:"permissions"`
	Network     bool             `json:"network"`
}

// info asks the program what it is.
func (p *program) info(ctx context.Context) (scanners.Info, error) {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	limit := min(infoTimeout, p.timeout)
	ctx, cancel := context.WithTimeoutCause(ctx, limit, fmt.Errorf("it was stopped after %s", limit))
	defer cancel()
	out := limited{stop: stop}
	cmd, err := p.start(ctx, "info", func(cmd *exec.Cmd) { cmd.Stdout = &out })
	if err != nil {
		return scanners.Info{}, err
	}
	if err := wait(cmd); err != nil {
		if ctx.Err() != nil {
			err = context.Cause(ctx)
		}
		return scanners.Info{}, fmt.Errorf("%s info: %w", p.path, err)
	}
	var d description
	if err := json.Unmarshal(out.buf.Bytes(), &d); err != nil {
		return scanners.Info{}, fmt.Errorf("%s info: what it prints is not one JSON object as the protocol wants it", p.path)
	}
	if err := d.check(); err != nil {
		return scanners.Info{}, fmt.Errorf("%s info: %w", p.path, err)
	}
	return scanners.Info{Name: d.Name, Title: d.Title, Kinds: d.Kinds, Permissions: d.Permissions, Network: d.Network}, nil
}

func (d *description) check() error {
	if d.Protocol != Protocol {
		return fmt.Errorf("it speaks version %d of the protocol, and this muster version %d", d.Protocol, Protocol)
	}
	if !inventory.ValidName(d.Name) {
		return errors.New("name is not a lower-case name of letters, digits, dashes and underscores")
	}
	if len(d.Kinds) == 0 {
		return errors.New("kinds is empty")
	}
	for i, k := range d.Kinds {
		if !slices.Contains(inventory.ScanKinds(), k) || slices.Contains(d.Kinds[:i], k) {
			return fmt.Errorf("kinds has an entry that is no kind or comes twice; there are %v", inventory.ScanKinds())
		}
	}
	d.Title = clean(d.Title)
	for i, s := range d.Permissions {
		d.Permissions[i] = clean(s)
	}
	return nil
}

// limited takes as much as info may print, and stops the program that prints
// more. The buffer is not embedded: its ReadFrom would know no limit.
type limited struct {
	buf  bytes.Buffer
	stop context.CancelCauseFunc
}

func (l *limited) Write(b []byte) (int, error) {
	if l.buf.Len()+len(b) > maxInfo {
		err := fmt.Errorf("it prints more than %d bytes", maxInfo)
		l.stop(err)
		return 0, err
	}
	return l.buf.Write(b)
}

// clean makes a line that can be shown on a terminal of any bytes.
func clean(s string) string {
	const most = 1000
	s = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.Is(unicode.Cf, r) {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(s, "\uFFFD"))
	if len(s) > most {
		s = strings.ToValidUTF8(s[:most], "") + "…"
	}
	return strings.TrimSpace(s)
}

// chatter passes what a program prints to standard error on to the log, line by
// line, up to a limit.
type chatter struct {
	program *program
	rest    []byte
	lines   int
}

func (c *chatter) Write(b []byte) (int, error) {
	const most, longest = 200, 4096
	for _, x := range b {
		if x == '\n' {
			c.flush(most)
		} else if len(c.rest) < longest {
			c.rest = append(c.rest, x)
		}
	}
	return len(b), nil
}

func (c *chatter) flush(most int) {
	line := clean(c.program.redact.Replace(string(c.rest)))
	c.rest = c.rest[:0]
	if line == "" || c.lines > most {
		return
	}
	if c.lines++; c.lines > most {
		line = "(what it says after this is not shown)"
	}
	c.program.log.Info("plug-in", "path", c.program.path, "says", line)
}
