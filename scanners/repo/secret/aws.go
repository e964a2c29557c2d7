package secret

import (
	"bytes"
	"encoding/base32"
	"fmt"
	"strings"

	"github.com/muster-nhi/muster/internal/inventory"
)

// describeAccessKeyID tells of an AWS access key id, which is public itself;
// its secret is another string.
func describeAccessKeyID(info *Info, text string) bool {
	typ := accessKeyType(text)
	if typ == "" {
		return false
	}
	info.Type, info.PublicID = typ, text
	info.Hint = hint(text[:4], len(text))
	info.set("account", accountOf(text))
	if typ == "aws.access_key" {
		// IAM access keys have no end (IAM User Guide, "Managing access keys").
		info.NeverExpires = true
	}
	info.Personal = inventory.Unknown
	return true
}

// accessKeyType tells the kind of an access key id by its prefix (IAM User
// Guide, "Understanding unique ID prefixes"), or returns "".
func accessKeyType(text string) string {
	if len(text) != 20 || strings.Trim(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789") != "" {
		return ""
	}
	switch text[:4] {
	case "AKIA", "A3T0", "A3TX":
		return "aws.access_key"
	case "ASIA":
		return "aws.session_token"
	case "ABIA":
		return "aws.bearer_token"
	case "ACCA":
		return "aws.context_credential"
	default:
		return ""
	}
}

// accountOf decodes the account that an access key id was issued for: since
// March 2019 its first 40 bits after a marker bit are the account. It returns ""
// for older ids, which hold none.
func accountOf(id string) string {
	raw, err := base32.StdEncoding.DecodeString(id[4:20])
	if err != nil || raw[0]&0x80 == 0 {
		return ""
	}
	var n uint64
	for _, b := range raw[:6] {
		n = n<<8 | uint64(b)
	}
	account := n & 0x7fffffffffff >> 7
	if account > 999999999999 {
		return ""
	}
	return fmt.Sprintf("%012d", account)
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
	m := bedrockName.FindStringSubmatch(strings.TrimLeft(name, "\x00\x01"))
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
	for _, m := range accessKeyID.FindAll(context, 16) {
		if found != "" && found != string(m) {
			return ""
		}
		found = string(m)
	}
	return found
}
