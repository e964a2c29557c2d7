package file

import (
	"cmp"
	"encoding/base64"
	"regexp"
	"slices"
	"strings"

	"github.com/muster-nhi/muster/scanners/repo/lazy"
)

// servers are the files that servers and operating systems know people and
// programs by.
func servers() []format {
	return []format{
		{rule: "htpasswd-hash", typ: "basic_auth", names: ".htpasswd htpasswd .htusers htpasswd.users passwd.basic nginx.passwd .htdigest", where: endsWith(".htpasswd"), parse: htpasswd},
		{rule: "shadow-hash", typ: "unix.password", names: "shadow gshadow shadow- shadow.bak master.passwd opasswd", parse: shadow},
		{rule: "ftpd-passwd-hash", typ: "ftp.password", names: "ftpd.passwd proftpd.passwd proftpdpasswd vsftpd.passwd pureftpd.passwd ftpusers.passwd", parse: shadow},
		{rule: "tomcat-users-password", typ: "tomcat.password", names: "tomcat-users.xml", parse: tomcatUsers},
		{rule: "web-config-password", typ: "iis.password", names: "web.config app.config applicationhost.config", where: either(endsWith(".exe.config"), webTransform), parse: webConfig},
		{rule: "publish-profile-password", typ: "azure.publish_profile", where: endsWith(".publishsettings", ".pubxml.user", ".pubxml"), parse: publishProfile},
		{rule: "group-policy-password", typ: "windows.password", names: "groups.xml scheduledtasks.xml printers.xml drives.xml services.xml", parse: groupPolicy},
		{rule: "unattend-password", typ: "windows.password", names: "unattend.xml autounattend.xml unattended.xml sysprep.xml", parse: unattend},
		{rule: "liberty-password", typ: "websphere.password", names: "server.xml server.env security.xml bootstrap.properties", parse: liberty},
		{rule: "wifi-psk", typ: "wifi.psk", where: either(endsWith(".nmconnection"), within("wpa_supplicant/wpa_supplicant.conf", "etc/wpa_supplicant.conf")), parse: wifi},
		{rule: "mosquitto-hash", typ: "mqtt.password", where: within("mosquitto/passwd", "mosquitto/passwordfile", "mosquitto/pwfile", "mosquitto/password.txt", "config/pwfile"), parse: htpasswd}, //nolint:misspell // a server of MQTT
	}
}

// webTransform tells the transforms of web.config, such as web.release.config.
func webTransform(_, base string) bool {
	return strings.HasPrefix(base, "web.") && strings.HasSuffix(base, ".config")
}

//nolint:gochecknoglobals // functions, which nothing sets
var (
	digest     = lazy.Regexp(`^[0-9a-f]{32}$`)
	mqttHash   = lazy.Regexp(`^\$[67]\$(?:[0-9]+\$)?[A-Za-z0-9+/=]{8,40}\$[A-Za-z0-9+/=]{40,120}$`)
	userName   = lazy.Regexp(`^[A-Za-z0-9_][A-Za-z0-9._@+-]{0,63}\$?$`)
	connection = lazy.Regexp(`(?i)(?:^|;)\s*(password|pwd|accountkey|sharedaccesskey)\s*=\s*("[^"]*"|'[^']*'|[^;]*)`)
	connUser   = lazy.Regexp(`(?i)(?:^|;)\s*(?:user id|uid|user|username|accountname|sharedaccesskeyname)\s*=\s*([^;]*)`)
	connHost   = lazy.Regexp(`(?i)(?:^|;)\s*(?:data source|server|host|address|addr|network address|endpoint)\s*=\s*(?:tcp:|sb://)?([^;,/]*)`)
	connDB     = lazy.Regexp(`(?i)(?:^|;)\s*(?:initial catalog|database)\s*=\s*([^;]*)`)
	wifiLine   = lazy.Regexp(`^\s*(ssid|psk|password)\s*=\s*(.*?)\s*$`)
)

