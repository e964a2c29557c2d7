//go:build e2e

package aws

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/google/go-cmp/cmp"

	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/scanners/aws/live"
	"github.com/muster-nhi/muster/scanners/aws/object"
)

// same fails if two readings saw other things.
func same(t testing.TB, want string, e *object.Estate) {
	t.Helper()
	if diff := cmp.Diff(want, things(t, e)); diff != "" {
		t.Errorf("what was read (-whole +now):\n%.3000s", diff)
	}
}

// faultless reads all there is, without a fault, and returns it and how many requests
// that took. What fails even so is a gap of the emulator's.
func (p *proxy) faultless(t testing.TB) (string, int) {
	t.Helper()
	p.begin()
	e := read(t, p.options())
	for what, l := range bad(e) {
		if !strings.HasPrefix(what, "ec2:DescribeRegions ") {
			t.Errorf("%s: %s: %s", what, l.Status, l.Reason)
		}
	}
	n := p.requests()
	p.begin()
	return things(t, e), n
}

// unreadable is what a proxy in a company answers when it is unwell.
const unreadable = "<html><head><title>502 Bad Gateway</title></head><body>Bad Gateway</body></html>"

// TestE2EFaults has a share of all requests fail, in every way that a second
// attempt mends, and compares what was read.
func TestE2EFaults(t *testing.T) {
	p := kinds(t)
	want, least := p.faultless(t)
	after := func(seconds string) func(*call) *answer {
		return func(c *call) *answer {
			a := refuse(c, http.StatusTooManyRequests, "TooManyRequestsException", "Rate exceeded")
			a.header["Retry-After"] = seconds
			return a
		}
	}
	slow := func(c *call) *answer { return refuse(c, http.StatusBadRequest, "ThrottlingException", "Rate exceeded") }
	for _, c := range []struct {
		name  string
		share float64
		most  float64 // requests, as often as without faults
		kinds []func(*call) *answer
	}{
		{"throttled", 0.3, 1.75, []func(*call) *answer{slow, after("1"), after(time.Now().Add(time.Second).UTC().Format(http.TimeFormat)), func(c *call) *answer {
			return refuse(c, http.StatusServiceUnavailable, "Throttling", "Rate exceeded")
		}, func(c *call) *answer {
			return refuse(c, http.StatusServiceUnavailable, "SlowDown", "Please reduce your request rate.")
		}}},
		{"HTML", 0.1, 1.4, []func(*call) *answer{func(*call) *answer {
			return &answer{status: http.StatusInternalServerError, header: map[string]string{"Content-Type": "text/html"}, body: []byte(unreadable)}
		}}},
		{"HTML that says it is well", 0.1, 1.4, []func(*call) *answer{func(*call) *answer {
			return &answer{status: http.StatusOK, header: map[string]string{"Content-Type": "text/html"}, body: []byte(unreadable)}
		}}},
		{"internal", 0.1, 1.4, []func(*call) *answer{func(c *call) *answer { return refuse(c, 500, "InternalFailure", "oops") }}},
	} {
		t.Run(c.name, func(t *testing.T) {
			p.begin()
			var mu sync.Mutex
			random := rand.New(rand.NewPCG(1, 2))
			p.before = func(x *call) *answer {
				mu.Lock()
				defer mu.Unlock()
				if random.Float64() >= c.share {
					return nil
				}
				return c.kinds[random.IntN(len(c.kinds))](x)
			}
			e := read(t, p.options())
			same(t, want, e)
			t.Logf("%d requests instead of %d", p.requests(), least)
			if n := p.requests(); n == least || float64(n) > float64(least)*c.most {
				t.Errorf("%d requests instead of %d", n, least)
			}
		})
	}
	t.Run("cut", func(t *testing.T) {
		p.begin()
		p.after = func(c *call, a *answer) *answer {
			if c.again > 0 || len(a.body) < 10 {
				return nil
			}
			return &answer{a.status, a.header, a.body[:len(a.body)/2]}
		}
		o := p.options()
		o.SideBySide = 1
		same(t, want, read(t, o))
	})
}

