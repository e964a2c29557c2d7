package file

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"io"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/muster-nhi/muster/scanners/repo/lazy"
)

// infrastructure are the files that clouds and clusters are run with.
func infrastructure() []format {
	return []format{
		{rule: "terraform-state-secret", typ: "terraform.state_secret", where: endsWith(".tfstate", ".tfstate.backup"), parse: terraformState},
		{rule: "terraform-variable", typ: "terraform.variable", where: endsWith(".tfvars", ".tfvars.json"), parse: terraformVariables},
		{rule: "terraform-cli-token", typ: "terraform.api_token", names: ".terraformrc terraform.rc credentials.tfrc.json", parse: terraformCLI},
		{rule: "kubeconfig-credential", typ: "kubernetes.kubeconfig", names: "kubeconfig kubeconfig.yaml kubeconfig.yml admin.conf super-admin.conf kubelet.conf controller-manager.conf scheduler.conf k3s.yaml kube_config_cluster.yml kube-config kube-config.yaml", where: either(within(".kube/config", "kube/config"), endsWith(".kubeconfig")), parse: kubeconfig},
		{rule: "cloud-init-password", typ: "unix.password", names: "user-data user_data userdata user-data.txt user-data.yml user-data.yaml user_data.yml user_data.yaml userdata.yml userdata.yaml userdata.txt", where: either(startsWith("cloud-init", "cloud_init", "cloudinit", "cloud-config", "cloud_config"), endsWith(".cloud-init", ".cloud-config")), parse: cloudInit},
		{rule: "aws-credentials-file", typ: "aws.access_key", names: ".aws-credentials aws_credentials aws-credentials credentials.csv accesskeys.csv rootkey.csv", where: either(within(".aws/credentials", "aws/credentials", ".aws/config"), endsWith("_accesskeys.csv", "_credentials.csv")), parse: awsCredentials},
		{rule: "gcloud-credentials", typ: "google.oauth_refresh_token", names: "application_default_credentials.json adc.json", where: startsWith("client_secret"), parse: googleUser},
		{rule: "azure-cli-token", typ: "azure.refresh_token", names: "accesstokens.json msal_token_cache.json", parse: azureTokens},
	}
}

// startsWith returns what tells paths by the beginnings of their base names.
func startsWith(beginnings ...string) func(dir, base string) bool {
	return func(_, base string) bool {
		for _, b := range beginnings {
			if strings.HasPrefix(base, b) {
				return true
			}
		}
		return false
	}
}

//nolint:gochecknoglobals // functions, which nothing sets
var (
	tfHost     = lazy.Regexp(`^\s*credentials\s+"([^"\s]{1,200})"\s*\{`)
	tfToken    = lazy.Regexp(`\btoken\s*=\s*"([^"\n]+)"`)
	tfVariable = lazy.Regexp(`^\s*"?([A-Za-z_][A-Za-z0-9_-]{0,80})"?\s*[=:]\s*"((?:[^"\\\n]|\\.)*)"`)
	tfSecret   = lazy.Regexp(`(?i)(?:^|_)(?:password|passwd|passphrase|secret|token|api_?key|access_key|secret_key|private_key|client_secret|connection_string)$`)
)

// terraformCLI reads tokens of Terraform's registries (developer.hashicorp.com,
// "CLI Configuration File").
func terraformCLI(text string) (out []Found) {
	if strings.HasPrefix(strings.TrimSpace(text), "{") {
		root := readJSON(text)
		if root == nil {
			return nil
		}
		hosts := root.get("credentials")
		for i, host := range hosts.keys {
			t := hosts.fields[i].get("token")
			out = append(out, Found{Value: t.text, Line: t.line, Host: host})
		}
		return out
	}
	host, number := "", 0
	for line := range strings.Lines(text) {
		number++
		if strings.HasPrefix(strings.TrimSpace(line), "#") {
			continue
		}
		if m := tfHost().FindStringSubmatch(line); m != nil {
			host = m[1]
		}
		if m := tfToken().FindStringSubmatch(line); m != nil && host != "" {
			out = append(out, Found{Value: m[1], Line: number, Host: host})
			host = ""
		}
	}
	return out
}

