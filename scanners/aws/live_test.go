package aws

import (
	"bytes"
	"context"
	"encoding/base64"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/muster-nhi/muster/scanners"
	"github.com/muster-nhi/muster/scanners/aws/live/fake"
	"github.com/muster-nhi/muster/scanners/scannertest"
)

const region = "eu-central-1"

func regional(service, rest string) string {
	return "arn:aws:" + service + ":" + region + ":" + account + ":" + rest
}

// served is the account of Northwind Robotics over the API of AWS, on pages of two.
func served() *fake.Server {
	s := fake.New(account)
	s.Page = 2
	s.Date = time.Date(2026, 11, 2, 9, 30, 0, 0, time.UTC)
	user := func(name string, more fake.Tree) fake.Tree {
		out := fake.Tree{"Path": "/", "UserName": name, "UserId": "AIDA" + strings.ToUpper(name), "Arn": iamARN("user/" + name), "CreateDate": "2024-01-10T08:00:00Z"}
		maps.Copy(out, more)
		return out
	}
	role := func(name, principal string, policies ...any) fake.Tree {
		return fake.Tree{
			"Path": "/", "RoleName": name, "RoleId": "AROA" + strings.ToUpper(name), "Arn": iamARN("role/" + name), "CreateDate": "2024-01-10T08:00:00Z", "RolePolicyList": policies,
			"AssumeRolePolicyDocument": url.QueryEscape(`{"Version":"2012-10-17","Statement":[` + trusts(principal, "") + `]}`),
			"RoleLastUsed":             fake.Tree{"LastUsedDate": "2026-10-30T11:00:00Z", "Region": region},
		}
	}
	inline := func(name, actions string) fake.Tree {
		return fake.Tree{"PolicyName": name, "PolicyDocument": url.QueryEscape(`{"Version":"2012-10-17","Statement":[` + allow(actions, `"*"`) + `]}`)}
	}
	s.Set(account, "", "iam:GetAccountAuthorizationDetails", fake.Tree{
		"UserDetailList": []any{
			user("deploy", fake.Tree{"UserPolicyList": []any{inline("start", `["iam:PassRole","lambda:CreateFunction","lambda:InvokeFunction"]`)}, "Tags": []any{fake.Tree{"Key": "team", "Value": "platform"}}}),
			user("dana", fake.Tree{"GroupList": []any{"readers"}}),
			user("sync", nil),
		},
		"GroupDetailList": []any{fake.Tree{"Path": "/", "GroupName": "readers", "GroupId": "AGPAR", "Arn": iamARN("group/readers"), "CreateDate": "2024-01-09T08:00:00Z", "GroupPolicyList": []any{inline("maps", `"s3:GetObject"`)}}},
		"RoleDetailList": []any{
			role("orders", `{"Service":"lambda.amazonaws.com"}`, inline("all", `"*"`)), role("pods", `{"Service":"pods.eks.amazonaws.com"}`),
			role("vendor", `{"AWS":"arn:aws:iam::999988887777:root"}`, inline("read", `"secretsmanager:GetSecretValue"`)),
		},
	})
	keys := func(name, rest string) {
		s.Set(account, "", "iam:ListAccessKeys?UserName="+name, fake.Tree{"AccessKeyMetadata": []any{fake.Tree{"UserName": name, "AccessKeyId": keyOf(rest), "Status": "Active", "CreateDate": "2024-01-10T08:05:00Z"}}})
	}
	keys("deploy", "NORTHWINDDEPLOY1")
	keys("sync", "NORTHWINDSYNC001")
	s.Set(account, "", "iam:GetAccessKeyLastUsed?AccessKeyId="+leakedKey(), fake.Tree{"UserName": "dana", "AccessKeyLastUsed": fake.Tree{"ServiceName": "N/A", "Region": "N/A"}})
	s.Set(account, "", "iam:ListAccessKeys?UserName=dana", fake.Tree{"AccessKeyMetadata": []any{fake.Tree{"UserName": "dana", "AccessKeyId": leakedKey(), "Status": "Active", "CreateDate": "2026-11-02T08:00:00Z"}}})
	row := func(name, arn, password, mfa, active, used string) string {
		return name + "," + arn + ",2024-01-10T08:00:00+00:00," + password + ",N/A,N/A,N/A," + mfa + "," + active + "," + used + ",false,N/A,N/A,N/A,N/A,false,N/A,false,N/A"
	}
	csv := strings.Join([]string{
		"user,arn,user_creation_time,password_enabled,password_last_used,password_last_changed,password_next_rotation,mfa_active,access_key_1_active,access_key_1_last_rotated,access_key_1_last_used_date,access_key_1_last_used_region,access_key_1_last_used_service,access_key_2_active,access_key_2_last_rotated,access_key_2_last_used_date,access_key_2_last_used_region,access_key_2_last_used_service,cert_1_active,cert_1_last_rotated,cert_2_active,cert_2_last_rotated",
		row("<root_account>", iamARN("root"), "not_supported", "true", "false", "N/A,N/A,N/A,N/A"),
		row("deploy", iamARN("user/deploy"), "false", "false", "true", "2024-01-10T08:05:00+00:00,2026-11-01T22:15:00+00:00,"+region+",s3"),
		row("dana", iamARN("user/dana"), "true", "true", "false", "N/A,N/A,N/A,N/A"),
		row("sync", iamARN("user/sync"), "false", "false", "true", "2024-01-10T08:05:00+00:00,N/A,N/A,N/A"),
	}, "\n")
	s.Set(account, "", "iam:GenerateCredentialReport", fake.Tree{"State": "COMPLETE"})
	s.Set(account, "", "iam:GetCredentialReport", fake.Tree{"Content": base64.StdEncoding.EncodeToString([]byte(csv)), "ReportFormat": "text/csv", "GeneratedTime": "2026-11-02T06:00:00Z"})
	s.Set(account, "", "iam:ListAccountAliases", fake.Tree{"AccountAliases": []any{"northwind"}})
	s.Set(account, "", "iam:GetAccountSummary", fake.Tree{"SummaryMap": fake.Entries{"AccountMFAEnabled": 1, "AccountAccessKeysPresent": 0, "Users": 3}})
	s.Set(account, "", "ec2:DescribeRegions", fake.Tree{"regionInfo": []any{fake.Tree{"regionName": region, "optInStatus": "opt-in-not-required"}}})
	servedRegion(s)
	return s
}

