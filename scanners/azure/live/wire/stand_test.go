package wire_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/muster-nhi/muster/scanners/azure/live/wire"
)

// TestStands tells what would be the same another time from what may have passed by then.
func TestStands(t *testing.T) {
	refused := func(status int, code string) error {
		return fmt.Errorf("1 of 4 could not be read: %w", &wire.Error{Call: "graph: GET /x", Status: status, Code: code})
	}
	for name, c := range map[string]struct {
		err  error
		want bool
	}{
		"nothing":             {nil, false},
		"denied":              {refused(403, "Authorization_RequestDenied"), true},
		"no licence":          {refused(403, "AadPremiumLicenseRequired"), true},
		"missing":             {refused(404, "ResourceNotFound"), true},
		"odd":                 {refused(400, "BadRequest"), true},
		"throttled":           {refused(429, "TooManyRequests"), false},
		"too many repeated":   {errors.Join(wire.ErrBudget, refused(403, "")), false},
		"failed":              {refused(500, "InternalServerError"), false},
		"unavailable":         {refused(503, ""), false},
		"expired":             {refused(401, "InvalidAuthenticationToken"), false},
		"no token":            {&wire.SignInError{Message: "AADSTS7000222: the secret has expired"}, false},
		"no way to a token":   {&wire.SignInError{Message: "no such host"}, false},
		"interrupted":         {context.Canceled, false},
		"a broken connection": {errors.New("connection reset by peer"), false},
	} {
		if got := wire.Stands(c.err); got != c.want {
			t.Errorf("%s: %t", name, got)
		}
	}
}
