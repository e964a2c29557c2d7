package pack

import "syscall"

// release gives the pages of a mapping back; they come again when they are read.
func release(data []byte) {
	_ = syscall.Madvise(data, syscall.MADV_DONTNEED) // it only saves memory
}
