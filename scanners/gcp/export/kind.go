package export

import (
	"cmp"
	"encoding/json"
	"strings"

	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/internal/saved"
	"github.com/muster-nhi/muster/scanners/gcp/convert"
	"github.com/muster-nhi/muster/scanners/gcp/object"
)

// A fact is one resource of a file, with what its surroundings tell.
type fact struct {
	name  string // relative: projects/p/secrets/s
	where string // project by number or id, folders/…, organizations/…
	from  source
}

// thin reports whether a fact leaves out what its source does not know.
func (f fact) thin() bool { return f.from == searched }

func (f fact) age() age { return age{source: f.from} }

// A kind is a type of resource that is understood.
type kind struct {
	names string // collections of its name, joined: projects/secrets
	asset string // type of Asset Inventory; may be empty
	call  string // that lists it
	// take decodes it; put is run when all files were read. where is better than
	// the fact's if it is not empty.
	take func(raw json.RawMessage, f fact) (where string, put func(*project), err error)
}

// kinds finds them by the collections of their names, and by asset type.
type kinds struct {
	byNames map[string]*kind
	byAsset map[string]*kind
}

func newKinds() kinds {
	k := kinds{map[string]*kind{}, map[string]*kind{}}
	for _, x := range allKinds() {
		k.byNames[x.names] = &x
		if x.asset != "" && k.byAsset[x.asset] == nil {
			k.byAsset[x.asset] = &x
		}
	}
	return k
}

// allKinds lists the kinds that go by their name.
func allKinds() []kind {
	return []kind{
		{"projects/serviceAccounts", "iam.googleapis.com/ServiceAccount", "iam.serviceAccounts.list", takeAccount},
		{"projects/serviceAccounts/keys", "iam.googleapis.com/ServiceAccountKey", "iam.serviceAccountKeys.list", takeAccountKey},
		{"projects/locations/keys", "apikeys.googleapis.com/Key", "apikeys.keys.list", takeAPIKey},
		{"projects/secrets", "secretmanager.googleapis.com/Secret", "secretmanager.secrets.list", takeSecret},
		{"projects/locations/secrets", "", "secretmanager.secrets.list", takeSecret},
		{"projects/secrets/versions", "secretmanager.googleapis.com/SecretVersion", "secretmanager.versions.list", takeVersion},
		{"projects/locations/secrets/versions", "", "secretmanager.versions.list", takeVersion},
		{"projects/locations/keyRings", "cloudkms.googleapis.com/KeyRing", "cloudkms.keyRings.list", takeNothing},
		{"projects/locations/keyRings/cryptoKeys", "cloudkms.googleapis.com/CryptoKey", "cloudkms.cryptoKeys.list", takeCryptoKey},
		{"projects/locations/workloadIdentityPools", "iam.googleapis.com/WorkloadIdentityPool", "iam.workloadIdentityPools.list", takePool},
		{"projects/locations/workloadIdentityPools/providers", "iam.googleapis.com/WorkloadIdentityPoolProvider", "iam.workloadIdentityPoolProviders.list", takeProvider},
		{"projects/locations/workloadIdentityPools/namespaces/managedIdentities", "iam.googleapis.com/WorkloadIdentityPoolManagedIdentity", "iam.workloadIdentityPoolManagedIdentities.list", takeManaged},
		{"locations/workforcePools", "iam.googleapis.com/WorkforcePool", "iam.workforcePools.list", takePool},
		{"locations/workforcePools/providers", "iam.googleapis.com/WorkforcePoolProvider", "iam.workforcePoolProviders.list", takeProvider},
		{"projects/locations/oauthClients", "iam.googleapis.com/OauthClient", "iam.oauthClients.list", takeOAuthClient},
		{"projects/locations/oauthClients/credentials", "iam.googleapis.com/OauthClientCredential", "iam.oauthClientCredentials.list", takeOAuthCredential},
		{"roles", "iam.googleapis.com/Role", "iam.roles.list", takeRole},
		{"projects/roles", "", "iam.roles.list", takeRole},
		{"organizations/roles", "", "iam.roles.list", takeRole},
		{"policies/denypolicies", "iam.googleapis.com/DenyPolicy", "iam.denypolicies.list", takeDeny},
		{"organizations/locations/principalAccessBoundaryPolicies", "iam.googleapis.com/PrincipalAccessBoundaryPolicy", "iam.principalaccessboundarypolicies.list", takeBoundary},
		{"organizations/locations/policyBindings", "iam.googleapis.com/PolicyBinding", "iam.policybindings.list", takeBound},
		{"folders/locations/policyBindings", "", "iam.policybindings.list", takeBound},
		{"projects/locations/policyBindings", "", "iam.policybindings.list", takeBound},
		{"projects/locations/insightTypes/insights", "", "", takeInsight},
		{"folders/locations/insightTypes/insights", "", "", takeInsight},
		{"organizations/locations/insightTypes/insights", "", "", takeInsight},
		{"projects/contacts", "essentialcontacts.googleapis.com/Contact", "essentialcontacts.contacts.list", takeContact},
		{"folders/contacts", "", "essentialcontacts.contacts.list", takeContact},
		{"organizations/contacts", "", "essentialcontacts.contacts.list", takeContact},
		{"projects/services", "serviceusage.googleapis.com/Service", "serviceusage.services.list", takeService},
		{"projects", "cloudresourcemanager.googleapis.com/Project", "resourcemanager.projects.get", takeProject},
		{"folders", "cloudresourcemanager.googleapis.com/Folder", "resourcemanager.folders.list", takeFolder},
		{"organizations", "cloudresourcemanager.googleapis.com/Organization", "resourcemanager.organizations.get", takeOrganization},
	}
}

