package paths

import (
	"strings"

	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/internal/privilege/gcp/condition"
	"github.com/muster-nhi/muster/internal/privilege/gcp/member"
)

// An issuer is a maker of OIDC tokens that the table knows.
type issuer struct {
	platform string
	host     string // beginning of the issuer without https://; "*." before it is any host below
	shared   bool   // one issuer for all its customers
	// pins are the claims that tell one customer from others, and whether they tell one
	// workload ("w"), one repository or project ("r"), or one customer ("c").
	pins map[string]string
	// subjects turn such a claim into what the subject then is; %s is the value.
	subjects map[string]string
	fixed    string // beginning of a subject, before the customer
}

// issuers lists who is known. Claims are those that each documents: GitHub "OpenID
// Connect reference", GitLab "ID token payload", HCP Terraform "Workload identity tokens",
// CircleCI, Buildkite, Bitbucket and Azure DevOps "OpenID Connect tokens".
func issuers() []issuer {
	return []issuer{
		{
			"github", "token.actions.githubusercontent.com", true,
			map[string]string{
				"repository": "r", "repository_id": "r", "repository_owner": "c", "repository_owner_id": "c", "job_workflow_ref": "w", "workflow_ref": "w", "enterprise": "c", "enterprise_id": "c",
				"environment": "", "ref": "",
			},
			map[string]string{"repository": "repo:%s:*", "repository_owner": "repo:%s/*"},
			"repo:",
		},
		{
			"gitlab", "gitlab.com", true,
			map[string]string{"project_path": "r", "project_id": "r", "namespace_path": "c", "namespace_id": "c", "ci_config_ref_uri": "w"},
			map[string]string{"project_path": "project_path:%s:*", "namespace_path": "project_path:%s/*"},
			"project_path:",
		},
		{
			"terraform", "app.terraform.io", true,
			map[string]string{"terraform_workspace_id": "r", "terraform_project_id": "c", "terraform_organization_id": "c", "terraform_organization_name": "c", "terraform_full_workspace": "r"},
			map[string]string{"terraform_organization_name": "organization:%s:*", "terraform_full_workspace": "%s:*"},
			"organization:",
		},
		{"circleci", "oidc.circleci.com/org/", false, map[string]string{"oidc.circleci.com/project-id": "r"}, nil, "org/"},
		{"buildkite", "agent.buildkite.com", true, map[string]string{"organization_slug": "c", "organization_id": "c", "pipeline_slug": ""}, map[string]string{"organization_slug": "organization:%s:*"}, "organization:"},
		{"bitbucket", "api.bitbucket.org/2.0/workspaces/", false, map[string]string{"repositoryUuid": "r"}, nil, "{"},
		{"azure_devops", "vstoken.dev.azure.com/", false, nil, nil, "sc://"},
		{"azure", "sts.windows.net/", false, map[string]string{"oid": "w", "appid": "w"}, nil, ""},
		{"azure", "login.microsoftonline.com/", false, map[string]string{"oid": "w", "appid": "w"}, nil, ""},
		{"google", "accounts.google.com", true, map[string]string{"email": "w", "hd": "c"}, nil, ""},
		{"gke", "container.googleapis.com/v1/projects/", false, nil, nil, "system:serviceaccount:"},
		{"eks", "oidc.eks.", false, nil, nil, "system:serviceaccount:"},
		{"vercel", "oidc.vercel.com", true, map[string]string{"owner_id": "c", "project_id": "r"}, nil, "owner:"},
		{"gitlab", "gitlab.", false, map[string]string{"project_path": "r", "project_id": "r", "namespace_path": "c"}, map[string]string{"project_path": "project_path:%s:*", "namespace_path": "project_path:%s/*"}, "project_path:"},
	}
}

// issuerOf looks an issuer up.
func issuerOf(url string) issuer {
	url = strings.ToLower(url)
	for _, i := range issuers() {
		if url == i.host || strings.HasPrefix(url, i.host) && (strings.HasSuffix(i.host, "/") || strings.HasSuffix(i.host, ".") || url[len(i.host)] == '/') {
			return i
		}
	}
	return issuer{}
}

// A demanded is a claim that a token has to have to get in.
type demanded struct {
	name   string // of the claim, without "assertion."
	values []string
	prefix bool
}

// demand gathers what a token has to have, by the member and by the attribute
// condition of the provider, and says what is weak about it.
func (a *Analysis) demand(t *Trust, p *Provider, m *member.Member) {
	all := t.ofMember(p, m)
	if p != nil && p.Condition != "" {
		for _, c := range condition.ReadClaims(p.Condition).All {
			all = append(all, demanded{claim(p, c.Name), c.Values, c.Prefix})
		}
	}
	i := issuerOf(t.Issuer)
	if t.Kind == TrustOIDC {
		t.Platform = i.platform
	}
	for _, d := range all {
		t.claimed(&i, d)
	}
	if t.Kind != TrustPool {
		a.width(t, &i, p, m, all)
	}
	t.order()
}

// claim is the claim behind an attribute, or the attribute itself if the mapping makes
// something else of it.
func claim(p *Provider, name string) string {
	if p != nil && !strings.HasPrefix(name, "assertion.") {
		if mapped := condition.MappedClaim(p.Mapping[name]); mapped != "" {
			name = mapped
		} else if name == "google.subject" && p.Kind == "aws" && p.Mapping[name] == "" {
			name = "assertion.arn"
		}
	}
	return strings.TrimPrefix(name, "assertion.")
}

