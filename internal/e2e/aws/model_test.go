//go:build e2e

package aws

import (
	"cmp"
	"compress/gzip"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"maps"
	"math/big"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/muster-nhi/muster/scanners/aws/live"
	"github.com/muster-nhi/muster/scanners/aws/live/wire"
)

// A model is what AWS publishes of one service for its SDKs, as botocore ships it.
type model struct {
	Operations map[string]struct {
		Output struct{ Shape, ResultWrapper string }
	}
	Shapes map[string]*shape
}

type shape struct {
	Type    string
	Members map[string]*member
	Member  *member // of a list
	Key     *member // of a map
	Value   *member
	Payload string
	Enum    []string
	Union   bool // of whose members an answer has one
	Min     float64
	Flat    bool `json:"flattened"`

	TimestampFormat string // of a time: iso8601, or else seconds in JSON
}

type member struct {
	Shape        string
	Location     string
	LocationName string
	Flat         bool `json:"flattened"`
}

// folders are where botocore keeps the model of a service whose prefix in policies
// is another.
func folders() map[string]string {
	return map[string]string{
		"tag": "resourcegroupstaggingapi", "states": "stepfunctions", "bedrock": "bedrock-agent", "bedrock-agentcore": "bedrock-agentcore-control",
		"sso": "sso-admin", "access-analyzer": "accessanalyzer",
	}
}

// models reads the model of each service that is asked.
func models(t testing.TB) map[string]*model {
	t.Helper()
	out := map[string]*model{}
	for _, op := range live.Operations() {
		prefix := op.Service.Prefix
		if out[prefix] != nil {
			continue
		}
		pattern := filepath.Join(environment(t), "lib", "python*", "site-packages", "botocore", "data", cmp.Or(folders()[prefix], prefix), "*", "service-2.json.gz")
		files, err := filepath.Glob(pattern)
		if err != nil || len(files) == 0 {
			t.Fatalf("no model at %s: %v", pattern, err)
		}
		slices.Sort(files)
		f, err := os.Open(files[len(files)-1])
		if err != nil {
			t.Fatal(err)
		}
		z, err := gzip.NewReader(f)
		m := &model{}
		if err == nil {
			err = json.NewDecoder(z).Decode(m)
		}
		if err != nil {
			t.Fatalf("%s: %v", f.Name(), err)
		}
		_ = f.Close()
		out[prefix] = m
	}
	return out
}

// A filler writes an answer in which every field that a model knows has a value.
type filler struct {
	op     wire.Operation
	model  *model
	region string
	home   string // where everything is that says where it is
	path   []string
	index  int // of the item of the list at the top, where there are several
}

const (
	aPolicy   = `{"Version":"2012-10-17","Statement":[{"Sid":"one","Effect":"Allow","Principal":"*","Action":"s3:GetObject","Resource":"*"}]}`
	aTime     = "2026-11-02T09:00:00Z"
	aSecond   = 1793610000
	anAccount = "444455556666"

	sessionKey = "ASIAMUSTERSESSION"
)

// answer returns the whole answer of an operation.
func (f *filler) answer() *answer {
	def := f.model.Operations[f.op.Name]
	a := &answer{status: http.StatusOK, header: map[string]string{}}
	s := f.model.Shapes[def.Output.Shape]
	switch f.op.Service.Protocol {
	case wire.Query, wire.EC2, wire.S3:
		root := &node{name: f.op.Name + "Response"}
		at := root
		if def.Output.ResultWrapper != "" {
			at = &node{name: def.Output.ResultWrapper}
			root.children = []*node{at}
		}
		if s != nil {
			if s.Payload != "" {
				a.body = []byte(aPolicy) // of a bucket
				return a
			}
			f.fillXML(at, s, 0)
		}
		a.body = root.bytes()
	default:
		var out any = map[string]any{}
		if s != nil {
			out = f.fill(s, 0)
		}
		a.body, _ = json.Marshal(out) // maps and strings always can
	}
	return a
}

