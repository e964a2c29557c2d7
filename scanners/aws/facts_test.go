package aws

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/internal/privilege/aws/policy"
	"github.com/muster-nhi/muster/scanners/aws/object"
)

func TestHuman(t *testing.T) {
	const yes, no, perhaps = inventory.True, inventory.False, inventory.Unknown
	for _, c := range []struct {
		name string
		user object.User
		want inventory.Tri
		says string // in one of the reasons
	}{
		{"a password", object.User{Name: "dana", Password: yes}, yes, "console password"},
		{"a password and the name of a machine", object.User{Name: "ci-deploy", Password: yes}, perhaps, "its name says ci"},
		{"a path for machines and MFA", object.User{Name: "x", Path: "/service/", Password: no, MFA: yes}, perhaps, "its path says service"},
		{"an e-mail address", object.User{Name: "dana@northwind.example", Password: no}, yes, "e-mail"},
		{"first and last name", object.User{Name: "Dana.Reyes-Ito", Password: no}, yes, "that of a person"},
		{"two words of machines", object.User{Name: "backup.worker", Password: no}, no, "backup"},
		{"no password", object.User{Name: "dana", Password: no}, no, "no console password"},
		{"nothing known", object.User{Name: "dana"}, perhaps, ""},
		{"a machine by name, the report missing", object.User{Name: "svc-orders"}, no, "svc"},
		{"a number behind", object.User{Name: "robot7"}, no, "robot7"},
		{"MFA without a password", object.User{Name: "dana", Password: no, MFA: yes}, yes, "MFA"},
		{"of Bedrock", object.User{Name: "BedrockAPIKey-x1", Password: no, Services: []object.ServiceCredential{{Service: "bedrock.amazonaws.com"}}}, no, "Bedrock made it"},
		{"a word that only begins like one", object.User{Name: "civic"}, perhaps, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, person, machine := humanOf(&c.user)
			if got != c.want {
				t.Errorf("got %v, want %v (%q, %q)", got, c.want, person, machine)
			}
			if all := strings.Join(append(person, machine...), "; "); !strings.Contains(all, c.says) {
				t.Errorf("%q does not say %q", all, c.says)
			}
		})
	}
}

