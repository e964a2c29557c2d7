package wire

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"testing"
)

// TestStands tells what would be the same another time from what may have passed by then.
func TestStands(t *testing.T) {
	refused := func(status int, code string) error {
		return fmt.Errorf("1 of 4 could not be read: %w", &Error{Action: "x:Y", Status: status, Code: code})
	}
	for name, c := range map[string]struct {
		err  error
		want bool
	}{
		"nothing":             {nil, false},
		"denied":              {refused(403, "AccessDenied"), true},
		"odd":                 {refused(400, "ValidationException"), true},
		"not subscribed":      {refused(400, "OptInRequired"), true},
		"no such host":        {&net.DNSError{IsNotFound: true}, true},
		"throttled":           {refused(400, "ThrottlingException"), false},
		"throttled by status": {refused(http.StatusTooManyRequests, ""), false},
		"given up":            {fmt.Errorf("%w: %w", ErrSpent, refused(400, "ThrottlingException")), false},
		"too many repeated":   {fmt.Errorf("%w: %w", ErrBudget, refused(503, "")), false},
		"down":                {fmt.Errorf("%w for 5m", ErrDown), false},
		"failed":              {refused(500, "InternalFailure"), false},
		"failed without word": {refused(502, ""), false},
		"expired":             {refused(400, "ExpiredTokenException"), false},
		"no credentials":      {fmt.Errorf("%w: %w", ErrCredentials, refused(403, "AccessDenied")), false},
		"a page of a proxy":   {errMalformed, false},
		"interrupted":         {context.Canceled, false},
		"out of time":         {context.DeadlineExceeded, false},
		"a broken connection": {errors.New("connection reset by peer"), false},
		"in circles":          {ErrRepeats, false},
	} {
		if got := Stands(c.err); got != c.want {
			t.Errorf("%s: %t", name, got)
		}
	}
}
