package store

import (
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/muster-nhi/muster/internal/inventory"
)

// The causes for which an export is not what was written. Errors that wrap them
// name the file in the archive.
var (
	ErrNotExport = errors.New("this is not an exported snapshot")
	ErrAltered   = errors.New("the export was altered or damaged")
	ErrTooLarge  = errors.New("the export unpacks to more than its size allows")
)

// The bounds on an export that comes from elsewhere.
const (
	maxManifest = 1 << 20  // bytes of MANIFEST.json
	maxMeta     = 16 << 20 // bytes of meta.json
	maxRatio    = 250      // bytes that one byte of the archive may become; JSON lines reach some 40
	ratioFloor  = 16 << 20 // bytes that a small archive may become anyway
)

// A VerifyReport says what a verified export holds.
type VerifyReport struct {
	Manifest Manifest
	Meta     Meta
	Counts   Counts
	SHA256   string // of the whole file
}

// Verify checks an exported snapshot: that it holds the files of its manifest
// and no others, each with its hash, size and lines, and that no other byte of
// the archive was changed. It unpacks nothing to disk, holds no records, and
// reads no more than the archive's size allows. Its error wraps ErrNotExport,
// ErrAltered or ErrTooLarge and names the file in the archive.
//
// The hashes tell damage and careless change; against someone who makes a new
// archive with new hashes only a signature helps.
func Verify(r io.ReaderAt, size int64) (VerifyReport, error) {
	report, _, err := verify(r, size, nil)
	return report, err
}

// ReadExport verifies an exported snapshot and reads it. Memory grows with its
// records.
func ReadExport(r io.ReaderAt, size int64) (*Snapshot, error) {
	builder := inventory.NewBuilder()
	snap := &Snapshot{}
	take := func(name string, rec inventory.Record) error {
		switch {
		case (rec.Finding != nil) != (name == fileFindings):
			return fmt.Errorf("%s: %w: a %s does not belong there", name, ErrAltered, rec.Kind())
		case rec.Finding != nil:
			snap.Findings = append(snap.Findings, rec.Finding)
			return nil
		case rec.Progress != nil:
			return fmt.Errorf("%s: %w: a progress does not belong there", name, ErrAltered)
		default:
			return builder.Add(rec)
		}
	}
	report, got, err := verify(r, size, take)
	if err != nil {
		return nil, err
	}
	for kind, n := range report.Manifest.Records {
		if got[kind] != n {
			return nil, fmt.Errorf("%s: %w: it lists %d records of kind %s, there are %d", fileManifest, ErrAltered, n, kind, got[kind])
		}
	}
	snap.Meta, snap.Counts, snap.Inventory = report.Meta, report.Counts, builder.Build()
	return snap, nil
}

// IsExport reports whether a file begins as an export does, so that a caller
// can tell it from JSON lines. Verify tells whether it is one.
func IsExport(head []byte) bool { return bytes.HasPrefix(head, []byte("PK\x03\x04")) }

type takeFunc func(name string, r inventory.Record) error

func verify(r io.ReaderAt, size int64, take takeFunc) (VerifyReport, map[inventory.Kind]int, error) {
	archive, err := zip.NewReader(r, size)
	if err != nil {
		return VerifyReport{}, nil, fmt.Errorf("%w: %w", ErrNotExport, err)
	}
	v := &verifier{archive: archive, left: max(ratioFloor, size*maxRatio), take: take, got: map[inventory.Kind]int{}}
	if err := v.files(); err != nil {
		return VerifyReport{}, nil, err
	}
	sum, err := v.seal(r, size)
	if err != nil {
		return VerifyReport{}, nil, err
	}
	v.report.SHA256 = sum
	return v.report, v.got, nil
}

type verifier struct {
	archive *zip.Reader
	left    int64 // bytes that may still be unpacked
	take    takeFunc
	got     map[inventory.Kind]int
	report  VerifyReport
}

// files checks the files, the manifest first.
func (v *verifier) files() error {
	byName := make(map[string]*zip.File)
	for _, f := range v.archive.File {
		if byName[f.Name] != nil {
			return fmt.Errorf("%q: %w: it is in the archive twice", f.Name, ErrAltered)
		}
		if len(byName) > 100 {
			return fmt.Errorf("%w: it holds %d files", ErrNotExport, len(v.archive.File))
		}
		byName[f.Name] = f
	}
	manifest := byName[fileManifest]
	if manifest == nil {
		return fmt.Errorf("%w: it has no %s", ErrNotExport, fileManifest)
	}
	text, err := v.text(manifest, maxManifest)
	if err != nil {
		return err
	}
	if err := decode(text, &v.report.Manifest); err != nil {
		return fmt.Errorf("%s: %w: %w", fileManifest, ErrAltered, err)
	}
	if err := v.report.Manifest.check(); err != nil {
		return err
	}
	for _, want := range v.report.Manifest.Files {
		if byName[want.Name] == nil {
			return fmt.Errorf("%q: %w: the manifest lists it and the archive does not hold it", want.Name, ErrAltered)
		}
	}
	for _, f := range v.archive.File {
		if f.Name != fileManifest && !slices.ContainsFunc(v.report.Manifest.Files, func(m ManifestFile) bool { return m.Name == f.Name }) {
			return fmt.Errorf("%q: %w: the manifest does not list it", f.Name, ErrAltered)
		}
	}
	for _, want := range v.report.Manifest.Files {
		if err := v.file(byName[want.Name], want); err != nil {
			return err
		}
	}
	if v.report.Meta.ID != v.report.Manifest.Snapshot {
		return fmt.Errorf("%s: %w: it is of snapshot %q, the manifest of %q", fileMeta, ErrAltered, v.report.Meta.ID, v.report.Manifest.Snapshot)
	}
	return nil
}

