package condition_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/internal/privilege/gcp/condition"
)

const (
	yes     = inventory.True
	no      = inventory.False
	unknown = inventory.Unknown
)

func now() time.Time { return time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC) }

func TestHolds(t *testing.T) {
	secret := condition.Context{Now: now(), Resource: true, Type: "secretmanager.googleapis.com/Secret", Service: "secretmanager.googleapis.com", Name: "projects/444455556666/secrets/ci-deploy"}
	tagged := condition.Context{Now: now(), TagsKnown: true, Tags: []condition.Tag{{Key: "111122223333/env", Value: "111122223333/env/prod", KeyID: "tagKeys/1", ValueID: "tagValues/2"}}}
	short := condition.Context{Now: now(), TagsKnown: true, Tags: []condition.Tag{{Key: "env", Value: "prod"}}}
	for _, tt := range []struct {
		name, expr string
		ctx        condition.Context
		want       inventory.Tri
	}{
		{"past", `request.time < timestamp("2026-01-01T00:00:00Z")`, condition.Context{Now: now()}, no},
		{"future", `request.time < timestamp("2027-01-01T00:00:00Z")`, condition.Context{Now: now()}, yes},
		{"no clock", `request.time < timestamp("2027-01-01T00:00:00Z")`, condition.Context{}, unknown},
		{"hours", `request.time.getHours("Europe/Berlin") < 18`, condition.Context{Now: now()}, unknown},
		{"past and hours", `request.time < timestamp("2026-01-01T00:00:00Z") && request.time.getHours() < 18`, condition.Context{Now: now()}, unknown},
		{"name begins", `resource.name.startsWith("projects/444455556666/secrets/ci-")`, secret, yes},
		{"name begins otherwise", `resource.name.startsWith("projects/444455556666/secrets/pay-")`, secret, no},
		{"name unknown", `resource.name.startsWith("projects/x")`, condition.Context{Now: now()}, unknown},
		{"type or name", `resource.type != "secretmanager.googleapis.com/Secret" || resource.name.endsWith("deploy")`, secret, yes},
		{"service", `resource.service == "secretmanager.googleapis.com"`, secret, yes},
		{"extract", `resource.name.extract("secrets/{name}") == "ci-deploy"`, secret, yes},
		{"extract between", `resource.name.extract("projects/{p}/") == "444455556666"`, secret, yes},
		{"extract none", `resource.name.extract("folders/{p}/") == ""`, secret, yes},
		{"address", `origin.ip == "10.0.0.1"`, secret, unknown},
		{"host decides nothing", `request.host == "a" || true`, secret, yes},
		{"path", `request.path.startsWith("/admin") && resource.service == "storage.googleapis.com"`, secret, no},
		{"levels", `"accessPolicies/1/accessLevels/corp" in request.auth.access_levels`, secret, unknown},
		{"only these", `api.getAttribute('iam.googleapis.com/modifiedGrantsByRole', []).hasOnly(['roles/viewer'])`, condition.Context{Roles: []string{"roles/owner"}}, no},
		{"this one", `api.getAttribute('iam.googleapis.com/modifiedGrantsByRole', []).hasOnly(['roles/viewer'])`, condition.Context{Roles: []string{"roles/viewer"}}, yes},
		{"no change", `api.getAttribute('iam.googleapis.com/modifiedGrantsByRole', []).hasOnly(['roles/viewer'])`, condition.Context{}, yes},
		{"another attribute", `api.getAttribute('iap.googleapis.com/x', '') == 'a'`, condition.Context{}, unknown},
		{"tag", `resource.matchTag('111122223333/env', 'prod')`, tagged, yes},
		{"tag ids", `resource.matchTagId('tagKeys/1', 'tagValues/2')`, tagged, yes},
		{"other tag ids", `resource.matchTagId('tagKeys/1', 'tagValues/3')`, tagged, no},
		{"tag key", `resource.hasTagKey('111122223333/env')`, tagged, yes},
		{"tag key of another", `resource.hasTagKey('999/env')`, tagged, no},
		{"tag key id", `resource.hasTagKeyId('tagKeys/9')`, tagged, no},
		{"short tag", `resource.matchTag('111122223333/env', 'prod')`, short, unknown},
		{"short tag of another value", `resource.matchTag('111122223333/env', 'dev')`, short, no},
		{"short tag, no id", `resource.matchTagId('tagKeys/1', 'tagValues/2')`, short, unknown},
		{"tags unknown", `resource.matchTag('1/env', 'prod')`, condition.Context{Now: now()}, unknown},
		{"not tagged", `!resource.matchTag('1/env', 'prod')`, condition.Context{Now: now(), TagsKnown: true}, yes},
		{"garbage", `request.`, secret, unknown},
		{"not a question", `"text"`, secret, unknown},
		{"empty", ` `, secret, unknown},
		{"fails", `resource.name.extract("x") == ""`, secret, unknown},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := condition.New(tt.expr)
			if got := c.Holds(&tt.ctx); got != tt.want {
				t.Errorf("%s is %v, want %v (%v)", tt.expr, got, tt.want, c.Err())
			}
		})
	}
}

