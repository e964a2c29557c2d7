package secret

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
		"kubeKey":       kubeKey,
		"kubeServer":    kubeServer,
		"loginIs":       loginIs,
		"loginURL":      loginURL,
		"passwordIs":    passwordIs,
		"projectForm":   projectForm,
		"serverIs":      serverIs,
		"storageName":   storageName,
		"userForm":      userForm,
		"uuidForm":      uuidForm,
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
