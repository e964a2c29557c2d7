package live_test

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/google/go-cmp/cmp"

	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/scanners/aws/live"
	"github.com/muster-nhi/muster/scanners/aws/live/fake"
	"github.com/muster-nhi/muster/scanners/aws/object"
)

// TestThrottledScanIsTheSame refuses three of ten requests in all the ways that AWS
// does, and wants the same estate with bounded extra calls.
func TestThrottledScanIsTheSame(t *testing.T) {
	calm := everything(t)
	want := dump(t, read(t, allOptions(t, calm)))
	s := everything(t)
	var mu sync.Mutex
	attempts := map[string]int{}
	s.Front = func(w http.ResponseWriter, r fake.Request) bool {
		key := r.Account + r.Action + r.Region + r.Values.Encode()
		mu.Lock()
		attempts[key]++
		sum := fnv.New32a()
		fmt.Fprint(sum, key, attempts[key])
		mu.Unlock()
		switch sum.Sum32() % 10 { // the same requests in each run, whatever order they come in
		case 3:
			fake.Refuse(w, r.Action, http.StatusBadRequest, "Throttling", "Rate exceeded")
		case 6:
			w.Header().Set("Retry-After", "2")
			fake.Refuse(w, r.Action, http.StatusTooManyRequests, "TooManyRequestsException", "slow down")
		case 9:
			w.WriteHeader(http.StatusInternalServerError)
			fmt.Fprint(w, "<html><body><h1>Internal error</h1></body></html>")
		default:
			return false
		}
		return true
	}
	o := allOptions(t, s)
	o.Parallel, o.SideBySide = 1, 1 // what waits side by side would be added up by the clock
	got := dump(t, read(t, o))
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Error("the estate (-calm +throttled):\n", diff)
	}
	if a, b := len(calm.Requests()), len(s.Requests()); b > 2*a {
		t.Errorf("%d requests instead of %d", b, a)
	}
}

// TestPagesThatGoWrong looks for an end, a reason and what was read before.
func TestPagesThatGoWrong(t *testing.T) {
	page := func(token, more string) string {
		return `{"SecretList":[{"ARN":"arn:aws:secretsmanager:eu-central-1:111122223333:secret:a","Name":"a"}]` + token + more + `}`
	}
	for name, c := range map[string]struct {
		answer, reason string
		count          int
	}{
		"the same token again": {page(`,"NextToken":"t"`, ""), "circles", 2},
		"cut in the middle":    {`{"SecretList":[{"ARN":"arn:aws`, "form", 0},
		"empty for ever":       {`{"SecretList":[],"NextToken":"%d"}`, "empty", 0},
		"a page of a proxy":    {`<html>please sign in</html>`, "form", 0},
	} {
		t.Run(name, func(t *testing.T) {
			s := northwind()
			var n atomic.Int64
			s.Front = func(w http.ResponseWriter, r fake.Request) bool {
				if r.Action != "secretsmanager:ListSecrets" || r.Region != eu {
					return false
				}
				fmt.Fprint(w, strings.ReplaceAll(c.answer, "%d", fmt.Sprint(n.Add(1))))
				return true
			}
			a := read(t, options(t, s)).Accounts[0]
			l := listingOf(a, "secretsmanager:ListSecrets", eu)
			if l.Status != inventory.StatusPartial || !strings.Contains(l.Reason, c.reason) || l.Count != c.count {
				t.Errorf("the listing is %+v", l)
			}
			if n := len(s.Requests()); n > 400 {
				t.Errorf("it took %d requests", n)
			}
		})
	}
}

// TestTruncatedWithoutToken is IAM's way to go wrong.
func TestTruncatedWithoutToken(t *testing.T) {
	s := northwind()
	s.Front = func(w http.ResponseWriter, r fake.Request) bool {
		if r.Action != "iam:ListServerCertificates" {
			return false
		}
		fmt.Fprint(w, "<ListServerCertificatesResponse><ListServerCertificatesResult><IsTruncated>true</IsTruncated></ListServerCertificatesResult></ListServerCertificatesResponse>")
		return true
	}
	l := listingOf(read(t, options(t, s)).Accounts[0], "iam:ListServerCertificates", "")
	if l.Status != inventory.StatusPartial || !strings.Contains(l.Reason, "no token") {
		t.Errorf("the listing is %+v", l)
	}
}

