//go:build e2e

package aws

import (
	"bytes"
	"cmp"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/muster-nhi/muster/scanners/aws/live"
	"github.com/muster-nhi/muster/scanners/aws/live/wire"
)

// A call is a request that the proxy was sent.
type call struct {
	op      wire.Operation
	action  string // iam:ListUsers
	region  string
	account string
	key     string // the id of the access key that signed it
	again   int    // how often the same was asked before
	token   string // of the page that is asked for
	request *http.Request
	body    []byte
	form    url.Values
}

// An answer is what a request is answered with.
type answer struct {
	status int
	header map[string]string
	body   []byte
}

// A proxy stands before the emulator: it pages as AWS does, and fails as a test
// wants.
type proxy struct {
	*httptest.Server
	world *world

	// page is the most items of a page, whatever was asked for; 0 is what was asked
	// for.
	page int
	// before may answer instead of the emulator, after may alter what it answered.
	before func(*call) *answer
	after  func(*call, *answer) *answer

	mu       sync.Mutex
	accounts map[string]string // by access key
	calls    []*call
	asked    map[string]int
	memory   map[string]*answer
	spent    time.Duration   // of the emulator
	lacking  map[string]bool // actions that the emulator does not have
}

// newProxy returns a proxy whose caller is in an account.
func newProxy(t testing.TB, w *world, account string) *proxy {
	t.Helper()
	p := &proxy{
		world: w, accounts: map[string]string{callerKey: account}, asked: map[string]int{},
		memory: map[string]*answer{}, lacking: map[string]bool{},
	}
	p.Server = httptest.NewServer(p)
	t.Cleanup(p.Close)
	return p
}

// callerKey is the id of the access key of who scans.
const callerKey = "AKIAMUSTERCALLER"

// begin forgets what was asked, but not what the emulator answered: it does not
// change while a test runs.
func (p *proxy) begin() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.calls, p.asked, p.before, p.after, p.page = nil, map[string]int{}, nil, nil, 0
}

// actions returns how often each action was asked.
func (p *proxy) actions() map[string]int {
	p.mu.Lock()
	defer p.mu.Unlock()
	out := map[string]int{}
	for _, c := range p.calls {
		out[c.action]++
	}
	return out
}

// requests returns how many requests there were.
func (p *proxy) requests() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.calls)
}

// ServeHTTP answers.
func (p *proxy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c, err := p.understand(r)
	if err != nil {
		http.Error(w, err.Error(), http.StatusTeapot)
		return
	}
	p.mu.Lock()
	p.calls = append(p.calls, c)
	id := strings.Join([]string{c.account, c.region, c.action, r.URL.String(), string(c.body)}, " ")
	c.again = p.asked[id]
	p.asked[id]++
	before, after := p.before, p.after
	p.mu.Unlock()
	var a *answer
	if before != nil {
		a = before(c)
	}
	if a == nil {
		if a, err = p.paged(c); err != nil {
			a = &answer{status: http.StatusBadGateway, body: []byte(err.Error())}
		}
		if after != nil {
			if changed := after(c, a); changed != nil {
				a = changed
			}
		}
	}
	for k, v := range a.header {
		w.Header().Set(k, v)
	}
	w.WriteHeader(a.status)
	_, _ = w.Write(a.body)
}

// scope reads the key, the region and the service of a signature.
var scope = regexp.MustCompile(`Credential=([^/]+)/\d+/([^/]+)/([^/]+)/aws4_request`)

// understand tells which call a request is.
func (p *proxy) understand(r *http.Request) (*call, error) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	m := scope.FindStringSubmatch(r.Header.Get("Authorization"))
	if m == nil {
		return nil, fmt.Errorf("%s is not signed", r.URL)
	}
	c := &call{request: r, body: body, key: m[1], region: m[2]}
	c.form, _ = url.ParseQuery(string(body))
	p.mu.Lock()
	c.account = p.accounts[c.key]
	p.mu.Unlock()
	if c.account == "" {
		return nil, fmt.Errorf("nobody has the key %s", c.key)
	}
	for _, op := range live.Operations() {
		if signedAs(op.Service) == m[3] && c.is(op) {
			c.op, c.action = op, op.Action()
			c.token = c.parameter(op.Token)
			return c, nil
		}
	}
	return nil, fmt.Errorf("%s %s %s of %s is no call of the table", r.Method, r.URL, r.Header.Get("X-Amz-Target"), m[3])
}

