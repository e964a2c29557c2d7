package cli

import (
	"cmp"
	"regexp"
	"slices"
	"strings"

	"github.com/muster-nhi/muster/findings"
	"github.com/muster-nhi/muster/internal/inventory"
)

// platforms tells, by the beginning of a subject's type, which ways to mend it
// apply beside those for any platform. A secret of no known platform lies in a
// repository, whatever else.
var platforms = map[string][]string{
	"aws":        {"aws cli", "aws", "terraform"},
	"gcp":        {"gcloud", "terraform"},
	"azure":      {"az", "terraform"},
	"entra":      {"az", "terraform"},
	"kubernetes": {"kubectl"},
	"github":     {"github", "gh", "git"},
	"gitlab":     {"gitlab", "git"},
	"terraform":  {"terraform"},
}

// fitting picks the ways to mend a finding that fit its subject: all of them if
// none does, or if there is no finding.
func fitting(list []findings.Fix, f *inventory.Finding) []findings.Fix {
	if f == nil {
		return list
	}
	family, _, _ := strings.Cut(f.SubjectType, ".")
	wanted := slices.Clone(platforms[family])
	if strings.HasPrefix(f.Scope, "github.com/") {
		wanted = append(wanted, "github")
	}
	if strings.HasPrefix(f.Scope, "gitlab.com/") {
		wanted = append(wanted, "gitlab")
	}
	if len(f.Locations) > 0 {
		wanted = append(wanted, "git")
	}
	var out []findings.Fix
	for _, x := range list {
		if x.Platform == "any" || slices.Contains(wanted, x.Platform) {
			out = append(out, x)
		}
	}
	if len(out) == 0 {
		return list
	}
	return out
}

// placeholder is a word in capitals in a rule's commands.
var placeholder = regexp.MustCompile(`\b[A-Z][A-Z_]{2,}\b`)

// fill returns a function that puts what is known of a finding's subject in
// place of the placeholders of its rule's commands. What is not known, or what
// a shell could take for more than a word, stays as it is.
func (e *explainer) fill(f *inventory.Finding) func(string) string {
	words := e.words(f)
	return func(steps string) string {
		return placeholder.ReplaceAllStringFunc(steps, func(word string) string {
			if v := words[word]; v != "" && harmless.MatchString(v) {
				return v
			}
			return word
		})
	}
}

// harmless is what can stand in a command as it is.
var harmless = regexp.MustCompile(`^[A-Za-z0-9@%_+=:,./][A-Za-z0-9@%_+=:,./-]*$`)

// words says what the placeholders of a rule stand for.
func (e *explainer) words(f *inventory.Finding) map[string]string {
	inv := e.r.Inventory
	out := map[string]string{}
	if len(f.Locations) > 0 {
		out["PATH"], out["FILE"] = f.Locations[0].URI, f.Locations[0].URI
	}
	id := inv.Identity(f.Subject)
	var bindings []*inventory.Grant
	if id != nil {
		bindings = privileged(inv, id.ID)
	}
	for _, g := range inv.Grants {
		if g.ID == f.Subject {
			out["POLICY"], out["RESOURCE"], bindings = g.Name, g.Resource, []*inventory.Grant{g}
			id = inv.Identity(g.Principal)
		}
	}
	c := inv.Credential(f.Subject)
	if c != nil {
		out["KEY_ID"], out["PUBLIC_ID"], out["FINGERPRINT"] = c.PublicID, c.PublicID, c.PublicID
		id = inv.Identity(cmp.Or(c.Identity, opened(inv, c.ID)))
	}
	identityWords(out, id)
	clusterWords(out, bindings)
	if c != nil && c.Store == "kubernetes secret" {
		out["NAMESPACE"], out["NAME"] = c.Attributes["namespace"], strings.TrimPrefix(c.Name, c.Attributes["namespace"]+"/")
		if key := c.Attributes["key"]; key != "" {
			out["NAME"], out["KEY"] = strings.TrimSuffix(out["NAME"], "/"+key), key
		}
		out["SECRET"] = out["NAME"]
	}
	return out
}

// identityWords says what the placeholders for an identity stand for.
func identityWords(out map[string]string, id *inventory.Identity) {
	if id == nil {
		return
	}
	public := slices.Concat(id.PublicIDs, []string{id.Name})[0]
	_, number, _ := strings.Cut(id.Scope, ":")
	switch id.Type {
	case "aws.iam_user":
		out["USER"], out["USER_NAME"], out["ACCOUNT"], out["ARN"] = id.Name, id.Name, number, public
	case "aws.iam_role":
		out["ROLE"], out["ROLE_NAME"], out["ACCOUNT"], out["ARN"] = id.Name, id.Name, number, public
	case "gcp.service_account":
		out["ACCOUNT"], out["SERVICE_ACCOUNT"], out["EMAIL"], out["PROJECT"] = public, public, public, number
	case "entra.application":
		out["APP_ID"], out["CLIENT_ID"] = public, public
	case "kubernetes.service_account":
		namespace, name, _ := strings.Cut(id.Name, "/")
		out["NAMESPACE"], out["SERVICE_ACCOUNT"], out["SERVICEACCOUNT"], out["NAME"] = namespace, name, name, name
		out["USERNAME"] = "system:serviceaccount:" + namespace + ":" + name
	case "kubernetes.user":
		out["NAME"], out["USERNAME"] = id.Name, id.Name
	case "kubernetes.group":
		out["NAME"], out["GROUP"] = id.Name, id.Name
	}
}

// clusterWords names the binding that a finding is about, as kubectl wants it,
// and its namespace; none if it may be one of several, for commands delete it.
func clusterWords(out map[string]string, bindings []*inventory.Grant) {
	if len(bindings) != 1 || bindings[0].Attributes["binding"] == "" {
		return
	}
	a := bindings[0].Attributes
	out["BINDING"] = strings.ToLower(a["binding_kind"]) + "/" + a["binding"]
	// kubectl pays the namespace no heed for a ClusterRoleBinding.
	out["BINDING_NAMESPACE"] = cmp.Or(a["binding_namespace"], out["NAMESPACE"], "default")
}

// privileged returns the bindings that give an identity itself what can become
// everything, or all of them if none does.
func privileged(inv *inventory.Inventory, id string) []*inventory.Grant {
	var all, high []*inventory.Grant
	for _, g := range inv.GrantsOf(id) {
		_, group := g.Attributes["group"]
		if g.Attributes["binding"] == "" || group || g.ManagedBy != "" {
			continue
		}
		all = append(all, g)
		if g.Level == inventory.LevelAdmin || g.Level == inventory.LevelEscalate {
			high = append(high, g)
		}
	}
	if len(high) > 0 {
		return high
	}
	return all
}

// opened returns the identity that a credential is known to open.
func opened(inv *inventory.Inventory, id string) string {
	for _, r := range inv.RelationsFrom(id) {
		if r.Type == inventory.RelationAuthenticates && r.Exact && r.Resolved {
			if to := inv.Credential(r.To); to != nil {
				return to.Identity
			}
			return r.To
		}
	}
	return ""
}
