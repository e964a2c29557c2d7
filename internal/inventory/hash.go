package inventory

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"strings"
)

// hashPrefix begins every SecretHash and names the algorithm.
const hashPrefix = "hmac-sha256:"

// NewHasher returns a function that hashes secret values under a key with
// HMAC-SHA-256 (RFC 2104). The function is deterministic, keeps nothing of the
// value and is safe for concurrent use. The same value under another key gives
// another hash with another key id, so that hashes of two installations are
// never taken for each other.
func NewHasher(key [32]byte) func(secret []byte) SecretHash {
	id := mac(key, []byte("muster key id"))
	prefix := hashPrefix + hex.EncodeToString(id[:4]) + ":"
	return func(secret []byte) SecretHash {
		sum := mac(key, append([]byte("muster secret\x00"), secret...))
		return SecretHash(prefix + hex.EncodeToString(sum[:]))
	}
}

// Valid reports whether h has the form that NewHasher makes. The empty hash,
// which stands for a value that was not read, is not valid.
func (h SecretHash) Valid() bool {
	rest, ok := strings.CutPrefix(string(h), hashPrefix)
	if !ok || len(rest) != 8+1+64 || rest[8] != ':' {
		return false
	}
	return lowerHex(rest[:8]) && lowerHex(rest[9:])
}

// KeyID returns the eight hex digits that name the key, or "" if h is not
// valid. Hashes with different key ids cannot be compared.
func (h SecretHash) KeyID() string {
	if !h.Valid() {
		return ""
	}
	return string(h[len(hashPrefix) : len(hashPrefix)+8])
}

func mac(key [32]byte, message []byte) (sum [sha256.Size]byte) {
	m := hmac.New(sha256.New, key[:])
	m.Write(message)
	m.Sum(sum[:0])
	return sum
}

// lowerHex reports whether s consists of the digits 0-9 and a-f only.
func lowerHex(s string) bool {
	for i := range len(s) {
		if c := s[i]; (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return false
		}
	}
	return true
}
