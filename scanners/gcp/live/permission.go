package live

import (
	"cmp"
	"slices"
)

// A Permission is one that reading takes.
type Permission struct {
	Name    string   // as a custom role spells it
	Service string   // host of the API
	Methods []string // of the API, as its discovery document has them
	Why     string   // what is read with it
	Option  string   // of the options: what switches it on; empty is always
	// Organization is true for one that only means something where it is granted on the
	// organisation or a folder; others are enough on a project.
	Organization bool
	Fallback     bool // only needed where Asset Inventory is not allowed
}

// Permissions returns what reading with some options takes, and no more, by name.
func Permissions(o Options) []Permission {
	on := map[string]bool{"": true, withActivity: o.Activity, withInsights: o.Insights, withGroups: o.Groups}
	return slices.DeleteFunc(AllPermissions(), func(p Permission) bool { return !on[p.Option] })
}

// AllPermissions returns what reading takes with every option switched on, by name.
func AllPermissions() []Permission {
	known := map[string]*Permission{}
	var out []*Permission
	for _, c := range table() {
		for _, name := range append([]string{c.permission}, c.also...) {
			if name == "" {
				continue
			}
			p := known[name]
			if p == nil {
				p = &Permission{Name: name, Service: c.op.Service, Why: c.why, Option: c.option, Organization: c.above, Fallback: c.fallback}
				known[name] = p
				out = append(out, p)
			}
			p.Methods = append(p.Methods, c.op.ID)
			p.Organization = p.Organization && c.above
			p.Fallback = p.Fallback && c.fallback
		}
	}
	all := []Permission{{
		Name: "serviceusage.services.use", Service: "serviceusage.googleapis.com",
		Why: "requests count against the quota of a project (quota_project); it is needed on that project only",
	}}
	for _, p := range out {
		all = append(all, *p)
	}
	slices.SortFunc(all, func(a, b Permission) int { return cmp.Compare(a.Name, b.Name) })
	return all
}

// A Role is a predefined role that gives permissions that reading takes.
type Role struct {
	Name   string // roles/cloudasset.viewer
	Why    string
	Option string // as Permission.Option
}

// Roles returns predefined roles that together cover what reading with some options
// takes, where no custom role is wanted. They give more than that. What they give is
// that of August 2026 (https://cloud.google.com/iam/docs/roles-permissions).
func Roles(o Options) []Role {
	on := map[string]bool{"": true, withActivity: o.Activity}
	return slices.DeleteFunc([]Role{
		{"roles/cloudasset.viewer", "the inventory of all resources and policies", ""},
		{"roles/iam.securityReviewer", "lists of everything and its policies, and of no secret its value", ""},
		{"roles/browser", "the tree of folders and projects", ""},
		{"roles/iam.denyReviewer", "deny policies", ""},
		{"roles/iam.principalAccessBoundaryViewer", "principal access boundaries", ""},
		{"roles/iam.workloadIdentityPoolViewer", "what may be a managed workload identity", ""},
		{"roles/serviceusage.serviceUsageConsumer", "requests count against the quota of a project: on that project only", ""},
		{"roles/policyanalyzer.activityAnalysisViewer", "when accounts and keys last signed in", withActivity},
	}, func(r Role) bool { return !on[r.Option] })
}

// A Refusal is a permission that muster never needs, and that nothing should give
// it: a deny policy with these lets an auditor prove that it cannot read a secret.
type Refusal struct{ Name, Why string }

// Refused returns the permissions that give the value of a secret, a token, or the
// power to make one, by name.
func Refused() []Refusal {
	return []Refusal{
		{"apikeys.keys.getKeyString", "returns an API key"},
		{"cloudkms.cryptoKeyVersions.useToDecrypt", "opens what a key closed"},
		{"iam.serviceAccountKeys.create", "makes a key"},
		{"iam.serviceAccounts.actAs", "runs things as an account"},
		{"iam.serviceAccounts.getAccessToken", "returns a token"},
		{"iam.serviceAccounts.getOpenIdToken", "returns a token"},
		{"iam.serviceAccounts.implicitDelegation", "returns a token"},
		{"iam.serviceAccounts.signBlob", "signs as an account"},
		{"iam.serviceAccounts.signJwt", "signs as an account"},
		{"secretmanager.versions.access", "returns a secret"},
		{"storage.hmacKeys.create", "makes a key"},
		{"storage.objects.get", "returns data"},
	}
}
