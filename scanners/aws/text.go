package aws

import (
	"strings"
)

// lastPart returns what stands behind the last slash or colon.
func lastPart(s string) string { return s[strings.LastIndexAny(s, "/:")+1:] }
