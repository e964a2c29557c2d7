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
var literal = regexp.MustCompile(`(?i)^\s*$|^\$|\$\([A-Z0-9_]+\)$|^(/|\./|file:)|^(true|false|yes|no|on|off|none|null|enabled|disabled|optional|required|changeme|redacted|x+|\*+|-)$|^[0-9]{1,5}[a-z]{0,2}$|^arn:aws`)

// SecretVariable reports whether a variable of a name holds a literal secret, as
// far as its name and the form of its value tell. A value that is an address with
// a password in it is one under any name.
func SecretVariable(name, value string) bool {
	called := calls(name)
	if identityVariables[name] || !called && !strings.Contains(value, "://") || literal.MatchString(value) {
		return false
	}
	if at, err := url.Parse(value); err == nil && at.Scheme != "" && at.Host != "" {
		if _, set := at.User.Password(); set {
			return true
		}
		return strings.Contains(strings.ToLower(name), "webhook") && len(at.Path) > 8
	}
	return called && secretName.MatchString(name)
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
	case identityVariables[name]:
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

// withoutUser takes the user and query out of an address.
func withoutUser(value string) string {
	at, err := url.Parse(value)
	if err != nil || at.Host == "" {
		return value
	}
	at.User, at.RawQuery, at.Fragment = nil, "", ""
	return at.String()
}
