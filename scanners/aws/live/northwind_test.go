package live_test

import (
	"encoding/base64"
	"fmt"
	"net/url"
	"strings"

	"github.com/muster-nhi/muster/scanners/aws/live/fake"
)

const (
	trustLambda = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"lambda.amazonaws.com"},"Action":"sts:AssumeRole"}]}`
	readBucket  = `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::northwind-maps/*"}}`
)

// keyID makes an access key id at run time, so that this file holds none.
func keyID(name string) string {
	return "AK" + "IA" + strings.ToUpper(name) + strings.Repeat("7", 16-len(name))
}

func arn(service, region, resource string) string {
	return "arn:aws:" + service + ":" + region + ":" + account + ":" + resource
}

// northwind is the account of Northwind Robotics.
func northwind() *fake.Server {
	s := fake.New(account)
	principals(s)
	report(s)
	return s
}

func principals(s *fake.Server) {
	s.Set(account, "", "iam:GetAccountAuthorizationDetails", fake.Tree{
		"UserDetailList": []any{
			fake.Tree{
				"Path": "/", "UserName": "ci", "UserId": "AIDACI", "Arn": arn("iam", "", "user/ci"), "CreateDate": "2024-01-10T08:00:00Z",
				"AttachedManagedPolicies": []any{fake.Tree{"PolicyName": "deploy", "PolicyArn": arn("iam", "", "policy/deploy")}},
				"GroupList":               []any{"builders"},
				"Tags":                    []any{fake.Tree{"Key": "team", "Value": "platform"}},
			},
			fake.Tree{"Path": "/", "UserName": "new", "UserId": "AIDANEW", "Arn": arn("iam", "", "user/new"), "CreateDate": "2026-11-02T08:30:00Z"},
		},
		"GroupDetailList": []any{
			fake.Tree{
				"Path": "/", "GroupName": "builders", "GroupId": "AGPAB", "Arn": arn("iam", "", "group/builders"), "CreateDate": "2024-01-09T08:00:00Z",
				"GroupPolicyList": []any{fake.Tree{"PolicyName": "maps", "PolicyDocument": url.QueryEscape(readBucket)}},
			},
		},
		"RoleDetailList": []any{
			fake.Tree{
				"Path": "/", "RoleName": "arm-controller", "RoleId": "AROAARM", "Arn": arn("iam", "", "role/arm-controller"),
				"CreateDate": "2025-02-01T00:00:00Z", "AssumeRolePolicyDocument": url.QueryEscape(trustLambda),
				"RoleLastUsed":          fake.Tree{"LastUsedDate": "2026-10-30T11:00:00Z", "Region": "eu-central-1"},
				"PermissionsBoundary":   fake.Tree{"PermissionsBoundaryType": "Policy", "PermissionsBoundaryArn": arn("iam", "", "policy/deploy")},
				"InstanceProfileList":   []any{fake.Tree{"InstanceProfileName": "arm", "Arn": arn("iam", "", "instance-profile/arm"), "CreateDate": "2025-02-01T00:00:00Z"}},
				"RolePolicyList":        []any{fake.Tree{"PolicyName": "broken", "PolicyDocument": "%7B%22Version"}},
				"MaxSessionDuration":    3600,
				"PermissionsUnknowable": "a field that nobody knows",
			},
			fake.Tree{
				"Path": "/", "RoleName": "idle", "RoleId": "AROAIDLE", "Arn": arn("iam", "", "role/idle"),
				"CreateDate": "2023-02-01T00:00:00Z", "AssumeRolePolicyDocument": url.QueryEscape(trustLambda), "RoleLastUsed": fake.Tree{},
			},
		},
		"Policies": []any{
			fake.Tree{
				"PolicyName": "deploy", "PolicyId": "ANPAD", "Arn": arn("iam", "", "policy/deploy"), "IsAttachable": true,
				"CreateDate": "2024-01-01T00:00:00Z", "UpdateDate": "2024-05-01T00:00:00Z",
				"PolicyVersionList": []any{
					fake.Tree{"VersionId": "v2", "IsDefaultVersion": true, "Document": url.QueryEscape(readBucket)},
					fake.Tree{"VersionId": "v1", "IsDefaultVersion": false, "Document": url.QueryEscape(trustLambda)},
				},
			},
		},
	})
	s.Set(account, "", "iam:ListAccessKeys?UserName=ci", fake.Tree{"AccessKeyMetadata": []any{
		fake.Tree{"UserName": "ci", "AccessKeyId": keyID("ci"), "Status": "Active", "CreateDate": "2024-01-10T08:05:00Z"},
	}})
	s.Set(account, "", "iam:ListAccessKeys?UserName=new", fake.Tree{"AccessKeyMetadata": []any{
		fake.Tree{"UserName": "new", "AccessKeyId": keyID("new"), "Status": "Inactive", "CreateDate": "2026-11-02T08:31:00Z"},
	}})
	s.Set(account, "", "iam:GetAccessKeyLastUsed?AccessKeyId="+keyID("new"), fake.Tree{
		"UserName": "new", "AccessKeyLastUsed": fake.Tree{"ServiceName": "N/A", "Region": "N/A"},
	})
	s.Set(account, "", "iam:ListAccountAliases", fake.Tree{"AccountAliases": []any{"northwind"}})
	s.Set(account, "", "iam:GetAccountSummary", fake.Tree{"SummaryMap": fake.Entries{"AccountMFAEnabled": 1, "AccountAccessKeysPresent": 0, "Users": 2}})
	s.Set(account, "", "ec2:DescribeRegions", fake.Tree{"regionInfo": []any{
		fake.Tree{"regionName": "eu-central-1", "optInStatus": "opt-in-not-required"},
		fake.Tree{"regionName": "us-east-1", "optInStatus": "opt-in-not-required"},
		fake.Tree{"regionName": "me-central-1", "optInStatus": "not-opted-in"},
	}})
}

// report sets the credential report, which was made before the user new.
func report(s *fake.Server) { setReport(s, []string{reportHead(), reportRow("ci")}) }

func setReport(s *fake.Server, rows []string) {
	s.Set(account, "", "iam:GenerateCredentialReport", fake.Tree{"State": "COMPLETE"})
	s.Set(account, "", "iam:GetCredentialReport", fake.Tree{
		"Content":      base64.StdEncoding.EncodeToString([]byte(strings.Join(rows, "\n"))),
		"ReportFormat": "text/csv", "GeneratedTime": "2026-11-02T06:00:00Z",
	})
}

// reportHead are the names of the columns and the row of the root user.
func reportHead() string {
	return "user,arn,user_creation_time,password_enabled,password_last_used,password_last_changed,password_next_rotation,mfa_active," +
		"access_key_1_active,access_key_1_last_rotated,access_key_1_last_used_date,access_key_1_last_used_region,access_key_1_last_used_service," +
		"access_key_2_active,access_key_2_last_rotated,access_key_2_last_used_date,access_key_2_last_used_region,access_key_2_last_used_service," +
		"cert_1_active,cert_1_last_rotated,cert_2_active,cert_2_last_rotated\n" +
		"<root_account>,arn:aws:iam::" + account + ":root,2020-01-01T00:00:00+00:00,not_supported,no_information,not_supported,not_supported,true," +
		"false,N/A,N/A,N/A,N/A,false,N/A,N/A,N/A,N/A,false,N/A,false,N/A"
}

func reportRow(user string) string {
	return fmt.Sprintf("%s,%s,2024-01-10T08:00:00+00:00,false,N/A,N/A,N/A,false,true,2024-01-10T08:05:00+00:00,2026-11-01T22:15:00+00:00,eu-central-1,s3,"+
		"false,N/A,N/A,N/A,N/A,false,N/A,false,N/A", user, arn("iam", "", "user/"+user))
}
