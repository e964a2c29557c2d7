package manifest

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/muster-nhi/muster/internal/privilege"
	"github.com/muster-nhi/muster/scanners/kubernetes/object"
)

func TestChart(t *testing.T) {
	dir := write(t, map[string]string{
		"charts/api/Chart.yaml":            "apiVersion: v2\nname: api\nversion: 1.0.0\n",
		"charts/api/values.yaml":           "kind: x\n",
		"charts/api/templates/sa.yaml":     account + "{{ include \"api.name\" . }}\n",
		"charts/api/templates/plain.yaml":  account + "plain\n",
		"charts/api/charts/db/Chart.yaml":  "apiVersion: v2\nname: db\n",
		"charts/api/charts/db/templates/x": "",
		"charts/library/Chart.yaml":        "apiVersion: v2\nname: library\ntype: library\n",
		"rendered.yaml":                    "---\n# Source: api/templates/sa.yaml\n" + account + "rendered\n",
		"flux/templated.yaml":              "{{- range .Values.x }}\n" + account + "x\n{{- end }}\n",
	})
	c, problems := scan(t, dir, Options{})
	want := []string{
		"LOST charts/api/Chart.yaml:1: Helm chart that is not rendered: render it first (helm template NAME charts/api) and scan what it prints",
		"LOST charts/api/templates/sa.yaml:4: unrendered Helm template, not read: render the chart first (helm template NAME charts/api) and scan what it prints",
		"LOST flux/templated.yaml:1: unrendered template, not read: render it first (helm template, kustomize build, envsubst) and scan the result",
	}
	if diff := cmp.Diff(want, problems); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"default/plain", "default/rendered"}, accountNames(c)); diff != "" {
		t.Error(diff)
	}
}

func TestKustomize(t *testing.T) {
	binding := "apiVersion: rbac.authorization.k8s.io/v1\nkind: RoleBinding\nmetadata: {name: b}\nroleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: view}\nsubjects: [{kind: ServiceAccount, name: api, namespace: base}]\n"
	base := map[string]string{
		"base/sa.yaml":            account + "api\n  namespace: base\n",
		"base/b.yaml":             binding,
		"base/kustomization.yaml": "resources: [sa.yaml, b.yaml]\nnamespace: inner\n",
	}
	with := func(more map[string]string) map[string]string {
		out := map[string]string{}
		for _, files := range []map[string]string{base, more} {
			maps.Copy(out, files)
		}
		return out
	}
	for _, c := range []struct {
		name     string
		files    map[string]string
		want     []string
		accounts []string
		subject  string
	}{
		{"namespace", base, nil, []string{"inner/api"}, "inner"},
		{"the outer one counts", with(map[string]string{"prod/kustomization.yaml": "resources:\n- ../base\nnamespace: prod\nimages: [{name: x, newTag: y}]\n"}), nil, []string{"prod/api"}, "prod"},
		{
			"two overlays",
			with(map[string]string{"prod/kustomization.yaml": "resources: [../base]\nnamespace: prod\n", "test/kustomization.yml": "bases: [../base]\nnamespace: test\n"}),
			[]string{"LOST base/b.yaml: kustomizations put this file into 2 different namespaces", "LOST base/sa.yaml: kustomizations put this file into 2 different namespaces"},
			[]string{"base/api"},
			"base",
		},
		{
			"patches and generators",
			with(map[string]string{
				"prod/kustomization.yaml": "resources: [../base, 'https://example.com/x.yaml']\nnamePrefix: prod-\npatches: [{path: patch.yaml}]\nsecretGenerator: [{name: s, literals: [password=" + canary + "]}]\n",
				"prod/patch.yaml":         account + "api\nautomountServiceAccountToken: false\n",
			}),
			[]string{"LOST prod/kustomization.yaml:1: kustomization that is not built (namePrefix, patches, secretGenerator): its files are read as they stand; render it first (kustomize build prod)"},
			[]string{"inner/api"},
			"inner",
		},
		{"broken", with(map[string]string{"x/kustomization.yaml": "resources: [\n"}), []string{"LOST x/kustomization.yaml:1: invalid kustomization: did not find expected"}, []string{"inner/api"}, "inner"},
		{"in circles", map[string]string{"a/kustomization.yaml": "resources: [../b]\n", "b/kustomization.yaml": "resources: [../a]\n", "c/kustomization.yaml": "resources: [../c, ../a]\n", "sa.yaml": account + "x\n"}, nil, []string{"default/x"}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			cluster, problems := scan(t, write(t, c.files), Options{})
			if len(problems) != len(c.want) {
				t.Errorf("problems: %q", problems)
			}
			for i, want := range c.want {
				if i < len(problems) && !strings.HasPrefix(problems[i], want) {
					t.Errorf("problem %q, want it to begin %q", problems[i], want)
				}
			}
			if diff := cmp.Diff(c.accounts, accountNames(cluster)); diff != "" {
				t.Error(diff)
			}
			if len(cluster.Bindings) > 0 && cluster.Bindings[0].Subjects[0].Namespace != c.subject {
				t.Errorf("the subject is in %q, want %q", cluster.Bindings[0].Subjects[0].Namespace, c.subject)
			}
		})
	}
}

