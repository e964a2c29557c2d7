package live_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net/http"
	"testing"
	"time"

	"github.com/muster-nhi/muster/scanners/aws/live"
	"github.com/muster-nhi/muster/scanners/aws/live/fake"
)

const (
	member = "444455556666"
	eu     = "eu-central-1"
	us     = "us-east-1"
)

// canary is a value that nothing may keep. It is put together here, so that it is
// found in no source.
func canary() string { return "can" + "ary-" + "value-7Q" }

// everything is an organisation of two accounts with something of each kind.
func everything(t *testing.T) *fake.Server {
	t.Helper()
	s := northwind()
	providers(s)
	organization(s)
	centers(s)
	secrets(s)
	keys(s)
	clusters(s)
	compute(s)
	containers(s)
	agents(s)
	connections(s)
	anywhere(t, s)
	resources(s)
	analyzers(s)
	trail(s)
	s.Set(account, "", "iam:GenerateServiceLastAccessedDetails?Arn="+arn("iam", "", "role/idle"), fake.Tree{"JobId": "job-idle"})
	for _, p := range []string{"user/ci", "user/new", "role/arm-controller"} {
		s.Set(account, "", "iam:GenerateServiceLastAccessedDetails?Arn="+arn("iam", "", p), fake.Tree{"JobId": "job"})
	}
	s.Set(account, "", "iam:GetServiceLastAccessedDetails?JobId=job", fake.Tree{"JobStatus": "COMPLETED", "ServicesLastAccessed": []any{
		fake.Tree{"ServiceName": "S3", "ServiceNamespace": "s3", "LastAuthenticated": "2026-10-01T00:00:00Z", "LastAuthenticatedRegion": eu},
		fake.Tree{"ServiceName": "SQS", "ServiceNamespace": "sqs"},
	}})
	s.Set(account, "", "iam:GetServiceLastAccessedDetails?JobId=job-idle", fake.Tree{"JobStatus": "COMPLETED", "ServicesLastAccessed": []any{}})
	s.Set(account, "", "account:GetContactInformation", fake.Tree{"ContactInformation": fake.Tree{"FullName": "Ada Nord", "CompanyName": "Northwind Robotics", "PhoneNumber": canary()}})
	s.Set(account, "", "account:GetAlternateContact?AlternateContactType=SECURITY", fake.Tree{"AlternateContact": fake.Tree{"Name": "Security", "EmailAddress": "security@northwind.example"}})
	return s
}

// allOptions switch everything on.
func allOptions(t *testing.T, s *fake.Server) live.Options {
	t.Helper()
	o := options(t, s)
	o.Organization, o.Role, o.ExternalID, o.AccessAdvisor, o.Creators = true, "audit/muster", "northwind-1", true, true
	o.Details = live.DetailsAll
	return o
}

