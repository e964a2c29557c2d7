package file

import (
	"encoding/base64"
	"strings"

	"github.com/muster-nhi/muster/scanners/repo/lazy"
)

// registries are the files that package managers and clients of registries read
// their logins from.
func registries() []format {
	return []format{
		{rule: "npmrc-password", typ: "npm.token", names: ".npmrc npmrc", parse: npmrc},
		{rule: "docker-config-auth", typ: "docker.registry_auth", names: ".dockercfg .dockerconfigjson dockerconfig.json docker-config.json docker_config.json dockerconfigjson.json", where: within(".docker/config.json", "docker/config.json", "containers/auth.json"), parse: dockerConfig},
		{rule: "pypirc-password", typ: "pypi.password", names: ".pypirc pypirc", parse: pypirc},
		{rule: "gem-credentials-key", typ: "rubygems.api_token", where: within(".gem/credentials", "gem/credentials"), parse: gemCredentials},
		{rule: "maven-settings-password", typ: "maven.password", names: "settings.xml maven-settings.xml settings-security.xml", where: endsWith("-settings.xml"), parse: mavenSettings},
		{rule: "nuget-source-password", typ: "nuget.password", names: "nuget.config", parse: nuget},
		{rule: "composer-auth", typ: "composer.password", names: "auth.json", parse: composer},
		{rule: "cargo-credentials-token", typ: "cargo.token", where: within(".cargo/credentials.toml", ".cargo/credentials", "cargo/credentials.toml"), parse: cargo},
		{rule: "gradle-properties-password", typ: "gradle.password", names: "gradle.properties", parse: gradle},
	}
}

//nolint:gochecknoglobals // functions, which nothing sets
var (
	npmSecret = lazy.Regexp(`^(?:(//[^\s=]{1,200}?)/?:)?_(password|auth|authToken)$`)
	gemKey    = lazy.Regexp(`^:?"?([A-Za-z0-9._:/-]{1,200}?)"?:\s+"?([^\s"]+)"?\s*$`)
	gradleKey = lazy.Regexp(`(?i)(?:password|passwd|passphrase|secret_?key|apikey|api_?key|token)$`)
)

// npmrc reads _password and _auth, which are in base64, and _authToken, of one
// registry or of all (npm documentation, "npmrc").
func npmrc(text string) (out []Found) {
	number := 0
	for line := range strings.Lines(text) {
		number++
		key, value, ok := strings.Cut(strings.TrimSpace(line), "=")
		m := npmSecret().FindStringSubmatch(strings.TrimSpace(key))
		if !ok || m == nil {
			continue
		}
		f := Found{Value: strings.Trim(strings.TrimSpace(value), `"'`), Line: number, Host: bareHost(strings.TrimPrefix(m[1], "//"))}
		if m[2] != "authToken" {
			raw, err := base64.StdEncoding.DecodeString(f.Value)
			if err != nil {
				continue
			}
			password := string(raw)
			if m[2] == "auth" {
				f.User, password, _ = strings.Cut(password, ":")
			}
			if !IsPlain(password) {
				continue
			}
			f.Form, f.Type = Encoded, "npm.password"
		}
		out = append(out, f)
	}
	return out
}

// dockerConfig reads logins at registries (docs.docker.com, "docker login"): an
// auth is base64 of user:password, an identity token stands for itself. Where a
// helper keeps them the file has none.
func dockerConfig(text string) []Found {
	root := readJSON(text)
	if root == nil {
		return nil
	}
	auths := root.get("auths")
	if auths.kind != '{' {
		auths = root // .dockercfg has the registries at its top
	}
	return dockerAuths(auths)
}

func dockerAuths(auths *value) (out []Found) {
	for i, registry := range auths.keys {
		one := auths.fields[i]
		if one.kind != '{' {
			continue
		}
		f := Found{User: one.get("username").text, Host: bareHost(registry), Facts: map[string]string{"registry": bareHost(registry)}}
		auth, identity, token, plain := one.get("auth"), one.get("identitytoken"), one.get("registrytoken"), one.get("password")
		user, password, ok := decodedLogin(auth.text)
		if ok && f.User == "" && user != "<token>" {
			f.User = user
		}
		for _, v := range []*value{identity, token} {
			if v.text != "" {
				f.Value, f.Line, f.Type, f.Name = v.text, v.line, "docker.identity_token", "identitytoken"
				out = append(out, f)
			}
		}
		f.Type = ""
		switch {
		case ok && password != "" && IsPlain(password):
			f.Value, f.Line, f.Name, f.Form = auth.text, auth.line, "auth", Encoded
			out = append(out, f)
		case plain.text != "":
			f.Value, f.Line, f.Name = plain.text, plain.line, "password"
			out = append(out, f)
		}
	}
	return out
}

// decodedLogin undoes base64 of user:password.
func decodedLogin(text string) (user, password string, ok bool) {
	plain, ok := base64Text(text)
	if !ok {
		return "", "", false
	}
	user, password, ok = strings.Cut(strings.TrimRight(plain, "\x00"), ":")
	return user, password, ok && readable(plain)
}

// pypirc reads the logins of package indexes (packaging.python.org, "The .pypirc
// file").
func pypirc(text string) (out []Found) {
	for _, f := range pick(text, wanted{secrets: []string{"password"}, user: []string{"username"}, host: []string{"repository"}}) {
		f.Name = ""
		out = append(out, f)
	}
	return out
}

