package gcp

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/scanners/gcp/live"
	"github.com/muster-nhi/muster/scanners/gcp/object"
)

// found is what was mapped, by id or subject.
type found struct {
	identities  map[string]*inventory.Identity
	credentials map[string]*inventory.Credential
	grants      map[string]*inventory.Grant
	trusts      map[string]*inventory.Trust
	usages      map[string]*inventory.Usage
	owners      map[string][]*inventory.Owner
	coverages   map[string]*inventory.Coverage // scope and kind
}

func find(t testing.TB, o *object.Estate) found {
	t.Helper()
	f := found{
		identities: map[string]*inventory.Identity{}, credentials: map[string]*inventory.Credential{}, grants: map[string]*inventory.Grant{}, trusts: map[string]*inventory.Trust{},
		usages: map[string]*inventory.Usage{}, owners: map[string][]*inventory.Owner{}, coverages: map[string]*inventory.Coverage{},
	}
	for _, r := range mapped(t, o) {
		switch {
		case r.Identity != nil:
			f.identities[r.Identity.ID] = r.Identity
		case r.Credential != nil:
			f.credentials[r.Credential.ID] = r.Credential
		case r.Grant != nil:
			f.grants[r.Grant.ID] = r.Grant
		case r.Trust != nil:
			f.trusts[r.Trust.ID] = r.Trust
		case r.Usage != nil:
			f.usages[r.Usage.Subject] = r.Usage
		case r.Owner != nil:
			f.owners[r.Owner.Subject] = append(f.owners[r.Owner.Subject], r.Owner)
		case r.Coverage != nil:
			f.coverages[r.Coverage.Scope+" "+string(r.Coverage.Kind)] = r.Coverage
		}
	}
	return f
}

// project is a project of which all was read, with what a test changes.
func project(change func(p *object.Project)) *object.Estate {
	p := &object.Project{ID: prod, Number: prodNumber, State: "ACTIVE", Listings: listed(projectCalls...)}
	change(p)
	return &object.Estate{Projects: []*object.Project{p}, Members: []string{prod}, MembersKnown: true}
}

