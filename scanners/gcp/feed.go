package gcp

import (
	"slices"
	"strings"

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
			{"resourcemanager.*.get", false, "the name and number of the project"},
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
			{"resourcemanager.*.get", false, "what the project is in"},
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
			{"resourcemanager.*.get", false, "labels of the project"},
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

// matches reports whether a call is one of a pattern with stars.
func matches(pattern, call string) bool {
	parts := strings.Split(pattern, "*")
	if len(parts) == 1 {
		return pattern == call
	}
	if !strings.HasPrefix(call, parts[0]) {
		return false
	}
	call = call[len(parts[0]):]
	last := parts[len(parts)-1]
	for _, p := range parts[1 : len(parts)-1] {
		i := strings.Index(call, p)
		if i < 0 {
			return false
		}
		call = call[i+len(p):]
	}
	return strings.HasSuffix(call, last)
}

// A feedTable says what comes from a call, by kind. It remembers what it was asked, so
// that it is for one goroutine.
type feedTable struct {
	feeds map[inventory.Kind][]feed
	known map[string]map[inventory.Kind]feed
}

func newFeedTable() feedTable {
	t := feedTable{feeds: make(map[inventory.Kind][]feed, len(kinds())), known: map[string]map[inventory.Kind]feed{}}
	for _, k := range kinds() {
		t.feeds[k] = feeds(k)
	}
	return t
}

// all returns what comes from a call, of each kind.
func (t feedTable) all(call string) map[inventory.Kind]feed {
	out, ok := t.known[call]
	if ok {
		return out
	}
	out = map[inventory.Kind]feed{}
	for k, list := range t.feeds {
		if i := slices.IndexFunc(list, func(f feed) bool { return matches(f.call, call) }); i >= 0 {
			out[k] = list[i]
		}
	}
	t.known[call] = out
	return out
}

// of returns what of a kind comes from a call.
func (t feedTable) of(kind inventory.Kind, call string) (feed, bool) {
	f, ok := t.all(call)[kind]
	return f, ok
}

// any reports whether records of some kind come from a call.
func (t feedTable) any(call string) bool { return len(t.all(call)) > 0 }
