// Package cli holds the commands. It is the only package that reads the world
// (environment, clock, terminal, home directory) and the only one where the
// parts are put together.
//
// Standard output carries results only; progress, logs and advice go to
// standard error. Every command ends in one of the exit statuses below.
package cli

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"

	"golang.org/x/term"
)

// The exit statuses, as docs/cli.md promises them.
const (
	exitOK          = 0   // complete, and nothing at or above --fail-on
	exitFindings    = 1   // findings at or above --fail-on
	exitUsage       = 2   // wrong usage or configuration
	exitPartial     = 3   // some scope could not be read
	exitInterrupted = 130 // interrupted; what was found is kept
)

// A World is all that the commands read and write outside the files that they
// are told to.
type World struct {
	Stdin     io.Reader
	Stdout    io.Writer
	Stderr    io.Writer
	Getenv    func(string) string
	Dir       string // the current directory
	Now       func() time.Time
	Rand      io.Reader
	Terminal  func(io.Writer) (width int, ok bool)                                // whether it is one, and how many columns it has
	Interrupt func(context.Context, func()) (context.Context, context.CancelFunc) // ends the context at the first signal, after calling the function
}

// Main runs the program and returns its exit status, as docs/cli.md states it.
func Main(args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	dir, err := os.Getwd()
	if err != nil {
		fmt.Fprintf(stderr, "muster: find the current directory: %v\n", err)
		return exitUsage
	}
	tuneMemory(os.Getenv)
	// A reader that goes away (`muster findings | head`) makes a write fail; it
	// must not kill the program before its exit status is due.
	pipe := make(chan os.Signal, 1)
	signal.Notify(pipe, syscall.SIGPIPE)
	defer signal.Stop(pipe)
	return Run(World{
		Stdin: stdin, Stdout: stdout, Stderr: stderr, Getenv: os.Getenv, Dir: dir,
		Now: time.Now, Rand: rand.Reader, Terminal: terminal, Interrupt: interrupt,
	}, args)
}

// Run runs one command line in a world and returns the exit status.
func Run(w World, args []string) int {
	a := &app{World: w}
	root := a.root()
	root.SetArgs(args)
	err := root.ExecuteContext(context.Background())
	if errors.Is(err, syscall.EPIPE) {
		err = nil
	}
	return a.status(err)
}

// status tells the user what went wrong and picks the exit status.
func (a *app) status(err error) int {
	if err == nil {
		return exitOK
	}
	var exit *exitError
	if !errors.As(err, &exit) {
		exit = &exitError{code: exitUsage, err: err}
	}
	if exit.err != nil {
		fmt.Fprintln(a.Stderr, "muster: "+exit.err.Error())
	}
	return exit.code
}

// An exitError carries an exit status. Without an error it is silent: the
// report has said why.
type exitError struct {
	code int
	err  error
}

func (e *exitError) Error() string {
	if e.err == nil {
		return fmt.Sprintf("exit status %d", e.code)
	}
	return e.err.Error()
}

func (e *exitError) Unwrap() error { return e.err }

// An app is one run of the program.
type app struct {
	World
}

// usage makes an error that says how to use the program rightly.
func usage(format string, args ...any) error {
	return &exitError{exitUsage, fmt.Errorf(format, args...)}
}

// terminal tells whether a writer is a terminal, and its width.
func terminal(w io.Writer) (int, bool) {
	f, ok := w.(*os.File)
	if !ok || !term.IsTerminal(int(f.Fd())) {
		return 0, false
	}
	width, _, err := term.GetSize(int(f.Fd()))
	if err != nil {
		width = 80
	}
	return width, true
}

// interrupt ends the context at the first interrupt or termination signal and
// then lets the next one kill the program.
func interrupt(ctx context.Context, told func()) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(ctx)
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	go func() {
		select {
		case <-signals:
			signal.Stop(signals)
			told()
			cancel()
		case <-ctx.Done():
		}
	}()
	return ctx, func() {
		signal.Stop(signals)
		cancel()
	}
}
