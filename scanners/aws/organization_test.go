package aws

import (
	"strings"
	"testing"

	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/internal/privilege/aws/policy"
	"github.com/muster-nhi/muster/scanners/aws/object"
)

// organization has a management account, a member in a unit that forbids what
// costs money, and a member that was not read.
func organization(t *testing.T) *object.Estate {
	t.Helper()
	all := object.Policy{Name: "FullAWSAccess", ARN: "arn:aws:organizations::aws:policy/service_control_policy/p-FullAWSAccess", Kind: "scp", ManagedBy: "aws", Document: document(t, allow(`"*"`, `"*"`))}
	guard := object.Policy{Name: "no-iam", ARN: "arn:aws:organizations::111122223333:policy/o-nw/service_control_policy/p-1", Kind: "scp", Document: document(t, `{"Effect":"Deny","Action":"iam:*","Resource":"*"}`)}
	role := func(account, name, principal string) object.Role {
		return object.Role{
			Name: name, ARN: "arn:aws:iam::" + account + ":role/" + name, Path: "/", Trust: document(t, trusts(principal, "")),
			Inline: []object.Policy{{Name: "keys", Document: document(t, allow(`["iam:CreateAccessKey","s3:GetObject"]`, `"*"`))}},
		}
	}
	users := func(account string) []object.User {
		return []object.User{{Name: "root-like", ARN: "arn:aws:iam::" + account + ":user/root-like", Inline: []object.Policy{{Name: "all", Document: document(t, allow(`"*"`, `"*"`))}}}}
	}
	const member, other = "444455556666", "777788889999"
	ours := object.Account{ID: account, Parent: "r-1", Roles: []object.Role{role(account, "keys", `{"AWS":"arn:aws:iam::`+other+`:root"}`)}, Users: users(account), SCPs: []string{all.ARN}}
	theirs := object.Account{ID: member, Parent: "ou-1", Roles: []object.Role{role(member, "keys", `{"AWS":"arn:aws:iam::999988887777:root"}`)}, Users: users(member), SCPs: []string{all.ARN}}
	theirs.Roles = append(theirs.Roles, object.Role{Name: "AWSReservedSSO_Developer_01", Path: "/aws-reserved/sso.amazonaws.com/", ARN: "arn:aws:iam::" + member + ":role/aws-reserved/sso.amazonaws.com/AWSReservedSSO_Developer_01", Trust: &policy.Document{}})
	set := "arn:aws:sso:::permissionSet/ssoins-1/ps-1"
	ours.Instances = []object.IdentityCenter{{ARN: "arn:aws:sso:::instance/ssoins-1", Sets: []object.PermissionSet{{ARN: set, Name: "Developer"}}, Assignments: []object.Assignment{{Set: set, Account: member, PrincipalType: "GROUP", PrincipalID: "g-1"}}}}
	return &object.Estate{
		Accounts: []*object.Account{&ours, &theirs, {ID: other, Parent: "ou-1", Listings: []object.Listing{{Call: "sts:AssumeRole", Status: inventory.StatusDenied, Reason: "not authorized"}}}},
		Organization: &object.Organization{
			ID: "o-nw", ManagementAccount: account, PoliciesKnown: true, Policies: []object.Policy{all, guard},
			Units:    []object.Unit{{ID: "r-1", Name: "Root", SCPs: []string{all.ARN}}, {ID: "ou-1", Name: "Sandbox", Parent: "r-1", SCPs: []string{all.ARN, guard.ARN}}},
			Listings: []object.Listing{{Call: "organizations:ListAccounts", Status: inventory.StatusComplete}},
		},
	}
}

