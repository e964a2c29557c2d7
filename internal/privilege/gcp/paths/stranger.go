package paths

import (
	"strings"

	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/internal/privilege/gcp/condition"
	"github.com/muster-nhi/muster/internal/privilege/gcp/member"
)

// How many strangers try a provider, and how many beginnings of subjects they take.
const (
	maxStrangers = 16
	maxTails     = 8
)

// stranger reports whether somebody who has nothing to do with the organisation gets in
// by a provider and is then the member: another customer of the issuer, who calls himself
// and his branches what he likes, also so that it looks like what the provider asks for.
// It is asked only where the demands of the provider are not plain.
func (a *Analysis) stranger(platform string, p *Provider, m *member.Member) inventory.Tri {
	attribute, value := memberIs(m)
	if attribute == "" && !m.All || p == nil {
		return inventory.Unknown
	}
	if (p.Condition == "" || condition.ReadClaims(p.Condition).Whole) && (attribute == "" || condition.MappedClaim(p.Mapping[attribute]) != "") {
		return inventory.True
	}
	gate := a.gateOf(p)
	texts := append([]string{value}, gate.Texts()...)
	var parts, tails []string
	for _, text := range texts {
		parts = append(parts, words(text)...)
		tails = append(tails, tail(text))
	}
	out := inventory.False
	for n, owner := range strangers(parts) {
		for _, end := range tails[:min(len(tails), maxTails)] {
			for _, name := range []string{"stranger", nth(parts, n)} {
				claims := tokenOf(platform, owner, name, end)
				if out = max(out, gate.Admits(claims, attribute, value)); out == inventory.True || claims == nil {
					return max(out, inventory.Unknown)
				}
			}
		}
	}
	return out
}

// gateOf returns what a provider asks for, made ready once.
func (a *Analysis) gateOf(p *Provider) *condition.Gate {
	if g, ok := a.gates.Load(p); ok {
		return g.(*condition.Gate) //nolint:forcetypeassert,errcheck // nothing else is put there
	}
	g := condition.NewGate(p.Condition, p.Mapping)
	a.gates.Store(p, g)
	return g
}

// memberIs is the attribute that a member is told by, as mappings spell it, and its value.
func memberIs(m *member.Member) (attribute, value string) {
	switch {
	case m.Kind == member.KindSubject:
		return "google.subject", m.Subject
	case m.Attribute != "":
		return "attribute." + m.Attribute, m.Value
	default:
		return "", ""
	}
}

// words takes names out of a text: what is not a letter, a digit or a stroke parts them.
func words(text string) []string {
	return strings.FieldsFunc(text, func(r rune) bool {
		return r != '-' && r != '_' && (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z')
	})
}

// strangers are the names that strangers take: one of their own, and such as have a word
// in them that somebody asks for.
func strangers(parts []string) []string {
	out := []string{"stranger"}
	for _, w := range parts {
		if len(out)+2 > maxStrangers {
			break
		}
		out = append(out, w+"-stranger", "stranger-"+w)
	}
	return out
}

// nth is the name that the nth stranger gives his project: one that is asked for.
func nth(parts []string, n int) string {
	if len(parts) == 0 {
		return "stranger"
	}
	return parts[n%len(parts)]
}

// tail is what a text asks for behind the name of a project: "environment:prod" of
// "^.*:environment:prod$".
func tail(text string) string {
	text = strings.Map(func(r rune) rune {
		if strings.ContainsRune("^$*+?()[]{}|\\", r) {
			return -1
		}
		return r
	}, text)
	if text = strings.Trim(text, ":./"); text == "" {
		return "ref:refs/heads/main"
	}
	return text
}

// tokenOf are the claims of a token of somebody's project that tell whose it is, by what
// each platform documents; nil for a platform whose claims are not known here. All other
// claims are as somebody likes: a branch, an environment, an audience.
func tokenOf(platform, owner, name, end string) map[string]string {
	path := owner + "/" + name
	switch platform {
	case "github":
		return map[string]string{
			"iss": "https://token.actions.githubusercontent.com", "sub": "repo:" + path + ":" + end,
			"repository": path, "repository_owner": owner, "repository_id": "1", "repository_owner_id": "2",
			"workflow_ref": path + "/" + end, "job_workflow_ref": path + "/" + end,
		}
	case "gitlab":
		return map[string]string{
			"iss": "https://gitlab.com", "sub": "project_path:" + path + ":" + end,
			"project_path": path, "project_id": "1", "namespace_path": owner, "namespace_id": "2", "ci_config_ref_uri": "gitlab.com/" + path + "//" + end,
		}
	case "terraform":
		return map[string]string{
			"iss": "https://app.terraform.io", "sub": "organization:" + owner + ":" + end,
			"terraform_organization_name": owner, "terraform_organization_id": "org-1", "terraform_project_id": "prj-1", "terraform_workspace_id": "ws-1",
			"terraform_full_workspace": "organization:" + owner + ":project:" + name + ":workspace:" + name,
		}
	default:
		return nil
	}
}
