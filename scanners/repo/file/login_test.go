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
		{"git's configuration", ".git/config", "[remote \"origin\"]\n\turl = https://dana:CANARY@git.northwind.example/robots.git\n\tpushurl = git@git.northwind.example:robots.git\n# url = https://x:CANARY2@git.example/\n", "2 CANARY dana@git.northwind.example basic_auth"},
		{"git's configuration, substitutes", ".gitconfig", "[url \"https://oauth2:CANARY@git.northwind.example/\"]\n\tinsteadOf = \"https://git.northwind.example/\"\n[http]\n\tproxy = http://dana:CANARY2@proxy.northwind.example:3128\n", "1 CANARY oauth2@git.northwind.example basic_auth\n4 CANARY2 dana@proxy.northwind.example basic_auth"},
		{"git's configuration, tokens as names", "home/.config/git/config", "[remote \"a\"]\n\turl = https://CANARY:x-oauth-basic@git.northwind.example/a\n\turl = https://dana@git.northwind.example/a\n", "2 CANARY @git.northwind.example basic_auth"},
		{"git's configuration, headers", ".git/config", "[http \"https://git.northwind.example/\"]\n\textraheader = AUTHORIZATION: basic " + base64.StdEncoding.EncodeToString([]byte("x-access-token:CANARY")) + "\n[http]\n\textraHeader = \"Authorization: Bearer CANARY2\"\n\textraheader = X-Trace: CANARY3\n", "2 CANARY x-access-token@git.northwind.example basic_auth encoded\n4 CANARY2 basic_auth"},
		{"git's configuration, mail", ".git/config.worktree", "[sendemail]\n\tsmtpServer = smtp.northwind.example\n\tsmtpUser = dana\n\tsmtpPass = CANARY\n[user]\n\tname = dana\n", "4 CANARY dana@smtp.northwind.example mail.password"},
		{"git's configuration, variables", ".gitmodules", "[submodule \"a\"]\n\turl = https://ci:${TOKEN}@git.northwind.example/a\n\turl = https://ci:@git.northwind.example/a\n", ""},
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
