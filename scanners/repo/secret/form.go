package secret

import (
	"regexp"
	"strings"
)

// The forms of public identifiers and the places where they stand. They are
// compiled once and never changed.
var (
	emailForm   = regexp.MustCompile(`^[A-Za-z0-9._+-]{1,64}@[A-Za-z0-9-]{1,63}(\.[A-Za-z0-9-]{1,63}){1,6}$`)
	projectForm = regexp.MustCompile(`^([a-z0-9.-]{1,60}:)?[a-z][a-z0-9-]{4,28}[a-z0-9]$`)
	uuidForm    = regexp.MustCompile(`^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$`)
	userForm    = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9._@+-]{0,39}$`)
	hostForm    = regexp.MustCompile(`^[A-Za-z0-9_-]{1,63}(\.[A-Za-z0-9_-]{1,63}){0,8}$`)
	bedrockName = regexp.MustCompile(`^BedrockAPIKey-[A-Za-z0-9]{1,12}-at-([0-9]{12})$`)
	accessKeyID = regexp.MustCompile(`\bA(?:KIA|SIA)[A-Z2-7]{16}\b`)
	awsSecret   = regexp.MustCompile(`^[A-Za-z0-9/+]{40}$`)
	awsNamed    = regexp.MustCompile(`(?i)aws.{0,20}secret|secret.?access.?key`)
	azureNear   = regexp.MustCompile(`(?i)azure|entra|microsoftonline|arm_client|tenant`)
	azureNamed  = regexp.MustCompile(`(?i)client.?secret|app.?secret|ARM_CLIENT_SECRET`)
	azureClient = regexp.MustCompile(`(?i)(?:client.?id|app.?id|application.?id)["']?\s*(?:[:=]|=>|\s)\s*["']?` + uuid)
	azureTenant = regexp.MustCompile(`(?i)(?:tenant.?id|directory.?id|tenant)["']?\s*(?:[:=]|=>|\s)\s*["']?` + uuid)
	dockerAuth  = regexp.MustCompile(`"([A-Za-z0-9.:/_-]{1,200})"\s*:\s*\{[^{}]{0,400}"(?:auth|password|identitytoken)"\s*:\s*"([^"]+)"`)
	kubeKey     = regexp.MustCompile(`(?i)["']?(client-key-data|token|client-certificate-data|password|access-token|id-token|refresh-token)["']?\s*:`)
	kubeServer  = regexp.MustCompile(`["']?server["']?\s*:\s*["']?(https?://[A-Za-z0-9.:_\[\]-]{1,200})`)
	assignment  = regexp.MustCompile("([A-Za-z_][A-Za-z0-9_.-]{1,63})[\"']?\\s*(?:=>|:=|[:=])\\s*(?:[A-Za-z]{0,2}[\"'`])?$")
	loginURL    = regexp.MustCompile(`[A-Za-z][A-Za-z0-9+.-]{1,30}://[^\s"'<>:/@]{0,100}:[^\s"'<>]+`)
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
	return emailForm.MatchString(text)
}

// isProject reports whether text has the form of a Google project id, which may
// have an organisation before it.
func isProject(text string) bool {
	return projectForm.MatchString(text)
}
