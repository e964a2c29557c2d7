package live

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	"golang.org/x/sync/errgroup"

	"github.com/muster-nhi/muster/internal/cloud"
	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/scanners/aws/live/wire"
	"github.com/muster-nhi/muster/scanners/aws/object"
)

// Progress is told what is being read, as the number of listings that are done of
// those there are so far. It is called by one goroutine at a time.
type Progress = func(message string, done, total int)

// A run is one reading.
type run struct {
	*Reader
	home   *wire.Client
	caller caller
	texts  *documents
	estate *object.Estate
	roots  inventory.Tri // whether the organisation manages the root users of its accounts

	mu       sync.Mutex
	sessions map[string]*session // of the accounts that this run read
	shown    *cloud.Progress     // not a part of the run: the Reader tells of waits by it for as long as it lives
}

// A caller is as whom it reads.
type caller struct{ Account, Arn string }

// partition returns the partition of an ARN.
func (c caller) partition() string {
	parts := strings.SplitN(c.Arn, ":", 3)
	if len(parts) == 3 {
		return parts[1]
	}
	return ""
}

// newRun begins a reading.
func (r *Reader) newRun(tell Progress) *run {
	x := &run{
		Reader: r, home: r.client(cached(r.credentials)), texts: newDocuments(), estate: &object.Estate{}, sessions: map[string]*session{},
		shown: &cloud.Progress{Tell: tell, Wait: r.options.Waits},
	}
	r.waiting = x.shown.Waits
	return x
}

// Read reads all accounts that the options name. The error says that it could not
// begin, because there are no credentials or AWS does not take them, or is that of
// ctx. Whatever else goes wrong stands in the listings of the account, and costs
// nothing else. Accounts are sorted, and so is everything in them.
func (r *Reader) Read(ctx context.Context, tell Progress) (*object.Estate, error) {
	x := r.newRun(tell)
	if err := x.identify(ctx); err != nil {
		return nil, err
	}
	if x.options.Role == "" && slices.ContainsFunc(x.options.others(), func(id string) bool { return id != x.caller.Account }) {
		return nil, errors.New("to read other accounts a role is needed that can be assumed in each of them: name it (role)")
	}
	x.organization(ctx)
	targets := x.targets()
	x.progress(fmt.Sprintf("reading %d accounts", len(targets)), 0, 0)
	accounts := make([]*object.Account, len(targets))
	group, inner := errgroup.WithContext(ctx)
	group.SetLimit(r.options.Parallel)
	for i, t := range targets {
		group.Go(func() error {
			accounts[i] = x.visit(inner, t)
			return inner.Err()
		})
	}
	if err := group.Wait(); err != nil {
		return nil, fmt.Errorf("read AWS: %w", err)
	}
	x.estate.Accounts = accounts
	x.seek(ctx)
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("read AWS: %w", err)
	}
	x.finish()
	return x.estate, nil
}

// cached returns credentials that are kept until they expire: those of the SDK's
// configuration are already.
func cached(p aws.CredentialsProvider) aws.CredentialsProvider {
	if c, ok := p.(*aws.CredentialsCache); ok {
		return c
	}
	return aws.NewCredentialsCache(p)
}

// identify asks as whom it reads.
func (x *run) identify(ctx context.Context) error {
	err := x.home.Ask(ctx, x.calls["sts:GetCallerIdentity"], x.region, nil, &x.caller)
	if wire.Unknown(err) {
		return fmt.Errorf("sign in to AWS: %w (credentials of aws-cn or aws-us-gov are only known in a region of theirs: name one)", err)
	}
	if err != nil {
		return fmt.Errorf("sign in to AWS: %w", err)
	}
	if !object.IsAccount(x.caller.Account) {
		return fmt.Errorf("sign in to AWS: sts:GetCallerIdentity names no account: is %s an endpoint of AWS?", cmp.Or(x.endpoint, x.region))
	}
	return nil
}

// A target is an account that is to be read, and what is known of it.
type target struct {
	object.Account
	why     string // it is not read; empty if it is
	strange bool   // it is a pattern that chooses no account
}

// targets lists the accounts to read, by id.
func (x *run) targets() []target {
	known := map[string]object.Account{}
	for _, a := range x.estate.Accounts { // as Organizations tells them
		known[a.ID] = *a
	}
	if _, ok := known[x.caller.Account]; !ok {
		known[x.caller.Account] = object.Account{ID: x.caller.Account}
	}
	for _, id := range x.options.others() {
		if _, ok := known[id]; !ok {
			known[id] = object.Account{ID: id}
		}
	}
	var out []target
	for _, a := range known {
		if !chosen(a.ID, x.options.Accounts, x.options.ExcludeAccounts) {
			continue
		}
		t := target{Account: a}
		t.Partition = cmp.Or(x.caller.partition(), x.partition.Name)
		if a.State != "" && a.State != "ACTIVE" {
			t.why = "the account is " + strings.ToLower(a.State) + " and cannot be entered"
		} else if a.ID != x.caller.Account && x.options.Role == "" {
			t.why = "no role is named to enter the account with"
		}
		out = append(out, t)
	}
	if left := len(known) - len(out); left > 0 {
		x.estate.Notes = append(x.estate.Notes, fmt.Sprintf("%d accounts are left out by choice", left))
	}
	out = append(out, x.unseen(known)...)
	slices.SortFunc(out, func(a, b target) int { return cmp.Compare(a.ID, b.ID) })
	if len(out) == 0 {
		x.estate.Notes = append(x.estate.Notes, "no account is left to read: the choice of accounts leaves out all")
	}
	return out
}