// TestCredentialsThatExpire lets a session end in the middle, once with new ones to
// be had and once without.
func TestCredentialsThatExpire(t *testing.T) {
	for name, c := range map[string]struct {
		renews bool
		status inventory.Status
	}{"renewed": {true, inventory.StatusComplete}, "for good": {false, inventory.StatusPartial}} {
		t.Run(name, func(t *testing.T) {
			s := everything(t)
			s.Page = 1
			s.Keys["AKIANEW"], s.Caller["AKIANEW"] = account, arn("iam", "", "user/auditor")
			var expired atomic.Bool
			s.Front = func(w http.ResponseWriter, r fake.Request) bool {
				if r.Action == "secretsmanager:ListSecrets" && r.Values.Get("NextToken") != "" {
					expired.Store(true)
				}
				if expired.Load() && r.Key == "AKIAFAKE" {
					fake.Refuse(w, r.Action, http.StatusBadRequest, "ExpiredTokenException", "The security token included in the request is expired")
					return true
				}
				return false
			}
			o := options(t, s)
			o.Credentials = aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
				key := "AKIAFAKE"
				if c.renews && expired.Load() {
					key = "AKIANEW"
				}
				return aws.Credentials{AccessKeyID: key, SecretAccessKey: "made-up", CanExpire: true, Expires: time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)}, nil
			})
			l := listingOf(read(t, o).Accounts[0], "secretsmanager:ListSecrets", eu)
			if l.Status != c.status || c.status == inventory.StatusPartial && !strings.Contains(l.Reason, "expired") {
				t.Errorf("the listing is %+v", l)
			}
		})
	}
}

// TestClocksDisagree has a server that is an hour ahead and refuses signatures of
// another time.
func TestClocksDisagree(t *testing.T) {
	s := northwind()
	o := options(t, s)
	s.Date = o.Now().Add(time.Hour)
	var mu sync.Mutex
	refused := 0
	o.Wrap = func(next http.RoundTripper) http.RoundTripper {
		return carrier(func(r *http.Request) (*http.Response, error) {
			at, err := time.Parse("20060102T150405Z", r.Header.Get("X-Amz-Date"))
			if err != nil || at.Sub(s.Date).Abs() > 5*time.Minute {
				mu.Lock()
				refused++
				mu.Unlock()
				r.Header.Set("Authorization", "none")
				res, err := next.RoundTrip(r)
				if err == nil {
					res.StatusCode = http.StatusForbidden
					res.Body = body(`<ErrorResponse><Error><Code>SignatureDoesNotMatch</Code><Message>Signature expired: the canonical string was … ` + canary() + `</Message></Error></ErrorResponse>`)
				}
				return res, err
			}
			return next.RoundTrip(r)
		})
	}
	a := read(t, o).Accounts[0]
	if len(a.Users) != 2 || refused == 0 || refused > 40 {
		t.Errorf("%d users after %d refusals", len(a.Users), refused)
	}
	if !strings.Contains(strings.Join(a.Notes, "\n"), "clock of this machine is 1h0m0s off") {
		t.Errorf("the notes do not speak of the clock: %q", a.Notes)
	}
}

// TestNoCredentials says at once what is wrong.
func TestNoCredentials(t *testing.T) {
	s := northwind()
	s.Keys = map[string]string{}
	r, err := live.Open(t.Context(), options(t, s))
	if err != nil {
		t.Fatal(err)
	}
	_, err = r.Read(t.Context(), nil)
	if err == nil || !strings.Contains(err.Error(), "sign in to AWS") || !strings.Contains(err.Error(), "InvalidClientTokenId") {
		t.Errorf("the error is %v", err)
	}
}

// TestUnreachable has nobody answer.
func TestUnreachable(t *testing.T) {
	o := options(t, northwind())
	o.Endpoint = "http://127.0.0.1:1"
	r, err := live.Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	if _, err = r.Read(t.Context(), nil); err == nil || !strings.Contains(err.Error(), "refused") {
		t.Errorf("the error is %v", err)
	}
}

