package cli

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/muster-nhi/muster/internal/config"
	"github.com/muster-nhi/muster/internal/privilege"
	"github.com/muster-nhi/muster/scanners/kubernetes/live"
)

// The names of what muster permissions kubernetes makes.
const (
	clusterAccount = "muster"      // account and its namespace
	clusterRole    = "muster-read" // role and its binding
	rbacVersion    = "rbac.authorization.k8s.io/v1"
)

// A clusterObject is one of the objects to apply, as Kubernetes spells it.
type clusterObject struct {
	APIVersion string           `yaml:"apiVersion" json:"apiVersion"`
	Kind       string           `yaml:"kind" json:"kind"`
	Metadata   clusterMeta      `yaml:"metadata" json:"metadata"`
	Automount  *bool            `yaml:"automountServiceAccountToken,omitempty" json:"automountServiceAccountToken,omitempty"`
	RoleRef    *clusterRef      `yaml:"roleRef,omitempty" json:"roleRef,omitempty"`
	Rules      []clusterRule    `yaml:"rules,omitempty" json:"rules,omitempty"`
	Subjects   []clusterSubject `yaml:"subjects,omitempty" json:"subjects,omitempty"`
}

type clusterMeta struct {
	Name      string `yaml:"name" json:"name"`
	Namespace string `yaml:"namespace,omitempty" json:"namespace,omitempty"`
}

type clusterRef struct {
	APIGroup string `yaml:"apiGroup" json:"apiGroup"`
	Kind     string `yaml:"kind" json:"kind"`
	Name     string `yaml:"name" json:"name"`
}

type clusterSubject struct {
	Kind      string `yaml:"kind" json:"kind"`
	Name      string `yaml:"name" json:"name"`
	Namespace string `yaml:"namespace" json:"namespace"`
}

type clusterRule struct {
	APIGroups       []string `yaml:"apiGroups,omitempty" json:"apiGroups,omitempty"`
	Resources       []string `yaml:"resources,omitempty" json:"resources,omitempty"`
	ResourceNames   []string `yaml:"resourceNames,omitempty" json:"resourceNames,omitempty"`
	NonResourceURLs []string `yaml:"nonResourceURLs,omitempty" json:"nonResourceURLs,omitempty"`
	Verbs           []string `yaml:"verbs" json:"verbs"`
}

// clusterObjects are a namespace, an account, what it may read, and the binding
// of the two.
func clusterObjects(rules []privilege.Rule) []clusterObject {
	role := clusterObject{APIVersion: rbacVersion, Kind: "ClusterRole", Metadata: clusterMeta{Name: clusterRole}}
	for _, r := range rules {
		role.Rules = append(role.Rules, clusterRule{
			APIGroups: r.APIGroups, Resources: r.Resources, ResourceNames: r.ResourceNames, NonResourceURLs: r.NonResourceURLs, Verbs: r.Verbs,
		})
	}
	no := false
	return []clusterObject{
		{APIVersion: "v1", Kind: "Namespace", Metadata: clusterMeta{Name: clusterAccount}},
		{APIVersion: "v1", Kind: "ServiceAccount", Metadata: clusterMeta{Name: clusterAccount, Namespace: clusterAccount}, Automount: &no},
		role,
		{
			APIVersion: rbacVersion, Kind: "ClusterRoleBinding", Metadata: clusterMeta{Name: clusterRole},
			RoleRef:  &clusterRef{"rbac.authorization.k8s.io", "ClusterRole", clusterRole},
			Subjects: []clusterSubject{{"ServiceAccount", clusterAccount, clusterAccount}},
		},
	}
}

// clusterPermissions prints what it takes to read a cluster, ready to apply.
func clusterPermissions(w io.Writer, format string, withoutSecrets bool) error {
	rules := live.Permissions(withoutSecrets)
	objects := clusterObjects(rules)
	switch format {
	case "json":
		return writeJSON(w, map[string]any{"apiVersion": "v1", "kind": "List", "items": objects})
	case "", "yaml":
		fmt.Fprint(w, clusterNotes(withoutSecrets))
		for _, o := range objects {
			b, err := config.Marshal(o)
			if err != nil {
				return err
			}
			fmt.Fprintf(w, "---\n%s", b)
		}
		return nil
	case "terraform":
		fmt.Fprint(w, clusterNotes(withoutSecrets))
		clusterTerraform(w, rules)
		return nil
	case "text":
		fmt.Fprintf(w, "kubernetes reads only; it needs, in the whole cluster:\n\n")
		for _, r := range rules {
			fmt.Fprintln(w, "  "+wordRule(r))
		}
		fmt.Fprintf(w, "\nReady to apply: muster permissions kubernetes%s | kubectl apply -f -\n", secretsFlag(withoutSecrets))
		return nil
	}
	return noFormat(format, "yaml", "json", "terraform", "text")
}

