package live_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/scanners/aws/live"
	"github.com/muster-nhi/muster/scanners/aws/live/fake"
	"github.com/muster-nhi/muster/scanners/aws/object"
)

// dump writes an estate as text, without what is empty.
func dump(t *testing.T, e *object.Estate) []byte {
	t.Helper()
	data, err := json.Marshal(e)
	if err != nil {
		t.Fatal(err)
	}
	var tree any
	if err := json.Unmarshal(data, &tree); err != nil {
		t.Fatal(err)
	}
	out, err := json.MarshalIndent(prune(tree), "", " ")
	if err != nil {
		t.Fatal(err)
	}
	return append(out, '\n')
}

// prune takes out what is empty; nil if that is all.
func prune(tree any) any {
	switch x := tree.(type) {
	case map[string]any:
		for k, v := range x {
			if x[k] = prune(v); x[k] == nil {
				delete(x, k)
			}
		}
		if len(x) == 0 {
			return nil
		}
	case []any:
		for i := range x {
			x[i] = prune(x[i])
		}
		if len(x) == 0 {
			return nil
		}
	case string:
		if x == "" || x == "0001-01-01T00:00:00Z" {
			return nil
		}
	case float64:
		if x == 0 {
			return nil
		}
	}
	return tree
}

// TestEstate holds what is read of an organisation with something of each kind
// against testdata/estate.json, and looks for values that nothing may keep.
func TestEstate(t *testing.T) {
	s := everything(t)
	got := dump(t, read(t, allOptions(t, s)))
	if strings.Contains(string(got), canary()) {
		t.Error("a value was kept that is to be dropped")
	}
	path := filepath.Join("testdata", "estate.json")
	if os.Getenv("UPDATE") != "" {
		if err := os.WriteFile(path, got, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Error("the estate (-want +got):\n", diff)
	}
	for _, r := range s.Requests() {
		if strings.HasSuffix(r.Action, ":?") {
			t.Errorf("a request that no service knows: %+v", r)
		}
	}
}

// TestPermissionsAreWhatIsCalled compares the calls of a reading with everything
// switched on with the permissions that are said to be needed.
func TestPermissionsAreWhatIsCalled(t *testing.T) {
	o := allOptions(t, everything(t))
	var mu sync.Mutex
	called := map[string]bool{}
	o.Asked = func(action, _ string) {
		mu.Lock()
		defer mu.Unlock()
		called[action] = true
	}
	read(t, o)
	delete(called, "sts:GetCallerIdentity") // which needs no permission
	for _, p := range live.Permissions(o) {
		if !called[p.Action] {
			t.Errorf("%s is in the policy and is never called", p.Action)
		}
		if p.Why == "" {
			t.Errorf("%s: nobody says why", p.Action)
		}
		delete(called, p.Action)
	}
	for action := range called {
		t.Errorf("%s is called and not in the policy", action)
	}
}

// TestOptionsNarrowPermissions reads with nothing switched on.
func TestOptionsNarrowPermissions(t *testing.T) {
	o := options(t, everything(t))
	o.Details = live.DetailsNone
	allowed := map[string]bool{"sts:GetCallerIdentity": true}
	for _, p := range live.Permissions(o) {
		allowed[p.Action] = true
	}
	o.Asked = func(action, _ string) {
		if !allowed[action] {
			t.Errorf("%s is called and not in the policy of these options", action)
		}
	}
	e := read(t, o)
	if l := listingOf(e.Accounts[0], "kms:DescribeKey", eu); l.Status != inventory.StatusSkipped || l.Reason == "" {
		t.Errorf("that keys were not asked about is told as %+v", l)
	}
}

// TestRefusedIsNeverNeeded holds the two lists apart.
func TestRefusedIsNeverNeeded(t *testing.T) {
	for _, p := range live.AllPermissions() {
		for _, r := range live.Refused() {
			prefix, star := strings.CutSuffix(r.Action, "*")
			if p.Action == r.Action || star && strings.HasPrefix(p.Action, prefix) {
				t.Errorf("%s is needed, and %s is refused", p.Action, r.Action)
			}
		}
	}
}

// TestSessionPolicy holds the policy of sessions to the length that AWS takes and
// to the permissions that are needed.
func TestSessionPolicy(t *testing.T) {
	text := live.SessionPolicy()
	if len(text) > 2048 {
		t.Errorf("the policy has %d characters, and AWS takes 2,048", len(text))
	}
	var doc struct {
		Statement []struct {
			Effect string
			Action []string
		}
	}
	if err := json.Unmarshal([]byte(text), &doc); err != nil {
		t.Fatal(err)
	}
	has := func(effect, action string) bool {
		for _, s := range doc.Statement {
			if s.Effect == effect && slices.ContainsFunc(s.Action, func(p string) bool {
				before, after, star := strings.Cut(p, "*")
				return p == action || star && strings.HasPrefix(action, before) && strings.HasSuffix(action, after)
			}) {
				return true
			}
		}
		return false
	}
	for _, p := range live.AllPermissions() {
		if p.Action == "sts:AssumeRole" {
			continue
		}
		if !has("Allow", p.Action) || has("Deny", p.Action) {
			t.Errorf("a session may not call %s", p.Action)
		}
	}
	for _, action := range []string{"secretsmanager:GetSecretValue", "ssm:GetParameters", "kms:Decrypt", "s3:GetObject", "lambda:GetFunction", "cognito-idp:DescribeUserPoolClient"} {
		if has("Allow", action) && !has("Deny", action) {
			t.Errorf("a session may call %s", action)
		}
	}
}

// TestEachCallDenied denies one action after another and looks for the loss of
// that, said in a listing, and of nothing else.
func TestEachCallDenied(t *testing.T) {
	whole := read(t, allOptions(t, everything(t)))
	o := allOptions(t, everything(t))
	for _, p := range live.Permissions(o) {
		if p.Action == "sts:AssumeRole" {
			continue
		}
		s := everything(t)
		s.Allow = func(r fake.Request) bool {
			return allowedBy(r.Action) != p.Action
		}
		o := allOptions(t, s)
		o.Wrap = direct(s)
		e := read(t, o)
		var said []object.Listing
		for _, a := range e.Accounts {
			said = append(said, a.Listings...)
		}
		if e.Organization != nil {
			said = append(said, e.Organization.Listings...)
		}
		if !slices.ContainsFunc(said, func(l object.Listing) bool {
			return (l.Call == p.Action || p.Action == "iam:GenerateServiceLastAccessedDetails" && l.Call == "iam:GetServiceLastAccessedDetails") &&
				l.Status != inventory.StatusComplete && strings.Contains(l.Reason, "permission")
		}) {
			t.Errorf("%s is denied, and no listing says so", p.Action)
		}
		if p.Action != "iam:GetAccountAuthorizationDetails" && len(e.Accounts) > 0 && len(e.Accounts[0].Roles) != len(whole.Accounts[0].Roles) {
			t.Errorf("%s is denied, and roles are lost", p.Action)
		}
	}
}

// allowedBy returns the action that AWS asks a policy for where it is another than
// the name of the operation (Service Authorization Reference).
func allowedBy(operation string) string {
	switch operation {
	case "s3:ListBuckets":
		return "s3:ListAllMyBuckets"
	case "access-analyzer:ListFindingsV2":
		return "access-analyzer:ListFindings"
	case "access-analyzer:GetFindingV2":
		return "access-analyzer:GetFinding"
	default:
		return operation
	}
}
