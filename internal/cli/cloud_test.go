package cli

import (
	"encoding/base64"
	"fmt"
	"net/http/httptest"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/muster-nhi/muster/scanners/aws/live/fake"
)

// cloudAccount is the account that the id of the canary of AWS tells.
const cloudAccount = "686170006389"

// startCloud is `cloud USERS STATUS`: AWS in memory, with an account of one region
// and so many users with a key each, for the AWS scanner of this script. The key
// that leaked is that of user 7, an administrator, in that status; with "Deleted"
// there is no such key.
func startCloud(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: cloud USERS STATUS")
	}
	users, err := strconv.Atoi(args[0])
	ts.Check(err)
	s := cloud(users, args[1])
	server := httptest.NewServer(s)
	ts.Defer(server.Close)
	ts.Setenv("AWS_ENDPOINT_URL", server.URL)
	ts.Setenv("AWS_REGION", "eu-central-1")
	ts.Setenv("AWS_ACCESS_KEY_ID", "AKIAFAKE")
	ts.Setenv("AWS_SECRET_ACCESS_KEY", "made-up")
	ts.Setenv("AWS_EC2_METADATA_DISABLED", "true")
	lookUps := func() string {
		n := 0
		for _, r := range s.Requests() {
			if slices.Contains([]string{"iam:GetAccessKeyLastUsed", "iam:ListAccessKeys"}, r.Action) {
				n++
			}
		}
		return strconv.Itoa(n)
	}
	clouds(ts)["lookups"] = lookUps
}

// clouds keeps what a script may ask of its cloud.
func clouds(ts *testscript.TestScript) map[string]func() string {
	return ts.Value(cloudKey{}).(map[string]func() string)
}

type cloudKey struct{}

// lookedUp is `lookups N`: the cloud was asked so often about keys of single users,
// or about single keys.
func lookedUp(ts *testscript.TestScript, neg bool, args []string) {
	if got := clouds(ts)["lookups"](); (got == args[0]) == neg {
		ts.Fatalf("%s requests about single keys and users, want %s", got, args[0])
	}
}

// cloud is an account of AWS.
func cloud(users int, status string) *fake.Server {
	s := fake.New(cloudAccount)
	set := func(action string, answer fake.Tree) { s.Set(cloudAccount, "", action, answer) }
	rows := []string{"user,arn,user_creation_time,password_enabled,password_last_used,password_last_changed,password_next_rotation,mfa_active," +
		"access_key_1_active,access_key_1_last_rotated,access_key_1_last_used_date,access_key_1_last_used_region,access_key_1_last_used_service," +
		"access_key_2_active,access_key_2_last_rotated,access_key_2_last_used_date,access_key_2_last_used_region,access_key_2_last_used_service," +
		"cert_1_active,cert_1_last_rotated,cert_2_active,cert_2_last_rotated"}
	var list []any
	for i := range users {
		name := fmt.Sprintf("robot-%04d", i)
		arn := "arn:aws:iam::" + cloudAccount + ":user/" + name
		u := fake.Tree{"Path": "/", "UserName": name, "UserId": "AIDA" + strings.ToUpper(name), "Arn": arn, "CreateDate": "2024-01-10T08:00:00Z"}
		if i == 7 {
			u["UserPolicyList"] = []any{fake.Tree{"PolicyName": "all", "PolicyDocument": url.QueryEscape(`{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}`)}}
			u["Tags"] = []any{fake.Tree{"Key": "owner", "Value": "platform@northwind.example"}}
		}
		list = append(list, u)
		rows = append(rows, name+","+arn+",2024-01-10T08:00:00+00:00,false,N/A,N/A,N/A,false,"+strconv.FormatBool(status == "Active")+
			",2024-01-10T08:05:00+00:00,2026-11-20T09:00:00+00:00,eu-central-1,s3,false,N/A,N/A,N/A,N/A,false,N/A,false,N/A")
	}
	set("iam:GetAccountAuthorizationDetails", fake.Tree{"UserDetailList": list})
	set("iam:GenerateCredentialReport", fake.Tree{"State": "COMPLETE"})
	set("iam:GetCredentialReport", fake.Tree{"Content": base64.StdEncoding.EncodeToString([]byte(strings.Join(rows, "\n"))), "ReportFormat": "text/csv", "GeneratedTime": "2026-11-22T10:00:00Z"})
	set("ec2:DescribeRegions", fake.Tree{"regionInfo": []any{fake.Tree{"regionName": "eu-central-1", "optInStatus": "opt-in-not-required"}}})
	if status == "Deleted" {
		return s
	}
	set("iam:GetAccessKeyLastUsed?AccessKeyId="+accessKey(), fake.Tree{
		"UserName": "robot-0007", "AccessKeyLastUsed": fake.Tree{"ServiceName": "s3", "Region": "eu-central-1", "LastUsedDate": "2026-11-20T09:00:00Z"},
	})
	set("iam:ListAccessKeys?UserName=robot-0007", fake.Tree{"AccessKeyMetadata": []any{
		fake.Tree{"UserName": "robot-0007", "AccessKeyId": accessKey(), "Status": status, "CreateDate": "2024-01-10T08:05:00Z"},
	}})
	return s
}
