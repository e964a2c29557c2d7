package jsonc_test

import (
	"bytes"
	"encoding/json"
	"slices"
	"testing"

	"github.com/muster-nhi/muster/scanners/repo/jsonc"
)

// cases are texts and what they come to.
func cases() []struct{ name, text, want string } {
	return []struct{ name, text, want string }{
		{"nothing", "", ""},
		{"JSON", `{"a": [1, "//", "/*", ",]"]}`, `{"a": [1, "//", "/*", ",]"]}`},
		{"a line's comment", "{ // a \"b\n\"c\": 1}", "{        \n\"c\": 1}"},
		{"a block, with its lines", "{/* a\n} */\"c\": 1}", "{    \n    \"c\": 1}"},
		{"no block yet", "{/*/\"c\": 1}*/}", "{            }"},
		{"comments without an end", "[1] /* a\nb", "[1]     \n "},
		{"a comment that ends with the text", "[1] //", "[1]   "},
		{"trailing commas", "{\"a\": [1, 2,],\n}", "{\"a\": [1, 2 ] \n}"},
		{"a comma with a comment behind it", "[1, // b\n]", "[1      \n]"},
		{"a comma that does not trail", "[1, 2]", "[1, 2]"},
		{"quotes in a string", `["\"//", "\\",]`, `["\"//", "\\" ]`},
		{"a string without an end", "{\"a\n// b\n}", "{\"a\n    \n}"},
		{"a backslash at the end", `["\`, `["\`},
	}
}

func TestBlank(t *testing.T) {
	t.Parallel()
	for _, tt := range cases() {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got := []byte(tt.text)
			jsonc.Blank(got)
			if string(got) != tt.want {
				t.Errorf("got  %q\nwant %q", got, tt.want)
			}
		})
	}
}

// FuzzBlank: lines stay where they are, JSON stays as it is, and what is blanked
// once has nothing left to be blanked if it is JSON now.
func FuzzBlank(f *testing.F) {
	for _, tt := range cases() {
		f.Add([]byte(tt.text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		got := slices.Clone(text)
		jsonc.Blank(got)
		for i, c := range text {
			if got[i] != c && got[i] != ' ' || c == '\n' && got[i] != c {
				t.Fatalf("byte %d: %q became %q", i, c, got[i])
			}
		}
		if json.Valid(text) && !bytes.Equal(got, text) {
			t.Fatalf("JSON was changed to %q", got)
		}
		again := slices.Clone(got)
		jsonc.Blank(again)
		if json.Valid(got) && !bytes.Equal(again, got) {
			t.Fatalf("changed twice: %q, then %q", got, again)
		}
	})
}
