package file_test

import (
	"crypto/aes"
	"crypto/cipher"
	"encoding/base64"
	"fmt"
	"strings"
	"testing"
)

// scp hides a password as WinSCP does.
func scp(user, host, password string) string {
	var b strings.Builder
	hide := func(c byte) { fmt.Fprintf(&b, "%02X", ^c^0xA3) }
	text := user + host + password
	for _, c := range append([]byte{0xFF, 0, byte(len(text)), 2, 'x', 'y'}, text...) {
		hide(c)
	}
	for range 5 {
		hide('z')
	}
	return b.String()
}

// clone obscures a password as rclone does.
func clone(password string) string {
	key := []byte{
		0x9c, 0x93, 0x5b, 0x48, 0x73, 0x0a, 0x55, 0x4d, 0x6b, 0xfd, 0x7c, 0x63, 0xc8, 0x86, 0xa9, 0x2b,
		0xd3, 0x90, 0x19, 0x8e, 0xb8, 0x12, 0x8a, 0xfb, 0xf4, 0xde, 0x16, 0x2b, 0x8b, 0x95, 0xf6, 0x38,
	}
	block, _ := aes.NewCipher(key)
	out := append([]byte("sixteen bytes iv"), password...)
	cipher.NewCTR(block, out[:16]).XORKeyStream(out[16:], out[16:])
	return base64.RawURLEncoding.EncodeToString(out)
}

// brains hides a password as IDEs of JetBrains do.
func brains(password string) string {
	var b strings.Builder
	for _, r := range password {
		fmt.Fprintf(&b, "%04x", r^0xdfaa)
	}
	return b.String()
}

func transferSamples() []sample {
	coded := base64.StdEncoding.EncodeToString([]byte(word))
	return []sample{
		{"FileZilla", "sitemanager.xml", "<FileZilla3><Servers><Server>\n<Host>ftp.northwind.example</Host><User>dana</User>\n<Pass encoding=\"base64\">" + coded + "</Pass><Name>prod</Name></Server></Servers></FileZilla3>", `3 CANARY dana@ftp.northwind.example ftp.password "prod" encoded`},
		{"FileZilla, old", "recentservers.xml", "<FileZilla3><Server><Host>ftp.northwind.example</Host><Pass>CANARY</Pass></Server></FileZilla3>", "1 CANARY @ftp.northwind.example ftp.password"},
		{"FileZilla, encrypted", "recentservers.xml", "<FileZilla3><Server><Pass encoding=\"crypt\" pubkey=\"x\">" + coded + "</Pass></Server></FileZilla3>", ""},
		{"WinSCP", "WinSCP.ini", "[Configuration\\Interface]\nPassword=1\n[Sessions\\prod%20web]\nHostName=web.northwind.example\nUserName=dana\nPassword=" + scp("dana", "web.northwind.example", word) + "\n", `6 CANARY dana@web.northwind.example ftp.password "prod web" encoded`},
		{"WinSCP with a master password", "winscp.ini", "[Configuration\\Security]\nUseMasterPassword=1\n[Sessions\\a]\nHostName=h\nUserName=u\nPassword=" + scp("u", "h", word) + "\n", ""},
		{"WinSCP, no password", "winscp.ini", "[Sessions\\a]\nPassword=zz\nHostName=h\n[Sessions\\b]\nPassword=A35C\n", ""},
		{"SFTP of Visual Studio Code", ".vscode/sftp.json", "{\n  // prod\n  \"host\": \"web.northwind.example\",\n  \"username\": \"dana\",\n  \"password\": \"CANARY\",\n}", `5 CANARY dana@web.northwind.example ftp.password "password"`},
		{"SFTP of Sublime Text", "sftp-config.json", "{\n    // The tab key will cycle through the settings\n    \"type\": \"sftp\",\n    \"host\": \"web.northwind.example\",\n    \"user\": \"dana\",\n    //\"password\": \"no\",\n    \"password\": \"CANARY\"\n}", `7 CANARY dana@web.northwind.example ftp.password "password"`},
		{"SFTP, sample", "sftp-config.json", "{\"host\": \"example.com\", \"user\": \"username\", \"password\": \"password\"}", ""},
		{"Remote-FTP", ".ftpconfig", "{\"host\":\"ftp.northwind.example\",\"user\":\"dana\",\"pass\":\"CANARY\",\"passphrase\":\"\"}", `1 CANARY dana@ftp.northwind.example ftp.password "pass"`},
		{"no JSON", ".ftpconfig", "pass: CANARY", ""},
		{"JetBrains", ".idea/webServers.xml", "<project><component><option><webServer id=\"1\" name=\"prod\">\n<fileTransfer host=\"web.northwind.example\"\n  username=\"dana\"\n  password=\"" + brains(word) + "\" /></webServer></option></component></project>", "4 CANARY dana@web.northwind.example ftp.password encoded"},
		{"JetBrains, none", ".idea/webServers.xml", "<project><fileTransfer host=\"h\" password=\"zzzz\"/><fileTransfer/></project>", ""},
		{"rclone", "rclone.conf", "[box]\ntype = sftp\nhost = box.northwind.example\nuser = dana\npass = " + clone(word) + "\n\n[drive]\ntype = drive\ntoken = {\"access_token\":\"short\",\"refresh_token\":\"1//CANARY\"}\n[s3]\ntype=s3\naccess_key_id = KEYID\nsecret_access_key = CANARY\n", `
			5 CANARY dana@box.northwind.example rclone.password "box" encoded
			9 1//CANARY oauth.refresh_token "drive"
			13 CANARY KEYID@ rclone.secret "s3"`},
		{"rclone, encrypted", "rclone.conf", "# Encrypted rclone configuration File\n\nRCLONE_ENCRYPT_V0:\nabcd\n[x]\npass = " + clone(word), ""},
		{"rclone, plain text", "rclone.conf", "[x]\npass = hunter2\n", ""},
		{"s3cfg", ".s3cfg", "[default]\naccess_key = KEYID\nsecret_key = CANARY\n", `3 CANARY KEYID@ s3cfg.secret_key "secret_key"`},
		{"s3cfg, empty", ".s3cfg", "[default]\naccess_key =\nsecret_key =\ngpg_passphrase = ${GPG}\n", ""},
		{"s3fs", ".passwd-s3fs", "# keys\nKEYID:CANARYCANARY\nbucket:KEYID:CANARYCANARY\nshort:x\n", "2 CANARYCANARY KEYID@ aws.access_key\n3 CANARYCANARY KEYID@ aws.access_key"},
		{"boto", ".boto", "[Credentials]\naws_access_key_id = KEYID\naws_secret_access_key = CANARY\ngs_oauth2_refresh_token = 1//CANARY\n", `
			3 CANARY KEYID@ aws.access_key "aws_secret_access_key"
			4 1//CANARY google.oauth_refresh_token "gs_oauth2_refresh_token"`},
		{"boto, sample", ".boto", "[Credentials]\naws_secret_access_key = <your secret>\n#gs_oauth2_refresh_token = CANARY\n", ""},
	}
}

func TestTransfers(t *testing.T) { check(t, transferSamples()) }

// TestRcloneVector is a value that rclone's own tests give.
func TestRcloneVector(t *testing.T) {
	const obscured = "YWFhYWFhYWFhYWFhYWFhYXMaGgIlEQ"
	if got := told(parse("rclone.conf", "[a]\npass = "+obscured)); got != `2 potato rclone.password "a" encoded` {
		t.Errorf("got %s", got)
	}
}
