package secret

import (
	"bytes"
	"encoding/base64"
	"regexp"
	"strings"
)

// describePair understands a secret by what stands beside it: an AWS secret key
// beside its id, a client secret beside its client id, a password in a URL, a
// registry login, a kubeconfig.
func describePair(info *Info, s subject) bool {
	if len(s.context) == 0 {
		return false
	}
	for _, try := range []func(*Info, subject) bool{
		describeAWSPair, describeAzure, describeDockerAuth, describeKubeconfig, describeEmbedded,
	} {
		if try(info, s) {
			return true
		}
	}
	return false
}

// describeAWSPair joins a secret access key (40 characters of base64) to the
// one key id beside it.
func describeAWSPair(info *Info, s subject) bool {
	if !awsSecret().Match(s.value) {
		return false
	}
	id := accessKeyNear(s.context)
	if id == "" && !awsNamed().Match(lineOf(s)) || info.Type != "generic.secret" && !strings.HasPrefix(info.Type, "aws.") {
		return false
	}
	info.Type = "aws.access_key"
	info.set("kind", "secret access key")
	if id != "" {
		describeAccessKeyID(info, id)
	}
	info.Hint = hint("", len(s.value))
	return true
}

// describeAzure joins a client secret to the client id and tenant beside it.
func describeAzure(info *Info, s subject) bool {
	if info.Type != "azure.client_secret" {
		if info.Type != "generic.secret" || !azureNamed().Match(lineOf(s)) || !azureNear().Match(s.context) {
			return false
		}
		info.Type = "azure.client_secret"
	}
	client := uuidAfter(s.context, azureClient())
	info.set("client_id", client)
	info.set("tenant_id", uuidAfter(s.context, azureTenant()))
	info.PublicID = client
	return true
}

// uuidAfter returns the UUID that is assigned to a name that matches.
func uuidAfter(context []byte, name *regexp.Regexp) string {
	if m := name.FindSubmatch(context); m != nil {
		return strings.ToLower(string(m[1]))
	}
	return ""
}

// isUUID reports whether text is a UUID in its usual form.
func isUUID(text string) bool {
	return uuidForm().MatchString(text)
}

// describeDockerAuth tells of the login of a container registry: "auth" is the
// base64 of user:password.
func describeDockerAuth(info *Info, s subject) bool {
	if !bytes.Contains(s.context, []byte(`"auths"`)) {
		return false
	}
	for _, m := range dockerAuth().FindAllSubmatch(s.context, 64) {
		if !bytes.Equal(m[2], s.value) {
			continue
		}
		info.Type = "docker.registry_auth"
		info.set("registry", string(m[1]))
		if raw, err := base64.StdEncoding.DecodeString(string(s.value)); err == nil {
			if user, _, ok := strings.Cut(string(raw), ":"); ok && isUser(user) {
				info.set("user", user)
			}
		}
		info.PublicID = strings.Trim(info.Attributes["user"]+"@"+info.Attributes["registry"], "@")
		return true
	}
	return false
}

// describeKubeconfig tells of a credential in a kubeconfig: the server, and the
// users that the file names.
func describeKubeconfig(info *Info, s subject) bool {
	line := lineOf(s)
	key := kubeKey().FindSubmatch(line)
	if key == nil || !bytes.Contains(s.context, []byte("clusters")) || !bytes.Contains(s.context, []byte("contexts")) {
		return false
	}
	info.Type = "kubernetes.kubeconfig"
	info.set("kind", strings.ToLower(string(key[1])))
	if m := kubeServer().FindSubmatch(s.context); m != nil {
		info.set("cluster", string(m[1]))
		info.PublicID = clean(string(m[1]))
	}
	return true
}

// lineOf returns the text of the line of the context that the value stands on,
// up to the value, at most 200 bytes.
func lineOf(s subject) []byte {
	at := bytes.Index(s.context, s.value)
	if at < 0 || len(s.value) == 0 {
		return nil
	}
	before := s.context[max(0, at-200):at]
	return before[bytes.LastIndexByte(before, '\n')+1:]
}

// nameOf returns the variable or key that the value is assigned to, if it has
// the look of one: letters first, few digits, no more than 64 bytes.
func nameOf(s subject) string {
	m := assignment().FindSubmatch(lineOf(s))
	if m == nil {
		return ""
	}
	name := string(m[1])
	digits := 0
	for _, r := range name {
		if r >= '0' && r <= '9' {
			digits++
		}
	}
	if digits > 3 || len(name) > 24 && !strings.ContainsAny(name, "_.-") {
		return ""
	}
	return name
}
