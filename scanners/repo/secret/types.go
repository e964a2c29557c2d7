package secret

import "strings"

// TypeOf returns the credential type of what a gitleaks rule finds. Rules that
// the table does not name get the part of the id up to the first dash as the
// platform and the rest as the kind; a rule without a dash, or none at all, is
// a generic secret. Further facts may make Describe choose a closer type.
func TypeOf(rule string) string {
	if t := namedType(rule); t != "" {
		return t
	}
	platform, kind, ok := strings.Cut(strings.ToLower(rule), "-")
	if !ok || platform == "" || kind == "" {
		return "generic.secret"
	}
	return platform + "." + strings.ReplaceAll(kind, "-", "_")
}

// namedType is the table of the rules whose type does not follow from their id.
func namedType(rule string) string {
	switch rule {
	case "aws-access-token":
		return "aws.access_key"
	case "gcp-api-key":
		return "gcp.api_key"
	case "azure-ad-client-secret":
		return "azure.client_secret"
	case "private-key":
		return "pki.private_key"
	case "pkcs12-file":
		return "pki.pkcs12"
	case "jwt", "jwt-base64":
		return "jwt"
	case "curl-auth-user":
		return "basic_auth"
	case "curl-auth-header":
		return "http.authorization"
	case "kubernetes-secret-yaml":
		return "kubernetes.secret"
	case "openshift-user-token":
		return "kubernetes.token"
	case "generic-api-key", "sidekiq-secret":
		return "generic.secret"
	case "npm-access-token":
		return "npm.token"
	case "pypi-upload-token":
		return "pypi.token"
	case "slack-webhook-url":
		return "slack.webhook"
	case "stripe-access-token":
		return "stripe.key"
	case "testpypi-upload-token":
		return "pypi.token"
	case "azure-storage-account-key":
		return "azure.storage_key"
	case "slack-session-token":
		return "slack.token"
	case "nuget-config-password":
		return "nuget.password"
	case "connection-url":
		return "database.connection"
	case "microsoft-teams-webhook":
		return "msteams.webhook"
	}
	return familyType(rule)
}

// familyType covers the rules of which several mean the same type.
func familyType(rule string) string {
	switch {
	case isConnection(rule):
		return "database.connection"
	case llmProvider(rule) != "":
		return "llm.api_key"
	case strings.HasPrefix(rule, "github-"):
		return "github.token"
	case strings.HasPrefix(rule, "gitlab-") && rule != "gitlab-session-cookie" && rule != "gitlab-oauth-app-secret":
		return "gitlab.token"
	case strings.HasPrefix(rule, "slack-"):
		return "slack.token"
	case strings.HasPrefix(rule, "vault-"):
		return "vault.token"
	case strings.HasPrefix(rule, "hashicorp-tf-"):
		return "terraform." + strings.ReplaceAll(strings.TrimPrefix(rule, "hashicorp-tf-"), "-", "_")
	case strings.HasPrefix(rule, "new-relic-"):
		return "newrelic." + strings.ReplaceAll(strings.TrimPrefix(rule, "new-relic-"), "-", "_")
	}
	return ""
}

// llmProvider names the provider of a language model whose key a rule finds,
// or returns "".
func llmProvider(rule string) string {
	switch rule {
	case "openai-api-key":
		return "openai"
	case "anthropic-api-key", "anthropic-admin-api-key":
		return "anthropic"
	case "cohere-api-token":
		return "cohere"
	case "huggingface-access-token", "huggingface-organization-api-token":
		return "huggingface"
	case "perplexity-api-key":
		return "perplexity"
	case "privateai-api-token":
		return "privateai"
	case "anthropic-oauth-token":
		return "anthropic"
	case "groq-api-key", "xai-api-key", "openrouter-api-key", "togetherai-api-key", "nvidia-api-key", "cerebras-api-key",
		"jina-api-key", "replicate-api-token":
		provider, _, _ := strings.Cut(rule, "-")
		return provider
	case "google-gemini-auth-key":
		return "google"
	case "aws-amazon-bedrock-api-key-long-lived", "aws-amazon-bedrock-api-key-short-lived":
		return "aws_bedrock"
	default:
		return ""
	}
}
