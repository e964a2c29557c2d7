package secret

import (
	"bytes"
	"net"
	"net/url"
	"strings"
)

// describeURL tells of a value that is a URL with a login in it.
func describeURL(info *Info, s subject) bool {
	if !bytes.Contains(s.value, []byte("://")) {
		return describeUserPass(info, s)
	}
	return describeLogin(info, string(s.value), len(s.value))
}

// describeEmbedded tells of a value that is the password of a URL around it.
func describeEmbedded(info *Info, s subject) bool {
	if len(s.value) == 0 || info.Type != "generic.secret" {
		return false
	}
	for _, m := range loginURLs(s.context) {
		if u, err := url.Parse(string(m)); err == nil && u.User != nil {
			if p, ok := u.User.Password(); ok && p == string(s.value) {
				return describeLogin(info, string(m), len(s.value))
			}
		}
	}
	return false
}

// loginURLs returns what loginURL finds in a text, 64 matches at most. As no
// match holds a space, a quote or an angle bracket, and each a "://", it looks
// only between those, around that.
func loginURLs(text []byte) (found [][]byte) {
	const mark = "://"
	outside := func(b byte) bool { return strings.IndexByte("\t\n\f\r \"'<>", b) >= 0 }
	for at := 0; len(found) < 64; {
		next := bytes.Index(text[at:], []byte(mark))
		if next < 0 {
			break
		}
		start, end := at+next, at+next+len(mark)
		for start > at && !outside(text[start-1]) {
			start--
		}
		for end < len(text) && !outside(text[end]) {
			end++
		}
		found = append(found, loginURL().FindAll(text[start:end], 64-len(found))...)
		at = end
	}
	return found
}

// describeLogin takes scheme, user, host and database from a URL; the value is
// the URL or its password, and so long.
func describeLogin(info *Info, text string, length int) bool {
	u, err := url.Parse(text)
	if err != nil || u.User == nil {
		return false
	}
	password, _ := u.User.Password()
	scheme := strings.ToLower(u.Scheme)
	base, _, _ := strings.Cut(scheme, "+")
	info.Type = loginType(base)
	if base == "jdbc" {
		return false
	}
	info.Hint = hint(clean(scheme)+"://", length)
	info.set("scheme", scheme)
	if user := u.User.Username(); isUser(user) && password != "" {
		info.set("user", user)
	}
	if host := u.Hostname(); isHost(host) {
		info.set("host", host)
	}
	if base != "http" && base != "https" {
		if db := strings.Trim(u.Path, "/"); isUser(db) {
			info.set("database", db)
		}
	}
	info.PublicID = strings.Trim(info.Attributes["user"]+"@"+info.Attributes["host"], "@")
	if db := info.Attributes["database"]; db != "" {
		info.PublicID += "/" + db
	}
	return true
}

// loginType is the type of a login by the scheme of its URL.
func loginType(scheme string) string {
	switch scheme {
	case "postgres", "postgresql", "mysql", "mariadb", "mongodb", "redis", "rediss", "mysql2", "sqlserver", "mssql", "oracle",
		"clickhouse", "cockroachdb", "cassandra", "neo4j", "bolt", "couchbase", "influxdb":
		return "database.connection"
	case "amqp", "amqps", "nats", "kafka", "mqtt", "mqtts", "stomp":
		return "queue.connection"
	case "ldap", "ldaps":
		return "directory.connection"
	case "ftp", "ftps", "sftp":
		return "ftp.password"
	case "smtp", "smtps", "imap", "imaps":
		return "mail.connection"
	default:
		return "basic_auth"
	}
}

// describeUserPass tells of user:password, as curl -u takes it.
func describeUserPass(info *Info, s subject) bool {
	if s.rule != "curl-auth-user" {
		return false
	}
	user, password, ok := strings.Cut(strings.Trim(string(s.value), `"'`), ":")
	if ok && password != "" && isUser(user) {
		info.PublicID = user
		info.set("user", user)
	}
	return true
}

// isUser reports whether text has the form of an account or database name
// rather than that of a key: short, and with few digits.
func isUser(text string) bool {
	if !userForm().MatchString(text) {
		return false
	}
	digits := 0
	for _, r := range text {
		if r >= '0' && r <= '9' {
			digits++
		}
	}
	return digits <= 4 || digits*3 <= len(text) && len(text) <= 20
}

// isHost reports whether text is an address or a host name.
func isHost(text string) bool {
	if net.ParseIP(text) != nil {
		return true
	}
	return hostForm().MatchString(text)
}
