package file

import (
	"cmp"
	"strings"

	"github.com/muster-nhi/muster/scanners/repo/lazy"
)

// services are the files of programs that keep secrets for others, or a key of
// their own.
func services() []format {
	return []format{
		{rule: "wp-config-password", typ: "database.connection", names: "wp-config.php", parse: wpConfig},
		{rule: "jenkins-credential", typ: "jenkins.credential", names: "credentials.xml", parse: jenkins},
		{rule: "jenkins-master-key", typ: "jenkins.master_key", where: within("secrets/master.key"), parse: wholeHex(64, 512)},
		{rule: "rails-master-key", typ: "rails.master_key", where: railsKey, parse: wholeHex(32, 64)},
		{rule: "vault-token-file", typ: "vault.token", names: ".vault-token", parse: wholeToken},
		{rule: "heroku-api-key-file", typ: "heroku.api_key", names: ".heroku-api-key", parse: wholeToken},
		{rule: "jupyter-config-password", typ: "jupyter.password", names: "jupyter_notebook_config.json jupyter_server_config.json", parse: jupyter},
		{rule: "github-cli-token", typ: "github.token", where: within("gh/hosts.yml", "hub/hub", ".config/hub"), parse: hubHosts},
	}
}

//nolint:gochecknoglobals // functions, which nothing sets
var (
	wpDefine = lazy.Regexp(`(?m)^[ \t]*define\(\s*['"](DB_PASSWORD|FTP_PASS)['"]\s*,\s*(?:'((?:[^'\\\n]|\\.)*)'|"((?:[^"\\\n]|\\.)*)")\s*\)`)
	wpUser   = lazy.Regexp(`(?m)^[ \t]*define\(\s*['"]DB_(USER|HOST|NAME)['"]\s*,\s*['"]([^'"\n]{1,100})['"]\s*\)`)
	hubToken = lazy.Regexp(`^\s*-?\s*(oauth_token|user):\s*"?([^\s"]+)"?\s*$`)
	sealed   = lazy.Regexp(`^\{[A-Za-z0-9+/=]{24,}\}$`)
)

// railsKey tells the keys that Rails' credentials are encrypted with.
func railsKey(dir, base string) bool {
	return dir == "config" && base == "master.key" || dir == "credentials" && strings.HasSuffix(base, ".key") || dir == "config" && base == "secrets.yml.key"
}

// wholeHex returns what reads a file that is a number of hex digits, no fewer
// and no more than these.
func wholeHex(least, most int) func(string) []Found {
	return func(text string) []Found {
		value := strings.TrimSpace(text)
		if len(value) < least || len(value) > most || strings.Trim(strings.ToLower(value), "0123456789abcdef") != "" {
			return nil
		}
		return []Found{{Value: value, Line: 1}}
	}
}

// wholeToken reads a file that is one token.
func wholeToken(text string) []Found {
	value := strings.TrimSpace(text)
	if len(value) < 16 || strings.ContainsAny(value, " \t\n") {
		return nil
	}
	return []Found{{Value: value, Line: 1}}
}

// wpConfig reads what WordPress defines (developer.wordpress.org, "Editing
// wp-config.php").
func wpConfig(text string) (out []Found) {
	facts := map[string]string{}
	for _, m := range wpUser().FindAllStringSubmatch(text, 10) {
		facts[m[1]] = m[2]
	}
	for _, m := range wpDefine().FindAllStringSubmatchIndex(text, maxFound) {
		from, to := m[4], m[5]
		if from < 0 {
			from, to = m[6], m[7]
		}
		f := Found{Value: text[from:to], Line: lineAt(text, from), Name: text[m[2]:m[3]]}
		if f.Name == "DB_PASSWORD" {
			f.User, f.Host = facts["USER"], bareHost(facts["HOST"])
			if facts["NAME"] != "" {
				f.Facts = map[string]string{"database": facts["NAME"]}
			}
		} else {
			f.Type = "ftp.password"
		}
		out = append(out, f)
	}
	return out
}

// jenkins reads the store of Jenkins. Its secrets are encrypted with a key that
// lies in other files of the same server (jenkins.io, "Encryption of Secrets and
// Credentials").
func jenkins(text string) (out []Found) {
	root := readXML(text)
	if !strings.Contains(text, "com.cloudbees.plugins.credentials") && !strings.Contains(text, "CredentialsImpl") {
		return nil
	}
	root.each(func(e *element) {
		for _, name := range []string{"password", "passphrase", "secret", "privateKey", "secretBytes", "apiToken", "secretKey", "clientSecret"} {
			p := e.child(name)
			if p.text == "" || len(p.within) > 0 {
				continue
			}
			f := Found{Value: p.text, Line: p.line, Name: e.child("id").text, User: cmp.Or(e.child("username").text, e.child("accessKey").text, e.child("clientId").text)}
			if sealed().MatchString(p.text) {
				f.Form = Locked
			}
			if strings.HasPrefix(p.text, "-----BEGIN ") {
				f.Value = keyOnly(p.text)
			}
			if kind := e.name[strings.LastIndexByte(e.name, '.')+1:]; strings.HasSuffix(kind, "Impl") {
				f.Facts = map[string]string{"kind": strings.TrimSuffix(kind, "Impl")}
			}
			out = append(out, f)
		}
	})
	return out
}

// keyOnly cuts a private key out as rules do, so that both find the same.
func keyOnly(text string) string {
	if end := strings.LastIndex(text, "KEY-----"); end > 0 {
		return text[:end+len("KEY-----")]
	}
	if end := strings.LastIndex(text, "KEY BLOCK-----"); end > 0 {
		return text[:end+len("KEY BLOCK-----")]
	}
	return text
}

// jupyter reads the hash of a notebook server's password (jupyter-server
// documentation, "Preparing a hashed password").
func jupyter(text string) (out []Found) {
	root := readJSON(text)
	if root == nil {
		return nil
	}
	root.each(func(v *value) {
		p := v.get("password", "hashed_password")
		kind, rest, ok := strings.Cut(p.text, ":")
		if ok && (kind == "sha1" || kind == "sha256" || kind == "argon2") && len(rest) > 20 {
			out = append(out, Found{Value: p.text, Line: p.line, Form: Hashed, Hash: kind})
		}
		if t := v.get("token"); t.text != "" {
			out = append(out, Found{Value: t.text, Line: t.line, Type: "jupyter.token"})
		}
	})
	return out
}

// hubHosts reads the tokens of GitHub's command line programs.
func hubHosts(text string) (out []Found) {
	number, host, user := 0, "", ""
	for line := range strings.Lines(text) {
		number++
		if name, ok := strings.CutSuffix(strings.TrimSpace(line), ":"); ok && strings.Contains(name, ".") && line[0] != ' ' {
			host, user = name, ""
		}
		if m := hubToken().FindStringSubmatch(strings.TrimRight(line, "\n")); m != nil {
			if m[1] == "user" {
				user = m[2]
				continue
			}
			out = append(out, Found{Value: m[2], Line: number, User: user, Host: host})
		}
	}
	return out
}
