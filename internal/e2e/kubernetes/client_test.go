//go:build e2e

package kubernetes

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"golang.org/x/sync/errgroup"
)

// A client speaks JSON to the API server. It is no client-go, so that what it
// says of the server does not depend on what muster uses.
type client struct {
	url    string
	user   string // for messages
	token  string
	header http.Header
	http   *http.Client
	broken error
}

// A thing is an object as JSON decodes it.
type thing = map[string]any

// A refusal is an answer of another status than 2xx.
type refusal struct {
	Code    int
	Reason  string
	Message string
	what    string
}

func (r *refusal) Error() string {
	return fmt.Sprintf("%s: %d %s: %s", r.what, r.Code, r.Reason, r.Message)
}

// impersonate returns a client that adds the headers of impersonation.
func (c *client) impersonate(user string, groups ...string) *client {
	d := *c
	d.header = c.header.Clone()
	if d.header == nil {
		d.header = http.Header{}
	}
	d.header.Set("Impersonate-User", user)
	for _, g := range groups {
		d.header.Add("Impersonate-Group", g)
	}
	d.user = c.user + " as " + user
	return &d
}

// do sends one request. A body that is a string goes as it is, any other as
// JSON; patches by their content type.
func (c *client) do(ctx context.Context, method, path, contentType string, body any) (thing, error) {
	if c.broken != nil {
		return nil, c.broken
	}
	var in io.Reader
	if body != nil {
		text, err := json.Marshal(body)
		if err != nil {
			return nil, err
		}
		in = bytes.NewReader(text)
	}
	req, err := http.NewRequestWithContext(ctx, method, c.url+path, in)
	if err != nil {
		return nil, err
	}
	req.Header = c.header.Clone()
	if req.Header == nil {
		req.Header = http.Header{}
	}
	if contentType != "" {
		req.Header.Set("Content-Type", contentType)
	}
	req.Header.Set("Accept", "application/json")
	if c.token != "" {
		req.Header.Set("Authorization", "Bearer "+c.token)
	}
	resp, err := c.http.Do(req)
	if err != nil {
		return nil, fmt.Errorf("%s %s as %s: %w", method, path, c.user, err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		return nil, fmt.Errorf("%s %s as %s: %w", method, path, c.user, err)
	}
	var out thing
	if json.Unmarshal(text, &out) != nil {
		out = thing{"text": string(text)}
	}
	if resp.StatusCode/100 == 2 {
		return out, nil
	}
	no := &refusal{Code: resp.StatusCode, what: method + " " + path + " as " + c.user}
	no.Reason, _ = out["reason"].(string)
	no.Message, _ = out["message"].(string)
	return nil, no
}

func (c *client) get(path string) (thing, error) {
	return c.do(context.Background(), "GET", path, "", nil)
}

func (c *client) post(path string, body any) (thing, error) {
	return c.do(context.Background(), "POST", path, "application/json", body)
}

func (c *client) put(path string, body any) (thing, error) {
	return c.do(context.Background(), "PUT", path, "application/json", body)
}

func (c *client) patch(path string, body any) (thing, error) {
	return c.do(context.Background(), "PATCH", path, "application/merge-patch+json", body)
}

func (c *client) delete(path string) error {
	_, err := c.do(context.Background(), "DELETE", path, "", nil)
	return err
}

// errAccepted stands where an answer was good and should not have been.
var errAccepted = errors.New("it was accepted")

// status sends a request and fails unless the answer has the status.
func (c *client) status(method, path string, body any, want int) error {
	_, err := c.do(context.Background(), method, path, "application/json", body)
	if got := code(err); got != want {
		return fmt.Errorf("%s %s: got status %d, want %d: %w", method, path, got, want, cmp.Or(err, errAccepted))
	}
	return nil
}

// code is the status of an answer: 200 for any good one, 0 for none.
func code(err error) int {
	var no *refusal
	switch {
	case err == nil:
		return http.StatusOK
	case errors.As(err, &no):
		return no.Code
	default:
		return 0
	}
}

// items lists a collection, whole.
func (c *client) items(t testing.TB, path string) []thing {
	t.Helper()
	list, err := c.get(path)
	if err != nil {
		t.Fatal(err)
	}
	var out []thing
	raw, _ := list["items"].([]any)
	for _, item := range raw {
		out = append(out, item.(thing))
	}
	return out
}

// create makes objects, several at once, and fails the test if one fails. Pods
// come after the others: the server refuses one whose account it does not know.
func (c *client) create(t testing.TB, objects ...thing) {
	t.Helper()
	isPod := func(o thing) bool { return o["kind"] == "Pod" }
	for _, pods := range []bool{false, true} {
		var group errgroup.Group
		group.SetLimit(16)
		for _, o := range objects {
			if isPod(o) == pods {
				group.Go(func() error { _, err := c.post(collection(o), o); return err })
			}
		}
		if err := group.Wait(); err != nil {
			t.Fatal(err)
		}
	}
}

// collection is the path under which an object's kind is listed.
func collection(o thing) string {
	version := o["apiVersion"].(string)
	kind := o["kind"].(string)
	path := "/apis/" + version
	if version == "v1" {
		path = "/api/v1"
	}
	if ns := field(o, "metadata", "namespace"); ns != "" {
		path += "/namespaces/" + ns
	}
	return path + "/" + plural(kind)
}

// at is the path of one object.
func at(o thing) string { return collection(o) + "/" + url.PathEscape(field(o, "metadata", "name")) }

// plural is the resource of a kind.
func plural(kind string) string {
	kind = strings.ToLower(kind)
	switch {
	case strings.HasSuffix(kind, "s"):
		return kind + "es"
	case strings.HasSuffix(kind, "y"):
		return strings.TrimSuffix(kind, "y") + "ies"
	default:
		return kind + "s"
	}
}

// field is a text deep in an object; empty if there is none.
func field(o thing, path ...string) string {
	for _, p := range path[:len(path)-1] {
		o, _ = o[p].(thing)
	}
	text, _ := o[path[len(path)-1]].(string)
	return text
}
