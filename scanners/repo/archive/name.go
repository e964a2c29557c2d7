package archive

import (
	"crypto/sha256"
	"encoding/hex"
	"path"
)

// Separator stands between the path of an archive and that of its member, as
// gitleaks writes it.
const Separator = "!"

// maxName is how many bytes of a name are kept: more than any real one has.
const maxName = 1024

// cleanName returns the name of a member as a relative path that does not lead
// out. A name that is too long is cut, and ends in a digest of all of it.
func cleanName(name string) string {
	if len(name) > maxName {
		const digest = 8
		sum := sha256.Sum256([]byte(name))
		name = name[:maxName-2*digest-1] + "~" + hex.EncodeToString(sum[:digest])
	}
	if name = path.Clean("/" + name)[1:]; name == "" {
		return "unnamed"
	}
	return name
}

// join puts the path of a member behind that of its archive.
func join(outer, name string) string {
	if outer == "" {
		return cleanName(name)
	}
	return outer + Separator + cleanName(name)
}
