//go:build e2e

package aws

import (
	"cmp"
	"context"
	"encoding/json"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/muster-nhi/muster/internal/e2e/peer"
	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/scanners/aws/live"
	"github.com/muster-nhi/muster/scanners/aws/object"
)

// given are the credentials of who scans.
func given() aws.CredentialsProvider {
	return aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
		return aws.Credentials{AccessKeyID: callerKey, SecretAccessKey: "made-up"}, nil
	})
}

// noWait takes a moment for any time.
func noWait(ctx context.Context, _ time.Duration) error { return ctx.Err() }

// options reads one region through a proxy, without waiting between attempts.
func (p *proxy) options() live.Options {
	return live.Options{
		Endpoint: p.URL, Region: region, Regions: []string{region}, Credentials: given(), UserAgent: "muster-e2e", Now: time.Now,
		Sleep: noWait, Random: func() float64 { return 0.5 },
	}
}

// read reads AWS with some options.
func read(t testing.TB, o live.Options) *object.Estate {
	t.Helper()
	r, err := live.Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	e, err := r.Read(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// things returns all that was read but how the reading went, to be compared. What
// the emulator says of the time at which it is asked is left out.
func things(t testing.TB, e *object.Estate) string {
	t.Helper()
	copied := object.Estate{}
	data, err := json.Marshal(e)
	if err == nil {
		err = json.Unmarshal(data, &copied)
	}
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range copied.Accounts {
		a.Listings, a.Notes = nil, nil
	}
	copied.Notes = nil
	data, err = json.MarshalIndent(copied.Accounts, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// bad returns the listings of all accounts that are not complete, by call and
// region.
func bad(e *object.Estate) map[string]object.Listing {
	out := map[string]object.Listing{}
	for _, a := range e.Accounts {
		for _, l := range a.Listings {
			if l.Status != inventory.StatusComplete {
				out[strings.TrimSpace(l.Call+" "+l.Region)] = l
			}
		}
	}
	return out
}

// home is where the program runs against a proxy.
func (p *proxy) home(t testing.TB) peer.Home {
	t.Helper()
	h := shared.program.Home(t)
	maps.Copy(h.Env, map[string]string{
		"AWS_ENDPOINT_URL": p.URL, "AWS_REGION": region, "AWS_ACCESS_KEY_ID": callerKey, "AWS_SECRET_ACCESS_KEY": "made-up", "AWS_EC2_METADATA_DISABLED": "true",
	})
	return h
}

// scan runs `muster scan aws` against a proxy.
func (p *proxy) scan(t testing.TB, args ...string) peer.Run {
	t.Helper()
	return p.home(t).Scan(t, append([]string{"aws"}, args...)...)
}

// coverage returns the coverage records, sorted.
func coverage(r peer.Run) []*inventory.Coverage {
	var out []*inventory.Coverage
	for _, rec := range r.Records {
		if rec.Coverage != nil {
			out = append(out, rec.Coverage)
		}
	}
	slices.SortFunc(out, func(a, b *inventory.Coverage) int {
		return cmp.Or(strings.Compare(a.Scope, b.Scope), strings.Compare(string(a.Kind), string(b.Kind)))
	})
	return out
}

// TestE2EEachKind scans one thing of each kind with the whole program, and looks for
// values wherever they could have gone.
func TestE2EEachKind(t *testing.T) {
	p := kinds(t)
	r := p.scan(t, "--regions", region)
	if r.Status != 1 && r.Status != 3 {
		t.Fatalf("status %d: %s", r.Status, r.Stderr)
	}
	got := r.Types()
	for _, want := range []string{
		"aws.iam_user", "aws.iam_role", "aws.root", "aws.oidc_provider", "aws.saml_provider", "aws.permission_set", "ai.agent",
		"aws.access_key", "aws.secretsmanager_secret", "aws.ssm_parameter", "aws.kms_key", "pki.certificate", "aws.ec2_key_pair",
		"aws.eventbridge_connection", "aws.iot_certificate", "aws.cognito_app_client",
		"grant", "trust", "consumer", "owner", "usage",
	} {
		if got[want] == 0 {
			t.Errorf("there is no %s", want)
		}
	}
	t.Logf("%d requests, records: %v", p.requests(), got)
	for _, c := range coverage(r) {
		t.Logf("%s %s %s: %s", c.Scope, c.Kind, c.Status, c.Reason)
	}
	t.Logf("moto has no %v", slices.Sorted(maps.Keys(p.lacking)))
	p.noRefused(t)
	r.Clean(t, canaries())
}

// noRefused fails if anything was asked that returns values. What is not in the
// table of calls the proxy does not even answer.
func (p *proxy) noRefused(t testing.TB) {
	t.Helper()
	for action := range p.actions() {
		for _, r := range live.Refused() {
			if ok, _ := filepath.Match(r.Action, action); ok {
				t.Errorf("%s was asked", action)
			}
		}
	}
}

// mostRequests and mostMB bound a scan of the large account. The target for memory is
// 150 MB; 144 to 167 were measured on a busy machine (docs/benchmarks.md), and a fifth
// more fails.
const (
	mostRequests = 60
	mostMB       = 200
)

// TestE2ECheap scans 1,000 users, 2,000 roles and 500 secrets in one region.
func TestE2ECheap(t *testing.T) {
	p := large(t)
	r := p.scan(t, "--regions", region, "--store", "none")
	got := r.Types()
	if got["aws.iam_user"] != 1000 || got["aws.iam_role"] != 2000 || got["aws.secretsmanager_secret"] != 500 || got["aws.access_key"] != 1000 {
		t.Errorf("status %d, records %v: %s", r.Status, got, r.Stderr)
	}
	t.Logf("%d requests, %d MB, %s CPU, %s: %v", p.requests(), r.PeakMB, r.CPU.Round(time.Millisecond), r.Wall.Round(time.Millisecond), p.actions())
	if p.requests() > mostRequests {
		t.Errorf("it took %d requests, more than %d", p.requests(), mostRequests)
	}
	if r.PeakMB > mostMB {
		t.Errorf("it took %d MB, more than %d", r.PeakMB, mostMB)
	}
}
