package transport

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
	"unicode"
)

// Clean returns an error that names the method, host and path of a request
// that an http.Client could not make, but not its query, which can hold
// secrets and stands in the client's own error. Other errors it returns as
// they are.
func Clean(err error) error {
	var u *url.Error
	if !errors.As(err, &u) {
		return err
	}
	where := "(unreadable address)"
	if at, parseErr := url.Parse(u.URL); parseErr == nil {
		where = at.Scheme + "://" + at.Host + at.EscapedPath()
	}
	return fmt.Errorf("%s %s: %w", strings.ToUpper(u.Op), where, u.Err)
}

// Code returns a code that an answer gives for what went wrong, if it is one word of
// at most 80 ASCII letters, digits and . _ -; else nothing.
func Code(s string) string {
	for _, r := range s {
		if r > unicode.MaxASCII || !unicode.IsLetter(r) && !unicode.IsDigit(r) && r != '.' && r != '_' && r != '-' {
			return ""
		}
	}
	if len(s) > 80 {
		return ""
	}
	return s
}

// maxMessage is how much of a message is passed on, in bytes.
const maxMessage = 400

// Message makes one line of at most 400 bytes of what an answer says, and an ellipsis
// where that is not all.
func Message(s string) string {
	s = strings.Join(strings.Fields(strings.ToValidUTF8(s, "")), " ")
	s = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return -1
		}
		return r
	}, s)
	if len(s) <= maxMessage {
		return s
	}
	return strings.ToValidUTF8(s[:maxMessage], "") + " …"
}
