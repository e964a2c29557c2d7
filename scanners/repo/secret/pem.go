package secret

import (
	"bytes"
	"crypto/dsa" //nolint:staticcheck // only its type is named, to tell old keys
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/sha1" //nolint:gosec // Entra and Key Vault name certificates by it; nothing rests on it
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"strings"

	"github.com/muster-nhi/muster/internal/inventory"
)

// describePEM tells of private keys and certificates, whether their lines are
// broken by real newlines or by the two characters \n as in a JSON string.
func describePEM(info *Info, s subject) bool {
	start := bytes.Index(s.value, []byte("-----BEGIN "))
	if start < 0 {
		return false
	}
	text := unescape(s.value[start:])
	label := pemLabel(text)
	info.Hint = hint("-----BEGIN "+label+"-----", len(s.value))
	switch {
	case strings.HasPrefix(label, "PGP PRIVATE"):
		info.Type = "pgp.private_key"
		return true
	case label == "CERTIFICATE":
		info.Type = "pki.certificate"
	case strings.HasPrefix(label, "OPENSSH"):
		info.Type = "ssh.private_key"
	default:
		info.Type = "pki.private_key"
	}
	block, rest := pem.Decode(text)
	for ; block != nil; block, rest = pem.Decode(rest) {
		describeBlock(info, block)
	}
	describeCertified(info, s)
	describeServiceAccount(info, s)
	return true
}

// maxCertificates is how many certificates beside a key are looked at.
const maxCertificates = 32

// describeCertified tells of the certificate of a private key that stands in the same
// file: rules find the block of the key alone. Another's certificate is none of its.
func describeCertified(info *Info, s subject) {
	begin := []byte("-----BEGIN CERTIFICATE-----")
	key := info.Attributes["spki_sha256"]
	if info.Type != "pki.private_key" || key == "" || info.Attributes["serial"] != "" || !bytes.Contains(s.context, begin) {
		return
	}
	text := unescape(s.context)
	for range maxCertificates {
		at := bytes.Index(text, begin)
		if at < 0 {
			return
		}
		block, rest := pem.Decode(text[at:])
		if block == nil {
			return
		}
		text = rest
		cert, err := x509.ParseCertificate(block.Bytes)
		if err != nil || block.Type != "CERTIFICATE" {
			continue
		}
		if sum := sha256.Sum256(cert.RawSubjectPublicKeyInfo); hex.EncodeToString(sum[:]) == key {
			describeCertificate(info, block.Bytes)
			return
		}
	}
}

// pemLabel returns the label of the first block, if it is one that is known.
func pemLabel(text []byte) string {
	label, _, ok := strings.Cut(string(text[len("-----BEGIN "):min(len(text), 64)]), "-----")
	if !ok {
		return "PRIVATE KEY"
	}
	switch label {
	case "RSA PRIVATE KEY", "EC PRIVATE KEY", "DSA PRIVATE KEY", "OPENSSH PRIVATE KEY", "ENCRYPTED PRIVATE KEY",
		"CERTIFICATE", "PGP PRIVATE KEY BLOCK", "PGP PRIVATE KEY":
		return label
	default:
		return "PRIVATE KEY"
	}
}

// unescape gives a PEM block real newlines where it has \n or \r\n spelt out.
func unescape(text []byte) []byte {
	text = bytes.ReplaceAll(text, []byte(`\r\n`), []byte("\n"))
	text = bytes.ReplaceAll(text, []byte(`\n`), []byte("\n"))
	lines := bytes.Split(text, []byte("\n"))
	for i, line := range lines {
		// A plus sign may join strings, or be a digit of base64.
		trim := " \t\r,\\"
		if bytes.ContainsAny(line, `"'`) {
			trim += `"'+`
		}
		lines[i] = bytes.Trim(line, trim)
	}
	return bytes.Join(lines, []byte("\n"))
}

// describeBlock tells of one PEM block.
func describeBlock(info *Info, block *pem.Block) {
	switch {
	case block.Type == "CERTIFICATE":
		describeCertificate(info, block.Bytes)
	case block.Type == "OPENSSH PRIVATE KEY":
		describeOpenSSH(info, block.Bytes)
	case block.Type == "ENCRYPTED PRIVATE KEY", strings.Contains(block.Headers["Proc-Type"], "ENCRYPTED"):
		info.Encrypted = inventory.True
		info.Algorithm = strings.TrimSuffix(strings.TrimSuffix(block.Type, " PRIVATE KEY"), "ENCRYPTED")
		if info.Algorithm == "EC" {
			info.Algorithm = "ECDSA"
		}
	case strings.HasSuffix(block.Type, "PRIVATE KEY"):
		describePrivateKey(info, block)
	}
}

// describePrivateKey tells of an unencrypted key in PKCS #1, SEC 1 or PKCS #8.
func describePrivateKey(info *Info, block *pem.Block) {
	info.Encrypted = inventory.False
	var key any
	var err error
	switch block.Type {
	case "RSA PRIVATE KEY":
		key, err = x509.ParsePKCS1PrivateKey(block.Bytes)
	case "EC PRIVATE KEY":
		key, err = x509.ParseECPrivateKey(block.Bytes)
	case "DSA PRIVATE KEY":
		info.Algorithm = "DSA"
		return
	default:
		key, err = x509.ParsePKCS8PrivateKey(block.Bytes)
	}
	if err != nil {
		return
	}
	if k, ok := key.(interface{ Public() any }); ok {
		describePublic(info, k.Public())
		return
	}
	switch k := key.(type) {
	case *rsa.PrivateKey:
		describePublic(info, &k.PublicKey)
	case *ecdsa.PrivateKey:
		describePublic(info, &k.PublicKey)
	case ed25519.PrivateKey:
		describePublic(info, k.Public())
	}
}

