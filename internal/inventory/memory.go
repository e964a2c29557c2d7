package inventory

import (
	"hash/maphash"
	"reflect"
	"strings"
)

// Records, and their short strings, live as long as the inventory that they are
// in, and there are millions of them. A decoder therefore takes memory for many
// at a time: the garbage collector then looks at a tenth of the objects, and
// nothing is lost to rounding each of them up. One that is kept keeps its
// neighbours, a slab at most.
const (
	slabBytes   = 16 << 10
	longestKept = 256 // bytes of a string or a map's text that is likely to come again
	recentTexts = 1 << 13
	recentMaps  = 1 << 10
)

// A memory holds what a decoder has seen of late. A map that comes again is
// shared between records, which is why nobody may change what was decoded.
type memory struct {
	seed   maphash.Seed
	recent []string
	maps   []keptMap
	slab   strings.Builder
}

// A keptMap is a map and the JSON text that it was made of.
type keptMap struct {
	text  string
	value reflect.Value
}

func newMemory() memory {
	return memory{seed: maphash.MakeSeed(), recent: make([]string, recentTexts), maps: make([]keptMap, recentMaps)}
}

// keep returns the text as a string; the same one as of late, if it is short.
func (m *memory) keep(text []byte) string {
	if len(text) > longestKept {
		return string(text)
	}
	at := &m.recent[maphash.Bytes(m.seed, text)%uint64(len(m.recent))]
	if *at != string(text) {
		*at = m.store(text)
	}
	return *at
}

// store copies a short text to the slab.
func (m *memory) store(text []byte) string {
	if m.slab.Cap()-m.slab.Len() < len(text) {
		m.slab = strings.Builder{}
		m.slab.Grow(slabBytes)
	}
	start := m.slab.Len()
	m.slab.Write(text)
	return m.slab.String()[start:]
}

// recentMap returns the map of that type that was made of the same text of
// late.
func (m *memory) recentMap(t reflect.Type, text []byte) (reflect.Value, bool) {
	kept := m.mapAt(text)
	return kept.value, kept.text == string(text) && kept.value.IsValid() && kept.value.Type() == t
}

// keepMap keeps a map that was made of a text, if that is short.
func (m *memory) keepMap(text []byte, into reflect.Value) {
	if len(text) <= longestKept {
		*m.mapAt(text) = keptMap{string(text), reflect.ValueOf(into.Interface())}
	}
}

func (m *memory) mapAt(text []byte) *keptMap {
	return &m.maps[maphash.Bytes(m.seed, text)%uint64(len(m.maps))]
}

// A slab is a run of values of one type, of which some are still to be given
// out.
type slab struct {
	values reflect.Value
	used   int
}

// next returns an empty value that can be set and pointed to.
func (s *slab) next(t reflect.Type) reflect.Value {
	if !s.values.IsValid() || s.used == s.values.Len() {
		n := max(1, slabBytes/int(t.Size()))
		s.values, s.used = reflect.MakeSlice(reflect.SliceOf(t), n, n), 0
	}
	s.used++
	return s.values.Index(s.used - 1)
}