// TestE2EPages reads with small pages, with a page that is slow, with a token that
// comes a second time and with one that is missing.
func TestE2EPages(t *testing.T) {
	p := kinds(t)
	want, _ := p.faultless(t)
	t.Run("small", func(t *testing.T) {
		p.page = 1
		e := read(t, p.options())
		if n := p.actions()["iam:GetAccountAuthorizationDetails"]; n < 8 {
			t.Errorf("only %d pages", n)
		}
		same(t, want, e)
	})
	details := "iam:GetAccountAuthorizationDetails"
	for name, fault := range map[string]func(c *call, a *answer) *answer{
		"a token comes again": func(c *call, a *answer) *answer { return replaceXML(a, "Marker", token(1)) },
		"a token is missing":  func(c *call, a *answer) *answer { return replaceXML(a, "Marker", "") },
	} {
		t.Run(name, func(t *testing.T) {
			p.begin()
			p.page = 1
			p.after = func(c *call, a *answer) *answer {
				if c.action == details {
					return fault(c, a)
				}
				return nil
			}
			e := read(t, p.options())
			if l := bad(e)[details]; l.Status != inventory.StatusPartial || l.Reason == "" {
				t.Errorf("the listing is %q: %s", l.Status, l.Reason)
			} else {
				t.Log(l.Reason)
			}
			if len(e.Accounts[0].Secrets) == 0 {
				t.Error("the rest is lost")
			}
		})
	}
	t.Run("slow", func(t *testing.T) {
		p.begin()
		p.before = func(c *call) *answer {
			if c.action == details {
				select {
				case <-time.After(300 * time.Millisecond):
				case <-c.request.Context().Done():
				}
			}
			return nil
		}
		same(t, want, read(t, p.options()))
	})
}

// replaceXML sets all elements of a name.
func replaceXML(a *answer, name, text string) *answer {
	root, err := parseXML(a.body)
	if err != nil {
		return nil
	}
	root.walk(func(n *node) {
		if n.name == name {
			n.text = text
		}
	})
	return &answer{a.status, a.header, root.bytes()}
}

// expired answers that the session is over.
func expired(c *call) *answer {
	return refuse(c, http.StatusForbidden, "ExpiredToken", "The security token included in the request is expired")
}

// TestE2EExpired lets credentials end between two pages: with new ones to be had,
// and without.
func TestE2EExpired(t *testing.T) {
	p := kinds(t)
	want, _ := p.faultless(t)
	old := "ASIAMUSTEROLD"
	p.accounts[old] = northwind
	over := func(c *call) *answer {
		if c.key == old && c.token != "" {
			return expired(c)
		}
		return nil
	}
	handed := 0
	provider := aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
		handed++
		id := old
		if handed > 1 {
			id = callerKey
		}
		return aws.Credentials{AccessKeyID: id, SecretAccessKey: "made-up", SessionToken: "cana" + "ry-session"}, nil
	})
	t.Run("renewed", func(t *testing.T) {
		p.page, p.before = 2, over
		o := p.options()
		o.Credentials = provider
		same(t, want, read(t, o))
		if handed != 2 {
			t.Errorf("credentials were asked for %d times", handed)
		}
	})
	t.Run("over", func(t *testing.T) {
		p.begin()
		p.page, p.before = 2, over
		o := p.options()
		o.Credentials = aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: old, SecretAccessKey: "made-up", SessionToken: "cana" + "ry-session"}, nil
		})
		e := read(t, o)
		l := bad(e)["iam:GetAccountAuthorizationDetails"]
		if l.Status != inventory.StatusPartial || !strings.Contains(l.Reason, "expired") || strings.Contains(l.Reason, "canary") {
			t.Errorf("the listing is %q: %s", l.Status, l.Reason)
		}
		t.Logf("%s; %d requests", l.Reason, p.requests())
		if len(e.Accounts[0].Secrets) == 0 {
			t.Error("what comes in one page is lost")
		}
	})
}

