package file

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestExpressions compiles every expression that waits for its first use, and
// counts them in the sources, so that none is left out here.
func TestExpressions(t *testing.T) {
	t.Parallel()
	all := map[string]func() *regexp.Regexp{
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
	}
	for name, expression := range all {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if expression() == nil {
				t.Error("no expression")
			}
		})
	}
	sources, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	made := 0
	for _, source := range sources {
		text, err := os.ReadFile(source)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.HasSuffix(source, "_test.go") {
			made += strings.Count(string(text), "lazy.Regexp(")
		}
	}
	if made != len(all) {
		t.Errorf("the sources make %d expressions, %d are compiled here", made, len(all))
	}
}
