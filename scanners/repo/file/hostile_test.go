package file_test

import (
	"strings"
	"testing"

	"github.com/muster-nhi/muster/scanners/repo/file"
)

// TestHostile reads files that are made to take long: whatever grows faster than
// the file would not come to an end here.
func TestHostile(t *testing.T) {
	const size = 512 << 10
	fill := func(text string) string { return strings.Repeat(text, size/len(text)) }
	for name, content := range map[string]string{
		"rclone.conf":                "[a]\n" + fill("user = a\npass = bbbbbbbb\nkey = abcdefgh1\n"),
		".my.cnf":                    "[client]\n" + fill("password = secret9word\n"),
		".pgpass":                    fill("a:"),
		".netrc":                     fill("machine password "),
		"wp-config.php":              fill("define('DB_PASSWORD', 'abcdefgh1');\n"),
		".vscode/sftp.json":          "{" + strings.TrimSuffix(fill(`"password":"abcdefgh1",`), ",") + "}",
		".ftpconfig":                 fill("["),
		".ftppass":                   fill("/*"),
		"data-sources.json":          "[" + strings.TrimSuffix(fill(`{"password":"abcdefgh1"},`), ",") + "]",
		"a.tfstate":                  `{"resources":[{"type":"a","name":"b","instances":[{"attributes":{` + strings.TrimSuffix(fill(`"password":"abcdefgh1",`), ",") + `}}]}]}`,
		"robo3t.json":                `{"connections":[` + strings.TrimSuffix(fill("[],"), ",") + "]}",
		"web.config":                 "<a " + fill(`b="Password=x;" `) + ">",
		"Groups.xml":                 fill("<a>"),
		"settings.xml":               "<settings>" + fill("<server><password>abcdefgh1</password></server>"),
		"a.publishsettings":          "<a>" + fill(`<b userPWD="abcdefgh1"/>`),
		"tomcat-users.xml":           "<a>" + fill("&amp;"),
		"server.xml":                 fill("{xor}Lz4sLCgwLTs="),
		"one.sql":                    fill("create user a "),
		"two.sql":                    fill("create user a identified by "),
		"three.sql":                  fill("grant "),
		"four.sql":                   fill("grant to a\n"),
		"five.sql":                   fill("'$2a$'"),
		"six.sql":                    "create user a password " + fill("''"),
		".kube/config":               "clusters: []\nusers:\n" + fill("- name: a\n"),
		"user-data":                  "#cloud-config\nwrite_files:\n" + strings.Repeat("- {path: .netrc, content: a}\n", 8_000),
		"a.tfvars":                   fill("password = \"abcdefgh1\"\n"),
		"shadow":                     fill("a:$6$aaaaaaaaaaaaaaaa:1\n"),
		"redis.conf":                 "user a " + fill(">abcdefgh1 "),
		"id.ppk":                     "PuTTY-User-Key-File-3: a\n" + fill("Public-Lines: 1\n"),
		".muttrc":                    fill("set imap_pass=abcdefgh1 "),
		"jupyter_server_config.json": strings.Repeat("{\"a\":", 100_000),
	} {
		if known := file.New(); len(known.Parse(known.Of(name), []byte(content))) > 1000 {
			t.Errorf("%s: more than a file may give", name)
		}
	}
}
