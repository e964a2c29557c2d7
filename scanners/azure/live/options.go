// Package live reads a tenant of Microsoft Entra and its Azure subscriptions into
// an object.Estate, through Microsoft Graph, Azure Resource Manager and the data
// plane of Key Vault. It only lists: nothing is created or changed, no resource
// provider is registered, and no call that returns the value of a secret is made.
// Fields that could carry one are not asked for, or not decoded.
//
// Memory: what object.Estate keeps of each object, and one page of an answer for
// each request under way, of which there are at most Options.Parallel.
package live

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"

	"github.com/muster-nhi/muster/internal/transport"
)

// Options say which tenant and subscriptions to read, as whom, and how deep. Now and
// Random are required.
type Options struct {
	Tenant string // id or domain; empty is that of the environment or of the signed-in user
	Cloud  Cloud  // empty is the public one

	Credential      Kind   // how to sign in; empty is auto
	ClientID        string // of the application, or of the user-assigned managed identity
	CertificateFile string // PEM or PKCS#12 with the private key
	TokenFile       string // of a federated credential: a JWT, read again as it is renewed

	// Subscriptions are ids or names, or patterns with * and ? of them, of those to
	// read; empty is all that can be seen.
	Subscriptions, ExcludeSubscriptions []string

	NoDirectory bool // Microsoft Graph is not asked
	NoResources bool // Azure Resource Manager is not asked
	NoVaults    bool // the objects in vaults are not listed
	NoUsage     bool // the sign-in reports are not asked for; they are a beta API
	NoGroups    bool // members of groups that hold a role are not asked for
	Creators    bool // who made applications and credentials, from the audit log: slow
	Risk        bool // what Identity Protection says of service principals: takes a licence

	// GraphEndpoint, ARMEndpoint and AuthorityHost are asked instead of those of the
	// cloud. A GraphEndpoint has no version.
	GraphEndpoint, ARMEndpoint, AuthorityHost string

	// State is a directory for what a later run can go on with after one that was
	// broken off. Empty keeps nothing.
	State  string
	MaxAge time.Duration // of what is taken from State; 0 is DefaultMaxAge

	Parallel  int // requests side by side; 0 is DefaultParallel
	UserAgent string
	Wrap      func(http.RoundTripper) http.RoundTripper // around what carries requests; nil is nothing
	Now       func() time.Time
	Sleep     func(context.Context, time.Duration) error // nil is transport.Sleep
	Random    func() float64                             // between 0 and 1
	Getenv    func(string) string                        // where the secret, or the password of the certificate, is; nil is os.Getenv
	Token     azcore.TokenCredential                     // instead of Credential; nil is that
	// Asked is told of each call, by its name in Permissions; nil is nobody. It is
	// called from several goroutines.
	Asked func(call string)
	// Waits is told what is waited for, why and how long, whenever a request is not
	// answered, and every few seconds again; nil is nobody. It is called by one goroutine
	// at a time.
	Waits func(text string)
}

// A Cloud is one of Microsoft's clouds, which share nothing.
type Cloud string

// The clouds.
const (
	CloudPublic     Cloud = "public"
	CloudGovernment Cloud = "government"
	CloudChina      Cloud = "china"
)

// A Kind of credential. Secrets are never in options: AZURE_CLIENT_SECRET and
// AZURE_CLIENT_CERTIFICATE_PASSWORD are read where they are needed.
type Kind string

// The kinds of credentials.
const (
	KindAuto            Kind = "auto"             // the default chain of azidentity: environment, federated, managed identity, az …
	KindEnvironment     Kind = "environment"      // AZURE_TENANT_ID, AZURE_CLIENT_ID and a secret or certificate
	KindCertificate     Kind = "certificate"      // CertificateFile
	KindSecret          Kind = "secret"           // AZURE_CLIENT_SECRET
	KindFederated       Kind = "federated"        // TokenFile or AZURE_FEDERATED_TOKEN_FILE
	KindManagedIdentity Kind = "managed_identity" // of the machine; ClientID names a user-assigned one
	KindCLI             Kind = "cli"              // as whom az is signed in
)

