package repo

import (
	"bytes"
	"fmt"
	"reflect"
	"strings"
	"unicode"

	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/scanners/repo/match"
)

// A masker takes secrets out of text of a repository that records quote: names
// of files, directories, authors, owners and tags, descriptions, labels. It
// knows a secret by its form, under gitleaks' own rules whatever the
// repository's say, or because the scan found the same value elsewhere. What is
// taken out is replaced by "redacted-" and a part of its keyed hash, so that
// names that differ still differ, and one name is the same everywhere. A
// masker is not safe for concurrent use; its memory grows with the distinct
// texts it was given.
type masker struct {
	matcher *match.Matcher
	hash    func([]byte) inventory.SecretHash
	found   func(inventory.SecretHash) bool
	done    map[string]string
	count   int // distinct secrets taken out
	secrets map[inventory.SecretHash]bool
}

// publicRule is the one rule whose secret is public: an AWS access key id.
const publicRule = "aws-access-token"

// minKnown is the shortest part of a text, in bytes, that is compared with what
// was found: shorter ones are words that happen to be somebody's password.
const minKnown = 12

func newMasker(rules *match.Ruleset, hash func([]byte) inventory.SecretHash, found func(inventory.SecretHash) bool) *masker {
	return &masker{
		matcher: rules.NewMatcher(), hash: hash, found: found,
		done: map[string]string{}, secrets: map[inventory.SecretHash]bool{},
	}
}

// text returns a text without secrets.
func (m *masker) text(s string) string {
	if len(s) < 8 {
		return s
	}
	if out, ok := m.done[s]; ok {
		return out
	}
	out := m.forms(s, s)
	for _, cut := range []func(rune) bool{betweenWords, betweenParts} {
		for _, word := range strings.FieldsFunc(out, cut) {
			if telling(word) && m.found(m.hash([]byte(word))) {
				out = m.replace(out, []byte(word))
			}
		}
	}
	m.done[s] = out
	return out
}

// forms takes out of s what rules find in text, which holds s.
func (m *masker) forms(s, text string) string {
	for _, h := range m.matcher.Match([]byte(text)) {
		if h.Rule == publicRule {
			continue
		}
		if bytes.Contains([]byte(s), h.Secret) {
			s = m.replace(s, h.Secret)
		} else if h.Encoding != "" {
			s = m.replace(s, []byte(s)) // it cannot be told which part decodes to it
		}
		clear(h.Secret)
		clear(h.Context)
	}
	return s
}

func (m *masker) replace(s string, secret []byte) string {
	hash := m.hash(secret)
	if !m.secrets[hash] {
		m.secrets[hash] = true
		m.count++
	}
	digest := string(hash[strings.LastIndexByte(string(hash), ':')+1:])
	return strings.ReplaceAll(s, string(secret), "redacted-"+digest[:min(8, len(digest))])
}

// betweenWords and betweenParts cut a text where a secret can begin or end.
func betweenWords(r rune) bool {
	return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !strings.ContainsRune("_-+=~/.", r)
}

func betweenParts(r rune) bool { return betweenWords(r) || r == '/' || r == '.' }

// telling reports whether a word is more than a word: long, with letters and
// digits.
func telling(word string) bool {
	return len(word) >= minKnown && strings.ContainsFunc(word, unicode.IsLetter) && strings.ContainsFunc(word, unicode.IsDigit)
}

// record returns a copy of a record without secrets in its texts but for those
// that a scanner makes itself (a type, a detector, a commit id, a hint) and
// public ids, which are left alone.
func (m *masker) record(r inventory.Record) inventory.Record {
	m.value(reflect.ValueOf(&r).Elem())
	return r
}

// value replaces what v holds by a copy without secrets; v can be set.
func (m *masker) value(v reflect.Value) {
	switch v.Kind() { //nolint:exhaustive // the others hold no text
	case reflect.Pointer:
		if !v.IsNil() {
			fresh := reflect.New(v.Type().Elem())
			fresh.Elem().Set(v.Elem())
			m.value(fresh.Elem())
			v.Set(fresh)
		}
	case reflect.Struct:
		m.fields(v)
	case reflect.Slice:
		if v.IsNil() {
			return
		}
		fresh := reflect.MakeSlice(v.Type(), v.Len(), v.Len())
		reflect.Copy(fresh, v)
		for i := range fresh.Len() {
			m.value(fresh.Index(i))
		}
		v.Set(fresh)
	case reflect.String:
		if v.Type() == reflect.TypeFor[string]() {
			v.SetString(m.text(v.String()))
		}
	}
}

func (m *masker) fields(v reflect.Value) {
	for i := range v.NumField() {
		field := v.Type().Field(i)
		if !field.IsExported() || isOwnText(field.Name) {
			continue
		}
		if pairs, ok := reflect.TypeAssert[map[string]string](v.Field(i)); ok && pairs != nil {
			v.Field(i).Set(reflect.ValueOf(m.pairs(pairs, field.Name == "Tags")))
			continue
		}
		m.value(v.Field(i))
	}
}

// isOwnText reports whether the text of a field is the scanner's own, or public.
func isOwnText(field string) bool {
	switch field {
	case "Type", "Detector", "Hint", "Commit", "FirstCommit", "LastCommit", "PublicID", "PublicIDs", "Exposure", "Method", "Scanner":
		return true
	default:
		return false
	}
}

// pairs returns a copy of names and values without secrets. The name of a tag
// may tell what its value is, so both are looked at together, too.
func (m *masker) pairs(pairs map[string]string, tags bool) map[string]string {
	out := make(map[string]string, len(pairs))
	for _, key := range sortedKeys(pairs) {
		value := m.text(pairs[key])
		if tags && len(value) >= 8 {
			value = m.forms(value, fmt.Sprintf("%s = %q", key, value))
		}
		out[m.text(key)] = value
	}
	return out
}
