// Package export reads what the command line of Azure and Microsoft Graph saved into
// files: the output of az listings and of az rest, answers of Resource Graph, pages
// that somebody kept of Graph Explorer. Nobody's access is needed for that.
//
// Files are known by what is in them. Their names only tell of which application,
// vault or subscription a list is that does not say so itself, and of which call an
// empty list is. What is missing is told with the command that gets it, and what
// cannot be read is named and costs nothing else. Values of secrets that somebody
// saved are passed over and told.
package export

import (
	"context"

	"github.com/muster-nhi/muster/internal/saved"
	"github.com/muster-nhi/muster/scanners/azure/object"
)

// Options say what to read. A zero field means the default: files of 4 GiB, and
// objects, or pages of an API's answer, of 64 MiB.
type Options saved.Options

func (o Options) withDefaults() Options {
	return Options(saved.Options(o).WithDefaults(4<<30, 64<<20))
}

// A Problem is what could not be read, or what the reader of the result should
// know, and where.
type Problem = saved.Problem

// Read reads a directory, whatever the names and depth of its files, symbolic
// links out of it not followed. Files of different tenants are told apart by a
// directory that has the id of a tenant for a name; without one there is a single
// tenant.
//
// Each listing that a live scan would make is in Listings, with what to run where
// no file has it. Memory grows with the number of objects; files are read object by
// object. Read returns an error only if the directory cannot be opened or ctx ended.
func Read(ctx context.Context, o Options) (*object.Estate, []Problem, error) {
	r := newReader(ctx, o.withDefaults())
	w := saved.Walker{Options: saved.Options(r.opts), Problems: r.problems, Survey: r.survey, File: r.file}
	if err := w.Walk(ctx); err != nil {
		return nil, nil, err //nolint:wrapcheck // it says what was done
	}
	return r.finish(), r.problems.All(), nil
}
