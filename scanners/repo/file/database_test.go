package file_test

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"encoding/binary"
	"strings"
	"testing"
)

// pad pads to blocks of AES.
func pad(text string) []byte {
	n := aes.BlockSize - len(text)%aes.BlockSize
	return append([]byte(text), bytes.Repeat([]byte{byte(n)}, n)...)
}

// beaver encrypts as DBeaver does without a master password.
func beaver(text string) string {
	block, _ := aes.NewCipher([]byte{0xba, 0xbb, 0x4a, 0x9f, 0x77, 0x4a, 0xb8, 0x53, 0xc9, 0x6c, 0x2d, 0x65, 0x3d, 0xfe, 0x54, 0x4a})
	iv := []byte("sixteen bytes iv")
	out := pad(text)
	cipher.NewCBCEncrypter(block, iv).CryptBlocks(out, out)
	return string(append(iv, out...))
}

// loginPath hides lines as mysql_config_editor does.
func loginPath(lines ...string) string {
	key := []byte("twenty bytes of keys")
	mixed := make([]byte, aes.BlockSize)
	for i, b := range key {
		mixed[i%aes.BlockSize] ^= b
	}
	block, _ := aes.NewCipher(mixed)
	out := append([]byte{0, 0, 0, 0}, key...)
	for _, line := range lines {
		text := pad(line + "\n")
		out = binary.LittleEndian.AppendUint32(out, uint32(len(text)))
		for i := 0; i < len(text); i += aes.BlockSize {
			block.Encrypt(text[i:], text[i:])
		}
		out = append(out, text...)
	}
	return string(out)
}

