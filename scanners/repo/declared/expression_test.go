package declared

import (
	"regexp"
	"testing"

	"github.com/muster-nhi/muster/scanners/scannertest"
)

func TestExpressions(t *testing.T) {
	t.Parallel()
	scannertest.Expressions(t, map[string]func() *regexp.Regexp{
		"addressForm":       addressForm,
		"commitForm":        commitForm,
		"expressionForm":    expressionForm,
		"googleAccountForm": googleAccountForm,
		"lineForm":          lineForm,
		"manifestForm":      manifestForm,
		"numberForm":        numberForm,
		"referenceForm":     referenceForm,
		"referenceStart":    referenceStart,
		"roleForm":          roleForm,
		"roleInText":        roleInText,
		"secretEnd":         secretEnd,
		"secretForm":        secretForm,
		"secretWord":        secretWord,
		"serversWord":       serversWord,
		"templateForm":      templateForm,
		"uuidForm":          uuidForm,
		"variableForm":      variableForm,
	})
}
