// Package export reads what the command line of AWS saved into files: a dump of
// GetAccountAuthorizationDetails, a credential report, and the output of the
// listings that a live scan makes. Nobody's access is needed for that.
//
// Files are known by what is in them. Their names and directories only tell the
// account and the region where the content does not. What is missing is told with
// the command that gets it, and what cannot be read is named and costs nothing
// else. A file that holds the value of a secret is named and not read further;
// values of environment variables are passed over.
package export

import (
	"context"

	"github.com/muster-nhi/muster/internal/saved"
	"github.com/muster-nhi/muster/scanners/aws/object"
)

// Options say what to read. A zero field means the default: files of 1 GiB, values
// of 16 MiB, which is more than any object of AWS has.
type Options saved.Options

func (o Options) withDefaults() Options {
	return Options(saved.Options(o).WithDefaults(1<<30, 16<<20))
}

// A Problem is what could not be read, or what the reader of the result should
// know, and where. If something was lost, no account is known in full.
type Problem = saved.Problem

// Read reads a directory, whatever the names and depth of its files, symbolic
// links out of it not followed. Accounts are told apart by the ARNs in the files,
// or by a directory or file name that is an account id; regions likewise.
//
// Each listing that a live scan would make is in Listings, with what to run where
// no file has it. Memory grows with the number of objects; files are read object by
// object. Read returns an error only if the directory cannot be opened or ctx ended.
func Read(ctx context.Context, o Options) (*object.Estate, []Problem, error) {
	r := newReader(ctx, o.withDefaults())
	w := saved.Walker{Options: saved.Options(r.opts), Problems: r.problems, File: r.file}
	if err := w.Walk(ctx); err != nil {
		return nil, nil, err //nolint:wrapcheck // it says what was done
	}
	return r.finish(), r.problems.All(), nil
}
