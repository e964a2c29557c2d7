package file

import (
	"strings"

	"github.com/muster-nhi/muster/scanners/repo/lazy"
)

//nolint:gochecknoglobals // functions, which nothing sets
var (
	sqlUser = lazy.Regexp("(?i)\\b(?:(?:create|alter)\\s+(?:or\\s+replace\\s+)?(?:user|role|login)\\s+(?:if\\s+(?:not\\s+)?exists\\s+)?|to\\s+|set\\s+password\\s+for\\s+)" +
		"((?:[`'\"\\[]?[A-Za-z_][\\w.$-]{0,63}[`'\"\\]]?))(?:@[`'\"]?([\\w.%-]{1,100})[`'\"]?)?")
	sqlPass = lazy.Regexp(`(?i)\b(?:identified\s+(?:with\s+['"]?[\w]+['"]?\s+)?(?:by|as)\s+(?:password\s+)?|(?:encrypted\s+|unencrypted\s+)?password\s*=?\s*(?:\(\s*)?)(?:N)?'((?:[^'\\\n]|''|\\.)+)'`)
	sqlHash = lazy.Regexp(`'(\$(?:2[abxy]?|1|5|6|apr1|argon2id?|argon2i|P|H|y)\$[./A-Za-z0-9$=,+-]+|pbkdf2_sha256\$[./A-Za-z0-9$=+-]+|\{SSHA(?:256|512)?\}[A-Za-z0-9+/=]+)'`)
)

// maxStatements bounds the statements of one file that may make a login.
const maxStatements = 5_000

// sqlDump reads the logins that statements make, in one line or the two behind
// it, and hashes of people's passwords that rows hold, of which a few stand for
// all. Statements of schema changes are read as well as dumps.
func sqlDump(text string) (out []Found) {
	at, line, left := 0, 1, maxStatements
	for at < len(text) {
		end := strings.IndexByte(text[at:], '\n') + 1
		if end == 0 {
			end = len(text) - at
		}
		now := strings.ToLower(text[at : at+end])
		switch {
		case strings.HasPrefix(strings.TrimSpace(now), "--"), strings.HasPrefix(strings.TrimSpace(now), "#"):
		case strings.Contains(now, "create") || strings.Contains(now, "alter") || strings.Contains(now, "grant") || strings.Contains(now, "set password"):
			out = append(out, sqlLogin(text[at:], end, line, &left)...)
		}
		if strings.Contains(now, "'$") || strings.Contains(now, "'pbkdf2") || strings.Contains(now, "'{ssha") {
			for _, m := range sqlHash().FindAllStringSubmatch(text[at:at+end], maxHashes+1) {
				if f, ok := hashed(Found{Value: m[1], Line: line, Type: "password.hash"}); ok {
					out = append(out, f)
				}
			}
		}
		at += end
		line++
	}
	return out
}

// sqlLogin reads one statement, which begins on the first line of a text; the
// line is so long. Of those statements, so many are left to be read.
func sqlLogin(text string, first, line int, left *int) (out []Found) {
	const most = 2000
	grant := strings.HasPrefix(strings.ToLower(strings.TrimSpace(text[:min(len(text), 40)])), "grant")
	for _, m := range sqlUser().FindAllStringSubmatchIndex(text[:min(first, 64<<10)], 100) {
		if *left--; *left < 0 {
			return out
		}
		if word := text[m[0]:m[2]]; strings.EqualFold(strings.TrimRight(word[:min(3, len(word))], " \t\n"), "to") && !grant {
			continue
		}
		statement := text[m[1]:min(len(text), m[1]+most)]
		if end := strings.IndexByte(statement, ';'); end >= 0 {
			statement = statement[:end+1]
		}
		p := sqlPass().FindStringSubmatchIndex(statement)
		if len(p) < 4 || strings.Count(statement[:p[2]], "\n") > 2 {
			continue
		}
		f := Found{
			Value: strings.ReplaceAll(statement[p[2]:p[3]], "''", "'"), User: strings.Trim(text[m[2]:m[3]], "`'\"[]"),
			Line: line + strings.Count(text[:m[1]+p[2]], "\n"),
		}
		if m[4] >= 0 && text[m[4]:m[5]] != "%" {
			f.Host = text[m[4]:m[5]]
		}
		if strings.EqualFold(f.Value, f.User) && len(f.Value) < 12 {
			continue // user and password alike: an example, or a local database of a developer
		}
		if h, ok := hashed(f); ok {
			f = h
		}
		out = append(out, f)
	}
	return out
}
