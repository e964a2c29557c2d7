package secret

import (
	"regexp"
	"strings"
)

// isHex reports whether text is that many lower-case hex digits.
func isHex(text string, length int) bool {
	return len(text) == length && strings.Trim(text, "0123456789abcdef") == ""
}

// isDigits reports whether text is a number of 1 to 30 digits.
func isDigits(text string) bool {
	return text != "" && len(text) <= 30 && strings.Trim(text, "0123456789") == ""
}

// isEmail reports whether text has the form of an e-mail address.
func isEmail(text string) bool {
	ok, err := regexp.MatchString(`^[A-Za-z0-9._+-]{1,64}@[A-Za-z0-9-]{1,63}(\.[A-Za-z0-9-]{1,63}){1,6}$`, text)
	return err == nil && ok
}

// isProject reports whether text has the form of a Google project id, which may
// have an organisation before it.
func isProject(text string) bool {
	ok, err := regexp.MatchString(`^([a-z0-9.-]{1,60}:)?[a-z][a-z0-9-]{4,28}[a-z0-9]$`, text)
	return err == nil && ok
}