// terraformVariables reads variables whose names say that they are secrets. What
// refers to a secret elsewhere (a path, an ARN, a name with blanks) is none.
func terraformVariables(text string) (out []Found) {
	number := 0
	for line := range strings.Lines(text) {
		number++
		m := tfVariable().FindStringSubmatch(line)
		if len(m) < 3 || !tfSecret().MatchString(m[1]) || refers(m[2]) {
			continue
		}
		out = append(out, Found{Value: m[2], Line: number, Name: m[1]})
	}
	return out
}

// refers reports whether a value names a secret that is elsewhere.
func refers(value string) bool {
	return strings.ContainsAny(value, " /") && !strings.ContainsAny(value, "+=") || strings.HasPrefix(value, "arn:") || strings.Contains(value, "://")
}

// awsCredentials reads profiles of AWS's tools (docs.aws.amazon.com,
// "Configuration and credential file settings"), and the lists that the console
// hands out.
func awsCredentials(text string) (out []Found) {
	if head, rows, ok := strings.Cut(text, "\n"); ok && strings.Contains(strings.ToLower(head), "secret access key") {
		return awsList(head, rows)
	}
	for _, s := range sections(text) {
		id := s.get("aws_access_key_id")
		for _, one := range s.list {
			f := Found{Value: one.value, Line: one.line, Name: strings.TrimPrefix(s.name, "profile "), User: id}
			switch one.key {
			case "aws_secret_access_key":
				if strings.HasPrefix(id, "ASIA") {
					f.Type = "aws.session_token"
				}
			case "aws_session_token", "aws_security_token":
				f.Type = "aws.session_token"
			default:
				continue
			}
			out = append(out, f)
		}
	}
	return out
}

// awsList reads a table with a head.
func awsList(head, rows string) (out []Found) {
	user, id, secret, password := -1, -1, -1, -1
	for i, name := range strings.Split(strings.ToLower(head), ",") {
		switch strings.TrimSpace(strings.Trim(name, `"`)) {
		case "user name":
			user = i
		case "access key id":
			id = i
		case "secret access key":
			secret = i
		case "password":
			password = i
		}
	}
	number := 1
	for row := range strings.Lines(rows) {
		number++
		cells := strings.Split(strings.TrimSpace(row), ",")
		cell := func(i int) string {
			if i < 0 || i >= len(cells) {
				return ""
			}
			return strings.Trim(strings.TrimSpace(cells[i]), `"`)
		}
		out = append(out,
			Found{Value: cell(secret), Line: number, User: cell(id), Name: cell(user)},
			Found{Value: cell(password), Line: number, User: cell(user), Type: "aws.console_password"})
	}
	return out
}

// googleUser reads what gcloud writes for a person, and the secrets of OAuth
// clients. gcloud's own client is in its sources and no secret.
func googleUser(text string) (out []Found) {
	root := readJSON(text)
	if root == nil {
		return nil
	}
	for _, v := range []*value{root, root.get("installed"), root.get("web")} {
		id, project := v.get("client_id").text, v.get("project_id", "quota_project_id").text
		facts := map[string]string{"client_id": id}
		if project != "" {
			facts["project_id"] = project
		}
		if t := v.get("refresh_token"); t.text != "" && v.get("type").text == "authorized_user" {
			out = append(out, Found{Value: t.text, Line: t.line, Name: "refresh_token", Facts: facts})
		}
		if s := v.get("client_secret"); s.text != "" && strings.HasSuffix(id, ".apps.googleusercontent.com") && !strings.HasPrefix(id, "764086051850-") && !strings.HasPrefix(id, "32555940559.") {
			out = append(out, Found{Value: s.text, Line: s.line, Name: "client_secret", Type: "google.oauth_client_secret", Facts: facts})
		}
	}
	return out
}

// azureTokens reads what Azure's command line program kept of a person's login:
// refresh tokens, which last; access tokens end within hours.
func azureTokens(text string) (out []Found) {
	root := readJSON(text)
	if root == nil {
		return nil
	}
	root.each(func(v *value) {
		t := v.get("refreshToken")
		if v.get("credential_type").text == "RefreshToken" {
			t = v.get("secret")
		}
		if t.text == "" {
			return
		}
		f := Found{Value: t.text, Line: t.line, User: v.get("userId").text, Facts: map[string]string{}}
		if id := v.get("_clientId", "client_id").text; id != "" {
			f.Facts["client_id"] = id
		}
		out = append(out, f)
	})
	return out
}

