//go:build e2e

package kubernetes

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"time"
)

// A pki is the authority of one control plane. It makes a client certificate
// for each user that is asked for, once.
type pki struct {
	dir  string
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
	pool *x509.CertPool

	users *sync.Map // name of the user to *client
}

func newPKI(dir string) (pki, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return pki{}, err
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "muster-e2e"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return pki{}, err
	}
	p := pki{dir: dir, key: key, pool: x509.NewCertPool(), users: &sync.Map{}}
	if p.cert, err = x509.ParseCertificate(der); err != nil {
		return pki{}, err
	}
	p.pool.AddCert(p.cert)
	if err := p.write("ca", der, key); err != nil {
		return pki{}, err
	}
	if err := p.issue("server", pkix.Name{CommonName: "kube-apiserver"}); err != nil {
		return pki{}, err
	}
	if err := p.issue("front-proxy", pkix.Name{CommonName: "front-proxy"}); err != nil {
		return pki{}, err
	}
	return p, p.accountKeys()
}

// accountKeys writes the pair with which service accounts' tokens are signed.
func (p pki) accountKeys() error {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	private, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		return err
	}
	public, err := x509.MarshalPKIXPublicKey(key.Public())
	if err != nil {
		return err
	}
	if err := writePEM(filepath.Join(p.dir, "accounts.key"), "EC PRIVATE KEY", private); err != nil {
		return err
	}
	return writePEM(filepath.Join(p.dir, "accounts.pub"), "PUBLIC KEY", public)
}

// issue writes NAME.crt and NAME.key for a server or client on loopback.
func (p pki) issue(name string, subject pkix.Name) error {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	serial, err := rand.Int(rand.Reader, big.NewInt(1<<62))
	if err != nil {
		return err
	}
	template := &x509.Certificate{
		SerialNumber: serial, Subject: subject,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour),
		KeyUsage:    x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
		DNSNames:    []string{"localhost", "kubernetes.default.svc"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, p.cert, key.Public(), p.key)
	if err != nil {
		return err
	}
	return p.write(name, der, key)
}

func (p pki) write(name string, der []byte, key *ecdsa.PrivateKey) error {
	private, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		return err
	}
	if err := writePEM(filepath.Join(p.dir, name+".key"), "EC PRIVATE KEY", private); err != nil {
		return err
	}
	return writePEM(filepath.Join(p.dir, name+".crt"), "CERTIFICATE", der)
}

func writePEM(file, kind string, der []byte) error {
	return os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600)
}

// client returns one that signs in as the user by a client certificate.
func (p pki) client(url, user string) *client {
	if c, ok := p.users.Load(user); ok {
		return c.(*client)
	}
	name := "user-" + sanitized(user)
	subject := pkix.Name{CommonName: user}
	if user == loader || user == administrator {
		subject.Organization = []string{"system:masters"}
	}
	c := &client{url: url, user: user}
	if err := p.issue(name, subject); err != nil {
		c.broken = fmt.Errorf("certificate of %s: %w", user, err)
		return c
	}
	pair, err := tls.LoadX509KeyPair(filepath.Join(p.dir, name+".crt"), filepath.Join(p.dir, name+".key"))
	if err != nil {
		c.broken = fmt.Errorf("certificate of %s: %w", user, err)
		return c
	}
	c.http = &http.Client{Transport: carrier(&tls.Config{RootCAs: p.pool, Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12})}
	actual, _ := p.users.LoadOrStore(user, c)
	return actual.(*client)
}

// bearer returns a client that signs in with a token; with none it is nobody.
func (p pki) bearer(url, token string) *client {
	return &client{url: url, user: "token", token: token, http: &http.Client{
		Transport: carrier(&tls.Config{RootCAs: p.pool, MinVersion: tls.VersionTLS12}),
	}}
}

// kubeconfig writes one with the client certificate of a user, by file.
func (p pki) kubeconfig(file, url, user string) error {
	if c := p.client(url, user); c.broken != nil {
		return c.broken
	}
	base := filepath.Join(p.dir, "user-"+sanitized(user))
	text := fmt.Sprintf(kubeconfigHead+`users:
- name: user
  user: {client-certificate: %s.crt, client-key: %s.key}
`, filepath.Join(p.dir, "ca.crt"), url, base, base)
	return os.WriteFile(file, []byte(text), 0o600)
}

// tokenKubeconfig writes one with a bearer token.
func (p pki) tokenKubeconfig(file, url, token string) error {
	text := fmt.Sprintf(kubeconfigHead+`users:
- name: user
  user: {token: %s}
`, filepath.Join(p.dir, "ca.crt"), url, token)
	return os.WriteFile(file, []byte(text), 0o600)
}

const kubeconfigHead = `apiVersion: v1
kind: Config
clusters:
- name: northwind
  cluster: {certificate-authority: %s, server: "%s"}
contexts:
- name: northwind
  context: {cluster: northwind, user: user}
current-context: northwind
`

// sanitized is a user's name as part of a file's.
func sanitized(user string) string {
	out := []byte(user)
	for i, b := range out {
		if b == ':' || b == '/' {
			out[i] = '-'
		}
	}
	return string(out)
}
