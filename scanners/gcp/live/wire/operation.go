// Package wire sends requests to the REST APIs of Google Cloud and reads their
// answers.
//
// Every method is an entry in a table, which names the only fields that are asked
// for and the permission that it takes; items are passed on as JSON, so that they are
// read by the same code as saved exports. Google's generated clients of these twelve
// APIs were measured beside it (google.golang.org/api v0.311.0, 2 cores): they add
// 0.5 MB and 10 s of CPU to a build that has the clients of IAM v2 and v3 already,
// which with signing in are 11.6 MB (gRPC and OpenTelemetry come with them). They
// decode whole answers, into types that have fields for key strings and secrets of
// clients. Where they are used (deny policies, access boundaries) they send through a
// carrier of this package. Tests hold the table against Google's discovery documents
// and against what the generated clients send. Signing in is Google's own library
// (cloud.google.com/go/auth).
//
// Memory: one page of an answer at a time for each request under way.
package wire

import (
	"fmt"
	"net/url"
	"strings"
)

// An Operation is one method of an API, which only reads.
type Operation struct {
	ID      string  // as the discovery document has it: iam.projects.serviceAccounts.list
	Service string  // the host: iam.googleapis.com
	Method  string  // GET, or POST with Body
	Path    string  // with holes: {name} is escaped, {+name} has its slashes kept
	Body    string  // JSON that is always the same; empty is none
	Items   string  // the field of an answer that lists; empty is an answer without pages
	Size    string  // the parameter for the size of a page; empty is a list in one piece
	Most    int     // the size that is asked for
	Fields  string  // what is asked for of each item, as partial responses are spelled; empty is everything
	Rate    float64 // requests a second that its quota allows; 0 is a usual one
	Quota   string  // names those that share a quota; empty is all others of the service
}

// Values fill the holes of a path, and the query. Empty ones are left out.
type Values map[string]string

// with returns a copy with one more value.
func (v Values) with(name, value string) Values {
	out := Values{name: value}
	for k, x := range v {
		if k != name {
			out[k] = x
		}
	}
	return out
}

// url returns the address of a request below a base.
func (o Operation) url(base string, in Values) (string, error) {
	query := url.Values{"prettyPrint": {"false"}}
	path := o.Path
	for name, value := range in {
		whole, open := "{+"+name+"}", "{"+name+"}"
		switch {
		case strings.Contains(path, whole):
			path = strings.ReplaceAll(path, whole, slashed(value))
		case strings.Contains(path, open):
			path = strings.ReplaceAll(path, open, url.PathEscape(value))
		case value != "":
			for one := range strings.SplitSeq(value, "\n") {
				query.Add(name, one)
			}
		}
	}
	if strings.ContainsAny(path, "{}") {
		return "", fmt.Errorf("%s: a part of the path is not known", o.ID)
	}
	if mask := o.mask(); mask != "" {
		query.Set("fields", mask)
	}
	return strings.TrimSuffix(base, "/") + "/" + path + "?" + query.Encode(), nil
}

// mask returns the fields of an answer that are asked for.
func (o Operation) mask() string {
	switch {
	case o.Fields == "":
		return ""
	case o.Items == "":
		return o.Fields
	case o.Size == "":
		return o.Items + "(" + o.Fields + ")" // it comes in one piece
	default:
		return "nextPageToken," + o.Items + "(" + o.Fields + ")"
	}
}

// slashed escapes a resource name and keeps its slashes. What is escaped already
// stays as it is: attachment points of IAM v2 hold %2F.
func slashed(name string) string {
	parts := strings.Split(name, "/")
	for i, p := range parts {
		if !strings.Contains(p, "%2F") {
			parts[i] = url.PathEscape(p)
		}
	}
	return strings.Join(parts, "/")
}