// htpasswd reads user:hash, or user:realm:hash, a line (Apache manual, "Password
// Formats").
func htpasswd(text string) (out []Found) {
	number := 0
	for line := range strings.Lines(text) {
		number++
		user, value, ok := strings.Cut(strings.TrimSpace(line), ":")
		if !ok || !userName().MatchString(user) {
			continue
		}
		f := Found{Value: value, Line: number, User: user, Form: Hashed}
		hash := hashOf(value)
		realm, sum, isDigest := strings.Cut(value, ":")
		switch {
		case mqttHash().MatchString(value):
			f.Hash = "pbkdf2-sha512"
			if value[1] == '6' {
				f.Hash = "salted-sha512"
			}
		case hash != "":
			f.Hash = hash
		case isDigest && digest().MatchString(sum):
			f.Value, f.Hash, f.Facts = sum, "htdigest-md5", map[string]string{"realm": realm}
		case desHash().MatchString(value) && strings.ContainsAny(value, "0123456789") && value != strings.ToLower(value):
			f.Hash = "des-crypt"
		default:
			continue
		}
		out = append(out, f)
	}
	return out
}

// shadow reads user:hash:… a line (shadow(5)); locked accounts and those without
// a password have none.
func shadow(text string) (out []Found) {
	number := 0
	for line := range strings.Lines(text) {
		number++
		fields := strings.Split(strings.TrimSpace(line), ":")
		if len(fields) < 3 || !userName().MatchString(fields[0]) {
			continue
		}
		locked := strings.HasPrefix(fields[1], "!")
		f, ok := hashed(Found{Value: strings.TrimLeft(fields[1], "!"), Line: number, User: fields[0]})
		if !ok && desHash().MatchString(f.Value) && len(fields) >= 7 {
			f.Hash, ok = "des-crypt", true
		}
		if ok && locked {
			f.Facts = map[string]string{"locked": "true"}
		}
		if ok {
			out = append(out, f)
		}
	}
	return out
}

// tomcatUsers reads users of Tomcat (tomcat.apache.org, "Realm Configuration");
// a hash is told as one.
func tomcatUsers(text string) (out []Found) {
	readXML(text).each(func(e *element) {
		p := e.attr("password")
		if e.name != "user" || p.value == "" || p.value == "tomcat" || p.value == "s3cret" {
			return
		}
		f := Found{Value: p.value, Line: p.line, User: e.attr("username").value}
		if roles := e.attr("roles").value; roles != "" {
			f.Facts = map[string]string{"roles": roles}
		}
		if strings.Count(p.value, "$") == 2 && len(p.value) > 80 {
			f.Form, f.Hash = Hashed, "tomcat-digest"
		}
		out = append(out, f)
	})
	return out
}

// webConfig reads what IIS and .NET programs are configured with: connection
// strings, the user that a site runs as, and the keys that its cookies are
// signed with (learn.microsoft.com, "machineKey Element", "identity Element").
func webConfig(text string) (out []Found) {
	readXML(text).each(func(e *element) {
		switch strings.ToLower(e.name) {
		case "add":
			for _, name := range []string{"connectionString", "value"} {
				if a := e.attr(name); a.value != "" {
					out = append(out, connectionString(a, e.attr("name").value)...)
				}
			}
		case "machinekey":
			for _, name := range []string{"validationKey", "decryptionKey"} {
				if a := e.attr(name); len(a.value) >= 16 && !strings.Contains(a.value, "AutoGenerate") {
					out = append(out, Found{Value: a.value, Line: a.line, Name: name, Type: "iis.machine_key"})
				}
			}
		case "identity", "processmodel", "virtualdirectory", "network":
			if a := e.attr("password"); a.value != "" && a.value != "AutoGenerate" {
				f := Found{Value: a.value, Line: a.line, User: e.attr("userName").value, Host: e.attr("host").value}
				if strings.HasPrefix(a.value, "[enc:") {
					f.Form = Locked
				}
				out = append(out, f)
			}
		}
	})
	return out
}

// connectionString reads "key=value;…" with a password or an account's key
// (learn.microsoft.com, "Connection String Syntax").
func connectionString(a attribute, name string) []Found {
	m := connection().FindStringSubmatch(a.value)
	if m == nil {
		return nil
	}
	f := Found{Value: unquote(m[2]), Line: a.line, Name: name, Type: "database.connection", User: first(connUser(), a.value), Host: bareHost(first(connHost(), a.value))}
	switch strings.ToLower(m[1]) {
	case "accountkey":
		f.Type, f.Facts = "azure.storage_key", map[string]string{"storage_account": f.User}
	case "sharedaccesskey":
		f.Type, f.Facts = "azure.shared_access_key", map[string]string{"key_name": f.User}
	default:
		if db := first(connDB(), a.value); db != "" {
			f.Facts = map[string]string{"database": db}
		}
	}
	return []Found{f}
}

