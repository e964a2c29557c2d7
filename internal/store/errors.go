package store

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"syscall"

	"modernc.org/sqlite"
)

// The causes that callers can tell apart. Errors that wrap them name the file
// and say what to do.
var (
	ErrUnsupported = errors.New("this store is not supported")
	ErrNoStore     = errors.New("there is no store")
	ErrForeign     = errors.New("this is not a store of muster")
	ErrNewer       = errors.New("the store was written by a newer muster")
	ErrCorrupt     = errors.New("the store is damaged")
	ErrBusy        = errors.New("another process is writing to the store")
	ErrDenied      = errors.New("the store cannot be written")
	ErrFull        = errors.New("the disk is full")
	ErrNotFound    = errors.New("no such snapshot")
	ErrAmbiguous   = errors.New("more than one snapshot begins so")
)

// The primary result codes of SQLite that have a cause of ours
// (https://sqlite.org/rescode.html).
const (
	codePerm     = 3
	codeBusy     = 5
	codeLocked   = 6
	codeReadOnly = 8
	codeIO       = 10
	codeCorrupt  = 11
	codeFull     = 13
	codeCantOpen = 14
	codeNotADB   = 26
)

// explain says what was being done, to which file, why it did not work and what
// helps.
func (s *Store) explain(doing string, err error) error {
	if err == nil {
		return nil
	}
	help, cause := causeOf(err)
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) || cause == nil {
		return fmt.Errorf("%s %s: %w", doing, s.path, err)
	}
	if errors.Is(cause, ErrBusy) {
		help = fmt.Sprintf("waited %s for it; try again when it is done", s.wait)
	}
	return fmt.Errorf("%s %s: %w: %s (%w)", doing, s.path, cause, help, err)
}

func causeOf(err error) (help string, cause error) {
	e, ok := errors.AsType[*sqlite.Error](err)
	if !ok {
		switch {
		case errors.Is(err, syscall.ENOSPC):
			return "make room or choose another path with --store", ErrFull
		case errors.Is(err, fs.ErrPermission), errors.Is(err, syscall.EROFS):
			return "check who owns the file and its directory, or choose another path with --store", ErrDenied
		}
		return "", nil
	}
	switch e.Code() & 0xff {
	case codeBusy, codeLocked:
		return "", ErrBusy
	case codeReadOnly, codePerm, codeCantOpen:
		return "check who owns the file and its directory, or choose another path with --store", ErrDenied
	case codeCorrupt, codeNotADB:
		return "move the file away and restore it from a backup, or start a new store; exported snapshots stay readable", ErrCorrupt
	case codeFull:
		return "make room or choose another path with --store", ErrFull
	case codeIO:
		return "the file system gave an error; check the disk", ErrDenied
	default:
		return "", nil
	}
}
