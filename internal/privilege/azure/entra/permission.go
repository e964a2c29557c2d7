package entra

import "github.com/muster-nhi/muster/internal/inventory"

// permissions lists application permissions of Microsoft Graph that lead to
// more, with their ids.
func permissions() []Entry {
	const escalate, write = inventory.LevelEscalate, inventory.LevelWrite
	const (
		tap    = "the tenant lets users sign in by that method"
		device = "an administrator uses a device that Intune manages"
	)
	assign := []string{"policy.write"}
	creds := []string{"credentials.create"}
	return []Entry{
		{"9e3f62cf-ca93-4989-b6ce-bf83c28f9fe8", "AZMGGrantRole", "RoleManagement.ReadWrite.Directory", escalate, true, []Power{Raise, RoleGroups}, assign, "gives itself any directory role", ""},
		{"06b708a9-e830-4db3-a914-8e69da51d44f", "AZMGGrantAppRoles", "AppRoleAssignment.ReadWrite.All", escalate, true, []Power{Raise}, assign, "grants itself any application permission, and by that a directory role", ""},
		{"dd199f4a-f148-40a4-a2ec-f0069cc799ec", "AZMGGrantRole", "RoleAssignmentSchedule.ReadWrite.Directory", escalate, true, []Power{Raise}, assign, "gives a directory role by Privileged Identity Management", ""},
		{"fee28b28-e1f3-4841-818e-2704dc62245f", "AZMGGrantRole", "RoleEligibilitySchedule.ReadWrite.Directory", escalate, true, []Power{Raise}, assign, "makes an account eligible for a directory role, which then takes it", ""},
		{"a402ca1c-2696-4531-972d-6e5ee4aa11ea", "muster-az101", "Policy.ReadWrite.PermissionGrant", escalate, true, []Power{Raise}, assign, "writes a policy that lets it grant itself any application permission", ""},
		{"1bfefb4e-e0b5-418b-a88f-73c46d2cc8e9", "AZMGAddSecret", "Application.ReadWrite.All", escalate, true, []Power{Apps}, []string{"credentials.create", "identity.write", "trust.write"}, "adds a credential to an application that may do more", ""},
		{"fc023787-fd04-4e44-9bc7-d454f00c0f0a", "AZMGAddSecret", "Application.ReadUpdate.All", escalate, true, []Power{Apps}, []string{"credentials.create", "trust.write"}, "adds a credential to an application that may do more", ""},
		{"18a4783c-866b-4cc7-a460-3d5e5662c884", "AZMGAddSecret", "Application.ReadWrite.OwnedBy", write, true, []Power{OwnApps}, []string{"identity.write"}, "adds a credential to applications that it owns", ""},
		{"2f6817f8-7b12-4f0f-bc18-eeaf60705a9e", "AZMGAddMember", "PrivilegedAccess.ReadWrite.AzureADGroup", escalate, true, []Power{RoleGroups}, assign, "adds members to groups that hold directory roles", ""},
		{"41202f2c-f7ab-45be-b001-85c9728b9d69", "AZMGAddMember", "PrivilegedAssignmentSchedule.ReadWrite.AzureADGroup", escalate, true, []Power{RoleGroups}, assign, "adds members to groups that hold directory roles", ""},
		{"618b6020-bca8-4de6-99f6-ef445fa4d857", "AZMGAddMember", "PrivilegedEligibilitySchedule.ReadWrite.AzureADGroup", escalate, true, []Power{RoleGroups}, assign, "makes an account eligible for groups that hold directory roles", ""},
		{"854d9ab1-6657-4ec8-be45-823027bcd009", "muster-az102", "PrivilegedAccess.ReadWrite.AzureAD", escalate, true, []Power{RaiseMaybe}, assign, "gives directory roles by the first Privileged Identity Management", "that still answers to applications"},
		{"6f9d5abc-2db6-400b-a267-7de22a40fb87", "muster-az102", "PrivilegedAccess.ReadWrite.AzureResources", escalate, true, []Power{RaiseMaybe}, assign, "gives roles of Azure by the first Privileged Identity Management", "that still answers to applications"},
		{"19dbc75e-c2e2-444c-a770-ec69d8559fc7", "AZMGAddMember", "Directory.ReadWrite.All", escalate, true, []Power{Groups}, []string{"identity.write"}, "adds itself to a group that holds more", ""},
		{"62a82d76-70ea-41e2-9197-370581804d09", "AZMGAddMember", "Group.ReadWrite.All", escalate, true, []Power{Groups}, []string{"identity.write"}, "adds itself to a group that holds more", ""},
		{"dbaae8cf-10b5-4b86-a4a1-f871c94c6695", "AZMGAddMember", "GroupMember.ReadWrite.All", escalate, true, []Power{Groups}, []string{"identity.write"}, "adds itself to a group that holds more", ""},
		{"2d9bd318-b883-40be-9df7-63ec4fcdc424", "muster-az103", "Group-OnPremisesSyncBehavior.ReadWrite.All", escalate, true, []Power{RaiseMaybe}, []string{"identity.write"}, "has a group that holds a directory role kept from a directory on premises", "that directory is under control"},
		{"50483e42-d915-4231-9639-7fdb7fd190e5", "AZResetPassword", "UserAuthenticationMethod.ReadWrite.All", escalate, true, []Power{AllUsersMaybe}, creds, "makes a temporary access pass for any user, administrators too", tap},
		{"627169a8-8c15-451c-861a-5b80e383de5c", "AZResetPassword", "UserAuthMethod-TAP.ReadWrite.All", escalate, true, []Power{AllUsersMaybe}, creds, "makes a temporary access pass for any user, administrators too", tap},
		{"7e9ebcc1-90aa-4471-8051-e68d6b4e9c89", "AZResetPassword", "UserAuthMethod-HardwareOATH.ReadWrite.All", escalate, true, []Power{AllUsersMaybe}, creds, "adds a hardware token to any user", tap},
		{"6e85d483-7092-4375-babe-0a94a8213a58", "AZResetPassword", "UserAuthMethod-Phone.ReadWrite.All", escalate, true, []Power{AllUsersMaybe}, creds, "sets the phone by which a user signs in", tap},
		{"4869299f-18c3-40c8-98f2-222657e67db1", "AZResetPassword", "UserAuthMethod-QR.ReadWrite.All", escalate, true, []Power{AllUsersMaybe}, creds, "makes a code by which any user signs in", tap},
		{"0400e371-7db1-4338-a269-96069eb65227", "AZResetPassword", "UserAuthMethod-Passkey.ReadWrite.All", escalate, true, []Power{AllUsersMaybe}, creds, "adds a passkey to any user", tap},
		{"29c18626-4985-4dcd-85c0-193eef327366", "muster-az104", "Policy.ReadWrite.AuthenticationMethod", write, true, nil, assign, "decides by which methods users may sign in", ""},
		{"cc117bb9-00cf-4eb8-b580-ea2a878fe8f7", "AZResetPassword", "User-PasswordProfile.ReadWrite.All", escalate, true, []Power{UsersMaybe}, creds, "resets passwords of users who hold no directory role", "the user can sign in with a password alone"},
		{"741f803b-c850-494e-b5df-cde7c675a1ca", "muster-az105", "User.ReadWrite.All", escalate, true, []Power{RaiseMaybe}, []string{"identity.write"}, "changes what puts a user into a group that holds more", "such a group takes its members by a rule"},
		{"7fc588a2-ea2d-4d1f-bcf7-33c324b149b8", "muster-az105", "SignInIdentifier.ReadWrite.All", escalate, true, []Power{RaiseMaybe}, []string{"identity.write"}, "changes what puts a user into a group that holds more", "such a group takes its members by a rule"},
		{"292d869f-3427-49a8-9dab-8c70152b74e9", "muster-az106", "Organization.ReadWrite.All", escalate, true, []Power{RaiseMaybe}, []string{"trust.write"}, "adds a certificate authority whose certificates sign users in", "the tenant lets users sign in with certificates"},
		{"7e05723c-0bb0-42da-be95-ae9f08a6e53c", "muster-az107", "Domain.ReadWrite.All", escalate, true, []Power{RaiseMaybe}, []string{"trust.write"}, "adds a federated domain and signs in as its users", "the tenant takes a domain of the attacker's, or has one besides its first"},
		{"64d40371-8d58-4270-bc8a-b4a66de36b9a", "muster-az107", "Domain-InternalFederation.ReadWrite.All", escalate, true, []Power{RaiseMaybe}, []string{"trust.write"}, "federates a domain and signs in as its users", "the tenant has a domain besides its first"},
		{"9acd699f-1e81-4958-b001-93b1d2506e19", "muster-az108", "EntitlementManagement.ReadWrite.All", escalate, true, []Power{RaiseMaybe}, assign, "opens an access package that gives a directory role", "there is such a package"},
		{"5c505cf4-8424-4b8e-aa14-ee06e3bb23e3", "muster-az109", "LifecycleWorkflows.ReadWrite.All", escalate, true, []Power{RaiseMaybe}, []string{"identity.write"}, "writes a workflow that puts a user into a group that holds more", "there is such a group that takes members"},
		{"9241abd9-d0e6-425a-bd4f-47ba86e767a4", "AZExecuteCommand", "DeviceManagementConfiguration.ReadWrite.All", escalate, true, []Power{RaiseMaybe}, []string{"compute.exec"}, "runs commands on managed devices and takes over who uses them", device},
		{"9255e99d-faf5-445e-bbf7-cb71482737c4", "AZExecuteCommand", "DeviceManagementScripts.ReadWrite.All", escalate, true, []Power{RaiseMaybe}, []string{"compute.exec"}, "runs scripts on managed devices and takes over who uses them", device},
		{"78145de6-330d-4800-a6ce-494ff2d33d07", "AZExecuteCommand", "DeviceManagementApps.ReadWrite.All", escalate, true, []Power{RaiseMaybe}, []string{"compute.exec"}, "installs programs on managed devices and takes over who uses them", device},
		{"e330c4f0-4170-414e-a55a-2f022ec2b57b", "AZExecuteCommand", "DeviceManagementRBAC.ReadWrite.All", escalate, true, []Power{RaiseMaybe}, []string{"compute.exec"}, "gives roles of Intune, which run commands on managed devices", device},
		{"cc13eba4-8cd8-44c6-b4d4-f93237adce58", "muster-az110", "DelegatedAdminRelationship.ReadWrite.All", escalate, true, []Power{RaiseMaybe}, assign, "adds members to the groups that administer customers", "the tenant administers others"},
		{"8e8e4742-1d95-4f68-9d56-6ee75648c72a", "muster-az111", "DelegatedPermissionGrant.ReadWrite.All", escalate, true, []Power{RaiseMaybe}, assign, "grants an application delegated permissions for every user", "an administrator signs in to that application"},
		{"b38dcc4d-a239-4ed6-aa84-6c65b284f97c", "muster-az112", "RoleManagementPolicy.ReadWrite.AzureADGroup", write, true, nil, assign, "takes away approval and second factors for memberships", ""},
		{"31e08e0a-d3f7-4ca2-ac39-7343fb83e8ad", "muster-az112", "RoleManagementPolicy.ReadWrite.Directory", write, true, nil, assign, "takes away approval and second factors for directory roles", ""},
		{"5eb59dd3-1da2-4329-8733-9dabdc435916", "muster-az113", "AdministrativeUnit.ReadWrite.All", write, true, nil, assign, "takes users out of a restricted unit", ""},
		{"01c0a623-fc9b-48e9-b794-0756f8e8f067", "muster-az114", "Policy.ReadWrite.ConditionalAccess", write, true, nil, assign, "locks everybody else out of the tenant", ""},
		{"3011c876-62b7-4ada-afa2-506cbbecc68c", "muster-az114", "User.EnableDisableAccount.All", write, true, nil, []string{"identity.write"}, "disables every other account", ""},
		{"eccc023d-eccf-4e7b-9683-8813ab36cecc", "muster-az114", "User.DeleteRestore.All", write, true, nil, []string{"identity.write"}, "deletes every other account", ""},
		{"af2bf46f-7bf1-4be3-8bad-e17e279e8462", "muster-az114", "SecurityIdentitiesActions.ReadWrite.All", write, true, nil, []string{"identity.write"}, "disables every other account", ""},
		{"338163d7-f101-4c92-94ba-ca46fe52447c", "muster-az115", "Policy.ReadWrite.CrossTenantAccess", write, false, nil, []string{"trust.write"}, "lets in users of other tenants", ""},
		{"89c8469c-83ad-45f7-8ff2-6e3d4285709e", "muster-az116", "ServicePrincipalEndpoint.ReadWrite.All", write, false, nil, []string{"identity.write"}, "changes endpoints of service principals", ""},
	}
}

