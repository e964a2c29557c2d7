package kubernetes

// slabSize is how many records are made at once.
const slabSize = 32

// A slab hands out zero values that were made together: one of each record would
// cost the time of an allocation, and all at once would keep the memory of those
// that are done with until the last one is.
type slab[T any] struct{ rest []T }

func (s *slab[T]) next() *T {
	if len(s.rest) == 0 {
		s.rest = make([]T, slabSize)
	}
	out := &s.rest[0]
	s.rest = s.rest[1:]
	return out
}