// TestUse tells the last use of an account unless an API key may hide it.
func TestUse(t *testing.T) {
	account := object.Account{Email: payments, KeysKnown: true, LastAuthenticated: day(2026, 1, 2), Used: inventory.True, ObservedFrom: day(2025, 11, 22)}
	never := object.Account{Email: payments, KeysKnown: true, Used: inventory.False, ObservedFrom: day(2025, 11, 22), CreatedAt: day(2026, 2, 3)}
	used := &inventory.Usage{Subject: "gcp:" + payments, Scope: "gcp:" + prod, LastUsedAt: day(2026, 1, 2), TrackedSince: day(2025, 11, 22), Source: sourceAccount}
	unused := &inventory.Usage{Subject: "gcp:" + payments, Scope: "gcp:" + prod, TrackedSince: day(2026, 2, 3), Source: sourceAccount}
	for _, c := range []struct {
		name    string
		account object.Account
		change  func(p *object.Project)
		want    *inventory.Usage
	}{
		{"used", account, func(*object.Project) {}, used},
		{"not used since it was made", never, func(*object.Project) {}, unused},
		{"nothing was observed", object.Account{Email: payments, KeysKnown: true}, func(*object.Project) {}, nil},
		{"a key is bound", never, func(p *object.Project) { p.Keys = []object.APIKey{{UID: "k", Account: payments}} }, nil},
		{"a key is bound, and the account signed in long ago", account, func(p *object.Project) { p.Keys = []object.APIKey{{UID: "k", Account: strings.ToUpper(payments)}} }, nil},
		{"a key was bound and is deleted", never, func(p *object.Project) {
			p.Keys = []object.APIKey{{UID: "k", Account: payments, DeletedAt: day(2026, 11, 1)}}
		}, unused},
		{"keys were not listed", never, func(p *object.Project) { deny(p, callAPIKeys) }, nil},
		{"the API of keys is off", never, func(p *object.Project) { turnOff(p, callAPIKeys) }, unused},
		{"in the future", object.Account{Email: payments, KeysKnown: true, LastAuthenticated: day(2027, 1, 1), Used: inventory.True}, func(*object.Project) {}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := find(t, project(func(p *object.Project) {
				p.Accounts = []object.Account{c.account}
				c.change(p)
			}))
			if diff := cmp.Diff(c.want, f.usages["gcp:"+payments]); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func deny(p *object.Project, calls ...string) {
	for i := range p.Listings {
		if l := &p.Listings[i]; slices.Contains(calls, l.Call) {
			l.Status, l.Reason = inventory.StatusDenied, l.Call+": denied: the permission "+l.Call+" is missing"
		}
	}
}

func turnOff(p *object.Project, call string) {
	for i := range p.Listings {
		if l := &p.Listings[i]; l.Call == call {
			l.Off = true
		}
	}
}

// TestKeys maps keys of accounts: one that never ends does not end in the year 9999.
func TestKeys(t *testing.T) {
	f := find(t, northwind())
	for id, want := range map[string]inventory.Credential{
		"1": {NeverExpires: true, Validity: "active", Disabled: inventory.False},
		"2": {ExpiresAt: day(2027, 6, 2), Validity: "inactive", Disabled: inventory.True, DisabledReason: "EXPOSED"},
		"3": {ExpiresAt: day(2026, 11, 27), Validity: "active", Disabled: inventory.False, ManagedBy: byGoogle},
	} {
		c := f.credentials["gcp:"+deployer+"#key/0f1e2d3c4b5a69788796a5b4c3d2e1f00000000"+id]
		if c == nil {
			t.Fatalf("key %s is missing", id)
		}
		got := inventory.Credential{NeverExpires: c.NeverExpires, ExpiresAt: c.ExpiresAt, Validity: c.Validity, Disabled: c.Disabled, DisabledReason: c.DisabledReason, ManagedBy: c.ManagedBy}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("key %s: %s", id, diff)
		}
	}
	if u := f.usages["gcp:"+deployer+"#key/0f1e2d3c4b5a69788796a5b4c3d2e1f000000002"]; u == nil || !u.LastUsedAt.IsZero() || u.TrackedSince.IsZero() {
		t.Errorf("the second key was not used: %+v", u)
	}
}

// TestAccounts tells whose accounts are that policies name.
func TestAccounts(t *testing.T) {
	f := find(t, northwind())
	for _, c := range []struct {
		id, scope, managed string
		third              inventory.Tri
		attributes         map[string]string
	}{
		{vendor, "gcp:" + folder, "", inventory.True, map[string]string{"inferred": "true", "project": "supplier-monitoring"}},
		{"service-" + prodNumber + "@gcp-sa-cloudbuild.iam.gserviceaccount.com", "gcp:" + prod, byGoogle, inventory.Unknown, map[string]string{"inferred": "true", "service": "cloudbuild", "service_agent": "true"}},
		{prodNumber + "@cloudservices.gserviceaccount.com", "gcp:" + prod, byGoogle, inventory.Unknown, map[string]string{"inferred": "true", "service": "cloudservices", "service_agent": "true"}},
		{computes, "gcp:" + prod, "", inventory.False, map[string]string{"default": "compute", "project": prod}},
	} {
		i := f.identities["gcp:"+c.id]
		if i == nil {
			t.Errorf("%s is missing", c.id)
			continue
		}
		if i.Scope != c.scope || i.ManagedBy != c.managed || i.ThirdParty != c.third {
			t.Errorf("%s: scope %s, managed by %q, third party %v", c.id, i.Scope, i.ManagedBy, i.ThirdParty)
		}
		for k, want := range c.attributes {
			if i.Attributes[k] != want {
				t.Errorf("%s: %s is %q, not %q", c.id, k, i.Attributes[k], want)
			}
		}
	}
}

// TestFederation tells who may become an account from outside.
func TestFederation(t *testing.T) {
	f := find(t, northwind())
	prefix := "gcp:" + deployer + "#trust/roles/iam.workloadIdentityUser/"
	var got []string
	for id, x := range f.trusts {
		if rest, ok := strings.CutPrefix(id, prefix); ok {
			got = append(got, strings.Join([]string{rest, x.Type, x.Issuer, x.Subject, x.ImmutableSubject.String()}, " | "))
		}
	}
	slices.Sort(got)
	name := "iam.googleapis.com/" + pool
	want := []string{
		"principal://" + name + "/subject/repo:northwind/robot:ref:refs/heads/main/actions | oidc | https://token.actions.githubusercontent.com | repo:northwind/robot:ref:refs/heads/main | true",
		"principal://" + name + "/subject/repo:northwind/robot:ref:refs/heads/main/aws | account | https://sts.amazonaws.com | principal://" + name + "/subject/repo:northwind/robot:ref:refs/heads/main | unknown",
		"principalSet://" + name + "/attribute.repository/northwind/robot/actions | oidc | https://token.actions.githubusercontent.com | principalSet://" + name + "/attribute.repository/northwind/robot | true",
		"principalSet://" + name + "/attribute.repository/northwind/robot/aws | account | https://sts.amazonaws.com | principalSet://" + name + "/attribute.repository/northwind/robot | unknown",
		"principalSet://iam.googleapis.com/projects/444455556666/locations/global/workloadIdentityPools/lost/* | oidc |  | principalSet://iam.googleapis.com/projects/444455556666/locations/global/workloadIdentityPools/lost/* | unknown",
		"serviceAccount:northwind-prod.svc.id.goog[payments/runner] | oidc | https://container.googleapis.com | northwind-prod.svc.id.goog[payments/runner] | unknown",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	for id, x := range f.trusts {
		if missing := x.Attributes["missing"] == "true"; missing != strings.Contains(id, "/lost/") {
			t.Errorf("%s: missing is %v", id, missing)
		}
	}
}

// TestOwners tells who answers for what.
func TestOwners(t *testing.T) {
	f := find(t, northwind())
	for subject, want := range map[string][]string{
		"gcp:" + deployer: {"platform by label, high", "terraform by terraform, low", "security@northwind.example by contact, low"},
		"gcp:" + builder:  {"ci-oncall@northwind.example by contact, low"},
		"gcp:projects/" + prodNumber + "/secrets/db-main":                          {"data_northwind by label, high", "security@northwind.example by contact, low"},
		"gcp:service-" + prodNumber + "@gcp-sa-cloudbuild.iam.gserviceaccount.com": nil,
	} {
		var got []string
		for _, o := range f.owners[subject] {
			got = append(got, o.Owner+" by "+o.Method+", "+string(o.Confidence))
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: %s", subject, diff)
		}
	}
	o := project(func(p *object.Project) {
		p.Labels = []object.Label{{Key: "Team", Value: "robots"}}
		p.Accounts = []object.Account{{Email: payments, KeysKnown: true, Description: "asks dana.reyes@northwind.example, not " + deployer}}
	})
	var got []string
	for _, x := range find(t, o).owners["gcp:"+payments] {
		got = append(got, x.Owner+" "+x.Method+" "+x.Kind)
	}
	if diff := cmp.Diff([]string{"dana.reyes@northwind.example description ", "robots project_label team"}, got); diff != "" {
		t.Error(diff)
	}
}

// TestDenied denies each call of a project alone, and all: what it feeds must not pass
// as seen.
func TestDenied(t *testing.T) {
	feeds := newFeeds()
	for _, call := range append(slices.Clone(projectCalls), "") {
		denied := []string{call}
		if call == "" {
			denied = projectCalls
		}
		f := find(t, project(func(p *object.Project) { deny(p, denied...) }))
		for _, k := range kinds() {
			c := f.coverages["gcp:"+prod+" "+string(k)]
			fed := slices.ContainsFunc(denied, func(call string) bool {
				_, ok := feeds.Of(k, spelled(call))
				return ok
			})
			if whole := c.Status == inventory.StatusComplete; whole == fed {
				t.Errorf("without %q, %s is %s: %s", call, k, c.Status, c.Reason)
			}
			if fed && !strings.Contains(c.Reason, denied[0]) && call != "" {
				t.Errorf("without %q, %s does not name it: %s", call, k, c.Reason)
			}
		}
	}
}

// TestAbove counts what was denied above a project for it, and for no other.
func TestAbove(t *testing.T) {
	o := northwind()
	o.Listings = append(o.Listings, object.Listing{Call: "iam.denypolicies.list", Where: folder, Status: inventory.StatusDenied, Reason: "denied"},
		object.Listing{Call: "resourcemanager.folders.getIamPolicy", Where: folder, Status: inventory.StatusDenied, Reason: "denied"})
	f := find(t, o)
	want := map[string]inventory.Status{
		"gcp:" + organization + " grant": inventory.StatusComplete, "gcp:" + folder + " grant": inventory.StatusPartial,
		"gcp:" + prod + " grant": inventory.StatusPartial, "gcp:northwind-ci grant": inventory.StatusComplete,
		"gcp:" + prod + " trust": inventory.StatusPartial, "gcp:northwind-ci trust": inventory.StatusComplete,
	}
	got := map[string]inventory.Status{}
	for k := range want {
		got[k] = f.coverages[k].Status
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// TestEmit ends a scan with the error of whoever takes the records.
func TestEmit(t *testing.T) {
	gone := errors.New("nobody listens")
	for n := range 40 {
		left := n
		err := newEstate("gcp", northwind(), newOwnerLabels(nil), scanned).run(context.Background(), func(inventory.Record) error {
			if left--; left < 0 {
				return gone
			}
			return nil
		})
		if !errors.Is(err, gone) {
			t.Fatalf("after %d records: %v", n, err)
		}
	}
}

// TestHostile maps names that no project has.
func TestHostile(t *testing.T) {
	odd := []string{"", "\x00", "a\nb", strings.Repeat("ü", 10_000), "\xff\xfe", "%", "a/b/c", "projects/", "serviceAccount:", "principal://", "deleted:", "?uid=", "[", "@", "x@.iam.gserviceaccount.com"}
	for _, s := range odd {
		o := northwind()
		p := o.Projects[0]
		p.Accounts = append(p.Accounts, object.Account{Email: s, Name: s, Description: s, Keys: []object.AccountKey{{ID: s, DisableReason: s, Disabled: inventory.True, ValidBefore: time.Date(-5, 1, 1, 0, 0, 0, 0, time.UTC)}}, Labels: []object.Label{{Key: s, Value: s}}})
		p.Keys = append(p.Keys, object.APIKey{Name: s, UID: s, Account: s, Allowed: odd})
		p.Secrets = append(p.Secrets, object.Secret{Name: s, Topics: odd})
		p.KMS = append(p.KMS, object.Key{Name: s, Purpose: s, State: s})
		p.Pools = append(p.Pools, object.Pool{Name: s, Providers: []object.Provider{{Name: s, Issuer: s, Condition: s, Mapping: []object.Label{{Key: s, Value: s}}}}, Managed: []object.ManagedIdentity{{Name: s}}})
		p.Clients = append(p.Clients, object.OAuthClient{Name: s, ID: s, Credentials: []object.OAuthCredential{{Name: s}}})
		p.HMAC = append(p.HMAC, object.HMACKey{AccessID: s, Account: s, State: s})
		p.Consumers = append(p.Consumers, object.Consumer{Name: s, Account: s, Secrets: odd})
		p.Insights = append(p.Insights, object.Insight{Member: s, Role: s, Unused: odd})
		p.Listings = append(p.Listings, object.Listing{Call: s, Where: s, Status: inventory.StatusPartial, Reason: s})
		p.Notes = append(p.Notes, s)
		o.Groups = append(o.Groups, object.Group{Email: s, Members: append([]string{"group:" + s}, odd...)})
		for _, at := range odd {
			o.Policies = append(o.Policies, object.Policy{Resource: at, Project: s, Bindings: []object.Binding{{Role: s, Members: append([]string{"group:" + s, "principalSet://iam.googleapis.com/" + s + "/*", prefixAccount + s, "user:" + s}, odd...), Condition: &object.Condition{Title: s, Expression: s}}}})
		}
		seen := map[string]bool{}
		for _, r := range mapped(t, o) { // which checks each record
			if id := r.ID(); id != "" && seen[id] {
				t.Errorf("of the name %.20q there are two records %.80q", s, id)
			}
			seen[r.ID()] = true
		}
	}
}

// TestMembers reads the forms that members have.
func TestMembers(t *testing.T) {
	set := "principalSet://iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/p"
	for text, want := range map[string]string{
		prefixAccount + "A@b.iam.gserviceaccount.com":                                       "account a@b.iam.gserviceaccount.com",
		"deleted:" + prefixAccount + "a@b.iam.gserviceaccount.com?uid=1":                    "account deleted:" + prefixAccount + "a@b.iam.gserviceaccount.com?uid=1",
		prefixAccount + "p.svc.id.goog[ns/sa]":                                              "kubernetes p.svc.id.goog[ns/sa]",
		set + ".svc.id.goog/namespace/ns":                                                   "kubernetes " + set + ".svc.id.goog/namespace/ns",
		set + "/*":                                                                          "federated " + set + "/*",
		set + "/attribute.repository/a/b":                                                   "federated " + set + "/attribute.repository/a/b",
		"principal://iam.googleapis.com/locations/global/workforcePools/p/subject/s":        "person principal://iam.googleapis.com/locations/global/workforcePools/p/subject/s",
		"principalSet://cloudresourcemanager.googleapis.com/projects/1/type/ServiceAccount": "accounts principalSet://cloudresourcemanager.googleapis.com/projects/1/type/ServiceAccount",
		"allUsers":                    "public allUsers",
		"user:dana@northwind.example": "person ",
		"group:g@northwind.example":   "group ",
		"domain:northwind.example":    "person ",
		"projectOwner:p":              "role ",
		"agent:x":                     "other ",
		"":                            "other ",
	} {
		if m := parseMember(text); m.kind+" "+m.id != want {
			t.Errorf("%q is %s %s, not %s", text, m.kind, m.id, want)
		}
	}
	for email, want := range map[string]string{
		"service-1@gcp-sa-cloudbuild.iam.gserviceaccount.com": "cloudbuild", "service-1@compute-system.iam.gserviceaccount.com": "compute-system",
		"1@cloudservices.gserviceaccount.com": "cloudservices", "service-1@cloud-ml.google.com.iam.gserviceaccount.com": "cloud-ml", deployer: "", computes: "",
	} {
		if got := agentOf(email); got != want {
			t.Errorf("%s is an agent of %q, not %q", email, got, want)
		}
	}
	if agentOf("service-1@evil.iam.gserviceaccount.com") != "" {
		t.Error("an account of a stranger passes as a service agent")
	}
}

// TestLevels tells what grants come to: as they work, and all together.
func TestLevels(t *testing.T) {
	o := project(func(p *object.Project) {
		p.Accounts = []object.Account{{Email: deployer, KeysKnown: true}, {Email: payments, KeysKnown: true}}
	})
	o.Policies = []object.Policy{{Resource: "projects/" + prod, Project: prod, Bindings: []object.Binding{
		{Role: "roles/owner", Members: []string{prefixAccount + deployer}},
		{Role: "roles/owner", Members: []string{prefixAccount + payments}, Condition: &object.Condition{Expression: `request.time < timestamp("2026-01-01T00:00:00Z")`}},
		{Role: "roles/iam.serviceAccountUser", Members: []string{prefixAccount + payments}},
		{Role: "roles/run.developer", Members: []string{prefixAccount + payments}},
		{Role: "projects/northwind-prod/roles/unread", Members: []string{prefixAccount + payments}},
		{Role: "projects/northwind-prod/roles/off", Members: []string{prefixAccount + payments}},
	}}}
	o.Roles = []object.Role{{Name: "projects/northwind-prod/roles/off", Stage: "DISABLED", Permissions: []string{"compute.instances.create"}, Known: true}}
	f := find(t, o)
	at := "gcp:projects/" + prod + "#"
	for id, want := range map[string]inventory.Level{
		at + "roles/owner/" + prefixAccount + deployer: inventory.LevelAdmin,
		at + "roles/owner/" + prefixAccount + payments + "?" + shortHash("\x00"+`request.time < timestamp("2026-01-01T00:00:00Z")`): inventory.LevelNone,
		at + "roles/run.developer/" + prefixAccount + payments:                                                                      inventory.LevelWrite,
		at + "projects/northwind-prod/roles/unread/" + prefixAccount + payments:                                                     inventory.LevelUnknown,
		at + "projects/northwind-prod/roles/off/" + prefixAccount + payments:                                                        inventory.LevelNone,
		"gcp:" + payments + "#effective":                                                                                            inventory.LevelEscalate,
	} {
		g := f.grants[id]
		if g == nil {
			t.Errorf("%s is missing", id)
			continue
		}
		if g.Level != want {
			t.Errorf("%s is %s, not %s: %v", id, g.Level, want, g.Reasons)
		}
	}
	if g := f.grants["gcp:"+deployer+"#effective"]; g != nil {
		t.Errorf("one role tells as much as all together: %+v", g)
	}
	if a := f.identities["gcp:"+deployer].Attributes; a["effective_level"] != "admin" || a["administers"] != "projects/"+prod {
		t.Errorf("the owner: %v", a)
	}
	g := f.grants["gcp:"+payments+"#effective"]
	if g != nil && !slices.ContainsFunc(g.Paths, func(p string) bool { return strings.HasSuffix(p, "(admin)") }) {
		t.Errorf("no path leads to an administrator: %v", g.Paths)
	}
}

// TestUnusedOfUnreadRole says nothing of permissions that were not used where nobody
// knows what the role permits: that none was unused would be a pass.
func TestUnusedOfUnreadRole(t *testing.T) {
	o := project(func(p *object.Project) {
		p.Accounts = []object.Account{{Email: deployer, KeysKnown: true}}
		p.Insights = []object.Insight{{Kind: "google.iam.policy.Insight", Member: prefixAccount + deployer, Role: "roles/editor", Resource: "projects/" + prod, State: "ACTIVE"}}
	})
	o.Policies = []object.Policy{{Resource: "projects/" + prod, Project: prod, Bindings: []object.Binding{{Role: "roles/editor", Members: []string{prefixAccount + deployer}}}}}
	f := find(t, o)
	if v, ok := f.identities["gcp:"+deployer].Attributes["unused_permissions"]; ok {
		t.Errorf("the account did not use %s permissions", v)
	}
	for id, g := range f.grants {
		if v, ok := g.Attributes["unused_permissions"]; ok {
			t.Errorf("%s: %s permissions were not used", id, v)
		}
	}
}

// TestAim reads what a source names.
func TestAim(t *testing.T) {
	for target, want := range map[string]live.Options{
		"":                    {},
		prod:                  {Projects: []string{prod}},
		"projects/" + prod:    {Projects: []string{prod}},
		"example.com:" + prod: {Projects: []string{"example.com:" + prod}},
		organization:          {Organization: organization},
		"northwind.example":   {Organization: "northwind.example"},
		folder:                {Folder: folder},
	} {
		var got live.Options
		if err := aim(&got, target); err != nil {
			t.Errorf("%s: %v", target, err)
		}
		if !slices.Equal(got.Projects, want.Projects) || got.Organization != want.Organization || got.Folder != want.Folder {
			t.Errorf("%s is %+v, not %+v", target, got, want)
		}
	}
	for _, target := range []string{"a/b", "northwind-*", "a b", "users/1"} {
		if err := aim(&live.Options{}, target); err == nil {
			t.Errorf("%q is taken", target)
		}
	}
	if err := aim(&live.Options{Projects: []string{"x"}}, prod); err == nil {
		t.Error("a project is named twice")
	}
}

// TestComing tells who comes in as a principal that has roles itself, and only then.
func TestComing(t *testing.T) {
	f := find(t, northwind())
	set := "gcp:principalSet://iam.googleapis.com/" + pool + "/attribute.repository/northwind/robot"
	x := f.trusts[set+"#trust/actions"]
	if x == nil {
		t.Fatal("who comes in as the repository is missing")
	}
	want := []string{"assertion.repository_owner_id == '12345'", "attribute.repository == 'northwind/robot'"}
	if diff := cmp.Diff(want, x.Conditions); diff != "" || x.Identity != set || x.Issuer != "https://token.actions.githubusercontent.com" {
		t.Errorf("%s %+v", diff, x)
	}
	for id, x := range f.trusts {
		if strings.HasPrefix(id, "gcp:principal://") {
			t.Errorf("%s has no role itself: %+v", id, x)
		}
	}
	o := project(func(p *object.Project) {
		p.Pools = []object.Pool{{Name: pool, ProvidersKnown: true, Providers: []object.Provider{{Name: pool + "/providers/gitlab", Kind: "oidc", Issuer: "https://gitlab.com"}}}}
	})
	all := "principalSet://iam.googleapis.com/" + pool + "/*"
	o.Policies = []object.Policy{{Resource: "projects/" + prod, Project: prod, Bindings: []object.Binding{{Role: "roles/viewer", Members: []string{all}}}}}
	x = find(t, o).trusts["gcp:"+all+"#trust/gitlab"]
	if x == nil || len(x.Conditions) > 0 || x.Attributes["weak"] != "no_subject" {
		t.Errorf("whoever has a token of the issuer comes in: %+v", x)
	}
}
