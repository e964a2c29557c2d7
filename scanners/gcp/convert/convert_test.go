package convert

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/scanners/gcp/object"
)

// canary stands where a value of a secret would.
const canary = "CANARY"

func day(text string) time.Time {
	t, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return time.Time{}
	}
	return t
}

func TestAccountKey(t *testing.T) {
	const name = `"name": "projects/northwind-prod/serviceAccounts/ci@northwind-prod.iam.gserviceaccount.com/keys/a1"`
	for _, c := range []struct {
		name, raw string
		want      object.AccountKey
		fails     bool
	}{
		{
			"one without an end", `{` + name + `, "validAfterTime": "2024-01-02T03:04:05Z", "validBeforeTime": "9999-12-31T23:59:59Z", "keyType": "USER_MANAGED", "keyOrigin": "GOOGLE_PROVIDED", "keyAlgorithm": "KEY_ALG_RSA_2048", "privateKeyData": "` + canary + `"}`,
			object.AccountKey{ID: "a1", Type: "USER_MANAGED", Origin: "GOOGLE_PROVIDED", Algorithm: "KEY_ALG_RSA_2048", Disabled: inventory.False, ValidAfter: day("2024-01-02T03:04:05Z"), NeverExpires: true},
			false,
		},
		{
			"a disabled one", `{` + name + `, "disabled": true, "disableReason": "SERVICE_ACCOUNT_KEY_DISABLE_REASON_EXPOSED", "extendedStatus": [{"key": "SERVICE_ACCOUNT_KEY_EXTENDED_STATUS_KEY_EXPOSED", "value": "https://x"}, {"key": "OTHER"}]}`,
			object.AccountKey{ID: "a1", Disabled: inventory.True, DisableReason: "EXPOSED", Extended: []string{"EXPOSED: https://x", "OTHER"}},
			false,
		},
		{"times that are none", `{` + name + `, "validAfterTime": "yesterday", "validBeforeTime": 17}`, object.AccountKey{ID: "a1", Disabled: inventory.False}, false},
		{"a field of another type", `{` + name + `, "keyType": 1, "keyOrigin": "USER_PROVIDED"}`, object.AccountKey{ID: "a1", Origin: "USER_PROVIDED", Disabled: inventory.False}, true},
		{"no object", `[]`, object.AccountKey{Disabled: inventory.False}, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, _, _, err := AccountKey([]byte(c.raw))
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Error(diff)
			}
			if (err != nil) != c.fails {
				t.Errorf("error: %v", err)
			}
		})
	}
}

// Whose a service account is, by its address.
func TestManaged(t *testing.T) {
	for address, want := range map[string]string{
		"ci@northwind-prod.iam.gserviceaccount.com":                           "",
		"444455556666-compute@developer.gserviceaccount.com":                  "default",
		"northwind-prod@appspot.gserviceaccount.com":                          "default",
		"444455556666@cloudbuild.gserviceaccount.com":                         "default",
		"444455556666@cloudservices.gserviceaccount.com":                      "google",
		"service-444455556666@gcp-sa-pubsub.iam.gserviceaccount.com":          "google",
		"service-444455556666@container-engine-robot.iam.gserviceaccount.com": "google",
		"service-desk@northwind-prod.iam.gserviceaccount.com":                 "",
		"ann@northwind.example":                                               "",
		"":                                                                    "",
	} {
		if got := Managed(address); got != want {
			t.Errorf("%q is %q, not %q", address, got, want)
		}
	}
}

