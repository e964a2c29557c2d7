package paths

import (
	"slices"
	"strings"

	"github.com/muster-nhi/muster/internal/privilege/aws/policy"
)

// An issuer is a maker of OIDC tokens that the table knows.
type issuer struct {
	platform string
	host     string   // pattern of the issuer without https://
	shared   bool     // one issuer for all its customers: without a subject, all of them get in
	fixed    string   // pattern that a subject has to match before its first wildcard pins the customer
	claims   []string // further claims of a token that AWS takes as condition keys and that pin the customer
}

// issuers lists who is known. Forms of subjects are those that each documents:
// GitHub "OpenID Connect reference", GitLab "OpenID Connect in AWS", HashiCorp
// "Workload identity tokens", Buildkite "OIDC with AWS", CircleCI "OpenID Connect
// tokens", EKS "IAM roles for service accounts".
func issuers() []issuer {
	return []issuer{
		{"github", "token.actions.githubusercontent.com*", true, "repo:?*/*", []string{"repository", "repository_id", "repository_owner", "repository_owner_id", "job_workflow_ref", "enterprise_id"}},
		{"gitlab", "gitlab.com", true, "project_path:?*/*", []string{"project_path", "project_id", "namespace_path", "namespace_id"}},
		{"terraform", "app.terraform.io", true, "organization:?*:*", []string{"terraform_organization_id", "terraform_workspace_id", "terraform_project_id"}},
		{"buildkite", "agent.buildkite.com", true, "organization:?*:*", []string{"organization_slug", "organization_id"}},
		{"eks", "oidc.eks.*/id/*", false, "system:serviceaccount:?*:*", nil},
		{"circleci", "oidc.circleci.com/org/*", false, "org/?*/project/?*", nil},
		{"bitbucket", "api.bitbucket.org/2.0/workspaces/*", false, "{?*}*", nil},
		{"azure_devops", "vstoken.dev.azure.com/*", false, "sc://?*/*", nil},
		{"google", "accounts.google.com", true, "?*", []string{"oaud", "email"}},
		{"cognito", "cognito-identity.amazonaws.com", true, "?*", nil},
		{"vercel", "oidc.vercel.com*", true, "owner:?*:*", []string{"owner_id", "project_id"}},
		{"spacelift", "*.app.spacelift.io", false, "space:?*:*", nil},
		{"bitrise", "token.builds.bitrise.io", true, "?*", nil},
		{"scalr", "scalr.io", true, "account:?*:*", nil},
		{"env0", "login.app.env0.com", true, "?*", nil},
		{"semaphore", "*.semaphoreci.com", false, "org:?*:*", nil},
		{"fly", "oidc.fly.io/*", false, "?*:*", nil},
		{"login", "www.amazon.com", true, "?*", nil},
		{"login", "graph.facebook.com", true, "?*", nil},
		{"gitlab", "gitlab.*", false, "project_path:?*/*", []string{"project_path", "project_id"}},
	}
}

// issuerOf looks an issuer up.
func issuerOf(url string) issuer {
	for _, i := range issuers() {
		if wild(i.host, strings.ToLower(url)) {
			return i
		}
	}
	return issuer{}
}

// federated judges a trust in an OIDC provider.
func (t *Trust) federated(s *policy.Statement) {
	t.Issuer = t.Principal
	if _, url, ok := strings.Cut(t.Principal, ":oidc-provider/"); ok {
		t.Issuer = url
	}
	i := issuerOf(t.Issuer)
	t.Platform = i.platform
	if i.platform == "cognito" {
		t.cognito(s)
		return
	}
	subjects := t.claims(s)
	switch {
	case len(t.Subjects) > 0:
		for _, sub := range subjects {
			t.subject(&i, sub)
		}
	case slices.ContainsFunc(i.claims, func(c string) bool {
		return demands(s, func(k string) bool { return strings.HasSuffix(k, ":"+c) })
	}):
	case i.shared:
		t.weak(WeakNoSubject, "anybody who has "+t.Issuer+" make a token may become it: no condition on the subject")
	default:
		t.weak(WeakNoSubject, "every workload of "+t.Issuer+" may become it: no condition on the subject")
	}
	if len(t.Audiences) == 0 {
		t.weak(WeakNoAudience, "does not check for whom a token was made: no condition on the audience")
	}
}