func TestReadsOff(t *testing.T) {
	c := condition.New(`request.time < timestamp('2027-03-01T00:00:00Z') && timestamp("2027-02-01T00:00:00Z") > request.time && resource.type == 'x'`)
	if want := time.Date(2027, 2, 1, 0, 0, 0, 0, time.UTC); !c.Expires().Equal(want) || !c.OnResource() || c.LimitsGrants() {
		t.Errorf("expires %v (%v), on resource %v, limits grants %v", c.Expires(), c.Err(), c.OnResource(), c.LimitsGrants())
	}
	if e := condition.New(`request.time < timestamp('2027-03-01T00:00:00Z') || resource.type == 'x'`).Expires(); !e.IsZero() {
		t.Errorf("one of two expires at %v", e)
	}
	c = condition.New(`api.getAttribute("iam.googleapis.com/modifiedGrantsByRole", []).hasOnly(["roles/b", "roles/a", "projects/p/roles/c"])`)
	if diff := cmp.Diff([]string{"projects/p/roles/c", "roles/a", "roles/b"}, c.Roles()); diff != "" || !c.LimitsGrants() {
		t.Error(c.LimitsGrants(), diff)
	}
}

func TestReadClaims(t *testing.T) {
	for _, tt := range []struct {
		name, expr string
		want       condition.Claims
	}{
		{"one", `assertion.repository_owner == 'northwind'`, condition.Claims{All: []condition.Claim{{Name: "assertion.repository_owner", Values: []string{"northwind"}}}, Whole: true}},
		{"turned round", `'northwind' == assertion['repository_owner']`, condition.Claims{All: []condition.Claim{{Name: "assertion.repository_owner", Values: []string{"northwind"}}}, Whole: true}},
		{"both", `google.subject.startsWith('repo:a/') && attribute.ref in ['refs/heads/main', 'refs/heads/next']`, condition.Claims{All: []condition.Claim{
			{Name: "attribute.ref", Values: []string{"refs/heads/main", "refs/heads/next"}}, {Name: "google.subject", Values: []string{"repo:a/"}, Prefix: true},
		}, Whole: true}},
		{"either of one claim", `assertion.ref == 'a' || assertion.ref == 'b'`, condition.Claims{All: []condition.Claim{{Name: "assertion.ref", Values: []string{"a", "b"}}}, Whole: true}},
		{"either of two claims", `assertion.ref == 'a' || assertion.sub == 'b'`, condition.Claims{}},
		{"part", `assertion.ref == 'a' && assertion.sub.matches('x')`, condition.Claims{All: []condition.Claim{{Name: "assertion.ref", Values: []string{"a"}}}}},
		{"not", `assertion.ref != 'a'`, condition.Claims{}},
		{"true", `true`, condition.Claims{}},
		{"nothing", ``, condition.Claims{}},
		{"garbage", `assertion.`, condition.Claims{}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, condition.ReadClaims(tt.expr)); diff != "" {
				t.Error(diff)
			}
		})
	}
}
