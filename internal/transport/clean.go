package transport

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
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
