package live

import (
	"net/http"
)

// Options say which cluster to read and how.
type Options struct {
	Kubeconfig string // file; empty is KUBECONFIG or the default
	Context    string // empty is the current one; InCluster is the account of this pod
	Wrap       func(http.RoundTripper) http.RoundTripper
}
