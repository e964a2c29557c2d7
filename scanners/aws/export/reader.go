package export

import (
	"context"
	"regexp"

	"github.com/muster-nhi/muster/internal/saved"
	"github.com/muster-nhi/muster/scanners/aws/object"
)

// A reader collects what all files say.
type reader struct {
	ctx      context.Context //nolint:containedctx // of the one read that the reader lives for
	opts     Options
	problems *saved.Problems
	calls    *callTable
	region   *regexp.Regexp // matches a region in a path
	uuid     *regexp.Regexp
	kinds    handlers

	accounts map[string]*account
	managed  set[object.Policy]         // policies of AWS
	waiting  []pending                  // what names no account of its own
	within   map[string]map[string]bool // accounts of the files below a directory
	unknown  []string                   // files of which nothing was understood
}

func newReader(ctx context.Context, o Options) *reader {
	return &reader{
		ctx: ctx, opts: o, problems: saved.NewProblems(o.MaxProblems), calls: newCallTable(), region: regionForm(), uuid: uuidForm(), kinds: newHandlers(),
		accounts: map[string]*account{}, managed: set[object.Policy]{}, within: map[string]map[string]bool{},
	}
}

func (r *reader) lost(name, message string) { r.problems.Lost(name, message) }
func (r *reader) note(name, message string) { r.problems.Note(name, message) }
