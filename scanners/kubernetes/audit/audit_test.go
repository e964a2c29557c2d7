package audit

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// sample is an event as kube-apiserver v1.36.3 writes it at level Metadata, with
// the texts that differ filled in.
type sample struct {
	Stage, Verb, URI, User, Credential, Agent string
	Resource, Group, Subresource, Namespace   string
	Name                                      string
	Code                                      int
	Decision, Reason                          string
	Annotations                               map[string]string
	Extra                                     map[string][]string
	As, Constraint                            string
	At                                        string
}

func (s sample) event() map[string]any {
	set := func(value, otherwise string) string {
		if value == "" {
			return otherwise
		}
		return value
	}
	annotations := map[string]string{"authorization.k8s.io/decision": set(s.Decision, "allow"), "authorization.k8s.io/reason": s.Reason}
	if s.User == "" { // refused before it came to the authorizer
		annotations = map[string]string{}
	}
	maps.Copy(annotations, s.Annotations)
	extra := map[string][]string{}
	maps.Copy(extra, s.Extra)
	if s.Credential != "" {
		extra["authentication.kubernetes.io/credential-id"] = []string{s.Credential}
	}
	at := set(s.At, "2026-11-20T10:00:00.100000Z")
	e := map[string]any{
		"kind": "Event", "apiVersion": "audit.k8s.io/v1", "level": "Metadata", "auditID": "5a6a3d6e-6d0e-4a8e-8f0a-000000000001",
		"stage": set(s.Stage, "ResponseComplete"), "requestURI": set(s.URI, "/api/v1/namespaces/payments/secrets?limit=500"), "verb": set(s.Verb, "list"),
		"user":      map[string]any{"username": s.User, "uid": "1f1c", "groups": []string{"system:serviceaccounts", "system:authenticated"}, "extra": extra},
		"sourceIPs": []string{"10.0.0.7"}, "userAgent": set(s.Agent, "runner/v0.0.0 (linux/amd64) kubernetes/$Format"),
		"responseStatus":           map[string]any{"metadata": map[string]any{}, "code": max(s.Code, 200)},
		"requestReceivedTimestamp": at, "stageTimestamp": at, "annotations": annotations,
	}
	if s.Resource != "-" {
		ref := map[string]any{"resource": set(s.Resource, "secrets"), "namespace": set(s.Namespace, "payments"), "apiVersion": "v1"}
		for k, v := range map[string]string{"apiGroup": s.Group, "subresource": s.Subresource, "name": s.Name} {
			if v != "" {
				ref[k] = v
			}
		}
		e["objectRef"] = ref
	}
	if s.As != "" {
		e["impersonatedUser"] = map[string]any{"username": s.As, "groups": []string{"system:authenticated"}}
	}
	if s.Constraint != "" {
		e["authenticationMetadata"] = map[string]any{"impersonationConstraint": s.Constraint}
	}
	return e
}