// servedRegion adds what a region has.
func servedRegion(s *fake.Server) {
	var secrets []any
	for _, name := range []string{"db", "mail", "pay"} {
		secrets = append(secrets, fake.Tree{"ARN": regional("secretsmanager", "secret:"+name+"-AbCdEf"), "Name": name, "CreatedDate": 1704067200.0, "LastChangedDate": 1735689600.0, "RotationEnabled": false})
		s.Set(account, region, "secretsmanager:GetResourcePolicy?SecretId="+regional("secretsmanager", "secret:"+name+"-AbCdEf"), fake.Tree{"ARN": regional("secretsmanager", "secret:"+name+"-AbCdEf"), "Name": name})
	}
	s.Set(account, region, "secretsmanager:ListSecrets", fake.Tree{"SecretList": secrets})
	s.Set(account, region, "ssm:DescribeParameters", fake.Tree{"Parameters": []any{fake.Tree{"Name": "/app/token", "ARN": regional("ssm", "parameter/app/token"), "Type": "SecureString", "Version": 1, "LastModifiedDate": 1704067200.0}}})
	s.Set(account, region, "acm:ListCertificates", fake.Tree{"CertificateSummaryList": []any{fake.Tree{"CertificateArn": regional("acm", "certificate/c-1"), "DomainName": "northwind.example", "Type": "IMPORTED", "Status": "ISSUED", "NotAfter": 1798761600.0}}})
	s.Set(account, region, "lambda:ListFunctions", fake.Tree{"Functions": []any{fake.Tree{
		"FunctionArn": regional("lambda", "function:orders"), "FunctionName": "orders", "Role": iamARN("role/orders"), "State": "Active",
		"Environment": fake.Tree{"Variables": fake.Tree{"DB_PASSWORD": canary(), "DB_HOST": "db"}},
	}}})
}

// leakedKey is the id of a key that was made after the credential report and lies
// about somewhere. It says that it is of the account, and ends like the ids that
// AWS prints in its documents, so that no scanner of the records takes it for one.
func leakedKey() string { return keyOf("RTX3GSDSQ" + "EXAMPLE") }

// canary is the value of a secret that AWS answers beside what is wanted.
func canary() string { return "nw" + strings.Repeat("7Kq", 5) + "canary" }