// Choices of a reader whose Options make none.
const (
	DefaultParallel = 6
	DefaultMaxAge   = 24 * time.Hour
)

// clouds lists the clouds.
func clouds() []Cloud { return []Cloud{CloudPublic, CloudGovernment, CloudChina} }

// Kinds lists the kinds of credentials.
func Kinds() []Kind {
	return []Kind{KindAuto, KindEnvironment, KindCertificate, KindSecret, KindFederated, KindManagedIdentity, KindCLI}
}

// tenantPattern is an id or a domain.
const tenantPattern = `^[0-9A-Za-z][0-9A-Za-z.-]*$`

// check refuses options that cannot be meant.
func (o *Options) check() error {
	for _, list := range [][]string{o.Subscriptions, o.ExcludeSubscriptions} {
		for _, p := range list {
			if _, err := path.Match(p, ""); err != nil || p == "" {
				return fmt.Errorf("%q is no subscription and no pattern", p)
			}
		}
	}
	if o.Cloud != "" && !slices.Contains(clouds(), o.Cloud) {
		return fmt.Errorf("cloud can be public, government or china, and not %q", o.Cloud)
	}
	if o.Credential != "" && !slices.Contains(Kinds(), o.Credential) {
		return fmt.Errorf("credential can be auto, environment, certificate, secret, federated, managed_identity or cli, and not %q", o.Credential)
	}
	if o.Tenant != "" && !regexp.MustCompile(tenantPattern).MatchString(o.Tenant) {
		return fmt.Errorf("%q is no id and no domain of a tenant", o.Tenant)
	}
	if o.NoDirectory && o.NoResources {
		return errors.New("neither the directory nor resources are to be read: nothing is left")
	}
	for _, address := range []string{o.GraphEndpoint, o.ARMEndpoint, o.AuthorityHost} {
		if address != "" && !strings.HasPrefix(address, "https://") {
			return fmt.Errorf("%q is no address that a token may be sent to: it has to be https", address)
		}
	}
	return o.checkCredential()
}

// checkCredential refuses a kind of credential without what it takes.
func (o *Options) checkCredential() error {
	if o.Token != nil {
		return nil
	}
	need := func(what, value string) error {
		if value == "" {
			return fmt.Errorf("to sign in by %s, %s has to be named", o.Credential, what)
		}
		return nil
	}
	switch o.Credential {
	case KindCertificate:
		return errors.Join(need("the tenant", o.Tenant), need("the client id", o.ClientID), need("the file of the certificate", o.CertificateFile))
	case KindSecret:
		return errors.Join(need("the tenant", o.Tenant), need("the client id", o.ClientID))
	case "", KindAuto, KindEnvironment, KindFederated, KindManagedIdentity, KindCLI:
	}
	if o.CertificateFile != "" {
		return errors.New("the file of a certificate is named, but the credential is not certificate")
	}
	return nil
}

// settle fills in what was left open.
func (o *Options) settle() {
	if o.Cloud == "" {
		o.Cloud = CloudPublic
	}
	if o.Credential == "" {
		o.Credential = KindAuto
	}
	if o.Parallel <= 0 {
		o.Parallel = DefaultParallel
	}
	if o.MaxAge <= 0 {
		o.MaxAge = DefaultMaxAge
	}
	if o.Sleep == nil {
		o.Sleep = transport.Sleep
	}
	if o.Getenv == nil {
		o.Getenv = os.Getenv
	}
	if o.Asked == nil {
		o.Asked = func(string) {}
	}
}

// chosen reports whether a subscription is to be read.
func (o *Options) chosen(id, name string) bool {
	in := len(o.Subscriptions) == 0 || matches(id, o.Subscriptions) || matches(name, o.Subscriptions)
	return in && !matches(id, o.ExcludeSubscriptions) && !matches(name, o.ExcludeSubscriptions)
}

func matches(name string, patterns []string) bool {
	return slices.ContainsFunc(patterns, func(p string) bool {
		ok, err := path.Match(strings.ToLower(p), strings.ToLower(name))
		return err == nil && ok
	})
}
