package repo

import (
	"slices"
	"strings"
	"testing"

	"github.com/muster-nhi/muster/internal/inventory"
)

// servers is the configuration of one server that is given a token.
func servers(name, token string) string {
	return "{\"mcpServers\": {\"" + name + "\": {\"command\": \"npx\", \"env\": {\"GITHUB_TOKEN\": \"" + token + "\"}}}}\n"
}

// TestOneSecretOneCredential: what a declaration and the engine both see is one
// credential, which says how it lies open and where, and what uses it.
func TestOneSecretOneCredential(t *testing.T) {
	s := canary("declared")
	weak := "Tr0ub4dor-" + "and-3"
	b := newBuilder(t)
	b.commit("one", "app.env", "token = \""+s+"\"\n")
	b.commit("two", ".mcp.json", servers("hub", s), "tools/mcp.json", servers("hub", s))
	b.commit("three", "a/mcp.json", servers("weak", weak), "b/mcp.json", servers("weak", weak))
	r := scan(t, map[string]any{"path": b.dir})
	for _, value := range []string{s, weak} {
		var all []*inventory.Credential
		users := 0
		for _, x := range r.records {
			if x.Credential != nil && x.Credential.SecretHash == hashOf(value) {
				all = append(all, x.Credential)
			}
		}
		if len(all) != 1 {
			t.Fatalf("%d credentials of one secret, want 1", len(all))
		}
		for _, x := range r.records {
			if x.Consumer != nil && x.Consumer.Subject == all[0].ID {
				users++
			}
		}
		if c := all[0]; c.Exposure != "agent_config" || c.Store != "agent configuration" || c.AtHead != inventory.True || users != 2 {
			t.Errorf("exposure %q in %q, at head %v, %d consumers; want agent_config, 2", c.Exposure, c.Store, c.AtHead, users)
		}
	}
	if c := r.credential(s); places(c) != "app.env:1 at head\n.mcp.json:1 at head\ntools/mcp.json:1 at head\n" || c.Type != "github.token" {
		t.Errorf("%s found at %q", c.Type, places(c))
	}
	if c := r.credential(weak); len(c.FoundAt) != 2 {
		t.Errorf("found at %q, want both files", places(c))
	}
	for _, cov := range r.coverage() {
		n := 0
		for _, x := range r.records {
			if x.Credential != nil {
				n++
			}
		}
		if cov.Count != n {
			t.Errorf("coverage counts %d credentials, %d were emitted", cov.Count, n)
		}
	}
}

// TestSuppressedDeclaration: what is suppressed where it was found is not
// brought back by the declaration that holds it.
func TestSuppressedDeclaration(t *testing.T) {
	s := canary("declared")
	b := newBuilder(t)
	b.commit("one", ".mcp.json", servers("hub", s), ".gitleaksignore", ".mcp.json:github-pat:1\n")
	r := scan(t, map[string]any{"path": b.dir})
	if c := r.credential(s); c != nil {
		t.Errorf("%s is there, though it is suppressed", c.ID)
	}
	if c := r.only(t); c.Suppressed["gitleaksignore"] == 0 && len(c.Suppressed) == 0 {
		t.Error("the suppression is not counted")
	}
	for _, x := range r.records {
		if x.Consumer != nil && strings.Contains(x.Consumer.Subject, "GITHUB_TOKEN") {
			t.Errorf("%s uses a credential that is not listed", x.Consumer.ID)
		}
	}
}

// TestOwnersOfDeclared: CODEOWNERS and the author who last changed the file
// answer for what it declares.
func TestOwnersOfDeclared(t *testing.T) {
	b := newBuilder(t)
	workflow := "on: push\njobs:\n  a:\n    runs-on: x\n    steps:\n      - run: echo ${{ secrets.DEPLOY_TOKEN }}\n"
	b.commit("one", "CODEOWNERS", ".github/ @northwind/platform\n", ".github/workflows/ci.yml", workflow)
	b.author = "Bo Lind"
	b.commit("two", ".github/workflows/ci.yml", "# changed\n"+workflow)
	b.author = "Cy Moss"
	b.commit("three", "README", "hello\n")
	for name, config := range map[string]map[string]any{
		"all":             {"path": b.dir},
		"no working tree": {"path": b.dir, "worktree": false},
	} {
		t.Run(name, func(t *testing.T) {
			r := scan(t, config)
			got := map[string][]string{}
			for _, x := range r.records {
				if x.Owner != nil {
					got[x.Owner.Subject] = append(got[x.Owner.Subject], x.Owner.Method+" "+x.Owner.Owner+" "+string(x.Owner.Confidence))
				}
			}
			seen := 0
			for _, x := range r.records {
				if x.Identity == nil && x.Credential == nil {
					continue
				}
				seen++
				want := []string{
					"codeowners @northwind/platform " + string(inventory.ConfidenceHigh),
					"last_author Bo Lind <ada@northwind.example> " + string(inventory.ConfidenceLow),
				}
				if !slices.Equal(got[x.ID()], want) {
					t.Errorf("owners of %s: %q, want %q", x.ID(), got[x.ID()], want)
				}
			}
			if seen < 2 {
				t.Errorf("%d records, want the workflow and its secret", seen)
			}
		})
	}
}
