package live_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/scanners/aws/object"
)

func TestPrincipals(t *testing.T) {
	s := northwind()
	s.Page = 2
	e := read(t, options(t, s))
	if len(e.Accounts) != 1 {
		t.Fatalf("%d accounts", len(e.Accounts))
	}
	a := e.Accounts[0]
	if a.ID != account || a.Alias != "northwind" || a.Partition != "aws" || a.Reader != arn("iam", "", "user/auditor") {
		t.Errorf("account %q, alias %q, partition %q, reader %q", a.ID, a.Alias, a.Partition, a.Reader)
	}
	if len(a.Users) != 2 || len(a.Groups) != 1 || len(a.Roles) != 2 || len(a.Policies) != 1 {
		t.Fatalf("%d users, %d groups, %d roles, %d policies", len(a.Users), len(a.Groups), len(a.Roles), len(a.Policies))
	}
	ci := a.Users[0]
	want := []object.AccessKey{{
		ID: keyID("ci"), Slot: 1, Active: inventory.True, CreatedAt: time.Date(2024, 1, 10, 8, 5, 0, 0, time.UTC),
		LastUsed: time.Date(2026, 11, 1, 22, 15, 0, 0, time.UTC), Used: inventory.True, LastRegion: "eu-central-1", LastCause: "s3",
	}}
	if diff := cmp.Diff(want, ci.Keys); diff != "" {
		t.Error("keys of ci (-want +got):\n", diff)
	}
	if !ci.KeysKnown || ci.Password != inventory.False || len(ci.Tags) != 1 || ci.Groups[0] != "builders" {
		t.Errorf("ci is %+v", ci)
	}
	fresh := a.Users[1]
	if len(fresh.Keys) != 1 || fresh.Keys[0].ID != keyID("new") || fresh.Keys[0].Used != inventory.False || fresh.Keys[0].LastRegion != "" {
		t.Errorf("keys of a user that the report does not have: %+v", fresh.Keys)
	}
}

func TestRoles(t *testing.T) {
	a := read(t, options(t, northwind())).Accounts[0]
	arm, idle := a.Roles[0], a.Roles[1]
	if arm.Trust == nil || arm.Trust.Statements[0].Principals.Service[0] != "lambda.amazonaws.com" {
		t.Errorf("trust of arm-controller: %+v", arm.Trust)
	}
	if arm.Trust != idle.Trust {
		t.Error("two roles with the same trust do not share it")
	}
	if arm.Used != inventory.True || arm.LastRegion != "eu-central-1" || idle.Used != inventory.False || !idle.LastUsed.IsZero() {
		t.Errorf("last use: %v %q, %v %v", arm.Used, arm.LastRegion, idle.Used, idle.LastUsed)
	}
	if len(arm.InstanceProfiles) != 1 || arm.Boundary != arn("iam", "", "policy/deploy") {
		t.Errorf("profiles %+v, boundary %q", arm.InstanceProfiles, arm.Boundary)
	}
	if p := arm.Inline[0]; p.Document != nil || p.Problem == "" {
		t.Errorf("a broken policy is %+v", p)
	}
	p := a.Policies[0]
	if p.Document == nil || p.Document.Statements[0].Actions[0] != "s3:GetObject" || p.ManagedBy != "customer" {
		t.Errorf("the policy is %+v", p)
	}
}

func TestRoot(t *testing.T) {
	root := read(t, options(t, northwind())).Accounts[0].Root
	if root == nil || root.MFA != inventory.True || root.AccessKeys != 0 {
		t.Errorf("root is %+v", root)
	}
}