func TestOrganization(t *testing.T) {
	got := records(t, organization(t))
	own, member := "aws:arn:aws:iam::"+account+":role/keys", "aws:arn:aws:iam::444455556666:role/keys"
	if g := got.grant(t, own+"#inline/keys"); g.Level != inventory.LevelEscalate || len(g.Paths) == 0 {
		t.Errorf("policies of the organisation limit its management account: %s %v", g.Level, g.Reasons)
	}
	if g := got.grant(t, member+"#inline/keys"); g.Level != inventory.LevelRead || len(g.Paths) != 0 {
		t.Errorf("a policy of a unit does not limit a member: %s %v %v", g.Level, g.Reasons, g.Paths)
	}
	if x := got.trust(t, own+"#trust/account/arn:aws:iam::777788889999:root"); x.External != inventory.False || x.ExternalAccount != "777788889999" {
		t.Errorf("another member: %+v", x)
	}
	if x := got.trust(t, member+"#trust/account/arn:aws:iam::999988887777:root"); x.External != inventory.True {
		t.Errorf("somebody outside: %+v", x)
	}
	if a, b := got.identity(t, own).ThirdParty, got.identity(t, member).ThirdParty; a != inventory.False || b != inventory.True {
		t.Errorf("third parties: %v, %v", a, b)
	}
	if x := got.trust(t, "aws:arn:aws:sso:::permissionSet/ssoins-1/ps-1#444455556666/GROUP/g-1"); !strings.HasSuffix(x.Identity, "AWSReservedSSO_Developer_01") {
		t.Errorf("an assignment leads to %s", x.Identity)
	}
	if c := got.coverage(t, "aws:777788889999", inventory.KindIdentity); c.Status != inventory.StatusDenied || !strings.Contains(c.Reason, "not authorized") {
		t.Errorf("an account that was not entered: %+v", c)
	}
	for _, n := range got.coverage(t, "aws:444455556666", inventory.KindGrant).Notes {
		if strings.Contains(n, "SCPs") {
			t.Errorf("the limits are known, and it says %q", n)
		}
	}
}

// TestLimitsThatAreNotKnown leaves out a unit on the way to the root.
func TestLimitsThatAreNotKnown(t *testing.T) {
	o := organization(t)
	o.Organization.Units = o.Organization.Units[1:]
	got := records(t, o)
	found := false
	for _, n := range got.coverage(t, "aws:444455556666", inventory.KindGrant).Notes {
		found = found || strings.Contains(n, "SCPs")
	}
	if !found {
		t.Error("nobody says that policies of the root are not known")
	}
}

// TestNoOrganization reads an account that is in none: every other is outside.
func TestNoOrganization(t *testing.T) {
	o := organization(t)
	o.Accounts, o.Organization = o.Accounts[:1], &object.Organization{PoliciesKnown: true}
	got := records(t, o)
	if x := got.trust(t, "aws:arn:aws:iam::"+account+":role/keys#trust/account/arn:aws:iam::777788889999:root"); x.External != inventory.True {
		t.Errorf("got %+v", x)
	}
	o.Organization = nil
	if x := records(t, o).trust(t, "aws:arn:aws:iam::"+account+":role/keys#trust/account/arn:aws:iam::777788889999:root"); x.External != inventory.Unknown {
		t.Errorf("without having read the organisation: %+v", x)
	}
}

// TestTrustOfCertificates tells anchors from conditions on the certificate.
func TestTrustOfCertificates(t *testing.T) {
	got := records(t, &object.Estate{Accounts: []*object.Account{northwind(t)}})
	x := got.trust(t, "aws:"+iamARN("role/edge")+"#trust/certificate/"+anywhere)
	if x.Type != "certificate" || !strings.HasSuffix(x.Issuer, "trust-anchor/ta-1") || x.Subject != "edge-01" || len(x.Conditions) != 1 {
		t.Errorf("got %+v", x)
	}
}

// TestSupplier knows a monitoring company by its account.
func TestSupplier(t *testing.T) {
	a := &object.Account{ID: account, Roles: []object.Role{{Name: "monitor", ARN: iamARN("role/monitor"), Path: "/", Trust: document(t, trusts(`{"AWS":"464622532012"}`, `{"StringEquals":{"sts:ExternalId":"northwind"}}`))}}}
	got := records(t, &object.Estate{Accounts: []*object.Account{a}})
	x := got.identity(t, "aws:"+iamARN("role/monitor"))
	if x.ThirdParty != inventory.True || x.Attributes["supplier"] != "Datadog" {
		t.Errorf("got %v, %q", x.ThirdParty, x.Attributes["supplier"])
	}
	if tr := got.trust(t, "aws:"+iamARN("role/monitor")+"#trust/account/464622532012"); tr.ExternalID != inventory.True || tr.Attributes["supplier"] != "Datadog" {
		t.Errorf("got %+v", tr)
	}
}