// Names are spelled in one way, wherever they come from.
func TestNames(t *testing.T) {
	for name, want := range map[string]string{
		"//iam.googleapis.com/projects/p/serviceAccounts/1":                        "iam.googleapis.com/projects/p/serviceAccounts/1",
		"https://www.googleapis.com/compute/v1/projects/p/zones/z/instances/i":     "compute.googleapis.com/projects/p/zones/z/instances/i",
		"https://www.googleapis.com/compute/beta/projects/p/zones/z/instances/i":   "compute.googleapis.com/projects/p/zones/z/instances/i",
		"https://compute.googleapis.com/compute/v1/projects/p/zones/z/instances/i": "compute.googleapis.com/projects/p/zones/z/instances/i",
		"https://container.googleapis.com/v1/projects/p/locations/l/clusters/c":    "container.googleapis.com/projects/p/locations/l/clusters/c",
		"https://example.com/v1/x": "https://example.com/v1/x",
		"":                         "",
	} {
		if got := Bare(name); got != want {
			t.Errorf("%q is %q, not %q", name, got, want)
		}
	}
	for name, want := range map[string]string{
		"//cloudresourcemanager.googleapis.com/projects/p":      "projects/p",
		"//cloudresourcemanager.googleapis.com/organizations/1": "organizations/1",
		"//secretmanager.googleapis.com/projects/1/secrets/s":   "secretmanager.googleapis.com/projects/1/secrets/s",
	} {
		if got := Resource(name); got != want {
			t.Errorf("%q is %q, not %q", name, got, want)
		}
	}
}

// Durations never overflow, and what is none is unknown.
func TestSpan(t *testing.T) {
	for text, want := range map[string]time.Duration{
		`"7776000s"`: 90 * 24 * time.Hour, `"1.5s"`: 1500 * time.Millisecond, `"315576000000s"`: 0, `"-1s"`: 0, `"1e300s"`: 0, `"NaNs"`: 0, `"7776000"`: 0, `17`: 0, `null`: 0, `"s"`: 0,
	} {
		var s span
		if err := json.Unmarshal([]byte(text), &s); err != nil || time.Duration(s) != want {
			t.Errorf("%s is %v, %v", text, time.Duration(s), err)
		}
	}
}

