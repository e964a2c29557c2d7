package declared_test

import (
	"strings"
	"testing"
	"time"

	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/scanners/repo/declared"
)

func TestWants(t *testing.T) {
	for path, want := range map[string]bool{
		".github/workflows/ci.yml": true, ".mcp.json": true, "x/.cursor/mcp.json": true, "infra/main.tf": true, "infra/main.tf.json": true,
		".gitlab-ci.yml": true, "k8s/a.yaml": true, ".claude/agents/a.md": true, ".codex/config.toml": true, "claude_desktop_config.json": true,
		"main.go": false, "package.json": false, "README.md": false, "terraform.tfstate": false, "a.json": false, "": false,
	} {
		if got := declared.Wants(path); got != want {
			t.Errorf("%s: %v, want %v", path, got, want)
		}
	}
}

// TestBadInput gives parsers what breaks them: each file is a problem with a
// line, or nothing, and never a crash.
func TestBadInput(t *testing.T) {
	anchors := "apiVersion: v1\nkind: List\na: &a [x,x,x,x,x,x,x,x,x]\n"
	for c := 'b'; c <= 'j'; c++ {
		prev := string(c - 1)
		anchors += string(c) + ": &" + string(c) + " [" + strings.Repeat("*"+prev+",", 8) + "*" + prev + "]\n"
	}
	tests := []struct {
		name, path, content string
		line                int // of the first problem; -1 is no problem
		partial             bool
	}{
		{"broken YAML", ".github/workflows/a.yml", "on: push\njobs:\n  a: {b: [\n", 3, true},
		{"a list for a workflow", ".github/workflows/a.yml", "- a\n- b\n", -1, false},
		{"tabs", "k8s/a.yaml", "apiVersion: v1\nkind: Pod\n\tmetadata: x\n", 2, true},
		{"second document broken", "k8s/a.yaml", "apiVersion: v1\nkind: Pod\n---\na: b: c\n", 4, true},
		{"an alias of nothing", ".github/workflows/a.yml", "on: push\njobs:\n  j:\n    steps:\n      - env: *i\n", 1, true},
		{"bomb of aliases", ".github/workflows/a.yml", strings.Replace(anchors, "kind: List", "on: push", 1) + "jobs: {j: {steps: *j}}\n", 1, true},
		{"an alias of itself", ".github/workflows/a.yml", "on: push\njobs: &j {a: *j}\n", -1, false},
		{"deep YAML", "k8s/a.yaml", "apiVersion: v1\nkind: " + strings.Repeat("[", 20_000) + "\n", 2, false},
		{"manifest of what is not read", "k8s/a.yaml", "apiVersion: v1\nkind: Service\n\tmetadata: x\n", 2, false},
		{"values of a chart", "values.yaml", "apiVersion: v1\nkind: \"x\nrole: y\n", 2, false},
		{"manifest in test data", "pkg/testdata/a.yaml", "apiVersion: v1\nkind: Pod\n\tmetadata: x\n", 2, false},
		{"Terraform in test fixtures", "test-fixtures/a.tf", "resource \"aws_iam_user\" \"x\" {\n  name =\n}\n", 2, false},
		{"servers in Python's and JavaScript's test data", "a/__fixtures__/.mcp.json", "{\n\"mcpServers\": {\n\"a\" 1}}", 3, false},
		{"a file of that name is none", "testdata.tf", "resource \"aws_iam_user\" \"x\" {\n  name =\n}\n", 2, true},
		{"an editor's settings", ".vscode/settings.json", "{\n\"editor.tabSize\" 4}", 2, false},
		{"servers in an editor's settings", ".vscode/settings.json", "{\n\"mcp\" 4}", 2, true},
		{"template", "chart/templates/a.yaml", "apiVersion: v1\n{{- if .Values.x }}\nkind: Pod\n{{- end }}\n", 2, false},
		{"braces in quotes are no template", "k8s/a.yaml", "apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: a, annotations: {x: \"{{ $labels }}\"}}\n", -1, false},
		{"broken JSON", ".mcp.json", "{\n\"mcpServers\": {\n\"a\" 1}}", 3, true},
		{"JSON that is no object", ".mcp.json", "[1, 2]", -1, false},
		{"surrogates", ".mcp.json", `{"mcpServers": {"\ud83d\ude00": {"command": "x"}}}`, -1, false},
		{"deep JSON", ".mcp.json", strings.Repeat("[", 100_000), 0, true},
		{"broken TOML", ".codex/config.toml", "a = 1\nb = \n", 2, true},
		{"deep TOML", ".codex/config.toml", "a = " + strings.Repeat("[", 100_000), 0, true},
		{"broken HCL", "a.tf", "resource \"aws_iam_user\" \"x\" {\n  name =\n}\n", 2, true},
		{"deep HCL", "a.tf", "x = " + strings.Repeat("(", 100_000), 0, true},
		{"long run of not", "a.tf", "x = " + strings.Repeat("!", 100_000) + "true", 0, true},
		{"trust that is no policy", "a.tf", "resource \"aws_iam_role\" \"x\" {\n  assume_role_policy = \"nonsense\"\n}\n", 2, true},
		{"front matter without an end", ".claude/agents/a.md", "---\nname: x\n", 1, true},
		{"too large", "a.yaml", strings.Repeat("#", declared.MaxSize+1), 0, false},
		{"manifest too large", "a.yaml", "apiVersion: v1\nkind: Secret\n" + strings.Repeat("#", declared.MaxSize), 0, true},
		{"binary", "a.tf", "\x00\x01\x02", 1, true},
		{"empty", ".mcp.json", "", -1, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			start := time.Now()
			records, problems := declared.Parse(declared.File{Scope: "local/x", Path: tt.path, Content: []byte(tt.content)})
			if took := time.Since(start); took > time.Minute {
				t.Errorf("took %v", took)
			}
			for _, r := range records {
				if err := r.Validate(); err != nil {
					t.Errorf("%s: %v", r.ID(), err)
				}
			}
			switch {
			case tt.line < 0 && len(problems) > 0:
				t.Errorf("problem %s", problems[0])
			case tt.line >= 0 && len(problems) == 0:
				t.Error("no problem")
			case tt.line >= 0 && (problems[0].Line != tt.line || problems[0].Partial != tt.partial):
				t.Errorf("problem %s (partial %v), want line %d (%v)", problems[0], problems[0].Partial, tt.line, tt.partial)
			}
			for _, p := range problems {
				if strings.Contains(p.Message, "gave up") {
					t.Errorf("a parser panicked: %s", p)
				}
			}
		})
	}
}

