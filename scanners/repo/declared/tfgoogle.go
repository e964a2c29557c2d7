package declared

import (
	"strings"

	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/internal/privilege"
)

// googleHandler returns what reads a google_ resource.
func googleHandler(typ string) func(*tf) {
	switch typ {
	case "google_service_account":
		return (*tf).googleAccount
	case "google_service_account_key":
		return (*tf).googleKey
	case "google_iam_workload_identity_pool_provider":
		return (*tf).googleProvider
	case "google_service_account_iam_member", "google_service_account_iam_binding":
		return (*tf).googleAccountIAM
	}
	if strings.HasSuffix(typ, "_iam_member") || strings.HasSuffix(typ, "_iam_binding") {
		return (*tf).googleIAM
	}
	return nil
}

func (t *tf) googleAccount() {
	var public []string
	account, project := t.literal("account_id"), t.literal("project")
	if account != "" && project != "" {
		public = []string{account + "@" + project + ".iam.gserviceaccount.com"}
	}
	name := t.literal("display_name")
	if name == "" {
		name = account
	}
	disabled := inventory.Unknown
	if v, ok := t.attr("disabled").v.(bool); ok {
		disabled = inventory.TriOf(v)
	}
	t.identity(inventory.Identity{Type: "gcp.service_account", Name: name, PublicIDs: public, Disabled: disabled}, nil)
}

func (t *tf) googleKey() {
	text, _ := t.text("service_account_id")
	t.credential(inventory.Credential{Type: "gcp.service_account_key", Identity: t.resolve(text, "google_service_account")})
}

// googleIAM emits what service accounts get on a project, folder, organisation
// or resource.
func (t *tf) googleIAM() {
	role, known := t.text("role")
	a := unknownGrant("the role is an expression")
	if known {
		a = assessed{Assessment: privilege.GCPRole(role)}
	}
	a.condition = t.condition()
	if a.condition != "" {
		a.Reasons = append(a.Reasons, "under a condition")
		a.Level = inventory.LevelUnknown
	}
	on := t.literal("project")
	for _, attr := range []string{"folder", "org_id", "bucket", "secret_id", "crypto_key_id", "topic", "dataset_id", "repository", "name"} {
		if s, _ := t.text(attr); s != "" && on == "" {
			on = attr + "/" + s
		}
	}
	for _, member := range append(t.strings("members"), t.strings("member")...) {
		if id := t.googleMember(member); id != "" {
			t.grant(id, role, on, strings.TrimPrefix(t.typ, "google_"), a)
		}
	}
}

// googleMember returns the identity of a member that is a service account or
// cannot be told, and "" for people, groups and domains.
func (t *tf) googleMember(member string) string {
	kind, rest, ok := strings.Cut(member, ":")
	switch {
	case strings.HasPrefix(member, "${") && strings.Contains(member, ".member}"):
		return t.resolve(member)
	case !ok || strings.HasPrefix(member, "${"):
		return t.dirID(inventory.KindIdentity, member)
	case kind != "serviceAccount":
		return ""
	case strings.Contains(rest, "${"):
		return t.resolve(rest)
	default:
		return "gcp:" + clean(rest)
	}
}

// condition returns the IAM condition of a binding.
func (t *tf) condition() string {
	text, _ := t.one("condition").text("expression")
	return clean(text)
}

// googleAccountIAM emits who may act as a service account.
func (t *tf) googleAccountIAM() {
	target, _ := t.text("service_account_id")
	account := t.resolve(target, "google_service_account")
	role, _ := t.text("role")
	for _, member := range append(t.strings("members"), t.strings("member")...) {
		kind, rest, _ := strings.Cut(member, ":")
		if id := t.googleMember(member); id != "" && kind == "serviceAccount" {
			a := assessed{Assessment: privilege.GCPRole(role), condition: t.condition()}
			if a.Level == inventory.LevelEscalate {
				// On one account it makes that account's rights its own, no more.
				a.Level = inventory.LevelWrite
			}
			t.grant(id, role, account, strings.TrimPrefix(t.typ, "google_"), a)
		}
		switch {
		case kind == "principal" || kind == "principalSet":
			t.trust(account, member, inventory.Trust{Type: "oidc", Subject: clean(member), Conditions: conditionList(t.condition())})
		case kind == "serviceAccount" && strings.Contains(rest, ".svc.id.goog["):
			t.trust(account, member, inventory.Trust{Type: "oidc", Issuer: "https://container.googleapis.com", Subject: clean(rest), Conditions: conditionList(t.condition())})
		}
	}
}

func conditionList(condition string) []string {
	if condition == "" {
		return nil
	}
	return []string{condition}
}

// googleProvider emits a workload identity provider: who vouches, and under
// which condition.
func (t *tf) googleProvider() {
	attributes := map[string]string{}
	if p := t.literal("workload_identity_pool_provider_id"); p != "" {
		attributes["provider"] = p
	}
	id := t.identity(inventory.Identity{Type: "gcp.workload_identity_provider", Name: t.literal("display_name"), Attributes: attributes}, nil)
	issuer, kind := t.one("oidc").literal("issuer_uri"), "oidc"
	if aws := t.one("aws"); aws != nil {
		kind, issuer = "account", "https://sts.amazonaws.com"
	}
	if t.one("saml") != nil {
		kind = "saml"
	}
	condition, _ := t.text("attribute_condition")
	account, _ := t.one("aws").text("account_id")
	t.trust(id, "provider", inventory.Trust{
		Type: kind, Issuer: issuer, Audience: clean(strings.Join(t.one("oidc").strings("allowed_audiences"), ", ")),
		Conditions: conditionList(clean(condition)), ExternalAccount: clean(account),
	})
}