func signedAs(s wire.Service) string { return cmp.Or(s.Sign, s.Host, s.Prefix) }

var hole = regexp.MustCompile(`\\\{\w+\\\}`)

// is reports whether a call is of an operation.
func (c *call) is(op wire.Operation) bool {
	switch op.Service.Protocol {
	case wire.Query, wire.EC2:
		return c.form.Get("Action") == op.Name
	case wire.JSON:
		return c.request.Header.Get("X-Amz-Target") == op.Service.Target+"."+op.Name
	default:
		path, query, _ := strings.Cut(op.Path, "?")
		pattern := "^" + hole.ReplaceAllString(regexp.QuoteMeta(path), "[^/]+") + "$"
		ok, _ := regexp.MatchString(pattern, c.request.URL.EscapedPath())
		return ok && cmp.Or(op.Method, http.MethodPost) == c.request.Method && (query == "" || c.request.URL.Query().Has(query))
	}
}

// parameter returns a parameter of a call, wherever its protocol has it.
func (c *call) parameter(name string) string {
	if name == "" {
		return ""
	}
	if v := c.form.Get(name); v != "" {
		return v
	}
	if v := c.request.URL.Query().Get(name); v != "" {
		return v
	}
	var in map[string]any
	if json.Unmarshal(c.body, &in) == nil && in[name] != nil {
		return fmt.Sprint(in[name])
	}
	return ""
}

// without returns the body and the query of a call without some parameters.
func (c *call) without(names ...string) (body []byte, query string) {
	q := c.request.URL.Query()
	for _, n := range names {
		q.Del(n)
	}
	switch c.op.Service.Protocol {
	case wire.Query, wire.EC2:
		form := maps.Clone(c.form)
		for _, n := range names {
			form.Del(n)
		}
		return []byte(form.Encode()), q.Encode()
	default: // JSON, or nothing
	}
	var in map[string]json.RawMessage
	if json.Unmarshal(c.body, &in) != nil {
		return c.body, q.Encode()
	}
	for _, n := range names {
		delete(in, n)
	}
	body, _ = json.Marshal(in) // was read a line before
	return body, q.Encode()
}

// ask asks the emulator, and remembers what it said.
func (p *proxy) ask(c *call, body []byte, query string) (*answer, error) {
	path := c.request.URL.EscapedPath()
	key := strings.Join([]string{c.account, c.region, c.action, c.request.Method, path, query, string(body)}, " ")
	p.mu.Lock()
	a := p.memory[key]
	p.mu.Unlock()
	if a != nil {
		return a, nil
	}
	address := p.world.url + path
	if query != "" {
		address += "?" + query
	}
	r, err := http.NewRequestWithContext(c.request.Context(), c.request.Method, address, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	for _, h := range []string{"Content-Type", "X-Amz-Target", "Authorization", "X-Amz-Date", "X-Amz-Content-Sha256"} {
		if v := c.request.Header.Get(h); v != "" {
			r.Header.Set(h, v)
		}
	}
	r.Header.Set("X-Moto-Account-Id", c.account)
	started := time.Now()
	defer func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.spent += time.Since(started)
	}()
	res, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	a = &answer{status: res.StatusCode, header: map[string]string{"Content-Type": res.Header.Get("Content-Type")}}
	if v := res.Header.Get("X-Amzn-Errortype"); v != "" {
		a.header["X-Amzn-Errortype"] = v
	}
	if a.body, err = io.ReadAll(res.Body); err != nil {
		return nil, err
	}
	p.learn(c, a)
	if lacks(a) {
		p.mu.Lock()
		p.lacking[c.action] = true
		p.mu.Unlock()
		a = nothing(c.op)
	}
	if strings.Contains(c.op.Name, "Generate") || c.action == "sts:AssumeRole" { // the next answer is another
		return a, nil
	}
	p.mu.Lock()
	p.memory[key] = a
	p.mu.Unlock()
	return a, nil
}

// lacks reports whether the emulator does not have what was asked for: it answers
// that with a page for people.
func lacks(a *answer) bool {
	return a.status >= 400 && bytes.HasPrefix(bytes.ToLower(bytes.TrimSpace(a.body)), []byte("<!doctype html"))
}

