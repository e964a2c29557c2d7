package repo

import (
	"slices"
	"strings"

	"github.com/muster-nhi/muster/internal/inventory"
)

// pair leaves out the ids of access keys whose secrets were found beside them:
// id and secret are one credential, known by its id. An id that stands in another
// file, too, is kept, so that no place is lost.
func pair(list []leak) []leak {
	secrets := map[string][]*inventory.Credential{}
	for _, c := range list {
		if strings.HasPrefix(c.Type, "aws.") && c.Attributes["kind"] != "" && c.PublicID != "" {
			secrets[c.PublicID] = append(secrets[c.PublicID], c.Credential)
		}
	}
	return slices.DeleteFunc(list, func(c leak) bool {
		if !strings.HasSuffix(c.Detector, ":"+publicRule) || c.Attributes["kind"] != "" || c.LocationsOmitted > 0 {
			return false
		}
		beside := secrets[c.PublicID]
		for _, l := range c.FoundAt {
			if !slices.ContainsFunc(beside, func(s *inventory.Credential) bool { return covers(s, l) }) {
				return false
			}
		}
		for _, s := range beside {
			also := nonEmpty(s.Attributes["also"])
			s.Attributes["also"] = strings.Join(append(also, publicRule), ",")
		}
		return len(beside) > 0
	})
}

// covers reports whether a credential was found in the file of a location, and
// is still at HEAD there if that is.
func covers(c *inventory.Credential, l inventory.Location) bool {
	return slices.ContainsFunc(c.FoundAt, func(o inventory.Location) bool {
		return o.URI == l.URI && (o.AtHead == inventory.True || l.AtHead != inventory.True)
	})
}
