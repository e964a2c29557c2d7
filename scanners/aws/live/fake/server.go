// Package fake is AWS in memory, for tests: it tells calls apart as the services do,
// answers in their forms, in pages, and refuses what it does not know, what is not
// there and what is denied. It is no part of the program.
package fake

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// A Tree is an answer or a part of one: strings, numbers, bools, Trees and lists
// ([]any). In XML a list is written as member or item elements.
type Tree = map[string]any

// Entries is a map as awsQuery writes it.
type Entries map[string]any

// A Request is what the server makes of one.
type Request struct {
	Account, Region string
	Action          string // "iam:ListUsers"
	Key             string // access key id that signed
	Values          url.Values
}

// A Server is an http.Handler. Fill it before it is used.
type Server struct {
	// Keys say of which account an access key is. AssumeRole adds to it.
	Keys map[string]string
	// Caller is the ARN that GetCallerIdentity tells, by access key.
	Caller map[string]string
	// Allow says whether a request is authorized; nil allows all.
	Allow func(Request) bool
	// Front, if set, may answer a request itself, by returning true.
	Front func(http.ResponseWriter, Request) bool
	calm  atomic.Bool // Front is not asked any more
	// Roles say by ARN with which external id a role may be assumed. "" is none.
	Roles map[string]string
	// Date is the Date header; zero is the machine's clock.
	Date time.Time
	// Page bounds every page, whatever a request asks for; 0 does not.
	Page int

	known    []operation
	mu       sync.Mutex
	answers  map[string]Tree
	requests []Request
	sessions int
}

// New returns a server of one account whose key is AKIAFAKE.
func New(account string) *Server {
	return &Server{
		Keys:    map[string]string{"AKIAFAKE": account},
		Caller:  map[string]string{"AKIAFAKE": "arn:aws:iam::" + account + ":user/auditor"},
		answers: map[string]Tree{}, Roles: map[string]string{}, known: known(),
	}
}

// Requests returns what was asked.
func (s *Server) Requests() []Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.requests)
}

// Calm has Front asked no more. It may be called while requests are on their way, such
// as those that whoever sent them gave up.
func (s *Server) Calm() { s.calm.Store(true) }

// Forget forgets what was asked.
func (s *Server) Forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.requests = nil
}

// signer returns of which account an access key is, and the ARN that it stands for.
func (s *Server) signer(key string) (account, arn string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.Keys[key], s.Caller[key]
}

// Set says how a call is answered in an account and region ("" is any). Of a call
// about one object the action is "kms:DescribeKey?KeyId=…".
func (s *Server) Set(account, region, action string, answer Tree) {
	s.answers[account+" "+region+" "+action] = answer
}

// Refusal is an answer that says no, with a code and a status of HTTP.
func Refusal(code string, status int) Tree { return Tree{refused: code, "status": status} }

const refused = "!refused"

// ServeHTTP answers one request.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	req, op, problem := s.parse(r)
	date := s.Date
	if date.IsZero() {
		date = time.Now()
	}
	w.Header().Set("Date", date.UTC().Format(http.TimeFormat))
	s.mu.Lock()
	s.requests = append(s.requests, req)
	s.mu.Unlock()
	if s.Front != nil && !s.calm.Load() && s.Front(w, req) {
		return
	}
	switch {
	case problem != "":
		Refuse(w, req.Action, http.StatusBadRequest, problem, "the request is not understood")
	case req.Account == "":
		Refuse(w, req.Action, http.StatusForbidden, unknownKey(op.protocol), "The security token included in the request is invalid.")
	case s.Allow != nil && !s.Allow(req):
		_, arn := s.signer(req.Key)
		Refuse(w, req.Action, denialStatus(op.protocol), denialCode(req.Action, op.protocol),
			fmt.Sprintf("User: %s is not authorized to perform: %s", arn, req.Action))
	default:
		s.answer(w, req, op)
	}
}

func unknownKey(p protocol) string {
	if p == query {
		return "InvalidClientTokenId"
	}
	return "UnrecognizedClientException"
}

func denialStatus(p protocol) int {
	if p == jsonRPC {
		return http.StatusBadRequest
	}
	return http.StatusForbidden
}

func denialCode(action string, p protocol) string {
	switch {
	case strings.HasPrefix(action, "ec2:"):
		return "UnauthorizedOperation"
	case p == query, p == rest && strings.HasPrefix(action, "s3:"):
		return "AccessDenied"
	default:
		return "AccessDeniedException"
	}
}

// parse tells which call a request is.
func (s *Server) parse(r *http.Request) (Request, operation, string) {
	key, region, signed, ok := scope(r.Header.Get("Authorization"))
	if !ok {
		return Request{}, operation{}, "IncompleteSignature"
	}
	if r.Header.Get("X-Amz-Date") == "" {
		return Request{}, operation{}, "MissingAuthenticationToken"
	}
	account, _ := s.signer(key)
	req := Request{Account: account, Region: region, Key: key, Values: url.Values{}}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return req, operation{}, "MalformedInput"
	}
	op, ok := s.find(signed, r, body, req.Values)
	if !ok {
		return Request{Action: signed + ":?", Account: req.Account, Region: region}, op, "UnknownOperationException"
	}
	req.Action = op.action
	return req, op, ""
}

// scope reads the credential of a signature: KEY/DATE/REGION/SERVICE/aws4_request.
func scope(authorization string) (key, region, service string, ok bool) {
	_, rest, found := strings.Cut(authorization, "AWS4-HMAC-SHA256 Credential=")
	credential, rest, _ := strings.Cut(rest, ",")
	parts := strings.Split(credential, "/")
	if !found || len(parts) != 5 || parts[4] != "aws4_request" || !strings.Contains(rest, "Signature=") {
		return "", "", "", false
	}
	return parts[0], parts[2], parts[3], true
}

// find tells the operation and its parameters by the protocol of the service.
func (s *Server) find(signed string, r *http.Request, body []byte, into url.Values) (operation, bool) {
	maps.Copy(into, r.URL.Query())
	if target := r.Header.Get("X-Amz-Target"); target != "" {
		op, ok := s.byTarget(target)
		readJSON(body, into)
		return op, ok && op.signed == signed
	}
	if strings.HasPrefix(r.Header.Get("Content-Type"), "application/x-www-form-urlencoded") {
		form, err := url.ParseQuery(string(body))
		if err != nil {
			return operation{}, false
		}
		maps.Copy(into, form)
		return s.byForm(signed, form.Get("Action"), form.Get("Version"))
	}
	readJSON(body, into)
	return s.byPath(signed, r, into)
}

// readJSON takes the parameters of a JSON body that are no structures.
func readJSON(body []byte, into url.Values) {
	var tree map[string]any
	if json.Unmarshal(body, &tree) != nil {
		return
	}
	for name, value := range tree {
		switch v := value.(type) {
		case []any:
			for _, x := range v {
				into.Add(name, fmt.Sprint(x))
			}
		default:
			into.Set(name, fmt.Sprint(v))
		}
	}
}