// TestServiceIsDown bounds how often a region that is down is asked.
func TestServiceIsDown(t *testing.T) {
	s := everything(t)
	down := 0
	var mu sync.Mutex
	s.Front = func(w http.ResponseWriter, r fake.Request) bool {
		if r.Region != eu {
			return false
		}
		mu.Lock()
		down++
		mu.Unlock()
		w.WriteHeader(http.StatusServiceUnavailable)
		return true
	}
	a := read(t, options(t, s)).Accounts[0]
	l := listingOf(a, "secretsmanager:ListSecrets", eu)
	if l.Status != inventory.StatusPartial || l.Reason == "" {
		t.Errorf("the listing is %+v", l)
	}
	if l := listingOf(a, "secretsmanager:ListSecrets", us); l.Status != inventory.StatusComplete {
		t.Errorf("another region: %+v", l)
	}
	if down > 300 {
		t.Errorf("the region was asked %d times", down)
	}
}

// TestCancel ends a reading in the middle.
func TestCancel(t *testing.T) {
	s := everything(t)
	ctx, cancel := context.WithCancel(t.Context())
	s.Front = func(_ http.ResponseWriter, r fake.Request) bool {
		if r.Action == "kms:ListKeys" {
			cancel()
		}
		return false
	}
	r, err := live.Open(t.Context(), options(t, s))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.Read(ctx, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("the error is %v", err)
	}
}

// TestResume kills a reading between two accounts and has another go on.
func TestResume(t *testing.T) {
	dir := t.TempDir()
	want := dump(t, read(t, allOptions(t, everything(t))))
	s := everything(t)
	ctx, cancel := context.WithCancel(t.Context())
	s.Front = func(_ http.ResponseWriter, r fake.Request) bool {
		if r.Account == member && r.Action == "kms:ListKeys" {
			cancel()
		}
		return false
	}
	o := allOptions(t, s)
	o.State, o.Parallel = dir, 1
	r, err := live.Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.Read(ctx, nil); !errors.Is(err, context.Canceled) {
		t.Fatalf("the error is %v", err)
	}
	s.Forget()
	goesOn(t, s, o, want)
	s.Forget()
	read(t, o)
	if !asked(s, account, "iam:GetAccountAuthorizationDetails") {
		t.Error("a scan after one that came to its end took its accounts")
	}
	if asked(s, account, "iam:GenerateServiceLastAccessedDetails") {
		t.Error("access advisor was asked again within a day")
	}
}

// goesOn reads anew, and wants the first account to be taken from the run before and
// the whole to be as if it had been read at once.
func goesOn(t *testing.T, s *fake.Server, o live.Options, want []byte) {
	t.Helper()
	e := read(t, o)
	if asked(s, account, "iam:GetAccountAuthorizationDetails") {
		t.Error("an account that was read is read again")
	}
	if diff := cmp.Diff([]string{account}, resumed(e)); diff != "" {
		t.Error("accounts that were taken from the first run (-want +got):\n", diff)
	}
	if diff := cmp.Diff(string(want), string(dump(t, e))); diff != "" {
		t.Error("the estate (-at once +in two runs):\n", diff)
	}
}

// resumed takes the notes out that say that an account was taken from an earlier
// scan, and returns those accounts.
func resumed(e *object.Estate) []string {
	var out []string
	for _, a := range e.Accounts {
		var kept []string
		for _, n := range a.Notes {
			if strings.Contains(n, "earlier scan") {
				out = append(out, a.ID)
			} else {
				kept = append(kept, n)
			}
		}
		a.Notes = kept
	}
	return out
}

func asked(s *fake.Server, account, action string) bool {
	for _, q := range s.Requests() {
		if q.Account == account && q.Action == action {
			return true
		}
	}
	return false
}