func providers(s *fake.Server) {
	github := arn("iam", "", "oidc-provider/token.actions.githubusercontent.com")
	s.Set(account, "", "iam:ListOpenIDConnectProviders", fake.Tree{"OpenIDConnectProviderList": []any{fake.Tree{"Arn": github}}})
	s.Set(account, "", "iam:GetOpenIDConnectProvider?OpenIDConnectProviderArn="+github, fake.Tree{
		"Url": "token.actions.githubusercontent.com", "ClientIDList": []any{"sts.amazonaws.com"}, "ThumbprintList": []any{"aa"},
		"CreateDate": "2024-03-01T00:00:00Z", "Tags": []any{fake.Tree{"Key": "team", "Value": "platform"}},
	})
	saml := arn("iam", "", "saml-provider/northwind")
	s.Set(account, "", "iam:ListSAMLProviders", fake.Tree{"SAMLProviderList": []any{fake.Tree{"Arn": saml, "ValidUntil": "2027-01-01T00:00:00Z", "CreateDate": "2023-01-01T00:00:00Z"}}})
	s.Set(account, "", "iam:GetSAMLProvider?SAMLProviderArn="+saml, fake.Tree{
		"SAMLMetadataDocument": canary(), "PrivateKeyList": []any{fake.Tree{"KeyId": "K1", "Timestamp": "2025-01-01T00:00:00Z"}},
	})
	s.Set(account, "", "iam:GetOutboundWebIdentityFederationInfo", fake.Tree{"IssuerIdentifier": "https://northwind.tokens.sts.global.api.aws", "JwtVendingEnabled": true})
	s.Set(account, "", "iam:ListDelegationRequests", fake.Tree{"DelegationRequests": []any{
		fake.Tree{"DelegationRequestId": "dr-1", "State": "ACCEPTED", "RequestorName": "Contoso Backup", "ExpirationTime": "2026-12-01T00:00:00Z"},
	}})
	s.Set(account, "", "iam:ListServerCertificates", fake.Tree{"ServerCertificateMetadataList": []any{
		fake.Tree{"Arn": arn("iam", "", "server-certificate/old"), "ServerCertificateName": "old", "UploadDate": "2020-01-01T00:00:00Z", "Expiration": "2021-01-01T00:00:00Z"},
	}})
	s.Set(account, "", "iam:ListServiceSpecificCredentials", fake.Tree{"ServiceSpecificCredentials": []any{
		fake.Tree{
			"UserName": "ci", "Status": "Active", "ServiceCredentialAlias": "Bedrock" + "APIKey-1", "CreateDate": "2026-05-01T00:00:00Z",
			"ExpirationDate": "2026-12-01T00:00:00Z", "ServiceSpecificCredentialId": "ACCA1", "ServiceName": "bedrock.amazonaws.com",
		},
	}})
	s.Set(account, "", "iam:ListSSHPublicKeys?UserName=ci", fake.Tree{"SSHPublicKeys": []any{
		fake.Tree{"UserName": "ci", "SSHPublicKeyId": "APKA1", "Status": "Inactive", "UploadDate": "2024-02-01T00:00:00Z"},
	}})
	s.Set(account, "", "iam:ListSigningCertificates?UserName=new", fake.Tree{"Certificates": []any{
		fake.Tree{"UserName": "new", "CertificateId": "CERT1", "CertificateBody": "none", "Status": "Active", "UploadDate": "2026-11-02T08:35:00Z"},
	}})
}

func organization(s *fake.Server) {
	s.Roles["arn:aws:iam::"+member+":role/audit/muster"] = "northwind-1"
	s.Set(account, "", "organizations:DescribeOrganization", fake.Tree{"Organization": fake.Tree{"Id": "o-northwind", "MasterAccountId": account}})
	s.Set(account, "", "organizations:ListAccounts", fake.Tree{"Accounts": []any{
		fake.Tree{"Id": account, "Name": "northwind", "Email": "aws@northwind.example", "Status": "ACTIVE", "State": "ACTIVE", "JoinedTimestamp": 1577836800.5},
		fake.Tree{"Id": member, "Name": "robots", "Email": "robots@northwind.example", "Status": "ACTIVE", "JoinedTimestamp": 1609459200},
		fake.Tree{"Id": "777788889999", "Name": "closed", "Status": "SUSPENDED"},
	}})
	s.Set(account, "", "organizations:ListRoots", fake.Tree{"Roots": []any{fake.Tree{"Id": "r-1", "Name": "Root"}}})
	s.Set(account, "", "organizations:ListOrganizationalUnitsForParent?ParentId=r-1", fake.Tree{"OrganizationalUnits": []any{fake.Tree{"Id": "ou-1", "Name": "robots"}}})
	s.Set(account, "", "organizations:ListAccountsForParent?ParentId=r-1", fake.Tree{"Accounts": []any{fake.Tree{"Id": account}}})
	s.Set(account, "", "organizations:ListAccountsForParent?ParentId=ou-1", fake.Tree{"Accounts": []any{fake.Tree{"Id": member}}})
	scp := "arn:aws:organizations::" + account + ":policy/o-northwind/service_control_policy/p-1"
	s.Set(account, "", "organizations:ListPolicies?Filter=SERVICE_CONTROL_POLICY", fake.Tree{"Policies": []any{
		fake.Tree{"Id": "p-1", "Arn": scp, "Name": "no-iam-users", "Type": "SERVICE_CONTROL_POLICY", "AwsManaged": false},
	}})
	s.Set(account, "", "organizations:DescribePolicy?PolicyId=p-1", fake.Tree{"Policy": fake.Tree{
		"Content": `{"Version":"2012-10-17","Statement":{"Effect":"Deny","Action":"iam:CreateUser","Resource":"*"}}`,
	}})
	s.Set(account, "", "organizations:ListTargetsForPolicy?PolicyId=p-1", fake.Tree{"Targets": []any{fake.Tree{"TargetId": "ou-1", "Type": "ORGANIZATIONAL_UNIT"}, fake.Tree{"TargetId": member, "Type": "ACCOUNT"}}})
	s.Set(account, "", "organizations:ListDelegatedAdministrators", fake.Tree{"DelegatedAdministrators": []any{fake.Tree{"Id": member}}})
	s.Set(account, "", "organizations:ListDelegatedServicesForAccount?AccountId="+member, fake.Tree{"DelegatedServices": []any{fake.Tree{"ServicePrincipal": "access-analyzer.amazonaws.com", "DelegationEnabledDate": 1700000000}}})
	s.Set(account, "", "iam:ListOrganizationsFeatures", fake.Tree{"OrganizationId": "o-northwind", "EnabledFeatures": []any{"RootCredentialsManagement"}})
	s.Set(member, "", "ec2:DescribeRegions", fake.Tree{"regionInfo": []any{fake.Tree{"regionName": eu, "optInStatus": "opt-in-not-required"}}})
	s.Set(member, "", "iam:GenerateCredentialReport", fake.Tree{"State": "STARTED"})
	s.Set(member, "", "iam:GetCredentialReport", fake.Refusal("ReportInProgress", http.StatusNotFound))
}

