package file_test

import (
	"crypto/aes"
	"crypto/cipher"
	"encoding/base64"
	"strings"
	"testing"
	"unicode/utf16"
)

// wide writes UTF-16, the lower byte first.
func wide(text string) string {
	var out []byte
	for _, u := range utf16.Encode([]rune(text)) {
		out = append(out, byte(u), byte(u>>8))
	}
	return string(out)
}

// preference encrypts as group policy preferences do.
func preference(text string) string {
	block, _ := aes.NewCipher([]byte{
		0x4e, 0x99, 0x06, 0xe8, 0xfc, 0xb6, 0x6c, 0xc9, 0xfa, 0xf4, 0x93, 0x10, 0x62, 0x0f, 0xfe, 0xe8,
		0xf4, 0x96, 0xe8, 0x06, 0xcc, 0x05, 0x79, 0x90, 0x20, 0x9b, 0x09, 0xa4, 0x33, 0xb6, 0x6c, 0x1b,
	})
	out := pad(wide(text))
	cipher.NewCBCEncrypter(block, make([]byte, 16)).CryptBlocks(out, out)
	return strings.TrimRight(base64.StdEncoding.EncodeToString(out), "=")
}

// exclusive hides as Open Liberty's {xor} does.
func exclusive(text string) string {
	out := []byte(text)
	for i := range out {
		out[i] ^= '_'
	}
	return base64.StdEncoding.EncodeToString(out)
}

