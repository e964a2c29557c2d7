package pack

import "math/bits"

const smallest = 12 // smallest buffer: 2^smallest bytes

// An arena hands out buffers and takes them back, all of them within a budget.
type arena struct {
	budget int64
	live   int64 // handed out
	idle   int64
	free   [48][][]byte // by size, a power of two
}

func classOf(n int64) int { return max(smallest, bits.Len64(uint64(n+slack-1))) }

// get returns a buffer of n bytes, with slack behind, or nil if that would
// exceed the budget.
func (a *arena) get(n int64) []byte {
	if n < 0 || n > a.budget {
		return nil
	}
	class := classOf(n)
	size := int64(1) << class
	if list := a.free[class]; len(list) > 0 {
		b := list[len(list)-1]
		a.free[class] = list[:len(list)-1]
		a.idle -= size
		a.live += size
		return b[:n]
	}
	if a.live+size > a.budget {
		return nil
	}
	if a.live+a.idle+size > a.budget {
		a.free = [48][][]byte{}
		a.idle = 0
	}
	a.live += size
	return make([]byte, n, size)
}

// put takes a buffer back.
func (a *arena) put(b []byte) {
	class := bits.Len64(uint64(cap(b))) - 1
	if b == nil || class < smallest {
		return
	}
	size := int64(1) << class
	a.live -= size
	a.idle += size
	a.free[class] = append(a.free[class], b[:0])
}
