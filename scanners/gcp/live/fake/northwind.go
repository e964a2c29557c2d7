package fake

// Canaries are made-up secrets that the answers of Northwind carry where the real
// ones could. Nothing that is read may hold one.
func Canaries() []string {
	return []string{"canary" + "-key-string", "Y2FuYXJ5" + "LXByaXZhdGU=", "canary" + "-client-secret", "canary" + "-environment"}
}

// Places of Northwind Robotics.
func organization() Place { return Place{Name: "organizations/111122223333"} }

func factory() Place {
	return Place{Name: "folders/700000000001", Ancestors: []string{"organizations/111122223333"}}
}

// Production has the most in it.
func Production() Place {
	return Place{Name: "projects/northwind-prod", Number: "444455556666", Ancestors: []string{"folders/700000000001", "organizations/111122223333"}}
}

// Development is in no folder.
func Development() Place {
	return Place{Name: "projects/northwind-dev", Number: "444455556667", Ancestors: []string{"organizations/111122223333"}}
}

// Pipelines has the pools that GitHub comes in by.
func Pipelines() Place {
	return Place{Name: "projects/northwind-ci", Number: "444455556668", Ancestors: []string{"organizations/111122223333"}}
}

// Northwind fills a server with a made-up organisation: three projects, of which one
// has little switched on.
func Northwind(docs *Documents) *Server {
	s := New(docs)
	s.tree()
	s.production()
	s.development()
	s.pipelines()
	s.above()
	s.usage()
	return s
}

func (s *Server) tree() {
	s.List("cloudresourcemanager.organizations.search", "", Tree{
		"name": "organizations/111122223333", "displayName": "northwind.example", "directoryCustomerId": "C0north1", "state": "ACTIVE", "createTime": "2019-03-01T09:00:00Z",
	})
	folder := Tree{"name": "folders/700000000001", "displayName": "Factory", "parent": "organizations/111122223333", "state": "ACTIVE", "createTime": "2020-01-01T09:00:00Z"}
	s.List("cloudresourcemanager.folders.search", "", folder)
	s.Set("cloudresourcemanager.folders.get", "folders/700000000001", folder)
	s.Found(factory(), Tree{
		"name": "//cloudresourcemanager.googleapis.com/folders/700000000001", "assetType": "cloudresourcemanager.googleapis.com/Folder", "displayName": "Factory",
		"state": "ACTIVE", "createTime": "2020-01-01T09:00:00Z", "parentFullResourceName": "//cloudresourcemanager.googleapis.com/organizations/111122223333",
	})
	common := []string{"iam.googleapis.com", "storage-api.googleapis.com", "cloudresourcemanager.googleapis.com"}
	s.Project(Production(), "Production", Tree{"env": "prod", "owner": "robots"},
		append(common, "secretmanager.googleapis.com", "cloudkms.googleapis.com", "apikeys.googleapis.com", "run.googleapis.com", "compute.googleapis.com")...)
	s.Project(Development(), "Development", Tree{"env": "dev"}, common...)
	s.Project(Pipelines(), "Pipelines", nil, common...)
}

// Key is a key of a service account as the API lists it.
func Key(id, kind, from, until string) Tree {
	return Tree{
		"name": id, "keyAlgorithm": "KEY_ALG_RSA_2048", "keyOrigin": "GOOGLE_PROVIDED", "keyType": kind, "validAfterTime": from, "validBeforeTime": until,
		"privateKeyType": "TYPE_GOOGLE_CREDENTIALS_FILE", "privateKeyData": Canaries()[1],
	}
}