func serverSamples() []sample {
	bcrypt, apr := "$2y$05$"+strings.Repeat("aB", 26)+"c", "$apr1$saltsalt$"+strings.Repeat("xY", 11)
	sha := "$6$saltsalt$" + strings.Repeat("zZ", 43)
	coded := func(text string) string { return base64.StdEncoding.EncodeToString([]byte(wide(text))) }
	return []sample{
		{"htpasswd", "www/.htpasswd", "dana:" + bcrypt + "\nada:" + apr + "\n# x\nsha:{SHA}" + strings.Repeat("aB", 13) + "c=\nold:aB3dEf5hIj7lM\n", "1 " + bcrypt + " dana@ basic_auth hashed bcrypt\n2 " + apr + " ada@ basic_auth hashed apr1\n4 {SHA}" + strings.Repeat("aB", 13) + "c= sha@ basic_auth hashed sha\n5 aB3dEf5hIj7lM old@ basic_auth hashed des-crypt"},
		{"htdigest", ".htdigest", "dana:robots:" + strings.Repeat("0a", 16) + "\n", "1 " + strings.Repeat("0a", 16) + " dana@ basic_auth hashed htdigest-md5 realm=robots"},
		{"htpasswd, not in its format", ".htpasswd", "user:password\nhttp://x\nfoo:$apr1$\nkey: value words here\n", ""},
		{"shadow", "etc/shadow", "root:" + sha + ":19000:0:99999:7:::\ndaemon:*:19000:0:99999:7:::\nada:!" + sha + "x:1:0:99999:7:::\nbin:!!:1::::::\n", "1 " + sha + " root@ unix.password hashed sha512-crypt\n3 " + sha + "x ada@ unix.password hashed sha512-crypt locked=true"},
		{"shadow of a game", "shadow", "color: black: x\noffset:12:3:4\n", ""},
		{"ProFTPD", "ftpd.passwd", "dana:" + sha + ":1001:1001::/home/dana:/bin/false\n", "1 " + sha + " dana@ ftp.password hashed sha512-crypt"},
		{"MQTT", "mosquitto/passwd", "dana:$7$101$" + strings.Repeat("aB", 8) + "$" + strings.Repeat("cD", 42) + "==\n", "1 $7$101$" + strings.Repeat("aB", 8) + "$" + strings.Repeat("cD", 42) + "== dana@ mqtt.password hashed pbkdf2-sha512"}, //nolint:misspell // a server of MQTT
		{"Tomcat", "conf/tomcat-users.xml", "<tomcat-users>\n<!-- <user username=\"x\" password=\"CANARY\"/> -->\n<user username=\"dana\" password=\"CANARY\" roles=\"manager-gui\"/>\n<user username=\"tomcat\" password=\"tomcat\" roles=\"t\"/></tomcat-users>", "3 CANARY dana@ tomcat.password roles=manager-gui"},
		{"web.config", "Web.config", "<configuration><connectionStrings>\n<add name=\"Orders\" connectionString=\"Server=tcp:db.northwind.example,1433;Database=orders;User ID=dana;Password=CANARY;\" />\n<add name=\"Local\" connectionString=\"Server=.;Integrated Security=True\" /></connectionStrings>\n<system.web><identity impersonate=\"true\" userName=\"svc\" password=\"CANARY\" /><machineKey validationKey=\"AutoGenerate,IsolateApps\" decryptionKey=\"0123456789ABCDEF\" /></system.web></configuration>", `
			2 CANARY dana@db.northwind.example database.connection "Orders" database=orders
			4 CANARY svc@ iis.password
			4 0123456789ABCDEF iis.machine_key "decryptionKey"`},
		{"web.config, storage", "app.config", "<configuration><appSettings><add key=\"s\" value=\"DefaultEndpointsProtocol=https;AccountName=northwind;AccountKey=CANARY==;EndpointSuffix=core.windows.net\" /></appSettings></configuration>", "1 CANARY== northwind@ azure.storage_key storage_account=northwind"},
		{"web.config, token of a release", "web.Release.config", "<configuration><connectionStrings><add name=\"a\" connectionString=\"Server=x;Password=#{DbPassword}#\" /></connectionStrings></configuration>", ""},
		{"publish profile", "shop.PublishSettings", "<publishData>\n<publishProfile profileName=\"shop - Web Deploy\" publishMethod=\"MSDeploy\" publishUrl=\"shop.scm.azurewebsites.net:443\" msdeploySite=\"shop\" userName=\"$shop\" userPWD=\"CANARY\" /><publishProfile publishMethod=\"FTP\" userPWD=\"CANARY\" /></publishData>", "2 CANARY $shop@shop.scm.azurewebsites.net azure.publish_profile site=shop"},
		{"publish profile, encrypted", "a.pubxml.user", "<Project><PropertyGroup><EncryptedPassword>AQAAANCMnd8BCANARY</EncryptedPassword></PropertyGroup></Project>", "1 AQAAANCMnd8BCANARY azure.publish_profile encrypted"},
		{"group policy", "Preferences/Groups.xml", "<Groups>\n<User name=\"admin\"><Properties action=\"U\" cpassword=\"" + preference(word) + "\" userName=\"Administrator\"/></User></Groups>", "2 CANARY Administrator@ windows.password encoded"},
		{"group policy, none", "Groups.xml", "<Groups><Properties cpassword=\"\"/><Properties cpassword=\"abcd\"/></Groups>", ""},
		{"answer file", "autounattend.xml", "<unattend><UserAccounts><AdministratorPassword>\n<Value>" + coded(word+"AdministratorPassword") + "</Value><PlainText>false</PlainText></AdministratorPassword><LocalAccount><Password>\n<Value>CANARY</Value><PlainText>true</PlainText></Password></LocalAccount></UserAccounts></unattend>", `
			2 CANARY windows.password "AdministratorPassword" encoded
			3 CANARY windows.password "Password"`},
		{"Liberty", "server.xml", "<server>\n<keyStore password=\"{xor}" + exclusive(word) + "\"/>\n<dataSource password=\"{aes}AEmVKa+jOeA7pos+sSfpCANARY=\"/><b password=\"${env.X}\"/></server>", `
			2 CANARY websphere.password encoded
			3 AEmVKa+jOeA7pos+sSfpCANARY= websphere.password encrypted`},
		{"Wi-Fi", "system-connections/office.nmconnection", "[wifi]\nssid=office\n[wifi-security]\npsk=CANARY\n", `4 CANARY wifi.psk "office"`},
		{"Wi-Fi, external", "etc/wpa_supplicant.conf", "network={\nssid=\"office\"\npsk=ext:office\n}\n", ""},
	}
}

func TestServers(t *testing.T) { check(t, serverSamples()) }

// TestPolicyVector is the value that is quoted in the specification's reviews:
// the password is Local*P4ssword!
func TestPolicyVector(t *testing.T) {
	const known = "j1Uyj3Vx8TY9LtLZil2uAuZkFQA/4latT76ZwgdHdhw"
	if got := told(parse("Groups.xml", "<a cpassword=\""+known+"\"/>")); got != "1 Local*P4ssword! windows.password encoded" {
		t.Errorf("got %s", got)
	}
}
