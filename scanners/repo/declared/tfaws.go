package declared

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/internal/privilege"
)

// An assessed is a privilege with the condition that it holds under.
type assessed struct {
	privilege.Assessment
	condition string
}

// unknownGrant is a grant that could not be assessed.
func unknownGrant(reason string) assessed {
	return assessed{Assessment: privilege.Assessment{Level: inventory.LevelUnknown, Reasons: []string{reason}}}
}

// awsHandler returns what reads an aws_iam_ resource.
func awsHandler(typ string) func(*tf) {
	switch strings.TrimPrefix(typ, "aws_iam_") {
	case "user":
		return (*tf).awsUser
	case "role":
		return (*tf).awsRole
	case "access_key":
		return (*tf).awsKey
	case "user_policy":
		return func(t *tf) { t.awsInline("user", "aws_iam_user") }
	case "role_policy":
		return func(t *tf) { t.awsInline("role", "aws_iam_role") }
	case "user_policy_attachment":
		return func(t *tf) { t.awsAttach(t.strings("user"), "aws_iam_user") }
	case "role_policy_attachment":
		return func(t *tf) { t.awsAttach(t.strings("role"), "aws_iam_role") }
	case "policy_attachment":
		return func(t *tf) {
			t.awsAttach(t.strings("users"), "aws_iam_user")
			t.awsAttach(t.strings("roles"), "aws_iam_role")
		}
	case "openid_connect_provider":
		return (*tf).awsOIDC
	default:
		return nil
	}
}

func (t *tf) awsUser() {
	attributes := map[string]string{}
	if b := t.literal("permissions_boundary"); b != "" {
		attributes["permissions_boundary"] = b
	}
	t.identity(inventory.Identity{Type: "aws.iam_user", Name: t.literal("name"), Attributes: attributes}, t.tags("tags"))
}

func (t *tf) awsRole() {
	attributes := map[string]string{}
	if b := t.literal("permissions_boundary"); b != "" {
		attributes["permissions_boundary"] = b
	}
	id := t.identity(inventory.Identity{Type: "aws.iam_role", Name: t.literal("name"), Attributes: attributes}, t.tags("tags"))
	t.awsTrust(id)
	for _, arn := range t.strings("managed_policy_arns") {
		t.grant(id, arn, "", "managed policy", t.awsPolicy(arn))
	}
	for _, p := range t.all("inline_policy") {
		name, _ := p.text("name")
		text, _ := p.text("policy")
		t.grant(id, name, "", "inline policy", t.awsDocument(text))
	}
}

// awsTrust emits who may assume a role.
func (t *tf) awsTrust(id string) {
	text, _ := t.text("assume_role_policy")
	document, why := t.awsJSON(text)
	if why != "" {
		t.note(Problem{Path: t.src.Path, Line: t.attr("assume_role_policy").line, Message: "trust policy not read: " + why})
		return
	}
	trusted, err := privilege.AWSTrustPolicy(document)
	if err != nil {
		t.note(Problem{Path: t.src.Path, Line: t.attr("assume_role_policy").line, Message: err.Error(), Partial: t.src.meant()})
		return
	}
	for _, tr := range trusted {
		t.awsTrusted(id, tr)
	}
}

// awsTrusted emits one principal, once for each subject that it may have.
func (t *tf) awsTrusted(id string, tr privilege.Trusted) {
	issuer := tr.Issuer
	if p := t.module.blocks[addressIn(tr.Principal)]; p != nil && issuer == "" {
		issuer = p.literal("url")
	}
	out := inventory.Trust{
		Type: tr.Type, Issuer: clean(issuer), Audience: clean(strings.Join(tr.Audiences, ", ")), ExternalAccount: tr.Account,
		ExternalID: tr.ExternalID,
	}
	for _, c := range tr.Conditions {
		out.Conditions = append(out.Conditions, clean(c))
	}
	if tr.Type != "oidc" {
		out.Subject = clean(tr.Principal)
		if out.Subject == "*" {
			out.ExternalAccount = "*"
		}
		t.trust(id, tr.Type+"/"+tr.Principal, out)
		return
	}
	if len(tr.Subjects) == 0 {
		t.trust(id, "oidc/"+tr.Principal, out)
	}
	for _, s := range tr.Subjects {
		each := out
		each.Subject = clean(s)
		t.trust(id, "oidc/"+tr.Principal+"/"+s, each)
	}
}

func (t *tf) awsKey() {
	text, _ := t.text("user")
	disabled := inventory.Unknown
	switch t.literal("status") {
	case "Inactive":
		disabled = inventory.True
	case "Active":
		disabled = inventory.False
	}
	encrypted := inventory.Unknown
	if _, ok := t.attrs["pgp_key"]; ok {
		encrypted = inventory.True
	}
	// IAM access keys have no end (IAM User Guide, "Managing access keys").
	t.credential(inventory.Credential{
		Type: "aws.access_key", Identity: t.resolve(text, "aws_iam_user"), NeverExpires: true, Disabled: disabled, Encrypted: encrypted,
	})
}