const clusterRole = "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata:\n  name: "

func bind(role string) string {
	return "---\napiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRoleBinding\nmetadata: {name: to-" + strings.ReplaceAll(role, ":", "-") + "}\nroleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: '" + role + "'}\nsubjects: [{kind: User, name: jane}]\n"
}

func rulesOf(c *object.Cluster, name string) *object.Role {
	i := slices.IndexFunc(c.Roles, func(r object.Role) bool { return r.Name == name })
	if i < 0 {
		return nil
	}
	return &c.Roles[i]
}

func holds(r *object.Role, verb, group, resource string) bool {
	return r != nil && slices.ContainsFunc(r.Rules, func(x privilege.Rule) bool {
		return slices.Contains(x.Verbs, verb) && slices.Contains(x.APIGroups, group) && slices.Contains(x.Resources, resource)
	})
}

func TestAggregation(t *testing.T) {
	rule := func(resource string) string {
		return "rules: [{verbs: [get], apiGroups: [example.com], resources: [" + resource + "]}]\n"
	}
	dir := write(t, map[string]string{
		"x.yaml": clusterRole + "monitoring\naggregationRule:\n  clusterRoleSelectors:\n  - matchLabels: {part: monitoring}\n  - matchExpressions: [{key: tier, operator: In, values: [a]}, {key: not, operator: DoesNotExist}]\n" + rule("overwritten") +
			"---\n" + clusterRole + "one\n  labels: {part: monitoring}\n" + rule("ones") +
			"---\n" + clusterRole + "two\n  labels: {tier: a}\n" + rule("twos") +
			"---\n" + clusterRole + "three\n  labels: {tier: a, not: x}\n" + rule("threes") +
			"---\n" + clusterRole + "nested\n  labels: {part: monitoring}\naggregationRule: {clusterRoleSelectors: [{matchLabels: {part: deep}}, {matchLabels: {part: monitoring}}]}\n" +
			"---\n" + clusterRole + "deep\n  labels: {part: deep, rbac.authorization.k8s.io/aggregate-to-view: 'true'}\n" + rule("deeps") +
			bind("admin") + bind("cluster-admin") + bind("nobody") +
			"---\napiVersion: rbac.authorization.k8s.io/v1\nkind: RoleBinding\nmetadata: {name: r, namespace: kube-system}\nroleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: extension-apiserver-authentication-reader}\nsubjects: [{kind: ServiceAccount, name: metrics}]\n",
	})
	c, problems := scan(t, dir, Options{})
	if len(problems) > 0 { // in a RoleBinding the account is then one of its namespace
		t.Errorf("problems: %q", problems)
	}
	monitoring := rulesOf(c, "monitoring")
	for resource, want := range map[string]bool{"ones": true, "twos": true, "threes": false, "deeps": true, "overwritten": false} {
		if got := holds(monitoring, "get", "example.com", resource); got != want {
			t.Errorf("monitoring holds %s: %v", resource, got)
		}
	}
	admin := rulesOf(c, "admin")
	for _, x := range [][3]string{{"get", "", "secrets"}, {"create", "rbac.authorization.k8s.io", "rolebindings"}, {"get", "example.com", "deeps"}, {"get", "", "pods"}} {
		if !holds(admin, x[0], x[1], x[2]) {
			t.Errorf("admin does not hold %v", x)
		}
	}
	if holds(admin, "get", "example.com", "ones") {
		t.Error("admin holds what nothing aggregates to it")
	}
	if r := rulesOf(c, "cluster-admin"); !holds(r, "*", "*", "*") || r.Found != nil || r.Labels["kubernetes.io/bootstrapping"] != "rbac-defaults" {
		t.Errorf("cluster-admin: %+v", r)
	}
	if r := rulesOf(c, "extension-apiserver-authentication-reader"); r == nil || r.Namespace != "kube-system" || len(r.Rules) != 1 {
		t.Errorf("the role of kube-system: %+v", r)
	}
	for _, name := range []string{"edit", "view", "nobody"} {
		if rulesOf(c, name) != nil {
			t.Errorf("%s is there although no binding names it", name)
		}
	}
}

