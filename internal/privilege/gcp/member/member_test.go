package member_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/muster-nhi/muster/internal/privilege/gcp/member"
)

func TestParse(t *testing.T) {
	const pool = "projects/1/locations/global/workloadIdentityPools/ci"
	const staff = "locations/global/workforcePools/staff"
	for _, tt := range []struct {
		text string
		want member.Member
	}{
		{"allUsers", member.Member{Kind: member.KindPublic}},
		{"allAuthenticatedUsers", member.Member{Kind: member.KindSignedIn}},
		{"user:Dana@northwind.example", member.Member{Kind: member.KindUser, ID: "Dana@northwind.example"}},
		{"group:ops@northwind.example", member.Member{Kind: member.KindGroup, ID: "ops@northwind.example"}},
		{"domain:northwind.example", member.Member{Kind: member.KindDomain, ID: "northwind.example"}},
		{"projectOwner:northwind-prod", member.Member{Kind: member.KindBasic, ID: "northwind-prod"}},
		{"serviceAccount:CI@northwind-prod.iam.gserviceaccount.com", member.Member{Kind: member.KindAccount, ID: "ci@northwind-prod.iam.gserviceaccount.com"}},
		{"serviceAccount:service-1@gcp-sa-pubsub.iam.gserviceaccount.com", member.Member{Kind: member.KindAgent, ID: "service-1@gcp-sa-pubsub.iam.gserviceaccount.com"}},
		{"serviceAccount:northwind-prod.svc.id.goog[shop/web]", member.Member{Kind: member.KindKubernetes, ID: "northwind-prod.svc.id.goog[shop/web]", Project: "northwind-prod", Namespace: "shop", ServiceAccount: "web"}},
		{"serviceAccount:northwind-prod.svc.id.goog[shop]", member.Member{Kind: member.KindAccount, ID: "northwind-prod.svc.id.goog[shop]"}},
		{"deleted:serviceAccount:a@b.iam.gserviceaccount.com?uid=1", member.Member{Kind: member.KindDeleted, ID: "serviceAccount:a@b.iam.gserviceaccount.com?uid=1"}},
		{"principal://iam.googleapis.com/" + pool + "/subject/repo:a/b:ref:refs/heads/main", member.Member{Kind: member.KindSubject, Pool: pool, Subject: "repo:a/b:ref:refs/heads/main"}},
		{"principalSet://iam.googleapis.com/" + pool + "/attribute.repository/northwind/web", member.Member{Kind: member.KindSet, Pool: pool, Attribute: "repository", Value: "northwind/web"}},
		{"principalSet://iam.googleapis.com/" + pool + "/group/ops", member.Member{Kind: member.KindSet, Pool: pool, Group: "ops"}},
		{"principalSet://iam.googleapis.com/" + pool + "/*", member.Member{Kind: member.KindSet, Pool: pool, All: true}},
		{"principalSet://iam.googleapis.com/" + pool + "/what/ever", member.Member{Kind: member.KindOther, Pool: pool}},
		{"principal://iam.googleapis.com/" + staff + "/subject/dana", member.Member{Kind: member.KindSubject, Pool: staff, Workforce: true, Subject: "dana"}},
		{"principal://iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/p.svc.id.goog/subject/ns/shop/sa/web", member.Member{
			Kind: member.KindKubernetes, Pool: "projects/1/locations/global/workloadIdentityPools/p.svc.id.goog", Subject: "ns/shop/sa/web", Project: "p", Namespace: "shop", ServiceAccount: "web",
		}},
		{"principalSet://iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/p.svc.id.goog/namespace/shop", member.Member{
			Kind: member.KindSet, Pool: "projects/1/locations/global/workloadIdentityPools/p.svc.id.goog", Project: "p", Attribute: "namespace", Value: "shop",
		}},
		{"principal://iam.googleapis.com/projects/-/serviceAccounts/ci@p.iam.gserviceaccount.com", member.Member{Kind: member.KindAccount, ID: "ci@p.iam.gserviceaccount.com"}},
		{"principal://goog/subject/dana@northwind.example", member.Member{Kind: member.KindUser, ID: "dana@northwind.example"}},
		{"principalSet://goog/group/ops@northwind.example", member.Member{Kind: member.KindGroup, ID: "ops@northwind.example"}},
		{"principalSet://goog/public:all", member.Member{Kind: member.KindPublic}},
		{"principalSet://goog/cloudIdentityCustomerId/C01", member.Member{Kind: member.KindDomain, ID: "C01"}},
		{"principalSet://cloudresourcemanager.googleapis.com/folders/7/type/ServiceAccount", member.Member{Kind: member.KindAccounts, ID: "folders/7/type/ServiceAccount", Node: "folders/7", Type: "ServiceAccount"}},
		{"principalSet://cloudresourcemanager.googleapis.com/projects/1", member.Member{Kind: member.KindAccounts, ID: "projects/1", Node: "projects/1"}},
		{"principal://agents.global.org-1.system.id.goog/resources/aiplatform/projects/9/locations/l/reasoningEngines/2", member.Member{Kind: member.KindRobot, ID: "resources/aiplatform/projects/9/locations/l/reasoningEngines/2", Project: "9"}},
		{"principal://agents.global.evil.example/projects/9", member.Member{Kind: member.KindOther, ID: "projects/9"}},
		{"something", member.Member{Kind: member.KindOther}},
		{"", member.Member{Kind: member.KindOther}},
	} {
		t.Run(tt.text, func(t *testing.T) {
			tt.want.Text = tt.text
			got := member.Parse(tt.text)
			if tt.want.ID == "" {
				got.ID = ""
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestAccounts(t *testing.T) {
	for _, tt := range []struct {
		email, home string
		agent       bool
	}{
		{"ci@northwind-prod.iam.gserviceaccount.com", "northwind-prod", false},
		{"ci@northwind-prod.northwind.example.iam.gserviceaccount.com", "northwind.example:northwind-prod", false},
		{"444455556666-compute@developer.gserviceaccount.com", "444455556666", false},
		{"x@developer.gserviceaccount.com", "", false},
		{"northwind-prod@appspot.gserviceaccount.com", "northwind-prod", false},
		{"444455556666@cloudbuild.gserviceaccount.com", "444455556666", false},
		{"444455556666@cloudservices.gserviceaccount.com", "444455556666", true},
		{"service-444455556666@gcp-sa-pubsub.iam.gserviceaccount.com", "444455556666", true},
		{"service-444455556666@compute-system.iam.gserviceaccount.com", "444455556666", true},
		{"bq-444455556666@bigquery-encryption.iam.gserviceaccount.com", "444455556666", true},
		{"cloud-logs@system.gserviceaccount.com", "", true},
		{"service-444455556666@vendor.iam.gserviceaccount.com", "vendor", false},
		{"dana@northwind.example", "", false},
		{"", "", false},
	} {
		t.Run(tt.email, func(t *testing.T) {
			if home, agent := member.Home(tt.email), member.Agent(tt.email); home != tt.home || agent != tt.agent {
				t.Errorf("home %q, agent %v", home, agent)
			}
		})
	}
}

// FuzzParse proves that what is read off a principal stands in it.
func FuzzParse(f *testing.F) {
	for _, s := range []string{"user:a@b", "principal://iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/ci/subject/a/b", "serviceAccount:p.svc.id.goog[a/b]", "principalSet://goog/public:all", "deleted:group:x?uid=1", "::", "principal://"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		m := member.Parse(s)
		if m.Kind == "" || m.Text != s {
			t.Fatalf("%q is %+v", s, m)
		}
		if m.Kind == member.KindKubernetes && (m.Project == "" && m.Pool != "" || m.Namespace == "" || m.ServiceAccount == "") {
			t.Fatalf("%q is half a Kubernetes service account: %+v", s, m)
		}
		member.Home(m.ID)
	})
}