func (t *tf) awsInline(attr, typ string) {
	who, _ := t.text(attr)
	text, _ := t.text("policy")
	name := t.literal("name")
	if name == "" {
		name = t.address
	}
	t.grant(t.resolve(who, typ), name, "", "inline policy", t.awsDocument(text))
}

func (t *tf) awsAttach(who []string, typ string) {
	arn, _ := t.text("policy_arn")
	for _, w := range who {
		t.grant(t.resolve(w, typ), arn, "", "managed policy", t.awsPolicy(arn))
	}
}

// awsPolicy assesses a policy by its ARN, or by the resource that makes it.
func (t *tf) awsPolicy(arn string) assessed {
	if b := t.module.blocks[addressIn(arn)]; b != nil && b.typ == "aws_iam_policy" {
		text, _ := b.text("policy")
		return t.awsDocument(text)
	}
	if strings.Contains(arn, "${") || arn == "" {
		return unknownGrant("the policy is an expression that this directory does not settle")
	}
	return assessed{Assessment: privilege.AWSManagedPolicy(arn)}
}

// awsDocument assesses a policy document.
func (t *tf) awsDocument(text string) assessed {
	document, why := t.awsJSON(text)
	if why != "" {
		return unknownGrant("policy document not read: " + why)
	}
	a, err := privilege.AWSPolicy(document)
	if err != nil {
		return unknownGrant(err.Error())
	}
	return assessed{Assessment: a}
}

// awsJSON returns the policy document that a text is or refers to, or says why
// there is none.
func (t *tf) awsJSON(text string) (document []byte, why string) {
	if text == "" {
		return nil, "it is missing"
	}
	if !strings.HasPrefix(text, "${") {
		return []byte(text), ""
	}
	if b := t.module.blocks[addressIn(text)]; b != nil && b.typ == "aws_iam_policy_document" {
		return policyDocument(b.block)
	}
	return nil, "it is an expression that this directory does not settle"
}

// policyDocument spells an aws_iam_policy_document data source as JSON.
func policyDocument(b *block) ([]byte, string) {
	for _, merged := range []string{"source_policy_documents", "override_policy_documents", "source_json", "override_json"} {
		if _, ok := b.attrs[merged]; ok {
			return nil, "it is merged from others"
		}
	}
	if b.attr("statement").v == dynamic {
		return nil, "its statements are dynamic"
	}
	var out []map[string]any
	for _, s := range b.all("statement") {
		out = append(out, policyStatement(s))
	}
	text, err := json.Marshal(map[string]any{"Statement": out})
	if err != nil {
		return nil, "it holds what JSON cannot"
	}
	return text, ""
}

func policyStatement(s *block) map[string]any {
	out := map[string]any{"Effect": "Allow"}
	if e := s.literal("effect"); e != "" {
		out["Effect"] = e
	}
	for attr, element := range map[string]string{"actions": "Action", "not_actions": "NotAction", "resources": "Resource", "not_resources": "NotResource", "sid": "Sid"} {
		a, ok := s.attrs[attr]
		if !ok {
			continue
		}
		if attr == "sid" {
			out[element] = s.literal("sid")
		} else {
			out[element] = slices.Concat(stringsOf(a.v), []string{})
		}
	}
	principals := map[string][]string{}
	for _, p := range s.all("principals") {
		typ, _ := p.text("type")
		if typ == "*" {
			typ = "AWS"
		}
		principals[typ] = append(principals[typ], p.strings("identifiers")...)
	}
	if len(principals) > 0 {
		out["Principal"] = principals
	}
	condition := map[string]map[string][]string{}
	for _, c := range s.all("condition") {
		test, _ := c.text("test")
		variable, _ := c.text("variable")
		if condition[test] == nil {
			condition[test] = map[string][]string{}
		}
		condition[test][variable] = append(condition[test][variable], c.strings("values")...)
	}
	if len(condition) > 0 {
		out["Condition"] = condition
	}
	return out
}

// awsOIDC emits an OIDC provider: through it others come in, and by itself it
// may do nothing.
func (t *tf) awsOIDC() {
	attributes := map[string]string{}
	if u := t.literal("url"); u != "" {
		attributes["issuer"] = u
	}
	if list := t.strings("client_id_list"); len(list) > 0 {
		attributes["audiences"] = clip(clean(strings.Join(list, ",")), 300)
	}
	t.identity(inventory.Identity{Type: "aws.oidc_provider", Name: t.literal("url"), Attributes: attributes}, t.tags("tags"))
}
