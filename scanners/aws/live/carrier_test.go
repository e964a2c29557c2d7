package live_test

import (
	"io"
	"net/http"
	"strings"
)

// A carrier carries requests.
type carrier func(*http.Request) (*http.Response, error)

func (c carrier) RoundTrip(r *http.Request) (*http.Response, error) { return c(r) }

func body(s string) io.ReadCloser { return io.NopCloser(strings.NewReader(s)) }