// TestAccountThatCannotBeEntered is told, and costs nothing else.
func TestAccountThatCannotBeEntered(t *testing.T) {
	s := everything(t)
	s.Roles = map[string]string{}
	e := read(t, allOptions(t, s))
	var other *object.Account
	for _, a := range e.Accounts {
		if a.ID == member {
			other = a
		}
	}
	l := listingOf(other, "sts:AssumeRole", "")
	if l.Status != inventory.StatusDenied || !strings.Contains(l.Reason, "audit/muster") {
		t.Errorf("the listing is %+v", l)
	}
	if len(e.Accounts[0].Roles) != 2 {
		t.Error("the other account is lost")
	}
}

// TestRoleIsNeeded for accounts that are named, and for an organisation's members.
func TestRoleIsNeeded(t *testing.T) {
	o := options(t, everything(t))
	o.Accounts = []string{member}
	r, err := live.Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.Read(t.Context(), nil); err == nil || !strings.Contains(err.Error(), "role") {
		t.Errorf("the error is %v", err)
	}
	o = options(t, everything(t))
	o.Organization = true
	for _, a := range read(t, o).Accounts {
		if l := listingOf(a, "sts:AssumeRole", ""); a.ID == member && (l.Status != inventory.StatusSkipped || !strings.Contains(l.Reason, "no role")) {
			t.Errorf("a member: %+v", l)
		}
	}
}

// TestChoices narrows accounts and regions, and wants to be told.
func TestChoices(t *testing.T) {
	s := everything(t)
	o := allOptions(t, s)
	o.ExcludeAccounts, o.Regions = []string{"4444*"}, []string{"us-*", "me-central-1", "mars-1", "pluto-*"}
	e := read(t, o)
	for _, a := range e.Accounts {
		if a.ID == member {
			t.Error("an account that was left out is there")
		}
	}
	if !strings.Contains(strings.Join(e.Notes, "\n"), "1 accounts are left out") {
		t.Errorf("the notes are %q", e.Notes)
	}
	if a := e.Accounts[0]; a.Chosen != "us-*,me-central-1,mars-1,pluto-*" || !strings.Contains(strings.Join(a.Notes, "\n"), "left out by choice: "+eu) {
		t.Errorf("chosen are %q, and the notes say %q", a.Chosen, a.Notes)
	}
	for region, want := range map[string]object.Listing{
		"me-central-1": {Status: inventory.StatusSkipped, Reason: "not opted in"}, "mars-1": {Status: inventory.StatusDenied, Reason: "no region of this name"},
		"pluto-*": {Status: inventory.StatusDenied, Reason: "no region of this name"}, "us-*": {},
	} {
		if l := listingOf(e.Accounts[0], "ec2:DescribeRegions", region); l.Status != want.Status || !strings.Contains(l.Reason, want.Reason) {
			t.Errorf("%s: %+v", region, l)
		}
	}
	for _, r := range s.Requests() {
		if r.Region == eu {
			t.Fatalf("%s was asked in a region that was left out", r.Action)
		}
	}
}

// TestRegionsUnknown takes the regions that are always on.
func TestRegionsUnknown(t *testing.T) {
	s := northwind()
	s.Allow = func(r fake.Request) bool { return r.Action != "ec2:DescribeRegions" }
	a := read(t, options(t, s)).Accounts[0]
	l := listingOf(a, "ec2:DescribeRegions", "")
	if l.Status != inventory.StatusPartial || l.Count != 17 || listingOf(a, "secretsmanager:ListSecrets", "sa-east-1").Status != inventory.StatusComplete {
		t.Errorf("the listing is %+v", l)
	}
}

// TestServiceThatARegionLacks is skipped, with a reason.
func TestServiceThatARegionLacks(t *testing.T) {
	o := options(t, everything(t))
	o.Wrap = func(next http.RoundTripper) http.RoundTripper {
		return carrier(func(r *http.Request) (*http.Response, error) {
			if strings.Contains(r.Header.Get("Authorization"), "/bedrock/") {
				return nil, &net.DNSError{Err: "no such host", Name: "bedrock-agent.eu-central-1.amazonaws.com", IsNotFound: true}
			}
			return next.RoundTrip(r)
		})
	}
	l := listingOf(read(t, o).Accounts[0], "bedrock:ListAgents", eu)
	if l.Status != inventory.StatusSkipped || !strings.Contains(l.Reason, "no such host") {
		t.Errorf("the listing is %+v", l)
	}
}

