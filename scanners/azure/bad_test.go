package azure

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/scanners/azure/object"
)

// hostile are names that somebody may give to an application, a tag or a resource.
func hostile() []string {
	return []string{"", "\x00\x1b[31m", "\xff\xfe", "a\nb", "%41", strings.Repeat("x", 1<<17), "🤖\u202e", " ", "#/password/1", "'; drop table", "azure:fake"}
}

// TestHostileNames: every record is valid, whatever a tenant is called.
func TestHostileNames(t *testing.T) {
	for _, s := range hostile() {
		tenant := northwind()
		tenant.Name, tenant.ReaderName, tenant.Contacts = s, s, []string{s}
		for i := range tenant.Applications {
			a := &tenant.Applications[i]
			a.Name, a.Description, a.Notes, a.ServiceManagement, a.Tags, a.RedirectURIs, a.Audience, a.PublisherDomain = s, s, s+"@"+s+".x", s, []string{s, s + ":" + s}, []string{s}, s, s
			for k := range a.Federated {
				f := &a.Federated[k]
				f.Name, f.Subject, f.Audiences, f.ID = s, s, []string{s}, s
			}
			for k := range a.Passwords {
				a.Passwords[k].Name, a.Passwords[k].ID, a.Passwords[k].UsedBy = s, s, s
				a.Passwords[k].End = time.Date(20000, 1, 1, 0, 0, 0, 0, time.UTC)
			}
		}
		for i := range tenant.Principals {
			p := &tenant.Principals[i]
			p.Name, p.Description, p.Notes, p.Notify, p.VerifiedPublisher, p.Tags, p.Names = s, s, s, []string{s}, s, []string{s}, []string{s + "://"}
		}
		for i := range tenant.Assignments {
			a := &tenant.Assignments[i]
			a.Condition, a.CreatedBy = s, s
			if i > 4 {
				a.ID, a.Scope, a.Role = s+"/"+strconv.Itoa(i), s, s
			}
		}
		tenant.Groups[0].Name, tenant.Units[0].Name, tenant.DirectoryRoles[0].Name, tenant.RoleDefs[0].Name = s, s, s, s
		tenant.Delegated[0].Scopes = []string{s}
		for _, x := range tenant.Subscriptions {
			x.Name, x.Contacts, x.Tags = s, []string{s}, []object.Tag{{Key: s, Value: s}, {Key: "owner", Value: s}}
			for i := range x.Consumers {
				x.Consumers[i].Type, x.Consumers[i].Kind, x.Consumers[i].Name, x.Consumers[i].Location = s, s, s, s
			}
			for i := range x.Switches {
				x.Switches[i].Name, x.Switches[i].Type = s, s
			}
			for i := range x.Vaults {
				for k := range x.Vaults[i].Objects {
					o := &x.Vaults[i].Objects[k]
					o.Name, o.ContentType, o.Kind, o.RotationPeriod = s, s, s, -1
				}
			}
		}
		for i := range tenant.Listings {
			tenant.Listings[i].Status, tenant.Listings[i].Reason, tenant.Listings[i].Where = inventory.StatusPartial, s, s
		}
		got := records(t, tenant) // it validates each
		ids := map[string]bool{}
		for _, r := range got.all {
			if id := r.ID(); id != "" {
				if ids[id] {
					t.Errorf("two records have one id, with names like %.20q", s)
				}
				ids[id] = true
			}
		}
	}
}

// TestCircles: groups in groups in a circle, owners that own each other and an
// identity that nobody lists end.
func TestCircles(t *testing.T) {
	tenant := northwind()
	tenant.Principals[0].Owners = []string{sp("04")}
	tenant.Principals[3].Owners = []string{sp("01")}
	tenant.Groups[0].Members = append(tenant.Groups[0].Members, guid("6", "01"))
	got := records(t, tenant)
	grants := 0
	for _, g := range got.grant {
		if strings.Contains(g.Via, "group deployers") && strings.HasSuffix(g.Principal, sp("05")) {
			grants++
		}
	}
	if grants != 2 {
		t.Errorf("an identity two groups deep has %d grants of the outer one, want 2", grants)
	}
}

// TestTwice: what an answer holds twice is told once.
func TestTwice(t *testing.T) {
	tenant := northwind()
	tenant.Applications = append(tenant.Applications, tenant.Applications...)
	tenant.Principals = append(tenant.Principals, tenant.Principals...)
	got := records(t, tenant)
	ids := map[string]bool{}
	for _, r := range got.all {
		if id := r.ID(); id != "" && ids[id] {
			t.Errorf("two records %s", id)
		} else {
			ids[id] = true
		}
	}
	if want := records(t, northwind()); len(want.identity) != len(got.identity) || len(want.credential) != len(got.credential) {
		t.Errorf("%d identities and %d credentials, want %d and %d", len(got.identity), len(got.credential), len(want.identity), len(want.credential))
	}
}

// TestStops ends a scan when nobody listens any more, and when its context ends.
func TestStops(t *testing.T) {
	e := newEstate("azure", &object.Estate{Tenants: []*object.Tenant{northwind()}}, newOwnerTags(nil), scanned)
	stop := errors.New("stop")
	n := 0
	err := e.run(context.Background(), func(inventory.Record) error {
		if n++; n > 10 {
			return stop
		}
		return nil
	})
	if !errors.Is(err, stop) || n != 11 {
		t.Errorf("the scan returns %v after %d records", err, n)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := e.run(ctx, func(inventory.Record) error { return nil }); !errors.Is(err, context.Canceled) {
		t.Errorf("a scan whose context has ended returns %v", err)
	}
}

// TestNoHint: nothing of a secret is told, not even the hint that Entra keeps of it.
func TestNoHint(t *testing.T) {
	tenant := northwind()
	canary := "zq" + "7canary"
	for i := range tenant.Applications {
		for k := range tenant.Applications[i].Passwords {
			tenant.Applications[i].Passwords[k].Hint = canary
		}
	}
	if strings.Contains(lines(t, scanned, tenant), canary) {
		t.Error("the hint of a secret is told")
	}
}

// TestOneLine joins a leaked client id with what its application may do: one identity
// goes by the ids of both of its objects.
func TestOneLine(t *testing.T) {
	got := records(t, northwind())
	x := got.identity["azure:"+tenantID+"/applications/"+app("01")]
	for _, id := range []string{app("01"), obj("01"), sp("01"), "api://deployer"} {
		if !slices.Contains(x.PublicIDs, id) {
			t.Errorf("it does not go by %s", id)
		}
	}
	by := map[string]int{}
	for _, i := range got.identity {
		for _, id := range i.PublicIDs {
			by[id]++
		}
	}
	for id, n := range by {
		if n > 1 {
			t.Errorf("%d identities go by %s", n, id)
		}
	}
	held := 0
	for _, g := range got.grant {
		if g.Principal == x.ID {
			held++
		}
	}
	if held < 3 {
		t.Errorf("it has %d grants", held)
	}
}