// TestProblemQuotesNothing plants a secret where a parser stumbles over it.
func TestProblemQuotesNothing(t *testing.T) {
	canary := canaries()["@@GENERIC@@"]
	for path, content := range map[string]string{
		".github/workflows/a.yml": "a: 'x\nb: " + canary + "'" + canary + ": [",
		".mcp.json":               `{"a": "` + canary + `" "` + canary + `"}`,
		".codex/config.toml":      "a = " + canary + "\n",
		"a.tf":                    "resource \"" + canary + "\" {\n a = " + canary + " " + canary + "\n",
		"b.tf":                    "resource \"aws_iam_role\" \"x\" {\n assume_role_policy = \"" + canary + "\"\n}\n",
	} {
		_, problems := declared.Parse(declared.File{Scope: "local/x", Path: path, Content: []byte(content)})
		if len(problems) == 0 {
			t.Errorf("%s: no problem", path)
		}
		for _, p := range problems {
			if strings.Contains(p.String(), canary[:8]) {
				t.Errorf("%s: a problem quotes the file", path)
			}
		}
	}
}

// TestDeterministic parses the same files twice.
func TestDeterministic(t *testing.T) {
	content := "jobs:\n  a:\n    env: {A: '${{ secrets.B }}', C: '${{ secrets.D }}', E: '${{ secrets.F }}'}\n"
	var last string
	for range 5 {
		records, problems := declared.Parse(declared.File{Scope: "local/x", Path: ".github/workflows/a.yml", Content: []byte(content), Hash: hash})
		got := dump(t, records, problems)
		if last != "" && got != last {
			t.Fatalf("differs:\n%s\n%s", last, got)
		}
		last = got
	}
}