// collections are the collections in a name, joined; empty if it is no name.
func collections(name string) string {
	parts := strings.Split(name, "/")
	if len(parts)%2 != 0 {
		return ""
	}
	var out []string
	for i := 0; i < len(parts); i += 2 {
		out = append(out, parts[i])
	}
	return strings.Join(out, "/")
}

// resource reads a resource by its name.
func (doc *document) resource(raw json.RawMessage, fields map[string]json.RawMessage) bool {
	name := text(fields["name"])
	k := doc.r.kinds.byNames[collections(name)]
	switch {
	case len(fields["projectId"]) > 0 && (len(fields["projectNumber"]) > 0 || k != nil && k.names == "projects"):
		k = doc.r.kinds.byNames["projects"]
	case k == nil, k.names == "projects":
		return false
	}
	doc.keep(k, raw, fact{name, projectOf(name), answered})
	return true
}

// keep takes a resource of a kind.
func (doc *document) keep(k *kind, raw json.RawMessage, f fact) {
	where, put, err := k.take(raw, f)
	where = cmp.Or(where, f.where, strings.TrimPrefix(doc.place, "projects/"))
	if k.names == "projects" && err == nil {
		v, _ := convert.Project(raw)
		doc.r.pair(v.ID, v.Number)
	}
	call := k.call
	if call == "" {
		call = insightCall(f.name)
	}
	heard := where
	if strings.HasPrefix(k.names, "locations/workforcePools") { // not in a project, and the name of none is in theirs
		heard, where = cmp.Or(where, everywhere), everywhere
	}
	if k.names == "folders" { // it is listed by what it is in
		v, _ := convert.Folder(raw)
		heard = cmp.Or(v.Parent, strings.TrimPrefix(doc.place, "projects/"), where)
	}
	if k.names == "policies/denypolicies" && fieldOf(raw, "rules") {
		call = "iam.denypolicies.get"
	}
	if strings.HasSuffix(k.names, "roles") && fieldOf(raw, "includedPermissions") && !doc.listed && len(doc.sweeps) == 0 {
		call = "iam.roles.get"
	}
	doc.took(call, heard, err)
	if f.thin() {
		doc.hear(call, heard).thin = true
	}
	if put != nil {
		doc.r.put(doc, where, put)
	}
}

