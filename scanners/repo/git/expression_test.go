package git

import (
	"regexp"
	"testing"

	"github.com/muster-nhi/muster/scanners/scannertest"
)

func TestExpressions(t *testing.T) {
	t.Parallel()
	scannertest.Expressions(t, map[string]func() *regexp.Regexp{
		"absolute":  absolute,
		"plainWord": plainWord,
		"quoted":    quoted,
		"setting":   setting,
	})
}
