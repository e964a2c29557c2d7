// Package aws lists the machine identities of AWS accounts: users, roles and the
// root user, identity providers, permission sets, agents; their access keys and
// other credentials, secrets, KMS keys and certificates; what each may really do
// and by which policy; who may become a role, and what runs as it; owners and last
// use.
//
// It reads accounts live (package live) or what was saved of them (package export)
// into an object.Estate, has package paths judge that as a whole, and makes
// records of it. No value of a secret is ever read. docs/scanners/aws.md and
// aws-export.md say what is read, with which permissions, and what cannot be told.
//
// Memory: what object.Estate keeps of all accounts, as a path to an administrator
// may lead over several, and what package paths finds out about each principal.
package aws

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/scanners"
	"github.com/muster-nhi/muster/scanners/aws/live"
	"github.com/muster-nhi/muster/scanners/aws/object"
)

// A Config says which accounts to read, as whom, and how deep.
type Config struct {
	Profile         string        `yaml:"profile" json:"profile"`                   // of the AWS configuration; empty is the usual chain of credentials
	Region          string        `yaml:"region" json:"region"`                     // where STS is asked; empty is the profile's
	Endpoint        string        `yaml:"endpoint" json:"endpoint"`                 // asked instead of AWS, such as an emulator's
	Accounts        []string      `yaml:"accounts" json:"accounts"`                 // ids or patterns; empty is the caller's own, or all of the organisation
	ExcludeAccounts []string      `yaml:"exclude_accounts" json:"exclude_accounts"` // ids or patterns
	Regions         []string      `yaml:"regions" json:"regions"`                   // names or patterns; empty is all that are on
	ExcludeRegions  []string      `yaml:"exclude_regions" json:"exclude_regions"`   // names or patterns
	Organization    bool          `yaml:"organization" json:"organization"`         // all accounts of the organisation, with its policies
	Role            string        `yaml:"role_name" json:"role_name"`               // assumed in each account but the caller's
	ExternalID      string        `yaml:"external_id" json:"external_id"`           // given when the role is assumed
	SessionName     string        `yaml:"session_name" json:"session_name"`         // of the sessions; empty is muster
	WideSession     bool          `yaml:"wide_session" json:"wide_session"`         // do not narrow sessions by a policy to what is read
	Details         string        `yaml:"details" json:"details"`                   // auto, all or none: whether each user, secret and key is asked about by itself
	AccessAdvisor   bool          `yaml:"access_advisor" json:"access_advisor"`     // when each principal last used each service
	KeyIDs          []string      `yaml:"key_ids" json:"key_ids"`                   // of access keys that leaked elsewhere, to be looked up
	Creators        bool          `yaml:"creators" json:"creators"`                 // who made users, roles and keys, from CloudTrail
	OwnerTags       []string      `yaml:"owner_tags" json:"owner_tags"`             // keys of tags that name an owner, instead of the usual ones
	Resume          string        `yaml:"resume" json:"resume"`                     // directory that keeps the accounts that were read, for a scan that goes on after this one
	ResumeAge       time.Duration `yaml:"resume_age" json:"resume_age"`             // how old what is there may be; 0 is a day
	Parallel        int           `yaml:"parallel" json:"parallel"`                 // accounts read side by side; 0 lets the scanner choose
}

// Factory returns the factory of the aws scanner.
func Factory() scanners.Factory {
	return scanners.Define(info(), Config{Details: string(live.DetailsAuto)}, open)
}

// info is made once: what the scanner needs is gathered from all its calls.
//
//nolint:gochecknoglobals // a function, made once: every command asks it several times
var info = sync.OnceValue(func() scanners.Info {
	return scanners.Info{
		Name:        "aws",
		Title:       "AWS accounts: users, roles and what they can really do, keys, secrets, certificates, who may become a role, what runs as it",
		Argument:    "profile",
		Kinds:       kinds(),
		Permissions: permissions(),
		Network:     true,
		Seeks:       []string{typeKey},
	}
})

// kinds lists what both scanners emit.
func kinds() []inventory.Kind {
	return []inventory.Kind{
		inventory.KindIdentity, inventory.KindCredential, inventory.KindGrant, inventory.KindUsage,
		inventory.KindTrust, inventory.KindConsumer, inventory.KindOwner,
	}
}