// Both versions of Resource Manager, and the asset types, say the same.
func TestProject(t *testing.T) {
	want := object.Project{ID: "northwind-prod", Number: "444455556666", Name: "Northwind", Parent: "folders/7", State: "ACTIVE", CreatedAt: day("2020-01-01T00:00:00Z"), Labels: []object.Label{{Key: "team", Value: "shop"}}}
	for name, raw := range map[string]string{
		"version 3": `{"name": "projects/444455556666", "projectId": "northwind-prod", "displayName": "Northwind", "parent": "folders/7", "state": "ACTIVE", "createTime": "2020-01-01T00:00:00Z", "labels": {"team": "shop"}}`,
		"version 1": `{"name": "Northwind", "projectId": "northwind-prod", "projectNumber": "444455556666", "parent": {"type": "folder", "id": "7"}, "lifecycleState": "ACTIVE", "createTime": "2020-01-01T00:00:00.000Z", "labels": {"team": "shop"}}`,
		"a search":  `{"name": "Northwind", "projectId": "northwind-prod", "projectNumber": "444455556666", "parent": "//cloudresourcemanager.googleapis.com/folders/7", "state": "ACTIVE", "createTime": "2020-01-01T00:00:00Z", "labels": {"team": "shop"}}`,
	} {
		got, err := Project([]byte(raw))
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

// A deny policy is attached to what its name says.
// TestPolicyWithoutConditions keeps in mind that a policy that was read in its first
// version hides conditions: the role has a mark instead.
func TestPolicyWithoutConditions(t *testing.T) {
	got, _, err := Policy([]byte(`{"version": 1, "bindings": [{"role": "roles/owner_withcond_2b17cc25d2cd9e2c54d8", "members": ["user:a@northwind.example"]}, {"role": "roles/viewer", "members": ["allUsers"], "condition": {"title": "empty"}}]}`))
	if err != nil || len(got) != 2 {
		t.Fatal(got, err)
	}
	if b := got[0]; b.Role != "roles/owner" || b.Condition == nil || b.Condition.Expression == "" {
		t.Errorf("%+v %+v", b, b.Condition)
	}
	if b := got[1]; b.Condition == nil || b.Condition.Expression == "" {
		t.Errorf("an empty expression is no condition: %+v", b.Condition)
	}
}

func TestDenyPolicy(t *testing.T) {
	got, err := DenyPolicy([]byte(`{"name": "policies/cloudresourcemanager.googleapis.com%2Fprojects%2Fnorthwind-prod/denypolicies/d", "rules": [{"description": "x", "denyRule": {"deniedPrincipals": ["principalSet://goog/public:all"], "exceptionPermissions": ["iam.googleapis.com/roles.get"], "denialCondition": {"expression": "true"}}}]}`))
	want := object.DenyPolicy{
		Name: "policies/cloudresourcemanager.googleapis.com%2Fprojects%2Fnorthwind-prod/denypolicies/d", Resource: "projects/northwind-prod",
		Rules: []object.DenyRule{{Principals: []string{"principalSet://goog/public:all"}, ExceptPermissions: []string{"iam.googleapis.com/roles.get"}, Condition: &object.Condition{Expression: "true"}, Description: "x"}},
	}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Error(diff, err)
	}
	for _, name := range []string{"", "x", "policies/%zz/denypolicies/d", "policies/x"} {
		if got := attached(name); got != "" {
			t.Errorf("%q is attached to %q", name, got)
		}
	}
}

// What runs as which account, for each form in which Google tells.
func TestConsumers(t *testing.T) {
	const account = "ci@northwind-prod.iam.gserviceaccount.com"
	for _, c := range []struct {
		name, asset, resource, raw string
		want                       []string // type, account, secrets, public
	}{
		{"an instance without an account", "compute.googleapis.com/Instance", "compute.googleapis.com/projects/p/zones/z/instances/i", `{"name": "i"}`, nil},
		{"an instance", "compute.googleapis.com/Instance", "compute.googleapis.com/projects/p/zones/z/instances/i", `{"serviceAccounts": [{"email": "` + account + `"}], "networkInterfaces": [{"ipv6AccessConfigs": [{}]}], "metadata": {"items": [{"key": "x", "value": "` + canary + `"}]}}`, []string{"compute.instance " + account + "  true"}},
		{"a service of version 2", "run.googleapis.com/Service", "run.googleapis.com/projects/p/locations/l/services/s", `{"ingress": "INGRESS_TRAFFIC_INTERNAL_ONLY", "template": {"serviceAccount": "` + account + `", "containers": [{"env": [{"name": "A", "value": "` + canary + `"}, {"name": "B", "valueSource": {"secretKeyRef": {"secret": "projects/q/secrets/b"}}}]}], "volumes": [{"secret": {"secret": "c"}}]}}`, []string{"run.service " + account + " projects/p/secrets/c,projects/q/secrets/b false"}},
		{"a job of version 2", "run.googleapis.com/Job", "run.googleapis.com/projects/p/locations/l/jobs/j", `{"template": {"template": {"serviceAccount": "` + account + `"}}}`, []string{"run.job " + account + "  unknown"}},
		{"a job of version 1", "run.googleapis.com/Job", "run.googleapis.com/projects/p/locations/l/jobs/j", `{"spec": {"template": {"spec": {"template": {"spec": {"serviceAccountName": "` + account + `"}}}}}}`, []string{"run.job " + account + "  unknown"}},
		{"a service as the default account", "run.googleapis.com/Service", "run.googleapis.com/projects/p/locations/l/services/s", `{}`, []string{"run.service default  unknown"}},
		{"a function of the first generation", "cloudfunctions.googleapis.com/CloudFunction", "cloudfunctions.googleapis.com/projects/p/locations/l/functions/f", `{"serviceAccountEmail": "` + account + `", "ingressSettings": "ALLOW_ALL", "secretVolumes": [{"secret": "v"}], "environmentVariables": {"A": "` + canary + `"}}`, []string{"function " + account + " projects/p/secrets/v true"}},
		{"a cluster", "container.googleapis.com/Cluster", "container.googleapis.com/projects/p/locations/l/clusters/c", `{"nodePools": [{"name": "a", "config": {"serviceAccount": "` + account + `"}}, {"name": "b"}]}`, []string{"gke.node_pool " + account + "  unknown", "gke.node_pool default  unknown"}},
		{"a trigger", "cloudbuild.googleapis.com/BuildTrigger", "cloudbuild.googleapis.com/projects/p/locations/l/triggers/t", `{"serviceAccount": "projects/p/serviceAccounts/` + account + `"}`, []string{"cloudbuild.trigger " + account + "  unknown"}},
		{"a trigger as whoever stands in", "cloudbuild.googleapis.com/BuildTrigger", "cloudbuild.googleapis.com/projects/p/locations/l/triggers/t", `{}`, nil},
		{"a job of the scheduler", "cloudscheduler.googleapis.com/Job", "cloudscheduler.googleapis.com/projects/p/locations/l/jobs/j", `{"httpTarget": {"headers": {"Authorization": "` + canary + `"}, "oidcToken": {"serviceAccountEmail": "` + account + `"}}}`, []string{"scheduler.job " + account + "  unknown"}},
		{"a subscription", "pubsub.googleapis.com/Subscription", "pubsub.googleapis.com/projects/p/subscriptions/s", `{"pushConfig": {"oidcToken": {"serviceAccountEmail": "` + account + `"}}}`, []string{"pubsub.subscription " + account + "  unknown"}},
		{"a cluster of Dataproc", "dataproc.googleapis.com/Cluster", "dataproc.googleapis.com/projects/p/regions/r/clusters/c", `{"config": {"gceClusterConfig": {"serviceAccount": "` + account + `"}}}`, []string{"dataproc.cluster " + account + "  unknown"}},
		{"a type that runs as none", "compute.googleapis.com/Firewall", "compute.googleapis.com/projects/p/global/firewalls/f", `{}`, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			list, err := Consumers(c.asset, "//"+c.resource, []byte(c.raw))
			if err != nil {
				t.Error(err)
			}
			var got []string
			for _, x := range list {
				got = append(got, x.Type+" "+x.Account+" "+strings.Join(x.Secrets, ",")+" "+x.Public.String())
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Error(diff)
			}
			if raw, err := json.Marshal(list); err != nil || strings.Contains(string(raw), canary) {
				t.Errorf("a value is in the result, or %v", err)
			}
		})
	}
}

