package report

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"
	"unicode"

	"github.com/muster-nhi/muster/findings"
)

// withheld stands where a text was taken away whole.
const withheld = "(withheld)"

// Redact returns a copy of a report that may leave the house: ids, names,
// accounts, people, places and public keys are replaced by pseudonyms, and of
// free text only words remain that the rules and muster itself use. Dates,
// types, levels, figures, severities and controls stay. One value has one
// pseudonym throughout, and in all reports made with the same key; without the
// key a guess cannot be confirmed. Ids of findings are replaced too, so that
// `muster explain` knows only those of the original.
func Redact(r *Report, key []byte) *Report {
	x := &redactor{key: key, names: map[string]string{}, words: vocabulary(r.Rules)}
	in := Input{Tool: r.Tool, Run: x.run(r.Run)}
	in.Inventory = x.inventory(r.Inventory)
	in.Findings = x.findings(slices.Concat(r.Findings, r.Excepted))
	in.Resolved = x.findings(r.Resolved)
	in.Rules = x.rules(r.Rules)
	in.Result = &findings.Result{
		Tallies: x.tallies(r.Tallies), Controls: x.controls(r.Controls), Exceptions: x.exceptions(r.Exceptions),
	}
	out := New(in)
	out.Run.BaselineHidden = r.Run.BaselineHidden
	return out
}

// A redactor keeps the pseudonyms that were given out.
type redactor struct {
	key   []byte
	names map[string]string
	words map[string]bool
}

func (x *redactor) digest(s string) string {
	mac := hmac.New(sha256.New, x.key)
	mac.Write([]byte(s)) // a hash never fails to write
	return hex.EncodeToString(mac.Sum(nil))
}

// name returns the pseudonym of a value; class is what it is called when it is
// met for the first time.
func (x *redactor) name(class, s string) string {
	if s == "" {
		return ""
	}
	if p, ok := x.names[s]; ok {
		return p
	}
	p := class + "-" + x.digest(s)[:10]
	x.names[s] = p
	return p
}

// list replaces each value of a list.
func (x *redactor) list(class string, values []string) []string {
	out := make([]string, 0, len(values))
	for _, v := range values {
		out = append(out, x.name(class, v))
	}
	return out
}

// id keeps the scanner of a record's id.
func (x *redactor) id(s string) string {
	scanner, native, ok := strings.Cut(s, ":")
	if !ok || !isWord(scanner) {
		return x.name("id", s)
	}
	return scanner + ":" + x.name("id", native)
}

// isWord reports whether s looks like the name of a scanner.
func isWord(s string) bool {
	return s != "" && !strings.ContainsFunc(s, func(r rune) bool {
		return (r < 'a' || r > 'z') && r != '-'
	})
}

// enum keeps a value that is one of a few known ones.
func (x *redactor) enum(class, s string, known ...string) string {
	if slices.Contains(known, s) {
		return s
	}
	return x.name(class, s)
}

func (x *redactor) environment(s string) string {
	return x.enum("environment", s, "production", "staging", "development", "test")
}

// kind keeps a record type of a known platform; a type that the user's own
// rules made may hold a name.
func (x *redactor) kind(s string) string {
	platform, _, _ := strings.Cut(s, ".")
	known := []string{
		"aws", "gcp", "azure", "entra", "kubernetes", "github", "gitlab", "npm", "pypi", "slack", "stripe", "jwt",
		"pki", "ssh", "llm", "database", "basic_auth", "generic", "ci", "mcp", "ai", "terraform", "vault",
	}
	if slices.Contains(known, platform) {
		return s
	}
	return x.name("type", s)
}

