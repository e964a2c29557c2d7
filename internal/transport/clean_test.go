package transport

import (
	"strings"
	"testing"
)

func TestCode(t *testing.T) {
	for text, want := range map[string]string{
		"AADSTS700016": "AADSTS700016", "Throttling.Rate_x-1": "Throttling.Rate_x-1", "": "", "two words": "", "<html>": "", "größe": "",
		strings.Repeat("x", 80): strings.Repeat("x", 80), strings.Repeat("x", 81): "",
	} {
		if got := Code(text); got != want {
			t.Errorf("%q is %q", text, got)
		}
	}
}

func TestMessage(t *testing.T) {
	for text, want := range map[string]string{
		"\ra\r\n\tb\v": "a b", "a\x1b[1mb\x00": "a[1mb", "a\xffb": "ab",
		strings.Repeat("x", 400): strings.Repeat("x", 400), strings.Repeat("x", 401): strings.Repeat("x", 400) + " …",
		"x" + strings.Repeat("ü", 200): "x" + strings.Repeat("ü", 199) + " …",
	} {
		if got := Message(text); got != want {
			t.Errorf("%q is %q", text, got)
		}
	}
}
