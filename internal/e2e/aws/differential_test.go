//go:build e2e

package aws

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/muster-nhi/muster/scanners/aws/live"
	"github.com/muster-nhi/muster/scanners/aws/object"
)

// A script is a carrier that answers every request in place of AWS, each with all
// that the models know, and keeps what was asked.
type script struct {
	models map[string]*model
	home   string
	proxy  *proxy // tells which call a request is

	mu   sync.Mutex
	sent []sent
}

// A sent request, as differential.py compares it.
type sent struct {
	Service   string      `json:"service"` // the folder of its model
	Operation string      `json:"operation"`
	Region    string      `json:"region"`
	Method    string      `json:"method"`
	URL       string      `json:"url"`
	Header    http.Header `json:"header"`
	Body      string      `json:"body"`
	Answer    string      `json:"answer"`
}

// RoundTrip answers.
func (s *script) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Body == nil {
		r.Body = http.NoBody
	}
	c, err := s.proxy.understand(r)
	if err != nil {
		return nil, err
	}
	f := &filler{op: c.op, model: s.models[c.op.Service.Prefix], region: c.region, home: s.home}
	a := f.answer()
	folder := c.op.Service.Prefix
	if x := folders()[folder]; x != "" {
		folder = x
	}
	s.mu.Lock()
	s.sent = append(s.sent, sent{
		Service: folder, Operation: c.op.Name, Region: c.region, Method: r.Method, URL: r.URL.String(), Header: r.Header, Body: string(c.body), Answer: string(a.body),
	})
	s.mu.Unlock()
	return &http.Response{StatusCode: a.status, Header: http.Header{}, Body: io.NopCloser(bytes.NewReader(a.body)), Request: r}, nil
}

// scripted reads everything there is in a region of a partition, with all that can
// be switched on.
func scripted(t *testing.T, region string) (*object.Estate, *script, live.Options) {
	t.Helper()
	s := &script{models: models(t), home: region, proxy: &proxy{accounts: map[string]string{callerKey: northwind, sessionKey: anAccount}}}
	o := live.Options{
		Region: region, Regions: []string{region}, Credentials: given(), Now: func() time.Time { return time.Date(2026, 11, 3, 9, 0, 0, 0, time.UTC) },
		Sleep: noWait, Random: func() float64 { return 0.5 }, Wrap: func(http.RoundTripper) http.RoundTripper { return s },
		Organization: true, Role: "muster", ExternalID: "northwind", AccessAdvisor: true, Creators: true, Details: live.DetailsAll,
	}
	for _, name := range []string{"AWS_ENDPOINT_URL", "AWS_PROFILE", "AWS_USE_FIPS_ENDPOINT", "AWS_USE_DUALSTACK_ENDPOINT"} {
		t.Setenv(name, "")
	}
	for _, name := range []string{"AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"} {
		t.Setenv(name, filepath.Join(t.TempDir(), "none"))
	}
	return read(t, o), s, o
}

// TestE2EModels answers every call with every field that AWS's models know. Each
// permission has to be used then, nothing may be asked that is not in the policy,
// and no field of what is read may stay empty but those that are explained: the
// reader looks for it under a name that AWS does not send. Then botocore, whose
// models these are, says whether it would have sent the same requests.
func TestE2EModels(t *testing.T) {
	e, s, o := scripted(t, region)
	t.Run("permissions", func(t *testing.T) {
		want, got := map[string]bool{}, map[string]bool{}
		for _, x := range live.Permissions(o) {
			want[x.Action] = true
		}
		for _, x := range s.sent {
			for _, op := range live.Operations() {
				prefix := op.Service.Prefix
				if f := folders()[prefix]; f != "" {
					prefix = f
				}
				if prefix == x.Service && op.Name == x.Operation {
					got[permission(&call{action: op.Action()})] = true
				}
			}
		}
		delete(got, "sts:GetCallerIdentity") // takes none
		for a := range got {
			if !want[a] {
				t.Errorf("%s is asked and is not in the policy", a)
			}
		}
		for a := range want {
			if !got[a] {
				t.Errorf("%s is in the policy and never asked", a)
			}
		}
	})
	t.Run("listings", func(t *testing.T) {
		for what, l := range bad(e) {
			if !explainedListing(l) {
				t.Errorf("%s: %s: %s", what, l.Status, l.Reason)
			}
		}
	})
	t.Run("fields", func(t *testing.T) {
		seen := map[string]bool{}
		for _, a := range e.Accounts {
			note(seen, reflect.ValueOf(*a), "Account")
		}
		if e.Organization != nil {
			note(seen, reflect.ValueOf(*e.Organization), "Organization")
		}
		var empty []string
		for field, filled := range seen {
			if !filled && explained()[field] == "" {
				empty = append(empty, field)
			}
		}
		slices.Sort(empty)
		for _, field := range empty {
			t.Errorf("%s is empty though AWS's answer had everything", field)
		}
		t.Logf("%d fields were looked at", len(seen))
	})
	for _, at := range []string{region, "cn-northwest-1", "us-gov-east-1"} {
		t.Run(at, func(t *testing.T) {
			if at != region {
				_, s, _ = scripted(t, at)
			}
			botocoreAgrees(t, s)
		})
	}
}

