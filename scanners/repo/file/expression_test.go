package file

import (
	"regexp"
	"testing"

	"github.com/muster-nhi/muster/scanners/scannertest"
)

func TestExpressions(t *testing.T) {
	t.Parallel()
	scannertest.Expressions(t, map[string]func() *regexp.Regexp{
		"connDB":     connDB,
		"connHost":   connHost,
		"connUser":   connUser,
		"connection": connection,
		"crypted":    crypted,
		"desHash":    desHash,
		"digest":     digest,
		"django":     django,
		"gemKey":     gemKey,
		"gradleKey":  gradleKey,
		"gitAddress": gitAddress,
		"gitHeader":  gitHeader,
		"gitMail":    gitMail,
		"hidden":     hidden,
		"hubToken":   hubToken,
		"ldap":       ldap,
		"mailLine":   mailLine,
		"mailWord":   mailWord,
		"mqttHash":   mqttHash,
		"native":     native,
		"npmSecret":  npmSecret,
		"pgMD5":      pgMD5,
		"phpass":     phpass,
		"puttyHead":  puttyHead,
		"redisLine":  redisLine,
		"same":       same,
		"scram":      scram,
		"sealed":     sealed,
		"sqlHash":    sqlHash,
		"sqlPass":    sqlPass,
		"sqlUser":    sqlUser,
		"tfHost":     tfHost,
		"tfSecret":   tfSecret,
		"tfToken":    tfToken,
		"tfVariable": tfVariable,
		"userName":   userName,
		"variable":   variable,
		"wifiLine":   wifiLine,
		"word":       word,
		"wpDefine":   wpDefine,
		"wpUser":     wpUser,
	})
}
