package gcp

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
	"github.com/muster-nhi/muster/scanners/gcp/live"
)

// A Config says what to read, as whom, and how deep.
type Config struct {
	Target          string        `yaml:"target" json:"target"`                     // a project id, projects/ID, folders/N, organizations/N or the organisation's domain; empty is all that the caller can see
	Projects        []string      `yaml:"projects" json:"projects"`                 // ids or patterns; empty is all of the target
	ExcludeProjects []string      `yaml:"exclude_projects" json:"exclude_projects"` // ids or patterns
	CredentialsFile string        `yaml:"credentials_file" json:"credentials_file"` // of a service account, of a federated workload or of gcloud; empty is Application Default Credentials
	Impersonate     string        `yaml:"impersonate" json:"impersonate"`           // e-mail of a service account to read as
	QuotaProject    string        `yaml:"quota_project" json:"quota_project"`       // whose quotas requests count against; empty is that of the credentials
	Endpoint        string        `yaml:"endpoint" json:"endpoint"`                 // asked instead of Google Cloud, such as an emulator's
	Details         string        `yaml:"details" json:"details"`                   // auto, all or none: whether each account, secret and key is asked about by itself
	Activity        bool          `yaml:"activity" json:"activity"`                 // when accounts and keys were last used, from Policy Analyzer
	Insights        *bool         `yaml:"insights" json:"insights"`                 // which permissions were not used, from Recommender; unset is of the organisation, and of projects where there are few
	Groups          bool          `yaml:"groups" json:"groups"`                     // who is in the groups that policies name
	OwnerLabels     []string      `yaml:"owner_labels" json:"owner_labels"`         // keys of labels and tags that name an owner, instead of the usual ones
	Resume          string        `yaml:"resume" json:"resume"`                     // directory that keeps the projects that were read, for a scan that goes on after this one
	ResumeAge       time.Duration `yaml:"resume_age" json:"resume_age"`             // how old what is there may be; 0 is a day
	Parallel        int           `yaml:"parallel" json:"parallel"`                 // projects read side by side; 0 lets the scanner choose
}

// Factory returns the factory of the gcp scanner.
func Factory() scanners.Factory {
	return scanners.Define(info(), Config{Details: string(live.DetailsAuto), Activity: true}, open)
}

// info is made once: what the scanner needs is gathered from all its calls.
//
//nolint:gochecknoglobals // a function, made once: every command asks it several times
var info = sync.OnceValue(func() scanners.Info {
	return scanners.Info{
		Name:        "gcp",
		Title:       "Google Cloud: service accounts and what they can really do, keys, secrets, who may become an account, what runs as it",
		Argument:    "target",
		Kinds:       kinds(),
		Permissions: permissions(),
		Network:     true,
	}
})

// permissions lists what a scan may need, with all that can be switched on.
func permissions() []string {
	var out []string
	for _, p := range live.AllPermissions() {
		out = append(out, p.Name)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// A scanner reads Google Cloud.
type scanner struct {
	config Config
	env    scanners.Env
	reader *live.Reader
}

func open(env scanners.Env, c Config) (scanners.Scanner, error) {
	return openWith(env, c, live.Options{})
}

// openWith opens a scanner. Tests set Token, Sleep and Asked of the options; the rest
// is set here.
func openWith(env scanners.Env, c Config, o live.Options) (scanners.Scanner, error) {
	r, err := newReader(env, c, o)
	if err != nil {
		return nil, err
	}
	return &scanner{config: c, env: env, reader: r}, nil
}

// NewReader returns what a scan reads Google Cloud with, for others who ask as whom it
// would and how far it would come. Of env it takes the clock and what carries
// requests. The caller closes it.
func NewReader(env scanners.Env, c Config) (*live.Reader, error) {
	return newReader(env, c, live.Options{})
}

func newReader(env scanners.Env, c Config, o live.Options) (*live.Reader, error) {
	if err := check(c); err != nil {
		return nil, err
	}
	o.Projects, o.ExcludeProjects = c.Projects, c.ExcludeProjects
	if err := aim(&o, c.Target); err != nil {
		return nil, err
	}
	o.CredentialsFile, o.Impersonate, o.QuotaProject, o.Endpoint = c.CredentialsFile, c.Impersonate, c.QuotaProject, c.Endpoint
	o.Details, o.Activity, o.Groups = live.Details(c.Details), c.Activity, c.Groups
	o.Insights, o.AllInsights = c.Insights == nil || *c.Insights, c.Insights != nil && *c.Insights
	o.State, o.MaxAge, o.Parallel = c.Resume, c.ResumeAge, c.Parallel
	o.UserAgent, o.Wrap, o.Now, o.Random = env.UserAgent, env.Wrap, env.Now, rand.Float64
	if env.Log != nil {
		o.Waits = func(text string) { env.Log.Info("Google is waited for", "why", text) }
	}
	reader, err := live.Open(context.Background(), o)
	if err != nil {
		return nil, fmt.Errorf("open Google Cloud: %w", err)
	}
	return reader, nil
}

// aim sets what is read: a project, a folder, or an organisation by number or domain.
func aim(o *live.Options, target string) error {
	switch name, ok := strings.CutPrefix(target, "projects/"); {
	case target == "":
	case strings.HasPrefix(target, "folders/"):
		o.Folder = target
	case strings.HasPrefix(target, "organizations/"), !ok && strings.Contains(target, ".") && !strings.Contains(target, ":"):
		o.Organization = target
	case strings.ContainsAny(name, "/*?[ "):
		return fmt.Errorf("target %q is no project, folder, organisation or domain", target)
	case len(o.Projects) > 0:
		return errors.New("target is a project, and projects names others: leave one of them out")
	default:
		o.Projects = []string{name}
	}
	return nil
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
	return checkLabels(c.OwnerLabels)
}

func checkLabels(keys []string) error {
	if slices.ContainsFunc(keys, func(k string) bool { return strings.TrimSpace(k) == "" }) {
		return errors.New("owner_labels holds an empty key")
	}
	return nil
}

// Scan reads Google Cloud and emits what it comes to. The error says that it could
// not be reached or did not know the caller.
func (s *scanner) Scan(ctx context.Context, emit scanners.Emit) error {
	defer s.reader.Close()
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	o, err := s.reader.Read(ctx, progress(emit, cancel))
	if err != nil {
		if cause := context.Cause(ctx); cause != nil {
			err = cause
		}
		return fmt.Errorf("scan Google Cloud: %w", err)
	}
	return newEstate("gcp", o, newOwnerLabels(s.config.OwnerLabels), s.env.Now()).run(ctx, emit)
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