func TestOwners(t *testing.T) {
	type owner struct{ Owner, Kind, Method string }
	for _, c := range []struct {
		name string
		tags []object.Tag
		want []owner
	}{
		{"none", nil, []owner{{"", "", ""}}},
		{"a tag in another case", []object.Tag{{Key: "OWNER", Value: "mailto:dana@northwind.example"}}, []owner{{"dana@northwind.example", "", "tag"}, {"", "", ""}}},
		{"two in one", []object.Tag{{Key: "team", Value: "orders; data"}}, []owner{{"orders", "team", "tag"}, {"data", "team", "tag"}, {"", "", ""}}},
		{"nobody", []object.Tag{{Key: "owner", Value: "TBD"}}, []owner{{"", "", ""}}},
		{"a control character", []object.Tag{{Key: "owner", Value: "a\x1b[31mb"}}, []owner{{"", "", ""}}},
		{"a stack by its id", []object.Tag{{Key: "aws:cloudformation:stack-id", Value: "arn:aws:cloudformation:eu-central-1:111122223333:stack/ci/0f1e"}}, []owner{{"ci", "nhi", "cloudformation"}}},
		{"CDK", []object.Tag{{Key: "aws:cloudformation:stack-name", Value: "CDKToolkit"}}, []owner{{"CDKToolkit", "nhi", "cdk"}}},
		{"a workspace", []object.Tag{{Key: "terraform:workspace", Value: "prod"}, {Key: "ManagedBy", Value: "Terraform"}}, []owner{{"prod", "nhi", "terraform"}}},
		{"Terraform and no more", []object.Tag{{Key: "ManagedBy", Value: "Terraform"}}, []owner{{"terraform", "nhi", "terraform"}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			var got []owner
			for _, o := range append(newOwnerTags(nil).of(c.tags, "tag", inventory.ConfidenceHigh), madeBy(c.tags)) {
				got = append(got, owner{o.owner, o.kind, o.method})
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
	t.Run("keys of one's own", func(t *testing.T) {
		tags := []object.Tag{{Key: "owner", Value: "a"}, {Key: "Cost-Owner", Value: "b"}}
		if got := newOwnerTags([]string{" cost-owner"}).of(tags, "tag", inventory.ConfidenceHigh); len(got) != 1 || got[0].owner != "b" {
			t.Errorf("got %v", got)
		}
	})
}

func TestCreatorOwner(t *testing.T) {
	for _, c := range []struct{ name, by, owner, kind string }{
		{"a user", iamARN("user/dana"), "dana", ""},
		{"a person through Identity Center", "arn:aws:sts::111122223333:assumed-role/AWSReservedSSO_Dev_01/lee@northwind.example", "lee@northwind.example", "person"},
		{"a pipeline", "arn:aws:sts::111122223333:assumed-role/deploy/run-1", "arn:aws:sts::111122223333:assumed-role/deploy/run-1", "nhi"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := creatorOwner(&object.Creator{By: c.by, Event: "CreateRole"}); got.owner != c.owner || got.kind != c.kind {
				t.Errorf("got %+v", got)
			}
		})
	}
}

func TestCoverage(t *testing.T) {
	const done, part, denied, skipped = inventory.StatusComplete, inventory.StatusPartial, inventory.StatusDenied, inventory.StatusSkipped
	all := func(status inventory.Status, reason string) []object.Listing {
		var out []object.Listing
		for _, call := range []string{callDetails, "iam:GetCredentialReport", "secretsmanager:ListSecrets", "lambda:ListFunctions"} {
			out = append(out, object.Listing{Call: call, Status: status, Reason: reason})
		}
		return out
	}
	for _, c := range []struct {
		name     string
		listings []object.Listing
		saved    bool
		kind     inventory.Kind
		want     inventory.Status
		says     string
	}{
		{"all of it", all(done, ""), false, inventory.KindCredential, done, ""},
		{"a region that was refused", append(all(done, ""), object.Listing{Call: "secretsmanager:ListSecrets", Region: "eu-west-3", Status: denied, Reason: "AccessDenied: allow secretsmanager:ListSecrets"}), false, inventory.KindCredential, part, "secretsmanager:ListSecrets in eu-west-3 (secrets): AccessDenied: allow secretsmanager:ListSecrets"},
		{"of another kind", append(all(done, ""), object.Listing{Call: "secretsmanager:ListSecrets", Region: "eu-west-3", Status: denied, Reason: "no"}), false, inventory.KindTrust, done, ""},
		{"a region that is off", append(all(done, ""), object.Listing{Call: "secretsmanager:ListSecrets", Region: "me-south-1", Status: skipped, Reason: "the region is off"}), false, inventory.KindCredential, done, ""},
		{"everything refused", all(denied, "AccessDenied"), false, inventory.KindIdentity, denied, "iam:GetAccountAuthorizationDetails (users and roles), iam:GetCredentialReport (the root user, and which users are people): AccessDenied"},
		{"the report not ready", append(all(done, "")[:1], object.Listing{Call: "iam:GetCredentialReport", Status: part, Reason: "the report is still being made"}), false, inventory.KindUsage, part, "still being made"},
		{"the account not entered", []object.Listing{{Call: "sts:AssumeRole", Status: denied, Reason: "not authorized to assume"}}, false, inventory.KindGrant, denied, "sts:AssumeRole: not authorized to assume"},
		{"regions not known", append(all(done, ""), object.Listing{Call: "account:ListRegions", Status: denied, Reason: "AccessDenied"}), false, inventory.KindConsumer, part, "account:ListRegions"},
		{"a call that nobody knows", append(all(done, ""), object.Listing{Call: "new:Thing", Status: denied, Reason: "no"}), false, inventory.KindOwner, part, "new:Thing"},
		{"a file that is not there", append(all(done, ""), object.Listing{Call: "secretsmanager:ListSecrets", Region: "eu-west-3", Status: skipped, Reason: "run: aws secretsmanager list-secrets"}), true, inventory.KindCredential, part, "run: aws"},
		{"no file at all", all(skipped, "no file"), true, inventory.KindIdentity, skipped, "no file"},
		{"nothing", nil, false, inventory.KindIdentity, denied, "nothing of the account was read"},
	} {
		t.Run(c.name, func(t *testing.T) {
			e := newEstate("aws", &object.Estate{Accounts: []*object.Account{{ID: account, Listings: c.listings}}}, newOwnerTags(nil), scanned)
			e.saved = c.saved
			got := &recorded{}
			if err := e.run(context.Background(), func(r inventory.Record) error { got.all = append(got.all, r); return r.Validate() }); err != nil {
				t.Fatal(err)
			}
			x := got.coverage(t, "aws:"+account, c.kind)
			if x.Status != c.want || !strings.Contains(x.Reason, c.says) || c.says == "" && x.Reason != "" {
				t.Errorf("got %s %q, want %s %q", x.Status, x.Reason, c.want, c.says)
			}
		})
	}
}

func TestNetworkLimited(t *testing.T) {
	statement := func(effect, action, condition string) string {
		if condition != "" {
			condition = `,"Condition":` + condition
		}
		return `{"Effect":"` + effect + `","Action":"` + action + `","Resource":"*"` + condition + `}`
	}
	const inside, outside = `{"IpAddress":{"aws:SourceIp":"192.0.2.0/24"}}`, `{"NotIpAddress":{"aws:SourceIp":"192.0.2.0/24"},"Bool":{"aws:ViaAWSService":"false"}}`
	for _, c := range []struct {
		name       string
		statements []string
		want       inventory.Tri
	}{
		{"open", []string{statement("Allow", "s3:*", "")}, inventory.False},
		{"all that allows is bound", []string{statement("Allow", "s3:*", inside)}, inventory.True},
		{"one is not bound", []string{statement("Allow", "s3:*", inside), statement("Allow", "sqs:*", "")}, inventory.False},
		{"a deny of all else", []string{statement("Allow", "s3:*", ""), statement("Deny", "*", outside)}, inventory.True},
		{"a deny of some actions", []string{statement("Allow", "s3:*", ""), statement("Deny", "s3:DeleteObject", outside)}, inventory.False},
		{"a deny that asks for more", []string{statement("Allow", "s3:*", ""), statement("Deny", "*", `{"NotIpAddress":{"aws:SourceIp":"192.0.2.0/24"},"StringEquals":{"aws:RequestedRegion":"x"}}`)}, inventory.False},
		{"the whole internet", []string{statement("Allow", "s3:*", `{"IpAddress":{"aws:SourceIp":["192.0.2.0/24","0.0.0.0/0"]}}`)}, inventory.False},
		{"an allow for all but a network", []string{statement("Allow", "s3:*", `{"NotIpAddress":{"aws:SourceIp":"192.0.2.0/24"}}`)}, inventory.False},
		{"nothing allowed", nil, inventory.False},
	} {
		t.Run(c.name, func(t *testing.T) {
			var inline []object.Policy
			if len(c.statements) > 0 {
				inline = []object.Policy{{Name: "p", Document: document(t, c.statements...)}}
			}
			a := &object.Account{ID: account, Users: []object.User{{Name: "u", ARN: iamARN("user/u"), Inline: inline, KeysKnown: true, Keys: []object.AccessKey{{ID: keyOf("NORTHWINDUSER001"), Active: inventory.True}}}}}
			if got := records(t, &object.Estate{Accounts: []*object.Account{a}}).credential(t, "aws:access-key/"+keyOf("NORTHWINDUSER001")).NetworkLimited; got != c.want {
				t.Errorf("got %v, want %v", got, c.want)
			}
		})
	}
	t.Run("a policy that was not read", func(t *testing.T) {
		a := &object.Account{ID: account, Users: []object.User{{Name: "u", ARN: iamARN("user/u"), Attached: []string{"arn:aws:iam::aws:policy/X"}, KeysKnown: true, Keys: []object.AccessKey{{Slot: 1}}}}}
		if got := records(t, &object.Estate{Accounts: []*object.Account{a}}).credential(t, "aws:"+iamARN("user/u")+"#key/1").NetworkLimited; got != inventory.Unknown {
			t.Errorf("got %v", got)
		}
	})
}

// TestNeverUsed tells never used from not tracked.
func TestNeverUsed(t *testing.T) {
	old := day(2012, 1, 1)
	for _, c := range []struct {
		name        string
		user        object.User
		last, since time.Time
	}{
		{"never since tracking began", object.User{CreatedAt: old, KeysKnown: true, Password: inventory.False, Keys: []object.AccessKey{{Slot: 1, CreatedAt: old, Used: inventory.False}}}, time.Time{}, keysTrackedSince()},
		{"keys not known", object.User{CreatedAt: old, Password: inventory.False}, time.Time{}, time.Time{}},
		{"use of a key not known", object.User{CreatedAt: old, KeysKnown: true, Password: inventory.False, Keys: []object.AccessKey{{Slot: 1}}}, time.Time{}, time.Time{}},
		{"password not known", object.User{CreatedAt: day(2024, 1, 1), KeysKnown: true}, time.Time{}, time.Time{}},
		{"an SSH key of which nothing is told", object.User{CreatedAt: day(2024, 1, 1), KeysKnown: true, Password: inventory.False, SSH: []object.SSHKey{{ID: "APKA1"}}}, time.Time{}, time.Time{}},
		{"no credentials at all", object.User{CreatedAt: day(2024, 1, 1), KeysKnown: true, Password: inventory.False}, time.Time{}, day(2024, 1, 1)},
		{"used", object.User{CreatedAt: day(2024, 1, 1), KeysKnown: true, Keys: []object.AccessKey{{Slot: 1, LastUsed: day(2026, 1, 1), Used: inventory.True}}}, day(2026, 1, 1), day(2024, 1, 1)},
		{"used tomorrow", object.User{CreatedAt: day(2024, 1, 1), KeysKnown: true, Keys: []object.AccessKey{{Slot: 1, LastUsed: day(2027, 1, 1), Used: inventory.True}}}, time.Time{}, time.Time{}},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.user.Name, c.user.ARN = "u", iamARN("user/u")
			got := inventory.Usage{}
			for _, r := range records(t, &object.Estate{Accounts: []*object.Account{{ID: account, Users: []object.User{c.user}}}}).all {
				if r.Usage != nil && r.Usage.Subject == "aws:"+c.user.ARN {
					got = *r.Usage
				}
			}
			if !got.LastUsedAt.Equal(c.last) || !got.TrackedSince.Equal(c.since) {
				t.Errorf("got %v since %v, want %v since %v", got.LastUsedAt, got.TrackedSince, c.last, c.since)
			}
		})
	}
}

func TestImmutable(t *testing.T) {
	for subject, want := range map[string]bool{
		"repo:northwind@12345/robot@678:ref:refs/heads/main": true, "repo:northwind@12345/*": true, "repo:northwind/robot:*": false,
		"repo:northwind@x/robot@1:*": false, "repository_owner_id:12345:repository_id:67890": true, "*": false, "": false,
	} {
		if got := immutable(subject); got != want {
			t.Errorf("%q: got %v, want %v", subject, got, want)
		}
	}
}

// TestHostile scans names that a saved file may hold.
func TestHostile(t *testing.T) {
	odd := "a\x00b\x1b[31m\xff" + strings.Repeat("長", 5000)
	far := time.Date(99999, 1, 1, 0, 0, 0, 0, time.FixedZone("x", 3600))
	a := &object.Account{
		ID: odd, Partition: odd, Name: odd, Tags: []object.Tag{{Key: odd, Value: odd}, {}}, Contacts: []object.Contact{{Type: "SECURITY", Email: odd}},
		Root:  &object.Root{AccessKeys: -1, Keys: []object.AccessKey{{ID: odd, CreatedAt: far, LastUsed: far}}},
		Users: []object.User{{Name: odd, ARN: odd, ID: odd, Path: odd, CreatedAt: far, Groups: []string{odd, odd}, Inline: []object.Policy{{Name: odd}, {Name: odd}}, Attached: []string{odd, odd, ""}, Tags: []object.Tag{{Key: "owner", Value: odd}}}, {}},
		Roles: []object.Role{{Name: odd, ARN: odd, Trust: &policy.Document{Problems: []string{odd}, Statements: []policy.Statement{{Principals: &policy.Principals{AWS: []string{odd}, Federated: []string{odd}, Service: []string{odd}}, Actions: []string{"sts:*"}}}}}, {}},
		Keys:  []object.Key{{ARN: odd, RotationDays: -1, Grants: []object.KeyGrant{{ID: odd, Grantee: odd}}}}, Secrets: []object.Secret{{ARN: odd, RotationDays: -4}, {}},
		Consumers: []object.Consumer{{ARN: odd, Role: odd, Type: odd, Details: map[string]string{odd: odd, "": ""}}}, Connections: []object.Connection{{ARN: odd, Type: odd, Role: odd, Secret: odd}, {}},
		PodIdentities: []object.PodIdentity{{}, {ARN: odd}}, AccessEntries: []object.AccessEntry{{Groups: []string{odd}}}, Delegations: []object.Delegation{{ID: odd, State: "ACCEPTED"}},
		Listings: []object.Listing{{Call: odd, Status: inventory.StatusDenied, Reason: odd}},
	}
	records(t, &object.Estate{Accounts: []*object.Account{a}, Organization: &object.Organization{ID: odd, Units: []object.Unit{{ID: "ou-1", Parent: "ou-1"}}}})
}

func TestEmitErrorEndsTheScan(t *testing.T) {
	stop := errors.New("stop")
	e := newEstate("aws", &object.Estate{Accounts: []*object.Account{northwind(t)}}, newOwnerTags(nil), scanned)
	n := 0
	err := e.run(context.Background(), func(inventory.Record) error {
		if n++; n == 10 {
			return stop
		}
		return nil
	})
	if !errors.Is(err, stop) || n != 10 {
		t.Errorf("got %v after %d records", err, n)
	}
}

func TestSwitchedOff(t *testing.T) {
	for policy, want := range map[string]inventory.Tri{
		"arn:aws:iam::aws:policy/AWSDenyAll": inventory.True, "arn:aws:iam::111122223333:policy/AWSDenyAll": inventory.False, "arn:aws:iam::aws:policy/ReadOnlyAccess": inventory.False,
	} {
		if got := switchedOff([]string{policy}); got != want {
			t.Errorf("%s: got %v, want %v", policy, got, want)
		}
	}
}

// TestUnusedTrust tells trusts of roles that nobody takes.
func TestUnusedTrust(t *testing.T) {
	for _, c := range []struct {
		name   string
		role   object.Role
		trusts int
		want   inventory.Tri
	}{
		{"not in 400 days", object.Role{CreatedAt: day(2024, 1, 1), Used: inventory.False}, 2, inventory.True},
		{"made last week", object.Role{CreatedAt: day(2026, 11, 15), Used: inventory.False}, 1, inventory.Unknown},
		{"used, by its only trust", object.Role{CreatedAt: day(2024, 1, 1), LastUsed: day(2026, 11, 1), Used: inventory.True}, 1, inventory.False},
		{"used, by one of two", object.Role{CreatedAt: day(2024, 1, 1), LastUsed: day(2026, 11, 1), Used: inventory.True}, 2, inventory.Unknown},
		{"not tracked", object.Role{CreatedAt: day(2024, 1, 1)}, 1, inventory.Unknown},
		{"of a service", object.Role{CreatedAt: day(2024, 1, 1), Used: inventory.False, Path: "/aws-service-role/x.amazonaws.com/"}, 1, inventory.Unknown},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := &mapper{now: scanned}
			if got := m.unusedTrust(&c.role, c.trusts); got != c.want {
				t.Errorf("got %v, want %v", got, c.want)
			}
		})
	}
}

// TestCount holds what was listed against what IAM counts.
func TestCount(t *testing.T) {
	for _, c := range []struct {
		name         string
		users, total int
		note         string
	}{
		{"all", 1, 1, ""},
		{"one was missed", 2, 2, "1 users were listed, and IAM counts 2"},
		{"one was deleted meanwhile", 0, 0, "1 users were listed, and IAM counts 0"},
	} {
		t.Run(c.name, func(t *testing.T) {
			a := &object.Account{ID: account, Users: []object.User{{Name: "u", ARN: iamARN("user/u"), KeysKnown: true}}, Summary: map[string]int{"Users": c.users}, Listings: []object.Listing{{Call: callDetails, Status: inventory.StatusComplete}}}
			x := records(t, &object.Estate{Accounts: []*object.Account{a}}).coverage(t, "aws:"+account, inventory.KindIdentity)
			if x.Status != inventory.StatusComplete || x.ControlTotal == nil || *x.ControlTotal != c.total || strings.Join(x.Notes, "") != c.note {
				t.Errorf("got %+v", x)
			}
		})
	}
}
