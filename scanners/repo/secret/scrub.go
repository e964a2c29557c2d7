package secret

import (
	"bytes"
	"strings"

	"github.com/muster-nhi/muster/internal/inventory"
)

// leak is the length in bytes from which a piece of a value counts as part of
// the secret.
const leak = 6

// scrub is the last guard: it drops from an Info every field that holds a piece
// of the secret part of the value, so that a wrong guess at a format cannot leak.
func (i *Info) scrub(s subject) {
	secret := i.secretPart(s)
	for _, field := range []*string{&i.Name, &i.PublicID, &i.Algorithm} {
		if holds(*field, secret) {
			*field = ""
		}
	}
	for key, value := range i.Attributes {
		if holds(value, secret) {
			delete(i.Attributes, key)
		}
	}
	if len(i.Attributes) == 0 {
		i.Attributes = nil
	}
}

// secretPart returns the bytes of the value that must not be told. For formats
// that are partly public it leaves the public parts out.
func (i *Info) secretPart(s subject) []byte {
	value := s.value
	switch {
	case inventory.AccessKeyType(string(value)) != "":
		return nil
	case i.Type == "slack.webhook", s.rule == "discord-webhook-url":
		return value[bytes.LastIndexByte(value, '/')+1:]
	case bytes.Contains(value, []byte("-----BEGIN CERTIFICATE-----")) && !bytes.Contains(value, []byte("PRIVATE KEY")):
		return nil
	case bytes.Contains(value, []byte("://")):
		return urlSecret(value)
	case s.rule == "curl-auth-user":
		_, password, _ := bytes.Cut(value, []byte(":"))
		return password
	case bytes.Contains(value, []byte(`"service_account"`)):
		_, key, _ := bytes.Cut(value, []byte("-----BEGIN "))
		return key
	}
	return value
}

// urlSecret is what lies between the colon and the at sign of a URL; all of it
// after the scheme if that cannot be told.
func urlSecret(value []byte) []byte {
	_, rest, _ := bytes.Cut(value, []byte("://"))
	at := bytes.LastIndexByte(rest, '@')
	colon := bytes.IndexByte(rest, ':')
	if at < 0 || colon < 0 || colon > at {
		return rest
	}
	return rest[colon+1 : at]
}

// holds reports whether text has a piece of the secret in it: leak bytes, or
// all of a shorter one.
func holds(text string, secret []byte) bool {
	if len(secret) == 0 || text == "" {
		return false
	}
	if len(secret) < leak {
		return strings.Contains(text, string(secret))
	}
	for at := 0; at+leak <= len(text); at++ {
		if bytes.Contains(secret, []byte(text[at:at+leak])) {
			return true
		}
	}
	return false
}