// permissions lists the actions that a scan may need, with all that can be
// switched on.
func permissions() []string {
	var out []string
	for _, p := range live.Permissions(live.Options{Organization: true, Role: "muster", AccessAdvisor: true, Creators: true, Details: live.DetailsAll}) {
		out = append(out, p.Action)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// A scanner reads accounts.
type scanner struct {
	config Config
	env    scanners.Env
	reader *live.Reader
}

func open(env scanners.Env, c Config) (scanners.Scanner, error) { return openWith(env, c, 0, nil) }

// openWith opens a scanner that makes so many listings side by side, 0 being the
// reader's choice, and waits between attempts by sleep; nil is the clock.
func openWith(env scanners.Env, c Config, listings int, sleep func(context.Context, time.Duration) error) (scanners.Scanner, error) {
	r, err := newReader(env, c, listings, sleep)
	if err != nil {
		return nil, err
	}
	return &scanner{config: c, env: env, reader: r}, nil
}

// NewReader returns what a scan reads accounts with, for others who ask as whom it
// would and how far it would come. Of env it takes the clock and what carries
// requests. The caller closes it.
func NewReader(env scanners.Env, c Config) (*live.Reader, error) { return newReader(env, c, 0, nil) }

func newReader(env scanners.Env, c Config, listings int, sleep func(context.Context, time.Duration) error) (*live.Reader, error) {
	if err := check(c); err != nil {
		return nil, err
	}
	o := live.Options{
		Profile: c.Profile, Region: c.Region, Endpoint: c.Endpoint, Accounts: c.Accounts, ExcludeAccounts: c.ExcludeAccounts,
		Regions: c.Regions, ExcludeRegions: c.ExcludeRegions, Organization: c.Organization, Role: c.Role, ExternalID: c.ExternalID,
		SessionName: c.SessionName, WideSession: c.WideSession, Details: live.Details(c.Details), AccessAdvisor: c.AccessAdvisor, Creators: c.Creators,
		Sought: sought(c.KeyIDs, env.Sought), State: c.Resume, MaxAge: c.ResumeAge, Parallel: c.Parallel, SideBySide: listings, UserAgent: env.UserAgent, Wrap: env.Wrap, Now: env.Now,
		Sleep: sleep, Random: rand.Float64,
	}
	if env.Log != nil {
		o.Waits = func(text string) { env.Log.Info("AWS is waited for", "why", text) }
	}
	reader, err := live.Open(context.Background(), o)
	if err != nil {
		return nil, fmt.Errorf("open AWS: %w", err)
	}
	return reader, nil
}

// check refuses what cannot be meant; package live checks the rest.
func check(c Config) error {
	switch {
	case c.Parallel < 0 || c.Parallel > 64:
		return errors.New("parallel must be from 0 to 64")
	case c.ResumeAge < 0:
		return errors.New("resume_age must not be negative")
	case c.ResumeAge > 0 && c.Resume == "":
		return errors.New("resume_age says how old what resume keeps may be: name a directory (resume)")
	case slices.ContainsFunc(c.KeyIDs, func(id string) bool { return inventory.AccessKeyType(id) != typeKey }):
		return errors.New("key_ids has what is no id of an access key: twenty capital letters and digits that begin with AKIA")
	case c.ExternalID != "" && c.Role == "":
		return errors.New("external_id is given when a role is assumed: name the role (role_name)")
	}
	return checkTags(c.OwnerTags)
}

func checkTags(keys []string) error {
	if slices.ContainsFunc(keys, func(k string) bool { return strings.TrimSpace(k) == "" }) {
		return errors.New("owner_tags holds an empty key")
	}
	return nil
}

// Scan reads the accounts and emits what they come to. The error says that AWS
// could not be reached or did not know the caller.
func (s *scanner) Scan(ctx context.Context, emit scanners.Emit) error {
	defer s.reader.Close()
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	tell := progress(emit, cancel)
	o, err := s.reader.Read(ctx, tell)
	if err != nil {
		if cause := context.Cause(ctx); cause != nil {
			err = cause
		}
		return fmt.Errorf("scan AWS: %w", err)
	}
	return newEstate("aws", o, newOwnerTags(s.config.OwnerTags), s.env.Now()).run(ctx, emit)
}

// progress returns what tells people how far a scan is. An error of emit ends the
// scan with it.
func progress(emit scanners.Emit, cancel context.CancelCauseFunc) func(message string, done, total int) {
	var mu sync.Mutex
	ended := false
	return func(message string, done, total int) {
		mu.Lock()
		defer mu.Unlock()
		if ended {
			return
		}
		x := &inventory.Progress{Message: message, Done: int64(done), Total: int64(total)}
		if err := emit(inventory.Record{Progress: x}); err != nil {
			ended = true
			cancel(err)
		}
	}
}

// run emits the records of all accounts, one after the other.
func (e *estate) run(ctx context.Context, emit scanners.Emit) error {
	for _, a := range e.order {
		if err := ctx.Err(); err != nil {
			if cause := context.Cause(ctx); cause != nil {
				err = cause
			}
			return fmt.Errorf("scan AWS: %w", err)
		}
		if err := e.newMapper(ctx, a, emit).run(kinds()); err != nil {
			return err
		}
	}
	return nil
}

// byID puts accounts in order.
func byID(a, b *object.Account) int { return strings.Compare(a.ID, b.ID) }
