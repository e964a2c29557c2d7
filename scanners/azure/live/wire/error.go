package wire

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/runtime"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"

	"github.com/muster-nhi/muster/internal/transport"
)

// An Error is a refusal of Microsoft Graph, Azure Resource Manager, a vault or the
// token endpoint.
type Error struct {
	Call    string // as the table of calls has it; empty if no call is known
	Status  int    // of HTTP
	Code    string // Authorization_RequestDenied; empty if the answer has none, as a proxy's
	Message string // one line
}

// Error names the call and what was said.
func (e *Error) Error() string {
	what := e.Code
	if what == "" {
		what = fmt.Sprintf("HTTP %d without a reason that can be read", e.Status)
	}
	if e.Message != "" {
		what += ": " + e.Message
	}
	if e.Call == "" {
		return what
	}
	return e.Call + ": " + what
}

// A SignInError says that there is no token: the credential is missing, wrong or
// not allowed to sign in.
type SignInError struct{ Message string }

// Error says what the token endpoint or the credential said.
func (e *SignInError) Error() string { return "sign in: " + e.Message }

// ErrBudget is in the chain of the error of a request that was not repeated again,
// because too many had to be.
var ErrBudget = errors.New("too many requests had to be repeated")

// ErrStray is in the chain of the error of a listing whose next page is said to be
// on another server.
var ErrStray = errors.New("the link to the next page leads to another server, and was not followed")

// errMalformed is in the chain of the error of an answer that is not JSON.
var errMalformed = errors.New("the answer is not in the form that the service sends")

// errTooLarge is in the chain of the error of an answer that no service sends.
var errTooLarge = errors.New("the answer is larger than the service sends")

// Plain turns an error of a client into one of this package, which quotes nothing of
// an answer but its code and message.
func Plain(call string, err error) error {
	if err == nil {
		return nil
	}
	if e, ok := errors.AsType[*Error](err); ok {
		if e.Call == "" {
			return &Error{Call: call, Status: e.Status, Code: e.Code, Message: e.Message}
		}
		return err
	}
	if r, ok := errors.AsType[*azcore.ResponseError](err); ok {
		e := &Error{Call: call, Status: r.StatusCode, Code: transport.Code(r.ErrorCode)}
		if r.RawResponse != nil {
			if said := Refusal(r.RawResponse); said.Code != "" || said.Message != "" {
				e.Code, e.Message = said.Code, said.Message
			}
		}
		return e
	}
	if signIn := signInError(err); signIn != nil {
		return fmt.Errorf("%s: %w", call, signIn)
	}
	for _, known := range []error{errMalformed, errTooLarge, ErrBudget} {
		if errors.Is(err, known) {
			return fmt.Errorf("%s: %w", call, err)
		}
	}
	if strings.Contains(err.Error(), "unmarshalling type") { // quotes what it could not read
		return fmt.Errorf("%s: %w", call, errMalformed)
	}
	return fmt.Errorf("%s: %w", call, err)
}

// signInError finds out whether an error is that of a credential.
func signInError(err error) *SignInError {
	if known, ok := errors.AsType[*SignInError](err); ok {
		return known
	}
	if failed, ok := errors.AsType[*azidentity.AuthenticationFailedError](err); ok {
		if failed.RawResponse != nil {
			said := Refusal(failed.RawResponse)
			if said.Code == "" && said.Message == "" { // nobody of Microsoft's
				return &SignInError{Message: fmt.Sprintf("%s was answered with status %d, and with nothing that Microsoft says", whoAnswered(failed.RawResponse), failed.RawResponse.StatusCode)}
			}
			return &SignInError{Message: transport.Message(strings.TrimSpace(said.Code + ": " + said.Message))}
		}
		return &SignInError{Message: transport.Message(failed.Error())}
	}
	for _, sign := range []string{"DefaultAzureCredential", "ChainedTokenCredential", "Credential:", "credential unavailable"} {
		if strings.Contains(err.Error(), sign) {
			return &SignInError{Message: transport.Message(err.Error())}
		}
	}
	return nil
}

// whoAnswered names who was asked for a token.
func whoAnswered(res *http.Response) string {
	switch r := res.Request; {
	case r == nil || r.URL == nil:
		return "the request for a token"
	case r.URL.Hostname() == "169.254.169.254":
		return "the request for a token of the machine's managed identity"
	default:
		return "the request for a token at " + r.URL.Hostname()
	}
}

