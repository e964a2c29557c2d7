package declared

import (
	"strings"

	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/scanners/repo/secret"
)

// isSecretName reports whether a variable is named like a secret. Names of what
// is public beside a secret (an id, a URL, a path) are not.
func isSecretName(name string) bool {
	upper := strings.ToUpper(strings.NewReplacer("-", "_", ".", "_", " ", "_").Replace(name))
	for _, end := range []string{"_ID", "_URL", "_URI", "_HOST", "_NAME", "_USER", "_USERNAME", "_PATH", "_FILE", "_DIR", "_ARN", "_TTL", "_LENGTH", "_TYPE", "_ENABLED", "_VERSION", "_REGION", "_EXPIRY", "_PUBLIC_KEY", "_TOKENS", "_FIELD", "_HEADER"} {
		if strings.HasSuffix(upper, end) && upper != "AWS_ACCESS_KEY_ID" {
			return false
		}
	}
	return secretWord().MatchString(upper) || upper == "AWS_ACCESS_KEY_ID" || secretEnd().MatchString(name)
}

// isPlainSecret reports whether a value looks like one that was meant to be
// secret: not empty, not a reference to somewhere else, not a placeholder.
func isPlainSecret(value string) bool {
	value = strings.TrimSpace(value)
	lower := strings.ToLower(value)
	switch {
	case len(value) < 6 || isReference(value):
		return false
	case strings.ContainsAny(value, "<>") && strings.HasPrefix(value, "<"):
		return false
	case strings.HasPrefix(value, "/") || strings.HasPrefix(value, "./") || strings.HasPrefix(value, "~/"):
		return false
	}
	for _, word := range []string{"true", "false", "null", "none", "default", "example", "changeme", "change-me", "change_me", "placeholder", "redacted", "dummy", "your-", "your_", "yourtoken", "xxxx", "****", "todo", "replace", "fixme", "insert"} {
		if strings.Contains(lower, word) {
			return false
		}
	}
	return !numberForm().MatchString(lower)
}

// isReference reports whether a value only names where the secret is.
func isReference(value string) bool {
	return referenceStart().MatchString(strings.TrimSpace(value)) || strings.Contains(value, "${")
}

// referenceName returns the variable or input that a value refers to, or "".
func referenceName(value string) string {
	m := referenceForm().FindStringSubmatch(value)
	if m == nil {
		return ""
	}
	return clean(m[1] + m[2] + m[3] + m[4])
}

// plainSecret emits a credential whose value stands open in this file, and
// returns its id. Only its keyed hash, and what is public of it, is kept.
func (o *output) plainSecret(local, value, exposure, store string, line int) string {
	name := local[strings.LastIndexByte(local, '/')+1:]
	info := secret.Describe(ruleFor(value), []byte(value), []byte(name+"="+value))
	hash := o.hash(strings.TrimSpace(value))
	id := o.id(inventory.KindCredential, local)
	if first, ok := o.values[hash]; ok && hash != "" {
		// The same value again in this file is the same credential.
		addPlaces(places(o.records[o.index[first]]), o.at(line))
		return first
	}
	o.emit(inventory.Record{Credential: &inventory.Credential{
		ID: id, Type: info.Type, Scope: o.file.Scope, Name: clean(name), PublicID: info.PublicID,
		SecretHash: hash, Hint: info.Hint, Store: store, Exposure: exposure,
		CreatedAt: info.CreatedAt, ExpiresAt: info.ExpiresAt, NeverExpires: info.NeverExpires,
		Algorithm: info.Algorithm, KeyBits: info.KeyBits, Encrypted: info.Encrypted, Personal: info.Personal,
		AtHead: inventory.True, Detector: "declared:" + strings.ReplaceAll(exposure, "_", "-"), FoundAt: o.at(line), Attributes: info.Attributes,
	}})
	if _, ok := o.index[id]; ok {
		o.values[hash] = id
	}
	return id
}

// ruleFor names the gitleaks rule whose type a bare value has by its form, for
// formats that secret.Describe does not recognise by themselves.
func ruleFor(value string) string {
	switch {
	case strings.HasPrefix(value, "eyJ"):
		return "jwt"
	case strings.HasPrefix(value, "sk-ant-"):
		return "anthropic-api-key"
	case strings.HasPrefix(value, "sk-"):
		return "openai-api-key"
	default:
		return "generic-api-key"
	}
}
