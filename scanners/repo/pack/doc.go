// Package pack reads the object store of a git repository by itself: packs,
// their indexes and loose objects, without starting git.
//
// Reading all objects costs each of them one inflation and one application of
// its delta: a pack is taken as a forest in which an object hangs below the one
// it is a delta against, and each tree is walked from its root down. The
// formats are those of gitformat-pack(5), RFC 1950 (zlib) and RFC 1951
// (deflate).
//
// A store is not trusted. Sizes in it are claims: nothing is allocated by them
// before they are held against a limit, and no output exceeds them. What is not
// as it should be is an error that names the object. Every packed object is
// held to the checksum in the index (CRC-32 of what is stored; version 1 has
// none) and to that of its zlib stream; loose objects to their name.
//
// A store may borrow objects from others (alternates): the caller finds these,
// as it is for him to say where a repository may lead.
//
// What the package does not know it says (UnsupportedError), so that the caller
// can turn to git: SHA-256, other versions of packs and indexes, packs that only
// a multi-pack-index lists. Else a multi-pack-index is not needed and not read:
// the packs it covers keep their own indexes. So do cruft packs. A pack of a
// partial clone is read as any other; what it lacks is not there.
package pack

import (
	"encoding/hex"
	"errors"
	"fmt"
)

// An ID is an object's name: its SHA-1.
type ID [20]byte

// String returns the ID as hex digits.
func (id ID) String() string { return hex.EncodeToString(id[:]) }

// A Type is what an object is. The numbers are those of the pack format.
type Type uint8

// The types of objects.
const (
	Commit Type = 1
	Tree   Type = 2
	Blob   Type = 3
	Tag    Type = 4

	ofsDelta Type = 6
	refDelta Type = 7
)

// String returns git's word for a type.
func (t Type) String() string {
	switch t {
	case Commit:
		return "commit"
	case Tree:
		return "tree"
	case Blob:
		return "blob"
	case Tag:
		return "tag"
	default:
		return fmt.Sprintf("type %d", uint8(t))
	}
}

// An Object is what is known of an object besides its content. Size is -1 if it
// is not known.
type Object struct {
	ID   ID
	Type Type
	Size int64
}

var (
	// ErrCorrupt says that what is stored is not what it should be.
	ErrCorrupt = errors.New("corrupt")
	// ErrTooLarge says that an object, or one that it is made from, is larger
	// than the caller allows.
	ErrTooLarge = errors.New("larger than what is kept in memory")
	// ErrMissing says that an object is not in the store.
	ErrMissing = errors.New("not in the store")
)

// An UnsupportedError says why a store cannot be read by this package. Nothing
// is wrong with such a store.
type UnsupportedError struct{ Reason string }

// Error returns the reason.
func (e *UnsupportedError) Error() string { return "the store is read by git only: " + e.Reason }

// An ObjectError says which object cannot be read, and why. Err is ErrCorrupt,
// ErrTooLarge or ErrMissing, wrapped with what was seen.
type ObjectError struct {
	ID     ID
	Offset int64 // in its pack, in bytes; -1 for a loose object or one that is not there
	Err    error
}

// Error names the object.
func (e *ObjectError) Error() string {
	if e.Offset < 0 {
		return fmt.Sprintf("object %s: %v", e.ID, e.Err)
	}
	return fmt.Sprintf("object %s at offset %d: %v", e.ID, e.Offset, e.Err)
}

// Unwrap returns the reason.
func (e *ObjectError) Unwrap() error { return e.Err }

// corrupt makes an ErrCorrupt that says what was seen.
func corrupt(what string) error { return fmt.Errorf("%w: %s", ErrCorrupt, what) }
