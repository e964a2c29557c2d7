// Package azure lists the machine identities of a tenant of Microsoft Entra and its
// Azure subscriptions: applications with their service principals, managed
// identities, AI agents and their blueprints, applications of others; secrets,
// certificates, what vaults keep, keys of storage accounts and other resources;
// what each may really do in Entra, in Azure and in the name of users, and by which
// role or permission; who may sign in as one, and what runs as it; owners and last
// use.
//
// It reads a tenant live (package live) or what was saved of it (package export)
// into an object.Estate, has package paths judge that as a whole, and makes records
// of it. No value of a secret is ever read. docs/scanners/azure.md and
// azure-export.md say what is read, with which permissions, and what cannot be told.
//
// Memory: what object.Estate keeps of the tenant, as a path to an administrator may
// lead over all of it, and what package paths finds out about each principal. Roles
// and permissions that were assigned go as the grants of their holder are emitted.
package azure

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
	"github.com/muster-nhi/muster/scanners/azure/live"
)

// A Config says which tenant to read, as whom, and how deep. It never holds a
// secret: those come from the environment.
type Config struct {
	Tenant               string        `yaml:"tenant" json:"tenant"`                               // id or domain; empty is that of the credential
	Cloud                string        `yaml:"cloud" json:"cloud"`                                 // public, government or china; empty is public
	Credential           string        `yaml:"credential" json:"credential"`                       // auto, environment, certificate, secret, federated, managed_identity or cli; empty is auto
	ClientID             string        `yaml:"client_id" json:"client_id"`                         // of the application, or of a user-assigned managed identity
	CertificateFile      string        `yaml:"certificate_file" json:"certificate_file"`           // PEM or PKCS#12 with the private key
	TokenFile            string        `yaml:"token_file" json:"token_file"`                       // of a federated credential
	Subscriptions        []string      `yaml:"subscriptions" json:"subscriptions"`                 // ids, names or patterns; empty is all that can be seen
	ExcludeSubscriptions []string      `yaml:"exclude_subscriptions" json:"exclude_subscriptions"` // ids, names or patterns
	Directory            bool          `yaml:"directory" json:"directory"`                         // read Entra; without it only what ARM tells
	Resources            bool          `yaml:"resources" json:"resources"`                         // read Azure; without it only Entra
	Vaults               bool          `yaml:"vaults" json:"vaults"`                               // list what vaults keep, without values
	Usage                bool          `yaml:"usage" json:"usage"`                                 // last sign-ins, from reports that are in beta
	Groups               bool          `yaml:"groups" json:"groups"`                               // members of groups that hold roles
	Audit                bool          `yaml:"audit" json:"audit"`                                 // who made applications and secrets, from the audit log: slow
	Risk                 bool          `yaml:"risk" json:"risk"`                                   // what Identity Protection says of principals: takes a licence
	GraphEndpoint        string        `yaml:"graph_endpoint" json:"graph_endpoint"`               // asked instead of the cloud's
	ARMEndpoint          string        `yaml:"arm_endpoint" json:"arm_endpoint"`                   // asked instead of the cloud's
	AuthorityHost        string        `yaml:"authority_host" json:"authority_host"`               // signs in instead of the cloud's
	OwnerTags            []string      `yaml:"owner_tags" json:"owner_tags"`                       // keys of tags that name an owner, instead of the usual ones
	Resume               string        `yaml:"resume" json:"resume"`                               // directory for a scan that goes on after this one
	ResumeAge            time.Duration `yaml:"resume_age" json:"resume_age"`                       // how old what is there may be; 0 is a day
	Parallel             int           `yaml:"parallel" json:"parallel"`                           // requests side by side; 0 lets the scanner choose
}

// Factory returns the factory of the azure scanner.
func Factory() scanners.Factory {
	return scanners.Define(info(), Config{Directory: true, Resources: true, Vaults: true, Usage: true, Groups: true}, open)
}

