package cli

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"hash/crc32"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/internal/report"
)

// A planted is a secret that was put into the repository of TestNoSecretLeaks.
type planted struct {
	name  string
	value string // as a detector reports it; hashed to see whether it was found
	found bool   // whether a scan must find it
}

// A planter makes the repository and remembers what it planted.
type planter struct {
	t      *testing.T
	dir    string
	search leakSearch
	list   []planted
}

// letters returns made-up letters and digits, always the same for a name.
func letters(name string, n int) string {
	var b strings.Builder
	for i := byte(0); b.Len() < n; i++ {
		sum := sha256.Sum256([]byte{'m', i, byte(len(name))})
		sum = sha256.Sum256(append(sum[:], name...))
		b.WriteString(strings.NewReplacer("+", "", "/", "", "=", "").Replace(base64.StdEncoding.EncodeToString(sum[:])))
	}
	return b.String()[:n]
}

// secret makes a secret of a prefix that is public and n made-up characters.
func (p *planter) secret(name, prefix string, n int) string {
	return p.value(name, prefix, letters(name, n), false)
}

// seen is a secret that a scan must find.
func (p *planter) seen(name, prefix string, n int) string {
	return p.value(name, prefix, letters(name, n), true)
}

func (p *planter) value(name, prefix, body string, found bool) string {
	p.search.add(name, body)
	p.list = append(p.list, planted{name, prefix + body, found})
	return prefix + body
}

// token is a made-up GitHub token: its form alone gives it away.
func (p *planter) token(name string) string { return p.value(name, "gh"+"p_", tokenBody(name), true) }

// tokenBody returns what stands behind a GitHub token's prefix, its checksum
// right: one that is wrong is no secret.
func tokenBody(name string) string {
	const digits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	body := letters(name, 30)
	sum, tail := crc32.ChecksumIEEE([]byte(body)), []byte("000000")
	for i := len(tail) - 1; i >= 0; i-- {
		tail[i] = digits[sum%62]
		sum /= 62
	}
	return body + string(tail)
}

// name is a token where a scan need not find it, and must not show it.
func (p *planter) name(name string) string { return p.value(name, "gh"+"p_", tokenBody(name), false) }

func (p *planter) write(name, content string) {
	p.t.Helper()
	path := filepath.Join(p.dir, filepath.FromSlash(name))
	if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, []byte(content), 0o600)); err != nil {
		p.t.Fatalf("write %q", filepath.Ext(name))
	}
}

func (p *planter) git(args ...string) {
	p.t.Helper()
	p.gitAs("Dana Reyes <dana@northwind.example>", args...)
}

func (p *planter) gitAs(author string, args ...string) {
	p.t.Helper()
	name, mail, _ := strings.Cut(author, " <")
	mail = strings.TrimSuffix(mail, ">")
	c := exec.CommandContext(p.t.Context(), "git", args...)
	c.Dir = p.dir
	c.Env = []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + p.t.TempDir(), "GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_GLOBAL=" + os.DevNull,
		"GIT_AUTHOR_NAME=" + name, "GIT_AUTHOR_EMAIL=" + mail, "GIT_AUTHOR_DATE=2026-01-10T10:00:00Z",
		"GIT_COMMITTER_NAME=" + name, "GIT_COMMITTER_EMAIL=" + mail, "GIT_COMMITTER_DATE=2026-01-10T10:00:00Z",
	}
	if err := c.Run(); err != nil {
		p.t.Fatalf("git %s: %v", args[0], err)
	}
}

// commit commits all files under a subject.
func (p *planter) commit(message string) {
	p.t.Helper()
	p.git("add", "-A")
	p.git("commit", "-q", "--allow-empty", "-m", message)
}

func pem(kind, body string) string {
	var b strings.Builder
	b.WriteString("-----BEGIN " + kind + "-----\n")
	for ; len(body) > 64; body = body[64:] {
		b.WriteString(body[:64] + "\n")
	}
	return b.String() + body + "\n-----END " + kind + "-----\n"
}

