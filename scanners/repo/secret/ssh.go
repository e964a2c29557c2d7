package secret

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"encoding/binary"
	"math/big"
	"strings"

	"github.com/muster-nhi/muster/internal/inventory"
)

// sshWire encodes a public key as RFC 4253 section 6.6, RFC 5656 section 3.1
// and RFC 8709 section 4 say, or returns nil for a kind that SSH does not know.
func sshWire(public any) []byte {
	switch k := public.(type) {
	case *rsa.PublicKey:
		return sshFields([]byte("ssh-rsa"), mpint(big.NewInt(int64(k.E))), mpint(k.N))
	case *ecdsa.PublicKey:
		curve, ok := strings.CutPrefix(k.Curve.Params().Name, "P-")
		point, err := k.Bytes()
		if !ok || err != nil {
			return nil
		}
		return sshFields([]byte("ecdsa-sha2-nistp"+curve), []byte("nistp"+curve), point)
	case ed25519.PublicKey:
		return sshFields([]byte("ssh-ed25519"), k)
	default:
		return nil
	}
}

// sshFields joins length-prefixed strings.
func sshFields(fields ...[]byte) []byte {
	var out []byte
	for _, f := range fields {
		out = binary.BigEndian.AppendUint32(out, uint32(len(f)))
		out = append(out, f...)
	}
	return out
}

// mpint encodes a positive number: a leading zero keeps it positive.
func mpint(n *big.Int) []byte {
	b := n.Bytes()
	if len(b) > 0 && b[0] >= 0x80 {
		b = append([]byte{0}, b...)
	}
	return b
}

// sshString reads one length-prefixed string.
func sshString(b []byte) (field, rest []byte, ok bool) {
	if len(b) < 4 {
		return nil, nil, false
	}
	n := binary.BigEndian.Uint32(b)
	if uint64(n) > uint64(len(b)-4) {
		return nil, nil, false
	}
	return b[4 : 4+n], b[4+n:], true
}

// describeOpenSSH tells of a key in OpenSSH's own format (PROTOCOL.key in the
// OpenSSH sources), whose public half lies open even if it is encrypted.
func describeOpenSSH(info *Info, b []byte) {
	b, ok := bytes.CutPrefix(b, []byte("openssh-key-v1\x00"))
	if !ok {
		return
	}
	var fields [3][]byte // cipher, kdf, kdf options
	for i := range fields {
		if fields[i], b, ok = sshString(b); !ok {
			return
		}
	}
	info.Encrypted = inventory.TriOf(string(fields[0]) != "none")
	if len(b) < 4 {
		return
	}
	blob, _, ok := sshString(b[4:])
	if !ok {
		return
	}
	info.PublicID = sshFingerprint(blob)
	describeSSHBlob(info, blob)
}

// describeSSHBlob tells algorithm and size of a public key blob.
func describeSSHBlob(info *Info, blob []byte) {
	name, rest, ok := sshString(blob)
	if !ok {
		return
	}
	switch string(name) {
	case "ssh-ed25519", "sk-ssh-ed25519@openssh.com":
		info.Algorithm, info.KeyBits = "Ed25519", 256
	case "ecdsa-sha2-nistp256", "sk-ecdsa-sha2-nistp256@openssh.com":
		info.Algorithm, info.KeyBits = "ECDSA", 256
	case "ecdsa-sha2-nistp384":
		info.Algorithm, info.KeyBits = "ECDSA", 384
	case "ecdsa-sha2-nistp521":
		info.Algorithm, info.KeyBits = "ECDSA", 521
	case "ssh-dss":
		info.Algorithm = "DSA"
		if p, _, ok := sshString(rest); ok {
			info.KeyBits = new(big.Int).SetBytes(p).BitLen()
		}
	case "ssh-rsa":
		info.Algorithm = "RSA"
		if _, rest, ok = sshString(rest); !ok {
			return
		}
		if n, _, ok := sshString(rest); ok {
			info.KeyBits = new(big.Int).SetBytes(n).BitLen()
		}
	}
}
