package live_test

import (
	"fmt"
	"net/url"
	"runtime"
	"strings"
	"testing"

	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/scanners/aws/live/fake"
)

// TestLargeAccountIsCheap reads 1,000 users with keys, 2,000 roles and 500 secrets
// of one region with at most 60 requests, and says what it left out for that.
func TestLargeAccountIsCheap(t *testing.T) {
	s := large(1000, 2000, 500)
	e := read(t, options(t, s))
	a := e.Accounts[0]
	if len(a.Users) != 1000 || len(a.Roles) != 2000 || len(a.Secrets) != 500 {
		t.Fatalf("%d users, %d roles, %d secrets", len(a.Users), len(a.Roles), len(a.Secrets))
	}
	if n := len(s.Requests()); n > 60 {
		by := map[string]int{}
		for _, r := range s.Requests() {
			by[r.Action]++
		}
		t.Errorf("%d requests: %v", n, by)
	}
	for _, call := range []string{"iam:ListAccessKeys", "iam:ListSSHPublicKeys"} {
		if l := listingOf(a, call, ""); l.Status != inventory.StatusSkipped || !strings.Contains(l.Reason, "1000") {
			t.Errorf("%s: %+v", call, l)
		}
	}
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	if m.HeapAlloc > 150<<20 {
		t.Errorf("%d MB are in use after the reading", m.HeapAlloc>>20)
	}
	runtime.KeepAlive(e)
}

// large is an account of one region.
func large(users, roles, secrets int) *fake.Server {
	s := fake.New(account)
	s.Set(account, "", "ec2:DescribeRegions", fake.Tree{"regionInfo": []any{fake.Tree{"regionName": us, "optInStatus": "opt-in-not-required"}}})
	var u, r, x []any
	rows := []string{reportHead()}
	for i := range users {
		name := fmt.Sprintf("user-%04d", i)
		u = append(u, fake.Tree{
			"Path": "/", "UserName": name, "UserId": "AIDA" + name, "Arn": arn("iam", "", "user/"+name), "CreateDate": "2024-01-10T08:00:00Z",
			"UserPolicyList": []any{fake.Tree{"PolicyName": "own", "PolicyDocument": url.QueryEscape(strings.ReplaceAll(readBucket, "maps", name))}},
		})
		rows = append(rows, reportRow(name))
	}
	for i := range roles {
		name := fmt.Sprintf("role-%04d", i)
		r = append(r, fake.Tree{
			"Path": "/", "RoleName": name, "RoleId": "AROA" + name, "Arn": arn("iam", "", "role/"+name), "CreateDate": "2024-01-10T08:00:00Z",
			"AssumeRolePolicyDocument": url.QueryEscape(trustLambda), "RoleLastUsed": fake.Tree{},
			"RolePolicyList": []any{fake.Tree{"PolicyName": "own", "PolicyDocument": url.QueryEscape(strings.ReplaceAll(readBucket, "maps", name))}},
		})
	}
	for i := range secrets {
		name := fmt.Sprintf("secret-%04d", i)
		x = append(x, fake.Tree{"ARN": arn("secretsmanager", us, "secret:"+name), "Name": name, "CreatedDate": 1700000000})
	}
	s.Set(account, "", "iam:GetAccountAuthorizationDetails", fake.Tree{"UserDetailList": u, "RoleDetailList": r})
	s.Set(account, "", "secretsmanager:ListSecrets", fake.Tree{"SecretList": x})
	setReport(s, rows)
	return s
}
