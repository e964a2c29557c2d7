package secret

import (
	"strings"

	"github.com/muster-nhi/muster/scanners/repo/lazy"
)

// The forms of public identifiers and the places where they stand. They are
// compiled once and never changed.
//
//nolint:gochecknoglobals // functions, which nothing sets
var (
	emailForm   = lazy.Regexp(`^[A-Za-z0-9._+-]{1,64}@[A-Za-z0-9-]{1,63}(\.[A-Za-z0-9-]{1,63}){1,6}$`)
	projectForm = lazy.Regexp(`^([a-z0-9.-]{1,60}:)?[a-z][a-z0-9-]{4,28}[a-z0-9]$`)
	uuidForm    = lazy.Regexp(`^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$`)
	userForm    = lazy.Regexp(`^[A-Za-z_][A-Za-z0-9._@+-]{0,39}$`)
	hostForm    = lazy.Regexp(`^[A-Za-z0-9_-]{1,63}(\.[A-Za-z0-9_-]{1,63}){0,8}$`)
	bedrockName = lazy.Regexp(`^BedrockAPIKey-[A-Za-z0-9]{1,12}-at-([0-9]{12})$`)
	accessKeyID = lazy.Regexp(`\bA(?:KIA|SIA)[A-Z2-7]{16}\b`)
	awsSecret   = lazy.Regexp(`^[A-Za-z0-9/+]{40}$`)
	awsNamed    = lazy.Regexp(`(?i)aws.{0,20}secret|secret.?access.?key`)
	azureNear   = lazy.Regexp(`(?i)azure|entra|microsoftonline|arm_client|tenant`)
	azureNamed  = lazy.Regexp(`(?i)client.?secret|app.?secret|ARM_CLIENT_SECRET`)
	azureClient = lazy.Regexp(`(?i)(?:client.?id|app.?id|application.?id)["']?\s*(?:[:=]|=>|\s)\s*["']?` + uuid)
	azureTenant = lazy.Regexp(`(?i)(?:tenant.?id|directory.?id|tenant)["']?\s*(?:[:=]|=>|\s)\s*["']?` + uuid)
	dockerAuth  = lazy.Regexp(`"([A-Za-z0-9.:/_-]{1,200})"\s*:\s*\{[^{}]{0,400}"(?:auth|password|identitytoken)"\s*:\s*"([^"]+)"`)
	kubeKey     = lazy.Regexp(`(?i)["']?(client-key-data|token|client-certificate-data|password|access-token|id-token|refresh-token)["']?\s*:`)
	kubeServer  = lazy.Regexp(`["']?server["']?\s*:\s*["']?(https?://[A-Za-z0-9.:_\[\]-]{1,200})`)
	assignment  = lazy.Regexp("([A-Za-z_][A-Za-z0-9_.-]{1,63})[\"']?\\s*(?:=>|:=|[:=])\\s*(?:[A-Za-z]{0,2}[\"'`])?$")
	loginURL    = lazy.Regexp(`[A-Za-z][A-Za-z0-9+.-]{1,30}://[^\s"'<>:/@]{0,100}:[^\s"'<>]+`)
)

const uuid = `([0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12})`

// isHex reports whether text is that many lower-case hex digits.
func isHex(text string, length int) bool {
	return len(text) == length && strings.Trim(text, "0123456789abcdef") == ""
}

// isDigits reports whether text is a number of 1 to 30 digits.
func isDigits(text string) bool {
	return text != "" && len(text) <= 30 && strings.Trim(text, "0123456789") == ""
}

// isEmail reports whether text has the form of an e-mail address.
func isEmail(text string) bool {
	return emailForm().MatchString(text)
}

// isProject reports whether text has the form of a Google project id, which may
// have an organisation before it.
func isProject(text string) bool {
	return projectForm().MatchString(text)
}