// text keeps the words of muster's own vocabulary, short numbers and dates;
// everything else is a pseudonym, if it is a whole name, or an ellipsis.
func (x *redactor) text(s string) string {
	var out []string
	for field := range strings.FieldsSeq(s) {
		core := strings.TrimFunc(field, func(r rune) bool { return unicode.IsPunct(r) && r != '*' })
		switch {
		case core == "":
			continue
		case x.names[core] != "":
			field = x.names[core]
		case !x.words[strings.ToLower(core)] && !harmlessNumber(core):
			field = "…"
		case strings.TrimRight(field, ".,;:") != core:
			field = core
		}
		if field != "…" || len(out) == 0 || out[len(out)-1] != "…" {
			out = append(out, field)
		}
	}
	return strings.Join(out, " ")
}

// harmlessNumber reports whether s is a figure that cannot be an account: up
// to five digits with separators, or a date.
func harmlessNumber(s string) bool {
	digits := 0
	for _, r := range s {
		switch {
		case r >= '0' && r <= '9':
			digits++
		case r != ',' && r != '-' && r != '%':
			return false
		}
	}
	if len(s) == len("2026-11-22") && digits == 8 && s[4] == '-' && s[7] == '-' {
		return true
	}
	return digits > 0 && digits <= 5 && !strings.Contains(s, "-")
}

// vocabulary collects the words that rules use, and those of muster's own
// sentences.
func vocabulary(rules []findings.Rule) map[string]bool {
	words := map[string]bool{}
	add := func(s string) {
		for _, w := range strings.FieldsFunc(s, func(r rune) bool { return !unicode.IsLetter(r) && r != '-' && r != '\'' }) {
			words[strings.ToLower(strings.Trim(w, "-'"))] = true
		}
	}
	for _, r := range rules {
		add(r.Title)
		add(r.Message)
		add(r.Why)
	}
	add(ownWords)
	return words
}

// ownWords are words of muster's own sentences: reasons of scores and
// verdicts, states of controls, links of chains.
const ownWords = `a access account accounts active administer administrator all an and anybody are as at be been before by can
certificate changed cluster code commit commits committed complete configuration control controls could coverage credential credentials date days
deleted denied every exception expired expires exposed exposure fail failing fails file files find finding findings first for from
full grant grants has have head high history holds how identities identity if in incomplete interrupted is it its itself key keys
kind known last leak leaked level levels lies listed listing listings long many may medium more never no nobody none not nothing of old
on one only open opens or other own owned owner owners partial partly pass past permission permissions place places points policy
possible privilege production public read reads repository role rotated rotation rule rules same scan scanned scope scopes score secret
secrets seen service shallow since skipped so some stand stands status subject subjects than that the their them there these they
this to token tokens too tracked trust unknown unless unused use used uses value verdict verdicts was were what when where which who
with without write years yet`

// static scrubs a text that a rule brings. Those built in hold no name of the
// user's; one of the user's own may: a known name that is no plain word, a
// mail address and a number of eight digits or more are replaced.
func (x *redactor) static(s string) string {
	var b strings.Builder
	for len(s) > 0 {
		n := strings.IndexFunc(s, unicode.IsSpace)
		if n == 0 {
			b.WriteByte(s[0])
			s = s[1:]
			continue
		}
		if n < 0 {
			n = len(s)
		}
		b.WriteString(x.staticWord(s[:n]))
		s = s[n:]
	}
	return b.String()
}

func (x *redactor) staticWord(word string) string {
	core := strings.TrimFunc(word, func(r rune) bool { return strings.ContainsRune(".,;:()'\"`", r) })
	if core == "" {
		return word
	}
	digits, longest := 0, 0
	for _, r := range core {
		if r >= '0' && r <= '9' {
			digits++
			longest = max(longest, digits)
		} else {
			digits = 0
		}
	}
	plainWord := !strings.ContainsFunc(core, func(r rune) bool { return !unicode.IsLetter(r) })
	switch {
	case x.names[core] != "" && !plainWord:
		return strings.Replace(word, core, x.names[core], 1)
	case longest >= 8, strings.Contains(core, "@"):
		return strings.Replace(word, core, x.name("name", core), 1)
	default:
		return word
	}
}
