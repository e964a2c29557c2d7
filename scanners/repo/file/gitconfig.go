package file

import (
	"encoding/base64"
	"net/url"
	"strings"

	"github.com/muster-nhi/muster/scanners/repo/lazy"
)

//nolint:gochecknoglobals // functions, which nothing sets
var (
	gitAddress = lazy.Regexp(`[A-Za-z][A-Za-z0-9+.-]*://[^\s"'@/]+@[^\s"'/]+`)
	gitHeader  = lazy.Regexp(`(?i)^\s*extraheader\s*=\s*"?\s*(?:proxy-)?authorization:\s*([a-z]+)\s+([^\s"]+)`)
	gitMail    = lazy.Regexp(`(?i)^\s*(smtppass|smtpuser|smtpserver|pass|user|host)\s*=\s*("(?:[^"\\\n]|\\.)*"|[^\s"#;]+)`)
)

// gitConfig reads git's configuration (git-config(1)): logins in addresses of
// remotes, of their substitutes and of proxies, headers that are sent along
// (http.extraHeader, as runners of CI set it), and passwords of git send-email and
// git imap-send.
func gitConfig(text string) (out []Found) {
	var host, user string
	number := 0
	for line := range strings.Lines(text) {
		number++
		trimmed := strings.TrimSpace(line)
		if strings.HasPrefix(trimmed, "#") || strings.HasPrefix(trimmed, ";") {
			continue
		}
		if strings.HasPrefix(trimmed, "[") {
			host, user = sectionHost(trimmed), ""
		}
		for _, address := range gitAddress().FindAllString(line, -1) {
			if found, ok := loginOf(address); ok {
				found.Line = number
				out = append(out, found)
			}
		}
		if m := gitHeader().FindStringSubmatch(line); m != nil {
			out = append(out, authorization(m[1], m[2], host, number))
		}
		m := gitMail().FindStringSubmatch(line)
		if m == nil {
			continue
		}
		switch value := unquote(m[2]); strings.ToLower(m[1]) {
		case "smtppass", "pass":
			out = append(out, Found{Value: value, Line: number, User: user, Host: host, Type: "mail.password"})
		case "smtpserver", "host":
			host = value
		default:
			user = value
		}
	}
	return out
}

// sectionHost returns the host of a section that is about an address.
func sectionHost(section string) string {
	_, address, _ := strings.Cut(section, `"`)
	u, err := url.Parse(strings.TrimRight(address, `"]`))
	if err != nil {
		return ""
	}
	return u.Hostname()
}

// loginOf returns the secret of an address: the password, or the name where that
// is a token and the password says only so (x-oauth-basic, as GitHub has it).
func loginOf(address string) (found Found, ok bool) {
	u, err := url.Parse(address)
	if err != nil || u.User == nil || u.Host == "" {
		return Found{}, false
	}
	found = Found{User: u.User.Username(), Host: u.Hostname()}
	found.Value, ok = u.User.Password()
	if found.Value == "x-oauth-basic" {
		found.Value, found.User = found.User, ""
	}
	return found, ok
}

// authorization returns what a header of HTTP signs in with (RFC 9110, section
// 11.6.2).
func authorization(scheme, value, host string, line int) Found {
	found := Found{Value: value, Line: line, Host: host}
	if !strings.EqualFold(scheme, "basic") {
		return found
	}
	plain, err := base64.StdEncoding.DecodeString(value)
	if err != nil {
		return found
	}
	if user, password, ok := strings.Cut(string(plain), ":"); ok {
		found.Value, found.User, found.Form = password, user, Encoded
	}
	return found
}
