package declared

import (
	"cmp"
	"strings"
	"time"

	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/internal/privilege"
)

// azureHandler returns what reads an azuread_ or azurerm_ resource.
func azureHandler(typ string) func(*tf) {
	switch typ {
	case "azuread_application", "azuread_application_registration":
		return func(t *tf) {
			t.identity(inventory.Identity{Type: "entra.application", Name: t.literal("display_name"), Description: t.literal("notes")}, nil)
		}
	case "azuread_service_principal":
		return func(t *tf) {
			if t.idOf(t.tfBlock) == t.here() {
				t.identity(inventory.Identity{Type: "entra.service_principal", Description: t.literal("notes")}, nil)
			}
		}
	case "azuread_application_password", "azuread_service_principal_password":
		return func(t *tf) { t.azureSecret("azure.client_secret") }
	case "azuread_application_certificate", "azuread_service_principal_certificate":
		return func(t *tf) { t.azureSecret("entra.certificate") }
	case "azuread_application_federated_identity_credential", "azurerm_federated_identity_credential":
		return (*tf).azureFederated
	case "azurerm_user_assigned_identity":
		return func(t *tf) {
			t.identity(inventory.Identity{Type: "azure.managed_identity", Name: t.literal("name")}, t.tags("tags"))
		}
	case "azurerm_role_assignment", "azuread_directory_role_assignment":
		return (*tf).azureRole
	default:
		return nil
	}
}

// azureSecret emits a client secret or certificate of an application.
func (t *tf) azureSecret(typ string) {
	text := ""
	for _, attr := range []string{"application_id", "application_object_id", "service_principal_id"} {
		if s, _ := t.text(attr); text == "" {
			text = s
		}
	}
	// The provider's documentation: dates are RFC 3339.
	parse := func(attr string) time.Time {
		at, err := time.Parse(time.RFC3339, t.literal(attr))
		if err != nil {
			return time.Time{}
		}
		return at.UTC()
	}
	attributes := map[string]string{}
	if relative := cmp.Or(t.literal("end_date_relative")); relative != "" {
		attributes["lifetime"] = relative
	}
	t.credential(inventory.Credential{
		Type: typ, Name: t.literal("display_name"), Identity: t.resolve(text, "azuread_application"),
		CreatedAt: parse("start_date"), ExpiresAt: parse("end_date"), Attributes: attributes,
	})
}

// azureFederated emits who may act as an application or managed identity.
func (t *tf) azureFederated() {
	text := ""
	for _, attr := range []string{"application_id", "application_object_id", "parent_id", "user_assigned_identity_id"} {
		if s, _ := t.text(attr); text == "" {
			text = s
		}
	}
	subject, _ := t.text("subject")
	issuer, _ := t.text("issuer")
	audience := strings.Join(append(t.strings("audiences"), t.strings("audience")...), ", ")
	t.trust(t.resolve(text), cmp.Or(subject, "any"), inventory.Trust{
		Type: "oidc", Issuer: clean(issuer), Subject: clean(subject), Audience: clean(audience),
	})
}

// azureRole emits a role assignment.
func (t *tf) azureRole() {
	who, _ := t.text("principal_id")
	if who == "" {
		who, _ = t.text("principal_object_id")
	}
	if typ := t.literal("principal_type"); typ == "User" || typ == "Group" {
		return
	}
	role := cmp.Or(t.literal("role_definition_name"), t.literal("role_definition_id"), t.literal("role_id"))
	a := unknownGrant("the role is an expression")
	if role != "" {
		a = assessed{Assessment: privilege.AzureRole(role)}
	}
	if condition, _ := t.text("condition"); condition != "" {
		a.condition = clean(condition)
		a.Level = inventory.LevelUnknown
		a.Reasons = append(a.Reasons, "under a condition")
	}
	scope, _ := t.text("scope")
	t.grant(t.resolve(who), cmp.Or(role, "role"), scope, "role assignment", a)
}

// kubernetesHandler returns what reads a kubernetes_ resource. Bindings join
// those of manifests, and so find their roles among them.
func kubernetesHandler(typ string) func(*tf) {
	switch strings.TrimSuffix(strings.TrimPrefix(typ, "kubernetes_"), "_v1") {
	case "service_account":
		return (*tf).kubernetesAccount
	case "role_binding", "cluster_role_binding":
		return (*tf).kubernetesBinding
	case "role", "cluster_role":
		return (*tf).kubernetesRole
	default:
		return nil
	}
}

func (t *tf) kubernetesAccount() {
	m := t.one("metadata")
	namespace, name := m.literal("namespace"), m.literal("name")
	attributes := map[string]string{}
	if namespace != "" {
		attributes["namespace"] = namespace
	}
	var clouds []string
	for key, value := range m.tags("annotations") {
		for _, a := range []struct{ key, attribute, scanner string }{
			{"eks.amazonaws.com/role-arn", "aws_role_arn", "aws"},
			{"iam.gke.io/gcp-service-account", "gcp_service_account", "gcp"},
			{"azure.workload.identity/client-id", "azure_client_id", "azure"},
		} {
			if key == a.key {
				attributes[a.attribute] = value
				clouds = append(clouds, a.scanner+":"+value)
			}
		}
	}
	tags := m.tags("labels")
	id := t.identity(inventory.Identity{Type: "kubernetes.service_account", Name: strings.TrimPrefix(namespace+"/"+name, "/"), Attributes: attributes}, tags)
	if name != "" {
		t.cluster.accounts[namespace+"/"+name] = append(t.cluster.accounts[namespace+"/"+name], id)
	}
	for _, cloud := range clouds {
		t.uses(id, cloud, "service account", environmentOf(tags), t.line)
	}
}

func (t *tf) kubernetesBinding() {
	m, ref := t.one("metadata"), t.one("role_ref")
	kind := "RoleBinding"
	if strings.Contains(t.typ, "cluster_role_binding") {
		kind = "ClusterRoleBinding"
	}
	key := roleKey{ref.literal("kind"), "", ref.literal("name")}
	if key.kind == "Role" {
		key.namespace = m.literal("namespace")
	}
	for _, s := range t.all("subject") {
		name, _ := s.text("name")
		subject := subjectRef{s.literal("kind"), s.literal("namespace"), clean(name)}
		if b := t.module.blocks[addressIn(name)]; b != nil {
			inner := b.one("metadata")
			subject.namespace, subject.name = inner.literal("namespace"), inner.literal("name")
		}
		t.cluster.bindings = append(t.cluster.bindings, binding{
			file: t.src, dir: dirOf(t.src.Path), line: t.line, kind: kind, namespace: m.literal("namespace"),
			name: cmp.Or(m.literal("name"), t.address), ref: key, subject: subject,
		})
	}
}

func (t *tf) kubernetesRole() {
	m := t.one("metadata")
	key := roleKey{"Role", m.literal("namespace"), m.literal("name")}
	if strings.Contains(t.typ, "cluster_role") {
		key = roleKey{"ClusterRole", "", m.literal("name")}
	}
	r := role{dir: dirOf(t.src.Path), aggregated: t.one("aggregation_rule") != nil}
	for _, rule := range t.all("rule") {
		r.rules = append(r.rules, privilege.Rule{
			Verbs: rule.strings("verbs"), APIGroups: rule.strings("api_groups"), Resources: rule.strings("resources"),
			ResourceNames: rule.strings("resource_names"), NonResourceURLs: rule.strings("non_resource_urls"),
		})
	}
	if key.name != "" {
		t.cluster.roles[key] = append(t.cluster.roles[key], r)
	}
}
