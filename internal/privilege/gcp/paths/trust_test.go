package paths

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	awspaths "github.com/muster-nhi/muster/internal/privilege/aws/paths"
)

// told is what the tests compare of a trust.
func told(t *Trust) string {
	s := t.Kind
	if t.Inherited {
		s += " inherited"
	}
	if t.Closed {
		s += " closed"
	}
	if !t.Certain {
		s += " perhaps"
	}
	if t.Platform != "" {
		s += " " + t.Platform
	}
	if len(t.Subjects) > 0 {
		s += " " + strings.Join(t.Subjects, ",")
	}
	if t.Namespace != "" {
		s += " " + t.Namespace + "/" + t.ServiceAccount
	}
	for _, w := range t.Weak {
		s += " !" + w.Code
	}
	return s
}

func TestBecome(t *testing.T) {
	const (
		pool   = "principalSet://iam.googleapis.com/projects/444455556666/locations/global/workloadIdentityPools/ci/"
		one    = "principal://iam.googleapis.com/projects/444455556666/locations/global/workloadIdentityPools/ci/subject/"
		github = "https://token.actions.githubusercontent.com"
		mapped = " with google.subject=assertion.sub attribute.repository=assertion.repository attribute.owner=assertion.repository_owner attribute.ref=assertion.ref attribute.made=assertion.repository+'x'"
	)
	for _, tt := range []struct {
		name, bind, provider string
		want                 []string
	}{
		{"account", "roles/iam.serviceAccountTokenCreator ci@northwind-prod", "", []string{"account"}},
		{"account of a stranger", "roles/iam.serviceAccountTokenCreator deploy@vendor", "", []string{"account !cross_account"}},
		{"agent", "roles/iam.serviceAccountTokenCreator serviceAccount:service-444455556666@gcp-sa-pubsub.iam.gserviceaccount.com", "", []string{"service"}},
		{"somebody who calls himself an agent", "roles/iam.serviceAccountTokenCreator serviceAccount:service-1@evil-vendor.iam.gserviceaccount.com", "", []string{"account !cross_account"}},
		{"person", "roles/iam.serviceAccountUser user:dana@northwind.example", "", []string{"user"}},
		{"group", "roles/iam.serviceAccountUser group:ops@northwind.example", "", []string{"group"}},
		{"everybody", "roles/iam.serviceAccountUser allAuthenticatedUsers", "", []string{"everyone !public"}},
		{"gone", "roles/iam.serviceAccountUser deleted:serviceAccount:x@p.iam.gserviceaccount.com?uid=123", "", []string{"deleted !deleted"}},
		{"a role that does not let in", "roles/viewer user:dana@northwind.example", "", nil},
		{"over", `roles/iam.serviceAccountUser user:dana@northwind.example if request.time < timestamp("2026-01-01T00:00:00Z")`, "", []string{"user closed perhaps"}},
		{"from somewhere", `roles/iam.serviceAccountUser user:dana@northwind.example if request.path == "x"`, "", []string{"user perhaps"}},
		{"kubernetes", "roles/iam.workloadIdentityUser serviceAccount:northwind-prod.svc.id.goog[shop/web]", "", []string{"kubernetes gke system:serviceaccount:shop:web shop/web"}},
		{"kubernetes of a stranger", "roles/iam.workloadIdentityUser serviceAccount:vendor.svc.id.goog[shop/web]", "", []string{"kubernetes gke system:serviceaccount:shop:web shop/web !cross_account"}},
		{"an agent of Agent Engine", "roles/iam.serviceAccountTokenCreator principal://agents.global.org-111122223333.system.id.goog/resources/aiplatform/projects/444455556666/locations/europe-west1/reasoningEngines/1", "", []string{"robot"}},
		{"pool without providers", "roles/iam.workloadIdentityUser " + pool + "*", "", []string{"pool closed"}},
		{"pool of a stranger", "roles/iam.workloadIdentityUser " + strings.Replace(pool, "444455556666", "1", 1) + "*", "", []string{"pool perhaps !cross_account"}},
		{"all of GitHub", "roles/iam.workloadIdentityUser " + pool + "*", "gh oidc " + github + mapped, []string{"oidc github !no_subject"}},
		{"an owner by the condition", "roles/iam.workloadIdentityUser " + pool + "*", "gh oidc " + github + mapped + " if assertion.repository_owner == 'northwind'", []string{"oidc github repo:northwind/* !wide_subject"}},
		{"an owner that is only a beginning", "roles/iam.workloadIdentityUser " + pool + "*", "gh oidc " + github + mapped + " if assertion.repository_owner.startsWith('northwind')", []string{"oidc github repo:northwind*/* !no_subject"}},
		{"a condition that says nothing", "roles/iam.workloadIdentityUser " + pool + "*", "gh oidc " + github + mapped + " if assertion.repository != 'northwind/web'", []string{"oidc github !no_subject"}},
		{"one repository", "roles/iam.workloadIdentityUser " + pool + "attribute.repository/northwind/web", "gh oidc " + github + mapped, []string{"oidc github repo:northwind/web:* !wide_subject"}},
		{"one repository and branch", "roles/iam.workloadIdentityUser " + pool + "attribute.repository/northwind/web", "gh oidc " + github + mapped + " if assertion.ref == 'refs/heads/main'", []string{"oidc github repo:northwind/web:*"}},
		{"a branch of anybody", "roles/iam.workloadIdentityUser " + pool + "attribute.ref/refs/heads/main", "gh oidc " + github + mapped, []string{"oidc github !no_subject"}},
		{"an attribute that is made", "roles/iam.workloadIdentityUser " + pool + "attribute.made/northwind/webx", "gh oidc " + github + mapped, []string{"oidc github !wide_subject"}},
		{"one of a pattern", "roles/iam.workloadIdentityUser " + pool + "*", "gh oidc " + github + mapped + ` if assertion.sub.matches("^repo:northwind/.*$")`, []string{"oidc github !wide_subject"}},
		{"one of a pattern that is not at the beginning", "roles/iam.workloadIdentityUser " + pool + "*", "gh oidc " + github + mapped + ` if assertion.repository.matches("northwind/.*")`, []string{"oidc github !no_subject"}},
		{"a name that has another", "roles/iam.workloadIdentityUser " + pool + "*", "gh oidc " + github + mapped + ` if assertion.repository.contains("northwind")`, []string{"oidc github !no_subject"}},
		{"an environment of anybody", "roles/iam.workloadIdentityUser " + pool + "*", "gh oidc " + github + mapped + ` if assertion.sub.endsWith(":environment:prod")`, []string{"oidc github !no_subject"}},
		{"anybody but one", "roles/iam.workloadIdentityUser " + pool + "*", "gh oidc " + github + mapped + ` if !(assertion.repository_owner in ["evil"])`, []string{"oidc github !no_subject"}},
		{"one, or anybody for a claim", "roles/iam.workloadIdentityUser " + pool + "*", "gh oidc " + github + mapped + ` if assertion.event_name == "push" ? true : assertion.repository_owner == "northwind"`, []string{"oidc github !no_subject"}},
		{"has any environment", "roles/iam.workloadIdentityUser " + pool + "*", "gh oidc " + github + mapped + ` if has(assertion.environment) || assertion.repository_owner == "northwind"`, []string{"oidc github !no_subject"}},
		{"a subject that is put together", "roles/iam.workloadIdentityUser " + one + "northwind/web@refs/heads/main", "gh oidc " + github + " with google.subject=assertion.repository+'@'+assertion.ref", []string{"oidc github"}},
		{"a subject that anybody can put together", "roles/iam.workloadIdentityUser " + one + "x@refs/heads/main", "gh oidc " + github + " with google.subject='x@'+assertion.ref", []string{"oidc github !no_subject"}},
		{"one subject for all", "roles/iam.workloadIdentityUser " + one + "all", "gh oidc " + github + " with google.subject='all'", []string{"oidc github !no_subject"}},
		{"one subject", "roles/iam.workloadIdentityUser " + one + "repo:northwind/web:environment:prod", "gh oidc " + github + mapped, []string{"oidc github repo:northwind/web:environment:prod"}},
		{"pull requests", "roles/iam.workloadIdentityUser " + one + "repo:northwind/web:pull_request", "gh oidc " + github + mapped, []string{"oidc github repo:northwind/web:pull_request !pull_request"}},
		{"a host that only begins like GitHub's", "roles/iam.workloadIdentityUser " + pool + "*", "gh oidc https://token.actions.githubusercontent.com.evil.example" + mapped, []string{"oidc !no_subject"}},
		{"GitLab", "roles/iam.workloadIdentityUser " + pool + "attribute.p/northwind/web", "gl oidc https://gitlab.com with google.subject=assertion.sub attribute.p=assertion.project_path", []string{"oidc gitlab project_path:northwind/web:* !wide_subject"}},
		{"an issuer of its own", "roles/iam.workloadIdentityUser " + pool + "*", "own oidc https://idp.northwind.example" + mapped, []string{"oidc !no_subject"}},
		{"a cluster elsewhere", "roles/iam.workloadIdentityUser " + one + "system:serviceaccount:shop:web", "eks oidc https://oidc.eks.eu-central-1.amazonaws.com/id/AA" + mapped, []string{"oidc eks system:serviceaccount:shop:web shop/web"}},
		{"an AWS account", "roles/iam.workloadIdentityUser " + pool + "*", "iam aws 111122223333", []string{"aws !wide_subject"}},
		{"an AWS role", "roles/iam.workloadIdentityUser " + pool + "attribute.aws_role/deploy", "iam aws 111122223333", []string{"aws"}},
		{"any certificate", "roles/iam.workloadIdentityUser " + pool + "*", "x x509 anchor", []string{"x509 !no_anchor"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			text := northwind + "pool northwind-prod ci\n"
			if tt.provider != "" {
				text += "provider " + tt.provider + "\n"
			}
			a := Analyze(parseEstate(t, text+"bind sa:top@northwind-prod "+tt.bind), 1)
			var got []string
			for _, x := range a.Become("top@northwind-prod.iam.gserviceaccount.com") {
				if !x.Inherited { // the owner of the organisation
					got = append(got, told(&x))
				}
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestBecomeInherited proves that policies above count, those of the account first, and
// that a deny closes a trust.
func TestBecomeInherited(t *testing.T) {
	text := northwind + `
bind folders/7 roles/iam.serviceAccountTokenCreator user:dana@northwind.example
bind sa:top@northwind-prod roles/iam.serviceAccountUser ci@northwind-prod
bind projects/northwind-dev roles/iam.serviceAccountUser user:erin@northwind.example
deny organizations/111122223333 principal://goog/subject/dana@northwind.example : iam.googleapis.com/serviceAccounts.*
`
	a := Analyze(parseEstate(t, text), 1)
	var got []string
	for _, x := range a.Become("top@northwind-prod.iam.gserviceaccount.com") {
		got = append(got, fmt.Sprintf("%s %s %v", told(&x), short(x.On), len(x.Permissions)))
	}
	want := []string{"account top@northwind-prod.iam.gserviceaccount.com 1", "user inherited closed perhaps folders/7 5", "account inherited organizations/111122223333 4"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if a.Become("nobody@northwind-prod.iam.gserviceaccount.com") != nil {
		t.Error("an account that is not there has trusts")
	}
}

// TestWeakCodes proves that codes are those of AWS.
func TestWeakCodes(t *testing.T) {
	theirs := []string{awspaths.WeakPublic, awspaths.WeakCrossAccount, awspaths.WeakNoSubject, awspaths.WeakSubject, awspaths.WeakPullRequest, awspaths.WeakNoAnchor, awspaths.WeakDeleted}
	for _, code := range []string{WeakPublic, WeakCrossAccount, WeakNoSubject, WeakSubject, WeakPullRequest, WeakNoAnchor, WeakDeleted} {
		if !slices.Contains(theirs, code) {
			t.Errorf("%s is no code of AWS", code)
		}
	}
}