// fuzzed runs one family of parsers over any bytes.
func fuzzed(f *testing.F, path string, seeds ...string) {
	f.Helper()
	for _, s := range seeds {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, content []byte) {
		records, problems := declared.Parse(declared.File{Scope: "github.com/northwind/robots", Path: path, Content: content, Hash: hash})
		seen := make(map[string]bool)
		for _, r := range records {
			if err := r.Validate(); err != nil {
				t.Errorf("%s: %v", r.Kind(), err)
			}
			if id := r.ID(); id != "" && seen[id] {
				t.Error("an id is given twice")
			} else {
				seen[id] = true
			}
			if r.Kind() == inventory.KindUsage || r.Kind() == inventory.KindCoverage {
				t.Errorf("emits %s", r.Kind())
			}
		}
		for _, p := range problems {
			if strings.Contains(p.Message, "gave up") || strings.Contains(p.Message, "no record that holds it") {
				t.Errorf("%s", p)
			}
		}
	})
}

func FuzzActions(f *testing.F) {
	fuzzed(f, ".github/workflows/a.yml", "on: push\npermissions: read-all\njobs:\n  a:\n    permissions: {contents: write}\n    environment: prod\n    steps:\n      - uses: a/b@v1\n        with: {x: '${{ secrets.Y }}'}\n", "jobs: &a {b: *a}")
}

func FuzzGitLab(f *testing.F) {
	fuzzed(f, ".gitlab-ci.yml", "a:\n  id_tokens: {T: {aud: x}}\n  secrets: {S: {vault: a/b}}\n  variables: {API_TOKEN: abcdefghij}\n  script: [echo $DB_PASSWORD]\n")
}

func FuzzKubernetes(f *testing.F) {
	fuzzed(f, "a.yaml", "apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: a}\n---\napiVersion: x\nkind: RoleBinding\nmetadata: {name: b}\nroleRef: {kind: Role, name: c}\nsubjects: [{kind: ServiceAccount, name: a}]\n", "apiVersion: v1\nkind: Secret\nmetadata: {name: a}\ndata: {a: Yg==}\n")
}

func FuzzTerraform(f *testing.F) {
	fuzzed(f, "a.tf", "resource \"aws_iam_role\" \"x\" {\n  assume_role_policy = jsonencode({Statement = [{Effect = \"Allow\", Action = \"sts:AssumeRole\", Principal = {AWS = \"*\"}}]})\n}\n", "data \"aws_iam_policy_document\" \"d\" {\n statement {\n actions = [\"*\"]\n }\n}\n", "provider \"x\" {\n token = \"abcdefghijkl\"\n}\n")
}

func FuzzTerraformJSON(f *testing.F) {
	fuzzed(f, "a.tf.json", `{"resource": {"aws_iam_user": {"j": {"name": "j", "tags": {"Owner": "x"}}}}, "provider": {"aws": [{"secret_key": "abcdefghijkl"}]}}`,
		`{"resource": {"aws_iam_user": {"k": {"tags": {"": "x"}}}}}`)
}

func FuzzAgentJSON(f *testing.F) {
	fuzzed(f, ".mcp.json", `{"mcpServers": {"a": {"command": "npx", "args": ["--token=abcdefghij"], "env": {"API_KEY": "${K}"}}, "b": {"url": "https://x/?key=abcdefgh"}}, /* c */ }`)
}

func FuzzAgentTOML(f *testing.F) {
	fuzzed(f, ".codex/config.toml", "[mcp_servers.a]\ncommand = \"x\"\nenv = {TOKEN = \"abcdefghij\"}\n")
}

func FuzzAgentMarkdown(f *testing.F) {
	fuzzed(f, ".claude/agents/a.md", "---\nname: a\ntools: [x]\nmcpServers: {b: {command: c}}\n---\nText\n")
}