func databaseSamples() []sample {
	return []sample{
		{"pgpass", ".pgpass", "#h:1:d:u:CANARY\ndb.northwind.example:5432:orders:app:CANARY\\:x\r\n", "2 CANARY:x app@db.northwind.example database.connection database=orders"},
		{"pgpass, placeholders", "pgpass.conf", "hostname:port:database:username:password\n*:*:*:u:changeme\nh:5432:d:u:$PGPASSWORD\n", ""},
		{"my.cnf", ".my.cnf", "[client]\nuser=dana\nhost = db.northwind.example\npassword=\"CANARY\"\n[mysqld]\nuser=mysql\n", "4 CANARY dana@db.northwind.example database.connection"},
		{"my.cnf of a server", "my.cnf", "[mysqld]\nuser=mysql\n#password=CANARY\nport=3306\n", ""},
		{"mylogin.cnf", ".mylogin.cnf", loginPath("[client]", "user = dana", "password = \""+word+"\"", "host = db.northwind.example"), "1 CANARY dana@db.northwind.example database.connection encoded"},
		{"mylogin.cnf, broken", ".mylogin.cnf", loginPath("[client]", "password = \""+word+"\"")[:60], ""},
		{"mylogin.cnf, text", ".mylogin.cnf", "[client]\npassword = \"CANARY\"\nuser = someone\n", ""},
		{"DBeaver", ".dbeaver/credentials-config.json", beaver(`{"postgres-1":{"#connection":{"user":"dana","password":"` + word + `"}}}`), "1 CANARY dana@ database.connection encoded"},
		{"DBeaver, another key", "credentials-config.json", strings.Repeat("0123456789abcdef", 5), ""},
		{"DBeaver's sources", "data-sources.json", "{\"connections\":{\"pg-1\":{\"name\":\"Orders\",\"configuration\":{\"host\":\"db.northwind.example\",\"database\":\"orders\",\"user\":\"dana\",\n\"password\":\"CANARY\"}}}}", `2 CANARY dana@db.northwind.example database.connection "Orders" database=orders`},
		{"DBeaver's sources without", "data-sources.json", "{\"connections\":{\"pg-1\":{\"name\":\"Orders\",\"save-password\":true,\"configuration\":{\"host\":\"h\"}}}}", ""},
		{"Robomongo", "robomongo.json", "{\"connections\":[{\"connectionName\":\"prod\",\"serverHost\":\"mongo.northwind.example\",\"serverPort\":27017,\"credentials\":[{\"databaseName\":\"orders\",\"userName\":\"dana\",\n\"userPassword\":\"CANARY\"},{\"userName\":\"ada\",\n\"userPasswordEncrypted\":\"uK8kCANARY==\"}]}]}", `
			2 CANARY dana@mongo.northwind.example database.connection "prod" database=orders
			3 uK8kCANARY== ada@mongo.northwind.example database.connection "prod" encrypted`},
		{"Robomongo, none", "robo3t.json", "{\"connections\":[{\"credentials\":[{\"userPassword\":\"\"}]}]}", ""},
		{"data sources of JetBrains", ".idea/dataSources.xml", "<project><data-source name=\"orders\"><jdbc-url>jdbc:mysql://db.northwind.example:3306/orders</jdbc-url><user-name>dana</user-name>\n<password>" + brains(word) + "</password></data-source></project>", `2 CANARY dana@db.northwind.example database.connection "orders" encoded`},
		{"data sources without", ".idea/dataSources.local.xml", "<project><data-source name=\"orders\"><secret-storage>master_key</secret-storage><user-name>dana</user-name></data-source></project>", ""},
		{"Redis", "redis.conf", "# requirepass foobared\nrequirepass CANARY\nrequirepass foobared\nuser dana on >CANARY2 ~* +@all\nmasterauth <master-password>\n", `
			2 CANARY database.connection "requirepass"
			4 CANARY2 dana@ database.connection`},
		{"SQL", "db/init.sql", "-- CREATE USER old IDENTIFIED BY 'CANARY';\nCREATE USER IF NOT EXISTS 'app'@'%' IDENTIFIED BY 'CANARY';\nALTER ROLE reader WITH LOGIN\n  PASSWORD 'CANARY';\nGRANT ALL ON *.* TO `ops`@`10.0.0.1` IDENTIFIED BY 'CANARY' WITH GRANT OPTION;\nCREATE LOGIN [svc] WITH PASSWORD = N'CANARY';\n", `
			2 CANARY app@ database.password
			4 CANARY reader@ database.password
			5 CANARY ops@10.0.0.1 database.password
			6 CANARY svc@ database.password`},
		{"SQL, hashes", "dump.sql", "CREATE USER 'app'@'db' IDENTIFIED WITH 'mysql_native_password' AS '*" + strings.Repeat("0A", 20) + "';\nCREATE ROLE web PASSWORD 'md5" + strings.Repeat("0a", 16) + "';\nINSERT INTO users VALUES (1,'a','$2y$10$" + strings.Repeat("ab", 26) + "c');\n", "1 *" + strings.Repeat("0A", 20) + " app@db database.password hashed mysql-native\n2 md5" + strings.Repeat("0a", 16) + " web@ database.password hashed postgresql-md5\n3 $2y$10$" + strings.Repeat("ab", 26) + "c password.hash hashed bcrypt"},
		{"SQL, none", "schema.sql", "CREATE USER app IDENTIFIED BY '${APP_PASSWORD}';\nCREATE USER app PASSWORD 'changeme';\nCREATE USER orders PASSWORD 'orders';\nCREATE TABLE users (password text);\nINSERT INTO t VALUES ('IDENTIFIED BY ''x''');\nALTER USER app IDENTIFIED BY :password;\nALTER USER app SET search_path = 'CANARY';\n", ""},
	}
}

func TestDatabases(t *testing.T) { check(t, databaseSamples()) }

// TestManyHashes: a table of users is said by a few of its rows.
func TestManyHashes(t *testing.T) {
	var b strings.Builder
	for i := range 500 {
		b.WriteString("INSERT INTO users VALUES ('$2y$10$" + strings.Repeat(string(rune('a'+i%26)), 50) + string(rune('a'+i/26%26)) + "cd');\n")
	}
	b.WriteString("CREATE USER app PASSWORD '" + word + "';\n")
	if got := parse("dump.sql", b.String()); len(got) != 21 {
		t.Errorf("%d, want 21", len(got))
	}
}
