//go:build e2e

package azure

import (
	"bytes"
	"crypto/tls"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/muster-nhi/muster/internal/e2e/peer"
	"github.com/muster-nhi/muster/scanners/azure/live/fake"
)

// A call is a request that the proxy was sent.
type call struct {
	name  string // host, method and path without ids; of Resource Graph the table and type
	again int    // how often the same was asked before
	paged bool   // asks for a further page
	body  []byte
	*http.Request
}

// A place is a service of Microsoft's public cloud that another host stands for.
type place struct {
	host     string // that it stands for
	audience string // of tokens, without a slash at the end
}

// A proxy stands between the program and a tenant, and spoils answers as a test
// wants. To the program it is an HTTPS proxy, whose certificates are of an authority
// of our own.
type proxy struct {
	*httptest.Server
	tenant *fake.Server
	inner  *http.Server
	conns  chan net.Conn
	done   chan struct{}

	// elsewhere says whose place hosts take, and for whom tokens for them have to be.
	elsewhere map[string]place

	peer.Front[*call]

	mu     sync.Mutex
	tokens []string
}

func newProxy(t testing.TB, tenant *fake.Server) *proxy {
	t.Helper()
	tenant.Secret = secret()
	p := &proxy{tenant: tenant, conns: make(chan net.Conn), done: make(chan struct{})}
	p.inner = &http.Server{Handler: http.HandlerFunc(p.answer), ReadHeaderTimeout: time.Minute, ErrorLog: log.New(io.Discard, "", 0)}
	go func() { _ = p.inner.Serve(mouth{p}) }() // ends when it is closed
	p.Server = httptest.NewServer(http.HandlerFunc(p.tunnel))
	t.Cleanup(func() {
		close(p.done)
		_ = p.inner.Close()
		p.Close()
	})
	return p
}

// tunnel is the proxy as the program sees it: CONNECT, and what comes then is TLS.
func (p *proxy) tunnel(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodConnect {
		p.managed(w, r)
		return
	}
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	if _, err := conn.Write([]byte("HTTP/1.1 200 OK\r\n\r\n")); err != nil {
		_ = conn.Close()
		return
	}
	select {
	case p.conns <- tls.Server(conn, shared.authority.config()):
	case <-p.done:
		_ = conn.Close()
	}
}

// managedHeader is what the endpoint of managed identities wants to be shown.
const managedHeader = "made-up-header"

// managed is the endpoint where a machine gets tokens of its managed identity, as App
// Service has it: without TLS, on the machine itself.
func (p *proxy) managed(w http.ResponseWriter, r *http.Request) {
	resource := r.URL.Query().Get("resource")
	if r.URL.Path != "/msi/token" || r.Header.Get("X-Identity-Header") != managedHeader || r.URL.Query().Get("api-version") != "2019-08-01" || resource == "" {
		fake.Refuse(w, http.StatusBadRequest, "invalid_request", "that is no request for a token of a managed identity")
		return
	}
	token := p.tenant.Token(resource)
	p.mu.Lock()
	p.tokens = append(p.tokens, token)
	p.mu.Unlock()
	w.Header().Set("Content-Type", "application/json")
	fmt.Fprintf(w, `{"access_token": %q, "expires_on": "%d", "resource": %q, "token_type": "Bearer"}`, token, time.Now().Add(time.Hour).Unix(), resource)
}

// A mouth is the listener of the server at the end of the tunnel.
type mouth struct{ *proxy }

// Accept returns the next connection that came through the tunnel.
func (m mouth) Accept() (net.Conn, error) {
	select {
	case c := <-m.conns:
		return c, nil
	case <-m.done:
		return nil, net.ErrClosed
	}
}

// Addr is where the tunnel begins.
func (m mouth) Addr() net.Addr { return m.Listener.Addr() }

// Close does nothing: the proxy ends what there is.
func (mouth) Close() error { return nil }

// faults sets which calls fail how, and forgets what was asked.
func (p *proxy) faults(spoil func(*call) peer.Fault) {
	p.tenant.Forget()
	p.Faults(spoil)
}

