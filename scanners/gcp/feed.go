package gcp

import (
	"github.com/muster-nhi/muster/internal/cloud"
	"github.com/muster-nhi/muster/internal/inventory"
)

// kinds lists what both scanners emit.
func kinds() []inventory.Kind {
	return []inventory.Kind{
		inventory.KindIdentity, inventory.KindCredential, inventory.KindGrant, inventory.KindUsage,
		inventory.KindTrust, inventory.KindConsumer, inventory.KindOwner,
	}
}

// A feed says what records of a kind come from a call. Calls that no feed names
// count for every kind.
type feed struct {
	call string // a star stands for any text
	main bool   // without it there is next to nothing of the kind
	loss string // what cannot be told without it
}

// Calls of Asset Inventory. What they told is also listed by the calls that would have
// told it, and where they are denied those are made, so that they count only for what
// nothing else tells.
const (
	callAssets    = "cloudasset.assets.listResource"
	callPolicies  = "cloudasset.assets.searchAllIamPolicies"
	callResources = "cloudasset.assets.searchAllResources"
)

// What lists projects is called by the permission to see one, as is what tells of one.
const (
	permissionProject = "resourcemanager.projects.get"
	callProjects      = "resourcemanager.projects.search"
)

// mainAbove lists calls without which next to nothing is known of an organisation or
// folder, whatever the kind.
func mainAbove() []string {
	return []string{callProjects, "resourcemanager.*.getIamPolicy", "iam.workforcePool*"}
}

