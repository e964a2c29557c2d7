// Package rules holds the built-in rules and the control library: YAML files
// and nothing else. Rules stand at <family>/<ID>.yaml, the library and the
// frameworks at controls/*.yaml. Package findings loads and judges them.
//
// Rules are written once over records, whatever platform they come from. What
// follows is what they expect of scanners beyond the fields of the records; a
// test compares it with the rules.
//
// Types of credentials:
//
//	aws.access_key, aws.bearer_token, aws.bedrock_api_key,
//	aws.service_specific_credential, aws.secretsmanager_secret,
//	aws.ssm_parameter, aws.kms_key
//	gcp.service_account_key, gcp.api_key, gcp.secret, gcp.kms_key
//	azure.client_secret (also entra.client_secret), entra.certificate,
//	azure.storage_key, azure.key_vault_secret, azure.key_vault_key,
//	azure.key_vault_certificate, azure.legacy_service_password
//	kubernetes.token, kubernetes.service_account_token
//	github.token, github.pat, github.deploy_key, github.actions_secret,
//	github.dependabot_secret, github.codespaces_secret, github.agents_secret
//	gitlab.token, gitlab.deploy_token, gitlab.deploy_key, gitlab.ci_variable,
//	gitlab.legacy_password
//	vault.approle_secret_id, vault.kv_secret, vault.database_static_role,
//	vault.ldap_static_role, vault.userpass
//	npm.token, pypi.token, slack.token, slack.webhook, stripe.key, llm.api_key,
//	database.connection, pki.*, ssh.private_key, ssh.*, ci.*
//
// Types of identities:
//
//	aws.iam_user, aws.iam_role, aws.root, aws.*
//	gcp.service_account, gcp.*
//	azure.managed_identity, azure.*, entra.application, entra.*, *.break_glass
//	kubernetes.service_account, kubernetes.*
//	github.workflow, github.app, github.*, gitlab.application, gitlab.*
//	vault.*, slack.app, slack.*, google.*, *.webhook
//	mcp.server, mcp.*, ai.agent, ai.*, *agent*
//
// Types of trusts: oidc, account, certificate.
//
// Attributes of credentials:
//
//	checksum         invalid: the value cannot be a real one
//	mode             test: a key of the issuer's test mode
//	cloud            aws, gcp, azure: the cloud that a pipeline's secret is for
//	scopes           what a token may do, with commas between
//	read_only        true or false: whether a deploy key may only read
//	publicly_leaked  true: an alert says that it was found in public
//
// Attributes of identities:
//
//	permissions          of a workflow's token: write-all, unset (the default of
//	                     the repository holds), none, or scope:level with commas
//	can_approve_pull_requests  true: its token may approve pull requests
//	unpinned_actions     third-party actions that no commit id pins
//	secrets, secrets_inherit   the secrets it names; true if it hands on all
//	oidc                 true: it may ask for an identity token
//	pull_request_target, workflow_run, untrusted_checkout  true or absent
//	has_secret, insecure_ssl, url_scheme  of a webhook: true or false, 1 or 0,
//	                     http or https
//	verified_publisher   of a third-party app: true or false
//	supplier             who runs a third-party identity
//	deleted              true: the principal is gone and only named
//	host, plaintext, package  of an MCP server: its host, true if it is reached
//	                     without TLS, the package that a runner fetches
//	mode, allowed        of an AI agent: how it asks, what it does unasked
package rules

import (
	"embed"
	"io/fs"
)

//go:embed rotation lifecycle ownership least-privilege exposure federation third-party ai-agent controls
var files embed.FS

// FS returns the built-in rules and controls. It is read-only and the same at
// every call.
func FS() fs.FS { return files }
