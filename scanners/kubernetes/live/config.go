package live

import (
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/client-go/tools/clientcmd/api"
)

// InCluster is the context that stands for the service account of the pod in
// which the program runs.
const InCluster = "in-cluster"

// A connection is where a cluster is and as whom it is read.
type connection struct {
	config  *rest.Config
	cluster string // the kubeconfig's name of the cluster; empty in a cluster
	user    string // as far as the kubeconfig tells; empty if it does not
	expires time.Time
}

// connect settles where to read. Nothing is sent yet.
func connect(o Options) (*connection, error) {
	if o.Context == InCluster {
		return inCluster()
	}
	loading, file, err := load(o.Kubeconfig)
	if err != nil {
		return nil, err
	}
	if len(file.Contexts) == 0 && len(file.Clusters) == 0 {
		if o.Kubeconfig == "" && o.Context == "" {
			if c, err := inCluster(); err == nil {
				return c, nil
			}
		}
		return nil, fmt.Errorf("no kubeconfig: none of %s says how to reach a cluster, and this is no pod; name a file (kubeconfig) or set KUBECONFIG",
			strings.Join(places(loading), ", "))
	}
	return fromFile(o, file)
}

// load reads a kubeconfig, or with an empty path those that kubectl reads, and
// writes none.
func load(path string) (*clientcmd.ClientConfigLoadingRules, *api.Config, error) {
	loading := clientcmd.NewDefaultClientConfigLoadingRules()
	loading.ExplicitPath = path
	loading.MigrationRules = nil // they copy files
	loading.WarnIfAllMissing = false
	file, err := loading.Load()
	if err != nil {
		return nil, nil, fmt.Errorf("read kubeconfig: %w", err)
	}
	return loading, file, nil
}

// places names the files that were looked for.
func places(rules *clientcmd.ClientConfigLoadingRules) []string {
	if rules.ExplicitPath != "" {
		return []string{rules.ExplicitPath}
	}
	return rules.Precedence
}

func inCluster() (*connection, error) {
	config, err := rest.InClusterConfig()
	if err != nil {
		return nil, fmt.Errorf("sign in as the service account of this pod: %w", err)
	}
	c := &connection{config: config, user: account(config.BearerToken)}
	return c, nil
}

// fromFile settles a context of a kubeconfig.
func fromFile(o Options, file *api.Config) (*connection, error) {
	name := o.Context
	if name == "" {
		name = file.CurrentContext
	}
	known := slices.Sorted(maps.Keys(file.Contexts))
	chosen, ok := file.Contexts[name]
	switch {
	case name == "":
		return nil, fmt.Errorf("the kubeconfig has no current context; name one of: %s", strings.Join(known, ", "))
	case !ok:
		return nil, fmt.Errorf("the kubeconfig has no context %q; it has: %s", name, strings.Join(known, ", "))
	case file.Clusters[chosen.Cluster] == nil:
		return nil, fmt.Errorf("context %q names the cluster %q, which the kubeconfig does not have", name, chosen.Cluster)
	case chosen.AuthInfo != "" && file.AuthInfos[chosen.AuthInfo] == nil:
		return nil, fmt.Errorf("context %q names the user %q, which the kubeconfig does not have", name, chosen.AuthInfo)
	}
	config, err := clientcmd.NewNonInteractiveClientConfig(*file, name, &clientcmd.ConfigOverrides{}, nil).ClientConfig()
	if err != nil {
		return nil, fmt.Errorf("context %q of the kubeconfig: %w", name, hush(err, file.Clusters[chosen.Cluster], file.AuthInfos[chosen.AuthInfo]))
	}
	if err := provider(config, o.Now()); err != nil {
		return nil, fmt.Errorf("context %q of the kubeconfig: %w", name, err)
	}
	if err := rest.LoadTLSFiles(config); err != nil { // in memory, so that nothing watches the files
		return nil, fmt.Errorf("context %q of the kubeconfig: %w", name, hush(err, file.Clusters[chosen.Cluster], file.AuthInfos[chosen.AuthInfo]))
	}
	c := &connection{config: config, cluster: chosen.Cluster, user: chosen.AuthInfo}
	c.identify()
	return c, nil
}

// identify takes the user's name from what it signs in with.
func (c *connection) identify() {
	if name := account(c.config.BearerToken); name != "" {
		c.user = name
	}
	if block, _ := pem.Decode(c.config.CertData); block != nil {
		if cert, err := x509.ParseCertificate(block.Bytes); err == nil {
			c.user, c.expires = cert.Subject.CommonName, cert.NotAfter
		}
	}
	if c.config.Impersonate.UserName != "" {
		c.user = c.config.Impersonate.UserName
	}
}

// client makes the HTTP client: the kubeconfig's TLS and way to sign in around
// what wrap puts on the wire.
func (c *connection) client(userAgent string, wrap func(http.RoundTripper) http.RoundTripper) (*http.Client, error) {
	config := rest.CopyConfig(c.config)
	config.QPS = -1
	config.UserAgent = userAgent
	config.DisableCompression = true // costs more time than it saves, but on slow lines
	if wrap != nil {
		config.Wrap(wrap)
	}
	client, err := rest.HTTPClientFor(config)
	if err != nil {
		return nil, fmt.Errorf("sign in to the cluster: %w", err)
	}
	return client, nil
}

// refreshes reports whether signing in again may help after a 401.
func (c *connection) refreshes() bool {
	return c.config.ExecProvider != nil || c.config.BearerTokenFile != ""
}

// provider settles an auth-provider, the way to sign in that came before exec
// plug-ins. The token of OpenID Connect is used while it is valid. It is not
// renewed: that may void the refresh token of the kubeconfig, and the new one would
// have to be written there.
func provider(config *rest.Config, now time.Time) error {
	p := config.AuthProvider
	if p == nil {
		return nil
	}
	if p.Name != "oidc" {
		return fmt.Errorf("the auth-provider %q is no longer a part of Kubernetes (since 1.26): sign in by its exec plug-in", p.Name)
	}
	token := p.Config["id-token"]
	c := claimsOf(token)
	if token == "" || c.Expires > 0 && time.Unix(c.Expires, 0).Before(now) {
		return errors.New("the token of its OpenID Connect sign-in has expired: let kubectl renew it (kubectl version), which muster may not do, for it writes no kubeconfig")
	}
	config.AuthProvider, config.BearerToken = nil, token
	return nil
}

// claims are what a token says of itself (RFC 7519). Nothing is verified.
type claims struct {
	Subject string `json:"sub"`
	Expires int64  `json:"exp"`
}

func claimsOf(token string) claims {
	var out claims
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return out
	}
	payload, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil || json.Unmarshal(payload, &out) != nil {
		return claims{}
	}
	return out
}

// account returns the user name of a service account's token; empty for others,
// whose names are the server's to make.
func account(token string) string {
	if s := claimsOf(token).Subject; strings.HasPrefix(s, "system:serviceaccount:") {
		return s
	}
	return ""
}

// errExpired is in the chain of the error of a client certificate that has
// expired.
var errExpired = errors.New("the client certificate of the kubeconfig has expired")
