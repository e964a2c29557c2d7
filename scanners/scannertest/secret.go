package scannertest

import (
	"context"
	"crypto/md5"  //nolint:gosec // looked for, not relied on
	"crypto/sha1" //nolint:gosec // looked for, not relied on
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/url"
	"strings"

	"github.com/muster-nhi/muster/internal/inventory"
)

// window is how many characters of a canary may not come out in a row. It is
// longer than the public prefixes of tokens, such as github_pat_.
const window = 12

// A form is one way in which a secret could come out.
type form struct {
	name string
	text string
}

// forms lists the ways in which a secret could come out. Unkeyed hashes are
// among them: short secrets can be guessed from those.
func forms(secret string) []form {
	list := []form{{"itself", secret}}
	if len(secret) >= window+4 {
		for i := 0; i+window <= len(secret); i++ {
			list = append(list, form{"a part of it", secret[i : i+window]})
		}
	}
	for shift := range 3 {
		list = append(list, base64Forms(secret, shift)...)
	}
	quoted, _ := json.Marshal(secret)
	m, s1, s2 := md5.Sum([]byte(secret)), sha1.Sum([]byte(secret)), sha256.Sum256([]byte(secret)) //nolint:gosec // looked for
	return append(list,
		form{"hex", hex.EncodeToString([]byte(secret))},
		form{"hex", strings.ToUpper(hex.EncodeToString([]byte(secret)))},
		form{"URL encoding", url.QueryEscape(secret)},
		form{"URL encoding", url.PathEscape(secret)},
		form{"JSON", strings.Trim(string(quoted), `"`)},
		form{"an unkeyed hash", hex.EncodeToString(m[:])},
		form{"an unkeyed hash", hex.EncodeToString(s1[:])},
		form{"an unkeyed hash", hex.EncodeToString(s2[:])},
		form{"an unkeyed hash", base64.StdEncoding.EncodeToString(s2[:])},
	)
}

// base64Forms are the secret in base64 with so many bytes before it, as in
// "user:secret", without the digits that depend on what is around it.
func base64Forms(secret string, shift int) []form {
	var list []form
	text := strings.Repeat("\x00", shift) + secret
	text = text[:len(text)-len(text)%3]
	skip := (shift*8 + 5) / 6
	for _, coding := range []*base64.Encoding{base64.RawStdEncoding, base64.RawURLEncoding} {
		if s := coding.EncodeToString([]byte(text)); len(s) > skip+8 {
			list = append(list, form{"base64", s[skip:]})
		}
	}
	return list
}

// leak returns in which form a canary is in a text, or "".
func (s *Suite) leak(text string) string {
	for i, secret := range s.Canaries {
		for _, f := range forms(secret) {
			if strings.Contains(text, f.text) {
				return fmt.Sprintf("canary %d, as %s", i+1, f.name)
			}
		}
	}
	return ""
}

// redact makes a text of v that can be shown in a failure.
func (s *Suite) redact(v any) string {
	text := fmt.Sprint(v)
	if l := s.leak(text); l != "" {
		return "(not shown: it holds " + l + ")"
	}
	return text
}

// noLeak reports a canary in anything that came out of a scan. The leaking
// text itself is not shown.
func (s *Suite) noLeak(t reporter, what string, out *outcome) {
	t.Helper()
	for i, line := range out.lines {
		if l := s.leak(line); l != "" {
			r := out.records[i]
			t.Errorf("%s: a %s record holds a secret (%s)", what, r.Kind(), l)
			return
		}
	}
	if out.err != nil {
		if l := s.leak(fmt.Sprintf("%v\n%+v\n%#v", out.err, out.err, out.err)); l != "" {
			t.Errorf("%s: the error holds a secret (%s)", what, l)
			return
		}
	}
	if l := s.leak(out.log); l != "" {
		t.Errorf("%s: the log holds a secret (%s)", what, l)
		return
	}
	if l := s.leak(out.text()); l != "" {
		t.Errorf("%s: its output holds a secret (%s)", what, l)
	}
}

// checkSecrets looks for canaries in a clean scan, in one whose configuration
// is refused and in one that emit ends. Scans with faults are searched by the
// checks that make them.
func checkSecrets(t reporter, s *Suite) {
	t.Helper()
	out, ok := s.clean(t)
	if !ok && !out.opened {
		return
	}
	s.noLeak(t, "a clean scan", out)
	s.noLeak(t, "a refused configuration", s.scan(context.Background(), trial{config: s.misspelt()}))
	s.noLeak(t, "a scan that emit ended", s.scan(context.Background(), trial{
		emit: func(int, inventory.Record) error { return errStop },
	}))
	for _, r := range out.records {
		if c := r.Credential; c != nil && c.SecretHash != "" && !c.SecretHash.Valid() {
			t.Errorf("credential %q has a hash that is not made with Env.Hash", c.ID)
		}
	}
}
