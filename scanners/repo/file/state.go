package file

import (
	"encoding/base64"
	"strings"
	"time"
)

// terraformState reads the secrets that Terraform and OpenTofu keep in a state
// (versions 3 and 4): attributes of resources that are known to hold them, what
// the state itself marks as sensitive, and sensitive outputs. An encrypted state
// (OpenTofu) has none that can be read.
func terraformState(text string) (out []Found) {
	root := readJSON(text)
	if root == nil || root.get("encrypted_data").text != "" {
		return nil
	}
	rules := attributeRules()
	out = append(out, stateOutputs(root.get("outputs"))...)
	for _, r := range root.get("resources").items {
		if r.get("mode").text == "data" && !strings.Contains(r.get("type").text, "secret") {
			continue
		}
		address := r.get("type").text + "." + r.get("name").text
		for _, instance := range r.get("instances").items {
			marked := map[string]bool{}
			for _, path := range instance.get("sensitive_attributes").items {
				if len(path.items) == 1 {
					marked[path.items[0].get("value").text] = true
				}
			}
			for _, attrs := range []*value{instance.get("attributes"), instance.get("attributes_flat")} {
				out = append(out, stateAttributes(rules, r.get("type").text, address, attrs, marked)...)
			}
		}
	}
	for _, module := range root.get("modules").items {
		out = append(out, stateOutputs(module.get("outputs"))...)
		resources := module.get("resources")
		for i, address := range resources.keys {
			r := resources.fields[i]
			out = append(out, stateAttributes(rules, r.get("type").text, address, r.get("primary").get("attributes"), nil)...)
		}
	}
	return distinct(out)
}

// distinct leaves out what stands twice on a line, and outputs that repeat an
// attribute have lines of their own.
func distinct(list []Found) (out []Found) {
	type place struct {
		value string
		line  int
	}
	seen := map[place]bool{}
	for _, f := range list {
		if at := (place{f.Value, f.Line}); !seen[at] {
			seen[at] = true
			out = append(out, f)
		}
	}
	return out
}

// stateOutputs reads the outputs that are marked as sensitive.
func stateOutputs(outputs *value) (out []Found) {
	for i, name := range outputs.keys {
		o := outputs.fields[i]
		if o.get("sensitive").text != "true" {
			continue
		}
		v := o.get("value")
		switch v.kind {
		case '"':
			out = append(out, stateValue(v, "output "+name))
		case '{':
			for n, key := range v.keys {
				if f := v.fields[n]; f.kind == '"' && tfSecret().MatchString(key) {
					out = append(out, stateValue(f, "output "+name))
				}
			}
		}
	}
	return out
}

// stateValue makes a finding; a private key is cut out as rules do.
func stateValue(v *value, name string) Found {
	f := Found{Value: v.text, Line: v.line, Name: name}
	if at := strings.Index(v.raw, "-----BEGIN "); at >= 0 && strings.Contains(v.raw, "KEY-----") {
		f.Value, f.Type = keyOnly(v.raw[at:]), "pki.private_key"
	}
	return f
}

// An attributeRule says what an attribute of a resource is.
type attributeRule struct {
	resource, attribute, typ, user, host string
}

// attributeRules lists attributes that hold secrets, from the pages of the
// providers at registry.terraform.io. An empty resource stands for all.
func attributeRules() []attributeRule {
	return []attributeRule{
		{"aws_iam_access_key", "secret", "aws.access_key", "id", ""},
		{"aws_iam_access_key", "ses_smtp_password_v4", "aws.smtp_password", "id", ""},
		{"aws_secretsmanager_secret_version", "secret_string", "aws.secret", "", ""},
		{"aws_ssm_parameter", "value", "aws.parameter", "", ""},
		{"aws_elasticache_replication_group", "auth_token", "database.connection", "", "primary_endpoint_address"},
		{"google_service_account_key", "private_key", "gcp.service_account_key", "", ""},
		{"google_storage_hmac_key", "secret", "gcp.hmac_key", "access_id", ""},
		{"google_secret_manager_secret_version", "secret_data", "gcp.secret", "", ""},
		{"google_apikeys_key", "key_string", "gcp.api_key", "", ""},
		{"google_sql_user", "password", "database.connection", "name", "instance"},
		{"azuread_application_password", "value", "azure.client_secret", "", ""},
		{"azuread_service_principal_password", "value", "azure.client_secret", "", ""},
		{"azurerm_storage_account", "primary_access_key", "azure.storage_key", "name", ""},
		{"azurerm_storage_account", "secondary_access_key", "azure.storage_key", "name", ""},
		{"azurerm_key_vault_secret", "value", "azure.secret", "", ""},
		{"azurerm_cosmosdb_account", "primary_key", "azure.cosmos_key", "name", ""},
		{"azurerm_redis_cache", "primary_access_key", "database.connection", "", "hostname"},
		{"azurerm_container_registry", "admin_password", "docker.registry_auth", "admin_username", "login_server"},
		{"random_password", "result", "generic.secret", "", ""},
		{"tls_private_key", "private_key_pem", "pki.private_key", "", ""},
		{"github_actions_secret", "plaintext_value", "ci.secret", "", ""},
		{"cloudflare_api_token", "value", "cloudflare.api_token", "", ""},
		{"datadog_api_key", "key", "datadog.api_key", "", ""},
		{"datadog_application_key", "key", "datadog.application_key", "", ""},
		{"vault_token", "client_token", "vault.token", "", ""},
		{"vault_approle_auth_backend_role_secret_id", "secret_id", "vault.secret_id", "", ""},
		{"gitlab_project_access_token", "token", "gitlab.token", "", ""},
		{"gitlab_deploy_token", "token", "gitlab.token", "username", ""},
		{"", "password", "terraform.state_secret", "username", "address"},
		{"", "master_password", "database.connection", "master_username", "endpoint"},
		{"", "admin_password", "terraform.state_secret", "admin_username", ""},
		{"", "administrator_login_password", "database.connection", "administrator_login", "fqdn"},
		{"", "plaintext_password", "database.connection", "user", "host"},
		{"", "root_password", "database.connection", "", ""},
		{"", "root_pass", "unix.password", "", ""},
		{"", "client_secret", "oauth.client_secret", "client_id", ""},
		{"", "private_key_pem", "pki.private_key", "", ""},
		{"", "secret_key", "terraform.state_secret", "access_key", ""},
		{"", "api_key", "terraform.state_secret", "", ""},
		{"", "auth_token", "terraform.state_secret", "", ""},
		{"", "access_token", "terraform.state_secret", "", ""},
	}
}

