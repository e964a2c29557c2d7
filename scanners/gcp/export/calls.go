package export

import (
	"cmp"
	"path"
	"slices"
	"strings"

	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/scanners/gcp/convert"
)

// A call is a listing of Google Cloud whose saved output is read.
type call struct {
	permission string
	command    string // after gcloud; NAME, ID stand for what it is asked about, PROJECT and ORGANIZATION for where
	need       need
	// assets are the types of Asset Inventory that tell the same.
	assets []string
	// after is what each of which it is asked about: accounts, secrets, pools …
	after string
}

type need int

const (
	always    need = iota // for each project
	each                  // once for each object of after
	above                 // for each organisation
	extra                 // read where it is, not missed
	container             // for each folder
)

// calls lists what is read.
func calls() []call {
	return slices.Concat(identityCalls(), storeCalls(), workloadCalls(), aboveCalls())
}

// identityCalls are those of a project's accounts, keys, pools and policies.
func identityCalls() []call {
	return []call{
		{"resourcemanager.projects.get", "projects describe PROJECT", always, []string{"cloudresourcemanager.googleapis.com/Project"}, ""},
		{"resourcemanager.projects.get", "projects list", extra, nil, ""},
		{"resourcemanager.projects.get", "projects get-ancestors PROJECT", extra, nil, ""},
		{"resourcemanager.projects.getIamPolicy", "projects get-iam-policy PROJECT", always, nil, ""},
		{"resourcemanager.projects.getIamPolicy", "projects get-ancestors-iam-policy PROJECT", extra, nil, ""},
		{"serviceusage.services.list", "services list --enabled --project=PROJECT", always, []string{"serviceusage.googleapis.com/Service"}, ""},
		{"iam.serviceAccounts.list", "iam service-accounts list --project=PROJECT", always, []string{"iam.googleapis.com/ServiceAccount"}, ""},
		{"iam.serviceAccountKeys.list", "iam service-accounts keys list --iam-account=NAME --project=PROJECT", each, []string{"iam.googleapis.com/ServiceAccountKey"}, "accounts"},
		{"iam.serviceAccounts.getIamPolicy", "iam service-accounts get-iam-policy NAME --project=PROJECT", each, nil, "accounts"},
		{"iam.roles.list", "iam roles list --project=PROJECT", always, []string{"iam.googleapis.com/Role"}, ""},
		{"apikeys.keys.list", "services api-keys list --project=PROJECT", always, []string{"apikeys.googleapis.com/Key"}, ""},
		{"iam.workloadIdentityPools.list", "iam workload-identity-pools list --location=global --show-deleted --project=PROJECT", always, []string{"iam.googleapis.com/WorkloadIdentityPool"}, ""},
		{"iam.workloadIdentityPoolProviders.list", "iam workload-identity-pools providers list --workload-identity-pool=NAME --location=global --project=PROJECT", each, []string{"iam.googleapis.com/WorkloadIdentityPoolProvider"}, "pools"},
		{"iam.workloadIdentityPoolManagedIdentities.list", "iam workload-identity-pools managed-identities list --namespace=NAME --workload-identity-pool=NAME --location=global --project=PROJECT", extra, nil, ""},
		{"iam.oauthClients.list", "iam oauth-clients list --location=global --project=PROJECT", always, nil, ""},
		{"iam.oauthClientCredentials.list", "iam oauth-clients credentials list --oauth-client=NAME --location=global --project=PROJECT --format='json(name,displayName,disabled)'", each, nil, "clients"},
		{"policyanalyzer.serviceAccountLastAuthenticationActivities.query", "policy-intelligence query-activity --activity-type=serviceAccountLastAuthentication --limit=unlimited --project=PROJECT", always, nil, ""},
		{"policyanalyzer.serviceAccountKeyLastAuthenticationActivities.query", "policy-intelligence query-activity --activity-type=serviceAccountKeyLastAuthentication --limit=unlimited --project=PROJECT", always, nil, ""},
		{"recommender.iamPolicyInsights.list", "recommender insights list --insight-type=google.iam.policy.Insight --location=global --project=PROJECT", always, nil, ""},
		{"recommender.iamServiceAccountInsights.list", "recommender insights list --insight-type=google.iam.serviceAccount.Insight --location=global --project=PROJECT", always, nil, ""},
		{"iam.denypolicies.list", "iam policies list --kind=denypolicies --attachment-point=cloudresourcemanager.googleapis.com/PLACE", always, nil, ""},
		{"iam.denypolicies.get", "iam policies get ID --kind=denypolicies --attachment-point=cloudresourcemanager.googleapis.com/PLACE", each, nil, "denies"},
		{"essentialcontacts.contacts.list", "essential-contacts list --project=PROJECT", always, []string{"essentialcontacts.googleapis.com/Contact"}, ""},
	}
}

