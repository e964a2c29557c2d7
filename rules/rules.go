// Package rules holds the built-in rules and the control library: YAML files
// and nothing else. Rules stand at <family>/<ID>.yaml, the library and the
// frameworks at controls/*.yaml. Package findings loads and judges them. What a
// secret looks like is told in secrets/*.toml, in gitleaks' format; scanners/repo
// reads them.
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
//	kubernetes.token, kubernetes.service_account_token,
//	kubernetes.bootstrap_token, registry.credential, basic_auth, pki.certificate,
//	generic.secret (of a cluster, if its store is "kubernetes secret")
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
//	kubernetes.service_account, kubernetes.user, kubernetes.group, kubernetes.*
//	github.workflow, github.app, github.*, gitlab.application, gitlab.*
//	vault.*, slack.app, slack.*, google.*, *.webhook
//	mcp.server, mcp.*, ai.agent, ai.*, *agent*
//
// Types of trusts: oidc, account, certificate, delegation.
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
// Attributes of credentials in a Kubernetes cluster:
//
//	used_by          workloads that use it; 0 only if all were listed
//	used_as          env, envFrom, volume, csi, imagePull, with commas between
//	pull_secret      true: accounts or pods pull images with it
//	last_applied     true: its values also stand in the annotation of kubectl apply
//	inferred         true: it is only named; Secrets were not listed
//	written_by, managed_by_tool  who wrote its values last; which tool does
//	synced_from, refresh  the outside store it comes from; never, or seconds
//	signer, client, groups  of a certificate that the cluster issued: its signer,
//	                 true if it signs in to the API server, organisations
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
//
// Attributes of identities in a Kubernetes cluster:
//
//	default, missing, inferred  true: the account named default; there is no such
//	                     account; it is only named
//	system               true: in a namespace of the cluster itself
//	effective_level      what it can do with all its bindings and groups
//	mounted              true or false: whether a workload mounts its token
//	workloads, tokens    how many run as it; token Secrets; 0 only if all were listed
//	cloud_identity       true: it acts as a role outside; then aws_role_arn,
//	                     gcp_service_account, azure_client_id or vault_role
//
// Attributes of grants in a Kubernetes cluster:
//
//	subject_kind         ServiceAccount, User, Group: how the binding names it
//	group                the group through which an account or user has it
//	joined               true: a conclusion over several bindings
//	wildcard             verbs, resources, groups that the role gives as a star
//	role_default         true: a role that every cluster has
//	dangling             role, subject: what the binding names and is not there
//
// Attributes of trusts and consumers in a Kubernetes cluster:
//
//	mechanism            irsa, projected, secret_store …: how the account is vouched for
//	seconds              life of the token that is asked for
//	store, cluster_wide, static, secrets  of a secret store: what it is called, true
//	                     if every namespace may use it, true if it signs in with
//	                     a Secret, which
//	automount            true or false: whether the workload mounts the token
//	privileged, host_paths, host_network, host_pid, host_ipc  its access to the node
//
// Types and attributes of AWS, beside those above. Identities: aws.permission_set,
// aws.oidc_provider, aws.saml_provider, aws.delegation_request. Credentials:
// aws.console_password, aws.ssh_public_key, aws.signing_certificate,
// aws.saml_metadata, aws.ec2_key_pair. Trusts: service, saml.
//
//	console, mfa, access_keys  of a user or root: whether it has a console password
//	                     and a second factor; active keys, as far as known
//	machine_reason, human_reason  why a user is taken for a machine or a person
//	centrally_managed    of root: whether the organisation manages root access
//	outbound_federation, outbound_issuer  of root: whether the account makes tokens
//	effective_level, possible_level  what it can do with all its policies and limits;
//	                     the most that it may be where that is not known
//	unused_services, unused_service_names, unused_source  what it may use and does not
//	roles                of a provider: how many roles trust it; 0 only if all were read
//	assignments, session  of a permission set: how many, and seconds
//	state                of a delegation request
//	policy, cross_account  of a secret or key: none or own; the accounts let in
//	replica_of, rotatable  of a secret its first region; false: AWS cannot rotate it
//	policy_type, path_ids  of a grant: attached or inline; its ways up
//	service, actions, public, constrained, operations  of a resource's policy or a grant of KMS
//	cluster              of an access entry
//	statement, weak, org, bounded, missing, confused_deputy, platform, provider  of a trust
//	                     that was read from a policy: where it stands, what is wrong
//	                     with it, whether it is bound to the organisation, whether a
//	                     condition keeps strangers out, whether its provider is missing
//	public, name         of a consumer: whether anybody may call it
//
// Types and attributes of Google Cloud, beside those above. Identities:
// gcp.principal, gcp.workload_identity_pool, gcp.workload_identity_provider,
// gcp.workforce_pool, gcp.workforce_provider, gcp.oauth_client. Credentials:
// gcp.hmac_key, gcp.oauth_client_secret.
//
//	default, missing, inferred  of an account: which default one of its project it is,
//	                     true if there is none of that name, true if it is only named
//	delegated_scopes     what it may do as any user of the domain
//	api_keys, keys       how many are bound to it or its own; 0 only if all were listed
//	recommended_off      true: Google finds that nobody uses it
//	last_authenticated   when it was seen, where that need not be its last use
//	kind                 of a principal: subject, attribute, group, pool, namespace, agent
//	issuer, keys_uploaded  of a provider: who vouches; true if its keys are copies
//	status, origin       of a key: what Google says of it, USER_PROVIDED if it was uploaded
//	bound, restriction, allowed  of an API key: its account, who may call, what
//	versions, total_versions, policy_unread  of a secret: enabled ones, all; true (of a
//	                     key too) if who may read it was not read
//	service, public, audience, all_accounts, cross_project, external, role_type  of a
//	                     grant: of what it is a policy, whom it names, from where
//	unread               of a grant, true: what its role permits was not read
//	possible_capabilities  of a grant, of AWS too: what it gives as well, if what cannot
//	                     be known is so
//	unused_permissions, role_permissions, unused_permission_names  of a grant: what
//	                     Google saw unused
//	direct               of a trust, true: it leads to the principal itself
//	full_scope, type     of a consumer, true: its tokens are good for every API
//
// Types and attributes of Entra and Azure, beside those above. Identities:
// entra.service_principal, entra.legacy_principal, entra.agent_identity,
// entra.agent_blueprint. Credentials: azure.cosmos_key, azure.servicebus_key,
// azure.eventhub_key, azure.ai_key, azure.app_configuration_key, azure.search_key,
// azure.relay_key, azure.signalr_key, azure.webpubsub_key, azure.iothub_key,
// azure.registry_admin, azure.redis_key, azure.eventgrid_key, azure.maps_key,
// azure.batch_key, azure.automation_key, azure.local_key, azure.cluster_admin.
//
//	kind                 of a grant: directory_role, app_role, delegated, arm, access_policy,
//	                     effective; of a managed identity: system, user
//	tier0, eligible      of a grant, true: it leads to the tenant; it has to be taken up first
//	possible_level, certain_level  at most and at least, where the level is not known
//	owners_in_control, owners_perhaps  of an application: owners who can add a credential
//	                     to it, for certain or perhaps
//	role_definition, scope_kind  of a role of Azure: its GUID; root, management_group,
//	                     subscription, resource_group, resource
//	consent, scopes      of a delegated permission: AllPrincipals or Principal; which
//	api                  client id of the application that a permission is for
//	secrets, keys, certificates, storage  of an access policy: what it permits; secrets
//	                     of an application: how many
//	service_principal    none: nobody can sign in as the application here
//	sign_in_audience, property_lock  whom an application is for; all, credentials,
//	                     partial or none
//	redirect_uris, redirect_http, redirect_wildcard, implicit_grant  where tokens go
//	credential_policy    none: no app management policy limits its secrets
//	home_tenant          of somebody else's application
//	application_id       of an application whose registration was read
//	subject              of a federated credential, not read: its expression was not told
//	disabled_by_microsoft  why
//	risk_state, risk_level, risk_detail  of Identity Protection
//	on                   of a credential: application or service_principal
//	vault, resource_type, cluster  where a credential belongs
//	expression           of a federated credential without a subject
package rules

import (
	"embed"
	"io/fs"
)

//go:embed rotation lifecycle ownership least-privilege exposure federation third-party ai-agent controls
var files embed.FS

//go:embed secrets/*.toml
var secrets embed.FS

// FS returns the built-in rules and controls. It is read-only and the same at
// every call.
func FS() fs.FS { return files }

// Secrets returns the built-in rules for secrets that go beyond gitleaks' own,
// as *.toml in gitleaks' format. It is read-only and the same at every call.
func Secrets() fs.FS {
	sub, err := fs.Sub(secrets, "secrets")
	if err != nil {
		return secrets // never: the name is valid
	}
	return sub
}
