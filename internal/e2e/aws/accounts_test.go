//go:build e2e

package aws

import (
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/muster-nhi/muster/internal/e2e/peer"
	"github.com/muster-nhi/muster/internal/inventory"
)

// management is the account of an organisation that scans the others.
const management = "333344445555"

// organization makes an organisation of some accounts, each with a role to be
// assumed, and a policy that holds for one of them. It returns their ids.
func organization(t testing.TB, w *world) []string {
	t.Helper()
	if w.ready[management] {
		t.Fatal("one test has the organisation")
	}
	w.ready[management] = true
	w.call(t, management, "organizations", "create_organization", map[string]any{"FeatureSet": "ALL"})
	text := func(params map[string]any) string {
		data, err := json.Marshal(params)
		if err != nil {
			t.Fatal(err)
		}
		return string(data)
	}
	everybody := text(map[string]any{"Version": "2012-10-17", "Statement": []any{map[string]any{
		"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": map[string]any{"AWS": "arn:aws:iam::" + management + ":root"},
	}}})
	admin := text(map[string]any{"Version": "2012-10-17", "Statement": []any{map[string]any{"Effect": "Allow", "Action": "*", "Resource": "*"}}})
	never := text(map[string]any{"Version": "2012-10-17", "Statement": []any{map[string]any{"Effect": "Deny", "Action": "*", "Resource": "*"}}})
	var out []string
	for _, name := range []string{"robots", "maps", "billing"} {
		made, _ := w.call(t, management, "organizations", "create_account", map[string]any{"AccountName": name, "Email": name + "@northwind.example"}).(map[string]any)
		status, _ := made["CreateAccountStatus"].(map[string]any)
		id, _ := status["AccountId"].(string)
		if id == "" {
			t.Fatalf("moto made no account: %v", made)
		}
		for _, role := range []string{"muster", "boss"} {
			w.call(t, id, "iam", "create_role", map[string]any{"RoleName": role, "AssumeRolePolicyDocument": everybody})
		}
		w.call(t, id, "iam", "put_role_policy", map[string]any{"RoleName": "boss", "PolicyName": "all", "PolicyDocument": admin})
		w.call(t, id, "secretsmanager", "create_secret", map[string]any{"Name": "app", "SecretString": canaries()[0]})
		out = append(out, id)
	}
	made, _ := w.call(t, management, "organizations", "create_policy", map[string]any{
		"Name": "nothing", "Description": "nothing", "Type": "SERVICE_CONTROL_POLICY", "Content": never,
	}).(map[string]any)
	policy, _ := made["Policy"].(map[string]any)
	summary, _ := policy["PolicySummary"].(map[string]any)
	w.call(t, management, "organizations", "attach_policy", map[string]any{"PolicyId": summary["Id"], "TargetId": out[2]})
	return out
}

// TestE2EAccounts scans the accounts of an organisation: all, with one that cannot
// be entered, and once more after the first run was killed in the middle.
func TestE2EAccounts(t *testing.T) {
	w := emulator(t)
	ids := organization(t, w)
	p := newProxy(t, w, management)
	config := filepath.Join(t.TempDir(), "muster.yaml")
	text := "sources:\n  - source: aws\n    organization: true\n    role_name: muster\n    external_id: northwind\n    details: none\n    parallel: 1\n    regions: [" + region + "]\n"
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	args := []string{"--config", config, "--store", "none"}
	whole := p.home(t).Scan(t, args...)
	if got := scopes(whole); len(got) != 4 {
		t.Fatalf("status %d, scopes %v: %s", whole.Status, got, whole.Stderr)
	}
	t.Run("policies of the organisation", func(t *testing.T) {
		levels := map[string]inventory.Level{}
		for _, rec := range whole.Records {
			if g := rec.Grant; g != nil && strings.HasSuffix(g.Principal, ":role/boss") && g.Name == "all" {
				levels[strings.Split(g.Principal, ":")[5]] = g.Level
			}
		}
		if levels[ids[0]] != "admin" || levels[ids[2]] == "admin" {
			t.Errorf("levels of a role that may do everything, which the organisation forbids in %s: %v", ids[2], levels)
		}
	})
	t.Run("one denied", func(t *testing.T) {
		p.begin()
		p.before = func(c *call) *answer {
			if c.action == "sts:AssumeRole" && strings.Contains(c.form.Get("RoleArn"), ids[1]) {
				return denied(c)
			}
			return nil
		}
		r := p.home(t).Scan(t, args...)
		if r.Status != 3 {
			t.Errorf("status %d: %s", r.Status, r.Stderr)
		}
		told := false
		for _, c := range coverage(r) {
			if c.Scope == "aws:"+ids[1] {
				told = true
				if c.Status == inventory.StatusComplete || !strings.Contains(c.Reason, "muster") {
					t.Errorf("%s of it is %s: %s", c.Kind, c.Status, c.Reason)
				}
			}
		}
		if got := scopes(r); !told || len(got) != 4 {
			t.Errorf("scopes %v", got)
		}
	})
	t.Run("killed", func(t *testing.T) {
		state := t.TempDir()
		p.begin()
		cmd := p.home(t).Command(t, append([]string{"scan", "--no-progress", "-o", "jsonl", "--resume", state}, args...)...)
		// Accounts are read one after the other, by id, and the ids are random: of
		// those that are only entered to be read the second is in the middle.
		order := slices.Sorted(slices.Values(ids))
		var once sync.Once
		killed := make(chan struct{})
		p.before = func(c *call) *answer {
			if c.account == order[1] && c.action == "iam:GetAccountAuthorizationDetails" {
				once.Do(func() {
					_ = cmd.Process.Kill()
					close(killed)
				})
			}
			select {
			case <-killed: // no more answers
				<-c.request.Context().Done()
				return &answer{status: http.StatusServiceUnavailable}
			default:
				return nil
			}
		}
		if err := cmd.Run(); err == nil {
			t.Fatal("it was not killed")
		}
		p.begin()
		r := p.home(t).Scan(t, append(args, "--resume", state)...)
		if diff := cmp.Diff(whole.Things(t), r.Things(t)); diff != "" {
			t.Errorf("what two halves found (-whole +two halves):\n%.2000s", diff)
		}
		again := map[string]bool{}
		for _, c := range p.calls {
			again[c.account] = true
		}
		if again[order[0]] || !again[order[1]] || !again[order[2]] {
			t.Errorf("it was killed in the second of %v, and the second run asked in %v", order, again)
		}
	})
	whole.Clean(t, canaries())
}

// scopes returns the accounts of which something was told.
func scopes(r peer.Run) map[string]bool {
	out := map[string]bool{}
	for _, c := range coverage(r) {
		out[c.Scope] = true
	}
	return out
}