// storeCalls are those of what holds secrets and keys.
func storeCalls() []call {
	return []call{
		{"secretmanager.secrets.list", "secrets list --project=PROJECT", always, []string{"secretmanager.googleapis.com/Secret"}, ""},
		{"secretmanager.versions.list", "secrets versions list NAME --project=PROJECT", each, []string{"secretmanager.googleapis.com/SecretVersion"}, "secrets"},
		{"secretmanager.secrets.getIamPolicy", "secrets get-iam-policy NAME --project=PROJECT", each, nil, "secrets"},
		{"cloudkms.keyRings.list", "kms keyrings list --location=LOCATION --project=PROJECT", extra, nil, ""},
		{"cloudkms.cryptoKeys.list", "kms keys list --keyring=NAME --location=LOCATION --project=PROJECT", always, []string{"cloudkms.googleapis.com/CryptoKey"}, ""},
		{"storage.hmacKeys.list", "storage hmac list --all --project=PROJECT", always, nil, ""},
		{"storage.buckets.getIamPolicy", "storage buckets get-iam-policy gs://NAME", extra, nil, ""},
	}
}

// consumerCalls are the permissions that list what runs as accounts, by asset type.
func consumerCall(asset string) string {
	switch asset {
	case "compute.googleapis.com/Instance":
		return "compute.instances.list"
	case "compute.googleapis.com/InstanceTemplate":
		return "compute.instanceTemplates.list"
	case "run.googleapis.com/Service":
		return "run.services.list"
	case "run.googleapis.com/Job":
		return "run.jobs.list"
	case "cloudfunctions.googleapis.com/Function", "cloudfunctions.googleapis.com/CloudFunction":
		return "cloudfunctions.functions.list"
	case "container.googleapis.com/Cluster", "container.googleapis.com/NodePool":
		return "container.clusters.list"
	case "cloudbuild.googleapis.com/BuildTrigger":
		return "cloudbuild.builds.list"
	case "cloudscheduler.googleapis.com/Job":
		return "cloudscheduler.jobs.list"
	case "pubsub.googleapis.com/Subscription":
		return "pubsub.subscriptions.list"
	case "eventarc.googleapis.com/Trigger":
		return "eventarc.triggers.list"
	case "workflows.googleapis.com/Workflow":
		return "workflows.workflows.list"
	case "appengine.googleapis.com/Version":
		return "appengine.versions.list"
	case "composer.googleapis.com/Environment":
		return "composer.environments.list"
	}
	return "dataproc.clusters.list"
}

// workloadCalls are those of what runs as accounts.
func workloadCalls() []call {
	of := func(command string, need need, assets ...string) call {
		return call{consumerCall(assets[0]), command + " --project=PROJECT", need, assets, ""}
	}
	return []call{
		of("compute instances list", always, "compute.googleapis.com/Instance"),
		of("compute instance-templates list", extra, "compute.googleapis.com/InstanceTemplate"),
		of("run services list", always, "run.googleapis.com/Service"),
		of("run jobs list", always, "run.googleapis.com/Job"),
		of("functions list", always, "cloudfunctions.googleapis.com/Function", "cloudfunctions.googleapis.com/CloudFunction"),
		of("container clusters list", always, "container.googleapis.com/Cluster"),
		of("builds triggers list --region=global", always, "cloudbuild.googleapis.com/BuildTrigger"),
		of("scheduler jobs list --location=LOCATION", extra, "cloudscheduler.googleapis.com/Job"),
		of("pubsub subscriptions list", extra, "pubsub.googleapis.com/Subscription"),
		of("eventarc triggers list --location=-", extra, "eventarc.googleapis.com/Trigger"),
		of("workflows list --location=-", extra, "workflows.googleapis.com/Workflow"),
		of("app versions list", extra, "appengine.googleapis.com/Version"),
		of("composer environments list", extra, "composer.googleapis.com/Environment"),
		of("dataproc clusters list", extra, "dataproc.googleapis.com/Cluster"),
	}
}