// feeds lists what each kind is made of.
//
//nolint:funlen // a table
func feeds(kind inventory.Kind) []feed {
	switch kind {
	case inventory.KindIdentity:
		return []feed{
			{callAccounts, true, "service accounts"},
			{"iam.serviceAccounts.get", false, "service accounts"},
			{callResources, false, "when service accounts were made"},
			{"domainWideDelegation.*", false, "domain-wide delegation"},
			{callPools, false, "workload identity pools"},
			{"iam.workloadIdentityPool*", false, "providers and identities of pools"},
			{"iam.workforcePool*", false, "workforce pools"},
			{"iam.oauthClients.*", false, "OAuth clients"},
			{"*.getIamPolicy", false, "federated principals and service agents that policies name"},
			{"resourcemanager.*.list", false, "projects"},
			{"resourcemanager.*.search", false, "projects"},
			{permissionProject, false, "the name and number of the project"},
			{"resourcemanager.organizations.get", false, "the name of the organisation"},
			{"resourcemanager.folders.get", false, "folders"},
			{"serviceusage.*", false, "which APIs are on"},
		}
	case inventory.KindCredential:
		return []feed{
			{callAccounts, true, "keys of service accounts"},
			{"iam.serviceAccountKeys.*", true, "keys of service accounts"},
			{"apikeys.*", false, "API keys"},
			{"secretmanager.secrets.list", true, "secrets"},
			{"secretmanager.locations.list", false, "regional secrets"},
			{"secretmanager.versions.*", false, "versions of secrets"},
			{"cloudkms.*", true, "keys of Cloud KMS"},
			{"storage.hmacKeys.*", false, "HMAC keys"},
			{"iam.oauthClientCredentials.*", false, "secrets of OAuth clients"},
			{"iam.oauthClients.*", false, "secrets of OAuth clients"},
			{"resourcemanager.*.list", false, "projects"},
			{"resourcemanager.*.search", false, "projects"},
			{"serviceusage.*", false, "which APIs are on"},
		}
	case inventory.KindGrant:
		return []feed{
			{"resourcemanager.*.getIamPolicy", true, "policies of projects and what is above them"},
			{callPolicies, false, "policies of buckets, topics and other resources"},
			{"*.getIamPolicy", false, "policies of resources"},
			{"iam.roles.*", false, "permissions of roles"},
			{"iam.denypolicies.*", false, "deny policies"},
			{"iam.policybindings.*", false, "principal access boundaries"},
			{"iam.principalaccessboundarypolicies.*", false, "principal access boundaries"},
			{"cloudidentity.*", false, "members of groups"},
			{callAccounts, false, "accounts that paths run through"},
			{"resourcemanager.*.list", false, "projects"},
			{"resourcemanager.*.search", false, "projects"},
			{permissionProject, false, "what the project is in"},
			{"resourcemanager.*.get", false, "what projects are in"},
			{"recommender.iamPolicy*", false, "unused permissions"},
			{"recommender.*olicyInsight*", false, "unused permissions"},
			{"run.*", false, "workloads that paths run through"},
			{"compute.*", false, "workloads that paths run through"},
			{"cloudfunctions.*", false, "workloads that paths run through"},
			{"serviceusage.*", false, "which APIs are on"},
		}
	case inventory.KindUsage:
		return []feed{
			{"policyanalyzer.*", true, "when accounts and keys were last used"},
			{callAccounts, false, "accounts whose use would be told"},
			{"iam.serviceAccountKeys.*", false, "keys whose use would be told"},
			{"apikeys.*", false, "accounts to which API keys are bound"},
			{"recommender.iamServiceAccount*", false, "unused accounts"},
			{"recommender.*ccountInsight*", false, "unused accounts"},
			{"resourcemanager.*.list", false, "projects"},
			{"resourcemanager.*.search", false, "projects"},
		}
	case inventory.KindTrust:
		return []feed{
			{callPools, true, "pools"},
			{"iam.workloadIdentityPoolProviders.*", true, "providers"},
			{"iam.workforcePool*", false, "workforce pools"},
			{"iam.serviceAccounts.getIamPolicy", true, "who may become a service account"},
			{"resourcemanager.*.getIamPolicy", false, "who may become all service accounts of a project"},
			{callAccounts, false, "service accounts"},
			{"iam.roles.*", false, "permissions of roles"},
			{"resourcemanager.*.list", false, "which projects are the organisation's"},
			{"resourcemanager.*.search", false, "which projects are the organisation's"},
		}
	case inventory.KindConsumer:
		return []feed{
			{callAssets, true, "what runs as service accounts"},
			{"compute.*", true, "instances"},
			{"run.*", true, "services and jobs"},
			{"cloudfunctions.*", true, "functions"},
			{"container.*", true, "node pools"},
			{"cloudbuild.*", false, "build triggers"},
			{"cloudscheduler.*", false, "jobs"},
			{"workflows.*", false, "workflows"},
			{"pubsub.*", false, "subscriptions"},
			{"eventarc.*", false, "triggers"},
			{"appengine.*", false, "versions"},
			{"composer.*", false, "environments"},
			{"dataproc.*", false, "clusters"},
			{"resourcemanager.*.list", false, "projects"},
			{"resourcemanager.*.search", false, "projects"},
		}
	case inventory.KindOwner:
		return []feed{
			{"essentialcontacts.*", false, "contacts"},
			{"iam.workloadIdentityPool*", false, "who answers for pools"},
			{"iam.workforcePool*", false, "who answers for workforce pools"},
			{"iam.oauthClients.*", false, "who answers for OAuth clients"},
			{"apikeys.*", false, "who answers for API keys"},
			{"*.getIamPolicy", false, "who answers for what policies name"},
			{permissionProject, false, "labels of the project"},
			{"resourcemanager.*.list", false, "labels of projects"},
			{"resourcemanager.*.search", false, "labels of projects"},
			{"resourcemanager.tag*", false, "tags of the project"},
			{callResources, false, "labels and tags"},
			{callAccounts, true, "descriptions of service accounts"},
			{"secretmanager.secrets.list", false, "labels of secrets"},
			{"cloudkms.*", false, "labels of keys"},
		}
	default:
		return nil
	}
}

// newFeeds returns the table of what comes from which call.
func newFeeds() cloud.Feeds[feed] {
	return cloud.NewFeeds(kinds(), feeds, func(f feed) string { return f.call })
}
