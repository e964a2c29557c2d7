package object_test

import (
	"crypto/ed25519"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"testing"
	"time"

	"github.com/muster-nhi/muster/scanners/aws/object"
)

func TestCertificateEnd(t *testing.T) {
	end := time.Date(2027, 3, 1, 12, 0, 0, 0, time.UTC)
	key := ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize))
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: end.AddDate(-1, 0, 0), NotAfter: end}
	der, err := x509.CreateCertificate(nil, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	body := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	for name, c := range map[string]struct {
		body []byte
		want time.Time
	}{
		"a certificate":      {body, end},
		"half of one":        {body[:len(body)/2], time.Time{}},
		"PEM of other bytes": {pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der[1:]}), time.Time{}},
		"a word":             {[]byte("none"), time.Time{}},
		"nothing":            {nil, time.Time{}},
	} {
		t.Run(name, func(t *testing.T) {
			if got := object.CertificateEnd(c.body); got != c.want {
				t.Errorf("it ends %s", got)
			}
		})
	}
}