// TestE2EClock has a clock that is an hour behind AWS's.
func TestE2EClock(t *testing.T) {
	p := kinds(t)
	want, least := p.faultless(t)
	p.before = func(c *call) *answer {
		at, err := time.Parse("20060102T150405Z", c.request.Header.Get("X-Amz-Date"))
		if off := time.Until(at).Abs(); err == nil && off < 5*time.Minute {
			return nil
		}
		return refuse(c, http.StatusForbidden, "SignatureDoesNotMatch", "Signature expired: x is now earlier than y")
	}
	o := p.options()
	o.Now = func() time.Time { return time.Now().Add(-time.Hour) }
	e := read(t, o)
	same(t, want, e)
	if n := p.requests(); n > least+10 {
		t.Errorf("%d requests instead of %d", n, least)
	}
	if notes := strings.Join(e.Accounts[0].Notes, " "); !strings.Contains(notes, "clock") {
		t.Errorf("the notes say nothing of it: %q", notes)
	}
}

// TestE2EReport has the credential report not made yet, never made, and too old.
func TestE2EReport(t *testing.T) {
	p := kinds(t)
	want, _ := p.faultless(t)
	started := func(state string) func(*call) *answer {
		return func(c *call) *answer {
			a := nothing(c.op)
			a.body = fmt.Appendf(nil, "<GenerateCredentialReportResponse><GenerateCredentialReportResult><State>%s</State></GenerateCredentialReportResult></GenerateCredentialReportResponse>", state)
			return a
		}
	}
	t.Run("some time", func(t *testing.T) {
		p.before = func(c *call) *answer {
			if c.action == "iam:GenerateCredentialReport" && c.again < 3 {
				return started("INPROGRESS")(c)
			}
			return nil
		}
		same(t, want, read(t, p.options()))
	})
	for name, refusal := range map[string]func(*call) *answer{
		"never ready": func(c *call) *answer { return refuse(c, 404, "ReportInProgress", "not ready") },
		"not present": func(c *call) *answer { return refuse(c, 410, "ReportNotPresent", "none") },
		"expired":     func(c *call) *answer { return refuse(c, 410, "ReportExpired", "old") },
		"denied":      denied,
	} {
		t.Run(name, func(t *testing.T) {
			p.begin()
			p.before = func(c *call) *answer {
				switch c.action {
				case "iam:GenerateCredentialReport":
					if name == "denied" {
						return denied(c)
					}
					return started("STARTED")(c)
				case "iam:GetCredentialReport":
					return refusal(c)
				}
				return nil
			}
			e := read(t, p.options())
			l := bad(e)["iam:GetCredentialReport"]
			if l.Status == "" || l.Reason == "" {
				t.Errorf("the listing says nothing: %+v", l)
			}
			t.Logf("%s: %s", l.Status, l.Reason)
			a := e.Accounts[0]
			if len(a.Users) < 2 || len(a.Roles) < 4 || len(a.Secrets) == 0 {
				t.Error("the rest is lost")
			}
		})
	}
}

