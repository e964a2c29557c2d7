package file

import (
	"crypto/aes"
	"encoding/binary"
	"slices"
	"strings"

	"github.com/muster-nhi/muster/scanners/repo/lazy"
)

// databases are the files that clients of databases read their logins from, and
// what is saved of them.
func databases() []format {
	return []format{
		{rule: "pgpass-password", typ: "database.connection", names: ".pgpass pgpass.conf", parse: pgpass},
		{rule: "mysql-option-password", typ: "database.connection", names: ".my.cnf my.cnf .mylogin.ini my.ini", parse: myCnf},
		{rule: "mysql-login-password", typ: "database.connection", names: ".mylogin.cnf mylogin.cnf", parse: myLogin, raw: true},
		{rule: "dbeaver-password", typ: "database.connection", names: "credentials-config.json", parse: dbeaver, raw: true},
		{rule: "dbeaver-source-password", typ: "database.connection", names: "data-sources.json", parse: dataSources},
		{rule: "robomongo-password", typ: "database.connection", names: "robomongo.json robo3t.json", parse: robomongo},
		{rule: "jetbrains-database-password", typ: "database.connection", names: "datasources.xml datasources.local.xml datasources.ids", parse: jetBrainsSources},
		{rule: "redis-config-password", typ: "database.connection", names: "redis.conf sentinel.conf", parse: redisConf},
		{rule: "sql-dump-password", typ: "database.password", where: endsWith(".sql", ".dump", ".pgsql", ".mysql", ".psql"), parse: sqlDump},
	}
}

// pgpass reads host:port:database:user:password, a colon or backslash behind a
// backslash (PostgreSQL manual, "The Password File").
func pgpass(text string) (out []Found) {
	number := 0
	for line := range strings.Lines(text) {
		number++
		line = strings.TrimRight(line, "\n")
		if strings.HasPrefix(line, "#") || len(line) > 1<<12 {
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
			f := Found{Value: fields[4], Line: number, User: fields[3], Host: fields[0]}
			if fields[2] != "*" && fields[2] != "" {
				f.Facts = map[string]string{"database": fields[2]}
			}
			out = append(out, f)
		}
	}
	return out
}

// myCnf reads the groups of MySQL's option files (MySQL manual, "Using Option
// Files").
func myCnf(text string) (out []Found) {
	for _, f := range pick(text, wanted{secrets: []string{"password", "master-password", "master_password"}, user: []string{"user", "master-user"}, host: []string{"host", "master-host"}}) {
		f.Name = ""
		out = append(out, f)
	}
	return out
}

// myLogin reads what mysql_config_editor writes: a key that lies in the file,
// then lines, each behind its length (mysql-server, mysys_ssl/my_default.cc).
func myLogin(text string) []Found {
	raw := []byte(text)
	const head, keySize = 4, 20
	if len(raw) < head+keySize+4 || len(raw) > 64<<10 {
		return nil
	}
	key := make([]byte, aes.BlockSize)
	for i, b := range raw[head : head+keySize] {
		key[i%len(key)] ^= b
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil
	}
	var plain strings.Builder
	for raw = raw[head+keySize:]; len(raw) >= 4; {
		n := int(binary.LittleEndian.Uint32(raw))
		raw = raw[4:]
		if n <= 0 || n > len(raw) || n%aes.BlockSize != 0 {
			return nil
		}
		line := make([]byte, n)
		for i := 0; i < n; i += aes.BlockSize {
			block.Decrypt(line[i:], raw[i:i+aes.BlockSize])
		}
		line, ok := unpad(line)
		if !ok {
			return nil
		}
		plain.Write(line)
		raw = raw[n:]
	}
	var out []Found
	for _, f := range myCnf(plain.String()) {
		f.Line, f.Form = 1, Encoded // the file has no lines
		out = append(out, f)
	}
	return out
}

// dbeaver reads DBeaver's credentials. Without a master password they are
// encrypted with a key that is in its sources.
func dbeaver(text string) (out []Found) {
	raw := []byte(text)
	if len(raw) <= aes.BlockSize || len(raw) > 1<<20 {
		return nil
	}
	plain, ok := cbc(dbeaverKey(), raw[:aes.BlockSize], raw[aes.BlockSize:])
	if !ok {
		return nil
	}
	root := readJSON(string(plain))
	if root == nil {
		return nil
	}
	root.each(func(v *value) {
		if p := v.get("password"); p.text != "" {
			out = append(out, Found{Value: p.text, Line: 1, User: v.get("user").text, Form: Encoded})
		}
	})
	return out
}

