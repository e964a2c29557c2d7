package file_test

import (
	"encoding/base64"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/muster-nhi/muster/scanners/repo/file"
)

// word is a made-up password, put together here.
const word = "corr" + "ectHorse9"

func TestParse(t *testing.T) {
	coded := base64.StdEncoding.EncodeToString([]byte(word))
	tests := []struct {
		name, path, content string
		want                []file.Found
	}{
		{"netrc", "home/.netrc", "# mine\nmachine git.northwind.example\n  login dana\n  password " + word + "\ndefault login anonymous password anonymous\n", []file.Found{{word, 4, "dana", "git.northwind.example"}}},
		{"netrc on one line, in quotes", "_netrc", "machine a.example login ada password \"" + word + "\"", []file.Found{{word, 1, "ada", "a.example"}}},
		{"netrc, variables and macros", ".netrc", "machine a login b password ${TOKEN}\nmacdef init\npassword " + word + "\n\nmachine c login d password <password>\n", nil},
		{"pgpass", ".pgpass", "#h:1:d:u:" + word + "\ndb.northwind.example:5432:orders:app:" + word + "\\:x\r\n", []file.Found{{word + ":x", 2, "app", "db.northwind.example"}}},
		{"pgpass, placeholders", "pgpass.conf", "hostname:port:database:username:password\n*:*:*:u:changeme\nh:5432:d:u:$PGPASSWORD\n", nil},
		{"git-credentials", ".git-credentials", "https://dana:" + word + "@git.northwind.example\nhttps://git.example\n", []file.Found{{word, 1, "dana", "git.northwind.example"}}},
		{"git-credentials, placeholders", ".git-credentials", "https://user:password@git.example\nhttps://u:${T}@git.example\nnot a url\n", nil},
		{"npmrc", ".npmrc", "registry=https://npm.example\n//npm.northwind.example/:_password=" + coded + "\n//n.example/:_auth=" + base64.StdEncoding.EncodeToString([]byte("dana:"+word)) + "\n", []file.Found{{coded, 2, "", "npm.northwind.example"}, {base64.StdEncoding.EncodeToString([]byte("dana:" + word)), 3, "dana", "n.example"}}},
		{"npmrc, variables", ".npmrc", "//npm.example/:_authToken=${NPM_TOKEN}\nalways-auth=true\n//n.example/:_password=not base64!\n", nil},
		{"s3cfg", ".s3cfg", "[default]\naccess_key = KEYID\nsecret_key = " + word + "\n", []file.Found{{word, 3, "KEYID", ""}}},
		{"s3cfg, empty", ".s3cfg", "[default]\naccess_key =\nsecret_key =\ngpg_passphrase = ${GPG}\n", nil},
		{"wp-config", "www/wp-config.php", "<?php\ndefine( 'DB_USER', 'wp' );\ndefine( 'DB_PASSWORD', '" + word + "' );\n", []file.Found{{Value: word, Line: 3}}},
		{"wp-config, samples", "wp-config.php", "<?php\n// define('DB_PASSWORD', '" + word + "');\ndefine('DB_PASSWORD', 'password_here');\ndefine('DB_PASSWORD', getenv('DB'));\n", nil},
		{"FileZilla", "sitemanager.xml", "<FileZilla3><Servers><Server>\n<Host>ftp.northwind.example</Host><User>dana</User>\n<Pass encoding=\"base64\">" + coded + "</Pass></Server></Servers></FileZilla3>", []file.Found{{word, 3, "dana", "ftp.northwind.example"}}},
		{"FileZilla, encrypted", "recentservers.xml", "<FileZilla3><Server><Pass encoding=\"crypt\" pubkey=\"x\">" + coded + "</Pass></Server></FileZilla3>", nil},
		{"another file", "notes.txt", "machine a login b password " + word, nil},
		{"binary", ".netrc", "machine a login b password " + word + "\x00", nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, file.Parse(file.Format(tt.path), []byte(tt.content))); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

func FuzzParse(f *testing.F) {
	for _, name := range []string{".netrc", ".pgpass", ".git-credentials", ".npmrc", ".s3cfg", "wp-config.php", "sitemanager.xml"} {
		f.Add(name, []byte("machine a login b password c:d:e:f:g\n<Pass>x</Pass>"))
	}
	f.Fuzz(func(t *testing.T, name string, content []byte) {
		for _, found := range file.Parse(file.Format(name), content) {
			if !file.Plain(found.Value) || found.Line < 1 {
				t.Errorf("a value that is none, or line %d", found.Line)
			}
		}
	})
}
