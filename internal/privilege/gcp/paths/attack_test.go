package paths

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestAttacks holds estates that were decided by hand.
func TestAttacks(t *testing.T) {
	const (
		ci      = "ci@northwind-prod"
		gkePool = "projects/444455556666/locations/global/workloadIdentityPools/northwind-prod.svc.id.goog/"
		gke     = "principalSet://iam.googleapis.com/" + gkePool
		pods    = "role roles/pods = container.pods.create\nbind projects/northwind-prod roles/pods " + ci + "\n"
		denied  = "role roles/token = iam.serviceAccounts.getAccessToken\nbind projects/northwind-prod roles/token " + ci +
			"\ndeny organizations/111122223333 principalSet://goog/public:all : iam.googleapis.com/serviceAccounts.getAccessToken"
	)
	for _, tt := range []struct {
		name, estate, who string
		want              []string
	}{
		{"owner", northwind, "top@northwind-prod", []string{"admin (admin to admin)"}},
		{"nothing", northwind, ci, []string{"none (none to none)"}},
		{"viewer", northwind + "bind projects/northwind-prod roles/viewer " + ci, ci, []string{"read (read to read)"}},
		{"owner of a folder reaches the organisation by an account in it", northwind + "bind folders/7 roles/owner " + ci, ci, nil},
		{
			"three hops over a group, a pool and a token", northwind + `
account build@northwind-dev
account deploy@northwind-dev
group builders@northwind.example = build@northwind-dev
bind sa:deploy@northwind-dev roles/iam.serviceAccountOpenIdTokenCreator ` + ci + `
bind sa:deploy@northwind-dev roles/iam.serviceAccountKeyAdmin group:builders@northwind.example
bind sa:build@northwind-dev roles/iam.serviceAccountTokenCreator ` + ci + `
role roles/token = iam.serviceAccounts.getAccessToken
bind projects/northwind-prod roles/token deploy@northwind-dev
`, ci,
			[]string{
				"escalate (escalate to escalate)",
				"ci@northwind-prod -[iam.serviceAccounts.getAccessToken]-> build@northwind-dev -[iam.serviceAccountKeys.create]-> deploy@northwind-dev -[iam.serviceAccounts.getAccessToken]-> top@northwind-prod = organizations/111122223333",
				"ci@northwind-prod -[iam.serviceAccounts.signBlob]-> build@northwind-dev -[iam.serviceAccountKeys.create]-> deploy@northwind-dev -[iam.serviceAccounts.getAccessToken]-> top@northwind-prod = organizations/111122223333",
				"ci@northwind-prod -[iam.serviceAccounts.signJwt]-> build@northwind-dev -[iam.serviceAccountKeys.create]-> deploy@northwind-dev -[iam.serviceAccounts.getAccessToken]-> top@northwind-prod = organizations/111122223333",
			},
		},
		{"a circle of two", northwind + "account a@northwind-dev\naccount b@northwind-dev\nbind sa:a@northwind-dev roles/iam.serviceAccountTokenCreator b@northwind-dev\nbind sa:b@northwind-dev roles/iam.serviceAccountTokenCreator a@northwind-dev", "a@northwind-dev", []string{"read (read to read)"}},
		{"actAs without anything to make", northwind + "bind organizations/111122223333 roles/iam.serviceAccountUser " + ci, ci, []string{"read (read to read)"}},
		{
			"actAs here, making there", northwind + "role roles/make = compute.instances.create\nbind sa:top@northwind-prod roles/iam.serviceAccountUser " + ci + "\nbind projects/northwind-dev roles/make " + ci, ci,
			[]string{"unknown (write to escalate)", "perhaps ci@northwind-prod -[actAs+compute.instances.create]-> top@northwind-prod = organizations/111122223333"},
		},
		{"over", northwind + "bind organizations/111122223333 roles/owner " + ci + ` if request.time < timestamp("2026-01-01T00:00:00Z")`, ci, []string{"none (none to none)"}},
		{"for a while", northwind + "bind projects/northwind-dev roles/owner " + ci + ` if request.time < timestamp("2027-01-01T00:00:00Z")`, ci, []string{"admin (admin to admin)"}},
		{"from an address", northwind + "bind organizations/111122223333 roles/owner " + ci + ` if origin.ip == "10.0.0.1"`, ci, []string{"unknown (none to admin)"}},
		{"in office hours", northwind + "bind organizations/111122223333 roles/viewer " + ci + ` if request.time.getHours() < 18`, ci, []string{"unknown (none to read)"}},
		{
			"may give one role only", northwind + "bind projects/northwind-prod roles/resourcemanager.projectIamAdmin " + ci +
				` if api.getAttribute("iam.googleapis.com/modifiedGrantsByRole", []).hasOnly(["roles/viewer", "roles/logging.logWriter"])`, ci,
			[]string{"write (write to write)"},
		},
		{
			"may give a role that is enough", northwind + "bind projects/northwind-prod roles/resourcemanager.projectIamAdmin " + ci +
				` if api.getAttribute("iam.googleapis.com/modifiedGrantsByRole", []).hasOnly(["roles/viewer", "roles/iam.serviceAccountKeyAdmin"])`, ci,
			[]string{"escalate (escalate to escalate)", "ci@northwind-prod -[iam.serviceAccountKeys.create]-> top@northwind-prod = organizations/111122223333"},
		},
		{
			"one account only, by its name", northwind + "role roles/token = iam.serviceAccounts.getAccessToken\nbind projects/northwind-prod roles/token " + ci +
				` if resource.name.endsWith("/nobody")`, ci,
			[]string{"none (none to none)"},
		},
		{
			"this account, by its type", northwind + "role roles/token = iam.serviceAccounts.getAccessToken\nbind projects/northwind-prod roles/token " + ci +
				` if resource.type == "iam.googleapis.com/ServiceAccount"`, ci,
			[]string{"escalate (escalate to escalate)", "ci@northwind-prod -[iam.serviceAccounts.getAccessToken]-> top@northwind-prod = organizations/111122223333"},
		},
		{
			"some secrets, by their name", northwind + "secret northwind-prod ci-deploy\nbind projects/northwind-prod roles/secretmanager.secretAccessor " + ci +
				` if resource.name.startsWith("projects/444455556666/secrets/ci-")`, ci, []string{"read (read to read)"},
		},
		{
			"secrets that nobody knows of", northwind + "secret northwind-prod pay\nbind projects/northwind-prod roles/secretmanager.secretAccessor " + ci +
				` if resource.name.startsWith("projects/444455556666/secrets/ci-")`, ci, []string{"unknown (none to read)"},
		},
		{
			"denied", northwind + "role roles/token = iam.serviceAccounts.getAccessToken\nbind projects/northwind-prod roles/token " + ci +
				"\ndeny organizations/111122223333 principalSet://goog/public:all : iam.googleapis.com/serviceAccounts.getAccessToken", ci, []string{"none (none to none)"},
		},
		{
			"excepted", northwind + "role roles/token = iam.serviceAccounts.getAccessToken\nbind projects/northwind-prod roles/token " + ci +
				"\ndeny organizations/111122223333 principalSet://goog/public:all : iam.googleapis.com/serviceAccounts.* except principal://iam.googleapis.com/projects/-/serviceAccounts/ci@northwind-prod.iam.gserviceaccount.com", ci,
			[]string{"escalate (escalate to escalate)", "ci@northwind-prod -[iam.serviceAccounts.getAccessToken]-> top@northwind-prod = organizations/111122223333"},
		},
		{
			"denied where a tag is, which is not known", northwind + "role roles/token = iam.serviceAccounts.getAccessToken\nbind projects/northwind-prod roles/token " + ci +
				"\ndeny organizations/111122223333 principalSet://goog/public:all : iam.googleapis.com/*.getAccessToken if resource.matchTag('111122223333/env', 'prod')", ci,
			[]string{"unknown (none to escalate)", "perhaps ci@northwind-prod -[iam.serviceAccounts.getAccessToken]-> top@northwind-prod = organizations/111122223333"},
		},
		{
			"kept within a boundary", northwind + "bind organizations/111122223333 roles/owner " + ci +
				"\nbound principalSet://cloudresourcemanager.googleapis.com/organizations/111122223333 : //cloudresourcemanager.googleapis.com/projects/northwind-dev", ci,
			[]string{"unknown (write to admin)"},
		},
		{"a role nobody read", northwind + "bind projects/northwind-dev projects/northwind-dev/roles/secret " + ci, ci, []string{"unknown (none to admin)"}},
		{"a role nobody read, on a bucket", northwind + "bind //storage.googleapis.com/projects/_/buckets/b projects/northwind-dev/roles/secret " + ci, ci, []string{"unknown (none to write)"}},
		{
			"everybody", northwind + "bind sa:top@northwind-prod roles/iam.serviceAccountTokenCreator allUsers", ci,
			[]string{
				"escalate (escalate to escalate)",
				"ci@northwind-prod -[iam.serviceAccounts.getAccessToken]-> top@northwind-prod = organizations/111122223333",
				"ci@northwind-prod -[iam.serviceAccounts.signBlob]-> top@northwind-prod = organizations/111122223333",
				"ci@northwind-prod -[iam.serviceAccounts.signJwt]-> top@northwind-prod = organizations/111122223333",
			},
		},
		{
			"reaches secrets", northwind + "account vault@northwind-dev\nbind projects/northwind-prod roles/secretmanager.secretAccessor vault@northwind-dev\nrole roles/key = iam.serviceAccountKeys.create\nbind sa:vault@northwind-dev roles/key " + ci, ci,
			[]string{"write (write to write)", "ci@northwind-prod -[iam.serviceAccountKeys.create]-> vault@northwind-dev = read"},
		},
		{
			"basic role by its convenience value", northwind + "account b@northwind-dev\nbind projects/northwind-dev roles/editor " + ci + "\nrole roles/token = iam.serviceAccounts.signJwt\nbind sa:top@northwind-prod roles/token projectEditor:northwind-dev", ci,
			[]string{"escalate (escalate to escalate)", "ci@northwind-prod -[iam.serviceAccounts.signJwt]-> top@northwind-prod = organizations/111122223333"},
		},
		{
			"all accounts of the project", northwind + "role roles/token = iam.serviceAccounts.signJwt\nbind sa:top@northwind-prod roles/token principalSet://cloudresourcemanager.googleapis.com/projects/444455556666/type/ServiceAccount", ci,
			[]string{"escalate (escalate to escalate)", "ci@northwind-prod -[iam.serviceAccounts.signJwt]-> top@northwind-prod = organizations/111122223333"},
		},
		{"all accounts of another project", northwind + "role roles/token = iam.serviceAccounts.signJwt\nbind sa:top@northwind-prod roles/token principalSet://cloudresourcemanager.googleapis.com/projects/777788889999/type/ServiceAccount", ci, []string{"none (none to none)"}},
		{
			"makes a provider of the pool whose people own everything", northwind + "role roles/at = iam.googleapis.com/workforcePoolProviders.create\nbind organizations/111122223333 roles/at " + ci +
				"\nbind organizations/111122223333 roles/owner principalSet://iam.googleapis.com/locations/global/workforcePools/people/group/admins", ci,
			[]string{"escalate (escalate to escalate)", "ci@northwind-prod -[iam.workforcePoolProviders.create]-> locations/global/workforcePools/people/group/admins = organizations/111122223333"},
		},
		{
			"a pod in a namespace that owns everything", northwind + pods + "bind organizations/111122223333 roles/owner " + gke + "namespace/prod", ci,
			[]string{"escalate (escalate to escalate)", "ci@northwind-prod -[container.pods.create+workloadIdentity]-> " + gkePool + "namespace/prod = organizations/111122223333"},
		},
		{
			"a pod in a cluster that owns everything", northwind + pods + "bind organizations/111122223333 roles/owner " + gke + "kubernetes.cluster/https://container.googleapis.com/v1/projects/northwind-prod/locations/europe-west1/clusters/main", ci,
			[]string{"escalate (escalate to escalate)", "ci@northwind-prod -[container.pods.create+workloadIdentity]-> " + gkePool + "kubernetes.cluster/https://container.googleapis.com/v1/projects/northwind-prod/locations/europe-west1/clusters/main = organizations/111122223333"},
		},
		{
			"changes the role that it has on an account", northwind + "role projects/northwind-prod/roles/tiny = iam.serviceAccounts.get\nrole roles/edit = iam.roles.update\nbind sa:top@northwind-prod projects/northwind-prod/roles/tiny " + ci +
				"\nbind projects/northwind-prod roles/edit " + ci, ci,
			[]string{"escalate (escalate to escalate)", "ci@northwind-prod -[iam.roles.update]-> top@northwind-prod = organizations/111122223333"},
		},
		{
			"denied but for a group that nobody read", northwind + denied + " except principalSet://goog/group/breakglass@northwind.example", ci,
			[]string{"unknown (none to escalate)", "perhaps ci@northwind-prod -[iam.serviceAccounts.getAccessToken]-> top@northwind-prod = organizations/111122223333"},
		},
		{
			"denied but for a group with a group that nobody read", northwind + "group breakglass@northwind.example = group:inner@northwind.example\ngroup inner@northwind.example unread\n" + denied + " except principalSet://goog/group/breakglass@northwind.example", ci,
			[]string{"unknown (none to escalate)", "perhaps ci@northwind-prod -[iam.serviceAccounts.getAccessToken]-> top@northwind-prod = organizations/111122223333"},
		},
		{"denied but for a group that was read", northwind + "group breakglass@northwind.example = top@northwind-prod group:breakglass@northwind.example\n" + denied + " except principalSet://goog/group/breakglass@northwind.example", ci, []string{"none (none to none)"}},
		{
			"denied but for accounts of an organisation that nobody read", strings.Replace(northwind, "org 111122223333\nfolder 7 in organizations/111122223333\n", "", 1) + strings.Replace(denied, "deny organizations/111122223333", "deny projects/northwind-prod", 1) +
				" except principalSet://cloudresourcemanager.googleapis.com/organizations/5/type/ServiceAccount", ci,
			[]string{"unknown (none to escalate)", "perhaps ci@northwind-prod -[iam.serviceAccounts.getAccessToken]-> top@northwind-prod = organizations/111122223333"},
		},
		{
			"lifts what is denied to it", northwind + denied + "\nbind organizations/111122223333 roles/iam.denyAdmin " + ci, ci,
			[]string{"unknown (write to escalate)", "perhaps ci@northwind-prod -[iam.serviceAccounts.getAccessToken]-> top@northwind-prod = organizations/111122223333"},
		},
		{"somebody who is gone and had the same address", northwind + "bind organizations/111122223333 roles/owner deleted:serviceAccount:ci@northwind-prod.iam.gserviceaccount.com?uid=123", ci, []string{"none (none to none)"}},
		{"in other letters", northwind + "bind organizations/111122223333 roles/owner serviceAccount:CI@Northwind-Prod.IAM.gserviceaccount.com", ci, []string{"admin (admin to admin)"}},
		{"groups in a circle", northwind + "group a@northwind.example = group:b@northwind.example\ngroup b@northwind.example = group:a@northwind.example " + ci + "\nbind organizations/111122223333 roles/owner group:A@northwind.example", ci, []string{"admin (admin to admin)"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := of(t, tt.estate, tt.who)
			got := lines(r)
			if strings.HasPrefix(tt.name, "owner of a folder") {
				if r.Level != levelAdmin || len(r.Paths) != MaxPaths || !r.Truncated || r.Paths[0].Over != "organizations/111122223333" || !r.Paths[0].Certain {
					t.Errorf("%q", got)
				}
				return
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("%s\n%q\n%q", diff, r.Unknown, texts(r))
			}
		})
	}
}