// fieldOf reports whether an object has a field.
func fieldOf(raw json.RawMessage, key string) bool {
	var fields map[string]json.RawMessage
	return json.Unmarshal(raw, &fields) == nil && len(fields[key]) > 0
}

// insightCall is the permission that lists insights of a type.
func insightCall(name string) string {
	if convert.Part(name, "insightTypes") == "google.iam.serviceAccount.Insight" {
		return "recommender.iamServiceAccountInsights.list"
	}
	return "recommender.iamPolicyInsights.list"
}

func takeNothing(json.RawMessage, fact) (string, func(*project), error) { return "", nil, nil }

// unsure is what a search does not say of something disabled.
func unsure(t inventory.Tri, thin bool) inventory.Tri {
	if thin {
		return inventory.Unknown
	}
	return t
}

func takeAccount(raw json.RawMessage, f fact) (string, func(*project), error) {
	a, where, err := convert.Account(raw)
	a.Disabled = unsure(a.Disabled, f.thin())
	var v struct {
		CreateTime convert.Moment
		Labels     map[string]string
	}
	if f.thin() && json.Unmarshal(raw, &v) == nil { // only Asset Inventory knows
		a.CreatedAt, a.Labels = v.CreateTime.Time, labelsOf(v.Labels)
	}
	return where, func(p *project) { p.accounts.merge(cmp.Or(a.Email, a.UniqueID), f.age(), a) }, err
}

func labelsOf(m map[string]string) []object.Label {
	var out []object.Label
	for _, k := range sortedKeys(m) {
		out = append(out, object.Label{Key: k, Value: m[k]})
	}
	return out
}

func takeAccountKey(raw json.RawMessage, f fact) (string, func(*project), error) {
	k, account, where, err := convert.AccountKey(raw)
	k.Disabled = unsure(k.Disabled, f.thin())
	return where, func(p *project) {
		if k.ID != "" && account != "" {
			p.keys.merge(account+"/"+k.ID, f.age(), k)
		}
	}, err
}

func takeAPIKey(raw json.RawMessage, f fact) (string, func(*project), error) {
	k, where, err := convert.APIKey(raw)
	return where, func(p *project) {
		k.Name = p.numbered(k.Name)
		p.apiKeys.merge(k.Name, age{f.from, k.UpdatedAt}, k)
	}, err
}

func takeSecret(raw json.RawMessage, f fact) (string, func(*project), error) {
	s, where, err := convert.Secret(raw)
	return where, func(p *project) {
		s.Name = p.numbered(s.Name)
		for i := range s.KMS {
			s.KMS[i] = strings.Clone(s.KMS[i])
		}
		p.secrets.merge(s.Name, f.age(), s)
	}, err
}

func takeVersion(raw json.RawMessage, f fact) (string, func(*project), error) {
	v, secret, err := convert.SecretVersion(raw)
	if f.thin() {
		v.State = strings.ToUpper(v.State)
	}
	return projectOf(secret), func(p *project) { p.versions.merge(p.numbered(secret)+"/"+v.ID, f.age(), v) }, err
}

func takeCryptoKey(raw json.RawMessage, f fact) (string, func(*project), error) {
	k, where, err := convert.CryptoKey(raw)
	return where, func(p *project) { p.kms.merge(k.Name, f.age(), k) }, err
}

func takePool(raw json.RawMessage, f fact) (string, func(*project), error) {
	v, where, err := convert.Pool(raw)
	var of struct{ Parent string }
	if json.Unmarshal(raw, &of) == nil && strings.HasPrefix(of.Parent, "organizations/") {
		where = of.Parent
	}
	v.Disabled = unsure(v.Disabled, f.thin())
	return where, func(p *project) {
		v.Name = p.numbered(v.Name)
		p.pools.merge(v.Name, f.age(), v)
	}, err
}