// left reports whether a field says that there is more, which there is not.
func left(name string) bool {
	return slices.Contains(tokens(), name) || strings.EqualFold(name, "ContinuationToken")
}

const deepest = 8

// names returns the members of a structure that an answer has: all, or one after
// the other of those that exclude each other.
func (f *filler) names(s *shape) []string {
	all := slices.Sorted(maps.Keys(s.Members))
	if !s.Union || len(all) == 0 {
		return all
	}
	if i := slices.Index(all, "x509CertificateData"); i >= 0 { // what an anchor of one's own has
		return all[i : i+1]
	}
	i := f.index % len(all)
	return all[i : i+1]
}

func (f *filler) fill(s *shape, depth int) any {
	switch s.Type {
	case "structure":
		out := map[string]any{}
		for _, name := range f.names(s) {
			m := s.Members[name]
			to := f.model.Shapes[m.Shape]
			if left(name) || depth > deepest || to == nil || m.Location != "" {
				continue
			}
			f.path = append(f.path, name)
			out[cmp.Or(m.LocationName, name)] = f.fill(to, depth+1)
			f.path = f.path[:len(f.path)-1]
		}
		return out
	case "list":
		if depth != 1 {
			return []any{f.fill(f.model.Shapes[s.Member.Shape], depth+1)}
		}
		var out []any
		for f.index = range max(1, several()[f.op.Name]) {
			out = append(out, f.fill(f.model.Shapes[s.Member.Shape], depth+1))
		}
		f.index = 0
		return out
	case "map":
		return map[string]any{f.text(f.model.Shapes[s.Key.Shape]): f.fill(f.model.Shapes[s.Value.Shape], depth+1)}
	case "boolean":
		return f.text(s) == "true"
	case "integer", "long", "double", "float":
		return 7
	case "timestamp":
		if s.TimestampFormat == "iso8601" {
			return aTime
		}
		return aSecond
	default:
		return f.text(s)
	}
}

func (f *filler) fillXML(at *node, s *shape, depth int) {
	switch s.Type {
	case "structure":
		for _, name := range f.names(s) {
			m := s.Members[name]
			to := f.model.Shapes[m.Shape]
			if left(name) || depth > deepest || to == nil {
				continue
			}
			tag := cmp.Or(m.LocationName, name)
			f.path = append(f.path, name)
			if to.Type == "list" && (to.Flat || m.Flat) {
				n := &node{name: tag}
				f.fillXML(n, f.model.Shapes[to.Member.Shape], depth+1)
				at.children = append(at.children, n)
			} else {
				n := &node{name: tag}
				f.fillXML(n, to, depth+1)
				at.children = append(at.children, n)
			}
			f.path = f.path[:len(f.path)-1]
		}
	case "list":
		count := 1
		if depth == 1 {
			count = max(1, several()[f.op.Name])
		}
		for i := range count {
			if depth == 1 {
				f.index = i
			}
			n := &node{name: cmp.Or(s.Member.LocationName, "member")}
			f.fillXML(n, f.model.Shapes[s.Member.Shape], depth+1)
			at.children = append(at.children, n)
		}
	case "map":
		entry, key, value := &node{name: "entry"}, &node{name: cmp.Or(s.Key.LocationName, "key")}, &node{name: cmp.Or(s.Value.LocationName, "value")}
		f.fillXML(key, f.model.Shapes[s.Key.Shape], depth+1)
		f.fillXML(value, f.model.Shapes[s.Value.Shape], depth+1)
		entry.children = []*node{key, value}
		at.children = append(at.children, entry)
	case "integer", "long", "double", "float":
		at.text = "7"
	case "timestamp":
		at.text = cmp.Or(f.chosen(), aTime)
	default:
		at.text = f.text(s)
	}
}