func secretsFlag(withoutSecrets bool) string {
	if withoutSecrets {
		return " --without-secrets"
	}
	return ""
}

// clusterNotes is the head of what is to be applied.
func clusterNotes(withoutSecrets bool) string {
	notes := `# What muster needs to read a cluster: get and list, no verb that changes anything.
# A token for it: kubectl --namespace muster create token muster --duration 1h
`
	if withoutSecrets {
		return notes + `# Secrets are not listed: their names are taken from what uses them, and what
# cannot be told is said. Set without_secrets: true for the source.
`
	}
	return notes + `# muster asks for the names, types and dates of Secrets and never for their values,
# but Kubernetes has no verb for that: whoever holds this role could list values.
# --without-secrets leaves them out.
`
}

// wordRule writes a rule in one line.
func wordRule(r privilege.Rule) string {
	what := strings.Join(append(append([]string{}, r.Resources...), r.NonResourceURLs...), ", ")
	if len(r.ResourceNames) > 0 {
		what += " " + strings.Join(r.ResourceNames, ", ")
	}
	if group := strings.Join(r.APIGroups, ", "); group != "" {
		what += " (" + group + ")"
	}
	return strings.Join(r.Verbs, ", ") + " " + what
}

// clusterTerraform writes the objects for the provider hashicorp/kubernetes.
func clusterTerraform(w io.Writer, rules []privilege.Rule) {
	fmt.Fprintf(w, `
resource "kubernetes_namespace_v1" "muster" {
  metadata {
    name = %[1]q
  }
}

resource "kubernetes_service_account_v1" "muster" {
  metadata {
    name      = %[1]q
    namespace = kubernetes_namespace_v1.muster.metadata[0].name
  }
  automount_service_account_token = false
}

resource "kubernetes_cluster_role_v1" "muster" {
  metadata {
    name = %[2]q
  }
`, clusterAccount, clusterRole)
	for _, r := range rules {
		terraformRule(w, r)
	}
	fmt.Fprint(w, `}

resource "kubernetes_cluster_role_binding_v1" "muster" {
  metadata {
    name = kubernetes_cluster_role_v1.muster.metadata[0].name
  }
  role_ref {
    api_group = "rbac.authorization.k8s.io"
    kind      = "ClusterRole"
    name      = kubernetes_cluster_role_v1.muster.metadata[0].name
  }
  subject {
    kind      = "ServiceAccount"
    name      = kubernetes_service_account_v1.muster.metadata[0].name
    namespace = kubernetes_service_account_v1.muster.metadata[0].namespace
  }
}
`)
}

// terraformRule writes a rule as terraform fmt would.
func terraformRule(w io.Writer, r privilege.Rule) {
	type field struct {
		key   string
		words []string
	}
	fields := slices.DeleteFunc([]field{
		{"api_groups", r.APIGroups},
		{"resources", r.Resources},
		{"resource_names", r.ResourceNames},
		{"non_resource_urls", r.NonResourceURLs},
		{"verbs", r.Verbs},
	}, func(f field) bool { return len(f.words) == 0 })
	width := 0
	for _, f := range fields {
		width = max(width, len(f.key))
	}
	fmt.Fprintln(w, "  rule {")
	for _, f := range fields {
		fmt.Fprintf(w, "    %-*s = %s\n", width, f.key, quoted(f.words))
	}
	fmt.Fprintln(w, "  }")
}

// quoted writes a list of words that need no escape beyond Go's.
func quoted(words []string) string {
	out := make([]string, 0, len(words))
	for _, word := range words {
		out = append(out, fmt.Sprintf("%q", word))
	}
	return "[" + strings.Join(out, ", ") + "]"
}