// ruleOf returns what is known of an attribute.
func ruleOf(rules []attributeRule, resource, attribute string) (attributeRule, bool) {
	for _, r := range rules {
		if r.attribute == attribute && (r.resource == resource || r.resource == "") {
			return r, true
		}
	}
	return attributeRule{}, false
}

// stateAttributes reads the attributes of one resource, by these rules.
func stateAttributes(rules []attributeRule, resource, address string, attrs *value, marked map[string]bool) (out []Found) {
	if resource == "kubernetes_secret" || resource == "kubernetes_secret_v1" {
		return kubernetesData(address, attrs)
	}
	for i, name := range attrs.keys {
		v := attrs.fields[i]
		rule, known := ruleOf(rules, resource, name)
		if v.kind != '"' || v.text == "" || !known && (!marked[name] || !tfSecret().MatchString(name)) {
			continue
		}
		if resource == "aws_ssm_parameter" && attrs.get("type").text != "SecureString" {
			continue
		}
		f := stateValue(v, address)
		if rule.typ != "" && f.Type == "" {
			f.Type = rule.typ
		}
		if rule.user != "" {
			f.User = attrs.get(rule.user).text
		}
		if rule.host != "" {
			f.Host = bareHost(attrs.get(rule.host).text)
		}
		describeResource(&f, resource, attrs)
		out = append(out, f)
	}
	return out
}

// describeResource adds what the other attributes of a resource say of its
// secret.
func describeResource(f *Found, resource string, attrs *value) {
	f.Facts = map[string]string{"resource": f.Name}
	set := func(key string, names ...string) {
		if text := attrs.get(names...).text; text != "" {
			f.Facts[key] = text
		}
	}
	switch resource {
	case "aws_iam_access_key":
		set("iam_user", "user")
	case "azuread_application_password", "azuread_service_principal_password":
		set("key_id", "key_id")
		if end, err := time.Parse(time.RFC3339, attrs.get("end_date").text); err == nil {
			f.Expires = end.UTC()
		}
	case "aws_secretsmanager_secret_version", "azurerm_key_vault_secret", "google_secret_manager_secret_version":
		set("secret", "secret_id", "id")
	case "google_service_account_key":
		// It is base64 of the key file, where rules find the key itself.
		raw, err := base64.StdEncoding.DecodeString(f.Value)
		if err != nil {
			return
		}
		file := readJSON(string(raw))
		if file == nil || file.get("private_key").text == "" {
			return
		}
		f.Value = keyOnly(file.get("private_key").raw)
		for _, key := range []string{"client_email", "project_id", "private_key_id"} {
			f.Facts[key] = file.get(key).text
		}
	case "aws_db_instance", "aws_rds_cluster", "google_sql_user", "azurerm_mssql_server", "azurerm_postgresql_server", "azurerm_mysql_server", "digitalocean_database_user", "mongodbatlas_database_user", "postgresql_role", "mysql_user":
		f.Type = "database.connection"
		set("database", "db_name", "database_name", "auth_database_name")
	}
	if !strings.Contains(f.User, "@") && f.User == f.Value {
		f.User = ""
	}
}

// kubernetesData reads what a Secret holds.
func kubernetesData(address string, attrs *value) (out []Found) {
	data := attrs.get("data")
	for i, key := range data.keys {
		if v := data.fields[i]; v.kind == '"' && !strings.HasSuffix(key, ".crt") && key != "username" {
			f := stateValue(v, address+" "+key)
			if f.Type == "" {
				f.Type = "kubernetes.secret"
			}
			out = append(out, f)
		}
	}
	return out
}
