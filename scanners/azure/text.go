package azure

import (
	"slices"
	"strings"

	"github.com/muster-nhi/muster/internal/cloud"
	"github.com/muster-nhi/muster/internal/inventory"
)

// lastPart returns what stands behind the last slash.
func lastPart(s string) string { return s[strings.LastIndexByte(s, '/')+1:] }

// lower returns a GUID as it is compared.
func lower(id string) string { return strings.ToLower(strings.TrimSpace(id)) }

// isGUID reports whether a text is 32 hex digits in groups of 8, 4, 4, 4 and 12.
func isGUID(s string) bool {
	if len(s) != 36 {
		return false
	}
	for i := range len(s) {
		c := s[i]
		switch {
		case i == 8 || i == 13 || i == 18 || i == 23:
			if c != '-' {
				return false
			}
		case (c < '0' || c > '9') && (c < 'a' || c > 'f') && (c < 'A' || c > 'F'):
			return false
		}
	}
	return true
}

// unique returns names sorted and each once, without empty ones.
func unique(names []string) []string {
	out := slices.Clone(names)
	slices.Sort(out)
	return slices.DeleteFunc(slices.Compact(out), func(s string) bool { return s == "" })
}

// clean returns public ids as records may hold them.
func clean(ids []string) []string {
	var out []string
	for _, id := range ids {
		if id = inventory.Clip(strings.TrimSpace(id), cloud.MaxText); id != "" && !slices.Contains(out, id) && len(out) < cloud.MaxMore {
			out = append(out, id)
		}
	}
	return out
}