func (s *Server) production() {
	p := Production()
	exposed := Key("aa11", "USER_MANAGED", "2023-05-01T00:00:00Z", "9999-12-31T23:59:59Z")
	exposed["disabled"], exposed["disableReason"] = true, "SERVICE_ACCOUNT_KEY_DISABLE_REASON_EXPOSED"
	exposed["extendedStatus"] = []Tree{{"key": "SERVICE_ACCOUNT_KEY_EXTENDED_STATUS_KEY_EXPOSED", "value": "https://github.com/northwind/robots"}}
	s.Account(p, Tree{
		"email": "deployer@northwind-prod.iam.gserviceaccount.com", "uniqueId": "100000000000000000001", "oauth2ClientId": "100000000000000000001",
		"displayName": "Deployer", "description": "puts releases out",
	}, exposed,
		Key("bb22", "USER_MANAGED", "2026-10-01T00:00:00Z", "2027-01-01T00:00:00Z"), Key("cc33", "SYSTEM_MANAGED", "2026-11-10T00:00:00Z", "2026-11-26T00:00:00Z"))
	s.Account(p, Tree{
		"email": "444455556666-compute@developer.gserviceaccount.com", "uniqueId": "100000000000000000002", "displayName": "Compute Engine default service account", "disabled": false,
	})
	s.Account(p, Tree{"email": "old@northwind-prod.iam.gserviceaccount.com", "uniqueId": "100000000000000000003", "disabled": true})
	s.Resource(p, "apikeys.projects.locations.keys.list", "projects/northwind-prod/locations/global", "apikeys.googleapis.com/Key",
		"apikeys.googleapis.com/projects/444455556666/locations/global/keys/maps", Tree{
			"name": "projects/444455556666/locations/global/keys/maps", "uid": "maps", "displayName": "Maps", "keyString": Canaries()[0], "createTime": "2024-06-01T00:00:00Z",
			"restrictions": Tree{"browserKeyRestrictions": Tree{"allowedReferrers": []string{"northwind.example/*"}}, "apiTargets": []Tree{{"service": "maps-backend.googleapis.com"}}},
		})
	s.Resource(p, "apikeys.projects.locations.keys.list", "projects/northwind-prod/locations/global", "apikeys.googleapis.com/Key",
		"apikeys.googleapis.com/projects/444455556666/locations/global/keys/agent", Tree{
			"name": "projects/444455556666/locations/global/keys/agent", "uid": "agent", "serviceAccountEmail": "deployer@northwind-prod.iam.gserviceaccount.com",
			"keyString": Canaries()[0], "createTime": "2025-06-01T00:00:00Z",
		})
	s.secrets(p)
	s.keyring(p)
	s.workloads(p)
	s.List("storage.projects.hmacKeys.list", "northwind-prod", Tree{
		"kind": "storage#hmacKeyMetadata", "accessId": "GOOG1EXAMPLE", "projectId": "northwind-prod", "serviceAccountEmail": "deployer@northwind-prod.iam.gserviceaccount.com",
		"state": "ACTIVE", "timeCreated": "2022-01-01T00:00:00Z", "updated": "2022-01-01T00:00:00Z",
	})
	role := Tree{"name": "projects/northwind-prod/roles/releaser", "title": "Releaser", "stage": "GA", "includedPermissions": []string{"run.services.update", "iam.serviceAccounts.actAs"}}
	s.Resource(p, "iam.projects.roles.list", p.Name, "iam.googleapis.com/Role", "iam.googleapis.com/projects/northwind-prod/roles/releaser", role)
	s.Policy(p, p.Name,
		Grant("roles/editor", "serviceAccount:444455556666-compute@developer.gserviceaccount.com"),
		Grant("projects/northwind-prod/roles/releaser", "serviceAccount:deployer@northwind-prod.iam.gserviceaccount.com"),
		Tree{"role": "roles/viewer", "members": []string{"group:engineers@northwind.example"}, "condition": Tree{"title": "until", "expression": `request.time < timestamp("2027-01-01T00:00:00Z")`}})
	s.Policy(p, "iam.googleapis.com/projects/northwind-prod/serviceAccounts/deployer@northwind-prod.iam.gserviceaccount.com",
		Grant("roles/iam.workloadIdentityUser", "principalSet://iam.googleapis.com/projects/444455556668/locations/global/workloadIdentityPools/github/attribute.repository/northwind/robots"))
	s.Policy(p, "secretmanager.googleapis.com/projects/444455556666/secrets/database", Grant("roles/secretmanager.secretAccessor", "serviceAccount:deployer@northwind-prod.iam.gserviceaccount.com"))
	s.List("essentialcontacts.projects.contacts.list", p.Name, Tree{
		"name": "projects/444455556666/contacts/1", "email": "robots@northwind.example", "notificationCategorySubscriptions": []string{"SECURITY", "TECHNICAL"}, "languageTag": "en",
	})
	s.List("iam.projects.locations.oauthClients.list", p.Name+"/locations/global", Tree{
		"name": "projects/northwind-prod/locations/global/oauthClients/console", "clientId": "client-1", "clientType": "CONFIDENTIAL_CLIENT", "state": "ACTIVE",
		"allowedGrantTypes": []string{"AUTHORIZATION_CODE_GRANT"}, "allowedScopes": []string{"openid"}, "allowedRedirectUris": []string{"https://console.northwind.example"},
	})
	s.List("iam.projects.locations.oauthClients.credentials.list", "projects/northwind-prod/locations/global/oauthClients/console", Tree{
		"name": "projects/northwind-prod/locations/global/oauthClients/console/credentials/one", "displayName": "one", "clientSecret": Canaries()[2],
	})
}

