package file_test

import (
	"encoding/base64"
	"testing"
)

func registrySamples() []sample {
	coded := base64.StdEncoding.EncodeToString([]byte(word))
	login := base64.StdEncoding.EncodeToString([]byte("dana:" + word))
	return []sample{
		{"npmrc", ".npmrc", "registry=https://npm.example\n//npm.northwind.example/:_password=" + coded + "\n//n.northwind.example:8080/npm/:_auth=" + login + "\n//n.northwind.example/:_authToken=CANARY\n", "2 " + coded + " @npm.northwind.example npm.password encoded\n3 " + login + " dana@n.northwind.example npm.password encoded\n4 CANARY @n.northwind.example npm.token"},
		{"npmrc, variables", ".npmrc", "//npm.example/:_authToken=${NPM_TOKEN}\nalways-auth=true\n//n.example/:_password=not base64!\n", ""},
		{"docker", ".docker/config.json", "{\n\"auths\": {\n\"ghcr.io\": {\n\"auth\": \"" + login + "\"},\n\"https://index.docker.io/v1/\": {\"username\": \"ada\", \"password\": \"CANARY\"},\n\"northwind.azurecr.io\": {\"auth\": \"MDAwOg==\", \"identitytoken\": \"CANARY\"}}}", "4 " + login + ` dana@ghcr.io docker.registry_auth "auth" encoded registry=ghcr.io
			5 CANARY ada@index.docker.io docker.registry_auth "password" registry=index.docker.io
			6 CANARY 000@northwind.azurecr.io docker.identity_token "identitytoken" registry=northwind.azurecr.io`},
		{"dockercfg", ".dockercfg", "{\"https://quay.io\": {\"auth\": \"" + login + "\", \"email\": \"\"}}", "1 " + login + ` dana@quay.io docker.registry_auth "auth" encoded registry=quay.io`},
		{"docker with a helper", ".docker/config.json", "{\"auths\": {\"ghcr.io\": {}}, \"credsStore\": \"desktop\"}", ""},
		{"docker, placeholders", ".docker/config.json", "{\"auths\": {\"r\": {\"auth\": \"<base64>\"}, \"s\": {\"auth\": \"" + base64.StdEncoding.EncodeToString([]byte("user:password")) + "\"}}}", ""},
		{"another config.json", "app/config.json", "{\"auths\": {\"r\": {\"auth\": \"" + login + "\"}}}", ""},
		{"pypirc", ".pypirc", "[distutils]\nindex-servers = corp\n[corp]\nrepository: no\nrepository = https://pypi.northwind.example/simple\nusername = dana\npassword = CANARY\n", "7 CANARY dana@pypi.northwind.example pypi.password"},
		{"pypirc, variable", ".pypirc", "[corp]\npassword = %(PYPI_PASSWORD)s\n", ""},
		{"gem", ".gem/credentials", "---\n:rubygems_api_key: rubyCANARYCANARY\nhttps://gems.northwind.example: Bearer CANARY\n:ssl_verify_mode: 0\n", "2 rubyCANARYCANARY @rubygems.org rubygems.api_token"},
		{"Maven", ".m2/settings.xml", "<settings>\n<servers><server>\n<id>nexus</id>\n<username>dana</username>\n<password>CANARY</password>\n</server><server><id>sealed</id><username>ada</username><password>{COQLCE6DU6GtcS5PCANARY=}</password></server>\n<server><id>env</id><password>${env.NEXUS}</password></server></servers></settings>", `
			5 CANARY dana@ maven.password "nexus"
			6 {COQLCE6DU6GtcS5PCANARY=} ada@ maven.password "sealed" encrypted`},
		{"Maven's master password", ".m2/settings-security.xml", "<settingsSecurity>\n<master>{jSMOWnoPFgsHVpMvz5VrIt5kCANARY=}</master></settingsSecurity>", `2 {jSMOWnoPFgsHVpMvz5VrIt5kCANARY=} maven.password "master" encrypted protection=reversible`},
		{"another settings.xml", "res/settings.xml", "<prefs><server><password>CANARY</password></server></prefs>", ""},
		{"NuGet", "NuGet.Config", "<configuration><packageSourceCredentials>\n<Northwind_x0020_Feed>\n<add key=\"Username\" value=\"dana\" />\n<add key=\"ClearTextPassword\" value=\"CANARY\" />\n</Northwind_x0020_Feed><Sealed><add key=\"Password\" value=\"AQAAANCMnd8BFdERjHoAwE\" /></Sealed></packageSourceCredentials></configuration>", `
			4 CANARY dana@ nuget.password "Northwind Feed"
			5 AQAAANCMnd8BFdERjHoAwE nuget.password "Sealed" encrypted`},
		{"NuGet, variable", "nuget.config", "<configuration><packageSourceCredentials><F><add key=\"ClearTextPassword\" value=\"%FEED_PASSWORD%\" /></F></packageSourceCredentials></configuration>", ""},
		{"Composer", "auth.json", "{\"http-basic\": {\"repo.northwind.example\": {\"username\": \"dana\",\n\"password\": \"CANARY\"}},\n\"github-oauth\": {\"github.com\": \"CANARY\"},\n\"gitlab-token\": {\"gitlab.northwind.example\": {\"username\": \"ada\", \"token\": \"CANARY\"}}}", `
			2 CANARY dana@repo.northwind.example composer.password "http-basic"
			3 CANARY @github.com github.token "github-oauth"
			4 CANARY ada@gitlab.northwind.example gitlab.token "gitlab-token"`},
		{"auth.json of containers", "run/containers/auth.json", "{\"auths\": {\"quay.io\": {\"auth\": \"" + login + "\"}}}", "1 " + login + ` dana@quay.io docker.registry_auth "auth" encoded registry=quay.io`},
		{"another auth.json", "auth.json", "{\"issuer\": {\"client\": \"CANARY\"}, \"list\": [\"CANARY\"]}", ""},
		{"cargo", ".cargo/credentials.toml", "[registry]\ntoken = \"CANARY\"\n[registries.northwind]\ntoken = \"CANARY2\"\n", "2 CANARY @crates.io cargo.token\n4 CANARY2 cargo.token \"northwind\""},
		{"cargo, empty", ".cargo/credentials", "[registry]\ntoken = \"\"\n", ""},
		{"Gradle", "gradle.properties", "org.gradle.jvmargs=-Xmx2g\nnexusPassword=CANARY\nsigning.secretKeyRingFile=/home/dana/k9.gpg\napiToken=com.northwind.Token\n", `2 CANARY gradle.password "nexuspassword"`},
	}
}

func TestRegistries(t *testing.T) { check(t, registrySamples()) }
