package object

import (
	"bytes"
	"encoding/json"
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
		s.Registries = registries(values[".dockerconfigjson"], true)
	case "kubernetes.io/dockercfg":
		s.Registries = registries(values[".dockercfg"], false)
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
		return secretType == "kubernetes.io/service-account-token"
	case "release":
		return strings.HasPrefix(secretType, "helm.sh/")
	}
	return secretType == "bootstrap.kubernetes.io/token" && key != "token-secret"
}

// registries returns the hosts that a docker configuration signs in to, sorted.
func registries(config []byte, nested bool) []string {
	type entry struct{} // nothing below the host is decoded
	var hosts map[string]entry
	var err error
	if nested {
		var whole struct {
			Auths map[string]entry `json:"auths"`
		}
		err = json.Unmarshal(config, &whole)
		hosts = whole.Auths
	} else {
		err = json.Unmarshal(config, &hosts)
	}
	if err != nil {
		return nil // not the form that Kubernetes checks for
	}
	var out []string
	for host := range hosts {
		if _, rest, ok := strings.Cut(host, "://"); ok {
			host = rest
		}
		host, _, _ = strings.Cut(host, "/")
		if at := strings.LastIndexByte(host, '@'); at >= 0 {
			host = host[at+1:]
		}
		out = append(out, intern(host))
	}
	slices.Sort(out)
	return slices.Compact(out)
}