func (s *Server) secrets(p Place) {
	name := "projects/444455556666/secrets/database"
	s.Resource(p, "secretmanager.projects.secrets.list", p.Name, "secretmanager.googleapis.com/Secret", "secretmanager.googleapis.com/"+name, Tree{
		"name": name, "createTime": "2024-01-01T00:00:00Z", "replication": Tree{"automatic": Tree{}}, "labels": Tree{"team": "robots"}, "annotations": Tree{"runbook": "rotate by hand"},
		"rotation": Tree{"nextRotationTime": "2026-12-01T00:00:00Z", "rotationPeriod": "2592000s"}, "topics": []Tree{{"name": "projects/northwind-prod/topics/rotate"}},
	})
	for _, v := range []Tree{
		{"name": name + "/versions/1", "createTime": "2024-01-01T00:00:00Z", "destroyTime": "2025-01-01T00:00:00Z", "state": "DESTROYED"},
		{"name": name + "/versions/2", "createTime": "2025-01-01T00:00:00Z", "state": "ENABLED"},
	} {
		id, _ := v["name"].(string)
		s.Resource(p, "secretmanager.projects.secrets.versions.list", name, "secretmanager.googleapis.com/SecretVersion", "secretmanager.googleapis.com/"+id, v)
	}
}

func (s *Server) keyring(p Place) {
	s.List("cloudkms.projects.locations.list", p.Name, Tree{"name": p.Name + "/locations/europe-west1", "locationId": "europe-west1"})
	ring := p.Name + "/locations/europe-west1/keyRings/factory"
	s.List("cloudkms.projects.locations.keyRings.list", p.Name+"/locations/europe-west1", Tree{"name": ring, "createTime": "2024-01-01T00:00:00Z"})
	s.Resource(p, "cloudkms.projects.locations.keyRings.cryptoKeys.list", ring, "cloudkms.googleapis.com/CryptoKey", "cloudkms.googleapis.com/"+ring+"/cryptoKeys/disk", Tree{
		"name": ring + "/cryptoKeys/disk", "purpose": "ENCRYPT_DECRYPT", "createTime": "2024-01-01T00:00:00Z", "nextRotationTime": "2027-01-01T00:00:00Z", "rotationPeriod": "7776000s",
		"primary":         Tree{"name": ring + "/cryptoKeys/disk/cryptoKeyVersions/3", "state": "ENABLED", "createTime": "2026-10-01T00:00:00Z", "algorithm": "GOOGLE_SYMMETRIC_ENCRYPTION", "protectionLevel": "SOFTWARE"},
		"versionTemplate": Tree{"algorithm": "GOOGLE_SYMMETRIC_ENCRYPTION", "protectionLevel": "SOFTWARE"},
	})
}

