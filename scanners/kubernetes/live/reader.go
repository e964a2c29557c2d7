// Package live reads the objects of a running cluster into an object.Cluster. It
// only lists: nothing is created, changed, watched or logged into, and of Secrets
// only the metadata crosses the wire unless values were opted in.
package live

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/internal/transport"
	"github.com/muster-nhi/muster/scanners/kubernetes/object"
)

// Options say which cluster to read and how. Now is required; Hash is where
// HashValues is set.
type Options struct {
	Kubeconfig string // file; empty is the list in KUBECONFIG, or the default file
	Context    string // of the kubeconfig; empty is the current one, InCluster the service account of this pod
	Name       string // what people call the cluster; empty is the kubeconfig's name of it

	// Namespaces narrows the reading to these, for a user who may not list all.
	Namespaces []string
	// PageSize is how many objects are asked for at once. 0 lets the reader choose:
	// all at once where there are at most MaxWhole, else LargePage.
	PageSize int

	WithoutSecrets bool // Secrets are not listed; their names are taken from what uses them
	ReadTLS        bool // whole Secrets of type kubernetes.io/tls are read, for the dates of their certificates
	HashValues     bool // whole Secrets are read, and their values hashed

	UserAgent string
	// Wrap puts retries, waiting and budgets around what carries requests; nil is
	// none of them.
	Wrap  func(http.RoundTripper) http.RoundTripper
	Hash  func([]byte) inventory.SecretHash
	Now   func() time.Time
	Sleep func(context.Context, time.Duration) error // nil is transport.Sleep
}

// The choices of a reader whose Options make none. One unpaged list costs the API
// server a quarter of what pages of 500 do, for it comes from memory and not from
// etcd, but takes memory there with every object.
const (
	MaxWhole  = 50_000
	LargePage = 5_000
)

// A Reader reads one cluster. It is for one use at a time.
type Reader struct {
	options    Options
	connection *connection
	client     *http.Client
	base       *url.URL
}

// Open settles which cluster to read and as whom. It reads the kubeconfig and
// sends nothing. Errors say which file, context or certificate is at fault.
func Open(o Options) (*Reader, error) {
	c, err := connect(o)
	if err != nil {
		return nil, err
	}
	if !c.expires.IsZero() && c.expires.Before(o.Now()) {
		return nil, fmt.Errorf("%w on %s; renew it", errExpired, c.expires.UTC().Format(time.DateOnly))
	}
	if o.HashValues && o.Hash == nil {
		return nil, errors.New("values are to be hashed, and there is no hash")
	}
	if o.Sleep == nil {
		o.Sleep = transport.Sleep
	}
	client, err := c.client(o.UserAgent, o.Wrap)
	if err != nil {
		return nil, err
	}
	base, err := address(c.config.Host)
	if err != nil {
		return nil, err
	}
	return &Reader{options: o, connection: c, client: client, base: base}, nil
}

// address reads the server of a kubeconfig, whose scheme may be missing.
func address(host string) (*url.URL, error) {
	if !strings.Contains(host, "://") {
		host = "https://" + host
	}
	base, err := url.Parse(host)
	if err != nil || base.Host == "" {
		return nil, errors.New("the server of the kubeconfig is no address")
	}
	return base, nil
}

// Cluster returns what people call the cluster, before anything was read: the
// name that Options give or the kubeconfig's; empty in a pod.
func (r *Reader) Cluster() string { return cmp.Or(r.options.Name, r.connection.cluster) }

// Server returns the address of the API server.
func (r *Reader) Server() string { return r.base.Scheme + "://" + r.base.Host }

// Close ends the connections to the server.
func (r *Reader) Close() { r.client.CloseIdleConnections() }

// Progress is told what is being read, as the number of lists that are done of
// those there are.
type Progress = func(message string, done, total int)

// Read reads the cluster. The error says that it could not begin (the server
// cannot be reached, is not trusted, or does not know the user) or that ctx
// ended; whatever else fails is a Listing that says so, and the rest is read.
//
// Time and traffic grow with the number of objects; memory with what
// object.Cluster keeps of them and the largest single object, not with the length
// of a list.
func (r *Reader) Read(ctx context.Context, progress Progress) (*object.Cluster, error) {
	if progress == nil {
		progress = func(string, int, int) {}
	}
	run := &run{
		Reader: r, progress: progress,
		cluster: &object.Cluster{Name: r.Cluster(), Reader: r.connection.user},
		texts:   object.NewTexts(),
	}
	if err := run.greet(ctx); err != nil {
		return nil, err
	}
	run.discover(ctx)
	run.resources(ctx)
	if err := ctx.Err(); err != nil {
		return run.result(), fmt.Errorf("read cluster: %w", err)
	}
	return run.result(), nil
}

// A run is one reading.
type run struct {
	*Reader
	progress Progress
	cluster  *object.Cluster
	apis     apis
	pods     object.Collapser
	texts    *object.Texts

	lost time.Time // when a connection was last lost
	gone bool      // the server did not come back: nothing waits for it any more
}

// greet asks for the version, which everybody may, to find out whether there is
// a server that knows the user.
func (r *run) greet(ctx context.Context) error {
	var version struct {
		GitVersion string `json:"gitVersion"`
	}
	err := r.getJSON(ctx, "/version", "", &version)
	var status *statusError
	switch {
	case err == nil:
		r.cluster.Version = version.GitVersion
		return nil
	case ctx.Err() != nil:
		return fmt.Errorf("read cluster: %w", err)
	case errors.As(err, &status) && status.code == http.StatusUnauthorized:
		return fmt.Errorf("the API server at %s does not know the user %q of the kubeconfig (401): sign in again or choose another context", r.Server(), r.connection.user)
	case errors.As(err, &status), errors.Is(err, errForm):
		r.note("the version of the API server is not known: " + reason(err))
		return nil
	default:
		return fmt.Errorf("reach the API server at %s: %w", r.Server(), transport.Clean(err))
	}
}

func (r *run) note(text string) { r.cluster.Notes = append(r.cluster.Notes, text) }

// result joins what was read.
func (r *run) result() *object.Cluster {
	c := r.cluster
	c.Workloads = r.pods.Workloads(r.complete("pods"))
	for i := range c.Namespaces {
		if c.Namespaces[i].Name == "kube-system" {
			c.UID = c.Namespaces[i].UID
		}
	}
	if r.options.WithoutSecrets || !r.seen("secrets") {
		infer(c)
	}
	c.Sort()
	return c
}

// complete reports whether all of a resource was listed.
func (r *run) complete(resource string) bool {
	found := false
	for _, l := range r.cluster.Listings {
		if l.Resource == resource && l.Group == "" {
			found = true
			if l.Status != inventory.StatusComplete {
				return false
			}
		}
	}
	return found
}

// seen reports whether anything of a resource could be listed.
func (r *run) seen(resource string) bool {
	for _, l := range r.cluster.Listings {
		if l.Resource == resource && l.Group == "" && (l.Status == inventory.StatusComplete || l.Status == inventory.StatusPartial) {
			return true
		}
	}
	return false
}
