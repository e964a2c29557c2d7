package file

import (
	"strings"

	"github.com/muster-nhi/muster/scanners/repo/lazy"
)

//nolint:gochecknoglobals // functions, which nothing sets
var (
	crypted = lazy.Regexp(`^\$([0-9a-zA-Z-]{1,20})\$[./A-Za-z0-9$=,+-]{8,400}$`)
	phpass  = lazy.Regexp(`^\$[PHS]\$[./A-Za-z0-9]{31,52}$`)
	django  = lazy.Regexp(`^(pbkdf2_sha256|pbkdf2_sha1|bcrypt_sha256|argon2|scrypt)\$[./A-Za-z0-9$=,+-]{20,300}$`)
	scram   = lazy.Regexp(`^SCRAM-SHA-256\$[0-9]+:[A-Za-z0-9+/=]+\$[A-Za-z0-9+/=]+:[A-Za-z0-9+/=]+$`)
	native  = lazy.Regexp(`^\*[0-9A-F]{40}$`)
	pgMD5   = lazy.Regexp(`^md5[0-9a-f]{32}$`)
	ldap    = lazy.Regexp(`^\{(SHA|SSHA|MD5|SMD5|SSHA256|SSHA512|SHA256|SHA512|CRYPT|PBKDF2[A-Z0-9-]*|ARGON2)\}[./A-Za-z0-9$=,+-]{8,300}$`)
	desHash = lazy.Regexp(`^[./0-9A-Za-z]{13}$`)
)

// hashOf names the kind of a hash of a password; "" is none that is known.
// Sources: crypt(5), the Apache manual ("Password Formats"), RFC 5803, the
// manuals of MySQL and PostgreSQL, the Django documentation.
func hashOf(text string) string {
	if phpass().MatchString(text) {
		return "phpass"
	}
	if m := django().FindStringSubmatch(text); m != nil {
		return m[1]
	}
	if m := ldap().FindStringSubmatch(text); m != nil {
		return strings.ToLower(m[1])
	}
	switch {
	case scram().MatchString(text):
		return "scram-sha-256"
	case native().MatchString(text):
		return "mysql-native"
	case pgMD5().MatchString(text):
		return "postgresql-md5"
	}
	m := crypted().FindStringSubmatch(text)
	if m == nil {
		return ""
	}
	switch m[1] {
	case "1":
		return "md5-crypt"
	case "apr1":
		return "apr1"
	case "2", "2a", "2b", "2x", "2y":
		return "bcrypt"
	case "5":
		return "sha256-crypt"
	case "6":
		return "sha512-crypt"
	case "7":
		return "scrypt"
	case "y", "gy":
		return "yescrypt"
	case "argon2i", "argon2d", "argon2id":
		return m[1]
	default:
		return ""
	}
}

// hashed makes a finding of a hash; false if it is none.
func hashed(f Found) (Found, bool) {
	f.Hash, f.Form = hashOf(f.Value), Hashed
	return f, f.Hash != ""
}