// note says of each field whether it was ever filled.
func note(seen map[string]bool, v reflect.Value, name string) {
	if v.Kind() == reflect.Pointer && !v.IsNil() {
		note(seen, v.Elem(), name)
	}
	if v.Kind() == reflect.Slice {
		for i := range v.Len() {
			note(seen, v.Index(i), name)
		}
	}
	if v.Kind() != reflect.Struct || !strings.HasSuffix(v.Type().PkgPath(), "/object") {
		return
	}
	for i := range v.NumField() {
		field := v.Type().Name() + "." + v.Type().Field(i).Name
		seen[field] = seen[field] || !v.Field(i).IsZero()
		note(seen, v.Field(i), field)
	}
}

// botocoreAgrees has botocore make the same calls.
func botocoreAgrees(t *testing.T, s *script) {
	t.Helper()
	var in bytes.Buffer
	once := map[string]bool{}
	slices.SortStableFunc(s.sent, func(a, b sent) int { return strings.Compare(a.Service, b.Service) })
	for _, x := range s.sent {
		key := x.Service + " " + x.Operation + " " + x.URL + " " + x.Body
		if once[key] {
			continue
		}
		once[key] = true
		data, err := json.Marshal(x)
		if err != nil {
			t.Fatal(err)
		}
		in.Write(append(data, '\n'))
	}
	cmd := exec.CommandContext(t.Context(), filepath.Join(environment(t), "bin", "python"), filepath.Join("moto", "differential.py"))
	cmd.Stdin, cmd.Env = &in, []string{"PATH=" + os.Getenv("PATH"), "AWS_EC2_METADATA_DISABLED=true"} // botocore reads no configuration of this machine

	var problems bytes.Buffer
	cmd.Stderr = &problems
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v: %s", err, problems.Bytes())
	}
	var said struct {
		Compared int
		Problems []string
	}
	if err := json.Unmarshal(out, &said); err != nil {
		t.Fatal(err)
	}
	for _, p := range said.Problems {
		t.Error(p)
	}
	t.Logf("%d requests were compared", said.Compared)
	if said.Compared < len(once) || len(once) < 100 {
		t.Errorf("%d of %d requests were compared", said.Compared, len(once))
	}
}

// explained are the fields that no answer fills.
func explained() map[string]string {
	fault, export, never := "only where something is at fault", "only in saved files", "AWS tells it for one at a time only, which is not asked"
	return map[string]string{
		"Account.Notes": fault, "Listing.Reason": fault, "Listing.Broken": fault, "Listing.Again": fault, "Policy.Problem": fault,
		"User.PoliciesUnread": export, "Role.PoliciesUnread": export, "Role.Description": export, "Role.MaxSession": export,
		"Account.Chosen": "only where regions are left out by choice", "Account.Sought": "only where keys lie about", "Account.SoughtAll": "only where keys lie about",
		"Account.SoughtProblems": "only where keys lie about", "PermissionSet.Tags": never,
		"Account.Tags": never, "WorkloadIdentity.CreatedAt": never, "WorkloadIdentity.UpdatedAt": never, "WorkloadIdentity.ReturnURLs": never,
		"Connection.ExpiresAt": never, "Delegation.ARN": "the model has none",
		"Root.PasswordEnabled": "the report says not_supported",
	}
}

func explainedListing(l object.Listing) bool {
	return strings.HasPrefix(fmt.Sprint(l.Call, " ", l.Region), "ec2:DescribeRegions ")
}
