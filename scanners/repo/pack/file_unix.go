//go:build unix

package pack

import (
	"errors"
	"fmt"
	"os"
	"syscall"
)

// mapFile maps a file for reading.
func mapFile(f *os.File, size int64) ([]byte, error) {
	if int64(int(size)) != size {
		return nil, errors.ErrUnsupported
	}
	data, err := syscall.Mmap(int(f.Fd()), 0, int(size), syscall.PROT_READ, syscall.MAP_SHARED)
	if err != nil {
		return nil, fmt.Errorf("map a file: %w", err)
	}
	return data, nil
}

func unmap(data []byte) error {
	if err := syscall.Munmap(data); err != nil {
		return fmt.Errorf("unmap a file: %w", err)
	}
	return nil
}
