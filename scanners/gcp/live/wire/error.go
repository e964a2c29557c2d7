package wire

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/muster-nhi/muster/internal/inventory"
)

// An Error is a refusal by an API (https://cloud.google.com/apis/design/errors).
type Error struct {
	Operation string
	Status    int    // of HTTP
	Code      string // PERMISSION_DENIED; empty with APIs that give none
	Reason    string // of the ErrorInfo, or the first of the old style: SERVICE_DISABLED, rateLimitExceeded
	Service   string // the API that is not enabled
	Consumer  string // projects/123: where it is not enabled, or whose quota is spent
	Message   string // on one line, at most maxMessage bytes
}

// maxMessage bounds what is kept of a message.
const maxMessage = 300

// Error says which method was refused and why.
func (e *Error) Error() string {
	why := e.Code
	if e.Reason != "" && e.Reason != e.Code {
		why = strings.TrimSpace(why + " " + e.Reason)
	}
	text := fmt.Sprintf("%s: %d", e.Operation, e.Status)
	if why != "" {
		text += " " + why
	}
	if e.Message != "" {
		text += ": " + e.Message
	}
	return text
}

// Errors of answers that are no refusals.
var (
	ErrMalformed = errors.New("the answer is not what the API answers")
	ErrRepeats   = errors.New("the listing came back to a page that was read")
	ErrEmpty     = errors.New("the listing goes on with empty pages")
	ErrSignIn    = errors.New("there is no token")
	ErrSpent     = errors.New("the quota is spent")
	ErrRetries   = errors.New("too many requests had to be repeated")
	ErrDown      = errors.New("it is not asked any more: nothing was answered")
)

// refusal reads the body of an answer that is an error.
func refusal(op Operation, status int, body []byte) *Error {
	e := &Error{Operation: op.ID, Status: status}
	var answer struct {
		Error struct {
			Message, Status string
			Errors          []struct{ Reason string }
			Details         []struct {
				Type     string `json:"@type"`
				Reason   string
				Metadata map[string]string
			}
		}
	}
	if json.Unmarshal(body, &answer) != nil {
		e.Message = http.StatusText(status)
		return e
	}
	e.Code, e.Message = line(answer.Error.Status), line(answer.Error.Message)
	for _, d := range answer.Error.Details {
		if strings.HasSuffix(d.Type, "google.rpc.ErrorInfo") && e.Reason == "" {
			e.Reason, e.Service, e.Consumer = line(d.Reason), line(d.Metadata["service"]), line(d.Metadata["consumer"])
		}
	}
	if e.Reason == "" && len(answer.Error.Errors) > 0 {
		e.Reason = line(answer.Error.Errors[0].Reason)
	}
	return e
}

// line puts a message on one line and bounds it. Tokens of Google, which begin with
// ya29., are cut out.
func line(text string) string {
	words := strings.Fields(text)
	for i, w := range words {
		if strings.Contains(w, "ya29.") {
			words[i] = "[redacted]"
		}
	}
	text = inventory.Printable(strings.Join(words, " "))
	if len(text) > maxMessage {
		text = strings.ToValidUTF8(text[:maxMessage], "") + " …"
	}
	return text
}

// of returns the Error in a chain, or a zero one.
func of(err error) Error {
	if e, ok := errors.AsType[*Error](err); ok {
		return *e
	}
	return Error{}
}

// Denied reports whether the caller may not do something.
func Denied(err error) bool {
	e := of(err)
	return e.Status == http.StatusForbidden && !slow(err) && !Disabled(err)
}

// Disabled reports whether an API is not enabled in some project, which Off tells.
func Disabled(err error) bool {
	switch e := of(err); e.Reason {
	case "SERVICE_DISABLED", "accessNotConfigured":
		return e.Status == http.StatusForbidden
	default:
		return false
	}
}

// Off returns the API that is not enabled, and where (projects/123). Both are empty
// where the answer does not tell.
func Off(err error) (service, consumer string) {
	e := of(err)
	return e.Service, e.Consumer
}

// Missing reports whether something does not exist, or may not be seen, which
// Google answers alike in places.
func Missing(err error) bool { return of(err).Status == http.StatusNotFound }

// Invalid reports whether a request was refused for its form.
func Invalid(err error) bool { return of(err).Status == http.StatusBadRequest }

// Unknown reports whether the credentials are not taken.
func Unknown(err error) bool {
	return of(err).Status == http.StatusUnauthorized || errors.Is(err, ErrSignIn)
}

// Perimeter reports whether VPC Service Controls are in the way.
func Perimeter(err error) bool { return of(err).Reason == "SECURITY_POLICY_VIOLATED" }

// Stands reports whether an error would be the same another time, as far as can be
// told: a service that works refused what was asked. It is false for nil.
func Stands(err error) bool {
	return err != nil && answered(err) && !Unknown(err) && !errors.Is(err, ErrSpent) && !errors.Is(err, ErrRetries)
}

// Message returns what an API said; empty if it is none of its errors.
func Message(err error) string { return of(err).Message }

// slow reports whether requests came too fast. Storage and other old APIs say so
// with 403 (https://cloud.google.com/storage/docs/json_api/v1/status-codes).
func slow(err error) bool {
	switch e := of(err); {
	case e.Status == http.StatusTooManyRequests, e.Code == "RESOURCE_EXHAUSTED":
		return true
	case e.Status == http.StatusForbidden:
		switch e.Reason {
		case "rateLimitExceeded", "userRateLimitExceeded", "quotaExceeded", "RATE_LIMIT_EXCEEDED":
			return true
		}
	}
	return false
}

// trouble says for people what is wrong with a service that is asked again. It quotes
// no more of an answer than its code.
func trouble(op Operation, err error) string {
	e := of(err)
	code := strings.TrimSpace(fmt.Sprint(e.Status, " ", e.Code))
	switch {
	case slow(err):
		return op.Service + " says no (" + code + ")"
	case e.Status != 0:
		return op.Service + " fails (" + code + ")"
	case errors.Is(err, ErrMalformed):
		return op.Service + " does not answer as it should"
	default:
		return op.Service + " cannot be reached"
	}
}