func (s *Server) workloads(p Place) {
	s.Asset(p, "compute.googleapis.com/Instance", "compute.googleapis.com/projects/northwind-prod/zones/europe-west1-b/instances/line-1", Tree{
		"name": "line-1", "zone": "https://www.googleapis.com/compute/v1/projects/northwind-prod/zones/europe-west1-b",
		"serviceAccounts": []Tree{{"email": "444455556666-compute@developer.gserviceaccount.com", "scopes": []string{"https://www.googleapis.com/auth/cloud-platform"}}},
		"metadata":        Tree{"items": []Tree{{"key": "startup-script", "value": Canaries()[3]}}},
	})
	s.Asset(p, "run.googleapis.com/Service", "run.googleapis.com/projects/northwind-prod/locations/europe-west1/services/api", Tree{
		"apiVersion": "serving.knative.dev/v1", "kind": "Service", "metadata": Tree{"name": "api"},
		"spec": Tree{"template": Tree{"spec": Tree{
			"serviceAccountName": "deployer@northwind-prod.iam.gserviceaccount.com",
			"containers": []Tree{{"env": []Tree{
				{"name": "TOKEN", "value": Canaries()[3]}, {"name": "DB", "valueFrom": Tree{"secretKeyRef": Tree{"name": "database", "key": "latest"}}},
			}}},
		}}},
	})
}

func (s *Server) development() {
	p := Development()
	s.Account(p, Tree{"email": "tester@northwind-dev.iam.gserviceaccount.com", "uniqueId": "200000000000000000001"})
	s.Policy(p, p.Name, Grant("roles/owner", "user:eve@northwind.example", "serviceAccount:tester@northwind-dev.iam.gserviceaccount.com"))
	s.Found(p, Tree{"name": "//iam.googleapis.com/projects/northwind-dev/serviceAccounts/200000000000000000001", "assetType": "iam.googleapis.com/ServiceAccount", "createTime": "2025-02-03T04:05:06Z"})
}

func (s *Server) pipelines() {
	p := Pipelines()
	pool := "projects/444455556668/locations/global/workloadIdentityPools/github"
	const host = "iam.googleapis.com/"
	s.Resource(p, "iam.projects.locations.workloadIdentityPools.list", p.Name+"/locations/global", host+"WorkloadIdentityPool", host+pool, Tree{
		"name": pool, "displayName": "GitHub", "state": "ACTIVE", "mode": "FEDERATION_ONLY",
	})
	s.Resource(p, "iam.projects.locations.workloadIdentityPools.providers.list", pool, host+"WorkloadIdentityPoolProvider", host+pool+"/providers/actions", Tree{
		"name": pool + "/providers/actions", "state": "ACTIVE", "oidc": Tree{"issuerUri": "https://token.actions.githubusercontent.com", "allowedAudiences": []string{"https://northwind.example"}},
		"attributeMapping":   Tree{"google.subject": "assertion.sub", "attribute.repository": "assertion.repository"},
		"attributeCondition": "assertion.repository_owner == 'northwind'",
	})
	domain := "projects/444455556668/locations/global/workloadIdentityPools/mesh"
	s.Resource(p, "iam.projects.locations.workloadIdentityPools.list", p.Name+"/locations/global", host+"WorkloadIdentityPool", host+domain, Tree{"name": domain, "state": "ACTIVE", "mode": "TRUST_DOMAIN"})
	s.List("iam.projects.locations.workloadIdentityPools.namespaces.list", domain, Tree{"name": domain + "/namespaces/line", "state": "ACTIVE"})
	s.List("iam.projects.locations.workloadIdentityPools.namespaces.managedIdentities.list", domain+"/namespaces/line", Tree{"name": domain + "/namespaces/line/managedIdentities/robot", "state": "ACTIVE"})
	s.List("iam.projects.locations.workloadIdentityPools.namespaces.managedIdentities.listAttestationRules", domain+"/namespaces/line/managedIdentities/robot",
		Tree{"googleCloudResource": "//compute.googleapis.com/projects/444455556668/type/Instance/attached_service_account.uid/1"})
}

