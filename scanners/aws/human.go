package aws

import (
	"strings"

	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/scanners/aws/object"
)

// humanOf says whether a person signs in as an IAM user, and what speaks for a
// person and what for a machine. A console password or an MFA device is what
// only a person has a use for; a name says something only where neither is there.
// Where a name or path says machine and a password says person, it is unknown.
func humanOf(u *object.User) (human inventory.Tri, person, machine []string) {
	if u.Password == inventory.True {
		person = append(person, "it has a console password")
	}
	if u.MFA == inventory.True {
		person = append(person, "it has an MFA device")
	}
	for _, c := range u.Services {
		if strings.HasPrefix(c.Service, "bedrock") && strings.HasPrefix(u.Name, "BedrockAPIKey-") {
			machine = append(machine, "Bedrock made it for an API key")
			break
		}
	}
	if w := machineWord(u.Name); w != "" {
		machine = append(machine, "its name says "+w)
	}
	if w := machineWord(u.Path); w != "" {
		machine = append(machine, "its path says "+w)
	}
	named := len(machine) > 0
	if what := personName(u.Name); what != "" && !named {
		person = append(person, what)
	}
	if u.Password == inventory.False {
		machine = append(machine, "it has no console password")
	}
	switch {
	case len(person) > 0 && named:
		return inventory.Unknown, person, machine
	case len(person) > 0:
		return inventory.True, person, machine
	case named || u.Password == inventory.False:
		return inventory.False, person, machine
	default:
		return inventory.Unknown, person, machine
	}
}

// personName says why a name is taken for a person's; empty if it is not.
func personName(name string) string {
	if at := strings.IndexByte(name, '@'); at > 0 && strings.Contains(name[at:], ".") {
		return "its name is an e-mail address"
	}
	first, last, ok := strings.Cut(name, ".")
	if ok && isName(first) && isName(last) {
		return "its name is that of a person"
	}
	return ""
}

// isName reports whether a word can be a first or last name: letters and
// perhaps a dash.
func isName(s string) bool {
	letters := 0
	for _, c := range strings.ToLower(s) {
		switch {
		case c >= 'a' && c <= 'z' || c > 0x7f:
			letters++
		case c != '-':
			return false
		}
	}
	return letters >= 2
}

// machineWord returns the first word of a name or path by which people mark what
// is no person.
func machineWord(name string) string {
	words := strings.FieldsFunc(strings.ToLower(name), func(c rune) bool { return (c < 'a' || c > 'z') && (c < '0' || c > '9') })
	for _, w := range words {
		if isMachine(strings.TrimRight(w, "0123456789")) {
			return w
		}
	}
	return ""
}

func isMachine(word string) bool {
	switch word {
	case "svc", "service", "services", "serviceaccount", "sa", "machine", "machines", "bot", "bots", "robot", "robots", "automation", "automated", "system",
		"ci", "cd", "cicd", "build", "builder", "deploy", "deployer", "deployment", "deployments", "pipeline", "pipelines", "release", "publisher",
		"terraform", "tf", "ansible", "packer", "pulumi", "jenkins", "github", "gitlab", "circleci", "travis", "buildkite", "bitbucket", "argocd",
		"backup", "backups", "sync", "etl", "cron", "batch", "worker", "job", "jobs", "import", "importer", "export", "exporter", "upload", "uploader",
		"app", "application", "api", "backend", "server", "lambda", "ecs", "ec", "eks", "k", "kubernetes", "ses", "smtp", "sns", "sqs", "dynamodb",
		"monitor", "monitoring", "datadog", "newrelic", "grafana", "prometheus", "logger", "logging", "logs", "splunk", "cloudwatch",
		"integration", "webhook", "webhooks", "agent", "agents", "vault", "bedrock", "bedrockapikey", "snowflake", "databricks", "tableau", "registry", "ecr":
		return true
	}
	return false
}
