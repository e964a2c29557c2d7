package cli

import (
	"fmt"
	"io"
	"log/slog"
	"strconv"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/internal/pipeline"
)

// A console writes to standard error: logs, advice and progress, so that a
// line of the one never lands in the middle of the other.
type console struct {
	mu       sync.Mutex
	w        io.Writer
	terminal bool
	width    int
	shown    bool      // a progress line stands on the terminal
	last     time.Time // last progress line in a log
}

// console makes the console of this run.
func (a *app) console() *console {
	width, ok := a.Terminal(a.Stderr)
	return &console{w: a.Stderr, terminal: ok && a.Getenv("TERM") != "dumb", width: width}
}

// Write writes a log line or advice, after taking the progress line away.
func (c *console) Write(b []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.clear()
	return c.w.Write(b)
}

func (c *console) clear() {
	if c.shown {
		fmt.Fprint(c.w, "\r\x1b[K")
		c.shown = false
	}
}

// sayf writes one line of advice.
func (c *console) sayf(format string, args ...any) {
	fmt.Fprintf(c, format+"\n", args...)
}

// done takes the progress line away.
func (c *console) done() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.clear()
}

// logger returns the logger of this run.
func (s *setting) logger(c *console) *slog.Logger {
	level := slog.LevelWarn
	switch {
	case s.quiet:
		level = slog.LevelError
	case s.verbose:
		level = slog.LevelDebug
	}
	opts := &slog.HandlerOptions{Level: level}
	if s.logFormat == "json" {
		return slog.New(slog.NewJSONHandler(c, opts))
	}
	return slog.New(slog.NewTextHandler(c, opts))
}

// A line in a log comes when a scan has taken a while, and then now and then.
const progressLog = 15 * time.Second

// progress shows how far the run is: one line that is written over on a
// terminal, a line now and then elsewhere.
func (c *console) progress(st pipeline.Status) {
	text := progressLine(st)
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.terminal {
		now := time.Time{}.Add(st.Elapsed)
		if st.Elapsed >= progressLog && now.Sub(c.last) >= progressLog {
			c.last = now
			fmt.Fprintln(c.w, text)
		}
		return
	}
	if utf8.RuneCountInString(text) >= c.width && c.width > 1 {
		text = string([]rune(text)[:c.width-2]) + "…"
	}
	fmt.Fprint(c.w, "\r\x1b[K"+text)
	c.shown = true
}

// progressLine says in one line what is done, what is left and how long it is
// likely to take.
func progressLine(st pipeline.Status) string {
	ended, records := 0, int64(0)
	var now *pipeline.SourceStatus
	for i := range st.Sources {
		s := &st.Sources[i]
		records += s.Records
		switch {
		case s.Ended:
			ended++
		case s.Started && now == nil:
			now = s
		}
	}
	var parts []string
	if len(st.Sources) > 1 {
		parts = append(parts, fmt.Sprintf("%d of %d sources done", ended, len(st.Sources)))
	}
	if now != nil {
		what := strings.TrimSpace(visible(now.Name + ": " + now.Message))
		if how := counted(now); how != "" {
			what += " " + how
		}
		parts = append(parts, what)
	}
	parts = append(parts, fmt.Sprintf("%d records", records), st.Elapsed.Round(time.Second).String())
	if st.Left > 0 {
		parts = append(parts, "about "+st.Left.String()+" left")
	}
	return "scanning: " + strings.Join(parts, " · ")
}

// counted says how much of a source is done, and of how much; empty is unknown.
func counted(s *pipeline.SourceStatus) string {
	number := func(n int64) string { return strconv.FormatInt(n, 10) }
	if s.Unit == inventory.UnitBytes {
		number = func(n int64) string { return fmt.Sprintf("%.1f", float64(n)/1e6) }
	}
	var text string
	switch {
	case s.Total > 0:
		text = fmt.Sprintf("%s of %s", number(s.Done), number(s.Total))
	case s.Done > 0:
		text = number(s.Done)
	default:
		return ""
	}
	if s.Unit == inventory.UnitBytes {
		text += " MB"
	}
	if s.Total > 0 {
		text += fmt.Sprintf(" (%d%%)", int(100*float64(s.Done)/float64(s.Total)))
	}
	return text
}