func TestOptionsThatCannotBeMeant(t *testing.T) {
	for name, change := range map[string]func(*live.Options){
		"a pattern":    func(o *live.Options) { o.Regions = []string{"[eu"} },
		"nothing":      func(o *live.Options) { o.Accounts = []string{""} },
		"details":      func(o *live.Options) { o.Details = "some" },
		"a role's ARN": func(o *live.Options) { o.Role = "arn:aws:iam::111122223333:role/x" },
		"a session":    func(o *live.Options) { o.Role, o.SessionName = "x", "with space" },
		"external id":  func(o *live.Options) { o.Role, o.ExternalID = "x", "1" },
	} {
		t.Run(name, func(t *testing.T) {
			o := options(t, northwind())
			change(&o)
			if _, err := live.Open(t.Context(), o); err == nil {
				t.Error("they are taken")
			}
		})
	}
}

// expires refuses requests as those of credentials that have expired.
func expires(w http.ResponseWriter, r fake.Request) bool {
	fake.Refuse(w, r.Action, http.StatusBadRequest, "ExpiredTokenException", "The security token included in the request is expired")
	return true
}

// TestResumeReadsWhatFailed ends credentials in the first account and kills the
// reading in the second: the first was not read, and is asked again.
func TestResumeReadsWhatFailed(t *testing.T) {
	s := everything(t)
	o := allOptions(t, s)
	o.AccessAdvisor = false // it keeps its answers on its own
	want := dump(t, read(t, o))
	ctx, cancel := context.WithCancel(t.Context())
	s.Front = func(w http.ResponseWriter, r fake.Request) bool {
		switch {
		case r.Account == account && (r.Action == "iam:GetAccountAuthorizationDetails" || r.Action == "secretsmanager:ListSecrets"):
			return expires(w, r)
		case r.Account == member:
			cancel()
		}
		return false
	}
	o.State, o.Parallel = t.TempDir(), 1
	r, err := live.Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.Read(ctx, nil); !errors.Is(err, context.Canceled) {
		t.Fatalf("the error is %v", err)
	}
	s.Calm()
	e := read(t, o)
	if got := resumed(e); len(got) > 0 {
		t.Errorf("%q were taken from a reading in which they failed", got)
	}
	if diff := cmp.Diff(string(want), string(dump(t, e))); diff != "" {
		t.Error("the estate (-at once +in two runs):\n", diff)
	}
}

// TestResumeAfterExpiry ends credentials in the second account: the reading comes to
// its end, and the next goes on with the first.
func TestResumeAfterExpiry(t *testing.T) {
	s := everything(t)
	want := dump(t, read(t, allOptions(t, s)))
	s.Front = func(w http.ResponseWriter, r fake.Request) bool { return r.Account == member && expires(w, r) }
	o := allOptions(t, s)
	o.State, o.Parallel = t.TempDir(), 1
	read(t, o)
	s.Calm()
	s.Forget()
	goesOn(t, s, o, want)
	if left, err := filepath.Glob(filepath.Join(o.State, "aws-account-*")); err != nil || len(left) > 0 {
		t.Errorf("%v is left (%v)", left, err)
	}
}

// TestExpiredIsNotAskedOn ends credentials for good: a few requests show it, and each
// listing says so.
func TestExpiredIsNotAskedOn(t *testing.T) {
	s := everything(t)
	s.Front = func(w http.ResponseWriter, r fake.Request) bool { return r.Account == member && expires(w, r) }
	e := read(t, allOptions(t, s))
	n := 0
	for _, q := range s.Requests() {
		if q.Account == member {
			n++
		}
	}
	if n > 60 {
		t.Errorf("%d requests with credentials that had expired", n)
	}
	for _, a := range e.Accounts {
		if a.ID != member {
			continue
		}
		if len(a.Listings) < 30 {
			t.Errorf("%d listings tell of it", len(a.Listings))
		}
		for _, l := range a.Listings {
			if l.Status == inventory.StatusPartial && !strings.Contains(l.Reason, "expired") || l.Status == inventory.StatusComplete {
				t.Errorf("the listing is %+v", l)
			}
		}
	}
}