// contents lists permissions that read or change what people store and send, and
// secrets.
func contents() []Entry {
	const read, write = inventory.LevelRead, inventory.LevelWrite
	all, change := []string{"data.read_all"}, []string{"data.read_all", "data.write_all"}
	reads := func(id, name, what string) Entry {
		return Entry{ID: id, Name: name, Level: read, Capabilities: all, Why: "reads " + what}
	}
	writes := func(id, name, what string) Entry {
		return Entry{ID: id, Name: name, Level: write, Capabilities: change, Why: "reads and changes " + what}
	}
	return []Entry{
		reads("810c84a8-4a9e-49e6-bf7d-12d183f40d01", "Mail.Read", "every mailbox"),
		writes("e2a3a72e-5f79-4c64-b1b1-878b674786c9", "Mail.ReadWrite", "every mailbox"),
		{ID: "b633e1c5-b582-4048-a93e-9f11b44c7e96", Name: "Mail.Send", Level: write, Why: "sends mail as anybody"},
		{ID: "6931bccd-447a-43d1-b442-00a195474933", Name: "MailboxSettings.ReadWrite", Level: write, Why: "changes settings of every mailbox"},
		reads("01d4889c-1287-42c6-ac1f-5d1e02578ef6", "Files.Read.All", "every file"),
		writes("75359482-378d-4052-8f01-80520e7db3cd", "Files.ReadWrite.All", "every file"),
		reads("332a536c-c7ef-4017-ab91-336970924f0d", "Sites.Read.All", "every site of SharePoint"),
		writes("9492366f-7969-46a4-8d15-ed1a20078fff", "Sites.ReadWrite.All", "every site of SharePoint"),
		writes("0c0bf378-bf22-4481-8f81-9e89a9b4960a", "Sites.Manage.All", "every site of SharePoint"),
		writes("a82116e5-55eb-4c41-a434-62fe8a61c773", "Sites.FullControl.All", "every site of SharePoint"),
		reads("6b7d71aa-70aa-4810-a8d9-5d9fb2830017", "Chat.Read.All", "every chat"),
		writes("294ce7c9-31ba-490a-ad7d-97a7d075e4ed", "Chat.ReadWrite.All", "every chat"),
		reads("3aeca27b-ee3a-4c2b-8ded-80376e2134a4", "Notes.Read.All", "every notebook"),
		writes("0c458cef-11f3-48c2-a568-c66751c238c0", "Notes.ReadWrite.All", "every notebook"),
		writes("76577085-e73d-4f1d-b26a-85fb33892327", "MailboxItem.ImportExport.All", "every mailbox"),
		writes("", "full_access_as_app", "every mailbox"),
		{ID: "57f1cf28-c0c4-4ec3-9a30-19a2eaaf2f6e", Name: "BitlockerKey.Read.All", Level: read, Capabilities: []string{"secrets.read"}, Why: "reads recovery keys of devices"},
		{ID: "4a771c9a-1cf2-4609-b88e-3d3e02d539cd", Name: "TrustFrameworkKeySet.ReadWrite.All", Level: write, Capabilities: []string{"secrets.write"}, Why: "changes keys that sign tokens of customers' users"},
		{ID: "dc50a0fb-09a3-484d-be87-e023b12c6440", Name: "Exchange.ManageAsApp", Level: write, Why: "administers Exchange as far as its directory roles allow"},
	}
}
