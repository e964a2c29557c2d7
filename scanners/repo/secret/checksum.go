package secret

import (
	"bytes"
	"crypto/sha256"
	"encoding/base32"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"hash/crc32"
	"strconv"
	"strings"

	"github.com/muster-nhi/muster/scanners/repo/lazy"
)

// What a checksum in a value says. It is part of the form, and no secret: it
// tells a token that was issued from one that somebody made up.
const (
	ChecksumValid   = "valid"
	ChecksumInvalid = "invalid"
)

//nolint:gochecknoglobals // functions, which nothing sets
var (
	githubFine    = lazy.Regexp(`^github_pat_[0-9A-Za-z]{22}_[0-9A-Za-z]{59}$`)
	gitlabRouted  = lazy.Regexp(`^glpat-[0-9A-Za-z_-]{27,300}\.(?:[0-9a-z]{2}\.)?[0-9a-z]{9}$`)
	grafanaServed = lazy.Regexp(`^glsa_[0-9A-Za-z]{32}_[0-9a-fA-F]{8}$`)
)

// Checksum checks the checksum that a value carries: ChecksumValid,
// ChecksumInvalid, or "" if its form has none, or none that is known. It keeps
// nothing.
//
// GitHub's classic tokens and npm's end in six characters, the CRC-32 of the
// characters between prefix and them in base 62 (github.blog, "Behind GitHub's
// new authentication token formats"; github.blog changelog, "npm has a new access
// token format"). In GitHub's fine-grained tokens eight characters before the
// last eight are the start of the SHA-256 of all before, in base 32 (rules of
// mongodb/kingfisher). GitLab's routable tokens end in the CRC-32 of all before
// in seven digits of base 36 (GitLab handbook, "Routable tokens"). Grafana's
// service account tokens end in the CRC-32 of what stands before the last
// underscore, lowest byte first, in hexadecimal (grafana/grafana,
// pkg/components/satokengen).
func Checksum(value []byte) string {
	value = bytes.TrimSpace(value)
	if len(value) < 40 || len(value) > 400 {
		return ""
	}
	text := string(value)
	switch {
	case classic(text):
		return verdict(base62(crc32.ChecksumIEEE(value[4:len(value)-6])) == text[len(text)-6:])
	case githubFine().MatchString(text):
		const at, size = 77, 8
		sum := sha256.Sum256(value[:at])
		return verdict(base32.StdEncoding.EncodeToString(sum[:])[:size] == text[at:at+size])
	case gitlabRouted().MatchString(text):
		const size = 7
		sum := strconv.FormatUint(uint64(crc32.ChecksumIEEE(value[:len(value)-size])), 36)
		return verdict(strings.Repeat("0", size-len(sum))+sum == text[len(text)-size:])
	case grafanaServed().MatchString(text):
		const at = len("glsa_") + 32
		sum := binary.LittleEndian.AppendUint32(nil, crc32.ChecksumIEEE(value[:at]))
		return verdict(strings.EqualFold(hex.EncodeToString(sum), text[at+1:]))
	}
	return ""
}

// MadeUp reports whether a value was never issued, because a checksum fails that
// its maker has published. A wrong one in GitHub's fine-grained tokens is not
// enough: the form is told by others' rules only. Nor is one in a GitHub server
// token, of which there is more than one kind: what cannot be told is told as
// found.
func MadeUp(value []byte) bool {
	value = bytes.TrimSpace(value)
	if bytes.HasPrefix(value, []byte("github_pat_")) || bytes.HasPrefix(value, []byte("ghs_")) {
		return false
	}
	return Checksum(value) == ChecksumInvalid
}

// classic reports whether a text has the form of a token of GitHub's first kind,
// or of npm.
func classic(text string) bool {
	switch text[:4] {
	case "ghp_", "gho_", "ghu_", "ghs_", "npm_":
		return len(text) == 40 && isAlphanumeric(text[4:])
	case "ghr_":
		return (len(text) == 40 || len(text) == 80) && isAlphanumeric(text[4:])
	}
	return false
}

func isAlphanumeric(text string) bool {
	return strings.Trim(text, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz") == ""
}

func verdict(fits bool) string {
	if fits {
		return ChecksumValid
	}
	return ChecksumInvalid
}

// base62 writes a checksum in six digits.
func base62(sum uint32) string {
	const digits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	out := []byte("000000")
	for i := len(out) - 1; i >= 0; i-- {
		out[i] = digits[sum%62]
		sum /= 62
	}
	return string(out)
}

// ModuleSum reports whether a value is the sum of a Go module (Go Modules
// Reference, "go.sum files") wherever its context shows it: the base64 of 32
// bytes, after h1 and a colon.
func ModuleSum(context, value []byte) bool {
	const prefix = "h1:"
	if len(value) != base64.StdEncoding.EncodedLen(sha256.Size) {
		return false
	}
	if sum, err := base64.StdEncoding.DecodeString(string(value)); err != nil || len(sum) != sha256.Size {
		return false
	}
	seen := false
	for {
		at := bytes.Index(context, value)
		if at < 0 {
			return seen
		}
		if !bytes.HasSuffix(context[:at], []byte(prefix)) {
			return false
		}
		seen, context = true, context[at+len(value):]
	}
}