// files plants secrets in the content of files.
func (p *planter) files() {
	key := func(name string) string { return strings.ReplaceAll(letters(name, 600), "_", "x") }
	private := "PRIVATE " + "KEY"
	awsSecret := p.secret("AWS secret", "", 40)
	p.write("deploy/aws.env", "AWS_ACCESS_KEY_ID="+accessKey()+"\nAWS_SECRET_ACCESS_KEY="+awsSecret+"\n")
	p.write("home/credentials", "[default]\naws_access_key_id = "+accessKey()+"\naws_secret_access_key = "+p.secret("AWS in an ini file", "", 40)+"\n")
	p.write("keys/rsa.pem", pem("RSA "+private, p.secret("PEM key", "", 600)))
	p.write("keys/id_ed25519", pem("OPENSSH "+private, p.secret("OpenSSH key", "b3Blbn"+"NzaC1r"+"ZXktdjEA", 300)))
	header := base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"HS256","typ":"JWT"}`))
	payload := base64.RawURLEncoding.EncodeToString([]byte(`{"iss":"northwind","sub":"ci","exp":1900000000}`))
	p.write("src/session.txt", "jwt: "+p.seen("JWT", header+"."+payload+".", 43)+"\n")
	gcp := map[string]string{
		"type": "service_account", "project_id": "northwind-prod", "private_key_id": hex.EncodeToString([]byte(letters("kid", 20))),
		"private_key": pem(private, p.secret("GCP key", "MIIEvQ", 600)), "client_email": "ci@northwind-prod.iam.gserviceaccount.com",
	}
	doc, _ := json.MarshalIndent(gcp, "", "  ")
	p.write("gcp/key.json", string(doc))
	p.write("db.yaml", "url: postgres://app:"+p.secret("connection string", "", 24)+"@db.northwind.example:5432/main\n")
	p.write("app.properties", "spring.datasource.password="+p.secret("properties", "", 24)+"\nmongo=mongodb+srv://root:"+p.secret("mongo", "", 20)+"@c.northwind.example/x\n")
	p.write(".npmrc", "//npm.northwind.example/:_authToken="+p.value("npm token", "npm"+"_", tokenBody("npm token"), true)+"\n")
	login := base64.StdEncoding.EncodeToString([]byte("robot:" + p.secret("docker login", "", 24)))
	p.write(".docker/config.json", `{"auths":{"registry.northwind.example":{"auth":"`+login+`"}}}`)
	p.write(".netrc", "machine git.northwind.example login robot password "+p.secret("netrc", "", 24)+"\n")
	p.write("wp-config.php", "define('DB_PASSWORD', '"+p.secret("PHP", "", 28)+"');\n")
	p.write("run.sh", "curl -u robot:"+p.secret("curl", "", 24)+" https://api.northwind.example\ncurl https://robot:"+p.secret("URL login", "", 24)+"@api.northwind.example/x\n")
	p.write("slack.txt", "hook https://hooks.slack.com/services/"+"T01ABCDEFGH/B01ABCDEFGH/"+p.secret("slack hook", "", 24)+"\n")
	p.write("llm.env", "ANTHROPIC_API_KEY="+p.secret("LLM key", "sk-"+"ant-api03-", 93)+"AA\nSTRIPE_KEY="+p.seen("stripe", "sk"+"_live_", 24)+"\n")
	p.write("gitlab.env", "TOKEN="+p.seen("gitlab token", "gl"+"pat-", 20)+"\n")
	p.write("azure.env", "AZURE_CLIENT_ID=11111111-2222-3333-4444-555555555555\nAZURE_CLIENT_SECRET="+p.secret("azure secret", "abc8Q~", 34)+"\n")
	p.write("storage.cs", `var c = "DefaultEndpointsProtocol=https;AccountName=northwind;AccountKey=`+p.secret("storage key", "", 86)+`==;EndpointSuffix=core.windows.net";`+"\n")
	p.write("hex.env", "SECRET_KEY_BASE="+hex.EncodeToString([]byte(p.secret("hex key", "", 32)))+"\nAPI_TOKEN="+p.secret("generic", "", 40)+"\n")
	p.write("encoded.txt", "blob: "+base64.StdEncoding.EncodeToString([]byte("token="+p.token("base64 token")+"\n"))+"\nhex: "+
		hex.EncodeToString([]byte("token="+p.token("hex token")+"\n"))+"\nurl: token%3D"+strings.Replace(p.token("URL token"), "_", "%5F", 1)+"\n")
	p.write("wide.reg", "\xff\xfe"+asWide("token="+p.token("UTF-16 token")+"\r\n"))
	p.write("core.dat", "\x00\x01\x02\xff\x00"+p.token("binary token")+"\x00\x00\x03")
	p.write("long.min.js", "var a='"+strings.Repeat("lorem ipsum ", 9000)+p.token("long line")+"';\n")
	p.write("key.b64", base64.StdEncoding.EncodeToString([]byte(pem(private, key("encoded key"))))+"\n")
	p.search.add("encoded key", key("encoded key"))
}

// declarations plants secrets where identities are declared.
func (p *planter) declarations() {
	p.write(".mcp.json", `{"mcpServers":{"one":{"command":"npx -y @northwind/mcp --key `+p.secret("MCP command", "", 30)+`","args":["--token","`+p.secret("MCP argument", "", 30)+
		`","--api-key=`+p.secret("MCP flag", "", 30)+`","--header","Authorization: Bearer `+p.secret("MCP header argument", "", 30)+`","`+p.secret("MCP bare argument", "", 30)+
		`"],"env":{"API_TOKEN":"`+p.secret("MCP env", "", 30)+`","DSN":"https://`+p.secret("MCP DSN", "", 30)+`@sentry.northwind.example/1"}},
		"two":{"url":"https://u:`+p.secret("MCP URL login", "", 30)+`@mcp.northwind.example/sse/`+p.secret("MCP URL path", "", 30)+`?key=`+p.secret("MCP URL query", "", 30)+`#`+p.secret("MCP URL fragment", "", 30)+
		`","headers":{"Authorization":"Bearer `+p.secret("MCP header", "", 30)+`","X-Key":"`+p.secret("MCP X-Key", "", 30)+`"}},
		"`+p.token("MCP server name")+`":{"command":"x"}}}`)
	p.write("k8s/secret.yaml", "apiVersion: v1\nkind: Secret\nmetadata: {name: db, namespace: prod, annotations: {note: "+p.secret("annotation", "", 30)+"}}\ndata:\n  password: "+
		base64.StdEncoding.EncodeToString([]byte(p.secret("k8s data", "", 30)))+"\nstringData:\n  token: "+p.secret("k8s stringData", "", 30)+
		"\n---\napiVersion: v1\nkind: ServiceAccount\nmetadata: {name: robot, namespace: prod, labels: {x: "+p.token("k8s label")+"}, annotations: {iam.gke.io/x: "+p.token("k8s annotation")+"}}\n")
	p.write("k8s/deploy.yaml", "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: api}\nspec:\n  template:\n    spec:\n      serviceAccountName: robot\n      containers:\n      - name: api\n        image: https://robot:"+
		p.secret("image", "", 24)+"@registry.northwind.example/api\n        args: [--password="+p.secret("container argument", "", 30)+"]\n        env:\n        - {name: DB_PASSWORD, value: "+p.secret("container env", "", 30)+"}\n")
	p.write(".github/workflows/ci.yml", "name: ci "+p.token("workflow name")+"\non: push\nenv:\n  API_TOKEN: "+p.secret("workflow env", "", 30)+"\njobs:\n  build:\n    environment: {name: prod, url: https://x:"+p.secret("environment URL", "", 24)+
		"@e.example}\n    runs-on: ubuntu-latest\n    permissions: {contents: write}\n    container: {image: private, credentials: {username: robot, password: "+p.secret("container login", "", 24)+
		"}}\n    steps:\n    - uses: third/party@"+p.token("action reference")+"\n      with: {token: "+p.secret("workflow with", "", 30)+", role-to-assume: arn:aws:iam::111122223333:role/ci}\n    - uses: docker://u:"+p.secret("docker image", "", 24)+"@r.example/i:1\n    - run: echo "+p.secret("run step", "", 30)+" ${{ secrets.DEPLOY_TOKEN }}\n")
	p.write(".gitlab-ci.yml", "variables: {API_TOKEN: "+p.secret("GitLab variable", "", 30)+"}\ndeploy:\n  image: {name: 'https://x:"+p.secret("GitLab image", "", 24)+"@r.example/i'}\n  id_tokens: {T: {aud: '"+p.token("GitLab audience")+"'}}\n  environment: {name: prod, url: 'https://u:"+p.secret("GitLab URL", "", 24)+"@e.example'}\n  script: ['deploy --password "+p.secret("GitLab script", "", 30)+" $DEPLOY_TOKEN']\n")
	p.write("infra/main.tf", "provider \"datadog\" {\n  api_key = \""+p.secret("provider", "", 32)+"\"\n}\nresource \"aws_iam_user\" \"ci\" {\n  name = \"ci\"\n  tags = { note = \""+p.token("Terraform tag")+"\" }\n}\nresource \"aws_db_instance\" \"db\" {\n  password = \""+p.secret("Terraform password", "", 30)+
		"\"\n}\nresource \"kubernetes_secret\" \"s\" {\n  data = { token = \""+p.secret("Terraform data", "", 30)+"\" }\n}\nvariable \"admin_password\" {\n  default = \""+p.secret("Terraform default", "", 30)+"\"\n}\nresource \"aws_iam_role\" \"r\" {\n  name = \"r\"\n  description = \""+p.token("Terraform description")+
		"\"\n  assume_role_policy = jsonencode({Statement=[{Effect=\"Allow\",Action=\"sts:AssumeRole\",Principal={AWS=\"111122223333\"},Condition={StringEquals={\"sts:ExternalId\"=\"northwind\"}}}]})\n}\n")
	p.write(".claude/agents/a.md", "---\nname: helper\ndescription: uses "+p.token("agent description")+"\ntools: [Bash]\n---\nKey "+p.token("agent text")+"\n")
	p.write(".codex/config.toml", "[mcp_servers.a]\ncommand = \"x\"\nargs = [\"--password="+p.secret("codex argument", "", 30)+"\"]\nenv = {TOKEN = \""+p.secret("codex env", "", 30)+"\"}\n")
}

// broken plants secrets where a parser stumbles, and in the scanner's own
// configuration.
func (p *planter) broken() {
	p.write(".github/workflows/bad.yml", "a: 'x\nb: "+p.token("broken workflow")+": [\n\t"+p.secret("broken workflow, generic", "", 30)+"\n")
	p.write("k8s/bad.yaml", "apiVersion: v1\nkind: Secret\ndata: {a: &"+p.secret("YAML anchor", "", 30)+" x, b: *"+p.secret("YAML alias", "", 30)+"}\n!!"+p.secret("YAML tag", "", 30)+" [\n")
	p.write("k8s/data.yaml", "apiVersion: v1\nkind: Secret\nmetadata: {name: x}\ndata: {a: '!"+p.secret("bad base64", "", 30)+"'}\n")
	p.write("infra/bad.tf", "resource \""+p.secret("HCL label", "", 30)+"\" {\n a = "+p.secret("HCL name", "x", 30)+" "+p.token("HCL text")+"\n")
	p.write("infra/role.tf", "resource \"aws_iam_role\" \"x\" {\n assume_role_policy = \"{ "+p.secret("bad policy", "", 30)+"\"\n}\n")
	p.write(".cursor/mcp.json", `{"mcpServers": {"a": {"env": {"TOKEN": "`+p.secret("broken JSON", "", 30)+`" "`+p.token("broken JSON, token")+`"}}}`)
	p.write("x/.codex/config.toml", "a = "+p.secret("broken TOML", "", 30)+"\n[mcp_servers."+p.secret("TOML key", "", 30)+"\n")
	p.write(".gitleaks.toml", "title = \""+p.secret("rules' title", "", 30)+"\"\n[[rules]]\nid = \""+p.name("rule id")+"\"\nregex = '''("+p.secret("bad pattern", "", 30)+"'''\n[extend]\npath = \""+p.secret("extended path", "", 30)+"\"\n")
	p.write(".gitleaksignore", p.secret("ignore line", "", 30)+"\na:"+p.token("ignored rule")+":1\n")
	p.write("CODEOWNERS", "* @"+p.token("code owner")+"\n/deploy/ "+p.token("second code owner")+"@northwind.example\n["+p.token("bad owners line")+"\n!"+p.token("excluded owners line")+"\n")
	p.write(".mailmap", "Dana "+p.token("mailmap")+" <dana2@northwind.example> <x@northwind.example>\n")
	p.write(".gitmodules", "[submodule \"lib\"]\n\tpath = lib\n\turl = https://robot:"+p.secret("submodule login", "", 24)+"@git.northwind.example/lib.git\n")
}

// names plants secrets where text of people stands: names of files, branches,
// tags and authors, messages, notes and remotes.
func (p *planter) names() {
	p.write("dump/"+p.name("file name")+".txt", "token="+p.token("in a named file")+"\n")
	p.write(p.name("directory name")+"/mcp.json", `{"mcpServers":{"a":{"command":"x","env":{"API_TOKEN":"`+p.secret("in a named directory", "", 30)+`"}}}}`)
	p.write(p.name("declaring directory")+"/x.tf", "resource \"aws_iam_user\" \"u\" {\n  name = \"u\"\n}\nprovider \"x\" {\n token = \""+p.secret("in a declaring directory", "", 30)+"\"\n}\n")
	p.write("n/"+p.name("file name with a newline")+"\n.env", "token="+p.token("in a file with a newline")+"\n")
	p.write(p.name("name of a broken file")+".tf", "x = (\n")
	p.commit("second\n\nuse " + p.token("commit message") + "\n\nSigned-off-by: " + p.token("trailer"))
	p.write("author.env", "token="+p.token("by a named author")+"\n")
	p.git("add", "-A")
	p.gitAs("Robot "+p.name("author name")+" <"+strings.ToLower(p.name("author mail"))+"@northwind.example>", "commit", "-q", "-m", "third")
	p.git("branch", "fix/"+p.name("branch name"))
	p.git("tag", "-a", "-m", "release "+p.token("tag message"), "v1-"+p.name("tag name"))
	p.git("tag", "light-"+p.name("light tag name"))
	p.git("notes", "add", "-m", "note "+p.token("note"))
	p.write("stash.env", "token="+p.token("stash")+"\n")
	p.git("add", "-A")
	p.git("stash", "push", "-q", "-m", "wip "+p.token("stash message"))
	p.write("untracked.env", "token="+p.token("untracked")+"\n")
	p.git("config", "remote.origin.url", "https://robot:"+p.secret("remote login", "", 24)+"@git.northwind.example/robots.git")
	p.git("config", "remote.other.url", "ssh://"+p.name("other remote")+"@git.northwind.example/x")
	p.git("config", "user.email", p.name("configured mail")+"@northwind.example")
	p.git("config", "http.extraHeader", "Authorization: Basic "+p.secret("extra header", "", 40))
}

// TestNoSecretLeaks plants many secrets of all kinds in all places of a
// repository, runs every command that could show one, and looks for each in
// all that comes out and in all that stays on disk.
func TestNoSecretLeaks(t *testing.T) {
	p := &planter{t: t, dir: filepath.Join(t.TempDir(), "robots")}
	if err := os.Mkdir(p.dir, 0o700); err != nil {
		t.Fatal(err)
	}
	p.git("init", "-q", "-b", "main")
	p.files()
	p.declarations()
	p.broken()
	p.commit("first")
	p.names()
	if len(p.list) < 60 {
		t.Fatalf("only %d secrets were planted", len(p.list))
	}
	temp := t.TempDir()
	t.Setenv("TMPDIR", temp)
	key := [32]byte{1, 2, 3}
	out := t.TempDir()
	w := world(t, nil, nil)
	home := w.Dir
	w.Getenv = func(k string) string {
		return map[string]string{"HOME": home, "MUSTER_KEY": hex.EncodeToString(key[:])}[k]
	}
	run := func(args ...string) string {
		t.Helper()
		var stdout, stderr bytes.Buffer
		w.Stdout, w.Stderr = &stdout, &stderr
		status := Run(w, args)
		p.search.check(t, "standard output of muster "+strings.Join(args[:min(2, len(args))], " "), stdout.Bytes())
		p.search.check(t, "standard error of muster "+strings.Join(args[:min(2, len(args))], " "), stderr.Bytes())
		if status == exitUsage {
			t.Errorf("muster %s failed", args[0])
			if len(p.search.in(stderr.Bytes())) == 0 {
				t.Log(stderr.String())
			}
		}
		return stdout.String()
	}
	args := []string{"scan", p.dir, "--verbose", "--log-format", "json", "--allow-partial", "--fail-on", "never"}
	for _, f := range report.Formats() {
		args = append(args, "-o", f.Name+"="+filepath.Join(out, "full."+f.Name))
	}
	run(args...)
	jsonl, err := os.ReadFile(filepath.Join(out, "full.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	hash := inventory.NewHasher(key)
	for _, s := range p.list {
		if s.found && !bytes.Contains(jsonl, []byte(hash([]byte(s.value)))) {
			t.Errorf("the secret %s was not found", s.name)
		}
	}
	t.Logf("%d planted, %d records", len(p.list), bytes.Count(jsonl, []byte("\n")))
	for _, id := range ids(jsonl) {
		run("explain", id)
	}
	run("scan", p.dir, "--redact", "--allow-partial", "--fail-on", "never", "-o", "html="+filepath.Join(out, "redacted.html"))
	for _, how := range [][]string{{"--no-history"}, {"--no-worktree"}, {"--staged"}, {"--since", "2020-01-01"}} {
		run(append([]string{"scan", p.dir, "--allow-partial", "--fail-on", "never", "--verbose", "-o", "json"}, how...)...)
	}
	bare := filepath.Join(t.TempDir(), "mirror.git")
	p.git("clone", "-q", "--mirror", p.dir, bare)
	run("scan", bare, "--allow-partial", "--fail-on", "never", "-o", "json")
	if err := os.RemoveAll(filepath.Join(p.dir, ".git")); err != nil {
		t.Fatal(err)
	}
	run("scan", p.dir, "--allow-partial", "--fail-on", "never", "-o", "json")
	run("inventory")
	run("inventory", "-o", "jsonl")
	run("findings", "-o", "json")
	run("controls")
	run("report", "-o", "markdown")
	run("snapshot", "show")
	run("snapshot", "list")
	run("snapshot", "diff")
	run("snapshot", "export", "--file", filepath.Join(out, "snapshot.zip"))
	p.search.checkTree(t, "reports", out)
	p.search.checkTree(t, "temporary files", temp)
	p.search.checkTree(t, "state", home)
}

// ids returns some subjects of findings of a recorded scan, spread over all.
func ids(jsonl []byte) []string {
	seen := map[string]bool{}
	for line := range bytes.Lines(jsonl) {
		var r struct{ Finding struct{ Subject string } }
		if json.Unmarshal(line, &r) == nil && r.Finding.Subject != "" {
			seen[r.Finding.Subject] = true
		}
	}
	all := slices.Sorted(maps.Keys(seen))
	var out []string
	const some = 6
	for i := range min(some, len(all)) {
		out = append(out, all[i*len(all)/some])
	}
	return out
}
