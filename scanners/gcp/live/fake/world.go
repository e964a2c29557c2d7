package fake

import (
	"encoding/json"
	"strings"
)

// assetSchemas say of which type of which document the data of an asset is, for
// those that are held against it.
func assetSchemas() map[string][2]string {
	return map[string][2]string{
		"iam.googleapis.com/ServiceAccount":               {"iam/v1/iam", "ServiceAccount"},
		"iam.googleapis.com/ServiceAccountKey":            {"iam/v1/iam", "ServiceAccountKey"},
		"iam.googleapis.com/Role":                         {"iam/v1/iam", "Role"},
		"iam.googleapis.com/WorkloadIdentityPool":         {"iam/v1/iam", "WorkloadIdentityPool"},
		"iam.googleapis.com/WorkloadIdentityPoolProvider": {"iam/v1/iam", "WorkloadIdentityPoolProvider"},
		"apikeys.googleapis.com/Key":                      {"apikeys/v2/apikeys", "V2Key"},
		"secretmanager.googleapis.com/Secret":             {"secretmanager/v1/secretmanager", "Secret"},
		"secretmanager.googleapis.com/SecretVersion":      {"secretmanager/v1/secretmanager", "SecretVersion"},
		"cloudkms.googleapis.com/CryptoKey":               {"cloudkms/v1/cloudkms", "CryptoKey"},
		"serviceusage.googleapis.com/Service":             {"serviceusage/v1/serviceusage", "GoogleApiServiceusageV1Service"},
	}
}

// A Place is a project, folder or organisation as Asset Inventory and Resource
// Manager know it.
type Place struct {
	Name      string   // projects/northwind-prod, folders/1, organizations/111122223333
	Number    string   // of a project
	Ancestors []string // above it, from the nearest
}

// ancestry is how an asset in a place tells where it is.
func (p Place) ancestry() []string {
	first := p.Name
	if p.Number != "" {
		first = "projects/" + p.Number
	}
	return append([]string{first}, p.Ancestors...)
}

// scopes are what a request may name to find what is in the place.
func (p Place) scopes() []string { return append([]string{p.Name}, p.Ancestors...) }

// Asset puts a resource into Asset Inventory: below its project and all that is
// above. Name is the full one, without the leading slashes.
func (s *Server) Asset(p Place, kind, name string, data Tree) {
	if at, ok := assetSchemas()[kind]; ok {
		doc := s.docs.byFile[at[0]]
		if bad := doc.check(doc.Schemas[at[1]], kind, plain(data)); bad != "" {
			s.problemf("%s", bad)
		}
	}
	for _, scope := range p.scopes() {
		s.List("cloudasset.assets.list", scope, Tree{
			"name": "//" + name, "assetType": kind, "ancestors": p.ancestry(),
			"resource": Tree{"version": "v1", "data": data},
		})
	}
}

// plain is a value as JSON has it.
func plain(v any) any {
	data, err := json.Marshal(v)
	var out any
	if err == nil {
		err = json.Unmarshal(data, &out)
	}
	if err != nil {
		return nil
	}
	return out
}

// Found puts a resource into the search of Asset Inventory.
func (s *Server) Found(p Place, item Tree) {
	if p.Number != "" {
		item["project"] = "projects/" + p.Number
	}
	for _, scope := range p.scopes() {
		s.List("cloudasset.searchAllResources", scope, item)
	}
}

// Policy sets the allow policy of a resource: in the search of Asset Inventory, and
// for who asks the API of a place, an account or a secret.
func (s *Server) Policy(p Place, resource string, bindings ...Tree) {
	policy := Tree{"version": 3, "etag": "BwYx", "bindings": bindings}
	full := resource
	if !strings.Contains(strings.Split(resource, "/")[0], ".") {
		full = "cloudresourcemanager.googleapis.com/" + resource
	}
	item := Tree{"resource": "//" + full, "policy": policy}
	if p.Number != "" {
		item["project"] = "projects/" + p.Number
	}
	for _, scope := range p.scopes() {
		s.List("cloudasset.searchAllIamPolicies", scope, item)
	}
	collection, _, _ := strings.Cut(resource, "/")
	switch {
	case full != resource:
		s.Set("cloudresourcemanager."+collection+".getIamPolicy", resource, policy)
	case collection == "iam.googleapis.com":
		s.Set("iam.projects.serviceAccounts.getIamPolicy", strings.TrimPrefix(resource, "iam.googleapis.com/"), policy)
	case collection == "secretmanager.googleapis.com":
		s.Set("secretmanager.projects.secrets.getIamPolicy", strings.TrimPrefix(resource, "secretmanager.googleapis.com/"), policy)
	}
}

// Grant is a binding.
func Grant(role string, members ...string) Tree { return Tree{"role": role, "members": members} }

// Project puts a project into Resource Manager and Asset Inventory.
func (s *Server) Project(p Place, title string, labels Tree, services ...string) {
	id := strings.TrimPrefix(p.Name, "projects/")
	s.List("cloudresourcemanager.projects.search", "", Tree{
		"name": "projects/" + p.Number, "projectId": id, "displayName": title, "parent": p.Ancestors[0], "state": "ACTIVE",
		"createTime": "2024-02-01T10:00:00Z", "labels": labels,
	})
	s.Found(p, Tree{
		"name": "//cloudresourcemanager.googleapis.com/" + p.Name, "assetType": "cloudresourcemanager.googleapis.com/Project", "displayName": title,
		"state": "ACTIVE", "createTime": "2024-02-01T10:00:00Z", "labels": labels,
		"parentFullResourceName": "//cloudresourcemanager.googleapis.com/" + p.Ancestors[0],
	})
	for _, name := range services {
		service := Tree{"name": "projects/" + p.Number + "/services/" + name, "state": "ENABLED", "parent": "projects/" + p.Number}
		s.List("serviceusage.services.list", p.Name, service)
		s.Asset(p, "serviceusage.googleapis.com/Service", "serviceusage.googleapis.com/projects/"+p.Number+"/services/"+name, service)
	}
}

// Account puts a service account with keys into IAM and Asset Inventory.
func (s *Server) Account(p Place, account Tree, keys ...Tree) {
	id := strings.TrimPrefix(p.Name, "projects/")
	email, _ := account["email"].(string)
	name := p.Name + "/serviceAccounts/" + email
	account["name"], account["projectId"] = name, id
	s.List("iam.projects.serviceAccounts.list", p.Name, account)
	unique, _ := account["uniqueId"].(string)
	s.Asset(p, "iam.googleapis.com/ServiceAccount", "iam.googleapis.com/"+p.Name+"/serviceAccounts/"+unique, account)
	for _, k := range keys {
		part, _ := k["name"].(string)
		k["name"] = name + "/keys/" + part
		s.List("iam.projects.serviceAccounts.keys.list", name, k)
		s.Asset(p, "iam.googleapis.com/ServiceAccountKey", "iam.googleapis.com/"+p.Name+"/serviceAccounts/"+unique+"/keys/"+part, k)
	}
}

// Resource puts something into the API that lists it and into Asset Inventory.
func (s *Server) Resource(p Place, id, parent, kind, name string, data Tree) {
	s.List(id, parent, data)
	s.Asset(p, kind, name, data)
}