func (s *Server) above() {
	o := organization()
	s.Policy(o, o.Name, Grant("roles/resourcemanager.organizationAdmin", "group:admins@northwind.example"))
	s.Policy(factory(), factory().Name, Grant("roles/viewer", "serviceAccount:tester@northwind-dev.iam.gserviceaccount.com"))
	s.List("iam.roles.list", "",
		Tree{"name": "roles/editor", "title": "Editor", "stage": "GA", "includedPermissions": []string{"compute.instances.create", "iam.serviceAccounts.actAs", "storage.buckets.create"}},
		Tree{"name": "roles/viewer", "title": "Viewer", "stage": "GA", "includedPermissions": []string{"compute.instances.get"}})
	role := Tree{"name": "organizations/111122223333/roles/auditor", "title": "Auditor", "stage": "GA", "includedPermissions": []string{"iam.roles.list"}}
	s.Resource(o, "iam.organizations.roles.list", o.Name, "iam.googleapis.com/Role", "iam.googleapis.com/organizations/111122223333/roles/auditor", role)
	s.List("essentialcontacts.organizations.contacts.list", o.Name, Tree{
		"name": "organizations/111122223333/contacts/9", "email": "security@northwind.example", "notificationCategorySubscriptions": []string{"ALL"},
	})
	s.List("iam.locations.workforcePools.list", "locations/global", Tree{
		"name": "locations/global/workforcePools/staff", "parent": o.Name, "displayName": "Staff", "state": "ACTIVE", "sessionDuration": "3600s",
	})
	s.List("iam.locations.workforcePools.providers.list", "locations/global/workforcePools/staff", Tree{
		"name": "locations/global/workforcePools/staff/providers/okta", "state": "ACTIVE",
		"oidc": Tree{"issuerUri": "https://northwind.okta.example", "clientId": "staff", "clientSecret": Tree{"value": Tree{"plainText": Canaries()[2]}}},
	})
	deny := "policies/cloudresourcemanager.googleapis.com%2Fprojects%2Fnorthwind-prod/denypolicies"
	named := "policies/cloudresourcemanager.googleapis.com%2Fprojects%2F444455556666/denypolicies/keys" // real ones have the number, whatever was asked
	s.List("iam.policies.listPolicies", deny, Tree{"name": named, "displayName": "no keys", "kind": "DenyPolicy"})
	s.Set("iam.policies.get", named, Tree{
		"name": named, "displayName": "no keys", "rules": []Tree{{"denyRule": Tree{
			"deniedPrincipals": []string{"principalSet://goog/public:all"}, "deniedPermissions": []string{"iam.googleapis.com/serviceAccountKeys.create"},
			"denialCondition": Tree{"expression": "true"},
		}}},
	})
	boundary := "organizations/111122223333/locations/global/principalAccessBoundaryPolicies/own"
	s.List("iam.organizations.locations.principalAccessBoundaryPolicies.list", o.Name+"/locations/global", Tree{
		"name": boundary, "displayName": "own", "details": Tree{"enforcementVersion": "1", "rules": []Tree{{"effect": "ALLOW", "resources": []string{"//cloudresourcemanager.googleapis.com/organizations/111122223333"}}}},
	})
	s.List("iam.organizations.locations.principalAccessBoundaryPolicies.searchPolicyBindings", boundary, Tree{
		"name": "organizations/111122223333/locations/global/policyBindings/all", "policy": boundary, "policyKind": "PRINCIPAL_ACCESS_BOUNDARY",
		"target": Tree{"principalSet": "//cloudresourcemanager.googleapis.com/organizations/111122223333"},
	})
}

