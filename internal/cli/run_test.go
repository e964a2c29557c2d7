package cli

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/internal/pipeline"
)

// world is a world of its own, below a directory of the test.
func world(t *testing.T, stdout io.Writer, stderr io.Writer) World {
	t.Helper()
	home := t.TempDir()
	return World{
		Stdin: strings.NewReader(""), Stdout: stdout, Stderr: stderr, Dir: home, Rand: rand.Reader,
		Now:      func() time.Time { return time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC) },
		Getenv:   func(k string) string { return map[string]string{"HOME": home}[k] },
		Terminal: func(io.Writer) (int, bool) { return 0, false },
		Interrupt: func(ctx context.Context, _ func()) (context.Context, context.CancelFunc) {
			return context.WithCancel(ctx)
		},
	}
}

// TestInterrupted checks that an interrupted scan keeps and reports what it
// found, as partial, with exit status 130.
func TestInterrupted(t *testing.T) {
	var out, msg bytes.Buffer
	w := world(t, &out, &msg)
	w.Interrupt = func(ctx context.Context, told func()) (context.Context, context.CancelFunc) {
		ctx, cancel := context.WithCancel(ctx)
		told()
		cancel()
		return ctx, cancel
	}
	file := filepath.Join(w.Dir, "scan.jsonl")
	if err := os.WriteFile(file, []byte(`{"identity":{"id":"fake:a","type":"fake.user","scope":"s","name":"a"}}`+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if got := Run(w, []string{"scan", "replay:" + file, "-o", "json"}); got != exitInterrupted {
		t.Errorf("exit status %d, want %d; %s", got, exitInterrupted, msg.String())
	}
	if !strings.Contains(out.String(), `"interrupted":true`) || !strings.Contains(msg.String(), "interrupted") {
		t.Errorf("standard output:\n%s\nstandard error:\n%s", out.String(), msg.String())
	}
	out.Reset()
	if got := Run(w, []string{"snapshot", "show"}); got != exitOK || !strings.Contains(out.String(), "interrupted") {
		t.Errorf("exit status %d; the snapshot that was kept:\n%s", got, out.String())
	}
}

// gone is a reader that went away.
type gone struct{}

func (gone) Write([]byte) (int, error) { return 0, &os.PathError{Op: "write", Err: syscall.EPIPE} }

func TestBrokenPipeKeepsTheExitStatus(t *testing.T) {
	var msg bytes.Buffer
	if got := Run(world(t, gone{}, &msg), []string{"demo", "--fail-on", "high"}); got != exitFindings {
		t.Errorf("exit status %d, want %d; %s", got, exitFindings, msg.String())
	}
	if got := Run(world(t, gone{}, &msg), []string{"rules", "list"}); got != exitOK {
		t.Errorf("exit status %d, want 0; %s", got, msg.String())
	}
}

// full is a disk that is full.
type full struct{}

func (full) Write([]byte) (int, error) { return 0, errors.New("no space left on device") }

func TestOutputThatCannotBeWrittenIsAnError(t *testing.T) {
	var msg bytes.Buffer
	if got := Run(world(t, full{}, &msg), []string{"demo"}); got != exitUsage || !strings.Contains(msg.String(), "no space left") {
		t.Errorf("exit status %d; %s", got, msg.String())
	}
}

func TestProgressOnTerminalAndInALog(t *testing.T) {
	st := pipeline.Status{Elapsed: 20 * time.Second, Left: 40 * time.Second, Sources: []pipeline.SourceStatus{
		{Name: "repo:a", Ended: true, Records: 3},
		{Name: "repo:\x1b[31mb", Message: "reading objects", Started: true, Done: 50, Total: 200, Records: 4},
	}}
	var log, screen bytes.Buffer
	c := &console{w: &log}
	c.progress(pipeline.Status{Elapsed: time.Second})
	c.progress(st)
	c.progress(st)
	if got := strings.Count(log.String(), "\n"); got != 1 {
		t.Errorf("%d lines in the log, want 1 in the first quarter of a minute:\n%s", got, log.String())
	}
	for _, want := range []string{"1 of 2 sources done", "50 of 200 (25%)", "7 records", "about 40s left", `\x1b`} {
		if !strings.Contains(log.String(), want) {
			t.Errorf("the log has no %q:\n%s", want, log.String())
		}
	}
	st.Sources[1].Unit, st.Sources[1].Done, st.Sources[1].Total = inventory.UnitBytes, 1_250_000, 2e9
	if got := progressLine(st); !strings.Contains(got, "reading objects 1.2 of 2000.0 MB (0%)") {
		t.Errorf("bytes: %s", got)
	}
	c = &console{w: &screen, terminal: true, width: 40}
	c.progress(st)
	c.sayf("a line of advice")
	if got := screen.String(); !strings.HasSuffix(got, "\r\x1b[Ka line of advice\n") {
		t.Errorf("the progress line was not taken away: %q", got)
	}
}

func TestKeyIsMadeOnceAndNeverShown(t *testing.T) {
	var out, msg bytes.Buffer
	w := world(t, &out, &msg)
	a := &app{World: w}
	p := storePlace{keyFile: filepath.Join(w.Dir, "state", "key")}
	first, _, err := a.key(p)
	if err != nil {
		t.Fatal(err)
	}
	second, _, err := a.key(p)
	if err != nil || first != second {
		t.Errorf("the second key differs from the first (%v)", err)
	}
	if err := os.WriteFile(p.keyFile, []byte("0011 damaged"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, _, err := a.key(p); err == nil || strings.Contains(err.Error(), "0011") {
		t.Errorf("a damaged key: %v", err)
	}
	if _, err := parseKey("secret-key-text"); err == nil || strings.Contains(err.Error(), "secret-key-text") {
		t.Errorf("a wrong key: %v", err)
	}
}

func TestVisible(t *testing.T) {
	for give, want := range map[string]string{
		"plain é":     "plain é",
		"\x1b[31mred": `\x1b[31mred`,
		"a\u202eb":    `a\u202eb`,
		"line\nbreak": `line\x0abreak`,
		"bad\xffbyte": `bad\xffbyte`,
	} {
		if got := visible(give); got != want {
			t.Errorf("visible(%q) = %q, want %q", give, got, want)
		}
	}
}

func TestFits(t *testing.T) {
	for _, tt := range []struct {
		pattern, s string
		want       bool
	}{
		{"", "x", true},
		{"aws.*", "aws.iam_user", true},
		{"github.com/*", "github.com/northwind/api", true},
		{"AWS.*", "aws.x", true},
		{"aws.*", "gcp.x", false},
		{"[", "[", true},
		{"[", "x", false},
	} {
		if got := fits(tt.pattern, tt.s); got != tt.want {
			t.Errorf("fits(%q, %q) = %v, want %v", tt.pattern, tt.s, got, tt.want)
		}
	}
}