func TestSubjectWithoutNamespace(t *testing.T) {
	_, problems := scan(t, write(t, map[string]string{"x.yaml": strings.ReplaceAll(bind("view"), "kind: User", "kind: ServiceAccount")}), Options{})
	if len(problems) != 1 || !strings.HasPrefix(problems[0], "x.yaml:6: a ServiceAccount among the subjects has no namespace: the API server refuses this ClusterRoleBinding") {
		t.Errorf("problems: %q", problems)
	}
}

// A role of a dump is as the controller left it, and counts in place of the
// built-in one.
func TestAggregatedDump(t *testing.T) {
	dir := write(t, map[string]string{"x.yaml": clusterRole + "view\n  uid: u\naggregationRule: {clusterRoleSelectors: [{matchLabels: {rbac.authorization.k8s.io/aggregate-to-view: 'true'}}]}\nrules: [{verbs: [get], apiGroups: [''], resources: [pods]}]\n" + bind("view")})
	c, _ := scan(t, dir, Options{})
	if len(c.Roles) != 1 || len(c.Roles[0].Rules) != 1 || c.Roles[0].Found == nil {
		t.Errorf("%+v", c.Roles)
	}
}

func TestBuiltin(t *testing.T) {
	roles := Builtin()
	if n := strings.Count(builtinRoles, "\n"); n != len(roles) || n < 70 {
		t.Fatalf("%d lines, %d roles", n, len(roles))
	}
	seen := map[string]bool{}
	for _, r := range roles {
		key := r.Kind + "/" + r.Namespace + "/" + r.Name
		if seen[key] || r.Name == "" || (r.Kind == "Role") != (r.Namespace != "") || len(r.Rules) == 0 && len(r.Aggregate) == 0 {
			t.Errorf("%s: twice, or without rules", key)
		}
		seen[key] = true
		for _, x := range r.Rules {
			if len(x.Verbs) == 0 || len(x.Resources) == 0 == (len(x.NonResourceURLs) == 0) {
				t.Errorf("%s: rule %+v", key, x)
			}
		}
	}
	for _, name := range []string{"cluster-admin", "admin", "edit", "view", "system:auth-delegator", "system:node", "system:controller:clusterrole-aggregation-controller"} {
		if !seen["ClusterRole//"+name] {
			t.Errorf("%s is missing", name)
		}
	}
}
