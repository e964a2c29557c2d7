// Package file reads the files that hold credentials by their nature, and whose
// format must be known to see them: passwords there are words like any other.
//
// What is no password of somebody is left out: placeholders, variables,
// examples. A file that is not in its format gives nothing; none is an error.
package file

import (
	"bytes"
	"path"
	"regexp"
	"strings"
)

// maxSize is the largest file that is read, and maxFound the most that one
// gives.
const (
	maxSize  = 4 << 20
	maxFound = 1000
)

// A Found is one secret in a file. The caller clears nothing: strings cannot be.
type Found struct {
	Value string
	Line  int    // from 1
	User  string // whose it is; empty is unknown
	Host  string // where it opens something; empty is unknown
}

// Format returns the name of the format of a file at a path, with slashes, or
// "". The name is that of the rule which findings in it are told under.
func Format(name string) string {
	base := strings.ToLower(path.Base(name))
	switch base {
	case ".netrc", "_netrc":
		return "netrc-password"
	case ".pgpass", "pgpass.conf":
		return "pgpass-password"
	case ".git-credentials":
		return "git-credentials-password"
	case ".npmrc":
		return "npmrc-password"
	case ".s3cfg":
		return "s3cfg-secret-key"
	case "wp-config.php":
		return "wp-config-password"
	case "sitemanager.xml", "recentservers.xml":
		return "filezilla-password"
	}
	return ""
}

// Parse returns the secrets of a file of a format, in order of their lines. It
// keeps nothing of the content.
func Parse(format string, content []byte) []Found {
	parse := parser(format)
	if parse == nil || len(content) > maxSize || bytes.IndexByte(content, 0) >= 0 {
		return nil
	}
	var out []Found
	for _, f := range parse(strings.ReplaceAll(string(content), "\r\n", "\n")) {
		if Plain(f.Value) && len(out) < maxFound {
			out = append(out, f)
		}
	}
	return out
}

// parser returns what reads a format; nil if there is no such format.
func parser(format string) func(string) []Found {
	switch format {
	case "netrc-password":
		return netrc
	case "pgpass-password":
		return pgpass
	case "git-credentials-password":
		return gitCredentials
	case "npmrc-password":
		return npmrc
	case "s3cfg-secret-key":
		return s3cfg
	case "wp-config-password":
		return wpConfig
	case "filezilla-password":
		return fileZilla
	default:
		return nil
	}
}

var (
	variable = regexp.MustCompile(`\$\{|\$\(|\{\{|%\(|<%|^\$[A-Za-z_]|^%[A-Za-z_]+%$|^<.*>$|^__.*__$|^@.*@$`)
	same     = regexp.MustCompile(`^(?:x+|X+|\*+|\.+|-+|0+|#+|\?+|•+)$`)
)

// Plain reports whether a value can be somebody's password: at least four
// bytes, no variable, and none of the words that stand in for one.
func Plain(value string) bool {
	if len(value) < 4 || len(value) > 4096 || variable.MatchString(value) || same.MatchString(value) {
		return false
	}
	lower := strings.ToLower(strings.NewReplacer("-", "", "_", "", " ", "").Replace(value))
	switch lower {
	case "password", "passwd", "pass", "secret", "mypassword", "mysecret", "token", "mytoken", "test", "none", "null", "empty", "todo", "redacted", "hidden", "anonymous", "username", "true", "false":
		return false
	}
	for _, word := range []string{"example", "changeme", "changethis", "placeholder", "passwordhere", "tokenhere", "secrethere", "replaceme", "yourpass", "yoursecret", "yourtoken", "putyour", "insertyour"} {
		if strings.Contains(lower, word) {
			return false
		}
	}
	return true
}

// lineAt returns the line of a position, from 1.
func lineAt(text string, at int) int { return 1 + strings.Count(text[:at], "\n") }

// Is reports whether a name is that of a format.
func Is(format string) bool { return parser(format) != nil }
