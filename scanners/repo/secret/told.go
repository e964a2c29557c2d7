package secret

import (
	"maps"
	"strings"
	"time"

	"github.com/muster-nhi/muster/internal/inventory"
)

// A Told is what the file around a secret says of it, where the file's format is
// known.
type Told struct {
	Type       string // <platform>.<kind>
	Name       string
	User, Host string
	Protection string // encoded, hashed or encrypted; empty is plain
	Hash       string // of a hashed one, the kind of hash
	ExpiresAt  time.Time
	Facts      map[string]string
}

// Without returns what is told without pieces of the value.
func (t Told) Without(value []byte) Told {
	for _, field := range []*string{&t.Name, &t.User, &t.Host} {
		if *field = clean(*field); holds(*field, value) {
			*field = ""
		}
	}
	facts := make(map[string]string, len(t.Facts))
	for key, fact := range t.Facts {
		if fact = clean(fact); fact != "" && !holds(fact, value) {
			facts[key] = fact
		}
	}
	t.Facts = facts
	return t
}

// Tell adds what a file of a format tells to what the secret says of itself. The
// secret knows better what it is; the file, whose it is and where it opens
// something.
func (i *Info) Tell(rule string, t Told) {
	if i.Type == TypeOf(rule) || general(i.Type) {
		i.Type = t.Type
	}
	attributes := make(map[string]string, len(i.Attributes)+len(t.Facts))
	maps.Copy(attributes, t.Facts)
	maps.Copy(attributes, i.Attributes)
	i.Attributes = attributes
	if t.Name != "" {
		i.Name = t.Name
	}
	i.login(t)
	if t.Protection != "" {
		if _, told := i.Attributes["protection"]; !told {
			i.set("protection", t.Protection)
		}
	}
	switch t.Protection {
	case "hashed":
		i.Algorithm = t.Hash
		i.Encrypted = inventory.True
	case "encrypted":
		i.Encrypted = inventory.True
	}
	if i.ExpiresAt.IsZero() && !t.ExpiresAt.IsZero() {
		i.ExpiresAt, i.NeverExpires = t.ExpiresAt, false
	}
	if len(i.Attributes) == 0 {
		i.Attributes = nil
	}
}

// general reports whether a type says less than a file does that is known.
func general(typ string) bool {
	switch typ {
	case "generic.secret", "pki.private_key", "jwt", "basic_auth", "http.authorization":
		return true
	default:
		return false
	}
}

// login records whose a secret is and where it opens something, where they have
// the form of a user and of a host.
func (i *Info) login(t Told) {
	if strings.HasPrefix(i.Type, "aws.") && inventory.AccessKeyType(t.User) != "" {
		i.accessKey(t.User)
		i.set("kind", "secret access key")
		if i.Type == "aws.session_token" {
			i.set("kind", "session token")
		}
		return
	}
	if isUser(t.User) || isEmail(t.User) {
		i.set("user", t.User)
	}
	if isHost(t.Host) {
		i.set("host", t.Host)
	}
	if id := t.Facts["private_key_id"]; id != "" && i.Type == "gcp.service_account_key" {
		i.PublicID = id
	}
	for _, key := range []string{"fingerprint", "key_id", "client_id", "storage_account"} {
		if i.PublicID == "" {
			i.PublicID = t.Facts[key]
		}
	}
	if i.PublicID == "" {
		i.PublicID = strings.Trim(i.Attributes["user"]+"@"+i.Attributes["host"], "@")
	}
}
