package secret

import (
	"strings"

	"github.com/muster-nhi/muster/internal/inventory"
)

// A form is a token format that is known by its public prefix.
type form struct {
	prefix   string
	typ      string
	kind     string        // what the platform calls it
	key      string        // attribute that kind goes under; empty is "kind"
	personal inventory.Tri // whether it acts as a person
}

// forms lists the public prefixes, longer ones before those they begin with.
// Sources: the vendors' own lists (docs.github.com "Token formats",
// docs.gitlab.com "Token prefixes", api.slack.com "Token types", docs.stripe.com
// "API keys", the npm documentation, the help pages of PyPI). GitLab gives personal, project
// and group access tokens one prefix, so whose such a token is stays unknown.
func forms() []form {
	return []form{
		{"github_pat_", "github.token", "fine-grained personal access token", "", inventory.True},
		{"ghp_", "github.token", "personal access token", "", inventory.True},
		{"gho_", "github.token", "OAuth access token", "", inventory.True},
		{"ghu_", "github.token", "app user token", "", inventory.True},
		{"ghs_", "github.token", "app installation token", "", inventory.False},
		{"ghr_", "github.token", "app refresh token", "", inventory.Unknown},
		{"glpat-", "gitlab.token", "personal, project or group access token", "", inventory.Unknown},
		{"gldt-", "gitlab.token", "deploy token", "", inventory.False},
		{"glrtr-", "gitlab.token", "runner registration token", "", inventory.False},
		{"glrt-", "gitlab.token", "runner authentication token", "", inventory.False},
		{"GR1348941", "gitlab.token", "runner registration token", "", inventory.False},
		{"glcbt-", "gitlab.token", "CI job token", "", inventory.False},
		{"glptt-", "gitlab.token", "pipeline trigger token", "", inventory.False},
		{"glft-", "gitlab.token", "feed token", "", inventory.True},
		{"glimt-", "gitlab.token", "incoming mail token", "", inventory.True},
		{"glagent-", "gitlab.token", "Kubernetes agent token", "", inventory.False},
		{"glsoat-", "gitlab.token", "SCIM token", "", inventory.False},
		{"glffct-", "gitlab.token", "feature flag client token", "", inventory.False},
		{"gloas-", "gitlab.oauth_app_secret", "OAuth application secret", "", inventory.False},
		{"npm_", "npm.token", "access token", "", inventory.Unknown},
		{"pypi-", "pypi.token", "API token", "", inventory.Unknown},
		{"xoxb-", "slack.token", "bot token", "", inventory.False},
		{"xoxp-", "slack.token", "user token", "", inventory.True},
		{"xoxe.xoxp-", "slack.token", "configuration token", "", inventory.True},
		{"xoxe.xoxb-", "slack.token", "rotated bot token", "", inventory.False},
		{"xoxe-", "slack.token", "refresh token", "", inventory.Unknown},
		{"xoxa-", "slack.token", "workspace token", "", inventory.False},
		{"xoxr-", "slack.token", "workspace refresh token", "", inventory.False},
		{"xapp-", "slack.token", "app-level token", "", inventory.False},
		{"sk_live_", "stripe.key", "secret key", "", inventory.False},
		{"sk_test_", "stripe.key", "secret key", "", inventory.False},
		{"rk_live_", "stripe.key", "restricted key", "", inventory.False},
		{"rk_test_", "stripe.key", "restricted key", "", inventory.False},
		{"sk-ant-admin01-", "llm.api_key", "anthropic", "provider", inventory.False},
		{"sk-ant-", "llm.api_key", "anthropic", "provider", inventory.Unknown},
		{"sk-proj-", "llm.api_key", "openai", "provider", inventory.Unknown},
		{"sk-svcacct-", "llm.api_key", "openai", "provider", inventory.False},
		{"sk-admin-", "llm.api_key", "openai", "provider", inventory.Unknown},
		{"hf_", "llm.api_key", "huggingface", "provider", inventory.Unknown},
		{"api_org_", "llm.api_key", "huggingface", "provider", inventory.False},
		{"pplx-", "llm.api_key", "perplexity", "provider", inventory.Unknown},
		{"AIza", "gcp.api_key", "API key", "", inventory.False},
		{"hvs.", "vault.token", "service token", "", inventory.Unknown},
		{"hvb.", "vault.token", "batch token", "", inventory.Unknown},
		{"dop_v1_", "digitalocean.pat", "personal access token", "", inventory.True},
		{"doo_v1_", "digitalocean.access_token", "OAuth access token", "", inventory.Unknown},
		{"dor_v1_", "digitalocean.refresh_token", "OAuth refresh token", "", inventory.Unknown},
		{"AGE-SECRET-KEY-1", "age.secret_key", "X25519 identity", "", inventory.Unknown},
		{"SG.", "sendgrid.api_token", "API key", "", inventory.Unknown},
		{"shpat_", "shopify.access_token", "admin API access token", "", inventory.False},
		{"shpss_", "shopify.shared_secret", "app shared secret", "", inventory.False},
		{"PMAK-", "postman.api_token", "API key", "", inventory.Unknown},
		{"lin_api_", "linear.api_key", "API key", "", inventory.Unknown},
		{"glsa_", "grafana.service_account_token", "service account token", "", inventory.False},
		{"glc_", "grafana.cloud_api_token", "cloud access policy token", "", inventory.False},
		{"dapi", "databricks.api_token", "API token", "", inventory.Unknown},
		{"sq0atp-", "square.access_token", "access token", "", inventory.Unknown},
		{"EAAA", "square.access_token", "access token", "", inventory.Unknown},
		{"ops_", "1password.service_account_token", "service account token", "", inventory.False},
		{"pul-", "pulumi.api_token", "access token", "", inventory.Unknown},
		{"rubygems_", "rubygems.api_token", "API key", "", inventory.Unknown},
		{"sha256~", "kubernetes.token", "OpenShift OAuth token", "", inventory.Unknown},
	}
}