// names returns how often each call was made.
func (p *proxy) names() map[string]int {
	return p.Count(func(c *call) string { return c.name })
}

// hosts returns the hosts that were asked.
func (p *proxy) hosts() []string {
	return slices.Sorted(maps.Keys(p.Count(func(c *call) string { return c.Host })))
}

// answer answers what came through the tunnel.
func (p *proxy) answer(w http.ResponseWriter, r *http.Request) {
	c, err := p.understand(r)
	if err != nil {
		http.Error(w, err.Error(), http.StatusTeapot)
		return
	}
	send := p.Fault(c)
	a := p.Ask(p.tenant, p.moved(r))
	p.learn(c, a)
	send(w, a)
}

// moved turns a request to another cloud, or to a host of one's own, into one to the
// public cloud. A token for anybody else does not do.
func (p *proxy) moved(r *http.Request) *http.Request {
	at, ok := p.elsewhere[r.Host]
	if !ok {
		return r
	}
	r = r.Clone(r.Context())
	if audience(r) == at.audience {
		scope := map[bool]string{true: "https://" + at.host + "/.default", false: "https://management.core.windows.net//.default"}
		r.Header.Set("Authorization", "Bearer "+p.tenant.Token(scope[strings.HasPrefix(at.host, "graph.")]))
	} else {
		r.Header.Del("Authorization")
	}
	r.Host = at.host
	return r
}

// audience reads for whom the token of a request is.
func audience(r *http.Request) string {
	parts := strings.Split(strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer "), ".")
	var claims struct{ Aud string }
	if len(parts) != 3 {
		return ""
	}
	data, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil || json.Unmarshal(data, &claims) != nil {
		return ""
	}
	return strings.TrimSuffix(claims.Aud, "/")
}

// learn notes which tokens are given out.
func (p *proxy) learn(c *call, a *peer.Answer) {
	var token struct {
		Token string `json:"access_token"`
	}
	if !c.signsIn() || json.Unmarshal(a.Body, &token) != nil || token.Token == "" {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.tokens = append(p.tokens, token.Token)
}

// understand tells which call a request is, and notes it.
func (p *proxy) understand(r *http.Request) (*call, error) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	c := &call{Request: r, body: body}
	c.name = r.Host + " " + fake.Request{Method: r.Method, Path: r.URL.Path}.Name()
	c.paged = strings.Contains(strings.ToLower(r.URL.RawQuery), "skiptoken") || bytes.Contains(body, []byte(`"$skipToken":"`))
	if query, ok := c.query(); ok {
		c.name = "resource graph: " + query
	}
	if expand := r.URL.Query().Get("$expand"); expand != "" {
		expand, _, _ = strings.Cut(expand, "(")
		c.name += "?" + expand
	}
	c.again = p.Note(r.Method+" "+r.Host+r.URL.String()+string(body), c)
	return c, nil
}

// query returns the first lines of a query of Resource Graph, which tell what it is
// about.
func (c *call) query() (string, bool) {
	var in struct{ Query string }
	if !strings.Contains(c.URL.Path, "ResourceGraph") || json.Unmarshal(c.body, &in) != nil {
		return "", false
	}
	lines := strings.SplitN(in.Query, "\n", 3)
	return strings.Join(lines[:min(2, len(lines))], " "), true
}

// signsIn reports whether a call is for a token, or leads there.
func (c *call) signsIn() bool { return strings.HasPrefix(c.Host, "login.") }

// about reports whether the name of a call holds a text.
func (c *call) about(text string) bool { return strings.Contains(c.name, text) }

// refused answers with an error, and with Retry-After if that is not empty.
func refused(status int, code, after string) peer.Fault {
	return func(w http.ResponseWriter, _ *peer.Answer) {
		if after != "" {
			w.Header().Set("Retry-After", after)
		}
		fake.Refuse(w, status, code, http.StatusText(status))
	}
}

// denied answers as a service does where a permission is missing.
func denied(c *call) peer.Fault {
	return func(w http.ResponseWriter, _ *peer.Answer) { fake.Deny(w, c.Host) }
}