// Refusal decodes an answer that says no, in any of the forms: {"error": {"code",
// "message"}} of Graph, ARM and vaults, {"error", "error_description"} of the token
// endpoint, {"code", "message"}.
func Refusal(res *http.Response) *Error {
	body, err := runtime.Payload(res)
	if err != nil {
		return &Error{Status: res.StatusCode}
	}
	return RefusalOf(res.StatusCode, body)
}

// RefusalOf is Refusal for an answer in a batch.
func RefusalOf(status int, body []byte) *Error {
	e := &Error{Status: status}
	if len(body) > 1<<20 {
		return e
	}
	var said struct {
		Error       json.RawMessage `json:"error"`
		Description string          `json:"error_description"`
		Code        string          `json:"code"`
		Message     string          `json:"message"`
	}
	if json.Unmarshal(body, &said) != nil {
		return e
	}
	e.Code, e.Message = said.Code, said.Message
	var inner struct {
		Code, Message string
		InnerError    struct{ Code string } `json:"innererror"`
	}
	var text string
	switch {
	case json.Unmarshal(said.Error, &inner) == nil && inner.Code != "":
		e.Code, e.Message = inner.Code, inner.Message
		if (e.Code == "Forbidden" || e.Code == "BadRequest" || e.Code == "UnknownError") && inner.InnerError.Code != "" {
			e.Code = inner.InnerError.Code
		}
	case json.Unmarshal(said.Error, &text) == nil:
		e.Code, e.Message = text, said.Description
	}
	e.Code, e.Message = transport.Code(e.Code), transport.Message(e.Message)
	return e
}

// Decode reads an answer. Its error quotes nothing of it.
func Decode(body []byte, out any) error {
	if json.Unmarshal(bytes.TrimPrefix(body, []byte("\xef\xbb\xbf")), out) != nil {
		return errMalformed
	}
	return nil
}

// of returns the refusal in the chain of an error.
func of(err error) *Error {
	if e, ok := errors.AsType[*Error](err); ok {
		return e
	}
	return &Error{}
}

// Code returns the code of a refusal; empty if there is none.
func Code(err error) string { return of(err).Code }

// Denied reports whether an error says that permissions are missing.
func Denied(err error) bool {
	e := of(err)
	if Unlicensed(err) {
		return false
	}
	return e.Status == http.StatusForbidden || e.Status == http.StatusUnauthorized
}

// Expired reports whether an error says that a token is no longer taken, or that
// what new ones are made from has expired.
func Expired(err error) bool {
	if e, ok := errors.AsType[*SignInError](err); ok {
		return strings.Contains(strings.ToLower(e.Message), "expired")
	}
	e := of(err)
	return e.Status == http.StatusUnauthorized && (e.Code == "InvalidAuthenticationToken" || e.Code == "ExpiredAuthenticationToken")
}

// Missing reports whether an error says that what was asked for is not there.
func Missing(err error) bool { return of(err).Status == http.StatusNotFound }

// Bad reports whether an error says that a request is not one that the service
// takes.
func Bad(err error) bool { return of(err).Status == http.StatusBadRequest }

// Unlicensed reports whether an error says that the tenant has no licence for what
// was asked (Microsoft Graph, error codes of reports, PIM and Identity Protection).
func Unlicensed(err error) bool {
	e := of(err)
	switch e.Code {
	case "Authentication_RequestFromNonPremiumTenantOrB2CTenant", "AadPremiumLicenseRequired", "Authentication_RequestFromUnsupportedUserRole":
		return e.Code != "Authentication_RequestFromUnsupportedUserRole"
	}
	text := strings.ToLower(e.Message)
	return e.Status >= 400 && e.Status < 500 && (strings.Contains(text, "premium license") || strings.Contains(text, "premium licence") ||
		strings.Contains(text, "license is required") || strings.Contains(text, "not licensed"))
}

// Stands reports whether an error would be the same another time, as far as can be
// told: a service that works refused what was asked. It is false for nil.
func Stands(err error) bool {
	if Refused(err) || Expired(err) || errors.Is(err, ErrBudget) {
		return false
	}
	status := of(err).Status
	return status >= 400 && status < 500 && status != http.StatusRequestTimeout && status != http.StatusTooManyRequests
}

// Refused reports whether an error says that there is no token to ask with.
func Refused(err error) bool {
	_, ok := errors.AsType[*SignInError](err)
	return ok
}
