package file_test

import (
	"crypto/sha256"
	"encoding/base64"
	"testing"
)

// ppk writes a key as PuTTY does.
func ppk(encryption string) string {
	return "PuTTY-User-Key-File-3: ssh-ed25519\nEncryption: " + encryption + "\nComment: dana@desk\nPublic-Lines: 2\n" +
		"cHVibGlj\nIGhhbGY=\nPrivate-Lines: 2\nUHJpdmF0ZSBo\nYWxm\nPrivate-MAC: 00\n"
}

func fingerprint(text string) string {
	sum := sha256.Sum256([]byte(text))
	return base64.RawStdEncoding.EncodeToString(sum[:])
}

func loginSamples() []sample {
	return []sample{
		{"netrc", "home/.netrc", "# mine\nmachine git.northwind.example\n  login dana\n  password CANARY\ndefault login anonymous password anonymous\n", "4 CANARY dana@git.northwind.example basic_auth"},
		{"netrc on one line, in quotes", "_netrc", "machine a.example login ada password \"CANARY\"", "1 CANARY ada@a.example basic_auth"},
		{"netrc, variables and macros", ".netrc", "machine a login b password ${TOKEN}\nmacdef init\npassword CANARY\n\nmachine c login d password <password>\n", ""},
		{"authinfo of Emacs", ".authinfo", "machine imap.northwind.example login dana port 993 password CANARY\n", "1 CANARY dana@imap.northwind.example basic_auth"},
		{"git-credentials", ".git-credentials", "https://dana:CANARY@git.northwind.example\nhttps://git.example\n", "1 CANARY dana@git.northwind.example basic_auth"},
		{"git-credentials, placeholders", ".config/git/credentials", "https://user:password@git.example\nhttps://u:${T}@git.example\nnot a url\n", ""},
		{"SMB", ".smbcredentials", "username=dana\npassword=CANARY\ndomain=NORTHWIND\n", "2 CANARY dana@NORTHWIND smb.password \"password\""},
		{"SMB, variable", ".smbcredentials", "username=dana\npassword=$SMB_PASS\n", ""},
		{"msmtp", ".msmtprc", "account work\nhost smtp.northwind.example\nuser dana\npassword CANARY\npasswordeval \"pass mail\"\n", "4 CANARY dana@smtp.northwind.example mail.password"},
		{"mutt", ".muttrc", "set imap_user = \"dana\"\nset imap_pass = \"CANARY\"\nset smtp_pass=`pass mail`\n", "2 CANARY dana@ mail.password"},
		{"fetchmail", ".fetchmailrc", "poll mail.northwind.example proto imap user \"dana\" password \"CANARY\"\n", "1 CANARY dana@mail.northwind.example mail.password"},
		{"Pidgin", ".purple/accounts.xml", "<?xml version='1.0'?>\n<account version='1.0'>\n<account>\n<protocol>prpl-jabber</protocol>\n<name>dana@chat.northwind.example</name>\n<password>CANARY</password>\n</account></account>", "6 CANARY dana@chat.northwind.example@ chat.password"},
		{"PuTTY", "id.ppk", ppk("none"), "8 UHJpdmF0ZSBo\nYWxm ssh.private_key \"dana@desk\" fingerprint=SHA256:" + fingerprint("public half") + " kind=ssh-ed25519"},
		{"PuTTY, with a passphrase", "id.ppk", ppk("aes256-cbc"), "8 UHJpdmF0ZSBo\nYWxm ssh.private_key \"dana@desk\" encrypted fingerprint=SHA256:" + fingerprint("public half") + " kind=ssh-ed25519"},
		{"PuTTY, cut off", "id.ppk", ppk("none")[:120], ""},
		{"another ppk", "a.ppk", "Private-Lines: 1\nCANARY\n", ""},
		{"another accounts.xml", "res/accounts.xml", "<account><name>x</name><password>CANARY</password></account>", ""},
	}
}

func TestLogins(t *testing.T) { check(t, loginSamples()) }
