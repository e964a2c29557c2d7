package wire

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
)

// An Error is a refusal of AWS.
type Error struct {
	signer         string // access key id that the request was signed with
	Action, Region string
	Status         int    // of HTTP
	Code           string // AccessDenied; empty if the answer has none, as a proxy's
	Message        string // one line; never of a signature
}

// Error names the call, the region and what AWS said.
func (e *Error) Error() string {
	where := ""
	if e.Region != "" {
		where = " in " + e.Region
	}
	what := e.Code
	if what == "" {
		what = fmt.Sprintf("HTTP %d without a reason that can be read", e.Status)
	}
	if e.Message != "" {
		what += ": " + e.Message
	}
	return fmt.Sprintf("%s%s: %s", e.Action, where, what)
}

// ErrorCode and HTTPStatusCode are what the SDK judges retries by.
func (e *Error) ErrorCode() string { return e.Code }

// HTTPStatusCode returns the status of the answer.
func (e *Error) HTTPStatusCode() int { return e.Status }

// of returns the refusal in the chain of an error, or a zero one.
func of(err error) Error {
	if e, ok := errors.AsType[*Error](err); ok {
		return *e
	}
	return Error{}
}

// Code returns the code of a refusal in the chain of an error; empty if there is
// none.
func Code(err error) string { return of(err).Code }

// Denied reports whether an error says that permissions are missing.
func Denied(err error) bool {
	e, ok := errors.AsType[*Error](err)
	if !ok {
		return false
	}
	switch e.Code {
	case "AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "UnauthorizedException", "AuthorizationError",
		"AuthorizationErrorException", "NotAuthorized", "AllAccessDisabled", "Client.UnauthorizedOperation":
		return true
	case "":
		return e.Status == http.StatusForbidden || e.Status == http.StatusUnauthorized
	default:
		return false
	}
}

// Missing reports whether an error says that what was asked for is not there.
func Missing(err error) bool {
	e, ok := errors.AsType[*Error](err)
	if !ok {
		return false
	}
	switch e.Code {
	case "NoSuchEntity", "NoSuchEntityException", "ResourceNotFoundException", "NotFoundException", "NotFound",
		"NoSuchBucketPolicy", "NoSuchBucket", "AWS.SimpleQueueService.NonExistentQueue", "QueueDoesNotExist",
		"RepositoryPolicyNotFoundException", "ClusterNotFoundException":
		return true
	default:
		return false
	}
}

// Absent reports whether an error says that a service or an operation is not to be
// had at an endpoint: its name does not resolve, it does not know the operation, or
// the account did not subscribe to it.
func Absent(err error) bool {
	if dns, ok := errors.AsType[*net.DNSError](err); ok {
		return dns.IsNotFound
	}
	e, ok := errors.AsType[*Error](err)
	if !ok {
		return false
	}
	switch e.Code {
	case "UnknownOperationException", "UnknownOperation", "InvalidAction", "OptInRequired", "SubscriptionRequiredException",
		"NotImplemented", "NotImplementedException", "UnsupportedOperationException", "UnsupportedOperation":
		return true
	case "":
		return e.Status == http.StatusNotImplemented
	default:
		return false
	}
}

// Expired reports whether an error says that credentials are no longer valid.
func Expired(err error) bool {
	switch Code(err) {
	case "ExpiredToken", "ExpiredTokenException", "RequestExpired", "TokenRefreshRequired":
		return true
	default:
		return false
	}
}

// Unknown reports whether an error says that AWS does not know the credentials.
func Unknown(err error) bool {
	switch Code(err) {
	case "InvalidClientTokenId", "UnrecognizedClientException", "AuthFailure", "InvalidAccessKeyId", "NotSignedUp":
		return true
	default:
		return false
	}
}

// signing reports whether a code speaks of a signature. The message with it may
// quote what was signed, and in that the token of a session.
func signing(code string) bool {
	return strings.Contains(code, "Signature") || code == "RequestTimeTooSkewed" || code == "AuthFailure"
}

// ErrCredentials is in the chain of the error of a request for which there were no
// credentials to be had.
var ErrCredentials = errors.New("get credentials")

// ErrBudget is in the chain of the error of a request that was not repeated again,
// because too many had to be.
var ErrBudget = errors.New("too many requests had to be repeated")

// Errors of requests that are not made any more.
var (
	ErrSpent = errors.New("the quota is spent")
	ErrDown  = errors.New("it is not asked any more: nothing was answered")
)

// Over reports whether an error says that it is no use to ask on: for now, or as these
// credentials.
func Over(err error) bool {
	return errors.Is(err, ErrSpent) || errors.Is(err, ErrDown) || errors.Is(err, ErrBudget) || errors.Is(err, ErrCredentials) || Expired(err)
}

// Stands reports whether an error would be the same another time, as far as can be
// told: a service that works refused what was asked. It is false for nil.
func Stands(err error) bool {
	if err == nil || Over(err) || throttle(err) || transient(err) {
		return false
	}
	e, refused := errors.AsType[*Error](err)
	return refused && e.Status < http.StatusInternalServerError || Absent(err)
}

// trouble says for people what is wrong with a service that is asked again. It quotes
// no more of an answer than its code.
func trouble(where string, err error) string {
	e := of(err)
	code := strings.TrimSpace(fmt.Sprint(e.Status, " ", e.Code))
	switch {
	case throttle(err):
		return where + " says no (" + code + ")"
	case e.Status != 0:
		return where + " fails (" + code + ")"
	case errors.Is(err, errMalformed):
		return where + " does not answer as it should"
	default:
		return where + " cannot be reached"
	}
}

// Errors of listings that cannot be followed to their end.
var (
	ErrRepeats = errors.New("the token of a page came a second time: the listing goes in circles")
	ErrCut     = errors.New("the answer says that there is more and gives no token to ask for it")
	ErrEmpty   = errors.New("too many pages in a row were empty")
)