// ofMember is what the member demands.
func (t *Trust) ofMember(p *Provider, m *member.Member) []demanded {
	switch {
	case m.Kind == member.KindSubject:
		return []demanded{{claim(p, "google.subject"), []string{m.Subject}, false}}
	case m.Attribute != "":
		return []demanded{{claim(p, "attribute."+m.Attribute), []string{m.Value}, false}}
	case m.Group != "":
		return []demanded{{"google.groups", []string{m.Group}, false}}
	default:
		return nil
	}
}

// claimed notes one demand.
func (t *Trust) claimed(i *issuer, d demanded) {
	end := ""
	if d.prefix {
		end = "*"
	}
	for _, v := range d.values {
		t.Claims = append(t.Claims, d.name+" = "+v+end)
		if d.name == "sub" {
			t.Subjects = append(t.Subjects, v+end)
			if i.platform == "github" && strings.HasSuffix(v, ":pull_request") {
				t.weak(WeakPullRequest, "workflows of pull requests may become it, those from forks of a public repository among them where they get a token: "+v)
			}
		} else if form := i.subjects[d.name]; form != "" {
			t.Subjects = append(t.Subjects, strings.Replace(form, "%s", v+end, 1))
		}
	}
	if (t.Kind == TrustOIDC) && strings.HasPrefix(i.fixed, "system:") && d.name == "sub" && len(d.values) == 1 && !d.prefix {
		rest, ok := strings.CutPrefix(d.values[0], "system:serviceaccount:")
		if namespace, name, ok2 := strings.Cut(rest, ":"); ok && ok2 {
			t.Namespace, t.ServiceAccount = namespace, name
		}
	}
}

// How narrow demands are.
const (
	anybody  = iota // nobody in particular
	customer        // one customer of the issuer
	project         // one repository or project
	workload        // one workload
)

// width says whether others than one workload get in.
func (a *Analysis) width(t *Trust, i *issuer, p *Provider, m *member.Member, all []demanded) {
	narrow := anybody
	for _, d := range all {
		narrow = max(narrow, t.narrowness(i, d))
	}
	switch t.Kind {
	case TrustX509:
		if narrow == anybody {
			t.weak(WeakNoAnchor, "any certificate of the trust store may become it: no demand on the certificate")
		}
		return
	case TrustAWS:
		if narrow == anybody {
			t.weak(WeakSubject, "every principal of AWS account "+t.Issuer+" may become it")
		}
		return
	}
	switch {
	case narrow == workload || narrow == project && t.pinned(all):
	case narrow == project:
		t.weak(WeakSubject, "any branch, tag, environment or phase of one project may become it")
	case narrow == customer:
		t.weak(WeakSubject, "more than one workload of the same owner may become it")
	case i.shared && a.stranger(i.platform, p, m) == inventory.False:
		if m.Kind != member.KindSubject {
			t.weak(WeakSubject, "others than one workload may become it, unless a part of the attribute condition that is not read here says otherwise")
		}
	case i.shared:
		t.weak(WeakNoSubject, "anybody who has "+t.Issuer+" make a token may become it: neither the member nor the attribute condition says whose")
	case m.All:
		t.weak(WeakNoSubject, "every identity of "+t.Issuer+" may become it")
	default:
		t.weak(WeakSubject, "more than one identity of "+t.Issuer+" may become it")
	}
}

// pinned reports whether a branch, a tag or an environment is demanded too.
func (t *Trust) pinned(all []demanded) bool {
	for _, d := range all {
		switch d.name {
		case "ref", "environment", "job_workflow_ref", "workflow_ref", "terraform_run_phase", "ref_path":
			if !d.prefix && len(d.values) == 1 {
				return true
			}
		}
	}
	return false
}

// narrowness is how far one demand narrows.
func (t *Trust) narrowness(i *issuer, d demanded) int {
	switch {
	case len(d.values) > 1 && d.name == "sub" && !d.prefix:
		return workload // several, each named
	case d.name == "sub" && !d.prefix:
		return workload
	case d.name == "sub":
		return t.subjectWidth(i, d.values)
	case t.Kind != TrustOIDC && !d.prefix && len(d.values) == 1:
		return workload
	}
	switch i.pins[d.name] {
	case "w":
		if d.prefix {
			return t.prefixed(d)
		}
		return workload
	case "r":
		if d.prefix || len(d.values) > 1 {
			return t.prefixed(d)
		}
		return project
	case "c":
		if d.prefix {
			return anybody
		}
		return customer
	default:
		if !i.shared && !d.prefix {
			return customer
		}
		return anybody
	}
}

// prefixed is how far the beginnings of a claim narrow: to a customer if they have the
// owner with the stroke behind it.
func (t *Trust) prefixed(d demanded) int {
	if !d.prefix {
		return customer
	}
	for _, v := range d.values {
		if !strings.Contains(v, "/") {
			return anybody
		}
	}
	return customer
}

// subjectWidth is how far beginnings of a subject narrow.
func (t *Trust) subjectWidth(i *issuer, values []string) int {
	out := project
	for _, v := range values {
		rest, ok := strings.CutPrefix(v, i.fixed)
		owner, tail, cut := strings.Cut(rest, "/")
		switch {
		case i.fixed == "" || !ok || owner == "" || !cut && !strings.Contains(rest, ":"):
			return anybody
		case !strings.Contains(tail, ":"):
			out = min(out, customer)
		}
	}
	return out
}
