// Package secret says what a secret is without trying it: its type, the part of
// it that is public, when it was made and when it ends, whose it is.
//
// Everything is worked out offline, from the bytes of the secret and from the
// few lines around it. Nothing is retained: an Info holds no character of the
// secret part of a value, and what is taken from the lines around it (a key id,
// a client id, an e-mail address) is taken only where its form is that of a
// public identifier.
//
// Attributes use these keys: account (AWS account of a key id), kind (what the
// platform calls this sort of token), provider (of an LLM key), checksum (valid
// or invalid), mode (live or test), issuer, subject, audience, kid (JWT),
// subject and issuer and serial (certificate), spki_sha256 (public half of a
// key), client_email, client_id, tenant_id, project_id, private_key_id,
// scheme, user, host, database, registry, cluster, namespace, team, organization,
// protection (encoded, hashed, encrypted or reversible: how a value lies in a file
// of a known format), and what such a file says besides (see Told).
package secret

import (
	"bytes"
	"strconv"
	"strings"
	"time"

	"github.com/muster-nhi/muster/internal/inventory"
)

// An Info is what can be told of a secret. Empty fields are unknown.
type Info struct {
	Type         string            // <platform>.<kind>; never empty
	Name         string            // the variable or key it was assigned to
	PublicID     string            // the part that is not secret
	Hint         string            // public prefix and length in bytes
	Algorithm    string            // RSA, ECDSA, Ed25519 …, or the JWT's alg
	KeyBits      int               // size of the key in bits; 0 is unknown
	CreatedAt    time.Time         // zero is unknown
	ExpiresAt    time.Time         // zero is unknown, unless NeverExpires
	NeverExpires bool              // true if the value itself says it has no end
	Encrypted    inventory.Tri     // true if a passphrase protects it
	Personal     inventory.Tri     // true if it belongs to a person
	Attributes   map[string]string // see the package comment; nil if there are none
}

// maxValue is the longest value that is looked at beyond its type, and
// maxContext the most of the context that is read, both in bytes.
const (
	maxValue   = 1 << 20
	maxContext = 64 << 10
)

// Describe says what can be told of a value that a gitleaks rule found. The
// context is the text around it, with the value in it or not; it may be nil. An
// unknown or empty rule is no error. Describe keeps neither slice, changes
// neither, and is safe for concurrent use.
func Describe(rule string, value, context []byte) Info {
	info := Info{Type: TypeOf(rule)}
	value = bytes.TrimSpace(value)
	if len(value) > maxValue {
		info.Hint = hint("", len(value))
		return info
	}
	if len(context) > maxContext {
		context = window(context, value)
	}
	s := subject{rule: rule, value: value, context: context}
	for _, describe := range []func(*Info, subject) bool{
		describePEM, describeJWT, describePrefix, describeBedrock, describeCloud, describeURL, describePair,
	} {
		if describe(&info, s) {
			break
		}
	}
	if info.Hint == "" {
		info.Hint = hint("", len(value))
	}
	if info.Name == "" {
		info.Name = nameOf(s)
	}
	if info.Name == info.Attributes["user"] {
		info.Name = "" // the user in user:password
	}
	info.scrub(s)
	return info
}

// A subject is what a describer looks at.
type subject struct {
	rule           string
	value, context []byte
}

// set records an attribute, unless it is empty.
func (i *Info) set(key, value string) {
	value = clean(value)
	if value == "" {
		return
	}
	if i.Attributes == nil {
		i.Attributes = make(map[string]string)
	}
	i.Attributes[key] = value
}

// hint is what may be shown of a value: its public prefix and its length.
func hint(prefix string, length int) string {
	n := strconv.Itoa(length) + " bytes"
	if prefix == "" {
		return n
	}
	return prefix + "… " + n
}

// clean makes foreign text fit for one line of a record: printable, at most 300
// bytes.
func clean(s string) string {
	const most = 300
	s = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || r == '\ufffd' {
			return -1
		}
		return r
	}, strings.ToValidUTF8(s, ""))
	if len(s) > most {
		s = strings.ToValidUTF8(s[:most], "")
	}
	return strings.TrimSpace(s)
}

// window cuts the context to what lies around the value.
func window(context, value []byte) []byte {
	at := max(bytes.Index(context, value), 0)
	from := max(at-maxContext/2, 0)
	return context[from:min(from+maxContext, len(context))]
}