// nothing answers that there is nothing of what was asked for.
func nothing(op wire.Operation) *answer {
	a := &answer{status: http.StatusOK, header: map[string]string{}, body: []byte("{}")}
	switch op.Service.Protocol {
	case wire.Query:
		a.body = fmt.Appendf(nil, "<%[1]sResponse><%[1]sResult></%[1]sResult></%[1]sResponse>", op.Name)
	case wire.EC2, wire.S3:
		a.body = fmt.Appendf(nil, "<%[1]sResponse></%[1]sResponse>", op.Name)
	default: // JSON
	}
	return a
}

// learn notes whose credentials are given out.
func (p *proxy) learn(c *call, a *answer) {
	if c.action != "sts:AssumeRole" || a.status != http.StatusOK {
		return
	}
	root, err := parseXML(a.body)
	if err != nil {
		return
	}
	root.walk(func(n *node) {
		if n.name == "AccessKeyId" {
			p.mu.Lock()
			defer p.mu.Unlock()
			p.accounts[n.text] = strings.Split(c.form.Get("RoleArn"), ":")[4]
		}
	})
}

// paged answers with one page of what the emulator answers at once.
func (p *proxy) paged(c *call) (*answer, error) {
	if c.op.Token == "" || c.op.Service.Protocol == wire.S3 {
		return p.ask(c, c.body, c.request.URL.RawQuery)
	}
	whole, err := p.whole(c)
	if err != nil || whole.status != http.StatusOK {
		return whole, err
	}
	size := 100
	if n, err := parseInt(c.parameter(c.op.Limit)); err == nil {
		size = n
	}
	if p.page > 0 {
		size = min(size, p.page)
	}
	from := 0
	if c.token != "" {
		if from, err = offset(c.token); err != nil {
			return nil, err
		}
	}
	return slice(c.op, whole, from, size)
}

func parseInt(s string) (int, error) {
	var n int
	_, err := fmt.Sscan(s, &n)
	return n, err
}

// Tokens hold characters that a client has to escape.
func token(offset int) string {
	return base64.StdEncoding.EncodeToString(fmt.Appendf(nil, "\xfb\xff>%d", offset)) + "+/=&%"
}

func offset(token string) (int, error) {
	data, err := base64.StdEncoding.DecodeString(strings.TrimSuffix(token, "+/=&%"))
	if err != nil {
		return 0, fmt.Errorf("%q was never given out: %w", token, err)
	}
	return parseInt(string(bytes.TrimPrefix(data, []byte("\xfb\xff>"))))
}

// whole returns all pages of the emulator as one, with the greatest size that the
// call asks for.
func (p *proxy) whole(c *call) (*answer, error) {
	body, query := c.without(c.op.Token)
	all, err := p.ask(c, body, query)
	if err != nil || all.status != http.StatusOK {
		return all, err
	}
	return p.follow(c, all)
}

// follow asks for more where the emulator pages itself.
func (p *proxy) follow(c *call, first *answer) (*answer, error) {
	merged, a := first, first
	for range 1000 {
		next := nextOf(c.op, a.body)
		if next == "" {
			return merged, nil
		}
		text, q := c.without(c.op.Token)
		switch {
		case c.op.Service.Protocol == wire.Query || c.op.Service.Protocol == wire.EC2:
			form, _ := url.ParseQuery(string(text))
			form.Set(c.op.Token, next)
			text = []byte(form.Encode())
		case c.request.Method == http.MethodGet || slices.Contains(c.op.InQuery, c.op.Token):
			values, _ := url.ParseQuery(q)
			values.Set(c.op.Token, next)
			q = values.Encode()
		default:
			var in map[string]any
			if json.Unmarshal(text, &in) != nil {
				in = map[string]any{}
			}
			in[c.op.Token] = next
			text, _ = json.Marshal(in)
		}
		var err error
		if a, err = p.ask(c, text, q); err != nil || a.status != http.StatusOK {
			return a, err
		}
		if merged, err = join(c.op, merged, a); err != nil {
			return nil, err
		}
	}
	return nil, fmt.Errorf("%s of the emulator does not end", c.action)
}
