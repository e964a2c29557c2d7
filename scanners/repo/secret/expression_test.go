package secret

import (
	"regexp"
	"testing"

	"github.com/muster-nhi/muster/scanners/scannertest"
)

func TestExpressions(t *testing.T) {
	t.Parallel()
	scannertest.Expressions(t, map[string]func() *regexp.Regexp{
		"accessKeyID":   accessKeyID,
		"assignment":    assignment,
		"awsNamed":      awsNamed,
		"awsSecret":     awsSecret,
		"azureClient":   azureClient,
		"azureNamed":    azureNamed,
		"azureNear":     azureNear,
		"azureTenant":   azureTenant,
		"bedrockName":   bedrockName,
		"busHost":       busHost,
		"busKey":        busKey,
		"databaseIs":    databaseIs,
		"dockerAuth":    dockerAuth,
		"emailForm":     emailForm,
		"githubFine":    githubFine,
		"gitlabRouted":  gitlabRouted,
		"grafanaServed": grafanaServed,
		"hostForm":      hostForm,
		"jdbcURL":       jdbcURL,
		"kubeKey":       kubeKey,
		"kubeServer":    kubeServer,
		"loginIs":       loginIs,
		"loginURL":      loginURL,
		"oracleHost":    oracleHost,
		"oracleLong":    oracleLong,
		"oracleName":    oracleName,
		"oracleUser":    oracleUser,
		"passwordIs":    passwordIs,
		"projectForm":   projectForm,
		"serverIs":      serverIs,
		"storageName":   storageName,
		"userForm":      userForm,
		"uuidForm":      uuidForm,
	})
}
