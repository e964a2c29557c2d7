package scannertest

import (
	"encoding/base64"
	"encoding/hex"
	"net/url"
	"strings"
	"testing"
)

func TestLeakIsFoundInEveryForm(t *testing.T) {
	secret := canary()
	s := &Suite{Canaries: []string{secret}}
	std, web := base64.StdEncoding, base64.URLEncoding
	for name, text := range map[string]string{
		"itself":               "token=" + secret,
		"base64":               std.EncodeToString([]byte(secret)),
		"base64 after one":     std.EncodeToString([]byte(":" + secret + ":x")),
		"base64 after two":     std.EncodeToString([]byte("a:" + secret)),
		"URL base64":           web.EncodeToString([]byte("user:" + secret)),
		"hex":                  hex.EncodeToString([]byte(secret)),
		"capital hex":          strings.ToUpper(hex.EncodeToString([]byte(secret))),
		"query":                "?token=" + url.QueryEscape(secret),
		"its end":              "…" + secret[len(secret)-window:],
		"its middle":           secret[5 : 5+window],
		"base64 in a sentence": "the header was Basic " + std.EncodeToString([]byte("someone:"+secret)) + ".",
	} {
		if s.leak(text) == "" {
			t.Errorf("%s is not found", name)
		}
		if got := s.redact(text); strings.Contains(got, text) {
			t.Errorf("%s is shown", name)
		}
	}
	for name, text := range map[string]string{
		"nothing":       "a text without any",
		"short prefix":  secret[:window-1],
		"another":       keyCanary(),
		"its length":    "(31 characters)",
		"another's hex": hex.EncodeToString([]byte(keyCanary())),
	} {
		if l := s.leak(text); l != "" {
			t.Errorf("%s is taken for %s", name, l)
		}
	}
}
