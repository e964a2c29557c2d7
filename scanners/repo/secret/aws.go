package secret

import (
	"bytes"
	"strings"

	"github.com/muster-nhi/muster/internal/inventory"
)

// describeAccessKeyID tells of an AWS access key id, which is public itself;
// its secret is another string.
func describeAccessKeyID(info *Info, text string) bool {
	typ := inventory.AccessKeyType(text)
	if typ == "" {
		return false
	}
	info.Type, info.Hint = typ, hint(text[:4], len(text))
	info.accessKey(text)
	return true
}

// accessKey records what an AWS access key id says of the key that it is of.
func (i *Info) accessKey(id string) {
	i.PublicID = id
	i.set("account", inventory.AccessKeyAccount(id))
	if inventory.AccessKeyType(id) == "aws.access_key" {
		// IAM access keys have no end (IAM User Guide, "Managing access keys").
		i.NeverExpires = true
	}
	i.Personal = inventory.Unknown
}

// describeBedrock tells of a Bedrock API key, whose name holds the account.
func describeBedrock(info *Info, s subject) bool {
	if !bytes.HasPrefix(s.value, []byte("ABSK")) {
		return false
	}
	decoded, ok := decodeBase64(s.value[len("ABSK"):])
	if !ok {
		return false
	}
	name, _, ok := strings.Cut(string(decoded), ":")
	m := bedrockName().FindStringSubmatch(strings.TrimLeft(name, "\x00\x01"))
	if !ok || m == nil {
		return false
	}
	info.Type, info.PublicID, info.Name = "llm.api_key", m[0], m[0]
	info.Hint = hint("ABSK", len(s.value))
	info.set("provider", "aws_bedrock")
	info.set("account", m[1])
	return true
}

// accessKeyNear returns the one access key id in the context; "" if there is
// none, or more than one.
func accessKeyNear(context []byte) string {
	found := ""
	for _, m := range accessKeyID().FindAll(context, 16) {
		if found != "" && found != string(m) {
			return ""
		}
		found = string(m)
	}
	return found
}
