package file_test

import (
	"strings"
	"testing"
)

func serviceSamples() []sample {
	hex := strings.Repeat("0a1b", 8)
	return []sample{
		{"wp-config", "www/wp-config.php", "<?php\ndefine( 'DB_NAME', 'shop' );\ndefine( 'DB_USER', 'wp' );\ndefine( 'DB_HOST', 'db.northwind.example:3306' );\ndefine( 'DB_PASSWORD', 'CANARY' );\n", `5 CANARY wp@db.northwind.example database.connection "DB_PASSWORD" database=shop`},
		{"wp-config, samples", "wp-config.php", "<?php\n// define('DB_PASSWORD', 'CANARY');\ndefine('DB_PASSWORD', 'password_here');\ndefine('DB_PASSWORD', getenv('DB'));\n", ""},
		{"Jenkins", "credentials.xml", "<?xml version='1.1' encoding='UTF-8'?>\n<com.cloudbees.plugins.credentials.SystemCredentialsProvider>\n<com.cloudbees.plugins.credentials.impl.UsernamePasswordCredentialsImpl><id>nexus</id><username>dana</username>\n<password>{AQAAABAAAAAgCANARYCANARY+x=}</password></com.cloudbees.plugins.credentials.impl.UsernamePasswordCredentialsImpl></com.cloudbees.plugins.credentials.SystemCredentialsProvider>", `4 {AQAAABAAAAAgCANARYCANARY+x=} dana@ jenkins.credential "nexus" encrypted kind=UsernamePasswordCredentials`},
		{"another credentials.xml", "credentials.xml", "<a><password>CANARY</password></a>", ""},
		{"Jenkins' master key", "secrets/master.key", strings.Repeat(hex, 8) + "\n", "1 " + strings.Repeat(hex, 8) + " jenkins.master_key"},
		{"Rails' master key", "config/master.key", hex, "1 " + hex + " rails.master_key"},
		{"Rails, by environment", "config/credentials/production.key", hex + "\n", "1 " + hex + " rails.master_key"},
		{"a short one", "config/master.key", "0a1b2c" + "3d4e5f", ""},
		{"another key", "config/master.key", "-----BEGIN PUBLIC KEY-----\n", ""},
		{"Vault", ".vault-token", "hvs.CANARYCANARY", "1 hvs.CANARYCANARY vault.token"},
		{"Vault, words", ".vault-token", "put the token here please", ""},
		{"Jupyter", "jupyter_notebook_config.json", "{\"NotebookApp\": {\n\"password\": \"sha1:0123456789ab:" + hex + "\"}}", "2 sha1:0123456789ab:" + hex + " jupyter.password hashed sha1"},
		{"Jupyter, none", "jupyter_server_config.json", "{\"ServerApp\": {\"password\": \"\", \"token\": \"\"}}", ""},
		{"GitHub's programs", "gh/hosts.yml", "github.com:\n    user: dana\n    oauth_token: CANARY\n    git_protocol: https\n", "3 CANARY dana@github.com github.token"},
	}
}

func TestServices(t *testing.T) { check(t, serviceSamples()) }