func centers(s *fake.Server) {
	instance, set := "arn:aws:sso:::instance/ssoins-1", "arn:aws:sso:::permissionSet/ssoins-1/ps-1"
	s.Set(account, eu, "sso:ListInstances", fake.Tree{"Instances": []any{fake.Tree{"InstanceArn": instance, "IdentityStoreId": "d-1", "OwnerAccountId": account, "CreatedDate": 1600000000}}})
	s.Set(account, eu, "sso:ListPermissionSets?InstanceArn="+instance, fake.Tree{"PermissionSets": []any{set}})
	s.Set(account, eu, "sso:DescribePermissionSet?PermissionSetArn="+set, fake.Tree{"PermissionSet": fake.Tree{"Name": "Operator", "SessionDuration": "PT8H30M", "CreatedDate": 1600000001}})
	s.Set(account, eu, "sso:ListManagedPoliciesInPermissionSet?PermissionSetArn="+set, fake.Tree{"AttachedManagedPolicies": []any{fake.Tree{"Name": "ReadOnlyAccess", "Arn": "arn:aws:iam::aws:policy/ReadOnlyAccess"}}})
	s.Set(account, eu, "sso:ListCustomerManagedPolicyReferencesInPermissionSet?PermissionSetArn="+set, fake.Tree{"CustomerManagedPolicyReferences": []any{fake.Tree{"Name": "deploy", "Path": "/"}}})
	s.Set(account, eu, "sso:GetInlinePolicyForPermissionSet?PermissionSetArn="+set, fake.Tree{"InlinePolicy": readBucket})
	s.Set(account, eu, "sso:ListAccountsForProvisionedPermissionSet?PermissionSetArn="+set, fake.Tree{"AccountIds": []any{member}})
	s.Set(account, eu, "sso:ListAccountAssignments?PermissionSetArn="+set, fake.Tree{"AccountAssignments": []any{
		fake.Tree{"AccountId": member, "PermissionSetArn": set, "PrincipalType": "GROUP", "PrincipalId": "g-1"},
		fake.Tree{"AccountId": member, "PermissionSetArn": set, "PrincipalType": "USER", "PrincipalId": "u-1"},
	}})
	s.Set(account, eu, "identitystore:ListGroups?IdentityStoreId=d-1", fake.Tree{"Groups": []any{fake.Tree{"GroupId": "g-1", "DisplayName": "operators"}}})
	s.Set(account, eu, "identitystore:ListUsers?IdentityStoreId=d-1", fake.Tree{"Users": []any{fake.Tree{"UserId": "u-1", "UserName": "ada"}}})
	s.Set(account, eu, "sso:ListApplications?InstanceArn="+instance, fake.Tree{"Applications": []any{fake.Tree{"ApplicationArn": "arn:aws:sso::" + account + ":application/ssoins-1/apl-1", "Name": "wiki", "Status": "ENABLED"}}})
	issuer := "arn:aws:sso::" + account + ":trustedTokenIssuer/ssoins-1/tti-1"
	s.Set(account, eu, "sso:ListTrustedTokenIssuers?InstanceArn="+instance, fake.Tree{"TrustedTokenIssuers": []any{fake.Tree{"TrustedTokenIssuerArn": issuer, "Name": "okta"}}})
	s.Set(account, eu, "sso:DescribeTrustedTokenIssuer?TrustedTokenIssuerArn="+issuer, fake.Tree{"TrustedTokenIssuerConfiguration": fake.Tree{"OidcJwtConfiguration": fake.Tree{"IssuerUrl": "https://northwind.okta.example"}}})
}