func (s *Server) usage() {
	const query, insight = "policyanalyzer.projects.locations.activityTypes.activities.query", "recommender.projects.locations.insightTypes.insights.list"
	observed := Tree{"startTime": "2026-08-20T07:00:00Z", "endTime": "2026-11-20T07:00:00Z"}
	account := "//iam.googleapis.com/projects/northwind-prod/serviceAccounts/deployer@northwind-prod.iam.gserviceaccount.com"
	s.List(query, "projects/northwind-prod/locations/global/activityTypes/serviceAccountLastAuthentication", Tree{
		"fullResourceName": account, "activityType": "serviceAccountLastAuthentication", "observationPeriod": observed,
		"activity": Tree{"lastAuthenticatedTime": "2026-11-19T07:00:00Z", "serviceAccount": Tree{"serviceAccountId": "100000000000000000001", "projectNumber": "444455556666", "fullResourceName": account}},
	}, Tree{
		"fullResourceName": "//iam.googleapis.com/projects/northwind-prod/serviceAccounts/old@northwind-prod.iam.gserviceaccount.com",
		"activityType":     "serviceAccountLastAuthentication", "observationPeriod": observed, "activity": Tree{},
	})
	s.List(query, "projects/northwind-prod/locations/global/activityTypes/serviceAccountKeyLastAuthentication", Tree{
		"fullResourceName": account + "/keys/bb22", "activityType": "serviceAccountKeyLastAuthentication", "observationPeriod": observed,
		"activity": Tree{"lastAuthenticatedTime": "2026-11-18T07:00:00Z", "serviceAccountKey": Tree{"serviceAccountId": "100000000000000000001", "projectNumber": "444455556666", "fullResourceName": account + "/keys/bb22"}},
	})
	kind := "projects/northwind-prod/locations/global/insightTypes/google.iam.policy.Insight"
	s.List(insight, kind, Tree{
		"name": "projects/444455556666/locations/global/insightTypes/google.iam.policy.Insight/insights/1", "insightSubtype": "PERMISSIONS_USAGE", "category": "SECURITY",
		"lastRefreshTime": "2026-11-20T00:00:00Z", "observationPeriod": "7776000s", "stateInfo": Tree{"state": "ACTIVE"},
		"targetResources": []string{"//cloudresourcemanager.googleapis.com/projects/444455556666"},
		"content": Tree{
			"role": "roles/editor", "member": "serviceAccount:444455556666-compute@developer.gserviceaccount.com", "currentTotalPermissionsCount": "3",
			"exercisedPermissions": []Tree{{"permission": "storage.buckets.create"}}, "inferredPermissions": []Tree{},
		},
	})
	s.Set("cloudidentity.groups.lookup", "engineers@northwind.example", Tree{"name": "groups/eng"})
	s.Set("cloudidentity.groups.lookup", "admins@northwind.example", Tree{"name": "groups/adm"})
	s.List("cloudidentity.groups.memberships.list", "groups/eng",
		Tree{"name": "groups/eng/memberships/1", "type": "USER", "preferredMemberKey": Tree{"id": "mia@northwind.example"}},
		Tree{"name": "groups/eng/memberships/2", "type": "SERVICE_ACCOUNT", "preferredMemberKey": Tree{"id": "tester@northwind-dev.iam.gserviceaccount.com"}})
	s.List("cloudidentity.groups.memberships.list", "groups/adm",
		Tree{"name": "groups/adm/memberships/1", "type": "GROUP", "preferredMemberKey": Tree{"id": "engineers@northwind.example"}})
}
