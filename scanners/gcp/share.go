package gcp

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/muster-nhi/muster/internal/inventory"
)

// maxShared bounds how many sets of attributes are known.
const maxShared = 4096

// A sharer has records that say the same hold it once: an organisation has a hundred
// thousand grants with a dozen sets of attributes, and each account is named by all of
// its grants and keys. Nothing changes what a record holds once it was emitted.
//
// Memory: one text for each principal, and at most maxShared sets.
type sharer struct {
	texts map[string]string
	sets  map[string]map[string]string
}

func newSharer() *sharer {
	return &sharer{texts: map[string]string{}, sets: map[string]map[string]string{}}
}

// record lets go of what of a grant or credential is known already.
func (s *sharer) record(r inventory.Record) {
	switch {
	case r.Grant != nil:
		r.Grant.Principal, r.Grant.Attributes = s.text(r.Grant.Principal), s.set(r.Grant.Attributes)
		r.Grant.Name, r.Grant.Resource = s.text(r.Grant.Name), s.text(r.Grant.Resource)
	case r.Credential != nil:
		r.Credential.Identity, r.Credential.Attributes = s.text(r.Credential.Identity), s.set(r.Credential.Attributes)
	case r.Identity != nil:
		r.Identity.ID = s.text(r.Identity.ID)
	}
}

// text returns the first text that was the same.
func (s *sharer) text(text string) string {
	if known, ok := s.texts[text]; ok {
		return known
	}
	s.texts[text] = text
	return text
}

// set returns the first set of attributes that was the same.
func (s *sharer) set(attr map[string]string) map[string]string {
	if len(attr) == 0 || len(attr) > 8 { // that of many is one of its own
		return attr
	}
	var key strings.Builder
	for _, name := range slices.Sorted(maps.Keys(attr)) {
		for _, text := range []string{name, attr[name]} {
			key.WriteString(strconv.Itoa(len(text)) + ":" + text)
		}
	}
	if known, ok := s.sets[key.String()]; ok {
		return known
	}
	if len(s.sets) < maxShared {
		s.sets[key.String()] = attr
	}
	return attr
}
