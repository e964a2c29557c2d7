package wire

import (
	"context"
	"errors"
	"fmt"
	"testing"
)

// TestStands tells what would be the same another time from what may have passed by then.
func TestStands(t *testing.T) {
	refused := func(status int, code, reason string) error {
		return fmt.Errorf("1 of 4 could not be read: %w", &Error{Operation: "x.y.list", Status: status, Code: code, Reason: reason})
	}
	for name, c := range map[string]struct {
		err  error
		want bool
	}{
		"nothing":             {nil, false},
		"denied":              {refused(403, "PERMISSION_DENIED", ""), true},
		"not enabled":         {refused(403, "PERMISSION_DENIED", "SERVICE_DISABLED"), true},
		"a perimeter":         {refused(403, "PERMISSION_DENIED", "SECURITY_POLICY_VIOLATED"), true},
		"missing":             {refused(404, "NOT_FOUND", ""), true},
		"odd":                 {refused(400, "INVALID_ARGUMENT", ""), true},
		"throttled":           {refused(429, "RESOURCE_EXHAUSTED", ""), false},
		"throttled with 403":  {refused(403, "", "rateLimitExceeded"), false},
		"given up":            {fmt.Errorf("%w: %w", ErrSpent, refused(403, "", "quotaExceeded")), false},
		"too many repeated":   {fmt.Errorf("%w: %w", ErrRetries, refused(503, "UNAVAILABLE", "")), false},
		"down":                {fmt.Errorf("%w for 5m", ErrDown), false},
		"failed":              {refused(500, "INTERNAL", ""), false},
		"expired":             {refused(401, "UNAUTHENTICATED", "ACCESS_TOKEN_EXPIRED"), false},
		"no token":            {fmt.Errorf("%w: revoked", ErrSignIn), false},
		"a page of a proxy":   {ErrMalformed, false},
		"interrupted":         {context.Canceled, false},
		"a broken connection": {errors.New("connection reset by peer"), false},
		"in circles":          {ErrRepeats, false},
	} {
		if got := Stands(c.err); got != c.want {
			t.Errorf("%s: %t", name, got)
		}
	}
}
