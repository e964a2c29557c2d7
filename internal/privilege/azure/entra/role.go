package entra

import (
	"strings"

	"github.com/muster-nhi/muster/internal/inventory"
)

// GlobalAdministrator is the template of the role that may do everything.
const GlobalAdministrator = "62e90394-69f5-4237-9190-012177145e10"

// roles lists directory roles that lead to more, by their templates.
func roles() []Entry {
	const admin, escalate, write = inventory.LevelAdmin, inventory.LevelEscalate, inventory.LevelWrite
	const (
		device = "an administrator uses a device that Intune manages"
		domain = "the tenant has a domain besides its first"
	)
	creds, people := []string{"credentials.create"}, []string{"identity.write"}
	apps := []string{"credentials.create", "identity.write", "trust.write"}
	return []Entry{
		{GlobalAdministrator, "AZGlobalAdmin", "Global Administrator", admin, true, nil, []string{"admin.all"}, "does everything in the tenant, and takes every subscription by elevateAccess", ""},
		{"e8611ab8-c189-46e8-94e1-60213ab1f814", "AZPrivilegedRoleAdmin", "Privileged Role Administrator", escalate, true, []Power{Raise, RoleGroups}, []string{"policy.write"}, "gives itself any directory role", ""},
		{"7be44c8a-adaf-4e2a-84d6-ab2649e08a13", "AZPrivilegedAuthAdmin", "Privileged Authentication Administrator", escalate, true, []Power{Raise, AllUsers}, creds, "resets how a Global Administrator signs in", ""},
		{"e00e864a-17c5-4a4b-9c06-f5b95a8d5bd8", "AZResetPassword", "Partner Tier2 Support", escalate, true, []Power{Raise, AllUsers, Registrations, Groups}, creds, "resets the password of a Global Administrator", ""},
		{"4ba39ca4-527c-499a-b93d-d9b492c50246", "AZAddSecret", "Partner Tier1 Support", escalate, true, []Power{Registrations, Groups, UsersMaybe}, creds, "adds a credential to an application that may do more", ""},
		{"9b895d92-2cd3-44c7-9d02-a6ac2d5ea5c3", "AZAppAdmin", "Application Administrator", escalate, true, []Power{Apps}, apps, "adds a credential to an application that may do more", ""},
		{"158c047a-c907-4556-b7ef-446551a6b5f7", "AZCloudAppAdmin", "Cloud Application Administrator", escalate, true, []Power{Apps}, apps, "adds a credential to an application that may do more", ""},
		{"8ac3fc64-6eca-42ea-9e69-59f4c7b60eb2", "AZAddOwner", "Hybrid Identity Administrator", escalate, true, []Power{Apps, RaiseMaybe}, apps, "becomes owner of an application that may do more, or federates a domain and signs in as its users", domain},
		{"8329153b-31d0-4727-b945-745eb3bc5f31", "muster-az107", "Domain Name Administrator", escalate, true, []Power{RaiseMaybe}, []string{"trust.write"}, "federates a domain and signs in as its users", "the tenant takes a domain of the attacker's, or has one besides its first"},
		{"be2f45a1-457d-42af-a067-6ec1fa63bc45", "muster-az107", "External Identity Provider Administrator", escalate, true, []Power{RaiseMaybe}, []string{"trust.write"}, "federates a domain and signs in as its users", domain},
		{"194ae4cb-b126-40b2-bd5b-6091b380977d", "muster-az107", "Security Administrator", escalate, true, []Power{RaiseMaybe}, []string{"policy.write", "trust.write"}, "federates a domain and signs in as its users", domain},
		{"d29b2b05-8046-44ba-8758-1e26182fcf32", "muster-az117", "Directory Synchronization Accounts", escalate, true, []Power{RaiseMaybe}, creds, "sets passwords of users that are kept from a directory on premises", "a user with a directory role is one of them"},
		{"a92aed5d-d78a-4d16-b381-09adb37eb3b0", "muster-az117", "On Premises Directory Sync Account", escalate, true, []Power{RaiseMaybe}, creds, "sets passwords of users that are kept from a directory on premises", "a user with a directory role is one of them"},
		{"c4e39bd9-1100-46d3-8c65-fb160da0071f", "AZResetPassword", "Authentication Administrator", escalate, true, []Power{Users}, creds, "takes over a user who owns more", ""},
		{"729827e3-9c14-49f7-bb1b-9608f156bbb8", "AZResetPassword", "Helpdesk Administrator", escalate, true, []Power{UsersMaybe}, creds, "resets the password of a user who owns more", "the user can sign in with a password alone"},
		{"966707d0-3269-4727-9be2-8c3a10f19b9d", "AZResetPassword", "Password Administrator", escalate, true, []Power{UsersMaybe}, creds, "resets the password of a user who owns more", "the user can sign in with a password alone"},
		{"fe930be7-5e62-47db-91af-98c3a49a38b1", "AZAddMembers", "User Administrator", escalate, true, []Power{Groups, UsersMaybe}, []string{"credentials.create", "identity.write"}, "adds itself to a group that holds more, or resets the password of a user who does", ""},
		{"fdd7a751-b60b-444a-984c-02652fe8fa1c", "AZAddMembers", "Groups Administrator", escalate, true, []Power{Groups}, people, "adds itself to a group that holds more", ""},
		{"9360feb5-f418-4baa-8175-e2a00bac4301", "AZAddMembers", "Directory Writers", escalate, true, []Power{Groups}, people, "adds itself to a group that holds more", ""},
		{"45d8d3c5-c802-45c6-b32a-1d70b5e1e86e", "AZAddMembers", "Identity Governance Administrator", escalate, true, []Power{Groups, RaiseMaybe}, people, "adds itself to a group that holds more, or opens an access package that gives a directory role", "there is such a package"},
		{"59d46f88-662b-457b-bceb-5c3809e5908f", "muster-az109", "Lifecycle Workflows Administrator", escalate, true, []Power{RaiseMaybe}, people, "writes a workflow that puts a user into a group that holds more", "there is such a group that takes members"},
		{"3a2c62db-5318-420d-8d74-23affee5d9d5", "AZExecuteCommand", "Intune Administrator", escalate, true, []Power{Groups, RaiseMaybe}, []string{"compute.exec", "identity.write"}, "runs commands on managed devices and takes over who uses them", device},
		{"11451d60-acb2-45eb-a7d6-43d0f0125c13", "AZAddMembers", "Windows 365 Administrator", escalate, true, []Power{Groups}, people, "adds itself to a group that holds more", ""},
		{"b5a8dcf3-09d5-43a9-a639-8e29ef291470", "AZAddMembers", "Knowledge Administrator", escalate, true, []Power{Groups}, people, "adds itself to a group that holds more", ""},
		{"744ec460-397e-42ad-a462-8b3f9747a02c", "AZAddMembers", "Knowledge Manager", escalate, true, []Power{Groups}, people, "adds itself to a group that holds more", ""},
		{"29232cdf-9323-42fd-ade2-1d097af3e4de", "AZAddMembers", "Exchange Administrator", escalate, true, []Power{OfficeGroups}, []string{"data.read_all", "data.write_all", "identity.write"}, "adds itself to a Microsoft 365 group that holds more", ""},
		{"f28a1f50-f6e7-4571-818b-6a12f2af6b6c", "AZAddMembers", "SharePoint Administrator", escalate, true, []Power{OfficeGroups}, []string{"data.read_all", "data.write_all", "identity.write"}, "adds itself to a Microsoft 365 group that holds more", ""},
		{"69091246-20e8-4a56-aa4d-066075b2a7a8", "AZAddMembers", "Teams Administrator", escalate, true, []Power{OfficeGroups}, people, "adds itself to a Microsoft 365 group that holds more", ""},
		{"810a2642-a034-447f-a5e8-41beaa378541", "AZAddMembers", "Yammer Administrator", escalate, true, []Power{OfficeGroups}, people, "adds itself to a Microsoft 365 group that holds more", ""},
		{"e3973bdf-4987-49ae-837a-ba8e231c7286", "muster-az118", "Azure DevOps Administrator", escalate, true, []Power{RaiseMaybe}, []string{"workflow.write"}, "takes over a pipeline with rights in Azure", "there is such a pipeline"},
		{"db506228-d27e-4b7d-95e5-295956d6615f", "muster-az119", "Agent ID Administrator", escalate, true, []Power{Agents}, []string{"credentials.create", "identity.write"}, "adds a credential to the blueprint of an agent that may do more", ""},
		{"d2562ede-74db-457e-a7b6-544e236ebb61", "muster-az119", "AI Administrator", escalate, true, []Power{Agents}, []string{"credentials.create", "identity.write"}, "adds a credential to the blueprint of an agent that may do more", ""},
		{"b1be1c3e-b65d-4f19-8427-f6fa0d97feb9", "muster-az114", "Conditional Access Administrator", write, true, nil, []string{"policy.write"}, "locks everybody else out of the tenant", ""},
		{"0526716b-113d-4c15-b2c8-68e3c22b9f80", "muster-az104", "Authentication Policy Administrator", write, false, nil, []string{"policy.write"}, "decides by which methods users may sign in", ""},
		{"aaf43236-0c0d-4d5f-883a-6955382ac081", "muster-az120", "B2C IEF Keyset Administrator", write, false, nil, []string{"secrets.write"}, "changes keys that sign tokens of customers' users", ""},
	}
}