// text is the value of a field that holds a text, or a bool. A few mean something.
func (f *filler) text(s *shape) string {
	name := ""
	if len(f.path) > 0 {
		name = f.path[len(f.path)-1]
	}
	if v := f.chosen(); v != "" {
		return v
	}
	lower := strings.ToLower(name)
	switch {
	case s.Type == "boolean":
		if lower == "istruncated" || lower == "truncated" {
			return "false"
		}
		return "true"
	case strings.HasSuffix(lower, "policydocument"), lower == "policy", lower == "inlinepolicy", lower == "resourcepolicy", lower == "sessionpolicy", name == "Document", name == "Content":
		if f.op.Service.Prefix == "iam" {
			return url.QueryEscape(aPolicy)
		}
		return aPolicy
	case len(s.Enum) > 0:
		return s.Enum[0]
	case strings.HasSuffix(lower, "rolearn"), lower == "role":
		return "arn:aws:iam::" + northwind + ":role/runner"
	case strings.HasSuffix(lower, "arn"), strings.HasSuffix(lower, "arns"):
		return fmt.Sprintf("arn:aws:%s:%s:%s:%s/one", f.op.Service.Prefix, f.region, northwind, lower)
	case strings.HasSuffix(lower, "accountid"), lower == "account", lower == "owneraccount", lower == "accountids":
		return anAccount
	case strings.Contains(lower, "url"), lower == "issuer", lower == "location":
		return "https://one.northwind.example"
	default:
		value := lower + "-one"
		return value + strings.Repeat("x", max(0, int(s.Min)-len(value)))
	}
}

// chosen is the value of a field that means something.
func (f *filler) chosen() string {
	if len(f.path) == 0 {
		return ""
	}
	some := strings.Split(f.special()[f.op.Name+" "+f.path[len(f.path)-1]], "|")
	return some[f.index%len(some)]
}

// several says of which operations the list at the top has more than one item.
func several() map[string]int {
	return map[string]int{"ListAccounts": 2, "ListAccountsForParent": 2, "ListTargetsForPolicy": 3, "ListAccountAssignments": 2, "GetResources": 5, "GetFindingV2": 8, "ListAccessKeys": 2}
}