// aboveCalls are those of folders, organisations, and of all.
func aboveCalls() []call {
	return []call{
		{"iam.roles.get", "iam roles describe NAME", each, nil, "roles"}, // what lists roles leaves out their permissions
		{"resourcemanager.organizations.get", "organizations list", extra, nil, ""},
		{"resourcemanager.organizations.get", "organizations describe ORGANIZATION", extra, nil, ""},
		{"resourcemanager.organizations.getIamPolicy", "organizations get-iam-policy ORGANIZATION", above, nil, ""},
		{"resourcemanager.folders.list", "resource-manager folders list --organization=ORGANIZATION", above, []string{"cloudresourcemanager.googleapis.com/Folder"}, ""},
		{"resourcemanager.folders.getIamPolicy", "resource-manager folders get-iam-policy FOLDER", container, nil, ""},
		{"iam.workforcePools.list", "iam workforce-pools list --organization=ORGANIZATION --location=global", above, []string{"iam.googleapis.com/WorkforcePool"}, ""},
		{"iam.workforcePoolProviders.list", "iam workforce-pools providers list --workforce-pool=NAME --location=global", each, []string{"iam.googleapis.com/WorkforcePoolProvider"}, "workforce"},
		{"iam.denypolicies.list", "iam policies list --kind=denypolicies --attachment-point=cloudresourcemanager.googleapis.com/PLACE", above, nil, ""},
		{"iam.denypolicies.list", "iam policies list --kind=denypolicies --attachment-point=cloudresourcemanager.googleapis.com/PLACE", container, nil, ""},
		{"iam.principalaccessboundarypolicies.list", "iam principal-access-boundary-policies list --organization=ORGANIZATION --location=global", above, nil, ""},
		{"iam.policybindings.list", "iam policy-bindings list --organization=ORGANIZATION --location=global", above, nil, ""},
		{"essentialcontacts.contacts.list", "essential-contacts list --organization=ORGANIZATION", above, []string{"essentialcontacts.googleapis.com/Contact"}, ""},
	}
}

// policyCall is the permission that reads the allow policy of a resource.
func policyCall(resource string) string {
	switch {
	case strings.HasPrefix(resource, "organizations/"):
		return "resourcemanager.organizations.getIamPolicy"
	case strings.HasPrefix(resource, "folders/"):
		return "resourcemanager.folders.getIamPolicy"
	case strings.HasPrefix(resource, "projects/"):
		return "resourcemanager.projects.getIamPolicy"
	case strings.Contains(resource, "/serviceAccounts/"):
		return "iam.serviceAccounts.getIamPolicy"
	case strings.HasPrefix(resource, "secretmanager.googleapis.com/"):
		return "secretmanager.secrets.getIamPolicy"
	}
	service, rest, _ := strings.Cut(resource, "/")
	service = strings.TrimSuffix(service, ".googleapis.com")
	if service == "storage" {
		return "storage.buckets.getIamPolicy"
	}
	if parts := strings.Split(rest, "/"); len(parts) > 1 {
		service += "." + parts[len(parts)-2]
	}
	return inventory.Clip(inventory.Printable(service), maxField) + ".getIamPolicy"
}

// maxField bounds what a file says of a kind of resource.
const maxField = 100

// A callTable finds calls by the words of a file's name.
type callTable struct {
	list   []call
	byName map[string]*call // by the words of the command, and its activity or insight type: iam-service-accounts-list
	names  []string         // of byName, longest first
}

func newCallTable() *callTable {
	t := &callTable{list: calls(), byName: map[string]*call{}}
	for i := range t.list {
		c := &t.list[i]
		if name := c.words(); t.byName[name] == nil {
			t.byName[name] = c
			t.names = append(t.names, name)
		}
	}
	slices.SortFunc(t.names, func(a, b string) int { return cmp.Or(cmp.Compare(len(b), len(a)), cmp.Compare(a, b)) })
	return t
}

// words are the words of a command joined as they name the file of its output:
// those before what it is asked about, and the type of an insight or activity.
func (c *call) words() string {
	var out []string
	for w := range strings.FieldsSeq(c.command) {
		if strings.ToLower(w) != w && !strings.HasPrefix(w, "--") {
			continue
		}
		if name, value, _ := strings.Cut(w, "="); name == "--activity-type" || name == "--insight-type" {
			out = append(out, strings.ToLower(strings.ReplaceAll(value, ".", "-")))
		} else if !strings.HasPrefix(w, "-") {
			out = append(out, w)
		}
	}
	return strings.Join(out, "-")
}

// named returns the call that a file is named after, or nil:
// iam-service-accounts-list.json, prod_secrets-list.json.
func (t *callTable) named(name string) *call {
	base := strings.ToLower(strings.NewReplacer("_", "-", " ", "-", ".", "-").Replace(path.Base(name)))
	for _, words := range t.names {
		if base == words || strings.HasPrefix(base, words+"-") || strings.Contains(base, "-"+words+"-") {
			return t.byName[words]
		}
	}
	return nil
}

// onlyWith is the API without which there is nothing that a call lists; empty if
// there may be.
func (c *call) onlyWith() string {
	switch service, _, _ := strings.Cut(c.permission, "."); service {
	case "secretmanager", "cloudkms", "compute", "run", "cloudfunctions", "container", "cloudbuild":
		return service + ".googleapis.com"
	}
	return ""
}

// assetTypes are all types of Asset Inventory that are asked for, in order.
func assetTypes() []string {
	var out []string
	for _, c := range calls() {
		out = append(out, c.assets...)
	}
	out = append(out, convert.ConsumerTypes()...)
	out = append(out, "cloudresourcemanager.googleapis.com/Organization")
	slices.Sort(out)
	return slices.Compact(out)
}