// lesserRoles lists directory roles that read, and the one that registers
// applications of its own.
func lesserRoles() []Entry {
	read := func(id, name string) Entry { return Entry{ID: id, Name: name, Level: inventory.LevelRead} }
	return []Entry{
		read("f2ef992c-3afb-46b9-b7cf-a126ee74c451", "Global Reader"),
		read("88d8e3e3-8f55-4a1e-953a-9b9898b8876b", "Directory Readers"),
		read("5d6b6bb7-de71-4623-b4af-96380a352509", "Security Reader"),
		read("4a5d8f65-41da-4de4-8968-e035b65339cf", "Reports Reader"),
		read("75934031-6c7e-415a-99d7-48dbd49e875e", "Usage Summary Reports Reader"),
		read("790c1fb9-7f7d-4f88-86a1-ef1f95c05c1b", "Message Center Reader"),
		read("ac16e43d-7b2d-40e0-ac05-243ff356ab5b", "Message Center Privacy Reader"),
		read("ffd52fa5-98dc-465c-991d-fc073eb59f8f", "Attribute Assignment Reader"),
		read("1d336d2c-4ae8-42ef-9711-b3604ce3fc2c", "Attribute Definition Reader"),
		read("9c99539d-8186-4804-835f-fd51ef9e2dcd", "Attribute Log Reader"),
		read("1076ac91-f3d9-41a7-a339-dcdf5f480acc", "Teams Reader"),
		read("843318fb-79a6-4168-9e6f-aa9a07481cc4", "Global Secure Access Log Reader"),
		{ID: "cf1c38e5-3621-4004-a7cb-879624dced7c", Name: "Application Developer", Level: inventory.LevelWrite, Capabilities: []string{"identity.write"}, Why: "registers applications of its own"},
	}
}

// Role says what a directory role allows: a built-in one by its template or
// name, another by its actions if known is true.
func (t *Tables) Role(template, name string, builtIn bool, list []string, known bool) Entry {
	if e := t.roles[strings.ToLower(template)]; template != "" && e != nil {
		return *e
	}
	if e := t.roles[strings.ToLower(name)]; builtIn && name != "" && e != nil {
		return *e
	}
	if known {
		return t.Actions(template, name, list)
	}
	e := Entry{ID: template, Name: name, Level: inventory.LevelUnknown}
	switch lower := strings.ToLower(name); {
	case !builtIn:
	case strings.HasSuffix(lower, "reader"), strings.HasSuffix(lower, "readers"):
		e.Level = inventory.LevelRead
	case strings.HasSuffix(lower, "administrator"):
		e.Level = inventory.LevelWrite
	}
	return e
}
