package file

import (
	"encoding/base64"
	"encoding/xml"
	"net/url"
	"regexp"
	"strings"
)

var (
	word      = regexp.MustCompile(`"(?:[^"\\\n]|\\.)*"|[^\s"]+`)
	wpDefine  = regexp.MustCompile(`(?m)^[ \t]*define\(\s*['"](DB_PASSWORD|FTP_PASS)['"]\s*,\s*(?:'((?:[^'\\\n]|\\.)*)'|"((?:[^"\\\n]|\\.)*)")\s*\)`)
	npmSecret = regexp.MustCompile(`^(?://([^\s=]{1,200}?)/?:)?_(password|auth|authToken)$`)
)

// netrc reads machine, login and password (GNU inetutils, "The .netrc file").
// Macros are left out.
func netrc(text string) (out []Found) {
	var host, user string
	inMacro, want := false, ""
	number := 0
	for line := range strings.Lines(text) {
		number++
		if trimmed := strings.TrimSpace(line); inMacro || strings.HasPrefix(trimmed, "#") {
			inMacro = inMacro && trimmed != ""
			continue
		}
		for _, w := range word.FindAllString(line, -1) {
			switch want {
			case "":
				switch w {
				case "machine":
					host, user, want = "", "", w
				case "default":
					host, user = "", ""
				case "login", "account", "password":
					want = w
				case "macdef":
					inMacro = true
				}
				continue
			case "machine":
				host = w
			case "login":
				user = w
			case "password":
				out = append(out, Found{Value: strings.Trim(w, `"`), Line: number, User: user, Host: host})
			}
			want = ""
		}
	}
	return out
}

// pgpass reads host:port:database:user:password, a colon or backslash behind a
// backslash (PostgreSQL manual, "The Password File").
func pgpass(text string) (out []Found) {
	number := 0
	for line := range strings.Lines(text) {
		number++
		line = strings.TrimRight(line, "\n")
		if strings.HasPrefix(line, "#") {
			continue
		}
		fields := []string{""}
		for i := 0; i < len(line); i++ {
			switch {
			case line[i] == '\\' && i+1 < len(line):
				i++
				fields[len(fields)-1] += line[i : i+1]
			case line[i] == ':' && len(fields) < 5:
				fields = append(fields, "")
			default:
				fields[len(fields)-1] += line[i : i+1]
			}
		}
		if len(fields) == 5 && (fields[1] == "*" || strings.Trim(fields[1], "0123456789") == "") {
			out = append(out, Found{Value: fields[4], Line: number, User: fields[3], Host: fields[0]})
		}
	}
	return out
}

// gitCredentials reads a URL a line (git-credential-store).
func gitCredentials(text string) (out []Found) {
	number := 0
	for line := range strings.Lines(text) {
		number++
		u, err := url.Parse(strings.TrimSpace(line))
		if err != nil || u.User == nil || u.Host == "" {
			continue
		}
		if p, ok := u.User.Password(); ok {
			out = append(out, Found{Value: p, Line: number, User: u.User.Username(), Host: u.Hostname()})
		}
	}
	return out
}

// npmrc reads _password and _auth, which are in base64, and _authToken, of one
// registry or of all (npm documentation, "npmrc").
func npmrc(text string) (out []Found) {
	number := 0
	for line := range strings.Lines(text) {
		number++
		key, value, ok := strings.Cut(strings.TrimSpace(line), "=")
		m := npmSecret.FindStringSubmatch(strings.TrimSpace(key))
		if !ok || m == nil {
			continue
		}
		f := Found{Value: strings.Trim(strings.TrimSpace(value), `"'`), Line: number, Host: m[1]}
		if m[2] != "authToken" {
			raw, err := base64.StdEncoding.DecodeString(f.Value)
			if err != nil {
				continue
			}
			password := string(raw)
			if m[2] == "auth" {
				f.User, password, _ = strings.Cut(password, ":")
			}
			if !Plain(password) {
				continue
			}
		}
		out = append(out, f)
	}
	return out
}

// s3cfg reads the keys of s3cmd's configuration.
func s3cfg(text string) (out []Found) {
	user, number := "", 0
	for line := range strings.Lines(text) {
		number++
		key, value, _ := strings.Cut(line, "=")
		switch value = strings.TrimSpace(value); strings.TrimSpace(key) {
		case "access_key":
			user = value
		case "secret_key", "gpg_passphrase":
			out = append(out, Found{Value: value, Line: number, User: user})
		}
	}
	return out
}

// wpConfig reads what WordPress defines (developer.wordpress.org, "Editing
// wp-config.php").
func wpConfig(text string) (out []Found) {
	for _, m := range wpDefine.FindAllStringSubmatchIndex(text, -1) {
		from, to := m[4], m[5]
		if from < 0 {
			from, to = m[6], m[7]
		}
		out = append(out, Found{Value: text[from:to], Line: lineAt(text, from)})
	}
	return out
}

// fileZilla reads FileZilla's lists of servers: a password is plain, or in
// base64; one that a master password encrypts is left out.
func fileZilla(text string) (out []Found) {
	d := xml.NewDecoder(strings.NewReader(text))
	var host, user, element, encoding string
	for {
		token, err := d.Token()
		if err != nil {
			return out
		}
		switch t := token.(type) {
		case xml.StartElement:
			if element, encoding = t.Name.Local, ""; element == "Server" {
				host, user = "", ""
			}
			for _, a := range t.Attr {
				if a.Name.Local == "encoding" {
					encoding = a.Value
				}
			}
		case xml.EndElement:
			element = ""
		case xml.CharData:
			value := strings.TrimSpace(string(t))
			switch element {
			case "Host":
				host = value
			case "User":
				user = value
			case "Pass":
				line, _ := d.InputPos()
				if raw, err := base64.StdEncoding.DecodeString(value); encoding == "base64" && err == nil {
					value = string(raw)
				} else if encoding != "" {
					continue
				}
				out = append(out, Found{Value: value, Line: line, User: user, Host: host})
			}
		}
	}
}
