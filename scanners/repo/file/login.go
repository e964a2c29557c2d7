package file

import (
	"net/url"
	"strings"

	"github.com/muster-nhi/muster/scanners/repo/lazy"
)

// logins are the files that programs of one person read their logins from.
func logins() []format {
	return []format{
		{rule: "netrc-password", typ: "basic_auth", names: ".netrc _netrc .authinfo", parse: netrc},
		{rule: "git-credentials-password", typ: "basic_auth", names: ".git-credentials", where: within("git/credentials"), parse: gitCredentials},
		{rule: "git-config-password", typ: "basic_auth", names: ".gitconfig .gitmodules", where: within(".git/config", ".git/config.worktree", "git/config"), parse: gitConfig},
		{rule: "smb-credentials-password", typ: "smb.password", names: ".smbcredentials .smbcreds .cifscredentials .smb_credentials smbcredentials", parse: smbCredentials},
		{rule: "mail-client-password", typ: "mail.password", names: ".msmtprc msmtprc .muttrc muttrc .fetchmailrc fetchmailrc .mbsyncrc .esmtprc .offlineimaprc", parse: mailClient},
		{rule: "putty-private-key", typ: "ssh.private_key", where: endsWith(".ppk"), parse: putty},
		{rule: "pidgin-password", typ: "chat.password", where: within(".purple/accounts.xml", "purple/accounts.xml"), parse: pidgin},
	}
}

//nolint:gochecknoglobals // functions, which nothing sets
var (
	word     = lazy.Regexp(`"(?:[^"\\\n]|\\.)*"|[^\s"]+`)
	mailLine = lazy.Regexp(`(?i)^\s*(?:set\s+)?(user|login|username|remoteuser|imap_user|smtp_user|host|hostname|remotehost|imap_host|smtp_host|poll|server|password|pass|remotepass|imap_pass|smtp_pass|pop_pass)\s*[ \t=:]\s*("(?:[^"\\\n]|\\.)*"|'[^'\n]*'|[^\s'"]+)`)
	mailWord = lazy.Regexp(`(?i)\b(user(?:name)?|pass(?:word)?)\s+("(?:[^"\\\n]|\\.)*"|'[^'\n]*'|[^\s'"]+)`)
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
		for _, w := range word().FindAllString(line, -1) {
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

// smbCredentials reads the file that mount.cifs takes a login from (mount.cifs,
// option "credentials").
func smbCredentials(text string) []Found {
	return pick(text, wanted{secrets: []string{"password", "pass"}, user: []string{"username", "user"}, host: []string{"domain", "dom"}})
}

// mailClient reads the logins of msmtp, mutt, fetchmail, mbsync, esmtp and
// OfflineIMAP: a name and a value a line, or several in a row. A password that a
// program is asked for (passwordeval, passcmd) is none.
func mailClient(text string) (out []Found) {
	var host, user string
	number := 0
	for line := range strings.Lines(text) {
		number++
		if strings.HasPrefix(strings.TrimSpace(line), "#") {
			continue
		}
		m := mailLine().FindStringSubmatch(line)
		if m == nil {
			continue
		}
		value := unquote(m[2])
		switch key := strings.ToLower(m[1]); {
		case strings.HasSuffix(key, "pass") || key == "password":
			if strings.HasPrefix(value, "`") {
				continue
			}
			out = append(out, Found{Value: value, Line: number, User: user, Host: host})
		case strings.HasSuffix(key, "host") || key == "hostname" || key == "server" || key == "poll":
			host, user = value, ""
		default:
			user = value
		}
		for _, more := range mailWord().FindAllStringSubmatch(line[len(m[0]):], -1) {
			if value := unquote(more[2]); strings.HasPrefix(strings.ToLower(more[1]), "user") {
				user = value
			} else {
				out = append(out, Found{Value: value, Line: number, User: user, Host: host})
			}
		}
	}
	return out
}

// pidgin reads Pidgin's accounts, whose passwords are plain
// (developer.pidgin.im, "PlainTextPasswords").
func pidgin(text string) (out []Found) {
	readXML(text).each(func(e *element) {
		if p := e.child("password"); e.name == "account" && p.text != "" {
			out = append(out, Found{Value: p.text, Line: p.line, User: e.child("name").text})
		}
	})
	return out
}
