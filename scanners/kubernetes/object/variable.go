package object

import (
	"net/url"
	"regexp"
	"strings"

	"github.com/muster-nhi/muster/internal/inventory"
)

// identityVariables are environment variables that name an identity of a cloud or
// the place of its token. None of them holds a secret, so their values are kept.
var identityVariables = map[string]bool{
	"AWS_ROLE_ARN": true, "AWS_WEB_IDENTITY_TOKEN_FILE": true, "AWS_ROLE_SESSION_NAME": true,
	"AWS_CONTAINER_CREDENTIALS_FULL_URI": true, "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": true,
	"AWS_REGION": true, "AWS_DEFAULT_REGION": true, "AWS_PROFILE": true,
	"AZURE_CLIENT_ID": true, "AZURE_TENANT_ID": true, "AZURE_FEDERATED_TOKEN_FILE": true, "AZURE_AUTHORITY_HOST": true,
	"GOOGLE_APPLICATION_CREDENTIALS": true, "GOOGLE_CLOUD_PROJECT": true, "CLOUDSDK_AUTH_CREDENTIAL_FILE_OVERRIDE": true,
	"VAULT_ADDR": true, "VAULT_ROLE": true, "VAULT_K8S_AUTH_ROLE": true, "SPIFFE_ENDPOINT_SOCKET": true,
	"KUBECONFIG": true,
}

// secretName matches the names of variables that call for a secret: one of its
// words is the last, or stands before a word that says which one.
var secretName = regexp.MustCompile(`(?i)(^|[_.-])(pass(word|wd|phrase)?|pwd|secret|token|api[_-]?key|access[_-]?key|secret[_-]?key|private[_-]?key|encryption[_-]?key|signing[_-]?key|account[_-]?key|master[_-]?key|auth[_-]?key|license[_-]?key|credentials?|webhook[_-]?url|connection[_-]?string|conn[_-]?str|dsn|jwt|bearer|cookie)([_-]?(value|string|base64|b64|primary|secondary|current|default|prod|production|[0-9]+))?$`)

// literal matches values that are no secret whatever the name: a path, an
// address without user, a reference to another variable, a switch or a number.
var literal = regexp.MustCompile(`(?i)^\s*$|^\$[{(]|^\$[a-z_][a-z0-9_]*$|\$\([A-Z0-9_]+\)$|^(/|\./|file:)|^(true|false|yes|no|on|off|none|null|enabled|disabled|optional|required|changeme|redacted|x+|\*+|-)$|^[0-9]{1,5}[a-z]{0,2}$|^arn:aws`)

// SecretVariable reports whether a variable of a name holds a literal secret, as
// far as its name and the form of its value tell. A value that is an address with
// a password in it is one under any name.
func SecretVariable(name, value string) bool {
	if identityVariables[name] {
		return inline(value)
	}
	called := calls(name)
	if !called && !strings.Contains(value, "://") || literal.MatchString(value) {
		return false
	}
	at, err := url.Parse(value)
	switch {
	case err != nil && brokenAddress.MatchString(value):
		return true
	case err == nil && at.Scheme != "" && at.Host != "":
		return signed(at) || strings.Contains(strings.ToLower(name), "webhook") && len(at.Path) > 8
	}
	return called && secretName.MatchString(name)
}

// brokenAddress matches an address with a password whose characters should have been
// escaped, so that it cannot be read as one.
var brokenAddress = regexp.MustCompile(`(?i)^\s*[a-z][a-z0-9+.-]*://[^/?#\s@:]*:\S+@[^\s@]+$`)

// querySecret matches names of the query of an address that call for a secret.
var querySecret = regexp.MustCompile(`(?i)^(sig|signature|x-amz-signature|token|access_token|api[_-]?key|apikey|key|password|secret|code)$`)

// signed reports whether an address signs in by itself: with a password, with a token
// for a user's name, or by its query. Sentry's addresses hold a public key.
func signed(at *url.URL) bool {
	if _, set := at.User.Password(); set {
		return true
	}
	const long = 16 // bytes, from which on it is hardly a name or a version
	if strings.HasPrefix(at.Scheme, "http") && len(at.User.Username()) >= long && !strings.Contains(at.Host, "sentry") {
		return true
	}
	for key, values := range at.Query() {
		if querySecret.MatchString(key) && len(values[0]) >= long && values[0][0] != '$' {
			return true
		}
	}
	return false
}

// inline reports whether a variable that should name a file holds what should stand
// in it.
func inline(value string) bool {
	value = strings.TrimSpace(value)
	return strings.HasPrefix(value, "{") && !strings.HasPrefix(value, "{{") || strings.Contains(value, "\n") || strings.Contains(value, "PRIVATE KEY")
}

// stems are what a name that secretName matches has in it; most names have none.
var stems = []string{"PASS", "PWD", "SECRET", "TOKEN", "KEY", "CRED", "WEBHOOK", "CONN", "DSN", "JWT", "BEARER", "COOKIE"}

// calls reports whether a name may call for a secret.
func calls(name string) bool {
	name = strings.ToUpper(name)
	for _, stem := range stems {
		if strings.Contains(name, stem) {
			return true
		}
	}
	return false
}

// variable notes a variable that says something of identities.
func (p *podReader) variable(container, name, value string, hash func([]byte) inventory.SecretHash) {
	v := Variable{Container: p.texts.intern(container), Name: p.texts.intern(name)}
	switch {
	case identityVariables[name] && !inline(value):
		v.Value = p.texts.intern(withoutUser(value))
	case SecretVariable(name, value):
		v.Literal = true
		if hash != nil {
			v.Hash = hash([]byte(strings.TrimSpace(value)))
		}
	default:
		return
	}
	p.Variables = append(p.Variables, v)
}

// withoutUser takes the user and query out of an address, also out of one that cannot
// be read as such.
func withoutUser(value string) string {
	if at, err := url.Parse(value); err == nil && at.Host != "" {
		at.User, at.RawQuery, at.Fragment = nil, "", ""
		return at.String()
	}
	scheme, rest, full := strings.Cut(value, "://")
	if !full {
		scheme, rest = "", value
	} else {
		scheme += "://"
	}
	if at := strings.LastIndexByte(rest, '@'); at >= 0 && (full || strings.Contains(rest[:at], ":")) {
		rest = rest[at+1:]
	}
	if end := strings.IndexAny(rest, "?#"); end >= 0 {
		rest = rest[:end]
	}
	return scheme + rest
}