// Metadata of SAML tells who it is of, and nothing makes its reader run long.
func TestEntity(t *testing.T) {
	for text, want := range map[string]string{
		`<?xml version="1.0"?><!-- x --><EntityDescriptor entityID="https://idp.northwind.example"/>`: "https://idp.northwind.example",
		`<md:EntityDescriptor entityID="a">`: "a", `<other entityID="a"/>`: "", "": "", "<": "", strings.Repeat("<!-- x -->", 1000) + `<EntityDescriptor entityID="a"/>`: "",
	} {
		if got := entity(text); got != want {
			t.Errorf("%.40q is of %q, not %q", text, got, want)
		}
	}
}

// everything runs each conversion.
func everything(raw []byte) (all []any, errs []error) {
	add := func(v any, err error) {
		all = append(all, v)
		if err != nil {
			errs = append(errs, err)
		}
	}
	{
		v, _, err := Account(raw)
		add(v, err)
	}
	{
		v, _, _, err := AccountKey(raw)
		add(v, err)
	}
	for _, f := range []func([]byte) (any, string, error){
		func(b []byte) (any, string, error) { v, s, err := APIKey(b); return v, s, err },
		func(b []byte) (any, string, error) { v, s, err := HMACKey(b); return v, s, err },
		func(b []byte) (any, string, error) { v, s, err := Secret(b); return v, s, err },
		func(b []byte) (any, string, error) { v, s, err := SecretVersion(b); return v, s, err },
		func(b []byte) (any, string, error) { v, s, err := CryptoKey(b); return v, s, err },
		func(b []byte) (any, string, error) { v, s, err := Pool(b); return v, s, err },
		func(b []byte) (any, string, error) { v, s, err := Provider(b); return v, s, err },
		func(b []byte) (any, string, error) { v, s, err := ManagedIdentity(b); return v, s, err },
		func(b []byte) (any, string, error) { v, s, err := OAuthClient(b); return v, s, err },
		func(b []byte) (any, string, error) { v, s, err := OAuthCredential(b); return v, s, err },
		func(b []byte) (any, string, error) { v, s, err := Contact(b); return v, s, err },
		func(b []byte) (any, string, error) { v, err := ReadActivity(b); return v, "", err },
		func(b []byte) (any, string, error) { v, err := ReadInsight(b); return v, "", err },
		func(b []byte) (any, string, error) { v, err := ReadBound(b); return v, "", err },
		func(b []byte) (any, string, error) { v, err := AccessBoundary(b); return v, "", err },
		func(b []byte) (any, string, error) { v, err := DenyPolicy(b); return v, "", err },
		func(b []byte) (any, string, error) { v, err := Role(b, false); return v, "", err },
		func(b []byte) (any, string, error) { v, err := Project(b); return v, "", err },
		func(b []byte) (any, string, error) { v, err := Folder(b); return v, "", err },
		func(b []byte) (any, string, error) { v, err := Organization(b); return v, "", err },
		func(b []byte) (any, string, error) { v, _, err := Policy(b); return v, "", err },
		func(b []byte) (any, string, error) { v, _, s, err := Service(b); return v, s, err },
	} {
		v, _, err := f(raw)
		add(v, err)
	}
	for _, asset := range ConsumerTypes() {
		add(Consumers(asset, "//x.googleapis.com/projects/p/locations/l/x/y", raw))
	}
	return all, errs
}