// info is made once: what the scanner needs is gathered from all its calls.
//
//nolint:gochecknoglobals // a function, made once: every command asks it several times
var info = sync.OnceValue(func() scanners.Info {
	return scanners.Info{
		Name:        "azure",
		Title:       "Microsoft Entra and Azure: applications, service principals, managed identities and agents, what they can really do, secrets, certificates and keys, who may sign in as them",
		Argument:    "tenant",
		Kinds:       kinds(),
		Permissions: permissions(),
		Network:     true,
	}
})

// permissions lists the permissions of Graph and the actions of Azure that a scan may
// need, with all that can be switched on.
func permissions() []string {
	var out []string
	for _, p := range live.AllPermissions() {
		out = append(out, p.Name)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// A scanner reads a tenant.
type scanner struct {
	config Config
	env    scanners.Env
	reader *live.Reader
}

func open(env scanners.Env, c Config) (scanners.Scanner, error) {
	return openWith(env, c, func(*live.Options) {})
}

// openWith opens a scanner with options changed, for tests.
func openWith(env scanners.Env, c Config, change func(*live.Options)) (scanners.Scanner, error) {
	r, err := newReader(env, c, change)
	if err != nil {
		return nil, err
	}
	return &scanner{config: c, env: env, reader: r}, nil
}

// NewReader returns what a scan reads a tenant with, for others who ask as whom it
// would and how far it would come. Of env it takes the clock and what carries
// requests. The caller closes it.
func NewReader(env scanners.Env, c Config) (*live.Reader, error) {
	return newReader(env, c, func(*live.Options) {})
}

func newReader(env scanners.Env, c Config, change func(*live.Options)) (*live.Reader, error) {
	if err := check(c); err != nil {
		return nil, err
	}
	o := live.Options{
		Tenant: c.Tenant, Cloud: live.Cloud(c.Cloud), Credential: live.Kind(c.Credential), ClientID: c.ClientID, CertificateFile: c.CertificateFile,
		TokenFile: c.TokenFile, Subscriptions: c.Subscriptions, ExcludeSubscriptions: c.ExcludeSubscriptions, NoDirectory: !c.Directory,
		NoResources: !c.Resources, NoVaults: !c.Vaults, NoUsage: !c.Usage, NoGroups: !c.Groups, Creators: c.Audit, Risk: c.Risk,
		GraphEndpoint: c.GraphEndpoint, ARMEndpoint: c.ARMEndpoint, AuthorityHost: c.AuthorityHost, State: c.Resume, MaxAge: c.ResumeAge,
		Parallel: c.Parallel, UserAgent: env.UserAgent, Wrap: env.Wrap, Now: env.Now, Random: rand.Float64,
	}
	if env.Log != nil {
		o.Waits = func(text string) { env.Log.Info("Azure is waited for", "why", text) }
	}
	change(&o)
	reader, err := live.Open(context.Background(), o)
	if err != nil {
		return nil, fmt.Errorf("open Azure: %w", err)
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
	}
	return checkTags(c.OwnerTags)
}

func checkTags(keys []string) error {
	if slices.ContainsFunc(keys, func(k string) bool { return strings.TrimSpace(k) == "" }) {
		return errors.New("owner_tags holds an empty key")
	}
	return nil
}

// Scan reads the tenant and emits what it comes to. The error says that Microsoft
// could not be reached or did not know the caller.
func (s *scanner) Scan(ctx context.Context, emit scanners.Emit) error {
	defer s.reader.Close()
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	o, err := s.reader.Read(ctx, progress(emit, cancel))
	if err != nil {
		if cause := context.Cause(ctx); cause != nil {
			err = cause
		}
		return fmt.Errorf("scan Azure: %w", err)
	}
	return newEstate("azure", o, newOwnerTags(s.config.OwnerTags), s.env.Now()).run(ctx, emit)
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