func takeProvider(raw json.RawMessage, f fact) (string, func(*project), error) {
	v, _, err := convert.Provider(raw)
	v.Disabled = unsure(v.Disabled, f.thin())
	return projectOf(v.Name), func(p *project) {
		v.Name = p.numbered(v.Name)
		p.providers.merge(v.Name, f.age(), v)
	}, err
}

func takeManaged(raw json.RawMessage, f fact) (string, func(*project), error) {
	v, _, err := convert.ManagedIdentity(raw)
	v.Disabled = unsure(v.Disabled, f.thin())
	return projectOf(v.Name), func(p *project) {
		v.Name = p.numbered(v.Name)
		p.managed.merge(v.Name, f.age(), v)
	}, err
}

func takeOAuthClient(raw json.RawMessage, f fact) (string, func(*project), error) {
	v, where, err := convert.OAuthClient(raw)
	v.Disabled = unsure(v.Disabled, f.thin())
	return where, func(p *project) { p.clients.merge(v.Name, f.age(), v) }, err
}

func takeOAuthCredential(raw json.RawMessage, f fact) (string, func(*project), error) {
	v, client, err := convert.OAuthCredential(raw)
	v.Disabled = unsure(v.Disabled, f.thin())
	return projectOf(client), func(p *project) { p.credentials.merge(v.Name, f.age(), v) }, err
}

func takeRole(raw json.RawMessage, f fact) (string, func(*project), error) {
	v, err := convert.Role(raw, false)
	where := cmp.Or(projectOf(v.Name), everywhere)
	return where, func(p *project) {
		if v.Name != "" {
			p.r.roles.merge(v.Name, f.age(), v)
		}
	}, err
}

func takeDeny(raw json.RawMessage, f fact) (string, func(*project), error) {
	v, err := convert.DenyPolicy(raw)
	return projectOf(v.Resource), func(p *project) {
		v.Resource = p.r.spell(v.Resource)
		p.r.denies.merge(v.Name, f.age(), v)
	}, err
}

func takeBoundary(raw json.RawMessage, f fact) (string, func(*project), error) {
	v, err := convert.AccessBoundary(raw)
	return projectOf(v.Name), func(p *project) { p.r.boundaries.merge(v.Name, f.age(), v) }, err
}

func takeBound(raw json.RawMessage, f fact) (string, func(*project), error) {
	v, err := convert.ReadBound(raw)
	return projectOf(v.Name), func(p *project) { p.r.bounds.merge(v.Name, f.age(), v) }, err
}

func takeInsight(raw json.RawMessage, f fact) (string, func(*project), error) {
	v, err := convert.ReadInsight(raw)
	return projectOf(f.name), func(p *project) { p.insights.merge(f.name, age{f.from, v.At}, v) }, err
}

func takeContact(raw json.RawMessage, f fact) (string, func(*project), error) {
	v, of, err := convert.Contact(raw)
	return projectOf(of), func(p *project) { p.contacts.merge(v.Email, f.age(), v) }, err
}

func takeService(raw json.RawMessage, f fact) (string, func(*project), error) {
	name, enabled, where, err := convert.Service(raw)
	return where, func(p *project) { p.services[name] = p.services[name] || enabled || f.thin() }, err
}

func takeProject(raw json.RawMessage, f fact) (string, func(*project), error) {
	v, err := convert.Project(raw)
	return cmp.Or(v.ID, v.Number), func(p *project) { saved.Join(&p.Project, &v) }, err
}

func takeFolder(raw json.RawMessage, f fact) (string, func(*project), error) {
	v, err := convert.Folder(raw)
	v.Name = cmp.Or(v.Name, f.name)
	return v.Name, func(p *project) { p.r.folders.merge(v.Name, f.age(), v) }, err
}

func takeOrganization(raw json.RawMessage, f fact) (string, func(*project), error) {
	v, err := convert.Organization(raw)
	v.Name = cmp.Or(v.Name, f.name)
	return v.Name, func(p *project) { p.r.organizations.merge(v.Name, f.age(), v) }, err
}
