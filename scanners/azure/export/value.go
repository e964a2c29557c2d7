package export

import (
	"encoding/json"
	"strings"
)

// guidForm is how ids of Entra and of subscriptions look.
const guidForm = `[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}`

// isGUID reports whether a text is an id as Entra gives them.
func isGUID(s string) bool {
	if len(s) != 36 {
		return false
	}
	for i, c := range []byte(s) {
		dash := i == 8 || i == 13 || i == 18 || i == 23
		if dash != (c == '-') || !dash && !strings.ContainsRune("0123456789abcdefABCDEF", rune(c)) {
			return false
		}
	}
	return true
}

// lower is short for the GUIDs of Entra, which are kept in lower case.
func lower(s string) string { return strings.ToLower(s) }

// text is the text of a field; empty if it is none.
func text(raw json.RawMessage) string {
	var s string
	if json.Unmarshal(raw, &s) != nil {
		return ""
	}
	return s
}

// some makes no difference between an empty list and none.
func some(list []string) []string {
	if len(list) == 0 {
		return nil
	}
	return list
}