// check holds the manifest to what an export has: those files and no others.
func (m Manifest) check() error {
	if m.Format != exportFormat {
		return fmt.Errorf("%s: %w: its format is %q, this build reads %s", fileManifest, ErrNotExport, short([]byte(m.Format)), exportFormat)
	}
	var names []string
	for _, f := range m.Files {
		names = append(names, f.Name)
	}
	if want := []string{fileMeta, fileRecords, fileFindings}; !slices.Equal(names, want) {
		return fmt.Errorf("%s: %w: it lists %q, want %q", fileManifest, ErrAltered, names, want)
	}
	return nil
}

// file checks one file against the manifest.
func (v *verifier) file(f *zip.File, want ManifestFile) error {
	content, err := v.open(f)
	if err != nil {
		return err
	}
	m := &meter{sum: sha256.New()}
	limit := want.Size + 1
	if limit > v.left || want.Size < 0 {
		return fmt.Errorf("%s: %w", f.Name, ErrTooLarge)
	}
	in := io.TeeReader(io.LimitReader(content, limit), m)
	switch {
	case f.Name == fileMeta:
		err = v.meta(in)
	case v.take != nil:
		err = inventory.ReadAll(f.Name, in, func(r inventory.Record) error {
			v.got[r.Kind()]++
			return v.take(f.Name, r)
		})
	}
	// What is wrong with the content counts only if it is what was written.
	_, rest := io.Copy(io.Discard, in)
	v.left -= m.size
	got := m.file(f.Name)
	switch {
	case rest != nil:
		return fmt.Errorf("%s: %w: %w", f.Name, ErrAltered, rest)
	case got != want:
		return fmt.Errorf("%s: %w: it has %d bytes, %d lines and SHA-256 %s; the manifest says %d, %d and %s",
			f.Name, ErrAltered, got.Size, got.Lines, got.SHA256, want.Size, want.Lines, short([]byte(want.SHA256)))
	case err != nil:
		return fmt.Errorf("%s: %w: %w", f.Name, ErrAltered, err)
	}
	return content.Close()
}

func (v *verifier) meta(r io.Reader) error {
	text, err := io.ReadAll(io.LimitReader(r, maxMeta+1))
	if err != nil {
		return err
	}
	if len(text) > maxMeta {
		return ErrTooLarge
	}
	var d description
	err = decode(text, &d)
	v.report.Meta, v.report.Counts = d.Meta, d.Counts
	return err
}

func (v *verifier) open(f *zip.File) (io.ReadCloser, error) {
	content, err := f.Open()
	if err != nil {
		return nil, fmt.Errorf("%q: %w: %w", f.Name, ErrAltered, err)
	}
	return content, nil
}

// text reads a small file whole.
func (v *verifier) text(f *zip.File, limit int64) ([]byte, error) {
	content, err := v.open(f)
	if err != nil {
		return nil, err
	}
	text, err := io.ReadAll(io.LimitReader(content, limit+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("%s: %w: %w", f.Name, ErrAltered, err)
	case int64(len(text)) > limit:
		return nil, fmt.Errorf("%s: %w", f.Name, ErrTooLarge)
	}
	v.left -= int64(len(text))
	return text, content.Close()
}

// seal checks the hash of all bytes that stands at the end of the archive, and
// returns that of the whole file.
func (v *verifier) seal(r io.ReaderAt, size int64) (string, error) {
	comment, ok := strings.CutPrefix(v.archive.Comment, commentPrefix)
	if !ok || len(v.archive.Comment) != commentSize {
		return "", fmt.Errorf("%w: it was packed anew: its end holds no hash", ErrAltered)
	}
	h := sha256.New()
	if _, err := io.Copy(h, io.NewSectionReader(r, 0, size-int64(commentSize))); err != nil {
		return "", fmt.Errorf("read the export: %w", err)
	}
	if hex.EncodeToString(h.Sum(nil)) != comment {
		return "", fmt.Errorf("%w: the files are those that were written, but the archive around them is not", ErrAltered)
	}
	h.Write([]byte(v.archive.Comment))
	return hex.EncodeToString(h.Sum(nil)), nil
}

// decode decodes one JSON value and refuses anything after it. Keys that are
// not known are ignored: a later version may have written them.
func decode(text []byte, into any) error {
	dec := json.NewDecoder(bytes.NewReader(text))
	if err := dec.Decode(into); err != nil {
		return err
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return errors.New("something follows its end")
	}
	return nil
}
