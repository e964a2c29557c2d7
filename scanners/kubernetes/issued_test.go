package kubernetes

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/scanners/kubernetes/audit"
	"github.com/muster-nhi/muster/scanners/kubernetes/object"
)

// A logged is an event of an audit log.
type logged struct {
	user, jti, pod       string
	verb, resource, name string // create of tokens names their account
	issued               string // JTI of the token that was made
	at                   time.Time
}

func (l logged) String() string {
	var extra []string
	for k, v := range map[string]string{"credential-id": l.jti, "pod-name": l.pod} {
		if k == "credential-id" && v != "" {
			v = "JTI=" + v
		}
		if v != "" {
			extra = append(extra, fmt.Sprintf(`"authentication.kubernetes.io/%s":[%q]`, k, v))
		}
	}
	resource, sub, _ := strings.Cut(l.resource, "/")
	note := `,"authorization.k8s.io/reason":"RBAC: allowed by ClusterRoleBinding \"all\" of ClusterRole \"all\" to User \"all\""`
	if l.issued != "" {
		note += fmt.Sprintf(`,"authentication.kubernetes.io/issued-credential-id":"JTI=%s"`, l.issued)
	}
	code := 200
	if l.verb == "create" {
		code = 201
	}
	at := l.at.Format(time.RFC3339Nano)
	return fmt.Sprintf(`{"kind":"Event","apiVersion":"audit.k8s.io/v1","level":"Metadata","stage":"ResponseComplete","verb":%q,"user":{"username":%q,"extra":{%s}},"objectRef":{"resource":%q,"subresource":%q,"namespace":"shop","name":%q,"apiVersion":"v1"},"responseStatus":{"code":%d},"requestReceivedTimestamp":%q,"stageTimestamp":%q,"annotations":{"authorization.k8s.io/decision":"allow"%s}}`+"\n",
		l.verb, l.user, strings.Join(extra, ","), resource, sub, l.name, code, at, at, note)
}

