package archive

import (
	"archive/tar"
	"errors"
	"io"
)

// tar reads a tar. Links and devices have no content.
func (w *walker) tar(path string, in io.Reader, depth int) error {
	t := tar.NewReader(in)
	for told := false; ; {
		header, err := t.Next()
		if errors.Is(err, io.EOF) {
			return w.check()
		}
		if err != nil && !errors.Is(err, tar.ErrInsecurePath) {
			if err := w.check(); err != nil {
				return err
			}
			if !told { // else the last member's reader has
				w.report.leave(Damaged)
			}
			return nil
		}
		if err := w.entry(); err != nil {
			return err
		}
		damaged := w.report.Left[Damaged]
		switch header.Typeflag {
		case tar.TypeReg, tar.TypeRegA, tar.TypeCont, tar.TypeGNUSparse: //nolint:staticcheck // old tars have TypeRegA
			if err := w.file(join(path, header.Name), Tar, t, depth); err != nil {
				return err
			}
		}
		told = w.report.Left[Damaged] > damaged
	}
}
