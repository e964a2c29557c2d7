package archive

import (
	"archive/zip"
	"compress/bzip2"
	"compress/gzip"
	"errors"
	"io"

	"github.com/klauspost/compress/zstd"
	"github.com/therootcompany/xz"
)

const (
	xzMemory   = 64 << 20 // what xz -9 needs
	zstdWindow = 32 << 20 // zstd -19 needs 8 MB
)

// decoder opens a compressed stream. done gives its memory back.
func decoder(format Format, in io.Reader) (out io.Reader, done func(), err error) {
	defer func() {
		if recover() != nil {
			out, done, err = nil, nil, errDecoder
		}
	}()
	switch format {
	case Gzip:
		out, err = gzip.NewReader(in)
	case Bzip2:
		out = bzip2.NewReader(in)
	case XZ:
		out, err = xz.NewReader(in, xzMemory)
	case Zstd:
		var z *zstd.Decoder
		z, err = zstd.NewReader(in, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxWindow(zstdWindow))
		if err == nil {
			return z, z.Close, nil
		}
	default:
		err = zip.ErrAlgorithm
	}
	if err != nil {
		return nil, nil, err //nolint:wrapcheck // the caller makes a reason of it
	}
	return out, func() {}, nil
}

// reasonOf tells what an error of a decoder or archive means.
func reasonOf(err error) Reason {
	switch {
	case errors.Is(err, xz.ErrMemlimit), errors.Is(err, zstd.ErrWindowSizeExceeded), errors.Is(err, zstd.ErrDecoderSizeExceeded):
		return TooWide
	case errors.Is(err, zip.ErrAlgorithm), errors.Is(err, xz.ErrUnsupportedCheck), errors.Is(err, xz.ErrOptions), errors.Is(err, zstd.ErrUnknownDictionary):
		return Unsupported
	default:
		return Damaged
	}
}
