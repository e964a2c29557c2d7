package live_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"

	"github.com/muster-nhi/muster/scanners/aws/live/fake"
)

// A carrier carries requests.
type carrier func(*http.Request) (*http.Response, error)

func (c carrier) RoundTrip(r *http.Request) (*http.Response, error) { return c(r) }

func body(s string) io.ReadCloser { return io.NopCloser(strings.NewReader(s)) }

// direct asks a server without a network between, which is what most of the time
// of many readings goes to.
func direct(s *fake.Server) func(http.RoundTripper) http.RoundTripper {
	return func(http.RoundTripper) http.RoundTripper {
		return carrier(func(r *http.Request) (*http.Response, error) {
			if r.Body == nil {
				r.Body = http.NoBody
			}
			w := httptest.NewRecorder()
			s.ServeHTTP(w, r)
			return w.Result(), nil
		})
	}
}