func secrets(s *fake.Server) {
	secret := arn("secretsmanager", eu, "secret:maps-AbCdEf")
	s.Set(account, eu, "secretsmanager:ListSecrets", fake.Tree{"SecretList": []any{
		fake.Tree{
			"ARN": secret, "Name": "maps", "RotationEnabled": true, "RotationRules": fake.Tree{"AutomaticallyAfterDays": 30},
			"LastRotatedDate": 1760000000.123, "LastAccessedDate": 1761955200, "CreatedDate": 1700000000, "SecretVersionsToStages": fake.Tree{"v1": []any{"AWSCURRENT"}},
			"Tags": []any{fake.Tree{"Key": "owner", "Value": "maps-team"}},
		},
		fake.Tree{"ARN": arn("secretsmanager", eu, "secret:old-GhIjKl"), "Name": "old", "DeletedDate": 1750000000, "CreatedDate": 1700000000},
	}})
	s.Set(account, eu, "secretsmanager:GetResourcePolicy?SecretId="+secret, fake.Tree{"ARN": secret, "ResourcePolicy": `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::` + member + `:root"},"Action":"secretsmanager:GetSecretValue","Resource":"*"}]}`})
	s.Set(account, eu, "ssm:DescribeParameters", fake.Tree{"Parameters": []any{fake.Tree{
		"Name": "/maps/token", "Type": "SecureString", "LastModifiedDate": 1750000000.5, "LastModifiedUser": arn("iam", "", "user/ci"), "Version": 7,
		"Policies": []any{fake.Tree{"PolicyType": "Expiration", "PolicyText": `{"Type":"Expiration","Version":"1.0","Attributes":{"Timestamp":"2027-01-01T00:00:00.000Z"}}`}},
	}}})
	s.Set(account, eu, "acm:ListCertificates", fake.Tree{"CertificateSummaryList": []any{fake.Tree{
		"CertificateArn": arn("acm", eu, "certificate/c-1"), "DomainName": "northwind.example", "Status": "ISSUED", "Type": "IMPORTED", "KeyAlgorithm": "EC_" + "prime256v1",
		"NotBefore": 1740000000, "NotAfter": 1790000000, "InUse": true, "Exported": false, "ImportedAt": 1740000001, "SubjectAlternativeNameSummaries": []any{"northwind.example"},
	}}})
	s.Set(account, eu, "tag:GetResources", fake.Tree{"ResourceTagMappingList": []any{
		fake.Tree{"ResourceARN": arn("lambda", eu, "function:sync"), "Tags": []any{fake.Tree{"Key": "team", "Value": "maps"}}},
		fake.Tree{"ResourceARN": arn("lambda", eu, "function:unseen"), "Tags": []any{}},
	}})
}