// cloudInit reads the passwords that a machine is made with (cloudinit.readthedocs.io,
// "Module reference": users and groups, set passwords, write files).
func cloudInit(text string) (out []Found) {
	if !strings.HasPrefix(strings.TrimLeft(text, " \t\n"), "#cloud-config") && !strings.HasPrefix(text, "## template: jinja\n#cloud-config") {
		return nil
	}
	root := readYAML(text)
	if p := root.get("password"); p.text() != "" {
		out = append(out, p.password(""))
	}
	for _, u := range root.get("users").items() {
		name := u.get("name").text()
		for _, key := range []string{"plain_text_passwd", "passwd", "hashed_passwd"} {
			if p := u.get(key); p.text() != "" {
				out = append(out, p.password(name))
			}
		}
	}
	change := root.get("chpasswd")
	for _, u := range change.get("users").items() {
		if p := u.get("password"); p.text() != "" {
			out = append(out, p.password(u.get("name").text()))
		}
	}
	list := change.get("list")
	out = append(out, chpasswd(list)...)
	for _, one := range list.items() {
		out = append(out, chpasswd(one)...)
	}
	known := New()
	for _, w := range root.get("write_files").items() {
		out = append(out, written(known, w)...)
	}
	return out
}

// password makes a finding of a place that holds a password or its hash.
func (n node) password(user string) Found {
	f := Found{Value: n.text(), Line: n.line(), User: user}
	if h, ok := hashed(f); ok {
		return h
	}
	return f
}

// chpasswd reads user:password a line.
func chpasswd(n node) (out []Found) {
	line := n.line()
	if n.block() {
		line++
	}
	for one := range strings.Lines(n.text()) {
		user, value, ok := strings.Cut(strings.TrimSpace(one), ":")
		if ok && userName().MatchString(user) && value != "RANDOM" && value != "R" {
			f := Found{Value: value, Line: line, User: user}
			if h, ok := hashed(f); ok {
				f = h
			}
			out = append(out, f)
		}
		line++
	}
	return out
}

// written reads a file that cloud-init writes, if its format is known.
func written(known *Formats, w node) (out []Found) {
	rule := known.Of(w.get("path").text())
	if rule == "" || rule == "cloud-init-password" {
		return nil
	}
	c := w.get("content")
	content := []byte(c.text())
	encoding := strings.ToLower(w.get("encoding").text())
	line := c.line()
	if c.block() {
		line++
	}
	if strings.Contains(encoding, "b64") || strings.Contains(encoding, "base64") {
		raw, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(c.text()), ""))
		if err != nil {
			return nil
		}
		content = raw
	}
	if strings.HasPrefix(encoding, "gz") {
		in, err := gzip.NewReader(bytes.NewReader(content))
		if err != nil {
			return nil
		}
		if content, err = io.ReadAll(io.LimitReader(in, 1<<20)); err != nil {
			return nil
		}
	}
	for _, f := range known.Parse(rule, content) {
		if encoding == "" {
			f.Line += line - 1
		} else {
			f.Line = line
		}
		out = append(out, f)
	}
	return out
}

// A node is a place in a YAML document; the zero node is none.
type node struct{ y *yaml.Node }

// maxYAML is the largest YAML document that is read, in bytes.
const maxYAML = 1 << 20

// readYAML returns the first document in a text.
func readYAML(text string) node {
	var doc yaml.Node
	if len(text) > maxYAML || yaml.Unmarshal([]byte(text), &doc) != nil || len(doc.Content) == 0 {
		return node{}
	}
	return node{doc.Content[0]}
}

func (n node) get(key string) node {
	if n.y == nil || n.y.Kind != yaml.MappingNode {
		return node{}
	}
	for i := 0; i+1 < len(n.y.Content); i += 2 {
		if n.y.Content[i].Value == key {
			return node{n.y.Content[i+1]}
		}
	}
	return node{}
}

func (n node) items() (out []node) {
	if n.y == nil || n.y.Kind != yaml.SequenceNode {
		return nil
	}
	for _, one := range n.y.Content {
		out = append(out, node{one})
	}
	return out
}

func (n node) text() string {
	if n.y == nil || n.y.Kind != yaml.ScalarNode || n.y.Tag == "!!null" || n.y.Tag == "!vault" {
		return ""
	}
	return n.y.Value
}

func (n node) line() int {
	if n.y == nil {
		return 1
	}
	return n.y.Line
}

// block reports whether a text begins on the line behind its place.
func (n node) block() bool {
	return n.y != nil && n.y.Style&(yaml.LiteralStyle|yaml.FoldedStyle) != 0
}