// TestE2ERegionOff has a region that the account did not turn on and one whose
// endpoint does not take the credentials.
func TestE2ERegionOff(t *testing.T) {
	p := kinds(t)
	want, _ := p.faultless(t)
	p.after = func(c *call, a *answer) *answer {
		if c.action != "ec2:DescribeRegions" {
			return nil
		}
		root, err := parseXML(a.body)
		if err != nil {
			return nil
		}
		root.walk(func(n *node) {
			if name := n.child("regionName"); name != nil && name.text == "ap-east-1" {
				n.set("optInStatus", "not-opted-in")
			}
		})
		return &answer{a.status, a.header, root.bytes()}
	}
	p.before = func(c *call) *answer {
		if c.region != "eu-west-3" {
			return nil
		}
		return refuse(c, 403, "UnrecognizedClientException", "The security token included in the request is invalid.")
	}
	o := p.options()
	o.Regions = []string{region, "eu-west-3", "ap-east-1", "mars-north-1"}
	e := read(t, o)
	if got := e.Accounts[0].Chosen; got != strings.Join(o.Regions, ",") {
		t.Errorf("chosen are %q", got)
	}
	e.Accounts[0].Chosen = region // more regions were asked for
	same(t, want, e)
	problems := bad(e)
	for _, what := range []string{"secretsmanager:ListSecrets eu-west-3", "ec2:DescribeRegions mars-north-1"} {
		if l := problems[what]; l.Reason == "" {
			t.Errorf("nothing is said of %s", what)
		} else {
			t.Logf("%s: %s: %s", what, l.Status, l.Reason)
		}
	}
	for _, c := range p.calls {
		if c.region == "ap-east-1" || c.region == "mars-north-1" {
			t.Errorf("%s was asked in %s", c.action, c.region)
		}
	}
}

// TestE2EEachDenied takes one permission after the other away.
func TestE2EEachDenied(t *testing.T) {
	p := kinds(t)
	p.faultless(t)
	read(t, p.options())
	actions := p.actions()
	for action := range actions {
		if action == "sts:GetCallerIdentity" { // takes no permission
			continue
		}
		if action == "organizations:DescribeOrganization" { // nobody asked for it here: it stays unknown
			continue
		}
		p.begin()
		name := ""
		p.before = func(c *call) *answer {
			if c.action != action {
				return nil
			}
			name = permission(c)
			return denied(c)
		}
		e := read(t, p.options())
		found := false
		for _, l := range e.Accounts[0].Listings {
			found = found || l.Call == name && l.Status != inventory.StatusComplete && strings.Contains(l.Reason, name)
		}
		if e.Organization != nil {
			for _, l := range e.Organization.Listings {
				found = found || l.Call == name && l.Status != inventory.StatusComplete && strings.Contains(l.Reason, name)
			}
		}
		if !found {
			t.Errorf("%s is denied, and no listing says so", action)
		}
		for _, l := range bad(e) {
			if l.Call != name && l.Status == inventory.StatusDenied {
				t.Errorf("%s is denied, and %s says it were: %s", action, l.Call, l.Reason)
			}
		}
	}
	t.Logf("%d permissions were taken away, one after the other", len(actions)-2)
	t.Run("all", func(t *testing.T) {
		p.begin()
		p.before = func(c *call) *answer {
			if c.action == "sts:GetCallerIdentity" {
				return nil
			}
			return denied(c)
		}
		e := read(t, p.options())
		for _, l := range e.Accounts[0].Listings {
			if l.Status == inventory.StatusComplete {
				t.Errorf("%s %s is complete, with %d", l.Call, l.Region, l.Count)
			}
		}
		p.begin()
		p.before = func(c *call) *answer {
			if c.action == "sts:GetCallerIdentity" {
				return nil
			}
			return denied(c)
		}
		if r := p.scan(t, "--regions", region, "--store", "none"); r.Status != 3 {
			t.Errorf("status %d: %s", r.Status, r.Stderr)
		}
		p.begin()
		p.before = denied
		if r := p.scan(t, "--regions", region, "--store", "none"); r.Status != 3 && r.Status != 2 {
			t.Errorf("status %d where AWS does not know the caller: %s", r.Status, r.Stderr)
		}
	})
}

