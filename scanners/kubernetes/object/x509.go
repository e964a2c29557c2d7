package object

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"strings"
)

// FromPEM reads the first certificate of a PEM text (RFC 7468); nil if there is
// none that can be read. Keys that stand in the text are passed over.
func FromPEM(text []byte) *X509 {
	for {
		block, rest := pem.Decode(text)
		if block == nil {
			return nil
		}
		if block.Type == "CERTIFICATE" {
			return fromDER(block.Bytes)
		}
		text = rest
	}
}

func fromDER(der []byte) *X509 {
	c, err := x509.ParseCertificate(der)
	if err != nil {
		return nil
	}
	sum := sha256.Sum256(der)
	out := &X509{
		Subject: printable(c.Subject.String()), Issuer: printable(c.Issuer.String()), Serial: c.SerialNumber.Text(16), DNSNames: c.DNSNames,
		NotBefore: c.NotBefore.UTC(), NotAfter: c.NotAfter.UTC(), Algorithm: c.PublicKeyAlgorithm.String(),
		CA: c.IsCA, SelfSigned: bytes.Equal(c.RawSubject, c.RawIssuer), SHA256: hex.EncodeToString(sum[:]),
	}
	switch key := c.PublicKey.(type) {
	case *rsa.PublicKey:
		out.KeyBits = key.N.BitLen()
	case *ecdsa.PublicKey:
		out.KeyBits = key.Params().BitSize
	case ed25519.PublicKey:
		out.KeyBits = 256
	}
	return out
}

// FromRequest reads the subject of a PEM certificate request (RFC 2986): its
// common name and organisations, which the API server takes for the user's name
// and groups.
func FromRequest(text []byte) (name string, groups []string) {
	block, _ := pem.Decode(text)
	if block == nil {
		return "", nil
	}
	r, err := x509.ParseCertificateRequest(block.Bytes)
	if err != nil {
		return "", nil
	}
	return r.Subject.CommonName, r.Subject.Organization
}

func printable(s string) string { return strings.ToValidUTF8(s, "\uFFFD") }
