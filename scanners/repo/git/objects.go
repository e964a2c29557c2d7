package git

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
)

// The types of objects.
const (
	TypeBlob   = "blob"
	TypeTree   = "tree"
	TypeCommit = "commit"
	TypeTag    = "tag"
)

// An Object is one object of a repository. Type is empty if the object is
// missing or cannot be read.
type Object struct {
	ID   ID
	Type string
	Size int64
}

// Objects calls each for every object in the repository's store, reachable or
// not, in an order that is good to read them in.
func (r *Repo) Objects(ctx context.Context, each func(Object) error) error {
	return r.stream(ctx, nil, func(out io.Reader) error {
		return headers(out, each)
	}, "cat-file", "--batch-all-objects", "--unordered", "--buffer", "--batch-check=%(objectname) %(objecttype) %(objectsize)")
}

// Reachable calls each for every object reachable from any reference, HEAD or
// reflog. An object that is missing has no type.
func (r *Repo) Reachable(ctx context.Context, each func(Object) error) error {
	var ids bytes.Buffer
	err := r.stream(ctx, nil, func(out io.Reader) error {
		scan := bufio.NewReader(out)
		for {
			line, err := scan.ReadBytes('\n')
			if len(line) > 0 {
				id, _, _ := bytes.Cut(bytes.TrimSuffix(bytes.TrimPrefix(line, []byte("?")), []byte("\n")), []byte(" "))
				ids.Write(id)
				ids.WriteByte('\n')
			}
			if errors.Is(err, io.EOF) {
				return nil
			}
			if err != nil {
				return fmt.Errorf("read list of objects: %w", err)
			}
		}
	}, "rev-list", "--objects", "--no-object-names", "--missing=print", "--all", "--reflog", "--")
	if err != nil {
		return err
	}
	return r.stream(ctx, &ids, func(out io.Reader) error {
		return headers(out, each)
	}, "cat-file", "--buffer", "--batch-check=%(objectname) %(objecttype) %(objectsize)")
}

// headers reads the lines of cat-file --batch-check.
func headers(out io.Reader, each func(Object) error) error {
	lines := bufio.NewReaderSize(out, 1<<16)
	for {
		line, err := lines.ReadSlice('\n')
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("read list of objects: %w", err)
		}
		object, err := header(line)
		if err != nil {
			return err
		}
		if err := each(object); err != nil {
			return err
		}
	}
}

// header reads "<id> <type> <size>" or "<id> missing".
func header(line []byte) (Object, error) {
	fields := bytes.Fields(line)
	if len(fields) < 2 {
		return Object{}, errors.New("git cat-file: a line is not an object's")
	}
	id, ok := ParseID(fields[0])
	if !ok {
		return Object{}, errors.New("git cat-file: a line has no object id")
	}
	if len(fields) == 2 {
		return Object{ID: id}, nil
	}
	size, err := strconv.ParseInt(string(fields[2]), 10, 64)
	if err != nil || size < 0 {
		return Object{}, errors.New("git cat-file: a line has no size")
	}
	return Object{id, string(fields[1]), size}, nil
}

// Contents reads objects, in the order given, each through a reader that is
// valid during the call and need not be read to its end. For an object that is
// missing or corrupt each is called with an empty type and no reader, and the
// others are read all the same.
func (r *Repo) Contents(ctx context.Context, ids []ID, each func(Object, io.Reader) error) error {
	for len(ids) > 0 {
		done := 0
		err := r.contents(ctx, ids, &done, each)
		var own *callerError
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case errors.As(err, &own):
			return own.err
		case done >= len(ids):
			return nil
		}
		// git gave up on this object.
		if err := each(Object{ID: ids[done]}, nil); err != nil {
			return err
		}
		ids = ids[done+1:]
	}
	return nil
}

// A callerError is an error of the function that Contents calls.
type callerError struct{ err error }

func (e *callerError) Error() string { return e.err.Error() }

func (r *Repo) contents(ctx context.Context, ids []ID, done *int, each func(Object, io.Reader) error) error {
	return r.stream(ctx, &idReader{ids: ids}, func(out io.Reader) error {
		in := bufio.NewReaderSize(out, 1<<18)
		for {
			line, err := in.ReadSlice('\n')
			if errors.Is(err, io.EOF) {
				return nil
			}
			if err != nil {
				return fmt.Errorf("read objects: %w", err)
			}
			object, err := header(line)
			if err != nil {
				return err
			}
			var content io.Reader
			if object.Type != "" {
				content = &io.LimitedReader{R: in, N: object.Size}
			}
			if err := body(object, content, each); err != nil {
				return err
			}
			*done++
			if content != nil {
				if _, err := in.Discard(1); err != nil {
					return fmt.Errorf("read objects: %w", err)
				}
			}
		}
	}, "cat-file", "--batch", "--buffer")
}

// body hands one object on and reads past what the caller left of it.
func body(object Object, content io.Reader, each func(Object, io.Reader) error) error {
	err := each(object, content)
	if errors.Is(err, io.ErrUnexpectedEOF) {
		return err // git broke off: the object is told of by Contents
	}
	if err != nil {
		return &callerError{err}
	}
	left, ok := content.(*io.LimitedReader)
	if !ok {
		return nil
	}
	if _, err := io.Copy(io.Discard, left); err != nil {
		return fmt.Errorf("read objects: %w", err)
	}
	if left.N > 0 {
		return io.ErrUnexpectedEOF
	}
	return nil
}

// An idReader writes ids out, one a line.
type idReader struct {
	ids  []ID
	rest []byte
}

// Read fills p with the next lines.
func (s *idReader) Read(p []byte) (int, error) {
	n := 0
	for n < len(p) {
		if len(s.rest) == 0 {
			if len(s.ids) == 0 {
				break
			}
			s.rest = append([]byte(s.ids[0].String()), '\n')
			s.ids = s.ids[1:]
		}
		c := copy(p[n:], s.rest)
		n += c
		s.rest = s.rest[c:]
	}
	if n == 0 {
		return 0, io.EOF
	}
	return n, nil
}
