// Package saved reads files that somebody saved and handed over: a directory of any
// shape, whose files are JSON, lines of JSON or YAML, compressed or not, in UTF-8 or
// UTF-16. It knows nothing of what the files say. A State is what a scan saves of its
// own for a later one.
//
// Nothing is trusted. Links are not followed, pipes are not waited for, the length of
// a file and of a value in it is bounded, and what cannot be read is named and costs
// nothing else. No message quotes a file.
package saved

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"strings"

	"github.com/muster-nhi/muster/internal/inventory"
)

// Options say what to read, and how much at most. A zero field means the default.
type Options struct {
	// Dir is the directory, or a single file.
	Dir string
	// MaxFile is the longest file that is read, in bytes, after it was decompressed.
	// MaxValue is the longest single object in it, or page of an API's answer. Their
	// defaults are those of the caller.
	MaxFile, MaxValue int64
	// MaxFiles bounds the files that are opened; default 200,000.
	MaxFiles int
	// MaxProblems bounds the problems that are told one by one; default 200.
	MaxProblems int
}

// WithDefaults fills the fields that are zero.
func (o Options) WithDefaults(maxFile, maxValue int64) Options {
	o.MaxFile = cmp.Or(o.MaxFile, maxFile)
	o.MaxValue = cmp.Or(o.MaxValue, maxValue)
	o.MaxFiles = cmp.Or(o.MaxFiles, 200_000)
	o.MaxProblems = cmp.Or(o.MaxProblems, 200)
	return o
}

// A Problem is what could not be read, or what the reader of the result should
// know, and where.
type Problem struct {
	Path    string // below the directory, with forward slashes; empty if it is the directory as a whole
	Message string // what is wrong and what to do; holds no value
	Lost    bool   // something was not read, so that nothing is known in full
	Held    bool   // the value of a secret lies there
}

// String returns path: message.
func (p Problem) String() string {
	if p.Path == "" {
		return p.Message
	}
	return p.Path + ": " + p.Message
}

// Problems collects what is told, to a bound.
type Problems struct {
	list []Problem
	most int
	more int
	lost bool // one of those that are not listed lost something
	held bool // one of them holds the value of a secret
}

// NewProblems returns a collection that tells so many one by one.
func NewProblems(most int) *Problems { return &Problems{most: most} }

// Lost tells of something that was not read. The message follows the path.
func (p *Problems) Lost(path, message string) {
	p.add(Problem{Path: path, Message: message, Lost: true})
}

// Note tells of something that the reader of the result should know.
func (p *Problems) Note(path, message string) { p.add(Problem{Path: path, Message: message}) }

// Held tells of a file with the value of a secret, which has no place there.
func (p *Problems) Held(path, message string) {
	p.add(Problem{Path: path, Message: message, Held: true})
}

func (p *Problems) add(problem Problem) {
	problem.Path = Short(problem.Path, 200)
	if len(p.list) >= p.most {
		p.more++
		p.lost, p.held = p.lost || problem.Lost, p.held || problem.Held
		return
	}
	p.list = append(p.list, problem)
}

// All returns what was told, in that order, and how many problems more there were.
func (p *Problems) All() []Problem {
	if p.more > 0 {
		p.list = append(p.list, Problem{Message: fmt.Sprintf("%d problems more", p.more), Lost: p.lost, Held: p.held})
		p.more = 0
	}
	return p.list
}

// maxWarned is how many files with values of secrets are warned of one by one.
const maxWarned = 20

// Warn logs which files hold the value of a secret: whoever keeps them should hear of
// it at once, and not only in a report. A nil log is nobody.
func Warn(log *slog.Logger, problems []Problem) {
	n := 0
	for _, p := range problems {
		if !p.Held || log == nil {
			continue
		}
		if n++; n <= maxWarned {
			log.Warn("a file holds the value of a secret", "file", p.Path, "what", p.Message)
		}
	}
	if n > maxWarned {
		log.Warn("more files hold values of secrets", "files", n-maxWarned)
	}
}

// Short makes text of a file fit to stand in a message, of so many bytes and an
// ellipsis at most.
func Short(text string, most int) string {
	text = inventory.Printable(text)
	if len(text) > most {
		text = strings.ToValidUTF8(text[:most], "") + "…"
	}
	return text
}

// Cause is what is wrong with a file, without its path.
func Cause(err error) string {
	if at, ok := errors.AsType[*fs.PathError](err); ok {
		err = at.Err
	}
	if errors.Is(err, fs.ErrPermission) {
		return "permission denied"
	}
	return err.Error()
}