func first(in *regexp.Regexp, text string) string {
	if m := in.FindStringSubmatch(text); m != nil {
		return strings.TrimSpace(m[1])
	}
	return ""
}

// publishProfile reads what Azure App Service hands out to deploy with
// (learn.microsoft.com, "publish profile"): one password for all its entries.
func publishProfile(text string) (out []Found) {
	readXML(text).each(func(e *element) {
		for _, name := range []string{"userPWD", "Password"} {
			a := e.attr(name)
			if a.value == "" || len(out) >= maxFound || slices.ContainsFunc(out, func(f Found) bool { return f.Value == a.value }) {
				continue
			}
			f := Found{Value: a.value, Line: a.line, User: e.attr("userName").value, Host: bareHost(e.attr("publishUrl").value)}
			if site := e.attr("msdeploySite").value; site != "" {
				f.Facts = map[string]string{"site": site}
			}
			out = append(out, f)
		}
		if e.name == "Password" && e.text != "" {
			out = append(out, Found{Value: e.text, Line: e.line})
		}
		if e.name == "EncryptedPassword" && e.text != "" {
			out = append(out, Found{Value: e.text, Line: e.line, Form: Locked})
		}
	})
	return out
}

// groupPolicy reads group policy preferences, whose key Microsoft published
// ([MS-GPPREF] section 2.2.1.1.4, MS14-025).
func groupPolicy(text string) (out []Found) {
	readXML(text).each(func(e *element) {
		a := e.attr("cpassword")
		if plain, ok := policy(a.value); ok {
			out = append(out, Found{Value: plain, Line: a.line, User: cmp.Or(e.attr("userName").value, e.attr("accountName").value, e.attr("runAs").value), Form: Encoded})
		}
	})
	return out
}

// unattend reads answer files of Windows' setup: a password is plain, or in
// base64 with the element's name behind it (learn.microsoft.com, "Hide Sensitive
// Data in an Answer File").
func unattend(text string) (out []Found) {
	readXML(text).each(func(e *element) {
		if !strings.HasSuffix(e.name, "Password") {
			return
		}
		v := e.child("Value")
		f := Found{Value: v.text, Line: v.line, Name: e.name}
		if v.text == "" && len(e.within) == 0 {
			f.Value, f.Line = e.text, e.line
		}
		if raw, err := base64.StdEncoding.DecodeString(v.text); err == nil && strings.EqualFold(e.child("PlainText").text, "false") {
			plain, ok := wideText(raw)
			if !ok {
				return
			}
			f.Value, f.Form = strings.TrimSuffix(plain, e.name), Encoded
		}
		out = append(out, f)
	})
	return out
}

var hidden = lazy.Regexp(`\{(xor|aes|hash)\}([A-Za-z0-9+/=]{8,400})`) //nolint:gochecknoglobals // a function, which nothing sets

// liberty reads passwords of Open Liberty and WebSphere that are marked as
// hidden (openliberty.io, "Password encryption limitations").
func liberty(text string) (out []Found) {
	number := 0
	for line := range strings.Lines(text) {
		number++
		for _, m := range hidden().FindAllStringSubmatch(line, 100) {
			f := Found{Value: m[2], Line: number, Form: Locked}
			switch m[1] {
			case "xor":
				plain, ok := xorWAS(m[2])
				if !ok {
					continue
				}
				f.Value, f.Form = plain, Encoded
			case "hash":
				f.Form, f.Hash = Hashed, "liberty"
			}
			out = append(out, f)
		}
	}
	return out
}

// wifi reads the keys of wireless networks (wpa_supplicant.conf(5),
// nm-settings-keyfile(5)).
func wifi(text string) (out []Found) {
	number, network := 0, ""
	for line := range strings.Lines(text) {
		number++
		m := wifiLine().FindStringSubmatch(strings.TrimRight(line, "\n"))
		switch {
		case len(m) < 3 || strings.HasPrefix(m[2], "ext:"):
		case m[1] == "ssid":
			network = unquote(m[2])
		default:
			out = append(out, Found{Value: unquote(m[2]), Line: number, Name: network})
		}
	}
	return out
}
