package object

import (
	"crypto/x509"
	"encoding/pem"
	"time"
)

// CertificateEnd returns when a certificate ends, in UTC. The body is PEM, of which
// the first block is read; the time is zero if it cannot be.
func CertificateEnd(body []byte) time.Time {
	block, _ := pem.Decode(body)
	if block == nil {
		return time.Time{}
	}
	c, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		return time.Time{}
	}
	return c.NotAfter.UTC()
}