// TestE2EPolicies gives roles and users policies as no good account has them.
func TestE2EPolicies(t *testing.T) {
	p := kinds(t)
	p.faultless(t)
	good := `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:GetObject","Resource":"*"}]}`
	for name, c := range map[string]struct {
		text string
		read bool // it is one that AWS could send, and has to be read
	}{
		"no JSON":       {"this is not JSON", false},
		"encoded twice": {url.PathEscape(url.PathEscape(good)), true},
		"6 MB":          {url.PathEscape(strings.Replace(good, "{", `{"Id":"`+strings.Repeat("x", 6<<20)+`",`, 1)), true},
		"unknown keys":  {url.PathEscape(strings.Replace(good, "Action", "Acton", 1)), false},
		"deleted":       {url.PathEscape(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"sts:AssumeRole","Principal":{"AWS":"AROAGONEGONEGONEGONE"}}]}`), false},
		"empty":         {"", false},
	} {
		t.Run(name, func(t *testing.T) {
			p.begin()
			p.after = func(x *call, a *answer) *answer {
				if x.action != "iam:GetAccountAuthorizationDetails" {
					return nil
				}
				return oneRole(a, c.text)
			}
			r := p.scan(t, "--regions", region, "--store", "none")
			if r.Status != 1 && r.Status != 3 {
				t.Fatalf("status %d: %s", r.Status, r.Stderr)
			}
			got := r.Types()
			if got["aws.iam_role"] != 4 || got["aws.iam_user"] != 2 || got["aws.secretsmanager_secret"] == 0 {
				t.Errorf("something is lost: %v", got)
			}
			read, told := false, ""
			for _, rec := range r.Records {
				switch x := rec; {
				case x.Coverage != nil && strings.Contains(x.Coverage.Reason, "runner"):
					told = x.Coverage.Reason
				case x.Trust != nil && strings.Contains(x.Trust.Identity, "role/runner") && x.Trust.Attributes["deleted"] == "true":
					told = x.Trust.ID
				case x.Grant != nil && strings.Contains(x.Grant.Principal, "role/runner") && x.Grant.Name == "read":
					read = x.Grant.Attributes["unread"] == "" && x.Grant.Level == inventory.LevelRead
					if x.Grant.Attributes["unread"] == "true" {
						told = x.Grant.ID
					}
				}
			}
			if read != c.read || !c.read && told == "" {
				t.Errorf("read: %t, told: %q", read, told)
			}
			t.Logf("read: %t, told: %.200q", read, told)
		})
	}
}

// oneRole gives the role runner other documents.
func oneRole(a *answer, text string) *answer {
	root, err := parseXML(a.body)
	if err != nil {
		return nil
	}
	root.walk(func(n *node) {
		if name := n.child("RoleName"); name != nil && name.text == "runner" && n.child("AssumeRolePolicyDocument") != nil {
			n.set("AssumeRolePolicyDocument", text)
			n.walk(func(d *node) {
				if d.name == "PolicyDocument" {
					d.text = text
				}
			})
		}
	})
	return &answer{a.status, a.header, root.bytes()}
}

// TestE2EPermissions: whatever is asked, is in what is printed, and what is denied
// there is not asked.
func TestE2EPermissions(t *testing.T) {
	p := kinds(t)
	o := p.options()
	o.Organization, o.AccessAdvisor, o.Creators, o.Details = true, true, true, live.DetailsAll
	p.begin()
	read(t, o)
	allowed := map[string]bool{"sts:GetCallerIdentity": true}
	for _, x := range live.Permissions(o) {
		allowed[x.Action] = true
	}
	for _, c := range p.calls {
		if !allowed[permission(c)] {
			t.Errorf("%s is asked and not in the policy", permission(c))
		}
	}
	for _, r := range live.Refused() {
		for a := range allowed {
			if ok, _ := filepath.Match(r.Action, a); ok {
				t.Errorf("%s is needed and refused", a)
			}
		}
	}
	var never []string
	asked := p.actions()
	for a := range allowed {
		if asked[a] == 0 && a != "s3:ListAllMyBuckets" {
			never = append(never, a)
		}
	}
	slices.Sort(never)
	t.Logf("moto has nothing to ask these for (TestE2EModels asks them all): %v", never)
}