// special are values without which the reader would not go on, by operation and
// field. Where a list has several items, they are parted by |.
func (f *filler) special() map[string]string {
	arn := func(service, resource string) string {
		return fmt.Sprintf("arn:aws:%s:%s:%s:%s", service, f.region, northwind, resource)
	}
	tagged := []string{
		arn("kms", "key/keyid-one"), arn("ssm", "parameter/one"), arn("acm", "certificate/one"), arn("transfer", "user/s-1/one"),
		arn("codeconnections", "connection/one"),
	}
	return map[string]string{
		"GetCallerIdentity Account": northwind, "GetCallerIdentity Arn": "arn:aws:iam::" + northwind + ":user/auditor",
		"DescribeRegions RegionName": f.region, "DescribeRegions OptInStatus": "opt-in-not-required",

		"GenerateCredentialReport State": "COMPLETE", "GetCredentialReport Content": base64.StdEncoding.EncodeToString([]byte(report())),
		"GetServiceLastAccessedDetails JobStatus": "COMPLETED", "GetAccountAuthorizationDetails Arn": "arn:aws:iam::" + northwind + ":user/one",
		"ListAccessKeys AccessKeyId": "AKIAMUSTERFIRST1|AKIAMUSTERSECOND", "AssumeRole AccessKeyId": sessionKey, "ListAccessKeys CreateDate": aTime + "|2026-11-03T08:00:00Z",
		"ListSigningCertificates CertificateBody": certificate(), "ListTrustAnchors x509CertificateData": certificate(),
		"LookupEvents EventName": "CreateUser", "LookupEvents CloudTrailEvent": `{"userIdentity":{"type":"IAMUser","arn":"arn:aws:iam::` + northwind +
			`:user/ada"},"responseElements":{"user":{"arn":"arn:aws:iam::` + northwind + `:user/one"}}}`,

		"ListAccounts Id": northwind + "|" + anAccount, "ListAccountsForParent Id": northwind + "|" + anAccount,
		"ListAccounts State": "ACTIVE", "ListAccounts Status": "ACTIVE", "DescribeOrganization MasterAccountId": northwind,
		"ListRoots Id": "r-root", "ListOrganizationalUnitsForParent Id": "ou-one",
		"ListTargetsForPolicy TargetId": anAccount + "|ou-one|r-root", "ListTargetsForPolicy Type": "ACCOUNT|ORGANIZATIONAL_UNIT|ROOT",

		"ListInstances OwnerAccountId": northwind, "ListInstances Status": "ACTIVE", "DescribePermissionSet SessionDuration": "PT8H",
		"ListPermissionSets PermissionSets":    "arn:aws:sso:::permissionSet/ssoins-1/ps-1",
		"ListAccountAssignments PrincipalType": "USER|GROUP", "ListAccountAssignments PrincipalId": "userid-one|groupid-one",

		"ListKeys KeyArn": tagged[0], "ListAliases AliasName": "alias/one", "ListAliases TargetKeyId": "keyid-one",
		"DescribeKey KeyManager": "CUSTOMER", "DescribeKey KeySpec": "SYMMETRIC_DEFAULT", "DescribeKey Origin": "AWS_KMS", "DescribeKey KeyState": "Enabled",

		"DescribeParameters Type": "SecureString", "DescribeParameters ARN": tagged[1],
		"DescribeParameters PolicyType": "Expiration", "DescribeParameters PolicyText": `{"Type":"Expiration","Attributes":{"Timestamp":"` + aTime + `"}}`,
		"ListCertificates CertificateArn": tagged[2], "ListUsers Arn": tagged[3], "ListConnections ConnectionArn": tagged[4],
		"GetResources ResourceARN": strings.Join(tagged, "|"), "ListBuckets BucketRegion": f.home,
		"ListSourceCredentials resource": arn("secretsmanager", "secret:pipeline"),

		"ListAnalyzers type": "ACCOUNT_UNUSED_ACCESS", "ListAnalyzers status": "ACTIVE", "ListFindingsV2 resourceOwnerAccount": northwind,
		"ListFindingsV2 findingType": "UnusedIAMRole",
	}
}

// report is a credential report. AWS has no information on the last use of the
// user's key.
func report() string {
	return "user,arn,user_creation_time,password_enabled,password_last_used,password_last_changed,password_next_rotation,mfa_active," +
		"access_key_1_active,access_key_1_last_rotated,access_key_1_last_used_date,access_key_1_last_used_region,access_key_1_last_used_service," +
		"access_key_2_active,access_key_2_last_rotated,access_key_2_last_used_date,access_key_2_last_used_region,access_key_2_last_used_service," +
		"cert_1_active,cert_1_last_rotated,cert_2_active,cert_2_last_rotated\n" +
		"<root_account>,arn:aws:iam::" + northwind + ":root," + aTime + ",not_supported," + aTime + ",not_supported,not_supported,true," +
		"true," + aTime + "," + aTime + ",us-east-1,s3,false,N/A,N/A,N/A,N/A,true," + aTime + ",false,N/A\n" +
		"username-one,arn:aws:iam::" + northwind + ":user/one," + aTime + ",true," + aTime + "," + aTime + ",N/A,true," +
		"true," + aTime + ",no_information,N/A,N/A,false,N/A,N/A,N/A,N/A,true," + aTime + ",false,N/A\n"
}

// certificate returns a certificate that signed itself, in PEM.
func certificate() string {
	key := ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize))
	at := time.Date(2026, 11, 2, 9, 0, 0, 0, time.UTC)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(7), Subject: pkix.Name{CommonName: "robots.northwind.example"}, DNSNames: []string{"robots.northwind.example"},
		NotBefore: at, NotAfter: at.AddDate(1, 0, 0), IsCA: true, BasicConstraintsValid: true,
	}
	data, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return ""
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: data}))
}