// claims reads subjects and audiences, and returns the patterns of subjects.
func (t *Trust) claims(s *policy.Statement) []claim {
	var out []claim
	for i := range s.Conditions {
		c := &s.Conditions[i]
		sub, aud := strings.HasSuffix(c.Key, ":sub"), strings.HasSuffix(c.Key, ":aud")
		if !sub && !aud {
			continue
		}
		if !c.Demands() {
			if strings.HasPrefix(c.Operator, "String") && !strings.Contains(c.Operator, "Not") {
				t.weak(WeakOptional, "a token without "+c.Key+" passes the condition "+conditionText(c))
			}
			continue
		}
		if aud {
			t.Audiences = append(t.Audiences, c.Values...)
			continue
		}
		t.Subjects = append(t.Subjects, c.Values...)
		for _, v := range c.Values {
			out = append(out, claim{v, strings.HasSuffix(c.Operator, "Like")})
		}
	}
	if len(out) == 1 && !strings.ContainsAny(out[0].text, "*?$") {
		t.Namespace, t.ServiceAccount, _ = eksSubject(out[0].text)
	}
	return out
}

// A claim is a value that a claim of a token has to have.
type claim struct {
	text    string
	pattern bool // "*" and "?" stand for others
}

// eksSubject splits the subject of a token of a Kubernetes service account,
// "system:serviceaccount:NAMESPACE:NAME". It reports false for any other and for
// one with a wildcard.
func eksSubject(subject string) (namespace, name string, ok bool) {
	rest, ok := strings.CutPrefix(subject, "system:serviceaccount:")
	if !ok || strings.ContainsAny(rest, "*?$") {
		return "", "", false
	}
	namespace, name, ok = strings.Cut(rest, ":")
	return namespace, name, ok && namespace != "" && name != "" && !strings.Contains(name, ":")
}

// subject judges one value of a subject.
func (t *Trust) subject(i *issuer, sub claim) {
	if i.platform == "github" && strings.HasSuffix(sub.text, ":pull_request") {
		t.weak(WeakPullRequest, "workflows of pull requests may become it, those from forks of a public repository among them where they get a token: "+sub.text)
	}
	if !sub.pattern || !strings.ContainsAny(sub.text, "*?") {
		return
	}
	at := strings.IndexAny(sub.text, "*?")
	fixed := sub.text[:at]
	switch {
	case strings.Trim(sub.text, "*") == "":
		t.weak(WeakNoSubject, "any subject of "+t.Issuer+" may become it: "+sub.text)
	case i.fixed == "" || i.shared && !wild(i.fixed, fixed):
		if custom(i, sub.text) {
			return
		}
		t.weak(WeakSubject, "the wildcard lets in others than one customer of "+t.Issuer+": "+sub.text)
	case i.platform == "github":
		t.weak(WeakSubject, githubWidth(sub.text, fixed))
	case i.platform == "gitlab" && strings.Contains(fixed, ":ref_type:"), i.platform == "terraform" && strings.Contains(sub.text[at:], "run_phase") && strings.Contains(fixed, ":workspace:"):
		t.weak(WeakSubject, "any branch or phase of one project may become it: "+sub.text)
	default:
		t.weak(WeakSubject, "more than one workload of the same owner may become it: "+sub.text)
	}
}

// custom reports whether a subject of GitHub is of a customised form that pins
// the repository or owner by a claim ("repository_owner_id:1234:*").
func custom(i *issuer, subject string) bool {
	if i.platform != "github" {
		return false
	}
	for _, c := range i.claims {
		if _, after, ok := strings.Cut(":"+subject, ":"+c+":"); ok {
			value, _, _ := strings.Cut(after, ":")
			if value != "" && !strings.ContainsAny(value, "*?") {
				return true
			}
		}
	}
	return false
}

// githubWidth says how wide a subject is whose owner is given. Owner and
// repository may have their immutable ids behind an "@".
func githubWidth(subject, fixed string) string {
	if strings.Count(strings.TrimPrefix(fixed, "repo:"), ":") == 0 {
		return "any repository whose name begins so may become it: " + subject
	}
	return "any branch, tag, environment or pull request of one repository may become it: " + subject
}

// cognito judges a trust in identity pools, which are told apart by their
// audience.
func (t *Trust) cognito(s *policy.Statement) {
	t.claims(s)
	if len(t.Audiences) == 0 {
		t.weak(WeakNoAudience, "every identity pool of Cognito, of any account, may become it: no condition on the audience")
	}
	guest := true
	for i := range s.Conditions {
		c := &s.Conditions[i]
		if strings.HasSuffix(c.Key, ":amr") && !c.IfExists && c.Qualifier != "ForAllValues" && !slices.ContainsFunc(c.Values, func(v string) bool { return v == "unauthenticated" || strings.Contains(v, "*") }) {
			guest = false
		}
	}
	if guest {
		t.weak(WeakPublic, "guests of the identity pool may become it: no condition that they have signed in")
	}
}