// TestCapabilities holds what single roles give.
func TestCapabilities(t *testing.T) {
	const ci = "ci@northwind-prod"
	const creator = "bind projects/northwind-dev roles/iam.serviceAccountTokenCreator " + ci
	for _, tt := range []struct{ name, estate, want, perhaps string }{
		{"owner", "bind projects/northwind-dev roles/owner " + ci, "admin.all", ""},
		{"owner here, secrets everywhere", "bind projects/northwind-dev roles/owner " + ci + "\nbind organizations/111122223333 roles/secretmanager.secretAccessor " + ci, "admin.all secrets.read_all", ""},
		{"all secrets of a project", "bind projects/northwind-dev roles/secretmanager.secretAccessor " + ci, "secrets.read_all", ""},
		{"one secret", "secret northwind-dev a\nbind //secretmanager.googleapis.com/projects/northwind-dev/secrets/a roles/secretmanager.secretAccessor " + ci, "secrets.read", ""},
		{"secrets by name", "secret northwind-prod ci-a\nbind projects/northwind-prod roles/secretmanager.secretAccessor " + ci + ` if resource.name.startsWith("projects/444455556666/secrets/ci-")`, "secrets.read", "secrets.read_all"},
		{"token creator", "bind projects/northwind-dev roles/iam.serviceAccountTokenCreator " + ci, "identity.impersonate tokens.create", ""},
		{"user", "bind projects/northwind-dev roles/iam.serviceAccountUser " + ci, "pass_role", ""},
		{"on one account, these are no capabilities", "bind sa:top@northwind-prod roles/iam.serviceAccountUser " + ci, "", ""},
		{"objects", "bind projects/northwind-dev roles/storage.objectViewer " + ci, "data.read_all", ""},
		{"objects of one bucket", "bind //storage.googleapis.com/backups roles/storage.objectViewer " + ci, "", ""},
		{"decrypts", "bind projects/northwind-dev roles/cloudkms.cryptoKeyDecrypter " + ci, "keys.use", ""},
		{"projects", "bind folders/7 roles/resourcemanager.projectIamAdmin " + ci, "policy.write", ""},
		{"pools", "bind projects/northwind-dev roles/iam.workloadIdentityPoolAdmin " + ci, "trust.write", ""},
		{"builds", "role roles/b = cloudbuild.builds.create\nbind projects/northwind-dev roles/b " + ci, "compute.create workflow.write", ""},
		{"while a condition on the place holds", creator + ` if resource.name.startsWith("projects/_/buckets/b")`, "", "identity.impersonate tokens.create"},
		{"until 2021", creator + ` if request.time < timestamp("2021-01-01T00:00:00Z")`, "", ""},
		{"denied", creator + "\ndeny projects/northwind-dev principalSet://goog/public:all : iam.googleapis.com/serviceAccounts.*", "", ""},
		{"perhaps an owner", "bind projects/northwind-dev roles/owner " + ci + ` if resource.name.startsWith("projects/_/buckets/b")`, "", "admin.all"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := of(t, northwind+tt.estate, ci)
			if got, perhaps := strings.Join(r.Capabilities, " "), strings.Join(r.Possibly, " "); got != tt.want || perhaps != tt.perhaps {
				t.Errorf("%q and perhaps %q, want %q and %q", got, perhaps, tt.want, tt.perhaps)
			}
		})
	}
}

func texts(r *Result) []string {
	var out []string
	for i := range r.Reasons {
		out = append(out, r.Reasons[i].String())
	}
	return out
}