func (s sample) json(t testing.TB) string {
	t.Helper()
	b, err := json.Marshal(s.event())
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

const (
	runner       = "system:serviceaccount:payments:runner"
	runnerReason = `RBAC: allowed by RoleBinding "readers/payments" of Role "reader" to ServiceAccount "runner/payments"`
)

var day = time.Date(2026, 11, 20, 0, 0, 0, 0, time.UTC)

func read(t *testing.T, log string, opts Options) *Uses {
	t.Helper()
	u, err := Read(context.Background(), strings.NewReader(log), opts)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

func TestUse(t *testing.T) {
	var log strings.Builder
	for _, s := range []sample{
		{User: runner, Stage: "RequestReceived", Reason: "", At: "2026-11-20T09:00:00Z"},
		{User: runner, Reason: runnerReason, Credential: "JTI=aaaa", At: "2026-11-20T09:00:00.5Z", Extra: map[string][]string{"authentication.kubernetes.io/pod-name": {"runner-1"}, "authentication.kubernetes.io/node-name": {"node-1"}}},
		{User: runner, Reason: runnerReason, Credential: "JTI=aaaa", Verb: "watch", Stage: "ResponseStarted", At: "2026-11-20T10:00:00Z"},
		{User: runner, Decision: "forbid", Code: 403, Verb: "delete", At: "2026-11-20T11:00:00Z"},
		{User: runner, Reason: runnerReason, Verb: "create", Resource: "pods", Subresource: "exec", Code: 409, At: "2026-11-20T10:30:00Z", Agent: "kubectl/v1.36.3 (linux/amd64)"},
		{User: "", Decision: "", Code: 401, At: "2026-11-20T11:30:00Z"},
		{User: "system:anonymous", Resource: "-", URI: "/livez?verbose", Verb: "get", At: "2026-11-20T11:45:00Z", Reason: `RBAC: allowed by ClusterRoleBinding "system:public-info-viewer" of ClusterRole "system:public-info-viewer" to Group "system:unauthenticated"`},
	} {
		log.WriteString(s.json(t) + "\n")
	}
	u := read(t, log.String(), Options{})
	at := func(hour, minute int, extra ...time.Duration) time.Time {
		out := day.Add(time.Duration(hour)*time.Hour + time.Duration(minute)*time.Minute)
		for _, x := range extra {
			out = out.Add(x)
		}
		return out
	}
	first := at(9, 0, 500*time.Millisecond)
	used := []Permission{
		{Verb: "create", Resource: "pods/exec", Last: at(10, 30)},
		{Verb: "list", Resource: "secrets", Last: first},
		{Verb: "watch", Resource: "secrets", Last: at(10, 0)},
	}
	health := []Permission{{Verb: "get", URL: "/livez", Last: at(11, 45)}}
	want := []User{
		{Name: "system:anonymous", First: at(11, 45), Last: at(11, 45), LastAllowed: at(11, 45), Requests: 1, Agents: []string{"runner"}, Classes: []Class{ClassProgram}, Permissions: health},
		{Name: runner, First: first, Last: at(11, 0), LastAllowed: at(10, 30), Requests: 3, Denied: 1, Agents: []string{"kubectl", "runner"}, Classes: []Class{ClassCLI, ClassProgram}, Permissions: used},
	}
	if diff := cmp.Diff(want, u.Users()); diff != "" {
		t.Errorf("users (-want +got):\n%s", diff)
	}
	wantBindings := []Binding{
		{
			Kind: "ClusterRoleBinding", Name: "system:public-info-viewer", RoleKind: "ClusterRole", RoleName: "system:public-info-viewer", Subject: Subject{Kind: "Group", Name: "system:unauthenticated"},
			First: at(11, 45), Last: at(11, 45), Requests: 1, Users: []string{"system:anonymous"}, Permissions: health,
		},
		{
			Kind: "RoleBinding", Namespace: "payments", Name: "readers", RoleKind: "Role", RoleName: "reader", Subject: Subject{Kind: "ServiceAccount", Namespace: "payments", Name: "runner"},
			First: first, Last: at(10, 30), Requests: 2, Users: []string{runner}, Permissions: used,
		},
	}
	if diff := cmp.Diff(wantBindings, u.Bindings()); diff != "" {
		t.Errorf("bindings (-want +got):\n%s", diff)
	}
	wantCredentials := []Credential{{Kind: Token, ID: "aaaa", User: runner, First: first, Last: at(10, 0), Requests: 1, Pod: "runner-1", Node: "node-1"}}
	if diff := cmp.Diff(wantCredentials, u.Credentials()); diff != "" {
		t.Errorf("credentials (-want +got):\n%s", diff)
	}
	wantWindow := Window{From: at(9, 0), To: at(11, 45), Requests: 5, Denied: 2, Unauthenticated: 1, Reasons: 3}
	if diff := cmp.Diff(wantWindow, u.Window()); diff != "" {
		t.Errorf("window (-want +got):\n%s", diff)
	}
	if p := u.Problems(); len(p) != 0 {
		t.Errorf("problems: %v", p)
	}
}

func TestCredentials(t *testing.T) {
	legacy := func(kind string) map[string]string {
		return map[string]string{"authentication.k8s.io/legacy-token-" + kind: "runner-token", "authentication.k8s.io/legacy-token": runner}
	}
	at := day.Add(10*time.Hour + 100*time.Millisecond)
	for _, c := range []struct {
		name   string
		sample sample
		want   []Credential
	}{
		{"client certificate", sample{User: "jane", Credential: "X509SHA256=" + strings.Repeat("AB", 32)}, []Credential{{Kind: Certificate, ID: strings.Repeat("ab", 32), User: "jane", First: at, Last: at, Requests: 1}}},
		{"other id", sample{User: "jane", Credential: "webhook-7"}, []Credential{{Kind: Other, ID: "webhook-7", User: "jane", First: at, Last: at, Requests: 1}}},
		{"manual Secret", sample{User: runner, Annotations: legacy("manual-secret")}, []Credential{{Kind: LegacySecret, Namespace: "payments", Secret: "runner-token", User: runner, First: at, Last: at, Requests: 1}}},
		{"auto-generated Secret", sample{User: runner, Annotations: legacy("autogenerated-secret")}, []Credential{{Kind: LegacySecret, Namespace: "payments", Secret: "runner-token", AutoGenerated: true, User: runner, First: at, Last: at, Requests: 1}}},
		{
			"refused Secret",
			sample{User: "", Code: 401, Annotations: map[string]string{"authentication.k8s.io/legacy-token-invalidated": "runner-token/payments"}},
			[]Credential{{Kind: LegacySecret, Namespace: "payments", Secret: "runner-token", Invalidated: true}},
		},
		{
			"stale token",
			sample{User: runner, Credential: "JTI=b", Annotations: map[string]string{"authentication.k8s.io/stale-token": "subject: " + runner + ", seconds after warning threshold: 9"}},
			[]Credential{{Kind: Token, ID: "b", Stale: true, User: runner, First: at, Last: at, Requests: 1}},
		},
		{
			"issued and not used",
			sample{User: "jane", Verb: "create", Resource: "serviceaccounts", Subresource: "token", Name: "runner", Annotations: map[string]string{"authentication.kubernetes.io/issued-credential-id": "JTI=c"}},
			[]Credential{{Kind: Token, ID: "c", IssuedAt: at, IssuedBy: "jane", IssuedFor: runner}},
		},
		{"refused to issue", sample{User: "jane", Decision: "forbid", Resource: "serviceaccounts", Subresource: "token", Name: "runner", Annotations: map[string]string{"authentication.kubernetes.io/issued-credential-id": "JTI=c"}}, []Credential{}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if diff := cmp.Diff(c.want, read(t, c.sample.json(t), Options{}).Credentials()); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestImpersonation(t *testing.T) {
	log := sample{User: "jane", As: runner, Reason: runnerReason}.json(t) + "\n" +
		sample{User: "joe", As: runner, Constraint: "impersonate:serviceaccount", Decision: "forbid", Code: 403, At: "2026-11-20T12:00:00Z"}.json(t)
	u := read(t, log, Options{})
	users := u.Users()
	if len(users) != 3 {
		t.Fatalf("got %d users", len(users))
	}
	jane, joe, as := users[0], users[1], users[2]
	at := day.Add(10*time.Hour + 100*time.Millisecond)
	if diff := cmp.Diff([]Permission{{Verb: "impersonate", Resource: "serviceaccounts", Last: at}}, jane.Permissions); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]Permission{{Verb: "impersonate:serviceaccount", Group: "authentication.k8s.io", Resource: "serviceaccounts", Last: day.Add(12 * time.Hour)}}, joe.Permissions); diff != "" {
		t.Error(diff)
	}
	if !as.Last.IsZero() || as.ImpersonatedAt != at || !cmp.Equal(as.ImpersonatedBy, []string{"jane"}) || len(as.Permissions) != 1 {
		t.Errorf("the account acted for: %+v", as)
	}
	if b := u.Bindings(); len(b) != 1 || !cmp.Equal(b[0].Users, []string{runner}) {
		t.Errorf("bindings: %+v", b)
	}
}

func TestReason(t *testing.T) {
	hostile := "a\"b\\ of ClusterRole \"x\" to é\n\x00\xff"
	for _, c := range []struct {
		name, reason string
		want         *Binding
	}{
		{"namespaced", runnerReason, &Binding{Kind: "RoleBinding", Namespace: "payments", Name: "readers", RoleKind: "Role", RoleName: "reader", Subject: Subject{"ServiceAccount", "payments", "runner"}}},
		{"hostile names", fmt.Sprintf("RBAC: allowed by ClusterRoleBinding %q of ClusterRole %q to Group %q", hostile, hostile, hostile+"/"), &Binding{Kind: "ClusterRoleBinding", Name: hostile, RoleKind: "ClusterRole", RoleName: hostile, Subject: Subject{"Group", "", hostile + "/"}}},
		{"user with slash", `RBAC: allowed by RoleBinding "b/ns" of ClusterRole "edit" to User "oidc/jane"`, &Binding{Kind: "RoleBinding", Namespace: "ns", Name: "b", RoleKind: "ClusterRole", RoleName: "edit", Subject: Subject{"User", "", "oidc/jane"}}},
		{"other authorizer", "allowed by webhook", nil},
		{"empty", "", nil},
		{"something after it", runnerReason + " ", nil},
		{"no namespace", `RBAC: allowed by RoleBinding "b" of Role "r" to User "u"`, nil},
		{"not closed", `RBAC: allowed by RoleBinding "b/ns" of Role "r`, nil},
		{"other kind", `RBAC: allowed by Binding "b/ns" of Role "r" to User "u"`, nil},
		{"back quotes", "RBAC: allowed by ClusterRoleBinding `b` of ClusterRole `r` to User `u`", nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, ok := parseReason(c.reason)
			if ok != (c.want != nil) {
				t.Fatalf("ok = %v: %+v", ok, got)
			}
			if ok {
				if diff := cmp.Diff(*c.want, got); diff != "" {
					t.Error(diff)
				}
			}
		})
	}
}

// Names as hostile as they come arrive through JSON and the reason unchanged.
func TestHostileReasonThroughJSON(t *testing.T) {
	name := "x\" to ServiceAccount \"y/ns\" é 😀 \t\\"
	log := sample{User: name, Reason: fmt.Sprintf("RBAC: allowed by ClusterRoleBinding %q of ClusterRole %q to User %q", "b", "r", name)}.json(t)
	u := read(t, log, Options{})
	if b := u.Bindings(); len(b) != 1 || b[0].Subject.Name != name || b[0].Users[0] != name {
		t.Errorf("got %+v", b)
	}
	if users := u.Users(); len(users) != 1 || users[0].Name != name {
		t.Errorf("got %+v", users)
	}
}

func TestForms(t *testing.T) {
	one := sample{User: runner, Reason: runnerReason, Credential: "JTI=a"}
	event := one.json(t)
	quote := func(s string) string {
		b, _ := json.Marshal(s)
		return string(b)
	}
	indent := func(s string) string {
		var b bytes.Buffer
		if err := json.Indent(&b, []byte(s), "", "  "); err != nil {
			t.Fatal(err)
		}
		return b.String()
	}
	bare := one.event()
	delete(bare, "kind")
	delete(bare, "apiVersion")
	item, _ := json.Marshal(bare)
	list := `{"kind":"EventList","apiVersion":"audit.k8s.io/v1","metadata":{},"items":[` + string(item) + "," + string(item) + `]}`
	aks := `{"time":"2026-11-20T10:00:00Z","category":"kube-audit","operationName":"Microsoft.ContainerService/managedClusters/diagnosticLogs/Read","properties":{"log":` + quote(event+"\n") + `,"stream":"stdout","pod":"kube-apiserver-1"}}`
	subscription := `{"messageType":"DATA_MESSAGE","owner":"111122223333","logGroup":"/aws/eks/prod/cluster","logEvents":[{"id":"1","timestamp":1,"message":` + quote(event) + `},{"id":"2","timestamp":2,"message":"I1120 authenticator"}]}`
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	_, _ = z.Write([]byte(event + "\n"))
	_ = z.Close()
	_, _ = z.Write(nil)
	var second bytes.Buffer
	z = gzip.NewWriter(&second)
	_, _ = z.Write([]byte(event + "\n"))
	_ = z.Close()
	for _, c := range []struct {
		name, log string
		want      int
	}{
		{"lines", event + "\n\n" + event + "\r\n", 2},
		{"no newline at the end", event, 1},
		{"two on a line", event + event + " " + event, 3},
		{"byte order mark", "\xef\xbb\xbf" + event, 1},
		{"event list on a line", list + "\n" + list, 4},
		{"event list laid out", indent(list), 2},
		{"events laid out", indent(event) + "\n" + indent(event), 2},
		{"array", "[" + event + "," + event + "]", 2},
		{"array laid out", indent("[" + event + "," + event + "]"), 2},
		{"CloudWatch Insights", `{"@timestamp":"2026-11-20 10:00:00.000","@message":` + quote(event) + `}`, 1},
		{"CloudWatch filter-log-events", indent(`{"events":[{"logStreamName":"kube-apiserver-audit-1","timestamp":1,"message":` + quote(event) + `}],"searchedLogStreams":[]}`), 1},
		{"CloudWatch subscription", subscription, 1},
		{"CloudWatch export to S3", "2026-11-20T10:00:00.000Z " + event + "\n2026-11-20T10:00:00.000Z I1120 something else\n", 1},
		{"AKS diagnostics", aks + "\n" + aks, 2},
		{"AKS event hub", `{"records":[` + aks + "," + aks + `]}`, 2},
		{"AKS event hub laid out", indent(`{"records":[` + aks + "," + aks + `]}`), 2},
		{"container log", `{"log":` + quote(event+"\n") + `,"stream":"stdout","time":"2026-11-20T10:00:00Z"}`, 1},
		{"Elasticsearch", indent(`{"took":1,"hits":{"total":{"value":1},"hits":[{"_index":"k","_source":` + event + `}]}}`), 1},
		{"gzip of two members", packed.String() + second.String(), 2},
	} {
		t.Run(c.name, func(t *testing.T) {
			u := read(t, c.log, Options{})
			if got := u.Window().Requests; got != c.want {
				t.Fatalf("%d requests, want %d: %v", got, c.want, u.Problems())
			}
			if p := u.Problems(); len(p) != 0 {
				t.Errorf("problems: %v", p)
			}
			if b := u.Bindings(); len(b) != 1 || b[0].Name != "readers" {
				t.Errorf("bindings: %+v", b)
			}
			if cr := u.Credentials(); len(cr) != 1 || cr[0].ID != "a" {
				t.Errorf("credentials: %+v", cr)
			}
		})
	}
}

func TestGoogle(t *testing.T) {
	entry := func(method, place, decision, status string) string {
		return `{"protoPayload":{"@type":"type.googleapis.com/google.cloud.audit.AuditLog","authenticationInfo":{"principalEmail":"` + runner + `"},"authorizationInfo":[{"granted":true,"permission":"` + method + `","resource":"` + place + `"}],"methodName":"` + method + `","requestMetadata":{"callerIp":"10.0.0.1","callerSuppliedUserAgent":"kubectl/v1.36"},"resourceName":"` + place + `","serviceName":"k8s.io","status":` + status + `},"insertId":"1","labels":{"authorization.k8s.io/decision":"` + decision + `","authorization.k8s.io/reason":` + strings.ReplaceAll(fmt.Sprintf("%q", runnerReason), `\x`, `\u00`) + `},"logName":"projects/p/logs/cloudaudit.googleapis.com%2Fdata_access","timestamp":"2026-11-20T10:00:00.100Z"}`
	}
	log := entry("io.k8s.core.v1.pods.exec.create", "core/v1/namespaces/payments/pods/p-1/exec", "allow", "{}") + "\n" +
		entry("io.k8s.authorization.rbac.v1.clusterroles.list", "rbac.authorization.k8s.io/v1/clusterroles", "allow", "{}") + "\n" +
		entry("io.k8s.core.v1.namespaces.get", "core/v1/namespaces/payments", "allow", "{}") + "\n" +
		entry("io.k8s.core.v1.secrets.list", "core/v1/namespaces/payments/secrets", "forbid", `{"code":7}`) + "\n" +
		`{"protoPayload":{"serviceName":"iam.googleapis.com"},"timestamp":"2026-11-20T10:00:00Z"}`
	u := read(t, log, Options{})
	at := day.Add(10*time.Hour + 100*time.Millisecond)
	want := []Permission{{"get", "", "namespaces", "", at}, {"create", "", "pods/exec", "", at}, {"list", "rbac.authorization.k8s.io", "clusterroles", "", at}}
	users := u.Users()
	if len(users) != 1 || users[0].Denied != 1 {
		t.Fatalf("users: %+v", users)
	}
	if diff := cmp.Diff(want, users[0].Permissions); diff != "" {
		t.Error(diff)
	}
	if w := u.Window(); w.Reasons != 3 || w.Foreign != 1 {
		t.Errorf("window: %+v", w)
	}
}
