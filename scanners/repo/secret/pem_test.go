package secret_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha1"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/hex"
	"encoding/pem"
	"math/big"
	"strings"
	"testing"
	"time"

	"github.com/muster-nhi/muster/scanners/repo/secret"
)

// certified makes a private key and a certificate of it, both as PEM, and the
// thumbprint of the certificate.
func certified(t *testing.T) (key, certificate, thumbprint string) {
	t.Helper()
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(7), Subject: pkix.Name{CommonName: "deploy"}, NotAfter: time.Now().Add(time.Hour)}
	cert, err := x509.CreateCertificate(rand.Reader, template, template, &k.PublicKey, k)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(k)
	if err != nil {
		t.Fatal(err)
	}
	sum := sha1.Sum(cert)
	return string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE" + " KEY", Bytes: der})),
		string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert})), strings.ToUpper(hex.EncodeToString(sum[:]))
}

// TestCertificateBesideItsKey finds the certificate of a private key in the same file,
// before it or behind it, and takes no other for it. A rule finds the key alone.
func TestCertificateBesideItsKey(t *testing.T) {
	key, own, want := certified(t)
	_, other, _ := certified(t)
	for name, c := range map[string]struct{ context, want string }{
		"before it":      {own + key, want},
		"behind it":      {key + own, want},
		"among others":   {other + key + other + own, want},
		"in a string":    {strings.ReplaceAll(own+key, "\n", `\n`), want},
		"not there":      {key, ""},
		"only another's": {other + key, ""},
	} {
		value := key
		if name == "in a string" {
			value = strings.ReplaceAll(key, "\n", `\n`)
		}
		got := secret.Describe("private-key", []byte(value), []byte(c.context))
		if got.Attributes["certificate_sha1"] != c.want || got.Type != "pki.private_key" || !strings.HasPrefix(got.PublicID, "SHA256:") {
			t.Errorf("%s: %s %s with certificate %q, want %q", name, got.Type, got.PublicID, got.Attributes["certificate_sha1"], c.want)
		}
	}
}