// describePublic tells algorithm, size and fingerprints of a public key.
func describePublic(info *Info, public any) {
	switch k := public.(type) {
	case *rsa.PublicKey:
		info.Algorithm, info.KeyBits = "RSA", k.N.BitLen()
	case *ecdsa.PublicKey:
		info.Algorithm, info.KeyBits = "ECDSA", k.Curve.Params().BitSize
	case ed25519.PublicKey:
		info.Algorithm, info.KeyBits = "Ed25519", 256
	case *dsa.PublicKey:
		info.Algorithm, info.KeyBits = "DSA", k.P.BitLen()
	}
	if blob := sshWire(public); blob != nil && info.PublicID == "" {
		info.PublicID = sshFingerprint(blob)
	}
	if der, err := x509.MarshalPKIXPublicKey(public); err == nil {
		sum := sha256.Sum256(der)
		info.set("spki_sha256", hex.EncodeToString(sum[:]))
	}
}

// describeCertificate tells of the first certificate of a chain.
func describeCertificate(info *Info, der []byte) {
	cert, err := x509.ParseCertificate(der)
	if err != nil || info.Attributes["serial"] != "" {
		return
	}
	sum := sha256.Sum256(der)
	describePublic(info, cert.PublicKey)
	info.CreatedAt, info.ExpiresAt = cert.NotBefore.UTC(), cert.NotAfter.UTC()
	// RFC 5280 section 4.1.2.5: a certificate with no end says 99991231235959Z.
	if cert.NotAfter.Year() == 9999 {
		info.NeverExpires = true
	}
	if info.Type == "pki.certificate" {
		info.PublicID = "SHA256:" + hex.EncodeToString(sum[:])
		info.Name = clean(cert.Subject.CommonName)
	}
	info.set("certificate_sha256", hex.EncodeToString(sum[:]))
	info.set("certificate_sha1", thumbprint(der))
	info.set("subject", cert.Subject.String())
	info.set("issuer", cert.Issuer.String())
	info.set("serial", cert.SerialNumber.Text(16))
}

// thumbprint names a certificate as Entra and Key Vault do: the SHA-1 of its DER in
// upper-case hex (learn.microsoft.com, "keyCredential resource type").
func thumbprint(der []byte) string {
	sum := sha1.Sum(der) //nolint:gosec // see above
	return strings.ToUpper(hex.EncodeToString(sum[:]))
}

// A serviceAccountKey holds the public fields of a Google service account key
// file.
type serviceAccountKey struct {
	Type         string `json:"type"`
	ProjectID    string `json:"project_id"`
	PrivateKeyID string `json:"private_key_id"`
	ClientEmail  string `json:"client_email"`
	ClientID     string `json:"client_id"`
}

// describeServiceAccount tells whether a private key is that of a Google
// service account, by the key file around it.
func describeServiceAccount(info *Info, s subject) {
	for _, text := range [][]byte{s.value, s.context} {
		var key serviceAccountKey
		if json.Unmarshal(bytes.TrimSpace(text), &key) != nil || key.Type != "service_account" {
			key = looseServiceAccount(text)
		}
		if key.Type != "service_account" {
			continue
		}
		info.Type = "gcp.service_account_key"
		if isHex(key.PrivateKeyID, 40) {
			info.PublicID = key.PrivateKeyID
			info.set("private_key_id", key.PrivateKeyID)
		}
		if isEmail(key.ClientEmail) {
			info.set("client_email", key.ClientEmail)
			info.Name = clean(key.ClientEmail)
		}
		if isProject(key.ProjectID) {
			info.set("project_id", key.ProjectID)
		}
		if isDigits(key.ClientID) {
			info.set("client_id", key.ClientID)
		}
		return
	}
}

// looseServiceAccount reads the same fields from text that is not JSON as it
// stands: part of a file, or a file inside a string.
func looseServiceAccount(text []byte) serviceAccountKey {
	text = bytes.ReplaceAll(text, []byte(`\"`), []byte(`"`))
	return serviceAccountKey{
		Type:         quoted(text, "type"),
		ProjectID:    quoted(text, "project_id"),
		PrivateKeyID: quoted(text, "private_key_id"),
		ClientEmail:  quoted(text, "client_email"),
		ClientID:     quoted(text, "client_id"),
	}
}

// quoted returns the string that follows "key": in JSON-like text.
func quoted(text []byte, key string) string {
	for {
		_, after, ok := bytes.Cut(text, []byte(`"`+key+`"`))
		if !ok {
			return ""
		}
		text = after
		after = bytes.TrimLeft(after, " \t\r\n:")
		if len(after) == len(text) || len(after) == 0 || after[0] != '"' {
			continue
		}
		value, _, ok := bytes.Cut(after[1:], []byte(`"`))
		if ok && len(value) <= 300 {
			return string(value)
		}
	}
}

// sshFingerprint is what ssh-keygen -l prints of a public key blob.
func sshFingerprint(blob []byte) string {
	sum := sha256.Sum256(blob)
	return "SHA256:" + base64.RawStdEncoding.EncodeToString(sum[:])
}