// alone keeps the configuration of this machine out of a test.
func alone(t *testing.T) {
	t.Helper()
	none := filepath.Join(t.TempDir(), "none")
	for name, value := range map[string]string{
		"AWS_CONFIG_FILE": none, "AWS_SHARED_CREDENTIALS_FILE": none, "AWS_EC2_METADATA_DISABLED": "true", "AWS_PROFILE": "", "AWS_REGION": region, "AWS_DEFAULT_REGION": "",
		"AWS_ENDPOINT_URL": "", "AWS_ACCESS_KEY_ID": "AKIAFAKE", "AWS_SECRET_ACCESS_KEY": secretKey(), "AWS_SESSION_TOKEN": "", "AWS_CA_BUNDLE": "",
	} {
		t.Setenv(name, value)
	}
}

func secretKey() string { return "made-up-" + strings.Repeat("xY3", 8) }

// A namer tells by which call and in which region a request is.
type namer struct {
	mu     sync.Mutex
	last   string
	server *fake.Server
}

func newNamer() *namer {
	n := &namer{server: fake.New(account)}
	n.server.Front = func(_ http.ResponseWriter, r fake.Request) bool {
		n.last = r.Action + " " + r.Region
		for _, key := range []string{"UserName", "SecretId"} {
			if v := r.Values.Get(key); v != "" {
				n.last += " " + lastPart(v)
			}
		}
		return true
	}
	return n
}

func (n *namer) listing(r *http.Request) string {
	n.mu.Lock()
	defer n.mu.Unlock()
	body := bodyOf(r)
	again := r.Clone(context.Background())
	again.Body = io.NopCloser(bytes.NewReader(body))
	n.server.ServeHTTP(httptest.NewRecorder(), again)
	return n.last
}

// bodyOf reads the body of a request and puts it back.
func bodyOf(r *http.Request) []byte {
	if r.Body == nil {
		return nil
	}
	body, _ := io.ReadAll(r.Body)
	r.Body = io.NopCloser(bytes.NewReader(body))
	return body
}

// paged reports whether a request is for a further page.
func paged(r *http.Request) bool {
	body := string(bodyOf(r))
	return strings.Contains(body, "Marker=") || strings.Contains(body, "Token=") || strings.Contains(body, "Token\":") || strings.Contains(r.URL.RawQuery, "arker=")
}

// after says what has to be read before something else can be.
func after() map[string]string {
	out := map[string]string{}
	home := func(call string) string { return call + " us-east-1" }
	first := "sts:GetCallerIdentity " + region
	for _, p := range permissions() {
		for _, at := range []string{region, "us-east-1"} {
			if call := p + " " + at; call != first {
				out[call] = first
			}
		}
	}
	out[home("iam:GetCredentialReport")] = home("iam:GenerateCredentialReport")
	for _, user := range []string{"deploy", "sync", "dana"} {
		for _, call := range []string{"iam:ListAccessKeys", "iam:GetAccessKeyLastUsed", "iam:ListSSHPublicKeys", "iam:ListSigningCertificates"} {
			out[home(call)+" "+user] = home("iam:GetCredentialReport")
		}
	}
	out[home("iam:ListAccessKeys")+" dana"] = home("iam:GetAccessKeyLastUsed") // whose key lies about
	out["lambda:GetPolicy "+region] = "lambda:ListFunctions " + region
	for _, secret := range []string{"db", "mail", "pay"} {
		out["secretsmanager:GetResourcePolicy "+region+" "+secret+"-AbCdEf"] = "secretsmanager:ListSecrets " + region
	}
	return out
}

// TestConformance scans an account over a server in memory. Nobody waits between
// attempts.
func TestConformance(t *testing.T) {
	alone(t)
	n := newNamer()
	scannertest.Run(t, scannertest.Suite{
		Factory: scanners.Define(info(), Config{}, func(env scanners.Env, c Config) (scanners.Scanner, error) {
			return openWith(env, c, 1, func(ctx context.Context, _ time.Duration) error { return ctx.Err() })
		}),
		Config:    map[string]any{"endpoint": "http://aws.northwind.example", "region": region, "key_ids": []string{leakedKey()}},
		Golden:    "testdata/live.jsonl",
		Transport: scannertest.Serve(served()),
		Reads:     func(*http.Request) bool { return true }, // the fake knows no call that changes anything but the report
		Paged:     paged,
		Listing:   n.listing,
		After:     after(),
		Canaries:  []string{canary(), secretKey()},
		Denied: func(r *http.Request) *http.Response {
			w := httptest.NewRecorder()
			call, _, _ := strings.Cut(n.listing(r), " ")
			fake.Refuse(w, call, http.StatusForbidden, "AccessDenied", "User is not authorized to perform: "+call)
			return w.Result()
		},
	})
}
