package file

import (
	"strings"
)

// transfers are the files of programs that move files to servers.
func transfers() []format {
	return []format{
		{rule: "filezilla-password", typ: "ftp.password", names: "sitemanager.xml recentservers.xml filezilla.xml", parse: fileZilla},
		{rule: "winscp-password", typ: "ftp.password", names: "winscp.ini", parse: winSCPSessions},
		{rule: "sftp-json-password", typ: "ftp.password", names: "sftp-config.json sftp-config-alt.json .ftpconfig .ftppass .remote-sync.json deployment-config.json ftpsync.json .ftpsync_settings sftp-settings.json", where: within(".vscode/sftp.json", "vscode/sftp.json", ".vscode/ftp-sync.json"), parse: editorTransfer},
		{rule: "jetbrains-server-password", typ: "ftp.password", names: "webservers.xml", where: within("options/deployment.xml"), parse: jetBrainsServers},
		{rule: "rclone-password", typ: "rclone.password", names: "rclone.conf .rclone.conf", parse: rcloneRemotes},
		{rule: "s3cfg-secret-key", typ: "s3cfg.secret_key", names: ".s3cfg", parse: s3cfg},
		{rule: "s3fs-secret-key", typ: "aws.access_key", names: ".passwd-s3fs passwd-s3fs", parse: s3fs},
		{rule: "boto-secret", typ: "boto.secret", names: ".boto boto.cfg", parse: boto},
	}
}

// fileZilla reads FileZilla's lists of servers: a password is plain, or in
// base64; one that a master password encrypts is left out.
func fileZilla(text string) (out []Found) {
	readXML(text).each(func(e *element) {
		p := e.child("Pass")
		if e.name != "Server" || p.text == "" {
			return
		}
		f := Found{Value: p.text, Line: p.line, User: e.child("User").text, Host: e.child("Host").text, Name: e.child("Name").text}
		switch p.attr("encoding").value {
		case "":
		case "base64":
			plain, ok := base64Text(p.text)
			if !ok {
				return
			}
			f.Value, f.Form = plain, Encoded
		default:
			return
		}
		out = append(out, f)
	})
	return out
}

// winSCPSessions reads WinSCP's settings. With a master password they cannot be
// read, and say so.
func winSCPSessions(text string) (out []Found) {
	for _, s := range sections(text) {
		if strings.EqualFold(s.name, `Configuration\Security`) && s.get("usemasterpassword") == "1" {
			return nil
		}
		kind, name, _ := strings.Cut(s.name, `\`)
		if !strings.EqualFold(kind, "Sessions") {
			continue
		}
		for _, one := range s.list {
			user, host := s.get("username"), s.get("hostname")
			if one.key != "password" && one.key != "proxypasswordenc" && one.key != "tunnelpassword" {
				continue
			}
			if plain, ok := winSCP(one.value, user, host); ok {
				out = append(out, Found{Value: plain, Line: one.line, User: user, Host: host, Name: percent(name), Form: Encoded})
			}
		}
	}
	return out
}

// percent undoes the escapes of a name.
func percent(text string) string {
	return strings.NewReplacer("%20", " ", "%40", "@", "%2F", "/").Replace(text)
}

// editorTransfer reads what editors copy files with: SFTP for Visual Studio Code
// and Sublime Text, Remote-FTP and Remote Sync of Atom, and tasks' .ftppass.
func editorTransfer(text string) []Found {
	return pickJSON(text, wanted{secrets: []string{"password", "pass", "passphrase"}, user: []string{"username", "user"}, host: []string{"host", "hostname"}})
}

// jetBrainsServers reads the servers that IDEs of JetBrains copy files to.
func jetBrainsServers(text string) (out []Found) {
	readXML(text).each(func(e *element) {
		p := e.attr("password")
		if plain, ok := jetBrains(p.value); ok {
			out = append(out, Found{Value: plain, Line: p.line, User: e.attr("username").value, Host: e.attr("host").value, Form: Encoded})
		}
	})
	return out
}

// rcloneRemotes reads rclone's remotes. Passwords are obscured, keys and tokens
// plain (rclone.org/docs, "Configuration Encryption"). An encrypted file has no
// sections.
func rcloneRemotes(text string) (out []Found) {
	if strings.Contains(text, "RCLONE_ENCRYPT_V") {
		return nil
	}
	for _, s := range sections(text) {
		for _, one := range s.list {
			f := Found{Value: one.value, Line: one.line, Name: s.name, User: s.get("user", "access_key_id", "account", "client_id"), Host: bareHost(s.get("host", "url", "endpoint"))}
			switch one.key {
			case "pass", "password", "password2", "key_file_pass", "bearer_token_pass":
				plain, ok := rclone(one.value)
				if !ok {
					continue
				}
				f.Value, f.Form = plain, Encoded
			case "secret_access_key", "application_key", "api_key", "client_secret", "bearer_token", "key":
				f.Type = "rclone.secret"
			case "token":
				out = append(out, oauthToken(one, s.name)...)
				continue
			default:
				continue
			}
			out = append(out, f)
		}
	}
	return out
}

// oauthToken reads the tokens of a remote, which are JSON. The refresh token is
// what lasts.
func oauthToken(one setting, name string) []Found {
	if root := readJSON(one.value); root != nil {
		if token := root.get("refresh_token", "access_token").text; token != "" {
			return []Found{{Value: token, Line: one.line, Name: name, Type: "oauth.refresh_token"}}
		}
	}
	return nil
}

// s3cfg reads the keys of s3cmd's configuration.
func s3cfg(text string) []Found {
	return pick(text, wanted{secrets: []string{"secret_key", "gpg_passphrase"}, user: []string{"access_key"}})
}

// s3fs reads "id:secret" or "bucket:id:secret" a line (s3fs-fuse README).
func s3fs(text string) (out []Found) {
	number := 0
	for line := range strings.Lines(text) {
		number++
		line = strings.TrimSpace(line)
		parts := strings.Split(line, ":")
		if n := len(parts); (n == 2 || n == 3) && !strings.HasPrefix(line, "#") && len(parts[n-1]) >= 16 {
			out = append(out, Found{Value: parts[n-1], Line: number, User: parts[n-2]})
		}
	}
	return out
}

// boto reads the keys of boto and gsutil (boto documentation, "Boto Config").
func boto(text string) (out []Found) {
	for _, s := range sections(text) {
		for _, one := range s.list {
			f := Found{Value: one.value, Line: one.line, Name: one.key}
			switch one.key {
			case "aws_secret_access_key":
				f.Type, f.User = "aws.access_key", s.get("aws_access_key_id")
			case "gs_secret_access_key":
				f.Type, f.User = "gcp.hmac_key", s.get("gs_access_key_id")
			case "gs_oauth2_refresh_token":
				f.Type = "google.oauth_refresh_token"
			case "proxy_pass":
				f.Type, f.User, f.Host = "basic_auth", s.get("proxy_user"), s.get("proxy")
			default:
				continue
			}
			out = append(out, f)
		}
	}
	return out
}
