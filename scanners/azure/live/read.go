package live

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/muster-nhi/muster/internal/cloud"
	"github.com/muster-nhi/muster/scanners/azure/convert"
	"github.com/muster-nhi/muster/scanners/azure/live/wire"
	"github.com/muster-nhi/muster/scanners/azure/object"
)

// Progress is told what is being read, as the number of listings that are done of
// those there are so far. It is called by one goroutine at a time.
type Progress = func(message string, done, total int)

// A run is one reading.
type run struct {
	*Reader
	estate *object.Estate
	names  *convert.Names

	mu     sync.Mutex
	tenant *object.Tenant
	subs   map[string]*object.Subscription // by id in lower case

	// What is joined at the end, by id of the object, but for schedules, which are by
	// id of the assignment, and uses, which are by id of the key.
	trusts    map[string][]object.Federated
	agents    map[string]agent
	policies  map[string][]string
	schedules map[string][2]time.Time // from and to
	uses      map[string]keyUse
	asked     map[string]bool // ids that were asked about

	loaded   bool      // what an earlier run left was looked for
	finished []string  // stages that were read
	made     time.Time // when the first of them was

	shown *cloud.Progress // not a part of the run: the Reader tells of waits by it for as long as it lives
}

// A job is one listing, or some that follow from each other.
type job func(context.Context)

// Read reads the tenant. The error says that it could not begin, because there are
// no credentials or Microsoft does not take them, or is that of ctx. Whatever else
// goes wrong stands in the listings of the tenant and its subscriptions, and costs
// nothing else. Everything in the estate is sorted.
func (r *Reader) Read(ctx context.Context, tell Progress) (*object.Estate, error) {
	x := r.newRun(tell)
	if err := x.identify(ctx); err != nil {
		return nil, err
	}
	for _, stage := range x.stages() {
		if err := x.stage(ctx, stage); err != nil {
			return nil, fmt.Errorf("read Azure: %w", err)
		}
	}
	x.finish()
	return x.estate, nil
}

// newRun begins a reading.
func (r *Reader) newRun(tell Progress) *run {
	tenant := &object.Tenant{Cloud: string(r.options.Cloud)}
	x := &run{
		Reader: r, estate: &object.Estate{Tenants: []*object.Tenant{tenant}}, tenant: tenant,
		names: convert.NewNames(), subs: map[string]*object.Subscription{},
		shown:  &cloud.Progress{Tell: tell, Wait: r.options.Waits},
		agents: map[string]agent{}, policies: map[string][]string{}, schedules: map[string][2]time.Time{}, uses: map[string]keyUse{}, asked: map[string]bool{},
	}
	r.waiting = x.shown.Waits
	return x
}

// A stage is what can be read side by side, once the stages before it were.
type stage struct {
	name string
	jobs func() []job
}

// stages lists what is read, in order.
func (x *run) stages() []stage {
	var out []stage
	if !x.options.NoDirectory {
		out = append(out, stage{"directory", x.directoryJobs})
	}
	if !x.options.NoResources {
		out = append(out, stage{"subscriptions", func() []job { return []job{x.subscriptions} }}, stage{"resources", x.resourceJobs}, stage{"subscription details", x.detailJobs})
		if !x.options.NoVaults {
			out = append(out, stage{"vaults", x.vaultJobs})
		}
	}
	if !x.options.NoDirectory {
		out = append(out, stage{"owners and groups", x.afterJobs})
	}
	return out
}

// stage runs jobs side by side, or takes what an earlier run left of them.
func (x *run) stage(ctx context.Context, s stage) error {
	if x.load(s.name) {
		return nil
	}
	jobs := s.jobs()
	x.progress("reading "+s.name, 0, len(jobs))
	group, inner := errgroup.WithContext(ctx)
	group.SetLimit(x.options.Parallel)
	for _, j := range jobs {
		group.Go(func() error {
			j(inner)
			x.progress(s.name, 1, 0)
			return inner.Err()
		})
	}
	if err := group.Wait(); err != nil {
		return err //nolint:wrapcheck // it is that of ctx
	}
	x.save(s.name)
	return nil
}

// progress counts and tells.
func (x *run) progress(message string, done, more int) { x.shown.Did(message, done, more) }

// toSignIn says what to do where nothing on the machine signs in.
const toSignIn = "sign in with az login, set AZURE_TENANT_ID and AZURE_CLIENT_ID with AZURE_CLIENT_SECRET or AZURE_CLIENT_CERTIFICATE_PATH, or name the credential to use"

// identify gets a token, and reads in it as whom and in which tenant it asks. The
// token is Microsoft's own word: it came from the token endpoint over TLS.
func (x *run) identify(ctx context.Context) error {
	audience := x.place.graph
	if x.options.NoDirectory {
		audience = x.cloud.Services[managementService].Audience
	}
	claims, err := x.claims(ctx, audience)
	if err != nil {
		if ctx.Err() != nil {
			return fmt.Errorf("read Azure: %w", ctx.Err())
		}
		err = wire.Plain("sign in to Azure", err)
		if x.options.Token == nil && x.options.Credential == KindAuto {
			err = fmt.Errorf("%w; %s", err, toSignIn)
		}
		return err
	}
	x.tenant.ID = strings.ToLower(claims.Tenant)
	x.tenant.Reader = strings.ToLower(claims.Object)
	x.tenant.ReaderName = claims.name()
	if x.tenant.ID == "" {
		x.tenant.ID = strings.ToLower(x.options.Tenant)
	}
	if x.tenant.ID == "" {
		return errors.New("sign in to Azure: the token does not say of which tenant it is: name the tenant")
	}
	return nil
}