// No conversion keeps what an API carries beside the fields that are read, or quotes
// what it cannot read.
func TestNothingElseIsKept(t *testing.T) {
	raw := []byte(`{"name": "projects/p/secrets/s", "keyString": "CANARY", "privateKeyData": "CANARY", "clientSecret": "CANARY", "secret": "CANARY", "payload": {"data": "CANARY"},
		"environmentVariables": {"A": "CANARY"}, "metadata": {"items": [{"value": "CANARY"}]}, "oidc": {"jwksJson": "CANARY", "clientSecret": {"value": {"plainText": "CANARY"}}},
		"disabled": "CANARY", "createTime": "CANARY", "bindings": "CANARY", "rules": "CANARY", "serviceAccounts": "CANARY", "content": "CANARY"}`)
	all, errs := everything(raw)
	if len(errs) == 0 {
		t.Fatal("nothing is wrong with it")
	}
	text, err := json.Marshal(all)
	if err != nil {
		t.Fatal(err)
	}
	for _, err := range errs {
		text = append(text, err.Error()...)
	}
	if strings.Contains(string(text), canary) {
		t.Error("a value is in the result")
	}
}

func FuzzEverything(f *testing.F) {
	f.Add([]byte(`{"name": "projects/p/serviceAccounts/a@p.iam.gserviceaccount.com/keys/k", "validBeforeTime": "9999-12-31T23:59:59Z"}`))
	f.Add([]byte(`{"rotation": {"rotationPeriod": "7776000s", "managedRotationStatus": {"state": "x"}}, "parent": {"type": "folder", "id": "7"}}`))
	f.Add([]byte(`{"template": {"template": {}}, "spec": {"template": {}}, "nodePools": [{}], "labels": {"a": 1}}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		all, errs := everything(raw)
		for _, err := range errs {
			if len(err.Error()) > 200 || inventory.Printable(err.Error()) != err.Error() && !strings.Contains(err.Error(), "%") {
				t.Errorf("error %q", err)
			}
		}
		if len(all) == 0 {
			t.Error("nothing is converted")
		}
	})
}