// auditedWith returns the records of a cluster with the events in its audit log.
func auditedWith(t *testing.T, c *object.Cluster, events []logged) map[string]inventory.Record {
	t.Helper()
	var log strings.Builder
	for _, e := range events {
		log.WriteString(e.String())
	}
	path := filepath.Join(t.TempDir(), "audit.log")
	if err := os.WriteFile(path, []byte(log.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	return mapped(t, c, func(m *mapper) {
		if err := m.readAudit([]string{path}, audit.Options{}); err != nil {
			t.Fatal(err)
		}
	})
}

// TestRequestedTokens: tokens that somebody asked for are told, few records for
// any number of them; those of pods and of the control plane are not.
func TestRequestedTokens(t *testing.T) {
	noon := time.Date(2026, 10, 1, 12, 0, 0, 0, time.UTC)
	hour := func(n int) time.Time { return noon.Add(time.Duration(n) * time.Hour) }
	api := accountPrefix + "shop:api"
	issue := func(by, account, jti string, at int) logged {
		return logged{user: by, verb: "create", resource: "serviceaccounts/token", name: account, issued: jti, at: hour(at)}
	}
	use := func(user, jti string, at int) logged {
		return logged{user: user, jti: jti, verb: "list", resource: "pods", at: hour(at)}
	}
	ofPod := func(l logged) logged { l.pod = "api-1"; return l }
	type token struct {
		Type, PublicID, Requestor, Tokens, Days, Latest, Identity string
		Made, Remade, Used                                        time.Time
	}
	var hourly []logged
	for i := range 3000 {
		jti := fmt.Sprintf("h%04d", i)
		hourly = append(hourly, issue("ci", "api", jti, i), use(api, jti, i))
	}
	group := at + "tokens/shop/api/"
	for _, tt := range []struct {
		name   string
		events []logged
		want   map[string]token
	}{
		{"asked for and used", []logged{issue("alice", "api", "a", 0), use(api, "a", 1)}, map[string]token{
			group + "alice": {PublicID: "a", Requestor: "alice", Tokens: "1", Made: noon, Used: hour(1)},
		}},
		{"asked for and not used", []logged{issue("alice", "api", "a", 0)}, map[string]token{
			group + "alice": {PublicID: "a", Requestor: "alice", Tokens: "1", Made: noon},
		}},
		{"hourly ones", hourly, map[string]token{
			group + "ci": {Requestor: "ci", Tokens: "3000", Latest: "h2999", Made: noon, Remade: hour(2999), Used: hour(2999)},
		}},
		{"in use for long", []logged{issue("alice", "api", "a", 0), issue("alice", "api", "b", 1), use(api, "a", 73)}, map[string]token{
			at + "tokens/a": {PublicID: "a", Requestor: "alice", Tokens: "1", Days: "3", Made: noon, Used: hour(73)},
			group + "alice": {PublicID: "b", Requestor: "alice", Tokens: "1", Made: hour(1)},
		}},
		{"older than the log", []logged{use(api, "a", 0), use(api, "b", 0), use(api, "b", 48)}, map[string]token{
			group + "-":     {PublicID: "a", Tokens: "1", Used: noon},
			at + "tokens/b": {PublicID: "b", Tokens: "1", Days: "2", Used: hour(48)},
		}},
		{"two who ask", []logged{issue("alice", "api", "a", 0), issue("bob", "api", "b", 0)}, map[string]token{
			group + "alice": {PublicID: "a", Requestor: "alice", Tokens: "1", Made: noon},
			group + "bob":   {PublicID: "b", Requestor: "bob", Tokens: "1", Made: noon},
		}},
		{"of a pod", []logged{issue("system:node:n1", "api", "a", 0), ofPod(use(api, "b", 0)), ofPod(use(api, "b", 90))}, nil},
		{"asked for by other than a kubelet, for a pod", []logged{issue("alice", "api", "a", 0), ofPod(use(api, "a", 0))}, nil},
		{"of a controller", []logged{issue(controllerManager, "api", "a", 0), use(api, "a", 1)}, nil},
		{"of a controller, and kept", []logged{issue(controllerManager, "api", "a", 0), use(api, "a", 50)}, map[string]token{
			at + "tokens/a": {PublicID: "a", Requestor: controllerManager, Tokens: "1", Days: "2", Made: noon, Used: hour(50)},
		}},
		{"of a provider", []logged{use("alice@northwind.example", "a", 0)}, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			records := auditedWith(t, &object.Cluster{ServiceAccounts: []object.ServiceAccount{account1("shop", "api")}, Listings: complete()}, tt.events)
			got := map[string]token{}
			for id, r := range records {
				x := r.Credential
				if x == nil {
					continue
				}
				if x.Type != "kubernetes.token" || x.Identity != at+"serviceaccounts/shop/api" || x.Attributes["requested"] != "true" {
					t.Errorf("%s is %+v", id, x)
				}
				u := records["usage audit log "+id].Usage
				if u == nil || u.TrackedSince.IsZero() {
					t.Fatalf("use of %s is %+v", id, u)
				}
				got[id] = token{
					PublicID: x.PublicID, Requestor: x.Attributes["requestor"], Tokens: x.Attributes["tokens"], Days: x.Attributes["days_in_use"], Latest: x.Attributes["latest"],
					Made: x.CreatedAt, Remade: x.RotatedAt, Used: u.LastUsedAt,
				}
			}
			if diff := cmp.Diff(tt.want, got); diff != "" && len(tt.want)+len(got) > 0 {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// TestManyRequesters: what is left out for its number is said.
func TestManyRequesters(t *testing.T) {
	at := time.Date(2026, 10, 1, 12, 0, 0, 0, time.UTC)
	var events []logged
	for i := range maxIssued + 5 {
		jti := fmt.Sprintf("t%d", i)
		events = append(events, logged{user: fmt.Sprintf("user-%d", i), verb: "create", resource: "serviceaccounts/token", name: "api", issued: jti, at: at})
	}
	events = append(events, logged{user: accountPrefix + "shop:api", jti: "kept", verb: "list", resource: "pods", at: at.Add(-48 * time.Hour)},
		logged{user: accountPrefix + "shop:api", jti: "kept", verb: "list", resource: "pods", at: at.Add(-time.Hour)})
	records := auditedWith(t, &object.Cluster{ServiceAccounts: []object.ServiceAccount{account1("shop", "api")}, Listings: complete()}, events)
	n := 0
	for _, r := range records {
		if r.Credential != nil {
			n++
		}
	}
	if _, kept := records["kubernetes:northwind/tokens/kept"]; n != maxIssued || !kept {
		t.Errorf("%d credentials, the one that is used for long is among them: %v", n, kept)
	}
	if c := records["coverage credential"].Coverage; c.Status != inventory.StatusPartial || !strings.Contains(c.Reason, "2006 tokens") {
		t.Errorf("coverage is %s: %s", c.Status, c.Reason)
	}
}

// TestCreators: who made an object owns it if nothing better is known, and only
// that object.
func TestCreators(t *testing.T) {
	made := time.Date(2026, 10, 1, 12, 0, 0, 0, time.UTC)
	create := func(by, resource, name string, at time.Time) logged {
		return logged{user: by, verb: "create", resource: resource, name: name, at: at}
	}
	for _, tt := range []struct {
		name    string
		by      string
		at      time.Time
		manager string
		labels  map[string]string
		want    string // owner, kind and source
	}{
		{"a person", "alice", made, "kubectl-create", nil, "alice  audit log"},
		{"a moment earlier", "alice", made.Add(-2 * time.Second), "", nil, "alice  audit log"},
		{"one that is gone", "alice", made.Add(-time.Hour), "", nil, ""},
		{"one that came after", "alice", made.Add(time.Hour), "", nil, ""},
		{"an account", accountPrefix + "ci:deploy", made, "", nil, accountPrefix + "ci:deploy nhi audit log"},
		{"the control plane", accountPrefix + "kube-system:namespace-controller", made, "", nil, ""},
		{"a component", "system:apiserver", made, "", nil, ""},
		{"a tool of its own account", accountPrefix + "argocd:controller", made, "argocd-controller", nil, "argocd-controller nhi metadata.managedFields"},
		{"a team", "alice", made, "", map[string]string{"team": "shop"}, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			a := account1("shop", "api")
			a.CreatedAt, a.Labels = made, tt.labels
			if tt.manager != "" {
				a.Managers = []object.Manager{{Name: tt.manager, At: made}}
			}
			records := auditedWith(t, &object.Cluster{ServiceAccounts: []object.ServiceAccount{a}, Listings: complete()}, []logged{create(tt.by, "serviceaccounts", "api", tt.at), create("mallory", "secrets", "api", made)})
			got := ""
			if o := records["owner creator "+at+"serviceaccounts/shop/api"].Owner; o != nil {
				got = o.Owner + " " + o.Kind + " " + o.Source
				if o.Confidence != inventory.ConfidenceLow {
					t.Errorf("confidence %s", o.Confidence)
				}
			}
			if got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}