// dataSources reads DBeaver's connections, where a password stands open if it
// was saved so, or came from a template; and those of Jupyter's and Azure Data
// Studio's, whose file has the same name.
func dataSources(text string) (out []Found) {
	root := readJSON(text)
	if root == nil {
		return nil
	}
	root.each(func(v *value) {
		if len(out) >= maxFound {
			return
		}
		p := v.get("password", "userPassword")
		if p.text == "" {
			p = v.get("configuration").get("password")
		}
		if p.text == "" {
			return
		}
		c := v.get("configuration")
		if c.kind == 0 {
			c = v
		}
		f := Found{Value: p.text, Line: p.line, User: c.get("user", "userName", "username").text, Host: c.get("host", "server").text, Name: v.get("name").text}
		if db := c.get("database", "databaseName").text; db != "" {
			f.Facts = map[string]string{"database": db}
		}
		if !slices.ContainsFunc(out, func(o Found) bool { return o.Line == f.Line && o.Value == f.Value }) {
			out = append(out, f)
		}
	})
	return out
}

// robomongo reads the connections of Robomongo and Robo 3T: in plain text until
// version 1.2, encrypted with a key beside the file since.
func robomongo(text string) (out []Found) {
	root := readJSON(text)
	if root == nil {
		return nil
	}
	for _, c := range root.get("connections").items {
		host, name := c.get("serverHost").text, c.get("connectionName").text
		for _, login := range append(c.get("credentials").items, c.get("ssh"), c.get("ssl")) {
			f := Found{User: login.get("userName", "sshUserName").text, Host: host, Name: name}
			if db := login.get("databaseName").text; db != "" {
				f.Facts = map[string]string{"database": db}
			}
			for i, key := range login.keys {
				v := login.fields[i]
				f.Value, f.Line, f.Form = v.text, v.line, Plain
				switch {
				case v.text == "":
				case key == "userPassword" || key == "passphrase" || key == "pemPassPhrase":
					out = append(out, f)
				case strings.HasSuffix(key, "Encrypted"):
					f.Form = Locked
					out = append(out, f)
				}
			}
		}
	}
	return out
}

// jetBrainsSources reads the data sources of IDEs of JetBrains: passwords are in
// the system's key chain today; older files hold them, hidden or in a URL.
func jetBrainsSources(text string) (out []Found) {
	readXML(text).each(func(e *element) {
		if e.name != "data-source" && e.name != "dataSource" {
			return
		}
		f := Found{User: e.child("user-name").text, Name: e.attr("name").value}
		if u := e.child("jdbc-url").text; u != "" {
			f.Host = bareHost(strings.TrimPrefix(u, "jdbc:"))
		}
		p := e.child("password")
		f.Value, f.Line = p.text, p.line
		if p.text == "" {
			a := e.attr("password")
			f.Value, f.Line = a.value, a.line
		}
		if plain, ok := jetBrains(f.Value); ok {
			f.Value, f.Form = plain, Encoded
		}
		out = append(out, f)
	})
	return out
}

var redisLine = lazy.Regexp(`(?i)^\s*(requirepass|masterauth|sentinel\s+auth-pass\s+\S+|user\s+(\S+)\s[^\n]*?)\s+("(?:[^"\\\n]|\\.)*"|'[^'\n]*'|[>#]?\S+)`) //nolint:gochecknoglobals // a function, which nothing sets

// redisConf reads the passwords of Redis (redis.io, "Redis configuration file"
// and "ACL").
func redisConf(text string) (out []Found) {
	number := 0
	for line := range strings.Lines(text) {
		number++
		if fields := strings.Fields(line); len(fields) > 2 && strings.EqualFold(fields[0], "user") {
			for _, word := range fields[2:] {
				f := Found{Line: number, User: fields[1]}
				switch {
				case word[0] == '>' && len(word) > 1:
					f.Value = word[1:]
				case word[0] == '#' && len(word) == 65:
					f.Value, f.Form, f.Hash = word[1:], Hashed, "sha256"
				default:
					continue
				}
				out = append(out, f)
			}
			continue
		}
		if m := redisLine().FindStringSubmatch(line); m != nil {
			name, _, _ := strings.Cut(strings.ToLower(strings.TrimSpace(m[1])), " ")
			if value := unquote(m[3]); value != "foobared" && !strings.HasPrefix(value, "<") {
				out = append(out, Found{Value: value, Line: number, Name: name})
			}
		}
	}
	return out
}
