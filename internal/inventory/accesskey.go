package inventory

import (
	"encoding/base32"
	"fmt"
	"strings"
)

// AccessKeyType tells the credential type of an AWS access key id, or another id
// of that form, by its prefix (IAM User Guide, "Understanding unique ID prefixes").
// It returns "" for what is no such id.
func AccessKeyType(id string) string {
	if len(id) != 20 || strings.Trim(id, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789") != "" {
		return ""
	}
	switch id[:4] {
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

// AccessKeyAccount decodes the AWS account that an access key id was issued for:
// since March 2019 its first 40 bits after a marker bit are the account. It returns
// "" for older ids, which hold none, and for what is no access key id.
func AccessKeyAccount(id string) string {
	if AccessKeyType(id) == "" {
		return ""
	}
	raw, err := base32.StdEncoding.DecodeString(id[4:])
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