// gemCredentials reads keys of RubyGems: a host or a name and a key a line
// (guides.rubygems.org, "API key scopes").
func gemCredentials(text string) (out []Found) {
	number := 0
	for line := range strings.Lines(text) {
		number++
		m := gemKey().FindStringSubmatch(strings.TrimRight(line, "\n"))
		if m == nil || strings.HasPrefix(line, "#") || len(m[2]) < 16 {
			continue
		}
		f := Found{Value: strings.TrimPrefix(m[2], "Bearer "), Line: number, Host: "rubygems.org"}
		if strings.Contains(m[1], ".") {
			f.Host = bareHost(m[1])
		}
		out = append(out, f)
	}
	return out
}

// mavenSettings reads the logins of servers and proxies (maven.apache.org,
// "Settings Reference"). What stands in braces is encrypted with the master
// password; that one is encrypted with a key that is in Maven's sources.
func mavenSettings(text string) (out []Found) {
	root := readXML(text)
	if root.child("settings").name == "" && root.child("settingsSecurity").name == "" {
		return nil
	}
	root.each(func(e *element) {
		f := Found{User: e.child("username").text, Host: bareHost(e.child("host").text), Name: e.child("id").text}
		switch e.name {
		case "server", "proxy":
			for _, name := range []string{"password", "passphrase"} {
				if p := e.child(name); p.text != "" {
					out = append(out, braced(f, p))
				}
			}
		case "settingsSecurity":
			if p := e.child("master"); strings.HasPrefix(p.text, "{") {
				out = append(out, Found{Value: p.text, Line: p.line, Name: "master", Form: Locked, Facts: map[string]string{"protection": "reversible"}})
			}
		}
	})
	return out
}

// braced makes a finding of a value that is encrypted if it stands in braces.
func braced(f Found, e *element) Found {
	f.Value, f.Line = e.text, e.line
	if open := strings.IndexByte(e.text, '{'); open >= 0 && strings.HasSuffix(e.text, "}") && !strings.Contains(e.text, "${") {
		f.Form = Locked
	}
	return f
}

// nuget reads the logins of package sources (learn.microsoft.com, "nuget.config
// reference"): in clear text, or encrypted for one user of one machine.
func nuget(text string) (out []Found) {
	readXML(text).each(func(e *element) {
		switch e.name {
		case "packageSourceCredentials":
			for _, source := range e.within {
				out = append(out, nugetSource(source)...)
			}
		case "apikeys":
			for _, add := range e.within {
				v := add.attr("value")
				out = append(out, Found{Value: v.value, Line: v.line, Type: "nuget.api_key", Host: bareHost(add.attr("key").value), Form: Locked})
			}
		}
	})
	return out
}

func nugetSource(source *element) (out []Found) {
	f := Found{Name: strings.ReplaceAll(source.name, "_x0020_", " ")}
	for _, add := range source.within {
		if strings.EqualFold(add.attr("key").value, "Username") {
			f.User = add.attr("value").value
		}
	}
	for _, add := range source.within {
		v := add.attr("value")
		f.Value, f.Line, f.Form = v.value, v.line, Plain
		switch strings.ToLower(add.attr("key").value) {
		case "cleartextpassword":
			out = append(out, f)
		case "password":
			f.Form = Locked
			out = append(out, f)
		}
	}
	return out
}

// composer reads Composer's logins (getcomposer.org, "Authentication for
// privately hosted packages"), and those of containers, whose file has the same
// name.
func composer(text string) (out []Found) {
	root := readJSON(text)
	if root == nil {
		return nil
	}
	if auths := root.get("auths"); auths.kind == '{' {
		for _, f := range dockerAuths(auths) {
			if f.Type == "" {
				f.Type = "docker.registry_auth"
			}
			out = append(out, f)
		}
	}
	for i, kind := range root.keys {
		for n, host := range root.fields[i].keys {
			one := root.fields[i].fields[n]
			f := Found{Value: one.text, Line: one.line, Host: bareHost(host), Name: kind}
			switch kind {
			case "github-oauth":
				f.Type = "github.token"
			case "gitlab-token", "gitlab-oauth":
				f.Type = "gitlab.token"
				if one.kind == '{' {
					v := one.get("token", "access_token")
					f.Value, f.Line, f.User = v.text, v.line, one.get("username").text
				}
			case "bearer":
			case "http-basic":
				v := one.get("password")
				f.Value, f.Line, f.User = v.text, v.line, one.get("username").text
			case "bitbucket-oauth":
				v := one.get("consumer-secret")
				f.Type, f.Value, f.Line, f.User = "bitbucket.client_secret", v.text, v.line, one.get("consumer-key").text
			default:
				continue
			}
			out = append(out, f)
		}
	}
	return out
}

// cargo reads tokens of registries (doc.rust-lang.org/cargo, "Registries").
func cargo(text string) (out []Found) {
	for _, one := range settings(text) {
		if one.key != "token" && one.key != "secret-key" {
			continue
		}
		f := Found{Value: one.value, Line: one.line, Host: "crates.io"}
		if name, ok := strings.CutPrefix(one.section, "registries."); ok {
			f.Host, f.Name = "", strings.Trim(name, `"`)
		}
		out = append(out, f)
	}
	return out
}

// gradle reads properties whose names say that they are passwords
// (docs.gradle.org, "Build Environment"); what has a dot or a path in it and no
// digit is a class or a file.
func gradle(text string) (out []Found) {
	for _, one := range settings(text) {
		if !gradleKey().MatchString(one.key) || strings.ContainsAny(one.value, " /\\") || !strings.ContainsAny(one.value, "0123456789") {
			continue
		}
		out = append(out, Found{Value: one.value, Line: one.line, Name: one.key})
	}
	return out
}
