// Package plugin is another program as a scanner. The program is called as
// `<path> info` and prints what it is, then as `<path> scan`, reads its
// configuration as one JSON object on standard input and prints records as JSON
// lines; docs/plugins.md describes the protocol.
//
// Nothing that a program prints is trusted: it has an empty environment but for
// the variables that the user names, limits on time and on the length of a
// line, and each record is validated and must bear the program's name in its
// id. Whatever goes wrong becomes partial coverage that says so. A program is
// not confined beyond that: it runs with the user's rights.
package plugin

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/scanners"
)

// Protocol is the version of the protocol that this package speaks.
const Protocol = 1

// The limits of a program whose configuration sets none.
const (
	defaultTimeout = 10 * time.Minute
	infoTimeout    = 30 * time.Second
	maxInfo        = 1 << 20 // bytes that info may print
	maxFaults      = 1000    // lines that may be wrong before the program is stopped
)

// Config says which program to run and how.
type Config struct {
	Path    string         `yaml:"path" json:"path"`         // of the program; absolute
	SHA256  string         `yaml:"sha256" json:"sha256"`     // of the program, in hex; empty is not checked. A copy is run, so that what was checked is what runs
	Env     []string       `yaml:"env" json:"env"`           // names of the environment variables that it is given; all of them must be set
	Timeout string         `yaml:"timeout" json:"timeout"`   // how long a scan may take, as in 90s or 10m; empty is 10m
	MaxLine int            `yaml:"max_line" json:"max_line"` // bytes in a line; 0 is 8 MiB
	Config  map[string]any `yaml:"config" json:"config"`     // what the program reads on standard input
}

// Factory returns the factory of the scanner. Reserved are the names that a
// program may not take for itself: those of the built-in scanners.
func Factory(reserved ...string) scanners.Factory {
	info := scanners.Info{
		Name:     "plugin",
		Title:    "Another program that speaks muster's plug-in protocol",
		Argument: "path",
		Kinds:    inventory.ScanKinds(),
	}
	reserved = append(slices.Clone(reserved), info.Name)
	return scanners.Define(info, Config{}, func(env scanners.Env, c Config) (scanners.Scanner, error) {
		p, err := newProgram(c, env.Log)
		if err != nil {
			return nil, err
		}
		return &scanner{program: p, reserved: reserved}, nil
	})
}

// Describe runs `<path> info` and returns what the program says of itself. Log
// takes what it prints to standard error; nil drops that.
func Describe(ctx context.Context, c Config, log *slog.Logger) (scanners.Info, error) {
	p, err := newProgram(c, log)
	if err != nil {
		return scanners.Info{}, err
	}
	if err := p.prepare(); err != nil {
		return scanners.Info{}, err
	}
	defer p.remove()
	return p.info(ctx)
}

// A program is one to run, its configuration checked.
type program struct {
	path    string // as configured, for messages
	exe     string // what is run: path, or a copy of it
	dir     string // of the copy; empty if there is none
	sum     string
	env     []string // NAME=value
	timeout time.Duration
	maxLine int
	config  map[string]any
	log     *slog.Logger
	redact  *strings.Replacer
}

// newProgram checks a configuration.
func newProgram(c Config, log *slog.Logger) (*program, error) {
	if c.Path == "" {
		return nil, errors.New("path is missing: which program is to be run?")
	}
	if !filepath.IsAbs(c.Path) {
		return nil, fmt.Errorf("path %q is not absolute", c.Path)
	}
	p := &program{path: c.Path, exe: c.Path, sum: strings.ToLower(c.SHA256), timeout: defaultTimeout, maxLine: c.MaxLine, config: c.Config, log: log}
	if log == nil {
		p.log = slog.New(slog.DiscardHandler)
	}
	if b, err := hex.DecodeString(p.sum); err != nil || len(b) != 0 && len(b) != 32 {
		return nil, errors.New("sha256 is not of 64 hex digits")
	}
	if c.Timeout != "" {
		d, err := time.ParseDuration(c.Timeout)
		if err != nil || d <= 0 {
			return nil, fmt.Errorf("timeout %q is not a duration such as 90s or 10m", c.Timeout)
		}
		p.timeout = d
	}
	if c.MaxLine < 0 {
		return nil, fmt.Errorf("max_line %d is negative", c.MaxLine)
	}
	if err := p.lend(c.Env); err != nil {
		return nil, err
	}
	return p, nil
}

// lend looks up the variables that the program is given. Their values are
// struck out of all that it prints for people.
func (p *program) lend(names []string) error {
	var strike []string
	p.env = []string{} // nil would be the whole environment
	for _, name := range names {
		value, ok := os.LookupEnv(name)
		if !ok {
			return fmt.Errorf("the environment variable %s, which env names, is not set", name)
		}
		p.env = append(p.env, name+"="+value)
		strike = append(strike, value)
	}
	strike = append(strike, texts(p.config)...)
	pairs := []string{}
	for _, value := range strike {
		if len(value) >= 8 {
			pairs = append(pairs, value, "[redacted]")
		}
	}
	p.redact = strings.NewReplacer(pairs...)
	return nil
}

// texts returns all strings in a configuration, which may be secrets.
func texts(v any) []string {
	var out []string
	switch v := v.(type) {
	case string:
		out = append(out, v)
	case []any:
		for _, x := range v {
			out = append(out, texts(x)...)
		}
	case map[string]any:
		for _, x := range v {
			out = append(out, texts(x)...)
		}
	}
	return out
}
