package object

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/muster-nhi/muster/internal/inventory"
)

// readValues keeps what may be known of the values of a Secret: their hashes,
// and what is public in them. No value outlives it.
func (s *Secret) readValues(values map[string][]byte, hash func([]byte) inventory.SecretHash) {
	for key, value := range values {
		if bytes.HasPrefix(value, []byte("ENC[")) {
			s.Encrypted = true // SOPS
			continue
		}
		if hash == nil || len(bytes.TrimSpace(value)) == 0 || public(s.Type, key) {
			continue
		}
		if s.Hashes == nil {
			s.Hashes = map[string]inventory.SecretHash{}
		}
		s.Hashes[key] = hash(bytes.TrimSpace(value))
	}
	switch s.Type {
	case "kubernetes.io/tls":
		s.X509 = FromPEM(values["tls.crt"])
	case "kubernetes.io/dockerconfigjson":
		s.readRegistries(values, ".dockerconfigjson", hash)
	case "kubernetes.io/dockercfg":
		s.readRegistries(values, ".dockercfg", hash)
	case "bootstrap.kubernetes.io/token":
		if at, err := time.Parse(time.RFC3339, string(values["expiration"])); err == nil {
			s.Expires = at.UTC()
		}
	}
}

// public reports whether a key of a Secret of some type holds no secret.
func public(secretType, key string) bool {
	switch key {
	case "tls.crt", "ca.crt", "ca.pem", "ssh-publickey", "username", "known_hosts":
		return true
	case "namespace":
		return secretType == "kubernetes.io/service-account-token" //nolint:gosec // a type, no token
	case "release":
		return strings.HasPrefix(secretType, "helm.sh/")
	}
	return secretType == "bootstrap.kubernetes.io/token" && key != "token-secret" //nolint:gosec // a type and a key, no token
}

// A login is an entry of a docker configuration.
type login struct {
	Auth     string `json:"auth"` // user:password in base64
	Password string `json:"password"`
}

// readRegistries keeps the hosts that a docker configuration signs in to and,
// with hash, the hash of the password for each under "KEY/HOST".
func (s *Secret) readRegistries(values map[string][]byte, key string, hash func([]byte) inventory.SecretHash) {
	var logins map[string]login
	err := json.Unmarshal(values[key], &logins)
	if key == ".dockerconfigjson" {
		var whole struct {
			Auths map[string]login `json:"auths"`
		}
		err = json.Unmarshal(values[key], &whole)
		logins = whole.Auths
	}
	if err != nil {
		return // not the form that Kubernetes checks for
	}
	for _, address := range slices.Sorted(maps.Keys(logins)) {
		l, host := logins[address], hostOf(address)
		s.Registries = append(s.Registries, intern(host))
		if password := l.password(); hash != nil && password != "" {
			s.Hashes[key+"/"+host] = hash([]byte(password))
		}
	}
	slices.Sort(s.Registries)
	s.Registries = slices.Compact(s.Registries)
}

func (l login) password() string {
	if l.Password != "" {
		return l.Password
	}
	text, err := base64.StdEncoding.DecodeString(l.Auth)
	if err != nil {
		return ""
	}
	_, password, _ := strings.Cut(string(text), ":")
	return password
}

// hostOf returns the host of a registry, which may be written as an address, without
// what signs in there.
func hostOf(address string) string {
	if _, rest, ok := strings.Cut(address, "://"); ok {
		address = rest
	}
	address = address[strings.LastIndexByte(address, '@')+1:]
	if end := strings.IndexAny(address, "/?#"); end >= 0 {
		address = address[:end]
	}
	return address
}