// describePrefix tells tokens by their public prefix.
func describePrefix(info *Info, s subject) bool {
	text := string(s.value)
	if describeAccessKeyID(info, text) {
		return true
	}
	if strings.HasPrefix(text, "https://hooks.slack.com/") {
		describeSlackHook(info, text)
		return true
	}
	if provider := llmProvider(s.rule); provider != "" {
		info.set("provider", provider)
	}
	for _, f := range forms() {
		if !strings.HasPrefix(text, f.prefix) || !plausible(f, info.Type, text) {
			continue
		}
		info.Type, info.Personal = f.typ, f.personal
		info.Hint = hint(f.prefix, len(s.value))
		info.set(orKind(f.key), f.kind)
		describeForm(info, f, text)
		return true
	}
	return false
}

func orKind(key string) string {
	if key == "" {
		return "kind"
	}
	return key
}

// plausible guards short prefixes: they count only where the rule already said
// so, or where the value has no blank and is long enough to be a token.
func plausible(f form, typ, text string) bool {
	platform, _, _ := strings.Cut(f.typ, ".")
	if strings.HasPrefix(typ, platform+".") || typ == f.typ {
		return true
	}
	return len(f.prefix) >= 4 && len(text) >= len(f.prefix)+16 && !strings.ContainsAny(text, " \t\n")
}

// describeForm adds what a format tells beyond its prefix.
func describeForm(info *Info, f form, text string) {
	info.set("checksum", Checksum([]byte(text)))
	switch f.prefix {
	case "sk_live_", "rk_live_":
		info.set("mode", "live")
	case "sk_test_", "rk_test_":
		info.set("mode", "test")
	case "pypi-":
		describePyPI(info, text[len("pypi-"):])
	case "sk-ant-admin01-", "sk-admin-":
		info.set("kind", "admin key")
	case "sk-svcacct-":
		info.set("kind", "service account key")
	case "sk-proj-":
		info.set("kind", "project key")
	case "sk-ant-":
		info.set("kind", "API key")
	}
}

// describeSlackHook takes the workspace and the app out of a webhook's path;
// the last part alone is secret.
func describeSlackHook(info *Info, text string) {
	info.Type = "slack.webhook"
	info.Hint = hint("https://hooks.slack.com/", len(text))
	parts := strings.Split(strings.TrimPrefix(text, "https://hooks.slack.com/"), "/")
	if len(parts) == 4 && isSlackID(parts[1]) && isSlackID(parts[2]) {
		info.PublicID = parts[1] + "/" + parts[2]
		info.set("team", parts[1])
	}
}

// isSlackID reports whether text is an id such as T01ABCDEF or B01ABCDEF.
func isSlackID(text string) bool {
	return len(text) >= 8 && len(text) <= 13 && strings.Trim(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789") == ""
}
