package file_test

import (
	"bytes"
	"compress/gzip"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/pem"
	"math/big"
	"strings"
	"testing"
	"time"
)

func zipped(text string) string {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	w.Write([]byte(text))
	w.Close()
	return base64.StdEncoding.EncodeToString(b.Bytes())
}

func infrastructureSamples() []sample {
	id := "AKIA" + "Y34FZKBOKMUTVV7A"
	key := "-----BEGIN " + "PRIVATE KEY-----\\nMIIC" + strings.Repeat("q7", 40) + "\\n-----END " + "PRIVATE KEY-----"
	account := base64.StdEncoding.EncodeToString([]byte(`{"type":"service_account","project_id":"northwind","private_key_id":"abc","private_key":"` + key + `\n","client_email":"ci@northwind.iam.gserviceaccount.com"}`))
	hash := "$6$saltsalt$" + strings.Repeat("zZ", 43)
	return []sample{
		{"state", "terraform.tfstate", "{\"version\":4,\"terraform_version\":\"1.9.0\",\"outputs\":{\"dsn\":{\n\"value\":\"CANARY1\",\"type\":\"string\",\"sensitive\":true},\"url\":{\"value\":\"CANARY\"}},\"resources\":[\n{\"mode\":\"managed\",\"type\":\"aws_iam_access_key\",\"name\":\"ci\",\"instances\":[{\"attributes\":{\"id\":\"" + id + "\",\n\"secret\":\"CANARY2\",\"user\":\"ci\"}}]},\n{\"mode\":\"managed\",\"type\":\"random_password\",\"name\":\"db\",\"instances\":[{\"attributes\":{\n\"result\":\"CANARY3\",\"length\":16}}]},\n{\"mode\":\"managed\",\"type\":\"aws_db_instance\",\"name\":\"orders\",\"instances\":[{\"attributes\":{\"username\":\"app\",\"address\":\"db.northwind.example\",\"db_name\":\"orders\",\n\"password\":\"CANARY4\"}}]},\n{\"mode\":\"managed\",\"type\":\"acme_thing\",\"name\":\"x\",\"instances\":[{\"attributes\":{\"thing_token\":\"CANARY5\",\"other\":\"CANARY\"},\"sensitive_attributes\":[[{\"type\":\"get_attr\",\"value\":\"thing_token\"}],[{\"type\":\"get_attr\",\"value\":\"other\"}]]}]}]}", `
			2 CANARY1 terraform.state_secret "output dsn"
			4 CANARY2 ` + id + `@ aws.access_key "aws_iam_access_key.ci" iam_user=ci resource=aws_iam_access_key.ci
			6 CANARY3 generic.secret "random_password.db" resource=random_password.db
			8 CANARY4 app@db.northwind.example database.connection "aws_db_instance.orders" database=orders resource=aws_db_instance.orders
			9 CANARY5 terraform.state_secret "acme_thing.x" resource=acme_thing.x`},
		{"state, keys", "a.tfstate.backup", "{\"version\":4,\"resources\":[{\"mode\":\"managed\",\"type\":\"tls_private_key\",\"name\":\"ca\",\"instances\":[{\"attributes\":{\n\"private_key_pem\":\"" + key + "\\n\"}}]},{\"mode\":\"managed\",\"type\":\"google_service_account_key\",\"name\":\"ci\",\"instances\":[{\"attributes\":{\n\"private_key\":\"" + account + "\"}}]},{\"mode\":\"managed\",\"type\":\"azuread_application_password\",\"name\":\"app\",\"instances\":[{\"attributes\":{\"key_id\":\"k1\",\"end_date\":\"2027-01-02T00:00:00Z\",\n\"value\":\"CANARY\"}}]}]}", `
			2 ` + key + ` pki.private_key "tls_private_key.ca" resource=tls_private_key.ca
			3 ` + key + ` gcp.service_account_key "google_service_account_key.ci" client_email=ci@northwind.iam.gserviceaccount.com private_key_id=abc project_id=northwind resource=google_service_account_key.ci
			4 CANARY azure.client_secret "azuread_application_password.app" 2027-01-02 key_id=k1 resource=azuread_application_password.app`},
		{"state, version 3", "old.tfstate", "{\"version\":3,\"modules\":[{\"path\":[\"root\"],\"outputs\":{\"pw\":{\"sensitive\":true,\"type\":\"string\",\n\"value\":\"CANARY1\"}},\"resources\":{\"aws_iam_access_key.ci\":{\"type\":\"aws_iam_access_key\",\"primary\":{\"id\":\"" + id + "\",\"attributes\":{\"id\":\"" + id + "\",\n\"secret\":\"CANARY2\"}}}}}]}", `
			2 CANARY1 terraform.state_secret "output pw"
			3 CANARY2 ` + id + `@ aws.access_key "aws_iam_access_key.ci" resource=aws_iam_access_key.ci`},
		{"state, nothing secret", "b.tfstate", "{\"version\":4,\"outputs\":{\"a\":{\"value\":\"CANARY\",\"sensitive\":false}},\"resources\":[{\"mode\":\"data\",\"type\":\"aws_ami\",\"name\":\"x\",\"instances\":[{\"attributes\":{\"password\":\"CANARY\"}}]},{\"mode\":\"managed\",\"type\":\"aws_ssm_parameter\",\"name\":\"x\",\"instances\":[{\"attributes\":{\"type\":\"String\",\"value\":\"CANARY\"}}]}]}", ""},
		{"state, encrypted", "c.tfstate", "{\"encrypted_data\":\"CANARY\",\"outputs\":{\"a\":{\"value\":\"CANARY\",\"sensitive\":true}}}", ""},
		{"state, cut off", "d.tfstate", "{\"version\":4,\"outputs\":{\"dsn\":{\"value\":\"CANARY\",\"sensitive\":true}", ""},
		{"variables", "prod.auto.tfvars", "region = \"eu-west-1\"\ndb_password = \"CANARY\"\nsecret_arn = \"CANARY\"\napi_token = \"arn:aws:secretsmanager:x\"\nroot_password = \"\"\n# admin_password = \"CANARY\"\n", `2 CANARY terraform.variable "db_password"`},
		{"variables in JSON", "prod.tfvars.json", "{\n  \"db_password\": \"CANARY\",\n  \"size\": 3\n}", `2 CANARY terraform.variable "db_password"`},
		{"Terraform's tokens", ".terraformrc", "plugin_cache_dir = \"x\"\ncredentials \"app.terraform.io\" {\n  token = \"CANARY\"\n}\n#credentials \"b.example\" { token = \"CANARY\" }\n", "3 CANARY @app.terraform.io terraform.api_token"},
		{"Terraform's tokens in JSON", "credentials.tfrc.json", "{\"credentials\": {\"app.terraform.io\": {\n\"token\": \"CANARY\"}}}", "2 CANARY @app.terraform.io terraform.api_token"},
		{"Terraform's tokens, none", ".terraformrc", "credentials \"app.terraform.io\" {\n  token = \"<token>\"\n}\n", ""},
		{"kubeconfig", ".kube/config", "apiVersion: v1\nkind: Config\nclusters:\n- name: prod\n  cluster: {server: \"https://k8s.northwind.example:6443\"}\ncontexts:\n- name: a\n  context: {cluster: prod, user: dana}\nusers:\n- name: dana\n  user:\n    token: CANARY\n- name: aws\n  user:\n    exec: {command: aws, args: [eks, get-token]}\n- name: old\n  user:\n    auth-provider:\n      config:\n        refresh-token: CANARY2\n", `
			12 CANARY dana@k8s.northwind.example kubernetes.kubeconfig "dana" cluster=https://k8s.northwind.example:6443 kind=token
			20 CANARY2 old@ kubernetes.kubeconfig "old" kind=refresh-token`},
		{"kubeconfig, placeholders", "kubeconfig.yaml", "clusters: []\nusers:\n- name: x\n  user: {token: \"{{ token }}\", client-key-data: REDACTED}\n", ""},
		{"another config", ".kube/config", "users:\n- name: x\n  user: {token: CANARY}\n", ""},
		{"cloud-init", "user-data", "#cloud-config\nusers:\n- name: dana\n  plain_text_passwd: CANARY\n- name: ada\n  passwd: " + hash + "\nchpasswd:\n  list: |\n    root:CANARY2\n    ops:RANDOM\n  users:\n  - {name: svc, password: CANARY3}\nwrite_files:\n- path: /root/.netrc\n  content: |\n    machine a.northwind.example\n    login ci password CANARY4\n- path: /root/.pgpass\n  encoding: gz+b64\n  content: " + zipped("db.northwind.example:5432:orders:app:"+word+"5\n") + "\n- path: /etc/motd\n  content: password CANARY\n", "4 CANARY dana@ unix.password\n6 " + hash + ` ada@ unix.password hashed sha512-crypt
			9 CANARY2 root@ unix.password
			12 CANARY3 svc@ unix.password
			17 CANARY4 ci@a.northwind.example basic_auth
			20 CANARY5 app@db.northwind.example database.connection database=orders`},
		{"cloud-init, a script", "user-data", "#!/bin/sh\n# password: CANARY\nusers: []\n", ""},
		{"cloud-init, variables", "cloud-init.yaml", "#cloud-config\npassword: ${password}\nchpasswd: {list: \"root:${x}\"}\n", ""},
		{"AWS", ".aws/credentials", "[default]\naws_access_key_id = " + id + "\naws_secret_access_key = CANARY\n[tmp]\naws_access_key_id = ASIA\naws_session_token = CANARY2\n", "3 CANARY " + id + "@ aws.access_key \"default\"\n6 CANARY2 ASIA@ aws.session_token \"tmp\""},
		{"AWS's list", "ci_accessKeys.csv", "Access key ID,Secret access key\n" + id + ",CANARY\n", "2 CANARY " + id + "@ aws.access_key"},
		{"AWS's list of passwords", "new_user_credentials.csv", "User name,Password,Access key ID,Secret access key,Console login link\nci,CANARY2," + id + ",CANARY,https://x\n", "2 CANARY " + id + "@ aws.access_key \"ci\"\n2 CANARY2 ci@ aws.console_password"},
		{"AWS, samples", ".aws/credentials", "[default]\naws_secret_access_key = wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY\n", ""},
		{"gcloud", "application_default_credentials.json", "{\"type\":\"authorized_user\",\"client_id\":\"764086051850-6qr.apps.googleusercontent.com\",\"client_secret\":\"CANARY\",\n\"refresh_token\":\"1//CANARY\",\"quota_project_id\":\"northwind\"}", `2 1//CANARY google.oauth_refresh_token "refresh_token" client_id=764086051850-6qr.apps.googleusercontent.com project_id=northwind`},
		{"Google's client", "client_secret_web.json", "{\"web\":{\"client_id\":\"123-abc.apps.googleusercontent.com\",\n\"client_secret\":\"CANARY\"}}", `2 CANARY google.oauth_client_secret "client_secret" client_id=123-abc.apps.googleusercontent.com`},
		{"Google, federation", "adc.json", "{\"type\":\"external_account\",\"audience\":\"//iam.googleapis.com/x\",\"token_url\":\"https://sts.googleapis.com\"}", ""},
		{"Azure", ".azure/accessTokens.json", "[{\"userId\":\"dana@northwind.example\",\"_clientId\":\"04b0\",\n\"refreshToken\":\"CANARY\"}]", "2 CANARY dana@northwind.example@ azure.refresh_token client_id=04b0"},
	}
}

func TestInfrastructure(t *testing.T) { check(t, infrastructureSamples()) }

// TestKubeconfigCertificate: the certificate says who the user is, and until
// when.
func TestKubeconfigCertificate(t *testing.T) {
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "dana", Organization: []string{"system:masters"}}, NotAfter: time.Date(2027, 3, 4, 0, 0, 0, 0, time.UTC)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, public, private)
	if err != nil {
		t.Fatal(err)
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	text := func(label string, der []byte) string {
		return base64.StdEncoding.EncodeToString(pem.EncodeToMemory(&pem.Block{Type: label, Bytes: der}))
	}
	got := parse("kubeconfig", "clusters:\n- name: a\nusers:\n- name: u\n  user:\n    client-certificate-data: "+text("CERTIFICATE", der)+"\n    client-key-data: "+text("PRIVATE "+"KEY", pkcs8)+"\n")
	if len(got) != 1 || got[0].User != "dana" || got[0].Line != 7 || !got[0].Expires.Equal(template.NotAfter) || !strings.Contains(got[0].Facts["subject"], "system:masters") || !strings.HasSuffix(got[0].Value, "KEY-----") {
		t.Errorf("got %d findings, or other facts", len(got))
	}
}
