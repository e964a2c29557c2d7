package secret

import (
	"bytes"
	"strings"

	"github.com/muster-nhi/muster/scanners/repo/lazy"
)

//nolint:gochecknoglobals // functions, which nothing sets
var (
	passwordIs = lazy.Regexp(`(?i)\b(?:password|pwd|pass)\s*=\s*["']?$`)
	serverIs   = lazy.Regexp(`(?i)\b(?:server|data ?source|host|hostname|addr(?:ess)?)\s*=\s*["']?(?:tcp:)?([A-Za-z0-9._-]{1,100})`)
	loginIs    = lazy.Regexp(`(?i)\b(?:user id|uid|user|username)\s*=\s*["']?([A-Za-z0-9._@-]{1,60})`)
	databaseIs = lazy.Regexp(`(?i)\b(?:initial catalog|database|databasename|dbname)\s*=\s*["']?([A-Za-z0-9._-]{1,60})`)
	jdbcURL    = lazy.Regexp(`(?i)^jdbc:([a-z0-9]{2,20})(?::[a-z0-9]{2,20})?://([A-Za-z0-9._-]{1,100})(?::[0-9]{1,5})?(?:/([A-Za-z0-9._-]{1,60}))?`)
	oracleUser = lazy.Regexp(`(?i)^jdbc:oracle:[a-z0-9]{2,20}:"?([A-Za-z0-9._]{1,60})"?/"?$`)
	oracleHost = lazy.Regexp(`(?i)^"?@(?:tcps?:)?(?://)?([A-Za-z0-9._-]{1,100})(?::[0-9]{1,5})?(?:[:/]([A-Za-z0-9._-]{1,60}))?`)
	oracleLong = lazy.Regexp(`(?i)\(HOST=([A-Za-z0-9._-]{1,100})\)`)
	oracleName = lazy.Regexp(`(?i)\((?:SERVICE_NAME|SID)=([A-Za-z0-9._-]{1,60})\)`)
)

// A login is what a connection string tells of whom it opens, and where.
type login struct {
	scheme, user, host, database string
}

// describeConnection tells of a password in a connection string of keywords, as
// ADO.NET, ODBC and libpq take it, or in a JDBC URL.
func describeConnection(info *Info, s subject) bool {
	if !isConnection(s.rule) && (info.Type != "generic.secret" || !passwordIs().Match(lineOf(s))) {
		return false
	}
	text, at := connectionOf(s)
	if at < 0 {
		return false
	}
	l := loginOf(text[:at], text[at+len(s.value):], text)
	if l.host == "" {
		return false
	}
	info.Type = "database.connection"
	info.set("scheme", l.scheme)
	if isUser(l.user) {
		info.set("user", l.user)
	}
	info.set("host", l.host)
	info.set("database", l.database)
	info.PublicID = strings.Trim(info.Attributes["user"]+"@"+l.host, "@")
	if db := info.Attributes["database"]; db != "" {
		info.PublicID += "/" + db
	}
	return true
}

// isConnection reports whether a rule finds passwords in connection strings.
func isConnection(rule string) bool {
	switch rule {
	case "connection-string", "jdbc-url-password", "oracle-jdbc-login":
		return true
	default:
		return false
	}
}

// loginOf reads a connection string, of which some stands before the password
// and some behind it.
func loginOf(before, behind, whole []byte) login {
	l := login{user: submatch(loginIs(), whole), database: submatch(databaseIs(), whole)}
	url := before[max(0, bytes.LastIndex(before, []byte("jdbc:"))):]
	if m := jdbcURL().FindSubmatch(url); m != nil {
		l.scheme, l.host = "jdbc:"+strings.ToLower(string(m[1])), string(m[2])
		if db := string(m[3]); db != "" {
			l.database = db
		}
		return l
	}
	if m := oracleUser().FindSubmatch(url); m != nil {
		l.scheme, l.user = "jdbc:oracle", string(m[1])
		l.host, l.database = submatch(oracleLong(), behind), submatch(oracleName(), behind)
		if at := oracleHost().FindSubmatch(behind); l.host == "" && at != nil {
			l.host, l.database = string(at[1]), string(at[2])
		}
		return l
	}
	l.host = submatch(serverIs(), whole)
	return l
}

// connectionOf returns the text that a connection string with the value in it
// fills, and where in it the value is, or -1: what lies between quotes, or the
// whole line where the value has quotes of its own.
func connectionOf(s subject) (text []byte, at int) {
	const quotes = "\"'`<>"
	text = wholeLine(s)
	if at = bytes.Index(text, s.value); at <= 0 || text == nil || strings.IndexByte(quotes, text[at-1]) >= 0 {
		return text, at
	}
	end := at + len(s.value)
	if n := bytes.IndexAny(text[end:], quotes); n >= 0 {
		text = text[:end+n]
	}
	from := bytes.LastIndexAny(text[:at], quotes) + 1
	return text[from:], at - from
}
