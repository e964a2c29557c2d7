package store

import (
	"archive/zip"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	hashpkg "hash"
	"io"
	"strings"

	"github.com/muster-nhi/muster/internal/inventory"
)

// The files of an export, in their order. An export is a ZIP archive that any
// tool opens; its comment is the SHA-256 of all that stands before it, so that
// no byte can change unnoticed.
const (
	fileMeta     = "meta.json"
	fileRecords  = "records.jsonl"
	fileFindings = "findings.jsonl"
	fileManifest = "MANIFEST.json"

	exportFormat  = "muster-snapshot/1"
	commentPrefix = "sha256:"
	commentSize   = len(commentPrefix) + 2*sha256.Size
)

// A Manifest says what an export holds.
type Manifest struct {
	Format   string                 `json:"format"` // muster-snapshot/1
	Snapshot string                 `json:"snapshot"`
	Files    []ManifestFile         `json:"files"`
	Records  map[inventory.Kind]int `json:"records"` // findings included
}

// A ManifestFile is one file of an export.
type ManifestFile struct {
	Name   string `json:"name"`
	SHA256 string `json:"sha256"` // of its content
	Size   int64  `json:"size"`   // bytes
	Lines  int    `json:"lines"`
}

// description is what meta.json holds.
type description struct {
	Meta   Meta   `json:"meta"`
	Counts Counts `json:"counts"`
}

// Export writes a snapshot (see Resolve) as one file that Verify checks and
// ReadExport reads. The same snapshot gives the same bytes. Memory grows with
// its records.
func (s *Store) Export(ctx context.Context, ref string, w io.Writer) error {
	snap, err := s.Load(ctx, ref)
	if err != nil {
		return err
	}
	if err := snap.Export(ctx, w); err != nil {
		return fmt.Errorf("export snapshot %s: %w", snap.Meta.ID, err)
	}
	return nil
}

// Export writes the snapshot as a file; see Store.Export.
func (snap *Snapshot) Export(ctx context.Context, w io.Writer) error {
	out := &sealer{w: w, sum: sha256.New()}
	x := &exporter{zip: zip.NewWriter(out)}
	x.manifest = Manifest{Format: exportFormat, Snapshot: snap.Meta.ID, Records: map[inventory.Kind]int{}}
	all := newEstate(snap.Inventory, snap.Findings)
	records := all.ends[len(all.ends)-2]
	if err := x.json(fileMeta, description{snap.Meta, snap.Counts}, true); err != nil {
		return err
	}
	if err := x.records(ctx, fileRecords, all, 0, records); err != nil {
		return err
	}
	if err := x.records(ctx, fileFindings, all, records, all.len()); err != nil {
		return err
	}
	if err := x.json(fileManifest, x.manifest, false); err != nil {
		return err
	}
	// The length of the comment is written before it; its text is put in by seal.
	if err := x.zip.SetComment(strings.Repeat("0", commentSize)); err != nil {
		return err
	}
	if err := x.zip.Close(); err != nil {
		return err
	}
	return out.seal()
}

// A sealer passes an archive on but for its last bytes, the place of the
// comment, in which seal puts the hash of all that was passed on.
type sealer struct {
	w    io.Writer
	sum  hashpkg.Hash
	held []byte
}

func (s *sealer) Write(p []byte) (int, error) {
	s.held = append(s.held, p...)
	pass := max(0, len(s.held)-commentSize)
	s.sum.Write(s.held[:pass])
	if _, err := s.w.Write(s.held[:pass]); err != nil {
		return 0, err
	}
	s.held = append(s.held[:0], s.held[pass:]...)
	return len(p), nil
}

func (s *sealer) seal() error {
	_, err := io.WriteString(s.w, commentPrefix+hex.EncodeToString(s.sum.Sum(nil)))
	return err
}

// An exporter writes the files and notes them in the manifest.
type exporter struct {
	zip      *zip.Writer
	manifest Manifest
}

// file begins a file. Its header holds no time, so that it is the same on every
// day.
func (x *exporter) file(name string) (io.Writer, error) {
	return x.zip.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Deflate})
}

func (x *exporter) json(name string, v any, listed bool) error {
	text, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return err
	}
	text = append(text, '\n')
	w, err := x.file(name)
	if err != nil {
		return err
	}
	if listed {
		sum := sha256.Sum256(text)
		x.manifest.Files = append(x.manifest.Files, ManifestFile{
			Name: name, SHA256: hex.EncodeToString(sum[:]), Size: int64(len(text)), Lines: bytes.Count(text, []byte("\n")),
		})
	}
	_, err = w.Write(text)
	return err
}

// records writes records from lo until before hi as JSON lines.
func (x *exporter) records(ctx context.Context, name string, all *estate, lo, hi int) error {
	f, err := x.file(name)
	if err != nil {
		return err
	}
	m := &meter{sum: sha256.New()}
	w := inventory.NewWriter(io.MultiWriter(f, m))
	for i := lo; i < hi; i++ {
		r, code := all.at(i)
		x.manifest.Records[kindCodes[code]]++
		if err := w.Write(r); err != nil {
			return err
		}
		if i%1000 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
	}
	if err := w.Flush(); err != nil {
		return err
	}
	x.manifest.Files = append(x.manifest.Files, m.file(name))
	return nil
}

// A meter measures what passes through it.
type meter struct {
	sum   hashpkg.Hash
	size  int64
	lines int
}

func (m *meter) Write(p []byte) (int, error) {
	m.sum.Write(p)
	m.size += int64(len(p))
	m.lines += bytes.Count(p, []byte("\n"))
	return len(p), nil
}

func (m *meter) file(name string) ManifestFile {
	return ManifestFile{Name: name, SHA256: hex.EncodeToString(m.sum.Sum(nil)), Size: m.size, Lines: m.lines}
}