// unseen returns the patterns of accounts that choose none of those that are known, as
// if they were accounts that cannot be entered: nothing else would tell of them.
func (x *run) unseen(known map[string]object.Account) []target {
	var out []target
	ids := slices.Collect(maps.Keys(known))
	for _, pattern := range x.options.Accounts {
		if object.IsAccount(pattern) || slices.ContainsFunc(ids, func(id string) bool { return matches(id, []string{pattern}) }) {
			continue
		}
		t := target{Account: object.Account{ID: pattern, Partition: cmp.Or(x.caller.partition(), x.partition.Name)}, strange: true}
		t.why = fmt.Sprintf("none of the %d accounts that are known is chosen by %s: there is no such account, or the organisation has to be listed to know it (organization)", len(known), pattern)
		out = append(out, t)
	}
	return out
}

// visit enters an account and reads it, or takes it from an earlier run.
func (x *run) visit(ctx context.Context, t target) *object.Account {
	a := t.Account
	if t.why != "" {
		status := inventory.StatusSkipped
		if t.strange {
			status = inventory.StatusDenied
		}
		a.Listings = []object.Listing{{Call: "sts:AssumeRole", Status: status, Reason: t.why}}
		return &a
	}
	if saved, ok := x.load(t); ok {
		return saved
	}
	client, reader, err := x.enter(ctx, a.ID)
	if err != nil {
		l := listing(x.calls["sts:AssumeRole"], "", 0, err)
		if l.Status == inventory.StatusDenied {
			l.Reason = fmt.Sprintf("the role %s of the account may not be assumed, or does not exist there (AWS does not tell which)", x.options.Role)
		}
		a.Listings = []object.Listing{l}
		return &a
	}
	a.Reader = reader
	s := &session{reader: x.Reader, client: client, texts: x.texts, account: &a, central: x.central(a.ID), managed: x.managed(a.ID)}
	x.read(ctx, s)
	if ctx.Err() == nil {
		x.save(s)
	}
	x.mu.Lock()
	x.sessions[a.ID] = s
	x.mu.Unlock()
	return &a
}

// read runs all listings of an account.
func (x *run) read(ctx context.Context, s *session) {
	regions := s.regions(ctx)
	jobs := s.globals()
	for _, region := range regions {
		for _, job := range s.regionals() {
			jobs = append(jobs, func(ctx context.Context) { job(ctx, region) })
		}
	}
	x.progress("", 0, len(jobs))
	group, inner := errgroup.WithContext(ctx)
	group.SetLimit(x.options.SideBySide)
	for _, job := range jobs {
		group.Go(func() error {
			job(inner)
			x.progress(s.account.ID, 1, 0)
			return inner.Err()
		})
	}
	if group.Wait() != nil {
		return // ctx ended, and Read returns that
	}
	s.after(ctx, regions)
	if skew := s.client.Skew(); skew != 0 {
		s.account.Notes = append(s.account.Notes, fmt.Sprintf("the clock of this machine is %s off that of AWS, and was corrected", skew.Abs().Round(1e9)))
	}
}

// globals are the listings that one account has once.
func (s *session) globals() []func(context.Context) {
	jobs := []func(context.Context){
		s.iam, s.summary, s.alias, s.serverCertificates, s.providers, s.samlProviders, s.outbound, s.delegations, s.contacts, s.buckets,
	}
	if s.reader.options.Creators {
		jobs = append(jobs, s.creators)
	}
	return jobs
}

// regionals are the listings of each region.
func (s *session) regionals() []func(context.Context, string) {
	return []func(context.Context, string){
		s.secrets, s.parameters, s.certificates, s.keys, s.instances, s.keyPairs, s.functions, s.machines, s.builds, s.containers,
		s.clusters, s.agents, s.runtimes, s.gateways, s.workloads, s.eventConnections, s.codeConnections, s.transferUsers, s.appClients,
		s.devices, s.anchors, s.profiles, s.subjects, s.center, s.queues, s.topics, s.analyzers,
	}
}

// after reads what needs to know what the rest found.
func (s *session) after(ctx context.Context, regions []string) {
	s.root()
	if s.reader.options.AccessAdvisor {
		s.advisor(ctx)
	}
	for _, region := range regions {
		s.tags(ctx, region)
	}
}

// progress counts and tells.
func (x *run) progress(message string, done, more int) { x.shown.Did(message, done, more) }