func keys(s *fake.Server) {
	own, key := arn("kms", eu, "key/k-aws"), arn("kms", eu, "key/k-1")
	s.Set(account, eu, "kms:ListAliases", fake.Tree{"Aliases": []any{
		fake.Tree{"AliasName": "alias/aws/ssm", "TargetKeyId": "k-aws"}, fake.Tree{"AliasName": "alias/maps", "TargetKeyId": "k-1"}, fake.Tree{"AliasName": "alias/none"},
	}})
	s.Set(account, eu, "kms:ListKeys", fake.Tree{"Keys": []any{fake.Tree{"KeyId": "k-aws", "KeyArn": own}, fake.Tree{"KeyId": "k-1", "KeyArn": key}}})
	s.Set(account, eu, "kms:DescribeKey?KeyId="+key, fake.Tree{"KeyMetadata": fake.Tree{
		"KeyManager": "CUSTOMER", "KeyState": "Enabled", "KeySpec": "SYMMETRIC_DEFAULT", "Origin": "AWS_KMS", "KeyUsage": "ENCRYPT_DECRYPT", "CreationDate": 1600000000,
	}})
	s.Set(account, eu, "kms:GetKeyRotationStatus?KeyId="+key, fake.Tree{"KeyRotationEnabled": true, "RotationPeriodInDays": 90, "NextRotationDate": 1800000000})
	s.Set(account, eu, "kms:GetKeyPolicy?KeyId="+key, fake.Tree{"Policy": `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":"*","Action":"kms:*","Resource":"*"}}`})
	s.Set(account, eu, "kms:ListGrants?KeyId="+key, fake.Tree{"Grants": []any{fake.Tree{
		"GrantId": "g-1", "GranteePrincipal": arn("iam", "", "role/idle"), "Operations": []any{"Decrypt"}, "Constraints": fake.Tree{"EncryptionContextEquals": fake.Tree{"a": canary()}}, "CreationDate": 1650000000,
	}}})
	s.Set(account, eu, "kms:GetKeyLastUsage?KeyId="+key, fake.Tree{"KeyLastUsage": fake.Tree{"Operation": "Decrypt", "Timestamp": 1761000000}, "TrackingStartDate": 1750000000})
}

// anchorCA is a certificate authority of Northwind Robotics.
func anchorCA(t *testing.T) string {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	c := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "Northwind CA"}, IsCA: true, BasicConstraintsValid: true,
		NotBefore: time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC), NotAfter: time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC),
	}
	der, err := x509.CreateCertificate(rand.Reader, c, c, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
}

func anywhere(t *testing.T, s *fake.Server) {
	t.Helper()
	s.Set(account, eu, "rolesanywhere:ListTrustAnchors", fake.Tree{"trustAnchors": []any{fake.Tree{
		"trustAnchorArn": arn("rolesanywhere", eu, "trust-anchor/ta-1"), "name": "factory", "enabled": true, "createdAt": "2025-01-02T00:00:00Z",
		"source": fake.Tree{"sourceType": "CERTIFICATE_BUNDLE", "sourceData": fake.Tree{"x509CertificateData": anchorCA(t)}},
	}}})
	s.Set(account, eu, "rolesanywhere:ListProfiles", fake.Tree{"profiles": []any{fake.Tree{
		"profileArn": arn("rolesanywhere", eu, "profile/p-1"), "name": "factory", "enabled": true, "roleArns": []any{arn("iam", "", "role/idle")},
		"durationSeconds": 3600, "sessionPolicy": readBucket, "createdAt": "2025-01-02T00:00:00Z",
	}}})
	s.Set(account, eu, "rolesanywhere:ListSubjects", fake.Tree{"subjects": []any{fake.Tree{
		"subjectArn": arn("rolesanywhere", eu, "subject/s-1"), "subjectId": "s-1", "enabled": true, "x509Subject": "CN=arm-7", "lastSeenAt": "2026-10-31T00:00:00Z", "createdAt": "2025-01-03T00:00:00Z",
	}}})
	s.Set(account, eu, "rolesanywhere:GetSubject?subjectId=s-1", fake.Tree{"subject": fake.Tree{"credentials": []any{fake.Tree{
		"serialNumber": "42", "issuer": "CN=Northwind CA", "enabled": true, "failed": false, "seenAt": "2026-10-31T00:00:00Z", "x509CertificateData": "none",
	}}}})
}
